/*
 * Why a value is missing although something was recorded: held, withdrawn, without a value, left out, or under a code
 * that nobody mapped.
 */
#include <string.h>

#include "gateway/study/measure.h"
#include "study/explain_question.h"
#include "study/sheet.h"

enum { MOST_CODES_TOLD = 3 };

/* ---- something was recorded in it ---- */

static const struct gw_item *item_of(const struct question *q, const char *id, size_t length)
{
    const struct gw_derived *derived = q->t->in->derived;

    for (size_t i = 0; i < derived->item_count; i++)
        if (strncmp(derived->items[i].id, id, length) == 0 && derived->items[i].id[length] == '\0')
            return &derived->items[i];
    return NULL;
}

void question_add_items(struct question *q, const struct gw_part_state *part)
{
    for (const char *id = part->items; *id;) {
        const size_t length = strcspn(id, ";");
        const struct gw_item *item = item_of(q, id, length);

        if (item)
            telling_add_item(q->t, item);
        id += length + (id[length] == ';');
    }
}

static bool is_held_for(const struct question *q, const struct gw_part_state *part, bool dated)
{
    return question_is_of(q, part) && part->state == GW_STATE_HELD &&
           (dated ? question_is_in(q, part) : part->first == GW_NO_DAY);
}

static bool hold(struct question *q, bool dated)
{
    const struct gw_derived *derived = q->t->in->derived;
    size_t count = 0;

    for (size_t i = 0; i < derived->part_count; i++) {
        if (!is_held_for(q, &derived->parts[i], dated))
            continue;
        count++;
        question_add_items(q, &derived->parts[i]);
    }
    if (count == 0)
        return false;
    if (q->t->out->item_count == 0)
        question_add_blocking(q);
    question_answer(q, "HELD");
    tell(q->t, "because", "%s of %s %s %s held by an exception until a person decides.",
         tell_count(q->t, count, "result", "results"), q->concept,
         dated ? tell_text(q->t, "dated in %s", q->window_id) : "without a usable date", count == 1 ? "is" : "are");
    tell_items(q->t);
    if (q->t->out->item_count > 0)
        tell(q->t, "change", "Decide it: casement exceptions show %s.", q->t->out->items[0]->id);
    return true;
}

bool question_is_held(struct question *q)
{
    return hold(q, true);
}

bool question_is_held_without_date(struct question *q)
{
    return hold(q, false);
}

/* Code and days of what was never placed, read as placing would have. */
static bool version_is_in(struct question *q, const struct gw_fact *fact, size_t part)
{
    const struct gw_subject_input *subject = q->t->in->subject;
    const struct gw_effective *effective = &fact->observation.effective;
    const char *date = effective->kind == GW_EFFECTIVE_PERIOD ? effective->period.start : effective->date;
    struct gw_code_result code;
    struct gw_when when;

    if (part >= fact->observation.part_count)
        return false;
    code = gw_code_map(subject->tables, subject->site, &fact->observation.parts[part].code);
    return code.lab && gw_same(code.lab->concept, q->concept) && date &&
           gw_when_read(date, gw_site_zone(subject->site), true, &when) == GW_DATE_OK &&
           when.first <= q->window->high && when.last >= q->window->low;
}

/* By any of its versions: one that withdraws a result need not say what it was. */
static bool would_be_in(struct question *q, const struct gw_part_state *part)
{
    const struct gw_subject_input *subject = q->t->in->subject;
    const struct gw_fact *fact = &subject->facts[part->fact];

    for (size_t i = 0; q->laboratory && fact->type == GW_OBSERVATION && !part->concept && i < subject->fact_count; i++)
        if (telling_same_resource(&subject->facts[i], fact) && version_is_in(q, &subject->facts[i], (size_t)part->part))
            return true;
    return false;
}

static size_t count_ended(struct question *q, enum gw_state state)
{
    const struct gw_derived *derived = q->t->in->derived;
    size_t count = 0;

    for (size_t i = 0; i < derived->part_count; i++)
        count += derived->parts[i].state == state && would_be_in(q, &derived->parts[i]);
    return count;
}

bool question_is_withdrawn(struct question *q)
{
    const size_t count = count_ended(q, GW_STATE_RETRACTED);

    if (count == 0)
        return false;
    question_answer(q, "WITHDRAWN");
    tell(q->t, "because", "The source withdrew %s of %s in %s (entered in error, or cancelled).",
         tell_count(q->t, count, "result", "results"), q->concept, q->window_id);
    tell(q->t, "change", "A corrected version from the source would bring it back.");
    return true;
}

bool question_is_without_value(struct question *q)
{
    const size_t count = count_ended(q, GW_STATE_NOT_IN_SCOPE);

    if (count == 0)
        return false;
    question_answer(q, "NO_VALUE");
    tell(q->t, "because", "%s of %s in %s %s recorded without a value that counts (none yet, or of a refused status).",
         tell_count(q->t, count, "result", "results"), q->concept, q->window_id, count == 1 ? "is" : "are");
    tell(q->t, "change", "A final result from the source would fill it.");
    return true;
}

/* Dated in the window and yet not taken: after the first dose on day 1, after the withdrawal, a duplicate. */
bool question_is_left_out(struct question *q)
{
    const struct gw_derived *derived = q->t->in->derived;
    const char *reason = NULL;
    size_t count = 0;

    for (size_t i = 0; i < derived->part_count; i++) {
        const struct gw_part_state *part = &derived->parts[i];

        if (!question_is_of(q, part) || !question_is_in(q, part))
            continue;
        count++;
        reason = *part->reason ? part->reason : gw_state_name(part->state);
    }
    if (count == 0)
        return false;
    question_answer(q, "LEFT_OUT");
    tell(q->t, "because", "%s of %s dated in %s %s not taken: %s.", tell_count(q->t, count, "result", "results"),
         q->concept, q->window_id, count == 1 ? "was" : "were", reason);
    if (gw_window_is_baseline(q->window))
        tell(q->t, "because", "On day 1 a value timed after the first dose is no baseline.");
    tell(q->t, "change", "Only a correction by the source, or of what a person decided about it, would bring it in.");
    return true;
}

/* ---- something was recorded that may be it ---- */

static bool is_of_code(const struct gw_item *item)
{
    return strcmp(item->code, "CODE_UNKNOWN") == 0 || strcmp(item->code, "CODE_UNVERIFIED") == 0 ||
           strcmp(item->code, "CODE_CONFLICT") == 0;
}

/* "urn:hm:lab|ANC-K", as the third and fourth field of the fingerprint have it. */
static const char *code_in(struct question *q, const struct gw_item *item)
{
    const char *const site = strchr(item->fingerprint, '|') + 1, *const system = strchr(site, '|') + 1;
    const char *const code = strchr(system, '|') + 1, *const end = strchrnul(code, '|');

    return tell_text(q->t, "%.*s", (int)(end - system), system);
}

bool question_is_unmapped(struct question *q)
{
    const struct gw_derived *derived = q->t->in->derived;
    size_t count = 0, codes = 0;
    const char *list = "";

    for (size_t i = 0; q->laboratory && i < derived->item_count; i++) {
        const struct gw_item *item = &derived->items[i];
        const char *code;

        if (!is_of_code(item) || !sheet_list_has(item->window_ids, ';', q->window_id))
            continue;
        count++;
        telling_add_item(q->t, item);
        code = code_in(q, item);
        if (!strstr(list, code) && codes++ < MOST_CODES_TOLD)
            list = tell_with(q->t, list, code);
    }
    if (count == 0)
        return false;
    question_answer(q, "UNMAPPED");
    tell(q->t, "because", "%s in %s %s a code that no table or site map names (%s%s): any of them may be %s.",
         tell_count(q->t, count, "result", "results"), q->window_id, count == 1 ? "carries" : "carry", list,
         codes > MOST_CODES_TOLD ? " and others" : "", q->concept);
    tell_items(q->t);
    tell(q->t, "change",
         "Map the code to a LOINC code in the site's profile, or decide it: casement exceptions show %s.",
         q->t->out->items[0]->id);
    return true;
}
