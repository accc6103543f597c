/*
 * How many lines of treatment the subject had before day 1, as far as drug records tell.
 *
 * Drugs that began together and a long time without any of them make a line that records show clearly. Drugs that came
 * one after the other may be one plan or two lines: then nothing is told. What another hospital gave, a transplant
 * alone and earlier courses of the study's own drugs are not seen, so a person confirms every number. Source:
 * mappings/RULES.md 13.
 */
#include <stdlib.h>
#include <string.h>

#include "study/exposure.h"
#include "study/order.h"
#include "study/parameters.h"

struct history {
    const struct exposure **list; /* by their first day */
    size_t count;
    size_t lines;
    bool unclear;
};

static bool is_earlier_treatment(const struct engine *e, const struct exposure *exposure)
{
    return exposure->drug && strcmp(exposure->drug->role, "PRIOR_OR_NEXT_MM") == 0 &&
           exposure->rank != GW_RANK_REQUEST && exposure->first < e->anchors.d1;
}

static int by_first_day(const void *x, const void *y)
{
    const struct exposure *a = *(const struct exposure *const *)x, *b = *(const struct exposure *const *)y;

    return order_then(ORDER(a->first, b->first), strcmp(a->substance, b->substance));
}

static void gather(struct engine *e, struct history *out)
{
    *out = (struct history){.list = gw_arena_alloc(e->arena, (e->exposure_count + 1) * sizeof *out->list)};
    e->failed |= !out->list;
    for (size_t i = 0; i < e->exposure_count && !e->failed; i++)
        if (is_earlier_treatment(e, &e->exposures[i]))
            out->list[out->count++] = &e->exposures[i];
    if (out->count > 1)
        qsort(out->list, out->count, sizeof *out->list, by_first_day);
}

/* The drug was there when the line began. */
static bool is_of_line(const struct history *history, size_t begin, size_t i, int together_days)
{
    for (size_t k = begin; k < i; k++)
        if (history->list[k]->first - history->list[begin]->first <= together_days &&
            strcmp(history->list[k]->substance, history->list[i]->substance) == 0)
            return true;
    return history->list[i]->first - history->list[begin]->first <= together_days;
}

/* A drug given again within the gap goes on with its line; another one that joins later makes it unclear. */
static void count_lines(const struct engine *e, struct history *history)
{
    const struct gw_prior_lines_rules *rules = &e->in->study->prior_lines;
    gw_day last = GW_NO_DAY;
    size_t begin = 0;

    for (size_t i = 0; i < history->count; i++) {
        const struct exposure *x = history->list[i];

        if (i == 0 || x->first - last > rules->gap_days) {
            begin = i;
            last = x->last;
            history->lines++;
        }
        history->unclear |= !is_of_line(history, begin, i, rules->together_days);
        last = x->last > last ? x->last : last;
    }
}

/* "bortezomib;melphalan", each once, in the order in which they were first given. */
static const char *names_of(struct engine *e, const struct history *history)
{
    const char **names = gw_arena_alloc(e->arena, (history->count + 1) * sizeof *names);
    const char *joined;
    size_t kept = 0;

    for (size_t i = 0; names && i < history->count; i++) {
        bool told = false;

        for (size_t k = 0; k < kept; k++)
            told |= strcmp(names[k], history->list[i]->substance) == 0;
        if (!told)
            names[kept++] = history->list[i]->substance;
    }
    joined = names && kept > 0 ? gw_arena_join(e->arena, ';', names, kept) : NULL;
    e->failed |= kept > 0 ? !joined : !names;
    return joined;
}

void derive_prior_lines(struct engine *e)
{
    struct parameter parameter = {.name = "PRIORLIN", .rule = "prior-lines", .unconfirmed = true};
    struct history history;

    if (!e->in->study->prior_lines.on)
        return;
    gather(e, &history);
    if (e->failed)
        return;
    count_lines(e, &history);
    parameter.date = e->anchors.d1;
    parameter.reason = history.count == 0 ? "NO_PRIOR_DRUGS" : history.unclear ? "LINES_UNCLEAR" : NULL;
    parameter.value = gw_arena_print(e->arena, "%zu", history.lines);
    parameter.text = names_of(e, &history);
    for (size_t i = 0; i < history.count; i++)
        inputs_add_exposure(e, &parameter.inputs, history.list[i]);
    e->failed |= !parameter.value;
    if (e->failed)
        return;
    parameter_add(e, &parameter);
    if (!parameter.reason)
        e->subject_row->prior_lines = (int32_t)history.lines;
}
