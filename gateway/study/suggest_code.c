/*
 * Which laboratory row a local code probably means: for a person who maps it, never for the engine itself.
 *
 *      name like the row's ──> unit that the row takes ──> values plausible in it ──> values like the subject's own
 *
 * All values of the code that wait are weighed together, once a code; the weights and limits below are the maker's
 * choice, made so that a name in another language with a fitting unit is suggested and a fitting unit alone is not.
 * Source: mappings/RULES.md 15.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"
#include "study/engine.h"
#include "study/order.h"
#include "study/similarity.h"
#include "study/tables_parts.h"
#include "study/units.h"

enum {
    MAX_SUGGESTION_BYTES = 1024,
    CANDIDATES = 8,   /* rows whose values are looked at */
    LEAST_NAME = 40,  /* of 100: below, the name says nothing */
    LEAST_SCORE = 50, /* of 100 */
    LEAST_UNIT = 50,  /* of 100 values with a unit: a row that takes fewer is another test */
    NAME_WEIGHT = 60,
    UNIT_WEIGHT = 20,
    PLAUSIBLE_WEIGHT = 10,
    OWN_WEIGHT = 10,
    OWN_RANGE = 2, /* times beyond the subject's own lowest and highest value of the concept */
};

struct share {
    size_t count, of;
};

struct proposal {
    const struct gw_lab *lab;
    int name; /* of 100 */
    const char *like;
    struct share unit, plausible, own;
    int score;
};

struct own_range { /* of a laboratory row, the subject's usable values */
    struct gw_ratio low, high;
    bool known;
};

struct suggesting {
    struct engine *e;
    const struct gw_lab *labs;
    size_t lab_count;
    struct own_range *own; /* one for each row */
};

static int percent(struct share share)
{
    return share.of ? (int)(100 * share.count / share.of) : 0;
}

/* ---- the subject's own values ---- */

static void note_own(struct suggesting *s, const struct datum *datum)
{
    struct own_range *own = &s->own[datum->code.lab - s->labs];
    const struct gw_ratio *value = &datum->value->measure.canonical;

    if (!own->known || gw_ratio_compare(s->e->arena, value, &own->low) < 0)
        own->low = *value;
    if (!own->known || gw_ratio_compare(s->e->arena, value, &own->high) > 0)
        own->high = *value;
    own->known = true;
}

/* Over all rows of the concept. */
static struct own_range own_of(const struct suggesting *s, const struct gw_lab *lab)
{
    struct own_range all = {.known = false};

    for (size_t i = 0; i < s->lab_count; i++) {
        const struct own_range *own = &s->own[i];

        if (!own->known || strcmp(s->labs[i].concept, lab->concept) != 0)
            continue;
        if (!all.known || gw_ratio_compare(s->e->arena, &own->low, &all.low) < 0)
            all.low = own->low;
        if (!all.known || gw_ratio_compare(s->e->arena, &own->high, &all.high) > 0)
            all.high = own->high;
        all.known = true;
    }
    return all;
}

/* ---- names ---- */

/* The component of a LOINC name: what stands before its property and system. */
static int like_component(const char *query, const struct gw_lab *lab)
{
    const char *bracket = strstr(lab->name, " ["), *in = strstr(lab->name, " in ");
    const char *end = bracket ? bracket : in ? in : lab->name + strlen(lab->name);
    char component[120];

    snprintf(component, sizeof component, "%.*s", (int)(end - lab->name), lab->name);
    return name_similarity(query, component);
}

static void weigh_text(struct proposal *p, const char *query)
{
    const int likeness[] = {like_component(query, p->lab), name_similarity(query, p->lab->concept),
                            name_similarity(query, p->lab->testcd)};

    for (size_t i = 0; i < sizeof likeness / sizeof *likeness; i++)
        if (likeness[i] > p->name) {
            p->name = likeness[i];
            p->like = query;
        }
}

static struct proposal weigh_name(const struct gw_lab *lab, const struct gw_concept *code)
{
    struct proposal p = {.lab = lab};

    for (size_t i = 0; i < code->count; i++) {
        weigh_text(&p, code->codings[i].display);
        weigh_text(&p, code->codings[i].code);
    }
    weigh_text(&p, code->text);
    return p;
}

static bool named_better(const struct proposal *a, const struct proposal *b)
{
    if (a->name != b->name)
        return a->name > b->name;
    if (a->lab->preference != b->lab->preference)
        return a->lab->preference < b->lab->preference;
    return strcmp(a->lab->loinc, b->lab->loinc) < 0;
}

/* Kept in order, the best first; the last falls out. */
static size_t insert(struct proposal *list, size_t count, const struct proposal *p)
{
    size_t at = count;

    while (at > 0 && named_better(p, &list[at - 1]))
        at--;
    if (at == CANDIDATES)
        return count;
    count += count < CANDIDATES;
    memmove(&list[at + 1], &list[at], (count - at - 1) * sizeof *list);
    list[at] = *p;
    return count;
}

static size_t find_candidates(const struct suggesting *s, const struct gw_concept *code, struct proposal *list)
{
    size_t count = 0;

    for (size_t i = 0; i < s->lab_count; i++) {
        const struct gw_lab *lab = &s->labs[i];
        struct proposal p;

        if (!lab->verified || !lab->unit || gw_study_lab_groups(s->e->in->study, lab) == 0)
            continue;
        p = weigh_name(lab, code);
        if (p.name >= LEAST_NAME)
            count = insert(list, count, &p);
    }
    return count;
}

/* ---- values ---- */

static bool near_own(const struct suggesting *s, const struct own_range *own, const struct gw_ratio *value)
{
    const struct gw_ratio times = gw_ratio_of(gw_decimal_from_int(OWN_RANGE));
    struct gw_ratio twice = *value, highest = own->high;

    s->e->failed |= !gw_ratio_multiply(s->e->arena, value, &times, &twice) |
                    !gw_ratio_multiply(s->e->arena, &own->high, &times, &highest);
    return gw_ratio_compare(s->e->arena, &twice, &own->low) >= 0 && gw_ratio_compare(s->e->arena, value, &highest) <= 0;
}

static void weigh_value(struct suggesting *s, struct proposal *p, const struct own_range *own,
                        const struct datum *datum)
{
    struct gw_measure measure;

    if (datum->observed->kind != GW_VALUE_QUANTITY)
        return;
    s->e->failed |= gw_measure_read(s->e->arena, s->e->in->tables, s->e->in->site, p->lab, datum->code.source,
                                    datum->observed, &measure, s->e->err) != GW_OK;
    if (measure.verdict == GW_VALUE_UNIT_MISSING)
        return;
    p->unit.of++;
    if (measure.verdict != GW_VALUE_OK && measure.verdict != GW_VALUE_IMPLAUSIBLE)
        return;
    p->unit.count++;
    p->plausible.of++;
    p->plausible.count += measure.verdict == GW_VALUE_OK;
    p->own.of += own->known;
    p->own.count += own->known && near_own(s, own, &measure.canonical);
}

static void weigh_values(struct suggesting *s, struct proposal *p, struct datum *const *group, size_t count)
{
    const struct own_range own = own_of(s, p->lab);

    for (size_t i = 0; i < count; i++)
        weigh_value(s, p, &own, group[i]);
    p->score = (NAME_WEIGHT * p->name + UNIT_WEIGHT * percent(p->unit) + PLAUSIBLE_WEIGHT * percent(p->plausible) +
                OWN_WEIGHT * percent(p->own)) /
               100;
}

static const struct proposal *best_of(const struct proposal *list, size_t count)
{
    const struct proposal *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (list[i].score >= LEAST_SCORE && (list[i].unit.of == 0 || percent(list[i].unit) >= LEAST_UNIT) &&
            (!best || list[i].score > best->score))
            best = &list[i];
    return best;
}

/* ---- in words ---- */

static void add_share(struct gw_text *text, struct share share, const char *what)
{
    if (share.of > 0)
        gw_text_print(text, "; %zu of %zu %s", share.count, share.of, what);
}

static const char *in_words(struct engine *e, const struct proposal *p)
{
    struct gw_text because = GW_TEXT_INIT(MAX_SUGGESTION_BYTES), json = GW_TEXT_INIT(MAX_SUGGESTION_BYTES);
    const char *text;

    gw_text_print(&because, "%s is %d %% like \"%.80s\"", p->lab->concept, p->name, p->like);
    add_share(&because, p->unit, "units fit");
    add_share(&because, p->plausible, "values plausible");
    add_share(&because, p->own, "near the subject's own");
    gw_text_add(&json, "{\"loinc\":");
    gw_json_quote(&json, p->lab->loinc);
    gw_text_add(&json, ",\"because\":");
    gw_json_quote(&json, because.at);
    gw_text_print(&json, ",\"score\":\"%d\"}", p->score);
    text = gw_arena_copy(e->arena, json.at, json.length);
    e->failed |= json.failed | because.failed | !text;
    gw_text_release(&because);
    gw_text_release(&json);
    return text;
}

/* ---- once a code ---- */

static int compare_codings(const struct gw_coding *a, const struct gw_coding *b)
{
    const int order = order_texts(a->code, b->code);

    return order_then(order, order_texts(a->system, b->system));
}

static int by_code(const void *x, const void *y)
{
    const struct datum *const a = *(struct datum *const *)x, *const b = *(struct datum *const *)y;
    const int order = compare_codings(a->code.source, b->code.source);

    return order_then(order, ORDER(a->index, b->index));
}

static void suggest(struct suggesting *s, struct datum *const *group, size_t count)
{
    struct proposal list[CANDIDATES + 1];
    const size_t found = find_candidates(s, &group[0]->observed->code, list);
    struct code_suggestion *slot;
    const struct proposal *best;

    for (size_t i = 0; i < found; i++)
        weigh_values(s, &list[i], group, count);
    best = best_of(list, found);
    if (!best)
        return;
    slot =
        GW_ARENA_PUSH(s->e->arena, s->e->code_suggestions, s->e->code_suggestion_count, s->e->code_suggestion_capacity);
    if (slot)
        *slot = (struct code_suggestion){group[0]->code.source, in_words(s->e, best)};
    else
        s->e->failed = true;
}

/* The waiting values sorted by code: suggestions come out in that order too. */
static void suggest_all(struct suggesting *s)
{
    struct engine *e = s->e;
    struct datum **list = gw_arena_alloc(e->arena, (e->data_count + 1) * sizeof *list);
    size_t count = 0;

    e->failed |= !list;
    for (size_t i = 0; list && i < e->data_count; i++) {
        struct datum *datum = &e->data[i];

        if (datum->measured && datum->value->measure.value_num)
            note_own(s, datum);
        if (datum->placed_count > 0 && datum->code.verdict == GW_CODE_UNKNOWN && datum->code.source)
            list[count++] = datum;
    }
    if (count > 1)
        qsort(list, count, sizeof *list, by_code);
    for (size_t start = 0, end; start < count && !e->failed; start = end) {
        for (end = start + 1; end < count && compare_codings(list[start]->code.source, list[end]->code.source) == 0;
             end++)
            continue;
        suggest(s, list + start, end - start);
    }
}

void engine_suggest_codes(struct engine *e)
{
    struct suggesting s = {.e = e};

    s.lab_count = gw_tables_labs(e->in->tables, &s.labs);
    s.own = gw_arena_alloc(e->arena, (s.lab_count + 1) * sizeof *s.own);
    e->failed |= !s.own;
    if (!e->failed)
        suggest_all(&s);
}

static int by_coding(const void *key, const void *element)
{
    return compare_codings(key, ((const struct code_suggestion *)element)->coding);
}

const char *engine_suggest_code(const struct engine *e, const struct datum *datum)
{
    const struct code_suggestion *found =
        datum->code.source && e->code_suggestion_count
            ? bsearch(datum->code.source, e->code_suggestions, e->code_suggestion_count, sizeof *e->code_suggestions,
                      by_coding)
            : NULL;

    return found ? found->text : "";
}
