/*
 * Which drug has which role in which study.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "gateway/core/text.h"
#include "gateway/study/package.h"
#include "gateway/study/tables.h"

static struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(drugs, .fini = release);

static const struct {
    const char *what;
    const char *study;
    struct gw_coding codings[2];
    size_t count;
    const char *substance; /* NULL: in no row */
    const char *role;
} cases[] = {
    {"the study drug by ATC", "000", {{GW_SYSTEM_ATC, "L04AX04", NULL}}, 1, "lenalidomide", "STUDY_DRUG"},
    {"the study drug by RxNorm", "000", {{GW_SYSTEM_RXNORM, "342369", NULL}}, 1, "lenalidomide", "STUDY_DRUG"},
    {"the same drug in another study",
     "004",
     {{GW_SYSTEM_ATC, "L04AX04", NULL}},
     1,
     "lenalidomide",
     "PRIOR_OR_NEXT_MM"},
    {"RxNorm before ATC, in any order",
     "000",
     {{GW_SYSTEM_ATC, "H02AB02", NULL}, {GW_SYSTEM_RXNORM, "342369", NULL}},
     2,
     "lenalidomide",
     "STUDY_DRUG"},
    {"ATC where RxNorm is in no row",
     "000",
     {{GW_SYSTEM_RXNORM, "1", NULL}, {GW_SYSTEM_ATC, "H02AB02", NULL}},
     2,
     "dexamethasone",
     "STUDY_DRUG"},
    {"an RxNorm code that is not verified", "000", {{GW_SYSTEM_RXNORM, "711942", NULL}}, 1, NULL, NULL},
    {"its ATC code is usable", "000", {{GW_SYSTEM_ATC, "B02BX05", NULL}}, 1, "eltrombopag", "TPO_AGONIST"},
    {"a drug of another study only", "000", {{GW_SYSTEM_ATC, "L04AC07", NULL}}, 1, NULL, NULL},
    {"rows of several studies together: of the first",
     "000;003",
     {{GW_SYSTEM_ATC, "M05BX04", NULL}},
     1,
     "denosumab",
     "BONE_SUPPORT"},
    {"rows of several studies together: of the last",
     "000;003",
     {{GW_SYSTEM_ATC, "H03AA01", NULL}},
     1,
     "levothyroxine sodium",
     "THYROID"},
    {"eye drops are no exposure", "000", {{GW_SYSTEM_ATC, "S01BA01", NULL}}, 1, NULL, NULL},
    {"the right code in the wrong system", "000", {{GW_SYSTEM_SNOMED, "L04AX04", NULL}}, 1, NULL, NULL},
    {"no code", "000", {{GW_SYSTEM_ATC, NULL, NULL}}, 1, NULL, NULL},
    {"no coding", "000", {{NULL, NULL, NULL}}, 0, NULL, NULL},
};

Test(drugs, have_a_role_in_a_study)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gw_concept medication = {cases[i].codings, cases[i].count, NULL};
        const struct gw_tables *tables = NULL;
        const struct gw_drug_row *row;

        cr_assert(eq(int,
                     gw_tables_load(&arena, SOURCE_DIR "/mappings/common", cases[i].study, "CTCAE 5.0", &tables, NULL),
                     GW_OK));
        row = gw_tables_drug(tables, &medication);
        cr_expect(gw_same(row ? row->substance : NULL, cases[i].substance), "%s: %s", cases[i].what,
                  row ? row->substance : "none");
        cr_expect(gw_same(row ? row->role : NULL, cases[i].role), "%s", cases[i].what);
        gw_arena_clear(&arena);
    }
}

/* Its drugs are those of its own rows, where lenalidomide is a line before; its diagnoses are those of all studies. */
Test(drugs, keep_their_role_where_diagnoses_are_taken_from_other_studies_too)
{
    const struct gw_study study = {
        .tables_study = "004", .condition_tables_study = "004;000", .grade_scale = "CTCAE 5.0"};
    const struct gw_coding lenalidomide = {GW_SYSTEM_ATC, "L04AX04", NULL}, pneumonia = {GW_SYSTEM_ICD10, "J18", NULL};
    const struct gw_concept medication = {&lenalidomide, 1, NULL};
    const struct gw_tables *tables = NULL;
    const struct gw_condition_row *diagnosis;

    cr_assert(gw_tables_load_for(&arena, SOURCE_DIR "/mappings/common", &study, &tables, NULL) == GW_OK);
    cr_expect(gw_same(gw_tables_drug(tables, &medication)->role, "PRIOR_OR_NEXT_MM"));
    diagnosis = gw_tables_condition(tables, &pneumonia);
    cr_assert(diagnosis != NULL);
    cr_expect(gw_same(diagnosis->category, "INFECTION"));
}
