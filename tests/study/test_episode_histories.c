/*
 * Histories of counts and diagnoses and the episodes they make, all worked out by hand from mappings/RULES.md 12.
 *
 * History: "30:3" a neutrophil count of grade 3 on day 30 after the first dose, "p30:2" platelets; "P30-40" a diagnosis
 * from day 30 to 40, open without an end: P pneumonia, U urinary infection, G diarrhoea, T thrombosis, N neutropenia,
 * L thrombocytopenia. Visits are on days 30, 60 ... 240. Day 0 has the baseline.
 *
 * Episode: "N30-37 3@30 R w1 e2 3@30": category, onset and end, highest grade and its day, outcome (R recovered,
 * r recovering, N not recovered and ongoing, U unknown), window T30-01, evidence rows, grade changes; "b1" where the
 * baseline is abnormal, "b?" where there is none, "late" where it is not treatment-emergent.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/subject.h"

#define MOST   12
#define NORMAL .base = 0 /* at baseline */

static struct subject s;

static void start(void)
{
    subject_init(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(episode_histories, .init = start, .fini = stop, .timeout = 120);

static const struct {
    const char *history;
    const char *episodes[4];
    int base;                           /* grade at baseline; -1: no count there */
    int horizon, end, death, withdrawn; /* days; 0: the end of the year, none, none, none */
} cases[] = {
    /* nothing */
    {"", {NULL}, NORMAL},
    {"30:0", {NULL}, NORMAL},
    {"1:0 30:0 60:0", {NULL}, NORMAL},
    /* one dip of each grade */
    {"30:1 37:0", {"N30-37 1@30 R w1 e2 1@30"}, NORMAL},
    {"30:2 37:0", {"N30-37 2@30 R w1 e2 2@30"}, NORMAL},
    {"30:3 37:0", {"N30-37 3@30 R w1 e2 3@30"}, NORMAL},
    {"30:4 37:0", {"N30-37 4@30 R w1 e2 4@30"}, NORMAL},
    {"30:4 31:0", {"N30-31 4@30 R w1 e2 4@30"}, NORMAL},
    {"p30:1 p37:0", {"L30-37 1@30 R w1 e2 1@30"}, NORMAL},
    {"p30:4 p37:0", {"L30-37 4@30 R w1 e2 4@30"}, NORMAL},
    /* the assessment that collects it */
    {"1:3 8:0", {"N1-8 3@1 R w1 e2 3@1"}, NORMAL},
    {"29:3 37:0", {"N29-37 3@29 R w1 e2 3@29"}, NORMAL},
    {"31:3 37:0", {"N31-37 3@31 R w2 e2 3@31"}, NORMAL},
    {"60:3 67:0", {"N60-67 3@60 R w2 e2 3@60"}, NORMAL},
    {"61:3 67:0", {"N61-67 3@61 R w3 e2 3@61"}, NORMAL},
    {"91:2 99:0", {"N91-99 2@91 R w4 e2 2@91"}, NORMAL},
    {"240:3 247:0", {"N240-247 3@240 R w8 e2 3@240"}, NORMAL},
    {"241:3 247:0", {NULL}, NORMAL},
    /* grades change */
    {"30:1 33:3 37:0", {"N30-37 3@33 R w1 e3 1@30,3@33"}, NORMAL},
    {"30:3 33:1 37:0", {"N30-37 3@30 R w1 e3 3@30,1@33"}, NORMAL},
    {"30:1 33:2 36:3 39:4 42:0", {"N30-42 4@39 R w1 e5 1@30,2@33,3@36,4@39"}, NORMAL},
    {"30:4 33:3 36:2 39:1 42:0", {"N30-42 4@30 R w1 e5 4@30,3@33,2@36,1@39"}, NORMAL},
    {"30:2 33:2 37:0", {"N30-37 2@30 R w1 e3 2@30"}, NORMAL},
    {"30:2 33:2 36:2 40:0", {"N30-40 2@30 R w1 e4 2@30"}, NORMAL},
    {"30:3 33:1 36:3 40:0", {"N30-40 3@30 R w1 e4 3@30,1@33,3@36"}, NORMAL},
    {"30:2 33:3 36:2 39:3 45:0", {"N30-45 3@33 R w1 e5 2@30,3@33,2@36,3@39"}, NORMAL},
    {"30:1 60:2 90:1 120:0", {"N30-120 2@60 R w1 e4 1@30,2@60,1@90"}, NORMAL},
    /* several on one day: the worst */
    {"30:1 30:3 37:0", {"N30-37 3@30 R w1 e2 3@30"}, NORMAL},
    {"30:3 30:0 37:0", {"N30-37 3@30 R w1 e2 3@30"}, NORMAL},
    {"30:3 37:0 37:2 44:0", {"N30-44 3@30 R w1 e3 3@30,2@37"}, NORMAL},
    {"30:2 33:3 33:4 37:0", {"N30-37 4@33 R w1 e3 2@30,4@33"}, NORMAL},
    {"30:0 30:1 30:2 37:0", {"N30-37 2@30 R w1 e2 2@30"}, NORMAL},
    /* one normal value between two abnormal ones at most 7 days apart */
    {"30:3 33:0 37:2 44:0", {"N30-44 3@30 R w1 e4 3@30,0@33,2@37"}, NORMAL},
    {"30:3 33:0 38:2 44:0", {"N30-33 3@30 R w1 e2 3@30", "N38-44 2@38 R w2 e2 2@38"}, NORMAL},
    {"30:3 31:0 32:2 44:0", {"N30-44 3@30 R w1 e4 3@30,0@31,2@32"}, NORMAL},
    {"30:3 36:0 37:1 50:0", {"N30-50 3@30 R w1 e4 3@30,0@36,1@37"}, NORMAL},
    {"30:3 36:0 38:1 50:0", {"N30-36 3@30 R w1 e2 3@30", "N38-50 1@38 R w2 e2 1@38"}, NORMAL},
    {"30:3 31:0 37:1 50:0", {"N30-50 3@30 R w1 e4 3@30,0@31,1@37"}, NORMAL},
    {"30:3 32:0 34:0 36:2 44:0", {"N30-32 3@30 R w1 e2 3@30", "N36-44 2@36 R w2 e2 2@36"}, NORMAL},
    {"30:3 33:0 36:3 39:0 42:3 49:0", {"N30-49 3@30 R w1 e6 3@30,0@33,3@36,0@39,3@42"}, NORMAL},
    {"30:3 33:0 36:3 39:0 44:3 49:0", {"N30-39 3@30 R w1 e4 3@30,0@33,3@36", "N44-49 3@44 R w2 e2 3@44"}, NORMAL},
    {"30:3 33:0 36:0", {"N30-33 3@30 R w1 e2 3@30"}, NORMAL},
    {"27:0 30:3 33:0", {"N30-33 3@30 R w1 e2 3@30"}, NORMAL},
    {"30:1 33:0 35:4 44:0", {"N30-44 4@35 R w1 e4 1@30,0@33,4@35"}, NORMAL},
    {"30:3 33:0 37:3", {"N30- 3@30 U w1 e3 3@30,0@33,3@37"}, NORMAL},
    /* no value for 56 days */
    {"30:3 86:0", {"N30-86 3@30 R w1 e2 3@30"}, NORMAL},
    {"30:3 87:0", {"N30- 3@30 U w1 e1 3@30"}, NORMAL},
    {"30:3 86:2 90:0", {"N30-90 3@30 R w1 e3 3@30,2@86"}, NORMAL},
    {"30:3 87:2 90:0", {"N30- 3@30 U w1 e1 3@30", "N87-90 2@87 R w3 e2 2@87"}, NORMAL},
    {"30:3 33:1 89:0", {"N30-89 3@30 R w1 e3 3@30,1@33"}, NORMAL},
    {"30:3 33:1 90:0", {"N30- 3@30 U w1 e2 3@30,1@33"}, NORMAL},
    {"30:3 86:3 142:3 150:0", {"N30-150 3@30 R w1 e4 3@30"}, NORMAL},
    {"30:3 86:3 143:3 150:0", {"N30- 3@30 U w1 e2 3@30", "N143-150 3@143 R w5 e2 3@143"}, NORMAL},
    {"30:3", {"N30- 3@30 U w1 e1 3@30"}, NORMAL},
    {"30:3", {"N30- 3@30 N w1 e1 3@30"}, .horizon = 86},
    {"30:3", {"N30- 3@30 U w1 e1 3@30"}, .horizon = 87},
    {"30:3", {"N30- 3@30 N w1 e1 3@30"}, .horizon = 30},
    {"20:3", {NULL}, .horizon = 28},
    {"20:3", {"N20- 3@20 N w1 e1 3@20"}, .horizon = 30},
    {"30:3 33:1", {"N30- 3@30 r w1 e2 3@30,1@33"}, .horizon = 60},
    {"30:1 33:3", {"N30- 3@33 N w1 e2 1@30,3@33"}, .horizon = 60},
    {"30:3 33:1 40:3", {"N30- 3@30 N w1 e3 3@30,1@33,3@40"}, .horizon = 60},
    {"30:2 33:3 40:2", {"N30- 3@33 r w1 e3 2@30,3@33,2@40"}, .horizon = 60},
    {"30:3 37:0", {"N30- 3@30 N w1 e1 3@30"}, .horizon = 36},
    {"30:3 37:0", {"N30-37 3@30 R w1 e2 3@30"}, .horizon = 37},
    /* an abnormal baseline */
    {"30:1", {NULL}, .base = 1},
    {"30:1 60:0 90:1", {NULL}, .base = 1},
    {"30:2 37:1", {"N30-37 2@30 R w1 e2 2@30 b1"}, .base = 1},
    {"30:2 37:0", {"N30-37 2@30 R w1 e2 2@30 b1"}, .base = 1},
    {"30:3 33:2 37:1", {"N30-37 3@30 R w1 e3 3@30,2@33 b1"}, .base = 1},
    {"30:2 40:1", {NULL}, .base = 2},
    {"30:3 37:2", {"N30-37 3@30 R w1 e2 3@30 b2"}, .base = 2},
    {"30:3 33:2 37:3 44:2", {"N30-44 3@30 R w1 e4 3@30,2@33,3@37 b2"}, .base = 2},
    {"30:3 33:2 38:3 44:2", {"N30-33 3@30 R w1 e2 3@30 b2", "N38-44 3@38 R w2 e2 3@38 b2"}, .base = 2},
    {"30:4 33:3", {"N30-33 4@30 R w1 e2 4@30 b3"}, .base = 3},
    {"30:3", {NULL}, .base = 3},
    {"30:4", {NULL}, .base = 4},
    {"30:3 87:1", {"N30- 3@30 U w1 e1 3@30 b1"}, .base = 1},
    {"30:1 37:0", {"N30-37 1@30 R w1 e2 1@30 b?"}, .base = -1},
    {"30:3", {"N30- 3@30 N w1 e1 3@30 b?"}, .base = -1, .horizon = 40},
    /* two counts, two categories */
    {"30:3 p30:2 37:0 p44:0", {"L30-44 2@30 R w1 e2 2@30", "N30-37 3@30 R w1 e2 3@30"}, NORMAL},
    {"30:0 p30:2 p37:0", {"L30-37 2@30 R w1 e2 2@30"}, NORMAL},
    /* around the end of treatment on day 100: windows EOT 100 to 105, FU 175 to 205 */
    {"90:3 97:0", {"N90-97 3@90 R w3 e2 3@90"}, .end = 100},
    {"130:3 137:0", {"N130-137 3@130 R FU e2 3@130"}, .end = 100},
    {"131:3 138:0", {"N131-138 3@131 R FU e2 3@131 late"}, .end = 100},
    {"180:3 187:0", {"N180-187 3@180 R FU e2 3@180 late"}, .end = 100},
    {"181:3 187:0", {NULL}, .end = 100},
    {"91:3 97:0", {"N91-97 3@91 R FU e2 3@91"}, .end = 100},
    {"180:3", {"N180- 3@180 N FU e1 3@180 late"}, .end = 100}, /* nothing can be known after day 205 */
    /* death and withdrawal: known as it last was */
    {"90:3", {"N90- 3@90 N w3 e1 3@90"}, .death = 100},
    {"44:3", {"N44- 3@44 N w2 e1 3@44"}, .death = 100},
    {"43:3", {"N43- 3@43 U w2 e1 3@43"}, .death = 100},
    {"90:3 95:1", {"N90- 3@90 r w3 e2 3@90,1@95"}, .death = 100},
    {"90:3 101:0", {"N90- 3@90 N w3 e1 3@90"}, .death = 100},
    {"90:3 100:0", {"N90-100 3@90 R w3 e2 3@90"}, .death = 100},
    {"91:3", {NULL}, .death = 100},
    {"90:3", {"N90- 3@90 N w3 e1 3@90"}, .withdrawn = 100},
    {"43:3", {"N43- 3@43 U w2 e1 3@43"}, .withdrawn = 100},
    {"90:3 101:0", {"N90- 3@90 N w3 e1 3@90"}, .withdrawn = 100},
    /* diagnoses */
    {"P30-40", {"P30-40 - R w1 e1"}, NORMAL},
    {"P30-30", {"P30-30 - R w1 e1"}, NORMAL},
    {"P30-", {"P30- - N w1 e1"}, NORMAL},
    {"P0-3", {"P0-3 - R w1 e1"}, NORMAL},
    {"P31-40", {"P31-40 - R w2 e1"}, NORMAL},
    {"P240-250", {"P240-250 - R w8 e1"}, NORMAL},
    {"P241-250", {NULL}, NORMAL},
    {"G30-33", {"G30-33 - R w1 e1"}, NORMAL},
    {"T30-", {"T30- - N w1 e1"}, NORMAL},
    {"P30-400", {"P30- - N w1 e1"}, NORMAL},
    {"P30-60", {"P30- - N w1 e1"}, .horizon = 59},
    {"P30-60", {"P30-60 - R w1 e1"}, .horizon = 60},
    /* the same again, at most 14 days apart */
    {"P30-40 P54-60", {"P30-60 - R w1 e2"}, NORMAL},
    {"P30-40 P55-60", {"P30-40 - R w1 e1", "P55-60 - R w2 e1"}, NORMAL},
    {"P30-40 P40-50", {"P30-50 - R w1 e2"}, NORMAL},
    {"P30-40 P35-38", {"P30-40 - R w1 e2"}, NORMAL},
    {"P30-40 P54-60 P74-80", {"P30-80 - R w1 e3"}, NORMAL},
    {"P30-40 P54-60 P75-80", {"P30-60 - R w1 e2", "P75-80 - R w3 e1"}, NORMAL},
    {"P30-40 P41-", {"P30- - N w1 e2"}, NORMAL},
    {"P30- P200-210", {"P30- - N w1 e2"}, NORMAL},
    {"G30-33 G48-50", {"G30-33 - R w1 e1", "G48-50 - R w2 e1"}, NORMAL},
    /* sites and categories stay apart */
    {"P30-40 U30-40", {"P30-40 - R w1 e1", "U30-40 - R w1 e1"}, NORMAL},
    {"P30-40 U35-45", {"P30-40 - R w1 e1", "U35-45 - R w2 e1"}, NORMAL},
    {"P30-40 G30-40", {"G30-40 - R w1 e1", "P30-40 - R w1 e1"}, NORMAL},
    {"P30-40 U41-45 P50-55", {"P30-55 - R w1 e2", "U41-45 - R w2 e1"}, NORMAL},
    /* a count and a diagnosis of one category */
    {"30:3 37:0 N30-35", {"N30-37 3@30 R w1 e3 3@30"}, NORMAL},
    {"30:3 37:0 N33-60", {"N30-37 3@30 R w1 e3 3@30"}, NORMAL},
    {"30:3 37:0 N23-25", {"N23-37 3@30 R w1 e3 3@30"}, NORMAL},
    {"30:3 37:0 N22-25", {"N30-37 3@30 R w1 e3 3@30"}, NORMAL},
    {"30:3 37:0 N20-23", {"N30-37 3@30 R w1 e3 3@30"}, NORMAL},
    {"30:3 37:0 N20-22", {"N20-22 - R w1 e1", "N30-37 3@30 R w1 e2 3@30"}, NORMAL},
    {"30:3 37:0 N44-50", {"N30-37 3@30 R w1 e3 3@30"}, NORMAL},
    {"30:3 37:0 N45-50", {"N30-37 3@30 R w1 e2 3@30", "N45-50 - R w2 e1"}, NORMAL},
    {"30:3 37:0 N22-", {"N30-37 3@30 R w1 e2 3@30", "N22- - N w1 e1"}, NORMAL},
    {"30:3 37:0 N23-", {"N23-37 3@30 R w1 e3 3@30"}, NORMAL},
    {"30:3 37:0 N30-32 N34-36", {"N30-37 3@30 R w1 e4 3@30"}, NORMAL},
    {"30:3 37:0 P30-35", {"N30-37 3@30 R w1 e2 3@30", "P30-35 - R w1 e1"}, NORMAL},
    {"30:3 37:0 L30-35", {"L30-35 - R w1 e1", "N30-37 3@30 R w1 e2 3@30"}, NORMAL},
    {"31:3 37:0 N28-35", {"N28-37 3@31 R w1 e3 3@31"}, NORMAL},
    {"30:3 N50-55", {"N30- 3@30 N w1 e2 3@30"}, .horizon = 60},
    {"30:3 N37-40", {"N30- 3@30 U w1 e2 3@30"}, NORMAL},
    {"30:3 N38-40", {"N30- 3@30 U w1 e1 3@30", "N38-40 - R w2 e1"}, NORMAL},
    {"30:3 N200-210", {"N200-210 - R w7 e1", "N30- 3@30 U w1 e1 3@30"}, NORMAL},
    {"30:3 37:0 60:2 67:0 N62-63", {"N30-37 3@30 R w1 e2 3@30", "N60-67 2@60 R w2 e3 2@60"}, NORMAL},
};

/* ---- writing a history ---- */

/* A count whose lower limit is 2.0 (150): every grade has a value. */
static void add_count(const char *id, bool platelets, int day, int grade)
{
    static const char *const neutrophils[] = {"3.0", "1.7", "1.2", "0.7", "0.3"};
    static const char *const thrombocytes[] = {"200", "100", "60", "30", "10"};

    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s',"
                "'valueQuantity':{'value':%s,'system':'http://unitsofmeasure.org','code':'10*9/L'},"
                "'referenceRange':[{'low':{'value':%s}}]}",
                id, platelets ? "777-3" : "751-8", subject_date(&s, day),
                (platelets ? thrombocytes : neutrophils)[grade], platelets ? "150" : "2.0");
}

static void add_diagnosis(const char *id, char kind, int first, const char *last)
{
    static const struct {
        char kind;
        const char *code;
    } codes[] = {{'P', "J18.9"}, {'U', "N39.0"}, {'G', "K52.1"}, {'T', "I82.40"}, {'N', "D70.1"}, {'L', "D69.6"}};
    const char *code = NULL;

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        code = codes[i].kind == kind ? codes[i].code : code;
    cr_assert(code != NULL, "%c", kind);
    subject_add(&s,
                "{'resourceType':'Condition','id':'%s','subject':{'reference':'Patient/p1'},"
                "'verificationStatus':{'coding':[{'code':'confirmed'}]},'onsetDateTime':'%s',%s%s%s"
                "'code':{'coding':[{'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'%s'}]}}",
                id, subject_date(&s, first), *last ? "'abatementDateTime':'" : "",
                *last ? subject_date(&s, atoi(last)) : "", *last ? "'," : "", code);
}

static void add_token(const char *id, const char *token)
{
    const bool platelets = token[0] == 'p';
    char *rest;
    int day;

    if (token[0] >= 'A' && token[0] <= 'Z') {
        day = (int)strtol(token + 1, &rest, 10);
        add_diagnosis(id, token[0], day, rest + 1);
        return;
    }
    day = (int)strtol(token + platelets, &rest, 10);
    add_count(id, platelets, day, atoi(rest + 1));
}

static void tell(size_t c)
{
    char copy[256], *rest = copy, *token;
    int number = 0;

    subject_add(&s, "{'resourceType':'Patient','id':'p1','gender':'male','birthDate':'1950-03-01'%s%s%s}",
                cases[c].death ? ",'deceasedDateTime':'" : "", cases[c].death ? subject_date(&s, cases[c].death) : "",
                cases[c].death ? "'" : "");
    for (int k = 1; k <= 8; k++)
        subject_add_visit(&s, gw_arena_print(&s.arena, "e%d", k), subject_date(&s, 30 * k));
    if (cases[c].base >= 0)
        add_count("base", false, 0, cases[c].base);
    add_count("pbase", true, 0, 0);
    if (cases[c].horizon)
        s.horizon = s.line.first_dose + cases[c].horizon;
    if (cases[c].end)
        s.line.end_of_treatment = s.line.first_dose + cases[c].end;
    if (cases[c].withdrawn)
        s.line.withdrawn = s.line.first_dose + cases[c].withdrawn;
    snprintf(copy, sizeof copy, "%s", cases[c].history);
    while ((token = strsep(&rest, " ")))
        if (*token)
            add_token(gw_arena_print(&s.arena, "v%d", number++), token);
}

/* ---- reading what came of it ---- */

static int elapsed(const char *date)
{
    return subject_day(date) - s.line.first_dose;
}

static char letter(const struct gw_row_ae_episodes *row)
{
    if (strcmp(row->category, "INFECTION") == 0)
        return strcmp(row->subcategory, "URINARY") == 0 ? 'U' : 'P';
    if (strcmp(row->category, "THROMBOCYTOPENIA") == 0)
        return 'L';
    return row->category[0] == 'T' ? 'T' : row->category[0];
}

static char outcome(const struct gw_row_ae_episodes *row)
{
    const bool open = strcmp(row->outcome, "not recovered") == 0 || strcmp(row->outcome, "recovering") == 0;

    cr_expect(eq(int, row->ongoing, open), "ongoing and \"%s\"", row->outcome);
    return strcmp(row->outcome, "recovered") == 0    ? 'R'
           : strcmp(row->outcome, "recovering") == 0 ? 'r'
           : strcmp(row->outcome, "unknown") == 0    ? 'U'
                                                     : 'N';
}

static size_t evidence_of(const char *ae_id)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_ae_evidence];
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        count += strcmp(((const struct gw_row_ae_evidence *)list->rows[i])->ae_id, ae_id) == 0;
    return count;
}

/* Rows of an episode are sorted by their ids, which end with the date. */
static const char *grades_of(const char *ae_id)
{
    const struct gw_row_list *list = &s.derived.rows.tables[GW_TABLE_ae_grades];
    const char *text = "";

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_grades *row = (const struct gw_row_ae_grades *)list->rows[i];

        if (strcmp(row->ae_id, ae_id) == 0)
            text = gw_arena_print(&s.arena, "%s%s%d@%d", text, *text ? "," : " ", row->grade, elapsed(row->date));
    }
    return text;
}

static const char *print(const struct gw_row_ae_episodes *row, bool graded)
{
    const char *end = row->end ? gw_arena_print(&s.arena, "%d", elapsed(row->end)) : "";
    const char *worst = row->max_grade == GW_NULL_INTEGER
                            ? "-"
                            : gw_arena_print(&s.arena, "%d@%d", row->max_grade, elapsed(row->max_grade_date));
    const char *window = strncmp(row->assessed_window, "T30-0", 5) == 0
                             ? gw_arena_print(&s.arena, "w%s", row->assessed_window + 5)
                             : row->assessed_window;
    const char *base = !graded                                  ? ""
                       : row->baseline_grade == GW_NULL_INTEGER ? " b?"
                       : row->baseline_grade == 0               ? ""
                                                                : gw_arena_print(&s.arena, " b%d", row->baseline_grade);

    return gw_arena_print(&s.arena, "%c%d-%s %s %c %s e%zu%s%s%s", letter(row), elapsed(row->onset), end, worst,
                          outcome(row), window, evidence_of(row->ae_id), grades_of(row->ae_id), base,
                          row->teae ? "" : " late");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

Test(episode_histories, make_the_episodes_worked_out_by_hand)
{
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const char *got[MOST], *wanted_of[4];
        size_t count = 0, wanted = 0;

        stop();
        start();
        tell(c);
        subject_derive(&s);
        for (; wanted < 4 && cases[c].episodes[wanted]; wanted++)
            wanted_of[wanted] = cases[c].episodes[wanted];
        qsort(wanted_of, wanted, sizeof *wanted_of, by_text);
        for (const struct gw_row_ae_episodes *row; count < MOST && (row = subject_episode(&s, count)); count++)
            got[count] = print(row, row->max_grade != GW_NULL_INTEGER);
        qsort(got, count, sizeof *got, by_text);
        cr_expect(eq(sz, count, wanted), "case %zu \"%s\": %s", c, cases[c].history, count ? got[0] : "none");
        for (size_t i = 0; i < count && i < wanted; i++)
            cr_expect(strcmp(got[i], wanted_of[i]) == 0, "case %zu \"%s\": %s, wanted %s", c, cases[c].history, got[i],
                      wanted_of[i]);
    }
    cr_expect(ge(sz, sizeof cases / sizeof *cases, 120));
}
