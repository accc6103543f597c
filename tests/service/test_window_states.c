/*
 * Late data and the state of the window they are of: open, closed, signed, exported. One table of all cases.
 *
 * T30-02 takes 10 to 20 March 2024, its target is the 15th; T30-01 takes 9 to 19 February, its target is the 14th. The
 * first has a count of 2.5 of 15 March ("w"), the second one of 3.5 of 14 February ("o"); both are normal, so that no
 * event comes of them. What comes is of T30-02, or was, or would be. "*" is the value closest to the target; in T30-01
 * the value that comes is the lowest and the last, so that the other changes too. The longest time between two counts
 * is a parameter of the whole study, under which nobody signs: it is corrected whatever waits.
 */
#include "gateway/service/cuts.h"
#include "gateway/study/seal.h"
#include "service/pass_bench.h"

static struct pass_bench b;

enum state { OPEN, CLOSED, SIGNED, EXPORTED };

static const char *const states[] = {"open", "closed", "signed", "exported"};

enum datum { NEW, CHANGED, WITHDRAWN, MOVED_IN, MOVED_OUT };

static const struct count data[] = {
    [NEW] = {"late", "2024-03-14", "final", "4.5", 1},
    [CHANGED] = {"w", "2024-03-15", "amended", "2.8", 2},
    [WITHDRAWN] = {"w", "2024-03-15", "entered-in-error", "2.5", 2},
    [MOVED_IN] = {"o", "2024-03-14", "corrected", "3.5", 2},
    [MOVED_OUT] = {"w", "2024-02-15", "corrected", "2.5", 2},
};

#define CORRECTED "CORRECTION_AFTER_PUSH"
#define WITHDREW  "WITHDRAWN_AFTER_PUSH"
#define ASKS      "SIGNED_CHANGED"

static const struct {
    const char *name;
    enum datum datum;
    enum state state;
    const char *values, *others; /* of T30-02, of T30-01 */
    const char *asked;           /* open items */
    const char *since;           /* values that are others than when they were exported; told where there is a cut */
} cases[] = {
    {"a new value flows", NEW, OPEN, "2.5*; 4.5", "3.5*", "", ""},
    {"a new value flows", NEW, CLOSED, "2.5*; 4.5", "3.5*", "", ""},
    {"a new value waits", NEW, SIGNED, "2.5*", "3.5*", ASKS, ""},
    {"a new value flows and is told", NEW, EXPORTED, "2.5*; 4.5", "3.5*", "", "added T30-02"},

    {"another value flows", CHANGED, OPEN, "2.8*", "3.5*", CORRECTED, ""},
    {"another value flows", CHANGED, CLOSED, "2.8*", "3.5*", CORRECTED, ""},
    {"another value waits", CHANGED, SIGNED, "2.5*", "3.5*", ASKS, ""},
    {"another value flows and is told", CHANGED, EXPORTED, "2.8*", "3.5*", CORRECTED, "changed T30-02"},

    {"what is withdrawn leaves", WITHDRAWN, OPEN, "", "3.5*", WITHDREW, ""},
    {"what is withdrawn leaves", WITHDRAWN, CLOSED, "", "3.5*", WITHDREW, ""},
    {"what is withdrawn leaves all the same", WITHDRAWN, SIGNED, "", "3.5*", WITHDREW, "withdrawn T30-02"},
    {"what is withdrawn leaves and is told", WITHDRAWN, EXPORTED, "", "3.5*", WITHDREW, "withdrawn T30-02"},

    {"one that comes from another window moves", MOVED_IN, OPEN, "2.5*; 3.5", "", CORRECTED, ""},
    {"one that comes from another window moves", MOVED_IN, CLOSED, "2.5*; 3.5", "", CORRECTED, ""},
    {"one that would come stays where it was", MOVED_IN, SIGNED, "2.5*", "3.5*", CORRECTED "; " ASKS, ""},
    {"one that comes is told in both windows", MOVED_IN, EXPORTED, "2.5*; 3.5", "", CORRECTED,
     "added T30-02; withdrawn T30-01"},

    {"one that goes to another window moves", MOVED_OUT, OPEN, "", "2.5; 3.5*", CORRECTED, ""},
    {"one that goes to another window moves", MOVED_OUT, CLOSED, "", "2.5; 3.5*", CORRECTED, ""},
    {"one that would go stays", MOVED_OUT, SIGNED, "2.5*", "3.5*", CORRECTED "; " ASKS, ""},
    {"one that goes is told in both windows", MOVED_OUT, EXPORTED, "", "2.5; 3.5*", CORRECTED,
     "added T30-01; changed T30-01; withdrawn T30-02"},
};

/* ---- the state ---- */

/* T30-02 takes values up to the 20th. */
static void start(bool open)
{
    bench_open(&b, 1);
    b.enrolment.subjects[0].horizon = open ? gw_day_of(2024, 3, 16) : gw_day_of(2024, 12, 31);
    add_patient(&b, 0);
    add_visit(&b, 0, "2024-02-14");
    add_visit(&b, 0, "2024-03-15");
    add_count(&b, 0, &(struct count){"o", "2024-02-14", "final", "3.5", 1});
    add_count(&b, 0, &(struct count){"w", "2024-03-15", "final", "2.5", 1});
    bench_deliver(&b);
    bench_derive(&b);
}

static void sign(void)
{
    struct gw_rows rows;
    char seal[GW_SEAL_BYTES], set[200];
    struct gw_decision decision = {.at = "2026-07-01T10:00:00Z",
                                   .by = "inv1",
                                   .reason = "read",
                                   .kind = GW_DECIDE_SIGN,
                                   .scope = "study:lendex-rrmm",
                                   .match = {.subject = "S-000"}};
    int64_t revision;
    size_t count;

    fine(gw_ledger_rows(b.ledger, &b.arena, b.enrolment.subjects[0].number, GW_LATEST, &rows, &revision, &err));
    fine(gw_window_seal(&rows, "T30-02", seal, &count, &err));
    snprintf(set, sizeof set, "%lld", (long long)revision);
    decision.set[GW_SET_WINDOW] = "T30-02";
    decision.set[GW_SET_REVISION] = set;
    decision.set[GW_SET_SEAL] = seal;
    fine(gw_ledger_decide(b.ledger, &decision, &err));
    bench_derive(&b);
}

static void export_all(void)
{
    struct gw_cut cut = {.name = "first", .study = "lendex-rrmm", .at = "2026-07-01T10:00:00Z", .by = "dm1"};

    fine(gw_export_read_receipts(bench_path(&b, "study.db"), &b.arena, "lendex-rrmm", &cut.receipts, &err));
    fine(gw_cut_keep(b.ledger, &b.arena, &cut, &err));
}

/* ---- what stands, what is told ---- */

static const char *values(const char *window)
{
    return bench_cell(&b, gw_arena_print(&b.arena,
                                         "SELECT group_concat(value_num || CASE WHEN anl01 THEN '*' ELSE '' END, '; ') "
                                         "FROM (SELECT * FROM observations WHERE status <> 'withdrawn' AND window_id = "
                                         "'%s' ORDER BY value_num)",
                                         window));
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static const char *join(const char **list, size_t count)
{
    const char *out = "";

    qsort(list, count, sizeof *list, by_text);
    for (size_t i = 0; i < count; i++)
        out = gw_arena_print(&b.arena, "%s%s%s", out, *out ? "; " : "", list[i]);
    return out;
}

static const char *asked(void)
{
    struct gw_ledger_items items;
    const char *list[16];
    size_t count = 0;

    fine(gw_ledger_items(b.ledger, &b.arena, NULL, true, &items, &err));
    for (size_t i = 0; i < items.count; i++)
        if (gw_item_is_history(items.list[i].code) && count < 16)
            list[count++] = items.list[i].code;
    return join(list, count);
}

static const char *since_the_export(void)
{
    static const char *const kinds[] = {
        [GW_CHANGE_ADD] = "added", [GW_CHANGE_UPDATE] = "changed", [GW_CHANGE_WITHDRAW] = "withdrawn"};
    struct gw_cut_changes changes;
    const char *list[16];
    struct gw_cut cut;
    size_t count = 0;

    fine(gw_cut_find(b.ledger, &b.arena, "lendex-rrmm", NULL, &cut, &err));
    if (!cut.name)
        return "";
    fine(gw_cut_compare(b.ledger, &b.arena, &cut, NULL, &changes, &err));
    for (size_t i = 0; i < changes.count; i++)
        if (changes.list[i].table == GW_TABLE_observations && count < 16)
            list[count++] = gw_arena_print(&b.arena, "%s %s", kinds[changes.list[i].kind], changes.list[i].window);
    return join(list, count);
}

static void expect(const char *name, const char *got, const char *wanted)
{
    cr_expect(strcmp(got, wanted) == 0, "%s: \"%s\", wanted \"%s\"", name, got, wanted);
}

/* A signed window is exported as well: what waits is no change since. */
Test(window_states, say_what_becomes_of_late_data, .timeout = 300)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name;

        start(cases[i].state == OPEN);
        name = gw_arena_print(&b.arena, "%s, %s", states[cases[i].state], cases[i].name);
        if (cases[i].state == SIGNED)
            sign();
        if (cases[i].state >= SIGNED)
            export_all();
        add_count(&b, 0, &data[cases[i].datum]);
        bench_deliver(&b);
        bench_derive(&b);
        expect(name, values("T30-02"), cases[i].values);
        expect(name, values("T30-01"), cases[i].others);
        expect(name, asked(), cases[i].asked);
        expect(name, since_the_export(), cases[i].since);
        bench_close(&b);
    }
}
