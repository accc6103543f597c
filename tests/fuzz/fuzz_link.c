/*
 * Any bytes as a link of a server's answer: what passes the gate leads to an origin that is allowed, by a reading of
 * the authority that shares no code with the gate's.
 *
 * Rooms: net
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/net/http.h"
#include "gateway/net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* libFuzzer calls it; it has no header in C */

/* "host:port" with the default port added and its leading zeros dropped. */
static int is_allowed(const char *authority, size_t length)
{
    static const char *const hosts[] = {"fhir.example.org", "files.example.org"};
    static const unsigned long ports[] = {443, 8443};
    const char *colon = memchr(authority, ':', length);
    const size_t host = colon ? (size_t)(colon - authority) : length;
    const unsigned long port = colon && host + 1 < length ? strtoul(colon + 1, NULL, 10) : 443;

    for (size_t i = 0; i < 2; i++)
        if (strlen(hosts[i]) == host && strncasecmp(hosts[i], authority, host) == 0 && port == ports[i])
            return 1;
    return 0;
}

static void check_link(const struct gw_gate *gate, const char *link)
{
    struct gw_text out = GW_TEXT_INIT(GW_URL_MAX);
    const char *authority;

    if (gw_gate_resolve(gate, "https://fhir.example.org/r4/Observation?patient=7", link, &out, NULL) == GW_OK) {
        authority = strstr(out.at, "://");
        if (strncasecmp(out.at, "https://", 8) != 0 || !is_allowed(authority + 3, strcspn(authority + 3, "/?#\\"))) {
            fprintf(stderr, "broken: %s passed\n", out.at);
            abort();
        }
    }
    gw_text_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const allowed[] = {"https://files.example.org:8443"};
    static struct gw_gate *gate;
    char *link = malloc(size + 1), described[64];

    if (!link || (!gate && gw_gate_new("https://fhir.example.org/r4", allowed, 1, &gate, NULL) != GW_OK))
        abort();
    memcpy(link, data, size);
    link[size] = '\0';
    check_link(gate, link);
    gw_url_describe(link, described, sizeof(described));
    gw_url_trusted(link, NULL);
    gw_http_retry_after(link, 1795168800);
    free(link);
    return 0;
}
