/*
 * Noting a cut around an export.
 */
#include "cli/cut.h"

#include <string.h>
#include <time.h>

#include "cli/acts.h"
#include "cli/report.h"

static const char where[] = "cli.cut";

bool cut_is_named(const struct arguments *arguments)
{
    const char *name = arguments->values[OPTION_CUT];

    if (name && !arguments->values[OPTION_CONFIG])
        arguments_wrong(arguments, "--cut is noted in the ledger: it goes with --config");
    else if (name && !gw_cut_name_fits(name))
        arguments_wrong(arguments, "--cut \"%.40s\": write letters, digits, dots, dashes and underscores, at most 64",
                        name);
    else
        return true;
    return false;
}

static enum gw_status open_ledger(const struct arguments *arguments, struct gw_arena *arena, struct gw_config *config,
                                  struct gw_ledger **out, struct gw_error *err)
{
    const char *path;
    const enum gw_status rc = report_ledger_of(arguments, arena, config, &path, err);

    return rc == GW_OK ? report_open(path, out, err) : rc;
}

enum gw_status cut_begin(const struct arguments *arguments, struct gw_arena *arena, const char *database,
                         struct cut_taken *out, struct gw_error *err)
{
    const struct gw_config_study *study = NULL;
    struct gw_ledger *ledger = NULL;
    struct gw_config config;
    enum gw_status rc;

    *out = (struct cut_taken){.study = NULL};
    if (!arguments_has(arguments, OPTION_CUT))
        return GW_OK;
    rc = open_ledger(arguments, arena, &config, &ledger, err);
    if (rc == GW_OK)
        rc = report_study(&config, arguments->values[OPTION_STUDY_ID], &study, err);
    if (rc == GW_OK)
        rc = gw_cut_check(ledger, arena, study->id, arguments->values[OPTION_CUT], err);
    gw_ledger_close(ledger);
    if (rc != GW_OK)
        return rc;
    out->study = study->id;
    return gw_export_read_receipts(database, arena, study->id, &out->before, err);
}

static bool same_receipts(const struct gw_export_receipts *a, const struct gw_export_receipts *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same =
            a->list[i].revision == b->list[i].revision && strcmp(a->list[i].subject_key, b->list[i].subject_key) == 0;
    return same;
}

/* A study database elsewhere knows of the cut too; first, because only what the ledger has is never moved. */
static enum gw_status keep(const struct arguments *arguments, struct gw_arena *arena, const struct gw_cut *cut,
                           struct gw_error *err)
{
    const struct gw_config_study *study = NULL;
    struct gw_ledger *ledger = NULL;
    struct gw_config config;
    enum gw_status rc = open_ledger(arguments, arena, &config, &ledger, err);

    if (rc == GW_OK)
        rc = report_study(&config, cut->study, &study, err);
    if (rc == GW_OK && gw_same(study->sink_kind, "postgres"))
        rc = gw_sink_postgres_cut(&study->postgres, cut->name, cut->at, &cut->receipts, err);
    if (rc == GW_OK)
        rc = gw_cut_keep(ledger, arena, cut, err);
    gw_ledger_close(ledger);
    return rc;
}

/* Where each subject stood before and after is the same, or nobody knows which of the two was taken out. */
enum gw_status cut_end(const struct arguments *arguments, struct gw_arena *arena, const char *database,
                       const struct cut_taken *taken, struct gw_error *err)
{
    struct gw_cut cut = {
        .name = arguments->values[OPTION_CUT], .study = taken->study, .by = acts_author(arguments, arena)};
    char now[GW_INSTANT_BYTES];
    enum gw_status rc;

    if (!taken->study)
        return GW_OK;
    rc = gw_export_read_receipts(database, arena, taken->study, &cut.receipts, err);
    gw_instant_print(time(NULL), now);
    cut.at = now;
    cut.by = cut.by ? cut.by : "";
    if (rc == GW_OK && !same_receipts(&taken->before, &cut.receipts))
        rc = gw_fail(err, GW_EBUSY, where,
                     "%s: rows were delivered while it was read, so the cut was not noted: export again", database);
    return rc == GW_OK ? keep(arguments, arena, &cut, err) : rc;
}
