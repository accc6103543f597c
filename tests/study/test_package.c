/*
 * Study packages as they are, and what their loader refuses.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <limits.h>

#include <string.h>

#include "gateway/core/text.h"
#include "gateway/study/package.h"
#include "gateway/study/tables.h"
#include "support/scratch.h"

static struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(package, .fini = release);

static const struct gw_study *load(const char *id)
{
    const struct gw_study *study = NULL;
    struct gw_error err = {.status = GW_OK};
    const char *dir = gw_arena_print(&arena, SOURCE_DIR "/mappings/studies/%s", id);

    cr_assert(eq(int, gw_study_load(&arena, dir, &study, &err), GW_OK), "%s", err.text);
    return study;
}

Test(package, says_what_the_lenalidomide_protocol_says)
{
    const struct gw_study *study = load("lendex-rrmm");
    const struct gw_window_rule *t30, *fu;

    cr_expect(gw_same(study->tables_study, "000;001;003"));
    cr_expect(gw_same(study->grade_scale, "CTCAE 5.0"));
    cr_expect(eq(sz, study->window_count, 5));
    cr_expect(eq(sz, study->group_count, 2));
    cr_expect(eq(int, gw_study_group_bit(study, "G30"), 0));
    cr_expect(eq(int, gw_study_group_bit(study, "G90"), 1));
    cr_expect(eq(int, gw_study_group_bit(study, "ALL"), -1));
    cr_expect(study->continuous == false);
    t30 = &study->windows[1];
    cr_expect(gw_same(t30->id, "T30-%02d"));
    cr_expect(t30->grid && t30->contact && t30->until_eot && t30->until_cap);
    cr_expect(eq(int, t30->first, 1));
    cr_expect(eq(int, t30->count, 36));
    cr_expect(eq(int, t30->every, 30));
    cr_expect(eq(int, t30->low, -5));
    cr_expect(eq(int, t30->high, 5));
    cr_expect(eq(int, t30->groups, 1));
    fu = &study->windows[4];
    cr_expect(fu->from == GW_ANCHOR_EOT && !fu->grid && fu->target == 90 && fu->groups == 3);
    cr_expect(eq(int, study->recruit_low, 0));
    cr_expect(eq(int, study->recruit_high, 14));
    cr_expect(gw_same(study->eot_drug, "lenalidomide"));
    cr_expect(eq(int, study->eot_gap_days, 56));
    cr_expect(eq(int, study->cap_months, 36));
    cr_expect(study->cap_applies_to_follow_up == false);
    for (int rank = 0; rank < GW_RANK_COUNT; rank++)
        cr_expect(study->d1_evidence[rank]);
    cr_expect(study->require_contact && study->labs_at_g30 && study->tie_later);
    cr_expect(study->event_lookback_last_collected && study->minimise_starts && !study->day_basis_study_day);
    cr_expect(study->between_windows == GW_BETWEEN_GRADE && study->evidence_values == GW_VALUES_POINTER);
    cr_expect(eq(sz, study->category_count, 19));
    cr_expect(eq(sz, study->special_interest.count, 6));
    cr_expect(gt(sz, study->derived_count, 0));
}

Test(package, lists_what_the_study_team_has_to_confirm)
{
    const struct gw_study *study = load("lendex-rrmm");
    static const char *const wanted[] = {"dayBasis", "labsAtG30", "anchors.EOT.gap_days", "windows.BASELINE.low"};

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        bool found = false;

        for (size_t j = 0; j < study->unconfirmed_count; j++)
            found = found || gw_same(study->unconfirmed[j], wanted[i]);
        cr_expect(found, "%s", wanted[i]);
    }
}

Test(package, collects_without_gaps_in_the_elranatamab_study)
{
    const struct gw_study *study = load("elranatamab-rrmm");

    cr_expect(study->continuous);
    cr_expect(eq(int, study->windows[0].first, 0));
    cr_expect(eq(int, study->windows[0].count, 52));
    cr_expect(study->eot_drug == NULL);
    cr_expect(eq(int, study->cap_months, 0));
    cr_expect(eq(sz, study->contact_class_count, 7));
}

static void expect_decimal(const char *what, const struct gw_decimal *got, const char *wanted);

Test(package, plans_doses_and_judges_reactions_in_the_elranatamab_study)
{
    const struct gw_study *study = load("elranatamab-rrmm");
    const struct gw_dose_schedule *const schedule = &study->schedule;
    const struct gw_crs_rules *const crs = &study->events.crs;

    cr_assert(schedule->on && crs->on && study->events.icans.on && study->events.seriousness.on && study->response.on);
    cr_assert(eq(sz, schedule->doses.count, 3));
    cr_expect(eq(int, schedule->doses.items[1].elapsed, 3));
    expect_decimal("dose 2", &schedule->doses.items[1].mg, "32");
    cr_assert(eq(sz, schedule->phases.count, 3));
    cr_expect(eq(int, schedule->phases.items[0].last_week, 24));
    cr_expect(schedule->phases.items[1].responders && schedule->phases.items[1].every_days == 14);
    cr_expect(schedule->phases.items[2].responders && schedule->phases.items[2].every_days == 28);
    cr_expect(eq(int, schedule->phases.items[2].first_week, 49));
    cr_assert(eq(sz, schedule->minimum_gaps.count, 3));
    cr_expect(eq(int, schedule->minimum_gaps.items[2], 6));
    cr_expect(gw_same(crs->scale, "ASTCT 2019"));
    expect_decimal("fever", &crs->temperature, "38.0");
    cr_expect(eq(int, crs->doses, 4));
    cr_assert(eq(sz, study->events.icans.steps.count, 3));
    cr_expect(eq(int, study->events.icans.steps.items[2].grade, 3));
    cr_assert(eq(sz, study->events.seriousness.planned_stays.count, 2));
    cr_expect(eq(int, study->events.seriousness.planned_stays.items[0].hours, 48));
    cr_expect(eq(sz, study->special_interest.count, 2));
    cr_expect(gw_same(study->tables_study, "004"));
    cr_expect(study->recruit_low == INT_MIN && study->recruit_high == INT_MAX, "all patients, on whatever day");
    cr_expect(eq(int, gw_study_baseline_days(study), 28));
    cr_expect(eq(int, study->completeness.within_days, 28));
    cr_expect(gw_same(study->condition_tables_study, "004;000;001;003"));
}

Test(package, is_not_continuous_for_having_one_group)
{
    static const char text[] =
        "{\"id\": \"x\", \"version\": \"1\", \"tables_study\": \"000\", \"grade_scale\": \"CTCAE 5.0\",\n"
        " \"unconfirmed\": [], \"anchors\": {\"D1\": {\"drugs\": [\"a\"], \"evidence\": [\"roster\"], \"recruit\": [0, "
        "1]}},\n"
        " \"windows\": [{\"id\": \"T-%02d\", \"from\": \"D1\", \"every\": 7, \"count\": 2, \"low\": 0, \"high\": 5,\n"
        " \"groups\": [\"ALL\"]}], \"ae\": {\"categories\": []}}\n";
    const struct gw_study *study = NULL;
    struct scratch scratch;

    scratch_init(&scratch);
    scratch_write(&scratch, "study.json", text);
    cr_assert(eq(int, gw_study_load(&arena, scratch.folder, &study, NULL), GW_OK));
    cr_expect(study->continuous == false);
    scratch_release(&scratch);
}

static const struct {
    const char *written;
    const char *studies; /* NULL: refused */
} studies[] = {
    {"\"000\"", "000"},
    {"\"000;001;003\"", "000;001;003"},
    {"[\"000\", \"003\"]", "000;003"},
    {"[\"hip-1\"]", "hip-1"},
    {"\"000;\"", NULL},
    {"\";000\"", NULL},
    {"\"000, 003\"", NULL},
    {"[]", NULL},
    {"[\"\"]", NULL},
    {"[3]", NULL},
    {"3", NULL},
    {"null", NULL},
};

Test(package, takes_the_table_rows_of_one_study_or_of_several)
{
    for (size_t i = 0; i < sizeof studies / sizeof studies[0]; i++) {
        const struct gw_study *study = NULL;
        struct gw_error err = {.status = GW_OK};
        struct scratch scratch;
        enum gw_status rc;

        scratch_init(&scratch);
        scratch_write(&scratch, "study.json",
                      gw_arena_print(
                          &arena,
                          "{\"id\": \"x\", \"version\": \"1\", \"tables_study\": %s, \"grade_scale\": \"CTCAE 5.0\",\n"
                          " \"unconfirmed\": [], \"anchors\": {\"D1\": {\"drugs\": [\"a\"], \"evidence\": [\"roster\"],"
                          " \"recruit\": [0, 1]}},\n"
                          " \"windows\": [{\"id\": \"T\", \"from\": \"D1\", \"low\": 0, \"high\": 5,\n"
                          " \"groups\": [\"G30\"]}], \"ae\": {\"categories\": []}}\n",
                          studies[i].written));
        rc = gw_study_load(&arena, scratch.folder, &study, &err);
        cr_expect(eq(int, rc, studies[i].studies ? GW_OK : GW_ECONFIG), "%s: %s", studies[i].written, err.text);
        cr_expect(gw_same(study ? study->tables_study : NULL, studies[i].studies), "%s", studies[i].written);
        scratch_release(&scratch);
    }
}

Test(package, says_so_when_memory_ends)
{
    bool loaded = false;

    for (size_t limit = 0; !loaded && limit < 1000000; limit += 500 + limit / 8) {
        struct gw_arena small = GW_ARENA_INIT(limit);
        const struct gw_study *study = NULL;
        struct gw_error err = {.status = GW_OK};
        const enum gw_status rc = gw_study_load(&small, SOURCE_DIR "/mappings/studies/lendex-rrmm", &study, &err);

        loaded = rc == GW_OK;
        cr_expect(loaded || rc == GW_ENOMEM, "with %zu bytes: %s", limit, err.text);
        cr_expect(eq(int, study != NULL, loaded));
        gw_arena_release(&small);
    }
    cr_expect(loaded);
}

Test(package, changes_its_number_with_its_text)
{
    const struct gw_study *a = load("lendex-rrmm"), *again = load("lendex-rrmm"), *b = load("elranatamab-rrmm");

    cr_expect(eq(int, memcmp(a->sha256, again->sha256, sizeof a->sha256), 0));
    cr_expect(ne(int, memcmp(a->sha256, b->sha256, sizeof a->sha256), 0));
}

static const struct {
    const char *what;
    const char *data_group;
    enum gw_lab_group group;
    int with_labs_at_g30; /* bits of G30 (1) and G90 (2) */
    int without;
    int continuous;
} groups[] = {
    {"both grids", "G30+G90", GW_LAB_G30_G90, 3, 2, 1},
    {"the long grid", "G90", GW_LAB_G90, 2, 2, 1},
    {"the baseline", "baseline", GW_LAB_BASELINE, 3, 3, 1},
    {"evidence of events", "AE-evidence", GW_LAB_EVIDENCE, 0, 0, 1},
    {"optional", "optional", GW_LAB_OPTIONAL, 0, 0, 0},
    {"a group the study does not have", "G60", GW_LAB_G90, 0, 0, 1},
};

/* A list of concepts stands in place of what the table says, for rows that are off or of another study's group too. */
Test(package, takes_the_concepts_it_lists_and_no_other)
{
    const struct gw_study *study = load("example-hip");
    const struct gw_lab listed = {.concept = "INR", .data_group = "G90", .group = GW_LAB_G90};
    const struct gw_lab off = {.concept = "INR", .data_group = "optional", .group = GW_LAB_OPTIONAL};
    const struct gw_lab other = {.concept = "CREAT", .data_group = "G30+G90", .group = GW_LAB_G30_G90};
    const struct gw_lab baseline = {.concept = "B2M", .data_group = "baseline", .group = GW_LAB_BASELINE};

    cr_expect(eq(int, gw_study_lab_groups(study, &listed), 1));
    cr_expect(eq(int, gw_study_lab_groups(study, &off), 1));
    cr_expect(eq(int, gw_study_lab_groups(study, &other), 0));
    cr_expect(eq(int, gw_study_lab_groups(study, &baseline), 0));
}

Test(package, places_laboratory_rows_in_its_groups)
{
    struct gw_study study = *load("lendex-rrmm");
    const struct gw_study *continuous = load("elranatamab-rrmm");

    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        const struct gw_lab lab = {.data_group = groups[i].data_group, .group = groups[i].group};

        study.labs_at_g30 = true;
        cr_expect(eq(int, gw_study_lab_groups(&study, &lab), groups[i].with_labs_at_g30), "%s", groups[i].what);
        study.labs_at_g30 = false;
        cr_expect(eq(int, gw_study_lab_groups(&study, &lab), groups[i].without), "%s", groups[i].what);
        cr_expect(eq(int, gw_study_lab_groups(continuous, &lab), groups[i].continuous), "%s", groups[i].what);
    }
}

/* ---- doses and criteria ---- */

static void expect_decimal(const char *what, const struct gw_decimal *got, const char *wanted)
{
    struct gw_decimal decimal;

    cr_assert(eq(int, gw_decimal_parse(&arena, wanted, strlen(wanted), &decimal, NULL), GW_OK));
    cr_expect(got && gw_decimal_compare(got, &decimal) == 0, "%s: %s, not %s", what,
              got ? gw_decimal_print(&arena, got) : "none", wanted);
}

Test(package, plans_doses_and_cycles_as_the_lenalidomide_papers_do)
{
    const struct gw_study *study = load("lendex-rrmm");
    const struct gw_exposure_rules *const exposure = &study->exposure;

    cr_assert(exposure->on && study->dexamethasone.on && study->start_dose.on);
    cr_expect(study->schedule.on == false);
    cr_expect(gw_same(exposure->drug, "lenalidomide"));
    cr_expect(eq(int, exposure->drug_gap_days, 1));
    cr_expect(eq(int, exposure->restart_gap_days, 5));
    cr_expect(eq(int, exposure->delay_days, 7));
    cr_expect(eq(int, exposure->interruption_days, 3));
    cr_expect(eq(int, exposure->alternate_day_tolerance_days, 2));
    cr_expect(eq(int, exposure->cycle_days, 28));
    cr_expect(eq(int, exposure->treatment_days, 21));
    cr_assert(eq(sz, exposure->ladder.count, 4));
    expect_decimal("level 1", &exposure->ladder.items[0], "25");
    expect_decimal("level 4", &exposure->ladder.items[3], "5");
    expect_decimal("a cycle", &exposure->planned_mg_per_cycle, "525");
    cr_expect(exposure->plan == GW_PLAN_STANDARD);
    cr_assert(eq(sz, study->dexamethasone.classes.count, 5));
    cr_expect(gw_same(study->dexamethasone.classes.items[0].class_name, "HIGH"));
    expect_decimal("HIGH", &study->dexamethasone.classes.items[0].mg, "480");
}

/* Figure 1: doses on days 1 to 21 of a cycle, every other day on 11 of them. */
static const struct {
    const char *low;
    const char *high;
    bool dialysis;
    bool cytopenic;
    const char *dose;
    enum gw_frequency frequency;
    const char *cycle;
} figure[] = {
    {"50", NULL, false, false, "25", GW_DAILY, "525"},
    {"30", "50", false, false, "10", GW_DAILY, "210"},
    {NULL, "30", false, false, "15", GW_EVERY_OTHER_DAY, "165"},
    {NULL, "30", true, false, "5", GW_DAILY, "105"},
    {"50", NULL, false, true, "15", GW_DAILY, "315"},
    {"30", "50", false, true, "15", GW_EVERY_OTHER_DAY, "165"},
    {NULL, "30", false, true, "5", GW_DAILY, "105"},
    {NULL, "30", true, true, "5", GW_EVERY_OTHER_DAY, "55"},
};

Test(package, has_the_start_doses_of_figure_1)
{
    const struct gw_start_dose_rules *const rules = &load("lendex-rrmm")->start_dose;

    expect_decimal("neutrophils", &rules->anc, "1.0");
    expect_decimal("platelets", &rules->platelets, "50");
    cr_expect(rules->equal_is_cytopenic == false);
    cr_assert(eq(sz, rules->rows.count, sizeof figure / sizeof figure[0]));
    for (size_t i = 0; i < rules->rows.count; i++) {
        const struct gw_start_dose *const row = &rules->rows.items[i];

        cr_expect(eq(int, row->crcl_low != NULL, figure[i].low != NULL), "row %zu", i);
        cr_expect(eq(int, row->crcl_high != NULL, figure[i].high != NULL), "row %zu", i);
        if (figure[i].low)
            expect_decimal("from", row->crcl_low, figure[i].low);
        if (figure[i].high)
            expect_decimal("below", row->crcl_high, figure[i].high);
        cr_expect(row->dialysis == figure[i].dialysis && row->cytopenic == figure[i].cytopenic, "row %zu", i);
        expect_decimal("dose", &row->dose, figure[i].dose);
        cr_expect(row->frequency == figure[i].frequency, "row %zu", i);
        expect_decimal("a cycle", &row->mg_per_cycle, figure[i].cycle);
    }
}

static int points(const struct gw_score *score, const char *part, int value)
{
    int found = 0;

    for (size_t i = 0; i < score->steps.count; i++) {
        const struct gw_score_step *const step = &score->steps.items[i];

        if (gw_same(step->part, part) && value >= step->from && value <= step->to)
            found += step->score;
    }
    return found;
}

static const struct {
    const char *part;
    int value;
    int imwg;
    int simplified;
} scores[] = {
    {"AGE", 75, 0, 0},     {"AGE", 76, 1, 1}, {"AGE", 80, 1, 1}, {"AGE", 81, 2, 2}, {"CHARLSON", 1, 0, 0},
    {"CHARLSON", 2, 1, 1}, {"ADL", 5, 0, 0},  {"ADL", 4, 1, 0},  {"IADL", 6, 0, 0}, {"IADL", 5, 1, 0},
    {"ECOG", 0, 0, 0},     {"ECOG", 1, 0, 1}, {"ECOG", 2, 0, 2}, {"ECOG", 4, 0, 2},
};

Test(package, scores_frailty_as_both_publications_do)
{
    const struct gw_frailty_rules *const frailty = &load("lendex-rrmm")->frailty;

    for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++) {
        cr_expect(eq(int, points(&frailty->imwg, scores[i].part, scores[i].value), scores[i].imwg), "%s %d",
                  scores[i].part, scores[i].value);
        cr_expect(eq(int, points(&frailty->simplified, scores[i].part, scores[i].value), scores[i].simplified), "%s %d",
                  scores[i].part, scores[i].value);
    }
}

Test(package, holds_the_bounds_that_events_and_parameters_go_by)
{
    const struct gw_study *study = load("lendex-rrmm");

    cr_assert(study->renal.on && study->charlson.on && study->vte.on && study->antibiotic_prophylaxis.on);
    cr_assert(study->cytopenia.on && study->response.on && study->spm.on && study->questionnaires.on);
    cr_assert(study->events.febrile.on && study->events.seriousness.on && study->events.infection.on);
    cr_expect(study->events.crs.on == false && study->events.icans.on == false);
    expect_decimal("renal failure", &study->renal.failure_umol, "177");
    cr_expect(study->renal.analysis_cut_inclusive && study->renal.formula == GW_CLEARANCE_CG);
    cr_expect(gw_same(study->charlson.exclude.items[0], "C90"));
    cr_expect(eq(int, study->vte.recent_days, 183));
    cr_expect(eq(int, study->antibiotic_prophylaxis.cycles, 3));
    expect_decimal("a cycle waits", &study->cytopenia.anc_start, "1.0");
    cr_assert(eq(sz, study->monitoring.count, 4));
    cr_expect(gw_same(study->monitoring.items[0].concepts.items[1], "PLT"));
    expect_decimal("measurable", &study->response.measurable_serum, "10");
    expect_decimal("one temperature", &study->events.febrile.single, "38.3");
    cr_expect(eq(int, study->events.febrile.anc_candidate_hours, 72));
    cr_expect(eq(int, study->events.action_days, 14));
    cr_expect(eq(sz, study->special_interest.count, 6));
    cr_expect(eq(int, study->events.infection.intensive_grade, 4));
}
