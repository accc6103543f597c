/*
 * A slice asked for again: what a hospital's own stamps hid is found, and nothing that the next sync goes by has moved.
 */
#include "service/sync_bench.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/core/text.h"

#define COUNTED VALUE " AND value_num <> '210'" /* the platelets below */
#define S1_S2   MADRID ESSEN
#define LATER   "\"lastUpdated\":\"2024-02-20T08:00:00Z\""
#define PLATELETS                                                                                                      \
    "{\"resourceType\":\"Observation\",\"id\":\"late-p1\",\"status\":\"final\","                                       \
    "\"meta\":{\"versionId\":\"1\"," LATER "},\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],"                \
    "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"777-3\"}]},"                                    \
    "\"subject\":{\"reference\":\"Patient/p1\"},\"effectiveDateTime\":\"2024-02-14T09:30:00+01:00\","                  \
    "\"valueQuantity\":{\"value\":210,\"unit\":\"10*9/L\",\"system\":\"http://unitsofmeasure.org\","                   \
    "\"code\":\"10*9/L\"}}"

static struct gw_refetch slice; /* all, unless a test says otherwise */

static void begin(struct bench *b, const char *roster, size_t endpoints, const char *second_site)
{
    struct gw_profile profile = gw_profile_default;

    set_up(b, roster, endpoints, second_site);
    slice = (struct gw_refetch){.from = GW_NO_DAY, .to = GW_NO_DAY, .by = "dm1", .reason = "lab re-issued results"};
    profile.last_updated = true;
    cr_assert(eq(int, mkdir(path_of(b, "state"), 0700), 0));
    cr_assert(eq(int, mkdir(path_of(b, "state/endpoints"), 0700), 0));
    for (size_t i = 0; i < endpoints; i++)
        cr_assert(
            eq(int, gw_profile_save(&profile, path_of(b, "state/endpoints"), b->endpoints[i].id, &b->err), GW_OK));
    fake_hospital_add(&b->hospitals[0], PLATELETS); /* the cursor of laboratory results comes to stand on its stamp */
}

static enum gw_status refetch(struct bench *b)
{
    enum gw_status rc;

    b->options.again = &slice;
    rc = run(b);
    b->options.again = NULL;
    return rc;
}

static void refetch_fine(struct bench *b)
{
    cr_assert(eq(int, refetch(b), GW_OK), "%s", b->err.text);
    for (size_t i = 0; i < b->result.endpoint_count; i++)
        cr_assert(eq(int, b->result.endpoints[i].failure.status, GW_OK), "%s", b->result.endpoints[i].failure.text);
}

/* Every cursor, horizon and note, one a line. Circuits are those of the wire and go on whoever asked. */
static const char *memory_of(struct bench *b)
{
    static const char query[] = "SELECT group_concat(line, char(10)) FROM (SELECT endpoint || ' ' || subject || ' ' || "
                                "query || ' ' || low || ' ' "
                                "|| high || ' ' || watermark AS line FROM cursors UNION ALL SELECT space || ' ' || "
                                "name || ' ' || text FROM notes "
                                "WHERE space NOT LIKE '%circuit%' ORDER BY 1)";
    struct gw_config_study study = b->study;
    const char *text;

    b->study.sink_path = path_of(b, "state/ledger.db");
    text = ask(b, query);
    b->study = study;
    cr_assert(gt(sz, strlen(text), 500), "%s", text);
    return text;
}

static void expect_same_memory(struct bench *b, const char *before)
{
    const char *after = memory_of(b);

    cr_expect(gw_same(before, after), "before:\n%s\nafter:\n%s", before, after);
}

/* Version 6 was changed on 2024-02-16, four days before the stamp that the cursor stands on. */
static const struct {
    const char *name;
    const char *version;
    const char *value;
    size_t changed, withdrawn;
} hidden[] = {
    {"edited", FAKE_COUNT("p1", "6", "corrected", "0.90"), "0.90", 1, 0},
    {"taken back", FAKE_COUNT("p1", "6", "entered-in-error", "0.90"), "", 0, 1},
};

Test(refetch, finds_what_changed_with_a_stamp_older_than_the_cursor)
{
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        const char *memory;
        struct bench b;

        begin(&b, HEADER MADRID, 1, NULL);
        run_fine(&b);
        expect_cell(&b, COUNTED, "1.20", hidden[i].name);
        b.hospitals[0].resources[2] = hidden[i].version;
        run_fine(&b);
        expect_cell(&b, COUNTED, "1.20", "a sync asks for what is younger than its cursor");
        memory = memory_of(&b);
        refetch_fine(&b);
        expect_cell(&b, COUNTED, hidden[i].value, hidden[i].name);
        cr_expect(eq(sz, b.result.endpoints[0].fresh, 1));
        cr_expect(eq(sz, b.result.endpoints[0].repeats, 3));
        cr_expect(eq(sz, b.result.pass.subjects, 1));
        cr_expect(ge(sz, b.result.pass.changed, hidden[i].changed), "%s", hidden[i].name);
        cr_expect(ge(sz, b.result.pass.withdrawn, hidden[i].withdrawn), "%s", hidden[i].name);
        expect_same_memory(&b, memory);
        run_fine(&b);
        cr_expect(eq(sz, b.result.pass.subjects, 0), "the sync behind it finds nothing to do");
        tear_down(&b);
    }
}

#define CONDITION(id, version, day)                                                                                    \
    "{\"resourceType\":\"Condition\",\"id\":\"" id "\",\"meta\":{\"versionId\":\"" version                             \
    "\",\"lastUpdated\":\"2024-02-" day "T08:00:00Z\"},\"subject\":{\"reference\":\"Patient/p1\"},"                    \
    "\"code\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/icd-10\",\"code\":\"I10\"}]}}"

/* Of these the cursor is the same whatever the days. */
Test(refetch, asks_for_all_of_a_type_that_has_no_search_by_date)
{
    struct bench b;

    begin(&b, HEADER MADRID, 1, NULL);
    fake_hospital_add(&b.hospitals[0], CONDITION("c1", "1", "15"));
    fake_hospital_add(&b.hospitals[0], CONDITION("c2", "1", "20"));
    run_fine(&b);
    b.hospitals[0].resources[4] = CONDITION("c1", "2", "16");
    run_fine(&b);
    cr_expect(eq(sz, b.result.endpoints[0].fresh, 0), "it is older than the cursor");
    slice.types = "Condition";
    refetch_fine(&b);
    cr_expect(eq(sz, b.result.endpoints[0].requests, 1));
    cr_expect(eq(sz, b.result.endpoints[0].fresh, 1));
    cr_expect(eq(sz, b.result.endpoints[0].repeats, 1));
    tear_down(&b);
}

Test(refetch, finds_a_record_that_was_not_shown_before)
{
    struct bench b;

    begin(&b, HEADER MADRID, 1, NULL);
    b.hospitals[0].resources[2] = FAKE_VISIT("p1"); /* twice, and no count yet */
    run_fine(&b);
    expect_cell(&b, COUNTED, "", "");
    b.hospitals[0].resources[2] = FAKE_COUNT("p1", "5", "final", "1.20");
    run_fine(&b);
    expect_cell(&b, COUNTED, "", "");
    refetch_fine(&b);
    expect_cell(&b, COUNTED, "1.20", "");
    tear_down(&b);
}

Test(refetch, of_all_in_an_unchanged_hospital_is_an_empty_difference)
{
    const char *memory;
    size_t first;
    struct bench b;

    begin(&b, HEADER S1_S2, 2, "essen");
    fake_hospital_add(&b.hospitals[1], FAKE_PATIENT("p2"));
    fake_hospital_add(&b.hospitals[1], FAKE_COUNT("p2", "5", "final", "2.10"));
    run_fine(&b);
    first = b.result.endpoints[0].fresh + b.result.endpoints[1].fresh;
    memory = memory_of(&b);
    for (int i = 0; i < 2; i++) {
        const struct gw_pass_result *pass = &b.result.pass;

        refetch_fine(&b);
        cr_expect(eq(sz, b.result.again.chosen, 2));
        cr_expect(eq(sz, b.result.again.not_asked, 0));
        cr_expect(eq(sz, b.result.again.held_back, 0));
        cr_expect(eq(sz, b.result.endpoints[0].fresh + b.result.endpoints[1].fresh, 0));
        cr_expect(eq(sz, b.result.endpoints[0].repeats + b.result.endpoints[1].repeats, first));
        cr_expect(eq(sz, pass->subjects, 2));
        cr_expect(eq(sz, pass->added + pass->changed + pass->withdrawn + pass->items_opened + pass->items_closed, 0));
        cr_expect(eq(sz, pass->batches, 0));
        expect_same_memory(&b, memory);
    }
    tear_down(&b);
}

/* ---- no more than the slice ---- */

Test(refetch, asks_for_the_slice_and_nothing_else)
{
    struct bench b;
    unsigned before;

    begin(&b, HEADER S1_S2, 2, "essen");
    fake_hospital_add(&b.hospitals[1], FAKE_PATIENT("p2"));
    run_fine(&b);
    slice.subjects = "S-1";
    slice.types = "Observation,Encounter";
    slice.from = gw_day_of(2024, 2, 10);
    slice.to = gw_day_of(2024, 2, 15);
    before = fake_server_requests(b.hospitals[1].server);
    refetch_fine(&b);
    cr_expect(eq(u32, fake_server_requests(b.hospitals[1].server), before), "the other hospital is left alone");
    cr_expect(eq(sz, b.result.endpoint_count, 1));
    cr_expect(eq(sz, b.result.endpoints[0].requests, 4), "visits and three categories of observations");
    cr_expect(eq(sz, b.result.endpoints[0].repeats, 3));
    cr_expect(eq(
        int, fake_server_heard(b.hospitals[0].server, "category=laboratory&date=ge2024-02-09&date=le2024-02-16"), 1));
    cr_expect(eq(sz, b.result.again.chosen, 1));
    cr_expect(eq(sz, b.result.pass.subjects, 1));
    tear_down(&b);
}

/* What is younger than the last day that was read is the next sync's: no result of the future meanwhile. */
Test(refetch, asks_for_no_day_that_was_not_read_before)
{
    struct bench b;

    begin(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    cr_expect(eq(int, fake_server_heard(b.hospitals[0].server, "date=le2024-02-29"), 0));
    b.options.as_of = GW_NO_DAY; /* today */
    refetch_fine(&b);
    cr_expect(eq(int, fake_server_heard(b.hospitals[0].server, "date=le2024-02-29"), 1));
    cr_expect(eq(sz, b.result.pass.subjects, 1));
    expect_cell(&b, STATE("T30-02"), "future", "no window is called missed for a day that was not read");
    tear_down(&b);
}

Test(refetch, asks_nothing_about_who_withdrew)
{
    struct bench b;

    begin(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    scratch_write(&b.scratch, "roster.csv", HEADER "madrid,lendex-rrmm,p1,S-1,2024-01-18,,2024-01-15,2024-02-20,,\n");
    run_fine(&b);
    refetch_fine(&b);
    cr_expect(eq(sz, b.result.endpoints[0].requests, 0));
    cr_expect(eq(sz, b.result.again.not_asked, 1));
    tear_down(&b);
}

Test(refetch, leaves_who_was_never_read_to_the_next_sync)
{
    struct bench b;

    begin(&b, HEADER MADRID, 1, NULL);
    refetch_fine(&b);
    cr_expect(eq(sz, b.result.again.held_back, 1));
    cr_expect(eq(sz, b.result.pass.subjects, 0));
    run_fine(&b);
    expect_cell(&b, COUNTED, "1.20", "");
    tear_down(&b);
}

/* Its windows now take days that no hospital was asked for: a slice does not stand for them. */
Test(refetch, leaves_whose_first_dose_moved_to_days_that_were_not_read_to_the_next_sync)
{
    struct bench b;

    begin(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    scratch_write(&b.scratch, "roster.csv", HEADER "madrid,lendex-rrmm,p1,S-1,2024-01-08,,2024-01-05,,,\n");
    refetch_fine(&b);
    cr_expect(eq(sz, b.result.again.held_back, 1));
    cr_expect(eq(sz, b.result.pass.subjects, 0));
    expect_cell(&b, COUNTED, "1.20", "what was delivered stands meanwhile");
    run_fine(&b);
    expect_cell(&b, COUNTED, "", "T30-01 is 2024-01-30 to 2024-02-09 now");
    tear_down(&b);
}

/* ---- absence ---- */

Test(refetch, takes_nothing_back_for_what_is_not_shown_again)
{
    struct bench b;

    begin(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    b.hospitals[0].resources[2] = FAKE_VISIT("p1");
    for (int i = 0; i < 2; i++) {
        refetch_fine(&b);
        expect_cell(&b, COUNTED, "1.20", "absence alone withdraws nothing, however often");
        cr_expect(eq(sz, b.result.pass.withdrawn + b.result.pass.changed + b.result.pass.items_opened, 0));
    }
    tear_down(&b);
}

/* ---- ends in the middle ---- */

Test(refetch, keeps_what_was_read_and_tells_what_was_not)
{
    const char *memory;
    struct bench b;

    begin(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    memory = memory_of(&b);
    b.hospitals[0].refused = "Encounter";
    b.hospitals[0].resources[2] = FAKE_COUNT("p1", "6", "corrected", "0.90");
    cr_assert(eq(int, refetch(&b), GW_OK), "%s", b.err.text);
    cr_expect(eq(int, b.result.endpoints[0].failure.status, GW_EDENIED));
    cr_expect(ne(ptr, strstr(b.result.endpoints[0].failure.text, "Encounter"), NULL), "%s",
              b.result.endpoints[0].failure.text);
    cr_expect(eq(sz, b.result.endpoints[0].fresh, 1));
    expect_cell(&b, COUNTED, "0.90", "what came is delivered");
    expect_cell(&b, STATE("T30-01"), "collected", "and the visit that could not be read again is there");
    expect_same_memory(&b, memory);
    tear_down(&b);
}

#define RETRACTED                                                                                                      \
    "{\"resourceType\":\"Observation\",\"id\":\"late-p1\",\"status\":\"entered-in-error\","                            \
    "\"meta\":{\"versionId\":\"2\",\"lastUpdated\":\"2024-02-21T08:00:00Z\"},"                                         \
    "\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],\"code\":{\"coding\":[{\"system\":"                       \
    "\"http://loinc.org\",\"code\":\"777-3\"}]},\"subject\":{\"reference\":\"Patient/p1\"},"                           \
    "\"effectiveDateTime\":\"2024-02-14T09:30:00+01:00\"}"
#define PLATELET_VALUE VALUE " AND value_num = '210'"

/* Half of a sync is not delivered because something else was asked for again. */
Test(refetch, leaves_to_the_next_sync_who_waits_for_one_unless_it_reads_everything)
{
    struct bench b;

    begin(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    b.hospitals[0].resources[3] = RETRACTED;
    b.hospitals[0].refused = "Encounter";
    cr_assert(eq(int, run(&b), GW_OK), "%s", b.err.text);
    expect_cell(&b, PLATELET_VALUE, "210", "what came waits for the visits");
    slice.types = "Condition";
    b.hospitals[0].refused = NULL;
    refetch_fine(&b);
    cr_expect(eq(sz, b.result.again.held_back, 1));
    expect_cell(&b, PLATELET_VALUE, "210", "conditions say nothing of visits");
    slice.types = NULL;
    b.hospitals[0].refused = "Encounter";
    cr_assert(eq(int, refetch(&b), GW_OK), "%s", b.err.text);
    expect_cell(&b, PLATELET_VALUE, "210", "they could not be read this time either");
    b.hospitals[0].refused = NULL;
    refetch_fine(&b);
    cr_expect(eq(sz, b.result.again.held_back, 0));
    expect_cell(&b, PLATELET_VALUE, "", "all of it was read");
    tear_down(&b);
}

static void die(void *ctx, const char *what, size_t done, size_t of)
{
    (void)what;
    (void)of;
    if (done == *(const size_t *)ctx)
        kill(getpid(), SIGKILL);
}

/* Killed behind the first answer, in the midst of them, and behind the last of five. */
Test(refetch, killed_in_the_middle_moves_nothing_and_can_be_repeated)
{
    for (size_t at = 1; at <= 5; at += 2) {
        const char *memory;
        struct bench b;
        pid_t child;
        int status;

        begin(&b, HEADER MADRID, 1, NULL);
        run_fine(&b);
        memory = memory_of(&b);
        b.hospitals[0].resources[2] = FAKE_COUNT("p1", "6", "corrected", "0.90");
        child = fork();
        if (child == 0) {
            b.options.progress = die;
            b.options.ctx = &at;
            refetch(&b);
            _exit(0);
        }
        cr_assert(eq(int, waitpid(child, &status, 0), child));
        cr_assert(ne(int, WIFSIGNALED(status), 0), "%zu", at);
        expect_same_memory(&b, memory);
        refetch_fine(&b);
        expect_cell(&b, COUNTED, "0.90", "");
        expect_same_memory(&b, memory);
        tear_down(&b);
    }
}

/* ---- what is refused ---- */

static const struct {
    const char *study, *subjects, *types;
    int from; /* day of 2024-02 */
    const char *says;
} wrong[] = {
    {"lendex", NULL, NULL, 1, "there is no study \"lendex\""},
    {NULL, "S-1,S-9", NULL, 1, "no subject \"S-9\""},
    {NULL, "", NULL, 1, "no subject \"\""},
    {NULL, NULL, "Observation,Obervation", 1, "\"Obervation\""},
    {NULL, NULL, "Medication", 1, "they come with what refers to them"},
    {NULL, NULL, NULL, 3, "end before they begin"},
};

Test(refetch, refuses_a_list_that_is_too_long_for_the_trail)
{
    char list[17000];
    struct bench b;

    for (size_t i = 0; i < sizeof list; i++)
        list[i] = "S-1,"[i % 4];
    list[sizeof list - 2] = '\0';
    begin(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    slice.subjects = list;
    cr_expect(eq(int, refetch(&b), GW_EUSAGE));
    cr_expect(ne(ptr, strstr(b.err.text, "longer than 16000 bytes"), NULL), "%s", b.err.text);
    slice.subjects = NULL;
    slice.types = list;
    cr_expect(eq(int, refetch(&b), GW_EUSAGE));
    tear_down(&b);
}

Test(refetch, refuses_a_slice_that_is_none_before_it_asks_anybody)
{
    struct bench b;
    unsigned before;

    begin(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    before = fake_server_requests(b.hospitals[0].server);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        slice = (struct gw_refetch){.study = wrong[i].study,
                                    .subjects = wrong[i].subjects,
                                    .types = wrong[i].types,
                                    .from = gw_day_of(2024, 2, wrong[i].from),
                                    .to = gw_day_of(2024, 2, 2)};
        cr_expect(eq(int, refetch(&b), GW_EUSAGE), "%s", wrong[i].says);
        cr_expect(ne(ptr, strstr(b.err.text, wrong[i].says), NULL), "%s", b.err.text);
    }
    cr_expect(eq(u32, fake_server_requests(b.hospitals[0].server), before));
    tear_down(&b);
}

Test(refetch, leaves_the_ledger_to_a_service_that_runs)
{
    struct gw_ledger *held = NULL;
    struct bench b;
    unsigned before;

    begin(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    before = fake_server_requests(b.hospitals[0].server);
    cr_assert(eq(int, gw_ledger_open(path_of(&b, "state/ledger.db"), &held, &b.err), GW_OK), "%s", b.err.text);
    cr_expect(eq(int, refetch(&b), GW_EBUSY));
    cr_expect(ne(ptr, strstr(b.err.text, "stop the service, ask again, start it"), NULL), "%s", b.err.text);
    cr_expect(ne(ptr, strstr(b.err.text, "each 7 days"), NULL), "%s", b.err.text);
    gw_ledger_close(held);
    cr_expect(eq(u32, fake_server_requests(b.hospitals[0].server), before), "there is one puller");
    tear_down(&b);
}

/* ---- folders ---- */

Test(refetch, says_which_folders_cannot_be_asked)
{
    const struct gw_config_folder folders[] = {{.id = "dropped", .site = "madrid"},
                                               {.id = "elsewhere", .site = "essen"}};
    struct bench b;

    begin(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    b.config.folders = folders;
    b.config.folder_count = 2;
    refetch_fine(&b);
    cr_assert(eq(sz, b.result.again.folder_count, 1));
    cr_expect(gw_same(b.result.again.folders[0], "dropped"));
    tear_down(&b);
}
