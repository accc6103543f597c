/*
 * An endpoint asked by a command that ends: three more tries within two minutes, and nothing that waits for ever.
 */
#include "sources/fake_endpoints.h"

static struct world world;
static struct world_endpoint endpoint;

enum { TWO_MINUTES = 120000, HOUR = 3600000 };

static void begin(world_script script, unsigned concurrent)
{
    world_init(&world, NULL);
    world.dice = UINT32_MAX;
    world.patience_ms = TWO_MINUTES;
    endpoint.circuit = NULL;
    world_open(&world, &endpoint, script, concurrent, 0);
}

static void end(void)
{
    world_close(&endpoint);
    world_release(&world);
}

static struct world_answer away_at_first(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    return number < 3 ? (struct world_answer){.trouble = GW_TROUBLE_AWAY} : (struct world_answer){.status = 200};
}

Test(patience, tries_again_what_fails_in_passing)
{
    struct world_ask ask;

    begin(away_at_first, 1);
    world_submit(&endpoint, &ask, GW_CONDITION, "a0", GW_ROUTINE);
    world_run(&world, HOUR);
    EXPECT_TEXT(endpoint.trace, "0:/Condition?patient=a0 1000:/Condition?patient=a0 3000:/Condition?patient=a0 "
                                "7000:/Condition?patient=a0");
    cr_expect(ask.ended == 1 && ask.failure.status == GW_OK);
    end();
}

static struct world_answer cut_twice(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    return number < 2 ? (struct world_answer){.trouble = GW_TROUBLE_CUT} : (struct world_answer){.status = 200};
}

static struct world_answer cut_for_ever(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.trouble = GW_TROUBLE_CUT};
}

Test(patience, tries_again_after_a_body_cut_short_and_says_then_that_it_was)
{
    struct world_ask ask;

    begin(cut_twice, 1);
    world_submit(&endpoint, &ask, GW_CONDITION, "a0", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(ask.failure.status == GW_OK);
    cr_expect(eq(uint, endpoint.asked, 3));
    end();
    begin(cut_for_ever, 1);
    world_submit(&endpoint, &ask, GW_CONDITION, "a0", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(eq(uint, ask.ended, 1));
    cr_expect(eq(int, ask.failure.status, GW_EPROTO));
    cr_expect(eq(uint, endpoint.asked, 4));
    end();
}

static struct world_answer away(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.trouble = GW_TROUBLE_AWAY};
}

/* The first failure is told by the request that met it, and the rest says why it was not asked. */
Test(patience, gives_up_an_endpoint_after_three_more_tries_with_all_that_waits)
{
    struct world_ask asks[6], late;

    begin(away, 1);
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], GW_CONDITION, "a0", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(eq(uint, endpoint.asked, 4));
    for (size_t i = 0; i < COUNT(asks); i++) {
        cr_expect(eq(uint, asks[i].ended, 1), "%zu", i);
        cr_expect(eq(int, asks[i].failure.status, GW_ERETRY), "%zu", i);
        cr_expect(asks[i].at_ms == 7000, "%zu: at %d", i, (int)asks[i].at_ms);
    }
    EXPECT_TEXT(asks[0].failure.text, "away");
    EXPECT_TEXT(asks[5].failure.text, "Condition: not asked, the endpoint fails: away");
    EXPECT_TEXT(endpoint.changes, "BACKOFF BACKOFF BACKOFF BACKOFF");
    world_submit(&endpoint, &late, GW_CONDITION, "a0", GW_ROUTINE);
    world_run(&world, 2 * HOUR);
    cr_expect(eq(uint, late.ended, 1));
    cr_expect(eq(int, late.failure.status, GW_ERETRY));
    cr_expect(eq(uint, endpoint.asked, 4));
    end();
}

static struct world_answer poison(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    if (strstr(path, "poison"))
        return (struct world_answer){.status = 500, .body = "x", .type = "text/plain"};
    return (struct world_answer){.after_ms = 100, .status = 200};
}

Test(patience, gives_up_a_page_that_always_fails_and_asks_the_others)
{
    struct world_ask bad, good[20];

    begin(poison, 2);
    world_submit(&endpoint, &bad, GW_CONDITION, "poison", GW_ROUTINE);
    for (size_t i = 0; i < COUNT(good); i++)
        world_submit(&endpoint, &good[i], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(eq(uint, bad.ended, 1));
    cr_expect(eq(int, bad.failure.status, GW_ERETRY));
    for (size_t i = 0; i < COUNT(good); i++)
        cr_expect(good[i].ended == 1 && good[i].failure.status == GW_OK, "%zu", i);
    cr_expect(eq(uint, endpoint.asked, 4 + 20));
    end();
}

static int32_t busy_s; /* Retry-After of the first two answers */

static struct world_answer busy_twice(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    return number < 2 ? (struct world_answer){.status = 429, .retry_after_s = busy_s}
                      : (struct world_answer){.status = 200};
}

/* A tenth is added to what the server said: 70 s are 77, and twice that is too long. */
static const struct {
    int32_t retry_after_s;
    unsigned requests; /* the third answers */
    enum gw_status status;
} busy[] = {{1, 3, GW_OK},      {20, 3, GW_OK},      {50, 3, GW_OK},
            {70, 2, GW_ERETRY}, {120, 1, GW_ERETRY}, {86400, 1, GW_ERETRY}};

Test(patience, waits_as_long_as_the_server_asked_within_two_minutes)
{
    for (size_t i = 0; i < COUNT(busy); i++) {
        struct world_ask ask;

        busy_s = busy[i].retry_after_s;
        begin(busy_twice, 1);
        world_submit(&endpoint, &ask, GW_CONDITION, "a0", GW_ROUTINE);
        world_run(&world, HOUR);
        cr_expect(eq(uint, ask.ended, 1), "%d s", busy_s);
        cr_expect(eq(int, ask.failure.status, busy[i].status), "%d s", busy_s);
        cr_expect(eq(uint, endpoint.asked, busy[i].requests), "%d s", busy_s);
        cr_expect(eq(uint, endpoint.early, 0), "%d s", busy_s);
        end();
    }
}

static enum gw_trouble lasting;

static struct world_answer fails_lastingly(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    if (lasting == GW_TROUBLE_NOT_FHIR)
        return (struct world_answer){.status = 200, .body = "<html>log in</html>", .type = "text/html"};
    return (struct world_answer){.trouble = lasting};
}

static const struct {
    enum gw_trouble trouble;
    enum gw_status status;
} lastings[] = {{GW_TROUBLE_NOT_FHIR, GW_EPROTO}, {GW_TROUBLE_UNAUTHORIZED, GW_EDENIED}, {GW_TROUBLE_TLS, GW_EPROTO}};

Test(patience, does_not_wait_where_time_alone_mends_nothing)
{
    for (size_t i = 0; i < COUNT(lastings); i++) {
        struct world_ask asks[2];

        lasting = lastings[i].trouble;
        begin(fails_lastingly, 1);
        world_submit(&endpoint, &asks[0], GW_CONDITION, "a0", GW_ROUTINE);
        world_submit(&endpoint, &asks[1], GW_CONDITION, "a1", GW_ROUTINE);
        world_run(&world, HOUR);
        cr_expect(eq(uint, endpoint.asked, 1), "%s", gw_trouble_name(lasting));
        for (size_t k = 0; k < COUNT(asks); k++) {
            cr_expect(asks[k].ended == 1 && asks[k].at_ms == 0, "%s", gw_trouble_name(lasting));
            cr_expect(eq(int, asks[k].failure.status, lastings[i].status), "%s", gw_trouble_name(lasting));
        }
        end();
    }
}

/*
 * Two chains. What the second meets at 100 ms was sent before the first one's failure and proves nothing; asked again
 * as the probe it does, and the first, which would be tried again at 3.1 s, is not waited for.
 */
static struct world_answer away_then_login(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    if (strstr(path, "a0"))
        return (struct world_answer){.after_ms = 50, .trouble = GW_TROUBLE_AWAY};
    return (struct world_answer){.after_ms = 100, .status = 401};
}

Test(patience, does_not_wait_for_an_endpoint_that_was_given_up)
{
    struct world_ask asks[3];

    begin(away_then_login, 2);
    world_submit(&endpoint, &asks[0], GW_CONDITION, "a0", GW_ROUTINE);
    world_submit(&endpoint, &asks[1], GW_CONDITION, "a1", GW_ROUTINE);
    world_submit(&endpoint, &asks[2], GW_CONDITION, "a2", GW_ROUTINE);
    world_run(&world, HOUR);
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 1 && asks[i].failure.status != GW_OK && asks[i].at_ms == 3200, "%zu: at %d", i,
                  (int)asks[i].at_ms);
    EXPECT_TEXT(endpoint.trace, "0:/Condition?patient=a0 0:/Condition?patient=a1 1050:/Condition?patient=a0 "
                                "3100:/Condition?patient=a1");
    end();
}

/* How long ago an endpoint began to fail is the last command's business; for how long it must be left alone is ours. */
static const struct {
    const char *name;
    uint64_t left_ms;
    unsigned asked;
    enum gw_status status;
} before[] = {
    {"its time has come", 0, 1, GW_OK}, {"in a minute", 60000, 1, GW_OK}, {"in three minutes", 180000, 0, GW_ERETRY}};

static struct world_answer fine(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.status = 200};
}

Test(patience, heeds_a_circuit_that_was_open_before)
{
    for (size_t i = 0; i < COUNT(before); i++) {
        struct gw_circuit circuit = {.state = GW_CIRCUIT_DEGRADED,
                                     .trouble = GW_TROUBLE_AWAY,
                                     .attempts = 9,
                                     .since = 1,
                                     .until = 2,
                                     .reason = "nobody answers"};
        struct world_ask ask;

        world_init(&world, NULL);
        world.patience_ms = TWO_MINUTES;
        circuit.until_ms = world.time.clock.monotonic_ms(world.time.clock.ctx) + before[i].left_ms;
        endpoint.circuit = &circuit;
        world_open(&world, &endpoint, fine, 1, 0);
        world_submit(&endpoint, &ask, GW_CONDITION, "a0", GW_ROUTINE);
        world_run(&world, HOUR);
        cr_expect(eq(uint, endpoint.asked, before[i].asked), "%s", before[i].name);
        cr_expect(eq(uint, ask.ended, 1), "%s", before[i].name);
        cr_expect(eq(int, ask.failure.status, before[i].status), "%s", before[i].name);
        cr_expect(before[i].asked || strstr(ask.failure.text, "nobody answers"), "%s", ask.failure.text);
        end();
    }
}
