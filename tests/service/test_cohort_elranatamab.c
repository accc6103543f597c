/*
 * The made-up cohort of the elranatamab study, every datum of it: what the files say was planted against what `map`
 * makes of them, after the first delivery, when nobody had decided anything, and after the second and what people
 * decided.
 *
 * The generator chose doses, courses of CRS and ICANS, other events and what people said of them, and wrote resources
 * that have them (scripts/cohort.d/README.md). Rows are looked for both ways: what was planted is there, and nothing
 * else is; of the open questions too, with all that was planted of their context. How many of each kind were compared
 * is printed, and none may be missing.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/service/map.h"
#include "support/scratch.h"
#include "support/truth.h"

#define COHORT SOURCE_DIR "/fixtures/cohort-elranatamab/"

/* ---- questions ---- */

static bool is_open(const struct truth_table *t, const char **f)
{
    return strcmp(truth_field(t, f, "state"), "open") == 0;
}

static const cJSON *context_of(const char *text)
{
    const cJSON *json = NULL;
    struct gw_error err;

    cr_assert(gw_json_parse(&truth_arena, text, strlen(text), NULL, &json, NULL, &err) == GW_OK, "%s", err.text);
    return json;
}

/* Texts, numbers by their digits, truth values, lists of them. */
static bool is_same(const cJSON *a, const cJSON *b)
{
    const int count = cJSON_GetArraySize(a);

    if (!a || (a->type & 0xFF) != (b->type & 0xFF) || count != cJSON_GetArraySize(b))
        return false;
    for (int i = 0; i < count; i++)
        if (!is_same(cJSON_GetArrayItem(a, i), cJSON_GetArrayItem(b, i)))
            return false;
    return (!cJSON_IsString(a) && !cJSON_IsNumber(a)) || strcmp(a->valuestring, b->valuestring) == 0;
}

/* Of a question's context what was planted counts: the planted text if all of it is there, else what is there. */
static const char *question_cell(const struct truth_run *run, const struct truth_table *output, const char **fields,
                                 const char *column, const char *wanted)
{
    const char *got = truth_field(output, fields, column);
    const cJSON *context;

    (void)run;
    if (!wanted || strcmp(column, "context") != 0 || *wanted == '\0')
        return wanted && strcmp(column, "context") == 0 ? "" : got;
    context = context_of(got);
    GW_JSON_EACH (member, context_of(wanted)) {
        if (!is_same(gw_json_get(context, member->string), member))
            return got;
    }
    return wanted;
}

/* ---- evidence ---- */

static struct truth_run run; /* of the hospital in question */

/* What a syndrome rests on is its chart, which has more signs than were planted one by one. */
static bool is_of_other_event(const struct truth_table *t, const char **f)
{
    const char *category = truth_event_cell(&run, t, f, "category", NULL);

    return strcmp(category, "CRS") != 0 && strcmp(category, "ICANS") != 0;
}

/* ---- kinds of rows ---- */

static const struct truth_kind kinds[] = {
    {.name = "subjects", .output = "study/subjects.csv"},
    {.name = "windows", .output = "study/windows.csv", .keys = {"window_id"}},
    {.name = "exposures", .output = "study/exposures.csv", .keys = {"drug", "start", "dose"}},
    {.name = "conmeds", .output = "study/conmeds.csv", .keys = {"substance", "start", "dose"}},
    {.name = "ae_episodes",
     .output = "study/ae_episodes.csv",
     .keys = {"category", "subcategory", "onset"},
     .cell = truth_event_cell,
     .count_by = "category"},
    {.name = "ae_grades",
     .output = "study/ae_grades.csv",
     .keys = {"category", "onset", "date"},
     .cell = truth_event_cell},
    {.name = "ae_evidence",
     .output = "study/ae_evidence.csv",
     .keys = {"category", "subcategory", "onset", "source", "role"},
     .takes = is_of_other_event,
     .cell = truth_event_cell},
    {.name = "derived", .output = "study/derived.csv", .keys = {"row_id"}, .count_by = "param"},
    {.name = "items",
     .output = "hospital/exceptions.csv",
     .keys = {"code", "resource_id", "part"},
     .takes = is_open,
     .cell = question_cell,
     .count_by = "code"},
};

/* What was planted of this study: each must have been compared. */
static const char *const always[] = {
    "subjects",
    "windows",
    "exposures",
    "conmeds",
    "ae_grades",
    "ae_evidence",
    "BOR",
    "ORR",
    "TTR",
    "TTP",
    "PFS",
    "DOR",
    "OS",
    "RDISTD",
    "COMPLETE",
    "RESPONSE_UNCONFIRMED",
    "CR_NOT_ASSESSABLE",
    "NEUTROPENIA",
    "INFECTION",
    "FEBRILE_NEUTROPENIA",
    "HEPATOTOXICITY",
    "GASTROINTESTINAL",
    "CRS_REVIEW",
    "ICANS_REVIEW",
    "AE_CANDIDATE",
    "AE_RELATEDNESS",
    "AE_GRADE_HUMAN",
    "DOSE_OFF_LADDER",
    "THROMBOCYTOPENIA",
    "UNIT_MISSING",
    "CODE_UNKNOWN",
    "VALUE_IMPLAUSIBLE",
};
static const char *const undecided[] = {"O2_DEVICE_UNKNOWN", NULL};
static const char *const decided[] = {"CRS", "ICANS", "OTHER", "SPM", "AE_SERIOUS_EVIDENCE", NULL};

static void check_counts(const char *const *more)
{
    truth_print_counts();
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        cr_expect(gt(sz, truth_counted(always[i]), 0), "%s", always[i]);
    for (; *more; more++)
        cr_expect(gt(sz, truth_counted(*more), 0), "%s", *more);
    cr_expect(gt(sz, truth_compared, 5000), "%zu comparisons", truth_compared);
}

/* ---- running ---- */

static void run_map(const char *out, size_t number)
{
    const char *const inputs[] = {gw_arena_print(&truth_arena, COHORT "%s/delivery-1", truth_site),
                                  gw_arena_print(&truth_arena, COHORT "%s/delivery-2", truth_site)};
    const struct gw_map_options options = {
        .study = SOURCE_DIR "/mappings/studies/elranatamab-rrmm",
        .site = gw_arena_print(&truth_arena, SOURCE_DIR "/mappings/sites/%s.json", truth_site),
        .enrolment = COHORT "roster.csv",
        .out = out,
        .decisions = number == 2 ? gw_arena_print(&truth_arena, COHORT "%s/decisions.jsonl", truth_site) : NULL,
        .as_of = gw_day_of(2026, 6, 30),
        .inputs = inputs,
        .input_count = number,
    };
    struct gw_map_result result;
    struct gw_error err = {0};

    cr_assert(gw_map_run(&options, &result, &err) == GW_OK, "%s", err.text);
    cr_expect(eq(i64, result.equation.in, result.equation.sum));
    cr_expect(eq(i64, result.equation.waiting, 0));
}

static void check_site(const char *site, size_t number)
{
    struct scratch scratch;
    const char *out;

    truth_site = site;
    scratch_init(&scratch);
    out = gw_arena_print(&truth_arena, "%s/out", scratch.folder);
    run_map(out, number);
    run = truth_read(out, "elranatamab-rrmm");
    truth_check_parts(&run, gw_arena_print(&truth_arena, COHORT "expected-%zu.csv", number));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        truth_check_kind(&run, &kinds[i], COHORT, number);
    scratch_release(&scratch);
}

static void check_all(size_t number, const char *const *more)
{
    static const char *const sites[] = {"madrid", "busan", "essen", "boston"};

    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
        check_site(sites[i], number);
    check_counts(more);
    gw_arena_release(&truth_arena);
}

Test(cohort_elranatamab, is_read_and_asked_about_as_planted_after_the_first_delivery)
{
    check_all(1, undecided);
}

Test(cohort_elranatamab, has_the_events_that_people_confirmed_after_the_second)
{
    check_all(2, decided);
}
