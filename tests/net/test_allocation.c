/*
 * Every allocation libcurl makes for one request fails in turn, once and for good (after curl's own torture tests): the
 * request is refused at the door or ends once, and nothing is left behind.
 */
#include "net/fetch.h"

#include <curl/curl.h>
#include <stdlib.h>

static pthread_t test_thread; /* the resolver's threads are left in peace */
static long countdown = -1;   /* the allocation that fails; -1: none */
static bool for_good;
static long made;

static bool fails(void)
{
    if (!pthread_equal(pthread_self(), test_thread))
        return false;
    made++;
    if (countdown < 0)
        return false;
    if (countdown > 0) {
        countdown--;
        return false;
    }
    if (!for_good)
        countdown = -1;
    return true;
}

static void *fake_malloc(size_t size)
{
    return fails() ? NULL : malloc(size);
}

static void *fake_calloc(size_t count, size_t size)
{
    return fails() ? NULL : calloc(count, size);
}

static void *fake_realloc(void *old, size_t size)
{
    return fails() ? NULL : realloc(old, size);
}

static char *fake_strdup(const char *text)
{
    return fails() ? NULL : strdup(text);
}

static void play(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    fake_server_reply(exchange, 200, "application/fhir+json", "ETag: W/\"1\"\r\n", "{}");
}

/* One request from new to free. */
static void round_trip(const char *url, long number)
{
    const struct gw_http_header header = {"Accept", "application/fhir+json"};
    struct gw_http_request request = {.url = url, .headers = &header, .header_count = 1};
    struct outcome outcome = OUTCOME_INIT;
    struct gw_http *http = NULL;
    struct gw_error err = {0};
    uv_loop_t loop;

    cr_assert(uv_loop_init(&loop) == 0);
    countdown = number;
    if (gw_http_client_new(&loop, NULL, &http, &err) != GW_OK) {
        cr_expect(err.status == GW_ENOMEM, "%ld: %s", number, err.text);
    } else if (gw_http_start(http, &request, &outcome.response, outcome_done, &outcome, NULL, &err) != GW_OK) {
        cr_expect(err.status == GW_ENOMEM, "%ld: %s", number, err.text);
    } else {
        uv_run(&loop, UV_RUN_DEFAULT);
        cr_expect(outcome.times == 1, "%ld: done %d times", number, outcome.times);
        cr_expect(outcome.failure.status != GW_OK || outcome.response.status == 200, "%ld", number);
    }
    gw_http_free(http);
    uv_run(&loop, UV_RUN_DEFAULT);
    countdown = -1;
    cr_expect(uv_loop_close(&loop) == 0, "%ld: a handle was left", number);
    outcome_reset(&outcome);
}

Test(allocation, that_fails_ends_a_request_and_leaves_nothing)
{
    struct fake_server *server;
    long all;

    test_thread = pthread_self();
    cr_assert(curl_global_init_mem(CURL_GLOBAL_DEFAULT, fake_malloc, free, fake_realloc, fake_strdup, fake_calloc) ==
              0);
    server = fake_server_new(play, NULL);
    made = 0;
    round_trip(fake_server_base(server), -1);
    all = made;
    cr_assert(all > 20, "only %ld allocations were seen", all);
    for (int good = 0; good < 2; good++)
        for (long number = 0; number < all; number++) {
            for_good = good;
            round_trip(fake_server_base(server), number);
        }
    fake_server_free(server);
}
