/*
 * The HTTP client over libcurl.
 *
 *      waiting ──> running ──> ended ──> done() ──> gone
 *         └───── cancel ────────┘
 *
 * Calls stand in one list in the order they came. Whatever ends one, its done comes from one place, the zero timer
 * `later`: so never inside the call that started or cancelled it, nor inside libcurl, and a done may start, cancel and
 * free as it likes. The client's own memory goes when its last handle is closed.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "gateway/net/http.h"
#include "net/answer.h"
#include "net/blame.h"
#include "net/carrier.h"
#include "net/egress.h"
#include "net/tls.h"

static const char where[] = "net.http";

enum { CONCURRENT = 4, STALL_BYTES_S = 1024, HOST_MAX = 256 };

enum state { WAITING, RUNNING, ENDED };

struct call {
    struct client *client;
    struct call *next;
    uint64_t id;
    enum state state;
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    struct answer answer;
    struct egress_door door;
    gw_http_done done;
    void *ctx;
    struct gw_error failure; /* GW_OK: none */
    char described[HOST_MAX];
    char host[HOST_MAX];
    char detail[CURL_ERROR_SIZE];
};

struct client {
    struct gw_http face; /* first: the face is the client */
    uv_loop_t *loop;
    struct carrier *carrier; /* NULL: nothing is carried */
    uv_timer_t later;
    uv_timer_t idle; /* until the carrier goes */
    unsigned open;   /* carriers, also such as are being closed, and timers */
    bool closing;
    struct call *calls; /* oldest first */
    unsigned running;
    unsigned concurrent;
    uint64_t last_id;
    struct tls tls;
    char *proxy;
    struct egress egress; /* met so far */
};

/* ---- the end of a call ----------------------------------------------------------------------------------------- */

static void call_free(struct call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    answer_release(&call->answer);
    free(call->body);
    free(call);
}

static void on_later(uv_timer_t *timer);

static void call_end(struct call *call)
{
    struct client *client = call->client;

    if (call->state == RUNNING) {
        client->running--;
        curl_multi_remove_handle(client->carrier->pump.multi, call->easy);
    }
    call->state = ENDED;
    uv_timer_start(&client->later, on_later, 0, 0);
}

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

static void judge(struct call *call, CURLcode code)
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
        call->answer.response->trouble =
            blame_trouble(code, blame(call->easy, code, call->described, call->host, call->detail, err));
}

static void run_waiting(struct client *client);

static void give_up(struct client *client)
{
    for (struct call *call = client->calls; call; call = call->next)
        if (call->state == RUNNING) {
            gw_fail(&call->failure, GW_ENOMEM, where, "%s: no memory for the request", call->described);
            call_end(call);
        }
}

static void on_turned(struct pump *pump, bool healthy)
{
    struct client *client = ((struct carrier *)pump)->ctx;
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(pump->multi, &left))) {
        struct call *call = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        judge(call, message->data.result);
        call_end(call);
    }
    if (!healthy)
        give_up(client);
    run_waiting(client);
}

static void part_closed(void *ctx);

static void drop_carrier(struct client *client)
{
    struct carrier *carrier = client->carrier;

    client->carrier = NULL;
    carrier_close(carrier);
}

static void on_idle(uv_timer_t *timer)
{
    drop_carrier(timer->data);
}

/* Nothing is left to carry; the connections are kept for what may come. */
static void rest(struct client *client)
{
    if (client->calls || !client->carrier)
        return;
    if (carrier_crowded())
        drop_carrier(client);
    else
        uv_timer_start(&client->idle, on_idle, CARRIER_LINGER_MS, 0);
}

static bool has_carrier(struct client *client)
{
    uv_timer_stop(&client->idle);
    if (client->carrier)
        return true;
    client->carrier = carrier_open(client->loop, on_turned, part_closed, client);
    if (client->carrier)
        client->open++;
    return client->carrier != NULL;
}

static bool carry(struct client *client, struct call *call)
{
    if (!has_carrier(client))
        return false;
    pump_adopt(&client->carrier->pump, call->easy);
    return curl_multi_add_handle(client->carrier->pump.multi, call->easy) == CURLM_OK;
}

static void run_waiting(struct client *client)
{
    for (struct call *call = client->calls; call && client->running < client->concurrent; call = call->next) {
        if (call->state != WAITING)
            continue;
        if (carry(client, call)) {
            call->state = RUNNING;
            client->running++;
        } else {
            gw_fail(&call->failure, GW_ENOMEM, where, "%s: no memory for the request", call->described);
            call_end(call);
        }
    }
}

static void client_close(struct client *client);

/* The oldest call that ended, taken out of the list. */
static struct call *take_ended(struct client *client)
{
    for (struct call **at = &client->calls; *at; at = &(*at)->next)
        if ((*at)->state == ENDED) {
            struct call *call = *at;

            *at = call->next;
            return call;
        }
    return NULL;
}

static void on_later(uv_timer_t *timer)
{
    struct client *client = timer->data;
    struct call *call;

    while ((call = take_ended(client))) {
        const gw_http_done done = call->done;
        void *const ctx = call->ctx;
        const struct gw_error failure = call->failure;

        call_free(call);
        done(ctx, failure.status == GW_OK ? NULL : &failure);
    }
    if (client->closing && !client->calls && client->open)
        client_close(client);
    else
        rest(client);
}

/* ---- a request becomes a transfer ------------------------------------------------------------------------------ */

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

static void read_host(const char *url, char host[HOST_MAX])
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

static enum gw_status client_start(struct gw_http *http, const struct gw_http_request *request,
                                   struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *id,
                                   struct gw_error *err)
{
    struct client *client = (struct client *)http;
    struct call **end = &client->calls, *call;
    enum gw_status rc;

    if (client->closing)
        return gw_fail(err, GW_ECANCELED, where, "no more requests: shutting down");
    call = calloc(1, sizeof(*call));
    if (!call)
        return gw_fail(err, GW_ENOMEM, where, "no memory for a request");
    call->client = client;
    call->done = done;
    call->ctx = ctx;
    call->door = (struct egress_door){.egress = &client->egress, .host = call->host};
    gw_url_describe(request->url, call->described, sizeof(call->described));
    read_host(request->url, call->host);
    answer_init(&call->answer, request, response, call->described);
    call->easy = curl_easy_init();
    rc = call->easy ? set_options(call, request, err) : gw_fail(err, GW_ENOMEM, where, "no memory for a request");
    if (rc != GW_OK) {
        call_free(call);
        return rc;
    }
    call->id = ++client->last_id;
    while (*end)
        end = &(*end)->next;
    *end = call;
    if (id)
        *id = call->id;
    run_waiting(client);
    return GW_OK;
}

static void call_cancel(struct call *call)
{
    if (call->state == ENDED)
        return; /* its done is on the way */
    gw_fail(&call->failure, GW_ECANCELED, where, "%s: cancelled", call->described);
    call_end(call);
}

static void client_cancel(struct gw_http *http, uint64_t id)
{
    struct client *client = (struct client *)http;

    for (struct call *call = client->calls; call; call = call->next)
        if (call->id == id)
            call_cancel(call);
    run_waiting(client);
}

/* ---- the client ------------------------------------------------------------------------------------------------ */

static void client_release(struct client *client)
{
    tls_release(&client->tls);
    free(client->proxy);
    free(client);
}

static void part_closed(void *ctx)
{
    struct client *client = ctx;

    if (--client->open == 0)
        client_release(client);
}

static void on_timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

static void client_close(struct client *client)
{
    if (uv_is_closing((uv_handle_t *)&client->later))
        return;
    drop_carrier(client);
    uv_close((uv_handle_t *)&client->idle, on_timer_closed);
    uv_close((uv_handle_t *)&client->later, on_timer_closed);
}

static void client_free(struct gw_http *http)
{
    struct client *client = (struct client *)http;

    client->closing = true;
    for (struct call *call = client->calls; call; call = call->next)
        call_cancel(call);
    uv_timer_start(&client->later, on_later, 0, 0);
}

static enum gw_status copy_proxy(struct client *client, const char *proxy, struct gw_error *err)
{
    if (!proxy || !*proxy)
        return GW_OK;
    if (strchr(proxy, '@'))
        return gw_fail(err, GW_ECONFIG, where, "\"proxy\" holds a user: passwords have no place in settings");
    if (strncasecmp(proxy, "http://", 7) != 0 && strncasecmp(proxy, "https://", 8) != 0)
        return gw_fail(err, GW_ECONFIG, where, "\"proxy\" must look like http://proxy.example.org:3128");
    client->proxy = strdup(proxy);
    return client->proxy ? GW_OK : gw_fail(err, GW_ENOMEM, where, "out of memory");
}

static enum gw_status read_settings(struct client *client, const struct gw_http_options *options, struct gw_error *err)
{
    enum gw_status rc = tls_init(&client->tls, options, err);
    char host[HOST_MAX];

    if (rc == GW_OK)
        rc = copy_proxy(client, options->proxy, err);
    if (options->concurrent)
        client->concurrent = options->concurrent;
    if (options->base)
        read_host(options->base, host);
    egress_init(&client->egress, options->base ? host : NULL, options->private_addresses);
    return rc;
}

enum gw_status gw_http_client_new(struct uv_loop_s *loop, const struct gw_http_options *options, struct gw_http **out,
                                  struct gw_error *err)
{
    struct client *client;
    enum gw_status rc = gw_http_check_library(err);

    if (rc != GW_OK)
        return rc;
    client = calloc(1, sizeof(*client));
    if (!client)
        return gw_fail(err, GW_ENOMEM, where, "out of memory");
    client->face = (struct gw_http){client_start, client_cancel, client_free};
    client->concurrent = CONCURRENT;
    rc = read_settings(client, options ? options : &(struct gw_http_options){0}, err);
    if (rc != GW_OK) {
        client_release(client);
        return rc;
    }
    client->loop = loop;
    uv_timer_init(loop, &client->later);
    uv_timer_init(loop, &client->idle);
    uv_unref((uv_handle_t *)&client->idle);
    client->later.data = client->idle.data = client;
    client->open = 2;
    *out = &client->face;
    return GW_OK;
}
