/*
 * identify(): an episode that grew, shrank or moved is still the same episode to those who read it.
 *
 * Same category, largest overlap of evidence facts; ties by onset, then smallest id. Each previous episode gives its id
 * to one new episode at most; the loser of a merge disappears from the rows and is so withdrawn by the difference.
 */
#include <string.h>

#include "gateway/study/derive.h"

static const struct gw_row_ae_episodes *episode_at(const struct gw_rows *rows, size_t i)
{
    return (const struct gw_row_ae_episodes *)rows->tables[GW_TABLE_ae_episodes].rows[i];
}

static bool cites(const struct gw_rows *rows, const char *ae_id, const char *source_hash)
{
    const struct gw_row_list *list = &rows->tables[GW_TABLE_ae_evidence];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_evidence *row = (const struct gw_row_ae_evidence *)list->rows[i];

        if (strcmp(row->ae_id, ae_id) == 0 && gw_same(row->source_hash, source_hash))
            return true;
    }
    return false;
}

static size_t overlap(const struct gw_rows *previous, const char *old_id, const struct gw_rows *next,
                      const char *new_id)
{
    const struct gw_row_list *list = &next->tables[GW_TABLE_ae_evidence];
    size_t shared = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_evidence *row = (const struct gw_row_ae_evidence *)list->rows[i];

        if (strcmp(row->ae_id, new_id) == 0)
            shared += cites(previous, old_id, row->source_hash);
    }
    return shared;
}

struct pair {
    size_t old;
    size_t new;
    size_t shared;
};

static bool before(const struct gw_rows *previous, const struct pair *a, const struct pair *b)
{
    const struct gw_row_ae_episodes *x = episode_at(previous, a->old), *y = episode_at(previous, b->old);
    int order;

    if (a->shared != b->shared)
        return a->shared > b->shared;
    order = strcmp(x->onset ? x->onset : "", y->onset ? y->onset : "");
    return order ? order < 0 : strcmp(x->ae_id, y->ae_id) < 0;
}

/* The best pair of an old and a new episode that are both still free. */
static bool best_pair(const struct gw_rows *previous, const struct gw_rows *next, const bool *old_taken,
                      const bool *new_taken, struct pair *best)
{
    const size_t olds = previous->tables[GW_TABLE_ae_episodes].count;
    const size_t news = next->tables[GW_TABLE_ae_episodes].count;
    bool found = false;

    for (size_t o = 0; o < olds; o++) {
        for (size_t n = 0; n < news; n++) {
            struct pair pair = {o, n, 0};

            if (old_taken[o] || new_taken[n] ||
                strcmp(episode_at(previous, o)->category, episode_at(next, n)->category) != 0)
                continue;
            pair.shared = overlap(previous, episode_at(previous, o)->ae_id, next, episode_at(next, n)->ae_id);
            if (pair.shared > 0 && (!found || before(previous, &pair, best))) {
                *best = pair;
                found = true;
            }
        }
    }
    return found;
}

/* `text` is the id, or begins with it and a bar. */
static bool named(const char *text, const char *id)
{
    const size_t length = strlen(id);

    return text && strncmp(text, id, length) == 0 && (text[length] == '\0' || text[length] == '|');
}

static const char *renamed(struct gw_arena *arena, const char *text, const char *from, const char *to)
{
    return named(text, from) ? gw_arena_print(arena, "%s%s", to, text + strlen(from)) : text;
}

static void rename_provenance(struct gw_arena *arena, struct gw_row_provenance *row, const char *from, const char *to)
{
    if (strncmp(row->table, "ae_", 3) != 0 || !named(row->of_row, from))
        return;
    row->of_row = renamed(arena, row->of_row, from, to);
    row->row_id = gw_arena_print(arena, "%s|%s|%s", row->of_row, row->role, row->source_hash);
}

static void rename_episode(struct gw_arena *arena, struct gw_rows *rows, const char *from, const char *to)
{
    struct gw_row_list *list = &rows->tables[GW_TABLE_ae_episodes];

    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_ae_episodes *row = (struct gw_row_ae_episodes *)list->rows[i];

        row->ae_id = renamed(arena, row->ae_id, from, to);
        row->row_id = renamed(arena, row->row_id, from, to);
        row->parent_ae = renamed(arena, row->parent_ae, from, to);
    }
    list = &rows->tables[GW_TABLE_ae_evidence];
    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_ae_evidence *row = (struct gw_row_ae_evidence *)list->rows[i];

        row->ae_id = renamed(arena, row->ae_id, from, to);
        row->row_id = renamed(arena, row->row_id, from, to);
    }
    list = &rows->tables[GW_TABLE_ae_grades];
    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_ae_grades *row = (struct gw_row_ae_grades *)list->rows[i];

        row->ae_id = renamed(arena, row->ae_id, from, to);
        row->row_id = renamed(arena, row->row_id, from, to);
    }
    list = &rows->tables[GW_TABLE_provenance];
    for (size_t i = 0; i < list->count; i++)
        rename_provenance(arena, (struct gw_row_provenance *)list->rows[i], from, to);
}

enum gw_status gw_identify(struct gw_arena *arena, const struct gw_rows *previous, struct gw_rows *next,
                           struct gw_error *err)
{
    const size_t olds = previous->tables[GW_TABLE_ae_episodes].count;
    const size_t news = next->tables[GW_TABLE_ae_episodes].count;
    bool *taken = gw_arena_alloc(arena, olds + news + 1);
    const char **names = gw_arena_alloc(arena, (2 * news + 1) * sizeof *names);
    struct pair pair = {0};
    size_t count = 0;

    if (!taken || !names)
        return gw_fail(err, GW_ENOMEM, "study.identify", "the episodes of one subject need more memory than allowed");
    while (best_pair(previous, next, taken, taken + olds, &pair)) {
        taken[pair.old] = taken[olds + pair.new] = true;
        names[count++] = episode_at(next, pair.new)->ae_id;
        names[count++] = episode_at(previous, pair.old)->ae_id;
    }
    /* two steps, so that two episodes that swap names do not meet halfway */
    for (size_t i = 0; i < count; i += 2)
        if (strcmp(names[i], names[i + 1]) != 0)
            rename_episode(arena, next, names[i], gw_arena_print(arena, "~%zu", i));
    for (size_t i = 0; i < count; i += 2)
        if (strcmp(names[i], names[i + 1]) != 0)
            rename_episode(arena, next, gw_arena_print(arena, "~%zu", i), names[i + 1]);
    gw_rows_sort(next);
    return GW_OK;
}
