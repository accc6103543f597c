/*
 * `casement plan`: what would change before anything does. Each subject is derived as the next pass would, but with
 * another package, another profile or with decisions that nobody took yet, and compared with what was delivered last.
 *
 * The one pass with other arguments (gw_pass_look), so what is told here is what the pass does once the change is made.
 * Nothing is written: whatever reading indexes is taken back subject by subject, beside a running service too.
 */
#ifndef GATEWAY_SERVICE_PREVIEW_H
#define GATEWAY_SERVICE_PREVIEW_H

#include "gateway/ledger/ledger.h"
#include "gateway/service/config.h"
#include "gateway/study/decision.h"

struct gw_preview_query {
    struct gw_ledger *ledger;
    const char *ledger_path;
    const struct gw_config *config; /* NULL: the ledger is of a map; then package and site are NULL */
    const char *study;              /* NULL: all */
    const char *subject;            /* NULL: all */
    const char *package;            /* folder of the package tried; NULL: the configured one */
    const char *site;               /* the profile tried, instead of that of the site whose id it has; NULL */
    struct gw_decisions decisions;  /* tried beside those of the ledger; numbered behind them */
};

struct gw_preview_line { /* of one subject, window and table; lineage is not counted */
    const char *subject;
    const char *window; /* "": the table has none */
    const char *table;
    size_t added, changed, withdrawn; /* rows */
    size_t values;                    /* delivered cells that become others or go */
    size_t signed_values;             /* signed ones that would, once a person accepts it: until then they stay */
    size_t exported;                  /* of those that become others or go: as in the last cut of an export */
};

struct gw_preview_item { /* an exception that opens or closes */
    const char *subject;
    const char *id;
    const char *code;
    bool opens;
};

struct gw_preview {
    size_t subjects; /* derived */
    size_t touched;  /* of these those with rows that change */
    size_t blocked;  /* from whom nothing would leave */
    size_t waiting;  /* of whom records came since they were derived last: what follows from these is counted too */
    struct gw_preview_line *lines; /* by subject as in the ledger, window, table */
    size_t line_count;
    struct gw_preview_item *items; /* by subject, those that open first */
    size_t item_count;
    const char *cut; /* the last one of the study; of several studies that of the last. NULL: nothing was exported */
};

/*
 * Everything lives in the arena. GW_EUSAGE: no such study or subject, a package or profile of something that is not
 * configured. GW_ECONFIG: a package or profile that is wrong.
 */
enum gw_status gw_preview_run(struct gw_arena *arena, const struct gw_preview_query *query, struct gw_preview *out,
                              struct gw_error *err);

#endif
