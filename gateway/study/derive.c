/*
 * derive(): the written list of stages. No stage runs twice; each reads only what earlier ones returned.
 */
#include <assert.h>

#include "study/engine.h"

struct part *engine_part(struct engine *e, size_t fact, int part)
{
    assert(fact < e->in->fact_count && part >= 0 && (size_t)part < e->in->facts[fact].part_count);
    return &e->parts[e->first_part[fact] + (size_t)part];
}

void engine_end_part(struct engine *e, struct part *part, enum gw_state state, const char *reason)
{
    (void)e;
    if (part->final)
        return;
    part->final = true;
    part->state = state;
    part->reason = reason;
}

void engine_end_fact(struct engine *e, size_t fact, enum gw_state state, const char *reason)
{
    for (size_t p = 0; p < e->in->facts[fact].part_count; p++)
        engine_end_part(e, engine_part(e, fact, (int)p), state, reason);
}

void engine_next_day(struct engine *e, gw_day day)
{
    if (day > e->in->horizon && (e->next_day == GW_NO_DAY || day < e->next_day))
        e->next_day = day;
}

/* In the arena, with the input: what compares the answer with an earlier one goes on with it. */
static struct engine *engine_new(struct gw_arena *arena, const struct gw_subject_input *input)
{
    struct engine *e = gw_arena_alloc(arena, sizeof *e);
    struct gw_subject_input *kept = gw_arena_alloc(arena, sizeof *kept);

    if (!e || !kept)
        return NULL;
    *kept = *input;
    *e = (struct engine){.arena = arena, .in = kept, .next_day = GW_NO_DAY};
    return e;
}

enum gw_status engine_out_of_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, "study.derive",
                   "the derivation of one subject needs more memory than allowed: raise the limit");
}

enum gw_status gw_derive(struct gw_arena *arena, const struct gw_subject_input *input, struct gw_derived *out,
                         struct gw_error *err)
{
    static void (*const stages[])(struct engine *) = {
        stage_decide, stage_current, stage_diagnoses,  stage_uses,     stage_anchors, stage_windows,
        stage_place,  stage_forms,   stage_duplicates, stage_measure,  stage_compose, stage_index,
        stage_flag,   stage_grade,   stage_emit,       stage_exposure, stage_events,  stage_parameters,
    };
    struct engine *e = engine_new(arena, input);

    *out = (struct gw_derived){.engine = e, .next_day = GW_NO_DAY};
    if (!e)
        return engine_out_of_memory(err);
    e->err = err;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0] && !e->failed; i++)
        stages[i](e);
    if (!e->failed)
        stage_settle(e, out);
    return e->failed ? engine_out_of_memory(err) : GW_OK;
}
