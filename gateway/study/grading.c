/*
 * Limits and grades of every value, against the subject's own baseline where a term asks for it.
 *
 * A preliminary value gets no grade: it may yet change. The baseline of a concept is its anl01 value in a window that
 * starts from D1 and is no grid; a study without such a window looks back so many days from day 1. Source:
 * mappings/RULES.md 8.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/age.h"
#include "study/decided.h"

static void add_baseline(struct engine *e, size_t datum)
{
    size_t *slot = GW_ARENA_PUSH(e->arena, e->baselines, e->baseline_count, e->baseline_capacity);

    if (slot)
        *slot = datum;
    else
        e->failed = true;
}

/* Known before the first dose: from shortly before day 1, or of that day and not timed after the dose. */
static bool is_known_before(const struct engine *e, const struct datum *datum)
{
    return datum->measured && !datum->provisional && datum->when.first == datum->when.last &&
           (datum->before ||
            (datum->placed_count > 0 && datum->when.first == e->anchors.d1 && !datum->after_first_dose));
}

/* A study without a window for it: of each concept the latest value known before the first dose. */
static void find_latest(struct engine *e)
{
    const size_t concepts = gw_tables_concepts(e->in->tables);

    for (size_t c = 0; c < concepts && !e->failed; c++) {
        const struct datum *best = NULL;

        for (size_t i = e->concept_first[c]; i < e->concept_first[c + 1]; i++) {
            const struct datum *datum = e->by_concept[i];

            if (is_known_before(e, datum) && (!best || engine_later(e, datum, best) > 0))
                best = datum;
        }
        if (best)
            add_baseline(e, best->index);
    }
}

static void find_baselines(struct engine *e)
{
    for (size_t i = 0; i < e->placed_count && !e->failed; i++)
        if (e->placed[i].anl01 && gw_window_is_baseline(e->placed[i].window))
            add_baseline(e, e->placed[i].datum_index);
    if (gw_study_baseline_days(e->in->study) > 0 && !e->failed)
        find_latest(e);
}

const struct datum *engine_baseline(const struct engine *e, const char *concept)
{
    for (size_t i = 0; i < e->baseline_count; i++) {
        const struct datum *datum = &e->data[e->baselines[i]];

        if (strcmp(datum->code.lab->concept, concept) == 0)
            return datum;
    }
    return NULL;
}

static const char *range_item(enum gw_range_verdict verdict)
{
    return verdict == GW_RANGE_TEXT_ONLY   ? "RANGE_TEXT_ONLY"
           : verdict == GW_RANGE_AMBIGUOUS ? "RANGE_AMBIGUOUS"
                                           : "RANGE_MISSING";
}

/* The range a person named stands where the laboratory's would. */
static void decide_range(struct engine *e, struct datum *datum)
{
    const char *item = range_item(datum->value->limits.verdict);
    const struct item_about about = engine_about_datum(datum, item);
    const struct gw_decision *decision = decided_item(e, GW_DECIDE_RANGE, item, &about);
    struct gw_observed observed = *datum->observed;
    struct gw_reference_range range = {.text = NULL};

    if (!decision)
        return;
    range.low = (struct gw_quantity){
        .value = decision->set[GW_SET_LOW], .system = GW_SYSTEM_UCUM, .code = decision->set[GW_SET_UNIT]};
    range.high = (struct gw_quantity){
        .value = decision->set[GW_SET_HIGH], .system = GW_SYSTEM_UCUM, .code = decision->set[GW_SET_UNIT]};
    observed.ranges = &range;
    observed.range_count = 1;
    if (gw_limits_read(e->arena, e->in->tables, e->in->site, datum->code.lab, &observed, &datum->value->measure, NULL,
                       -1, &engine_appraise(e, datum)->limits, e->err) != GW_OK)
        e->failed = true;
    engine_appraise(e, datum)->limits.from_site = true;
    datum->decisions = decided_rule(e, datum->decisions, decision);
}

static void read_limits(struct engine *e, struct datum *datum)
{
    const char *sex = e->person ? e->person->patient.gender : NULL;

    if (gw_limits_read(e->arena, e->in->tables, e->in->site, datum->code.lab, datum->observed, &datum->value->measure,
                       sex, engine_age(e, datum->when.first), &engine_appraise(e, datum)->limits, e->err) != GW_OK)
        e->failed = true;
    else if (datum->value->limits.verdict != GW_RANGE_FOUND)
        decide_range(e, datum);
}

static void grade_direction(struct engine *e, struct datum *datum, enum gw_direction direction, struct gw_grade *out)
{
    struct gw_baseline baseline = {0};
    const struct datum *b = engine_baseline(e, datum->code.lab->concept);

    if (b) {
        baseline.known = true;
        baseline.value = b->value->measure.canonical;
        baseline.limits = b->value->limits;
    }
    if (gw_grade_value(e->arena, e->in->tables, datum->code.lab, &datum->value->measure, &datum->value->limits,
                       &baseline, direction, out, e->err) != GW_OK)
        e->failed = true;
}

/* A person may switch the grading of a concept off: "CTCAE 5.0:ANC". */
static bool grading_off(const struct engine *e, const struct datum *datum)
{
    char rule[120];

    if (e->decided_count == 0)
        return false;
    snprintf(rule, sizeof rule, "%s:%s", e->in->study->grade_scale, datum->code.lab->concept);
    return decided_rule_off(e, rule);
}

static void grade(struct engine *e, struct datum *datum)
{
    struct appraisal *value = engine_appraise(e, datum);

    grade_direction(e, datum, GW_LOW, &value->low);
    grade_direction(e, datum, GW_HIGH, &value->high);
    value->grade = gw_grade_worse(&value->low, &value->high);
    datum->graded = value->low.applies || value->high.applies;
}

/* A comparator leaves the grade open in one direction: a person gave it. */
static void decide_grade(struct engine *e, struct datum *datum)
{
    const struct item_about about = engine_about_datum(datum, "COMPARATOR_AMBIGUOUS");
    struct appraisal *value = engine_appraise(e, datum);
    struct gw_grade *open = value->low.comparator_ambiguous ? &value->low : &value->high;
    const struct gw_decision *decision =
        open->comparator_ambiguous ? decided_item(e, GW_DECIDE_GRADE, "COMPARATOR_AMBIGUOUS", &about) : NULL;

    if (!decision)
        return;
    value->low.comparator_ambiguous = value->high.comparator_ambiguous = false;
    open->graded = true;
    open->row = NULL;
    open->flag = GW_GRADE_EXACT;
    open->grade = atoi(decision->set[GW_SET_GRADE]);
    value->grade = gw_grade_worse(&value->low, &value->high);
    value->graded_by = decision;
    datum->decisions = decided_rule(e, datum->decisions, decision);
}

static void raise_grading(struct engine *e, struct datum *datum)
{
    if (datum->value->low.comparator_ambiguous || datum->value->high.comparator_ambiguous)
        engine_raise_datum(e, datum, "COMPARATOR_AMBIGUOUS", "the grade depends on where beyond the limit it lies");
    if (datum->value->low.range_wanted || datum->value->high.range_wanted)
        engine_raise_datum(e, datum, range_item(datum->value->limits.verdict), "the grade needs a reference limit");
    if (gw_limits_contradict(e->arena, datum->observed, &datum->value->measure, &datum->value->limits))
        engine_raise_datum(e, datum, "INTERPRETATION_CONFLICT", "the laboratory's flag contradicts its own range");
}

static bool wanted(const struct datum *datum)
{
    return datum->measured && datum_is_used(datum);
}

void stage_grade(struct engine *e)
{
    find_baselines(e);
    for (size_t i = 0; i < e->data_count && !e->failed; i++)
        if (wanted(&e->data[i]))
            read_limits(e, &e->data[i]);
    for (size_t i = 0; i < e->data_count && !e->failed; i++) {
        if (!wanted(&e->data[i]) || !e->data[i].value->measure.value_num || e->data[i].provisional ||
            grading_off(e, &e->data[i]))
            continue;
        grade(e, &e->data[i]);
        decide_grade(e, &e->data[i]);
        if (e->data[i].placed_count > 0)
            raise_grading(e, &e->data[i]);
    }
    flag_worst(e);
}
