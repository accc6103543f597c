/*
 * The tables of mappings/common with one cell of their first rows changed: they are taken, or refused with file, line
 * and a sentence.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "gateway/core/text.h"
#include "support/scratch.h"
#include "support/subject.h"

#define COMMON SOURCE_DIR "/mappings/common"
#define ROWS   3 /* of each table are changed */

static struct scratch scratch;
static struct gw_arena kept = GW_ARENA_INIT((size_t)16 << 20);
static const struct gw_study *study;
static size_t taken, refused;

static bool is_table(const char *name)
{
    const size_t length = strlen(name);

    return length > 4 && strcmp(name + length - 4, ".csv") == 0;
}

static void link_tables(const struct dirent *entry)
{
    if (is_table(entry->d_name))
        cr_assert(symlink(gw_arena_print(&kept, COMMON "/%s", entry->d_name), scratch_path(&scratch, entry->d_name)) ==
                  0);
}

static void each_entry(void (*each)(const struct dirent *entry))
{
    DIR *const folder = opendir(COMMON);

    cr_assert(folder != NULL);
    for (const struct dirent *entry; (entry = readdir(folder));)
        each(entry);
    closedir(folder);
}

static void start(void)
{
    scratch_init(&scratch);
    taken = refused = 0;
    cr_assert(gw_study_load(&kept, SOURCE_DIR "/mappings/studies/lendex-rrmm", &study, NULL) == GW_OK);
    each_entry(link_tables);
}

static void stop(void)
{
    scratch_release(&scratch);
    gw_arena_release(&kept);
}

TestSuite(variations_tables, .init = start, .fini = stop, .timeout = 240);

/* ---- cells ---- */

/* The end of a cell: its comma, the end of its line or of the text. */
static const char *end_of_cell(const char *at)
{
    bool quoted = false;

    for (; *at && (quoted || (*at != ',' && *at != '\n')); at++)
        quoted ^= *at == '"';
    return at;
}

static void load(const char *name, const char *text)
{
    struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);
    const struct gw_tables *tables = NULL;
    struct gw_rules rules;
    struct gw_error err = {.status = GW_OK};
    enum gw_status rc;

    cr_assert(unlink(scratch_path(&scratch, name)) == 0);
    scratch_write(&scratch, name, text);
    rc = gw_tables_load_for(&arena, scratch.folder, study, &tables, &err);
    if (rc == GW_OK)
        rc = gw_rules_load(&arena, scratch.folder, &rules, &err);
    cr_assert(rc == GW_OK || rc == GW_ECONFIG, "%d %s", rc, err.text);
    if (rc != GW_OK)
        cr_expect(strstr(err.text, ".csv:") != NULL, "%s: %s", name, err.text);
    taken += rc == GW_OK;
    refused += rc != GW_OK;
    gw_arena_release(&arena);
}

static void change_cells(const char *name, const char *text)
{
    static const char *const others[] = {"", "?", "-3"};
    struct gw_text changed = GW_TEXT_INIT((size_t)16 << 20);
    const char *row = strchr(text, '\n') + 1;

    for (int r = 0; r < ROWS && *row; r++) {
        const char *cell = row, *end;

        do {
            end = end_of_cell(cell);
            for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
                gw_text_clear(&changed);
                gw_text_print(&changed, "%.*s%s", (int)(cell - text), text, others[i]);
                gw_text_add(&changed, end);
                load(name, changed.at);
            }
            cell = end + 1;
        } while (*end == ',');
        row = *end ? cell : end;
    }
    gw_text_release(&changed);
}

/* The first rows alone: a short table, whose others were never changed. */
static void change_table(const struct dirent *entry)
{
    struct gw_text text = GW_TEXT_INIT((size_t)16 << 20);

    if (!is_table(entry->d_name) || strcmp(entry->d_name, "columns.csv") == 0)
        return;
    cr_assert(gw_text_read_file(&text, gw_arena_print(&kept, COMMON "/%s", entry->d_name), NULL) == GW_OK);
    change_cells(entry->d_name, text.at);
    cr_assert(unlink(scratch_path(&scratch, entry->d_name)) == 0);
    link_tables(entry);
    gw_text_release(&text);
}

Test(variations_tables, of_a_cell_are_taken_or_refused_with_their_line)
{
    each_entry(change_table);
    cr_expect(gt(sz, refused, 100), "%zu refused", refused);
    cr_expect(gt(sz, taken, 50), "%zu taken", taken);
}
