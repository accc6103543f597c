/*
 * What a person says of how serious an event is, criterion by criterion.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 5);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(decided_seriousness, .init = start, .fini = stop);

static const struct {
    const char *set;
    bool serious, death, life, hospital, disability, anomaly, other;
} criteria[] = {
    {"{'serious':true,'criteria':['death','disability','anomaly']}", true, true, false, false, true, true, false},
    {"{'serious':true,'criteria':['life','hospital','other']}", true, false, true, true, false, false, true},
    {"{'serious':true}", true, false, false, false, false, false, false},
    {"{'serious':false,'criteria':['death']}", false, false, false, false, false, false, false},
};

Test(decided_seriousness, is_told_by_the_criteria_that_a_person_named)
{
    for (size_t i = 0; i < sizeof criteria / sizeof *criteria; i++) {
        const struct gw_row_ae_episodes *row;

        stop();
        start();
        subject_add_condition(&s, "host", "D70.1", "2024-02-20", "2024-03-01");
        if (!subject_may_decide(&s, "seriousness", "Condition/host", criteria[i].set))
            continue;
        subject_derive(&s);
        row = subject_episode(&s, 0);
        cr_assert(row != NULL);
        cr_expect(eq(int, row->serious, criteria[i].serious), "%s", criteria[i].set);
        cr_expect(eq(int, row->serious_death, criteria[i].death), "%s", criteria[i].set);
        cr_expect(eq(int, row->serious_life, criteria[i].life), "%s", criteria[i].set);
        cr_expect(eq(int, row->serious_hospital, criteria[i].hospital), "%s", criteria[i].set);
        cr_expect(eq(int, row->serious_disability, criteria[i].disability), "%s", criteria[i].set);
        cr_expect(eq(int, row->serious_anomaly, criteria[i].anomaly), "%s", criteria[i].set);
        cr_expect(eq(int, row->serious_other, criteria[i].other), "%s", criteria[i].set);
    }
}
