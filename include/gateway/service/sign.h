/*
 * `casement sign`: an investigator's signature under windows of subjects, one decision of kind `sign` each.
 *
 * What is signed is what the study database has: the rows of the subject's latest revision, once delivered, of a window
 * that takes no more values. From then on they change only when a person accepts it (mappings/RULES.md 21). Signing
 * changes no row; the subjects are derived all the same, so that what came in between asks at once.
 */
#ifndef GATEWAY_SERVICE_SIGN_H
#define GATEWAY_SERVICE_SIGN_H

#include "gateway/ledger/ledger.h"
#include "gateway/service/config.h"
#include "gateway/service/pass.h"

struct gw_sign_window {
    const char *subject;
    const char *window;
    unsigned line; /* of the list it stands in; 0: none */
};

struct gw_sign_windows {
    struct gw_sign_window *list;
    size_t count;
};

struct gw_sign_request {
    struct gw_ledger *ledger;
    const char *ledger_path;
    const struct gw_config *config; /* NULL: the ledger is of a map */
    bool beside;                    /* a running service holds the ledger */
    const char *study;              /* NULL: the one that has the subject */
    struct gw_sign_windows windows;
    const char *by;
    const char *reason;
};

struct gw_sign_result {
    size_t signed_now;
    size_t already;      /* signed before, under the same rows: nothing to add */
    int64_t first, last; /* numbers of the decisions; 0: none */
    size_t held_back;
    struct gw_pass_result pass;
};

/* A list: CSV with the columns subject and window. GW_ECONFIG "path:line: ...". */
enum gw_status gw_sign_list(struct gw_arena *arena, const char *path, struct gw_sign_windows *out,
                            struct gw_error *err);

/*
 * All of them or none. GW_EUSAGE: no such subject or window, one that takes values still, or whose rows wait to be
 * delivered.
 */
enum gw_status gw_sign_run(struct gw_arena *arena, const struct gw_sign_request *request, struct gw_sign_result *out,
                           struct gw_error *err);

#endif
