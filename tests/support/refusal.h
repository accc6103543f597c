/*
 * Memory that ends: the same work again and again, with a little more of it each time, until it is enough.
 */
#ifndef SUPPORT_REFUSAL_H
#define SUPPORT_REFUSAL_H

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "support/subject.h"

typedef enum gw_status refusal_work(struct gw_arena *arena, void *context, struct gw_error *err);

/*
 * Fail unless the work ends with GW_ENOMEM and a sentence wherever its memory ends, and with GW_OK at last. The limit
 * rises by step bytes, and by 1/share of itself where share is not 0. How often it was refused.
 */
size_t refusal_sweep(refusal_work *work, void *context, size_t step, size_t share);

/* The work of deriving a subject; context: struct subject, whose `derived` is void afterwards. */
enum gw_status refusal_derive(struct gw_arena *arena, void *context, struct gw_error *err);

#endif
