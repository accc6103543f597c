/*
 * What an export writes down: the job, its files, and how far each type was had. What was gathered is written in one
 * step.
 */
#include <string.h>

#include "sources/bulk_parts.h"

void bulk_on_noted(void *ctx, const struct gw_error *failure)
{
    struct gw_bulk *b = ctx;

    b->waiting--;
    b->changes = (struct changes){NULL, 0, 0};
    if (failure && b->err.status == GW_OK)
        b->err = *failure;
    bulk_run(b);
}

bool bulk_change(struct gw_bulk *b, enum space space, const char *name, const struct gw_text *text)
{
    struct gw_note_change *slot = GW_ARENA_PUSH(&b->arena, b->changes.list, b->changes.count, b->changes.capacity);

    if (!slot || (text && text->failed))
        return false;
    *slot = (struct gw_note_change){b->spaces[space], gw_arena_copy(&b->arena, name, strlen(name)),
                                    text ? gw_arena_copy(&b->arena, text->at, text->length) : NULL};
    return slot->name && (slot->text || !text);
}

bool bulk_change_job(struct gw_bulk *b)
{
    struct gw_text text = GW_TEXT_INIT(GW_NOTE_MAX_BYTES);
    bool fine;

    bulk_job_print(&b->job, &text);
    fine = bulk_change(b, JOBS, b->settings->intake->endpoint, &text);
    gw_text_release(&text);
    return fine;
}

bool bulk_forget_files(struct gw_bulk *b)
{
    char name[16];
    bool fine = true;

    for (size_t i = 0; fine && i < b->files.count; i++) {
        bulk_file_name(i, name);
        fine = bulk_change(b, FILES, name, NULL);
    }
    b->files.count = 0;
    b->as_of = NULL;
    bulk_clean_spool(b->settings, NULL, NULL); /* what cannot be deleted now is deleted before the next download */
    return fine;
}

/* What was gathered, in one step; fine: nothing was left out for want of memory. */
enum step bulk_write_notes(struct gw_bulk *b, bool fine, enum step then)
{
    struct gw_notebook *notebook = b->settings->notebook;

    if (!fine)
        return bulk_no_memory(b);
    if (notebook->save(notebook, b->changes.list, b->changes.count, bulk_on_noted, b, &b->err) != GW_OK)
        return END;
    b->waiting++;
    return then;
}

/* ---- read again ---- */

const char *bulk_note_of(const struct gw_ledger_notes *notes, const char *name)
{
    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(notes->list[i].name, name) == 0)
            return notes->list[i].text;
    return NULL;
}

/* Files are numbered without gaps, and written together with the job that has them. */
bool bulk_read_files(struct gw_bulk *b)
{
    const struct gw_ledger_notes *notes = &b->notes[FILES];
    char name[16];

    b->files.list = gw_arena_alloc(&b->arena, (notes->count + 1) * sizeof *b->files.list);
    b->files.renewed = gw_arena_alloc(&b->arena, notes->count + 1);
    b->files.count = notes->count;
    if (!b->files.list || !b->files.renewed)
        return false;
    for (size_t i = 0; i < notes->count; i++) {
        bulk_file_name(i, name);
        if (strcmp(notes->list[i].name, name) != 0 ||
            !bulk_file_read(&b->arena, notes->list[i].text, &b->files.list[i]))
            return false;
    }
    return true;
}

/* A note that cannot be read (damaged, or of another release) is none: the worst is an export more. */
void bulk_read_marks(struct gw_bulk *b)
{
    for (size_t i = 0; i < b->settings->type_count; i++) {
        const char *text = bulk_note_of(&b->notes[MARKS], gw_resource_name(b->settings->types[i]));

        if (!text || !bulk_mark_read(&b->arena, text, &b->marks[i]))
            b->marks[i] = (struct bulk_mark){0};
    }
}

/* Of a job that is over or cannot be read. */
bool bulk_forget_noted(struct gw_bulk *b)
{
    bool fine = true;

    for (size_t i = 0; fine && i < b->notes[FILES].count; i++)
        fine = bulk_change(b, FILES, b->notes[FILES].list[i].name, NULL);
    b->files.count = 0;
    return fine;
}
