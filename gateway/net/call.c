/*
 * A request becomes a transfer of libcurl's, and what libcurl says at its end an answer or a failure.
 */
#include "net/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/blame.h"

static const char where[] = "net.http";

enum { STALL_BYTES_S = 1024 };

void call_free(struct call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    answer_release(&call->answer);
    free(call->body);
    free(call);
}

/* ---- its end ----------------------------------------------------------------------------------------------------- */

/* The base itself, or one of its links. */
static enum gw_status blame_address(const struct call *call, struct gw_error *err)
{
    const bool base = strcasecmp(call->host, call->client->egress.base) == 0;

    call->answer.response->trouble = base ? GW_TROUBLE_DENIED : GW_TROUBLE_REFUSED;
    return gw_fail(err, GW_EPROTO, where,
                   "the name %s leads to the address %s, which the hosts of this endpoint do not have: not asked; if "
                   "that is right, set \"allow_private\" to true",
                   call->host, call->door.refused);
}

/* libcurl calls an answer that ended in its head a good one, and a header line beyond its own limit a lack of memory.
 */
static enum gw_status blame_head(const struct call *call, CURLcode code, struct gw_error *err)
{
    if (code == CURLE_OK)
        return gw_fail(err, GW_ERETRY, where, "%s: the connection ended in the head of the answer", call->described);
    return gw_fail(err, GW_EPROTO, where, "%s: a header line larger than 64 KiB; the answer was not used",
                   call->described);
}

static enum gw_trouble blame_call(const struct call *call, CURLcode code, struct gw_error *err)
{
    const enum gw_status status = blame(call->easy, code, call->described, call->host, call->detail, err);
    long proxied = 0;

    curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &proxied);
    return blame_trouble(code, status, proxied);
}

void call_judge(struct call *call, CURLcode code)
{
    struct gw_error *err = &call->failure;
    const bool known = call->answer.head_done, begun = call->answer.heads > 0;

    if (call->answer.err.status != GW_OK)
        *err = call->answer.err;
    else if (!known && (code == CURLE_OK || (begun && code == CURLE_OUT_OF_MEMORY)))
        blame_head(call, code, err);
    else if (code == CURLE_OK || (known && code == CURLE_PARTIAL_FILE))
        answer_finish(&call->answer, code != CURLE_OK, err);
    else if (code == CURLE_COULDNT_CONNECT && call->door.refused[0])
        blame_address(call, err);
    else
        call->answer.response->trouble = blame_call(call, code, err);
}

/* ---- its beginning ----------------------------------------------------------------------------------------------- */

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    return answer_header(ctx, bytes, size * count) ? size * count : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    return answer_body(ctx, bytes, size * count) ? size * count : 0;
}

static bool add_header(struct call *call, const char *line)
{
    struct curl_slist *longer = curl_slist_append(call->headers, line);

    if (longer)
        call->headers = longer;
    return longer != NULL;
}

static enum gw_status set_headers(struct call *call, const struct gw_http_request *request, struct gw_error *err)
{
    bool fine = add_header(call, "Accept-Encoding: gzip") && add_header(call, "Expect:");

    for (size_t i = 0; fine && i < request->header_count; i++) {
        const struct gw_http_header *header = &request->headers[i];
        struct gw_text line = GW_TEXT_INIT(64 * 1024);

        if (strpbrk(header->name, "\r\n: ") || strpbrk(header->value, "\r\n"))
            return gw_fail(err, GW_EPROTO, where, "%s: a header with a line break was not sent", call->described);
        gw_text_print(&line, "%s: %s", header->name, header->value);
        fine = !line.failed && add_header(call, line.at);
        gw_text_release(&line);
    }
    if (!fine)
        return gw_fail(err, GW_ENOMEM, where, "%s: no memory for the request", call->described);
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
    return GW_OK;
}

static enum gw_status set_method(struct call *call, const struct gw_http_request *request, struct gw_error *err)
{
    const char *method = request->method ? request->method : "GET";

    if (request->body.length > 0 || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
        call->body = malloc(request->body.length + 1);
        if (!call->body)
            return gw_fail(err, GW_ENOMEM, where, "%s: no memory for the request", call->described);
        if (request->body.length)
            memcpy(call->body, request->body.at, request->body.length);
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body);
    }
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(call->easy, CURLOPT_NOBODY, 1L);
    else if (strcmp(method, "GET") != 0 && strcmp(method, "POST") != 0)
        curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, method);
    return GW_OK;
}

static bool proxy_speaks_tls(const struct client *client)
{
    return client->proxy && strncasecmp(client->proxy, "https:", 6) == 0;
}

static void set_limits(const struct gw_http_request *request, CURL *easy)
{
    const unsigned connect_ms = request->connect_ms ? request->connect_ms : GW_HTTP_CONNECT_MS;
    const unsigned stall_s = request->stall_s ? request->stall_s : GW_HTTP_STALL_S;
    const unsigned total_ms = request->total_ms ? request->total_ms : GW_HTTP_TOTAL_MS;

    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)total_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_S);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)stall_s);
}

static enum gw_status set_options(struct call *call, const struct gw_http_request *request, struct gw_error *err)
{
    const struct client *client = call->client;
    CURL *easy = call->easy;
    enum gw_status rc = GW_OK;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->detail);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* cancelling must not wait for a slow resolver's thread */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "casement/" GATEWAY_VERSION);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_PROXY, client->proxy ? client->proxy : ""); /* "" shuts out the environment's */
    /* Plain http is for this machine alone: its token never travels to a proxy. */
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "localhost,127.0.0.0/8,::1");
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &call->answer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &call->answer);
    set_limits(request, easy);
    tls_apply(&client->tls, easy, proxy_speaks_tls(client) ? NULL : call->host);
    if (!client->proxy)
        egress_guard(&call->door, easy);
    rc = set_method(call, request, err);
    if (rc == GW_OK)
        rc = set_headers(call, request, err);
    /* path as is: the bytes of a link are the server's business */
    if (rc == GW_OK && (curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) != CURLE_OK ||
                        curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK))
        rc = gw_fail(err, GW_ENOMEM, where, "%s: no memory for the request", call->described);
    return rc;
}

void call_read_host(const char *url, char host[HOST_MAX])
{
    CURLU *parsed = curl_url();
    char *text = NULL;

    if (parsed && curl_url_set(parsed, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &text, 0) == CURLUE_OK)
        snprintf(host, HOST_MAX, "%s", text);
    else
        snprintf(host, HOST_MAX, "the server");
    curl_free(text);
    curl_url_cleanup(parsed);
}

enum gw_status call_new(struct client *client, const struct gw_http_request *request, struct gw_http_response *response,
                        struct call **out, struct gw_error *err)
{
    struct call *call = calloc(1, sizeof(*call));
    enum gw_status rc;

    if (!call)
        return gw_fail(err, GW_ENOMEM, where, "no memory for a request");
    call->client = client;
    call->door = (struct egress_door){.egress = &client->egress, .host = call->host};
    gw_url_describe(request->url, call->described, sizeof(call->described));
    call_read_host(request->url, call->host);
    answer_init(&call->answer, request, response, call->described);
    call->easy = curl_easy_init();
    rc = call->easy ? set_options(call, request, err) : gw_fail(err, GW_ENOMEM, where, "no memory for a request");
    if (rc == GW_OK)
        *out = call;
    else
        call_free(call);
    return rc;
}
