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
    const char *site; /* NULL: none */
} cases[] = {
    {"fixtures/study/whole", "mappings/common", "fixtures/study/whole/expected.txt", NULL},
    {"fixtures/study/keys", "mappings/common", "fixtures/study/keys/expected.txt", NULL},
    {"fixtures/study/types", "mappings/common", "fixtures/study/types/expected.txt", NULL},
    {"fixtures/study/windows", "mappings/common", "fixtures/study/windows/expected.txt", NULL},
    {"fixtures/study/shapes", "mappings/common", "fixtures/study/shapes/expected.txt", NULL},
    {"fixtures/study/names", "mappings/common", "fixtures/study/names/expected.txt", NULL},
    {"fixtures/study/other-study", "mappings/common", "fixtures/study/other-study/expected.txt", NULL},
    {"fixtures/study/no-json", "mappings/common", "fixtures/study/no-json/expected.txt", NULL},
    {"fixtures/study/whole", "fixtures/study/tables", "fixtures/study/tables/expected.txt", NULL},
    {"fixtures/study/two-studies", "fixtures/study/two-studies", "fixtures/study/two-studies/expected.txt", NULL},
    {"fixtures/study/nowhere", "fixtures/study/nowhere", "fixtures/study/nowhere.txt", NULL},
    {"fixtures/study/schedules", "mappings/common", "fixtures/study/schedules/expected.txt", NULL},
    {"fixtures/study/repeats", "mappings/common", "fixtures/study/repeats/expected.txt", NULL},
    {"fixtures/study/criteria", "mappings/common", "fixtures/study/criteria/expected.txt", NULL},
    {"fixtures/study/whole", "mappings/common", "fixtures/study/site/expected.txt", "fixtures/study/site/site.json"},
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

/* Notes on the shared tables are theirs: a package's golden text has none. */
static void drop_notes(struct gw_text *text)
{
    char *kept = text->at;

    for (char *line = text->at, *next; *line; line = next) {
        const char *const note = strstr(line, ": note: ");

        next = strchr(line, '\n') + 1;
        if (note && note < next)
            continue;
        memmove(kept, line, (size_t)(next - line));
        kept += next - line;
    }
    *kept = '\0';
}

Test(lint, says_every_finding_with_its_line_and_what_to_do)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gw_text expected = GW_TEXT_INIT(1 << 20), got = GW_TEXT_INIT(1 << 20);
        size_t count;

        cr_assert(eq(int, gw_text_read_file(&expected, cases[i].expected, NULL), GW_OK), "%s", cases[i].expected);
        count = gw_study_lint(&arena, cases[i].dir, cases[i].common, &cases[i].site, cases[i].site != NULL, &got);
        if (strcmp(cases[i].common, "mappings/common") == 0)
            drop_notes(&got);
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

        gw_study_lint(&arena, cases[i].dir, cases[i].common, &cases[i].site, cases[i].site != NULL, &got);
        if (rc != GW_OK)
            cr_expect(strncmp(got.at, err.text, strlen(err.text)) == 0, "%s: %s", cases[i].dir, err.text);
        cr_expect(eq(int, rc == GW_OK, study != NULL), "%s", cases[i].dir);
        gw_text_release(&got);
        gw_arena_clear(&arena);
    }
}

static const char *const shipped[] = {"mappings/studies/lendex-rrmm", "mappings/studies/elranatamab-rrmm",
                                      "mappings/studies/example-hip"};

Test(lint, finds_nothing_in_the_packages_of_the_repository)
{
    for (size_t i = 0; i < sizeof shipped / sizeof shipped[0]; i++) {
        struct gw_text got = GW_TEXT_INIT(1 << 20);

        cr_expect(eq(sz, gw_study_lint(&arena, shipped[i], "mappings/common", NULL, 0, &got), 0), "%s", got.at);
        gw_text_release(&got);
        gw_arena_clear(&arena);
    }
}

Test(lint, finds_nothing_in_the_profiles_of_the_repository)
{
    static const char *const sites[] = {"mappings/sites/boston.json", "mappings/sites/busan.json",
                                        "mappings/sites/essen.json", "mappings/sites/madrid.json"};
    struct gw_text got = GW_TEXT_INIT(1 << 20);

    cr_expect(eq(sz, gw_study_lint(&arena, shipped[0], "mappings/common", sites, 4, &got), 0), "%s", got.at);
    gw_text_release(&got);
}

Test(lint, notes_the_rows_of_a_study_that_are_not_verified)
{
    struct gw_text got = GW_TEXT_INIT(1 << 20);

    gw_study_lint(&arena, shipped[0], "mappings/common", NULL, 0, &got);
    cr_expect(strstr(got.at, "409089005 for FEBRILE_NEUTROPENIA is not verified") != NULL, "%s", got.at);
    cr_expect(strstr(got.at, "FATIGUE is not verified") != NULL, "a reported event of the other papers: %s", got.at);
    cr_expect(strstr(got.at, "for CRS") == NULL, "%s", got.at);
    gw_text_release(&got);
}

Test(lint, notes_a_local_code_that_is_mapped_to_a_row_that_is_not_verified)
{
    static const char *const site = "fixtures/study/site/unverified.json";
    struct gw_text with = GW_TEXT_INIT(1 << 20), without = GW_TEXT_INIT(1 << 20);
    const size_t findings = gw_study_lint(&arena, "fixtures/study/whole", "fixtures/study/tables", NULL, 0, &without);

    cr_expect(eq(sz, gw_study_lint(&arena, "fixtures/study/whole", "fixtures/study/tables", &site, 1, &with), findings),
              "it is no fault of the profile");
    cr_expect(strstr(with.at,
                     "fixtures/study/site/unverified.json:12: note: \"ANC-K\" is mapped to 26499-4, which is not "
                     "verified: it is disabled, and raises CODE_UNVERIFIED when met\n") != NULL,
              "%s", with.at);
    gw_text_release(&with);
    gw_text_release(&without);
}

/* ---- the schemas beside the files say the same as the loaders ---- */

/* The object a key holds, or the objects of its list. */
static const cJSON *inside(const cJSON *schema, const char *key)
{
    const cJSON *const member = gw_json_object(gw_json_object(schema, "properties"), key);
    const cJSON *const items = gw_json_object(member, "items");

    return items ? items : member;
}

static const cJSON *load_schema(const char *path)
{
    const cJSON *schema = NULL;

    cr_assert(eq(int, gw_json_load(&arena, path, 1 << 20, &schema, NULL, NULL), GW_OK));
    return schema;
}

Test(lint, accepts_the_keys_the_schema_of_a_site_lists)
{
    const cJSON *const schema = load_schema("mappings/sites/site.schema.json");

    for (const struct gw_settings_keys *object = site_keys; object->name; object++) {
        const cJSON *const properties =
            gw_json_object(*object->name ? inside(schema, object->name) : schema, "properties");
        size_t count = 0;

        cr_assert(properties != NULL, "no \"%s\"", object->name);
        for (; object->keys[count]; count++)
            cr_expect(gw_json_get(properties, object->keys[count]) != NULL, "%s.%s", object->name, object->keys[count]);
        cr_expect(eq(int, cJSON_GetArraySize(properties), (int)count), "other keys under \"%s\"", object->name);
    }
}

static bool lists_text(const cJSON *array, const char *text)
{
    GW_JSON_EACH (item, array) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
            return true;
    }
    return false;
}

static long number_of(const cJSON *schema, const char *key, long otherwise)
{
    long number = otherwise;

    gw_json_int(schema, key, &number);
    return number;
}

/* NULL: whatever it says about such a key is read by hand. */
static const bool *is_required(const struct package_field *field)
{
    static const bool yes = true, no = false;

    switch (field->kind) {
    case FIELD_BY_HAND:
        return NULL;
    case FIELD_INT:
        return field->fallback < field->low || field->fallback > field->high ? &yes : &no;
    case FIELD_BOOL:
        return field->fallback > 1 ? &yes : &no;
    case FIELD_CHOICE:
        return field->fallback < 0 ? &yes : &no;
    case FIELD_DECIMAL:
        return &yes;
    case FIELD_DECIMAL_OR_NULL:
        return &no;
    default:
        return field->optional ? &no : &yes;
    }
}

static void expect_field(const cJSON *object, const struct package_field *field)
{
    const cJSON *const schema = gw_json_object(gw_json_object(object, "properties"), field->key);
    const bool *const required = is_required(field);

    cr_assert(schema != NULL, "no \"%s\"", field->key);
    if (required)
        cr_expect(eq(int, lists_text(gw_json_array(object, "required"), field->key), *required), "%s", field->key);
    if (field->kind == FIELD_INT) {
        cr_expect(eq(long, number_of(schema, "minimum", -1), field->low), "%s", field->key);
        cr_expect(eq(long, number_of(schema, "maximum", -1), field->high), "%s", field->key);
        cr_expect(eq(long, number_of(schema, "default", field->low - 1), *required ? field->low - 1 : field->fallback),
                  "%s", field->key);
    }
    if (field->kind == FIELD_BOOL && !*required)
        cr_expect(eq(int, gw_json_true(schema, "default"), field->fallback), "%s", field->key);
    for (size_t i = 0; field->choices && field->choices[i]; i++)
        cr_expect(lists_text(gw_json_array(schema, "enum"), field->choices[i]), "%s", field->choices[i]);
}

static size_t expect_fields(const cJSON *object, const struct package_field *fields)
{
    size_t count = 0, below = 0;

    for (; fields[count].key; count++) {
        expect_field(object, &fields[count]);
        if (fields[count].fields)
            below += expect_fields(inside(object, fields[count].key), fields[count].fields);
    }
    cr_expect(eq(int, cJSON_GetArraySize(gw_json_object(object, "properties")), (int)count), "beside \"%s\"",
              fields[0].key);
    return count + below;
}

Test(lint, reads_what_the_schema_of_a_package_says)
{
    cr_expect(gt(sz, expect_fields(load_schema("mappings/studies/study.schema.json"), study_fields), 200));
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
