/*
 * Dosage: how much, how fast, by which route, and when.
 *
 * A list with doses that differ gives no dose: which of them holds is not for a reader to choose. The schedule is read
 * as it is written; what it comes to is decided where the drug is known.
 */
#include "fhir/dosage.h"

#include <string.h>

#include "gateway/core/text.h"

/* ---- how much ---- */

/* "mL" over "h" is "mL/h"; over 8 "h" it is UCUM's "mL/(8.h)". */
static const char *unit_over(struct reader *reader, const char *above, const char *number, const char *below)
{
    if (!above || !below)
        return NULL;
    if (!number || gw_same(number, "1"))
        return reader_keep(reader, gw_arena_print(reader->arena, "%s/%s", above, below));
    return reader_keep(reader, gw_arena_print(reader->arena, "%s/(%s.%s)", above, number, below));
}

static const struct element ratio_elements[] = {
    OBJECT("numerator", struct gw_quantity_ratio, numerator, &quantity_shape),
    OBJECT("denominator", struct gw_quantity_ratio, denominator, &quantity_shape),
};
const struct shape ratio_shape = SHAPE(ratio_elements, struct gw_quantity_ratio);

/* A rate per some other number of units than a whole one has no UCUM form: it stays unread, as a range does. */
static void read_ratio(struct reader *reader, const cJSON *item, struct gw_quantity *out)
{
    struct gw_quantity_ratio ratio = {0};

    shape_read(reader, &ratio_shape, item, &ratio);
    if (ratio.denominator.value && strspn(ratio.denominator.value, "0123456789") != strlen(ratio.denominator.value))
        return;
    *out = ratio.numerator;
    out->code = unit_over(reader, ratio.numerator.code, ratio.denominator.value, ratio.denominator.code);
    out->unit = unit_over(reader, ratio.numerator.unit, ratio.denominator.value, ratio.denominator.unit);
}

void as_amount(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const char *suffix = choice_suffix(element, item);

    if (!json_is(item, cJSON_Object))
        reader_refuse(reader, item, "an object is wanted");
    else if (gw_same(suffix, "Quantity"))
        shape_read(reader, &quantity_shape, item, field_of(element, base));
    else if (gw_same(suffix, "Ratio"))
        read_ratio(reader, item, field_of(element, base));
}

/* Of several amounts the first, unless a later one says something else: then none. */
static void keep_amount(struct gw_quantity *kept, const struct gw_quantity *other, bool *differ)
{
    if (!other->value)
        return;
    if (!kept->value)
        *kept = *other;
    else if (!gw_same(kept->value, other->value) || !gw_same(kept->code, other->code) ||
             !gw_same(kept->unit, other->unit))
        *differ = true;
}

void dosages_merge(const struct gw_dosage *dosages, size_t count, struct gw_dosage *out)
{
    bool doses_differ = false;
    bool rates_differ = false;

    for (size_t i = 0; i < count; i++) {
        if (out->route.count == 0 && !out->route.text)
            out->route = dosages[i].route;
        keep_amount(&out->dose, &dosages[i].dose, &doses_differ);
        keep_amount(&out->rate, &dosages[i].rate, &rates_differ);
    }
    if (doses_differ)
        out->dose = (struct gw_quantity){0};
    if (rates_differ)
        out->rate = (struct gw_quantity){0};
}

static const struct element dose_and_rate_elements[] = {
    ELEMENT("dose[x]", struct gw_dosage, dose, as_amount),
    ELEMENT("rate[x]", struct gw_dosage, rate, as_amount),
};
static const struct shape dose_and_rate_shape = SHAPE(dose_and_rate_elements, struct gw_dosage);

struct doses {
    const struct gw_dosage *all;
    size_t count;
};

static void read_dose_and_rate(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const struct element list = LIST("doseAndRate", struct doses, all, count, &dose_and_rate_shape);
    struct doses found = {0};

    (void)element;
    as_list(reader, &list, item, &found);
    dosages_merge(found.all, found.count, base);
}

/* ---- when ---- */

#define SCHEDULE(name, field, reader)       ELEMENT(name, struct gw_schedule, field, reader)
#define SCHEDULE_OBJECT(name, field, shape) OBJECT(name, struct gw_schedule, field, shape)

struct range { /* its low end bounds nothing: what is planned may go on after it */
    struct gw_quantity high;
};

static const struct element bounds_range_elements[] = {OBJECT("high", struct range, high, &quantity_shape)};
static const struct shape bounds_range_shape = SHAPE(bounds_range_elements, struct range);

static void read_range(struct reader *reader, const cJSON *item, struct gw_quantity *out)
{
    struct range range = {0};

    shape_read(reader, &bounds_range_shape, item, &range);
    *out = range.high;
}

static void read_bounds(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    struct gw_schedule *schedule = base;
    const char *suffix = choice_suffix(element, item);

    if (!json_is(item, cJSON_Object))
        reader_refuse(reader, item, "an object is wanted");
    else if (gw_same(suffix, "Period"))
        shape_read(reader, &period_shape, item, &schedule->bounds);
    else if (gw_same(suffix, "Duration"))
        shape_read(reader, &quantity_shape, item, &schedule->duration);
    else if (gw_same(suffix, "Range"))
        read_range(reader, item, &schedule->duration);
}

static const struct element repeat_elements[] = {
    {"bounds[x]", 0, 0, read_bounds, NULL},
    SCHEDULE("count", count, as_number),
    SCHEDULE("countMax", count_max, as_number),
    SCHEDULE("frequency", frequency, as_number),
    SCHEDULE("frequencyMax", frequency_max, as_number),
    SCHEDULE("period", period, as_number),
    SCHEDULE("periodMax", period_max, as_number),
    SCHEDULE("periodUnit", period_unit, as_string),
    STRINGS("dayOfWeek", struct gw_schedule, days_of_week, day_count),
    STRINGS("timeOfDay", struct gw_schedule, times_of_day, time_count),
    STRINGS("when", struct gw_schedule, when, when_count),
};
static const struct shape repeat_shape = SHAPE(repeat_elements, struct gw_schedule);

static const struct element timing_elements[] = {
    STRINGS("event", struct gw_schedule, events, event_count),
    INLINE("repeat", &repeat_shape),
    SCHEDULE_OBJECT("code", code, &concept_shape),
};
static const struct shape timing_shape = SHAPE(timing_elements, struct gw_schedule);

/* R4 asNeededBoolean, or the concept it is needed for; R5 a list of these, asNeededFor. */
static void read_as_needed(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const char *suffix = choice_suffix(element, item);
    bool *as_needed = field_of(element, base);

    if (gw_same(suffix, "Boolean"))
        as_bool(reader, element, item, base);
    else if (gw_same(suffix, "For") ? !json_is(item, cJSON_Array) : !json_is(item, cJSON_Object))
        reader_refuse(reader, item, gw_same(suffix, "For") ? "an array is wanted" : "an object is wanted");
    else if (item->child)
        *as_needed = true;
}

static const struct element dosage_elements[] = {
    ELEMENT("sequence", struct gw_dosage, sequence, as_number),
    OBJECT("timing", struct gw_dosage, schedule, &timing_shape),
    ELEMENT("asNeeded[x]", struct gw_dosage, schedule.as_needed, read_as_needed),
    ELEMENT("asNeeded", struct gw_dosage, schedule.as_needed, as_bool), /* R5 */
    OBJECT("route", struct gw_dosage, route, &concept_shape),
    {"doseAndRate", 0, 0, read_dose_and_rate, NULL},
};
const struct shape dosage_shape = SHAPE(dosage_elements, struct gw_dosage);
