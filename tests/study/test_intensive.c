/*
 * Intensive care in the days of an infection proves its gravest grade: by a place of the stay, a kind of it, a
 * procedure, a drug. Source: mappings/RULES.md 12.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/chart.h"
#include "support/doses.h"

static struct subject s;

/* A pneumonia from 10 to 20 February. */
static void start(void)
{
    subject_init_at(&s, "elranatamab-rrmm", "busan");
    s.horizon = subject_day("2024-06-30");
    chart_add_doses(&s);
    subject_add_condition(&s, "pneumonia", "J18.9", "2024-02-10", "2024-02-20");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(intensive, .init = start, .fini = stop);

#define STAY(more)                                                                                                     \
    "'Encounter','status':'finished','class':{'code':'IMP'},'period':{'start':'2024-02-09','end':'2024-02-21'}" more
#define AT(more)                                                                                                       \
    STAY(",'location':[{'location':{'reference':'Location/1'},'physicalType':{'coding':[{'system':"                    \
         "'http://terminology.hl7.org/CodeSystem/v3-RoleCode','code':'ICU'}]}" more "}]")
#define DONE(code, when)                                                                                               \
    "'Procedure','status':'completed','code':{'coding':[{'system':'http://snomed.info/sct','code':'" code "'}]}," when
#define ICU_CARE    "305351004"
#define VENTILATION "40617009"
#define CPAP        "47545007"
#define DIALYSIS    "302497006"

static const struct {
    const char *name, *record;
    int grade; /* -1: none */
} cases[] = {
    {"a stay, and no more", STAY(""), -1},
    {"a place of intensive care", AT(""), 4},
    {"such a place, planned and not seen", AT(",'status':'planned'"), -1},
    {"such a place in its days", AT(",'period':{'start':'2024-02-12','end':'2024-02-14'}"), 4},
    {"such a place before the infection", AT(",'period':{'start':'2024-02-09','end':'2024-02-09'}"), -1},
    {"a stay of that kind", STAY(",'type':[{'coding':[{'system':'http://snomed.info/sct','code':'305351004'}]}]"), 4},
    {"a stay of another kind", STAY(",'type':[{'coding':[{'system':'http://snomed.info/sct','code':'302497006'}]}]"),
     -1},
    {"ventilated on a day", DONE(VENTILATION, "'performedDateTime':'2024-02-12'"), 4},
    {"ventilated over days", DONE(VENTILATION, "'performedPeriod':{'start':'2024-02-08','end':'2024-02-11'}"), 4},
    {"ventilated by a mask", DONE(CPAP, "'performedDateTime':'2024-02-12'"), 4},
    {"admitted to intensive care", DONE(ICU_CARE, "'performedDateTime':'2024-02-12'"), 4},
    {"ventilated before", DONE(VENTILATION, "'performedDateTime':'2024-02-09'"), -1},
    {"ventilated after", DONE(VENTILATION, "'performedDateTime':'2024-02-21'"), -1},
    {"ventilated on no known day", DONE(VENTILATION, "'performedString':'often'"), -1},
    {"another procedure", DONE(DIALYSIS, "'performedDateTime':'2024-02-12'"), -1},
};

static void expect_grade(const char *name, int grade)
{
    const struct gw_row_ae_episodes *row;

    subject_derive(&s);
    row = subject_episode(&s, 0);
    cr_assert(row != NULL, "%s", name);
    expect_text(name, row->category, "INFECTION");
    cr_expect(eq(int, row->max_grade, grade < 0 ? GW_NULL_INTEGER : grade), "%s", name);
}

Test(intensive, care_in_the_days_of_an_infection_is_grade_4)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stop();
        start();
        subject_add(&s, "{'id':'r','subject':{'reference':'Patient/p1'},'resourceType':%s}", cases[i].record);
        expect_grade(cases[i].name, cases[i].grade);
    }
}

/* Days count from the first dose, 15 January: the infection is days 26 to 36. */
static const struct {
    const char *name, *atc, *records;
    int grade;
} drugs[] = {
    {"a vasopressor", "C01CA03", "A 28 1", 4},
    {"a vasopressor that was not given", "C01CA03", "N 28", -1},
    {"a vasopressor after it", "C01CA03", "A 40 1", -1},
    {"another drug", "A02BC01", "A 28 40", -1},
};

Test(intensive, care_is_a_vasopressor_too)
{
    for (size_t i = 0; i < sizeof drugs / sizeof *drugs; i++) {
        stop();
        start();
        doses_add(&s, drugs[i].atc, drugs[i].records);
        expect_grade(drugs[i].name, drugs[i].grade);
    }
}
