/*
 * casement replay --refetch: a slice asked for again, end to end.
 */
#include "cli/refetch.h"

#include "cli/acts.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/synced.h"

#define ARENA_BYTES ((size_t)256 << 20)

static int ask_again(const struct arguments *arguments, const struct gw_refetch *again, struct gw_arena *arena)
{
    struct progress progress;
    struct gw_config config;
    struct gw_sync_options options = {
        .config = &config, .as_of = GW_NO_DAY, .again = again, .progress = progress_step, .ctx = &progress};
    struct gw_sync_result result;
    struct gw_error failure;
    enum gw_status rc = gw_config_load(arena, arguments->values[OPTION_CONFIG], &config, &failure);

    progress_init(&progress);
    if (rc == GW_OK)
        rc = gw_sync_run(arena, &options, &result, &failure);
    progress_clear(&progress);
    return rc == GW_OK ? synced_print(&result, arguments_has(arguments, OPTION_JSON)) : output_failed(&failure);
}

int refetch(const struct arguments *arguments)
{
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct gw_refetch again = {.study = arguments->values[OPTION_STUDY_ID],
                               .subjects = arguments->values[OPTION_SUBJECTS],
                               .types = arguments->values[OPTION_TYPE],
                               .by = acts_author(arguments, &arena),
                               .reason = arguments->values[OPTION_REASON]};
    int code = gw_exit_code(GW_EUSAGE);

    if (arguments_day(arguments, OPTION_FROM, &again.from) && arguments_day(arguments, OPTION_TO, &again.to))
        code = ask_again(arguments, &again, &arena);
    gw_arena_release(&arena);
    return code;
}
