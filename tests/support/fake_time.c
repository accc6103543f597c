#include "support/fake_time.h"

#include <stdlib.h>

static bool before(const struct fake_wait *a, const struct fake_wait *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->number < b->number;
}

static void swap(struct fake_wait *a, struct fake_wait *b)
{
    const struct fake_wait kept = *a;

    *a = *b;
    *b = kept;
}

static void rise(struct fake_time *time, size_t at)
{
    for (; at > 0 && before(&time->waits[at], &time->waits[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&time->waits[at], &time->waits[(at - 1) / 2]);
}

static void sink(struct fake_time *time, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < time->count; at = child) {
        if (child + 1 < time->count && before(&time->waits[child + 1], &time->waits[child]))
            child++;
        if (!before(&time->waits[child], &time->waits[at]))
            return;
        swap(&time->waits[child], &time->waits[at]);
    }
}

static void take_out(struct fake_time *time, size_t at)
{
    time->waits[at] = time->waits[--time->count];
    if (at < time->count) {
        rise(time, at);
        sink(time, at);
    }
}

static void stop(void *ctx, uv_timer_t *timer)
{
    struct fake_time *time = ctx;

    for (size_t i = 0; i < time->count; i++)
        if (time->waits[i].timer == timer) {
            take_out(time, i);
            return;
        }
}

static void start(void *ctx, uv_timer_t *timer, uv_timer_cb fire, uint64_t wait_ms)
{
    struct fake_time *time = ctx;

    stop(time, timer);
    uv_timer_stop(timer);
    if (time->count == time->capacity) {
        time->capacity = time->capacity ? 2 * time->capacity : 64;
        time->waits = realloc(time->waits, time->capacity * sizeof *time->waits);
        if (!time->waits)
            abort();
    }
    time->waits[time->count] = (struct fake_wait){timer, fire, time->now_ms + wait_ms, ++time->started};
    rise(time, time->count++);
}

static int64_t utc(void *ctx)
{
    const struct fake_time *time = ctx;

    return time->start_utc + (int64_t)(time->now_ms / 1000);
}

static uint64_t monotonic_ms(void *ctx)
{
    const struct fake_time *time = ctx;

    return 1000000 + time->now_ms;
}

void fake_time_init(struct fake_time *time, uv_loop_t *loop)
{
    *time = (struct fake_time){.clock = {utc, monotonic_ms, time, start, stop}, .loop = loop, .start_utc = 1795168800};
}

void fake_time_release(struct fake_time *time)
{
    free(time->waits);
    time->waits = NULL;
}

/* Everything that can happen now happens. */
static void settle(const struct fake_time *time, bool (*busy)(void *ctx), void *ctx)
{
    for (;;) {
        const bool waiting = busy && busy(ctx);

        if (!waiting && (!uv_loop_alive(time->loop) || uv_backend_timeout(time->loop) != 0)) {
            uv_run(time->loop, UV_RUN_NOWAIT); /* what a descriptor has ready */
            if (!(busy && busy(ctx)) && (!uv_loop_alive(time->loop) || uv_backend_timeout(time->loop) != 0))
                return;
        }
        uv_run(time->loop, waiting ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    }
}

void fake_time_run(struct fake_time *time, uint64_t until_ms, bool (*busy)(void *ctx), void *ctx)
{
    for (settle(time, busy, ctx); time->count > 0 && time->waits[0].due_ms <= until_ms; settle(time, busy, ctx)) {
        const struct fake_wait next = time->waits[0];

        take_out(time, 0);
        if (next.due_ms > time->now_ms)
            time->now_ms = next.due_ms;
        uv_timer_start(next.timer, next.fire, 0, 0);
    }
    if (time->now_ms < until_ms)
        time->now_ms = until_ms;
}
