/*
 * Name, connection, certificates: what a check says before it asks for anything.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service/check_bench.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { UP_TRIES = 200 };

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    getsockname(fd, (struct sockaddr *)&address, &length);
    close(fd);
    return ntohs(address.sin_port);
}

static bool is_up(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const bool up = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

    close(fd);
    return up;
}

/* An authority and a certificate for localhost, valid for so many days. */
static void make_certificates(const char *folder, int authority_days, int days)
{
    char command[2000];

    snprintf(
        command, sizeof command,
        "cd %s && { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem "
        "-days %d -subj '/CN=Example Authority' -addext basicConstraints=critical,CA:TRUE; "
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr "
        "-subj '/CN=fhir of the hospital'; printf 'subjectAltName=DNS:localhost\\n' >leaf.ext; "
        "openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days %d "
        "-extfile leaf.ext; } >/dev/null 2>&1",
        folder, authority_days, days);
    cr_assert(system(command) == 0);
}

static pid_t serve(const char *folder, int port, const char *options)
{
    const pid_t pid = fork();
    char command[500];

    snprintf(command, sizeof command,
             "cd %s && exec openssl s_server -accept 127.0.0.1:%d -cert leaf.pem -key leaf.key -www %s >/dev/null 2>&1",
             folder, port, options);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < UP_TRIES && !is_up(port); i++)
        usleep(20000);
    cr_assert(is_up(port), "openssl s_server does not come up");
    return pid;
}

static const struct {
    const char *name;
    int authority_days, days;
    bool trusted;
    enum gw_check_verdict verdict;
    const char *says;
    const char *ask; /* NULL: nothing */
} chains[] = {
    {"N10: a year to go", 400, 366, true, GW_CHECK_OK, "issued by Example Authority, valid until", NULL},
    {"N10: 31 days to go", 400, 31, true, GW_CHECK_OK, "issued by Example Authority, valid until", NULL},
    {"N10: less than 30 days", 400, 29, true, GW_CHECK_NOTE, "the certificate of fhir of the hospital ends on",
     "renewed"},
    {"N10: the authority ends first", 20, 366, true, GW_CHECK_NOTE, "the certificate of Example Authority ends on",
     "renewed"},
    {"N10: an authority that nobody trusts", 400, 366, false, GW_CHECK_FAIL, "is refused", "authority"},
};

Test(check_reach, n10_looks_at_every_certificate_of_the_chain)
{
    for (size_t i = 0; i < COUNT(chains); i++) {
        const struct gw_check_line *line;
        const int port = free_port();
        struct bench b;
        pid_t pid;

        bench_open(&b);
        make_certificates(b.scratch.folder, chains[i].authority_days, chains[i].days);
        pid = serve(b.scratch.folder, port, "");
        b.endpoint.base = gw_arena_print(&b.arena, "https://localhost:%d/fhir", port);
        b.endpoint.tls_ca = chains[i].trusted ? bench_path(&b, "ca.pem") : NULL;
        cr_expect(bench_run(&b) != GW_OK, "it is no FHIR server");
        bench_expect(&b, "address", GW_CHECK_OK, "127.0.0.1, inside this network");
        bench_expect(&b, "TLS", chains[i].verdict, chains[i].says);
        line = bench_line(&b, "TLS");
        cr_expect(chains[i].ask ? line->ask && strstr(line->ask, chains[i].ask) : line->ask == NULL, "%s: %s",
                  chains[i].name, line->ask);
        kill(pid, SIGTERM);
        waitpid(pid, NULL, 0);
        bench_close(&b);
    }
}

static const struct {
    const char *name, *options, *own, *client, *ask;
} clients[] = {
    {"TLS 1.3, none", "-Verify 2 -verify_return_error -CAfile ca.pem", NULL, "casement",
     "a client certificate for casement, issued by Example Authority"},
    {"TLS 1.2, none", "-Verify 2 -verify_return_error -CAfile ca.pem -tls1_2", NULL, NULL,
     "a client certificate for this gateway, issued by Example Authority"},
    {"whose is not told", "-Verify 2 -verify_return_error", NULL, "casement",
     "a client certificate for casement, from an authority that the server takes"},
    {"of somebody else", "-Verify 2 -verify_return_error -CAfile ca.pem", "own", "casement",
     "that it takes the client certificate of our gateway, issued by our gateway, valid until "},
    {"that has ended", "-Verify 2 -verify_return_error -CAfile ca.pem", "ended", "casement",
     "a new client certificate: that of our gateway, issued by our gateway, ended on "},
};

/* One of ours that nobody knows, and one that has ended besides. */
static void make_own(const char *folder)
{
    char command[1000];

    snprintf(
        command, sizeof command,
        "cd %s && { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key "
        "-out own.pem -days 400 -subj '/CN=our gateway'; cp own.key ended.key; "
        "openssl req -new -key own.key -out own.csr -subj '/CN=our gateway'; "
        "openssl x509 -req -in own.csr -signkey own.key -days -1 -out ended.pem; chmod 600 *.key; } >/dev/null 2>&1",
        folder);
    cr_assert(system(command) == 0);
}

Test(check_reach, n10_asks_for_the_client_certificate_that_is_wanted)
{
    for (size_t i = 0; i < COUNT(clients); i++) {
        const struct gw_check_line *line;
        const int port = free_port();
        struct bench b;
        pid_t pid;

        bench_open(&b);
        make_certificates(b.scratch.folder, 400, 366);
        make_own(b.scratch.folder);
        pid = serve(b.scratch.folder, port, clients[i].options);
        b.endpoint.base = gw_arena_print(&b.arena, "https://localhost:%d/fhir", port);
        b.endpoint.client_id = clients[i].client;
        b.endpoint.tls_ca = bench_path(&b, "ca.pem");
        b.endpoint.tls_cert =
            clients[i].own ? gw_arena_print(&b.arena, "%s/%s.pem", b.scratch.folder, clients[i].own) : NULL;
        b.endpoint.tls_key =
            clients[i].own ? gw_arena_print(&b.arena, "%s/%s.key", b.scratch.folder, clients[i].own) : NULL;
        cr_expect(bench_run(&b) == GW_EDENIED, "%s: %s", clients[i].name, b.first.text);
        bench_expect(&b, "metadata", GW_CHECK_FAIL, "it wants a client certificate it knows");
        line = bench_line(&b, "metadata");
        cr_expect(line->ask && strncmp(line->ask, clients[i].ask, strlen(clients[i].ask)) == 0, "%s: %s",
                  clients[i].name, line->ask);
        cr_expect(line->means && strstr(line->means, "whose certificate it knows"));
        kill(pid, SIGTERM);
        waitpid(pid, NULL, 0);
        bench_close(&b);
    }
}

/* The pin that is told is the one to be taken in. */
Test(check_reach, sec_4_compares_the_key_with_the_pins_and_tells_it)
{
    static const char *const foreign[] = {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    const int port = free_port();
    const char *own[1], *told;
    struct bench b;
    pid_t pid;

    bench_open(&b);
    make_certificates(b.scratch.folder, 400, 366);
    pid = serve(b.scratch.folder, port, "");
    b.endpoint.base = gw_arena_print(&b.arena, "https://localhost:%d/fhir", port);
    b.endpoint.tls_ca = bench_path(&b, "ca.pem");
    b.endpoint.tls_pins = foreign;
    b.endpoint.tls_pin_count = 1;
    cr_expect(bench_run(&b) == GW_EPROTO);
    bench_expect(&b, "pin", GW_CHECK_FAIL, "is none of \"pins\", its pin is sha256//");
    bench_expect(&b, "token", GW_CHECK_SKIPPED, "because of the failure above");
    told = strstr(bench_line(&b, "pin")->text, "sha256//");
    own[0] = gw_arena_copy(&b.arena, told, strlen("sha256//") + 44);
    cr_assert(gw_http_is_pin(own[0]), "%s", own[0]);
    b.endpoint.tls_pins = own;
    cr_expect(bench_run(&b) != GW_OK, "it is no FHIR server");
    bench_expect(&b, "pin", GW_CHECK_OK, "the key of localhost is one of \"pins\"");
    cr_expect(strstr(b.first.text, "pins") == NULL, "the client takes it too: %s", b.first.text);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    bench_close(&b);
}

/* Whatever is said to it, it hangs up. */
static pid_t hang_up(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    pid_t pid;

    cr_assert(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 4) == 0);
    pid = fork();
    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (pid == 0)
        close(accept(fd, NULL, NULL));
    close(fd);
    return pid;
}

Test(check_reach, n10_says_where_there_is_no_tls_at_all)
{
    const int port = free_port();
    const pid_t pid = hang_up(port);
    struct bench b;

    signal(SIGPIPE, SIG_IGN); /* as the program does */
    bench_open(&b);
    b.endpoint.base = gw_arena_print(&b.arena, "https://127.0.0.1:%d/fhir", port);
    cr_expect(bench_run(&b) == GW_EPROTO, "%s", b.first.text);
    bench_expect(&b, "TLS", GW_CHECK_FAIL, "does not speak TLS");
    bench_expect(&b, "token", GW_CHECK_SKIPPED, "because of the failure above");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    bench_close(&b);
}

Test(check_reach, n1_n2_say_what_to_ask_the_network_for)
{
    struct bench b;

    bench_open(&b);
    b.endpoint.base = "https://fhir.no-such-hospital.invalid/r4";
    cr_expect(bench_run(&b) == GW_ERETRY);
    cr_expect_str_eq(bench_line(&b, "address")->ask,
                     "the name fhir.no-such-hospital.invalid to be entered in the DNS that this machine uses");
    b.endpoint.base = "http://127.0.0.1:1/fhir";
    cr_expect(bench_run(&b) == GW_ERETRY);
    cr_expect_str_eq(bench_line(&b, "address")->ask,
                     "a way through the firewall to 127.0.0.1 port 1 from this machine");
    bench_close(&b);
}

Test(check_reach, n9_leaves_names_and_certificates_to_a_proxy)
{
    struct bench b;

    bench_open(&b);
    b.endpoint.base = "https://fhir.no-such-hospital.invalid/r4";
    b.endpoint.proxy = "http://127.0.0.1:1";
    cr_expect(bench_run(&b) != GW_OK);
    bench_expect(&b, "proxy", GW_CHECK_OK, "which looks up the name");
    bench_expect(&b, "TLS", GW_CHECK_SKIPPED, "because the proxy is between");
    bench_expect(&b, "metadata", GW_CHECK_FAIL, "");
    bench_close(&b);
}
