/*
 * Blocks of addresses by the IANA special-purpose registries.
 */
#include "net/egress.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    uint32_t network;
    unsigned bits;
    enum egress_kind kind;
} blocks4[] = {
    {0x00000000, 8, EGRESS_NONE},     /* 0/8: this host */
    {0x0a000000, 8, EGRESS_PRIVATE},  /* 10/8 */
    {0x64400000, 10, EGRESS_PRIVATE}, /* 100.64/10: carriers' */
    {0x7f000000, 8, EGRESS_PRIVATE},  /* 127/8: loopback */
    {0xa9fe0000, 16, EGRESS_LINK},    /* 169.254/16 */
    {0xac100000, 12, EGRESS_PRIVATE}, /* 172.16/12 */
    {0xc0a80000, 16, EGRESS_PRIVATE}, /* 192.168/16 */
    {0xc6120000, 15, EGRESS_PRIVATE}, /* 198.18/15: benchmarks */
    {0xe0000000, 3, EGRESS_NONE},     /* 224/3: multicast, reserved, broadcast */
};

static enum egress_kind kind4(uint32_t address)
{
    for (size_t i = 0; i < COUNT(blocks4); i++)
        if ((address ^ blocks4[i].network) >> (32 - blocks4[i].bits) == 0)
            return blocks4[i].kind;
    return EGRESS_PUBLIC;
}

static uint32_t word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static enum egress_kind kind6(const uint8_t bytes[16])
{
    static const uint8_t zeros[16], mapped[12] = {[10] = 0xff, [11] = 0xff}, nat64[12] = {0, 0x64, 0xff, 0x9b};

    if (memcmp(bytes, mapped, sizeof mapped) == 0 || memcmp(bytes, nat64, sizeof nat64) == 0)
        return kind4(word(bytes + 12));
    if (bytes[0] == 0x20 && bytes[1] == 0x02) /* 6to4 */
        return kind4(word(bytes + 2));
    if (memcmp(bytes, zeros, 15) == 0)
        return bytes[15] == 1 ? EGRESS_PRIVATE : EGRESS_NONE;
    if (bytes[0] == 0xff || memcmp(bytes, zeros, 12) == 0)
        return EGRESS_NONE;
    if ((bytes[0] & 0xfe) == 0xfc)
        return EGRESS_PRIVATE;
    return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80 ? EGRESS_LINK : EGRESS_PUBLIC;
}

enum egress_kind egress_kind(const struct sockaddr *address)
{
    struct sockaddr_in six_less;
    struct sockaddr_in6 six;

    if (address->sa_family == AF_INET) {
        memcpy(&six_less, address, sizeof six_less);
        return kind4(ntohl(six_less.sin_addr.s_addr));
    }
    if (address->sa_family != AF_INET6)
        return EGRESS_NONE;
    memcpy(&six, address, sizeof six);
    return kind6(six.sin6_addr.s6_addr);
}

/* ---- what was met before ---------------------------------------------------------------------------------------- */

static void copy_host(char out[256], const char *host)
{
    snprintf(out, 256, "%s", host ? host : "");
    for (char *at = out; *at; at++)
        *at = (char)tolower((unsigned char)*at);
}

void egress_init(struct egress *egress, const char *base_host, enum gw_private_addresses setting)
{
    memset(egress, 0, sizeof *egress);
    egress->setting = setting;
    copy_host(egress->base, base_host);
}

static const struct egress_pin *find(const struct egress *egress, const char *host)
{
    for (size_t i = 0; i < egress->count; i++)
        if (strcmp(egress->pins[i].host, host) == 0)
            return &egress->pins[i];
    return NULL;
}

/* The base takes the first place of a full list, which a server of many origins must not crowd out. */
static void remember(struct egress *egress, const char *host, enum egress_kind kind)
{
    struct egress_pin *pin = &egress->pins[0];

    if (egress->count < EGRESS_HOSTS)
        pin = &egress->pins[egress->count++];
    else if (strcmp(host, egress->base) != 0)
        return;
    snprintf(pin->host, sizeof pin->host, "%s", host);
    pin->kind = kind;
}

static bool may_be_private(const struct egress *egress, const struct egress_pin *own)
{
    const struct egress_pin *base = find(egress, egress->base);

    if (egress->setting != GW_PRIVATE_AS_BASE)
        return egress->setting == GW_PRIVATE_ALLOWED;
    if (base && base->kind == EGRESS_PUBLIC)
        return false;
    return !own || own->kind == EGRESS_PRIVATE || base;
}

bool egress_allow(struct egress *egress, const char *host, const struct sockaddr *address)
{
    const enum egress_kind kind = egress_kind(address);
    const struct egress_pin *own;
    char name[256];

    if (kind == EGRESS_NONE || !egress->base[0])
        return kind != EGRESS_NONE;
    if (kind == EGRESS_LINK)
        return egress->setting == GW_PRIVATE_ALLOWED;
    copy_host(name, host);
    own = find(egress, name);
    if (kind == EGRESS_PRIVATE && !may_be_private(egress, own))
        return false;
    if (!own)
        remember(egress, name, kind);
    return true;
}

/* ---- at the socket ---------------------------------------------------------------------------------------------- */

static void note(struct egress_door *door, const struct curl_sockaddr *address)
{
    const void *at = address->family == AF_INET6
                         ? (const void *)&((const struct sockaddr_in6 *)(const void *)&address->addr)->sin6_addr
                         : (const void *)&((const struct sockaddr_in *)(const void *)&address->addr)->sin_addr;

    if (!inet_ntop(address->family, at, door->refused, sizeof door->refused))
        snprintf(door->refused, sizeof door->refused, "of no kind we know");
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct egress_door *door = ctx;

    (void)purpose;
    if (egress_allow(door->egress, door->host, &address->addr))
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    note(door, address);
    return CURL_SOCKET_BAD;
}

void egress_guard(struct egress_door *door, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, door);
}
