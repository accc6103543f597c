/*
 * Token answers as servers write them.
 */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

#include "net/grant.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *granted, *wanted;
    bool covers;
} scopes[] = {
    {"system/Observation.rs", "system/Observation.rs", true},
    {"system/*.rs", "system/Observation.rs", true},
    {"system/*.read", "system/Observation.rs", true},
    {"system/Observation.rs", "system/Observation.read", true},
    {"system/*.cruds", "system/Observation.rs", true},
    {"system/*.*", "system/Observation.cruds", true},
    {"system/Observation.r", "system/Observation.rs", false},
    {"system/Observation.rs", "system/*.rs", false},
    {"system/Patient.rs", "system/Observation.rs", false},
    {"user/Observation.rs", "system/Observation.rs", false},
    {"system/Observation.write", "system/Observation.rs", false},
    {"system/Observation.rs?category=laboratory", "system/Observation.rs", false},
    {"system/Observation.rs", "system/Observation.rs?category=laboratory", true},
    {"system/Observation.rs?category=laboratory", "system/Observation.rs?category=laboratory", true},
    {"system/Observation.rs?category=http://a.b/c|d", "system/Observation.rs", false},
    {"openid", "openid", true},
    {"openid", "system/Observation.rs", false},
    {"", "system/Observation.rs", false},
};

Test(grant, compares_scopes_of_both_versions)
{
    for (size_t i = 0; i < COUNT(scopes); i++)
        cr_expect(scope_covers(scopes[i].granted, strlen(scopes[i].granted), scopes[i].wanted) == scopes[i].covers,
                  "%s for %s", scopes[i].granted, scopes[i].wanted);
}

static const char *const wanted[] = {"system/Observation.rs", "system/Patient.rs"};

#define BOTH "\"scope\":\"system/Observation.rs system/Patient.rs\""

static const struct {
    const char *name, *body;
    enum gw_status status;
    int life_s;
    const char *says;
} tokens[] = {
    {"plain", "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":300," BOTH "}", GW_OK, 300, ""},
    {"A3: bearer in small letters", "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":299," BOTH "}",
     GW_OK, 299, ""},
    {"wildcard and v1", "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"scope\":\"system/*.read\"}", GW_OK, 60,
     ""},
    {"A3: life as text", "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":\"300\"," BOTH "}", GW_OK,
     300, ""},
    {"A3: life zero", "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":0," BOTH "}", GW_OK, 60, ""},
    {"A3: life negative", "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":-1," BOTH "}", GW_OK, 60,
     ""},
    {"A3: life huge", "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":1e400," BOTH "}", GW_EPROTO, 0,
     "too short"},
    {"A3: life very long",
     "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":99999999999999999999," BOTH "}", GW_OK, 86400,
     ""},
    {"life 4 s", "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":4," BOTH "}", GW_EPROTO, 0,
     "live 4 s"},
    {"life 5 s", "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":5," BOTH "}", GW_OK, 5, ""},
    {"A3: no scope (oidc-provider)", "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":45}", GW_EDENIED,
     0, "system/Observation.rs"},
    {"A3: fewer scopes", "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"scope\":\"system/Observation.rs\"}",
     GW_OK, 60, ""},
    {"A3: other scopes", "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"scope\":\"system/Condition.rs\"}",
     GW_EDENIED, 0, "system/Observation.rs"},
    {"another type", "{\"access_token\":\"t\",\"token_type\":\"mac\"," BOTH "}", GW_EPROTO, 0, "bearer"},
    {"no type", "{\"access_token\":\"t\"," BOTH "}", GW_EPROTO, 0, "bearer"},
    {"no token", "{\"token_type\":\"bearer\"," BOTH "}", GW_EPROTO, 0, "access_token"},
    {"empty token", "{\"access_token\":\"\",\"token_type\":\"bearer\"," BOTH "}", GW_EPROTO, 0, "access_token"},
    {"A3: line break in the token", "{\"access_token\":\"a\\r\\nX: y\",\"token_type\":\"bearer\"," BOTH "}", GW_EPROTO,
     0, "access_token"},
    {"a number for a token", "{\"access_token\":7,\"token_type\":\"bearer\"," BOTH "}", GW_EPROTO, 0, "access_token"},
    {"HTML", "<html>login</html>", GW_EPROTO, 0, "not JSON"},
    {"nothing", "", GW_EPROTO, 0, "not JSON"},
};

Test(grant, a3_reads_tokens_and_refuses_the_useless)
{
    for (size_t i = 0; i < COUNT(tokens); i++) {
        struct gw_text body = GW_TEXT_INIT(1 << 16);
        struct grant grant = GRANT_INIT;
        struct gw_error err = {0};

        gw_text_add(&body, tokens[i].body);
        cr_expect(grant_read(&body, wanted, 2, &grant, &err) == tokens[i].status, "%s: %s", tokens[i].name, err.text);
        cr_expect(strstr(err.text, tokens[i].says), "%s: %s", tokens[i].name, err.text);
        if (tokens[i].status == GW_OK) {
            cr_expect_str_eq(grant.value.at, "t");
            cr_expect(grant.life_s == tokens[i].life_s, "%s: %lld", tokens[i].name, (long long)grant.life_s);
        }
        grant_release(&grant);
        gw_text_release(&body);
    }
}

static const struct {
    const char *granted, *wanted[3], *type;
    const char *lacking; /* NULL: nothing */
} narrowed[] = {
    {"system/Observation.rs", {"system/Observation.rs", "system/Condition.rs"}, "Observation", NULL},
    {"system/Observation.rs", {"system/Observation.rs", "system/Condition.rs"}, "Condition", "system/Condition.rs"},
    {"system/Observation.rs", {"system/Observation.rs", "system/Condition.rs"}, "Patient", NULL}, /* nobody wants it */
    {"system/Observation.rs", {"system/*.rs"}, "Observation", NULL},
    {"system/Observation.rs", {"system/*.rs"}, "Condition", "system/*.rs"},
    {"system/*.read", {"system/Observation.rs", "system/Condition.rs"}, "Condition", NULL},
    {"system/Observation.r", {"system/Observation.rs"}, "Observation", "system/Observation.rs"},
    {"system/Observation.rs?category=laboratory", {"system/Observation.rs"}, "Observation", "system/Observation.rs"},
    {"system/Observation.rs?category=laboratory", {"system/*.rs"}, "Observation", "system/*.rs"},
    {"system/Observation.rs", {"system/Observation.rs?category=laboratory"}, "Observation", NULL},
    {"system/MedicationRequest.rs", {"system/*.rs"}, "Medication", "system/*.rs"},
    {"openid", {"openid", "system/Observation.rs"}, "Observation", "system/Observation.rs"},
    {"user/Observation.rs", {"system/Observation.rs"}, "Observation", "system/Observation.rs"},
    {"", {"system/*.rs"}, "Patient", "system/*.rs"},
};

Test(grant, a3_names_the_scope_that_a_type_lacks)
{
    for (size_t i = 0; i < COUNT(narrowed); i++) {
        size_t count = 0;
        const char *lacking;

        while (count < 3 && narrowed[i].wanted[count])
            count++;
        lacking = scopes_lacking(narrowed[i].granted, narrowed[i].wanted, count, narrowed[i].type);
        cr_expect(lacking == NULL ? narrowed[i].lacking == NULL
                                  : narrowed[i].lacking && strcmp(lacking, narrowed[i].lacking) == 0,
                  "%zu: %s of \"%s\": %s", i, narrowed[i].type, narrowed[i].granted, lacking);
    }
}

Test(grant, a3_takes_a_token_of_16_KiB_and_no_longer)
{
    for (int over = 0; over < 2; over++) {
        struct gw_text body = GW_TEXT_INIT(1 << 16);
        struct grant grant = GRANT_INIT;

        gw_text_add(&body, "{\"access_token\":\"");
        for (int i = 0; i < 16384 + over; i++)
            gw_text_add(&body, "a");
        gw_text_add(&body, "\",\"token_type\":\"bearer\"," BOTH "}");
        cr_expect(grant_read(&body, wanted, 2, &grant, NULL) == (over ? GW_EPROTO : GW_OK));
        grant_release(&grant);
        gw_text_release(&body);
    }
}

static const struct {
    const char *body, *says;
} refusals[] = {
    {"{\"error\":\"invalid_client\",\"error_description\":\"SECRET\"}", "invalid_client"},
    {"{\"error\":\"invalid_scope\"}", "which scopes"},
    {"{\"error\":\"invalid_grant\"}", "clock"},
    {"{\"error\":\"<script>SECRET\"}", "no error code"},
    {"{\"error\":{\"a\":\"SECRET\"}}", "no error code"},
    {"SECRET", "no error code"},
};

Test(grant, names_the_error_code_and_nothing_else)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct gw_text body = GW_TEXT_INIT(1 << 16);
        struct gw_error err = {0};

        gw_text_add(&body, refusals[i].body);
        cr_expect(grant_refused(&body, 400, "casement", &err) == GW_EDENIED);
        cr_expect(strstr(err.text, refusals[i].says) && !strstr(err.text, "SECRET"), "%s", err.text);
        gw_text_release(&body);
    }
}

static const struct {
    const char *base, *body, *url; /* url NULL: refused */
} discoveries[] = {
    {"https://f.example/r4", "{\"token_endpoint\":\"https://auth.example/t\"}", "https://auth.example/t"},
    {"http://127.0.0.1:8/r4", "{\"token_endpoint\":\"http://127.0.0.1:9/t\"}", "http://127.0.0.1:9/t"},
    {"https://f.example/r4", "{\"token_endpoint\":\"http://auth.example/t\"}", NULL},
    {"https://f.example/r4", "{\"token_endpoint\":\"http://127.0.0.1/t\"}", NULL},
    {"http://127.0.0.1:8/r4", "{\"token_endpoint\":\"http://auth.example/t\"}", NULL},
    {"https://f.example/r4", "{\"token_endpoint\":\"https://me:pw@auth.example/t\"}", NULL},
    {"https://f.example/r4", "{\"token_endpoint\":\"/t\"}", NULL},
    {"https://f.example/r4", "{\"token_endpoint\":7}", NULL},
    {"https://f.example/r4", "{}", NULL},
    {"https://f.example/r4", "<html>", NULL},
};

Test(grant, a5_discovers_only_a_token_endpoint_that_may_have_secrets)
{
    for (size_t i = 0; i < COUNT(discoveries); i++) {
        struct gw_text body = GW_TEXT_INIT(1 << 16), url = GW_TEXT_INIT(1 << 16);

        gw_text_add(&body, discoveries[i].body);
        cr_expect(smart_read(&body, discoveries[i].base, &url, NULL) == (discoveries[i].url ? GW_OK : GW_EPROTO), "%s",
                  discoveries[i].body);
        cr_expect_str_eq(url.at, discoveries[i].url ? discoveries[i].url : "");
        gw_text_release(&body);
        gw_text_release(&url);
    }
}
