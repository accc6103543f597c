/*
 * Files that change or go away under a running service: rosters, keys, settings, the study database.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/net/jwk.h"
#include "service/run_bench.h"
#include "service/setup.h"

/* ---- rosters ---- */

Test(run_change, keeps_what_it_has_when_a_changed_file_is_wrong)
{
    struct bench b;

    set_up(&b, 1, 1);
    start(&b);
    pass(&b, HOUR_MS);
    scratch_write(&b.scratch, "roster.csv", HEADER "h0,lendex-rrmm,p0,S-0-0,2026-13-45,,,,,\n");
    pass(&b, 60000);
    cr_expect(strstr(b.lines.at, "reload.refused") && strstr(b.lines.at, "roster.csv:2"), "%s", b.lines.at);
    add_visit_with_count(&b.world.places[0], "p0", "2026-11-21", "1.20");
    pass(&b, 3 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    tear_down(&b);
}

Test(run_change, takes_up_a_subject_that_comes_onto_the_roster)
{
    struct bench b;

    set_up(&b, 1, 1);
    add_patient(&b.world.places[0], "p1");
    add_visit_with_count(&b.world.places[0], "p1", "2026-11-19", "0.90");
    start(&b);
    pass(&b, HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "");
    write_roster(&b, 1, 2, "");
    pass(&b, 3 * HOUR_MS);
    cr_expect(strstr(b.lines.at, "\"1 added\""), "%s", b.lines.at);
    cr_expect_str_eq(cell(&b, VALUE), "0.90");
    tear_down(&b);
}

static size_t ways_opened;

static enum gw_status (*open_really)(const struct gw_world *world, const struct gw_endpoint *endpoint,
                                     struct gw_web **out, struct gw_error *err);
static struct bench *opening;

/* Somebody replaces the roster while a changed one is being taken up. */
static enum gw_status open_and_replace(const struct gw_world *world, const struct gw_endpoint *endpoint,
                                       struct gw_web **out, struct gw_error *err)
{
    if (++ways_opened == 2)
        write_roster(opening, 1, 1, "2026-11-20");
    return open_really(world, endpoint, out, err);
}

Test(run_change, sees_a_file_that_changes_while_another_change_is_taken_up)
{
    struct bench b;

    set_up(&b, 1, 1);
    opening = &b;
    open_really = b.world.world.open;
    b.world.world.open = open_and_replace;
    add_patient(&b.world.places[0], "p1");
    add_visit(&b.world.places[0], "p0", "2026-11-19", 0);
    start(&b);
    pass(&b, 2 * HOUR_MS);
    write_roster(&b, 1, 2, "");
    pass(&b, HOUR_MS);
    cr_expect(gw_run_counts(b.run).reloads == 2);
    cr_expect_str_eq(cell(&b, "SELECT max(withdrawal_date) FROM subjects"), "2026-11-20");
    tear_down(&b);
}

/* ---- what is away for a while ---- */

static bool move(struct bench *b, const char *from, const char *to)
{
    char source[600];

    snprintf(source, sizeof source, "%s", scratch_path(&b->scratch, from));
    return rename(source, scratch_path(&b->scratch, to)) == 0;
}

/* A key or a file system that is away for a while is no reason to stop what runs for years. */
Test(run_change, goes_on_without_a_key_that_went_away_after_it_was_read)
{
    struct bench b;

    set_up(&b, 1, 1);
    add_patient(&b.world.places[0], "p1");
    start(&b);
    pass(&b, HOUR_MS);
    cr_assert(move(&b, "pseudonym.key", "away.key"));
    write_roster(&b, 1, 2, "");
    pass(&b, HOUR_MS);
    cr_assert(!b.ended && gw_run_counts(b.run).reloads == 0 && gw_run_counts(b.run).subjects == 1);
    cr_expect(strstr(b.lines.at, "reload.refused") && strstr(b.lines.at, "put it back"), "%s", b.lines.at);
    add_visit_with_count(&b.world.places[0], "p0", "2026-11-20", "1.20");
    pass(&b, 2 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20");
    tear_down(&b);
}

Test(run_change, tries_again_when_a_study_cannot_be_reached_after_a_change)
{
    struct bench b;

    set_up(&b, 1, 1);
    add_patient(&b.world.places[0], "p1");
    add_visit_with_count(&b.world.places[0], "p1", "2026-11-19", "0.90");
    start(&b);
    pass(&b, HOUR_MS);
    cr_assert(move(&b, "study.db", "away.db"));
    cr_assert(mkdir(scratch_path(&b.scratch, "study.db"), 0700) == 0);
    write_roster(&b, 1, 2, "");
    pass(&b, HOUR_MS);
    cr_assert(!b.ended, "%s", b.failure.text);
    cr_expect(strstr(b.lines.at, "work.refused") != NULL, "%s", b.lines.at);
    cr_assert(rmdir(scratch_path(&b.scratch, "study.db")) == 0);
    cr_assert(move(&b, "away.db", "study.db"));
    pass(&b, 3 * HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "0.90");
    tear_down(&b);
}

Test(run_change, ends_when_told_to_while_it_waits_for_a_study)
{
    struct bench b;

    set_up(&b, 1, 1);
    start(&b);
    pass(&b, HOUR_MS);
    cr_assert(move(&b, "study.db", "away.db"));
    cr_assert(mkdir(scratch_path(&b.scratch, "study.db"), 0700) == 0);
    gw_run_reload(b.run);
    pass(&b, HOUR_MS);
    cr_assert(!b.ended);
    stop(&b);
    cr_assert(rmdir(scratch_path(&b.scratch, "study.db")) == 0);
    tear_down(&b);
}

/* Somebody beside the service writes to the ledger and takes his time. */
static sqlite3 *write_beside(struct bench *b)
{
    sqlite3 *other = NULL;

    cr_assert(sqlite3_open(scratch_path(&b->scratch, "state/ledger.db"), &other) == SQLITE_OK);
    cr_assert(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    return other;
}

/* While the loop's thread waits. */
static void *terminate_soon(void *ctx)
{
    (void)ctx;
    usleep(300000);
    kill(getpid(), SIGTERM);
    return NULL;
}

static double real_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

Test(run_change, l9_ends_within_ten_seconds_while_a_change_waits_for_somebody_who_writes_to_the_ledger)
{
    struct bench b;
    pthread_t soon;
    sqlite3 *other;
    double began;

    set_up(&b, 1, 1);
    b.signals = true;
    start(&b);
    pass(&b, HOUR_MS);
    other = write_beside(&b);
    began = real_seconds();
    cr_assert(pthread_create(&soon, NULL, terminate_soon, NULL) == 0);
    raise(SIGHUP);
    pass(&b, 100);
    cr_expect(strstr(b.lines.at, "work.refused") != NULL, "it waited in vain: %s", b.lines.at);
    pthread_join(soon, NULL);
    pass(&b, 9900);
    cr_expect(b.ended && b.failure.status == GW_OK, "%s", b.failure.text);
    cr_expect(real_seconds() - began < 10, "%.1f s", real_seconds() - began);
    sqlite3_close(other);
    tear_down(&b);
}

Test(run_change, takes_a_change_up_once_nobody_else_writes_to_the_ledger_any_more)
{
    struct bench b;
    sqlite3 *other;

    set_up(&b, 1, 1);
    add_patient(&b.world.places[0], "p1");
    add_visit_with_count(&b.world.places[0], "p1", "2026-11-19", "0.90");
    start(&b);
    pass(&b, HOUR_MS);
    other = write_beside(&b);
    write_roster(&b, 1, 2, "");
    pass(&b, 60000);
    cr_expect(strstr(b.lines.at, "work.refused") != NULL && !b.ended, "%s", b.lines.at);
    sqlite3_close(other);
    pass(&b, 3 * HOUR_MS);
    cr_expect_str_eq(cell(&b, VALUE), "0.90");
    tear_down(&b);
}

/* ---- keys ---- */

/* A configuration whose endpoint wants tokens: this key, and more behind it. */
static void write_keyed_config(struct bench *b, const char *key, const char *more)
{
    static const char none[] = "{\"kind\":\"none\"}";
    struct gw_text text = GW_TEXT_INIT(1u << 20), changed = GW_TEXT_INIT(1u << 20);
    char *at;

    cr_assert(gw_text_read_file(&text, b->config, NULL) == GW_OK);
    at = strstr(text.at, none);
    cr_assert(at != NULL);
    gw_text_append(&changed, text.at, (size_t)(at - text.at));
    gw_text_print(&changed, "{\"client_id\":\"c\",\"scopes\":[\"system/*.rs\"],\"key\":\"%s\"%s}%s", key, more,
                  at + strlen(none));
    scratch_write(&b->scratch, "casement.json", changed.at);
    gw_text_release(&text);
    gw_text_release(&changed);
}

static void write_key(struct bench *b, const char *name, mode_t mode)
{
    struct gw_jwk *key = NULL;

    cr_assert(gw_jwk_generate(GW_JWK_ES384, 0, &key, NULL) == GW_OK);
    cr_assert(gw_jwk_save(key, scratch_path(&b->scratch, name), NULL) == GW_OK);
    cr_assert(chmod(scratch_path(&b->scratch, name), mode) == 0);
    gw_jwk_free(key);
}

Test(run_change, a4_does_not_start_with_a_key_that_others_may_read)
{
    struct bench b;
    struct gw_error failure = {0};

    set_up(&b, 1, 1);
    write_key(&b, "new.jwk", 0644);
    write_keyed_config(&b, "new.jwk", "");
    const struct gw_run_options options = {.config = b.config, .world = &b.world.world, .log = &b.log};

    cr_expect(gw_run_start(&options, on_ended, &b, &b.run, &failure) == GW_ECONFIG, "%s", failure.text);
    cr_expect(strstr(failure.text, "new.jwk: open to others (mode 0644)") && !b.run, "%s", failure.text);
    tear_down(&b);
}

Test(run_change, a4_takes_up_a_changed_key_and_loses_nothing)
{
    struct bench b;

    set_up(&b, 1, 1);
    write_key(&b, "old.jwk", 0600);
    write_key(&b, "new.jwk", 0640);
    write_keyed_config(&b, "old.jwk", "");
    start(&b);
    pass(&b, HOUR_MS);
    write_config(&b, 1, 4, "");
    write_keyed_config(&b, "new.jwk", ",\"previous_key\":\"old.jwk\"");
    pass(&b, 60000);
    cr_expect(strstr(b.lines.at, "reload.refused") && strstr(b.lines.at, "new.jwk: open to others"), "%s", b.lines.at);
    cr_expect(gw_run_counts(b.run).reloads == 0);
    add_visit_with_count(&b.world.places[0], "p0", "2026-11-21", "1.20");
    pass(&b, 3 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.20", "the old one keeps running");
    cr_assert(chmod(scratch_path(&b.scratch, "new.jwk"), 0600) == 0);
    add_count(&b.world.places[0], "p0", "2026-11-21", "2", "amended", "1.25", b.world.time.now_ms);
    gw_run_reload(b.run); /* as SIGHUP does */
    cr_expect(gw_run_counts(b.run).reloads == 1, "%s", b.lines.at);
    pass(&b, 9 * DAY_MS);
    cr_expect_str_eq(cell(&b, VALUE), "1.25");
    tear_down(&b);
}

/* A context of libcrypto serves one thread: ids made by two at once would be wrong, and for ever. */
Test(run_change, hashes_on_the_loop_with_another_key_object_than_on_the_thread_of_the_ledger)
{
    struct bench b;
    struct gw_arena arena = GW_ARENA_INIT(64u << 20);
    struct gw_config config;
    struct setup setup;
    struct gw_ledger *ledger = NULL;
    struct gw_error failure = {0};

    set_up(&b, 2, 1);
    cr_assert(gw_config_load(&arena, b.config, &config, &failure) == GW_OK, "%s", failure.text);
    cr_assert(setup_load(&setup, &config, NULL, true, &b.world.world, &failure) == GW_OK, "%s", failure.text);
    cr_assert(setup_ledger(&config, &ledger, &failure) == GW_OK, "%s", failure.text);
    cr_assert(setup_open(&setup, ledger, &failure) == GW_OK, "%s", failure.text);
    for (size_t e = 0; e < setup.endpoint_count; e++)
        cr_expect(setup.endpoints[e].settings.key && setup.endpoints[e].settings.key != setup.studies[0].key);
    setup_close(&setup);
    gw_ledger_close(ledger);
    gw_arena_release(&arena);
    tear_down(&b);
}

/* ---- the ledger ---- */

/* Its ledger is open: another one would be begun without a word. */
Test(run_change, refuses_another_state_folder_while_it_runs)
{
    struct bench b;
    struct gw_text text = GW_TEXT_INIT(1u << 20);
    char *state;

    set_up(&b, 1, 1);
    start(&b);
    pass(&b, HOUR_MS);
    cr_assert(gw_text_read_file(&text, b.config, NULL) == GW_OK);
    state = strstr(text.at, "\"state\":\"state\"");
    cr_assert(state != NULL);
    state[strlen("\"state\":\"stat")] = 'x';
    scratch_write(&b.scratch, "casement.json", text.at);
    pass(&b, HOUR_MS);
    cr_expect(strstr(b.lines.at, "another ledger") != NULL, "%s", b.lines.at);
    cr_expect(gw_run_counts(b.run).reloads == 0);
    gw_text_release(&text);
    tear_down(&b);
}
