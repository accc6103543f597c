/*
 * Memory that ends within the syndromes: a subject in a study of elranatamab with fevers, falls of blood pressure,
 * oxygen, ICE scores, stays in hospital, opinions of physicians, and decisions about all of these.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/chart.h"
#include "support/doses.h"
#include "support/refusal.h"
#include "support/scratch.h"

#define STEP 24

static struct subject s;
static struct scratch scratch;

static void start(void)
{
    chart_init(&s, &scratch);
    s.horizon = subject_day("2024-06-30");
}

static void stop(void)
{
    chart_release(&s, &scratch);
}

TestSuite(memory_events, .init = start, .fini = stop, .timeout = 120);

Test(memory_events, end_with_a_sentence_in_the_release_of_cytokines)
{
    chart_add(&s, "d1 12:00 S 140;d1 16:00 S 138;d1 20:00 S 142;d2 14:00 T 38.5;d2 15:00 TF 102.2;d2 15:00 S 84;"
                  "d2 16:00 O 88;d2 16:30 FN 2;d2 17:00 FM 8;d2 17:30 X 40;d2 18:00 R C01CA03 10;d2 18:30 A L04AC07;"
                  "d2 19:00 R H01BA01 2;d2 20:00 P 47545007 10;d3 08:00 T 36.8;d4 14:00 T 38.1;d5 14:00 T 36.9;"
                  "d2 C D89.832 d5;d2 21:00 A N02BE01;d9 14:00 T 39.0;d9 T 38.8;d9 15:00 FV 30;d9 18:00 FH 40;"
                  "d11 10:00 T 36.5;d30 C D89.831 d32;d2 20:30 F 4;d9 10:00 RQ R03AC02 1");
    cr_expect(gt(sz, refusal_sweep(refusal_derive, &s, STEP, 0), 500));
    subject_derive(&s);
    cr_expect(gt(sz, subject_items(&s, "CRS_REVIEW"), 1), "the subject shows too little");
}

Test(memory_events, end_with_a_sentence_in_neurotoxicity)
{
    chart_add(&s, "d2 08:00 I 8;d2 20:00 I 5;d3 08:00 I 9;d4 08:00 I 10;d9 I 2;d9 14:00 G 13;d9 C R47.01;d9 C R56.9;"
                  "d10 C G92.03 d12;d11 A H02AB02;d12 I 10;d16 G 14;d2 14:00 T 38.5;d3 14:00 T 36.8;d40 C G92.00");
    cr_expect(gt(sz, refusal_sweep(refusal_derive, &s, STEP, 0), 500));
    subject_derive(&s);
    cr_expect(gt(sz, subject_items(&s, "ICANS_REVIEW"), 1), "the subject shows too little");
}

#define STAY                                                                                                           \
    "{'resourceType':'Encounter','id':'%s','status':'finished','class':{'code':'IMP'},'subject':{'reference':"         \
    "'Patient/p1'},'period':{'start':'%s','end':'%s'}%s}"
#define ICU                                                                                                            \
    ",'location':[{'location':{'reference':'Location/1'},'physicalType':{'coding':["                                   \
    "{'system':'http://terminology.hl7.org/CodeSystem/v3-RoleCode','code':'ICU'}]}}]"
#define FOR(id) ",'diagnosis':[{'condition':{'reference':'Condition/" id "'}}]"
#define SAID                                                                                                           \
    "{'resourceType':'AdverseEvent','id':'%s','actuality':'actual','subject':{'reference':'Patient/p1'},"              \
    "'suspectEntity':[{'instance':{'reference':'MedicationAdministration/dose3'},'causality':[{'assessment':{"         \
    "'coding':[{'system':'http://terminology.hl7.org/CodeSystem/adverse-event-causality-assess','code':'%s'}]}}]}],"   \
    "%s}"

static void add_infections(void)
{
    subject_add_condition(&s, "pneumonia", "J18.9", "2024-02-10", "2024-02-20");
    subject_add_condition(&s, "sepsis", "A41.9", "2024-03-10", NULL);
    subject_add_condition(&s, "again", "J18.9", "2024-02-25", "2024-02-28");
    subject_add_condition(&s, "shingles", "B02.9", "2024-04-10", "2024-04-20");
    subject_add_condition(&s, "thrombus", "I82.402", "2024-05-10", "2024-05-20");
    subject_add_condition(&s, "fracture", "S72.001A", "2024-05-01", NULL);
    subject_add_condition(&s, "tumour", "C18.9", "2024-05-15", NULL);
    subject_add(&s, STAY, "s1", "2024-01-15", "2024-01-18", "");
    subject_add(&s, STAY, "s2", "2024-02-09", "2024-02-21", ICU FOR("pneumonia"));
    subject_add(&s, STAY, "s3", "2024-03-11", "2024-03-20", "");
    doses_add(&s, "J01CR05", "S 25..34 4000; A 60 4500");
    doses_add(&s, "J01MA12", "S 40..45 500 qd");
    doses_add(&s, "L03AA02", "A 33 0.3");
    doses_add(&s, "J05AB01", "S 0..100 400 bid");
    subject_add(&s, SAID, "a1", "Possible", "'resultingCondition':[{'reference':'Condition/pneumonia'}]");
    subject_add(&s, SAID, "a2", "Unlikely",
                "'event':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'B02.9'}]},"
                "'date':'2024-04-11'");
}

static void add_counts(void)
{
    static const struct {
        const char *id, *day, *anc, *temperature;
    } days[] = {
        {"1", "2024-01-14", "3.1", "36.5"}, {"2", "2024-02-08", "0.4", "38.9"}, {"3", "2024-02-09", "0.6", "38.2"},
        {"4", "2024-02-13", "2.5", "36.6"}, {"5", "2024-04-01", "0.9", "38.6"}, {"6", "2024-04-20", "1.9", "36.6"},
    };

    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        subject_add_lab(&s, gw_arena_print(&s.arena, "n%s", days[i].id), "751-8", days[i].day, days[i].anc);
        subject_add_value(&s, gw_arena_print(&s.arena, "t%s", days[i].id), "8310-5",
                          gw_arena_print(&s.arena, "%sT12:00:00+09:00", days[i].day), days[i].temperature, "Cel");
    }
    subject_add_value(&s, "plt", "777-3", "2024-02-10", "20", "10*9/L");
    subject_add_value(&s, "igg", "2465-3", "2024-03-10", "3.1", "g/L");
    subject_add_value(&s, "alt", "1742-6", "2024-03-10", "400", "U/L");
}

static void decide(void)
{
    subject_decide(&s, "seriousness", "Condition/pneumonia", "{'serious':true,'criteria':['hospital','life']}");
    subject_decide(&s, "seriousness", "Condition/shingles", "{'serious':false}");
    subject_decide(&s, "relatedness", "Condition/sepsis", "{'relatedness':'related'}");
    subject_decide(&s, "grade", "Condition/sepsis", "{'grade':4}");
    subject_decide(&s, "outcome", "Condition/shingles", "{'outcome':'recovered'}");
    subject_decide(&s, "action_taken", "Condition/shingles", "{'action_taken':'none'}");
    subject_decide(&s, "event", "Condition/fracture", "{'confirm':true,'onset':'2024-05-02','grade':3}");
    subject_decide(&s, "event", "Condition/again",
                   "{'merge_with':{'endpoint':'busan','type':'Condition','id':'pneumonia','part':''}}");
    subject_decide(&s, "event", "Condition/tumour", "{'refuse':true}");
    subject_decide(&s, "stay", "Encounter/s3", "{'planned':true}");
}

Test(memory_events, end_with_a_sentence_in_infections_stays_and_opinions)
{
    add_infections();
    add_counts();
    decide();
    cr_expect(gt(sz, refusal_sweep(refusal_derive, &s, STEP, 0), 500));
    subject_derive(&s);
    cr_expect(gt(sz, subject_count(&s, GW_TABLE_ae_episodes), 4), "the subject shows too little");
    cr_expect(gt(sz, subject_count(&s, GW_TABLE_ae_grades), 2), "the subject shows too little");
}
