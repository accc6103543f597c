/*
 * Every record of a drug, read once: which drug, which days, how much on each. Nothing is decided here but what the
 * record says; what it is good for follows when the windows are known. Source: mappings/RULES.md 14.
 */
#include <stdlib.h>
#include <string.h>

#include "study/order.h"
#include "study/uses.h"

/* ---- which drug ---- */

/* Of the form that such codes have: what else stands there does not cross the border. */
static bool is_drug_code(const struct gw_coding *coding)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const size_t length = coding->code ? strspn(coding->code, allowed) : 0;

    return length > 0 && length <= 16 && coding->code[length] == '\0';
}

/* The first code of a system, its own or what the site maps one to. */
static const struct gw_coding *drug_code(const struct engine *e, const struct gw_concept *medication,
                                         const char *system)
{
    for (size_t i = 0; i < medication->count; i++) {
        const struct gw_coding *coding = &medication->codings[i];
        const struct gw_coding *target = gw_site_target(e->in->site, coding);

        if (gw_same(coding->system, system) && is_drug_code(coding))
            return coding;
        if (target && gw_same(target->system, system) && is_drug_code(target))
            return target;
    }
    return NULL;
}

static void name_drug(struct engine *e, struct use *use)
{
    const struct gw_fact *fact = &e->in->facts[use->fact];
    const struct gw_concept *medication = use_medication(e, fact);
    const struct gw_coding *atc = drug_code(e, medication, GW_SYSTEM_ATC);
    const struct gw_coding *rxnorm = drug_code(e, medication, GW_SYSTEM_RXNORM);

    use->coding = medication->count ? &medication->codings[0] : NULL;
    use->drug = engine_drug(e, fact);
    use->atc = use->drug ? use->drug->atc : atc ? atc->code : NULL;
    use->substance = use->drug ? use->drug->substance : atc ? atc->code : rxnorm ? rxnorm->code : NULL;
}

static void read_route(const struct engine *e, struct use *use, const struct gw_concept *route)
{
    use->route = gw_drug_route_find(gw_tables_dosing(e->in->tables), route);
}

/* ---- which days ---- */

static enum gw_date_verdict read_when(const struct engine *e, const char *text, struct gw_when *when)
{
    return text ? gw_when_read(text, gw_site_zone(e->in->site), gw_site_assumes_zone(e->in->site), when)
                : GW_DATE_MALFORMED;
}

/* The last day a text can mean; GW_NO_DAY: none. */
static gw_day end_of(const struct engine *e, const char *text)
{
    struct gw_when when;

    return text && gw_when_read(text, gw_site_zone(e->in->site), true, &when) == GW_DATE_OK ? when.last : GW_NO_DAY;
}

static const char *start_text(const struct gw_fact *fact)
{
    const struct gw_medication_use *use = &fact->use;

    if (fact->type == GW_MEDICATION_DISPENSE)
        return use->when_handed_over;
    if (fact->type == GW_MEDICATION_REQUEST)
        return use->authored_on;
    return use->effective.kind == GW_EFFECTIVE_PERIOD ? use->effective.period.start : use->effective.date;
}

static void set_problem(struct use *use, const char *code, const char *note)
{
    if (use->problem)
        return;
    use->problem = code;
    use->note = note;
}

/* It begins on a later day than it has said so far. */
static void begin_later(const struct engine *e, struct use *use, const char *text)
{
    struct gw_when when;

    if (!text || use->first == GW_NO_DAY || gw_when_read(text, gw_site_zone(e->in->site), true, &when) != GW_DATE_OK ||
        when.first <= use->first)
        return;
    use->first = use->last = when.first;
    use->start = when;
}

static void read_start(struct engine *e, struct use *use)
{
    const struct gw_fact *const fact = &e->in->facts[use->fact];
    const char *const text = start_text(fact);
    const enum gw_date_verdict verdict = read_when(e, text, &use->start);

    use->first = use->until = GW_NO_DAY;
    use->utc = -1;
    if (verdict == GW_DATE_WITHOUT_OFFSET) {
        set_problem(use, "TIME_WITHOUT_OFFSET", "a time of day without an offset is not valid FHIR");
        if (gw_when_read(text, gw_site_zone(e->in->site), true, &use->start) != GW_DATE_OK)
            return;
    } else if (verdict == GW_DATE_MALFORMED) {
        set_problem(use, "DATE_MISSING", text ? "the date cannot be read" : "nothing says when the drug was used");
        return;
    }
    use->first = use->last = use->start.first;
    if (use->start.precision == GW_PRECISION_SECOND)
        use->utc = use->start.utc;
    if (fact->type == GW_MEDICATION_REQUEST)
        begin_later(e, use, fact->use.validity.start);
}

/* A record that is over without saying when shows its first day alone. */
static void read_end(struct engine *e, struct use *use)
{
    const struct gw_fact *fact = &e->in->facts[use->fact];
    const bool request = fact->type == GW_MEDICATION_REQUEST;
    const bool goes_on =
        gw_same(fact->status, "active") || gw_same(fact->status, "recorded") || gw_same(fact->status, "intended");
    const int supply = request ? dose_days(&fact->use.supply_duration) : 0;
    const gw_day end = end_of(e, request                                           ? fact->use.validity.end
                                 : fact->use.effective.kind == GW_EFFECTIVE_PERIOD ? fact->use.effective.period.end
                                                                                   : NULL);

    use->last = use->start.last;
    if (end != GW_NO_DAY)
        use->last = end > use->last ? end : use->last;
    else if (supply > 0)
        use->last = use->first + supply - 1;
    else if (goes_on && (request || fact->use.effective.kind == GW_EFFECTIVE_PERIOD || gw_same(fact->status, "active")))
        use->last = GW_DAY_MAX;
    use->stopped = end != GW_NO_DAY && gw_same(fact->status, "stopped");
}

/* ---- how often and how much ---- */

static void add_use(struct engine *e, const struct use *use)
{
    struct use *slot = GW_ARENA_PUSH(e->arena, e->uses, e->use_count, e->use_capacity);

    if (!slot) {
        e->failed = true;
        return;
    }
    *slot = *use;
    if (slot->until == GW_NO_DAY)
        slot->until = use->last;
}

/* A drug given in cycles is taken daily unless something else is said; of others silence says nothing. */
static bool daily_by_plan(const struct engine *e, const struct use *use)
{
    const struct gw_exposure_rules *rules = &e->in->study->exposure;

    return rules->on && use->drug && strcmp(use->drug->substance, rules->drug) == 0;
}

static void read_dosage(struct engine *e, struct use *use, const struct gw_dosage *dosage)
{
    const struct gw_fact *fact = &e->in->facts[use->fact];
    const gw_day last = use->last;

    begin_later(e, use, dosage->schedule.bounds.start);
    use->last = last;
    use->rhythm = rhythm_read(&dosage->schedule, use->first);
    if (!use->rhythm.known && dosage->schedule.event_count == 0 && !dosage->schedule.as_needed &&
        !dosage->schedule.period_unit && daily_by_plan(e, use))
        use->rhythm = rhythm_daily;
    dose_read(e, fact, use->drug, &dosage->dose, &use->dose);
    read_route(e, use, &dosage->route);
}

/* A pack that was fetched when its instruction was over is there all the same. */
static void end_earlier(struct use *use, gw_day end)
{
    if (end == GW_NO_DAY || end >= use->last || (use->rank == GW_RANK_DISPENSE && end < use->first))
        return;
    use->last = end;
    use->stopped = false;
}

/* The days of doses in which the doses counted are taken; 0: they are not counted, or their days not known. */
static int days_of_doses(const struct gw_schedule *schedule, const struct rhythm *rhythm)
{
    const int times = rhythm->times > 1 ? rhythm->times : 1;

    return rhythm->known ? (dose_count(schedule) + times - 1) / times : 0;
}

/* Bounds of the schedule lie within the record's own days, and its doses are counted. */
static void apply_bounds(const struct engine *e, struct use *use, const struct gw_schedule *schedule)
{
    const int days = bound_days(&schedule->duration), doses = days_of_doses(schedule, &use->rhythm);

    end_earlier(use, end_of(e, schedule->bounds.end));
    if (days > 0)
        end_earlier(use, use->first + days - 1);
    if (doses > 0)
        end_earlier(use, rhythm_end(&use->rhythm, use->first, doses));
}

/* Single doses on named days. */
static void add_events(struct engine *e, struct use use, const struct gw_schedule *schedule)
{
    struct gw_when when;

    use.rhythm = rhythm_once;
    for (size_t i = 0; i < schedule->event_count; i++) {
        if (read_when(e, schedule->events[i], &when) != GW_DATE_OK || when.first != when.last)
            continue;
        use.first = use.last = when.first;
        add_use(e, &use);
        use.number++;
    }
}

/* So many days in a row of each round: a stretch for each, none longer than anybody has looked. */
static void add_blocks(struct engine *e, struct use use)
{
    const gw_day end = use.last < e->in->horizon ? use.last : e->in->horizon;
    const int every = use.rhythm.every, block = use.rhythm.block;
    const gw_day first = use.first, last = use.last;

    use.rhythm = rhythm_daily;
    use.until = last;
    for (gw_day start = first; start <= end || start == first; start += every) {
        use.first = start;
        use.last = start + block - 1 < last ? start + block - 1 : last;
        add_use(e, &use);
        use.number++;
    }
}

static void add_course(struct engine *e, const struct use *use)
{
    if (use->rhythm.block && use->first != GW_NO_DAY)
        add_blocks(e, *use);
    else
        add_use(e, use);
}

/* ---- several dosages of one record ---- */

static bool has_bounds(const struct gw_schedule *schedule)
{
    return schedule->bounds.start || schedule->bounds.end;
}

static bool all_bounded(const struct gw_medication_use *use)
{
    for (size_t i = 0; i < use->dosage_count; i++)
        if (!has_bounds(&use->dosages[i].schedule))
            return false;
    return true;
}

static bool says_how_long(const struct gw_schedule *schedule)
{
    return bound_days(&schedule->duration) > 0 || (dose_count(schedule) > 0 && rhythm_read(schedule, 0).known);
}

/* One after the other: each but the last says how long. */
static bool is_sequence(const struct gw_medication_use *use)
{
    for (size_t i = 0; i < use->dosage_count; i++) {
        const struct gw_dosage *dosage = &use->dosages[i];

        if (!dosage->sequence || (i > 0 && atoi(dosage->sequence) <= atoi(use->dosages[i - 1].sequence)))
            return false;
        if (i + 1 < use->dosage_count && !says_how_long(&dosage->schedule))
            return false;
    }
    return true;
}

/* The first day after a dosage: after so many doses that on which the next one would be due. */
static gw_day day_after(const struct use *use, const struct gw_schedule *schedule)
{
    const int doses = days_of_doses(schedule, &use->rhythm);

    if (use->last == GW_DAY_MAX)
        return GW_DAY_MAX;
    return doses == 0 || bound_days(&schedule->duration) > 0 ? use->last + 1
                                                             : rhythm_end(&use->rhythm, use->first, doses + 1);
}

static void add_each(struct engine *e, const struct use *use, bool in_sequence)
{
    const struct gw_medication_use *told = &e->in->facts[use->fact].use;
    gw_day next = use->first;

    for (size_t i = 0; i < told->dosage_count; i++) {
        struct use one = *use;

        one.number = (int)i * 1000;
        one.first = in_sequence ? next : use->first;
        read_dosage(e, &one, &told->dosages[i]);
        apply_bounds(e, &one, &told->dosages[i].schedule);
        next = day_after(&one, &told->dosages[i].schedule);
        if (one.first <= one.last)
            add_course(e, &one);
    }
}

/* Taken on the same days: their doses add up to one a day. Where one of them is not known, neither is the sum. */
static void add_up(struct engine *e, struct use *use, const struct use *other)
{
    if (!use->rhythm.known || !other->rhythm.known || use->rhythm.every != other->rhythm.every ||
        use->rhythm.days != other->rhythm.days || use->rhythm.block != other->rhythm.block) {
        use->rhythm = (struct rhythm){.known = false};
        use->dose.known = false;
        return;
    }
    if (!use->dose.known || !other->dose.known || use->dose.kind != other->dose.kind) {
        use->dose.known = false;
        return;
    }
    if (dose_equal(e, &use->dose, &other->dose)) {
        use->rhythm.times += other->rhythm.times;
        return;
    }
    dose_add(e, &use->dose, use->rhythm.times, &other->dose, other->rhythm.times);
    use->rhythm.times = 1;
}

static void read_together(struct engine *e, struct use *use)
{
    const struct gw_medication_use *told = &e->in->facts[use->fact].use;

    use->rhythm = daily_by_plan(e, use) ? rhythm_daily : (struct rhythm){.known = false};
    for (size_t i = 0; i < told->dosage_count; i++) {
        struct use one = *use;

        read_dosage(e, i == 0 ? use : &one, &told->dosages[i]);
        if (i == 0)
            apply_bounds(e, use, &told->dosages[0].schedule);
        else
            add_up(e, use, &one);
    }
}

static void add_dosages(struct engine *e, struct use *use)
{
    const struct gw_medication_use *told = &e->in->facts[use->fact].use;

    if (told->dosage_count == 1 && told->dosages[0].schedule.event_count > 0 && use->first != GW_NO_DAY) {
        read_dosage(e, use, &told->dosages[0]);
        add_events(e, *use, &told->dosages[0].schedule);
    } else if (told->dosage_count > 1 && use->first != GW_NO_DAY && (all_bounded(told) || is_sequence(told))) {
        add_each(e, use, !all_bounded(told));
    } else {
        read_together(e, use);
        if (use->first == GW_NO_DAY || use->first <= use->last)
            add_course(e, use);
    }
}

/* ---- the four kinds ---- */

/* An infusion over midnight; one that ends on the stroke of it ends on the day before. */
static void read_until(const struct engine *e, struct use *use)
{
    const struct gw_effective *effective = &e->in->facts[use->fact].use.effective;
    struct gw_when end;

    if (use->first == GW_NO_DAY || effective->kind != GW_EFFECTIVE_PERIOD || !effective->period.end ||
        gw_when_read(effective->period.end, gw_site_zone(e->in->site), true, &end) != GW_DATE_OK ||
        end.first != end.last)
        return;
    if (end.precision == GW_PRECISION_SECOND && end.second_of_day == 0)
        end.last--;
    if (end.last > use->first)
        use->until = end.last;
}

static void add_administration(struct engine *e, struct use *use)
{
    const struct gw_fact *fact = &e->in->facts[use->fact];
    const struct gw_effective *effective = &fact->use.effective;
    struct gw_when end;

    read_until(e, use);
    use->rhythm = rhythm_once;
    read_route(e, use, &fact->use.route);
    if (fact->use.dose.value)
        dose_read(e, fact, use->drug, &fact->use.dose, &use->dose);
    else if (fact->use.rate.value && use->utc >= 0 && effective->kind == GW_EFFECTIVE_PERIOD &&
             read_when(e, effective->period.end, &end) == GW_DATE_OK && end.precision == GW_PRECISION_SECOND)
        dose_of_rate(e, fact, use->drug, end.utc - use->utc, &use->dose);
    add_use(e, use);
}

/* A whole number of times that a part goes into a whole; -1: not known. */
static int times_in(struct engine *e, const struct gw_ratio *whole, const struct gw_ratio *part)
{
    int low = 0, high = 4000;

    while (low < high) { /* the largest k with k * part <= whole */
        const int middle = (low + high + 1) / 2;
        struct gw_ratio product = gw_ratio_of(gw_decimal_from_int(middle));

        if (!gw_ratio_multiply(e->arena, &product, part, &product)) {
            e->failed = true;
            return -1;
        }
        if (gw_ratio_compare(e->arena, &product, whole) <= 0)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* Without an instruction: so many units of the product over so many days. */
static bool infer_dosage(struct engine *e, struct use *use, int units, int supply)
{
    const struct gw_fact *fact = &e->in->facts[use->fact];
    struct intake unit;

    if (units <= 0 || !dose_of_unit(e, fact, use->drug, &unit))
        return false;
    if (supply > 0 && (2 * units == supply || 2 * units == supply + 1) && units < supply)
        use->rhythm = (struct rhythm){.known = true, .every = 2, .days = 1, .times = 1};
    else if (supply <= 0 || units < supply || units == supply)
        use->rhythm = rhythm_daily;
    else if (units % supply == 0)
        use->rhythm = (struct rhythm){.known = true, .every = 1, .days = 1, .times = units / supply};
    else
        return false;
    use->dose = unit;
    use->dose.how = "strength of one unit";
    use->last = rhythm_end(&use->rhythm, use->first, use->rhythm.times > 1 ? supply : units);
    return true;
}

static int whole_units(struct engine *e, const struct intake *quantity)
{
    const struct gw_ratio one = gw_ratio_of(gw_decimal_from_int(1));

    return quantity->known && quantity->kind == GW_DOSE_COUNT ? times_in(e, &quantity->amount, &one) : 0;
}

/* The number of units handed over, whether or not their strength is known. */
static int units_handed(struct engine *e, const struct gw_fact *fact)
{
    const struct gw_dosing *dosing = gw_tables_dosing(e->in->tables);
    const struct gw_dose_unit *unit = gw_dose_unit_find(dosing, fact->use.quantity.code);
    struct gw_fact bare = *fact;
    struct intake quantity;

    unit = unit ? unit : gw_dose_unit_find(dosing, fact->use.quantity.unit);
    if (!unit || unit->kind != GW_DOSE_COUNT)
        return 0;
    bare.use = (struct gw_medication_use){.quantity = fact->use.quantity};
    dose_read(e, &bare, NULL, &bare.use.quantity, &quantity);
    return whole_units(e, &quantity);
}

/* Quantity by strength over the dose of a day; else the days of supply; else what the plan says of such a dispense. */
static void read_supply(struct engine *e, struct use *use)
{
    const struct gw_fact *fact = &e->in->facts[use->fact];
    const int supply = dose_days(&fact->use.days_supply), units = units_handed(e, fact);
    const int assumed = e->in->study->exposure.dispense_days;
    struct gw_ratio of_day = gw_ratio_of(gw_decimal_from_int(use->rhythm.times));
    struct intake quantity;
    int doses = 0;

    dose_read(e, fact, use->drug, &fact->use.quantity, &quantity);
    if (quantity.known && use->dose.known && use->rhythm.known && quantity.kind == use->dose.kind &&
        gw_decimal_sign(&use->dose.amount.numerator) > 0) {
        e->failed |= !gw_ratio_multiply(e->arena, &of_day, &use->dose.amount, &of_day);
        doses = e->failed ? 0 : times_in(e, &quantity.amount, &of_day);
    }
    if (doses > 0)
        use->last = rhythm_end(&use->rhythm, use->first, doses);
    else if (use->dose.known || use->rhythm.as_needed || !(supply > 0 || daily_by_plan(e, use)) ||
             !infer_dosage(e, use, units, supply))
        use->last = use->first + (supply > 0 ? supply : assumed > 0 ? assumed : 1) - 1;
}

/* It may hold more than the instruction asks for. */
static void bound_supply(struct engine *e, struct use *use)
{
    const struct gw_medication_use *told = &e->in->facts[use->fact].use;

    if (told->dosage_count == 1)
        apply_bounds(e, use, &told->dosages[0].schedule);
}

static void add_dispense(struct engine *e, struct use *use)
{
    read_together(e, use);
    if (use->first != GW_NO_DAY && !use->negative) {
        read_supply(e, use);
        bound_supply(e, use);
    }
    add_course(e, use);
}

/* ---- which records ---- */

/* Provisional ones that tell something: an order that ended (R5), a dispense handed over, an intended use. */
static bool tells(const struct gw_fact *fact)
{
    switch (fact->type) {
    case GW_MEDICATION_DISPENSE:
        return fact->use.when_handed_over != NULL;
    case GW_MEDICATION_REQUEST:
    case GW_MEDICATION_STATEMENT:
        return true;
    default:
        return false;
    }
}

static bool read_standing(const struct engine *e, struct use *use)
{
    const struct gw_fact *fact = &e->in->facts[use->fact];
    const bool stopped = fact->type == GW_MEDICATION_ADMINISTRATION && gw_same(fact->status, "stopped");

    use->negative = fact->standing == GW_NEGATIVE;
    use->provisional = fact->standing == GW_PROVISIONAL;
    if (fact->standing == GW_UNDECIDED)
        set_problem(use, "STATUS_UNKNOWN", "the status does not say whether it holds");
    else if (fact->modifier_extension)
        set_problem(use, "MODIFIER_EXTENSION", "an extension changes what the record means");
    else if (stopped && !fact->use.dose.value && !fact->use.rate.value)
        set_problem(use, "DOSE_MISSING", "stopped, and nothing says how much of the dose was given");
    if (use->provisional && gw_same(fact->status, "intended"))
        use->rank = GW_RANK_REQUEST;
    return fact->standing == GW_ACCEPTED || use->negative || use->problem || stopped ||
           (use->provisional && tells(fact));
}

static void read_use(struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    struct use use = {.fact = index, .rank = use_rank(fact->type)};

    if (use.rank == GW_RANK_COUNT || !e->versions[index].current)
        return;
    if (!read_standing(e, &use)) {
        engine_end_fact(e, index, GW_STATE_NOT_IN_SCOPE, "STATUS_REFUSED"); /* a dose on hold tells of none */
        return;
    }
    read_start(e, &use);
    name_drug(e, &use);
    if (use_unresolved(e, fact))
        set_problem(&use, "MEDICATION_UNRESOLVED", "the medication it refers to is not there");
    else if (!use.substance)
        set_problem(&use, "CODE_UNKNOWN", "no code of a drug that is known");
    if (fact->type == GW_MEDICATION_ADMINISTRATION) {
        add_administration(e, &use);
    } else if (fact->type == GW_MEDICATION_DISPENSE) {
        add_dispense(e, &use);
    } else {
        if (use.first != GW_NO_DAY)
            read_end(e, &use);
        add_dosages(e, &use);
    }
}

/* ---- the stage ---- */

static int by_substance(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct use *a = x, *b = y;
    int order = !a->substance - !b->substance;

    if (order == 0 && a->substance)
        order = strcmp(a->substance, b->substance);
    if (order == 0 && a->first != b->first)
        order = ORDER(a->first, b->first);
    if (order == 0)
        order = strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
    return order_then(order, a->number - b->number);
}

void stage_uses(struct engine *e)
{
    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++)
        read_use(e, i);
    if (e->use_count > 1)
        qsort_r(e->uses, e->use_count, sizeof *e->uses, by_substance, e);
}
