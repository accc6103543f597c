/*
 * What the study database answered: which question it makes, what the question names, and how long a decision holds.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/core/json.h"
#include "support/subject.h"

#define WBC "6690-2" /* leukocytes: a row in T30-01, and evidence of no event */

static struct subject s;
static struct gw_rows delivered;
static struct gw_refusal refusal;
static const char *row_id;

/* As a pass does it. */
static void deliver(void)
{
    struct gw_error err;

    subject_derive(&s);
    cr_assert(gw_identify(&s.arena, &delivered, &s.derived.rows, &err) == GW_OK);
    cr_assert(gw_history(&delivered, &s.derived, &err) == GW_OK);
    delivered = s.derived.rows;
}

static const struct gw_row *ours(void)
{
    return gw_rows_find(&delivered, GW_TABLE_observations, row_id);
}

static void start(void)
{
    subject_init(&s);
    delivered = (struct gw_rows){0};
    subject_add_patient(&s, "female", "1950-03-01");
    subject_add_visit(&s, "e", "2024-02-14");
    subject_add_lab(&s, "v", WBC, "2024-02-14", "5.3");
    deliver();
    row_id = subject_observation(&s, "v", "T30-01")->row_id;
    refusal = (struct gw_refusal){.kind = GW_REFUSAL_TOUCHED,
                                  .table = GW_TABLE_observations,
                                  .subject_key = "ES-001",
                                  .row_id = row_id,
                                  .reason = "",
                                  .stands = "77ab"};
    s.refusals = &refusal;
    s.refusal_count = 1;
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(refused, .init = start, .fini = stop);

/* Ours as the database would say it, but for one column. */
static const char *typed_over(const char *column, const char *cell)
{
    const struct gw_table *table = gw_table_of(GW_TABLE_observations);
    const char *json = "", *text;
    char buffer[16];

    for (size_t i = 0; i < table->column_count; i++) {
        text = strcmp(table->columns[i].name, column) == 0 ? cell : gw_row_cell(table, ours(), i, buffer);
        if (!text)
            json = gw_arena_print(&s.arena, "%s,\"%s\":null", json, table->columns[i].name);
        else if (table->columns[i].type == GW_COLUMN_boolean)
            json = gw_arena_print(&s.arena, "%s,\"%s\":true", json, table->columns[i].name);
        else
            json = gw_arena_print(&s.arena, "%s,\"%s\":\"%s\"", json, table->columns[i].name, text);
    }
    return gw_arena_print(&s.arena, "{%s}", json + 1);
}

static void withdraw_ours(void)
{
    s.delivery++;
    subject_add(
        &s, "{'resourceType':'Observation','id':'v','status':'entered-in-error','subject':{'reference':'Patient/p1'},"
            "'code':{'coding':[{'system':'http://loinc.org','code':'" WBC "'}]},'effectiveDateTime':'2024-02-14'}");
}

static void correct_ours(void)
{
    s.delivery++;
    subject_add(&s,
                "{'resourceType':'Observation','id':'v','status':'corrected','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'" WBC "'}]},'effectiveDateTime':'2024-02-14',"
                "'valueQuantity':{'value':6.1,'unit':'10*9/L','system':'http://unitsofmeasure.org','code':'10*9/L'}}");
}

static const struct gw_item *item(void)
{
    for (size_t i = 0; i < s.derived.item_count; i++)
        if (strcmp(s.derived.items[i].code, "TARGET_CHANGED") == 0 ||
            strcmp(s.derived.items[i].code, "PUSH_REJECTED") == 0)
            return &s.derived.items[i];
    return NULL;
}

static const char *says(const char *member)
{
    const cJSON *context = NULL;
    const char *text = item()->context;

    cr_assert(gw_json_parse(&s.arena, text, strlen(text), NULL, &context, NULL, NULL) == GW_OK, "%s", text);
    return gw_json_string(context, member) ? gw_json_string(context, member) : "";
}

/* "open", "in_review decision:1" ... of the study's row about an item. */
static const char *state_of(const char *id)
{
    const struct gw_row_exceptions *row =
        id ? (const struct gw_row_exceptions *)gw_rows_find(&delivered, GW_TABLE_exceptions, id) : NULL;

    return !row              ? "none"
           : row->resolution ? gw_arena_print(&s.arena, "%s %s", row->state, row->resolution)
                             : row->state;
}

/* As the command line makes it of the exception that was shown. */
static void decide(const char *kind, const char *answer)
{
    const char *stood = says("stood");

    subject_decide(&s, kind, "",
                   gw_arena_print(&s.arena, "{'%s':true,'row':'%s','item':'%s'%s%s%s}", answer, says("row"), item()->id,
                                  *stood ? ",'stood':'" : "", stood, *stood ? "'" : ""));
}

static int64_t answered(void)
{
    return s.derived.answer_count ? s.derived.answers[0].decision : 0;
}

/* ---- what is asked ---- */

Test(refused, names_the_row_its_columns_and_both_sides)
{
    refusal.theirs = typed_over("value_num", "9.9");
    deliver();
    cr_assert(item() != NULL);
    expect_text("code", item()->code, "TARGET_CHANGED");
    expect_text("row", says("row"), gw_arena_print(&s.arena, "observations/%s", row_id));
    expect_text("table", says("table"), "observations");
    expect_text("columns", says("columns"), "value_num");
    expect_text("ours", says("ours"), "value_num 5.3");
    expect_text("theirs", says("theirs"), "value_num 9.9");
    expect_text("rows",
                ((const struct gw_row_exceptions *)gw_rows_find(&delivered, GW_TABLE_exceptions, item()->id))->of_rows,
                row_id);
    refusal.theirs = typed_over("unit", NULL);
    deliver();
    expect_text("emptied", says("theirs"), "unit is empty");
    refusal.reason = "missing";
    refusal.stands = "";
    refusal.theirs = NULL;
    deliver();
    expect_text("deleted", says("theirs"), "deleted");
    cr_expect(strstr(says("note"), "deleted the row"));
}

Test(refused, shows_all_of_a_row_that_was_not_taken)
{
    refusal = (struct gw_refusal){.kind = GW_REFUSAL_REJECTED,
                                  .table = GW_TABLE_observations,
                                  .subject_key = "ES-001",
                                  .row_id = row_id,
                                  .reason = "SQLSTATE 23514",
                                  .stands = ""};
    deliver();
    expect_text("code", item()->code, "PUSH_REJECTED");
    cr_expect(strstr(says("note"), "SQLSTATE 23514"));
    cr_expect(strstr(says("ours"), "concept WBC; ") && strstr(says("ours"), "value_num 5.3"), "%s", says("ours"));
    expect_text("nothing of theirs", says("theirs"), "");
}

Test(refused, shows_the_beginning_of_a_long_text_and_cuts_no_character)
{
    char wide[400] = "";

    for (int i = 0; i < 100; i++)
        strcat(wide, i ? "\xe2\x82\xac" : "x");
    refusal.theirs = typed_over("value_text", wide);
    deliver();
    cr_expect(strstr(says("theirs"), "...") && strlen(says("theirs")) < 150, "%s", says("theirs"));
    cr_expect(strlen(strstr(says("theirs"), " x") + 1) == 1 + 39 * 3 + 3, "%s", says("theirs"));
}

/* ---- what was decided ---- */

enum event { NOTHING, OURS_CHANGES, THEIRS_CHANGES, NOTED_AGAIN, WITHDRAWN, UNDONE };

static void happen(enum event event)
{
    if (event == OURS_CHANGES)
        correct_ours();
    if (event == WITHDRAWN)
        withdraw_ours();
    if (event == THEIRS_CHANGES)
        refusal.stands = "88cd";
    if (event == THEIRS_CHANGES || event == NOTED_AGAIN) /* after the decision */
        refusal.decided = 1;
    if (event == UNDONE)
        subject_decide_json(&s, "{'n':2,'at':'2024-12-02T10:00:00Z','by':'dm1','reason':'wrong','kind':'undo',"
                                "'scope':'study:lendex-rrmm','match':{'subject':'ES-001'},'set':{},"
                                "'approved_by':null,'undoes':1}");
}

/* before: the item that was decided about; now: the one that is asked, if it is another. */
static const struct {
    const char *name;
    enum gw_refusal_kind kind;
    const char *answer;
    enum event event;
    const char *before, *now;
    int64_t sent; /* by this decision */
} cases[] = {
    {"kept", GW_REFUSAL_TOUCHED, "keep_theirs", NOTHING, "resolved decision:1", "none", 0},
    {"kept, then ours is another", GW_REFUSAL_TOUCHED, "keep_theirs", OURS_CHANGES, "resolved decision:1", "open", 0},
    {"kept, then typed over again", GW_REFUSAL_TOUCHED, "keep_theirs", THEIRS_CHANGES, "resolved decision:1", "open",
     0},
    {"kept, put right, and the same typed again", GW_REFUSAL_TOUCHED, "keep_theirs", NOTED_AGAIN, "resolved decision:1",
     "open", 0},
    {"kept, then ours is withdrawn", GW_REFUSAL_TOUCHED, "keep_theirs", WITHDRAWN, "resolved decision:1", "open", 0},
    {"kept, and taken back", GW_REFUSAL_TOUCHED, "keep_theirs", UNDONE, "open", "open", 0},
    {"restored", GW_REFUSAL_TOUCHED, "restore_ours", NOTHING, "in_review decision:1", "in_review decision:1", 1},
    {"restored with what ours is by now", GW_REFUSAL_TOUCHED, "restore_ours", OURS_CHANGES, "none",
     "in_review decision:1", 1},
    {"to be restored, but typed over again", GW_REFUSAL_TOUCHED, "restore_ours", THEIRS_CHANGES, "none", "open", 0},
    {"restored once: the same was typed again", GW_REFUSAL_TOUCHED, "restore_ours", NOTED_AGAIN, "none", "open", 0},
    {"to be restored, and ours is withdrawn", GW_REFUSAL_TOUCHED, "restore_ours", WITHDRAWN, "none",
     "in_review decision:1", 1},
    {"to be restored, and taken back", GW_REFUSAL_TOUCHED, "restore_ours", UNDONE, "open", "open", 0},
    {"sent again", GW_REFUSAL_REJECTED, "resend", NOTHING, "in_review decision:1", "in_review decision:1", 1},
    {"sent again as it is by now", GW_REFUSAL_REJECTED, "resend", OURS_CHANGES, "in_review decision:1",
     "in_review decision:1", 1},
    {"sent again, and refused again", GW_REFUSAL_REJECTED, "resend", NOTED_AGAIN, "open", "open", 0},
    {"to be sent again, and withdrawn", GW_REFUSAL_REJECTED, "resend", WITHDRAWN, "none", "none", 0},
    {"to be sent again, and taken back", GW_REFUSAL_REJECTED, "resend", UNDONE, "open", "open", 0},
};

Test(refused, does_what_was_decided_as_long_as_that_is_what_was_decided_about)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *id;

        if (i > 0) {
            stop();
            start();
        }
        refusal.kind = cases[i].kind;
        if (cases[i].kind == GW_REFUSAL_REJECTED) {
            refusal.reason = "SQLSTATE 23514";
            refusal.stands = "";
        }
        deliver();
        id = item()->id;
        expect_text(cases[i].name, state_of(id), "open");
        decide(cases[i].kind == GW_REFUSAL_REJECTED ? "resend" : "target", cases[i].answer);
        happen(cases[i].event);
        deliver();
        expect_text(cases[i].name, state_of(id), cases[i].before);
        expect_text(cases[i].name, state_of(item() ? item()->id : NULL), cases[i].now);
        cr_expect(answered() == cases[i].sent, "%s: %lld", cases[i].name, (long long)answered());
    }
}

Test(refused, resolves_by_the_decision_what_was_carried_out)
{
    const char *id;

    deliver();
    id = item()->id;
    decide("target", "restore_ours");
    deliver();
    refusal.answer = 1;
    deliver();
    cr_expect(s.derived.answer_count == 0, "it is said once");
    s.refusal_count = 0; /* the receipt came */
    deliver();
    expect_text("done", state_of(id), "resolved decision:1");
    cr_expect(item() == NULL);
    s.refusal_count = 1; /* and somebody types the same over it again */
    refusal.decided = 1;
    refusal.answer = 0;
    deliver();
    expect_text("done", state_of(id), "resolved decision:1");
    cr_assert(item() != NULL);
    cr_expect(strcmp(item()->id, id) != 0, "another question");
    expect_text("asked anew", state_of(item()->id), "open");
}

Test(refused, sends_a_whole_cause_again_once_two_people_said_so)
{
    refusal.kind = GW_REFUSAL_REJECTED;
    refusal.reason = "SQLSTATE 23514";
    refusal.stands = "";
    subject_decide(&s, "resend", "PUSH_REJECTED|madrid||||observations", "{'resend':true}");
    refusal.decided = 0;
    deliver();
    cr_expect(answered() == 1);
    expect_text("under way", state_of(item()->id), "in_review decision:1");
    refusal.decided = 1;
    deliver();
    cr_expect(answered() == 0, "what is refused after that is asked anew");
    s.decisions[0].approved_by = "dm1";
    refusal.decided = 0;
    deliver();
    cr_expect(answered() == 0, "the author's own approval is none");
}

/* It is about no row, whatever else it names. */
Test(refused, takes_an_answer_to_a_cause_that_names_an_item_for_one_to_the_cause)
{
    refusal.kind = GW_REFUSAL_REJECTED;
    refusal.reason = "SQLSTATE 23514";
    refusal.stands = "";
    subject_decide(&s, "resend", "PUSH_REJECTED|madrid||||observations", "{'resend':true,'item':'x1'}");
    deliver();
    cr_expect(answered() == 1);
}

Test(refused, asks_nothing_of_what_both_sides_do_not_have)
{
    withdraw_ours();
    refusal.reason = "missing";
    refusal.stands = "";
    refusal.answer = 7;
    deliver();
    cr_expect(item() == NULL);
    cr_expect(s.derived.answer_count == 1 && s.derived.answers[0].decision == 0, "nothing is to be sent any more");
}

Test(refused, tells_nothing_of_the_exceptions_own_rows)
{
    refusal.table = GW_TABLE_exceptions;
    deliver();
    cr_expect(item() == NULL);
}

Test(refused, takes_only_answers_that_name_their_question)
{
    cr_expect(!subject_may_decide(&s, "target", "", "{'keep_theirs':true}"));
    cr_expect(!subject_may_decide(&s, "target", "", "{'row':'observations/o','item':'x','stood':'a/b'}"));
    cr_expect(!subject_may_decide(&s, "target", "TARGET_CHANGED|madrid||||observations",
                                  "{'keep_theirs':true,'row':'observations/o','item':'x','stood':'a/b'}"));
    cr_expect(!subject_may_decide(&s, "resend", "", "{'resend':true}"));
    cr_expect(subject_may_decide(&s, "resend", "", "{'resend':true,'row':'observations/o','item':'x'}"));
    cr_expect(subject_may_decide(&s, "resend", "PUSH_REJECTED|madrid||||observations", "{'resend':true}"));
}
