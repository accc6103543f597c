/*
 * Rows of the subject, its windows and its observations, each with the facts it came from.
 */
#include <string.h>

#include "study/age.h"
#include "study/border.h"
#include "study/compose.h"
#include "study/exposure.h"

const char *engine_date(struct engine *e, gw_day day)
{
    char text[11];

    if (day == GW_NO_DAY)
        return NULL;
    gw_day_print(day, text);
    return gw_arena_copy(e->arena, text, 10);
}

struct gw_row *engine_row(struct engine *e, enum gw_table_id table, const char *row_id, const char *status)
{
    struct gw_row *row = row_id ? gw_rows_add(&e->rows, e->arena, table) : NULL;

    if (!row) {
        e->failed = true;
        return NULL;
    }
    row->row_id = row_id;
    row->subject_key = e->in->roster->subject;
    row->study = e->in->study->id;
    row->site = gw_site_id(e->in->site);
    row->status = status;
    return row;
}

static const char *sex_or_null(const char *gender)
{
    static const char *const known[] = {"male", "female", "other", "unknown"};

    return gw_is_among(known, sizeof known / sizeof *known, gender) ? gender : NULL;
}

/* ---- subject ---- */

static void emit_subject(struct engine *e)
{
    const struct gw_roster_line *roster = e->in->roster;
    const bool provisional = !gw_same(e->d1_status, "confirmed");
    struct gw_row_subjects *row = (struct gw_row_subjects *)engine_row(e, GW_TABLE_subjects, roster->subject,
                                                                       provisional ? "provisional" : "active");
    int age;

    if (!row)
        return;
    e->subject_row = row;
    row->d1 = engine_date(e, e->anchors.d1);
    row->d1_status = e->d1_status;
    row->eot = engine_date(e, e->anchors.eot);
    row->eot_status = e->eot_status;
    row->eot_reason = e->eot_reason;
    row->recruitment_date = engine_date(e, roster->recruited);
    if (roster->recruited != GW_NO_DAY)
        row->recruitment_day = gw_study_day(e->anchors.d1, roster->recruited);
    row->death_date = engine_date(e, e->anchors.death);
    row->withdrawal_date = engine_date(e, e->anchors.withdrawn);
    row->cap_date = engine_date(e, e->anchors.cap);
    if (e->person) {
        row->sex = sex_or_null(e->person->patient.gender);
        age = engine_age(e, e->anchors.d1);
        row->age_at_d1 = age < 0 ? GW_NULL_INTEGER : age;
        engine_part(e, e->person_index, 0)->cited = true;
        engine_provenance(e, "subjects", row->row_id, e->person_index, "person", "patient", NULL);
    }
    engine_provenance_of_roster(e, "subjects", row->row_id,
                                engine_rules(e, (const char *const[]){"roster", e->anchor_decisions}, 2));
    for (size_t i = 0; i < e->anchor_fact_count; i++)
        engine_provenance(e, "subjects", row->row_id, e->anchor_facts[i].fact, "anchor", e->anchor_facts[i].rules,
                          NULL);
}

/* ---- windows ---- */

static const char *group_name(const struct engine *e, const struct gw_window *window)
{
    const struct gw_study *study = e->in->study;

    for (size_t g = 0; g < study->group_count; g++)
        if (window->groups == (gw_groups)(1u << g))
            return study->groups[g];
    return "both";
}

/* The records that told its anchors; the roster where none did or it cut the window. */
static void window_anchors(struct engine *e, const char *id, const struct gw_window *window)
{
    const bool from_end = window->rule->from == GW_ANCHOR_EOT || gw_same(window->truncation, "EOT");
    bool by_roster = gw_same(window->truncation, "WITHDRAWAL");
    size_t starts = 0, ends = 0;

    for (size_t i = 0; i < e->anchor_fact_count; i++) {
        const struct anchor_fact *anchor = &e->anchor_facts[i];
        const bool start = strstr(anchor->rules, "d1"), end = from_end && strstr(anchor->rules, "eot");
        const char *const rules[] = {start ? "d1" : NULL, end ? "eot" : NULL, "windows"};

        starts += start;
        ends += end;
        if (start || end)
            engine_provenance(e, "windows", id, anchor->fact, "anchor", engine_rules(e, rules, 3), NULL);
    }
    by_roster |= starts == 0 || (from_end && ends == 0) || e->in->roster->first_dose == e->anchors.d1;
    if (by_roster)
        engine_provenance_of_roster(e, "windows", id, "roster;windows");
}

/* Its anchors, what cut it, the contact that opened it. */
static void window_lineage(struct engine *e, const char *id, const struct gw_window *window,
                           const struct window_state *state)
{
    window_anchors(e, id, window);
    if (gw_same(window->truncation, "DEATH") && e->person)
        engine_provenance(e, "windows", id, e->person_index, "person", "patient;windows", NULL);
    if (state->contact != GW_NO_DAY)
        engine_provenance(e, "windows", id, state->contact_fact, "contact", "contacts", NULL);
}

static void emit_window(struct engine *e, const struct gw_window *window, const struct window_state *state)
{
    const char *id = gw_arena_print(e->arena, "%s@%s", e->in->roster->subject, window->id);
    struct gw_row_windows *row = (struct gw_row_windows *)engine_row(e, GW_TABLE_windows, id, "active");

    if (!row)
        return;
    row->window_id = window->id;
    row->window_no = window->number ? window->number : GW_NULL_INTEGER;
    row->data_group = group_name(e, window);
    row->target_date = engine_date(e, window->target);
    row->target_elapsed = gw_elapsed(e->anchors.d1, window->target);
    row->low = gw_elapsed(e->anchors.d1, window->low);
    row->high = gw_elapsed(e->anchors.d1, window->high);
    row->state = state->state;
    row->contact_date = engine_date(e, state->contact);
    row->contact_kind = state->contact_kind;
    row->truncation_reason = window->truncation;
    window_lineage(e, id, window, state);
}

static void emit_windows(struct engine *e)
{
    for (size_t i = 0; i < e->windows.count; i++)
        if (e->window_states[i].state)
            emit_window(e, &e->windows.list[i], &e->window_states[i]);
}

/* ---- observations ---- */

/* "" for an own value, "component[0]" for a component. */
static const char *part_name(struct engine *e, int component)
{
    return component < 0 ? "" : gw_arena_print(e->arena, "component[%d]", component);
}

static const char *precision_name(enum gw_precision precision)
{
    static const char *const names[] = {NULL, "year", "month", "day", "second"};

    return names[precision];
}

static const char *flag_name(enum gw_grade_flag flag)
{
    static const char *const names[] = {"exact", "provisional", "unknown01"};

    return names[flag];
}

static void set_value(const struct engine *e, struct gw_row_observations *row, const struct datum *datum)
{
    const struct gw_measure *m = &datum->value->measure;
    const struct gw_observed *o = datum->observed;

    row->concept = datum->code.lab->concept;
    row->value_num = m->value_num;
    row->value_text = m->value_text;
    row->comparator = m->comparator;
    row->unit = m->unit;
    if (datum->made)
        return; /* nobody wrote it */
    row->source_value = border_value(o);
    row->source_unit = border_unit(e, datum->code.lab, &o->quantity);
    row->source_code = border_code(datum->code.source->code);
    row->source_system = border_system(datum->code.source->system);
}

static void set_place(struct engine *e, struct gw_row_observations *row, const struct placed *placed,
                      const struct datum *datum)
{
    row->effective_start = datum->when.text;
    row->effective_end = datum->end.text;
    row->date_precision = precision_name(datum->when.precision);
    row->window_id = placed->window->id;
    if (datum->when.first == datum->when.last) {
        row->elapsed = gw_elapsed(e->anchors.d1, datum->when.first);
        row->study_day = gw_study_day(e->anchors.d1, datum->when.first);
        row->target_diff = datum->when.first - placed->window->target;
    }
    row->anl01 = placed->anl01;
    row->anl02 = placed->anl02;
    row->anl03 = placed->anl03;
}

static bool ambiguous(const struct datum *datum)
{
    return datum->value->low.comparator_ambiguous || datum->value->high.comparator_ambiguous;
}

static void set_grade(struct engine *e, struct gw_row_observations *row, const struct datum *datum)
{
    const struct gw_limits *l = &datum->value->limits;

    if (l->verdict == GW_RANGE_FOUND) {
        row->range_low = l->has_low ? l->low_num : NULL;
        row->range_high = l->has_high ? l->high_num : NULL;
        row->range_origin = l->from_site ? "site" : "resource";
    }
    if (!datum->graded || (ambiguous(datum) && !(datum->value->grade.graded && datum->value->grade.grade > 0)))
        return;
    if (!datum->value->grade.graded && datum->value->grade.flag == GW_GRADE_EXACT)
        return; /* what the grade needs is not at hand */
    row->grade_scale = e->in->study->grade_scale;
    row->grade_flag = flag_name(datum->value->grade.flag);
    if (!datum->value->grade.graded)
        return;
    row->grade = datum->value->grade.grade;
    if (datum->value->grade.grade > 0)
        row->grade_direction = datum->value->grade.direction == GW_LOW ? "LOW" : "HIGH";
}

static const char *first_mark(const struct gw_observed *observed)
{
    const struct gw_concept *first = observed->interpretation_count ? &observed->interpretations[0] : NULL;

    return first && first->count ? border_mark(first->codings[0].code) : NULL;
}

/* Codes only: what was typed beside them, or in their place, may hold anything and stays in the hospital. */
static void set_context(struct gw_row_observations *row, const struct datum *datum)
{
    const struct gw_observation *o = &datum->source->observation;

    row->interpretation = first_mark(datum->observed);
    row->derived_flag = datum->made != NULL;
    row->method = datum->made ? datum->made->rule->method : border_first_code(&o->method, 1);
    row->result_status = datum->source->status;
    row->site_of_measure = border_first_code(&o->body_site, 1);
}

void engine_value_source(struct engine *e, size_t fact, int index, const char *row_id)
{
    struct part *part = engine_part(e, fact, index);
    const char **slot = GW_ARENA_PUSH(e->arena, part->rows, part->row_count, part->row_capacity);

    if (slot)
        *slot = row_id;
    else
        e->failed = true;
}

static const char *value_input_rules(struct engine *e, const struct datum *input)
{
    return engine_rules(e, (const char *[]){input->code.rule, "composed", "units"}, 3);
}

static const char *value_rules(struct engine *e, const struct placed *placed, const struct datum *datum)
{
    const bool flagged = placed->anl01 || placed->anl02 || placed->anl03;
    const char *const ids[] = {datum->code.rule,
                               "windows",
                               datum->value->measure.value_num ? "units" : NULL,
                               datum->graded ? engine_grade_rule(e, &datum->value->grade) : NULL,
                               flagged ? "flags" : NULL,
                               datum->decisions};

    return engine_rules(e, ids, sizeof ids / sizeof *ids);
}

/* The baseline value, where the row that graded this one asks for it. */
static const struct datum *graded_against(const struct engine *e, const struct datum *datum)
{
    const struct gw_grade_row *row = datum->graded ? datum->value->grade.row : NULL;
    const struct datum *baseline;

    if (!row || (row->basis != GW_BASIS_BASE && row->baseline == GW_BASELINE_NONE))
        return NULL;
    baseline = engine_baseline(e, datum->code.lab->concept);
    return baseline && baseline->fact != datum->fact ? baseline : NULL;
}

/* The other values it was worked out of, each resource once. */
static void inputs_lineage(struct engine *e, const char *row_id, const struct datum *datum)
{
    for (size_t i = 1; datum->made && i < datum->made->count; i++) {
        const struct datum *input = &e->data[datum->made->inputs[i]];
        bool named = input->fact == datum->fact;

        for (size_t j = 1; j < i; j++)
            named |= e->data[datum->made->inputs[j]].fact == input->fact;
        if (!named)
            engine_provenance(e, "observations", row_id, input->fact, "input", value_input_rules(e, input),
                              input->value->measure.transformation);
    }
}

static void observation_lineage(struct engine *e, const char *row_id, const struct placed *placed,
                                const struct datum *datum)
{
    const struct datum *baseline = graded_against(e, datum);

    engine_provenance(e, "observations", row_id, datum->fact, "value", value_rules(e, placed, datum),
                      datum->value->measure.transformation);
    inputs_lineage(e, row_id, datum);
    if (datum->by_specimen)
        engine_provenance(e, "observations", row_id, datum->specimen, "date", "dates", NULL);
    if (baseline) {
        engine_provenance(e, "observations", row_id, baseline->fact, "baseline", "baseline", NULL);
        engine_part(e, baseline->fact, baseline->part)->cited = true;
    }
}

static void emit_observation(struct engine *e, const struct placed *placed)
{
    struct datum *datum = &e->data[placed->datum_index];
    const char *const parts[] = {datum->obs_id, placed->window->id};
    const char *row_id = gw_arena_join(e->arena, '@', parts, 2);
    struct gw_row_observations *row = (struct gw_row_observations *)engine_row(
        e, GW_TABLE_observations, row_id, datum->provisional ? "provisional" : "active");

    if (!row)
        return;
    row->obs_id = datum->obs_id;
    set_value(e, row, datum);
    set_place(e, row, placed, datum);
    set_grade(e, row, datum);
    set_context(row, datum);
    if (datum->made)
        composed_cite(e, datum);
    else
        engine_value_source(e, datum->fact, datum->part, row_id);
    observation_lineage(e, row_id, placed, datum);
}

const char *engine_value_id(struct engine *e, size_t fact, int component, const char *made)
{
    const char *const part = part_name(e, component);
    const char *const name = made && part ? gw_arena_print(e->arena, "%s%s%s", part, *part ? "." : "", made) : part;
    const char *const parts[] = {e->versions[fact].key, name};
    const char *id = name ? gw_hmac_id(e->in->key, e->arena, 'o', parts, 2) : NULL;

    e->failed |= !id;
    return id;
}

void engine_name_datum(struct engine *e, struct datum *datum)
{
    const struct datum *base = datum->made ? &e->data[datum->made->inputs[0]] : datum;

    datum->obs_id =
        engine_value_id(e, datum->fact, base->observed->component, datum->made ? datum->code.lab->concept : NULL);
}

void stage_emit(struct engine *e)
{
    if (e->anchors.d1 == GW_NO_DAY)
        return;
    emit_subject(e);
    emit_windows(e);
    for (size_t i = 0; i < e->data_count; i++)
        if (e->data[i].measured && e->data[i].placed_count > 0)
            engine_name_datum(e, &e->data[i]);
    for (size_t i = 0; i < e->placed_count && !e->failed; i++)
        emit_observation(e, &e->placed[i]);
}
