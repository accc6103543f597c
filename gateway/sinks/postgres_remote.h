/*
 * What the parts of a PostgreSQL study database share. Private to postgres*.c.
 *
 *      postgres_begin ──> (connect, whose is it?) ──> next ──> postgres_run ... ──> postgres_end ──> done
 */
#ifndef SINKS_POSTGRES_REMOTE_H
#define SINKS_POSTGRES_REMOTE_H

#include "gateway/sinks/postgres.h"
#include "sinks/pieces.h"
#include "sinks/postgres_rows.h"
#include "sinks/postgres_sql.h"

enum {
    POSTGRES_STATEMENTS_MAX = SQL_WRITE_COUNT * GW_TABLE_COUNT + 8,
    SHIPMENT_BYTES = 16,
};

enum head { HEAD_KEYS, HEAD_TO, HEAD_FROM, HEAD_SHIPMENT, HEAD_APPLIED_AT, HEAD_COUNT };
enum expected { EXPECTED_KEYS, EXPECTED_ROWS, EXPECTED_COUNT };
enum rejected { REJECTED_KEYS, REJECTED_TABLES, REJECTED_ROWS, REJECTED_REASONS, REJECTED_COUNT };

struct postgres {
    struct gw_remote remote; /* first: the remote is the database */
    struct gw_arena arena;   /* of the target's texts */
    struct gw_postgres_target target;
    struct gw_postgres *connection;
    struct writing *writing;
    struct gw_text find_touched[GW_TABLE_COUNT], find_missing[GW_TABLE_COUNT], recall_rows[GW_TABLE_COUNT];
    bool known;                       /* it is the study's own */
    struct gw_error strange;          /* what the target's answer was found to be */
    void (*next)(struct postgres *p); /* once connected */
    gw_remote_done done;
    void *ctx;
    struct gw_arena *answers; /* the caller's */
    bool no_memory;           /* for an answer */

    struct gw_stands *stands;
    struct gw_refusals *refusals;
    struct gw_text expected[GW_TABLE_COUNT][EXPECTED_COUNT]; /* rows that should be there */
    const char *expected_values[GW_TABLE_COUNT][EXPECTED_COUNT];
    struct gw_recalled *recalled;
    const char *recalled_key[1];

    struct gw_shipment *shipment;
    struct pieces pieces; /* of the shipment's batches, still to be sent */
    struct piece piece;   /* being sent */
    struct pieces search; /* of changes of the one batch in it, still to be tried */
    struct piece tried;   /* of them */
    bool searching;
    bool careful;           /* rows of subjects who are new here are looked for before they are added */
    const char **refused;   /* of each change of it why; NULL: it is not */
    size_t refusals_before; /* this run */
    char id[2 * SHIPMENT_BYTES + 1];
    struct gw_text head[HEAD_COUNT];
    const char *head_values[HEAD_COUNT];
    struct gw_text rejected[REJECTED_COUNT];
    const char *rejected_values[REJECTED_COUNT + 1];
    const char *id_value[1];
    struct gw_postgres_statement statements[POSTGRES_STATEMENTS_MAX];
    size_t statement_count;

    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* ---- postgres.c: a call of the remote, from its beginning to its done */

void postgres_begin(struct postgres *p, struct gw_arena *answers, gw_remote_done done, void *ctx,
                    void (*next)(struct postgres *p));
void postgres_add_statement(struct postgres *p, const char *sql, const char *const *values, int count,
                            void (*answer)(void *, const PGresult *));
void postgres_run(struct postgres *p, gw_postgres_done done);
void postgres_end(struct postgres *p, const struct gw_error *failure);
void postgres_on_answered(void *ctx, const struct gw_error *failure); /* the end of a call of one run */

/* A cell of an answer, kept in the caller's arena. */
char *postgres_keep(struct postgres *p, const PGresult *result, int row, int column);
int64_t postgres_number_of(const PGresult *result, int row, int column);

/* ---- postgres_inspect.c: what is not as we wrote it, or was refused */

void postgres_on_refusals(void *ctx, const PGresult *result);
/* A further run of a call that met rows that were left alone: what stands there. It ends the call; false: there is
 * none. */
bool postgres_look(struct postgres *p);
void postgres_inspect(struct gw_remote *remote, struct gw_arena *arena, struct gw_refusals *out, gw_remote_done done,
                      void *ctx);
void postgres_missing(struct gw_remote *remote, const struct gw_expected *rows, size_t count, struct gw_arena *arena,
                      struct gw_refusals *out, gw_remote_done done, void *ctx);

/* ---- postgres_recall.c */

void postgres_recall(struct gw_remote *remote, const char *subject_key, struct gw_arena *arena, struct gw_recalled *out,
                     gw_remote_done done, void *ctx);

/* ---- postgres_examine.c */

void postgres_examine(struct gw_remote *remote, const char *const *windows, size_t count, gw_remote_done done,
                      void *ctx);

/* ---- postgres_shipment.c */

void postgres_deliver(struct gw_remote *remote, struct gw_shipment *shipment, gw_remote_done done, void *ctx);

#endif
