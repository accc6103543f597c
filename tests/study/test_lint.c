/*
 * The lint of a study package against golden texts: small packages, each broken in its own way.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>
#include <unistd.h>

#include "gateway/core/json.h"
#include "gateway/study/package.h"
#include "study/package_keys.h"

static struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);

static void prepare(void)
{
    cr_assert(eq(int, chdir(SOURCE_DIR), 0)); /* findings name the paths they were given */
}

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(lint, .init = prepare, .fini = release);

static const struct {
    const char *dir;
    const char *common;
    const char *expected;
} cases[] = {
    {"fixtures/study/whole", "mappings/common", "fixtures/study/whole/expected.txt"},
    {"fixtures/study/keys", "mappings/common", "fixtures/study/keys/expected.txt"},
    {"fixtures/study/types", "mappings/common", "fixtures/study/types/expected.txt"},
    {"fixtures/study/windows", "mappings/common", "fixtures/study/windows/expected.txt"},
    {"fixtures/study/shapes", "mappings/common", "fixtures/study/shapes/expected.txt"},
    {"fixtures/study/names", "mappings/common", "fixtures/study/names/expected.txt"},
    {"fixtures/study/other-study", "mappings/common", "fixtures/study/other-study/expected.txt"},
    {"fixtures/study/no-json", "mappings/common", "fixtures/study/no-json/expected.txt"},
    {"fixtures/study/whole", "fixtures/study/tables", "fixtures/study/tables/expected.txt"},
    {"fixtures/study/two-studies", "fixtures/study/two-studies", "fixtures/study/two-studies/expected.txt"},
    {"fixtures/study/nowhere", "fixtures/study/nowhere", "fixtures/study/nowhere.txt"},
};

/* Lines that are no notes. */
static size_t findings_in(const char *text)
{
    size_t count = 0;

    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        const char *const end = strchr(line, '\n');
        const char *const note = strstr(line, ": note: ");

        count += !note || note > end;
    }
    return count;
}

Test(lint, says_every_finding_with_its_line_and_what_to_do)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gw_text expected = GW_TEXT_INIT(1 << 20), got = GW_TEXT_INIT(1 << 20);
        size_t count;

        cr_assert(eq(int, gw_text_read_file(&expected, cases[i].expected, NULL), GW_OK), "%s", cases[i].expected);
        count = gw_study_lint(&arena, cases[i].dir, cases[i].common, &got);
        cr_expect(eq(str, got.at, expected.at), "%s", cases[i].expected);
        cr_expect(eq(sz, count, findings_in(expected.at)), "%s", cases[i].expected);
        gw_text_release(&expected);
        gw_text_release(&got);
        gw_arena_clear(&arena);
    }
}

Test(lint, tells_the_loader_what_it_tells_the_reader_first)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gw_text got = GW_TEXT_INIT(1 << 20);
        const struct gw_study *study = NULL;
        struct gw_error err = {.status = GW_OK};
        const enum gw_status rc = gw_study_load(&arena, cases[i].dir, &study, &err);

        gw_study_lint(&arena, cases[i].dir, cases[i].common, &got);
        if (rc != GW_OK)
            cr_expect(strncmp(got.at, err.text, strlen(err.text)) == 0, "%s: %s", cases[i].dir, err.text);
        cr_expect(eq(int, rc == GW_OK, study != NULL), "%s", cases[i].dir);
        gw_text_release(&got);
        gw_arena_clear(&arena);
    }
}

static const char *const shipped[] = {"mappings/studies/lendex-rrmm", "mappings/studies/elranatamab-rrmm"};

Test(lint, finds_nothing_in_the_packages_of_the_repository)
{
    for (size_t i = 0; i < sizeof shipped / sizeof shipped[0]; i++) {
        struct gw_text got = GW_TEXT_INIT(1 << 20);

        cr_expect(eq(sz, gw_study_lint(&arena, shipped[i], "mappings/common", &got), 0), "%s", got.at);
        gw_text_release(&got);
        gw_arena_clear(&arena);
    }
}

Test(lint, notes_the_rows_of_a_study_that_are_not_verified)
{
    struct gw_text got = GW_TEXT_INIT(1 << 20);

    gw_study_lint(&arena, shipped[0], "mappings/common", &got);
    cr_expect(strstr(got.at, "409089005 for FEBRILE_NEUTROPENIA is not verified") != NULL, "%s", got.at);
    cr_expect(strstr(got.at, "FATIGUE") == NULL, "%s", got.at);
    gw_text_release(&got);
}

/* The members of `properties`, through `items` where the key names a list. */
static const cJSON *properties_at(const cJSON *schema, const char *path)
{
    char name[64];

    while (*path) {
        const size_t length = strcspn(path, ".");

        memcpy(name, path, length);
        name[length] = '\0';
        schema = gw_json_object(gw_json_object(schema, "properties"), name);
        if (gw_json_object(schema, "items"))
            schema = gw_json_object(schema, "items");
        path += length + (path[length] == '.');
    }
    return gw_json_object(schema, "properties");
}

static const struct {
    const char *schema;
    const struct gw_settings_keys *objects;
} schemas[] = {
    {"mappings/studies/study.schema.json", study_keys},
    {"mappings/sites/site.schema.json", site_keys},
};

Test(lint, accepts_the_keys_the_schemas_list)
{
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        const cJSON *schema = NULL;

        cr_assert(eq(int, gw_json_load(&arena, schemas[i].schema, 1 << 20, &schema, NULL, NULL), GW_OK));
        for (const struct gw_settings_keys *object = schemas[i].objects; object->name; object++) {
            const cJSON *properties = properties_at(schema, object->name);
            size_t count = 0;

            cr_assert(properties != NULL, "%s has no \"%s\"", schemas[i].schema, object->name);
            for (; object->keys[count]; count++)
                cr_expect(gw_json_get(properties, object->keys[count]) != NULL, "%s lacks %s.%s", schemas[i].schema,
                          object->name, object->keys[count]);
            cr_expect(eq(int, cJSON_GetArraySize(properties), (int)count), "%s lists other keys under \"%s\"",
                      schemas[i].schema, object->name);
        }
    }
}

static const struct {
    const char *text;
    const char *nearest;
} words[] = {
    {"verison", "version"}, {"windos", "windows"}, {"colour", NULL}, {"", NULL}, {"windows", "windows"},
};

Test(lint, suggests_the_nearest_key_only_when_it_is_near)
{
    static const char *const list[] = {"version", "windows", "tie"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        cr_expect(gw_same(gw_settings_nearest(words[i].text, list, 3), words[i].nearest), "%s", words[i].text);
}
