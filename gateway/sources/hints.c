/*
 * Named "endpoint|patient|type|id": none of the four can hold a bar.
 */
#include "gateway/sources/hints.h"

#include <inttypes.h>
#include <string.h>

#include "gateway/core/json.h"

enum { SCRATCH_BYTES = 256 * 1024, PARTS = 4 };

static const char where[] = "sources.hints";

/* When it was rung first, and how often. */
struct rings {
    long at;
    long count;
};

static struct rings rings_of(struct gw_arena *arena, const char *text)
{
    struct rings rings = {0, 0};
    const cJSON *tree;

    if (text && gw_json_parse(arena, text, strlen(text), NULL, &tree, NULL, NULL) == GW_OK) {
        gw_json_int(tree, "at", &rings.at);
        gw_json_int(tree, "rung", &rings.count);
    }
    return rings;
}

enum gw_status gw_hint_put(struct gw_ledger *ledger, const char *endpoint, const struct gw_hint *hint, int64_t utc,
                           struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(SCRATCH_BYTES);
    const char *const parts[PARTS] = {endpoint, hint->patient, hint->type, hint->id};
    const char *const name = gw_arena_join(&arena, '|', parts, PARTS), *before = NULL, *text;
    enum gw_status rc = name ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for a hint");

    if (rc == GW_OK)
        rc = gw_ledger_note(ledger, &arena, GW_HINT_SPACE, name, &before, err);
    if (rc == GW_OK) {
        const struct rings rings = rings_of(&arena, before);

        text = gw_arena_print(&arena, "{\"at\":%" PRId64 ",\"rung\":%ld}", rings.count ? (int64_t)rings.at : utc,
                              rings.count + 1);
        rc = text ? gw_ledger_note_put(ledger, GW_HINT_SPACE, name, text, err)
                  : gw_fail(err, GW_ENOMEM, where, "no memory for a hint");
    }
    gw_arena_release(&arena);
    return rc;
}

static bool split(struct gw_arena *arena, const struct gw_ledger_note *note, struct gw_waiting_hint *out)
{
    char *rest = gw_arena_copy(arena, note->name, strlen(note->name));
    const char *parts[PARTS] = {NULL};

    if (!rest)
        return false;
    for (size_t i = 0; i < PARTS && rest; i++) {
        const char *const part = strsep(&rest, "|");

        parts[i] = *part ? part : NULL;
    }
    *out = (struct gw_waiting_hint){
        note->name, note->text, parts[0], parts[1], parts[2], parts[3], rings_of(arena, note->text).at};
    return true;
}

enum gw_status gw_hints(struct gw_ledger *ledger, struct gw_arena *arena, struct gw_waiting_hints *out,
                        struct gw_error *err)
{
    struct gw_ledger_notes notes = {NULL, 0};
    enum gw_status rc = gw_ledger_notes(ledger, arena, GW_HINT_SPACE, &notes, err);

    *out = (struct gw_waiting_hints){NULL, 0};
    if (rc != GW_OK)
        return rc;
    out->list = gw_arena_alloc(arena, (notes.count + 1) * sizeof *out->list);
    for (; out->list && out->count < notes.count; out->count++)
        if (!split(arena, &notes.list[out->count], &out->list[out->count]))
            break;
    if (!out->list || out->count < notes.count)
        return gw_fail(err, GW_ENOMEM, where, "no memory for %zu hints", notes.count);
    return GW_OK;
}

enum gw_status gw_hint_done(struct gw_ledger *ledger, const struct gw_waiting_hint *hint, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(SCRATCH_BYTES);
    const char *now = NULL;
    enum gw_status rc = gw_ledger_note(ledger, &arena, GW_HINT_SPACE, hint->name, &now, err);

    if (rc == GW_OK && gw_same(now, hint->text))
        rc = gw_ledger_note_put(ledger, GW_HINT_SPACE, hint->name, NULL, err);
    gw_arena_release(&arena);
    return rc;
}
