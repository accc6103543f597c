/*
 * A sync and a check as people see them, against a hospital of one subject and one that refuses.
 */
#include <sys/stat.h>

#include "cli/folder.h"

#include "gateway/service/certificate.h"
#include "gateway/service/savings.h"
#include "support/fake_server.h"

static const char patient[] =
    "{\"resourceType\":\"Patient\",\"id\":\"pat-1\",\"meta\":{\"versionId\":\"1\","
    "\"lastUpdated\":\"2024-01-02T08:00:00Z\"},\"gender\":\"male\",\"birthDate\":\"1960-02-01\"}";

static const char observation[] =
    "{\"resourceType\":\"Observation\",\"id\":\"o-1\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":"
    "\"2024-02-20T08:00:00Z\"},\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":"
    "\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"laboratory\"}]}],\"code\":{\"coding\":"
    "[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},\"subject\":{\"reference\":\"Patient/pat-1\"},"
    "\"effectiveDateTime\":\"2024-01-15\",\"valueQuantity\":{\"value\":2.40,\"unit\":\"10*3/uL\","
    "\"system\":\"http://unitsofmeasure.org\",\"code\":\"10*3/uL\"}}";

static const char capability[] =
    "{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"date\":\"2024-01-01\","
    "\"kind\":\"instance\",\"fhirVersion\":\"4.0.1\",\"format\":[\"json\"],\"rest\":[{\"mode\":"
    "\"server\"}]}";

static void answer(struct exchange *exchange, const char *body)
{
    fake_server_reply(exchange, 200, "application/fhir+json", "", body);
}

static void bundle_of(struct exchange *exchange, const char *resource, const char *type)
{
    char body[2048];

    snprintf(body, sizeof body,
             "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":1,\"entry\":[{\"fullUrl\":\"%s/%s\","
             "\"resource\":%s,\"search\":{\"mode\":\"match\"}}]}",
             fake_server_base(exchange->server), type, resource);
    answer(exchange, body);
}

/* What is asked stands in the target, or, of a POST, in the body. */
static void hospital(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    if (strstr(exchange->path, "/metadata"))
        answer(exchange, capability);
    else if (strstr(exchange->path, "/Observation"))
        bundle_of(exchange, observation, "Observation/o-1");
    else if (strstr(exchange->path, "/Patient/pat-1"))
        answer(exchange, patient);
    else if (strstr(exchange->path, "/Patient"))
        bundle_of(exchange, patient, "Patient/pat-1");
    else
        answer(exchange, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":0}");
}

static void refusing(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    fake_server_reply(exchange, 403, "application/fhir+json", "",
                      "{\"resourceType\":\"OperationOutcome\",\"issue\":[]}");
}

static const char *endpoint(const char *id, const struct fake_server *server)
{
    return gw_arena_print(&arena,
                          "{\"id\": \"%s\", \"site\": \"madrid\", \"base\": \"%s\", \"site_profile\": \"" MAPPINGS
                          "/sites/madrid.json\", \"auth\": {\"kind\": \"none\"}}",
                          id, fake_server_base(server));
}

static void configure(const char *endpoints)
{
    scratch_write(&scratch, "roster.csv",
                  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
                  "madrid,lendex-rrmm,pat-1,ES-1,2024-01-15,,2024-01-15,,,\n");
    scratch_write(&scratch, "casement.json",
                  gw_arena_print(&arena,
                                 "{\"installation\": \"md\", \"state\": \"state\", \"pseudonym_key\": \"p.key\",\n"
                                 " \"studies\": [{\"id\": \"lendex-rrmm\", \"package\": \"" MAPPINGS
                                 "/studies/lendex-rrmm\", \"enrolment\": \"roster.csv\",\n"
                                 "  \"sink\": {\"kind\": \"sqlite\", \"path\": \"study.db\"}}],\n"
                                 " \"endpoints\": [%s]}\n",
                                 endpoints));
}

TestSuite(sync, .init = open_folder, .fini = close_folder);

static struct program run(const char *command, const char *option)
{
    struct program run;

    program_run(&run, scratch.folder, (const char *[]){CASEMENT, command, "-c", "casement.json", option, NULL});
    return run;
}

Test(sync, says_that_nothing_is_new_when_nothing_is)
{
    struct fake_server *server = fake_server_new(hospital, NULL);
    struct program told;

    configure(endpoint("md-ehr", server));
    told = run("sync", "--as-of=2024-12-31");
    cr_expect(eq(int, told.code, 0), "%s", told.err);
    cr_expect(strstr(told.out, "\nrows: ") != NULL, "%s", told.out);
    cr_expect(strstr(told.out, " 0 changed, 0 withdrawn, 0 unchanged\n") != NULL, "%s", told.out);
    program_release(&told);
    told = run("sync", "--as-of=2024-12-31");
    cr_expect(eq(int, told.code, 0), "%s", told.err);
    cr_expect(strstr(told.out, "\nnothing new: no row written, no exception raised\n") != NULL, "%s", told.out);
    program_release(&told);
    told = run("status", "--json");
    cr_expect(eq(int, told.code, 0), "%s", told.err);
    cr_expect(strstr(told.out, "\"balanced\":\ttrue") != NULL, "%s", told.out);
    cr_expect(strstr(told.out, "\t\t\t\"id\":\t\"md-ehr\",\n") != NULL, "%s", told.out);
    cr_expect(strstr(told.out, "\"refused_rows\":\t0") != NULL, "%s", told.out);
    program_release(&told);
    told = run("status", NULL);
    cr_expect(strstr(told.out, "\nENDPOINT  ADDRESS ") != NULL, "%s", told.out);
    cr_expect(strstr(told.out, "  a file  ") != NULL, "%s", told.out);
    program_release(&told);
    fake_server_free(server);
}

/* What the sync wrote down by itself, so that known numbers can stand in its place. */
static void forget(const char *space, const char *name)
{
    struct gw_ledger *ledger = NULL;
    struct gw_error err;

    cr_assert(gw_ledger_open(scratch_path(&scratch, "state/ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_ledger_note_put(ledger, space, name, NULL, &err) == GW_OK, "%s", err.text);
    gw_ledger_close(ledger);
}

static void count_requests(const char *endpoint_id, struct gw_savings savings)
{
    struct gw_ledger *ledger = NULL;
    struct gw_error err;

    cr_assert(gw_ledger_open(scratch_path(&scratch, "state/ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_savings_add(ledger, &arena, endpoint_id, &savings, &err) == GW_OK, "%s", err.text);
    gw_ledger_close(ledger);
}

Test(sync, tells_with_its_status_how_many_requests_the_schedule_saved)
{
    struct fake_server *server = fake_server_new(hospital, NULL);
    struct program told;

    configure(gw_arena_print(&arena, "%s,\n%s", endpoint("md-ehr", server), endpoint("md-lab", server)));
    told = run("sync", "--as-of=2024-12-31");
    program_release(&told);
    told = run("status", NULL);
    cr_expect(strstr(told.out, "\nrequests: ") != NULL, "%s", told.out);
    cr_expect(strstr(told.out, " sent, 0 saved against plain polling every 6 h\n") != NULL, "%s", told.out);
    program_release(&told);
    forget("requests", "md-ehr");
    forget("requests", "md-lab");
    told = run("status", NULL);
    cr_expect(strstr(told.out, "requests: ") == NULL, "%s", told.out);
    program_release(&told);
    count_requests("md-ehr", (struct gw_savings){1200, 1001504});
    count_requests("md-lab", (struct gw_savings){4, 0});
    told = run("status", NULL);
    cr_expect(strstr(told.out, "\nrequests: 1,204 sent, 1,000,300 saved against plain polling every 6 h\n") != NULL,
              "%s", told.out);
    program_release(&told);
    told = run("status", "--json");
    cr_expect(strstr(told.out, "\"requests\":\t{\n\t\t\"sent\":\t1204,\n\t\t\"saved\":\t1000300,") != NULL, "%s",
              told.out);
    cr_expect(strstr(told.out, "\"requests_sent\":\t4,\n\t\t\t\"requests_saved\":\t0") != NULL, "%s", told.out);
    program_release(&told);
    fake_server_free(server);
}

static void note_readings(const char *gap)
{
    struct gw_reading readings[] = {{"Encounter", gw_day_of(2024, 1, 1), gw_day_of(2027, 1, 1), false, false,
                                     1719792000 /* 2024-07-01 */, 2, 17, 17, NULL},
                                    {"Condition", GW_NO_DAY, GW_NO_DAY, false, false, 1719792000, 1, 3, -1, gap}};
    const struct gw_readings more = {readings, 2};
    struct gw_ledger *ledger = NULL;
    struct gw_error err;

    cr_assert(gw_ledger_open(scratch_path(&scratch, "state/ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_readings_keep(ledger, &arena, 1, "md-ehr", &more, &err) == GW_OK, "%s", err.text);
    gw_ledger_close(ledger);
}

Test(sync, P4_shows_what_proves_that_a_subject_was_read)
{
    struct fake_server *server = fake_server_new(hospital, NULL);
    struct program told;

    configure(endpoint("md-ehr", server));
    told = run("sync", "--as-of=2024-12-31");
    program_release(&told);
    told = run("status", "--subject=ES-1");
    cr_expect(strstr(told.out, "\nT30-01    2024-02-09  2024-02-19  Encounter  ") != NULL, "%s", told.out);
    cr_expect(strstr(told.out, "settled") != NULL, "%s", told.out);
    program_release(&told);
    forget("readings", "1 md-ehr");
    told = run("status", "--subject=ES-1");
    cr_expect(eq(str, told.out, (char *)"No window was read yet\n"), "%s%s", told.out, told.err);
    program_release(&told);
    note_readings("it answered 503");
    told = run("status", "--subject=ES-1");
    cr_expect(strstr(told.out,
                     "\nT30-01    2024-02-09  2024-02-19  Encounter  2024-07-01T00:00:00Z      2       17  settled") !=
                  NULL,
              "%s%s", told.out, told.err);
    cr_expect(strstr(told.out, "Condition  never                     0        0  gap      it answered 503\n") != NULL,
              "%s", told.out);
    program_release(&told);
    told = run("status", "--subject=ES-9");
    cr_expect(eq(int, told.code, 64));
    cr_expect(eq(str, told.err, (char *)"casement: the ledger knows no subject of this number\n"), "%s", told.err);
    program_release(&told);
    fake_server_free(server);
}

Test(sync, tells_with_its_status_who_left)
{
    static const char head[] =
        "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n";
    struct fake_server *server = fake_server_new(hospital, NULL);
    struct program told;

    configure(endpoint("md-ehr", server));
    told = run("sync", "--as-of=2024-12-31");
    program_release(&told);
    scratch_write(&scratch, "roster.csv", head);
    told = run("status", NULL);
    cr_expect(strstr(told.out, "\nNot on the roster any more: ES-1 (nothing is asked or derived; what was delivered "
                               "stays)\n") != NULL,
              "%s", told.out);
    program_release(&told);
    scratch_write(
        &scratch, "roster.csv",
        gw_arena_print(&arena, "%smadrid,lendex-rrmm,pat-1,ES-1,2024-01-15,,2024-01-15,2024-03-01,,\n", head));
    told = run("status", NULL);
    cr_expect(strstr(told.out, "\nWithdrawn: ES-1 (nothing is asked any more; what was collected stays)\n") != NULL,
              "%s", told.out);
    program_release(&told);
    told = run("status", "--json");
    cr_expect(strstr(told.out, "\"withdrawn\":\t[\"ES-1\"],\n\t\t\"not_on_roster\":\t[]") != NULL, "%s", told.out);
    program_release(&told);
    scratch_write(&scratch, "roster.csv", "site,study\n");
    told = run("status", NULL);
    cr_expect(eq(int, told.code, 0), "%s", told.err);
    cr_expect(strstr(told.out, "\nThe roster cannot be read: ") != NULL, "%s", told.out);
    program_release(&told);
    fake_server_free(server);
}

Test(sync, ends_as_the_first_endpoint_that_failed)
{
    struct fake_server *good = fake_server_new(hospital, NULL), *bad = fake_server_new(refusing, NULL);
    struct program told;

    configure(gw_arena_print(&arena, "%s,\n%s", endpoint("good", good), endpoint("bad", bad)));
    told = run("sync", "--as-of=2024-12-31");
    cr_expect(eq(int, told.code, 77), "%s", told.err);
    cr_expect(eq(int, strncmp(told.err, "casement: bad: ", 15), 0), "%s", told.err);
    cr_expect(strstr(told.out, "\ngood ") != NULL && strstr(told.out, "  FAIL\n") != NULL, "%s", told.out);
    program_release(&told);
    fake_server_free(good);
    fake_server_free(bad);
}

Test(sync, is_checked_line_by_line)
{
    struct fake_server *server = fake_server_new(refusing, NULL);
    struct program told;

    configure(endpoint("bad", server));
    told = run("check", NULL);
    cr_expect(eq(int, told.code, 77), "%s", told.err);
    cr_expect(eq(int, strncmp(told.out, "ok            configuration  1 study, 1 endpoint\n", 49), 0), "%s", told.out);
    cr_expect(strstr(told.out, "\nFAIL     bad  ") != NULL, "%s", told.out);
    program_release(&told);
    told = run("check", "--json");
    cr_expect(eq(int, told.code, 77), "%s", told.err);
    cr_expect(strstr(told.out, "\"verdict\":\t\"FAIL\"") != NULL, "%s", told.out);
    program_release(&told);
    fake_server_free(server);
}
