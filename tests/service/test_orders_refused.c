/*
 * Signed orders that do not fit: refused in one line, and nothing goes. Row O2.
 */
#include <sys/stat.h>

#include "service/order_bench.h"

TestSuite(orders_refused, .timeout = 300);

static void alter(struct case_file *c)
{
    memcpy(strstr(c->line.at, "S-1"), "S-2", 3);
}

static void sign_with_another(struct case_file *c)
{
    write_public(c, path_of(&c->b, "other.key"), "other.pem");
    make_order_with(c, path_of(&c->b, "other.key"), false);
}

static void change_the_subject(struct case_file *c)
{
    close_ledger(c);
    fake_hospital_add(&c->b.hospitals[0], FAKE_COUNT("p1", "6", "amended", "9.90"));
    run_fine(&c->b);
    open_ledger(c);
}

static void use_it(struct case_file *c)
{
    cr_assert(apply_at(c, NOW, false) == GW_OK, "%s", c->b.err.text);
}

/* Another order about the same subject, made before the first was carried out. */
static void use_another(struct case_file *c)
{
    struct gw_text kept = GW_TEXT_INIT(GW_ORDER_LINE_MAX);

    gw_text_append(&kept, c->line.at, c->line.length);
    make_order(c, true);
    use_it(c);
    gw_text_clear(&c->line);
    gw_text_append(&c->line, kept.at, kept.length);
    gw_text_release(&kept);
}

static void move_house(struct case_file *c)
{
    c->b.config.installation = "elsewhere";
}

static void forget_key(struct case_file *c)
{
    c->b.config.order_key = NULL;
}

static void let_others_write_the_key(struct case_file *c)
{
    cr_assert(chmod(c->b.config.order_key, 0666) == 0);
}

static void name_the_private_half(struct case_file *c)
{
    c->b.config.order_key = c->key;
}

static void cut_it(struct case_file *c)
{
    c->line.at[--c->line.length] = '\0';
}

/* The ledger as it was before its last rows: an older copy that was put back, or another with the same beginning. */
static void put_an_older_copy_back(struct case_file *c)
{
    sqlite3 *db;

    cr_assert(gw_audit_note(c->ledger, &(struct gw_audit_act){.act = GW_AUDIT_PLAN, .what = "a look"}, &c->b.err) ==
              GW_OK);
    make_order(c, false);
    close_ledger(c);
    cr_assert(sqlite3_open(c->path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, "DROP TRIGGER audit_kept; DELETE FROM audit WHERE n = (SELECT max(n) FROM audit)", NULL,
                           NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    open_ledger(c);
}

static const struct {
    const char *name;
    void (*spoil)(struct case_file *c);
    int64_t after_s;
    enum gw_status status;
    const char *says;
    bool purged; /* by another order meanwhile */
} refusals[] = {
    {"altered", alter, 0, GW_EDENIED, "altered since", false},
    {"cut", cut_it, 0, GW_EDENIED, "altered since", false},
    {"signed with another key", sign_with_another, 0, GW_EDENIED, "not signed with the key of the settings", false},
    {"expired", NULL, 14 * 86400 + 1, GW_EINPUT, "it expired", false},
    {"used twice", use_it, 0, GW_EINPUT, "it was carried out before", true},
    {"about somebody who is purged", use_another, 0, GW_EINPUT, "was purged already", true},
    {"of another installation", move_house, 0, GW_EINPUT, "of another installation", false},
    {"of another ledger or an older copy", put_an_older_copy_back, 0, GW_EINPUT, "made for another ledger", false},
    {"the subject changed since", change_the_subject, 0, GW_EINPUT, "changed since", false},
    {"no key is named", forget_key, 0, GW_ECONFIG, "nobody may order a purge", false},
    {"others may write the key", let_others_write_the_key, 0, GW_ECONFIG, "chmod go-w", false},
    {"the settings have the private half", name_the_private_half, 0, GW_ECONFIG, "holds the private half", false},
};

Test(orders_refused, O2_that_do_not_fit_are_refused_in_one_line_and_nothing_goes)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct case_file c;

        begin_case(&c);
        make_order(&c, false);
        if (refusals[i].spoil)
            refusals[i].spoil(&c);
        const int64_t kept = number(&c, KEPT), rows = number(&c, "SELECT count(*) FROM audit");
        cr_expect(eq(int, apply_at(&c, NOW + refusals[i].after_s, false), refusals[i].status), "%s", refusals[i].name);
        cr_expect(strstr(c.b.err.text, refusals[i].says) && !strchr(c.b.err.text, '\n'), "%s: %s", refusals[i].name,
                  c.b.err.text);
        cr_expect(eq(i64, number(&c, KEPT), kept), "%s", refusals[i].name);
        cr_expect(refusals[i].purged || kept > 0, "%s", refusals[i].name);
        cr_expect(eq(i64, number(&c, "SELECT count(*) FROM audit"), rows), "%s", refusals[i].name);
        cr_expect(eq(i64, number(&c, "SELECT count(*) FROM tombstones"), refusals[i].purged), "%s", refusals[i].name);
        end_case(&c);
    }
}

Test(orders_refused, fit_up_to_their_last_second)
{
    struct case_file c;

    begin_case(&c);
    make_order(&c, false);
    cr_expect(eq(int, apply_at(&c, NOW + 14 * 86400, false), GW_OK), "%s", c.b.err.text);
    end_case(&c);
}

/* The same patient's data and the same officer, and yet not the ledger that the order was made for. */
Test(orders_refused, O2_made_for_one_ledger_do_not_fit_another)
{
    struct case_file one, other;

    begin_case(&one);
    make_order(&one, false);
    begin_case(&other);
    other.b.config.order_key = one.b.config.order_key;
    gw_text_append(&other.line, one.line.at, one.line.length);
    cr_expect(eq(int, apply_at(&other, NOW, false), GW_EINPUT));
    cr_expect(strstr(other.b.err.text, "made for another ledger") != NULL, "%s", other.b.err.text);
    cr_expect(number(&other, KEPT) > 0);
    end_case(&other);
    end_case(&one);
}
