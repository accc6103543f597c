/*
 * Exception items: what derive() cannot decide, put so that a person can.
 *
 * An item's id is keyed to its cause and its place, so the same cause on the same part is the same item in every
 * derivation. Context holds the coded part, value and unit in question, the day and the windows; never a name, an
 * identifier or free text outside the element.
 */
#include <assert.h>
#include <string.h>

#include "gateway/core/json.h"
#include "study/decided.h"

#define MAX_CONTEXT_BYTES 8192

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* Every code the engine raises stands in the table: a release whose table lacks one is a defect. */
static const struct gw_item_class *engine_class(const struct engine *e, const char *code)
{
    const struct gw_item_class *class = gw_rules_class(e->in->rules, code);

    assert(class);
    return class;
}

/* class|site|system|code|unit|rule; what a hospital does in all its records is one cause, whatever the code. */
const char *engine_fingerprint(struct engine *e, const char *code, const struct item_about *about)
{
    const struct gw_item_class *class = engine_class(e, code);
    const struct gw_coding *coding = strcmp(class->rule_scope, "per endpoint") == 0 ? NULL : about->coding;
    const char *print = gw_arena_print(e->arena, "%s|%s|%s|%s|%s|%s", class->code, gw_site_id(e->in->site),
                                       or_empty(coding ? coding->system : NULL), or_empty(coding ? coding->code : NULL),
                                       or_empty(about->unit), or_empty(about->rule));

    e->failed |= !print;
    return print;
}

static void add_member(struct gw_text *json, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    gw_text_add(json, json->length > 1 ? "," : "");
    gw_json_quote(json, name);
    gw_text_append(json, ":", 1);
    gw_json_quote(json, value);
}

static void add_day(struct gw_text *json, const char *name, gw_day day)
{
    char text[11];

    if (day == GW_NO_DAY)
        return;
    gw_day_print(day, text);
    add_member(json, name, text);
}

static void add_proposal(struct gw_text *json, const struct item_proposal *proposal)
{
    add_member(json, "category", proposal->category);
    add_member(json, "subcategory", proposal->subcategory);
    add_member(json, "term", proposal->term);
    add_day(json, "onset", proposal->onset);
    add_day(json, "end", proposal->end);
    if (proposal->grade >= 0)
        gw_text_print(json, ",\"grade\":%d", proposal->grade);
    gw_text_add(json, proposal->details);
    gw_text_print(json, ",\"evidence\":%s", proposal->evidence);
}

static const char *context(struct engine *e, const struct item_about *about)
{
    struct gw_text json = GW_TEXT_INIT(MAX_CONTEXT_BYTES);
    const char *text, *study_day;
    char day[11];

    gw_text_add(&json, "{");
    add_member(&json, "code", about->coding ? about->coding->code : NULL);
    add_member(&json, "system", about->coding ? about->coding->system : NULL);
    add_member(&json, "display", about->coding ? about->coding->display : NULL);
    if (about->quantity) {
        add_member(&json, "comparator", about->quantity->comparator);
        add_member(&json, "value", about->quantity->value);
        add_member(&json, "unit", about->quantity->unit);
        add_member(&json, "unit_code", about->quantity->code);
    }
    add_member(&json, "text", about->text);
    if (about->day != GW_NO_DAY) {
        gw_day_print(about->day, day);
        add_member(&json, "day", day);
        if (e->anchors.d1 != GW_NO_DAY) {
            study_day = gw_arena_print(e->arena, "%d", gw_study_day(e->anchors.d1, about->day));
            e->failed |= !study_day;
            add_member(&json, "study_day", study_day);
        }
    }
    add_member(&json, "windows", about->windows);
    add_member(&json, "note", about->note);
    if (about->proposal)
        add_proposal(&json, about->proposal);
    gw_text_add(&json, or_empty(about->details));
    gw_text_add(&json, "}");
    text =
        json.failed ? "{\"note\":\"the context is longer than 8 KiB\"}" : gw_arena_copy(e->arena, json.at, json.length);
    gw_text_release(&json);
    e->failed |= !text;
    return text;
}

const char *engine_item_id(struct engine *e, const char *print, const struct item_about *about)
{
    const struct gw_roster_line *roster = e->in->roster;
    const char *place = about->has_fact  ? gw_arena_print(e->arena, "%s|%d", e->versions[about->fact].key, about->part)
                        : about->windows ? about->windows
                        : about->asks    ? gw_arena_print(e->arena, "%s|%s", about->rows, about->asks)
                                         : or_empty(about->rows);
    const char *const parts[] = {print, roster->subject, place};

    return place ? gw_hmac_id(e->in->key, e->arena, 'x', parts, 3) : NULL;
}

static void attach(struct engine *e, const struct gw_item *item)
{
    struct part *part;
    const char **slot;

    if (!item->has_fact)
        return;
    part = engine_part(e, item->fact, item->part);
    slot = GW_ARENA_PUSH(e->arena, part->items, part->item_count, part->item_capacity);
    if (slot)
        *slot = item->id;
    else
        e->failed = true;
    if (*item->blocks == 'A' && !part->waits_for)
        part->waits_for = item->code;
    if (*item->blocks == 'R' && !part->held) {
        part->held = true;
        part->held_by = item->code;
    }
}

/* About a part: among its own few. About no record: among the subject's, which the anchors raise, one of a kind. */
static bool raised_already(struct engine *e, const char *id, const struct item_about *about)
{
    const struct part *part = about->has_fact ? engine_part(e, about->fact, about->part) : NULL;
    const size_t count = part ? part->item_count : e->item_count;

    for (size_t i = 0; i < count; i++)
        if (strcmp(part ? part->items[i] : e->items[i].id, id) == 0)
            return true;
    return false;
}

void engine_raise(struct engine *e, const char *code, const struct item_about *about)
{
    const struct gw_item_class *class = engine_class(e, code);
    const char *print, *id;
    struct gw_item *item;

    if (decided_answers(e, code, about))
        return;
    print = engine_fingerprint(e, code, about);
    id = print ? engine_item_id(e, print, about) : NULL;
    if (id && raised_already(e, id, about))
        return;
    item = id ? GW_ARENA_PUSH(e->arena, e->items, e->item_count, e->item_capacity) : NULL;
    if (!item) {
        e->failed = true;
        return;
    }
    *item = (struct gw_item){.id = id,
                             .code = class->code,
                             .fingerprint = print,
                             .blocks = class->blocks,
                             .has_fact = about->has_fact,
                             .fact = about->fact,
                             .part = about->part,
                             .day = about->day,
                             .context = context(e, about),
                             .rows = about->rows,
                             .decision = about->decision,
                             .suggestion = or_empty(about->suggestion),
                             .window_ids = or_empty(about->windows)};
    attach(e, item);
    if (*class->blocks == 'S' && !e->blocked) {
        e->blocked = true;
        e->blocked_by = class->code;
    }
}
