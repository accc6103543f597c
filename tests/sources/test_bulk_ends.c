/*
 * How an export ends that did not bring everything: what it keeps, what it says, whether it goes on. Row S19 of the
 * fault matrix.
 */
#include "sources/bulk_replies.h"

#include <errno.h>

static struct fake_bulk fake;

/* ---- partial success ---- */

static const struct {
    const char *name;
    struct bulk_reply replies[10];
    const char *outcome;
    size_t lost;
    const char *note; /* in result.note */
} partials[] = {
    {"a file that is gone, also in a new manifest",
     {ACCEPTED, {"GET /job/1", 200, MANIFEST(BOTH, "")}, P_FILE, {"GET /f/o", 404, ""}},
     "Patient/p1 | " T1 " -",
     1,
     ""},
    {"fewer resources than the manifest counts",
     {ACCEPTED,
      {"GET /job/1", 200,
       MANIFEST(OF_COUNT("Patient", BASE "/f/p", "2") "," OF_COUNT("Observation", BASE "/f/o", "4"), "")},
      P_FILE,
      O_FILE},
     ALL_FACTS " | " T1 " -",
     1,
     ""},
    {"a last line that stays cut: what is whole is kept, the rest waits for a person",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(OF("Observation", BASE "/f/o"), "")},
      {"GET /f/o", 200, OBSERVATION("o1", "p1") "\n{\"resourceType\":\"Obs"}},
     "Observation/o1 | " T1 " -",
     1,
     ""},
    {"STU1, STU2: an error of the export that names a type",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(BOTH, ",\"error\":[" OF("OperationOutcome", BASE "/f/e") "]")},
      P_FILE,
      O_FILE,
      {"GET /f/e", 200, OUTCOME("error", "processing", "could not write Observation of Jane Doe")}},
     ALL_FACTS " | " T1 " -",
     0,
     "error processing"},
    {"STU3: an error in outcome that names none counts for all",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(BOTH, ",\"outcome\":[{\"url\":\"" BASE "/f/e\"}]")},
      P_FILE,
      O_FILE,
      {"GET /f/e", 200, OUTCOME("fatal", "exception", "")}},
     ALL_FACTS " | - -",
     0,
     "fatal exception"},
    {"remarks of the export that could not be had",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(OF("Patient", BASE "/f/p"), ",\"error\":[{\"url\":\"" BASE "/f/e\"}]")},
      P_FILE,
      {"GET /f/e", 404, ""}},
     "Patient/p1 | - -",
     1,
     ""},
    {"a packed file that is damaged",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(BOTH, "")},
      P_FILE,
      {"GET /f/o", 200, "\x1f\x8b\x08 not what it says it is"}},
     "Patient/p1 | " T1 " -",
     1,
     "Observation.ndjson"},
};

Test(bulk_ends, s19_partial_success_moves_no_time)
{
    for (size_t i = 0; i < COUNT(partials); i++) {
        fake_bulk_play(&fake, partials[i].replies);
        cr_expect(fake.failure.status == GW_OK, "%s: %s", partials[i].name, fake.failure.text);
        cr_expect_str_eq(fake_bulk_outcome(&fake), partials[i].outcome, "%s", partials[i].name);
        cr_expect(fake.result.partial && fake.result.lost == partials[i].lost, "%s: lost %zu", partials[i].name,
                  fake.result.lost);
        cr_expect(strstr(fake.result.note, partials[i].note) && !strstr(fake.result.note, "Jane"), "%s: %s",
                  partials[i].name, fake.result.note);
        fake_bulk_release(&fake);
    }
}

Test(bulk_ends, s19_a_remark_is_no_error)
{
    static const struct bulk_reply replies[] = {
        ACCEPTED, {"GET /job/1", 200, MANIFEST(BOTH, ",\"error\":[{\"url\":\"" BASE "/f/e\"}]")},       P_FILE,
        O_FILE,   {"GET /f/e", 200, OUTCOME("information", "informational", "Observation: 3 written")}, {0}};

    fake_bulk_play(&fake, replies);
    cr_expect_str_eq(fake_bulk_outcome(&fake), ALL_FACTS " | " T1 " " T1);
    cr_expect(!fake.result.partial && fake.result.outcomes == 1 && fake.outcomes == 1);
    cr_expect_str_eq(fake.result.note, "information informational");
    fake_bulk_release(&fake);
}

/* ---- ends ---- */

static const struct {
    const char *name;
    struct bulk_reply replies[8];
    enum gw_status status;
    const char *says;
    bool remembered; /* the job goes on with the next call */
} ends[] = {
    {"202 for ever",
     {ACCEPTED, {"GET /job/1", 202, .retry_after_s = 43200}},
     GW_EPROTO,
     "three days without an end, 3 times",
     false},
    {"no such operation", {{KICK, 404, OUTCOME("error", "not-found", "Jane")}}, GW_EPROTO, "404", false},
    {"a refusal that names no type", {{KICK, 400, OUTCOME("error", "invalid", "Jane")}}, GW_EPROTO, "400", false},
    {"every type is refused",
     {{KICK, 400, "Observation"}, {"GET /Group/g/$export?_type=Patient", 400, "Patient"}},
     GW_EPROTO,
     "lacks every type",
     false},
    {"no right to export", {{KICK, 403, ""}}, GW_EDENIED, "403", true},
    {"no right to the status", {ACCEPTED, {"GET /job/1", 401, ""}}, GW_EDENIED, "401", true},
    {"202 without a status URL", {{KICK, 202}}, GW_EPROTO, "Content-Location", false},
    {"200 at once", {{KICK, 200, "{}"}}, GW_EPROTO, "instead of 202", false},
    {"a status URL elsewhere", {{KICK, 202, .location = "https://evil.example.com/job"}}, GW_EPROTO, "origin", false},
    {"busy for longer than it is worth waiting in place",
     {{KICK, 503, "", .retry_after_s = 7200}},
     GW_ERETRY,
     "503",
     true},
    {"away at the status", {ACCEPTED, {"GET /job/1", 0, .failure = GW_ERETRY}}, GW_ERETRY, "as the test says", true},
    {"500 for ever", {ACCEPTED, {"GET /job/1", 500, ""}}, GW_EPROTO, "status 500), 3 times", false},
    {"never a manifest", {ACCEPTED, {"GET /job/1", 200, "<html>"}}, GW_ERETRY, "no manifest", true},
    {"a list of files that leads back",
     {ACCEPTED, {"GET /job/1", 200, MANIFEST("", ",\"link\":[{\"relation\":\"next\",\"url\":\"" BASE "/job/1\"}]")}},
     GW_EPROTO,
     "leads back to itself",
     false},
    {"a file on another host",
     {ACCEPTED, {"GET /job/1", 200, MANIFEST(OF("Patient", "https://evil.example.com/p"), "")}},
     GW_EPROTO,
     "origin",
     true},
    {"a redirect to another host",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(OF("Patient", BASE "/f/p"), "")},
      {"GET /f/p", 307, "", .location = "https://evil.example.com/p"}},
     GW_EPROTO,
     "origin",
     true},
    {"redirects in a circle",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(OF("Patient", BASE "/f/p"), "")},
      {"GET /f/p", 302, "", .location = BASE "/f/p"}},
     GW_EPROTO,
     "redirected more than 3 times",
     true},
    {"a login page in place of a file",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(OF("Patient", BASE "/f/p"), "")},
      {"GET /f/p", 200, "<html>", .type = "text/html"}},
     GW_EPROTO,
     "text/html",
     true},
    {"the store of files is away",
     {ACCEPTED,
      {"GET /job/1", 200, MANIFEST(OF("Patient", BASE "/f/p"), "")},
      {"GET /f/p", 503, "", .retry_after_s = 17}},
     GW_ERETRY,
     "503",
     true},
};

Test(bulk_ends, s19_ends_with_what_to_do)
{
    for (size_t i = 0; i < COUNT(ends); i++) {
        fake_bulk_play(&fake, ends[i].replies);
        cr_expect(fake.failure.status == ends[i].status, "%s: %d %s", ends[i].name, fake.failure.status,
                  fake.failure.text);
        cr_expect(strstr(fake.failure.text, ends[i].says) && !strstr(fake.failure.text, "Jane"), "%s: %s", ends[i].name,
                  fake.failure.text);
        cr_expect((find_note(&fake, "bulk", "hm-ehr") != NULL) == ends[i].remembered, "%s", ends[i].name);
        cr_expect(fake.fact_count == 0);
        cr_expect(ends[i].remembered || remove(fake.settings.spool) == 0 || errno == ENOENT, "%s", ends[i].name);
        fake_bulk_run(&fake); /* what failed for good is left alone until it is due; the rest is tried again */
        cr_expect(fake.result.idle == !ends[i].remembered, "%s", ends[i].name);
        fake_bulk_release(&fake);
    }
}
