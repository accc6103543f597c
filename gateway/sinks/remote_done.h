/*
 * How a call of sinks/remote.h ends: with its done, once. An answer that found no memory is a failure even where the
 * database had none. Private to the sinks.
 */
#ifndef SINKS_REMOTE_DONE_H
#define SINKS_REMOTE_DONE_H

#include "gateway/sinks/remote.h"

/* *done is emptied first: it may begin the next call. NULL: nobody waits for it. */
static inline void remote_done(gw_remote_done *done, void *ctx, const char *where, const struct gw_error *failure,
                               bool no_memory)
{
    const gw_remote_done call = *done;
    struct gw_error full;

    if (!failure && no_memory) {
        gw_fail(&full, GW_ENOMEM, where, "the study database's answer needs more memory than allowed");
        failure = &full;
    }
    *done = NULL;
    if (call)
        call(ctx, failure);
}

#endif
