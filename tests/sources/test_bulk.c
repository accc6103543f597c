/*
 * An export against servers as they are: three dialects, waits, links, losses. Row S19 of the fault matrix.
 */
#include "sources/bulk_replies.h"

#include <errno.h>

static struct fake_bulk fake;

/* ---- dialects ---- */

static const struct {
    const char *name;
    struct bulk_reply replies[12];
    const char *outcome; /* facts | as of, of Patient and of Observation */
    const char *asked;
} dialects[] = {
    {"STU1: 202 with progress, output and error",
     {ACCEPTED,
      {"GET /job/1", 202, .retry_after_s = 1, .progress = "12% complete, Please wait..."},
      {"GET /job/1", 200, MANIFEST(BOTH, ",\"error\":[]")},
      P_FILE,
      O_FILE},
     ALL_FACTS " | " T1 " " T1,
     KICK "\nGET /job/1\nGET /job/1\nGET /f/p\nGET /f/o\nDELETE /job/1\n"},
    {"STU2: deletions and counts",
     {ACCEPTED,
      {"GET /job/1", 200,
       MANIFEST(OF_COUNT("Patient", BASE "/f/p", "2") "," OF_COUNT("Observation", BASE "/f/o", "3"),
                ",\"deleted\":[" OF("Bundle", BASE "/f/d") "],\"error\":[]")},
      P_FILE,
      O_FILE,
      {"GET /f/d", 200, DELETION("Observation/o7") "\n" DELETION("Observation/o8") "\n"}},
     ALL_FACTS " | " T1 " " T1,
     KICK "\nGET /job/1\nGET /f/p\nGET /f/o\nGET /f/d\nDELETE /job/1\n"},
    {"STU3: further manifests by next, outcome in place of error, status apart from the answer's",
     {ACCEPTED,
      {"GET /job/1", 200, "", .export_status = 202, .retry_after_s = 2},
      {"GET /job/1", 200,
       MANIFEST(OF("Patient", BASE "/f/p"), ",\"link\":[{\"relation\":\"next\",\"url\":\"/r4/job/1/2\"}]"),
       .export_status = 200},
      {"GET /job/1/2", 202, .retry_after_s = 1},
      {"GET /job/1/2", 200, MANIFEST(OF("Observation", BASE "/f/o"), ",\"outcome\":[]")},
      P_FILE,
      O_FILE},
     ALL_FACTS " | " T1 " " T1,
     KICK "\nGET /job/1\nGET /job/1\nGET /job/1/2\nGET /job/1/2\nGET /f/p\nGET /f/o\nDELETE /job/1\n"},
    {"STU3: organised by patient, several types in a file",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST("{\"url\":\"" BASE "/f/m\"}", ",\"outputOrganizedBy\":\"Patient\"")},
      {"GET /f/m", 200, PATIENT("p1") "\n" OBSERVATION("o1", "p1") "\n"}},
     "Observation/o1 Patient/p1 | " T1 " " T1,
     KICK "\nGET /job/1\nGET /f/m\nDELETE /job/1\n"},
    {"nothing to export",
     {ACCEPTED, {"GET /job/1", 200, MANIFEST("", "")}},
     " | " T1 " " T1,
     KICK "\nGET /job/1\nDELETE /job/1\n"},
    {"files of types that were not asked for are left where they are",
     {ACCEPTED, {"GET /job/1", 200, MANIFEST(BOTH "," OF("Account", BASE "/f/a"), "")}, P_FILE, O_FILE},
     ALL_FACTS " | " T1 " " T1,
     KICK "\nGET /job/1\nGET /f/p\nGET /f/o\nDELETE /job/1\n"},
    {"a file without a token, where none is wanted",
     {ACCEPTED,
      {"GET /job/1", 200,
       "{\"transactionTime\":\"" T1 "\",\"requiresAccessToken\":false,\"output\":[" OF("Patient", BASE "/f/p") "]}"},
      P_FILE},
     "Patient/p1 | " T1 " " T1,
     KICK "\nGET /job/1\nGET /f/p open\nDELETE /job/1\n"},
    {"Cerner: 307 to storage, which is on the list of origins",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(OF("Patient", BASE "/f/p"), "")},
      {"GET /f/p", 307, "", .location = "https://files.example.org/x?sig=1"},
      {"GET https://files.example.org/x?sig=1", 200, PATIENT("p1") "\n"}},
     "Patient/p1 | " T1 " " T1,
     KICK "\nGET /job/1\nGET /f/p\nGET https://files.example.org/x?sig=1\nDELETE /job/1\n"},
    {"a type that the server lacks is left out",
     {{KICK, 400, OUTCOME("error", "processing", "The requested resource type 'Observation' is not available")},
      {"GET /Group/g/$export?_type=Patient", 202, .location = BASE "/job/1"},
      {"GET /job/1", 200, MANIFEST(OF("Patient", BASE "/f/p"), "")},
      P_FILE},
     "Patient/p1 | " T1 " refused",
     KICK "\nGET /Group/g/$export?_type=Patient\nGET /job/1\nGET /f/p\nDELETE /job/1\n"},
    {"the job is forgotten by the server: once more",
     {{KICK, 202, .location = "/r4/job/1"},
      {KICK, 202, .location = "/r4/job/2"},
      {"GET /job/1", 404, OUTCOME("error", "not-found", "")},
      {"GET /job/2", 200, MANIFEST(BOTH, "")},
      P_FILE,
      O_FILE},
     ALL_FACTS " | " T1 " " T1,
     KICK "\nGET /job/1\n" KICK "\nGET /job/2\nGET /f/p\nGET /f/o\nDELETE /job/2\n"},
    {"500 in passing, twice",
     {ACCEPTED,
      {"GET /job/1", 500, OUTCOME("error", "transient", "")},
      {"GET /job/1", 202, .retry_after_s = 1},
      {"GET /job/1", 500, OUTCOME("error", "transient", "")},
      {"GET /job/1", 200, MANIFEST(OF("Patient", BASE "/f/p"), "")},
      P_FILE},
     "Patient/p1 | " T1 " " T1,
     KICK "\nGET /job/1\nGET /job/1\nGET /job/1\nGET /job/1\nGET /f/p\nDELETE /job/1\n"},
    {"200 without a manifest, once",
     {ACCEPTED,
      {"GET /job/1", 200, "<html>", .type = "text/html"},
      {"GET /job/1", 200, MANIFEST(OF("Patient", BASE "/f/p"), "")},
      P_FILE},
     "Patient/p1 | " T1 " " T1,
     KICK "\nGET /job/1\nGET /job/1\nGET /f/p\nDELETE /job/1\n"},
    {"files whose time is over are listed again, and only what is left is fetched",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(BOTH, "")},
      P_FILE,
      {"GET /f/o", 403, "<Error>expired</Error>", .type = "application/xml"},
      {"GET /job/1", 200, MANIFEST(OF("Patient", BASE "/g/p") "," OF("Observation", BASE "/g/o"), "")},
      {"GET /g/o", 200, OBSERVATION("o1", "p1") "\n" OBSERVATION("o3", "p1") "\n"}},
     ALL_FACTS " | " T1 " " T1,
     KICK "\nGET /job/1\nGET /f/p\nGET /f/o\nGET /job/1\nGET /g/o\nDELETE /job/1\n"},
    {"a manifest that changes is another export",
     {{KICK, 202, .location = "/r4/job/1"},
      {KICK, 202, .location = "/r4/job/2"},
      {"GET /job/1", 200, MANIFEST(BOTH, "")},
      {"GET /job/1", 200, MANIFEST_AS_OF(T3, BOTH, "")},
      P_FILE,
      {"GET /f/o", 410, ""},
      {"GET /job/2", 200, MANIFEST_AS_OF(T3, OF("Patient", BASE "/f/p") "," OF("Observation", BASE "/f/o2"), "")},
      {"GET /f/o2", 200, OBSERVATION("o1", "p1") "\n"}},
     "Observation/o1 Patient/p1 | " T3 " " T3,
     KICK "\nGET /job/1\nGET /f/p\nGET /f/o\nGET /job/1\n" KICK "\nGET /job/2\nGET /f/p\nGET /f/o2\nDELETE /job/2\n"},
    {"a file cut on its way, then whole",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(OF("Observation", BASE "/f/o"), "")},
      {"GET /f/o", 200, OBSERVATION("o1", "p1") "\n{\"res", .incomplete = true},
      {"GET /f/o", 200, OBSERVATION("o1", "p1") "\n{\"resourceTy"},
      O_FILE},
     "Observation/o1 Observation/o3 | " T1 " " T1,
     KICK "\nGET /job/1\nGET /f/o\nGET /f/o\nGET /f/o\nDELETE /job/1\n"},
    {"the last line without a line break is whole",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(OF_COUNT("Observation", BASE "/f/o", "1"), "")},
      {"GET /f/o", 200, OBSERVATION("o1", "p1")}},
     "Observation/o1 | " T1 " " T1,
     KICK "\nGET /job/1\nGET /f/o\nDELETE /job/1\n"},
    {"the same resource in two files is one",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(OF("Observation", BASE "/f/o") "," OF("Observation", BASE "/f/o2"), "")},
      O_FILE,
      {"GET /f/o2", 200, OBSERVATION("o3", "p1") "\n" OBSERVATION("o4", "p1") "\n"}},
     "Observation/o1 Observation/o3 Observation/o4 | " T1 " " T1,
     KICK "\nGET /job/1\nGET /f/o\nGET /f/o2\nDELETE /job/1\n"},
    {"the end cannot be told to the server: no error",
     {ACCEPTED, {"GET /job/1", 200, MANIFEST("", "")}, {"DELETE /job/1", 404, OUTCOME("error", "not-found", "")}},
     " | " T1 " " T1,
     KICK "\nGET /job/1\nDELETE /job/1\n"},
    {"nor when the server is gone",
     {ACCEPTED, {"GET /job/1", 200, MANIFEST("", "")}, {"DELETE /job/1", 0, .failure = GW_ERETRY}},
     " | " T1 " " T1,
     KICK "\nGET /job/1\nDELETE /job/1\n"},
};

Test(bulk, s19_speaks_every_dialect)
{
    for (size_t i = 0; i < COUNT(dialects); i++) {
        fake_bulk_play(&fake, dialects[i].replies);
        cr_expect(fake.failure.status == GW_OK, "%s: %s", dialects[i].name, fake.failure.text);
        cr_expect_str_eq(fake_bulk_outcome(&fake), dialects[i].outcome, "%s", dialects[i].name);
        cr_expect_str_eq(fake.asked.at, dialects[i].asked, "%s", dialects[i].name);
        cr_expect(!fake.result.partial && fake.result.lost == 0 && !fake.result.resumed && !fake.result.idle, "%s",
                  dialects[i].name);
        cr_expect(remove(fake.settings.spool) == 0 || errno == ENOENT, "%s: left in the spool folder",
                  dialects[i].name);
        cr_expect(fake.result.wait_s == 24 * 3600, "%s: due again in %lld s", dialects[i].name,
                  (long long)fake.result.wait_s);
        cr_expect(!find_note(&fake, "bulk", "hm-ehr") && !find_note(&fake, "bulk.file.hm-ehr", "000000"), "%s",
                  dialects[i].name);
        fake_bulk_release(&fake);
    }
}

/* ---- scopes ---- */

#define LACKS(type) type ": the server gave a token without the scope system/*.rs: ask its administrator"

Test(bulk, a3_exports_what_the_token_gives_and_calls_nothing_else_complete)
{
    static const struct bulk_reply replies[] = {
        {KICK, 0, LACKS("Observation"), .failure = GW_EDENIED, .trouble = GW_TROUBLE_UNGRANTED},
        {"GET /Group/g/$export?_type=Patient", 202, .location = BASE "/job/1"},
        {"GET /job/1", 200, MANIFEST(OF("Patient", BASE "/f/p"), "")},
        P_FILE,
        {0}};

    fake_bulk_play(&fake, replies);
    cr_expect(fake.failure.status == GW_OK, "%s", fake.failure.text);
    cr_expect_str_eq(fake_bulk_outcome(&fake), "Patient/p1 | " T1 " -");
    cr_expect(fake.result.partial && strstr(fake.result.note, "Observation: the server gave a token without"));
    cr_expect(fake.result.wait_s == 86400, "%lld", (long long)fake.result.wait_s);
    fake_bulk_release(&fake);
}

Test(bulk, a3_ends_where_the_token_gives_nothing_that_is_wanted)
{
    static const struct bulk_reply replies[] = {
        {KICK, 0, LACKS("Observation"), .failure = GW_EDENIED, .trouble = GW_TROUBLE_UNGRANTED},
        {"GET /Group/g/$export?_type=Patient", 0, LACKS("Patient"), .failure = GW_EDENIED,
         .trouble = GW_TROUBLE_UNGRANTED},
        {0}};

    fake_bulk_play(&fake, replies);
    cr_expect(fake.failure.status == GW_EDENIED && strstr(fake.failure.text, "Patient: the server gave"), "%s",
              fake.failure.text);
    cr_expect_str_eq(fake_bulk_outcome(&fake), " | - -");
    fake_bulk_release(&fake);
}

/* ---- what is counted ---- */

Test(bulk, s19_counts_those_who_are_not_enrolled_and_keeps_nothing_of_them)
{
    static const struct bulk_reply replies[] = {ACCEPTED, {"GET /job/1", 200, MANIFEST(BOTH, "")}, P_FILE, O_FILE, {0}};

    fake_bulk_play(&fake, replies);
    cr_expect(fake.not_enrolled == 2, "%d", fake.not_enrolled);
    cr_expect(fake.result.entries == 5 && fake.result.fresh == 3 && fake.result.files == 2);
    cr_expect(fake.result.bytes > 0 && fake.result.requests == 5);
    fake_bulk_release(&fake);
}

Test(bulk, s19_tells_a_person_of_deletions_and_takes_nothing_back)
{
    fake_bulk_play(&fake, dialects[1].replies);
    cr_expect(fake.result.deletions == 2 && fake.deleted == 2 && fake.told == 2);
    cr_expect(fake.fact_count == 3);
    fake_bulk_release(&fake);
}

Test(bulk, s19_counts_resources_of_another_type_than_their_file)
{
    static const struct bulk_reply replies[] = {ACCEPTED,
                                                {"GET /job/1", 200, MANIFEST(OF("Observation", BASE "/f/o"), "")},
                                                {"GET /f/o", 200, OBSERVATION("o1", "p1") "\n" PATIENT("p1") "\n"},
                                                {0}};

    fake_bulk_play(&fake, replies);
    cr_expect_str_eq(fake_bulk_outcome(&fake), "Observation/o1 Patient/p1 | " T1 " " T1);
    cr_expect(fake.result.mistyped == 1);
    fake_bulk_release(&fake);
}

/* ---- waits ---- */

static const struct {
    const char *name;
    struct bulk_reply replies[12];
    const char *at; /* seconds at which each request went out */
} waits[] = {
    {"Retry-After is kept to the second, whatever it is",
     {ACCEPTED,
      {"GET /job/1", 202, .retry_after_s = 1},
      {"GET /job/1", 202, .retry_after_s = 1800},
      {"GET /job/1", 202, .retry_after_s = 86400},
      {"GET /job/1", 200, MANIFEST("", "")}},
     "0 0 1 1801 88201 88201 "},
    {"without it: 5 s, doubling to 5 min",
     {ACCEPTED,
      {"GET /job/1", 202},
      {"GET /job/1", 202},
      {"GET /job/1", 202},
      {"GET /job/1", 202},
      {"GET /job/1", 202},
      {"GET /job/1", 202},
      {"GET /job/1", 202},
      {"GET /job/1", 202},
      {"GET /job/1", 200, MANIFEST("", "")}},
     "0 0 5 15 35 75 155 315 615 915 915 "},
    {"429 with and without Retry-After, at the request and at the status",
     {{KICK, 429, "<html>", .type = "text/html"},
      ACCEPTED,
      {"GET /job/1", 429, "", .retry_after_s = 300},
      {"GET /job/1", 200, MANIFEST("", "")}},
     "0 30 30 330 330 "},
    {"away in passing: 1 s, doubling",
     {{KICK, 0, .failure = GW_ERETRY},
      {KICK, 502, "<html>"},
      ACCEPTED,
      {"GET /job/1", 0, .failure = GW_ERETRY},
      {"GET /job/1", 200, MANIFEST("", "")}},
     "0 1 3 3 4 4 "},
};

Test(bulk, s19_waits_as_it_is_asked_to)
{
    for (size_t i = 0; i < COUNT(waits); i++) {
        fake_bulk_play(&fake, waits[i].replies);
        cr_expect(fake.failure.status == GW_OK, "%s: %s", waits[i].name, fake.failure.text);
        cr_expect_str_eq(fake.at.at, waits[i].at, "%s", waits[i].name);
        fake_bulk_release(&fake);
    }
}

Test(bulk, shows_an_operator_where_it_stands)
{
    static const struct bulk_reply replies[] = {
        ACCEPTED,
        {"GET /job/1", 202, .retry_after_s = 60, .progress = "12% complete\x01"},
        {"GET /job/1", 200, MANIFEST("", "")},
        {0}};
    struct gw_bulk_view view;

    fake_bulk_init(&fake, replies);
    fake_bulk_start(&fake);
    fake_time_run(&fake.time, 30000, fake_bulk_busy, &fake);
    cr_assert(fake.ended == 0);
    gw_bulk_look(fake.bulk, &view);
    cr_expect_str_eq(view.step, "poll");
    cr_expect_str_eq(view.progress, "12% complete?");
    cr_expect(view.polls == 1);
    fake_time_run(&fake.time, 90000, fake_bulk_busy, &fake);
    cr_expect(fake.ended == 1 && fake.failure.status == GW_OK);
    fake_bulk_release(&fake);
}

/* ---- many files ---- */

Test(bulk, downloads_a_few_at_a_time_and_reads_patients_first)
{
    static const struct bulk_reply replies[] = {
        ACCEPTED,
        {"GET /job/1", 200,
         MANIFEST(OF("Observation", BASE "/f/1") "," OF("Observation", BASE "/f/2") "," OF(
                      "Observation", BASE "/f/3") "," OF("Observation", BASE "/f/4") "," OF("Observation", BASE
                                                                                            "/f/5") "," OF("Patient",
                                                                                                           BASE "/f/p"),
                  "")},
        {"GET /f/1", 200, OBSERVATION("o1", "p1") "\n"},
        {"GET /f/2", 200, OBSERVATION("o2", "p1") "\n"},
        {"GET /f/3", 200, OBSERVATION("o3", "p1") "\n"},
        {"GET /f/4", 200, OBSERVATION("o4", "p1") "\n"},
        {"GET /f/5", 200, OBSERVATION("o5", "p1") "\n"},
        P_FILE,
        {0}};

    fake_bulk_play(&fake, replies);
    cr_expect(fake.largest == 2, "%u at once", fake.largest);
    cr_expect(strstr(fake.asked.at, "GET /job/1\nGET /f/p\nGET /f/1\n"), "%s", fake.asked.at);
    cr_expect(fake.fact_count == 6 && fake.result.files == 6);
    fake_bulk_release(&fake);
}
