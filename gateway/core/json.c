/*
 * The strict JSON reader: bytes in, cJSON's items out, in one pass.
 *
 *      value ──> after ──> value ...      after a comma (and, in an object, the next name)
 *        ^         │
 *        └─ first ─┴────> done            first: what follows an opening bracket
 *
 * There is no recursion: an open container keeps the one around it in its valuestring, which cJSON leaves unused there,
 * and gives it back when it closes. All decoded texts go one behind the other into one area as long as the source: a
 * text with its NUL never outgrows its source with its quotes, nor a number with its NUL the number and what follows
 * it.
 */
#include "gateway/core/json.h"

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena_block.h"
#include "core/json_door.h"
#include "core/json_scan.h"
#include "core/utf8.h"

enum { FEW_NAMES = 32 }; /* up to here comparing pairs beats sorting */

enum turn { REFUSED, DONE, VALUE, AFTER };

struct reader {
    const unsigned char *start;
    const unsigned char *p;
    const unsigned char *end;
    struct gw_arena *items;
    char *texts; /* where the next decoded text goes */
    char *name;  /* of the member whose value comes next */
    cJSON *root;
    cJSON *open; /* the innermost open container */
    unsigned depth;
    unsigned max_depth;
    bool comments;
    bool accepted;
    const char *reason;
    const unsigned char *at; /* where it was refused */
};

static enum turn refuse(struct reader *r, const char *reason, const unsigned char *at)
{
    r->reason = reason;
    r->at = at;
    return REFUSED;
}

/* Something else was expected where the reader stands. */
static enum turn unexpected(struct reader *r, const char *reason)
{
    return refuse(r, r->p == r->end ? "the text ends early" : reason, r->p);
}

static inline int peek(const struct reader *r)
{
    return r->p < r->end ? *r->p : -1;
}

static void skip_comment(struct reader *r)
{
    const unsigned char *line_feed = memchr(r->p, '\n', (size_t)(r->end - r->p));

    r->p = line_feed ? line_feed : r->end;
}

static inline void skip_blanks(struct reader *r)
{
    for (;;) {
        while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
            r->p++;
        if (!r->comments || r->end - r->p < 2 || r->p[0] != '/' || r->p[1] != '/')
            return;
        skip_comment(r);
    }
}

/* A new item at the end of the open container. Its head's prev is the tail, as cJSON has it. NULL at the limit. */
static inline cJSON *add_item(struct reader *r, int type)
{
    cJSON *item = arena_take(r->items, sizeof *item, ARENA_ALIGN);

    if (!item)
        return NULL;
    *item = (cJSON){.type = type, .valueint = (int)(r->p - r->start), .string = r->name};
    r->name = NULL;
    if (!r->open) {
        r->root = item;
    } else if (!r->open->child) {
        r->open->child = item;
        item->prev = item;
    } else {
        cJSON *head = r->open->child;
        item->prev = head->prev;
        head->prev->next = item;
        head->prev = item;
    }
    return item;
}

/* Four hexadecimal digits at p; -1 when they are not. */
static int hex_unit(const unsigned char *p, const unsigned char *end)
{
    int unit = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const int c = p[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* The escape \uXXXX whose backslash stands at p, with its second half if it needs one: what follows it, or NULL. */
static const unsigned char *decode_unit(struct reader *r, const unsigned char *p, char **out)
{
    const int unit = hex_unit(p + 2, r->end);

    if (unit < 0) {
        refuse(r, "an escape without four hexadecimal digits", p);
        return NULL;
    }
    if (unit == 0) {
        refuse(r, "the character U+0000 in a text", p);
        return NULL;
    }
    if (unit < 0xD800 || unit > 0xDFFF) {
        *out = utf8_put(*out, (unsigned)unit);
        return p + 6;
    }
    const bool pair = unit < 0xDC00 && r->end - p >= 12 && p[6] == '\\' && p[7] == 'u';
    const int low = pair ? hex_unit(p + 8, r->end) : -1;
    if (low < 0xDC00 || low > 0xDFFF) {
        refuse(r, "half a surrogate pair", p);
        return NULL;
    }
    *out = utf8_put(*out, 0x10000 + ((unsigned)(unit - 0xD800) << 10 | (unsigned)(low - 0xDC00)));
    return p + 12;
}

/* The escape whose backslash stands at p: what follows it, or NULL. */
static const unsigned char *decode_escape(struct reader *r, const unsigned char *p, char **out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";

    if (r->end - p < 2) {
        refuse(r, "the text ends early", r->end);
        return NULL;
    }
    if (p[1] == 'u')
        return decode_unit(r, p, out);
    const char *letter = p[1] ? strchr(letters, p[1]) : NULL;
    if (!letter) {
        refuse(r, "an unknown escape", p);
        return NULL;
    }
    *(*out)++ = meanings[letter - letters];
    return p + 2;
}

/* What stopped the plain run at p: an escape, a control character or one outside ASCII. What follows it, or NULL. */
static const unsigned char *decode_special(struct reader *r, const unsigned char *p, char **out)
{
    if (p == r->end) {
        refuse(r, "the text ends early", p);
        return NULL;
    }
    if (*p == '\\')
        return decode_escape(r, p, out);
    if (*p < ' ') {
        refuse(r, "a control character in a text", p);
        return NULL;
    }
    const size_t length = utf8_length(p, r->end);
    if (!length) {
        refuse(r, "bytes that are not UTF-8", p);
        return NULL;
    }
    memcpy(*out, p, length);
    *out += length;
    return p + length;
}

/* The text whose opening quote stands under the reader, decoded; NULL when refused. */
static inline char *read_text(struct reader *r)
{
    char *const text = r->texts;
    const unsigned char *p = r->p + 1;
    char *out = text;

    for (;;) {
        const size_t plain = scan_plain(p, r->end, out);
        p += plain;
        out += plain;
        if (p < r->end && *p == '"')
            break;
        p = decode_special(r, p, &out);
        if (!p)
            return NULL;
    }
    *out = '\0';
    r->texts = out + 1;
    r->p = p + 1;
    return text;
}

static enum turn read_string(struct reader *r)
{
    cJSON *item = add_item(r, cJSON_String);

    if (!item)
        return REFUSED;
    item->valuestring = read_text(r);
    return item->valuestring ? AFTER : REFUSED;
}

/* Past the digits at p, of which there must be one: NULL if there is none. */
static inline const unsigned char *skip_digits(const struct reader *r, const unsigned char *p)
{
    const unsigned char *const first = p;

    while (p < r->end && *p >= '0' && *p <= '9')
        p++;
    return p > first ? p : NULL;
}

/* Past the number at p, or NULL with the place of the mistake in r->p. */
static inline const unsigned char *skip_number(struct reader *r)
{
    const unsigned char *p = r->p;

    p += *p == '-';
    const bool zero = p < r->end && *p == '0'; /* nothing may follow a leading zero but a fraction or an exponent */
    r->p = p;
    p = zero ? p + 1 : skip_digits(r, p);
    if (p && p < r->end && *p == '.') {
        r->p = p + 1;
        p = skip_digits(r, p + 1);
    }
    if (p && p < r->end && (*p | 0x20) == 'e') {
        p++;
        p += p < r->end && (*p == '+' || *p == '-');
        r->p = p;
        p = skip_digits(r, p);
    }
    return p;
}

/* The text as written is the value; its binary form would be another number. */
static enum turn read_number(struct reader *r)
{
    const unsigned char *const first = r->p;
    cJSON *item = add_item(r, cJSON_Number);

    if (!item)
        return REFUSED;
    const unsigned char *past = skip_number(r);
    if (!past)
        return unexpected(r, "a digit is missing");
    const size_t length = (size_t)(past - first);
    item->valuedouble = (__typeof__(item->valuedouble))NAN;
    item->valuestring = r->texts;
    memcpy(r->texts, first, length);
    r->texts[length] = '\0';
    r->texts += length + 1;
    r->p = past;
    return AFTER;
}

static enum turn read_word(struct reader *r, const char *word, int type)
{
    for (size_t i = 0; word[i]; i++) {
        if (r->p + i == r->end)
            return refuse(r, "the text ends early", r->end);
        if (r->p[i] != (unsigned char)word[i])
            return refuse(r, "not a value", r->p);
    }
    cJSON *item = add_item(r, type);
    if (!item)
        return REFUSED;
    r->p += strlen(word);
    return AFTER;
}

static int by_name(const void *a, const void *b)
{
    const cJSON *const left = *(const cJSON *const *)a;
    const cJSON *const right = *(const cJSON *const *)b;
    const int order = strcmp(left->string, right->string);

    return order ? order : (left->valueint > right->valueint) - (left->valueint < right->valueint);
}

/* The first member whose name an earlier one has, by sorting; false at the memory limit. */
static bool find_repeated_sorted(struct reader *r, const cJSON *object, const cJSON **repeated)
{
    size_t count = 0;
    size_t i = 0;

    GW_JSON_EACH (member, object)
        count++;
    const cJSON **members = gw_arena_raw(r->items, count * sizeof(const cJSON *));
    if (!members)
        return false;
    GW_JSON_EACH (member, object)
        members[i++] = member;
    qsort(members, count, sizeof *members, by_name);
    for (i = 1; i < count; i++)
        if (strcmp(members[i - 1]->string, members[i]->string) == 0)
            if (!*repeated || members[i]->valueint < (*repeated)->valueint)
                *repeated = members[i];
    return true;
}

/* One bit of 64 out of a name: two names of different bits differ. */
static inline uint64_t name_bit(const char *name)
{
    const unsigned char first = (unsigned char)name[0];
    const unsigned char second = first ? (unsigned char)name[1] : 0;
    const unsigned char third = second ? (unsigned char)name[2] : 0;

    return (uint64_t)1 << ((first * 7u + second * 13u + third * 29u) & 63u);
}

/* The same, by comparing pairs as long as the names are few, and only those that share their bit. */
static inline bool find_repeated(struct reader *r, const cJSON *object, const cJSON **repeated)
{
    const char *names[FEW_NAMES];
    uint64_t met = 0;
    size_t count = 0;

    GW_JSON_EACH (member, object) {
        const uint64_t bit = name_bit(member->string);

        if (count == FEW_NAMES)
            return find_repeated_sorted(r, object, repeated);
        for (size_t i = 0; met & bit && i < count; i++) {
            if (strcmp(names[i], member->string) == 0) {
                *repeated = member;
                return true;
            }
        }
        met |= bit;
        names[count++] = member->string;
    }
    return true;
}

static enum turn close_container(struct reader *r)
{
    cJSON *const closed = r->open;
    const cJSON *repeated = NULL;

    if (closed->type == cJSON_Object && !r->accepted && !find_repeated(r, closed, &repeated))
        return REFUSED;
    if (repeated)
        return refuse(r, "a repeated name in an object", r->start + repeated->valueint);
    r->open = (cJSON *)(void *)closed->valuestring;
    closed->valuestring = NULL;
    r->depth--;
    r->p++;
    return AFTER;
}

/* Up to where a value begins: in an object, past its name and the colon. */
static inline enum turn read_name(struct reader *r)
{
    if (r->open->type == cJSON_Array)
        return VALUE;
    if (peek(r) != '"')
        return unexpected(r, "a name in quotes is missing");
    r->name = read_text(r);
    if (!r->name)
        return REFUSED;
    skip_blanks(r);
    if (peek(r) != ':')
        return unexpected(r, "a colon is missing");
    r->p++;
    skip_blanks(r);
    return VALUE;
}

static inline bool at_closing(const struct reader *r)
{
    return peek(r) == (r->open->type == cJSON_Array ? ']' : '}');
}

static enum turn open_container(struct reader *r, int type)
{
    if (r->depth == r->max_depth)
        return refuse(r, "nested deeper than the limit", r->p);
    cJSON *item = add_item(r, type);
    if (!item)
        return REFUSED;
    item->valuestring = (char *)(void *)r->open;
    r->open = item;
    r->depth++;
    r->p++;
    skip_blanks(r);
    return at_closing(r) ? close_container(r) : read_name(r);
}

static inline enum turn read_value(struct reader *r)
{
    switch (peek(r)) {
    case '"':
        return read_string(r);
    case '{':
        return open_container(r, cJSON_Object);
    case '[':
        return open_container(r, cJSON_Array);
    case 't':
        return read_word(r, "true", cJSON_True);
    case 'f':
        return read_word(r, "false", cJSON_False);
    case 'n':
        return read_word(r, "null", cJSON_NULL);
    case '-':
    case '0' ... '9':
        return read_number(r);
    default:
        return unexpected(r, "a value is missing");
    }
}

static inline enum turn after_value(struct reader *r)
{
    skip_blanks(r);
    if (!r->open)
        return r->p == r->end ? DONE : refuse(r, "more text after the value", r->p);
    if (peek(r) == ',') {
        r->p++;
        skip_blanks(r);
        return read_name(r);
    }
    if (at_closing(r))
        return close_container(r);
    return unexpected(r, "a comma or a closing bracket is missing");
}

enum gw_status json_read(struct gw_arena *arena, struct gw_slice text, const struct gw_json_options *options,
                         const cJSON **out, struct json_refusal *refusal)
{
    struct reader r = {.items = arena, .max_depth = GW_JSON_MAX_DEPTH};
    enum turn turn = VALUE;

    if (options) {
        r.max_depth = options->max_depth ? options->max_depth : GW_JSON_MAX_DEPTH;
        r.comments = options->comments;
        r.accepted = options->accepted;
        r.items = options->items ? options->items : arena;
    }
    /* offsets are kept in cJSON's int */
    r.texts = text.length < INT_MAX ? arena_take(arena, text.length + 2, 1) : NULL;
    if (r.texts) {
        r.start = r.p = (const unsigned char *)(text.length ? text.at : "");
        r.end = r.start + text.length;
        if (text.length >= 3 && memcmp(text.at, "\xEF\xBB\xBF", 3) == 0)
            r.p += 3;
        skip_blanks(&r);
        while (turn > DONE)
            turn = turn == VALUE ? read_value(&r) : after_value(&r);
    }
    if (r.texts && turn == DONE) {
        *out = r.root;
        return GW_OK;
    }
    *refusal = (struct json_refusal){r.reason, r.reason ? (size_t)(r.at - r.start) : 0};
    return r.reason ? GW_EINPUT : GW_ENOMEM;
}

enum gw_status gw_json_parse(struct gw_arena *arena, const char *text, size_t length,
                             const struct gw_json_options *options, const cJSON **out, size_t *offset,
                             struct gw_error *err)
{
    struct json_refusal refusal;
    const enum gw_status rc = json_read(arena, (struct gw_slice){text, length}, options, out, &refusal);

    if (rc == GW_OK)
        return GW_OK;
    if (rc == GW_ENOMEM)
        return gw_fail(err, rc, "core.json", "a JSON text of %zu bytes does not fit the memory set for it", length);
    if (offset)
        *offset = refusal.offset;
    return gw_fail(err, rc, "core.json", "%s at byte %zu", refusal.reason, refusal.offset);
}
