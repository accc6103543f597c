/*
 * Many endpoints at once: none waits for another, and all together keep to what they share.
 */
#include "sources/fake_endpoints.h"

enum { MINUTE = 60000, HOUR = 3600000, EACH = 20 };

static struct world world;

static struct world_answer healthy(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.after_ms = 100, .status = 200};
}

static struct world_answer after_30_s(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.after_ms = 30000, .status = 200};
}

static struct world_answer dead(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.after_ms = 10000, .trouble = GW_TROUBLE_AWAY};
}

static struct world_answer hangs(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.after_ms = 900000, .trouble = GW_TROUBLE_AWAY};
}

static struct world_answer throttles_every_fifth(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    if (number % 5 == 4)
        return (struct world_answer){.after_ms = 100, .status = 429, .retry_after_s = 10};
    return (struct world_answer){.after_ms = 100, .status = 200};
}

static struct world_endpoint *open_many(size_t count, world_script script, const struct gw_dispatch_limits *limits)
{
    struct world_endpoint *endpoints = calloc(count, sizeof(*endpoints));

    world_init(&world, limits);
    world.chance = 4711;
    for (size_t i = 0; i < count; i++)
        world_open(&world, &endpoints[i], script, 0, 0);
    return endpoints;
}

static void close_many(struct world_endpoint *endpoints, size_t count)
{
    for (size_t i = 0; i < count; i++)
        world_close(&endpoints[i]);
    world_release(&world);
    free(endpoints);
}

static uint64_t last_end(const struct world_ask *asks, size_t count)
{
    uint64_t last = 0;

    for (size_t i = 0; i < count; i++) {
        cr_expect(asks[i].ended == 1 && asks[i].failure.status == GW_OK, "%zu: %s", i, asks[i].failure.text);
        last = asks[i].at_ms > last ? asks[i].at_ms : last;
    }
    return last;
}

/* 20 requests of 30 s, four at once: 150 s. The throttling one waits about four times 10 s. */
Test(dispatcher_many, P6_64_endpoints_take_the_slowest_healthy_ones_time_and_5_percent)
{
    enum { COUNT_OF = 64, SLOW = 10, DEAD = 20, THROTTLING = 30 };
    struct world_endpoint *endpoints = open_many(COUNT_OF, healthy, NULL);
    struct world_ask *asks = calloc((size_t)COUNT_OF * EACH, sizeof(*asks));

    endpoints[SLOW].script = after_30_s;
    endpoints[DEAD].script = dead;
    endpoints[THROTTLING].script = throttles_every_fifth;
    for (size_t k = 0; k < EACH; k++)
        for (size_t i = 0; i < COUNT_OF; i++)
            world_submit(&endpoints[i], &asks[i * EACH + k], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    for (size_t i = 0; i < COUNT_OF; i++) {
        const uint64_t last = i == DEAD ? 0 : last_end(&asks[i * EACH], EACH);
        const uint64_t most = i == SLOW ? 150000 * 105 / 100 : i == THROTTLING ? 50000 : 10000;

        cr_expect(last <= most, "endpoint %zu took %d ms", i, (int)last);
        cr_expect(endpoints[i].most_flying <= 4 && endpoints[i].early == 0, "%zu", i);
    }
    for (size_t k = 0; k < EACH; k++)
        cr_expect(asks[DEAD * EACH + k].ended == 0, "never given up");
    close_many(endpoints, COUNT_OF);
    free(asks);
}

/* 2,000 requests of 100 ms, 32 at once: 6.3 s; nobody has a second before everybody has had a first. */
Test(dispatcher_many, N12_1000_endpoints_share_32_transfers_in_turn)
{
    enum { COUNT_OF = 1000 };
    struct world_endpoint *endpoints = open_many(COUNT_OF, healthy, NULL);
    struct world_ask *asks = calloc(2 * COUNT_OF, sizeof(*asks));
    uint64_t last_first = 0, first_last = UINT64_MAX;

    for (size_t i = 0; i < 2 * COUNT_OF; i++)
        world_submit(&endpoints[i / 2], &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, MINUTE);
    cr_expect(last_end(asks, 2 * COUNT_OF) <= 6500);
    cr_expect(world.most_flying == 32, "%u", world.most_flying);
    for (size_t i = 0; i < COUNT_OF; i++) {
        last_first = endpoints[i].first_ms > last_first ? endpoints[i].first_ms : last_first;
        first_last = endpoints[i].last_ms < first_last ? endpoints[i].last_ms : first_last;
    }
    cr_expect(last_first <= first_last, "%d %d", (int)last_first, (int)first_last);
    close_many(endpoints, COUNT_OF);
    free(asks);
}

/* One request every 10 s for an hour beside 49 endpoints that hang until they are timed out, over and over. */
Test(dispatcher_many, P6_49_hanging_endpoints_leave_the_healthy_ones_lag_as_it_was)
{
    enum { COUNT_OF = 50, TIMES = 360 };
    struct world_endpoint *endpoints = open_many(COUNT_OF, hangs, NULL);
    struct world_ask *stuck = calloc((size_t)COUNT_OF * EACH, sizeof(*stuck));
    struct world_ask *asks = calloc(TIMES, sizeof(*asks));
    unsigned late = 0;

    endpoints[COUNT_OF - 1].script = healthy;
    for (size_t i = 0; i < (COUNT_OF - 1) * EACH; i++)
        world_submit(&endpoints[i / EACH], &stuck[i], GW_CONDITION, "p1", GW_ROUTINE);
    for (size_t i = 0; i < TIMES; i++) {
        world_submit(&endpoints[COUNT_OF - 1], &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
        world_run(&world, (i + 1) * 10000);
        cr_expect(asks[i].ended == 1, "%zu", i);
        late += asks[i].at_ms > i * 10000 + 110;
    }
    cr_expect(late <= TIMES / 100, "%u of %d came more than a tenth later than alone", late, TIMES);
    cr_expect(world.most_flying <= 49 * 4 + 1);
    close_many(endpoints, COUNT_OF);
    free(stuck);
    free(asks);
}

Test(dispatcher_many, N12_keeps_to_the_number_of_open_transfers_when_all_hang)
{
    enum { COUNT_OF = 100 };
    const struct gw_dispatch_limits limits = {.transfers = 32, .open = 48};
    struct world_endpoint *endpoints = open_many(COUNT_OF, hangs, &limits);
    struct world_ask *asks = calloc(COUNT_OF, sizeof(*asks));

    for (size_t i = 0; i < COUNT_OF; i++)
        world_submit(&endpoints[i], &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, 6 * HOUR);
    cr_expect(world.most_flying == 48, "%u", world.most_flying);
    for (size_t i = 0; i < COUNT_OF; i++)
        cr_expect(endpoints[i].asked >= 2, "endpoint %zu was asked %u times", i, endpoints[i].asked);
    close_many(endpoints, COUNT_OF);
    free(asks);
}

/* The ledger takes a second for a page: no more than 32 pages are fetched or waiting for it. */
Test(dispatcher_many, P7_pages_that_wait_for_the_ledger_hold_the_next_ones_back)
{
    enum { COUNT_OF = 64 };
    struct world_endpoint *endpoints = open_many(COUNT_OF, healthy, NULL);
    struct world_ask *asks = calloc((size_t)COUNT_OF * 4, sizeof(*asks));

    world.commit_ms = 1000;
    for (size_t i = 0; i < (size_t)COUNT_OF * 4; i++)
        world_submit(&endpoints[i / 4], &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, MINUTE);
    /* 256 pages of 1.1 s, 32 at once: 8.8 s */
    cr_expect(last_end(asks, (size_t)COUNT_OF * 4) >= 8800);
    cr_expect(world.most_held == 32, "%u", world.most_held);
    close_many(endpoints, COUNT_OF);
    free(asks);
}

/* ---- politeness over long times ---- */

static const int32_t said[] = {1, 2, 30, 90, 600, 0, 5, 3600, 0, 0, 10};

static struct world_answer always_throttles(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    return (struct world_answer){
        .after_ms = number % 7 * 100, .status = number % 2 ? 429 : 503, .retry_after_s = said[number % COUNT(said)]};
}

Test(dispatcher_many, P13_10000_throttled_replies_and_not_one_request_too_early)
{
    struct world_endpoint *endpoint = open_many(1, always_throttles, NULL);
    struct world_ask asks[8];

    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(endpoint, &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
    while (endpoint->asked < 10000)
        world_run(&world, world.time.now_ms + 24ull * HOUR);
    cr_expect(endpoint->early == 0, "%u of %u", endpoint->early, endpoint->asked);
    cr_expect(gw_dispatcher_circuit(endpoint->dispatcher)->state == GW_CIRCUIT_BACKOFF);
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 0);
    close_many(endpoint, 1);
}

Test(dispatcher_many, P13_keeps_to_the_requests_a_minute)
{
    struct world_endpoint endpoint = {.circuit = NULL};
    struct world_ask *asks = calloc(1000, sizeof(*asks));

    world_init(&world, NULL);
    world_open(&world, &endpoint, healthy, 8, 60);
    for (size_t i = 0; i < 1000; i++)
        world_submit(&endpoint, &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, 10 * MINUTE - 1);
    cr_expect(endpoint.asked == 600, "%u", endpoint.asked);
    world_run(&world, 15 * MINUTE);
    cr_expect(endpoint.asked == 901, "%u", endpoint.asked);
    world_close(&endpoint);
    world_release(&world);
    free(asks);
}

/* ---- chance ---- */

static uint32_t roll(uint32_t sides)
{
    world.chance = world.chance * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(world.chance >> 33) % sides;
}

static struct world_answer faulty(struct world_endpoint *e, const char *path, unsigned number)
{
    static const struct world_answer faults[] = {
        {.trouble = GW_TROUBLE_AWAY},
        {.after_ms = 900000, .trouble = GW_TROUBLE_AWAY},
        {.trouble = GW_TROUBLE_CUT, .body = "half"},
        {.status = 200, .body = "<html>", .type = "text/html"},
        {.status = 500},
        {.status = 429, .retry_after_s = 40},
        {.status = 503},
        {.status = 401},
        {.trouble = GW_TROUBLE_TLS},
    };
    struct world_answer answer = {.status = 200};

    (void)e;
    (void)number;
    if (roll(100) < 35)
        answer = faults[roll(COUNT(faults))];
    else if (strstr(path, "patient="))
        answer.body = PAGE_TO(BASE "/?page=2");
    answer.after_ms += roll(3) * roll(2000);
    return answer;
}

/* A third of all requests fails in one of nine ways; some are cancelled; three transfers are shared by four endpoints.
 */
Test(dispatcher_many, N_P2_P8_200_seeded_schedules_of_faults_lose_nothing)
{
    enum { SEEDS = 200, COUNT_OF = 4, OF_EACH = 8, REQUESTS = COUNT_OF * OF_EACH };
    const struct gw_dispatch_limits limits = {.transfers = 3, .open = 5};

    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct world_endpoint *endpoints = open_many(COUNT_OF, faulty, &limits);
        struct world_ask asks[REQUESTS], last[COUNT_OF];
        bool cancelled[REQUESTS] = {false};

        world.chance = seed;
        world.commit_ms = roll(300);
        for (size_t i = 0; i < REQUESTS; i++) {
            world_submit(&endpoints[i % COUNT_OF], &asks[i], GW_CONDITION, "p1", (enum gw_urgency)roll(3));
            world_run(&world, world.time.now_ms + roll(5000));
            cancelled[i] = roll(10) == 0;
            if (cancelled[i])
                gw_dispatcher_cancel(endpoints[i % COUNT_OF].dispatcher, asks[i].ticket);
        }
        world_run(&world, world.time.now_ms + 30ull * 24 * HOUR);
        for (size_t i = 0; i < REQUESTS; i++)
            cr_assert(asks[i].ended == 1 &&
                          (asks[i].failure.status == GW_OK || (cancelled[i] && asks[i].failure.status == GW_ECANCELED)),
                      "seed %u, request %zu: %s", seed, i, asks[i].failure.text);
        for (size_t i = 0; i < COUNT_OF; i++) {
            cr_assert(endpoints[i].early == 0 && endpoints[i].most_flying <= 4, "seed %u, endpoint %zu", seed, i);
            endpoints[i].script = healthy;
            world_submit(&endpoints[i], &last[i], GW_CONDITION, "p1", GW_SWEEP);
        }
        world_run(&world, world.time.now_ms + HOUR);
        for (size_t i = 0; i < COUNT_OF; i++)
            cr_assert(last[i].ended == 1 && last[i].failure.status == GW_OK, "seed %u: no room is left over", seed);
        cr_assert(world.most_flying <= limits.open, "seed %u: %u", seed, world.most_flying);
        close_many(endpoints, COUNT_OF);
    }
}
