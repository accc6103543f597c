/*
 * Memory that ends within the reading of a table: each of mappings/common by itself, cut down to its first rows.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "gateway/core/findings.h"
#include "gateway/core/text.h"
#include "study/rules_parts.h"
#include "study/tables_parts.h"
#include "support/refusal.h"
#include "support/scratch.h"

#define COMMON SOURCE_DIR "/mappings/common/"
#define ROWS   12
#define STEP   24

static struct scratch scratch;
static struct gw_arena kept = GW_ARENA_INIT((size_t)16 << 20);

static void start(void)
{
    scratch_init(&scratch);
}

static void stop(void)
{
    scratch_release(&scratch);
    gw_arena_release(&kept);
}

TestSuite(memory_tables, .init = start, .fini = stop, .timeout = 120);

static void add_table(const char *name)
{
    struct gw_text text = GW_TEXT_INIT((size_t)4 << 20);
    char *end;

    cr_assert(gw_text_read_file(&text, gw_arena_print(&kept, COMMON "%s", name), NULL) == GW_OK, "%s", name);
    end = text.at;
    for (int line = 0; end && line <= ROWS; line++)
        end = strchr(end + 1, '\n');
    if (end)
        end[1] = '\0';
    scratch_write(&scratch, name, text.at);
    gw_text_release(&text);
}

typedef void read_rules(struct gw_arena *arena, const char *dir, struct gw_rules *out, struct gw_findings *findings);
typedef void read_tables(struct gw_arena *arena, struct gw_tables *out, struct gw_findings *findings);

static void read_labs(struct gw_arena *arena, struct gw_tables *out, struct gw_findings *findings)
{
    labs_read(arena, scratch.folder, &out->labs, findings);
}

static void read_grades(struct gw_arena *arena, struct gw_tables *out, struct gw_findings *findings)
{
    grades_read(arena, scratch.folder, "CTCAE 5.0", &out->grades, findings);
}

static void read_conditions(struct gw_arena *arena, struct gw_tables *out, struct gw_findings *findings)
{
    conditions_read(arena, scratch.folder, "000", &out->conditions, findings);
}

static void read_drugs(struct gw_arena *arena, struct gw_tables *out, struct gw_findings *findings)
{
    drugs_read(arena, scratch.folder, "000", &out->drugs, findings);
}

static void read_comorbidities(struct gw_arena *arena, struct gw_tables *out, struct gw_findings *findings)
{
    comorbidities_read(arena, scratch.folder, &out->comorbidities, findings);
}

static void read_procedures(struct gw_arena *arena, struct gw_tables *out, struct gw_findings *findings)
{
    procedures_read(arena, scratch.folder, &out->procedures, findings);
}

static void read_dosing(struct gw_arena *arena, struct gw_tables *out, struct gw_findings *findings)
{
    dosing_read(arena, scratch.folder, &out->dosing, findings);
}

static const struct {
    const char *files[4];
    read_rules *rules;
    read_tables *tables;
} readers[] = {
    {{"compositions.csv"}, compositions_read, NULL},
    {{"ae-evidence.csv"}, evidence_read, NULL},
    {{"instruments.csv"}, scales_read, NULL},
    {{"coded-answers.csv"}, answers_read, NULL},
    {{"stay-codes.csv"}, stay_codes_read, NULL},
    {{"causality.csv"}, causality_read, NULL},
    {{"loinc-labs.csv"}, NULL, read_labs},
    {{"ctcae-lab-grades.csv"}, NULL, read_grades},
    {{"ae-conditions.csv"}, NULL, read_conditions},
    {{"medications.csv"}, NULL, read_drugs},
    {{"charlson-icd10.csv"}, NULL, read_comorbidities},
    {{"procedures.csv"}, NULL, read_procedures},
    {{"dose-units.csv", "drug-products.csv", "drug-routes.csv", "drug-patterns.csv"}, NULL, read_dosing},
};

/* The first of its findings is its failure, and memory's own where that ended. */
static enum gw_status read_one(struct gw_arena *arena, void *context, struct gw_error *err)
{
    const size_t i = *(const size_t *)context;
    struct gw_findings findings = {.out = NULL};
    struct gw_tables tables = {0};
    struct gw_rules rules = {0};

    if (readers[i].rules)
        readers[i].rules(arena, scratch.folder, &rules, &findings);
    else
        readers[i].tables(arena, &tables, &findings);
    return gw_findings_close(&findings, arena, readers[i].files[0], err);
}

Test(memory_tables, end_with_a_sentence_wherever_they_end)
{
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        for (size_t k = 0; k < 4 && readers[i].files[k]; k++)
            add_table(readers[i].files[k]);
        cr_log_info("%s", readers[i].files[0]);
        cr_expect(gt(sz, refusal_sweep(read_one, &i, STEP, 0), 20), "%s", readers[i].files[0]);
    }
}
