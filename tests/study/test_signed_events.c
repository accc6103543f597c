/*
 * Events of signed windows: they go on after them, change with all that is told of them or not at all, and are part of
 * no event that the study does not have.
 */
#include "study/signed_desk.h"

TestSuite(signed_events, .init = start, .fini = stop);

/* How an event went on stood behind the signature; it goes when its source does, whatever else is held. */
Test(signed_events, let_a_withdrawal_through_to_what_came_after_they_were_signed)
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

/* After the visit, and within the window: what was told of later days goes, with all that follows from it. */
Test(signed_events, let_go_what_lies_behind_the_end_of_consent)
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

/* ---- events that are part of another ---- */

static void add_fever(const char *status)
{
    s.delivery++;
    subject_add(&s,
                "{'resourceType':'Observation','id':'t','status':'%s','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'8310-5'}]},"
                "'effectiveDateTime':'2024-02-13T20:00:00+01:00',"
                "'valueQuantity':{'value':39.0,'system':'http://unitsofmeasure.org','code':'Cel'}}",
                status);
    s.facts[s.count - 1].delivery = s.delivery;
    s.facts[s.count - 1].fetched_at = AFTER;
}

/* Fever with a count of 0.4 the day before the visit of T30-01: an event of it. */
static void febrile_neutropenia(void)
{
    add_version("low", ANC, "final", "2024-02-13T18:00:00+01:00", "0.4");
    add_fever("final");
}

/* Two days after that visit: T30-02 assesses it. */
static void infection_of_the_next_window(void)
{
    subject_add_condition(&s, "c", "J18.9", "2024-02-16", "2024-03-01");
}

static const struct gw_row_ae_episodes *delivered_event(const char *category)
{
    const struct gw_row_list *list = &delivered.tables[GW_TABLE_ae_episodes];

    for (size_t i = 0; i < list->count; i++)
        if (gw_same(((const struct gw_row_ae_episodes *)list->rows[i])->category, category))
            return (const struct gw_row_ae_episodes *)list->rows[i];
    return NULL;
}

static const char *parent_of_infection(void)
{
    const struct gw_row_ae_episodes *infection = delivered_event("INFECTION"), *parent;

    cr_assert(infection != NULL);
    if (!infection->parent_ae)
        return "none";
    parent = (const struct gw_row_ae_episodes *)gw_rows_find(&delivered, GW_TABLE_ae_episodes, infection->parent_ae);
    return parent ? parent->category : "one that is not there";
}

Test(signed_events, are_no_parents_before_they_are_delivered)
{
    deliver();
    sign("T30-01");
    febrile_neutropenia();
    infection_of_the_next_window();
    deliver();
    expect_text("told", told(), ASKS);
    expect_text("assessed", delivered_event("INFECTION")->assessed_window, "T30-02");
    expect_text("held", delivered_event("FEBRILE_NEUTROPENIA") ? "there" : "", "");
    expect_text("parent", parent_of_infection(), "none");
    deliver();
    cr_expect(eq(sz, difference.count, 0), "the next derivation says the same");
    answer("accept", change_asked());
    deliver();
    expect_text("parent", parent_of_infection(), "FEBRILE_NEUTROPENIA");
}

/* The infection was signed as part of the fever, which goes: that it is part of nothing then is no question. */
Test(signed_events, are_part_of_nothing_once_what_they_were_part_of_is_withdrawn)
{
    febrile_neutropenia();
    infection_of_the_next_window();
    deliver();
    expect_text("parent", parent_of_infection(), "FEBRILE_NEUTROPENIA");
    sign("T30-02");
    add_fever("entered-in-error");
    deliver();
    expect_text("held", delivered_event("FEBRILE_NEUTROPENIA") ? "there" : "", "");
    expect_text("parent", parent_of_infection(), "none");
    expect_text("told", told(), "WITHDRAWN_AFTER_PUSH");
    deliver();
    cr_expect(eq(sz, difference.count, 0), "the next derivation says the same");
}

/* Something else of it is another too: that waits, and it is part of nothing meanwhile. */
Test(signed_events, are_part_of_nothing_that_was_withdrawn_while_they_wait)
{
    febrile_neutropenia();
    infection_of_the_next_window();
    deliver();
    sign("T30-02");
    add_fever("entered-in-error");
    subject_add_condition(&s, "c2", "J18.9", "2024-02-15", "2024-03-01");
    deliver();
    expect_text("onset", delivered_event("INFECTION")->onset, "2024-02-16");
    expect_text("parent", parent_of_infection(), "none");
    expect_text("told", told(), ASKS ";WITHDRAWN_AFTER_PUSH");
}
