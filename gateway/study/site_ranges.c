/*
 * Reference ranges of a hospital's laboratory, for results that come without one.
 *
 * A range is written in any unit that the concept's rows accept and kept in the canonical one. Accepted units belong to
 * the LOINC row; where the rows of one concept convert a unit differently the range has to be written in the canonical
 * unit.
 *
 * Source: mappings/RULES.md 8.
 */
#include <stdlib.h>
#include <string.h>

#include "study/site_parts.h"
#include "study/units.h"

const char *const range_keys[] = {"concept", "sex", "age", "low", "high", "unit", "note", NULL};

#define MAX_AGE 150

static bool same_factor(struct gw_arena *arena, const struct gw_unit_factor *a, const struct gw_unit_factor *b)
{
    return gw_ratio_compare(arena, &a->scale, &b->scale) == 0 && gw_ratio_compare(arena, &a->offset, &b->offset) == 0;
}

/* The one factor by which the concept's rows convert the unit; NULL with a finding. */
static const struct gw_unit_factor *find_factor(struct gw_settings *s, const cJSON *object, const struct lab_rows *labs,
                                                const char *concept, const char *unit)
{
    const struct gw_unit_factor *found = NULL;
    bool known = false, differ = false;

    for (size_t i = 0; i < labs->count; i++) {
        const struct gw_unit_factor *factor;

        if (strcmp(labs->rows[i].concept, concept) != 0)
            continue;
        known = true;
        factor = factor_of(&labs->rows[i], unit);
        if (factor && found && !same_factor(s->arena, factor, found))
            differ = true;
        if (factor)
            found = factor;
    }
    if (found && !differ)
        return found;
    if (!known)
        gw_settings_finding(s, gw_json_get(object, "concept"),
                            "no laboratory row has the concept \"%s\"; use one of "
                            "loinc-labs.csv",
                            concept);
    else
        gw_settings_finding(s, gw_json_get(object, "unit"),
                            "%s is not accepted in \"%s\", or in different meanings; write "
                            "the range in its canonical unit",
                            concept, unit);
    return NULL;
}

static bool read_limit(struct gw_settings *s, const cJSON *object, const char *key, const struct gw_unit_factor *factor,
                       struct gw_ratio *out, bool *has)
{
    struct gw_decimal value;

    *has = gw_settings_decimal(s, object, key, &value);
    if (!*has)
        return true;
    *out = gw_ratio_of(value);
    return unit_convert(s->arena, factor, out, out);
}

/* "age": [18, null], completed years. */
static void read_age(struct gw_settings *s, const cJSON *object, struct gw_site_range *range)
{
    const cJSON *age = gw_settings_array(s, object, "age", false);
    int bounds[2] = {-1, -1};
    int count = 0;

    range->age_low = range->age_high = -1;
    if (!age)
        return;
    GW_JSON_EACH (item, age) {
        long years = -1;
        char *past = NULL;

        if (cJSON_IsNumber(item))
            years = strtol(item->valuestring, &past, 10);
        if (count < 2 && (cJSON_IsNull(item) || (past && !*past && years >= 0 && years <= MAX_AGE)))
            bounds[count++] = (int)years;
        else
            count = 3;
    }
    if (count != 2 || (bounds[1] >= 0 && bounds[0] > bounds[1])) {
        gw_settings_finding(s, age, "\"age\" is no first and last year; write [18, null] or [18, 64]");
        return;
    }
    range->age_low = bounds[0];
    range->age_high = bounds[1];
}

static bool read_range(struct gw_settings *s, const cJSON *object, const struct lab_rows *labs,
                       struct gw_site_range *range)
{
    static const char *const sexes[] = {"male", "female", "other", "unknown"};
    const char *const unit = gw_settings_text(s, object, "unit", true);
    const struct gw_unit_factor *factor;
    int sex;

    range->concept = gw_settings_text(s, object, "concept", true);
    sex = gw_settings_choice(s, object, "sex", sexes, 4, -1);
    range->sex = sex < 0 ? NULL : sexes[sex];
    read_age(s, object, range);
    if (!range->concept || !unit || !(factor = find_factor(s, object, labs, range->concept, unit)))
        return false;
    if (!read_limit(s, object, "low", factor, &range->low, &range->has_low) ||
        !read_limit(s, object, "high", factor, &range->high, &range->has_high)) {
        gw_settings_finding(s, object, "a limit is out of range; correct it");
        return false;
    }
    if (!range->has_low && !range->has_high)
        gw_settings_finding(s, object, "the range has neither low nor high; write one");
    else if (range->has_low && range->has_high && gw_ratio_compare(s->arena, &range->low, &range->high) >= 0)
        gw_settings_finding(s, object, "the range ends before it begins; swap low and high");
    return true;
}

static bool share(int low_a, int high_a, int low_b, int high_b)
{
    return (high_b < 0 || low_a <= high_b) && (high_a < 0 || low_b <= high_a);
}

/* Two ranges that fit one person would make the answer depend on their order. */
static void check_overlaps(struct gw_settings *s, const cJSON *array, const struct gw_site *site)
{
    for (size_t i = 0; i < site->range_count; i++) {
        for (size_t j = i + 1; j < site->range_count; j++) {
            const struct gw_site_range *a = &site->ranges[i], *b = &site->ranges[j];

            if (strcmp(a->concept, b->concept) == 0 && (!a->sex || !b->sex || strcmp(a->sex, b->sex) == 0) &&
                share(a->age_low, a->age_high, b->age_low, b->age_high))
                gw_settings_finding(s, array, "two ranges of %s fit one sex and age; make them exclude each other",
                                    b->concept);
        }
    }
}

void site_read_ranges(struct gw_settings *s, const cJSON *root, const struct gw_tables *tables, struct gw_site *site)
{
    const cJSON *const array = gw_settings_array(s, root, "ranges", false);
    struct gw_site_range *rows = NULL, *kept;
    size_t capacity = 0;

    GW_JSON_EACH (object, array) {
        struct gw_site_range range = {.concept = NULL};

        if (!cJSON_IsObject(object)) {
            gw_settings_finding(s, object, "\"ranges\" holds something that is no object; write {...}");
            continue;
        }
        gw_settings_check_keys(s, object, range_keys);
        if (!read_range(s, object, &tables->labs, &range))
            continue;
        if (!(kept = GW_ARENA_PUSH(s->arena, rows, site->range_count, capacity))) {
            gw_settings_finding(s, NULL, "the profile does not fit the memory set for it");
            return;
        }
        *kept = range;
    }
    site->ranges = rows;
    check_overlaps(s, array, site);
}
