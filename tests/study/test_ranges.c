/*
 * Reference ranges that a result tells twice, in numbers that are none, or with a flag that only one limit can deny;
 * and where the memory for them ends.
 */
#include "lab.h"

static struct bench bench;

static void prepare(void)
{
    bench_init(&bench, "{\"id\": \"hm\", \"zone\": \"Europe/Madrid\", \"contacts\": \"none\", \"ranges\": [\n"
                       " {\"concept\": \"TEMP\", \"low\": \"36.10000000000000000000000\", \"high\": "
                       "\"37.50000000000000000000000\", \"unit\": \"Cel\"}]}");
}

static void release(void)
{
    bench_release(&bench);
}

TestSuite(ranges, .init = prepare, .fini = release);

#define IN(v, u)                                                                                                       \
    {                                                                                                                  \
        .value = (v), .system = GW_SYSTEM_UCUM, .code = (u)                                                            \
    }
#define LOW(v)  .low = IN(v, "10*9/L")
#define HIGH(v) .high = IN(v, "10*9/L")

static const struct {
    const char *what;
    struct gw_reference_range ranges[2];
    size_t count;
    int age;
    enum gw_range_verdict verdict;
    const char *low, *high; /* printed; NULL: none */
} cases[] = {
    /* told twice */
    {"one range twice",
     {{LOW("1.5"), HIGH("7.5")}, {LOW("1.50"), HIGH("7.50")}},
     2,
     70,
     GW_RANGE_FOUND,
     "1.50",
     "7.50"},
    {"a lower limit twice", {{LOW("1.5")}, {LOW("1.5")}}, 2, 70, GW_RANGE_FOUND, "1.5", NULL},
    {"an upper limit twice", {{HIGH("7.5")}, {HIGH("7.5")}}, 2, 70, GW_RANGE_FOUND, NULL, "7.5"},
    {"two lower limits", {{LOW("1.5"), HIGH("7.5")}, {LOW("1.6"), HIGH("7.5")}}, 2, 70, GW_RANGE_AMBIGUOUS, NULL, NULL},
    {"two upper limits", {{LOW("1.5"), HIGH("7.5")}, {LOW("1.5"), HIGH("7.6")}}, 2, 70, GW_RANGE_AMBIGUOUS, NULL, NULL},
    {"one without a lower limit", {{LOW("1.5"), HIGH("7.5")}, {HIGH("7.5")}}, 2, 70, GW_RANGE_AMBIGUOUS, NULL, NULL},
    {"one without an upper limit", {{LOW("1.5"), HIGH("7.5")}, {LOW("1.5")}}, 2, 70, GW_RANGE_AMBIGUOUS, NULL, NULL},
    /* words */
    {"words alone", {{.text = "negative"}}, 1, 70, GW_RANGE_TEXT_ONLY, NULL, NULL},
    {"words behind a range", {{LOW("1.5")}, {.text = "see note"}}, 2, 70, GW_RANGE_FOUND, "1.5", NULL},
    {"words beside a lower limit in no unit known",
     {{.text = "from 1.5", .low = IN("1.5", "furlong")}},
     1,
     70,
     GW_RANGE_MISSING,
     NULL,
     NULL},
    {"words beside an upper limit in no unit known",
     {{.text = "to 7.5", .high = IN("7.5", "furlong")}},
     1,
     70,
     GW_RANGE_MISSING,
     NULL,
     NULL},
    {"neither words nor limits", {{.age_low = {.value = NULL}}}, 1, 70, GW_RANGE_MISSING, NULL, NULL},
    /* numbers */
    {"a limit that no laboratory writes", {{LOW("1e1001")}}, 1, 70, GW_RANGE_MISSING, NULL, NULL},
    {"an upper limit below the lower", {{LOW("7.5"), HIGH("1.5")}}, 1, 70, GW_RANGE_MISSING, NULL, NULL},
    {"both limits of one size", {{LOW("1.5"), HIGH("1.5")}}, 1, 70, GW_RANGE_FOUND, "1.5", "1.5"},
    {"an age that no one has", {{LOW("1.5"), .age_low = IN("1e1001", "a")}}, 1, 70, GW_RANGE_MISSING, NULL, NULL},
    /* ages in other units: 840 months are 70 years, 25568 days a little more, 25567 a little less */
    {"from 840 months on", {{LOW("1.5"), .age_low = IN("840", "mo")}}, 1, 70, GW_RANGE_FOUND, "1.5", NULL},
    {"from 841 months on", {{LOW("1.5"), .age_low = IN("841", "mo")}}, 1, 70, GW_RANGE_MISSING, NULL, NULL},
    {"from 25567 days on", {{LOW("1.5"), .age_low = IN("25567", "d")}}, 1, 70, GW_RANGE_FOUND, "1.5", NULL},
    {"from 25568 days on", {{LOW("1.5"), .age_low = IN("25568", "d")}}, 1, 70, GW_RANGE_MISSING, NULL, NULL},
    {"to 3653 weeks", {{LOW("1.5"), .age_high = IN("3653", "wk")}}, 1, 70, GW_RANGE_FOUND, "1.5", NULL},
    {"to 3652 weeks", {{LOW("1.5"), .age_high = IN("3652", "wk")}}, 1, 70, GW_RANGE_MISSING, NULL, NULL},
    {"to 70 of no unit", {{LOW("1.5"), .age_high = IN("70", NULL)}}, 1, 70, GW_RANGE_MISSING, NULL, NULL},
    {"to 70 of another unit", {{LOW("1.5"), .age_high = IN("70", "h")}}, 1, 70, GW_RANGE_MISSING, NULL, NULL},
};

static enum gw_status read_limits(struct gw_arena *arena, const char *loinc, const char *unit,
                                  const struct gw_reference_range *ranges, size_t count, int age, struct gw_limits *out,
                                  struct gw_error *err)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, loinc);
    struct gw_observed observed = in_ucum("2", unit);
    const struct gw_measure measure = measured(&bench, lab, &observed);

    observed.ranges = ranges;
    observed.range_count = count;
    return gw_limits_read(arena, bench.tables, bench.site, lab, &observed, &measure, NULL, age, out, err);
}

Test(ranges, agree_or_leave_no_limit)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gw_limits got;

        cr_assert(
            eq(int,
               read_limits(&bench.arena, "751-8", "10*9/L", cases[i].ranges, cases[i].count, cases[i].age, &got, NULL),
               GW_OK));
        cr_expect(got.verdict == cases[i].verdict, "%s: verdict %d", cases[i].what, (int)got.verdict);
        cr_expect(gw_same(got.has_low ? got.low_num : NULL, cases[i].low), "%s: %s", cases[i].what, got.low_num);
        cr_expect(gw_same(got.has_high ? got.high_num : NULL, cases[i].high), "%s: %s", cases[i].what, got.high_num);
    }
}

/* ---- flags ---- */

static const struct {
    const char *what, *value, *flag;
    struct gw_reference_range range;
    bool contradicts;
} flags[] = {
    {"low, where only an upper limit is known", "2", "L", {HIGH("7.5")}, false},
    {"low, and above the upper limit", "8", "L", {HIGH("7.5")}, true},
    {"low, above both", "8", "LU", {LOW("1.5"), HIGH("7.5")}, true},
    {"high, where only a lower limit is known", "2", "H", {LOW("1.5")}, false},
    {"high, and below the lower limit", "1", "HU", {LOW("1.5")}, true},
    {"normal, above the only limit", "8", "N", {HIGH("7.5")}, true},
    {"normal, below the only limit", "1", "N", {LOW("1.5")}, true},
    {"normal, and the only limit kept", "2", "N", {HIGH("7.5")}, false},
};

Test(ranges, contradict_a_flag_as_far_as_their_limits_tell)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, "751-8");

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        const struct gw_coding coding = {.code = flags[i].flag};
        const struct gw_concept interpretation = {&coding, 1, NULL};
        struct gw_observed observed = in_ucum(flags[i].value, "10*9/L");
        const struct gw_measure measure = measured(&bench, lab, &observed);
        struct gw_limits limits;

        observed.interpretations = &interpretation;
        observed.interpretation_count = 1;
        cr_assert(eq(int, read_limits(&bench.arena, "751-8", "10*9/L", &flags[i].range, 1, -1, &limits, NULL), GW_OK));
        cr_expect(gw_limits_contradict(&bench.arena, &observed, &measure, &limits) == flags[i].contradicts, "%s",
                  flags[i].what);
    }
}

/* ---- memory ---- */

/* Limits so long that reading them takes memory, in other units than the value's; 99.5 [degF] is 37.5 Cel. */
static const struct {
    const char *what, *loinc, *unit;
    struct gw_reference_range range;
    size_t count;
    const char *low, *high;
} long_ones[] = {
    {"a limit in another unit",
     "751-8",
     "10*9/L",
     {.low = IN("1500.0000000000000000000", "/uL"), .high = IN("7500.0000000000000000000", "/uL")},
     1,
     "1.5000000000000000000000",
     "7.5000000000000000000000"},
    {"a limit with an offset", "8310-5", "Cel", {.high = IN("99.5000000000000000000000", "[degF]")}, 1, NULL, "37.5"},
    {"a value with an offset",
     "8310-5",
     "[degF]",
     {.high = IN("37.5000000000000000000000", "Cel")},
     1,
     NULL,
     "37.5000000000000000000000"},
    {"an age", "751-8", "10*9/L", {LOW("1.5"), .age_low = IN("210.00000000000000000000001", "mo")}, 1, "1.5", NULL},
    {"the hospital's range", "8310-5", "[degF]", {.text = NULL}, 0, "36.1", "37.5"},
};

Test(ranges, are_read_whole_or_end_with_a_sentence)
{
    for (size_t i = 0; i < sizeof long_ones / sizeof *long_ones; i++) {
        enum gw_status rc = GW_ENOMEM;
        size_t refused = 0;

        for (size_t limit = 0; rc == GW_ENOMEM; limit++) {
            struct gw_arena arena = GW_ARENA_INIT(limit);
            struct gw_error err = {.status = GW_OK};
            struct gw_limits got;

            rc = read_limits(&arena, long_ones[i].loinc, long_ones[i].unit, &long_ones[i].range, long_ones[i].count, 70,
                             &got, &err);
            cr_assert(rc == GW_OK || *err.text, "%s", long_ones[i].what);
            refused += rc != GW_OK;
            if (rc == GW_OK) {
                cr_expect(got.verdict == GW_RANGE_FOUND, "%s: verdict %d", long_ones[i].what, (int)got.verdict);
                cr_expect(gw_same(got.low_num, long_ones[i].low), "%s: %s", long_ones[i].what, got.low_num);
                cr_expect(gw_same(got.high_num, long_ones[i].high), "%s: %s", long_ones[i].what, got.high_num);
            }
            gw_arena_release(&arena);
        }
        cr_expect(gt(sz, refused, 20), "%s", long_ones[i].what);
    }
}

/* 98.6 [degF] is 37 Cel. */
Test(ranges, stand_beside_values_that_are_read_whole_or_end_with_a_sentence)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, "8310-5"), *coded = gw_tables_lab(bench.tables, "25700-6");
    const struct gw_coding negative = {GW_SYSTEM_SNOMED, "260385009", "Negative"}, code = {.code = "x"};
    const struct gw_observed answers[] = {in_ucum("98.60000000000000000000000", "[degF]"),
                                          {.kind = GW_VALUE_CONCEPT, .concept = {&negative, 1, NULL}}};
    static const char *const wanted[] = {"37", "260385009"};

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        enum gw_status rc = GW_ENOMEM;
        struct gw_measure got;

        for (size_t limit = 0; rc == GW_ENOMEM; limit++) {
            struct gw_arena arena = GW_ARENA_INIT(limit);
            struct gw_error err = {.status = GW_OK};

            rc = gw_measure_read(&arena, bench.tables, bench.site, i ? coded : lab, &code, &answers[i], &got, &err);
            cr_assert(rc == GW_OK || *err.text);
            if (rc == GW_OK)
                cr_expect(gw_same(got.value_num ? got.value_num : got.value_text, wanted[i]), "%s", got.value_num);
            gw_arena_release(&arena);
        }
    }
}
