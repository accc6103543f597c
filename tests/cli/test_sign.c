/*
 * casement sign, on a map's folder: windows signed, a change asked about, accepted and kept.
 */
#include "cli/last_run.h"

#define MAPPINGS SOURCE_DIR "/mappings"
#define CODE     "CODE_UNKNOWN|madrid|urn:lab|WBC-K||"

/* A leukocyte count of T30-01, and one of a local code that nobody mapped yet. */
static const char input[] =
    "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"gender\":\"female\",\"birthDate\":\"1950-03-01\"}\n"
    "{\"resourceType\":\"Encounter\",\"id\":\"e1\",\"status\":\"finished\",\"class\":{\"code\":\"AMB\"},"
    "\"subject\":{\"reference\":\"Patient/p1\"},\"period\":{\"start\":\"2024-02-14\",\"end\":\"2024-02-14\"}}\n"
    "{\"resourceType\":\"Observation\",\"id\":\"v\",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/p1\"},"
    "\"code\":{\"coding\":[{\"system\":\"http://"
    "loinc.org\",\"code\":\"6690-2\"}]},\"effectiveDateTime\":\"2024-02-12\","
    "\"valueQuantity\":{\"value\":5.1,\"system\":\"http://unitsofmeasure.org\",\"code\":\"10*9/L\"}}\n"
    "{\"resourceType\":\"Observation\",\"id\":\"w\",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/p1\"},"
    "\"code\":{\"coding\":[{\"system\":\"urn:lab\",\"code\":\"WBC-K\"}]},\"effectiveDateTime\":\"2024-02-15\","
    "\"valueQuantity\":{\"value\":6.2,\"system\":\"http://unitsofmeasure.org\",\"code\":\"10*9/L\"}}\n";

#define LEDGER    "--ledger", "out/hospital/ledger.db"
#define SIGNED_BY "--reason", "read at the visit", "--as", "inv1", LEDGER

static void start(void)
{
    scratch_init(&scratch);
    scratch_write(&scratch, "in.ndjson", input);
    scratch_write(&scratch, "roster.csv",
                  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
                  "madrid,lendex-rrmm,p1,ES-001,,,2024-01-15,,,\n");
    memset(&run, 0, sizeof run);
    CASEMENT_RUN("map", "--study", MAPPINGS "/studies/lendex-rrmm", "--site", MAPPINGS "/sites/madrid.json",
                 "--enrolment", "roster.csv", "--out", "out", "--as-of", "2024-12-31", "in.ndjson");
    cr_assert(eq(int, run.code, 0), "%s", run.err);
}

static void stop(void)
{
    program_release(&run);
    scratch_release(&scratch);
}

TestSuite(sign, .init = start, .fini = stop);

static void expect_values(const char *which, bool first, bool second)
{
    program_release(&run);
    program_run(&run, scratch.folder, (const char *[]){"/bin/cat", "out/study/observations.csv", NULL});
    cr_expect(eq(int, strstr(run.out, ",WBC,5.1,") != NULL, first), "%s: %s", which, run.out);
    cr_expect(eq(int, strstr(run.out, ",WBC,6.2,") != NULL, second), "%s: %s", which, run.out);
}

/* The id of the open question, as `exceptions show` prints it. */
static const char *question(char id[64])
{
    CASEMENT_RUN("exceptions", "list", LEDGER);
    const char *cause = strstr(run.out, "SIGNED_CHANGED|");
    char print[80] = "";

    cr_assert(cause != NULL, "%s", run.out);
    sscanf(cause, "%79s", print);
    CASEMENT_RUN("exceptions", "show", print, LEDGER, "--json");
    cause = strstr(run.out, "\"id\"");
    cr_assert(cause != NULL, "%s", run.out);
    cr_assert(eq(int, sscanf(cause, "\"id\"%*[^x]%21[0-9a-z]", id), 1), "%s", cause);
    return id;
}

static void sign_and_map_the_code(void)
{
    CASEMENT_RUN("sign", "ES-001", "T30-01", SIGNED_BY);
    expect_out("1 window signed (decision 1)\n0 exceptions opened");
    CASEMENT_RUN("exceptions", "decide", CODE, "loinc=6690-2", "--reason", "manual", "--as", "dm1", LEDGER);
    CASEMENT_RUN("exceptions", "approve", "2", "--reason", "read it", "--as", "dm2", LEDGER);
    expect_out("1 subject derived");
}

Test(sign, asks_before_a_signed_window_takes_another_value_and_takes_it_when_that_is_accepted)
{
    char id[64];

    sign_and_map_the_code();
    expect_values("as signed", true, false);
    CASEMENT_RUN("exceptions", "show", question(id), LEDGER);
    expect_out("signed by inv1 would change");
    expect_out("re-mapped");
    CASEMENT_RUN("exceptions", "decide", id, "accept", "--reason", "the local code was known late", "--as", "inv1",
                 LEDGER);
    expect_out("\"accept\": true");
    expect_values("accepted", true, true);
    CASEMENT_RUN("exceptions", "undo", "4", "--reason", "not yet", "--as", "inv1", LEDGER);
    expect_values("taken back", true, false);
    CASEMENT_RUN("sign", "ES-001", "T30-01", SIGNED_BY);
    expect_out("0 windows signed; 1 already was");
    CASEMENT_RUN("status", LEDGER);
    expect_out("every part read is accounted for");
}

Test(sign, asks_no_more_about_what_is_kept_as_it_was_signed)
{
    char id[64];

    sign_and_map_the_code();
    question(id);
    CASEMENT_RUN("exceptions", "decide", id, "keep", "--reason", "taken elsewhere", "--as", "inv1", LEDGER);
    expect_out("1 exception closed");
    expect_values("kept", true, false);
    CASEMENT_RUN("exceptions", "list", LEDGER);
    cr_expect(strstr(run.out, "SIGNED_CHANGED") == NULL, "%s", run.out);
    CASEMENT_RUN("exceptions", "undo", "1", "--reason", "signed too early", "--as", "inv1", LEDGER);
    expect_values("no longer signed", true, true);
}

Test(sign, takes_a_list_whole_or_not_at_all)
{
    scratch_write(&scratch, "list.csv", "subject,window\nES-001,T30-01\nES-001,T99-01\n");
    CASEMENT_RUN("sign", "--list", "list.csv", SIGNED_BY);
    expect_refused(64, "line 3: ES-001 T99-01: no window that was delivered");
    CASEMENT_RUN("exceptions", "decisions", LEDGER);
    expect_out("No decision yet");
    scratch_write(&scratch, "list.csv", "window,subject\nT30-01,ES-001\nBASELINE,ES-001\nT30-01,ES-001\n");
    CASEMENT_RUN("sign", "--list", "list.csv", SIGNED_BY);
    expect_out("2 windows signed (decisions 1 to 2); 1 already was\n");
    CASEMENT_RUN("sign", "--list", "list.csv", SIGNED_BY, "--json");
    expect_out("\"signed\":\t0");
    expect_out("\"already\":\t3");
}

static const struct {
    const char *arguments[4];
    int code;
    const char *says;
} refusals[] = {
    {{"ES-001", "T30-36"}, 64, "takes values still"},
    {{"ES-002", "T30-01"}, 64, "no subject of the roster"},
    {{"ES-001"}, 64, "which windows of ES-001?"},
    {{NULL}, 64, "nothing is signed"},
    {{"ES-001", "--list", "list.csv"}, 64, "either --list or a subject"},
    {{"--list", "nowhere.csv"}, 78, "nowhere.csv"},
};

Test(sign, refuses_what_cannot_be_signed)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const char *const *a = refusals[i].arguments;

        CASEMENT_RUN("sign", SIGNED_BY, a[0], a[0] ? a[1] : NULL, a[0] && a[1] ? a[2] : NULL);
        expect_refused(refusals[i].code, refusals[i].says);
    }
}
