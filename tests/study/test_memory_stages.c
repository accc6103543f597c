/*
 * Memory that ends within one stage or another: subjects that show much and take little memory, each derived with a
 * little more of it until it is enough.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/refusal.h"
#include "support/whole.h"

#define STEP 40

static struct subject s;
static struct scratch scratch;

static void start(void)
{
    whole_init(&s, &scratch);
}

static void stop(void)
{
    whole_release(&s, &scratch);
}

TestSuite(memory_stages, .init = start, .fini = stop, .timeout = 120);

static void expect_refusals(void)
{
    cr_expect(gt(sz, refusal_sweep(refusal_derive, &s, STEP, 0), 500));
    subject_derive(&s);
}

Test(memory_stages, end_with_a_sentence_in_doses_and_cycles)
{
    whole_add_course(&s);
    expect_refusals();
    cr_expect(gt(sz, subject_count(&s, GW_TABLE_exposures), 4));
    cr_expect(gt(sz, subject_count(&s, GW_TABLE_cycles), 2));
}

Test(memory_stages, end_with_a_sentence_in_parameters)
{
    whole_add_course(&s);
    whole_add_parameters(&s);
    expect_refusals();
    cr_expect(gt(sz, subject_count(&s, GW_TABLE_derived), 40));
}

Test(memory_stages, end_with_a_sentence_in_events)
{
    whole_add_course(&s);
    whole_add_events(&s);
    expect_refusals();
    cr_expect(gt(sz, subject_count(&s, GW_TABLE_ae_episodes), 5));
}

Test(memory_stages, end_with_a_sentence_in_what_people_are_asked)
{
    whole_add_course(&s);
    whole_add_questions(&s);
    expect_refusals();
    cr_expect(gt(sz, s.derived.item_count, 5));
}

Test(memory_stages, end_with_a_sentence_in_what_people_decided)
{
    whole_add_course(&s);
    whole_add_events(&s);
    whole_add_questions(&s);
    whole_add_decisions(&s);
    expect_refusals();
    cr_expect(gt(sz, s.derived.resolution_count, 5));
}
