/*
 * The door for others: what it refuses, and by which of its parts.
 */
#include "net/open_door.h"

TestSuite(listener_refusals, .init = open_door, .fini = end_door);

/* ---- the secret comes before the body (SEC-12) ------------------------------------------------------------------ */

Test(listener_refusals, SEC_12_refuses_by_the_head_alone_and_reads_no_body)
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

Test(listener_refusals, SEC_12_asks_for_the_body_only_when_the_head_was_good)
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
Test(listener_refusals, SEC_12_takes_a_refused_body_for_no_request)
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

#define BODY "\r\n0\r\n\r\n"

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

Test(listener_refusals, SEC_12_refuses_what_two_readers_could_read_differently)
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

Test(listener_refusals, takes_any_wellformed_host_when_none_is_named)
{
    open_with((struct gw_listener_options){0});
    cr_expect(ask("GET /now HTTP/1.1\r\nHost: casement.hospital.example:443\r\n\r\n") == 200);
    cr_expect(ask("GET /now HTTP/1.1\r\nHost: \"x\"\r\n\r\n") == 400);
}

/* A NUL ends a text for one reader and not for another. */
Test(listener_refusals, refuses_a_NUL_in_a_field)
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

Test(listener_refusals, SEC_20_takes_a_head_of_16_KiB_and_no_byte_more)
{
    open_with((struct gw_listener_options){0});
    cr_expect(ask_with_head_of(16384) == 200);
    cr_expect(ask_with_head_of(16385) == 431);
    cr_expect(ask_with_head_of(40000) >= 400);
    cr_expect(ask_with_head_of(1000000) != 200);
    cr_expect(handled == 1);
}

Test(listener_refusals, SEC_20_takes_a_hundred_fields_and_not_one_more)
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

Test(listener_refusals, SEC_20_stops_at_the_cap_of_a_body_in_chunks)
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
