/*
 * Decisions about results whose code or value has an unusual form: no coding, a whole number, words, a coded answer.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_visit(&s, "e3", "2024-04-14");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(decided_values, .init = start, .fini = stop);

static void add(const char *day, const char *code, const char *value)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'v','status':'final','subject':{'reference':'Patient/p1'},"
                "'category':[{'coding':[{'code':'laboratory'}]}],'code':{%s},'effectiveDateTime':'%s',%s}",
                code, day, value);
}

#define ANC  "'coding':[{'system':'http://loinc.org','code':'751-8'}]"
#define IFE  "'coding':[{'system':'http://loinc.org','code':'25700-6'}]"
#define IS_2 "'valueQuantity':{'value':2,'system':'http://unitsofmeasure.org','code':'10*9/L'}"

static const struct {
    const char *name, *day, *window, *code, *value;
    const char *kind, *match, *set;
    const char *state, *number, *text, *comparator; /* of the row, where there is one */
} cases[] = {
    {"a code in words alone", "2024-02-14", "T30-01", "'text':'neutrophils'", IS_2, "code", "Observation/v",
     "{'loinc':'751-8'}", "delivered", "2", "", ""},
    {"a code of no system", "2024-02-14", "T30-01", "'coding':[{'display':'neutrophils'}]", IS_2, "code",
     "Observation/v", "{'loinc':'751-8'}", "delivered", "2", "", ""},
    {"mapped to what no row has", "2024-02-14", "T30-01", "'text':'neutrophils'", IS_2, "code", "Observation/v",
     "{'loinc':'11488-4'}", "not_in_scope NOT_LISTED", NULL, NULL, NULL},
    {"enabled, though no row is meant", "2024-02-14", "T30-01", "'text':'neutrophils'", IS_2, "code", "Observation/v",
     "{'enable':true}", "held CODE_UNKNOWN", NULL, NULL, NULL},
    {"a whole number without a unit", "2024-02-14", "T30-01", ANC, "'valueInteger':2", "unit", "Observation/v",
     "{'unit':'10*9/L'}", "delivered", "2", "", ""},
    {"a number with a comparator, without a unit", "2024-02-14", "T30-01", ANC,
     "'valueQuantity':{'value':2,'comparator':'<'}", "unit", "Observation/v", "{'unit':'10*9/L'}", "delivered", "2", "",
     "<"},
    {"a unit that fits no better", "2024-02-14", "T30-01", ANC, "'valueInteger':2", "unit", "Observation/v",
     "{'unit':'mg/dL'}", "held UNIT_UNKNOWN", NULL, NULL, NULL},
    {"words for a number", "2024-02-14", "T30-01", ANC, "'valueString':'hardly any'", "value", "Observation/v",
     "{'value':'<= 0.1'}", "delivered", "0.1", "", "<="},
    {"words for a coded answer", "2024-04-14", "T90-01", IFE, "'valueString':'nothing seen'", "value", "Observation/v",
     "{'value':'negative'}", "delivered", "", "negative", ""},
    {"the words of a code, for all who use them", "2024-02-14", "T30-01", ANC,
     "'valueCodeableConcept':{'coding':[{'system':'urn:hm','code':'N','display':'Hardly any '}]}", "value",
     "VALUE_TYPE|madrid|http://loinc.org|751-8||", "{'phrase':'hardly any','value':'<0.1'}", "delivered", "0.1", "",
     "<"},
    {"the words beside a code go before", "2024-02-14", "T30-01", ANC,
     "'valueCodeableConcept':{'coding':[{'system':'urn:hm','code':'N','display':'x'}],'text':' HARDLY ANY'}", "value",
     "VALUE_TYPE|madrid|http://loinc.org|751-8||", "{'phrase':'hardly any','value':'<0.1'}", "delivered", "0.1", "",
     "<"},
    {"other words", "2024-02-14", "T30-01", ANC, "'valueString':'many'", "value",
     "VALUE_TYPE|madrid|http://loinc.org|751-8||", "{'phrase':'hardly any','value':'<0.1'}", "held VALUE_TYPE", NULL,
     NULL, NULL},
    {"blanks alone", "2024-02-14", "T30-01", ANC, "'valueString':' '", "value",
     "VALUE_TYPE|madrid|http://loinc.org|751-8||", "{'phrase':'hardly any','value':'<0.1'}", "held VALUE_TYPE", NULL,
     NULL, NULL},
};

Test(decided_values, read_a_result_as_a_person_says)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct gw_row_observations *row;

        stop();
        start();
        add(cases[i].day, cases[i].code, cases[i].value);
        subject_decide(&s, cases[i].kind, cases[i].match, cases[i].set);
        subject_derive(&s);
        expect_text(cases[i].name, subject_state(&s, "v"), cases[i].state);
        row = subject_observation(&s, "v", cases[i].window);
        cr_expect(eq(int, row != NULL, cases[i].number != NULL), "%s", cases[i].name);
        if (!row)
            continue;
        expect_text(cases[i].name, row->value_num, cases[i].number);
        expect_text(cases[i].name, row->value_text, cases[i].text);
        expect_text(cases[i].name, row->comparator, cases[i].comparator);
    }
}

/* A decision about another decision that was never made, or about one that is none of the subject's. */
Test(decided_values, take_back_nothing_that_was_not_decided)
{
    subject_add_lab(&s, "v", "751-8", "2024-02-14", "2.0");
    subject_decide_json(&s, "{'n':7,'at':'2026-11-20T20:00:00Z','by':'dm1','reason':'slip','kind':'undo','scope':"
                            "'study:lendex-rrmm','match':null,'set':{},'undoes':3}");
    subject_derive(&s);
    subject_expect(&s, "v", "delivered");
    cr_expect(eq(sz, s.derived.item_count, 0));
}
