/*
 * Rows of the study's drugs: one for each run of days on one dose, one of dose 0 for each interruption and for the end.
 *
 * A row is there once an assessment has collected its beginning; its end is told once one has collected that.
 * Source: mappings/RULES.md 14.
 */
#include <string.h>

#include "study/border.h"
#include "study/decided.h"
#include "study/exposure.h"
#include "study/marks.h"

struct change { /* a row without a dose */
    const char *type;
    const char *reason;
    gw_day first;
    gw_day last;                  /* GW_DAY_MAX: no end */
    const struct exposure *after; /* what was taken before it */
};

const struct gw_window *reported_in(const struct engine *e, gw_day day)
{
    for (size_t i = 0; day <= e->anchors.d1 && i < e->windows.count; i++)
        if (gw_window_is_baseline(&e->windows.list[i]) && gw_same(e->window_states[i].state, "collected"))
            return &e->windows.list[i];
    return engine_assessment(e, day);
}

void seen_on(struct engine *e, gw_day day)
{
    if (day > e->in->horizon && day < GW_DAY_MAX && engine_will_see(e, day))
        engine_next_day(e, day);
}

static size_t smallest_record(const struct engine *e, const size_t *facts, size_t count)
{
    size_t smallest = facts[0];

    for (size_t i = 1; i < count; i++)
        if (strcmp(e->versions[facts[i]].key, e->versions[smallest].key) < 0)
            smallest = facts[i];
    return smallest;
}

const char *row_name(struct engine *e, char letter, const char *what, const struct exposure *x, int nth)
{
    const char *const number = gw_arena_print(e->arena, "%d", nth);
    const char *const parts[] = {e->in->roster->subject, what,
                                 e->versions[smallest_record(e, x->facts, x->fact_count)].key, number};

    e->failed |= !number;
    return e->failed ? NULL : gw_hmac_id(e->in->key, e->arena, letter, parts, 4);
}

const char *evidence_name(enum gw_evidence_rank rank)
{
    return rank == GW_RANK_ADMINISTRATION ? "administered"
           : rank == GW_RANK_STATEMENT    ? "stated"
           : rank == GW_RANK_DISPENSE     ? "dispensed"
                                          : "intended";
}

/* ---- what changed ---- */

/* Milligrams a day over a round, for daily and alternate doses; else of a day with doses. */
static bool rate_of(struct engine *e, const struct exposure *x, bool averaged, struct gw_ratio *out)
{
    const struct gw_ratio half = {gw_decimal_from_int(1), gw_decimal_from_int(2)};

    *out = x->dose;
    if (averaged && x->every == 2)
        e->failed |= !gw_ratio_multiply(e->arena, out, &half, out);
    return x->has_dose && !e->failed;
}

static const char *dose_change(struct engine *e, const struct exposure *before, const struct exposure *now)
{
    const bool averaged = before->every <= 2 && now->every <= 2;
    struct gw_ratio was, is;
    int order;

    if (!rate_of(e, before, averaged, &was) || !rate_of(e, now, averaged, &is) || !gw_same(before->unit, now->unit))
        return NULL;
    order = gw_ratio_compare(e->arena, &is, &was);
    return order < 0 ? "step_down" : order > 0 ? "step_up" : NULL;
}

static bool interrupted_between(const struct engine *e, const struct exposure *before, const struct exposure *now)
{
    for (size_t i = 0; i < e->interruption_count; i++)
        if (e->interruptions[i].first > before->last && e->interruptions[i].last < now->first)
            return true;
    return false;
}

static const char *change_of(struct engine *e, const struct exposure *before, const struct exposure *now)
{
    const char *change;

    if (!before)
        return "start";
    change = dose_change(e, before, now);
    if (!change && gw_same(now->substance, e->in->study->exposure.drug) && interrupted_between(e, before, now))
        change = "restart";
    return change;
}

/* Why the records of a run ended, where one of them says so. */
static const char *reason_of(const struct engine *e, const struct exposure *x)
{
    const char *reason = NULL;

    for (size_t i = x ? x->fact_count : 0; !reason && i > 0; i--) {
        const struct gw_medication_use *use = &e->in->facts[x->facts[i - 1]].use;

        reason = border_first_code(use->status_reasons, use->status_reason_count);
    }
    return reason;
}

/* ---- rows ---- */

static const char *hashes_of(struct engine *e, const size_t *facts, size_t count)
{
    const char **list = gw_arena_alloc(e->arena, (count + 1) * sizeof *list);

    e->failed |= !list;
    for (size_t i = 0; !e->failed && i < count; i++)
        list[i] = engine_hash(e, facts[i]);
    return e->failed ? NULL : engine_join(e, list, count);
}

static void place_in_cycle(const struct engine *e, struct gw_row_exposures *row, gw_day day)
{
    const struct cycle *cycle = cycle_on(e, day);

    if (!cycle)
        return;
    row->cycle_no = cycle->number;
    row->cycle_day = day - cycle->start + 1;
}

static const char *how_told(const struct exposure *x, size_t fact)
{
    for (size_t i = 0; i < x->stretch_count; i++)
        if (x->stretches[i].use->fact == fact)
            return x->stretches[i].dose.how;
    return NULL;
}

static const char *rules_of(struct engine *e, const struct exposure *x, size_t fact)
{
    for (size_t i = 0; i < x->stretch_count; i++)
        if (x->stretches[i].use->fact == fact && x->stretches[i].use->decision)
            return decided_rule(e, "exposure", x->stretches[i].use->decision);
    return "exposure";
}

static void cite(struct engine *e, const struct exposure *x)
{
    for (size_t i = 0; i < x->fact_count && !e->failed; i++) {
        engine_provenance(e, "exposures", x->row_id, x->facts[i], "value", rules_of(e, x, x->facts[i]),
                          how_told(x, x->facts[i]));
        engine_value_source(e, x->facts[i], 0, x->row_id);
    }
    for (size_t i = 0; i < x->other_count && !e->failed; i++) {
        engine_provenance(e, "exposures", x->row_id, x->others[i], "supporting", "exposure", NULL);
        engine_part(e, x->others[i], 0)->cited = true;
    }
}

static void emit(struct engine *e, struct exposure *x, const struct exposure *before, gw_day seen)
{
    const struct gw_window *window = reported_in(e, x->first);
    const char *id = window ? row_name(e, 'e', x->substance, x, x->nth) : NULL;
    struct gw_row_exposures *row;

    if (!window || e->failed)
        return;
    row = (struct gw_row_exposures *)engine_row(e, GW_TABLE_exposures, id, x->provisional ? "provisional" : "active");
    if (!row)
        return;
    x->row_id = row->exp_id = id;
    row->drug = x->substance;
    row->dose = x->dose_text;
    row->unit = x->has_dose ? x->unit : NULL;
    row->frequency = rhythm_name(&x->rhythm);
    row->route = x->route;
    row->start = engine_date(e, x->first);
    row->end = x->last <= seen ? engine_date(e, x->last) : NULL;
    seen_on(e, x->last);
    row->evidence_rank = evidence_name(x->rank);
    row->source_hashes = hashes_of(e, x->facts, x->fact_count);
    row->dose_level = x->level ? x->level : GW_NULL_INTEGER;
    place_in_cycle(e, row, x->first);
    row->change_type = change_of(e, before, x);
    row->change_reason = row->change_type && before ? reason_of(e, before) : NULL;
    row->reported_window = window->id;
    cite(e, x);
}

static void emit_change(struct engine *e, const struct change *change, gw_day seen, int nth)
{
    const struct gw_window *window = reported_in(e, change->first);
    const struct exposure *x = change->after;
    const char *const parts[] = {x->substance, change->type};
    const char *what = gw_arena_join(e->arena, '|', parts, 2);
    const char *id = window && what ? row_name(e, 'e', what, x, nth) : NULL;
    struct gw_row_exposures *row;

    e->failed |= !what;
    if (!window || e->failed)
        return;
    row = (struct gw_row_exposures *)engine_row(e, GW_TABLE_exposures, id, "active");
    if (!row)
        return;
    row->exp_id = id;
    row->drug = x->substance;
    row->dose = "0";
    row->unit = gw_dose_base_unit(GW_DOSE_MASS);
    row->start = engine_date(e, change->first);
    row->end = change->last <= seen ? engine_date(e, change->last) : NULL;
    seen_on(e, change->last);
    row->evidence_rank = evidence_name(x->rank);
    row->source_hashes = hashes_of(e, x->facts, x->fact_count);
    place_in_cycle(e, row, change->first);
    row->change_type = change->type;
    row->change_reason = change->reason;
    row->reported_window = window->id;
    for (size_t i = 0; i < x->fact_count && !e->failed; i++)
        engine_provenance(e, "exposures", id, x->facts[i], "supporting", "exposure", NULL);
}

/* ---- interruptions and the end ---- */

/* Somebody says that it was not taken: the first such record of those days. */
static const struct use *denial(const struct engine *e, const char *substance, gw_day first, gw_day last)
{
    for (size_t i = 0; i < e->use_count; i++)
        if (e->uses[i].negative && !e->uses[i].problem && gw_same(e->uses[i].substance, substance) &&
            e->uses[i].first >= first && e->uses[i].first <= last)
            return &e->uses[i];
    return NULL;
}

static void emit_interruption(struct engine *e, const struct interruption *hole, gw_day seen, int nth)
{
    const char *drug = e->in->study->exposure.drug;
    const struct use *denied = denial(e, drug, hole->first, hole->last);
    const struct exposure *list, *after = NULL;
    const size_t count = exposures_of(e, drug, &list);
    struct change change = {"interrupted", NULL, hole->first, hole->last, NULL};

    for (size_t i = 0; i < count && list[i].last < hole->first; i++)
        after = &list[i];
    if (!after)
        return;
    change.after = after;
    change.reason = reason_of(e, after);
    if (denied) {
        const struct gw_medication_use *use = &e->in->facts[denied->fact].use;

        change.reason = border_first_code(use->status_reasons, use->status_reason_count);
        engine_part(e, denied->fact, 0)->cited = true;
    }
    emit_change(e, &change, seen, nth);
}

/* The drug whose end is the end of treatment ends there; another one where a record says so. */
static void emit_end(struct engine *e, const struct exposure *last, gw_day seen)
{
    const bool of_treatment = gw_same(last->substance, e->in->study->eot_drug);
    struct change change = {"end", reason_of(e, last), last->last + 1, GW_DAY_MAX, last};

    if (last->last == GW_DAY_MAX || !(of_treatment ? e->anchors.eot != GW_NO_DAY : last->stopped))
        return;
    if (of_treatment)
        change.first = e->anchors.eot + 1;
    if (of_treatment && !change.reason)
        change.reason = e->eot_reason;
    emit_change(e, &change, seen, 0);
}

/* Rows that rest on the same smallest record are told apart by their order. */
void exposures_number(struct engine *e)
{
    for (size_t i = 0; i < e->exposure_count && !e->failed; i++) {
        struct exposure *x = &e->exposures[i];

        if (i == 0 || !gw_same(x[-1].substance, x->substance))
            marks_begin(e);
        x->nth = marks_see(e, smallest_record(e, x->facts, x->fact_count));
    }
}

void exposures_emit(struct engine *e, gw_day seen)
{
    const struct exposure *before = NULL;

    for (size_t i = 0; i < e->exposure_count && !e->failed; i++) {
        struct exposure *x = &e->exposures[i];
        const bool more = i + 1 < e->exposure_count && gw_same(e->exposures[i + 1].substance, x->substance);

        if (!x->study_drug)
            continue;
        if (before && !gw_same(before->substance, x->substance))
            before = NULL;
        emit(e, x, before, seen);
        if (!more && !e->failed)
            emit_end(e, x, seen);
        before = x;
    }
    for (size_t i = 0; i < e->interruption_count && !e->failed; i++)
        emit_interruption(e, &e->interruptions[i], seen, (int)i);
}
