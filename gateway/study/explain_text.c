/*
 * The words of an explanation: days, counts, distances, resources, bounds.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "study/explain_parts.h"

#define MOST_TEXT 4096

static const char *kept_text(struct telling *t, const char *format, va_list arguments)
{
    char text[MOST_TEXT];
    const char *kept;

    vsnprintf(text, sizeof text, format, arguments);
    kept = gw_arena_copy(t->arena, text, strlen(text));
    t->failed |= !kept;
    return kept ? kept : "";
}

const char *tell_text(struct telling *t, const char *format, ...)
{
    va_list arguments;
    const char *text;

    va_start(arguments, format);
    text = kept_text(t, format, arguments);
    va_end(arguments);
    return text;
}

void tell(struct telling *t, const char *topic, const char *format, ...)
{
    struct gw_explanation *out = t->out;
    struct gw_sentence *sentence = GW_ARENA_PUSH(t->arena, out->sentences, out->sentence_count, out->sentence_capacity);
    va_list arguments;

    t->failed |= !sentence;
    if (!sentence)
        return;
    va_start(arguments, format);
    *sentence = (struct gw_sentence){topic, kept_text(t, format, arguments)};
    va_end(arguments);
}

const char *tell_or(const char *text, const char *other)
{
    return text ? text : other;
}

const char *tell_day(struct telling *t, gw_day day)
{
    char text[11] = "no day";

    if (day != GW_NO_DAY)
        gw_day_print(day, text);
    return tell_text(t, "%s", text);
}

const char *tell_moment(struct telling *t, int64_t utc_seconds)
{
    const struct gw_zone *zone = gw_site_zone(t->in->subject->site);
    const int64_t local = utc_seconds + gw_zone_offset_at(zone, utc_seconds);
    const int minutes = (int)(local / 60 % (24 * 60));

    return tell_text(t, "%s at %02d:%02d (%s)", tell_day(t, gw_zone_day_at(zone, utc_seconds)), minutes / 60,
                     minutes % 60, gw_zone_name(zone));
}

const char *tell_count(struct telling *t, size_t count, const char *one, const char *many)
{
    return tell_text(t, "%zu %s", count, count == 1 ? one : many);
}

const char *tell_with(struct telling *t, const char *list, const char *word)
{
    return *list ? tell_text(t, "%s, %s", list, word) : word;
}

const char *tell_distance(struct telling *t, int days)
{
    const int far = days < 0 ? -days : days;

    return days == 0 ? "on" : tell_text(t, "%d %s %s", far, far == 1 ? "day" : "days", days < 0 ? "before" : "after");
}

const char *tell_resource(struct telling *t, const struct gw_fact *fact)
{
    return tell_text(t, "%s/%s%s%s of %s", fact->type_name, tell_or(fact->id, "?"), fact->version_id ? " version " : "",
                     tell_or(fact->version_id, ""), tell_or(fact->endpoint, "no endpoint"));
}

/* ---- bounds of a grade ---- */

static const char *bound_text(struct telling *t, const struct gw_grade_row *row, const struct gw_bound *bound)
{
    const char *value = gw_decimal_print(t->arena, &bound->value);
    const char *limit = bound->kind == GW_BOUND_LLN ? "LLN" : "ULN";

    t->failed |= !value;
    if (!value)
        return "";
    if (bound->kind == GW_BOUND_VALUE)
        return tell_text(t, "%s %s", value, row->unit);
    return gw_decimal_sign(&bound->value) ? tell_text(t, "%s+%s", limit, value) : limit;
}

const char *tell_bounds(struct telling *t, const struct gw_grade_row *row)
{
    const char *low = "", *high = "";

    if (row->low.kind != GW_BOUND_NONE)
        low = tell_text(t, "%s %s", row->low.inclusive ? "from" : "above", bound_text(t, row, &row->low));
    if (row->high.kind != GW_BOUND_NONE)
        high = tell_text(t, "%s %s", row->high.inclusive ? "up to" : "below", bound_text(t, row, &row->high));
    return tell_text(t, "%s%s%s", low, *low && *high ? ", " : "", high);
}

/* ---- any row ---- */

/* The cells that say something: no key of every table, no stamp, none that is empty. */
const char *tell_cells(struct telling *t, const struct gw_table *table, const struct gw_row *row)
{
    enum { COMMON_COLUMNS = 5 };
    struct gw_text text = GW_TEXT_INIT(MOST_TEXT - 512);
    char buffer[12];
    const char *cells;

    for (size_t i = COMMON_COLUMNS; i < table->column_count; i++) {
        const char *value = table->columns[i].stamp ? NULL : gw_row_cell(table, row, i, buffer);

        if (value && *value)
            gw_text_print(&text, "%s%s %s", text.length ? ", " : "", table->columns[i].name, value);
    }
    cells = text.failed ? "more than can be told here" : tell_text(t, "%s", text.at);
    gw_text_release(&text);
    return cells;
}
