/*
 * Cuts as notes of the ledger, and the difference to what is delivered now.
 *
 *      space "cut", name "lendex-rrmm 2026-03", text "2026-03-31T10:00:00Z\tdm1\nES-017\t4\nES-018\t2\n"
 */
#include "gateway/service/cuts.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/notes.h"
#include "gateway/ledger/settle.h"
#include "gateway/study/seal.h"

static const char where[] = "service.cuts";
static const char space[] = "cut";

enum { NAME_MAX_LETTERS = 64 };

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "the cut needs more memory than allowed");
}

bool gw_cut_name_fits(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const size_t length = strspn(name, letters);

    return length > 0 && length <= NAME_MAX_LETTERS && name[length] == '\0';
}

static const char *note_name(struct gw_arena *arena, const char *study, const char *name)
{
    return gw_arena_print(arena, "%s %s", study, name);
}

enum gw_status gw_cut_check(struct gw_ledger *ledger, struct gw_arena *arena, const char *study, const char *cut,
                            struct gw_error *err)
{
    const char *name = note_name(arena, study, cut), *former = NULL;
    const enum gw_status rc = name ? gw_ledger_note(ledger, arena, space, name, &former, err) : no_memory(err);

    if (rc != GW_OK || !former)
        return rc;
    return gw_fail(err, GW_EUSAGE, where, "study %s has a cut \"%s\" already, and a cut is never moved: name another",
                   study, cut);
}

enum gw_status gw_cut_keep(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_cut *cut,
                           struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);
    const char *name = note_name(arena, cut->study, cut->name);
    enum gw_status rc = name ? gw_cut_check(ledger, arena, cut->study, cut->name, err) : no_memory(err);

    gw_text_print(&text, "%s\t%s\n", cut->at, cut->by);
    for (size_t i = 0; i < cut->receipts.count; i++)
        gw_text_print(&text, "%s\t%lld\n", cut->receipts.list[i].subject_key,
                      (long long)cut->receipts.list[i].revision);
    if (rc == GW_OK && text.failed)
        rc = no_memory(err);
    if (rc == GW_OK)
        rc = gw_ledger_note_put(ledger, space, name, text.at, err);
    gw_text_release(&text);
    return rc;
}

/* ---- reading one ---- */

/* A line without its end, copied; *at moves behind it. */
static char *next_line(struct gw_arena *arena, const char **at)
{
    const size_t length = strcspn(*at, "\n");
    char *line = gw_arena_copy(arena, *at, length);

    *at += length + ((*at)[length] == '\n');
    return line;
}

static enum gw_status read_cut(struct gw_arena *arena, const char *text, struct gw_cut *out, struct gw_error *err)
{
    size_t capacity = 0;
    char *rest = next_line(arena, &text);

    out->at = rest ? strsep(&rest, "\t") : NULL;
    out->by = rest ? rest : "";
    while (out->at && *text) {
        char *line = next_line(arena, &text);
        struct gw_export_receipt *slot = GW_ARENA_PUSH(arena, out->receipts.list, out->receipts.count, capacity);

        if (!line || !slot)
            return no_memory(err);
        slot->subject_key = strsep(&line, "\t");
        slot->revision = line ? strtoll(line, NULL, 10) : 0;
    }
    return out->at ? GW_OK : no_memory(err);
}

enum gw_status gw_cut_find(struct gw_ledger *ledger, struct gw_arena *arena, const char *study, const char *name,
                           struct gw_cut *out, struct gw_error *err)
{
    const char *prefix = note_name(arena, study, "");
    struct gw_ledger_notes notes = {0};
    const char *text = NULL;
    enum gw_status rc = prefix ? gw_ledger_notes_under(ledger, arena, space, prefix, &notes, err) : no_memory(err);

    *out = (struct gw_cut){.study = study};
    for (size_t i = 0; rc == GW_OK && i < notes.count; i++) {
        const char *is = notes.list[i].name + strlen(prefix);

        if (name ? strcmp(is, name) == 0 : !text || strcmp(notes.list[i].text, text) > 0) { /* by its time */
            out->name = is;
            text = notes.list[i].text;
        }
    }
    if (rc == GW_OK && name && !text)
        rc = gw_fail(err, GW_EUSAGE, where, "study %s has no cut \"%.64s\"", study, name);
    return rc == GW_OK && text ? read_cut(arena, text, out, err) : rc;
}

int64_t gw_cut_revision(const struct gw_cut *cut, const char *subject_key)
{
    for (size_t i = 0; i < cut->receipts.count; i++)
        if (strcmp(cut->receipts.list[i].subject_key, subject_key) == 0)
            return cut->receipts.list[i].revision;
    return 0;
}

/* ---- what has changed ---- */

static enum gw_status compare_subject(struct gw_ledger *ledger, struct gw_arena *arena,
                                      const struct gw_ledger_subject *subject, int64_t since,
                                      struct gw_cut_changes *out, size_t *capacity, struct gw_error *err)
{
    struct gw_rows was = {0}, is = {0};
    struct gw_difference difference = {0};
    const size_t before = out->count;
    int64_t ignored;
    enum gw_status rc = gw_ledger_rows(ledger, arena, subject->number, since, &was, &ignored, err);

    if (rc == GW_OK)
        rc = gw_ledger_rows(ledger, arena, subject->number, GW_LATEST, &is, &ignored, err);
    if (rc == GW_OK)
        rc = gw_difference(arena, &was, &is, &difference, err);
    for (size_t i = 0; rc == GW_OK && i < difference.count; i++) {
        const struct gw_change *change = &difference.changes[i];
        struct gw_cut_change *slot;
        const char *window;

        if (change->table == GW_TABLE_provenance || change->table == GW_TABLE_exceptions)
            continue;
        slot = GW_ARENA_PUSH(arena, out->list, out->count, *capacity);
        if (!slot)
            return no_memory(err);
        *slot = (struct gw_cut_change){.subject = subject->subject_key,
                                       .table = change->table,
                                       .kind = change->kind,
                                       .was = gw_rows_find(&was, change->table, change->row->row_id),
                                       .is = gw_rows_find(&is, change->table, change->row->row_id)};
        window = slot->is ? gw_window_of(&is, change->table, slot->is) : gw_window_of(&was, change->table, slot->was);
        slot->window = window ? window : "";
    }
    out->subjects += out->count > before;
    return rc;
}

enum gw_status gw_cut_compare(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_cut *cut,
                              const char *subject, struct gw_cut_changes *out, struct gw_error *err)
{
    struct gw_ledger_subjects all = {0};
    size_t capacity = 0;
    bool found = !subject;
    enum gw_status rc = gw_ledger_subjects(ledger, arena, &all, err);

    *out = (struct gw_cut_changes){0};
    for (size_t i = 0; rc == GW_OK && i < all.count; i++) {
        const struct gw_ledger_subject *one = &all.list[i];

        if (strcmp(one->study, cut->study) != 0 || (subject && strcmp(one->subject_key, subject) != 0))
            continue;
        found = true;
        rc = compare_subject(ledger, arena, one, gw_cut_revision(cut, one->subject_key), out, &capacity, err);
    }
    if (rc == GW_OK && !found)
        rc = gw_fail(err, GW_EUSAGE, where, "no subject \"%.60s\" of study %s is in this ledger", subject, cut->study);
    return rc;
}
