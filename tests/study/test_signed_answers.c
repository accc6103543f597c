/*
 * What a person answers about a signed window that would change: accepted it flows, kept it stays, undone it is as
 * before.
 */
#include "study/signed_desk.h"

TestSuite(signed_answers, .init = start, .fini = stop);

Test(signed_answers, tell_old_and_new_before_anything_changes)
{
    sign_and_amend();
    subject_expect_context(&s, ASKS, "\"windows\":\"T30-01\"");
    subject_expect_context(&s, ASKS, "signed by dm1 would change");
    subject_expect_context(&s, ASKS, "\"column\":\"value_num\",\"was\":\"5.1\",\"is\":\"5.9\"");
    expect_text("blocks", subject_item(&s, ASKS)->blocks, "R");
    cr_expect(eq(sz, subject_items(&s, ASKS), 1));
}

/* The version that was signed is the one that stands, with its lineage. */
Test(signed_answers, keep_the_version_that_was_signed_delivered)
{
    size_t delivered_parts = 0, held = 0;

    sign_and_amend();
    for (size_t i = 0; i < s.derived.part_count; i++)
        if (strcmp(s.facts[s.derived.parts[i].fact].id, "w") == 0) {
            delivered_parts += s.derived.parts[i].state == GW_STATE_DELIVERED;
            held += s.derived.parts[i].state == GW_STATE_HELD;
        }
    cr_expect(eq(sz, delivered_parts, 1));
    cr_expect(eq(sz, held, 1));
}

Test(signed_answers, follow_their_sources_again_once_the_change_is_accepted)
{
    int64_t accepted;

    sign_and_amend();
    accepted = answer("accept", change_asked());
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 5.9*");
    expect_text("told", told(), "CORRECTION_AFTER_PUSH;SIGNED_CHANGED resolved");
    subject_expect(&s, "w", "delivered");
    add_version("w", WBC, "amended", "2024-02-12", "6.0");
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 6.0*");
    undo(accepted);
    deliver();
    expect_text("as signed again", values("T30-01"), AS_SIGNED);
}

Test(signed_answers, stay_when_they_are_kept_and_ask_only_about_another_change)
{
    const char *first;

    sign_and_amend();
    first = change_asked();
    answer("keep", first);
    deliver();
    expect_text("values", values("T30-01"), AS_SIGNED);
    expect_text("told", told(), "SIGNED_CHANGED resolved");
    subject_expect(&s, "w", "held " ASKS);
    add_version("w", WBC, "amended", "2024-02-12", "6.0");
    deliver();
    expect_text("values", values("T30-01"), AS_SIGNED);
    expect_text("told", told(), ASKS);
    cr_expect(ne(str, (char *)change_asked(), (char *)first));
    amended_value();
    deliver();
    expect_text("what was kept once is kept", told(), "SIGNED_CHANGED resolved");
}

Test(signed_answers, follow_their_sources_when_the_signature_is_undone)
{
    sign_and_amend();
    undo(1);
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 5.9*");
    expect_text("told", told(), "CORRECTION_AFTER_PUSH");
}

Test(signed_answers, hold_what_was_signed_last)
{
    sign_and_amend();
    answer("accept", change_asked());
    deliver();
    sign("T30-01");
    add_version("w", WBC, "amended", "2024-02-12", "6.0");
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 5.9*");
    subject_expect(&s, "w", "held " ASKS);
}

Test(signed_answers, show_a_value_once_when_an_answer_is_taken_back)
{
    int64_t accepted;

    deliver();
    sign("T30-01");
    value_of_the_next_window();
    deliver();
    accepted = answer("accept", change_asked());
    deliver();
    expect_text("moved", values("T30-02"), "WBC 5.1*");
    undo(accepted);
    deliver();
    expect_text("as signed", values("T30-01"), AS_SIGNED);
    expect_text("and nowhere else", values("T30-02"), "");
}
