/*
 * Who gives tokens, whether that is who gave them before, and what tokens they are.
 *
 * Where tokens come from is learnt at the first check and kept: an endpoint that sends us elsewhere all at once may be
 * somebody else's, and a signed assertion is not shown to a stranger.
 *
 * Source: HL7 SMART App Launch 2, Backend Services.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/core/json.h"
#include "service/check_parts.h"

static const char where[] = "service.check";

enum { LIFE_SHORT_S = 60, LIFE_GOOD_S = 300 };

static bool lists(const cJSON *array, const char *text)
{
    GW_JSON_EACH (item, array)
        if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
            return true;
    return false;
}

/* ---- the configuration ---- */

/* Scheme, host and port: the same, or not known yet. */
static bool same_origin(const char *known, const char *now)
{
    const char *path = strstr(known, "://");
    size_t length;

    if (!path)
        return true;
    length = (size_t)(path - known) + 3;
    length += strcspn(known + length, "/?");
    return strncmp(known, now, length) == 0 && strchr("/?", now[length]);
}

/* A5 of the fault matrix. */
static bool is_as_before(struct check *c, const char *what, const char *known, const char *now)
{
    const struct advice advice = {
        .means = "no token is asked for, so nothing is read; nothing was sent to the new address",
        .ask =
            check_print(c, "whether tokens now come from %.200s. If so, delete state/endpoints/%s.json and check again",
                        now, c->endpoint->id)};
    struct gw_error failure;

    if (same_origin(known, now))
        return true;
    gw_fail(&failure, GW_EPROTO, where, "the %s changed since the last check, from %.200s to %.200s", what, known, now);
    check_fail(c, "SMART", &advice, &failure);
    return false;
}

static void say_algorithms(struct check *c, const cJSON *tree, const char *token_url)
{
    const cJSON *algs = gw_json_array(tree, "token_endpoint_auth_signing_alg_values_supported");
    const cJSON *methods = gw_json_array(tree, "token_endpoint_auth_methods_supported");
    const char *alg = c->endpoint->alg;

    if (alg && algs && !lists(algs, alg)) {
        const struct advice advice = {.means = "its token endpoint may refuse us",
                                      .ask = "which signature algorithms it takes; keys new --alg makes another key"};

        check_say(c, "SMART", GW_CHECK_NOTE, &advice, "the server lists other algorithms than %s", alg);
    } else if (methods && !lists(methods, "private_key_jwt")) {
        const struct advice advice = {.means = "its token endpoint may refuse us",
                                      .ask = "SMART Backend Services with private_key_jwt to be switched on"};

        check_say(c, "SMART", GW_CHECK_NOTE, &advice, "the server does not list private_key_jwt");
    } else {
        check_say(c, "SMART", GW_CHECK_OK, NULL, "tokens come from %.200s", token_url);
    }
}

static bool judge_smart(struct check *c, const cJSON *tree)
{
    const char *token_url = gw_json_string(tree, "token_endpoint");
    const char *issuer = gw_json_string(tree, "issuer");

    if (!is_as_before(c, "token endpoint", c->known.token_url, token_url) ||
        (issuer && !is_as_before(c, "issuer", c->known.issuer, issuer)))
        return false;
    snprintf(c->profile.issuer, sizeof c->profile.issuer, "%s", issuer ? issuer : "");
    say_algorithms(c, tree, token_url);
    return true;
}

bool check_smart(struct check *c)
{
    const struct advice open = {.means = "whoever reaches this server reads every patient; fit for a trial only",
                                .ask = "SMART Backend Services for this client"};
    const struct advice none = {.means = "without it there is no token, and without a token nothing to read",
                                .ask = "whether SMART Backend Services is on, and at which base"};
    const cJSON *tree = NULL;
    struct gw_error failure;

    if (!gw_same(c->endpoint->auth_kind, "smart-backend")) {
        check_say(c, "SMART", GW_CHECK_NOTE, &open, "auth is none: anybody who reaches this server reads it");
        return true;
    }
    gw_arena_clear(&c->scratch);
    if (check_ask(
            c, &(struct check_question){.url = check_url(c, ".well-known/smart-configuration"), .without_token = true},
            &failure) != GW_OK ||
        gw_json_parse(&c->scratch, c->response.body.at, c->response.body.length, NULL, &tree, NULL, &failure) !=
            GW_OK ||
        !gw_json_string(tree, "token_endpoint")) {
        check_say(c, "SMART", GW_CHECK_NOTE, &none, "no smart-configuration with a token_endpoint at this base");
        return true; /* the token line says whether it matters */
    }
    return judge_smart(c, tree);
}

/* ---- the token ---- */

/* "system/Condition.rs" without a type it gives: all of them. */
static void name_lacking(struct gw_text *out, const char *scope)
{
    const char *slash = strchr(scope, '/');
    char type[64] = "";

    if (slash)
        snprintf(type, sizeof type, "%.*s", (int)strcspn(slash + 1, ".?"), slash + 1);
    if (strcmp(type, "*") == 0)
        gw_text_print(out, "%sall that this scope gave", out->length ? "; " : "");
    else
        gw_text_print(out, "%s%s", out->length ? "; " : "", check_type_means(gw_resource_of(type)));
}

/* Wanted and not granted, as a list; lacking: what the study then lacks. */
static void compare_scopes(const struct check *c, const struct gw_token *token, struct gw_text *missing,
                           struct gw_text *lacking)
{
    for (size_t i = 0; i < c->endpoint->scope_count; i++) {
        const char *scope = c->endpoint->scopes[i];

        if (gw_token_covers(token, scope))
            continue;
        gw_text_print(missing, "%s%s", missing->length ? " " : "", scope);
        name_lacking(lacking, scope);
    }
}

/* all: the token is of no use; else it lacks scopes. */
static void refuse_token(struct check *c, const struct gw_token *token, const struct gw_error *failure, bool all)
{
    struct gw_text missing = GW_TEXT_INIT(700), lacking = GW_TEXT_INIT(700);
    struct advice advice = {.means = "nothing is read from this endpoint until it gives tokens",
                            .ask = "that this client is registered with our public key and may use client_credentials"};

    if (*gw_token_granted(token) || gw_token_life_s(token) >= LIFE_GOOD_S)
        compare_scopes(c, token, &missing, &lacking);
    if (missing.length) {
        advice.means = check_print(c, "%s until all are granted; without them the study lacks %s",
                                   all ? "nothing is read" : "what these give is not read", lacking.at);
        advice.ask = check_print(c, "the scopes %s for this client", missing.at);
    }
    check_fail(c, "token", &advice, failure);
    gw_text_release(&missing);
    gw_text_release(&lacking);
}

static void accept_token(struct check *c, const struct gw_token *token)
{
    const long long life = gw_token_life_s(token);
    const struct advice advice = {.means = "long readings renew it again and again, which works, but costs requests",
                                  .ask = "tokens that live for 300 s"};
    const struct advice unregistered = {
        .means = "all goes on with the previous key; the day it is taken out at the server, nothing is read any more",
        .ask = "that our new public key (casement keys jwks) is registered beside the old one"};

    if (gw_token_signed_by_previous_key(token))
        check_say(c, "previous key", GW_CHECK_NOTE, &unregistered,
                  "tokens are granted for it: the server refused \"key\"");
    else if (c->endpoint->previous_key)
        check_say(c, "previous key", GW_CHECK_OK, NULL,
                  "not needed any more: \"key\" was taken; it may go from casement.json and from the server");
    check_say(c, "token", life < LIFE_SHORT_S ? GW_CHECK_NOTE : GW_CHECK_OK, life < LIFE_SHORT_S ? &advice : NULL,
              "granted for %lld s: %.700s", life, gw_token_granted(token));
    if (gw_token_clock_offset(token) != 0)
        check_clock(c, gw_system_clock.utc(gw_system_clock.ctx) + gw_token_clock_offset(token),
                    "the token server's clock");
}

struct granting {
    bool done;
    struct gw_error failure;
};

static void on_token(void *ctx, const struct gw_error *failure)
{
    struct granting *granting = ctx;

    granting->done = true;
    if (failure)
        granting->failure = *failure;
}

bool check_token(struct check *c)
{
    struct gw_token *token = gw_session_token(c->session);
    struct granting granting = {0};

    if (!token)
        return true;
    c->requests += 2; /* discovery and grant */
    granting.done = gw_token_fetch(token, on_token, &granting, NULL, &granting.failure) != GW_OK;
    while (!granting.done)
        uv_run(c->loop, UV_RUN_ONCE);
    c->trouble = gw_token_trouble(token).kind;
    c->profile.token_life_s = (unsigned)gw_token_life_s(token);
    if (granting.failure.status != GW_OK)
        refuse_token(c, token, &granting.failure, true);
    else if (gw_token_missing(token, &granting.failure) != GW_OK)
        refuse_token(c, token, &granting.failure, false);
    else
        accept_token(c, token);
    return granting.failure.status == GW_OK;
}
