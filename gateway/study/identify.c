/*
 * identify(): an episode that grew, shrank or moved is still the same episode to those who read it.
 *
 * Same category, largest overlap of evidence facts; ties by onset, then smallest id. Each previous episode gives its id
 * to one new episode at most; the loser of a merge disappears from the rows and is so withdrawn by the difference. Of a
 * split the larger part keeps the id, the other may not take it too, whatever it was born as.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/study/derive.h"

static const struct gw_row_ae_episodes *episode_at(const struct gw_rows *rows, size_t i)
{
    return (const struct gw_row_ae_episodes *)rows->tables[GW_TABLE_ae_episodes].rows[i];
}

/* ---- names: the episodes of one set of rows in order of id ---- */

struct name {
    const char *id;
    size_t episode;
};

struct names {
    struct name *list;
    size_t count;
};

static int by_id(const void *x, const void *y)
{
    return strcmp(((const struct name *)x)->id, ((const struct name *)y)->id);
}

static bool names_read(struct gw_arena *arena, const struct gw_rows *rows, struct names *out)
{
    out->count = rows->tables[GW_TABLE_ae_episodes].count;
    out->list = gw_arena_alloc(arena, (out->count + 1) * sizeof *out->list);
    for (size_t i = 0; out->list && i < out->count; i++)
        out->list[i] = (struct name){episode_at(rows, i)->ae_id, i};
    if (out->list && out->count > 1)
        qsort(out->list, out->count, sizeof *out->list, by_id);
    return out->list;
}

/* `text` is the id, or begins with it and a bar. */
static int compare_name(const char *text, const char *id)
{
    const size_t length = strcspn(text, "|");
    const int order = strncmp(text, id, length);

    return order ? order : id[length] ? -1 : 0;
}

/* The episode a text names, or the count: none. */
static size_t named(const struct names *names, const char *text)
{
    size_t low = 0, high = names->count;

    while (text && low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare_name(text, names->list[middle].id);

        if (order == 0)
            return names->list[middle].episode;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return names->count;
}

/* ---- overlap ---- */

struct cited { /* an episode stands on a fact */
    const char *hash;
    size_t episode;
};

struct cites {
    struct cited *list;
    size_t count;
};

static int by_hash(const void *x, const void *y)
{
    const struct cited *a = x, *b = y;
    const int order = strcmp(a->hash, b->hash);

    return order ? order : a->episode < b->episode ? -1 : a->episode > b->episode;
}

/* Which episode stands on which fact, each pair once, in order of the fact. */
static bool cites_read(struct gw_arena *arena, const struct gw_rows *rows, const struct names *names, struct cites *out)
{
    const struct gw_row_list *list = &rows->tables[GW_TABLE_ae_evidence];
    size_t kept = 0;

    out->count = 0;
    out->list = gw_arena_alloc(arena, (list->count + 1) * sizeof *out->list);
    if (!out->list)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_evidence *row = (const struct gw_row_ae_evidence *)list->rows[i];
        const size_t episode = named(names, row->ae_id);

        if (episode < names->count && row->source_hash)
            out->list[out->count++] = (struct cited){row->source_hash, episode};
    }
    if (out->count > 1)
        qsort(out->list, out->count, sizeof *out->list, by_hash);
    for (size_t i = 0; i < out->count; i++)
        if (kept == 0 || by_hash(&out->list[kept - 1], &out->list[i]) != 0)
            out->list[kept++] = out->list[i];
    out->count = kept;
    return true;
}

struct pair {
    const struct gw_row_ae_episodes *of;
    size_t old;
    size_t new;
    size_t shared;
};

struct pairs {
    struct pair *list;
    size_t count, capacity;
};

/* A pair for every fact that an old and a new episode of one category both stand on. */
static bool pair_up(struct gw_arena *arena, const struct gw_rows *previous, const struct gw_rows *next,
                    const struct cites *was, const struct cites *is, struct pairs *out)
{
    size_t first = 0;

    for (size_t n = 0; n < is->count; n++) {
        const struct gw_row_ae_episodes *new = episode_at(next, is->list[n].episode);

        while (first < was->count && strcmp(was->list[first].hash, is->list[n].hash) < 0)
            first++;
        for (size_t o = first; o < was->count && strcmp(was->list[o].hash, is->list[n].hash) == 0; o++) {
            const struct gw_row_ae_episodes *old = episode_at(previous, was->list[o].episode);
            struct pair *pair;

            if (strcmp(old->category, new->category) != 0)
                continue;
            if (!(pair = GW_ARENA_PUSH(arena, out->list, out->count, out->capacity)))
                return false;
            *pair = (struct pair){old, was->list[o].episode, is->list[n].episode, 1};
        }
    }
    return true;
}

static int by_episodes(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;

    if (a->old != b->old)
        return a->old < b->old ? -1 : 1;
    return a->new < b->new ? -1 : a->new > b->new;
}

static int best_first(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;
    int order;

    if (a->shared != b->shared)
        return a->shared > b->shared ? -1 : 1;
    order = strcmp(a->of->onset ? a->of->onset : "", b->of->onset ? b->of->onset : "");
    if (order == 0)
        order = strcmp(a->of->ae_id, b->of->ae_id);
    return order ? order : by_episodes(a, b);
}

static void count_shared(struct pairs *pairs)
{
    size_t kept = 0;

    if (pairs->count > 1)
        qsort(pairs->list, pairs->count, sizeof *pairs->list, by_episodes);
    for (size_t i = 0; i < pairs->count; i++) {
        if (kept > 0 && by_episodes(&pairs->list[kept - 1], &pairs->list[i]) == 0)
            pairs->list[kept - 1].shared++;
        else
            pairs->list[kept++] = pairs->list[i];
    }
    pairs->count = kept;
    if (kept > 1)
        qsort(pairs->list, kept, sizeof *pairs->list, best_first);
}

/* ---- who gets which id ---- */

struct matches {
    const char **ids; /* of each new episode; NULL: not matched */
    size_t *heirs;    /* of each old episode: the new one that has its id; the count of new ones: nobody */
};

static bool match(struct gw_arena *arena, const struct pairs *pairs, size_t olds, size_t news, struct matches *out)
{
    out->ids = gw_arena_alloc(arena, (news + 1) * sizeof *out->ids);
    out->heirs = gw_arena_alloc(arena, (olds + 1) * sizeof *out->heirs);
    if (!out->ids || !out->heirs)
        return false;
    for (size_t o = 0; o < olds; o++)
        out->heirs[o] = news;
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *pair = &pairs->list[i];

        if (out->ids[pair->new] || out->heirs[pair->old] < news)
            continue;
        out->ids[pair->new] = pair->of->ae_id;
        out->heirs[pair->old] = pair->new;
    }
    return true;
}

/*
 * An unmatched episode keeps the name it was born with, unless that went to another episode: then it takes the name
 * the other was born with, which is free, or whose holder's is. Births differ, so the walk ends.
 */
static const char *free_name(const struct matches *matches, const struct names *old, const struct gw_rows *next,
                             size_t episode)
{
    const size_t news = next->tables[GW_TABLE_ae_episodes].count;
    const char *birth = episode_at(next, episode)->ae_id;

    for (size_t o = named(old, birth); o < old->count && matches->heirs[o] < news; o = named(old, birth))
        birth = episode_at(next, matches->heirs[o])->ae_id;
    return birth;
}

static bool name_all(struct gw_arena *arena, struct matches *matches, const struct names *old,
                     const struct gw_rows *next)
{
    const size_t news = next->tables[GW_TABLE_ae_episodes].count;
    const char **ids = gw_arena_alloc(arena, (news + 1) * sizeof *ids);

    for (size_t n = 0; ids && n < news; n++)
        ids[n] = matches->ids[n] ? matches->ids[n] : free_name(matches, old, next, n);
    matches->ids = ids;
    return ids;
}

/* ---- the rows under their names ---- */

struct renaming {
    struct gw_arena *arena;
    const struct names *names; /* as born */
    const char *const *ids;    /* as they shall be called */
    bool failed;
};

static const char *renamed(struct renaming *r, const char *text)
{
    const size_t episode = named(r->names, text);
    const char *copy = text;

    if (episode < r->names->count && compare_name(text, r->ids[episode]) != 0)
        copy = gw_arena_print(r->arena, "%s%s", r->ids[episode], text + strcspn(text, "|"));
    r->failed |= text && !copy;
    return copy;
}

static void rename_episodes(struct renaming *r, struct gw_rows *rows)
{
    struct gw_row_list *list = &rows->tables[GW_TABLE_ae_episodes];

    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_ae_episodes *row = (struct gw_row_ae_episodes *)list->rows[i];

        row->ae_id = renamed(r, row->ae_id);
        row->row_id = renamed(r, row->row_id);
        row->parent_ae = renamed(r, row->parent_ae);
    }
}

static void rename_parts(struct renaming *r, struct gw_rows *rows)
{
    struct gw_row_list *list = &rows->tables[GW_TABLE_ae_evidence];

    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_ae_evidence *row = (struct gw_row_ae_evidence *)list->rows[i];

        row->ae_id = renamed(r, row->ae_id);
        row->row_id = renamed(r, row->row_id);
    }
    list = &rows->tables[GW_TABLE_ae_grades];
    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_ae_grades *row = (struct gw_row_ae_grades *)list->rows[i];

        row->ae_id = renamed(r, row->ae_id);
        row->row_id = renamed(r, row->row_id);
    }
}

static void rename_provenance(struct renaming *r, struct gw_rows *rows)
{
    struct gw_row_list *list = &rows->tables[GW_TABLE_provenance];

    for (size_t i = 0; i < list->count; i++) {
        struct gw_row_provenance *row = (struct gw_row_provenance *)list->rows[i];
        const char *of_row = strncmp(row->table, "ae_", 3) == 0 ? renamed(r, row->of_row) : row->of_row;

        if (of_row == row->of_row)
            continue;
        row->of_row = of_row;
        row->row_id = gw_arena_print(r->arena, "%s|%s|%s", of_row, row->role, row->source_hash ? row->source_hash : "");
        r->failed |= !row->row_id;
    }
}

static bool identify(struct gw_arena *arena, const struct gw_rows *previous, struct gw_rows *next)
{
    struct names old, new;
    struct cites was, is;
    struct pairs pairs = {0};
    struct matches matches;
    struct renaming renaming = {.arena = arena, .names = &new};

    if (!names_read(arena, previous, &old) || !names_read(arena, next, &new) ||
        !cites_read(arena, previous, &old, &was) || !cites_read(arena, next, &new, &is) ||
        !pair_up(arena, previous, next, &was, &is, &pairs))
        return false;
    count_shared(&pairs);
    if (!match(arena, &pairs, old.count, new.count, &matches) || !name_all(arena, &matches, &old, next))
        return false;
    renaming.ids = matches.ids;
    rename_episodes(&renaming, next);
    rename_parts(&renaming, next);
    rename_provenance(&renaming, next);
    return !renaming.failed;
}

enum gw_status gw_identify(struct gw_arena *arena, const struct gw_rows *previous, struct gw_rows *next,
                           struct gw_error *err)
{
    if (!identify(arena, previous, next))
        return gw_fail(err, GW_ENOMEM, "study.identify", "the episodes of one subject need more memory than allowed");
    gw_rows_sort(next);
    return GW_OK;
}
