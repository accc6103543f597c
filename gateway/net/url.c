/*
 * The URL gate. libcurl's own parser reads the URLs, because it is the one that will act on them: a gate that reads an
 * address otherwise than the client behind it is no gate. What libcurl forgives (one slash, an empty user, a host in
 * percent escapes) is refused before it is asked.
 */
#include "gateway/net/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char where[] = "net.url";

struct origin {
    bool https;
    char host[256];
    char port[8];
};

struct gw_gate {
    char *base;              /* without last slash */
    char *described;         /* "https://fhir.example.org:8443" */
    size_t count;            /* of origins */
    struct origin origins[]; /* the endpoint's own comes first */
};

/* ---- one URL --------------------------------------------------------------------------------------------------- */

static const char *after_scheme(const char *url)
{
    if (strncasecmp(url, "https://", 8) == 0)
        return url + 8;
    return strncasecmp(url, "http://", 7) == 0 ? url + 7 : NULL;
}

/* Bytes that no reference may hold, wherever they stand. NULL when there is nothing to say. */
static const char *oddity(const char *reference)
{
    if (!*reference)
        return "is empty";
    if (strnlen(reference, GW_URL_MAX + 1) > GW_URL_MAX)
        return "is longer than 16 KiB";
    for (const unsigned char *at = (const unsigned char *)reference; *at; at++) {
        if (*at <= ' ' || *at == 0x7f)
            return "holds a blank or a control character";
        if (*at == '#')
            return "holds a fragment (#)";
    }
    return NULL;
}

/* What else is wrong with an absolute URL as far as its authority goes. */
static const char *authority_oddity(const char *url)
{
    const char *authority = after_scheme(url);

    if (!authority)
        return "does not start with https://";
    if (strchr("/?", *authority)) /* the end of the text too */
        return "names no host";
    for (const char *at = authority; *at && !strchr("/?", *at); at++) {
        if (*at == '@')
            return "holds a user name or password";
        if (*at == '\\' || *at == '%' || !isascii((unsigned char)*at))
            return "has a host with characters that do not belong in one";
    }
    return NULL;
}

static bool part(CURLU *parsed, CURLUPart what, char *out, size_t size)
{
    char *text = NULL;
    bool fits = curl_url_get(parsed, what, &text, CURLU_DEFAULT_PORT) == CURLUE_OK && strlen(text) < size;

    if (fits)
        memcpy(out, text, strlen(text) + 1);
    curl_free(text);
    return fits;
}

/* Read the origin of an absolute URL; NULL, or what is wrong with it. */
static const char *origin_read(const char *url, struct origin *out)
{
    const char *odd = oddity(url);
    CURLU *parsed;
    char scheme[8];

    if (!odd)
        odd = authority_oddity(url);
    if (odd)
        return odd;
    parsed = curl_url();
    if (!parsed)
        return "cannot be read: out of memory";
    if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER | CURLU_PATH_AS_IS) != CURLUE_OK ||
        !part(parsed, CURLUPART_SCHEME, scheme, sizeof(scheme)) ||
        !part(parsed, CURLUPART_HOST, out->host, sizeof(out->host)) ||
        !part(parsed, CURLUPART_PORT, out->port, sizeof(out->port)))
        odd = "has no readable host or port";
    else
        out->https = strcasecmp(scheme, "https") == 0;
    curl_url_cleanup(parsed);
    return odd;
}

static bool same_origin(const struct origin *a, const struct origin *b)
{
    return a->https == b->https && strcasecmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0;
}

static bool is_loopback(const struct origin *origin)
{
    struct in_addr v4;

    if (strcasecmp(origin->host, "localhost") == 0 || strcmp(origin->host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, origin->host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

enum gw_status gw_url_trusted(const char *url, struct gw_error *err)
{
    struct origin origin;
    const char *odd = origin_read(url, &origin);

    if (odd)
        return gw_fail(err, GW_EPROTO, where, "the URL %s", odd);
    if (!origin.https && !is_loopback(&origin))
        return gw_fail(err, GW_EPROTO, where, "%s is plain http: only https may carry secrets", origin.host);
    return GW_OK;
}

/* ---- the gate -------------------------------------------------------------------------------------------------- */

static void describe_origin(const struct origin *origin, struct gw_text *out)
{
    bool usual = strcmp(origin->port, origin->https ? "443" : "80") == 0;

    gw_text_print(out, "%s://%s%s%s", origin->https ? "https" : "http", origin->host, usual ? "" : ":",
                  usual ? "" : origin->port);
}

static enum gw_status read_base(struct gw_gate *gate, const char *base, struct gw_error *err)
{
    const char *odd = origin_read(base, &gate->origins[0]);
    size_t length = strlen(base);
    struct gw_text described = GW_TEXT_INIT(512);

    if (odd)
        return gw_fail(err, GW_ECONFIG, where, "the endpoint's base %s: correct \"base\"", odd);
    if (strchr(base, '?'))
        return gw_fail(err, GW_ECONFIG, where, "the endpoint's base holds a query: correct \"base\"");
    if (!gate->origins[0].https && !is_loopback(&gate->origins[0]))
        return gw_fail(err, GW_ECONFIG, where, "the endpoint's base is plain http on %s: use https",
                       gate->origins[0].host);
    while (length > 0 && base[length - 1] == '/')
        length--;
    gate->base = strndup(base, length);
    describe_origin(&gate->origins[0], &described);
    gate->described = described.failed ? NULL : described.at;
    return gate->base && gate->described ? GW_OK : gw_fail(err, GW_ENOMEM, where, "out of memory");
}

static enum gw_status read_allowed(struct gw_gate *gate, const char *const *allowed, size_t count, struct gw_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct origin *origin = &gate->origins[1 + i];
        const char *odd = origin_read(allowed[i], origin);
        const char *path = odd ? NULL : strpbrk(after_scheme(allowed[i]), "/?");

        if (odd)
            return gw_fail(err, GW_ECONFIG, where, "entry %zu of \"allow_origins\" %s", i + 1, odd);
        if (path && strcmp(path, "/") != 0)
            return gw_fail(err, GW_ECONFIG, where, "entry %zu of \"allow_origins\" holds a path: name the origin only",
                           i + 1);
        if (!origin->https && (gate->origins[0].https || !is_loopback(origin)))
            return gw_fail(err, GW_ECONFIG, where, "entry %zu of \"allow_origins\" is plain http: use https", i + 1);
        gate->count++;
    }
    return GW_OK;
}

enum gw_status gw_gate_new(const char *base, const char *const *allow_origins, size_t count, struct gw_gate **out,
                           struct gw_error *err)
{
    struct gw_gate *gate = calloc(1, sizeof(*gate) + (1 + count) * sizeof(gate->origins[0]));
    enum gw_status rc;

    if (!gate)
        return gw_fail(err, GW_ENOMEM, where, "out of memory");
    gate->count = 1;
    rc = read_base(gate, base, err);
    if (rc == GW_OK)
        rc = read_allowed(gate, allow_origins, count, err);
    if (rc == GW_OK)
        *out = gate;
    else
        gw_gate_free(gate);
    return rc;
}

void gw_gate_free(struct gw_gate *gate)
{
    if (!gate)
        return;
    free(gate->base);
    free(gate->described);
    free(gate);
}

const char *gw_gate_base(const struct gw_gate *gate)
{
    return gate->base;
}

const char *gw_gate_origin(const struct gw_gate *gate)
{
    return gate->described;
}

enum gw_status gw_gate_check(const struct gw_gate *gate, const char *url, bool *own, struct gw_error *err)
{
    struct origin origin;
    const char *odd = origin_read(url, &origin);

    if (odd)
        return gw_fail(err, GW_EPROTO, where, "a link of %s %s: not followed", gate->described, odd);
    for (size_t i = 0; i < gate->count; i++)
        if (same_origin(&origin, &gate->origins[i])) {
            if (own)
                *own = i == 0;
            return GW_OK;
        }
    return gw_fail(err, GW_EPROTO, where,
                   "a link of %s leads to %s://%s:%s: not followed; if that is theirs, add it to \"allow_origins\"",
                   gate->described, origin.https ? "https" : "http", origin.host, origin.port);
}

/* ---- links ----------------------------------------------------------------------------------------------------- */

/* Does the link start with the authority of the request, its scheme left out? */
static bool lacks_only_scheme(const char *request_url, const char *link)
{
    const char *authority = after_scheme(request_url);
    size_t length = authority ? strcspn(authority, "/?") : 0;

    return length && strncasecmp(link, authority, length) == 0 && (link[length] == '/' || link[length] == '?');
}

static bool has_scheme(const char *link)
{
    size_t length = strcspn(link, ":/?");

    return isalpha((unsigned char)link[0]) && link[length] == ':';
}

static enum gw_status resolve_relative(const char *request_url, const char *link, struct gw_text *out,
                                       struct gw_error *err)
{
    CURLU *parsed = curl_url();
    char *whole = NULL;
    enum gw_status rc = GW_OK;

    if (!parsed || curl_url_set(parsed, CURLUPART_URL, request_url, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_set(parsed, CURLUPART_URL, link, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_get(parsed, CURLUPART_URL, &whole, 0) != CURLUE_OK)
        rc = gw_fail(err, GW_EPROTO, where, "a relative link cannot be resolved: not followed");
    else
        gw_text_add(out, whole);
    curl_free(whole);
    curl_url_cleanup(parsed);
    return rc;
}

enum gw_status gw_gate_resolve(const struct gw_gate *gate, const char *request_url, const char *link,
                               struct gw_text *out, struct gw_error *err)
{
    const char *from = request_url ? request_url : gate->base;
    const char *odd = oddity(link);
    enum gw_status rc = GW_OK;

    gw_text_clear(out);
    if (odd)
        return gw_fail(err, GW_EPROTO, where, "a link of %s %s: not followed", gate->described, odd);
    if (lacks_only_scheme(from, link)) {
        gw_text_append(out, from, (size_t)(after_scheme(from) - from));
        gw_text_add(out, link);
    } else if (has_scheme(link)) {
        gw_text_add(out, link);
    } else {
        rc = resolve_relative(from, link, out, err);
    }
    if (rc == GW_OK && out->failed)
        rc = gw_fail(err, GW_EPROTO, where, "a link of %s is longer than 16 KiB: not followed", gate->described);
    return rc == GW_OK ? gw_gate_check(gate, out->at, NULL, err) : rc;
}

enum gw_status gw_gate_join(const struct gw_gate *gate, const char *rest, struct gw_text *out, struct gw_error *err)
{
    gw_text_clear(out);
    gw_text_print(out, "%s/%s", gate->base, rest);
    if (out->failed || out->length > GW_URL_MAX)
        return gw_fail(err, GW_ENOMEM, where, "a request to %s would be longer than 16 KiB", gate->described);
    return GW_OK;
}

/* ---- for messages ---------------------------------------------------------------------------------------------- */

/* Resource types start with one capital and hold letters only; ids seldom do, and the first such segment ends it. */
static bool is_type(const char *segment, size_t length)
{
    if (length < 4 || !isupper((unsigned char)segment[0]) || !islower((unsigned char)segment[1]))
        return false;
    for (size_t i = 2; i < length; i++)
        if (!isalpha((unsigned char)segment[i]))
            return false;
    return true;
}

/* The length of the path up to its resource type, 0 when it has none. */
static size_t telling_length(const char *path)
{
    for (const char *at = path; *at == '/';) {
        size_t length = strcspn(++at, "/?#");

        if (is_type(at, length))
            return (size_t)(at - path) + length;
        at += length;
    }
    return 0;
}

void gw_url_describe(const char *url, char *out, size_t size)
{
    const char *host = strstr(url, "://");
    const char *user;
    size_t length, telling;

    host = host ? host + 3 : url;
    length = strcspn(host, "/?#");
    user = memrchr(host, '@', length);
    if (user) {
        length -= (size_t)(user + 1 - host);
        host = user + 1;
    }
    telling = telling_length(host + length);
    snprintf(out, size, "%s://%.*s%.*s%s", strncasecmp(url, "http:", 5) == 0 ? "http" : "https",
             (int)(length < 255 ? length : 255), host, (int)(telling < 255 ? telling : 255), host + length,
             strlen(host + length + telling) > 1 ? "/..." : "");
}
