/*
 * Whose turn it is.
 *
 * Endpoints that may have something to send stand in a line; the first sends one request and goes to its end. They stay
 * in line while there is no room, so that a place that becomes free goes to whoever waits longest.
 */
#include <stdlib.h>

#include "sources/dispatching.h"

enum {
    HANGS_AFTER_MS = 2000, /* a transfer that has brought less than this by then holds no memory worth counting */
    HANGS_BELOW = 64 * 1024,
    LOOK_AGAIN_MS = 500, /* whether one of them hangs, while others wait for room */
};

struct gw_dispatch_pool {
    uv_timer_t turn; /* zero */
    uv_timer_t look;
    unsigned open_handles;
    const struct gw_clock *clock;
    struct gw_dispatch_limits limits;
    struct gw_dispatcher *turns, *last_turn;
    struct gw_dispatcher *settles, *last_settle;
    struct ask *flying;
    unsigned flying_count;
    unsigned held;
};

uv_loop_t *pool_loop(const struct gw_dispatch_pool *pool)
{
    return pool->turn.loop;
}

const struct gw_clock *pool_clock(const struct gw_dispatch_pool *pool)
{
    return pool->clock;
}

/* ---- room ---- */

static unsigned weighing(const struct gw_dispatch_pool *pool)
{
    const uint64_t now = pool->clock->monotonic_ms(pool->clock->ctx);
    unsigned count = 0;

    for (const struct ask *ask = pool->flying; ask; ask = ask->flying_next)
        count += now < ask->sent_ms + HANGS_AFTER_MS || ask->response->body.length >= HANGS_BELOW;
    return count;
}

static bool has_room(const struct gw_dispatch_pool *pool)
{
    if (pool->flying_count >= pool->limits.open)
        return false;
    if (pool->flying_count + pool->held < pool->limits.transfers)
        return true;
    return weighing(pool) + pool->held < pool->limits.transfers;
}

/* ---- turns ---- */

static void on_turn(uv_timer_t *timer);

static void turn_soon(struct gw_dispatch_pool *pool)
{
    if (!uv_is_active((uv_handle_t *)&pool->turn))
        uv_timer_start(&pool->turn, on_turn, 0, 0);
}

void pool_want_turn(struct gw_dispatcher *dispatcher)
{
    struct gw_dispatch_pool *pool = dispatcher->pool;

    turn_soon(pool);
    if (dispatcher->in_turn)
        return;
    dispatcher->in_turn = true;
    dispatcher->turn_next = NULL;
    *(pool->turns ? &pool->last_turn->turn_next : &pool->turns) = dispatcher;
    pool->last_turn = dispatcher;
}

void pool_forget(struct gw_dispatcher *dispatcher)
{
    struct gw_dispatch_pool *pool = dispatcher->pool;
    struct gw_dispatcher **at = &pool->turns, *before = NULL;

    for (; *at && *at != dispatcher; at = &(*at)->turn_next)
        before = *at;
    if (!*at)
        return;
    *at = dispatcher->turn_next;
    if (pool->last_turn == dispatcher)
        pool->last_turn = before;
    dispatcher->in_turn = false;
}

void pool_want_settle(struct gw_dispatcher *dispatcher)
{
    struct gw_dispatch_pool *pool = dispatcher->pool;

    turn_soon(pool);
    if (dispatcher->in_settle)
        return;
    dispatcher->in_settle = true;
    dispatcher->settle_next = NULL;
    *(pool->settles ? &pool->last_settle->settle_next : &pool->settles) = dispatcher;
    pool->last_settle = dispatcher;
}

/* Only those that stood there at the beginning: who is told may cause more to tell, and the loop has other work. */
static void settle_all(struct gw_dispatch_pool *pool)
{
    struct gw_dispatcher *list = pool->settles;

    pool->settles = NULL;
    while (list) {
        struct gw_dispatcher *dispatcher = list;

        list = dispatcher->settle_next;
        dispatcher->in_settle = false;
        dispatcher_settle(dispatcher);
    }
}

static void on_look(uv_timer_t *timer)
{
    turn_soon(timer->data);
}

static void on_turn(uv_timer_t *timer)
{
    struct gw_dispatch_pool *pool = timer->data;

    settle_all(pool);
    while (pool->turns && has_room(pool)) {
        struct gw_dispatcher *dispatcher = pool->turns;

        pool->turns = dispatcher->turn_next;
        dispatcher->in_turn = false;
        if (dispatcher_turn(dispatcher))
            pool_want_turn(dispatcher);
    }
    if (pool->turns)
        gw_clock_start(pool->clock, &pool->look, on_look, LOOK_AGAIN_MS);
}

/* ---- what is under way ---- */

void pool_fly(struct ask *ask)
{
    struct gw_dispatch_pool *pool = ask->dispatcher->pool;

    ask->flying_before = NULL;
    ask->flying_next = pool->flying;
    if (pool->flying)
        pool->flying->flying_before = ask;
    pool->flying = ask;
    pool->flying_count++;
}

void pool_land(struct ask *ask)
{
    struct gw_dispatch_pool *pool = ask->dispatcher->pool;

    *(ask->flying_before ? &ask->flying_before->flying_next : &pool->flying) = ask->flying_next;
    if (ask->flying_next)
        ask->flying_next->flying_before = ask->flying_before;
    pool->flying_count--;
    turn_soon(pool);
}

void pool_hold(struct gw_dispatch_pool *pool, int pages)
{
    pool->held = (unsigned)((int)pool->held + pages);
    if (pages < 0)
        turn_soon(pool);
}

/* ---- lifetime ---- */

enum gw_status gw_dispatch_pool_new(uv_loop_t *loop, const struct gw_clock *clock,
                                    const struct gw_dispatch_limits *limits, struct gw_dispatch_pool **out,
                                    struct gw_error *err)
{
    struct gw_dispatch_pool *pool = calloc(1, sizeof(*pool));

    if (!pool)
        return gw_fail(err, GW_ENOMEM, "sources.dispatcher", "no memory for the requests of all endpoints");
    pool->clock = clock ? clock : &gw_system_clock;
    if (limits)
        pool->limits = *limits;
    if (pool->limits.transfers == 0)
        pool->limits.transfers = GW_DISPATCH_TRANSFERS;
    if (pool->limits.open == 0)
        pool->limits.open = GW_DISPATCH_OPEN;
    uv_timer_init(loop, &pool->turn);
    uv_timer_init(loop, &pool->look);
    pool->turn.data = pool;
    pool->look.data = pool;
    pool->open_handles = 2;
    *out = pool;
    return GW_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct gw_dispatch_pool *pool = handle->data;

    if (--pool->open_handles == 0)
        free(pool);
}

void gw_dispatch_pool_free(struct gw_dispatch_pool *pool)
{
    if (!pool)
        return;
    gw_clock_stop(pool->clock, &pool->look);
    uv_close((uv_handle_t *)&pool->turn, on_closed);
    uv_close((uv_handle_t *)&pool->look, on_closed);
}
