/*
 * identify(): what grew, shrank or moved is still the same to those who read it: an episode, a run of doses, a drug.
 *
 * Of one category or drug, the largest overlap of evidence facts; ties of episodes by onset, then smallest id, of drugs
 * first by the same start. Each previous one gives its id to one new one at most; the loser of a merge disappears from
 * the rows and is so withdrawn by the difference. Of a split the larger part keeps the id, the other may not take it
 * too, whatever it was born as.
 */
#include <stdlib.h>
#include <string.h>

#include "study/identify.h"
#include "study/order.h"

/* ---- what has an id of its own ---- */

static struct thing read_episode(const struct gw_row *row)
{
    const struct gw_row_ae_episodes *episode = (const struct gw_row_ae_episodes *)row;

    return (struct thing){episode->ae_id, episode->category, NULL, episode->onset};
}

static struct thing read_exposure(const struct gw_row *row)
{
    const struct gw_row_exposures *exposure = (const struct gw_row_exposures *)row;

    return (struct thing){exposure->exp_id, exposure->drug, gw_same(exposure->dose, "0") ? exposure->change_type : NULL,
                          exposure->start};
}

static struct thing read_conmed(const struct gw_row *row)
{
    const struct gw_row_conmeds *conmed = (const struct gw_row_conmeds *)row;

    return (struct thing){conmed->cm_id, conmed->substance, NULL, conmed->start};
}

static const struct kind kinds[] = {
    {GW_TABLE_ae_episodes, false, read_episode},
    {GW_TABLE_exposures, true, read_exposure},
    {GW_TABLE_conmeds, true, read_conmed},
};

struct things { /* of one kind, in order of their rows */
    const struct kind *kind;
    struct thing *list;
    size_t count;
};

static bool things_read(struct gw_arena *arena, const struct gw_rows *rows, const struct kind *kind, struct things *out)
{
    const struct gw_row_list *list = &rows->tables[kind->table];

    *out = (struct things){kind, gw_arena_alloc(arena, (list->count + 1) * sizeof *out->list), list->count};
    for (size_t i = 0; out->list && i < out->count; i++)
        out->list[i] = kind->read(list->rows[i]);
    return out->list;
}

/* ---- names: the things of one set of rows in order of id ---- */

static int by_id(const void *x, const void *y)
{
    return strcmp(((const struct name *)x)->id, ((const struct name *)y)->id);
}

static bool names_read(struct gw_arena *arena, const struct things *things, struct names *out)
{
    out->count = things->count;
    out->list = gw_arena_alloc(arena, (out->count + 1) * sizeof *out->list);
    for (size_t i = 0; out->list && i < out->count; i++)
        out->list[i] = (struct name){things->list[i].id, i};
    if (out->list && out->count > 1)
        qsort(out->list, out->count, sizeof *out->list, by_id);
    return out->list;
}

/* ---- overlap ---- */

struct cited { /* a thing stands on a fact */
    const char *hash;
    size_t thing;
};

struct cites {
    struct cited *list;
    size_t count;
};

static int by_hash(const void *x, const void *y)
{
    const struct cited *a = x, *b = y;
    const int order = strcmp(a->hash, b->hash);

    return order_then(order, ORDER(a->thing, b->thing));
}

static void add_cite(struct cites *cites, const struct names *names, const char *of, const char *hash)
{
    const size_t thing = names_find(names, of);

    if (thing < names->count && hash)
        cites->list[cites->count++] = (struct cited){hash, thing};
}

/* Episodes have a table of their evidence; of drugs provenance names it. */
static void read_cites(const struct gw_rows *rows, const struct kind *kind, const struct names *names,
                       struct cites *out)
{
    const enum gw_table_id table = kind->drug ? GW_TABLE_provenance : GW_TABLE_ae_evidence;
    const struct gw_row_list *list = &rows->tables[table];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)list->rows[i];
        const struct gw_row_ae_evidence *evidence = (const struct gw_row_ae_evidence *)list->rows[i];

        if (!kind->drug)
            add_cite(out, names, evidence->ae_id, evidence->source_hash);
        else if (gw_same(line->table, gw_table_of(kind->table)->name))
            add_cite(out, names, line->of_row, line->source_hash);
    }
}

/* Which thing stands on which fact, each pair once, in order of the fact. */
static bool cites_read(struct gw_arena *arena, const struct gw_rows *rows, const struct kind *kind,
                       const struct names *names, struct cites *out)
{
    const size_t most = rows->tables[kind->drug ? GW_TABLE_provenance : GW_TABLE_ae_evidence].count;
    size_t kept = 0;

    out->count = 0;
    out->list = gw_arena_alloc(arena, (most + 1) * sizeof *out->list);
    if (!out->list)
        return false;
    read_cites(rows, kind, names, out);
    if (out->count > 1)
        qsort(out->list, out->count, sizeof *out->list, by_hash);
    for (size_t i = 0; i < out->count; i++)
        if (kept == 0 || by_hash(&out->list[kept - 1], &out->list[i]) != 0)
            out->list[kept++] = out->list[i];
    out->count = kept;
    return true;
}

struct pair {
    const struct thing *of; /* the old one */
    const char *since;      /* of the new one, where it orders; else NULL */
    size_t old;
    size_t new;
    size_t shared;
};

struct pairs {
    struct pair *list;
    size_t count, capacity;
};

/* A pair for every fact that an old and a new thing of one category stand on. */
static bool pair_up(struct gw_arena *arena, const struct things *previous, const struct things *next,
                    const struct cites *was, const struct cites *is, struct pairs *out)
{
    size_t first = 0;

    for (size_t n = 0; n < is->count; n++) {
        const struct thing *new = &next->list[is->list[n].thing];

        while (first < was->count && strcmp(was->list[first].hash, is->list[n].hash) < 0)
            first++;
        for (size_t o = first; o < was->count && strcmp(was->list[o].hash, is->list[n].hash) == 0; o++) {
            const struct thing *old = &previous->list[was->list[o].thing];
            struct pair *pair;

            if (strcmp(old->what, new->what) != 0 || !gw_same(old->kind, new->kind))
                continue;
            if (!(pair = GW_ARENA_PUSH(arena, out->list, out->count, out->capacity)))
                return false;
            *pair = (struct pair){old, next->kind->drug ? new->since : NULL, was->list[o].thing, is->list[n].thing, 1};
        }
    }
    return true;
}

static int by_things(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;

    return order_then(ORDER(a->old, b->old), ORDER(a->new, b->new));
}

static bool began_together(const struct pair *pair)
{
    return pair->since && gw_same(pair->since, pair->of->since);
}

static int best_first(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;
    int order;

    if (a->shared != b->shared)
        return ORDER(b->shared, a->shared);
    if (began_together(a) != began_together(b))
        return began_together(a) ? -1 : 1;
    order = order_texts(a->of->since, b->of->since);
    if (order == 0)
        order = strcmp(a->of->id, b->of->id);
    if (order == 0)
        order = order_texts(a->since, b->since);
    return order ? order : by_things(a, b);
}

static void count_shared(struct pairs *pairs)
{
    size_t kept = 0;

    if (pairs->count > 1)
        qsort(pairs->list, pairs->count, sizeof *pairs->list, by_things);
    for (size_t i = 0; i < pairs->count; i++) {
        if (kept > 0 && by_things(&pairs->list[kept - 1], &pairs->list[i]) == 0)
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
    const char **ids; /* of each new thing; NULL: not matched */
    size_t *heirs;    /* of each old thing: the new one that has its id; the count of new ones: nobody */
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
        out->ids[pair->new] = pair->of->id;
        out->heirs[pair->old] = pair->new;
    }
    return true;
}

/*
 * An unmatched thing keeps the name it was born with, unless that went to another one: then it takes the name the
 * other was born with, which is free, or whose holder's is. Births differ, so the walk ends.
 */
static const char *free_name(const struct matches *matches, const struct names *old, const struct things *next,
                             size_t thing)
{
    const char *birth = next->list[thing].id;

    for (size_t o = names_find(old, birth); o < old->count && matches->heirs[o] < next->count;
         o = names_find(old, birth))
        birth = next->list[matches->heirs[o]].id;
    return birth;
}

static bool name_all(struct gw_arena *arena, struct matches *matches, const struct names *old,
                     const struct things *next)
{
    const char **ids = gw_arena_alloc(arena, (next->count + 1) * sizeof *ids);

    for (size_t n = 0; ids && n < next->count; n++)
        ids[n] = matches->ids[n] ? matches->ids[n] : free_name(matches, old, next, n);
    matches->ids = ids;
    return ids;
}

/* ---- all of it ---- */

static bool identify(struct gw_arena *arena, const struct kind *kind, const struct gw_rows *previous,
                     struct gw_rows *next, struct gw_part_state *parts, size_t part_count)
{
    struct things was_there, is_there;
    struct names old, new;
    struct cites was, is;
    struct pairs pairs = {0};
    struct matches matches;
    struct renaming renaming = {.arena = arena, .kind = kind, .names = &new};
    bool any = false;

    if (!things_read(arena, previous, kind, &was_there) || !things_read(arena, next, kind, &is_there) ||
        !names_read(arena, &was_there, &old) || !names_read(arena, &is_there, &new) ||
        !cites_read(arena, previous, kind, &old, &was) || !cites_read(arena, next, kind, &new, &is) ||
        !pair_up(arena, &was_there, &is_there, &was, &is, &pairs))
        return false;
    count_shared(&pairs);
    if (!match(arena, &pairs, old.count, new.count, &matches) || !name_all(arena, &matches, &old, &is_there))
        return false;
    renaming.ids = matches.ids;
    for (size_t i = 0; i < is_there.count; i++)
        any |= strcmp(matches.ids[i], is_there.list[i].id) != 0;
    if (any)
        renaming_apply(&renaming, next, parts, part_count);
    return !renaming.failed;
}

static enum gw_status identify_all(struct gw_arena *arena, const struct gw_rows *previous, struct gw_rows *next,
                                   struct gw_part_state *parts, size_t part_count, struct gw_error *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!identify(arena, &kinds[i], previous, next, parts, part_count))
            return gw_fail(err, GW_ENOMEM, "study.identify",
                           "the episodes and drugs of one subject need more memory than allowed");
    gw_rows_sort(next);
    return GW_OK;
}

enum gw_status gw_identify(struct gw_arena *arena, const struct gw_rows *previous, struct gw_rows *next,
                           struct gw_error *err)
{
    return identify_all(arena, previous, next, NULL, 0, err);
}

enum gw_status gw_identify_derived(struct gw_arena *arena, const struct gw_rows *previous, struct gw_derived *derived,
                                   struct gw_error *err)
{
    return identify_all(arena, previous, &derived->rows, derived->parts, derived->part_count, err);
}
