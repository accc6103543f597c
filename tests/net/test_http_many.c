/*
 * More endpoints than the process may have descriptors: they wait for their turn, and none is lost.
 */
#include "net/client.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ENDPOINTS = 1000, DESCRIPTORS = 64, AT_ONCE = 8 };

/* ---- a server of one thread and one connection at a time -------------------------------------------------------- */

static int listening, port;

static void *serve(void *unused)
{
    static const char answer[] = HEAD TYPED_JSON "Connection: close\r\nContent-Length: 2\r\n\r\n{}";
    char request[4096];

    for (int fd; (fd = accept(listening, NULL, NULL)) >= 0 || errno == EMFILE || errno == ECONNABORTED;) {
        if (fd < 0) {
            usleep(1000);
            continue;
        }
        if (recv(fd, request, sizeof request, 0) > 0)
            (void)!send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
        close(fd);
    }
    return unused;
}

static void open_server(pthread_t *thread)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(bind(listening, (struct sockaddr *)&address, sizeof address) == 0 && listen(listening, 128) == 0);
    cr_assert(getsockname(listening, (struct sockaddr *)&address, &length) == 0);
    port = ntohs(address.sin_port);
    cr_assert(pthread_create(thread, NULL, serve, NULL) == 0);
}

/* ---- a thousand endpoints --------------------------------------------------------------------------------------- */

static struct gw_http *clients[ENDPOINTS];
static struct outcome outcomes[ENDPOINTS];
static size_t next;

static void ask(size_t i, gw_http_done done)
{
    char url[64];
    const struct gw_http_request request = {.url = url};

    snprintf(url, sizeof url, "http://127.0.0.1:%d/r4/metadata", port);
    outcomes[i] = (struct outcome)OUTCOME_INIT;
    cr_assert(gw_http_start(clients[i], &request, &outcomes[i].response, done, &outcomes[i], NULL, NULL) == GW_OK);
}

/* One ended: the next one's turn. */
static void on_turn(void *ctx, const struct gw_error *failure)
{
    outcome_done(ctx, failure);
    if (next < ENDPOINTS)
        ask(next++, on_turn);
}

static void allow(rlim_t descriptors)
{
    struct rlimit limit;

    cr_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = descriptors;
    cr_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void open_clients(void)
{
    cr_assert(uv_loop_init(&loop) == 0);
    for (size_t i = 0; i < ENDPOINTS; i++)
        cr_assert(gw_http_client_new(&loop, NULL, &clients[i], NULL) == GW_OK, "%zu", i);
}

static void close_clients(void)
{
    for (size_t i = 0; i < ENDPOINTS; i++) {
        outcome_reset(&outcomes[i]);
        gw_http_free(clients[i]);
    }
    loop_close(&loop);
}

static void open_all(pthread_t *thread)
{
    open_server(thread);
    allow(DESCRIPTORS);
    open_clients();
}

static void close_all(pthread_t thread)
{
    close_clients();
    shutdown(listening, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(listening);
}

static void expect_turns(void)
{
    for (next = 0; next < AT_ONCE;)
        ask(next++, on_turn);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < ENDPOINTS; i++)
        cr_expect(outcomes[i].times == 1 && outcomes[i].response.status == 200, "%zu: %s", i, outcomes[i].failure.text);
}

Test(http_many, n12_a_thousand_endpoints_take_turns_with_64_descriptors)
{
    pthread_t thread;

    open_all(&thread);
    expect_turns();
    close_all(thread);
}

/* Who finds no descriptor may try again, and finds one as soon as the others are done. */
Test(http_many, n12_a_thousand_requests_at_once_end_each_and_cost_no_later_one)
{
    pthread_t thread;
    size_t failed = 0;

    open_all(&thread);
    for (size_t i = 0; i < ENDPOINTS; i++)
        ask(i, outcome_done);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < ENDPOINTS; i++) {
        cr_expect(outcomes[i].times == 1, "%zu", i);
        if (outcomes[i].failure.status != GW_OK) {
            cr_expect(outcomes[i].failure.status == GW_ERETRY, "%zu: %s", i, outcomes[i].failure.text);
            failed++;
        }
        outcome_reset(&outcomes[i]);
    }
    cr_expect(failed > 0, "64 descriptors were enough for all at once: what is tried here?");
    expect_turns();
    close_all(thread);
}
