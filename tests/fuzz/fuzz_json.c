/*
 * The JSON door against cJSON: what the door accepts cJSON accepts too, with an equal tree.
 *
 * The other way round they differ by design: cJSON takes bad numbers, bad UTF-8 and repeated names. So a tree too many
 * is looked for here, and a tree too few by the accepted cases of tests/core/test_json.c. Besides, whatever is accepted
 * must be refused for want of memory with one byte less of it, and be read alike where comments are allowed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* libFuzzer calls it; it has no header in C */

static void must(int held, const char *rule)
{
    if (!held) {
        fprintf(stderr, "broken: %s\n", rule);
        abort();
    }
}

/* One item against another of the same place, without what is below. */
static void compare_items(const cJSON *ours, const cJSON *theirs)
{
    must((ours->type & 0xFF) == (theirs->type & 0xFF), "the types are equal");
    must(gw_same(ours->string, theirs->string), "the names are equal");
    if (cJSON_IsString(ours))
        must(strcmp(ours->valuestring, theirs->valuestring) == 0, "the texts are equal");
    if (cJSON_IsNumber(ours)) {
        const double read_again = strtod(ours->valuestring, NULL);
        must(read_again == theirs->valuedouble, "the number as written means what cJSON read");
        must(ours->valuedouble != ours->valuedouble, "our binary value is no number");
    }
    must(!ours->child == !theirs->child, "both have items, or none");
    if (ours->child)
        must(!ours->child->prev->next, "the head's prev is the tail");
    must(!ours->next == !theirs->next, "both are last, or none");
    if (ours->next)
        must(ours->next->prev == ours, "the next one points back");
}

/* Depth is bounded by the door's own limit. */
static void compare_trees(const cJSON *ours, const cJSON *theirs)
{
    for (; ours && theirs; ours = ours->next, theirs = theirs->next) {
        compare_items(ours, theirs);
        compare_trees(ours->child, theirs->child);
    }
}

/* cJSON skips a byte order mark only before five bytes or more; and it stops after the value, so the rest is looked at.
 */
static void compare_with_cjson(const cJSON *ours, const char *text, size_t length)
{
    const char *end = NULL;

    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        length -= 3;
    }
    cJSON *theirs = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    must(theirs != NULL, "cJSON accepts it too");
    for (; end < text + length; end++)
        must(strchr(" \t\r\n", *end) && *end, "cJSON read up to the end");
    compare_items(ours, theirs);
    compare_trees(ours->child, theirs->child);
    cJSON_Delete(theirs);
}

static void check_limit(const char *text, size_t length, size_t needed)
{
    struct gw_arena arena = GW_ARENA_INIT(needed - 1);
    const cJSON *none = NULL;

    must(gw_json_parse(&arena, text, length, NULL, &none, NULL, NULL) == GW_ENOMEM, "a byte less is too little");
    must(!none, "nothing comes out of a refusal");
    gw_arena_release(&arena);
}

static void check_comments(const char *text, size_t length, size_t needed)
{
    const struct gw_json_options options = {.comments = true};
    struct gw_arena arena = GW_ARENA_INIT(needed);
    const cJSON *again = NULL;

    must(gw_json_parse(&arena, text, length, &options, &again, NULL, NULL) == GW_OK, "comments only add");
    compare_with_cjson(again, text, length);
    gw_arena_release(&arena);
}

/* A commented text is not cJSON's to read: here only the sanitizers judge. */
static void try_comments(const char *text, size_t length)
{
    const struct gw_json_options options = {.comments = true};
    struct gw_arena arena = GW_ARENA_INIT(SIZE_MAX);
    const cJSON *root;

    gw_json_parse(&arena, text, length, &options, &root, NULL, NULL);
    gw_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct gw_arena arena = GW_ARENA_INIT(SIZE_MAX);
    struct gw_error err = {0};
    const cJSON *root = NULL;
    size_t offset = SIZE_MAX;
    const enum gw_status rc = gw_json_parse(&arena, text, size, NULL, &root, &offset, &err);

    if (rc == GW_OK) {
        compare_with_cjson(root, text, size);
        check_limit(text, size, arena.used);
        check_comments(text, size, arena.used);
    } else {
        must(rc == GW_EINPUT && offset <= size && !root && err.text[0], "a refusal says where and why");
        try_comments(text, size);
    }
    gw_arena_release(&arena);
    return 0;
}
