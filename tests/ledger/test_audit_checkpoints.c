/*
 * Checkpoints of the audit trail: when they are made, and what they show that the chain cannot.
 */
#include <unistd.h>

#include "ledger/trail.h"

TestSuite(audit_checkpoints, .timeout = 600);

Test(audit_checkpoints, is_signed_after_a_thousand_rows_and_at_the_end)
{
    struct trail t = trail_new();
    struct gw_audit_verdict verdict;

    BOOK_OK(t.book, gw_ledger_begin(t.book->ledger, &t.book->err));
    for (int i = 0; i < GW_AUDIT_EVERY; i++)
        trail_note(t.book, "", "an act");
    BOOK_OK(t.book, gw_ledger_commit(t.book->ledger, &t.book->err));
    trail_note(t.book, "", "one more");
    verdict = trail_verify(&t);
    cr_expect(verdict.first_bad == 0 && verdict.rows == GW_AUDIT_EVERY + 1);
    cr_expect(verdict.covered == GW_AUDIT_EVERY, "%lld", (long long)verdict.covered);
    book_reopen(t.book);
    verdict = trail_verify(&t);
    cr_expect(verdict.covered == GW_AUDIT_EVERY + 1 && verdict.points == 2);
    book_reopen(t.book); /* nothing came to it: no other checkpoint */
    cr_expect(trail_verify(&t).points == 2);
    book_free(t.book);
}

Test(audit_checkpoints, bears_a_line_of_the_file_that_was_written_in_part)
{
    struct trail t = trail_new();
    FILE *file;

    trail_note(t.book, "", "first");
    book_reopen(t.book);
    file = fopen(t.shipped, "a");
    fputs("{\"count\":2,\"he", file);
    fclose(file);
    trail_note(t.book, "", "second");
    book_reopen(t.book);
    const struct gw_audit_verdict verdict = trail_verify(&t);
    cr_expect(verdict.first_bad == 0, "%s", verdict.what);
    cr_expect(verdict.torn == 1 && verdict.covered == 2);
    book_free(t.book);
}

Test(audit_checkpoints, says_that_a_trigger_was_taken_away)
{
    struct trail t = trail_new();

    trail_note(t.book, "", "first");
    book_sql(t.book, "DROP TRIGGER audit_kept");
    cr_expect(strstr(trail_verify(&t).what, "trigger") != NULL);
    book_free(t.book);
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[4 << 20];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

    cr_assert(in && out);
    const size_t length = fread(bytes, 1, sizeof bytes, in);
    cr_assert(length < sizeof bytes && fwrite(bytes, 1, length, out) == length);
    fclose(in);
    fclose(out);
}

Test(audit_checkpoints, shows_an_old_copy_that_was_put_back_even_when_work_went_on)
{
    struct trail t = trail_new();
    char old[800];

    snprintf(old, sizeof old, "%s.old", t.book->path);
    trail_note(t.book, "", "first");
    gw_ledger_close(t.book->ledger);
    copy_file(t.book->path, old);
    book_open(t.book);
    trail_note(t.book, "", "second");
    trail_note(t.book, "", "third");
    gw_ledger_close(t.book->ledger);
    copy_file(old, t.book->path);
    t.book->ledger = NULL;
    struct gw_audit_verdict verdict = trail_verify(&t);
    cr_expect(verdict.first_bad == 2, "%lld: %s", (long long)verdict.first_bad, verdict.what);
    cr_expect(strstr(verdict.what, "old copy") != NULL);

    book_open(t.book);
    for (int i = 0; i < 5; i++)
        trail_note(t.book, "", "another");
    book_reopen(t.book);
    verdict = trail_verify(&t);
    cr_expect(verdict.first_bad == 2 && verdict.last_bad == 3, "%lld to %lld", (long long)verdict.first_bad,
              (long long)verdict.last_bad);
    book_free(t.book);
}

Test(audit_checkpoints, shows_a_checkpoint_by_another_key)
{
    struct trail t = trail_new();
    struct gw_audit_verdict verdict;

    trail_note(t.book, "", "first");
    book_reopen(t.book);
    unlink(t.key);
    trail_note(t.book, "", "second");
    book_reopen(t.book); /* made another */
    verdict = trail_verify(&t);
    cr_expect(verdict.first_bad == 1, "%lld", (long long)verdict.first_bad);
    cr_expect(strstr(verdict.what, "key") != NULL, "%s", verdict.what);
    book_free(t.book);
}
