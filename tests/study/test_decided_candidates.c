/*
 * Candidates that a person confirmed with words of their own, or made one with another candidate.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 6);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(decided_candidates, .init = start, .fini = stop);

static void add_supposed(const char *id, const char *code, const char *onset, const char *end)
{
    subject_add(&s,
                "{'resourceType':'Condition','id':'%s','subject':{'reference':'Patient/p1'},'verificationStatus':{"
                "'coding':[{'code':'provisional'}]},'onsetDateTime':'%s','abatementDateTime':'%s','code':{'coding':[{"
                "'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'%s'}]}}",
                id, onset, end, code);
}

Test(decided_candidates, carry_the_words_of_who_confirmed_them)
{
    const struct gw_row_ae_episodes *row;

    add_supposed("a", "I82.401", "2024-02-20", "2024-03-01");
    subject_decide(&s, "event", "Condition/a",
                   "{'confirm':true,'subcategory':'a vein of the leg','term':'Deep vein thrombosis','grade':2}");
    subject_derive(&s);
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    row = subject_episode(&s, 0);
    expect_text("category", row->category, "THROMBOEMBOLISM");
    expect_text("subcategory", row->subcategory, "a vein of the leg");
    expect_text("term", row->term, "Deep vein thrombosis");
    cr_expect(eq(int, row->max_grade, 2));
}

#define WITH_A "{'merge_with':{'endpoint':'madrid','type':'Condition','id':'a','part':''}}"

/* b is one with a: there is one question left, that of a, and its answer makes one event of both. */
Test(decided_candidates, are_one_question_where_one_is_merged_with_another)
{
    add_supposed("a", "D70.1", "2024-02-20", "2024-03-01");
    add_supposed("b", "D70.1", "2024-04-20", "2024-05-01");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), 2));
    subject_decide(&s, "event", "Condition/b", WITH_A);
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), 1));
    subject_decide(&s, "event", "Condition/a", "{'confirm':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), 0));
    cr_assert(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 1));
    expect_text("onset", subject_episode(&s, 0)->onset, "2024-02-20");
    expect_text("end", subject_episode(&s, 0)->end, "2024-05-01");
}

/* Merged with what is not there any more: asked again. */
Test(decided_candidates, are_asked_about_again_once_the_other_is_gone)
{
    add_supposed("b", "D70.1", "2024-04-20", "2024-05-01");
    subject_decide(&s, "event", "Condition/b", WITH_A);
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "AE_CANDIDATE"), 1));
}
