/*
 * casement replay --refetch as people see it: against a hospital that changed a result and left its stamp old.
 */
#include "cli/folder.h"

#include "service/fake_hospital.h"

static struct fake_hospital hospital;

static void begin(void)
{
    open_folder();
    hospital = (struct fake_hospital){.server = NULL};
    fake_hospital_open(&hospital);
    fake_hospital_add(&hospital, FAKE_PATIENT("p1"));
    fake_hospital_add(&hospital, FAKE_VISIT("p1"));
    fake_hospital_add(&hospital, FAKE_COUNT("p1", "5", "final", "1.20"));
    scratch_write(&scratch, "roster.csv",
                  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
                  "madrid,lendex-rrmm,p1,ES-1,2024-01-18,,2024-01-15,,,\n");
    scratch_write(&scratch, "casement.json",
                  gw_arena_print(&arena,
                                 "{\"installation\": \"md\", \"state\": \"state\", \"pseudonym_key\": \"p.key\",\n"
                                 " \"studies\": [{\"id\": \"lendex-rrmm\", \"package\": \"" MAPPINGS
                                 "/studies/lendex-rrmm\", \"enrolment\": \"roster.csv\",\n"
                                 "  \"sink\": {\"kind\": \"sqlite\", \"path\": \"study.db\"}}],\n"
                                 " \"endpoints\": [{\"id\": \"md-ehr\", \"site\": \"madrid\", \"base\": \"%s\",\n"
                                 "  \"site_profile\": \"" MAPPINGS
                                 "/sites/madrid.json\", \"auth\": {\"kind\": \"none\"}}]}\n",
                                 fake_server_base(hospital.server)));
}

static void end(void)
{
    fake_server_free(hospital.server);
    close_folder();
}

TestSuite(refetch, .init = begin, .fini = end);

#define CONFIG "-c", "casement.json"
#define EXPECT(code, err, parts, ...)                                                                                  \
    expect_run((const char *const[]){CASEMENT, __VA_ARGS__, NULL}, (code), (err), (const char *const[]){parts, NULL})

Test(refetch, tells_what_was_found_and_what_it_changed)
{
    EXPECT(0, "", PARTS("\nrows: "), "sync", CONFIG);
    hospital.resources[2] = FAKE_COUNT("p1", "6", "corrected", "0.90");
    EXPECT(0, "",
           PARTS("1 subject asked about again: 3 requests, 1 entry, 1 new version, 0 exact repeats\n",
                 " changed, 0 withdrawn"),
           "replay", CONFIG, "--refetch", "--study", "lendex-rrmm", "--subject", "ES-1", "--from", "2024-02-01", "--to",
           "2024-03-01", "--type", "Observation", "--reason", "lab re-issued results", "--as", "dm1");
    EXPECT(0, "",
           PARTS("4 requests, 1 entry, 0 new versions, 1 exact repeat\n", "nothing new: no row written, no exception"),
           "replay", CONFIG, "--refetch", "--type", "Observation", "--reason", "once more");
    EXPECT(0, "",
           PARTS("\"chosen\":\t1", "\"not_asked\":\t0", "\"folders\":\t[]", "\"known\":\t1", "\"withdrawn\":\t0"),
           "replay", CONFIG, "--refetch", "--type", "Observation", "--reason", "for a program", "--json");
    EXPECT(0, "",
           PARTS("dm1 asked again for Observation of 1 subject (ES-1) from 2024-02-01 to 2024-03-01",
                 "because: lab re-issued results"),
           "audit", "show", CONFIG);
}

Test(refetch, says_so_where_there_is_nothing_to_ask)
{
    EXPECT(0, "", PARTS("\nrows: "), "sync", CONFIG);
    EXPECT(0, "",
           PARTS("1 subject asked about again: 0 requests, 0 entries, 0 new versions, 0 exact repeats\n",
                 "nothing was asked for: their hospitals are asked for no such records, or not of these days\n"),
           "replay", CONFIG, "--refetch", "--type", "Encounter", "--to", "2020-01-01", "--reason", "a look");
}

Test(refetch, ends_as_a_sync_does_where_an_endpoint_fails)
{
    EXPECT(0, "", PARTS("\nrows: "), "sync", CONFIG);
    hospital.garbled = "Encounter";
    EXPECT(76,
           "casement: md-ehr: Encounter: the answer is not one whole page of FHIR (the text ends early at byte 35): "
           "ask who runs the server what cuts or damages it\n",
           PARTS("1 subject asked about again: "), "replay", CONFIG, "--refetch", "--type", "Encounter,Observation",
           "--reason", "a look");
}

Test(refetch, says_what_is_wrong_in_one_line)
{
    EXPECT(64, "casement: replay: --reason TEXT is missing: say why, in a few words: see casement replay --help\n",
           PARTS(""), "replay", CONFIG, "--refetch");
    EXPECT(64,
           "casement: replay: --refetch asks hospitals: it goes with -c FILE, which names them: see casement replay "
           "--help\n",
           PARTS(""), "replay", "--ledger", "state/ledger.db", "--refetch", "--reason", "a look");
    EXPECT(64, "casement: no subject \"ES-9\" is on the roster\n", PARTS(""), "replay", CONFIG, "--refetch",
           "--subject", "ES-1,ES-9", "--reason", "a look");
    EXPECT(64, "casement: no hospital is asked for resources of type \"Labs\"\n", PARTS(""), "replay", CONFIG,
           "--refetch", "--type", "Labs", "--reason", "a look");
}
