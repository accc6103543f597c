/*
 * Why a value is missing: what is known, asked in order; the first reason that holds is the answer, with its evidence
 * and with what would change it. Here the reasons of the schedule, and that nothing was recorded.
 *
 * What lies outside the window is counted, never shown.
 */
#include <string.h>

#include "study/explain_question.h"

/* ---- the study wants none ---- */

static bool has_no_first_dose(struct question *q)
{
    if (q->t->in->derived->windows.anchors.d1 != GW_NO_DAY)
        return false;
    question_answer(q, "NO_FIRST_DOSE");
    question_add_blocking(q);
    tell(q->t, "because", "Day 1 of subject %s is not known, so there are no windows.", q->t->out->subject);
    tell_items(q->t);
    tell(q->t, "change", "A first dose on the roster or in the drug records would open them.");
    return true;
}

static void tell_no_window(struct question *q, const struct gw_window *uncut)
{
    const struct gw_anchors *anchors = &q->t->in->derived->windows.anchors;
    const bool from_end = uncut->rule->from == GW_ANCHOR_EOT;

    if (from_end && anchors->eot == GW_NO_DAY)
        tell(q->t, "because", "Window %s follows the end of treatment, which is not known up to %s.", q->window_id,
             tell_day(q->t, question_horizon(q)));
    else if (anchors->cap != GW_NO_DAY && (from_end ? anchors->eot : uncut->target) > anchors->cap)
        tell(q->t, "because", "There is no window %s: it would lie after the end of the study's span on %s.",
             q->window_id, tell_day(q->t, anchors->cap));
    else if (!from_end && anchors->eot != GW_NO_DAY)
        tell(q->t, "because", "There is no window %s: treatment ended on %s, before it would begin on %s.",
             q->window_id, tell_day(q->t, anchors->eot), tell_day(q->t, uncut->full_low));
    else
        tell(q->t, "because", "There is no window %s by the anchors of this subject.", q->window_id);
}

/* An end of treatment that a person has yet to confirm may move. */
static void tell_open_end(struct question *q)
{
    const struct gw_derived *derived = q->t->in->derived;

    for (size_t i = 0; i < derived->item_count; i++)
        if (strncmp(derived->items[i].code, "EOT_", 4) == 0)
            telling_add_item(q->t, &derived->items[i]);
    tell_items(q->t);
}

static bool has_no_window(struct question *q)
{
    const struct gw_window *built = telling_window(q->t, q->window_id);
    const struct gw_window *uncut = q->window_id ? question_uncut(q) : NULL;

    if (!q->window_id || (built && built->low <= built->high))
        return false;
    question_answer(q, "NO_WINDOW");
    if (built)
        tell(q->t, "because", "Nothing is left of window %s: %s came before it.", q->window_id,
             gw_same(built->truncation, "DEATH") ? "the subject's death" : "the withdrawal of consent");
    else if (uncut)
        tell_no_window(q, uncut);
    tell_open_end(q);
    tell(q->t, "change", "Only another first dose, end of treatment, death or withdrawal would give it days.");
    return true;
}

static bool is_not_planned(struct question *q)
{
    const struct gw_study *study = q->t->in->subject->study;

    if (q->parameter) {
        if (gw_is_among(study->derived, study->derived_count, q->concept))
            return false;
        tell(q->t, "because", "The package of the study %s does not ask for the parameter %s.", study->id, q->concept);
        tell(q->t, "change", "A package that lists it under \"derived\" would derive it.");
    } else if (q->category ||
               ((q->groups & q->window->groups) && !(q->baseline_only && !gw_window_is_baseline(q->window)))) {
        return false;
    } else {
        tell(q->t, "because", "The study %s takes no %s in window %s%s.", study->id, q->concept, q->window_id,
             q->baseline_only ? ": it is a value of the baseline only"
             : q->groups == 0 ? ": it is read as evidence for events only, or off"
                              : ": it is of another data group");
        tell(q->t, "change", "Only another plan of the study would take it there.");
    }
    question_answer(q, "NOT_PLANNED");
    return true;
}

/* ---- the window was not collected ---- */

static bool is_future(struct question *q)
{
    if (!q->row || !gw_same(q->row->state, "future"))
        return false;
    question_answer(q, "FUTURE");
    tell(q->t, "because", "Window %s lies ahead: it takes %s, and data are known up to %s.", q->window_id,
         question_days(q), tell_day(q->t, question_horizon(q)));
    tell(q->t, "change", "Wait for the window, then for a routine contact in it.");
    return true;
}

static bool has_no_contact(struct question *q)
{
    const struct gw_derived *derived = q->t->in->derived;
    size_t left = 0;

    if (!q->row || gw_same(q->row->state, "collected"))
        return false;
    for (size_t i = 0; i < derived->part_count; i++)
        left += question_is_of(q, &derived->parts[i]) && question_is_in(q, &derived->parts[i]);
    question_answer(q, gw_same(q->row->state, "open") ? "OPEN" : "NO_CONTACT");
    tell_window(q->t, q->window_id, NULL);
    if (gw_same(q->row->state, "open"))
        tell(q->t, "because", "The window is still open on %s, and no routine contact lies in it so far.",
             tell_day(q->t, question_horizon(q)));
    else
        tell(q->t, "because", "No routine contact lies in %s, so it was not collected and takes nothing.",
             question_days(q));
    if (left > 0)
        tell(q->t, "because", "%s of %s dated in it %s therefore left out.",
             tell_count(q->t, left, "result", "results"), q->concept, left == 1 ? "is" : "are");
    tell(q->t, "change",
         "An encounter of the site in these days would collect it, or a profile that says how else a "
         "contact shows.");
    return true;
}

/* ---- nothing was ---- */

static bool is_not_fetched(struct question *q)
{
    const struct gw_explain_input *in = q->t->in;
    gw_day read = question_horizon(q);
    const char *endpoint = NULL;

    for (size_t i = 0; i < in->reach_count; i++) {
        if (in->reach[i].day >= read)
            continue;
        read = in->reach[i].day;
        endpoint = in->reach[i].endpoint;
    }
    if (!q->window || read >= q->window->high)
        return false;
    question_answer(q, "NOT_FETCHED");
    if (read == GW_NO_DAY)
        tell(q->t, "because", "%s was never read to its end for this subject.", endpoint);
    else
        tell(q->t, "because", "%s read only to %s; window %s takes %s.",
             endpoint ? tell_text(q->t, "%s was", endpoint) : "The sources were", tell_day(q->t, read), q->window_id,
             question_days(q));
    tell(q->t, "change", "casement sync, once the window is over and its results are written, reads the rest.");
    return true;
}

static int days_outside(const struct gw_window *window, const struct gw_part_state *part)
{
    return part->last < window->low ? window->low - part->last : part->first - window->high;
}

/* No other window of its group lies closer to the result. */
static bool is_nearest_window(const struct question *q, const struct gw_part_state *part)
{
    const struct gw_windows *windows = &q->t->in->derived->windows;

    for (size_t i = 0; i < windows->count; i++) {
        const struct gw_window *other = &windows->list[i];

        if (other != q->window && other->low <= other->high && (other->groups & q->window->groups) &&
            days_outside(other, part) < days_outside(q->window, part))
            return false;
    }
    return true;
}

static bool is_outside(struct question *q)
{
    const struct gw_derived *derived = q->t->in->derived;
    const struct gw_part_state *nearest = NULL;
    size_t count = 0;

    for (size_t i = 0; i < derived->part_count; i++) {
        const struct gw_part_state *part = &derived->parts[i];

        if (!question_is_of(q, part) || part->first == GW_NO_DAY || part->state == GW_STATE_DELIVERED ||
            !is_nearest_window(q, part))
            continue;
        count++;
        if (!nearest || days_outside(q->window, part) < days_outside(q->window, nearest))
            nearest = part;
    }
    if (!nearest)
        return false;
    question_answer(q, "OUTSIDE_WINDOW");
    tell_window(q->t, q->window_id, NULL);
    tell(q->t, "because", "No result of %s lies in it. %s near it %s in no window; the nearest is %s %s of it.",
         q->concept, tell_count(q->t, count, "result", "results"), count == 1 ? "lies" : "lie",
         tell_count(q->t, (size_t)days_outside(q->window, nearest), "day", "days"),
         nearest->last < q->window->low ? "ahead" : "past the end");
    tell(q->t, "change", "Nothing is collected outside the windows; only another first dose or plan would move them.");
    return true;
}

static bool is_not_done(struct question *q)
{
    const struct gw_derived *derived = q->t->in->derived;
    size_t elsewhere = 0;

    for (size_t i = 0; i < derived->part_count; i++)
        elsewhere += question_is_of(q, &derived->parts[i]) && derived->parts[i].state == GW_STATE_DELIVERED;
    question_answer(q, "NOT_DONE");
    tell_window(q->t, q->window_id, NULL);
    tell(q->t, "because", "Nothing of %s was %s, in all that was read up to %s%s.", q->concept,
         q->parameter  ? "derived"
         : q->category ? "collected"
                       : "recorded in these days",
         tell_day(q->t, question_horizon(q)),
         elsewhere ? tell_text(q->t, "; other windows have %s", tell_count(q->t, elsewhere, "result", "results")) : "");
    tell(q->t, "change", "Only a record that comes late would fill it.");
    return true;
}

/* ---- the walk ---- */

enum gw_status gw_explain_missing(struct gw_arena *arena, const struct gw_explain_input *in, const char *concept,
                                  const char *window, struct gw_explanation *out, struct gw_error *err)
{
    static bool (*const reasons[])(struct question *) = {
        question_is_present,
        has_no_first_dose,
        has_no_window,
        is_not_planned,
        is_future,
        has_no_contact,
        question_is_held,
        question_is_withdrawn,
        question_is_left_out,
        question_is_candidate,
        question_is_diagnosed,
        question_is_unmapped,
        question_is_held_without_date,
        is_not_fetched,
        question_is_without_value,
        is_outside,
        is_not_done,
    };
    struct telling t = {arena, in, out, false};
    struct question q = {.t = &t, .concept = concept, .window_id = window};

    *out = (struct gw_explanation){.subject = in->subject->roster->subject, .concept = concept, .window = window};
    if (question_read(&q, err) != GW_OK)
        return err->status;
    for (size_t i = 0; !t.failed && !out->answer && i < sizeof reasons / sizeof *reasons; i++)
        reasons[i](&q);
    return telling_end(&t, err);
}
