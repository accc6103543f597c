/*
 * For the suites of this room: run one operation to its end and remember how it ended.
 */
#ifndef NET_TEST_FETCH_H
#define NET_TEST_FETCH_H

#include <criterion/criterion.h>
#include <string.h>
#include <uv.h>

#include "gateway/net/http.h"
#include "support/fake_server.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct outcome {
    int times; /* done was called */
    struct gw_error failure;
    struct gw_http_response response;
};

#define OUTCOME_INIT                                                                                                   \
    {                                                                                                                  \
        .response = GW_HTTP_RESPONSE_INIT                                                                              \
    }

static inline void outcome_done(void *ctx, const struct gw_error *failure)
{
    struct outcome *outcome = ctx;

    outcome->times++;
    if (failure)
        outcome->failure = *failure;
}

static inline void outcome_reset(struct outcome *outcome)
{
    gw_http_response_release(&outcome->response);
    *outcome = (struct outcome)OUTCOME_INIT;
}

/* Every handle gone: what each test ends with. */
static inline void loop_close(uv_loop_t *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    cr_expect(uv_loop_close(loop) == 0, "a handle was left in the loop");
}

#endif
