/*
 * The index row of a version, by which it is found and counted.
 */
#include <assert.h>
#include <string.h>

#include "ledger/card.h"

/* A shared fact stands so until a subject that refers to it is settled: a Medication that nobody takes is no open end.
 */
static const char unused_parts[] = {
    '0' + GW_STATE_NOT_IN_SCOPE, 'N', 'O', 'T', '_', 'D', 'E', 'R', 'I', 'V', 'E', 'D', '\t', '\t', '\0'};

static enum gw_status insert(struct gw_ledger *ledger, const struct reading_place *place, const struct carded *carded,
                             const char *version, int64_t flags, bool *fresh, struct gw_error *err)
{
    const struct card *card = &carded->card;
    enum gw_status rc = ledger_run(
        ledger,
        ledger_bind(ledger, STATEMENT_ENTRY_ADD, place->subject, card->key, (size_t)KEY_BYTES, version, place->page,
                    (int64_t)carded->offset, (int64_t)card->raw_length, card->kind, carded->id, carded->last_updated,
                    card->sha256, (size_t)GW_SHA256_BYTES, place->delivery, card->source, (int64_t)card->line,
                    (int64_t)card->part_count, flags, place->subject == GW_NOBODY ? unused_parts : NULL),
        err);

    *fresh = rc == GW_OK && sqlite3_changes(ledger->db) == 1;
    return rc;
}

static enum gw_status find(struct gw_ledger *ledger, int64_t subject, const struct carded *carded, const char *version,
                           bool *found, bool *same, struct gw_error *err)
{
    sqlite3_stmt *row =
        ledger_bind(ledger, STATEMENT_ENTRY_HASH, subject, carded->card.key, (size_t)KEY_BYTES, version);
    enum gw_status rc = ledger_step(ledger, row, found, err);

    *same = false;
    if (rc != GW_OK || !*found)
        return rc;
    *same = memcmp(sqlite3_column_blob(row, 0), carded->card.sha256, GW_SHA256_BYTES) == 0;
    sqlite3_reset(row);
    return GW_OK;
}

enum gw_status index_find(struct gw_ledger *ledger, int64_t subject, const struct carded *carded, bool *found,
                          bool *same, struct gw_error *err)
{
    char version[VERSION_TEXT_MAX + 1];
    bool beside;
    enum gw_status rc = find(ledger, subject, carded, carded->version, found, same, err);

    if (rc != GW_OK || !*found || *same)
        return rc;
    ledger_version_text(version, carded->version, carded->card.sha256);
    return find(ledger, subject, carded, version, &beside, same, err);
}

/*
 * Where neither version nor lastUpdated orders the versions of a resource, the delivery does: one that came back after
 * another (A, B, A) is the newest again.
 */
static enum gw_status see_again(struct gw_ledger *ledger, const struct reading_place *place,
                                const struct carded *carded, bool *reordered, struct gw_error *err)
{
    *reordered = false;
    if (!(carded->card.flags & FLAG_UNVERSIONED) || carded->last_updated)
        return GW_OK;
    enum gw_status rc = ledger_run(ledger,
                                   ledger_bind(ledger, STATEMENT_ENTRY_SEEN, place->subject, carded->card.key,
                                               (size_t)KEY_BYTES, carded->version, place->delivery),
                                   err);
    *reordered = rc == GW_OK && sqlite3_changes(ledger->db) > 0;
    return rc;
}

enum gw_status index_repeat(struct gw_ledger *ledger, const struct reading_place *place, const struct carded *carded,
                            bool *reordered, struct gw_error *err)
{
    const struct card *card = &carded->card;
    const bool unversioned = card->flags & FLAG_UNVERSIONED;
    enum gw_status rc =
        ledger_run(ledger,
                   ledger_bind(ledger, STATEMENT_DOOR_ADD, place->delivery, card->source, (int64_t)card->line,
                               place->subject, card->kind, carded->id, unversioned ? NULL : carded->version,
                               (int64_t)card->part_count, (int64_t)card->flags, (int64_t)GW_STATE_UNCHANGED, "", NULL),
                   err);

    return rc == GW_OK ? see_again(ledger, place, carded, reordered, err) : rc;
}

enum gw_status index_links(struct gw_ledger *ledger, int64_t subject, const struct carded *carded, struct gw_error *err)
{
    for (uint32_t i = 0; i < carded->card.reference_count; i++) {
        const uint8_t *key = carded->references + (size_t)i * KEY_BYTES;
        enum gw_status rc =
            ledger_run(ledger, ledger_bind(ledger, STATEMENT_LINK_ADD, subject, key, (size_t)KEY_BYTES), err);
        if (rc != GW_OK)
            return rc;
    }
    return GW_OK;
}

/* One versionId, two contents: the second is kept under the versionId and its hash. */
static enum gw_status insert_beside(struct gw_ledger *ledger, const struct reading_place *place,
                                    const struct carded *carded, bool *fresh, struct gw_error *err)
{
    char version[VERSION_TEXT_MAX + 1];

    ledger_version_text(version, carded->version, carded->card.sha256);
    return insert(ledger, place, carded, version, carded->card.flags | FLAG_CONFLICT, fresh, err);
}

enum gw_status index_version(struct gw_ledger *ledger, const struct reading_place *place, const struct carded *carded,
                             enum gw_kept_as *kept_as, struct gw_error *err)
{
    bool fresh, found = true, same = true, reordered;
    enum gw_status rc = insert(ledger, place, carded, carded->version, carded->card.flags, &fresh, err);

    *kept_as = GW_KEPT_NEW;
    if (rc == GW_OK && !fresh)
        rc = index_find(ledger, place->subject, carded, &found, &same, err);
    assert(rc != GW_OK || found); /* the insert has just met it */
    if (rc == GW_OK && !same) {
        *kept_as = GW_KEPT_CONFLICT;
        rc = insert_beside(ledger, place, carded, &fresh, err);
    }
    if (rc != GW_OK)
        return rc;
    if (fresh)
        return index_links(ledger, place->subject, carded, err);
    *kept_as = GW_KEPT_REPEAT;
    return index_repeat(ledger, place, carded, &reordered, err);
}

/* ---- keys and version texts ---- */

enum gw_status ledger_key(struct gw_ledger *ledger, const char *endpoint, const char *type, const char *id,
                          uint8_t key[KEY_BYTES], struct gw_error *err)
{
    const size_t lengths[] = {strlen(endpoint), strlen(type), strlen(id)};
    const size_t length = lengths[0] + lengths[1] + lengths[2] + 2;
    char small[256];
    char *text = length <= sizeof small ? small : gw_arena_raw(&ledger->arena, length);
    uint8_t hash[GW_SHA256_BYTES];

    if (!text)
        return ledger_no_memory(err, "a reference");
    memcpy(text, endpoint, lengths[0]);
    text[lengths[0]] = '|';
    memcpy(text + lengths[0] + 1, type, lengths[1]);
    text[lengths[0] + 1 + lengths[1]] = '|';
    memcpy(text + length - lengths[2], id, lengths[2]);
    gw_sha256(text, length, hash);
    memcpy(key, hash, KEY_BYTES);
    return GW_OK;
}

void ledger_version_text(char out[VERSION_TEXT_MAX + 1], const char *version_id, const uint8_t sha256[GW_SHA256_BYTES])
{
    char hash[2 * GW_SHA256_BYTES + 1];

    assert(strlen(version_id) <= VERSION_ID_MAX);
    gw_hex(sha256, GW_SHA256_BYTES, hash);
    strcpy(out, version_id);
    strcat(out, "~");
    hash[HASH_DIGITS] = '\0';
    strcat(out, hash);
}

size_t ledger_version_length(const char *version, int64_t flags)
{
    if (flags & FLAG_UNVERSIONED)
        return 0;
    const size_t length = strlen(version);
    return flags & FLAG_CONFLICT && length > HASH_DIGITS ? length - HASH_DIGITS - 1 : length;
}
