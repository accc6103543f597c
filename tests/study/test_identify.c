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

/* ---- drugs ---- */

struct run {
    const char *id, *drug, *start, *change; /* a change without a dose: interrupted, end */
    const char *facts;
};

static void add_run(struct gw_rows *rows, const struct run *run)
{
    struct gw_row_exposures *row = (struct gw_row_exposures *)gw_rows_add(rows, &arena, GW_TABLE_exposures);

    row->row_id = row->exp_id = run->id;
    row->drug = run->drug;
    row->start = run->start;
    row->dose = run->change ? "0" : "25";
    row->change_type = run->change;
    for (const char *fact = run->facts; *fact; fact++) {
        struct gw_row_provenance *line = (struct gw_row_provenance *)gw_rows_add(rows, &arena, GW_TABLE_provenance);

        line->table = "exposures";
        line->of_row = run->id;
        line->role = "value";
        line->source_hash = gw_arena_print(&arena, "h%c", *fact);
        line->row_id = gw_arena_print(&arena, "%s|value|h%c", run->id, *fact);
    }
}

static const struct {
    const char *name;
    struct run before[MOST], after[MOST];
    const char *ids[MOST];
} runs[] = {
    {"a run that grew keeps its id",
     {{"e5", "len", "2024-01-15", NULL, "ef"}},
     {{"e1", "len", "2024-01-15", NULL, "aef"}},
     {"e5"}},
    {"another drug is another run",
     {{"e5", "len", "2024-01-15", NULL, "e"}},
     {{"e1", "dex", "2024-01-15", NULL, "e"}},
     {"e1"}},
    {"runs of one record keep theirs by their start",
     {{"e5", "len", "2024-01-15", NULL, "e"}, {"e6", "len", "2024-02-12", NULL, "e"}},
     {{"e8", "len", "2024-02-12", NULL, "e"}, {"e9", "len", "2024-01-15", NULL, "e"}},
     {"e6", "e5"}},
    {"a split leaves the id to the part that began with it",
     {{"e5", "len", "2024-01-15", NULL, "e"}},
     {{"e1", "len", "2024-01-20", NULL, "e"}, {"e2", "len", "2024-01-15", NULL, "e"}},
     {"e1", "e5"}},
    {"an interruption is no run of doses",
     {{"e5", "len", "2024-01-15", NULL, "e"}},
     {{"e1", "len", "2024-01-25", "interrupted", "e"}, {"e2", "len", "2024-01-16", NULL, "e"}},
     {"e1", "e5"}},
};

Test(identify, keeps_the_ids_of_runs_of_doses)
{
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        struct gw_error err;

        stop();
        start();
        for (size_t k = 0; k < MOST; k++) {
            if (runs[i].before[k].id)
                add_run(&before, &runs[i].before[k]);
            if (runs[i].after[k].id)
                add_run(&after, &runs[i].after[k]);
        }
        cr_assert(gw_identify(&arena, &before, &after, &err) == GW_OK, "%s", err.text);
        for (size_t k = 0; k < MOST && runs[i].after[k].id; k++) {
            const struct gw_row_exposures *row =
                (const struct gw_row_exposures *)gw_rows_find(&after, GW_TABLE_exposures, runs[i].ids[k]);

            cr_assert(row != NULL, "%s: no row %s", runs[i].name, runs[i].ids[k]);
            cr_expect(gw_same(row->start, runs[i].after[k].start), "%s: %s began %s", runs[i].name, row->exp_id,
                      row->start);
            cr_expect(gw_same(row->exp_id, row->row_id), "%s", runs[i].name);
        }
    }
}

Test(identify, renames_lists_of_rows_and_what_parts_made)
{
    struct gw_part_state part = {.rows = "e1;o7@T30-01"};
    struct gw_derived derived = {.parts = &part, .part_count = 1};
    struct gw_row_derived *row;
    struct gw_error err;

    add_run(&before, &(struct run){"x9", "len", "2024-01-15", NULL, "e"});
    add_run(&derived.rows, &(struct run){"e1", "len", "2024-01-15", NULL, "e"});
    row = (struct gw_row_derived *)gw_rows_add(&derived.rows, &arena, GW_TABLE_derived);
    row->row_id = "S|RDISTD";
    row->inputs = "e1;f2";
    cr_assert(gw_identify_derived(&arena, &before, &derived, &err) == GW_OK);
    cr_expect(strcmp(part.rows, "o7@T30-01;x9") == 0, "%s", part.rows);
    cr_expect(strcmp(row->inputs, "f2;x9") == 0, "%s", row->inputs);
}

/* With a little more memory each time, until it is enough: ids, provenance and lists of rows are renamed or nothing is.
 */
Test(identify, ends_with_a_sentence_wherever_its_memory_ends)
{
    enum gw_status rc = GW_ENOMEM;
    size_t refused = 0;

    for (size_t limit = 0; rc != GW_OK; limit += 4) {
        struct gw_arena small = GW_ARENA_INIT(limit);
        struct gw_error err = {.status = GW_OK};
        struct gw_row_derived *derived;
        struct gw_row_provenance *line;

        stop();
        start();
        add(&before, &(struct episode){"a5", "N", "2024-02-14", "ef"});
        add(&after, &(struct episode){"a1", "N", "2024-02-10", "aef"});
        derived = (struct gw_row_derived *)gw_rows_add(&after, &arena, GW_TABLE_derived);
        derived->row_id = "ES-001|SPM";
        derived->inputs = "a1;b7";
        line = (struct gw_row_provenance *)gw_rows_add(&after, &arena, GW_TABLE_provenance);
        line->table = "ae_episodes";
        line->of_row = "a1";
        line->role = "onset";
        line->row_id = "a1|onset|";
        rc = gw_identify(&small, &before, &after, &err);
        cr_assert(rc == GW_OK || (rc == GW_ENOMEM && *err.text), "%zu bytes", limit);
        refused += rc != GW_OK;
        if (rc == GW_OK) {
            cr_expect(gw_same(derived->inputs, "a5;b7"), "%s", derived->inputs);
            cr_expect(gw_same(line->row_id, "a5|onset|"), "%s", line->row_id);
        }
        gw_arena_release(&small);
    }
    cr_expect(gt(sz, refused, 50));
}
