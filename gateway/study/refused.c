/*
 * What the study database answered: rows that it did not take (PUSH_REJECTED), or that a person changed there
 * (TARGET_CHANGED), and what a person decided about them.
 *
 *      keep theirs     holds while both sides are what they were when it was decided: nothing is asked, nothing is sent
 *      restore ours    holds while theirs is what it was: ours, as it is by now, is to be written over it
 *      resend          the row is to be sent again
 *
 * A decision is about what was noted before it (gw_refusal.decided), so each acts once: what is typed, or refused,
 * after that is asked anew. While one is being carried out its item stands (in_review, which brings the revision that
 * the row leaves with); it is resolved by the decision once the refusal is gone.
 *
 * Source: mappings/RULES.md 10 and 20.
 */
#include "study/refused.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/json.h"
#include "study/decided.h"

enum { DIGEST_BYTES = 8, CELL_BYTES = 16, SHOWN_BYTES = 120, SIDE_BYTES = 2500, CONTENT_BYTES = 4 << 20 };

struct asking { /* about one refusal */
    const struct gw_refusal *refusal;
    const struct gw_table *table;
    const struct gw_row *ours; /* NULL: withdrawn, or never there */
    const cJSON *theirs;       /* NULL: gone, or not known */
    const char *row;           /* "observations/o1@T30-01" */
    const char *stood;         /* digests: of ours, a slash, of theirs */
};

static bool is_rejected(const struct asking *a)
{
    return a->refusal->kind == GW_REFUSAL_REJECTED;
}

static bool is_gone(const struct asking *a)
{
    return !is_rejected(a) && strcmp(a->refusal->reason, "missing") == 0;
}

/* ---- what stands on both sides ---- */

/* As a column of theirs says it: numbers keep their digits, booleans are "Y". NULL: empty. */
static const char *their_cell(const cJSON *theirs, const char *column)
{
    const cJSON *cell = gw_json_get(theirs, column);

    if (cJSON_IsTrue(cell))
        return "Y";
    return cell ? cell->valuestring : NULL;
}

static void digest_ours(const struct asking *a, struct gw_text *content, char out[2 * DIGEST_BYTES + 1])
{
    uint8_t digest[GW_SHA256_BYTES];
    char buffer[CELL_BYTES];

    for (size_t i = 0; a->ours && i < a->table->column_count; i++) {
        const char *cell = a->table->columns[i].stamp ? "" : gw_row_cell(a->table, a->ours, i, buffer);

        gw_text_add(content, cell ? cell : "\x1e");
        gw_text_append(content, "\x1f", 1);
    }
    gw_sha256(content->at, content->length, digest);
    gw_hex(digest, DIGEST_BYTES, out);
}

static const char *print_stood(struct engine *e, const struct asking *a)
{
    struct gw_text content = GW_TEXT_INIT(CONTENT_BYTES);
    char ours[2 * DIGEST_BYTES + 1];
    const char *stood;

    digest_ours(a, &content, ours);
    e->failed |= content.failed;
    gw_text_release(&content);
    stood = gw_arena_print(e->arena, "%s/%s", a->ours ? ours : "withdrawn", is_gone(a) ? "gone" : a->refusal->stands);
    e->failed |= !stood;
    return stood ? stood : "";
}

static bool differs(const char *ours, const char *theirs)
{
    return !gw_same(ours && *ours ? ours : NULL, theirs && *theirs ? theirs : NULL);
}

/* What is shown of a cell: the beginning of a long one, no character cut. */
static void add_shown(struct gw_text *out, const char *column, const char *cell)
{
    size_t length = cell ? strlen(cell) : 0;

    if (out->length > SIDE_BYTES)
        return;
    if (length > SHOWN_BYTES)
        for (length = SHOWN_BYTES; length > 0 && ((unsigned char)cell[length] & 0xc0) == 0x80;)
            length--;
    gw_text_print(out, "%s%s", out->length ? "; " : "", column);
    if (length == 0)
        gw_text_add(out, " is empty");
    else
        gw_text_print(out, " %.*s%s", (int)length, cell, cell[length] ? "..." : "");
}

struct sides {
    struct gw_text columns, ours, theirs;
};

/* Columns that differ, where theirs is known; else all of ours that say something. Keys and stamps are neither. */
static void compare(const struct asking *a, struct sides *out)
{
    char buffer[CELL_BYTES];

    for (size_t i = 0; i < a->table->column_count; i++) {
        const struct gw_column *column = &a->table->columns[i];
        const char *ours = a->ours ? gw_row_cell(a->table, a->ours, i, buffer) : NULL;
        const char *theirs = a->theirs ? their_cell(a->theirs, column->name) : NULL;

        if (column->stamp || (a->theirs ? !differs(ours, theirs) : i < GW_KEY_COLUMNS || !ours || !*ours))
            continue;
        add_shown(&out->ours, column->name, ours);
        if (!a->theirs)
            continue;
        gw_text_print(&out->columns, "%s%s", out->columns.length ? ";" : "", column->name);
        add_shown(&out->theirs, column->name, theirs);
    }
}

static void add_member(struct gw_text *json, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    gw_text_print(json, ",\"%s\":", name);
    gw_json_quote(json, value);
}

static const char *details_of(struct engine *e, const struct asking *a)
{
    struct gw_text json = GW_TEXT_INIT(CONTENT_BYTES);
    struct sides sides = {GW_TEXT_INIT(CONTENT_BYTES), GW_TEXT_INIT(CONTENT_BYTES), GW_TEXT_INIT(CONTENT_BYTES)};
    const char *details;

    compare(a, &sides);
    add_member(&json, "table", a->table->name);
    add_member(&json, "row", a->row);
    add_member(&json, "columns", sides.columns.at);
    add_member(&json, "ours", a->ours ? sides.ours.at : "withdrawn");
    add_member(&json, "theirs", is_gone(a) ? "deleted" : sides.theirs.at);
    if (!is_rejected(a))
        add_member(&json, "stood", a->stood);
    details = json.failed || sides.columns.failed || sides.ours.failed || sides.theirs.failed
                  ? NULL
                  : gw_arena_copy(e->arena, json.at, json.length);
    e->failed |= !details;
    gw_text_release(&json);
    gw_text_release(&sides.columns);
    gw_text_release(&sides.ours);
    gw_text_release(&sides.theirs);
    return details;
}

/* ---- decisions ---- */

/* What stood there, of "ours/theirs". */
static const char *their_part(const char *stood)
{
    const char *slash = strchr(stood, '/');

    return slash ? slash : "";
}

static bool holds(const struct asking *a, const struct gw_decision *decision)
{
    if (!decision || decision->n <= a->refusal->decided)
        return false;
    if (decision->kind == GW_DECIDE_RESEND)
        return true;
    if (decided_says(decision, GW_SET_KEEP_THEIRS))
        return strcmp(decision->set[GW_SET_STOOD], a->stood) == 0;
    return strcmp(their_part(decision->set[GW_SET_STOOD]), their_part(a->stood)) == 0 &&
           (is_gone(a) || *a->refusal->stands);
}

static const struct gw_decision *find_decision(struct engine *e, const struct asking *a, const struct item_about *about)
{
    const enum gw_decision_kind kind = is_rejected(a) ? GW_DECIDE_RESEND : GW_DECIDE_TARGET;
    const struct gw_decision *found = decided_subject(e, kind, a->row);

    if (is_rejected(a))
        found = decided_later(found, decided_cause(e, kind, "PUSH_REJECTED", about));
    return holds(a, found) ? found : NULL;
}

static void answer(struct engine *e, struct gw_derived *derived, size_t *capacity, const struct gw_refusal *refusal,
                   int64_t decision)
{
    struct gw_refusal_answer *slot;

    if (refusal->answer == decision)
        return;
    slot = GW_ARENA_PUSH(e->arena, derived->answers, derived->answer_count, *capacity);
    if (slot)
        *slot = (struct gw_refusal_answer){refusal->table, refusal->row_id, decision};
    else
        e->failed = true;
}

/* ---- telling ---- */

static const char *note_of(struct engine *e, const struct asking *a, const struct gw_decision *decision)
{
    const char *what =
        is_rejected(a) ? gw_arena_print(e->arena, "the study database does not take the row (%s)", a->refusal->reason)
        : is_gone(a)   ? "a person deleted the row in the study database"
                       : "a person changed the row in the study database";

    if (what && decision)
        what = gw_arena_print(e->arena, "%s; by decision %lld it is sent with the next batch", what,
                              (long long)decision->n);
    e->failed |= !what;
    return what;
}

/* Ours is nothing, and so is what is there. */
static bool is_settled(const struct asking *a)
{
    return !a->ours && (is_rejected(a) || is_gone(a));
}

static bool prepare(struct engine *e, const struct gw_refusal *refusal, struct asking *out)
{
    *out = (struct asking){.refusal = refusal, .table = gw_table_of(refusal->table)};
    out->ours = gw_rows_find(&e->rows, refusal->table, refusal->row_id);
    out->row = gw_arena_print(e->arena, "%s/%s", out->table->name, refusal->row_id);
    if (refusal->theirs &&
        gw_json_parse(e->arena, refusal->theirs, strlen(refusal->theirs), NULL, &out->theirs, NULL, NULL) != GW_OK)
        out->theirs = NULL; /* of another release */
    out->stood = print_stood(e, out);
    e->failed |= !out->row;
    return !e->failed;
}

static void tell(struct engine *e, struct gw_derived *derived, size_t *capacity, const struct asking *a)
{
    struct item_about about = {.rule = a->table->name, .rows = a->refusal->row_id, .day = GW_NO_DAY};
    const struct gw_decision *decision = find_decision(e, a, &about);
    const bool kept = decision && decided_says(decision, GW_SET_KEEP_THEIRS);

    answer(e, derived, capacity, a->refusal, decision && !kept ? decision->n : 0);
    if (kept)
        return;
    if (!is_rejected(a))
        about.asks = gw_arena_print(e->arena, "%s|%lld", a->stood, (long long)a->refusal->decided);
    about.note = note_of(e, a, decision);
    about.details = details_of(e, a);
    about.decision = decision ? decision->n : 0;
    e->failed |= !is_rejected(a) && !about.asks;
    if (!e->failed)
        engine_raise(e, is_rejected(a) ? "PUSH_REJECTED" : "TARGET_CHANGED", &about);
}

static bool is_refused(const struct engine *e, const char *row)
{
    for (size_t i = 0; i < e->in->refusal_count; i++) {
        const struct gw_refusal *refusal = &e->in->refusals[i];
        const char *table = gw_table_of(refusal->table)->name;
        const size_t length = strlen(table);

        if (strncmp(row, table, length) == 0 && row[length] == '/' && strcmp(row + length + 1, refusal->row_id) == 0)
            return true;
    }
    return false;
}

/* Another hand was faster than one that is to be carried out: what it was about is no more, and nothing was done. */
static bool was_overtaken(const struct engine *e, const struct gw_rows *previous, const struct gw_decision *decision)
{
    const struct gw_row_exceptions *item =
        (const struct gw_row_exceptions *)gw_rows_find(previous, GW_TABLE_exceptions, decision->set[GW_SET_ITEM]);

    return !decided_says(decision, GW_SET_KEEP_THEIRS) && !(item && gw_same(item->state, "resolved")) &&
           is_refused(e, decision->set[GW_SET_ROW]);
}

/* An item that is not asked about any more is resolved by whoever decided it. */
static void resolve(struct engine *e, const struct gw_rows *previous, enum gw_decision_kind kind, const char *code)
{
    const struct gw_decision *decision;

    for (size_t at = 0; (decision = decided_next(e, kind, &at)) && !e->failed;) {
        const char *row = decision->set[GW_SET_ROW], *slash = row ? strchr(row, '/') : NULL;
        struct answered *slot;

        if (!decision->set[GW_SET_ITEM] || !row || was_overtaken(e, previous, decision))
            continue;
        slot = GW_ARENA_PUSH(e->arena, e->answered, e->answered_count, e->answered_capacity);
        if (slot)
            *slot = (struct answered){.code = code,
                                      .item = decision->set[GW_SET_ITEM],
                                      .about = {.rows = slash ? slash + 1 : NULL, .day = GW_NO_DAY},
                                      .decision = decision->n};
        e->failed |= !slot;
    }
}

bool refused_is_told(const char *code)
{
    return gw_same(code, "PUSH_REJECTED") || gw_same(code, "TARGET_CHANGED");
}

void refused_tell(struct engine *e, const struct gw_rows *previous, struct gw_derived *derived)
{
    size_t capacity = 0;

    for (size_t i = 0; i < e->in->refusal_count && !e->failed; i++) {
        const struct gw_refusal *refusal = &e->in->refusals[i];
        struct asking asking;

        if (refusal->table == GW_TABLE_exceptions || refusal->table == GW_TABLE_provenance)
            continue;
        if (prepare(e, refusal, &asking) && is_settled(&asking))
            answer(e, derived, &capacity, refusal, 0);
        else if (!e->failed)
            tell(e, derived, &capacity, &asking);
    }
    resolve(e, previous, GW_DECIDE_TARGET, "TARGET_CHANGED");
    resolve(e, previous, GW_DECIDE_RESEND, "PUSH_REJECTED");
}
