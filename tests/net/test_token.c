/*
 * Tokens: asked for by all the rules, once for all who wait, and not in a storm.
 */
#include "net/fake_clock.h"
#include "net/fake_hospital.h"

static uv_loop_t loop;
static struct fake_hospital hospital;
static struct fake_clock still;
static const struct gw_clock clock_of_test = FAKE_CLOCK(&still);
static struct gw_http *http;
static struct gw_token *token;

static const char *const scopes[] = {"system/Observation.rs", "system/Patient.rs?x=a b"};

static void open_all(void)
{
    struct gw_token_options options = {.client_id = "case\"ment", .scopes = scopes, .scope_count = 2};

    still = (struct fake_clock)FAKE_CLOCK_INIT;
    fake_hospital_open(&hospital);
    options.base = fake_server_base(hospital.server);
    options.key = hospital.key;
    options.clock = &clock_of_test;
    cr_assert(uv_loop_init(&loop) == 0);
    cr_assert(gw_http_client_new(&loop, NULL, &http, NULL) == GW_OK);
    cr_assert(gw_token_new(&loop, http, &options, &token, NULL) == GW_OK);
}

static void close_all(void)
{
    gw_token_free(token);
    gw_http_free(http);
    loop_close(&loop);
    fake_hospital_close(&hospital);
}

TestSuite(token, .init = open_all, .fini = close_all);

static struct outcome fetch(void)
{
    struct outcome outcome = OUTCOME_INIT;
    struct gw_error err = {0};

    cr_assert(gw_token_fetch(token, outcome_done, &outcome, NULL, &err) == GW_OK, "%s", err.text);
    cr_assert(outcome.times == 0, "done inside fetch");
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert(outcome.times == 1, "done %d times", outcome.times);
    return outcome;
}

static const cJSON *claims_of(const char *assertion, struct gw_arena *arena)
{
    const char *start = strchr(assertion, '.') + 1, *end = strchr(start, '.');
    char bytes[4096];
    size_t length = sizeof(bytes);
    const cJSON *json = NULL;
    const char *copy;

    cr_assert(gw_base64url_decode(start, (size_t)(end - start), (uint8_t *)bytes, &length));
    copy = gw_arena_copy(arena, bytes, length);
    cr_assert(gw_json_parse(arena, copy, length, NULL, &json, NULL, NULL) == GW_OK, "%s", copy);
    return json;
}

Test(token, is_asked_for_with_a_signed_assertion_by_the_rules)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    char url[128], scope[] = "scope=system%2FObservation.rs%20system%2FPatient.rs%3Fx%3Da%20b&";
    const cJSON *claims;
    long iat, exp;

    cr_assert(fetch().failure.status == GW_OK);
    cr_expect_str_eq(gw_token_current(token), "t1");
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/token?realm=1", fake_server_port(hospital.server));
    cr_expect_str_eq(gw_token_url(token), url);
    cr_expect(fake_server_heard(hospital.server, "POST /token?realm=1 HTTP/1.1"));
    cr_expect(fake_server_heard(hospital.server, "Content-Type: application/x-www-form-urlencoded"));
    cr_expect(fake_server_heard(hospital.server, "grant_type=client_credentials&"));
    cr_expect(fake_server_heard(hospital.server, scope));
    cr_expect(fake_server_heard(
        hospital.server, "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"));
    claims = claims_of(hospital.assertion, &arena);
    cr_expect_str_eq(gw_json_string(claims, "iss"), "case\"ment");
    cr_expect_str_eq(gw_json_string(claims, "sub"), "case\"ment");
    cr_expect_str_eq(gw_json_string(claims, "aud"), url, "one text, not an array");
    cr_assert(gw_json_int(claims, "iat", &iat) && gw_json_int(claims, "exp", &exp));
    cr_expect(iat == still.utc && exp > iat && exp <= iat + 300);
    cr_expect(strlen(gw_json_string(claims, "jti")) >= 22);
    cr_expect(token_verifies(hospital.key, hospital.assertion));
    gw_arena_release(&arena);
}

Test(token, has_a_fresh_jti_each_time)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    const char *first;

    fetch();
    first = gw_json_string(claims_of(hospital.assertion, &arena), "jti");
    fake_clock_pass(&still, 241);
    fetch();
    cr_expect(hospital.tokens == 2);
    cr_expect_str_neq(gw_json_string(claims_of(hospital.assertion, &arena), "jti"), first);
    gw_arena_release(&arena);
}

Test(token, a1_is_used_up_to_80_percent_of_its_life_then_renewed)
{
    fetch();
    fake_clock_pass(&still, 239);
    cr_expect_str_eq(gw_token_current(token), "t1");
    cr_expect(fetch().failure.status == GW_OK && hospital.tokens == 1);
    fake_clock_pass(&still, 1);
    cr_expect_null(gw_token_current(token));
    cr_expect(fetch().failure.status == GW_OK && hospital.tokens == 2 && hospital.discoveries == 1);
    cr_expect_str_eq(gw_token_current(token), "t2");
}

Test(token, a1_of_ten_seconds_is_renewed_as_often_as_needed)
{
    hospital.life_s = 10;
    for (unsigned i = 1; i <= 10; i++) {
        cr_expect(fetch().failure.status == GW_OK);
        cr_expect(hospital.tokens == i);
        fake_clock_pass(&still, 8);
    }
}

Test(token, a1_is_fetched_once_for_all_who_wait)
{
    struct outcome outcomes[20];

    hospital.token_delay_ms = 30;
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        outcomes[i] = (struct outcome)OUTCOME_INIT;
        cr_assert(gw_token_fetch(token, outcome_done, &outcomes[i], NULL, NULL) == GW_OK);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < COUNT(outcomes); i++)
        cr_expect(outcomes[i].times == 1 && outcomes[i].failure.status == GW_OK);
    cr_expect(hospital.tokens == 1 && hospital.discoveries == 1);
}

static const struct {
    const char *name;
    int smart_status, token_status;
    const char *token_body;
    enum gw_status status;
    const char *says;
} failures[] = {
    {"A4: not registered", 0, 401, "{\"error\":\"invalid_client\"}", GW_EDENIED, "invalid_client"},
    {"the reference server's way", 0, 400, "{\"error\":\"invalid_grant\"}", GW_EDENIED, "invalid_grant"},
    {"forbidden", 0, 403, "no", GW_EDENIED, "403"},
    {"A6: away", 0, 503, "later", GW_ERETRY, "503"},
    {"A6: HTML with 200", 0, 200, "<html>", GW_EPROTO, "not JSON"},
    {"A3: a useless token", 0, 200, "{\"access_token\":\"x\",\"token_type\":\"bearer\"}", GW_EDENIED,
     "system/Observation.rs"},
    {"no discovery", 404, 0, NULL, GW_EPROTO, "smart-configuration"},
    {"A6: discovery away", 502, 0, NULL, GW_ERETRY, "502"},
    {"A5: discovery redirected", 302, 0, NULL, GW_EPROTO, "302"},
};

Test(token, a6_remembers_a_failure_for_a_minute)
{
    for (size_t i = 0; i < COUNT(failures); i++) {
        struct outcome first, second;
        unsigned asked;

        hospital.smart_status = failures[i].smart_status;
        hospital.token_status = failures[i].token_status;
        hospital.token_body = failures[i].token_body;
        if (failures[i].smart_status) { /* it remembers the URL */
            close_all();
            open_all();
            hospital.smart_status = failures[i].smart_status;
        }
        first = fetch();
        cr_expect(first.failure.status == failures[i].status && strstr(first.failure.text, failures[i].says), "%s: %s",
                  failures[i].name, first.failure.text);
        cr_expect_null(gw_token_current(token));
        asked = fake_server_requests(hospital.server);
        fake_clock_pass(&still, 20);
        second = fetch();
        cr_expect(second.failure.status == failures[i].status && strstr(second.failure.text, "for 40 s"), "%s: %s",
                  failures[i].name, second.failure.text);
        fake_clock_pass(&still, 39);
        fetch();
        cr_expect(fake_server_requests(hospital.server) == asked, "%s: asked within the minute", failures[i].name);
        fake_clock_pass(&still, 1);
        fetch();
        cr_expect(fake_server_requests(hospital.server) > asked, "%s: never asked again", failures[i].name);
        fake_clock_pass(&still, 60);
    }
}

Test(token, that_was_refused_is_renewed_at_once_but_not_twice_a_minute)
{
    struct outcome outcome;

    fetch();
    gw_token_invalidate(token, "another");
    cr_expect_str_eq(gw_token_current(token), "t1", "a newer token stays");
    gw_token_invalidate(token, "t1");
    cr_expect(fetch().failure.status == GW_OK && hospital.tokens == 2);
    fake_clock_pass(&still, 10);
    gw_token_invalidate(token, "t2");
    outcome = fetch();
    cr_expect(outcome.failure.status == GW_EDENIED && strstr(outcome.failure.text, "for 50 s"), "%s",
              outcome.failure.text);
    cr_expect(hospital.tokens == 2);
    fake_clock_pass(&still, 50);
    cr_expect(fetch().failure.status == GW_OK && hospital.tokens == 3);
}

/* Every hospital's clock is somewhat off. Beyond five minutes the assertion is not what is wrong. */
static const struct {
    const char *name, *date;
    int64_t offset; /* that assertions are dated by from then on */
    enum gw_status status;
} offsets[] = {
    {"A2: exact", "Date: Fri, 20 Nov 2026 10:00:00 GMT\r\n", 0, GW_OK},
    {"A2: a minute counts as right", "Date: Fri, 20 Nov 2026 10:01:00 GMT\r\n", 0, GW_OK},
    {"A2: more than a minute ahead", "Date: Fri, 20 Nov 2026 10:01:01 GMT\r\n", 61, GW_OK},
    {"A2: five minutes ahead", "Date: Fri, 20 Nov 2026 10:05:00 GMT\r\n", 300, GW_OK},
    {"A2: five minutes behind", "Date: Fri, 20 Nov 2026 09:55:00 GMT\r\n", -300, GW_OK},
    {"A2: more than five minutes ahead", "Date: Fri, 20 Nov 2026 10:05:01 GMT\r\n", 301, GW_EPROTO},
    {"A2: more than five minutes behind", "Date: Fri, 20 Nov 2026 09:54:59 GMT\r\n", -301, GW_EPROTO},
    {"A2: ten minutes ahead", "Date: Fri, 20 Nov 2026 10:10:00 GMT\r\n", 600, GW_EPROTO},
    {"A2: another year", "Date: Thu, 20 Nov 2036 10:00:00 GMT\r\n", 315619200, GW_EPROTO},
    {"A2: no date", "", 0, GW_OK},
    {"A2: a date that is none", "Date: soon\r\n", 0, GW_OK},
};

Test(token, a2_dates_its_assertion_by_the_clock_of_the_server_up_to_five_minutes)
{
    for (size_t i = 0; i < COUNT(offsets); i++) {
        struct gw_arena arena = GW_ARENA_INIT(1 << 20);
        struct outcome outcome;
        long iat, exp;

        close_all();
        open_all();
        hospital.date = offsets[i].date;
        outcome = fetch();
        cr_expect(outcome.failure.status == offsets[i].status, "%s: %s", offsets[i].name, outcome.failure.text);
        cr_expect(gw_token_clock_offset(token) == offsets[i].offset, "%s: %lld", offsets[i].name,
                  (long long)gw_token_clock_offset(token));
        cr_expect(!gw_token_current(token) == (offsets[i].status != GW_OK), "%s", offsets[i].name);
        cr_assert(gw_json_int(claims_of(hospital.assertion, &arena), "iat", &iat) &&
                  gw_json_int(claims_of(hospital.assertion, &arena), "exp", &exp));
        cr_expect(iat == still.utc + offsets[i].offset && exp - iat <= 300, "%s: %ld", offsets[i].name, iat);
        if (offsets[i].status != GW_OK)
            cr_expect(strstr(outcome.failure.text, "NTP") && gw_token_trouble(token).kind == GW_TROUBLE_DENIED, "%s",
                      outcome.failure.text);
        gw_arena_release(&arena);
    }
}

Test(token, a2_works_again_once_the_clock_was_set)
{
    hospital.date = "Date: Fri, 20 Nov 2026 10:10:00 GMT\r\n";
    cr_expect(fetch().failure.status == GW_EPROTO);
    hospital.date = "Date: Fri, 20 Nov 2026 10:01:00 GMT\r\n";
    fake_clock_pass(&still, 60);
    cr_expect(fetch().failure.status == GW_OK && gw_token_clock_offset(token) == 0);
}

static const struct {
    const char *name;
    int life_s;
    unsigned good_s; /* in hand so long */
} lives[] = {
    {"A1: five minutes", 300, 240},           {"A1: an hour", 3600, 2880},
    {"A1: two and a half minutes", 150, 120}, {"A1: a minute and a half: thirty seconds to spare", 90, 60},
    {"A1: a minute: half of it", 60, 30},     {"A1: ten seconds", 10, 5},
};

Test(token, a1_has_time_to_spare_for_a_long_page)
{
    for (size_t i = 0; i < COUNT(lives); i++) {
        close_all();
        open_all();
        hospital.life_s = lives[i].life_s;
        cr_assert(fetch().failure.status == GW_OK);
        fake_clock_pass(&still, lives[i].good_s - 1);
        cr_expect(gw_token_current(token) != NULL, "%s", lives[i].name);
        fake_clock_pass(&still, 1);
        cr_expect(gw_token_current(token) == NULL, "%s", lives[i].name);
    }
}

Test(token, a6_tells_every_waiter_of_a_server_that_is_away)
{
    struct outcome outcome;
    struct gw_token_options options = {.base = "http://127.0.0.1:1/fhir",
                                       .client_id = "c",
                                       .scopes = scopes,
                                       .scope_count = 1,
                                       .key = hospital.key,
                                       .clock = &clock_of_test};

    gw_token_free(token);
    cr_assert(gw_token_new(&loop, http, &options, &token, NULL) == GW_OK);
    outcome = fetch();
    cr_expect(outcome.failure.status == GW_ERETRY && strstr(outcome.failure.text, "refused"), "%s",
              outcome.failure.text);
}

Test(token, a5_may_be_asked_for_at_a_known_url_without_discovery)
{
    char url[64];
    struct gw_token_options options = {.base = fake_server_base(hospital.server),
                                       .token_url = url,
                                       .client_id = "c",
                                       .scopes = scopes,
                                       .scope_count = 1,
                                       .key = hospital.key};

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/token", fake_server_port(hospital.server));
    gw_token_free(token);
    cr_assert(gw_token_new(&loop, http, &options, &token, NULL) == GW_OK);
    cr_expect(fetch().failure.status == GW_OK && hospital.discoveries == 0);
}

Test(token, is_refused_to_be_set_up_wrongly)
{
    struct gw_token_options good = {
        .base = "https://f.example", .client_id = "c", .scopes = scopes, .scope_count = 1, .key = hospital.key};
    struct gw_token_options bad[] = {good, good, good};
    struct gw_token *none = NULL;

    bad[0].client_id = "";
    bad[1].scope_count = 0;
    bad[2].token_url = "http://auth.example/token";
    for (size_t i = 0; i < COUNT(bad); i++)
        cr_expect(gw_token_new(&loop, http, &bad[i], &none, NULL) == GW_ECONFIG && !none);
}

/* ---- two live keys --------------------------------------------------------------------------------------------- */

#define MINUTES(n) ((n)*60u)

static struct gw_jwk *present, *third;

/* The key of the hospital is the previous one of a client that has another now. */
static void change_key(void)
{
    struct gw_token_options options = {.base = fake_server_base(hospital.server),
                                       .client_id = "c",
                                       .scopes = scopes,
                                       .scope_count = 1,
                                       .previous_key = hospital.key,
                                       .clock = &clock_of_test};

    gw_jwk_free(present);
    gw_jwk_free(third);
    cr_assert(gw_jwk_generate(GW_JWK_ES384, 0, &present, NULL) == GW_OK);
    cr_assert(gw_jwk_generate(GW_JWK_ES384, 0, &third, NULL) == GW_OK);
    options.key = present;
    gw_token_free(token);
    cr_assert(gw_token_new(&loop, http, &options, &token, NULL) == GW_OK);
    hospital.refusal_status = 400;
    hospital.refusal = "{\"error\":\"invalid_grant\"}";
}

static void only_knows(const struct gw_jwk *one, const struct gw_jwk *other)
{
    hospital.knows[0] = one;
    hospital.knows[1] = other;
}

static void end_keys(void)
{
    gw_jwk_free(present);
    gw_jwk_free(third);
    present = third = NULL;
}

static const struct {
    const char *name;
    int status;
    const char *body;
    unsigned asked;        /* requests for a token, at once */
    enum gw_status first;  /* how that ends */
    enum gw_status second; /* and after a minute */
} doubts[] = {
    {"A4: the reference server", 400, "{\"error\":\"invalid_grant\"}", 2, GW_OK, GW_OK},
    {"A4: a strict server", 401, "{\"error\":\"invalid_client\"}", 2, GW_OK, GW_OK},
    {"A4: a server of few words", 400, "no", 2, GW_OK, GW_OK},
    {"A4: what may mean slow down", 401, "", 1, GW_EDENIED, GW_OK},
    {"A4: somebody in between", 403, "", 1, GW_EDENIED, GW_EDENIED},
    {"A4: scopes, whatever the key", 400, "{\"error\":\"invalid_scope\"}", 1, GW_EDENIED, GW_EDENIED},
    {"A4: a server that is away", 503, "", 1, GW_ERETRY, GW_ERETRY},
};

Test(token, a4_is_asked_for_with_the_previous_key_where_the_present_one_may_be_refused)
{
    for (size_t i = 0; i < COUNT(doubts); i++) {
        struct outcome outcome;

        close_all();
        open_all();
        change_key();
        only_knows(hospital.key, NULL);
        hospital.refusal_status = doubts[i].status;
        hospital.refusal = doubts[i].body;
        outcome = fetch();
        cr_expect(outcome.failure.status == doubts[i].first && hospital.tokens == doubts[i].asked, "%s: %u, %s",
                  doubts[i].name, hospital.tokens, outcome.failure.text);
        cr_expect(gw_token_signed_by_previous_key(token) == (doubts[i].first == GW_OK), "%s", doubts[i].name);
        fake_clock_pass(&still, 60);
        cr_expect(fetch().failure.status == doubts[i].second, "%s", doubts[i].name);
    }
    end_keys();
}

Test(token, a4_goes_over_to_the_present_key_when_the_server_knows_it)
{
    change_key();
    only_knows(hospital.key, NULL);
    cr_expect(fetch().failure.status == GW_OK && hospital.tokens == 2);
    only_knows(hospital.key, present);
    fake_clock_pass(&still, MINUTES(55));
    cr_expect(fetch().failure.status == GW_OK && hospital.tokens == 3);
    cr_expect(token_verifies(hospital.key, hospital.assertion), "who was refused is not tried with each token");
    fake_clock_pass(&still, MINUTES(5));
    cr_expect(fetch().failure.status == GW_OK && hospital.tokens == 4);
    cr_expect(token_verifies(present, hospital.assertion) && !gw_token_signed_by_previous_key(token));
    only_knows(present, NULL); /* the old one is taken out */
    fake_clock_pass(&still, MINUTES(5));
    cr_expect(fetch().failure.status == GW_OK && hospital.tokens == 5);
    end_keys();
}

Test(token, a4_goes_over_at_once_when_the_previous_key_is_revoked)
{
    change_key();
    only_knows(hospital.key, NULL);
    cr_expect(fetch().failure.status == GW_OK);
    only_knows(present, NULL);
    fake_clock_pass(&still, MINUTES(5));
    cr_expect(fetch().failure.status == GW_OK && hospital.tokens == 4);
    cr_expect(token_verifies(present, hospital.assertion) && !gw_token_signed_by_previous_key(token));
    end_keys();
}

Test(token, a4_starts_no_storm_where_both_keys_are_refused)
{
    struct outcome outcome;

    change_key();
    only_knows(third, NULL);
    outcome = fetch();
    cr_expect(outcome.failure.status == GW_EDENIED && strstr(outcome.failure.text, "invalid_grant"), "%s",
              outcome.failure.text);
    cr_expect(hospital.tokens == 2 && token_verifies(hospital.key, hospital.assertion));
    fake_clock_pass(&still, 119);
    fetch();
    cr_expect(hospital.tokens == 2, "one request a minute, also with two keys");
    fake_clock_pass(&still, 1);
    only_knows(present, NULL);
    cr_expect(fetch().failure.status == GW_OK && hospital.tokens == 3, "the present key is the first again");
    end_keys();
}

/* ---- cancelling ------------------------------------------------------------------------------------------------ */

Test(token, ends_a_cancelled_waiter_and_serves_the_others)
{
    struct outcome one = OUTCOME_INIT, other = OUTCOME_INIT;
    uint64_t call;

    hospital.token_delay_ms = 20;
    cr_assert(gw_token_fetch(token, outcome_done, &one, &call, NULL) == GW_OK);
    cr_assert(gw_token_fetch(token, outcome_done, &other, NULL, NULL) == GW_OK);
    gw_token_cancel(token, call);
    gw_token_cancel(token, call);
    cr_expect(one.times == 0, "done inside cancel");
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(one.times == 1 && one.failure.status == GW_ECANCELED);
    cr_expect(other.times == 1 && other.failure.status == GW_OK);
}

/* Turn the loop until the hospital has heard so many requests. */
static void run_until_heard(unsigned requests)
{
    while (fake_server_requests(hospital.server) < requests)
        uv_run(&loop, UV_RUN_NOWAIT);
}

Test(token, cancelled_at_each_step_ends_once_and_can_be_asked_for_again)
{
    for (unsigned heard = 0; heard <= 2; heard++) { /* before discovery, during it, during the token request */
        struct outcome outcome = OUTCOME_INIT, late = OUTCOME_INIT;
        uint64_t call;

        close_all();
        open_all();
        hospital.token_delay_ms = 50;
        cr_assert(gw_token_fetch(token, outcome_done, &outcome, &call, NULL) == GW_OK);
        run_until_heard(heard);
        gw_token_cancel(token, call);
        cr_assert(gw_token_fetch(token, outcome_done, &late, NULL, NULL) == GW_OK); /* while it is being cancelled */
        uv_run(&loop, UV_RUN_DEFAULT);
        cr_expect(outcome.times == 1 && outcome.failure.status == GW_ECANCELED);
        cr_expect(late.times == 1 && late.failure.status == GW_OK, "%u: %s", heard, late.failure.text);
    }
}

Test(token, freed_at_each_step_cancels_its_waiters)
{
    for (unsigned heard = 0; heard <= 2; heard++) {
        struct outcome outcome = OUTCOME_INIT;

        close_all();
        open_all();
        hospital.token_delay_ms = 50;
        cr_assert(gw_token_fetch(token, outcome_done, &outcome, NULL, NULL) == GW_OK);
        run_until_heard(heard);
        gw_token_free(token);
        token = NULL;
        uv_run(&loop, UV_RUN_DEFAULT);
        cr_expect(outcome.times == 1 && outcome.failure.status == GW_ECANCELED);
    }
}
