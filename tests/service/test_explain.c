/*
 * A question put to the ledger of a sync: answered from what the next pass would derive, and from how far each endpoint
 * was read.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "gateway/service/explain.h"
#include "gateway/service/sync.h"
#include "service/fake_hospital.h"

#define PACKAGE SOURCE_DIR "/mappings/studies/lendex-rrmm"
#define HEADER  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
#define MADRID  "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,,,\n"

static struct scratch scratch;
static struct gw_arena arena = GW_ARENA_INIT((size_t)1 << 30);
static struct fake_hospital hospitals[2];
static struct gw_config_study study;
static struct gw_config_endpoint endpoints[2];
static struct gw_config config;
static struct gw_explanation told;
static struct gw_error err;

static const char *path_of(const char *name)
{
    return gw_arena_print(&arena, "%s/%s", scratch.folder, name);
}

static void begin(void)
{
    scratch_init(&scratch);
    scratch_write(&scratch, "roster.csv", HEADER MADRID);
    for (int i = 0; i < 2; i++) {
        fake_hospital_open(&hospitals[i]);
        endpoints[i] = (struct gw_config_endpoint){.id = i ? "lab" : "ward",
                                                   .site = "madrid",
                                                   .base = fake_server_base(hospitals[i].server),
                                                   .site_profile = SOURCE_DIR "/mappings/sites/madrid.json",
                                                   .auth_kind = "none",
                                                   .page_size = 50,
                                                   .concurrent = 2};
    }
    fake_hospital_add(&hospitals[0], FAKE_PATIENT("p1"));
    fake_hospital_add(&hospitals[0], FAKE_VISIT("p1"));
    fake_hospital_add(&hospitals[0], FAKE_COUNT("p1", "5", "final", "1.20"));
    fake_hospital_add(&hospitals[1], FAKE_PATIENT("p1"));
    study = (struct gw_config_study){.id = "lendex-rrmm",
                                     .package = PACKAGE,
                                     .enrolment = path_of("roster.csv"),
                                     .sink_kind = "sqlite",
                                     .sink_path = path_of("study.db")};
    config = (struct gw_config){.path = "casement.json",
                                .schedule = gw_schedule_default,
                                .installation = "t",
                                .state = path_of("state"),
                                .pseudonym_key = path_of("pseudonym.key"),
                                .studies = &study,
                                .study_count = 1,
                                .endpoints = endpoints,
                                .endpoint_count = 2};
}

static void end(void)
{
    for (int i = 0; i < 2; i++)
        fake_server_free(hospitals[i].server);
    gw_arena_release(&arena);
    scratch_release(&scratch);
}

TestSuite(explain, .init = begin, .fini = end);

static void sync_as_of(gw_day day)
{
    const struct gw_sync_options options = {.config = &config, .as_of = day};
    struct gw_sync_result result;

    cr_assert(gw_sync_run(&arena, &options, &result, &err) == GW_OK, "%s", err.text);
}

static enum gw_status ask(const char *row, const char *concept, const char *window)
{
    struct gw_explain_query query = {.ledger_path = path_of("state/ledger.db"),
                                     .config = &config,
                                     .row = row,
                                     .subject = row ? NULL : "S-1",
                                     .concept = concept,
                                     .window = window};
    enum gw_status rc;

    cr_assert(gw_ledger_open(query.ledger_path, &query.ledger, &err) == GW_OK, "%s", err.text);
    rc = gw_explain_ask(&arena, &query, &told, &err);
    gw_ledger_close(query.ledger);
    return rc;
}

static bool says(const char *text)
{
    for (size_t i = 0; i < told.sentence_count; i++)
        if (strstr(told.sentences[i].text, text))
            return true;
    return false;
}

Test(explain, answers_from_what_a_sync_delivered)
{
    sync_as_of(gw_day_of(2024, 2, 28));
    cr_assert(ask("S-1@T30-01", NULL, NULL) == GW_OK, "%s", err.text);
    cr_expect(eq(str, (char *)told.answer, (char *)"PRESENT"));
    cr_expect(says("It was settled last in revision 1 at "));
    cr_expect(says("The study database has it: receipt "));
    cr_expect(says("with what is known up to 2024-02-28."));
    cr_assert(ask(NULL, "ANC", "T30-01") == GW_OK, "%s", err.text);
    cr_expect(eq(str, (char *)told.answer, (char *)"PRESENT"));
    cr_expect(says(" of ward, "), "the endpoint that told it");
}

/* The ward was read, the laboratory not: what the laboratory has of the window is not known. */
Test(explain, says_which_endpoint_was_not_read)
{
    hospitals[1].refused = "Observation";
    sync_as_of(gw_day_of(2024, 2, 28));
    cr_assert(ask(NULL, "PLT", "T30-01") == GW_OK, "%s", err.text);
    cr_expect(eq(str, (char *)told.answer, (char *)"NOT_FETCHED"), "%s", told.sentences[0].text);
    cr_expect(says("lab was never read to its end for this subject."));
    cr_expect(says("Records came since the last derivation"));
    hospitals[1].refused = NULL;
    sync_as_of(gw_day_of(2024, 2, 28));
    cr_assert(ask(NULL, "PLT", "T30-01") == GW_OK, "%s", err.text);
    cr_expect(eq(str, (char *)told.answer, (char *)"NOT_DONE"), "%s", told.sentences[0].text);
}

Test(explain, says_that_the_roster_says_something_else_today)
{
    sync_as_of(gw_day_of(2024, 2, 28));
    scratch_write(&scratch, "roster.csv", HEADER "madrid,lendex-rrmm,p1,S-1,2024-01-18,2024-02-10,2024-01-15,,,\n");
    cr_assert(ask("S-1@T30-01", NULL, NULL) == GW_OK, "%s", err.text);
    cr_expect(says("Since the last derivation release, package, tables, site profile or roster line changed: "));
    cr_expect(says("What was delivered says something else: the next pass delivers the change."));
}

/* Withdrawn with its resource, and found in the revision that last had it. */
Test(explain, finds_a_row_that_was_withdrawn)
{
    const char *id;

    sync_as_of(gw_day_of(2024, 2, 28));
    cr_assert(ask(NULL, "ANC", "T30-01") == GW_OK, "%s", err.text);
    id = told.row->row_id;
    fake_hospital_add(&hospitals[0], FAKE_COUNT("p1", "6", "entered-in-error", "1.20"));
    hospitals[0].resources[2] = hospitals[0].resources[3];
    hospitals[0].count = 3;
    sync_as_of(gw_day_of(2024, 2, 29));
    cr_assert(ask(id, NULL, NULL) == GW_OK, "%s", err.text);
    cr_expect(eq(str, (char *)told.answer, (char *)"WITHDRAWN"));
    cr_expect(says("was withdrawn after revision 1."));
    cr_expect(says("The study database has its withdrawal: receipt "));
}

Test(explain, refuses_what_is_not_there)
{
    sync_as_of(gw_day_of(2024, 2, 28));
    cr_expect(eq(int, ask("S-9@T30-01", NULL, NULL), GW_EUSAGE));
    cr_expect(eq(int, ask(NULL, "ANC", "T30-99"), GW_EUSAGE));
    config.pseudonym_key = path_of("none.key");
    cr_expect(eq(int, ask("S-1@T30-01", NULL, NULL), GW_ECONFIG));
}
