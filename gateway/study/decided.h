/*
 * Which decision is in force where: looked up by the stages at the place where they would ask a person.
 *
 * A stage asks before it raises an item: is there a decision of this kind for this very record, or for the cause that
 * the item would have? The more specific one answers: a record before a cause, an endpoint's rule before a site's
 * before a study's; of equals the one of the highest n. Undone ones and rules that wait for approval are not seen at
 * all. A decision that was found stands in the provenance of what it changed as "decision:<n>" (decided_rule), and the
 * item that it answered is settled as resolved by it (decided_item notes it; decided_note for what was found
 * otherwise).
 *
 * Without any decision in force every look-up is one comparison. Source: mappings/RULES.md 20.
 */
#ifndef STUDY_DECIDED_H
#define STUDY_DECIDED_H

#include "study/engine.h"

/* What a person decided about one part of a fact; of a resource without parts part is 0. NULL: nothing. */
const struct gw_decision *decided_fact(struct engine *e, enum gw_decision_kind kind, size_t fact, int part);

/*
 * The same about the event of a category that it is evidence of: of what was said of that one and of any the later. One
 * record may be evidence of several.
 */
const struct gw_decision *decided_event(struct engine *e, enum gw_decision_kind kind, size_t fact, int part,
                                        const char *category);

/* It names the event of this category, or none: `of`, else the category that it gives. */
bool decided_is_of(const struct gw_decision *decision, const char *category);

/* As decided_fact, and failing that about the cause that the item `code` would have with `about`. */
const struct gw_decision *decided_find(struct engine *e, enum gw_decision_kind kind, const char *code,
                                       const struct item_about *about);

/* Of the cause alone, for items that are about no record. */
const struct gw_decision *decided_cause(struct engine *e, enum gw_decision_kind kind, const char *code,
                                        const struct item_about *about);

/* All of a kind that are in force, one after the other, also those that a later one overrides. *at begins at 0. NULL:
 * no more. */
const struct gw_decision *decided_next(const struct engine *e, enum gw_decision_kind kind, size_t *at);

/* As decided_find, and notes that the item is answered: it is not to be raised then. */
const struct gw_decision *decided_item(struct engine *e, enum gw_decision_kind kind, const char *code,
                                       const struct item_about *about);

/* What a value stands for whose text is `phrase` (blanks around it and case aside): kind value, set.value. Notes it. */
const struct gw_decision *decided_phrase(struct engine *e, const char *code, const struct item_about *about,
                                         const char *phrase);

/*
 * What a person decided about the subject; which: the anchor of kind anchor, the patient's id of kind patient, the
 * assessment (decided_assessment) of kind response, the row of kinds target and resend, the window of kind sign, the
 * window and what has changed of it (decided_assessment; "": the answer that accepts) of kind signed, else "".
 */
const struct gw_decision *decided_subject(const struct engine *e, enum gw_decision_kind kind, const char *which);

/* The name of what an assessment shows: "T90-02|PR", and of what has changed of a signed window. */
const char *decided_assessment(struct engine *e, const char *window, const char *of);

/* An anchor ("D1", "EOT") by the record it was found from, failing that by the subject alone. */
const struct gw_decision *decided_anchor(struct engine *e, const char *which, const struct item_about *about);

/* A person switched the rule off: "episodes:NEUTROPENIA", "CTCAE 5.0:ANC" (mappings/RULES.md 20 lists them). */
bool decided_rule_off(const struct engine *e, const char *rule);

/*
 * A person answered this item for good: it is not to be raised (engine_raise asks). Notes it, and ends the part where
 * the answer was to leave it alone: IGNORED, REJECTED, DROPPED, NO_EVENT.
 */
bool decided_answers(struct engine *e, const char *code, const struct item_about *about);

/* Whether a match, or an evidence that a decision names beside it, is this part of a fact. */
bool decided_names(const struct engine *e, const struct gw_decision_match *match, size_t fact, int part);

/* The item `code` with `about` is answered by the decision. */
void decided_note(struct engine *e, const struct gw_decision *decision, const char *code,
                  const struct item_about *about);

/* The rules (NULL: none) with "decision:7" among them, for provenance. NULL decision: the rules as they are. */
const char *decided_rule(struct engine *e, const char *rules, const struct gw_decision *decision);

/* The day a member sets; GW_NO_DAY where there is no decision or it sets none. */
gw_day decided_day(const struct gw_decision *decision, enum gw_decision_member member);

/* The later of two; NULL is none. */
static inline const struct gw_decision *decided_later(const struct gw_decision *a, const struct gw_decision *b)
{
    return !a || (b && b->n > a->n) ? b : a;
}

static inline bool decided_says(const struct gw_decision *decision, enum gw_decision_member member)
{
    return decision && decision->set[member];
}

#endif
