/*
 * What a PostgreSQL study database holds at one instant, as a study.db: exports and the canonical dump read that, and
 * so there is one way to each of them.
 *
 *      one transaction, repeatable read ──> [some subjects] ──> their rows, subject by subject ──> a batch each ──> ...
 *
 * Memory is bounded by the largest subject. Every batch begins at no revision and ends at the one the database stands
 * at.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sinks/postgres_migrate.h"
#include "sinks/postgres_rows.h"
#include "sinks/postgres_session.h"
#include "sinks/postgres_sql.h"

static const char where[] = "sinks.postgres";

enum { SQL_MAX_BYTES = 16 * 1024, SUBJECT_MAX_BYTES = 512 * 1024 * 1024, PIECE_MAX_BYTES = 16 * 1024 * 1024 };

struct snapshot;

struct reading { /* of one table of one subject */
    struct snapshot *snapshot;
    const struct gw_table *table;
    struct gw_text sql;
};

struct subject {
    const char *key, *applied_at;
    int64_t revision;
};

struct snapshot {
    const struct gw_postgres_target *target;
    struct session session;
    struct gw_sink *sink;
    struct reading readings[GW_TABLE_COUNT];
    struct gw_arena piece; /* of subjects */
    struct subject *subjects;
    size_t subject_count, subject_capacity;
    struct gw_arena arena; /* of one subject's rows */
    struct gw_rows rows;
    bool no_memory;
    struct gw_error strange;
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory for what the study database holds; give the process more");
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static void on_target(void *ctx, const PGresult *answer)
{
    struct snapshot *s = ctx;

    target_check(s->target, answer, &s->strange);
}

static void on_subjects(void *ctx, const PGresult *answer)
{
    struct snapshot *s = ctx;

    for (int i = 0; i < PQntuples(answer); i++) {
        struct subject *subject = GW_ARENA_PUSH(&s->piece, s->subjects, s->subject_count, s->subject_capacity);

        if (subject)
            *subject = (struct subject){
                .key = gw_arena_copy(&s->piece, PQgetvalue(answer, i, 0), (size_t)PQgetlength(answer, i, 0)),
                .revision = strtoll(PQgetvalue(answer, i, 1), NULL, 10),
                .applied_at = gw_arena_copy(&s->piece, PQgetvalue(answer, i, 2), (size_t)PQgetlength(answer, i, 2))};
        s->no_memory |= !subject || !subject->key || !subject->applied_at;
    }
}

static void on_rows(void *ctx, const PGresult *answer)
{
    const struct reading *reading = ctx;

    reading->snapshot->no_memory |=
        !rows_take(&reading->snapshot->rows, &reading->snapshot->arena, reading->table, answer, 0);
}

/* ---- one subject ----------------------------------------------------------------------------------------------- */

static enum gw_status read_subject(struct snapshot *s, const struct subject *subject, struct gw_error *err)
{
    const char *const key[] = {subject->key};
    struct gw_postgres_statement statements[GW_TABLE_COUNT];
    enum gw_status rc;

    gw_arena_clear(&s->arena);
    s->rows = (struct gw_rows){0};
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        statements[t] = (struct gw_postgres_statement){s->readings[t].sql.at, key, 1, on_rows, &s->readings[t]};
    rc = session_run(&s->session, statements, GW_TABLE_COUNT, err);
    return rc == GW_OK && s->no_memory ? no_memory(err) : rc;
}

/* Tombstones too: all that is there. */
static enum gw_status write_subject(struct snapshot *s, const struct subject *subject, struct gw_error *err)
{
    struct gw_difference all = {0};
    struct gw_receipt receipt;
    size_t capacity = 0;

    for (int t = 0; t < GW_TABLE_COUNT; t++)
        for (size_t i = 0; i < s->rows.tables[t].count; i++) {
            struct gw_change *change = GW_ARENA_PUSH(&s->arena, all.changes, all.count, capacity);

            if (!change)
                return no_memory(err);
            *change = (struct gw_change){
                .kind = GW_CHANGE_ADD, .table = (enum gw_table_id)t, .row = s->rows.tables[t].rows[i]};
            all.added++;
        }
    return s->sink->apply(s->sink,
                          &(struct gw_batch){.study = s->target->study,
                                             .subject_key = subject->key,
                                             .to_revision = subject->revision,
                                             .difference = &all,
                                             .applied_at = subject->applied_at},
                          &receipt, err);
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static enum gw_status next_piece(struct snapshot *s, struct gw_error *err)
{
    enum gw_status rc;

    gw_arena_clear(&s->piece);
    s->subjects = NULL;
    s->subject_count = s->subject_capacity = 0;
    rc = session_ask(&s->session, (struct gw_postgres_statement){"FETCH 200 FROM known", NULL, 0, on_subjects, s}, err);
    return rc == GW_OK && s->no_memory ? no_memory(err) : rc;
}

static enum gw_status copy_piece(struct snapshot *s, struct gw_error *err)
{
    enum gw_status rc = s->sink->begin(s->sink, err);

    for (size_t i = 0; rc == GW_OK && i < s->subject_count; i++) {
        rc = read_subject(s, &s->subjects[i], err);
        if (rc == GW_OK)
            rc = write_subject(s, &s->subjects[i], err);
    }
    return rc == GW_OK ? s->sink->commit(s->sink, err) : rc;
}

static enum gw_status begin(struct snapshot *s, struct gw_error *err)
{
    const struct gw_postgres_statement statements[] = {
        {"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", NULL, 0, NULL, NULL},
        {target_question, NULL, 0, on_target, s},
        {"DECLARE known NO SCROLL CURSOR FOR SELECT subject_key, revision, applied_at FROM receipts"
         " ORDER BY subject_key COLLATE \"C\"",
         NULL, 0, NULL, NULL},
    };
    enum gw_status rc = session_run(&s->session, statements, sizeof statements / sizeof *statements, err);

    if (rc == GW_OK && s->strange.status != GW_OK)
        *err = s->strange;
    return rc == GW_OK ? s->strange.status : rc;
}

static enum gw_status copy_all(struct snapshot *s, struct gw_error *err)
{
    enum gw_status rc = begin(s, err);

    if (rc == GW_OK)
        rc = next_piece(s, err);
    while (rc == GW_OK && s->subject_count > 0) {
        rc = copy_piece(s, err);
        if (rc == GW_OK)
            rc = next_piece(s, err);
    }
    return rc;
}

static enum gw_status print_sentences(struct snapshot *s, struct gw_error *err)
{
    bool fine = true;

    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        s->readings[t] =
            (struct reading){s, gw_table_of((enum gw_table_id)t), (struct gw_text)GW_TEXT_INIT(SQL_MAX_BYTES)};
        sql_select_rows(&s->readings[t].sql, s->readings[t].table);
        fine &= !s->readings[t].sql.failed;
    }
    return fine ? GW_OK : no_memory(err);
}

static enum gw_status open_both(struct snapshot *s, const char *path, struct gw_error *err)
{
    enum gw_status rc = print_sentences(s, err);

    if (rc == GW_OK)
        rc = session_open(&s->session, s->target, err);
    return rc == GW_OK ? gw_sink_sqlite_build(path, s->target->study, &s->sink, err) : rc;
}

enum gw_status gw_sink_postgres_snapshot(const struct gw_postgres_target *target, const char *path,
                                         struct gw_error *err)
{
    struct snapshot s = {
        .target = target, .piece = GW_ARENA_INIT(PIECE_MAX_BYTES), .arena = GW_ARENA_INIT(SUBJECT_MAX_BYTES)};
    enum gw_status rc;

    if (access(path, F_OK) == 0)
        return gw_fail(err, GW_ECREATE, where, "%s: is there already; name another file", path);
    rc = open_both(&s, path, err);
    if (rc == GW_OK)
        rc = copy_all(&s, err);
    if (s.sink)
        s.sink->close(s.sink);
    if (rc != GW_OK)
        unlink(path);
    session_close(&s.session);
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        gw_text_release(&s.readings[t].sql);
    gw_arena_release(&s.piece);
    gw_arena_release(&s.arena);
    return rc;
}
