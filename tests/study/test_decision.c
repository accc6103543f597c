/*
 * Decisions as texts: read strictly, printed canonically, refused with the member that is wrong.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "gateway/study/decision.h"
#include "support/refusal.h"
#include "support/scratch.h"
#include "support/subject.h"

static struct gw_arena arena = GW_ARENA_INIT((size_t)8 << 20);

static void stop(void)
{
    gw_arena_release(&arena);
}

TestSuite(decision, .fini = stop);

static const char *with_quotes(const char *json)
{
    char *text = gw_arena_copy(&arena, json, strlen(json));

    for (char *p = text; *p; p++)
        if (*p == '\'')
            *p = '"';
    return text;
}

static enum gw_status read_text(const char *json, struct gw_decision *out, struct gw_error *err)
{
    const char *text = with_quotes(json);

    return gw_decision_read(&arena, (struct gw_slice){text, strlen(text)}, out, err);
}

/* ---- both ways ---- */

static const char *const canonical[] = {
    "{'n': 7, 'at': '2026-11-20T20:00:00Z', 'by': 'dm1', 'reason': 'lab manual p. 3', 'kind': 'unit', "
    "'scope': 'endpoint:hm-ehr', 'match': {'fingerprint': 'UNIT_MISSING|hm|urn:hm:lab|ANC-K||'}, "
    "'set': {'unit': '10*9/L'}, 'approved_by': null, 'undoes': null}",
    "{'n': 8, 'at': '2026-11-20T20:00:00Z', 'by': 'dm1', 'reason': 'slip', 'kind': 'undo', 'scope': 'site:hm', "
    "'match': null, 'set': {}, 'approved_by': null, 'undoes': 7}",
    "{'n': 9, 'at': '2026-11-20T20:00:00Z', 'by': 'md', 'reason': 'letter', 'kind': 'seriousness', "
    "'scope': 'study:s', 'match': {'subject': 'ES-1', 'endpoint': 'hm', 'type': 'Condition', 'id': 'c1', 'part': ''}, "
    "'set': {'serious': true, 'criteria': ['hospital', 'life']}, 'approved_by': null, 'undoes': null}",
    "{'n': 10, 'at': '2026-11-20T20:00:00Z', 'by': 'md', 'reason': 'one event', 'kind': 'event', 'scope': 'study:s', "
    "'match': {'subject': 'ES-1', 'endpoint': 'hm', 'type': 'Condition', 'id': 'c1', 'part': ''}, 'set': "
    "{'merge_with': {'endpoint': 'hm', 'type': 'Condition', 'id': 'c2', 'part': ''}}, 'approved_by': null, "
    "'undoes': null}",
    "{'n': 11, 'at': '2026-11-20T20:00:00Z', 'by': 'md', 'reason': 'seen', 'kind': 'event', 'scope': 'study:s', "
    "'match': {'subject': 'ES-1', 'endpoint': 'hm', 'type': 'Condition', 'id': 'c1', 'part': ''}, 'set': "
    "{'confirm': true, 'category': 'INFECTION', 'onset': '2024-02-03', 'grade': 3}, 'approved_by': 'dm2', "
    "'undoes': null}",
};

Test(decision, prints_what_it_read)
{
    for (size_t i = 0; i < sizeof canonical / sizeof canonical[0]; i++) {
        struct gw_text out = GW_TEXT_INIT(4096);
        struct gw_decision decision;
        struct gw_error err = {0};

        cr_assert(read_text(canonical[i], &decision, &err) == GW_OK, "%s: %s", err.text, canonical[i]);
        gw_decision_print(&out, &decision);
        expect_text("printed", out.at, with_quotes(canonical[i]));
        gw_text_release(&out);
    }
}

/* ---- refused ---- */

#define HEAD   "{'n':1,'at':'2026-11-20T20:00:00Z','by':'dm1','reason':'r',"
#define SITE   "'scope':'site:hm',"
#define CAUSE  "'match':{'fingerprint':'UNIT_MISSING|hm|s|c||'},"
#define RECORD "'match':{'subject':'S','endpoint':'hm','type':'Observation','id':'o'},"

static const struct {
    const char *json;
    const char *member; /* the error begins so */
} refused[] = {
    {"[]", "a decision is an object"},
    {"{", ""},
    {"{'n':1,'n':2}", ""},
    {HEAD SITE CAUSE "'kind':'unit','set':{'unit':'g/L'},'note':'x'}", "note:"},
    {"{'at':'2026-11-20T20:00:00Z','by':'d','reason':'r','kind':'unit'," SITE CAUSE "'set':{'unit':'g/L'}}", "n:"},
    {"{'n':0,'at':'2026-11-20T20:00:00Z','by':'d','reason':'r','kind':'unit'," SITE CAUSE "'set':{'unit':'g'}}", "n:"},
    {"{'n':1,'at':'today','by':'d','reason':'r','kind':'unit'," SITE CAUSE "'set':{'unit':'g/L'}}", "at:"},
    {"{'n':1,'at':'2026-11-20T20:00:00Z','by':'','reason':'r','kind':'unit'," SITE CAUSE "'set':{'unit':'g'}}", "by:"},
    {"{'n':1,'at':'2026-11-20T20:00:00Z','by':'d','kind':'unit'," SITE CAUSE "'set':{'unit':'g/L'}}", "reason:"},
    {HEAD SITE CAUSE "'kind':'units','set':{'unit':'g/L'}}", "kind:"},
    {HEAD CAUSE "'kind':'unit','set':{'unit':'g/L'}}", "scope:"},
    {HEAD "'scope':'hm'," CAUSE "'kind':'unit','set':{'unit':'g/L'}}", "scope:"},
    {HEAD "'scope':'site:'," CAUSE "'kind':'unit','set':{'unit':'g/L'}}", "scope:"},
    {HEAD SITE "'kind':'unit','set':{'unit':'g/L'}}", "match:"},
    {HEAD SITE "'match':'x','kind':'unit','set':{'unit':'g/L'}}", "match:"},
    {HEAD SITE "'match':{'row':'o1'},'kind':'unit','set':{'unit':'g/L'}}", "match.row:"},
    {HEAD SITE "'match':{'subject':'S','id':'o'},'kind':'unit','set':{'unit':'g/L'}}", "match:"},
    {HEAD SITE "'match':{'fingerprint':'f','subject':'S'},'kind':'unit','set':{'unit':'g/L'}}", "match:"},
    {HEAD SITE CAUSE "'kind':'anchor','set':{'anchor':'D1','date':'2024-01-15'}}", "match:"},
    {HEAD SITE CAUSE "'kind':'unit','set':{}}", "set:"},
    {HEAD SITE CAUSE "'kind':'unit','set':{'unit':'g/L','ignore':true}}", "set:"},
    {HEAD SITE CAUSE "'kind':'unit','set':{'loinc':'751-8'}}", "set.loinc:"},
    {HEAD SITE CAUSE "'kind':'unit','set':{'colour':'red'}}", "set.colour:"},
    {HEAD SITE CAUSE "'kind':'unit','set':{'unit':5}}", "unit:"},
    {HEAD SITE CAUSE "'kind':'unit','set':{'unit':''}}", "set.unit:"},
    {HEAD SITE CAUSE "'kind':'unit','set':{'ignore':false}}", "set.ignore:"},
    {HEAD SITE RECORD "'kind':'place','set':{'date':'2024-02-30'}}", "set.date:"},
    {HEAD SITE RECORD "'kind':'grade','set':{'grade':6}}", "set.grade:"},
    {HEAD SITE RECORD "'kind':'grade','set':{'grade':2.5}}", "set.grade:"},
    {HEAD SITE RECORD "'kind':'seriousness','set':{'serious':true,'criteria':['bad']}}", "set.criteria:"},
    {HEAD SITE RECORD "'kind':'seriousness','set':{'criteria':['life']}}", "set:"},
    {HEAD SITE RECORD "'kind':'anchor','set':{'date':'2024-01-15'}}", "set.anchor:"},
    {HEAD SITE RECORD "'kind':'range','set':{'unit':'g/L'}}", "set.low:"},
    {HEAD SITE CAUSE "'kind':'value','set':{'value':'0'}}", "set.phrase:"},
    {HEAD SITE RECORD "'kind':'event','set':{'merge_with':{'id':'c'}}}", "set.merge_with:"},
    {HEAD SITE "'kind':'undo','set':{}}", "undoes:"},
    {HEAD SITE "'kind':'undo','set':{},'undoes':1}", "undoes:"},
    {HEAD SITE CAUSE "'kind':'unit','set':{'unit':'g/L'},'undoes':1}", "undoes:"},
    {HEAD SITE "'kind':'approve','set':{'decision':1}}", "set.decision:"},
    {HEAD SITE "'match':{'subject':'S'},'kind':'anchor','set':{'anchor':'D1','reject':true}}", "set.reject:"},
    {HEAD "'scope':'endpoint:hm','kind':'rule','set':{'rule':'x','off':true}}", "scope:"},
    {HEAD SITE CAUSE "'kind':'unit','set':{'unit':'g/L'},'note':'x','more':'y'}", "note:"},
    {HEAD SITE "'match':{'part':'component[0]'},'kind':'unit','set':{'unit':'g/L'}}", "match: evidence needs"},
    {HEAD SITE "'match':{'type':'Observation'},'kind':'unit','set':{'unit':'g/L'}}", "match: evidence needs"},
    {HEAD SITE "'match':{'fingerprint':'f','id':'o'},'kind':'unit','set':{'unit':'g/L'}}", "match: name a fingerprint"},
    {HEAD SITE CAUSE "'kind':'rule','set':{'rule':'x','off':true}}", "match: a decision of kind rule is about nothing"},
    {"{'n':2,'at':'2026-11-20T20:00:00Z','by':'d','reason':'r'," SITE "'kind':'undo','set':{'unit':'g/L'},'undoes':1}",
     "set.unit: is none of kind undo, which sets one of nothing"},
    {HEAD SITE RECORD "'kind':'event','set':{'confirm':true,'onset':'2024-02-03','end':'2024-02-02'}}",
     "set.end: lies before"},
};

Test(decision, refuses_what_is_none_and_names_the_member)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct gw_decision decision;
        struct gw_error err = {0};

        cr_expect(read_text(refused[i].json, &decision, &err) == GW_EINPUT, "taken: %s", refused[i].json);
        cr_expect(strncmp(err.text, refused[i].member, strlen(refused[i].member)) == 0, "%s: %s", err.text,
                  refused[i].json);
    }
}

Test(decision, wants_approval_where_it_is_a_rule_or_moves_an_anchor)
{
    static const struct {
        const char *json;
        bool wants;
    } cases[] = {
        {HEAD SITE CAUSE "'kind':'unit','set':{'unit':'g/L'}}", true},
        {HEAD SITE RECORD "'kind':'unit','set':{'unit':'g/L'}}", false},
        {HEAD SITE "'kind':'rule','set':{'rule':'x','off':true}}", true},
        {HEAD SITE "'match':{'subject':'S'},'kind':'anchor','set':{'anchor':'D1','date':'2024-01-15'}}", true},
        {HEAD SITE "'match':{'subject':'S'},'kind':'anchor','set':{'anchor':'EOT','reject':true}}", true},
        {HEAD SITE "'match':{'subject':'S'},'kind':'anchor','set':{'anchor':'EOT','confirm':true}}", false},
        {"{'n':2,'at':'2026-11-20T20:00:00Z','by':'d','reason':'r'," SITE "'kind':'undo','set':{},'undoes':1}", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gw_decision decision;
        struct gw_error err = {0};

        cr_assert(read_text(cases[i].json, &decision, &err) == GW_OK, "%s: %s", err.text, cases[i].json);
        cr_expect(eq(int, gw_decision_wants_approval(&decision), cases[i].wants), "%s", cases[i].json);
    }
}

/* ---- files ---- */

Test(decision, reads_a_list_as_the_command_prints_it)
{
    struct scratch scratch;
    struct gw_decisions decisions = {0};
    struct gw_error err = {0};
    const char *good =
        with_quotes("\n[\t{'n':2,'at':'2026-11-20T20:00:00Z','by':'d','reason':'r'," SITE CAUSE
                    "'kind':'unit','set':{'unit':'g/L'}},\n" HEAD SITE CAUSE "'kind':'unit','set':{'unit':'g/dL'}}]\n");
    const char *bad = with_quotes("[" HEAD SITE CAUSE "'kind':'unit','set':{'unit':'g/L'}}, 7]");

    scratch_init(&scratch);
    cr_assert(gw_decisions_load(&arena, scratch_write(&scratch, "good", good), &decisions, &err) == GW_OK, "%s",
              err.text);
    cr_assert(eq(sz, decisions.count, 2));
    cr_expect(decisions.list[0].n == 1);
    cr_assert(gw_decisions_load(&arena, scratch_write(&scratch, "none", "[]"), &decisions, &err) == GW_OK);
    cr_assert(eq(sz, decisions.count, 0));
    cr_expect(gw_decisions_load(&arena, scratch_write(&scratch, "bad", bad), &decisions, &err) == GW_EINPUT);
    cr_expect(strstr(err.text, "bad: decision 2 of the list: ") != NULL, "%s", err.text);
    cr_expect(gw_decisions_load(&arena, scratch_write(&scratch, "cut", "[{"), &decisions, &err) == GW_EINPUT);
    cr_expect(strstr(err.text, "cut: ") != NULL, "%s", err.text);
    scratch_release(&scratch);
}

static enum gw_status load(struct gw_arena *memory, void *path, struct gw_error *err)
{
    struct gw_decisions decisions;

    return gw_decisions_load(memory, path, &decisions, err);
}

/* A list in one array, and one on lines: of every kind of member. */
Test(decision, ends_the_reading_of_a_file_with_a_sentence_where_memory_ends)
{
    static const char *const files[] = {"[" HEAD SITE RECORD "'kind':'seriousness','set':{'serious':true,'criteria':"
                                        "['life','death']}}]",
                                        HEAD SITE RECORD "'kind':'event','set':{'merge_with':{'endpoint':'hm','type':"
                                                         "'Condition','id':'c2','part':''}}}\n"};
    struct scratch scratch;

    scratch_init(&scratch);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = scratch_write(&scratch, i == 0 ? "list" : "lines", with_quotes(files[i]));

        cr_expect(gt(sz, refusal_sweep(load, (void *)(uintptr_t)path, 8, 0), 20));
    }
    scratch_release(&scratch);
}

Test(decision, refuses_a_file_with_a_byte_0)
{
    static const char bytes[] = "[]\n\0[]";
    struct scratch scratch;
    struct gw_decisions decisions;
    struct gw_error err;

    scratch_init(&scratch);
    cr_expect(gw_decisions_load(&arena, scratch_put(&scratch, "zero", bytes, sizeof bytes), &decisions, &err) ==
              GW_EINPUT);
    cr_expect(strstr(err.text, "holds a byte 0") != NULL, "%s", err.text);
    scratch_release(&scratch);
}

Test(decision, reads_a_file_in_order_of_number_and_names_the_line_that_is_wrong)
{
    struct scratch scratch;
    struct gw_decisions decisions = {0};
    struct gw_error err = {0};
    const char *good = with_quotes("{'n':2,'at':'2026-11-20T20:00:00Z','by':'d','reason':'r'," SITE CAUSE
                                   "'kind':'unit','set':{'unit':'g/L'}}\n"
                                   "\n" HEAD SITE CAUSE "'kind':'unit','set':{'unit':'g/dL'}}");
    const char *bad = with_quotes(HEAD SITE CAUSE "'kind':'unit','set':{'unit':'g/L'}}\n{}\n");
    const char *twice = with_quotes(HEAD SITE CAUSE "'kind':'unit','set':{'unit':'g/L'}}\n" HEAD SITE CAUSE
                                                    "'kind':'unit','set':{'unit':'g/dL'}}\n");

    scratch_init(&scratch);
    cr_assert(gw_decisions_load(&arena, scratch_write(&scratch, "good", good), &decisions, &err) == GW_OK, "%s",
              err.text);
    cr_assert(eq(sz, decisions.count, 2));
    cr_expect(decisions.list[0].n == 1);
    expect_text("member", decisions.list[1].set[GW_SET_UNIT], "g/L");
    cr_expect(gw_decisions_load(&arena, scratch_write(&scratch, "bad", bad), &decisions, &err) == GW_EINPUT);
    cr_expect(strstr(err.text, "bad:2: ") != NULL, "%s", err.text);
    cr_expect(gw_decisions_load(&arena, scratch_write(&scratch, "twice", twice), &decisions, &err) == GW_EINPUT);
    cr_expect(strstr(err.text, "number 1") != NULL, "%s", err.text);
    cr_expect(gw_decisions_load(&arena, "/nowhere/at/all", &decisions, &err) == GW_ENOINPUT);
    scratch_release(&scratch);
}

Test(decision, takes_members_as_a_command_line_has_them)
{
    struct gw_decision decision = {.n = 1, .kind = GW_DECIDE_UNIT, .scope = "site:hm"};
    struct gw_error err = {0};

    cr_expect(gw_decision_set(&arena, &decision, "unit", "10*9/L", &err) == GW_OK);
    expect_text("member", decision.set[GW_SET_UNIT], "10*9/L");
    cr_expect(gw_decision_set(&arena, &decision, "drop", NULL, &err) == GW_OK);
    expect_text("member", decision.set[GW_SET_DROP], "true");
    cr_expect(gw_decision_set(&arena, &decision, "grade", "nine", &err) == GW_EINPUT);
    cr_expect(gw_decision_set(&arena, &decision, "merge_with", "hm|Condition|c2", &err) == GW_OK);
    expect_text("member", decision.with.id, "c2");
    cr_expect(gw_decision_set(&arena, &decision, "merge_with", "c2", &err) == GW_EINPUT);
}

static const struct {
    const char *name, *value;
    bool taken;
} values[] = {
    {"serious", "true", true},
    {"serious", "false", true},
    {"serious", "perhaps", false},
    {"low", "7.5", true},
    {"low", "seven", false},
    {"age", "77", true},
    {"age", "0", false},
    {"age", "007", false},
    {"age", "1234567890", false},
    {"age", "7x", false},
    {"grade", "0", true},
    {"grade", "6", false},
    {"date", "2024-02-30", false},
    {"relatedness", "related", true},
    {"relatedness", "", false},
    {"relatedness", "much", false},
    {"criteria", "death;other", true},
    {"criteria", "", false},
    {"criteria", "death;", false},
    {"criteria", ";death", false},
    {"criteria", "fame", false},
    {"unit", "", false},
    {"merge_with", "hm|Condition|c|component[0]", true},
    {"merge_with", "hm||c", false},
    {"merge_with", "|Condition|c", false},
    {"merge_with", "hm|Condition|", false},
    {"wishes", "many", false},
};

Test(decision, takes_a_member_by_its_text_or_says_what_to_write)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct gw_decision decision = {.kind = GW_DECIDE_EVENT};
        struct gw_error err = {.text = ""};
        const enum gw_status rc = gw_decision_set(&arena, &decision, values[i].name, values[i].value, &err);

        cr_expect(eq(int, rc, values[i].taken ? GW_OK : GW_EINPUT), "%s %s: %s", values[i].name, values[i].value,
                  err.text);
        cr_expect(values[i].taken || strstr(err.text, values[i].name) != NULL, "%s", err.text);
    }
}

static const struct {
    const char *name;
    char letter;
    size_t length;
    bool taken;
} lengths[] = {
    {"unit", 'x', 1000, true}, {"unit", 'x', 1001, false},   {"low", '7', 250, true},
    {"low", '7', 251, false},  {"criteria", 'x', 40, false}, /* a word longer than any choice */
};

Test(decision, takes_texts_and_numbers_up_to_a_length)
{
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct gw_decision decision = {.kind = GW_DECIDE_EVENT};
        struct gw_error err = {.text = ""};
        char text[1002];

        memset(text, lengths[i].letter, lengths[i].length);
        text[lengths[i].length] = '\0';
        cr_expect(eq(int, gw_decision_set(&arena, &decision, lengths[i].name, text, &err),
                     lengths[i].taken ? GW_OK : GW_EINPUT),
                  "%s of %zu: %s", lengths[i].name, lengths[i].length, err.text);
    }
}

static const struct {
    const char *a, *b;
    bool same;
} people[] = {
    {"ana", "ana", true},     {"Ana", "aNA", true},  {" ana\t", "ana", true}, {"ana", "anabel", false},
    {"anabel", "ana", false}, {"ana", "eva", false}, {"a na", "ana", false},  {"  ", "", true},
};

/* Or else who decided could approve under a name that only looks like another. */
Test(decision, takes_names_that_differ_in_blanks_and_case_for_one_person)
{
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        cr_expect(eq(int, gw_decision_same_person(people[i].a, people[i].b), people[i].same), "\"%s\" \"%s\"",
                  people[i].a, people[i].b);
}
