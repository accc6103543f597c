/*
 * identify(): which episode of today is which of yesterday's. Rows are made by hand: only what it reads is in them.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "gateway/study/derive.h"

static struct gw_arena arena;
static struct gw_rows before, after;

static void start(void)
{
    arena = (struct gw_arena)GW_ARENA_INIT(64u << 20);
    before = after = (struct gw_rows){0};
}

static void stop(void)
{
    gw_arena_release(&arena);
}

TestSuite(identify, .init = start, .fini = stop);

struct episode {
    const char *id, *category, *onset;
    const char *facts; /* one letter each */
};

static void add_evidence(struct gw_rows *rows, const struct episode *episode, char fact)
{
    struct gw_row_ae_evidence *evidence = (struct gw_row_ae_evidence *)gw_rows_add(rows, &arena, GW_TABLE_ae_evidence);
    struct gw_row_provenance *provenance = (struct gw_row_provenance *)gw_rows_add(rows, &arena, GW_TABLE_provenance);

    evidence->source_hash = gw_arena_print(&arena, "h%c", fact);
    evidence->ae_id = episode->id;
    evidence->row_id = gw_arena_print(&arena, "%s|h%c|0|onset", episode->id, fact);
    provenance->table = "ae_evidence";
    provenance->of_row = evidence->row_id;
    provenance->role = "onset";
    provenance->source_hash = evidence->source_hash;
    provenance->row_id = gw_arena_print(&arena, "%s|onset|h%c", evidence->row_id, fact);
}

static void add(struct gw_rows *rows, const struct episode *episode)
{
    struct gw_row_ae_episodes *row = (struct gw_row_ae_episodes *)gw_rows_add(rows, &arena, GW_TABLE_ae_episodes);
    struct gw_row_ae_grades *grade = (struct gw_row_ae_grades *)gw_rows_add(rows, &arena, GW_TABLE_ae_grades);

    row->row_id = row->ae_id = episode->id;
    row->category = episode->category;
    row->onset = episode->onset;
    grade->ae_id = episode->id;
    grade->row_id = gw_arena_print(&arena, "%s|2024-02-14", episode->id);
    for (const char *fact = episode->facts; *fact; fact++)
        add_evidence(rows, episode, *fact);
}

#define MOST 3

static const struct {
    const char *name;
    struct episode before[MOST], after[MOST];
    const char *ids[MOST]; /* what those of `after` are called, in the order of the row */
} cases[] = {
    {"one that grew keeps its id", {{"a5", "N", "2024-02-14", "ef"}}, {{"a1", "N", "2024-02-10", "aef"}}, {"a5"}},
    {"a merge keeps the larger, the other is gone",
     {{"a1", "N", "2024-02-14", "a"}, {"a4", "N", "2024-03-14", "def"}},
     {{"a1", "N", "2024-02-14", "adef"}},
     {"a4"}},
    {"a merge of equals keeps the earlier",
     {{"a1", "N", "2024-03-14", "a"}, {"a4", "N", "2024-02-14", "d"}},
     {{"a1", "N", "2024-02-14", "ad"}},
     {"a4"}},
    {"of equals of one day the smaller id",
     {{"a4", "N", "2024-02-14", "d"}, {"a1", "N", "2024-02-14", "a"}},
     {{"a7", "N", "2024-02-14", "ad"}},
     {"a1"}},
    {"a split leaves the id to the larger part, the smaller may not take it by birth",
     {{"a1", "N", "2024-02-14", "acde"}},
     {{"a1", "N", "2024-02-14", "a"}, {"a3", "N", "2024-03-14", "cde"}},
     {"a3", "a1"}},
    {"two that swap",
     {{"a1", "N", "2024-02-14", "ab"}, {"a3", "N", "2024-03-14", "cd"}},
     {{"a1", "N", "2024-02-14", "cd"}, {"a3", "N", "2024-03-14", "ab"}},
     {"a3", "a1"}},
    {"a chain: each takes its elder's id, the newborn what is left",
     {{"a1", "N", "2024-02-14", "abe"}, {"a2", "N", "2024-03-14", "c"}},
     {{"a1", "N", "2024-02-01", "x"}, {"a2", "N", "2024-02-14", "ab"}, {"a3", "N", "2024-03-14", "c"}},
     {"a3", "a1", "a2"}},
    {"another category is another event", {{"a1", "N", "2024-02-14", "ab"}}, {{"a2", "T", "2024-02-14", "ab"}}, {"a2"}},
    {"nothing in common", {{"a1", "N", "2024-02-14", "ab"}}, {{"a2", "N", "2024-02-14", "cd"}}, {"a2"}},
    {"an id that begins like another is another",
     {{"a1", "N", "2024-02-14", "ab"}, {"a11", "N", "2024-03-14", "cd"}},
     {{"a12", "N", "2024-02-14", "ab"}, {"a121", "N", "2024-03-14", "cd"}},
     {"a1", "a11"}},
    {"nothing before", {{NULL, NULL, NULL, NULL}}, {{"a2", "N", "2024-02-14", "cd"}}, {"a2"}},
};

/* All that belongs to an episode goes under its id, and no two episodes share one. */
static void expect_whole(const char *name)
{
    const struct gw_row_list *episodes = &after.tables[GW_TABLE_ae_episodes];
    const struct gw_row_list *evidence = &after.tables[GW_TABLE_ae_evidence];
    const struct gw_row_list *provenance = &after.tables[GW_TABLE_provenance];

    for (size_t i = 1; i < episodes->count; i++)
        cr_expect(strcmp(episodes->rows[i - 1]->row_id, episodes->rows[i]->row_id) < 0, "%s", name);
    for (size_t i = 0; i < evidence->count; i++) {
        const struct gw_row_ae_evidence *row = (const struct gw_row_ae_evidence *)evidence->rows[i];
        const struct gw_row_provenance *of = (const struct gw_row_provenance *)provenance->rows[i];

        cr_expect(strncmp(row->row_id, row->ae_id, strlen(row->ae_id)) == 0 && row->row_id[strlen(row->ae_id)] == '|',
                  "%s: %s", name, row->row_id);
        cr_expect(strncmp(of->row_id, of->of_row, strlen(of->of_row)) == 0, "%s: %s", name, of->row_id);
    }
}

/* The id under which a fact of the case now stands. */
static const char *holder(char fact)
{
    const struct gw_row_list *evidence = &after.tables[GW_TABLE_ae_evidence];

    for (size_t i = 0; i < evidence->count; i++) {
        const struct gw_row_ae_evidence *row = (const struct gw_row_ae_evidence *)evidence->rows[i];

        if (row->source_hash[1] == fact)
            return row->ae_id;
    }
    return "nobody";
}

Test(identify, keeps_the_id_of_the_episode_that_shares_most_evidence)
{
    struct gw_error err;

    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        stop();
        start();
        for (size_t i = 0; i < MOST && cases[c].before[i].id; i++)
            add(&before, &cases[c].before[i]);
        for (size_t i = 0; i < MOST && cases[c].after[i].id; i++)
            add(&after, &cases[c].after[i]);
        gw_rows_sort(&before);
        gw_rows_sort(&after);
        cr_assert(gw_identify(&arena, &before, &after, &err) == GW_OK);
        expect_whole(cases[c].name);
        for (size_t i = 0; i < MOST && cases[c].after[i].id; i++) {
            const char *id = holder(cases[c].after[i].facts[0]);

            cr_expect(strcmp(id, cases[c].ids[i]) == 0, "%s: %s is called %s, wanted %s", cases[c].name,
                      cases[c].after[i].id, id, cases[c].ids[i]);
        }
    }
}
