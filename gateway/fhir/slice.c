/*
 * Where an item ends in its text.
 *
 * The strict reader records where each item begins. The end is found from the last thing inside: follow the last
 * members down to a scalar or an empty object, step over it, then over one closing bracket a level. The text is known
 * to be valid JSON, so nothing else can stand there but blanks.
 */
#include "fhir/slice.h"

#include <assert.h>
#include <string.h>

const char *slice_skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* A quote that an odd number of backslashes stands before belongs to the text. */
static bool is_escaped(const char *start, const char *quote)
{
    size_t backslashes = 0;

    while (quote > start && *--quote == '\\')
        backslashes++;
    return backslashes % 2 == 1;
}

const char *slice_skip_string(const char *at, const char *end)
{
    const char *start = at;
    const char *quote = memchr(at, '"', (size_t)(end - at));

    while (quote && is_escaped(start, quote)) {
        start = quote + 1;
        quote = memchr(start, '"', (size_t)(end - start));
    }
    return quote ? quote + 1 : end;
}

static const char *skip_word(const char *at, const char *end) /* a number, true, false or null */
{
    while (at < end && !strchr(" \t\n\r,]}", *at))
        at++;
    return at;
}

static const char *skip_bracket(const char *at, const char *end)
{
    at = slice_skip_blanks(at, end);
    assert(at < end && (*at == '}' || *at == ']'));
    return at + 1;
}

static const cJSON *last_child(const cJSON *item)
{
    const cJSON *last = item->child;

    if (last && last->prev && !last->prev->next) /* cJSON's own shortcut: the first item's prev is the last */
        return last->prev;
    while (last && last->next)
        last = last->next;
    return last;
}

struct gw_slice slice_of(struct gw_slice text, const cJSON *item)
{
    const char *start = text.at + item->valueint;
    const char *end = text.at + text.length;
    const cJSON *inner = item;
    const char *at;
    size_t depth = 0;

    for (const cJSON *child = last_child(item); child; child = last_child(child)) {
        inner = child;
        depth++;
    }
    at = text.at + inner->valueint;
    assert(at >= start && at < end);
    if (*at == '"')
        at = slice_skip_string(at + 1, end);
    else if (*at == '{' || *at == '[')
        at = skip_bracket(at + 1, end);
    else
        at = skip_word(at, end);
    while (depth-- > 0)
        at = skip_bracket(at, end);
    return (struct gw_slice){start, (size_t)(at - start)};
}
