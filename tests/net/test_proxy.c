/*
 * Proxies: there, away, unwilling, dying; and what they may see and what the server behind them may.
 */
#include "net/client.h"

#include <unistd.h>

static const char *play; /* what the proxy answers to CONNECT; "" closes, "reset" resets */

static void play_proxy(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    if (strcmp(play, "reset") == 0)
        fake_server_reset(exchange);
    else
        fake_server_send(exchange, play, strlen(play));
    exchange->close = true;
}

static struct outcome ask_through(const char *proxy, const char *url)
{
    const struct gw_http_header headers[] = {{"Authorization", "Bearer s3cret"}, {"Accept", "application/fhir+json"}};
    const struct gw_http_request request = {
        .url = url, .headers = headers, .header_count = COUNT(headers), .connect_ms = 2000};
    struct gw_http *http = client_of(&(struct gw_http_options){.proxy = proxy, .base = url});
    struct outcome outcome = OUTCOME_INIT;

    fetch(http, &request, &outcome);
    client_gone(http);
    return outcome;
}

static const struct {
    const char *name, *play;
    enum gw_status status;
    const char *says;
} cases[] = {
    {"N9: it wants credentials",
     "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n", GW_EDENIED, "407"},
    {"N9: and says so with a page", "HTTP/1.1 407 No\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
     GW_EDENIED, "407"},
    {"N9: it may not go there", "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", GW_ERETRY, "(403)"},
    {"N9: nobody is behind it", "HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n", GW_ERETRY, "(502)"},
    {"N9: it is busy", "HTTP/1.1 503 No\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n", GW_ERETRY, "(503)"},
    {"N9: a login page in place of a tunnel", "HTTP/1.1 302 No\r\nLocation: http://login.example/\r\n\r\n", GW_ERETRY,
     "(302)"},
    {"N9: it closes", "", GW_ERETRY, "lost"},
    {"N9: it dies", "reset", GW_ERETRY, "lost"},
    {"N9: it dies in its own head", "HTTP/1.1 200 Conn", GW_ERETRY, ""},
    {"N9: the tunnel ends where TLS begins", "HTTP/1.1 200 OK\r\n\r\n", GW_ERETRY, "during the TLS handshake"},
};

Test(proxy, n9_that_does_not_let_us_through_is_told_from_the_server_behind_it)
{
    struct fake_server *proxy = fake_server_new(play_proxy, NULL);
    char address[64];

    snprintf(address, sizeof address, "http://127.0.0.1:%d", fake_server_port(proxy));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outcome outcome;

        play = cases[i].play;
        outcome = ask_through(address, "https://fhir.invalid/r4/Patient/Perez");
        cr_expect(outcome.failure.status == cases[i].status && strstr(outcome.failure.text, cases[i].says), "%s: %d %s",
                  cases[i].name, outcome.failure.status, outcome.failure.text);
        cr_expect(outcome.response.status == 0 && outcome.response.body.length == 0,
                  "%s: the proxy's words were taken for the server's", cases[i].name);
        cr_expect(!strstr(outcome.failure.text, "Perez"), "%s", outcome.failure.text);
        outcome_reset(&outcome);
    }
    cr_expect(fake_server_heard(proxy, "CONNECT fhir.invalid:443"), "the name is the proxy's to resolve");
    cr_expect(!fake_server_heard(proxy, "s3cret") && !fake_server_heard(proxy, "Perez"),
              "the proxy sees the host only");
    fake_server_free(proxy);
}

Test(proxy, n9_that_is_away_is_a_reason_to_try_again)
{
    static const char *const proxies[] = {"http://127.0.0.1:1", "https://127.0.0.1:1", "http://proxy.invalid:3128"};

    for (size_t i = 0; i < COUNT(proxies); i++) {
        struct outcome outcome = ask_through(proxies[i], "https://fhir.invalid/r4/metadata");

        cr_expect(outcome.failure.status == GW_ERETRY, "%s: %d %s", proxies[i], outcome.failure.status,
                  outcome.failure.text);
        outcome_reset(&outcome);
    }
}

/* ---- a tunnel that works --------------------------------------------------------------------------------------- */

Test(proxy, n9_gets_no_token_and_the_server_no_word_of_the_proxy)
{
    int status = 200;
    struct fake_server *server = fake_server_new(play_plain, &status);
    struct outcome outcome = ask_through("http://127.0.0.1:1", fake_server_base(server)); /* past it: this machine */

    cr_expect(outcome.response.status == 200, "%s", outcome.failure.text);
    cr_expect(fake_server_heard(server, "Authorization: Bearer s3cret") && !fake_server_heard(server, "Proxy-"));
    outcome_reset(&outcome);
    fake_server_free(server);
}
