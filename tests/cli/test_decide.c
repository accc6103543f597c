/*
 * casement exceptions decide, approve, undo and decisions, on a map's folder.
 */
#include "cli/last_run.h"

#define MAPPINGS SOURCE_DIR "/mappings"
#define CODE     "CODE_UNKNOWN|madrid|urn:lab|ANC-K||"
#define UNIT     "UNIT_MISSING|madrid|urn:lab|ANC-K||"

/* Two results of a local code without a unit, one of them of a month only; dm1 maps, dm2 approves. */
static const char input[] =
    "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"gender\":\"female\",\"birthDate\":\"1950-03-01\"}\n"
    "{\"resourceType\":\"Encounter\",\"id\":\"e1\",\"status\":\"finished\",\"class\":{\"code\":\"AMB\"},"
    "\"subject\":{\"reference\":\"Patient/p1\"},\"period\":{\"start\":\"2024-02-14\",\"end\":\"2024-02-14\"}}\n"
    "{\"resourceType\":\"Observation\",\"id\":\"v\",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/p1\"},"
    "\"code\":{\"coding\":[{\"system\":\"urn:lab\",\"code\":\"ANC-K\"}]},\"effectiveDateTime\":\"2024-02-14\","
    "\"valueQuantity\":{\"value\":1200}}\n"
    "{\"resourceType\":\"Observation\",\"id\":\"w\",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/p1\"},"
    "\"code\":{\"coding\":[{\"system\":\"urn:lab\",\"code\":\"ANC-K\"}]},\"effectiveDateTime\":\"2024-02\","
    "\"valueQuantity\":{\"value\":1300}}\n";

#define LEDGER "--ledger", "out/hospital/ledger.db"

static void map_again(const char *option, const char *value)
{
    CASEMENT_RUN("map", "--study", MAPPINGS "/studies/lendex-rrmm", "--site", MAPPINGS "/sites/madrid.json",
                 "--enrolment", "roster.csv", "--out", "out", "--as-of", "2024-12-31", "in.ndjson", option, value);
    cr_assert(eq(int, run.code, 0), "%s", run.err);
}

static void start(void)
{
    scratch_init(&scratch);
    scratch_write(&scratch, "in.ndjson", input);
    scratch_write(&scratch, "roster.csv",
                  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
                  "madrid,lendex-rrmm,p1,ES-001,,,2024-01-15,,,\n");
    memset(&run, 0, sizeof run);
    map_again(NULL, NULL);
}

static void stop(void)
{
    program_release(&run);
    scratch_release(&scratch);
}

TestSuite(decide, .init = start, .fini = stop);

static void decide_both(void)
{
    CASEMENT_RUN("exceptions", "decide", CODE, "--set", "loinc=751-8", "--reason", "manual", "--as", "dm1", LEDGER);
    CASEMENT_RUN("exceptions", "approve", "1", "--reason", "read it", "--as", "dm2", LEDGER);
    CASEMENT_RUN("exceptions", "decide", UNIT, "unit=/uL", "--reason", "manual", "--as", "dm1", LEDGER);
    CASEMENT_RUN("exceptions", "approve", "3", "--reason", "read it", "--as", "dm2", LEDGER);
    cr_assert(eq(int, run.code, 0), "%s", run.err);
}

static const char *file(const char *name)
{
    program_release(&run);
    program_run(&run, scratch.folder, (const char *[]){"/bin/cat", name, NULL});
    return run.out;
}

/* ---- a whole cause ---- */

Test(decide, waits_for_a_second_person_and_then_places_what_waited_for_the_cause)
{
    CASEMENT_RUN("exceptions", "decide", CODE, "--set", "loinc=751-8", "--reason", "manual", "--as", "dm1", LEDGER);
    expect_out("decision 1: code {\"loinc\": \"751-8\"}\nit acts when another person approves it: casement exceptions "
               "approve 1\n");
    CASEMENT_RUN("exceptions", "list", LEDGER);
    expect_out(CODE);
    CASEMENT_RUN("exceptions", "approve", "1", "--reason", "so do I", "--as", "dm1", LEDGER);
    expect_refused(64, "another person approves it");
    CASEMENT_RUN("exceptions", "approve", "1", "--reason", "so do I", "--as", " DM1 ", LEDGER);
    expect_refused(64, "another person approves it");
    CASEMENT_RUN("exceptions", "approve", "1", "--reason", "read it", "--as", "dm2", LEDGER);
    expect_out("1 exception closed, 1 opened");
    CASEMENT_RUN("exceptions", "list", LEDGER);
    expect_out(UNIT);
    cr_expect(strstr(run.out, CODE) == NULL, "%s", run.out);
}

Test(decide, delivers_at_once_and_writes_the_lists_of_the_folder_again)
{
    decide_both();
    cr_expect(strstr(file("out/study/observations.csv"), ",ANC,1.200,,,10*9/L,1200,") != NULL, "%s", run.out);
    cr_expect(strstr(file("out/hospital/exceptions.csv"), ",R,resolved,") != NULL, "%s", run.out);
    cr_expect(strstr(file("out/hospital/summary.json"), "\"delivered\": 1,") != NULL, "%s", run.out);
    CASEMENT_RUN("exceptions", "show", "--all", CODE, LEDGER);
    expect_out("resolution  decision:1");
    CASEMENT_RUN("status", LEDGER);
    expect_out("every part read is accounted for");
}

Test(decide, takes_a_decision_back)
{
    decide_both();
    CASEMENT_RUN("exceptions", "undo", "3", "--reason", "wrong page", "--as", "dm1", LEDGER);
    expect_out("decision 5: undo 3\n");
    CASEMENT_RUN("exceptions", "list", LEDGER);
    expect_out(UNIT);
    cr_expect(strstr(file("out/study/observations.csv"), "1200") == NULL, "%s", run.out);
    CASEMENT_RUN("exceptions", "undo", "5", "--reason", "right page", "--as", "dm1", LEDGER);
    cr_expect(strstr(file("out/study/observations.csv"), ",ANC,1.200,") != NULL, "%s", run.out);
}

/* ---- one exception ---- */

Test(decide, answers_one_exception_by_the_beginning_of_its_id)
{
    char id[22], *at;

    decide_both();
    CASEMENT_RUN("exceptions", "show", "PARTIAL_DATE|madrid|urn:lab|ANC-K||", LEDGER);
    at = strchr(run.out, 'x');
    cr_assert(at != NULL);
    snprintf(id, sizeof id, "%.21s", at);
    CASEMENT_RUN("exceptions", "decide", id, "--set", "date=2024-02-15", "--reason", "ward book", "--as", "dm1",
                 "--json", LEDGER);
    expect_out("\"waits_for_approval\":\tfalse");
    expect_out("\"subject\": \"ES-001\", \"endpoint\": \"madrid\", \"type\": \"Observation\", \"id\": \"w\"");
    cr_expect(strstr(file("out/study/observations.csv"), ",1300,") != NULL, "%s", run.out);
}

/* An unconfirmed diagnosis: the answer names the event that the question was about. */
Test(decide, names_the_event_it_is_about)
{
    char id[22];

    scratch_write(&scratch, "more.ndjson",
                  "{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":\"Patient/p1\"},"
                  "\"verificationStatus\":{\"coding\":[{\"code\":\"provisional\"}]},\"onsetDateTime\":\"2024-02-10\","
                  "\"code\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/icd-10-cm\",\"code\":\"D70.1\"}]}}\n");
    map_again("more.ndjson", NULL);
    CASEMENT_RUN("exceptions", "show", "AE_CANDIDATE|madrid|http://hl7.org/fhir/sid/icd-10-cm|D70.1||NEUTROPENIA",
                 LEDGER);
    cr_assert(strchr(run.out, 'x') != NULL, "%s", run.err);
    snprintf(id, sizeof id, "%.21s", strchr(run.out, 'x'));
    CASEMENT_RUN("exceptions", "decide", id, "confirm", "--reason", "letter", "--as", "md", LEDGER);
    expect_out("decision 1: event {\"confirm\": true, \"of\": \"NEUTROPENIA\"}\n");
    cr_expect(strstr(file("out/study/ae_episodes.csv"), ",NEUTROPENIA,") != NULL, "%s", run.out);
}

/* ---- what else is to be known of it ---- */

Test(decide, says_that_an_answer_settles_nothing)
{
    char id[22];

    decide_both();
    CASEMENT_RUN("exceptions", "show", "PARTIAL_DATE|madrid|urn:lab|ANC-K||", LEDGER);
    snprintf(id, sizeof id, "%.21s", strchr(run.out, 'x'));
    CASEMENT_RUN("exceptions", "decide", id, "window=T31-01", "--reason", "ward book", "--as", "dm1", LEDGER);
    expect_out("1 of the exceptions named is still open: the answer does not settle it\n");
    CASEMENT_RUN("exceptions", "decide", id, "window=T30-01", "--reason", "ward book", "--as", "dm1", "--json", LEDGER);
    expect_out("\"unanswered\":\t0");
    cr_expect(strstr(run.out, "inputs_changed") == NULL, "%s", run.out);
}

Test(decide, says_that_inputs_changed_since)
{
    char id[22];

    decide_both();
    cr_expect(strstr(run.out, "since the last derivation") == NULL, "%s", run.out);
    CASEMENT_RUN("exceptions", "show", "PARTIAL_DATE|madrid|urn:lab|ANC-K||", LEDGER);
    snprintf(id, sizeof id, "%.21s", strchr(run.out, 'x'));
    scratch_write(&scratch, "roster.csv",
                  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
                  "madrid,lendex-rrmm,p1,ES-001,,,2024-01-16,,,\n");
    CASEMENT_RUN("exceptions", "decide", id, "drop", "--reason", "ward book", "--as", "dm1", LEDGER);
    expect_out("roster.csv changed: rows follow what they say today too\n");
}

/* ---- refused ---- */

Test(decide, refuses_what_is_no_answer_and_lists_those_there_are)
{
    CASEMENT_RUN("exceptions", "decide", CODE, "--set", "unit=/uL", "--reason", "r", LEDGER);
    expect_refused(64, "what answers CODE_UNKNOWN: map to a LOINC code; ignore; ask site (code)");
    CASEMENT_RUN("exceptions", "decide", CODE, "--set", "colour=red", "--reason", "r", LEDGER);
    expect_refused(64, "set.colour: no decision sets that");
    CASEMENT_RUN("exceptions", "decide", CODE, "--set", "loinc=751-9", "--reason", "r", LEDGER);
    expect_refused(64, "in no row of loinc-labs.csv");
    CASEMENT_RUN("exceptions", "decide", CODE, "--set", "ignore", "--kind", "unit", "--reason", "r", LEDGER);
    expect_refused(64, "this kind of decision is none for it");
    CASEMENT_RUN("exceptions", "decide", "PARTIAL_DATE|madrid|urn:lab|ANC-K||", "--set", "drop", "--reason", "r",
                 LEDGER);
    expect_refused(64, "is another case each time");
    CASEMENT_RUN("exceptions", "decide", "UNIT_MISSING|nowhere||||", "--set", "ignore", "--reason", "r", LEDGER);
    expect_refused(64, "no exception has the cause or id");
    CASEMENT_RUN("exceptions", "decide", "x", "--set", "ignore", "--reason", "r", LEDGER);
    expect_refused(64, "2 exceptions have ids that begin with \"x\"");
    CASEMENT_RUN("exceptions", "decide", CODE, "--set", "ignore", LEDGER);
    expect_refused(64, "--reason TEXT is missing");
    CASEMENT_RUN("exceptions", "decide", CODE, "--set", "ignore", "--reason", "", LEDGER);
    expect_refused(64, "--reason is empty");
    CASEMENT_RUN("exceptions", "decide", CODE, "--reason", "r", LEDGER);
    expect_refused(64, "nothing is decided");
    CASEMENT_RUN("exceptions", "undo", "9", "--reason", "r", LEDGER);
    expect_refused(64, "there is no decision 9");
    CASEMENT_RUN("exceptions", "undo", "first", "--reason", "r", LEDGER);
    expect_refused(64, "is no number of a decision");
    CASEMENT_RUN("exceptions", "decide", CODE, "--set", "ignore", "--reason", "r", "--ledger", "nowhere.db");
    expect_refused(66, "is not there");
    CASEMENT_RUN("exceptions", "decisions", LEDGER);
    expect_out("No decision yet");
}

/* Nothing but the roster says whose records a subject's are. */
Test(decide, refuses_to_link_a_patient_that_was_not_found)
{
    scratch_write(&scratch, "roster.csv",
                  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
                  "madrid,lendex-rrmm,p9,ES-009,,,2024-01-15,,,\n");
    map_again(NULL, NULL);
    CASEMENT_RUN("exceptions", "decide", "x", "link=p1", "--reason", "r", LEDGER);
    expect_refused(64, "a patient is found by the roster: name it there");
    CASEMENT_RUN("exceptions", "decide", "x", "stop", "--reason", "r", LEDGER);
    expect_out("1 exception closed, 0 opened");
}

/* ---- kept ---- */

Test(decide, stays_when_the_folder_is_made_again_and_comes_from_a_file_too)
{
    static const char decisions[] =
        "{\"n\":1,\"at\":\"2026-11-20T20:00:00Z\",\"by\":\"dm1\",\"reason\":\"r\",\"kind\":\"code\",\"scope\":"
        "\"site:madrid\",\"match\":{\"fingerprint\":\"" CODE "\"},\"set\":{\"loinc\":\"751-8\"},\"approved_by\":"
        "\"dm2\",\"undoes\":null}\n"
        "{\"n\":2,\"at\":\"2026-11-20T20:00:00Z\",\"by\":\"dm1\",\"reason\":\"r\",\"kind\":\"unit\",\"scope\":"
        "\"site:madrid\",\"match\":{\"fingerprint\":\"" UNIT "\"},\"set\":{\"unit\":\"/uL\"},\"approved_by\":\"dm2\","
        "\"undoes\":null}\n";

    scratch_write(&scratch, "decisions.ndjson", decisions);
    map_again("--decisions", "decisions.ndjson");
    cr_expect(strstr(file("out/study/observations.csv"), ",ANC,1.200,") != NULL, "%s", run.out);
    map_again(NULL, NULL);
    cr_expect(strstr(file("out/study/observations.csv"), ",ANC,1.200,") != NULL, "carried over: %s", run.out);
    map_again("--decisions", "decisions.ndjson");
    CASEMENT_RUN("exceptions", "decisions", LEDGER);
    expect_out("{\"unit\": \"/uL\"}");
    cr_expect(strstr(run.out, "\n3 ") == NULL, "each once: %s", run.out);
    CASEMENT_RUN("exceptions", "decisions", "--json", LEDGER);
    scratch_write(&scratch, "decisions.json", run.out);
    cr_assert(eq(int, run.code, 0));
    scratch_write(&scratch, "decisions.ndjson", "{\"n\":1}\n");
    CASEMENT_RUN("map", "--study", MAPPINGS "/studies/lendex-rrmm", "--site", MAPPINGS "/sites/madrid.json",
                 "--enrolment", "roster.csv", "--out", "out", "in.ndjson", "--decisions", "decisions.ndjson");
    expect_refused(65, "decisions.ndjson:1: ");
    CASEMENT_RUN("map", "--study", MAPPINGS "/studies/lendex-rrmm", "--site", MAPPINGS "/sites/madrid.json",
                 "--enrolment", "roster.csv", "--out", "another", "in.ndjson", "--decisions", "decisions.json");
    cr_expect(eq(int, run.code, 0), "%s", run.err);
    cr_expect(strstr(file("another/study/observations.csv"), ",ANC,1.200,") != NULL, "as --json printed them");
}
