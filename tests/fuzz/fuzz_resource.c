/*
 * Any bytes as a resource, a line and a page: read, or refused with a reason, and the bytes kept of a resource are the
 * resource.
 *
 * Besides, a fact that was read is refused for want of memory with one byte less of it, and has its parts.
 * Rooms: fhir
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/slice.h"
#include "gateway/core/json.h"
#include "gateway/fhir/bundle.h"
#include "gateway/fhir/search.h"

enum { LIMIT = 8 << 20, SLICED_BYTES = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* libFuzzer calls it; it has no header in C */

static void must(int held, const char *rule)
{
    if (!held) {
        fprintf(stderr, "broken: %s\n", rule);
        abort();
    }
}

/* Depth is bounded by the door's own limit. */
static void compare_trees(const cJSON *one, const cJSON *other)
{
    for (; one && other; one = one->next, other = other->next) {
        must((one->type & 0xFF) == (other->type & 0xFF), "the same types");
        must(gw_same(one->string, other->string), "the same names");
        if (cJSON_IsString(one) || cJSON_IsNumber(one))
            must(gw_same(one->valuestring, other->valuestring), "the same texts");
        compare_trees(one->child, other->child);
    }
    must(!one && !other, "as many items");
}

static void compare_slice(struct gw_slice raw, const cJSON *item)
{
    struct gw_arena arena = GW_ARENA_INIT(LIMIT);
    const cJSON *again;

    must(gw_json_parse(&arena, raw.at, raw.length, NULL, &again, NULL, NULL) == GW_OK, "the bytes are JSON");
    must((again->type & 0xFF) == (item->type & 0xFF), "the bytes are of one kind with the item");
    compare_trees(again->child, item->child);
    must(again->valueint == 0, "no blanks before");
    gw_arena_release(&arena);
}

static void slice_all(struct gw_slice text, const cJSON *item)
{
    for (; item; item = item->next) {
        compare_slice(slice_of(text, item), item);
        slice_all(text, item->child);
    }
}

static void check_fact(const struct gw_fact *fact)
{
    must(fact->type_name != NULL, "a fact has a type");
    must(fact->part_count >= 1, "a fact has a part");
    must(fact->standing <= GW_UNDECIDED, "a fact stands somewhere");
    if (fact->type != GW_OBSERVATION)
        return;
    must(fact->part_count == fact->observation.part_count, "an Observation's parts are the fact's");
    for (size_t i = 0; i < fact->part_count; i++)
        must(fact->observation.parts[i].component < (int)fact->part_count, "a part has its component's number");
}

static void read_fact(const cJSON *resource)
{
    struct gw_arena arena = GW_ARENA_INIT(LIMIT);
    struct gw_error err = {0};
    struct gw_fact fact;
    const enum gw_status rc = gw_fact_read(&arena, resource, &fact, &err);

    must(rc == GW_OK || (rc == GW_EINPUT && err.text[0]), "a fact, or a reason");
    if (rc == GW_OK)
        check_fact(&fact);
    if (rc == GW_OK && arena.used > 0) {
        const size_t needed = arena.used;

        gw_arena_clear(&arena);
        arena.limit = needed - 1;
        must(gw_fact_read(&arena, resource, &fact, &err) == GW_ENOMEM, "one byte less is not enough");
    }
    gw_arena_release(&arena);
}

static void read_page(struct gw_slice page)
{
    struct gw_arena arena = GW_ARENA_INIT(LIMIT);
    struct gw_error err = {0};
    struct gw_bundle bundle;
    struct gw_entry entry;

    if (gw_bundle_read(&arena, page, &bundle, &err) == GW_OK) {
        for (size_t i = 0; i < bundle.count; i++) {
            if (bundle.entries[i].resource) {
                compare_slice(bundle.entries[i].raw, bundle.entries[i].resource);
                read_fact(bundle.entries[i].resource);
            }
        }
    } else {
        must(err.text[0] != 0, "a page, or a reason");
    }
    if (gw_entry_read(&arena, page, &entry, &err) == GW_OK)
        compare_slice(entry.raw, entry.resource);
    gw_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gw_slice text = {(const char *)data, size};
    struct gw_arena arena = GW_ARENA_INIT(LIMIT);
    struct gw_capability capability;
    const cJSON *tree;
    int worst;

    gw_looks_like_bundle(text);
    if (gw_json_parse(&arena, text.at, size, NULL, &tree, NULL, NULL) == GW_OK) {
        read_fact(tree);
        gw_outcome_print(&arena, tree, &worst);
        gw_capability_read(tree, &capability, NULL);
        if (size <= SLICED_BYTES)
            slice_all(text, tree);
    }
    gw_arena_release(&arena);
    read_page(text);
    return 0;
}
