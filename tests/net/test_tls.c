/*
 * TLS as nginx speaks it: which certificates are taken, and what is said of the others.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/fetch.h"
#include "net/key.h"

/* The servers of tests/support/tls_peers.sh. */
static const char *const peers[] = {
    "good",
    "otherhost",
    "nameonly",
    "unknown",
    "wronguse",
    "nouse",
    "expired",
    "future",
    "selfsigned",
    "cnonly",
    "othersan",
    "capitals",
    "wildcard",
    "partial",
    "widest",
    "double",
    "addressasname",
    "mail",
    "nul",
    "undermiddle",
    "alone",
    "disorder",
    "underold",
    "underleaf",
    "undernosign",
    "undershort",
    "undernamed",
    "underweakhash",
    "sha1",
    "md5",
    "rsa1024",
    "rsa2048",
    "underweakroot",
    "critical",
    "cross",
    "tls10",
    "tls11",
    "tls12",
    "tls13",
    "nothing",
    "anonymous",
    "weakdh",
    "wantsclient",
    "leaving",
    "plain",
    "staplegood",
    "staplesha256",
    "stapledelegate",
    "staplemiddle",
    "stapleundated",
    "staplerevoked",
    "staplerevoked13",
    "staplemiddlerevoked",
    "stapleunknown",
    "stapleother",
    "staplestranger",
    "stapleclient",
    "stapleexpired",
    "stapleold",
    "staplefuture",
    "stapletorn",
};

enum { S_SERVER = COUNT(peers) /* wants a client certificate already in the handshake */, PORTS };

static uv_loop_t loop;
static char folder[64];
static int ports[PORTS];
static pid_t nginx, s_server;

/* Below those that the system hands out: what is free now stays free until nginx takes it. */
static int free_port(void)
{
    static unsigned next;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool free;

    do {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);

        address.sin_port = htons((uint16_t)(10000 + ((unsigned)getpid() * 61 + next++) % 20000));
        free = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
        close(fd);
    } while (!free);
    return ntohs(address.sin_port);
}

static bool is_up(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool up = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

    close(fd);
    return up;
}

static int port_of(const char *peer)
{
    for (size_t i = 0; i < COUNT(peers); i++)
        if (strcmp(peers[i], peer) == 0)
            return ports[i];
    return ports[S_SERVER];
}

static const char *file(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static pid_t spawn(const char *command)
{
    pid_t pid = fork();

    if (pid == 0) {
        char line[1024];

        snprintf(line, sizeof(line), "exec %s >/dev/null 2>&1", command);
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static void spawn_peers(void)
{
    char command[1024];

    snprintf(command, sizeof(command), "env OPENSSL_CONF=%s/weak.cnf nginx -c %s/nginx.conf -p %s", folder, folder,
             folder);
    nginx = spawn(command);
    snprintf(command, sizeof(command),
             "openssl s_server -accept 127.0.0.1:%d -cert %s/good.pem -key %s/good.key -CAfile %s/root.pem -Verify 1 "
             "-verify_return_error -www </dev/null",
             ports[S_SERVER], folder, folder, folder);
    s_server = spawn(command);
    for (int i = 0; i < 250 && !(is_up(port_of("plain")) && is_up(ports[S_SERVER])); i++)
        usleep(20000);
}

static void open_all(void)
{
    char list[2048] = "";

    if (run("command -v nginx && command -v faketime && command -v openssl") != 0)
        cr_skip("nginx, faketime and openssl are needed");
    strcpy(folder, "/tmp/gw-tls-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    for (int i = 0; i < PORTS; i++)
        ports[i] = free_port();
    for (size_t i = 0; i < COUNT(peers); i++)
        snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s:%d", peers[i], ports[i]);
    cr_assert(run("sh %s/tests/support/tls_peers.sh %s %s", SOURCE_DIR, folder, list) == 0);
    spawn_peers();
}

static void close_all(void)
{
    kill(nginx, SIGKILL);
    kill(s_server, SIGKILL);
    waitpid(nginx, NULL, 0);
    waitpid(s_server, NULL, 0);
    run("rm -rf %s", folder);
}

TestSuite(tls, .init = open_all, .fini = close_all);

static struct outcome fetch_path(const struct gw_http_options *options, const char *host, const char *peer,
                                 const char *path)
{
    struct outcome outcome = OUTCOME_INIT;
    struct gw_http *http = NULL;
    struct gw_error err = {0};
    char url[128];
    struct gw_http_request request = {.url = url};

    snprintf(url, sizeof(url), "https://%s:%d/%s", host, port_of(peer), path);
    cr_assert(uv_loop_init(&loop) == 0);
    cr_assert(gw_http_client_new(&loop, options, &http, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_http_start(http, &request, &outcome.response, outcome_done, &outcome, NULL, NULL) == GW_OK);
    uv_run(&loop, UV_RUN_DEFAULT);
    gw_http_free(http);
    loop_close(&loop);
    cr_assert(outcome.times == 1);
    cr_expect(!strstr(outcome.failure.text, "Perez"), "%s", outcome.failure.text);
    return outcome;
}

static struct outcome fetch(const struct gw_http_options *options, const char *host, const char *peer)
{
    return fetch_path(options, host, peer, "r4/Patient?name=Perez");
}

#define ANOTHER_NAME "for another name"

static const struct {
    const char *peer, *host; /* NULL: localhost */
    enum gw_status status;
    const char *says;
} cases[] = {
    {"good", NULL, GW_OK, ""},
    {"good", "127.0.0.1", GW_OK, ""},
    {"nouse", NULL, GW_OK, ""},
    {"capitals", NULL, GW_OK, ""},
    {"wildcard", "x.b.localhost", GW_OK, ""},
    {"undermiddle", NULL, GW_OK, ""},
    {"disorder", NULL, GW_OK, ""},
    {"cross", NULL, GW_OK, ""},
    {"rsa2048", NULL, GW_OK, ""},
    {"tls12", NULL, GW_OK, ""},
    {"tls13", NULL, GW_OK, ""},

    {"otherhost", NULL, GW_EPROTO, ANOTHER_NAME},
    {"nameonly", "127.0.0.1", GW_EPROTO, ANOTHER_NAME},
    {"cnonly", NULL, GW_EPROTO, ANOTHER_NAME},
    {"othersan", NULL, GW_EPROTO, ANOTHER_NAME},
    {"wildcard", "b.localhost", GW_EPROTO, ANOTHER_NAME},
    {"wildcard", "y.x.b.localhost", GW_EPROTO, ANOTHER_NAME},
    {"partial", "ab.b.localhost", GW_EPROTO, ANOTHER_NAME},
    {"widest", "x.localhost", GW_EPROTO, ANOTHER_NAME},
    {"double", "x.b.localhost", GW_EPROTO, ANOTHER_NAME},
    {"addressasname", "127.0.0.1", GW_EPROTO, ANOTHER_NAME},
    {"mail", NULL, GW_EPROTO, ANOTHER_NAME},
    {"nul", NULL, GW_EPROTO, ANOTHER_NAME},

    {"unknown", NULL, GW_EPROTO, "\"ca\""},
    {"selfsigned", NULL, GW_EPROTO, "\"ca\""},
    {"alone", NULL, GW_EPROTO, "\"ca\""},
    {"expired", NULL, GW_EPROTO, "certificate has expired): the server's administrator must renew"},
    {"future", NULL, GW_EPROTO, "check this machine's clock"},
    {"underold", NULL, GW_EPROTO, "certificate has expired"},
    {"wronguse", NULL, GW_EPROTO, "purpose"},
    {"underleaf", NULL, GW_EPROTO, "invalid CA certificate"},
    {"undernosign", NULL, GW_EPROTO, "invalid CA certificate"},
    {"undershort", NULL, GW_EPROTO, "path length"},
    {"undernamed", NULL, GW_EPROTO, "permitted subtree"},
    {"critical", NULL, GW_EPROTO, "critical extension"},

    {"sha1", NULL, GW_EPROTO, "too weak"},
    {"md5", NULL, GW_EPROTO, "too weak"},
    {"underweakhash", NULL, GW_EPROTO, "too weak"},
    {"rsa1024", NULL, GW_EPROTO, "too weak"},
    {"underweakroot", NULL, GW_EPROTO, "too weak"},
    {"weakdh", NULL, GW_EPROTO, "dh key too small"},
    {"tls10", NULL, GW_EPROTO, "localhost"},
    {"tls11", NULL, GW_EPROTO, "localhost"},
    {"nothing", NULL, GW_EDENIED, "refused the TLS connection"}, /* no common cipher and no known client look alike */
    {"anonymous", NULL, GW_EDENIED, "refused the TLS connection"},
    {"plain", NULL, GW_EPROTO, "localhost"},

    /* revoked, if stapled */
    {"staplegood", NULL, GW_OK, ""},
    {"staplesha256", NULL, GW_OK, ""},
    {"stapledelegate", NULL, GW_OK, ""},
    {"staplemiddle", NULL, GW_OK, ""},
    {"stapleundated", NULL, GW_OK, ""},
    {"staplerevoked", NULL, GW_EPROTO, "certificate revoked): its authority took it back"},
    {"staplerevoked13", NULL, GW_EPROTO, "certificate revoked): its authority took it back"},
    {"staplemiddlerevoked", NULL, GW_EPROTO, "certificate revoked): its authority took it back"},
    {"stapleunknown", NULL, GW_EPROTO, "staples to it is out of date, of another certificate or not"},
    {"stapleother", NULL, GW_EPROTO, "staples to it is out of date, of another certificate or not"},
    {"staplestranger", NULL, GW_EPROTO, "staples to it is out of date, of another certificate or not"},
    {"stapleclient", NULL, GW_EPROTO, "staples to it is out of date, of another certificate or not"},
    {"stapleexpired", NULL, GW_EPROTO, "staples to it is out of date, of another certificate or not"},
    {"stapleold", NULL, GW_EPROTO, "staples to it is out of date, of another certificate or not"},
    {"staplefuture", NULL, GW_EPROTO, "staples to it is out of date, of another certificate or not"},
    {"stapletorn", NULL, GW_EPROTO, "staples to it is out of date, of another certificate or not"},
};

Test(tls, n10_takes_good_certificates_and_says_what_is_wrong_with_others)
{
    struct gw_http_options options = {.ca_file = file("roots.pem")};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outcome outcome = fetch(&options, cases[i].host ? cases[i].host : "localhost", cases[i].peer);

        cr_expect(outcome.failure.status == cases[i].status && strstr(outcome.failure.text, cases[i].says),
                  "N10: %s: %d %s", cases[i].peer, outcome.failure.status, outcome.failure.text);
        if (cases[i].status == GW_OK)
            cr_expect_str_eq(outcome.response.body.at, "{\"resourceType\":\"Bundle\"}", "%s", cases[i].peer);
        else
            cr_expect(outcome.response.status == 0 && !outcome.response.incomplete, "%s: asked all the same",
                      cases[i].peer);
        outcome_reset(&outcome);
    }
}

/* After each answer this server says that it goes (GOAWAY), as one that is restarted does. */
Test(tls, n7_goes_on_over_a_new_connection_when_http_2_says_goaway)
{
    struct gw_http_options options = {.ca_file = file("root.pem"), .concurrent = 4};
    struct gw_http *http = NULL;
    struct outcome outcomes[12];
    char url[128];

    cr_assert(uv_loop_init(&loop) == 0);
    cr_assert(gw_http_client_new(&loop, &options, &http, NULL) == GW_OK);
    snprintf(url, sizeof(url), "https://localhost:%d/r4", port_of("leaving"));
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        struct gw_http_request request = {.url = url};

        outcomes[i] = (struct outcome)OUTCOME_INIT;
        cr_assert(gw_http_start(http, &request, &outcomes[i].response, outcome_done, &outcomes[i], NULL, NULL) ==
                  GW_OK);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        cr_expect(outcomes[i].times == 1 && outcomes[i].response.status == 200, "%zu: %d %s", i,
                  outcomes[i].failure.status, outcomes[i].failure.text);
        outcome_reset(&outcomes[i]);
    }
    gw_http_free(http);
    loop_close(&loop);
}

/* The stream ends without an answer (RST_STREAM, or the connection with it). */
Test(tls, n7_calls_a_stream_that_is_reset_a_reason_to_try_again)
{
    struct gw_http_options options = {.ca_file = file("root.pem")};
    struct outcome outcome = fetch_path(&options, "localhost", "good", "lost");

    cr_expect(outcome.failure.status == GW_ERETRY, "%d %s", outcome.failure.status, outcome.failure.text);
    outcome_reset(&outcome);
}

Test(tls, n10_does_not_trust_a_private_authority_it_was_not_told_of)
{
    struct outcome outcome = fetch(NULL, "localhost", "good");

    cr_expect(outcome.failure.status == GW_EPROTO && strstr(outcome.failure.text, "\"ca\""), "%s",
              outcome.failure.text);
    outcome_reset(&outcome);
}

Test(tls, n10_shows_its_client_certificate)
{
    struct gw_http_options with = {
        .ca_file = file("root.pem"), .cert_file = file("client.pem"), .key_file = file("client.key")};
    struct gw_http_options without = {.ca_file = with.ca_file};
    struct outcome outcome = fetch(&with, "localhost", "wantsclient");

    cr_expect(outcome.response.status == 200, "%s", outcome.failure.text);
    outcome_reset(&outcome);
    outcome = fetch(&without, "localhost", "wantsclient");
    cr_expect(outcome.response.status == 400, "nginx says so in HTML: %d %s", outcome.response.status,
              outcome.failure.text);
    outcome_reset(&outcome);
    outcome = fetch(&without, "localhost", "s_server");
    cr_expect(outcome.failure.status == GW_EDENIED && strstr(outcome.failure.text, "client certificate"), "%d %s",
              outcome.failure.status, outcome.failure.text);
    outcome_reset(&outcome);
}

Test(tls, n10_is_told_when_its_client_certificate_is_unknown_or_unusable)
{
    struct gw_http_options foreign = {
        .ca_file = file("root.pem"), .cert_file = file("foreignclient.pem"), .key_file = file("foreignclient.key")};
    struct gw_http_options mixed = {
        .ca_file = foreign.ca_file, .cert_file = file("client.pem"), .key_file = foreign.key_file};
    struct outcome outcome = fetch(&foreign, "localhost", "s_server");

    cr_expect(outcome.failure.status == GW_EDENIED && strstr(outcome.failure.text, "client certificate"), "%d %s",
              outcome.failure.status, outcome.failure.text);
    outcome_reset(&outcome);
    outcome = fetch(&mixed, "localhost", "wantsclient");
    cr_expect(outcome.failure.status == GW_ECONFIG && strstr(outcome.failure.text, "\"tls\""), "%d %s",
              outcome.failure.status, outcome.failure.text);
    outcome_reset(&outcome);
}

/* As openssl makes it of the server's key. */
static const char *pin_of(const char *key)
{
    static char pins[2][64];
    static unsigned next;
    char command[512], *pin = pins[next++ % 2];
    FILE *out;

    snprintf(command, sizeof(command),
             "openssl pkey -in %s -pubout -outform DER 2>/dev/null | openssl dgst -sha256 -binary | base64", file(key));
    out = popen(command, "r");
    cr_assert(out && fgets(pin, 64, out) != NULL && pclose(out) == 0);
    pin[strcspn(pin, "\n")] = '\0';
    memmove(pin + 8, pin, strlen(pin) + 1);
    memcpy(pin, "sha256//", 8);
    return pin;
}

#define OTHER_PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

Test(tls, sec_4_n10_asks_only_a_server_whose_key_is_pinned)
{
    const char *const own = pin_of("good.key"), *const leaf = pin_of("leaf.key");
    const struct {
        const char *name;
        const char *pins[2];
        const char *peer;
        enum gw_status status;
        const char *says;
    } rows[] = {
        {"the pin of its key", {own}, "good", GW_OK, ""},
        {"one of two, while a key is changed", {OTHER_PIN, own}, "good", GW_OK, ""},
        {"a pin mismatch", {OTHER_PIN}, "good", GW_EPROTO, "none of the \"pins\""},
        {"a good certificate of another key", {own}, "nouse", GW_EPROTO, "none of the \"pins\""},
        {"the right key in a certificate for another name", {leaf}, "otherhost", GW_EPROTO, ANOTHER_NAME},
        {"the right key of an unknown authority", {leaf}, "unknown", GW_EPROTO, "\"ca\""},
    };

    cr_assert(gw_http_is_pin(own) && gw_http_is_pin(leaf) && strcmp(own, leaf) != 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gw_http_options options = {
            .ca_file = file("root.pem"), .pins = rows[i].pins, .pin_count = rows[i].pins[1] ? 2 : 1};
        struct outcome outcome = fetch(&options, "localhost", rows[i].peer);

        cr_expect(outcome.failure.status == rows[i].status && strstr(outcome.failure.text, rows[i].says),
                  "SEC-4: %s: %d %s", rows[i].name, outcome.failure.status, outcome.failure.text);
        cr_expect(outcome.response.status == (rows[i].status == GW_OK ? 200 : 0), "%s: asked all the same",
                  rows[i].name);
        cr_expect(outcome.response.trouble == (rows[i].status == GW_OK ? GW_TROUBLE_NONE : GW_TROUBLE_TLS), "%s",
                  rows[i].name);
        outcome_reset(&outcome);
    }
}

Test(tls, refuses_a_key_that_others_may_read)
{
    struct gw_http_options options = {.cert_file = file("client.pem"), .key_file = file("client.key")};
    struct gw_http *http = NULL;
    struct gw_error err = {0};

    run("chmod 644 %s", options.key_file);
    cr_assert(uv_loop_init(&loop) == 0);
    cr_expect(gw_http_client_new(&loop, &options, &http, &err) == GW_ECONFIG && strstr(err.text, "chmod"), "%s",
              err.text);
    loop_close(&loop);
}

/* ---- what is offered ---- */

/* A server of before 2010: TLS 1.2 without a word on renegotiation. */
struct old_server {
    int listener, port;
    unsigned char hello[4096]; /* of the client, from its record on */
    size_t length;
};

static void *serve_as_of_old(void *ctx)
{
    static const unsigned char answer[] = {0x16, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3, [43] = 0, 0xc0, 0x2f, 0};
    struct old_server *server = ctx;
    const int fd = accept(server->listener, NULL, NULL);
    const ssize_t length = recv(fd, server->hello, sizeof server->hello, 0);
    unsigned char rest[64];

    server->length = length > 0 ? (size_t)length : 0;
    cr_expect(send(fd, answer, sizeof answer, MSG_NOSIGNAL) == (ssize_t)sizeof answer);
    while (recv(fd, rest, sizeof rest, 0) > 0)
        ;
    close(fd);
    return NULL;
}

static void listen_as_of_old(struct old_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(bind(server->listener, (struct sockaddr *)&address, sizeof address) == 0);
    cr_assert(listen(server->listener, 1) == 0);
    cr_assert(getsockname(server->listener, (struct sockaddr *)&address, &size) == 0);
    server->port = ntohs(address.sin_port);
}

/* Of TLS_RSA_WITH_RC4_128_MD5 to the last of those with 3DES, NULL, export and anonymous keys (RFC 2246, 4279, 4492,
 * 5246): the numbers that a client must not offer. */
static bool is_weak(unsigned suite)
{
    static const struct {
        unsigned first, last;
    } weak[] = {
        {0x0001, 0x001b}, /* NULL, export, RC4, IDEA, DES, 3DES, anonymous */
        {0x001e, 0x002e}, {0x0034, 0x0034}, {0x003a, 0x003b}, {0x0046, 0x0046}, {0x006c, 0x006d}, {0x0089, 0x0089},
        {0x008a, 0x008b}, {0x008e, 0x008f}, {0x0092, 0x0093}, {0x009b, 0x009b}, {0x00a6, 0x00a7}, {0x00b0, 0x00b1},
        {0x00b4, 0x00b5}, {0x00b8, 0x00b9}, {0xc001, 0xc003}, {0xc006, 0xc008}, {0xc00b, 0xc00d}, {0xc010, 0xc012},
        {0xc015, 0xc019}, {0xc01a, 0xc01c}, {0xc033, 0xc034}, {0xc039, 0xc03b},
    };

    for (size_t i = 0; i < COUNT(weak); i++)
        if (suite >= weak[i].first && suite <= weak[i].last)
            return true;
    return false;
}

static void expect_strong_suites(const struct old_server *server)
{
    const unsigned char *at = server->hello + 5 + 4 + 2 + 32; /* record, message, version, random */
    unsigned count;

    cr_assert(server->length > 80);
    at += 1 + *at; /* session */
    count = (unsigned)(at[0] << 8 | at[1]) / 2;
    cr_expect(count >= 3 && count < 200, "%u", count);
    for (unsigned i = 0; i < count; i++)
        cr_expect(!is_weak((unsigned)(at[2 + 2 * i] << 8 | at[3 + 2 * i])), "%02x%02x is offered", at[2 + 2 * i],
                  at[3 + 2 * i]);
}

Test(tls, n10_offers_no_weak_cipher_and_refuses_the_old_renegotiation)
{
    struct gw_http_options options = {.ca_file = file("root.pem")};
    struct old_server server = {0};
    pthread_t thread;
    struct outcome outcome;

    listen_as_of_old(&server);
    ports[S_SERVER] = server.port;
    cr_assert(pthread_create(&thread, NULL, serve_as_of_old, &server) == 0);
    outcome = fetch(&options, "localhost", "old");
    pthread_join(thread, NULL);
    close(server.listener);
    cr_expect(outcome.failure.status == GW_EPROTO && strstr(outcome.failure.text, "unsafe legacy renegotiation"), "%s",
              outcome.failure.text);
    expect_strong_suites(&server);
    outcome_reset(&outcome);
}
