/*
 * The client against servers that are away, slow, or break off.
 */
#include "net/client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

Test(http, n4_gives_up_on_a_slow_body)
{
    struct fake_server *server = fake_server_new(play_slowly, NULL);
    struct gw_http *http = client_of(NULL);
    struct gw_http_request stalled = {.url = fake_server_base(server), .stall_s = 1};
    struct gw_http_request endless = {.url = fake_server_base(server), .total_ms = 300};
    struct outcome outcome = OUTCOME_INIT;

    fetch(http, &stalled, &outcome);
    cr_expect(outcome.failure.status == GW_ERETRY && strstr(outcome.failure.text, "stalled"), "%s",
              outcome.failure.text);
    outcome_reset(&outcome);
    fetch(http, &endless, &outcome);
    cr_expect(outcome.failure.status == GW_ERETRY && strstr(outcome.failure.text, "in time"), "%s",
              outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
}

Test(http, n1_n2_says_who_cannot_be_reached_and_why)
{
    static const struct {
        const char *url, *says;
    } cases[] = {
        {"http://fhir.hospital.invalid/r4/Patient?name=Perez", "host name fhir.hospital.invalid cannot be resolved"},
        {"http://127.0.0.1:1/r4/Patient?name=Perez", "127.0.0.1 does not take connections: Connection refused"},
        {"https://127.0.0.1:1/r4/Patient?name=Perez", "127.0.0.1 does not take connections: Connection refused"},
    };
    struct gw_http *http = client_of(NULL);

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gw_http_request request = {.url = cases[i].url};
        struct outcome outcome = OUTCOME_INIT;

        fetch(http, &request, &outcome);
        cr_expect(outcome.failure.status == GW_ERETRY && strstr(outcome.failure.text, cases[i].says), "%s",
                  outcome.failure.text);
        cr_expect(!strstr(outcome.failure.text, "Perez"), "%s", outcome.failure.text);
        outcome_reset(&outcome);
    }
    client_gone(http);
}

Test(http, n2_gives_up_on_a_server_that_does_not_accept)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int full = socket(AF_INET, SOCK_STREAM, 0), fillers[8];
    char url[64];
    struct gw_http_request request = {.url = url, .connect_ms = 200};
    struct outcome outcome = OUTCOME_INIT;
    struct gw_http *http;

    cr_assert(bind(full, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(full, 0) == 0);
    getsockname(full, (struct sockaddr *)&address, &length);
    for (size_t i = 0; i < COUNT(fillers); i++) { /* a full backlog drops further SYNs */
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fillers[i], (struct sockaddr *)&address, sizeof(address));
    }
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
    http = client_of(NULL);
    fetch(http, &request, &outcome);
    cr_expect(outcome.failure.status == GW_ERETRY && strstr(outcome.failure.text, "reached in time"), "%s",
              outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    for (size_t i = 0; i < COUNT(fillers); i++)
        close(fillers[i]);
    close(full);
}

static void play_reset(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    fake_server_print(exchange, HEAD TYPED_JSON "Content-Length: 50\r\n\r\n{");
    fake_server_sleep(exchange, 50);
    fake_server_reset(exchange);
}

Test(http, n3_calls_a_reset_a_reason_to_try_again)
{
    struct fake_server *server = fake_server_new(play_reset, NULL);
    struct gw_http *http = client_of(NULL);
    struct gw_http_request request = {.url = fake_server_base(server)};
    struct outcome outcome = OUTCOME_INIT;

    fetch(http, &request, &outcome);
    cr_expect(outcome.failure.status == GW_ERETRY, "%s", outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
}

static void play_once(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    fake_server_reply(exchange, 200, "application/json", "", "{}");
    exchange->close = true; /* although the client was told to keep the connection */
}

Test(http, n11_survives_a_kept_connection_that_the_server_closed)
{
    struct fake_server *server = fake_server_new(play_once, NULL);
    struct gw_http *http = client_of(NULL);
    struct gw_http_request request = {.url = fake_server_base(server)};

    for (int i = 0; i < 5; i++) {
        struct outcome outcome = OUTCOME_INIT;

        fetch(http, &request, &outcome);
        cr_expect(outcome.response.status == 200, "%s", outcome.failure.text);
        outcome_reset(&outcome);
    }
    client_gone(http);
    fake_server_free(server);
}

static void play_nothing(struct exchange *exchange, void *ctx)
{
    (void)exchange;
    (void)ctx;
}

/* The scripted server waits for the end of a head and never answers the handshake. */
Test(http, n2_gives_up_on_a_handshake_that_is_not_answered)
{
    struct fake_server *server = fake_server_new(play_nothing, NULL);
    struct gw_http *http = client_of(NULL);
    char url[64];
    struct gw_http_request request = {.url = url, .connect_ms = 300};
    struct outcome outcome = OUTCOME_INIT;

    snprintf(url, sizeof(url), "https://127.0.0.1:%d/r4", fake_server_port(server));
    fetch(http, &request, &outcome);
    cr_expect(outcome.failure.status == GW_ERETRY && strstr(outcome.failure.text, "reached in time"), "%d %s",
              outcome.failure.status, outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
}

static void play_floods(struct exchange *exchange, void *ctx)
{
    for (int i = 0; i < 80 && *(int *)ctx == 0; i++)
        fake_server_print(exchange, "HTTP/1.1 103 Early\r\n\r\n");
    fake_server_print(exchange, HEAD);
    for (int i = 0; i < 3000 && *(int *)ctx == 1; i++)
        fake_server_print(exchange, "X-Flood-%d: 01234567890123456789\r\n", i);
    fake_server_print(exchange, "Content-Length: 2\r\n\r\n{}");
    exchange->close = true;
}

Test(http, n4_n7_refuses_floods_of_heads_and_headers)
{
    int kind;
    struct fake_server *server = fake_server_new(play_floods, &kind);
    struct gw_http *http = client_of(NULL);
    struct gw_http_request request = {.url = fake_server_base(server)};

    for (kind = 0; kind < 2; kind++) {
        struct outcome outcome = OUTCOME_INIT;

        fetch(http, &request, &outcome);
        cr_expect(outcome.failure.status == GW_EPROTO, "%d: %s", kind, outcome.failure.text);
        outcome_reset(&outcome);
    }
    client_gone(http);
    fake_server_free(server);
}
