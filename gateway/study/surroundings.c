/*
 * What a person wants to see beside an item: the nearest values of the same test in collected windows, the concept that
 * its code was mapped to, and what of the study drug was taken on its day. Put into its context once all is derived.
 *
 * Nothing that lies outside the windows is shown. Source: mappings/RULES.md 15.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"
#include "study/exposure.h"

#define MAX_ADDED_BYTES 2048

enum { NEAR_DAYS = 30, MOST_NEIGHBOURS = 6 };

/* ---- values of one test, in order of days ---- */

struct tests {
    const struct datum **list; /* of one name together */
    size_t count;
};

/* A concept, else the code it came with; "" for neither. */
static const char *name_of(const struct datum *datum)
{
    const struct gw_coding *coding = datum->code.source;

    if (datum->code.lab)
    return datum->code.lab->concept;
    if (!coding && datum->observed->code.count > 0)
        coding = &datum->observed->code.codings[0];
    return coding && coding->code ? coding->code : "";
}

static int by_name_then_day(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct datum *a = *(const struct datum *const *)x, *b = *(const struct datum *const *)y;
    int order = strcmp(name_of(a), name_of(b));

    if (order == 0)
        order = gw_when_compare(&a->when, &b->when);
    if (order == 0)
        order = strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
    return order ? order : a->part - b->part;
}

/* A number that a collected window took, or would have but for the item on it. */
static bool is_shown(struct engine *e, const struct datum *datum)
{
    return datum->dated && *name_of(datum) && datum->observed->kind == GW_VALUE_QUANTITY &&
           datum->observed->quantity.value &&
           (datum->placed_count > 0 || engine_part(e, datum->fact, datum->part)->held);
}

static struct tests sort_tests(struct engine *e)
{
    struct tests tests = {.list = gw_arena_alloc(e->arena, (e->data_count + 1) * sizeof *tests.list)};

    e->failed |= !tests.list;
    for (size_t i = 0; i < e->data_count && !e->failed; i++)
        if (is_shown(e, &e->data[i]))
            tests.list[tests.count++] = &e->data[i];
    if (tests.count > 1)
        qsort_r(tests.list, tests.count, sizeof *tests.list, by_name_then_day, e);
    return tests;
}

/* ---- what is told ---- */

static void tell_value(struct gw_text *text, const struct datum *datum)
{
    const struct gw_quantity *q = &datum->observed->quantity;
    const char *unit = q->unit ? q->unit : q->code;
    char day[11];

    gw_day_print(datum->when.first, day);
    gw_text_print(text, "%s%s %s%s%s%s", text->length ? "; " : "", day, q->comparator ? q->comparator : "", q->value,
                  unit ? " " : "", unit ? unit : "");
}

static bool is_near(const struct datum *a, const struct datum *b)
{
    return strcmp(name_of(a), name_of(b)) == 0 && abs(a->when.first - b->when.first) <= NEAR_DAYS;
}

/* The place of the first that is not before it. */
static size_t place_of(struct engine *e, const struct tests *tests, const struct datum *datum)
{
    size_t low = 0, high = tests->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (by_name_then_day(&tests->list[middle], &datum, e) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The closest before it and after it, in order of days. */
static void tell_neighbours(struct engine *e, const struct tests *tests, const struct datum *datum,
                            struct gw_text *text)
{
    const size_t place = place_of(e, tests, datum);
    const size_t behind = place < tests->count && tests->list[place] == datum ? place + 1 : place;
    size_t first = place, last = behind;

    while (first > 0 && place - first < MOST_NEIGHBOURS / 2 && is_near(tests->list[first - 1], datum))
        first--;
    while (last < tests->count && last - behind < MOST_NEIGHBOURS / 2 && is_near(tests->list[last], datum))
        last++;
    for (size_t i = first; i < last; i++)
        if (i < place || i >= behind)
            tell_value(text, tests->list[i]);
}

static void tell_exposure(struct engine *e, gw_day day, struct gw_text *text)
{
    const char *drug = exposure_drug(e);
    const struct exposure *taken = drug ? exposure_on(e, drug, day) : NULL;
    const struct cycle *cycle = cycle_on(e, day);
    char since[11];

    if (!taken)
        return;
    gw_day_print(taken->first, since);
    if (taken->dose_text)
        gw_text_print(text, "%s %s ", taken->dose_text, taken->unit);
    gw_text_print(text, "%s since %s", drug, since);
    if (cycle)
        gw_text_print(text, ", cycle %d day %d", cycle->number, day - cycle->start + 1);
}

/* ---- into the context ---- */

/* Values stand in order of fact and part, then those worked out of others. NULL: the item is about none. */
static const struct datum *datum_of(const struct engine *e, size_t observed, const struct gw_item *item)
{
    size_t low = 0, high = observed;

    while (item->has_fact && low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct datum *at = &e->data[middle];

        if (at->fact == item->fact && at->part == item->part)
            return at;
        if (at->fact < item->fact || (at->fact == item->fact && at->part < item->part))
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void add_member(struct gw_text *json, const char *name, const char *text)
{
    if (!*text)
        return;
    gw_text_print(json, ",\"%s\":", name);
    gw_json_quote(json, text);
}

static void extend(struct engine *e, const struct tests *tests, const struct datum *datum, struct gw_item *item)
{
    struct gw_text json = GW_TEXT_INIT(2 * MAX_ADDED_BYTES), values = GW_TEXT_INIT(MAX_ADDED_BYTES),
                   exposure = GW_TEXT_INIT(MAX_ADDED_BYTES);
    const size_t length = strlen(item->context);
    const char *context = item->context;

    if (datum && datum->dated)
        tell_neighbours(e, tests, datum, &values);
    if (item->day != GW_NO_DAY)
        tell_exposure(e, item->day, &exposure);
    if (datum && datum->code.lab)
        add_member(&json, "concept", datum->code.lab->concept);
    add_member(&json, "neighbours", values.at);
    add_member(&json, "exposure", exposure.at);
    if (json.length > 0 && !json.failed)
        context = gw_arena_print(e->arena, "%.*s%s}", (int)length - 1, item->context,
                                 json.at + (strcmp(item->context, "{}") == 0));
    e->failed |= !context;
    item->context = context ? context : item->context;
    gw_text_release(&json);
    gw_text_release(&values);
    gw_text_release(&exposure);
}

void surround_items(struct engine *e)
{
    const struct tests tests = e->item_count > 0 && !e->failed ? sort_tests(e) : (struct tests){.count = 0};

    size_t observed = e->data_count;

    while (observed > 0 && e->data[observed - 1].made)
        observed--;
    for (size_t i = 0; i < e->item_count && !e->failed; i++)
        extend(e, &tests, datum_of(e, observed, &e->items[i]), &e->items[i]);
}
