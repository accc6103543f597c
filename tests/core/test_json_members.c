/*
 * Reading a parsed tree, loading our own files, and writing a text.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "support/door.h"
#include "support/scratch.h"

Test(json_members, gives_members_by_name_and_type)
{
    static const char text[] = "{\"s\":\"x\",\"n\":1.20,\"a\":[1],\"o\":{},\"t\":true,\"f\":false,\"z\":null}";
    struct door d;

    cr_assert(eq(int, door_parse(&d, text, strlen(text)), GW_OK));
    cr_expect(eq(str, (char *)gw_json_string(d.root, "s"), (char *)"x"));
    cr_expect(gw_json_string(d.root, "n") == NULL, "a number's text is no string");
    cr_expect(gw_json_string(d.root, "S") == NULL, "case matters");
    cr_expect(eq(str, (char *)gw_json_number(d.root, "n"), (char *)"1.20"));
    cr_expect(gw_json_number(d.root, "s") == NULL);
    cr_expect(gw_json_array(d.root, "a") == gw_json_get(d.root, "a") && gw_json_array(d.root, "a") != NULL);
    cr_expect(gw_json_array(d.root, "o") == NULL);
    cr_expect(gw_json_object(d.root, "o") == gw_json_get(d.root, "o") && gw_json_object(d.root, "o") != NULL);
    cr_expect(gw_json_object(d.root, "a") == NULL);
    cr_expect(gw_json_true(d.root, "t"));
    cr_expect(not(gw_json_true(d.root, "f")));
    cr_expect(not(gw_json_true(d.root, "s")));
    cr_expect(gw_json_get(d.root, "none") == NULL);
    cr_expect(gw_json_get(NULL, "s") == NULL);
    cr_expect(gw_json_get(gw_json_get(d.root, "a"), "s") == NULL, "an array has no members");
    const cJSON *none = NULL;
    GW_JSON_EACH (nothing, none)
        cr_fail("there is nothing in nothing");
    gw_arena_release(&d.arena);
}

static const struct {
    const char *text;
    bool fits;
    long value;
} integers[] = {
    {"0", true, 0},
    {"-0", true, 0},
    {"42", true, 42},
    {"-7", true, -7},
    {"9223372036854775807", true, LONG_MAX},
    {"-9223372036854775808", true, LONG_MIN},
    {"9223372036854775808", false, 0},
    {"-9223372036854775809", false, 0},
    {"1.0", false, 0},
    {"1e3", false, 0},
    {"\"5\"", false, 0},
    {"null", false, 0},
};

Test(json_members, gives_plain_integers)
{
    for (size_t i = 0; i < COUNT(integers); i++) {
        struct door d;
        char text[64];
        long value = 99;
        snprintf(text, sizeof text, "{\"n\":%s}", integers[i].text);
        cr_assert(eq(int, door_parse(&d, text, strlen(text)), GW_OK));
        cr_expect(eq(int, gw_json_int(d.root, "n", &value), integers[i].fits), "%s", integers[i].text);
        cr_expect(eq(long, value, integers[i].fits ? integers[i].value : 99), "%s", integers[i].text);
        gw_arena_release(&d.arena);
    }
}

static const struct {
    const char *string;
    const char *expected;
} quotes[] = {
    {NULL, "null"},
    {"", "\"\""},
    {"plain", "\"plain\""},
    {"\"\\/", "\"\\\"\\\\/\""},
    {"\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""},
    {"M\xC3\xBCnchen \xF0\x9F\x98\x80", "\"M\xC3\xBCnchen \xF0\x9F\x98\x80\""},
    {"M\xFCnchen", "\"M\xEF\xBF\xBDnchen\""},
    {"\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
};

Test(json_members, quotes_any_text_so_that_it_can_be_read_again)
{
    for (size_t i = 0; i < COUNT(quotes); i++) {
        struct gw_text out = GW_TEXT_INIT(100);
        struct door d;
        gw_json_quote(&out, quotes[i].string);
        cr_expect(eq(str, out.at, (char *)quotes[i].expected));
        cr_expect(eq(int, door_parse(&d, out.at, out.length), GW_OK), "%s", out.at);
        gw_arena_release(&d.arena);
        gw_text_release(&out);
    }
}

Test(json_members, counts_lines_from_one)
{
    static const char text[] = "a\nb\n\nc";
    static const unsigned lines[] = {1, 1, 2, 2, 3, 4, 4, 4};

    for (size_t i = 0; i < COUNT(lines); i++)
        cr_expect(eq(uint, gw_json_line((struct gw_slice){text, 6}, i), lines[i]), "byte %zu", i);
    cr_expect(eq(uint, gw_json_line((struct gw_slice){NULL, 0}, 5), 1));
}

static const struct {
    const char *name;
    const char *text;
    const char *says; /* NULL: it loads */
} files[] = {
    {"settings with a comment", "// ours\n{\"id\": \"hm\"}\n", NULL},
    {"a trailing comma", "{\n  \"id\": \"hm\",\n}\n", "s.json:3: a name in quotes is missing"},
    {"a name twice", "{\"id\": 1,\n\"id\":\n2}", "s.json:3: a repeated name in an object"},
    {"an empty file", "", "s.json:1: the text ends early"},
    {"one byte too many", "{\"id\": \"a text longer than allowed here\"}", "s.json: larger than the 40 bytes"},
};

Test(json_members, loads_our_own_files_and_says_the_line)
{
    struct scratch scratch;

    scratch_init(&scratch);
    for (size_t i = 0; i < COUNT(files); i++) {
        struct gw_arena arena = GW_ARENA_INIT(10000);
        struct gw_error err = {0};
        struct gw_slice text = {NULL, 0};
        const cJSON *root = NULL;
        const char *path = scratch_write(&scratch, "s.json", files[i].text);
        const enum gw_status rc = gw_json_load(&arena, path, 40, &root, &text, &err);
        cr_expect(eq(int, rc, files[i].says ? GW_ECONFIG : GW_OK), "%s: %s", files[i].name, err.text);
        cr_expect(eq(int, err.status, rc), "%s", files[i].name);
        if (files[i].says)
            cr_expect(strstr(err.text, files[i].says) != NULL, "%s: %s", files[i].name, err.text);
        if (!files[i].says) {
            cr_expect(eq(sz, text.length, strlen(files[i].text)));
            cr_expect(eq(uint, gw_json_line(text, (size_t)gw_json_get(root, "id")->valueint), 2));
        }
        gw_arena_release(&arena);
    }
    scratch_release(&scratch);
}

Test(json_members, says_when_our_own_file_is_not_there_or_does_not_fit)
{
    struct gw_arena arena = GW_ARENA_INIT(20);
    struct gw_error err = {0};
    const cJSON *root = NULL;
    struct scratch scratch;

    scratch_init(&scratch);
    cr_expect(eq(int, gw_json_load(&arena, "/nowhere/s.json", 100, &root, NULL, &err), GW_ECONFIG));
    cr_expect(strstr(err.text, "/nowhere/s.json: not there") != NULL, "%s", err.text);
    cr_expect(eq(int, gw_json_load(&arena, "/nowhere/s.json", 100, &root, NULL, NULL), GW_ECONFIG));
    const char *path = scratch_write(&scratch, "s.json", "[1]");
    cr_expect(eq(int, gw_json_load(&arena, path, 100, &root, NULL, &err), GW_ENOMEM));
    arena.limit = 1000;
    cr_expect(eq(int, gw_json_load(&arena, path, 100, &root, NULL, &err), GW_OK), "the slice may be left out");
    gw_arena_release(&arena);
    scratch_release(&scratch);
}

Test(json_members, knows_the_library_it_builds_items_for)
{
    struct gw_error err = {0};

    cr_expect(eq(int, gw_json_check_library(&err), GW_OK), "%s", err.text);
}
