/*
 * Who and whence: subjects and their patients, deliveries, cursors, and the names that repeat.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "ledger/store.h"

/* ---- names ---- */

static struct name_slot *slot_of(struct gw_ledger *ledger, const char *space, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (const char *p = space; *p; p++)
        hash = (hash ^ (uint8_t)*p) * 16777619u;
    for (const char *p = name; *p; p++)
        hash = (hash ^ (uint8_t)*p) * 16777619u;
    return &ledger->names[hash % NAME_SLOTS];
}

enum gw_status ledger_name(struct gw_ledger *ledger, const char *space, const char *name, int64_t *number,
                           struct gw_error *err)
{
    struct name_slot *slot = slot_of(ledger, space, name);
    enum gw_status rc;

    if (slot->number && strcmp(slot->name, name) == 0 && strcmp(slot->space, space) == 0) {
        *number = slot->number;
        return GW_OK;
    }
    rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_NAME_FIND, space, name), 0, number, err);
    if (rc == GW_OK && *number == 0) {
        rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_NAME_ADD, space, name), err);
        *number = sqlite3_last_insert_rowid(ledger->db);
    }
    if (rc == GW_OK && strlen(space) <= NAME_MAX_LENGTH && strlen(name) <= NAME_MAX_LENGTH) {
        slot->number = *number;
        strcpy(slot->space, space);
        strcpy(slot->name, name);
    }
    return rc;
}

/* ---- subjects ---- */

static enum gw_status audit_enrolment(struct gw_ledger *ledger, const char *study, const char *site,
                                      const char *subject_key, const char *endpoint, bool new, struct gw_error *err)
{
    char what[200];

    snprintf(what, sizeof what, "%s%s%s%s", new ? "a new subject" : "", new &&endpoint ? ", " : "",
             endpoint ? "a patient of the endpoint " : "", endpoint ? endpoint : "");
    return audit_append(
        ledger,
        &(struct gw_audit_act){
            .act = GW_AUDIT_ENROLMENT, .study = study, .site = site, .subject = subject_key, .what = what},
        err);
}

static enum gw_status find_or_add(struct gw_ledger *ledger, const char *study, const char *site,
                                  const char *subject_key, int64_t *number, bool *new, struct gw_error *err)
{
    enum gw_status rc =
        ledger_number(ledger, ledger_bind(ledger, STATEMENT_SUBJECT_FIND, study, subject_key), 0, number, err);

    if (rc != GW_OK || *number != 0)
        return rc;
    rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_SUBJECT_ADD, study, site, subject_key), err);
    *number = sqlite3_last_insert_rowid(ledger->db);
    *new = true;
    return rc;
}

enum gw_status gw_ledger_enrol(struct gw_ledger *ledger, const char *study, const char *site, const char *subject_key,
                               const char *endpoint, const char *patient, int64_t *number, struct gw_error *err)
{
    struct step step;
    int64_t found = GW_NOBODY;
    bool new = false, linked = false;
    int64_t purged = 0;
    enum gw_status rc = step_begin(ledger, &step, err);

    if (rc != GW_OK)
        return rc;
    rc = find_or_add(ledger, study, site, subject_key, &found, &new, err);
    if (rc == GW_OK)
        rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_SUBJECT_PURGED, found), 0, &purged, err);
    if (rc == GW_OK && patient && !purged) {
        rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_PATIENT_ADD, study, endpoint, patient, found), err);
        linked = rc == GW_OK && sqlite3_changes(ledger->db) > 0;
    }
    if (rc == GW_OK && (new || linked))
        rc = audit_enrolment(ledger, study, site, subject_key, linked ? endpoint : NULL, new, err);
    rc = step_end(ledger, &step, rc, err);
    if (rc == GW_OK)
        *number = found;
    return rc;
}

enum gw_status gw_ledger_patient(struct gw_ledger *ledger, const char *study, const char *endpoint, const char *patient,
                                 int64_t *number, struct gw_error *err)
{
    return ledger_number(ledger, ledger_bind(ledger, STATEMENT_PATIENT_FIND, study, endpoint, patient), GW_NOBODY,
                         number, err);
}

static bool read_subject(struct gw_arena *arena, sqlite3_stmt *row, struct gw_ledger_subject *subject)
{
    *subject = (struct gw_ledger_subject){
        .number = sqlite3_column_int64(row, 0),
        .study = ledger_text(arena, row, 1),
        .site = ledger_text(arena, row, 2),
        .subject_key = ledger_text(arena, row, 3),
        .revision = sqlite3_column_int64(row, 4),
        .blocked = sqlite3_column_int(row, 5) != 0,
        .dirty = sqlite3_column_int(row, 6) != 0,
        .next_day = sqlite3_column_int(row, 7),
        .purged = sqlite3_column_int(row, 8) != 0,
    };
    return subject->study && subject->site && subject->subject_key;
}

enum gw_status gw_ledger_subjects(struct gw_ledger *ledger, struct gw_arena *arena, struct gw_ledger_subjects *out,
                                  struct gw_error *err)
{
    struct gw_ledger_subjects subjects = {NULL, 0};
    sqlite3_stmt *statement = ledger_bind(ledger, STATEMENT_SUBJECTS);
    size_t capacity = 0;
    bool row;

    for (;;) {
        enum gw_status rc = ledger_step(ledger, statement, &row, err);
        if (rc != GW_OK)
            return rc;
        if (!row)
            break;
        struct gw_ledger_subject *subject = GW_ARENA_PUSH(arena, subjects.list, subjects.count, capacity);
        if (!subject || !read_subject(arena, statement, subject)) {
            sqlite3_reset(statement);
            return ledger_no_memory(err, "the list of subjects");
        }
    }
    *out = subjects;
    return GW_OK;
}

enum gw_status gw_ledger_subject(struct gw_ledger *ledger, struct gw_arena *arena, int64_t number,
                                 struct gw_ledger_subject *out, struct gw_error *err)
{
    sqlite3_stmt *statement = ledger_bind(ledger, STATEMENT_SUBJECT_GET, number);
    bool row, fine;
    enum gw_status rc = ledger_step(ledger, statement, &row, err);

    if (rc != GW_OK)
        return rc;
    if (!row)
        return gw_fail(err, GW_EINPUT, "ledger.subjects", "no subject has this number");
    fine = read_subject(arena, statement, out);
    sqlite3_reset(statement);
    return fine ? GW_OK : ledger_no_memory(err, "a subject");
}

enum gw_status gw_ledger_mark(struct gw_ledger *ledger, int64_t subject, struct gw_error *err)
{
    assert(subject != GW_NOBODY);
    return ledger_run(ledger, ledger_bind(ledger, STATEMENT_DIRTY_ADD, subject), err);
}

enum gw_status gw_ledger_next_dirty(struct gw_ledger *ledger, int64_t after, int64_t *next, struct gw_error *err)
{
    return ledger_number(ledger, ledger_bind(ledger, STATEMENT_DIRTY_NEXT, after), GW_NOBODY, next, err);
}

/* ---- deliveries and cursors ---- */

enum gw_status gw_ledger_deliver(struct gw_ledger *ledger, const char *source, const char *as_of, int64_t *number,
                                 struct gw_error *err)
{
    enum gw_status rc = ledger_run(ledger, ledger_bind(ledger, STATEMENT_DELIVERY_ADD, source, as_of), err);

    if (rc == GW_OK)
        *number = sqlite3_last_insert_rowid(ledger->db);
    return rc;
}

enum gw_status gw_ledger_cursor(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_cursor *cursor,
                                const char **watermark, struct gw_error *err)
{
    sqlite3_stmt *statement = ledger_bind(ledger, STATEMENT_CURSOR_GET, cursor->endpoint, cursor->subject,
                                          cursor->query, cursor->low, cursor->high);
    bool row;
    enum gw_status rc = ledger_step(ledger, statement, &row, err);

    if (rc != GW_OK)
        return rc;
    const char *found = row ? ledger_text(arena, statement, 0) : NULL;
    if (row)
        sqlite3_reset(statement);
    if (row && !found)
        return ledger_no_memory(err, "a cursor");
    *watermark = found;
    return GW_OK;
}

enum gw_status gw_ledger_move(struct gw_ledger *ledger, const struct gw_cursor *cursor, const char *watermark,
                              struct gw_error *err)
{
    return ledger_run(ledger,
                      ledger_bind(ledger, STATEMENT_CURSOR_SET, cursor->endpoint, cursor->subject, cursor->query,
                                  cursor->low, cursor->high, watermark),
                      err);
}
