/*
 * Histories of a subject made up by chance: versions, statuses, codes, units and dates as hospitals write them. Neither
 * the order of the facts matters, nor does anything change before the day that derive() names.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/answer.h"
#include "support/chance.h"

#define ANC "751-8"
#define PLT "777-3"

static struct subject s;

static void start_at(const char *site)
{
    subject_init_at(&s, "lendex-rrmm", site);
    subject_add_patient(&s, "female", "1950-03-01");
}

static void start(void)
{
    start_at("madrid");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(made_up, .init = start, .fini = stop, .timeout = 120);

static const char *any(uint64_t *seed, const char *const *list, size_t count)
{
    return list[chance_next(seed) % count];
}

#define ANY(seed, ...)                                                                                                 \
    any(seed, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* A date in one of the ways hospitals write one, within 150 days of D1. */
static const char *any_date(uint64_t *seed)
{
    const char *day = subject_day_text(&s, s.line.first_dose - 20 + (int)(chance_next(seed) % 150));

    switch (chance_next(seed) % 12) {
    case 0:
        return gw_arena_print(&s.arena, "%.7s", day);
    case 1:
        return gw_arena_print(&s.arena, "%sT23:30:00Z", day);
    case 2:
        return gw_arena_print(&s.arena, "%sT08:00:00", day);
    default:
        return day;
    }
}

static void add_something(uint64_t *seed, int number)
{
    const char *id = gw_arena_print(&s.arena, "r%d", number % 60); /* of some there are several versions */

    switch (chance_next(seed) % 6) {
    case 0:
        subject_add(&s,
                    "{'resourceType':'Encounter','id':'%s','status':'%s','class':{'code':'%s'},"
                    "'subject':{'reference':'Patient/p1'},'period':{'start':'%s'%s%s'}}",
                    id, ANY(seed, "finished", "in-progress", "planned"), ANY(seed, "AMB", "IMP", "HH"), any_date(seed),
                    chance_next(seed) % 3 ? ",'end':'" : ",'x':'", any_date(seed));
        break;
    case 1:
        subject_add_condition(&s, id, ANY(seed, "D70.1", "I82.40", "J18.9", "I26.90"), any_date(seed), any_date(seed));
        break;
    case 2:
        subject_add(&s,
                    "{'resourceType':'%s','id':'%s','status':'%s','subject':{'reference':'Patient/p1'},"
                    "'effectivePeriod':{'start':'%s','end':'%s'},'whenHandedOver':'%s',"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}",
                    ANY(seed, "MedicationStatement", "MedicationDispense"), id,
                    ANY(seed, "completed", "active", "entered-in-error"), subject_day_text(&s, s.line.first_dose),
                    any_date(seed), subject_day_text(&s, s.line.first_dose + (int)(chance_next(seed) % 60)));
        break;
    default:
        subject_add(&s,
                    "{'resourceType':'Observation','id':'%s','status':'%s','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'%s','code':'%s'}]},'effectiveDateTime':'%s',"
                    "'valueQuantity':{'value':%s,'system':'http://unitsofmeasure.org','code':'%s'}}",
                    id, ANY(seed, "final", "corrected", "preliminary", "entered-in-error"),
                    ANY(seed, "http://loinc.org", "http://loinc.org", "urn:lab"), ANY(seed, ANC, ANC, PLT, "718-7"),
                    any_date(seed), ANY(seed, "0.4", "0.9", "1.3", "2.0", "60"), ANY(seed, "10*9/L", "10*9/L", "g/L"));
    }
    s.facts[s.count - 1].last_updated = ANY(seed, "2024-06-01T10:00:00Z", "2024-06-02T10:00:00Z", NULL);
    s.facts[s.count - 1].version_id = ANY(seed, "1", "2", "x", NULL);
}

Test(made_up, histories_are_derived_alike_in_any_order_and_change_on_no_day_but_the_next)
{
    struct gw_text answer = GW_TEXT_INIT(4 << 20), next = GW_TEXT_INIT(4 << 20);
    size_t told = 0;

    for (unsigned made_up = 1; made_up <= 30; made_up++) {
        uint64_t seed = made_up;
        gw_day promised;

        stop();
        start_at(made_up % 2 ? "madrid" : "busan");
        for (int i = 0; i < 80; i++)
            add_something(&seed, i);
        for (int k = 1; k <= 3; k++)
            subject_add_visit(&s, gw_arena_print(&s.arena, "e%d", k), subject_day_text(&s, s.line.first_dose + 30 * k));
        subject_add(&s,
                    "{'resourceType':'MedicationDispense','id':'first','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'whenHandedOver':'%s',"
                    "'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}}",
                    subject_day_text(&s, s.line.first_dose));
        s.horizon = s.line.first_dose + (int)(made_up % 90);
        subject_derive(&s);
        answer_write(&s, &answer);
        subject_shuffle(&s, &seed);
        subject_derive(&s);
        answer_write(&s, &next);
        cr_assert(eq(str, next.at, answer.at), "order, history %u", made_up);
        answer_write_states(&s, &answer);
        promised = s.derived.next_day;
        for (int i = 0; i < 80; i++) {
            s.horizon++;
            subject_derive(&s);
            answer_write_states(&s, &next);
            if (promised == GW_NO_DAY || s.horizon < promised)
                cr_assert(strcmp(answer.at, next.at) == 0, "history %u: changed on %s, not told", made_up,
                          subject_day_text(&s, s.horizon));
            gw_text_clear(&answer);
            gw_text_append(&answer, next.at, next.length);
            promised = s.derived.next_day;
        }
        told += s.derived.blocked ? 0 : s.derived.rows.tables[GW_TABLE_observations].count;
    }
    cr_expect(gt(sz, told, 100), "the histories say too little: %zu rows", told);
    gw_text_release(&answer);
    gw_text_release(&next);
}
