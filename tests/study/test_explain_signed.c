/*
 * A signed window explained: what the study database has, what is known now, and that a person is asked.
 */
#include "gateway/study/explain.h"
#include "study/signed_desk.h"
#include "support/explained.h"

TestSuite(explain_signed, .init = start, .fini = stop);

static struct explained e;

static void explain(const char *row_id)
{
    e = (struct explained){.subject = &s, .input = subject_input(&s)};
    e.in = (struct gw_explain_input){.subject = &e.input, .derived = &s.derived, .delivered = &delivered};
    explained_row(&e, row_id);
}

static void expect_says(const char *words)
{
    cr_expect(explained_says(&e, words), "\"%s\" is not among: %s", words, explained_sentences(&e));
}

static void expect_asked(void)
{
    cr_assert(eq(sz, e.told.item_count, 1));
    expect_text("asked", e.told.items[0]->code, ASKS);
    expect_says(gw_arena_print(&s.arena, "casement exceptions decide %s accept, or keep", e.told.items[0]->id));
}

/* The id of the row of a value; NULL: none. */
static const char *row_of(const struct gw_rows *rows, const char *value)
{
    const struct gw_row_list *list = &rows->tables[GW_TABLE_observations];

    for (size_t i = 0; i < list->count; i++)
        if (gw_same(((const struct gw_row_observations *)list->rows[i])->value_num, value))
            return list->rows[i]->row_id;
    cr_assert(false, "no row has %s", value);
    return NULL;
}

Test(explain_signed, tells_both_values_of_one_that_was_amended)
{
    sign_and_amend();
    explain(row_of(&delivered, "5.1"));
    expect_text("answer", e.told.answer, "PRESENT");
    expect_says("It stands because window T30-01 is signed: by what is known now it would say value_num 5.9 (stands: "
                "5.1)");
    expect_asked();
    cr_expect(not(explained_says(&e, "the next pass delivers")), "%s", explained_sentences(&e));
    explain(row_of(&delivered, "0.7"));
    cr_expect(not(explained_has_topic(&e, "held")), "the other value of the window does not wait");
}

Test(explain_signed, tells_that_a_value_would_be_gone)
{
    deliver();
    sign("T30-01");
    rejected_value();
    deliver();
    explain(row_of(&delivered, "5.1"));
    expect_text("answer", e.told.answer, "PRESENT");
    expect_says("It stands because window T30-01 is signed: by what is known now it would be gone.");
    expect_asked();
}

Test(explain_signed, tells_of_a_late_value_what_it_says_and_that_nobody_has_it)
{
    const char *row_id;

    deliver();
    sign("T30-01");
    late_value();
    subject_derive(&s);
    row_id = row_of(&s.derived.rows, "6.2");
    deliver();
    explain(row_id);
    expect_text("answer", e.told.answer, "HELD");
    expect_says("The study database does not have it: it is new in window T30-01, which is signed.");
    expect_says("6.2");
    expect_asked();
}

Test(explain_signed, tells_of_the_window_and_of_what_was_decided_about_it)
{
    deliver();
    sign("T30-01");
    longer_windows();
    deliver();
    explain("ES-001@T30-01");
    expect_says("by what is known now it would say high 36 (stands: 35)");
    expect_asked();
    answer("keep", change_asked());
    deliver();
    explain("ES-001@T30-01");
    expect_says("A person decided to keep the window as it was signed.");
    cr_expect(eq(sz, e.told.item_count, 0));
}
