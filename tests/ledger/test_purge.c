/*
 * The end of keeping: what goes, what stays, that the equation holds at every commit, and that a purge which was cut
 * off goes on.
 */
#include "gateway/ledger/purge.h"

#include <dirent.h>

#include "gateway/ledger/notes.h"
#include "gateway/ledger/refusals.h"
#include "gateway/ledger/report.h"
#include "ledger/trail.h"

TestSuite(purge, .timeout = 300);

#define CANARY "canary-7f3a91"

static const char *const spaces[] = {"schedule", "windows"};
static const struct gw_purge_notes notes = {spaces, 2, "hint"};

/* All pieces; the equation holds after each. */
static size_t purge_all(struct book *book, int64_t in)
{
    size_t pieces = 0;

    for (bool more = true; more; pieces++) {
        BOOK_OK(book, gw_ledger_purge_piece(book->ledger, &notes, &more, &book->err));
        book_balanced(book, in);
        cr_assert(pieces < 100);
    }
    return pieces;
}

static size_t occurrences(const char *path, const char *word)
{
    static char bytes[8 << 20];
    FILE *file = fopen(path, "rb");
    size_t length, count = 0;

    if (!file)
        return 0;
    length = fread(bytes, 1, sizeof bytes, file);
    cr_assert(length < sizeof bytes);
    fclose(file);
    for (char *at = bytes; (at = memmem(at, length - (size_t)(at - bytes), word, strlen(word))); at++)
        count++;
    return count;
}

/* In every file of the folder, those of SQLite beside the ledger included. */
static size_t in_folder(struct book *book, const char *word)
{
    DIR *folder = opendir(book->scratch.folder);
    size_t count = 0;

    cr_assert(folder != NULL);
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_type == DT_REG)
            count += occurrences(scratch_path(&book->scratch, entry->d_name), word);
    closedir(folder);
    return count;
}

/* One result twice, one item, a cursor, notes: everywhere the canary. Gives the subject. */
static int64_t fill(struct book *book, const char *key, const char *canary)
{
    const int64_t subject = book_enrol(book, key);
    const char *id = gw_arena_print(&book->arena, "%s-%s", canary, key);
    const char *name = gw_arena_print(&book->arena, "%lld hm-ehr", (long long)subject);
    struct gw_item item = {.id = "x1",
                           .code = "UNIT_MISSING",
                           .fingerprint = "f1",
                           .blocks = "R",
                           .context = canary,
                           .suggestion = "",
                           .window_ids = ""};
    struct gw_rows none = {0};

    for (int again = 0; again < 2; again++) {
        book_add(book, subject, "Observation", id, "1", canary);
        BOOK_OK(book, book_try_keep(book, &(struct gw_cursor){"hm-ehr", subject, canary, "", ""}, canary));
        const struct gw_kept_facts facts = book_facts(book, subject);
        struct gw_derived derived = book_derive(book, &facts, GW_STATE_HELD);
        derived.items = &item;
        derived.item_count = 1;
        book_settle(book, &facts, &derived, &none, "2026-11-20T20:00:00Z");
    }
    BOOK_OK(book, gw_ledger_note_put(book->ledger, "schedule", name, canary, &book->err));
    BOOK_OK(book, gw_ledger_note_put(book->ledger, "hint", gw_arena_print(&book->arena, "hm-ehr|pat-%s|x", key), canary,
                                     &book->err));
    BOOK_OK(book, gw_ledger_note_put(book->ledger, "circuit", name, "an endpoint's", &book->err));
    return subject;
}

Test(purge, L7_leaves_no_byte_of_the_subject_in_any_file_and_nothing_out_of_the_equation)
{
    struct trail t = trail_new();
    const int64_t gone = fill(t.book, "ES-001", CANARY), stays = fill(t.book, "ES-002", "another");
    struct gw_equation before = book_equation(t.book), after;
    struct gw_tombstones stones;
    const char *text = NULL;

    cr_assert(in_folder(t.book, CANARY) > 4, "it was there");
    cr_assert(before.in == 4);
    BOOK_OK(t.book, gw_ledger_purge_begin(t.book->ledger, gone, "the study closed", &t.book->err));
    BOOK_OK(t.book, gw_ledger_purge_begin(t.book->ledger, gone, "again", &t.book->err));
    purge_all(t.book, 4);
    BOOK_OK(t.book, gw_ledger_sweep(t.book->ledger, &t.book->err));
    cr_expect(in_folder(t.book, CANARY) == 0, "%zu", in_folder(t.book, CANARY));
    cr_expect(in_folder(t.book, "pat-ES-001") == 0, "whose patient it was is gone");
    cr_expect(in_folder(t.book, "another") > 4, "the other's stay");

    after = book_equation(t.book);
    for (int s = 0; s < GW_STATE_COUNT; s++)
        cr_expect(after.states[s] == before.states[s], "%s", gw_state_name((enum gw_state)s));
    cr_expect(after.purged == 2 && after.open_items == 1);
    BOOK_OK(t.book, gw_ledger_tombstones(t.book->ledger, &t.book->arena, &stones, &t.book->err));
    cr_assert(stones.count == 1);
    cr_expect(strcmp(stones.list[0].subject_key, "ES-001") == 0 && strcmp(stones.list[0].why, "the study closed") == 0);
    cr_expect(stones.list[0].ended && stones.list[0].versions == 2 && stones.list[0].parts == 2);
    cr_expect(stones.list[0].items == 1);
    cr_expect(book_facts(t.book, stays).count == 1);
    BOOK_OK(t.book,
            gw_ledger_note(t.book->ledger, &t.book->arena, "circuit",
                           gw_arena_print(&t.book->arena, "%lld hm-ehr", (long long)gone), &text, &t.book->err));
    cr_expect(text != NULL, "a note that is not of a subject, but named like one");
    book_reopen(t.book);
    const struct gw_audit_verdict verdict = trail_verify(&t);
    cr_expect(verdict.first_bad == 0 && verdict.differences == 0, "%s%s", verdict.what, verdict.named[0]);
    book_free(t.book);
}

Test(purge, keeps_what_was_delivered_and_its_receipt)
{
    struct trail t = trail_new();
    const int64_t subject = book_enrol(t.book, "ES-017");
    struct gw_rows rows = {0};
    int64_t revision = 0;

    book_add(t.book, subject, "Observation", "o-1", "1", "1.2");
    book_keep(t.book);
    trail_settle(t.book, subject, "1.2");
    BOOK_OK(t.book, gw_outbox_delivered(t.book->ledger, subject, 1, "r-1", &t.book->err));
    BOOK_OK(t.book, gw_ledger_purge_begin(t.book->ledger, subject, "the study closed", &t.book->err));
    purge_all(t.book, 1);
    BOOK_OK(t.book, gw_ledger_rows(t.book->ledger, &t.book->arena, subject, GW_LATEST, &rows, &revision, &t.book->err));
    cr_expect(revision == 1 && rows.tables[GW_TABLE_observations].count == 1);
    book_reopen(t.book);
    const struct gw_audit_verdict verdict = trail_verify(&t);
    cr_expect(verdict.first_bad == 0 && verdict.differences == 0, "%s%s", verdict.what, verdict.named[0]);
    book_free(t.book);
}

/* A person's cells, as the study database has them; a second time when its withdrawal is refused. */
static void refuse(struct book *book, int64_t subject, const char *stands)
{
    const struct gw_refusal touched = {.kind = GW_REFUSAL_TOUCHED,
                                       .table = GW_TABLE_observations,
                                       .row_id = "o1@T30-01",
                                       .reason = "",
                                       .stands = stands,
                                       .theirs = "{\"value_text\":\"" CANARY "\"}"};

    BOOK_OK(book, gw_ledger_refuse(book->ledger, subject, &touched, false, &book->err));
}

Test(purge, L7_leaves_of_a_row_that_a_person_changed_that_it_was_refused_and_not_what_is_there)
{
    static const char cells[] = "SELECT count(*) FROM refusals WHERE theirs LIKE '%" CANARY "%'";
    struct book *book = book_new();
    const int64_t gone = fill(book, "ES-001", CANARY), stays = fill(book, "ES-002", "another");

    refuse(book, gone, "d1");
    refuse(book, stays, "d1");
    cr_assert(book_sql(book, cells) == 2, "it was there");
    BOOK_OK(book, gw_ledger_purge_begin(book->ledger, gone, "the study closed", &book->err));
    purge_all(book, 4);
    cr_expect(book_sql(book, cells) == 1, "of the other");
    refuse(book, gone, "d2");
    refuse(book, stays, "d2");
    cr_expect(book_sql(book, cells) == 1, "nor does it come again");
    cr_expect(book_sql(book, "SELECT count(*) FROM refusals WHERE stands = 'd2'") == 2, "but each is counted");
    book_free(book);
}

Test(purge, lets_nothing_in_again)
{
    struct book *book = book_new();
    const int64_t subject = fill(book, "ES-001", CANARY);
    struct gw_kept_facts facts;
    const char *watermark = NULL;
    int64_t number = 0, next = 0;
    bool purged = false;

    BOOK_OK(book, gw_ledger_purge_begin(book->ledger, subject, "the study closed", &book->err));
    purge_all(book, 2);
    book_add(book, subject, "Observation", CANARY, "2", CANARY);
    BOOK_OK(book, book_try_keep(book, &(struct gw_cursor){"hm-ehr", subject, "q", "", ""}, "w"));
    cr_expect(book->answer.door == 1 && book->answer.fresh == 0);
    book_balanced(book, 3);
    BOOK_OK(book, gw_ledger_cursor(book->ledger, &book->arena, &(struct gw_cursor){"hm-ehr", subject, "q", "", ""},
                                   &watermark, &book->err));
    cr_expect(watermark == NULL);
    cr_expect(gw_ledger_facts(book->ledger, &book->arena, subject, &facts, &book->err) == GW_EINPUT);
    BOOK_OK(book, gw_ledger_mark(book->ledger, subject, &book->err));
    BOOK_OK(book, gw_ledger_next_dirty(book->ledger, GW_NOBODY, &next, &book->err));
    cr_expect(next == GW_NOBODY);
    cr_expect(book_enrol(book, "ES-001") == subject);
    BOOK_OK(book, gw_ledger_patient(book->ledger, "lendex", "hm-ehr", "pat-ES-001", &number, &book->err));
    cr_expect(number == GW_NOBODY);
    BOOK_OK(book, gw_ledger_is_purged(book->ledger, "lendex", "ES-001", &purged, &book->err));
    cr_expect(purged);
    cr_expect(book_sql(book, "SELECT count(*) FROM pages") == 0);
    cr_expect(book_sql(book, "SELECT count(*) FROM door WHERE logical_id IS NOT NULL") == 0);
    book_free(book);
}

Test(purge, is_looked_at_before_and_that_changes_nothing)
{
    struct book *book = book_new();
    const int64_t read = fill(book, "ES-001", CANARY), unread = book_enrol(book, "ES-002");
    struct gw_purge_view views[] = {{.subject = read}, {.subject = unread}};

    for (int i = 0; i < 3; i++)
        book_add(book, unread, i < 2 ? "Observation" : "Encounter", gw_arena_print(&book->arena, "x-%d", i), "1", "1");
    book_keep(book);
    BOOK_OK(book, gw_ledger_purge_look(book->ledger, &book->arena, &notes, views, 2, &book->err));
    cr_expect(views[0].versions == 1 && views[0].kind_count == 1 && views[0].items == 1 && views[0].open_items == 1);
    cr_expect(views[0].cursors == 1 && views[0].notes == 2 && views[0].patients == 1, "one note is an endpoint's");
    cr_expect(views[1].versions == 3 && views[1].parts == 3 && views[1].kind_count == 2, "never read before");
    cr_expect(strcmp(views[1].kinds[0].type, "Encounter") == 0 && views[1].kinds[1].versions == 2);
    cr_expect(views[1].items == 0 && views[1].revisions == 0 && strcmp(views[0].facts, views[1].facts) != 0);
    cr_expect(book_sql(book, "SELECT sum(length(bytes)) FROM pages") == views[0].bytes + views[1].bytes);
    cr_expect(book_sql(book, "SELECT count(*) FROM entries WHERE subject = 2") == 0, "it has no index rows still");
    book_free(book);
}

enum { MANY = 1500 };

Test(purge, goes_on_where_a_kill_ended_it)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-001");
    bool more = true;
    size_t pieces = 0;

    for (int i = 0; i < MANY; i++)
        book_add(book, subject, "Observation", gw_arena_print(&book->arena, "o-%d", i), "1", "1.2");
    book_keep(book);
    BOOK_OK(book, gw_ledger_purge_begin(book->ledger, subject, "the study closed", &book->err)); /* never read before */
    for (; more; pieces++) {
        BOOK_OK(book, gw_ledger_begin(book->ledger, &book->err));
        BOOK_OK(book, gw_ledger_purge_piece(book->ledger, &notes, &more, &book->err));
        gw_ledger_rollback(book->ledger); /* what a kill leaves of a piece */
        book_reopen(book);
        book_balanced(book, MANY);
        BOOK_OK(book, gw_ledger_purge_piece(book->ledger, &notes, &more, &book->err));
        book_reopen(book);
        book_balanced(book, MANY);
        cr_assert(pieces < 20);
    }
    cr_expect(pieces >= 3, "two pieces of entries at least, and the end: %zu", pieces);
    cr_expect(book_sql(book, "SELECT count(*) FROM entries") == 0);
    cr_expect(book_sql(book, "SELECT count(*) FROM pages") == 0);
    cr_expect(book_sql(book, "SELECT sum(versions) FROM purged") == MANY);
    cr_expect(book_sql(book, "SELECT count(*) FROM audit WHERE text LIKE '%\"act\":\"purge\"%'") == 1);
    book_free(book);
}
