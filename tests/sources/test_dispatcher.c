/*
 * One endpoint's requests: their order, how many at once, when one is asked again, what a restart remembers.
 */
#include "sources/one_endpoint.h"

Test(dispatcher, asks_what_is_urgent_before_routine_before_sweeps)
{
    struct world_ask asks[4];

    begin(after_100_ms, 1);
    world_submit(&endpoint, &asks[0], GW_CONDITION, "sweep", GW_SWEEP);
    world_submit(&endpoint, &asks[1], GW_CONDITION, "routine", GW_ROUTINE);
    world_submit(&endpoint, &asks[2], GW_CONDITION, "routine2", GW_ROUTINE);
    world_submit(&endpoint, &asks[3], GW_CONDITION, "hint", GW_URGENT);
    world_run(&world, 1000);
    EXPECT_TEXT(endpoint.trace,
                "0:/Condition?patient=hint 100:/Condition?patient=routine 200:/Condition?patient=routine2 "
                "300:/Condition?patient=sweep");
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 1 && asks[i].failure.status == GW_OK, "%zu", i);
    cr_expect(endpoint.kept == 4 && endpoint.most_flying == 1);
    end();
}

static const struct {
    unsigned concurrent, expected;
    uint64_t last_ms;
} widths[] = {{1, 1, 600}, {2, 2, 300}, {3, 3, 200}, {0, 4, 200}, {9, 6, 100}};

Test(dispatcher, P13_keeps_to_the_number_of_requests_at_once)
{
    for (size_t i = 0; i < COUNT(widths); i++) {
        struct world_ask asks[6];

        begin(after_100_ms, widths[i].concurrent);
        for (size_t k = 0; k < COUNT(asks); k++)
            world_submit(&endpoint, &asks[k], GW_CONDITION, "p1", GW_ROUTINE);
        world_run(&world, 10000);
        cr_expect(eq(uint, endpoint.most_flying, widths[i].expected), "%zu", i);
        cr_expect(asks[5].at_ms == widths[i].last_ms, "%zu: %d", i, (int)asks[5].at_ms);
        end();
    }
}

static struct world_answer thrice_away(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    return number < 3 ? (struct world_answer){.trouble = GW_TROUBLE_AWAY} : (struct world_answer){.status = 200};
}

/* With dice that show the most a wait is the whole of 1, 2, 4 seconds. */
Test(dispatcher, N2_N3_asks_again_for_the_same_page_after_waits_that_double)
{
    struct world_ask ask;

    begin(thrice_away, 1);
    world.dice = UINT32_MAX;
    world_submit(&endpoint, &ask, GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    EXPECT_TEXT(endpoint.trace, "0:/Condition?patient=p1 1000:/Condition?patient=p1 3000:/Condition?patient=p1 "
                                "7000:/Condition?patient=p1");
    EXPECT_TEXT(endpoint.changes, "BACKOFF BACKOFF BACKOFF RUNNING");
    cr_expect(ask.ended == 1 && ask.failure.status == GW_OK && ask.result.requests == 4, "each one that left");
    end();
}

static struct world_answer throttles_page_two(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    if (strstr(path, "patient=p1"))
        return (struct world_answer){.status = 200, .body = PAGE_TO(BASE "/?page=2")};
    if (number == 1)
        return (struct world_answer){.status = 429, .retry_after_s = 90};
    return (struct world_answer){.status = 200};
}

Test(dispatcher, P13_a_walk_goes_on_at_its_page_when_the_server_allows_it)
{
    struct world_ask ask;

    begin(throttles_page_two, 2);
    world_submit(&endpoint, &ask, GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    EXPECT_TEXT(endpoint.trace, "0:/Condition?patient=p1 0:/?page=2 90000:/?page=2");
    cr_expect(ask.ended == 1 && ask.failure.status == GW_OK && ask.result.pages == 2 && endpoint.early == 0);
    end();
}

static struct world_answer dead(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.trouble = GW_TROUBLE_AWAY};
}

Test(dispatcher, P8_never_gives_up_what_may_pass)
{
    struct world_ask ask;

    begin(dead, 4);
    world.dice = UINT32_MAX;
    world_submit(&endpoint, &ask, GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, 25 * HOUR);
    cr_expect(ask.ended == 0);
    cr_expect(endpoint.asked >= 25 * 12 && endpoint.asked < 25 * 12 + 20, "asked %u times", endpoint.asked);
    cr_expect(gw_dispatcher_circuit(endpoint.dispatcher)->state == GW_CIRCUIT_DEGRADED);
    cr_expect(endpoint.alerts == (GW_ALERT_HOUR | GW_ALERT_DAY));
    gw_dispatcher_cancel(endpoint.dispatcher, ask.ticket);
    world_run(&world, 25 * HOUR);
    cr_expect(ask.ended == 1 && ask.failure.status == GW_ECANCELED);
    end();
}

/* One patient's page always fails: others are asked meanwhile. */
static struct world_answer poison(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    if (strstr(path, "poison"))
        return (struct world_answer){.status = 500, .body = "x", .type = "text/plain"};
    return (struct world_answer){.after_ms = 100, .status = 200};
}

Test(dispatcher, P6_one_request_that_always_fails_does_not_keep_the_others)
{
    struct world_ask bad, good[20];

    begin(poison, 1);
    world.dice = UINT32_MAX;
    world_submit(&endpoint, &bad, GW_CONDITION, "poison", GW_ROUTINE);
    for (size_t i = 0; i < COUNT(good); i++)
        world_submit(&endpoint, &good[i], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, 10 * MINUTE);
    cr_expect(bad.ended == 0);
    for (size_t i = 0; i < COUNT(good); i++)
        cr_expect(good[i].ended == 1 && good[i].failure.status == GW_OK, "%zu", i);
    end();
}

Test(dispatcher, ends_everything_when_it_is_stopped)
{
    struct world_ask asks[6];

    begin(after_100_ms, 2);
    world.commit_ms = 50;
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, 120); /* two pages are being committed */
    world_close(&endpoint);
    world_run(&world, 1000);
    cr_expect(endpoint.kept == 2 && !endpoint.dispatcher);
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 1 && asks[i].failure.status == GW_ECANCELED, "%zu", i);
    end();
}

/* ---- over a restart ---- */

Test(dispatcher, P1_P13_a_restart_does_not_ask_before_the_time_that_was_persisted)
{
    struct gw_circuit circuit = {.state = GW_CIRCUIT_BACKOFF, .attempts = 3, .until = 1, .until_ms = 1000000 + 90000};
    struct world_ask ask;

    world_init(&world, NULL);
    endpoint.circuit = &circuit;
    world_open(&world, &endpoint, after_100_ms, 1, 0);
    world_submit(&endpoint, &ask, GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    EXPECT_TEXT(endpoint.trace, "90000:/Condition?patient=p1");
    EXPECT_TEXT(endpoint.changes, "RUNNING");
    end();
}

Test(dispatcher, P1_a_restart_does_not_resume_a_stopped_query)
{
    const struct gw_circuit stopped = {.state = GW_CIRCUIT_STOPPED, .reason = "as before"};
    struct world_ask ask, other;
    struct gw_error err = {0};

    begin(after_100_ms, 1);
    cr_assert(gw_dispatcher_restore(endpoint.dispatcher, "Condition", &stopped, &err) == GW_OK);
    world_submit(&endpoint, &ask, GW_CONDITION, "p1", GW_ROUTINE);
    world_submit(&endpoint, &other, GW_OBSERVATION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(ask.ended == 1 && ask.failure.status == GW_EDENIED && strstr(ask.failure.text, "as before"));
    cr_expect(other.ended == 1 && other.failure.status == GW_OK && endpoint.asked == 1);
    end();
}
