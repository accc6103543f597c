/*
 * Reading a subject's facts back: what was only appended gets its index rows first, each blob is unpacked once, each
 * entry points into it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/card.h"

struct pages {
    struct page *list; /* by number */
    size_t count;
    size_t capacity;
};

struct reading {
    struct gw_ledger *ledger;
    struct gw_arena *arena;
    struct gw_error *err;
    struct gw_kept_facts facts;
    size_t capacity;
    struct pages own;
    struct pages shared; /* in order of first use */
    struct gw_text source;
};

static enum gw_status no_memory(struct reading *r)
{
    return ledger_no_memory(r->err, "the facts of one subject");
}

enum gw_status ledger_damaged(struct gw_ledger *ledger, struct gw_error *err)
{
    ledger->broken = true;
    return gw_fail(err, GW_EIO, "ledger.facts",
                   "the ledger is damaged: a page of facts cannot be unpacked; restore the file from its backup");
}

static enum gw_status damaged(struct reading *r)
{
    return ledger_damaged(r->ledger, r->err);
}

/* ---- pages ---- */

static enum gw_status unpack(struct reading *r, sqlite3_stmt *row, struct pages *pages)
{
    struct page *page = GW_ARENA_PUSH(r->arena, pages->list, pages->count, pages->capacity);
    const int64_t length = sqlite3_column_int64(row, 3);
    const void *packed = sqlite3_column_blob(row, 4);
    const size_t packed_length = (size_t)sqlite3_column_bytes(row, 4);

    if (!page)
        return no_memory(r);
    page->number = sqlite3_column_int64(row, 0);
    page->delivery = sqlite3_column_int64(row, 1);
    page->fetched_at = sqlite3_column_int64(row, 2);
    page->length = (size_t)length;
    if (length <= 0 || !packed)
        return damaged(r);
    page->bytes = gw_arena_raw(r->arena, page->length);
    if (!page->bytes)
        return no_memory(r);
    if (ZSTD_decompressDCtx(r->ledger->decompressor, page->bytes, page->length, packed, packed_length) != page->length)
        return damaged(r);
    return GW_OK;
}

static enum gw_status unpack_all(struct reading *r, sqlite3_stmt *statement, struct pages *pages)
{
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(r->ledger, statement, &row, r->err)) == GW_OK && row) {
        rc = unpack(r, statement, pages);
        if (rc != GW_OK) {
            sqlite3_reset(statement);
            break;
        }
    }
    return rc;
}

static int compare_page(const void *key, const void *element)
{
    const int64_t wanted = *(const int64_t *)key, number = ((const struct page *)element)->number;

    return wanted < number ? -1 : wanted > number;
}

static const struct page *find_own(const struct reading *r, int64_t number)
{
    return r->own.count ? bsearch(&number, r->own.list, r->own.count, sizeof *r->own.list, compare_page) : NULL;
}

static const struct page *find_shared(const struct reading *r, int64_t number)
{
    for (size_t i = r->shared.count; i > 0; i--)
        if (r->shared.list[i - 1].number == number)
            return &r->shared.list[i - 1];
    return NULL;
}

static enum gw_status page_of(struct reading *r, bool shared, int64_t number, const struct page **out)
{
    *out = shared ? find_shared(r, number) : find_own(r, number);
    if (!*out && shared) {
        enum gw_status rc = unpack_all(r, ledger_bind(r->ledger, STATEMENT_PAGE_GET, number), &r->shared);
        if (rc != GW_OK)
            return rc;
        *out = find_shared(r, number);
    }
    return *out ? GW_OK : damaged(r);
}

/* ---- index rows of what was only appended ---- */

static enum gw_status index_page(struct reading *r, const struct page *page)
{
    const struct reading_place place = {r->facts.subject, page->number, page->delivery};
    struct carded carded;
    enum gw_kept_as kept_as;
    size_t offset = 0;

    while (offset < page->length) {
        if (!card_read(page->bytes, page->length, &offset, &carded))
            return damaged(r);
        enum gw_status rc = index_version(r->ledger, &place, &carded, &kept_as, r->err);
        if (rc != GW_OK)
            return rc;
    }
    return GW_OK;
}

static enum gw_status sort_arrived(struct gw_ledger *ledger, struct gw_error *err)
{
    int64_t any = 0;
    enum gw_status rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_ARRIVED_ANY), 0, &any, err);

    if (rc != GW_OK || !any)
        return rc;
    rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_ARRIVED_SORT), err);
    return rc == GW_OK ? ledger_run(ledger, ledger_bind(ledger, STATEMENT_ARRIVED_DROP), err) : rc;
}

static enum gw_status unpack_pending(struct reading *r)
{
    enum gw_status rc = sort_arrived(r->ledger, r->err);

    return rc == GW_OK ? unpack_all(r, ledger_bind(r->ledger, STATEMENT_PAGES_PENDING, r->facts.subject), &r->own) : rc;
}

/* The pages read for it stay in r->own: they are the newest, so its order by number holds when older ones come before.
 */
static enum gw_status index_pending(struct reading *r)
{
    enum gw_status rc = GW_OK;

    if (r->own.count == 0)
        return rc;
    for (size_t i = 0; rc == GW_OK && i < r->own.count; i++)
        rc = index_page(r, &r->own.list[i]);
    if (rc != GW_OK)
        return rc;
    return ledger_run(
        r->ledger,
        ledger_bind(r->ledger, STATEMENT_PENDING_DROP, r->facts.subject, r->own.list[r->own.count - 1].number), r->err);
}

/* Every page that has an index row of the subject: those just indexed, and older ones before them. */
static enum gw_status read_pages(struct reading *r)
{
    sqlite3_stmt *numbers = ledger_bind(r->ledger, STATEMENT_PAGES_OF, r->facts.subject);
    const struct pages fresh = r->own;
    size_t next = 0;
    enum gw_status rc;
    bool row;

    r->own = (struct pages){NULL, 0, 0};
    while ((rc = ledger_step(r->ledger, numbers, &row, r->err)) == GW_OK && row) {
        const int64_t number = sqlite3_column_int64(numbers, 0);
        while (next < fresh.count && fresh.list[next].number < number)
            next++;
        if (next < fresh.count && fresh.list[next].number == number) {
            struct page *page = GW_ARENA_PUSH(r->arena, r->own.list, r->own.count, r->own.capacity);
            rc = page ? GW_OK : no_memory(r);
            if (page)
                *page = fresh.list[next];
        } else {
            rc = unpack_all(r, ledger_bind(r->ledger, STATEMENT_PAGE_GET, number), &r->own);
        }
        if (rc != GW_OK) {
            sqlite3_reset(numbers);
            break;
        }
    }
    return rc;
}

/* ---- entries ---- */

/* ":12", without printf: it is done for every fact of every derivation. */
static void print_line(struct gw_text *out, int64_t line)
{
    char digits[24];
    size_t at = sizeof digits;

    for (; line > 0; line /= 10)
        digits[--at] = (char)('0' + line % 10);
    digits[--at] = ':';
    gw_text_append(out, digits + at, sizeof digits - at);
}

void ledger_source(struct gw_text *out, const char *source, int64_t line, const char *type, const char *id)
{
    const size_t length = strlen(source);

    gw_text_append(out, source, length);
    if (line > 0)
        print_line(out, line);
    else if (length && source[length - 1] == '/' && type && id)
        gw_text_print(out, "%s/%s", type, id);
}

/* Endpoint and type repeat from entry to entry: the last one's text serves as long as it is equal. */
static const char *copy_repeated(struct reading *r, sqlite3_stmt *row, int column, const char *last)
{
    return last && strcmp(last, (const char *)sqlite3_column_text(row, column)) == 0
               ? last
               : ledger_text(r->arena, row, column);
}

static bool read_texts(struct reading *r, sqlite3_stmt *row, struct gw_kept *kept, const struct gw_kept *last)
{
    const int64_t flags = sqlite3_column_int64(row, 14);
    const char *states = ledger_text(r->arena, row, 15);

    kept->version_key = ledger_text(r->arena, row, 1);
    kept->endpoint = copy_repeated(r, row, 5, last ? last->endpoint : NULL);
    kept->type = copy_repeated(r, row, 6, last ? last->type : NULL);
    kept->id = ledger_text(r->arena, row, 7);
    kept->last_updated = ledger_text(r->arena, row, 8);
    kept->states = states ? states : "";
    if (!kept->version_key || !kept->endpoint || !kept->type || !kept->id)
        return false;
    if (!(flags & FLAG_UNVERSIONED))
        kept->version_id = gw_arena_copy(r->arena, kept->version_key, ledger_version_length(kept->version_key, flags));
    gw_text_clear(&r->source);
    ledger_source(&r->source, (const char *)sqlite3_column_text(row, 11), sqlite3_column_int64(row, 12), kept->type,
                  kept->id);
    kept->source = gw_arena_copy(r->arena, r->source.at, r->source.length);
    kept->conflict = (flags & FLAG_CONFLICT) != 0;
    return kept->source && !r->source.failed && (kept->version_id || flags & FLAG_UNVERSIONED);
}

static enum gw_status read_entry(struct reading *r, sqlite3_stmt *row, bool shared)
{
    const struct page *page;
    enum gw_status rc = page_of(r, shared, sqlite3_column_int64(row, 2), &page);

    if (rc != GW_OK)
        return rc;
    const size_t offset = (size_t)sqlite3_column_int64(row, 3), length = (size_t)sqlite3_column_int64(row, 4);
    if (offset >= page->length || length >= page->length - offset)
        return damaged(r);
    struct gw_kept *kept = GW_ARENA_PUSH(r->arena, r->facts.list, r->facts.count, r->capacity);
    if (!kept || !read_texts(r, row, kept, r->facts.count > 1 ? kept - 1 : NULL))
        return no_memory(r);
    kept->raw = (struct gw_slice){page->bytes + offset, length};
    kept->fetched_at = page->fetched_at;
    kept->delivery = sqlite3_column_int64(row, 10);
    kept->part_count = (unsigned)sqlite3_column_int(row, 13);
    kept->components_only = (sqlite3_column_int64(row, 14) & FLAG_COMPONENTS_ONLY) != 0;
    kept->line = (unsigned)sqlite3_column_int64(row, 12);
    kept->source_number = sqlite3_column_int64(row, 16);
    kept->shared = shared;
    if (sqlite3_column_bytes(row, 0) != KEY_BYTES || sqlite3_column_bytes(row, 9) != GW_SHA256_BYTES)
        return damaged(r);
    memcpy(kept->key, sqlite3_column_blob(row, 0), KEY_BYTES);
    memcpy(kept->sha256, sqlite3_column_blob(row, 9), GW_SHA256_BYTES);
    return GW_OK;
}

static enum gw_status read_entries(struct reading *r, sqlite3_stmt *statement, bool shared)
{
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(r->ledger, statement, &row, r->err)) == GW_OK && row) {
        rc = read_entry(r, statement, shared);
        if (rc != GW_OK) {
            sqlite3_reset(statement);
            break;
        }
    }
    return rc;
}

/* A subject read for the first time has all it has in cards. */
static enum gw_status read_fresh(struct reading *r, bool *fresh)
{
    int64_t any = 0;
    enum gw_status rc =
        ledger_number(r->ledger, ledger_bind(r->ledger, STATEMENT_ENTRY_ANY, r->facts.subject), 0, &any, r->err);

    *fresh = false;
    if (rc != GW_OK || any || r->own.count == 0)
        return rc;
    rc = fresh_facts(r->ledger, r->arena, r->own.list, r->own.count, &r->facts, fresh, r->err);
    r->capacity = r->facts.count;
    return rc;
}

static enum gw_status read_indexed(struct reading *r)
{
    enum gw_status rc = index_pending(r);

    if (rc == GW_OK)
        rc = read_pages(r);
    if (rc == GW_OK)
        rc = read_entries(r, ledger_bind(r->ledger, STATEMENT_ENTRIES_OF, r->facts.subject), false);
    return rc;
}

/* Without its facts a derivation would withdraw all that was delivered. */
static enum gw_status refuse_purged(struct gw_ledger *ledger, int64_t subject, struct gw_error *err)
{
    int64_t purged = 0;
    const enum gw_status rc =
        ledger_number(ledger, ledger_bind(ledger, STATEMENT_SUBJECT_PURGED, subject), 0, &purged, err);

    return rc == GW_OK && purged ? gw_fail(err, GW_EINPUT, "ledger.facts",
                                           "the facts of this subject were purged: it is not derived any more")
                                 : rc;
}

static enum gw_status read_subject(struct reading *r)
{
    struct gw_ledger *ledger = r->ledger;
    const int64_t subject = r->facts.subject;
    bool fresh = false;
    enum gw_status rc =
        ledger_number(ledger, ledger_bind(ledger, STATEMENT_DIRTY_MARKS, subject), 0, &r->facts.marks, r->err);

    if (rc == GW_OK)
        rc = unpack_pending(r);
    if (rc == GW_OK)
        rc = read_fresh(r, &fresh);
    if (rc == GW_OK && !fresh)
        rc = read_indexed(r);
    if (rc == GW_OK)
        rc = read_entries(r, ledger_bind(ledger, STATEMENT_ENTRIES_SHARED, subject), true);
    return rc;
}

enum gw_status gw_ledger_facts(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                               struct gw_kept_facts *out, struct gw_error *err)
{
    struct reading r = {.ledger = ledger, .arena = arena, .err = err, .source = GW_TEXT_INIT(64 * 1024)};
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    assert(subject != GW_NOBODY);
    if (rc != GW_OK)
        return rc;
    r.facts.subject = subject;
    rc = refuse_purged(ledger, subject, err);
    rc = step_end(ledger, &step, rc == GW_OK ? read_subject(&r) : rc, err);
    gw_text_release(&r.source);
    if (rc == GW_OK)
        *out = r.facts;
    return rc;
}

enum gw_status ledger_index_subject(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                                    struct gw_error *err)
{
    struct reading r = {.ledger = ledger, .arena = arena, .err = err};
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    if (rc != GW_OK)
        return rc;
    gw_arena_clear(arena);
    r.facts.subject = subject;
    rc = unpack_pending(&r);
    if (rc == GW_OK)
        rc = index_pending(&r);
    return step_end(ledger, &step, rc, err);
}

enum gw_status ledger_index_all(struct gw_ledger *ledger, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(ledger->arena.limit);
    int64_t subject = GW_NOBODY;
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    if (rc == GW_OK)
        rc = step_end(ledger, &step, sort_arrived(ledger, err), err);
    if (rc != GW_OK)
        return rc;
    while ((rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_PENDING_NEXT, subject), GW_NOBODY, &subject,
                               err)) == GW_OK &&
           subject != GW_NOBODY) {
        rc = ledger_index_subject(ledger, &arena, subject, err);
        if (rc != GW_OK)
            break;
    }
    gw_arena_release(&arena);
    return rc;
}
