/*
 * The schedule at work: 200 subjects for 16 months, each in a hospital where patients come when they come, results
 * are late by up to 20 days and some are corrected. Time jumps from errand to errand.
 *
 * The windows are those of a study of monthly and quarterly assessments (T30 +-5 and T90 +-15 days) over a year.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/service/schedule.h"
#include "support/chance.h"

enum {
    HOUR = 3600,
    DAY = 24 * HOUR,
    SUBJECTS = 200,
    MONTHS = 12,
    QUARTERS = 4,
    WINDOWS = 1 + MONTHS + QUARTERS,
    DATA_MAX = 400,
    LAST_DAY = 480, /* from D1 */
    LATE_DAYS = 20,
    FULL_REQUESTS = 12, /* of a whole plan */
    DRUG_REQUESTS = 5,
};

struct datum { /* a contact, a result, or the later version of one */
    gw_day day;
    int64_t shown; /* from then on the hospital's server has it */
    int64_t seen;  /* by us; GW_NEVER */
    bool contact;
};

struct life { /* of one subject */
    struct gw_zone *zone;
    uint64_t seed;
    gw_day d1;
    struct gw_schedule_window windows[WINDOWS];
    struct gw_schedule_subject subject;
    struct gw_schedule_done done;
    struct datum data[DATA_MAX];
    size_t count;
    int64_t now;
    int64_t requests;
    int64_t idle; /* requests while no window was open or unsettled */
    uint64_t trace;
};

static int below(struct life *l, int bound)
{
    return (int)(chance_next(&l->seed) % (uint64_t)bound);
}

static int64_t moment(const struct life *l, gw_day day)
{
    return gw_zone_to_utc(l->zone, (int64_t)day * DAY);
}

static void add(struct life *l, gw_day day, int late_hours, bool contact)
{
    cr_assert_lt(l->count, DATA_MAX);
    l->data[l->count++] =
        (struct datum){day, moment(l, day) + 8 * HOUR + (int64_t)late_hours * HOUR, GW_NEVER, contact};
}

/* A visit: entered within a day, with results that come within 20 days, of which one in five is corrected later. */
static void visit(struct life *l, gw_day day)
{
    add(l, day, below(l, 24), true);
    for (int i = 0; i < 5; i++) {
        const int late = below(l, 3) ? below(l, 48) : below(l, LATE_DAYS * 24);

        add(l, day, late, false);
        if (below(l, 5) == 0)
            add(l, day, late + below(l, LATE_DAYS * 24 - late), false);
    }
}

static void grid(struct life *l, size_t at, int count, int every, int slack)
{
    for (int k = 1; k <= count; k++) {
        const gw_day target = l->d1 + every * k;

        l->windows[at++] = (struct gw_schedule_window){target - slack, target + slack, target, true, GW_NO_DAY, NULL};
    }
}

static void live(struct life *l, struct gw_zone *zone, uint64_t number)
{
    *l = (struct life){.zone = zone, .seed = number, .done = GW_SCHEDULE_NOTHING_DONE};
    l->d1 = gw_day_of(2024, 1, 15) + below(l, 90);
    l->windows[0] = (struct gw_schedule_window){l->d1 - 14, l->d1, l->d1, false, GW_NO_DAY, "BASELINE"};
    grid(l, 1, MONTHS, 30, 5);
    grid(l, 1 + MONTHS, QUARTERS, 90, 15);
    l->subject = (struct gw_schedule_subject){.zone = zone,
                                              .windows = l->windows,
                                              .window_count = WINDOWS,
                                              .low = l->d1 - 14,
                                              .high = l->d1 + 90 * QUARTERS + 15,
                                              .withdrawn = GW_NO_DAY,
                                              .next_day = GW_NO_DAY,
                                              .enrolled = moment(l, l->d1 + 3) + 9 * HOUR,
                                              .spread = (uint32_t)(number * 2654435761u)};
    l->now = l->subject.enrolled;
    for (gw_day day = l->subject.low; day <= l->subject.high; day += 1 + below(l, 28))
        visit(l, day);
}

/* What the derivation would say of the windows: the contact closest to the target, the later of two. */
static void find_contacts(struct life *l)
{
    for (size_t w = 0; w < WINDOWS; w++) {
        struct gw_schedule_window *window = &l->windows[w];

        for (size_t i = 0; i < l->count; i++) {
            const struct datum *d = &l->data[i];

            if (d->contact && d->seen != GW_NEVER && d->day >= window->low && d->day <= window->high &&
                (window->contact == GW_NO_DAY ||
                 gw_days_apart(d->day, window->target) <= gw_days_apart(window->contact, window->target)))
                window->contact = d->day;
        }
    }
}

/* Ask: what the server has of these days. How much of it was new? */
static size_t read_days(struct life *l, const struct gw_errand *errand, bool contacts_only)
{
    size_t fresh = 0;

    for (size_t i = 0; i < l->count; i++) {
        struct datum *d = &l->data[i];

        if (d->seen != GW_NEVER || d->shown > l->now || d->day < errand->low || d->day > errand->high ||
            (contacts_only && !d->contact))
            continue;
        d->seen = l->now;
        fresh++;
    }
    return fresh;
}

static bool is_unsettled(const struct life *l)
{
    for (size_t w = 0; w < WINDOWS; w++) {
        const struct gw_schedule_window *window = &l->windows[w];

        if (l->now >= moment(l, window->low) &&
            l->done.whole < moment(l, window->high + 1 + gw_schedule_default.settle_days))
            return true;
    }
    return false;
}

static void carry_out(struct life *l, const struct gw_errand *errand)
{
    const bool idle = !is_unsettled(l);
    int requests = FULL_REQUESTS;

    switch (errand->kind) {
    case GW_ERRAND_PROBE:
        requests = 1;
        if (read_days(l, errand, true) > 0) {
            l->done.hint = l->now;
            l->done.hinted_from = errand->low;
        }
        break;
    case GW_ERRAND_DRUGS:
        requests = DRUG_REQUESTS;
        break;
    default:
        read_days(l, errand, false);
        find_contacts(l);
    }
    if (idle && errand->kind != GW_ERRAND_DRUGS)
        l->idle += requests;
    l->requests += requests;
    l->trace = (l->trace ^ (uint64_t)errand->kind ^ (uint64_t)l->now) * 0x100000001b3;
    gw_schedule_did(&l->done, errand, l->now);
}

/* To the end of the year; at most so many errands a day. */
static void pass_the_year(struct life *l)
{
    const int64_t end = moment(l, l->d1 + LAST_DAY);
    gw_day today = GW_NO_DAY;
    int errands = 0;

    while (l->now < end) {
        struct gw_errand errand;

        gw_schedule_next(&gw_schedule_default, &l->subject, &l->done, l->now, &errand);
        if (errand.kind == GW_ERRAND_NONE)
            return;
        if (errand.due > l->now) {
            l->now = errand.due;
            continue; /* asked again at the time, as the service does */
        }
        errands = gw_zone_day_at(l->zone, l->now) == today ? errands + 1 : 1;
        today = gw_zone_day_at(l->zone, l->now);
        cr_assert_leq(errands, 8, "a day of %d errands, the last of them %s", errands, gw_errand_name(errand.kind));
        carry_out(l, &errand);
        l->now += 20; /* it takes a while */
    }
}

static const struct gw_schedule_window *window_of(const struct life *l, gw_day day)
{
    const struct gw_schedule_window *last = NULL;

    for (size_t w = 0; w < WINDOWS; w++)
        if (day >= l->windows[w].low && day <= l->windows[w].high && (!last || l->windows[w].high < last->high))
            last = &l->windows[w];
    return last;
}

typedef void (*check_life)(const struct life *l, uint64_t number);

static void of_all(check_life check)
{
    struct life *l = calloc(1, sizeof *l);
    struct gw_zone *zone;
    struct gw_error err;

    cr_assert(l && gw_zone_open("Europe/Madrid", &zone, &err) == GW_OK);
    for (uint64_t number = 1; number <= SUBJECTS; number++) {
        live(l, zone, number);
        pass_the_year(l);
        check(l, number);
    }
    gw_zone_close(zone);
    free(l);
}

/* Bound: before its window settles what came before that; else by the next opening or the last look: 31 days. */
static void is_complete(const struct life *l, uint64_t number)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct datum *d = &l->data[i];
        const struct gw_schedule_window *window = window_of(l, d->day);
        int64_t settles;

        if (!window)
            continue;
        settles = moment(l, window->high + 1 + gw_schedule_default.settle_days);
        cr_assert(d->seen != GW_NEVER, "subject %d: a datum was never seen", (int)number);
        cr_assert(d->shown > settles || d->seen <= settles + HOUR + 60,
                  "subject %d: a datum came after the window settled", (int)number);
        cr_assert(d->seen <= moment(l, window->high + 1 + 31) + HOUR + 60, "subject %d: a late datum", (int)number);
    }
}

Test(rhythm, S4_P4_sees_every_datum_of_a_window_before_it_settles_and_late_ones_within_a_month)
{
    of_all(is_complete);
}

/* The first that the server shows of a window. */
static bool is_first_contact(const struct life *l, const struct datum *datum, const struct gw_schedule_window *window)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct datum *d = &l->data[i];

        if (d->contact && d->shown < datum->shown && d->day >= window->low && d->day <= window->high)
            return false;
    }
    return datum->contact && window->contact_needed && datum->shown >= l->subject.enrolled;
}

static size_t prompt;

static void is_prompt(const struct life *l, uint64_t number)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct datum *d = &l->data[i];
        const struct gw_schedule_window *window = window_of(l, d->day);

        if (!window || !is_first_contact(l, d, window) || gw_days_apart(d->day, window->target) > 1 ||
            d->shown >= moment(l, d->day + 1))
            continue;
        cr_assert(d->seen - d->shown <= 6 * HOUR + 60, "subject %d: a contact was found after %d minutes", (int)number,
                  (int)((d->seen - d->shown) / 60));
        prompt++;
    }
}

Test(rhythm, finds_a_contact_near_the_target_within_six_hours)
{
    of_all(is_prompt);
    cr_expect_gt(prompt, SUBJECTS);
}

static int64_t sent, plain;

static void is_polite(const struct life *l, uint64_t number)
{
    const int64_t until = moment(l, l->d1 + LAST_DAY);
    const int64_t days = (until - l->subject.enrolled) / DAY;

    cr_assert_leq(l->requests, 6 * days, "subject %d: %d requests in %d days", (int)number, (int)l->requests,
                  (int)days);
    cr_assert_eq(l->idle, FULL_REQUESTS, "the last look alone: subject %d: %d requests between windows", (int)number,
                 (int)l->idle);
    sent += l->requests;
    plain += gw_schedule_plain(&gw_schedule_default, l->subject.enrolled, until, FULL_REQUESTS);
}

Test(rhythm, sends_a_tenth_of_what_polling_would_and_nothing_between_windows_but_looks_at_the_drugs)
{
    sent = plain = 0;
    of_all(is_polite);
    cr_expect_leq(sent * 10, plain, "%d of %d requests", (int)sent, (int)plain);
}

static uint64_t traces[2][SUBJECTS + 1], which;

static void keep_trace(const struct life *l, uint64_t number)
{
    struct gw_errand errand;

    traces[which][number] = l->trace;
    gw_schedule_next(&gw_schedule_default, &l->subject, &l->done, l->now, &errand);
    cr_assert(errand.kind == GW_ERRAND_NONE, "subject %d is not done", (int)number);
}

Test(rhythm, does_the_same_in_every_run_and_comes_to_an_end)
{
    for (which = 0; which < 2; which++)
        of_all(keep_trace);
    cr_expect(memcmp(traces[0], traces[1], sizeof traces[0]) == 0);
    cr_expect(traces[0][1] != traces[0][2], "subjects differ");
}
