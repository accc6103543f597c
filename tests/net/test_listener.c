/*
 * The door for others: what it serves, what it refuses, how long it waits, and that it closes.
 */
#include "gateway/net/listener.h"
#include "net/fetch.h"
#include "net/visitor.h"
#include "support/fake_time.h"
#include "support/scratch.h"

static struct fake_time clock_of_test;
static struct gw_listener *listener;
static struct gw_exchange *kept; /* by the route that answers later */
static int handled, looked, closed_times;
static char last_body[4096], last_rest[256], last_query[256], last_peer[64];

static void on_closed(void *ctx)
{
    (void)ctx;
    closed_times++;
}

static void note(struct gw_exchange *exchange)
{
    const struct gw_slice body = gw_exchange_body(exchange);

    handled++;
    snprintf(last_body, sizeof last_body, "%.*s", (int)body.length, body.at);
    snprintf(last_rest, sizeof last_rest, "%s", gw_exchange_rest(exchange));
    snprintf(last_query, sizeof last_query, "%s", gw_exchange_query(exchange));
    snprintf(last_peer, sizeof last_peer, "%s", gw_exchange_peer(exchange));
}

static void answer_now(void *ctx, struct gw_exchange *exchange)
{
    (void)ctx;
    note(exchange);
    gw_exchange_say(exchange, 200, "served");
}

static void answer_later(void *ctx, struct gw_exchange *exchange)
{
    (void)ctx;
    note(exchange);
    kept = exchange;
}

static bool look_for_secret(void *ctx, struct gw_exchange *exchange)
{
    const char *const secret = gw_exchange_header(exchange, "X-Secret");

    (void)ctx;
    looked++;
    if (secret && strcmp(secret, "open sesame") == 0)
        return true;
    gw_exchange_say(exchange, 401, "no");
    return false;
}

static const struct gw_route routes[] = {
    {.method = "GET", .path = "/", .handle = answer_now},
    {.method = "GET", .path = "/now", .handle = answer_now},
    {.method = "POST", .path = "/now", .max_body = 1024, .handle = answer_now},
    {.method = "GET", .path = "/later", .handle = answer_later},
    {.method = "POST", .path = "/in/", .max_body = 1024, .look = look_for_secret, .handle = answer_now},
};

static uv_loop_t loop;

static void open_with(struct gw_listener_options options)
{
    struct gw_error err = {0};

    options.address = options.address ? options.address : "127.0.0.1:0";
    options.routes = routes;
    options.route_count = COUNT(routes);
    options.clock = &clock_of_test.clock;
    cr_assert(gw_listener_start(&loop, &options, &listener, &err) == GW_OK, "%s", err.text);
}

static void begin(void)
{
    cr_assert(uv_loop_init(&loop) == 0);
    fake_time_init(&clock_of_test, &loop);
    handled = looked = closed_times = 0;
    kept = NULL;
}

static void close_door(void)
{
    if (listener)
        gw_listener_stop(listener, 0, on_closed, NULL);
    listener = NULL;
}

static void end(void)
{
    close_door();
    fake_time_run(&clock_of_test, UINT64_MAX / 2, NULL, NULL);
    cr_expect(closed_times == 1, "closed %d times", closed_times);
    loop_close(&loop);
    fake_time_release(&clock_of_test);
}

TestSuite(listener, .init = begin, .fini = end);

static int ask(const char *text)
{
    return visitor_asks(&loop, gw_listener_port(listener), text, strlen(text));
}

#define HOST "Host: localhost\r\n"

/* ---- what it serves --------------------------------------------------------------------------------------------- */

Test(listener, serves_a_route_and_says_what_a_browser_may_not_do)
{
    bool closed;
    const char *heard;
    int fd;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    visitor_says(fd, "GET /now?a=1&b=%20 HTTP/1.1\r\n" HOST "\r\n");
    heard = visitor_hears(&loop, fd, &closed);
    cr_expect(visitor_status(heard) == 200, "%s", heard);
    cr_expect(strstr(heard, "\r\n\r\nserved\n") != NULL);
    cr_expect(strstr(heard, "X-Content-Type-Options: nosniff\r\n") != NULL);
    cr_expect(strstr(heard, "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n") != NULL);
    cr_expect(strstr(heard, "Cache-Control: no-store\r\n") != NULL);
    cr_expect(strstr(heard, "Referrer-Policy: no-referrer\r\n") != NULL);
    cr_expect(strstr(heard, "Content-Type: text/plain; charset=utf-8\r\n") != NULL);
    cr_expect(strstr(heard, "Server:") == NULL, "it does not say what it is");
    cr_expect_str_eq(last_query, "a=1&b=%20");
    cr_expect_str_eq(last_peer, "127.0.0.1");
    close(fd);
}

Test(listener, keeps_a_connection_for_the_next_request)
{
    bool closed;
    int fd;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    for (int i = 1; i <= 3; i++) {
        const char text[] = "POST /now HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello";

        visitor_says(fd, text);
        cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 200 && !closed && handled == i);
        cr_expect_str_eq(last_body, "hello");
    }
    cr_expect(gw_listener_connections(listener) == 1);
    close(fd);
}

static const struct {
    const char *name;
    const char *text;
    int status;
    const char *body; /* of the request, as the route had it */
} served[] = {
    {"the root alone", "GET / HTTP/1.1\r\n" HOST "\r\n", 200, ""},
    {"HEAD where GET is", "HEAD /now HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 200, ""},
    {"HTTP/1.0 without a Host", "GET /now HTTP/1.0\r\n\r\n", 200, ""},
    {"a Host with a port", "GET /now HTTP/1.1\r\nHost: 127.0.0.1:8490\r\n\r\n", 200, ""},
    {"fields without and with a blank", "GET /now HTTP/1.1\r\nHost:localhost\r\nX-A:\r\nX-B: \r\n\r\n", 200, ""},
    {"a Host of IPv6", "GET /now HTTP/1.1\r\nHost: [::1]:8490\r\n\r\n", 200, ""},
    {"a body in chunks",
     "POST /now HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200, "abcde"},
    {"a body of no bytes", "POST /now HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200, ""},
    {"percent signs, undecoded",
     "POST /in/a%41 HTTP/1.1\r\n" HOST "x-secret: open sesame\r\nContent-Length: 1\r\n\r\nx", 200, "x"},
    {"nothing there", "GET /nowhere HTTP/1.1\r\n" HOST "\r\n", 404, NULL},
    {"a path that goes on", "GET /now/then HTTP/1.1\r\n" HOST "\r\n", 404, NULL},
    {"a path that must go on and does not", "POST /in/ HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 404, NULL},
    {"another method", "DELETE /now HTTP/1.1\r\n" HOST "\r\n", 405, NULL},
};

Test(listener, serves_what_is_well_formed)
{
    open_with((struct gw_listener_options){0});
    for (size_t i = 0; i < COUNT(served); i++) {
        handled = 0;
        strcpy(last_body, "?");
        cr_expect(ask(served[i].text) == served[i].status, "%s", served[i].name);
        cr_expect(handled == (served[i].body != NULL), "%s", served[i].name);
        cr_expect(!served[i].body || strcmp(last_body, served[i].body) == 0, "%s: %s", served[i].name, last_body);
    }
}

Test(listener, names_the_methods_that_a_path_has)
{
    bool closed;
    const int fd = (open_with((struct gw_listener_options){0}), visit(gw_listener_port(listener)));

    visitor_says(fd, "PUT /now HTTP/1.1\r\n" HOST "\r\n");
    cr_expect(strstr(visitor_hears(&loop, fd, &closed), "Allow: GET, POST\r\n") != NULL);
    close(fd);
}

Test(listener, answers_later_and_exactly_once)
{
    const char text[] = "GET /later HTTP/1.1\r\n" HOST "\r\n";
    bool closed;
    int fd;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    visitor_says(fd, text);
    while (!kept)
        visitor_waits(&loop);
    for (int i = 0; i < 20; i++)
        visitor_waits(&loop);
    cr_expect(recv(fd, &closed, 1, MSG_DONTWAIT) < 0, "nothing was said yet");
    gw_exchange_say(kept, 202, "at last");
    cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 202 && !closed);
    visitor_says(fd, text);
    kept = NULL;
    while (!kept)
        visitor_waits(&loop);
    gw_exchange_say(kept, 200, "again");
    cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 200);
    cr_expect(handled == 2);
    close(fd);
}

Test(listener, lets_a_handler_answer_one_who_has_gone)
{
    const char text[] = "GET /later HTTP/1.1\r\n" HOST "\r\n";
    int fd;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    visitor_says(fd, text);
    while (!kept)
        visitor_waits(&loop);
    close(fd);
    for (int i = 0; i < 20; i++)
        visitor_waits(&loop);
    gw_exchange_say(kept, 200, "hello?");
    while (gw_listener_connections(listener))
        visitor_waits(&loop);
}

/* ---- the secret comes before the body (SEC-12) ------------------------------------------------------------------ */

Test(listener, SEC_12_refuses_by_the_head_alone_and_reads_no_body)
{
    static const char *const heads[] = {
        "POST /in/x HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\n",
        "POST /in/x HTTP/1.1\r\n" HOST "Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
        "POST /in/x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
        "POST /in/x HTTP/1.1\r\n" HOST "X-Secret: open sesam\r\nContent-Length: 1000\r\n\r\n",
    };

    open_with((struct gw_listener_options){0});
    for (size_t i = 0; i < COUNT(heads); i++) {
        const int fd = visit(gw_listener_port(listener));
        const char *heard;
        bool closed;

        visitor_says(fd, heads[i]); /* no byte of the body was ever sent */
        heard = visitor_hears(&loop, fd, &closed);
        cr_expect(visitor_status(heard) == 401, "%s", heard);
        cr_expect(strstr(heard, "Connection: close\r\n") != NULL, "what follows would be taken for a request");
        close(fd);
    }
    cr_expect(handled == 0 && looked == (int)COUNT(heads));
}

Test(listener, SEC_12_asks_for_the_body_only_when_the_head_was_good)
{
    const char head[] = "POST /in/x HTTP/1.1\r\n" HOST "X-Secret: open sesame\r\nContent-Length: 2\r\n"
                        "Expect: 100-continue\r\n\r\n";
    char interim[64] = "";
    bool closed;
    int fd;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    visitor_says(fd, head);
    while (recv(fd, interim, sizeof interim - 1, MSG_DONTWAIT) <= 0)
        visitor_waits(&loop);
    cr_expect(visitor_status(interim) == 100, "%s", interim);
    visitor_says(fd, "ok");
    cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 200);
    cr_expect_str_eq(last_body, "ok");
    cr_expect_str_eq(last_rest, "x");
    close(fd);
}

/* A body that is refused cannot be read as the next request. */
Test(listener, SEC_12_takes_a_refused_body_for_no_request)
{
    const char text[] = "POST /in/x HTTP/1.1\r\n" HOST "Content-Length: 38\r\n\r\n"
                        "GET /now HTTP/1.1\r\nHost: localhost\r\n\r\n";
    bool closed;
    int fd;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    visitor_says(fd, text);
    cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 401);
    while (gw_listener_connections(listener))
        visitor_waits(&loop);
    cr_expect(handled == 0);
    close(fd);
}

/* ---- what is refused -------------------------------------------------------------------------------------------- */

#define POST_NOW "POST /now HTTP/1.1\r\n"
#define BODY     "\r\n0\r\n\r\n"

static const struct {
    const char *name;
    const char *text;
} hostile[] = {
    {"Content-Length and chunked", POST_NOW HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" BODY},
    {"chunked and Content-Length", POST_NOW HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" BODY},
    {"two lengths that differ", POST_NOW HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"},
    {"two lengths that agree", POST_NOW HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
    {"two lengths in one field", POST_NOW HOST "Content-Length: 5, 5\r\n\r\nhello"},
    {"a signed length", POST_NOW HOST "Content-Length: +5\r\n\r\nhello"},
    {"a negative length", POST_NOW HOST "Content-Length: -5\r\n\r\nhello"},
    {"a hexadecimal length", POST_NOW HOST "Content-Length: 0x5\r\n\r\nhello"},
    {"an empty length", POST_NOW HOST "Content-Length: \r\n\r\nhello"},
    {"a length that overflows", POST_NOW HOST "Content-Length: 18446744073709551621\r\n\r\nhello"},
    {"a length of words", POST_NOW HOST "Content-Length: five\r\n\r\nhello"},
    {"a length with a blank before its colon", POST_NOW HOST "Content-Length : 5\r\n\r\nhello"},
    {"a length with a tab before its colon", POST_NOW HOST "Content-Length\t: 5\r\n\r\nhello"},
    {"two codings", POST_NOW HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n" BODY},
    {"chunked twice", POST_NOW HOST "Transfer-Encoding: chunked, chunked\r\n" BODY},
    {"gzip, chunked", POST_NOW HOST "Transfer-Encoding: gzip, chunked\r\n" BODY},
    {"a coding nobody knows", POST_NOW HOST "Transfer-Encoding: xchunked\r\n" BODY},
    {"a coding in quotes", POST_NOW HOST "Transfer-Encoding: \"chunked\"\r\n" BODY},
    {"a coding that is folded", POST_NOW HOST "Transfer-Encoding:\r\n identity, chunked\r\n" BODY},
    {"a coding with a blank before its colon", POST_NOW HOST "Transfer-Encoding : chunked\r\n" BODY},
    {"chunked with HTTP/1.0", "POST /now HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n" BODY},
    {"no Host", "GET /now HTTP/1.1\r\n\r\n"},
    {"two Hosts", "GET /now HTTP/1.1\r\n" HOST HOST "\r\n"},
    {"two Hosts that differ", "GET /now HTTP/1.1\r\n" HOST "Host: other\r\n\r\n"},
    {"an empty Host", "GET /now HTTP/1.1\r\nHost: \r\n\r\n"},
    {"a Host with a user", "GET /now HTTP/1.1\r\nHost: a@localhost\r\n\r\n"},
    {"a Host with a path", "GET /now HTTP/1.1\r\nHost: localhost/x\r\n\r\n"},
    {"a Host with a blank", "GET /now HTTP/1.1\r\nHost: local host\r\n\r\n"},
    {"a Host with a port of letters", "GET /now HTTP/1.1\r\nHost: localhost:http\r\n\r\n"},
    {"a Host with a port too long", "GET /now HTTP/1.1\r\nHost: localhost:123456\r\n\r\n"},
    {"a Host that is no IPv6 address", "GET /now HTTP/1.1\r\nHost: [::1\r\n\r\n"},
    {"a Host not ours", "GET /now HTTP/1.1\r\nHost: evil.example\r\n\r\n"},
    {"an absolute target", "GET http://localhost/now HTTP/1.1\r\n" HOST "\r\n"},
    {"a target of an authority", "CONNECT localhost:80 HTTP/1.1\r\n" HOST "\r\n"},
    {"an asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"},
    {"a dot segment", "GET /x/../now HTTP/1.1\r\n" HOST "\r\n"},
    {"a dot segment in percent signs", "GET /x/%2e%2E/now HTTP/1.1\r\n" HOST "\r\n"},
    {"a single dot", "GET /./now HTTP/1.1\r\n" HOST "\r\n"},
    {"two slashes", "GET //now HTTP/1.1\r\n" HOST "\r\n"},
    {"a backslash", "GET /x\\now HTTP/1.1\r\n" HOST "\r\n"},
    {"a fragment", "GET /now#x HTTP/1.1\r\n" HOST "\r\n"},
    {"a byte over ASCII", "GET /n\xc3\xb6w HTTP/1.1\r\n" HOST "\r\n"},
    {"a control character in the target", "GET /n\x01w HTTP/1.1\r\n" HOST "\r\n"},
    {"a version nobody speaks", "GET /now HTTP/3.7\r\n" HOST "\r\n"},
    {"no version", "GET /now\r\n\r\n"},
    {"HTTP/2 in plain words", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {"no HTTP at all", "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 hello\r\n\r\n"},
    {"a name with a blank", "GET /now HTTP/1.1\r\n" HOST "X Y: 1\r\n\r\n"},
    {"a field without a name", "GET /now HTTP/1.1\r\n" HOST ": 1\r\n\r\n"},
    {"a field without a colon", "GET /now HTTP/1.1\r\n" HOST "nonsense\r\n\r\n"},
    {"a control character in a value", "GET /now HTTP/1.1\r\n" HOST "X-A: a\x01"
                                       "b\r\n\r\n"},
    {"a field folded over two lines", "GET /now HTTP/1.1\r\n" HOST "X-A: a\r\n b\r\n\r\n"},
    {"lines that end with a bare line feed", "GET /now HTTP/1.1\nHost: localhost\nX-A: 1\n\n"},
    {"one line that ends with a bare line feed", "GET /now HTTP/1.1\r\n" HOST "X-A: 1\nX-B: 2\r\n\r\n"},
    {"two blanks in the first line", "GET  /now HTTP/1.1\r\n" HOST "\r\n"},
    {"a wish for something else", POST_NOW HOST "Content-Length: 1\r\nExpect: magic\r\n\r\nx"},
    {"a compressed body", POST_NOW HOST "Content-Length: 1\r\nContent-Encoding: gzip\r\n\r\nx"},
    {"a body over the cap, announced", POST_NOW HOST "Content-Length: 1025\r\n\r\n"},
    {"a body where none is taken", "GET /now HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"},
    {"chunks where no body is taken",
     "GET /now HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"},
    {"a chunk whose size is none", POST_NOW HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"},
    {"a chunk with a negative size", POST_NOW HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n"},
    {"a chunk longer than it says", POST_NOW HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n"},
};

Test(listener, SEC_12_refuses_what_two_readers_could_read_differently)
{
    static const char *const hosts[] = {"casement.hospital.example"};

    open_with((struct gw_listener_options){.hosts = hosts, .host_count = 1});
    for (size_t i = 0; i < COUNT(hostile); i++) {
        const int status = ask(hostile[i].text);

        cr_expect(status == 0 || (status >= 400 && status <= 505), "%s: %d", hostile[i].name, status);
        cr_expect(handled == 0, "%s was served", hostile[i].name);
        handled = 0;
    }
    cr_expect(ask("GET /now HTTP/1.1\r\nHost: Casement.Hospital.example\r\n\r\n") == 200, "and still serves");
}

Test(listener, takes_any_wellformed_host_when_none_is_named)
{
    open_with((struct gw_listener_options){0});
    cr_expect(ask("GET /now HTTP/1.1\r\nHost: casement.hospital.example:443\r\n\r\n") == 200);
    cr_expect(ask("GET /now HTTP/1.1\r\nHost: \"x\"\r\n\r\n") == 400);
}

/* A NUL ends a text for one reader and not for another. */
Test(listener, refuses_a_NUL_in_a_field)
{
    const char text[] = "GET /now HTTP/1.1\r\n" HOST "X-A: a\0b\r\n\r\n";

    open_with((struct gw_listener_options){0});
    cr_expect(visitor_asks(&loop, gw_listener_port(listener), text, sizeof text - 1) != 200);
    cr_expect(handled == 0);
}

/* A head of so many bytes: the first line, Host, and one long field. */
static int ask_with_head_of(size_t bytes)
{
    static const char start[] = "GET /now HTTP/1.1\r\n" HOST "X-A: ";
    char *const text = malloc(bytes);
    int status;

    cr_assert(text != NULL);
    memset(text, 'a', bytes);
    memcpy(text, start, sizeof start - 1);
    memcpy(text + bytes - 4, "\r\n\r\n", 4);
    status = visitor_asks(&loop, gw_listener_port(listener), text, bytes);
    free(text);
    return status;
}

Test(listener, SEC_20_takes_a_head_of_16_KiB_and_no_byte_more)
{
    open_with((struct gw_listener_options){0});
    cr_expect(ask_with_head_of(16384) == 200);
    cr_expect(ask_with_head_of(16385) == 431);
    cr_expect(ask_with_head_of(40000) >= 400);
    cr_expect(ask_with_head_of(1000000) != 200);
    cr_expect(handled == 1);
}

Test(listener, SEC_20_takes_a_hundred_fields_and_not_one_more)
{
    struct gw_text text = GW_TEXT_INIT(16384);

    open_with((struct gw_listener_options){0});
    for (int fields = 100; fields <= 101; fields++) {
        gw_text_clear(&text);
        gw_text_add(&text, "GET /now HTTP/1.1\r\n" HOST);
        for (int i = 1; i < fields; i++)
            gw_text_print(&text, "X-%d: 1\r\n", i);
        gw_text_add(&text, "\r\n");
        cr_expect(ask(text.at) == (fields == 100 ? 200 : 431), "%d fields", fields);
    }
    gw_text_release(&text);
}

Test(listener, SEC_20_stops_at_the_cap_of_a_body_in_chunks)
{
    struct gw_text text = GW_TEXT_INIT(16384);

    open_with((struct gw_listener_options){0});
    for (int bytes = 1024; bytes <= 1025; bytes++) {
        gw_text_clear(&text);
        gw_text_add(&text, POST_NOW HOST "Transfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < bytes; i++)
            gw_text_add(&text, "1\r\nx\r\n");
        gw_text_add(&text, "0\r\n\r\n");
        cr_expect(ask(text.at) == (bytes == 1024 ? 200 : 413), "%d bytes", bytes);
    }
    cr_expect(handled == 1);
    gw_text_release(&text);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static void pass(uint64_t until_ms)
{
    fake_time_run(&clock_of_test, until_ms, NULL, NULL);
    for (int i = 0; i < 20; i++)
        visitor_waits(&loop);
}

static void until_connected(size_t connections)
{
    while (gw_listener_connections(listener) != connections)
        visitor_waits(&loop);
}

/* One byte every five seconds: each arrives in time, the whole does not. */
static void say_slowly(int fd, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        visitor_sends(fd, text + i, 1);
        for (int turns = 0; turns < 5; turns++)
            visitor_waits(&loop);
        pass((i + 1) * 5000);
    }
}

Test(listener, SEC_20_ends_a_head_that_takes_over_30_seconds)
{
    bool closed;
    int fd;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    until_connected(1);
    say_slowly(fd, "GET /", 5);
    cr_expect(gw_listener_connections(listener) == 1, "25 s have passed");
    pass(29999);
    cr_expect(gw_listener_connections(listener) == 1);
    pass(30000);
    cr_expect_str_eq(visitor_hears(&loop, fd, &closed), "");
    cr_expect(closed && gw_listener_connections(listener) == 0 && handled == 0);
    close(fd);
}

Test(listener, SEC_20_ends_fields_and_bodies_that_take_too_long_with_408)
{
    static const char *const beginnings[] = {
        "GET /now HTTP/1.1\r\nX-A: ", POST_NOW HOST "Content-Length: 100\r\n\r\nabc",
        POST_NOW HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nab"};

    open_with((struct gw_listener_options){0});
    for (size_t i = 0; i < COUNT(beginnings); i++) {
        const int fd = visit(gw_listener_port(listener));
        bool closed;

        visitor_says(fd, beginnings[i]);
        until_connected(1);
        pass(clock_of_test.now_ms + 29000);
        cr_expect(gw_listener_connections(listener) == 1, "%s", beginnings[i]);
        pass(clock_of_test.now_ms + 1000);
        cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 408, "%s", beginnings[i]);
        until_connected(0);
        close(fd);
    }
    cr_expect(handled == 0);
}

Test(listener, answers_503_for_a_handler_that_does_not_and_ends_an_idle_connection)
{
    const char text[] = "GET /later HTTP/1.1\r\n" HOST "\r\n";
    bool closed;
    int fd;

    open_with((struct gw_listener_options){.handle_ms = 2000});
    fd = visit(gw_listener_port(listener));
    visitor_says(fd, text);
    while (!kept)
        visitor_waits(&loop);
    pass(1999);
    cr_expect(recv(fd, &closed, 1, MSG_DONTWAIT) < 0);
    pass(2000);
    cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 503);
    gw_exchange_say(kept, 200, "too late"); /* and is nobody's */
    until_connected(0);
    close(fd);
    fd = visit(gw_listener_port(listener));
    until_connected(1);
    pass(32000);
    until_connected(0);
    close(fd);
}

Test(listener, SEC_20_serves_one_address_so_many_connections_and_goes_on)
{
    int fds[5];
    bool closed;

    open_with((struct gw_listener_options){.per_address = 3});
    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = visit(gw_listener_port(listener));
        for (int turns = 0; turns < 10; turns++)
            visitor_waits(&loop);
    }
    cr_expect(gw_listener_connections(listener) == 3);
    for (size_t i = 3; i < COUNT(fds); i++)
        cr_expect_str_eq(visitor_hears(&loop, fds[i], &closed), "");
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
    until_connected(0);
    cr_expect(ask("GET /now HTTP/1.1\r\n" HOST "\r\n") == 200);
}

Test(listener, rests_when_nobody_asks_anything)
{
    int fd, turns = 0;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    until_connected(1);
    for (uint64_t begun = uv_hrtime(); uv_hrtime() - begun < 100 * 1000000ull; turns++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    cr_expect(uv_backend_timeout(&loop) == -1, "it would wake for nothing");
    close(fd);
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

Test(listener, drains_what_is_under_way_and_takes_nothing_new)
{
    const char text[] = "GET /later HTTP/1.1\r\n" HOST "\r\n";
    const char *heard;
    bool closed;
    int idle, busy, port;

    open_with((struct gw_listener_options){0});
    port = gw_listener_port(listener);
    idle = visit(port);
    busy = visit(port);
    visitor_says(busy, text);
    while (!kept || gw_listener_connections(listener) != 2)
        visitor_waits(&loop);
    close_door();
    visitor_hears(&loop, idle, &closed);
    cr_expect(closed && closed_times == 0);
    gw_exchange_say(kept, 200, "done");
    heard = visitor_hears(&loop, busy, &closed);
    cr_expect(visitor_status(heard) == 200 && strstr(heard, "Connection: close\r\n"), "%s", heard);
    while (!closed_times)
        visitor_waits(&loop);
    close(idle);
    close(busy);
}

Test(listener, cuts_off_what_does_not_end_and_lets_the_handler_answer_nobody)
{
    const char text[] = "GET /later HTTP/1.1\r\n" HOST "\r\n";
    bool closed;
    int fd;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    visitor_says(fd, text);
    while (!kept)
        visitor_waits(&loop);
    close_door();
    fake_time_run(&clock_of_test, 4999, NULL, NULL);
    cr_expect(closed_times == 0);
    fake_time_run(&clock_of_test, 5000, NULL, NULL);
    while (!closed_times)
        visitor_waits(&loop);
    cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 503);
    gw_exchange_say(kept, 200, "hello?");
    close(fd);
}

Test(listener, stops_at_once_when_nobody_is_there)
{
    open_with((struct gw_listener_options){0});
    close_door();
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(closed_times == 1);
}

/* ---- where it listens ------------------------------------------------------------------------------------------- */

static const struct {
    const char *address;
    bool anywhere;
    bool good;
} addresses[] = {
    {"127.0.0.1:8490", false, true},
    {"127.8.8.8:1", false, true},
    {"localhost:8490", false, true},
    {"[::1]:8490", false, true},
    {"unix:/run/c.sock", false, true},
    {"0.0.0.0:8490", true, true},
    {"[::]:8490", true, true},
    {"0.0.0.0:8490", false, false},
    {"[::]:8490", false, false},
    {"10.0.0.7:8490", false, false},
    {"[fe80::1]:80", false, false},
    {"", false, false},
    {"8490", false, false},
    {":8490", false, false},
    {"127.0.0.1", false, false},
    {"127.0.0.1:", false, false},
    {"127.0.0.1:65536", true, false},
    {"127.0.0.1:-1", true, false},
    {"127.0.0.1:80x", true, false},
    {"127.1:80", true, false},
    {"example.org:80", true, false},
    {"[::1]", true, false},
    {"::1:80", true, false},
    {"unix:run/c.sock", false, false},
    {"unix:", false, false},
    {"http://127.0.0.1:80", true, false},
};

Test(listener, listens_on_loopback_or_a_unix_socket_unless_asked_for_more)
{
    for (size_t i = 0; i < COUNT(addresses); i++) {
        struct gw_error err = {0};
        const enum gw_status rc = gw_listener_check_address(addresses[i].address, addresses[i].anywhere, &err);

        cr_expect(rc == (addresses[i].good ? GW_OK : GW_ECONFIG), "%s: %s", addresses[i].address, err.text);
    }
    closed_times = 1; /* nothing was opened */
}

Test(listener, takes_no_address_that_another_serves)
{
    struct gw_listener *other = NULL;
    struct gw_error err = {0};
    char address[32];

    open_with((struct gw_listener_options){0});
    snprintf(address, sizeof address, "127.0.0.1:%d", gw_listener_port(listener));
    cr_expect(gw_listener_start(&loop, &(struct gw_listener_options){.address = address}, &other, &err) == GW_EBUSY);
    cr_expect(strstr(err.text, "cannot listen at 127.0.0.1:") != NULL && !other, "%s", err.text);
}

Test(listener, serves_a_unix_socket_and_takes_it_away_at_the_end)
{
    const char text[] = "GET /now HTTP/1.1\r\n" HOST "\r\n";
    struct gw_listener *other = NULL;
    struct scratch scratch;
    char address[160];
    bool closed;
    int fd;

    scratch_init(&scratch);
    snprintf(address, sizeof address, "unix:%s/casement.sock", scratch.folder);
    fd = socket(AF_UNIX, SOCK_STREAM, 0); /* one that a dead process left */
    {
        struct sockaddr_un name = {.sun_family = AF_UNIX};

        snprintf(name.sun_path, sizeof name.sun_path, "%.100s", address + 5);
        cr_assert(bind(fd, (struct sockaddr *)&name, sizeof name) == 0);
        close(fd);
    }
    open_with((struct gw_listener_options){.address = address});
    cr_expect(gw_listener_port(listener) == 0);
    cr_expect(gw_listener_start(&loop, &(struct gw_listener_options){.address = address}, &other, NULL) == GW_EBUSY);
    fd = visit_unix(address + 5);
    visitor_says(fd, text);
    cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 200);
    cr_expect_str_eq(last_peer, "unix");
    close_door();
    while (!closed_times)
        visitor_waits(&loop);
    cr_expect(access(address + 5, F_OK) != 0);
    close(fd);
    scratch_release(&scratch);
}

/* ---- a client in earnest ---------------------------------------------------------------------------------------- */

Test(listener, speaks_with_libcurl)
{
    struct outcome outcome = OUTCOME_INIT;
    struct gw_http *http = NULL;
    char url[64];

    open_with((struct gw_listener_options){0});
    cr_assert(gw_http_client_new(&loop, NULL, &http, NULL) == GW_OK);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/now?x", gw_listener_port(listener));
    for (int i = 0; i < 3; i++) {
        outcome_reset(&outcome);
        cr_assert(gw_http_start(
                      http,
                      &(struct gw_http_request){.method = i ? "POST" : "GET", .url = url, .body = {"hello", i ? 5 : 0}},
                      &outcome.response, outcome_done, &outcome, NULL, NULL) == GW_OK);
        while (!outcome.times)
            visitor_waits(&loop);
        cr_expect(outcome.failure.status == GW_OK && outcome.response.status == 200, "%s", outcome.failure.text);
        cr_expect_str_eq(outcome.response.body.at, "served\n");
    }
    cr_expect_str_eq(last_body, "hello");
    outcome_reset(&outcome);
    gw_http_free(http);
}
