/*
 * Token answers are as various as servers: a life as text, bearer in any case, scopes of SMART v1 and v2, and a server
 * that answers 200 with a token good for nothing. Nothing of these bodies is repeated in a message but the error code.
 */
#include "net/grant.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/core/arena.h"
#include "gateway/core/json.h"
#include "gateway/net/url.h"

static const char where[] = "net.token";

enum { JSON_ARENA = 8 << 20, LIFE_UNKNOWN_S = 60, LIFE_LEAST_S = 5, LIFE_MOST_S = 86400, CODE_MAX = 40 };

void grant_release(struct grant *grant)
{
    OPENSSL_cleanse(grant->value.at, grant->value.length);
    gw_text_release(&grant->value);
    gw_text_release(&grant->scope);
}

enum gw_status smart_read(const struct gw_text *body, const char *base, struct gw_text *token_url, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(JSON_ARENA);
    const cJSON *json = NULL;
    const char *url = NULL;
    enum gw_status rc = gw_json_parse(&arena, body->at, body->length, NULL, &json, NULL, NULL);

    if (rc == GW_OK)
        url = gw_json_string(json, "token_endpoint");
    if (!url || !*url)
        rc = gw_fail(err, GW_EPROTO, where,
                     "%s/.well-known/smart-configuration names no token_endpoint: ask whether Backend Services is on",
                     base);
    else if (gw_url_trusted(url, NULL) != GW_OK ||
             (strncasecmp(base, "https:", 6) == 0 && strncasecmp(url, "https:", 6) != 0))
        rc = gw_fail(err, GW_EPROTO, where, "the token_endpoint of %s is not https: nothing was sent to it", base);
    else
        gw_text_add(token_url, url);
    gw_arena_release(&arena);
    return rc;
}

/* ---- scopes ---------------------------------------------------------------------------------------------------- */

struct scope {
    const char *start;
    size_t subject; /* length of "system/" */
    const char *resource;
    size_t resource_length;
    const char *actions;
    size_t actions_length;
    const char *filter; /* "?category=..." */
    size_t filter_length;
};

/* false: not of the form subject/resource.actions */
static bool scope_split(const char *text, size_t length, struct scope *out)
{
    const char *slash = memchr(text, '/', length);
    const char *question = memchr(text, '?', length);
    const char *end = question ? question : text + length;
    const char *dot = slash && slash < end ? memrchr(slash, '.', (size_t)(end - slash)) : NULL;

    if (!dot)
        return false;
    out->start = text;
    out->subject = (size_t)(slash + 1 - text);
    out->resource = slash + 1;
    out->resource_length = (size_t)(dot - out->resource);
    out->actions = dot + 1;
    out->actions_length = (size_t)(end - out->actions);
    out->filter = end;
    out->filter_length = (size_t)(text + length - end);
    return true;
}

static bool same(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && memcmp(a, b, a_length) == 0;
}

/* The letters of SMART v2 that the words of v1 stand for. */
static const char *letters(const struct scope *scope, char own[8])
{
    if (same(scope->actions, scope->actions_length, "read", 4))
        return "rs";
    if (same(scope->actions, scope->actions_length, "write", 5))
        return "cud";
    if (same(scope->actions, scope->actions_length, "*", 1))
        return "cruds";
    memset(own, 0, 8);
    memcpy(own, scope->actions, scope->actions_length < 7 ? scope->actions_length : 7);
    return own;
}

static bool is_every_type(const struct scope *scope)
{
    return same(scope->resource, scope->resource_length, "*", 1);
}

static bool gives(const struct scope *give, const struct scope *want)
{
    char own[2][8];

    if (!same(give->start, give->subject, want->start, want->subject))
        return false;
    if (!same(give->resource, give->resource_length, want->resource, want->resource_length) && !is_every_type(give))
        return false;
    if (give->filter_length && !same(give->filter, give->filter_length, want->filter, want->filter_length))
        return false;
    return strspn(letters(want, own[0]), letters(give, own[1])) == strlen(letters(want, own[0]));
}

bool scope_covers(const char *granted, size_t granted_length, const char *wanted)
{
    struct scope give, want;

    if (same(granted, granted_length, wanted, strlen(wanted)))
        return true;
    return scope_split(granted, granted_length, &give) && scope_split(wanted, strlen(wanted), &want) &&
           gives(&give, &want);
}

/* The next of several scopes, separated by blanks; false: that was the last. */
static bool next_scope(const char **at, struct gw_slice *out)
{
    *at += strspn(*at, " ");
    *out = (struct gw_slice){*at, strcspn(*at, " ")};
    *at += out->length;
    return out->length > 0;
}

bool scopes_cover(const char *scopes, const char *wanted)
{
    struct gw_slice one;

    while (next_scope(&scopes, &one))
        if (scope_covers(one.at, one.length, wanted))
            return true;
    return false;
}

/* Of a scope for every type what it asks of one. */
static bool give_type(const char *granted, struct scope want, const char *type, size_t length)
{
    struct gw_slice one;
    struct scope give;

    want.resource = type;
    want.resource_length = length;
    while (next_scope(&granted, &one))
        if (scope_split(one.at, one.length, &give) && gives(&give, &want))
            return true;
    return false;
}

const char *scopes_lacking(const char *granted, const char *const *wanted, size_t count, const char *type)
{
    const size_t length = strlen(type);
    struct scope want;

    for (size_t i = 0; i < count; i++)
        if (scope_split(wanted[i], strlen(wanted[i]), &want) &&
            (is_every_type(&want) || same(want.resource, want.resource_length, type, length)) &&
            !give_type(granted, want, type, length))
            return wanted[i];
    return NULL;
}

/* Does one of the granted scopes give a part of a wanted one: a type of all? */
static bool give_part(const char *granted, const char *wanted)
{
    const char *at = granted;
    struct scope give, want;
    struct gw_slice one;

    if (scopes_cover(granted, wanted))
        return true;
    if (!scope_split(wanted, strlen(wanted), &want) || !is_every_type(&want))
        return false;
    while (next_scope(&at, &one))
        if (scope_split(one.at, one.length, &give) && give_type(granted, want, give.resource, give.resource_length))
            return true;
    return false;
}

/* A token that is good for something is used for that; of what else was wanted, whoever asks for it is told. */
static enum gw_status check_scopes(const char *granted, const char *const *wanted, size_t count, struct gw_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (granted && give_part(granted, wanted[i]))
            return GW_OK;
    return scope_missing(NULL, wanted[0], err);
}

enum gw_status scope_missing(const char *type, const char *scope, struct gw_error *err)
{
    return gw_fail(err, GW_EDENIED, where,
                   "%s%sthe server gave a token without the scope %s: ask its administrator to grant it to this client",
                   type ? type : "", type ? ": " : "", scope);
}

/* ---- tokens ---------------------------------------------------------------------------------------------------- */

/* A token goes out in a header: anything but visible ASCII there could become a header of its own. */
static bool is_sendable(const char *token)
{
    if (!token || !*token || strlen(token) > 16384)
        return false;
    for (const char *at = token; *at; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return true;
}

/* Absent, zero, negative or unreadable means unknown: a short life is assumed. */
static int64_t life_of(const cJSON *json)
{
    const char *text = gw_json_number(json, "expires_in");
    long long life;

    if (!text)
        text = gw_json_string(json, "expires_in");
    life = text ? strtoll(text, NULL, 10) : 0;
    if (life <= 0)
        return LIFE_UNKNOWN_S;
    return life > LIFE_MOST_S ? LIFE_MOST_S : (int64_t)life;
}

static enum gw_status read_token(const cJSON *json, struct grant *out, struct gw_error *err)
{
    const char *token = gw_json_string(json, "access_token"), *type = gw_json_string(json, "token_type");

    if (!is_sendable(token))
        return gw_fail(err, GW_EPROTO, where,
                       "the token endpoint answered 200 without a usable access_token (missing, over 16 KiB, or with "
                       "characters that cannot be sent)");
    if (!type || strcasecmp(type, "bearer") != 0)
        return gw_fail(err, GW_EPROTO, where, "the token endpoint gave a token that is not of type bearer");
    out->life_s = life_of(json);
    if (out->life_s < LIFE_LEAST_S)
        return gw_fail(err, GW_EPROTO, where,
                       "the server's tokens live %lld s: too short to work with; ask its administrator for 300 s",
                       (long long)out->life_s);
    gw_text_add(&out->value, token);
    gw_text_add(&out->scope, gw_json_string(json, "scope"));
    return out->value.failed ? gw_fail(err, GW_ENOMEM, where, "no memory for a token") : GW_OK;
}

enum gw_status grant_read(const struct gw_text *body, const char *const *wanted, size_t count, struct grant *out,
                          struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(JSON_ARENA);
    const cJSON *json = NULL;
    enum gw_status rc;

    if (gw_json_parse(&arena, body->at, body->length, NULL, &json, NULL, NULL) != GW_OK)
        rc = gw_fail(err, GW_EPROTO, where, "the token endpoint answered 200 with something that is not JSON");
    else
        rc = read_token(json, out, err);
    if (rc == GW_OK)
        rc = check_scopes(gw_json_string(json, "scope"), wanted, count, err);
    gw_arena_release(&arena);
    return rc;
}

/* ---- refusals -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *code;
    const char *advice;
} refusals[] = {
    {"invalid_client", "is this client id registered there, with the public half of this key?"},
    {"invalid_grant", "is the public half of this key registered, and is this machine's clock right?"},
    {"invalid_scope", "ask its administrator which scopes this client may have"},
    {"unauthorized_client", "ask its administrator to allow client_credentials for this client"},
    {"unsupported_grant_type", "ask its administrator to allow client_credentials"},
};

static const char no_code[] = "no error code";

/* The error code if it looks like one: it is the server's text and may hold anything. */
static void read_code(const struct gw_text *body, char code[CODE_MAX])
{
    struct gw_arena arena = GW_ARENA_INIT(JSON_ARENA);
    const cJSON *json = NULL;
    const char *text = NULL;

    if (gw_json_parse(&arena, body->at, body->length, NULL, &json, NULL, NULL) == GW_OK)
        text = gw_json_string(json, "error");
    if (!text || !*text || strlen(text) >= CODE_MAX || strspn(text, "abcdefghijklmnopqrstuvwxyz_") != strlen(text))
        text = no_code;
    memcpy(code, text, strlen(text) + 1);
    gw_arena_release(&arena);
}

enum gw_status grant_refused(const struct gw_text *body, int status, const char *client_id, struct gw_error *err)
{
    const char *advice = "ask its administrator";
    char code[CODE_MAX];

    read_code(body, code);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (strcmp(refusals[i].code, code) == 0)
            advice = refusals[i].advice;
    return gw_fail(err, GW_EDENIED, where, "the token endpoint refused client \"%s\" (%d, %s): %s", client_id, status,
                   code, advice);
}

enum gw_trouble grant_trouble(const struct gw_text *body, int status)
{
    char code[CODE_MAX];

    read_code(body, code);
    return status == 401 && strcmp(code, no_code) == 0 ? GW_TROUBLE_UNAUTHORIZED : GW_TROUBLE_DENIED;
}

bool grant_doubts_key(const struct gw_text *body, int status)
{
    char code[CODE_MAX];

    read_code(body, code);
    return strcmp(code, "invalid_client") == 0 || strcmp(code, "invalid_grant") == 0 ||
           (strcmp(code, no_code) == 0 && status != 403);
}
