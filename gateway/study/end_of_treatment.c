/*
 * The end of treatment: the last day the drug was taken.
 *
 * The first that is known: the roster's day; a statement that was stopped for a reason; the start of another line of
 * treatment; death; a stopped order; no supply for too long. Orders, and ends that had to be inferred, are provisional:
 * a person confirms them, and a later use of the drug denies them. An end that is confirmed stands; who takes the drug
 * again after it is asked about. Source: mappings/RULES.md 2.
 */
#include <string.h>

#include "study/anchors.h"
#include "study/courses.h"

struct ending {
    struct engine *e;
    struct courses courses;
    const struct course *last; /* the use of the drug that covers the latest day; NULL: none from D1 on */
    const struct course *line; /* the first of another line after D1; NULL: none */
};

static const struct gw_study *study_of(const struct ending *ending)
{
    return ending->e->in->study;
}

static gw_day covered(const struct ending *ending)
{
    return ending->last ? ending->last->until : GW_NO_DAY;
}

static void settle_end(struct ending *ending, gw_day day, const char *status, const char *reason,
                       const struct course *by)
{
    struct engine *e = ending->e;

    e->anchors.eot = day;
    e->eot_status = status;
    e->eot_reason = reason;
    if (by)
        anchor_cite(e, by->fact, "eot");
}

/* An end that a person confirms. */
static void infer_end(struct ending *ending, gw_day day, const char *reason, const struct course *by, const char *note)
{
    settle_end(ending, day, "provisional", reason, by);
    engine_raise(ending->e, "EOT_UNCONFIRMED",
                 &(struct item_about){.has_fact = true, .fact = by->fact, .day = day, .rule = reason, .note = note});
}

/* ---- a stop that somebody stated ---- */

/* Taken again within the days after which silence is an end, or told by another statement to go on: it was a pause. */
static bool denied(const struct ending *ending, const struct course *stop)
{
    const gw_day day = stop->stopped;
    const gw_day resumed_by = stop->rank == GW_RANK_REQUEST ? GW_DAY_MAX : day + study_of(ending)->eot_gap_days;

    for (size_t i = 0; i < ending->courses.count; i++) {
        const struct course *other = &ending->courses.list[i];

        if (other->of != COURSE_TREATMENT || other == stop)
            continue;
        if (course_is_use(other) && other->begun > day && other->begun <= resumed_by)
            return true;
        if (other->rank == GW_RANK_STATEMENT && other->begun <= day && course_is_use(other) && other->until > day)
            return true;
        if (stop->rank == GW_RANK_REQUEST && other->rank == GW_RANK_REQUEST &&
            (other->stopped == GW_NO_DAY || other->stopped > day))
            return true;
    }
    return false;
}

/* The first stop that records of one rank state and none denies; NULL: none. */
static const struct course *stated_stop(const struct ending *ending, enum gw_evidence_rank rank)
{
    const struct course *first = NULL;

    for (size_t i = 0; i < ending->courses.count; i++) {
        const struct course *c = &ending->courses.list[i];

        if (c->of == COURSE_TREATMENT && c->rank == rank && c->stopped != GW_NO_DAY &&
            c->stopped >= ending->e->anchors.d1 && (!first || c->stopped < first->stopped) && !denied(ending, c))
            first = c;
    }
    return first;
}

/* ---- another line ---- */

/* Somebody says the drug was taken on a day or later: begun then, or stated until then. Supply left over says nothing.
 */
static bool taken_from(const struct ending *ending, gw_day day)
{
    for (size_t i = 0; i < ending->courses.count; i++) {
        const struct course *c = &ending->courses.list[i];

        if (c->of == COURSE_TREATMENT && course_is_use(c) &&
            (c->begun >= day || (c->rank == GW_RANK_STATEMENT && c->until >= day)))
            return true;
    }
    return false;
}

static void raise_overlap(struct ending *ending)
{
    const struct course *line = ending->line;

    engine_raise(ending->e, "REGIMEN_OVERLAP",
                 &(struct item_about){.has_fact = true,
                                      .fact = line->fact,
                                      .day = line->begun,
                                      .note = "another line of treatment began while this one goes on"});
}

/* True: the treatment ended before the other line began. */
static bool ended_by_line(struct ending *ending)
{
    const struct course *line = ending->line;

    if (!line)
        return false;
    if (taken_from(ending, line->begun)) {
        raise_overlap(ending);
        return false;
    }
    if (ending->last && covered(ending) < line->begun) {
        settle_end(ending, covered(ending), "confirmed", "NEW_LINE", ending->last);
        anchor_cite(ending->e, line->fact, "eot");
    } else {
        infer_end(ending, line->begun - 1, "NEW_LINE", line,
                  "another line of treatment began: the last dose is not known");
    }
    return true;
}

/* ---- death, an order, silence ---- */

static bool ended_by_death(struct ending *ending)
{
    const gw_day death = ending->e->anchors.death;

    if (death == GW_NO_DAY || !ending->last)
        return false;
    if (covered(ending) < death && death - covered(ending) > study_of(ending)->eot_gap_days)
        return false; /* over long before, for a reason nobody told */
    settle_end(ending, covered(ending) < death ? covered(ending) : death, "confirmed", "DEATH", ending->last);
    return true;
}

static bool ended_by_order(struct ending *ending)
{
    const struct course *order = stated_stop(ending, GW_RANK_REQUEST);

    if (!order)
        return false;
    infer_end(ending, order->stopped, "ORDER_STOPPED", order,
              "an order was stopped: nothing says when the last dose was taken");
    return true;
}

/* Whom nobody asks for any more, and who takes nothing any more, has no gap in supply: the day from which on. */
static gw_day last_asked(const struct engine *e)
{
    return gw_day_earlier(e->in->horizon, gw_day_earlier(e->anchors.withdrawn, e->anchors.death));
}

/* Nothing covered for gap_days after the last covered day. */
static void find_gap(struct ending *ending)
{
    struct engine *e = ending->e;
    const int gap = study_of(ending)->eot_gap_days;

    if (!ending->last || covered(ending) == GW_DAY_MAX)
        return;
    if (last_asked(e) - covered(ending) > gap)
        infer_end(ending, covered(ending), "NO_SUPPLY", ending->last,
                  "nothing covers the days after: treatment may have ended");
    else if (last_asked(e) == e->in->horizon)
        engine_next_day(e, covered(ending) + gap + 1);
}

/* ---- what stands against an end ---- */

static bool of_other_line(const struct ending *ending, const struct course *c)
{
    return c->of == COURSE_LINE || (c->of == COURSE_COMPANION && ending->line && c->begun >= ending->line->begun);
}

/* A dose of the study's drugs after a confirmed end: the follow-up stays, and a person is asked. */
static void check_restart(struct ending *ending)
{
    struct engine *e = ending->e;

    for (size_t i = 0; i < ending->courses.count; i++) {
        const struct course *c = &ending->courses.list[i];

        if (c->begun <= e->anchors.eot || !course_is_use(c) || of_other_line(ending, c))
            continue;
        engine_raise(e, "RESTART_AFTER_EOT",
                     &(struct item_about){.has_fact = true,
                                          .fact = c->fact,
                                          .day = c->begun,
                                          .note = "a drug of the study was taken after the end of treatment"});
        return;
    }
}

struct component { /* when one kind of evidence says the drug ended */
    const char *name;
    gw_day day;
    const struct course *by; /* NULL: the roster */
};

/* The latest stop stated, and the latest day supplied, of what began by the end. */
static void latest(const struct ending *ending, struct component *stated, struct component *supply)
{
    for (size_t i = 0; i < ending->courses.count; i++) {
        const struct course *c = &ending->courses.list[i];
        const bool handed = c->rank == GW_RANK_ADMINISTRATION || c->rank == GW_RANK_DISPENSE;

        if (c->of != COURSE_TREATMENT || c->begun > ending->e->anchors.eot)
            continue;
        if (c->stopped != GW_NO_DAY && c->stopped >= ending->e->anchors.d1 &&
            (!stated->by || c->rank < stated->by->rank || (c->rank == stated->by->rank && c->stopped > stated->day)))
            *stated = (struct component){stated->name, c->stopped, c};
        if (handed && course_is_use(c) && (!supply->by || c->handed > supply->day))
            *supply = (struct component){supply->name, c->handed, c};
    }
}

static void raise_difference(struct engine *e, const struct component *components, size_t count)
{
    struct gw_text note = GW_TEXT_INIT(512);
    struct item_about about = {.has_fact = true};
    char day[11];

    gw_text_add(&note, "end of treatment:");
    for (size_t i = 0; i < count; i++) {
        if (components[i].day == GW_NO_DAY)
            continue;
        gw_day_print(components[i].day, day);
        gw_text_print(&note, " %s %s", components[i].name, day);
        about.fact = components[i].by ? components[i].by->fact : about.fact;
        about.day = components[i].day;
    }
    about.note = note.failed ? NULL : gw_arena_copy(e->arena, note.at, note.length);
    gw_text_release(&note);
    e->failed |= !about.note;
    engine_raise(e, "EOT_COMPONENTS_DIFFER", &about);
}

/* The roster, the records of use and the supply each have an end, more than spread_days apart. */
static void compare_components(struct ending *ending)
{
    struct component all[] = {{"roster", ending->e->in->roster->end_of_treatment, NULL},
                              {"supply", GW_NO_DAY, NULL},
                              {"stated", GW_NO_DAY, NULL}};
    gw_day first = GW_DAY_MAX, last = GW_DAY_MIN;

    latest(ending, &all[2], &all[1]);
    for (size_t i = 0; i < 3; i++) {
        if (all[i].day == GW_NO_DAY)
            continue;
        first = all[i].day < first ? all[i].day : first;
        last = all[i].day > last ? all[i].day : last;
    }
    if (last > first && last - first > study_of(ending)->eot_spread_days)
        raise_difference(ending->e, all, 3);
}

/* ---- the order in which evidence is asked ---- */

/* By the roster or a statement of use: what other records say is compared with it. */
static bool ended_as_stated(struct ending *ending)
{
    const gw_day roster = ending->e->in->roster->end_of_treatment;
    const struct course *statement = stated_stop(ending, GW_RANK_STATEMENT);

    if (roster == GW_NO_DAY && !statement)
        return false;
    if (roster != GW_NO_DAY)
        settle_end(ending, roster, "confirmed", "ROSTER", NULL);
    else
        settle_end(ending, statement->stopped, "confirmed", "STATED_STOP", statement);
    compare_components(ending);
    if (ending->line && ending->line->begun < ending->e->anchors.eot)
        raise_overlap(ending);
    return true;
}

static void survey(struct ending *ending)
{
    const gw_day d1 = ending->e->anchors.d1;

    courses_gather(ending->e, &ending->courses);
    for (size_t i = 0; i < ending->courses.count; i++) {
        const struct course *c = &ending->courses.list[i];

        if (!course_is_use(c))
            continue;
        if (c->of == COURSE_TREATMENT && c->until >= d1 && (!ending->last || c->until > ending->last->until))
            ending->last = c;
        if (c->of == COURSE_LINE && c->begun > d1 && !ending->line)
            ending->line = c;
    }
}

static void find_end(struct ending *ending)
{
    if (!ended_as_stated(ending) && !ended_by_line(ending) && !ended_by_death(ending) && !ended_by_order(ending))
        find_gap(ending);
}

void find_end_of_treatment(struct engine *e)
{
    struct ending ending = {.e = e};

    e->anchors.eot = e->in->roster->end_of_treatment;
    e->eot_status = e->anchors.eot == GW_NO_DAY ? "none" : "confirmed";
    e->eot_reason = e->anchors.eot == GW_NO_DAY ? NULL : "ROSTER";
    if (e->anchors.d1 != GW_NO_DAY)
        survey(&ending);
    e->next_line = ending.line ? ending.line->begun : GW_NO_DAY;
    if (e->anchors.d1 != GW_NO_DAY && e->in->study->eot_drug)
        find_end(&ending);
    decide_end_of_treatment(e);
    if (e->in->study->eot_drug && strcmp(e->eot_status, "confirmed") == 0)
        check_restart(&ending);
}
