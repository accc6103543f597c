/*
 * casement purge: what would go, an order made with openssl's key, carried out once, noted beside a service.
 */
#include "cli/last_run.h"

#include <sys/stat.h>
#include <time.h>

#include "gateway/ledger/keep.h"
#include "gateway/ledger/ledger.h"
#include "gateway/service/order.h"

#define CONFIG  "-c", "casement.json"
#define OFFICER "--reason", "consent withdrawn", "--as", "dpo"

static const char config[] =
    "{\"installation\":\"t\",\"state\":\"state\",\"pseudonym_key\":\"pseudonym.key\","
    "\"retain\":{\"purge_days\":90,\"order_key\":\"officer.pem\"},"
    "\"studies\":[{\"id\":\"lendex-rrmm\",\"package\":\"" SOURCE_DIR
    "/mappings/studies/lendex-rrmm\",\"enrolment\":\"roster.csv\",\"closed\":null,"
    "\"sink\":{\"kind\":\"sqlite\",\"path\":\"study.db\"}}],"
    "\"endpoints\":[{\"id\":\"hm\",\"site\":\"madrid\",\"base\":\"https://fhir.example.org/"
    "r4\",\"site_profile\":\"" SOURCE_DIR "/mappings/sites/madrid.json\",\"auth\":{\"kind\":\"none\"}}]}\n";

static struct gw_ledger *open_ledger(void)
{
    struct gw_ledger *ledger = NULL;
    struct gw_error err;

    cr_assert(gw_ledger_open(scratch_path(&scratch, "state/ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    return ledger;
}

/* Two subjects, a result each. */
static void fill_ledger(void)
{
    static const char raw[] = "{\"resourceType\":\"Observation\",\"id\":\"canary-1\"}";
    struct gw_ledger *ledger = open_ledger();
    struct gw_error err;

    for (int i = 1; i <= 2; i++) {
        const char *const key = i == 1 ? "ES-001" : "ES-002";
        struct gw_keep_entry entry = {.endpoint = "hm",
                                      .type = "Observation",
                                      .id = "canary-1",
                                      .version_id = "1",
                                      .raw = {raw, sizeof raw - 1},
                                      .part_count = 1,
                                      .source = "hm"};
        struct gw_keep_page page = {.entries = &entry, .count = 1};
        struct gw_keep_answer answer;

        cr_assert(gw_ledger_enrol(ledger, "lendex-rrmm", "madrid", key, "hm", key, &entry.subject, &err) == GW_OK);
        cr_assert(gw_ledger_deliver(ledger, "hm", "2026-11-21", &page.delivery, &err) == GW_OK);
        cr_assert(gw_ledger_keep(ledger, &page, &answer, &err) == GW_OK, "%s", err.text);
    }
    gw_ledger_close(ledger);
}

static void shell(const char *const *argv)
{
    struct program made;

    program_run(&made, scratch.folder, argv);
    cr_assert(made.code == 0, "%s: %s", argv[0], made.err);
    program_release(&made);
}

static void begin(void)
{
    scratch_init(&scratch);
    memset(&run, 0, sizeof run);
    scratch_write(&scratch, "casement.json", config);
    scratch_write(&scratch, "roster.csv",
                  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
                  "madrid,lendex-rrmm,ES-001,ES-001,,,2024-01-15,,,\nmadrid,lendex-rrmm,ES-002,ES-002,,,,,,\n");
    scratch_write(&scratch, "pseudonym.key", "a key of thirty-two bytes at least, made up by us\n");
    cr_assert(chmod(scratch_path(&scratch, "pseudonym.key"), 0600) == 0);
    cr_assert(mkdir(scratch_path(&scratch, "state"), 0700) == 0);
    shell((const char *[]){"/usr/bin/openssl", "genpkey", "-algorithm", "ed25519", "-out", "officer.key", NULL});
    shell((const char *[]){"/usr/bin/openssl", "pkey", "-in", "officer.key", "-pubout", "-out", "officer.pem", NULL});
    cr_assert(chmod(scratch_path(&scratch, "officer.key"), 0600) == 0);
    cr_assert(chmod(scratch_path(&scratch, "officer.pem"), 0644) == 0);
    fill_ledger();
}

static void end(void)
{
    program_release(&run);
    scratch_release(&scratch);
}

TestSuite(purge_command, .init = begin, .fini = end, .timeout = 120);

Test(purge_command, shows_from_which_day_on_what_would_go)
{
    CASEMENT_RUN("purge", CONFIG);
    expect_out("lendex-rrmm runs: nothing of it is due");
    cr_expect(strstr(run.out, "ES-001") == NULL, "%s", run.out);
    expect_out("Nothing was changed\n");
    CASEMENT_RUN("purge", CONFIG, "--subject", "ES-001");
    expect_out("SUBJECT");
    expect_out("0 rows, 0 revisions, 0 receipts");
    expect_out("  Observation: 1 version, 1 part\n");
    cr_expect(strstr(run.out, "ES-002") == NULL && strstr(run.out, "canary") == NULL, "%s", run.out);
    CASEMENT_RUN("purge", CONFIG, "--subject", "ES-001", "--json");
    expect_out("\"versions\":\t1");
    expect_out("\"purged\":\tfalse");
    expect_out("\"due\":\tnull");
    CASEMENT_RUN("purge", CONFIG, "--subject", "ES-003");
    expect_refused(64, "no subject \"ES-003\" is in this ledger");
}

Test(purge_command, O2_carries_a_signed_order_out_once_and_says_so_in_the_status)
{
    CASEMENT_RUN("purge", CONFIG, "--subject", "ES-001", "--order", "order.json", OFFICER, "--key", "officer.key");
    expect_out("order.json: dpo of t orders that what is kept of ES-001 goes: 1 version with 1 part, 0 exceptions; "
               "what was delivered stays\n");
    CASEMENT_RUN("purge", CONFIG, "--apply", "order.json");
    expect_out("ES-001 is purged: 1 version with 1 part, 0 exceptions\n");
    expect_out("What was delivered of it stays in the study database\n");
    CASEMENT_RUN("purge", CONFIG, "--apply", "order.json");
    expect_refused(65, "it was carried out before");
    CASEMENT_RUN("purge", CONFIG, "--subject", "ES-001");
    expect_out("ES-001 was purged on 20");
    expect_out("of dpo: consent withdrawn): 1 version with 1 part, 0 exceptions\n");
    CASEMENT_RUN("status", CONFIG);
    expect_out("Purged: ES-001 (nothing is asked or kept though the roster names them: take their lines out)\n");
    CASEMENT_RUN("status", CONFIG, "--json");
    expect_out("\"purged\":\t[\"ES-001\"]");
    CASEMENT_RUN("audit", "show", CONFIG, "--subject", "ES-001");
    expect_out("dpo ordered the purge of 1 versions with 1 parts and 0 exceptions; what was delivered stays; handed in "
               "by ");
    CASEMENT_RUN("audit", "verify", CONFIG);
    expect_out("every row follows from the one before");
}

Test(purge_command, leaves_an_order_to_the_service_that_holds_the_ledger)
{
    struct gw_ledger *service = open_ledger();

    CASEMENT_RUN("purge", CONFIG, "--subject", "ES-001", "--order", "order.json", OFFICER, "--key", "officer.key");
    expect_out("ES-001");
    CASEMENT_RUN("purge", CONFIG, "--apply", "order.json", "--json");
    expect_out("\"left_to_service\":\ttrue");
    CASEMENT_RUN("purge", CONFIG, "--apply", "order.json");
    expect_refused(65, "it is noted already");
    CASEMENT_RUN("purge", CONFIG);
    expect_out("1 order is noted: the running service, or the next sync, takes it up\n");
    gw_ledger_close(service);
    CASEMENT_RUN("purge", CONFIG, "--apply", "order.json");
    expect_out("ES-001 is purged");
}

/* By somebody who was killed before anything went; a service holds the ledger since. */
static void begin_order(struct gw_ledger *ledger)
{
    struct gw_arena arena = GW_ARENA_INIT(64u << 20);
    struct gw_text line = GW_TEXT_INIT(GW_ORDER_LINE_MAX);
    struct gw_purge_order order;
    enum gw_order_answer answer;
    struct gw_config loaded;
    struct gw_error err;

    cr_assert(gw_config_load(&arena, scratch_path(&scratch, "casement.json"), &loaded, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_order_load(scratch_path(&scratch, "order.json"), &line, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_order_hand_in(ledger, &loaded, line.at, line.length, time(NULL), false, NULL, &arena, &order, &answer,
                               &err) == GW_OK,
              "%s", err.text);
    gw_text_release(&line);
    gw_arena_release(&arena);
}

Test(purge_command, says_of_an_order_that_was_broken_off_that_the_service_goes_on_with_it)
{
    struct gw_ledger *service;

    CASEMENT_RUN("purge", CONFIG, "--subject", "ES-001", "--order", "order.json", OFFICER, "--key", "officer.key");
    service = open_ledger();
    begin_order(service);
    CASEMENT_RUN("purge", CONFIG, "--apply", "order.json");
    expect_out("Begun before: the running service purges ES-001 within a minute\n");
    CASEMENT_RUN("purge", CONFIG, "--apply", "order.json", "--json");
    expect_out("\"left_to_service\":\ttrue");
    gw_ledger_close(service);
    CASEMENT_RUN("purge", CONFIG, "--apply", "order.json");
    expect_out("ES-001 is purged, which had been broken off: 1 version with 1 part, 0 exceptions\n");
}

Test(purge_command, O2_signs_with_no_key_that_others_may_read)
{
    cr_assert(chmod(scratch_path(&scratch, "officer.key"), 0644) == 0);
    CASEMENT_RUN("purge", CONFIG, "--subject", "ES-001", "--order", "order.json", OFFICER, "--key", "officer.key");
    expect_refused(78, "officer.key: open to others (mode 0644)");
    CASEMENT_RUN("purge", CONFIG, "--subject", "ES-001", "--order", "order.json", OFFICER, "--key", "officer.pem");
    expect_refused(78, "officer.pem");
    CASEMENT_RUN("purge", CONFIG, "--apply", "order.json");
    expect_refused(66, "order.json");
    cr_assert(chmod(scratch_path(&scratch, "officer.key"), 0600) == 0);
    CASEMENT_RUN("purge", CONFIG, "--subject", "ES-001", "--order", "officer.key", OFFICER, "--key", "officer.key");
    expect_refused(73, "officer.key: is there already; an order is a new file");
}

static const struct {
    const char *arguments[8];
    const char *says;
} wrong[] = {
    {{"--order", "o", "--apply", "o"}, "not both at once"},
    {{"--reason", "r"}, "go with --order FILE"},
    {{"--key", "k", "--apply", "o"}, "go with --order FILE"},
    {{"--apply", "o", "--subject", "ES-001"}, "the order itself names study and subject"},
    {{"--order", "o", "--reason", "r", "--key", "k"}, "--subject S is missing"},
    {{"--order", "o", "--subject", "ES-001", "--key", "k"}, "--reason TEXT is missing"},
    {{"--order", "o", "--subject", "ES-001", "--reason", "r"}, "--key FILE is missing"},
    {{"--order", "o", "--subject", "S", "--reason", "r", "--rows", "x"}, "--key FILE is missing"},
};

Test(purge_command, says_what_is_wrong_with_its_arguments)
{
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *const *a = wrong[i].arguments;

        CASEMENT_RUN("purge", CONFIG, a[0], a[1], a[2], a[2] ? a[3] : NULL, a[2] ? a[4] : NULL, a[4] ? a[5] : NULL,
                     a[4] ? a[6] : NULL, a[6] ? a[7] : NULL);
        expect_refused(64, wrong[i].says);
    }
    CASEMENT_RUN("purge", CONFIG, "--subject", "S", "--order", "o", OFFICER, "--key", "k", "--rows", "x");
    expect_refused(64, "neither keep nor withdraw");
}
