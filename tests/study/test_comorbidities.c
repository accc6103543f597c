/*
 * Which diagnosis counts for which group of the Charlson index: each group at one of its codes, and its neighbours.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "gateway/core/text.h"
#include "gateway/study/tables.h"

#define CM  GW_SYSTEM_ICD10_CM
#define GM  GW_SYSTEM_ICD10_GM
#define WHO GW_SYSTEM_ICD10

static struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(comorbidities, .fini = release);

static const struct {
    const char *what;
    const char *system;
    const char *code;
    const char *group; /* NULL: none */
    int weight;
} cases[] = {
    {"myocardial infarction", WHO, "I21.0", "mi", 1},
    {"old myocardial infarction, a longer prefix than none", CM, "I25.2", "mi", 1},
    {"its neighbour is no infarction", CM, "I25.1", NULL, 0},
    {"heart failure", GM, "I50.01", "chf", 1},
    {"vascular disease", CM, "I73.9", "pvd", 1},
    {"stroke", CM, "I63.6", "cevd", 1},
    {"dementia", WHO, "G30", "dementia", 1},
    {"lung disease", CM, "J44.9", "cpd", 1},
    {"rheumatic disease", WHO, "M06.0", "rheumd", 1},
    {"ulcer", WHO, "K25.4", "pud", 1},
    {"mild liver disease", CM, "K74.60", "mld", 1},
    {"severe liver disease among the same three characters", CM, "K76.6", "msld", 3},
    {"simple diabetes", CM, "E11.9", "diab", 1},
    {"diabetes with a complication", CM, "E11.22", "diabwc", 2},
    {"hemiplegia", WHO, "G81.9", "hp", 2},
    {"renal disease", CM, "N18.6", "rend", 2},
    {"dialysis", CM, "Z99.2", "rend", 2},
    {"cancer, the first of a range", CM, "C00.0", "canc", 2},
    {"cancer, the last of a range", CM, "C26.9", "canc", 2},
    {"between two ranges", CM, "C44.9", NULL, 0},
    {"lymphoma", CM, "C85.9", "canc", 2},
    {"the index disease", CM, "C90.00", NULL, 0},
    {"behind the index disease", CM, "C91.0", "canc", 2},
    {"metastases", CM, "C79.5", "metacanc", 6},
    {"HIV", WHO, "B20", "aids", 6},
    {"without its dot", CM, "E1122", "diabwc", 2},
    {"with the mark of the German modification", GM, "E11.20+", "diabwc", 2},
    {"no code of ICD-10", GW_SYSTEM_SNOMED, "22298006", NULL, 0},
    {"nothing", CM, NULL, NULL, 0},
};

Test(comorbidities, are_found_by_the_longest_prefix_or_a_range)
{
    const struct gw_tables *tables = NULL;
    struct gw_error err = {.status = GW_OK};

    cr_assert(gw_tables_load(&arena, SOURCE_DIR "/mappings/common", "000", "CTCAE 5.0", &tables, &err) == GW_OK, "%s",
              err.text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct gw_coding coding = {cases[i].system, cases[i].code, NULL};
        const struct gw_comorbidity *row = gw_tables_comorbidity(tables, &coding);

        cr_expect(gw_same(row ? row->group : NULL, cases[i].group), "%s", cases[i].what);
        cr_expect(eq(int, row ? row->weight : 0, cases[i].weight), "%s", cases[i].what);
    }
}
