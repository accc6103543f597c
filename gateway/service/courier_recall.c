/*
 * Subjects of whom the study database names a revision that this ledger has not, or has otherwise.
 *
 *      astray ──> recall: what is there of ours ──> adopt ──> the next of them ──> all known
 *      held: not yet. The ledger was restored from a copy, and the subject was not asked about since
 *
 * What came after the copy comes again from the hospital; until then what this ledger has would take back what the
 * study database knows. Decisions made since that copy do not come again: the line that tells of it says so.
 */
#include <stdlib.h>

#include "gateway/core/date.h"
#include "gateway/ledger/adopt.h"
#include "service/agenda.h"
#include "service/batch.h"
#include "service/courier_parts.h"

static const char where[] = "service.courier";

enum {
    NS = 1000000000,
    HOLD_S =
        7 * 24 * 3600, /* of work: by then every subject that is still asked about was; an endpoint may be no more */
    LOOK_AGAIN_MS = 60 * 1000,
};

/* ---- who ------------------------------------------------------------------------------------------------------- */

static enum gw_status is_too_early(struct courier *c, struct gw_ledger *ledger, const struct gw_ledger_subject *subject,
                                   const struct gw_stand *stand, bool *out, struct gw_error *err)
{
    const int64_t now = c->settings.clock->utc(c->settings.clock->ctx);
    int64_t applied_ns = 0;
    bool asked = true;
    enum gw_status rc = GW_OK;

    if (stand->applied_at && gw_instant_read(stand->applied_at, &applied_ns) && now - c->began < HOLD_S)
        rc = agenda_asked_since(ledger, &c->standing, subject->number, applied_ns / NS, &asked, err);
    *out = subject->blocked || subject->revision == 0 || !asked; /* of 0 there is nothing yet to hold against it */
    return rc;
}

static enum gw_status push_astray(struct courier *c, const struct gw_ledger_subject *subject,
                                  const struct gw_stand *stand, struct gw_error *err)
{
    struct astray *astray = GW_ARENA_PUSH(&c->standing, c->astray, c->astray_count, c->astray_capacity);

    if (!astray)
        return gw_fail(err, GW_ENOMEM, where, "no memory for where the subjects stand");
    *astray = (struct astray){subject->number, stand->subject_key, stand->revision};
    return GW_OK;
}

static enum gw_status hold(struct courier *c, int64_t subject, struct gw_error *err)
{
    int64_t *held = GW_ARENA_PUSH(&c->standing, c->held, c->news.held, c->held_capacity);

    if (!held)
        return gw_fail(err, GW_ENOMEM, where, "no memory for where the subjects stand");
    *held = subject;
    return GW_OK;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Subjects are looked at by number, and so the list is sorted. */
bool courier_is_held(const struct courier *c, int64_t subject)
{
    return c->news.held > 0 && bsearch(&subject, c->held, c->news.held, sizeof subject, by_number) != NULL;
}

enum gw_status courier_part_astray(struct courier *c, struct gw_ledger *ledger, const struct gw_ledger_subject *subject,
                                   const struct gw_stand *stand, bool *known, struct gw_error *err)
{
    enum gw_revision_known is = GW_REVISION_KNOWN;
    bool early = false;
    enum gw_status rc = gw_ledger_knows(ledger, subject->number, stand->revision, &is, err);

    if (rc == GW_OK && is == GW_REVISION_AHEAD && !c->settings.remote->recall)
        return gw_fail(err, GW_ECONFIG, where,
                       "the study database of %s has revision %lld of a subject whose ledger ends at %lld: this ledger "
                       "is older than the database (a restored copy?); put the newer one back",
                       c->settings.study, (long long)stand->revision, (long long)subject->revision);
    *known = is == GW_REVISION_KNOWN || !c->settings.remote->recall;
    if (rc == GW_OK && is == GW_REVISION_AHEAD)
        rc = is_too_early(c, ledger, subject, stand, &early, err);
    if (rc != GW_OK || *known)
        return rc;
    return early ? hold(c, subject->number, err) : push_astray(c, subject, stand, err);
}

/* ---- one after the other --------------------------------------------------------------------------------------- */

/* The answer to the batch was lost, and this is what it said. What was sent is made once more; it is not sent again. */
static enum gw_status settle_lost(struct courier *c, struct gw_ledger *ledger, const struct astray *astray,
                                  int64_t from, struct gw_error *err)
{
    const struct gw_outbox_line line = {
        .subject = astray->subject, .study = c->settings.study, .subject_key = astray->subject_key};
    struct gw_batch batch;
    const enum gw_status rc = batch_make(ledger, &c->recalling, &line, from, astray->revision, NULL, &batch, err);

    return rc == GW_OK ? courier_settle(c, ledger, astray->subject, &batch, &c->recalled.refusals, err) : rc;
}

static enum gw_status adopt(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;
    const struct astray *astray = &c->astray[c->astray_at];
    bool adopted = false;
    int64_t from = 0;
    enum gw_status rc;

    if (c->recalled.revision != astray->revision) /* it moved meanwhile */
        return gw_fail(err, GW_ERETRY, where, "the study database of %s is written by somebody else too",
                       c->settings.study);
    rc = gw_ledger_delivered(ledger, astray->subject, &from, err);
    if (rc == GW_OK)
        rc = gw_ledger_adopt(ledger, &c->recalling, astray->subject, astray->revision, &c->recalled.rows,
                             &c->recalled.refusals, &adopted, err);
    c->news.recalled += adopted;
    return rc == GW_OK && !adopted && from < astray->revision ? settle_lost(c, ledger, astray, from, err) : rc;
}

static void on_adopted(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    c->astray_at++;
    if (courier_step_done(c, failure))
        courier_recall(c);
}

static void on_recalled(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    if (courier_step_done(c, failure))
        courier_submit(c, adopt, on_adopted);
}

static enum gw_status measure(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    struct courier *c = ctx;

    return gw_outbox_size(ledger, c->settings.study, &c->news.waits, err);
}

static void on_measured(void *ctx, const struct gw_error *failure)
{
    struct courier *c = ctx;

    c->stands = !failure;
    if (!courier_step_done(c, failure))
        return;
    if (c->news.recalled + c->news.held > 0 || c->news.marked)
        courier_tell(c, COURIER_WORKING);
    courier_next_step(c);
}

void courier_recall(struct courier *c)
{
    if (c->astray_at == c->astray_count) {
        courier_submit(c, measure, on_measured);
        return;
    }
    c->busy = true;
    gw_arena_clear(&c->recalling);
    c->settings.remote->recall(c->settings.remote, c->astray[c->astray_at].subject_key, &c->recalling, &c->recalled,
                               on_recalled, c);
}

void courier_look_again(struct courier *c)
{
    c->stands = false;
    gw_clock_start(c->settings.clock, &c->timer, courier_on_timer, LOOK_AGAIN_MS);
}
