/*
 * The hospital's two lists as CSV, written row by row: a ledger of millions of parts needs no more memory than one of
 * ten.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/core/csv.h"
#include "gateway/ledger/report.h"
#include "ledger/items.h"
#include "ledger/store.h"

static const char where[] = "ledger.listing";

enum { FLUSH_BYTES = 64 * 1024, LINE_MAX_BYTES = 64 * 1024 * 1024, FILE_MODE = 0600 };

/* ---- a file that appears by one rename ---- */

struct listing {
    const char *path;
    char *beside;
    int fd;
    struct gw_text text;
    struct gw_error *err;
};

static enum gw_status listing_open(struct listing *listing)
{
    if (asprintf(&listing->beside, "%s.%ld", listing->path, (long)getpid()) < 0) {
        listing->beside = NULL;
        return ledger_no_memory(listing->err, "a file name");
    }
    listing->fd = open(listing->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (listing->fd < 0)
        return gw_fail(listing->err, GW_ECREATE, where, "%s: cannot be created: %s", listing->path, strerror(errno));
    return GW_OK;
}

static enum gw_status write_failed(struct listing *listing)
{
    return gw_fail(listing->err, GW_EIO, where, "%s: cannot be written: %s", listing->path, strerror(errno));
}

static enum gw_status flush(struct listing *listing)
{
    const char *at = listing->text.at;
    size_t left = listing->text.length;

    if (listing->text.failed)
        return ledger_no_memory(listing->err, "one line of a list");
    while (left > 0) {
        const ssize_t written = write(listing->fd, at, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return write_failed(listing);
        at += written;
        left -= (size_t)written;
    }
    gw_text_clear(&listing->text);
    return GW_OK;
}

static enum gw_status flush_full(struct listing *listing)
{
    return listing->text.length >= FLUSH_BYTES || listing->text.failed ? flush(listing) : GW_OK;
}

static enum gw_status listing_end(struct listing *listing, enum gw_status rc)
{
    if (rc == GW_OK)
        rc = flush(listing);
    if (rc == GW_OK && fsync(listing->fd) != 0)
        rc = write_failed(listing);
    if (listing->fd >= 0 && close(listing->fd) != 0 && rc == GW_OK)
        rc = write_failed(listing);
    if (rc == GW_OK && rename(listing->beside, listing->path) != 0)
        rc = gw_fail(listing->err, GW_ECREATE, where, "%s: cannot be put in place: %s", listing->path, strerror(errno));
    if (rc != GW_OK && listing->fd >= 0)
        unlink(listing->beside);
    free(listing->beside);
    gw_text_release(&listing->text);
    return rc;
}

/* ---- parts ---- */

static const char parts_header[] = "source,resource_type,resource_id,version_id,part,state,reason,rows,exceptions\n";

/* The first four cells are those of the entry, whatever the part. */
static bool print_entry(struct gw_ledger *ledger, sqlite3_stmt *row, bool door, struct gw_text *out)
{
    const char *type = (const char *)sqlite3_column_text(row, 2), *id = (const char *)sqlite3_column_text(row, 3);
    const char *version = (const char *)sqlite3_column_text(row, 4);
    struct gw_text source = GW_TEXT_INIT(LINE_MAX_BYTES);
    const char *version_id = version;

    if (version && !door)
        version_id =
            gw_arena_copy(&ledger->arena, version, ledger_version_length(version, sqlite3_column_int64(row, 6)));
    ledger_source(&source, (const char *)sqlite3_column_text(row, 0), sqlite3_column_int64(row, 1), type, id);
    gw_csv_field(out, source.at, true, false);
    gw_csv_field(out, type, false, false);
    gw_csv_field(out, id ? id : "", false, false);
    gw_csv_field(out, version_id ? version_id : "", false, false);
    const bool whole = !source.failed && (version_id || !version);
    gw_text_release(&source);
    return whole;
}

static void print_part(struct listing *listing, const struct gw_text *entry, int component, enum gw_state state,
                       const char *const cells[3])
{
    struct gw_text *out = &listing->text;
    char part[32] = "";

    if (component >= 0)
        snprintf(part, sizeof part, "component[%d]", component);
    gw_text_append(out, entry->at, entry->length);
    gw_csv_field(out, part, false, false);
    gw_csv_field(out, gw_state_name(state), false, false);
    for (int i = 0; i < 3; i++)
        gw_csv_field(out, cells[i], false, false);
    gw_csv_end(out);
}

/* "<digit><reason> TAB <rows> TAB <items>", cut up where it stands. Gives the next line, or NULL after the last. */
static char *cut_part(char *line, enum gw_state *state, const char *cells[3])
{
    char *next = strchr(line, '\n');

    if (next)
        *next++ = '\0';
    *state = (enum gw_state)part_state(line);
    for (int i = 0; i < 3; i++) {
        char *tab = i < 2 && line ? strchr(line, '\t') : NULL;
        cells[i] = line ? line + (i == 0) : "";
        if (tab)
            *tab++ = '\0';
        line = tab;
    }
    return next;
}

static enum gw_status list_settled(struct gw_ledger *ledger, sqlite3_stmt *row, struct listing *listing,
                                   const struct gw_text *entry, int component)
{
    const char *cells[3];
    enum gw_state state;
    char *line = ledger_text(&ledger->arena, row, 7);

    if (!line)
        return ledger_no_memory(listing->err, "one line of a list");
    for (; line; component++) {
        line = cut_part(line, &state, cells);
        print_part(listing, entry, component, state, cells);
    }
    return GW_OK;
}

/* At the door, or not derived yet: every part stands the same. */
static void list_alike(sqlite3_stmt *row, struct listing *listing, const struct gw_text *entry, int component)
{
    const int door = sqlite3_column_int(row, 8);
    const char *reason = (const char *)sqlite3_column_text(row, 9), *item = (const char *)sqlite3_column_text(row, 10);
    const char *const cells[3] = {reason ? reason : GW_REASON_NOT_DERIVED, "", item ? item : ""};
    const int64_t count = sqlite3_column_int64(row, 5);

    for (int64_t i = 0; i < count; i++)
        print_part(listing, entry, component++, door ? (enum gw_state)(door - 1) : GW_STATE_HELD, cells);
}

static enum gw_status list_entry(struct gw_ledger *ledger, sqlite3_stmt *row, struct listing *listing,
                                 struct gw_text *entry)
{
    const int component = sqlite3_column_int64(row, 6) & FLAG_COMPONENTS_ONLY ? 0 : -1;
    enum gw_status rc = GW_OK;

    gw_arena_clear(&ledger->arena);
    gw_text_clear(entry);
    if (!print_entry(ledger, row, sqlite3_column_int(row, 8) != 0, entry) || entry->failed)
        return ledger_no_memory(listing->err, "one line of a list");
    if (sqlite3_column_type(row, 7) != SQLITE_NULL)
        rc = list_settled(ledger, row, listing, entry, component);
    else
        list_alike(row, listing, entry, component);
    return rc == GW_OK ? flush_full(listing) : rc;
}

static enum gw_status list_parts(struct gw_ledger *ledger, struct listing *listing)
{
    sqlite3_stmt *statement = ledger_bind(ledger, STATEMENT_PARTS);
    struct gw_text entry = GW_TEXT_INIT(LINE_MAX_BYTES);
    enum gw_status rc;
    bool row;

    gw_text_add(&listing->text, parts_header);
    while ((rc = ledger_step(ledger, statement, &row, listing->err)) == GW_OK && row) {
        rc = list_entry(ledger, statement, listing, &entry);
        if (rc != GW_OK) {
            sqlite3_reset(statement);
            break;
        }
    }
    gw_text_release(&entry);
    return rc;
}

enum gw_status gw_ledger_write_parts(struct gw_ledger *ledger, const char *path, struct gw_error *err)
{
    struct listing listing = {.path = path, .fd = -1, .text = GW_TEXT_INIT(LINE_MAX_BYTES), .err = err};
    enum gw_status rc = listing_open(&listing);

    if (rc == GW_OK)
        rc = ledger_index_all(ledger, err);
    if (rc == GW_OK)
        rc = list_parts(ledger, &listing);
    return listing_end(&listing, rc);
}

/* ---- items ---- */

static const char items_header[] = "exception_id,code,fingerprint,subject_key,source,resource_type,resource_id,"
                                   "version_id,part,blocks,state,context,suggestion\n";

static void print_item(struct listing *listing, const struct gw_ledger_item *item)
{
    const char *const cells[] = {item->id,        item->code,          item->fingerprint, item->subject_key,
                                 item->source,    item->resource_type, item->resource_id, item->version_id,
                                 item->part,      item->blocks,        item->state,       item->context,
                                 item->suggestion};

    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        gw_csv_field(&listing->text, cells[i], i == 0, false);
    gw_csv_end(&listing->text);
}

static enum gw_status list_items(struct gw_ledger *ledger, struct listing *listing)
{
    sqlite3_stmt *statement = ledger_bind(ledger, STATEMENT_ITEMS, NULL, (int64_t)0, (int64_t)0);
    struct gw_ledger_item item;
    enum gw_status rc;
    bool row;

    gw_text_add(&listing->text, items_header);
    while ((rc = ledger_step(ledger, statement, &row, listing->err)) == GW_OK && row) {
        gw_arena_clear(&ledger->arena);
        if (item_read(&ledger->arena, statement, &item)) {
            print_item(listing, &item);
            rc = flush_full(listing);
        } else {
            rc = ledger_no_memory(listing->err, "one line of a list");
        }
        if (rc != GW_OK) {
            sqlite3_reset(statement);
            break;
        }
    }
    return rc;
}

enum gw_status gw_ledger_write_items(struct gw_ledger *ledger, const char *path, struct gw_error *err)
{
    struct listing listing = {.path = path, .fd = -1, .text = GW_TEXT_INIT(LINE_MAX_BYTES), .err = err};
    enum gw_status rc = listing_open(&listing);

    if (rc == GW_OK)
        rc = list_items(ledger, &listing);
    return listing_end(&listing, rc);
}
