/*
 * Which procedure, device or place means something to a derivation.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "gateway/core/text.h"
#include "gateway/study/tables.h"

#define PCS   "http://www.cms.gov/Medicare/Coding/ICD10"
#define OPS   "http://fhir.de/CodeSystem/bfarm/ops"
#define CPT   "http://www.ama-assn.org/go/cpt"
#define HCPCS "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
#define ROLE  "http://terminology.hl7.org/CodeSystem/v3-RoleCode"

static struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(procedures, .fini = release);

static const struct gw_tables *load(void)
{
    const struct gw_tables *tables;
    struct gw_error err = {0};

    cr_assert(gw_tables_load(&arena, SOURCE_DIR "/mappings/common", "000", "CTCAE 5.0", &tables, &err) == GW_OK, "%s",
              err.text);
    return tables;
}

static const struct {
    const char *system;
    const char *code;
    const char *kind; /* NULL: in no row */
    enum gw_oxygen_device device;
    bool verified;
} cases[] = {
    {GW_SYSTEM_SNOMED, "302497006", "DIALYSIS", GW_DEVICE_UNKNOWN, true},
    {GW_SYSTEM_SNOMED, "714749008", "DIALYSIS", GW_DEVICE_UNKNOWN, true},
    {GW_SYSTEM_SNOMED, "71192002", "DIALYSIS", GW_DEVICE_UNKNOWN, true},
    {PCS, "5A1D70Z", "DIALYSIS", GW_DEVICE_UNKNOWN, true},
    {"http://hl7.org/fhir/sid/icd-10-pcs", "5a1d90z", "DIALYSIS", GW_DEVICE_UNKNOWN, true},
    {OPS, "8-854.2", "DIALYSIS", GW_DEVICE_UNKNOWN, true},
    {"http://fhir.de/CodeSystem/dimdi/ops", "8-857.17", "DIALYSIS", GW_DEVICE_UNKNOWN, true},
    {OPS, "8-85a.0", "DIALYSIS", GW_DEVICE_UNKNOWN, false},
    {CPT, "90935", "DIALYSIS", GW_DEVICE_UNKNOWN, true},
    {GW_SYSTEM_SNOMED, "116863004", "TRANSFUSION_RBC", GW_DEVICE_UNKNOWN, true},
    {PCS, "30233N1", "TRANSFUSION_RBC", GW_DEVICE_UNKNOWN, true},
    {PCS, "30243N1", "TRANSFUSION_RBC", GW_DEVICE_UNKNOWN, true},
    {OPS, "8-800.c0", "TRANSFUSION_RBC", GW_DEVICE_UNKNOWN, true},
    {OPS, "8-800.C1", "TRANSFUSION_RBC", GW_DEVICE_UNKNOWN, true},
    {HCPCS, "P9016", "TRANSFUSION_RBC", GW_DEVICE_UNKNOWN, true},
    {GW_SYSTEM_SNOMED, "12719002", "TRANSFUSION_PLATELETS", GW_DEVICE_UNKNOWN, true},
    {PCS, "30233R1", "TRANSFUSION_PLATELETS", GW_DEVICE_UNKNOWN, true},
    {OPS, "8-800.62", "TRANSFUSION_PLATELETS", GW_DEVICE_UNKNOWN, true},
    {OPS, "8-800.g3", "TRANSFUSION_PLATELETS", GW_DEVICE_UNKNOWN, false},
    {HCPCS, "P9035", "TRANSFUSION_PLATELETS", GW_DEVICE_UNKNOWN, true},
    {GW_SYSTEM_SNOMED, "234336002", "STEM_CELL_TRANSPLANT", GW_DEVICE_UNKNOWN, true},
    {PCS, "30243Y0", "STEM_CELL_TRANSPLANT", GW_DEVICE_UNKNOWN, true},
    {OPS, "8-805.00", "STEM_CELL_TRANSPLANT", GW_DEVICE_UNKNOWN, true},
    {CPT, "38241", "STEM_CELL_TRANSPLANT", GW_DEVICE_UNKNOWN, false},
    {GW_SYSTEM_SNOMED, "40617009", "VENTILATION", GW_DEVICE_UNKNOWN, true},
    {PCS, "5A1955Z", "VENTILATION", GW_DEVICE_UNKNOWN, true},
    {OPS, "8-701", "VENTILATION", GW_DEVICE_UNKNOWN, true},
    {GW_SYSTEM_SNOMED, "428311008", "NONINVASIVE_VENTILATION", GW_DEVICE_UNKNOWN, true},
    {GW_SYSTEM_SNOMED, "47545007", "NONINVASIVE_VENTILATION", GW_DEVICE_UNKNOWN, true},
    {PCS, "5A09357", "NONINVASIVE_VENTILATION", GW_DEVICE_UNKNOWN, true},
    {OPS, "8-706", "NONINVASIVE_VENTILATION", GW_DEVICE_UNKNOWN, true},
    {GW_SYSTEM_SNOMED, "57485005", "OXYGEN", GW_DEVICE_UNKNOWN, true},
    {GW_SYSTEM_SNOMED, "371907003", "OXYGEN", GW_DEVICE_NASAL, true},
    {GW_SYSTEM_SNOMED, "371908008", "OXYGEN", GW_DEVICE_MASK, true},
    {GW_SYSTEM_SNOMED, "428285009", "OXYGEN", GW_DEVICE_VENTURI, true},
    {GW_SYSTEM_SNOMED, "426854004", "OXYGEN", GW_DEVICE_HIGH_FLOW, true},
    {PCS, "5A0945A", "OXYGEN", GW_DEVICE_HIGH_FLOW, true},
    {GW_SYSTEM_SNOMED, "309904001", "ICU", GW_DEVICE_UNKNOWN, true},
    {GW_SYSTEM_SNOMED, "305351004", "ICU", GW_DEVICE_UNKNOWN, true},
    {ROLE, "ICU", "ICU", GW_DEVICE_UNKNOWN, true},
    {OPS, "8-98f.10", "ICU", GW_DEVICE_UNKNOWN, true},
    /* beside the mark */
    {GW_SYSTEM_SNOMED, "3024970061", NULL, GW_DEVICE_UNKNOWN, false},
    {PCS, "302497006", NULL, GW_DEVICE_UNKNOWN, false},
    {PCS, "5A1C00Z", NULL, GW_DEVICE_UNKNOWN, false},
    {PCS, "30233M1", NULL, GW_DEVICE_UNKNOWN, false},
    {PCS, "30233C0", NULL, GW_DEVICE_UNKNOWN, false},
    {PCS, "5A1", NULL, GW_DEVICE_UNKNOWN, false},
    {OPS, "8-800.0", NULL, GW_DEVICE_UNKNOWN, false},
    {OPS, "8-711.1", NULL, GW_DEVICE_UNKNOWN, false},
    {CPT, "36430", NULL, GW_DEVICE_UNKNOWN, false},
    {"urn:hm:proc", "8-854.2", NULL, GW_DEVICE_UNKNOWN, false},
    {NULL, "302497006", NULL, GW_DEVICE_UNKNOWN, false},
    {GW_SYSTEM_SNOMED, NULL, NULL, GW_DEVICE_UNKNOWN, false},
};

Test(procedures, mean_what_the_table_says_of_their_codes)
{
    const struct gw_tables *const tables = load();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gw_coding coding = {cases[i].system, cases[i].code, NULL};
        const struct gw_procedure_row *const row = gw_tables_procedure(tables, &coding);
        const char *const kind = row ? gw_procedure_kind_name(row->kind) : NULL;

        cr_expect(gw_same(kind, cases[i].kind), "%s: %s", cases[i].code, kind);
        cr_expect(eq(int, row && row->verified, cases[i].verified), "%s", cases[i].code);
        cr_expect(eq(int, row ? row->device : GW_DEVICE_UNKNOWN, cases[i].device), "%s", cases[i].code);
    }
}

Test(procedures, of_several_codings_go_by_the_first_that_is_verified)
{
    static const struct gw_coding codings[] = {{"urn:hm:proc", "HD", NULL},
                                               {CPT, "38241", NULL},
                                               {OPS, "8-805.00", NULL},
                                               {GW_SYSTEM_SNOMED, "302497006", NULL}};
    const struct gw_tables *const tables = load();
    const struct gw_concept all = {codings, 4, NULL}, unverified = {codings, 2, NULL}, unknown = {codings, 1, NULL};
    const struct gw_coding twice[] = {codings[1], codings[0]};
    const struct gw_concept first = {twice, 2, NULL};

    cr_expect(gw_same(gw_tables_procedure_of(tables, &all)->code, "8-805"));
    cr_assert(ne(ptr, (void *)gw_tables_procedure_of(tables, &unverified), NULL));
    cr_expect(not(gw_tables_procedure_of(tables, &unverified)->verified), "it says so");
    cr_expect(gw_same(gw_tables_procedure_of(tables, &first)->code, "38241"), "an unknown one behind it");
    cr_expect(eq(ptr, (void *)gw_tables_procedure_of(tables, &unknown), NULL));
}
