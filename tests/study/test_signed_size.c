/*
 * What it costs to hold a window: in proportion to its rows. Every value of the window is amended after the signature,
 * which is the most that can be held.
 */
#include <time.h>

#include "study/signed_desk.h"

enum { FEW = 1000, MANY = 4000, MOST_FACTS = 2 * MANY + 16 };

static struct gw_fact facts[MOST_FACTS];
static size_t fact_count;
static struct gw_arena room;

static void start_room(void)
{
    start();
    room = (struct gw_arena)GW_ARENA_INIT((size_t)2 << 30);
}

static void stop_room(void)
{
    gw_arena_release(&room);
    stop();
}

TestSuite(signed_size, .init = start_room, .fini = stop_room);

/* One value a minute from the morning of 12 February on: all in T30-01, which takes up to the 19th. */
static void add_values(size_t count, const char *status, const char *value, int64_t delivery)
{
    for (size_t i = 0; i < count; i++) {
        const char *json = gw_arena_print(
            &s.arena,
            "{\"resourceType\":\"Observation\",\"id\":\"o%zu\",\"status\":\"%s\",\"subject\":{\"reference\":"
            "\"Patient/p1\"},\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"" WBC "\"}]},"
            "\"effectiveDateTime\":\"2024-02-%02zuT%02zu:%02zu:00+01:00\",\"valueQuantity\":{\"value\":%s%zu,"
            "\"system\":\"http://unitsofmeasure.org\",\"code\":\"10*9/L\"}}",
            i, status, 12 + i / 1440, i / 60 % 24, i % 60, value, i % 10);

        s.delivery = delivery;
        cr_assert(subject_replace(&s, SUBJECT_MAX_FACTS - 1, json));
        facts[fact_count++] = s.facts[SUBJECT_MAX_FACTS - 1];
    }
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of the comparison alone. */
static double compare(const struct gw_rows *previous, struct gw_derived *derived)
{
    struct gw_subject_input input = subject_input(&s);
    struct gw_error err;
    double begun;

    input.facts = facts;
    input.fact_count = fact_count;
    cr_assert(gw_derive(&room, &input, derived, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_identify_derived(&room, previous, derived, &err) == GW_OK);
    begun = seconds();
    cr_assert(gw_history(previous, derived, &err) == GW_OK);
    return seconds() - begun;
}

static size_t held_values(const struct gw_derived *derived)
{
    size_t count = 0;

    for (size_t i = 0; i < derived->held_count; i++)
        count += derived->held[i].table == GW_TABLE_observations;
    return count;
}

static double hold(size_t count)
{
    const struct gw_rows nothing = {0};
    struct gw_derived derived;
    double taken;

    memcpy(facts, s.facts, s.count * sizeof *facts);
    fact_count = s.count;
    add_values(count, "final", "5.", 1);
    compare(&nothing, &derived);
    delivered = derived.rows;
    sign("T30-01");
    add_values(count, "amended", "6.", 2);
    taken = compare(&delivered, &derived);
    cr_expect(eq(sz, held_values(&derived), count), "each value of the window is held");
    cr_log_info("%zu rows held in %.3f s\n", count, taken);
    return taken;
}

/* In proportion four times as many cost four times as much; pair by pair they would cost sixteen times as much. */
Test(signed_size, costs_in_proportion_to_the_rows_that_are_held, .timeout = 300)
{
    const double few = hold(FEW);
    double many;

    stop_room();
    start_room();
    many = hold(MANY);
    cr_expect(many < 9 * few, "%d rows: %.3f s, %d rows: %.3f s", FEW, few, MANY, many);
}
