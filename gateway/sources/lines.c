/*
 * Lines of a file in one window: nothing is copied but the piece of a line at the window's end, once a window.
 */
#include "sources/lines.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 256 * 1024 };

enum gw_status lines_init(struct lines *lines, size_t window_bytes, size_t line_max, struct gw_error *err)
{
    memset(lines, 0, sizeof(*lines));
    lines->window = malloc(window_bytes);
    if (!lines->window)
        return gw_fail(err, GW_ENOMEM, "sources.files", "no memory to read files");
    lines->capacity = window_bytes;
    lines->line_max = line_max;
    return GW_OK;
}

void lines_release(struct lines *lines)
{
    free(lines->window);
}

void lines_open(struct lines *lines, struct gw_gzip *file)
{
    lines->file = file;
    lines->start = lines->scanned = lines->end = 0;
    lines->at_end = false;
    lines->number = 0;
}

void lines_release_page(struct lines *lines)
{
    memmove(lines->window, lines->window + lines->start, lines->end - lines->start);
    lines->end -= lines->start;
    lines->scanned -= lines->start;
    lines->start = 0;
}

static enum gw_status read_piece(struct lines *lines, struct gw_error *err)
{
    const size_t free_bytes = lines->capacity - lines->end;
    const size_t room = free_bytes < PIECE_BYTES ? free_bytes : PIECE_BYTES;
    size_t length = 0;
    enum gw_status rc = gw_gzip_read(lines->file, lines->window + lines->end, room, &length, err);

    lines->end += length;
    lines->at_end = rc == GW_OK && length < room;
    return rc;
}

enum gw_status lines_peek(struct lines *lines, size_t wanted, struct gw_slice *out, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    while (rc == GW_OK && lines->end - lines->start < wanted && !lines->at_end && lines->end < lines->capacity)
        rc = read_piece(lines, err);
    *out = (struct gw_slice){lines->window + lines->start, lines->end - lines->start};
    return rc;
}

/* The rest of a line over the cap is read over it and forgotten. */
static enum lines_answer skip_line(struct lines *lines, struct gw_error *err)
{
    for (;;) {
        const char *from = lines->window + lines->scanned;
        const char *found = memchr(from, '\n', lines->end - lines->scanned);

        if (found) {
            lines->start = lines->scanned = (size_t)(found - lines->window) + 1;
            return LINES_TOO_LONG;
        }
        lines->end = lines->scanned = lines->start;
        if (lines->at_end)
            return LINES_TOO_LONG;
        if (read_piece(lines, err) != GW_OK)
            return LINES_FAILED;
    }
}

static enum lines_answer hand_out(struct lines *lines, size_t end, size_t next, struct gw_slice *line)
{
    *line = (struct gw_slice){lines->window + lines->start, end - lines->start};
    lines->start = lines->scanned = next;
    lines->number++;
    return line->length > lines->line_max ? LINES_TOO_LONG : LINES_LINE;
}

enum lines_answer lines_next(struct lines *lines, struct gw_slice *line, struct gw_error *err)
{
    for (;;) {
        const char *found = memchr(lines->window + lines->scanned, '\n', lines->end - lines->scanned);

        if (found) {
            const size_t at = (size_t)(found - lines->window);
            return hand_out(lines, at, at + 1, line);
        }
        lines->scanned = lines->end;
        if (lines->at_end)
            return lines->start == lines->end ? LINES_END : hand_out(lines, lines->end, lines->end, line);
        if (lines->end - lines->start > lines->line_max) {
            lines->number++;
            return skip_line(lines, err);
        }
        if (lines->end == lines->capacity)
            return LINES_FULL;
        if (read_piece(lines, err) != GW_OK)
            return LINES_FAILED;
    }
}
