/*
 * Values worked out of others of one sample: neutrophils out of leukocytes and shares, calcium corrected for albumin.
 * All expected numbers are worked out by hand.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/subject.h"

#define WBC            "6690-2"
#define WBC_HAND       "804-5"
#define ANC            "751-8"
#define NEUT_PCT       "26511-6"
#define SEGS           "30451-9"
#define BANDS          "26507-4"
#define SEGS_PCT       "769-0"
#define BANDS_PCT      "26508-2"
#define BANDS_PCT_HAND "764-1" /* of no less preference */
#define CA             "17861-6"
#define CA_MOLES       "2000-8"
#define CA_CORR        "29265-6"
#define ALB            "1751-7"
#define AT             "2024-02-14T08:00:00+01:00"
#define LATER          "2024-02-14T08:05:00+01:00"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_patient(&s, "male", "1950-03-01");
    subject_add_visit(&s, "e1", "2024-02-14");
    subject_add_visit(&s, "e3", "2024-04-14");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(compose, .init = start, .fini = stop);

struct result {
    const char *loinc, *at, *value, *unit; /* unit NULL: 10*9/L */
    const char *specimen;                  /* NULL: none */
    const char *label;                     /* of the Specimen, which nobody sent; NULL: none */
    const char *comparator, *status;       /* NULL: none; final */
};

#define R(code, when, number, ...)                                                                                     \
    {                                                                                                                  \
        .loinc = code, .at = when, .value = number, ##__VA_ARGS__                                                      \
    }

static void add(const char *id, const struct result *r)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'%s','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s'%s%s%s%s%s%s,"
                "'valueQuantity':{'value':%s%s%s%s,'system':'http://unitsofmeasure.org','code':'%s'}}",
                id, r->status ? r->status : "final", r->loinc, r->at, r->specimen ? ",'specimen':{'reference':'" : "",
                r->specimen ? r->specimen : "", r->specimen ? "'}" : "",
                r->label ? ",'specimen':{'identifier':{'system':'urn:hm:lab','value':'" : "", r->label ? r->label : "",
                r->label ? "'}}" : "", r->value, r->comparator ? ",'comparator':'" : "",
                r->comparator ? r->comparator : "", r->comparator ? "'" : "", r->unit ? r->unit : "10*9/L");
}

static const struct gw_row_observations *composed(const char *concept, size_t *count)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_observations];
    const struct gw_row_observations *found = NULL;

    *count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_observations *row = (const struct gw_row_observations *)list->rows[i];

        if (!row->derived_flag || strcmp(row->concept, concept) != 0)
            continue;
        ++*count;
        found = row;
    }
    return found;
}

#define SHARE "WBC x NEUT_PCT / 100"
#define BOTH  "WBC x (SEGS_PCT + BANDS_PCT) / 100"

static const struct {
    const char *name;
    struct result results[5];
    const char *value, *method; /* value NULL: none is composed */
    int grade;                  /* -1: none */
    const char *comparator;
} counts[] = {
    {"leukocytes and neutrophils", {R(WBC, AT, "3.2"), R(NEUT_PCT, AT, "45", .unit = "%")}, "1.44", SHARE, 2, ""},
    {"segmented and band forms, exactly a half",
     {R(WBC, AT, "2.0"), R(SEGS_PCT, AT, "20", .unit = "%"), R(BANDS_PCT, AT, "5", .unit = "%")},
     "0.5",
     BOTH,
     3,
     ""},
    {"just below a half",
     {R(WBC, AT, "2.0"), R(SEGS_PCT, AT, "20", .unit = "%"), R(BANDS_PCT, AT, "4.9", .unit = "%")},
     "0.498",
     BOTH,
     4,
     ""},
    {"absolute counts of both forms", {R(SEGS, AT, "0.9"), R(BANDS, AT, "0.1")}, "1", "SEGS + BANDS", 2, ""},
    {"no band count among the shares",
     {R(WBC, AT, "4.0"), R(SEGS_PCT, AT, "30", .unit = "%")},
     "1.2",
     "WBC x SEGS_PCT / 100; SEGS_ONLY",
     2,
     ""},
    {"no band count at all", {R(SEGS, AT, "0.7")}, "0.7", "SEGS; SEGS_ONLY", 3, ""},
    {"a complete sum goes before an incomplete share",
     {R(WBC, AT, "4.0"), R(SEGS_PCT, AT, "20", .unit = "%"), R(SEGS, AT, "0.8"), R(BANDS, AT, "0.3")},
     "1.1",
     "SEGS + BANDS",
     2,
     ""},
    {"all neutrophils go before their forms",
     {R(WBC, AT, "4.0"), R(NEUT_PCT, AT, "25", .unit = "%"), R(SEGS_PCT, AT, "30", .unit = "%"),
      R(BANDS_PCT, AT, "5", .unit = "%")},
     "1",
     SHARE,
     2,
     ""},
    {"bands are never added to all neutrophils",
     {R(WBC, AT, "4.0"), R(NEUT_PCT, AT, "25", .unit = "%"), R(BANDS_PCT, AT, "10", .unit = "%")},
     "1",
     SHARE,
     2,
     ""},
    {"bands alone say nothing",
     {R(WBC, AT, "4.0"), R(BANDS_PCT, AT, "10", .unit = "%"), R(BANDS, AT, "0.4")},
     NULL,
     NULL,
     -1,
     ""},
    {"a share alone says nothing", {R(NEUT_PCT, AT, "25", .unit = "%")}, NULL, NULL, -1, ""},
    {"conventional units",
     {R(WBC, AT, "3200", .unit = "/uL"), R(NEUT_PCT, AT, "0.45", .unit = "1")},
     "1.44",
     SHARE,
     2,
     ""},
    {"none of any number",
     {R(WBC, AT, "0.5", .comparator = "<"), R(NEUT_PCT, AT, "0", .unit = "%")},
     "0",
     SHARE,
     4,
     ""},
    {"fewer leukocytes than can be counted",
     {R(WBC, AT, "0.1", .comparator = "<"), R(NEUT_PCT, AT, "50", .unit = "%")},
     "0.05",
     SHARE,
     4,
     "<"},
    {"a share beyond its value",
     {R(WBC, AT, "2.0"), R(NEUT_PCT, AT, "10", .unit = "%", .comparator = "<")},
     NULL,
     NULL,
     -1,
     ""},
    {"the laboratory counted itself",
     {R(ANC, AT, "2.0"), R(WBC, AT, "4.0"), R(NEUT_PCT, AT, "25", .unit = "%")},
     NULL,
     NULL,
     -1,
     ""},
    {"its count is preliminary",
     {R(ANC, AT, "2.0", .status = "preliminary"), R(WBC, AT, "4.0"), R(NEUT_PCT, AT, "25", .unit = "%")},
     NULL,
     NULL,
     -1,
     ""},
    {"its count cannot be used, a person is asked",
     {R(ANC, AT, "2.0", .unit = "mg/dL"), R(WBC, AT, "4.0"), R(NEUT_PCT, AT, "25", .unit = "%")},
     NULL,
     NULL,
     -1,
     ""},
    {"its count was of another time",
     {R(ANC, LATER, "2.0"), R(WBC, AT, "4.0"), R(NEUT_PCT, AT, "25", .unit = "%")},
     "1",
     SHARE,
     2,
     ""},
    {"its count was of another specimen",
     {R(ANC, AT, "2.0", .specimen = "Specimen/b"), R(WBC, AT, "4.0", .specimen = "Specimen/a"),
      R(NEUT_PCT, AT, "25", .unit = "%", .specimen = "Specimen/a")},
     "1",
     SHARE,
     2,
     ""},
    {"two specimens at one time",
     {R(WBC, AT, "4.0", .specimen = "Specimen/a"), R(NEUT_PCT, AT, "25", .unit = "%", .specimen = "Specimen/b")},
     NULL,
     NULL,
     -1,
     ""},
    {"one specimen at two times",
     {R(WBC, AT, "4.0", .specimen = "Specimen/a"), R(NEUT_PCT, LATER, "25", .unit = "%", .specimen = "Specimen/a")},
     "1",
     SHARE,
     2,
     ""},
    {"one names the specimen, both the time",
     {R(WBC, AT, "4.0", .specimen = "Specimen/a"), R(NEUT_PCT, AT, "25", .unit = "%")},
     "1",
     SHARE,
     2,
     ""},
    {"of which of two specimens is not said",
     {R(WBC, AT, "4.0", .specimen = "Specimen/a"), R(ALB, AT, "40", .unit = "g/L", .specimen = "Specimen/b"),
      R(NEUT_PCT, AT, "25", .unit = "%")},
     NULL,
     NULL,
     -1,
     ""},
    {"one label at two times",
     {R(WBC, AT, "4.0", .label = "A7"), R(NEUT_PCT, LATER, "25", .unit = "%", .label = "A7")},
     "1",
     SHARE,
     2,
     ""},
    {"two labels at one time",
     {R(WBC, AT, "4.0", .label = "A7"), R(NEUT_PCT, AT, "25", .unit = "%", .label = "A8")},
     NULL,
     NULL,
     -1,
     ""},
    {"a preliminary count after a final one",
     {R(WBC, AT, "2.0"), R(WBC_HAND, AT, "3.0", .status = "preliminary"), R(NEUT_PCT, AT, "40", .unit = "%")},
     "0.8",
     SHARE,
     3,
     ""},
    {"two shares of bands that agree",
     {R(WBC, AT, "2.0"), R(SEGS_PCT, AT, "20", .unit = "%"), R(BANDS_PCT, AT, "5", .unit = "%"),
      R(BANDS_PCT_HAND, AT, "5", .unit = "%")},
     "0.5",
     BOTH,
     3,
     ""},
    {"two that differ by a comparator are none",
     {R(WBC, AT, "2.0"), R(SEGS_PCT, AT, "20", .unit = "%"), R(BANDS_PCT, AT, "5", .unit = "%"),
      R(BANDS_PCT_HAND, AT, "5", .unit = "%", .comparator = "<")},
     "0.4",
     "WBC x SEGS_PCT / 100; SEGS_ONLY",
     4,
     ""},
    {"two times", {R(WBC, AT, "4.0"), R(NEUT_PCT, LATER, "25", .unit = "%")}, NULL, NULL, -1, ""},
    {"a day without a time",
     {R(WBC, "2024-02-14", "4.0"), R(NEUT_PCT, "2024-02-14", "25", .unit = "%")},
     "1",
     SHARE,
     2,
     ""},
    {"a day and a time of it", {R(WBC, "2024-02-14", "4.0"), R(NEUT_PCT, AT, "25", .unit = "%")}, NULL, NULL, -1, ""},
    {"the machine's count goes before the manual one",
     {R(WBC, AT, "3.0"), R(WBC_HAND, AT, "2.0"), R(NEUT_PCT, AT, "40", .unit = "%")},
     "1.2",
     SHARE,
     2,
     ""},
    {"two counts that differ",
     {R(WBC, AT, "3.0"), R(WBC, AT, "2.0"), R(NEUT_PCT, AT, "40", .unit = "%")},
     NULL,
     NULL,
     -1,
     ""},
    {"a final count goes before a preliminary one",
     {R(WBC, AT, "3.0", .status = "preliminary"), R(WBC, AT, "2.0"), R(NEUT_PCT, AT, "40", .unit = "%")},
     "0.8",
     SHARE,
     3,
     ""},
    {"a unit that does not convert",
     {R(WBC, AT, "3.0", .unit = "mg/dL"), R(NEUT_PCT, AT, "40", .unit = "%")},
     NULL,
     NULL,
     -1,
     ""},
    {"more than the whole",
     {R(WBC, AT, "3.0"), R(SEGS_PCT, AT, "70", .unit = "%"), R(BANDS_PCT, AT, "31", .unit = "%")},
     NULL,
     NULL,
     -1,
     ""},
    {"the whole",
     {R(WBC, AT, "1.4"), R(SEGS_PCT, AT, "70", .unit = "%"), R(BANDS_PCT, AT, "30", .unit = "%")},
     "1.4",
     BOTH,
     2,
     ""},
};

Test(compose, a_neutrophil_count_where_the_laboratory_wrote_none)
{
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        static const char *const ids[] = {"r0", "r1", "r2", "r3", "r4"};
        const struct gw_row_observations *row;
        size_t rows;

        stop();
        start();
        for (size_t i = 0; i < 5 && counts[c].results[i].loinc; i++)
            add(ids[i], &counts[c].results[i]);
        subject_derive(&s);
        row = composed("ANC", &rows);
        cr_expect(eq(sz, rows, counts[c].value != NULL), "%s", counts[c].name);
        if (!row)
            continue;
        expect_text(counts[c].name, row->value_num, counts[c].value ? counts[c].value : "");
        expect_text(counts[c].name, row->method, counts[c].method ? counts[c].method : "");
        expect_text(counts[c].name, row->comparator, counts[c].comparator);
        cr_expect(eq(int, row->grade, counts[c].grade), "%s: grade", counts[c].name);
        expect_text("unit", row->unit, "10*9/L");
        expect_text("window", row->window_id, "T30-01");
        expect_text("nobody wrote it", row->source_value, "");
        expect_text("nobody coded it", row->source_code, "");
    }
}

Test(compose, nothing_out_of_shares_that_exceed_the_whole_but_a_question)
{
    add("w", &(struct result)R(WBC, AT, "3.0"));
    add("p", &(struct result)R(SEGS_PCT, AT, "70", .unit = "%"));
    add("b", &(struct result)R(BANDS_PCT, AT, "31", .unit = "%"));
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "VALUE_IMPLAUSIBLE"), 1));
    subject_expect(&s, "w", "delivered");
}

/* Evidence for an event between windows: no row would hold it. */
Test(compose, nothing_and_no_question_of_what_no_window_takes)
{
    add("w", &(struct result)R(WBC, "2024-03-01T08:00:00+01:00", "3.0"));
    add("p", &(struct result)R(SEGS_PCT, "2024-03-01T08:00:00+01:00", "70", .unit = "%"));
    add("b", &(struct result)R(BANDS_PCT, "2024-03-01T08:00:00+01:00", "31", .unit = "%"));
    subject_derive(&s);
    cr_expect(eq(sz, subject_items(&s, "VALUE_IMPLAUSIBLE"), 0));
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_ae_episodes), 0));
}

Test(compose, nothing_of_two_sources)
{
    size_t rows;

    add("w", &(struct result)R(WBC, AT, "4.0"));
    add("p", &(struct result)R(NEUT_PCT, AT, "25", .unit = "%"));
    s.facts[s.count - 1].endpoint = "elsewhere";
    subject_derive(&s);
    composed("ANC", &rows);
    cr_expect(eq(sz, rows, 0));
}

Test(compose, nothing_of_a_concept_that_no_laboratory_reports)
{
    const struct gw_composition nowhere = {
        .concept = "NOWHERE", .kind = GW_COMPOSE_SUM, .base = "WBC", .method = "WBC"};

    s.rules.compositions = &nowhere;
    s.rules.composition_count = 1;
    add("w", &(struct result)R(WBC, AT, "4.0"));
    subject_derive(&s);
    subject_expect(&s, "w", "delivered");
    cr_expect(eq(sz, subject_count(&s, GW_TABLE_observations), 1));
}

Test(compose, a_count_again_where_the_written_one_has_no_value)
{
    size_t rows;

    subject_add(&s, "{'resourceType':'Observation','id':'a','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},'effectiveDateTime':'" AT "',"
                    "'dataAbsentReason':{'coding':[{'code':'error'}]}}");
    add("w", &(struct result)R(WBC, AT, "4.0"));
    add("p", &(struct result)R(NEUT_PCT, AT, "25", .unit = "%"));
    subject_derive(&s);
    composed("ANC", &rows);
    cr_expect(eq(sz, rows, 1));
    subject_expect(&s, "a", "not_in_scope NO_VALUE");
}

Test(compose, preliminary_values_give_a_preliminary_one)
{
    const struct gw_row_observations *row;
    size_t rows;

    add("w", &(struct result)R(WBC, AT, "2.0"));
    add("p", &(struct result)R(NEUT_PCT, AT, "25", .unit = "%", .status = "preliminary"));
    subject_derive(&s);
    row = composed("ANC", &rows);
    cr_assert(row != NULL);
    expect_text("status", row->status, "provisional");
    cr_expect(eq(int, row->grade, GW_NULL_INTEGER));
    cr_expect(eq(int, row->anl01, false));
}

Test(compose, rows_that_name_every_value_they_came_from)
{
    const struct gw_row_list *lines = &s.derived.rows.tables[GW_TABLE_provenance];
    const struct gw_row_observations *row;
    size_t rows, named = 0;

    add("w", &(struct result)R(WBC, AT, "2.0"));
    add("p", &(struct result)R(SEGS_PCT, AT, "20", .unit = "%"));
    add("b", &(struct result)R(BANDS_PCT, AT, "5", .unit = "%"));
    subject_derive(&s);
    row = composed("ANC", &rows);
    cr_assert(row != NULL);
    for (size_t i = 0; i < lines->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines->rows[i];

        if (strcmp(line->of_row, row->row_id) != 0)
            continue;
        cr_expect(strstr(line->rule_ids, "composed") != NULL);
        named++;
    }
    cr_expect(eq(sz, named, 3));
    cr_expect(strcmp(row->obs_id, subject_observation(&s, "w", "T30-01")->obs_id) != 0, "an id of its own");
    subject_expect(&s, "w", "delivered");
    subject_expect(&s, "p", "delivered");
    subject_expect(&s, "b", "delivered");
}

Test(compose, components_of_one_panel)
{
    const struct gw_row_observations *row;
    size_t rows;

    subject_add(&s, "{'resourceType':'Observation','id':'c','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'58410-2'}]},'effectiveDateTime':'" AT "',"
                    "'component':[{'code':{'coding':[{'system':'http://loinc.org','code':'6690-2'}]},'valueQuantity':"
                    "{'value':2.0,'system':'http://unitsofmeasure.org','code':'10*9/L'}},"
                    "{'code':{'coding':[{'system':'http://loinc.org','code':'26511-6'}]},'valueQuantity':"
                    "{'value':30,'system':'http://unitsofmeasure.org','code':'%%'}}]}");
    subject_derive(&s);
    row = composed("ANC", &rows);
    cr_assert(row != NULL);
    expect_text("value", row->value_num, "0.6");
}

Test(compose, counts_between_windows_that_date_an_event)
{
    add("w", &(struct result)R(WBC, "2024-03-01", "2.0"));
    add("p", &(struct result)R(NEUT_PCT, "2024-03-01", "20", .unit = "%")); /* 0.4 */
    subject_add_visit(&s, "e2", "2024-03-15");
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    expect_text("category", subject_episode(&s, 0)->category, "NEUTROPENIA");
    expect_text("onset", subject_episode(&s, 0)->onset, "2024-03-01");
    cr_expect(eq(int, subject_episode(&s, 0)->max_grade, 4));
    subject_expect(&s, "w", "evidence");
    subject_expect(&s, "p", "evidence");
}

Test(compose, an_event_disappears_with_one_of_its_values)
{
    add("w", &(struct result)R(WBC, AT, "2.0"));
    add("p", &(struct result)R(NEUT_PCT, AT, "20", .unit = "%"));
    subject_derive(&s);
    cr_assert(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 1));
    s.count--;
    add("p", &(struct result)R(NEUT_PCT, AT, "20", .unit = "%", .status = "entered-in-error"));
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.rows.tables[GW_TABLE_ae_episodes].count, 0));
}

/* ---- calcium ---- */

#define DAY_90 "2024-04-14T08:00:00+02:00"

static const struct {
    const char *name;
    struct result results[3];
    const char *value; /* in mmol/L; NULL: none */
    int grade;         /* -1: none is certain without the laboratory's limits */
} calciums[] = {
    {"moles, low albumin",
     {R(CA_MOLES, DAY_90, "2.80", .unit = "mmol/L"), R(ALB, DAY_90, "30", .unit = "g/L")},
     "3",
     2},
    {"moles, normal albumin",
     {R(CA_MOLES, DAY_90, "2.80", .unit = "mmol/L"), R(ALB, DAY_90, "40", .unit = "g/L")},
     "2.8",
     -1},
    /* 12.0 + 0.8 x (4.0 - 3.0) = 12.8 mg/dL, above 12.5: grade 3; x 0.24951 = 3.193728 mmol/L */
    {"mass, low albumin",
     {R(CA, DAY_90, "12.0", .unit = "mg/dL"), R(ALB, DAY_90, "3.0", .unit = "g/dL")},
     "3.193728",
     3},
    /* 12.0 mg/dL: grade 2; 2.99412 mmol/L */
    {"mass, normal albumin",
     {R(CA, DAY_90, "12.0", .unit = "mg/dL"), R(ALB, DAY_90, "4.0", .unit = "g/dL")},
     "2.99412",
     2},
    /* 7.2 + 0.8 = 8.0 mg/dL is not below 8.0 (grade 1 at most), although 1.99608 mmol/L is below 2.0 */
    {"the families do not convert",
     {R(CA, DAY_90, "7.2", .unit = "mg/dL"), R(ALB, DAY_90, "3.0", .unit = "g/dL")},
     "1.99608",
     -1},
    /* 7.2 + 0.8 x 0.9 = 7.92 mg/dL: grade 2; 1.9761192 mmol/L */
    {"one step below", {R(CA, DAY_90, "7.2", .unit = "mg/dL"), R(ALB, DAY_90, "3.1", .unit = "g/dL")}, "1.9761192", 2},
    {"albumin in the other unit",
     {R(CA, DAY_90, "12.0", .unit = "mg/dL"), R(ALB, DAY_90, "30", .unit = "g/L")},
     "3.193728",
     3},
    {"no albumin", {R(CA, DAY_90, "12.0", .unit = "mg/dL")}, NULL, -1},
    {"the laboratory corrected it",
     {R(CA_CORR, DAY_90, "2.4", .unit = "mmol/L"), R(CA, DAY_90, "12.0", .unit = "mg/dL"),
      R(ALB, DAY_90, "3.0", .unit = "g/dL")},
     NULL,
     -1},
    {"beyond what can be measured",
     {R(CA, DAY_90, "15", .unit = "mg/dL", .comparator = ">"), R(ALB, DAY_90, "4.0", .unit = "g/dL")},
     NULL,
     -1},
};

Test(compose, calcium_corrected_for_albumin)
{
    for (size_t c = 0; c < sizeof calciums / sizeof *calciums; c++) {
        static const char *const ids[] = {"r0", "r1", "r2"};
        const struct gw_row_observations *row;
        size_t rows;

        stop();
        start();
        for (size_t i = 0; i < 3 && calciums[c].results[i].loinc; i++)
            add(ids[i], &calciums[c].results[i]);
        subject_derive(&s);
        row = composed("CA_CORR", &rows);
        cr_expect(eq(sz, rows, calciums[c].value != NULL), "%s", calciums[c].name);
        if (!row)
            continue;
        expect_text(calciums[c].name, row->value_num, calciums[c].value ? calciums[c].value : "");
        cr_expect(eq(int, row->grade, calciums[c].grade < 0 ? GW_NULL_INTEGER : calciums[c].grade), "%s: grade %d",
                  calciums[c].name, row->grade);
        expect_text("window", row->window_id, "T90-01");
    }
}

/* ---- cost ---- */

Test(compose, a_sample_of_very_many_results)
{
    char id[16];

    for (int i = 0; i < 400; i++) {
        snprintf(id, sizeof id, "w%d", i);
        add(id, &(struct result)R(i % 2 ? WBC : SEGS_PCT, AT, i % 3 ? "4.0" : "5.0", .unit = i % 2 ? NULL : "%"));
    }
    subject_derive(&s);
    cr_expect(eq(sz, s.derived.part_count, s.count));
}
