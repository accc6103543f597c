/*
 * What a late or changed source does to a window, by its state: open and closed ones follow it, a signed one stays as
 * it was signed until a person says what is to become of the change.
 */
#include "study/signed_desk.h"

TestSuite(signed_windows, .init = start, .fini = stop);

/* ---- what changes ---- */

static void nothing(void)
{
}

static void withdrawn_value(void)
{
    add_version("w", WBC, "entered-in-error", "2024-02-12", "5.1");
}

static void moved_first_dose(void) /* T30-01 takes 14 to 24 February then */
{
    s.line.first_dose = subject_day("2024-01-20");
}

static void early_end(void) /* T windows end before it */
{
    s.line.end_of_treatment = subject_day("2024-02-01");
}

static void no_grades(void)
{
    subject_decide_json(&s, gw_arena_print(&s.arena,
                                           "{'n':%zu,'at':'2024-12-20T10:00:00Z','by':'dm1','reason':'as told','kind':"
                                           "'rule','scope':'study:lendex-rrmm','match':null,'set':{'rule':"
                                           "'CTCAE 5.0:ANC','off':true},'approved_by':'dm2'}",
                                           s.decision_count + 1));
}

static void event_that_ends_later(void)
{
    add_version("end", ANC, "final", "2024-03-15", "2.5");
}

static void earlier_event(void)
{
    add_version("late", ANC, "final", "2024-02-10", "0.8");
}

static void withdrawn_event(void)
{
    add_version("n", ANC, "entered-in-error", "2024-02-14", "0.7");
}

static void withdrawn_subject(void) /* collection stops the day after */
{
    s.line.withdrawn = subject_day("2024-02-12");
}

static void withdrawn_visit(void) /* the only one of T30-01 */
{
    s.delivery++;
    subject_add(&s, "{'resourceType':'Encounter','id':'e1','status':'entered-in-error','subject':{'reference':"
                    "'Patient/p1'},'class':{'code':'AMB'},'period':{'start':'2024-02-14','end':'2024-02-14'}}");
    s.facts[s.count - 1].delivery = s.delivery;
}

static void excluded_subject(void)
{
    subject_decide(&s, "recruitment", "", "{'exclude':true}");
}

/* ---- the table ---- */

enum state { CLOSED, SIGNED };

#define TARGET "2024-02-14 25..35 collected"

static const struct {
    const char *name;
    enum state state;
    void (*change)(void);
    const char *values, *event, *window;
    const char *source, *state_of_source; /* whose newest version it is */
    const char *told, *why;
} cases[] = {
    {"nothing", SIGNED, nothing, AS_SIGNED, "3 from 2024-02-14", TARGET, "w", "delivered", "", ""},

    {"a late value", CLOSED, late_value, "ANC 0.7*;WBC 5.1;WBC 6.2*", "3 from 2024-02-14", TARGET, "late", "delivered",
     "", ""},
    {"a late value", SIGNED, late_value, AS_SIGNED, "3 from 2024-02-14", TARGET, "late", "held " ASKS, ASKS, "late"},

    {"an amended value", CLOSED, amended_value, "ANC 0.7*;WBC 5.9*", "3 from 2024-02-14", TARGET, "w", "delivered",
     "CORRECTION_AFTER_PUSH", ""},
    {"an amended value", SIGNED, amended_value, AS_SIGNED, "3 from 2024-02-14", TARGET, "w", "held " ASKS, ASKS,
     "amended"},
    {"another day, of the next window", CLOSED, value_of_the_next_window, "ANC 0.7*", "3 from 2024-02-14", TARGET, "w",
     "delivered", "CORRECTION_AFTER_PUSH", ""},
    {"another day, of the next window", SIGNED, value_of_the_next_window, AS_SIGNED, "3 from 2024-02-14", TARGET, "w",
     "held " ASKS, ASKS, "amended"},

    {"a withdrawn value", CLOSED, withdrawn_value, "ANC 0.7*", "3 from 2024-02-14", TARGET, "w", "retracted",
     "WITHDRAWN_AFTER_PUSH", ""},
    {"a withdrawn value does not wait", SIGNED, withdrawn_value, "ANC 0.7*", "3 from 2024-02-14", TARGET, "w",
     "retracted", "WITHDRAWN_AFTER_PUSH", ""},

    {"a decision about it", CLOSED, rejected_value, "ANC 0.7*", "3 from 2024-02-14", TARGET, "w",
     "not_in_scope REJECTED", "", ""},
    {"a decision about it", SIGNED, rejected_value, AS_SIGNED, "3 from 2024-02-14", TARGET, "w", "delivered", ASKS,
     "re-mapped"},
    {"a rule switched off", CLOSED, no_grades, AS_SIGNED, "none", TARGET, "n", "delivered", "", ""},
    {"a rule switched off", SIGNED, no_grades, AS_SIGNED, "3 from 2024-02-14", TARGET, "n", "delivered", ASKS,
     "re-mapped"},

    {"a first dose five days later", CLOSED, moved_first_dose, "ANC 0.7*", "3 from 2024-02-14",
     "2024-02-19 25..35 collected", "w", "outside_window BETWEEN_WINDOWS", "", ""},
    {"a first dose five days later", SIGNED, moved_first_dose, AS_SIGNED, "3 from 2024-02-14", TARGET, "w", "delivered",
     ASKS, "anchor moved"},
    {"an end before the window", CLOSED, early_end, "", "none", "none", "w", "outside_window BETWEEN_WINDOWS", "", ""},
    {"an end before the window", SIGNED, early_end, AS_SIGNED, "3 from 2024-02-14", TARGET, "w", "delivered", ASKS,
     "anchor moved"},
    {"a package with longer windows", CLOSED, longer_windows, AS_SIGNED, "3 from 2024-02-14",
     "2024-02-14 25..36 collected", "w", "delivered", "", ""},
    {"a package with longer windows", SIGNED, longer_windows, AS_SIGNED, "3 from 2024-02-14", TARGET, "w", "delivered",
     ASKS, "new package"},

    {"an event that ends at the next visit", SIGNED, event_that_ends_later, AS_SIGNED,
     "3 from 2024-02-14 to 2024-03-15", TARGET, "end", "delivered", "", ""},
    {"an event that worsens at the next visit", SIGNED, event_that_worsens_later, AS_SIGNED, "4 from 2024-02-14",
     TARGET, "worse", "delivered", "", ""},
    {"an event whose value is amended", CLOSED, worse_event, "ANC 0.4*;WBC 5.1*", "4 from 2024-02-14", TARGET, "n",
     "delivered", "CORRECTION_AFTER_PUSH", ""},
    {"an event whose value is amended", SIGNED, worse_event, AS_SIGNED, "3 from 2024-02-14", TARGET, "n", "evidence",
     ASKS, "amended"}, /* of parameters of the whole study, which no signature is under */
    {"an event that began before, as a late value says", SIGNED, earlier_event, AS_SIGNED, "3 from 2024-02-14", TARGET,
     "late", "evidence", ASKS, "late"},
    {"an event whose value is withdrawn", SIGNED, withdrawn_event, "WBC 5.1*", "none", TARGET, "n", "retracted",
     "WITHDRAWN_AFTER_PUSH", ""},

    {"consent ends before the visit", CLOSED, withdrawn_subject, "", "none", "2024-02-14 25..28 truncated", "n",
     "outside_window AFTER_WITHDRAWAL", "", ""},
    {"consent ends before the visit", SIGNED, withdrawn_subject, "", "none", "2024-02-14 25..28 truncated", "n",
     "outside_window AFTER_WITHDRAWAL", "", ""},
    {"a visit that was entered in error", SIGNED, withdrawn_visit, "", "3 from 2024-02-14", "2024-02-14 25..35 missed",
     "w", "outside_window NO_CONTACT", "WITHDRAWN_AFTER_PUSH", ""},
    {"the subject is excluded", SIGNED, excluded_subject, "", "none", "none", "n", "not_in_scope EXCLUDED", "", ""},
};

Test(signed_windows, stay_as_they_were_signed_and_others_follow_their_sources)
{
    static const char *const states[] = {"closed", "signed"};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name;

        stop();
        start();
        deliver();
        if (cases[i].state == SIGNED)
            sign("T30-01");
        deliver();
        cr_expect(eq(sz, difference.count, 0), "%s: a signature alone changes nothing", cases[i].name);
        cases[i].change();
        deliver();
        name = gw_arena_print(&s.arena, "%s: %s", states[cases[i].state], cases[i].name);
        expect_text(name, values("T30-01"), cases[i].values);
        expect_text(name, event(), cases[i].event);
        expect_text(name, window_text(), cases[i].window);
        expect_text(name, told(), cases[i].told);
        subject_expect(&s, cases[i].source, cases[i].state_of_source);
        if (*cases[i].why)
            subject_expect_context(&s, ASKS, gw_arena_print(&s.arena, "\"why\":\"%s\"", cases[i].why));
        deliver();
        cr_expect(eq(sz, difference.count, 0), "%s: the next derivation says the same", name);
    }
}

/* The window takes values up to 19 February: what is known up to the 16th does not end it. */
Test(signed_windows, that_are_not_over_take_what_comes)
{
    s.horizon = subject_day("2024-02-16");
    deliver();
    late_value();
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 5.1;WBC 6.2*");
    expect_text("told", told(), "");
}

/* A ledger that was made anew has other revisions. */
Test(signed_windows, say_so_when_what_was_signed_is_not_there)
{
    deliver();
    sign("T30-01");
    signatures[0].rows = (struct gw_rows){0};
    amended_value();
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 5.9*");
    cr_assert(subject_item(&s, ASKS) != NULL);
    subject_expect_context(&s, ASKS, "not in this ledger");
}

Test(signed_windows, leave_the_others_alone)
{
    deliver();
    sign("T30-02");
    amended_value();
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 5.9*");
}

Test(signed_windows, name_the_rows_they_are_of)
{
    char seal[GW_SEAL_BYTES], again[GW_SEAL_BYTES];
    struct gw_error err;
    size_t rows, same;

    deliver();
    cr_assert(gw_window_seal(&delivered, "T30-01", seal, &rows, &err) == GW_OK);
    for (size_t i = 0; i < delivered.tables[GW_TABLE_observations].count; i++)
        ((struct gw_row_observations *)delivered.tables[GW_TABLE_observations].rows[i])->row_version = 9;
    cr_assert(gw_window_seal(&delivered, "T30-01", again, &same, &err) == GW_OK);
    cr_expect(eq(str, seal, again), "stamps are nothing that is signed");
    late_value();
    deliver();
    cr_assert(gw_window_seal(&delivered, "T30-01", again, &same, &err) == GW_OK);
    cr_expect(ne(str, seal, again));
    cr_expect(eq(sz, same, rows + 1));
}

/* Platelets and haemoglobin of one record: each part of the version that was signed is in the row it is in. */
Test(signed_windows, keep_each_component_of_a_record_delivered_when_the_window_moves)
{
    subject_add(&s, "{'resourceType':'Observation','id':'hb','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'58410-2'}]},"
                    "'effectiveDateTime':'2024-02-12','component':["
                    "{'code':{'coding':[{'system':'http://loinc.org','code':'777-3'}]},'valueQuantity':{'value':120,"
                    "'system':'http://unitsofmeasure.org','code':'10*9/L'}},"
                    "{'code':{'coding':[{'system':'http://loinc.org','code':'718-7'}]},'valueQuantity':{'value':12.5,"
                    "'system':'http://unitsofmeasure.org','code':'g/dL'}}]}");
    deliver();
    subject_expect_part(&s, "hb", 0, "delivered");
    subject_expect_part(&s, "hb", 1, "delivered");
    sign("T30-01");
    moved_first_dose();
    deliver();
    expect_text("told", told(), ASKS);
    subject_expect_part(&s, "hb", 0, "delivered");
    subject_expect_part(&s, "hb", 1, "delivered");
}

/* Another record was rejected since, and treatment ended before the window: its rows go for that alone. */
Test(signed_windows, blame_a_decision_only_for_what_it_changes)
{
    deliver();
    sign("T30-01");
    subject_decide(&s, "value", "Observation/other", "{'reject':true}");
    early_end();
    deliver();
    expect_text("told", told(), ASKS);
    subject_expect_context(&s, ASKS, "\"why\":\"anchor moved\"");
    cr_expect(strstr(subject_item(&s, ASKS)->context, "re-mapped") == NULL);
}
