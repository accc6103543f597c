/*
 * The audit trail: what stands in it, in which words, and what is refused to be put into it.
 */
#include "gateway/ledger/refusals.h"
#include "ledger/trail.h"

TestSuite(audit, .timeout = 600);

struct seen {
    struct gw_arena arena;
    struct gw_audit_row rows[64];
    size_t count;
};

static const char *keep(struct seen *seen, const char *text)
{
    return gw_arena_copy(&seen->arena, text, strlen(text));
}

static bool see(void *ctx, const struct gw_audit_row *row)
{
    struct seen *seen = ctx;
    struct gw_audit_row *copy = &seen->rows[seen->count++];

    *copy = *row;
    copy->by = keep(seen, row->by);
    copy->act = keep(seen, row->act);
    copy->zone = keep(seen, row->zone);
    copy->subject = keep(seen, row->subject);
    copy->what = keep(seen, row->what);
    copy->old_hash = keep(seen, row->old_hash);
    copy->new_hash = keep(seen, row->new_hash);
    copy->reason = keep(seen, row->reason);
    return seen->count < 64;
}

Test(audit, tells_who_did_what_and_why_in_the_order_in_which_it_was_done)
{
    struct trail t = trail_new();
    struct seen seen = {.arena = GW_ARENA_INIT(1 << 20)};
    struct gw_decision decision = trail_decision();

    BOOK_OK(t.book, gw_audit_zone(t.book->ledger, "hm", "Europe/Madrid", &t.book->err));
    const int64_t subject = book_enrol(t.book, "ES-017");
    book_enrol(t.book, "ES-017"); /* again: nothing new */
    book_add(t.book, subject, "Observation", "o-1", "1", "1.2");
    BOOK_OK(t.book, book_try_keep(t.book, NULL, NULL));
    trail_settle(t.book, subject, "1.2");
    BOOK_OK(t.book, gw_outbox_delivered(t.book->ledger, subject, 1, "r-1", &t.book->err));
    BOOK_OK(t.book, gw_outbox_delivered(t.book->ledger, subject, 1, "r-1", &t.book->err));
    BOOK_OK(t.book, gw_ledger_decide(t.book->ledger, &decision, &t.book->err));
    trail_settle(t.book, subject, "1.3");
    BOOK_OK(t.book, gw_audit_rows(t.book->path, see, &seen, &t.book->err));

    static const struct {
        const char *act, *what, *reason;
    } expected[] = {
        {"enrolment", "a new subject, a patient of the endpoint hm-ehr", ""},
        {"revision", "revision 1 from 0: 1 rows added, 0 changed, 0 withdrawn", "new facts"},
        {"delivery", "revision 1 to the study database, receipt r-1", ""},
        {"decision", "decision 1 (anchor) for study:lendex", "letter of the hospital"},
        {"revision", "revision 2 from 1: 0 rows added, 1 changed, 0 withdrawn", "decisions up to 1"},
    };
    cr_assert(seen.count == 5, "%zu rows", seen.count);
    for (size_t i = 0; i < 5; i++) {
        cr_expect(strcmp(seen.rows[i].act, expected[i].act) == 0, "%s", seen.rows[i].act);
        cr_expect(strcmp(seen.rows[i].what, expected[i].what) == 0, "%s", seen.rows[i].what);
        cr_expect(strcmp(seen.rows[i].reason, expected[i].reason) == 0, "%s", seen.rows[i].reason);
        cr_expect(strcmp(seen.rows[i].subject, "ES-017") == 0);
        cr_expect(strcmp(seen.rows[i].zone, "Europe/Madrid") == 0, "%zu: %s", i, seen.rows[i].zone);
    }
    cr_expect(strcmp(seen.rows[3].by, "dm1") == 0);
    cr_expect(strncmp(seen.rows[0].by, "service (", 9) == 0);
    cr_expect(strlen(seen.rows[1].new_hash) == 64 && *seen.rows[1].old_hash == '\0');
    cr_expect(strcmp(seen.rows[2].new_hash, seen.rows[1].new_hash) == 0, "what was delivered is what was derived");
    cr_expect(strcmp(seen.rows[4].old_hash, seen.rows[1].new_hash) == 0);
    gw_arena_release(&seen.arena);
    book_free(t.book);
}

/* The rows of a test, from one on: act, what, reason. */
static void expect_rows(struct trail *t, size_t from, const char *const expected[][3], size_t count)
{
    struct seen seen = {.arena = GW_ARENA_INIT(1 << 20)};

    BOOK_OK(t->book, gw_audit_rows(t->book->path, see, &seen, &t->book->err));
    cr_assert(seen.count == from + count, "%zu rows", seen.count);
    for (size_t i = 0; i < count; i++) {
        const struct gw_audit_row *row = &seen.rows[from + i];

        cr_expect(strcmp(row->act, expected[i][0]) == 0, "%zu: %s", i, row->act);
        cr_expect(strcmp(row->what, expected[i][1]) == 0, "%zu: %s", i, row->what);
        cr_expect(strcmp(row->reason, expected[i][2]) == 0, "%zu: %s", i, row->reason);
    }
    gw_arena_release(&seen.arena);
}

#define EXPECT_ROWS(t, from, ...)                                                                                      \
    do {                                                                                                               \
        static const char *const expected[][3] = {__VA_ARGS__};                                                        \
        expect_rows((t), (from), expected, sizeof expected / sizeof *expected);                                        \
    } while (0)

Test(audit, says_of_every_revision_whether_facts_came_before_it)
{
    struct trail t = trail_new();
    const int64_t subject = book_enrol(t.book, "ES-017");

    book_add(t.book, subject, "Observation", "o-1", "1", "1.2");
    book_keep(t.book);
    trail_settle(t.book, subject, "1.2");
    book_add(t.book, subject, "Observation", "o-1", "2", "1.3");
    book_keep(t.book);
    trail_settle(t.book, subject, "1.3");
    trail_settle(t.book, subject, "1.4");
    EXPECT_ROWS(
        &t, 1, {"revision", "revision 1 from 0: 1 rows added, 0 changed, 0 withdrawn", "new facts"},
        {"revision", "revision 2 from 1: 0 rows added, 1 changed, 0 withdrawn", "new facts"},
        {"revision", "revision 3 from 2: 0 rows added, 1 changed, 0 withdrawn", "a day came, or settings changed"});
    book_free(t.book);
}

Test(audit, says_that_a_subject_is_blocked_and_by_what_and_that_it_is_no_longer)
{
    struct trail t = trail_new();
    const int64_t subject = book_enrol(t.book, "ES-017");
    struct gw_item items[] = {{.id = "x1", .code = "MRN_CONFLICT", .fingerprint = "f1", .blocks = "S"},
                              {.id = "x2", .code = "MRN_CONFLICT", .fingerprint = "f2", .blocks = "S"},
                              {.id = "x3", .code = "UNIT_MISSING", .fingerprint = "f3", .blocks = "R"}};
    struct gw_rows none = {0};

    for (size_t i = 0; i < 3; i++) {
        items[i].window_ids = items[i].context = items[i].suggestion = "";
    }
    for (int blocked = 1; blocked >= 0; blocked--)
        for (int again = 0; again < 2; again++) {
            const struct gw_kept_facts facts = book_facts(t.book, subject);
            struct gw_derived derived = book_derive(t.book, &facts, GW_STATE_HELD);

            derived.blocked = blocked;
            derived.items = items;
            derived.item_count = blocked ? 3 : 0;
            book_settle(t.book, &facts, &derived, &none, "2024-12-31T10:00:00Z");
        }
    EXPECT_ROWS(&t, 1, {"block", "nothing more of the subject is delivered", "MRN_CONFLICT"},
                {"unblock", "the subject is delivered again", ""});
    book_free(t.book);
}

Test(audit, tells_refusals_once_and_that_they_ended)
{
    struct trail t = trail_new();
    const int64_t subject = book_enrol(t.book, "ES-017");
    struct gw_refusal refusal = {.table = GW_TABLE_observations, .row_id = "o1@T30-01", .reason = "SQLSTATE 22003"};

    for (int again = 0; again < 2; again++)
        BOOK_OK(t.book, gw_ledger_refuse(t.book->ledger, subject, &refusal, false, &t.book->err));
    refusal.kind = GW_REFUSAL_TOUCHED;
    refusal.reason = "missing";
    BOOK_OK(t.book, gw_ledger_refuse(t.book->ledger, subject, &refusal, false, &t.book->err));
    for (int again = 0; again < 2; again++)
        BOOK_OK(t.book, gw_ledger_accept(t.book->ledger, subject, refusal.table, refusal.row_id, 0, &t.book->err));
    EXPECT_ROWS(&t, 1, {"refusal", "row o1@T30-01 of observations, refused by the study database", "SQLSTATE 22003"},
                {"refusal", "row o1@T30-01 of observations, changed there by others", "missing"},
                {"acceptance", "row o1@T30-01 of observations", ""});
    book_free(t.book);
}

Test(audit, tells_where_a_study_database_was_found_to_stand)
{
    struct trail t = trail_new();
    const int64_t subject = book_enrol(t.book, "ES-017");

    for (int i = 0; i < 3; i++)
        trail_settle(t.book, subject, (const char *const[]){"1.2", "1.3", "1.4"}[i]);
    BOOK_OK(t.book, gw_outbox_reconcile(t.book->ledger, subject, 0, &t.book->err)); /* nothing is there: as was known */
    BOOK_OK(t.book, gw_outbox_reconcile(t.book->ledger, subject, 2, &t.book->err));
    BOOK_OK(t.book, gw_outbox_stands(t.book->ledger, subject, 3, "r-3", &t.book->err));
    BOOK_OK(t.book, gw_outbox_reconcile(t.book->ledger, subject, 1, &t.book->err));
    BOOK_OK(t.book, gw_outbox_reconcile(t.book->ledger, subject, 1, &t.book->err));
    EXPECT_ROWS(
        &t, 4,
        {"reconciliation", "the study database, which stands at revision 2; 2 deliveries were there without a receipt",
         ""},
        {"delivery", "revision 3 to the study database, receipt r-3", ""},
        {"reconciliation", "the study database, which stands at revision 1; 2 later deliveries wait for it again", ""});
    book_free(t.book);
}

Test(audit, has_no_row_of_an_act_that_was_taken_back)
{
    struct trail t = trail_new();
    struct gw_decision decision = trail_decision();

    trail_note(t.book, "", "first");
    BOOK_OK(t.book, gw_ledger_begin(t.book->ledger, &t.book->err));
    BOOK_OK(t.book, gw_ledger_decide(t.book->ledger, &decision, &t.book->err));
    gw_ledger_rollback(t.book->ledger);
    trail_note(t.book, "", "second");
    book_reopen(t.book);
    trail_expect_sound(&t, 2);
    book_free(t.book);
}

Test(audit, tells_a_thing_that_stays_only_when_it_changes)
{
    struct trail t = trail_new();
    const struct gw_audit_act one = {.act = GW_AUDIT_PACKAGE, .what = "lendex 1.0.0", .new_hash = "aa"};
    const struct gw_audit_act other = {.act = GW_AUDIT_PACKAGE, .what = "lendex 1.1.0", .new_hash = "bb"};
    struct seen seen = {.arena = GW_ARENA_INIT(1 << 20)};

    BOOK_OK(t.book, gw_audit_change(t.book->ledger, "package of lendex", &one, &t.book->err));
    BOOK_OK(t.book, gw_audit_change(t.book->ledger, "package of lendex", &one, &t.book->err));
    BOOK_OK(t.book, gw_audit_change(t.book->ledger, "package of lendex", &other, &t.book->err));
    BOOK_OK(t.book, gw_audit_rows(t.book->path, see, &seen, &t.book->err));
    cr_assert(seen.count == 2);
    cr_expect(strcmp(seen.rows[1].old_hash, "aa") == 0 && strcmp(seen.rows[1].new_hash, "bb") == 0);
    gw_arena_release(&seen.arena);
    book_free(t.book);
}

Test(audit, is_refused_to_be_changed_by_the_ledger_itself)
{
    static const char *const attempts[] = {
        "UPDATE audit SET text = 'x'",        "DELETE FROM audit",        "INSERT INTO audit VALUES (9, 'x', x'00')",
        "UPDATE audit_points SET text = 'x'", "DELETE FROM audit_points",
    };
    struct trail t = trail_new();
    sqlite3 *db;

    trail_note(t.book, "", "first");
    gw_ledger_close(t.book->ledger);
    t.book->ledger = NULL;
    cr_assert(sqlite3_open(t.book->path, &db) == SQLITE_OK);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
        cr_expect(sqlite3_exec(db, attempts[i], NULL, NULL, NULL) == SQLITE_CONSTRAINT, "%s", attempts[i]);
    sqlite3_close(db);
    trail_expect_sound(&t, 1);
    book_free(t.book);
}
