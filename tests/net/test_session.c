/*
 * The session: the token where it belongs and nowhere else, and all that a request and its answer hold.
 */
#include "net/session_desk.h"

#include <sys/stat.h>

TestSuite(session, .init = open_all, .fini = close_all);

Test(session, brings_an_answer_with_its_token)
{
    struct outcome outcome = OUTCOME_INIT;

    get(own_url(), &outcome);
    cr_expect(outcome.failure.status == GW_OK && outcome.response.status == 200, "%s", outcome.failure.text);
    cr_expect_str_eq(outcome.response.body.at, "{\"resourceType\":\"Bundle\"}");
    cr_expect_str_eq(hospital.bearer, "Bearer t1");
    cr_expect(fake_server_heard(hospital.server, "Accept: application/fhir+json\r\n"));
    get(own_url(), &outcome);
    cr_expect(hospital.tokens == 1 && hospital.reads == 2);
    outcome_reset(&outcome);
}

Test(session, keeps_its_token_from_other_origins)
{
    struct outcome outcome = OUTCOME_INIT;

    get(foreign_url(), &outcome);
    cr_expect(outcome.response.status == 200);
    cr_expect(elsewhere.reads == 1 && !fake_server_heard(elsewhere.server, "Authorization"));
    cr_expect(hospital.tokens == 0, "no token was needed");
    outcome_reset(&outcome);
}

Test(session, sends_no_token_where_none_shall_be_sent)
{
    struct outcome outcome = OUTCOME_INIT;
    struct gw_session_request request = {.url = own_url(), .without_token = true};

    cr_assert(gw_session_start(session, &request, &outcome.response, outcome_done, &outcome, NULL, NULL) == GW_OK);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(outcome.response.status == 200 && hospital.tokens == 0);
    cr_expect_str_eq(hospital.bearer, "");
    outcome_reset(&outcome);
}

Test(session, refuses_a_foreign_url_at_the_door)
{
    struct outcome outcome = OUTCOME_INIT;
    struct gw_error err = {0};

    cr_expect(session_get(session, "http://127.0.0.1:1/fhir/Patient/7", &outcome.response, outcome_done, &outcome, NULL,
                          &err) == GW_EPROTO);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(outcome.times == 0);
}

Test(session, works_without_authentication)
{
    struct outcome outcome = OUTCOME_INIT;

    close_all();
    open_kind(GW_AUTH_NONE);
    get(own_url(), &outcome);
    cr_expect(outcome.response.status == 200 && hospital.tokens == 0 && hospital.discoveries == 0);
    cr_expect_str_eq(hospital.bearer, "");
    hospital.refuse = 1;
    get(own_url(), &outcome);
    cr_expect(outcome.response.status == 401, "nothing to renew");
    outcome_reset(&outcome);
}

Test(session, gives_statuses_and_headers_to_the_caller)
{
    struct outcome outcome = OUTCOME_INIT;

    hospital.fhir_more = "Retry-After: 7\r\nContent-Location: /jobs/1\r\n";
    get(own_url(), &outcome);
    cr_expect(outcome.response.retry_after_s == 7);
    cr_expect_str_eq(outcome.response.content_location.at, "/jobs/1");
    outcome_reset(&outcome);
}

Test(session, sends_what_a_request_holds)
{
    struct outcome outcome = OUTCOME_INIT;
    const struct gw_http_header headers[] = {{"Prefer", "respond-async"}, {"Content-Type", "text/x"}};
    struct gw_session_request request = {.method = "POST",
                                         .url = own_url(),
                                         .accept = "a/b",
                                         .headers = headers,
                                         .header_count = 2,
                                         .body = {"hello", 5}};

    hospital.refuse = 1; /* so that it goes out twice */
    cr_assert(gw_session_start(session, &request, &outcome.response, outcome_done, &outcome, NULL, NULL) == GW_OK);
    memset(&request, 0xff, sizeof(request)); /* borrowed during the call only */
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(outcome.response.status == 200);
    cr_expect_str_eq(hospital.bearer, "Bearer t2");
    cr_expect(fake_server_heard(hospital.server, "POST /fhir/Observation?patient=7"));
    cr_expect(fake_server_heard(hospital.server, "Accept: a/b\r\n"));
    cr_expect(fake_server_heard(hospital.server, "Prefer: respond-async\r\n"));
    cr_expect(fake_server_heard(hospital.server, "\r\n\r\nhello"));
    outcome_reset(&outcome);
}

static void share_key(struct gw_endpoint *endpoint)
{
    cr_assert(chmod(endpoint->auth.key, 0644) == 0);
}

static void share_previous_key(struct gw_endpoint *endpoint)
{
    endpoint->auth.previous_key = elsewhere.key_file;
    cr_assert(chmod(elsewhere.key_file, 0640) == 0);
}

static void previous_key_away(struct gw_endpoint *endpoint)
{
    endpoint->auth.previous_key = "/nowhere/old.jwk";
}

static void no_key(struct gw_endpoint *endpoint)
{
    endpoint->auth.key = NULL;
}

static void key_away(struct gw_endpoint *endpoint)
{
    endpoint->auth.key = "/nowhere/key.jwk";
}

static void other_alg(struct gw_endpoint *endpoint)
{
    endpoint->auth.alg = "RS384";
}

static void no_scope(struct gw_endpoint *endpoint)
{
    endpoint->auth.scope_count = 0;
}

static void plain_http(struct gw_endpoint *endpoint)
{
    endpoint->base = "http://fhir.example.org/r4";
}

static void ca_away(struct gw_endpoint *endpoint)
{
    endpoint->tls.ca = "/nowhere/ca.pem";
}

static const struct {
    const char *name;
    void (*spoil)(struct gw_endpoint *endpoint);
    const char *says;
} settings[] = {
    {"no key", no_key, "\"key\""},
    {"key not there", key_away, "/nowhere/key.jwk"},
    {"other algorithm", other_alg, "ES384"},
    {"no scopes", no_scope, "scopes"},
    {"plain http", plain_http, "https"},
    {"no CA", ca_away, "/nowhere/ca.pem"},
    {"A4: a previous key that is not there", previous_key_away, "/nowhere/old.jwk"},
    {"A4: a previous key that others may read", share_previous_key, "chmod"},
    {"A4: a key that others may read", share_key, "chmod"},
};

Test(session, names_the_setting_that_is_wrong)
{
    for (size_t i = 0; i < COUNT(settings); i++) {
        struct gw_endpoint endpoint = endpoint_of(GW_AUTH_SMART_BACKEND);
        struct gw_session *none = NULL;
        struct gw_error err = {0};

        settings[i].spoil(&endpoint);
        cr_expect(gw_session_new(&loop, &endpoint, NULL, NULL, &none, &err) == GW_ECONFIG && !none, "%s",
                  settings[i].name);
        cr_expect(strstr(err.text, settings[i].says), "%s: %s", settings[i].name, err.text);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
}
