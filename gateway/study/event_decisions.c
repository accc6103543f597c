/*
 * Decisions about adverse events: bound to any evidence of theirs, so that they hold whatever id an episode has.
 * Relatedness, seriousness and clinical grades are a person's to give. Source: mappings/RULES.md 20.
 */
#include "study/event_decisions.h"

#include <stdlib.h>
#include <string.h>

#include "study/sheet.h"

/* ---- whose evidence ---- */

/* The grade of a single value is not that of the event. */
static const struct gw_decision *about_event(const struct episode_evidence *evidence,
                                             const struct gw_decision *decision)
{
    return evidence->datum && evidence->datum->value->graded_by == decision ? NULL : decision;
}

/* The latest of a kind about any evidence of the episode, of its event or of no event by name; NULL: none. */
static const struct gw_decision *decision_on(struct engine *e, enum gw_decision_kind kind,
                                             const struct episode *episode)
{
    const struct gw_decision *found = NULL;

    for (size_t i = 0; e->decided_count > 0 && i < episode->evidence_count; i++) {
        const struct episode_evidence *evidence = &episode->evidence[i];
        const struct gw_decision *other = decided_event(e, kind, evidence->fact, evidence->part, episode->category);

        if (episode->asked_as)
            other = decided_later(other, decided_event(e, kind, evidence->fact, evidence->part, episode->asked_as));
        found = decided_later(found, about_event(evidence, other));
    }
    return found;
}

/* ---- one episode ---- */

/* Of a grade given by itself and one given with the confirmation the later. */
static const struct gw_decision *grading(const struct episode_decisions *d)
{
    const struct gw_decision *confirmed = decided_says(d->event, GW_SET_GRADE) ? d->event : NULL;

    return decided_later(confirmed, d->grade);
}

static void take_grade(struct engine *e, struct episode *episode, const struct gw_decision *decision)
{
    const bool was_open = episode->max_grade < 0;

    if (!decision)
        return;
    episode->decided.graded = decision;
    episode->max_grade = atoi(decision->set[GW_SET_GRADE]);
    episode->max_day = was_open ? episode->onset : episode->max_day;
    if (!was_open)
        return;
    episode_note_grade(e, episode, episode->max_day, episode->max_grade);
    decide_episode_item(e, episode, decision, "AE_GRADE_HUMAN");
}

/* What is over goes on no more; who died of it has it until that day, unless an earlier end is known. */
static void take_outcome(const struct engine *e, struct episode *episode, const struct gw_decision *decision)
{
    if (!decision)
        return;
    episode->outcome = decision->set[GW_SET_OUTCOME];
    if (gw_same(episode->outcome, "fatal") && episode->end == GW_NO_DAY)
        episode->end = e->anchors.death;
    episode->ongoing = episode->end == GW_NO_DAY &&
                       (gw_same(episode->outcome, "not recovered") || gw_same(episode->outcome, "recovering"));
}

void decide_episode(struct engine *e, struct episode *episode)
{
    struct episode_decisions *d = &episode->decided;

    if (e->decided_count == 0)
        return;
    d->event = decision_on(e, GW_DECIDE_EVENT, episode);
    d->grade = decision_on(e, GW_DECIDE_GRADE, episode);
    d->seriousness = decision_on(e, GW_DECIDE_SERIOUSNESS, episode);
    d->relatedness = decision_on(e, GW_DECIDE_RELATEDNESS, episode);
    d->action_taken = decision_on(e, GW_DECIDE_ACTION_TAKEN, episode);
    d->outcome = decision_on(e, GW_DECIDE_OUTCOME, episode);
    take_grade(e, episode, grading(d));
    take_outcome(e, episode, d->outcome);
    d->rules = decided_rule(e, d->rules, d->event);
    d->rules = decided_rule(e, d->rules, d->graded);
    d->rules = decided_rule(e, d->rules, d->seriousness);
    d->rules = decided_rule(e, d->rules, d->relatedness);
    d->rules = decided_rule(e, d->rules, d->action_taken);
    d->rules = decided_rule(e, d->rules, d->outcome);
}

static void set_seriousness(const struct gw_decision *decision, struct gw_row_ae_episodes *row)
{
    const char *criteria = decided_says(decision, GW_SET_CRITERIA) ? decision->set[GW_SET_CRITERIA] : "";

    row->serious = strcmp(decision->set[GW_SET_SERIOUS], "true") == 0;
    row->serious_death = row->serious && sheet_list_has(criteria, ';', "death");
    row->serious_life = row->serious && sheet_list_has(criteria, ';', "life");
    row->serious_hospital = row->serious && sheet_list_has(criteria, ';', "hospital");
    row->serious_disability = row->serious && sheet_list_has(criteria, ';', "disability");
    row->serious_anomaly = row->serious && sheet_list_has(criteria, ';', "anomaly");
    row->serious_other = row->serious && sheet_list_has(criteria, ';', "other");
    row->seriousness_origin = "human";
}

void decide_episode_row(const struct episode *episode, struct gw_row_ae_episodes *row)
{
    const struct episode_decisions *d = &episode->decided;

    if (decided_says(d->graded, GW_SET_SCALE))
        row->scale = d->graded->set[GW_SET_SCALE];
    if (d->seriousness)
        set_seriousness(d->seriousness, row);
    if (d->relatedness) {
        row->relatedness = d->relatedness->set[GW_SET_RELATEDNESS];
        row->relatedness_by = d->relatedness->by;
    }
    if (d->action_taken)
        row->action_taken = d->action_taken->set[GW_SET_ACTION_TAKEN];
}

void decide_episode_item(struct engine *e, const struct episode *episode, const struct gw_decision *decision,
                         const char *code)
{
    const struct item_about about = episode_about(episode, NULL);

    decided_note(e, decision, code, &about);
}

void ask_about_episode(struct engine *e, const struct episode *episode, const struct gw_decision *decision,
                       const char *code, const char *note)
{
    const struct item_about about = episode_about(episode, note);

    if (decision)
        decided_note(e, decision, code, &about);
    else
        engine_raise(e, code, &about);
}

/* ---- two that are one ---- */

bool decision_names(const struct engine *e, const struct gw_decision *decision, const struct episode *episode)
{
    for (size_t i = 0; i < episode->evidence_count; i++)
        if (decided_names(e, &decision->with, episode->evidence[i].fact, episode->evidence[i].part))
            return true;
    return false;
}

/* The record may be evidence of several: that of the guest's own category goes before. */
static struct episode *host_of(const struct engine *e, struct episodes *episodes, const struct episode *guest,
                               const struct gw_decision *decision)
{
    struct episode *found = NULL;

    for (size_t i = 0; i < episodes->count; i++) {
        struct episode *host = &episodes->list[i];

        if (host == guest || !decision_names(e, decision, host))
            continue;
        if (strcmp(host->category, guest->category) == 0)
            return host;
        found = found ? found : host;
    }
    return found;
}

/* A grade above all of the course so far: the day may have a lesser one. */
static void raise_grade(struct engine *e, struct episode *episode, gw_day day, int grade)
{
    for (size_t i = 0; i < episode->grade_count; i++)
        if (episode->grades[i].day == day) {
            episode->grades[i] = (struct episode_grade){day, grade, episode->evidence_count - 1};
            return;
        }
    episode_note_grade(e, episode, day, grade);
}

static void join(struct engine *e, struct episode *host, const struct episode *guest)
{
    host->onset = guest->onset < host->onset ? guest->onset : host->onset;
    host->coded |= guest->coded;
    host->from_lab |= guest->from_lab;
    if (guest->ongoing && !host->from_lab) {
        host->ongoing = true;
        host->end = GW_NO_DAY;
        host->outcome = guest->outcome;
    } else if (!host->ongoing && host->end != GW_NO_DAY && guest->end != GW_NO_DAY && guest->end > host->end) {
        host->end = guest->end;
    }
    host->treated |= guest->treated;
    for (size_t i = 0; i < guest->evidence_count; i++) {
        struct episode_evidence evidence = guest->evidence[i];

        evidence.role = evidence.day == host->onset ? "onset" : "supporting";
        episode_cite(e, host, evidence);
    }
    if (guest->max_grade <= host->max_grade)
        return;
    host->max_grade = guest->max_grade;
    host->max_day = guest->max_day;
    raise_grade(e, host, guest->max_day, guest->max_grade);
}

static void remove_guest(struct episodes *episodes, size_t guest)
{
    memmove(&episodes->list[guest], &episodes->list[guest + 1], (episodes->count - guest - 1) * sizeof *episodes->list);
    episodes->count--;
}

void decide_merges(struct engine *e, struct episodes *episodes)
{
    for (size_t i = 0; e->decided_count > 0 && i < episodes->count && !e->failed;) {
        struct episode *guest = &episodes->list[i];
        const struct gw_decision *decision = decision_on(e, GW_DECIDE_EVENT, guest);
        struct episode *host = decided_says(decision, GW_SET_MERGE_WITH) && !decision_names(e, decision, guest)
                                   ? host_of(e, episodes, guest, decision)
                                   : NULL;

        if (!host) {
            i++;
            continue;
        }
        join(e, host, guest);
        remove_guest(episodes, i);
    }
}
