/*
 * Signs of CRS that belong together: from a fever after a dose until fever, vasopressors and oxygen were gone for
 * end_hours. Signs count while there is fever, and without it once something that lowers fever was given.
 *
 * Source: ASTCT 2019; mappings/RULES.md 12.
 */
#include "study/bound.h"
#include "study/crs_parts.h"

#include <string.h>

#include "study/decided.h"

/* ---- where a run begins ---- */

bool crs_is_after_dose(const struct crs_history *h, const struct crs_sign *fever, size_t doses)
{
    const size_t number = (size_t)dose_before(&h->doses, fever->day, fever->moment).number;
    const size_t dose = number < doses ? number : doses;

    return dose > 0 && fever->day - h->doses.list[dose - 1].day <= h->rules->after_dose_days;
}

/* The last flow told before the dose is the subject's own. */
static void read_own_oxygen(struct engine *e, const struct crs_history *h, struct crs_run *run)
{
    const struct gw_ratio none = gw_ratio_of(gw_decimal_from_int(0));

    for (size_t i = 0; run->dose.dose && i < h->flows.count; i++) {
        if (h->flows.list[i].moment.last > run->dose.dose->moment.first)
            break;
        run->flow = h->flows.list[i].datum->value->measure.canonical;
        run->on_oxygen = gw_ratio_compare(e->arena, &run->flow, &none) > 0;
    }
}

static bool is_above_own(struct engine *e, const struct crs_run *run, const struct support *support)
{
    if (!run->on_oxygen || support->ventilated)
        return true;
    return support->has_flow ? gw_ratio_compare(e->arena, &support->flow, &run->flow) > 0
                             : support->span.first > run->dose.dose->moment.first;
}

/* ---- how far it goes ---- */

/* No temperature below the bound was read between two fevers. */
static bool never_cooled(struct engine *e, const struct crs_history *h, const struct crs_sign *a,
                         const struct crs_sign *b)
{
    for (size_t i = 0; i < h->temperatures.count; i++) {
        const struct reading *reading = &h->temperatures.list[i];

        if (reading->moment.first > a->moment.last && reading->moment.last < b->moment.first &&
            bound_below(e, reading->datum, &h->rules->temperature))
            return false;
    }
    return true;
}

static bool extends(struct engine *e, const struct crs_history *h, const struct crs_run *run,
                    const struct crs_sign *sign)
{
    const struct crs_sign *last = &h->signs[run->last_fever];

    if (sign->kind == HYPOTENSION || sign->kind == HYPOXIA ||
        (sign->kind == OXYGEN && !is_above_own(e, run, sign->support)))
        return false;
    if (sign->moment.first < run->end_at)
        return true;
    return sign->kind == FEVER && sign->day - last->day <= h->rules->after_dose_days && never_cooled(e, h, last, sign);
}

static void reach(const struct crs_history *h, struct crs_run *run, const struct crs_sign *sign)
{
    run->reach = sign->moment.last > run->reach ? sign->moment.last : run->reach;
    run->end_at = run->reach + h->rules->end_hours * HOUR_SECONDS;
}

struct crs_run crs_follow(struct engine *e, const struct crs_history *h, size_t onset)
{
    const struct crs_sign *first = &h->signs[onset];
    struct crs_run run = {
        .onset = onset, .last_fever = onset, .dose = dose_before(&h->doses, first->day, first->moment)};

    read_own_oxygen(e, h, &run);
    reach(h, &run, first);
    for (size_t i = 0; i < h->count; i++) {
        const struct crs_sign *sign = &h->signs[i];

        if (sign->moment.last < first->moment.first || (sign->kind == FEVER && i <= onset) ||
            !extends(e, h, &run, sign))
            continue;
        reach(h, &run, sign);
        if (sign->kind == FEVER)
            run.last_fever = i;
    }
    return run;
}

/* ---- what counts in it ---- */

/* Something that lowers fever was given since its onset. */
static bool is_relieved(const struct crs_history *h, const struct crs_run *run, const struct crs_sign *sign)
{
    const struct crs_sign *onset = &h->signs[run->onset];
    const int64_t since = moment_after_dose(&run->dose, onset->moment);

    for (size_t i = 0; i < h->givens.count && h->givens.list[i].span.first <= sign->moment.last; i++) {
        const struct given *given = &h->givens.list[i];

        if (given->administered && given->day >= onset->day && given->span.last >= since &&
            given_is_of(given, &h->rules->reliefs))
            return true;
    }
    return false;
}

/* The last temperature told by then was a fever, or one was told at the time. */
static bool has_fever(struct engine *e, const struct crs_history *h, const struct crs_sign *sign)
{
    bool fever = false;

    for (size_t i = 0; i < h->temperatures.count && h->temperatures.list[i].moment.first <= sign->moment.last; i++) {
        const struct reading *reading = &h->temperatures.list[i];
        const bool high = bound_reaches(e, reading->datum, &h->rules->temperature);

        if (high && moments_meet(reading->moment, sign->moment))
            return true;
        if (reading->moment.first <= sign->moment.first)
            fever = high;
    }
    return fever;
}

static bool counts(struct engine *e, const struct crs_history *h, const struct crs_run *run,
                   const struct crs_sign *sign)
{
    if (sign->moment.last < h->signs[run->onset].moment.first || sign->moment.first >= run->end_at)
        return false;
    if (sign->kind == FEVER)
        return true;
    if (sign->kind == OXYGEN && !is_above_own(e, run, sign->support))
        return false;
    return has_fever(e, h, sign) || is_relieved(h, run, sign);
}

/* ---- grades ---- */

static bool is_uncounted(const struct crs_history *h, const struct crs_sign *vasopressor)
{
    return gw_is_among(h->rules->uncounted.items, h->rules->uncounted.count, vasopressor->given->drug->substance);
}

/* Another one beside it, both of a kind that counts. */
static bool is_one_of_several(const struct crs_history *h, const struct crs_sign *sign)
{
    for (size_t i = 0; i < h->count && h->signs[i].moment.first <= sign->moment.last; i++) {
        const struct crs_sign *other = &h->signs[i];

        if (other->kind == VASOPRESSOR && moments_meet(other->moment, sign->moment) && !is_uncounted(h, other) &&
            strcmp(other->given->drug->substance, sign->given->drug->substance) != 0)
            return !is_uncounted(h, sign);
    }
    return false;
}

static int grade_of_oxygen(struct engine *e, const struct crs_history *h, const struct support *support)
{
    const struct gw_ratio low = gw_ratio_of(h->rules->low_flow);

    if (support->ventilated)
        return CRS_MUCH;
    if (support->device == GW_DEVICE_MASK || support->device == GW_DEVICE_VENTURI ||
        support->device == GW_DEVICE_HIGH_FLOW ||
        (support->has_flow && gw_ratio_compare(e->arena, &support->flow, &low) > 0))
        return CRS_SUPPORT;
    return CRS_SIGN;
}

static int grade_of(struct engine *e, const struct crs_history *h, const struct crs_sign *sign)
{
    switch (sign->kind) {
    case FEVER:
        return CRS_FEVER;
    case VASOPRESSOR:
        return is_one_of_several(h, sign) ? CRS_MUCH : CRS_SUPPORT;
    case OXYGEN:
        return grade_of_oxygen(e, h, sign->support);
    default:
        return CRS_SIGN;
    }
}

/* ---- how oxygen was given ---- */

static struct item_about about_oxygen(const struct crs_sign *sign)
{
    struct item_about about = {.has_fact = true, .fact = sign->fact, .part = sign->part, .day = sign->day};

    if (sign->datum)
        about = engine_about_datum(sign->datum, "O2_DEVICE_UNKNOWN");
    about.coding = sign->support->coding;
    about.rule = CRS_CATEGORY;
    return about;
}

/* What a person said of one record holds for those after it that name no device. */
static void tell_devices(struct engine *e, struct crs_history *h)
{
    const struct gw_decision *told = NULL;

    for (size_t i = 0; i < h->count; i++) {
        struct crs_sign *sign = &h->signs[i];
        const struct gw_decision *decision;
        struct item_about about;
        struct support support;

        if (sign->grade == 0 || sign->kind != OXYGEN || !support_is_vague(sign->support))
            continue;
        about = about_oxygen(sign);
        decision = decided_item(e, GW_DECIDE_DEVICE, "O2_DEVICE_UNKNOWN", &about);
        told = decision ? decision : told;
        sign->vague = !told;
        if (!told)
            continue;
        support = *sign->support;
        support_tell(&support, told->set[GW_SET_DEVICE]);
        sign->grade = grade_of_oxygen(e, h, &support);
    }
}

void crs_grade(struct engine *e, struct crs_history *h, const struct crs_run *run)
{
    for (size_t i = 0; i < h->count; i++) {
        struct crs_sign *sign = &h->signs[i];

        sign->vague = false;
        sign->grade = counts(e, h, run, sign) ? grade_of(e, h, sign) : 0;
    }
    tell_devices(e, h);
}

/* A person gave the grade of the candidate, with its confirmation or by itself: no device changes it. NULL: nobody. */
static const struct gw_decision *grading_of(struct engine *e, const struct crs_history *h)
{
    static const enum gw_decision_kind kinds[] = {GW_DECIDE_EVENT, GW_DECIDE_GRADE};

    for (size_t i = 0; e->decided_count > 0 && i < h->count; i++)
        for (size_t k = 0; h->signs[i].grade > 0 && k < sizeof kinds / sizeof *kinds; k++) {
            const struct gw_decision *decision =
                decided_event(e, kinds[k], h->signs[i].fact, h->signs[i].part, CRS_CATEGORY);

            if (decided_says(decision, GW_SET_GRADE) && decided_is_of(decision, CRS_CATEGORY))
                return decision;
        }
    return NULL;
}

void crs_ask_for_device(struct engine *e, const struct crs_history *h)
{
    const struct gw_decision *grading;
    const struct crs_sign *worst = NULL;
    struct item_about about;

    for (size_t i = 0; i < h->count; i++) {
        const struct crs_sign *sign = &h->signs[i];

        if (sign->kind == OXYGEN && sign->grade == CRS_MUCH)
            return;
        if (sign->vague && sign->grade > 0 && (!worst || sign->grade > worst->grade))
            worst = sign;
    }
    if (!worst || e->failed)
        return;
    about = about_oxygen(worst);
    if ((grading = grading_of(e, h))) {
        decided_note(e, grading, "O2_DEVICE_UNKNOWN", &about);
        return;
    }
    about.note = "how the oxygen was given decides the grade: the least that is proven stands until it is told";
    engine_raise(e, "O2_DEVICE_UNKNOWN", &about);
}
