/*
 * What a comparison with rows of before needs: their sources as they are now, and the rows themselves once more.
 */
#include "study/former.h"

#include <stdlib.h>
#include <string.h>

#include "study/lineage.h"

/* ---- sources ---- */

static int by_hash(const void *a, const void *b)
{
    return strcmp(((const struct source *)a)->hash, ((const struct source *)b)->hash);
}

/* The newest version of every resource. */
static void list_sources(struct engine *e, struct sources *out)
{
    out->list = gw_arena_alloc(e->arena, (e->in->fact_count + 1) * sizeof *out->list);
    e->failed |= !out->list;
    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++)
        if (e->versions[i].current)
            out->list[out->count++] = (struct source){.hash = engine_hash(e, i), .fact = i};
    if (!e->failed)
        qsort(out->list, out->count, sizeof *out->list, by_hash);
}

struct source *former_source(struct engine *e, struct sources *sources, const char *hash)
{
    const struct source wanted = {.hash = hash};

    if (!sources->list)
        list_sources(e, sources);
    if (e->failed)
        return NULL;
    return bsearch(&wanted, sources->list, sources->count, sizeof wanted, by_hash);
}

size_t former_version(struct engine *e, size_t newest, const char *content)
{
    size_t count;
    const size_t *versions = engine_versions(e, newest, &count);

    for (size_t i = 0; i < count; i++)
        if (lineage_is_of(e, versions[i], content))
            return versions[i];
    return e->in->fact_count;
}

/* ---- the subject ---- */

const struct gw_row_subjects *former_subject(const struct gw_rows *rows)
{
    const struct gw_row_list *list = &rows->tables[GW_TABLE_subjects];

    return list->count ? (const struct gw_row_subjects *)list->rows[0] : NULL;
}

bool former_same_anchors(const struct gw_row_subjects *was, const struct gw_row_subjects *is)
{
    return was && is && gw_same(was->d1, is->d1) && gw_same(was->eot, is->eot) &&
           gw_same(was->death_date, is->death_date) && gw_same(was->withdrawal_date, is->withdrawal_date);
}

/* ---- rows once more ---- */

static struct gw_row *keep(struct engine *e, enum gw_table_id table, const struct gw_row *old)
{
    struct gw_row *row = gw_rows_add(&e->rows, e->arena, table);

    if (row)
        memcpy(row, old, gw_table_of(table)->row_size);
    else
        e->failed = true;
    return row;
}

void former_keep(struct engine *e, enum gw_table_id table, const struct gw_row *old)
{
    keep(e, table, old);
}

/* 0: its first letters are the id and the letter. */
static int compare_beginning(const char *text, const char *id, size_t length, char letter)
{
    const int order = strncmp(text, id, length);

    return order ? order : (unsigned char)text[length] - (unsigned char)letter;
}

/* The first that does not stand before those of the id; past: the first behind them. */
static size_t bound(const struct gw_row_list *list, const char *id, char letter, bool past)
{
    const size_t length = strlen(id);
    size_t low = 0, high = list->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare_beginning(list->rows[middle]->row_id, id, length, letter);

        if (order < 0 || (past && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct run former_run(const struct gw_row_list *list, const char *id, char letter)
{
    const size_t first = bound(list, id, letter, false);

    return (struct run){list->rows + first, bound(list, id, letter, true) - first};
}

void former_keep_lines(struct engine *e, const struct gw_rows *rows, const char *table, const char *of_row)
{
    const struct run lines = former_lines(rows, of_row);

    for (size_t i = 0; i < lines.count; i++) {
        struct gw_row *kept = NULL;

        if (gw_same(((const struct gw_row_provenance *)lines.rows[i])->table, table))
            kept = keep(e, GW_TABLE_provenance, lines.rows[i]);
        if (kept)
            lineage_mend(e, (struct gw_row_provenance *)kept);
    }
}
