/*
 * Answers to questionnaires: one flat list of items, whatever their nesting.
 */
#include "fhir/facts.h"

static const char *const kinds[] = {"other", "integer", "decimal", "boolean", "string", "coding"};

/* "a=integer 3;b;": each item with its answers, in order. */
static void print_items(const struct gw_questionnaire_response *got, char *out, size_t room)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < got->item_count; i++) {
        used += (size_t)snprintf(out + used, room - used, "%s", or_dash(got->items[i].link_id));
        for (size_t a = 0; a < got->items[i].answer_count; a++) {
            const struct gw_response_answer *answer = &got->items[i].answers[a];

            used += (size_t)snprintf(out + used, room - used, "%s%s", a ? "," : "=", kinds[answer->kind]);
            if (answer->kind == GW_RESPONSE_CODING)
                used += (size_t)snprintf(out + used, room - used, " %s|%s", or_dash(answer->coding.system),
                                         or_dash(answer->coding.code));
            else if (answer->kind != GW_RESPONSE_OTHER)
                used += (size_t)snprintf(out + used, room - used, " %s", or_dash(answer->text));
        }
        used += (size_t)snprintf(out + used, room - used, ";");
    }
}

#define ANSWER(id, value) "{'linkId':'" id "','text':'the question','answer':[{" value "}]}"

static const struct {
    const char *name;
    const char *items;
    const char *expected;
} cases[] = {
    {"none", "'item':[]", ""},
    {"not even a list", "'item':null", ""},
    {"a whole number", "'item':[" ANSWER("1", "'valueInteger':3") "]", "1=integer 3;"},
    {"a decimal as written", "'item':[" ANSWER("1", "'valueDecimal':3.50") "]", "1=decimal 3.50;"},
    {"yes and no", "'item':[" ANSWER("1", "'valueBoolean':true") "," ANSWER("2", "'valueBoolean':false") "]",
     "1=boolean true;2=boolean false;"},
    {"a text", "'item':[" ANSWER("1", "'valueString':'none'") "]", "1=string none;"},
    {"an empty text", "'item':[" ANSWER("1", "'valueString':''") "]", "1=string -;"},
    {"a code", "'item':[" ANSWER("1", "'valueCoding':{'system':'urn:oid:2.16.840.1.113883.6.1','code':'LA6568-5'}") "]",
     "1=coding http://loinc.org|LA6568-5;"},
    {"what is not read",
     "'item':[" ANSWER("1", "'valueDate':'2024-02-14'") "," ANSWER("2", "'valueQuantity':{'value':1}") "," ANSWER(
         "3", "'valueReference':7") "]",
     "1=other;2=other;3=other;"},
    {"no value", "'item':[" ANSWER("1", "'extension':[]") "]", "1=other;"},
    {"several answers", "'item':[{'linkId':'1','answer':[{'valueInteger':1},{'valueInteger':2}]}]",
     "1=integer 1,integer 2;"},
    {"left out", "'item':[{'linkId':'1'},{'linkId':'2','answer':[]}]", "1;2;"},
    {"no linkId", "'item':[{'answer':[{'valueInteger':1}]}]", "-=integer 1;"},
    {"a group",
     "'item':[{'linkId':'g','item':[" ANSWER("1", "'valueInteger':1") "," ANSWER(
         "2", "'valueInteger':2") "]"
                                  "}," ANSWER("3", "'valueInteger':3") "]",
     "g;1=integer 1;2=integer 2;3=integer 3;"},
    {"groups in groups",
     "'item':[{'linkId':'a','item':[{'linkId':'b','item':[{'linkId':'c','item':[" ANSWER(
         "d", "'valueInteger':4") "]}]},{'linkId':'e'}]}]",
     "a;b;c;d=integer 4;e;"},
    {"below an answer, before what is below its item",
     "'item':[{'linkId':'1','item':[{'linkId':'1.9'}],'answer':[{'valueBoolean':true,'item':[" ANSWER(
         "1.1", "'valueInteger':1") "]},{'valueBoolean':false,'item':[{'linkId':'1.2'}]}]}]",
     "1=boolean true,boolean false;1.1=integer 1;1.2;1.9;"},
};

Test(questionnaire_response, has_its_answers_in_one_list)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reading reading;
        char got[300];

        reading_with(&reading, "QuestionnaireResponse", cases[i].items);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", cases[i].name, reading.err.text);
        print_items(&reading.fact.questionnaire_response, got, sizeof(got));
        cr_expect(eq(str, got, (char *)cases[i].expected), "%s", cases[i].name);
        reading_release(&reading);
    }
}

static const struct {
    const char *name;
    const char *identifier;
} releases[] = {{"R4", "{'value':'17'}"}, {"R5", "[{'value':'17'}]"}};

Test(questionnaire_response, says_to_which_questionnaire_when_and_where)
{
    for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
        struct reading reading;
        const struct gw_questionnaire_response *got = &reading.fact.questionnaire_response;
        char members[400];

        snprintf(members, sizeof(members),
                 "'identifier':%s,'status':'completed','questionnaire':'http://hm.example/Questionnaire/adl|1.0',"
                 "'encounter':{'reference':'Encounter/e-1'},'authored':'2024-02-14T09:00:00Z','author':7",
                 releases[i].identifier);
        reading_with(&reading, "QuestionnaireResponse", members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", releases[i].name, reading.err.text);
        EXPECT_TEXT(reading.fact.subject.id, "p-1", "subject");
        EXPECT_TEXT(reading.fact.identifiers[0].value, "17", "identifier");
        EXPECT_TEXT(got->questionnaire, "http://hm.example/Questionnaire/adl|1.0", "questionnaire");
        EXPECT_TEXT(got->encounter.id, "e-1", "encounter");
        EXPECT_TEXT(got->authored, "2024-02-14T09:00:00Z", "authored");
        cr_expect(eq(sz, got->item_count, 0));
        reading_release(&reading);
    }
}

/* As deep as the door lets anything be: 2 levels an item below the first. */
Test(questionnaire_response, is_read_to_any_depth_that_the_door_lets_through)
{
    enum { ITEMS = GW_JSON_MAX_DEPTH / 2 - 1 };
    char text[8192] = "{'resourceType':'QuestionnaireResponse','subject':{'reference':'Patient/p'}";
    struct reading reading;

    for (size_t i = 0; i < ITEMS; i++)
        strcat(text, ",'item':[{'linkId':'x'");
    for (size_t i = 0; i < ITEMS; i++)
        strcat(text, "}]");
    strcat(text, "}");
    reading_of(&reading, text);
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    cr_expect(eq(sz, reading.fact.questionnaire_response.item_count, ITEMS));
    reading_release(&reading);
}

Test(questionnaire_response, tells_of_a_modifier_on_any_item_or_answer)
{
    static const char *const items[] = {
        "'item':[{'modifierExtension':[{'url':'urn:x'}]}]",
        "'item':[{'item':[{'modifierExtension':[{'url':'urn:x'}]}]}]",
        "'item':[{'answer':[{'modifierExtension':[{'url':'urn:x'}]}]}]",
        "'item':[{'answer':[{'item':[{'modifierExtension':[{'url':'urn:x'}]}]}]}]",
    };

    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        struct reading reading;

        reading_with(&reading, "QuestionnaireResponse", items[i]);
        cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
        cr_expect(reading.fact.modifier_extension, "%s", items[i]);
        reading_release(&reading);
    }
}

static const struct {
    const char *members;
    const char *text;
} refusals[] = {
    {"'questionnaire':{'reference':'Questionnaire/1'}", "questionnaire: a string is wanted"},
    {"'authored':2024", "authored: a string is wanted"},
    {"'encounter':'e'", "encounter: an object is wanted"},
    {"'item':{}", "item: an array is wanted"},
    {"'item':['1']", "item[0]: an object is wanted"},
    {"'item':[{'linkId':1}]", "item[0].linkId: a string is wanted"},
    {"'item':[{},{'item':{}}]", "item[1].item: an array is wanted"},
    {"'item':[{'item':[{},{'linkId':1}]}]", "item[0].item[1].linkId: a string is wanted"},
    {"'item':[{'answer':{'valueInteger':1}}]", "item[0].answer: an array is wanted"},
    {"'item':[{'answer':[1]}]", "item[0].answer[0]: an object is wanted"},
    {"'item':[{'answer':[{'valueInteger':'1'}]}]", "item[0].answer[0].valueInteger: a whole number is wanted"},
    {"'item':[{'answer':[{'valueInteger':1.0}]}]", "item[0].answer[0].valueInteger: a whole number is wanted"},
    {"'item':[{'answer':[{'valueDecimal':'1'}]}]", "item[0].answer[0].valueDecimal: a number is wanted"},
    {"'item':[{'answer':[{'valueBoolean':'true'}]}]", "item[0].answer[0].valueBoolean: true or false is wanted"},
    {"'item':[{'answer':[{'valueString':1}]}]", "item[0].answer[0].valueString: a string is wanted"},
    {"'item':[{'answer':[{'valueCoding':'a'}]}]", "item[0].answer[0].valueCoding: an object is wanted"},
    {"'item':[{'answer':[{'valueInteger':1,'valueString':'1'}]}]",
     "item[0].answer[0].valueString: the only value is wanted, there are several"},
    {"'item':[{'answer':[{'item':7}]}]", "item[0].answer[0].item: an array is wanted"},
};

Test(questionnaire_response, with_an_element_of_a_wrong_type_is_refused_with_its_path)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct reading reading;
        char text[200];

        snprintf(text, sizeof(text), "QuestionnaireResponse.%s", refusals[i].text);
        reading_with(&reading, "QuestionnaireResponse", refusals[i].members);
        cr_expect(eq(int, reading.rc, GW_EINPUT), "%s", refusals[i].members);
        cr_expect(eq(str, reading.err.text, text));
        reading_release(&reading);
    }
}

Test(questionnaire_response, that_does_not_fit_the_arena_is_a_limit_not_bad_input)
{
    static const char resource[] =
        "{'resourceType':'QuestionnaireResponse','subject':{'reference':'Patient/1'},'item':["
        "{'linkId':'a','answer':[{'valueInteger':1,'item':[{'linkId':'b','answer':[{'valueCoding':{}}]}]}],"
        "'item':[{},{},{},{},{},{},{},{}]}]}";
    struct reading reading;
    size_t full, limit;
    enum gw_status rc = GW_ENOMEM;

    reading_of(&reading, resource);
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    full = reading.arena.used;
    for (limit = full; rc != GW_OK; limit += 8) {
        reading.arena.limit = limit;
        reading.arena.used = full;
        rc = gw_fact_read(&reading.arena, reading.tree, &reading.fact, &reading.err);
        cr_assert(rc == GW_OK || rc == GW_ENOMEM, "%s", reading.err.text);
        cr_assert(limit < full + (1 << 16));
    }
    cr_expect(limit > full + 100, "the limit was met at all");
    cr_expect(eq(sz, reading.fact.questionnaire_response.item_count, 10));
    reading_release(&reading);
}
