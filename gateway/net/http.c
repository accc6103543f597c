/*
 * What is true of HTTP whoever carries it: answers, the meaning of a status, when to come back.
 */
#include "gateway/net/http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char where[] = "net.http";

enum { RETRY_MAX_S = 86400 };

enum gw_status gw_http_start(struct gw_http *http, const struct gw_http_request *request,
                             struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                             struct gw_error *err)
{
    gw_http_response_clear(response);
    return http->start(http, request, response, done, ctx, call, err);
}

void gw_http_cancel(struct gw_http *http, uint64_t call)
{
    http->cancel(http, call);
}

void gw_http_free(struct gw_http *http)
{
    if (http)
        http->free(http);
}

void gw_http_response_clear(struct gw_http_response *response)
{
    struct gw_text location = response->location, content_location = response->content_location, body = response->body;

    gw_text_clear(&location);
    gw_text_clear(&content_location);
    gw_text_clear(&body);
    *response = (struct gw_http_response){.location = location, .content_location = content_location, .body = body};
}

void gw_http_response_release(struct gw_http_response *response)
{
    gw_text_release(&response->location);
    gw_text_release(&response->content_location);
    gw_text_release(&response->body);
    *response = (struct gw_http_response)GW_HTTP_RESPONSE_INIT;
}

bool gw_http_is_json(const struct gw_http_response *response)
{
    static const char *const types[] = {"application/fhir+json", "application/json", "application/json+fhir"};
    const size_t length = strcspn(response->content_type, "; \t");

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strlen(types[i]) == length && strncasecmp(response->content_type, types[i], length) == 0)
            return true;
    return false;
}

static const char *advice(int status)
{
    switch (status) {
    case 401:
        return "the token was refused; ask them whether this client is registered and allowed";
    case 403:
        return "this client may not read that; ask them for the scope";
    case 407:
        return "the proxy wants credentials";
    case 429:
    case 503:
        return "it is busy; it will be asked again later";
    default:
        return status >= 300 && status < 400 ? "it sends us elsewhere; correct the address" : "see the server's log";
    }
}

static enum gw_status meaning(int status)
{
    if (status >= 200 && status < 300)
        return GW_OK;
    if (status == 401 || status == 403 || status == 407)
        return GW_EDENIED;
    if (status == 408 || status == 425 || status == 429)
        return GW_ERETRY;
    return status >= 500 && status != 501 && status != 505 ? GW_ERETRY : GW_EPROTO;
}

bool gw_http_wants_certificate(const struct gw_http_response *response)
{
    return response->status == 400 && response->body.at && !gw_http_is_json(response) &&
           memmem(response->body.at, response->body.length, "SSL certificate", strlen("SSL certificate"));
}

enum gw_status gw_http_verdict(const struct gw_http_response *response, const char *url, struct gw_error *err)
{
    enum gw_status rc = meaning(response->status);
    char described[256];

    if (rc == GW_OK)
        return GW_OK;
    gw_url_describe(url, described, sizeof(described));
    if (gw_http_wants_certificate(response))
        return gw_fail(err, GW_EDENIED, where,
                       "%s answered 400: it wants a client certificate it knows; check \"tls\": {\"cert\": ..., "
                       "\"key\": ...}",
                       described);
    return gw_fail(err, rc, where, "%s answered %d: %s", described, response->status, advice(response->status));
}

/* Seconds until an instant, or the seconds themselves. 0: not a number. */
static int64_t wait_of_number(const char *value, int64_t now)
{
    char *end;
    int64_t number = strtoll(value, &end, 10);

    if (*end == '.' && isdigit((unsigned char)end[1])) {
        number += strspn(end + 1, "0") < strspn(end + 1, "0123456789") && number >= 0; /* up: never too early */
        end += 1 + strspn(end + 1, "0123456789");
    }
    if (end[strspn(end, " \t")])
        return 0;
    if (number >= 100000000000) /* epoch milliseconds: later than 1973 in these, than year 5000 in seconds */
        number = number / 1000 - now;
    else if (number >= 1000000000) /* epoch seconds since 2001; as a wait it would be 31 years */
        number -= now;
    return number > 0 ? number : 1;
}

/* Seconds, or until a date; 0: unreadable. */
static int64_t wait_of(const char *value, int64_t now)
{
    time_t when;

    value += strspn(value, " \t");
    if (isdigit((unsigned char)value[0]) || (value[0] == '-' && isdigit((unsigned char)value[1])))
        return wait_of_number(value, now);
    when = isalpha((unsigned char)value[0]) ? curl_getdate(value, NULL) : -1;
    if (when == -1)
        return 0;
    return when > now ? when - now : 1;
}

int32_t gw_http_retry_after(const char *value, int64_t now)
{
    const int64_t wait = wait_of(value, now);

    return (int32_t)(wait > RETRY_MAX_S ? RETRY_MAX_S : wait);
}

bool gw_http_retry_is_longer(const char *value, int64_t now)
{
    return wait_of(value, now) > RETRY_MAX_S;
}

enum gw_trouble gw_http_trouble(const struct gw_http_response *response, const struct gw_error *failure)
{
    if (!failure && gw_http_wants_certificate(response))
        return GW_TROUBLE_TLS;
    if (!failure)
        return gw_trouble_of_status(response->status);
    return response->trouble != GW_TROUBLE_NONE ? response->trouble : gw_trouble_of_failure(failure->status);
}
