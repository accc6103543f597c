/*
 * No false alarm of the audit trail: stores that were killed, and stores that two processes wrote.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/trail.h"
#include "support/chance.h"

TestSuite(audit_stores, .timeout = 600);

enum { STORES = 50 };

static void decide_and_seal(struct gw_ledger *ledger, int i)
{
    struct gw_decision decision = trail_decision();
    struct gw_audit_point point;

    if (gw_ledger_decide(ledger, &decision, NULL) != GW_OK)
        _exit(1);
    if (i % 3 == 2 && gw_audit_checkpoint(ledger, &point, NULL) != GW_OK)
        _exit(1);
}

/* Revisions, deliveries, study databases that were put back, decisions. */
static void work_until_killed(struct book *book)
{
    if (gw_ledger_open(book->path, &book->ledger, NULL) != GW_OK)
        _exit(1);
    const int64_t subject = book_enrol(book, "ES-017");
    for (int i = 0;; i++) {
        char value[24];

        snprintf(value, sizeof value, "1.%d", i);
        trail_settle(book, subject, value);
        if (i % 2 == 1 && gw_outbox_delivered(book->ledger, subject, i, "r", NULL) != GW_OK)
            _exit(1);
        if (i % 7 == 6 && gw_outbox_reconcile(book->ledger, subject, i - 3, NULL) != GW_OK)
            _exit(1);
        decide_and_seal(book->ledger, i);
    }
}

Test(audit_stores, raises_no_false_alarm_on_fifty_stores_after_a_kill_and_a_restart)
{
    uint64_t chance = 7;

    for (int i = 0; i < STORES; i++) {
        struct trail t = trail_new();
        int status;

        trail_note(t.book, "", "first");
        gw_ledger_close(t.book->ledger);
        t.book->ledger = NULL;
        const pid_t child = fork();
        if (child == 0)
            work_until_killed(t.book);
        usleep((useconds_t)(10000 + chance_next(&chance) % 60000));
        kill(child, SIGKILL);
        cr_assert(waitpid(child, &status, 0) == child);
        cr_assert(WIFSIGNALED(status), "the child ended by itself");
        book_open(t.book);
        trail_note(t.book, "", "after the restart");
        book_reopen(t.book);
        const struct gw_audit_verdict verdict = trail_verify(&t);
        cr_expect(verdict.first_bad == 0, "store %d, row %lld: %s", i, (long long)verdict.first_bad, verdict.what);
        cr_expect(verdict.differences == 0, "store %d: %s", i, verdict.named[0]);
        cr_expect(verdict.covered == verdict.rows && verdict.rows >= 2);
        book_free(t.book);
    }
}

enum { EACH = 60 };

static void append_beside(const struct book *book)
{
    struct gw_ledger *ledger;

    if (gw_ledger_join(book->path, &ledger, NULL) != GW_OK)
        _exit(1);
    for (int i = 0; i < EACH; i++) {
        struct gw_decision decision = trail_decision();

        if (gw_ledger_decide(ledger, &decision, NULL) != GW_OK)
            _exit(2);
    }
    gw_ledger_close(ledger);
    _exit(0);
}

Test(audit_stores, is_one_chain_where_two_processes_decide_at_the_same_time)
{
    struct trail t = trail_new();
    int status;

    const pid_t child = fork();
    if (child == 0)
        append_beside(t.book);
    for (int i = 0; i < EACH; i++) {
        struct gw_decision decision = trail_decision();

        BOOK_OK(t.book, gw_ledger_decide(t.book->ledger, &decision, &t.book->err));
    }
    cr_assert(waitpid(child, &status, 0) == child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d", status);
    trail_expect_sound(&t, 2 * EACH); /* beside the service, which has not ended */
    book_reopen(t.book);
    trail_expect_sound(&t, 2 * EACH);
    cr_expect(trail_verify(&t).covered == 2 * EACH);
    book_free(t.book);
}
