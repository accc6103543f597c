/*
 * Notes of the schedule, as texts.
 */
#include "service/agenda.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 128, NOTE_BYTES = 512, FIELD_BYTES = 64, DONE_FIELDS = 8, WINDOW_FIELDS = 6 };

static const char windows_space[] = AGENDA_WINDOWS_SPACE;
static const char schedule_space[] = AGENDA_SCHEDULE_SPACE;
static const char linked_space[] = AGENDA_LINKED_SPACE;

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "service.agenda", "the windows of a subject need more memory than allowed");
}

/* ---- fields ---- */

static const char *print_day(gw_day day, char out[FIELD_BYTES])
{
    strcpy(out, "-");
    if (day != GW_NO_DAY)
        gw_day_print(day, out);
    return out;
}

static const char *print_instant(int64_t instant, char out[FIELD_BYTES])
{
    strcpy(out, "-");
    if (instant != GW_NEVER)
        gw_instant_print(instant, out);
    return out;
}

static bool read_day(const char *field, gw_day *out)
{
    *out = GW_NO_DAY;
    return strcmp(field, "-") == 0 || gw_day_parse(field, out);
}

static bool read_instant(const char *field, int64_t *out)
{
    int64_t nanoseconds = 0;
    const bool none = strcmp(field, "-") == 0;

    if (!none && !gw_instant_read(field, &nanoseconds))
        return false;
    *out = none ? GW_NEVER : nanoseconds / 1000000000;
    return true;
}

/* The next words of a line, each short; how many there are. The text moves behind the line. */
static size_t read_fields(const char **text, char fields[][FIELD_BYTES], size_t max)
{
    const char *at = *text;
    size_t count = 0;

    while (*at && *at != '\n') {
        const size_t length = strcspn(at, " \n");

        if (count == max || length == 0 || length >= FIELD_BYTES)
            return 0;
        memcpy(fields[count], at, length);
        fields[count++][length] = '\0';
        at += length;
        at += *at == ' ';
    }
    *text = *at ? at + 1 : at;
    return count;
}

/* ---- windows ---- */

static const char *contact_of(const struct gw_derived *derived, const struct gw_window *window)
{
    const struct gw_row_list *rows = &derived->rows.tables[GW_TABLE_windows];

    for (size_t i = 0; i < rows->count; i++) {
        const struct gw_row_windows *row = (const struct gw_row_windows *)rows->rows[i];

        if (gw_same(row->window_id, window->id))
            return row->contact_date ? row->contact_date : "-";
    }
    return "-";
}

static void print_windows(const struct gw_derived *derived, struct gw_text *out)
{
    const struct gw_windows *windows = &derived->windows;
    char low[FIELD_BYTES], high[FIELD_BYTES], target[FIELD_BYTES];

    if (windows->span_low == GW_NO_DAY)
        return;
    gw_text_print(out, "%s %s\n", print_day(windows->span_low, low), print_day(windows->span_high, high));
    for (size_t i = 0; i < windows->count; i++) {
        const struct gw_window *window = &windows->list[i];

        if (window->low <= window->high)
            gw_text_print(out, "%s %s %s %c %s %s\n", print_day(window->low, low), print_day(window->high, high),
                          print_day(window->target, target), window->rule->contact ? 'c' : '-',
                          contact_of(derived, window), window->id);
    }
}

enum gw_status agenda_keep_windows(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                                   const struct gw_derived *derived, struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);
    char name[NAME_BYTES];
    const char *before = NULL;
    enum gw_status rc;

    snprintf(name, sizeof name, "%" PRId64, subject);
    print_windows(derived, &text);
    rc = text.failed ? no_memory(err) : gw_ledger_note(ledger, arena, windows_space, name, &before, err);
    if (rc == GW_OK && !gw_same(before, text.at))
        rc = gw_ledger_note_put(ledger, windows_space, name, text.at, err);
    gw_text_release(&text);
    return rc;
}

static bool read_window(struct gw_arena *arena, const char **text, struct gw_schedule_window *out)
{
    char fields[WINDOW_FIELDS][FIELD_BYTES];

    if (read_fields(text, fields, WINDOW_FIELDS) != WINDOW_FIELDS)
        return false;
    out->contact_needed = strcmp(fields[3], "c") == 0;
    out->id = gw_arena_copy(arena, fields[5], strlen(fields[5]));
    return out->id && read_day(fields[0], &out->low) && read_day(fields[1], &out->high) &&
           read_day(fields[2], &out->target) && read_day(fields[4], &out->contact) && out->low != GW_NO_DAY &&
           out->high != GW_NO_DAY && out->target != GW_NO_DAY;
}

static enum gw_status read_windows(struct gw_arena *arena, const char *text, struct gw_schedule_subject *out,
                                   struct gw_error *err)
{
    char span[2][FIELD_BYTES];
    struct gw_schedule_window *list = NULL, *window;
    size_t count = 0, capacity = 0;

    if (read_fields(&text, span, 2) != 2 || !read_day(span[0], &out->low) || !read_day(span[1], &out->high) ||
        out->low == GW_NO_DAY || out->high == GW_NO_DAY)
        out->low = out->high = GW_NO_DAY;
    while (out->low != GW_NO_DAY && *text) {
        window = GW_ARENA_PUSH(arena, list, count, capacity);
        if (!window)
            return no_memory(err);
        if (!read_window(arena, &text, window))
            out->low = out->high = GW_NO_DAY;
    }
    out->windows = list;
    out->window_count = out->low == GW_NO_DAY ? 0 : count;
    return GW_OK;
}

enum gw_status agenda_windows(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                              struct gw_schedule_subject *out, struct gw_error *err)
{
    char name[NAME_BYTES];
    const char *text = NULL;
    enum gw_status rc;

    snprintf(name, sizeof name, "%" PRId64, subject);
    rc = gw_ledger_note(ledger, arena, windows_space, name, &text, err);
    return rc == GW_OK ? read_windows(arena, text ? text : "", out, err) : rc;
}

enum gw_status agenda_has_windows(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, bool *out,
                                  struct gw_error *err)
{
    char name[NAME_BYTES];
    const char *text = NULL;
    enum gw_status rc;

    snprintf(name, sizeof name, "%" PRId64, subject);
    rc = gw_ledger_note(ledger, arena, windows_space, name, &text, err);
    *out = text != NULL;
    return rc;
}

/* ---- linked patients ---- */

enum gw_status agenda_keep_linked(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                                  const struct gw_derived *derived, struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);
    char name[NAME_BYTES];
    const char *before = NULL;
    enum gw_status rc;

    snprintf(name, sizeof name, "%" PRId64, subject);
    for (size_t i = 0; i < derived->linked_count; i++)
        gw_text_print(&text, "%s %s\n", derived->linked[i].endpoint, derived->linked[i].patient);
    rc = text.failed ? no_memory(err) : gw_ledger_note(ledger, arena, linked_space, name, &before, err);
    if (rc == GW_OK && !gw_same(before ? before : "", text.at))
        rc = gw_ledger_note_put(ledger, linked_space, name, text.length ? text.at : NULL, err);
    gw_text_release(&text);
    return rc;
}

enum gw_status agenda_linked(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, struct gw_linked **out,
                             size_t *count, struct gw_error *err)
{
    char name[NAME_BYTES];
    const char *text = NULL;
    size_t capacity = 0;
    enum gw_status rc;

    snprintf(name, sizeof name, "%" PRId64, subject);
    rc = gw_ledger_note(ledger, arena, linked_space, name, &text, err);
    *out = NULL;
    *count = 0;
    for (const char *at = rc == GW_OK && text ? text : ""; *at;) {
        const size_t endpoint = strcspn(at, " \n"), whole = strcspn(at, "\n");
        struct gw_linked *linked = endpoint < whole ? GW_ARENA_PUSH(arena, *out, *count, capacity) : NULL;

        if (!linked)
            return no_memory(err);
        linked->endpoint = gw_arena_copy(arena, at, endpoint);
        linked->patient = gw_arena_copy(arena, at + endpoint + 1, whole - endpoint - 1);
        if (!linked->endpoint || !linked->patient)
            return no_memory(err);
        at += whole + (at[whole] == '\n');
    }
    return rc;
}

/* ---- what was done ---- */

static void name_done(int64_t subject, const char *endpoint, char out[NAME_BYTES])
{
    snprintf(out, NAME_BYTES, "%" PRId64 " %s", subject, endpoint);
}

static bool read_done(const char *text, struct gw_schedule_done *out)
{
    char fields[DONE_FIELDS][FIELD_BYTES];

    return read_fields(&text, fields, DONE_FIELDS) == DONE_FIELDS && read_instant(fields[0], &out->whole) &&
           read_instant(fields[1], &out->full) && read_instant(fields[2], &out->drugs) &&
           read_instant(fields[3], &out->probe) && read_instant(fields[4], &out->hint) &&
           read_day(fields[5], &out->hinted_from) && read_day(fields[6], &out->low) && read_day(fields[7], &out->high);
}

enum gw_status agenda_done(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, const char *endpoint,
                           struct gw_schedule_done *out, struct gw_error *err)
{
    char name[NAME_BYTES];
    const char *text = NULL;
    enum gw_status rc;

    name_done(subject, endpoint, name);
    rc = gw_ledger_note(ledger, arena, schedule_space, name, &text, err);
    if (rc == GW_OK && (!text || !read_done(text, out)))
        *out = (struct gw_schedule_done)GW_SCHEDULE_NOTHING_DONE;
    return rc;
}

enum gw_status agenda_asked_since(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, int64_t instant,
                                  bool *out, struct gw_error *err)
{
    struct gw_ledger_notes notes = {0};
    char name[NAME_BYTES];
    enum gw_status rc;

    name_done(subject, "", name);
    rc = gw_ledger_notes_under(ledger, arena, schedule_space, name, &notes, err);
    *out = rc == GW_OK;
    for (size_t i = 0; rc == GW_OK && i < notes.count; i++) {
        struct gw_schedule_done done;

        *out &= read_done(notes.list[i].text, &done) && done.full >= instant;
    }
    return rc;
}

enum gw_status agenda_keep_done(struct gw_ledger *ledger, int64_t subject, const char *endpoint,
                                const struct gw_schedule_done *done, struct gw_error *err)
{
    char f[DONE_FIELDS][FIELD_BYTES], name[NAME_BYTES], text[NOTE_BYTES];

    name_done(subject, endpoint, name);
    snprintf(text, sizeof text, "%s %s %s %s %s %s %s %s", print_instant(done->whole, f[0]),
             print_instant(done->full, f[1]), print_instant(done->drugs, f[2]), print_instant(done->probe, f[3]),
             print_instant(done->hint, f[4]), print_day(done->hinted_from, f[5]), print_day(done->low, f[6]),
             print_day(done->high, f[7]));
    return gw_ledger_note_put(ledger, schedule_space, name, text, err);
}
