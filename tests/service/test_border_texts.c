/*
 * What somebody typed in a record stays in the hospital, wherever in the record it stands: beside codes, in their
 * place, in that of a date or a unit, in notes, names and extensions. Whatever part of the study, of an export or of a
 * complaint is looked at, it has none of it; and the texts of the study have the form that their columns promise.
 */
#include "service/border_bench.h"

TestSuite(border_texts, .init = start, .fini = stop, .timeout = 600);

#define TYPED "ZZAna Ruiz" /* somebody's words */
#define WORD  "ZZAna"

enum { ODDS = 150, MOST_CODE = 64 };

/* ---- typing ---- */

static bool is_one_of(const char *name, const char *const *names)
{
    for (; name && *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* Free text by its definition. */
static bool is_free(const char *name)
{
    static const char *const names[] = {"display",     "text",        "div",     "comment", "description",
                                        "family",      "given",       "line",    "city",    "patientInstruction",
                                        "onsetString", "valueString", "title",   "label",   "valueMarkdown",
                                        "server",      "deviceName",  "purpose", NULL};

    return is_one_of(name, names);
}

/* Whose record it is and what kind; else nobody would look at it. */
static bool is_left_alone(const char *name)
{
    static const char *const names[] = {"resourceType", "id", "reference", "lastUpdated", NULL};

    return is_one_of(name, names);
}

static void type_over(cJSON *leaf)
{
    cJSON_SetValuestring(leaf, gw_arena_print(&arena, "%s %u", TYPED, (unsigned)chance_next(&seed) % 100));
}

static void type_into(cJSON *item)
{
    const bool text = cJSON_IsString(item);

    if (text && is_free(item->string))
        type_over(item);
    else if (text && !is_left_alone(item->string) && chance_next(&seed) % ODDS == 0)
        type_over(item);
    for (cJSON *child = item->child; child; child = child->next)
        type_into(child);
}

/* Where FHIR has room for a text and the record none. */
static void type_beside(cJSON *item, const char *member, const char *beside)
{
    if (cJSON_IsObject(item) && cJSON_GetObjectItem(item, member) && !cJSON_GetObjectItem(item, "resourceType") &&
        !cJSON_GetObjectItem(item, beside))
        cJSON_AddStringToObject(item, beside, TYPED);
    for (cJSON *child = item->child; child; child = child->next)
        type_beside(child, member, beside);
}

static void add_object(cJSON *resource, const char *name, const char *json)
{
    if (!cJSON_GetObjectItem(resource, name))
        cJSON_AddItemToObject(resource, name, cJSON_Parse(json));
}

static void type_all_over(cJSON *resource)
{
    type_beside(resource, "coding", "text");
    type_beside(resource, "reference", "display");
    type_beside(resource, "code", "display");
    add_object(resource, "text",
               "{\"status\":\"generated\",\"div\":\"<div xmlns='http://www.w3.org/1999/xhtml'>x</div>\"}");
    add_object(resource, "note", "[{\"authorString\":\"" TYPED "\",\"text\":\"x\"}]");
    add_object(resource, "extension", "[{\"url\":\"urn:x\",\"valueString\":\"x\"}]");
    add_object(resource, "contained", "[{\"resourceType\":\"Basic\",\"id\":\"b\",\"code\":{\"text\":\"x\"}}]");
    type_into(resource);
}

/* ---- looking ---- */

static bool holds_word(const char *path)
{
    struct gw_text text = read_file(path);
    const bool found = text.length && memmem(text.at, text.length, WORD, strlen(WORD)) != NULL;

    gw_text_release(&text);
    return found;
}

static size_t files_with_word(const char *folder, bool quietly)
{
    DIR *dir = opendir(folder);
    size_t found = 0;

    cr_assert(dir != NULL, "%s", folder);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_type != DT_REG || !holds_word(gw_arena_print(&arena, "%s/%s", folder, entry->d_name)))
            continue;
        found++;
        cr_expect(quietly, "%s/%s has what was typed", folder, entry->d_name);
    }
    closedir(dir);
    return found;
}

/* Where it crossed, by column. */
static void expect_clean(sqlite3 *db, const struct gw_table *table, const struct gw_column *column)
{
    cr_expect(eq(i64,
                 count(db, gw_arena_print(&arena, "SELECT count(*) FROM %s WHERE \"%s\" LIKE '%%" WORD "%%'",
                                          table->name, column->name)),
                 0),
              "%s.%s takes what was typed", table->name, column->name);
}

/* What is the source's has no blank, and the length of a code. */
static int64_t expect_form(sqlite3 *db, const struct gw_table *table, const struct gw_column *column)
{
    const char *cell = gw_arena_print(&arena, "FROM %s WHERE \"%s\"", table->name, column->name);
    const int most = strcmp(column->name, "source_system") == 0 ? 255 : MOST_CODE;

    if (column->type != GW_COLUMN_text || whose(table, column) == OURS || whose(table, column) == KEYED)
        return 0;
    cr_expect(eq(i64, count(db, gw_arena_print(&arena, "SELECT count(*) %s LIKE '%% %%'", cell)), 0),
              "%s.%s has blanks", table->name, column->name);
    cr_expect(eq(i64,
                 count(db, gw_arena_print(&arena, "SELECT count(*) FROM %s WHERE length(\"%s\") > %d", table->name,
                                          column->name, most)),
                 0),
              "%s.%s has more than a code", table->name, column->name);
    return count(db, gw_arena_print(&arena, "SELECT count(*) %s IS NOT NULL", cell));
}

static void look_at_database(const char *folder)
{
    sqlite3 *db = open_db(folder);
    int64_t looked_at = 0;

    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);

        for (size_t c = 0; c < table->column_count; c++) {
            expect_clean(db, table, &table->columns[c]);
            looked_at += expect_form(db, table, &table->columns[c]);
        }
    }
    cr_expect(gt(i64, looked_at, 100), "the source's own texts were there");
    cr_expect(gt(i64, count(db, "SELECT count(*) FROM observations"), 20));
    sqlite3_close(db);
}

static void look_at_files(const char *folder)
{
    struct gw_error err = {0};
    size_t unfit;

    files_with_word(folder, false);
    for (size_t f = 0; gw_export_format(f); f++) {
        const char *out = gw_arena_print(&arena, "%s-%s", folder, gw_export_format(f));

        cr_assert(gw_export_folder(gw_arena_print(&arena, "%s/study.db", folder), gw_export_format(f), out, &unfit,
                                   &err) == GW_OK,
                  "%s", err.text);
        files_with_word(out, false);
    }
}

Test(border_texts, none_crosses_that_somebody_typed_whatever_it_stands_in_place_of)
{
    static const char *const sites[] = {"madrid", "boston"};

    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        const char *complaints = in_scratch("complaints"), *study;
        FILE *file = fopen(complaints, "w");

        retell(sites[i], i, type_all_over);
        study = map(sites[i], "typed", 'Q', file);
        fclose(file);
        look_at_database(study);
        look_at_files(study);
        cr_expect(not(holds_word(complaints)), "a complaint has what was typed");
        cr_expect(holds_word(gw_arena_print(&arena, "%s/../hospital/exceptions.csv", study)),
                  "it was read, and a person in the hospital sees it");
    }
}
