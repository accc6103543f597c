/*
 * Every questionnaire that was answered: whose scales it tells, which window it lies in, what it scores.
 *
 * A questionnaire is placed by the day it was authored, as a value is by its own. Scores are exact; of the answered
 * items at least half must be there, of a sum all. An answer that is no number of the scale leaves its item unanswered
 * and asks. Source: mappings/RULES.md 13; EORTC QLQ-C30 scoring manual.
 */
#include "study/forms.h"

#include <stdlib.h>
#include <string.h>

#include "study/decided.h"

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

/* The date it was authored on; false: a person is asked, or nothing can be done with it. */
static bool read_date(struct engine *e, size_t index, struct gw_when *when)
{
    const char *text = e->in->facts[index].questionnaire_response.authored;
    const struct gw_zone *zone = gw_site_zone(e->in->site);
    const enum gw_date_verdict verdict =
        text ? gw_when_read(text, zone, gw_site_assumes_zone(e->in->site), when) : GW_DATE_MALFORMED;

    if (verdict == GW_DATE_WITHOUT_OFFSET)
        return held(e, index, "TIME_WITHOUT_OFFSET", GW_NO_DAY, "a time of day without an offset is not valid FHIR");
    if (verdict != GW_DATE_OK)
        return held(e, index, "DATE_MISSING", GW_NO_DAY, "no date on which it was authored");
    return true;
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
    else if (form->when.first > e->in->horizon)
        engine_next_day(e, form->when.first);
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

static void consider(struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const struct gw_form_map *map = gw_site_form(e->in->site, fact->questionnaire_response.questionnaire);
    struct form form = {.fact = index, .instrument = map ? map->instrument : ""};
    struct form *slot;

    if (engine_part(e, index, 0)->final || !read_date(e, index, &form.when))
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
    if (!score_form(e, map, &form) && form.window && !e->failed)
        held(e, index, "VALUE_TYPE", form.when.first, "an answer is no number of its scale");
    slot = form.window ? GW_ARENA_PUSH(e->arena, e->forms, e->form_count, e->form_capacity) : NULL;
    if (slot)
        *slot = form;
    else
        e->failed |= form.window != NULL;
}

static int by_time(const void *x, const void *y, void *context)
{
    const struct engine *e = context;
    const struct form *a = x, *b = y;
    const int order = gw_when_compare(&a->when, &b->when);

    return order ? order : strcmp(e->versions[a->fact].key, e->versions[b->fact].key);
}

void stage_forms(struct engine *e)
{
    if (e->anchors.d1 == GW_NO_DAY || (!e->in->study->questionnaires.on && !e->in->study->events.icans.on))
        return;
    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++)
        if (e->in->facts[i].type == GW_QUESTIONNAIRE_RESPONSE)
            consider(e, i);
    if (e->form_count > 1 && !e->failed)
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
    inputs_add_part(e, inputs, form->fact, 0);
}
