#include "support/vary_subject.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "gateway/study/explain.h"
#include "support/lineage.h"
#include "support/vary.h"

static void write(const struct gw_derived *derived, struct gw_text *out)
{
    gw_text_clear(out);
    gw_rows_write(&derived->rows, out);
    for (size_t i = 0; i < derived->item_count; i++)
        gw_text_print(out, "%s %s\n", derived->items[i].id, derived->items[i].context);
    gw_text_print(out, "%d\n", derived->blocked);
}

/* By an item of its own or of what it is evidence of. */
static bool is_asked(const struct gw_derived *derived, const struct gw_part_state *part)
{
    for (size_t i = 0; i < derived->item_count; i++)
        if (strcmp(derived->items[i].code, part->reason) == 0)
            return true;
    return false;
}

static void expect_accounted(const struct subject *s, const struct gw_derived *derived, const char *text)
{
    size_t parts = 0;

    for (size_t i = 0; i < s->count; i++)
        parts += s->facts[i].part_count;
    cr_expect(eq(sz, derived->part_count, parts), "%s", text);
    for (size_t i = 0; i < derived->part_count; i++)
        cr_expect(derived->parts[i].state != GW_STATE_HELD || is_asked(derived, &derived->parts[i]),
                  "%s %s is held, and nobody is asked: %s", s->facts[derived->parts[i].fact].id,
                  derived->parts[i].reason, text);
}

static void derive(const struct subject *s, struct gw_arena *arena, struct gw_derived *derived, const char *text)
{
    const struct gw_subject_input input = subject_input(s);
    struct gw_error err;

    cr_assert(gw_derive(arena, &input, derived, &err) == GW_OK, "%s: %s", err.text, text);
}

/* Whatever was said, there is an answer to why a value is missing. */
static void ask(const struct subject *s, struct gw_arena *arena, const struct gw_derived *derived, const char *text)
{
    static const char *const concepts[] = {"ANC", "PLT", "HGB", "INFECTION", "CRS", "BOR"};
    const struct gw_subject_input input = subject_input(s);
    const struct gw_explain_input in = {.subject = &input, .derived = derived};

    for (size_t w = 0; w < derived->windows.count && w < 4; w++)
        for (size_t c = 0; c < sizeof concepts / sizeof *concepts; c++) {
            struct gw_explanation explanation;
            struct gw_error err;
            const enum gw_status rc =
                gw_explain_missing(arena, &in, concepts[c], derived->windows.list[w].id, &explanation, &err);

            cr_expect(rc == GW_OK || rc == GW_EUSAGE, "%s: %s", err.text, text);
            cr_expect(rc != GW_OK || (explanation.answer && explanation.sentence_count > 0), "%s", text);
        }
}

/* After what was delivered before: what is told of the change, and the change itself. */
static void deliver(struct subject *s, struct gw_arena *arena, struct gw_derived *derived, const char *text)
{
    struct gw_difference difference;
    struct gw_error err;

    cr_assert(gw_identify_derived(arena, &s->derived.rows, derived, &err) == GW_OK, "%s", text);
    cr_assert(gw_history(&s->derived.rows, derived, &err) == GW_OK, "%s", text);
    cr_assert(gw_difference(arena, &s->derived.rows, &derived->rows, &difference, &err) == GW_OK, "%s", text);
    cr_expect(eq(sz, difference.count, difference.added + difference.updated + difference.withdrawn), "%s", text);
    cr_assert(gw_difference(arena, &derived->rows, &derived->rows, &difference, &err) == GW_OK, "%s", text);
    cr_expect(eq(sz, difference.count, 0), "it differs from itself: %s", text);
}

/* The records from last to first: the same answer. */
static void expect_same_turned(struct subject *s, struct gw_arena *arena, const struct gw_derived *derived,
                               const char *text)
{
    struct gw_text first = GW_TEXT_INIT((size_t)16 << 20), second = GW_TEXT_INIT((size_t)16 << 20);
    struct gw_derived turned;

    write(derived, &first);
    subject_turn(s);
    derive(s, arena, &turned, text);
    write(&turned, &second);
    subject_turn(s);
    cr_expect(strcmp(first.at, second.at) == 0, "the order of the records counts: %s", text);
    gw_text_release(&first);
    gw_text_release(&second);
}

void vary_check(struct subject *s, const char *what, size_t number)
{
    struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);
    struct gw_derived derived;

    derive(s, &arena, &derived, what);
    expect_accounted(s, &derived, what);
    if (number % 16 == 0)
        lineage_check(&derived.rows, &s->rules);
    if (number % 4 == 0)
        ask(s, &arena, &derived, what);
    if (number % 3 == 0)
        expect_same_turned(s, &arena, &derived, what);
    if (number % 4 == 1)
        deliver(s, &arena, &derived, what);
    gw_arena_release(&arena);
}

struct turn { /* one record's */
    struct subject *s;
    size_t fact, told;
};

static void take(const char *json, void *context)
{
    struct turn *turn = context;
    struct subject *s = turn->s;
    const struct gw_fact kept = s->facts[turn->fact];
    const char *const text = s->texts[turn->fact], *const other = gw_arena_copy(&s->arena, json, strlen(json));

    if (subject_replace(s, turn->fact, other))
        vary_check(s, other, turn->told++);
    s->facts[turn->fact] = kept;
    s->texts[turn->fact] = text;
}

size_t vary_subject(struct subject *s)
{
    struct turn turn = {.s = s};

    subject_derive(s);
    for (; turn.fact < s->count; turn.fact++)
        vary_json(s->texts[turn.fact], vary_records, vary_record_count, take, &turn);
    return turn.told;
}
