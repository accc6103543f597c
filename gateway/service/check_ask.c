/*
 * Questions to an endpoint, one after the other: what it is, what its clock says, who gives tokens.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/core/json.h"
#include "gateway/fhir/search.h"
#include "service/check_parts.h"
#include "service/endpoint.h"

enum { CLOCK_FAIR_S = 60, ANSWER_MAX_BYTES = 16 * 1024 * 1024 };

struct waiting {
    bool done;
    struct gw_error failure;
};

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct waiting *waiting = ctx;

    waiting->done = true;
    if (failure)
        waiting->failure = *failure;
}

enum gw_status check_get(struct check *c, const char *url, bool with_token, struct gw_error *err)
{
    const struct gw_session_request request = {
        .url = url, .max_bytes = ANSWER_MAX_BYTES, .total_ms = 60000, .without_token = !with_token};
    struct waiting waiting = {0};
    enum gw_status rc;

    if (!url)
        return gw_fail(err, GW_ENOMEM, "service.check", "an address is too long");
    rc = gw_session_start(c->session, &request, &c->response, on_answer, &waiting, NULL, err);
    if (rc != GW_OK)
        return rc;
    while (!waiting.done)
        uv_run(c->loop, UV_RUN_ONCE);
    if (waiting.failure.status != GW_OK) {
        *err = waiting.failure;
        return err->status;
    }
    return gw_http_verdict(&c->response, url, err);
}

const char *check_url(struct check *c, const char *rest)
{
    return gw_arena_print(&c->scratch, "%s/%s", gw_gate_base(gw_session_gate(c->session)), rest);
}

/* ---- what the server says of itself ---- */

static void check_clock(struct check *c)
{
    const long long ahead = c->response.date ? (long long)(c->response.date - time(NULL)) : 0;

    if (c->response.date == 0)
        check_say(c, "clock", GW_CHECK_NOTE, "the server sends no Date, so its clock cannot be compared with ours");
    else if (llabs(ahead) <= CLOCK_FAIR_S)
        check_say(c, "clock", GW_CHECK_OK, "within a minute of the server's");
    else
        check_say(c, "clock", GW_CHECK_NOTE,
                  "the server's clock is %llds %s ours: tokens are dated by its clock; set the time here by NTP",
                  llabs(ahead), ahead > 0 ? "ahead of" : "behind");
}

bool check_metadata(struct check *c)
{
    struct gw_capability capability = {0};
    struct gw_error failure;

    gw_arena_clear(&c->scratch);
    if (check_get(c, check_url(c, "metadata"), false, &failure) != GW_OK ||
        endpoint_capability(&c->scratch, &c->response, &capability, &failure) != GW_OK) {
        check_fail(c, "metadata", &failure);
        return false;
    }
    gw_profile_learn(&c->profile, &capability);
    check_say(c, "metadata", GW_CHECK_OK, "%s %s, FHIR %s",
              capability.software ? capability.software : "unnamed software",
              capability.software_version ? capability.software_version : "(no version)", capability.fhir_version);
    check_clock(c);
    return true;
}

/* ---- who gives tokens ---- */

static bool lists(const cJSON *array, const char *text)
{
    GW_JSON_EACH (item, array)
        if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
            return true;
    return false;
}

bool check_smart(struct check *c)
{
    const char *alg = c->endpoint->alg;
    const cJSON *tree = NULL, *algs;
    struct gw_error failure;

    if (!gw_same(c->endpoint->auth_kind, "smart-backend")) {
        check_say(c, "SMART", GW_CHECK_NOTE, "auth is none: anybody who reaches this server reads it");
        return true;
    }
    gw_arena_clear(&c->scratch);
    if (check_get(c, check_url(c, ".well-known/smart-configuration"), false, &failure) != GW_OK ||
        gw_json_parse(&c->scratch, c->response.body.at, c->response.body.length, NULL, &tree, NULL, &failure) !=
            GW_OK ||
        !gw_json_string(tree, "token_endpoint")) {
        check_say(c, "SMART", GW_CHECK_NOTE,
                  "no smart-configuration with a token_endpoint at this base: ask the vendor whether SMART Backend "
                  "Services is on");
        return true; /* the token line says whether it matters */
    }
    algs = gw_json_array(tree, "token_endpoint_auth_signing_alg_values_supported");
    if (alg && algs && !lists(algs, alg))
        check_say(c, "SMART", GW_CHECK_NOTE, "the server lists other algorithms than %s: make a key of another --alg",
                  alg);
    else
        check_say(c, "SMART", GW_CHECK_OK, "tokens come from %s", gw_json_string(tree, "token_endpoint"));
    return true;
}
