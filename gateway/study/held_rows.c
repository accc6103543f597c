/*
 * The rows that stay put back in the place of those that would be, each with its lineage, and the parts told so: what
 * stands in a row is delivered from the version it was signed with, what would have changed it is held.
 */
#include "study/held.h"

#include <stdlib.h>
#include <string.h>

#include "study/lineage.h"

static const char held_by[] = "SIGNED_CHANGED";

/* ---- which rows ---- */

struct list { /* what is withheld, of all signatures, by table and row */
    const struct withheld **rows;
    size_t count;
};

static int by_row(const void *a, const void *b)
{
    const struct withheld *x = *(const struct withheld *const *)a, *y = *(const struct withheld *const *)b;

    return x->table != y->table ? (x->table > y->table) - (x->table < y->table) : strcmp(x->row_id, y->row_id);
}

static bool is_withheld(const struct list *list, enum gw_table_id table, const char *row_id)
{
    const struct withheld key = {.table = table, .row_id = row_id}, *wanted = &key;

    return list->count && bsearch(&wanted, list->rows, list->count, sizeof *list->rows, by_row);
}

static bool line_is_withheld(const struct list *list, const struct gw_row_provenance *line)
{
    return is_withheld(list, gw_table_named(line->table), line->of_row);
}

static struct list gather(struct holding *h)
{
    struct list list = {0};
    size_t count = 0;

    for (size_t s = 0; s < h->count; s++)
        count += h->signatures[s].count;
    list.rows = gw_arena_alloc(h->e->arena, (count + 1) * sizeof *list.rows);
    h->e->failed |= !list.rows;
    for (size_t s = 0; s < h->count && list.rows; s++)
        for (size_t i = 0; i < h->signatures[s].count; i++)
            list.rows[list.count++] = &h->signatures[s].list[i];
    if (list.count > 1)
        qsort(list.rows, list.count, sizeof *list.rows, by_row);
    return list;
}

/* ---- parts ---- */

/* Rows that are no longer made of it. */
static void forget_row(struct part *part, const char *row_id)
{
    size_t kept = 0;

    for (size_t i = 0; i < part->row_count; i++)
        if (strcmp(part->rows[i], row_id) != 0)
            part->rows[kept++] = part->rows[i];
    part->row_count = kept;
}

static void wait_with(struct holding *h, struct signature *signature, struct part *part)
{
    struct part **slot = GW_ARENA_PUSH(h->e->arena, signature->parts, signature->part_count, signature->part_capacity);

    h->e->failed |= !slot;
    if (slot)
        *slot = part;
    part->held = true;
    part->held_by = held_by;
}

/* ---- the lines of what stands, by source ---- */

struct lines {
    const struct gw_row_provenance **list;
    size_t count;
};

static int by_source(const void *a, const void *b)
{
    return strcmp((*(const struct gw_row_provenance *const *)a)->source_hash,
                  (*(const struct gw_row_provenance *const *)b)->source_hash);
}

static struct lines lines_by_source(struct engine *e)
{
    const struct gw_row_list *all = &e->rows.tables[GW_TABLE_provenance];
    struct lines lines = {.list = gw_arena_alloc(e->arena, (all->count + 1) * sizeof *lines.list)};

    e->failed |= !lines.list;
    for (size_t i = 0; i < all->count && lines.list; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)all->rows[i];

        if (line->source_hash && line->content_sha256 && !gw_same(line->table, "exceptions"))
            lines.list[lines.count++] = line;
    }
    if (lines.count > 1)
        qsort(lines.list, lines.count, sizeof *lines.list, by_source);
    return lines;
}

static size_t first_of(const struct lines *lines, const char *hash)
{
    size_t low = 0, high = lines->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (strcmp(lines->list[middle]->source_hash, hash) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_named(struct engine *e, const struct lines *lines, size_t fact, const char *hash)
{
    for (size_t i = first_of(lines, hash); i < lines->count && strcmp(lines->list[i]->source_hash, hash) == 0; i++)
        if (lineage_is_of(e, fact, lines->list[i]->content_sha256))
            return true;
    return false;
}

/* ---- what waits, and what stands ---- */

/* What a row that will not be is made of waits, unless other rows are made of it too. */
static void hold_fact(struct holding *h, struct signature *signature, const struct withheld *withheld, size_t fact,
                      bool named)
{
    struct engine *e = h->e;

    for (size_t p = 0; p < e->in->facts[fact].part_count && !e->failed; p++) {
        struct part *part = engine_part(e, fact, (int)p);
        const bool used = part->row_count > 0 || part->cited;

        if (!used)
            continue;
        forget_row(part, withheld->row_id);
        if (!named) {
            part->row_count = 0;
            part->cited = false;
        }
        if (part->row_count == 0 && !part->cited)
            wait_with(h, signature, part);
    }
}

/* By the lines of before anything was put back; `standing`: those of after. */
static void hold_sources(struct holding *h, struct signature *signature, const struct withheld *withheld,
                         const struct gw_rows *before, const struct lines *standing)
{
    const struct run lines = former_lines(before, withheld->row_id);
    struct engine *e = h->e;

    for (size_t i = 0; i < lines.count && !e->failed; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines.rows[i];
        const struct source *source;

        if (!line->source_hash || !gw_same(line->table, gw_table_of(withheld->table)->name))
            continue;
        source = former_source(e, &h->sources, line->source_hash);
        if (source)
            hold_fact(h, signature, withheld, source->fact, is_named(e, standing, source->fact, line->source_hash));
    }
}

size_t hold_part_of(struct engine *e, size_t version, const struct gw_row_observations *row)
{
    const struct gw_fact *fact = &e->in->facts[version];

    for (size_t p = 0; fact->type == GW_OBSERVATION && fact->part_count > 1 && p < fact->part_count; p++) {
        const int component = fact->observation.parts[p].component;
        const char *id = engine_value_id(e, version, component, row->derived_flag ? row->concept : NULL);

        if (gw_same(id, row->obs_id))
            return p;
    }
    return 0;
}

/* The version that a row was made of is what stands in it. */
static void stand_source(struct holding *h, const struct withheld *withheld, const struct gw_row_provenance *line)
{
    struct engine *e = h->e;
    const struct source *source = former_source(e, &h->sources, line->source_hash);
    const size_t version =
        source && line->content_sha256 ? former_version(e, source->fact, line->content_sha256) : e->in->fact_count;
    size_t index = 0;
    struct part *part;

    if (version == e->in->fact_count || e->in->facts[version].part_count == 0)
        return;
    if (withheld->table == GW_TABLE_observations)
        index = hold_part_of(e, version, (const struct gw_row_observations *)withheld->stands);
    part = engine_part(e, version, (int)index);
    if (!gw_same(line->role, "value")) {
        part->cited = true;
        return;
    }
    forget_row(part, withheld->row_id); /* or it would be there twice */
    engine_value_source(e, part->fact, part->index, withheld->row_id);
}

static void stand_sources(struct holding *h, const struct withheld *withheld)
{
    const struct run lines = former_lines(withheld->of, withheld->row_id);

    for (size_t i = 0; i < lines.count && !h->e->failed; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines.rows[i];

        if (line->source_hash && gw_same(line->table, gw_table_of(withheld->table)->name))
            stand_source(h, withheld, line);
    }
}

/* ---- rows ---- */

static void sweep(struct gw_rows *rows, const struct list *list)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        struct gw_row_list *table = &rows->tables[t];
        size_t kept = 0;

        for (size_t i = 0; i < table->count; i++)
            if (t == GW_TABLE_provenance ? !line_is_withheld(list, (const struct gw_row_provenance *)table->rows[i])
                                         : !is_withheld(list, (enum gw_table_id)t, table->rows[i]->row_id))
                table->rows[kept++] = table->rows[i];
        table->count = kept;
    }
}

static void put_back(struct engine *e, const struct list *list)
{
    sweep(&e->rows, list);
    for (size_t i = 0; i < list->count && !e->failed; i++)
        if (list->rows[i]->stands) {
            former_keep(e, list->rows[i]->table, list->rows[i]->stands);
            former_keep_lines(e, list->rows[i]->of, gw_table_of(list->rows[i]->table)->name, list->rows[i]->row_id);
        }
    gw_rows_sort(&e->rows);
}

static void tell_parts(struct holding *h, const struct gw_rows *before)
{
    const struct lines standing = lines_by_source(h->e);

    for (size_t s = 0; s < h->count && !h->e->failed; s++)
        for (size_t i = 0; i < h->signatures[s].count; i++) {
            struct withheld *withheld = &h->signatures[s].list[i];

            if (withheld->is)
                hold_sources(h, &h->signatures[s], withheld, before, &standing);
            if (withheld->stands)
                stand_sources(h, withheld);
        }
}

void hold_put_back(struct holding *h)
{
    struct engine *e = h->e;
    const struct list list = gather(h);
    const struct gw_row_list *lines = &e->rows.tables[GW_TABLE_provenance];
    struct gw_rows before = {0};
    struct gw_row_list *kept = &before.tables[GW_TABLE_provenance];

    if (list.count == 0 || e->failed)
        return;
    *kept = (struct gw_row_list){.rows = gw_arena_alloc(e->arena, (lines->count + 1) * sizeof *kept->rows),
                                 .count = lines->count};
    e->failed |= !kept->rows;
    if (e->failed)
        return;
    memcpy(kept->rows, lines->rows, lines->count * sizeof *kept->rows);
    put_back(e, &list);
    tell_parts(h, &before);
}
