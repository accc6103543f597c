/*
 * `casement check`: does it work, and if not, what to do. Configuration, study, TLS, token, one search, in plain words.
 */
#ifndef GATEWAY_SERVICE_CHECK_H
#define GATEWAY_SERVICE_CHECK_H

#include "gateway/service/config.h"

enum gw_check_verdict { GW_CHECK_OK, GW_CHECK_NOTE, GW_CHECK_FAIL, GW_CHECK_SKIPPED };

struct gw_check_line {
    const char *endpoint; /* NULL: of the whole configuration */
    const char *what;     /* "TLS", "token", "search" ... */
    enum gw_check_verdict verdict;
    const char *text;      /* one plain sentence: what was found, what it means, what to do */
    enum gw_status status; /* of a FAIL */
};

/* Each line as it is found. Goes on after a failure with whatever does not depend on it. Writes the endpoint profile.
 */
enum gw_status gw_check_run(struct gw_arena *arena, const struct gw_config *config, const char *endpoint,
                            void (*line)(void *ctx, const struct gw_check_line *line), void *ctx,
                            struct gw_error *first_failure);

#endif
