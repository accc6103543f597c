/*
 * The course of a syndrome as a person is shown it: whether the subject died in it, what its code says beside its
 * signs, when a diagnosis ended, which CRS an ICANS is of. Doses are those of support/chart.h.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/chart.h"

static struct subject s;

static void start(void)
{
    subject_init_at(&s, "elranatamab-rrmm", "busan");
    chart_add_doses(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(syndrome_course, .init = start, .fini = stop);

static bool says(const char *code, const char *words)
{
    const struct gw_item *item = subject_item(&s, code);

    cr_assert(item != NULL, "%s is not asked", code);
    return strstr(item->context, words) != NULL;
}

/* The fever of day 2 is over a day later. */
static const struct {
    const char *what, *death;
    bool told;
} deaths[] = {
    {"nobody died", NULL, false},
    {"on its first day", "2024-01-16", true},
    {"on its last day", "2024-01-17", true},
    {"the day after", "2024-01-18", false},
};

Test(syndrome_course, tells_that_the_subject_died_in_it)
{
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        stop();
        start();
        chart_add(&s, "d2 08:00 T 38.5;d2 20:00 T 36.8");
        for (size_t k = 0; k < s.count; k++)
            if (s.facts[k].type == GW_PATIENT) {
                s.facts[k].patient.deceased = deaths[i].death != NULL;
                s.facts[k].patient.deceased_date = deaths[i].death;
            }
        subject_derive(&s);
        cr_expect(eq(int, says("CRS_REVIEW", "\"death\":"), deaths[i].told), "%s: %s", deaths[i].what,
                  subject_item(&s, "CRS_REVIEW")->context);
    }
}

static const struct {
    const char *what, *chart, *item;
    const char *says, *not ; /* NULL: nothing */
} codes[] = {
    {"a code of the same grade", "d2 14:00 T 38.5;d2 C D89.831;d3 14:30 T 36.8", "CRS_REVIEW", "\"coded_grade\":1",
     "mismatch"},
    {"a code of another grade", "d2 14:00 T 38.5;d2 C D89.833;d3 14:30 T 36.8", "CRS_REVIEW", "\"mismatch\":", NULL},
    {"a code without a grade", "d2 14:00 T 38.5;d2 C D89.839;d3 14:30 T 36.8", "CRS_REVIEW", NULL, "coded_grade"},
    {"a sign without a grade, and a code with one", "d9 14:00 G 13;d9 C G92.02;d12 14:00 G 15", "ICANS_REVIEW",
     "\"grade\":2", "mismatch"},
};

Test(syndrome_course, tells_the_grade_of_a_code_beside_that_of_the_signs)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        stop();
        start();
        chart_add(&s, codes[i].chart);
        subject_derive(&s);
        if (codes[i].says)
            cr_expect(says(codes[i].item, codes[i].says), "%s: %s", codes[i].what,
                      subject_item(&s, codes[i].item)->context);
        if (codes[i].not )
            cr_expect(not(says(codes[i].item, codes[i].not )), "%s: %s", codes[i].what,
                      subject_item(&s, codes[i].item)->context);
    }
}

static const struct {
    const char *what, *chart, *asked;
} diagnoses[] = {
    {"that nobody closed", "d2 C D89.831", "d2 g1 end ? dose 1"},
    {"closed on its day", "d2 C D89.831 d2", "d2 g1 end d2 dose 1"},
    {"closed later", "d2 C D89.831 d5", "d2 g1 end d5 dose 1"},
};

Test(syndrome_course, ends_with_its_diagnosis)
{
    for (size_t i = 0; i < sizeof diagnoses / sizeof *diagnoses; i++) {
        stop();
        start();
        chart_add(&s, diagnoses[i].chart);
        subject_derive(&s);
        expect_text(diagnoses[i].what, chart_items(&s, "CRS_REVIEW"), diagnoses[i].asked);
    }
}

/* Both are confirmed: an ICANS of day 9 to 10, and a CRS of the days told. */
static const struct {
    const char *what, *crs;
    bool parent;
} pairs[] = {
    {"in its days", "d9 C D89.831 d10", true},           {"until its first day", "d8 C D89.831 d9", true},
    {"from its last day", "d10 C D89.831 d12", true},    {"over the day before", "d5 C D89.831 d8", false},
    {"begun the day after", "d11 C D89.831 d12", false},
};

Test(syndrome_course, names_the_crs_that_was_there)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        chart_add(&s, gw_arena_print(&s.arena, "d9 C G92.01 d10;%s", pairs[i].crs));
        subject_decide(&s, "event", "Condition/e0", "{'confirm':true}");
        subject_decide(&s, "event", "Condition/e1", "{'confirm':true}");
        subject_derive(&s);
        cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 2), "%s", pairs[i].what);
        for (size_t k = 0; (row = subject_episode(&s, k)); k++)
            cr_expect(eq(int, row->parent_ae != NULL, pairs[i].parent && strcmp(row->category, "ICANS") == 0), "%s: %s",
                      pairs[i].what, row->category);
    }
}
