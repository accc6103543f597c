/*
 * What is asked about one subject, as URLs and cursors.
 */
#include "sources/plan_print.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void release_arena(void)
{
    gw_arena_release(&arena);
}

TestSuite(plan, .fini = release_arena);

#define DRUGS                                                                                                          \
    "1 /MedicationAdministration?patient=p1&_count=100 [MedicationAdministration||]\n"                                 \
    "1 /MedicationStatement?patient=p1&_count=100 [MedicationStatement||]\n"                                           \
    "1 /MedicationDispense?patient=p1&_count=100 [MedicationDispense||]\n"                                             \
    "1 /MedicationRequest?patient=p1&_count=100 [MedicationRequest||]\n"
#define SPAN  "date=ge2023-12-31&date=le2027-04-02&_count=100"
#define BOUND "|2024-01-01|2027-04-01]\n"
#define REST                                                                                                           \
    "2 /Encounter?patient=p1&" SPAN " [Encounter" BOUND "2 /Observation?patient=p1&category=laboratory&" SPAN          \
    " [Observation?category=laboratory" BOUND "2 /Observation?patient=p1&category=vital-signs&" SPAN                   \
    " [Observation?category=vital-signs" BOUND "2 /Observation?patient=p1&category=survey&" SPAN                       \
    " [Observation?category=survey" BOUND "2 /Condition?patient=p1&_count=100 [Condition||]\n"                         \
    "2 /Procedure?patient=p1&_count=100 [Procedure||]\n"

static const struct {
    const char *name;
    const char *patient;
    bool anchored;
    unsigned stages;
    const char *expected;
} cases[] = {
    {"a record number only: the Patient and nothing else", NULL, true, BOTH,
     "1 /Patient?identifier=urn%3Amrn%7C0815&_count=100 [Patient?identifier||]\n"},
    {"no D1: what can show it and nothing else", "p1", false, BOTH, "1 /Patient/p1 [Patient||]\n" DRUGS},
    {"D1: the rest, a day wider on both sides", "p1", true, BOTH, "1 /Patient/p1 [Patient||]\n" DRUGS REST},
    {"the second stage by itself", "p1", true, GW_STAGE_SPAN, REST},
    {"the second stage without D1", "p1", false, GW_STAGE_SPAN, ""},
};

Test(plan, asks_for_the_study_drugs_first_and_for_the_rest_once_d1_is_known)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct gw_span span = span_of(cases[i].patient, cases[i].anchored);

        cr_expect_str_eq(print_plan(&gw_profile_default, &wanted, &span, cases[i].stages), cases[i].expected, "%s",
                         cases[i].name);
    }
}

static const struct gw_wanted all_types = {
    .endpoint = "hm-ehr",
    .types = {[GW_ADVERSE_EVENT] = true, [GW_QUESTIONNAIRE_RESPONSE] = true, [GW_DIAGNOSTIC_REPORT] = true}};

#define REPORTS                                                                                                        \
    "2 /AdverseEvent?subject=Patient%2Fp1&_count=100 [AdverseEvent||]\n"                                               \
    "2 /QuestionnaireResponse?patient=p1&authored=ge2023-12-31&authored=le2027-04-02&_count=100 "                      \
    "[QuestionnaireResponse" BOUND "2 /DiagnosticReport?patient=p1&" SPAN " [DiagnosticReport" BOUND

Test(plan, asks_for_events_answers_and_reports_where_the_study_wants_them_and_the_endpoint_has_them)
{
    const struct gw_span span = span_of("p1", true);
    struct gw_profile profile = gw_profile_default;

    cr_expect_str_eq(print_plan(&profile, &all_types, &span, GW_STAGE_SPAN), REST);
    profile.reads[GW_ADVERSE_EVENT] = profile.reads[GW_QUESTIONNAIRE_RESPONSE] = true;
    profile.reads[GW_DIAGNOSTIC_REPORT] = true;
    cr_expect_str_eq(print_plan(&profile, &all_types, &span, GW_STAGE_SPAN), REST REPORTS);
    cr_expect_str_eq(print_plan(&profile, &all_types, &span, GW_STAGE_ANCHOR), "1 /Patient/p1 [Patient||]\n" DRUGS);
    cr_expect_str_eq(print_plan(&profile, &wanted, &span, GW_STAGE_SPAN), REST);
}

/* 90 days before 2024-01-01 is 2023-10-03, and a day wider. */
Test(plan, asks_for_what_counts_from_before_the_span_by_code)
{
    static const char *const weights[] = {"http://loinc.org|1-1", "http://loinc.org|2-2"};
    const struct gw_wanted looking_back = {.endpoint = "hm-ehr", .before = {weights, 2, 90}};
    const struct gw_span span = span_of("p1", true);
    const char *plan = print_plan(&gw_profile_default, &looking_back, &span, GW_STAGE_SPAN);

    cr_expect(strstr(plan, "2 /Observation?patient=p1&code=http%3A%2F%2Floinc.org%7C1-1,http%3A%2F%2Floinc.org%7C2-2"
                           "&date=ge2023-10-02&date=le2024-01-02&_count=100 [Observation?code="));
    cr_expect(strstr(plan, "|2023-10-03|2024-01-01]\n"));
    cr_expect(strstr(plan, "category=laboratory"), "the span itself as ever");
}

/* 28 days before 2024-01-01 is 2023-12-04, and a day wider. */
Test(plan, asks_for_observations_of_the_days_that_are_the_baseline)
{
    const struct gw_wanted looking_back = {.endpoint = "hm-ehr", .baseline_days = 28};
    const struct gw_span span = span_of("p1", true), unanchored = span_of("p1", false);
    const char *plan = print_plan(&gw_profile_default, &looking_back, &span, GW_STAGE_SPAN);

    cr_expect(strstr(plan,
                     "2 /Observation?patient=p1&category=laboratory&date=ge2023-12-03&date=le2027-04-02&_count=100 "
                     "[Observation?category=laboratory|2023-12-04|2027-04-01]\n"),
              "%s", plan);
    cr_expect(strstr(plan, "2 /Encounter?patient=p1&" SPAN " [Encounter" BOUND), "visits only of the span: %s", plan);
    cr_expect_str_eq(print_plan(&gw_profile_default, &looking_back, &unanchored, GW_STAGE_SPAN), "");
}

Test(plan, asks_nothing_where_neither_patient_nor_record_number_is_known)
{
    struct gw_span span = span_of(NULL, true);

    span.identifier.value = NULL;
    cr_expect_str_eq(print_plan(&gw_profile_default, &wanted, &span, BOTH), "");
}

Test(plan, keeps_the_drugs_cursors_when_d1_comes)
{
    const struct gw_span without = span_of("p1", false), with = span_of("p1", true);
    char before[4096];

    snprintf(before, sizeof(before), "%s", print_plan(&gw_profile_default, &wanted, &without, GW_STAGE_ANCHOR));
    cr_expect_str_eq(print_plan(&gw_profile_default, &wanted, &with, GW_STAGE_ANCHOR), before);
}

Test(plan, leaves_out_what_the_endpoint_does_not_read)
{
    const struct gw_span span = span_of("p1", true);
    struct gw_profile profile = gw_profile_default;
    const char *plan;

    profile.reads[GW_MEDICATION_STATEMENT] = profile.reads[GW_ENCOUNTER] = profile.reads[GW_CONDITION] = false;
    plan = print_plan(&profile, &wanted, &span, BOTH);
    cr_expect(!strstr(plan, "Statement") && !strstr(plan, "Encounter") && !strstr(plan, "Condition"));
    cr_expect(strstr(plan, "MedicationRequest") && strstr(plan, "Procedure"));
}

Test(plan, asks_by_lists_of_at_most_thirty_codes_where_categories_are_not_filled)
{
    const struct gw_span span = span_of("p1", true);
    struct gw_profile profile = gw_profile_default;
    const char *codes[61];
    struct gw_wanted by_code = {.endpoint = "hm-ehr", .codes = codes, .code_count = COUNT(codes)};
    struct gw_requests requests;
    struct gw_error err = {0};
    size_t asked = 0, searches = 0;

    for (size_t i = 0; i < COUNT(codes); i++)
        codes[i] = gw_arena_print(&arena, "http://loinc.org|%zu-0", 1000 + i);
    profile.observations = GW_OBSERVATIONS_CODE;
    cr_assert(gw_plan_requests(&arena, &profile, &by_code, &span, GW_STAGE_SPAN, &requests, &err) == GW_OK);
    for (size_t i = 0; i < requests.count; i++) {
        const struct gw_request *r = &requests.list[i];

        if (r->search.type != GW_OBSERVATION)
            continue;
        searches++;
        asked += r->search.code_count;
        cr_expect(r->search.code_count <= GW_PLAN_CODES_MAX && !r->search.category);
        cr_expect(r->search.low == span.low && r->search.high == span.high);
    }
    cr_expect(searches == 3 && asked == COUNT(codes));
}

Test(plan, names_a_list_of_codes_by_what_is_in_it)
{
    const struct gw_span span = span_of("p1", true);
    struct gw_profile profile = gw_profile_default;
    const char *const one[] = {"http://loinc.org|1-1"}, *const other[] = {"http://loinc.org|2-2"};
    const struct gw_wanted lists[] = {{.endpoint = "hm-ehr", .codes = one, .code_count = 1},
                                      {.endpoint = "hm-ehr", .codes = other, .code_count = 1}};
    char first[4096];
    const char *second;

    profile.observations = GW_OBSERVATIONS_CODE;
    snprintf(first, sizeof(first), "%s", strstr(print_plan(&profile, &lists[0], &span, GW_STAGE_SPAN), "[Observation"));
    second = strstr(print_plan(&profile, &lists[1], &span, GW_STAGE_SPAN), "[Observation");
    cr_expect(strncmp(first, second, strlen("[Observation?code=0123456789abcdef")) != 0);
    cr_expect_str_eq(strstr(print_plan(&profile, &lists[0], &span, GW_STAGE_SPAN), "[Observation"), first);
}

#define CODE_1 "http://loinc.org|1-1"
#define CODE_2 "http://loinc.org|2-2"
#define CODE_3 "http://loinc.org|3-3"
#define SAID_1 "http%3A%2F%2Floinc.org%7C1-1"
#define SAID_2 "http%3A%2F%2Floinc.org%7C2-2"
#define SAID_3 "http%3A%2F%2Floinc.org%7C3-3"
#define DATES  "&date=ge2023-12-31&date=le2027-04-02"
#define LATER  "&_lastUpdated=ge2024-02-29T23%3A50%3A00.000Z" /* ten minutes before the watermark */
#define MARK   "2024-03-01T00:00:00Z"

/*
 * What a quirk changes: the searches for Encounters and Observations of a span, as `url [low|high of the cursor]`. By
 * code a query without its list has 9 ("patient=p") + 6 ("&code=") + 36 (dates) + 11 ("&_count=100") bytes, 64 are kept
 * for _lastUpdated, and a code takes 28, the comma before it one more.
 */
static const struct {
    const char *name;
    struct gw_profile profile; /* what differs: undated and the rest; types and version are the default's */
    const char *watermark;
    const char *expected;
} quirks[] = {
    {"by category, by date",
     {.page_size = 0},
     NULL,
     "/Encounter?patient=p" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&category=laboratory" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&category=vital-signs" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&category=survey" DATES "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"known, but _lastUpdated is not honoured: by date again",
     {.observations = GW_OBSERVATIONS_CODE},
     MARK,
     "/Encounter?patient=p" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 DATES "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"changes only",
     {.observations = GW_OBSERVATIONS_CODE, .last_updated = true},
     MARK,
     "/Encounter?patient=p" DATES LATER "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 DATES LATER "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"changes by days: from the day before",
     {.observations = GW_OBSERVATIONS_CODE, .last_updated = true, .last_updated_by_day = true},
     MARK,
     "/Encounter?patient=p" DATES "&_lastUpdated=ge2024-02-28&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 DATES
     "&_lastUpdated=ge2024-02-28&_count=100 [2024-01-01|2027-04-01]\n"},
    {"one range: changes without dates",
     {.observations = GW_OBSERVATIONS_CODE, .last_updated = true, .one_range = true},
     MARK,
     "/Encounter?patient=p" LATER "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 LATER "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"one range, never read: dates",
     {.observations = GW_OBSERVATIONS_CODE, .last_updated = true, .one_range = true},
     NULL,
     "/Encounter?patient=p" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 DATES "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"one range, without _lastUpdated: dates",
     {.observations = GW_OBSERVATIONS_CODE, .one_range = true},
     MARK,
     "/Encounter?patient=p" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 DATES "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"without dates of Encounters: all of them, and a cursor without dates",
     {.observations = GW_OBSERVATIONS_CODE, .undated = {[GW_ENCOUNTER] = true}},
     NULL,
     "/Encounter?patient=p&_count=100 [|]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 DATES "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"without dates of Observations",
     {.observations = GW_OBSERVATIONS_CODE, .undated = {[GW_OBSERVATION] = true}},
     NULL,
     "/Encounter?patient=p" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 "&_count=100 [|]\n"},
    {"without dates and with _lastUpdated: changes of all",
     {.observations = GW_OBSERVATIONS_CODE,
      .last_updated = true,
      .undated = {[GW_OBSERVATION] = true, [GW_ENCOUNTER] = true}},
     MARK,
     "/Encounter?patient=p" LATER "&_count=100 [|]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 LATER "&_count=100 [|]\n"},
    {"two codes at once",
     {.observations = GW_OBSERVATIONS_CODE, .codes_max = 2},
     NULL,
     "/Encounter?patient=p" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_3 DATES "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"a URL that two codes just fill",
     {.observations = GW_OBSERVATIONS_CODE, .query_max = 183},
     NULL,
     "/Encounter?patient=p" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_3 DATES "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"a byte less: one code",
     {.observations = GW_OBSERVATIONS_CODE, .query_max = 182},
     NULL,
     "/Encounter?patient=p" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_2 DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_3 DATES "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"a URL shorter than any: a code each all the same",
     {.observations = GW_OBSERVATIONS_CODE, .query_max = 10},
     NULL,
     "/Encounter?patient=p" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_2 DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_3 DATES "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"too long for a URL, and POST works: all codes in a body",
     {.observations = GW_OBSERVATIONS_CODE, .query_max = 182, .post = GW_POST_NEEDED},
     NULL,
     "/Encounter?patient=p" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation/_search {patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 DATES
     "&_count=100} [2024-01-01|2027-04-01]\n"},
    {"by POST, but so many codes at once",
     {.observations = GW_OBSERVATIONS_CODE, .query_max = 182, .codes_max = 2, .post = GW_POST_NEEDED},
     NULL,
     "/Encounter?patient=p" DATES "&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation/_search {patient=p&code=" SAID_1 "," SAID_2 DATES "&_count=100} [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_3 DATES "&_count=100 [2024-01-01|2027-04-01]\n"},
    {"all by POST",
     {.observations = GW_OBSERVATIONS_CODE, .post = GW_POST_ALWAYS},
     NULL,
     "/Encounter/_search {patient=p" DATES "&_count=100} [2024-01-01|2027-04-01]\n"
     "/Observation/_search {patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 DATES
     "&_count=100} [2024-01-01|2027-04-01]\n"},
    {"sorted by change, where that works",
     {.observations = GW_OBSERVATIONS_CODE, .sorts = true},
     NULL,
     "/Encounter?patient=p" DATES "&_sort=_lastUpdated&_count=100 [2024-01-01|2027-04-01]\n"
     "/Observation?patient=p&code=" SAID_1 "," SAID_2 "," SAID_3 DATES
     "&_sort=_lastUpdated&_count=100 [2024-01-01|2027-04-01]\n"},
    {"everything at once: changes by days, one range, sorted, by POST, two codes, small pages",
     {.observations = GW_OBSERVATIONS_CODE,
      .last_updated = true,
      .last_updated_by_day = true,
      .one_range = true,
      .sorts = true,
      .post = GW_POST_ALWAYS,
      .codes_max = 2,
      .page_size = 20},
     MARK,
     "/Encounter/_search {patient=p&_lastUpdated=ge2024-02-28&_sort=_lastUpdated&_count=20} [2024-01-01|2027-04-01]\n"
     "/Observation/_search {patient=p&code=" SAID_1 "," SAID_2
     "&_lastUpdated=ge2024-02-28&_sort=_lastUpdated&_count=20} [2024-01-01|2027-04-01]\n"
     "/Observation/_search {patient=p&code=" SAID_3
     "&_lastUpdated=ge2024-02-28&_sort=_lastUpdated&_count=20} [2024-01-01|2027-04-01]\n"},
};

static void print_span(const struct gw_profile *profile, const struct gw_wanted *by, const char *watermark,
                       struct gw_text *out)
{
    const struct gw_span span = span_of("p", true);
    struct gw_requests requests;
    struct gw_error err = {0};

    cr_assert(gw_plan_requests(&arena, profile, by, &span, GW_STAGE_SPAN, &requests, &err) == GW_OK, "%s", err.text);
    for (size_t i = 0; i < requests.count; i++) {
        struct gw_request *r = &requests.list[i];

        if (r->search.type != GW_ENCOUNTER && r->search.type != GW_OBSERVATION)
            continue;
        cr_assert(gw_request_since(&arena, profile, watermark, r, &err) == GW_OK);
        print_request(r, out);
        gw_text_print(out, " [%s|%s]\n", r->cursor.low, r->cursor.high);
    }
}

/* S9: changes by _lastUpdated, else by date, else all; S8: date and _lastUpdated not together. */
Test(plan, asks_each_server_as_its_profile_says_s8_s9)
{
    static const char *const codes[] = {CODE_1, CODE_2, CODE_3};
    const struct gw_wanted by_code = {.endpoint = "hm-ehr", .codes = codes, .code_count = COUNT(codes)};

    for (size_t i = 0; i < COUNT(quirks); i++) {
        struct gw_profile profile = quirks[i].profile;
        struct gw_text lines = GW_TEXT_INIT(16384);

        memcpy(profile.reads, gw_profile_default.reads, sizeof profile.reads);
        print_span(&profile, &by_code, quirks[i].watermark, &lines);
        cr_expect_str_eq(lines.at, quirks[i].expected, "%s:\n%s", quirks[i].name, lines.at);
        gw_text_release(&lines);
    }
}

static const struct {
    const char *name;
    struct gw_profile profile;
    enum gw_resource type;
    enum gw_strategy strategy;
} ladder[] = {
    {"changes", {.last_updated = true}, GW_OBSERVATION, GW_STRATEGY_CHANGES},
    {"changes, by days", {.last_updated = true, .last_updated_by_day = true}, GW_CONDITION, GW_STRATEGY_CHANGES},
    {"no _lastUpdated: dates", {.sorts = true}, GW_OBSERVATION, GW_STRATEGY_DATES},
    {"no _lastUpdated, a type asked without dates", {.sorts = true}, GW_CONDITION, GW_STRATEGY_ALL},
    {"neither", {.undated = {[GW_OBSERVATION] = true}}, GW_OBSERVATION, GW_STRATEGY_ALL},
    {"another type's dates", {.undated = {[GW_ENCOUNTER] = true}}, GW_OBSERVATION, GW_STRATEGY_DATES},
};

Test(plan, names_the_rung_of_the_ladder_s9)
{
    for (size_t i = 0; i < COUNT(ladder); i++)
        cr_expect(gw_plan_strategy(&ladder[i].profile, ladder[i].type) == ladder[i].strategy, "%s", ladder[i].name);
}

/* A record number in a URL would stand in the logs of every proxy on the way. */
static const struct {
    enum gw_post post;
    const char *expected;
} numbers[] = {
    {GW_POST_NEVER, "1 /Patient?identifier=urn%3Amrn%7C0815&_count=100 [Patient?identifier||]\n"},
    {GW_POST_NEEDED, "1 /Patient/_search {identifier=urn%3Amrn%7C0815&_count=100} [Patient?identifier||]\n"},
    {GW_POST_ALWAYS, "1 /Patient/_search {identifier=urn%3Amrn%7C0815&_count=100} [Patient?identifier||]\n"},
};

Test(plan, keeps_record_numbers_out_of_urls_where_post_works)
{
    const struct gw_span span = span_of(NULL, false), found = span_of("p1", false);

    for (size_t i = 0; i < COUNT(numbers); i++) {
        struct gw_profile profile = gw_profile_default;

        profile.post = numbers[i].post;
        cr_expect_str_eq(print_plan(&profile, &wanted, &span, GW_STAGE_ANCHOR), numbers[i].expected, "%zu", i);
        cr_expect(strncmp(print_plan(&profile, &wanted, &found, GW_STAGE_ANCHOR), "1 /Patient/p1 [", 15) == 0,
                  "a read stays a read");
    }
}

static const struct {
    unsigned setting, profile, expected;
} sizes[] = {{0, 0, 100}, {500, 0, 500}, {500, 50, 50}, {20, 50, 20}, {0, 1000, 100}};

Test(plan, takes_the_smaller_page_size_of_setting_and_profile)
{
    const struct gw_span span = span_of("p1", false);

    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct gw_profile profile = gw_profile_default;
        struct gw_wanted sized = wanted;
        char text[32];

        profile.page_size = sizes[i].profile;
        sized.page_size = sizes[i].setting;
        snprintf(text, sizeof(text), "_count=%u ", sizes[i].expected);
        cr_expect(strstr(print_plan(&profile, &sized, &span, GW_STAGE_ANCHOR), text), "%zu", i);
    }
}

Test(plan, writes_searches_as_r5_wants_them)
{
    const struct gw_span span = span_of("p1", true);
    struct gw_profile profile = gw_profile_default;
    struct gw_requests requests;
    struct gw_error err = {0};

    snprintf(profile.fhir_version, sizeof(profile.fhir_version), "5.0.0");
    profile.includes = true;
    cr_assert(gw_plan_requests(&arena, &profile, &wanted, &span, GW_STAGE_ANCHOR, &requests, &err) == GW_OK);
    cr_expect(requests.list[1].search.fhir_version == 5);
    cr_expect(requests.list[1].search.include_medication && requests.list[1].resolve);
}

static const struct {
    const char *name;
    const char *watermark;
    bool honoured;
    const char *since;
} marks[] = {
    {"a new span", NULL, true, NULL},
    {"read, but without a usable stamp", "", true, NULL},
    {"known: ten minutes of overlap", "2024-03-01T00:05:00.250Z", true, "2024-02-29T23:55:00.250Z"},
    {"known: an offset", "2024-01-01T01:00:00+02:00", true, "2023-12-31T22:50:00.000Z"},
    {"before 1970", "1970-01-01T00:00:00Z", true, "1969-12-31T23:50:00.000Z"},
    {"just before 1970", "1970-01-01T00:00:00.250Z", true, "1969-12-31T23:50:00.250Z"},
    {"known, where _lastUpdated is not honoured", "2024-03-01T00:05:00Z", false, NULL},
    {"no instant", "2024-03", true, NULL},
};

Test(plan, s9_asks_for_changes_only_where_a_watermark_is_known_and_the_server_honours_it)
{
    const struct gw_span span = span_of("p1", false);

    for (size_t i = 0; i < COUNT(marks); i++) {
        struct gw_profile profile = gw_profile_default;
        struct gw_requests requests;
        struct gw_request *request;
        struct gw_error err = {0};

        profile.last_updated = marks[i].honoured;
        cr_assert(gw_plan_requests(&arena, &profile, &wanted, &span, GW_STAGE_ANCHOR, &requests, &err) == GW_OK);
        request = &requests.list[1];
        cr_assert(gw_request_since(&arena, &profile, marks[i].watermark, request, &err) == GW_OK);
        cr_expect(request->watermark == marks[i].watermark, "%s", marks[i].name);
        cr_expect(gw_same(request->search.last_updated, marks[i].since), "%s: %s", marks[i].name,
                  request->search.last_updated);
    }
}

Test(plan, reads_a_patient_by_id_whole_each_time)
{
    const struct gw_span span = span_of("p1", false);
    struct gw_profile profile = gw_profile_default;
    struct gw_requests requests;
    struct gw_error err = {0};

    profile.last_updated = true;
    cr_assert(gw_plan_requests(&arena, &profile, &wanted, &span, GW_STAGE_ANCHOR, &requests, &err) == GW_OK);
    cr_assert(gw_request_since(&arena, &profile, "2024-03-01T00:05:00Z", &requests.list[0], &err) == GW_OK);
    cr_expect(requests.list[0].read && !requests.list[0].search.last_updated);
}

Test(plan, says_so_when_memory_ends)
{
    const struct gw_span span = span_of("p1", true);
    struct gw_arena small = GW_ARENA_INIT(512);
    struct gw_requests requests = {.count = 99};
    struct gw_error err = {0};

    cr_expect(gw_plan_requests(&small, &gw_profile_default, &wanted, &span, BOTH, &requests, &err) == GW_ENOMEM);
    cr_expect(requests.count == 99);
    gw_arena_release(&small);
}
