/*
 * A ledger in a folder of its own, and pages to keep in it: made-up resources, one line each.
 */
#ifndef LEDGER_BOOK_H
#define LEDGER_BOOK_H

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/keep.h"
#include "gateway/ledger/settle.h"
#include "support/scratch.h"

enum { BOOK_ENTRIES = 2048, BOOK_FETCHED_AT = 1700000000 };

struct book {
    struct scratch scratch;
    char path[600];
    struct gw_ledger *ledger;
    struct gw_arena arena;
    struct gw_error err;
    int64_t delivery;
    struct gw_keep_entry entries[BOOK_ENTRIES]; /* of the next page */
    size_t count;
    struct gw_keep_answer answer;
};

#define BOOK_OK(book, call) cr_assert(GW_OK == (call), "%s", (book)->err.text)

static inline void book_open(struct book *book)
{
    BOOK_OK(book, gw_ledger_open(book->path, &book->ledger, &book->err));
}

static inline void book_deliver(struct book *book, const char *source)
{
    BOOK_OK(book, gw_ledger_deliver(book->ledger, source, "2024-12-31", &book->delivery, &book->err));
}

static inline struct book *book_new(void)
{
    struct book *book = calloc(1, sizeof *book);

    cr_assert(book != NULL);
    book->arena.limit = (size_t)1 << 30;
    scratch_init(&book->scratch);
    snprintf(book->path, sizeof book->path, "%s", scratch_path(&book->scratch, "ledger.db"));
    book_open(book);
    book_deliver(book, "obs.ndjson");
    return book;
}

static inline void book_free(struct book *book)
{
    gw_ledger_close(book->ledger);
    gw_arena_release(&book->arena);
    scratch_release(&book->scratch);
    free(book);
}

/* One sentence to the closed file, as somebody else might have written it. */
static inline int64_t book_sql(struct book *book, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    int64_t answer = -1;

    gw_ledger_close(book->ledger);
    book->ledger = NULL;
    cr_assert(sqlite3_open(book->path, &db) == SQLITE_OK);
    cr_assert(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    if (sqlite3_step(statement) == SQLITE_ROW)
        answer = sqlite3_column_int64(statement, 0);
    cr_assert(sqlite3_finalize(statement) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    book_open(book);
    return answer;
}

static inline void book_reopen(struct book *book)
{
    gw_ledger_close(book->ledger);
    book->ledger = NULL;
    book_open(book);
}

static inline int64_t book_enrol(struct book *book, const char *key)
{
    int64_t number = 0;
    const char *patient = gw_arena_print(&book->arena, "pat-%s", key);

    BOOK_OK(book, gw_ledger_enrol(book->ledger, "lendex", "hm", key, "hm-ehr", patient, &number, &book->err));
    return number;
}

/* One more entry on the next page; its bytes name id, version and value. */
static inline struct gw_keep_entry *book_add(struct book *book, int64_t subject, const char *type, const char *id,
                                             const char *version, const char *value)
{
    struct gw_keep_entry *entry = &book->entries[book->count];
    const char *raw =
        gw_arena_print(&book->arena, "{\"resourceType\":\"%s\",\"id\":\"%s\",\"v\":\"%s\",\"value\":\"%s\"}", type, id,
                       version ? version : "", value);

    cr_assert(book->count < BOOK_ENTRIES);
    *entry = (struct gw_keep_entry){
        .mode = subject == GW_NOBODY ? GW_KEEP_SHARED : GW_KEEP_FACT,
        .subject = subject,
        .endpoint = "hm-ehr",
        .type = type,
        .id = gw_arena_print(&book->arena, "%s", id),
        .version_id = version,
        .raw = {raw, strlen(raw)},
        .part_count = 1,
        .source = "obs.ndjson",
        .line = (unsigned)++book->count,
    };
    gw_sha256(raw, strlen(raw), entry->sha256);
    return entry;
}

static inline struct gw_keep_entry *book_add_door(struct book *book, const char *type, const char *id,
                                                  enum gw_state state, const char *reason)
{
    struct gw_keep_entry *entry = book_add(book, 1, type ? type : "Observation", id ? id : "x", NULL, "");

    entry->mode = GW_KEEP_DOOR;
    entry->subject = GW_NOBODY;
    entry->type = type;
    entry->id = id;
    entry->state = state;
    entry->reason = reason;
    return entry;
}

static inline enum gw_status book_try_keep(struct book *book, const struct gw_cursor *cursor, const char *watermark)
{
    const struct gw_keep_page page = {.delivery = book->delivery,
                                      .fetched_at = BOOK_FETCHED_AT,
                                      .entries = book->entries,
                                      .count = book->count,
                                      .cursor = cursor,
                                      .watermark = watermark};
    enum gw_status rc = gw_ledger_keep(book->ledger, &page, &book->answer, &book->err);

    book->count = 0;
    return rc;
}

static inline void book_keep(struct book *book)
{
    BOOK_OK(book, book_try_keep(book, NULL, NULL));
}

static inline struct gw_equation book_equation(struct book *book)
{
    struct gw_equation equation;

    BOOK_OK(book, gw_ledger_equation(book->ledger, &equation, &book->err));
    return equation;
}

static inline void book_balanced(struct book *book, int64_t in)
{
    const struct gw_equation equation = book_equation(book);

    cr_expect(equation.in == in, "in is %lld, wanted %lld", (long long)equation.in, (long long)in);
    cr_expect(equation.sum == in, "the states sum up to %lld of %lld", (long long)equation.sum, (long long)in);
}

/* What a study would derive: each fact's single part in one state. Parts and items are added by the test. */
static inline struct gw_derived book_derive(struct book *book, const struct gw_kept_facts *facts, enum gw_state state)
{
    struct gw_derived derived = {.next_day = GW_NO_DAY};
    size_t capacity = 0;

    for (size_t i = 0; i < facts->count; i++)
        for (unsigned part = 0; part < facts->list[i].part_count; part++) {
            struct gw_part_state *p = GW_ARENA_PUSH(&book->arena, derived.parts, derived.part_count, capacity);
            *p = (struct gw_part_state){
                .fact = i, .part = (int)part, .state = state, .reason = "", .rows = "", .items = ""};
        }
    return derived;
}

static inline struct gw_kept_facts book_facts(struct book *book, int64_t subject)
{
    struct gw_kept_facts facts;

    BOOK_OK(book, gw_ledger_facts(book->ledger, &book->arena, subject, &facts, &book->err));
    return facts;
}

/* One observation row; the value is what changes between revisions. */
static inline void book_row(struct book *book, struct gw_rows *rows, const char *row_id, const char *value)
{
    struct gw_row_observations *row =
        (struct gw_row_observations *)gw_rows_add(rows, &book->arena, GW_TABLE_observations);

    row->row_id = gw_arena_print(&book->arena, "%s", row_id);
    row->subject_key = "ES-017";
    row->study = "lendex";
    row->site = "hm";
    row->status = "active";
    row->value_num = gw_arena_print(&book->arena, "%s", value);
    row->elapsed = 30;
    row->anl01 = true;
}

/* Settle facts as derived with these rows against the latest revision. */
static inline struct gw_settled book_settle(struct book *book, const struct gw_kept_facts *facts,
                                            const struct gw_derived *derived, struct gw_rows *next,
                                            const char *mapped_at)
{
    struct gw_rows previous;
    struct gw_difference difference;
    struct gw_settled settled;
    int64_t revision;

    BOOK_OK(book,
            gw_ledger_rows(book->ledger, &book->arena, facts->subject, GW_LATEST, &previous, &revision, &book->err));
    gw_rows_sort(next);
    BOOK_OK(book, gw_difference(&book->arena, &previous, next, &difference, &book->err));
    struct gw_settlement settlement = {
        .facts = facts,
        .derived = derived,
        .previous = &previous,
        .next = next,
        .difference = &difference,
        .stamp = {.prov_id = "p1", .rule_set_version = "1.0.0", .anchor_version = 1, .mapped_at = mapped_at}};
    BOOK_OK(book, gw_ledger_settle(book->ledger, &settlement, &settled, &book->err));
    return settled;
}

/* Read and settled as held: from here on the subject's facts have their index rows. */
static inline void book_index(struct book *book, int64_t subject)
{
    const struct gw_kept_facts facts = book_facts(book, subject);
    const struct gw_derived derived = book_derive(book, &facts, GW_STATE_HELD);
    struct gw_rows none = {0};

    book_settle(book, &facts, &derived, &none, "2026-11-20T20:00:00Z");
}

#endif
