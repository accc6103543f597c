/*
 * The made-up cohort, every datum of it: what the files say was planted against what `map` makes of them.
 *
 * The generator chose what is true first and wrote resources that have it; it holds no rule of the engine. After the
 * first delivery and after both, for each hospital: the state and reason of every part, its windows, concept, value,
 * grade and flags, its exceptions; every window; every event, what it rests on and how its grades went, and every
 * question whether there is one; the days and doses of every drug, and the cycles they make; every derived parameter.
 * Rows are looked for both ways: what was planted is there, and nothing else is. How many of each kind were compared is
 * printed, and none may be missing.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/service/map.h"
#include "gateway/study/package.h"
#include "support/scratch.h"
#include "support/truth.h"

#define COHORT SOURCE_DIR "/fixtures/cohort-small/"

/* ---- rows of the other tables ---- */

/* The baseline needs no contact: which one it may have is not planted. */
static const struct truth_kind kinds[] = {
    {.name = "windows", .output = "study/windows.csv", .keys = {"window_id"}, .lenient = "contact_date"},
    {.name = "episodes",
     .output = "study/ae_episodes.csv",
     .keys = {"category", "subcategory", "onset"},
     .cell = truth_event_cell},
    {.name = "evidence",
     .output = "study/ae_evidence.csv",
     .keys = {"category", "subcategory", "onset", "source", "role"},
     .cell = truth_event_cell},
    {.name = "grades",
     .output = "study/ae_grades.csv",
     .keys = {"category", "subcategory", "onset", "date"},
     .cell = truth_event_cell},
    {.name = "cycles", .output = "study/cycles.csv", .keys = {"cycle_no"}},
    {.name = "exposures", .output = "study/exposures.csv", .keys = {"drug", "start", "dose"}},
    {.name = "conmeds", .output = "study/conmeds.csv", .keys = {"substance", "start", "dose"}},
    {.name = "parameters", .output = "study/derived.csv", .keys = {"row_id"}, .count_by = "param"},
};

/* ---- questions: whether there is an event, how serious it is, what the last assessment alone shows ---- */

static const char *const questions[] = {"AE_CANDIDATE", "AE_SERIOUS_EVIDENCE", "RESPONSE_UNCONFIRMED",
                                        "CR_NOT_ASSESSABLE"};

static bool is_question(const char *code)
{
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (strcmp(questions[i], code) == 0)
            return true;
    return false;
}

static const char *asked(const cJSON *context, const char *name)
{
    const char *text = gw_json_string(context, name);

    text = text ? text : gw_json_number(context, name);
    return text ? text : "";
}

/* What a question that is no proposal is about ends its fingerprint; its day stands for the onset. */
static const char *asked_key(const struct truth_table *t, const char **f)
{
    const char *code = truth_field(t, f, "code"), *context = truth_field(t, f, "context");
    const bool candidate = strcmp(code, "AE_CANDIDATE") == 0;
    const cJSON *json;
    struct gw_error err;

    if (!is_question(code))
        return NULL;
    cr_assert(gw_json_parse(&truth_arena, context, strlen(context), NULL, &json, NULL, &err) == GW_OK, "%s", err.text);
    if (!candidate)
        return gw_arena_print(&truth_arena, "%s|%s|%s||%s||", truth_field(t, f, "subject_key"), code,
                              strrchr(truth_field(t, f, "fingerprint"), '|') + 1, asked(json, "day"));
    return gw_arena_print(&truth_arena, "%s|%s|%s|%s|%s|%s|%s", truth_field(t, f, "subject_key"), code,
                          asked(json, "category"), asked(json, "subcategory"), asked(json, "onset"), asked(json, "end"),
                          asked(json, "grade"));
}

static const char *planted_question(const struct truth_table *t, const char **f)
{
    static const char *const columns[] = {"code", "category", "subcategory", "onset", "end", "grade"};
    const char *key = truth_field(t, f, "subject");

    if (strncasecmp(key, truth_site, 2) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        key = gw_arena_print(&truth_arena, "%s|%s", key, truth_field(t, f, columns[i]));
    return key;
}

static void check_questions(const struct truth_run *run, size_t deliveries)
{
    const char *path = gw_arena_print(&truth_arena, COHORT "expected-proposals-%zu.csv", deliveries);
    const struct truth_table expected = truth_load(path, planted_question);
    const struct truth_table got =
        truth_load(gw_arena_print(&truth_arena, "%s/hospital/exceptions.csv", run->out), asked_key);

    for (size_t i = 0; i < got.count; i++)
        cr_expect(truth_find(&expected, got.rows[i].key) != NULL, "%s was not planted", got.rows[i].key);
    for (size_t i = 0; i < expected.count; i++) {
        cr_expect(truth_find(&got, expected.rows[i].key) != NULL, "%s is missing", expected.rows[i].key);
        truth_count(truth_field(&expected, expected.rows[i].fields, "code"));
    }
}

/* ---- running ---- */

static struct truth_run run_map(const char *out, size_t deliveries)
{
    const char *const inputs[] = {gw_arena_print(&truth_arena, COHORT "%s/delivery-1", truth_site),
                                  gw_arena_print(&truth_arena, COHORT "%s/delivery-2", truth_site)};
    const struct gw_map_options options = {
        .study = SOURCE_DIR "/mappings/studies/lendex-rrmm",
        .site = gw_arena_print(&truth_arena, SOURCE_DIR "/mappings/sites/%s.json", truth_site),
        .enrolment = COHORT "roster.csv",
        .out = out,
        .as_of = gw_day_of(2026, 6, 30),
        .inputs = inputs,
        .input_count = deliveries,
    };
    struct gw_map_result result;
    struct gw_error err = {0};

    cr_assert(gw_map_run(&options, &result, &err) == GW_OK, "%s", err.text);
    cr_expect(eq(i64, result.equation.in, result.equation.sum));
    cr_expect(eq(i64, result.equation.waiting, 0));
    return truth_read(out, "lendex-rrmm");
}

static void check_site(const char *site, size_t deliveries)
{
    struct scratch scratch;
    struct truth_run run;

    truth_site = site;
    scratch_init(&scratch);
    run = run_map(gw_arena_print(&truth_arena, "%s/out", scratch.folder), deliveries);
    truth_check_parts(&run, gw_arena_print(&truth_arena, COHORT "expected-%zu.csv", deliveries));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        truth_check_kind(&run, &kinds[i], COHORT, deliveries);
    check_questions(&run, deliveries);
    scratch_release(&scratch);
}

/* No kind of row, and no parameter that the study wants, went without a comparison. */
static void check_tallies(void)
{
    const struct gw_study *study;
    struct gw_error err = {0};

    cr_assert(gw_study_load(&truth_arena, SOURCE_DIR "/mappings/studies/lendex-rrmm", &study, &err) == GW_OK, "%s",
              err.text);
    truth_print_counts();
    for (size_t i = 0; i + 1 < sizeof kinds / sizeof *kinds; i++)
        cr_expect(gt(sz, truth_counted(kinds[i].name), 0), "%s", kinds[i].name);
    for (size_t i = 0; i < study->derived_count; i++)
        cr_expect(gt(sz, truth_counted(study->derived[i]), 0), "%s", study->derived[i]);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        cr_expect(gt(sz, truth_counted(questions[i]), 0), "%s", questions[i]);
}

static void check_all(size_t deliveries)
{
    static const char *const sites[] = {"madrid", "busan", "essen", "boston"};

    for (size_t i = 0; i < 4; i++)
        check_site(sites[i], deliveries);
    cr_expect(gt(sz, truth_compared, 1000), "%zu comparisons", truth_compared);
    check_tallies();
    gw_arena_release(&truth_arena);
}

Test(cohort, is_placed_graded_and_settled_as_planted_after_the_first_delivery)
{
    check_all(1);
}

Test(cohort, is_corrected_and_withdrawn_as_planted_after_the_second)
{
    check_all(2);
}
