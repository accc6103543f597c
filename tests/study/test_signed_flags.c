/*
 * Flags where a window was signed: a value that waits takes none with it, and one whose bearer went is given to the
 * best of the values that stand.
 *
 * Targets: T30-01 14 February, T30-02 15 March. So of T30-02 a value of 14 March (1 day off) is closer than one of 12
 * March (3 days off); grades of ANC with a range from 1.5: 0.7 is 3, 1.2 is 2, 2.5 is 0.
 */
#include "study/signed_desk.h"

TestSuite(signed_flags, .init = start, .fini = stop);

/* "5.1 123": closest, worst and last. */
static const char *flags(const char *window, const char *concept)
{
    const struct gw_row_list *list = &delivered.tables[GW_TABLE_observations];
    const char *texts[16];
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_observations *row = (const struct gw_row_observations *)list->rows[i];

        if (!gw_same(row->window_id, window) || !gw_same(row->concept, concept))
            continue;
        cr_assert(lt(sz, count, 16));
        texts[count++] = gw_arena_print(&s.arena, "%s %s%s%s", row->value_num, row->anl01 ? "1" : "",
                                        row->anl02 ? "2" : "", row->anl03 ? "3" : "");
    }
    qsort(texts, count, sizeof *texts, by_text);
    return count ? gw_arena_join(&s.arena, ';', texts, count) : "";
}

/* The lineage of a row that bears one names the rule. */
static void expect_rule_where_borne(const char *what)
{
    const struct gw_row_list *list = &delivered.tables[GW_TABLE_observations];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_observations *row = (const struct gw_row_observations *)list->rows[i];
        const bool borne = row->anl01 || row->anl02 || row->anl03;
        const char *rules = subject_rules(&s, row->row_id);

        if (borne)
            cr_expect(strstr(rules, "flags") != NULL, "%s: %s of %s names %s", what, row->value_num, row->window_id,
                      rules);
    }
}

static void expect_stable(const char *what)
{
    expect_rule_where_borne(what);
    deliver();
    cr_expect(eq(sz, difference.count, 0), "%s: the next derivation says the same", what);
}

/* "w" would be the closest and the last of T30-02; it stays in T30-01, so the others of T30-02 keep theirs. */
Test(signed_flags, stay_with_an_unsigned_window_while_a_value_that_would_come_waits)
{
    subject_add_lab(&s, "x", WBC, "2024-03-12", "4.0");
    subject_add_lab(&s, "y", WBC, "2024-03-11", "3.0");
    deliver();
    expect_text("before", flags("T30-02", "WBC"), "3.0 2;4.0 13");
    sign("T30-01");
    value_of_the_next_window();
    deliver();
    expect_text("signed", flags("T30-01", "WBC"), "5.1 123");
    expect_text("not signed", flags("T30-02", "WBC"), "3.0 2;4.0 13");
    expect_stable("held");
    answer("accept", change_asked());
    deliver();
    expect_text("accepted", flags("T30-02", "WBC"), "3.0 2;4.0 ;5.1 13");
}

/* The same where nothing of T30-02 was delivered before. */
Test(signed_flags, are_given_to_new_values_of_an_unsigned_window_too)
{
    deliver();
    sign("T30-01");
    value_of_the_next_window();
    subject_add_lab(&s, "x", WBC, "2024-03-12", "4.0");
    deliver();
    expect_text("not signed", flags("T30-02", "WBC"), "4.0 123");
    expect_stable("held");
}

/*
 * T30-01 has ANC 0.7 of the 14th (closest, worst) and 1.2 of the 16th (last). The first is withdrawn: the second has
 * all three flags. Then that one is amended, and stays as it was signed, with them.
 */
Test(signed_flags, of_a_withdrawn_value_go_to_those_that_stay_whatever_else_is_held)
{
    subject_add_lab(&s, "m", ANC, "2024-02-16", "1.2");
    deliver();
    expect_text("before", flags("T30-01", "ANC"), "0.7 12;1.2 3");
    sign("T30-01");
    add_version("n", ANC, "entered-in-error", "2024-02-14", "0.7");
    deliver();
    expect_text("withdrawn", flags("T30-01", "ANC"), "1.2 123");
    add_version("m", ANC, "amended", "2024-02-16", "1.3");
    deliver();
    expect_text("held", flags("T30-01", "ANC"), "1.2 123");
    expect_stable("held");
}

/* The two at once: whether a pass came between makes no difference. */
Test(signed_flags, are_the_same_however_many_passes_it_took)
{
    subject_add_lab(&s, "m", ANC, "2024-02-16", "1.2");
    deliver();
    sign("T30-01");
    add_version("n", ANC, "entered-in-error", "2024-02-14", "0.7");
    add_version("m", ANC, "amended", "2024-02-16", "1.3");
    deliver();
    expect_text("held", flags("T30-01", "ANC"), "1.2 123");
    expect_stable("held");
}

/*
 * 1.2 of the 16th and 1.4 of the 18th stay. By the values as they stand the worst of them is 1.2 (grade 2, as 1.4 is,
 * and lower), though it was amended to 2.5 since.
 */
Test(signed_flags, judge_by_the_values_that_stand)
{
    subject_add_lab(&s, "m", ANC, "2024-02-16", "1.2");
    subject_add_lab(&s, "o", ANC, "2024-02-18", "1.4");
    deliver();
    expect_text("before", flags("T30-01", "ANC"), "0.7 12;1.2 ;1.4 3");
    sign("T30-01");
    add_version("n", ANC, "entered-in-error", "2024-02-14", "0.7");
    add_version("m", ANC, "amended", "2024-02-16", "2.5");
    deliver();
    expect_text("held", flags("T30-01", "ANC"), "1.2 12;1.4 3");
    expect_stable("held");
}

/* "x" of T30-02 turns out to be of 16 February: it stands where it was until a person says so, and bears what it bore.
 */
Test(signed_flags, and_values_stay_in_the_unsigned_window_that_a_value_would_leave_for_a_signed_one)
{
    subject_add_lab(&s, "x", WBC, "2024-03-14", "4.0");
    subject_add_lab(&s, "y", WBC, "2024-03-12", "3.0");
    deliver();
    expect_text("before", flags("T30-02", "WBC"), "3.0 2;4.0 13");
    sign("T30-01");
    add_version("x", WBC, "corrected", "2024-02-16", "4.0");
    deliver();
    expect_text("signed", flags("T30-01", "WBC"), "5.1 123");
    expect_text("not signed", flags("T30-02", "WBC"), "3.0 2;4.0 13");
    expect_text("told", told(), ASKS);
    subject_expect(&s, "x", "held " ASKS);
    expect_stable("held");
    answer("accept", change_asked());
    deliver();
    expect_text("accepted", flags("T30-01", "WBC"), "4.0 123;5.1 ");
    expect_text("left", flags("T30-02", "WBC"), "3.0 123");
}

/* Withdrawn while it waits: it leaves where it stood. */
Test(signed_flags, follow_a_withdrawal_of_a_value_that_would_have_come)
{
    subject_add_lab(&s, "x", WBC, "2024-03-14", "4.0");
    subject_add_lab(&s, "y", WBC, "2024-03-12", "3.0");
    deliver();
    sign("T30-01");
    add_version("x", WBC, "corrected", "2024-02-16", "4.0");
    deliver();
    add_version("x", WBC, "entered-in-error", "2024-02-16", "4.0");
    deliver();
    expect_text("signed", flags("T30-01", "WBC"), "5.1 123");
    expect_text("not signed", flags("T30-02", "WBC"), "3.0 123");
    expect_text("told", told(), "WITHDRAWN_AFTER_PUSH");
}
