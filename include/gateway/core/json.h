/*
 * The one door for JSON: a strict RFC 8259 reader that builds cJSON's items.
 *
 * One pass, no recursion, no process-global state. Items and texts live in the caller's arena: never cJSON_Delete such
 * a tree. Read it with cJSON's case-sensitive getter and type tests, or the short forms below.
 *
 * - A number keeps its text as written in valuestring; valuedouble is NaN, so that a stray use shows.
 * - valueint holds the byte offset of the item's first character, for messages with a line number.
 * - Refused: anything outside RFC 8259, invalid UTF-8 (surrogates, overlong forms), a lone surrogate escape, text after
 *   the value; and by policy a duplicate name in an object (compared after decoding), U+0000 in a text (C strings would
 *   cut it), nesting deeper than max_depth. A leading byte order mark is skipped.
 *
 * Source of the rules: RFC 8259; the classes of nst/JSONTestSuite are the yardstick.
 */
#ifndef GATEWAY_CORE_JSON_H
#define GATEWAY_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/core/text.h"

#define GW_JSON_MAX_DEPTH 256

struct gw_json_options {
    unsigned max_depth;     /* 0: GW_JSON_MAX_DEPTH */
    bool comments;          /* line comments starting with two slashes are blanks: our own settings files only */
    bool accepted;          /* this text was accepted before: repeated names are not looked for again */
    struct gw_arena *items; /* where the tree goes, if it is to end before its texts and names; NULL: beside them */
};

/* At start: the cJSON that was loaded is of the 1.7 line, whose items are built here. GW_ECONFIG otherwise. */
enum gw_status gw_json_check_library(struct gw_error *err);

/*
 * Parse a whole text. options may be NULL. *out changes only on success.
 * GW_EINPUT: refused; the text of the error is "<reason> at byte N" (N counts from 0), and *offset (may be NULL) is N;
 * for a duplicate name N is where the value of the second one begins.
 * GW_ENOMEM: the arena's limit, or a text of 2 GiB.
 */
enum gw_status gw_json_parse(struct gw_arena *arena, const char *text, size_t length,
                             const struct gw_json_options *options, const cJSON **out, size_t *offset,
                             struct gw_error *err);

/*
 * Read and parse one of our own files (comments allowed) of up to max_bytes; failures read "path:line: reason", status
 * GW_ECONFIG, or GW_ECONFIG too when it is not there. *text (may be NULL) receives the bytes, in the arena, for
 * gw_json_line.
 */
enum gw_status gw_json_load(struct gw_arena *arena, const char *path, size_t max_bytes, const cJSON **out,
                            struct gw_slice *text, struct gw_error *err);

/* The 1-based line of a byte offset (an item's valueint). */
unsigned gw_json_line(struct gw_slice text, size_t offset);

const cJSON *gw_json_get(const cJSON *object, const char *name);    /* NULL when absent or not an object */
const char *gw_json_string(const cJSON *object, const char *name);  /* a string member's text, else NULL */
const char *gw_json_number(const cJSON *object, const char *name);  /* a number member's text as written, else NULL */
const cJSON *gw_json_array(const cJSON *object, const char *name);  /* an array member, else NULL */
const cJSON *gw_json_object(const cJSON *object, const char *name); /* an object member, else NULL */
bool gw_json_true(const cJSON *object, const char *name);
bool gw_json_int(const cJSON *object, const char *name, long *out); /* a plain integer number that fits */

/* The items of an array (or members of an object); nothing for NULL. */
static inline const cJSON *gw_json_first(const cJSON *parent) /* NULL: nothing in it, or no parent */
{
    return parent ? parent->child : NULL;
}

#define GW_JSON_EACH(item, parent) for (const cJSON *item = gw_json_first(parent); item; item = item->next)

/* Append a text as a JSON string literal, with its quotes. NULL appends null. */
void gw_json_quote(struct gw_text *out, const char *string);

#endif
