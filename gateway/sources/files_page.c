/*
 * What fills the pages: lines of a file, or the entries of a whole one.
 *
 * A page's texts live in the page's arena, its bytes in the window or the whole file; both go with the page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/files_parts.h"

static const char where[] = "sources.files";

enum {
    WHOLE_MAX_BYTES = 512 << 20, /* of a Bundle's tree */
    PIECE_BYTES = 256 * 1024,
};

/* ---- the page ---- */

static enum gw_status hand_on(struct reading *r)
{
    enum gw_status rc = GW_OK;

    if (r->count > 0)
        rc = r->files->page(r->files->ctx, r->entries, r->count, r->err);
    r->count = 0;
    r->bytes = 0;
    gw_arena_clear(&r->text);
    return rc;
}

static void tell_invalid(struct reading *r, const struct gw_intake_answer *answer)
{
    char place[512];

    r->answer->invalid++;
    if (!r->files->invalid)
        return;
    if (answer->entry.line)
        snprintf(place, sizeof(place), "%s:%u", r->source, answer->entry.line);
    else
        snprintf(place, sizeof(place), "%s", r->source);
    r->files->invalid(r->files->ctx, place, answer->reason);
}

static bool make_room(struct reading *r, size_t wanted)
{
    const size_t capacity = r->capacity + GW_FILES_PAGE_ENTRIES + wanted;
    struct gw_keep_entry *entries;

    if (r->count + wanted <= r->capacity)
        return true;
    entries = realloc(r->entries, capacity * sizeof(*entries));
    if (!entries)
        return false;
    r->entries = entries;
    r->capacity = capacity;
    return true;
}

/* What is of several subjects is kept for each of them, as if each had asked for it. */
static enum gw_status add(struct reading *r, const struct gw_intake_answer *answer)
{
    const size_t copies = answer->entry.mode == GW_KEEP_FACT ? answer->subject_count : 1;

    if (answer->invalid)
        tell_invalid(r, answer);
    if (!make_room(r, copies))
        return gw_fail(r->err, GW_ENOMEM, where, "no memory to read files");
    for (size_t i = 0; i < copies; i++) {
        r->entries[r->count] = answer->entry;
        if (answer->entry.mode == GW_KEEP_FACT)
            r->entries[r->count].subject = answer->subjects[i];
        r->count++;
    }
    r->bytes += answer->entry.raw.length;
    r->answer->entries++;
    return r->count >= GW_FILES_PAGE_ENTRIES || r->bytes >= GW_FILES_PAGE_BYTES ? hand_on(r) : GW_OK;
}

/* ---- lines ---- */

/* With a base, what has a name is found again by that name there, not by its line here. */
static struct gw_intake_place place_of_line(const struct reading *r)
{
    const char *base = r->files->base;

    return (struct gw_intake_place){base ? base : r->source, r->source, base ? 0 : r->lines.number, r->lines.number};
}

static void meet(const struct reading *r, const struct gw_entry *entry)
{
    if (r->files->met)
        r->files->met(r->files->ctx, entry);
}

static enum gw_status read_entry(struct reading *r, struct gw_slice line, const struct gw_intake_place *place,
                                 struct gw_intake_answer *answer)
{
    const struct gw_intake *intake = r->files->intake;
    struct gw_error failure;
    struct gw_entry entry;
    enum gw_status rc;

    if (gw_entry_read(&r->tree, line, &entry, &failure) != GW_OK)
        return gw_intake_unreadable(intake, &r->tree, line, place, failure.text, answer, r->err);
    meet(r, &entry);
    rc = gw_intake_entry(intake, &r->tree, NULL, &entry, place, answer, &failure);
    if (rc != GW_OK)
        rc = gw_intake_unreadable(intake, &r->text, line, place, failure.text, answer, r->err);
    return rc;
}

/* A line of what was deleted. The tree lives until the last entry was taken. */
static enum gw_status take_bundle_line(struct reading *r, const struct gw_bundle *bundle)
{
    const struct gw_intake_place place = place_of_line(r);
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < bundle->count; i++) {
        struct gw_intake_answer answer;

        meet(r, &bundle->entries[i]);
        rc = gw_intake_entry(r->files->intake, &r->text, NULL, &bundle->entries[i], &place, &answer, r->err);
        if (rc == GW_OK)
            rc = gw_intake_copy(&r->text, &answer.entry, r->err);
        if (rc == GW_OK)
            rc = add(r, &answer);
    }
    return rc;
}

static enum gw_status take_line(struct reading *r, struct gw_slice line)
{
    const struct gw_intake_place place = place_of_line(r);
    struct gw_intake_answer answer;
    struct gw_bundle bundle;
    enum gw_status rc;

    gw_arena_clear(&r->tree);
    if (r->files->bundles && gw_bundle_read(&r->tree, line, &bundle, NULL) == GW_OK)
        return take_bundle_line(r, &bundle);
    rc = read_entry(r, line, &place, &answer);
    if (rc == GW_OK)
        rc = gw_intake_copy(&r->text, &answer.entry, r->err);
    return rc == GW_OK ? add(r, &answer) : rc;
}

static enum gw_status take_long_line(struct reading *r)
{
    const struct gw_intake_place place = place_of_line(r);
    struct gw_intake_answer answer;
    enum gw_status rc =
        gw_intake_unreadable(r->files->intake, &r->text, (struct gw_slice){NULL, 0}, &place,
                             "the line is longer than the cap of 2 MiB; split or strip the resource", &answer, r->err);

    return rc == GW_OK ? add(r, &answer) : rc;
}

static bool is_blank(struct gw_slice line)
{
    for (size_t i = 0; i < line.length; i++) {
        if (!strchr(" \t\r", line.at[i]) || !line.at[i])
            return false;
    }
    return true;
}

enum gw_status files_read_lines(struct reading *r, struct gw_error *failure)
{
    enum gw_status rc = GW_OK;
    struct gw_slice line;

    while (rc == GW_OK) {
        switch (lines_next(&r->lines, &line, failure)) {
        case LINES_LINE:
            rc = is_blank(line) ? GW_OK : take_line(r, line);
            break;
        case LINES_TOO_LONG:
            rc = take_long_line(r);
            break;
        case LINES_FULL:
            rc = hand_on(r);
            lines_release_page(&r->lines);
            break;
        case LINES_END:
        case LINES_FAILED:
            return hand_on(r);
        }
    }
    return rc;
}

/* ---- whole files ---- */

static enum gw_status take_bundle(struct reading *r, struct gw_arena *arena, const struct gw_bundle *bundle)
{
    struct gw_intake_people people = {NULL, 0};
    enum gw_status rc = gw_intake_people(arena, bundle, &people, r->err);

    for (size_t i = 0; rc == GW_OK && i < bundle->count; i++) {
        const unsigned number = bundle->entries[i].index + 1;
        const struct gw_intake_place place = {r->source, r->source, number, number};
        struct gw_intake_answer answer;

        gw_arena_clear(&r->tree);
        meet(r, &bundle->entries[i]);
        rc = gw_intake_entry(r->files->intake, &r->tree, &people, &bundle->entries[i], &place, &answer, r->err);
        if (rc == GW_OK)
            rc = gw_intake_copy(&r->text, &answer.entry, r->err);
        if (rc == GW_OK)
            rc = add(r, &answer);
    }
    return rc;
}

static enum gw_status take_resource(struct reading *r, struct gw_slice whole)
{
    const struct gw_intake_place place = {r->source, r->source, 0, 0};
    struct gw_intake_answer answer;
    enum gw_status rc;

    gw_arena_clear(&r->tree);
    if (whole.length > GW_FILES_LINE_MAX)
        rc = gw_intake_unreadable(r->files->intake, &r->text, (struct gw_slice){NULL, 0}, &place,
                                  "the resource is longer than the cap of 2 MiB; strip it", &answer, r->err);
    else
        rc = read_entry(r, whole, &place, &answer);
    if (rc == GW_OK)
        rc = gw_intake_copy(&r->text, &answer.entry, r->err);
    return rc == GW_OK ? add(r, &answer) : rc;
}

static enum gw_status read_rest(struct reading *r, struct gw_text *whole, struct gw_error *failure)
{
    struct gw_slice piece;
    enum gw_status rc = lines_peek(&r->lines, PIECE_BYTES, &piece, failure);

    while (rc == GW_OK && piece.length > 0 && !whole->failed) {
        gw_text_append(whole, piece.at, piece.length);
        r->lines.start = r->lines.scanned = r->lines.end;
        lines_release_page(&r->lines);
        rc = lines_peek(&r->lines, PIECE_BYTES, &piece, failure);
    }
    if (rc == GW_OK && whole->failed)
        rc = gw_fail(failure, GW_ENOMEM, where,
                     "%s: larger than the %u MiB a Bundle or single resource may have; "
                     "give the resources as NDJSON",
                     r->source, GW_FILES_BUNDLE_MAX >> 20);
    return rc;
}

enum gw_status files_read_whole(struct reading *r, bool is_bundle, struct gw_error *failure)
{
    struct gw_text whole = GW_TEXT_INIT(GW_FILES_BUNDLE_MAX);
    struct gw_arena arena = GW_ARENA_INIT(WHOLE_MAX_BYTES);
    struct gw_bundle bundle;
    struct gw_error reason;
    enum gw_status rc = GW_OK;

    if (read_rest(r, &whole, failure) != GW_OK)
        goto done;
    const struct gw_slice bytes = {whole.at, whole.length};
    if (gw_bundle_read(&arena, bytes, &bundle, &reason) == GW_OK)
        rc = take_bundle(r, &arena, &bundle);
    else if (is_bundle)
        gw_fail(failure, reason.status, where, "%s: %s; ask for the file again: nothing of it was taken", r->source,
                reason.text);
    else
        rc = take_resource(r, bytes);
    if (rc == GW_OK)
        rc = hand_on(r);
done:
    gw_arena_release(&arena);
    gw_text_release(&whole);
    return rc;
}
