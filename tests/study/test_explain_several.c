/*
 * Why a value is missing where several things say so: they are counted, and named only where that helps.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/explained.h"

#define ANC "751-8"

static struct subject s;
static struct explained e;

static void start(void)
{
    subject_init(&s);
    subject_add_visit(&s, "e1", "2024-02-14"); /* T30-01 takes 2024-02-09 to 2024-02-19 */
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(explain_several, .init = start, .fini = stop);

static void ask(const char *concept, const char *window)
{
    explained_derive(&e, &s);
    explained_missing(&e, concept, window);
}

static void expect_sentence(const char *sentence)
{
    cr_expect(explained_says(&e, sentence), "%s: told\n%s", sentence, explained_sentences(&e));
}

/* ---- diagnoses ---- */

static void add_pneumonia(const char *id, const char *verification, const char *start_member)
{
    subject_add(&s,
                "{'resourceType':'Condition','id':'%s','subject':{'reference':'Patient/p1'},'verificationStatus':{"
                "'coding':[{'code':'%s'}]}%s,'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':"
                "'J18.9'}]}}",
                id, verification, start_member);
}

static const struct {
    const char *name, *verification, *starts[3], *answer, *because;
} diagnoses[] = {
    {"refuted",
     "refuted",
     {",'onsetDateTime':'2024-02-12'", ",'onsetDateTime':'2024-02-10'", ",'onsetDateTime':'2024-02-14'"},
     "LEFT_OUT",
     "3 diagnoses of INFECTION, the first begun on 2024-02-10, count for nothing: STATUS_REFUSED."},
    {"held",
     "confirmed",
     {",'onsetDateTime':'2024-02'", ",'onsetDateTime':'2024-02'"},
     "HELD",
     "2 diagnoses of INFECTION, the first begun on 2024-02-01, are held by an exception until a person decides."},
    {"seen by nobody since",
     "confirmed",
     {",'onsetDateTime':'2024-02-16'", ",'onsetDateTime':'2024-02-17'"},
     "AWAITS_ASSESSMENT",
     "2 diagnoses of INFECTION, the first begun on 2024-02-16, wait for the next assessment: none that was collected "
     "saw the subject since."},
    {"withdrawn",
     "entered-in-error",
     {",'onsetDateTime':'2024-02-10'"},
     "LEFT_OUT",
     "1 diagnosis of INFECTION, begun on 2024-02-10, counts for nothing: its source withdrew it."},
    {"refuted, of no day", "refuted", {",'onsetString':'childhood'"}, "NOT_DONE", NULL},
    {"refuted, of an unreadable day", "refuted", {",'onsetDateTime':'2024-02-31'"}, "NOT_DONE", NULL},
};

Test(explain_several, diagnoses_are_counted_from_the_first_on)
{
    static const char *const ids[] = {"c0", "c1", "c2"};

    for (size_t i = 0; i < sizeof diagnoses / sizeof *diagnoses; i++) {
        stop();
        start();
        for (size_t k = 0; k < 3 && diagnoses[i].starts[k]; k++)
            add_pneumonia(ids[k], diagnoses[i].verification, diagnoses[i].starts[k]);
        ask("INFECTION", "T30-01");
        expect_text(diagnoses[i].name, e.told.answer, diagnoses[i].answer);
        if (diagnoses[i].because)
            expect_sentence(diagnoses[i].because);
    }
}

/* The assessment before was T30-01 of 2024-02-14: what began before its days is its own affair. */
Test(explain_several, diagnoses_of_before_the_last_assessment_are_no_reason)
{
    subject_add_visit(&s, "e0", "2024-01-15");
    subject_add_visit(&s, "e2", "2024-03-15");
    add_pneumonia("before", "refuted", ",'onsetDateTime':'2024-02-08'");
    ask("INFECTION", "T30-02");
    expect_text("before", e.told.answer, "NOT_DONE");
    add_pneumonia("since", "refuted", ",'onsetDateTime':'2024-02-09'");
    ask("INFECTION", "T30-02");
    expect_text("since", e.told.answer, "LEFT_OUT");
}

/* ---- results ---- */

static void add_result(const char *id, const char *status, const char *code, const char *day, const char *value)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'%s','subject':{'reference':'Patient/p1'},"
                "'category':[{'coding':[{'code':'laboratory'}]}],'code':{'coding':[%s]},'effectiveDateTime':'%s'%s}",
                id, status, code, day, value);
}

#define LOINC(code) "{'system':'http://loinc.org','code':'" code "'}"
#define LOCAL(code) "{'system':'urn:hm:lab','code':'" code "'}"
#define IS_2        ",'valueQuantity':{'value':2,'system':'http://unitsofmeasure.org','code':'10*9/L'}"

static const struct {
    const char *name;
    struct {
        const char *status, *code, *day, *value;
    } results[5];
    const char *answer, *because;
} missing[] = {
    {"without a value",
     {{"final", LOINC(ANC), "2024-02-14", ""}, {"registered", LOINC(ANC), "2024-02-15", ""}},
     "NO_VALUE",
     "2 results of ANC in T30-01 are recorded without a value that counts (none yet, or of a refused status)."},
    {"without a unit",
     {{"final", LOINC(ANC), "2024-02-14", ",'valueQuantity':{'value':2}"},
      {"final", LOINC(ANC), "2024-02-15", ",'valueQuantity':{'value':3}"}},
     "HELD",
     "2 results of ANC dated in T30-01 are held by an exception until a person decides."},
    {"of another test",
     {{"registered", LOINC("777-3"), "2024-02-14", ""}},
     "NOT_DONE",
     "Nothing of ANC was recorded in these days, in all that was read up to 2024-12-31."},
    {"of a day before it",
     {{"registered", LOINC(ANC), "2024-02-08", ""}},
     "NOT_DONE",
     "Nothing of ANC was recorded in these days, in all that was read up to 2024-12-31."},
    {"of a day after it",
     {{"registered", LOINC(ANC), "2024-02-20", ""}},
     "NOT_DONE",
     "Nothing of ANC was recorded in these days, in all that was read up to 2024-12-31."},
    {"of four codes that nobody mapped",
     {{"final", LOCAL("K1"), "2024-02-14", IS_2},
      {"final", LOCAL("K2"), "2024-02-14", IS_2},
      {"final", LOCAL("K3"), "2024-02-15", IS_2},
      {"final", LOCAL("K4"), "2024-02-15", IS_2}},
     "UNMAPPED",
     NULL},
    {"of two tests at once", {{"final", LOINC(ANC) "," LOINC("777-3"), "2024-02-14", IS_2}}, "UNMAPPED", NULL},
};

Test(explain_several, results_are_counted)
{
    static const char *const ids[] = {"r0", "r1", "r2", "r3", "r4"};

    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        stop();
        start();
        for (size_t k = 0; k < 5 && missing[i].results[k].status; k++)
            add_result(ids[k], missing[i].results[k].status, missing[i].results[k].code, missing[i].results[k].day,
                       missing[i].results[k].value);
        ask("ANC", "T30-01");
        expect_text(missing[i].name, e.told.answer, missing[i].answer);
        if (missing[i].because)
            expect_sentence(missing[i].because);
    }
}

/* Three codes are named, in what order is no matter; of the fourth it says that there are others. */
Test(explain_several, codes_are_named_up_to_three)
{
    add_result("r1", "final", LOCAL("K1"), "2024-02-14", IS_2);
    add_result("r2", "final", LOCAL("K2"), "2024-02-14", IS_2);
    add_result("r3", "final", LOCAL("K3"), "2024-02-15", IS_2);
    ask("ANC", "T30-01");
    cr_expect(strstr(e.told.sentences[0].text, "3 results in T30-01 carry a code that no table or site map names (") ==
                  e.told.sentences[0].text,
              "%s", e.told.sentences[0].text);
    cr_expect(strstr(e.told.sentences[0].text, " and others") == NULL, "%s", e.told.sentences[0].text);
    add_result("r4", "final", LOCAL("K4"), "2024-02-15", IS_2);
    ask("ANC", "T30-01");
    cr_expect(strstr(e.told.sentences[0].text, " and others): any of them may be ANC.") != NULL, "%s",
              e.told.sentences[0].text);
}

/* A version that withdraws may hold more parts than the one it withdraws. */
Test(explain_several, parts_of_a_version_may_be_more_than_before)
{
    subject_add_lab(&s, "v", ANC, "2024-02-14", "3.0");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'entered-in-error','meta':{'versionId':'2'},"
                    "'subject':{'reference':'Patient/p1'},'code':{'text':'gone'},'component':[{'code':{'text':'a'},"
                    "'valueString':'x'},{'code':{'text':'b'},'valueString':'y'}]}");
    s.facts[s.count - 1].delivery = 1;
    ask("ANC", "T30-01");
    expect_text("answer", e.told.answer, "WITHDRAWN");
    expect_sentence("The source withdrew 1 result of ANC in T30-01 (entered in error, or cancelled).");
}

/* ---- what the study plans ---- */

static const struct {
    const char *concept, *because;
} unplanned[] = {
    {"HEIGHT", "The study lendex-rrmm takes no HEIGHT in window T30-01: it is a value of the baseline only."},
    {"CRP", "The study lendex-rrmm takes no CRP in window T30-01: it is read as evidence for events only, or off."},
    {"HCT", "The study lendex-rrmm takes no HCT in window T30-01: it is of another data group."},
};

Test(explain_several, values_are_taken_in_the_windows_of_their_group_alone)
{
    for (size_t i = 0; i < sizeof unplanned / sizeof *unplanned; i++) {
        ask(unplanned[i].concept, "T30-01");

        expect_text(unplanned[i].concept, e.told.answer, "NOT_PLANNED");
        expect_sentence(unplanned[i].because);
    }
}

Test(explain_several, values_of_the_baseline_may_be_missing_in_it)
{
    ask("HEIGHT", "BASELINE");

    expect_text("answer", e.told.answer, "NOT_DONE");
}

/* It is derived for every window with a creatinine, and there is none. */
Test(explain_several, parameters_that_are_asked_for_may_still_have_no_row)
{
    ask("CRCLCG", "T30-01");

    expect_text("answer", e.told.answer, "NOT_DONE");
    expect_sentence("Nothing of CRCLCG was derived, in all that was read up to 2024-12-31.");
}

Test(explain_several, parameters_that_nobody_asked_for_are_not_planned)
{
    subject_ask(&s, "CHARLSON");
    ask("CRCLCG", "T30-01");
    expect_text("answer", e.told.answer, "NOT_PLANNED");
    expect_sentence("The package of the study lendex-rrmm does not ask for the parameter CRCLCG.");
}

/* ---- what is known ---- */

/* The source that was read least far. */
Test(explain_several, sources_are_read_to_different_days)
{
    const struct gw_explain_reach reach[] = {{"hm-ehr", subject_day("2024-02-15")},
                                             {"hm-lab", subject_day("2024-02-12")},
                                             {"hm-drugs", subject_day("2024-03-12")}};

    explained_derive(&e, &s);
    e.in.reach = reach;
    e.in.reach_count = 3;
    explained_missing(&e, "ANC", "T30-01");
    e.in.reach_count = 0;
    expect_text("answer", e.told.answer, "NOT_FETCHED");
    expect_sentence("hm-lab was read only to 2024-02-12; window T30-01 takes 2024-02-09 to 2024-02-19.");
}

Test(explain_several, results_of_day_1_may_all_come_after_the_dose)
{
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'m','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-15T09:00:00+01:00',"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    subject_add_lab(&s, "v", ANC, "2024-01-15T12:00:00+01:00", "3.0");
    subject_add_lab(&s, "w", ANC, "2024-01-15T18:00:00+01:00", "3.1");
    ask("ANC", "BASELINE");
    expect_text("answer", e.told.answer, "LEFT_OUT");
    expect_sentence("2 results of ANC dated in BASELINE were not taken: BETWEEN_WINDOWS.");
}

/* ---- what is asked wrongly ---- */

Test(explain_several, names_near_no_other_are_refused_without_a_guess)
{
    const struct gw_subject_input input = subject_input(&s);
    const struct gw_explain_input in = {.subject = &input, .derived = &s.derived};
    struct gw_explanation told;
    struct gw_error err;

    subject_derive(&s);
    cr_expect(gw_explain_missing(&s.arena, &in, "QQQQQQQQQQQQ", "T30-01", &told, &err) == GW_EUSAGE);
    expect_text("concept", err.text,
                "there is no concept \"QQQQQQQQQQQQ\": name one of loinc-labs.csv, a derived parameter or an event "
                "category of the study");
    cr_expect(gw_explain_missing(&s.arena, &in, "ANC", "qqqqqqqqqqqq", &told, &err) == GW_EUSAGE);
    expect_text("window", err.text, "the study lendex-rrmm has no window \"qqqqqqqqqqqq\": see casement study windows");
}
