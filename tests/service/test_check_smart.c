/*
 * Who gives tokens and what tokens: as a check tells it, before anything of a patient is asked.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/net/jwk.h"
#include "service/check_bench.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define GRANT(life, scope)                                                                                             \
    "{\"access_token\":\"secret-token-canary\",\"token_type\":\"Bearer\",\"expires_in\":" life ",\"scope\":\"" scope   \
    "\"}"

static const char *const wanted[] = {"system/Patient.rs", "system/Observation.rs", "system/Condition.rs"};

/* The made-up hospital, now with tokens. */
static void open_smart(struct bench *b)
{
    struct gw_jwk *key = NULL;
    struct gw_error err = {0};

    bench_open(b);
    cr_assert(gw_jwk_generate(GW_JWK_ES384, 0, &key, &err) == GW_OK, "%s", err.text);
    b->endpoint.key = bench_path(b, "key.jwk");
    cr_assert(gw_jwk_save(key, b->endpoint.key, &err) == GW_OK, "%s", err.text);
    gw_jwk_free(key);
    b->endpoint.auth_kind = "smart-backend";
    b->endpoint.client_id = "casement";
    b->endpoint.alg = "ES384";
    b->endpoint.scopes = wanted;
    b->endpoint.scope_count = COUNT(wanted);
}

/* "%d" of text is the server's port. */
static const char *of_server(struct bench *b, const char *format)
{
    char text[2000];
    const char *mark = strstr(format, "PORT");

    cr_assert(mark != NULL);
    snprintf(text, sizeof text, "%.*s%d%s", (int)(mark - format), format, fake_server_port(b->hospital.server),
             mark + 4);
    return gw_arena_copy(&b->arena, text, strlen(text));
}

#define SMART(more) "{\"token_endpoint\":\"http://127.0.0.1:PORT/token\"" more "}"

static const struct {
    const char *name;
    const char *smart;
    const char *token;
    int status; /* of the token's answer; 0: 200 */
    enum gw_status ends;
    const char *what;
    enum gw_check_verdict verdict;
    const char *says, *means, *ask; /* part of each; NULL: nothing is looked for */
} cases[] = {
    {"all as it should be", SMART(""), GRANT("300", "system/*.rs"), 0, GW_OK, "token", GW_CHECK_OK,
     "granted for 300 s: system/*.rs", NULL, NULL},
    {"where tokens come from", SMART(""), GRANT("300", "system/*.rs"), 0, GW_OK, "SMART", GW_CHECK_OK,
     "tokens come from http://127.0.0.1:", NULL, NULL},
    {"A1: tokens of 45 s", SMART(""), GRANT("45", "system/*.rs"), 0, GW_OK, "token", GW_CHECK_NOTE, "granted for 45 s",
     "renew", "300 s"},
    {"A3: a life too short", SMART(""), GRANT("2", "system/*.rs"), 0, GW_EPROTO, "token", GW_CHECK_FAIL,
     "tokens live 2 s", "nothing is read", "client_credentials"},
    {"A3: one scope too few", SMART(""), GRANT("300", "system/Patient.rs system/Observation.rs"), 0, GW_EDENIED,
     "token", GW_CHECK_FAIL, "without the scope system/Condition.rs", "the study lacks diagnoses, comorbidities",
     "the scopes system/Condition.rs for this client"},
    {"A3: two scopes too few", SMART(""), GRANT("300", "system/Patient.read"), 0, GW_EDENIED, "token", GW_CHECK_FAIL,
     "without the scope system/Observation.rs", "laboratory results, vital signs and scores; diagnoses",
     "the scopes system/Observation.rs system/Condition.rs"},
    {"A3: no scope and a useless token", SMART(""),
     "{\"access_token\":\"secret-token-canary\",\"token_type\":\"Bearer\",\"expires_in\":300}", 0, GW_EDENIED, "token",
     GW_CHECK_FAIL, "without the scope system/Patient.rs", "the study lacks",
     "system/Patient.rs system/Observation.rs"},
    {"A3: another kind of token", SMART(""),
     "{\"access_token\":\"secret-token-canary\",\"token_type\":\"mac\",\"expires_in\":300}", 0, GW_EPROTO, "token",
     GW_CHECK_FAIL, "not of type bearer", NULL, NULL},
    {"refused", SMART(""), "{\"error\":\"invalid_client\"}", 401, GW_EDENIED, "token", GW_CHECK_FAIL,
     "(401, invalid_client)", "nothing is read", "registered with our public key"},
    {"other algorithms", SMART(",\"token_endpoint_auth_signing_alg_values_supported\":[\"RS384\"]"),
     GRANT("300", "system/*.rs"), 0, GW_OK, "SMART", GW_CHECK_NOTE, "other algorithms than ES384", NULL, "--alg"},
    {"other methods", SMART(",\"token_endpoint_auth_methods_supported\":[\"client_secret_basic\"]"),
     GRANT("300", "system/*.rs"), 0, GW_OK, "SMART", GW_CHECK_NOTE, "private_key_jwt", NULL, "switched on"},
    {"no token endpoint", "{\"issuer\":\"http://127.0.0.1:PORT\"}", NULL, 0, GW_EPROTO, "SMART", GW_CHECK_NOTE,
     "no smart-configuration with a token_endpoint", "no token", "at which base"},
};

static bool holds(const char *text, const char *part)
{
    return !part || (text && strstr(text, part));
}

Test(check_smart, a1_a3_says_what_tokens_there_are_and_what_to_ask_for)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct gw_check_line *line;
        struct bench b;

        open_smart(&b);
        b.hospital.smart = of_server(&b, cases[i].smart);
        b.hospital.token = cases[i].token;
        b.hospital.token_status = cases[i].status;
        cr_expect(bench_run(&b) == cases[i].ends, "%s: %s", cases[i].name, b.first.text);
        bench_expect(&b, cases[i].what, cases[i].verdict, cases[i].says);
        line = bench_line(&b, cases[i].what);
        cr_expect(holds(line->means, cases[i].means), "%s: %s", cases[i].name, line->means);
        cr_expect(holds(line->ask, cases[i].ask), "%s: %s", cases[i].name, line->ask);
        cr_expect(cases[i].ends == GW_OK || !fake_server_heard(b.hospital.server, "GET /fhir/Patient"), "%s",
                  cases[i].name);
        bench_close(&b);
    }
}

Test(check_smart, a4_says_which_of_two_keys_is_taken)
{
    static const struct {
        unsigned refused;
        enum gw_check_verdict verdict;
        const char *says, *ask;
    } answers[] = {
        {0, GW_CHECK_OK, "\"key\" was taken", NULL},
        {1, GW_CHECK_NOTE, "tokens are granted for it", "our new public key"},
    };

    for (size_t i = 0; i < COUNT(answers); i++) {
        struct bench b;

        open_smart(&b);
        b.endpoint.previous_key = b.endpoint.key; /* any will do for a hospital that counts */
        b.hospital.smart = of_server(&b, SMART(""));
        b.hospital.token = GRANT("300", "system/*.rs");
        b.hospital.refuse_tokens = answers[i].refused;
        cr_expect(bench_run(&b) == GW_OK, "%s", b.first.text);
        bench_expect(&b, "previous key", answers[i].verdict, answers[i].says);
        cr_expect(holds(bench_line(&b, "previous key")->ask, answers[i].ask), "%zu", i);
        bench_close(&b);
    }
}

static const struct {
    const char *name, *before, *after, *says;
} moves[] = {
    {"A5: another host gives tokens", SMART(""), "{\"token_endpoint\":\"http://localhost:PORT/token\"}",
     "the token endpoint changed since the last check"},
    {"A5: another issuer", SMART(",\"issuer\":\"https://login.example.org/a\""),
     SMART(",\"issuer\":\"https://login.example.com/a\""), "the issuer changed since the last check"},
    {"another path of the same host is no other issuer", SMART(",\"issuer\":\"https://login.example.org/a\""),
     SMART(",\"issuer\":\"https://login.example.org/b\""), NULL},
};

Test(check_smart, a5_stops_where_tokens_come_from_somewhere_else_all_at_once)
{
    for (size_t i = 0; i < COUNT(moves); i++) {
        struct gw_profile before, after;
        struct bench b;
        unsigned asked;

        open_smart(&b);
        b.hospital.token = GRANT("300", "system/*.rs");
        b.hospital.smart = of_server(&b, moves[i].before);
        cr_assert(bench_run(&b) == GW_OK, "%s", b.first.text);
        before = bench_profile(&b);
        asked = fake_server_requests(b.hospital.server);
        b.hospital.smart = of_server(&b, moves[i].after);
        cr_expect(bench_run(&b) == (moves[i].says ? GW_EPROTO : GW_OK), "%s: %s", moves[i].name, b.first.text);
        if (moves[i].says) {
            bench_expect(&b, "SMART", GW_CHECK_FAIL, moves[i].says);
            cr_expect(strstr(bench_line(&b, "SMART")->ask, "state/endpoints/hm.json") != NULL);
            cr_expect(fake_server_requests(b.hospital.server) == asked + 2, "metadata and the configuration");
            after = bench_profile(&b);
            cr_expect_str_eq(after.token_url, before.token_url, "%s", moves[i].name);
            cr_expect_str_eq(after.checked, before.checked, "%s: an older profile stays", moves[i].name);
        }
        bench_close(&b);
    }
}
