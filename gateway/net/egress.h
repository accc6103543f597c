/*
 * Which addresses the hosts of one endpoint may turn out to have.
 *
 * Most hospitals' servers stand on private addresses, so these are no fault by themselves. What is one is a change: a
 * name on the internet that leads into the hospital's own network all of a sudden (DNS rebinding), or a link of an
 * internet server that does. So what the host of the base has at first decides, for it and for every other host:
 *
 *      base at first    later, and other hosts of its links
 *      public           public addresses only
 *      private          public and private ones
 *      not asked yet    public and private ones; each host keeps to what it had at first
 *
 * Link-local addresses (a cloud's metadata service among them) are asked only where the settings allow private
 * addresses outright; what is no address of one host (0.0.0.0, multicast, reserved) never.
 */
#ifndef NET_EGRESS_H
#define NET_EGRESS_H

#include <curl/curl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "gateway/net/http.h"

enum egress_kind {
    EGRESS_PUBLIC,
    EGRESS_PRIVATE, /* RFC 1918, 6598 and 4193, loopback */
    EGRESS_LINK,    /* RFC 3927, fe80::/10 */
    EGRESS_NONE,    /* of no host, or of no family we speak */
};

/* An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) counts as what it is. */
enum egress_kind egress_kind(const struct sockaddr *address);

#define EGRESS_HOSTS 16u /* remembered beside the base; a link's origin is one of few */

struct egress {
    enum gw_private_addresses setting;
    char base[256]; /* host, in small letters; "" with none: whatever has an address may be asked */
    struct egress_pin {
        char host[256];
        enum egress_kind kind;
    } pins[EGRESS_HOSTS];
    size_t count;
};

/* base_host may be NULL. */
void egress_init(struct egress *egress, const char *base_host, enum gw_private_addresses setting);

/* May this address of the host be asked? What a host has at first is remembered. */
bool egress_allow(struct egress *egress, const char *host, const struct sockaddr *address);

/* One request's way to its socket; lives as long as its handle. */
struct egress_door {
    struct egress *egress;
    const char *host;
    char refused[INET6_ADDRSTRLEN]; /* the last address that was not asked; "" */
};

void egress_guard(struct egress_door *door, CURL *easy);

#endif
