/*
 * A set of ids and URLs met, kept as 64 bits of their SHA-256: a million of them in 16 MiB.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/core/digest.h"
#include "gateway/sources/pull.h"

enum { FIRST_SLOTS = 64 };

struct gw_id_set {
    uint64_t *slots; /* 0: free */
    size_t capacity; /* a power of two */
    size_t count;
};

static uint64_t print_of(const char *id)
{
    uint8_t hash[GW_SHA256_BYTES];
    uint64_t print;

    gw_sha256(id, strlen(id), hash);
    memcpy(&print, hash, sizeof(print));
    return print ? print : 1;
}

static uint64_t *slot_of(uint64_t *slots, size_t capacity, uint64_t print)
{
    size_t at = (size_t)print & (capacity - 1);

    while (slots[at] && slots[at] != print)
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

struct gw_id_set *gw_id_set_new(void)
{
    struct gw_id_set *set = calloc(1, sizeof(*set));

    if (!set)
        return NULL;
    set->capacity = FIRST_SLOTS;
    set->slots = calloc(set->capacity, sizeof(*set->slots));
    if (!set->slots) {
        free(set);
        return NULL;
    }
    return set;
}

void gw_id_set_free(struct gw_id_set *set)
{
    if (!set)
        return;
    free(set->slots);
    free(set);
}

void gw_id_set_clear(struct gw_id_set *set)
{
    memset(set->slots, 0, set->capacity * sizeof(*set->slots));
    set->count = 0;
}

bool gw_id_set_has(const struct gw_id_set *set, const char *id)
{
    return *slot_of(set->slots, set->capacity, print_of(id)) != 0;
}

static bool grow(struct gw_id_set *set)
{
    const size_t capacity = set->capacity * 2;
    uint64_t *slots = calloc(capacity, sizeof(*slots));

    if (!slots)
        return false;
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->slots[i])
            *slot_of(slots, capacity, set->slots[i]) = set->slots[i];
    }
    free(set->slots);
    set->slots = slots;
    set->capacity = capacity;
    return true;
}

bool gw_id_set_add(struct gw_id_set *set, const char *id)
{
    const uint64_t print = print_of(id);
    uint64_t *slot = slot_of(set->slots, set->capacity, print);

    if (*slot)
        return true;
    if (2 * (set->count + 1) > set->capacity) {
        if (!grow(set))
            return false;
        slot = slot_of(set->slots, set->capacity, print);
    }
    *slot = print;
    set->count++;
    return true;
}

size_t gw_id_set_count(const struct gw_id_set *set)
{
    return set->count;
}
