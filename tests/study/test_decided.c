/*
 * Decisions about results, one at a time: what changes by each, what by its undoing, and which of several is in force.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/subject.h"

#define ANC          "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]}"
#define LOCAL        "'code':{'coding':[{'system':'urn:lab','code':'ANC-K','display':'Neutrophils'}]}"
#define FEBRUARY     "'effectiveDateTime':'2024-02-14'"
#define IN_UCUM(v)   "'valueQuantity':{'value':" v ",'system':'http://unitsofmeasure.org','code':'10*9/L'}"
#define NO_UNIT      "UNIT_MISSING|madrid|http://loinc.org|751-8||"
#define UNKNOWN_CODE "CODE_UNKNOWN|madrid|urn:lab|ANC-K||"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_patient(&s, "female", "1950-03-01");
    subject_add_visit(&s, "e1", "2024-02-14");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(decided, .init = start, .fini = stop);

static void again(void)
{
    stop();
    start();
}

static void add(const char *id, const char *members)
{
    subject_add(&s, "{'resourceType':'Observation','id':'%s',%s'subject':{'reference':'Patient/p1'},%s}", id,
                strstr(members, "'status'") ? "" : "'status':'final',", members);
}

/* ---- each kind ---- */

static const struct {
    const char *name;
    const char *members; /* of an Observation */
    const char *before;  /* its state without the decision */
    const char *kind, *match, *set;
    const char *after, *value; /* its state with it, and value_num or value_text in T30-01; "" where there is no row */
} cases[] = {
    {"a local code is mapped", LOCAL "," IN_UCUM("1.2") "," FEBRUARY, "held CODE_UNKNOWN", "code", UNKNOWN_CODE,
     "{'loinc':'751-8'}", "delivered", "1.2"},
    {"a local code is mapped for one result", LOCAL "," IN_UCUM("1.2") "," FEBRUARY, "held CODE_UNKNOWN", "code",
     "Observation/v", "{'loinc':'751-8'}", "delivered", "1.2"},
    {"a local code is mapped to a LOINC code of no row", LOCAL "," IN_UCUM("1.2") "," FEBRUARY, "held CODE_UNKNOWN",
     "code", UNKNOWN_CODE, "{'loinc':'72166-2'}", "not_in_scope NOT_LISTED", ""},
    {"a local code is ignored", LOCAL "," IN_UCUM("1.2") "," FEBRUARY, "held CODE_UNKNOWN", "code", UNKNOWN_CODE,
     "{'ignore':true}", "not_in_scope IGNORED", ""},
    {"an ignored code between windows stays there", LOCAL "," IN_UCUM("1.2") ",'effectiveDateTime':'2024-02-25'",
     "outside_window BETWEEN_WINDOWS", "code", UNKNOWN_CODE, "{'ignore':true}", "outside_window BETWEEN_WINDOWS", ""},
    {"another code is not touched", LOCAL "," IN_UCUM("1.2") "," FEBRUARY, "held CODE_UNKNOWN", "code",
     "CODE_UNKNOWN|madrid|urn:lab|ANC-L||", "{'loinc':'751-8'}", "held CODE_UNKNOWN", ""},
    {"of two concepts one is chosen",
     "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'},{'system':'http://"
     "loinc.org','code':'777-3'}]}," IN_UCUM("1.2") "," FEBRUARY,
     "held CODE_CONFLICT", "code", "Observation/v", "{'loinc':'751-8'}", "delivered", "1.2"},
    {"a unit is set", ANC ",'valueQuantity':{'value':1200}," FEBRUARY, "held UNIT_MISSING", "unit", NO_UNIT,
     "{'unit':'/uL'}", "delivered", "1.200"},
    {"a unit that the row does not take", ANC ",'valueQuantity':{'value':1200}," FEBRUARY, "held UNIT_MISSING", "unit",
     NO_UNIT, "{'unit':'mg/dL'}", "held UNIT_UNKNOWN", ""},
    {"a number without a unit is ignored", ANC ",'valueQuantity':{'value':1200}," FEBRUARY, "held UNIT_MISSING", "unit",
     NO_UNIT, "{'ignore':true}", "not_in_scope IGNORED", ""},
    {"a spelling is a unit", ANC ",'valueQuantity':{'value':1.2,'unit':'x10E3'}," FEBRUARY, "held UNIT_UNKNOWN", "unit",
     "UNIT_UNKNOWN|madrid|http://loinc.org|751-8|x10E3|", "{'unit':'10*3/uL'}", "delivered", "1.2"},
    {"of two units one is chosen",
     ANC ",'valueQuantity':{'value':1200,'unit':'10*3/uL','system':"
         "'http://unitsofmeasure.org','code':'/uL'}," FEBRUARY,
     "held UNIT_CONFLICT", "unit", "UNIT_CONFLICT|madrid|http://loinc.org|751-8|/uL|", "{'unit':'/uL'}", "delivered",
     "1.200"},
    {"an implausible value is accepted", ANC "," IN_UCUM("2100") "," FEBRUARY, "held VALUE_IMPLAUSIBLE", "value",
     "Observation/v", "{'accept':true}", "delivered", "2100"},
    {"an implausible value has another unit", ANC "," IN_UCUM("2100") "," FEBRUARY, "held VALUE_IMPLAUSIBLE", "unit",
     "Observation/v", "{'unit':'/uL'}", "delivered", "2.100"},
    {"an implausible value is rejected", ANC "," IN_UCUM("2100") "," FEBRUARY, "held VALUE_IMPLAUSIBLE", "value",
     "Observation/v", "{'reject':true}", "not_in_scope REJECTED", ""},
    {"a good value is rejected", ANC "," IN_UCUM("2.1") "," FEBRUARY, "delivered", "value", "Observation/v",
     "{'reject':true}", "not_in_scope REJECTED", ""},
    {"a phrase is a number", ANC ",'valueString':' Not detectable '," FEBRUARY, "held VALUE_TYPE", "value",
     "VALUE_TYPE|madrid|http://loinc.org|751-8||", "{'phrase':'not detectable','value':'0'}", "delivered", "0"},
    {"a phrase is a limit", ANC ",'valueString':'not detectable'," FEBRUARY, "held VALUE_TYPE", "value",
     "VALUE_TYPE|madrid|http://loinc.org|751-8||", "{'phrase':'not detectable','value':'<0.1'}", "delivered", "0.1"},
    {"another phrase is not", ANC ",'valueString':'clotted'," FEBRUARY, "held VALUE_TYPE", "value",
     "VALUE_TYPE|madrid|http://loinc.org|751-8||", "{'phrase':'not detectable','value':'0'}", "held VALUE_TYPE", ""},
    {"a day is set", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2024-02'", "held PARTIAL_DATE", "place",
     "Observation/v", "{'date':'2024-02-15'}", "delivered", "2.1"},
    {"a day between windows is set", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2024-02'", "held PARTIAL_DATE",
     "place", "Observation/v", "{'date':'2024-02-25'}", "outside_window BETWEEN_WINDOWS", ""},
    {"a window is assigned", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2024-02'", "held PARTIAL_DATE", "place",
     "Observation/v", "{'window':'T30-01'}", "delivered", "2.1"},
    {"a window that there is none of", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2024-02'", "held PARTIAL_DATE",
     "place", "Observation/v", "{'window':'T30-99'}", "held PARTIAL_DATE", ""},
    {"a partial date is dropped", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2024-02'", "held PARTIAL_DATE", "place",
     "Observation/v", "{'drop':true}", "not_in_scope DROPPED", ""},
    {"a missing day is set", ANC "," IN_UCUM("2.1"), "held DATE_MISSING", "place", "Observation/v",
     "{'date':'2024-02-14'}", "delivered", "2.1"},
    {"results without a date are dropped", ANC "," IN_UCUM("2.1"), "held DATE_MISSING", "place",
     "DATE_MISSING|madrid||||", "{'drop':true}", "not_in_scope DROPPED", ""},
    {"results of an issue date are dropped", ANC "," IN_UCUM("2.1") ",'issued':'2024-02-14T08:00:00Z'", "delivered",
     "place", "DATE_FROM_ISSUED|madrid||||", "{'drop':true}", "not_in_scope DROPPED", ""},
    {"a day to come is corrected", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2025-01-09'", "held FUTURE_DATE",
     "place", "Observation/v", "{'date':'2024-02-14'}", "delivered", "2.1"},
    {"times without an offset are the site's", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2024-02-14T10:00:00'",
     "held TIME_WITHOUT_OFFSET", "place", "TIME_WITHOUT_OFFSET|madrid||||", "{'zone':'site'}", "delivered", "2.1"},
    {"one time without an offset is the site's", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2024-02-14T10:00:00'",
     "held TIME_WITHOUT_OFFSET", "place", "Observation/v", "{'zone':'site'}", "delivered", "2.1"},
    {"an unknown status is accepted", "'status':'unknown'," ANC "," IN_UCUM("2.1") "," FEBRUARY, "held STATUS_UNKNOWN",
     "status", "STATUS_UNKNOWN|madrid||||", "{'accept':true}", "delivered", "2.1"},
    {"an unknown status is refused", "'status':'unknown'," ANC "," IN_UCUM("2.1") "," FEBRUARY, "held STATUS_UNKNOWN",
     "status", "Observation/v", "{'refuse':true}", "not_in_scope STATUS_REFUSED", ""},
    {"a modifier is supported",
     "'modifierExtension':[{'url':'urn:x','valueBoolean':true}]," ANC "," IN_UCUM("2.1") "," FEBRUARY,
     "held MODIFIER_EXTENSION", "status", "MODIFIER_EXTENSION|madrid|http://loinc.org|751-8||", "{'accept':true}",
     "delivered", "2.1"},
    {"a modifier is refused",
     "'modifierExtension':[{'url':'urn:x','valueBoolean':true}]," ANC "," IN_UCUM("2.1") "," FEBRUARY,
     "held MODIFIER_EXTENSION", "status", "MODIFIER_EXTENSION|madrid|http://loinc.org|751-8||", "{'refuse':true}",
     "not_in_scope STATUS_REFUSED", ""},
    {"a hospital's results show contacts", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2024-03-15'",
     "outside_window NO_CONTACT", "contact", "NO_CONTACT|madrid||||", "{'inferred':true}", "delivered", ""},
    {"one result shows a contact", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2024-03-15'",
     "outside_window NO_CONTACT", "contact", "Observation/v", "{'inferred':true}", "delivered", ""},
    {"a window was missed", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2024-03-15'", "outside_window NO_CONTACT",
     "contact", "NO_CONTACT|madrid||||", "{'missed':true}", "outside_window NO_CONTACT", ""},
    {"one text is a number", ANC ",'valueString':'none seen'," FEBRUARY, "held VALUE_TYPE", "value", "Observation/v",
     "{'value':'0.0'}", "delivered", "0.0"},
};

static const char *value_in_february(const char *id)
{
    const struct gw_row_observations *row = subject_observation(&s, id, "T30-01");

    return !row ? "" : row->value_num ? row->value_num : row->value_text;
}

Test(decided, does_what_the_person_said)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        again();
        add("v", cases[i].members);
        subject_derive(&s);
        expect_text(cases[i].name, subject_state(&s, "v"), cases[i].before);
        subject_decide(&s, cases[i].kind, cases[i].match, cases[i].set);
        subject_derive(&s);
        expect_text(cases[i].name, subject_state(&s, "v"), cases[i].after);
        expect_text(cases[i].name, value_in_february("v"), cases[i].value);
    }
}

Test(decided, takes_everything_back_with_an_undo_and_gives_it_again_when_that_is_undone)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        again();
        add("v", cases[i].members);
        subject_decide(&s, cases[i].kind, cases[i].match, cases[i].set);
        subject_decide_json(&s, "{'n':2,'at':'2024-12-02T10:00:00Z','by':'dm1','reason':'slip','kind':'undo',"
                                "'scope':'site:madrid','match':null,'set':{},'undoes':1}");
        subject_derive(&s);
        expect_text(cases[i].name, subject_state(&s, "v"), cases[i].before);
        cr_expect(eq(sz, s.derived.resolution_count, 0), "%s", cases[i].name);
        subject_decide_json(&s, "{'n':3,'at':'2024-12-03T10:00:00Z','by':'dm1','reason':'no slip','kind':'undo',"
                                "'scope':'site:madrid','match':null,'set':{},'undoes':2}");
        subject_derive(&s);
        expect_text(cases[i].name, subject_state(&s, "v"), cases[i].after);
    }
}

Test(decided, enables_a_row_that_nobody_verified)
{
    const struct gw_lab *labs, *row = NULL;
    const size_t count = gw_tables_labs(s.tables, &labs);
    char members[500], match[100];

    for (size_t i = 0; i < count && !row; i++)
        if (!labs[i].verified && labs[i].unit && labs[i].group == GW_LAB_G30_G90)
            row = &labs[i];
    if (!row)
        cr_skip("every row of the tables is verified");
    snprintf(members, sizeof members,
             "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'valueQuantity':{'value':1,'system':"
             "'http://unitsofmeasure.org','code':'%s'}," FEBRUARY,
             row->loinc, row->unit);
    snprintf(match, sizeof match, "CODE_UNVERIFIED|madrid|http://loinc.org|%s||", row->loinc);
    add("v", members);
    subject_derive(&s);
    subject_expect(&s, "v", "held CODE_UNVERIFIED");
    subject_decide(&s, "code", match, "{'enable':true}");
    subject_derive(&s);
    subject_expect(&s, "v", "delivered");
}

/* ---- what a state does not show ---- */

Test(decided, reads_a_time_without_an_offset_on_the_clock_of_the_site)
{
    add("v", ANC "," IN_UCUM("2.1") ",'effectiveDateTime':'2024-02-14T10:00:00'");
    subject_decide(&s, "place", "TIME_WITHOUT_OFFSET|madrid||||", "{'zone':'site'}");
    subject_derive(&s);
    expect_text("date", subject_observation(&s, "v", "T30-01")->effective_start, "2024-02-14T10:00:00+01:00");
    cr_expect(eq(sz, subject_items(&s, "TIME_WITHOUT_OFFSET"), 0));
}

Test(decided, accepts_issue_dates_and_windows_that_were_missed_without_another_word)
{
    add("v", ANC "," IN_UCUM("2.1") ",'issued':'2024-02-14T08:00:00Z'");
    add("w", ANC "," IN_UCUM("2.2") ",'effectiveDateTime':'2024-03-15'");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "DATE_FROM_ISSUED"), 1));
    cr_expect(eq(sz, subject_items(&s, "NO_CONTACT"), 1));
    subject_decide(&s, "place", "DATE_FROM_ISSUED|madrid||||", "{'accept':true}");
    subject_decide(&s, "contact", "NO_CONTACT|madrid||||", "{'missed':true}");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "DATE_FROM_ISSUED"), 0));
    cr_expect(eq(sz, subject_items(&s, "NO_CONTACT"), 0));
    subject_expect(&s, "v", "delivered");
    subject_expect(&s, "w", "outside_window NO_CONTACT");
}

Test(decided, merges_or_keeps_what_may_be_one_result)
{
    static const struct {
        const char *set, *state;
    } answers[] = {{"{'merge':true}", "unchanged DUPLICATE"}, {"{'keep':true}", "delivered"}};

    for (size_t i = 0; i < 2; i++) {
        again();
        add("v", ANC "," IN_UCUM("2.1") "," FEBRUARY);
        add("w", ANC "," IN_UCUM("2.1") "," FEBRUARY);
        subject_derive(&s);
        subject_expect(&s, "w", "held DUPLICATE_SUSPECT");
        subject_decide(&s, "duplicate", i ? "Observation/w" : "DUPLICATE_SUSPECT|madrid||||", answers[i].set);
        subject_derive(&s);
        subject_expect(&s, "v", "delivered");
        subject_expect(&s, "w", answers[i].state);
        cr_expect(eq(sz, subject_items(&s, "DUPLICATE_SUSPECT"), 0));
    }
}

Test(decided, drops_the_part_it_names_and_no_other)
{
    subject_add(
        &s,
        "{'resourceType':'Observation','id':'count','status':'final','subject':{'reference':'Patient/p1'},"
        "'code':{'coding':[{'system':'http://loinc.org','code':'58410-2'}]}," FEBRUARY ",'component':["
        "{'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},'valueQuantity':{'value':2.1,'unit':'10*9/"
        "L'}},{'code':{'coding':[{'system':'http://loinc.org','code':'777-3'}]},'valueQuantity':{"
        "'value':80,'unit':'10*9/L'}}]}");
    subject_derive(&s);
    subject_expect_part(&s, "count", 0, "delivered");
    subject_expect_part(&s, "count", 1, "delivered");
    subject_decide(&s, "place", "Observation/count#component[1]", "{'drop':true}");
    subject_derive(&s);
    subject_expect_part(&s, "count", 0, "delivered");
    subject_expect_part(&s, "count", 1, "not_in_scope DROPPED");
}

Test(decided, grades_by_the_range_a_person_named)
{
    static const struct {
        const char *set;
        int grade;
    } ranges[] = {{"{'unit':'10*9/L','low':'150','high':'400'}", 1}, {"{'unit':'/uL','low':'130000'}", 0}};
    const struct gw_row_observations *row;

    for (size_t i = 0; i < 2; i++) {
        again();
        add("v", "'code':{'coding':[{'system':'http://loinc.org','code':'777-3'}]}," IN_UCUM("140") "," FEBRUARY);
        subject_derive(&s);
        expect_text("without", subject_observation(&s, "v", "T30-01")->grade_flag, "unknown01");
        cr_expect(eq(sz, subject_items(&s, "RANGE_MISSING"), 1));
        subject_decide(&s, "range", "RANGE_MISSING|madrid|http://loinc.org|777-3||", ranges[i].set);
        subject_derive(&s);
        row = subject_observation(&s, "v", "T30-01");
        expect_text("with", row->grade_flag, "exact");
        expect_text("origin", row->range_origin, "site");
        cr_expect(eq(int, row->grade, ranges[i].grade));
        cr_expect(eq(sz, s.derived.item_count, 0));
    }
}

Test(decided, takes_the_grade_a_person_gave_where_a_comparator_leaves_it_open)
{
    const struct gw_row_observations *row;

    add("v", ANC ",'valueQuantity':{'value':1.5,'comparator':'<','system':'http://unitsofmeasure.org',"
                 "'code':'10*9/L'}," FEBRUARY);
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "COMPARATOR_AMBIGUOUS"), 1));
    cr_expect(subject_observation(&s, "v", "T30-01")->grade == GW_NULL_INTEGER);
    subject_decide(&s, "grade", "Observation/v", "{'grade':2}");
    subject_derive(&s);
    row = subject_observation(&s, "v", "T30-01");
    cr_expect(eq(int, row->grade, 2));
    expect_text("direction", row->grade_direction, "LOW");
    cr_expect(eq(sz, s.derived.item_count, 0));
}

/* ---- what is said of it ---- */

Test(decided, stands_in_the_provenance_and_in_the_exception_that_it_answered)
{
    const struct gw_row_observations *row;
    const struct gw_row_list *exceptions = &s.derived.rows.tables[GW_TABLE_exceptions];
    const struct gw_row_exceptions *exception;
    const struct gw_item *item;

    add("v", LOCAL ",'valueQuantity':{'value':1200}," FEBRUARY);
    subject_derive(&s);
    item = subject_item(&s, "CODE_UNKNOWN");
    cr_assert(item != NULL);
    subject_decide(&s, "code", UNKNOWN_CODE, "{'loinc':'751-8'}");
    subject_decide(&s, "unit", "UNIT_MISSING|madrid|urn:lab|ANC-K||", "{'unit':'/uL'}");
    subject_derive(&s);
    row = subject_observation(&s, "v", "T30-01");
    cr_assert(row != NULL);
    expect_text("source code", row->source_code, "ANC-K");
    expect_text("source value", row->source_value, "1200");
    expect_text("rules", subject_rules(&s, row->row_id), "CTCAE 5.0:ANC:2;decision:1;decision:2;flags;units;windows");
    cr_expect(eq(sz, s.derived.item_count, 0));
    cr_assert(eq(sz, s.derived.resolution_count, 2));
    cr_assert(eq(sz, exceptions->count, 2));
    for (size_t i = 0; i < 2; i++) {
        exception = (const struct gw_row_exceptions *)exceptions->rows[i];
        expect_text("state", exception->state, "resolved");
        expect_text("rows", exception->of_rows, row->row_id);
        expect_text(exception->code, exception->resolution,
                    strcmp(exception->code, "CODE_UNKNOWN") == 0 ? "decision:1" : "decision:2");
        if (strcmp(exception->code, "CODE_UNKNOWN") == 0)
            expect_text("the item that was open", exception->row_id, item->id);
    }
}

/* ---- which of several ---- */

static void add_without_unit(void)
{
    add("v", ANC ",'valueQuantity':{'value':1200}," FEBRUARY);
    add("w", ANC ",'valueQuantity':{'value':1300},'effectiveDateTime':'2024-02-15'");
}

Test(decided, follows_the_later_of_two_and_a_single_record_before_its_cause)
{
    add_without_unit();
    subject_decide(&s, "unit", "Observation/w", "{'unit':'10*3/mL'}");
    subject_decide(&s, "unit", NO_UNIT, "{'unit':'10*9/L'}");
    subject_decide(&s, "unit", NO_UNIT, "{'unit':'/uL'}");
    subject_derive(&s);
    expect_text("by the later rule", value_in_february("v"), "1.200");
    subject_expect(&s, "w", "held UNIT_UNKNOWN");
}

#define RULE(n, by, approved, unit)                                                                                    \
    "{'n':" n ",'at':'2024-12-01T10:00:00Z','by':'" by "','reason':'r','kind':'unit','scope':'site:madrid',"           \
    "'match':{'fingerprint':'" NO_UNIT "'},'set':{'unit':'" unit "'},'approved_by':" approved "}"
#define APPROVAL(n, by, of)                                                                                            \
    "{'n':" n ",'at':'2024-12-01T10:00:00Z','by':'" by "','reason':'r','kind':'approve','scope':'site:madrid',"        \
    "'match':null,'set':{'decision':" of "}}"
#define UNDO(n, of)                                                                                                    \
    "{'n':" n ",'at':'2024-12-01T10:00:00Z','by':'dm1','reason':'r','kind':'undo','scope':'site:madrid',"              \
    "'match':null,'set':{},'undoes':" of "}"

static const struct {
    const char *name;
    const char *decisions[4];
    const char *value, *value_when_authors_approve;
} approvals[] = {
    {"nobody approved", {RULE("1", "dm1", "null", "/uL")}, "", ""},
    {"with it, another person", {RULE("1", "dm1", "'dm2'", "/uL")}, "1.200", "1.200"},
    {"with it, the author", {RULE("1", "dm1", "'dm1'", "/uL")}, "", "1.200"},
    {"later, another person", {RULE("1", "dm1", "null", "/uL"), APPROVAL("2", "dm2", "1")}, "1.200", "1.200"},
    {"later, the author", {RULE("1", "dm1", "null", "/uL"), APPROVAL("2", "dm1", "1")}, "", "1.200"},
    {"another decision", {RULE("1", "dm1", "null", "/uL"), APPROVAL("3", "dm2", "2")}, "", ""},
    {"an approval that was undone",
     {RULE("1", "dm1", "null", "/uL"), APPROVAL("2", "dm2", "1"), UNDO("3", "2")},
     "",
     ""},
    {"a rule that was undone after all",
     {RULE("1", "dm1", "null", "/uL"), APPROVAL("2", "dm2", "1"), UNDO("3", "1")},
     "",
     ""},
    {"a later rule waits while the earlier acts",
     {RULE("1", "dm1", "'dm2'", "/uL"), RULE("2", "dm1", "null", "/L")},
     "1.200",
     "1.200"},
};

Test(decided, lets_a_rule_act_when_a_second_person_approved)
{
    for (size_t i = 0; i < sizeof approvals / sizeof approvals[0]; i++)
        for (int authors = 0; authors < 2; authors++) {
            again();
            add_without_unit();
            s.author_approves = authors;
            for (size_t d = 0; d < 4 && approvals[i].decisions[d]; d++)
                subject_decide_json(&s, approvals[i].decisions[d]);
            subject_derive(&s);
            expect_text(approvals[i].name, value_in_february("v"),
                        authors ? approvals[i].value_when_authors_approve : approvals[i].value);
        }
}

#define SCOPED(scope, print)                                                                                           \
    "{'n':1,'at':'2024-12-01T10:00:00Z','by':'dm1','reason':'r','kind':'unit','scope':'" scope "',"                    \
    "'match':{'fingerprint':'" print "'},'set':{'unit':'/uL'},'approved_by':'dm2'}"

Test(decided, acts_where_its_scope_reaches)
{
    static const struct {
        const char *name, *json;
        bool acts;
    } scopes[] = {
        {"its endpoint", SCOPED("endpoint:madrid", NO_UNIT), true},
        {"another endpoint", SCOPED("endpoint:madrid-2", NO_UNIT), false},
        {"its site", SCOPED("site:madrid", NO_UNIT), true},
        {"another site", SCOPED("site:essen", NO_UNIT), false},
        {"its study, made at another site", SCOPED("study:lendex-rrmm", "UNIT_MISSING|essen|http://loinc.org|751-8||"),
         true},
        {"another study", SCOPED("study:elra", NO_UNIT), false},
        {"its site, a cause of another", SCOPED("site:madrid", "UNIT_MISSING|essen|http://loinc.org|751-8||"), false},
    };

    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        again();
        add_without_unit();
        subject_decide_json(&s, scopes[i].json);
        subject_derive(&s);
        expect_text(scopes[i].name, value_in_february("v"), scopes[i].acts ? "1.200" : "");
    }
}

Test(decided, passes_over_what_was_decided_about_another_subject)
{
    add_without_unit();
    subject_decide_json(&s, "{'n':1,'at':'2024-12-01T10:00:00Z','by':'dm1','reason':'r','kind':'unit',"
                            "'scope':'study:lendex-rrmm','match':{'subject':'ES-002','endpoint':'madrid','type':"
                            "'Observation','id':'v'},'set':{'unit':'/uL'}}");
    subject_derive(&s);
    subject_expect(&s, "v", "held UNIT_MISSING");
}

/* ---- order ---- */

Test(decided, gives_the_same_whatever_the_order_of_the_list)
{
    struct gw_text first = GW_TEXT_INIT(1 << 20), other = GW_TEXT_INIT(1 << 20);

    add_without_unit();
    subject_decide_json(&s, RULE("1", "dm1", "'dm2'", "10*9/L"));
    subject_decide_json(&s, RULE("2", "dm1", "null", "/uL"));
    subject_decide_json(&s, APPROVAL("3", "dm2", "2"));
    subject_decide_json(&s, UNDO("4", "1"));
    subject_decide(&s, "value", "Observation/w", "{'reject':true}");
    subject_derive(&s);
    gw_rows_write(&s.derived.rows, &first);
    for (size_t turn = 1; turn < s.decision_count; turn++) {
        const struct gw_decision moved = s.decisions[0];

        memmove(s.decisions, s.decisions + 1, (s.decision_count - 1) * sizeof moved);
        s.decisions[s.decision_count - 1] = moved;
        subject_derive(&s);
        gw_text_clear(&other);
        gw_rows_write(&s.derived.rows, &other);
        cr_expect(strcmp(other.at, first.at) == 0, "turned %zu times", turn);
    }
    gw_text_release(&first);
    gw_text_release(&other);
}
