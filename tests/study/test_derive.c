/*
 * derive(), one subject at a time: what becomes of each datum, and why.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/subject.h"

#define ANC "751-8"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_patient(&s, "female", "1950-03-01");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(derive, .init = start, .fini = stop);

/* ---- several values in a window: mappings/RULES.md 9, worked ---- */

static const struct {
    const char *name;
    struct {
        const char *effective, *value, *status;
    } values[3];
    int closest, worst, last; /* index of the value flagged; -1: none */
} flags[] = {
    {"closest wins", {{"2024-02-12", "1.2", "final"}, {"2024-02-15", "1.8", "final"}}, 1, 0, 1},
    {"a tie goes to the later", {{"2024-02-13", "1.2", "final"}, {"2024-02-15", "0.9", "final"}}, 1, 1, 1},
    {"the later time of one day",
     {{"2024-02-14T08:00:00+01:00", "1.1", "final"}, {"2024-02-14T17:00:00+01:00", "1.0", "final"}},
     1,
     1,
     1},
    {"preliminary is never flagged", {{"2024-02-14", "0.4", "preliminary"}, {"2024-02-16", "0.8", "final"}}, 1, 1, 1},
    {"entered in error is gone", {{"2024-02-14", "0.2", "entered-in-error"}, {"2024-02-10", "1.6", "final"}}, 1, 1, 1},
    {"a correction counts", {{"2024-02-14", "1.4", "corrected"}, {"2024-02-18", "0.7", "final"}}, 0, 1, 1},
};

static void add_with_status(const char *id, const char *effective, const char *value, const char *status)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'%s','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'" ANC "'}]},'effectiveDateTime':'%s',"
                "'valueQuantity':{'value':%s,'system':'http://unitsofmeasure.org','code':'10*9/L'}}",
                id, status, effective, value);
}

Test(derive, flags_the_closest_the_worst_and_the_last_value_of_a_window)
{
    static const char *const ids[] = {"v0", "v1", "v2"};

    for (size_t c = 0; c < sizeof flags / sizeof flags[0]; c++) {
        stop();
        start();
        subject_add_visit(&s, "e1", "2024-02-14");
        for (size_t i = 0; i < 3 && flags[c].values[i].value; i++)
            add_with_status(ids[i], flags[c].values[i].effective, flags[c].values[i].value, flags[c].values[i].status);
        subject_derive(&s);
        for (int i = 0; i < 3 && flags[c].values[i].value; i++) {
            const struct gw_row_observations *row = subject_observation(&s, ids[i], "T30-01");

            cr_expect(eq(int, row && row->anl01, i == flags[c].closest), "%s: anl01 of %s", flags[c].name, ids[i]);
            cr_expect(eq(int, row && row->anl02, i == flags[c].worst), "%s: anl02 of %s", flags[c].name, ids[i]);
            cr_expect(eq(int, row && row->anl03, i == flags[c].last), "%s: anl03 of %s", flags[c].name, ids[i]);
        }
    }
}

/* ---- rows ---- */

Test(derive, gives_a_value_that_lies_in_both_grids_a_row_in_each)
{
    const struct gw_row_observations *row;

    subject_add_visit(&s, "e1", "2024-04-14");
    subject_add_lab(&s, "v", ANC, "2024-04-13T09:00:00+02:00", "0.50");
    subject_derive(&s);
    subject_expect(&s, "v", "delivered");
    row = subject_observation(&s, "v", "T30-03");
    cr_assert(row != NULL);
    expect_text("value", row->value_num, "0.50");
    expect_text("source value", row->source_value, "0.50");
    expect_text("concept", row->concept, "ANC");
    expect_text("date", row->effective_start, "2024-04-13T09:00:00+02:00");
    expect_text("direction", row->grade_direction, "LOW");
    cr_expect(eq(int, row->grade, 3));
    cr_expect(eq(int, row->elapsed, 89));
    cr_expect(eq(int, row->study_day, 90));
    cr_expect(eq(int, row->target_diff, -1));
    row = subject_observation(&s, "v", "T90-01");
    cr_assert(row != NULL);
    cr_expect(eq(int, row->target_diff, -1));
}

Test(derive, collects_nothing_in_a_window_without_a_routine_contact)
{
    subject_add_lab(&s, "v", ANC, "2024-02-14", "2.0");
    subject_derive(&s);
    subject_expect(&s, "v", "outside_window NO_CONTACT");
    expect_text("window", subject_window(&s, "T30-01")->state, "missed");
    cr_assert(subject_item(&s, "NO_CONTACT") != NULL);
    expect_text("one cause for the hospital", subject_item(&s, "NO_CONTACT")->fingerprint, "NO_CONTACT|madrid||||");
    cr_expect(subject_observation(&s, "v", "T30-01") == NULL);
}

static const struct {
    const char *name, *horizon, *window, *state;
} states[] = {
    {"before it opens", "2024-02-08", "T30-01", "future"},
    {"on its first day", "2024-02-09", "T30-01", "open"},
    {"on its last day", "2024-02-19", "T30-01", "open"},
    {"the day after", "2024-02-20", "T30-01", "missed"},
    {"the baseline needs no contact", "2024-01-15", "BASELINE", "collected"},
};

Test(derive, judges_windows_by_the_horizon_and_says_when_the_answer_changes)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        s.horizon = subject_day(states[i].horizon);
        subject_derive(&s);
        expect_text(states[i].name, subject_window(&s, states[i].window)->state, states[i].state);
        cr_expect(gt(int, s.derived.next_day, s.horizon), "%s", states[i].name);
    }
    s.horizon = subject_day("2024-02-09");
    subject_derive(&s);
    cr_expect(eq(int, s.derived.next_day, subject_day("2024-02-20")));
}

Test(derive, takes_the_contact_closest_to_the_target_and_of_two_the_later)
{
    subject_add_visit(&s, "e1", "2024-02-12");
    subject_add_visit(&s, "e2", "2024-02-16");
    subject_add_visit(&s, "e3", "2024-02-19");
    subject_derive(&s);
    expect_text("contact", subject_window(&s, "T30-01")->contact_date, "2024-02-16");
    subject_expect(&s, "e3", "evidence");
}

Test(derive, leaves_a_value_on_day_one_after_the_first_dose_between_the_windows)
{
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'a1','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'2024-01-15T09:00:00+01:00',"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    subject_add_lab(&s, "before", ANC, "2024-01-15T08:00:00+01:00", "3.0");
    subject_add_lab(&s, "after", ANC, "2024-01-15T10:00:00+01:00", "2.9");
    subject_derive(&s);
    subject_expect(&s, "before", "delivered");
    subject_expect(&s, "after", "outside_window BETWEEN_WINDOWS");
    subject_expect(&s, "a1", "delivered");
}

/* ---- what waits for a person ---- */

static const struct {
    const char *state;
    const char *members; /* of an Observation on 14 February 2024, status final unless it says otherwise */
} held[] = {
    {"delivered", "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                  "'valueQuantity':{'value':1.2,'unit':'K/uL'},'effectiveDateTime':'2024-02-14'"},
    {"held UNIT_MISSING", "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                          "'valueQuantity':{'value':2.1},'effectiveDateTime':'2024-02-14'"},
    {"held UNIT_UNKNOWN", "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                          "'valueQuantity':{'value':2.1,'unit':'x10E3'},'effectiveDateTime':'2024-02-14'"},
    {"held VALUE_IMPLAUSIBLE", "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                               "'valueQuantity':{'value':2100,'system':'http://unitsofmeasure.org','code':'10*9/L'},"
                               "'effectiveDateTime':'2024-02-14'"},
    {"held CODE_UNKNOWN", "'code':{'coding':[{'system':'urn:lab','code':'ANC-K'}]},"
                          "'valueQuantity':{'value':2.1},'effectiveDateTime':'2024-02-14'"},
    {"not_in_scope NOT_LISTED", "'code':{'coding':[{'system':'http://loinc.org','code':'72166-2'}]},"
                                "'valueQuantity':{'value':2.1},'effectiveDateTime':'2024-02-14'"},
    {"not_in_scope NO_VALUE", "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                              "'dataAbsentReason':{'coding':[{'code':'error'}]},'effectiveDateTime':'2024-02-14'"},
    {"held TIME_WITHOUT_OFFSET", "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                                 "'valueQuantity':{'value':2.1},'effectiveDateTime':'2024-02-14T10:00:00'"},
    {"held PARTIAL_DATE", "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                          "'valueQuantity':{'value':2.1},'effectiveDateTime':'2024-02'"},
    {"held DATE_MISSING",
     "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},'valueQuantity':{'value':2.1}"},
    {"outside_window BETWEEN_WINDOWS", "'code':{'coding':[{'system':'urn:lab','code':'ANC-K'}]},"
                                       "'valueQuantity':{'value':2.1},'effectiveDateTime':'2024-02-25'"},
    {"held MODIFIER_EXTENSION", "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                                "'modifierExtension':[{'url':'urn:x','valueBoolean':true}],"
                                "'valueQuantity':{'value':2.1},'effectiveDateTime':'2024-02-14'"},
};

Test(derive, holds_what_it_cannot_decide_and_asks_only_where_a_window_could_use_it)
{
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++) {
        stop();
        start();
        subject_add_visit(&s, "e1", "2024-02-14");
        subject_add(&s,
                    "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},%s}",
                    held[i].members);
        subject_derive(&s);
        expect_text(held[i].members, subject_state(&s, "v"), held[i].state);
        cr_expect(eq(int, s.derived.item_count > 0, strncmp(held[i].state, "held", 4) == 0), "%s", held[i].state);
    }
}

Test(derive, names_the_cause_in_the_fingerprint_and_the_evidence_in_the_context)
{
    const struct gw_item *item;

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add(&s, "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                    "'valueQuantity':{'value':2.10,'unit':'x10E3'},'effectiveDateTime':'2024-02-14'}");
    subject_derive(&s);
    item = subject_item(&s, "UNIT_UNKNOWN");
    cr_assert(item != NULL);
    expect_text("fingerprint", item->fingerprint, "UNIT_UNKNOWN|madrid|http://loinc.org|751-8|x10E3|");
    cr_expect(strstr(item->context, "\"value\":\"2.10\"") != NULL, "%s", item->context);
    cr_expect(strstr(item->context, "T30-01") != NULL, "%s", item->context);
    expect_text("blocks", item->blocks, "R");
}

static void add_quantity(const char *id, const char *loinc, const char *quantity)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'2024-02-14',"
                "'valueQuantity':{%s}}",
                id, loinc, quantity);
}

Test(derive, delivers_a_value_whose_grade_it_cannot_tell_and_asks)
{
    const struct gw_row_observations *row;

    subject_add_visit(&s, "e1", "2024-02-14");
    add_quantity("below", ANC, "'value':1.5,'comparator':'<','system':'http://unitsofmeasure.org','code':'10*9/L'");
    add_quantity("far-below", "777-3",
                 "'value':10,'comparator':'<','system':'http://unitsofmeasure.org','code':'10*9/L'");
    subject_derive(&s);
    subject_expect(&s, "below", "delivered");
    row = subject_observation(&s, "below", "T30-01");
    expect_text("comparator", row->comparator, "<");
    cr_expect(eq(int, row->grade, GW_NULL_INTEGER));
    cr_expect(row->grade_flag == NULL);
    cr_expect(eq(sz, subject_items(&s, "COMPARATOR_AMBIGUOUS"), 1));
    row = subject_observation(&s, "far-below", "T30-01");
    cr_expect(eq(int, row->grade, 4), "every value below 10 is grade 4");
}

Test(derive, s11_gives_no_grade_to_a_preliminary_value)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    add_with_status("v", "2024-02-14", "0.4", "preliminary");
    subject_derive(&s);
    expect_text("status", subject_observation(&s, "v", "T30-01")->status, "provisional");
    cr_expect(eq(int, subject_observation(&s, "v", "T30-01")->grade, GW_NULL_INTEGER));
}

static bool is_keyed(const char *cell, char letter)
{
    return cell && cell[0] == letter && strlen(cell) == 21 && strspn(cell + 1, "0123456789abcdef") == 20;
}

/* Free text in the place of a version, an instant or a sex: any of them could name a patient. */
Test(derive, lets_only_what_has_its_form_cross_the_border)
{
    static const struct {
        const char *meta;
        bool version;
        const char *updated; /* the day in Madrid */
    } cases[] = {
        {"'versionId':'7','lastUpdated':'2024-02-15T08:00:00Z'", true, "2024-02-15"},
        {"'versionId':'a-1.b','lastUpdated':'2024-02-15T23:30:00.123Z'", true, "2024-02-16"},
        {"'versionId':'Ana Ruiz','lastUpdated':'by Dr. Ruiz'", true, NULL},
        {"'lastUpdated':'2024-02-15'", false, NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct gw_row_list *provenance, *subjects;
        size_t seen = 0;

        subject_release(&s);
        subject_init(&s);
        subject_add(&s,
                    "{'resourceType':'Patient','id':'p1','gender':'Sra. Ruiz','birthDate':'1950-03-01','meta':{%s}}",
                    cases[i].meta);
        subject_derive(&s);
        provenance = &s.derived.rows.tables[GW_TABLE_provenance];
        for (size_t j = 0; j < provenance->count; j++) {
            const struct gw_row_provenance *row = (const struct gw_row_provenance *)provenance->rows[j];

            if (!gw_same(row->role, "person"))
                continue;
            seen++;
            cr_expect(eq(int, is_keyed(row->version_id, 'v'), cases[i].version), "%s", row->version_id);
            cr_expect(is_keyed(row->content_sha256, 'b'), "%s", row->content_sha256);
            cr_expect(gw_same(row->last_updated, cases[i].updated) || !(row->last_updated || cases[i].updated), "%zu",
                      i);
        }
        cr_expect(seen == 1, "%zu", seen);
        subjects = &s.derived.rows.tables[GW_TABLE_subjects];
        const struct gw_row_subjects *person = (const struct gw_row_subjects *)subjects->rows[0];
        cr_expect(person->sex == NULL, "%s", person->sex);
    }
}

Test(derive, suggests_the_unit_the_others_came_with)
{
    subject_add_visit(&s, "e1", "2024-02-14");
    add_quantity("a", ANC, "'value':2.1,'unit':'10*9/L'");
    add_quantity("b", ANC, "'value':2.2,'unit':'K/uL'");
    add_quantity("c", ANC, "'value':2.3,'unit':'10*9/L'");
    add_quantity("none", ANC, "'value':2.4");
    add_quantity("alone", "777-3", "'value':200");
    subject_derive(&s);
    cr_assert(eq(sz, subject_items(&s, "UNIT_MISSING"), 2));
    for (size_t i = 0; i < s.derived.item_count; i++) {
        const struct gw_item *item = &s.derived.items[i];

        if (strcmp(item->code, "UNIT_MISSING") == 0)
            expect_text(item->fingerprint, item->suggestion,
                        strstr(item->fingerprint, ANC) ? "{\"unit\":\"10*9/L\",\"because\":\"2 of 3 others\"}" : "");
    }
}

/* ---- who the subject is ---- */

Test(derive, blocks_a_subject_recruited_too_late)
{
    s.line.recruited = subject_day("2024-01-30");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "RECRUITMENT_OUT_OF_WINDOW"), 1));
    s.line.recruited = subject_day("2024-01-29");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "RECRUITMENT_OUT_OF_WINDOW"), 0));
}

Test(derive, asks_about_results_dated_after_death)
{
    s.facts[0].patient.deceased = true;
    s.facts[0].patient.deceased_date = "2024-03-10";
    subject_add_visit(&s, "e1", "2024-03-10");
    subject_add_lab(&s, "on-the-day", ANC, "2024-03-10", "2.0");
    subject_add_lab(&s, "after", ANC, "2024-03-16", "2.0");
    subject_derive(&s);
    subject_expect(&s, "on-the-day", "delivered");
    subject_expect(&s, "after", "held AFTER_DEATH");
}

Test(derive, s16_blocks_a_subject_whose_patient_was_merged_into_one_it_does_not_know)
{
    s.facts[0].patient.replaced_by = "p2";
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_lab(&s, "v", ANC, "2024-02-14", "2.0");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_MERGE"), 1));
    cr_expect(s.derived.blocked);
    subject_expect(&s, "v", "held SUBJECT_MERGE");
    subject_add(&s, "{'resourceType':'Patient','id':'p2','gender':'male','birthDate':'1951-03-01'}");
    subject_derive(&s); /* both have the record number of the roster */
    cr_expect(eq(sz, subject_items(&s, "SUBJECT_MERGE"), 0));
    subject_expect(&s, "v", "delivered");
    expect_text("sex", subject_row(&s)->sex, "male");
}

/* ---- what is read and not used ---- */

#define ABOUT_P1 "'subject':{'reference':'Patient/p1'}"

static const struct {
    const char *resource;
    const char *state;
} unused[] = {
    {"{'resourceType':'DiagnosticReport','id':'x','status':'final'," ABOUT_P1 "}", "not_in_scope NOT_DERIVED"},
    {"{'resourceType':'DiagnosticReport','id':'x','status':'registered'," ABOUT_P1 "}", "not_in_scope NO_VALUE"},
    {"{'resourceType':'DiagnosticReport','id':'x','status':'cancelled'," ABOUT_P1 "}", "retracted"},
    {"{'resourceType':'QuestionnaireResponse','id':'x','status':'in-progress'," ABOUT_P1 "}",
     "not_in_scope STATUS_REFUSED"},
    {"{'resourceType':'AdverseEvent','id':'x','actuality':'potential'," ABOUT_P1 "}", "not_in_scope STATUS_REFUSED"},
    {"{'resourceType':'AdverseEvent','id':'x','status':'entered-in-error'," ABOUT_P1 "}", "retracted"},
};

Test(derive, leaves_alone_what_nothing_uses)
{
    for (size_t i = 0; i < sizeof unused / sizeof unused[0]; i++) {
        stop();
        start();
        subject_add(&s, "%s", unused[i].resource);
        subject_derive(&s);
        expect_text(unused[i].resource, subject_state(&s, "x"), unused[i].state);
    }
}

/* ---- purity ---- */

Test(derive, gives_the_same_bytes_in_whatever_order_the_facts_come)
{
    struct gw_text first = GW_TEXT_INIT(1 << 20), second = GW_TEXT_INIT(1 << 20);

    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_visit(&s, "e2", "2024-03-15");
    subject_add_lab(&s, "v1", ANC, "2024-01-10", "3.1");
    subject_add_lab(&s, "v2", ANC, "2024-02-14", "0.6");
    subject_add_lab(&s, "v3", ANC, "2024-03-01", "0.4");
    subject_add_lab(&s, "v4", ANC, "2024-03-15", "2.4");
    subject_derive(&s);
    gw_rows_write(&s.derived.rows, &first);
    subject_turn(&s);
    subject_derive(&s);
    gw_rows_write(&s.derived.rows, &second);
    cr_expect(gt(sz, first.length, 1000));
    cr_expect(eq(str, first.at, second.at));
    gw_text_release(&first);
    gw_text_release(&second);
}
