/*
 * Bytes: a borrowed slice, and a buffer that grows up to a stated maximum.
 *
 * A buffer is always NUL-terminated. Appending past the maximum or a failed allocation marks it `failed`, keeps what
 * was there and makes every later append a no-op, so that a writer checks once, at the end.
 */
#ifndef GATEWAY_CORE_TEXT_H
#define GATEWAY_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/error.h"

struct gw_slice {
    const char *at;
    size_t length;
};

struct gw_text {
    char *at; /* "" while nothing was appended */
    size_t length;
    size_t capacity;
    size_t max;
    bool failed;
};

#define GW_TEXT_INIT(max_bytes)                                                                                        \
    {                                                                                                                  \
        (char *)"", 0, 0, (max_bytes), false                                                                           \
    }

void gw_text_append(struct gw_text *text, const char *bytes, size_t length);
void gw_text_add(struct gw_text *text, const char *string); /* NULL adds nothing */
void gw_text_print(struct gw_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gw_text_clear(struct gw_text *text);
void gw_text_release(struct gw_text *text);

/*
 * The whole file. GW_ENOINPUT: not there or not readable (says which); GW_ENOMEM: larger than text->max; GW_EIO.
 */
enum gw_status gw_text_read_file(struct gw_text *text, const char *path, struct gw_error *err);

/*
 * A secret (key, password) by file name: a regular file of mode 0400 or 0600, else GW_ECONFIG saying what to chmod.
 * A secret file that cannot be read at all is GW_ECONFIG too.
 */
enum gw_status gw_text_read_secret(struct gw_text *text, const char *path, struct gw_error *err);

/* Write a file in one step: to a name beside it, fsync, rename. mode as for open(2). GW_ECREATE or GW_EIO. */
enum gw_status gw_text_write_file(const char *path, unsigned mode, const char *bytes, size_t length,
                                  struct gw_error *err);

bool gw_same(const char *a, const char *b); /* equal texts; NULL equals only NULL */

/* Lists of texts, none of them NULL; a text that is NULL stands in none. */
int gw_place_in(const char *const *list, size_t count, const char *text); /* the first; -1: in none */
bool gw_is_among(const char *const *list, size_t count, const char *text);
bool gw_begins_as_any(const char *const *list, size_t count, const char *text); /* one of them is its beginning */

#endif
