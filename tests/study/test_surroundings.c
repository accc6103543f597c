/*
 * What stands beside a question: the nearest values of the same test in collected windows, the concept, the exposure.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "gateway/core/json.h"
#include "support/doses.h"
#include "support/subject.h"

#define ANC "751-8"

static struct subject s;

static void start(void)
{
    subject_init(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(surroundings, .init = start, .fini = stop);

/* A member of the context of the first item of a code; "": it has none. */
static const char *member(const char *code, const char *name)
{
    const struct gw_item *item = subject_item(&s, code);
    const cJSON *root = NULL, *text;

    cr_assert(item != NULL, "no %s", code);
    cr_assert(gw_json_parse(&s.arena, item->context, strlen(item->context), NULL, &root, NULL, NULL) == GW_OK, "%s",
              item->context);
    text = gw_json_get(root, name);
    return text ? text->valuestring : "";
}

static void add_local(const char *id, const char *day, const char *value)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'urn:lab','code':'ANC-K'}]},'effectiveDateTime':'%s','valueQuantity':{"
                "'value':%s,'unit':'G/L'}}",
                id, day, value);
}

Test(surroundings, are_the_nearest_values_of_the_test_in_collected_windows)
{
    subject_add_monthly_visits(&s, 4); /* 15 January (a normal count), 14 February, 15 March, 14 April */
    subject_add_value(&s, "open", ANC, "2024-02-14", "<1.5", "10*9/L");
    subject_add_lab(&s, "before", ANC, "2024-02-10", "2.1");
    subject_add_lab(&s, "between", ANC, "2024-02-25", "0.4"); /* no window took it */
    subject_add_lab(&s, "after", ANC, "2024-03-15", "3.1");
    subject_add_lab(&s, "far", ANC, "2024-04-14", "3.2");
    subject_add_lab(&s, "other", "777-3", "2024-02-14", "200");
    subject_derive(&s);
    expect_text("concept", member("COMPARATOR_AMBIGUOUS", "concept"), "ANC");
    expect_text("neighbours", member("COMPARATOR_AMBIGUOUS", "neighbours"),
                "2024-01-15 3.0 10*9/L; 2024-02-10 2.1 10*9/L; 2024-03-15 3.1 10*9/L");
}

Test(surroundings, are_three_on_either_side_at_most)
{
    subject_add_monthly_visits(&s, 2);
    for (int day = 9; day < 19; day++)
        subject_add_value(&s, gw_arena_print(&s.arena, "v%02d", day), ANC,
                          gw_arena_print(&s.arena, "2024-02-%02d", day), day == 14 ? "<1.5" : "3.0", "10*9/L");
    subject_derive(&s);
    expect_text("neighbours", member("COMPARATOR_AMBIGUOUS", "neighbours"),
                "2024-02-11 3.0 10*9/L; 2024-02-12 3.0 10*9/L; 2024-02-13 3.0 10*9/L; 2024-02-15 3.0 10*9/L; "
                "2024-02-16 3.0 10*9/L; 2024-02-17 3.0 10*9/L");
}

Test(surroundings, of_a_code_that_is_not_mapped_are_those_of_that_code)
{
    subject_add_monthly_visits(&s, 3);
    add_local("a", "2024-02-14", "1.2");
    add_local("b", "2024-03-15", "1.4");
    subject_derive(&s);
    cr_assert(eq(sz, subject_items(&s, "CODE_UNKNOWN"), 2));
    expect_text("concept", member("CODE_UNKNOWN", "concept"), "");
    cr_expect(strcmp(member("CODE_UNKNOWN", "neighbours"), "2024-02-14 1.2 G/L") == 0 ||
              strcmp(member("CODE_UNKNOWN", "neighbours"), "2024-03-15 1.4 G/L") == 0);
}

Test(surroundings, name_the_dose_of_the_day_and_its_cycle)
{
    doses_add(&s, "L04AX04", "S 0..20 25;S 28..48 15");
    subject_add_monthly_visits(&s, 3);
    subject_add_value(&s, "open", ANC, "2024-02-14", "<1.5", "10*9/L"); /* day 30 */
    subject_derive(&s);
    expect_text("exposure", member("COMPARATOR_AMBIGUOUS", "exposure"),
                "15 mg lenalidomide since 2024-02-12, cycle 2 day 3");
}

Test(surroundings, of_a_day_without_the_drug_name_none)
{
    doses_add(&s, "L04AX04", "S 0..20 25");
    subject_add_monthly_visits(&s, 3);
    subject_add_value(&s, "open", ANC, "2024-02-09", "<1.5", "10*9/L");
    s.horizon = subject_day("2024-02-20");
    subject_derive(&s);
    expect_text("exposure", member("COMPARATOR_AMBIGUOUS", "exposure"), "");
}
