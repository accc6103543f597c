/*
 * Loopback or a Unix socket, unless more was asked for in so many words.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/net/listener.h"

static const char where[] = "net.listener";

enum { BACKLOG = 128, SOCKET_MODE = 0660, PORT_MAX = 65535, PORT_DIGITS = 5 };

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static bool read_port(const char *text, in_port_t *port)
{
    const size_t digits = strspn(text, "0123456789");
    const long number = strtol(text, NULL, 10);

    *port = htons((uint16_t)number);
    return digits > 0 && digits <= PORT_DIGITS && text[digits] == '\0' && number <= PORT_MAX;
}

static enum gw_status read_unix(const char *path, struct address *out, struct gw_error *err)
{
    struct sockaddr_un *const name = (struct sockaddr_un *)&out->bytes;

    if (*path != '/' || strlen(path) >= sizeof name->sun_path)
        return gw_fail(err, GW_ECONFIG, where, "the path of a Unix socket starts with / and has at most %zu characters",
                       sizeof name->sun_path - 1);
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path, path, strlen(path) + 1);
    out->length = sizeof *name;
    out->path = name->sun_path;
    return GW_OK;
}

static bool is_loopback(const struct address *address)
{
    const struct sockaddr_in6 *const six = (const struct sockaddr_in6 *)&address->bytes;
    const struct sockaddr_in *const four = (const struct sockaddr_in *)&address->bytes;

    if (address->bytes.ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    return ntohl(four->sin_addr.s_addr) >> 24 == 127;
}

static bool read_six(const char *host, const char *port, struct address *out)
{
    struct sockaddr_in6 *const name = (struct sockaddr_in6 *)&out->bytes;

    name->sin6_family = AF_INET6;
    out->length = sizeof *name;
    return inet_pton(AF_INET6, host, &name->sin6_addr) == 1 && read_port(port, &name->sin6_port);
}

static bool read_four(const char *host, const char *port, struct address *out)
{
    struct sockaddr_in *const name = (struct sockaddr_in *)&out->bytes;

    name->sin_family = AF_INET;
    out->length = sizeof *name;
    return inet_pton(AF_INET, host, &name->sin_addr) == 1 && read_port(port, &name->sin_port);
}

static bool read_internet(const char *text, struct address *out)
{
    const char *const colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN] = "";
    size_t length = colon ? (size_t)(colon - text) : 0;

    if (length == 0 || length >= sizeof host)
        return false;
    memcpy(host, text, length);
    if (strcmp(host, "localhost") == 0)
        return read_four("127.0.0.1", colon + 1, out);
    if (host[0] != '[')
        return read_four(host, colon + 1, out);
    if (host[length - 1] != ']')
        return false;
    host[length - 1] = '\0';
    return read_six(host + 1, colon + 1, out);
}

enum gw_status address_read(const char *text, bool anywhere, struct address *out, struct gw_error *err)
{
    *out = (struct address){.length = 0};
    if (strncmp(text, "unix:", 5) == 0)
        return read_unix(text + 5, out, err);
    if (!read_internet(text, out))
        return gw_fail(err, GW_ECONFIG, where,
                       "\"%.60s\" is no address to listen at: write 127.0.0.1:8490 or unix:/run/casement.sock", text);
    if (!anywhere && !is_loopback(out))
        return gw_fail(err, GW_ECONFIG, where,
                       "%.60s can be reached from other machines, in plain text: listen at 127.0.0.1 and let the proxy "
                       "of the house, with its certificate, stand in front",
                       text);
    return GW_OK;
}

enum gw_status gw_listener_check_address(const char *address, bool anywhere, struct gw_error *err)
{
    struct address out;

    return address_read(address, anywhere, &out, err);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* A socket file of a process that is gone would keep us out; one that somebody serves is not ours to take. */
static enum gw_status clear_way(const struct address *address, struct gw_error *err)
{
    struct stat status;
    int fd, served;

    if (!address->path || lstat(address->path, &status) != 0)
        return GW_OK;
    if (!S_ISSOCK(status.st_mode))
        return gw_fail(err, GW_ECREATE, where, "%s is there and is no socket: take it away", address->path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    served = fd >= 0 && connect(fd, (const struct sockaddr *)&address->bytes, address->length) == 0;
    if (fd >= 0)
        close(fd);
    if (served)
        return gw_fail(err, GW_EBUSY, where, "%s is served by another process", address->path);
    unlink(address->path);
    return GW_OK;
}

/* The mode is set before anyone can connect: until listen there is nobody to answer. */
static bool bind_and_listen(int fd, const struct address *address)
{
    const int one = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    return bind(fd, (const struct sockaddr *)&address->bytes, address->length) == 0 &&
           (!address->path || chmod(address->path, SOCKET_MODE) == 0) && listen(fd, BACKLOG) == 0;
}

enum gw_status address_listen(const struct address *address, const char *text, int *out, struct gw_error *err)
{
    enum gw_status rc = clear_way(address, err);
    int fd;

    if (rc != GW_OK)
        return rc;
    fd = socket(address->bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind_and_listen(fd, address)) {
        *out = fd;
        return GW_OK;
    }
    rc = errno == EADDRINUSE ? GW_EBUSY : GW_ECREATE;
    gw_fail(err, rc, where, "cannot listen at %s: %s", text, strerror(errno));
    if (fd >= 0)
        close(fd);
    return rc;
}

int address_port(int fd)
{
    struct sockaddr_storage bytes = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof bytes;

    getsockname(fd, (struct sockaddr *)&bytes, &length);
    if (bytes.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&bytes)->sin6_port);
    return bytes.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&bytes)->sin_port) : 0;
}
