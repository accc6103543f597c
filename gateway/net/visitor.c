/*
 * A connection. libmicrohttpd cannot be told to drop one, so its socket is shut down and it finds out by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "net/listening.h"

void visitor_enter(struct visitor *visitor, enum phase phase)
{
    visitor->phase = phase;
    visitor->deadline_ms = listener_now_ms(visitor->listener) + visitor->listener->phase_ms[phase];
}

void visitor_hang_up(struct visitor *visitor, int status, const char *text)
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

void visitor_expire(struct visitor *visitor)
{
    if (visitor->phase == HANDLING)
        exchange_give_up(visitor->exchange);
    else if (visitor->phase == ANSWERING || !visitor->exchange)
        visitor_hang_up(visitor, 0, NULL);
    else
        visitor_hang_up(visitor, 408, "Request Timeout");
}

struct visitor *visitor_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
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
    visitor_enter(visitor, HEAD);
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

void visitor_on_connection(void *ctx, struct MHD_Connection *connection, void **context,
                           enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        visitor_open(ctx, connection, context);
    else if (*context)
        visitor_close(ctx, *context);
}
