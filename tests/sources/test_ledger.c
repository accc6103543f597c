/*
 * Pulls and files into a real ledger: facts and cursor together, repeats as repeats, and the equation.
 */
#include "gateway/ledger/report.h"
#include "gateway/sources/dispatcher.h"
#include "gateway/sources/files.h"
#include "sources/fake_ports.h"
#include "sources/totals.h"
#include "support/scratch.h"

static struct fake_ports ports; /* only its endpoint */
static struct scratch scratch;
static struct gw_ledger *ledger;
static struct gw_writer *writer;
static struct gw_store_writer store;
static struct gw_arena arena = GW_ARENA_INIT(16 << 20);
static struct gw_error err;
static int64_t subject;

static void open_ledger(void)
{
    scratch_init(&scratch);
    cr_assert(gw_ledger_open(scratch_path(&scratch, "ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_ledger_enrol(ledger, "lendex-rrmm", "hm", "ES-017", "hm-ehr", "p1", &subject, &err) == GW_OK, "%s",
              err.text);
}

static void close_ledger(void)
{
    gw_ledger_close(ledger);
    gw_arena_release(&arena);
    scratch_release(&scratch);
}

TestSuite(ledger, .init = open_ledger, .fini = close_ledger);

static void begin_delivery(void)
{
    cr_assert(gw_ledger_deliver(ledger, "sync", "2026-11-20", &ports.settings.delivery, &err) == GW_OK, "%s", err.text);
}

static void ledger_is_ours(void *ctx)
{
    *(struct gw_writer **)ctx = NULL;
}

struct sync {
    struct gw_pull_result total; /* of its requests */
    size_t done, left;
    struct gw_error failure; /* the first */
    struct gw_dispatcher *dispatcher;
    struct gw_dispatch_pool *pool;
};

static void hear_closed(void *ctx)
{
    struct sync *sync = ctx;

    gw_dispatch_pool_free(sync->pool);
    gw_writer_stop(writer, ledger_is_ours, &writer);
}

static void hear_end(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure)
{
    struct sync *sync = ctx;

    totals_add(&sync->total, result);
    sync->done += !failure;
    if (failure && sync->failure.status == GW_OK)
        sync->failure = *failure;
    if (--sync->left == 0)
        gw_dispatcher_stop(sync->dispatcher, hear_closed, sync);
}

/* One sync: the requests go on from the ledger's cursors, are pulled, and the ledger is ours again. */
static struct sync sync_with(const struct fake_reply *replies, struct gw_requests *requests)
{
    struct gw_profile profile = gw_profile_default;
    const struct gw_dispatcher_options options = {.settings = &ports.settings, .concurrent = 2};
    struct sync sync = {.left = requests->count};

    profile.last_updated = true;
    cr_assert(gw_requests_resume(ledger, &arena, &profile, requests, &err) == GW_OK, "%s", err.text);
    fake_ports_init(&ports, replies);
    begin_delivery();
    cr_assert(gw_writer_start(&ports.loop, ledger, &writer, &err) == GW_OK, "%s", err.text);
    gw_store_writer_init(&store, writer);
    ports.settings.store = &store.store;
    cr_assert(gw_dispatch_pool_new(&ports.loop, NULL, NULL, &sync.pool, &err) == GW_OK);
    cr_assert(gw_dispatcher_new(sync.pool, &options, &sync.dispatcher, &err) == GW_OK);
    for (size_t i = 0; i < requests->count; i++)
        cr_assert(gw_dispatcher_submit(sync.dispatcher, &requests->list[i], GW_ROUTINE, hear_end, &sync, NULL, &err) ==
                  GW_OK);
    uv_run(&ports.loop, UV_RUN_DEFAULT);
    return sync;
}

static struct gw_equation equation(void)
{
    struct gw_equation found = {0};

    cr_assert(gw_ledger_equation(ledger, &found, &err) == GW_OK, "%s", err.text);
    cr_expect(found.in == found.sum, "%d in, %d accounted for", (int)found.in, (int)found.sum);
    return found;
}

static size_t facts_of(int64_t number)
{
    struct gw_kept_facts facts = {0};

    cr_assert(gw_ledger_facts(ledger, &arena, number, &facts, &err) == GW_OK, "%s", err.text);
    return facts.count;
}

/* A list gives every fact its index row: from then on a repeat is seen when it comes. */
static void list_parts(void)
{
    cr_assert(gw_ledger_write_parts(ledger, scratch_path(&scratch, "ledger.csv"), &err) == GW_OK, "%s", err.text);
}

static const char *watermark_of(const struct gw_request *request)
{
    const char *watermark = NULL;

    cr_assert(gw_ledger_cursor(ledger, &arena, &request->cursor, &watermark, &err) == GW_OK, "%s", err.text);
    return watermark;
}

#define FIRST "/Condition?patient=p1&_count=2"
#define SINCE "/Condition?patient=p1&_lastUpdated=ge2024-03-01T09%3A50%3A00.000Z&_count=2"

Test(ledger, keeps_a_walk_and_goes_on_from_its_watermark)
{
    static const struct fake_reply first[] = {
        {FIRST, 200, PAGE_NEXT("?page=2", C_AT("a", "2024-03-01T09:00:00Z"))},
        {"/Condition?page=2", 200,
         PAGE(C_AT("b", "2024-03-01T10:00:00Z") "," ENTRY("{\"resourceType\":\"Goal\",\"id\":\"g\"}"))},
        {0}};
    static const struct fake_reply second[] = {
        {SINCE, 200, PAGE(C_AT("b", "2024-03-01T10:00:00Z") "," C_AT("c", "2024-03-01T11:00:00Z"))}, {0}};
    struct gw_request request = request_for(GW_CONDITION, "Condition");
    struct gw_requests requests = {&request, 1};
    struct sync result;

    request.cursor.subject = subject;
    result = sync_with(first, &requests);
    cr_expect(result.done == 1 && result.total.fresh == 2 && result.total.door == 1, "%s", result.failure.text);
    cr_expect(facts_of(subject) == 2 && equation().in == 3);
    cr_expect_str_eq(watermark_of(&request), "2024-03-01T10:00:00.000Z");
    fake_ports_release(&ports);

    list_parts();
    result = sync_with(second, &requests);
    cr_expect(result.done == 1 && result.total.fresh == 1 && result.total.repeats == 1, "%s", result.failure.text);
    cr_expect(facts_of(subject) == 3 && equation().in == 5);
    cr_expect(equation().states[GW_STATE_UNCHANGED] == 1);
    cr_expect_str_eq(watermark_of(&request), "2024-03-01T11:00:00.000Z");
    fake_ports_release(&ports);
}

Test(ledger, s7_starts_an_interrupted_walk_again_and_loses_nothing)
{
    static const struct fake_reply broken[] = {
        {FIRST, 200, PAGE_NEXT("?page=2", C_AT("a", "2024-03-01T10:00:00Z"))}, {"/Condition?page=2", 403, "no"}, {0}};
    static const struct fake_reply whole[] = {{FIRST, 200, PAGE_NEXT("?page=2", C_AT("a", "2024-03-01T10:00:00Z"))},
                                              {"/Condition?page=2", 200, PAGE(C_AT("b", "2024-03-01T08:00:00Z"))},
                                              {0}};
    struct gw_request request = request_for(GW_CONDITION, "Condition");
    struct gw_requests requests = {&request, 1};
    struct sync result;

    request.cursor.subject = subject;
    result = sync_with(broken, &requests);
    cr_expect(result.failure.status == GW_EDENIED && result.total.pages == 1);
    cr_expect(facts_of(subject) == 1 && !watermark_of(&request), "the cursor moved with an interrupted walk");
    fake_ports_release(&ports);
    list_parts();
    result = sync_with(whole, &requests);
    cr_expect(result.done == 1 && result.total.fresh == 1 && result.total.repeats == 1, "%s", result.failure.text);
    cr_expect(facts_of(subject) == 2);
    equation();
    fake_ports_release(&ports);
}

/* Newest first, and c is amended while we walk: it moves to the page that was read, and shifts b onto the next one. */
Test(ledger, s3_s4_finds_in_the_next_sync_what_moved_away_between_two_pages)
{
    static const struct fake_reply shifting[] = {
        {FIRST, 200, PAGE_NEXT("?page=2", C_AT("a", "2024-03-01T09:59:00Z") "," C_AT("b", "2024-03-01T09:58:00Z")),
         .date = 1709287200}, /* 10:00:00 */
        {"/Condition?page=2", 200, PAGE(C_AT("b", "2024-03-01T09:58:00Z") "," C_AT("d", "2024-03-01T08:00:00Z")),
         .date = 1709287210},
        {0}};
    static const struct fake_reply later[] = {
        {"/Condition?patient=p1&_lastUpdated=ge2024-03-01T09%3A49%3A00.000Z&_count=2", 200,
         PAGE(C_AT("c", "2024-03-01T10:00:05Z") "," C_AT("a", "2024-03-01T09:59:00Z")), .date = 1709290800},
        {0}};
    struct gw_request request = request_for(GW_CONDITION, "Condition");
    struct gw_requests requests = {&request, 1};
    struct sync result;

    request.cursor.subject = subject;
    result = sync_with(shifting, &requests);
    cr_expect(result.done == 1 && result.total.entries == 4, "%s", result.failure.text);
    cr_expect(facts_of(subject) == 3, "b came twice and is one fact");
    cr_expect_str_eq(watermark_of(&request), "2024-03-01T09:59:00.000Z");
    fake_ports_release(&ports);
    list_parts();
    result = sync_with(later, &requests);
    cr_expect(result.done == 1 && result.total.fresh == 1 && result.total.repeats == 1, "%s", result.failure.text);
    cr_expect(facts_of(subject) == 4);
    cr_expect_str_eq(watermark_of(&request), "2024-03-01T10:00:05.000Z");
    equation();
    fake_ports_release(&ports);
}

/* An Epic-like warning that not all is shown: the page counts, a person is told once, sync after sync. */
Test(ledger, s1_takes_a_page_that_may_be_incomplete_and_says_so_once)
{
    static const struct fake_reply replies[] = {{FIRST, 200, PAGE(C("a") "," ENTRY(OUTCOME("warning", "incomplete")))},
                                                {0}};
    struct gw_request request = request_for(GW_CONDITION, "Condition");
    struct gw_requests requests = {&request, 1};

    request.cursor.subject = subject;
    for (int sync = 1; sync <= 2; sync++) {
        const struct sync result = sync_with(replies, &requests);

        cr_expect(result.done == 1 && result.total.incomplete, "%s", result.failure.text);
        cr_expect(facts_of(subject) == 1 && equation().open_items == 1, "sync %d", sync);
        cr_expect(watermark_of(&request) != NULL);
        fake_ports_release(&ports);
        list_parts();
    }
}

Test(ledger, links_a_subject_to_the_medications_it_refers_to)
{
    static const struct fake_reply replies[] = {
        {"/MedicationRequest?patient=p1&_count=2", 200, PAGE(REQUEST("r1", "m1") "," REQUEST("r2", "m2"))},
        {"/Medication/m1", 200, MEDICATION("m1")},
        {"/Medication/m2", 404, "gone"},
        {0}};
    struct gw_request request = request_for(GW_MEDICATION_REQUEST, "MedicationRequest");
    struct gw_requests requests = {&request, 1};
    struct sync result;

    request.cursor.subject = subject;
    result = sync_with(replies, &requests);
    cr_expect(result.done == 1 && result.total.unresolved == 1, "%s", result.failure.text);
    cr_expect(facts_of(subject) == 3, "two requests and one Medication");
    cr_expect(watermark_of(&request));
    equation();
    fake_ports_release(&ports);
}

/* ---- files ---- */

static size_t whose(void *ctx, const char *patient, const struct gw_identifier *identifiers, size_t count,
                    const int64_t **subjects)
{
    static int64_t number;

    (void)ctx, (void)identifiers, (void)count;
    number = GW_NOBODY;
    if (patient)
        gw_ledger_patient(ledger, "lendex-rrmm", "hm-ehr", patient, &number, NULL);
    *subjects = &number;
    return number != GW_NOBODY;
}

static enum gw_status keep_page(void *ctx, struct gw_keep_entry *entries, size_t count, struct gw_error *failure)
{
    const struct gw_keep_page page = {.delivery = *(int64_t *)ctx, .fetched_at = 1, .entries = entries, .count = count};
    struct gw_keep_answer answer;

    return gw_ledger_keep(ledger, &page, &answer, failure);
}

Test(ledger, keeps_files_and_accounts_for_every_line)
{
    const struct gw_intake intake = {
        .endpoint = "hm-ehr", .site = "hm", .invalid_blocks = "R", .key = gw_hmac_new("key", 3), .whose = whose};
    int64_t delivery;
    const struct gw_files files = {.intake = &intake, .page = keep_page, .ctx = &delivery};
    struct gw_files_answer answer = {0};
    const char *path =
        scratch_write(&scratch, "c.ndjson",
                      CONDITION_OF("a", "p1", "") "\n" CONDITION_OF("b", "p2", "") "\nbroken\n" MEDICATION(
                          "m") "\n{\"resourceType\":\"Goal\",\"id\":\"g\"}\n" CONDITION_OF("a", "p1", ""));

    cr_assert(gw_ledger_deliver(ledger, "c.ndjson", "2026-11-20", &delivery, &err) == GW_OK);
    cr_assert(gw_files_read(&files, path, &answer, &err) == GW_OK, "%s", err.text);
    cr_expect(answer.entries == 6 && answer.invalid == 1);
    cr_expect(facts_of(subject) == 1);
    cr_expect(equation().in == 6 && equation().states[GW_STATE_NOT_IN_SCOPE] == 3);
    cr_expect(equation().states[GW_STATE_UNCHANGED] == 1 && equation().open_items == 1);
    gw_hmac_free(intake.key);
}
