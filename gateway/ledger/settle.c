/*
 * Settling a subject: one transaction that writes what changed and nothing else.
 *
 *      stand ──> parts ──> items ──> revision and outbox ──> windows that are over ──> stand, mark cleared
 */
#include "gateway/ledger/settle.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "gateway/ledger/refusals.h"
#include "ledger/closings.h"
#include "ledger/store.h"

enum { ROWS_MAX_BYTES = 1024 * 1024 * 1024, ABOUT_MAX_BYTES = 1024 };

struct settling {
    struct gw_ledger *ledger;
    struct gw_settlement *settlement;
    struct gw_error *err;
    struct gw_settled settled;
    int64_t subject;
    bool was_blocked;
    gw_day next_day;
    int64_t at;               /* when the newest fact was fetched: the only clock here */
    struct closings closings; /* before it */
    struct gw_text text;
};

/* ---- parts ---- */

/* A shared fact serves several subjects: the strongest of its states is the one it is counted in. */
static const int strength[GW_STATE_COUNT] = {
    [GW_STATE_DELIVERED] = 7,  [GW_STATE_EVIDENCE] = 6,  [GW_STATE_HELD] = 5,           [GW_STATE_RETRACTED] = 4,
    [GW_STATE_SUPERSEDED] = 3, [GW_STATE_UNCHANGED] = 2, [GW_STATE_OUTSIDE_WINDOW] = 1, [GW_STATE_NOT_IN_SCOPE] = 0,
};

static int strength_of(const char *parts)
{
    const int state = part_state(parts);

    return state >= 0 && state < GW_STATE_COUNT ? strength[state] : -1;
}

static enum gw_status store_shared(struct settling *s, const struct gw_kept *kept, const char *parts, size_t count)
{
    struct gw_ledger *l = s->ledger;
    enum gw_status rc = ledger_run(
        l, ledger_bind(l, STATEMENT_SHARED_SET, kept->key, (size_t)KEY_BYTES, kept->version_key, s->subject, parts),
        s->err);
    const char *best = parts;
    bool row;

    sqlite3_stmt *all = ledger_bind(l, STATEMENT_SHARED_OF, kept->key, (size_t)KEY_BYTES, kept->version_key);
    while (rc == GW_OK && (rc = ledger_step(l, all, &row, s->err)) == GW_OK && row) {
        const char *other = (const char *)sqlite3_column_text(all, 0);
        if (strength_of(other) > strength_of(best))
            best = gw_arena_copy(&l->arena, other, strlen(other));
        if (!best) {
            sqlite3_reset(all);
            return ledger_no_memory(s->err, "the states of a fact");
        }
    }
    if (rc != GW_OK)
        return rc;
    return ledger_run(l,
                      ledger_bind(l, STATEMENT_PARTS_SET, (int64_t)GW_NOBODY, kept->key, (size_t)KEY_BYTES,
                                  kept->version_key, best, (int64_t)count),
                      s->err);
}

/* A newer reader may see other parts in the same bytes: the door's count follows it, or the equation would never hold.
 */
static enum gw_status recount(struct settling *s, const struct gw_kept *kept, size_t count)
{
    const int64_t more = (int64_t)count - kept->part_count;

    if (more == 0)
        return GW_OK;
    return ledger_run(s->ledger, ledger_bind(s->ledger, STATEMENT_DELIVERY_COUNT, kept->delivery, more, (int64_t)0),
                      s->err);
}

/* The first settling of a subject writes the index row whole; where it was written since, its states alone. */
static enum gw_status store_entry(struct settling *s, const struct gw_kept *kept, const char *parts, size_t count)
{
    return ledger_run(s->ledger,
                      ledger_bind(s->ledger, STATEMENT_ENTRY_SETTLE, s->subject, kept->key, (size_t)KEY_BYTES,
                                  kept->version_key, kept->page, (int64_t)kept->offset, (int64_t)kept->raw.length,
                                  kept->kind, kept->id, kept->last_updated, kept->sha256, (size_t)GW_SHA256_BYTES,
                                  kept->delivery, kept->source_number, (int64_t)kept->line, (int64_t)count, kept->flags,
                                  parts),
                      s->err);
}

static enum gw_status store_parts(struct settling *s, const struct gw_kept *kept, const char *parts, size_t count)
{
    struct gw_ledger *l = s->ledger;
    enum gw_status rc = recount(s, kept, count);

    s->settled.parts_changed++;
    if (rc != GW_OK)
        return rc;
    if (kept->shared)
        return store_shared(s, kept, parts, count);
    if (kept->page)
        return store_entry(s, kept, parts, count);
    return ledger_run(l,
                      ledger_bind(l, STATEMENT_PARTS_SET, s->subject, kept->key, (size_t)KEY_BYTES, kept->version_key,
                                  parts, (int64_t)count),
                      s->err);
}

static void print_part(struct gw_text *text, const struct gw_part_state *part)
{
    const char digit = (char)('0' + part->state);

    if (text->length)
        gw_text_append(text, "\n", 1);
    gw_text_append(text, &digit, 1);
    gw_text_add(text, part->reason);
    gw_text_append(text, "\t", 1);
    gw_text_add(text, part->rows);
    gw_text_append(text, "\t", 1);
    gw_text_add(text, part->items);
}

static enum gw_status settle_parts(struct settling *s)
{
    const struct gw_kept_facts *facts = s->settlement->facts;
    const struct gw_derived *derived = s->settlement->derived;
    enum gw_status rc = GW_OK;
    size_t next = 0;

    for (size_t i = 0; rc == GW_OK && i < facts->count; i++) {
        const size_t first = next;
        gw_text_clear(&s->text);
        while (next < derived->part_count && derived->parts[next].fact == i)
            print_part(&s->text, &derived->parts[next++]);
        assert(next > first); /* every fact has a part, every part a state */
        if (s->text.failed)
            return ledger_no_memory(s->err, "the states of a fact");
        if (strcmp(s->text.at, facts->list[i].states) != 0)
            rc = store_parts(s, &facts->list[i], s->text.at, next - first);
    }
    assert(rc != GW_OK || next == derived->part_count);
    if (rc == GW_OK && facts->fresh)
        rc = ledger_run(s->ledger, ledger_bind(s->ledger, STATEMENT_PENDING_DROP, s->subject, facts->fresh), s->err);
    return rc;
}

/* ---- items ---- */

static enum gw_status place_of(struct settling *s, const struct gw_item *item, struct item_place *place)
{
    *place = (struct item_place){.component = -1};
    if (!item->has_fact)
        return GW_OK;
    const struct gw_kept *kept = &s->settlement->facts->list[item->fact];
    place->logical_id = kept->id;
    place->version_id = kept->version_id;
    place->source = kept->source_number;
    place->line = kept->line;
    place->component = kept->components_only ? item->part : item->part - 1;
    return ledger_name(s->ledger, kept->endpoint, kept->type, &place->kind, s->err);
}

static enum gw_status count_open(struct settling *s, int64_t *open)
{
    return ledger_number(s->ledger, ledger_bind(s->ledger, STATEMENT_ITEMS_COUNT, s->subject), 0, open, s->err);
}

/* One that is open and only says more than before is not opened. */
static enum gw_status raise_items(struct settling *s)
{
    const struct gw_derived *derived = s->settlement->derived;
    struct item_place place;
    int64_t before, after;
    enum gw_status rc = count_open(s, &before);

    for (size_t i = 0; rc == GW_OK && i < derived->item_count; i++) {
        rc = place_of(s, &derived->items[i], &place);
        if (rc == GW_OK)
            rc = ledger_item(s->ledger, s->subject, &derived->items[i], &place, s->at, s->err);
    }
    if (rc == GW_OK)
        rc = count_open(s, &after);
    if (rc == GW_OK)
        s->settled.items_opened += (size_t)(after - before);
    return rc;
}

/* Raised by an earlier comparison: no derivation raises it again, and it stays. */
static bool lasts(const struct gw_derived *derived, const char *id)
{
    for (size_t i = 0; i < derived->lasting_count; i++)
        if (strcmp(derived->lasting[i], id) == 0)
            return true;
    return false;
}

struct closed { /* an open item that is raised no longer */
    const char *id;
    int64_t kind;
    const char *logical_id; /* NULL: it is about no record */
};

static bool read_closed(struct gw_arena *arena, sqlite3_stmt *row, struct closed *out)
{
    *out = (struct closed){.id = ledger_text(arena, row, 0),
                           .kind = sqlite3_column_int64(row, 1),
                           .logical_id = ledger_text(arena, row, 2)};
    return out->id && (out->logical_id || sqlite3_column_type(row, 2) == SQLITE_NULL);
}

/* Both lists are sorted by id. */
static enum gw_status find_closed(struct settling *s, struct closed **list, size_t *count)
{
    const struct gw_derived *derived = s->settlement->derived;
    sqlite3_stmt *open = ledger_bind(s->ledger, STATEMENT_ITEMS_OPEN, s->subject);
    size_t capacity = 0, next = 0;
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(s->ledger, open, &row, s->err)) == GW_OK && row) {
        const char *id = (const char *)sqlite3_column_text(open, 0);
        while (next < derived->item_count && strcmp(derived->items[next].id, id) < 0)
            next++;
        if ((next < derived->item_count && strcmp(derived->items[next].id, id) == 0) || lasts(derived, id))
            continue;
        struct closed *closed = GW_ARENA_PUSH(&s->ledger->arena, *list, *count, capacity);
        if (!closed || !read_closed(&s->ledger->arena, open, closed)) {
            sqlite3_reset(open);
            return ledger_no_memory(s->err, "the items of one subject");
        }
    }
    return rc;
}

/* Whether a resolution of a record is about the record of an item. */
static enum gw_status same_record(struct settling *s, const struct gw_resolution *resolution,
                                  const struct closed *closed, bool *same)
{
    const struct gw_kept *kept = &s->settlement->facts->list[resolution->fact];
    int64_t kind = 0;
    enum gw_status rc = GW_OK;

    *same = gw_same(kept->id, closed->logical_id);
    if (*same)
        rc = ledger_name(s->ledger, kept->endpoint, kept->type, &kind, s->err);
    *same = *same && kind == closed->kind;
    return rc;
}

/* The decision that answered an item, by its id or else by its record; 0: it vanished by itself. */
static enum gw_status find_decision(struct settling *s, const struct closed *closed, int64_t *decision)
{
    const struct gw_derived *derived = s->settlement->derived;
    enum gw_status rc = GW_OK;

    *decision = 0;
    for (size_t i = 0; rc == GW_OK && *decision == 0 && i < derived->resolution_count; i++) {
        const struct gw_resolution *resolution = &derived->resolutions[i];
        bool same = resolution->item && strcmp(resolution->item, closed->id) == 0;

        if (!resolution->item && closed->logical_id)
            rc = same_record(s, resolution, closed, &same);
        if (same)
            *decision = resolution->decision;
    }
    return rc;
}

static enum gw_status close_item(struct settling *s, const struct closed *closed)
{
    char resolution[40];
    int64_t decision = 0;
    enum gw_status rc = find_decision(s, closed, &decision);

    snprintf(resolution, sizeof resolution, "decision:%lld", (long long)decision);
    s->settled.items_closed++;
    if (rc != GW_OK)
        return rc;
    return ledger_run(
        s->ledger,
        ledger_bind(s->ledger, STATEMENT_ITEM_CLOSE, s->subject, closed->id, s->at, decision ? resolution : NULL),
        s->err);
}

static enum gw_status settle_items(struct settling *s)
{
    struct closed *list = NULL;
    size_t count = 0;
    enum gw_status rc = find_closed(s, &list, &count);

    for (size_t i = 0; rc == GW_OK && i < count; i++)
        rc = close_item(s, &list[i]);
    return rc == GW_OK ? raise_items(s) : rc;
}

/* ---- revision ---- */

static enum gw_status store_revision(struct settling *s)
{
    struct gw_ledger *l = s->ledger;

    struct gw_text about = GW_TEXT_INIT(ABOUT_MAX_BYTES);
    size_t length = 0;
    enum gw_status rc = revision_pack(l, s->settlement->next, &s->text, &length, s->err);
    if (rc == GW_OK)
        rc = audit_revision(l, s->settlement, &s->settled, &s->text, &about, s->err);
    if (rc == GW_OK)
        rc = ledger_run(l,
                        ledger_bind(l, STATEMENT_REVISION_ADD, s->subject, s->settled.to_revision,
                                    (int64_t)s->text.length, l->packed.at, length, about.at),
                        s->err);
    gw_text_release(&about);
    return rc;
}

static enum gw_status settle_answers(struct settling *s)
{
    const struct gw_derived *derived = s->settlement->derived;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < derived->answer_count; i++)
        rc = gw_ledger_answer(s->ledger, s->subject, &derived->answers[i], s->err);
    return rc;
}

/* Of a blocked subject nothing leaves, whatever was decided: that is looked at again when it is free. */
static enum gw_status settle_rows(struct settling *s)
{
    struct gw_settlement *settlement = s->settlement;

    enum gw_status rc = settlement->derived->blocked ? GW_OK : settle_answers(s);

    if (rc != GW_OK || settlement->derived->blocked || settlement->difference->count == 0)
        return rc;
    s->settled.to_revision++;
    rc = stamp_rows(settlement, s->settled.to_revision, &s->closings, s->err);
    if (rc == GW_OK)
        rc = store_revision(s);
    if (rc != GW_OK)
        return rc;
    return ledger_run(s->ledger,
                      ledger_bind(s->ledger, STATEMENT_OUTBOX_ADD, s->subject, s->settled.from_revision,
                                  s->settled.to_revision, settlement->stamp.mapped_at),
                      s->err);
}

/* What came late is told by what was known before; what is known now, for the next time. A blocked subject is not
 * known any better. */
static enum gw_status settle_windows(struct settling *s)
{
    struct gw_arena *arena = s->settlement->arena; /* the ledger's own is emptied by each step within */
    enum gw_status rc = GW_OK;

    if (arena)
        rc = closings_read(s->ledger, arena, s->subject, &s->closings, s->err);
    if (rc == GW_OK)
        rc = settle_rows(s);
    if (rc == GW_OK && arena && !s->settlement->derived->blocked)
        rc = closings_keep(s->ledger, &s->closings, s->settlement, s->at, s->err);
    return rc;
}

/* ---- where the subject stands ---- */

static enum gw_status read_stand(struct settling *s)
{
    sqlite3_stmt *stand = ledger_bind(s->ledger, STATEMENT_SUBJECT_STAND, s->subject);
    bool row;
    enum gw_status rc = ledger_step(s->ledger, stand, &row, s->err);

    if (rc != GW_OK)
        return rc;
    assert(row);
    s->settled.from_revision = s->settled.to_revision = sqlite3_column_int64(stand, 0);
    s->was_blocked = sqlite3_column_int(stand, 1) != 0;
    s->next_day = sqlite3_column_int(stand, 2);
    sqlite3_reset(stand);
    return GW_OK;
}

static enum gw_status write_stand(struct settling *s)
{
    const struct gw_derived *derived = s->settlement->derived;
    enum gw_status rc = GW_OK;

    if (s->settled.to_revision != s->settled.from_revision || derived->blocked != s->was_blocked ||
        derived->next_day != s->next_day)
        rc = ledger_run(s->ledger,
                        ledger_bind(s->ledger, STATEMENT_SUBJECT_SETTLE, s->subject, s->settled.to_revision,
                                    (int64_t)derived->blocked, (int64_t)derived->next_day),
                        s->err);
    if (rc == GW_OK && derived->blocked != s->was_blocked)
        rc = audit_block(s->ledger, s->subject, derived, s->err);
    if (rc == GW_OK) /* a mark made since the facts were read stays */
        rc = ledger_run(s->ledger,
                        ledger_bind(s->ledger, STATEMENT_DIRTY_DROP, s->subject, s->settlement->facts->marks), s->err);
    return rc;
}

enum gw_status gw_ledger_settle(struct gw_ledger *ledger, struct gw_settlement *settlement, struct gw_settled *out,
                                struct gw_error *err)
{
    struct settling s = {.ledger = ledger,
                         .settlement = settlement,
                         .err = err,
                         .subject = settlement->facts->subject,
                         .text = GW_TEXT_INIT(ROWS_MAX_BYTES)};
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    if (rc != GW_OK)
        return rc;
    for (size_t i = 0; i < settlement->facts->count; i++)
        if (settlement->facts->list[i].fetched_at > s.at)
            s.at = settlement->facts->list[i].fetched_at;
    rc = read_stand(&s);
    if (rc == GW_OK)
        rc = settle_parts(&s);
    if (rc == GW_OK)
        rc = settle_items(&s);
    if (rc == GW_OK)
        rc = settle_windows(&s);
    if (rc == GW_OK)
        rc = write_stand(&s);
    rc = step_end(ledger, &step, rc, err);
    gw_text_release(&s.text);
    if (rc == GW_OK)
        *out = s.settled;
    return rc;
}
