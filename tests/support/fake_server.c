/*
 * The scripted server: an accepting thread, and one for each connection.
 */
#include "support/fake_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 256, REQUEST_MAX = 1 << 20 };

struct connection {
    struct fake_server *server;
    pthread_t thread;
    int fd; /* -1 once closed */
};

struct fake_server {
    fake_server_handler handler;
    void *ctx;
    int fd;
    int port;
    char base[64];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ending_cond;
    bool ending;
    unsigned requests;
    char *heard; /* all requests, one after the other */
    size_t heard_length;
    struct connection connections[CONNECTIONS];
    size_t count;
};

static void remember(struct fake_server *server, const char *bytes, size_t length)
{
    server->heard = realloc(server->heard, server->heard_length + length + 1);
    assert(server->heard);
    memcpy(server->heard + server->heard_length, bytes, length);
    server->heard_length += length;
    server->heard[server->heard_length] = '\0';
}

static size_t body_length_of(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");

    return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* Read one request into buffer: head, NUL, body, NUL. false when the peer is gone. */
static bool hear(int fd, char *buffer, char **body, size_t *body_length)
{
    size_t length = 0, head_length = 0, wanted = 0;
    char *end;

    for (;;) {
        ssize_t got = recv(fd, buffer + length, REQUEST_MAX - 2 - length, 0);

        if (got <= 0)
            return false;
        length += (size_t)got;
        buffer[length] = '\0';
        end = head_length ? NULL : strstr(buffer, "\r\n\r\n");
        if (end) {
            head_length = (size_t)(end - buffer) + 4;
            wanted = body_length_of(buffer);
        }
        if (head_length && length >= head_length + wanted)
            break;
    }
    memmove(buffer + head_length + 1, buffer + head_length, length - head_length + 1);
    buffer[head_length] = '\0';
    *body = buffer + head_length + 1;
    *body_length = wanted;
    return true;
}

static void serve(struct connection *connection, char *buffer)
{
    struct fake_server *server = connection->server;
    struct exchange exchange = {.server = server, .fd = connection->fd};
    char *body, path[32768];

    while (!exchange.close && hear(connection->fd, buffer, &body, &exchange.body_length)) {
        if (sscanf(buffer, "%*s %32767s", path) != 1)
            return;
        pthread_mutex_lock(&server->lock);
        exchange.number = server->requests++;
        remember(server, buffer, strlen(buffer));
        remember(server, body, exchange.body_length);
        pthread_mutex_unlock(&server->lock);
        exchange.head = buffer;
        exchange.path = path;
        exchange.body = body;
        server->handler(&exchange, server->ctx);
    }
}

static void *connection_main(void *arg)
{
    struct connection *connection = arg;
    char *buffer = malloc(REQUEST_MAX);

    assert(buffer);
    serve(connection, buffer);
    free(buffer);
    pthread_mutex_lock(&connection->server->lock);
    close(connection->fd);
    connection->fd = -1;
    pthread_mutex_unlock(&connection->server->lock);
    return NULL;
}

static void *accept_main(void *arg)
{
    struct fake_server *server = arg;

    for (;;) {
        int fd = accept(server->fd, NULL, NULL);

        if (fd < 0)
            return NULL;
        pthread_mutex_lock(&server->lock);
        if (server->ending || server->count == CONNECTIONS) {
            close(fd);
        } else {
            struct connection *connection = &server->connections[server->count++];

            connection->server = server;
            connection->fd = fd;
            assert(pthread_create(&connection->thread, NULL, connection_main, connection) == 0);
        }
        pthread_mutex_unlock(&server->lock);
    }
}

struct fake_server *fake_server_new(fake_server_handler handler, void *ctx)
{
    struct fake_server *server = calloc(1, sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);

    assert(server);
    server->handler = handler;
    server->ctx = ctx;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->ending_cond, NULL);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(bind(server->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    assert(listen(server->fd, 64) == 0);
    assert(getsockname(server->fd, (struct sockaddr *)&address, &length) == 0);
    server->port = ntohs(address.sin_port);
    snprintf(server->base, sizeof(server->base), "http://127.0.0.1:%d/fhir", server->port);
    assert(pthread_create(&server->thread, NULL, accept_main, server) == 0);
    return server;
}

void fake_server_free(struct fake_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->ending = true;
    pthread_cond_broadcast(&server->ending_cond);
    shutdown(server->fd, SHUT_RDWR);
    for (size_t i = 0; i < server->count; i++)
        if (server->connections[i].fd >= 0)
            shutdown(server->connections[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->thread, NULL);
    for (size_t i = 0; i < server->count; i++)
        pthread_join(server->connections[i].thread, NULL);
    close(server->fd);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->ending_cond);
    free(server->heard);
    free(server);
}

int fake_server_port(const struct fake_server *server)
{
    return server->port;
}

const char *fake_server_base(const struct fake_server *server)
{
    return server->base;
}

unsigned fake_server_requests(struct fake_server *server)
{
    unsigned requests;

    pthread_mutex_lock(&server->lock);
    requests = server->requests;
    pthread_mutex_unlock(&server->lock);
    return requests;
}

bool fake_server_heard(struct fake_server *server, const char *text)
{
    bool heard;

    pthread_mutex_lock(&server->lock);
    heard = server->heard && memmem(server->heard, server->heard_length, text, strlen(text));
    pthread_mutex_unlock(&server->lock);
    return heard;
}

void fake_server_send(struct exchange *exchange, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t put = send(exchange->fd, at, length, MSG_NOSIGNAL);

        if (put <= 0) {
            exchange->close = true;
            return;
        }
        at += put;
        length -= (size_t)put;
    }
}

void fake_server_print(struct exchange *exchange, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    int length;

    va_start(args, format);
    length = vasprintf(&text, format, args);
    va_end(args);
    assert(length >= 0);
    fake_server_send(exchange, text, (size_t)length);
    free(text);
}

void fake_server_reply(struct exchange *exchange, int status, const char *type, const char *more, const char *body)
{
    fake_server_print(exchange, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n%s", status, type,
                      strlen(body), more, body);
}

void fake_server_sleep(struct exchange *exchange, unsigned ms)
{
    struct fake_server *server = exchange->server;
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&server->lock);
    while (!server->ending && pthread_cond_timedwait(&server->ending_cond, &server->lock, &until) == 0) {
    }
    pthread_mutex_unlock(&server->lock);
}

void fake_server_reset(struct exchange *exchange)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    setsockopt(exchange->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    exchange->close = true;
}

const char *fake_server_header(const struct exchange *exchange, const char *name)
{
    static _Thread_local char value[256];
    size_t length = strlen(name);

    for (const char *at = strstr(exchange->head, "\r\n"); at && at[2] != '\r'; at = strstr(at + 2, "\r\n"))
        if (strncasecmp(at + 2, name, length) == 0 && at[2 + length] == ':') {
            at += 3 + length;
            at += strspn(at, " ");
            snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
            return value;
        }
    return NULL;
}
