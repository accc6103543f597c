/*
 * Best response, objective response, and the times that hang on response, progression and death.
 *
 * A response counts when the next assessment shows it or better, and so does progression; what the last assessment
 * alone shows is unconfirmed, and asked about, unless a person accepted it. Times are days from D1 (DOR: from the first
 * confirmed partial response), the text says EVENT or CENSORED. Source: mappings/RULES.md 13.
 */
#include "study/assessments.h"

#include "study/decided.h"

struct course_of_response {
    struct assessments all;
    enum response best; /* confirmed by the next assessment */
    gw_day best_day;
    enum response best_seen;            /* confirmed or not */
    enum response last;                 /* of the last assessment with a category */
    gw_day response_day;                /* first confirmed PR or better; GW_NO_DAY: none */
    gw_day progression_day;             /* first confirmed PD */
    gw_day open_progression;            /* PD that only the last assessment shows */
    gw_day last_assessment;             /* with a category; GW_NO_DAY: none */
    size_t last_index;                  /* of it */
    const struct gw_decision *accepted; /* a person did not wait for the next assessment; NULL: nobody was asked */
};

/* ---- what the assessments add up to ---- */

static const struct assessment *next_told(const struct assessments *all, size_t i)
{
    while (++i < all->count)
        if (all->list[i].response != RESPONSE_NONE)
            return &all->list[i];
    return NULL;
}

static enum response shallower(enum response a, enum response b)
{
    return a < b ? a : b;
}

/* What one assessment alone shows a person may accept, whatever the next one says. */
static bool is_accepted(struct engine *e, struct course_of_response *c, const struct assessment *last)
{
    const char *which = decided_assessment(e, last->window->id, response_name(last->response));
    const struct gw_decision *decision = decided_subject(e, GW_DECIDE_RESPONSE, which);

    if (!decided_says(decision, GW_SET_ACCEPT))
        return false;
    c->accepted = decision;
    return true;
}

static void take(struct engine *e, struct course_of_response *c, size_t i)
{
    const struct assessment *now = &c->all.list[i], *next = next_told(&c->all, i);
    const bool progressed = now->response == RESPONSE_PD, accepted = is_accepted(e, c, now);
    enum response confirmed = RESPONSE_NONE;

    c->last_assessment = now->day;
    c->last = now->response;
    c->last_index = i;
    if (progressed && (accepted || (next && next->response == RESPONSE_PD)))
        c->progression_day = now->day;
    else if (progressed && !next)
        c->open_progression = now->day;
    if (progressed)
        return;
    if (accepted)
        confirmed = now->response;
    else if (next && next->response != RESPONSE_PD)
        confirmed = shallower(now->response, next->response);
    if (now->response > c->best_seen)
        c->best_seen = now->response;
    if (confirmed > c->best) {
        c->best = confirmed;
        c->best_day = now->day;
    }
    if (confirmed >= RESPONSE_PR && c->response_day == GW_NO_DAY)
        c->response_day = now->day;
}

static void survey(struct engine *e, struct course_of_response *c)
{
    *c = (struct course_of_response){.best_day = GW_NO_DAY,
                                     .response_day = GW_NO_DAY,
                                     .progression_day = GW_NO_DAY,
                                     .open_progression = GW_NO_DAY,
                                     .last_assessment = GW_NO_DAY};
    assessments_gather(e, &c->all);
    for (size_t i = 0; i < c->all.count && !e->failed && c->progression_day == GW_NO_DAY; i++)
        if (c->all.list[i].response != RESPONSE_NONE)
            take(e, c, i);
}

/* Why nothing can be said of the response; NULL: it can. */
static const char *obstacle(const struct course_of_response *c)
{
    const struct measurable *m = &c->all.measurable;

    if (!c->all.has_baseline)
        return "NO_BASELINE_DISEASE";
    if (!m->serum && !m->urine && m->chain == CHAIN_NONE)
        return "NOT_MEASURABLE";
    return c->last_assessment == GW_NO_DAY ? "NO_ASSESSMENT" : NULL;
}

/* ---- rows ---- */

static struct inputs inputs_of(struct engine *e, const struct course_of_response *c)
{
    struct inputs inputs = {0};

    inputs_add_all(e, &inputs, &c->all.baseline_inputs);
    for (size_t i = 0; i < c->all.count && !e->failed; i++)
        inputs_add_all(e, &inputs, &c->all.list[i].inputs);
    return inputs;
}

/* The best confirmed response; where none is, what is seen stands unconfirmed. */
static void add_best(struct engine *e, const struct course_of_response *c)
{
    const bool confirmed = c->best != RESPONSE_NONE || c->progression_day != GW_NO_DAY;
    const enum response best = c->best != RESPONSE_NONE        ? c->best
                               : confirmed                     ? RESPONSE_PD
                               : c->best_seen != RESPONSE_NONE ? c->best_seen
                                                               : RESPONSE_PD;

    parameter_add(e, &(struct parameter){.name = "BOR",
                                         .text = response_name(best),
                                         .date = c->best != RESPONSE_NONE ? c->best_day : GW_NO_DAY,
                                         .rule = "response",
                                         .reason = obstacle(c),
                                         .unconfirmed = !confirmed,
                                         .decision = c->accepted,
                                         .inputs = inputs_of(e, c)});
}

static void add_objective(struct engine *e, const struct course_of_response *c)
{
    const bool response = c->best >= RESPONSE_PR;

    parameter_add(e, &(struct parameter){.name = "ORR",
                                         .value = response ? "1" : "0",
                                         .text = response ? "Y" : "N",
                                         .date = c->response_day,
                                         .rule = "response",
                                         .reason = obstacle(c),
                                         .unconfirmed = !response && c->last >= RESPONSE_PR,
                                         .decision = c->accepted,
                                         .inputs = inputs_of(e, c)});
}

static const char *days_text(struct engine *e, gw_day from, gw_day to)
{
    const char *text = gw_arena_print(e->arena, "%d", to - from);

    e->failed |= !text;
    return text;
}

static void add_time_to_response(struct engine *e, const struct course_of_response *c)
{
    struct parameter p = {
        .name = "TTR", .date = c->response_day, .rule = "response", .reason = obstacle(c), .decision = c->accepted};

    if (!p.reason && c->response_day == GW_NO_DAY)
        p.reason = "NO_RESPONSE";
    if (!p.reason)
        p.value = days_text(e, e->anchors.d1, c->response_day);
    p.inputs = inputs_of(e, c);
    parameter_add(e, &p);
}

/* ---- times to an event ---- */

struct time_to {
    const char *name;
    gw_day from;
    gw_day event;    /* GW_NO_DAY: none */
    gw_day censored; /* the last day without it, where there is none */
};

static gw_day death_of(const struct engine *e)
{
    const bool seen =
        e->anchors.death != GW_NO_DAY && e->anchors.death >= e->anchors.d1 && e->anchors.death <= e->in->horizon;

    return seen ? e->anchors.death : GW_NO_DAY;
}

static void add_time(struct engine *e, const struct course_of_response *c, const struct time_to *t, const char *reason)
{
    const gw_day cap = e->anchors.cap;
    const bool counts = t->event != GW_NO_DAY && (cap == GW_NO_DAY || t->event <= cap);
    gw_day to = counts ? t->event : t->censored;

    if (!counts && cap != GW_NO_DAY && to > cap)
        to = cap;
    parameter_add(e, &(struct parameter){.name = t->name,
                                         .value = reason ? NULL : days_text(e, t->from, to),
                                         .text = counts ? "EVENT" : "CENSORED",
                                         .date = reason ? GW_NO_DAY : to,
                                         .rule = "response-times",
                                         .reason = reason,
                                         .unconfirmed = !counts && c->open_progression != GW_NO_DAY,
                                         .decision = c->accepted,
                                         .inputs = inputs_of(e, c)});
}

/* Where the disease was last seen without progression: the last assessment, never after the next line. */
static gw_day censoring_day(const struct engine *e, const struct course_of_response *c)
{
    const gw_day last = c->last_assessment == GW_NO_DAY ? e->anchors.d1 : c->last_assessment;

    return e->in->study->response.censor_at_next_line ? gw_day_earlier(last, e->next_line) : last;
}

/* A death in a later line of treatment is no event of this one. */
static gw_day death_in_line(const struct engine *e)
{
    const gw_day death = death_of(e);
    const bool after = e->in->study->response.censor_at_next_line && e->next_line != GW_NO_DAY && death > e->next_line;

    return after ? GW_NO_DAY : death;
}

/* Who died before anybody measured the disease again was free of progression until then. */
static bool died_first(const struct engine *e, const char *reason)
{
    const gw_day death = death_in_line(e), cap = e->anchors.cap;

    return gw_same(reason, "NO_ASSESSMENT") && death != GW_NO_DAY && (cap == GW_NO_DAY || death <= cap);
}

static void add_times(struct engine *e, const struct course_of_response *c)
{
    const char *reason = obstacle(c);
    const gw_day censored = censoring_day(e, c);
    const gw_day either = gw_day_earlier(c->progression_day, death_in_line(e));
    const bool responded = !reason && c->response_day != GW_NO_DAY;

    add_time(e, c, &(struct time_to){"TTP", e->anchors.d1, c->progression_day, censored}, reason);
    add_time(e, c, &(struct time_to){"PFS", e->anchors.d1, either, censored}, died_first(e, reason) ? NULL : reason);
    add_time(e, c, &(struct time_to){"DOR", c->response_day, either, censored},
             responded ? NULL
             : reason  ? reason
                       : "NO_RESPONSE");
}

static void add_survival(struct engine *e)
{
    const gw_day death = death_of(e);
    const gw_day contact = engine_last_contact(e);
    struct inputs inputs = {0};

    inputs_add_row(e, &inputs, e->subject_row->row_id);
    parameter_add(e, &(struct parameter){.name = "OS",
                                         .value = days_text(e, e->anchors.d1, death != GW_NO_DAY ? death : contact),
                                         .text = death != GW_NO_DAY ? "EVENT" : "CENSORED",
                                         .date = death != GW_NO_DAY ? death : contact,
                                         .rule = "survival",
                                         .inputs = inputs});
}

/* ---- what a person could add ---- */

static void ask(struct engine *e, const struct course_of_response *c)
{
    const struct assessment *last = &c->all.list[c->last_index];
    const bool deeper = c->last > c->best && c->last >= RESPONSE_MR;
    struct item_about about = {.day = last->day, .windows = last->window->id};

    if (deeper || c->open_progression != GW_NO_DAY) {
        about.rule = response_name(last->response);
        about.note = "the last assessment alone shows it: the next one confirms or denies";
        engine_raise(e, "RESPONSE_UNCONFIRMED", &about);
    }
    if (c->best_seen == RESPONSE_VGPR && !response_can_be_complete(&last->disease)) {
        about.rule = "CR";
        about.note = "a complete response needs both immunofixations and marrow plasma cells";
        engine_raise(e, "CR_NOT_ASSESSABLE", &about);
    }
}

void derive_response(struct engine *e)
{
    struct course_of_response c;

    if (!e->in->study->response.on)
        return;
    survey(e, &c);
    if (e->failed)
        return;
    add_best(e, &c);
    add_objective(e, &c);
    add_time_to_response(e, &c);
    add_times(e, &c);
    add_survival(e);
    if (!obstacle(&c))
        ask(e, &c);
}
