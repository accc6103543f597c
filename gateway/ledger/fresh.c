/*
 * A subject read for the first time: its facts come out of the cards, without a row in between.
 *
 *      cards ──> names looked up ──> sorted by (key, version) ──> [ derived ] ──> index rows with their states
 * (settle.c)
 *
 * Nothing is written here but links, which may stand before their row: the pages stay pending, and who reads again
 * before the settlement reads the same.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/card.h"

enum { SOURCE_MAX_BYTES = 64 * 1024 };

struct found_name {
    int64_t number;
    const char *space;
    const char *name;
};

struct fresh {
    struct gw_ledger *ledger;
    struct gw_arena *arena;
    struct gw_error *err;
    int64_t subject;
    struct gw_kept *list;
    size_t count;
    size_t capacity;
    struct found_name *names; /* a few: the kinds and sources of one subject */
    size_t name_count;
    size_t name_capacity;
    struct gw_text source;
};

static enum gw_status no_memory(struct fresh *f)
{
    return ledger_no_memory(f->err, "the facts of one subject");
}

static enum gw_status get_name(struct fresh *f, int64_t number, struct found_name *name)
{
    sqlite3_stmt *row = ledger_bind(f->ledger, STATEMENT_NAME_GET, number);
    bool found;
    enum gw_status rc = ledger_step(f->ledger, row, &found, f->err);

    if (rc != GW_OK)
        return rc;
    if (!found)
        return ledger_damaged(f->ledger, f->err);
    *name = (struct found_name){number, ledger_text(f->arena, row, 0), ledger_text(f->arena, row, 1)};
    sqlite3_reset(row);
    return name->space && name->name ? GW_OK : no_memory(f);
}

static enum gw_status find_name(struct fresh *f, int64_t number, const struct found_name **out)
{
    for (size_t i = 0; i < f->name_count; i++) {
        if (f->names[i].number == number) {
            *out = &f->names[i];
            return GW_OK;
        }
    }
    struct found_name *name = GW_ARENA_PUSH(f->arena, f->names, f->name_count, f->name_capacity);
    if (!name)
        return no_memory(f);
    *out = name;
    return get_name(f, number, name);
}

static enum gw_status put_names(struct fresh *f, struct gw_kept *kept)
{
    const struct found_name *name = NULL;
    enum gw_status rc = find_name(f, kept->kind, &name);

    if (rc != GW_OK)
        return rc;
    kept->endpoint = name->space;
    kept->type = name->name;
    rc = find_name(f, kept->source_number, &name);
    if (rc != GW_OK)
        return rc;
    gw_text_clear(&f->source);
    ledger_source(&f->source, name->name, kept->line, kept->type, kept->id);
    kept->source = f->source.failed ? NULL : gw_arena_copy(f->arena, f->source.at, f->source.length);
    return kept->source ? GW_OK : no_memory(f);
}

/* Texts and bytes stay where they are: the blob lives as long as the facts. */
static enum gw_status add_card(struct fresh *f, const struct page *page, const struct carded *carded)
{
    const struct card *card = &carded->card;
    struct gw_kept *kept = GW_ARENA_PUSH(f->arena, f->list, f->count, f->capacity);

    if (!kept)
        return no_memory(f);
    *kept = (struct gw_kept){.raw = carded->raw,
                             .id = carded->id,
                             .version_id = card->flags & FLAG_UNVERSIONED ? NULL : carded->version,
                             .last_updated = carded->last_updated,
                             .delivery = page->delivery,
                             .fetched_at = page->fetched_at,
                             .part_count = card->part_count,
                             .components_only = (card->flags & FLAG_COMPONENTS_ONLY) != 0,
                             .line = card->line,
                             .source_number = card->source,
                             .version_key = carded->version,
                             .states = "",
                             .page = page->number,
                             .offset = carded->offset,
                             .kind = card->kind,
                             .flags = card->flags};
    memcpy(kept->key, card->key, KEY_BYTES);
    memcpy(kept->sha256, card->sha256, GW_SHA256_BYTES);
    enum gw_status rc = put_names(f, kept);
    return rc == GW_OK ? index_links(f->ledger, f->subject, carded, f->err) : rc;
}

static enum gw_status add_page(struct fresh *f, const struct page *page)
{
    struct carded carded;
    enum gw_status rc = GW_OK;

    for (size_t offset = 0; rc == GW_OK && offset < page->length;) {
        if (!card_read(page->bytes, page->length, &offset, &carded))
            return ledger_damaged(f->ledger, f->err);
        rc = add_card(f, page, &carded);
    }
    return rc;
}

/* The order of the table: its rows are written one behind the other. */
static int compare_kept(const void *a, const void *b)
{
    const struct gw_kept *x = a, *y = b;
    const int keys = memcmp(x->key, y->key, KEY_BYTES);

    return keys != 0 ? keys : strcmp(x->version_key, y->version_key);
}

static bool sort_unique(struct fresh *f)
{
    qsort(f->list, f->count, sizeof *f->list, compare_kept);
    for (size_t i = 1; i < f->count; i++)
        if (compare_kept(&f->list[i - 1], &f->list[i]) == 0)
            return false;
    return true;
}

enum gw_status fresh_facts(struct gw_ledger *ledger, struct gw_arena *arena, const struct page *pages, size_t count,
                           struct gw_kept_facts *facts, bool *unique, struct gw_error *err)
{
    struct fresh f = {.ledger = ledger,
                      .arena = arena,
                      .err = err,
                      .subject = facts->subject,
                      .source = GW_TEXT_INIT(SOURCE_MAX_BYTES)};
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < count; i++)
        rc = add_page(&f, &pages[i]);
    *unique = rc == GW_OK && f.count > 0 && sort_unique(&f);
    if (*unique) {
        facts->list = f.list;
        facts->count = f.count;
        facts->fresh = pages[count - 1].number;
    }
    gw_text_release(&f.source);
    return rc;
}
