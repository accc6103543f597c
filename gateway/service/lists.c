/*
 * The lists of a map's folder.
 */
#include "service/lists.h"

#include "gateway/core/json.h"
#include "gateway/ledger/report.h"
#include "gateway/sinks/export.h"

enum { SUMMARY_MAX_BYTES = 64 * 1024 };

static enum gw_status write_summary(const struct lists *lists, const char *package, const struct gw_equation *equation,
                                    const char *path, struct gw_error *err)
{
    struct gw_text json = GW_TEXT_INIT(SUMMARY_MAX_BYTES);
    const char *comma = "";
    enum gw_status rc;

    gw_text_print(&json, "{\"as_of\": \"%s\", \"package\": ", lists->as_of);
    gw_json_quote(&json, package);
    gw_text_print(&json, ", \"in\": %lld, \"states\": {", (long long)equation->in);
    for (int s = 0; s < GW_STATE_COUNT; s++) {
        if (equation->states[s] == 0)
            continue;
        gw_text_print(&json, "%s\"%s\": %lld", comma, gw_state_name((enum gw_state)s), (long long)equation->states[s]);
        comma = ", ";
    }
    gw_text_print(&json, "}, \"open_items\": %lld}\n", (long long)equation->open_items);
    rc = gw_text_write_file(path, 0600, json.at, json.length, err);
    gw_text_release(&json);
    return rc;
}

enum gw_status lists_write(const struct lists *lists, const struct gw_equation *equation, struct gw_arena *arena,
                           struct gw_error *err)
{
    static const char *const names[] = {"hospital/ledger.csv", "hospital/exceptions.csv", "study/study.db", "study",
                                        "hospital/summary.json"};
    const char *paths[5], *package = gw_arena_print(arena, "%s %s", lists->study->id, lists->study->version);
    enum gw_status rc;

    for (size_t i = 0; i < 5; i++)
        if (!(paths[i] = gw_arena_print(arena, "%s/%s", lists->folder, names[i])) || !package)
            return gw_fail(err, GW_ENOMEM, "service.lists", "no memory for the names of the lists");
    rc = gw_ledger_write_parts(lists->ledger, paths[0], err);
    if (rc == GW_OK)
        rc = gw_ledger_write_items(lists->ledger, paths[1], err);
    if (rc == GW_OK)
        rc = gw_export_csv(paths[2], paths[3], err);
    return rc == GW_OK ? write_summary(lists, package, equation, paths[4], err) : rc;
}
