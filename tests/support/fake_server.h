/*
 * An HTTP server that does what a test says, byte by byte, on a free port of loopback.
 *
 * One thread a connection; the handler runs there for each request and sends what it likes through the functions below.
 * Only libc and threads are needed, so that every suite can link it.
 */
#ifndef SUPPORT_FAKE_SERVER_H
#define SUPPORT_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct fake_server;

struct exchange {
    struct fake_server *server;
    int fd;
    unsigned number;  /* of the request at this server, from 0 */
    const char *head; /* the request's first line and headers, NUL-terminated */
    const char *path; /* NUL-terminated copy of the target, with its query */
    const char *body; /* NUL-terminated */
    size_t body_length;
    bool close; /* set by the handler: no further request on this connection */
};

typedef void (*fake_server_handler)(struct exchange *exchange, void *ctx);

struct fake_server *fake_server_new(fake_server_handler handler, void *ctx);
void fake_server_free(struct fake_server *server); /* ends every connection and joins every thread */
int fake_server_port(const struct fake_server *server);
const char *fake_server_base(const struct fake_server *server); /* "http://127.0.0.1:PORT/fhir" */

unsigned fake_server_requests(struct fake_server *server); /* heard so far */
/* Did any request so far hold this text in its head or body? */
bool fake_server_heard(struct fake_server *server, const char *text);

void fake_server_send(struct exchange *exchange, const void *bytes, size_t length);
void fake_server_print(struct exchange *exchange, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A whole answer with a Content-Length; more: further header lines, each ended by CRLF, or "". */
void fake_server_reply(struct exchange *exchange, int status, const char *type, const char *more, const char *body);
void fake_server_sleep(struct exchange *exchange, unsigned ms); /* less when the server is being freed */
void fake_server_reset(struct exchange *exchange);              /* RST instead of a proper end */
/* The value of a request header, up to 255 bytes in static storage of the thread; NULL when absent. */
const char *fake_server_header(const struct exchange *exchange, const char *name);

#endif
