/*
 * Concomitant medication: roles, dates by assessment, prevention and treatment. Days count from the first dose; the
 * subject was seen on days 0, 30 and 60, and the data reach to day 70.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/doses.h"

#define ASPIRIN    "B01AC06"
#define ENOXAPARIN "B01AB05"
#define DALTEPARIN "B01AB04"
#define HEPARIN    "B01AB01"
#define WARFARIN   "B01AA03"
#define COTRIM     "J01EE01"
#define ACICLOVIR  "J05AB01"
#define LEVO       "J01MA12"
#define CIPRO      "J01MA02"
#define PIPTAZ     "J01CR05"
#define FILGRASTIM "L03AA02"
#define OMEPRAZOLE "A02BC01" /* in no row */
#define BORTEZOMIB "L01XG01"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    s.horizon = s.line.first_dose + 70;
    subject_add_patient(&s, "male", "1950-03-01");
    subject_add_visit_after(&s, 30);
    subject_add_visit_after(&s, 60);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(conmeds, .init = start, .fini = stop);

/* ---- days ---- */

static const struct {
    const char *name;
    const char *atc, *records;
    const char *rows;
    const char *state; /* of the first record */
} histories[] = {
    {"begun between assessments", OMEPRAZOLE, "S 3.. 20", "A02BC01 3.. 20 QD stated +", "delivered"},
    {"ended between assessments", OMEPRAZOLE, "S 3..40 20", "A02BC01 3..40 20 QD stated", "delivered"},
    {"ended on the day of the last assessment", OMEPRAZOLE, "S 3..60 20", "A02BC01 3..60 20 QD stated", "delivered"},
    {"ended after it", OMEPRAZOLE, "S 3..61 20", "A02BC01 3.. 20 QD stated +", "delivered"},
    {"begun on the day of the last assessment", OMEPRAZOLE, "S 60.. 20", "A02BC01 60.. 20 QD stated +", "delivered"},
    {"begun after it", OMEPRAZOLE, "S 61.. 20", "", "outside_window AWAITS_ASSESSMENT"},
    {"begun on day 1", OMEPRAZOLE, "S 0.. 20", "A02BC01 0.. 20 QD stated +", "delivered"},
    {"begun before day 1: only that crosses", OMEPRAZOLE, "S -400.. 20", "A02BC01 .. 20 QD stated < +", "delivered"},
    {"ended before the first window", OMEPRAZOLE, "S -400..-15 20", "", "outside_window BEFORE_BASELINE"},
    {"ended on its first day", OMEPRAZOLE, "S -400..-14 20", "A02BC01 ..-14 20 QD stated <", "delivered"},
    {"a drug against clots keeps its start", ASPIRIN, "S -400.. 100", "acetylsalicylic acid -400.. 100 QD stated P < +",
     "delivered"},
    {"a drug of an earlier line too", BORTEZOMIB, "S -30..-5 2", "bortezomib -30..-5 2 QD stated <", "delivered"},
    {"its dose changed", OMEPRAZOLE, "S 3..20 20; S 21.. 40", "A02BC01 3..20 20 QD stated; A02BC01 21.. 40 QD stated +",
     "delivered"},
    {"a later order holds", OMEPRAZOLE, "R 3.. 20; R 21.. 40",
     "A02BC01 3..20 20 QD intended; A02BC01 21.. 40 QD intended +", "delivered"},
    {"no dose", OMEPRAZOLE, "S 3..", "A02BC01 3.. - QD stated +", "delivered"},
    {"in an unknown rhythm", OMEPRAZOLE, "S 3.. 20 none", "A02BC01 3.. 20 - stated +", "delivered"},
    {"dispensed for 28 days", OMEPRAZOLE, "D 3 /28 20", "A02BC01 3..30 20 QD dispensed", "delivered"},
    {"not taken", OMEPRAZOLE, "T 3..", "", "not_in_scope STATUS_REFUSED"},
    {"three times on a day in hospital", PIPTAZ, "A 3T06 4500; A 3T14 4500; A 3T22 4500",
     "piperacillin and beta-lactamase inhibitor 3..3 4500 TID administered", "delivered"},
};

Test(conmeds, are_collected_at_the_next_assessment_with_their_true_days)
{
    for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++) {
        stop();
        start();
        doses_add(&s, histories[i].atc, histories[i].records);
        subject_derive(&s);
        expect_text(histories[i].name, doses_conmeds(&s), histories[i].rows);
        expect_text(histories[i].name, subject_state(&s, "d3"), histories[i].state);
        cr_expect(eq(sz, subject_items(&s, "DOSE_MISSING"), 0), "%s", histories[i].name);
    }
}

Test(conmeds, keep_every_start_where_the_study_does_not_minimise)
{
    subject_study(&s)->minimise_starts = false;
    doses_add(&s, OMEPRAZOLE, "S -400.. 20");
    subject_derive(&s);
    expect_text("start", doses_conmeds(&s), "A02BC01 -400.. 20 QD stated < +");
}

/* history.order_days is 120: what was ordered or handed over before then, and never ended, tells nothing. */
static const struct {
    const char *name;
    const char *atc, *records;
    const char *rows;
    const char *state;
} old[] = {
    {"ordered 120 days before", OMEPRAZOLE, "R -120.. 20", "A02BC01 .. 20 QD intended < +", "delivered"},
    {"ordered a day earlier", OMEPRAZOLE, "R -121.. 20", "", "outside_window BEFORE_BASELINE"},
    {"stated, then as ever", OMEPRAZOLE, "S -121.. 20", "A02BC01 .. 20 QD stated < +", "delivered"},
    {"supply of 120 days", OMEPRAZOLE, "D -120 /200 20", "A02BC01 .. 20 QD dispensed < +", "delivered"},
    {"supply of a day earlier", OMEPRAZOLE, "D -121 /200 20", "", "outside_window BEFORE_BASELINE"},
    {"an order of then, and one of now", OMEPRAZOLE, "R -121.. 20; R 3.. 40", "A02BC01 3.. 40 QD intended +",
     "outside_window BEFORE_BASELINE"},
    {"a drug against the myeloma", BORTEZOMIB, "R -121..-5 2", "bortezomib -121..-5 2 QD intended <", "delivered"},
    {"a drug against clots", ASPIRIN, "R -121.. 100", "", "outside_window BEFORE_BASELINE"},
};

Test(conmeds, leave_out_orders_and_supplies_of_long_before)
{
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++) {
        stop();
        start();
        doses_add(&s, old[i].atc, old[i].records);
        subject_derive(&s);
        expect_text(old[i].name, doses_conmeds(&s), old[i].rows);
        expect_text(old[i].name, subject_state(&s, "d3"), old[i].state);
    }
}

Test(conmeds, take_orders_of_any_age_where_the_study_sets_no_limit)
{
    subject_study(&s)->history.on = false;
    doses_add(&s, OMEPRAZOLE, "R -121.. 20");
    subject_derive(&s);
    expect_text("no limit", doses_conmeds(&s), "A02BC01 .. 20 QD intended < +");
}

/* ---- to prevent or to treat ---- */

static const struct {
    const char *name;
    const char *atc, *records;
    int infection; /* a pneumonia diagnosed on this day; 0: none */
    const char *rows;
    bool ambiguous;
} purposes[] = {
    {"enoxaparin 40 mg", ENOXAPARIN, "S 0.. 40", 0, "enoxaparin 0.. 40 QD stated P +", false},
    {"enoxaparin 80 mg twice", ENOXAPARIN, "S 0.. 80 bid", 0, "enoxaparin 0.. 80 BID stated +", false},
    {"enoxaparin 40 mg twice: neither", ENOXAPARIN, "S 0.. 40 bid", 0, "enoxaparin 0.. 40 BID stated +", true},
    {"dalteparin 5,000 IU", DALTEPARIN, "S 0.. 5000IU", 0, "dalteparin 0.. 5000 QD stated P +", false},
    {"dalteparin 10,000 IU", DALTEPARIN, "S 0.. 10000IU", 0, "dalteparin 0.. 10000 QD stated +", false},
    {"aspirin 100 mg", ASPIRIN, "S 0.. 100", 0, "acetylsalicylic acid 0.. 100 QD stated P +", false},
    {"aspirin 101 mg", ASPIRIN, "S 0.. 101", 0, "acetylsalicylic acid 0.. 101 QD stated +", true},
    {"warfarin: the dose does not tell", WARFARIN, "S 0.. 5", 0, "warfarin 0.. 5 QD stated +", true},
    {"a flush of a line", HEPARIN, "A 3 300IU", 0, "", false},
    {"heparin", HEPARIN, "A 3 5000IU", 0, "heparin 3..3 5000 ONCE administered", false},
    {"cotrimoxazole three days a week", COTRIM, "S 5.. 960 3/wk", 0,
     "sulfamethoxazole and trimethoprim 5.. 960 TIS stated P +", false},
    {"400/80 mg daily", COTRIM, "S 5.. 480", 0, "sulfamethoxazole and trimethoprim 5.. 480 QD stated P +", false},
    {"three tablets' worth three times a day", COTRIM, "S 5.. 1920 bid", 0,
     "sulfamethoxazole and trimethoprim 5.. 1920 BID stated +", true},
    {"the same on the day of a pneumonia", COTRIM, "S 5.. 1920 bid", 5,
     "sulfamethoxazole and trimethoprim 5.. 1920 BID stated +", false},
    {"aciclovir 400 mg twice", ACICLOVIR, "S 5.. 400 bid", 0, "aciclovir 5.. 400 BID stated P +", false},
    {"within three days of a pneumonia", ACICLOVIR, "S 5.. 400 bid", 8, "aciclovir 5.. 400 BID stated +", true},
    {"four days after one", ACICLOVIR, "S 12.. 400 bid", 8, "aciclovir 12.. 400 BID stated P +", false},
    {"aciclovir 800 mg five times", ACICLOVIR, "S 5..12 800 5/d", 0, "aciclovir 5..12 800 5 TIMES PER DAY stated",
     false},
    {"levofloxacin in the first cycle", LEVO, "S 5.. 500", 0, "levofloxacin 5.. 500 QD stated P +", false},
    {"begun with day 1, its dose unknown", CIPRO, "S 0..", 0, "ciprofloxacin 0.. - QD stated P +", false},
    {"begun later, its dose unknown", CIPRO, "S 5..", 0, "ciprofloxacin 5.. - QD stated +", true},
    {"a drug that only treats", PIPTAZ, "S 5..10 4500", 0,
     "piperacillin and beta-lactamase inhibitor 5..10 4500 QD stated", false},
};

Test(conmeds, prevent_or_treat_as_dose_and_dates_say)
{
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        stop();
        start();
        doses_add(&s, "L04AX04", "S 0.. 25");
        doses_add(&s, purposes[i].atc, purposes[i].records);
        if (purposes[i].infection)
            subject_add(&s,
                        "{'resourceType':'Condition','id':'c','subject':{'reference':'Patient/p1'},"
                        "'verificationStatus':{'coding':[{'code':'confirmed'}]},'onsetDateTime':'%s',"
                        "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'J18.9'}]}}",
                        subject_date(&s, purposes[i].infection));
        subject_derive(&s);
        expect_text(purposes[i].name, doses_conmeds(&s), purposes[i].rows);
        cr_expect(eq(sz, subject_items(&s, "DRUG_ROLE_AMBIGUOUS"), purposes[i].ambiguous), "%s", purposes[i].name);
    }
}

Test(conmeds, leave_flushes_of_a_line_out)
{
    doses_add(&s, HEPARIN, "A 3 500IU");
    subject_derive(&s);
    subject_expect(&s, "d3", "not_in_scope LINE_FLUSH");
}

static const struct {
    const char *name;
    int day; /* of the count */
    const char *count;
    bool prevents;
} counts[] = {
    {"no count", 0, NULL, true},
    {"0.9 on the day", 31, "0.9", false},
    {"0.9 seven days before", 24, "0.9", false},
    {"0.9 eight days before", 23, "0.9", true},
    {"1.0 two days before", 29, "1.0", true},
    {"0.9 the day after", 32, "0.9", true},
    {"below 0.5", 31, "<0.5", false},
    {"above 1.5", 31, ">1.5", true},
    {"above 0.5, which may be anything", 31, ">0.5", false},
};

Test(conmeds, answer_a_low_count_or_prevent_it)
{
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        stop();
        start();
        if (counts[i].count)
            subject_add_value(&s, "anc", "751-8", subject_date(&s, counts[i].day), counts[i].count, "10*9/L");
        doses_add(&s, FILGRASTIM, "A 31 0.3");
        subject_derive(&s);
        expect_text(counts[i].name, doses_conmeds(&s),
                    counts[i].prevents ? "filgrastim 31..31 0.3 ONCE administered P"
                                       : "filgrastim 31..31 0.3 ONCE administered");
    }
}

Test(conmeds, say_nothing_of_what_a_growth_factor_is_for_where_no_bound_is_set)
{
    subject_study(&s)->events.gcsf_anc = NULL;
    doses_add(&s, FILGRASTIM, "A 31 0.3");
    subject_derive(&s);
    expect_text("purpose", doses_conmeds(&s), "filgrastim 31..31 0.3 ONCE administered");
    cr_expect(eq(sz, subject_items(&s, "DRUG_ROLE_AMBIGUOUS"), 0));
}

/* ---- which drug ---- */

static void add_coded(const char *codings, const char *more)
{
    subject_add(&s,
                "{'resourceType':'MedicationStatement','id':'m','status':'active','subject':{'reference':'Patient/p1'},"
                "'effectivePeriod':{'start':'%s'},'medicationCodeableConcept':{'coding':[%s],'text':'some drug'}%s}",
                subject_date(&s, 3), codings, more);
}

static const struct {
    const char *name, *codings, *more;
    const char *rows, *state, *items;
} codes[] = {
    {"RxNorm in no row", "{'system':'http://www.nlm.nih.gov/research/umls/rxnorm','code':'7646'}", "",
     "7646 3.. - - stated +", "delivered", ""},
    {"ATC before RxNorm",
     "{'system':'http://www.nlm.nih.gov/research/umls/rxnorm','code':'7646'},"
     "{'system':'http://www.whocc.no/atc','code':'A02BC01'}",
     "", "A02BC01 3.. - - stated +", "delivered", ""},
    {"a local code alone", "{'system':'urn:shelf','code':'X-1'}", "", "", "held CODE_UNKNOWN", "CODE_UNKNOWN"},
    {"a code that is none", "{'system':'http://www.whocc.no/atc','code':'A02 <b>'}", "", "", "held CODE_UNKNOWN",
     "CODE_UNKNOWN"},
    {"dexamethasone for the eye is no study drug", "{'system':'http://www.whocc.no/atc','code':'S01BA01'}", "",
     "S01BA01 3.. - - stated +", "delivered", ""},
    {"told by its route alone", "{'system':'http://www.nlm.nih.gov/research/umls/rxnorm','code':'3264'}",
     ",'dosage':[{'route':{'coding':[{'system':'http://snomed.info/sct','code':'54485002'}]}}]",
     "3264 3.. - - stated +", "delivered", ""},
};

Test(conmeds, are_named_by_their_row_or_their_code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        stop();
        start();
        add_coded(codes[i].codings, codes[i].more);
        subject_derive(&s);
        expect_text(codes[i].name, doses_conmeds(&s), codes[i].rows);
        subject_expect(&s, "m", codes[i].state);
        cr_expect(eq(sz, s.derived.item_count, *codes[i].items ? 1 : 0), "%s", codes[i].name);
        expect_text(codes[i].name, doses_rows(&s, "dexamethasone"), "");
    }
}

Test(conmeds, carry_class_role_route_and_reason_as_codes)
{
    const struct gw_row_conmeds *row;

    add_coded("{'system':'http://www.whocc.no/atc','code':'J05AB01'}",
              ",'reasonCode':[{'coding':[{'system':'http://snomed.info/sct','code':'4740000'}],'text':'shingles'}],"
              "'dosage':[{'route':{'text':'Oral'}}]");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_conmeds].count, 1));
    row = (const struct gw_row_conmeds *)s.derived.rows.tables[GW_TABLE_conmeds].rows[0];
    expect_text("class", row->class, "J05AB");
    expect_text("role", row->role, "ANTIINFECTIVE");
    expect_text("route", row->route, "ORAL");
    expect_text("indication", row->indication, "4740000");
    expect_text("window", row->reported_window, "T30-01");
    expect_text("rank", row->evidence_rank, "stated");
}

Test(conmeds, of_a_study_without_windows_are_collected_in_their_week)
{
    const struct gw_row_conmeds *row;

    stop();
    subject_init_at(&s, "elranatamab-rrmm", "madrid");
    doses_add(&s, "L04AC07", "A 2 560"); /* tocilizumab */
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_conmeds].count, 1));
    row = (const struct gw_row_conmeds *)s.derived.rows.tables[GW_TABLE_conmeds].rows[0];
    expect_text("role", row->role, "CRS_TREATMENT");
    expect_text("week", row->reported_window, "W01");
}

/* ---- people ---- */

Test(conmeds, prevent_or_treat_as_a_person_says)
{
    doses_add(&s, WARFARIN, "S 3.. 5");
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "DRUG_ROLE_AMBIGUOUS"), 1));
    subject_decide(&s, "role", "MedicationStatement/d3", "{'role':'PROPHYLAXIS'}");
    subject_derive(&s);
    expect_text("prevents", doses_conmeds(&s), "warfarin 3.. 5 QD stated P +");
    cr_expect(eq(sz, subject_items(&s, "DRUG_ROLE_AMBIGUOUS"), 0));
    subject_decide(&s, "role", "MedicationStatement/d3", "{'role':'TREATMENT'}");
    subject_derive(&s);
    expect_text("treats", doses_conmeds(&s), "warfarin 3.. 5 QD stated +");
    cr_expect(eq(sz, subject_items(&s, "DRUG_ROLE_AMBIGUOUS"), 0));
}

Test(conmeds, have_the_code_that_a_person_gives)
{
    add_coded("{'system':'urn:shelf','code':'X-1'}", "");
    subject_decide(&s, "code", "MedicationStatement/m", "{'atc':'B01AC06'}");
    subject_derive(&s);
    expect_text("aspirin", doses_conmeds(&s), "acetylsalicylic acid 3.. - - stated +");
}
