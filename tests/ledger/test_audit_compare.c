/*
 * A ledger against its trail: what somebody changed, put in or took out beside our own code is named, though the trail
 * itself was left alone.
 */
#include <unistd.h>

#include "ledger/trail.h"

TestSuite(audit_compare, .timeout = 300);

/* One decision; revisions 1 and 2 delivered, revision 3 not. */
static struct trail trail_with_work(void)
{
    struct trail t = trail_new();
    struct gw_decision decision = trail_decision();
    const int64_t subject = book_enrol(t.book, "ES-017");

    book_add(t.book, subject, "Observation", "o-1", "1", "1.2");
    book_keep(t.book);
    trail_settle(t.book, subject, "1.2");
    BOOK_OK(t.book, gw_outbox_delivered(t.book->ledger, subject, 1, "r-1", &t.book->err));
    BOOK_OK(t.book, gw_ledger_decide(t.book->ledger, &decision, &t.book->err));
    trail_settle(t.book, subject, "1.3");
    BOOK_OK(t.book, gw_outbox_delivered(t.book->ledger, subject, 2, "r-2", &t.book->err));
    trail_settle(t.book, subject, "1.4");
    book_reopen(t.book);
    return t;
}

/* As somebody with the file would: whatever stands in the way goes first. */
static void tamper(struct trail *t, const char *sql)
{
    sqlite3 *db;

    gw_ledger_close(t->book->ledger);
    t->book->ledger = NULL;
    cr_assert(sqlite3_open(t->book->path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static bool is_named(const struct gw_audit_verdict *verdict, const char *words)
{
    for (size_t i = 0; i < verdict->differences && i < GW_AUDIT_NAMED; i++)
        if (strstr(verdict->named[i], words))
            return true;
    return false;
}

static const struct {
    const char *name, *sql, *named, *named_too;
    size_t differences;
} cases[] = {
    {"a decision is another",
     "DROP TRIGGER decisions_unchanged; UPDATE decisions SET text = replace(text, '2024-01-15', '2024-01-16')",
     "decision 1 was changed or put in by hand", "row 4 of the trail tells of decision 1 (anchor) for study:lendex", 2},
    {"a decision is gone", "DROP TRIGGER decisions_kept; DELETE FROM decisions",
     "row 4 of the trail tells of decision 1 (anchor) for study:lendex", "no longer has it", 1},
    {"a decision was put in", "INSERT INTO decisions SELECT 2, replace(text, '\"n\":1', '\"n\":2') FROM decisions",
     "decision 2 was changed or put in by hand", "", 1},
    {"a revision has the rows of another",
     "UPDATE revisions SET (length, rows) = (SELECT length, rows FROM revisions WHERE revision = 1) WHERE revision = 2",
     "revision 2 of subject ES-017 (lendex) was changed or put in", "tells of revision 2 from 1", 2},
    {"a revision has the rows of another and says that it is older than the trail",
     "UPDATE revisions SET (length, rows, about) = (SELECT length, rows, NULL FROM revisions WHERE revision = 1) "
     "WHERE revision = 3",
     "revision 3 of subject ES-017 (lendex) was changed or put in", "tells of revision 3 from 2", 2},
    {"a revision cannot be unpacked", "UPDATE revisions SET rows = x'00' WHERE revision = 1",
     "revision 1 of subject ES-017 (lendex) was changed or put in", "tells of revision 1 from 0", 2},
    {"a revision is gone", "DELETE FROM revisions WHERE revision = 1", "tells of revision 1 from 0", "no longer has it",
     1},
    {"a revision was put in",
     "INSERT INTO revisions SELECT subject, 4, length, rows, NULL FROM revisions WHERE revision = 3",
     "revision 4 of subject ES-017 (lendex) was changed or put in", "revision 4 of subject ES-017 (lendex) was taken",
     2},
    {"a receipt was put in", "UPDATE outbox SET receipt = 'r-2' WHERE to_revision = 3",
     "the receipt of revision 3 of subject ES-017 (lendex) was changed or put in", "", 1},
    {"a receipt is another", "UPDATE outbox SET receipt = 'r-9' WHERE to_revision = 1",
     "the receipt of revision 1 of subject ES-017 (lendex) was changed or put in", "", 1},
    {"a receipt is gone", "UPDATE outbox SET receipt = NULL WHERE to_revision = 2",
     "the receipt of revision 2 of subject ES-017 (lendex) was taken out", "", 1},
    {"what waits for delivery is gone", "DELETE FROM outbox WHERE to_revision = 3",
     "revision 3 of subject ES-017 (lendex) was taken out of the outbox", "", 1},
};

Test(audit_compare, names_what_is_not_as_the_trail_tells)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trail t = trail_with_work();
        struct gw_audit_verdict verdict = trail_verify(&t);

        cr_expect(verdict.first_bad == 0 && verdict.differences == 0, "before: %s%s", verdict.what, verdict.named[0]);
        tamper(&t, cases[i].sql);
        verdict = trail_verify(&t);
        cr_expect(verdict.first_bad == 0, "%s: %s", cases[i].name, verdict.what);
        cr_expect(verdict.differences == cases[i].differences, "%s: %zu, %s", cases[i].name, verdict.differences,
                  verdict.named[0]);
        cr_expect(is_named(&verdict, cases[i].named), "%s: %s", cases[i].name, verdict.named[0]);
        cr_expect(is_named(&verdict, cases[i].named_too), "%s: %s", cases[i].name, verdict.named[1]);
        book_free(t.book);
    }
}

Test(audit_compare, knows_rows_of_a_study_database_that_was_put_back_for_what_they_are)
{
    struct trail t = trail_with_work();

    BOOK_OK(t.book, gw_outbox_reconcile(t.book->ledger, 1, 1, &t.book->err));
    BOOK_OK(t.book, gw_outbox_delivered(t.book->ledger, 1, 3, "r-4", &t.book->err));
    book_reopen(t.book);
    const struct gw_audit_verdict verdict = trail_verify(&t);
    cr_expect(verdict.first_bad == 0 && verdict.differences == 0, "%s%s", verdict.what, verdict.named[0]);
    book_free(t.book);
}

/* As releases before the trail left it. */
static const char before_the_trail[] =
    "DROP TRIGGER audit_kept; DROP TRIGGER audit_points_kept; DELETE FROM audit; DELETE FROM audit_points;"
    "CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'append only'); END;"
    "CREATE TRIGGER audit_points_kept BEFORE DELETE ON audit_points BEGIN SELECT raise(ABORT, 'append only'); END;"
    "UPDATE revisions SET about = NULL";

Test(audit_compare, begins_with_what_an_older_ledger_has)
{
    struct trail t = trail_with_work();
    struct gw_audit_verdict verdict;

    tamper(&t, before_the_trail);
    unlink(t.shipped);
    book_open(t.book);
    book_reopen(t.book); /* once */
    verdict = trail_verify(&t);
    cr_expect(verdict.rows == 2, "the adoption and the decision: %lld", (long long)verdict.rows);
    cr_expect(verdict.first_bad == 0 && verdict.differences == 0, "%s%s", verdict.what, verdict.named[0]);
    tamper(&t, "INSERT INTO revisions SELECT subject, 4, length, rows, NULL FROM revisions WHERE revision = 3");
    verdict = trail_verify(&t);
    cr_expect(is_named(&verdict, "revision 4 of subject ES-017"), "%s", verdict.named[0]);
    book_free(t.book);
}
