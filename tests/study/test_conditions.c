/*
 * Which diagnosis is which event: longest match, German codes, ranges, studies.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "gateway/core/text.h"

#include "gateway/study/tables.h"

#define CM  GW_SYSTEM_ICD10_CM
#define GM  GW_SYSTEM_ICD10_GM
#define WHO GW_SYSTEM_ICD10
#define SCT GW_SYSTEM_SNOMED

static struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(conditions, .fini = release);

static const struct gw_tables *load(const char *study)
{
    const struct gw_tables *tables = NULL;
    struct gw_error err = {.status = GW_OK};

    cr_assert(eq(int, gw_tables_load(&arena, SOURCE_DIR "/mappings/common", study, "CTCAE 5.0", &tables, &err), GW_OK),
              "%s", err.text);
    return tables;
}

static const struct {
    const char *what;
    const char *study;
    const char *system;
    const char *code;
    const char *category; /* NULL: in no row of this study */
    const char *subcategory;
    enum gw_evidence_class evidence;
} cases[] = {
    {"a prefix", "000", CM, "D70.1", "NEUTROPENIA", NULL, GW_EVIDENCE_CERTAIN},
    {"a prefix, written without its dot", "000", CM, "D701", "NEUTROPENIA", NULL, GW_EVIDENCE_CERTAIN},
    {"a prefix, in small letters", "000", CM, "d70.1", "NEUTROPENIA", NULL, GW_EVIDENCE_CERTAIN},
    {"the longest match: COVID-19, not pneumonia", "000", CM, "J12.82", "INFECTION", "COVID19", GW_EVIDENCE_CERTAIN},
    {"its neighbour is pneumonia", "000", CM, "J12.1", "INFECTION", "PNEUMONIA", GW_EVIDENCE_CERTAIN},
    {"cerebral venous thrombosis, not a stroke", "000", CM, "I63.6", "THROMBOEMBOLISM", "VTE_OTHER",
     GW_EVIDENCE_CERTAIN},
    {"a row of the first of several studies", "000;003", CM, "D70.1", "NEUTROPENIA", NULL, GW_EVIDENCE_CERTAIN},
    {"a row of the last of several studies", "000;003", CM, "R53.83", "FATIGUE", NULL, GW_EVIDENCE_CERTAIN},
    {"an exact code", "000", CM, "I26.99", "THROMBOEMBOLISM", "VTE_PE", GW_EVIDENCE_CERTAIN},
    {"an exact code before any prefix", "000", CM, "I21.A1", "THROMBOEMBOLISM", "ARTERIAL", GW_EVIDENCE_EXCEPTION},
    {"an exact code does not match what is longer", "000", CM, "I26.991", NULL, NULL, 0},
    {"the German modification first", "000", GM, "D70.10", "NEUTROPENIA", NULL, GW_EVIDENCE_CERTAIN},
    {"a German code with its mark", "000", GM, "D70.10!", "NEUTROPENIA", NULL, GW_EVIDENCE_CERTAIN},
    {"a German code found among WHO's", "000", GM, "I80.1", "THROMBOEMBOLISM", "VTE_DVT", GW_EVIDENCE_CERTAIN},
    {"a WHO code", "000", WHO, "I80.1", "THROMBOEMBOLISM", "VTE_DVT", GW_EVIDENCE_CERTAIN},
    {"index disease is never an event", "000", GM, "C90.00", "INDEX_DISEASE", NULL, GW_EVIDENCE_INDEX},
    {"the precursor of the index disease is no second malignancy", "003", CM, "D47.2", "INDEX_DISEASE",
     "monoclonal gammopathy", GW_EVIDENCE_INDEX},
    {"a range, first code", "003", CM, "C15.9", "SPM", "solid", GW_EVIDENCE_SUPPORTING},
    {"a range, last code", "003", CM, "C26.9", "SPM", "solid", GW_EVIDENCE_SUPPORTING},
    {"beyond a range", "003", CM, "C27", NULL, NULL, 0},
    {"a row of another study", "000", CM, "C15.9", NULL, NULL, 0},
    {"risk rows stand aside", "003", CM, "Z99.3", NULL, NULL, 0},
    {"the same code in another system", "000", SCT, "D70.1", NULL, NULL, 0},
    {"no system", "000", NULL, "D70.1", NULL, NULL, 0},
    {"no code", "000", CM, NULL, NULL, NULL, 0},
    {"an empty code", "000", CM, "", NULL, NULL, 0},
    {"a code of dots", "000", CM, "...", NULL, NULL, 0},
    {"less than a prefix", "000", CM, "D7", NULL, NULL, 0},
    {"far too long a code", "000", CM, "D70.1111111111111111111111111111111111111", NULL, NULL, 0},
};

Test(conditions, find_the_event_a_diagnosis_means)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gw_tables *tables = load(cases[i].study);
        const struct gw_coding coding = {cases[i].system, cases[i].code, NULL};
        const struct gw_condition_row *row = gw_tables_condition(tables, &coding);

        cr_expect(gw_same(row ? row->category : NULL, cases[i].category), "%s: %s", cases[i].what,
                  row ? row->category : "none");
        if (!row || !cases[i].category)
            continue;
        cr_expect(gw_same(row->subcategory, cases[i].subcategory), "%s: %s", cases[i].what, row->subcategory);
        cr_expect(row->evidence == cases[i].evidence, "%s", cases[i].what);
        cr_expect(row->in_study, "%s", cases[i].what);
        gw_arena_clear(&arena);
    }
}

Test(conditions, say_that_a_row_is_not_verified)
{
    const struct gw_tables *tables = load("000");
    const struct gw_coding coding = {SCT, "409089005", NULL};
    const struct gw_condition_row *row = gw_tables_condition(tables, &coding);

    cr_assert(row != NULL);
    cr_expect(row->verified == false);
    cr_expect(gw_same(row->category, "FEBRILE_NEUTROPENIA"));
}

Test(conditions, know_a_diagnosis_that_another_study_lists)
{
    const struct gw_tables *tables = load("000");
    const struct gw_coding elsewhere = {CM, "C15.9", NULL}, here = {CM, "D70.1", NULL}, nowhere = {CM, "T14.90", NULL};
    const struct gw_condition_row *row = gw_tables_condition_elsewhere(tables, &elsewhere);

    cr_assert(row != NULL);
    cr_expect(gw_same(row->category, "SPM"));
    cr_expect(row->in_study == false);
    cr_expect(gw_tables_condition_elsewhere(tables, &here) == NULL);
    cr_expect(gw_tables_condition_elsewhere(tables, &nowhere) == NULL);
}

Test(conditions, look_risks_up_beside_the_other_rows)
{
    const struct gw_tables *tables = load("003"), *other = load("000");
    const struct gw_coding both = {CM, "J44.9", NULL}, event = {CM, "D70.1", NULL};
    const struct gw_condition_row *row = gw_tables_condition_risk(tables, &both);

    cr_assert(row != NULL);
    cr_expect(gw_same(row->category, "VTE_RISK"));
    cr_expect(gw_same(row->subcategory, "PULMONARY"));
    cr_expect(gw_tables_condition_risk(tables, &event) == NULL);
    cr_expect(gw_tables_condition_risk(other, &both) == NULL);
}
