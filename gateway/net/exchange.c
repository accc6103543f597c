/*
 * A request from its first line to its answer. Each is refused as early as what is there allows; while a handler
 * thinks, the connection is suspended: nothing of it is read.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/listening.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { ALLOW_MAX = 64 };

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

static void resume(struct gw_exchange *exchange)
{
    exchange->suspended = false;
    MHD_resume_connection(exchange->visitor->connection);
    listener_turn_soon(exchange->visitor->listener);
}

void exchange_give_up(struct gw_exchange *exchange)
{
    static const char text[] = "not now: ask again later\n";

    reply_set(exchange, &(struct gw_reply){.status = 503, .body = {text, sizeof text - 1}});
    resume(exchange);
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

void gw_exchange_say(struct gw_exchange *exchange, int status, const char *text)
{
    struct gw_text line = GW_TEXT_INIT(4096);

    gw_text_print(&line, "%s\n", text);
    gw_exchange_answer(exchange, &(struct gw_reply){.status = status, .body = {line.at, line.length}});
    gw_text_release(&line);
}

/* Refused before anybody was given it. */
static void refuse(struct gw_exchange *exchange, int status, const char *why)
{
    exchange->owed = true;
    gw_exchange_say(exchange, status, why);
}

static enum MHD_Result send_reply(struct gw_exchange *exchange)
{
    struct visitor *const visitor = exchange->visitor;
    enum MHD_Result rc;

    if (exchange->failed)
        return MHD_NO;
    visitor_enter(visitor, ANSWERING);
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
        refuse(exchange, 404, "nothing is here");
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
        refuse(exchange, status, why);
    else
        find_route(exchange);
    if (exchange->route && head_length(&exchange->head) > exchange->route->max_body)
        refuse(exchange, 413, "the body is too large");
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
    visitor_enter(exchange->visitor, BODY);
    return MHD_YES;
}

static enum MHD_Result take_body(struct gw_exchange *exchange, const char *bytes, size_t *length)
{
    gw_text_append(&exchange->body, bytes, *length);
    *length = 0;
    if (!exchange->body.failed)
        return MHD_YES;
    visitor_hang_up(exchange->visitor, 413, "Content Too Large");
    return MHD_NO;
}

static enum MHD_Result handle(struct gw_exchange *exchange)
{
    visitor_enter(exchange->visitor, HANDLING);
    exchange->owed = true;
    exchange->route->handle(exchange->route->ctx, exchange);
    if (is_answered(exchange))
        return send_reply(exchange);
    exchange->suspended = true;
    MHD_suspend_connection(exchange->visitor->connection);
    return MHD_YES;
}

enum MHD_Result exchange_on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
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

void *exchange_on_target(void *ctx, const char *target, struct MHD_Connection *connection)
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

void exchange_on_completed(void *ctx, struct MHD_Connection *connection, void **request,
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
    visitor_enter(exchange->visitor, HEAD);
    exchange->visitor = NULL;
    exchange->head.field_count = 0;
    if (!exchange->owed)
        exchange_free(exchange);
}

/* ---- what can be asked ------------------------------------------------------------------------------------------ */
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
