/*
 * A ledger with its trail, its checkpoints and its key in a folder of its own.
 */
#ifndef LEDGER_TRAIL_H
#define LEDGER_TRAIL_H

#include "gateway/ledger/audit.h"
#include "gateway/ledger/decisions.h"
#include "ledger/book.h"

struct trail {
    struct book *book;
    char key[700];
    char shipped[700];
};

static inline struct trail trail_new(void)
{
    struct trail t = {.book = book_new()};

    snprintf(t.key, sizeof t.key, "%s/audit.key", t.book->scratch.folder);
    snprintf(t.shipped, sizeof t.shipped, "%s/audit.checkpoints", t.book->scratch.folder);
    return t;
}

static inline void trail_note(struct book *book, const char *subject, const char *what)
{
    BOOK_OK(book, gw_audit_note(book->ledger,
                                &(struct gw_audit_act){
                                    .act = GW_AUDIT_PACKAGE, .study = "lendex", .subject = subject, .what = what},
                                &book->err));
}

static inline struct gw_audit_verdict trail_verify(struct trail *t)
{
    struct gw_audit_verdict verdict = {0};

    BOOK_OK(t->book, gw_audit_verify(t->book->path, t->shipped, t->key, &verdict, &t->book->err));
    return verdict;
}

static inline void trail_expect_sound(struct trail *t, int64_t rows)
{
    const struct gw_audit_verdict verdict = trail_verify(t);

    cr_expect(verdict.first_bad == 0, "row %lld: %s", (long long)verdict.first_bad, verdict.what);
    cr_expect(verdict.rows == rows, "%lld rows", (long long)verdict.rows);
}

/* A decision about ES-017, as a data manager takes one. */
static inline struct gw_decision trail_decision(void)
{
    struct gw_decision d = {.at = "2026-11-20T20:00:00Z",
                            .by = "dm1",
                            .reason = "letter of the hospital",
                            .kind = GW_DECIDE_ANCHOR,
                            .scope = "study:lendex",
                            .match = {.subject = "ES-017"}};

    d.set[GW_SET_ANCHOR] = "D1";
    d.set[GW_SET_DATE] = "2024-01-15";
    return d;
}

/* The subject's facts as they are, and one row of this value: a new revision where it is another than the last. */
static inline void trail_settle(struct book *book, int64_t subject, const char *value)
{
    const struct gw_kept_facts facts = book_facts(book, subject);
    const struct gw_derived derived = book_derive(book, &facts, GW_STATE_DELIVERED);
    struct gw_rows next = {0};

    book_row(book, &next, "o1@T30-01", value);
    book_settle(book, &facts, &derived, &next, "2024-12-31T10:00:00Z");
}

#endif
