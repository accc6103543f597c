/*
 * The border between a hospital and a study: what two studies have of one patient cannot be joined by anything that is
 * the source's own, and nothing leads back to it.
 */
#include "service/border_bench.h"

TestSuite(border, .init = start, .fini = stop, .timeout = 600);

/* ---- two studies ---- */

/* As of a server whose versions are unique and whose clock has fractions of a second. */
static void version(cJSON *resource)
{
    cJSON *meta = cJSON_GetObjectItem(resource, "meta");
    const char *updated = cJSON_GetStringValue(cJSON_GetObjectItem(meta, "lastUpdated"));

    cr_assert(meta != NULL && updated != NULL);
    cJSON_ReplaceItemInObject(
        meta, "versionId",
        cJSON_CreateString(gw_arena_print(&arena, "%08x-52d1-4c07-%04x", (unsigned)chance_next(&seed),
                                          (unsigned)chance_next(&seed) & 0xffff)));
    cJSON_ReplaceItemInObject(
        meta, "lastUpdated",
        cJSON_CreateString(gw_arena_print(&arena, "%.19s.%03uZ", updated, (unsigned)chance_next(&seed) % 1000)));
}

static const char *elements(const char *schema, const struct gw_table *table, const struct gw_column *column)
{
    return gw_arena_print(&arena,
                          column->type == GW_COLUMN_list
                              ? "SELECT j.value FROM %1$s.%2$s, json_each('[\"' || replace(\"%3$s\", ';', '\",\"') || "
                                "'\"]') j WHERE \"%3$s\" <> ''"
                              : "SELECT \"%3$s\" FROM %1$s.%2$s WHERE \"%3$s\" IS NOT NULL",
                          schema, table->name, column->name);
}

/* Ids, lists of ids, and texts that are made under the key. */
static bool must_differ(const struct gw_table *table, const struct gw_column *column)
{
    if (column->type == GW_COLUMN_list)
        return strcmp(column->name, "rule_ids") != 0;
    return column->type == GW_COLUMN_id || (column->type == GW_COLUMN_text && whose(table, column) == KEYED);
}

static int64_t expect_apart(sqlite3 *db, const struct gw_table *table, const struct gw_column *column)
{
    const char *one = elements("main", table, column), *other = elements("other", table, column);

    cr_expect(eq(i64, count(db, gw_arena_print(&arena, "SELECT count(*) FROM (%s INTERSECT %s)", one, other)), 0),
              "%s.%s joins two studies", table->name, column->name);
    return count(db, gw_arena_print(&arena, "SELECT count(*) FROM (%s)", one));
}

static void expect_days(sqlite3 *db, const char *column)
{
    cr_expect(
        eq(i64, count(db, gw_arena_print(&arena, "SELECT count(*) FROM provenance WHERE length(%s) <> 10", column)), 0),
        "provenance.%s tells more than the day", column);
}

static void expect_no_other_tables(sqlite3 *db)
{
    cr_expect(eq(i64, count(db, "SELECT count(*) FROM sqlite_master WHERE type = 'table'"), GW_TABLE_COUNT + 2));
    cr_expect(eq(i64,
                 count(db, "SELECT count(*) FROM (SELECT subject_key FROM receipts INTERSECT "
                           "SELECT subject_key FROM other.receipts)"),
                 0));
    cr_expect(eq(i64, count(db, "SELECT count(*) FROM pragma_table_info('receipts')"), 4),
              "study, subject, number, at");
    cr_expect(eq(i64, count(db, "SELECT count(*) FROM pragma_table_info('target')"), 1), "study");
}

static void compare_databases(const char *one, const char *other)
{
    sqlite3 *db = open_db(one);
    int64_t compared = 0;

    cr_assert(sqlite3_exec(db, gw_arena_print(&arena, "ATTACH '%s/study.db' AS other", other), NULL, NULL, NULL) ==
              SQLITE_OK);
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);

        for (size_t c = 0; c < table->column_count; c++)
            if (must_differ(table, &table->columns[c]))
                compared += expect_apart(db, table, &table->columns[c]);
    }
    cr_expect(gt(i64, compared, 1000));
    cr_expect(gt(i64,
                 count(db, "SELECT count(*) FROM provenance WHERE version_id IS NOT NULL AND "
                           "last_updated IS NOT NULL AND content_sha256 IS NOT NULL"),
                 100));
    expect_days(db, "last_updated");
    expect_days(db, "fetched_at");
    expect_no_other_tables(db);
    sqlite3_close(db);
}

/* ---- files: every word of an export ---- */

struct words {
    const char **list;
    size_t count, capacity;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has(const struct words *words, const char *word)
{
    return bsearch(&word, words->list, words->count, sizeof *words->list, by_text) != NULL;
}

static void add_word(struct words *words, const char *word)
{
    const char **slot = GW_ARENA_PUSH(&arena, words->list, words->count, words->capacity);

    cr_assert(slot != NULL);
    *slot = word;
}

static void add_words(struct words *words, const char *path)
{
    static const char within[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:_-";
    struct gw_text text = read_file(path);

    for (size_t at = 0; at < text.length;) {
        const size_t length = strspn(text.at + at, within);

        if (length > 5)
            add_word(words, gw_arena_copy(&arena, text.at + at, length));
        at += length + 1;
    }
    gw_text_release(&text);
}

static struct words words_of(const char *folder)
{
    DIR *dir = opendir(folder);
    struct words words = {0};

    cr_assert(dir != NULL, "%s", folder);
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_type == DT_REG)
            add_words(&words, gw_arena_print(&arena, "%s/%s", folder, entry->d_name));
    closedir(dir);
    qsort(words.list, words.count, sizeof *words.list, by_text);
    return words;
}

static bool is_number_of_its_own(const char *word)
{
    const size_t digits = strspn(word + 1, "0123456789abcdef");

    return digits == 20 || (digits > 20 && strlen(word) == 64) || strstr(word, "-52d1-4c07-");
}

static const char *export(const char *folder, const char *format)
{
    const char *out = gw_arena_print(&arena, "%s-%s", folder, format);
    struct gw_error err = {0};
    size_t unfit;

    cr_assert(gw_export_folder(gw_arena_print(&arena, "%s/study.db", folder), format, out, &unfit, &err) == GW_OK, "%s",
              err.text);
    return out;
}

/* What each resource of the source is known by. */
static void collect(struct words *sources, const cJSON *item)
{
    static const char *const names[] = {"id", "versionId", "lastUpdated", "reference"};
    const char *text = cJSON_GetStringValue(item);

    for (size_t i = 0; text && item->string && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], item->string) == 0)
            add_word(sources, gw_arena_print(&arena, "%s", strchr(text, '/') ? strchr(text, '/') + 1 : text));
    for (const cJSON *child = item->child; child; child = child->next)
        collect(sources, child);
}

static struct words sources;

static void version_and_collect(cJSON *resource)
{
    version(resource);
    collect(&sources, resource);
}

static void compare_files(const char *one, const char *other, const char *format)
{
    const struct words all = words_of(one), theirs = words_of(other);
    size_t own = 0;

    for (size_t i = 0; i < all.count; i++) {
        own += is_number_of_its_own(all.list[i]);
        cr_expect(not(has(&sources, all.list[i])), "%s leads back: %s", format, all.list[i]);
        if (is_number_of_its_own(all.list[i]))
            cr_expect(not(has(&theirs, all.list[i])), "%s joins two studies: %s", format, all.list[i]);
    }
    cr_expect(gt(sz, all.count, 100), "%s", format);
    cr_expect(own > 10 || strcmp(format, "csv"), "the tables have ids");
}

/* A workbook is packed, and made of what Dataset-JSON is. */
static void compare_exports(const char *one, const char *other)
{
    compare_files(one, other, "csv");
    for (size_t f = 0; gw_export_format(f); f++)
        if (strcmp(gw_export_format(f), "xlsx") != 0 && strcmp(gw_export_format(f), "redcap-dictionary") != 0)
            compare_files(export(one, gw_export_format(f)), export(other, gw_export_format(f)), gw_export_format(f));
}

Test(border, two_studies_have_nothing_of_one_patient_in_common_but_what_they_asked_for)
{
    static const char *const sites[] = {"madrid", "busan"};

    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        const char *one, *other;

        sources = (struct words){0};
        retell(sites[i], i + 1, version_and_collect);
        qsort(sources.list, sources.count, sizeof *sources.list, by_text);
        one = map(sites[i], "one", 'Q', NULL);
        other = map(sites[i], "other", 'W', NULL);
        compare_databases(one, other);
        compare_exports(one, other);
    }
}
