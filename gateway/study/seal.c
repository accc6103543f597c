/*
 * The window a row belongs to, and the digest of all that belong to one.
 */
#include "gateway/study/seal.h"

#include <string.h>

#include "gateway/core/digest.h"

enum { SEAL_MAX_BYTES = 64 * 1024 * 1024 };

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
