/*
 * casement export --cut and casement changes: what became another since it was taken out.
 */
#include "cli/last_run.h"

#include "gateway/core/arena.h"
#include "support/fake_server.h"
#include "support/postgres.h"

#define MAPPINGS SOURCE_DIR "/mappings"

static struct gw_arena arena = GW_ARENA_INIT((size_t)16 << 20);
static struct fake_server *server;
static const char *value = "2.40"; /* of the one count, on day 1 */
static int version = 1;

static const char patient[] = "{\"resourceType\":\"Patient\",\"id\":\"pat-1\",\"meta\":{\"versionId\":\"1\","
                              "\"lastUpdated\":\"2024-01-02T08:00:00Z\"},\"gender\":\"male\",\"birthDate\":"
                              "\"1960-02-01\"}";

static const char capability[] =
    "{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"date\":\"2024-01-01\",\"kind\":\"instance\","
    "\"fhirVersion\":\"4.0.1\",\"format\":[\"json\"],\"rest\":[{\"mode\":\"server\"}]}";

static const char *count(void)
{
    return gw_arena_print(
        &arena,
        "{\"resourceType\":\"Observation\",\"id\":\"o-1\",\"meta\":{\"versionId\":\"%d\",\"lastUpdated\":"
        "\"2024-02-2%dT08:00:00Z\"},\"status\":\"amended\",\"category\":[{\"coding\":[{\"system\":"
        "\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"laboratory\"}]}],\"code\":{"
        "\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},\"subject\":{\"reference\":"
        "\"Patient/pat-1\"},\"effectiveDateTime\":\"2024-01-15\",\"valueQuantity\":{\"value\":%s,\"unit\":\"10*3/uL\","
        "\"system\":\"http://unitsofmeasure.org\",\"code\":\"10*3/uL\"}}",
        version, version, value);
}

static void answer(struct exchange *exchange, const char *resource)
{
    const char *body = resource ? gw_arena_print(&arena,
                                                 "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":1,"
                                                 "\"entry\":[{\"resource\":%s,\"search\":{\"mode\":\"match\"}}]}",
                                                 resource)
                                : "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":0}";

    fake_server_reply(exchange, 200, "application/fhir+json", "", body);
}

static void hospital(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    if (strstr(exchange->path, "/metadata"))
        fake_server_reply(exchange, 200, "application/fhir+json", "", capability);
    else if (strstr(exchange->path, "/Observation"))
        answer(exchange, count());
    else if (strstr(exchange->path, "/Patient/pat-1"))
        fake_server_reply(exchange, 200, "application/fhir+json", "", patient);
    else
        answer(exchange, strstr(exchange->path, "/Patient") ? patient : NULL);
}

#define SYNC()       CASEMENT_RUN("sync", "-c", "casement.json", "--as-of", "2024-12-31")
#define CHANGES(...) CASEMENT_RUN("changes", "-c", "casement.json", ##__VA_ARGS__)
#define CUT(name)    CASEMENT_RUN("export", "-c", "casement.json", "--format", "csv", "--out", "out", "--cut", name)

static void begin_with(const char *sink)
{
    scratch_init(&scratch);
    memset(&run, 0, sizeof run);
    server = fake_server_new(hospital, NULL);
    scratch_write(&scratch, "roster.csv",
                  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
                  "madrid,lendex-rrmm,pat-1,ES-1,2024-01-15,,2024-01-15,,,\n");
    scratch_write(&scratch, "casement.json",
                  gw_arena_print(&arena,
                                 "{\"installation\": \"md\", \"state\": \"state\", \"pseudonym_key\": \"p.key\",\n"
                                 " \"studies\": [{\"id\": \"lendex-rrmm\", \"package\": \"" MAPPINGS
                                 "/studies/lendex-rrmm\", \"enrolment\": \"roster.csv\",\n"
                                 "  \"sink\": %s}],\n"
                                 " \"endpoints\": [{\"id\": \"md-ehr\", \"site\": \"madrid\", \"base\": \"%s\", "
                                 "\"site_profile\": \"" MAPPINGS
                                 "/sites/madrid.json\", \"auth\": {\"kind\": \"none\"}}]}\n",
                                 sink, fake_server_base(server)));
}

static void begin(void)
{
    begin_with("{\"kind\": \"sqlite\", \"path\": \"study.db\"}");
    SYNC();
    cr_assert(eq(int, run.code, 0), "%s", run.err);
}

static void end(void)
{
    program_release(&run);
    fake_server_free(server);
    scratch_release(&scratch);
    gw_arena_release(&arena);
}

TestSuite(changes, .init = begin, .fini = end, .timeout = 120);

static void begin_elsewhere(void)
{
    begin_with(gw_arena_print(&arena,
                              "{\"kind\": \"postgres\", \"host\": \"%s\", \"port\": %u, \"database\": \"postgres\", "
                              "\"user\": \"casement\", \"schema\": \"changes\"}",
                              cluster_host(), cluster_port()));
    CASEMENT_RUN("db", "migrate", "-c", "casement.json");
    SYNC();
    cr_assert(eq(int, run.code, 0), "%s", run.err);
}

TestSuite(changes_elsewhere, .init = begin_elsewhere, .fini = end, .timeout = 300);

static void amend(const char *to)
{
    value = to;
    version++;
    SYNC();
    cr_assert(eq(int, run.code, 0), "%s", run.err);
}

Test(changes, tell_what_is_another_since_the_last_cut)
{
    CHANGES();
    expect_refused(64, "has no cut");
    CUT("first");
    cr_assert(eq(int, run.code, 0), "%s", run.err);
    CHANGES();
    expect_out("0 rows of 0 subjects changed since cut first");
    amend("2.10");
    CHANGES();
    expect_out("value_num 2.40 > 2.10");
    expect_out("BASELINE");
    CHANGES("--json", "--subject", "ES-1");
    expect_out("\"what\":\t\"changed\"");
    expect_out("\"was\":\t\"2.40\"");
    CUT("second");
    CHANGES();
    expect_out("0 rows of 0 subjects changed since cut second");
    CHANGES("--cut", "first");
    expect_out("since cut first");
    expect_out("value_num 2.40 > 2.10");
}

Test(changes, are_told_since_a_cut_that_is_there_and_never_moves)
{
    CUT("first");
    CUT("first");
    expect_refused(64, "a cut is never moved");
    CUT("a b");
    expect_refused(64, "write letters");
    CHANGES("--cut", "third");
    expect_refused(64, "has no cut \"third\"");
    CHANGES("--subject", "ES-9");
    expect_refused(64, "no subject \"ES-9\"");
    CASEMENT_RUN("export", "--db", "study.db", "--format", "csv", "--out", "out", "--cut", "x");
    expect_refused(64, "it goes with --config");
}

/* What is signed does not change, so nothing of it is told. */
Test(changes, leave_out_what_stays_as_it_was_signed)
{
    CASEMENT_RUN("sign", "-c", "casement.json", "ES-1", "BASELINE", "--reason", "read", "--as", "inv1");
    expect_out("1 window signed");
    CUT("first");
    amend("2.10");
    CHANGES();
    cr_expect(strstr(run.out, "2.10") == NULL, "%s", run.out);
    CASEMENT_RUN("exceptions", "list", "-c", "casement.json");
    expect_out("SIGNED_CHANGED");
}

/* The view of a PostgreSQL study database tells it too. */
Test(changes_elsewhere, are_told_there_since_the_last_cut)
{
    static const char since[] = "SET search_path TO changes; SELECT coalesce(string_agg(concat_ws(' ', cut, site, "
                                "subject_key, table_name, kind),"
                                " '; '), 'none') FROM changes_since_cut WHERE table_name = 'observations'";

    cr_expect(cluster_says(since, "none"));
    amend("2.30");
    CUT("first");
    cr_assert(eq(int, run.code, 0), "%s", run.err);
    cr_expect(cluster_says(since, "none"), "what was corrected before it was taken out");
    amend("2.10");
    cr_expect(cluster_says(since, "first madrid ES-1 observations corrected"));
    CHANGES();
    expect_out("value_num 2.30 > 2.10");
    CUT("first");
    expect_refused(64, "a cut is never moved");
    cr_expect(cluster_says(since, "first madrid ES-1 observations corrected"));
    CUT("second");
    cr_expect(cluster_says(since, "none"));
}
