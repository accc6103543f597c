/*
 * What was done about low counts: a cycle begun all the same, neutrophils that ask for a stop and a growth factor, a
 * restart too early, platelets that ask for a transfusion or a change. Descriptive: nobody is told what to do.
 *
 * Source: mappings/RULES.md 13; Korean expert recommendations for lenalidomide.
 */
#include <stdlib.h>
#include <string.h>

#include "study/bound.h"
#include "study/exposure.h"
#include "study/order.h"
#include "study/performed.h"

struct counts { /* of one concept from day 1 on, the lowest of each day, in order of days */
    const struct datum **data;
    size_t count;
};

struct reactions {
    const struct gw_cytopenia_rules *rules;
    const char *drug;
    struct counts anc, platelets;
};

/* ---- counts ---- */

/* One that no window took is known once an assessment told of its day, as an event is. */
static bool is_count(struct engine *e, const struct datum *datum)
{
    if (!datum_tells(datum))
        return false;
    engine_next_day(e, datum->when.first);
    return datum->when.first <= (datum->placed_count ? e->in->horizon : doses_seen_until(e));
}

static int by_day_then_value(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct datum *a = *(const struct datum *const *)x, *b = *(const struct datum *const *)y;
    const int order = a->when.first != b->when.first
                          ? a->when.first - b->when.first
                          : gw_ratio_compare(e->arena, &a->value->measure.canonical, &b->value->measure.canonical);

    return order_then(order, strcmp(e->versions[a->fact].key, e->versions[b->fact].key));
}

static void gather(struct engine *e, const char *concept, struct counts *out)
{
    const struct values values = engine_values(e, concept);
    size_t kept = 0;

    *out = (struct counts){.data = gw_arena_raw(e->arena, (values.count + 1) * sizeof *out->data)};
    e->failed |= !out->data;
    for (size_t i = 0; i < values.count && !e->failed; i++)
        if (is_count(e, values.list[i]))
            out->data[out->count++] = values.list[i];
    if (out->count > 1)
        qsort_r(out->data, out->count, sizeof *out->data, by_day_then_value, e);
    for (size_t i = 0; i < out->count; i++)
        if (kept == 0 || out->data[kept - 1]->when.first != out->data[i]->when.first)
            out->data[kept++] = out->data[i];
    out->count = kept;
}

/* The latest at or before a day, at most so many days old; NULL: none. */
static const struct datum *latest(const struct counts *counts, gw_day day, int days)
{
    const struct datum *found = NULL;

    for (size_t i = 0; i < counts->count; i++)
        if (counts->data[i]->when.first <= day && counts->data[i]->when.first >= day - days)
            found = counts->data[i];
    return found;
}

/* ---- rows ---- */

struct event { /* a row in the making */
    const char *rule;
    gw_day day;
    const char *text;
    const char *reason; /* not assessable, why; NULL: it is */
    struct inputs inputs;
    bool unconfirmed;
};

static struct event event_of(struct engine *e, const char *rule, gw_day day, const struct datum *datum)
{
    struct event event = {.rule = rule, .day = day};

    inputs_add_datum(e, &event.inputs, datum, NULL);
    return event;
}

/* A drug at hand or ordered was not seen taken. */
static void note(struct engine *e, struct event *event, const struct exposure *exposure)
{
    if (!exposure)
        return;
    inputs_add_exposure(e, &event->inputs, exposure);
    event->unconfirmed |= exposure->rank >= GW_RANK_DISPENSE;
}

static void add(struct engine *e, const struct event *event)
{
    struct parameter parameter = {.name = "CYTOACT",
                                  .rule = event->rule,
                                  .date = event->day,
                                  .text = event->text,
                                  .reason = event->reason,
                                  .inputs = event->inputs,
                                  .unconfirmed = event->unconfirmed};
    char day[11];

    gw_day_print(event->day, day);
    parameter.of = gw_arena_print(e->arena, "%s.%s", event->rule, day);
    e->failed |= !parameter.of;
    if (!e->failed)
        parameter_add(e, &parameter);
}

/* ---- cycles begun with low neutrophils ---- */

static void judge_starts(struct engine *e, const struct reactions *r)
{
    const struct gw_exposure_rules *plan = &e->in->study->exposure;

    for (size_t i = 1; i < e->cycle_count; i++) {
        const gw_day start = e->cycles[i].start, planned = e->cycles[i - 1].start + plan->cycle_days;
        const struct datum *anc = latest(&r->anc, planned, r->rules->anc_age_days);
        struct event event;

        if (!anc || !bound_below(e, anc, &r->rules->anc_start))
            continue;
        event = event_of(e, "cytopenia-start", planned, anc);
        event.text = start - planned >= plan->delay_days ? "DELAYED" : "NOT_DELAYED";
        note(e, &event, exposure_on(e, r->drug, start));
        add(e, &event);
    }
}

/* ---- neutrophils that ask for a stop ---- */

static const struct exposure *given(const struct engine *e, const char *role, const char *substance, gw_day first,
                                    gw_day last)
{
    for (size_t i = 0; i < e->exposure_count; i++) {
        const struct exposure *x = &e->exposures[i];

        if (x->drug && strcmp(x->drug->role, role) == 0 && (!substance || strcmp(x->substance, substance) == 0) &&
            x->first <= last && x->last >= first)
            return x;
    }
    return NULL;
}

/* A run of days below the bound is one event, told by its first. */
static bool begins_run(const struct engine *e, const struct counts *counts, size_t i, const struct gw_decimal *bound)
{
    return counts->data[i]->when.first >= e->anchors.d1 && bound_below(e, counts->data[i], bound) &&
           (i == 0 || counts->data[i - 1]->when.first < e->anchors.d1 || !bound_below(e, counts->data[i - 1], bound));
}

/* Why nothing can be said of the days after an event; NULL: they can be judged. */
static const char *open_reason(struct engine *e, const struct reactions *r, gw_day until)
{
    const struct exposure *list;

    if (exposures_of(e, r->drug, &list) == 0)
        return "NO_EXPOSURE";
    return doses_unseen(e, until);
}

static void judge_neutropenia(struct engine *e, const struct reactions *r, const struct datum *anc)
{
    const gw_day day = anc->when.first, until = day + r->rules->within_days;
    const struct exposure *goes_on = exposure_on(e, r->drug, until), *factor = given(e, "GCSF", NULL, day, until);
    struct event event = event_of(e, "cytopenia-neutrophils", day, anc);

    event.reason = open_reason(e, r, until);
    event.text = goes_on ? factor ? "NOT_STOPPED" : "NO_REACTION" : factor ? "CONCORDANT" : "NO_GCSF";
    if (!event.reason) {
        note(e, &event, goes_on);
        note(e, &event, factor);
    }
    add(e, &event);
}

/* ---- restarts ---- */

static bool is_reduced(struct engine *e, const struct exposure *before, const struct exposure *after)
{
    return before->has_dose && after->has_dose && gw_same(before->unit, after->unit) &&
           gw_ratio_compare(e->arena, &after->dose, &before->dose) < 0;
}

/* A dose again after days without one. */
static void judge_restarts(struct engine *e, const struct reactions *r)
{
    const struct exposure *list;
    const size_t count = exposures_of(e, r->drug, &list);

    for (size_t i = 1; i < count && list[i].first <= doses_seen_until(e) && !e->failed; i++) {
        const struct datum *anc = latest(&r->anc, list[i].first, r->rules->anc_age_days);
        struct event event;

        if (list[i].first - list[i - 1].last <= 1 || !anc || !bound_below(e, anc, &r->rules->anc_start))
            continue;
        event = event_of(e, "cytopenia-restart", list[i].first, anc);
        event.text = is_reduced(e, &list[i - 1], &list[i]) ? "REDUCED" : "NOT_REDUCED";
        note(e, &event, &list[i - 1]);
        note(e, &event, &list[i]);
        add(e, &event);
    }
}

/* ---- platelets ---- */

/* Stopped, or given in a lower dose. */
static bool is_changed(struct engine *e, const struct exposure *before, const struct exposure *after)
{
    return before && (!after || (after != before && is_reduced(e, before, after)));
}

static bool is_transfused(struct engine *e, gw_day first, gw_day last, struct event *event)
{
    const struct exposure *platelets = given(e, "TRANSFUSION", "platelets", first, last);
    size_t fact;

    note(e, event, platelets);
    return performed_in(e, GW_TRANSFUSION_PLATELETS, first, last, &event->inputs, &fact) || platelets;
}

static const char *answer_of(struct engine *e, const struct reactions *r, gw_day day, gw_day until, struct event *event)
{
    const struct exposure *before = exposure_on(e, r->drug, day), *after = exposure_on(e, r->drug, until);
    const bool transfused = is_transfused(e, day, until, event);

    note(e, event, before);
    note(e, event, after);
    return transfused || is_changed(e, before, after) ? "CONCORDANT" : "NO_REACTION";
}

static void judge_thrombocytopenia(struct engine *e, const struct reactions *r, const struct datum *platelets)
{
    const gw_day day = platelets->when.first, until = day + r->rules->within_days;
    struct event event = event_of(e, "cytopenia-platelets", day, platelets);

    event.reason = open_reason(e, r, until);
    if (!event.reason)
        event.text = answer_of(e, r, day, until, &event);
    add(e, &event);
}

/* ---- the family ---- */

void derive_cytopenia_reactions(struct engine *e)
{
    struct reactions r = {.rules = &e->in->study->cytopenia, .drug = e->in->study->exposure.drug};

    if (!e->in->study->cytopenia.on || !e->in->study->exposure.on)
        return;
    gather(e, "ANC", &r.anc);
    gather(e, "PLT", &r.platelets);
    if (e->failed)
        return;
    judge_starts(e, &r);
    for (size_t i = 0; i < r.anc.count && !e->failed; i++)
        if (begins_run(e, &r.anc, i, &r.rules->anc_stop))
            judge_neutropenia(e, &r, r.anc.data[i]);
    judge_restarts(e, &r);
    for (size_t i = 0; i < r.platelets.count && !e->failed; i++)
        if (begins_run(e, &r.platelets, i, &r.rules->platelets_stop))
            judge_thrombocytopenia(e, &r, r.platelets.data[i]);
}
