/*
 * An officer with a key, and the ledger of a sync to order about.
 */
#ifndef SERVICE_ORDER_BENCH_H
#define SERVICE_ORDER_BENCH_H

#include <dirent.h>

#include "gateway/ledger/audit.h"
#include "gateway/service/purge.h"
#include "service/sync_bench.h"

#define NOW INT64_C(1795262400) /* 2026-11-21T12:00:00Z */

struct case_file {
    struct bench b;
    struct gw_ledger *ledger;
    const char *path, *key;
    struct gw_text line;
};

static inline void write_public(struct case_file *c, const char *of, const char *into)
{
    struct gw_text pem = GW_TEXT_INIT(4096);
    struct gw_signature_key *key = NULL;

    cr_assert(gw_signature_key_keep(of, &key, &c->b.err) == GW_OK, "%s", c->b.err.text);
    cr_assert(gw_signature_key_public(key, &pem, &c->b.err) == GW_OK);
    scratch_write(&c->b.scratch, into, pem.at);
    gw_signature_key_free(key);
    gw_text_release(&pem);
}

static inline void open_ledger(struct case_file *c)
{
    cr_assert(gw_ledger_open(c->path, &c->ledger, &c->b.err) == GW_OK, "%s", c->b.err.text);
}

static inline void close_ledger(struct case_file *c)
{
    gw_ledger_close(c->ledger);
    c->ledger = NULL;
}

/* One subject, read and delivered, of a roster that goes on to name it. */
static inline void begin_case(struct case_file *c)
{
    *c = (struct case_file){.line = GW_TEXT_INIT(GW_ORDER_LINE_MAX)};
    set_up(&c->b, HEADER MADRID, 1, NULL);
    c->path = path_of(&c->b, "state/ledger.db");
    c->key = path_of(&c->b, "officer.key");
    write_public(c, c->key, "officer.pem");
    c->b.config.order_key = path_of(&c->b, "officer.pem");
    run_fine(&c->b);
    expect_cell(&c->b, VALUE, "1.20", "delivered before");
    open_ledger(c);
}

static inline void end_case(struct case_file *c)
{
    gw_ledger_close(c->ledger);
    gw_text_release(&c->line);
    tear_down(&c->b);
}

static inline void make_order_with(struct case_file *c, const char *key, bool withdraw)
{
    struct gw_purge_order order;

    gw_text_clear(&c->line);
    cr_assert(eq(int,
                 gw_order_make(c->ledger, &c->b.arena,
                               &(struct gw_order_request){.config = &c->b.config,
                                                          .study = "lendex-rrmm",
                                                          .subject = "S-1",
                                                          .withdraw = withdraw,
                                                          .reason = "consent withdrawn",
                                                          .by = "dpo",
                                                          .key = key,
                                                          .now = NOW},
                               &c->line, &order, &c->b.err),
                 GW_OK),
              "%s", c->b.err.text);
}

static inline void make_order(struct case_file *c, bool withdraw)
{
    make_order_with(c, c->key, withdraw);
}

static inline enum gw_status apply_at(struct case_file *c, int64_t now, bool beside)
{
    struct gw_purge_applied applied;

    c->b.err = (struct gw_error){0};
    return gw_purge_apply(c->ledger, c->path, &c->b.arena, &c->b.config, &c->line, now, beside, "it1", &applied,
                          &c->b.err);
}

static inline int64_t number(struct case_file *c, const char *query)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    cr_assert(sqlite3_open_v2(c->path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    cr_assert(sqlite3_prepare_v2(db, query, -1, &statement, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert(sqlite3_step(statement) == SQLITE_ROW);
    const int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

#define KEPT       "SELECT count(*) FROM entries"
#define ACTS(name) "SELECT count(*) FROM audit WHERE text LIKE '%\"act\":\"" name "\"%'"

static inline size_t files_with(struct case_file *c, const char *word)
{
    DIR *folder = opendir(c->b.config.state);
    size_t count = 0;

    cr_assert(folder != NULL);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        struct gw_text bytes = GW_TEXT_INIT(64u << 20);

        if (entry->d_type != DT_REG)
            continue;
        cr_assert(gw_text_read_file(&bytes, gw_arena_print(&c->b.arena, "%s/%s", c->b.config.state, entry->d_name),
                                    &c->b.err) == GW_OK);
        count += memmem(bytes.at, bytes.length, word, strlen(word)) != NULL;
        gw_text_release(&bytes);
    }
    closedir(folder);
    return count;
}

static inline void expect_sound(struct case_file *c)
{
    struct gw_audit_verdict verdict = {0};

    close_ledger(c);
    cr_assert(gw_audit_verify(c->path, path_of(&c->b, "state/audit.checkpoints"), path_of(&c->b, "state/audit.key"),
                              &verdict, &c->b.err) == GW_OK);
    cr_expect(verdict.first_bad == 0 && verdict.differences == 0, "%s%s", verdict.what, verdict.named[0]);
    open_ledger(c);
}

#endif
