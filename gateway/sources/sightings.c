/*
 * Files of others, from look to look.
 */
#include "sources/sightings.h"

#include <stdlib.h>
#include <string.h>

bool sighting_is_temporary(const char *name)
{
    static const char *const endings[] = {".part", ".tmp", ".partial", ".filepart", ".crdownload", "~"};
    const size_t length = strlen(name);

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t ending = strlen(endings[i]);

        if (length >= ending && strcmp(name + length - ending, endings[i]) == 0)
            return true;
    }
    return *name == '.';
}

bool sightings_add(struct sightings *sightings, const struct sighting *sighting)
{
    if (sightings->count == sightings->capacity) {
        const size_t capacity = sightings->capacity ? 2 * sightings->capacity : 16;
        struct sighting *list = realloc(sightings->list, capacity * sizeof *list);

        if (!list)
            return false;
        sightings->list = list;
        sightings->capacity = capacity;
    }
    struct sighting copy = *sighting;
    copy.name = strdup(sighting->name);
    if (!copy.name)
        return false;
    sightings->list[sightings->count++] = copy;
    return true;
}

void sightings_clear(struct sightings *sightings)
{
    for (size_t i = 0; i < sightings->count; i++)
        free((char *)(uintptr_t)sightings->list[i].name);
    sightings->count = 0;
}

void sightings_release(struct sightings *sightings)
{
    sightings_clear(sightings);
    free(sightings->list);
    *sightings = (struct sightings){NULL, 0, 0};
}

static int by_age(const void *a, const void *b)
{
    const struct sighting *x = a, *y = b;

    if (x->modified_ns != y->modified_ns)
        return x->modified_ns < y->modified_ns ? -1 : 1;
    return strcmp(x->name, y->name);
}

static const struct sighting *find(const struct sightings *sightings, const struct sighting *as, bool by_name)
{
    for (size_t i = 0; i < sightings->count; i++) {
        const struct sighting *other = &sightings->list[i];

        if (other->inode == as->inode && (strcmp(other->name, as->name) == 0) == by_name)
            return other;
    }
    return NULL;
}

static void judge(struct sighting *sighting, const struct sightings *before, uint64_t now_ms, uint64_t quiet_ms)
{
    const struct sighting *known = find(before, sighting, true);
    const struct sighting *renamed = known ? NULL : find(before, sighting, false);
    const bool still = known && known->size == sighting->size && known->modified_ns == sighting->modified_ns;

    sighting->still_since_ms = still ? known->still_since_ms : now_ms;
    sighting->whole = !sighting_is_temporary(sighting->name) &&
                      ((still && (known->whole || now_ms - sighting->still_since_ms >= quiet_ms)) ||
                       (renamed && sighting_is_temporary(renamed->name)));
}

void sightings_update(struct sightings *now, const struct sightings *before, uint64_t now_ms, uint64_t quiet_ms)
{
    for (size_t i = 0; i < now->count; i++)
        judge(&now->list[i], before, now_ms, quiet_ms);
    if (now->count)
        qsort(now->list, now->count, sizeof *now->list, by_age);
}
