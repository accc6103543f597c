/*
 * Visit windows: every row of the case tables of both studies, and what the tables do not show.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/csv.h"
#include "gateway/study/windows.h"

#define CASES SOURCE_DIR "/tests/cases/"

static struct gw_arena arena = GW_ARENA_INIT(64 << 20);

static const struct gw_study *load(const char *id)
{
    const struct gw_study *study = NULL;
    struct gw_error err;
    char path[512];

    snprintf(path, sizeof path, SOURCE_DIR "/mappings/studies/%s", id);
    cr_assert(gw_study_load(&arena, path, &study, &err) == GW_OK, "%s", err.text);
    return study;
}

static gw_day day_or_none(const char *text)
{
    gw_day day = GW_NO_DAY;

    const bool read = *text == '\0' || gw_day_parse(text, &day);

    cr_assert(read, "%s", text);
    return day;
}

static struct gw_windows build(const struct gw_study *study, const char *d1, const char *eot, const char *death,
                               const char *withdrawn)
{
    const struct gw_anchors anchors = {day_or_none(d1), day_or_none(eot), day_or_none(death), day_or_none(withdrawn),
                                       GW_NO_DAY};
    struct gw_windows windows;
    struct gw_error err;

    cr_assert(gw_windows_build(&arena, study, &anchors, &windows, &err) == GW_OK);
    return windows;
}

struct outcome {
    const char *outcome;
    char window[256];
    const char *reason;
};

/* What the engine says of a date text, in the words of the case table. */
static struct outcome ask(const struct gw_windows *windows, int group, const char *date, const struct gw_when *when,
                          enum gw_date_verdict verdict)
{
    struct outcome o = {"EXCEPTION", "", "TIME_WITHOUT_OFFSET"};
    struct gw_placement p;

    (void)date;
    if (verdict == GW_DATE_WITHOUT_OFFSET)
        return o;
    p = gw_window_place(windows, group, when->first, when->last);
    o.reason = gw_place_reason(windows, p.place);
    if (gw_place_collects(p.place)) {
        o.outcome = "COLLECTED";
        snprintf(o.window, sizeof o.window, "%s", p.window->id);
    } else if (p.place == GW_PLACE_PARTIAL) {
        for (size_t i = 0; i < windows->count; i++)
            if (gw_window_meets(&windows->list[i], group, when->first, when->last))
                snprintf(o.window + strlen(o.window), sizeof o.window - strlen(o.window), "%s%s", *o.window ? "/" : "",
                         windows->list[i].id);
    } else if (p.place != GW_PLACE_AFTER_DEATH) {
        o.outcome = "NOT_COLLECTED";
    }
    return o;
}

static void expect_text(const char *id, const char *what, const char *got, const char *wanted)
{
    cr_expect(strcmp(got, wanted) == 0, "%s: %s is \"%s\", wanted \"%s\"", id, what, got, wanted);
}

static void expect_number(const char *id, const char *what, int got, const char *wanted)
{
    const bool as_wanted = *wanted == '\0' || got == atoi(wanted);

    cr_expect(as_wanted, "%s: %s is %d, wanted %s", id, what, got, wanted);
}

static void check_day(const char *id, const struct gw_windows *windows, int group, const struct gw_when *when,
                      const char *local, const char *elapsed, const char *study_day, const char *diff)
{
    const struct gw_placement p = gw_window_place(windows, group, when->first, when->last);
    char day[11];

    gw_day_print(when->first, day);
    expect_text(id, "local date", day, local);
    expect_number(id, "elapsed", gw_elapsed(windows->anchors.d1, when->first), elapsed);
    expect_number(id, "study day", gw_study_day(windows->anchors.d1, when->first), study_day);
    if (gw_place_collects(p.place))
        expect_number(id, "difference", when->first - p.window->target, diff);
}

Test(windows, place_every_case_of_the_first_study)
{
    static const char *const names[] = {"case_id",   "data_group", "d1",         "eot",        "death",
                                        "withdrawn", "site_tz",    "datum_date", "local_date", "elapsed",
                                        "study_day", "outcome",    "window",     "diff",       "reason"};
    const struct gw_study *study = load("lendex-rrmm");
    struct gw_error err;
    struct gw_csv csv;
    int at[15];

    cr_assert(gw_csv_load(&arena, CASES "visit-window-cases.csv", 1 << 20, &csv, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_csv_columns(&csv, names, 15, at, &err) == GW_OK, "%s", err.text);
    cr_assert(eq(sz, csv.count, 60));
    for (size_t i = 0; i < csv.count; i++) {
        const char **f = csv.records[i].fields;
        const char *id = f[at[0]];
        const struct gw_windows windows = build(study, f[at[2]], f[at[3]], f[at[4]], f[at[5]]);
        struct gw_zone *zone = NULL;
        struct gw_when when;
        enum gw_date_verdict verdict;
        struct outcome o;

        cr_assert(gw_zone_open(f[at[6]], &zone, &err) == GW_OK, "%s", err.text);
        verdict = gw_when_read(f[at[7]], zone, false, &when);
        o = ask(&windows, gw_study_group_bit(study, f[at[1]]), f[at[7]], &when, verdict);
        expect_text(id, "outcome", o.outcome, f[at[11]]);
        expect_text(id, "window", o.window, f[at[12]]);
        expect_text(id, "reason", o.reason, f[at[14]]);
        if (*f[at[8]])
            check_day(id, &windows, gw_study_group_bit(study, f[at[1]]), &when, f[at[8]], f[at[9]], f[at[10]],
                      f[at[13]]);
        gw_zone_close(zone);
    }
    gw_arena_release(&arena);
}

static size_t read_doses(char *list, gw_day *doses)
{
    size_t count = 0;

    for (char *one = strsep(&list, ";"); one; one = strsep(&list, ";"))
        doses[count++] = day_or_none(one);
    return count;
}

Test(windows, place_every_case_of_the_second_study)
{
    static const char *const names[] = {"case_id",   "d1",      "doses", "datum_date",         "elapsed",
                                        "study_day", "outcome", "week",  "dose_number_before", "days_since_dose",
                                        "reason"};
    const struct gw_study *study = load("elranatamab-rrmm");
    struct gw_error err;
    struct gw_csv csv;
    int at[11];

    cr_assert(gw_csv_load(&arena, CASES "visit-window-cases-004.csv", 1 << 20, &csv, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_csv_columns(&csv, names, 11, at, &err) == GW_OK, "%s", err.text);
    cr_assert(eq(sz, csv.count, 9));
    for (size_t i = 0; i < csv.count; i++) {
        const char **f = csv.records[i].fields;
        const struct gw_windows windows = build(study, f[at[1]], "", "", "");
        const gw_day day = day_or_none(f[at[3]]);
        const struct gw_when when = {.first = day, .last = day};
        gw_day doses[16];
        const size_t count = read_doses(gw_arena_copy(&arena, f[at[2]], strlen(f[at[2]])), doses);
        const struct gw_dose_before before = gw_dose_before(doses, count, day);
        const struct outcome o = ask(&windows, 0, f[at[3]], &when, GW_DATE_OK);

        expect_text(f[at[0]], "outcome", o.outcome, f[at[6]]);
        expect_text(f[at[0]], "week", o.window, f[at[7]]);
        expect_text(f[at[0]], "reason", o.reason, f[at[10]]);
        expect_number(f[at[0]], "elapsed", gw_elapsed(windows.anchors.d1, day), f[at[4]]);
        expect_number(f[at[0]], "study day", gw_study_day(windows.anchors.d1, day), f[at[5]]);
        expect_number(f[at[0]], "dose", before.number, f[at[8]]);
        expect_number(f[at[0]], "days since dose", before.days, f[at[9]]);
    }
    gw_arena_release(&arena);
}

static struct gw_window *find(const struct gw_windows *windows, const char *id)
{
    for (size_t i = 0; i < windows->count; i++)
        if (strcmp(windows->list[i].id, id) == 0)
            return &windows->list[i];
    return NULL;
}

Test(windows, day_one_stays_the_baseline_when_treatment_ends_on_it)
{
    const struct gw_study *study = load("lendex-rrmm");
    const struct gw_windows windows = build(study, "2024-01-15", "2024-01-15", "", "");
    const struct gw_placement on_day_one = gw_window_place(&windows, 0, windows.anchors.d1, windows.anchors.d1);

    cr_assert(on_day_one.place == GW_PLACE_IN_WINDOW);
    expect_text("day 1", "window", on_day_one.window->id, "BASELINE");
    cr_expect(eq(int, find(&windows, "EOT")->low - windows.anchors.d1, 1));
    gw_arena_release(&arena);
}

Test(windows, the_study_day_basis_moves_the_grid_one_day_earlier)
{
    struct gw_study study = *load("lendex-rrmm");
    struct gw_windows windows;

    study.day_basis_study_day = true;
    windows = build(&study, "2024-01-15", "", "", "");
    cr_expect(eq(int, find(&windows, "T30-01")->target - windows.anchors.d1, 29));
    cr_expect(eq(int, find(&windows, "BASELINE")->high - windows.anchors.d1, 0));
    gw_arena_release(&arena);
}

Test(windows, the_cap_may_cut_the_follow_up_of_an_earlier_end)
{
    struct gw_study study = *load("lendex-rrmm");
    struct gw_windows windows = build(&study, "2024-01-15", "2027-01-10", "", "");

    cr_expect(find(&windows, "FU") != NULL);
    study.cap_applies_to_follow_up = true;
    windows = build(&study, "2024-01-15", "2027-01-10", "", "");
    cr_expect(find(&windows, "FU") == NULL);
    gw_arena_release(&arena);
}

Test(windows, no_two_windows_of_a_group_overlap_whatever_the_end_of_treatment)
{
    const struct gw_study *study = load("lendex-rrmm");
    size_t compared = 0;

    for (int length = 0; length < 1200; length += 7) {
        char d1[] = "2024-01-31", eot[11];
        gw_day start;

        cr_assert(gw_day_parse(d1, &start));
        gw_day_print(start + length, eot);
        const struct gw_windows w = build(study, d1, eot, "", "");
        for (size_t i = 0; i < w.count; i++)
            for (size_t j = i + 1; j < w.count; j++) {
                if (!(w.list[i].groups & w.list[j].groups))
                    continue;
                compared++;
                cr_expect(w.list[i].high < w.list[j].low || w.list[j].high < w.list[i].low ||
                              w.list[i].low > w.list[i].high || w.list[j].low > w.list[j].high,
                          "EOT at %d: %s and %s overlap", length, w.list[i].id, w.list[j].id);
            }
    }
    cr_expect(gt(sz, compared, 1000));
    gw_arena_release(&arena);
}
