/*
 * The stage that makes exposures of the uses of drugs, and what later stages ask of them.
 *
 * What a record lacks is asked for only where a day of it counts: placing comes before everything that could ask a
 * person. Source: mappings/RULES.md 14.
 */
#include "study/exposure.h"

#include <string.h>

#include "study/decided.h"

/* ---- asked ---- */

const char *exposure_drug(const struct engine *e)
{
    const struct gw_study *study = e->in->study;

    return study->exposure.on ? study->exposure.drug : study->d1_drug_count > 0 ? study->d1_drugs[0] : NULL;
}

size_t exposures_of(const struct engine *e, const char *substance, const struct exposure **list)
{
    size_t first = 0, high = substance ? e->exposure_count : 0, count = 0;

    while (first < high) { /* the first that is not before it */
        const size_t middle = first + (high - first) / 2;

        if (strcmp(e->exposures[middle].substance, substance) < 0)
            first = middle + 1;
        else
            high = middle;
    }
    while (substance && first + count < e->exposure_count &&
           strcmp(e->exposures[first + count].substance, substance) == 0)
        count++;
    *list = e->exposures ? &e->exposures[first] : NULL;
    return count;
}

const struct exposure *exposure_on(const struct engine *e, const char *substance, gw_day day)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, substance, &list);

    for (size_t i = 0; i < count; i++)
        if (list[i].first <= day && day <= list[i].last)
            return &list[i];
    return NULL;
}

gw_day last_dose_day(const struct engine *e, const char *substance, gw_day day)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, substance, &list);
    gw_day latest = GW_NO_DAY;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < list[i].stretch_count; k++) {
            const struct stretch *s = &list[i].stretches[k];
            const gw_day until = s->last < day ? s->last : day;
            const gw_day dose = s->first <= day ? rhythm_latest(&s->rhythm, s->from, s->first, until) : GW_NO_DAY;

            latest = dose > latest ? dose : latest;
        }
    return latest;
}

int doses_until(const struct engine *e, const char *substance, gw_day day)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, substance, &list);
    int doses = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < list[i].stretch_count; k++) {
            const struct stretch *s = &list[i].stretches[k];

            doses += rhythm_count(&s->rhythm, s->from, s->first, s->last < day ? s->last : day);
        }
    return doses;
}

int cycle_days(const struct engine *e)
{
    return e->in->study->exposure.on ? e->in->study->exposure.cycle_days : UNPLANNED_CYCLE_DAYS;
}

gw_day treated_until(const struct engine *e, gw_day day)
{
    const gw_day end = gw_day_earlier(e->anchors.eot, gw_day_earlier(e->anchors.death, e->anchors.withdrawn));

    return gw_day_earlier(day, end);
}

const struct cycle *cycle_on(const struct engine *e, gw_day day)
{
    for (size_t i = 0; i < e->cycle_count; i++)
        if (e->cycles[i].start <= day && day < e->cycles[i].next)
            return &e->cycles[i];
    return NULL;
}

gw_day doses_seen_until(const struct engine *e)
{
    const gw_day seen = engine_assessed_until(e);

    return seen > e->anchors.d1 ? seen : e->anchors.d1;
}

const char *doses_unseen(struct engine *e, gw_day last)
{
    if (last <= doses_seen_until(e))
        return NULL;
    engine_next_day(e, last);
    return last > e->in->horizon ? "PERIOD_NOT_OVER" : "AWAITS_ASSESSMENT";
}

/* ---- bounds ---- */

bool exposure_is_stale(const struct engine *e, const struct use *use)
{
    const struct gw_history_rules *history = &e->in->study->history;

    return history->on && use->rank >= GW_RANK_DISPENSE && use->substance && use->first != GW_NO_DAY &&
           use->first < e->anchors.d1 - history->order_days && !use_is_study_drug(use) &&
           !(use->drug && strcmp(use->drug->role, "PRIOR_OR_NEXT_MM") == 0);
}

/* A study drug counts from day 1 to the end of treatment; another drug for life. */
static struct bounds bounds_of(const struct engine *e, bool study_drug)
{
    struct bounds bounds = {study_drug ? e->anchors.d1 : GW_DAY_MIN, gw_day_earlier(GW_DAY_MAX, e->anchors.death),
                            study_drug};

    if (!study_drug)
        return bounds;
    bounds.high = gw_day_earlier(bounds.high, e->windows.span_high);
    bounds.high = gw_day_earlier(bounds.high, e->anchors.withdrawn);
    bounds.high = gw_day_earlier(bounds.high, e->anchors.cap);
    bounds.high = gw_day_earlier(bounds.high, e->anchors.eot);
    return bounds;
}

/* ---- what is asked for ---- */

static struct item_about about_use(const struct use *use)
{
    return (struct item_about){
        .has_fact = true, .fact = use->fact, .day = use->first, .coding = use->coding, .note = use->note};
}

/* No day of it could stand in a row: counted, and nobody is asked. */
static bool is_outside(const struct engine *e, const struct use *use, enum gw_place *place)
{
    *place = GW_PLACE_BETWEEN_WINDOWS;
    if (use->first == GW_NO_DAY)
        return false;
    if (use->last < e->windows.span_low || exposure_is_stale(e, use))
        *place = GW_PLACE_BEFORE_BASELINE;
    else if (use->first > e->windows.span_high)
        *place = GW_PLACE_AFTER_CAP;
    else if (e->anchors.death != GW_NO_DAY && use->first > e->anchors.death)
        *place = GW_PLACE_AFTER_DEATH;
    else if (e->anchors.withdrawn != GW_NO_DAY && use->first > e->anchors.withdrawn)
        *place = GW_PLACE_AFTER_WITHDRAWAL;
    else
        return false;
    return true;
}

static void raise_future(struct engine *e, const struct use *use)
{
    struct item_about about = about_use(use);

    about.note = "the date lies after the last day searched";
    engine_next_day(e, use->first - 1);
    engine_raise(e, "FUTURE_DATE", &about);
}

static void raise_problem(struct engine *e, struct use *use)
{
    const struct item_about about = about_use(use);
    enum gw_place place;

    if (use->first > e->in->horizon)
        engine_next_day(e, use->first);
    if (use->negative || is_outside(e, use, &place))
        return;
    if (use->first > e->in->horizon + 1)
        raise_future(e, use);
    else if (use->problem)
        engine_raise(e, use->problem, &about);
    else if (use_is_study_drug(use) && use->start.first != use->start.last)
        use->problem = "PARTIAL_DATE";
    if (gw_same(use->problem, "PARTIAL_DATE")) {
        use->note = "the date is partial: the days of the dose are not known";
        engine_raise(
            e, "PARTIAL_DATE",
            &(struct item_about){
                .has_fact = true, .fact = use->fact, .day = use->first, .coding = use->coding, .note = use->note});
    }
}

/* What a person said the dose is. */
static void apply_decision(struct engine *e, struct use *use)
{
    static const char *const items[] = {"DOSE_MISSING", "DOSE_CONFLICT"};
    const struct item_about about = about_use(use);
    struct gw_quantity quantity;

    for (size_t i = 0; use_is_study_drug(use) && !use->problem && !use->negative && i < 2; i++) {
        const struct gw_decision *decision = decided_find(e, GW_DECIDE_DOSE, items[i], &about);

        if (!decided_says(decision, GW_SET_DOSE))
            continue;
        use->decision = decision;
        decided_note(e, decision, items[i], &about);
    }
    if (!use->decision)
        return;
    quantity = (struct gw_quantity){.value = use->decision->set[GW_SET_DOSE],
                                    .unit = use->decision->set[GW_SET_UNIT] ? use->decision->set[GW_SET_UNIT] : "mg"};
    dose_read(e, &e->in->facts[use->fact], use->drug, &quantity, &use->dose);
    if (!use->rhythm.known)
        use->rhythm = rhythm_daily;
}

static void ask_for_dose(struct engine *e, const struct stretch *stretch)
{
    struct item_about about = about_use(stretch->use);
    const char *code = "DOSE_MISSING";

    if (stretch->conflict) {
        code = "DOSE_CONFLICT";
        about.note = "records of one kind tell different doses for the same days";
    } else if (!stretch->dose.known || stretch->dose.kind != GW_DOSE_MASS) {
        about.note = "no dose in mg is told, and none follows from strength and supply";
    } else if (stretch->rhythm.as_needed) {
        about.note = "taken as needed: on which days is not told";
    } else if (!stretch->rhythm.known) {
        about.note = "how often the dose was taken is not told";
    } else {
        return;
    }
    engine_raise(e, code, &about);
}

/* What no assessment has told of is no question yet. */
static void ask_once_seen(struct engine *e, const struct stretch *stretch, gw_day seen)
{
    seen_on(e, stretch->first);
    if (!stretch->negative && stretch->first <= seen)
        ask_for_dose(e, stretch);
}

/* ---- dose levels ---- */

static bool is_dose(struct engine *e, const struct exposure *x, const struct gw_decimal *mg)
{
    const struct gw_ratio step = gw_ratio_of(*mg);

    return gw_ratio_compare(e->arena, &step, &x->dose) == 0;
}

/* A place on the ladder of an oral drug, or among the doses of a schedule and, behind them, of its phases. */
static int level_of(struct engine *e, const struct exposure *x)
{
    const struct gw_study *study = e->in->study;

    for (size_t i = 0; study->exposure.on && i < study->exposure.ladder.count; i++)
        if (is_dose(e, x, &study->exposure.ladder.items[i]))
            return (int)i + 1;
    for (size_t i = 0; study->schedule.on && i < study->schedule.doses.count; i++)
        if (is_dose(e, x, &study->schedule.doses.items[i].mg))
            return (int)i + 1;
    for (size_t i = 0; study->schedule.on && i < study->schedule.phases.count; i++)
        if (is_dose(e, x, &study->schedule.phases.items[i].mg))
            return (int)(study->schedule.doses.count + i) + 1;
    return 0;
}

static bool has_levels(const struct engine *e, const struct exposure *x)
{
    const struct gw_study *study = e->in->study;

    return x->study_drug && ((study->exposure.on && strcmp(x->substance, study->exposure.drug) == 0) ||
                             (study->schedule.on && strcmp(x->substance, study->schedule.drug) == 0));
}

static void set_level(struct engine *e, struct exposure *x, gw_day seen)
{
    struct item_about about = {
        .has_fact = true, .fact = x->facts[0], .day = x->first, .note = "a dose that is no step of the study's ladder"};

    if (!has_levels(e, x) || !x->has_dose || !gw_same(x->unit, "mg"))
        return;
    x->level = level_of(e, x);
    if (x->level == 0 && x->first <= seen)
        engine_raise(e, "DOSE_OFF_LADDER", &about);
}

/* Doses of a schedule nearer to each other than the label allows. */
static void check_gaps(struct engine *e, gw_day seen)
{
    const struct gw_dose_schedule *schedule = &e->in->study->schedule;
    const struct exposure *list;
    const size_t count = schedule->on ? exposures_of(e, schedule->drug, &list) : 0;

    for (size_t i = 1; i < count && schedule->minimum_gaps.count > 0 && list[i].first <= seen; i++) {
        const size_t which = i - 1 < schedule->minimum_gaps.count ? i - 1 : schedule->minimum_gaps.count - 1;
        const struct item_about about = {.has_fact = true,
                                         .fact = list[i].facts[0],
                                         .day = list[i].first,
                                         .rule = "minimum_gap",
                                         .note = "given sooner after the dose before than the schedule allows"};

        if (list[i].first - list[i - 1].first < schedule->minimum_gaps.items[which])
            engine_raise(e, "DOSE_OFF_LADDER", &about);
    }
}

/* ---- the stage ---- */

static size_t same_substance(const struct engine *e, size_t first)
{
    size_t count = 1;

    while (first + count < e->use_count && gw_same(e->uses[first].substance, e->uses[first + count].substance))
        count++;
    return count;
}

static void derive_drug(struct engine *e, size_t first, size_t count, gw_day seen)
{
    const bool study_drug = use_is_study_drug(&e->uses[first]);
    const struct bounds bounds = bounds_of(e, study_drug);
    const size_t before = e->exposure_count;
    struct stretches stretches;

    days_find(e, &e->uses[first], count, &bounds, &stretches);
    for (size_t i = 0; study_drug && i < stretches.count && !e->failed; i++)
        ask_once_seen(e, &stretches.list[i], seen);
    if (!e->failed)
        days_merge(e, &stretches, study_drug, seen);
    for (size_t i = before; i < e->exposure_count && !e->failed; i++)
        set_level(e, &e->exposures[i], seen);
}

/* What made no row and is cited by none: where it lies says why. */
static void end_unused(struct engine *e, const struct use *use)
{
    const struct part *part = engine_part(e, use->fact, 0);
    const struct bounds bounds = bounds_of(e, use_is_study_drug(use));
    enum gw_place place;

    if (part->row_count > 0 || part->cited || use->negative || use->problem)
        return;
    if (is_outside(e, use, &place) || use->last < bounds.low)
        engine_end_fact(e, use->fact, GW_STATE_OUTSIDE_WINDOW,
                        gw_place_reason(&e->windows, use->last < bounds.low ? GW_PLACE_BEFORE_BASELINE : place));
    else if (use->first > bounds.high)
        engine_end_fact(e, use->fact, GW_STATE_OUTSIDE_WINDOW, "AFTER_TREATMENT");
    else
        engine_end_fact(e, use->fact, GW_STATE_OUTSIDE_WINDOW,
                        engine_unassessed(e, use->first > bounds.low ? use->first : bounds.low));
}

static void end_problem(struct engine *e, const struct use *use)
{
    enum gw_place place;

    if (use->problem && !use->negative && is_outside(e, use, &place))
        engine_end_fact(e, use->fact, GW_STATE_OUTSIDE_WINDOW, gw_place_reason(&e->windows, place));
}

void stage_exposure(struct engine *e)
{
    const gw_day seen = doses_seen_until(e);

    if (e->anchors.d1 == GW_NO_DAY)
        return;
    for (size_t i = 0; i < e->use_count; i++) {
        raise_problem(e, &e->uses[i]);
        apply_decision(e, &e->uses[i]);
    }
    for (size_t i = 0, count; i < e->use_count && e->uses[i].substance && !e->failed; i += count) {
        count = same_substance(e, i);
        derive_drug(e, i, count, seen);
    }
    exposures_number(e);
    if (!e->failed)
        check_gaps(e, seen);
    if (!e->failed)
        cycles_find(e, bounds_of(e, true).high, seen);
    if (!e->failed)
        exposures_emit(e, seen);
    if (!e->failed)
        cycles_emit(e);
    if (!e->failed)
        conmeds_emit(e, seen);
    for (size_t i = 0; i < e->use_count && !e->failed; i++) {
        end_problem(e, &e->uses[i]);
        end_unused(e, &e->uses[i]);
    }
}
