/*
 * S20: one subscription in thousands of random streams, whose messages are lost, late and repeated.
 */
#include "sources/subscription_play.h"
#include "support/chance.h"

enum { STREAMS = 5000, MESSAGES = 60, ROAD = 8 };

/* A server, the road to us, and what we were told to do about each of its events. */
struct world {
    struct play play;
    uint64_t seed;
    int64_t number;         /* of its count */
    size_t happened;        /* events in all */
    int64_t number_of[256]; /* of event i, in its count */
    unsigned epoch_of[256]; /* and which count */
    unsigned epoch;
    bool covered[256]; /* pulled for, asked for, or caught up with after it happened */
    struct {
        size_t event; /* SIZE_MAX: a heartbeat */
        int64_t said;
    } road[ROAD];
    size_t road_count;
};

static unsigned chance(struct world *world, unsigned of)
{
    return (unsigned)(chance_next(&world->seed) % of);
}

static void cover_all(struct world *world)
{
    memset(world->covered, true, world->happened * sizeof world->covered[0]);
}

/* What the orders fetch is fetched; now and then it fails. */
static void obey(struct world *world, struct gw_orders orders)
{
    struct gw_orders next = {0};
    const bool fails = chance(world, 8) == 0;

    if (orders.what & GW_ORDER_EVENTS) {
        if (fails)
            gw_subscription_failed(&world->play.subscription, GW_ORDER_EVENTS, chance(world, 3) == 0, world->play.now,
                                   &next);
        else
            for (size_t i = 0; i < world->happened; i++)
                world->covered[i] |= world->epoch_of[i] == world->epoch && world->number_of[i] >= orders.from &&
                                     world->number_of[i] <= orders.to;
        if (!fails)
            gw_subscription_caught_up(&world->play.subscription, &orders, world->play.now);
    }
    if (orders.what & GW_ORDER_CATCH_UP) {
        if (fails)
            gw_subscription_failed(&world->play.subscription, GW_ORDER_CATCH_UP, false, world->play.now, &next);
        else
            cover_all(world), gw_subscription_caught_up(&world->play.subscription, &orders, world->play.now);
    }
    if (next.what)
        obey(world, next);
    if (orders.what & GW_ORDER_STATUS) {
        if (fails)
            gw_subscription_failed(&world->play.subscription, GW_ORDER_STATUS,
                                   !world->play.subscription.no_status && chance(world, 3) == 0, world->play.now,
                                   &next);
        else
            gw_subscription_learn(
                &world->play.subscription,
                &(struct gw_notification){.status = GW_SUBSCRIPTION_ACTIVE, .events_since_start = world->number},
                world->play.now, &next);
        if (next.what)
            obey(world, next);
    }
}

static void say(struct world *world, enum gw_notice notice, size_t event, int64_t said)
{
    struct gw_hint hint = {.number = event == SIZE_MAX ? 0 : world->number_of[event]};
    struct gw_notification heard = {.notice = notice,
                                    .status = GW_SUBSCRIPTION_ACTIVE,
                                    .subscription = "s-1",
                                    .events_since_start = said,
                                    .hints = &hint,
                                    .hint_count = event == SIZE_MAX ? 0 : 1};
    struct gw_orders orders;

    gw_subscription_hear(&world->play.subscription, &heard, world->play.now, &orders);
    if (event != SIZE_MAX && hint.fresh)
        world->covered[event] = true;
    obey(world, orders);
}

static void arrive(struct world *world, size_t place)
{
    const size_t event = world->road[place].event;
    const int64_t said = world->road[place].said;

    if (chance(world, 6)) /* else it is delivered twice */
        world->road[place] = world->road[--world->road_count];
    say(world, event == SIZE_MAX ? GW_NOTICE_HEARTBEAT : GW_NOTICE_EVENT, event, said);
}

/* Something sets out; some of it is lost, and a full road delivers in no order. */
static void set_out(struct world *world, size_t event)
{
    if (chance(world, 4) == 0)
        return;
    if (world->road_count == ROAD)
        arrive(world, chance(world, ROAD));
    if (world->road_count < ROAD) {
        world->road[world->road_count].event = event;
        world->road[world->road_count++].said = world->number;
    }
}

static void happen(struct world *world)
{
    world->number_of[world->happened] = ++world->number;
    world->epoch_of[world->happened] = world->epoch;
    set_out(world, world->happened++);
}

/*
 * The server counts anew: what was under way is lost with the old count. It shakes hands; where it does not, a
 * heartbeat tells, but only of a count that was known to its end: what nobody ever heard of leaves no trace in numbers.
 */
static void reset(struct world *world)
{
    const struct gw_subscription *const ours = &world->play.subscription;
    const bool shakes = ours->known != world->number || ours->last == 0 || chance(world, 2);

    world->road_count = 0;
    world->epoch++;
    world->number = 0;
    say(world, shakes ? GW_NOTICE_HANDSHAKE : GW_NOTICE_HEARTBEAT, SIZE_MAX, 0);
}

static void pass(struct world *world, int64_t seconds)
{
    struct gw_orders orders;

    world->play.now += seconds;
    gw_subscription_tick(&world->play.subscription, world->play.now, &orders);
    obey(world, orders);
}

static void live(struct world *world)
{
    for (int i = 0; i < MESSAGES; i++) {
        const unsigned what = chance(world, 40);

        if (what < 22)
            happen(world);
        else if (what < 27)
            set_out(world, SIZE_MAX);
        else if (what < 34 && world->road_count)
            arrive(world, chance(world, (unsigned)world->road_count));
        else if (what < 38)
            pass(world, chance(world, 90));
        else if (what == 38 && chance(world, 3) == 0)
            reset(world);
        else if (what == 39 && chance(world, 3) == 0)
            restart(&world->play);
    }
}

/* All that is under way arrives, heartbeats come through again, and time passes. */
static void come_to_rest(struct world *world)
{
    while (world->road_count)
        arrive(world, 0);
    for (int i = 0; i < 12; i++) {
        say(world, GW_NOTICE_HEARTBEAT, SIZE_MAX, world->number);
        pass(world, 61);
    }
}

Test(subscription_streams, s20_leaves_no_gap_undiscovered_in_5000_random_streams)
{
    size_t events = 0;

    for (uint64_t seed = 1; seed <= STREAMS; seed++) {
        struct world world = {.seed = seed};

        begin_active(&world.play, true, 0);
        live(&world);
        come_to_rest(&world);
        for (size_t i = 0; i < world.happened; i++)
            cr_assert(world.covered[i], "seed %" PRIu64 ": event %zu, number %" PRId64 " of count %u", seed, i,
                      world.number_of[i], world.epoch_of[i]);
        cr_assert(world.play.subscription.last == world.number && world.play.subscription.known == world.number,
                  "seed %" PRIu64 " ends at %" PRId64 " of %" PRId64, seed, world.play.subscription.last, world.number);
        events += world.happened;
    }
    cr_expect(events > 100000, "%zu", events);
}
