/*
 * Each operation of a few walks failed, cancelled and stopped in turn; then what fails for ever.
 */
#include "sources/one_endpoint.h"

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
Test(dispatcher_faults, N_P2_any_ask_that_fails_in_passing_is_asked_again_and_nothing_else_is)
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

Test(dispatcher_faults, B4_a_refusal_fails_its_own_request_and_no_other)
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

Test(dispatcher_faults, N6_an_answer_damaged_once_starts_its_walk_again)
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

Test(dispatcher_faults, P1_a_failing_disk_fails_what_could_not_be_kept)
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

Test(dispatcher_faults, ends_a_cancelled_request_once_whatever_is_under_way)
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

Test(dispatcher_faults, P5_ends_everything_whenever_it_is_stopped)
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

Test(dispatcher_faults, N5_five_equal_truncations_alert_even_while_other_requests_succeed)
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

Test(dispatcher_faults, N8_what_is_no_FHIR_degrades_at_the_third_and_is_never_an_empty_result)
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

Test(dispatcher_faults, N6_an_answer_damaged_three_times_fails_its_request)
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

Test(dispatcher_faults, N6_S18_what_is_too_large_fails_its_request_and_no_other)
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
