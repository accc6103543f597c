/*
 * The page for a vendor: what it says, and what no output of a check ever says.
 */
#include <criterion/criterion.h>

#include "service/check_bench.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct gw_config_endpoint hm = {.id = "hm", .base = "https://fhir.hm.example/r4"};

static const struct gw_check_line lines[] = {
    {NULL, "roster", GW_CHECK_OK, "12 subjects", NULL, NULL, GW_OK},
    {"hm", "site", GW_CHECK_OK, "hm in Europe/Madrid, contacts are its Encounters", NULL, NULL, GW_OK},
    {"hm", "roster line", GW_CHECK_NOTE, "line 2 of the roster finds 0 patients here", NULL, NULL, GW_OK},
    {"other", "TLS", GW_CHECK_NOTE, "another hospital's", "its matter", "something of them", GW_OK},
    {"hm", "TLS", GW_CHECK_OK, "TLSv1.3, issued by Example CA, valid until 2027-03-01 (100 days)", NULL, NULL, GW_OK},
    {"hm", "_sort", GW_CHECK_NOTE, "_sort=_lastUpdated is refused", "what changes while we read may be missed once",
     "_sort=_lastUpdated", GW_OK},
    {"hm", "Condition", GW_CHECK_FAIL, "answered 403 | <b>no</b>\n`x`", "the study lacks diagnoses",
     "the scope system/Condition.rs", GW_EDENIED},
    {"hm", "deletions", GW_CHECK_SKIPPED, "not tried, because nothing may be deleted for a trial", NULL, NULL, GW_OK},
};

#define HEAD                                                                                                           \
    "# FHIR interface check: hm\n\nAddress: https://fhir.hm.example/r4\nDate: 2026-11-21\nBy: "                        \
    "casement " GATEWAY_VERSION ", a gateway that reads data of patients who take part in a study\n\n"                 \
    "The interface was asked a few dozen questions about one patient, spaced in time. This page holds no\n"            \
    "patient data, no record numbers and no secrets.\n\n## What we ask of you\n\n"

static void expect_page(const struct gw_check_line *of, size_t count, const char *expected)
{
    struct gw_text page = GW_TEXT_INIT(64 * 1024);

    gw_check_report(&hm, "2026-11-21", of, count, &page);
    cr_assert(page.failed == false);
    cr_expect_str_eq(page.at, expected);
    gw_text_release(&page);
}

Test(check_report, asks_for_what_fails_first_and_says_what_it_means)
{
    expect_page(lines, COUNT(lines),
                HEAD "1. Please see to: the scope system/Condition.rs.\n"
                     "   Found (Condition): answered 403 \\| \\<b\\>no\\</b\\> \\`x\\`.\n"
                     "   For the study: the study lacks diagnoses.\n"
                     "2. Please see to: _sort=_lastUpdated.\n"
                     "   Found (_sort): _sort=_lastUpdated is refused.\n"
                     "   For the study: what changes while we read may be missed once.\n"
                     "\n## All that was tried\n\n| | | |\n|---|---|---|\n"
                     "| works | TLS | TLSv1.3, issued by Example CA, valid until 2027-03-01 (100 days) |\n"
                     "| note | _sort | _sort=_lastUpdated is refused |\n"
                     "| fails | Condition | answered 403 \\| \\<b\\>no\\</b\\> \\`x\\` |\n"
                     "| not tried | deletions | not tried, because nothing may be deleted for a trial |\n");
}

Test(check_report, asks_for_nothing_where_all_works)
{
    expect_page(lines, 5,
                HEAD "Nothing: all that was tried works as the study needs it.\n"
                     "\n## All that was tried\n\n| | | |\n|---|---|---|\n"
                     "| works | TLS | TLSv1.3, issued by Example CA, valid until 2027-03-01 (100 days) |\n");
}

/* ---- what nobody is told ---- */

#define WHO  "canary-patient"
#define LIST "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"

static const struct {
    const char *name;
    struct fake_hospital with;
} troubles[] = {
    {"none", {.count = 0}},
    {"refused", {.refused = "Patient"}},
    {"half a page of the patient", {.garbled = "Patient"}},
    {"a login page", {.html = "Patient"}},
    {"half a page of results", {.garbled = "Observation"}},
    {"dates refused", {.forbids = "date"}},
    {"ids refused", {.forbids = "_id"}},
    {"broken by dates", {.breaks = "date"}},
    {"broken by codes", {.breaks = "code"}},
    {"broken by record numbers", {.breaks = "identifier"}},
    {"the patient ignored", {.ignores = "patient"}},
    {"links that die", {.links_live = 1}},
    {"no history", {.without_history = true}},
    {"POST only", {.forbids_get = true}},
};

static void expect_no_canary(const char *trouble, const char *text)
{
    static const char *const canaries[] = {"canary", "mrn-", "patient=", "identifier=", "casement-probe", "751-8", "?"};

    for (size_t i = 0; text && i < COUNT(canaries); i++) {
        const char *at = strstr(text, canaries[i]);

        /* a question to a person ends with its mark; a query goes on */
        cr_expect(at == NULL || (*at == '?' && strchr(" :.)", at[1])), "%s: \"%s\" is in: %s", trouble, canaries[i],
                  text);
    }
}

Test(check_report, p11_no_line_and_no_page_holds_a_patient_or_a_query)
{
    for (size_t i = 0; i < COUNT(troubles); i++) {
        struct gw_text page = GW_TEXT_INIT(1u << 20);
        struct bench b;

        bench_open(&b);
        b.hospital.count = 0;
        fake_hospital_add(&b.hospital, FAKE_PATIENT(WHO));
        fake_hospital_add(&b.hospital, FAKE_VISIT(WHO));
        fake_hospital_add(&b.hospital, FAKE_COUNT(WHO, "5", "final", "1.20"));
        fake_hospital_add(&b.hospital, FAKE_COUNT(WHO, "4", "final", "1.20"));
        scratch_write(&b.scratch, "roster.csv",
                      LIST "madrid,lendex-rrmm,,S-1,2024-01-18,,2024-01-15,,urn:mrn,mrn-" WHO "\n");
        bench_quirk(&b, &troubles[i].with);
        bench_run(&b);
        gw_check_report(&b.endpoint, "2026-11-21", b.lines, b.count, &page);
        cr_expect(b.count > 15 && page.length > 500, "%s: too little was said to look at", troubles[i].name);
        for (size_t l = 0; l < b.count; l++) {
            expect_no_canary(troubles[i].name, b.lines[l].text);
            expect_no_canary(troubles[i].name, b.lines[l].means);
            expect_no_canary(troubles[i].name, b.lines[l].ask);
        }
        expect_no_canary(troubles[i].name, page.at);
        gw_text_release(&page);
        bench_close(&b);
    }
}
