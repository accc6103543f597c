/*
 * Ids replaced by ranks.
 *
 *      events ──> sources (by what the rows that name them say) ──> table by table: order rows by content ──> their ids
 *
 * Tables come in declared order, so what refers to a row of an earlier table is ordered by that row's rank. Rows that
 * agree in everything are ordered by what refers to them, by what is said of the other rows of their value, then by the
 * keyed hashes of the bytes they came from: the same wherever the study's key is.
 */
#include "sinks/ranks_parts.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE_LETTER 'h' /* with which the id of a source begins */

enum { HASHED_DIGITS = 20 };

/* ---- the map ---- */

static struct rank_slot *slot_of(const struct ranks *ranks, const char *id)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */

    for (const char *p = id; *p; p++)
        hash = (hash ^ (uint8_t)*p) * 1099511628211u;
    size_t at = hash & (ranks->capacity - 1);
    while (ranks->slots[at].id && strcmp(ranks->slots[at].id, id) != 0)
        at = (at + 1) & (ranks->capacity - 1);
    return &ranks->slots[at];
}

const char *ranks_known(const struct ranks *ranks, const char *id)
{
    return slot_of(ranks, id)->as;
}

/* False: it was known before. */
static bool name(struct ranks *ranks, const char *id, const char *as, size_t number)
{
    struct rank_slot *slot = slot_of(ranks, id);

    if (slot->id)
        return false;
    slot->id = id;
    slot->as = gw_arena_print(ranks->arena, "%s#%zu", as, number);
    ranks->failed = ranks->failed || !slot->as;
    return true;
}

/* ---- cells ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A letter and 20 hex digits, alone or before '@': made under a key. */
static bool is_hashed(const char *text)
{
    return strspn(text + (*text != '\0'), "0123456789abcdef") == HASHED_DIGITS &&
           (text[1 + HASHED_DIGITS] == '\0' || text[1 + HASHED_DIGITS] == '@');
}

static const char *element(const struct ranks *ranks, const char *id)
{
    const char *as = ranks_known(ranks, id);

    return as ? as : is_hashed(id) ? "unknown" : id;
}

/* "b;a" -> the elements replaced, sorted and joined again. */
static const char *list_cell(struct ranks *ranks, const char *list)
{
    const char **elements = NULL;
    size_t count = 0, capacity = 0;
    struct gw_text joined = GW_TEXT_INIT(RANKS_KEY_MAX_BYTES);
    char *copy = gw_arena_copy(ranks->arena, list, strlen(list)), *rest = copy;

    for (char *id; rest && (id = strsep(&rest, ";"));) {
        const char **slot = GW_ARENA_PUSH(ranks->arena, elements, count, capacity);
        if (slot)
            *slot = element(ranks, id);
        else
            ranks->failed = true;
    }
    if (count)
        qsort(elements, count, sizeof *elements, by_text);
    for (size_t i = 0; i < count; i++) {
        gw_text_add(&joined, i ? ";" : "");
        gw_text_add(&joined, elements[i]);
    }
    const char *out = gw_arena_copy(ranks->arena, joined.at, joined.length);
    ranks->failed = ranks->failed || !copy || !out || joined.failed;
    gw_text_release(&joined);
    return out;
}

const char *ranks_cell(struct ranks *ranks, const struct gw_table *table, const struct gw_row *row, size_t column)
{
    const struct gw_column *of = &table->columns[column];
    char buffer[16];
    const char *cell = gw_row_cell(table, row, column, buffer);

    if (!cell)
        return "";
    if (is_id(of))
        return element(ranks, cell);
    if (of->type == GW_COLUMN_list)
        return list_cell(ranks, cell);
    return cell == buffer ? gw_arena_copy(ranks->arena, cell, strlen(cell)) : cell;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* ---- contents ---- */

/* Everything the row says, without ids that are not known yet. */
static const char *content_of(struct ranks *ranks, const struct gw_table *table, const struct gw_row *row)
{
    struct gw_text text = GW_TEXT_INIT(RANKS_KEY_MAX_BYTES);

    for (size_t i = 1; i < table->column_count; i++) {
        const struct gw_column *column = &table->columns[i];
        if (column->stamp)
            continue;
        if (!is_id(column))
            gw_text_add(&text, ranks_cell(ranks, table, row, i));
        else if (id_cell(row, column))
            gw_text_add(&text, ranks_known(ranks, id_cell(row, column)));
        gw_text_append(&text, "\x1f", 1);
    }
    const char *content = gw_arena_copy(ranks->arena, text.at, text.length);
    ranks->failed = ranks->failed || text.failed || !content;
    gw_text_release(&text);
    return content;
}

/* ---- references ---- */

static int by_id(const void *a, const void *b)
{
    const struct rank_reference *x = a, *y = b;
    const int order = strcmp(x->id, y->id);

    return order ? order : strcmp(x->row, y->row);
}

/* A list of ids, or the id of a source: what a row refers to. */
static const char *referring_cell(const struct gw_row *row, const struct gw_column *column)
{
    const char *cell = *(const char *const *)((const char *)row + column->offset);

    if (column->type == GW_COLUMN_list)
        return cell;
    return is_id(column) && cell && *cell == SOURCE_LETTER && is_hashed(cell) ? cell : NULL;
}

static void refer(struct ranks *ranks, const char *ids, const char *row)
{
    char *rest = gw_arena_copy(ranks->arena, ids, strlen(ids));

    ranks->failed = ranks->failed || !rest;
    for (char *id; rest && (id = strsep(&rest, ";"));) {
        struct rank_reference *slot =
            GW_ARENA_PUSH(ranks->arena, ranks->references, ranks->reference_count, ranks->reference_capacity);

        if (slot)
            *slot = (struct rank_reference){id, row};
        else
            ranks->failed = true;
    }
}

static void find_references(struct ranks *ranks, const struct gw_rows *rows, const struct gw_table *table)
{
    const struct gw_row_list *list = &rows->tables[table->id];

    for (size_t i = 0; i < list->count && !ranks->failed; i++) {
        const char *content = NULL;

        for (size_t c = 1; c < table->column_count; c++) {
            const struct gw_column *column = &table->columns[c];
            const char *ids =
                column->type == GW_COLUMN_list || is_id(column) ? referring_cell(list->rows[i], column) : NULL;
            if (ids && !content)
                content = content_of(ranks, table, list->rows[i]);
            if (ids && content)
                refer(ranks, ids, content);
        }
    }
}

static size_t first_reference_to(const struct ranks *ranks, const char *id)
{
    size_t low = 0, high = ranks->reference_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (strcmp(ranks->references[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What the rows say that refer to an id; "" where none does. */
static const char *referred_by(struct ranks *ranks, const char *id)
{
    struct gw_text text = GW_TEXT_INIT(RANKS_KEY_MAX_BYTES);
    const char *all;

    for (size_t i = first_reference_to(ranks, id);
         i < ranks->reference_count && strcmp(ranks->references[i].id, id) == 0; i++) {
        gw_text_add(&text, ranks->references[i].row);
        gw_text_append(&text, "\x1e", 1);
    }
    all = gw_arena_copy(ranks->arena, text.at, text.length);
    ranks->failed = ranks->failed || text.failed || !all;
    gw_text_release(&text);
    return all;
}

/* ---- sources ---- */

struct source {
    const char *id, *referred, *hash;
};

static int by_reference(const void *a, const void *b)
{
    const struct source *x = a, *y = b;
    int order = strcmp(x->referred, y->referred);

    if (!order)
        order = strcmp(x->hash, y->hash);
    return order ? order : strcmp(x->id, y->id);
}

static int by_source(const void *a, const void *b)
{
    const struct gw_row_provenance *x = *(const struct gw_row_provenance *const *)a,
                                   *y = *(const struct gw_row_provenance *const *)b;
    const int order = strcmp(or_empty(x->source_hash), or_empty(y->source_hash));

    return order ? order : strcmp(or_empty(x->content_sha256), or_empty(y->content_sha256));
}

static const struct gw_row_provenance **lines_by_source(struct ranks *ranks, const struct gw_row_list *provenance)
{
    const struct gw_row_provenance **lines = gw_arena_alloc(ranks->arena, provenance->count * sizeof *lines + 1);

    ranks->failed = ranks->failed || !lines;
    for (size_t i = 0; i < provenance->count && !ranks->failed; i++)
        lines[i] = (const struct gw_row_provenance *)provenance->rows[i];
    if (provenance->count && !ranks->failed)
        qsort(lines, provenance->count, sizeof *lines, by_source);
    return lines;
}

/* Each source that rows refer to, by id, and the hash of its bytes as its first line tells. */
static size_t find_sources(struct ranks *ranks, const struct gw_row_list *provenance, struct source *out)
{
    const struct gw_row_provenance **lines = lines_by_source(ranks, provenance);
    size_t count = 0, line = 0;

    for (size_t i = 0; i < ranks->reference_count && !ranks->failed; i++) {
        const char *id = ranks->references[i].id;

        if (*id != SOURCE_LETTER || !is_hashed(id) || (count > 0 && strcmp(out[count - 1].id, id) == 0))
            continue;
        while (line < provenance->count && strcmp(or_empty(lines[line]->source_hash), id) < 0)
            line++;
        out[count++] = (struct source){id, referred_by(ranks, id),
                                       line < provenance->count && gw_same(lines[line]->source_hash, id)
                                           ? or_empty(lines[line]->content_sha256)
                                           : ""};
    }
    return count;
}

/* No others: what else there is provenance of depends on the way there. */
static void rank_sources(struct ranks *ranks, const struct gw_row_list *provenance)
{
    struct source *sources = gw_arena_alloc(ranks->arena, ranks->reference_count * sizeof *sources + 1);
    size_t count;

    ranks->failed = ranks->failed || !sources;
    if (ranks->failed)
        return;
    count = find_sources(ranks, provenance, sources);
    if (ranks->failed)
        return;
    if (count)
        qsort(sources, count, sizeof *sources, by_reference);
    for (size_t i = 0; i < count; i++)
        name(ranks, sources[i].id, "source", i + 1);
}

/* ---- rows ---- */

static int by_content(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    int order = strcmp(x->content, y->content);

    if (!order)
        order = strcmp(x->referred, y->referred);
    if (!order)
        order = strcmp(x->family, y->family);
    if (!order)
        order = strcmp(x->facts, y->facts);
    return order ? order : strcmp(x->row->row_id, y->row->row_id);
}

/* Provenance by (table, row, content): the lines of one row lie together. */
static int by_of_row(const void *a, const void *b)
{
    const struct gw_row_provenance *x = *(const struct gw_row_provenance *const *)a,
                                   *y = *(const struct gw_row_provenance *const *)b;
    int order = strcmp(or_empty(x->of_row), or_empty(y->of_row));

    if (!order)
        order = strcmp(or_empty(x->table), or_empty(y->table));
    return order ? order : strcmp(or_empty(x->content_sha256), or_empty(y->content_sha256));
}

static size_t first_line_of(const struct gw_row_list *provenance, const char *row_id)
{
    size_t low = 0, high = provenance->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)provenance->rows[middle];
        if (strcmp(or_empty(line->of_row), row_id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const char *facts_of(struct ranks *ranks, const struct gw_row_list *provenance, const struct gw_table *table,
                            const char *row_id)
{
    struct gw_text text = GW_TEXT_INIT(RANKS_KEY_MAX_BYTES);

    for (size_t i = first_line_of(provenance, row_id); i < provenance->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)provenance->rows[i];
        if (strcmp(or_empty(line->of_row), row_id) != 0)
            break;
        if (gw_same(line->table, table->name))
            gw_text_add(&text, line->content_sha256);
    }
    const char *facts = gw_arena_copy(ranks->arena, text.at, text.length);
    ranks->failed = ranks->failed || text.failed || !facts;
    gw_text_release(&text);
    return facts;
}

/* Column by column: a row's own id is known before another row's reference to it is met. */
static void name_ids(struct ranks *ranks, const struct gw_table *table, const struct gw_row_list *list)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct gw_column *column = &table->columns[i];
        size_t number = 0;
        for (size_t j = 0; is_id(column) && j < list->count; j++) {
            const char *id = id_cell(list->rows[j], column);
            if (id && *id)
                number += name(ranks, id, i == 0 ? table->name : column->name, i == 0 ? j + 1 : number + 1);
        }
    }
}

static void rank_table(struct ranks *ranks, struct gw_rows *rows, const struct gw_table *table)
{
    struct gw_row_list *list = &rows->tables[table->id];
    struct ranked *ranked = gw_arena_alloc(ranks->arena, list->count * sizeof *ranked + 1);

    for (size_t i = 0; ranked && i < list->count; i++) {
        struct gw_row *row = list->rows[i];
        ranked[i].row = row;
        ranked[i].content = content_of(ranks, table, row);
        ranked[i].referred = referred_by(ranks, row->row_id);
        ranked[i].facts = facts_of(ranks, &rows->tables[GW_TABLE_provenance], table, row->row_id);
    }
    ranks->failed = ranks->failed || !ranked;
    if (!ranks->failed)
        ranks_families(ranks, table, ranked, list->count);
    if (ranks->failed)
        return;
    if (list->count)
        qsort(ranked, list->count, sizeof *ranked, by_content);
    for (size_t i = 0; i < list->count; i++)
        list->rows[i] = ranked[i].row;
    name_ids(ranks, table, list);
}

static size_t count_list(const struct gw_row *row, const struct gw_column *column)
{
    const char *list = *(const char *const *)((const char *)row + column->offset);
    size_t count = list != NULL;

    for (; list && *list; list++)
        count += *list == ';';
    return count;
}

static size_t count_ids(const struct gw_rows *rows)
{
    size_t count = 0;

    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);
        for (size_t i = 0; i < table->column_count; i++) {
            count += is_id(&table->columns[i]) ? rows->tables[t].count : 0;
            for (size_t j = 0; table->columns[i].type == GW_COLUMN_list && j < rows->tables[t].count; j++)
                count += count_list(rows->tables[t].rows[j], &table->columns[i]);
        }
    }
    return count;
}

void ranks_make(struct ranks *ranks, struct gw_arena *arena, struct gw_rows *rows)
{
    struct gw_row_list *provenance = &rows->tables[GW_TABLE_provenance];
    size_t capacity = 64;

    while (capacity < 2 * count_ids(rows))
        capacity *= 2;
    *ranks = (struct ranks){.arena = arena, .capacity = capacity};
    ranks->slots = gw_arena_alloc(arena, capacity * sizeof *ranks->slots);
    ranks->failed = !ranks->slots;
    if (ranks->failed)
        return;
    if (provenance->count)
        qsort(provenance->rows, provenance->count, sizeof(struct gw_row *), by_of_row);
    rank_table(ranks, rows, gw_table_of(GW_TABLE_ae_episodes)); /* evidence is told apart by its event */
    for (int t = 0; t < GW_TABLE_COUNT && !ranks->failed; t++)
        if (t != GW_TABLE_provenance)
            find_references(ranks, rows, gw_table_of((enum gw_table_id)t));
    if (ranks->reference_count && !ranks->failed)
        qsort(ranks->references, ranks->reference_count, sizeof *ranks->references, by_id);
    rank_sources(ranks, provenance);
    for (int t = 0; t < GW_TABLE_COUNT && !ranks->failed; t++)
        if (t != GW_TABLE_provenance && t != GW_TABLE_ae_episodes)
            rank_table(ranks, rows, gw_table_of((enum gw_table_id)t));
}
