/*
 * How each act of the audit trail is made: by a sync with a made-up hospital, by the ledger's own functions, by the
 * program.
 */
#ifndef CLI_ACTS_MADE_H
#define CLI_ACTS_MADE_H

#include "gateway/ledger/adopt.h"
#include "gateway/ledger/audit.h"
#include "gateway/ledger/refusals.h"
#include "gateway/service/purge.h"
#include "ledger/trail.h"
#include "service/sync_bench.h"
#include "support/postgres.h"
#include "support/program.h"

/* ---- where acts are made ---- */

struct ground {
    struct bench bench; /* a hospital, and what a sync of it left; or */
    bool synced;
    struct trail trail; /* a ledger alone, of the subject ES-017 at the site hm */
    int64_t subject;
    const char *ledger;
};

static inline void after_a_sync(struct ground *g)
{
    set_up(&g->bench, HEADER MADRID, 1, NULL);
    g->synced = true;
    g->ledger = path_of(&g->bench, "state/ledger.db");
    run_fine(&g->bench);
}

static inline void with_a_ledger(struct ground *g)
{
    g->trail = trail_new();
    g->ledger = g->trail.book->path;
    BOOK_OK(g->trail.book, gw_audit_zone(g->trail.book->ledger, "hm", "Europe/Madrid", &g->trail.book->err));
    g->subject = book_enrol(g->trail.book, "ES-017");
}

static inline void leave(struct ground *g)
{
    if (g->synced)
        tear_down(&g->bench);
    else
        book_free(g->trail.book);
}

/* ---- of the service ---- */

static inline void close_the_study(struct ground *g)
{
    after_a_sync(g);
    g->bench.study.closed = "2026-12-31";
    run_fine(&g->bench);
}

static inline void begin_a_trail_late(struct ground *g)
{
    static const char *const untold[] = {"DROP TRIGGER audit_kept", "DROP TRIGGER audit_points_kept",
                                         "DELETE FROM audit", "DELETE FROM audit_points"};

    with_a_ledger(g);
    trail_settle(g->trail.book, g->subject, "1.2");
    for (size_t i = 0; i < sizeof untold / sizeof untold[0]; i++) {
        sqlite3 *db;

        gw_ledger_close(g->trail.book->ledger);
        g->trail.book->ledger = NULL;
        cr_assert(sqlite3_open(g->ledger, &db) == SQLITE_OK);
        cr_assert(sqlite3_exec(db, untold[i], NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
        sqlite3_close(db);
        if (i == 3)
            book_open(g->trail.book);
    }
}

static inline void read_another_profile(struct ground *g)
{
    struct gw_text text = GW_TEXT_INIT(1 << 20);

    after_a_sync(g);
    cr_assert(gw_text_read_file(&text, g->bench.endpoints[0].site_profile, NULL) == GW_OK);
    gw_text_add(&text, "\n");
    scratch_write(&g->bench.scratch, "madrid.json", text.at);
    gw_text_release(&text);
    g->bench.endpoints[0].site_profile = path_of(&g->bench, "madrid.json");
    run_fine(&g->bench);
}

/* ---- of subjects ---- */

static inline void read_another_roster(struct ground *g, const char *lines)
{
    after_a_sync(g);
    scratch_write(&g->bench.scratch, "roster.csv", lines);
    run_fine(&g->bench);
}

static inline void change_a_line(struct ground *g)
{
    read_another_roster(g, HEADER "madrid,lendex-rrmm,p1,S-1,2024-01-18,2024-02-20,2024-01-15,,,\n");
}

static inline void take_a_line_out(struct ground *g)
{
    read_another_roster(g, HEADER "madrid,lendex-rrmm,p2,S-2,2024-01-18,,2024-01-15,,,\n");
}

static inline void bring_a_correction(struct ground *g)
{
    after_a_sync(g);
    fake_hospital_add(&g->bench.hospitals[0], FAKE_COUNT("p1", "6", "amended", "9.90"));
    run_fine(&g->bench);
}

static inline void settle_blocked(struct ground *g, bool blocked)
{
    struct gw_item item = {.id = "x1",
                           .code = "MRN_CONFLICT",
                           .fingerprint = "f1",
                           .blocks = "S",
                           .context = "",
                           .suggestion = "",
                           .window_ids = ""};
    const struct gw_kept_facts facts = book_facts(g->trail.book, g->subject);
    struct gw_derived derived = book_derive(g->trail.book, &facts, GW_STATE_HELD);
    struct gw_rows none = {0};

    derived.blocked = blocked;
    derived.items = &item;
    derived.item_count = blocked;
    book_settle(g->trail.book, &facts, &derived, &none, "2024-12-31T10:00:00Z");
}

static inline void block(struct ground *g)
{
    with_a_ledger(g);
    settle_blocked(g, true);
}

static inline void unblock(struct ground *g)
{
    block(g);
    settle_blocked(g, false);
}

/* An order about S-1 by dpo, handed in by it1. */
static inline void order(struct ground *g, bool beside)
{
    struct gw_text line = GW_TEXT_INIT(GW_ORDER_LINE_MAX), pem = GW_TEXT_INIT(4096);
    struct gw_signature_key *key = NULL;
    struct gw_purge_applied applied;
    struct gw_purge_order made;
    struct gw_ledger *ledger = NULL;
    struct bench *b = &g->bench;

    after_a_sync(g);
    cr_assert(gw_signature_key_keep(path_of(b, "officer.key"), &key, &b->err) == GW_OK);
    cr_assert(gw_signature_key_public(key, &pem, &b->err) == GW_OK);
    gw_signature_key_free(key);
    scratch_write(&b->scratch, "officer.pem", pem.at);
    b->config.order_key = path_of(b, "officer.pem");
    cr_assert(gw_ledger_open(g->ledger, &ledger, &b->err) == GW_OK);
    const struct gw_order_request request = {.config = &b->config,
                                             .study = "lendex-rrmm",
                                             .subject = "S-1",
                                             .reason = "consent withdrawn",
                                             .by = "dpo",
                                             .key = path_of(b, "officer.key"),
                                             .now = 1000};
    cr_assert(gw_order_make(ledger, &b->arena, &request, &line, &made, &b->err) == GW_OK, "%s", b->err.text);
    cr_assert(gw_purge_apply(ledger, g->ledger, &b->arena, &b->config, &line, 2000, beside, "it1", &applied, &b->err) ==
                  GW_OK,
              "%s", b->err.text);
    gw_ledger_close(ledger);
    gw_text_release(&line);
    gw_text_release(&pem);
}

static inline void carry_an_order_out(struct ground *g)
{
    order(g, false);
}

static inline void find_an_order_expired(struct ground *g)
{
    order(g, true);
    run_fine(&g->bench);
}

/* ---- of study databases ---- */

static inline void deliver_three(struct ground *g)
{
    with_a_ledger(g);
    for (int i = 0; i < 3; i++)
        trail_settle(g->trail.book, g->subject, (const char *const[]){"1.2", "1.3", "1.4"}[i]);
    BOOK_OK(g->trail.book, gw_outbox_delivered(g->trail.book->ledger, g->subject, 3, "r-3", &g->trail.book->err));
}

static inline void find_it_behind(struct ground *g)
{
    deliver_three(g);
    BOOK_OK(g->trail.book, gw_outbox_reconcile(g->trail.book->ledger, g->subject, 1, &g->trail.book->err));
}

static inline void find_it_ahead(struct ground *g)
{
    const struct gw_refusals none = {0};
    struct gw_rows there = {0};
    bool adopted;

    deliver_three(g);
    book_row(g->trail.book, &there, "o1@T30-01", "9.9");
    BOOK_OK(g->trail.book, gw_ledger_adopt(g->trail.book->ledger, &g->trail.book->arena, g->subject, 7, &there,
                                           &none, &adopted, &g->trail.book->err));
    cr_assert(adopted);
}

static inline void be_refused(struct ground *g)
{
    const struct gw_refusal refusal = {
        .table = GW_TABLE_observations, .row_id = "o1@T30-01", .reason = "SQLSTATE 22003"};

    deliver_three(g);
    BOOK_OK(g->trail.book, gw_ledger_refuse(g->trail.book->ledger, g->subject, &refusal, false, &g->trail.book->err));
}

static inline void be_taken_after_all(struct ground *g)
{
    be_refused(g);
    BOOK_OK(g->trail.book, gw_ledger_accept(g->trail.book->ledger, g->subject, GW_TABLE_observations, "o1@T30-01", 4,
                                            &g->trail.book->err));
}

/* ---- of people ---- */

static inline void decide(struct ground *g)
{
    struct gw_decision decision = trail_decision();

    with_a_ledger(g);
    BOOK_OK(g->trail.book, gw_ledger_decide(g->trail.book->ledger, &decision, &g->trail.book->err));
}

static inline void decide_about_it(struct ground *g, enum gw_decision_kind kind)
{
    struct gw_decision decision = {.at = "2026-11-20T20:00:00Z",
                                   .by = "dm2",
                                   .reason = "read the letter",
                                   .kind = kind,
                                   .scope = "study:lendex",
                                   .undoes = kind == GW_DECIDE_UNDO};

    decide(g);
    decision.set[GW_SET_DECISION] = kind == GW_DECIDE_APPROVE ? "1" : NULL;
    BOOK_OK(g->trail.book, gw_ledger_decide(g->trail.book->ledger, &decision, &g->trail.book->err));
}

static inline void approve(struct ground *g)
{
    decide_about_it(g, GW_DECIDE_APPROVE);
}

static inline void undo(struct ground *g)
{
    decide_about_it(g, GW_DECIDE_UNDO);
}

/* The program, with the settings of the sync. */
static inline void type(struct ground *g, const char *const *arguments, const char *sink)
{
    static const char form[] =
        "{\"installation\":\"t\",\"state\":\"state\",\"pseudonym_key\":\"pseudonym.key\",\"studies\":[{\"id\":"
        "\"lendex-rrmm\",\"package\":\"" PACKAGE "\",\"enrolment\":\"roster.csv\",\"sink\":%s}],\"endpoints\":[{\"id\":"
        "\"first\",\"site\":\"madrid\",\"base\":\"https://fhir.example.org/r4\",\"site_profile\":\"" SOURCE_DIR
        "/mappings/sites/madrid.json\",\"auth\":{\"kind\":\"none\"}}]}\n";
    const char *argv[20] = {CASEMENT};
    struct program typed;
    size_t count = 1;

    for (; arguments[count - 1]; count++)
        argv[count] = arguments[count - 1];
    argv[count++] = "-c";
    argv[count++] = "casement.json";
    argv[count++] = "--study";
    argv[count] = "lendex-rrmm";
    after_a_sync(g);
    scratch_write(&g->bench.scratch, "casement.json", gw_arena_print(&g->bench.arena, form, sink));
    program_run(&typed, g->bench.scratch.folder, argv);
    cr_assert(typed.code == 0, "%s: %s", arguments[0], typed.err);
    program_release(&typed);
}

#define FILE_SINK    "{\"kind\":\"sqlite\",\"path\":\"study.db\"}"
#define TYPE(g, ...) type((g), (const char *const[]){__VA_ARGS__, NULL}, FILE_SINK)
#define DATABASE_FORM                                                                                                  \
    "{\"kind\":\"postgres\",\"host\":\"%s\",\"port\":%u,\"database\":\"postgres\",\"user\":\"casement\","              \
    "\"schema\":\"acts\"}"

static inline void plan(struct ground *g)
{
    TYPE(g, "plan", "--package", PACKAGE, "--subject", "S-1");
}

static inline void replay(struct ground *g)
{
    TYPE(g, "replay", "--subject", "S-1", "--reason", "a new range", "--as", "dm1");
}

static inline void ask_again(struct ground *g)
{
    const struct gw_refetch again = {.study = "lendex-rrmm",
                                     .subjects = "S-1",
                                     .from = gw_day_of(2024, 2, 1),
                                     .to = gw_day_of(2024, 3, 1),
                                     .types = "Observation",
                                     .by = "dm1",
                                     .reason = "re-issued results"};

    after_a_sync(g);
    g->bench.options.again = &again;
    run_fine(&g->bench);
}

static inline void rebuild(struct ground *g)
{
    TYPE(g, "replay", "--rebuild", "again.db", "--as", "dm1");
}

static inline void export_it(struct ground *g)
{
    TYPE(g, "export", "--format", "csv", "--out", "out", "--as", "dm1");
}

static inline void migrate(struct ground *g)
{
    char sink[300];

    snprintf(sink, sizeof sink, DATABASE_FORM, cluster_host(), cluster_port());
    type(g, (const char *const[]){"db", "migrate", NULL}, sink);
}

#endif
