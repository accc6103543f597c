/*
 * Memory that ends within arithmetic: numbers of more digits than a machine word holds, whose every sum and product
 * asks for memory of its own. Numbers of an ordinary length ask for none, so that no other suite meets these places.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/chart.h"
#include "support/doses.h"
#include "support/refusal.h"
#include "support/whole.h"

#define STEP 16 /* bytes: less than the digits of one such number */

/* "value":0.4 becomes "value":0.400000000000000000001: as much as before, told by more digits. */
static void lengthen_numbers(struct subject *s, size_t fact)
{
    static const char member[] = "\"value\":", more[] = "00000000000000000001";
    struct gw_text text = GW_TEXT_INIT(1 << 16);
    const char *from = s->texts[fact], *at;

    while ((at = strstr(from, member))) {
        const char *const number = at + strlen(member);
        const size_t length = strspn(number, "0123456789.");

        gw_text_print(&text, "%.*s", (int)(number + length - from), from);
        if (length > 0)
            gw_text_print(&text, "%s%s", memchr(number, '.', length) ? "" : ".", more);
        from = number + length;
    }
    gw_text_print(&text, "%s", from);
    cr_assert(subject_replace(s, fact, gw_arena_copy(&s->arena, text.at, text.length)), "%s", text.at);
    gw_text_release(&text);
}

/* But those of packs, which are counted by the piece. */
static void lengthen(struct subject *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->facts[i].type != GW_MEDICATION_DISPENSE)
            lengthen_numbers(s, i);
}

static void add_sample(struct subject *s, const char *day)
{
    static const struct {
        const char *loinc, *value, *unit;
    } values[] = {{"6690-2", "3.2", "10*9/L"},  {"769-0", "20", "%"},         {"26508-2", "5", "%"},
                  {"30451-9", "0.7", "10*9/L"}, {"26507-4", "0.1", "10*9/L"}, {"17861-6", "9.1", "mg/dL"},
                  {"1751-7", "38", "g/L"}};

    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        subject_add_value(s, gw_arena_print(&s->arena, "s%s-%zu", day, i), values[i].loinc,
                          gw_arena_print(&s->arena, "%sT08:00:00+01:00", day), values[i].value, values[i].unit);
}

static bool has_composed(const struct subject *s, const char *concept)
{
    const struct gw_row_list *list = &s->derived.rows.tables[GW_TABLE_observations];
    bool found = false;

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_observations *row = (const struct gw_row_observations *)list->rows[i];

        found |= row->derived_flag && strcmp(row->concept, concept) == 0;
    }
    return found;
}

/* Refused wherever memory ends, and then as many rows as the shorter numbers gave. */
static void expect_refusals(struct subject *s)
{
    size_t rows[GW_TABLE_COUNT];

    subject_derive(s);
    for (int i = 0; i < GW_TABLE_COUNT; i++)
        rows[i] = subject_count(s, (enum gw_table_id)i);
    lengthen(s);
    cr_expect(gt(sz, refusal_sweep(refusal_derive, s, STEP, 0), 500));
    subject_derive(s);
    cr_expect(eq(sz, subject_count(s, GW_TABLE_observations), rows[GW_TABLE_observations]));
    cr_expect(eq(sz, subject_count(s, GW_TABLE_derived), rows[GW_TABLE_derived]));
    cr_expect(eq(sz, subject_count(s, GW_TABLE_cycles), rows[GW_TABLE_cycles]));
}

TestSuite(memory_numbers, .timeout = 240);

Test(memory_numbers, end_with_a_sentence_in_samples_and_doses)
{
    struct scratch scratch;
    static struct subject s;

    whole_init(&s, &scratch);
    subject_add_patient(&s, "female", "1946-03-01");
    subject_add_visit(&s, "v1", "2024-04-14");
    subject_add_value(&s, "w", "29463-7", "2024-01-10", "71", "kg");
    subject_add_value(&s, "c", "2160-0", "2024-01-15", "1.1", "mg/dL");
    add_sample(&s, "2024-04-14");
    doses_add(&s, "L04AX04", "D 0 21x25/21; A 23 15; A 24 15; S 28.. 25");
    doses_add(&s, "H02AB02", "S 0..27 40 weekly; S 28.. 20 weekly");
    expect_refusals(&s);
    cr_expect(has_composed(&s, "ANC"));
    cr_expect(has_composed(&s, "CA_CORR"));
    whole_release(&s, &scratch);
}

Test(memory_numbers, end_with_a_sentence_in_the_release_of_cytokines)
{
    static struct subject s;

    subject_init_at(&s, "elranatamab-rrmm", "busan");
    s.horizon = subject_day("2024-03-31");
    chart_add_doses(&s);
    chart_add(&s, "d1 12:00 S 140;d1 16:00 S 138;d1 20:00 S 142;d2 14:00 T 38.5;d2 15:00 S 69;d2 16:00 O 88;"
                  "d2 16:30 FN 2;d2 20:00 FM 8;d3 08:00 T 36.8;d3 10:00 X 40");
    lengthen(&s);
    cr_expect(gt(sz, refusal_sweep(refusal_derive, &s, STEP, 0), 500));
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "CRS_REVIEW"), 1));
    subject_release(&s);
}
