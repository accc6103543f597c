/*
 * Keeping a page: its entries in order of subject, so that each subject's bytes become one blob and its index rows lie
 * together.
 *
 *      page ──> order by subject ──> [ version or door row, bytes gathered ]* ──> blob ──> next subject
 *                                                                              └──> count of parts, cursor
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/store.h"

/*
 * What nobody owns is read by many: a subject that refers to one Medication should not unpack a page of them. Own facts
 * are read all together, so their blobs are as large as the page made them.
 */
enum { SHARED_BLOB_BYTES = 32 * 1024, ZSTD_LEVEL = 1 };

struct keeping {
    struct gw_ledger *ledger;
    const struct gw_keep_page *page;
    struct gw_error *err;
    struct gw_keep_answer answer;
    int64_t subject; /* of the group at hand */
    int64_t parts;
};

/* (endpoint, type, id) as 16 bytes: the middle of an entry's key, the target of a link. */
static enum gw_status key_of(struct keeping *k, const char *endpoint, const char *type, const char *id,
                             uint8_t key[KEY_BYTES])
{
    const size_t lengths[] = {strlen(endpoint), strlen(type), strlen(id)};
    const size_t length = lengths[0] + lengths[1] + lengths[2] + 2;
    char small[256];
    char *text = length <= sizeof small ? small : gw_arena_raw(&k->ledger->arena, length);
    uint8_t hash[GW_SHA256_BYTES];

    if (!text)
        return ledger_no_memory(k->err, "a reference");
    memcpy(text, endpoint, lengths[0]);
    text[lengths[0]] = '|';
    memcpy(text + lengths[0] + 1, type, lengths[1]);
    text[lengths[0] + 1 + lengths[1]] = '|';
    memcpy(text + length - lengths[2], id, lengths[2]);
    gw_sha256(text, length, hash);
    memcpy(key, hash, KEY_BYTES);
    return GW_OK;
}

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

struct version {
    uint8_t key[KEY_BYTES];
    char text[VERSION_ID_MAX + 2 + HASH_DIGITS]; /* as in entries.version */
    int64_t flags;
    int64_t kind;
    int64_t source;
};

static void append_hash(struct version *version, const uint8_t sha256[GW_SHA256_BYTES])
{
    char hash[2 * GW_SHA256_BYTES + 1];

    gw_hex(sha256, GW_SHA256_BYTES, hash);
    strcat(version->text, "~");
    strncat(version->text, hash, HASH_DIGITS);
}

/* A versionId longer than FHIR's ids may be orders nothing and names nothing: the bytes are the version then. */
static enum gw_status name_version(struct keeping *k, const struct gw_keep_entry *entry, struct version *version)
{
    enum gw_status rc = ledger_name(k->ledger, entry->endpoint, entry->type, &version->kind, k->err);

    if (rc == GW_OK)
        rc = ledger_name(k->ledger, "", entry->source, &version->source, k->err);
    if (rc == GW_OK)
        rc = key_of(k, entry->endpoint, entry->type, entry->id, version->key);
    version->flags = entry->components_only ? FLAG_COMPONENTS_ONLY : 0;
    version->text[0] = '\0';
    if (entry->version_id && strlen(entry->version_id) <= VERSION_ID_MAX) {
        strcpy(version->text, entry->version_id);
    } else {
        version->flags |= FLAG_UNVERSIONED;
        append_hash(version, entry->sha256);
    }
    return rc;
}

static enum gw_status insert(struct keeping *k, const struct gw_keep_entry *entry, const struct version *version,
                             bool *fresh)
{
    struct gw_ledger *l = k->ledger;
    enum gw_status rc = ledger_run(
        l,
        ledger_bind(l, STATEMENT_ENTRY_ADD, k->subject, version->key, (size_t)KEY_BYTES, version->text,
                    l->last_page + 1, (int64_t)l->plain.length, (int64_t)entry->raw.length, version->kind, entry->id,
                    entry->last_updated, entry->sha256, (size_t)GW_SHA256_BYTES, k->page->delivery, version->source,
                    (int64_t)entry->line, (int64_t)entry->part_count, version->flags),
        k->err);

    *fresh = rc == GW_OK && sqlite3_changes(l->db) == 1;
    return rc;
}

static enum gw_status gather(struct keeping *k, struct gw_slice raw)
{
    struct bytes *plain = &k->ledger->plain;

    if (!bytes_reserve(plain, plain->length + raw.length + 1))
        return ledger_no_memory(k->err, "the bytes of a page");
    memcpy(plain->at + plain->length, raw.at, raw.length);
    plain->length += raw.length;
    plain->at[plain->length++] = '\0';
    return GW_OK;
}

/* Whoever refers to a shared fact is derived again when it has a new version. */
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

static enum gw_status keep_links(struct keeping *k, const struct gw_keep_entry *entry)
{
    uint8_t key[KEY_BYTES];

    for (size_t i = 0; i < entry->reference_count; i++) {
        const struct gw_keep_reference *to = &entry->references[i];
        enum gw_status rc = key_of(k, entry->endpoint, to->type, to->id, key);
        if (rc == GW_OK)
            rc = ledger_run(k->ledger, ledger_bind(k->ledger, STATEMENT_LINK_ADD, k->subject, key, (size_t)KEY_BYTES),
                            k->err);
        if (rc != GW_OK)
            return rc;
    }
    return GW_OK;
}

static enum gw_status keep_new(struct keeping *k, struct gw_keep_entry *entry, const struct version *version)
{
    enum gw_status rc = gather(k, entry->raw);

    entry->kept_as = version->flags & FLAG_CONFLICT ? GW_KEPT_CONFLICT : GW_KEPT_NEW;
    if (entry->kept_as == GW_KEPT_NEW)
        k->answer.fresh++;
    else
        k->answer.conflicts++;
    if (rc != GW_OK)
        return rc;
    if (entry->mode == GW_KEEP_SHARED)
        return touch_linked(k, version->key);
    rc = keep_links(k, entry);
    return rc == GW_OK ? touch(k, k->subject) : rc;
}

/* ---- what ends at the door ---- */

static enum gw_status add_door(struct keeping *k, const struct gw_keep_entry *entry, int64_t kind, int64_t source,
                               enum gw_state state, const char *reason)
{
    const int64_t flags = entry->components_only ? FLAG_COMPONENTS_ONLY : 0;

    return ledger_run(k->ledger,
                      ledger_bind(k->ledger, STATEMENT_DOOR_ADD, k->page->delivery, source, (int64_t)entry->line,
                                  k->subject, kind, entry->id, entry->version_id, (int64_t)entry->part_count, flags,
                                  (int64_t)state, reason, entry->item ? entry->item->id : NULL),
                      k->err);
}

static enum gw_status keep_door(struct keeping *k, struct gw_keep_entry *entry)
{
    int64_t kind = 0, source = 0;
    enum gw_status rc = ledger_name(k->ledger, entry->endpoint, entry->type ? entry->type : "", &kind, k->err);

    entry->kept_as = GW_KEPT_DOOR;
    k->answer.door++;
    if (rc == GW_OK)
        rc = ledger_name(k->ledger, "", entry->source, &source, k->err);
    if (rc == GW_OK)
        rc = add_door(k, entry, kind, source, entry->state, entry->reason ? entry->reason : "");
    if (rc != GW_OK || !entry->item)
        return rc;
    const struct item_place place = {kind, entry->id, entry->version_id, source, entry->line, -1};
    return ledger_item(k->ledger, k->subject, entry->item, &place, k->page->fetched_at, k->err);
}

/*
 * An exact repeat. Where neither version nor lastUpdated orders the versions of a resource, the delivery does: one that
 * came back after another (A, B, A) is the newest again.
 */
static enum gw_status keep_repeat(struct keeping *k, struct gw_keep_entry *entry, const struct version *version)
{
    struct gw_ledger *l = k->ledger;
    enum gw_status rc = add_door(k, entry, version->kind, version->source, GW_STATE_UNCHANGED, "");

    entry->kept_as = GW_KEPT_REPEAT;
    k->answer.repeats++;
    if (rc != GW_OK || entry->version_id || entry->last_updated)
        return rc;
    rc = ledger_run(l,
                    ledger_bind(l, STATEMENT_ENTRY_SEEN, k->subject, version->key, (size_t)KEY_BYTES, version->text,
                                k->page->delivery),
                    k->err);
    if (rc != GW_OK || sqlite3_changes(l->db) == 0)
        return rc;
    return entry->mode == GW_KEEP_SHARED ? touch_linked(k, version->key) : touch(k, k->subject);
}

static enum gw_status same_bytes(struct keeping *k, const struct gw_keep_entry *entry, const struct version *version,
                                 bool *same)
{
    sqlite3_stmt *row =
        ledger_bind(k->ledger, STATEMENT_ENTRY_HASH, k->subject, version->key, (size_t)KEY_BYTES, version->text);
    bool found;
    enum gw_status rc = ledger_step(k->ledger, row, &found, k->err);

    if (rc != GW_OK)
        return rc;
    assert(found); /* the insert has just met it */
    *same = memcmp(sqlite3_column_blob(row, 0), entry->sha256, GW_SHA256_BYTES) == 0;
    sqlite3_reset(row);
    return GW_OK;
}

static enum gw_status keep_version(struct keeping *k, struct gw_keep_entry *entry)
{
    struct version version;
    bool fresh = false, same = false;
    enum gw_status rc = name_version(k, entry, &version);

    if (rc == GW_OK)
        rc = insert(k, entry, &version, &fresh);
    if (rc == GW_OK && !fresh)
        rc = same_bytes(k, entry, &version, &same);
    if (rc == GW_OK && !fresh && !same) { /* one versionId, two contents: both are kept */
        version.flags |= FLAG_CONFLICT;
        append_hash(&version, entry->sha256);
        rc = insert(k, entry, &version, &fresh);
    }
    if (rc != GW_OK)
        return rc;
    return fresh ? keep_new(k, entry, &version) : keep_repeat(k, entry, &version);
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
    const int64_t plain = (int64_t)l->plain.length;
    l->plain.length = 0;
    return ledger_run(l,
                      ledger_bind(l, STATEMENT_PAGE_ADD, k->subject, ++l->last_page, k->page->fetched_at, plain,
                                  l->packed.at, length),
                      k->err);
}

static enum gw_status keep_entry(struct keeping *k, struct gw_keep_entry *entry)
{
    enum gw_status rc;

    assert(entry->part_count > 0 && entry->endpoint && entry->source);
    k->parts += entry->part_count;
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
        if (entry->subject != k->subject) {
            rc = store_blob(k);
            k->subject = entry->subject;
        }
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
