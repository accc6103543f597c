/*
 * Flags where rows were held: of a window that was not signed, and of a signed one that a value had to leave, they are
 * given anew among the rows that stand, by the rule for data. So a value that waits takes no flag with it, and what is
 * chosen is chosen by what the study has. All others are borne as they were signed.
 */
#include <stdlib.h>
#include <string.h>

#include "study/flags.h"
#include "study/held.h"
#include "study/order.h"

struct bearer { /* a row that stands, among those of its window and concept */
    struct gw_row_observations *row;
    bool may; /* bear one */
    struct gw_when when;
    struct gw_ratio value;
    struct contender as;
};

struct group {
    const char *window, *concept;
};

/* ---- which groups ---- */

static int by_group(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    return order_then(order_texts(x->window, y->window), order_texts(x->concept, y->concept));
}

static struct group group_of(const struct gw_row *row)
{
    const struct gw_row_observations *value = (const struct gw_row_observations *)row;

    return (struct group){value->window_id, value->concept};
}

struct groups {
    struct group *list;
    size_t count, capacity;
};

static void add_group(struct engine *e, struct groups *groups, const struct gw_row *row)
{
    struct group *slot = row ? GW_ARENA_PUSH(e->arena, groups->list, groups->count, groups->capacity) : NULL;

    e->failed |= row && !slot;
    if (slot)
        *slot = group_of(row);
}

static struct groups find_groups(struct holding *h)
{
    struct groups groups = {0};

    for (size_t s = 0; s < h->count; s++)
        for (size_t i = 0; i < h->signatures[s].count && !h->e->failed; i++)
            if (h->signatures[s].list[i].table == GW_TABLE_observations) {
                add_group(h->e, &groups, h->signatures[s].list[i].stands);
                add_group(h->e, &groups, h->signatures[s].list[i].is);
            }
    if (groups.count > 1)
        qsort(groups.list, groups.count, sizeof *groups.list, by_group);
    return groups;
}

/* ---- their rows ---- */

/* Of a grade above 0 the row's; of none the one in which others of the concept were asked. */
static enum gw_direction direction_of(const struct engine *e, const struct gw_row_observations *row)
{
    const struct values values = engine_values(e, row->concept);

    if (row->grade > 0)
        return gw_same(row->grade_direction, "LOW") ? GW_LOW : GW_HIGH;
    for (size_t i = 0; i < values.count; i++)
        if (values.list[i]->graded && values.list[i]->value->grade.graded && values.list[i]->value->grade.grade == 0)
            return values.list[i]->value->grade.direction;
    return GW_LOW;
}

/* Who said it: order among values of one moment. */
static void read_source(struct holding *h, struct bearer *bearer)
{
    const struct run lines = former_lines(&h->e->rows, bearer->row->row_id);

    bearer->as.key = "";
    for (size_t i = 0; i < lines.count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines.rows[i];
        const struct source *source = gw_same(line->role, "value") && line->source_hash
                                          ? former_source(h->e, &h->sources, line->source_hash)
                                          : NULL;

        if (!source)
            continue;
        bearer->as.last_updated = line->last_updated;
        bearer->as.key = h->e->versions[source->fact].key;
        bearer->as.part = (int)hold_part_of(h->e, source->fact, bearer->row);
    }
}

static void read_bearer(struct holding *h, struct gw_row_observations *row, struct bearer *out)
{
    struct gw_error ignored;

    *out = (struct bearer){.row = row};
    out->may = gw_same(row->status, "active") && row->target_diff != GW_NULL_INTEGER && row->effective_start &&
               gw_when_read(row->effective_start, gw_site_zone(h->e->in->site), true, &out->when) == GW_DATE_OK;
    if (!out->may)
        return;
    out->as.when = &out->when;
    out->as.distance = abs(row->target_diff);
    out->as.grade = row->grade == GW_NULL_INTEGER ? -1 : row->grade;
    out->as.direction = direction_of(h->e, row);
    if (row->value_num && gw_ratio_parse(h->e->arena, row->value_num, &out->value, &ignored) == GW_OK)
        out->as.value = &out->value;
    read_source(h, out);
}

static int by_row(const void *a, const void *b)
{
    const struct bearer *x = a, *y = b;
    const struct group one = group_of((const struct gw_row *)x->row), other = group_of((const struct gw_row *)y->row);

    return order_then(by_group(&one, &other), strcmp(x->row->row_id, y->row->row_id));
}

struct bearers {
    struct bearer *list;
    size_t count;
};

static struct bearers find_bearers(struct holding *h, const struct groups *groups)
{
    const struct gw_row_list *all = &h->e->rows.tables[GW_TABLE_observations];
    struct bearers out = {.list = gw_arena_alloc(h->e->arena, (all->count + 1) * sizeof *out.list)};

    h->e->failed |= !out.list;
    for (size_t i = 0; i < all->count && out.list; i++) {
        const struct group group = group_of(all->rows[i]);

        if (bsearch(&group, groups->list, groups->count, sizeof group, by_group))
            out.list[out.count++].row = (struct gw_row_observations *)all->rows[i];
    }
    if (out.count > 1)
        qsort(out.list, out.count, sizeof *out.list, by_row);
    for (size_t i = 0; i < out.count; i++)
        read_bearer(h, out.list[i].row, &out.list[i]);
    return out;
}

/* ---- the flags ---- */

static const struct {
    size_t flag;
    flag_order *before;
} flags[] = {
    {offsetof(struct gw_row_observations, anl01), flag_closer},
    {offsetof(struct gw_row_observations, anl02), flag_worse},
    {offsetof(struct gw_row_observations, anl03), flag_last},
};

static bool *flag_of(const struct bearer *bearer, size_t flag)
{
    return (bool *)((char *)bearer->row + flag);
}

/* The lineage of a row that bears a flag names the rule. */
static void name_rule(struct engine *e, const struct gw_row_observations *row)
{
    const struct run lines = former_lines(&e->rows, row->row_id);

    for (size_t i = 0; i < lines.count; i++) {
        struct gw_row_provenance *line = (struct gw_row_provenance *)lines.rows[i];

        if (gw_same(line->role, "value") && gw_same(line->table, "observations"))
            line->rule_ids = engine_rules(e, (const char *const[]){line->rule_ids, "flags"}, 2);
    }
}

static struct bearer *pick(const struct engine *e, struct bearer *list, size_t count, flag_order *before)
{
    struct bearer *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (list[i].may && (!best || before(e, &list[i].as, &best->as)))
            best = &list[i];
    return best;
}

static void give(struct engine *e, struct bearer *list, size_t count, size_t flag, flag_order *before)
{
    struct bearer *best = pick(e, list, count, before);

    for (size_t i = 0; i < count; i++)
        *flag_of(&list[i], flag) = &list[i] == best;
    if (best)
        name_rule(e, best->row);
}

/* No signature is under the group, or one of its signed values is not there any more. */
static bool is_given_anew(const struct holding *h, const struct group *group)
{
    const struct signature *signature = NULL;
    const struct gw_row_list *list;

    for (size_t s = 0; s < h->count; s++)
        if (h->signatures[s].rows && gw_same(h->signatures[s].window, group->window))
            signature = &h->signatures[s];
    if (!signature)
        return true;
    list = &signature->rows->tables[GW_TABLE_observations];
    for (size_t i = 0; i < list->count; i++) {
        const struct group own = group_of(list->rows[i]);

        if (by_group(&own, group) == 0 && !gw_rows_find(&h->e->rows, GW_TABLE_observations, list->rows[i]->row_id))
            return true;
    }
    return false;
}

void hold_flag(struct holding *h)
{
    const struct groups groups = find_groups(h);
    const struct bearers all = groups.count && !h->e->failed ? find_bearers(h, &groups) : (struct bearers){0};
    size_t end;

    for (size_t start = 0; start < all.count && !h->e->failed; start = end) {
        const struct group group = group_of((const struct gw_row *)all.list[start].row);
        bool anew;

        for (end = start + 1; end < all.count; end++) {
            const struct group other = group_of((const struct gw_row *)all.list[end].row);

            if (by_group(&group, &other) != 0)
                break;
        }
        anew = is_given_anew(h, &group);
        for (size_t f = 0; f < sizeof flags / sizeof *flags && anew; f++)
            give(h->e, all.list + start, end - start, flags[f].flag, flags[f].before);
    }
}
