/*
 * An export with every operation refused, failed, cancelled and killed in turn: it ends once, and the next call goes on
 * from the notes to the same end.
 */
#include "sources/bulk_replies.h"

static struct fake_bulk fake;

static const struct bulk_reply replies[] = {
    ACCEPTED,
    {"GET /job/1", 202, .retry_after_s = 60},
    {"GET /job/1", 200,
     MANIFEST(OF("Observation", BASE "/f/o") "," OF("Patient", BASE "/f/p") "," OF("Observation", BASE "/f/o2"),
              ",\"deleted\":[{\"url\":\"" BASE "/f/d\"}],\"error\":[{\"url\":\"" BASE "/f/e\"}]")},
    P_FILE,
    O_FILE,
    {"GET /f/o2", 200, OBSERVATION("o4", "p1") "\n"},
    {"GET /f/d", 200, DELETION("Observation/o7") "\n"},
    {"GET /f/e", 200, OUTCOME("information", "informational", "") "\n"},
    {0}};

static const char all[] = "Observation/o1 Observation/o3 Observation/o4 Patient/p1 | " T1 " " T1;

static unsigned count_operations(void)
{
    unsigned operations;

    fake_bulk_init(&fake, replies);
    fake_bulk_run(&fake);
    cr_assert_str_eq(fake_bulk_outcome(&fake), all);
    operations = fake.operations;
    fake_bulk_release(&fake);
    return operations;
}

static void play_with(enum bulk_fault fault, unsigned at)
{
    fake_bulk_init(&fake, replies);
    fake.fault = fault;
    fake.fault_at = at;
    fake_bulk_run(&fake);
}

/* After whatever happened: another call, and all is as if nothing had. */
static void go_on(const char *what, unsigned at)
{
    fake.fault = NO_FAULT;
    fake_bulk_run(&fake);
    cr_expect(fake.failure.status == GW_OK, "%s %u: %s", what, at, fake.failure.text);
    cr_expect_str_eq(fake_bulk_outcome(&fake), all, "%s %u", what, at);
    cr_expect(fake.note_count == 2, "%s %u: %zu notes, not one a type", what, at, fake.note_count);
}

Test(bulk_faults, n3_each_operation_refused_failed_or_cancelled_ends_it_once)
{
    static const struct {
        const char *name;
        enum bulk_fault fault;
        enum gw_status statuses[2];
    } faults[] = {
        {"refused", AT_THE_DOOR, {GW_EPROTO, GW_EPROTO}},
        {"failed", LATER, {GW_EDENIED, GW_EIO}},
        {"cancelled", CANCEL, {GW_ECANCELED, GW_ECANCELED}},
    };
    const unsigned operations = count_operations();

    cr_assert(operations > 25, "%u", operations);
    for (size_t i = 0; i < COUNT(faults); i++)
        for (unsigned at = 1; at <= operations; at++) {
            const bool is_last_courtesy = at + 1 == operations; /* the DELETE: nobody minds */
            enum gw_status status;

            play_with(faults[i].fault, at);
            status = fake.failure.status;
            cr_expect(status == faults[i].statuses[0] || status == faults[i].statuses[1] ||
                          (status == GW_OK && (is_last_courtesy || (faults[i].fault == CANCEL && at == operations))),
                      "%s %u: %d %s", faults[i].name, at, status, fake.failure.text);
            go_on(faults[i].name, at);
            fake_bulk_release(&fake);
        }
}

/* ---- killed ---- */

struct known {     /* by the notes at the time of death */
    bool job;      /* its status URL */
    char had[512]; /* files with their bytes on disk or in the ledger, as asked for */
};

static void look_at_notes(struct known *known)
{
    const struct fake_note *job = find_note(&fake, "bulk", "hm-ehr");

    *known = (struct known){.job = job && strstr(job->text, "status_url")};
    for (size_t i = 0; i < fake.note_count; i++) {
        const char *text = fake.notes[i].text, *url = strstr(text, BASE "/f/");
        char line[64];

        if (!url || strstr(text, "\"listed\""))
            continue;
        snprintf(line, sizeof line, "GET /f/%.*s\n", (int)strcspn(url + strlen(BASE "/f/"), "\""),
                 url + strlen(BASE "/f/"));
        strcat(known->had, line);
    }
}

static void expect_nothing_twice(const struct known *known, const char *what, unsigned at)
{
    char line[64];

    cr_expect(!known->job || !strstr(fake.asked.at, "$export"), "%s %u: asked for a second export", what, at);
    for (const char *next = known->had; *next; next += strlen(line)) {
        snprintf(line, sizeof line, "%.*s", (int)strcspn(next, "\n") + 1, next);
        cr_expect(!strstr(fake.asked.at, line), "%s %u: downloaded twice: %s", what, at, line);
    }
}

Test(bulk_faults, l9_killed_at_any_operation_it_asks_for_nothing_twice)
{
    static const struct {
        const char *name;
        enum bulk_fault fault;
    } kills[] = {{"killed before", KILLED_BEFORE}, {"killed after", KILLED_AFTER}};
    const unsigned operations = count_operations();

    for (size_t i = 0; i < COUNT(kills); i++)
        for (unsigned at = 1; at <= operations; at++) {
            struct known known;

            play_with(kills[i].fault, at);
            look_at_notes(&known);
            go_on(kills[i].name, at);
            expect_nothing_twice(&known, kills[i].name, at);
            fake_bulk_release(&fake);
        }
}

/* The time of a wait is no time to be deaf. */
Test(bulk_faults, is_cancelled_while_it_waits)
{
    fake_bulk_init(&fake, replies);
    fake_bulk_start(&fake);
    fake_time_run(&fake.time, 30000, fake_bulk_busy, &fake);
    cr_assert(fake.ended == 0);
    gw_bulk_cancel(fake.bulk);
    fake_time_run(&fake.time, 30000, fake_bulk_busy, &fake);
    cr_expect(fake.ended == 1 && fake.failure.status == GW_ECANCELED);
    cr_expect(fake.time.count == 0, "a timer was left");
    go_on("cancelled in a wait", 0);
    fake_bulk_release(&fake);
}

/* Somebody tidied up: what a note calls spooled is fetched again, what no note knows is thrown away. */
Test(bulk_faults, l3_finds_out_what_is_in_the_spool_folder)
{
    char path[600];
    FILE *stray;
    const struct fake_note *note = NULL;
    unsigned at = 0;

    while (!note || !strstr(note->text, "\"spooled\"")) { /* the first moment at which a file is noted as spooled */
        if (at++)
            fake_bulk_release(&fake);
        play_with(KILLED_AFTER, at);
        cr_assert(fake.failure.status != GW_OK, "no file was ever noted as spooled");
        note = find_note(&fake, "bulk.file.hm-ehr", "000000");
    }
    snprintf(path, sizeof path, "%s/000000.Patient.ndjson", fake.settings.spool);
    cr_assert(remove(path) == 0);
    snprintf(path, sizeof path, "%s/000007.Observation.ndjson.part", fake.settings.spool);
    stray = fopen(path, "w");
    cr_assert(stray && fputs("half", stray) >= 0 && fclose(stray) == 0);
    go_on("tidied", at);
    cr_expect(strstr(fake.asked.at, "GET /f/p\n"));
    cr_expect(remove(fake.settings.spool) == 0, "the spool folder is not empty");
    fake_bulk_release(&fake);
}

Test(bulk_faults, l1_a_disk_that_refuses_ends_it_and_nothing_is_forgotten)
{
    FILE *in_the_way;

    fake_bulk_init(&fake, replies);
    in_the_way = fopen(fake.settings.spool, "w"); /* a file where the folder should be */
    cr_assert(in_the_way && fclose(in_the_way) == 0);
    fake_bulk_run(&fake);
    cr_expect(fake.failure.status == GW_EIO || fake.failure.status == GW_ECREATE, "%s", fake.failure.text);
    cr_assert(remove(fake.settings.spool) == 0);
    go_on("a full disk", 0);
    cr_expect(!strstr(fake.asked.at, "$export"));
    fake_bulk_release(&fake);
}
