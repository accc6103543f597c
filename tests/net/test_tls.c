/*
 * TLS as nginx speaks it: which certificates are taken, and what is said of the others.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/fetch.h"
#include "net/key.h"

enum peer {
    GOOD,
    OTHER_HOST,
    NAME_ONLY,
    UNKNOWN,
    WRONG_USE,
    EXPIRED,
    FUTURE,
    SELF_SIGNED,
    OLD_TLS,
    WANTS_CLIENT,
    TLS_1_2,
    PEERS,
    S_SERVER = PEERS, /* wants a client certificate already in the handshake */
    PORTS,
};

static uv_loop_t loop;
static char folder[64];
static int ports[PORTS];
static pid_t nginx, s_server;

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    getsockname(fd, (struct sockaddr *)&address, &length);
    close(fd);
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

    snprintf(command, sizeof(command), "nginx -c %s/nginx.conf -p %s", folder, folder);
    nginx = spawn(command);
    snprintf(command, sizeof(command),
             "openssl s_server -accept 127.0.0.1:%d -cert %s/good.pem -key %s/good.key -CAfile %s/root.pem -Verify 1 "
             "-verify_return_error -www </dev/null",
             ports[S_SERVER], folder, folder, folder);
    s_server = spawn(command);
    for (int i = 0; i < 250 && !(is_up(ports[TLS_1_2]) && is_up(ports[S_SERVER])); i++)
        usleep(20000);
}

static void open_all(void)
{
    char list[256] = "";

    if (run("command -v nginx && command -v faketime && command -v openssl") != 0)
        cr_skip("nginx, faketime and openssl are needed");
    strcpy(folder, "/tmp/gw-tls-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    for (int i = 0; i < PORTS; i++)
        ports[i] = free_port();
    for (int i = 0; i < PEERS; i++)
        snprintf(list + strlen(list), sizeof(list) - strlen(list), " %d", ports[i]);
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

static struct outcome fetch(const struct gw_http_options *options, const char *host, int peer)
{
    struct outcome outcome = OUTCOME_INIT;
    struct gw_http *http = NULL;
    struct gw_error err = {0};
    char url[128];
    struct gw_http_request request = {.url = url};

    snprintf(url, sizeof(url), "https://%s:%d/r4/Patient?name=Perez", host, ports[peer]);
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

static const struct {
    const char *name, *host;
    enum peer peer;
    enum gw_status status;
    const char *says;
} cases[] = {
    {"good", "localhost", GOOD, GW_OK, ""},
    {"good by address", "127.0.0.1", GOOD, GW_OK, ""},
    {"TLS 1.2", "localhost", TLS_1_2, GW_OK, ""},
    {"another name", "localhost", OTHER_HOST, GW_EPROTO, "for another name"},
    {"an address that is not in it", "127.0.0.1", NAME_ONLY, GW_EPROTO, "for another name"},
    {"another authority", "localhost", UNKNOWN, GW_EPROTO, "\"ca\""},
    {"self-signed", "localhost", SELF_SIGNED, GW_EPROTO, "\"ca\""},
    {"expired", "localhost", EXPIRED, GW_EPROTO, "certificate has expired): the server's administrator must renew"},
    {"not yet valid", "localhost", FUTURE, GW_EPROTO, "check this machine's clock"},
    {"not for servers", "localhost", WRONG_USE, GW_EPROTO, "localhost"},
    {"TLS 1.1", "localhost", OLD_TLS, GW_EPROTO, "TLS 1.2"},
};

Test(tls, n10_takes_good_certificates_and_says_what_is_wrong_with_others)
{
    struct gw_http_options options = {.ca_file = file("root.pem")};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outcome outcome = fetch(&options, cases[i].host, cases[i].peer);

        cr_expect(outcome.failure.status == cases[i].status && strstr(outcome.failure.text, cases[i].says), "%s: %d %s",
                  cases[i].name, outcome.failure.status, outcome.failure.text);
        if (cases[i].status == GW_OK)
            cr_expect_str_eq(outcome.response.body.at, "{\"resourceType\":\"Bundle\"}", "%s", cases[i].name);
        else
            cr_expect(outcome.response.status == 0, "%s: asked all the same", cases[i].name);
        outcome_reset(&outcome);
    }
}

Test(tls, n10_does_not_trust_a_private_authority_it_was_not_told_of)
{
    struct outcome outcome = fetch(NULL, "localhost", GOOD);

    cr_expect(outcome.failure.status == GW_EPROTO && strstr(outcome.failure.text, "\"ca\""), "%s",
              outcome.failure.text);
    outcome_reset(&outcome);
}

Test(tls, n10_shows_its_client_certificate)
{
    struct gw_http_options with = {
        .ca_file = file("root.pem"), .cert_file = file("client.pem"), .key_file = file("client.key")};
    struct gw_http_options without = {.ca_file = with.ca_file};
    struct outcome outcome = fetch(&with, "localhost", WANTS_CLIENT);

    cr_expect(outcome.response.status == 200, "%s", outcome.failure.text);
    outcome_reset(&outcome);
    outcome = fetch(&without, "localhost", WANTS_CLIENT);
    cr_expect(outcome.response.status == 400, "nginx says so in HTML: %d %s", outcome.response.status,
              outcome.failure.text);
    outcome_reset(&outcome);
    outcome = fetch(&without, "localhost", S_SERVER);
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
    struct outcome outcome = fetch(&foreign, "localhost", S_SERVER);

    cr_expect(outcome.failure.status == GW_EDENIED && strstr(outcome.failure.text, "client certificate"), "%d %s",
              outcome.failure.status, outcome.failure.text);
    outcome_reset(&outcome);
    outcome = fetch(&mixed, "localhost", WANTS_CLIENT);
    cr_expect(outcome.failure.status == GW_ECONFIG && strstr(outcome.failure.text, "\"tls\""), "%d %s",
              outcome.failure.status, outcome.failure.text);
    outcome_reset(&outcome);
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
