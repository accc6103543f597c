/*
 * By which codes a record is one of the study drugs: the hospital's own, those of a preparation that is not swallowed,
 * and records of what was stopped.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/doses.h"
#include "support/scratch.h"

static struct subject s;
static struct scratch scratch;

static void start(void)
{
    subject_init(&s);
    scratch_init(&scratch);
}

static void stop(void)
{
    subject_release(&s);
    scratch_release(&scratch);
}

TestSuite(drug_codes, .init = start, .fini = stop);

#define STATED(codings)                                                                                                \
    "{'resourceType':'MedicationStatement','id':'st','status':'completed','subject':{'reference':'Patient/p1'},"       \
    "'effectivePeriod':{'start':'2024-01-15','end':'2024-02-04'},'medicationCodeableConcept':{'coding':[" codings      \
    "]},'dosage':[{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{"   \
    "'value':25,'unit':'mg'}}]}]}"
#define ATC(code)    "{'system':'http://www.whocc.no/atc','code':'" code "'}"
#define RXNORM(code) "{'system':'http://www.nlm.nih.gov/research/umls/rxnorm','code':'" code "'}"
#define LOCAL(code)  "{'system':'urn:md:drug','code':'" code "'}"

static void use_profile(const char *codes)
{
    const char *text = gw_arena_print(&s.arena,
                                      "{\"id\":\"madrid\",\"zone\":\"Europe/Madrid\",\"contacts\":\"encounters\","
                                      "\"codes\":[{\"resourceType\":\"ConceptMap\",\"status\":\"active\",\"group\":[{"
                                      "\"source\":\"urn:md:drug\",%s}]}]}",
                                      codes);
    struct gw_error err;

    gw_site_close(s.site);
    cr_assert(gw_site_load(&s.arena, scratch_write(&scratch, "madrid.json", text), s.tables, &s.site, &err) == GW_OK,
              "%s", err.text);
}

#define TO_ATC(target)                                                                                                 \
    "\"target\":\"http://www.whocc.no/atc\",\"element\":[{\"code\":\"7\",\"target\":[{\"code\":\"" target              \
    "\",\"equivalence\":\"equivalent\"}]}]"

static const struct {
    const char *what, *codes, *codings, *rows;
} locals[] = {
    {"a local code of lenalidomide", TO_ATC("L04AX04"), LOCAL("7"), "0..20 25 QD stated L1 start"},
    {"behind one that is not mapped", TO_ATC("L04AX04"), LOCAL("8") "," LOCAL("7"), "0..20 25 QD stated L1 start"},
    {"a local code of no row", TO_ATC("Z99ZZ99"), LOCAL("7"), ""},
    {"a local code that is not mapped", TO_ATC("L04AX04"), LOCAL("8"), ""},
};

Test(drug_codes, of_the_hospital_mean_what_its_profile_says)
{
    for (size_t i = 0; i < sizeof locals / sizeof *locals; i++) {
        stop();
        start();
        use_profile(locals[i].codes);
        subject_add(&s, STATED("%s"), locals[i].codings);
        subject_add_visit(&s, "v30", "2024-02-14");
        s.horizon = s.line.first_dose + 35;
        subject_derive(&s);
        expect_text(locals[i].what, doses_rows(&s, "lenalidomide"), locals[i].rows);
    }
}

/* RxNorm 3264 is dexamethasone, however it is given; S01BA01 are drops for the eye. */
static const struct {
    const char *what, *codings;
    bool exposure;
} preparations[] = {
    {"dexamethasone", RXNORM("3264"), true},
    {"its tablets", RXNORM("3264") "," ATC("H02AB02"), true},
    {"its drops for the eye", RXNORM("3264") "," ATC("S01BA01"), false},
};

Test(drug_codes, for_the_eye_are_of_no_study_drug)
{
    for (size_t i = 0; i < sizeof preparations / sizeof *preparations; i++) {
        stop();
        start();
        subject_add(&s, STATED("%s"), preparations[i].codings);
        subject_add_visit(&s, "v30", "2024-02-14");
        s.horizon = s.line.first_dose + 35;
        subject_derive(&s);
        cr_expect(eq(int, *doses_rows(&s, "dexamethasone") != '\0', preparations[i].exposure), "%s: %s",
                  preparations[i].what, doses_rows(&s, "dexamethasone"));
    }
}

static const struct {
    const char *what, *dosage;
    bool counts;
} stopped[] = {
    {"some of its dose", ",'dosage':{'dose':{'value':10,'unit':'mg'}}", true},
    {"at a rate", ",'dosage':{'rateQuantity':{'value':1,'unit':'mg/h'}}", true},
    {"nothing told", "", false},
};

/* Without a day of the roster, the first administration is day 1; one that was stopped if some of it was given. */
Test(drug_codes, of_what_was_stopped_count_if_some_was_given)
{
    for (size_t i = 0; i < sizeof stopped / sizeof *stopped; i++) {
        stop();
        start();
        s.line.first_dose = GW_NO_DAY;
        subject_add(&s,
                    "{'resourceType':'MedicationAdministration','id':'a','status':'stopped','subject':{'reference':"
                    "'Patient/p1'},'effectiveDateTime':'2024-01-15','medicationCodeableConcept':{'coding':["
                    "{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}%s}",
                    stopped[i].dosage);
        subject_derive(&s);
        cr_expect(eq(sz, subject_items(&s, "ANCHOR_MISSING"), !stopped[i].counts), "%s", stopped[i].what);
        cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_subjects].count, stopped[i].counts), "%s", stopped[i].what);
    }
}
