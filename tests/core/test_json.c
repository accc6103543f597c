/*
 * The JSON door: what comes out of it, what it refuses and where, and that nothing gets past it.
 */
#include "gateway/core/json.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/door.h"

/* The tree as compact JSON, by its items alone. */
static void render(struct gw_text *out, const cJSON *item)
{
    if (item->string) {
        gw_json_quote(out, item->string);
        gw_text_add(out, ":");
    }
    if (cJSON_IsString(item))
        gw_json_quote(out, item->valuestring);
    else if (cJSON_IsNumber(item))
        gw_text_add(out, item->valuestring);
    else if (cJSON_IsBool(item) || cJSON_IsNull(item))
        gw_text_add(out, cJSON_IsNull(item) ? "null" : cJSON_IsTrue(item) ? "true" : "false");
    else
        gw_text_add(out, cJSON_IsArray(item) ? "[" : "{");
    GW_JSON_EACH (child, item) {
        gw_text_add(out, child == item->child ? "" : ",");
        render(out, child);
    }
    if (cJSON_IsArray(item) || cJSON_IsObject(item))
        gw_text_add(out, cJSON_IsArray(item) ? "]" : "}");
}

static const struct {
    const char *name;
    const char *text;
    const char *expected; /* NULL: the text itself */
} accepted[] = {
    {"a word", "true", NULL},
    {"words", "[true,false,null]", NULL},
    {"an empty array", "[]", NULL},
    {"an empty object", "{}", NULL},
    {"blanks everywhere", " \t\r\n[ 1 ,\n{ \"a\" :\t2 , \"b\" : [ ] } ]\r\n ", "[1,{\"a\":2,\"b\":[]}]"},
    {"containers one in another", "[[[]],[{}],{\"a\":{\"b\":[{}]}}]", NULL},
    {"a number alone", "0", NULL},
    {"trailing zeroes stay", "[1.20,1.200,0.0,-0,-0.0]", NULL},
    {"exponents stay", "[1e5,1E+5,1.5e-5,-2E400,1e400,0e0]", NULL},
    {"digits no binary fraction holds", "[0.1000000000000000055511151231257827,12345678901234567890123]", NULL},
    {"an empty text", "\"\"", NULL},
    {"an empty name", "{\"\":\"\"}", NULL},
    {"short escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
    {"escaped characters of one to three bytes", "\"\\u0041\\u00fc\\u20AC\\uffff\"",
     "\"A\xC3\xBC\xE2\x82\xAC\xEF\xBF\xBF\""},
    {"a surrogate pair", "\"\\uD83D\\uDE00\"", "\"\xF0\x9F\x98\x80\""},
    {"the first and the last pair", "\"\\ud800\\udc00\\udbff\\udfff\"", "\"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\""},
    {"escaped control characters", "\"\\u0001\\u001f\"", "\"\\u0001\\u001f\""},
    {"UTF-8 of two to four bytes",
     "\"\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\"", NULL},
    {"the delete character", "\"\x7f\"", NULL},
    {"a byte order mark", "\xEF\xBB\xBF[1]", "[1]"},
    {"a mark before a short text",
     "\xEF\xBB\xBF"
     "3",
     "3"},
    {"names that differ in case", "{\"a\":1,\"A\":2}", NULL},
    {"the same name in two objects", "[{\"a\":1},{\"a\":{\"a\":2}}]", NULL},
    {"a text over several vectors",
     "[\"0123456789abcdef0123456789abcdef0123456789abcdef\\n0123456789abcdef0123456789\xC3\xBC"
     "0123456789\"]",
     NULL},
};

Test(json, reads_what_rfc_8259_allows)
{
    for (size_t i = 0; i < COUNT(accepted); i++) {
        struct gw_text out = GW_TEXT_INIT(1000);
        struct door d;
        cr_expect(eq(int, door_parse(&d, accepted[i].text, strlen(accepted[i].text)), GW_OK), "%s: %s",
                  accepted[i].name, d.err.text);
        if (d.root)
            render(&out, d.root);
        cr_expect(eq(str, out.at, (char *)(accepted[i].expected ? accepted[i].expected : accepted[i].text)), "%s",
                  accepted[i].name);
        gw_text_release(&out);
        gw_arena_release(&d.arena);
    }
}

#define EARLY   "the text ends early"
#define VALUE   "a value is missing"
#define COMMA   "a comma or a closing bracket is missing"
#define NAME    "a name in quotes is missing"
#define DIGIT   "a digit is missing"
#define MORE    "more text after the value"
#define WORD    "not a value"
#define CONTROL "a control character in a text"
#define ESCAPE  "an unknown escape"
#define HEX     "an escape without four hexadecimal digits"
#define HALF    "half a surrogate pair"
#define UTF8    "bytes that are not UTF-8"
#define TWICE   "a repeated name in an object"
#define NUL     "the character U+0000 in a text"

static const struct {
    const char *name;
    const char *text;
    size_t length; /* 0: up to the NUL */
    const char *reason;
    size_t offset;
} refused[] = {
    {"nothing", "", 0, EARLY, 0},
    {"blanks", " \n", 0, EARLY, 2},
    {"only a mark", "\xEF\xBB\xBF", 0, EARLY, 3},
    {"two marks", "\xEF\xBB\xBF\xEF\xBB\xBF[]", 0, VALUE, 3},
    {"half a mark", "\xEF\xBB[]", 0, VALUE, 0},
    {"a mark inside", "[\xEF\xBB\xBF]", 0, VALUE, 1},
    {"UTF-16", "\xFF\xFE[\0]\0", 6, VALUE, 0},
    {"a NUL after the value", "[]\0", 3, MORE, 2},
    {"a NUL for a value", "[\0]", 3, VALUE, 1},
    {"a form feed for a blank", "[\f]", 0, VALUE, 1},
    {"a vertical tab after the value", "[]\v", 0, MORE, 2},
    {"a no-break space for a blank", "[\xC2\xA0]", 0, VALUE, 1},
    {"an open array", "[1", 0, EARLY, 2},
    {"an array open after a comma", "[1,", 0, EARLY, 3},
    {"an open object", "{\"a\":1", 0, EARLY, 6},
    {"a name and no more", "{\"a\"", 0, EARLY, 4},
    {"a colon and no more", "{\"a\":", 0, EARLY, 5},
    {"an open text", "[\"abc", 0, EARLY, 5},
    {"an open name", "{\"abc", 0, EARLY, 5},
    {"a closing bracket alone", "]", 0, VALUE, 0},
    {"one bracket too many", "[]]", 0, MORE, 2},
    {"brackets that do not match", "[1}", 0, COMMA, 2},
    {"braces that do not match", "{\"a\":1]", 0, COMMA, 6},
    {"a trailing comma in an array", "[1,]", 0, VALUE, 3},
    {"a trailing comma in an object", "{\"a\":1,}", 0, NAME, 7},
    {"a leading comma", "[,1]", 0, VALUE, 1},
    {"two commas", "[1,,2]", 0, VALUE, 3},
    {"no comma", "[1 2]", 0, COMMA, 3},
    {"no comma between members", "{\"a\":1 \"b\":2}", 0, COMMA, 7},
    {"a colon in an array", "[\"a\":1]", 0, COMMA, 4},
    {"no colon", "{\"a\" 1}", 0, "a colon is missing", 5},
    {"a comma for a colon", "{\"a\",1}", 0, "a colon is missing", 4},
    {"two colons", "{\"a\"::1}", 0, VALUE, 5},
    {"no value", "{\"a\":}", 0, VALUE, 5},
    {"a name without quotes", "{a:1}", 0, NAME, 1},
    {"a name in single quotes", "{'a':1}", 0, NAME, 1},
    {"a number for a name", "{1:1}", 0, NAME, 1},
    {"a value in single quotes", "['a']", 0, VALUE, 1},
    {"two values", "1 2", 0, MORE, 2},
    {"two objects", "{}{}", 0, MORE, 2},
    {"a line comment", "[1] // one", 0, MORE, 4},
    {"a block comment", "/* one */[1]", 0, VALUE, 0},
    {"a hash comment", "[1] # one", 0, MORE, 4},
    {"a word in capitals", "[True]", 0, VALUE, 1},
    {"a word cut", "[tru]", 0, WORD, 1},
    {"a word at the end cut", "nul", 0, EARLY, 3},
    {"a word too long", "[nulls]", 0, COMMA, 5},
    {"another word", "[nil]", 0, WORD, 1},
    {"NaN", "[NaN]", 0, VALUE, 1},
    {"infinity", "[-Infinity]", 0, DIGIT, 2},
    {"a plus sign", "[+1]", 0, VALUE, 1},
    {"a minus sign alone", "[-]", 0, DIGIT, 2},
    {"a minus sign at the end", "-", 0, EARLY, 1},
    {"two minus signs", "[--1]", 0, DIGIT, 2},
    {"a leading zero", "[01]", 0, COMMA, 2},
    {"a negative leading zero", "[-01]", 0, COMMA, 3},
    {"a fraction without digits", "[1.]", 0, DIGIT, 3},
    {"a fraction without a number", "[.5]", 0, VALUE, 1},
    {"a fraction before an exponent", "[1.e5]", 0, DIGIT, 3},
    {"an exponent without digits", "[1e]", 0, DIGIT, 3},
    {"an exponent with a sign alone", "[1e+]", 0, DIGIT, 4},
    {"an exponent with two signs", "[1e+-1]", 0, DIGIT, 4},
    {"an exponent with a fraction", "[1e1.5]", 0, COMMA, 4},
    {"a hexadecimal number", "[0x1f]", 0, COMMA, 2},
    {"a number with a blank in it", "[1 000]", 0, COMMA, 3},
    {"a decimal comma", "{\"a\":1,5}", 0, NAME, 7},
    {"a digit of another script", "[\xD9\xA1]", 0, VALUE, 1},
    {"a line feed in a text", "[\"a\nb\"]", 0, CONTROL, 3},
    {"a tab in a text", "[\"a\tb\"]", 0, CONTROL, 3},
    {"a NUL in a text", "[\"a\0b\"]", 7, CONTROL, 3},
    {"the last control character in a long text", "[\"0123456789abcdefghij\x1fklmnop\"]", 0, CONTROL, 22},
    {"a control character in a name", "{\"\x01\":1}", 0, CONTROL, 2},
    {"an unknown escape", "[\"\\x41\"]", 0, ESCAPE, 2},
    {"an escaped NUL byte", "[\"\\\0\"]", 6, ESCAPE, 2},
    {"an escape in capitals", "[\"\\N\"]", 0, ESCAPE, 2},
    {"an escape outside ASCII", "[\"\\\xC3\xBC\"]", 0, ESCAPE, 2},
    {"a backslash at the end", "[\"\\", 0, EARLY, 3},
    {"three hexadecimal digits", "[\"\\u004\"]", 0, HEX, 2},
    {"a letter past f", "[\"\\u004g\"]", 0, HEX, 2},
    {"a capital U", "[\"\\U0041\"]", 0, ESCAPE, 2},
    {"an escape cut by the end", "\"\\u00", 0, HEX, 1},
    {"a high surrogate alone", "[\"\\uD800\"]", 0, HALF, 2},
    {"a high surrogate and text", "[\"\\uD800abcdef\"]", 0, HALF, 2},
    {"a low surrogate alone", "[\"\\uDC00\"]", 0, HALF, 2},
    {"two high surrogates", "[\"\\uD800\\uD800\"]", 0, HALF, 2},
    {"two low surrogates", "[\"\\uDC00\\uDC00\"]", 0, HALF, 2},
    {"a high surrogate and what follows the low ones", "[\"\\uD800\\uE000\"]", 0, HALF, 2},
    {"a high surrogate and another escape", "[\"\\uD800\\u0041\"]", 0, HALF, 2},
    {"a high surrogate and half an escape", "[\"\\uD800\\uDC0\"]", 0, HALF, 2},
    {"surrogates the wrong way round", "[\"\\uDC00\\uD800\"]", 0, HALF, 2},
    {"a high surrogate in a name", "{\"\\uD800\":1}", 0, HALF, 2},
    {"Latin-1", "[\"M\xFCnchen\"]", 0, UTF8, 3},
    {"a continuation alone", "[\"\x80\"]", 0, UTF8, 2},
    {"an overlong form of two bytes", "[\"\xC0\xAF\"]", 0, UTF8, 2},
    {"an overlong form of two bytes, the last", "[\"\xC1\xBF\"]", 0, UTF8, 2},
    {"an overlong form of three bytes", "[\"\xE0\x9F\xBF\"]", 0, UTF8, 2},
    {"an overlong form of four bytes", "[\"\xF0\x8F\xBF\xBF\"]", 0, UTF8, 2},
    {"a surrogate in UTF-8", "[\"\xED\xA0\x80\"]", 0, UTF8, 2},
    {"beyond U+10FFFF", "[\"\xF4\x90\x80\x80\"]", 0, UTF8, 2},
    {"a byte UTF-8 never has", "[\"\xF5\x80\x80\x80\"]", 0, UTF8, 2},
    {"a character cut by a quote", "[\"\xE2\x82\"]", 0, UTF8, 2},
    {"a character of four bytes cut", "[\"\xF0\x9F\x98\"]", 0, UTF8, 2},
    {"a character cut by the end", "\"\xE2\x82", 0, UTF8, 1},
    {"bad UTF-8 in a name", "{\"\xFF\":1}", 0, UTF8, 2},
    /* policy */
    {"the same name twice", "{\"a\":1,\"a\":2}", 0, TWICE, 11},
    {"the same member twice", "{\"a\":1,\"b\":2,\"a\":1}", 0, TWICE, 17},
    {"the same name after decoding", "{\"ab\":1,\"\\u0061b\": 2}", 0, TWICE, 19},
    {"the empty name twice", "{\"\":1,\"\":2}", 0, TWICE, 9},
    {"the first of several repetitions", "{\"a\":1,\"b\":2,\"b\":3,\"a\":4}", 0, TWICE, 17},
    {"a repetition inside", "[{\"x\":{\"a\":1,\"a\":2}}]", 0, TWICE, 17},
    {"U+0000 in a text", "[\"a\\u0000b\"]", 0, NUL, 3},
    {"U+0000 in a name", "{\"\\u0000\":1}", 0, NUL, 2},
};

Test(json, refuses_with_reason_and_place)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct door d;
        char expected[200];
        const size_t length = refused[i].length ? refused[i].length : strlen(refused[i].text);
        snprintf(expected, sizeof expected, "%s at byte %zu", refused[i].reason, refused[i].offset);
        cr_expect(eq(int, door_parse(&d, refused[i].text, length), GW_EINPUT), "%s", refused[i].name);
        cr_expect(eq(str, d.err.text, expected), "%s", refused[i].name);
        cr_expect(eq(sz, d.offset, refused[i].offset), "%s", refused[i].name);
        cr_expect(d.root == NULL, "%s: nothing comes out", refused[i].name);
        gw_arena_release(&d.arena);
    }
}

Test(json, needs_no_error_and_no_offset_to_refuse)
{
    struct gw_arena arena = GW_ARENA_INIT(1000);
    const cJSON *root = NULL;

    cr_expect(eq(int, gw_json_parse(&arena, "[", 1, NULL, &root, NULL, NULL), GW_EINPUT));
    gw_arena_release(&arena);
}

Test(json, builds_items_as_cjson_does)
{
    static const char text[] = " {\"n\": 1.20, \"list\": [true, \"x\", {}], \"t\": \"y\"}";
    struct door d;

    cr_assert(eq(int, door_parse(&d, text, strlen(text)), GW_OK));
    const cJSON *n = gw_json_get(d.root, "n");
    const cJSON *list = gw_json_get(d.root, "list");
    cr_expect(d.root->prev == NULL && d.root->next == NULL && d.root->string == NULL);
    cr_expect(d.root->valuestring == NULL && list->valuestring == NULL);
    cr_expect(eq(int, d.root->valueint, 1));
    cr_expect(eq(int, n->valueint, 7));
    cr_expect(eq(int, list->valueint, 21));
    cr_expect(eq(int, list->child->next->valueint, 28));
    cr_expect(isnan(n->valuedouble));
    cr_expect(eq(str, n->valuestring, (char *)"1.20"));
    cr_expect(d.root->child == n);
    cr_expect(n->prev == gw_json_get(d.root, "t"), "the head's prev is the tail");
    cr_expect(n->prev->next == NULL);
    cr_expect(eq(int, cJSON_GetArraySize(list), 3));
    cr_expect(list->child->prev == cJSON_GetArrayItem(list, 2));
    gw_arena_release(&d.arena);
}

Test(json, keeps_a_number_of_any_length_as_written)
{
    enum { DIGITS = 100000 };
    struct door d;
    char *text = malloc(DIGITS);

    memset(text, '7', DIGITS);
    cr_assert(eq(int, door_parse(&d, text, DIGITS), GW_OK));
    cr_expect(eq(sz, strlen(d.root->valuestring), DIGITS));
    cr_expect(eq(int, memcmp(d.root->valuestring, text, DIGITS), 0));
    gw_arena_release(&d.arena);
    free(text);
}

/* Nested containers, around nothing. */
static size_t nest(char *text, size_t depth, const char *opening, char closing)
{
    size_t length = 0;

    for (size_t i = 0; i < depth; i++)
        length += (size_t)sprintf(text + length, "%s", opening);
    if (opening[0] == '{')
        text[length++] = '1';
    memset(text + length, closing, depth);
    return length + depth;
}

static const struct {
    const char *name;
    const char *opening;
    char closing;
    size_t depth;
    unsigned max_depth;
    enum gw_status status;
} nestings[] = {
    {"arrays at the limit", "[", ']', 256, 0, GW_OK},
    {"arrays past the limit", "[", ']', 257, 0, GW_EINPUT},
    {"objects at the limit", "{\"a\":", '}', 256, 0, GW_OK},
    {"objects past the limit", "{\"a\":", '}', 257, 0, GW_EINPUT},
    {"a lower limit", "[", ']', 3, 3, GW_OK},
    {"past a lower limit", "[", ']', 4, 3, GW_EINPUT},
    {"a higher limit", "[", ']', 5000, 5000, GW_OK},
    {"past a higher limit", "[", ']', 5001, 5000, GW_EINPUT},
};

Test(json, s18_limits_the_depth)
{
    static char text[40000];

    for (size_t i = 0; i < COUNT(nestings); i++) {
        const struct gw_json_options options = {.max_depth = nestings[i].max_depth};
        const size_t length = nest(text, nestings[i].depth, nestings[i].opening, nestings[i].closing);
        struct door d;
        cr_expect(eq(int, door_parse_with(&d, text, length, SIZE_MAX, &options), nestings[i].status), "%s: %s",
                  nestings[i].name, d.err.text);
        if (nestings[i].status != GW_OK) {
            cr_expect(strstr(d.err.text, "nested deeper than the limit at byte") == d.err.text, "%s", d.err.text);
            cr_expect(eq(sz, d.offset, (nestings[i].depth - 1) * strlen(nestings[i].opening)), "%s", nestings[i].name);
        }
        gw_arena_release(&d.arena);
    }
}

Test(json, counts_depth_not_containers)
{
    static const char text[] = "[[],[],{},[[]],{\"a\":[]}]";
    const struct gw_json_options options = {.max_depth = 3};
    struct door d;

    cr_expect(eq(int, door_parse_with(&d, text, strlen(text), SIZE_MAX, &options), GW_OK), "%s", d.err.text);
    gw_arena_release(&d.arena);
}

Test(json, fits_its_arena_to_the_byte)
{
    static const char text[] = "{\"a\":[1,\"two\",null],\"b\":{\"c\":true}}";
    struct door d;

    cr_assert(eq(int, door_parse(&d, text, strlen(text)), GW_OK));
    const size_t needed = d.arena.used;
    gw_arena_release(&d.arena);
    for (size_t limit = 0; limit < needed; limit++) {
        cr_assert(eq(int, door_parse_with(&d, text, strlen(text), limit, NULL), GW_ENOMEM), "limit %zu", limit);
        cr_assert(eq(sz, d.offset, 0));
        gw_arena_release(&d.arena);
    }
    cr_expect(eq(int, door_parse_with(&d, text, strlen(text), needed, NULL), GW_OK));
    gw_arena_release(&d.arena);
}

Test(json, fits_its_arena_when_names_are_sorted)
{
    struct gw_text text = GW_TEXT_INIT(10000);
    struct door d;

    for (int i = 0; i < 17; i++)
        gw_text_print(&text, "%s\"n%d\":%d", i ? "," : "{", i, i);
    gw_text_add(&text, "}");
    cr_assert(eq(int, door_parse(&d, text.at, text.length), GW_OK));
    const size_t needed = d.arena.used;
    gw_arena_release(&d.arena);
    cr_expect(eq(int, door_parse_with(&d, text.at, text.length, needed, NULL), GW_OK));
    gw_arena_release(&d.arena);
    cr_expect(eq(int, door_parse_with(&d, text.at, text.length, needed - 1, NULL), GW_ENOMEM));
    gw_arena_release(&d.arena);
    gw_text_release(&text);
}

/* An object of names n0, n1 ... with one more at the end. */
static void many_names(struct gw_text *text, unsigned count, const char *last)
{
    gw_text_add(text, "{");
    for (unsigned i = 0; i < count; i++)
        gw_text_print(text, "\"n%u\":0,", i * 7919 % count); /* in no order */
    gw_text_print(text, "\"%s\":1}", last);
}

static const struct {
    unsigned count;
    const char *last;
    enum gw_status status;
} names[] = {
    {14, "n", GW_OK},          {14, "n13", GW_EINPUT},         {15, "n", GW_OK},      {15, "n0", GW_EINPUT},
    {16, "n", GW_OK},          {16, "n15", GW_EINPUT},         {17, "n3", GW_EINPUT}, {299999, "n", GW_OK},
    {299999, "n0", GW_EINPUT}, {299999, "n150000", GW_EINPUT},
};

Test(json, finds_a_repeated_name_among_few_and_many)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        struct gw_text text = GW_TEXT_INIT(1 << 23);
        struct door d;
        many_names(&text, names[i].count, names[i].last);
        cr_expect(eq(int, door_parse(&d, text.at, text.length), names[i].status), "%u names and %s: %s", names[i].count,
                  names[i].last, d.err.text);
        if (names[i].status == GW_OK)
            cr_expect(eq(int, cJSON_GetArraySize(d.root), (int)names[i].count + 1));
        else
            cr_expect(eq(sz, d.offset, text.length - 2), "%u names and %s", names[i].count, names[i].last);
        gw_arena_release(&d.arena);
        gw_text_release(&text);
    }
}

Test(json, looks_for_no_repetition_in_what_was_accepted_before)
{
    static const char text[] = "{\"a\":1,\"a\":2}";
    static const struct gw_json_options options = {.accepted = true};
    struct gw_arena arena = GW_ARENA_INIT(1 << 16);
    const cJSON *root = NULL;

    cr_assert(gw_json_parse(&arena, text, strlen(text), &options, &root, NULL, NULL) == GW_OK);
    cr_expect(eq(int, cJSON_GetArraySize(root), 2));
    gw_arena_release(&arena);
}

Test(json, lets_texts_and_names_outlive_the_tree)
{
    static const char text[] = "{\"name\":[\"value\",1.20]}";
    struct gw_arena texts = GW_ARENA_INIT(sizeof text + 1), items = GW_ARENA_INIT(1 << 16);
    const struct gw_json_options options = {.items = &items};
    const cJSON *root = NULL;

    cr_assert(gw_json_parse(&texts, text, strlen(text), &options, &root, NULL, NULL) == GW_OK);
    const char *name = root->child->string, *value = root->child->child->valuestring;
    const char *number = root->child->child->next->valuestring;
    gw_arena_release(&items);
    cr_expect(eq(str, (char *)name, (char *)"name"));
    cr_expect(eq(str, (char *)value, (char *)"value"));
    cr_expect(eq(str, (char *)number, (char *)"1.20"));
    gw_arena_release(&texts);
}

Test(json, names_the_first_of_many_repetitions)
{
    struct gw_text text = GW_TEXT_INIT(10000);
    struct door d;

    many_names(&text, 30, "z\":0,\"z\":0,\"a\":0,\"a");
    cr_expect(eq(int, door_parse(&d, text.at, text.length), GW_EINPUT));
    cr_expect(eq(sz, d.offset, (size_t)(strstr(text.at, "\"z\":0,\"a\"") - text.at) + 4));
    gw_arena_release(&d.arena);
    gw_text_release(&text);
}

/* A Bundle of about 2 KiB with every kind of value, escape and character. */
static void make_bundle(struct gw_text *text)
{
    gw_text_add(text, "{\"resourceType\":\"Bundle\",\"entry\":[");
    for (int i = 0; text->length < 2048; i++)
        gw_text_print(
            text,
            "%s{\"id\":\"o-%d\", \"value\": %d.%d0e-1,\"text\":\"caf\xC3\xA9 \\u20ac \\ud83d\\ude00 \xF0\x9F\x98"
            "\x80 \\\"a\\nb\\\"\",\"on\":[true,false,null,{},[]],\"low\":-0}",
            i ? ",\n" : "", i, i, i);
    gw_text_add(text, "]}");
}

Test(json, refuses_a_text_cut_at_any_byte)
{
    struct gw_text text = GW_TEXT_INIT(4096);
    struct door d;

    make_bundle(&text);
    cr_assert(eq(int, door_parse(&d, text.at, text.length), GW_OK), "%s", d.err.text);
    gw_arena_release(&d.arena);
    for (size_t length = 0; length < text.length; length++) {
        cr_assert(eq(int, door_parse(&d, text.at, length), GW_EINPUT), "cut at %zu", length);
        cr_assert(d.offset <= length && length - d.offset < 12, "cut at %zu, said %zu", length, d.offset);
        gw_arena_release(&d.arena);
    }
    gw_text_release(&text);
}

Test(json, survives_any_byte_in_any_place)
{
    static const char bytes[] = "\0\x01\"\\{}[],:0-.eut/ \x7f\x80\xC3\xED\xF0\xFF";
    struct gw_text text = GW_TEXT_INIT(4096);

    make_bundle(&text);
    text.length = 400;
    for (size_t at = 0; at < text.length; at++) {
        const char before = text.at[at];
        for (size_t i = 0; i < sizeof bytes - 1; i++) {
            struct door d;
            text.at[at] = bytes[i];
            cr_assert(door_parse(&d, text.at, text.length) != GW_OK, "it is cut after 400 bytes in any case");
            gw_arena_release(&d.arena);
        }
        text.at[at] = before;
    }
    gw_text_release(&text);
}

static const struct {
    const char *name;
    const char *text;
    enum gw_status status;
} comments[] = {
    {"before the value", "// ours\n[1]", GW_OK},
    {"after the value", "[1] // ours", GW_OK},
    {"an empty one at the very end", "[1]//", GW_OK},
    {"between all parts", "{//a\n\"a\"//b\n://c\n[//d\n1//e\n,//f\n2]//g\n}//h\n", GW_OK},
    {"with quotes and brackets", "[1, // \"]\n2]", GW_OK},
    {"not inside a text", "{\"base\":\"https://fhir.hm.example/r4\"}", GW_OK},
    {"one slash", "/ ours\n[1]", GW_EINPUT},
    {"a block comment", "/* ours */[1]", GW_EINPUT},
    {"one that hides the end", "[1 // ]", GW_EINPUT},
    {"nothing else", "// ours\n", GW_EINPUT},
    {"a carriage return ends no line", "// ours\r[1]", GW_EINPUT},
};

Test(json, takes_line_comments_only_when_told)
{
    const struct gw_json_options with = {.comments = true};

    for (size_t i = 0; i < COUNT(comments); i++) {
        struct door d;
        const size_t length = strlen(comments[i].text);
        cr_expect(eq(int, door_parse_with(&d, comments[i].text, length, SIZE_MAX, &with), comments[i].status), "%s: %s",
                  comments[i].name, d.err.text);
        gw_arena_release(&d.arena);
        if (!strstr(comments[i].text, "https"))
            cr_expect(eq(int, door_parse(&d, comments[i].text, length), GW_EINPUT), "%s", comments[i].name);
        gw_arena_release(&d.arena);
    }
}
