/*
 * One diagnosis, count, stay, temperature or score a step over an edge, and every cell of every table that is another
 * then.
 *
 * Expected by hand from the rules: mappings/RULES.md 8, 12 and 14, the bounds of CTCAE 5.0 and of the ASTCT scales.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/chart.h"
#include "support/contrast.h"
#include "support/whole.h"

/* ---- the first study: seen every thirty days, treated for two hundred ---- */

#define SEEN "P male 1950-03-01; V 30; V 60; V 90; V 120; V 150; V 180; L04AX04 S 0..200 25; "

static void start(struct subject *s)
{
    subject_init(s);
    subject_trust_roster(s);
    whole_shorten(s, 6);
    s->horizon = s->line.first_dose + 185;
}

static const struct contrast_case diagnoses[] = {
    {"begun on day 1, and the day before", SEEN, "c=C J18.9 0..10", "c=C J18.9 -1..10",
     "-ae_episodes INFECTION d0\n"
     "-ae_evidence INFECTION onset c\n"
     "-exceptions AE_GRADE_HUMAN c\n"
     "part c: evidence -> outside_window BEFORE_BASELINE\n"},
    {"begun on the day of the visit, and the day after", SEEN, "c=C J18.9 60..70", "c=C J18.9 61..70",
     "ae_episodes INFECTION d60 onset: d60 -> d61\n"
     "ae_episodes INFECTION d60 onset_study_day: 61 -> 62\n"
     "ae_episodes INFECTION d60 assessed_window: T30-02 -> T30-03\n"
     "ae_episodes INFECTION d60 days_since_first_dose: 60 -> 61\n"
     "ae_evidence INFECTION onset c date: d60 -> d61\n"},
    {"fourteen days apart, and fifteen", SEEN "b=C J18.9 40..50; ", "c=C J15.9 64..70", "c=C J15.9 65..70",
     "ae_episodes INFECTION d40 end: d70 -> d50\n"
     "+ae_episodes INFECTION d65\n"
     "-ae_evidence INFECTION supporting c\n"
     "+ae_evidence INFECTION onset c\n"
     "+exceptions AE_GRADE_HUMAN c\n"},
    /* both evidences named the one event: the diagnosis takes its id along, the counts get one of their own */
    {"seven days from the count, and eight", SEEN "a0=Q ANC 0 3.0; a1=Q ANC 40 0.9; a2=Q ANC 50 2.0; ",
     "c=C D70.1 57..60", "c=C D70.1 58..60",
     "+ae_episodes NEUTROPENIA d40\n"
     "-ae_evidence NEUTROPENIA onset a1\n"
     "+ae_evidence NEUTROPENIA onset a1\n"
     "-ae_evidence NEUTROPENIA recovery a2\n"
     "+ae_evidence NEUTROPENIA recovery a2\n"
     "-ae_grades NEUTROPENIA d40 3\n"
     "+ae_grades NEUTROPENIA d40 3\n"
     "ae_episodes NEUTROPENIA d40 term: Neutrophil count decreased -> Agranulocytosis secondary to cancer "
     "chemotherapy\n"
     "ae_episodes NEUTROPENIA d40 onset: d40 -> d58\n"
     "ae_episodes NEUTROPENIA d40 end: d50 -> d60\n"
     "ae_episodes NEUTROPENIA d40 onset_study_day: 41 -> 59\n"
     "ae_episodes NEUTROPENIA d40 max_grade: 3 -> nothing\n"
     "ae_episodes NEUTROPENIA d40 scale: CTCAE 5.0 -> nothing\n"
     "ae_episodes NEUTROPENIA d40 max_grade_date: d40 -> nothing\n"
     "ae_episodes NEUTROPENIA d40 baseline_grade: 0 -> nothing\n"
     "ae_episodes NEUTROPENIA d40 days_since_first_dose: 40 -> 58\n"
     "ae_episodes NEUTROPENIA d40 cycle_no: 2 -> 3\n"
     "-ae_evidence NEUTROPENIA supporting c\n"
     "+ae_evidence NEUTROPENIA onset c\n"
     "+exceptions AE_GRADE_HUMAN c\n"},
};

Test(edges_events, change_what_a_diagnosis_a_day_later_changes)
{
    contrast_check(diagnoses, sizeof diagnoses / sizeof *diagnoses, start);
}

#define VALUE(row, was, is)                                                                                            \
    "observations " row " value_num: " was " -> " is "\n"                                                              \
    "observations " row " source_value: " was " -> " is "\n"

static const struct contrast_case counts[] = {
    {"platelets of 50, and below", SEEN "p0=Q PLT 0 160; p2=Q PLT 60 170; ", "p1=Q PLT 30 50", "p1=Q PLT 30 49.9",
     VALUE("p1@T30-01", "50", "49.9") "observations p1@T30-01 grade: 2 -> 3\n"
                                      "ae_episodes THROMBOCYTOPENIA d30 max_grade: 2 -> 3\n"
                                      "ae_evidence THROMBOCYTOPENIA onset p1 grade_at: 2 -> 3\n"
                                      "ae_grades THROMBOCYTOPENIA d30 2 grade: 2 -> 3\n"},
    {"neutrophils at the limit of the laboratory, and below", SEEN "a0=Q ANC 0 3.0; a2=Q ANC 60 3.0; ",
     "a1=Q ANC 30 1.5", "a1=Q ANC 30 1.4",
     VALUE("a1@T30-01", "1.5", "1.4") "observations a1@T30-01 grade: 0 -> 2\n"
                                      "observations a1@T30-01 grade_direction: nothing -> LOW\n"
                                      "+ae_episodes NEUTROPENIA d30\n"
                                      "+ae_evidence NEUTROPENIA onset a1\n"
                                      "+ae_evidence NEUTROPENIA recovery a2\n"
                                      "+ae_grades NEUTROPENIA d30 2\n"},
    {"a normal count seven days wide, and eight",
     SEEN "a0=Q ANC 0 3.0; a1=Q ANC 40 0.9; a2=Q ANC 43 2.0; a4=Q ANC 60 2.0; ", "a3=Q ANC 47 0.8", "a3=Q ANC 48 0.8",
     "ae_episodes NEUTROPENIA d40 end: d60 -> d43\n"
     "+ae_episodes NEUTROPENIA d48\n"
     "-ae_evidence NEUTROPENIA supporting a2\n"
     "+ae_evidence NEUTROPENIA recovery a2\n"
     "-ae_evidence NEUTROPENIA supporting a3\n"
     "+ae_evidence NEUTROPENIA onset a3\n"
     "-ae_evidence NEUTROPENIA recovery a4\n"
     "+ae_evidence NEUTROPENIA recovery a4\n"
     "-ae_grades NEUTROPENIA d43 0\n"
     "-ae_grades NEUTROPENIA d47 3\n"
     "+ae_grades NEUTROPENIA d48 3\n"},
    {"56 days without a count, and 57", SEEN "a0=Q ANC 0 3.0; a1=Q ANC 40 0.9; ", "a2=Q ANC 96 2.0", "a2=Q ANC 97 2.0",
     "observations a2@T90-01 effective_start: d96 -> d97\n"
     "observations a2@T90-01 elapsed: 96 -> 97\n"
     "observations a2@T90-01 study_day: 97 -> 98\n"
     "observations a2@T90-01 target_diff: 6 -> 7\n"
     "ae_episodes NEUTROPENIA d40 end: d96 -> nothing\n"
     "ae_episodes NEUTROPENIA d40 outcome: recovered -> unknown\n"
     "-ae_evidence NEUTROPENIA recovery a2\n"},
    {"haemoglobin of 80 g/L, and below", SEEN "h0=Q HGB 0 130; h2=Q HGB 60 130; ", "h1=Q HGB 30 80", "h1=Q HGB 30 79",
     VALUE("h1@T30-01", "80", "79") "observations h1@T30-01 grade: 2 -> 3\n"
                                    "ae_episodes ANAEMIA d30 max_grade: 2 -> 3\n"
                                    "ae_evidence ANAEMIA onset h1 grade_at: 2 -> 3\n"
                                    "ae_grades ANAEMIA d30 2 grade: 2 -> 3\n"},
};

Test(edges_events, change_what_a_count_over_a_grade_changes)
{
    contrast_check(counts, sizeof counts / sizeof *counts, start);
}

static const struct contrast_case stays[] = {
    {"a stay seven days after the onset, and eight", SEEN "c=C J18.9 40..60; ", "s=S IMP 47..50", "s=S IMP 48..50",
     "lineage ae_episodes INFECTION d40: -supporting s\n"
     "-ae_evidence INFECTION supporting s\n"
     "-exceptions AE_SERIOUS_EVIDENCE c\n"
     "part s: evidence -> outside_window BETWEEN_WINDOWS\n"},
    /* on day 35 it is a contact of the first window, all the same */
    {"a stay that ended the day before the onset, and two days", SEEN "c=C J18.9 40..60; ", "s=S IMP 35..39",
     "s=S IMP 35..38",
     "lineage ae_episodes INFECTION d40: -supporting s\n"
     "-ae_evidence INFECTION supporting s\n"
     "-exceptions AE_SERIOUS_EVIDENCE c\n"},
    {"a stay for the night, and one for observation", SEEN "c=C J18.9 40..60; ", "s=S IMP 41..43", "s=S OBSENC 41..43",
     "lineage ae_episodes INFECTION d40: -supporting s\n"
     "-ae_evidence INFECTION supporting s\n"
     "-exceptions AE_SERIOUS_EVIDENCE c\n"
     "part s: evidence -> outside_window BETWEEN_WINDOWS\n"},
};

Test(edges_events, change_what_a_stay_changes)
{
    contrast_check(stays, sizeof stays / sizeof *stays, start);
}

#define ENDED "P male 1950-03-01; V 30; V 60; V 150; L04AX04 S 0..59 25; "

static void start_ended(struct subject *s)
{
    start(s);
    s->line.end_of_treatment = s->line.first_dose + 59;
}

static const struct contrast_case ends[] = {
    {"thirty days after the end of treatment, and 31", ENDED, "c=C J18.9 89..100", "c=C J18.9 90..100",
     "ae_episodes INFECTION d89 onset: d89 -> d90\n"
     "ae_episodes INFECTION d89 onset_study_day: 90 -> 91\n"
     "ae_episodes INFECTION d89 teae: Y -> nothing\n"
     "ae_episodes INFECTION d89 days_since_first_dose: 89 -> 90\n"
     "ae_episodes INFECTION d89 days_since_last_dose: 30 -> 31\n"
     "ae_evidence INFECTION onset c date: d89 -> d90\n"},
    {"the last day of the follow-up, and the day after", ENDED "V 164; ", "c=C J18.9 164..180", "c=C J18.9 165..180",
     "-ae_episodes INFECTION d164\n"
     "-ae_evidence INFECTION onset c\n"
     "-exceptions AE_GRADE_HUMAN c\n"
     "part c: evidence -> outside_window BETWEEN_WINDOWS\n"},
};

Test(edges_events, change_what_a_diagnosis_after_treatment_changes)
{
    contrast_check(ends, sizeof ends / sizeof *ends, start_ended);
}

/* ---- the second study: doses at ten on study days 1, 4, 8, 15 and 22, six weeks ---- */

static struct scratch scratch;

static void start_reaction(struct subject *s)
{
    struct gw_error err;

    subject_init_at(s, "elranatamab-rrmm", "busan");
    gw_site_close(s->site);
    cr_assert(gw_site_load(&s->arena,
                           scratch_write(&scratch, "busan.json",
                                         "{\"id\":\"busan\",\"zone\":\"Asia/Seoul\",\"contacts\":\"inferred\","
                                         "\"questionnaires\":[{\"questionnaire\":\"" CHART_ICE
                                         "\",\"instrument\":\"ICE\",\"items\":[{\"link\":\"ice\",\"item\":0}]}]}"),
                           s->tables, &s->site, &err) == GW_OK,
              "%s", err.text);
    whole_shorten(s, 6);
    s->horizon = s->line.first_dose + 60;
    chart_add_doses(s);
}

struct reaction {
    const char *name;
    const char *was, *is;  /* charts: support/chart.h */
    const char *confirmed; /* a person says that it is a reaction, by this piece of its evidence; NULL: nobody did */
    const char *changes;
};

static void derive_reaction(struct subject *s, const char *chart, const char *confirmed)
{
    start_reaction(s);
    chart_add(s, chart);
    if (confirmed)
        subject_decide(s, "event", confirmed, "{'confirm':true}");
    subject_derive(s);
}

static const struct reaction reactions[] = {
    {"38.0 degrees, and 37.9", "d2 14:00 T 38.0;d3 15:00 T 36.8", "d2 14:00 T 37.9;d3 15:00 T 36.8", NULL,
     VALUE("e0@W01", "38.0", "37.9") "observations e0@W01 grade: 1 -> 0\n"
                                     "observations e0@W01 grade_direction: HIGH -> nothing\n"
                                     "-exceptions CRS_REVIEW e0\n"},
    {"a saturation of 90, and of 89", "d2 14:00 T 38.5;d2 15:00 O 90;d3 15:00 T 36.8;d3 16:00 O 97",
     "d2 14:00 T 38.5;d2 15:00 O 89;d3 15:00 T 36.8;d3 16:00 O 97", "Observation/e0",
     VALUE("e1@W01", "90", "89") "ae_episodes CRS d1 max_grade: 1 -> 2\n"
                                 "+ae_evidence CRS worst e1\n"
                                 "ae_grades CRS d1 1 grade: 1 -> 2\n"},
    {"a systolic pressure of 90, and of 89", "d2 14:00 T 38.5;d2 15:00 S 90;d3 15:00 T 36.8;d3 16:00 S 95",
     "d2 14:00 T 38.5;d2 15:00 S 89;d3 15:00 T 36.8;d3 16:00 S 95", "Observation/e0",
     VALUE("e1@W01", "90", "89") "ae_episodes CRS d1 max_grade: 1 -> 2\n"
                                 "+ae_evidence CRS worst e1\n"
                                 "ae_grades CRS d1 1 grade: 1 -> 2\n"},
    {"a flow of six litres, and of seven", "d2 14:00 T 38.5;d2 15:00 FN 6;d2 20:00 FN 0;d3 22:00 T 36.8",
     "d2 14:00 T 38.5;d2 15:00 FN 7;d2 20:00 FN 0;d3 22:00 T 36.8", "Observation/e0",
     VALUE("e1@W01", "6", "7") "ae_episodes CRS d1 max_grade: 2 -> 3\n"
                               "ae_evidence CRS worst e1 grade_at: 2 -> 3\n"
                               "ae_grades CRS d1 2 grade: 2 -> 3\n"},
    {"before the third dose, and at its hour", "d8 09:59 T 38.5;d9 12:00 T 36.8", "d8 10:00 T 38.5;d9 12:00 T 36.8",
     "Observation/e0",
     "observations e0@W02 effective_start: d7T09:59:00+09:00 -> d7T10:00:00+09:00\n"
     "ae_episodes CRS d7 days_since_last_dose: 4 -> 0\n"
     "ae_episodes CRS d7 dose_number: 2 -> 3\n"
     "ae_episodes CRS d7 dose_level_at_onset: 2 -> 3\n"},
    {"cooler 24 hours after the fever, and a minute sooner: it ends 24 hours after it all the same",
     "d2 14:00 T 38.5;d3 14:00 T 36.8;d5 14:00 T 36.8", "d2 14:00 T 38.5;d3 13:59 T 36.8;d5 14:00 T 36.8",
     "Observation/e0", "observations e1@W01 effective_start: d2T14:00:00+09:00 -> d2T13:59:00+09:00\n"},
    {"9 points, and 10", "d2 14:00 I 9;d3 14:00 I 10", "d2 14:00 I 10;d3 14:00 I 10", NULL,
     "-exceptions ICANS_REVIEW e0\n"
     "part e0: held ICANS_REVIEW -> not_in_scope NOT_DERIVED\n"
     "part e1: held ICANS_REVIEW -> not_in_scope NOT_DERIVED\n"},
    {"7 points, and 6", "d2 14:00 I 7;d3 14:00 I 10", "d2 14:00 I 6;d3 14:00 I 10", "QuestionnaireResponse/e0",
     "ae_episodes ICANS d1 max_grade: 1 -> 2\n"
     "ae_evidence ICANS onset e0 grade_at: 1 -> 2\n"
     "ae_grades ICANS d1 1 grade: 1 -> 2\n"},
    {"3 points, and 2", "d2 14:00 I 3;d3 14:00 I 10", "d2 14:00 I 2;d3 14:00 I 10", "QuestionnaireResponse/e0",
     "ae_episodes ICANS d1 max_grade: 2 -> 3\n"
     "ae_evidence ICANS onset e0 grade_at: 2 -> 3\n"
     "ae_grades ICANS d1 2 grade: 2 -> 3\n"},
};

Test(edges_events, change_what_a_sign_of_a_reaction_changes)
{
    struct subject was, is;

    scratch_init(&scratch);
    for (size_t i = 0; i < sizeof reactions / sizeof *reactions; i++) {
        derive_reaction(&was, reactions[i].was, reactions[i].confirmed);
        derive_reaction(&is, reactions[i].is, reactions[i].confirmed);
        contrast_expect(reactions[i].name, &was, &is, reactions[i].changes);
        subject_release(&was);
        subject_release(&is);
    }
    scratch_release(&scratch);
}

static const struct contrast_case days[] = {
    {"a planned stay of two days, and of three", "c=C J18.9 1..10; ", "s=S IMP 0..2", "s=S IMP 0..3",
     "lineage ae_episodes INFECTION d1: +supporting s\n"
     "+ae_evidence INFECTION supporting s\n"
     "+exceptions AE_SERIOUS_EVIDENCE c\n"},
    {"a stay after the second dose, and after the third", "c=C J18.9 3..20; ", "s=S IMP 3..4", "s=S IMP 7..8",
     "lineage ae_episodes INFECTION d3: +supporting s\n"
     "+ae_evidence INFECTION supporting s\n"
     "+exceptions AE_SERIOUS_EVIDENCE c\n"},
    /* of seven planned by day 35 the last was not given */
    {"a dose two days late, and three", "", "L01FX32 A 30 76", "L01FX32 A 31 76",
     "exposures elranatamab 76 d30 start: d30 -> d31\n"
     "exposures elranatamab 76 d30 end: d30 -> d31\n"
     "derived RDISTD text: 6 of 7, 6 on schedule -> 6 of 7, 5 on schedule\n"
     "derived OS value: 30 -> 31\n"
     "derived OS date: d30 -> d31\n"},
    {"the last day of the weeks, and the day after", "", "c=C J18.9 41..50", "c=C J18.9 42..50",
     "-ae_episodes INFECTION d41\n"
     "-ae_evidence INFECTION onset c\n"
     "-exceptions AE_GRADE_HUMAN c\n"
     "-exceptions AE_RELATEDNESS c\n"
     "part c: evidence -> outside_window AFTER_52_WEEKS\n"},
};

Test(edges_events, change_what_a_day_after_a_dose_changes)
{
    scratch_init(&scratch);
    contrast_check(days, sizeof days / sizeof *days, start_reaction);
    scratch_release(&scratch);
}
