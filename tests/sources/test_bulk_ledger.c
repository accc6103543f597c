/*
 * An export into a real ledger, with its notes there: every line accounted for, the next process goes on from them.
 */
#include "gateway/ledger/report.h"
#include "sources/bulk_replies.h"

static struct fake_bulk fake; /* its server and its clock */
static struct gw_ledger *ledger;
static struct gw_writer *writer;
static struct gw_store_writer store;
static struct gw_notebook_writer notebook;
static struct gw_error err;
static int64_t subject;

static const struct bulk_reply replies[] = {
    ACCEPTED,
    {"GET /job/1", 202, .retry_after_s = 600},
    {"GET /job/1", 200, MANIFEST(BOTH, ",\"deleted\":[{\"url\":\"" BASE "/f/d\"}]")},
    P_FILE,
    {"GET /f/o", 200, OBSERVATION("o1", "p1") "\nbroken\n" OBSERVATION("o2", "p9") "\n" OBSERVATION("o3", "p9") "\n"},
    {"GET /f/d", 200, DELETION("Observation/o0") "\n" DELETION("Observation/unknown") "\n"},
    {0}};

static size_t whose(void *ctx, const char *patient, const struct gw_identifier *identifiers, size_t count,
                    const int64_t **subjects)
{
    (void)ctx, (void)identifiers, (void)count;
    *subjects = &subject;
    return patient && strcmp(patient, "p1") == 0;
}

static void open_ledger(void)
{
    cr_assert(gw_ledger_open(scratch_path(&fake.scratch, "ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_ledger_enrol(ledger, "lendex-rrmm", "hm", "ES-017", "hm-ehr", "p1", &subject, &err) == GW_OK);
    cr_assert(gw_ledger_deliver(ledger, "bulk", "2026-11-20", &fake.settings.delivery, &err) == GW_OK);
}

static void start_writer(void)
{
    cr_assert(gw_writer_start(&fake.loop, ledger, &writer, &err) == GW_OK, "%s", err.text);
    gw_store_writer_init(&store, writer);
    gw_notebook_writer_init(&notebook, writer);
    fake.settings.store = &store.store;
    fake.settings.notebook = &notebook.notebook;
}

static void no_writer(void *ctx)
{
    *(struct gw_writer **)ctx = NULL;
}

static void stop_writer(void)
{
    gw_writer_stop(writer, no_writer, &writer);
    uv_run(&fake.loop, UV_RUN_DEFAULT);
    cr_assert(!writer);
}

static bool busy(void *ctx)
{
    return fake_bulk_busy(ctx) || (writer && gw_writer_jobs(writer) > 0);
}

static struct gw_kept_facts facts(struct gw_arena *arena)
{
    struct gw_kept_facts kept = {0};

    cr_assert(gw_ledger_facts(ledger, arena, subject, &kept, &err) == GW_OK, "%s", err.text);
    return kept;
}

/* A record of an earlier time, with its index row: what the deletion is about. */
static void keep_earlier(void)
{
    static const char raw[] = OBSERVATION("o0", "p1");
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    struct gw_keep_entry entry = {.mode = GW_KEEP_FACT,
                                  .subject = subject,
                                  .endpoint = "hm-ehr",
                                  .type = "Observation",
                                  .id = "o0",
                                  .raw = {raw, sizeof raw - 1},
                                  .part_count = 1,
                                  .source = BASE "/"};
    const struct gw_keep_page page = {
        .delivery = fake.settings.delivery, .fetched_at = 1, .entries = &entry, .count = 1};
    struct gw_keep_answer answer;

    gw_sha256(raw, sizeof raw - 1, entry.sha256);
    cr_assert(gw_ledger_keep(ledger, &page, &answer, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_ledger_write_parts(ledger, scratch_path(&fake.scratch, "ledger.csv"), &err) == GW_OK, "%s", err.text);
    gw_arena_release(&arena);
}

static void expect_all(void)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    struct gw_equation equation = {0};

    cr_expect(facts(&arena).count == 3, "Patient/p1, Observation/o1 and o0");
    cr_assert(gw_ledger_equation(ledger, &equation, &err) == GW_OK);
    cr_expect(equation.in == equation.sum, "%d in, %d accounted for", (int)equation.in, (int)equation.sum);
    cr_expect(equation.open_items == 2, "the broken line, and the deletion of what is held: %d",
              (int)equation.open_items);
    gw_arena_release(&arena);
}

Test(bulk_ledger, s19_accounts_for_every_line_of_an_export)
{
    struct gw_equation equation = {0};

    fake_bulk_init(&fake, replies);
    fake.intake.whose = whose;
    open_ledger();
    keep_earlier();
    start_writer();
    fake_bulk_start(&fake);
    fake_time_run(&fake.time, DAY_MS, busy, &fake);
    cr_assert(fake.ended == 1 && fake.failure.status == GW_OK, "%s", fake.failure.text);
    stop_writer();
    expect_all();
    cr_assert(gw_ledger_equation(ledger, &equation, &err) == GW_OK);
    /* o0; p1, p9; o1, broken, o2, o3; two deletions */
    cr_expect(equation.in == 9, "%d", (int)equation.in);
    cr_expect(equation.states[GW_STATE_NOT_IN_SCOPE] == 5 && equation.states[GW_STATE_HELD] == 4);
    gw_ledger_close(ledger);
    fake_bulk_release(&fake);
}

Test(bulk_ledger, l9_another_process_goes_on_where_this_one_was)
{
    fake_bulk_init(&fake, replies);
    fake.intake.whose = whose;
    open_ledger();
    keep_earlier();
    start_writer();
    fake_bulk_start(&fake);
    fake_time_run(&fake.time, 300000, busy, &fake); /* it waits for the server to be ready */
    cr_assert(fake.ended == 0);
    gw_bulk_cancel(fake.bulk);
    fake_time_run(&fake.time, 300000, busy, &fake);
    cr_assert(fake.ended == 1 && fake.failure.status == GW_ECANCELED);
    stop_writer();
    gw_ledger_close(ledger);
    open_ledger();
    start_writer();
    fake_bulk_start(&fake);
    fake_time_run(&fake.time, DAY_MS, busy, &fake);
    cr_assert(fake.ended == 1 && fake.failure.status == GW_OK, "%s", fake.failure.text);
    cr_expect(fake.result.resumed && !strstr(fake.asked.at, "$export"));
    fake_bulk_start(&fake); /* and asks for nothing before it is due */
    fake_time_run(&fake.time, fake.time.now_ms, busy, &fake);
    cr_expect(fake.result.idle && fake.result.wait_s > 0);
    stop_writer();
    expect_all();
    gw_ledger_close(ledger);
    fake_bulk_release(&fake);
}
