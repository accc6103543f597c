/*
 * Every allocation of a derivation refused in turn: it ends with GW_ENOMEM, and nothing else happens. The arena's limit
 * is raised by a few bytes from run to run until the derivation succeeds.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/doses.h"
#include "support/refusal.h"

#define STEP 96 /* bytes: less than most of what is asked for at once */

static struct subject s;

/* A subject with something of everything: visits, values of all fates, drugs, diagnoses, items. */
static void start(void)
{
    static const char *const days[] = {"2024-01-15", "2024-02-14", "2024-02-17",
                                       "2024-02-25", "2024-03-15", "2024-05-20"};
    static const char *const values[] = {"3.0", "0.7", "0.4", "1.2", "2.0", "0.9"};
    char id[16];

    subject_init(&s);
    subject_add(&s, "{'resourceType':'Patient','id':'p1','gender':'male','birthDate':'1950-03-01',"
                    "'deceasedDateTime':'2024-11-02'}");
    for (int k = 0; k < 6; k++) {
        snprintf(id, sizeof id, "e%d", k);
        subject_add_visit(&s, id, days[k]);
        snprintf(id, sizeof id, "v%d", k);
        subject_add_lab(&s, id, "751-8", days[k], values[k]);
    }
    subject_add_lab(&s, "v1", "751-8", "2024-02-14", "0.8");
    subject_add_lab(&s, "twin", "751-8", "2024-03-15", "2.0");
    subject_add_lab(&s, "platelets", "777-3", "2024-03-15", "40");
    subject_add_lab(&s, "month", "751-8", "2024-02", "1.0");
    subject_add_lab(&s, "late", "751-8", "2024-11-10", "1.0");
    subject_add(&s,
                "{'resourceType':'Observation','id':'bp','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'85354-9'}]},'issued':'2024-02-14T08:00:00Z',"
                "'component':[{'code':{'coding':[{'system':'http://loinc.org','code':'8480-6'}]},"
                "'valueQuantity':{'value':120,'unit':'mmHg'}},{'code':{'coding':[{'system':'urn:x','code':'y'}]},"
                "'valueString':'text'}]}");
    subject_add(&s, "{'resourceType':'Observation','id':'sp','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'2160-0'}]},"
                    "'specimen':{'reference':'Specimen/s1'},'valueQuantity':{'value':2.1,'system':"
                    "'http://unitsofmeasure.org','code':'mg/dL'}}");
    subject_add(&s, "{'resourceType':'Specimen','id':'s1','subject':{'reference':'Patient/p1'},"
                    "'collection':{'collectedDateTime':'2024-04-14T08:00:00+02:00'}}");
    subject_add(&s, "{'resourceType':'Medication','id':'m1','identifier':[{'system':'urn:d','value':'7'}],"
                    "'code':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    subject_add(&s, "{'resourceType':'MedicationStatement','id':'st','status':'stopped',"
                    "'statusReason':[{'text':'progress'}],'subject':{'reference':'Patient/p1'},"
                    "'effectivePeriod':{'start':'2024-01-15','end':'2024-09-01'},"
                    "'medicationReference':{'identifier':{'system':'urn:d','value':'7'}}}");
    subject_add(&s, "{'resourceType':'MedicationDispense','id':'other','status':'completed','subject':{'reference':"
                    "'Patient/p1'},'whenHandedOver':'2024-08-20','daysSupply':{'value':28},'medicationCodeableConcept':"
                    "{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX06'}]}}");
    subject_add(&s, "{'resourceType':'MedicationDispense','id':'supply','status':'completed','subject':{'reference':"
                    "'Patient/p1'},'whenHandedOver':'2024-01-15','daysSupply':{'value':28},'medicationCodeableConcept':"
                    "{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'lost','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-15T09:00:00+01:00',"
                    "'medicationReference':{'reference':'Medication/none'}}");
    doses_add(&s, "L04AX04", "D 0 21x25/21; D 28 21x15/21; A 3 15; S 40..44 25; N 42; D 61 21x20/21");
    doses_add(&s, "H02AB02", "S 0.. 40 weekly");
    doses_add(&s, "J05AB01", "S 3..9 400 bid; R 8.. 0.8g");
    subject_add(&s, "{'resourceType':'Condition','id':'c1','subject':{'reference':'Patient/p1'},"
                    "'onsetDateTime':'2024-02-12','abatementDateTime':'2024-02-20','code':{'coding':["
                    "{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'D70.1'}]}}");
    subject_add(&s, "{'resourceType':'Condition','id':'c2','subject':{'reference':'Patient/p1'},"
                    "'onsetDateTime':'2024-03-01','code':{'coding':["
                    "{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'I82.40'}]}}");
    subject_add(&s, "{'resourceType':'Observation','id':'local','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'urn:lab','code':'ANC-K'}]},'effectiveDateTime':'2024-02-16',"
                    "'valueQuantity':{'value':1100}}");
    subject_add(&s, "{'resourceType':'Observation','id':'neu','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'urn:lab','code':'NEU','display':'Neutrophils'}]},"
                    "'effectiveDateTime':'2024-02-16','valueQuantity':{'value':1.1,'unit':'10*9/L'}}");
    subject_decide(&s, "code", "CODE_UNKNOWN|madrid|urn:lab|ANC-K||", "{'loinc':'751-8'}");
    subject_decide(&s, "unit", "UNIT_MISSING|madrid|urn:lab|ANC-K||", "{'unit':'/uL'}");
    subject_decide(&s, "value", "Observation/v5", "{'reject':true}");
    subject_decide(&s, "place", "Observation/month", "{'date':'2024-02-17'}");
    subject_decide(&s, "code", "MedicationAdministration/lost", "{'atc':'L04AX04'}");
    subject_decide(&s, "anchor", "MedicationStatement/st", "{'anchor':'EOT','date':'2024-08-30'}");
    subject_decide(&s, "seriousness", "Condition/c1", "{'serious':true,'criteria':['life']}");
    subject_decide(&s, "grade", "Condition/c1", "{'grade':4}");
    subject_decide(&s, "duplicate", "DUPLICATE_SUSPECT|madrid||||", "{'merge':true}");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(memory, .init = start, .fini = stop);

Test(memory, ends_a_derivation_wherever_it_ends_and_not_otherwise)
{
    const struct gw_subject_input in = subject_input(&s);
    struct gw_error err = {0};
    struct gw_derived derived;
    size_t refused = 0;

    for (size_t limit = 0;; limit += STEP) {
        struct gw_arena arena = GW_ARENA_INIT(limit);
        const enum gw_status rc = gw_derive(&arena, &in, &derived, &err);

        cr_assert(rc == GW_OK || rc == GW_ENOMEM, "%zu bytes: %s", limit, err.text);
        refused += rc == GW_ENOMEM;
        if (rc == GW_OK) {
            cr_expect(gt(sz, derived.rows.tables[GW_TABLE_ae_episodes].count, 1), "the subject shows too little");
            cr_expect(gt(sz, derived.item_count, 5));
            cr_expect(gt(sz, derived.rows.tables[GW_TABLE_exposures].count, 3));
            cr_expect(gt(sz, derived.rows.tables[GW_TABLE_cycles].count, 1));
            cr_expect(gt(sz, derived.rows.tables[GW_TABLE_conmeds].count, 0));
            cr_expect(gt(sz, derived.resolution_count, 1));
            gw_arena_release(&arena);
            break;
        }
        gw_arena_release(&arena);
    }
    cr_expect(gt(sz, refused, 500), "%zu limits", refused);
}

Test(memory, ends_the_steps_after_it_the_same_way)
{
    struct gw_difference difference;
    struct gw_error err = {0};
    struct gw_text text = GW_TEXT_INIT(1 << 20);
    struct gw_rows before, after;
    enum gw_status rc = GW_ENOMEM;
    size_t refused = 0;

    subject_derive(&s);
    before = s.derived.rows;
    subject_add_lab(&s, "a0", "751-8", "2024-02-12", "0.9");
    for (size_t limit = 0; rc == GW_ENOMEM; limit += 4 * STEP) {
        struct gw_arena arena = GW_ARENA_INIT(limit);

        subject_derive(&s);
        after = s.derived.rows;
        rc = gw_identify(&arena, &before, &after, &err);
        if (rc == GW_OK)
            rc = gw_difference(&arena, &before, &after, &difference, &err);
        gw_rows_write(&before, &text);
        if (rc == GW_OK)
            rc = gw_rows_read(&arena, text.at, text.length, &after, &err);
        gw_text_clear(&text);
        refused += rc == GW_ENOMEM;
        gw_arena_release(&arena);
    }
    cr_expect(rc == GW_OK, "%s", err.text);
    cr_expect(gt(sz, refused, 100), "%zu limits", refused);
    gw_text_release(&text);
}

/* ---- loading ---- */

static enum gw_status load_all(struct gw_arena *arena, void *context, struct gw_error *err)
{
    const struct gw_study *study = NULL;
    const struct gw_tables *tables = NULL;
    const struct gw_site *site = NULL;
    struct gw_rules rules;
    struct gw_roster roster;
    enum gw_status rc = gw_study_load(arena, SOURCE_DIR "/mappings/studies/lendex-rrmm", &study, err);

    (void)context;
    if (rc == GW_OK)
        rc = gw_tables_load(arena, SOURCE_DIR "/mappings/common", "000", "CTCAE 5.0", &tables, err);
    if (rc == GW_OK)
        rc = gw_rules_load(arena, SOURCE_DIR "/mappings/common", &rules, err);
    if (rc == GW_OK)
        rc = gw_roster_load(arena, SOURCE_DIR "/fixtures/cohort-small/roster.csv", "lendex-rrmm", NULL, &roster, err);
    if (rc == GW_OK)
        rc = gw_site_load(arena, SOURCE_DIR "/mappings/sites/busan.json", tables, &site, err);
    if (site)
        gw_site_close(site);
    return rc;
}

Test(memory, ends_the_loading_of_a_study_with_a_sentence)
{
    cr_expect(gt(sz, refusal_sweep(load_all, NULL, 1024, 160), 50));
}
