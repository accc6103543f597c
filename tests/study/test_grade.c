/*
 * Grades: the worked examples and the rules around limits, baseline and comparators.
 */
#include "lab.h"

#include <stdlib.h>

#include "gateway/core/csv.h"

static struct bench bench;

static void prepare(void)
{
    bench_init(&bench, "{\"id\": \"hm\", \"zone\": \"Europe/Madrid\", \"contacts\": \"none\"}");
}

static void release(void)
{
    bench_release(&bench);
}

TestSuite(grade, .init = prepare, .fini = release, .timeout = 300);

struct asked {
    const char *loinc;
    const char *comparator;
    const char *value;
    const char *unit;
    const char *low; /* limits, canonical; NULL: none */
    const char *high;
    const char *base; /* baseline, canonical; NULL: none */
    enum gw_direction direction;
};

static struct gw_grade grade_of(const struct asked *asked)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, asked->loinc);
    struct gw_observed observed = in_ucum(asked->value, asked->unit);
    const struct gw_baseline baseline = baseline_of(&bench, asked->base, asked->low, asked->high);
    struct gw_measure measure;
    struct gw_limits limits;
    struct gw_grade grade;

    cr_assert(lab != NULL, "%s", asked->loinc);
    observed.quantity.comparator = asked->comparator;
    measure = measured(&bench, lab, &observed);
    cr_assert(measure.value_num != NULL, "%s in %s", asked->loinc, asked->unit);
    limits = limits_of(&bench, lab, &observed, &measure, asked->low, asked->high);
    cr_assert(eq(
        int,
        gw_grade_value(&bench.arena, bench.tables, lab, &measure, &limits, &baseline, asked->direction, &grade, NULL),
        GW_OK));
    return grade;
}

#define ANC "751-8"
#define PLT "777-3"
#define HGB "718-7"
#define ALT "1742-6"
#define K   "2823-3"
#define CA  "29265-6"
#define MG  "19123-9"

static const struct {
    const char *what;
    struct asked asked;
    int grade; /* -1: not graded */
} worked[] = {
    {"0.5 is grade 3", {ANC, NULL, "0.5", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 3},
    {"0.499 is grade 4", {ANC, NULL, "0.499", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 4},
    {"1.0 is grade 2", {ANC, NULL, "1.0", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 2},
    {"1.0 10*3/uL", {ANC, NULL, "1.0", "10*3/uL", "1.5", NULL, NULL, GW_LOW}, 2},
    {"1000 /uL agrees with it", {ANC, NULL, "1000", "/uL", "1.5", NULL, NULL, GW_LOW}, 2},
    {"999 /uL does not", {ANC, NULL, "999", "/uL", "1.5", NULL, NULL, GW_LOW}, 3},
    {"1.5 is not below 1.5", {ANC, NULL, "1.5", "10*9/L", "1.8", NULL, NULL, GW_LOW}, 1},
    {"at the lower limit", {ANC, NULL, "1.8", "10*9/L", "1.8", NULL, NULL, GW_LOW}, 0},
    {"platelets 50", {PLT, NULL, "50", "10*9/L", "150", NULL, NULL, GW_LOW}, 2},
    {"platelets 25", {PLT, NULL, "25", "10*9/L", "150", NULL, NULL, GW_LOW}, 3},
    {"platelets 24.9", {PLT, NULL, "24.9", "10*9/L", "150", NULL, NULL, GW_LOW}, 4},
    {"platelets of 50 thousand", {PLT, NULL, "50000", "/mm3", "150", NULL, NULL, GW_LOW}, 2},
    {"haemoglobin 100 g/L", {HGB, NULL, "100", "g/L", "120", NULL, NULL, GW_LOW}, 1},
    {"haemoglobin 80 g/L", {HGB, NULL, "80", "g/L", "120", NULL, NULL, GW_LOW}, 2},
    {"haemoglobin 9.9 g/dL", {HGB, NULL, "9.9", "g/dL", "120", NULL, NULL, GW_LOW}, 2},
    {"haemoglobin 7.9 g/dL", {HGB, NULL, "7.9", "g/dL", "120", NULL, NULL, GW_LOW}, 3},
    {"ALT three times the limit", {ALT, NULL, "120", "U/L", NULL, "40", NULL, GW_HIGH}, 1},
    {"ALT just above it", {ALT, NULL, "120.1", "U/L", NULL, "40", NULL, GW_HIGH}, 2},
    {"ALT in microkatal", {ALT, NULL, "2", "ukat/L", NULL, "40", NULL, GW_HIGH}, 1},

    {"calcium 8.0 mg/dL is grade 1", {CA, NULL, "8.0", "mg/dL", "2.2", "2.6", NULL, GW_LOW}, 1},
    {"the same in mmol/L is grade 2", {CA, NULL, "1.996", "mmol/L", "2.2", "2.6", NULL, GW_LOW}, 2},
    {"magnesium 3.0 mg/dL is grade 1", {MG, NULL, "3.0", "mg/dL", "0.7", "1.0", NULL, GW_HIGH}, 1},
    {"the same in mmol/L is grade 3", {MG, NULL, "1.234", "mmol/L", "0.7", "1.0", NULL, GW_HIGH}, 3},
    {"haemoglobin 6.2 mmol/L is grade 1", {HGB, NULL, "6.2", "mmol/L", "120", NULL, NULL, GW_LOW}, 1},
    {"the same in g/L is grade 2", {HGB, NULL, "99.9", "g/L", "120", NULL, NULL, GW_LOW}, 2},
    {"magnesium in meq/L is compared in mmol/L", {MG, NULL, "2.468", "meq/L", "0.7", "1.0", NULL, GW_HIGH}, 3},
    {"haemoglobin in mmol/L, upwards: the only set", {HGB, NULL, "11", "mmol/L", "120", "160", NULL, GW_HIGH}, 1},
    {"limits follow the unit of the report", {MG, NULL, "1.7", "mg/dL", "0.7", "1.0", NULL, GW_LOW}, 1},
    {"and so does the end of grade 1", {MG, NULL, "1.71", "mg/dL", "0.7", "1.0", NULL, GW_LOW}, 0},

    {"a normal baseline", {ALT, NULL, "125", "U/L", NULL, "40", "30", GW_HIGH}, 2},
    {"an abnormal baseline", {ALT, NULL, "125", "U/L", NULL, "40", "80", GW_HIGH}, 1},
    {"below one and a half of an abnormal baseline", {ALT, NULL, "119", "U/L", NULL, "40", "80", GW_HIGH}, 0},
    {"a baseline at the limit is normal", {ALT, NULL, "60", "U/L", NULL, "40", "40", GW_HIGH}, 1},
    {"creatinine by its baseline, the worse", {"14682-9", NULL, "80", "umol/L", NULL, "90", "50", GW_HIGH}, 2},
    {"creatinine by its limit, the worse", {"14682-9", NULL, "280", "umol/L", NULL, "90", "100", GW_HIGH}, 3},
    {"fibrinogen by the limit", {"3255-7", NULL, "1.2", "g/L", "2.0", NULL, "2.5", GW_LOW}, 2},
    {"fibrinogen under 0.5 g/L", {"3255-7", NULL, "49", "mg/dL", "2.0", NULL, "2.5", GW_LOW}, 4},
    {"fibrinogen with an abnormal baseline", {"3255-7", NULL, "1.2", "g/L", "2.0", NULL, "1.8", GW_LOW}, -1},

    {"fever", {"8310-5", NULL, "38.0", "Cel", NULL, NULL, NULL, GW_HIGH}, 1},
    {"fever in Fahrenheit", {"8310-5", NULL, "104", "[degF]", NULL, NULL, NULL, GW_HIGH}, 2},
    {"no fever", {"8310-5", NULL, "37.9", "Cel", NULL, NULL, NULL, GW_HIGH}, 0},
    {"above 40 its duration decides", {"8310-5", NULL, "40.1", "Cel", NULL, NULL, NULL, GW_HIGH}, -1},
    {"sodium 129", {"2951-2", NULL, "129", "mmol/L", "135", "145", NULL, GW_LOW}, 2},
    {"potassium 2.9 has no grade 2", {K, NULL, "2.9", "mmol/L", "3.5", "5.1", NULL, GW_LOW}, 3},
};

Test(grade, agrees_with_the_worked_examples)
{
    for (size_t i = 0; i < sizeof worked / sizeof worked[0]; i++) {
        const struct gw_grade got = grade_of(&worked[i].asked);

        cr_expect(got.applies, "%s", worked[i].what);
        cr_expect(eq(int, got.graded ? got.grade : -1, worked[i].grade), "%s", worked[i].what);
        cr_expect(eq(int, got.row != NULL, got.graded && got.grade > 0), "%s", worked[i].what);
        cr_expect(got.comparator_ambiguous == false && got.range_wanted == false, "%s", worked[i].what);
    }
}

static const struct {
    const char *what;
    struct asked asked;
    bool graded;
    int grade;
    enum gw_grade_flag flag;
    bool range_wanted;
} open_ends[] = {
    {"no lower limit: 0 or 1",
     {ANC, NULL, "1.6", "10*9/L", NULL, NULL, NULL, GW_LOW},
     false,
     0,
     GW_GRADE_UNKNOWN01,
     true},
    {"no lower limit: at the bound still 0 or 1",
     {ANC, NULL, "1.5", "10*9/L", NULL, NULL, NULL, GW_LOW},
     false,
     0,
     GW_GRADE_UNKNOWN01,
     true},
    {"no lower limit: the absolute bound decides",
     {ANC, NULL, "1.4", "10*9/L", NULL, NULL, NULL, GW_LOW},
     true,
     2,
     GW_GRADE_EXACT,
     false},
    {"only an upper limit is no help",
     {ANC, NULL, "1.6", "10*9/L", NULL, "7.5", NULL, GW_LOW},
     false,
     0,
     GW_GRADE_UNKNOWN01,
     true},
    {"no upper limit: 0 or 1",
     {K, NULL, "5.2", "mmol/L", NULL, NULL, NULL, GW_HIGH},
     false,
     0,
     GW_GRADE_UNKNOWN01,
     true},
    {"no upper limit: the absolute bound decides",
     {K, NULL, "5.6", "mmol/L", NULL, NULL, NULL, GW_HIGH},
     true,
     2,
     GW_GRADE_EXACT,
     false},
    {"what is far too low is not too high",
     {K, NULL, "2.4", "mmol/L", NULL, NULL, NULL, GW_HIGH},
     true,
     0,
     GW_GRADE_EXACT,
     false},
    {"multiples of an unknown limit",
     {ALT, NULL, "500", "U/L", NULL, NULL, NULL, GW_HIGH},
     false,
     0,
     GW_GRADE_PROVISIONAL,
     true},
    {"haemoglobin high without limit",
     {HGB, NULL, "170", "g/L", NULL, NULL, NULL, GW_HIGH},
     false,
     0,
     GW_GRADE_EXACT,
     true},
    {"the only grade there is",
     {"2532-0", NULL, "500", "U/L", NULL, NULL, NULL, GW_HIGH},
     false,
     0,
     GW_GRADE_UNKNOWN01,
     true},
    {"by the limit until the baseline is known",
     {ALT, NULL, "120", "U/L", NULL, "40", NULL, GW_HIGH},
     true,
     1,
     GW_GRADE_PROVISIONAL,
     false},
    {"grade 0 until the baseline is known",
     {ALT, NULL, "30", "U/L", NULL, "40", NULL, GW_HIGH},
     true,
     0,
     GW_GRADE_PROVISIONAL,
     false},
    {"creatinine until the baseline is known",
     {"14682-9", NULL, "80", "umol/L", NULL, "90", NULL, GW_HIGH},
     true,
     0,
     GW_GRADE_PROVISIONAL,
     false},
    {"the baseline is known", {ALT, NULL, "120", "U/L", NULL, "40", "30", GW_HIGH}, true, 1, GW_GRADE_EXACT, false},
    {"platelets need no baseline",
     {PLT, NULL, "120", "10*9/L", "150", NULL, NULL, GW_LOW},
     true,
     1,
     GW_GRADE_EXACT,
     false},
};

Test(grade, says_what_a_missing_limit_or_baseline_leaves_open)
{
    for (size_t i = 0; i < sizeof open_ends / sizeof open_ends[0]; i++) {
        const struct gw_grade got = grade_of(&open_ends[i].asked);

        cr_expect(got.graded == open_ends[i].graded, "%s", open_ends[i].what);
        cr_expect(eq(int, got.grade, open_ends[i].grade), "%s", open_ends[i].what);
        cr_expect(got.flag == open_ends[i].flag, "%s: flag %d", open_ends[i].what, (int)got.flag);
        cr_expect(got.range_wanted == open_ends[i].range_wanted, "%s", open_ends[i].what);
        cr_expect(got.term != NULL, "%s", open_ends[i].what);
    }
}

Test(grade, knows_a_baseline_whose_limits_are_unknown_only_as_a_number)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, ALT);
    struct gw_observed observed = in_ucum("120", "U/L");
    const struct gw_measure measure = measured(&bench, lab, &observed);
    const struct gw_limits limits = limits_of(&bench, lab, &observed, &measure, NULL, "40");
    const struct gw_baseline baseline = baseline_of(&bench, "80", NULL, NULL);
    struct gw_grade got;

    cr_assert(eq(int,
                 gw_grade_value(&bench.arena, bench.tables, lab, &measure, &limits, &baseline, GW_HIGH, &got, NULL),
                 GW_OK));
    cr_expect(got.graded && got.grade == 1 && got.flag == GW_GRADE_PROVISIONAL);
    cr_assert(
        eq(int, gw_grade_value(&bench.arena, bench.tables, lab, &measure, NULL, NULL, GW_HIGH, &got, NULL), GW_OK));
    cr_expect(got.graded == false && got.range_wanted);
}

static const struct {
    const char *what;
    struct asked asked;
    int grade; /* -1: ambiguous; -2: not graded for another reason */
} compared[] = {
    {"below 0.1 is grade 4", {ANC, "<", "0.1", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 4},
    {"below 0.5 is grade 4", {ANC, "<", "0.5", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 4},
    {"at most 0.5 is 3 or 4", {ANC, "<=", "0.5", "10*9/L", "1.5", NULL, NULL, GW_LOW}, -1},
    {"at most 0.4 is grade 4", {ANC, "<=", "0.4", "10*9/L", "1.5", NULL, NULL, GW_LOW}, 4},
    {"below 1.5 may be anything", {ANC, "<", "1.5", "10*9/L", "1.5", NULL, NULL, GW_LOW}, -1},
    {"above 1.8 is normal", {ANC, ">", "1.8", "10*9/L", "1.8", NULL, NULL, GW_LOW}, 0},
    {"at least 1.8 is normal", {ANC, ">=", "1.8", "10*9/L", "1.8", NULL, NULL, GW_LOW}, 0},
    {"at least 1.79 may be grade 1", {ANC, ">=", "1.79", "10*9/L", "1.8", NULL, NULL, GW_LOW}, -1},
    {"above 7.0 potassium is grade 4", {K, ">", "7.0", "mmol/L", "3.5", "5.1", NULL, GW_HIGH}, 4},
    {"at least 7.0 is 3 or 4", {K, ">=", "7.0", "mmol/L", "3.5", "5.1", NULL, GW_HIGH}, -1},
    {"above 6.99 is 3 or 4", {K, ">", "6.99", "mmol/L", "3.5", "5.1", NULL, GW_HIGH}, -1},
    {"above 7.5 without limits", {K, ">", "7.5", "mmol/L", NULL, NULL, NULL, GW_HIGH}, 4},
    {"below 5 potassium may be far too low or unknown", {K, "<", "5.0", "mmol/L", NULL, NULL, NULL, GW_HIGH}, -1},
    {"below 5 units of ALT", {ALT, "<", "5", "U/L", NULL, "40", "20", GW_HIGH}, 0},
    {"above 800 units of ALT", {ALT, ">", "800", "U/L", NULL, "40", "20", GW_HIGH}, 4},
    {"above 799 units of ALT", {ALT, ">", "799", "U/L", NULL, "40", "20", GW_HIGH}, -1},
    {"above 1 without a lower limit", {ANC, ">", "1.6", "10*9/L", NULL, NULL, NULL, GW_LOW}, -2},
    {"sufficient to reach a level", {ANC, "ad", "0.1", "10*9/L", "1.5", NULL, NULL, GW_LOW}, -1},
    {"below 0.7 mg/dL in its own family", {MG, "<", "0.7", "mg/dL", "0.7", "1.0", NULL, GW_LOW}, 4},
};

Test(grade, grades_a_comparator_only_when_every_possible_value_agrees)
{
    for (size_t i = 0; i < sizeof compared / sizeof compared[0]; i++) {
        const struct gw_grade got = grade_of(&compared[i].asked);

        cr_expect(got.comparator_ambiguous == (compared[i].grade == -1), "%s", compared[i].what);
        cr_expect(got.graded == (compared[i].grade >= 0), "%s", compared[i].what);
        if (compared[i].grade >= 0)
            cr_expect(eq(int, got.grade, compared[i].grade), "%s", compared[i].what);
    }
}

static const struct {
    const char *what;
    struct asked asked;
    bool flagged;
} cuts[] = {
    {"benign ethnic neutropenia", {ANC, NULL, "1.3", "10*9/L", "1.2", NULL, NULL, GW_LOW}, true},
    {"at the laboratory's limit", {ANC, NULL, "1.2", "10*9/L", "1.2", NULL, NULL, GW_LOW}, true},
    {"below the laboratory's limit too", {ANC, NULL, "1.1", "10*9/L", "1.2", NULL, NULL, GW_LOW}, false},
    {"potassium inside a generous limit", {K, NULL, "5.6", "mmol/L", "3.5", "5.8", NULL, GW_HIGH}, true},
    {"potassium beyond it", {K, NULL, "5.9", "mmol/L", "3.5", "5.8", NULL, GW_HIGH}, false},
    {"a comparator", {ANC, "<", "0.4", "10*9/L", "0.3", NULL, NULL, GW_LOW}, false},
    {"grade 0", {ANC, NULL, "5", "10*9/L", "1.2", NULL, NULL, GW_LOW}, false},
};

Test(grade, says_that_an_absolute_bound_won_over_the_laboratorys_limit)
{
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
        cr_expect(grade_of(&cuts[i].asked).lln_below_cut == cuts[i].flagged, "%s", cuts[i].what);
}

Test(grade, does_not_apply_where_the_tables_have_no_row)
{
    const struct asked calcium = {"17861-6", NULL, "2.3", "mmol/L", "2.2", "2.6", NULL, GW_LOW};
    const struct asked anc_high = {ANC, NULL, "20", "10*9/L", "1.5", "7.5", NULL, GW_HIGH};
    const struct asked clearance = {"2164-2", NULL, "20", "mL/min", "60", NULL, NULL, GW_LOW};

    cr_expect(grade_of(&calcium).applies == false); /* uncorrected */
    cr_expect(grade_of(&anc_high).applies == false);
    cr_expect(grade_of(&clearance).applies == false); /* chronic: a person */
}

static const struct {
    const char *what;
    struct asked low;
    enum gw_direction direction;
    int grade; /* -1: not graded */
    bool has_term;
} sides[] = {
    {"too low", {K, NULL, "2.9", "mmol/L", "3.5", "5.1", NULL, GW_LOW}, GW_LOW, 3, true},
    {"too high", {K, NULL, "6.1", "mmol/L", "3.5", "5.1", NULL, GW_LOW}, GW_HIGH, 3, true},
    {"neither has no side", {K, NULL, "4", "mmol/L", "3.5", "5.1", NULL, GW_LOW}, GW_LOW, 0, false},
    {"one side only", {ANC, NULL, "4", "10*9/L", "1.5", NULL, NULL, GW_LOW}, GW_LOW, 0, true},
    {"the other side only", {ALT, NULL, "20", "U/L", NULL, "40", NULL, GW_LOW}, GW_HIGH, 0, true},
    {"too low by an absolute bound, no limits", {K, NULL, "2.9", "mmol/L", NULL, NULL, NULL, GW_LOW}, GW_LOW, 3, true},
    {"no limits at all", {K, NULL, "4", "mmol/L", NULL, NULL, NULL, GW_LOW}, GW_LOW, -1, true},
    {"a lower limit only", {K, NULL, "4", "mmol/L", "3.5", NULL, NULL, GW_LOW}, GW_HIGH, -1, true},
};

Test(grade, shows_the_worse_of_both_sides)
{
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        struct asked high = sides[i].low;
        struct gw_grade low_grade, high_grade, got;

        high.direction = GW_HIGH;
        low_grade = grade_of(&sides[i].low);
        high_grade = grade_of(&high);
        got = gw_grade_worse(&low_grade, &high_grade);
        cr_expect(got.applies, "%s", sides[i].what);
        cr_expect(got.direction == sides[i].direction, "%s", sides[i].what);
        cr_expect(eq(int, got.graded ? got.grade : -1, sides[i].grade), "%s", sides[i].what);
        cr_expect(eq(int, got.term != NULL, sides[i].has_term), "%s", sides[i].what);
    }
}

Test(grade, says_so_when_memory_ends)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, ANC);
    struct gw_observed observed = in_ucum("1.2", "10*9/L");
    struct gw_arena none = GW_ARENA_INIT(0);
    struct gw_measure measure = measured(&bench, lab, &observed);
    struct gw_error err = {.status = GW_OK};
    struct gw_grade got;

    measure.comparator = "<";
    cr_expect(eq(int, gw_grade_value(&none, bench.tables, lab, &measure, NULL, NULL, GW_LOW, &got, &err), GW_ENOMEM));
    cr_expect(ne(sz, strlen(err.text), 0));
    gw_arena_release(&none);
}
