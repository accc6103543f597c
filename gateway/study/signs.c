/*
 * Signs of an event in results and procedures: a positive culture or test, a transfusion. Each is supporting evidence;
 * a positive blood culture with an intravenous antiinfective near it is certain.
 *
 * Source: mappings/RULES.md 12.
 */
#include <stdlib.h>
#include <string.h>

#include "study/episode.h"
#include "study/exposure.h"
#include "study/order.h"
#include "study/timeline.h"

/* ---- runs ---- */

struct sign { /* a result or a procedure */
    gw_day day;
    size_t index; /* of the datum or the fact */
    const char *key;
    enum gw_answer answer;
    const struct exposure *with; /* the drug that makes it certain; NULL: none */
};

struct signs {
    struct sign *list;
    size_t count, capacity;
};

static void note(struct engine *e, struct signs *signs, struct sign sign)
{
    struct sign *slot = GW_ARENA_PUSH(e->arena, signs->list, signs->count, signs->capacity);

    e->failed |= !slot;
    if (slot)
        *slot = sign;
}

static int by_kind_then_day(const void *x, const void *y)
{
    const struct sign *a = x, *b = y;

    if (a->answer != b->answer)
        return ORDER(a->answer, b->answer);
    if (!a->with != !b->with)
        return ORDER(!a->with, !b->with);
    if (a->day != b->day)
        return ORDER(a->day, b->day);
    return strcmp(a->key, b->key);
}

static void sort(struct signs *signs)
{
    if (signs->count > 1)
        qsort(signs->list, signs->count, sizeof *signs->list, by_kind_then_day);
}

/* The sign goes on with what the one before it began. */
static bool follows(const struct engine *e, const struct sign *sign)
{
    return sign->day - sign[-1].day <= e->in->study->condition_merge_days && sign->answer == sign[-1].answer &&
           !sign->with == !sign[-1].with;
}

/* ---- cultures and tests ---- */

static bool is_result(const struct datum *datum)
{
    return datum_tells(datum) && datum->value->measure.value_text;
}

/* An interpretation that names a side goes before the answer itself. */
static enum gw_answer answer_of(const struct engine *e, const struct datum *datum)
{
    for (size_t i = 0; i < datum->observed->interpretation_count; i++) {
        const enum gw_answer answer = gw_rules_answer(e->in->rules, &datum->observed->interpretations[i]);

        if (answer != GW_ANSWER_POSITIVE)
            return answer;
    }
    return gw_rules_answer(e->in->rules, &datum->observed->concept);
}

/* The intravenous use of a drug of a role nearest before or within the days; NULL: none. */
static const struct exposure *given_near(const struct engine *e, const char *role, gw_day day, int days)
{
    for (size_t i = 0; i < e->exposure_count; i++) {
        const struct exposure *x = &e->exposures[i];

        if (x->drug && strcmp(x->drug->role, role) == 0 && gw_same(x->route, "INTRAVENOUS") && x->fact_count > 0 &&
            x->first <= day + days && x->last >= day - days)
            return x;
    }
    return NULL;
}

static void cite_result(struct engine *e, struct episode *episode, const struct datum *datum)
{
    struct episode_evidence evidence =
        evidence_of_datum(datum, "lab", datum->when.first == episode->onset ? "onset" : "supporting");

    evidence.rules = engine_rules(e, (const char *[]){"signs", datum->code.rule}, 2);
    episode_cite(e, episode, evidence);
}

static void cite_drug(struct engine *e, struct episode *episode, const struct exposure *drug)
{
    episode->treated = true;
    episode->end = GW_NO_DAY;
    episode_cite(e, episode,
                 (struct episode_evidence){.fact = drug->facts[0],
                                           .kind = "drug",
                                           .concept = drug->substance,
                                           .role = "supporting",
                                           .day = drug->first > episode->onset ? drug->first : episode->onset,
                                           .grade = e->in->study->events.infection.iv_grade,
                                           .rules = "signs"});
}

static struct candidate *begin_result(struct engine *e, struct episodes *episodes, const struct gw_ae_evidence *row,
                                      const struct sign *sign)
{
    struct candidate *candidate = candidate_add(e, episodes, row->category, sign->day,
                                                sign->answer == GW_ANSWER_CONTAMINANT
                                                    ? "a positive result that may be contamination: a person decides"
                                                    : "a positive result alone: a person decides");

    if (!candidate)
        return NULL;
    candidate->coding = e->data[sign->index].code.source;
    candidate->episode.subcategory = row->subcategory;
    candidate->episode.term = row->term;
    return candidate;
}

static void take_results(struct engine *e, struct episodes *episodes, const struct gw_ae_evidence *row,
                         struct signs *signs)
{
    struct candidate *run = NULL;

    sort(signs);
    for (size_t i = 0; i < signs->count && !e->failed; i++) {
        const struct sign *sign = &signs->list[i];
        const bool goes_on = run && follows(e, sign);

        if (!goes_on && !(run = begin_result(e, episodes, row, sign)))
            return;
        if (goes_on && run->episode.end != GW_NO_DAY)
            run->episode.end = sign->day;
        cite_result(e, &run->episode, &e->data[sign->index]);
        if (sign->with && !goes_on) {
            run->certain = true;
            cite_drug(e, &run->episode, sign->with);
        }
    }
}

static void find_results(struct engine *e, struct episodes *episodes, const struct gw_ae_evidence *row)
{
    const struct values values = engine_values(e, row->key);
    struct signs signs = {.count = 0};

    for (size_t i = 0; i < values.count && !e->failed; i++) {
        const struct datum *datum = values.list[i];
        struct sign sign = {.day = datum->when.first, .index = datum->index, .key = e->versions[datum->fact].key};

        if (!is_result(datum) || datum->when.first < e->anchors.d1 ||
            (sign.answer = answer_of(e, datum)) == GW_ANSWER_NEGATIVE)
            continue;
        if (row->with && sign.answer == GW_ANSWER_POSITIVE)
            sign.with = given_near(e, row->with, sign.day, row->days);
        note(e, &signs, sign);
    }
    take_results(e, episodes, row, &signs);
}

/* ---- procedures ---- */

/* The day of a procedure that was done, in the event period; GW_NO_DAY: none. */
static gw_day done_on(const struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const struct gw_effective *performed = &fact->procedure.performed;
    const char *text = performed->kind == GW_EFFECTIVE_PERIOD ? performed->period.start : performed->date;
    struct gw_when when;

    if (!e->versions[index].current || fact->standing != GW_ACCEPTED || fact->modifier_extension ||
        !moment_read_day(e, text, &when) || when.first <= e->anchors.d1 || when.first > episode_known_until(e))
        return GW_NO_DAY;
    return when.first;
}

static struct candidate *begin_procedure(struct engine *e, struct episodes *episodes, const struct gw_ae_evidence *row,
                                         const struct sign *sign)
{
    const struct gw_concept *code = &e->in->facts[sign->index].procedure.code;
    struct candidate *candidate =
        candidate_add(e, episodes, row->category, sign->day, "a procedure against it alone: a person decides");

    if (!candidate)
        return NULL;
    candidate->coding = &code->codings[0]; /* one of them is of a row */
    candidate->episode.subcategory = row->subcategory;
    candidate->episode.term = row->term;
    candidate->episode.treated = true;
    return candidate;
}

static void take_procedures(struct engine *e, struct episodes *episodes, const struct gw_ae_evidence *row,
                            struct signs *signs)
{
    struct candidate *run = NULL;

    sort(signs);
    for (size_t i = 0; i < signs->count; i++) {
        const struct sign *sign = &signs->list[i];

        if (!(run && follows(e, sign)) && !(run = begin_procedure(e, episodes, row, sign)))
            return;
        run->episode.end = sign->day;
        episode_cite(e, &run->episode,
                     (struct episode_evidence){.fact = sign->index,
                                               .kind = "procedure",
                                               .concept = row->key,
                                               .role = sign->day == run->episode.onset ? "onset" : "supporting",
                                               .day = sign->day,
                                               .grade = -1,
                                               .rules = "signs"});
    }
}

static void find_procedures(struct engine *e, struct episodes *episodes, const struct gw_ae_evidence *row)
{
    struct signs signs = {.count = 0};

    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++) {
        const struct gw_fact *fact = &e->in->facts[i];
        const struct gw_procedure_row *kind =
            fact->type == GW_PROCEDURE ? gw_tables_procedure_of(e->in->tables, &fact->procedure.code) : NULL;
        const gw_day day = kind && kind->verified && strcmp(gw_procedure_kind_name(kind->kind), row->key) == 0
                               ? done_on(e, i)
                               : GW_NO_DAY;

        if (day != GW_NO_DAY)
            note(e, &signs, (struct sign){.day = day, .index = i, .key = e->versions[i].key});
    }
    take_procedures(e, episodes, row, &signs);
}

void result_signs(struct engine *e, struct episodes *episodes)
{
    for (size_t i = 0; i < e->in->rules->evidence_count && !e->failed; i++) {
        const struct gw_ae_evidence *row = &e->in->rules->evidence[i];

        if (!engine_category_on(e, row->category))
            continue;
        if (row->kind == GW_AE_OBSERVATION)
            find_results(e, episodes, row);
        else if (row->kind == GW_AE_PROCEDURE)
            find_procedures(e, episodes, row);
    }
}
