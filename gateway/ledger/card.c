/*
 * Cards in and out of a page's blob.
 */
#include "ledger/card.h"

#include <string.h>

static void put(struct bytes *blob, const void *bytes, size_t length)
{
    if (length)
        memcpy(blob->at + blob->length, bytes, length);
    blob->length += length;
}

bool card_write(struct bytes *blob, struct carded *carded)
{
    struct card *card = &carded->card;
    const size_t keys = (size_t)card->reference_count * KEY_BYTES;

    card->id_length = (uint32_t)strlen(carded->id) + 1;
    card->version_length = (uint32_t)strlen(carded->version) + 1;
    card->last_updated_length = carded->last_updated ? (uint32_t)strlen(carded->last_updated) + 1 : 0;
    card->raw_length = (uint32_t)carded->raw.length;
    const size_t texts = (size_t)card->id_length + card->version_length + card->last_updated_length;
    if (!bytes_reserve(blob, blob->length + sizeof *card + texts + keys + carded->raw.length + 1))
        return false;
    put(blob, card, sizeof *card);
    put(blob, carded->id, card->id_length);
    put(blob, carded->version, card->version_length);
    put(blob, carded->last_updated, card->last_updated_length);
    put(blob, carded->references, keys);
    carded->offset = blob->length;
    put(blob, carded->raw.at, carded->raw.length);
    blob->at[blob->length++] = '\0';
    return true;
}

/* A text of this length, its NUL included; NULL when it does not fit. */
static const char *take(const char *blob, size_t length, size_t *offset, size_t wanted)
{
    const char *at = blob + *offset;

    if (wanted > length - *offset || (wanted && at[wanted - 1] != '\0'))
        return NULL;
    *offset += wanted;
    return at;
}

bool card_read(const char *blob, size_t length, size_t *offset, struct carded *out)
{
    struct card *card = &out->card;

    if (length - *offset < sizeof *card)
        return false;
    memcpy(card, blob + *offset, sizeof *card);
    *offset += sizeof *card;
    out->id = take(blob, length, offset, card->id_length);
    out->version = out->id ? take(blob, length, offset, card->version_length) : NULL;
    out->last_updated = out->version ? take(blob, length, offset, card->last_updated_length) : NULL;
    const size_t keys = (size_t)card->reference_count * KEY_BYTES;
    if (!out->last_updated || card->id_length == 0 || card->version_length == 0 || keys > length - *offset)
        return false;
    if (card->last_updated_length == 0)
        out->last_updated = NULL;
    out->references = (const uint8_t *)blob + *offset;
    *offset += keys;
    out->offset = *offset;
    const char *raw = take(blob, length, offset, (size_t)card->raw_length + 1);
    out->raw = (struct gw_slice){raw, card->raw_length};
    return raw != NULL;
}
