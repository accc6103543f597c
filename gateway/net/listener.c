/*
 * libmicrohttpd on our loop: its epoll descriptor in one uv_poll_t, its time in ours. Each phase of a visitor has an
 * absolute end, and the first of them is when we look.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/listening.h"

static const char where[] = "net.listener";

enum { POOL_BYTES = 48 * 1024, ROUNDS_MAX = 16, HANDLES = 3 };

static void turn(struct gw_listener *listener);

uint64_t listener_now_ms(const struct gw_listener *listener)
{
    return listener->clock->monotonic_ms(listener->clock->ctx);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static void on_later(uv_timer_t *timer)
{
    turn(timer->data);
}

void listener_turn_soon(struct gw_listener *listener)
{
    if (!listener->ended)
        uv_timer_start(&listener->later, on_later, 0, 0);
}

static void on_deadline(uv_timer_t *timer)
{
    struct gw_listener *const listener = timer->data;
    const uint64_t now = listener_now_ms(listener);

    for (struct visitor *visitor = listener->visitors; visitor; visitor = visitor->next)
        if (visitor->deadline_ms <= now)
            visitor_expire(visitor);
    turn(listener);
}

static void arm(struct gw_listener *listener)
{
    const uint64_t now = listener_now_ms(listener);
    uint64_t first = listener->stopping ? listener->drained_ms : UINT64_MAX;

    for (const struct visitor *visitor = listener->visitors; visitor; visitor = visitor->next)
        if (visitor->deadline_ms < first)
            first = visitor->deadline_ms;
    if (first == UINT64_MAX)
        gw_clock_stop(listener->clock, &listener->deadline);
    else
        gw_clock_start(listener->clock, &listener->deadline, on_deadline, first > now ? first - now : 0);
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

static void listener_free(struct gw_listener *listener)
{
    for (size_t i = 0; i < listener->host_count; i++)
        free(listener->hosts[i]);
    for (size_t i = 0; i < listener->route_count; i++) {
        free((char *)listener->routes[i].method);
        free((char *)listener->routes[i].path);
    }
    free(listener->hosts);
    free(listener->routes);
    free(listener);
}

static void on_closed(uv_handle_t *handle)
{
    struct gw_listener *const listener = handle->data;
    void (*const closed)(void *) = listener->closed;
    void *const ctx = listener->closed_ctx;

    if (--listener->open > 0)
        return;
    listener_free(listener);
    if (closed)
        closed(ctx);
}

static void close_handles(struct gw_listener *listener)
{
    listener->ended = true;
    gw_clock_stop(listener->clock, &listener->deadline);
    uv_close((uv_handle_t *)&listener->later, on_closed);
    uv_close((uv_handle_t *)&listener->deadline, on_closed);
    uv_close((uv_handle_t *)&listener->poll, on_closed);
}

/* libuv lets go of the descriptor before libmicrohttpd closes it. */
static void end(struct gw_listener *listener)
{
    for (struct visitor *visitor = listener->visitors; visitor; visitor = visitor->next)
        if (visitor->exchange && visitor->exchange->suspended)
            exchange_give_up(visitor->exchange);
    MHD_run(listener->daemon);
    close_handles(listener);
    MHD_stop_daemon(listener->daemon);
}

/* One turn of libmicrohttpd, and more while it says that there is something to do at once. */
static void turn(struct gw_listener *listener)
{
    MHD_UNSIGNED_LONG_LONG wait = 1;
    unsigned rounds = 0;

    do
        MHD_run(listener->daemon);
    while (MHD_get_timeout(listener->daemon, &wait) == MHD_YES && wait == 0 && ++rounds < ROUNDS_MAX);
    if (rounds == ROUNDS_MAX)
        listener_turn_soon(listener);
    if (listener->stopping && (!listener->visitors || listener_now_ms(listener) >= listener->drained_ms))
        end(listener);
    else
        arm(listener);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    turn(poll->data);
}

void gw_listener_stop(struct gw_listener *listener, unsigned drain_ms, void (*closed)(void *ctx), void *ctx)
{
    assert(!listener->stopping);
    listener->stopping = true;
    listener->closed = closed;
    listener->closed_ctx = ctx;
    listener->drained_ms = listener_now_ms(listener) + (drain_ms ? drain_ms : GW_LISTENER_DRAIN_MS);
    close(MHD_quiesce_daemon(listener->daemon));
    if (listener->address.path)
        unlink(listener->address.path);
    for (struct visitor *visitor = listener->visitors; visitor; visitor = visitor->next)
        if (!visitor->exchange)
            visitor_hang_up(visitor, 0, NULL);
    listener_turn_soon(listener);
}

/* ---- the beginning ---------------------------------------------------------------------------------------------- */

static bool copy_options(struct gw_listener *listener, const struct gw_listener_options *options)
{
    bool fine = true;

    listener->routes = calloc(options->route_count + 1, sizeof *listener->routes);
    if (options->hosts)
        listener->hosts = calloc(options->host_count + 1, sizeof *listener->hosts);
    if (!listener->routes || (options->hosts && !listener->hosts))
        return false;
    for (size_t i = 0; fine && i < options->route_count; i++, listener->route_count++) {
        listener->routes[i] = options->routes[i];
        listener->routes[i].method = strdup(options->routes[i].method);
        listener->routes[i].path = strdup(options->routes[i].path);
        fine = listener->routes[i].method && listener->routes[i].path;
    }
    for (size_t i = 0; fine && options->hosts && i < options->host_count; i++, listener->host_count++)
        fine = (listener->hosts[i] = strdup(options->hosts[i])) != NULL;
    return fine;
}

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value ? value : fallback;
}

/* Nothing is decoded: what a proxy took for one path must not be another one here. */
static size_t leave_escaped(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void)ctx;
    (void)connection;
    return strlen(text);
}

static struct MHD_Daemon *daemon_start(struct gw_listener *listener, const struct gw_listener_options *options, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, exchange_on_request, listener,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        or_default(options->connections, GW_LISTENER_CONNECTIONS), MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        or_default(options->per_address, GW_LISTENER_PER_ADDRESS), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)POOL_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, exchange_on_target, listener, MHD_OPTION_NOTIFY_CONNECTION, visitor_on_connection,
        listener, MHD_OPTION_NOTIFY_COMPLETED, exchange_on_completed, listener, MHD_OPTION_END);
}

static bool watch(struct gw_listener *listener)
{
    const union MHD_DaemonInfo *const info = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    if (!info || uv_poll_init(listener->loop, &listener->poll, info->epoll_fd) != 0)
        return false;
    uv_timer_init(listener->loop, &listener->later);
    uv_timer_init(listener->loop, &listener->deadline);
    listener->poll.data = listener->later.data = listener->deadline.data = listener;
    listener->open = HANDLES;
    uv_poll_start(&listener->poll, UV_READABLE, on_ready);
    return true;
}

static enum gw_status out_of_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory to listen");
}

static enum gw_status open_door(struct gw_listener *listener, const struct gw_listener_options *options,
                                struct gw_error *err)
{
    int fd = -1;
    const enum gw_status rc = address_listen(&listener->address, options->address, &fd, err);

    if (rc != GW_OK)
        return rc;
    listener->port = address_port(fd);
    listener->daemon = daemon_start(listener, options, fd);
    if (!listener->daemon) {
        close(fd);
        return out_of_memory(err);
    }
    if (watch(listener))
        return GW_OK;
    MHD_stop_daemon(listener->daemon);
    return out_of_memory(err);
}

enum gw_status gw_listener_start(struct uv_loop_s *loop, const struct gw_listener_options *options,
                                 struct gw_listener **out, struct gw_error *err)
{
    struct gw_listener *const listener = calloc(1, sizeof *listener);
    enum gw_status rc;

    if (!listener)
        return out_of_memory(err);
    listener->loop = loop;
    listener->clock = options->clock ? options->clock : &gw_system_clock;
    listener->phase_ms[HEAD] = or_default(options->head_ms, GW_LISTENER_STEP_MS);
    listener->phase_ms[BODY] = or_default(options->body_ms, GW_LISTENER_STEP_MS);
    listener->phase_ms[HANDLING] = or_default(options->handle_ms, GW_LISTENER_STEP_MS);
    listener->phase_ms[ANSWERING] = or_default(options->answer_ms, GW_LISTENER_STEP_MS);
    rc = copy_options(listener, options) ? address_read(options->address, options->anywhere, &listener->address, err)
                                         : out_of_memory(err);
    if (rc == GW_OK)
        rc = open_door(listener, options, err);
    if (rc != GW_OK) {
        listener_free(listener);
        return rc;
    }
    *out = listener;
    return GW_OK;
}

/* ---- what can be asked ------------------------------------------------------------------------------------------ */

int gw_listener_port(const struct gw_listener *listener)
{
    return listener->port;
}

size_t gw_listener_connections(const struct gw_listener *listener)
{
    return listener->visitor_count;
}
