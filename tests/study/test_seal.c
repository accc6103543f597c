/*
 * Which signature is under a window, and what of its rows is needed.
 */
#include "study/signed_desk.h"

TestSuite(seal, .init = start, .fini = stop);

/* ---- which holds ---- */

/* s: signed, a: what changed is accepted, k: it is kept, u1: decision 1 is undone, o: signed in another study, w:
 * another window is signed. They are numbered from 1; 0: none holds. */
static const struct {
    const char *decisions;
    int64_t holds;
} histories[] = {
    {"", 0},          {"s", 1},         {"s s", 2},         {"s a", 0},      {"s a s", 3},
    {"s k", 1},       {"s u1", 0},      {"s u1 u2", 1},     {"s s u2", 1},   {"s a u2", 1},
    {"s a u2 u3", 0}, {"s a s u3", 0},  {"s a s u3 u2", 1}, {"s a s u2", 3}, {"s o", 1},
    {"s w", 1},       {"s s u2 u3", 2}, {"s a u2 s u4", 1}, {"o", 0},
};

static struct gw_decision decision_of(const char *word, int64_t n)
{
    struct gw_decision d = {.n = n, .scope = *word == 'o' ? "study:other" : "study:lendex-rrmm"};

    d.match.subject = "ES-001";
    d.kind = *word == 'u' ? GW_DECIDE_UNDO : strchr("ak", *word) ? GW_DECIDE_SIGNED : GW_DECIDE_SIGN;
    d.undoes = *word == 'u' ? atoi(word + 1) : 0;
    d.set[GW_SET_WINDOW] = *word == 'w' ? "T30-02" : "T30-01";
    if (*word == 'a')
        d.set[GW_SET_ACCEPT] = "true";
    if (*word == 'k')
        d.set[GW_SET_KEEP] = "true";
    return d;
}

Test(seal, is_that_of_the_last_signature_that_nothing_ended)
{
    for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
        struct gw_decision decisions[8];
        const struct gw_decision *found;
        size_t count = 0;

        for (const char *at = histories[i].decisions; *at; at += strcspn(at, " "), at += *at == ' ') {
            decisions[count] = decision_of(at, (int64_t)count + 1);
            count++;
        }
        found = gw_window_signature(decisions, count, "lendex-rrmm", "ES-001", "T30-01");
        cr_expect(eq(i64, found ? found->n : 0, histories[i].holds), "%s", histories[i].decisions);
        cr_expect(gw_window_signature(decisions, count, "lendex-rrmm", "ES-002", "T30-01") == NULL);
    }
}

/* ---- its rows ---- */

static size_t all_rows(const struct gw_rows *rows)
{
    size_t count = 0;

    for (int t = 0; t < GW_TABLE_COUNT; t++)
        count += rows->tables[t].count;
    return count;
}

/* The seal is over them all, and with them in the place of all rows a window is held in the same way. */
Test(seal, needs_the_rows_of_its_windows_alone)
{
    const char *const asked[] = {"T30-01"};
    char seal[GW_SEAL_BYTES], again[GW_SEAL_BYTES];
    struct gw_rows needed;
    struct gw_error err;
    size_t rows, same;

    for (int i = 0; i < 40; i++)
        subject_add_lab(&s, gw_arena_print(&s.arena, "o%d", i), WBC,
                        gw_arena_print(&s.arena, "2024-03-15T08:%02d:00+01:00", i), "4.0");
    deliver();
    cr_assert(gw_window_seal(&delivered, "T30-01", seal, &rows, &err) == GW_OK);
    cr_assert(gw_window_rows(&s.arena, &delivered, asked, 1, &needed, &err) == GW_OK);
    cr_assert(gw_window_seal(&needed, "T30-01", again, &same, &err) == GW_OK);
    cr_expect(eq(str, seal, again));
    cr_expect(eq(sz, same, rows));
    cr_expect(lt(sz, all_rows(&needed), all_rows(&delivered) - 60), "%zu of %zu", all_rows(&needed),
              all_rows(&delivered));
    sign("T30-01");
    signatures[0].rows = needed;
    value_of_the_next_window();
    deliver();
    expect_text("held", values("T30-01"), AS_SIGNED);
    expect_text("told", told(), ASKS);
    subject_expect_context(&s, ASKS, "\"why\":\"amended\"");
    subject_expect(&s, "w", "held " ASKS);
}
