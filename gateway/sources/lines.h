/*
 * A file cut into lines where it lies: a window of fixed size slides over it, and a line is a slice of the window.
 *
 *      [ handed on | lines of the page at hand | ... next line ... | read | free ]
 *
 * Lines stay readable until lines_release_page(): only then may the window move.
 */
#ifndef SOURCES_LINES_H
#define SOURCES_LINES_H

#include <stdbool.h>

#include "gateway/core/text.h"
#include "gateway/net/inflate.h"

struct lines {
    struct gw_gzip *file;
    char *window;
    size_t capacity;
    size_t start;   /* of the next line */
    size_t scanned; /* no line break before here */
    size_t end;     /* of what was read */
    size_t line_max;
    bool at_end;     /* of the file */
    unsigned number; /* of the line handed out last, from 1 */
};

enum lines_answer {
    LINES_LINE,
    LINES_TOO_LONG, /* over line_max: skipped, its number is counted */
    LINES_FULL,     /* the window must move first: lines_release_page(), then ask again */
    LINES_END,
    LINES_FAILED,
};

/* window_bytes at least twice line_max. */
enum gw_status lines_init(struct lines *lines, size_t window_bytes, size_t line_max, struct gw_error *err);
void lines_release(struct lines *lines);
void lines_open(struct lines *lines, struct gw_gzip *file); /* borrowed */

/* Bytes from the start of the next line up to at least `wanted`, if the file has them; fewer at its end. */
enum gw_status lines_peek(struct lines *lines, size_t wanted, struct gw_slice *out, struct gw_error *err);

enum lines_answer lines_next(struct lines *lines, struct gw_slice *line, struct gw_error *err);
void lines_release_page(struct lines *lines);

#endif
