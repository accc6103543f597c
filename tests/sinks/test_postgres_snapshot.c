/*
 * What a PostgreSQL study database holds, as a study.db: the same bytes in every export, at one instant.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "sinks/desk.h"
#include "sinks/remote_desk.h"

/* A cell of its type, another in every row and column. The empty text is one, and so is null. */
static void fill(struct remote_desk *desk, const struct gw_column *column, void *cell, int n)
{
    static const char *const decimals[] = {"1.20", "0", "0.00", "-3.5", "1200", "0.000001", "123456789012345.678901"};
    static const char *const texts[] = {"plain", "a;b", "\xc3\xa9 \"quoted\"", "{x,y}\\", "=1+1", "line\nline", ""};

    if (n % 5 == 4)
        return;
    if (column->type == GW_COLUMN_integer)
        *(gw_cell_integer *)cell = n % 2 ? -n : n;
    else if (column->type == GW_COLUMN_boolean)
        *(gw_cell_boolean *)cell = n % 2;
    else if (column->type == GW_COLUMN_decimal)
        *(gw_cell_text *)cell = decimals[n % 7];
    else if (column->type == GW_COLUMN_enumerated)
        *(gw_cell_text *)cell = gw_arena_copy(&desk->arena, column->values, strcspn(column->values, "|"));
    else if (column->type == GW_COLUMN_date || column->type == GW_COLUMN_datetime)
        *(gw_cell_text *)cell = n % 3 ? "2024-04" : "2024-02-29T10:00:00+02:00";
    else if (column->type == GW_COLUMN_id)
        *(gw_cell_text *)cell = gw_arena_print(&desk->arena, "i%d", n);
    else
        *(gw_cell_text *)cell = texts[n % 7];
}

static void fill_tables(struct remote_desk *desk, struct gw_rows *rows, const char *subject, int count, int seed)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);

        for (int i = 0; i < count; i++) {
            struct gw_row *row =
                remote_desk_row(desk, rows, table->id, subject, gw_arena_print(&desk->arena, "r%02d", i));

            for (size_t c = 5; c < table->column_count; c++)
                fill(desk, &table->columns[c], (char *)row + table->columns[c].offset, seed + 3 * i + (int)c);
        }
    }
}

/* The same batch to both. */
static void send_both(struct remote_desk *remote, struct desk *embedded, const char *subject, struct gw_rows *previous,
                      struct gw_rows *next, int64_t from)
{
    cr_expect(desk_apply(embedded, subject, previous, next, from).applied);
    cr_assert(remote_desk_send_one(remote, remote_desk_batch(remote, subject, previous, next, from)) == GW_OK, "%s",
              remote->failure.text);
    cr_expect(remote->receipts[0].applied && remote->shipment.refusals.count == 0);
}

static char *dump(const char *path)
{
    struct gw_error err;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    cr_assert(gw_export_dump(path, out, &err) == GW_OK, "%s", err.text);
    fclose(out);
    return text;
}

Test(postgres_snapshot, dumps_as_the_same_rows_in_a_file)
{
    struct remote_desk remote;
    struct desk embedded;
    struct gw_rows none = {0};
    const char *path;
    char *one, *other;

    remote_desk_init(&remote, "same");
    desk_init(&embedded);
    for (int s = 0; s < 5; s++) {
        const char *subject = gw_arena_print(&remote.arena, "ES-%03d", s);
        struct gw_rows first = {0}, second = {0};

        fill_tables(&remote, &first, subject, 6, s);
        fill_tables(&remote, &second, subject, s, s + 1); /* some change, the rest is withdrawn */
        send_both(&remote, &embedded, subject, &none, &first, 0);
        if (s > 0)
            send_both(&remote, &embedded, subject, &first, &second, 1);
    }
    desk_close(&embedded);
    path = scratch_path(&embedded.scratch, "snapshot.db");
    cr_assert(gw_sink_postgres_snapshot(&remote.target, path, &remote.failure) == GW_OK, "%s", remote.failure.text);
    one = dump(embedded.path);
    other = dump(path);
    cr_expect(strlen(one) > 5000 && strcmp(one, other) == 0, "%zu and %zu bytes", strlen(one), strlen(other));
    free(one);
    free(other);
    snprintf(embedded.path, sizeof embedded.path, "%s", path);
    cr_expect(desk_says(&embedded, "SELECT group_concat(revision, ' ') FROM receipts", "1 2 2 2 2"));
    cr_expect(desk_says(&embedded, "SELECT count(*) FROM observations WHERE status = 'withdrawn'", "14"));
    cr_expect(gw_sink_postgres_snapshot(&remote.target, path, &remote.failure) == GW_ECREATE, "it is there already");
    desk_release(&embedded);
    remote_desk_release(&remote);
}

struct writer {
    struct remote_desk *desk;
    atomic_bool stop;
};

/* Two subjects that always hold the same number, in another transaction each time. */
static void *write_on(void *ctx)
{
    struct writer *writer = ctx;
    PGconn *conn = cluster_open();

    for (int n = 2; !atomic_load(&writer->stop); n++) {
        char sql[300];

        snprintf(sql, sizeof sql,
                 "BEGIN; UPDATE %s.observations SET value_num = %d WHERE subject_key = 'ES-001';"
                 "UPDATE %s.observations SET value_num = %d WHERE subject_key = 'ES-002'; COMMIT",
                 writer->desk->schema, n, writer->desk->schema, n);
        PQclear(PQexec(conn, sql));
    }
    PQfinish(conn);
    return NULL;
}

Test(postgres_snapshot, shows_one_instant)
{
    struct remote_desk remote;
    struct desk look;
    struct gw_rows none = {0}, one = {0}, two = {0};
    struct writer writer = {.desk = &remote};
    pthread_t thread;

    remote_desk_init(&remote, "instant");
    desk_init(&look);
    remote_desk_observation(&remote, &one, "ES-001", "o1", "1");
    remote_desk_observation(&remote, &two, "ES-002", "o1", "1");
    const struct gw_batch batches[] = {remote_desk_batch(&remote, "ES-001", &none, &one, 0),
                                       remote_desk_batch(&remote, "ES-002", &none, &two, 0)};
    cr_assert(remote_desk_send(&remote, batches, 2) == GW_OK);
    cr_assert(pthread_create(&thread, NULL, write_on, &writer) == 0);
    for (int i = 0; i < 20; i++) {
        snprintf(look.path, sizeof look.path, "%s",
                 scratch_path(&look.scratch, gw_arena_print(&look.arena, "s%d.db", i)));
        cr_assert(gw_sink_postgres_snapshot(&remote.target, look.path, &remote.failure) == GW_OK, "%s",
                  remote.failure.text);
        cr_expect(
            desk_says(&look, "SELECT count(DISTINCT value_num) || ' of ' || count(*) FROM observations", "1 of 2"));
    }
    atomic_store(&writer.stop, true);
    pthread_join(thread, NULL);
    desk_release(&look);
    remote_desk_release(&remote);
}

Test(postgres_snapshot, leaves_no_file_of_what_failed)
{
    static const struct {
        const char *name, *sql, *told;
    } cases[] = {
        {"s_study", "UPDATE target SET study = 'elranatamab'", "elranatamab"},
        {"s_not_laid", "DROP TABLE target CASCADE", "casement db migrate"},
        {"s_lost", "DROP TABLE cycles CASCADE", "casement db migrate"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct remote_desk remote;
        struct desk look;
        struct gw_rows none = {0}, one = {0};
        const char *path;

        remote_desk_init(&remote, cases[i].name);
        desk_init(&look);
        path = scratch_path(&look.scratch, "snapshot.db");
        remote_desk_observation(&remote, &one, "ES-001", "o1", "1");
        cr_assert(remote_desk_send_one(&remote, remote_desk_batch(&remote, "ES-001", &none, &one, 0)) == GW_OK);
        remote_desk_exec(&remote, cases[i].sql);
        cr_expect(gw_sink_postgres_snapshot(&remote.target, path, &remote.failure) == GW_ECONFIG, "%s", cases[i].name);
        cr_expect(strstr(remote.failure.text, cases[i].told), "%s: %s", cases[i].name, remote.failure.text);
        cr_expect(access(path, F_OK) != 0, "%s", cases[i].name);
        desk_release(&look);
        remote_desk_release(&remote);
    }
}
