/*
 * What is remembered of each search about a subject: a line of a note each, fields between tabs.
 *
 *      Observation?category=laboratory 2024-01-01 2027-04-01 whole 2024-03-05T00:00:01Z 3 212 212 -
 *      query, days ("-": no bounds), whole or part, as of ("-": never), pages, entries, total ("-1"), gap ("-": none)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/readings.h"

#include "service/agenda.h"

enum { FIELDS = 9, NAME_BYTES = 128, DAY_BYTES = 16, NUMBER = 10 };

static const char space[] = READINGS_SPACE;

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "service.certificate", "a certificate needs more memory than allowed");
}

/* ---- one search ---- */

static const char *gap_of(struct gw_arena *arena, const struct gw_error *failure)
{
    const char *copy = failure ? gw_arena_copy(arena, failure->text, strlen(failure->text)) : NULL;

    return failure && !copy ? "failed" : copy;
}

struct gw_reading *reading_add(struct gw_arena *arena, struct gw_readings *into, size_t *capacity,
                               const struct gw_request *request, const struct gw_pull_result *result,
                               const struct gw_error *failure, int64_t began)
{
    const struct gw_cursor *cursor = &request->cursor;
    struct gw_reading *reading;

    if (failure && failure->status == GW_ECANCELED)
        return NULL;
    reading = GW_ARENA_PUSH(arena, into->list, into->count, *capacity);
    if (!reading)
        return NULL;
    *reading = (struct gw_reading){.query = gw_request_name(request),
                                   .low = GW_NO_DAY,
                                   .high = GW_NO_DAY,
                                   .changes = request->search.last_updated != NULL,
                                   .as_of = began,
                                   .pages = (int64_t)result->pages,
                                   .entries = (int64_t)result->entries,
                                   .total = -1,
                                   .gap = gap_of(arena, failure)};
    if (!gw_day_parse(cursor->low, &reading->low) || !gw_day_parse(cursor->high, &reading->high))
        reading->low = reading->high = GW_NO_DAY;
    return reading;
}

/* ---- merging ---- */

static int by_query(const void *a, const void *b)
{
    const struct gw_reading *x = a, *y = b;
    const int order = strcmp(x->query, y->query);

    return order ? order : x->part - y->part;
}

static struct gw_reading *find(struct gw_readings *in, const struct gw_reading *like)
{
    for (size_t i = 0; i < in->count; i++)
        if (by_query(&in->list[i], like) == 0)
            return &in->list[i];
    return NULL;
}

/* A whole reading makes its part of no account. */
static void drop_part(struct gw_readings *in, const struct gw_reading *whole)
{
    const struct gw_reading part = {.query = whole->query, .part = true};
    struct gw_reading *found = whole->part ? NULL : find(in, &part);

    if (found)
        *found = in->list[--in->count];
}

static void succeed(struct gw_reading *known, const struct gw_reading *now)
{
    const struct gw_reading before = *known;

    *known = *now;
    known->changes = false;
    if (!now->changes || before.as_of == GW_NEVER)
        return;
    known->pages += before.pages;
    known->entries += before.entries;
    known->total = before.total; /* of changes alone it tells nothing */
}

static struct gw_reading *add(struct gw_readings *in, const struct gw_reading *like)
{
    struct gw_reading *added = &in->list[in->count++];

    *added = *like;
    added->as_of = GW_NEVER;
    added->pages = added->entries = 0;
    added->total = -1;
    return added;
}

/* A gap is the search's, whichever days it was asked for; so is the success that ends it. */
static void merge_one(struct gw_readings *in, const struct gw_reading *now)
{
    struct gw_reading *whole = find(in, &(struct gw_reading){.query = now->query}), *known = find(in, now);

    if (now->gap) {
        known = whole ? whole : known ? known : add(in, now);
        known->gap = now->gap;
        return;
    }
    if (whole)
        whole->gap = NULL;
    succeed(known ? known : add(in, now), now);
    drop_part(in, now);
}

static enum gw_status merge(struct gw_arena *arena, const struct gw_readings *before, const struct gw_readings *more,
                            struct gw_readings *out, struct gw_error *err)
{
    struct gw_readings merged = {.count = before->count};

    merged.list = gw_arena_alloc(arena, (before->count + more->count + 1) * sizeof *merged.list);
    if (!merged.list)
        return no_memory(err);
    if (before->count)
        memcpy(merged.list, before->list, before->count * sizeof *merged.list);
    for (size_t i = 0; i < more->count; i++)
        merge_one(&merged, &more->list[i]);
    if (merged.count > 1)
        qsort(merged.list, merged.count, sizeof *merged.list, by_query);
    *out = merged;
    return GW_OK;
}

/* ---- texts ---- */

static const char *print_day(gw_day day, char out[DAY_BYTES])
{
    strcpy(out, "-");
    if (day != GW_NO_DAY)
        gw_day_print(day, out);
    return out;
}

static void print_reading(struct gw_text *text, const struct gw_reading *r)
{
    char low[DAY_BYTES], high[DAY_BYTES], as_of[GW_INSTANT_BYTES] = "-";

    if (r->as_of != GW_NEVER)
        gw_instant_print(r->as_of, as_of);
    gw_text_print(text, "%s\t%s\t%s\t%s\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t", r->query, print_day(r->low, low),
                  print_day(r->high, high), r->part ? "part" : "whole", as_of, r->pages, r->entries, r->total);
    for (const char *at = r->gap ? r->gap : "-"; *at; at++)
        gw_text_append(text, (unsigned char)*at < 0x20 ? " " : at, 1);
    gw_text_append(text, "\n", 1);
}

static bool read_day(const char *field, gw_day *out)
{
    *out = GW_NO_DAY;
    return strcmp(field, "-") == 0 || gw_day_parse(field, out);
}

static bool read_reading(char *fields[FIELDS], struct gw_reading *out)
{
    int64_t nanoseconds = 0;
    const bool never = strcmp(fields[4], "-") == 0;

    *out = (struct gw_reading){.query = fields[0],
                               .part = strcmp(fields[3], "part") == 0,
                               .pages = strtoll(fields[5], NULL, NUMBER),
                               .entries = strtoll(fields[6], NULL, NUMBER),
                               .total = strtoll(fields[7], NULL, NUMBER),
                               .gap = strcmp(fields[8], "-") == 0 ? NULL : fields[8]};
    if (!read_day(fields[1], &out->low) || !read_day(fields[2], &out->high) ||
        (!never && !gw_instant_read(fields[4], &nanoseconds)))
        return false;
    out->as_of = never ? GW_NEVER : nanoseconds / 1000000000;
    return true;
}

/* A line that cannot be read is left out: what it stood for is read again, and noted then. */
static enum gw_status read_note(struct gw_arena *arena, const char *text, struct gw_readings *out, size_t *capacity,
                                struct gw_error *err)
{
    char *copy = gw_arena_copy(arena, text, strlen(text)), *line;

    if (!copy)
        return no_memory(err);
    while ((line = strsep(&copy, "\n"))) {
        char *fields[FIELDS], *field;
        struct gw_reading reading, *slot;
        size_t count = 0;

        while (count < FIELDS && (field = strsep(&line, "\t")))
            fields[count++] = field;
        if (count != FIELDS || !read_reading(fields, &reading))
            continue;
        slot = GW_ARENA_PUSH(arena, out->list, out->count, *capacity);
        if (!slot)
            return no_memory(err);
        *slot = reading;
    }
    return GW_OK;
}

/* ---- notes ---- */

enum gw_status gw_readings_keep(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, const char *endpoint,
                                const struct gw_readings *more, struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);
    struct gw_readings before = {0}, merged = {0};
    char name[NAME_BYTES];
    const char *note = NULL;
    size_t capacity = 0;
    enum gw_status rc;

    snprintf(name, sizeof name, "%" PRId64 " %s", subject, endpoint);
    rc = gw_ledger_note(ledger, arena, space, name, &note, err);
    if (rc == GW_OK)
        rc = read_note(arena, note ? note : "", &before, &capacity, err);
    if (rc == GW_OK)
        rc = merge(arena, &before, more, &merged, err);
    for (size_t i = 0; i < merged.count; i++)
        print_reading(&text, &merged.list[i]);
    if (rc == GW_OK && text.failed)
        rc = no_memory(err);
    if (rc == GW_OK)
        rc = gw_ledger_note_put(ledger, space, name, text.at, err);
    gw_text_release(&text);
    return rc;
}

enum gw_status gw_readings_of(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                              struct gw_readings *out, struct gw_error *err)
{
    struct gw_ledger_notes notes = {0};
    char name[NAME_BYTES];
    size_t capacity = 0;
    enum gw_status rc;

    snprintf(name, sizeof name, "%" PRId64 " ", subject);
    *out = (struct gw_readings){0};
    rc = gw_ledger_notes_under(ledger, arena, space, name, &notes, err);
    for (size_t i = 0; rc == GW_OK && i < notes.count; i++)
        rc = read_note(arena, notes.list[i].text, out, &capacity, err);
    return rc;
}

enum gw_status gw_certificate_of(struct gw_ledger *ledger, struct gw_arena *arena,
                                 const struct gw_schedule_policy *policy, const struct gw_zone *zone, int64_t subject,
                                 struct gw_certificate *out, struct gw_error *err)
{
    struct gw_schedule_subject *known = gw_arena_alloc(arena, sizeof *known);
    struct gw_readings readings = {0};
    enum gw_status rc = known ? agenda_windows(ledger, arena, subject, known, err) : no_memory(err);

    if (rc == GW_OK)
        rc = gw_readings_of(ledger, arena, subject, &readings, err);
    if (rc != GW_OK)
        return rc;
    known->zone = zone;
    return gw_certificate_build(arena, policy, known, &readings, out, err);
}
