/*
 * Frailty on day 1 by two scores that are never mixed: that of the IMWG (age, Charlson, activities of daily living) and
 * the simplified one (age, Charlson, ECOG), which stands in where the activities are not known.
 *
 * Scores, cut-offs and groups are the study's. Source: mappings/RULES.md 13; Palumbo 2015, Facon 2020.
 */
#include <stdlib.h>
#include <string.h>

#include "study/age.h"
#include "study/bound.h"
#include "study/forms.h"

#define MOST_PARTS 4

struct part_score {
    const char *part; /* as the steps name it */
    int value;
};

struct frailty { /* one score in the making */
    const struct gw_score *score;
    struct parameter parameter;
    struct part_score parts[MOST_PARTS];
    size_t count;
};

/* ---- scores ---- */

static int points_of(const struct gw_score *score, const char *part, int value)
{
    int points = 0;

    for (size_t i = 0; i < score->steps.count; i++) {
        const struct gw_score_step *step = &score->steps.items[i];

        if (strcmp(step->part, part) == 0 && step->from <= value && value <= step->to)
            points += step->score;
    }
    return points;
}

static const char *group_of(const struct gw_score *score, int points)
{
    for (size_t i = 0; i < score->groups.count; i++)
        if (score->groups.items[i].from <= points && points <= score->groups.items[i].to)
            return score->groups.items[i].group;
    return NULL;
}

/* ---- parts ---- */

static void take(struct frailty *frailty, const char *part, int value)
{
    frailty->parts[frailty->count++] = (struct part_score){part, value};
}

static void take_age(struct engine *e, struct frailty *frailty)
{
    struct parameter *parameter = &frailty->parameter;
    struct age age;

    if (!age_on(e, e->anchors.d1, &age)) {
        parameter->reason = "NO_BIRTH_DATE";
        return;
    }
    inputs_add_part(e, &parameter->inputs, e->person_index, 0);
    parameter->decision = age.decision;
    if (points_of(frailty->score, "AGE", age.low) != points_of(frailty->score, "AGE", age.high)) {
        parameter->reason = "AGE_AMBIGUOUS";
        age_ask(e);
    }
    take(frailty, "AGE", age.low);
}

static void take_charlson(struct engine *e, struct frailty *frailty)
{
    const struct parameter *charlson = parameter_find(e, "CHARLSON");

    inputs_add_parameter(e, &frailty->parameter.inputs, "CHARLSON");
    if (!charlson || charlson->reason) {
        frailty->parameter.reason = charlson ? charlson->reason : "NO_CHARLSON";
        return;
    }
    frailty->parameter.unconfirmed = charlson->unconfirmed;
    take(frailty, "CHARLSON", atoi(charlson->value));
}

static bool is_whole(const char *number)
{
    return *number && number[strspn(number, "0123456789")] == '\0';
}

static bool is_score(const struct datum *datum)
{
    return bound_exact(datum) && is_whole(datum->value->measure.value_num);
}

/* A result of the baseline window. */
static void take_ecog(struct engine *e, struct frailty *frailty)
{
    const struct datum *datum = engine_baseline(e, "ECOG");

    if (!datum || !is_score(datum)) {
        frailty->parameter.reason = "NO_ECOG";
        return;
    }
    inputs_add_datum(e, &frailty->parameter.inputs, datum, NULL);
    take(frailty, "ECOG", atoi(datum->value->measure.value_num));
}

/* The score of a questionnaire of the baseline window. */
static void take_activities(struct engine *e, struct frailty *frailty, const char *scale)
{
    const struct gw_window *baseline = gw_windows_baseline(&e->windows);
    const struct form *form = baseline ? form_in_window(e, baseline, scale) : NULL;
    const char *value = form ? gw_ratio_print(e->arena, &form_score(form, scale)->value) : "";

    e->failed |= !value;
    if (!value || !is_whole(value)) {
        frailty->parameter.reason = "NO_ADL_IADL";
        return;
    }
    inputs_add_form(e, &frailty->parameter.inputs, form);
    take(frailty, scale, atoi(value));
}

/* ---- the family ---- */

static void add_up(struct engine *e, struct frailty *frailty, int *points)
{
    struct parameter *parameter = &frailty->parameter;

    *points = 0;
    for (size_t i = 0; i < frailty->count; i++)
        *points += points_of(frailty->score, frailty->parts[i].part, frailty->parts[i].value);
    if (parameter->reason)
        return;
    parameter->value = gw_arena_print(e->arena, "%d", *points);
    parameter->text = group_of(frailty->score, *points);
    e->failed |= !parameter->value;
}

/* The better score that there is: its group, its name and its points stand together. */
static void summarise(struct engine *e, const struct frailty *frailty, const char *method, int points)
{
    struct gw_row_subjects *row = e->subject_row;

    if (row->frailty_method)
        return;
    row->frailty_group = parameter_summary(&frailty->parameter);
    if (frailty->parameter.reason)
        return;
    row->frailty_method = method;
    row->frailty_score = points;
}

static void derive_score(struct engine *e, struct frailty *frailty, const char *method)
{
    int points;

    take_age(e, frailty);
    if (!frailty->parameter.reason)
        take_charlson(e, frailty);
    if (frailty->score == &e->in->study->frailty.simplified) {
        if (!frailty->parameter.reason)
            take_ecog(e, frailty);
    } else {
        if (!frailty->parameter.reason)
            take_activities(e, frailty, "ADL");
        if (!frailty->parameter.reason)
            take_activities(e, frailty, "IADL");
    }
    add_up(e, frailty, &points);
    if (e->failed)
        return;
    parameter_add(e, &frailty->parameter);
    summarise(e, frailty, method, points);
}

static void note_ecog(struct engine *e)
{
    const struct datum *ecog = engine_baseline(e, "ECOG");

    if (ecog && is_score(ecog))
        e->subject_row->ecog = atoi(ecog->value->measure.value_num);
}

void derive_frailty(struct engine *e)
{
    const struct gw_frailty_rules *rules = &e->in->study->frailty;
    struct frailty imwg = {.score = &rules->imwg, .parameter = {.name = "FRAILIMW", .rule = "frailty-imwg"}};
    struct frailty simple = {.score = &rules->simplified,
                             .parameter = {.name = "FRAILSIM", .rule = "frailty-simplified"}};

    imwg.parameter.date = simple.parameter.date = e->anchors.d1;
    if (rules->on && rules->imwg.on)
        derive_score(e, &imwg, "IMWG");
    if (rules->on && rules->simplified.on && !e->failed)
        derive_score(e, &simple, "SIMPLIFIED");
    note_ecog(e);
}
