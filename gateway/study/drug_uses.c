/*
 * Every record of a drug, read once: which drug, which days, how much on each. Nothing is decided here but what the
 * record says; what it is good for follows when the windows are known. Source: mappings/RULES.md 14.
 */
#include <stdlib.h>
#include <string.h>

#include "study/order.h"
#include "study/use_parts.h"

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

void use_read_route(const struct engine *e, struct use *use, const struct gw_concept *route)
{
    use->route = gw_drug_route_find(gw_tables_dosing(e->in->tables), route);
}

/* ---- which days ---- */

enum gw_date_verdict use_read_when(const struct engine *e, const char *text, struct gw_when *when)
{
    return text ? gw_when_read(text, gw_site_zone(e->in->site), gw_site_assumes_zone(e->in->site), when)
                : GW_DATE_MALFORMED;
}

gw_day use_end_of(const struct engine *e, const char *text)
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

void use_begin_later(const struct engine *e, struct use *use, const char *text)
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
    const enum gw_date_verdict verdict = use_read_when(e, text, &use->start);

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
        use_begin_later(e, use, fact->use.validity.start);
}

/* A record that is over without saying when shows its first day alone. */
static void read_end(struct engine *e, struct use *use)
{
    const struct gw_fact *fact = &e->in->facts[use->fact];
    const bool request = fact->type == GW_MEDICATION_REQUEST;
    const bool goes_on =
        gw_same(fact->status, "active") || gw_same(fact->status, "recorded") || gw_same(fact->status, "intended");
    const int supply = request ? dose_days(&fact->use.supply_duration) : 0;
    const gw_day end = use_end_of(e, request                                           ? fact->use.validity.end
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
    use_read_route(e, use, &fact->use.route);
    if (fact->use.dose.value)
        dose_read(e, fact, use->drug, &fact->use.dose, &use->dose);
    else if (fact->use.rate.value && use->utc >= 0 && effective->kind == GW_EFFECTIVE_PERIOD &&
             use_read_when(e, effective->period.end, &end) == GW_DATE_OK && end.precision == GW_PRECISION_SECOND)
        dose_of_rate(e, fact, use->drug, end.utc - use->utc, &use->dose);
    use_add(e, use);
}

/* It may hold more than the instruction asks for. */
static void bound_supply(struct engine *e, struct use *use)
{
    const struct gw_medication_use *told = &e->in->facts[use->fact].use;

    if (told->dosage_count == 1)
        use_apply_bounds(e, use, &told->dosages[0].schedule);
}

static void add_dispense(struct engine *e, struct use *use)
{
    use_read_together(e, use);
    if (use->first != GW_NO_DAY && !use->negative) {
        use_read_supply(e, use);
        bound_supply(e, use);
    }
    use_add_course(e, use);
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
        use_add_dosages(e, &use);
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
