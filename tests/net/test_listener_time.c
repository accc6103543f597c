/*
 * The door for others: how long it waits, and for how many.
 */
#include "net/open_door.h"

TestSuite(listener_time, .init = open_door, .fini = end_door);

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

Test(listener_time, SEC_20_ends_a_head_that_takes_over_30_seconds)
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

Test(listener_time, SEC_20_ends_fields_and_bodies_that_take_too_long_with_408)
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

Test(listener_time, answers_503_for_a_handler_that_does_not_and_ends_an_idle_connection)
{
    bool closed;
    int fd;

    open_with((struct gw_listener_options){.handle_ms = 2000});
    fd = visit(gw_listener_port(listener));
    ask_later(fd);
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

Test(listener_time, SEC_20_serves_one_address_so_many_connections_and_goes_on)
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

Test(listener_time, rests_when_nobody_asks_anything)
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
