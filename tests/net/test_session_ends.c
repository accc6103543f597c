/*
 * A session whose every step is cancelled, freed and lost in turn.
 *
 * A replayed request makes five requests: discovery, token, read (401), token, read. Each is interrupted before it is
 * sent and while its answer is awaited.
 */
#include "net/session_desk.h"

TestSuite(session_ends, .init = open_all, .fini = close_all);

enum { STEPS = 5 };

static void run_until_heard(unsigned requests)
{
    while (fake_server_requests(hospital.server) < requests)
        uv_run(&loop, UV_RUN_NOWAIT);
}

static void interrupt(void (*how)(uint64_t call), enum gw_status want)
{
    for (unsigned step = 0; step <= STEPS; step++) {
        struct outcome outcome = OUTCOME_INIT;
        uint64_t call;

        close_all();
        open_all();
        hospital.refuse = 1;
        hospital.token_delay_ms = hospital.answer_delay_ms = 40;
        cr_assert(session_get(session, own_url(), &outcome.response, outcome_done, &outcome, &call, NULL) == GW_OK);
        run_until_heard(step);
        how(call);
        cr_expect(outcome.times == 0, "step %u: done inside the interruption", step);
        uv_run(&loop, UV_RUN_DEFAULT);
        cr_expect(outcome.times == 1 && outcome.failure.status == want, "step %u: %d times, %d %s", step, outcome.times,
                  outcome.failure.status, outcome.failure.text);
        cr_expect(fake_server_requests(hospital.server) <= step + 1, "step %u: went on after it", step);
        outcome_reset(&outcome);
    }
}

static void cancel_it(uint64_t call)
{
    gw_session_cancel(session, call);
    gw_session_cancel(session, call);
}

static void free_it(uint64_t call)
{
    (void)call;
    gw_session_free(session);
    session = NULL;
}

Test(session_ends, cancelled_at_each_step_ends_once)
{
    interrupt(cancel_it, GW_ECANCELED);
}

Test(session_ends, freed_at_each_step_ends_what_is_under_way)
{
    interrupt(free_it, GW_ECANCELED);
}

struct breaking {
    unsigned at; /* the request that is answered by a reset */
    struct fake_hospital *hospital;
};

static void break_one(struct exchange *exchange, void *ctx)
{
    struct breaking *breaking = ctx;

    if (exchange->number == breaking->at) {
        fake_server_reset(exchange);
        return;
    }
    breaking->hospital->server = exchange->server;
    fake_hospital_serve(exchange, breaking->hospital);
    exchange->close = true; /* a reset on a kept connection would be tried again, as it should */
}

Test(session_ends, ends_once_whichever_request_is_lost)
{
    struct breaking breaking = {.hospital = &elsewhere};
    struct fake_server *keep = elsewhere.server, *server = fake_server_new(break_one, &breaking);

    for (unsigned step = 0; step < STEPS; step++) {
        struct gw_endpoint endpoint = endpoint_of(GW_AUTH_SMART_BACKEND);
        struct outcome outcome = OUTCOME_INIT;
        char url[128];

        breaking.at = fake_server_requests(server) + step;
        gw_session_free(session);
        elsewhere.refuse = 1;
        elsewhere.fhir_more = "Connection: close\r\n";
        elsewhere.date = "Connection: close\r\n";
        endpoint.base = fake_server_base(server);
        cr_assert(gw_session_new(&loop, &endpoint, NULL, &clock_of_test, &session, NULL) == GW_OK);
        snprintf(url, sizeof(url), "%s/Observation", fake_server_base(server));
        get(url, &outcome);
        cr_expect(outcome.failure.status == GW_ERETRY, "step %u: %d %s", step, outcome.failure.status,
                  outcome.failure.text);
        outcome_reset(&outcome);
    }
    fake_server_free(server);
    elsewhere.server = keep;
}

static void free_in_done(void *ctx, const struct gw_error *failure)
{
    (void)failure;
    ++*(int *)ctx;
    gw_session_free(session);
    session = NULL;
}

Test(session_ends, may_be_freed_inside_a_done)
{
    struct gw_http_response response = GW_HTTP_RESPONSE_INIT;
    int times = 0;

    cr_assert(session_get(session, own_url(), &response, free_in_done, &times, NULL, NULL) == GW_OK);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(times == 1);
    gw_http_response_release(&response);
}
