/*
 * Medications referred to.
 */
#include "sources/references.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16 };

bool references_init(struct references *references)
{
    *references = (struct references){.known = gw_id_set_new()};
    return references->known != NULL;
}

void references_clear(struct references *references)
{
    for (size_t i = 0; i < references->count; i++)
        free(references->list[i]);
    references->count = references->next = 0;
    gw_id_set_clear(references->known);
}

void references_release(struct references *references)
{
    if (references->known)
        references_clear(references);
    free(references->list);
    gw_id_set_free(references->known);
}

static bool add(struct references *references, const char *name)
{
    if (gw_id_set_has(references->known, name))
        return true;
    if (references->count == references->capacity) {
        const size_t capacity = references->capacity ? 2 * references->capacity : FIRST_CAPACITY;
        char **list = realloc(references->list, capacity * sizeof(*list));

        if (!list)
            return false;
        references->list = list;
        references->capacity = capacity;
    }
    references->list[references->count] = strdup(name);
    return references->list[references->count] && (++references->count, gw_id_set_add(references->known, name));
}

bool references_add(struct references *references, const struct gw_keep_reference *reference)
{
    struct gw_text name = GW_TEXT_INIT(GW_URL_MAX);
    bool fine;

    if (!reference->by_identifier)
        return add(references, reference->id);
    gw_text_print(&name, "%c%s", REFERENCE_BY_IDENTIFIER, reference->id);
    fine = !name.failed && add(references, name.at);
    gw_text_release(&name);
    return fine;
}

const char *references_next(struct references *references, const struct gw_id_set *had)
{
    while (references->next < references->count && gw_id_set_has(had, references->list[references->next]))
        references->next++;
    return references->next < references->count ? references->list[references->next] : NULL;
}

void references_take(struct references *references)
{
    references->next++;
}

size_t references_left(const struct references *references)
{
    return references->count - references->next;
}

/* A logical reference: its Medication has that identifier. */
static bool search_url(struct gw_arena *arena, const char *name, const char *base, unsigned count, int fhir_version,
                       struct gw_text *url)
{
    const char *bar = strchr(name, '|');
    struct gw_search search = {
        .type = GW_MEDICATION, .low = GW_NO_DAY, .high = GW_NO_DAY, .count = count, .fhir_version = fhir_version};

    search.identifier.value = bar + 1;
    if (bar > name)
        search.identifier.system = gw_arena_copy(arena, name, (size_t)(bar - name));
    gw_search_url(&search, base, url);
    return bar == name || search.identifier.system;
}

bool references_url(struct gw_arena *arena, const char *reference, const char *base, unsigned count, int fhir_version,
                    struct gw_text *url)
{
    bool fine = true;

    if (*reference == REFERENCE_BY_IDENTIFIER)
        fine = search_url(arena, reference + 1, base, count, fhir_version, url);
    else
        gw_read_url(base, "Medication", reference, url);
    return fine && !url->failed;
}
