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
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/call.h"

static const char where[] = "net.http";

enum { CONCURRENT = 4 };

/* ---- the end of a call ----------------------------------------------------------------------------------------- */

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
        call_judge(call, message->data.result);
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

/* ---- asked for by others --------------------------------------------------------------------------------------- */

static enum gw_status client_start(struct gw_http *http, const struct gw_http_request *request,
                                   struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *id,
                                   struct gw_error *err)
{
    struct client *client = (struct client *)http;
    struct call **end = &client->calls, *call;
    enum gw_status rc;

    if (client->closing)
        return gw_fail(err, GW_ECANCELED, where, "no more requests: shutting down");
    rc = call_new(client, request, response, &call, err);
    if (rc != GW_OK)
        return rc;
    call->done = done;
    call->ctx = ctx;
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
        call_read_host(options->base, host);
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
