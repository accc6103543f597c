/*
 * Signed orders: what is kept of one subject goes when, and only when, the line that its officer signed fits. Row O2.
 */
#include "service/order_bench.h"

TestSuite(orders, .timeout = 300);

#define CANARY "visit-p1"

/* ---- what an order does ---- */

static const struct {
    const char *name;
    bool withdraw;
    const char *value; /* in the study database afterwards */
    const char *active;
} outcomes[] = {{"what was delivered stays", false, "1.20", "1"}, {"its rows are withdrawn", true, "", "0"}};

Test(orders, O2_purge_a_subject_whom_the_roster_still_names_and_leave_or_withdraw_its_rows)
{
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        struct case_file c;
        struct gw_equation equation;

        begin_case(&c);
        const int64_t in = c.b.result.equation.in;
        cr_assert(gt(sz, files_with(&c, CANARY), 0), "a resource's id is there before");
        make_order(&c, outcomes[i].withdraw);
        cr_assert(eq(int, apply_at(&c, NOW + 60, false), GW_OK), "%s", c.b.err.text);
        cr_expect(eq(i64, number(&c, KEPT), 0), "%s", outcomes[i].name);
        cr_expect(eq(sz, files_with(&c, CANARY), 0), "%s: in no file of the state folder", outcomes[i].name);
        cr_assert(gw_ledger_equation(c.ledger, &equation, &c.b.err) == GW_OK);
        cr_expect(equation.in == in && equation.sum == in && equation.purged == in, "%s", outcomes[i].name);
        cr_expect(eq(i64, equation.pending, 0), "%s: and nothing waits for delivery", outcomes[i].name);
        expect_cell(&c.b, VALUE, outcomes[i].value, outcomes[i].name);
        expect_cell(&c.b, "SELECT count(*) FROM subjects WHERE status <> 'withdrawn'", outcomes[i].active,
                    outcomes[i].name);
        expect_sound(&c);
        close_ledger(&c);
        fake_hospital_add(&c.b.hospitals[0], FAKE_COUNT("p1", "6", "amended", "9.90"));
        run_fine(&c.b);
        cr_expect(eq(sz, c.b.result.endpoints[0].requests, 0), "%s: nothing is asked any more", outcomes[i].name);
        expect_cell(&c.b, VALUE, outcomes[i].value, outcomes[i].name);
        end_case(&c);
    }
}

struct told {
    size_t orders, revisions;
    char hash[80], reason[400], why[400];
};

static bool tell(void *ctx, const struct gw_audit_row *row)
{
    struct told *told = ctx;

    if (gw_same(row->act, "order")) {
        told->orders++;
        cr_expect_str_eq(row->by, "dpo");
        cr_expect_str_eq(row->subject, "S-1");
        cr_expect_str_eq(row->study, "lendex-rrmm");
        cr_expect_str_eq(row->zone, "Europe/Madrid");
        cr_expect_str_eq(row->reason, "consent withdrawn");
        cr_expect(strstr(row->what, "is withdrawn; handed in by it1") != NULL, "%s", row->what);
        cr_expect(strlen(row->old_hash) == 64 && strlen(row->new_hash) == 64, "what went, and the order");
        snprintf(told->hash, sizeof told->hash, "%s", row->new_hash);
    }
    if (gw_same(row->act, "revision") && strncmp(row->reason, "order ", 6) == 0) {
        told->revisions++;
        snprintf(told->why, sizeof told->why, "%s", row->reason);
    }
    if (gw_same(row->act, "purge"))
        snprintf(told->reason, sizeof told->reason, "%s", row->reason);
    return true;
}

Test(orders, are_in_the_audit_trail_with_their_hash_at_every_step)
{
    struct case_file c;
    struct told told = {0};
    char begins[40];

    begin_case(&c);
    make_order(&c, true);
    cr_assert(eq(int, apply_at(&c, NOW, false), GW_OK), "%s", c.b.err.text);
    cr_assert(gw_audit_rows(c.path, tell, &told, &c.b.err) == GW_OK);
    cr_expect(told.orders == 1 && told.revisions == 1, "%zu, %zu", told.orders, told.revisions);
    snprintf(begins, sizeof begins, "order %.16s of dpo: ", told.hash);
    cr_expect(strncmp(told.reason, begins, strlen(begins)) == 0, "%s", told.reason);
    cr_expect_str_eq(told.reason, told.why, "of the rows as of the purge");
    cr_expect(eq(i64, number(&c, "SELECT count(*) FROM audit WHERE text LIKE '%of who may order a purge%'"), 1),
              "and so is the key that orders are held against");
    end_case(&c);
}

/* ---- broken off ---- */

Test(orders, go_on_where_a_kill_ended_them)
{
    struct case_file c;
    struct gw_purge_order order;
    enum gw_order_answer answer;

    begin_case(&c);
    make_order(&c, true);
    cr_assert(eq(int,
                 gw_order_hand_in(c.ledger, &c.b.config, c.line.at, c.line.length, NOW, false, NULL, &c.b.arena, &order,
                                  &answer, &c.b.err),
                 GW_OK),
              "%s", c.b.err.text);
    cr_expect(answer == GW_ORDER_BEGUN);
    close_ledger(&c); /* what a kill leaves: begun, and nothing gone */
    open_ledger(&c);
    cr_expect(number(&c, KEPT) > 0);
    cr_expect(eq(int, apply_at(&c, NOW + 30 * 86400, false), GW_OK), "begun in time: %s", c.b.err.text);
    cr_expect(eq(i64, number(&c, KEPT), 0));
    cr_expect(eq(i64, number(&c, ACTS("order")), 1));
    cr_expect(eq(i64, number(&c, ACTS("purge")), 1));
    expect_cell(&c.b, VALUE, "", "and its rows are withdrawn");
    cr_expect(eq(int, apply_at(&c, NOW, false), GW_EINPUT));
    cr_expect(strstr(c.b.err.text, "carried out before") != NULL, "%s", c.b.err.text);
    expect_sound(&c);
    end_case(&c);
}

/* ---- noted for a service ---- */

static void note_order(struct case_file *c)
{
    cr_assert(eq(int, apply_at(c, NOW, true), GW_OK), "%s", c->b.err.text);
    cr_expect(number(c, KEPT) > 0, "nothing goes yet");
    cr_expect(eq(i64, number(c, "SELECT count(*) FROM tombstones"), 0));
    cr_expect(eq(int, apply_at(c, NOW, true), GW_EINPUT));
    cr_expect(strstr(c->b.err.text, "is noted already") != NULL, "%s", c->b.err.text);
    cr_expect(eq(i64, number(c, ACTS("order")), 1));
}

Test(orders, O2_that_were_noted_are_taken_up_before_anybody_is_asked)
{
    struct case_file c;

    begin_case(&c);
    make_order(&c, true);
    note_order(&c);
    close_ledger(&c);
    run_fine(&c.b);
    cr_expect(eq(sz, c.b.result.endpoints[0].requests, 0));
    expect_cell(&c.b, VALUE, "", "its rows are withdrawn by the same sync");
    cr_expect(eq(i64, number(&c, KEPT), 0));
    cr_expect(eq(i64, number(&c, ACTS("order")), 1));
    cr_expect(eq(i64, number(&c, ACTS("purge")), 1));
    cr_expect(eq(i64, number(&c, "SELECT count(*) FROM notes WHERE space = 'purge.waiting'"), 0));
    end_case(&c);
}

Test(orders, that_were_noted_and_no_longer_fit_are_put_aside_with_the_reason)
{
    struct case_file c;
    size_t begun = 9, waiting = 9;

    begin_case(&c);
    make_order(&c, false);
    note_order(&c);
    cr_assert(gw_orders_take_up(c.ledger, &c.b.config, NOW + 15 * 86400, &begun, &c.b.err) == GW_OK, "%s",
              c.b.err.text);
    cr_expect(begun == 0 && number(&c, KEPT) > 0);
    cr_expect(
        eq(i64, number(&c, "SELECT count(*) FROM audit WHERE text LIKE '%\"act\":\"order_refusal\"%it expired%'"), 1));
    cr_assert(gw_orders_waiting(c.ledger, &waiting, &c.b.err) == GW_OK);
    cr_expect(eq(sz, waiting, 0));
    cr_expect(eq(int, apply_at(&c, NOW, false), GW_EINPUT), "once is once");
    cr_expect(strstr(c.b.err.text, "did not fit") != NULL, "%s", c.b.err.text);
    end_case(&c);
}

/* ---- looking first ---- */

Test(orders, show_what_would_go_and_what_stays_and_change_nothing)
{
    struct case_file c;
    struct gw_purge_list list;
    static struct gw_text before = GW_TEXT_INIT(64u << 20), after = GW_TEXT_INIT(64u << 20);

    begin_case(&c);
    close_ledger(&c);
    cr_assert(gw_text_read_file(&before, c.path, &c.b.err) == GW_OK);
    open_ledger(&c);
    cr_assert(gw_purge_list(c.ledger, &c.b.arena, &c.b.config, NULL, NULL, &list, &c.b.err) == GW_OK);
    cr_expect(eq(sz, list.count, 0), "a study that runs: nothing is due");
    cr_assert(gw_purge_list(c.ledger, &c.b.arena, &c.b.config, NULL, "S-1", &list, &c.b.err) == GW_OK);
    cr_assert(eq(sz, list.count, 1));
    const struct gw_purge_view *view = &list.list[0].view;
    cr_expect(eq(i64, view->parts + view->door_parts, c.b.result.equation.in), "every part is somewhere");
    cr_expect(eq(i64, view->versions, number(&c, KEPT)));
    cr_expect(eq(i64, view->bytes, number(&c, "SELECT sum(length(bytes)) FROM pages")));
    cr_expect(eq(sz, view->kind_count, 3), "Encounter, Observation, Patient");
    cr_expect_str_eq(view->kinds[0].type, "Encounter");
    cr_expect(view->kinds[1].versions == 1 && view->kinds[1].parts == 1, "one count");
    cr_expect(eq(i64, view->cursors, number(&c, "SELECT count(*) FROM cursors WHERE subject = 1")));
    cr_expect(eq(i64, view->patients, 1));
    cr_expect(view->notes > 0 && view->revisions == 1 && view->receipts == 1 && view->waiting == 0);
    cr_expect(gt(i64, list.list[0].rows, 1), "%lld rows stay", (long long)list.list[0].rows);
    c.b.study.closed = "2024-02-20";
    cr_assert(gw_purge_list(c.ledger, &c.b.arena, &c.b.config, "lendex-rrmm", NULL, &list, &c.b.err) == GW_OK);
    cr_expect(eq(sz, list.count, 1), "of a study that closed all are listed");
    cr_expect(eq(int, gw_purge_list(c.ledger, &c.b.arena, &c.b.config, "x", NULL, &list, &c.b.err), GW_EUSAGE));
    cr_expect(eq(int, gw_purge_list(c.ledger, &c.b.arena, &c.b.config, NULL, "S-9", &list, &c.b.err), GW_EUSAGE));
    close_ledger(&c);
    cr_assert(gw_text_read_file(&after, c.path, &c.b.err) == GW_OK);
    cr_expect(before.length == after.length && memcmp(before.at, after.at, after.length) == 0, "not one byte");
    gw_text_release(&before);
    gw_text_release(&after);
    end_case(&c);
}
