/*
 * casement sync: one pass over the endpoints of a configuration.
 */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/synced.h"

#define ARENA_BYTES ((size_t)256 << 20)

static int sync_and_print(const struct arguments *arguments, struct gw_sync_options *options, struct gw_arena *arena)
{
    struct gw_config config;
    struct gw_sync_result result;
    struct gw_error failure;
    enum gw_status rc = gw_config_load(arena, arguments->values[OPTION_CONFIG], &config, &failure);

    if (rc != GW_OK)
        return output_failed(&failure);
    options->config = &config;
    rc = gw_sync_run(arena, options, &result, &failure);
    progress_clear(options->ctx);
    if (rc != GW_OK)
        return output_failed(&failure);
    return synced_print(&result, arguments_has(arguments, OPTION_JSON));
}

int sync_command(const struct arguments *arguments)
{
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct progress progress;
    struct gw_sync_options options = {
        .endpoint = arguments->values[OPTION_ENDPOINT], .progress = progress_step, .ctx = &progress};
    int code;

    if (!arguments_day(arguments, OPTION_AS_OF, &options.as_of))
        return gw_exit_code(GW_EUSAGE);
    progress_init(&progress);
    code = sync_and_print(arguments, &options, &arena);
    gw_arena_release(&arena);
    return code;
}
