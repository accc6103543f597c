/*
 * A study database for a command that waits: a connection with a loop of its own, in one transaction at a time.
 *
 *      open ──> ask, run ... ──> (COMMIT) ──> close: what is not committed is taken back
 */
#ifndef SINKS_POSTGRES_SESSION_H
#define SINKS_POSTGRES_SESSION_H

#include "gateway/sinks/postgres.h"

struct session {
    uv_loop_t loop;
    struct gw_postgres *connection; /* NULL: not made */
    bool answered;
    struct gw_error failure;
};

/* Connect; names are looked for in the target's schema. To be closed in either case. */
enum gw_status session_open(struct session *session, const struct gw_postgres_target *target, struct gw_error *err);
enum gw_status session_run(struct session *session, const struct gw_postgres_statement *statements, size_t count,
                           struct gw_error *err);
enum gw_status session_ask(struct session *session, struct gw_postgres_statement statement, struct gw_error *err);
/* Sentences that each end with ";\n", as one run. */
enum gw_status session_script(struct session *session, const char *script, struct gw_error *err);
void session_close(struct session *session);

#endif
