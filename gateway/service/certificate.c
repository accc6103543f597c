/*
 * What the readings of a subject prove of its windows.
 */
#include "gateway/service/certificate.h"

#include <stdlib.h>
#include <string.h>

struct building {
    struct gw_arena *arena;
    const struct gw_schedule_policy *policy;
    const struct gw_schedule_subject *subject;
    const struct gw_readings *readings;
    const char **types; /* by name */
    size_t type_count, type_capacity;
    struct gw_certificate out;
    size_t capacity;
    struct gw_error *err;
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "service.certificate", "a certificate needs more memory than allowed");
}

const char *gw_certified_name(enum gw_certified certified)
{
    static const char *const names[] = {"settled", "read", "open", "gap"};

    return names[certified];
}

/* ---- types ---- */

static size_t type_length(const char *query)
{
    return strcspn(query, "? ");
}

static bool is_of(const struct gw_reading *reading, const char *type)
{
    return type_length(reading->query) == strlen(type) && strncmp(reading->query, type, strlen(type)) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum gw_status list_types(struct building *b)
{
    for (size_t i = 0; i < b->readings->count; i++) {
        const char *query = b->readings->list[i].query, **slot;
        size_t t = 0;

        while (t < b->type_count && !is_of(&b->readings->list[i], b->types[t]))
            t++;
        if (t < b->type_count)
            continue;
        slot = GW_ARENA_PUSH(b->arena, b->types, b->type_count, b->type_capacity);
        if (!slot || !(*slot = gw_arena_copy(b->arena, query, type_length(query))))
            return no_memory(b->err);
    }
    if (b->type_count > 1)
        qsort(b->types, b->type_count, sizeof(*b->types), by_name);
    return GW_OK;
}

/* ---- one window and type ---- */

/* A part of the span counts where it holds the window; the whole, where it has days of it. */
static bool counts(const struct gw_reading *reading, const struct gw_schedule_window *window)
{
    if (reading->low == GW_NO_DAY)
        return true;
    if (reading->part)
        return reading->low <= window->low && reading->high >= window->high;
    return reading->low <= window->high && reading->high >= window->low;
}

/* The latest of the readings of this search, which are neighbours: the whole, then the part. */
static bool is_later_part(const struct gw_readings *readings, size_t i, const struct gw_schedule_window *window)
{
    const struct gw_reading *next = i + 1 < readings->count ? &readings->list[i + 1] : NULL;

    return next && next->part && !readings->list[i].part && strcmp(next->query, readings->list[i].query) == 0 &&
           counts(next, window) && next->as_of >= readings->list[i].as_of;
}

static void add_reading(struct gw_certificate_line *line, const struct gw_reading *reading, bool first)
{
    line->as_of = first || reading->as_of < line->as_of ? reading->as_of : line->as_of;
    line->pages += reading->pages;
    line->entries += reading->entries;
    line->total = line->total < 0 || reading->total < 0 ? -1 : line->total + reading->total;
    if (!line->gap)
        line->gap = reading->gap ? reading->gap : reading->as_of == GW_NEVER ? "never read" : NULL;
}

static enum gw_certified certify(const struct building *b, const struct gw_certificate_line *line)
{
    const struct gw_zone *zone = b->subject->zone;
    gw_day read;

    if (line->gap)
        return GW_CERTIFIED_GAP;
    read = gw_zone_day_at(zone, line->as_of);
    if (read <= line->window->high)
        return GW_CERTIFIED_OPEN;
    return read > line->window->high + b->policy->settle_days ? GW_CERTIFIED_SETTLED : GW_CERTIFIED_READ;
}

static enum gw_status add_line(struct building *b, const struct gw_schedule_window *window, const char *type)
{
    struct gw_certificate_line line = {.window = window, .type = type, .as_of = GW_NEVER}, *slot;
    size_t found = 0;

    for (size_t i = 0; i < b->readings->count; i++) {
        const struct gw_reading *reading = &b->readings->list[i];

        if (is_of(reading, type) && counts(reading, window) && !is_later_part(b->readings, i, window))
            add_reading(&line, reading, found++ == 0);
    }
    if (found == 0)
        return GW_OK;
    line.certified = certify(b, &line);
    slot = GW_ARENA_PUSH(b->arena, b->out.list, b->out.count, b->capacity);
    if (!slot)
        return no_memory(b->err);
    *slot = line;
    return GW_OK;
}

/* ---- all of them ---- */

static gw_day last_read(const struct building *b)
{
    int64_t latest = GW_NEVER;

    for (size_t i = 0; i < b->readings->count; i++)
        if (b->readings->list[i].as_of > latest)
            latest = b->readings->list[i].as_of;
    return latest == GW_NEVER ? GW_NO_DAY : gw_zone_day_at(b->subject->zone, latest);
}

enum gw_status gw_certificate_build(struct gw_arena *arena, const struct gw_schedule_policy *policy,
                                    const struct gw_schedule_subject *subject, const struct gw_readings *readings,
                                    struct gw_certificate *out, struct gw_error *err)
{
    struct building b = {.arena = arena, .policy = policy, .subject = subject, .readings = readings, .err = err};
    const gw_day read = last_read(&b);
    enum gw_status rc = list_types(&b);

    for (size_t w = 0; rc == GW_OK && read != GW_NO_DAY && w < subject->window_count; w++)
        for (size_t t = 0; rc == GW_OK && subject->windows[w].low <= read && t < b.type_count; t++)
            rc = add_line(&b, &subject->windows[w], b.types[t]);
    *out = b.out;
    return rc;
}
