/*
 * When a session asks for a token, with which key, and what one gives that was narrowed.
 */
#include "net/session_desk.h"

TestSuite(session_tokens, .init = open_all, .fini = close_all);

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

Test(session_tokens, a3_sends_nothing_for_a_type_that_was_not_granted)
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

Test(session_tokens, a3_looks_at_what_a_renewed_token_gives)
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

static const struct {
    unsigned refuse;
    int status;
    unsigned tokens, reads;
} refusals[] = {{0, 200, 1, 1}, {1, 200, 2, 2}, {2, 401, 2, 2}, {3, 401, 2, 2}};

Test(session_tokens, a1_renews_once_and_replays_once_on_401)
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
Test(session_tokens, a1_walks_through_many_pages_with_tokens_of_45_seconds)
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
Test(session_tokens, a1_renews_before_it_asks_after_a_long_wait)
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
Test(session_tokens, a4_signs_with_the_key_that_is_in_the_file_when_it_begins)
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

Test(session_tokens, a4_reads_on_with_the_previous_key)
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

Test(session_tokens, a1_starts_no_token_storm_when_401_means_slow_down)
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

Test(session_tokens, a1_renews_once_for_many_401)
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

Test(session_tokens, passes_on_why_there_is_no_token)
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
