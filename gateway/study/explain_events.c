/*
 * Why an event is missing although something speaks of it: a candidate that waits for a person, a diagnosis that no
 * assessment has collected yet, one that is held, or that counts for nothing.
 *
 * Only what began since the assessment before is looked at: an older diagnosis is that one's affair.
 */
#include <string.h>

#include "study/diagnoses.h"
#include "study/explain_question.h"

/* ---- candidates ---- */

static bool is_candidate(const struct gw_item *item)
{
    return strcmp(item->code, "AE_CANDIDATE") == 0 || strcmp(item->code, "CRS_REVIEW") == 0 ||
           strcmp(item->code, "ICANS_REVIEW") == 0;
}

/* The onset it proposes; GW_NO_DAY: none. */
static gw_day onset_of(struct question *q, const struct gw_item *item)
{
    static const char member[] = "\"onset\":\"";
    const char *at = strstr(item->context, member);
    gw_day day;

    return at && gw_day_parse(tell_text(q->t, "%.10s", at + strlen(member)), &day) ? day : GW_NO_DAY;
}

bool question_is_candidate(struct question *q)
{
    const struct gw_derived *derived = q->t->in->derived;
    const size_t before = q->t->out->item_count;

    for (size_t i = 0; q->category && i < derived->item_count; i++) {
        const struct gw_item *item = &derived->items[i];
        const char *rule = strrchr(item->fingerprint, '|') + 1; /* the last of its fields */

        if (is_candidate(item) && strcmp(rule, q->concept) == 0 && onset_of(q, item) <= q->window->high)
            telling_add_item(q->t, item);
    }
    if (q->t->out->item_count == before)
        return false;
    question_answer(q, "HELD");
    tell(q->t, "because", "%s of %s waits for a person: it is no event until it is confirmed.",
         tell_count(q->t, q->t->out->item_count - before, "candidate", "candidates"), q->concept);
    tell_items(q->t);
    tell(q->t, "change", "See casement exceptions show %s.", q->t->out->items[before]->id);
    return true;
}

/* ---- diagnoses ---- */

/* The first day of the collected window before; what began earlier was for that one. */
static gw_day first_day(const struct question *q)
{
    const struct gw_windows *windows = &q->t->in->derived->windows;
    gw_day first = GW_NO_DAY;

    for (size_t i = 0; i < windows->count; i++) {
        const struct gw_window *window = &windows->list[i];
        const struct gw_row_windows *row = telling_window_row(q->t, window->id);

        if (window->low < q->window->low && (window->groups & q->window->groups) && row &&
            gw_same(row->state, "collected") && (first == GW_NO_DAY || window->low > first))
            first = window->low;
    }
    return first;
}

struct spoken { /* the diagnoses of the category in these days, by one end that they came to */
    const char *reason;
    size_t count;
    gw_day day; /* on which the first began */
};

static bool began_in(const struct question *q, const struct gw_condition *condition, gw_day *day)
{
    const struct gw_subject_input *subject = q->t->in->subject;
    const gw_day first = first_day(q);
    const char *text = diagnosis_start_text(condition);
    struct gw_when when;

    if (!text || gw_when_read(text, gw_site_zone(subject->site), true, &when) != GW_DATE_OK)
        return false;
    *day = when.first;
    return (first == GW_NO_DAY || when.last >= first) && when.first <= q->window->high;
}

static struct spoken find_spoken(struct question *q, enum gw_state state, const char *reason)
{
    const struct gw_subject_input *subject = q->t->in->subject;
    struct spoken found = {.reason = "", .count = 0};

    for (size_t i = 0; i < q->t->in->derived->part_count; i++) {
        const struct gw_part_state *part = &q->t->in->derived->parts[i];
        const struct gw_fact *fact = &subject->facts[part->fact];
        gw_day day;

        if (fact->type != GW_CONDITION || part->state != state || (reason && !gw_same(part->reason, reason)) ||
            !diagnosis_is_of(subject, &fact->condition.code, q->concept) || !began_in(q, &fact->condition, &day))
            continue;
        if (state == GW_STATE_HELD)
            question_add_items(q, part);
        if (found.count++ == 0 || day < found.day)
            found.day = day;
        found.reason = part->reason;
    }
    return found;
}

static const char *count_diagnoses(struct question *q, const struct spoken *found)
{
    return tell_text(q->t, "%s of %s, %s on %s,", tell_count(q->t, found->count, "diagnosis", "diagnoses"), q->concept,
                     found->count == 1 ? "begun" : "the first begun", tell_day(q->t, found->day));
}

static bool tell_held(struct question *q, const struct spoken *found)
{
    question_answer(q, "HELD");
    tell(q->t, "because", "%s %s held by an exception until a person decides.", count_diagnoses(q, found),
         found->count == 1 ? "is" : "are");
    tell_items(q->t);
    if (q->t->out->item_count > 0)
        tell(q->t, "change", "Decide it: casement exceptions show %s.", q->t->out->items[0]->id);
    return true;
}

static bool tell_awaited(struct question *q, const struct spoken *found)
{
    question_answer(q, "AWAITS_ASSESSMENT");
    tell(q->t, "because", "%s %s for the next assessment: none that was collected saw the subject since.",
         count_diagnoses(q, found), found->count == 1 ? "waits" : "wait");
    tell(q->t, "change", "A routine contact in a later window would collect it.");
    return true;
}

static bool tell_refused(struct question *q, const struct spoken *found)
{
    question_answer(q, "LEFT_OUT");
    tell(q->t, "because", "%s %s for nothing: %s.", count_diagnoses(q, found), found->count == 1 ? "counts" : "count",
         *found->reason ? found->reason : "its source withdrew it");
    tell(q->t, "change", "Only a correction by the source, or of what a person decided about it, would bring it in.");
    return true;
}

bool question_is_diagnosed(struct question *q)
{
    static const struct {
        enum gw_state state;
        const char *reason; /* NULL: any */
        bool (*tell)(struct question *q, const struct spoken *found);
    } ends[] = {{GW_STATE_HELD, NULL, tell_held},
                {GW_STATE_OUTSIDE_WINDOW, "AWAITS_ASSESSMENT", tell_awaited},
                {GW_STATE_OUTSIDE_WINDOW, NULL, tell_refused},
                {GW_STATE_NOT_IN_SCOPE, NULL, tell_refused},
                {GW_STATE_RETRACTED, NULL, tell_refused}};

    for (size_t i = 0; q->category && i < sizeof ends / sizeof *ends; i++) {
        const struct spoken found = find_spoken(q, ends[i].state, ends[i].reason);

        if (found.count > 0)
            return ends[i].tell(q, &found);
    }
    return false;
}
