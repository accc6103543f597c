/*
 * `casement replay`: chosen subjects are derived again with what is configured now, and the difference is delivered;
 * and a study database is written anew from the ledger alone. Nobody is asked for anything and no cursor moves.
 *
 * The one pass (service/rederive): a replay marks the subjects, and those that are up to date are derived at once. Who
 * waits for something else (records that came since, an endpoint that could not be read) stays marked for the next
 * sync. Beside a running service subjects are marked, and the service derives them within a minute.
 */
#ifndef GATEWAY_SERVICE_REPLAY_H
#define GATEWAY_SERVICE_REPLAY_H

#include "gateway/ledger/ledger.h"
#include "gateway/service/config.h"
#include "gateway/service/pass.h"

struct gw_replay_request {
    struct gw_ledger *ledger;
    const char *ledger_path;
    const struct gw_config *config; /* NULL: the ledger is of a map */
    bool beside;                    /* a running service holds the ledger */
    const char *study;              /* NULL: all */
    const char *subjects;           /* joined by commas; NULL: all */
    gw_day from, to;                /* only subjects of whom something was read on these days (UTC); GW_NO_DAY: any */
    const char *type;               /* only those of whom such a resource was read; NULL: any */
    const char *by;
    const char *reason; /* kept with who and when in the audit trail */
};

struct gw_replay_result {
    size_t chosen;       /* subjects marked */
    size_t held_back;    /* marked subjects that the next sync derives */
    const char *changed; /* what steers derivations and is another since they were derived last, in words; "" */
    struct gw_pass_result pass;
};

/* GW_EUSAGE: no such study or subject. */
enum gw_status gw_replay_run(struct gw_arena *arena, const struct gw_replay_request *request,
                             struct gw_replay_result *out, struct gw_error *err);

struct gw_rebuild_result {
    size_t subjects;
    size_t rows; /* lineage included */
};

/*
 * A study database at the latest revision of every subject of the study (NULL: the only one of the ledger), in a file
 * that is not there yet. Its canonical dump is that of the database which the pass delivered to, once nothing waits in
 * the outbox. GW_ECREATE: the file is there. GW_EUSAGE: no such study, or several.
 */
enum gw_status gw_replay_rebuild(struct gw_ledger *ledger, const char *study, const char *path,
                                 struct gw_rebuild_result *out, struct gw_error *err);

#endif
