/*
 * The session: the token where it belongs and nowhere else, renewed once, every step failed and cancelled in turn.
 */
#include "net/fake_clock.h"
#include "net/fake_hospital.h"

#include <sys/stat.h>

static uv_loop_t loop;
static struct fake_hospital hospital, elsewhere;
static struct fake_clock still;
static const struct gw_clock clock_of_test = FAKE_CLOCK(&still);
static struct gw_session *session;
static char foreign[64];
static const char *allowed[] = {foreign};
static const char *const scopes[] = {"system/Observation.rs"};

static struct gw_endpoint endpoint_of(enum gw_auth_kind kind)
{
    struct gw_endpoint endpoint = {.id = "hm-ehr", .base = fake_server_base(hospital.server)};

    endpoint.auth.kind = kind;
    endpoint.auth.client_id = "casement";
    endpoint.auth.key = hospital.key_file;
    endpoint.auth.alg = "ES384";
    endpoint.auth.scopes = scopes;
    endpoint.auth.scope_count = 1;
    endpoint.allow_origins = allowed;
    endpoint.allow_origin_count = 1;
    return endpoint;
}

static void open_kind(enum gw_auth_kind kind)
{
    struct gw_endpoint endpoint;
    struct gw_error err = {0};

    still = (struct fake_clock)FAKE_CLOCK_INIT;
    fake_hospital_open(&hospital);
    fake_hospital_open(&elsewhere);
    snprintf(foreign, sizeof(foreign), "http://127.0.0.1:%d", fake_server_port(elsewhere.server));
    endpoint = endpoint_of(kind);
    cr_assert(uv_loop_init(&loop) == 0);
    cr_assert(gw_session_new(&loop, &endpoint, NULL, &clock_of_test, &session, &err) == GW_OK, "%s", err.text);
}

static void open_all(void)
{
    open_kind(GW_AUTH_SMART_BACKEND);
}

static void close_all(void)
{
    gw_session_free(session);
    session = NULL;
    loop_close(&loop);
    fake_hospital_close(&hospital);
    fake_hospital_close(&elsewhere);
}

TestSuite(session, .init = open_all, .fini = close_all);

static const char *own_url(void)
{
    static char url[128];

    snprintf(url, sizeof(url), "%s/Observation?patient=7", fake_server_base(hospital.server));
    return url;
}

static const char *foreign_url(void)
{
    static char url[128];

    snprintf(url, sizeof(url), "%s/files/1.ndjson", foreign);
    return url;
}

static void get(const char *url, struct outcome *outcome)
{
    struct gw_error err = {0};

    outcome_reset(outcome);
    cr_assert(session_get(session, url, &outcome->response, outcome_done, outcome, NULL, &err) == GW_OK, "%s",
              err.text);
    cr_assert(outcome->times == 0, "done inside get");
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert(outcome->times == 1);
}

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

#define NARROWED(scope) "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":300,\"scope\":\"" scope "\"}"

static void open_wanting(const char *const *wanted, size_t count)
{
    struct gw_endpoint endpoint = endpoint_of(GW_AUTH_SMART_BACKEND);
    struct gw_error err = {0};

    gw_session_free(session);
    endpoint.auth.scopes = wanted;
    endpoint.auth.scope_count = count;
    cr_assert(gw_session_new(&loop, &endpoint, NULL, &clock_of_test, &session, &err) == GW_OK, "%s", err.text);
}

static enum gw_status ask_types(const char *types, struct outcome *outcome)
{
    const struct gw_session_request request = {.url = own_url(), .types = types};
    struct gw_error err = {0};

    outcome_reset(outcome);
    if (gw_session_start(session, &request, &outcome->response, outcome_done, outcome, NULL, &err) != GW_OK)
        outcome->failure = err;
    uv_run(&loop, UV_RUN_DEFAULT);
    return outcome->failure.status;
}

static const struct {
    const char *types;
    bool sent;
    const char *says;
} narrowed[] = {
    {"Condition", false, "system/Condition.rs"}, /* it waits for the first token */
    {"Observation", true, ""},
    {"Condition", false, "system/Condition.rs"}, /* the token is in hand */
    {"Observation,Condition", false, "system/Condition.rs"},
    {"Patient", true, ""}, /* no scope is wanted for it: the server's own business */
    {NULL, true, ""},
};

Test(session, a3_sends_nothing_for_a_type_that_was_not_granted)
{
    static const char *const wanted[] = {"system/Observation.rs", "system/Condition.rs"};
    struct outcome outcome = OUTCOME_INIT;
    unsigned reads = 0;

    open_wanting(wanted, COUNT(wanted));
    hospital.token_body = NARROWED("system/Observation.rs");
    for (size_t i = 0; i < COUNT(narrowed); i++) {
        cr_expect(ask_types(narrowed[i].types, &outcome) == (narrowed[i].sent ? GW_OK : GW_EDENIED), "%zu: %s", i,
                  outcome.failure.text);
        cr_expect(strstr(outcome.failure.text, narrowed[i].says), "%zu: %s", i, outcome.failure.text);
        cr_expect(narrowed[i].sent || outcome.response.trouble == GW_TROUBLE_UNGRANTED, "%zu", i);
        reads += narrowed[i].sent;
        cr_expect(hospital.reads == reads, "%zu: %u", i, hospital.reads);
    }
    cr_expect(hospital.tokens == 1, "one token is enough to know");
    outcome_reset(&outcome);
}

Test(session, a3_looks_at_what_a_renewed_token_gives)
{
    static const char *const wanted[] = {"system/*.rs"};
    struct outcome outcome = OUTCOME_INIT;

    open_wanting(wanted, COUNT(wanted));
    hospital.token_body = NARROWED("system/*.rs");
    cr_expect(ask_types("Observation", &outcome) == GW_OK);
    hospital.token_body = NARROWED("system/Condition.rs");
    hospital.refuse = 1;
    cr_expect(ask_types("Observation", &outcome) == GW_EDENIED, "%s", outcome.failure.text);
    cr_expect(outcome.response.trouble == GW_TROUBLE_UNGRANTED && outcome.response.status == 0);
    cr_expect(hospital.reads == 2 && hospital.tokens == 2, "the replay was not sent");
    cr_expect(ask_types("Condition", &outcome) == GW_OK, "%s", outcome.failure.text);
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

static const struct {
    unsigned refuse;
    int status;
    unsigned tokens, reads;
} refusals[] = {{0, 200, 1, 1}, {1, 200, 2, 2}, {2, 401, 2, 2}, {3, 401, 2, 2}};

Test(session, a1_renews_once_and_replays_once_on_401)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct outcome outcome = OUTCOME_INIT;

        close_all();
        open_all();
        hospital.refuse = refusals[i].refuse;
        get(own_url(), &outcome);
        cr_expect(outcome.failure.status == GW_OK && outcome.response.status == refusals[i].status, "%u: %d %s",
                  refusals[i].refuse, outcome.response.status, outcome.failure.text);
        cr_expect(hospital.tokens == refusals[i].tokens && hospital.reads == refusals[i].reads, "%u: %u %u",
                  refusals[i].refuse, hospital.tokens, hospital.reads);
        outcome_reset(&outcome);
    }
}

/* Seven seconds a page: every token is asked for in time, none is refused, none is older than it may be. */
Test(session, a1_walks_through_many_pages_with_tokens_of_45_seconds)
{
    struct outcome outcome = OUTCOME_INIT;
    unsigned number = 0, seen = 0;
    int64_t born = 0;

    hospital.life_s = 45;
    for (int page = 0; page < 60; page++) {
        get(own_url(), &outcome);
        cr_assert(outcome.response.status == 200, "page %d: %s", page, outcome.failure.text);
        cr_assert(sscanf(hospital.bearer, "Bearer t%u", &number) == 1);
        if (number != seen)
            born = still.utc;
        cr_expect(number == seen || number == seen + 1);
        seen = number;
        cr_expect(still.utc - born + 7 < 45, "page %d with a token of %lld s", page, (long long)(still.utc - born));
        fake_clock_pass(&still, 7);
    }
    cr_expect(hospital.reads == 60 && hospital.discoveries == 1);
    cr_expect(hospital.tokens <= 60 * 7 / 21, "%u", hospital.tokens);
    outcome_reset(&outcome);
}

/* A file that took six hours, or a machine that slept: the next request asks for a token first. */
Test(session, a1_renews_before_it_asks_after_a_long_wait)
{
    struct outcome outcome = OUTCOME_INIT;

    get(own_url(), &outcome);
    fake_clock_pass(&still, 6 * 3600);
    get(own_url(), &outcome);
    cr_expect(outcome.response.status == 200 && hospital.tokens == 2 && hospital.reads == 2);
    cr_expect_str_eq(hospital.bearer, "Bearer t2");
    outcome_reset(&outcome);
}

/* The operator wrote a new key over the file while the old one is still registered: the next session signs with it. */
Test(session, a4_signs_with_the_key_that_is_in_the_file_when_it_begins)
{
    struct outcome outcome = OUTCOME_INIT;
    struct gw_endpoint endpoint = endpoint_of(GW_AUTH_SMART_BACKEND);
    struct gw_jwk *next = NULL;

    get(own_url(), &outcome);
    cr_expect(token_verifies(hospital.key, hospital.assertion));
    cr_assert(gw_jwk_generate(GW_JWK_ES384, 0, &next, NULL) == GW_OK);
    unlink(hospital.key_file);
    cr_assert(gw_jwk_save(next, hospital.key_file, NULL) == GW_OK);
    fake_clock_pass(&still, 300);
    get(own_url(), &outcome);
    cr_expect(hospital.tokens == 2 && token_verifies(hospital.key, hospital.assertion), "what is open keeps its key");
    gw_session_free(session);
    cr_assert(gw_session_new(&loop, &endpoint, NULL, &clock_of_test, &session, NULL) == GW_OK);
    get(own_url(), &outcome);
    cr_expect(hospital.tokens == 3 && token_verifies(next, hospital.assertion) &&
              !token_verifies(hospital.key, hospital.assertion));
    outcome_reset(&outcome);
    gw_jwk_free(next);
}

Test(session, a4_reads_on_with_the_previous_key)
{
    struct outcome outcome = OUTCOME_INIT;
    struct gw_endpoint endpoint = endpoint_of(GW_AUTH_SMART_BACKEND);

    hospital.knows[0] = hospital.key;
    hospital.refusal_status = 401;
    hospital.refusal = "{\"error\":\"invalid_client\"}";
    endpoint.auth.key = elsewhere.key_file;
    endpoint.auth.previous_key = hospital.key_file;
    cr_assert(gw_endpoint_check_keys(&endpoint, NULL) == GW_OK);
    gw_session_free(session);
    cr_assert(gw_session_new(&loop, &endpoint, NULL, &clock_of_test, &session, NULL) == GW_OK);
    get(own_url(), &outcome);
    cr_expect(outcome.response.status == 200 && hospital.tokens == 2 && hospital.reads == 1);
    outcome_reset(&outcome);
}

static void share_key(struct gw_endpoint *endpoint)
{
    cr_assert(chmod(endpoint->auth.key, 0644) == 0);
}

Test(session, a1_starts_no_token_storm_when_401_means_slow_down)
{
    struct outcome outcome = OUTCOME_INIT;

    hospital.refuse = 1000;
    for (int i = 0; i < 20; i++) {
        get(own_url(), &outcome);
        fake_clock_pass(&still, 1);
    }
    cr_expect(hospital.tokens == 2, "%u tokens in 20 s", hospital.tokens);
    cr_expect(outcome.failure.status == GW_EDENIED, "%s", outcome.failure.text);
    outcome_reset(&outcome);
}

Test(session, a1_renews_once_for_many_401)
{
    struct outcome outcomes[4], warm = OUTCOME_INIT;

    get(own_url(), &warm);
    outcome_reset(&warm);
    hospital.refuse = 4;
    hospital.answer_delay_ms = 20;
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        outcomes[i] = (struct outcome)OUTCOME_INIT;
        cr_assert(session_get(session, own_url(), &outcomes[i].response, outcome_done, &outcomes[i], NULL, NULL) ==
                  GW_OK);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        cr_expect(outcomes[i].times == 1 && outcomes[i].response.status == 200, "%d %s", outcomes[i].response.status,
                  outcomes[i].failure.text);
        outcome_reset(&outcomes[i]);
    }
    cr_expect(hospital.tokens == 2, "%u", hospital.tokens);
}

Test(session, passes_on_why_there_is_no_token)
{
    struct outcome outcome = OUTCOME_INIT;

    hospital.token_status = 401;
    hospital.token_body = "{\"error\":\"invalid_client\"}";
    get(own_url(), &outcome);
    cr_expect(outcome.failure.status == GW_EDENIED && strstr(outcome.failure.text, "invalid_client"), "%s",
              outcome.failure.text);
    cr_expect(hospital.reads == 0);
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

/* ---- each step cancelled, freed, lost --------------------------------------------------------------------------
 *
 * A replayed request makes five requests: discovery, token, read (401), token, read. Each is interrupted before it is
 * sent and while its answer is awaited.
 */

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

Test(session, cancelled_at_each_step_ends_once)
{
    interrupt(cancel_it, GW_ECANCELED);
}

Test(session, freed_at_each_step_ends_what_is_under_way)
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

Test(session, ends_once_whichever_request_is_lost)
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

Test(session, may_be_freed_inside_a_done)
{
    struct gw_http_response response = GW_HTTP_RESPONSE_INIT;
    int times = 0;

    cr_assert(session_get(session, own_url(), &response, free_in_done, &times, NULL, NULL) == GW_OK);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(times == 1);
    gw_http_response_release(&response);
}
