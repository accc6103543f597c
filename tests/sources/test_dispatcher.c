/*
 * One endpoint's requests: their order, how many at once, what a failure does to the others and to itself.
 */
#include "sources/fake_endpoints.h"

static struct world world;
static struct world_endpoint endpoint;

enum { MINUTE = 60000, HOUR = 3600000 };

static void begin(world_script script, unsigned concurrent)
{
    world_init(&world, NULL);
    endpoint.circuit = NULL;
    world_open(&world, &endpoint, script, concurrent, 0);
}

static void end(void)
{
    world_close(&endpoint);
    world_release(&world);
}

static struct world_answer after_100_ms(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.after_ms = 100, .status = 200};
}

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

static struct world_answer refuses_adverse_events(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    return (struct world_answer){.status = strncmp(path, "/AdverseEvent", 13) == 0 ? 403 : 200};
}

Test(dispatcher, B4_a_refused_type_stops_its_own_query_and_not_the_endpoint)
{
    struct world_ask refused[8], good[8];

    begin(refuses_adverse_events, 1);
    for (size_t i = 0; i < COUNT(refused); i++) {
        world_submit(&endpoint, &refused[i], GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
        world_submit(&endpoint, &good[i], GW_CONDITION, "p1", GW_ROUTINE);
    }
    world_run(&world, MINUTE);
    for (size_t i = 0; i < COUNT(refused); i++) {
        cr_expect(refused[i].ended == 1 && refused[i].failure.status == GW_EDENIED, "%zu", i);
        cr_expect(good[i].ended == 1 && good[i].failure.status == GW_OK, "%zu", i);
    }
    cr_expect(eq(uint, endpoint.asked, 3 + 8));
    EXPECT_TEXT(endpoint.changes, "AdverseEvent:STOPPED");
    cr_expect(strstr(refused[7].failure.text, "this query is stopped: refused 3 times") != NULL, "%s",
              refused[7].failure.text);
    end();
}

Test(dispatcher, asks_a_stopped_query_again_once_it_is_resumed)
{
    struct world_ask asks[4], again;

    begin(refuses_adverse_events, 1);
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
    world_run(&world, MINUTE);
    cr_expect(eq(uint, endpoint.asked, 3));
    endpoint.script = after_100_ms;
    gw_dispatcher_resume(endpoint.dispatcher);
    world_submit(&endpoint, &again, GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
    world_run(&world, 2 * MINUTE);
    cr_expect(again.ended == 1 && again.failure.status == GW_OK);
    EXPECT_TEXT(endpoint.changes, "AdverseEvent:STOPPED AdverseEvent:RUNNING");
    end();
}

static struct world_answer lacks_adverse_events(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    return strncmp(path, "/AdverseEvent", 13) == 0 ? (struct world_answer){.trouble = GW_TROUBLE_UNGRANTED}
                                                   : (struct world_answer){.after_ms = 100, .status = 200};
}

Test(dispatcher, A3_a_type_without_its_scope_stops_at_once_and_no_other_does)
{
    struct world_ask lacking[12], good[12];

    begin(lacks_adverse_events, 1);
    for (size_t i = 0; i < COUNT(lacking); i++) {
        world_submit(&endpoint, &lacking[i], GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
        world_submit(&endpoint, &good[i], GW_CONDITION, "p1", GW_ROUTINE);
    }
    world_run(&world, MINUTE);
    for (size_t i = 0; i < COUNT(lacking); i++) {
        cr_expect(lacking[i].ended == 1 && lacking[i].failure.status == GW_EDENIED, "%zu", i);
        cr_expect(lacking[i].result.trouble == GW_TROUBLE_UNGRANTED, "%zu", i);
        cr_expect(good[i].ended == 1 && good[i].failure.status == GW_OK, "%zu", i);
    }
    cr_expect(eq(uint, endpoint.asked, 1 + 12));
    EXPECT_TEXT(endpoint.changes, "AdverseEvent:STOPPED");
    cr_expect(eq(uint, endpoint.alerts, GW_ALERT_STOPPED));
    cr_expect(strstr(endpoint.note, "\"ungranted\"") != NULL, "%s", endpoint.note);
    cr_expect(strstr(lacking[11].failure.text, "this query is stopped: ungranted") != NULL, "%s",
              lacking[11].failure.text);
    end();
}

Test(dispatcher, A3_asks_for_it_again_once_it_is_resumed)
{
    struct world_ask ask, again;

    begin(lacks_adverse_events, 1);
    world_submit(&endpoint, &ask, GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
    world_run(&world, MINUTE);
    endpoint.script = after_100_ms;
    gw_dispatcher_resume(endpoint.dispatcher);
    world_submit(&endpoint, &again, GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
    world_run(&world, 2 * MINUTE);
    cr_expect(again.ended == 1 && again.failure.status == GW_OK);
    EXPECT_TEXT(endpoint.changes, "AdverseEvent:STOPPED AdverseEvent:RUNNING");
    end();
}

static struct world_answer refuses_client(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.trouble = GW_TROUBLE_DENIED};
}

Test(dispatcher, B4_a_refused_client_stops_the_endpoint_with_all_that_waits)
{
    struct world_ask asks[5], late;

    begin(refuses_client, 2);
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(endpoint.asked <= 2 && endpoint.alerts == GW_ALERT_STOPPED);
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 1 && asks[i].failure.status == GW_EDENIED, "%zu", i);
    world_submit(&endpoint, &late, GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(late.ended == 1 && late.failure.status == GW_EDENIED && endpoint.asked <= 2);
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

/* ---- each operation in turn ---- */

enum { WALKS = 3, PAGES = 2, OPERATIONS = 2 * WALKS * PAGES };

static struct world_answer fault; /* of the ask below */
static unsigned fault_at;         /* from 0 */

static struct world_answer two_pages(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    if (number == fault_at)
        return fault;
    if (strstr(path, "patient="))
        return (struct world_answer){.after_ms = 10, .status = 200, .body = PAGE_TO(BASE "/?page=2")};
    return (struct world_answer){.after_ms = 10, .status = 200};
}

static void begin_walks(struct world_ask asks[WALKS], unsigned faulty)
{
    begin(two_pages, 2);
    world.dice = UINT32_MAX;
    world.commit_ms = 5;
    fault_at = faulty;
    for (size_t i = 0; i < WALKS; i++)
        world_submit(&endpoint, &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
}

static const struct {
    const char *name;
    struct world_answer answer;
} passing[] = {
    {"N2 away", {.trouble = GW_TROUBLE_AWAY}},
    {"N3 cut", {.trouble = GW_TROUBLE_CUT}},
    {"N8 a page of HTML", {.status = 200, .body = "<html>", .type = "text/html"}},
    {"500", {.status = 500}},
    {"408", {.status = 408}},
    {"P13 429", {.status = 429, .retry_after_s = 7}},
    {"P13 503 without a word", {.status = 503}},
    {"A1 401 in spite of a new token", {.status = 401}},
    {"N10 a certificate", {.trouble = GW_TROUBLE_TLS}},
};

/* It is asked once more, and every page is kept once. */
Test(dispatcher, N_P2_any_ask_that_fails_in_passing_is_asked_again_and_nothing_else_is)
{
    for (size_t i = 0; i < COUNT(passing); i++) {
        for (unsigned at = 0; at < WALKS * PAGES; at++) {
            struct world_ask asks[WALKS];

            fault = passing[i].answer;
            begin_walks(asks, at);
            world_run(&world, HOUR);
            for (size_t k = 0; k < WALKS; k++)
                cr_expect(asks[k].ended == 1 && asks[k].failure.status == GW_OK && asks[k].result.pages == PAGES,
                          "%s at %u: %zu", passing[i].name, at, k);
            cr_expect(endpoint.asked == WALKS * PAGES + 1 && endpoint.kept == WALKS * PAGES && endpoint.early == 0,
                      "%s at %u: asked %u, kept %u", passing[i].name, at, endpoint.asked, endpoint.kept);
            cr_expect(gw_dispatcher_circuit(endpoint.dispatcher)->state == GW_CIRCUIT_RUNNING);
            end();
        }
    }
}

static const struct {
    const char *name;
    struct world_answer answer;
    enum gw_status status;
} lasting[] = {
    {"403", {.status = 403}, GW_EDENIED},
    {"400", {.status = 400}, GW_EPROTO},
    {"422", {.status = 422}, GW_EPROTO},
    {"415", {.status = 415}, GW_EPROTO},
};

Test(dispatcher, B4_a_refusal_fails_its_own_request_and_no_other)
{
    for (size_t i = 0; i < COUNT(lasting); i++) {
        for (unsigned at = 0; at < WALKS * PAGES; at++) {
            struct world_ask asks[WALKS];
            unsigned failed = 0;

            fault = lasting[i].answer;
            begin_walks(asks, at);
            world_run(&world, HOUR);
            for (size_t k = 0; k < WALKS; k++) {
                failed += asks[k].failure.status == lasting[i].status;
                cr_expect(asks[k].ended == 1);
            }
            cr_expect(failed == 1 && endpoint.kept >= (WALKS - 1) * PAGES, "%s at %u", lasting[i].name, at);
            EXPECT_TEXT(endpoint.changes, "");
            end();
        }
    }
}

Test(dispatcher, N6_an_answer_damaged_once_starts_its_walk_again)
{
    for (unsigned at = 0; at < WALKS * PAGES; at++) {
        struct world_ask asks[WALKS];

        fault = (struct world_answer){.status = 200, .body = "{\"resourceType\":\"Bundle\",\"ent"};
        begin_walks(asks, at);
        world_run(&world, HOUR);
        for (size_t k = 0; k < WALKS; k++)
            cr_expect(asks[k].ended == 1 && asks[k].failure.status == GW_OK, "%u: %zu: %s", at, k,
                      asks[k].failure.text);
        cr_expect(endpoint.kept >= WALKS * PAGES);
        end();
    }
}

Test(dispatcher, P1_a_failing_disk_fails_what_could_not_be_kept)
{
    for (unsigned at = 1; at <= WALKS * PAGES; at++) {
        struct world_ask asks[WALKS];
        unsigned failed = 0;

        begin_walks(asks, UINT32_MAX);
        world.bad_keep = at;
        world_run(&world, HOUR);
        for (size_t k = 0; k < WALKS; k++)
            failed += asks[k].ended == 1 && asks[k].failure.status == GW_EIO;
        cr_expect(failed == 1, "%u", at);
        EXPECT_TEXT(endpoint.changes, "");
        end();
    }
}

struct moment {
    unsigned at;
    uint64_t ticket;
};

static void cancel_then(unsigned number, void *ctx)
{
    const struct moment *moment = ctx;

    if (number == moment->at)
        gw_dispatcher_cancel(endpoint.dispatcher, moment->ticket);
}

Test(dispatcher, ends_a_cancelled_request_once_whatever_is_under_way)
{
    for (unsigned at = 1; at <= OPERATIONS; at++) {
        for (size_t which = 0; which < WALKS; which++) {
            struct world_ask asks[WALKS];
            struct moment moment = {.at = at};

            begin_walks(asks, UINT32_MAX);
            moment.ticket = asks[which].ticket;
            world.at_end = cancel_then;
            world.at_end_ctx = &moment;
            world_run(&world, HOUR);
            for (size_t k = 0; k < WALKS; k++)
                cr_expect(asks[k].ended == 1 && (asks[k].failure.status == GW_OK ||
                                                 (k == which && asks[k].failure.status == GW_ECANCELED)),
                          "%u %zu: %zu", at, which, k);
            end();
        }
    }
}

static void stop_then(unsigned number, void *ctx)
{
    if (number == *(unsigned *)ctx)
        world_close(&endpoint);
}

Test(dispatcher, P5_ends_everything_whenever_it_is_stopped)
{
    for (unsigned at = 1; at <= OPERATIONS; at++) {
        struct world_ask asks[WALKS];

        begin_walks(asks, UINT32_MAX);
        world.at_end = stop_then;
        world.at_end_ctx = &at;
        world_run(&world, HOUR);
        for (size_t k = 0; k < WALKS; k++)
            cr_expect(asks[k].ended == 1, "%u: %zu", at, k);
        cr_expect(endpoint.dispatcher == NULL);
        world_release(&world);
    }
}

/* ---- what lasts ---- */

static struct world_answer always_cut_for_p1(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    if (strstr(path, "patient=p1"))
        return (struct world_answer){.after_ms = 10, .trouble = GW_TROUBLE_CUT, .body = "three thousand bytes"};
    return (struct world_answer){.after_ms = 10, .status = 200};
}

Test(dispatcher, N5_five_equal_truncations_alert_even_while_other_requests_succeed)
{
    struct world_ask bad, good[100];

    begin(always_cut_for_p1, 1);
    world_submit(&endpoint, &bad, GW_CONDITION, "p1", GW_ROUTINE);
    for (size_t i = 0; i < COUNT(good); i++) {
        world_submit(&endpoint, &good[i], GW_CONDITION, "p2", GW_ROUTINE);
        world_run(&world, (i + 1) * MINUTE);
        cr_expect(good[i].ended == 1, "%zu", i);
    }
    cr_expect(strstr(endpoint.changes, "DEGRADED") && (endpoint.alerts & GW_ALERT_TRUNCATED), "%s", endpoint.changes);
    cr_expect(bad.ended == 0);
    end();
}

static struct world_answer login_page(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.status = 200, .body = "<html>Please sign in", .type = "text/html"};
}

static struct world_answer nothing_at_all(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.status = 200, .body = "", .type = "text/plain"};
}

static const world_script no_fhir[] = {login_page, nothing_at_all};

Test(dispatcher, N8_what_is_no_FHIR_degrades_at_the_third_and_is_never_an_empty_result)
{
    for (size_t i = 0; i < COUNT(no_fhir); i++) {
        struct world_ask ask;

        begin(no_fhir[i], 1);
        world.dice = UINT32_MAX;
        world_submit(&endpoint, &ask, GW_CONDITION, "p1", GW_ROUTINE);
        world_run(&world, 2 * HOUR);
        cr_expect(strncmp(endpoint.changes, "BACKOFF BACKOFF DEGRADED DEGRADED", 33) == 0, "%zu: %s", i,
                  endpoint.changes);
        cr_expect(endpoint.alerts == (GW_ALERT_NOT_FHIR | GW_ALERT_HOUR) && ask.ended == 0 && endpoint.kept == 0);
        endpoint.script = after_100_ms;
        world_run(&world, 3 * HOUR);
        cr_expect(ask.ended == 1 && ask.failure.status == GW_OK && endpoint.kept == 1);
        end();
    }
}

static struct world_answer always_damaged_for_p1(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    if (strstr(path, "patient=p1"))
        return (struct world_answer){.trouble = GW_TROUBLE_DAMAGED};
    return (struct world_answer){.after_ms = 10, .status = 200};
}

Test(dispatcher, N6_an_answer_damaged_three_times_fails_its_request)
{
    struct world_ask bad, good;

    begin(always_damaged_for_p1, 1);
    world_submit(&endpoint, &bad, GW_CONDITION, "p1", GW_ROUTINE);
    world_submit(&endpoint, &good, GW_CONDITION, "p2", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(bad.ended == 1 && bad.failure.status == GW_EPROTO && bad.result.requests == 3);
    cr_expect(good.ended == 1 && good.failure.status == GW_OK);
    end();
}

static struct world_answer too_large(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    if (strstr(path, "patient=p1"))
        return (struct world_answer){.trouble = GW_TROUBLE_TOO_LARGE};
    return (struct world_answer){.status = 200};
}

Test(dispatcher, N6_S18_what_is_too_large_fails_its_request_and_no_other)
{
    struct world_ask bad, good;

    begin(too_large, 1);
    world_submit(&endpoint, &bad, GW_CONDITION, "p1", GW_ROUTINE);
    world_submit(&endpoint, &good, GW_CONDITION, "p2", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(bad.ended == 1 && bad.failure.status == GW_ENOMEM && bad.result.trouble == GW_TROUBLE_TOO_LARGE);
    cr_expect(good.ended == 1 && good.failure.status == GW_OK);
    EXPECT_TEXT(endpoint.changes, "");
    end();
}

#define ANOTHERS                                                                                                       \
    "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":{\"resourceType\":\"Condition\","    \
    "\"id\":\"c\",\"subject\":{\"reference\":\"Patient/other\"}}}]}"

static struct world_answer another_patient(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.status = 200, .body = ANOTHERS};
}

Test(dispatcher, S8_data_of_another_patient_stop_the_endpoint)
{
    struct world_ask asks[3];

    begin(another_patient, 1);
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(endpoint.asked == 1 && endpoint.kept == 0);
    EXPECT_TEXT(endpoint.changes, "STOPPED");
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 1 && asks[i].failure.status != GW_OK, "%zu", i);
    end();
}

static struct world_answer refuses_all(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.status = 403};
}

Test(dispatcher, B4_an_endpoint_that_refuses_everything_is_asked_ten_times)
{
    static const enum gw_resource types[] = {GW_CONDITION, GW_OBSERVATION, GW_ENCOUNTER, GW_PROCEDURE};
    struct world_ask asks[40];

    begin(refuses_all, 1);
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], types[i % COUNT(types)], "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(endpoint.asked == GW_DISPATCH_REFUSALS, "%u", endpoint.asked);
    cr_expect(gw_dispatcher_circuit(endpoint.dispatcher)->state == GW_CIRCUIT_STOPPED);
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 1 && asks[i].failure.status == GW_EDENIED);
    end();
}

static struct world_answer refuses_p1(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    return (struct world_answer){.status = strstr(path, "patient=p1") ? 403 : 200};
}

Test(dispatcher, B4_one_patients_closed_record_does_not_stop_the_type)
{
    struct world_ask asks[20];

    begin(refuses_p1, 1);
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], GW_CONDITION, i % 2 ? "p1" : "p2", GW_ROUTINE);
    world_run(&world, HOUR);
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 1 && asks[i].failure.status == (i % 2 ? GW_EDENIED : GW_OK), "%zu", i);
    EXPECT_TEXT(endpoint.changes, "");
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

/* ---- guests ---- */

struct guest {
    struct gw_http_response response;
    unsigned ended;
    uint64_t call, at_ms;
    struct gw_error failure;
};

static void guest_ended(void *ctx, const struct gw_error *failure)
{
    struct guest *guest = ctx;

    guest->ended++;
    guest->at_ms = world.time.now_ms;
    if (failure)
        guest->failure = *failure;
}

static void guest_asks(struct guest *guest)
{
    const struct gw_session_request request = {.url = BASE "/$export-poll", .accept = "application/json"};
    struct gw_web *web = gw_dispatcher_web(endpoint.dispatcher);
    struct gw_error err = {0};

    *guest = (struct guest){.response = GW_HTTP_RESPONSE_INIT};
    cr_assert(web->ask(web, &request, &guest->response, guest_ended, guest, &guest->call, &err) == GW_OK);
    cr_expect(guest->ended == 0);
}

static struct world_answer throttles_first(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    if (number == 0)
        return (struct world_answer){.status = 429, .retry_after_s = 60};
    return (struct world_answer){.status = 200};
}

Test(dispatcher, P13_guests_pass_the_same_turnstile_and_get_what_came)
{
    struct guest first, second;
    struct world_ask ask;

    begin(throttles_first, 2);
    guest_asks(&first);
    world_run(&world, 10);
    cr_expect(first.ended == 1 && first.failure.status == GW_OK && first.response.status == 429);
    guest_asks(&second);
    world_submit(&endpoint, &ask, GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(second.ended == 1 && second.response.status == 200 && second.at_ms == 60000);
    cr_expect(ask.ended == 1 && ask.at_ms == 60000 && endpoint.early == 0);
    gw_http_response_release(&first.response);
    gw_http_response_release(&second.response);
    end();
}

Test(dispatcher, lets_a_guest_cancel_before_and_after_it_was_sent)
{
    struct guest waiting, flying;
    struct gw_web *web;

    begin(after_100_ms, 1);
    web = gw_dispatcher_web(endpoint.dispatcher);
    guest_asks(&flying);
    guest_asks(&waiting);
    world_run(&world, 50);
    web->cancel(web, waiting.call);
    web->cancel(web, flying.call);
    cr_expect(waiting.ended == 0 && flying.ended == 0);
    world_run(&world, 60);
    cr_expect(waiting.ended == 1 && waiting.failure.status == GW_ECANCELED);
    cr_expect(flying.ended == 1 && flying.failure.status == GW_ECANCELED && endpoint.asked == 1);
    gw_http_response_release(&waiting.response);
    gw_http_response_release(&flying.response);
    end();
}

Test(dispatcher, tells_guests_why_an_endpoint_is_stopped)
{
    struct guest guest;
    struct world_ask ask;

    begin(refuses_client, 1);
    world_submit(&endpoint, &ask, GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, 10);
    guest_asks(&guest);
    world_run(&world, 20);
    cr_expect(guest.ended == 1 && guest.failure.status == GW_EDENIED && endpoint.asked == 1);
    cr_expect(strstr(guest.failure.text, "the endpoint is stopped: denied") != NULL, "%s", guest.failure.text);
    gw_http_response_release(&guest.response);
    end();
}
