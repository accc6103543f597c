/*
 * libmicrohttpd on our loop: its epoll descriptor in one uv_poll_t, its time in ours.
 *
 *      visitor (a connection):   HEAD ──> BODY ──> HANDLING ──> ANSWERING ──┐
 *                                 └──────────────── kept alive <────────────┘
 *
 * Each phase has an absolute end. libmicrohttpd cannot be told to drop a connection, so its socket is shut down and it
 * finds out by itself. While a handler thinks, the connection is suspended: nothing of it is read. An exchange belongs
 * to its visitor and to whoever owes the answer, and goes with the later of the two.
 */
#include "gateway/net/listener.h"

#include <arpa/inet.h>
#include <assert.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/address.h"
#include "net/head.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char where[] = "net.listener";

enum { POOL_BYTES = 48 * 1024, ROUNDS_MAX = 16, ALLOW_MAX = 64, HANDLES = 3 };

enum phase { HEAD, BODY, HANDLING, ANSWERING, PHASES };

/* A connection. */
struct visitor {
    struct visitor *next;
    struct gw_listener *listener;
    struct MHD_Connection *connection;
    int fd;
    enum phase phase;
    uint64_t deadline_ms;
    struct gw_exchange *exchange; /* NULL between requests */
    char peer[INET6_ADDRSTRLEN];
};

struct gw_exchange {
    struct visitor *visitor; /* NULL: gone */
    const struct gw_route *route;
    char *method;
    char *target; /* cut at its '?' */
    const char *query;
    struct head head; /* its texts are libmicrohttpd's */
    struct head_field *fields;
    struct gw_text body;
    bool begun;
    bool owed;      /* look or handle has it and has not answered */
    bool suspended; /* so that nothing of the connection is read */
    bool failed;    /* no memory for an answer: the connection ends */
    struct MHD_Response *response;
    int status;
};

struct gw_listener {
    struct uv_loop_s *loop;
    const struct gw_clock *clock;
    struct MHD_Daemon *daemon;
    struct address address;
    int port;
    struct gw_route *routes;
    size_t route_count;
    char **hosts; /* NULL: any */
    size_t host_count;
    unsigned phase_ms[PHASES];
    struct visitor *visitors;
    size_t visitor_count;
    uv_poll_t poll;
    uv_timer_t later;    /* another turn, soon */
    uv_timer_t deadline; /* the first of the visitors' */
    bool stopping, ended;
    uint64_t drained_ms;
    unsigned open; /* handles */
    void (*closed)(void *ctx);
    void *closed_ctx;
};

static void turn(struct gw_listener *listener);

static uint64_t now_ms(const struct gw_listener *listener)
{
    return listener->clock->monotonic_ms(listener->clock->ctx);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static void on_later(uv_timer_t *timer)
{
    turn(timer->data);
}

static void turn_soon(struct gw_listener *listener)
{
    if (!listener->ended)
        uv_timer_start(&listener->later, on_later, 0, 0);
}

static void enter(struct visitor *visitor, enum phase phase)
{
    visitor->phase = phase;
    visitor->deadline_ms = now_ms(visitor->listener) + visitor->listener->phase_ms[phase];
}

/* A few words past libmicrohttpd, which has sent nothing of an answer yet, and the end. */
static void hang_up(struct visitor *visitor, int status, const char *text)
{
    char words[160];
    const int length = snprintf(words, sizeof words,
                                "HTTP/1.1 %d %s\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n"
                                "Content-Length: 0\r\n\r\n",
                                status, text);

    if (status)
        (void)!send(visitor->fd, words, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(visitor->fd, SHUT_RDWR);
    visitor->deadline_ms = UINT64_MAX;
}

static void reply_set(struct gw_exchange *exchange, const struct gw_reply *reply);

static void resume(struct gw_exchange *exchange)
{
    exchange->suspended = false;
    MHD_resume_connection(exchange->visitor->connection);
    turn_soon(exchange->visitor->listener);
}

static void give_up(struct gw_exchange *exchange)
{
    static const char text[] = "not now: ask again later\n";

    reply_set(exchange, &(struct gw_reply){.status = 503, .body = {text, sizeof text - 1}});
    resume(exchange);
}

static void expire(struct visitor *visitor)
{
    if (visitor->phase == HANDLING)
        give_up(visitor->exchange);
    else if (visitor->phase == ANSWERING || !visitor->exchange)
        hang_up(visitor, 0, NULL);
    else
        hang_up(visitor, 408, "Request Timeout");
}

static void on_deadline(uv_timer_t *timer)
{
    struct gw_listener *const listener = timer->data;
    const uint64_t now = now_ms(listener);

    for (struct visitor *visitor = listener->visitors; visitor; visitor = visitor->next)
        if (visitor->deadline_ms <= now)
            expire(visitor);
    turn(listener);
}

static void arm(struct gw_listener *listener)
{
    const uint64_t now = now_ms(listener);
    uint64_t first = listener->stopping ? listener->drained_ms : UINT64_MAX;

    for (const struct visitor *visitor = listener->visitors; visitor; visitor = visitor->next)
        if (visitor->deadline_ms < first)
            first = visitor->deadline_ms;
    if (first == UINT64_MAX)
        gw_clock_stop(listener->clock, &listener->deadline);
    else
        gw_clock_start(listener->clock, &listener->deadline, on_deadline, first > now ? first - now : 0);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static const struct gw_http_header fixed[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

static bool replaces(const struct gw_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return true;
    return false;
}

static bool add_headers(struct MHD_Response *response, const struct gw_reply *reply, bool last)
{
    bool fine = MHD_add_response_header(response, "Content-Type",
                                        reply->type ? reply->type : "text/plain; charset=utf-8") == MHD_YES;

    for (size_t i = 0; fine && i < COUNT(fixed); i++)
        fine = replaces(reply, fixed[i].name) ||
               MHD_add_response_header(response, fixed[i].name, fixed[i].value) == MHD_YES;
    for (size_t i = 0; fine && i < reply->header_count; i++)
        fine = MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value) == MHD_YES;
    return fine && (!last || MHD_add_response_header(response, "Connection", "close") == MHD_YES);
}

/* A refusal is the last word on a connection: what follows it could be a body that nobody read. */
static void reply_set(struct gw_exchange *exchange, const struct gw_reply *reply)
{
    const bool last = reply->status >= 400 || exchange->visitor->listener->stopping;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.length, (void *)reply->body.at, MHD_RESPMEM_MUST_COPY);

    if (response && !add_headers(response, reply, last)) {
        MHD_destroy_response(response);
        response = NULL;
    }
    exchange->response = response;
    exchange->status = reply->status;
    exchange->failed = !response;
}

static void exchange_free(struct gw_exchange *exchange)
{
    if (exchange->response)
        MHD_destroy_response(exchange->response);
    gw_text_release(&exchange->body);
    free(exchange->fields);
    free(exchange->method);
    free(exchange->target);
    free(exchange);
}

void gw_exchange_answer(struct gw_exchange *exchange, const struct gw_reply *reply)
{
    assert(exchange->owed);
    exchange->owed = false;
    if (!exchange->visitor) {
        exchange_free(exchange);
        return;
    }
    if (exchange->response || exchange->status) /* it took too long, and was told so */
        return;
    reply_set(exchange, reply);
    if (exchange->suspended)
        resume(exchange);
}

static void reply_say(struct gw_exchange *exchange, int status, const char *text)
{
    char line[160];
    const int length = snprintf(line, sizeof line, "%s\n", text);

    exchange->owed = true;
    gw_exchange_answer(exchange, &(struct gw_reply){.status = status, .body = {line, (size_t)length}});
}

void gw_exchange_say(struct gw_exchange *exchange, int status, const char *text)
{
    struct gw_text line = GW_TEXT_INIT(4096);

    gw_text_print(&line, "%s\n", text);
    gw_exchange_answer(exchange, &(struct gw_reply){.status = status, .body = {line.at, line.length}});
    gw_text_release(&line);
}

static enum MHD_Result send_reply(struct gw_exchange *exchange)
{
    struct visitor *const visitor = exchange->visitor;
    enum MHD_Result rc;

    if (exchange->failed)
        return MHD_NO;
    enter(visitor, ANSWERING);
    rc = MHD_queue_response(visitor->connection, (unsigned)exchange->status, exchange->response);
    MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    return rc;
}

/* ---- a request -------------------------------------------------------------------------------------------------- */

static bool route_fits(const struct gw_route *route, const char *path)
{
    const size_t length = strlen(route->path);

    if (length > 1 && route->path[length - 1] == '/')
        return strncmp(path, route->path, length) == 0 && path[length];
    return strcmp(path, route->path) == 0;
}

static bool method_fits(const struct gw_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 || (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* The methods of the routes that lead there: "GET, POST". */
static void refuse_method(struct gw_exchange *exchange)
{
    static const char text[] = "not with this method\n";
    const struct gw_listener *const listener = exchange->visitor->listener;
    struct gw_text allow = GW_TEXT_INIT(ALLOW_MAX);

    for (size_t i = 0; i < listener->route_count; i++)
        if (route_fits(&listener->routes[i], exchange->target))
            gw_text_print(&allow, "%s%s", allow.length ? ", " : "", listener->routes[i].method);
    exchange->owed = true;
    gw_exchange_answer(exchange, &(struct gw_reply){.status = 405,
                                                    .body = {text, sizeof text - 1},
                                                    .headers = &(struct gw_http_header){"Allow", allow.at},
                                                    .header_count = 1});
    gw_text_release(&allow);
}

static void find_route(struct gw_exchange *exchange)
{
    const struct gw_listener *const listener = exchange->visitor->listener;
    bool leads = false;

    for (size_t i = 0; i < listener->route_count && !exchange->route; i++) {
        if (!route_fits(&listener->routes[i], exchange->target))
            continue;
        leads = true;
        if (method_fits(&listener->routes[i], exchange->method))
            exchange->route = &listener->routes[i];
    }
    if (!exchange->route && leads)
        refuse_method(exchange);
    else if (!exchange->route)
        reply_say(exchange, 404, "nothing is here");
}

static enum MHD_Result take_field(void *ctx, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                  const char *value, size_t value_length)
{
    struct gw_exchange *const exchange = ctx;

    (void)kind;
    if (exchange->head.field_count > GW_LISTENER_HEAD_FIELDS)
        return MHD_NO;
    exchange->fields[exchange->head.field_count++] =
        (struct head_field){{name, name_length}, {value ? value : "", value ? value_length : 0}};
    return MHD_YES;
}

static bool read_head(struct gw_exchange *exchange, const char *method, const char *version)
{
    struct MHD_Connection *const connection = exchange->visitor->connection;
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    exchange->method = strdup(method);
    exchange->fields = calloc(GW_LISTENER_HEAD_FIELDS + 1, sizeof *exchange->fields);
    if (!exchange->method || !exchange->fields)
        return false;
    exchange->head = (struct head){.method = exchange->method,
                                   .target = exchange->target,
                                   .version = version,
                                   .bytes = info ? info->header_size : SIZE_MAX,
                                   .fields = exchange->fields};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_field, exchange);
    return true;
}

/* What the head alone shows. An answer is there when it is refused. */
static void judge(struct gw_exchange *exchange)
{
    const struct gw_listener *const listener = exchange->visitor->listener;
    const char *why = "";
    const int status = head_judge(&exchange->head, (const char *const *)listener->hosts, listener->host_count, &why);
    char *const query = strchr(exchange->target, '?');

    if (query) {
        *query = '\0';
        exchange->query = query + 1;
    }
    if (status)
        reply_say(exchange, status, why);
    else
        find_route(exchange);
    if (exchange->route && head_length(&exchange->head) > exchange->route->max_body)
        reply_say(exchange, 413, "the body is too large");
}

static void look(struct gw_exchange *exchange)
{
    exchange->owed = true;
    if (exchange->route->look(exchange->route->ctx, exchange))
        exchange->owed = false;
    else
        assert(exchange->response || exchange->failed);
}

static bool is_answered(const struct gw_exchange *exchange)
{
    return exchange->response || exchange->failed;
}

static enum MHD_Result begin(struct gw_exchange *exchange, const char *method, const char *version)
{
    exchange->begun = true;
    if (!read_head(exchange, method, version))
        return MHD_NO;
    judge(exchange);
    if (!is_answered(exchange) && exchange->route->look)
        look(exchange);
    if (is_answered(exchange))
        return send_reply(exchange);
    exchange->body = (struct gw_text)GW_TEXT_INIT(exchange->route->max_body);
    enter(exchange->visitor, BODY);
    return MHD_YES;
}

static enum MHD_Result take_body(struct gw_exchange *exchange, const char *bytes, size_t *length)
{
    gw_text_append(&exchange->body, bytes, *length);
    *length = 0;
    if (!exchange->body.failed)
        return MHD_YES;
    hang_up(exchange->visitor, 413, "Content Too Large");
    return MHD_NO;
}

static enum MHD_Result handle(struct gw_exchange *exchange)
{
    enter(exchange->visitor, HANDLING);
    exchange->owed = true;
    exchange->route->handle(exchange->route->ctx, exchange);
    if (is_answered(exchange))
        return send_reply(exchange);
    exchange->suspended = true;
    MHD_suspend_connection(exchange->visitor->connection);
    return MHD_YES;
}

/* libmicrohttpd calls it for the head, for pieces of the body, at the body's end, and when a connection is resumed. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *bytes, size_t *length, void **request)
{
    struct gw_exchange *const exchange = *request;

    (void)ctx;
    (void)connection;
    (void)url;
    if (!exchange)
        return MHD_NO;
    if (!exchange->begun)
        return begin(exchange, method, version);
    if (*length > 0)
        return take_body(exchange, bytes, length);
    return is_answered(exchange) ? send_reply(exchange) : handle(exchange);
}

/* ---- a connection ----------------------------------------------------------------------------------------------- */

static struct visitor *visitor_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

/* The request's line is there: the first that is heard of a request. */
static void *on_target(void *ctx, const char *target, struct MHD_Connection *connection)
{
    struct visitor *const visitor = visitor_of(connection);
    struct gw_exchange *const exchange = visitor ? calloc(1, sizeof *exchange) : NULL;

    (void)ctx;
    if (!exchange || !(exchange->target = strdup(target))) {
        free(exchange);
        return NULL;
    }
    exchange->query = "";
    exchange->body = (struct gw_text)GW_TEXT_INIT(0);
    exchange->visitor = visitor;
    visitor->exchange = exchange;
    return exchange;
}

/* Nothing is decoded: what a proxy took for one path must not be another one here. */
static size_t leave_escaped(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void)ctx;
    (void)connection;
    return strlen(text);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    struct gw_exchange *const exchange = *request;

    (void)ctx;
    (void)connection;
    (void)code;
    *request = NULL;
    if (!exchange)
        return;
    exchange->visitor->exchange = NULL;
    enter(exchange->visitor, HEAD);
    exchange->visitor = NULL;
    exchange->head.field_count = 0;
    if (!exchange->owed)
        exchange_free(exchange);
}

static void name_peer(struct visitor *visitor)
{
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(visitor->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *const name = info ? info->client_addr : NULL;

    strcpy(visitor->peer, "unix");
    if (name && name->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)name)->sin_addr, visitor->peer, sizeof visitor->peer);
    if (name && name->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)name)->sin6_addr, visitor->peer, sizeof visitor->peer);
}

static void visitor_open(struct gw_listener *listener, struct MHD_Connection *connection, void **context)
{
    const union MHD_ConnectionInfo *const info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct visitor *const visitor = calloc(1, sizeof *visitor);

    if (!visitor || !info) { /* without a visitor no request of it is answered */
        free(visitor);
        return;
    }
    *visitor = (struct visitor){listener->visitors, listener, connection, info->connect_fd, HEAD, 0, NULL, ""};
    name_peer(visitor);
    enter(visitor, HEAD);
    listener->visitors = visitor;
    listener->visitor_count++;
    *context = visitor;
}

static void visitor_close(struct gw_listener *listener, struct visitor *visitor)
{
    struct visitor **at = &listener->visitors;

    while (*at != visitor)
        at = &(*at)->next;
    *at = visitor->next;
    listener->visitor_count--;
    free(visitor);
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        visitor_open(ctx, connection, context);
    else if (*context)
        visitor_close(ctx, *context);
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
            give_up(visitor->exchange);
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
        turn_soon(listener);
    if (listener->stopping && (!listener->visitors || now_ms(listener) >= listener->drained_ms))
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
    listener->drained_ms = now_ms(listener) + (drain_ms ? drain_ms : GW_LISTENER_DRAIN_MS);
    close(MHD_quiesce_daemon(listener->daemon));
    if (listener->address.path)
        unlink(listener->address.path);
    for (struct visitor *visitor = listener->visitors; visitor; visitor = visitor->next)
        if (!visitor->exchange)
            hang_up(visitor, 0, NULL);
    turn_soon(listener);
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

static struct MHD_Daemon *daemon_start(struct gw_listener *listener, const struct gw_listener_options *options, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, listener, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, or_default(options->connections, GW_LISTENER_CONNECTIONS),
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, or_default(options->per_address, GW_LISTENER_PER_ADDRESS),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_URI_LOG_CALLBACK, on_target, listener,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener, MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener,
        MHD_OPTION_END);
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

const char *gw_exchange_method(const struct gw_exchange *exchange)
{
    return exchange->method;
}

const char *gw_exchange_path(const struct gw_exchange *exchange)
{
    return exchange->target;
}

const char *gw_exchange_rest(const struct gw_exchange *exchange)
{
    return exchange->target + strlen(exchange->route->path);
}

const char *gw_exchange_query(const struct gw_exchange *exchange)
{
    return exchange->query;
}

const char *gw_exchange_peer(const struct gw_exchange *exchange)
{
    return exchange->visitor ? exchange->visitor->peer : "";
}

/* libmicrohttpd ends each of these texts with a NUL; one that held a NUL was refused. */
const char *gw_exchange_header(const struct gw_exchange *exchange, const char *name)
{
    const struct head_field *const field = head_find(&exchange->head, name);

    return field ? field->value.at : NULL;
}

struct gw_slice gw_exchange_body(const struct gw_exchange *exchange)
{
    return (struct gw_slice){exchange->body.at, exchange->body.length};
}
