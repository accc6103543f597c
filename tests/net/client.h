/*
 * For the suites of the client: one client in one loop, one request run to its end.
 */
#ifndef NET_TEST_CLIENT_H
#define NET_TEST_CLIENT_H

#include "net/fetch.h"

#define JSON       "{\"resourceType\":\"Bundle\",\"id\":\"1\"}"
#define HEAD       "HTTP/1.1 200 OK\r\n"
#define TYPED_JSON "Content-Type: application/fhir+json\r\n"

static uv_loop_t loop;

static inline struct gw_http *client_of(const struct gw_http_options *options)
{
    struct gw_http *http = NULL;
    struct gw_error err = {0};

    cr_assert(uv_loop_init(&loop) == 0);
    cr_assert(gw_http_client_new(&loop, options, &http, &err) == GW_OK, "%s", err.text);
    return http;
}

static inline void client_gone(struct gw_http *http)
{
    gw_http_free(http);
    loop_close(&loop);
}

static inline void fetch(struct gw_http *http, const struct gw_http_request *request, struct outcome *outcome)
{
    struct gw_error err = {0};

    cr_assert(gw_http_start(http, request, &outcome->response, outcome_done, outcome, NULL, &err) == GW_OK, "%s",
              err.text);
    cr_assert(outcome->times == 0, "done was called inside start");
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert(outcome->times == 1, "done was called %d times", outcome->times);
}

static inline void play_plain(struct exchange *exchange, void *ctx)
{
    fake_server_reply(exchange, *(int *)ctx, "application/fhir+json", "", JSON);
}

/* 50 bytes, one every 100 ms. */
static inline void play_slowly(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    fake_server_print(exchange, HEAD TYPED_JSON "Content-Length: 50\r\n\r\n");
    for (int i = 0; i < 50 && !exchange->close; i++) {
        fake_server_print(exchange, " ");
        fake_server_sleep(exchange, 100);
    }
    exchange->close = true;
}

#endif
