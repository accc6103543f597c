/*
 * A watched folder into a real ledger: hand-over, what became of a file, and every place where a crash may leave it.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/ledger/report.h"
#include "gateway/sources/folder.h"
#include "support/fake_time.h"
#include "support/gzip.h"
#include "support/scratch.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct scratch scratch;
static uv_loop_t loop;
static struct fake_time clock_of_test;
static struct gw_ledger *ledger;
static struct gw_writer *writer;
static struct gw_store_writer store;
static struct gw_deliveries_writer deliveries;
static struct gw_intake intake;
static struct gw_folder_settings settings;
static struct gw_folder *folder;
static char drop[128];
static struct gw_text told; /* "o.ndjson done 3+0", a line each */
static struct gw_error failure;
static int ended;
static int64_t subject;

static size_t whose(void *ctx, const char *patient, const struct gw_identifier *identifiers, size_t count,
                    const int64_t **subjects)
{
    (void)ctx, (void)identifiers, (void)count;
    *subjects = &subject;
    return patient && strcmp(patient, "p1") == 0;
}

static void hear(void *ctx, const struct gw_folder_file *file)
{
    (void)ctx;
    cr_expect(file->failed == (file->failure != NULL));
    gw_text_print(&told, "%s %s %zu+%zu\n", file->name, file->failed ? "failed" : "done", file->fresh, file->repeats);
}

static void on_done(void *ctx, const struct gw_error *reason)
{
    (void)ctx;
    ended++;
    folder = NULL;
    failure = reason ? *reason : (struct gw_error){.status = GW_OK};
}

static void open_all(void)
{
    struct gw_error err = {0};

    scratch_init(&scratch);
    uv_loop_init(&loop);
    fake_time_init(&clock_of_test, &loop);
    snprintf(drop, sizeof drop, "%s/drop", scratch.folder);
    cr_assert(mkdir(drop, 0700) == 0);
    cr_assert(gw_ledger_open(scratch_path(&scratch, "ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_ledger_enrol(ledger, "lendex-rrmm", "hm", "ES-017", "hm-drop", "p1", &subject, &err) == GW_OK);
    cr_assert(gw_writer_start(&loop, ledger, &writer, &err) == GW_OK);
    gw_store_writer_init(&store, writer);
    gw_deliveries_writer_init(&deliveries, writer);
    intake = (struct gw_intake){
        .endpoint = "hm-drop", .site = "hm", .invalid_blocks = "R", .key = gw_hmac_new("key", 3), .whose = whose};
    told = (struct gw_text)GW_TEXT_INIT(65536);
    settings = (struct gw_folder_settings){.store = &store.store,
                                           .deliveries = &deliveries.deliveries,
                                           .intake = &intake,
                                           .clock = &clock_of_test.clock,
                                           .path = drop,
                                           .ended = hear};
}

static bool busy(void *ctx)
{
    (void)ctx;
    return (folder && gw_folder_at_work(folder)) || (writer && gw_writer_jobs(writer) > 0);
}

static void run_for(uint64_t seconds)
{
    fake_time_run(&clock_of_test, clock_of_test.now_ms + seconds * 1000, busy, NULL);
}

static void start(void)
{
    struct gw_error err = {0};

    ended = 0;
    cr_assert(gw_folder_start(&loop, &settings, on_done, NULL, &folder, &err) == GW_OK, "%s", err.text);
}

static void stop(void)
{
    if (folder)
        gw_folder_stop(folder);
    run_for(0);
    cr_expect(ended == 1, "ended %d times", ended);
}

static void no_writer(void *ctx)
{
    *(struct gw_writer **)ctx = NULL;
}

static struct gw_equation equation(void)
{
    struct gw_equation found = {0};

    gw_writer_stop(writer, no_writer, &writer);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert(gw_ledger_equation(ledger, &found, NULL) == GW_OK);
    cr_expect(found.in == found.sum, "%d in, %d accounted for", (int)found.in, (int)found.sum);
    return found;
}

static size_t facts(void)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    struct gw_kept_facts kept = {0};

    cr_assert(gw_ledger_facts(ledger, &arena, subject, &kept, NULL) == GW_OK);
    gw_arena_release(&arena);
    return kept.count;
}

static void close_all(void)
{
    if (writer)
        gw_writer_stop(writer, no_writer, &writer);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_expect(uv_loop_close(&loop) == 0, "a handle was left in the loop");
    gw_ledger_close(ledger);
    gw_hmac_free(intake.key);
    gw_text_release(&told);
    fake_time_release(&clock_of_test);
    scratch_release(&scratch);
}

TestSuite(folder, .init = open_all, .fini = close_all);

static const char *put(const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "drop/%s", name);
    return scratch_write(&scratch, path, text);
}

static bool is_there(const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", drop, name);
    return access(path, F_OK) == 0;
}

/* The first line of a file, in static storage. */
static const char *line_of(const char *name)
{
    static char line[512];
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", drop, name);
    file = fopen(path, "r");
    cr_assert(file, "%s is not there", name);
    cr_assert(fgets(line, sizeof line, file));
    cr_expect(fgetc(file) == EOF, "%s has more than one line", name);
    fclose(file);
    return line;
}

#define OBSERVATION(id, who)                                                                                           \
    "{\"resourceType\":\"Observation\",\"id\":\"" id "\",\"status\":\"final\",\"code\":{\"text\":\"x\"},"              \
    "\"subject\":{\"reference\":\"Patient/" who "\"}}"
#define TWO_LINES OBSERVATION("o1", "p1") "\n" OBSERVATION("o2", "p9") "\n"

Test(folder, makes_its_folders_and_takes_a_file_that_was_still)
{
    start();
    run_for(1);
    cr_expect(is_there("incoming") && is_there("work") && is_there("done") && is_there("failed"));
    put("incoming/o.ndjson", TWO_LINES);
    run_for(8); /* it was looked at once: at 5 s */
    cr_expect(is_there("incoming/o.ndjson"), "taken before it was still for five seconds");
    run_for(7);
    cr_expect(is_there("done/o.ndjson") && !is_there("incoming/o.ndjson"));
    cr_expect_str_eq(told.at, "o.ndjson done 1+0\n");
    stop();
    cr_expect(failure.status == GW_OK && facts() == 1);
    cr_expect(equation().states[GW_STATE_NOT_IN_SCOPE] == 1);
}

Test(folder, takes_a_renamed_file_at_the_next_look_and_no_temporary_one)
{
    char from[256], to[256];

    start();
    run_for(1);
    put("incoming/o.ndjson.part", TWO_LINES);
    put("incoming/.hidden.ndjson", TWO_LINES);
    run_for(60);
    cr_expect(told.length == 0);
    snprintf(from, sizeof from, "%s/incoming/o.ndjson.part", drop);
    snprintf(to, sizeof to, "%s/incoming/o.ndjson", drop);
    cr_assert(rename(from, to) == 0);
    run_for(5);
    cr_expect_str_eq(told.at, "o.ndjson done 1+0\n");
    cr_expect(is_there("incoming/.hidden.ndjson"));
    stop();
}

static const struct {
    const char *name;
    const char *file;
    const char *text;
    bool packed;
    const char *told;
    const char *says; /* in failed/<name>.error; NULL: it was done */
} files[] = {
    {"lines", "o.ndjson", TWO_LINES, false, "o.ndjson done 1+0\n", NULL},
    {"packed lines", "o.ndjson.gz", TWO_LINES, true, "o.ndjson.gz done 1+0\n", NULL},
    {"a Bundle", "b.json",
     "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":" OBSERVATION("o1", "p1") "}]}",
     false, "b.json done 1+0\n", NULL},
    {"a line that cannot be read is held, the file is done", "o.ndjson", TWO_LINES "broken\n", false,
     "o.ndjson done 1+0\n", NULL},
    {"a Bundle cut short", "b.json", "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":" OBSERVATION("o1", "p1"),
     false, "b.json failed 0+0\n", "b.json: "},
    {"no gzip at all", "o.ndjson.gz", "\x1f\x8bnothing of the kind", false, "o.ndjson.gz failed 0+0\n", "o.ndjson.gz"},
    {"UTF-16", "o.ndjson", "\xFF\xFE{", false, "o.ndjson failed 0+0\n", "save it as UTF-8"},
};

Test(folder, says_what_became_of_each_file)
{
    for (size_t i = 0; i < COUNT(files); i++) {
        struct gw_text packed = GW_TEXT_INIT(65536);
        char name[128], done[160], failed[160];

        snprintf(name, sizeof name, "incoming/%s", files[i].file);
        snprintf(done, sizeof done, "done/%s", files[i].file);
        snprintf(failed, sizeof failed, "failed/%s.error", files[i].file);
        start();
        run_for(1);
        gw_text_clear(&told);
        if (files[i].packed)
            gzip_append(&packed, files[i].text, strlen(files[i].text));
        snprintf(name, sizeof name, "drop/incoming/%s", files[i].file);
        if (files[i].packed)
            scratch_put(&scratch, name, packed.at, packed.length);
        else
            scratch_write(&scratch, name, files[i].text);
        run_for(20);
        stop();
        cr_expect_str_eq(told.at, files[i].told, "%s", files[i].name);
        cr_expect(is_there(done) == !files[i].says, "%s", files[i].name);
        if (files[i].says)
            cr_expect(strstr(line_of(failed), files[i].says), "%s: %s", files[i].name, line_of(failed));
        gw_text_release(&packed);
        close_all();
        open_all();
    }
}

#define PATIENT(id, number)                                                                                            \
    "{\"resourceType\":\"Patient\",\"id\":\"" id "\",\"identifier\":[{\"system\":\"urn:mrn\",\"value\":\"" number      \
    "\"}]}"

/* A roster with a record number only: the id is known once the Patient was seen. */
static char learnt[64];

static size_t whose_number(void *ctx, const char *patient, const struct gw_identifier *identifiers, size_t count,
                           const int64_t **subjects)
{
    (void)ctx;
    *subjects = &subject;
    if (patient && count > 0 && strcmp(identifiers[0].value, "0815") == 0)
        snprintf(learnt, sizeof learnt, "%s", patient);
    return patient && *learnt && strcmp(patient, learnt) == 0;
}

Test(folder, learns_ids_before_it_reads_what_needs_them)
{
    intake.whose = whose_number;
    settings.by_record_number = true;
    *learnt = '\0';
    start();
    run_for(1);
    put("incoming/a.ndjson", OBSERVATION("o1", "p7") "\n" PATIENT("p7", "0815") "\n");
    run_for(20);
    cr_expect_str_eq(told.at, "a.ndjson done 2+0\n");
    stop();
    cr_expect(facts() == 2 && equation().in == 2, "nothing was counted twice");
}

Test(folder, takes_files_of_patients_before_others)
{
    intake.whose = whose_number;
    settings.by_record_number = true;
    *learnt = '\0';
    start();
    run_for(1);
    put("incoming/Observation.ndjson", OBSERVATION("o1", "p7") "\n");
    put("incoming/Patient.ndjson", PATIENT("p7", "0815") "\n");
    run_for(30);
    cr_expect_str_eq(told.at, "Patient.ndjson done 1+0\nObservation.ndjson done 1+0\n");
    stop();
    cr_expect(facts() == 2);
}

Test(folder, gives_no_file_the_place_of_another)
{
    start();
    for (int i = 0; i < 3; i++) {
        run_for(1);
        put("incoming/o.ndjson", TWO_LINES);
        run_for(20);
    }
    stop();
    cr_expect(is_there("done/o.ndjson") && is_there("done/o.ndjson~2") && is_there("done/o.ndjson~3"));
    cr_expect(facts() == 1, "read three times, it is one fact");
    cr_expect(equation().in == 6);
}

/* ---- crashes ---- */

static const struct {
    const char *name;
    bool read; /* its pages were committed already */
} crashes[] = {
    {"taken, not read", false},
    {"read, not put away", true},
};

Test(folder, l9_reads_what_a_crash_left_in_work)
{
    for (size_t i = 0; i < COUNT(crashes); i++) {
        char from[256], to[256];

        if (crashes[i].read) {
            start();
            run_for(1);
            put("incoming/o.ndjson", TWO_LINES);
            run_for(20);
            stop();
            snprintf(from, sizeof from, "%s/done/o.ndjson", drop);
            snprintf(to, sizeof to, "%s/%s/o.ndjson", drop, "work");
            cr_assert(rename(from, to) == 0);
        } else {
            char path[160];

            snprintf(path, sizeof path, "%s/work", drop);
            cr_assert(mkdir(path, 0700) == 0);
            put("work/o.ndjson", TWO_LINES);
        }
        start();
        run_for(1);
        stop();
        cr_expect(is_there("done/o.ndjson") && !is_there("work/o.ndjson"), "%s", crashes[i].name);
        cr_expect(facts() == 1, "%s", crashes[i].name);
        cr_expect(equation().in == (crashes[i].read ? 4 : 2), "%s", crashes[i].name);
        close_all();
        open_all();
    }
}

/* ---- what follows from a file is written down ---- */

static struct {
    unsigned times;
    bool in_work; /* the file, each time */
    bool stop;
    enum gw_status fails;
} noting;

static enum gw_status note_job(struct gw_ledger *of, void *ctx, struct gw_error *err)
{
    (void)of, (void)ctx;
    return noting.fails == GW_OK ? GW_OK : gw_fail(err, noting.fails, "test", "killed before it was written");
}

static enum gw_status note_read(void *ctx, gw_writer_done done, void *done_ctx, struct gw_error *err)
{
    (void)ctx;
    noting.times++;
    noting.in_work = is_there("work/o.ndjson") && !is_there("done/o.ndjson");
    if (noting.stop)
        gw_folder_stop(folder);
    return gw_writer_submit(writer, 1, note_job, done, done_ctx, err);
}

static void take_one(const char *text)
{
    settings.read = note_read;
    start();
    run_for(1);
    put("incoming/o.ndjson", text);
    run_for(20);
}

Test(folder, l9_notes_again_what_was_read_and_not_noted)
{
    memset(&noting, 0, sizeof noting);
    noting.fails = GW_ENOMEM;
    take_one(TWO_LINES);
    cr_expect(ended == 1 && failure.status == GW_ENOMEM && told.length == 0);
    cr_expect(noting.times == 1 && noting.in_work && is_there("work/o.ndjson") && !is_there("done/o.ndjson"));
    noting.fails = GW_OK;
    start();
    run_for(1);
    stop();
    cr_expect(noting.times == 2 && noting.in_work && is_there("done/o.ndjson"));
    cr_expect(strncmp(told.at, "o.ndjson done ", 14) == 0 && facts() == 1, "%s", told.at);
}

Test(folder, notes_and_puts_away_what_it_has_read_when_it_is_stopped)
{
    memset(&noting, 0, sizeof noting);
    noting.stop = true;
    take_one(TWO_LINES);
    cr_expect(ended == 1 && failure.status == GW_OK && noting.times == 1);
    cr_expect(is_there("done/o.ndjson") && !is_there("work/o.ndjson"));
}

Test(folder, notes_nothing_of_a_file_that_failed)
{
    memset(&noting, 0, sizeof noting);
    take_one("\xFF\xFE{");
    stop();
    cr_expect(noting.times == 0 && is_there("failed/o.ndjson"));
}

/* ---- what is old ---- */

static struct gw_text purges; /* "1-0 ", removed and left */

static void hear_purge(void *ctx, size_t removed, size_t left)
{
    (void)ctx;
    gw_text_print(&purges, "%zu-%zu ", removed, left);
}

static void make(const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", drop, name);
    cr_assert(mkdir(path, 0700) == 0);
}

/* It was written so many days after it came into the folder: a clock of the hospital's. */
static void date_ahead(const char *name, int days)
{
    char path[256];
    const struct timespec when = {time(NULL) + days * 86400ll, 0};

    snprintf(path, sizeof path, "%s/%s", drop, name);
    cr_assert(utimensat(AT_FDCWD, path, (const struct timespec[]){when, when}, 0) == 0);
}

static const struct {
    unsigned days, age_days; /* kept, and that old less a minute at the start */
    const char *told;        /* after half an hour and after an hour and a half more */
    bool stays, stays_longer;
} ages[] = {
    {30, 30, "1-0 ", true, false}, {30, 31, "1-0 ", false, false}, {31, 30, "", true, true},
    {1, 1, "1-0 ", true, false},   {0, 36500, "", true, true},
};

/* The files are as old as they are: it is the clock of the test that is ahead. */
Test(folder, removes_what_lay_in_done_for_its_days_and_nothing_of_failed)
{
    for (size_t i = 0; i < COUNT(ages); i++) {
        purges = (struct gw_text)GW_TEXT_INIT(1024);
        settings.done_days = ages[i].days;
        settings.look_s = 60;
        settings.purged = hear_purge;
        clock_of_test.start_utc = (int64_t)time(NULL) + ages[i].age_days * 86400ll - 60;
        make("done");
        make("failed");
        make("done/theirs");
        put("done/old.ndjson", TWO_LINES);
        put("done/newer.ndjson", TWO_LINES);
        date_ahead("done/newer.ndjson", 40000);
        put("failed/b.json", "{");
        put("failed/b.json.error", "b.json: cut short");
        start();
        run_for(1800);
        cr_expect(is_there("done/old.ndjson") == ages[i].stays, "%zu", i);
        run_for(5400);
        cr_expect(is_there("done/old.ndjson") == ages[i].stays_longer, "%zu", i);
        stop();
        cr_expect_str_eq(purges.length ? purges.at : "", ages[i].told, "%zu", i);
        cr_expect(is_there("done/newer.ndjson") && is_there("done/theirs"), "%zu", i);
        cr_expect(is_there("failed/b.json") && is_there("failed/b.json.error"), "%zu", i);
        gw_text_release(&purges);
        close_all();
        open_all();
    }
}

Test(folder, ends_when_it_may_not_write_and_says_where)
{
    char path[160];
    FILE *in_the_way;

    snprintf(path, sizeof path, "%s/work", drop);
    in_the_way = fopen(path, "w");
    cr_assert(in_the_way && fclose(in_the_way) == 0);
    start();
    run_for(1);
    cr_expect(ended == 1 && failure.status == GW_ECREATE && strstr(failure.text, "/drop/work"), "%s", failure.text);
}

Test(folder, stops_at_once_while_it_waits)
{
    start();
    run_for(2);
    stop();
    cr_expect(failure.status == GW_OK && clock_of_test.count == 0);
}

Test(folder, leaves_folders_and_links_alone)
{
    char path[160];

    start();
    run_for(1);
    snprintf(path, sizeof path, "%s/incoming/sub", drop);
    cr_assert(mkdir(path, 0700) == 0);
    snprintf(path, sizeof path, "%s/incoming/link.ndjson", drop);
    cr_assert(symlink("/etc/passwd", path) == 0);
    run_for(60);
    cr_expect(told.length == 0 && is_there("incoming/sub") && lstat(path, &(struct stat){0}) == 0);
    stop();
}
