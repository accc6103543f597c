/*
 * The words of an explanation: bounds of a grade, and the cells of a row of any table.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "study/explain_parts.h"

static struct gw_arena arena = GW_ARENA_INIT(1 << 20);
static struct telling telling = {.arena = &arena};

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(explain_words, .fini = release);

static void expect(const char *got, const char *wanted)
{
    cr_expect(eq(str, (char *)got, (char *)wanted));
}

static const struct {
    struct gw_bound low, high;
    const char *told;
} bounds[] = {
    {{.kind = GW_BOUND_VALUE, .value = {.coefficient = 5}, .inclusive = true},
     {.kind = GW_BOUND_NONE},
     "from 5 mmol/L"},
    {{.kind = GW_BOUND_VALUE, .value = {.coefficient = 5}},
     {.kind = GW_BOUND_VALUE, .value = {.coefficient = 9}, .inclusive = true},
     "above 5 mmol/L, up to 9 mmol/L"},
    {{.kind = GW_BOUND_NONE}, {.kind = GW_BOUND_LLN}, "below LLN"},
    {{.kind = GW_BOUND_ULN},
     {.kind = GW_BOUND_ULN, .value = {.coefficient = 10}, .inclusive = true},
     "above ULN, up to ULN+10"},
    {{.kind = GW_BOUND_NONE}, {.kind = GW_BOUND_NONE}, ""},
};

Test(explain_words, tell_the_bounds_of_a_grade)
{
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        expect(tell_bounds(&telling,
                           &(struct gw_grade_row){.unit = "mmol/L", .low = bounds[i].low, .high = bounds[i].high}),
               bounds[i].told);
}

Test(explain_words, tell_only_cells_that_say_something)
{
    const struct gw_row_conmeds row = {.cm_id = "c1", .substance = "aciclovir", .route = ""};
    const char *const told = tell_cells(&telling, gw_table_of(GW_TABLE_conmeds), (const struct gw_row *)&row);

    cr_expect(strstr(told, "cm_id c1") != NULL, "%s", told);
    cr_expect(strstr(told, "substance aciclovir") != NULL, "%s", told);
    cr_expect(strstr(told, "route") == NULL, "%s", told);
}

Test(explain_words, give_up_on_a_row_too_long_to_tell)
{
    char substance[5000];
    const struct gw_row_conmeds row = {.substance = substance};

    memset(substance, 'x', sizeof substance);
    substance[sizeof substance - 1] = '\0';
    expect(tell_cells(&telling, gw_table_of(GW_TABLE_conmeds), (const struct gw_row *)&row),
           "more than can be told here");
}

Test(explain_words, tell_days_and_distances)
{
    expect(tell_day(&telling, gw_day_of(2024, 1, 15)), "2024-01-15");
    expect(tell_day(&telling, GW_NO_DAY), "no day");
    expect(tell_distance(&telling, 0), "on");
    expect(tell_distance(&telling, 1), "1 day after");
    expect(tell_distance(&telling, -1), "1 day before");
    expect(tell_distance(&telling, -3), "3 days before");
}
