/*
 * `casement explain`: the question of a data manager put to a ledger. The subject is derived again by the pass, as the
 * next one would, and gw_explain_row or gw_explain_missing answers from that. Nothing is written or delivered.
 *
 * Of a sync the configuration names package, profiles, roster and key. A map remembers in its ledger which files it was
 * made with; where one of them says something else today, the answer says so.
 */
#ifndef GATEWAY_SERVICE_EXPLAIN_H
#define GATEWAY_SERVICE_EXPLAIN_H

#include "gateway/ledger/ledger.h"
#include "gateway/service/config.h"
#include "gateway/study/explain.h"

struct gw_explain_query {
    struct gw_ledger *ledger;
    const char *ledger_path;        /* a map's key lies beside it */
    const struct gw_config *config; /* NULL: the ledger is of a map */
    const char *study;              /* of the configuration; NULL: any */
    const char *row;                /* why is this row here; NULL: why is there no value of */
    const char *subject;            /* NULL with a row: of any subject */
    const char *concept;
    const char *window; /* NULL: of the subject as a whole */
};

/*
 * The answer lives in the arena. GW_EUSAGE: no such row, subject, concept, window or study, or an id is cut off.
 * GW_ECONFIG: a file that is needed is not there or is wrong.
 */
enum gw_status gw_explain_ask(struct gw_arena *arena, const struct gw_explain_query *query, struct gw_explanation *out,
                              struct gw_error *err);

#endif
