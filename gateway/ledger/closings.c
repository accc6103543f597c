/*
 * Windows and when they were first known to be over, as a note: "T30-01 1709280000", one a line.
 *
 * A window is over when it ends before the horizon of a derivation, collected or not. One that opens again (the first
 * dose moved) is forgotten, and known anew when it is over again.
 */
#include "ledger/closings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/notes.h"
#include "ledger/store.h"

enum { NUMBER_BYTES = 24 };

static const char *name_of(int64_t subject, char out[NUMBER_BYTES])
{
    snprintf(out, NUMBER_BYTES, "%" PRId64, subject);
    return out;
}

/* Lines of our own making; one that is none ends the list. */
static bool read_lines(struct gw_arena *arena, struct closings *out)
{
    char *rest = out->text ? gw_arena_copy(arena, out->text, strlen(out->text)) : NULL, *line;

    if (out->text && !rest)
        return false;
    while ((line = strsep(&rest, "\n")) && *line) {
        char *number = strchr(line, ' ');
        struct closing *slot = number ? GW_ARENA_PUSH(arena, out->list, out->count, out->capacity) : NULL;

        if (!slot)
            return !number;
        *number = '\0';
        *slot = (struct closing){line, strtoll(number + 1, NULL, 10)};
    }
    return true;
}

enum gw_status closings_read(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject, struct closings *out,
                             struct gw_error *err)
{
    char name[NUMBER_BYTES];
    enum gw_status rc;

    *out = (struct closings){NULL, 0, 0, NULL};
    rc = gw_ledger_note(ledger, arena, CLOSINGS_SPACE, name_of(subject, name), &out->text, err);
    if (rc != GW_OK)
        return rc;
    return read_lines(arena, out) ? GW_OK : ledger_no_memory(err, "the windows of a subject");
}

static const struct closing *find(const struct closings *closings, const char *window)
{
    for (size_t i = 0; window && i < closings->count; i++)
        if (strcmp(closings->list[i].window, window) == 0)
            return &closings->list[i];
    return NULL;
}

bool closings_late(const struct closings *closings, const char *window, int64_t fetched_at)
{
    const struct closing *closing = find(closings, window);

    return closing && fetched_at > closing->at;
}

enum gw_status closings_keep(struct gw_ledger *ledger, const struct closings *before,
                             const struct gw_settlement *settlement, int64_t at, struct gw_error *err)
{
    const struct gw_windows *windows = &settlement->derived->windows;
    struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);
    char name[NUMBER_BYTES];
    enum gw_status rc = GW_OK;

    for (size_t i = 0; i < windows->count; i++) {
        const struct gw_window *window = &windows->list[i];
        const struct closing *former = find(before, window->id);

        if (window->low <= window->high && window->high < settlement->horizon)
            gw_text_print(&text, "%s %" PRId64 "\n", window->id, former ? former->at : at);
    }
    if (text.failed)
        rc = ledger_no_memory(err, "the windows of a subject");
    else if (strcmp(text.at, before->text ? before->text : "") != 0)
        rc = gw_ledger_note_put(ledger, CLOSINGS_SPACE, name_of(settlement->facts->subject, name),
                                text.length ? text.at : NULL, err);
    gw_text_release(&text);
    return rc;
}
