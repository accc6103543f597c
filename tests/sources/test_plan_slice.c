/*
 * A slice of the plan: what is asked for again.
 */
#include "sources/plan_print.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void release_arena(void)
{
    gw_arena_release(&arena);
}

TestSuite(plan_slice, .fini = release_arena);

static const bool observations[GW_RESOURCE_COUNT] = {[GW_OBSERVATION] = true};
static const bool encounters[GW_RESOURCE_COUNT] = {[GW_ENCOUNTER] = true};
static const bool persons[GW_RESOURCE_COUNT] = {[GW_PATIENT] = true, [GW_CONDITION] = true};
static const bool given[GW_RESOURCE_COUNT] = {[GW_MEDICATION_ADMINISTRATION] = true};

#define SPAN_CURSOR "|2024-01-01|2027-04-01]\n"
#define LABS        "2 /Observation?patient=p1&category=laboratory&"
#define SIGNS       "2 /Observation?patient=p1&category=vital-signs&"
#define SURVEYS     "2 /Observation?patient=p1&category=survey&"
#define THREE(days)                                                                                                    \
    LABS days "&_count=100 [Observation?category=laboratory" SPAN_CURSOR SIGNS days                                    \
              "&_count=100 [Observation?category=vital-signs" SPAN_CURSOR SURVEYS days                                 \
              "&_count=100 [Observation?category=survey" SPAN_CURSOR
#define VISITS(days) "2 /Encounter?patient=p1&" days "&_count=100 [Encounter" SPAN_CURSOR

/* The span is 2024-01-01 to 2027-04-01; a search asks a day wider on both sides. */
static const struct {
    const char *name;
    const char *from, *to; /* "": no bound */
    const bool *types;
    const char *expected;
} cases[] = {
    {"days and a type", "2024-02-01", "2024-03-01", observations, THREE("date=ge2024-01-31&date=le2024-03-02")},
    {"a type of all days", "", "", encounters, VISITS("date=ge2023-12-31&date=le2027-04-02")},
    {"from a day on", "2024-02-01", "", encounters, VISITS("date=ge2024-01-31&date=le2027-04-02")},
    {"up to a day", "", "2024-03-01", encounters, VISITS("date=ge2023-12-31&date=le2024-03-02")},
    {"one day", "2024-02-14", "2024-02-14", encounters, VISITS("date=ge2024-02-13&date=le2024-02-15")},
    {"the first day of the span", "2023-06-01", "2024-01-01", encounters,
     VISITS("date=ge2023-12-31&date=le2024-01-02")},
    {"the day before it: nothing was ever asked of it", "2023-06-01", "2023-12-31", encounters, ""},
    {"behind the span", "2027-04-02", "", encounters, ""},
    {"what has no search by date whole", "2024-02-01", "2024-03-01", persons,
     "1 /Patient/p1 [Patient||]\n2 /Condition?patient=p1&_count=100 [Condition||]\n"},
    {"drugs, of which otherwise all is asked", "2024-02-01", "2024-03-01", given,
     "1 /MedicationAdministration?patient=p1&effective-time=ge2024-01-31&effective-time=le2024-03-02&_count=100 "
     "[MedicationAdministration||]\n"},
    {"drugs of all days", "", "", given,
     "1 /MedicationAdministration?patient=p1&_count=100 [MedicationAdministration||]\n"},
    {"all types of some days", "2024-02-01", "2024-03-01", NULL,
     "1 /Patient/p1 [Patient||]\n"
     "1 /MedicationAdministration?patient=p1&effective-time=ge2024-01-31&effective-time=le2024-03-02&_count=100 "
     "[MedicationAdministration||]\n"
     "1 /MedicationStatement?patient=p1&effective=ge2024-01-31&effective=le2024-03-02&_count=100 "
     "[MedicationStatement||]\n"
     "1 /MedicationDispense?patient=p1&whenhandedover=ge2024-01-31&whenhandedover=le2024-03-02&_count=100 "
     "[MedicationDispense||]\n"
     "1 /MedicationRequest?patient=p1&authoredon=ge2024-01-31&authoredon=le2024-03-02&_count=100 "
     "[MedicationRequest||]\n" VISITS("date=ge2024-01-31&date=le2024-03-02")
         THREE("date=ge2024-01-31&date=le2024-03-02") "2 /Condition?patient=p1&_count=100 [Condition||]\n"
                                                      "2 /Procedure?patient=p1&_count=100 [Procedure||]\n"},
};

static gw_day day_of(const char *text)
{
    gw_day day = GW_NO_DAY;

    cr_assert(!*text || gw_day_parse(text, &day), "%s", text);
    return day;
}

Test(plan_slice, asks_for_the_part_of_the_plan_that_lies_in_it)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct gw_plan_slice slice = {day_of(cases[i].from), day_of(cases[i].to), cases[i].types};
        struct gw_span span = span_of("p1", true);

        span.slice = &slice;
        cr_expect_str_eq(print_plan(&gw_profile_default, &wanted, &span, BOTH), cases[i].expected, "%s", cases[i].name);
    }
}

Test(plan_slice, of_everything_is_the_plan)
{
    const struct gw_plan_slice all = {GW_NO_DAY, GW_NO_DAY, NULL};
    struct gw_span span = span_of("p1", true);
    char whole[16384];

    strcpy(whole, print_plan(&gw_profile_default, &wanted, &span, BOTH));
    span.slice = &all;
    cr_expect_str_eq(print_plan(&gw_profile_default, &wanted, &span, BOTH), whole);
}

/* 28 days before 2024-01-01 is 2023-12-04; 90 days before it is 2023-10-03. */
Test(plan_slice, reaches_back_as_far_as_the_plan_and_no_further)
{
    static const char *const weights[] = {"http://loinc.org|1-1"};
    const struct gw_wanted looking_back = {.endpoint = "hm-ehr", .before = {weights, 1, 90}, .baseline_days = 28};
    struct gw_plan_slice slice = {gw_day_of(2023, 1, 1), gw_day_of(2023, 12, 10), observations};
    struct gw_span span = span_of("p1", true);
    const char *plan;

    span.slice = &slice;
    plan = print_plan(&gw_profile_default, &looking_back, &span, BOTH);
    cr_expect(strstr(plan, LABS "date=ge2023-12-03&date=le2023-12-11&"), "%s", plan);
    cr_expect(strstr(plan, "&code=http%3A%2F%2Floinc.org%7C1-1&date=ge2023-10-02&date=le2023-12-11&"), "%s", plan);
    slice.to = gw_day_of(2023, 11, 30);
    plan = print_plan(&gw_profile_default, &looking_back, &span, BOTH);
    cr_expect(!strstr(plan, "category="), "%s", plan);
    cr_expect(strstr(plan, "&code=http%3A%2F%2Floinc.org%7C1-1&date=ge2023-10-02&date=le2023-12-01&"), "%s", plan);
}

Test(plan_slice, asks_without_days_where_the_endpoint_does_not_search_by_them)
{
    const struct gw_plan_slice slice = {gw_day_of(2024, 2, 1), gw_day_of(2024, 3, 1), encounters};
    struct gw_profile profile = gw_profile_default;
    struct gw_span span = span_of("p1", true);

    span.slice = &slice;
    profile.undated[GW_ENCOUNTER] = true;
    cr_expect_str_eq(print_plan(&profile, &wanted, &span, BOTH), "2 /Encounter?patient=p1&_count=100 [Encounter||]\n");
}

Test(plan_slice, looks_for_a_patient_who_was_not_found_yet)
{
    const struct gw_plan_slice slice = {gw_day_of(2024, 2, 1), gw_day_of(2024, 3, 1), observations};
    struct gw_span span = span_of(NULL, true);

    span.slice = &slice;
    cr_expect_str_eq(print_plan(&gw_profile_default, &wanted, &span, BOTH),
                     "1 /Patient?identifier=urn%3Amrn%7C0815&_count=100 [Patient?identifier||]\n");
}

Test(plan_slice, says_of_each_request_that_it_moves_no_cursor)
{
    const struct gw_plan_slice slice = {gw_day_of(2024, 2, 1), gw_day_of(2024, 3, 1), NULL};
    struct gw_span span = span_of("p1", true);
    struct gw_requests requests;
    struct gw_error err;

    for (int again = 0; again < 2; again++) {
        span.slice = again ? &slice : NULL;
        cr_assert(gw_plan_requests(&arena, &gw_profile_default, &wanted, &span, BOTH, &requests, &err) == GW_OK);
        cr_expect(requests.count == 11);
        for (size_t i = 0; i < requests.count; i++)
            cr_expect(requests.list[i].again == (again == 1), "%s", gw_request_name(&requests.list[i]));
    }
}

static const struct {
    enum gw_resource type;
    bool asked;
} types[] = {{GW_PATIENT, true},           {GW_OBSERVATION, true},        {GW_CONDITION, true},
             {GW_DIAGNOSTIC_REPORT, true}, {GW_MEDICATION, false},        {GW_SPECIMEN, false},
             {GW_RESOURCE_OTHER, false},   {GW_OPERATION_OUTCOME, false}, {GW_ADVERSE_EVENT, true}};

Test(plan_slice, knows_the_types_that_are_asked_for_by_themselves)
{
    for (size_t i = 0; i < COUNT(types); i++)
        cr_expect(gw_plan_asks(types[i].type) == types[i].asked, "%s", gw_resource_name(types[i].type));
}
