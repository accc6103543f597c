/*
 * What a comparison with rows of before needs: their sources as they are now, and the rows themselves once more.
 */
#include "study/former.h"

#include <stdlib.h>
#include <string.h>

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

bool former_same_bytes(const struct gw_fact *fact, const char *sha256)
{
    char text[2 * GW_SHA256_BYTES + 1];

    gw_hex(fact->sha256, sizeof fact->sha256, text);
    return gw_same(text, sha256);
}

size_t former_version(const struct engine *e, size_t newest, const char *sha256)
{
    size_t i = 0;

    while (i < e->in->fact_count &&
           (strcmp(e->versions[i].key, e->versions[newest].key) != 0 || !former_same_bytes(&e->in->facts[i], sha256)))
        i++;
    return i;
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

void former_keep(struct engine *e, enum gw_table_id table, const struct gw_row *old)
{
    struct gw_row *row = gw_rows_add(&e->rows, e->arena, table);

    if (row)
        memcpy(row, old, gw_table_of(table)->row_size);
    else
        e->failed = true;
}

void former_keep_lines(struct engine *e, const struct gw_rows *rows, const char *table, const char *of_row)
{
    const struct gw_row_list *lines = &rows->tables[GW_TABLE_provenance];

    for (size_t i = 0; i < lines->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines->rows[i];

        if (gw_same(line->table, table) && gw_same(line->of_row, of_row))
            former_keep(e, GW_TABLE_provenance, lines->rows[i]);
    }
}
