/*
 * Every kind of decision about every record and every question of a subject, whether it makes sense there or not. The
 * derivation ends well, each row keeps its lineage, the order of the decisions makes no difference, and taking one back
 * leaves no trace.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "study/decision_parts.h"
#include "support/lineage.h"
#include "support/refusal.h"
#include "support/whole.h"

static struct subject s;
static struct scratch scratch;
static struct gw_text first, second;
static size_t told;

static void start(void)
{
    first = second = (struct gw_text)GW_TEXT_INIT((size_t)16 << 20);
    told = 0;
    whole_init(&s, &scratch);
    whole_add_course(&s);
    whole_add_events(&s);
    whole_add_questions(&s);
}

static void stop(void)
{
    whole_release(&s, &scratch);
    gw_text_release(&first);
    gw_text_release(&second);
}

TestSuite(decided_anything, .init = start, .fini = stop, .timeout = 240);

static void derive(struct gw_text *out, bool lineage)
{
    struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);
    const struct gw_subject_input input = subject_input(&s);
    struct gw_derived derived;
    struct gw_error err;

    cr_assert(gw_derive(&arena, &input, &derived, &err) == GW_OK, "%s", err.text);
    gw_text_clear(out);
    gw_rows_write(&derived.rows, out);
    for (size_t i = 0; i < derived.item_count; i++)
        gw_text_print(out, "%s %s\n", derived.items[i].id, derived.items[i].context);
    if (lineage)
        lineage_check(&derived.rows, &s.rules);
    gw_arena_release(&arena);
}

/* ---- what a decision may say ---- */

static const struct {
    enum gw_decision_member member;
    const char *values[3];
} samples[] = {
    {GW_SET_ANCHOR, {"'EOT'", "'D1'"}},
    {GW_SET_LOINC, {"'777-3'", "'600-7'", "'0-0'"}},
    {GW_SET_ATC, {"'L04AX04'", "'A07DA03'", "'X'"}},
    {GW_SET_VALUE, {"'3.5'", "'positive'", "''"}},
    {GW_SET_PHRASE, {"'clotted'"}},
    {GW_SET_LOW, {"'1.5'"}},
    {GW_SET_HIGH, {"'7.5'"}},
    {GW_SET_DOSE, {"'15'", "'0'"}},
    {GW_SET_UNIT, {"'10*9/L'", "'mg'", "'parsec'"}},
    {GW_SET_WINDOW, {"'T30-01'", "'BASELINE'", "'T99-99'"}},
    {GW_SET_DATE, {"'2024-03-14'", "'2023-12-01'", "'2024-06-20'"}},
    {GW_SET_ZONE, {"'site'"}},
    {GW_SET_MERGE_WITH,
     {"{'endpoint':'madrid','type':'Condition','id':'pneumonia','part':''}",
      "{'endpoint':'madrid','type':'Condition','id':'thrombus','part':''}",
      "{'endpoint':'madrid','type':'Condition','id':'none','part':''}"}},
    {GW_SET_CATEGORY, {"'INFECTION'"}},
    {GW_SET_SUBCATEGORY, {"'URINARY'"}},
    {GW_SET_TERM, {"'a term'"}},
    {GW_SET_ONSET, {"'2024-02-18'"}},
    {GW_SET_END, {"'2024-02-28'"}},
    {GW_SET_GRADE, {"3", "0", "5"}},
    {GW_SET_SCALE, {"'CTCAE 5.0'"}},
    {GW_SET_SERIOUS, {"true", "false"}},
    {GW_SET_CRITERIA, {"['death','life','hospital','disability','anomaly','other']"}},
    {GW_SET_RELATEDNESS, {"'related'", "'unassessed'"}},
    {GW_SET_ACTION_TAKEN, {"'reduced'"}},
    {GW_SET_OUTCOME, {"'fatal'", "'unknown'"}},
    {GW_SET_ROLE, {"'PROPHYLAXIS'", "'TREATMENT'"}},
    {GW_SET_PLANNED, {"true", "false"}},
    {GW_SET_DEVICE, {"'mask'"}},
    {GW_SET_LINK, {"'p2'"}},
    {GW_SET_UNLINK, {"'p1'"}},
    {GW_SET_AGE, {"77", "40"}},
    {GW_SET_DIALYSIS, {"true", "false"}},
};

static const char *sample(enum gw_decision_member member, size_t n)
{
    static const char *const by_form[] = {
        [FORM_TEXT] = "'words'",     [FORM_YES] = "true",      [FORM_SWITCH] = "true",
        [FORM_DAY] = "'2024-03-01'", [FORM_DECIMAL] = "'1'",   [FORM_GRADE] = "1",
        [FORM_COUNT] = "1",          [FORM_CHOICE] = "'none'", [FORM_CHOICES] = "['death']",
    };

    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (samples[i].member == member)
            return n < 3 ? samples[i].values[n] : NULL;
    return n == 0 ? by_form[member_rules[member].form] : NULL;
}

/* The members of a list of names, each with its first sample: ,'low':'1.5','high':'7.5' */
static const char *members(const char *names)
{
    const char *text = "";

    for (size_t length; *names; names += length + (names[length] == '|')) {
        const char *name, *value;

        length = strcspn(names, "|");
        name = gw_arena_print(&s.arena, "%.*s", (int)length, names);
        value = sample(member_of(name), 0);
        cr_assert(value != NULL, "no sample of %s", name);
        text = gw_arena_print(&s.arena, "%s,'%s':%s", text, name, value);
    }
    return text;
}

/* ---- each about each ---- */

/* With another decision, in both orders; what cannot be decided so is refused when it is read. */
static void decide(enum gw_decision_kind kind, const char *match, const char *set)
{
    s.decision_count = 0;
    subject_decide(&s, "anchor", "", "{'anchor':'EOT','date':'2024-06-01'}");
    if (!subject_may_decide(&s, gw_decision_kind_name(kind), match, set))
        return;
    derive(&first, told % 16 == 0);
    if (told++ % 4 != 0)
        return;
    s.decisions[2] = s.decisions[0];
    s.decisions[0] = s.decisions[1];
    s.decisions[1] = s.decisions[2];
    derive(&second, false);
    cr_expect(strcmp(first.at, second.at) == 0, "the order counts: %s %s %s", gw_decision_kind_name(kind), match, set);
}

static void decide_about(enum gw_decision_kind kind, const char *match)
{
    const struct kind_rule *rule = &kind_rules[kind];
    const char *names = rule->one_of;

    for (size_t length; *names; names += length + (names[length] == '|')) {
        const char *name, *value;

        length = strcspn(names, "|");
        name = gw_arena_print(&s.arena, "%.*s", (int)length, names);
        for (size_t n = 0; (value = sample(member_of(name), n)); n++) {
            decide(kind, match, gw_arena_print(&s.arena, "{'%s':%s%s}", name, value, members(rule->needs)));
            if (n == 0 && *rule->takes)
                decide(
                    kind, match,
                    gw_arena_print(&s.arena, "{'%s':%s%s%s}", name, value, members(rule->needs), members(rule->takes)));
        }
    }
}

/* Records of one kind are as good as one another, but for diagnoses; of results a part. */
static bool is_like_the_last(size_t fact)
{
    return fact > 0 && s.facts[fact].type == s.facts[fact - 1].type && s.facts[fact].type != GW_CONDITION &&
           (s.facts[fact].type != GW_OBSERVATION || fact % 8 != 0);
}

Test(decided_anything, about_any_record_never_breaks_a_derivation)
{
    for (int kind = 0; kind < GW_DECIDE_COUNT; kind++) {
        const char *matches = gw_decision_matches((enum gw_decision_kind)kind);

        if (strchr(matches, 'S'))
            decide_about((enum gw_decision_kind)kind, "");
        for (size_t i = 0; strchr(matches, 'E') && i < s.count; i++)
            if (!is_like_the_last(i))
                decide_about((enum gw_decision_kind)kind,
                             gw_arena_print(&s.arena, "%s/%s", s.facts[i].type_name, s.facts[i].id));
    }
    cr_expect(gt(sz, told, 1000), "%zu", told);
}

static bool is_asked_before(const struct gw_derived *asked, size_t item)
{
    for (size_t i = 0; i < item; i++)
        if (strcmp(asked->items[i].code, asked->items[item].code) == 0)
            return true;
    return false;
}

Test(decided_anything, about_any_question_never_breaks_a_derivation)
{
    struct gw_derived asked;

    subject_derive(&s);
    asked = s.derived;
    for (int kind = 0; kind < GW_DECIDE_COUNT; kind++)
        for (size_t i = 0; strchr(gw_decision_matches((enum gw_decision_kind)kind), 'F') && i < asked.item_count; i++)
            if (!is_asked_before(&asked, i))
                decide_about((enum gw_decision_kind)kind, asked.items[i].fingerprint);
    cr_expect(gt(sz, told, 100), "%zu", told);
}

Test(decided_anything, leaves_no_trace_once_it_is_taken_back)
{
    static const struct {
        const char *kind, *match, *set;
    } decisions[] = {
        {"value", "Observation/anc1", "{'reject':true}"},
        {"grade", "Condition/pneumonia", "{'grade':4}"},
        {"event", "Condition/maybe", "{'confirm':true,'grade':2}"},
        {"anchor", "", "{'anchor':'EOT','date':'2024-06-01'}"},
        {"status", "Observation/asked", "{'accept':true}"},
    };

    derive(&first, false);
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        const char *undo;

        s.decision_count = 0;
        subject_decide(&s, decisions[i].kind, decisions[i].match, decisions[i].set);
        derive(&second, true);
        cr_expect(strcmp(first.at, second.at) != 0, "%s changes nothing", decisions[i].kind);
        undo = gw_arena_print(&s.arena,
                              "{'n':2,'at':'2024-12-01T10:00:00Z','by':'dm1','reason':'r','kind':'undo','scope':'%s',"
                              "'match':null,'set':{},'approved_by':'dm2','undoes':1}",
                              s.decisions[0].scope);
        subject_decide_json(&s, undo);
        derive(&second, true);
        cr_expect(strcmp(first.at, second.at) == 0, "%s is taken back, and shows", decisions[i].kind);
    }
}
