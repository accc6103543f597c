/*
 * Scores of the EORTC questionnaires in each window, and whether they changed since baseline.
 *
 * Of a function or the global rating more is better, of a symptom less. A change counts when it is more than
 * change_points. Source: mappings/RULES.md 13.
 */
#include <string.h>

#include "study/forms.h"

struct reading {
    const struct gw_scale *scale;
    const struct form *form;
    const struct form_score *score;
};

/* True: a exceeds b by more than the points that count. */
static bool exceeds(struct engine *e, const struct gw_ratio *a, const struct gw_ratio *b)
{
    const struct gw_ratio points = gw_ratio_of(e->in->study->questionnaires.change_points);
    struct gw_ratio bound = *b;

    e->failed |= !gw_ratio_add(e->arena, b, &points, &bound);
    return gw_ratio_compare(e->arena, a, &bound) > 0;
}

/* NULL: nothing to compare with. */
static const char *change_since(struct engine *e, const struct reading *now, const struct form *baseline)
{
    const struct form_score *then = baseline ? form_score(baseline, now->scale->name) : NULL;
    const bool more_is_better = now->scale->kind != GW_SCALE_SYMPTOM;

    if (!then || baseline == now->form)
        return NULL;
    if (exceeds(e, &now->score->value, &then->value))
        return more_is_better ? "IMPROVED" : "WORSENED";
    if (exceeds(e, &then->value, &now->score->value))
        return more_is_better ? "WORSENED" : "IMPROVED";
    return "UNCHANGED";
}

static void add(struct engine *e, const struct reading *now, const struct gw_window *window,
                const struct form *baseline)
{
    struct parameter p = {.name = now->scale->name,
                          .value = gw_ratio_print(e->arena, &now->score->value),
                          .text = change_since(e, now, baseline),
                          .date = now->form->when.first,
                          .window_id = window->id,
                          .rule = "quality-of-life"};

    e->failed |= !p.value;
    inputs_add_form(e, &p.inputs, now->form);
    if (p.text)
        inputs_add_form(e, &p.inputs, baseline);
    parameter_add(e, &p);
}

static void derive_scale(struct engine *e, const struct gw_scale *scale)
{
    const struct gw_window *first = gw_windows_baseline(&e->windows);
    const struct form *baseline = first ? form_in_window(e, first, scale->name) : NULL;

    for (size_t i = 0; i < e->windows.count && !e->failed; i++) {
        const struct gw_window *window = &e->windows.list[i];
        const struct form *form = form_in_window(e, window, scale->name);
        const struct reading now = {scale, form, form ? form_score(form, scale->name) : NULL};

        if (form)
            add(e, &now, window, baseline);
    }
}

void derive_quality_of_life(struct engine *e)
{
    for (size_t i = 0; i < e->in->rules->scale_count && !e->failed; i++) {
        const struct gw_scale *scale = &e->in->rules->scales[i];

        if (gw_parameter_find(scale->name) && parameter_on(e, scale->name))
            derive_scale(e, scale);
    }
}
