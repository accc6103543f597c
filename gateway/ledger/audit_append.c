/*
 * Appending to the trail in the transaction of the act, and checkpoints of what stands.
 *
 *      act ──> row ──> chain ──> table audit          commit ──(1,000 rows, or the end)──> sign ──> table audit_points
 *                                                                                           └──> file outside
 *
 * The ledger comes before the file: a checkpoint in the file always counts rows that were committed, so that a kill
 * between the two can never look like a cut trail.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/ledger/notes.h"
#include "ledger/store.h"

enum { ROW_MAX_BYTES = 64 * 1024, POINT_MAX_BYTES = 1024, PATH_MAX_BYTES = 4096, NOTE_ARENA = 64 * 1024 };

static const char where[] = "ledger.audit";
static const char digests[] = "audit", zones[] = "audit.zone"; /* spaces of notes */

/* ---- rows ---- */

struct head {
    int64_t n;
    uint8_t hash[GW_SHA256_BYTES];
    char at[GW_AUDIT_TIME_MAX];
};

static enum gw_status read_head(struct gw_ledger *ledger, struct head *out, struct gw_error *err)
{
    sqlite3_stmt *last = ledger_bind(ledger, STATEMENT_AUDIT_HEAD);
    bool row;
    enum gw_status rc = ledger_step(ledger, last, &row, err);

    *out = (struct head){.n = 0};
    if (rc != GW_OK || !row)
        return rc;
    const void *hash = sqlite3_column_blob(last, 1);
    const char *at = (const char *)sqlite3_column_text(last, 2);
    out->n = sqlite3_column_int64(last, 0);
    if (hash && at && sqlite3_column_bytes(last, 1) == GW_SHA256_BYTES) {
        memcpy(out->hash, hash, GW_SHA256_BYTES);
        snprintf(out->at, sizeof out->at, "%s", at);
    } else {
        rc = gw_fail(err, GW_EIO, where, "the audit trail is damaged: casement audit verify says where");
        ledger->broken = true;
    }
    sqlite3_reset(last);
    return rc;
}

/* The zone of the site, looked up where it is another than the last. */
static enum gw_status find_zone(struct gw_ledger *ledger, const char *site, const char **zone, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(NOTE_ARENA);
    const char *found = NULL;
    enum gw_status rc = GW_OK;

    *zone = "";
    if (!site || !*site)
        return GW_OK;
    if (strcmp(site, ledger->audit.site) != 0) {
        rc = gw_ledger_note(ledger, &arena, zones, site, &found, err);
        snprintf(ledger->audit.site, sizeof ledger->audit.site, "%s", found ? site : "");
        snprintf(ledger->audit.zone, sizeof ledger->audit.zone, "%s", found ? found : "");
    }
    gw_arena_release(&arena);
    *zone = ledger->audit.zone;
    return rc;
}

static enum gw_status store_row(struct gw_ledger *ledger, struct head *head, const struct gw_audit_row *row,
                                struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(ROW_MAX_BYTES);
    enum gw_status rc;

    gw_audit_print(&text, row);
    gw_audit_link(head->hash, text.at, text.length);
    rc = text.failed
             ? ledger_no_memory(err, "an audit row")
             : ledger_run(
                   ledger,
                   ledger_bind(ledger, STATEMENT_AUDIT_ADD, row->n, text.at, head->hash, (size_t)GW_SHA256_BYTES), err);
    gw_text_release(&text);
    return rc;
}

enum gw_status audit_append(struct gw_ledger *ledger, const struct gw_audit_act *act, struct gw_error *err)
{
    char at[GW_AUDIT_TIME_MAX];
    const char *zone = "";
    struct head head;
    enum gw_status rc = find_zone(ledger, act->site, &zone, err);

    if (rc == GW_OK)
        rc = read_head(ledger, &head, err);
    if (rc != GW_OK)
        return rc;
    gw_instant_print(time(NULL), at);
    ledger->audit.since++;
    return store_row(ledger, &head,
                     &(struct gw_audit_row){.n = head.n + 1,
                                            .at = at,
                                            .zone = zone,
                                            .back = strcmp(at, head.at) < 0,
                                            .by = act->by ? act->by : ledger->audit.by,
                                            .act = gw_audit_name(act->act),
                                            .study = act->study,
                                            .site = act->site,
                                            .subject = act->subject,
                                            .what = act->what,
                                            .old_hash = act->old_hash,
                                            .new_hash = act->new_hash,
                                            .reason = act->reason},
                     err);
}

enum gw_status gw_audit_note(struct gw_ledger *ledger, const struct gw_audit_act *act, struct gw_error *err)
{
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    return rc == GW_OK ? step_end(ledger, &step, audit_append(ledger, act, err), err) : rc;
}

static enum gw_status note_change(struct gw_ledger *ledger, const char *thing, const struct gw_audit_act *act,
                                  struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(NOTE_ARENA);
    struct gw_audit_act changed = *act;
    enum gw_status rc = gw_ledger_note(ledger, &arena, digests, thing, &changed.old_hash, err);

    if (rc == GW_OK && !gw_same(changed.old_hash, act->new_hash)) {
        rc = audit_append(ledger, &changed, err);
        if (rc == GW_OK)
            rc = gw_ledger_note_put(ledger, digests, thing, act->new_hash, err);
    }
    gw_arena_release(&arena);
    return rc;
}

enum gw_status gw_audit_change(struct gw_ledger *ledger, const char *thing, const struct gw_audit_act *act,
                               struct gw_error *err)
{
    struct step step;
    enum gw_status rc = step_begin(ledger, &step, err);

    return rc == GW_OK ? step_end(ledger, &step, note_change(ledger, thing, act, err), err) : rc;
}

enum gw_status gw_audit_zone(struct gw_ledger *ledger, const char *site, const char *zone, struct gw_error *err)
{
    *ledger->audit.site = '\0';
    return gw_ledger_note_put(ledger, zones, site, zone, err);
}

enum gw_status gw_audit_hash(struct gw_ledger *ledger, int64_t *n, char out[2 * GW_SHA256_BYTES + 1],
                             struct gw_error *err)
{
    sqlite3_stmt *of;
    struct head head = {.n = 0};
    bool row;
    enum gw_status rc = *n == 0 ? read_head(ledger, &head, err) : GW_OK;

    *out = '\0';
    if (rc != GW_OK || (*n == 0 && head.n == 0))
        return rc;
    *n = *n == 0 ? head.n : *n;
    of = ledger_bind(ledger, STATEMENT_AUDIT_HASH, *n);
    rc = ledger_step(ledger, of, &row, err);
    if (rc != GW_OK || !row)
        return rc;
    if (sqlite3_column_bytes(of, 0) == GW_SHA256_BYTES)
        gw_hex(sqlite3_column_blob(of, 0), GW_SHA256_BYTES, out);
    sqlite3_reset(of);
    return GW_OK;
}

/* ---- checkpoints ---- */

/* A line that a crash left without its end is ended first, so that it spoils no other. */
static enum gw_status ship(const char *path, const struct gw_text *line, struct gw_error *err)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char last = '\n', whole[POINT_MAX_BYTES + 2];
    bool fine = fd >= 0;

    if (fine && lseek(fd, 0, SEEK_END) > 0)
        fine = pread(fd, &last, 1, lseek(fd, 0, SEEK_END) - 1) == 1;
    const int length = snprintf(whole, sizeof whole, "%s%s\n", last == '\n' ? "" : "\n", line->at);
    fine = fine && write(fd, whole, (size_t)length) == length && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return fine ? GW_OK
                : gw_fail(err, GW_ECREATE, where, "%s: a checkpoint of the audit trail cannot be written: %s", path,
                          strerror(errno));
}

static enum gw_status store_point(struct gw_ledger *ledger, int64_t count, const char *text, struct gw_error *err)
{
    enum gw_status rc = gw_ledger_begin(ledger, err);

    if (rc == GW_OK)
        rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_AUDIT_POINT_ADD, count, text), err);
    if (rc == GW_OK)
        return gw_ledger_commit(ledger, err);
    gw_ledger_rollback(ledger);
    return rc;
}

static enum gw_status make_point(struct gw_ledger *ledger, const struct gw_audit_point *point, struct gw_error *err)
{
    struct gw_text line = GW_TEXT_INIT(POINT_MAX_BYTES);
    struct gw_signature_key *key = NULL;
    enum gw_status rc = gw_signature_key_keep(ledger->audit.key_path.at, &key, err);

    if (rc == GW_OK)
        rc = gw_audit_point_print(&line, point, key, err);
    if (rc == GW_OK)
        rc = store_point(ledger, point->count, line.at, err);
    if (rc == GW_OK)
        rc = ship(ledger->audit.ship_path.at, &line, err);
    gw_signature_key_free(key);
    gw_text_release(&line);
    return rc;
}

enum gw_status gw_audit_checkpoint(struct gw_ledger *ledger, struct gw_audit_point *out, struct gw_error *err)
{
    struct head head;
    int64_t last = 0;
    enum gw_status rc = read_head(ledger, &head, err);

    *out = (struct gw_audit_point){.count = 0};
    if (rc == GW_OK)
        rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_AUDIT_POINT_LAST), 0, &last, err);
    if (rc != GW_OK || head.n == 0)
        return rc;
    out->count = head.n;
    gw_hex(head.hash, sizeof head.hash, out->head);
    gw_instant_print(time(NULL), out->at);
    if (last < head.n && !ledger->built) {
        ledger->audit.at_it = true;
        rc = make_point(ledger, out, err);
        ledger->audit.at_it = false;
    }
    if (rc == GW_OK)
        ledger->audit.since = 0;
    return rc;
}

/* The commit stands whatever comes of it here: what could not be signed or shipped is with the next one. */
void audit_committed(struct gw_ledger *ledger)
{
    struct gw_audit_point point;

    if (ledger->audit.since >= GW_AUDIT_EVERY && !ledger->audit.at_it && !ledger->built)
        gw_audit_checkpoint(ledger, &point, NULL);
}

enum gw_status gw_audit_ship_to(struct gw_ledger *ledger, const char *path, struct gw_error *err)
{
    gw_text_clear(&ledger->audit.ship_path);
    gw_text_add(&ledger->audit.ship_path, path);
    return ledger->audit.ship_path.failed ? ledger_no_memory(err, "a path") : GW_OK;
}

/* ---- opening and closing ---- */

enum gw_status audit_open(struct gw_ledger *ledger, const char *path, struct gw_error *err)
{
    const char *slash = strrchr(path, '/');
    const int folder = slash ? (int)(slash - path + 1) : 0;
    struct passwd user, *found = NULL;
    char names[4096];

    if (getpwuid_r(geteuid(), &user, names, sizeof names, &found) == 0 && found)
        snprintf(ledger->audit.by, sizeof ledger->audit.by, "service (%s)", found->pw_name);
    else
        snprintf(ledger->audit.by, sizeof ledger->audit.by, "service (user %lu)", (unsigned long)geteuid());
    ledger->audit.key_path.max = ledger->audit.ship_path.max = PATH_MAX_BYTES;
    ledger->audit.key_path.at = ledger->audit.ship_path.at = (char *)"";
    gw_text_print(&ledger->audit.key_path, "%.*saudit.key", folder, path);
    gw_text_print(&ledger->audit.ship_path, "%.*saudit.checkpoints", folder, path);
    return ledger->audit.key_path.failed || ledger->audit.ship_path.failed ? ledger_no_memory(err, "a path") : GW_OK;
}

void audit_close(struct gw_ledger *ledger)
{
    struct gw_audit_point point;

    if (ledger->db && ledger->audit.since > 0 && !ledger->broken && !ledger->in_transaction && !ledger->built)
        gw_audit_checkpoint(ledger, &point, NULL);
    gw_text_release(&ledger->audit.key_path);
    gw_text_release(&ledger->audit.ship_path);
}
