/*
 * The stage that derives parameters, and the table of those there are. Source: mappings/RULES.md 13.
 */
#include "study/parameters.h"

#include <stdlib.h>
#include <string.h>

#include "study/decided.h"
#include "study/exposure.h"
#include "study/sheet.h"

/* The NULL at the end keeps the table a table while it is empty. */
static const struct gw_parameter known[] = {
#define PARAMETER(name, inputs) {name, inputs},
#define FAMILY(function)
#include "study/parameters.def"
#undef PARAMETER
#undef FAMILY
    {NULL, NULL},
};

size_t gw_parameters(const struct gw_parameter **list)
{
    *list = known;
    return sizeof known / sizeof *known - 1;
}

const struct gw_parameter *gw_parameter_find(const char *name)
{
    for (size_t i = 0; known[i].name; i++)
        if (strcmp(known[i].name, name) == 0)
            return &known[i];
    return NULL;
}

bool parameter_on(const struct engine *e, const char *name)
{
    return gw_is_among(e->in->study->derived, e->in->study->derived_count, name);
}

/* ---- inputs ---- */

void inputs_add_row(struct engine *e, struct inputs *inputs, const char *row_id)
{
    const char **slot;

    for (size_t i = 0; i < inputs->row_count; i++)
        if (strcmp(inputs->rows[i], row_id) == 0)
            return;
    slot = GW_ARENA_PUSH(e->arena, inputs->rows, inputs->row_count, inputs->row_capacity);
    if (slot)
        *slot = row_id;
    else
        e->failed = true;
}

void inputs_add_part(struct engine *e, struct inputs *inputs, size_t fact, int part)
{
    struct input_part *slot;

    for (size_t i = 0; i < inputs->part_count; i++)
        if (inputs->parts[i].fact == fact && inputs->parts[i].part == part)
            return;
    slot = GW_ARENA_PUSH(e->arena, inputs->parts, inputs->part_count, inputs->part_capacity);
    if (slot)
        *slot = (struct input_part){fact, part};
    else
        e->failed = true;
}

/* "o7f3...@T30-03" is a row of the datum; of several windows the smallest id, which no order of facts changes. */
static const char *row_of_datum(struct engine *e, const struct datum *datum, const struct gw_window *window)
{
    const struct part *part = engine_part(e, datum->fact, datum->part);
    const size_t length = datum->obs_id ? strlen(datum->obs_id) : 0;
    const char *found = NULL;

    for (size_t i = 0; length > 0 && i < part->row_count; i++) {
        const char *id = part->rows[i];

        if (strncmp(id, datum->obs_id, length) == 0 && /* ids are of one length */
            (!window || strcmp(id + length + 1, window->id) == 0) && (!found || strcmp(id, found) < 0))
            found = id;
    }
    return found;
}

void inputs_add_datum(struct engine *e, struct inputs *inputs, const struct datum *datum,
                      const struct gw_window *window)
{
    const char *row_id = row_of_datum(e, datum, window);

    inputs_add_part(e, inputs, datum->fact, datum->part);
    if (row_id)
        inputs_add_row(e, inputs, row_id);
}

void inputs_add_all(struct engine *e, struct inputs *inputs, const struct inputs *other)
{
    for (size_t i = 0; i < other->row_count; i++)
        inputs_add_row(e, inputs, other->rows[i]);
    for (size_t i = 0; i < other->part_count; i++)
        inputs_add_part(e, inputs, other->parts[i].fact, other->parts[i].part);
}

void inputs_add_exposure(struct engine *e, struct inputs *inputs, const struct exposure *exposure)
{
    if (exposure->row_id)
        inputs_add_row(e, inputs, exposure->row_id);
    for (size_t i = 0; i < exposure->fact_count; i++)
        inputs_add_part(e, inputs, exposure->facts[i], 0);
}

void inputs_add_parameter(struct engine *e, struct inputs *inputs, const char *name)
{
    const struct parameter *from = parameter_find(e, name);

    if (from)
        inputs_add_all(e, inputs, &from->inputs);
}

/* ---- rows ---- */

static const char *row_id_of(struct engine *e, const struct parameter *p)
{
    const char *const parts[] = {e->in->roster->subject, p->name, p->window_id, p->of};

    return gw_arena_join(e->arena, '|', parts, p->of ? 4 : p->window_id ? 3 : 2);
}

/* Once for each resource, however many of its components were used. */
static void cite(struct engine *e, const struct parameter *p, const char *row_id)
{
    const char *const rules = decided_rule(e, p->rule, p->decision);

    for (size_t i = 0; i < p->inputs.part_count && !e->failed; i++) {
        const size_t fact = p->inputs.parts[i].fact;
        bool told = false;

        for (size_t k = 0; k < i; k++)
            told |= p->inputs.parts[k].fact == fact;
        if (!told)
            engine_provenance(e, "derived", row_id, fact, "input", rules, NULL);
        engine_part(e, fact, p->inputs.parts[i].part)->cited = true;
    }
    if (p->inputs.part_count == 0) /* from other rows alone, or from nothing: that is why it cannot be assessed */
        engine_provenance_of_rules(e, "derived", row_id, "input", rules);
}

static void emit(struct engine *e, const struct parameter *p)
{
    const char *id = row_id_of(e, p);
    struct gw_row_derived *row = (struct gw_row_derived *)engine_row(e, GW_TABLE_derived, id, "active");

    if (!row)
        return;
    row->param = p->name;
    row->window_id = p->window_id;
    row->rule_id = p->rule;
    row->state = p->reason ? "not_assessable" : p->unconfirmed ? "unconfirmed" : "derived";
    row->reason = p->reason;
    row->date = engine_date(e, p->date);
    row->value = p->reason ? NULL : p->value;
    row->text = p->reason ? NULL : p->text;
    row->inputs = p->inputs.row_count ? engine_join(e, p->inputs.rows, p->inputs.row_count) : NULL;
    cite(e, p, id);
}

/* Lists of its own: parameters of one family begin with the same inputs and go on differently. */
static bool own_inputs(struct engine *e, struct inputs *inputs)
{
    const struct inputs shared = *inputs;

    *inputs = (struct inputs){.row_count = 0};
    inputs_add_all(e, inputs, &shared);
    return !e->failed;
}

void parameter_add(struct engine *e, const struct parameter *parameter)
{
    struct parameter *slot = GW_ARENA_PUSH(e->arena, e->parameters, e->parameter_count, e->parameter_capacity);

    if (!slot) {
        e->failed = true;
        return;
    }
    *slot = *parameter;
    if (!own_inputs(e, &slot->inputs))
        return;
    if (parameter_on(e, parameter->name))
        emit(e, slot);
}

const struct parameter *parameter_find(const struct engine *e, const char *name)
{
    for (size_t i = 0; i < e->parameter_count; i++)
        if (strcmp(e->parameters[i].name, name) == 0)
            return &e->parameters[i];
    return NULL;
}

const char *parameter_summary(const struct parameter *parameter)
{
    return parameter->reason ? "NOT_ASSESSABLE" : parameter->text;
}

/* ---- the stage ---- */

/* Asked for, or an input of one that is: inputs stand above what is made from them. */
static void find_wanted(const struct engine *e, bool wanted[])
{
    for (size_t i = sizeof known / sizeof *known - 1; i-- > 0;) {
        wanted[i] |= parameter_on(e, known[i].name);
        for (size_t k = 0; wanted[i] && k < i; k++)
            wanted[k] |= sheet_list_has(known[i].inputs, ';', known[k].name);
    }
}

void stage_parameters(struct engine *e)
{
    static void (*const steps[])(struct engine *) = {
#define PARAMETER(name, inputs) NULL,
#define FAMILY(function)        function,
#include "study/parameters.def"
#undef PARAMETER
#undef FAMILY
        NULL,
    };
    const size_t count = sizeof steps / sizeof *steps - 1;
    bool wanted[sizeof known / sizeof *known] = {false};
    bool family = false;
    size_t parameter = 0;

    if (e->anchors.d1 == GW_NO_DAY || e->in->study->derived_count == 0)
        return;
    find_wanted(e, wanted);
    for (size_t i = 0; i < count && !e->failed; i++) {
        if (!steps[i]) {
            family |= wanted[parameter++];
            continue;
        }
        if (family)
            steps[i](e);
        family = false;
    }
}
