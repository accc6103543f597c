/*
 * For the suites of the listener: a door with a few routes, on a clock that a test moves.
 */
#ifndef NET_TEST_OPEN_DOOR_H
#define NET_TEST_OPEN_DOOR_H

#include "net/fetch.h"
#include "net/visitor.h"
#include "support/fake_time.h"

static struct fake_time clock_of_test;
static struct gw_listener *listener;
static struct gw_exchange *kept; /* by the route that answers later */
static int handled, looked, closed_times;
static char last_body[4096], last_rest[256], last_query[256], last_peer[64];

static inline void on_closed(void *ctx)
{
    (void)ctx;
    closed_times++;
}

static inline void note(struct gw_exchange *exchange)
{
    const struct gw_slice body = gw_exchange_body(exchange);

    handled++;
    snprintf(last_body, sizeof last_body, "%.*s", (int)body.length, body.at);
    snprintf(last_rest, sizeof last_rest, "%s", gw_exchange_rest(exchange));
    snprintf(last_query, sizeof last_query, "%s", gw_exchange_query(exchange));
    snprintf(last_peer, sizeof last_peer, "%s", gw_exchange_peer(exchange));
}

static inline void answer_now(void *ctx, struct gw_exchange *exchange)
{
    (void)ctx;
    note(exchange);
    gw_exchange_say(exchange, 200, "served");
}

static inline void answer_later(void *ctx, struct gw_exchange *exchange)
{
    (void)ctx;
    note(exchange);
    kept = exchange;
}

static inline bool look_for_secret(void *ctx, struct gw_exchange *exchange)
{
    const char *const secret = gw_exchange_header(exchange, "X-Secret");

    (void)ctx;
    looked++;
    if (secret && strcmp(secret, "open sesame") == 0)
        return true;
    gw_exchange_say(exchange, 401, "no");
    return false;
}

static const struct gw_route routes[] = {
    {.method = "GET", .path = "/", .handle = answer_now},
    {.method = "GET", .path = "/now", .handle = answer_now},
    {.method = "POST", .path = "/now", .max_body = 1024, .handle = answer_now},
    {.method = "GET", .path = "/later", .handle = answer_later},
    {.method = "POST", .path = "/in/", .max_body = 1024, .look = look_for_secret, .handle = answer_now},
};

static uv_loop_t loop;

static inline void open_with(struct gw_listener_options options)
{
    struct gw_error err = {0};

    options.address = options.address ? options.address : "127.0.0.1:0";
    options.routes = routes;
    options.route_count = COUNT(routes);
    options.clock = &clock_of_test.clock;
    cr_assert(gw_listener_start(&loop, &options, &listener, &err) == GW_OK, "%s", err.text);
}

static inline void open_door(void)
{
    cr_assert(uv_loop_init(&loop) == 0);
    fake_time_init(&clock_of_test, &loop);
    handled = looked = closed_times = 0;
    kept = NULL;
}

static inline void close_door(void)
{
    if (listener)
        gw_listener_stop(listener, 0, on_closed, NULL);
    listener = NULL;
}

static inline void end_door(void)
{
    close_door();
    fake_time_run(&clock_of_test, UINT64_MAX / 2, NULL, NULL);
    cr_expect(closed_times == 1, "closed %d times", closed_times);
    loop_close(&loop);
    fake_time_release(&clock_of_test);
}

static inline int ask(const char *text)
{
    return visitor_asks(&loop, gw_listener_port(listener), text, strlen(text));
}

#define HOST     "Host: localhost\r\n"
#define POST_NOW "POST /now HTTP/1.1\r\n"

/* Somebody waits for the route that answers later. */
static inline void ask_later(int fd)
{
    kept = NULL;
    visitor_says(fd, "GET /later HTTP/1.1\r\n" HOST "\r\n");
    while (!kept)
        visitor_waits(&loop);
}

#endif
