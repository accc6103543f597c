/*
 * Keeping a page: its entries in order of subject, so that each subject's bytes become one blob. Blobs are appended;
 * the index rows follow when the subject is read (facts.c).
 *
 *      page ──> order by subject ──> [ card and bytes gathered, or door row ]* ──> blob ──> next subject
 *                                                                               └──> count of parts, cursor
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/card.h"

/*
 * What nobody owns is read by many: a subject that refers to one Medication should not unpack a page of them. Own facts
 * are read all together, so their blobs are as large as the page made them. A fast level: a file a little larger costs
 * less than the time that the writer's thread would spend on it.
 */
enum { SHARED_BLOB_BYTES = 32 * 1024, ZSTD_LEVEL = -4 };

struct keeping {
    struct gw_ledger *ledger;
    const struct gw_keep_page *page;
    struct gw_error *err;
    struct gw_keep_answer answer;
    int64_t subject;    /* of the group at hand */
    bool purged;        /* nothing is kept of it any more */
    bool subject_known; /* it has index rows: each version is looked up */
    int64_t pending;    /* parts in the blob at hand that have no index row yet */
    int64_t parts;
};

static enum gw_status touch(struct keeping *k, int64_t subject)
{
    struct numbers *touched = &k->ledger->touched;

    if (touched->count && touched->list[touched->count - 1] == subject)
        return GW_OK;
    if (!numbers_add(touched, subject))
        return ledger_no_memory(k->err, "the subjects of a page");
    return ledger_run(k->ledger, ledger_bind(k->ledger, STATEMENT_DIRTY_ADD, subject), k->err);
}

/* ---- one version ---- */

static enum gw_status touch_linked(struct keeping *k, const uint8_t key[KEY_BYTES])
{
    sqlite3_stmt *back = ledger_bind(k->ledger, STATEMENT_LINK_BACK, key, (size_t)KEY_BYTES);
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(k->ledger, back, &row, k->err)) == GW_OK && row) {
        rc = touch(k, sqlite3_column_int64(back, 0));
        if (rc != GW_OK) {
            sqlite3_reset(back);
            break;
        }
    }
    return rc;
}

/* Whoever refers to a shared fact is derived again when it has a new version. */
static enum gw_status touch_readers(struct keeping *k, const struct gw_keep_entry *entry, const struct carded *carded)
{
    return entry->mode == GW_KEEP_SHARED ? touch_linked(k, carded->card.key) : touch(k, k->subject);
}

static struct reading_place place_of(const struct keeping *k)
{
    return (struct reading_place){k->subject, k->ledger->last_page + 1, k->page->delivery};
}

/* A versionId longer than FHIR's ids may be orders nothing and names nothing: the bytes are the version then. */
static enum gw_status fill_card(struct keeping *k, const struct gw_keep_entry *entry, struct carded *carded,
                                char version[VERSION_TEXT_MAX + 1])
{
    struct card *card = &carded->card;
    const bool versioned = entry->version_id && strlen(entry->version_id) <= VERSION_ID_MAX;
    enum gw_status rc = ledger_name(k->ledger, entry->endpoint, entry->type, &card->kind, k->err);

    if (rc == GW_OK)
        rc = ledger_name(k->ledger, "", entry->source, &card->source, k->err);
    if (rc == GW_OK)
        rc = ledger_key(k->ledger, entry->endpoint, entry->type, entry->id, card->key, k->err);
    if (!versioned)
        ledger_version_text(version, "", entry->sha256);
    memcpy(card->sha256, entry->sha256, sizeof card->sha256);
    card->flags = (entry->components_only ? FLAG_COMPONENTS_ONLY : 0) | (versioned ? 0 : FLAG_UNVERSIONED);
    card->line = entry->line;
    card->part_count = entry->part_count;
    carded->id = entry->id;
    carded->version = versioned ? entry->version_id : version;
    carded->last_updated = entry->last_updated;
    carded->raw = entry->raw;
    return rc;
}

static enum gw_status fill_references(struct keeping *k, const struct gw_keep_entry *entry, struct carded *carded)
{
    if (entry->reference_count == 0 || entry->mode == GW_KEEP_SHARED)
        return GW_OK;
    uint8_t *keys = gw_arena_raw(&k->ledger->arena, entry->reference_count * KEY_BYTES);
    if (!keys)
        return ledger_no_memory(k->err, "the references of a page");
    for (size_t i = 0; i < entry->reference_count; i++) {
        const struct gw_keep_reference *to = &entry->references[i];
        enum gw_status rc = ledger_key(k->ledger, entry->endpoint, to->type, to->id, keys + i * KEY_BYTES, k->err);
        if (rc != GW_OK)
            return rc;
    }
    carded->references = keys;
    carded->card.reference_count = (uint32_t)entry->reference_count;
    return GW_OK;
}

static enum gw_status keep_aliases(struct keeping *k, const struct gw_keep_entry *entry, const struct carded *carded)
{
    for (size_t i = 0; i < entry->reference_count; i++) {
        uint8_t alias[KEY_BYTES];
        enum gw_status rc =
            ledger_key(k->ledger, entry->endpoint, entry->references[i].type, entry->references[i].id, alias, k->err);

        if (rc == GW_OK)
            rc = ledger_run(k->ledger,
                            ledger_bind(k->ledger, STATEMENT_ALIAS_ADD, alias, (size_t)KEY_BYTES, carded->card.key,
                                        (size_t)KEY_BYTES),
                            k->err);
        if (rc != GW_OK)
            return rc;
    }
    return GW_OK;
}

/* A shared fact is found through links from many subjects, so its row is written at once; others wait for their
 * subject. */
static enum gw_status keep_new(struct keeping *k, struct gw_keep_entry *entry, struct carded *carded)
{
    const struct reading_place place = place_of(k);
    enum gw_status rc = fill_references(k, entry, carded);

    if (rc != GW_OK)
        return rc;
    if (!card_write(&k->ledger->plain, carded))
        return ledger_no_memory(k->err, "the bytes of a page");
    if (entry->mode == GW_KEEP_SHARED) {
        rc = keep_aliases(k, entry, carded);
        return rc == GW_OK ? index_version(k->ledger, &place, carded, &entry->kept_as, k->err) : rc;
    }
    k->pending += entry->part_count;
    return GW_OK;
}

static enum gw_status keep_repeat(struct keeping *k, struct gw_keep_entry *entry, const struct carded *carded)
{
    const struct reading_place place = place_of(k);
    bool reordered;
    enum gw_status rc = index_repeat(k->ledger, &place, carded, &reordered, k->err);

    k->answer.repeats++;
    return rc == GW_OK && reordered ? touch_readers(k, entry, carded) : rc;
}

/* ---- whose it is now ---- */

/* A resource of which this is the first version was nobody else's. */
static bool may_have_moved(const struct keeping *k, const struct gw_keep_entry *entry, bool *numbered)
{
    const char *version = entry->version_id;

    *numbered = version && *version && version[strspn(version, "0123456789")] == '\0';
    if (!entry->patient)
        return false;
    return *numbered ? strcmp(version, "0") != 0 && strcmp(version, "1") != 0 : k->subject_known && !k->ledger->built;
}

/* Whoever has facts of this resource is derived again. */
static enum gw_status touch_holders(struct keeping *k, const uint8_t key[KEY_BYTES], bool *any)
{
    sqlite3_stmt *holders = ledger_bind(k->ledger, STATEMENT_HOLDERS_OF, key, (size_t)KEY_BYTES, k->subject);
    enum gw_status rc;
    bool row;

    *any = false;
    while ((rc = ledger_step(k->ledger, holders, &row, k->err)) == GW_OK && row) {
        *any = true;
        rc = touch(k, sqlite3_column_int64(holders, 0));
        if (rc != GW_OK) {
            sqlite3_reset(holders);
            break;
        }
    }
    return rc;
}

static enum gw_status add_owner(struct keeping *k, const struct gw_keep_entry *entry, const uint8_t key[KEY_BYTES],
                                const char *version)
{
    uint8_t patient[KEY_BYTES];
    enum gw_status rc = ledger_key(k->ledger, entry->endpoint, "Patient", entry->patient, patient, k->err);

    return rc == GW_OK
               ? ledger_run(k->ledger,
                            ledger_bind(k->ledger, STATEMENT_OWNER_ADD, k->subject, key, (size_t)KEY_BYTES, version,
                                        entry->version_id, patient, (size_t)KEY_BYTES, entry->last_updated,
                                        k->page->delivery, entry->sha256, (size_t)GW_SHA256_BYTES),
                            k->err)
               : rc;
}

/* In a first import all are derived after all was kept: nobody need be marked. */
static enum gw_status note_owner(struct keeping *k, const struct gw_keep_entry *entry, const struct carded *carded)
{
    bool numbered, any = false;
    enum gw_status rc = GW_OK;

    if (!may_have_moved(k, entry, &numbered))
        return rc;
    if (!k->ledger->built)
        rc = touch_holders(k, carded->card.key, &any);
    return rc == GW_OK && (numbered || any) ? add_owner(k, entry, carded->card.key, carded->version) : rc;
}

static enum gw_status keep_version(struct keeping *k, struct gw_keep_entry *entry)
{
    struct carded carded = {.offset = 0};
    char version[VERSION_TEXT_MAX + 1];
    bool found = false, same = false;
    enum gw_status rc = fill_card(k, entry, &carded, version);

    if (rc == GW_OK && k->subject_known)
        rc = index_find(k->ledger, k->subject, &carded, &found, &same, k->err);
    if (rc == GW_OK && !same)
        rc = note_owner(k, entry, &carded);
    entry->kept_as = !found ? GW_KEPT_NEW : same ? GW_KEPT_REPEAT : GW_KEPT_CONFLICT;
    if (rc != GW_OK)
        return rc;
    if (same)
        return keep_repeat(k, entry, &carded);
    rc = keep_new(k, entry, &carded);
    k->answer.fresh += entry->kept_as == GW_KEPT_NEW;
    k->answer.conflicts += entry->kept_as == GW_KEPT_CONFLICT;
    k->answer.repeats += entry->kept_as == GW_KEPT_REPEAT;
    return rc == GW_OK && entry->kept_as != GW_KEPT_REPEAT ? touch_readers(k, entry, &carded) : rc;
}

/* ---- what ends at the door ---- */

/* It names a patient who is nobody's: it may have been a subject's. */
static enum gw_status note_stranger(struct keeping *k, const struct gw_keep_entry *entry)
{
    struct carded carded = {.offset = 0};
    char version[VERSION_TEXT_MAX + 1];
    bool numbered;
    const enum gw_status rc = may_have_moved(k, entry, &numbered) ? fill_card(k, entry, &carded, version) : GW_OK;

    return rc == GW_OK && carded.version ? note_owner(k, entry, &carded) : rc;
}

/* What is told of a resource that nobody holds needs no person. */
static enum gw_status find_item(struct keeping *k, const struct gw_keep_entry *entry, const struct gw_item **item)
{
    uint8_t key[KEY_BYTES];
    int64_t held = 1;
    enum gw_status rc = GW_OK;

    if (entry->item && entry->item_if_kept) {
        rc = ledger_key(k->ledger, entry->endpoint, entry->type, entry->id, key, k->err);
        if (rc == GW_OK)
            rc = ledger_number(k->ledger, ledger_bind(k->ledger, STATEMENT_ENTRY_HELD, key, (size_t)KEY_BYTES), 0,
                               &held, k->err);
    }
    *item = held ? entry->item : NULL;
    return rc;
}

static enum gw_status keep_door(struct keeping *k, struct gw_keep_entry *entry)
{
    const int64_t flags = entry->components_only ? FLAG_COMPONENTS_ONLY : 0;
    const struct gw_item *item = NULL;
    const char *id;
    int64_t kind = 0, source = 0;
    enum gw_status rc = ledger_name(k->ledger, entry->endpoint, entry->type ? entry->type : "", &kind, k->err);

    entry->kept_as = GW_KEPT_DOOR;
    k->answer.door++;
    if (rc == GW_OK)
        rc = ledger_name(k->ledger, "", entry->source, &source, k->err);
    if (rc == GW_OK)
        rc = find_item(k, entry, &item);
    id = entry->item_if_kept && !item ? NULL : entry->id; /* of people we know nothing of not even an id */
    if (rc == GW_OK)
        rc = ledger_run(k->ledger,
                        ledger_bind(k->ledger, STATEMENT_DOOR_ADD, k->page->delivery, source, (int64_t)entry->line,
                                    k->subject, kind, id, entry->version_id, (int64_t)entry->part_count, flags,
                                    (int64_t)entry->state, entry->reason ? entry->reason : "", item ? item->id : NULL),
                        k->err);
    if (rc == GW_OK && entry->patient && entry->type && entry->id)
        rc = note_stranger(k, entry);
    if (rc != GW_OK || !item)
        return rc;
    const struct item_place place = {kind, entry->id, entry->version_id, source, entry->line, -1};
    return ledger_item(k->ledger, k->subject, item, &place, k->page->fetched_at, k->err);
}

/* ---- one subject's share of the page ---- */

static enum gw_status store_blob(struct keeping *k)
{
    struct gw_ledger *l = k->ledger;

    if (l->plain.length == 0)
        return GW_OK;
    if (!bytes_reserve(&l->packed, ZSTD_compressBound(l->plain.length)))
        return ledger_no_memory(k->err, "the bytes of a page");
    const size_t length =
        ZSTD_compressCCtx(l->compressor, l->packed.at, l->packed.capacity, l->plain.at, l->plain.length, ZSTD_LEVEL);
    if (ZSTD_isError(length))
        return ledger_no_memory(k->err, "the bytes of a page");
    const int64_t plain = (int64_t)l->plain.length, pending = k->pending;
    l->plain.length = 0;
    k->pending = 0;
    enum gw_status rc = ledger_run(l,
                                   ledger_bind(l, STATEMENT_PAGE_ADD, ++l->last_page, k->subject, k->page->delivery,
                                               k->page->fetched_at, plain, l->packed.at, length),
                                   k->err);
    if (rc == GW_OK && pending)
        rc = ledger_run(l, ledger_bind(l, STATEMENT_ARRIVED_ADD, l->last_page, k->subject, pending), k->err);
    return rc;
}

/* The next subject of the page: a first import looks nothing up. */
static enum gw_status turn_to(struct keeping *k, int64_t subject)
{
    int64_t any = 0, purged = 0;
    enum gw_status rc = store_blob(k);

    k->subject = subject;
    if (rc == GW_OK && subject != GW_NOBODY)
        rc = ledger_number(k->ledger, ledger_bind(k->ledger, STATEMENT_ENTRY_ANY, subject), 0, &any, k->err);
    k->subject_known = any != 0;
    if (rc == GW_OK)
        rc = ledger_number(k->ledger, ledger_bind(k->ledger, STATEMENT_SUBJECT_PURGED, subject), 0, &purged, k->err);
    k->purged = purged != 0;
    return rc;
}

/* An answer that was under way when the purge began: counted, and not even its id is kept. */
static enum gw_status keep_out(struct keeping *k, struct gw_keep_entry *entry)
{
    struct gw_keep_entry counted = {.mode = GW_KEEP_DOOR,
                                    .subject = entry->subject,
                                    .endpoint = entry->endpoint,
                                    .type = entry->type,
                                    .part_count = entry->part_count,
                                    .components_only = entry->components_only,
                                    .source = entry->source,
                                    .line = entry->line,
                                    .state = GW_STATE_NOT_IN_SCOPE,
                                    .reason = GW_REASON_PURGED};

    entry->kept_as = GW_KEPT_DOOR;
    return keep_door(k, &counted);
}

static enum gw_status keep_entry(struct keeping *k, struct gw_keep_entry *entry)
{
    enum gw_status rc;

    assert(entry->part_count > 0 && entry->endpoint && entry->source);
    k->parts += entry->part_count;
    if (k->purged)
        return keep_out(k, entry);
    if (entry->mode == GW_KEEP_DOOR)
        return keep_door(k, entry);
    assert(entry->type && entry->id && (entry->mode == GW_KEEP_SHARED) == (entry->subject == GW_NOBODY));
    rc = keep_version(k, entry);
    if (rc == GW_OK && k->subject == GW_NOBODY && k->ledger->plain.length >= SHARED_BLOB_BYTES)
        rc = store_blob(k);
    return rc;
}

/* ---- the page ---- */

static int compare_entries(const void *a, const void *b, void *ctx)
{
    const struct gw_keep_entry *entries = ctx;
    const int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;

    if (entries[i].subject != entries[j].subject)
        return entries[i].subject < entries[j].subject ? -1 : 1;
    return i < j ? -1 : i > j;
}

/* The page's entries by subject, in their order for each; untouched when the page is in that order already. */
static enum gw_status order_entries(struct keeping *k)
{
    struct numbers *order = &k->ledger->order;
    const struct gw_keep_page *page = k->page;
    bool sorted = true;

    order->count = 0;
    for (size_t i = 0; i < page->count; i++) {
        if (!numbers_add(order, (int64_t)i))
            return ledger_no_memory(k->err, "the order of a page");
        sorted = sorted && (i == 0 || page->entries[i - 1].subject <= page->entries[i].subject);
    }
    if (!sorted)
        qsort_r(order->list, order->count, sizeof *order->list, compare_entries, page->entries);
    return GW_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void sort_touched(struct keeping *k)
{
    struct numbers *touched = &k->ledger->touched;
    size_t kept = 0;

    if (touched->count)
        qsort(touched->list, touched->count, sizeof *touched->list, compare_numbers);
    for (size_t i = 0; i < touched->count; i++)
        if (i == 0 || touched->list[i] != touched->list[kept - 1])
            touched->list[kept++] = touched->list[i];
    k->answer.touched = touched->list;
    k->answer.touched_count = kept;
}

static enum gw_status keep_page(struct keeping *k)
{
    const struct gw_keep_page *page = k->page;
    enum gw_status rc = order_entries(k);

    for (size_t i = 0; rc == GW_OK && i < page->count; i++) {
        struct gw_keep_entry *entry = &page->entries[k->ledger->order.list[i]];
        if (entry->subject != k->subject)
            rc = turn_to(k, entry->subject);
        if (rc == GW_OK)
            rc = keep_entry(k, entry);
    }
    if (rc == GW_OK)
        rc = store_blob(k);
    if (rc == GW_OK)
        rc = ledger_run(
            k->ledger, ledger_bind(k->ledger, STATEMENT_DELIVERY_COUNT, page->delivery, k->parts, k->ledger->last_page),
            k->err);
    if (rc == GW_OK && page->cursor)
        rc = gw_ledger_move(k->ledger, page->cursor, page->watermark, k->err);
    return rc;
}

enum gw_status gw_ledger_keep(struct gw_ledger *ledger, const struct gw_keep_page *page, struct gw_keep_answer *out,
                              struct gw_error *err)
{
    struct keeping keeping = {.ledger = ledger, .page = page, .err = err, .subject = GW_NOBODY};
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    if (rc != GW_OK)
        return rc;
    ledger->plain.length = 0;
    ledger->touched.count = 0;
    rc = step_end(ledger, &step, keep_page(&keeping), err);
    if (rc != GW_OK)
        return rc;
    sort_touched(&keeping);
    *out = keeping.answer;
    return GW_OK;
}
