/*
 * Every questionnaire that was answered: whose scales it tells, which window it lies in, what it scores. A result whose
 * local code means the points of a scale, as the site's profile or a person says, is one that tells this scale alone.
 *
 * A questionnaire is placed by the day it was authored, as a value is by its own. Scores are exact; of the answered
 * items at least half must be there, of a sum all. An answer that is no number of the scale leaves its item unanswered
 * and asks. Source: mappings/RULES.md 13; EORTC QLQ-C30 scoring manual.
 */
#include "study/forms.h"

#include <stdlib.h>
#include <string.h>

#include "study/decided.h"
#include "study/order.h"

#define MOST_ITEMS 1000 /* numbers of items end at 999 */

/* ---- scores ---- */

struct answers { /* by item number; -1: not answered */
    int values[MOST_ITEMS];
    bool unread; /* some answer was no number */
};

static void read_answers(const struct gw_form_map *map, const struct gw_fact *fact, struct answers *out)
{
    const struct gw_questionnaire_response *response = &fact->questionnaire_response;

    for (size_t i = 0; i < MOST_ITEMS; i++)
        out->values[i] = -1;
    out->unread = false;
    for (size_t i = 0; i < response->item_count; i++) {
        int number, value;

        if (!gw_form_read(map, &response->items[i], &number, &value))
            continue;
        out->unread |= value < 0;
        out->values[number] = value;
    }
}

static struct gw_ratio ratio_of(int64_t above, int64_t below)
{
    const struct gw_ratio ratio = {gw_decimal_from_int(above), gw_decimal_from_int(below)};

    return ratio;
}

/* mean = sum / answered; the formulas with both multiplied out, so that nothing is rounded. */
static struct gw_ratio value_of(const struct gw_scale *scale, int sum, int answered)
{
    const int range = scale->high - scale->low;

    switch (scale->kind) {
    case GW_SCALE_FUNCTION:
        return ratio_of(100LL * (scale->high * answered - sum), (int64_t)range * answered);
    case GW_SCALE_SYMPTOM:
    case GW_SCALE_GLOBAL:
        return ratio_of(100LL * (sum - scale->low * answered), (int64_t)range * answered);
    default:
        return ratio_of(sum, 1);
    }
}

static struct form_score score(const struct gw_scale *scale, struct answers *answers)
{
    const size_t least =
        scale->kind == GW_SCALE_SUM || scale->kind == GW_SCALE_TOTAL ? scale->item_count : (scale->item_count + 1) / 2;
    struct form_score out = {.scale = scale};
    size_t answered = 0;
    int sum = 0;

    for (size_t i = 0; i < scale->item_count; i++) {
        const int value = answers->values[scale->items[i]];

        if (value < 0)
            continue;
        if (value < scale->low || value > scale->high) {
            answers->unread = true;
            continue;
        }
        sum += value;
        answered++;
    }
    out.known = answered >= least;
    if (out.known)
        out.value = value_of(scale, sum, (int)answered);
    return out;
}

/* False: some answer could not be read. */
static bool score_form(struct engine *e, const struct gw_form_map *map, struct form *form)
{
    struct form_score *scores = gw_arena_alloc(e->arena, (e->in->rules->scale_count + 1) * sizeof *scores);
    struct answers answers;

    if (!scores) {
        e->failed = true;
        return false;
    }
    read_answers(map, &e->in->facts[form->fact], &answers);
    for (size_t i = 0; i < e->in->rules->scale_count; i++)
        if (strcmp(e->in->rules->scales[i].instrument, map->instrument) == 0)
            scores[form->score_count++] = score(&e->in->rules->scales[i], &answers);
    form->scores = scores;
    return !answers.unread;
}

/* The one scale of an instrument that is nothing but a recorded total; NULL: it has others. */
static struct form_score *only_total(struct form *form)
{
    return form->score_count == 1 && form->scores[0].scale->kind == GW_SCALE_TOTAL ? &form->scores[0] : NULL;
}

const struct form_score *form_score(const struct form *form, const char *scale)
{
    const struct form_score *found = NULL;

    for (size_t i = 0; i < form->score_count; i++) {
        const struct form_score *one = &form->scores[i];

        if (one->known && strcmp(one->scale->name, scale) == 0 && (!found || one->scale->kind == GW_SCALE_TOTAL))
            found = one;
    }
    return found;
}

/* ---- where ---- */

/* The group whose windows take the instrument; a study without that group takes it in its first. */
static int group_of(const struct engine *e, const char *instrument)
{
    for (size_t i = 0; i < e->in->rules->scale_count; i++)
        if (strcmp(e->in->rules->scales[i].instrument, instrument) == 0) {
            const int bit = gw_study_group_bit(e->in->study, e->in->rules->scales[i].data_group);

            return bit < 0 ? 0 : bit;
        }
    return 0;
}

static struct item_about about_form(const struct gw_fact *fact, size_t index, gw_day day)
{
    return (struct item_about){
        .has_fact = true, .fact = index, .day = day, .text = fact->questionnaire_response.questionnaire};
}

static bool held(struct engine *e, size_t index, const char *code, gw_day day, const char *note)
{
    struct item_about about = about_form(&e->in->facts[index], index, day);

    about.note = note;
    engine_raise(e, code, &about);
    return false;
}

/* A time without an offset asks only where a window could take it: its day may be the one beside. */
static bool ask_for_offset(struct engine *e, const struct form *form, gw_day day)
{
    const int group = group_of(e, form->instrument);
    const enum gw_place about = gw_window_place(&e->windows, group, day - 1, day + 1).place;
    const enum gw_place own = gw_window_place(&e->windows, group, day, day).place;

    if (about != GW_PLACE_PARTIAL && about != GW_PLACE_AFTER_DEATH && !gw_place_collects(about)) {
        engine_end_fact(e, form->fact, GW_STATE_OUTSIDE_WINDOW, gw_place_reason(&e->windows, own));
        return false;
    }
    return held(e, form->fact, "TIME_WITHOUT_OFFSET", day, "a time of day without an offset is not valid FHIR");
}

/* The date it was authored on; false: a person is asked, or nothing can be done with it. */
static bool read_date(struct engine *e, struct form *form)
{
    const char *text = e->in->facts[form->fact].questionnaire_response.authored;
    const struct gw_zone *zone = gw_site_zone(e->in->site);
    const enum gw_date_verdict verdict =
        text ? gw_when_read(text, zone, gw_site_assumes_zone(e->in->site), &form->when) : GW_DATE_MALFORMED;

    if (verdict == GW_DATE_WITHOUT_OFFSET && gw_when_read(text, zone, true, &form->when) == GW_DATE_OK)
        return ask_for_offset(e, form, form->when.first);
    if (verdict != GW_DATE_OK)
        return held(e, form->fact, "DATE_MISSING", GW_NO_DAY, "no date on which it was authored");
    return true;
}

/* Further ahead than tomorrow it is a slip. */
static void await(struct engine *e, const struct form *form)
{
    const bool slip = form->when.first > e->in->horizon + 1;

    engine_next_day(e, form->when.first - slip);
    if (slip)
        held(e, form->fact, "FUTURE_DATE", form->when.first, "the date lies after the last day searched");
}

/* In a collected window of its group; what lies elsewhere is counted, with its reason. */
static void place(struct engine *e, struct form *form)
{
    const int group = group_of(e, form->instrument);
    const struct gw_placement p = gw_window_place(&e->windows, group, form->when.first, form->when.last);
    const size_t window = gw_place_collects(p.place) ? (size_t)(p.window - e->windows.list) : 0;

    if (p.place == GW_PLACE_PARTIAL)
        held(e, form->fact, "PARTIAL_DATE", form->when.first, "the date is partial and only touches a window");
    else if (p.place == GW_PLACE_AFTER_DEATH)
        held(e, form->fact, "AFTER_DEATH", form->when.first, "dated after the day of death");
    else if (!gw_place_collects(p.place))
        engine_end_fact(e, form->fact, GW_STATE_OUTSIDE_WINDOW, gw_place_reason(&e->windows, p.place));
    else if (gw_window_is_baseline(p.window) && engine_after_first_dose(e, &form->when))
        engine_end_fact(e, form->fact, GW_STATE_OUTSIDE_WINDOW, gw_place_reason(&e->windows, GW_PLACE_BETWEEN_WINDOWS));
    else if (form->when.first > e->in->horizon)
        await(e, form);
    else if (strcmp(e->window_states[window].state, "collected") != 0)
        engine_end_fact(e, form->fact, GW_STATE_OUTSIDE_WINDOW, "NO_CONTACT");
    else
        form->window = p.window;
}

/* ---- the stage ---- */

/* A questionnaire of the hospital that nobody has said anything about: asked once, for all its answers. */
static void ask_for_map(struct engine *e, struct form *form)
{
    const struct gw_fact *fact = &e->in->facts[form->fact];
    struct item_about about = about_form(fact, form->fact, form->when.first);
    struct gw_coding *coding = gw_arena_alloc(e->arena, sizeof *coding);

    place(e, form);
    e->failed |= !coding;
    if (!form->window || e->failed)
        return;
    *coding = (struct gw_coding){"questionnaire", fact->questionnaire_response.questionnaire, NULL};
    about.coding = coding;
    about.text = NULL;
    about.note = "a questionnaire that the site's profile does not map";
    if (decided_says(decided_item(e, GW_DECIDE_CODE, "CODE_UNKNOWN", &about), GW_SET_IGNORE))
        engine_end_fact(e, form->fact, GW_STATE_NOT_IN_SCOPE, "IGNORED");
    else
        engine_raise(e, "CODE_UNKNOWN", &about);
}

/* A whole number of the scale; -1: it is none. */
static int whole_of(const struct gw_scale *scale, const char *text)
{
    const size_t digits = text ? strspn(text, "0123456789") : 0;
    int points;

    if (digits == 0 || digits > 3 || text[digits + strspn(text + digits, ".0")])
        return -1;
    points = atoi(text);
    return points >= scale->low && points <= scale->high ? points : -1;
}

/* The points of a total that a record does not tell, as a person does; -1: nobody did. */
static int decided_points(struct engine *e, const struct gw_scale *scale, const struct item_about *about)
{
    const struct gw_decision *decision = decided_find(e, GW_DECIDE_VALUE, "VALUE_TYPE", about);
    const int points = decided_says(decision, GW_SET_VALUE) ? whole_of(scale, decision->set[GW_SET_VALUE]) : -1;

    if (points >= 0)
        decided_note(e, decision, "VALUE_TYPE", about);
    return points;
}

static bool take_total(struct engine *e, const struct form *form, struct form_score *total)
{
    const struct item_about about = about_form(&e->in->facts[form->fact], form->fact, form->when.first);
    const int points = decided_points(e, total->scale, &about);

    if (points >= 0)
        *total = (struct form_score){total->scale, true, ratio_of(points, 1)};
    return points >= 0;
}

static void read_scores(struct engine *e, const struct gw_form_map *map, struct form *form)
{
    const bool read = score_form(e, map, form);
    struct form_score *total = only_total(form);

    if (e->failed || (total && !total->known && take_total(e, form, total)))
        return;
    if (!read)
        held(e, form->fact, "VALUE_TYPE", form->when.first, "an answer is no number of its scale");
    else if (total && !total->known)
        held(e, form->fact, "VALUE_TYPE", form->when.first, "the points that it is about are not told");
}

static void consider(struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const struct gw_form_map *map = gw_site_form(e->in->site, fact->questionnaire_response.questionnaire);
    struct form form = {.fact = index, .instrument = map ? map->instrument : ""};
    struct form *slot;

    if (engine_part(e, index, 0)->final || !read_date(e, &form))
        return;
    if (!map) {
        ask_for_map(e, &form);
        return;
    }
    place(e, &form);
    if (fact->modifier_extension && form.window) {
        held(e, index, "MODIFIER_EXTENSION", form.when.first, "carries a modifier that is not understood");
        return;
    }
    if (form.window)
        read_scores(e, map, &form);
    slot = form.window ? GW_ARENA_PUSH(e->arena, e->forms, e->form_count, e->form_capacity) : NULL;
    if (slot)
        *slot = form;
    else
        e->failed |= form.window != NULL;
}

/* ---- results that are points ---- */

/* By the site's profile, else by a person who was asked about the code. NULL: it is no such result. */
static const struct gw_scale *scale_of(struct engine *e, const struct datum *datum, struct form *form)
{
    const struct gw_concept *code = &datum->observed->code;
    const struct item_about about = engine_about_datum(datum, "CODE_UNKNOWN");
    const struct gw_scale *found = NULL;
    const struct gw_decision *decision;

    for (size_t i = 0; i < code->count && !found; i++)
        found = gw_rules_total(e->in->rules, gw_site_score(e->in->site, &code->codings[i]));
    if (found) {
        form->rules = gw_site_rule(e->in->site);
        return found;
    }
    decision = decided_find(e, GW_DECIDE_CODE, "CODE_UNKNOWN", &about);
    found = decided_says(decision, GW_SET_SCORE) ? gw_rules_total(e->in->rules, decision->set[GW_SET_SCORE]) : NULL;
    if (!found)
        return NULL;
    decided_note(e, decision, "CODE_UNKNOWN", &about);
    form->rules = decided_rule(e, NULL, decision);
    return found;
}

/* A number without comparator, in no unit but that of points; NULL: it is none. */
static const char *number_of(const struct gw_observed *o)
{
    const struct gw_quantity *q = &o->quantity;

    if (o->kind == GW_VALUE_INTEGER)
        return o->string;
    if (o->kind != GW_VALUE_QUANTITY || q->comparator || (q->code && strcmp(q->code, "1") != 0 && q->code[0] != '{'))
        return NULL;
    return q->value;
}

static int points_of(struct engine *e, const struct datum *datum, const struct gw_scale *scale)
{
    const struct item_about about = engine_about_datum(datum, "VALUE_TYPE");
    const int points = whole_of(scale, number_of(datum->observed));

    return points >= 0 ? points : decided_points(e, scale, &about);
}

/* Of the windows that took it one of the scale's group, else the first. */
static const struct gw_window *window_of(const struct engine *e, const struct datum *datum,
                                         const struct gw_scale *scale)
{
    const gw_groups wanted = (gw_groups)1 << group_of(e, scale->instrument);

    for (size_t i = 0; i < datum->placed_count; i++)
        if (e->placed[datum->first_placed + i].window->groups & wanted)
            return e->placed[datum->first_placed + i].window;
    return e->placed[datum->first_placed].window;
}

static void take_points(struct engine *e, struct datum *datum, const struct gw_scale *scale, struct form form)
{
    struct form_score *score = gw_arena_alloc(e->arena, sizeof *score);
    const int points = points_of(e, datum, scale);
    struct form *slot;

    form.window = window_of(e, datum, scale);
    datum->placed_count = 0; /* no row of its own */
    datum->code.verdict = GW_CODE_NOT_LISTED;
    if (points < 0) {
        engine_raise_datum(e, datum, "VALUE_TYPE", "the points are no whole number of the scale");
        return;
    }
    slot = score ? GW_ARENA_PUSH(e->arena, e->forms, e->form_count, e->form_capacity) : NULL;
    e->failed |= !slot;
    if (!slot)
        return;
    *score = (struct form_score){scale, true, ratio_of(points, 1)};
    form.scores = score;
    form.score_count = 1;
    *slot = form;
}

/* Placed by now; what stands against the record as such is asked about later, as of any result. */
static void consider_points(struct engine *e, struct datum *datum)
{
    struct form form = {.fact = datum->fact, .part = datum->part, .when = datum->when};
    const struct gw_scale *scale;

    if (datum->placed_count == 0 || datum->code.verdict != GW_CODE_UNKNOWN || datum->source->modifier_extension ||
        datum->source->standing == GW_UNDECIDED || !(scale = scale_of(e, datum, &form)))
        return;
    form.instrument = scale->instrument;
    take_points(e, datum, scale, form);
}

/* ---- all of them ---- */

static int by_time(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct form *a = x, *b = y;
    int order = gw_when_compare(&a->when, &b->when);

    if (order == 0)
        order = strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
    return order_then(order, a->part - b->part);
}

void stage_forms(struct engine *e)
{
    if (e->anchors.d1 == GW_NO_DAY || (!e->in->study->questionnaires.on && !e->in->study->events.icans.on))
        return;
    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++)
        if (e->in->facts[i].type == GW_QUESTIONNAIRE_RESPONSE)
            consider(e, i);
    for (size_t i = 0; i < e->data_count && !e->failed; i++)
        consider_points(e, &e->data[i]);
    if (e->form_count > 1)
        qsort_r(e->forms, e->form_count, sizeof *e->forms, by_time, e);
}

/* ---- asked ---- */

const struct form *form_in_window(const struct engine *e, const struct gw_window *window, const char *scale)
{
    const struct form *best = NULL;

    for (size_t i = 0; i < e->form_count; i++) {
        const struct form *form = &e->forms[i];

        if (form->window == window && form->when.first == form->when.last && form_score(form, scale) &&
            (!best ||
             gw_days_apart(form->when.first, window->target) <= gw_days_apart(best->when.first, window->target)))
            best = form;
    }
    return best;
}

void inputs_add_form(struct engine *e, struct inputs *inputs, const struct form *form)
{
    inputs_add_part(e, inputs, form->fact, form->part);
}
