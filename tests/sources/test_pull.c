/*
 * One search against an endpoint as servers are: pages, links, refusals, watermarks, the Patient.
 */
#include "sources/play.h"

#define FIRST "/Condition?patient=p1&_count=2"

/* ---- next links as servers write them ---- */

#define LONG_CT                                                                                                        \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG8 LONG_CT LONG_CT LONG_CT LONG_CT LONG_CT LONG_CT LONG_CT LONG_CT

static const struct {
    const char *name;
    const char *link;
    const char *asked; /* NULL: refused */
} links[] = {
    {"HAPI: the base itself with a paging session",
     BASE "?_getpages=aa-bb&_getpagesoffset=2&_count=2&_bundletype=searchset",
     "?_getpages=aa-bb&_getpagesoffset=2&_count=2&_bundletype=searchset"},
    {"Microsoft: a continuation token of more than 2 kB", BASE "/Condition?patient=p1&ct=" LONG8 LONG8 LONG8,
     "/Condition?patient=p1&ct=" LONG8 LONG8 LONG8},
    {"Medplum: another order, other escapes",
     BASE "/Condition?_count=2&_lastUpdated=gt2026-11-20T00%3A00%3A00Z&_offset=2",
     "/Condition?_count=2&_lastUpdated=gt2026-11-20T00%3A00%3A00Z&_offset=2"},
    {"Canvas: relative to the host", "/r4/Condition?patient=p1&_offset=10", "/Condition?patient=p1&_offset=10"},
    {"relative to the request", "Condition?page=2", "/Condition?page=2"},
    {"a query only", "?page=2", "/Condition?page=2"},
    {"Zus until 2024: a host without a scheme", "fhir.example.org/r4/Condition?page=2", "/Condition?page=2"},
    {"IBM: _search by GET", BASE "/Condition/_search?page=2", "/Condition/_search?page=2"},
    {"the port that goes without saying", "https://fhir.example.org:443/r4/Condition?page=2",
     "https://fhir.example.org:443/r4/Condition?page=2"},
    {"another host", "https://evil.example.org/r4/Condition?page=2", NULL},
    {"another scheme", "http://fhir.example.org/r4/Condition?page=2", NULL},
    {"another port", "https://fhir.example.org:8443/r4/Condition?page=2", NULL},
    {"a user in it", "https://fhir.example.org@evil.example.org/Condition", NULL},
};

Test(pull, s6_follows_next_links_as_they_are_given)
{
    for (size_t i = 0; i < COUNT(links); i++) {
        char body[8192], expected[8192];
        const struct fake_reply replies[] = {
            {FIRST, 200, body}, {links[i].asked ? links[i].asked : "", 200, PAGE(C("b"))}, {0}};
        struct ended ended;

        snprintf(body, sizeof(body), PAGE_NEXT("%s", C("a")), links[i].link);
        snprintf(expected, sizeof(expected), FIRST "\n%s\n", links[i].asked);
        ended = play(GW_CONDITION, replies);
        cr_expect(ended.failure.status == (links[i].asked ? GW_OK : GW_EPROTO), "%s: %s", links[i].name,
                  ended.failure.text);
        cr_expect_str_eq(ports.asked.at, links[i].asked ? expected : FIRST "\n", "%s", links[i].name);
        cr_expect_str_eq(ports.kept.at, links[i].asked ? "F 17 Condition/a\nF 17 Condition/b\ncursor Condition \n" : "",
                         "%s", links[i].name);
        fake_ports_release(&ports);
    }
}

/* ---- what a search ends with ---- */

#define NEXT2  PAGE_NEXT("?page=2", C("a"))
#define NEXT3  PAGE_NEXT("?page=3", C("b"))
#define P2     "/Condition?page=2"
#define P3     "/Condition?page=3"
#define KEPT_A "F 17 Condition/a\n"
#define KEPT_B "F 17 Condition/b\n"
#define MOVED  "cursor Condition \n"

static const struct {
    const char *name;
    struct fake_reply replies[10];
    enum gw_status status;
    const char *says; /* part of the failure's text */
    const char *kept;
} searches[] = {
    {"S2: no entry at all",
     {{FIRST, 200, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":0}"}},
     GW_OK,
     "",
     MOVED},
    {"three pages",
     {{FIRST, 200, NEXT2}, {P2, 200, NEXT3}, {P3, 200, PAGE(C("c"))}},
     GW_OK,
     "",
     KEPT_A KEPT_B "F 17 Condition/c\n" MOVED},
    {"S6: an empty page on the way",
     {{FIRST, 200, NEXT2}, {P2, 200, PAGE_NEXT("?page=3", "")}, {P3, 200, PAGE(C("c"))}},
     GW_OK,
     "",
     KEPT_A "F 17 Condition/c\n" MOVED},
    {"S6: an empty next link", {{FIRST, 200, PAGE_NEXT("", C("a"))}}, GW_OK, "", KEPT_A MOVED},
    {"S2: entries without search.mode",
     {{FIRST, 200, PAGE("{\"resource\":" CONDITION_OF("a", "p1", "") "}")}},
     GW_OK,
     "",
     KEPT_A MOVED},
    {"S2: a type that is not read",
     {{FIRST, 200, PAGE(C("a") "," INCLUDED("{\"resourceType\":\"Practitioner\",\"id\":\"d\"}"))}},
     GW_OK,
     "",
     KEPT_A "D 0 Practitioner/d TYPE_NOT_READ\n" MOVED},
    {"S2: an entry that cannot be read",
     {{FIRST, 200, PAGE(ENTRY("{\"resourceType\":\"Condition\",\"id\":\"x\"}") "," C("a"))}},
     GW_OK,
     "",
     "D 0 Condition/ RESOURCE_INVALID\n" KEPT_A MOVED},
    {"S1: a warning inside",
     {{FIRST, 200, PAGE(C("a") "," ENTRY(OUTCOME("warning", "incomplete")))}},
     GW_OK,
     "",
     KEPT_A "D 0 OperationOutcome/ OperationOutcome\n" MOVED},
    {"S1: an error inside",
     {{FIRST, 200, PAGE(C("a") "," ENTRY(OUTCOME("error", "exception")))}},
     GW_EPROTO,
     "(error exception) and is not accepted",
     ""},
    {"S8: another patient's data",
     {{FIRST, 200, PAGE(C("a") "," ENTRY(CONDITION_OF("b", "p2", "")))}},
     GW_EPROTO,
     "ignores the patient parameter",
     ""},
    {"S8: another patient included",
     {{FIRST, 200, PAGE(C("a") "," INCLUDED("{\"resourceType\":\"Patient\",\"id\":\"p2\"}"))}},
     GW_EPROTO,
     "ignores the patient parameter",
     ""},
    {"S8: another patient on the second page",
     {{FIRST, 200, NEXT2}, {P2, 200, PAGE(ENTRY(CONDITION_OF("b", "p2", "")))}},
     GW_EPROTO,
     "Nothing of that page was kept",
     KEPT_A},
    {"somebody by an unknown record number",
     {{FIRST, 200,
       PAGE(ENTRY("{\"resourceType\":\"Condition\",\"id\":\"a\",\"subject\":{\"identifier\":{\"value\":\"9\"}}}"))}},
     GW_OK,
     "",
     "D 0 Condition/a NOT_ENROLLED\n" MOVED},
    {"S6: the same next link again",
     {{FIRST, 200, NEXT2}, {P2, 200, PAGE_NEXT("?page=2", C("b"))}},
     GW_EPROTO,
     "leads back to a page",
     KEPT_A},
    {"S6: a next link to the first page",
     {{FIRST, 200, PAGE_NEXT("?patient=p1&_count=2", C("a"))}},
     GW_EPROTO,
     "leads back to a page",
     ""},
    {"S6: new links over the same entries",
     {{FIRST, 200, NEXT2}, {P2, 200, PAGE_NEXT("?page=3", C("a"))}, {P3, 200, PAGE_NEXT("?page=4", C("a"))}},
     GW_EPROTO,
     "two pages in a row",
     KEPT_A KEPT_A},
    {"N8: HTML with 200",
     {{FIRST, 200, "<html>Sign in, Jane</html>", "text/html"}},
     GW_EPROTO,
     "answered with text/html, not FHIR JSON",
     ""},
    {"N8: JSON called text", {{FIRST, 200, PAGE(C("a")), "text/plain"}}, GW_OK, "", KEPT_A MOVED},
    {"N8: HTML called JSON", {{FIRST, 200, "<html>Jane</html>"}}, GW_EPROTO, "at byte 0", ""},
    {"N5: half a page", {{FIRST, 200, "{\"resourceType\":\"Bundle\",\"entry\":["}}, GW_EPROTO, "Condition: ", ""},
    {"N8: a resource in place of a page",
     {{FIRST, 200, "{\"resourceType\":\"Patient\",\"id\":\"p1\"}"}},
     GW_EPROTO,
     "a Bundle is wanted, got a resource of type Patient",
     ""},
    {"an outcome in place of a page",
     {{FIRST, 200, OUTCOME("error", "timeout")}},
     GW_EPROTO,
     "got OperationOutcome: error timeout",
     ""},
    {"403 with an outcome",
     {{FIRST, 403, OUTCOME("error", "forbidden")}},
     GW_EDENIED,
     "OperationOutcome: error forbidden",
     ""},
    {"400 with an outcome",
     {{FIRST, 400, OUTCOME("error", "invalid")}},
     GW_EPROTO,
     "OperationOutcome: error invalid",
     ""},
    {"502 with HTML", {{FIRST, 502, "<html>Jane</html>", "text/html"}}, GW_ERETRY, "502", ""},
    {"404 at the beginning", {{FIRST, 404, OUTCOME("error", "not-found")}}, GW_EPROTO, "not-found", ""},
    {"N3: a connection that breaks",
     {{FIRST, 200, NEXT2}, {P2, 0, .failure = GW_ERETRY}},
     GW_ERETRY,
     "as the test says",
     KEPT_A},
    {"S7: a paging session that ended: once more from the start",
     {{FIRST, 200, NEXT2}, {P2, 410, "gone", "text/plain"}, {FIRST, 200, NEXT2}, {P2, 200, PAGE(C("b"))}},
     GW_OK,
     "",
     KEPT_A KEPT_A KEPT_B MOVED},
    {"S7: and not for ever",
     {{FIRST, 200, NEXT2}, {P2, 404, OUTCOME("error", "not-found")}},
     GW_ERETRY,
     "in the middle of the search, 4 times",
     KEPT_A KEPT_A KEPT_A KEPT_A},
};

Test(pull, ends_as_the_endpoint_deserves)
{
    for (size_t i = 0; i < COUNT(searches); i++) {
        const struct ended ended = play(GW_CONDITION, searches[i].replies);

        cr_expect(ended.failure.status == searches[i].status, "%s: %d %s", searches[i].name, ended.failure.status,
                  ended.failure.text);
        cr_expect(strstr(ended.failure.text, searches[i].says), "%s: %s", searches[i].name, ended.failure.text);
        cr_expect(!strstr(ended.failure.text, "Jane") && !strstr(ended.failure.text, "p1"), "%s tells: %s",
                  searches[i].name, ended.failure.text);
        cr_expect_str_eq(ports.kept.at, searches[i].kept, "%s", searches[i].name);
        fake_ports_release(&ports);
    }
}

Test(pull, s1_notes_that_a_record_may_be_incomplete)
{
    static const struct fake_reply replies[] = {
        {FIRST, 200, PAGE(C("a") "," ENTRY(OUTCOME("information", "informational")))}, {0}};
    static const struct fake_reply incomplete[] = {{FIRST, 200, PAGE(ENTRY(OUTCOME("warning", "incomplete")))}, {0}};
    struct ended ended = play(GW_CONDITION, replies);

    cr_expect(ended.result.notes == 1 && !ended.result.incomplete);
    fake_ports_release(&ports);
    ended = play(GW_CONDITION, incomplete);
    cr_expect(ended.result.notes == 1 && ended.result.incomplete);
    cr_expect_str_eq(ended.result.note, "warning incomplete");
    cr_expect(ended.result.entries == 1 && ended.result.door == 1 && ended.result.fresh == 0);
    fake_ports_release(&ports);
}

Test(pull, hands_on_when_to_come_back)
{
    static const struct fake_reply replies[] = {{FIRST, 429, "slow down", "text/html", .retry_after_s = 17}, {0}};
    const struct ended ended = play(GW_CONDITION, replies);

    cr_expect(ended.failure.status == GW_ERETRY && ended.result.retry_after_s == 17 && ended.result.requests == 1);
    fake_ports_release(&ports);
}

Test(pull, s18_asks_for_half_a_page_when_one_is_over_the_cap)
{
    static const struct fake_reply replies[] = {{"/Condition?patient=p1&_count=4", 200, NEXT2},
                                                {P2, 0, .failure = GW_ENOMEM},
                                                {FIRST, 200, PAGE(C("a") "," C("b"))},
                                                {0}};
    static const struct fake_reply never[] = {{"/Condition?patient=p1&_count=4", 0, .failure = GW_ENOMEM},
                                              {FIRST, 0, .failure = GW_ENOMEM},
                                              {"/Condition?patient=p1&_count=1", 0, .failure = GW_ENOMEM},
                                              {0}};
    struct gw_request request = request_for(GW_CONDITION, "Condition");
    struct ended ended;

    request.search.count = 4;
    ended = play_with(&request, replies, NO_FAULT, 0);
    cr_expect(ended.failure.status == GW_OK, "%s", ended.failure.text);
    cr_expect_str_eq(ports.kept.at, KEPT_A KEPT_A KEPT_B MOVED);
    fake_ports_release(&ports);
    ended = play_with(&request, never, NO_FAULT, 0);
    cr_expect(ended.failure.status == GW_ENOMEM && strstr(ended.failure.text, "4 MiB"), "%s", ended.failure.text);
    cr_expect(ended.result.requests == 3);
    fake_ports_release(&ports);
}

/* ---- watermarks ---- */

static const struct {
    const char *name;
    const char *known;
    const char *stamps[2]; /* on the first and second page */
    int64_t dates[2];
    const char *watermark;
} marks[] = {
    {"the greatest stamp",
     NULL,
     {"2024-03-01T10:00:00.5Z", "2024-03-01T09:00:00Z"},
     {1709373600, 1709373600},
     "2024-03-01T10:00:00.500Z"},
    {"with its offset",
     NULL,
     {"2024-03-01T10:00:00+02:00", "2024-03-01T07:59:00Z"},
     {0, 0},
     "2024-03-01T08:00:00.000Z"},
    {"never before the known one",
     "2024-05-01T00:00:00Z",
     {"2024-03-01T10:00:00Z", ""},
     {0, 0},
     "2024-05-01T00:00:00.000Z"},
    {"S9: never beyond the Date of the first answer",
     NULL,
     {"2024-03-01T10:00:00Z", "2099-01-01T00:00:00Z"},
     {1709287200, 1709373600},
     "2024-03-01T10:00:00.000Z"},
    {"no stamp", NULL, {"", ""}, {1709373600, 1709373600}, ""},
    {"no stamp, a known one", "2024-05-01T00:00:00Z", {"", ""}, {0, 0}, "2024-05-01T00:00:00.000Z"},
    {"a stamp that is none", NULL, {"2024-03-01 10:00:00", "yesterday"}, {0, 0}, ""},
};

Test(pull, s9_remembers_how_far_the_servers_clock_had_come)
{
    for (size_t i = 0; i < COUNT(marks); i++) {
        char pages[2][1024], expected[64];
        const struct fake_reply replies[] = {
            {FIRST, 200, pages[0], .date = marks[i].dates[0]}, {P2, 200, pages[1], .date = marks[i].dates[1]}, {0}};
        struct gw_request request = request_for(GW_CONDITION, "Condition");

        snprintf(pages[0], sizeof(pages[0]), PAGE_NEXT("?page=2", C_AT("a", "%s")), marks[i].stamps[0]);
        snprintf(pages[1], sizeof(pages[1]), PAGE(C_AT("b", "%s")), marks[i].stamps[1]);
        snprintf(expected, sizeof(expected), "cursor Condition %s\n", marks[i].watermark);
        request.watermark = marks[i].known;
        cr_expect(play_with(&request, replies, NO_FAULT, 0).failure.status == GW_OK, "%s", marks[i].name);
        cr_expect(strstr(ports.kept.at, expected), "%s: %s", marks[i].name, ports.kept.at);
        fake_ports_release(&ports);
    }
}

/* Two pages of it are kept like any, and the last one leaves the cursor of the search where it is. */
Test(pull, moves_no_cursor_at_the_end_of_a_slice)
{
    static const struct fake_reply replies[] = {
        {FIRST, 200, PAGE_NEXT("?page=2", C("a"))}, {P2, 200, PAGE(C("b"))}, {0}};
    struct gw_request request = request_for(GW_CONDITION, "Condition");

    request.again = true;
    cr_expect(play_with(&request, replies, NO_FAULT, 0).failure.status == GW_OK);
    cr_expect_str_eq(ports.kept.at, "F 17 Condition/a\nF 17 Condition/b\n");
    fake_ports_release(&ports);
}

/* ---- the Patient ---- */

#define PATIENT(id, more) "{\"resourceType\":\"Patient\"," more "\"id\":\"" id "\"}"
#define MRN               "\"identifier\":[{\"system\":\"urn:mrn\",\"value\":\"0815\"}],"
#define BY_MRN            "/Patient?identifier=urn%3Amrn%7C0815&_count=2"

static const struct {
    const char *name;
    bool by_id;
    struct fake_reply replies[3];
    enum gw_status status;
    size_t patients;
    const char *patient;
    const char *kept;
} people[] = {
    {"read by id",
     true,
     {{"/Patient/p1", 200, PATIENT("p1", "")}},
     GW_OK,
     1,
     "p1",
     "F 17 Patient/p1\ncursor Patient \n"},
    {"not there", true, {{"/Patient/p1", 404, OUTCOME("error", "not-found")}}, GW_OK, 0, "", ""},
    {"deleted", true, {{"/Patient/p1", 410, ""}}, GW_OK, 0, "", ""},
    {"another in its place", true, {{"/Patient/p1", 200, PATIENT("p2", "")}}, GW_EPROTO, 0, "", ""},
    {"found by record number",
     false,
     {{BY_MRN, 200, PAGE(ENTRY(PATIENT("p7", MRN)))}},
     GW_OK,
     1,
     "p7",
     "F 17 Patient/p7\ncursor Patient \n"},
    {"nobody has it", false, {{BY_MRN, 200, PAGE("")}}, GW_OK, 0, "", "cursor Patient \n"},
    {"S16: two have it: neither is kept",
     false,
     {{BY_MRN, 200, PAGE(ENTRY(PATIENT("p7", MRN)) "," ENTRY(PATIENT("p8", MRN)))}},
     GW_OK,
     2,
     "p8",
     "D 0 Patient/p7 NOT_ENROLLED\nD 0 Patient/p8 NOT_ENROLLED\ncursor Patient \n"},
    {"S16: one was merged into the other",
     false,
     {{BY_MRN, 200,
       PAGE(ENTRY(PATIENT("p7", MRN)) "," ENTRY(
           PATIENT("p8", MRN "\"link\":[{\"type\":\"replaced-by\",\"other\":{\"reference\":\"Patient/p7\"}}],")))}},
     GW_OK,
     1,
     "p7",
     "F 17 Patient/p7\nF 17 Patient/p8\ncursor Patient \n"},
    {"another register's number",
     false,
     {{BY_MRN, 200, PAGE(ENTRY(PATIENT("p7", "\"identifier\":[{\"system\":\"urn:other\",\"value\":\"0815\"}],")))}},
     GW_EPROTO,
     0,
     "",
     ""},
    {"the identifier is ignored",
     false,
     {{BY_MRN, 200, PAGE(ENTRY(PATIENT("p7", MRN)) "," ENTRY(PATIENT("p9", "")))}},
     GW_EPROTO,
     0,
     "",
     ""},
};

Test(pull, s16_finds_the_patient_and_says_how_many)
{
    for (size_t i = 0; i < COUNT(people); i++) {
        struct gw_request request = request_for(GW_PATIENT, "Patient");
        struct ended ended;

        request.identifier = (struct gw_identifier){"urn:mrn", "0815"};
        request.read = people[i].by_id;
        if (!people[i].by_id) {
            request.search.patient = NULL;
            request.search.identifier = request.identifier;
        }
        ended = play_with(&request, people[i].replies, NO_FAULT, 0);
        cr_expect(ended.failure.status == people[i].status, "%s: %s", people[i].name, ended.failure.text);
        cr_expect(ended.result.patients == people[i].patients, "%s: %zu", people[i].name, ended.result.patients);
        cr_expect_str_eq(ended.result.patient, people[i].patient, "%s", people[i].name);
        cr_expect_str_eq(ports.kept.at, people[i].kept, "%s", people[i].name);
        fake_ports_release(&ports);
    }
}

/* ---- ended early ---- */

Test(pull, does_not_wait_for_the_next_page_when_this_one_cannot_be_kept)
{
    static const struct fake_reply replies[] = {{FIRST, 200, NEXT2}, {P2, 200, PAGE(C("b"))}, {0}};
    const struct gw_request request = request_for(GW_CONDITION, "Condition");
    const struct ended ended = play_with(&request, replies, LATER, 2);

    cr_expect(ended.failure.status == GW_EIO && ports.cancels == 1);
    fake_ports_release(&ports);
}

Test(pull, ends_when_cancelled_before_it_began)
{
    static const struct fake_reply none[] = {{0}};
    const struct gw_request request = request_for(GW_CONDITION, "Condition");
    struct ended ended = {0};
    struct gw_pull *pull;
    struct gw_error err = {0};

    fake_ports_init(&ports, none);
    cr_assert(gw_pull_start(&ports.loop, &ports.settings, &request, on_end, &ended, &pull, &err) == GW_OK);
    gw_pull_cancel(pull);
    uv_run(&ports.loop, UV_RUN_DEFAULT);
    cr_expect(ended.times == 1 && ended.failure.status == GW_ECANCELED && ports.calls == 0);
    fake_ports_release(&ports);
}
