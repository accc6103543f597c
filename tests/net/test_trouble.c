/*
 * What kind of trouble is told of what really came over a wire: by the client, and by a session whose token fails.
 */
#include "gateway/net/circuit.h"
#include "net/blame.h"
#include "net/client.h"
#include "net/fake_clock.h"
#include "net/fake_hospital.h"

/* A row of a table says what it is about and leaves out the rest. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* ---- the client ---- */

struct scripted {
    const char *name;
    const char *bytes; /* the whole answer, and then the end of the connection */
    enum gw_trouble trouble;
    int32_t retry_after_s;
    bool retry_longer;
};

static void play_bytes(struct exchange *exchange, void *ctx)
{
    fake_server_print(exchange, "%s", (*(const struct scripted **)ctx)->bytes);
    exchange->close = true;
}

static const struct scripted answers[] = {
    {"a whole answer", HEAD TYPED_JSON "Content-Length: 2\r\n\r\n{}", GW_TROUBLE_NONE},
    {"N3 cut before its length", HEAD TYPED_JSON "Content-Length: 50\r\n\r\n{}", GW_TROUBLE_CUT},
    {"N3 cut inside its chunks", HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\n5\r\n{}", GW_TROUBLE_CUT},
    {"N7 two lengths", HEAD TYPED_JSON "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", GW_TROUBLE_DAMAGED},
    {"N6 no gzip in spite of its name", HEAD TYPED_JSON "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
     GW_TROUBLE_DAMAGED},
    {"N3 nothing at all", "", GW_TROUBLE_AWAY},
    {"429 with seconds", "HTTP/1.1 429 Slow\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n", GW_TROUBLE_BUSY, 90},
    {"429 with RateLimit alone", "HTTP/1.1 429 Slow\r\nRateLimit: \"fhir\";r=0;t=59\r\nContent-Length: 0\r\n\r\n",
     GW_TROUBLE_BUSY, 59},
    {"429 with both: Retry-After counts",
     "HTTP/1.1 429 Slow\r\nRateLimit: \"fhir\";r=0;t=59\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
     GW_TROUBLE_BUSY, 7},
    {"503 with a date a minute after its own",
     "HTTP/1.1 503 Later\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\nRetry-After: Fri, 20 Nov 2026 10:01:00 GMT\r\n"
     "Content-Length: 0\r\n\r\n",
     GW_TROUBLE_BUSY, 60},
    {"503 a day and a second", "HTTP/1.1 503 Later\r\nRetry-After: 86401\r\nContent-Length: 0\r\n\r\n", GW_TROUBLE_BUSY,
     86400, true},
    {"503 a day", "HTTP/1.1 503 Later\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n", GW_TROUBLE_BUSY, 86400},
    {"503 without a word", "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", GW_TROUBLE_BUSY},
    {"403", "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", GW_TROUBLE_REFUSED},
    {"500", "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", GW_TROUBLE_AWAY},
};

Test(trouble, N_P13_is_told_of_every_answer)
{
    const struct scripted *at = NULL;
    struct fake_server *server = fake_server_new(play_bytes, &at);
    struct gw_http *http = client_of(NULL);

    for (size_t i = 0; i < COUNT(answers); i++) {
        struct gw_http_request request = {.url = fake_server_base(server)};
        struct outcome outcome = OUTCOME_INIT;
        enum gw_trouble trouble;

        at = &answers[i];
        fetch(http, &request, &outcome);
        trouble = gw_http_trouble(&outcome.response, outcome.failure.status == GW_OK ? NULL : &outcome.failure);
        cr_expect(trouble == at->trouble, "%s: %s", at->name, gw_trouble_name(trouble));
        cr_expect(outcome.response.retry_after_s == at->retry_after_s, "%s: %d s", at->name,
                  (int)outcome.response.retry_after_s);
        cr_expect(outcome.response.retry_longer == at->retry_longer, "%s", at->name);
        outcome_reset(&outcome);
    }
    client_gone(http);
    fake_server_free(server);
}

static int fine = 200;

Test(trouble, N2_N6_tells_an_endpoint_that_is_away_from_an_answer_that_is_too_large)
{
    struct fake_server *server = fake_server_new(play_plain, &fine);
    struct gw_http *http = client_of(NULL);
    struct gw_http_request away = {.url = "http://127.0.0.1:1/fhir"};
    struct gw_http_request large = {.url = fake_server_base(server), .max_bytes = 5};
    struct outcome outcome = OUTCOME_INIT;

    fetch(http, &away, &outcome);
    cr_expect(gw_http_trouble(&outcome.response, &outcome.failure) == GW_TROUBLE_AWAY);
    outcome_reset(&outcome);
    fetch(http, &large, &outcome);
    cr_expect(gw_http_trouble(&outcome.response, &outcome.failure) == GW_TROUBLE_TOO_LARGE);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
}

Test(trouble, N10_is_the_certificates_when_the_handshake_failed_for_good)
{
    static const struct {
        CURLcode code;
        enum gw_status status;
        enum gw_trouble trouble;
        long proxied;
    } cases[] = {
        {CURLE_PEER_FAILED_VERIFICATION, GW_EPROTO, GW_TROUBLE_TLS},
        {CURLE_SSL_CONNECT_ERROR, GW_EDENIED, GW_TROUBLE_TLS}, /* it wants a client certificate it knows */
        {CURLE_SSL_CONNECT_ERROR, GW_EPROTO, GW_TROUBLE_TLS},
        {CURLE_SSL_CONNECT_ERROR, GW_ERETRY, GW_TROUBLE_AWAY}, /* reset in the middle of it */
        {CURLE_OPERATION_TIMEDOUT, GW_ERETRY, GW_TROUBLE_AWAY},
        {CURLE_RECV_ERROR, GW_EDENIED, GW_TROUBLE_DENIED, 407},
        {CURLE_RECV_ERROR, GW_EDENIED, GW_TROUBLE_TLS}, /* a client certificate again, as TLS 1.3 says it */
        {CURLE_SSL_CERTPROBLEM, GW_ECONFIG, GW_TROUBLE_DENIED},
        {CURLE_WEIRD_SERVER_REPLY, GW_EPROTO, GW_TROUBLE_DAMAGED},
        {CURLE_OUT_OF_MEMORY, GW_ENOMEM, GW_TROUBLE_OURS},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(blame_trouble(cases[i].code, cases[i].status, cases[i].proxied) == cases[i].trouble, "%zu", i);
}

/* ---- the token ---- */

static const struct token_case {
    const char *name;
    int smart_status, token_status;
    const char *body;
    const char *header;
    unsigned refuse; /* FHIR requests answered 401 */
    enum gw_trouble trouble;
    int32_t retry_after_s;
} tokens[] = {
    {"a good one", 0, 0, NULL, NULL, 0, GW_TROUBLE_NONE},
    {"A invalid_client", 0, 401, "{\"error\":\"invalid_client\"}", NULL, 0, GW_TROUBLE_DENIED},
    {"A invalid_scope", 0, 400, "{\"error\":\"invalid_scope\"}", NULL, 0, GW_TROUBLE_DENIED},
    {"A3 fewer scopes than asked for", 0, 200,
     "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":300,\"scope\":\"\"}", NULL, 0,
     GW_TROUBLE_DENIED},
    {"B3 401 without an error code: slow down", 0, 401, "slow down", NULL, 0, GW_TROUBLE_UNAUTHORIZED},
    {"A6 500", 0, 500, "x", NULL, 0, GW_TROUBLE_AWAY},
    {"A6 a page of HTML", 0, 200, "<html>", NULL, 0, GW_TROUBLE_AWAY},
    {"A6 429", 0, 429, "x", "Retry-After: 33\r\n", 0, GW_TROUBLE_BUSY, 33},
    {"no discovery", 404, 0, NULL, NULL, 0, GW_TROUBLE_DENIED},
    {"discovery is away", 502, 0, NULL, NULL, 0, GW_TROUBLE_AWAY},
    {"B3 two tokens refused", 0, 0, NULL, NULL, 2, GW_TROUBLE_UNAUTHORIZED},
};

static void play_token(const struct token_case *play, struct outcome *outcome)
{
    static const char *const scopes[] = {"system/Observation.rs"};
    struct fake_clock still = FAKE_CLOCK_INIT;
    const struct gw_clock clock = FAKE_CLOCK(&still);
    struct gw_session *session = NULL;
    struct fake_hospital hospital;
    struct gw_endpoint endpoint;
    struct gw_error err = {0};
    char url[128];

    fake_hospital_open(&hospital);
    hospital.smart_status = play->smart_status;
    hospital.token_status = play->token_status;
    hospital.token_body = play->body;
    hospital.date = play->header;
    hospital.refuse = play->refuse;
    endpoint = (struct gw_endpoint){.id = "hm-ehr", .base = fake_server_base(hospital.server)};
    endpoint.auth.kind = GW_AUTH_SMART_BACKEND;
    endpoint.auth.client_id = "casement";
    endpoint.auth.key = hospital.key_file;
    endpoint.auth.scopes = scopes;
    endpoint.auth.scope_count = 1;
    cr_assert(uv_loop_init(&loop) == 0);
    cr_assert(gw_session_new(&loop, &endpoint, NULL, &clock, &session, &err) == GW_OK, "%s", err.text);
    snprintf(url, sizeof(url), "%s/Observation?patient=7", endpoint.base);
    cr_assert(session_get(session, url, &outcome->response, outcome_done, outcome, NULL, &err) == GW_OK);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(outcome->times == 1);
    gw_session_free(session);
    loop_close(&loop);
    fake_hospital_close(&hospital);
}

Test(trouble, A_B3_of_a_token_is_told_as_the_trouble_of_the_request_that_wanted_it)
{
    for (size_t i = 0; i < COUNT(tokens); i++) {
        struct outcome outcome = OUTCOME_INIT;
        enum gw_trouble trouble;

        play_token(&tokens[i], &outcome);
        trouble = gw_http_trouble(&outcome.response, outcome.failure.status == GW_OK ? NULL : &outcome.failure);
        cr_expect(trouble == tokens[i].trouble, "%s: %s, %s", tokens[i].name, gw_trouble_name(trouble),
                  outcome.failure.text);
        cr_expect(outcome.response.retry_after_s == tokens[i].retry_after_s, "%s", tokens[i].name);
        outcome_reset(&outcome);
    }
}
