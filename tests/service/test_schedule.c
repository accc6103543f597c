/*
 * What is asked next, and when: one subject in a year and a bit, moment by moment.
 *
 * D1 is 2024-01-15. BASELINE 1 to 15 January needs no contact and settles on 30 January; T30-01 9 to 19 February closes
 * on the 20th and settles on 5 March; T30-02 10 to 20 March closes on the 21st, settles on 4 April; the last look is on
 * 20 April.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/service/schedule.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { HOUR = 3600, DAY = 24 * HOUR };

static struct gw_zone *zone;

static void open_zone(void)
{
    struct gw_error err;

    cr_assert(gw_zone_open("Etc/UTC", &zone, &err) == GW_OK);
}

static void close_zone(void)
{
    gw_zone_close(zone);
}

TestSuite(schedule, .init = open_zone, .fini = close_zone);

/* "02-09" or "02-09T06:30" of 2024; NULL: never. */
static int64_t at(const char *moment)
{
    char text[32];
    int64_t nanoseconds;

    if (!moment)
        return GW_NEVER;
    snprintf(text, sizeof text, strlen(moment) == 5 ? "2024-%sT00:00:00Z" : "2024-%s:00Z", moment);
    cr_assert(gw_instant_read(text, &nanoseconds), "%s", text);
    return nanoseconds / 1000000000;
}

static gw_day day(const char *text)
{
    char whole[16];
    gw_day out;

    if (!text)
        return GW_NO_DAY;
    snprintf(whole, sizeof whole, "2024-%s", text);
    cr_assert(gw_day_parse(whole, &out), "%s", text);
    return out;
}

static const char *print(int64_t instant)
{
    static char texts[4][GW_INSTANT_BYTES];
    static int next;

    if (instant == GW_NEVER)
        return "never";
    gw_instant_print(instant, texts[next = (next + 1) % 4]);
    return texts[next];
}

static struct gw_schedule_policy exact_policy(void)
{
    struct gw_schedule_policy policy = gw_schedule_default;

    policy.spread_minutes = 0;
    return policy;
}

/* What was done, as "contact=02-12 whole=02-09 hint=02-12T06:00 hinted=02-09"; the contact is in T30-01. */
struct moment {
    const char *name, *done, *now;
    const char *errand; /* as print_errand() */
};

/* "02-09" of an instant at midnight, else "02-09T06:30". */
static const char *print_moment(int64_t instant, char out[GW_INSTANT_BYTES])
{
    char text[GW_INSTANT_BYTES];

    gw_instant_print(instant, text);
    cr_expect(strcmp(text + 16, ":00Z") == 0 && strncmp(text, "2024-", 5) == 0, "%s", text);
    snprintf(out, GW_INSTANT_BYTES, "%.*s", strncmp(text + 10, "T00:00", 6) == 0 ? 5 : 11, text + 5);
    return out;
}

/* "probe 02-09T12:00, 02-09 to 02-19": what is to be done, when, about which days. */
static void print_errand(const struct gw_errand *errand, char out[80])
{
    char due[GW_INSTANT_BYTES], low[11], high[11];

    snprintf(out, 80, "%s", gw_errand_name(errand->kind));
    if (errand->due != GW_NEVER)
        snprintf(out + strlen(out), 80 - strlen(out), " %s", print_moment(errand->due, due));
    if (errand->low == GW_NO_DAY && errand->high == GW_NO_DAY)
        return;
    gw_day_print(errand->low, low);
    gw_day_print(errand->high, high);
    snprintf(out + strlen(out), 80 - strlen(out), ", %s to %s", low + 5, high + 5);
}

/* NULL where the key is not there. */
static const char *value_of(const char *done, const char *key)
{
    static char values[8][16];
    static int next;
    const char *found = strstr(done, key);

    if (!found)
        return NULL;
    next = (next + 1) % 8;
    cr_assert(sscanf(found + strlen(key), "=%15[^ ]", values[next]) == 1, "%s of %s", key, done);
    return values[next];
}

/* "whole" says it of all kinds that are not told apart, "full" of those below it. */
static struct gw_schedule_done done_of(const char *done)
{
    const char *whole = value_of(done, "whole"), *full = value_of(done, "full"), *drugs = value_of(done, "drugs"),
               *probe = value_of(done, "probe"), *least = full ? full : whole;

    return (struct gw_schedule_done){.whole = at(whole),
                                     .full = at(least),
                                     .drugs = at(drugs ? drugs : least),
                                     .probe = at(probe ? probe : least),
                                     .hint = at(value_of(done, "hint")),
                                     .hinted_from = day(value_of(done, "hinted")),
                                     .low = whole ? day("01-01") : GW_NO_DAY,
                                     .high = whole ? day("03-20") : GW_NO_DAY};
}

#define BASELINE                                                                                                       \
    {                                                                                                                  \
        day("01-01"), day("01-15"), day("01-15"), false, GW_NO_DAY, "BASELINE"                                         \
    }
#define T30_01                                                                                                         \
    {                                                                                                                  \
        day("02-09"), day("02-19"), day("02-14"), true, GW_NO_DAY, "T30-01"                                            \
    }
#define T30_02                                                                                                         \
    {                                                                                                                  \
        day("03-10"), day("03-20"), day("03-15"), true, GW_NO_DAY, "T30-02"                                            \
    }

static void check_moment(const struct moment *m, gw_day next_day)
{
    const struct gw_schedule_policy policy = exact_policy();
    struct gw_schedule_window windows[] = {BASELINE, T30_01, T30_02};
    const struct gw_schedule_subject subject = {.zone = zone,
                                                .windows = windows,
                                                .window_count = COUNT(windows),
                                                .low = day("01-01"),
                                                .high = day("03-20"),
                                                .withdrawn = GW_NO_DAY,
                                                .next_day = next_day,
                                                .enrolled = at("01-20T10:00")};
    const struct gw_schedule_done done = done_of(m->done);
    struct gw_errand errand;
    char got[80];

    windows[1].contact = day(value_of(m->done, "contact"));
    gw_schedule_next(&policy, &subject, &done, at(m->now), &errand);
    print_errand(&errand, got);
    cr_expect(strcmp(got, m->errand) == 0, "%s: %s, not %s", m->name, got, m->errand);
}

static const struct moment of_a_subject[] = {
    {"never read: at once", "", "01-20T10:00", "learn 01-20T10:00, 01-01 to 03-20"},
    {"the baseline closes", "whole=01-15T10:00 full=01-15T23:59", "01-17", "reconcile 01-16, 01-01 to 03-20"},
    {"the baseline is swept 2 days after its target", "whole=01-16", "01-16", "sweep 01-17, 01-01 to 03-20"},
    {"between windows: the drugs, after a week", "whole=01-31", "02-01", "drugs 02-07"},
    {"the window opens: what was missed before it", "whole=01-31 drugs=02-07", "02-07",
     "reconcile 02-09, 01-01 to 03-20"},
    {"read a day before it opens: then only a probe", "whole=02-08", "02-08", "probe 02-09, 02-09 to 02-19"},
    {"5 days from the target: every 12 hours", "whole=02-09", "02-09", "probe 02-09T12:00, 02-09 to 02-19"},
    {"2 days from the target: every 6 hours", "whole=02-09 probe=02-12", "02-12", "probe 02-12T06:00, 02-09 to 02-19"},
    {"a sign: pull from the day after the settled baseline", "whole=02-09 hint=02-12T06:00 hinted=02-09", "02-12T06:00",
     "pull 02-12T06:00, 01-16 to 03-20"},
    {"a sign that was followed: no second pull", "contact=02-12 whole=02-09 full=02-12T06:01 hint=02-12T06:00",
     "02-12T06:01", "sweep 02-13, 01-16 to 03-20"},
    {"2 days after the contact", "contact=02-12 whole=02-09 full=02-13", "02-13", "sweep 02-14, 01-16 to 03-20"},
    {"4 days after: the weekly reconciliation covers the sweep", "contact=02-12 whole=02-09 full=02-14", "02-16",
     "reconcile 02-16, 01-01 to 03-20"},
    {"8 days after is the day it closes", "contact=02-12 whole=02-16", "02-20", "reconcile 02-20, 01-01 to 03-20"},
    {"then weekly", "contact=02-12 whole=02-20", "02-20", "reconcile 02-27, 01-01 to 03-20"},
    {"16 days after", "contact=02-12 whole=02-27", "02-27", "sweep 02-28, 01-16 to 03-20"},
    {"it settles", "contact=02-12 whole=02-27 full=02-28", "02-28", "reconcile 03-05, 01-01 to 03-20"},
    {"a second before it settled is not settled", "contact=02-12 whole=03-04T23:59", "03-05",
     "reconcile 03-05, 01-01 to 03-20"},
    {"settled: nothing until the next opens", "contact=02-12 whole=03-05", "03-05", "probe 03-10, 03-10 to 03-20"},
    {"a sign that does not say of which day: all of the span", "contact=02-12 whole=03-05 hint=03-07", "03-07",
     "pull 03-07, 01-01 to 03-20"},
    {"a sign of a day after the settled window", "contact=02-12 whole=03-05 hint=03-07 hinted=03-01", "03-07",
     "pull 03-07, 02-20 to 03-20"},
    {"a sign of a day before it", "contact=02-12 whole=03-05 hint=03-07 hinted=02-01", "03-07",
     "pull 03-07, 02-01 to 03-20"},
    {"all settled: the drugs until the last look", "contact=02-12 whole=04-04", "04-04", "drugs 04-11"},
    {"the last look", "contact=02-12 whole=04-04 drugs=04-18", "04-18", "reconcile 04-20, 01-01 to 03-20"},
    {"done", "contact=02-12 whole=04-20", "06-01", "none"},
    {"done, but a sign came", "contact=02-12 whole=04-20 hint=06-01", "06-01", "pull 06-01, 01-01 to 03-20"},
};

Test(schedule, follows_a_subject_from_the_first_reading_to_the_last)
{
    for (size_t i = 0; i < COUNT(of_a_subject); i++)
        check_moment(&of_a_subject[i], GW_NO_DAY);
}

static const struct moment after_a_window[] = {
    {"6 days from the target: every 18 hours", "whole=02-20", "02-20", "probe 02-20T18:00, 02-09 to 02-19"},
    {"the next would be a day later", "whole=02-20 probe=02-20T18:00", "02-20T18:00",
     "reconcile 02-27, 01-01 to 03-20"},
    {"the day after that", "whole=02-20", "02-21", "reconcile 02-27, 01-01 to 03-20"},
};

Test(schedule, looks_for_contacts_a_day_longer_than_the_window_is_open)
{
    for (size_t i = 0; i < COUNT(after_a_window); i++)
        check_moment(&after_a_window[i], GW_NO_DAY);
}

static const struct moment before_a_named_day[] = {
    {"8 March is named, the last pull was on the 5th", "contact=02-12 whole=03-05", "03-05",
     "probe 03-10, 03-10 to 03-20"},
    {"the last pull was on 29 February", "contact=02-12 whole=03-05 full=02-29 drugs=03-05", "03-06",
     "pull 03-08, 02-20 to 03-20"},
    {"it was pulled on the day itself", "contact=02-12 whole=03-08", "03-08", "probe 03-10, 03-10 to 03-20"},
};

Test(schedule, goes_where_the_derivation_names_a_day_but_no_faster_than_its_slow_rhythm)
{
    for (size_t i = 0; i < COUNT(before_a_named_day); i++)
        check_moment(&before_a_named_day[i], day("03-08"));
}

Test(schedule, asks_for_the_drugs_alone_while_there_is_no_first_dose)
{
    const struct gw_schedule_policy policy = exact_policy();
    const struct gw_schedule_subject subject = {.zone = zone,
                                                .low = GW_NO_DAY,
                                                .high = GW_NO_DAY,
                                                .withdrawn = GW_NO_DAY,
                                                .next_day = GW_NO_DAY,
                                                .enrolled = at("01-20T10:00")};
    struct gw_schedule_done done = GW_SCHEDULE_NOTHING_DONE;
    struct gw_errand errand;

    gw_schedule_next(&policy, &subject, &done, at("01-20T10:00"), &errand);
    cr_expect(errand.kind == GW_ERRAND_LEARN && errand.low == GW_NO_DAY);
    gw_schedule_did(&done, &errand, at("01-20T10:00"));
    gw_schedule_next(&policy, &subject, &done, at("01-20T10:01"), &errand);
    cr_expect(errand.kind == GW_ERRAND_DRUGS && errand.due == at("01-21T10:00"), "%s", print(errand.due));
    cr_expect(gw_schedule_horizon(&subject, &done) == day("01-20"));
}

/* A subject of one window, read as a whole. */
struct read_once {
    struct gw_schedule_window window;
    struct gw_schedule_subject subject;
    struct gw_schedule_done done;
};

static void read_once(struct read_once *r, const char *whole)
{
    *r = (struct read_once){
        .window = {day("02-09"), day("02-19"), day("02-14"), true, GW_NO_DAY, "T30-01"},
        .subject = {.zone = zone,
                    .window_count = 1,
                    .low = day("01-01"),
                    .high = day("02-19"),
                    .withdrawn = GW_NO_DAY,
                    .next_day = GW_NO_DAY},
        .done = {at(whole), at(whole), at(whole), at(whole), GW_NEVER, GW_NO_DAY, day("01-01"), day("02-19")}};
    r->subject.windows = &r->window;
}

Test(schedule, reads_all_again_when_the_span_grew_over_days_never_asked_for)
{
    static const struct {
        const char *name, *read_low, *read_high, *low, *high;
        bool learns;
        const char *horizon;
    } cases[] = {
        {"the same span", "01-01", "02-19", "01-01", "02-19", false, "03-01"},
        {"D1 was found", NULL, NULL, "01-01", "02-19", true, NULL},
        {"D1 moved back by a day", "01-02", "02-19", "01-01", "02-19", true, NULL},
        {"D1 moved on", "01-01", "02-19", "01-10", "02-19", false, "03-01"},
        {"the end of treatment was denied: days up to the last reading are missing", "01-01", "02-19", "01-01", "04-01",
         true, "02-19"},
        {"longer, but what was asked for reaches past the last reading", "01-01", "03-01", "01-01", "04-01", false,
         "03-01"},
        {"one day less does not", "01-01", "02-29", "01-01", "04-01", true, "02-29"},
    };
    const struct gw_schedule_policy policy = exact_policy();

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct read_once r;
        struct gw_errand errand;

        read_once(&r, "03-01T08:00");
        r.done.low = day(cases[i].read_low);
        r.done.high = day(cases[i].read_high);
        r.subject.low = day(cases[i].low);
        r.subject.high = day(cases[i].high);
        gw_schedule_next(&policy, &r.subject, &r.done, at("03-02"), &errand);
        cr_expect((errand.kind == GW_ERRAND_LEARN) == cases[i].learns, "%s: %s", cases[i].name,
                  gw_errand_name(errand.kind));
        cr_expect(!cases[i].learns ||
                      (errand.due == at("03-02") && errand.low == r.subject.low && errand.high == r.subject.high),
                  "%s", cases[i].name);
        cr_expect(gw_schedule_horizon(&r.subject, &r.done) == day(cases[i].horizon), "%s: %d", cases[i].name,
                  gw_schedule_horizon(&r.subject, &r.done));
    }
}

Test(schedule, moves_the_horizon_with_what_asks_for_everything_only)
{
    static const struct {
        enum gw_errand_kind kind;
        const char *horizon;
    } cases[] = {{GW_ERRAND_PROBE, "02-01"}, {GW_ERRAND_DRUGS, "02-01"},     {GW_ERRAND_SWEEP, "02-10"},
                 {GW_ERRAND_PULL, "02-10"},  {GW_ERRAND_RECONCILE, "02-10"}, {GW_ERRAND_LEARN, "02-10"}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct read_once r;

        read_once(&r, "02-01T23:59");
        gw_schedule_did(&r.done, &(struct gw_errand){cases[i].kind, 0, day("01-01"), day("02-19")}, at("02-10T00:00"));
        cr_expect(gw_schedule_horizon(&r.subject, &r.done) == day(cases[i].horizon), "%s",
                  gw_errand_name(cases[i].kind));
    }
}

Test(schedule, asks_nothing_from_the_day_of_withdrawal_on)
{
    const struct gw_schedule_policy policy = exact_policy();
    struct gw_errand errand;
    struct read_once r;

    read_once(&r, "02-10");
    r.done.hint = at("02-11T12:00");
    r.subject.withdrawn = day("02-12");
    gw_schedule_next(&policy, &r.subject, &r.done, at("02-11T23:59"), &errand);
    cr_expect(errand.kind == GW_ERRAND_PULL);
    gw_schedule_next(&policy, &r.subject, &r.done, at("02-12"), &errand);
    cr_expect(errand.kind == GW_ERRAND_NONE);
}

Test(schedule, leaves_out_a_window_of_which_death_left_nothing)
{
    const struct gw_schedule_policy policy = exact_policy();
    struct gw_schedule_window windows[] = {T30_01, T30_02};
    struct gw_schedule_subject subject = {.zone = zone,
                                          .windows = windows,
                                          .window_count = 2,
                                          .low = day("01-01"),
                                          .high = day("03-20"),
                                          .withdrawn = GW_NO_DAY,
                                          .next_day = GW_NO_DAY};
    struct gw_schedule_done done = {at("03-05"), at("03-05"), at("03-05"),  at("03-05"),
                                    GW_NEVER,    GW_NO_DAY,   day("01-01"), day("03-20")};
    struct gw_errand errand;

    windows[1].high = day("03-01"); /* died on 1 March: before T30-02 */
    gw_schedule_next(&policy, &subject, &done, at("03-05"), &errand);
    cr_expect(errand.kind == GW_ERRAND_DRUGS && errand.due == at("03-12"), "%s", gw_errand_name(errand.kind));
    done.drugs = at("03-19");
    gw_schedule_next(&policy, &subject, &done, at("03-19"), &errand); /* 30 days after T30-01's last */
    cr_expect(errand.kind == GW_ERRAND_RECONCILE && errand.due == at("03-21"), "%s", print(errand.due));
}

Test(schedule, begins_a_day_when_the_site_does_and_spreads_subjects_over_an_hour)
{
    struct gw_schedule_policy policy = gw_schedule_default;
    struct gw_errand errand;
    struct read_once r;
    struct gw_error err;

    gw_zone_close(zone);
    cr_assert(gw_zone_open("Europe/Madrid", &zone, &err) == GW_OK);
    read_once(&r, "02-08T23:00"); /* the 9th in Madrid: the window is open */
    r.done.whole = r.done.full = r.done.drugs = r.done.probe = at("02-07T12:00");
    gw_schedule_next(&policy, &r.subject, &r.done, at("02-08T12:00"), &errand);
    cr_expect(errand.kind == GW_ERRAND_PROBE && errand.due == at("02-08T23:00"), "%s", print(errand.due));
    r.subject.spread = 2 * HOUR + 17 * 60;
    gw_schedule_next(&policy, &r.subject, &r.done, at("02-08T12:00"), &errand);
    cr_expect(errand.due == at("02-08T23:17"), "%s", print(errand.due));
    r.done = (struct gw_schedule_done)GW_SCHEDULE_NOTHING_DONE;
    r.subject.enrolled = at("02-01");
    gw_schedule_next(&policy, &r.subject, &r.done, at("02-01"), &errand);
    cr_expect(errand.kind == GW_ERRAND_LEARN && errand.due == at("02-01T00:17"), "%s", print(errand.due));
}

Test(schedule, counts_what_plain_polling_would_have_sent_the_same_in_parts_as_in_one)
{
    const int64_t start = at("02-01T05:59"), end = at("02-03T18:00");
    int64_t parts = 0;

    /* 06, 12, 18 on the 1st; 00, 06, 12, 18 on the 2nd; and so on the 3rd: 11 polls */
    cr_expect(gw_schedule_plain(&gw_schedule_default, start, end, 12) == 132);
    for (int64_t t = start; t < end; t += 61)
        parts += gw_schedule_plain(&gw_schedule_default, t, t + 61 < end ? t + 61 : end, 12);
    cr_expect(parts == 132);
    cr_expect(gw_schedule_plain(&gw_schedule_default, end, start, 12) == 0, "a clock set back saves nothing");
}
