/*
 * The window a row belongs to, the digest of all that belong to one, and the signature under it.
 */
#include "gateway/study/seal.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/digest.h"

enum { SEAL_MAX_BYTES = 64 * 1024 * 1024, ROWS_MAX_BYTES = 1024 * 1024 * 1024 };

static const char *window_of_event(const struct gw_rows *rows, const char *ae_id)
{
    const struct gw_row *event = ae_id ? gw_rows_find(rows, GW_TABLE_ae_episodes, ae_id) : NULL;

    return event ? ((const struct gw_row_ae_episodes *)event)->assessed_window : NULL;
}

const char *gw_window_of(const struct gw_rows *rows, enum gw_table_id table, const struct gw_row *row)
{
    switch (table) {
    case GW_TABLE_windows:
        return ((const struct gw_row_windows *)row)->window_id;
    case GW_TABLE_observations:
        return ((const struct gw_row_observations *)row)->window_id;
    case GW_TABLE_exposures:
        return ((const struct gw_row_exposures *)row)->reported_window;
    case GW_TABLE_conmeds:
        return ((const struct gw_row_conmeds *)row)->reported_window;
    case GW_TABLE_derived:
        return ((const struct gw_row_derived *)row)->window_id;
    case GW_TABLE_ae_episodes:
        return ((const struct gw_row_ae_episodes *)row)->assessed_window;
    case GW_TABLE_ae_evidence:
        return window_of_event(rows, ((const struct gw_row_ae_evidence *)row)->ae_id);
    case GW_TABLE_ae_grades:
        return window_of_event(rows, ((const struct gw_row_ae_grades *)row)->ae_id);
    default:
        return NULL;
    }
}

void gw_seal_row(struct gw_text *out, enum gw_table_id id, const struct gw_row *row)
{
    const struct gw_table *table = gw_table_of(id);
    char buffer[12];

    gw_text_add(out, table->name);
    for (size_t c = 0; c < table->column_count; c++) {
        const char *cell = table->columns[c].stamp ? NULL : gw_row_cell(table, row, c, buffer);

        gw_text_append(out, "\t", 1);
        gw_text_add(out, cell ? cell : "");
    }
    gw_text_append(out, "\n", 1);
}

enum gw_status gw_window_seal(const struct gw_rows *rows, const char *window, char out[GW_SEAL_BYTES], size_t *count,
                              struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(SEAL_MAX_BYTES);
    uint8_t digest[GW_SHA256_BYTES];
    enum gw_status rc = GW_OK;

    *count = 0;
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        for (size_t i = 0; i < rows->tables[t].count; i++) {
            const struct gw_row *row = rows->tables[t].rows[i];

            if (!gw_same(gw_window_of(rows, (enum gw_table_id)t, row), window))
                continue;
            gw_seal_row(&text, (enum gw_table_id)t, row);
            ++*count;
        }
    if (text.failed)
        rc = gw_fail(err, GW_ENOMEM, "study.seal", "the rows of one window need more memory than allowed");
    gw_sha256(text.at, text.length, digest);
    gw_hex(digest, sizeof digest, out);
    gw_text_release(&text);
    return rc;
}

/* ---- the signature ---- */

/* An undo that was undone itself takes nothing back. */
static bool is_undone(const struct gw_decision *decisions, size_t count, int64_t n)
{
    for (size_t i = 0; i < count; i++)
        if (decisions[i].kind == GW_DECIDE_UNDO && decisions[i].undoes == n && decisions[i].n > n &&
            !is_undone(decisions, count, decisions[i].n))
            return true;
    return false;
}

static bool is_about(const struct gw_decision *decision, const char *study, const char *subject, const char *window)
{
    static const char prefix[] = "study:";

    return (decision->kind == GW_DECIDE_SIGN || (decision->kind == GW_DECIDE_SIGNED && decision->set[GW_SET_ACCEPT])) &&
           (strncmp(decision->scope, prefix, sizeof prefix - 1) != 0 ||
            strcmp(decision->scope + sizeof prefix - 1, study) == 0) &&
           gw_same(decision->match.subject, subject) && gw_same(decision->set[GW_SET_WINDOW], window);
}

const struct gw_decision *gw_window_signature(const struct gw_decision *decisions, size_t count, const char *study,
                                              const char *subject, const char *window)
{
    for (size_t i = count; i-- > 0;)
        if (is_about(&decisions[i], study, subject, window) && !is_undone(decisions, count, decisions[i].n))
            return decisions[i].kind == GW_DECIDE_SIGN ? &decisions[i] : NULL;
    return NULL;
}

/* ---- the rows it is under ---- */

static bool is_listed(const char *const *windows, size_t count, const char *window)
{
    return window && gw_is_among(windows, count, window);
}

/* A value of one of the windows, in another. */
static bool stands_besides(const struct gw_rows *rows, const struct gw_row *row, const char *const *windows,
                           size_t count)
{
    const struct gw_row_observations *value = (const struct gw_row_observations *)row;
    char id[256];

    for (size_t i = 0; i < count; i++)
        if (snprintf(id, sizeof id, "%s@%s", value->obs_id, windows[i]) < (int)sizeof id &&
            gw_rows_find(rows, GW_TABLE_observations, id))
            return true;
    return false;
}

static bool is_needed(const struct gw_rows *rows, enum gw_table_id table, const struct gw_row *row,
                      const char *const *windows, size_t count)
{
    return table == GW_TABLE_subjects || is_listed(windows, count, gw_window_of(rows, table, row)) ||
           (table == GW_TABLE_observations && stands_besides(rows, row, windows, count));
}

static const struct gw_row *row_of_line(const struct gw_rows *rows, const struct gw_row_provenance *line)
{
    const enum gw_table_id table = gw_table_named(line->table);

    return table < GW_TABLE_COUNT ? gw_rows_find(rows, table, line->of_row) : NULL;
}

static bool keep(struct gw_arena *arena, struct gw_row_list *list, struct gw_row *row)
{
    struct gw_row **slot = GW_ARENA_PUSH(arena, list->rows, list->count, list->capacity);

    if (slot)
        *slot = row;
    return slot;
}

static bool choose(struct gw_arena *arena, const struct gw_rows *rows, const char *const *windows, size_t count,
                   struct gw_rows *out)
{
    const struct gw_row_list *lines = &rows->tables[GW_TABLE_provenance];
    bool whole = true;

    for (int t = 0; t < GW_TABLE_COUNT; t++)
        for (size_t i = 0; i < rows->tables[t].count && whole; i++)
            if (is_needed(rows, (enum gw_table_id)t, rows->tables[t].rows[i], windows, count))
                whole = keep(arena, &out->tables[t], rows->tables[t].rows[i]);
    for (size_t i = 0; i < lines->count && whole; i++)
        if (row_of_line(out, (const struct gw_row_provenance *)lines->rows[i]))
            whole = keep(arena, &out->tables[GW_TABLE_provenance], lines->rows[i]);
    return whole;
}

enum gw_status gw_window_rows(struct gw_arena *arena, const struct gw_rows *rows, const char *const *windows,
                              size_t count, struct gw_rows *out, struct gw_error *err)
{
    struct gw_arena scratch = GW_ARENA_INIT(ROWS_MAX_BYTES);
    struct gw_text text = GW_TEXT_INIT(ROWS_MAX_BYTES);
    struct gw_rows chosen = {0};
    const bool whole = choose(&scratch, rows, windows, count, &chosen);
    enum gw_status rc;

    *out = (struct gw_rows){0};
    if (whole)
        gw_rows_write(&chosen, &text);
    if (whole && !text.failed)
        rc = gw_rows_read(arena, text.at, text.length, out, err);
    else
        rc = gw_fail(err, GW_ENOMEM, "study.seal", "what was signed needs more memory than allowed");
    gw_rows_sort(out);
    gw_text_release(&text);
    gw_arena_release(&scratch);
    return rc;
}
