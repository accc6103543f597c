/*
 * The example package mappings/studies/example-hip on its made-up patient: another disease, other windows, the same
 * engine.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "gateway/core/text.h"
#include "support/subject.h"

#define FIXTURE SOURCE_DIR "/fixtures/example-hip/resources.ndjson"

static struct subject s;

static void prepare(void)
{
    struct gw_text text = GW_TEXT_INIT(1 << 20);
    char *rest, *line;

    subject_init_at(&s, "example-hip", "madrid");
    s.line.patient = "h1";
    s.line.first_dose = GW_NO_DAY;
    s.line.recruited = subject_day("2024-03-05");
    s.line.end_of_treatment = subject_day("2024-06-10");
    cr_assert(eq(int, gw_text_read_file(&text, FIXTURE, NULL), GW_OK));
    rest = text.at;
    while ((line = strsep(&rest, "\n")))
        if (*line)
            subject_add(&s, "%s", line);
    gw_text_release(&text);
    subject_derive(&s);
}

static void release(void)
{
    subject_release(&s);
}

TestSuite(example, .init = prepare, .fini = release);

static const struct {
    const char *id;
    const char *target;
    int low; /* elapsed days */
    int high;
    const char *state;
} windows[] = {
    {"BASELINE", "2024-03-04", -7, 0, "collected"}, {"W01", "2024-03-11", 5, 9, "collected"},
    {"W04", "2024-04-01", 24, 32, "collected"},     {"W12", "2024-05-27", 77, 91, "missed"},
    {"FU", "2024-07-10", 123, 133, "collected"}, /* the last dose is day 98 */
};

Test(example, has_the_windows_of_its_package)
{
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_windows].count, sizeof windows / sizeof *windows));
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        const struct gw_row_windows *const row = subject_window(&s, windows[i].id);

        cr_assert(row != NULL, "%s", windows[i].id);
        expect_text(windows[i].id, row->target_date, windows[i].target);
        cr_expect(eq(int, (int)row->low, windows[i].low), "%s", windows[i].id);
        cr_expect(eq(int, (int)row->high, windows[i].high), "%s", windows[i].id);
        expect_text(windows[i].id, row->state, windows[i].state);
    }
}

static const struct {
    const char *id;
    const char *window; /* NULL: in none */
    bool anl01;
    const char *state;
} values[] = {
    {"inr-before", "BASELINE", true, "delivered"},
    {"hgb-before", "BASELINE", true, "delivered"},
    {"inr-w1-early", "W01", true, "delivered"},
    {"inr-w1-late", "W01", false, "delivered"},
    {"inr-w4", "W04", true, "delivered"},
    {"inr-fu", "FU", true, "delivered"},
    {"inr-between", NULL, false, "outside_window BETWEEN_WINDOWS"},
    {"inr-w12", NULL, false, "outside_window NO_CONTACT"},
    {"creatinine", NULL, false, "not_in_scope OPTIONAL_OFF"},
};

Test(example, takes_what_its_visits_collect_and_leaves_the_rest)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const struct gw_row_observations *const row =
            values[i].window ? subject_observation(&s, values[i].id, values[i].window) : NULL;

        subject_expect(&s, values[i].id, values[i].state);
        cr_expect(eq(int, row != NULL, values[i].window != NULL), "%s", values[i].id);
        if (row)
            cr_expect(row->anl01 == values[i].anl01, "%s", values[i].id);
    }
    expect_text("haemoglobin", subject_observation(&s, "hgb-before", "BASELINE")->value_num, "118");
}

Test(example, tells_its_events_at_the_next_visit)
{
    const struct gw_row_ae_episodes *const event = subject_episode(&s, 0);

    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    expect_text("category", event->category, "THROMBOEMBOLISM");
    expect_text("onset", event->onset, "2024-04-20");
    expect_text("told at", event->assessed_window, "FU");
}
