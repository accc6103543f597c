/*
 * What a running service cannot change, and what it tries again by itself.
 */
#include <signal.h>
#include <sys/stat.h>

#include "gateway/ledger/notes.h"
#include "service/run_bench.h"
#include "service/run_parts.h"

#define HOOK                                                                                                           \
    ",\"notifications\":{\"kind\":\"topic\",\"topic\":\"http://t.example/results\",\"secret\":\"ring\",\"callback\":"  \
    "\"https://casement.example/in\"}"
#define GAP                                                                                                            \
    "{\"phase\":\"active\",\"id\":\"s1\",\"form\":\"\",\"counted\":true,\"last\":1,\"known\":5,\"ahead\":\"0\","       \
    "\"no_events\":true,\"no_status\":true}"

static void write_hooked(struct bench *b, size_t hospitals)
{
    write_config(b, hospitals, 4, HOOK);
    reword(b, "\"installation\":\"t\"", "\"installation\":\"t\",\"listen\":\"127.0.0.1:0\"");
    scratch_write(&b->scratch, "ring", "0123456789abcdef\n");
    cr_assert(chmod(scratch_path(&b->scratch, "ring"), 0600) == 0);
}

static void write_folder_config(struct bench *b)
{
    struct gw_text config = GW_TEXT_INIT(1u << 16);

    gw_text_print(
        &config,
        "{\"installation\":\"t\",\"state\":\"state\",\"pseudonym_key\":\"pseudonym.key\",\"fourEyes\":false,"
        "\"studies\":[{\"id\":\"lendex-rrmm\",\"package\":\"%s\",\"enrolment\":\"roster.csv\","
        "\"sink\":{\"kind\":\"sqlite\",\"path\":\"study.db\"}}],\"endpoints\":[{\"id\":\"drop\",\"kind\":\"files\","
        "\"site\":\"h0\",\"folder\":\"drop\",\"site_profile\":\"h0.json\",\"done_days\":36500}]}",
        PACKAGE);
    scratch_write(&b->scratch, "casement.json", config.at);
    gw_text_release(&config);
}

static void put_file(struct bench *b, const char *name)
{
    struct gw_text lines = GW_TEXT_INIT(1u << 20);

    for (size_t i = 0; i < b->world.places[0].count; i++)
        gw_text_print(&lines, "%s\n", b->world.places[0].resources[i].json);
    scratch_write(&b->scratch, name, lines.at);
    gw_text_release(&lines);
}

static void change_ledger(struct bench *b, const char *statement)
{
    sqlite3 *db = NULL;

    cr_assert(sqlite3_open(scratch_path(&b->scratch, "state/ledger.db"), &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, statement, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static const struct fake_answer *refuse_searches(struct fake_place *place, const char *url)
{
    static const struct fake_answer refused = {.status = 403};

    (void)place;
    return strchr(url, '?') ? &refused : NULL;
}

static void note_beside(struct bench *b, const char *space, const char *name, const char *text)
{
    struct gw_ledger *beside = NULL;
    struct gw_error failure = {0};

    cr_assert(gw_ledger_join(scratch_path(&b->scratch, "state/ledger.db"), &beside, &failure) == GW_OK, "%s",
              failure.text);
    cr_assert(gw_ledger_note_put(beside, space, name, text, &failure) == GW_OK, "%s", failure.text);
    gw_ledger_close(beside);
}

static bool has_note(struct bench *b, const char *space, const char *name, const char *wanted)
{
    struct gw_ledger *beside = NULL;
    struct gw_error failure = {0};
    struct gw_arena arena = GW_ARENA_INIT(1u << 20);
    const char *text = NULL;
    bool found;

    cr_assert(gw_ledger_join(scratch_path(&b->scratch, "state/ledger.db"), &beside, &failure) == GW_OK);
    cr_assert(gw_ledger_note(beside, &arena, space, name, &text, &failure) == GW_OK);
    found = text && strstr(text, wanted);
    gw_ledger_close(beside);
    gw_arena_release(&arena);
    return found;
}

static const struct {
    const char *from, *to;
    const char *key;     /* written to another.key; NULL: the one in use */
    const char *refusal; /* NULL: taken up */
} changes[] = {
    {"\"state\":\"state\"", "\"state\":\"statx\"", NULL, "another ledger"},
    {"\"installation\":\"t\"", "\"installation\":\"t\",\"listen\":\"127.0.0.1:8490\"", NULL,
     "\\\"listen\\\" is another address than the service started with"},
    {"pseudonym.key", "another.key", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
     "another pseudonym key than the service started with"},
    {"pseudonym.key", "another.key", NULL, NULL},
    {"\"installation\":\"t\"", "\"installation\":\"u\"", NULL, NULL},
};

static const char *const rosters_to_ask_nobody_about[] = {
    HEADER "h1,lendex-rrmm,p0,S-1-0," D1 ",," D1 ",,,\n",
    HEADER "h0,lendex-rrmm,p0,S-0-0," D1 ",," D1 ",2026-11-01,,\n",
};

/* The second file holds nothing new, but that the window is over: no fact marks the subject, and there is no memory. */
Test(run_ground, derives_later_what_could_not_be_derived_though_nothing_marks_it)
{
    static const char state[] = "SELECT state FROM windows WHERE window_id = 'T30-01'";
    struct bench b;

    set_up(&b, 1, 1);
    write_folder_config(&b);
    cr_assert(mkdir(scratch_path(&b.scratch, "drop"), 0700) == 0);
    start(&b);
    pass(&b, HOUR_MS);
    put_file(&b, "drop/incoming/x.ndjson");
    pass(&b, HOUR_MS);
    stop(&b);
    b.world.time.start_utc += (int64_t)26 * 86400;
    start(&b);
    pass(&b, HOUR_MS);
    cr_assert_str_eq(cell(&b, state), "open");
    change_ledger(&b, "CREATE TRIGGER full BEFORE INSERT ON notes WHEN new.space = 'requests' BEGIN SELECT "
                      "zeroblob(2000000000); END");
    put_file(&b, "drop/incoming/y.ndjson");
    pass(&b, 5 * 60000);
    cr_expect(strstr(b.lines.at, "errand.failed") != NULL, "%s", b.lines.at);
    change_ledger(&b, "DROP TRIGGER full");
    pass(&b, 15 * 60000);
    cr_expect_str_eq(cell(&b, state), "missed");
    tear_down(&b);
}

Test(run_ground, refuses_in_words_what_it_cannot_change_while_it_runs)
{
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct bench b;
        struct gw_text key = GW_TEXT_INIT(4096);

        set_up(&b, 1, 1);
        start(&b);
        pass(&b, HOUR_MS);
        cr_assert(gw_text_read_file(&key, scratch_path(&b.scratch, "pseudonym.key"), NULL) == GW_OK);
        scratch_write(&b.scratch, "another.key", changes[i].key ? changes[i].key : key.at);
        cr_assert(chmod(scratch_path(&b.scratch, "another.key"), 0600) == 0);
        reword(&b, changes[i].from, changes[i].to);
        pass(&b, HOUR_MS);
        cr_expect(gw_run_counts(b.run).reloads == (changes[i].refusal ? 0 : 1), "%zu: %s", i, b.lines.at);
        if (changes[i].refusal)
            cr_expect(strstr(b.lines.at, changes[i].refusal) != NULL, "%zu: %s", i, b.lines.at);
        gw_text_release(&key);
        tear_down(&b);
    }
}

/* Hospitals call us by a name that is let in: another one would find the door shut, and nobody would know. */
Test(run_ground, refuses_a_callback_by_another_name_once_it_listens)
{
    struct bench b;

    set_up(&b, 1, 1);
    write_hooked(&b, 1);
    start(&b);
    pass(&b, HOUR_MS);
    reword(&b, "casement.example/in", "casement.example/inside");
    pass(&b, 60000);
    cr_expect(gw_run_counts(b.run).reloads == 1, "%s", b.lines.at);
    reword(&b, "casement.example", "door.example");
    pass(&b, 60000);
    cr_expect(gw_run_counts(b.run).reloads == 1);
    cr_expect(strstr(b.lines.at, "a callback is at door.example") != NULL, "%s", b.lines.at);
    tear_down(&b);
}

/* What is stopped is tried again with the reload that an operator asked for, and with no later one. */
Test(run_ground, resumes_with_a_reload_that_was_asked_for_and_not_with_one_that_was_refused)
{
    enum { PATIENTS = 4 };
    struct bench b;
    size_t searches;

    set_up(&b, 1, PATIENTS);
    b.signals = true;
    b.world.places[0].fault = refuse_searches;
    start(&b);
    pass(&b, 2 * HOUR_MS);
    cr_assert(strstr(b.lines.at, "this query is stopped") != NULL, "%s", b.lines.at);
    searches = b.world.places[0].searches;
    scratch_write(&b.scratch, "roster.csv", "nonsense\n");
    cr_assert(raise(SIGHUP) == 0);
    pass(&b, 1000);
    cr_expect(strstr(b.lines.at, "reload.refused") != NULL);
    write_roster(&b, 1, PATIENTS, "");
    pass(&b, HOUR_MS);
    cr_expect(gw_run_counts(b.run).reloads == 1);
    cr_expect(b.world.places[0].searches == searches, "%zu searches that nobody asked for",
              b.world.places[0].searches - searches);
    cr_assert(raise(SIGHUP) == 0);
    pass(&b, HOUR_MS);
    cr_expect(b.world.places[0].searches > searches);
    tear_down(&b);
}

Test(run_ground, s20_has_caught_up_where_nobody_is_to_be_asked_about)
{
    for (size_t i = 0; i < sizeof rosters_to_ask_nobody_about / sizeof rosters_to_ask_nobody_about[0]; i++) {
        struct bench b;

        set_up(&b, 2, 1);
        write_hooked(&b, 2);
        scratch_write(&b.scratch, "roster.csv", rosters_to_ask_nobody_about[i]);
        fake_place_add(&b.world.places[0], 0,
                       "{\"resourceType\":\"Subscription\",\"id\":\"s1\",\"status\":\"active\"}");
        start(&b);
        stop(&b);
        note_beside(&b, "subscription", "e0", GAP);
        start(&b);
        pass(&b, HOUR_MS);
        cr_expect(has_note(&b, "subscription", "e0", "\"last\":5,\"known\":5"), "%zu: %s", i, b.lines.at);
        tear_down(&b);
    }
}

Test(run_ground, counts_its_starts_its_deliveries_and_how_late_its_loop_is)
{
    struct bench b;

    set_up(&b, 1, 2);
    for (uint64_t starts = 0; starts < 3; starts++) {
        start(&b);
        cr_expect(b.run->door.metrics.restarts == starts);
        pass(&b, HOUR_MS);
        pass(&b, HOUR_MS);
        cr_expect(b.run->door.metrics.delivered_batches == (starts ? 0 : 2), "%llu",
                  (unsigned long long)b.run->door.metrics.delivered_batches);
        cr_expect(b.run->door.metrics.loop_delay_ms == 0);
        b.world.time.now_ms += GW_RUN_LOOK_MS + 7000; /* something held the loop up */
        pass(&b, 1);
        cr_expect(b.run->door.metrics.loop_delay_ms >= 7000, "%llu",
                  (unsigned long long)b.run->door.metrics.loop_delay_ms);
        stop(&b);
    }
    tear_down(&b);
}
