/*
 * One token for all who wait for it.
 *
 *      fetch ──> [in hand] ──────────────────────────┐
 *        │                                           ├──> later ──> done of each waiter
 *        ├─────> [quiet minute: remembered failure] ─┤
 *        └─────> discover ──> ask ──> keep ──────────┘
 *
 * The request under way is the flight; waiters that come while it flies join it.
 */
#include "gateway/net/token.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "net/assertion.h"
#include "net/grant.h"
#include "net/waiters.h"

static const char where[] = "net.token";

enum {
    ANSWER_MAX = 256 * 1024,
    ANSWER_MS = 60000,
    OFFSET_LEAST_S = 60, /* below, both clocks count as right */
    OFFSET_MOST_S = 300, /* beyond, whose clock is wrong is for a person to say */
    QUIET_MS = 60000,
    ANEW_MS = 3600000,
    SPARE_LEAST_MS = 30000, /* of a life, unless that is more than half of it */
};

struct gw_token {
    struct gw_http *http;
    const struct gw_jwk *keys[2]; /* the present one, the previous one or NULL */
    unsigned signer;              /* which of them signs */
    unsigned refusals;            /* in this flight, by which a key may be meant */
    uint64_t anew_ms;             /* when the present one is tried again */
    const struct gw_clock *clock;
    char *base;
    char *client_id;
    char **scopes;
    size_t scope_count;
    struct gw_text url; /* of the token endpoint; empty: to be discovered */

    struct waiters waiters;
    bool closing;

    bool flying;
    uint64_t call;
    uint64_t flight_ms; /* when it began */
    struct gw_http_response response;

    struct grant grant; /* an empty value: no token */
    uint64_t renew_ms;
    int64_t clock_offset;

    uint64_t quiet_until_ms; /* 0: no quiet minute */
    struct gw_error remembered;
    struct gw_token_trouble trouble; /* of the failure remembered, or about to be */
    bool refused_before;
    uint64_t refused_ms; /* when the server last refused a token */
};

static uint64_t now_ms(const struct gw_token *token)
{
    return token->clock->monotonic_ms(token->clock->ctx);
}

static void close_when_quiet(struct gw_token *token);

/* ---- the flight ------------------------------------------------------------------------------------------------ */

static void take_off(struct gw_token *token);

/* The flight is over: everyone who waits learns how. A failure is remembered for a minute, for two when both keys
 * were refused; a cancelled flight is none. */
static void land(struct gw_token *token, const struct gw_error *failure)
{
    token->flying = false;
    gw_http_response_clear(&token->response);
    if (failure && failure->status == GW_ECANCELED) {
        if (waiters_any(&token->waiters) && !token->closing)
            take_off(token); /* someone came after the last waiter had gone */
        close_when_quiet(token);
        return;
    }
    if (failure) {
        token->remembered = *failure;
        token->quiet_until_ms = token->flight_ms + QUIET_MS * (token->refusals > 1 ? token->refusals : 1);
    }
    waiters_end_all(&token->waiters, failure);
}

/* Dates of assertions follow the server's clock when ours is off. */
static void learn_offset(struct gw_token *token)
{
    const int64_t date = token->response.date;
    int64_t offset;

    if (!date)
        return;
    offset = date - token->clock->utc(token->clock->ctx);
    token->clock_offset = llabs(offset) > OFFSET_LEAST_S ? offset : 0;
}

/* A page may take a while: a token is not used in the last fifth of its life, nor in the last 30 s. */
static uint64_t usable_ms(int64_t life_s)
{
    const uint64_t life_ms = (uint64_t)life_s * 1000;
    const uint64_t spare_ms = life_ms / 5 > SPARE_LEAST_MS ? life_ms / 5 : SPARE_LEAST_MS;

    return life_ms - (spare_ms < life_ms / 2 ? spare_ms : life_ms / 2);
}

static enum gw_status keep(struct gw_token *token, struct gw_error *err)
{
    struct grant grant = GRANT_INIT;
    enum gw_status rc;

    rc = grant_read(&token->response.body, (const char *const *)token->scopes, token->scope_count, &grant, err);
    if (rc == GW_OK) {
        grant_release(&token->grant);
        token->grant = grant;
        token->renew_ms = now_ms(token) + usable_ms(grant.life_s);
    } else {
        const struct gw_text known = token->grant.scope;

        token->grant.scope = grant.scope; /* told to whoever asks why, though the token is of no use */
        token->grant.life_s = grant.life_s;
        grant.scope = known;
        grant_release(&grant);
    }
    return rc;
}

/* What the answer, or its not coming, says about the endpoint. */
static void note_trouble(struct gw_token *token, const struct gw_error *failure)
{
    token->trouble = (struct gw_token_trouble){gw_http_trouble(&token->response, failure),
                                               token->response.retry_after_s, token->response.retry_longer};
}

/* A page of HTML, or a token that is none, may be a passing matter; scopes that are all missing are not. */
static void take_token(struct gw_token *token, struct gw_error *err)
{
    const enum gw_status rc = keep(token, err);

    if (rc != GW_OK)
        token->trouble.kind = rc == GW_EPROTO ? GW_TROUBLE_AWAY : gw_trouble_of_failure(rc);
}

static enum gw_status ask(struct gw_token *token, struct gw_error *err);

static void use_key(struct gw_token *token, unsigned signer)
{
    token->signer = signer;
    if (signer == 1)
        token->anew_ms = now_ms(token) + ANEW_MS;
}

/*
 * Is the other key the next to sign, and at once? A 401 that names no error may mean "slow down": then with the next
 * request.
 */
static bool turn_key(struct gw_token *token)
{
    if (!token->keys[1] || !grant_doubts_key(&token->response.body, token->response.status))
        return false;
    use_key(token, !token->signer);
    return ++token->refusals == 1 && token->trouble.kind != GW_TROUBLE_UNAUTHORIZED && waiters_any(&token->waiters);
}

/* True: it is asked once more. */
static bool refused(struct gw_token *token, struct gw_error *err)
{
    const struct gw_text *body = &token->response.body;

    token->trouble.kind = grant_trouble(body, token->response.status);
    if (turn_key(token))
        return ask(token, err) == GW_OK;
    grant_refused(body, token->response.status, token->client_id, err);
    return false;
}

static void refuse_clock(struct gw_token *token, struct gw_error *err)
{
    token->trouble.kind = GW_TROUBLE_DENIED;
    gw_fail(
        err, GW_EPROTO, where,
        "the clock of the token endpoint of %s is %lld s ahead of this machine's: times cannot be trusted; set this "
        "machine's clock by NTP, or ask them to set theirs",
        token->base, (long long)token->clock_offset);
}

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct gw_token *token = ctx;
    const int status = token->response.status;
    struct gw_error err = {0};
    bool again = false;

    note_trouble(token, failure);
    if (failure) {
        land(token, failure);
        return;
    }
    learn_offset(token);
    if (llabs(token->clock_offset) > OFFSET_MOST_S)
        refuse_clock(token, &err);
    else if ((status == 400 || status == 401 || status == 403) && !gw_http_wants_certificate(&token->response))
        again = refused(token, &err);
    else if (gw_http_verdict(&token->response, token->url.at, &err) == GW_OK)
        take_token(token, &err);
    if (again)
        return;
    OPENSSL_cleanse(token->response.body.at, token->response.body.length);
    land(token, err.status == GW_OK ? NULL : &err);
}

static struct assertion assertion_of(const struct gw_token *token)
{
    return (struct assertion){.key = token->keys[token->signer],
                              .client_id = token->client_id,
                              .token_url = token->url.at,
                              .scopes = (const char *const *)token->scopes,
                              .scope_count = token->scope_count,
                              .utc = token->clock->utc(token->clock->ctx) + token->clock_offset};
}

static enum gw_status ask(struct gw_token *token, struct gw_error *err)
{
    const struct gw_http_header headers[] = {{"Content-Type", "application/x-www-form-urlencoded"},
                                             {"Accept", "application/json"}};
    const struct assertion assertion = assertion_of(token);
    struct gw_text form = GW_TEXT_INIT(ASSERTION_FORM_MAX);
    struct gw_http_request request = {.method = "POST",
                                      .url = token->url.at,
                                      .headers = headers,
                                      .header_count = sizeof(headers) / sizeof(headers[0]),
                                      .max_bytes = ANSWER_MAX,
                                      .total_ms = ANSWER_MS};
    enum gw_status rc = assertion_form(&assertion, &form, err);

    request.body = (struct gw_slice){form.at, form.length};
    if (rc == GW_OK)
        rc = gw_http_start(token->http, &request, &token->response, on_answer, token, &token->call, err);
    OPENSSL_cleanse(form.at, form.length);
    gw_text_release(&form);
    return rc;
}

static void no_discovery(struct gw_token *token, struct gw_error *err)
{
    gw_fail(err, GW_EPROTO, where, "%s has no .well-known/smart-configuration: is this its FHIR base?", token->base);
    token->trouble.kind = GW_TROUBLE_DENIED;
}

static void on_discovered(void *ctx, const struct gw_error *failure)
{
    struct gw_token *token = ctx;
    struct gw_error err = {0};

    if (!failure && !waiters_any(&token->waiters)) { /* the last waiter went while this was on its way */
        gw_fail(&err, GW_ECANCELED, where, "cancelled");
        failure = &err;
    }
    note_trouble(token, failure);
    if (failure) {
        land(token, failure);
        return;
    }
    learn_offset(token);
    if (token->response.status == 404 || token->response.status == 410)
        no_discovery(token, &err);
    else if (gw_http_verdict(&token->response, token->base, &err) == GW_OK &&
             smart_read(&token->response.body, token->base, &token->url, &err) == GW_OK)
        ask(token, &err);
    if (err.status != GW_OK && token->trouble.kind == GW_TROUBLE_NONE)
        token->trouble.kind = err.status == GW_EPROTO ? GW_TROUBLE_AWAY : gw_trouble_of_failure(err.status);
    if (err.status != GW_OK)
        land(token, &err);
}

static enum gw_status discover(struct gw_token *token, struct gw_error *err)
{
    const struct gw_http_header header = {"Accept", "application/json"};
    struct gw_text url = GW_TEXT_INIT(GW_URL_MAX);
    struct gw_http_request request = {
        .headers = &header, .header_count = 1, .max_bytes = ANSWER_MAX, .total_ms = ANSWER_MS};
    enum gw_status rc;

    gw_text_print(&url, "%s/.well-known/smart-configuration", token->base);
    request.url = url.at;
    rc = gw_http_start(token->http, &request, &token->response, on_discovered, token, &token->call, err);
    gw_text_release(&url);
    return rc;
}

static void take_off(struct gw_token *token)
{
    struct gw_error err = {0};

    token->flying = true;
    token->flight_ms = now_ms(token);
    token->refusals = 0;
    if (token->signer == 1 && token->flight_ms >= token->anew_ms)
        use_key(token, 0);
    if ((token->url.length ? ask(token, &err) : discover(token, &err)) == GW_OK)
        return;
    token->trouble = (struct gw_token_trouble){.kind = gw_trouble_of_failure(err.status)};
    land(token, &err);
}

/* ---- asked for by others --------------------------------------------------------------------------------------- */

const char *gw_token_current(struct gw_token *token)
{
    return token->grant.value.length && now_ms(token) < token->renew_ms ? token->grant.value.at : NULL;
}

static void remembered_failure(struct gw_token *token, uint64_t id)
{
    const unsigned long long left_s = (token->quiet_until_ms - now_ms(token) + 999) / 1000;
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
    else if (!token->flying && now_ms(token) < token->quiet_until_ms)
        remembered_failure(token, id);
    else if (!token->flying)
        take_off(token);
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
    const uint64_t now = now_ms(token);

    if (!token->grant.value.length || strcmp(token->grant.value.at, refused) != 0)
        return;
    OPENSSL_cleanse(token->grant.value.at, token->grant.value.length);
    gw_text_clear(&token->grant.value);
    if (token->refused_before && now - token->refused_ms < QUIET_MS) {
        token->quiet_until_ms = token->refused_ms + QUIET_MS;
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

static void close_when_quiet(struct gw_token *token)
{
    uv_handle_t *later = (uv_handle_t *)&token->waiters.later;

    if (token->closing && !token->flying && !token->waiters.first && !uv_is_closing(later))
        uv_close(later, on_closed);
}

static void on_told(uv_timer_t *later)
{
    close_when_quiet(later->data);
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
