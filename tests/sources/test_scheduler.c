/*
 * Many pulls at once: how many, in which order, and what one endpoint's failure means to the others.
 */
#include "gateway/sources/scheduler.h"
#include "sources/fake_ports.h"

struct play {
    struct fake_ports ports;
    struct gw_request requests[12];
    struct gw_source sources[3];
    size_t source_count;
    struct gw_scheduler *scheduler;
    struct gw_source_result results[3];
    int times;
    uint64_t now_ms; /* moved on by every wait */
    uint64_t waits[16];
    size_t wait_count;
    size_t ended[3];
    size_t failed[3];
};

static struct play play;

static int64_t fake_utc(void *ctx)
{
    (void)ctx;
    return 1700000000;
}

static uint64_t fake_monotonic(void *ctx)
{
    return ((struct play *)ctx)->now_ms;
}

static const struct gw_clock fake_clock = {fake_utc, fake_monotonic, &play};

static uint64_t hear_wait(void *ctx, uint64_t wait_ms)
{
    struct play *p = ctx;

    cr_assert(p->wait_count < COUNT(p->waits));
    p->waits[p->wait_count++] = wait_ms;
    p->now_ms += wait_ms;
    return 0;
}

static void hear_end(void *ctx, size_t source, const struct gw_request *request, const struct gw_pull_result *result,
                     const struct gw_error *failure)
{
    struct play *p = ctx;

    cr_expect(request >= p->sources[source].requests &&
              request < p->sources[source].requests + p->sources[source].count);
    cr_expect(result->requests <= 4);
    p->ended[source]++;
    p->failed[source] += failure != NULL;
}

static void hear_done(void *ctx, const struct gw_source_result *results, size_t count)
{
    struct play *p = ctx;

    p->times++;
    cr_assert(count == p->source_count);
    for (size_t i = 0; i < count; i++)
        p->results[i] = results[i];
}

/* Each source gets its own stretch of requests "/Condition?patient=<source><n>". */
static void add_source(size_t count, unsigned concurrent)
{
    static const char *const names[3][4] = {
        {"a0", "a1", "a2", "a3"}, {"b0", "b1", "b2", "b3"}, {"c0", "c1", "c2", "c3"}};
    const size_t at = play.source_count++;
    struct gw_request *requests = &play.requests[4 * at];

    for (size_t i = 0; i < count; i++) {
        requests[i] = request_for(GW_CONDITION, "Condition");
        requests[i].search.patient = names[at][i];
        requests[i].search.count = 0;
    }
    play.sources[at] = (struct gw_source){&play.ports.settings, concurrent, requests, count};
}

static void begin(const struct fake_reply *replies)
{
    play = (struct play){.now_ms = 5000};
    fake_ports_init(&play.ports, replies);
}

static void start(void)
{
    static struct gw_scheduler_options options;
    struct gw_error err = {0};

    options = (struct gw_scheduler_options){&fake_clock, hear_wait, hear_end, &play};
    cr_assert(gw_scheduler_start(&play.ports.loop, play.sources, play.source_count, &options, hear_done, &play,
                                 &play.scheduler, &err) == GW_OK);
    cr_expect(play.times == 0);
}

static void run(void)
{
    start();
    uv_run(&play.ports.loop, UV_RUN_DEFAULT);
    cr_expect(play.times == 1, "done %d times", play.times);
    for (size_t i = 0; i < play.source_count; i++)
        cr_expect(play.ended[i] + play.results[i].skipped == play.sources[i].count, "source %zu", i);
}

#define OK(who)                                                                                                        \
    {                                                                                                                  \
        "/Condition?patient=" who, 200, PAGE("")                                                                       \
    }
#define AWAY(who)                                                                                                      \
    {                                                                                                                  \
        "/Condition?patient=" who, 503, "away"                                                                         \
    }
#define NO(who)                                                                                                        \
    {                                                                                                                  \
        "/Condition?patient=" who, 403, "no"                                                                           \
    }

Test(scheduler, asks_everything_of_everyone)
{
    static const struct fake_reply replies[] = {OK("a0"), OK("a1"), OK("a2"), OK("b0"), {0}};

    begin(replies);
    add_source(3, 2);
    add_source(1, 0);
    add_source(0, 0);
    run();
    cr_expect(play.results[0].done == 3 && play.results[1].done == 1 && play.results[2].done == 0);
    cr_expect(play.results[0].total.requests == 3 && play.results[0].total.pages == 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect(play.results[i].failure.status == GW_OK && play.results[i].skipped == 0);
    fake_ports_release(&play.ports);
}

Test(scheduler, is_done_at_once_and_later_when_there_is_nothing_to_do)
{
    static const struct fake_reply none[] = {{0}};

    begin(none);
    run();
    fake_ports_release(&play.ports);
}

static const struct {
    unsigned concurrent, expected;
} widths[] = {{1, 1}, {2, 2}, {3, 3}, {0, 4}, {9, 4}};

Test(scheduler, keeps_to_the_number_of_chains)
{
    static const struct fake_reply replies[] = {OK("a0"), OK("a1"), OK("a2"), OK("a3"), {0}};

    for (size_t i = 0; i < COUNT(widths); i++) {
        begin(replies);
        add_source(4, widths[i].concurrent);
        run();
        cr_expect(play.ports.largest == widths[i].expected, "%u: %u", widths[i].concurrent, play.ports.largest);
        fake_ports_release(&play.ports);
    }
}

Test(scheduler, ends_an_endpoint_that_refuses_and_no_other)
{
    static const struct fake_reply replies[] = {OK("a0"), NO("a1"), OK("b0"), OK("b1"), {0}};

    begin(replies);
    add_source(4, 1);
    add_source(2, 1);
    run();
    cr_expect(play.results[0].failure.status == GW_EDENIED && play.results[0].done == 1 &&
              play.results[0].skipped == 2);
    cr_expect(play.results[1].failure.status == GW_OK && play.results[1].done == 2);
    cr_expect(play.failed[0] == 1 && play.failed[1] == 0 && play.wait_count == 0);
    fake_ports_release(&play.ports);
}

Test(scheduler, tries_again_what_fails_in_passing)
{
    static const struct fake_reply replies[] = {AWAY("a0"), AWAY("a0"), AWAY("a0"), OK("a0"), {0}};

    begin(replies);
    add_source(1, 1);
    run();
    cr_expect(play.results[0].done == 1 && play.results[0].failure.status == GW_OK);
    cr_expect(play.results[0].total.requests == 4 && play.ended[0] == 1 && play.wait_count == 3);
    for (size_t i = 0; i < play.wait_count; i++) {
        const uint64_t plain = (uint64_t)GW_RETRY_FIRST_MS << i;
        cr_expect(play.waits[i] >= plain && play.waits[i] <= plain + plain / 4, "%zu: %d", i, (int)play.waits[i]);
    }
    fake_ports_release(&play.ports);
}

Test(scheduler, tries_again_after_a_body_cut_short_and_says_then_that_it_was)
{
    static const struct fake_reply cut = {"/Condition?patient=a0", 0, .failure = GW_EPROTO, .incomplete = true};
    const struct fake_reply replies[] = {cut, cut, OK("a0"), cut, {0}};
    const struct fake_reply for_ever[] = {cut, {0}};

    begin(replies);
    add_source(1, 1);
    run();
    cr_expect(play.results[0].done == 1 && play.results[0].total.requests == 3);
    fake_ports_release(&play.ports);
    begin(for_ever);
    add_source(1, 1);
    run();
    cr_expect(play.results[0].failure.status == GW_EPROTO && play.results[0].total.requests == 4);
    fake_ports_release(&play.ports);
}

Test(scheduler, gives_up_after_three_more_tries)
{
    static const struct fake_reply replies[] = {AWAY("a0"), OK("a1"), {0}};

    begin(replies);
    add_source(2, 1);
    run();
    cr_expect(play.results[0].failure.status == GW_ERETRY && play.results[0].total.requests == 4);
    cr_expect(play.results[0].done == 0 && play.results[0].skipped == 1);
    fake_ports_release(&play.ports);
}

static const struct {
    int32_t retry_after_s;
    size_t requests; /* the third answers */
    enum gw_status status;
} asked[] = {{1, 3, GW_OK},      {20, 3, GW_OK},      {50, 3, GW_OK},
             {70, 2, GW_ERETRY}, {120, 1, GW_ERETRY}, {86400, 1, GW_ERETRY}};

Test(scheduler, waits_as_long_as_the_server_asked_within_two_minutes)
{
    for (size_t i = 0; i < COUNT(asked); i++) {
        const struct fake_reply busy = {"/Condition?patient=a0", 429, "busy", .retry_after_s = asked[i].retry_after_s};
        const struct fake_reply replies[] = {busy, busy, OK("a0"), {0}};

        begin(replies);
        add_source(1, 1);
        run();
        cr_expect(play.results[0].failure.status == asked[i].status, "%d s", asked[i].retry_after_s);
        cr_expect(play.results[0].total.requests == asked[i].requests, "%d s: %zu", asked[i].retry_after_s,
                  play.results[0].total.requests);
        cr_expect(play.wait_count + 1 == asked[i].requests, "%d s: %zu waits", asked[i].retry_after_s, play.wait_count);
        for (size_t k = 0; k < play.wait_count; k++)
            cr_expect(play.waits[k] >= (uint64_t)asked[i].retry_after_s * 1000, "%d s", asked[i].retry_after_s);
        fake_ports_release(&play.ports);
    }
}

static uint64_t wait_for_ever(void *ctx, uint64_t wait_ms)
{
    (void)ctx, (void)wait_ms;
    return 3600000;
}

Test(scheduler, does_not_wait_for_an_endpoint_that_has_ended)
{
    static const struct fake_reply replies[] = {
        AWAY("a0"), {"/Condition?patient=a1", 200, PAGE_NEXT("?page=2", "")}, {"/Condition?page=2", 403, "no"}, {0}};
    const struct gw_scheduler_options options = {.pause = wait_for_ever};
    struct gw_error err = {0};

    begin(replies);
    add_source(3, 2);
    cr_assert(gw_scheduler_start(&play.ports.loop, play.sources, 1, &options, hear_done, &play, &play.scheduler,
                                 &err) == GW_OK);
    uv_run(&play.ports.loop, UV_RUN_DEFAULT);
    cr_expect(play.times == 1 && play.results[0].done == 0 && play.results[0].skipped == 1);
    cr_expect(play.results[0].failure.status == GW_EDENIED);
    fake_ports_release(&play.ports);
}

Test(scheduler, stops_everything_when_our_disk_fails)
{
    static const struct fake_reply replies[] = {OK("a0"), OK("a1"), OK("b0"), OK("b1"), {0}};

    begin(replies);
    play.ports.fault = LATER;
    play.ports.fault_at = 3; /* the first keep */
    add_source(4, 1);
    add_source(4, 1);
    run();
    for (size_t i = 0; i < 2; i++) {
        cr_expect(play.results[i].failure.status == GW_EIO, "source %zu", i);
        cr_expect(play.results[i].skipped >= 2, "source %zu: %zu", i, play.results[i].skipped);
    }
    fake_ports_release(&play.ports);
}

static void cancel_play(void *ctx)
{
    gw_scheduler_cancel(((struct play *)ctx)->scheduler);
}

Test(scheduler, ends_when_cancelled_at_any_operation)
{
    static const struct fake_reply replies[] = {OK("a0"), OK("a1"), OK("b0"), OK("b1"), {0}};

    for (unsigned at = 1; at <= 8; at++) {
        begin(replies);
        play.ports.fault = CANCEL;
        play.ports.fault_at = at;
        play.ports.cancel = cancel_play;
        play.ports.cancel_ctx = &play;
        add_source(2, 1);
        add_source(2, 1);
        run();
        cr_expect(play.results[0].failure.status == GW_ECANCELED || play.results[0].done == 2, "at %u", at);
        cr_expect(play.results[1].failure.status == GW_ECANCELED || play.results[1].done == 2, "at %u", at);
        cr_expect(play.results[0].done + play.results[1].done < 4, "at %u", at);
        fake_ports_release(&play.ports);
    }
}

Test(scheduler, ends_when_cancelled_before_it_began)
{
    static const struct fake_reply none[] = {{0}};

    begin(none);
    add_source(2, 1);
    start();
    gw_scheduler_cancel(play.scheduler);
    uv_run(&play.ports.loop, UV_RUN_DEFAULT);
    cr_expect(play.times == 1 && play.results[0].skipped == 2);
    cr_expect(play.results[0].failure.status == GW_ECANCELED && play.ports.calls == 0);
    fake_ports_release(&play.ports);
}

/* From the loop, one turn after the wait began. */
static void cancel_soon(uv_timer_t *timer)
{
    gw_scheduler_cancel(play.scheduler);
    uv_close((uv_handle_t *)timer, NULL);
}

static uint64_t wait_long(void *ctx, uint64_t wait_ms)
{
    uv_timer_t *timer = ctx;

    (void)wait_ms;
    uv_timer_start(timer, cancel_soon, 1, 0);
    return 1000000;
}

Test(scheduler, ends_a_wait_when_cancelled)
{
    static const struct fake_reply replies[] = {AWAY("a0"), {0}};
    struct gw_scheduler_options options = {.pause = wait_long};
    uv_timer_t timer;
    struct gw_error err = {0};

    begin(replies);
    add_source(1, 1);
    uv_timer_init(&play.ports.loop, &timer);
    options.ctx = &timer;
    cr_assert(gw_scheduler_start(&play.ports.loop, play.sources, 1, &options, hear_done, &play, &play.scheduler,
                                 &err) == GW_OK);
    uv_run(&play.ports.loop, UV_RUN_DEFAULT);
    cr_expect(play.times == 1 && play.results[0].failure.status == GW_ECANCELED);
    fake_ports_release(&play.ports);
}
