/*
 * The courier: from the outbox to the study database and back with the receipts.
 */
#include "service/courier_parts.h"
#include "service/delivery_note.h"

#include <openssl/rand.h>
#include <stdlib.h>

#include "gateway/net/backoff.h"

static const char where[] = "service.courier";

enum {
    SHIPMENT_MEMORY = 1024 * 1024 * 1024,
    STANDING_MEMORY = 256 * 1024 * 1024,
    STOPPED_MS = 5 * 60 * 1000, /* before a database that wants a person is asked again */
};

/* ---- states ---------------------------------------------------------------------------------------------------- */

static void go_on(struct courier *c);
static void close_parts(struct courier *c);

/* For `casement status`: that it runs once, each try that failed. */
static void note(struct courier *c)
{
    const bool failing = c->news.state == COURIER_AWAY || c->news.state == COURIER_STOPPED;

    if (c->noted && !failing && !c->failing)
        return;
    if (!c->noted || failing != c->failing)
        c->since = c->settings.clock->utc(c->settings.clock->ctx);
    c->noted = true;
    c->failing = failing;
    delivery_note_keep(c->settings.writer, c->settings.study, &c->news, c->since, failing ? c->next : 0);
}

void courier_tell(struct courier *c, enum courier_state state)
{
    c->news.state = state;
    if (!c->stopping)
        note(c);
    if (c->settings.tell && !c->stopping)
        c->settings.tell(c->settings.ctx, &c->news);
}

static void wait(struct courier *c, uint64_t wait_ms)
{
    c->next = c->settings.clock->utc(c->settings.clock->ctx) + (int64_t)wait_ms / 1000;
    gw_clock_start(c->settings.clock, &c->timer, courier_on_timer, wait_ms);
}

static uint32_t dice(void)
{
    uint32_t value = 0;

    RAND_bytes((unsigned char *)&value, sizeof value);
    return value;
}

void courier_fail(struct courier *c, const struct gw_error *failure)
{
    const bool passes = failure->status == GW_ERETRY;

    c->news.reason = *failure;
    c->stands = false;
    c->news.failures++;
    wait(c, passes ? gw_backoff_wait_ms(GW_BACKOFF_DATABASE, c->news.failures, 0, dice()) : STOPPED_MS);
    courier_tell(c, passes ? COURIER_AWAY : COURIER_STOPPED);
}

bool courier_step_done(struct courier *c, const struct gw_error *failure)
{
    c->busy = false;
    if (c->stopping)
        close_parts(c);
    else if (failure)
        courier_fail(c, failure);
    return !c->stopping && !failure;
}

void courier_submit(struct courier *c, gw_writer_run job, gw_writer_done done)
{
    struct gw_error failure;

    c->busy = true;
    if (gw_writer_submit(c->settings.writer, 1, job, done, c, &failure) != GW_OK)
        courier_step_done(c, &failure);
}

void courier_next_step(struct courier *c)
{
    if (!c->busy && !c->stopping)
        go_on(c);
}

/* ---- steps ----------------------------------------------------------------------------------------------------- */

static void go_on(struct courier *c)
{
    if (!c->stands)
        courier_ask_stands(c);
    else if (courier_inspection_is_due(c))
        courier_inspect(c);
    else
        courier_collect(c);
}

void courier_on_timer(uv_timer_t *timer)
{
    courier_next_step(timer->data);
}

void courier_wake(struct courier *c)
{
    c->again = true;
    if (!c->busy && c->news.state == COURIER_IDLE) {
        c->news.state = COURIER_WORKING;
        wait(c, 0);
    }
}

const struct courier_news *courier_news(const struct courier *c)
{
    return &c->news;
}

/* ---- the beginning and the end --------------------------------------------------------------------------------- */

enum gw_status courier_start(const struct courier_settings *settings, struct courier **out, struct gw_error *err)
{
    struct courier *c = calloc(1, sizeof *c);

    if (!c)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the courier of %s", settings->study);
    c->settings = *settings;
    c->began = settings->clock->utc(settings->clock->ctx);
    c->arena = c->recalling = (struct gw_arena)GW_ARENA_INIT(SHIPMENT_MEMORY);
    c->standing = (struct gw_arena)GW_ARENA_INIT(STANDING_MEMORY);
    uv_timer_init(settings->loop, &c->timer);
    c->timer.data = c;
    wait(c, 0);
    *out = c;
    return GW_OK;
}

static void release_when_closed(struct courier *c)
{
    void (*const closed)(void *) = c->closed;
    void *const ctx = c->closed_ctx;

    if (!c->timer_closed || !c->remote_closed)
        return;
    gw_arena_release(&c->arena);
    gw_arena_release(&c->standing);
    gw_arena_release(&c->recalling);
    free(c);
    closed(ctx);
}

static void on_remote_closed(void *ctx)
{
    struct courier *c = ctx;

    c->remote_closed = true;
    release_when_closed(c);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct courier *c = handle->data;

    c->timer_closed = true;
    release_when_closed(c);
}

static void close_parts(struct courier *c)
{
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

/* The remote first: a call that is under way ends with it, a job ends by itself, and then the parts close. */
void courier_stop(struct courier *c, void (*closed)(void *ctx), void *ctx)
{
    c->stopping = true;
    c->closed = closed;
    c->closed_ctx = ctx;
    gw_clock_stop(c->settings.clock, &c->timer);
    c->settings.remote->close(c->settings.remote, on_remote_closed, c);
    if (!c->busy && !uv_is_closing((uv_handle_t *)&c->timer))
        close_parts(c);
}
