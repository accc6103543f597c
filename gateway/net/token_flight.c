/*
 * The request for a token that is under way, and what its answer means.
 *
 *      take off ──> discover ──> ask ──> keep ──> land
 *                       └─ known ─┘└─ the other key, once
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <time.h>

#include "net/assertion.h"
#include "net/token_parts.h"

static const char where[] = "net.token";

enum {
    ANSWER_MAX = 256 * 1024,
    ANSWER_MS = 60000,
    OFFSET_LEAST_S = 60, /* below, both clocks count as right */
    OFFSET_MOST_S = 300, /* beyond, whose clock is wrong is for a person to say */
    ANEW_MS = 3600000,
    SPARE_LEAST_MS = 30000, /* of a life, unless that is more than half of it */
};

/* The flight is over: everyone who waits learns how. A failure is remembered for a minute, for two when both keys
 * were refused; a cancelled flight is none. */
static void land(struct gw_token *token, const struct gw_error *failure)
{
    token->flying = false;
    gw_http_response_clear(&token->response);
    if (failure && failure->status == GW_ECANCELED) {
        if (waiters_any(&token->waiters) && !token->closing)
            token_take_off(token); /* someone came after the last waiter had gone */
        token_close_when_quiet(token);
        return;
    }
    if (failure) {
        token->remembered = *failure;
        token->quiet_until_ms = token->flight_ms + TOKEN_QUIET_MS * (token->refusals > 1 ? token->refusals : 1);
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
        token->renew_ms = token_now_ms(token) + usable_ms(grant.life_s);
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
        token->anew_ms = token_now_ms(token) + ANEW_MS;
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

void token_take_off(struct gw_token *token)
{
    struct gw_error err = {0};

    token->flying = true;
    token->flight_ms = token_now_ms(token);
    token->refusals = 0;
    if (token->signer == 1 && token->flight_ms >= token->anew_ms)
        use_key(token, 0);
    if ((token->url.length ? ask(token, &err) : discover(token, &err)) == GW_OK)
        return;
    token->trouble = (struct gw_token_trouble){.kind = gw_trouble_of_failure(err.status)};
    land(token, &err);
}
