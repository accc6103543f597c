/*
 * Cycles of an oral drug that is taken for some days and then rested from.
 *
 * A cycle begins with the first dose after a gap of restart_gap_days, with a pack handed over about when the next one
 * is due, or, where nothing shows it, cycle_days after the former one. Days of rest are no interruption: a hole is one
 * only within the treatment days. Source: mappings/RULES.md 14.
 */
#include <string.h>

#include "study/exposure.h"
#include "study/marks.h"
#include "study/start_dose.h"

struct covered { /* days with the drug, by better evidence than orders; taken as needed it shows none */
    const struct exposure **list;
    size_t count;
    gw_day high; /* nothing counts after it */
};

static gw_day last_of(const struct covered *covered, size_t i)
{
    return covered->list[i]->last < covered->high ? covered->list[i]->last : covered->high;
}

static bool gather(struct engine *e, gw_day high, struct covered *out)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, e->in->study->exposure.drug, &list);

    *out = (struct covered){.high = high};
    out->list = gw_arena_alloc(e->arena, (count + 1) * sizeof *out->list);
    e->failed |= !out->list;
    for (size_t i = 0; !e->failed && i < count; i++)
        if (list[i].rank < GW_RANK_REQUEST && !list[i].rhythm.as_needed && list[i].first <= out->high)
            out->list[out->count++] = &list[i];
    return !e->failed && out->count > 0;
}

/* ---- where cycles begin ---- */

/* The first dose after a gap that only a new cycle explains, later than a day; GW_DAY_MAX: none. */
static gw_day after_gap(const struct engine *e, const struct covered *covered, gw_day day)
{
    for (size_t i = 1; i < covered->count; i++)
        if (covered->list[i]->first > day &&
            covered->list[i]->first - last_of(covered, i - 1) - 1 >= e->in->study->exposure.restart_gap_days)
            return covered->list[i]->first;
    return GW_DAY_MAX;
}

static gw_day covered_from(const struct covered *covered, gw_day day)
{
    for (size_t i = 0; i < covered->count; i++)
        if (last_of(covered, i) >= day)
            return covered->list[i]->first > day ? covered->list[i]->first : day;
    return GW_DAY_MAX;
}

static bool counts_as_pack(const struct engine *e, const struct use *use)
{
    return use->rank == GW_RANK_DISPENSE && !use->negative && !use->problem && use->substance &&
           strcmp(use->substance, e->in->study->exposure.drug) == 0;
}

/* The first pack handed over from the end of the treatment days until so long after the planned start. */
static gw_day handed_over(const struct engine *e, const struct covered *covered, gw_day start)
{
    const struct gw_exposure_rules *rules = &e->in->study->exposure;
    const gw_day low = start + rules->treatment_days, high = start + rules->cycle_days + rules->treatment_days;

    for (size_t i = 0; i < e->use_count; i++)
        if (counts_as_pack(e, &e->uses[i]) && e->uses[i].first >= low && e->uses[i].first < high &&
            covered_from(covered, e->uses[i].first) == e->uses[i].first)
            return e->uses[i].first;
    return GW_DAY_MAX;
}

/* GW_DAY_MAX: no further cycle yet. */
static gw_day next_start(const struct engine *e, const struct covered *covered, gw_day start)
{
    const gw_day gap = after_gap(e, covered, start);
    gw_day due = handed_over(e, covered, start);

    if (due == GW_DAY_MAX)
        due = covered_from(covered, start + e->in->study->exposure.cycle_days);
    if (due > gap)
        due = gap;
    return due <= covered->high ? due : GW_DAY_MAX;
}

/* ---- what a cycle holds ---- */

static bool add_amount(struct engine *e, const struct stretch *stretch, gw_day first, gw_day last, struct gw_ratio *sum)
{
    struct gw_ratio part = gw_ratio_of(gw_decimal_from_int(rhythm_count(&stretch->rhythm, stretch->from, first, last)));

    e->failed |=
        !gw_ratio_multiply(e->arena, &part, &stretch->daily, &part) || !gw_ratio_add(e->arena, sum, &part, sum);
    return !e->failed;
}

bool amount_taken(struct engine *e, const char *substance, gw_day first, gw_day last, struct gw_ratio *out, bool *any)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, substance, &list);

    *out = gw_ratio_of(gw_decimal_from_int(0));
    *any = false;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; list[i].rank < GW_RANK_REQUEST && k < list[i].stretch_count; k++) {
            const struct stretch *stretch = &list[i].stretches[k];
            const gw_day from = stretch->first > first ? stretch->first : first;
            const gw_day to = stretch->last < last ? stretch->last : last;

            if (from > to)
                continue;
            *any = true;
            if (!stretch->dose.known || !stretch->rhythm.known || stretch->dose.kind != GW_DOSE_MASS ||
                !add_amount(e, stretch, from, to, out))
                return false;
        }
    return *any;
}

const char *percent_of(struct engine *e, const struct gw_ratio *actual, const struct gw_ratio *planned)
{
    struct gw_ratio share = {planned->denominator, planned->numerator};
    const struct gw_ratio hundred = gw_ratio_of(gw_decimal_from_int(100));

    if (gw_decimal_sign(&planned->numerator) <= 0)
        return NULL;
    e->failed |=
        !gw_ratio_multiply(e->arena, &share, actual, &share) || !gw_ratio_multiply(e->arena, &share, &hundred, &share);
    return e->failed ? NULL : gw_ratio_print(e->arena, &share);
}

bool cycle_dexamethasone(struct engine *e, const struct cycle *cycle, struct gw_ratio *out)
{
    const struct gw_dexamethasone_rules *rules = &e->in->study->dexamethasone;
    const gw_day planned = cycle->start + rules->cycle_days - 1;
    const gw_day last = cycle->next - 1 < planned ? cycle->next - 1 : planned;
    bool any;

    return cycle->over && amount_taken(e, rules->drug, cycle->start, last, out, &any);
}

static const char *class_of(struct engine *e, const struct cycle *cycle)
{
    const struct gw_dexamethasone_rules *rules = &e->in->study->dexamethasone;
    struct gw_ratio total;

    if (!cycle_dexamethasone(e, cycle, &total))
        return NULL;
    for (size_t i = 0; i < rules->classes.count; i++) {
        const struct gw_ratio mg = gw_ratio_of(rules->classes.items[i].mg);

        if (gw_ratio_compare(e->arena, &mg, &total) == 0)
            return rules->classes.items[i].class_name;
    }
    return NULL;
}

/* A study that plans by the table of starting doses, where that can be assessed; else the standard plan. */
static struct gw_decimal planned_of(struct engine *e)
{
    const struct gw_start_dose *row = e->in->study->exposure.plan == GW_PLAN_FIGURE1 ? start_dose_expected(e) : NULL;

    return row ? row->mg_per_cycle : e->in->study->exposure.planned_mg_per_cycle;
}

static void fill(struct engine *e, struct cycle *cycle, struct gw_decimal planned_mg)
{
    const struct gw_study *study = e->in->study;
    bool any;

    cycle->planned_mg = gw_ratio_of(planned_mg);
    cycle->has_actual = amount_taken(e, study->exposure.drug, cycle->start, cycle->next - 1, &cycle->actual_mg, &any);
    if (!study->dexamethasone.on)
        return;
    cycle->has_dex = amount_taken(e, study->dexamethasone.drug, cycle->start, cycle->next - 1, &cycle->dex_mg, &any);
    cycle->told_dex = any;
    cycle->dex_class = class_of(e, cycle);
}

/* ---- holes in the treatment days ---- */

/* Known up to `last`; it may go on until a later day that nobody has seen yet. */
static void add_hole(struct engine *e, gw_day first, gw_day last, gw_day until)
{
    struct interruption *slot;

    if (last - first + 1 < e->in->study->exposure.interruption_days)
        return;
    slot = GW_ARENA_PUSH(e->arena, e->interruptions, e->interruption_count, e->interruption_capacity);
    if (slot)
        *slot = (struct interruption){first, until};
    else
        e->failed = true;
}

static void find_holes(struct engine *e, const struct covered *covered, const struct cycle *cycle)
{
    const gw_day planned = cycle->start + e->in->study->exposure.treatment_days - 1;
    const gw_day end = planned < cycle->next - 1 ? planned : cycle->next - 1;
    const bool goes_on =
        !cycle->ended && cycle->next == covered->high + 1; /* it is the last, and was not seen to end */
    gw_day day = cycle->start;

    for (size_t i = 0; i < covered->count && day <= end; i++) {
        if (last_of(covered, i) < day)
            continue;
        if (covered->list[i]->first > day && covered->list[i]->first <= end)
            add_hole(e, day, covered->list[i]->first - 1, covered->list[i]->first - 1);
        else if (covered->list[i]->first > day)
            add_hole(e, day, end, end);
        day = last_of(covered, i) + 1;
    }
    if (day <= end)
        add_hole(e, day, end, goes_on ? planned : end);
}

/* ---- the walk ---- */

static struct cycle *add_cycle(struct engine *e, gw_day start)
{
    const struct cycle *former = e->cycle_count ? &e->cycles[e->cycle_count - 1] : NULL;
    const int delay = former ? start - (former->start + e->in->study->exposure.cycle_days) : 0;
    const int number = (int)e->cycle_count + 1;
    struct cycle *cycle = GW_ARENA_PUSH(e->arena, e->cycles, e->cycle_count, e->cycle_capacity);

    e->failed |= !cycle;
    if (cycle)
        *cycle = (struct cycle){.number = number, .start = start, .delay_days = delay};
    return cycle;
}

/* When the answer may change although nothing is recorded: it ends, the next is due, a hole is long enough. */
static void note_days(struct engine *e, const struct covered *covered, const struct cycle *cycle)
{
    const struct gw_exposure_rules *rules = &e->in->study->exposure;
    const gw_day last = last_of(covered, covered->count - 1);

    seen_on(e, cycle->known_on);
    seen_on(e, cycle->start + rules->cycle_days);
    for (int day = rules->interruption_days; day <= rules->treatment_days; day++)
        seen_on(e, last + day);
}

void cycles_find(struct engine *e, gw_day high, gw_day seen)
{
    const struct gw_exposure_rules *rules = &e->in->study->exposure;
    struct gw_decimal planned_mg;
    struct covered covered;
    gw_day start;

    if (!rules->on || !gather(e, high < seen ? high : seen, &covered))
        return;
    planned_mg = planned_of(e);
    for (start = covered.list[0]->first; start < GW_DAY_MAX && !e->failed;) {
        const gw_day next = next_start(e, &covered, start), planned_end = start + rules->cycle_days - 1;
        struct cycle *cycle = add_cycle(e, start);

        if (!cycle)
            return;
        cycle->next = next < GW_DAY_MAX ? next : covered.high + 1;
        cycle->ended = next == GW_DAY_MAX && high <= seen;
        cycle->over = next < GW_DAY_MAX || cycle->ended || covered.high >= planned_end;
        cycle->known_on = next < GW_DAY_MAX ? next - 1 : planned_end;
        fill(e, cycle, planned_mg);
        find_holes(e, &covered, cycle);
        note_days(e, &covered, cycle);
        start = next;
    }
}

/* ---- rows ---- */

/* The records whose days lie in it, each once. */
static void cite(struct engine *e, const struct cycle *cycle, const char *substance)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, substance, &list);

    marks_begin(e);
    for (size_t i = 0; i < count && list[i].first < cycle->next; i++)
        for (size_t f = 0;
             list[i].rank < GW_RANK_REQUEST && list[i].last >= cycle->start && f < list[i].fact_count && !e->failed;
             f++)
            if (marks_see(e, list[i].facts[f]) == 0)
                engine_provenance(e, "cycles", cycle->row_id, list[i].facts[f], "input", "cycles", NULL);
}

static void emit(struct engine *e, struct cycle *cycle)
{
    const char *const id = gw_arena_print(e->arena, "%s|%d", e->in->roster->subject, cycle->number);
    struct gw_row_cycles *row = (struct gw_row_cycles *)engine_row(e, GW_TABLE_cycles, id, "active");

    if (!row)
        return;
    cycle->row_id = id;
    row->cycle_no = cycle->number;
    row->start = engine_date(e, cycle->start);
    row->planned_mg = gw_ratio_print(e->arena, &cycle->planned_mg);
    if (cycle->number > 1)
        row->delay_days = cycle->delay_days;
    if (cycle->over && cycle->has_actual) {
        row->actual_mg = gw_ratio_print(e->arena, &cycle->actual_mg);
        row->rdi = percent_of(e, &cycle->actual_mg, &cycle->planned_mg);
    }
    if (cycle->over && cycle->has_dex) {
        row->dex_total_mg = gw_ratio_print(e->arena, &cycle->dex_mg);
        row->dex_class = cycle->dex_class;
    }
    cite(e, cycle, e->in->study->exposure.drug);
    if (e->in->study->dexamethasone.on)
        cite(e, cycle, e->in->study->dexamethasone.drug);
}

void cycles_emit(struct engine *e)
{
    for (size_t i = 0; i < e->cycle_count && !e->failed; i++)
        if (reported_in(e, e->cycles[i].start))
            emit(e, &e->cycles[i]);
}
