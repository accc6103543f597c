/*
 * The address a listener has: read, opened, and taken away again.
 *
 *      "127.0.0.1:8490"   "[::1]:8490"   "localhost:8490"   "unix:/run/casement.sock"
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "gateway/core/error.h"

struct address {
    struct sockaddr_storage bytes;
    socklen_t length;
    const char *path; /* inside bytes: of a Unix socket; NULL */
};

/* GW_ECONFIG: it is none of the forms, or not loopback without `anywhere`. */
enum gw_status address_read(const char *text, bool anywhere, struct address *out, struct gw_error *err);

/*
 * A socket that listens, non-blocking. A Unix socket that nobody serves any more is replaced; its mode is 0660.
 * Statuses as gw_listener_start.
 */
enum gw_status address_listen(const struct address *address, const char *text, int *fd, struct gw_error *err);

int address_port(int fd); /* 0 for a Unix socket */

#endif
