/*
 * Reference limits: which range counts, in which unit, and when an interpretation contradicts it.
 */
#include "lab.h"

static struct bench bench;

static void prepare(void)
{
    bench_init(
        &bench,
        "{\"id\": \"hm\", \"zone\": \"Europe/Madrid\", \"contacts\": \"none\", \"ranges\": [\n"
        " {\"concept\": \"PLT\", \"low\": \"140\", \"high\": \"400\", \"unit\": \"10*9/L\"},\n"
        " {\"concept\": \"MG\", \"age\": [18, null], \"low\": \"0.7\", \"high\": \"1.0\", \"unit\": \"mmol/L\"},\n"
        " {\"concept\": \"HGB\", \"sex\": \"male\", \"low\": \"13\", \"unit\": \"g/dL\"}]}");
}

static void release(void)
{
    bench_release(&bench);
}

TestSuite(limits, .init = prepare, .fini = release);

#define MEANING "http://terminology.hl7.org/CodeSystem/referencerange-meaning"
#define SEX     "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender"

static const struct gw_coding normal[] = {{MEANING, "normal", NULL}}, treatment[] = {{MEANING, "treatment", NULL}};
static const struct gw_coding male[] = {{SEX, "M", NULL}}, female[] = {{SEX, "F", NULL}}, other[] = {{"x", "y", NULL}};
static const struct gw_concept for_men[] = {{male, 1, NULL}}, for_women[] = {{female, 1, NULL}},
                               for_others[] = {{other, 1, NULL}};

#define LOW(v)  .low = {.value = (v), .system = GW_SYSTEM_UCUM, .code = "10*9/L"}
#define HIGH(v) .high = {.value = (v), .system = GW_SYSTEM_UCUM, .code = "10*9/L"}
#define YEARS(v)                                                                                                       \
    {                                                                                                                  \
        .value = (v), .system = GW_SYSTEM_UCUM, .code = "a"                                                            \
    }

static const struct {
    const char *what;
    const char *loinc;
    const char *unit; /* of the value */
    struct gw_reference_range ranges[3];
    size_t count;
    const char *sex;
    int age;
    enum gw_range_verdict verdict;
    bool from_site;
    const char *low; /* printed; NULL: none */
    const char *high;
} cases[] = {
    {"both limits",
     "751-8",
     "10*9/L",
     {{LOW("1.50"), HIGH("7.5")}},
     1,
     "male",
     70,
     GW_RANGE_FOUND,
     false,
     "1.50",
     "7.5"},
    {"only a lower one", "751-8", "10*9/L", {{LOW("1.5")}}, 1, NULL, -1, GW_RANGE_FOUND, false, "1.5", NULL},
    {"only an upper one", "751-8", "10*9/L", {{HIGH("7.5")}}, 1, NULL, -1, GW_RANGE_FOUND, false, NULL, "7.5"},
    {"in another unit than the value",
     "751-8",
     "10*9/L",
     {{.low = {.value = "1500", .system = GW_SYSTEM_UCUM, .code = "/uL"}}},
     1,
     NULL,
     -1,
     GW_RANGE_FOUND,
     false,
     "1.500",
     NULL},
    {"without a unit: that of the value",
     "751-8",
     "/uL",
     {{.low = {.value = "1500"}}},
     1,
     NULL,
     -1,
     GW_RANGE_FOUND,
     false,
     "1.500",
     NULL},
    {"by a spelling",
     "751-8",
     "10*9/L",
     {{.low = {.value = "1.5", .unit = "K/uL"}}},
     1,
     NULL,
     -1,
     GW_RANGE_FOUND,
     false,
     "1.5",
     NULL},
    {"in a unit that is none",
     "751-8",
     "10*9/L",
     {{.low = {.value = "1.5", .unit = "furlong"}}},
     1,
     NULL,
     -1,
     GW_RANGE_MISSING,
     false,
     NULL,
     NULL},
    {"of type normal",
     "751-8",
     "10*9/L",
     {{LOW("1.5"), .type = {normal, 1, NULL}}},
     1,
     NULL,
     -1,
     GW_RANGE_FOUND,
     false,
     "1.5",
     NULL},
    {"of another type",
     "751-8",
     "10*9/L",
     {{LOW("1.5"), .type = {treatment, 1, NULL}}},
     1,
     NULL,
     -1,
     GW_RANGE_MISSING,
     false,
     NULL,
     NULL},
    {"normal beside another type",
     "751-8",
     "10*9/L",
     {{LOW("0.5"), .type = {treatment, 1, NULL}}, {LOW("1.5"), .type = {normal, 1, NULL}}},
     2,
     NULL,
     -1,
     GW_RANGE_FOUND,
     false,
     "1.5",
     NULL},
    {"one of each sex",
     "751-8",
     "10*9/L",
     {{LOW("1.5"), .applies_to = for_men, .applies_to_count = 1},
      {LOW("1.7"), .applies_to = for_women, .applies_to_count = 1}},
     2,
     "female",
     70,
     GW_RANGE_FOUND,
     false,
     "1.7",
     NULL},
    {"one of each sex, and the sex unknown",
     "751-8",
     "10*9/L",
     {{LOW("1.5"), .applies_to = for_men, .applies_to_count = 1},
      {LOW("1.7"), .applies_to = for_women, .applies_to_count = 1}},
     2,
     NULL,
     70,
     GW_RANGE_MISSING,
     false,
     NULL,
     NULL},
    {"for people one cannot tell",
     "751-8",
     "10*9/L",
     {{LOW("1.5"), .applies_to = for_others, .applies_to_count = 1}},
     1,
     "male",
     70,
     GW_RANGE_MISSING,
     false,
     NULL,
     NULL},
    {"for an age",
     "751-8",
     "10*9/L",
     {{LOW("1.5"), .age_low = YEARS("18"), .age_high = YEARS("64")}, {LOW("1.7"), .age_low = YEARS("65")}},
     2,
     "male",
     65,
     GW_RANGE_FOUND,
     false,
     "1.7",
     NULL},
    {"for an age, its last year",
     "751-8",
     "10*9/L",
     {{LOW("1.5"), .age_low = YEARS("18"), .age_high = YEARS("64")}, {LOW("1.7"), .age_low = YEARS("65")}},
     2,
     "male",
     64,
     GW_RANGE_FOUND,
     false,
     "1.5",
     NULL},
    {"for an age, and the age unknown",
     "751-8",
     "10*9/L",
     {{LOW("1.5"), .age_low = YEARS("18")}},
     1,
     "male",
     -1,
     GW_RANGE_MISSING,
     false,
     NULL,
     NULL},
    {"for an age up to a bound, and the age unknown",
     "751-8",
     "10*9/L",
     {{LOW("1.5"), .age_high = YEARS("64")}},
     1,
     "male",
     -1,
     GW_RANGE_MISSING,
     false,
     NULL,
     NULL},
    {"for children",
     "751-8",
     "10*9/L",
     {{LOW("1.5"), .age_high = {.value = "18", .system = GW_SYSTEM_UCUM, .code = "mo"}}},
     1,
     "male",
     2,
     GW_RANGE_MISSING,
     false,
     NULL,
     NULL},
    {"for children, and it is one",
     "751-8",
     "10*9/L",
     {{LOW("1.5"), .age_high = {.value = "18", .system = GW_SYSTEM_UCUM, .code = "mo"}}},
     1,
     "male",
     1,
     GW_RANGE_FOUND,
     false,
     "1.5",
     NULL},
    {"two that differ",
     "751-8",
     "10*9/L",
     {{LOW("1.5")}, {LOW("1.7")}},
     2,
     NULL,
     -1,
     GW_RANGE_AMBIGUOUS,
     false,
     NULL,
     NULL},
    {"two that agree",
     "751-8",
     "10*9/L",
     {{LOW("1.5")}, {LOW("1.50")}},
     2,
     NULL,
     -1,
     GW_RANGE_FOUND,
     false,
     "1.50",
     NULL},
    {"upside down", "751-8", "10*9/L", {{LOW("7.5"), HIGH("1.5")}}, 1, NULL, -1, GW_RANGE_MISSING, false, NULL, NULL},
    {"in words", "751-8", "10*9/L", {{.text = "1.5 to 7.5"}}, 1, NULL, -1, GW_RANGE_TEXT_ONLY, false, NULL, NULL},
    {"in words beside numbers",
     "751-8",
     "10*9/L",
     {{.text = "1.5 to 7.5"}, {LOW("1.5")}},
     2,
     NULL,
     -1,
     GW_RANGE_FOUND,
     false,
     "1.5",
     NULL},
    {"numbers beside words",
     "751-8",
     "10*9/L",
     {{LOW("1.5")}, {.text = "1.5 to 7.5"}},
     2,
     NULL,
     -1,
     GW_RANGE_FOUND,
     false,
     "1.5",
     NULL},
    {"none", "751-8", "10*9/L", {{.text = NULL}}, 0, NULL, -1, GW_RANGE_MISSING, false, NULL, NULL},
    {"none, but the hospital's", "777-3", "10*9/L", {{.text = NULL}}, 0, NULL, -1, GW_RANGE_FOUND, true, "140", "400"},
    {"in words, but the hospital's",
     "777-3",
     "10*9/L",
     {{.text = "140-400"}},
     1,
     NULL,
     -1,
     GW_RANGE_FOUND,
     true,
     "140",
     "400"},
    {"its own before the hospital's",
     "777-3",
     "10*9/L",
     {{LOW("150")}},
     1,
     NULL,
     -1,
     GW_RANGE_FOUND,
     false,
     "150",
     NULL},
    {"two that differ are not settled by the hospital's",
     "777-3",
     "10*9/L",
     {{LOW("150")}, {LOW("160")}},
     2,
     NULL,
     -1,
     GW_RANGE_AMBIGUOUS,
     false,
     NULL,
     NULL},
    {"the hospital's for a sex", "718-7", "g/dL", {{.text = NULL}}, 0, "male", 70, GW_RANGE_FOUND, true, "130", NULL},
    {"the hospital's for the other sex",
     "718-7",
     "g/dL",
     {{.text = NULL}},
     0,
     "female",
     70,
     GW_RANGE_MISSING,
     false,
     NULL,
     NULL},
    {"a row without unit", "25700-6", NULL, {{LOW("1.5")}}, 1, NULL, -1, GW_RANGE_MISSING, false, NULL, NULL},
};

Test(limits, come_from_the_range_that_fits)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gw_lab *lab = gw_tables_lab(bench.tables, cases[i].loinc);
        struct gw_observed observed = in_ucum("2", cases[i].unit);
        const struct gw_measure measure = measured(&bench, lab, &observed);
        struct gw_limits got;

        observed.ranges = cases[i].ranges;
        observed.range_count = cases[i].count;
        cr_assert(eq(int,
                     gw_limits_read(&bench.arena, bench.tables, bench.site, lab, &observed, &measure, cases[i].sex,
                                    cases[i].age, &got, NULL),
                     GW_OK));
        cr_expect(got.verdict == cases[i].verdict, "%s: verdict %d", cases[i].what, (int)got.verdict);
        cr_expect(got.from_site == cases[i].from_site, "%s", cases[i].what);
        cr_expect(gw_same(got.has_low ? got.low_num : NULL, cases[i].low), "%s: %s", cases[i].what, got.low_num);
        cr_expect(gw_same(got.has_high ? got.high_num : NULL, cases[i].high), "%s: %s", cases[i].what, got.high_num);
    }
}

/* Magnesium: limits in mmol/L, the value in mg/dL: 1 mg/dL is 0.41144 mmol/L. */
Test(limits, are_given_in_the_unit_of_the_value_too)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, "19123-9");
    const struct gw_observed observed = in_ucum("2", "mg/dL");
    const struct gw_measure measure = measured(&bench, lab, &observed);
    struct gw_ratio factor, back;
    struct gw_limits got;

    cr_assert(eq(int,
                 gw_limits_read(&bench.arena, bench.tables, bench.site, lab, &observed, &measure, NULL, 40, &got, NULL),
                 GW_OK));
    cr_assert(got.verdict == GW_RANGE_FOUND && got.from_site);
    cr_assert(eq(int, gw_ratio_parse(&bench.arena, "0.41144", &factor, NULL), GW_OK));
    cr_assert(gw_ratio_multiply(&bench.arena, &got.source_low, &factor, &back));
    cr_expect(eq(int, gw_ratio_compare(&bench.arena, &back, &got.low), 0));
    cr_assert(gw_ratio_multiply(&bench.arena, &got.source_high, &factor, &back));
    cr_expect(eq(int, gw_ratio_compare(&bench.arena, &back, &got.high), 0));
}

Test(limits, are_undone_for_an_affine_unit)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, "8310-5");
    struct gw_observed observed = in_ucum("98.6", "[degF]");
    const struct gw_measure measure = measured(&bench, lab, &observed);
    const struct gw_reference_range range = {.high = {.value = "37.5", .system = GW_SYSTEM_UCUM, .code = "Cel"}};
    struct gw_ratio wanted;
    struct gw_limits got;

    observed.ranges = &range;
    observed.range_count = 1;
    cr_assert(eq(int,
                 gw_limits_read(&bench.arena, bench.tables, bench.site, lab, &observed, &measure, NULL, 40, &got, NULL),
                 GW_OK));
    cr_assert(eq(int, gw_ratio_parse(&bench.arena, "99.5", &wanted, NULL), GW_OK));
    cr_expect(eq(int, gw_ratio_compare(&bench.arena, &got.source_high, &wanted), 0));
}

static const struct {
    const char *what;
    const char *value;
    const char *comparator;
    const char *code;
    bool contradicts;
} flags[] = {
    {"high and above", "8", NULL, "H", false},
    {"high and at the limit", "7.5", NULL, "H", true},
    {"high and inside", "5", NULL, "HH", true},
    {"low and below", "1", NULL, "L", false},
    {"low and at the limit", "1.5", NULL, "L", true},
    {"low and above", "8", NULL, "LL", true},
    {"normal and inside", "5", NULL, "N", false},
    {"normal and above", "8", NULL, "N", true},
    {"normal and below", "1", NULL, "N", true},
    {"a flag of another kind", "8", NULL, "POS", false},
    {"no flag", "8", NULL, NULL, false},
    {"a comparator", "5", "<", "H", false},
};

Test(limits, are_contradicted_by_an_interpretation)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, "751-8");
    const struct gw_reference_range range = {LOW("1.5"), HIGH("7.5")};

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        const struct gw_coding coding = {"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                                         flags[i].code, NULL};
        const struct gw_concept interpretation = {&coding, 1, NULL};
        struct gw_observed observed = in_ucum(flags[i].value, "10*9/L");
        struct gw_measure measure;
        struct gw_limits limits;

        observed.quantity.comparator = flags[i].comparator;
        observed.ranges = &range;
        observed.range_count = 1;
        observed.interpretations = &interpretation;
        observed.interpretation_count = flags[i].code ? 1 : 0;
        measure = measured(&bench, lab, &observed);
        cr_assert(eq(
            int,
            gw_limits_read(&bench.arena, bench.tables, bench.site, lab, &observed, &measure, NULL, -1, &limits, NULL),
            GW_OK));
        cr_expect(gw_limits_contradict(&bench.arena, &observed, &measure, &limits) == flags[i].contradicts, "%s",
                  flags[i].what);
        limits.verdict = GW_RANGE_MISSING;
        cr_expect(gw_limits_contradict(&bench.arena, &observed, &measure, &limits) == false, "%s", flags[i].what);
    }
}
