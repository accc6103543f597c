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

static pid_t serve(const char *folder, int port)
{
    const pid_t pid = fork();
    char command[500];

    snprintf(command, sizeof command,
             "cd %s && exec openssl s_server -accept 127.0.0.1:%d -cert leaf.pem -key leaf.key -www >/dev/null 2>&1",
             folder, port);
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
        pid = serve(b.scratch.folder, port);
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
