/*
 * Every row of a subject explained, and every concept asked for in every window: what is there is told as being there,
 * what is not has one of the reasons, and memory that ends, ends the explanation with a sentence.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/explained.h"
#include "support/refusal.h"
#include "support/whole.h"

static struct subject s;
static struct scratch scratch;
static struct explained e;

static void start(void)
{
    whole_init(&s, &scratch);
    whole_add_course(&s);
    whole_add_parameters(&s);
    whole_add_events(&s);
    whole_add_questions(&s);
}

static void stop(void)
{
    whole_release(&s, &scratch);
}

TestSuite(explain_all, .init = start, .fini = stop, .timeout = 120);

/* ---- rows ---- */

Test(explain_all, rows_say_what_they_are_where_from_and_by_which_package)
{
    size_t rows = 0;

    explained_derive(&e, &s);
    for (int t = 0; t < GW_TABLE_COUNT; t++)
        for (size_t i = 0; i < s.derived.rows.tables[t].count; i++, rows++) {
            const char *id = s.derived.rows.tables[t].rows[i]->row_id;

            explained_row(&e, id);
            expect_text(id, e.told.answer, "PRESENT");
            cr_expect(explained_has_topic(&e, "says"), "%s", id);
            cr_expect(explained_has_topic(&e, "package"), "%s", id);
            cr_expect(e.told.source_count > 0, "%s", id);
            cr_expect(explained_has_topic(&e, "items") || e.told.item_count > 0 || explained_has_topic(&e, "decisions"),
                      "%s", id);
            cr_expect(t == GW_TABLE_provenance || e.told.row == s.derived.rows.tables[t].rows[i], "%s", id);
        }
    cr_expect(gt(sz, rows, 400), "%zu rows", rows);
}

Test(explain_all, rows_that_were_delivered_say_when_and_those_that_changed_say_so)
{
    struct gw_row_subjects *subject, changed;
    struct gw_row *rows[1];
    struct gw_rows delivered = {0};

    explained_derive(&e, &s);
    subject = (struct gw_row_subjects *)s.derived.rows.tables[GW_TABLE_subjects].rows[0];
    changed = *subject;
    changed.row_version = 3;
    changed.mapped_at = "2026-11-20T20:00:00Z";
    changed.rule_set_version = "7";
    rows[0] = (struct gw_row *)&changed;
    delivered.tables[GW_TABLE_subjects] = (struct gw_row_list){.rows = rows, .count = 1};
    e.in.delivered = &delivered;
    explained_row(&e, subject->row_id);
    cr_expect(explained_says(&e, "It was settled last in revision 3 at 2026-11-20T20:00:00Z, by 7."));
    cr_expect(not(explained_says(&e, "something else")), "%s", e.told.sentences[e.told.sentence_count - 1].text);
    changed.sex = "X";
    explained_row(&e, subject->row_id);
    cr_expect(explained_says(&e, "What was delivered says something else: the next pass delivers the change."));
    s.derived.blocked = false;
    explained_row(&e, s.derived.rows.tables[GW_TABLE_windows].rows[0]->row_id);
    expect_text("a row that was not", e.told.answer, "NOT_DELIVERED");
    cr_expect(explained_says(&e, "It was not delivered yet: the next pass does it."));
    s.derived.blocked = true;
    explained_row(&e, s.derived.rows.tables[GW_TABLE_windows].rows[0]->row_id);
    cr_expect(explained_says(&e, "It was not delivered: an exception of the subject holds everything back."));
}

Test(explain_all, a_row_that_none_has_is_not_found)
{
    struct gw_error err;
    bool found = true;

    explained_derive(&e, &s);
    cr_expect(gw_explain_row(&s.arena, &e.in, "o00000000000000000000", &found, &e.told, &err) == GW_OK);
    cr_expect(not(found));
}

/* ---- what is missing ---- */

static bool is_in_window(const char *row_window, const char *window)
{
    return !row_window || !window || strcmp(row_window, window) == 0;
}

static bool has_observation(const char *concept, const char *window)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_observations];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_observations *row = (const struct gw_row_observations *)list->rows[i];

        if (gw_same(row->concept, concept) && gw_same(row->window_id, window))
            return true;
    }
    return false;
}

static bool has_parameter(const char *name, const char *window)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_derived];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_derived *row = (const struct gw_row_derived *)list->rows[i];

        if (gw_same(row->param, name) && is_in_window(row->window_id, window))
            return true;
    }
    return false;
}

static bool has_event(const char *category, const char *window)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_ae_episodes];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_episodes *row = (const struct gw_row_ae_episodes *)list->rows[i];

        if (gw_same(row->category, category) && gw_same(row->assessed_window, window))
            return true;
    }
    return false;
}

static bool is_one_of(const char *word, const char *const *list)
{
    for (size_t i = 0; list[i]; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

static size_t asked;

static void expect_answer(const char *concept, const char *window, bool there)
{
    static const char *const present[] = {"PRESENT", "PRELIMINARY", "NOT_ASSESSABLE", NULL};
    static const char *const missing[] = {"NO_FIRST_DOSE", "NO_WINDOW",   "NOT_PLANNED",    "FUTURE",   "OPEN",
                                          "NO_CONTACT",    "HELD",        "WITHDRAWN",      "NO_VALUE", "LEFT_OUT",
                                          "UNMAPPED",      "NOT_FETCHED", "OUTSIDE_WINDOW", "NOT_DONE", NULL};
    struct gw_arena arena = GW_ARENA_INIT((size_t)4 << 20);
    struct gw_error err;

    cr_assert(gw_explain_missing(&arena, &e.in, concept, window, &e.told, &err) == GW_OK, "%s", err.text);
    cr_expect(is_one_of(e.told.answer, there ? present : missing), "%s in %s: %s", concept, window ? window : "all",
              e.told.answer);
    cr_expect(explained_has_topic(&e, "because"), "%s in %s", concept, window ? window : "all");
    gw_arena_release(&arena);
    asked++;
}

static void ask_all(void)
{
    static const char *const concepts[] = {"ANC", "PLT", "HGB", "GLUC", "URATE", "WEIGHT", "MPROT_S"};
    const struct gw_windows *windows = &s.derived.windows;
    const struct gw_lab *labs;
    const size_t count = gw_tables_labs(s.tables, &labs);

    for (size_t w = 0; w < windows->count; w++) {
        const char *window = windows->list[w].id;

        for (size_t c = 0; c < sizeof concepts / sizeof *concepts; c++)
            for (size_t k = 0; k < count; k++)
                if (strcmp(labs[k].concept, concepts[c]) == 0) {
                    expect_answer(concepts[c], window, has_observation(concepts[c], window));
                    break;
                }
        for (size_t i = 0; i < s.study->category_count; i++)
            expect_answer(s.study->categories[i], window, has_event(s.study->categories[i], window));
        for (size_t i = 0; i < s.study->derived_count; i++)
            if (strcmp(s.study->derived[i], "SPM") != 0) /* in a window the events of that name */
                expect_answer(s.study->derived[i], window, has_parameter(s.study->derived[i], window));
    }
    for (size_t i = 0; i < s.study->derived_count; i++)
        expect_answer(s.study->derived[i], NULL, has_parameter(s.study->derived[i], NULL));
    cr_expect(gt(sz, asked, 500), "%zu questions", asked);
}

Test(explain_all, answers_are_present_where_there_is_a_row_and_a_reason_elsewhere)
{
    explained_derive(&e, &s);
    ask_all();
}

Test(explain_all, answers_stay_true_after_decisions)
{
    whole_add_decisions(&s);
    explained_derive(&e, &s);
    ask_all();
}

Test(explain_all, answers_stay_true_while_the_study_goes_on)
{
    s.horizon = subject_day("2024-03-01");
    explained_derive(&e, &s);
    ask_all();
}

Test(explain_all, answers_stay_true_of_one_who_died)
{
    subject_add(&s, "{'resourceType':'Patient','id':'p1','gender':'female','birthDate':'1946-03-01',"
                    "'meta':{'versionId':'2'},'deceasedDateTime':'2024-04-20'}");
    s.facts[s.count - 1].delivery = 1;
    explained_derive(&e, &s);
    ask_all();
}

static const struct {
    const char *what, *concept, *window, *answer, *words;
} questions[] = {
    {"a parameter of the subject", "CHARLSON", NULL, "PRESENT", "It is not missing: there is 1 row of CHARLSON; row"},
    {"a parameter of a window", "CRCLCG", "BASELINE", "PRESENT",
     "It is not missing: there is 1 row of CRCLCG in BASELINE; row"},
    {"one that lacks something", "TTR", NULL, "NOT_ASSESSABLE", "cannot be assessed"},
    {"an event", "INFECTION", "T30-02", "PRESENT", "INFECTION in T30-02; row"},
    {"a value that a person is asked about", "HGB", "T30-03", "HELD", "held by an exception until a person decides"},
    {"a value of another group", "URATE", "T30-01", "NOT_PLANNED", "it is of another data group"},
};

Test(explain_all, questions_have_their_answers)
{
    explained_derive(&e, &s);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        explained_missing(&e, questions[i].concept, questions[i].window);
        cr_log_info("%s", questions[i].what);
        expect_text(questions[i].what, e.told.answer, questions[i].answer);
        cr_expect(explained_says(&e, questions[i].words), "%s: %s", questions[i].what, e.told.sentences[0].text);
    }
}

Test(explain_all, a_value_that_waits_for_delivery_or_for_a_person_says_so)
{
    struct gw_rows nothing = {0};

    explained_derive(&e, &s);
    e.in.delivered = &nothing;
    s.derived.blocked = false;
    explained_missing(&e, "ANC", "T30-02");
    expect_text("not yet", e.told.answer, "NOT_DELIVERED");
    s.derived.blocked = true;
    explained_missing(&e, "ANC", "T30-02");
    expect_text("blocked", e.told.answer, "BLOCKED");
}

/* ---- memory ---- */

static enum gw_status explain_rows(struct gw_arena *arena, void *context, struct gw_error *err)
{
    const enum gw_table_id *table = context;
    const struct gw_row_list *list = &s.derived.rows.tables[*table];
    enum gw_status rc = GW_OK;
    bool found;

    for (size_t i = 0; i < list->count && rc == GW_OK; i += 1 + list->count / 8)
        rc = gw_explain_row(arena, &e.in, list->rows[i]->row_id, &found, &e.told, err);
    return rc;
}

Test(explain_all, ends_with_a_sentence_where_memory_ends)
{
    size_t refused = 0;

    explained_derive(&e, &s);
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        enum gw_table_id table = (enum gw_table_id)t;

        refused += refusal_sweep(explain_rows, &table, 64, 0);
    }
    cr_expect(gt(sz, refused, 1000), "%zu limits", refused);
}

static enum gw_status explain_questions(struct gw_arena *arena, void *context, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    (void)context;
    for (size_t i = 0; i < sizeof questions / sizeof *questions && rc == GW_OK; i++)
        rc = gw_explain_missing(arena, &e.in, questions[i].concept, questions[i].window, &e.told, err);
    return rc;
}

Test(explain_all, ends_questions_the_same_way)
{
    explained_derive(&e, &s);
    cr_expect(gt(sz, refusal_sweep(explain_questions, NULL, 64, 0), 100));
}
