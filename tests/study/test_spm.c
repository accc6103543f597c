/*
 * Second primary malignancies: only what a person confirmed, once a subject.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/doses.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 10);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(spm, .init = start, .fini = stop);

static void add_cancer(const char *id, const char *code, const char *onset)
{
    subject_add(&s,
                "{'resourceType':'Condition','id':'%s','subject':{'reference':'Patient/p1'},'onsetDateTime':'%s',"
                "'verificationStatus':{'coding':[{'code':'confirmed'}]},"
                "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'%s'}]}}",
                id, onset, code);
}

static void expect_spm(const char *value, const char *text, const char *state)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_derived];
    const struct gw_row_derived *found = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_derived *row = (const struct gw_row_derived *)list->rows[i];

        if (gw_same(row->param, "SPM"))
            found = row;
    }
    cr_assert(found != NULL);
    expect_text("value", found->value, value);
    expect_text("text", found->text, text);
    expect_text("state", found->state, state);
}

Test(spm, is_censored_at_the_last_contact)
{
    subject_derive(&s);
    expect_spm("300", "CENSORED", "derived"); /* the tenth monthly visit */
}

Test(spm, waits_for_a_person)
{
    add_cancer("c1", "C18.2", "2024-05-01");
    subject_derive(&s);
    expect_spm("300", "CENSORED", "unconfirmed");
}

Test(spm, counts_from_the_day_a_person_confirmed)
{
    add_cancer("c1", "C18.2", "2024-05-01"); /* 107 days after D1 */
    subject_decide(&s, "event", "Condition/c1", "{'confirm':true}");
    subject_derive(&s);
    expect_spm("107", "EVENT", "derived");
}

Test(spm, counts_a_skin_cancer_apart)
{
    add_cancer("c1", "C44.3", "2024-05-01");
    subject_decide(&s, "event", "Condition/c1", "{'confirm':true}");
    subject_derive(&s);
    expect_spm("300", "CENSORED", "derived");
}

Test(spm, is_none_where_the_code_is_the_index_disease)
{
    add_cancer("c1", "C90.00", "2024-05-01");
    subject_derive(&s);
    expect_spm("300", "CENSORED", "derived");
}

static const struct {
    const char *name, *first, *second; /* codes of c1 and c2 */
    const char *on_first, *on_second, *days;
} pairs[] = {
    {"in the order of their ids", "C18.2", "C34.1", "2024-04-01", "2024-05-01", "77"},
    {"in the other order", "C18.2", "C34.1", "2024-05-01", "2024-04-01", "77"},
    {"the first counted apart", "C44.3", "C34.1", "2024-04-01", "2024-05-01", "107"},
};

Test(spm, counts_from_the_first_of_several)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        stop();
        start();
        add_cancer("c1", pairs[i].first, pairs[i].on_first);
        add_cancer("c2", pairs[i].second, pairs[i].on_second);
        subject_decide(&s, "event", "Condition/c1", "{'confirm':true}");
        subject_decide(&s, "event", "Condition/c2", "{'confirm':true}");
        subject_derive(&s);
        cr_log_info("%s", pairs[i].name);
        expect_spm(pairs[i].days, "EVENT", "derived");
    }
}

/* A study may count another category the same way: not what is certain by itself, but what a person confirmed. */
Test(spm, counts_no_event_that_nobody_confirmed)
{
    subject_study(&s)->spm.category = "NEUTROPENIA";
    subject_add_lab(&s, "n", "751-8", "2024-02-14", "0.4");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    expect_spm("300", "CENSORED", "derived");
    doses_add(&s, "L03AA02", "A 100 0.3"); /* a growth factor without a count */
    subject_derive(&s);
    expect_spm("300", "CENSORED", "unconfirmed");
    subject_decide(&s, "event", gw_arena_print(&s.arena, "MedicationAdministration/%s", s.facts[s.count - 1].id),
                   "{'confirm':true}");
    subject_derive(&s);
    expect_spm("100", "EVENT", "derived");
}
