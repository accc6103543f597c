/*
 * Calls beside each other, cancelled, and freed under way.
 */
#include "net/client.h"

/* ---- cancelling ------------------------------------------------------------------------------------------------ */

struct canceller {
    uv_timer_t timer;
    struct gw_http *http;
    uint64_t call;
};

static void cancel_now(uv_timer_t *timer)
{
    struct canceller *canceller = timer->data;

    gw_http_cancel(canceller->http, canceller->call);
    gw_http_cancel(canceller->http, canceller->call); /* twice is as good as once */
    uv_close((uv_handle_t *)timer, NULL);
}

/* Cancelled after so many ms: before it began, while resolving and connecting, in the middle of the body. */
Test(http, ends_a_cancelled_call_once_whenever_it_is_cancelled)
{
    static const int after_ms[] = {-1, 0, 1, 5, 50, 150};
    struct fake_server *server = fake_server_new(play_slowly, NULL);
    const char *const urls[] = {fake_server_base(server), "http://slow.invalid/"};

    for (size_t u = 0; u < COUNT(urls); u++)
        for (size_t i = 0; i < COUNT(after_ms); i++) {
            struct gw_http *http = client_of(NULL);
            struct gw_http_request request = {.url = urls[u]};
            struct outcome outcome = OUTCOME_INIT;
            struct canceller canceller = {.http = http};

            cr_assert(gw_http_start(http, &request, &outcome.response, outcome_done, &outcome, &canceller.call, NULL) ==
                      GW_OK);
            if (after_ms[i] < 0) {
                gw_http_cancel(http, canceller.call);
                cr_expect(outcome.times == 0, "done came inside cancel");
            } else {
                uv_timer_init(&loop, &canceller.timer);
                canceller.timer.data = &canceller;
                uv_timer_start(&canceller.timer, cancel_now, (uint64_t)after_ms[i], 0);
            }
            uv_run(&loop, UV_RUN_DEFAULT);
            cr_expect(outcome.times == 1);
            cr_expect(outcome.failure.status == GW_ECANCELED ||
                          (u == 1 && after_ms[i] > 0 && outcome.failure.status == GW_ERETRY), /* it was told already */
                      "after %d: %s", after_ms[i], outcome.failure.text);
            outcome_reset(&outcome);
            client_gone(http);
        }
    fake_server_free(server);
}

Test(http, cancels_all_that_is_under_way_when_it_is_freed)
{
    struct fake_server *server = fake_server_new(play_slowly, NULL);
    struct gw_http *http = client_of(&(struct gw_http_options){.concurrent = 2});
    struct outcome outcomes[6];

    for (size_t i = 0; i < COUNT(outcomes); i++) { /* two under way, four waiting */
        struct gw_http_request request = {.url = fake_server_base(server)};

        outcomes[i] = (struct outcome)OUTCOME_INIT;
        cr_assert(gw_http_start(http, &request, &outcomes[i].response, outcome_done, &outcomes[i], NULL, NULL) ==
                  GW_OK);
    }
    for (int i = 0; i < 5; i++)
        uv_run(&loop, UV_RUN_ONCE);
    client_gone(http);
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        cr_expect(outcomes[i].times == 1 && outcomes[i].failure.status == GW_ECANCELED);
        outcome_reset(&outcomes[i]);
    }
    cr_expect(fake_server_requests(server) <= 2);
    fake_server_free(server);
}

struct freer {
    struct gw_http *http;
    int times;
    struct gw_http_response response;
};

static void free_in_done(void *ctx, const struct gw_error *failure)
{
    struct freer *freer = ctx;

    (void)failure;
    freer->times++;
    gw_http_free(freer->http);
}

Test(http, may_be_freed_inside_a_done)
{
    int status = 200;
    struct fake_server *server = fake_server_new(play_plain, &status);
    struct freer freer = {.http = client_of(NULL), .response = GW_HTTP_RESPONSE_INIT};
    struct gw_http_request request = {.url = fake_server_base(server)};

    cr_assert(gw_http_start(freer.http, &request, &freer.response, free_in_done, &freer, NULL, NULL) == GW_OK);
    loop_close(&loop);
    cr_expect(freer.times == 1);
    gw_http_response_release(&freer.response);
    fake_server_free(server);
}

struct parallel {
    pthread_mutex_t lock;
    int now, most;
};

static void play_counted(struct exchange *exchange, void *ctx)
{
    struct parallel *parallel = ctx;

    pthread_mutex_lock(&parallel->lock);
    parallel->now++;
    if (parallel->now > parallel->most)
        parallel->most = parallel->now;
    pthread_mutex_unlock(&parallel->lock);
    fake_server_sleep(exchange, 30);
    pthread_mutex_lock(&parallel->lock);
    parallel->now--;
    pthread_mutex_unlock(&parallel->lock);
    fake_server_reply(exchange, 200, "application/json", "", "{}");
}

Test(http, keeps_to_the_number_of_requests_at_once)
{
    struct parallel parallel = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct fake_server *server = fake_server_new(play_counted, &parallel);
    struct gw_http *http = client_of(&(struct gw_http_options){.concurrent = 3});
    struct outcome outcomes[12];

    for (size_t i = 0; i < COUNT(outcomes); i++) {
        struct gw_http_request request = {.url = fake_server_base(server)};

        outcomes[i] = (struct outcome)OUTCOME_INIT;
        cr_assert(gw_http_start(http, &request, &outcomes[i].response, outcome_done, &outcomes[i], NULL, NULL) ==
                  GW_OK);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        cr_expect(outcomes[i].times == 1 && outcomes[i].response.status == 200);
        outcome_reset(&outcomes[i]);
    }
    cr_expect(parallel.most == 3, "%d at once", parallel.most);
    client_gone(http);
    fake_server_free(server);
}
