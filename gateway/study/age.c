/*
 * Completed years between a birth date, which may be partial, and a day. A person may have said how old the subject was
 * on day 1: that narrows the days of birth down. Source: mappings/RULES.md 13.
 */
#include "study/age.h"

#include <stdlib.h>

#include "study/decided.h"

#define MOST_YEARS 130

/* 29 February has its birthday on 1 March where there is no 29th. */
static int completed_years(gw_day born, gw_day day)
{
    int year, month, dayofmonth, then_year, then_month, then_day;

    gw_day_split(born, &year, &month, &dayofmonth);
    gw_day_split(day, &then_year, &then_month, &then_day);
    return then_year - year - (then_month < month || (then_month == month && then_day < dayofmonth));
}

static struct item_about about_person(const struct engine *e)
{
    return (struct item_about){.has_fact = true,
                               .fact = e->person_index,
                               .day = GW_NO_DAY,
                               .note = "the birth date is partial, and what is derived depends on the day"};
}

/* Leave only those days of birth that make the subject as old on day 1 as a person said; an age that none of them makes
 * says nothing, and what was asked stays asked. */
static const struct gw_decision *narrow(struct engine *e, struct gw_when *born)
{
    const struct item_about about = about_person(e);
    const struct gw_decision *decision = born->first < born->last ? decided_subject(e, GW_DECIDE_AGE, NULL) : NULL;
    int age;

    if (!decided_says(decision, GW_SET_AGE))
        return NULL;
    age = atoi(decision->set[GW_SET_AGE]);
    if (age < completed_years(born->last, e->anchors.d1) || age > completed_years(born->first, e->anchors.d1))
        return NULL;
    decided_note(e, decision, "AGE_AMBIGUOUS", &about);
    while (completed_years(born->first, e->anchors.d1) > age)
        born->first++;
    while (completed_years(born->last, e->anchors.d1) < age)
        born->last--;
    return decision;
}

int engine_age(const struct engine *e, gw_day day)
{
    const char *birth = e->person ? e->person->patient.birth_date : NULL;
    gw_day born;

    return birth && gw_day_parse(birth, &born) && day != GW_NO_DAY ? completed_years(born, day) : -1;
}

bool age_on(struct engine *e, gw_day day, struct age *out)
{
    const char *birth = e->person ? e->person->patient.birth_date : NULL;
    struct gw_when born;

    *out = (struct age){.low = -1};
    if (!birth || gw_when_read(birth, gw_site_zone(e->in->site), true, &born) != GW_DATE_OK)
        return false;
    out->decision = narrow(e, &born);
    out->low = completed_years(born.last, day);
    out->high = completed_years(born.first, day);
    return out->low >= 0 && out->high <= MOST_YEARS;
}

void age_ask(struct engine *e)
{
    const struct item_about about = about_person(e);

    engine_raise(e, "AGE_AMBIGUOUS", &about);
}
