/*
 * A study database that stands at a revision which this ledger has not, or has otherwise: the ledger was restored from
 * a copy. What the database has becomes what the next difference is made from.
 *
 *      ... 4, 5 (the copy)   6, 7: only the database knows them   adopt 7: its rows   8: the newest rows; 7 to 8 waits
 *
 * The rows that are there are kept under the number's negative: a revision that the ledger itself made meanwhile under
 * the same number stays what it was.
 */
#include "gateway/ledger/adopt.h"

#include <stdio.h>
#include <string.h>

#include "gateway/ledger/audit.h"
#include "gateway/ledger/refusals.h"
#include "gateway/ledger/settle.h"
#include "ledger/store.h"

enum { ABOUT_BYTES = 300 };

static enum gw_status latest(struct gw_ledger *ledger, int64_t subject, int64_t *revision, struct gw_error *err)
{
    return ledger_number(ledger, ledger_bind(ledger, STATEMENT_SUBJECT_STAND, subject), 0, revision, err);
}

enum gw_status gw_ledger_delivered(struct gw_ledger *ledger, int64_t subject, int64_t *revision, struct gw_error *err)
{
    int64_t last = 0;
    enum gw_status rc = latest(ledger, subject, &last, err);

    return rc == GW_OK
               ? ledger_number(ledger, ledger_bind(ledger, STATEMENT_OUTBOX_FIRST, subject), last, revision, err)
               : rc;
}

enum gw_status gw_ledger_knows(struct gw_ledger *ledger, int64_t subject, int64_t revision, enum gw_revision_known *out,
                               struct gw_error *err)
{
    int64_t last = 0, there = 0, waits = 0, begins = 0;
    enum gw_status rc = latest(ledger, subject, &last, err);

    if (rc == GW_OK)
        rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_REVISION_ANY, subject, revision), 0, &there, err);
    if (rc == GW_OK)
        rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_OUTBOX_UP_TO, subject, revision), 0, &waits, err);
    if (rc == GW_OK && revision < last)
        rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_OUTBOX_BEGINS, subject, revision), 0, &begins, err);
    if (revision > last)
        *out = GW_REVISION_AHEAD;
    else
        *out = revision > 0 && (there == 0 || waits > 0 || (revision < last && begins == 0)) ? GW_REVISION_UNSURE
                                                                                             : GW_REVISION_KNOWN;
    return rc;
}

/* ---- adopting -------------------------------------------------------------------------------------------------- */

/* Does the database have what the ledger has under this number? */
static enum gw_status compare(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, int64_t revision,
                              const struct gw_rows *there, const struct gw_refusals *refused, bool *same,
                              struct gw_error *err)
{
    struct gw_difference difference = {0};
    struct gw_rows ours = {0};
    int64_t number = 0;
    enum gw_status rc = gw_ledger_rows(ledger, arena, subject, revision, &ours, &number, err);

    if (rc == GW_OK)
        rc = gw_difference(arena, there, &ours, &difference, err);
    *same = rc == GW_OK;
    for (size_t i = 0; *same && i < difference.count; i++)
        *same = gw_refusal_find(refused->list, refused->count, NULL, difference.changes[i].table,
                                difference.changes[i].row->row_id);
    return rc;
}

/* What the newest revision says of itself behind the digest of its rows: "7 1.0.0". */
static enum gw_status rest_of_about(struct gw_ledger *ledger, int64_t subject, int64_t revision, char *out, size_t size,
                                    struct gw_error *err)
{
    sqlite3_stmt *about = ledger_bind(ledger, STATEMENT_REVISION_ABOUT, subject, revision);
    bool row;
    const enum gw_status rc = ledger_step(ledger, about, &row, err);
    const char *text = rc == GW_OK && row ? (const char *)sqlite3_column_text(about, 0) : NULL;
    const char *rest = text ? strchr(text, ' ') : NULL;

    snprintf(out, size, "%s", rest ? rest + 1 : "0 -");
    if (rc == GW_OK && row)
        sqlite3_reset(about);
    return rc;
}

static enum gw_status note(struct gw_ledger *ledger, struct gw_arena *arena, int64_t number, enum gw_audit_kind act,
                           const char *what, const char *hash, struct gw_error *err)
{
    struct gw_ledger_subject subject = {0};
    enum gw_status rc = gw_ledger_subject(ledger, arena, number, &subject, err);

    if (rc != GW_OK)
        return rc;
    return gw_audit_note(ledger,
                         &(struct gw_audit_act){.act = act,
                                                .study = subject.study,
                                                .site = subject.site,
                                                .subject = subject.subject_key,
                                                .what = what,
                                                .new_hash = hash,
                                                .reason = "the ledger was restored, or an answer was lost"},
                         err);
}

/* The newest rows once more, behind what the database knows: so no number means two things there. */
static enum gw_status go_past(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, int64_t revision,
                              struct gw_error *err)
{
    char hash[2 * GW_SHA256_BYTES + 1], rest[ABOUT_BYTES], what[160];
    struct gw_rows rows = {0};
    int64_t last = 0;
    enum gw_status rc = gw_ledger_rows(ledger, arena, subject, GW_LATEST, &rows, &last, err);

    if (rc != GW_OK || last > revision)
        return rc;
    rc = rest_of_about(ledger, subject, last, rest, sizeof rest, err);
    if (rc == GW_OK)
        rc = revision_put(ledger, subject, revision + 1, &rows, rest, hash, err);
    snprintf(what, sizeof what,
             "revision %lld from %lld: the rows of revision %lld, behind what the study database has",
             (long long)revision + 1, (long long)revision, (long long)last);
    if (rc == GW_OK)
        rc = note(ledger, arena, subject, GW_AUDIT_REVISION, what, hash, err);
    if (rc == GW_OK)
        rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_SUBJECT_REVISION, subject, revision + 1), err);
    if (rc == GW_OK)
        rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_OUTBOX_PAST, subject, revision, revision + 1), err);
    return rc;
}

/* What was rejected is not among the rows that are there, if it is not there. */
static enum gw_status adopt(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, int64_t revision,
                            const struct gw_rows *there, struct gw_error *err)
{
    char hash[2 * GW_SHA256_BYTES + 1], what[160];
    enum gw_status rc = revision_put(ledger, subject, -revision, there, "0 -", hash, err);

    snprintf(what, sizeof what, "revision %lld as the study database has it; this ledger had another or none",
             (long long)revision);
    if (rc == GW_OK)
        rc = note(ledger, arena, subject, GW_AUDIT_RECALL, what, hash, err);
    if (rc == GW_OK)
        rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_REFUSALS_FORGET, subject), err);
    return rc == GW_OK ? go_past(ledger, arena, subject, revision, err) : rc;
}

enum gw_status gw_ledger_adopt(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, int64_t revision,
                               const struct gw_rows *there, const struct gw_refusals *refused, bool *adopted,
                               struct gw_error *err)
{
    int64_t known = 0;
    bool same = false;
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    if (rc != GW_OK)
        return rc;
    rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_REVISION_HERE, subject, revision), 0, &known, err);
    if (rc == GW_OK && known > 0)
        rc = compare(ledger, arena, subject, revision, there, refused, &same, err);
    if (rc == GW_OK && !same)
        rc = adopt(ledger, arena, subject, revision, there, err);
    if (rc == GW_OK)
        rc = gw_outbox_reconcile(ledger, subject, revision, err);
    *adopted = rc == GW_OK && !same;
    return step_end(ledger, &step, rc, err);
}
