/*
 * P3: a source changes its mind. Versions of one resource come in any order, each in a delivery of its own, and are
 * derived and delivered on the way; in the end stands what the newest says, and nothing that follows from another.
 *
 * Six versions of a count of neutrophils at the visit of T30-01, in all 720 orders: 720 subjects, of whom each hears of
 * them in an order of its own. Eight histories of what became of it.
 */
#include <ctype.h>

#include "service/pass_bench.h"

enum { VERSIONS = 6, ORDERS = 720 };

/* Version 1 to 6. No two are alike, none is a part of another cell, and 1.04, 0.87 and 0.34 have different grades. */
static const char *const values[VERSIONS] = {"0.341", "1.042", "0.763", "1.194", "0.425", "0.876"};

struct history {
    const char *statuses[VERSIONS];
    /* What T30-01 has in the end. NULL: no value of that day at all. */
    const char *status, *value;
    const char *grade; /* 0.876 is below 1.0 and not below 0.5: grade 3; a preliminary value has none */
    size_t episodes;
};

static const struct history histories[] = {
    {{"final", "amended", "corrected", "amended", "corrected", "amended"}, "amended", "0.876", "3", 1},
    {{"preliminary", "final", "amended", "corrected", "final", "corrected"}, "corrected", "0.876", "3", 1},
    {{"final", "final", "final", "final", "final", "entered-in-error"}, NULL, NULL, NULL, 0},
    {{"preliminary", "final", "corrected", "amended", "final", "cancelled"}, NULL, NULL, NULL, 0},
    {{"final", "entered-in-error", "final", "entered-in-error", "entered-in-error", "final"}, /* revived */
     "final",
     "0.876",
     "3",
     1},
    {{"final", "cancelled", "amended", "cancelled", "corrected", "entered-in-error"}, NULL, NULL, NULL, 0},
    {{"entered-in-error", "cancelled", "final", "amended", "cancelled", "preliminary"}, /* revived, not yet sure */
     "preliminary",
     "0.876",
     "",
     0},
    {{"entered-in-error", "entered-in-error", "cancelled", "cancelled", "entered-in-error", "cancelled"},
     NULL,
     NULL,
     NULL,
     0},
};

/* The order of that number: its digits in the factorial system say which of those left comes next. */
static void order_of(size_t number, unsigned order[VERSIONS])
{
    unsigned left[VERSIONS] = {0, 1, 2, 3, 4, 5};

    for (size_t count = VERSIONS; count > 0; count--) {
        const size_t at = number % count;

        order[VERSIONS - count] = left[at];
        memmove(&left[at], &left[at + 1], (count - at - 1) * sizeof *left);
        number /= count;
    }
}

static void deliver_first(struct pass_bench *b)
{
    for (size_t s = 0; s < ORDERS; s++) {
        add_patient(b, s);
        add_visit(b, s, "2024-02-14");
        add_visit(b, s, "2024-03-15");
        add_count(b, s, &(struct count){"well", "2024-03-15", "final", "2.5", 1});
    }
    bench_deliver(b);
    bench_derive(b);
    cr_assert(eq(sz, b->result.subjects, ORDERS));
}

/* Each version is told in its place; the subject is derived when so many of them are, 1 to 5, and when all are. */
static size_t cut_of(size_t subject)
{
    return 1 + subject % (VERSIONS - 1);
}

static void deliver_round(struct pass_bench *b, const struct history *history, bool second)
{
    for (size_t place = 0; place < VERSIONS; place++) {
        for (size_t s = 0; s < ORDERS; s++) {
            unsigned order[VERSIONS];

            order_of(s, order);
            if (second == (place >= cut_of(s)))
                add_count(b, s,
                          &(struct count){"low", "2024-02-14", history->statuses[order[place]], values[order[place]],
                                          order[place] + 1});
        }
        if (b->records.length > 0)
            bench_deliver(b);
    }
    bench_derive(b);
    cr_assert(eq(sz, b->result.subjects, ORDERS));
}

/* ---- what stands ---- */

static const struct gw_row_observations *count_of(const struct gw_rows *rows, const char *window)
{
    const struct gw_row_list *list = &rows->tables[GW_TABLE_observations];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_observations *row = (const struct gw_row_observations *)list->rows[i];

        if (strcmp(row->window_id, window) == 0 && gw_same(row->concept, "ANC"))
            return row;
    }
    return NULL;
}

static void expect_state(const struct history *h, const struct gw_rows *rows, const char *order)
{
    const struct gw_row_observations *row = count_of(rows, "T30-01");
    const bool other = count_of(rows, "T30-02") != NULL;

    cr_assert(other, "%s: the other count stays", order);
    cr_assert(eq(sz, rows->tables[GW_TABLE_ae_episodes].count, h->episodes), "%s", order);
    cr_assert(eq(int, row != NULL, h->value != NULL), "%s", order);
    if (!row)
        return;
    cr_assert(gw_same(row->value_num, h->value), "%s: %s", order, row->value_num);
    cr_assert(gw_same(row->result_status, h->status), "%s: %s", order, row->result_status);
    cr_assert(eq(int, row->grade, *h->grade ? atoi(h->grade) : GW_NULL_INTEGER), "%s", order);
}

/* Whether a cell of an active row has these words. */
static bool is_told(const struct gw_rows *rows, const char *words)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);

        for (size_t i = 0; i < rows->tables[t].count; i++)
            for (size_t c = 0; c < table->column_count; c++) {
                char buffer[12];
                const char *cell = gw_row_cell(table, rows->tables[t].rows[i], c, buffer);

                if (cell && strstr(cell, words))
                    return true;
            }
    }
    return false;
}

/* The bytes of a version as provenance names them. */
static const char *content_of(struct pass_bench *b, struct gw_arena *arena, const struct history *h, size_t subject,
                              unsigned version)
{
    char digits[2 * GW_SHA256_BYTES + 1];
    uint8_t bytes[GW_SHA256_BYTES];

    gw_text_clear(&b->records);
    add_count(b, subject, &(struct count){"low", "2024-02-14", h->statuses[version], values[version], version + 1});
    gw_sha256(b->records.at, b->records.length - 1, bytes);
    gw_hex(bytes, sizeof bytes, digits);
    gw_text_clear(&b->records);
    return gw_hmac_id(b->key, arena, 'b', (const char *const[]){"content", digits}, 2);
}

/* What tells of the change itself (WITHDRAWN_AFTER_PUSH) names its source, and nothing that was derived from it. */
static void leave_out_history(struct gw_rows *rows)
{
    struct gw_row_list *lines = &rows->tables[GW_TABLE_provenance], *items = &rows->tables[GW_TABLE_exceptions];
    size_t kept = 0;

    for (size_t i = 0; i < lines->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines->rows[i];
        const struct gw_row *item =
            gw_same(line->table, "exceptions") ? gw_rows_find(rows, GW_TABLE_exceptions, line->of_row) : NULL;

        if (!item || !gw_item_is_history(((const struct gw_row_exceptions *)item)->code))
            lines->rows[kept++] = lines->rows[i];
    }
    lines->count = kept;
    for (size_t i = kept = 0; i < items->count; i++)
        if (!gw_item_is_history(((const struct gw_row_exceptions *)items->rows[i])->code))
            items->rows[kept++] = items->rows[i];
    items->count = kept;
}

static void expect_no_trace(struct pass_bench *b, struct gw_arena *arena, const struct history *h, struct gw_rows *rows,
                            size_t subject, const char *order)
{
    for (unsigned v = 0; v < VERSIONS; v++) {
        const bool stands = h->value && v == VERSIONS - 1;

        cr_assert(is_told(rows, values[v]) == stands, "%s: the value of version %u", order, v + 1);
        leave_out_history(rows);
        cr_assert(is_told(rows, content_of(b, arena, h, subject, v)) == stands, "%s: the bytes of version %u", order,
                  v + 1);
    }
}

static void expect_subject(struct pass_bench *b, const struct history *h, size_t subject)
{
    struct gw_arena arena = GW_ARENA_INIT(16u << 20);
    struct gw_rows rows = {0};
    unsigned order[VERSIONS];
    char text[VERSIONS + 1] = "";
    int64_t revision;

    order_of(subject, order);
    for (size_t i = 0; i < VERSIONS; i++)
        text[i] = (char)('1' + order[i]);
    fine(gw_ledger_rows(b->ledger, &arena, b->enrolment.subjects[subject].number, GW_LATEST, &rows, &revision, &err));
    expect_state(h, &rows, text);
    expect_no_trace(b, &arena, h, &rows, subject, text);
    gw_arena_release(&arena);
}

/* The dump of one subject after another, which is the same text but for the name. */
static void expect_one_dump(struct pass_bench *b)
{
    char *dump = bench_dump(bench_path(b, "study.db")), *first, *at;
    size_t length, subjects = 1;

    at = strstr(dump, "\nsubjects,1,S-000");
    cr_assert(at != NULL);
    first = at + 1;
    for (char *name = first; (name = strchr(name, 'S')); name++)
        if (name[1] == '-' && isdigit((unsigned char)name[2]))
            memcpy(name, "S-nnn", 5);
    at = strstr(first, "\nsubjects,1,S-nnn");
    length = (size_t)(at + 1 - first);
    cr_assert(gt(sz, length, 400));
    for (at = first + length; *at; at += length, subjects++)
        cr_assert(strncmp(at, first, length) == 0, "subject %zu differs from the first", subjects);
    cr_expect(eq(sz, subjects, ORDERS));
    free(dump);
}

/* Withdrawn rows are tombstones: their names, and nothing of what stood in them. */
static void expect_tombstones(struct pass_bench *b)
{
    cr_expect(eq(str,
                 (char *)bench_cell(b, "SELECT count(*) FROM observations WHERE status = 'withdrawn' AND "
                                       "(value_num IS NOT NULL OR grade IS NOT NULL OR source_value IS NOT NULL)"),
                 (char *)"0"));
    cr_expect(eq(str,
                 (char *)bench_cell(b, "SELECT count(*) FROM ae_episodes WHERE status = 'withdrawn' AND "
                                       "(onset IS NOT NULL OR max_grade IS NOT NULL)"),
                 (char *)"0"));
    cr_expect(eq(str,
                 (char *)bench_cell(b, "SELECT count(*) FROM ae_evidence WHERE status = 'withdrawn' AND "
                                       "(value_num IS NOT NULL OR source_hash IS NOT NULL)"),
                 (char *)"0"));
    cr_expect(eq(str,
                 (char *)bench_cell(b, "SELECT count(*) FROM provenance WHERE status = 'withdrawn' AND "
                                       "(content_sha256 IS NOT NULL OR source_hash IS NOT NULL)"),
                 (char *)"0"));
}

static void check(const struct history *history)
{
    static struct pass_bench b;

    bench_open(&b, ORDERS);
    deliver_first(&b);
    deliver_round(&b, history, false);
    deliver_round(&b, history, true);
    for (size_t s = 0; s < ORDERS; s++)
        expect_subject(&b, history, s);
    expect_one_dump(&b);
    expect_tombstones(&b);
    bench_close(&b);
}

Test(orders, P3_amended_again_and_again)
{
    check(&histories[0]);
}

Test(orders, P3_preliminary_then_final_then_corrected)
{
    check(&histories[1]);
}

Test(orders, P3_entered_in_error_at_last)
{
    check(&histories[2]);
}

Test(orders, P3_cancelled_at_last)
{
    check(&histories[3]);
}

Test(orders, P3_entered_in_error_and_revived)
{
    check(&histories[4]);
}

Test(orders, P3_revived_and_withdrawn_again)
{
    check(&histories[5]);
}

Test(orders, P3_revived_as_preliminary)
{
    check(&histories[6]);
}

Test(orders, P3_never_meant)
{
    check(&histories[7]);
}
