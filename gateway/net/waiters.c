/*
 * A list and a timer. One that ended stays in the list until it is told.
 */
#include "net/waiters.h"

#include <stdlib.h>

struct waiter {
    struct waiter *next;
    uint64_t id;
    gw_http_done done;
    void *ctx;
    bool ended;
    struct gw_error failure; /* GW_OK: none */
};

static struct waiter *take_ended(struct waiters *waiters)
{
    for (struct waiter **at = &waiters->first; *at; at = &(*at)->next)
        if ((*at)->ended) {
            struct waiter *waiter = *at;

            *at = waiter->next;
            return waiter;
        }
    return NULL;
}

static void on_later(uv_timer_t *timer)
{
    struct waiters *waiters = (struct waiters *)timer; /* its first member */
    struct waiter *waiter;

    while ((waiter = take_ended(waiters))) {
        const struct waiter ended = *waiter;

        free(waiter);
        ended.done(ended.ctx, ended.failure.status == GW_OK ? NULL : &ended.failure);
    }
    waiters->told(timer);
}

void waiters_init(struct waiters *waiters, uv_loop_t *loop, void (*told)(uv_timer_t *later))
{
    *waiters = (struct waiters){.told = told};
    uv_timer_init(loop, &waiters->later);
}

uint64_t waiters_add(struct waiters *waiters, gw_http_done done, void *ctx)
{
    struct waiter **end = &waiters->first, *waiter = calloc(1, sizeof(*waiter));

    if (!waiter)
        return 0;
    *waiter = (struct waiter){.id = ++waiters->last_id, .done = done, .ctx = ctx};
    while (*end)
        end = &(*end)->next;
    *end = waiter;
    return waiter->id;
}

static void end_one(struct waiters *waiters, struct waiter *waiter, const struct gw_error *failure)
{
    if (waiter->ended)
        return;
    waiter->ended = true;
    if (failure)
        waiter->failure = *failure;
    waiters_tell(waiters);
}

void waiters_end(struct waiters *waiters, uint64_t id, const struct gw_error *failure)
{
    for (struct waiter *waiter = waiters->first; waiter; waiter = waiter->next)
        if (waiter->id == id)
            end_one(waiters, waiter, failure);
}

void waiters_end_all(struct waiters *waiters, const struct gw_error *failure)
{
    for (struct waiter *waiter = waiters->first; waiter; waiter = waiter->next)
        end_one(waiters, waiter, failure);
}

bool waiters_any(const struct waiters *waiters)
{
    for (const struct waiter *waiter = waiters->first; waiter; waiter = waiter->next)
        if (!waiter->ended)
            return true;
    return false;
}

void waiters_tell(struct waiters *waiters)
{
    uv_timer_start(&waiters->later, on_later, 0, 0);
}
