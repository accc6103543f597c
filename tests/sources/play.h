/*
 * For the suites of a pull: one search against scripted ports, run to its end.
 */
#ifndef TESTS_SOURCES_PLAY_H
#define TESTS_SOURCES_PLAY_H

#include "sources/fake_ports.h"

static struct fake_ports ports;

struct ended {
    int times;
    struct gw_pull_result result;
    struct gw_error failure;
};

static inline void on_end(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure)
{
    struct ended *ended = ctx;

    ended->times++;
    ended->result = *result;
    if (failure)
        ended->failure = *failure;
}

static inline void cancel_pull(void *ctx)
{
    gw_pull_cancel(*(struct gw_pull **)ctx);
}

/* Run one pull to its end in fresh ports; the caller releases them. */
static inline struct ended play_with(const struct gw_request *request, const struct fake_reply *replies,
                                     enum fault fault, unsigned fault_at)
{
    struct ended ended = {0};
    struct gw_pull *pull = NULL;
    struct gw_error err = {0};

    fake_ports_init(&ports, replies);
    ports.fault = fault;
    ports.fault_at = fault_at;
    ports.cancel = cancel_pull;
    ports.cancel_ctx = &pull;
    cr_assert(gw_pull_start(&ports.loop, &ports.settings, request, on_end, &ended, &pull, &err) == GW_OK);
    cr_expect(ended.times == 0, "ended inside the call that started it");
    uv_run(&ports.loop, UV_RUN_DEFAULT);
    cr_expect(ended.times == 1, "ended %d times", ended.times);
    return ended;
}

static inline struct ended play(enum gw_resource type, const struct fake_reply *replies)
{
    const struct gw_request request = request_for(type, gw_resource_name(type));

    return play_with(&request, replies, NO_FAULT, 0);
}

#endif
