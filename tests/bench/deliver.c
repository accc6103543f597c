/*
 * bench_deliver FOLDER PORT ROWS: made-up rows to the PostgreSQL whose socket is in FOLDER, once by shipments as the
 * courier sends them, once by plain COPY into a table of the same columns and key. Prints
 *
 *      rows  client CPU us a row  wall us a row  wall us a row of COPY  peak MiB behind a tenth of the rows  peak MiB
 *
 * CPU is this process's between sending a shipment and its receipts; making the rows is not counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/made_up.h"
#include "gateway/sinks/postgres.h"

enum { ROWS_A_SUBJECT = 100, SUBJECTS_A_SHIPMENT = 50, ARENA_BYTES = 256 << 20 };

struct bench {
    uv_loop_t loop;
    struct gw_remote *remote;
    struct gw_arena arena;
    bool done;
    double cpu, wall, copy_wall;
    PGconn *conn;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_deliver: %s: %s\n", what, why);
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double peak_mib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void exec(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        die("a sentence", PQerrorMessage(conn));
    PQclear(result);
}

static void on_done(void *ctx, const struct gw_error *failure)
{
    struct bench *b = ctx;

    if (failure)
        die("a shipment", failure->text);
    b->done = true;
}

static void deliver(struct bench *b, const struct gw_batch *batches)
{
    struct gw_receipt receipts[SUBJECTS_A_SHIPMENT];
    struct gw_shipment shipment = {
        .batches = batches, .count = SUBJECTS_A_SHIPMENT, .receipts = receipts, .arena = &b->arena};
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);

    b->done = false;
    b->remote->deliver(b->remote, &shipment, on_done, b);
    while (!b->done)
        uv_run(&b->loop, UV_RUN_ONCE);
    b->cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    b->wall += seconds(CLOCK_MONOTONIC) - wall;
    for (int i = 0; i < SUBJECTS_A_SHIPMENT; i++)
        if (!receipts[i].applied)
            die("a batch", "was not applied");
}

/* The same rows by COPY: their text is made before the clock runs. */
static void copy(struct bench *b, const struct gw_batch *batches)
{
    const struct gw_table *table = gw_table_of(GW_TABLE_observations);
    struct gw_text text = GW_TEXT_INIT(256u << 20);
    char buffer[16];

    for (int i = 0; i < SUBJECTS_A_SHIPMENT; i++)
        for (size_t c = 0; c < batches[i].difference->count; c++)
            for (size_t k = 0; k < table->column_count; k++) {
                const char *cell = gw_row_cell(table, batches[i].difference->changes[c].row, k, buffer);

                gw_text_add(&text, k ? "\t" : "");
                gw_text_add(&text, cell ? cell : "\\N");
                gw_text_add(&text, k + 1 == table->column_count ? "\n" : "");
            }
    const double wall = seconds(CLOCK_MONOTONIC);
    PGresult *result = PQexec(b->conn, "COPY plain FROM STDIN");
    PQclear(result);
    if (PQputCopyData(b->conn, text.at, (int)text.length) != 1 || PQputCopyEnd(b->conn, NULL) != 1)
        die("COPY", PQerrorMessage(b->conn));
    while ((result = PQgetResult(b->conn))) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            die("COPY", PQresultErrorMessage(result));
        PQclear(result);
    }
    b->copy_wall += seconds(CLOCK_MONOTONIC) - wall;
    gw_text_release(&text);
}

static void one_shipment(struct bench *b, size_t number)
{
    struct gw_batch batches[SUBJECTS_A_SHIPMENT];
    struct gw_difference differences[SUBJECTS_A_SHIPMENT];
    struct gw_rows none = {0};
    struct gw_error failure;

    gw_arena_clear(&b->arena);
    for (int s = 0; s < SUBJECTS_A_SHIPMENT; s++) {
        const char *key = gw_arena_print(&b->arena, "ES-%06zu", number * SUBJECTS_A_SHIPMENT + (size_t)s);
        struct gw_rows rows = {0};

        for (int n = 0; n < ROWS_A_SUBJECT; n++)
            if (!made_up_value(&b->arena, &rows, key, n))
                die("a row", "no memory");
        gw_rows_sort(&rows);
        if (gw_difference(&b->arena, &none, &rows, &differences[s], &failure) != GW_OK)
            die("rows", failure.text);
        batches[s] = (struct gw_batch){"lendex-rrmm", key, 0, 1, &differences[s], "2024-12-31T10:00:00Z"};
    }
    if (number % 2) { /* which of the two comes first changes */
        deliver(b, batches);
        copy(b, batches);
    } else {
        copy(b, batches);
        deliver(b, batches);
    }
}

static void lay(struct bench *b, const struct gw_postgres_target *target)
{
    struct gw_error failure;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    if (gw_sink_postgres_print(target, out, &failure) != GW_OK)
        die("the schema", failure.text);
    fclose(out);
    exec(b->conn, "DROP SCHEMA IF EXISTS bench CASCADE");
    exec(b->conn, text);
    exec(b->conn, "SET search_path TO bench");
    exec(b->conn, "CREATE TABLE plain (LIKE observations); ALTER TABLE plain DROP COLUMN written;"
                  "ALTER TABLE plain ADD PRIMARY KEY (subject_key, row_id)");
    free(text);
}

int main(int argc, char **argv)
{
    struct bench b = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    struct gw_error failure;
    char text[600];

    if (argc != 4)
        die("usage", "bench_deliver FOLDER PORT ROWS");
    const size_t a_shipment = ROWS_A_SUBJECT * SUBJECTS_A_SHIPMENT, rows = (size_t)atol(argv[3]),
                 shipments = rows / a_shipment > 10 ? rows / a_shipment : 10;
    const struct gw_postgres_target target = {
        .connection = {.host = argv[1], .port = (unsigned)atoi(argv[2]), .database = "postgres", .user = "casement"},
        .schema = "bench",
        .study = "lendex-rrmm",
        .installation = "bench",
        .purpose = "production"};
    double early = 0;

    snprintf(text, sizeof text, "host=%s port=%s user=casement dbname=postgres", argv[1], argv[2]);
    b.conn = PQconnectdb(text);
    if (PQstatus(b.conn) != CONNECTION_OK)
        die("the database", PQerrorMessage(b.conn));
    lay(&b, &target);
    uv_loop_init(&b.loop);
    if (gw_sink_postgres_open(&b.loop, &gw_system_clock, &target, &b.remote, &failure) != GW_OK)
        die("the database", failure.text);
    for (size_t i = 0; i < shipments; i++) {
        one_shipment(&b, i);
        early = i == shipments / 10 ? peak_mib() : early;
    }
    const double count = (double)(shipments * a_shipment);
    printf("%.0f %.3f %.3f %.3f %.1f %.1f\n", count, b.cpu / count * 1e6, b.wall / count * 1e6,
           b.copy_wall / count * 1e6, early, peak_mib());
    b.remote->close(b.remote, NULL, NULL);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    PQfinish(b.conn);
    gw_arena_release(&b.arena);
    return 0;
}
