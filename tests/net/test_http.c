/*
 * The client against a server that misbehaves byte by byte.
 */
#include "net/client.h"

#include "support/gzip.h"

/* ---- bodies, byte by byte -------------------------------------------------------------------------------------- */

#define TYPED_ND "Content-Type: application/fhir+ndjson\r\n"

struct play {
    const char *name;
    const char *bytes;     /* then the connection is closed */
    enum gw_status status; /* wanted */
    const char *want;      /* the body when GW_OK, else part of the message */
};

static const struct play plays[] = {
    {"a length", HEAD TYPED_JSON "Content-Length: 4\r\n\r\n{  }", GW_OK, "{  }"},
    {"chunks", HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\n2\r\n{ \r\n1\r\n}\r\n0\r\n\r\n", GW_OK, "{ }"},
    {"N7: chunk extensions and a trailer",
     HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nX-T: 1\r\n\r\n", GW_OK, "{}"},
    {"nothing", HEAD TYPED_JSON "Content-Length: 0\r\n\r\n", GW_OK, ""},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", GW_OK, ""},
    {"N7: an interim answer first",
     "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" HEAD TYPED_JSON "Content-Length: 2\r\n\r\n{}", GW_OK, "{}"},
    {"N7: HTTP/1.0 JSON ended by closing: its reader sees a cut", "HTTP/1.0 200 OK\r\n" TYPED_JSON "\r\n{}", GW_OK,
     "{}"},
    {"N7: equal lengths twice", HEAD TYPED_JSON "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", GW_OK, "{}"},
    {"N5: shorter than its length", HEAD TYPED_JSON "Content-Length: 9\r\n\r\n{}", GW_EPROTO,
     "before the whole answer"},
    {"N5: a chunk cut", HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\n9\r\n{}", GW_EPROTO,
     "before the whole answer"},
    {"N5: no last chunk", HEAD TYPED_JSON "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", GW_EPROTO,
     "before the whole answer"},
    {"N5: NDJSON ended by closing", HEAD TYPED_ND "\r\n{}\n", GW_EPROTO, "a cut would not show"},
    {"N7: two lengths", HEAD TYPED_JSON "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", GW_EPROTO,
     "Content-Length"},
    {"N7: a list of lengths", HEAD TYPED_JSON "Content-Length: 2, 3\r\n\r\n{}", GW_EPROTO, "Content-Length"},
    {"a negative length", HEAD TYPED_JSON "Content-Length: -2\r\n\r\n{}", GW_EPROTO, "the answer"},
    {"N6: gzip twice", HEAD TYPED_JSON "Content-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\n{}", GW_EPROTO,
     "Content-Encoding"},
    {"N6: gzip in two headers",
     HEAD TYPED_JSON "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", GW_EPROTO,
     "Content-Encoding"},
    {"N6: brotli unasked", HEAD TYPED_JSON "Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", GW_EPROTO,
     "Content-Encoding"},
    {"transfer coding gzip", HEAD TYPED_JSON "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", GW_EPROTO,
     "Transfer-Encoding"},
    {"N6: plain, labelled gzip", HEAD TYPED_JSON "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", GW_EPROTO,
     "is not gzip"},
    {"empty, labelled gzip", HEAD TYPED_JSON "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", GW_OK, ""},
    {"no answer at all", "", GW_ERETRY, "connection was lost"},
    {"half a status line", "HTTP/1.", GW_ERETRY, "connection was lost"},
    {"no HTTP", "220 mail.example.org ESMTP\r\n", GW_EPROTO, "HTTP"},
    {"a broken gzip error: the status counts",
     "HTTP/1.1 500 X\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\noops", GW_OK, ""},
    {"identity is no encoding", HEAD TYPED_JSON "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}", GW_OK,
     "{}"},
    {"an error text cut: the status counts", "HTTP/1.1 500 X\r\nContent-Length: 90\r\n\r\noops", GW_OK, "oops"},
};

static void play_bytes(struct exchange *exchange, void *ctx)
{
    const struct play *play = *(const struct play **)ctx;

    fake_server_send(exchange, play->bytes, strlen(play->bytes));
    exchange->close = true;
}

Test(http, n5_n6_n7_takes_whole_answers_and_refuses_cut_or_forged_ones)
{
    const struct play *play = NULL;
    struct fake_server *server = fake_server_new(play_bytes, &play);
    struct gw_http *http = client_of(NULL);

    for (size_t i = 0; i < COUNT(plays); i++) {
        struct gw_http_request request = {.url = fake_server_base(server)};
        struct outcome outcome = OUTCOME_INIT;

        play = &plays[i];
        fetch(http, &request, &outcome);
        cr_expect(outcome.failure.status == play->status, "%s: %d %s", play->name, outcome.failure.status,
                  outcome.failure.text);
        if (play->status == GW_OK)
            cr_expect_str_eq(outcome.response.body.at, play->want, "%s", play->name);
        else
            cr_expect(strstr(outcome.failure.text, play->want), "%s: %s", play->name, outcome.failure.text);
        outcome_reset(&outcome);
    }
    client_gone(http);
    fake_server_free(server);
}

struct bytes {
    struct gw_text text;
    size_t length; /* of it to send */
    bool chunked;
    bool reset;
};

static void play_gzip(struct exchange *exchange, void *ctx)
{
    const struct bytes *bytes = ctx;

    fake_server_print(exchange, HEAD TYPED_JSON "Content-Encoding: gzip\r\n");
    if (bytes->chunked)
        fake_server_print(exchange, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", bytes->length);
    else
        fake_server_print(exchange, "Content-Length: %zu\r\n\r\n", bytes->length);
    fake_server_send(exchange, bytes->text.at, bytes->length);
    if (bytes->chunked)
        fake_server_print(exchange, "\r\n0\r\n\r\n");
}

Test(http, n5_n6_inflates_gzip_only_when_it_is_whole)
{
    struct bytes bytes = {.text = GW_TEXT_INIT(4096)};
    struct fake_server *server = fake_server_new(play_gzip, &bytes);
    struct gw_http *http = client_of(NULL);
    struct gw_http_request request = {.url = fake_server_base(server)};
    struct outcome outcome = OUTCOME_INIT;
    size_t whole;

    gzip_append(&bytes.text, JSON, strlen(JSON));
    whole = bytes.text.length;
    for (bytes.length = 1; bytes.length < whole; bytes.length++) { /* the Content-Length matches the cut */
        fetch(http, &request, &outcome);
        cr_expect(outcome.failure.status == GW_EPROTO && outcome.response.incomplete, "%zu: %d %s", bytes.length,
                  outcome.failure.status, outcome.failure.text);
        outcome_reset(&outcome);
    }
    for (bytes.chunked = false;; bytes.chunked = true) {
        fetch(http, &request, &outcome);
        cr_expect_str_eq(outcome.response.body.at, JSON, "%s", outcome.failure.text);
        outcome_reset(&outcome);
        if (bytes.chunked)
            break;
    }
    gzip_append(&bytes.text, "\n", 1); /* a second member, as parallel gzip writes */
    bytes.length = bytes.text.length;
    fetch(http, &request, &outcome);
    cr_expect_str_eq(outcome.response.body.at, JSON "\n", "%s", outcome.failure.text);
    outcome_reset(&outcome);
    gw_text_add(&bytes.text, "junk");
    bytes.length = bytes.text.length;
    fetch(http, &request, &outcome);
    cr_expect(outcome.failure.status == GW_EPROTO && strstr(outcome.failure.text, "after its end"), "%s",
              outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
    gw_text_release(&bytes.text);
}

Test(http, n6_stops_at_the_byte_limit_and_at_a_bomb)
{
    struct bytes bytes = {.text = GW_TEXT_INIT(1 << 20)};
    struct fake_server *server = fake_server_new(play_gzip, &bytes);
    struct gw_http *http = client_of(NULL);
    struct gw_http_request request = {.url = fake_server_base(server), .max_bytes = 1000};
    struct outcome outcome = OUTCOME_INIT;
    char *zeros = calloc(1, 32 << 20);

    gzip_append(&bytes.text, zeros, 32 << 20);
    bytes.length = bytes.text.length;
    fetch(http, &request, &outcome);
    cr_expect(outcome.failure.status == GW_ENOMEM && strstr(outcome.failure.text, "1000 bytes"), "%s",
              outcome.failure.text);
    outcome_reset(&outcome);
    request.max_bytes = 0;
    fetch(http, &request, &outcome);
    cr_expect(outcome.failure.status == GW_ENOMEM && strstr(outcome.failure.text, "bomb"), "%s", outcome.failure.text);
    cr_expect(outcome.response.body.length < 4 << 20);
    outcome_reset(&outcome);
    free(zeros);
    client_gone(http);
    fake_server_free(server);
    gw_text_release(&bytes.text);
}

Test(http, takes_exactly_max_bytes)
{
    int status = 200;
    struct fake_server *server = fake_server_new(play_plain, &status);
    struct gw_http *http = client_of(NULL);
    struct outcome outcome = OUTCOME_INIT;
    struct gw_http_request request = {.url = fake_server_base(server), .max_bytes = strlen(JSON)};

    fetch(http, &request, &outcome);
    cr_expect_str_eq(outcome.response.body.at, JSON);
    request.max_bytes--;
    outcome_reset(&outcome);
    fetch(http, &request, &outcome);
    cr_expect(outcome.failure.status == GW_ENOMEM);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
}

/* ---- what is sent and what is kept ----------------------------------------------------------------------------- */

static void play_headers(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    fake_server_reply(exchange, 202, "application/json; charset=utf-8",
                      "Content-Location: https://fhir.example.org/jobs/1\r\nETag: W/\"7\"\r\nX-Progress: 12%\r\n"
                      "X-Export-Status: 202\r\n"
                      "date: Fri, 20 Nov 2026 10:00:00 GMT\r\nRetry-After: Fri, 20 Nov 2026 10:02:00 GMT\r\n"
                      "Location: /r4/Patient/1\r\nTransfer-Hint: x\r\n",
                      "{}");
}

Test(http, keeps_the_headers_that_matter_and_sends_what_it_is_told)
{
    struct fake_server *server = fake_server_new(play_headers, NULL);
    struct gw_http *http = client_of(NULL);
    const struct gw_http_header headers[] = {{"Accept", "application/fhir+json"}, {"Prefer", "respond-async"}};
    struct gw_text url = GW_TEXT_INIT(1024);
    struct gw_http_request request = {.method = "POST", .headers = headers, .header_count = 2, .body = {"a=b", 3}};
    struct outcome outcome = OUTCOME_INIT;

    gw_text_print(&url, "%s/../x/./Observation?code=a|b&d=%%2B", fake_server_base(server));
    request.url = url.at;
    fetch(http, &request, &outcome);
    cr_expect(outcome.response.status == 202);
    cr_expect_str_eq(outcome.response.content_location.at, "https://fhir.example.org/jobs/1");
    cr_expect_str_eq(outcome.response.location.at, "/r4/Patient/1");
    cr_expect_str_eq(outcome.response.etag, "W/\"7\"");
    cr_expect_str_eq(outcome.response.x_progress, "12%");
    cr_expect(outcome.response.export_status == 202);
    cr_expect(outcome.response.date == 1795168800, "%lld", (long long)outcome.response.date);
    cr_expect(outcome.response.retry_after_s == 120, "%d", outcome.response.retry_after_s);
    cr_expect(gw_http_is_json(&outcome.response));
    cr_expect(fake_server_heard(server, "POST /fhir/../x/./Observation?code=a|b&d=%2B HTTP/1.1"),
              "the bytes of the URL");
    cr_expect(fake_server_heard(server, "Accept-Encoding: gzip\r\n"));
    cr_expect(fake_server_heard(server, "Prefer: respond-async\r\n"));
    cr_expect(fake_server_heard(server, "a=b"));
    cr_expect(!fake_server_heard(server, "Expect:"));
    outcome_reset(&outcome);
    gw_text_release(&url);
    client_gone(http);
    fake_server_free(server);
}

Test(http, refuses_a_header_with_a_line_break_at_the_door)
{
    struct gw_http *http = client_of(NULL);
    const struct gw_http_header header = {"Authorization", "Bearer a\r\nX: y"};
    struct gw_http_request request = {.url = "http://127.0.0.1:1/", .headers = &header, .header_count = 1};
    struct outcome outcome = OUTCOME_INIT;
    struct gw_error err = {0};

    cr_expect(gw_http_start(http, &request, &outcome.response, outcome_done, &outcome, NULL, &err) == GW_EPROTO);
    cr_expect(!strstr(err.text, "Bearer"), "%s", err.text);
    client_gone(http);
    cr_expect(outcome.times == 0);
}

Test(http, does_not_follow_redirects_nor_look_at_the_environment)
{
    int status = 302;
    struct fake_server *server = fake_server_new(play_plain, &status);
    struct gw_http *http;
    struct gw_http_request request = {.url = fake_server_base(server)};
    struct outcome outcome = OUTCOME_INIT;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    http = client_of(NULL);
    fetch(http, &request, &outcome);
    cr_expect(outcome.response.status == 302, "%s", outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
}

Test(http, n9_goes_through_the_proxy_it_is_told)
{
    int status = 200;
    struct fake_server *proxy = fake_server_new(play_plain, &status);
    char address[64];
    struct gw_http_options options = {.proxy = address};
    struct gw_http_request request = {.url = "http://fhir.invalid/r4/metadata"};
    struct outcome outcome = OUTCOME_INIT;
    struct gw_http *http;

    snprintf(address, sizeof(address), "http://127.0.0.1:%d", fake_server_port(proxy));
    http = client_of(&options);
    fetch(http, &request, &outcome);
    cr_expect(outcome.response.status == 200, "%s", outcome.failure.text);
    cr_expect(fake_server_heard(proxy, "GET http://fhir.invalid/r4/metadata HTTP/1.1"));
    outcome_reset(&outcome);
    request.url = "https://fhir.invalid/r4/metadata";
    status = 407;
    fetch(http, &request, &outcome);
    cr_expect(outcome.failure.status == GW_EDENIED && strstr(outcome.failure.text, "407"), "%d %s",
              outcome.failure.status, outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(proxy);
}

Test(http, n9_goes_past_the_proxy_to_this_machine)
{
    int status = 200;
    struct fake_server *server = fake_server_new(play_plain, &status);
    struct gw_http *http = client_of(&(struct gw_http_options){.proxy = "http://127.0.0.1:1"});
    struct gw_http_request request = {.url = fake_server_base(server)};
    struct outcome outcome = OUTCOME_INIT;

    fetch(http, &request, &outcome);
    cr_expect(outcome.response.status == 200, "%s", outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
}

static enum gw_status gather(void *ctx, const char *bytes, size_t length, struct gw_error *err)
{
    struct gw_text *text = ctx;

    gw_text_append(text, bytes, length);
    return text->failed ? gw_fail(err, GW_EIO, "test", "the disk is full") : GW_OK;
}

Test(http, gives_the_body_to_a_sink_in_pieces)
{
    struct bytes bytes = {.text = GW_TEXT_INIT(1 << 20)};
    struct fake_server *server = fake_server_new(play_gzip, &bytes);
    struct gw_http *http = client_of(NULL);
    struct gw_text got = GW_TEXT_INIT(1 << 20), small = GW_TEXT_INIT(10);
    struct gw_http_request request = {.url = fake_server_base(server), .sink = gather, .sink_ctx = &got};
    struct outcome outcome = OUTCOME_INIT;

    gzip_append(&bytes.text, JSON, strlen(JSON));
    bytes.length = bytes.text.length;
    fetch(http, &request, &outcome);
    cr_expect_str_eq(got.at, JSON);
    cr_expect(outcome.response.body.length == 0);
    outcome_reset(&outcome);
    request.sink_ctx = &small;
    fetch(http, &request, &outcome);
    cr_expect(outcome.failure.status == GW_EIO);
    cr_expect_str_eq(outcome.failure.text, "the disk is full");
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
    gw_text_release(&got);
    gw_text_release(&small);
    gw_text_release(&bytes.text);
}

struct told {
    int status;
    const char *headers;
    int32_t want;
};

static void play_told(struct exchange *exchange, void *ctx)
{
    const struct told *told = *(const struct told **)ctx;

    fake_server_reply(exchange, told->status, "text/html", told->headers, "slow down");
}

Test(http, learns_when_to_come_back)
{
    static const struct told cases[] = {
        {429, "Retry-After: 3\r\n", 3},
        {503, "Retry-After: 1795205395075\r\nDate: Fri, 20 Nov 2026 20:09:00 GMT\r\n", 55}, /* that epoch is 20:09:55 */
        {429, "RateLimit: \"fhirInteractions\";r=0;t=59\r\n", 59},
        {429, "RateLimit: limit=1; t=7\r\n", 7},
        {429, "RateLimit: \"x\";t=59\r\nRetry-After: 4\r\n", 4},
        {429, "Retry-After: 4\r\nRateLimit: \"x\";t=59\r\n", 4},
        {200, "RateLimit: \"x\";r=9;t=59\r\n", 0}, /* a quota that is not used up */
        {200, "Retry-After: 3\r\n", 3},
        {429, "", 0},
    };
    const struct told *told = NULL;
    struct fake_server *server = fake_server_new(play_told, &told);
    struct gw_http *http = client_of(NULL);
    struct gw_http_request request = {.url = fake_server_base(server)};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outcome outcome = OUTCOME_INIT;

        told = &cases[i];
        fetch(http, &request, &outcome);
        cr_expect(outcome.response.status == told->status && outcome.response.retry_after_s == told->want, "%s: %d",
                  told->headers, outcome.response.retry_after_s);
        outcome_reset(&outcome);
    }
    client_gone(http);
    fake_server_free(server);
}

static void play_method(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    if (strncmp(exchange->head, "HEAD", 4) == 0)
        fake_server_print(exchange, HEAD TYPED_JSON "Content-Length: 5\r\n\r\n");
    else
        fake_server_reply(exchange, 202, "text/plain", "", "");
}

Test(http, speaks_every_method_it_is_told)
{
    static const char *const methods[] = {"DELETE", "HEAD", "PUT", "POST", "GET"};
    struct fake_server *server = fake_server_new(play_method, NULL);
    struct gw_http *http = client_of(NULL);

    for (size_t i = 0; i < COUNT(methods); i++) {
        struct gw_http_request request = {.url = fake_server_base(server), .method = methods[i]};
        struct outcome outcome = OUTCOME_INIT;
        char line[64];

        fetch(http, &request, &outcome);
        snprintf(line, sizeof(line), "%s /fhir HTTP/1.1", methods[i]);
        cr_expect(outcome.failure.status == GW_OK && fake_server_heard(server, line), "%s: %s", methods[i],
                  outcome.failure.text);
        outcome_reset(&outcome);
    }
    client_gone(http);
    fake_server_free(server);
}

static void play_announced(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    fake_server_print(exchange, HEAD TYPED_JSON "Content-Length: 2000\r\n\r\n");
    fake_server_sleep(exchange, 5000);
    exchange->close = true;
}

Test(http, does_not_wait_for_a_body_that_is_announced_as_too_large)
{
    struct fake_server *server = fake_server_new(play_announced, NULL);
    struct gw_http *http = client_of(NULL);
    struct gw_http_request request = {.url = fake_server_base(server), .max_bytes = 1999, .total_ms = 3000};
    struct outcome outcome = OUTCOME_INIT;

    fetch(http, &request, &outcome);
    cr_expect(outcome.failure.status == GW_ENOMEM, "%d %s", outcome.failure.status, outcome.failure.text);
    outcome_reset(&outcome);
    client_gone(http);
    fake_server_free(server);
}

Test(http, names_the_setting_that_is_wrong)
{
    static const struct {
        struct gw_http_options options;
        const char *says;
    } cases[] = {
        {{.ca_file = "/nowhere/ca.pem"}, "tls.ca"},
        {{.cert_file = "/etc/hostname"}, "both"},
        {{.key_file = "/etc/hostname"}, "both"},
        {{.cert_file = "/etc/hostname", .key_file = "/etc/hostname"}, "chmod"},
        {{.proxy = "http://me:pw@proxy.example:3128"}, "proxy"},
        {{.proxy = "proxy.example:3128"}, "proxy"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gw_http *http = NULL;
        struct gw_error err = {0};

        cr_assert(uv_loop_init(&loop) == 0);
        cr_expect(gw_http_client_new(&loop, &cases[i].options, &http, &err) == GW_ECONFIG && !http);
        cr_expect(strstr(err.text, cases[i].says), "%s", err.text);
        loop_close(&loop);
    }
}

#define A_PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const char *const no_pins[] = {
    "",
    "sha256//",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",   /* 42 digits */
    "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", /* 44 */
    "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-_=", /* base64url */
    A_PIN ";" A_PIN,
    "/etc/ssl/key.pem", /* libcurl would read it */
};

Test(http, sec_4_takes_nothing_for_a_pin_that_is_none)
{
    cr_assert(uv_loop_init(&loop) == 0);
    for (size_t i = 0; i < COUNT(no_pins); i++) {
        const char *const pins[] = {A_PIN, no_pins[i]};
        struct gw_http *http = NULL;
        struct gw_error err = {0};

        cr_expect(gw_http_client_new(&loop, &(struct gw_http_options){.pins = pins, .pin_count = 2}, &http, &err) ==
                      GW_ECONFIG,
                  "%s", no_pins[i]);
        cr_expect(strstr(err.text, "entry 2 of \"pins\"") != NULL && !http, "%s", err.text);
    }
    loop_close(&loop);
}
