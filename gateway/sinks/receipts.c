/*
 * Where a study database stands: the receipts in it.
 */
#include "gateway/sinks/export.h"
#include "sinks/database.h"

static enum gw_status read_receipts(struct database *database, struct gw_arena *arena, const char *study,
                                    struct gw_export_receipts *out, struct gw_error *err)
{
    size_t capacity = 0;
    sqlite3_stmt *statement = NULL;
    enum gw_status rc = database_prepare(
        database, "SELECT subject_key, revision FROM receipts WHERE study = ?1 ORDER BY subject_key", &statement, err);
    bool row = false;

    if (rc == GW_OK)
        sqlite3_bind_text(statement, 1, study, -1, SQLITE_STATIC);
    while (rc == GW_OK && (rc = database_step(database, statement, &row, err)) == GW_OK && row) {
        const char *key = (const char *)sqlite3_column_text(statement, 0);
        struct gw_export_receipt *slot = GW_ARENA_PUSH(arena, out->list, out->count, capacity);

        if (slot)
            *slot = (struct gw_export_receipt){gw_arena_print(arena, "%s", key ? key : ""),
                                               sqlite3_column_int64(statement, 1)};
        if (!slot || !slot->subject_key)
            rc = database_no_memory(err);
    }
    sqlite3_finalize(statement);
    return rc;
}

enum gw_status gw_export_read_receipts(const char *path, struct gw_arena *arena, const char *study,
                                       struct gw_export_receipts *out, struct gw_error *err)
{
    struct database database = {0};
    enum gw_status rc = database_open_read(&database, path, err);

    *out = (struct gw_export_receipts){0};
    if (rc == GW_OK)
        rc = read_receipts(&database, arena, study, out, err);
    database_close(&database);
    return rc;
}
