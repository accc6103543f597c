/*
 * One token for all who wait for it.
 *
 *      fetch ──> [in hand] ──────────────────────────┐
 *        │                                           ├──> later ──> done of each waiter
 *        ├─────> [quiet minute: remembered failure] ─┤
 *        └─────> flight: discover ──> ask ──> keep ──┘
 *
 * The request under way is the flight; waiters that come while it flies join it.
 */
#include "gateway/net/token.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "net/token_parts.h"

static const char where[] = "net.token";

/* ---- asked for by others --------------------------------------------------------------------------------------- */

const char *gw_token_current(struct gw_token *token)
{
    return token->grant.value.length && token_now_ms(token) < token->renew_ms ? token->grant.value.at : NULL;
}

static void remembered_failure(struct gw_token *token, uint64_t id)
{
    const unsigned long long left_s = (token->quiet_until_ms - token_now_ms(token) + 999) / 1000;
    struct gw_error err;

    gw_fail(&err, token->remembered.status, where, "%s (not asked again for %llu s)", token->remembered.text, left_s);
    waiters_end(&token->waiters, id, &err);
}

enum gw_status gw_token_fetch(struct gw_token *token, gw_http_done done, void *ctx, uint64_t *call,
                              struct gw_error *err)
{
    uint64_t id;

    if (token->closing)
        return gw_fail(err, GW_ECANCELED, where, "no more tokens: shutting down");
    id = waiters_add(&token->waiters, done, ctx);
    if (!id)
        return gw_fail(err, GW_ENOMEM, where, "no memory for a token request");
    if (call)
        *call = id;
    if (gw_token_current(token))
        waiters_end(&token->waiters, id, NULL);
    else if (!token->flying && token_now_ms(token) < token->quiet_until_ms)
        remembered_failure(token, id);
    else if (!token->flying)
        token_take_off(token);
    return GW_OK;
}

void gw_token_cancel(struct gw_token *token, uint64_t call)
{
    struct gw_error err;

    gw_fail(&err, GW_ECANCELED, where, "waiting for a token: cancelled");
    waiters_end(&token->waiters, call, &err);
    if (token->flying && !waiters_any(&token->waiters))
        gw_http_cancel(token->http, token->call);
}

void gw_token_invalidate(struct gw_token *token, const char *refused)
{
    const uint64_t now = token_now_ms(token);

    if (!token->grant.value.length || strcmp(token->grant.value.at, refused) != 0)
        return;
    OPENSSL_cleanse(token->grant.value.at, token->grant.value.length);
    gw_text_clear(&token->grant.value);
    if (token->refused_before && now - token->refused_ms < TOKEN_QUIET_MS) {
        token->quiet_until_ms = token->refused_ms + TOKEN_QUIET_MS;
        gw_fail(&token->remembered, GW_EDENIED, where,
                "the server refused (401) two tokens within a minute that its token endpoint had just given: ask its "
                "administrator");
        token->trouble = (struct gw_token_trouble){.kind = GW_TROUBLE_UNAUTHORIZED};
        return;
    }
    token->refused_before = true;
    token->refused_ms = now;
}

struct gw_token_trouble gw_token_trouble(const struct gw_token *token)
{
    return token->trouble;
}

bool gw_token_signed_by_previous_key(const struct gw_token *token)
{
    return token->grant.value.length && token->signer == 1;
}

const char *gw_token_url(const struct gw_token *token)
{
    return token->url.length ? token->url.at : NULL;
}

int64_t gw_token_clock_offset(const struct gw_token *token)
{
    return token->clock_offset;
}

const char *gw_token_granted(const struct gw_token *token)
{
    return token->grant.scope.at;
}

bool gw_token_covers(const struct gw_token *token, const char *wanted)
{
    return scopes_cover(token->grant.scope.at, wanted);
}

enum gw_status gw_token_lacking(const struct gw_token *token, const char *type, struct gw_error *err)
{
    const char *scope = NULL;

    if (token->grant.value.length)
        scope = scopes_lacking(token->grant.scope.at, (const char *const *)token->scopes, token->scope_count, type);
    return scope ? scope_missing(type, scope, err) : GW_OK;
}

enum gw_status gw_token_missing(const struct gw_token *token, struct gw_error *err)
{
    for (size_t i = 0; i < token->scope_count; i++)
        if (!gw_token_covers(token, token->scopes[i]))
            return scope_missing(NULL, token->scopes[i], err);
    return GW_OK;
}

int64_t gw_token_life_s(const struct gw_token *token)
{
    return token->grant.life_s;
}

/* ---- lifetime -------------------------------------------------------------------------------------------------- */

static void token_release(struct gw_token *token)
{
    for (size_t i = 0; token->scopes && i < token->scope_count; i++)
        free(token->scopes[i]);
    free(token->scopes);
    free(token->base);
    free(token->client_id);
    gw_text_release(&token->url);
    gw_http_response_release(&token->response);
    grant_release(&token->grant);
    free(token);
}

static void on_closed(uv_handle_t *handle)
{
    token_release(handle->data);
}

void token_close_when_quiet(struct gw_token *token)
{
    uv_handle_t *later = (uv_handle_t *)&token->waiters.later;

    if (token->closing && !token->flying && !token->waiters.first && !uv_is_closing(later))
        uv_close(later, on_closed);
}

static void on_told(uv_timer_t *later)
{
    token_close_when_quiet(later->data);
}

void gw_token_free(struct gw_token *token)
{
    struct gw_error err;

    if (!token)
        return;
    token->closing = true;
    gw_fail(&err, GW_ECANCELED, where, "waiting for a token: cancelled");
    waiters_end_all(&token->waiters, &err);
    if (token->flying)
        gw_http_cancel(token->http, token->call);
    waiters_tell(&token->waiters);
}

static bool copy_options(struct gw_token *token, const struct gw_token_options *options)
{
    bool fine = true;

    token->base = strdup(options->base);
    token->client_id = strdup(options->client_id);
    token->scopes = calloc(options->scope_count, sizeof(*token->scopes));
    if (!token->base || !token->client_id || !token->scopes)
        return false;
    for (size_t i = 0; fine && i < options->scope_count; i++) {
        token->scopes[token->scope_count] = strdup(options->scopes[i]);
        fine = token->scopes[token->scope_count++] != NULL;
    }
    gw_text_add(&token->url, options->token_url);
    return fine && !token->url.failed;
}

enum gw_status gw_token_new(struct uv_loop_s *loop, struct gw_http *http, const struct gw_token_options *options,
                            struct gw_token **out, struct gw_error *err)
{
    struct gw_token *token;

    if (!options->client_id || !*options->client_id)
        return gw_fail(err, GW_ECONFIG, where, "\"auth\" names no \"client_id\"");
    if (options->scope_count == 0)
        return gw_fail(err, GW_ECONFIG, where, "\"auth\" names no \"scopes\"");
    if (options->token_url && gw_url_trusted(options->token_url, NULL) != GW_OK)
        return gw_fail(err, GW_ECONFIG, where, "the token URL kept for this endpoint is not https: run check again");
    token = calloc(1, sizeof(*token));
    if (!token)
        return gw_fail(err, GW_ENOMEM, where, "out of memory");
    token->http = http;
    token->keys[0] = options->key;
    token->keys[1] = options->previous_key;
    token->clock = options->clock ? options->clock : &gw_system_clock;
    token->url = (struct gw_text)GW_TEXT_INIT(GW_URL_MAX);
    token->response = (struct gw_http_response)GW_HTTP_RESPONSE_INIT;
    token->grant = (struct grant)GRANT_INIT;
    if (!copy_options(token, options)) {
        token_release(token);
        return gw_fail(err, GW_ENOMEM, where, "out of memory");
    }
    waiters_init(&token->waiters, loop, on_told);
    token->waiters.later.data = token;
    *out = token;
    return GW_OK;
}
