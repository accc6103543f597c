/*
 * Which laboratory row the codings of an Observation name.
 */
#include "lab.h"

static struct bench bench;

static void prepare(void)
{
    bench_init(
        &bench,
        "{\"id\": \"hm\", \"zone\": \"Europe/Madrid\", \"contacts\": \"none\", \"codes\": [{\"resourceType\":\n"
        " \"ConceptMap\", \"group\": [{\"source\": \"urn:hm:lab\", \"target\": \"http://loinc.org\", \"element\":"
        " [{\"code\": \"PLT\", \"target\": [{\"code\": \"777-3\", \"equivalence\": \"equivalent\"}]},\n"
        "  {\"code\": \"NOTE\", \"target\": [{\"code\": \"11488-4\", \"equivalence\": \"equivalent\"}]}]},\n"
        "  {\"source\": \"http://loinc.org\", \"target\": \"http://loinc.org\", \"element\": [\n"
        "   {\"code\": \"13056-7\", \"target\": [{\"code\": \"777-3\", \"equivalence\": \"equivalent\"}]}]},\n"
        "  {\"source\": \"urn:hm:lab\", \"target\": \"http://snomed.info/sct\", \"element\": [\n"
        "   {\"code\": \"S\", \"target\": [{\"code\": \"1\", \"equivalence\": \"equivalent\"}]}]}]}]}");
}

static void release(void)
{
    bench_release(&bench);
}

TestSuite(code, .init = prepare, .fini = release);

#define LOINC GW_SYSTEM_LOINC
#define LOCAL "urn:hm:lab"
#define RACE  "urn:oid:2.16.840.1.113883.6.238"

static const struct {
    const char *what;
    struct gw_coding codings[3];
    size_t count;
    enum gw_code_verdict verdict;
    const char *loinc; /* of the row; NULL: none */
    int source;        /* index of the deciding coding; -1: none */
    const char *rule;
} cases[] = {
    {"a LOINC code", {{LOINC, "751-8", NULL}}, 1, GW_CODE_MAPPED, "751-8", 0, "loinc"},
    {"a LOINC code of no row", {{LOINC, "11488-4", NULL}}, 1, GW_CODE_NOT_LISTED, NULL, 0, NULL},
    {"a local code that is mapped", {{LOCAL, "PLT", NULL}}, 1, GW_CODE_MAPPED, "777-3", 0, "site:hm"},
    {"a local code mapped to a code of no row", {{LOCAL, "NOTE", NULL}}, 1, GW_CODE_NOT_LISTED, NULL, 0, NULL},
    {"an old LOINC code that the site maps", {{LOINC, "13056-7", NULL}}, 1, GW_CODE_MAPPED, "777-3", 0, "site:hm"},
    {"a local code mapped to another system", {{LOCAL, "S", NULL}}, 1, GW_CODE_UNKNOWN, NULL, 0, NULL},
    {"a local code nobody knows", {{LOCAL, "ANC-K", NULL}}, 1, GW_CODE_UNKNOWN, NULL, 0, NULL},
    {"no coding", {{NULL, NULL, NULL}}, 0, GW_CODE_UNKNOWN, NULL, -1, NULL},
    {"a code without system", {{NULL, "751-8", NULL}}, 1, GW_CODE_UNKNOWN, NULL, -1, NULL},
    {"a system without code", {{LOINC, NULL, NULL}}, 1, GW_CODE_UNKNOWN, NULL, -1, NULL},
    {"a race code that looks like a pregnancy test", {{RACE, "2106-3", NULL}}, 1, GW_CODE_UNKNOWN, NULL, 0, NULL},
    {"the pregnancy test", {{LOINC, "2106-3", NULL}}, 1, GW_CODE_MAPPED, "2106-3", 0, "loinc"},
    {"a local code beside its LOINC code",
     {{LOCAL, "X", NULL}, {LOINC, "751-8", NULL}},
     2,
     GW_CODE_MAPPED,
     "751-8",
     1,
     "loinc"},
    {"a LOINC code of no row beside one of a row",
     {{LOINC, "11488-4", NULL}, {LOINC, "751-8", NULL}},
     2,
     GW_CODE_MAPPED,
     "751-8",
     1,
     "loinc"},
    {"the other way round", {{LOINC, "751-8", NULL}, {LOINC, "11488-4", NULL}}, 2, GW_CODE_MAPPED, "751-8", 0, "loinc"},
    {"an unknown code before a LOINC code of no row",
     {{LOCAL, "X", NULL}, {LOINC, "11488-4", NULL}},
     2,
     GW_CODE_NOT_LISTED,
     NULL,
     1,
     NULL},
    {"two rows of one concept: the preferred",
     {{LOINC, "2708-6", NULL}, {LOINC, "59408-5", NULL}},
     2,
     GW_CODE_MAPPED,
     "59408-5",
     1,
     "loinc"},
    {"the other way round",
     {{LOINC, "59408-5", NULL}, {LOINC, "2708-6", NULL}},
     2,
     GW_CODE_MAPPED,
     "59408-5",
     0,
     "loinc"},
    {"equally preferred: the first",
     {{LOINC, "14682-9", NULL}, {LOINC, "2160-0", NULL}},
     2,
     GW_CODE_MAPPED,
     "14682-9",
     0,
     "loinc"},
    {"two concepts", {{LOINC, "751-8", NULL}, {LOINC, "26515-7", NULL}}, 2, GW_CODE_CONFLICT, NULL, 0, NULL},
    {"two concepts, one by the site's map",
     {{LOINC, "751-8", NULL}, {LOCAL, "PLT", NULL}},
     2,
     GW_CODE_CONFLICT,
     NULL,
     0,
     NULL},
    {"one concept twice by both ways",
     {{LOCAL, "PLT", NULL}, {LOINC, "26515-7", NULL}},
     2,
     GW_CODE_MAPPED,
     "777-3",
     0,
     "site:hm"},
    {"one concept whose rows read mg/dL differently",
     {{LOINC, "3091-6", NULL}, {LOINC, "3094-0", NULL}},
     2,
     GW_CODE_CONFLICT,
     NULL,
     0,
     NULL},
    {"a conflict stays one",
     {{LOINC, "751-8", NULL}, {LOINC, "26515-7", NULL}, {LOINC, "751-8", NULL}},
     3,
     GW_CODE_CONFLICT,
     NULL,
     0,
     NULL},
};

Test(code, s14_names_a_row_by_system_and_code)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gw_concept concept = {cases[i].codings, cases[i].count, "any text"};
        const struct gw_code_result got = gw_code_map(bench.tables, bench.site, &concept);

        cr_expect(got.verdict == cases[i].verdict, "%s: verdict %d", cases[i].what, (int)got.verdict);
        cr_expect(gw_same(got.lab ? got.lab->loinc : NULL, cases[i].loinc), "%s: %s", cases[i].what,
                  got.lab ? got.lab->loinc : "none");
        cr_expect(got.source == (cases[i].source < 0 ? NULL : &cases[i].codings[cases[i].source]), "%s", cases[i].what);
        cr_expect(gw_same(got.rule, cases[i].rule), "%s: %s", cases[i].what, got.rule);
    }
}

static void disable(const char *loinc)
{
    ((struct gw_lab *)gw_tables_lab(bench.tables, loinc))->verified = false;
}

static const struct {
    const char *what;
    struct gw_coding codings[2];
    size_t count;
    enum gw_code_verdict verdict;
    const char *loinc;
} disabled[] = {
    {"alone", {{LOINC, "751-8", NULL}}, 1, GW_CODE_UNVERIFIED, "751-8"},
    {"two of them: the first", {{LOINC, "777-3", NULL}, {LOINC, "751-8", NULL}}, 2, GW_CODE_UNVERIFIED, "777-3"},
    {"before one that is verified", {{LOINC, "751-8", NULL}, {LOINC, "718-7", NULL}}, 2, GW_CODE_MAPPED, "718-7"},
    {"after one that is verified", {{LOINC, "718-7", NULL}, {LOINC, "751-8", NULL}}, 2, GW_CODE_MAPPED, "718-7"},
    {"beside one of no row", {{LOINC, "11488-4", NULL}, {LOINC, "751-8", NULL}}, 2, GW_CODE_UNVERIFIED, "751-8"},
};

Test(code, finds_a_row_that_is_not_verified_only_where_no_other_maps)
{
    disable("751-8");
    disable("777-3");
    for (size_t i = 0; i < sizeof disabled / sizeof disabled[0]; i++) {
        const struct gw_concept concept = {disabled[i].codings, disabled[i].count, NULL};
        const struct gw_code_result got = gw_code_map(bench.tables, bench.site, &concept);

        cr_expect(got.verdict == disabled[i].verdict, "%s: verdict %d", disabled[i].what, (int)got.verdict);
        cr_expect(gw_same(got.lab ? got.lab->loinc : NULL, disabled[i].loinc), "%s", disabled[i].what);
    }
}

Test(code, knows_every_row_by_its_own_code)
{
    const struct gw_lab *rows;
    const size_t count = gw_tables_labs(bench.tables, &rows);

    cr_assert(gt(sz, count, 100));
    for (size_t i = 0; i < count; i++) {
        const struct gw_coding coding = {LOINC, rows[i].loinc, NULL};
        const struct gw_concept concept = {&coding, 1, NULL};
        const struct gw_code_result got = gw_code_map(bench.tables, bench.site, &concept);

        cr_expect(got.verdict == GW_CODE_MAPPED && got.lab == &rows[i], "%s", rows[i].loinc);
    }
}
