/*
 * Decisions in the ledger: appended for good, marking whom they may change, and closing the items they answered.
 */
#include "gateway/ledger/decisions.h"

#include "gateway/ledger/report.h"
#include "ledger/book.h"

TestSuite(decisions);

static struct gw_decision a_rule(const char *scope)
{
    struct gw_decision d = {.at = "2026-11-20T20:00:00Z",
                            .by = "dm1",
                            .reason = "lab manual",
                            .kind = GW_DECIDE_UNIT,
                            .scope = scope,
                            .match = {.fingerprint = "UNIT_MISSING|hm|urn:hm:lab|ANC-K||"}};

    d.set[GW_SET_UNIT] = "10*9/L";
    return d;
}

static struct gw_decision an_undo(int64_t of)
{
    return (struct gw_decision){.at = "2026-11-21T20:00:00Z",
                                .by = "dm1",
                                .reason = "slip",
                                .kind = GW_DECIDE_UNDO,
                                .scope = "site:hm",
                                .undoes = of};
}

static struct gw_decision an_anchor(const char *subject)
{
    struct gw_decision d = {.at = "2026-11-20T20:00:00Z",
                            .by = "dm1",
                            .reason = "letter",
                            .kind = GW_DECIDE_ANCHOR,
                            .scope = "study:lendex",
                            .match = {.subject = subject}};

    d.set[GW_SET_ANCHOR] = "D1";
    d.set[GW_SET_DATE] = "2024-01-15";
    return d;
}

static void decide(struct book *book, struct gw_decision decision)
{
    BOOK_OK(book, gw_ledger_decide(book->ledger, &decision, &book->err));
}

Test(decisions, are_numbered_from_one_and_read_back_as_they_were_written)
{
    struct book *book = book_new();
    struct gw_decisions all;

    decide(book, a_rule("site:hm"));
    decide(book, an_anchor("ES-017"));
    decide(book, an_undo(1));
    book_reopen(book);
    BOOK_OK(book, gw_ledger_decisions(book->ledger, &all, &book->err));
    cr_assert(all.count == 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect(all.list[i].n == (int64_t)i + 1);
    cr_expect(strcmp(all.list[0].set[GW_SET_UNIT], "10*9/L") == 0);
    cr_expect(strcmp(all.list[1].match.subject, "ES-017") == 0);
    cr_expect(all.list[2].undoes == 1);
    BOOK_OK(book, gw_ledger_decisions_of(book->ledger, &book->arena, "ES-018", &all, &book->err));
    cr_expect(all.count == 2, "those of others are left out");
    book_free(book);
}

Test(decisions, are_refused_out_of_order_and_about_nothing)
{
    struct book *book = book_new();
    struct gw_decision again = a_rule("site:hm"), lost = an_undo(7), wrong = a_rule("hm");

    decide(book, a_rule("site:hm"));
    again.n = 1;
    cr_expect(gw_ledger_decide(book->ledger, &again, &book->err) == GW_EINPUT);
    lost.n = 8;
    cr_expect(gw_ledger_decide(book->ledger, &lost, &book->err) == GW_EINPUT);
    cr_expect(gw_ledger_decide(book->ledger, &wrong, &book->err) == GW_EINPUT);
    again.n = 5;
    cr_expect(gw_ledger_decide(book->ledger, &again, &book->err) == GW_OK, "%s", book->err.text);
    book_free(book);
}

Test(decisions, cannot_be_changed_or_deleted_by_anybody)
{
    struct book *book = book_new();
    sqlite3 *db;

    decide(book, a_rule("site:hm"));
    gw_ledger_close(book->ledger);
    book->ledger = NULL;
    cr_assert(sqlite3_open(book->path, &db) == SQLITE_OK);
    cr_expect(sqlite3_exec(db, "UPDATE decisions SET text = '{}'", NULL, NULL, NULL) == SQLITE_CONSTRAINT);
    cr_expect(sqlite3_exec(db, "DELETE FROM decisions", NULL, NULL, NULL) == SQLITE_CONSTRAINT);
    sqlite3_close(db);
    book_free(book);
}

Test(decisions, are_gone_with_the_transaction_that_was_taken_back)
{
    struct book *book = book_new();
    struct gw_decisions all;

    BOOK_OK(book, gw_ledger_begin(book->ledger, &book->err));
    decide(book, a_rule("site:hm"));
    BOOK_OK(book, gw_ledger_decisions(book->ledger, &all, &book->err));
    cr_expect(all.count == 1);
    gw_ledger_rollback(book->ledger);
    BOOK_OK(book, gw_ledger_decisions(book->ledger, &all, &book->err));
    cr_expect(all.count == 0);
    book_free(book);
}

/* ---- whom they mark ---- */

static int64_t marked(struct book *book)
{
    return book_equation(book).dirty_subjects;
}

static void unmark(struct book *book)
{
    book_sql(book, "DELETE FROM dirty");
}

Test(decisions, mark_the_subjects_of_their_scope)
{
    static const struct {
        const char *scope;
        int64_t subjects;
    } scopes[] = {{"site:hm", 2},     {"site:other", 0},      {"study:lendex", 2},
                  {"study:other", 1}, {"endpoint:hm-ehr", 2}, {"endpoint:other-ehr", 1}};
    struct book *book = book_new();
    int64_t number;

    book_enrol(book, "ES-017");
    book_enrol(book, "ES-018");
    BOOK_OK(book, gw_ledger_enrol(book->ledger, "other", "elsewhere", "ES-017", "other-ehr", "p", &number, &book->err));
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        unmark(book);
        decide(book, a_rule(scopes[i].scope));
        cr_expect(marked(book) == scopes[i].subjects, "%s: %lld", scopes[i].scope, (long long)marked(book));
    }
    unmark(book);
    decide(book, an_anchor("ES-017"));
    cr_expect(marked(book) == 1, "one subject of one study");
    unmark(book);
    decide(book, an_undo(1));
    cr_expect(marked(book) == 2, "as many as the decision that it takes back");
    book_free(book);
}

/* ---- what they close ---- */

static struct gw_item an_item(const char *id, size_t fact)
{
    return (struct gw_item){.id = id,
                            .code = "UNIT_MISSING",
                            .fingerprint = "UNIT_MISSING|hm|||",
                            .blocks = "R",
                            .has_fact = true,
                            .fact = fact,
                            .context = "{}",
                            .suggestion = "",
                            .window_ids = ""};
}

static void settle(struct book *book, int64_t subject, struct gw_item *items, size_t count,
                   struct gw_resolution *resolutions, size_t resolution_count)
{
    const struct gw_kept_facts facts = book_facts(book, subject);
    struct gw_derived derived = book_derive(book, &facts, GW_STATE_HELD);
    struct gw_rows rows = {0};

    derived.items = items;
    derived.item_count = count;
    derived.resolutions = resolutions;
    derived.resolution_count = resolution_count;
    book_settle(book, &facts, &derived, &rows, "2026-11-20T20:00:00Z");
}

Test(decisions, close_the_items_they_answered_and_say_so)
{
    static const struct {
        const char *id, *state, *resolution;
    } wanted[] = {{"x1", "resolved", "decision:7"}, {"x2", "resolved", "decision:8"}, {"x3", "auto_closed", ""}};
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");
    struct gw_item items[] = {an_item("x1", 0), an_item("x2", 1), an_item("x3", 2)};
    struct gw_resolution resolutions[] = {{.item = "x1", .decision = 7}, {.fact = 1, .decision = 8}};
    struct gw_ledger_items list;

    for (int i = 0; i < 3; i++)
        book_add(book, subject, "Observation", gw_arena_print(&book->arena, "o%d", i), "1", "v");
    book_keep(book);
    settle(book, subject, items, 3, NULL, 0);
    settle(book, subject, NULL, 0, resolutions, 2);
    for (size_t i = 0; i < 3; i++) {
        BOOK_OK(book, gw_ledger_items(book->ledger, &book->arena, wanted[i].id, false, &list, &book->err));
        cr_assert(list.count == 1);
        cr_expect(strcmp(list.list[0].state, wanted[i].state) == 0, "%s is %s", wanted[i].id, list.list[0].state);
        cr_expect(strcmp(list.list[0].resolution, wanted[i].resolution) == 0, "%s: %s", wanted[i].id,
                  list.list[0].resolution);
    }
    settle(book, subject, items, 1, NULL, 0);
    BOOK_OK(book, gw_ledger_items(book->ledger, &book->arena, "x1", true, &list, &book->err));
    cr_assert(list.count == 1, "the decision was undone: it is open again");
    cr_expect(strcmp(list.list[0].resolution, "") == 0);
    book_free(book);
}

/* ---- whose records are gone ---- */

static struct gw_decision an_event(const char *id)
{
    struct gw_decision d = {
        .at = "2026-11-20T20:00:00Z",
        .by = "dm1",
        .reason = "letter",
        .kind = GW_DECIDE_EVENT,
        .scope = "study:lendex",
        .match = {.subject = "ES-017", .endpoint = "hm-ehr", .type = "Observation", .id = id, .part = ""}};

    d.set[GW_SET_CONFIRM] = "true";
    return d;
}

static bool holds(struct book *book, struct gw_decision decision)
{
    bool out = false;

    BOOK_OK(book, gw_ledger_decision_holds(book->ledger, &decision, &out, &book->err));
    return out;
}

Test(decisions, hold_while_the_record_is_there_that_they_are_about)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");
    struct gw_kept_facts facts;
    struct gw_derived derived;
    struct gw_rows rows = {0};

    cr_expect(holds(book, an_anchor("ES-017")), "it is about no record");
    cr_expect(!holds(book, an_event("o0")), "it never came");
    book_add(book, subject, "Observation", "o0", "1", "v");
    book_keep(book);
    facts = book_facts(book, subject);
    derived = book_derive(book, &facts, GW_STATE_DELIVERED);
    book_settle(book, &facts, &derived, &rows, "2026-11-20T20:00:00Z");
    cr_expect(holds(book, an_event("o0")));
    cr_expect(!holds(book, an_event("o1")), "another");
    book_add(book, subject, "Observation", "o0", "2", "w");
    book_keep(book);
    facts = book_facts(book, subject);
    derived = book_derive(book, &facts, GW_STATE_RETRACTED);
    book_settle(book, &facts, &derived, &rows, "2026-11-20T21:00:00Z");
    cr_expect(!holds(book, an_event("o0")), "withdrawn");
    book_free(book);
}

/* ---- a ledger of the first schema ---- */

Test(decisions, find_room_in_a_ledger_that_was_made_without_them)
{
    struct book *book = book_new();
    const int64_t subject = book_enrol(book, "ES-017");
    struct gw_item items[] = {an_item("x1", 0)};
    sqlite3 *db;

    book_add(book, subject, "Observation", "o0", "1", "v");
    book_keep(book);
    settle(book, subject, items, 1, NULL, 0);
    gw_ledger_close(book->ledger);
    book->ledger = NULL;
    cr_assert(sqlite3_open(book->path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db,
                           "DROP TABLE decisions; DROP TABLE notes; DROP TABLE owners; DROP TABLE refusals; "
                           "DROP TABLE audit; DROP TABLE audit_points; DROP TABLE tombstones; DROP TABLE purged; "
                           "ALTER TABLE subjects DROP COLUMN purged; ALTER TABLE revisions DROP COLUMN about; "
                           "ALTER TABLE outbox DROP COLUMN at; "
                           "ALTER TABLE items DROP COLUMN resolution; "
                           "UPDATE meta SET value = 1 WHERE name = 'schema'",
                           NULL, NULL, NULL) == SQLITE_OK,
              "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    book_open(book);
    cr_expect(book_equation(book).open_items == 1);
    decide(book, a_rule("site:hm"));
    cr_expect(book_sql(book, "SELECT value FROM meta WHERE name = 'schema'") == 8);
    cr_expect(book_sql(book, "SELECT count(*) FROM decisions") == 1);
    book_free(book);
}
