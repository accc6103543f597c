/*
 * For suites with a listener: somebody who visits it over a raw socket, in the same thread as the loop.
 */
#ifndef NET_TEST_VISITOR_H
#define NET_TEST_VISITOR_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "gateway/net/listener.h"

enum { VISITOR_PATIENCE_MS = 5000 };

static inline int visit(int port)
{
    const struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert(fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof name) == 0, "%s", strerror(errno));
    return fd;
}

static inline int visit_unix(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(name.sun_path, sizeof name.sun_path, "%.100s", path);
    cr_assert(fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof name) == 0, "%s", strerror(errno));
    return fd;
}

static inline void visitor_sends(int fd, const char *bytes, size_t length)
{
    (void)!send(fd, bytes, length, MSG_NOSIGNAL);
}

static inline void visitor_says(int fd, const char *text)
{
    visitor_sends(fd, text, strlen(text));
}

/* Is the answer that begins here all there? */
static inline bool visitor_has_all(const char *heard)
{
    const char *const end = strstr(heard, "\r\n\r\n"), *const length = strcasestr(heard, "Content-Length: ");

    return end && length && length < end && strlen(end + 4) >= strtoul(length + 16, NULL, 10);
}

/* Turn the loop a little: what came in is read, what can be said is said. */
static inline void visitor_waits(uv_loop_t *turning)
{
    uv_run(turning, UV_RUN_NOWAIT);
    usleep(500);
}

/* What comes back, up to the end of one answer or of the connection; *closed says which. Static storage. */
static inline const char *visitor_hears(uv_loop_t *turning, int fd, bool *closed)
{
    static char heard[65536];
    size_t length = 0;
    const uint64_t begun = uv_hrtime();

    *closed = false;
    heard[0] = '\0';
    while (!*closed && !visitor_has_all(heard)) {
        const ssize_t got = recv(fd, heard + length, sizeof heard - 1 - length, MSG_DONTWAIT);

        cr_assert(uv_hrtime() - begun < VISITOR_PATIENCE_MS * 1000000ull, "no answer, heard: %s", heard);
        if (got > 0)
            heard[length += (size_t)got] = '\0';
        else if (got == 0 || (errno != EAGAIN && errno != EINTR))
            *closed = true;
        else
            visitor_waits(turning);
    }
    return heard;
}

static inline int visitor_status(const char *heard)
{
    return strncmp(heard, "HTTP/1.", 7) == 0 ? atoi(heard + 9) : 0;
}

/* One request over a connection of its own: the status, 0 when there came none. */
static inline int visitor_asks(uv_loop_t *turning, int port, const char *bytes, size_t length)
{
    const int fd = visit(port);
    bool closed;
    int status;

    visitor_sends(fd, bytes, length);
    status = visitor_status(visitor_hears(turning, fd, &closed));
    close(fd);
    return status;
}

#endif
