/*
 * What a late or changed source does to a window, by its state: open and closed ones follow it, a signed one stays as
 * it was signed until a person says what is to become of the change.
 *
 * Subject of lendex-rrmm, first dose 2024-01-15: T30-01 takes 9 to 19 February, T30-02 10 to 20 March. WBC 5.1 of 12
 * February is "w", ANC 0.7 of 14 February (grade 3: below 1.0, not below 0.5) is "n", both in T30-01.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/study/seal.h"
#include "support/subject.h"

#define WBC   "6690-2"
#define ANC   "751-8"
#define AFTER 1735000000 /* 2024-12-24: after the signature, which is of 2024-12-01 */

static struct subject s;
static struct gw_study study;
static struct gw_window_rule windows[8];
static struct gw_rows delivered; /* what stands in the study database */
static struct gw_difference difference;
static struct gw_signed_rows signatures[16];

static void start(void)
{
    subject_init(&s);
    study = *s.study;
    cr_assert(study.window_count <= 8);
    memcpy(windows, study.windows, study.window_count * sizeof *windows);
    study.windows = windows;
    s.study = &study;
    s.signatures = signatures;
    delivered = (struct gw_rows){0};
    subject_add_monthly_visits(&s, 3);
    subject_add_lab(&s, "w", WBC, "2024-02-12", "5.1");
    subject_add_lab(&s, "n", ANC, "2024-02-14", "0.7");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(signed_windows, .init = start, .fini = stop);

static void deliver(void)
{
    struct gw_error err;

    subject_derive(&s);
    cr_assert(gw_identify_derived(&s.arena, &delivered, &s.derived, &err) == GW_OK);
    cr_assert(gw_history(&delivered, &s.derived, &err) == GW_OK);
    cr_assert(gw_difference(&s.arena, &delivered, &s.derived.rows, &difference, &err) == GW_OK);
    cr_assert(not(s.derived.blocked));
    delivered = s.derived.rows;
}

/* Under what is delivered now. */
static int64_t sign(const char *window)
{
    char seal[GW_SEAL_BYTES];
    struct gw_error err;
    size_t rows;
    int64_t n;

    cr_assert(gw_window_seal(&delivered, window, seal, &rows, &err) == GW_OK);
    cr_assert(rows > 0);
    n = subject_decide(
        &s, "sign", "",
        gw_arena_print(&s.arena, "{'window':'%s','revision':%zu,'seal':'%s'}", window, s.signature_count + 1, seal));
    signatures[s.signature_count++] = (struct gw_signed_rows){n, delivered};
    return n;
}

/* ---- what changes ---- */

static void add_version(const char *id, const char *loinc, const char *status, const char *day, const char *value)
{
    s.delivery++;
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'%s','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s',"
                "'valueQuantity':{'value':%s,'system':'http://unitsofmeasure.org','code':'10*9/L'},"
                "'referenceRange':[{'low':{'value':1.5,'system':'http://unitsofmeasure.org','code':'10*9/L'},"
                "'high':{'value':7.5,'system':'http://unitsofmeasure.org','code':'10*9/L'}}]}",
                id, status, loinc, day, value);
    s.facts[s.count - 1].delivery = s.delivery;
    s.facts[s.count - 1].fetched_at = AFTER;
}

static void nothing(void)
{
}

static void late_value(void)
{
    add_version("late", WBC, "final", "2024-02-15", "6.2");
}

static void amended_value(void)
{
    add_version("w", WBC, "amended", "2024-02-12", "5.9");
}

static void value_of_the_next_window(void)
{
    add_version("w", WBC, "corrected", "2024-03-14", "5.1");
}

static void withdrawn_value(void)
{
    add_version("w", WBC, "entered-in-error", "2024-02-12", "5.1");
}

static void rejected_value(void)
{
    subject_decide(&s, "value", "Observation/w", "{'reject':true}");
}

static void moved_first_dose(void) /* T30-01 takes 14 to 24 February then */
{
    s.line.first_dose = subject_day("2024-01-20");
}

static void early_end(void) /* T windows end before it */
{
    s.line.end_of_treatment = subject_day("2024-02-01");
}

static void longer_windows(void)
{
    for (size_t i = 0; i < study.window_count; i++)
        windows[i].high += windows[i].every == 30;
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

static void event_that_worsens_later(void)
{
    add_version("worse", ANC, "final", "2024-03-15", "0.4");
}

static void worse_event(void)
{
    add_version("n", ANC, "amended", "2024-02-14", "0.4");
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

/* ---- what stands ---- */

static const char *value_text(const struct gw_row_observations *row)
{
    return gw_arena_print(&s.arena, "%s %s%s", row->concept, row->value_num, row->anl01 ? "*" : "");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *values(const char *window)
{
    const struct gw_row_list *list = &delivered.tables[GW_TABLE_observations];
    const char *texts[16];
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_observations *row = (const struct gw_row_observations *)list->rows[i];

        if (!gw_same(row->window_id, window))
            continue;
        cr_assert(lt(sz, count, 16));
        texts[count++] = value_text(row);
    }
    qsort(texts, count, sizeof *texts, by_text);
    return count ? gw_arena_join(&s.arena, ';', texts, count) : "";
}

static const char *event(void)
{
    const struct gw_row_list *list = &delivered.tables[GW_TABLE_ae_episodes];
    const struct gw_row_ae_episodes *row;

    if (list->count == 0)
        return "none";
    cr_assert(eq(sz, list->count, 1));
    row = (const struct gw_row_ae_episodes *)list->rows[0];
    return gw_arena_print(&s.arena, "%d from %s%s%s", row->max_grade, row->onset, row->end ? " to " : "",
                          row->end ? row->end : "");
}

static const char *window_text(void)
{
    const struct gw_row_list *list = &delivered.tables[GW_TABLE_windows];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_windows *row = (const struct gw_row_windows *)list->rows[i];

        if (gw_same(row->window_id, "T30-01"))
            return gw_arena_print(&s.arena, "%s %d..%d %s", row->target_date, row->low, row->high, row->state);
    }
    return "none";
}

/* What a person is told of it, beside whatever else is open. */
static const char *told(void)
{
    const struct gw_row_list *list = &delivered.tables[GW_TABLE_exceptions];
    const char *texts[16];
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_exceptions *row = (const struct gw_row_exceptions *)list->rows[i];

        if (!gw_item_is_history(row->code))
            continue;
        cr_assert(lt(sz, count, 16));
        texts[count++] =
            gw_same(row->state, "open") ? row->code : gw_arena_print(&s.arena, "%s %s", row->code, row->state);
    }
    qsort(texts, count, sizeof *texts, by_text);
    return count ? gw_arena_join(&s.arena, ';', texts, count) : "";
}

/* ---- the table ---- */

enum state { CLOSED, SIGNED };

#define AS_SIGNED "ANC 0.7*;WBC 5.1*"
#define TARGET    "2024-02-14 25..35 collected"
#define ASKS      "SIGNED_CHANGED"

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

/* ---- answers ---- */

static const char *change_asked(void)
{
    const struct gw_item *item = subject_item(&s, ASKS);

    cr_assert(item != NULL);
    return strrchr(item->fingerprint, '|') + 1;
}

static int64_t answer(const char *which, const char *change)
{
    return subject_decide(&s, "signed", "",
                          gw_arena_print(&s.arena, "{'%s':true,'window':'T30-01','of':'%s'}", which, change));
}

static void undo(int64_t n)
{
    subject_decide_json(&s, gw_arena_print(&s.arena,
                                           "{'n':%zu,'at':'2024-12-20T10:00:00Z','by':'dm1','reason':'as told','kind':"
                                           "'undo','scope':'study:lendex-rrmm','match':null,'set':{},'undoes':%lld}",
                                           s.decision_count + 1, (long long)n));
}

static void sign_and_amend(void)
{
    deliver();
    sign("T30-01");
    amended_value();
    deliver();
    expect_text("held", values("T30-01"), AS_SIGNED);
}

Test(signed_windows, tell_old_and_new_before_anything_changes)
{
    sign_and_amend();
    subject_expect_context(&s, ASKS, "\"windows\":\"T30-01\"");
    subject_expect_context(&s, ASKS, "signed by dm1 would change");
    subject_expect_context(&s, ASKS, "\"column\":\"value_num\",\"was\":\"5.1\",\"is\":\"5.9\"");
    expect_text("blocks", subject_item(&s, ASKS)->blocks, "R");
    cr_expect(eq(sz, subject_items(&s, ASKS), 1));
}

/* The version that was signed is the one that stands, with its lineage. */
Test(signed_windows, keep_the_version_that_was_signed_delivered)
{
    size_t delivered_parts = 0, held = 0;

    sign_and_amend();
    for (size_t i = 0; i < s.derived.part_count; i++)
        if (strcmp(s.facts[s.derived.parts[i].fact].id, "w") == 0) {
            delivered_parts += s.derived.parts[i].state == GW_STATE_DELIVERED;
            held += s.derived.parts[i].state == GW_STATE_HELD;
        }
    cr_expect(eq(sz, delivered_parts, 1));
    cr_expect(eq(sz, held, 1));
}

Test(signed_windows, follow_their_sources_again_once_the_change_is_accepted)
{
    int64_t accepted;

    sign_and_amend();
    accepted = answer("accept", change_asked());
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 5.9*");
    expect_text("told", told(), "CORRECTION_AFTER_PUSH;SIGNED_CHANGED resolved");
    subject_expect(&s, "w", "delivered");
    add_version("w", WBC, "amended", "2024-02-12", "6.0");
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 6.0*");
    undo(accepted);
    deliver();
    expect_text("as signed again", values("T30-01"), AS_SIGNED);
}

Test(signed_windows, stay_when_they_are_kept_and_ask_only_about_another_change)
{
    const char *first;

    sign_and_amend();
    first = change_asked();
    answer("keep", first);
    deliver();
    expect_text("values", values("T30-01"), AS_SIGNED);
    expect_text("told", told(), "SIGNED_CHANGED resolved");
    subject_expect(&s, "w", "held " ASKS);
    add_version("w", WBC, "amended", "2024-02-12", "6.0");
    deliver();
    expect_text("values", values("T30-01"), AS_SIGNED);
    expect_text("told", told(), ASKS);
    cr_expect(ne(str, (char *)change_asked(), (char *)first));
    amended_value();
    deliver();
    expect_text("what was kept once is kept", told(), "SIGNED_CHANGED resolved");
}

Test(signed_windows, follow_their_sources_when_the_signature_is_undone)
{
    sign_and_amend();
    undo(1);
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 5.9*");
    expect_text("told", told(), "CORRECTION_AFTER_PUSH");
}

Test(signed_windows, hold_what_was_signed_last)
{
    sign_and_amend();
    answer("accept", change_asked());
    deliver();
    sign("T30-01");
    add_version("w", WBC, "amended", "2024-02-12", "6.0");
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 5.9*");
    subject_expect(&s, "w", "held " ASKS);
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

/* How an event went on stood behind the signature; it goes when its source does, whatever else is held. */
Test(signed_windows, let_a_withdrawal_through_to_what_came_after_they_were_signed)
{
    deliver();
    sign("T30-01");
    event_that_worsens_later();
    deliver();
    expect_text("it went on", event(), "4 from 2024-02-14");
    worse_event();
    deliver();
    expect_text("held as it went on", event(), "4 from 2024-02-14");
    add_version("worse", ANC, "entered-in-error", "2024-03-15", "0.4");
    deliver();
    expect_text("as signed", event(), "3 from 2024-02-14");
    expect_text("values", values("T30-02"), "");
}

Test(signed_windows, show_a_value_once_when_an_answer_is_taken_back)
{
    int64_t accepted;

    deliver();
    sign("T30-01");
    value_of_the_next_window();
    deliver();
    accepted = answer("accept", change_asked());
    deliver();
    expect_text("moved", values("T30-02"), "WBC 5.1*");
    undo(accepted);
    deliver();
    expect_text("as signed", values("T30-01"), AS_SIGNED);
    expect_text("and nowhere else", values("T30-02"), "");
}

/* After the visit, and within the window: what was told of later days goes, with all that follows from it. */
Test(signed_windows, let_go_what_lies_behind_the_end_of_consent)
{
    add_version("m", ANC, "final", "2024-02-18", "0.4");
    deliver();
    expect_text("event", event(), "4 from 2024-02-14");
    sign("T30-01");
    s.line.withdrawn = subject_day("2024-02-16");
    deliver();
    expect_text("values", values("T30-01"), "ANC 0.7*;WBC 5.1*");
    expect_text("event", event(), "3 from 2024-02-14");
    expect_text("window", window_text(), "2024-02-14 25..32 collected");
    expect_text("told", told(), "");
}
