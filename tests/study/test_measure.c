/*
 * Units, numbers and answers: what becomes a value, and what becomes an exception.
 */
#include "lab.h"

static struct bench bench;

static void prepare(void)
{
    bench_init(&bench, "{\"id\": \"hm\", \"zone\": \"Europe/Madrid\", \"contacts\": \"none\",\n"
                       " \"unit_aliases\": [{\"text\": \"mil/ml\", \"code\": \"/uL\"},\n"
                       "                    {\"text\": \"G/L\", \"code\": \"10*6/L\"},\n"
                       "                    {\"text\": \"g/L\", \"code\": \"g/dL\"}],\n"
                       " \"unit_missing\": [{\"system\": \"http://loinc.org\", \"code\": \"777-3\", \"unit\": "
                       "\"10*9/L\"},\n"
                       "                    {\"system\": \"http://loinc.org\", \"code\": \"718-7\", \"unit\": "
                       "\"10*9/L\"}]}\n");
}

static void release(void)
{
    bench_release(&bench);
}

TestSuite(measure, .init = prepare, .fini = release);

#define UCUM GW_SYSTEM_UCUM

static const struct {
    const char *what;
    const char *loinc;
    const char *value;
    const char *unit;
    const char *system;
    const char *code;
    enum gw_value_verdict verdict;
    const char *printed; /* in the canonical unit; NULL: none */
    const char *converted_by;
} cases[] = {
    {"the canonical unit", "751-8", "1.20", NULL, UCUM, "10*9/L", GW_VALUE_OK, "1.20", "10*9/L"},
    {"a factor of one keeps the digits", "751-8", "1.20", NULL, UCUM, "10*3/uL", GW_VALUE_OK, "1.20", "10*3/uL"},
    {"a power of ten keeps the digits", "751-8", "1200", NULL, UCUM, "/uL", GW_VALUE_OK, "1.200", "/uL"},
    {"the same in braces", "751-8", "1200", NULL, UCUM, "{cells}/uL", GW_VALUE_OK, "1.200", "{cells}/uL"},
    {"grams per decilitre", "718-7", "9.9", NULL, UCUM, "g/dL", GW_VALUE_OK, "99", "g/dL"},
    {"a finite product is exact", "2160-0", "2.00", NULL, UCUM, "mg/dL", GW_VALUE_OK, "176.8", "mg/dL"},
    {"Fahrenheit has six decimals", "8310-5", "101", NULL, UCUM, "[degF]", GW_VALUE_OK, "38.333333", "[degF]"},
    {"Fahrenheit that comes out even", "8310-5", "104", NULL, UCUM, "[degF]", GW_VALUE_OK, "40", "[degF]"},
    {"kelvin", "8310-5", "310.15", NULL, UCUM, "K", GW_VALUE_OK, "37", "K"},
    {"kilopascal", "8480-6", "16", NULL, UCUM, "kPa", GW_VALUE_OK, "120.010201", "kPa"},
    {"urea is not urea nitrogen", "3091-6", "100", NULL, UCUM, "mg/dL", GW_VALUE_OK, "16.651", "mg/dL"},
    {"urea nitrogen is not urea", "3094-0", "100", NULL, UCUM, "mg/dL", GW_VALUE_OK, "35.697", "mg/dL"},

    {"a text that is the unit", "751-8", "1.2", "10*9/L", NULL, NULL, GW_VALUE_OK, "1.2", "10*9/L"},
    {"a spelling everyone knows", "751-8", "1.2", "K/uL", NULL, NULL, GW_VALUE_OK, "1.2", "10*3/uL"},
    {"with blanks around it", "751-8", "1.2", " K/uL ", NULL, NULL, GW_VALUE_OK, "1.2", "10*3/uL"},
    {"a spelling declared as UCUM", "751-8", "1.2", NULL, UCUM, "K/uL", GW_VALUE_OK, "1.2", "10*3/uL"},
    {"a spelling of this hospital", "751-8", "1200", "mil/ml", NULL, NULL, GW_VALUE_OK, "1.200", "/uL"},
    {"the hospital's meaning goes before the common one", "777-3", "150000", "G/L", NULL, NULL, GW_VALUE_OK, "150.000",
     "10*6/L"},
    {"an accepted unit goes before any alias", "8310-5", "310.15", "K", NULL, NULL, GW_VALUE_OK, "37", "K"},
    {"and before the hospital's", "718-7", "99", "g/L", NULL, NULL, GW_VALUE_OK, "99", "g/L"},
    {"a code of a local system", "751-8", "1.2", NULL, "urn:hm:units", "10*9/L", GW_VALUE_OK, "1.2", "10*9/L"},
    {"a local unit code beside a text that says it", "751-8", "1.2", "10*9/L", "urn:hm:units", "U17", GW_VALUE_OK,
     "1.2", "10*9/L"},
    {"a text that is decoration", "751-8", "1.2", "Tausend je Mikroliter", UCUM, "10*3/uL", GW_VALUE_OK, "1.2",
     "10*3/uL"},
    {"two names of one conversion", "751-8", "1.2", "10*9/L", UCUM, "10*3/uL", GW_VALUE_OK, "1.2", "10*3/uL"},

    {"no unit", "751-8", "1.2", NULL, NULL, NULL, GW_VALUE_UNIT_MISSING, NULL, NULL},
    {"an empty unit", "751-8", "1.2", " ", NULL, "", GW_VALUE_UNIT_MISSING, NULL, NULL},
    {"no unit where the hospital says which", "777-3", "150", NULL, NULL, NULL, GW_VALUE_OK, "150", "10*9/L"},
    {"a rule whose unit the row does not accept", "718-7", "150", NULL, NULL, NULL, GW_VALUE_UNIT_UNKNOWN, NULL, NULL},
    {"no unit on a score", "89247-1", "1", NULL, NULL, NULL, GW_VALUE_UNIT_MISSING, NULL, NULL},
    {"a misprint", "751-8", "1.2", "x10E3", NULL, NULL, GW_VALUE_UNIT_UNKNOWN, NULL, NULL},
    {"a unit of something else", "751-8", "1.2", NULL, UCUM, "g/L", GW_VALUE_UNIT_UNKNOWN, NULL, NULL},
    {"UCUM that no row accepts", "751-8", "1.2", NULL, UCUM, "10*12/L", GW_VALUE_UNIT_UNKNOWN, NULL, NULL},
    {"case counts", "718-7", "9.9", NULL, UCUM, "G/dL", GW_VALUE_UNIT_UNKNOWN, NULL, NULL},
    {"an annotation counts", "48065-7", "500", NULL, UCUM, "ng/mL", GW_VALUE_UNIT_UNKNOWN, NULL, NULL},
    {"the annotation that is meant", "48065-7", "500", NULL, UCUM, "ng/mL{FEU}", GW_VALUE_OK, "500", "ng/mL{FEU}"},
    {"a text longer than any unit", "751-8", "1.2",
     "a thousand millions of cells in a litre of whole blood as counted by the machine", NULL, NULL,
     GW_VALUE_UNIT_UNKNOWN, NULL, NULL},
    {"a code with a blank behind it", "751-8", "1.2", NULL, NULL, "10*9/L ", GW_VALUE_OK, "1.2", "10*9/L"},
    {"a false UCUM code is not saved by its text", "751-8", "1.2", "10*9/L", UCUM, "x10E3", GW_VALUE_UNIT_UNKNOWN, NULL,
     NULL},

    {"text and code differ", "751-8", "1.2", "10*3/uL", UCUM, "/uL", GW_VALUE_UNIT_CONFLICT, NULL, NULL},
    {"an alias and a code differ", "751-8", "1.2", "K/uL", UCUM, "/uL", GW_VALUE_UNIT_CONFLICT, NULL, NULL},
    {"text of another quantity", "751-8", "1.2", "g/L", UCUM, "10*9/L", GW_VALUE_UNIT_CONFLICT, NULL, NULL},
    {"code of another quantity", "718-7", "99", "g/L", UCUM, "mg/L", GW_VALUE_UNIT_CONFLICT, NULL, NULL},
    {"degrees that differ by an offset alone", "8310-5", "37", "K", UCUM, "Cel", GW_VALUE_UNIT_CONFLICT, NULL, NULL},
    {"text without the annotation", "48065-7", "500", "ng/mL", UCUM, "ng/mL{FEU}", GW_VALUE_UNIT_CONFLICT, NULL, NULL},

    {"the largest plausible", "777-3", "3000", NULL, UCUM, "10*9/L", GW_VALUE_OK, "3000", "10*9/L"},
    {"just beyond it", "777-3", "3000.01", NULL, UCUM, "10*9/L", GW_VALUE_IMPLAUSIBLE, "3000.01", "10*9/L"},
    {"a count in the wrong unit", "777-3", "250000", NULL, UCUM, "10*9/L", GW_VALUE_IMPLAUSIBLE, "250000", "10*9/L"},
    {"below zero", "751-8", "-0.1", NULL, UCUM, "10*9/L", GW_VALUE_IMPLAUSIBLE, "-0.1", "10*9/L"},
    {"zero is a count", "751-8", "0", NULL, UCUM, "10*9/L", GW_VALUE_OK, "0", "10*9/L"},

    {"a unit without a value", "751-8", NULL, NULL, UCUM, "10*9/L", GW_VALUE_ABSENT, NULL, NULL},
    {"a number no machine should hold", "751-8", "1e2000000", NULL, UCUM, "10*9/L", GW_VALUE_TYPE, NULL, NULL},
    {"the largest that can be written", "751-8", "1e1000", NULL, UCUM, "10*9/L", GW_VALUE_IMPLAUSIBLE, "1E+1000",
     "10*9/L"},
    {"one beyond it", "751-8", "1e1001", NULL, UCUM, "10*9/L", GW_VALUE_TYPE, NULL, NULL},
    {"one as small", "751-8", "1e-1001", NULL, UCUM, "10*9/L", GW_VALUE_TYPE, NULL, NULL},
    {"one that no offset could be added to", "8310-5", "1e1000000", NULL, UCUM, "[degF]", GW_VALUE_TYPE, NULL, NULL},
    {"a number with an exponent", "751-8", "12e-1", NULL, UCUM, "10*9/L", GW_VALUE_OK, "1.2", "10*9/L"},
};

Test(measure, s13_reads_a_quantity_in_its_row)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gw_lab *lab = gw_tables_lab(bench.tables, cases[i].loinc);
        const struct gw_observed observed = quantity(cases[i].value, cases[i].unit, cases[i].system, cases[i].code);
        struct gw_measure got;

        cr_assert(lab != NULL, "%s", cases[i].loinc);
        got = measured(&bench, lab, &observed);
        cr_expect(got.verdict == cases[i].verdict, "%s: verdict %d", cases[i].what, (int)got.verdict);
        cr_expect(gw_same(got.value_num, cases[i].printed), "%s: %s", cases[i].what, got.value_num);
        cr_expect(gw_same(got.unit_code, cases[i].converted_by), "%s: %s", cases[i].what, got.unit_code);
        cr_expect(gw_same(got.unit, lab->unit), "%s", cases[i].what);
    }
}

Test(measure, keeps_the_value_as_written_and_says_what_was_done)
{
    const struct gw_observed observed = in_ucum("1200", "/uL"), plain = in_ucum("1.20", "10*9/L");
    const struct gw_observed warm = in_ucum("101.0", "[degF]");
    struct gw_measure got = measured(&bench, gw_tables_lab(bench.tables, "751-8"), &observed);

    cr_expect(gw_same(gw_decimal_print(&bench.arena, &got.source), "1200"));
    cr_expect(gw_same(got.transformation, "x 1/1000"));
    got = measured(&bench, gw_tables_lab(bench.tables, "751-8"), &plain);
    cr_expect(gw_same(got.transformation, ""));
    got = measured(&bench, gw_tables_lab(bench.tables, "8310-5"), &warm);
    cr_expect(gw_same(gw_decimal_print(&bench.arena, &got.source), "101.0"));
    cr_expect(gw_same(got.transformation, "(x - 32) * 5/9"));
}

Test(measure, s12_keeps_the_comparator)
{
    struct gw_observed observed = in_ucum("0.1", "10*9/L");

    observed.quantity.comparator = "<";
    cr_expect(gw_same(measured(&bench, gw_tables_lab(bench.tables, "751-8"), &observed).comparator, "<"));
}

static const struct gw_coding negative[] = {{GW_SYSTEM_SNOMED, "260385009", "Negative"}};

static const struct {
    const char *what;
    const char *loinc;
    struct gw_observed observed;
    enum gw_value_verdict verdict;
    const char *text;
    const char *number;
} kinds[] = {
    {"an answer",
     "25700-6",
     {.kind = GW_VALUE_CONCEPT, .concept = {negative, 1, NULL}},
     GW_VALUE_OK,
     "260385009",
     NULL},
    {"an answer in words only",
     "25700-6",
     {.kind = GW_VALUE_CONCEPT, .concept = {NULL, 0, "negative"}},
     GW_VALUE_TYPE,
     NULL,
     NULL},
    {"words", "25700-6", {.kind = GW_VALUE_STRING, .string = "negative"}, GW_VALUE_TYPE, NULL, NULL},
    {"a number where an answer is due",
     "25700-6",
     {.kind = GW_VALUE_QUANTITY, .quantity = {.value = "1"}},
     GW_VALUE_TYPE,
     NULL,
     NULL},
    {"an answer where a number is due",
     "751-8",
     {.kind = GW_VALUE_CONCEPT, .concept = {negative, 1, NULL}},
     GW_VALUE_TYPE,
     NULL,
     NULL},
    {"words where a number is due", "751-8", {.kind = GW_VALUE_STRING, .string = "1.2"}, GW_VALUE_TYPE, NULL, NULL},
    {"a range where a number is due",
     "751-8",
     {.kind = GW_VALUE_OTHER, .value_name = "valueRange"},
     GW_VALUE_TYPE,
     NULL,
     NULL},
    {"yes or no", "751-8", {.kind = GW_VALUE_BOOLEAN, .string = "true"}, GW_VALUE_TYPE, NULL, NULL},
    {"nothing", "751-8", {.kind = GW_VALUE_NONE}, GW_VALUE_ABSENT, NULL, NULL},
    {"nothing, with a reason",
     "25700-6",
     {.kind = GW_VALUE_NONE, .has_absent_reason = true},
     GW_VALUE_ABSENT,
     NULL,
     NULL},
    {"a score as a whole number", "89247-1", {.kind = GW_VALUE_INTEGER, .string = "2"}, GW_VALUE_OK, NULL, "2"},
    {"a score beyond its scale", "89247-1", {.kind = GW_VALUE_INTEGER, .string = "6"}, GW_VALUE_IMPLAUSIBLE, NULL, "6"},
    {"a whole number that is no score",
     "751-8",
     {.kind = GW_VALUE_INTEGER, .string = "2"},
     GW_VALUE_UNIT_MISSING,
     NULL,
     NULL},
    {"a whole number where the hospital's rule is about quantities",
     "777-3",
     {.kind = GW_VALUE_INTEGER, .string = "2"},
     GW_VALUE_UNIT_MISSING,
     NULL,
     NULL},
};

Test(measure, s12_reads_the_kinds_of_value_a_row_can_have)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct gw_measure got = measured(&bench, gw_tables_lab(bench.tables, kinds[i].loinc), &kinds[i].observed);

        cr_expect(got.verdict == kinds[i].verdict, "%s: verdict %d", kinds[i].what, (int)got.verdict);
        cr_expect(gw_same(got.value_text, kinds[i].text), "%s: %s", kinds[i].what, got.value_text);
        cr_expect(gw_same(got.value_num, kinds[i].number), "%s: %s", kinds[i].what, got.value_num);
    }
}

Test(measure, converts_by_every_factor_of_every_row)
{
    const struct gw_lab *rows;
    const size_t count = gw_tables_labs(bench.tables, &rows);
    size_t converted = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < rows[i].factor_count; j++) {
            const struct gw_observed observed = in_ucum("40", rows[i].factors[j].unit);
            const struct gw_measure got = measured(&bench, &rows[i], &observed);

            cr_expect(got.verdict == GW_VALUE_OK || got.verdict == GW_VALUE_IMPLAUSIBLE, "%s in %s: %d", rows[i].loinc,
                      rows[i].factors[j].unit, (int)got.verdict);
            cr_expect(gw_same(got.unit_code, rows[i].factors[j].unit), "%s", rows[i].loinc);
            converted++;
        }
    }
    cr_expect(eq(sz, converted, 482));
}

Test(measure, says_so_when_memory_ends)
{
    const struct gw_lab *lab = gw_tables_lab(bench.tables, "8310-5");
    const struct gw_coding code = {GW_SYSTEM_LOINC, lab->loinc, NULL};
    const struct gw_observed observed = in_ucum("101.123456789012345678901234567890", "[degF]");
    struct gw_arena none = GW_ARENA_INIT(0);
    struct gw_error err = {.status = GW_OK};
    struct gw_measure got;

    cr_expect(eq(int, gw_measure_read(&none, bench.tables, bench.site, lab, &code, &observed, &got, &err), GW_ENOMEM));
    cr_expect(ne(sz, strlen(err.text), 0));
    gw_arena_release(&none);
}
