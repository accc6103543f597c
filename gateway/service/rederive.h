/*
 * Deriving again what a decision concerns, without asking a hospital. Private to the service room.
 */
#ifndef SERVICE_REDERIVE_H
#define SERVICE_REDERIVE_H

#include "service/explanation.h"

struct rederive {
    struct gw_explain_query query;
    struct source *sources; /* one for each study */
    const struct gw_config_study **studies;
    size_t count;
    struct gw_arena *arena;
    const char *changed; /* what steers the derivation and is another since some of those derived were last; "" */
};

/* The studies with their subjects as they stand now. Release it whatever came of it. */
enum gw_status rederive_open(struct rederive *rederive, struct gw_arena *arena, struct gw_ledger *ledger,
                             const char *ledger_path, const struct gw_config *config, struct gw_error *err);
void rederive_release(struct rederive *rederive);

/*
 * Derive and deliver who was up to date when it was opened and is marked now; *held_back counts the others marked.
 * anchors: D1 or EOT may have moved; whose windows now take days that no hospital was asked for is held back too.
 */
enum gw_status rederive_run(struct rederive *rederive, const char *now, bool anchors, struct gw_pass_result *out,
                            size_t *held_back, struct gw_error *err);

/* Derive nobody; deliver what waits of those whose facts are purged. */
enum gw_status rederive_deliver(struct rederive *rederive, const char *now, struct gw_pass_result *out,
                                struct gw_error *err);

#endif
