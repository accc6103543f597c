/*
 * Every act of audit.def, made as it is made in the field, and the row that tells of it: who, when (UTC and the site's
 * zone), about whom, what, from which hash to which, why. An act without a case here fails.
 */
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/core/date.h"
#include "gateway/ledger/adopt.h"
#include "gateway/ledger/audit.h"
#include "gateway/ledger/refusals.h"
#include "gateway/service/purge.h"
#include "ledger/trail.h"
#include "service/sync_bench.h"
#include "support/postgres.h"
#include "support/program.h"

TestSuite(acts, .timeout = 600);

/* ---- where acts are made ---- */

struct ground {
    struct bench bench; /* a hospital, and what a sync of it left; or */
    bool synced;
    struct trail trail; /* a ledger alone, of the subject ES-017 at the site hm */
    int64_t subject;
    const char *ledger;
};

static void after_a_sync(struct ground *g)
{
    set_up(&g->bench, HEADER MADRID, 1, NULL);
    g->synced = true;
    g->ledger = path_of(&g->bench, "state/ledger.db");
    run_fine(&g->bench);
}

static void with_a_ledger(struct ground *g)
{
    g->trail = trail_new();
    g->ledger = g->trail.book->path;
    BOOK_OK(g->trail.book, gw_audit_zone(g->trail.book->ledger, "hm", "Europe/Madrid", &g->trail.book->err));
    g->subject = book_enrol(g->trail.book, "ES-017");
}

static void leave(struct ground *g)
{
    if (g->synced)
        tear_down(&g->bench);
    else
        book_free(g->trail.book);
}

/* ---- of the service ---- */

static void close_the_study(struct ground *g)
{
    after_a_sync(g);
    g->bench.study.closed = "2026-12-31";
    run_fine(&g->bench);
}

static void begin_a_trail_late(struct ground *g)
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

static void read_another_profile(struct ground *g)
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

static void read_another_roster(struct ground *g, const char *lines)
{
    after_a_sync(g);
    scratch_write(&g->bench.scratch, "roster.csv", lines);
    run_fine(&g->bench);
}

static void change_a_line(struct ground *g)
{
    read_another_roster(g, HEADER "madrid,lendex-rrmm,p1,S-1,2024-01-18,2024-02-20,2024-01-15,,,\n");
}

static void take_a_line_out(struct ground *g)
{
    read_another_roster(g, HEADER "madrid,lendex-rrmm,p2,S-2,2024-01-18,,2024-01-15,,,\n");
}

static void bring_a_correction(struct ground *g)
{
    after_a_sync(g);
    fake_hospital_add(&g->bench.hospitals[0], FAKE_COUNT("p1", "6", "amended", "9.90"));
    run_fine(&g->bench);
}

static void settle_blocked(struct ground *g, bool blocked)
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

static void block(struct ground *g)
{
    with_a_ledger(g);
    settle_blocked(g, true);
}

static void unblock(struct ground *g)
{
    block(g);
    settle_blocked(g, false);
}

/* An order about S-1 by dpo, handed in by it1. */
static void order(struct ground *g, bool beside)
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

static void carry_an_order_out(struct ground *g)
{
    order(g, false);
}

static void find_an_order_expired(struct ground *g)
{
    order(g, true);
    run_fine(&g->bench);
}

/* ---- of study databases ---- */

static void deliver_three(struct ground *g)
{
    with_a_ledger(g);
    for (int i = 0; i < 3; i++)
        trail_settle(g->trail.book, g->subject, (const char *const[]){"1.2", "1.3", "1.4"}[i]);
    BOOK_OK(g->trail.book, gw_outbox_delivered(g->trail.book->ledger, g->subject, 3, "r-3", &g->trail.book->err));
}

static void find_it_behind(struct ground *g)
{
    deliver_three(g);
    BOOK_OK(g->trail.book, gw_outbox_reconcile(g->trail.book->ledger, g->subject, 1, &g->trail.book->err));
}

static void find_it_ahead(struct ground *g)
{
    struct gw_rows there = {0};
    bool adopted;

    deliver_three(g);
    book_row(g->trail.book, &there, "o1@T30-01", "9.9");
    BOOK_OK(g->trail.book, gw_ledger_adopt(g->trail.book->ledger, &g->trail.book->arena, g->subject, 7, &there,
                                           &adopted, &g->trail.book->err));
    cr_assert(adopted);
}

static void be_refused(struct ground *g)
{
    const struct gw_refusal refusal = {
        .table = GW_TABLE_observations, .row_id = "o1@T30-01", .reason = "SQLSTATE 22003"};

    deliver_three(g);
    BOOK_OK(g->trail.book, gw_ledger_refuse(g->trail.book->ledger, g->subject, &refusal, false, &g->trail.book->err));
}

static void be_taken_after_all(struct ground *g)
{
    be_refused(g);
    BOOK_OK(g->trail.book, gw_ledger_accept(g->trail.book->ledger, g->subject, GW_TABLE_observations, "o1@T30-01", 4,
                                            &g->trail.book->err));
}

/* ---- of people ---- */

static void decide(struct ground *g)
{
    struct gw_decision decision = trail_decision();

    with_a_ledger(g);
    BOOK_OK(g->trail.book, gw_ledger_decide(g->trail.book->ledger, &decision, &g->trail.book->err));
}

static void decide_about_it(struct ground *g, enum gw_decision_kind kind)
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

static void approve(struct ground *g)
{
    decide_about_it(g, GW_DECIDE_APPROVE);
}

static void undo(struct ground *g)
{
    decide_about_it(g, GW_DECIDE_UNDO);
}

/* The program, with the settings of the sync. */
static void type(struct ground *g, const char *const *arguments, const char *sink)
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

static void plan(struct ground *g)
{
    TYPE(g, "plan", "--package", PACKAGE, "--subject", "S-1");
}

static void replay(struct ground *g)
{
    TYPE(g, "replay", "--subject", "S-1", "--reason", "a new range", "--as", "dm1");
}

static void rebuild(struct ground *g)
{
    TYPE(g, "replay", "--rebuild", "again.db", "--as", "dm1");
}

static void export_it(struct ground *g)
{
    TYPE(g, "export", "--format", "csv", "--out", "out", "--as", "dm1");
}

static void migrate(struct ground *g)
{
    char sink[300];

    snprintf(sink, sizeof sink, DATABASE_FORM, cluster_host(), cluster_port());
    type(g, (const char *const[]){"db", "migrate", NULL}, sink);
}

/* ---- the table ---- */

static char user[80]; /* whoever types without --as */

/* site: its zone stands in the row, too. what, reason: how they begin. */
static const struct act {
    void (*make)(struct ground *g);
    const char *by; /* NULL: the service */
    const char *study, *site, *subject, *what, *reason;
    bool old_hash, new_hash;
} acts[GW_AUDIT_KINDS] = {
    [GW_AUDIT_START] = {after_a_sync, .what = "casement sync"},
    [GW_AUDIT_END] = {after_a_sync, .what = "casement sync"},
    [GW_AUDIT_ADOPTION] = {begin_a_trail_late, .what = "a ledger with 1 revisions from before it"},
    [GW_AUDIT_KEY] = {after_a_sync, .what = "the pseudonym key ", .new_hash = true},
    [GW_AUDIT_PACKAGE] = {after_a_sync, .study = "lendex-rrmm", .what = "the study package lendex-rrmm 1.",
                          .new_hash = true},
    [GW_AUDIT_PROFILE] = {read_another_profile, .study = "lendex-rrmm", .site = "madrid",
                          .what = "the profile of the site madrid for the study lendex-rrmm", .old_hash = true,
                          .new_hash = true},
    [GW_AUDIT_CLOSING] = {close_the_study, .study = "lendex-rrmm",
                          .what = "that the last day of the study lendex-rrmm is 2026-12-31, and its facts go on "
                                  "2027-01-01",
                          .old_hash = true, .new_hash = true},
    [GW_AUDIT_ROSTER] = {change_a_line, .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                         .what = "a changed line: end of treatment 2024-02-20, before none", .old_hash = true,
                         .new_hash = true},
    [GW_AUDIT_REMOVAL] = {take_a_line_out, .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                          .what = "its line: nothing more is asked for", .old_hash = true},
    [GW_AUDIT_ENROLMENT] = {after_a_sync, .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                            .what = "a new subject, a patient of the endpoint first"},
    [GW_AUDIT_REVISION] = {bring_a_correction, .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                           .what = "revision 2 from 1: ", .reason = "new facts", .old_hash = true, .new_hash = true},
    [GW_AUDIT_BLOCK] = {block, .study = "lendex", .site = "hm", .subject = "ES-017",
                        .what = "nothing more of the subject is delivered", .reason = "MRN_CONFLICT"},
    [GW_AUDIT_UNBLOCK] = {unblock, .study = "lendex", .site = "hm", .subject = "ES-017",
                          .what = "the subject is delivered again"},
    [GW_AUDIT_ORDER] = {carry_an_order_out, .by = "dpo", .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                        .what = "the purge of 3 versions with 3 parts and ", .reason = "consent withdrawn",
                        .old_hash = true, .new_hash = true},
    [GW_AUDIT_ORDER_REFUSAL] = {find_an_order_expired, .study = "lendex-rrmm", .subject = "S-1",
                                .what = "an order that was noted",
                                .reason = "the order of 1970-01-01T00:16:40Z about S-1 is not carried out: it expired",
                                .new_hash = true},
    [GW_AUDIT_PURGE] = {carry_an_order_out, .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                        .what = "3 versions with 3 parts and ", .reason = "order ", .new_hash = true},
    [GW_AUDIT_SWEEP] = {carry_an_order_out, .what = "the ledger's file"},
    [GW_AUDIT_DELIVERY] = {deliver_three, .study = "lendex", .site = "hm", .subject = "ES-017",
                           .what = "revision 3 to the study database, receipt r-3", .new_hash = true},
    [GW_AUDIT_RECONCILIATION] = {find_it_behind, .study = "lendex", .site = "hm", .subject = "ES-017",
                                 .what = "the study database, which stands at revision 1; 2 later deliveries",
                                 .new_hash = true},
    [GW_AUDIT_RECALL] = {find_it_ahead, .study = "lendex", .site = "hm", .subject = "ES-017",
                         .what = "revision 7 as the study database has it", .reason = "the ledger was restored",
                         .new_hash = true},
    [GW_AUDIT_REFUSAL] = {be_refused, .study = "lendex", .site = "hm", .subject = "ES-017",
                          .what = "row o1@T30-01 of observations, refused by the study database",
                          .reason = "SQLSTATE 22003"},
    [GW_AUDIT_ACCEPTANCE] = {be_taken_after_all, .study = "lendex", .site = "hm", .subject = "ES-017",
                             .what = "row o1@T30-01 of observations", .reason = "decision 4"},
    [GW_AUDIT_MIGRATION] = {migrate, .by = user, .study = "lendex-rrmm",
                            .what = "schema acts of database postgres at "},
    [GW_AUDIT_DECISION] = {decide, .by = "dm1", .study = "lendex", .site = "hm", .subject = "ES-017",
                           .what = "decision 1 (anchor) for study:lendex", .reason = "letter of the hospital",
                           .new_hash = true},
    [GW_AUDIT_APPROVAL] = {approve, .by = "dm2", .study = "lendex", .site = "hm", .subject = "ES-017",
                           .what = "decision 1, by decision 2", .reason = "read the letter", .new_hash = true},
    [GW_AUDIT_UNDO] = {undo, .by = "dm2", .study = "lendex", .site = "hm", .subject = "ES-017",
                       .what = "decision 1, by decision 2", .reason = "read the letter", .new_hash = true},
    [GW_AUDIT_PLAN] = {plan, .by = user, .study = "lendex-rrmm", .subject = "S-1",
                       .what = PACKAGE ": 0 of 1 subjects would change"},
    [GW_AUDIT_REPLAY] = {replay, .by = "dm1", .study = "lendex-rrmm", .what = "1 subject out of S-1",
                         .reason = "a new range"},
    [GW_AUDIT_REBUILD] = {rebuild, .by = "dm1", .study = "lendex-rrmm",
                          .what = "the study database from the ledger into again.db: ", .new_hash = true},
    [GW_AUDIT_EXPORT] = {export_it, .by = "dm1", .study = "lendex-rrmm", .what = "the study database as csv, ",
                         .new_hash = true},
};

/* ---- the row ---- */

struct seen {
    const char *act;
    struct gw_arena arena;
    struct gw_audit_row row; /* the last one of the act */
    size_t count;
};

static const char *keep(struct seen *seen, const char *text)
{
    return gw_arena_copy(&seen->arena, text, strlen(text));
}

static bool see(void *ctx, const struct gw_audit_row *row)
{
    struct seen *seen = ctx;

    if (strcmp(row->act, seen->act) != 0)
        return true;
    seen->count++;
    seen->row = (struct gw_audit_row){.at = keep(seen, row->at),
                                      .zone = keep(seen, row->zone),
                                      .by = keep(seen, row->by),
                                      .study = keep(seen, row->study),
                                      .site = keep(seen, row->site),
                                      .subject = keep(seen, row->subject),
                                      .what = keep(seen, row->what),
                                      .old_hash = keep(seen, row->old_hash),
                                      .new_hash = keep(seen, row->new_hash),
                                      .reason = keep(seen, row->reason)};
    return true;
}

static void expect_text(const char *act, const char *member, const char *got, const char *wanted)
{
    cr_expect(gw_same(got, wanted ? wanted : ""), "%s, %s: %s", act, member, got);
}

static void expect_beginning(const char *act, const char *member, const char *got, const char *wanted)
{
    cr_expect(wanted ? strncmp(got, wanted, strlen(wanted)) == 0 : *got == '\0', "%s, %s: %s", act, member, got);
}

static void expect_hash(const char *act, const char *member, const char *got, bool wanted)
{
    cr_expect(wanted ? strlen(got) >= 16 && strspn(got, "0123456789abcdef") == strlen(got) : *got == '\0',
              "%s, %s: \"%s\"", act, member, got);
}

static void expect_row(const struct act *wanted, const char *act, const struct gw_audit_row *row, const char *from,
                       const char *to)
{
    cr_expect(strcmp(row->at, from) >= 0 && strcmp(row->at, to) <= 0, "%s: at %s, not %s to %s", act, row->at, from,
              to);
    expect_text(act, "zone", row->zone, wanted->site ? "Europe/Madrid" : "");
    if (wanted->by)
        expect_text(act, "by", row->by, wanted->by);
    else
        expect_beginning(act, "by", row->by, "service (");
    expect_text(act, "study", row->study, wanted->study);
    expect_text(act, "site", row->site, wanted->site);
    expect_text(act, "subject", row->subject, wanted->subject);
    expect_beginning(act, "what", row->what, wanted->what);
    expect_beginning(act, "reason", row->reason, wanted->reason);
    expect_hash(act, "old hash", row->old_hash, wanted->old_hash);
    expect_hash(act, "new hash", row->new_hash, wanted->new_hash);
}

static void make_and_read(enum gw_audit_kind kind)
{
    struct seen seen = {.act = gw_audit_name(kind), .arena = GW_ARENA_INIT(1 << 20)};
    char from[GW_INSTANT_BYTES], to[GW_INSTANT_BYTES];
    struct ground g = {.synced = false};
    struct gw_error err = {0};

    gw_instant_print(time(NULL), from);
    acts[kind].make(&g);
    gw_instant_print(time(NULL), to);
    cr_assert(gw_audit_rows(g.ledger, see, &seen, &err) == GW_OK, "%s", err.text);
    cr_assert(seen.count > 0, "no row tells of %s", seen.act);
    expect_row(&acts[kind], seen.act, &seen.row, from, to);
    leave(&g);
    gw_arena_release(&seen.arena);
}

Test(acts, stand_in_the_trail_with_who_when_what_and_why_each_of_them)
{
    snprintf(user, sizeof user, "%s", getpwuid(geteuid())->pw_name);
    for (int kind = 0; kind < GW_AUDIT_KINDS; kind++) {
        cr_expect(acts[kind].make != NULL, "%s has no case here", gw_audit_name((enum gw_audit_kind)kind));
        if (acts[kind].make)
            make_and_read((enum gw_audit_kind)kind);
    }
}
