/*
 * Renal function in every window with a creatinine, its groups for dosing and for analysis, and how far it improved.
 *
 * Two groupings stand side by side, each under its own rule: doses change at 50 and 30 mL/min and with dialysis,
 * analyses part at 60 and 30. Source: mappings/RULES.md 13.
 */
#include "study/renal.h"

#include <string.h>

#include "study/bound.h"
#include "study/decided.h"
#include "study/dialysis.h"

/* ---- on one day ---- */

int renal_side(const struct engine *e, const struct renal *renal, const struct gw_decimal *cut)
{
    const struct gw_ratio bound = gw_ratio_of(*cut);
    const bool low = gw_ratio_compare(e->arena, &renal->clearance.low, &bound) >= 0;
    const bool high = gw_ratio_compare(e->arena, &renal->clearance.high, &bound) >= 0;

    return low != high ? 0 : low ? 1 : -1;
}

const char *renal_reason(const struct renal *renal)
{
    return renal->clearance.reason ? renal->clearance.reason : renal->conflict ? "DIALYSIS_CONFLICT" : NULL;
}

/* A person may have said whether the subject was on dialysis; else evidence at a clearance of 30 and above conflicts.
 */
static void weigh_dialysis(struct engine *e, const struct datum *creatinine, const struct dialysis *evidence,
                           struct renal *out)
{
    const struct gw_renal_rules *rules = &e->in->study->renal;
    const struct item_about about = {.has_fact = true,
                                     .fact = evidence->fact,
                                     .part = evidence->part,
                                     .day = creatinine->when.first,
                                     .note = "evidence of dialysis beside a clearance that rules it out"};

    out->dialysis = evidence->evidence;
    out->decision = evidence->evidence ? decided_find(e, GW_DECIDE_DIALYSIS, "DIALYSIS_CONFLICT", &about) : NULL;
    if (!out->decision)
        out->decision = decided_subject(e, GW_DECIDE_DIALYSIS, NULL);
    if (out->decision)
        out->dialysis = gw_same(out->decision->set[GW_SET_DIALYSIS], "true");
    if (!evidence->evidence || renal_side(e, out, &rules->dosing_cut.items[rules->dosing_cut.count - 1]) < 0)
        return;
    decided_note(e, out->decision, "DIALYSIS_CONFLICT", &about);
    out->conflict = !out->decision;
    if (out->conflict)
        engine_raise(e, "DIALYSIS_CONFLICT", &about);
}

void renal_on(struct engine *e, const struct datum *creatinine, const struct gw_window *window, struct renal *out)
{
    struct dialysis evidence;

    *out = (struct renal){.dialysis = false};
    clearance_of_study(e, creatinine, window, &out->clearance);
    out->inputs = out->clearance.inputs;
    if (out->clearance.reason || e->failed)
        return;
    evidence = dialysis_around(e, creatinine->when.first, e->in->study->renal.dialysis_days, &out->inputs);
    weigh_dialysis(e, creatinine, &evidence, out);
}

/* ---- groups ---- */

struct group {
    int place;        /* 0: the best; -1: the age decides between two */
    const char *text; /* ">=50", "30-<50", "<30" */
};

/* Cuts fall; `strict`: exactly the first of two cuts belongs below it, and the group there ends with it. */
static const char *group_text(struct engine *e, const struct gw_decimal *cuts, size_t count, size_t place, bool strict)
{
    const char *upper = place > 0 ? gw_decimal_print(e->arena, &cuts[place - 1]) : "";
    const char *lower = place < count ? gw_decimal_print(e->arena, &cuts[place]) : "";
    const char *text = NULL;

    if (!upper || !lower)
        e->failed = true;
    else if (place == 0)
        text = gw_arena_print(e->arena, "%s%s", strict ? ">" : ">=", lower);
    else if (place == count)
        text = gw_arena_print(e->arena, "<%s", upper);
    else
        text = gw_arena_print(e->arena, "%s-%s%s", lower, strict ? "" : "<", upper);
    e->failed |= !text;
    return text;
}

/* How many of the falling cuts the clearance lies below. */
static size_t place_of(const struct engine *e, const struct gw_ratio *clearance, const struct gw_decimal *cuts,
                       size_t count, bool strict)
{
    size_t place = 0;

    for (; place < count; place++) {
        const struct gw_ratio cut = gw_ratio_of(cuts[place]);
        const int order = gw_ratio_compare(e->arena, clearance, &cut);

        if (order > 0 || (order == 0 && !(strict && place == 0)))
            break;
    }
    return place;
}

static struct group group_of(struct engine *e, const struct clearance *clearance, const struct gw_decimal *cuts,
                             size_t count, bool strict)
{
    const size_t low = place_of(e, &clearance->low, cuts, count, strict);
    const size_t high = place_of(e, &clearance->high, cuts, count, strict);

    if (low != high)
        return (struct group){-1, NULL};
    return (struct group){(int)low, group_text(e, cuts, count, low, strict)};
}

static struct group analysis_group(struct engine *e, const struct clearance *clearance)
{
    const struct gw_renal_rules *rules = &e->in->study->renal;
    const struct gw_decimal cuts[] = {rules->analysis_cut, rules->severe_cut};

    return group_of(e, clearance, cuts, 2, !rules->analysis_cut_inclusive);
}

static struct group dosing_group(struct engine *e, const struct renal *renal)
{
    const struct gw_renal_rules *rules = &e->in->study->renal;
    struct group group = group_of(e, &renal->clearance, rules->dosing_cut.items, rules->dosing_cut.count, false);

    if (renal->dialysis) { /* whoever is on dialysis is dosed as such */
        group.place = (int)rules->dosing_cut.count + 1;
        const size_t count = rules->dosing_cut.count;
        const char *const words[] = {group_text(e, rules->dosing_cut.items, count, count, false), "dialysis"};

        group.text = gw_arena_join(e->arena, ' ', words, 2);
        e->failed |= !group.text;
    }
    return group;
}

/* ---- rows ---- */

struct point { /* a window with a creatinine */
    const struct gw_window *window;
    const struct datum *creatinine;
    struct renal renal;
    struct group analysis;
};

static struct parameter parameter_at(const struct point *point, const char *name, const char *rule)
{
    return (struct parameter){.name = name,
                              .rule = rule,
                              .window_id = point->window->id,
                              .date = point->creatinine ? point->creatinine->when.first : GW_NO_DAY};
}

/* One decimal, where the age is known. */
static void add_clearance(struct engine *e, const struct point *point, const char *name, const char *rule,
                          const struct clearance *clearance)
{
    struct parameter parameter = parameter_at(point, name, rule);

    parameter.inputs = clearance->inputs;
    parameter.decision = clearance->age.decision;
    parameter.reason = clearance->reason;
    if ((!parameter.reason || strcmp(parameter.reason, "NO_WEIGHT") == 0) && clearance->age.low != clearance->age.high)
        parameter.reason = "PARTIAL_BIRTH_DATE"; /* a weight alone would not do */
    if (!parameter.reason) {
        parameter.value = gw_ratio_print_rounded(e->arena, &clearance->low, 1);
        e->failed |= !parameter.value;
    }
    parameter_add(e, &parameter);
}

static void add_groups(struct engine *e, struct point *point)
{
    const struct renal *renal = &point->renal;
    const bool baseline = gw_window_is_baseline(point->window);
    struct parameter analysis = parameter_at(point, "RENALGRP", "renal-analysis");
    struct parameter dosing = parameter_at(point, "RENALGRP", "renal-dosing");
    const struct group group = renal_reason(renal) ? (struct group){-1, NULL} : dosing_group(e, renal);

    if (!renal->clearance.reason)
        point->analysis = analysis_group(e, &renal->clearance);
    dosing.of = "dosing";
    dosing.inputs = renal->inputs;
    dosing.decision = renal->decision ? renal->decision : renal->clearance.age.decision;
    dosing.text = group.text;
    dosing.reason = renal_reason(renal) ? renal_reason(renal) : group.text ? NULL : "AGE_AMBIGUOUS";
    parameter_add(e, &dosing);
    analysis.of = "analysis";
    analysis.inputs = renal->clearance.inputs;
    analysis.decision = renal->clearance.age.decision;
    analysis.text = point->analysis.text;
    analysis.reason = renal->clearance.reason ? renal->clearance.reason : point->analysis.text ? NULL : "AGE_AMBIGUOUS";
    parameter_add(e, &analysis);
    if (gw_same(dosing.reason, "AGE_AMBIGUOUS") || gw_same(analysis.reason, "AGE_AMBIGUOUS"))
        age_ask(e);
    if (baseline) {
        e->subject_row->renal_group50 = parameter_summary(&dosing);
        e->subject_row->renal_group60 = parameter_summary(&analysis);
    }
}

static void derive_point(struct engine *e, struct point *point)
{
    struct clearance clearance;

    clearance_by_cg(e, point->creatinine, point->window, &clearance);
    add_clearance(e, point, "CRCLCG", "crcl-cg", &clearance);
    clearance_by_mdrd(e, point->creatinine, point->window, &clearance);
    add_clearance(e, point, "EGFRMDRD", "egfr-mdrd", &clearance);
    renal_on(e, point->creatinine, point->window, &point->renal);
    point->analysis = (struct group){-1, NULL};
    if (!e->failed)
        add_groups(e, point);
}

/* ---- improvement ---- */

/* Follow-up after the end of treatment does not tell what treatment did. */
static bool is_under_treatment(const struct gw_window *window)
{
    return window->rule->from != GW_ANCHOR_EOT || window->rule->target <= 0;
}

static bool is_better(const struct engine *e, const struct point *a, const struct point *b)
{
    const int order = gw_ratio_compare(e->arena, &a->renal.clearance.low, &b->renal.clearance.low);

    return order > 0 || (order == 0 && a->creatinine->when.first < b->creatinine->when.first);
}

/* A whole number of groups: 1 is one better, 0 none, -1 one worse. */
static void compare_groups(struct engine *e, const struct point *from, const struct point *to, struct parameter *out)
{
    out->value = gw_arena_print(e->arena, "%d", from->analysis.place - to->analysis.place);
    out->text = gw_arena_print(e->arena, "%s to %s", from->analysis.text, to->analysis.text);
    out->date = to->creatinine->when.first;
    e->failed |= !out->value || !out->text;
}

static void derive_improvement(struct engine *e, const struct point *points, size_t count)
{
    struct parameter response = {.name = "RENALRSP", .rule = "renal-response", .date = GW_NO_DAY};
    const struct point *baseline = NULL, *best = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct point *point = &points[i];

        if (point->analysis.place < 0)
            continue;
        if (gw_window_is_baseline(point->window))
            baseline = point;
        else if (is_under_treatment(point->window) && (!best || is_better(e, point, best)))
            best = point;
    }
    response.reason = !baseline ? "NO_BASELINE_GROUP" : !best ? "NO_LATER_GROUP" : NULL;
    if (baseline)
        inputs_add_all(e, &response.inputs, &baseline->renal.clearance.inputs);
    if (best)
        inputs_add_all(e, &response.inputs, &best->renal.clearance.inputs);
    if (!response.reason)
        compare_groups(e, baseline, best, &response);
    if (!e->failed)
        parameter_add(e, &response);
}

/* ---- the family ---- */

static void note_failure(struct engine *e)
{
    const struct datum *creatinine = engine_baseline(e, "CREAT");

    if (!creatinine || bound_side(e, creatinine, &e->in->study->renal.failure_umol) == SIDE_UNKNOWN)
        return;
    e->subject_row->renal_failure_177 = bound_side(e, creatinine, &e->in->study->renal.failure_umol) == SIDE_ABOVE;
    engine_provenance(e, "subjects", e->subject_row->row_id, creatinine->fact, "input", "renal-failure", NULL);
}

static const struct datum *creatinine_of(const struct engine *e, size_t window)
{
    for (size_t i = 0; i < e->placed_count; i++) {
        const struct placed *p = &e->placed[i];

        if (p->window_index == window && p->anl01 && strcmp(e->data[p->datum_index].code.lab->concept, "CREAT") == 0)
            return &e->data[p->datum_index];
    }
    return NULL;
}

/* Every window with a creatinine, and the baseline without one: its gap is told. */
void derive_renal(struct engine *e)
{
    struct point *points = gw_arena_alloc(e->arena, (e->windows.count + 1) * sizeof *points);
    size_t count = 0;

    e->failed |= !points;
    if (!e->in->study->renal.on)
        return;
    for (size_t i = 0; i < e->windows.count && !e->failed; i++) {
        const struct gw_window *window = &e->windows.list[i];
        const struct datum *creatinine = creatinine_of(e, i);

        if (!creatinine && !gw_window_is_baseline(window))
            continue;
        points[count] = (struct point){.window = window, .creatinine = creatinine};
        derive_point(e, &points[count++]);
    }
    if (e->failed)
        return;
    derive_improvement(e, points, count);
    note_failure(e);
}
