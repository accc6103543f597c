/*
 * Response histories: what is measured of the disease, told as short texts, and what it adds up to.
 *
 * A history is "day: S18 U250 ..." items: S serum M in g/L, U urine M in mg/24 h, K and L free light chains in mg/L, B
 * marrow plasma cells in %, s- s+ and u- u+ immunofixation of serum and urine. Day 0 is the baseline. Visits are at the
 * targets of the 90-day windows, so days 75 to 105, 165 to 195 ... are collected. Expected: BOR with its state (~ is
 * unconfirmed), ORR, TTR, TTP, PFS, DOR; times as days with E (event) or C (censored).
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/subject.h"

static struct subject s;
static unsigned serial;

static void add_quantity(gw_day day, const char *loinc, const char *unit, const char *value, int length)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'o%u','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s',"
                "'valueQuantity':{'value':%.*s,'system':'http://unitsofmeasure.org','code':'%s'}}",
                serial++, loinc, subject_day_text(&s, day), length, value, unit);
}

static void add_fixation(gw_day day, const char *loinc, bool positive)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'o%u','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s',"
                "'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/sct','code':'%s'}]}}",
                serial++, loinc, subject_day_text(&s, day), positive ? "10828004" : "260385009");
}

static void add_word(gw_day day, const char *word, int length)
{
    switch (*word) {
    case 'S':
        add_quantity(day, "33358-3", "g/L", word + 1, length - 1);
        break;
    case 'U':
        add_quantity(day, "42482-0", "mg/(24.h)", word + 1, length - 1);
        break;
    case 'K':
        add_quantity(day, "36916-5", "mg/L", word + 1, length - 1);
        break;
    case 'L':
        add_quantity(day, "33944-0", "mg/L", word + 1, length - 1);
        break;
    case 'B':
        add_quantity(day, "11118-7", "%", word + 1, length - 1);
        break;
    case 's':
        add_fixation(day, "25700-6", word[1] == '+');
        break;
    case 'u':
        add_fixation(day, "13440-3", word[1] == '+');
        break;
    default:
        cr_assert(false, "%s", word);
    }
}

static void play(const char *history)
{
    gw_day day = GW_NO_DAY;

    for (const char *word = history; *word;) {
        const int length = (int)strcspn(word, " ");

        if (word[length - 1] == ':')
            day = s.line.first_dose + atoi(word);
        else
            add_word(day, word, length);
        word += length + (word[length] == ' ');
    }
}

static void start(void)
{
    subject_init(&s);
    serial = 0;
    s.horizon = subject_day("2026-12-31");
    subject_add_patient(&s, "male", "1950-03-01");
    for (int k = 1; k <= 12; k++) {
        subject_add_visit(&s, gw_arena_print(&s.arena, "e%d", k), subject_date(&s, 90 * k));
    }
}

static void stop(void)
{
    subject_release(&s);
}

static const struct gw_row_derived *derived(const char *param)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_derived];

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_derived *row = (const struct gw_row_derived *)list->rows[i];

        if (gw_same(row->param, param))
            return row;
    }
    return NULL;
}

/* "PR", "~VGPR", "270E", "!NO_RESPONSE". */
static void tell(const char *param, char *out, size_t size)
{
    const struct gw_row_derived *row = derived(param);
    const bool timed = row && row->text && (gw_same(row->text, "EVENT") || gw_same(row->text, "CENSORED"));
    const char *open = row && gw_same(row->state, "unconfirmed") ? "~" : "";

    if (!row)
        snprintf(out, size, "none");
    else if (row->reason)
        snprintf(out, size, "!%s", row->reason);
    else if (timed)
        snprintf(out, size, "%s%s%c", open, row->value, row->text[0]);
    else
        snprintf(out, size, "%s%s", open, row->text ? row->text : row->value);
}

static void expect_told(const char *name, const char *wanted)
{
    static const char *const params[] = {"BOR", "ORR", "TTR", "TTP", "PFS", "DOR"};
    char got[512] = "", one[64];

    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        tell(params[i], one, sizeof one);
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i ? " " : "", one);
    }
    cr_expect(strcmp(got, wanted) == 0, "%s: got \"%s\", wanted \"%s\"", name, got, wanted);
}

static const struct {
    const char *name, *history, *wanted;
} histories[] = {
    /* what can be followed */
    {"nothing at baseline", "90: S10 180: S10",
     "!NO_BASELINE_DISEASE !NO_BASELINE_DISEASE !NO_BASELINE_DISEASE !NO_BASELINE_DISEASE !NO_BASELINE_DISEASE "
     "!NO_BASELINE_DISEASE"},
    {"serum below 10 and nothing else", "0: S9.9 90: S1",
     "!NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE"},
    {"serum of exactly 10 is measurable", "0: S10 90: S5 180: S5", "PR Y 90 180C 180C 90C"},
    {"urine of 199 is not", "0: U199 90: U50",
     "!NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE"},
    {"urine of exactly 200 is", "0: U200 90: U199 180: U199", "PR Y 90 180C 180C 90C"},
    {"a light chain of 99 is not", "0: K99 L10 90: K20 L10",
     "!NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE"},
    {"a high chain with a normal ratio is not", "0: K150 L100 90: K20 L10",
     "!NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE !NOT_MEASURABLE"},
    {"no assessment", "0: S40",
     "!NO_ASSESSMENT !NO_ASSESSMENT !NO_ASSESSMENT !NO_ASSESSMENT !NO_ASSESSMENT "
     "!NO_ASSESSMENT"},
    {"serum followed but not measured again", "0: S40 90: U100",
     "!NO_ASSESSMENT !NO_ASSESSMENT !NO_ASSESSMENT !NO_ASSESSMENT !NO_ASSESSMENT !NO_ASSESSMENT"},

    /* categories by serum */
    {"a fall by 50 % is partial", "0: S40 90: S20 180: S20", "PR Y 90 180C 180C 90C"},
    {"a fall by less is minimal", "0: S40 90: S20.1 180: S20.1", "MR N !NO_RESPONSE 180C 180C !NO_RESPONSE"},
    {"a fall by 25 % is minimal", "0: S40 90: S30 180: S30", "MR N !NO_RESPONSE 180C 180C !NO_RESPONSE"},
    {"a fall by less is stable", "0: S40 90: S30.1 180: S30.1", "SD N !NO_RESPONSE 180C 180C !NO_RESPONSE"},
    {"a fall by 90 % with little urine is very good", "0: S40 U50 90: S4 U99 180: S4 U99", "VGPR Y 90 180C 180C 90C"},
    {"with urine of 100 it is partial", "0: S40 U50 90: S4 U100 180: S4 U100", "PR Y 90 180C 180C 90C"},
    {"without any urine it is partial", "0: S40 90: S4 180: S4", "PR Y 90 180C 180C 90C"},
    {"a low baseline urine stands for the later one", "0: S40 U99 90: S4 180: S4", "VGPR Y 90 180C 180C 90C"},
    {"a fall by less than 90 % is partial", "0: S40 U50 90: S4.1 U50 180: S4.1 U50", "PR Y 90 180C 180C 90C"},
    {"urine of 200 keeps a serum fall from partial", "0: S40 U50 90: S20 U200 180: S20 U200",
     "MR N !NO_RESPONSE 180C 180C !NO_RESPONSE"},

    /* by serum and urine */
    {"both fall", "0: S40 U1000 90: S20 U100 180: S20 U100", "PR Y 90 180C 180C 90C"},
    {"urine falls by 90 % but not below 200", "0: S40 U5000 90: S20 U500 180: S20 U500", "PR Y 90 180C 180C 90C"},
    {"urine falls by less and stays above", "0: S40 U5000 90: S20 U501 180: S20 U501",
     "MR N !NO_RESPONSE 180C 180C !NO_RESPONSE"},
    {"urine falls by less than 50 %", "0: S40 U5000 90: S20 U2501 180: S20 U2501",
     "SD N !NO_RESPONSE 180C 180C !NO_RESPONSE"},
    {"urine not measured again says nothing", "0: S40 U5000 90: S20 180: S20",
     "!NO_ASSESSMENT !NO_ASSESSMENT !NO_ASSESSMENT !NO_ASSESSMENT !NO_ASSESSMENT !NO_ASSESSMENT"},

    /* complete */
    {"both fixations negative and few plasma cells", "0: S40 U50 90: S0 U0 B4.9 s- u- 180: S0 U0 B4.9 s- u-",
     "CR Y 90 180C 180C 90C"},
    {"plasma cells of 5 %", "0: S40 U50 90: S0 U0 B5 s- u- 180: S0 U0 B5 s- u-", "VGPR Y 90 180C 180C 90C"},
    {"no marrow", "0: S40 U50 90: S0 U0 s- u- 180: S0 U0 s- u-", "VGPR Y 90 180C 180C 90C"},
    {"seen by fixation only", "0: S40 U50 90: S0 U0 s+ u- 180: S0 U0 s+ u-", "VGPR Y 90 180C 180C 90C"},

    /* light chains */
    {"chains fall by 50 %", "0: K510 L10 90: K260 L10 180: K260 L10", "PR Y 90 180C 180C 90C"},
    {"chains fall by less", "0: K510 L10 90: K261 L10 180: K261 L10", "SD N !NO_RESPONSE 180C 180C !NO_RESPONSE"},
    {"chains fall by 90 %", "0: L510 K10 90: L60 K10 180: L60 K10", "VGPR Y 90 180C 180C 90C"},

    /* confirmation */
    {"a response that only the last assessment shows", "0: S40 90: S35 180: S15",
     "SD ~N !NO_RESPONSE 180C 180C !NO_RESPONSE"},
    {"one assessment alone", "0: S40 90: S15", "~PR ~N !NO_RESPONSE 90C 90C !NO_RESPONSE"},
    {"a deeper one that was not kept", "0: S40 90: S20 180: S4 U10 270: S20", "PR Y 90 270C 270C 180C"},
    {"a response that is lost at once", "0: S40 90: S15 180: S30 270: S30",
     "MR N !NO_RESPONSE 270C 270C "
     "!NO_RESPONSE"},
    {"deepening later", "0: S40 U50 90: S20 U50 180: S4 U50 270: S4 U50", "VGPR Y 90 270C 270C 180C"},

    /* progression */
    {"progression confirmed", "0: S40 90: S15 180: S15 270: S25 360: S30", "PR Y 90 270E 270E 180E"},
    {"progression in the last assessment", "0: S40 90: S15 180: S15 270: S25", "PR Y 90 ~270C ~270C ~180C"},
    {"progression that is denied", "0: S40 90: S15 180: S15 270: S25 360: S15", "PR Y 90 360C 360C 270C"},
    {"a rise by 4.9 is none", "0: S40 90: S10 180: S10 270: S14.9 360: S14.9", "PR Y 90 360C 360C 270C"},
    {"a rise by 5 and 25 % is", "0: S40 90: S10 180: S10 270: S15 360: S15", "PR Y 90 270E 270E 180E"},
    {"from 50 on it takes 10", "0: S110 90: S50 180: S50 270: S62.4 360: S62.4", "PR Y 90 360C 360C 270C"},
    {"and 25 %", "0: S110 90: S50 180: S50 270: S62.5 360: S62.5", "PR Y 90 270E 270E 180E"},
    {"a low that was not confirmed is no lowest value", "0: S40 90: S20 180: S8 270: S20 360: S20",
     "PR Y 90 360C 360C 270C"},
    {"urine rises by 200", "0: U1000 90: U50 180: U50 270: U250 360: U250", "VGPR Y 90 270E 270E 180E"},
    {"chains rise by exactly 100 is none", "0: K510 L10 90: K60 L10 180: K60 L10 270: K160 L10 360: K160 L10",
     "VGPR Y 90 360C 360C 270C"},
    {"chains rise by more", "0: K510 L10 90: K60 L10 180: K60 L10 270: K161 L10 360: K161 L10",
     "VGPR Y 90 270E 270E 180E"},
    {"progressive from the start", "0: S40 90: S55 180: S60", "PD N !NO_RESPONSE 90E 90E !NO_RESPONSE"},
};

Test(response, follows_the_disease_through_its_histories)
{
    for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
        start();
        play(histories[i].history);
        subject_derive(&s);
        expect_told(histories[i].name, histories[i].wanted);
        stop();
    }
}

TestSuite(response_times, .init = start, .fini = stop);

static void expect_param(const char *param, const char *wanted)
{
    char got[64];

    tell(param, got, sizeof got);
    cr_expect(strcmp(got, wanted) == 0, "%s is %s, wanted %s", param, got, wanted);
}

static void add_line(int day)
{
    subject_add(&s,
                "{'resourceType':'MedicationAdministration','id':'line','status':'completed',"
                "'subject':{'reference':'Patient/p1'},'effectiveDateTime':'%s',"
                "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX06'}]}}",
                subject_date(&s, day));
}

Test(response_times, leave_out_what_comes_after_another_line)
{
    play("0: S40 90: S15 180: S15 270: S30 360: S30");
    add_line(200);
    subject_derive(&s);
    expect_param("BOR", "PR");
    expect_param("TTP", "180C");
    expect_param("PFS", "180C");
}

Test(response_times, take_death_for_survival_and_progression_free_survival_only)
{
    play("0: S40 90: S15 180: S15");
    s.facts[0].patient.deceased = true;
    s.facts[0].patient.deceased_date = "2024-09-01"; /* elapsed 230 */
    subject_derive(&s);
    expect_param("OS", "230E");
    expect_param("PFS", "230E");
    expect_param("DOR", "140E");
    expect_param("TTP", "180C");
}

Test(response_times, take_a_death_before_the_first_assessment_for_an_event)
{
    play("0: S40");
    s.facts[0].patient.deceased = true;
    s.facts[0].patient.deceased_date = "2024-03-01"; /* elapsed 46 */
    subject_derive(&s);
    expect_param("PFS", "46E");
    expect_param("OS", "46E");
    expect_param("TTP", "!NO_ASSESSMENT");
    expect_param("DOR", "!NO_ASSESSMENT");
    expect_param("BOR", "!NO_ASSESSMENT");
}

Test(response_times, count_no_death_of_a_later_line_against_this_one)
{
    play("0: S40 90: S15 180: S15");
    add_line(200);
    s.facts[0].patient.deceased = true;
    s.facts[0].patient.deceased_date = "2024-09-01";
    subject_derive(&s);
    expect_param("OS", "230E");
    expect_param("PFS", "180C");
}

Test(response_times, censor_survival_at_the_last_contact_of_a_collected_window)
{
    s.horizon = subject_day("2024-08-01"); /* visits at 90 and 180 have been */
    subject_derive(&s);
    expect_param("OS", "180C");
}

/* The elranatamab study asks for no contact: what saw the subject in its weeks counts all the same. */
static const struct {
    const char *name, *site, *resource, *wanted;
} contacts[] = {
    {"nothing", "madrid", NULL, "0C"},
    {"a visit", "madrid",
     "'Encounter','id':'v','status':'finished','class':{'code':'AMB'},'period':{"
     "'start':'2024-03-01','end':'2024-03-01'}",
     "46C"},
    {"a stay to the tenth day after", "madrid",
     "'Encounter','id':'v','status':'finished','class':{'code':'IMP'},"
     "'period':{'start':'2024-03-01','end':'2024-03-11'}",
     "56C"},
    {"a visit after the 52 weeks", "madrid",
     "'Encounter','id':'v','status':'finished','class':{'code':'AMB'},"
     "'period':{'start':'2025-01-13','end':'2025-01-13'}",
     "0C"},
    {"a result where a hospital has no visits", "busan",
     "'Observation','id':'v','status':'final','code':{'text':'x'},"
     "'effectiveDateTime':'2024-03-01'",
     "46C"},
};

Test(response_times, censor_survival_at_the_last_contact_where_the_study_asks_for_none)
{
    for (size_t i = 0; i < sizeof contacts / sizeof *contacts; i++) {
        char got[64];

        subject_release(&s);
        subject_init_at(&s, "elranatamab-rrmm", contacts[i].site);
        s.horizon = subject_day("2025-06-30");
        subject_add_patient(&s, "male", "1950-03-01");
        if (contacts[i].resource)
            subject_add(&s, "{'subject':{'reference':'Patient/p1'},'resourceType':%s}", contacts[i].resource);
        subject_derive(&s);
        tell("OS", got, sizeof got);
        expect_text(contacts[i].name, got, contacts[i].wanted);
    }
}

static size_t items_about(const char *code, const char *rule)
{
    size_t count = 0;

    for (size_t i = 0; i < s.derived.item_count; i++) {
        const struct gw_item *item = &s.derived.items[i];
        const char *last = strrchr(item->fingerprint, '|');

        count += strcmp(item->code, code) == 0 && strcmp(last + 1, rule) == 0;
    }
    return count;
}

Test(response_times, ask_about_what_the_last_assessment_alone_shows)
{
    play("0: S40 90: S35 180: S15");
    subject_derive(&s);
    cr_expect(eq(sz, items_about("RESPONSE_UNCONFIRMED", "PR"), 1));
    play("270: S15");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "RESPONSE_UNCONFIRMED"), 0));
}

/* S15 of 40 is a partial response; a person takes the last assessment for confirmed, or waits. */
Test(response_times, go_by_what_a_person_accepted)
{
    play("0: S40 90: S35 180: S15");
    subject_derive(&s);
    expect_param("ORR", "~N");
    subject_decide(&s, "response", "", "{'wait':true,'of':'PR','window':'T90-02'}");
    subject_derive(&s);
    expect_param("ORR", "~N");
    cr_expect(eq(sz, subject_items(&s, "RESPONSE_UNCONFIRMED"), 0), "nobody is asked while they wait");
    subject_decide(&s, "response", "", "{'accept':true,'of':'PR','window':'T90-02'}");
    subject_derive(&s);
    expect_param("ORR", "Y");
    expect_param("BOR", "PR");
    cr_expect(eq(sz, subject_items(&s, "RESPONSE_UNCONFIRMED"), 0));
    play("270: S50"); /* another window: a person is asked anew */
    subject_derive(&s);
    cr_expect(eq(sz, items_about("RESPONSE_UNCONFIRMED", "PD"), 1));
    expect_param("BOR", "PR");
}

Test(response_times, end_with_a_progression_that_a_person_accepted)
{
    play("0: S40 90: S15 180: S15 270: S40");
    subject_derive(&s);
    cr_expect(eq(sz, items_about("RESPONSE_UNCONFIRMED", "PD"), 1));
    subject_decide(&s, "response", "", "{'accept':true,'of':'PD','window':'T90-03'}");
    subject_derive(&s);
    expect_param("TTP", "270E");
    cr_expect(eq(sz, subject_items(&s, "RESPONSE_UNCONFIRMED"), 0));
    subject_decide(&s, "response", "", "{'accept':true,'of':'CR','window':'T90-03'}");
    subject_derive(&s);
    expect_param("TTP", "270E");
}

Test(response_times, tell_what_keeps_a_very_good_response_from_being_complete)
{
    play("0: S40 U50 90: S0 U0 s- u- 180: S0 U0 s- u-");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "CR_NOT_ASSESSABLE"), 1));
    play("270: S0 U0 s- u- B2");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "CR_NOT_ASSESSABLE"), 0));
}

/* The assessments are of 14 April and 13 July 2024. */
static const struct {
    const char *name, *code, *verification, *onset, *end; /* end NULL: it goes on */
    const char *best;
} tumours[] = {
    {"a solitary plasmacytoma", "C90.30", "confirmed", "2023-12-01", NULL, "VGPR"},
    {"an extramedullary one", "C90.20", "confirmed", "2023-12-01", NULL, "VGPR"},
    {"the myeloma itself", "C90.00", "confirmed", "2023-12-01", NULL, "CR"},
    {"a leukaemia of plasma cells", "C90.10", "confirmed", "2023-12-01", NULL, "CR"},
    {"another tumour", "C50.9", "confirmed", "2023-12-01", NULL, "CR"},
    {"a plasmacytoma that nobody confirmed", "C90.30", "provisional", "2023-12-01", NULL, "CR"},
    {"one that was gone before", "C90.30", "confirmed", "2023-12-01", "2024-04-13", "CR"},
    {"one that was gone after both", "C90.30", "confirmed", "2023-12-01", "2024-07-13", "VGPR"},
    {"one that began after both", "C90.30", "confirmed", "2024-07-14", NULL, "CR"},
};

Test(response_times, give_no_complete_response_beside_a_plasmacytoma)
{
    for (size_t i = 0; i < sizeof tumours / sizeof *tumours; i++) {
        stop();
        start();
        play("0: S40 U50 90: S0 U0 B2 s- u- 180: S0 U0 B2 s- u-");
        subject_add(&s,
                    "{'resourceType':'Condition','id':'c1','subject':{'reference':'Patient/p1'},'verificationStatus':{"
                    "'coding':[{'code':'%s'}]},'onsetDateTime':'%s'%s,'code':{'coding':[{'system':"
                    "'http://hl7.org/fhir/sid/icd-10-cm','code':'%s'}]}}",
                    tumours[i].verification, tumours[i].onset,
                    tumours[i].end ? gw_arena_print(&s.arena, ",'abatementDateTime':'%s'", tumours[i].end) : "",
                    tumours[i].code);
        subject_derive(&s);
        cr_log_info("%s", tumours[i].name);
        expect_param("BOR", tumours[i].best);
    }
}

Test(response_times, name_the_values_they_were_made_from)
{
    play("0: S40 90: S15 180: S15");
    subject_derive(&s);
    cr_assert(derived("BOR") != NULL);
    cr_expect(strchr(derived("BOR")->inputs, ';') != NULL);
    cr_expect(gw_same(derived("BOR")->rule_id, "response"));
    cr_expect(gw_same(derived("BOR")->date, "2024-04-14"));
}
