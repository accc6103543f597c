/*
 * Addresses that names lead to: which kind they are, and which change of kind is refused.
 */
#include <arpa/inet.h>

#include "net/client.h"
#include "net/egress.h"

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&storage;

    if (inet_pton(AF_INET, text, &four->sin_addr) == 1)
        storage.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1)
        storage.ss_family = AF_INET6;
    return storage;
}

static const struct {
    const char *address;
    enum egress_kind kind;
} kinds[] = {
    {"8.8.8.8", EGRESS_PUBLIC},
    {"9.255.255.255", EGRESS_PUBLIC},
    {"10.0.0.0", EGRESS_PRIVATE},
    {"10.255.255.255", EGRESS_PRIVATE},
    {"11.0.0.0", EGRESS_PUBLIC},
    {"100.63.255.255", EGRESS_PUBLIC},
    {"100.64.0.0", EGRESS_PRIVATE},
    {"100.127.255.255", EGRESS_PRIVATE},
    {"100.128.0.0", EGRESS_PUBLIC},
    {"127.0.0.1", EGRESS_PRIVATE},
    {"127.255.255.255", EGRESS_PRIVATE},
    {"169.253.255.255", EGRESS_PUBLIC},
    {"169.254.169.254", EGRESS_LINK}, /* a cloud's metadata */
    {"172.15.255.255", EGRESS_PUBLIC},
    {"172.16.0.0", EGRESS_PRIVATE},
    {"172.31.255.255", EGRESS_PRIVATE},
    {"172.32.0.0", EGRESS_PUBLIC},
    {"192.167.255.255", EGRESS_PUBLIC},
    {"192.168.0.0", EGRESS_PRIVATE},
    {"192.169.0.0", EGRESS_PUBLIC},
    {"198.17.255.255", EGRESS_PUBLIC},
    {"198.18.0.1", EGRESS_PRIVATE},
    {"198.20.0.0", EGRESS_PUBLIC},
    {"0.0.0.0", EGRESS_NONE},
    {"0.1.2.3", EGRESS_NONE},
    {"223.255.255.255", EGRESS_PUBLIC},
    {"224.0.0.1", EGRESS_NONE},
    {"255.255.255.255", EGRESS_NONE},
    {"2001:4860:4860::8888", EGRESS_PUBLIC},
    {"::1", EGRESS_PRIVATE},
    {"::", EGRESS_NONE},
    {"::7f00:1", EGRESS_NONE}, /* IPv4-compatible: nobody's since RFC 4291 */
    {"fc00::1", EGRESS_PRIVATE},
    {"fdff::1", EGRESS_PRIVATE},
    {"fbff::1", EGRESS_PUBLIC},
    {"fe00::1", EGRESS_PUBLIC},
    {"fe80::1", EGRESS_LINK},
    {"febf::1", EGRESS_LINK},
    {"fec0::1", EGRESS_PUBLIC},
    {"ff02::1", EGRESS_NONE},
    {"::ffff:8.8.8.8", EGRESS_PUBLIC},
    {"::ffff:10.0.0.1", EGRESS_PRIVATE},
    {"::ffff:169.254.169.254", EGRESS_LINK},
    {"64:ff9b::10.0.0.1", EGRESS_PRIVATE},
    {"64:ff9b::8.8.8.8", EGRESS_PUBLIC},
    {"2002:a00:1::1", EGRESS_PRIVATE}, /* 6to4 of 10.0.0.1 */
    {"2002:808:808::1", EGRESS_PUBLIC},
    {"no address", EGRESS_NONE},
};

Test(egress, n1_is_of_one_kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct sockaddr_storage storage = address_of(kinds[i].address);

        cr_expect(egress_kind((const struct sockaddr *)&storage) == kinds[i].kind, "%s: %d", kinds[i].address,
                  (int)egress_kind((const struct sockaddr *)&storage));
    }
}

#define BASE   "fhir.example.org"
#define FILES  "files.example.org"
#define PUBLIC "192.0.2.7"
#define INSIDE "10.1.2.3"

static const struct {
    const char *name;
    enum gw_private_addresses setting;
    struct {
        const char *host, *address;
        bool allowed;
    } steps[5];
} histories[] = {
    {"N1: a hospital of its own network", GW_PRIVATE_AS_BASE, {{BASE, INSIDE, true}, {BASE, INSIDE, true}}},
    {"N1: the name is turned against us", GW_PRIVATE_AS_BASE, {{BASE, PUBLIC, true}, {BASE, INSIDE, false}}},
    {"N1: and back again",
     GW_PRIVATE_AS_BASE,
     {{BASE, PUBLIC, true}, {BASE, "127.0.0.1", false}, {BASE, "192.0.2.8", true}}},
    {"N1: written in capitals", GW_PRIVATE_AS_BASE, {{"FHIR.Example.org", PUBLIC, true}, {BASE, INSIDE, false}}},
    {"N1: a link of an internet server leads inside",
     GW_PRIVATE_AS_BASE,
     {{BASE, PUBLIC, true}, {FILES, INSIDE, false}, {FILES, PUBLIC, true}}},
    {"N1: a link of an inside server may lead anywhere",
     GW_PRIVATE_AS_BASE,
     {{BASE, INSIDE, true}, {FILES, PUBLIC, true}, {FILES, INSIDE, true}, {"third", "192.168.1.1", true}}},
    {"N1: a hospital that moves to the internet stays free to move back",
     GW_PRIVATE_AS_BASE,
     {{BASE, INSIDE, true}, {BASE, PUBLIC, true}, {BASE, INSIDE, true}}},
    {"N1: the token's host before the base", GW_PRIVATE_AS_BASE, {{FILES, INSIDE, true}, {BASE, INSIDE, true}}},
    {"N1: before the base each keeps to what it had",
     GW_PRIVATE_AS_BASE,
     {{FILES, PUBLIC, true}, {FILES, INSIDE, false}}},
    {"N1: the base decides over who came before it",
     GW_PRIVATE_AS_BASE,
     {{FILES, INSIDE, true}, {BASE, PUBLIC, true}, {FILES, INSIDE, false}}},
    {"N1: link-local never", GW_PRIVATE_AS_BASE, {{BASE, "169.254.169.254", false}, {BASE, INSIDE, true}}},
    {"N1: what is nobody's never", GW_PRIVATE_ALLOWED, {{BASE, "0.0.0.0", false}, {BASE, "224.0.0.1", false}}},
    {"N1: the operator allows it",
     GW_PRIVATE_ALLOWED,
     {{BASE, PUBLIC, true}, {BASE, INSIDE, true}, {FILES, "169.254.1.1", true}}},
    {"N1: the operator forbids it", GW_PRIVATE_REFUSED, {{BASE, INSIDE, false}, {BASE, PUBLIC, true}}},
};

Test(egress, n1_that_changes_its_kind_is_refused)
{
    for (size_t i = 0; i < COUNT(histories); i++) {
        struct egress egress;

        egress_init(&egress, BASE, histories[i].setting);
        for (size_t k = 0; histories[i].steps[k].host; k++) {
            const struct sockaddr_storage storage = address_of(histories[i].steps[k].address);

            cr_expect(egress_allow(&egress, histories[i].steps[k].host, (const struct sockaddr *)&storage) ==
                          histories[i].steps[k].allowed,
                      "%s: step %zu", histories[i].name, k + 1);
        }
    }
}

Test(egress, n1_of_the_base_is_remembered_however_many_other_hosts_there_are)
{
    const struct sockaddr_storage outside = address_of(PUBLIC), inside = address_of(INSIDE);
    struct egress egress;
    char host[32];

    egress_init(&egress, BASE, GW_PRIVATE_AS_BASE);
    for (int i = 0; i < 100; i++) {
        snprintf(host, sizeof host, "h%d.example.org", i);
        cr_expect(egress_allow(&egress, host, (const struct sockaddr *)&inside));
    }
    cr_expect(egress_allow(&egress, BASE, (const struct sockaddr *)&outside));
    cr_expect(!egress_allow(&egress, BASE, (const struct sockaddr *)&inside));
    cr_expect(!egress_allow(&egress, "h99.example.org", (const struct sockaddr *)&inside));
}

/* libcurl itself says that names below .localhost are this machine's: a name that leads inside, without a resolver. */
Test(egress, n1_that_is_refused_gets_no_connection)
{
    int status = 200;
    struct fake_server *trap = fake_server_new(play_plain, &status);
    struct gw_http *http = client_of(&(struct gw_http_options){.base = "https://192.0.2.7/r4"});
    char url[64];
    struct gw_http_request inside = {.url = url}, base = {.url = "https://192.0.2.7/r4/metadata", .connect_ms = 50};
    struct outcome outcome = OUTCOME_INIT;

    snprintf(url, sizeof url, "http://rebound.localhost:%d/latest?name=Perez", fake_server_port(trap));
    fetch(http, &base, &outcome); /* nobody is there; but the address is public */
    cr_expect(outcome.failure.status == GW_ERETRY, "%s", outcome.failure.text);
    outcome_reset(&outcome);
    fetch(http, &inside, &outcome);
    cr_expect(outcome.failure.status == GW_EPROTO && strstr(outcome.failure.text, "rebound.localhost") &&
                  strstr(outcome.failure.text, "allow_private"),
              "%d %s", outcome.failure.status, outcome.failure.text);
    cr_expect(!strstr(outcome.failure.text, "Perez") && outcome.response.trouble == GW_TROUBLE_REFUSED, "%s",
              outcome.failure.text);
    cr_expect(fake_server_requests(trap) == 0);
    outcome_reset(&outcome);
    client_gone(http);
    http =
        client_of(&(struct gw_http_options){.base = "https://192.0.2.7/r4", .private_addresses = GW_PRIVATE_ALLOWED});
    fetch(http, &inside, &outcome);
    cr_expect(outcome.response.status == 200 && fake_server_requests(trap) == 1, "%s", outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(trap);
}
