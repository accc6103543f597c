/*
 * The ledger's file: who may open it, and what it remembers of subjects, deliveries and cursors.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/ledger/decisions.h"
#include "gateway/ledger/notes.h"
#include "ledger/book.h"

Test(store, is_readable_by_its_owner_only)
{
    struct book *book = book_new();
    struct stat status;

    book_enrol(book, "ES-017");
    cr_assert(stat(book->path, &status) == 0);
    cr_expect((status.st_mode & 0777) == 0600, "mode is %o", status.st_mode & 0777);
    cr_assert(stat(gw_arena_print(&book->arena, "%s-wal", book->path), &status) == 0);
    cr_expect((status.st_mode & 0777) == 0600, "mode of the log is %o", status.st_mode & 0777);
    book_free(book);
}

Test(store, is_held_by_one_instance)
{
    struct book *book = book_new();
    struct gw_ledger *second = NULL;

    cr_expect(gw_ledger_open(book->path, &second, &book->err) == GW_EBUSY);
    cr_expect(strstr(book->err.text, "another instance") != NULL, "%s", book->err.text);
    cr_expect(second == NULL);
    gw_ledger_close(book->ledger);
    book_open(book);
    book_free(book);
}

Test(store, lets_others_read_and_decide_beside_the_one_instance)
{
    struct book *book = book_new();
    struct gw_ledger *beside = NULL;
    struct gw_decisions decisions = {NULL, 0};
    struct gw_decision decision = {.at = "2026-11-21T10:00:00Z",
                                   .by = "dm1",
                                   .reason = "as the manual says",
                                   .kind = GW_DECIDE_ANCHOR,
                                   .scope = "study:lendex-rrmm",
                                   .match = {.subject = "ES-017"},
                                   .set = {[GW_SET_ANCHOR] = "D1", [GW_SET_DATE] = "2024-01-15"}};

    BOOK_OK(book, gw_ledger_decisions(book->ledger, &decisions, &book->err));
    cr_expect(decisions.count == 0);
    BOOK_OK(book, gw_ledger_join(book->path, &beside, &book->err));
    BOOK_OK(book, gw_ledger_decide(beside, &decision, &book->err));
    BOOK_OK(book, gw_ledger_decisions(book->ledger, &decisions, &book->err));
    cr_expect(decisions.count == 1, "what another process decided is heard of");
    gw_ledger_close(beside);
    BOOK_OK(book, gw_ledger_note_put(book->ledger, "space", "name", "text", &book->err));
    book_free(book);
}

Test(store, says_what_is_wrong_with_a_file_it_cannot_use)
{
    struct scratch scratch;
    struct gw_ledger *ledger = NULL;
    struct gw_error err;

    scratch_init(&scratch);
    cr_expect(gw_ledger_open("/nowhere/at/all/ledger.db", &ledger, &err) == GW_ECREATE);
    cr_expect(gw_ledger_open(scratch.folder, &ledger, &err) == GW_ECREATE);
    cr_expect(gw_ledger_open(scratch_write(&scratch, "text.db", "these are the minutes of a meeting, long enough"),
                             &ledger, &err) == GW_ECONFIG);
    sqlite3 *db;
    cr_assert(sqlite3_open(scratch_path(&scratch, "other.db"), &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, "CREATE TABLE recipes (name)", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    cr_expect(gw_ledger_open(scratch_path(&scratch, "other.db"), &ledger, &err) == GW_ECONFIG);
    cr_expect(strstr(err.text, "is no ledger") != NULL, "%s", err.text);
    cr_expect(ledger == NULL);
    scratch_release(&scratch);
}

Test(store, refuses_a_ledger_of_a_newer_release)
{
    struct book *book = book_new();

    gw_ledger_close(book->ledger);
    book->ledger = NULL;
    sqlite3 *db;
    cr_assert(sqlite3_open(book->path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, "UPDATE meta SET value = 99 WHERE name = 'schema'", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    cr_expect(gw_ledger_open(book->path, &book->ledger, &book->err) == GW_ECONFIG);
    cr_expect(strstr(book->err.text, "newer release") != NULL, "%s", book->err.text);
    book_free(book);
}

Test(store, gives_a_subject_one_number_for_ever)
{
    struct book *book = book_new();
    const int64_t first = book_enrol(book, "ES-017"), second = book_enrol(book, "ES-018");
    int64_t number = -1;

    cr_expect(first != GW_NOBODY && second != first);
    book_reopen(book);
    cr_expect(book_enrol(book, "ES-017") == first);
    BOOK_OK(book, gw_ledger_patient(book->ledger, "lendex", "hm-ehr", "pat-ES-018", &number, &book->err));
    cr_expect(number == second);
    BOOK_OK(book, gw_ledger_patient(book->ledger, "lendex", "other", "pat-ES-018", &number, &book->err));
    cr_expect(number == GW_NOBODY);
    BOOK_OK(book, gw_ledger_enrol(book->ledger, "lendex", "hm", "ES-017", "other", "p9", &number, &book->err));
    cr_expect(number == first, "a second endpoint is the same subject");
    book_free(book);
}

Test(store, lists_subjects_and_marks)
{
    struct book *book = book_new();
    struct gw_ledger_subjects subjects;
    int64_t next = -1;

    book_enrol(book, "ES-017");
    const int64_t second = book_enrol(book, "ES-018");
    BOOK_OK(book, gw_ledger_mark(book->ledger, second, &book->err));
    BOOK_OK(book, gw_ledger_subjects(book->ledger, &book->arena, &subjects, &book->err));
    cr_assert(subjects.count == 2);
    cr_expect(strcmp(subjects.list[1].subject_key, "ES-018") == 0 && strcmp(subjects.list[1].site, "hm") == 0);
    cr_expect(!subjects.list[0].dirty && subjects.list[1].dirty);
    cr_expect(subjects.list[0].revision == 0 && subjects.list[0].next_day == GW_NO_DAY);
    BOOK_OK(book, gw_ledger_next_dirty(book->ledger, 0, &next, &book->err));
    cr_expect(next == second);
    BOOK_OK(book, gw_ledger_next_dirty(book->ledger, second, &next, &book->err));
    cr_expect(next == GW_NOBODY);
    book_free(book);
}

Test(store, moves_a_cursor_only_with_what_is_committed)
{
    struct book *book = book_new();
    const struct gw_cursor cursor = {"hm-ehr", 1, "Observation?code=a", "2024-01-01", "2024-12-31"};
    const struct gw_cursor other = {"hm-ehr", 1, "Observation?code=a", "2024-01-01", "2025-12-31"};
    const char *watermark = "unset";

    BOOK_OK(book, gw_ledger_cursor(book->ledger, &book->arena, &cursor, &watermark, &book->err));
    cr_expect(watermark == NULL);
    BOOK_OK(book, gw_ledger_begin(book->ledger, &book->err));
    BOOK_OK(book, gw_ledger_move(book->ledger, &cursor, "t0", &book->err));
    gw_ledger_rollback(book->ledger);
    BOOK_OK(book, gw_ledger_cursor(book->ledger, &book->arena, &cursor, &watermark, &book->err));
    cr_expect(watermark == NULL);
    BOOK_OK(book, book_try_keep(book, &cursor, "t1"));
    book_reopen(book);
    BOOK_OK(book, gw_ledger_cursor(book->ledger, &book->arena, &cursor, &watermark, &book->err));
    cr_assert(watermark != NULL);
    cr_expect(strcmp(watermark, "t1") == 0);
    BOOK_OK(book, gw_ledger_cursor(book->ledger, &book->arena, &other, &watermark, &book->err));
    cr_expect(watermark == NULL, "another span is another cursor");
    book_free(book);
}

Test(store, numbers_deliveries_upwards)
{
    struct book *book = book_new();
    const int64_t first = book->delivery;

    book_deliver(book, "second");
    cr_expect(book->delivery > first);
    book_free(book);
}

/* The book's ledger as `map` builds it, in a file of its own. */
static void build_anew(struct book *book)
{
    gw_ledger_close(book->ledger);
    snprintf(book->path, sizeof book->path, "%s", scratch_path(&book->scratch, "built.db"));
    BOOK_OK(book, gw_ledger_build(book->path, &book->ledger, &book->err));
    book_deliver(book, "obs.ndjson");
}

Test(store, builds_a_file_that_is_opened_as_any)
{
    struct book *book = book_new();

    build_anew(book);
    BOOK_OK(book, gw_ledger_begin(book->ledger, &book->err));
    const int64_t subject = book_enrol(book, "ES-017");
    book_add(book, subject, "Observation", "o-1", "1", "1");
    book_keep(book);
    BOOK_OK(book, gw_ledger_commit(book->ledger, &book->err));
    book_index(book, subject);
    gw_ledger_close(book->ledger);
    book_open(book);
    cr_expect(book_facts(book, subject).count == 1);
    book_balanced(book, 1);
    book_free(book);
}

Test(store, builds_no_further_after_a_failure)
{
    struct book *book = book_new();
    int64_t delivery;

    build_anew(book);
    BOOK_OK(book, gw_ledger_begin(book->ledger, &book->err));
    book_enrol(book, "ES-017");
    gw_ledger_rollback(book->ledger);
    cr_expect(gw_ledger_deliver(book->ledger, "more.ndjson", "2024-12-31", &delivery, &book->err) == GW_EIO,
              "what cannot be taken back is thrown away");
    book_free(book);
}
