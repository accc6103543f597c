/*
 * Small texts by space and name.
 */
#include "gateway/ledger/notes.h"

#include <string.h>

#include "ledger/store.h"

enum gw_status gw_ledger_note(struct gw_ledger *ledger, struct gw_arena *arena, const char *space, const char *name,
                              const char **text, struct gw_error *err)
{
    sqlite3_stmt *statement = ledger_bind(ledger, STATEMENT_NOTE_GET, space, name);
    bool row;
    enum gw_status rc = ledger_step(ledger, statement, &row, err);

    if (rc != GW_OK)
        return rc;
    *text = row ? ledger_text(arena, statement, 0) : NULL;
    if (row)
        sqlite3_reset(statement);
    return row && !*text ? ledger_no_memory(err, "a note") : GW_OK;
}

enum gw_status gw_ledger_note_put(struct gw_ledger *ledger, const char *space, const char *name, const char *text,
                                  struct gw_error *err)
{
    if (text && strlen(text) > GW_NOTE_MAX_BYTES)
        return gw_fail(err, GW_ENOMEM, "ledger.notes", "a note of %s is longer than %u bytes", space,
                       GW_NOTE_MAX_BYTES);
    return ledger_run(ledger,
                      text ? ledger_bind(ledger, STATEMENT_NOTE_PUT, space, name, text)
                           : ledger_bind(ledger, STATEMENT_NOTE_DROP, space, name),
                      err);
}

static bool read_row(struct gw_arena *arena, sqlite3_stmt *row, struct gw_ledger_note *out)
{
    out->name = ledger_text(arena, row, 0);
    out->text = ledger_text(arena, row, 1);
    return out->name && out->text;
}

enum gw_status gw_ledger_notes_under(struct gw_ledger *ledger, struct gw_arena *arena, const char *space,
                                     const char *prefix, struct gw_ledger_notes *out, struct gw_error *err)
{
    sqlite3_stmt *all = ledger_bind(ledger, STATEMENT_NOTES, space, prefix);
    struct gw_ledger_note *list = NULL, *slot;
    size_t count = 0, capacity = 0;
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(ledger, all, &row, err)) == GW_OK && row) {
        slot = GW_ARENA_PUSH(arena, list, count, capacity);
        if (!slot || !read_row(arena, all, slot)) {
            sqlite3_reset(all);
            return ledger_no_memory(err, "the notes");
        }
    }
    if (rc == GW_OK)
        *out = (struct gw_ledger_notes){list, count};
    return rc;
}

enum gw_status gw_ledger_notes(struct gw_ledger *ledger, struct gw_arena *arena, const char *space,
                               struct gw_ledger_notes *out, struct gw_error *err)
{
    return gw_ledger_notes_under(ledger, arena, space, "", out, err);
}
