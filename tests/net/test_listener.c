/*
 * The door for others: what it serves, where it listens, and that it closes.
 */
#include "net/open_door.h"
#include "support/scratch.h"

TestSuite(listener, .init = open_door, .fini = end_door);

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
    bool closed;
    int fd;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    ask_later(fd);
    for (int i = 0; i < 20; i++)
        visitor_waits(&loop);
    cr_expect(recv(fd, &closed, 1, MSG_DONTWAIT) < 0, "nothing was said yet");
    gw_exchange_say(kept, 202, "at last");
    cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 202 && !closed);
    ask_later(fd);
    gw_exchange_say(kept, 200, "again");
    cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 200);
    cr_expect(handled == 2);
    close(fd);
}

Test(listener, lets_a_handler_answer_one_who_has_gone)
{
    int fd;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    ask_later(fd);
    close(fd);
    for (int i = 0; i < 20; i++)
        visitor_waits(&loop);
    gw_exchange_say(kept, 200, "hello?");
    while (gw_listener_connections(listener))
        visitor_waits(&loop);
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

Test(listener, drains_what_is_under_way_and_takes_nothing_new)
{
    const char *heard;
    bool closed;
    int idle, busy, port;

    open_with((struct gw_listener_options){0});
    port = gw_listener_port(listener);
    idle = visit(port);
    busy = visit(port);
    ask_later(busy);
    while (gw_listener_connections(listener) != 2)
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
    bool closed;
    int fd;

    open_with((struct gw_listener_options){0});
    fd = visit(gw_listener_port(listener));
    ask_later(fd);
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
