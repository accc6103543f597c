/*
 * Decisions about whole records, laid over the facts before any stage reads them: a copy of the list, in which a
 * status is accepted or refused, a date is set, a time without an offset is the site's, a drug has a code.
 *
 * So every stage, whatever it makes of a record, follows such a decision without asking for it. The input stays as it
 * was; without a decision of these kinds there is no copy. Source: mappings/RULES.md 20.
 */
#include "study/fact_decisions.h"

#include <stdlib.h>
#include <string.h>

#include "study/uses.h"

enum { MOST_DATES = 8 };

struct overlay {
    struct engine *e;
    struct gw_fact *fact; /* the copy */
    size_t index;
    struct fact_decision *out;
};

static void follow(struct overlay *o, const struct gw_decision *decision)
{
    o->out->decision = decision->n;
    o->out->rules = decided_rule(o->e, o->out->rules, decision);
}

static void leave_out(struct overlay *o, const struct gw_decision *decision, const char *reason)
{
    o->fact->standing = GW_REFUSED;
    o->out->reason = reason;
    follow(o, decision);
}

/* ---- the codes a record goes by ---- */

/* The concept by which items name a record, and its first part. NULL: it has none. */
static const struct gw_concept *concept_of(const struct gw_fact *fact, size_t part)
{
    switch (fact->type) {
    case GW_OBSERVATION:
        return &fact->observation.parts[part].code;
    case GW_CONDITION:
        return &fact->condition.code;
    case GW_PROCEDURE:
        return &fact->procedure.code;
    case GW_MEDICATION:
        return &fact->medication.code;
    default:
        return use_rank(fact->type) != GW_RANK_COUNT ? &fact->use.medication : NULL;
    }
}

/* The decision about one part: by the record, or by the cause an item would have with any of its codings. */
static const struct gw_decision *of_part(struct overlay *o, enum gw_decision_kind kind, const char *code, size_t part)
{
    const struct gw_concept *concept = concept_of(o->fact, part);
    struct item_about about = {.has_fact = true, .fact = o->index, .part = (int)part, .day = GW_NO_DAY};
    const struct gw_decision *found = NULL;

    if (o->fact->type == GW_ENCOUNTER)
        about.coding = &o->fact->encounter.class_code;
    if (!concept || concept->count == 0)
        return decided_find(o->e, kind, code, &about);
    for (size_t i = 0; !found && i < concept->count; i++) {
        about.coding = &concept->codings[i];
        found = decided_find(o->e, kind, code, &about);
    }
    return found;
}

static const struct gw_decision *of_any_part(struct overlay *o, enum gw_decision_kind kind, const char *code)
{
    const struct gw_decision *found = NULL;

    for (size_t p = 0; !found && p < o->fact->part_count; p++)
        found = of_part(o, kind, code, p);
    return found;
}

/* ---- status ---- */

static void decide_status(struct overlay *o)
{
    const bool undecided = o->fact->standing == GW_UNDECIDED;
    const struct gw_decision *decision;

    if (!undecided && !o->fact->modifier_extension)
        return;
    decision = of_any_part(o, GW_DECIDE_STATUS, undecided ? "STATUS_UNKNOWN" : "MODIFIER_EXTENSION");
    if (decided_says(decision, GW_SET_REFUSE)) {
        leave_out(o, decision, "STATUS_REFUSED");
    } else if (decision) {
        o->fact->standing = undecided ? GW_ACCEPTED : o->fact->standing;
        o->fact->modifier_extension = undecided && o->fact->modifier_extension;
        follow(o, decision);
    }
}

/* ---- dates ---- */

static size_t of_effective(struct gw_effective *effective, const char **list[])
{
    list[0] = &effective->date;
    list[1] = &effective->period.start;
    list[2] = &effective->period.end;
    return 3;
}

static size_t dates_of(struct gw_fact *fact, const char **list[MOST_DATES])
{
    size_t count;

    switch (fact->type) {
    case GW_OBSERVATION:
        count = of_effective(&fact->observation.effective, list);
        list[count] = &fact->observation.issued;
        return count + 1;
    case GW_CONDITION:
        count = of_effective(&fact->condition.onset, list);
        count += of_effective(&fact->condition.abatement, list + count);
        list[count] = &fact->condition.recorded_date;
        return count + 1;
    case GW_ENCOUNTER:
        list[0] = &fact->encounter.period.start;
        list[1] = &fact->encounter.period.end;
        return 2;
    case GW_PROCEDURE:
        return of_effective(&fact->procedure.performed, list);
    case GW_SPECIMEN:
        return of_effective(&fact->specimen.collected, list);
    default:
        if (use_rank(fact->type) == GW_RANK_COUNT)
            return 0;
        count = of_effective(&fact->use.effective, list);
        list[count] = &fact->use.when_handed_over;
        list[count + 1] = &fact->use.authored_on;
        return count + 2;
    }
}

/* Where a record of this kind says when it was. */
static struct gw_effective *effective_of(struct gw_fact *fact)
{
    switch (fact->type) {
    case GW_OBSERVATION:
        return &fact->observation.effective;
    case GW_CONDITION:
        return &fact->condition.onset;
    case GW_PROCEDURE:
        return &fact->procedure.performed;
    case GW_SPECIMEN:
        return &fact->specimen.collected;
    case GW_MEDICATION_ADMINISTRATION:
    case GW_MEDICATION_STATEMENT:
        return &fact->use.effective;
    default:
        return NULL;
    }
}

static void set_date(struct gw_fact *fact, const char *date)
{
    struct gw_effective *effective = effective_of(fact);

    if (effective)
        *effective = (struct gw_effective){.kind = GW_EFFECTIVE_DATE, .date = date};
    else if (fact->type == GW_PATIENT)
        fact->patient.deceased_date = date;
    else if (fact->type == GW_ENCOUNTER)
        fact->encounter.period = (struct gw_period){date, date};
    else if (fact->type == GW_MEDICATION_DISPENSE)
        fact->use.when_handed_over = date;
    else if (fact->type == GW_MEDICATION_REQUEST)
        fact->use.authored_on = fact->use.validity.start = date;
}

/* The site's offset at that time, written behind it. */
static void give_offset(struct engine *e, const char **date)
{
    const struct gw_zone *zone = gw_site_zone(e->in->site);
    struct gw_when when;
    int minutes;

    if (!*date || gw_when_read(*date, zone, false, &when) != GW_DATE_WITHOUT_OFFSET ||
        gw_when_read(*date, zone, true, &when) != GW_DATE_OK)
        return;
    minutes = gw_zone_offset_at(zone, when.utc) / 60;
    *date =
        gw_arena_print(e->arena, "%s%c%02d:%02d", *date, minutes < 0 ? '-' : '+', abs(minutes) / 60, abs(minutes) % 60);
    e->failed |= !*date;
}

static bool lacks_offset(const struct engine *e, struct gw_fact *fact)
{
    const char **dates[MOST_DATES];
    const size_t count = dates_of(fact, dates);
    struct gw_when when;

    for (size_t i = 0; i < count; i++)
        if (*dates[i] && gw_when_read(*dates[i], gw_site_zone(e->in->site), false, &when) == GW_DATE_WITHOUT_OFFSET)
            return true;
    return false;
}

/* Its date is the whole record's, whichever of its parts was asked about. */
static const struct gw_decision *dated_by_a_person(struct overlay *o)
{
    const struct gw_decision *found = NULL;

    for (size_t p = 0; !decided_says(found, GW_SET_DATE) && p < o->fact->part_count; p++)
        found = decided_fact(o->e, GW_DECIDE_PLACE, o->index, (int)p);
    return decided_says(found, GW_SET_DATE) ? found : NULL;
}

static void decide_date(struct overlay *o)
{
    const struct gw_decision *decision = dated_by_a_person(o);
    const char **dates[MOST_DATES];
    size_t count;

    if (decision) {
        set_date(o->fact, decision->set[GW_SET_DATE]);
        follow(o, decision);
        return;
    }
    if (!lacks_offset(o->e, o->fact))
        return;
    decision = of_any_part(o, GW_DECIDE_PLACE, "TIME_WITHOUT_OFFSET");
    if (!decided_says(decision, GW_SET_ZONE))
        return;
    count = dates_of(o->fact, dates);
    for (size_t i = 0; i < count; i++)
        give_offset(o->e, dates[i]);
    follow(o, decision);
}

/* A record without parts is left out as a whole, of a Patient the death; of an Observation the part is, in
 * stage_current. */
static void decide_drop(struct overlay *o)
{
    const struct gw_decision *decision =
        o->fact->type == GW_OBSERVATION ? NULL : decided_fact(o->e, GW_DECIDE_PLACE, o->index, 0);

    if (!decided_says(decision, GW_SET_DROP))
        return;
    if (o->fact->type != GW_PATIENT) {
        leave_out(o, decision, "DROPPED");
        return;
    }
    o->fact->patient.deceased = false;
    o->fact->patient.deceased_date = NULL;
    follow(o, decision);
}

/* ---- drugs ---- */

static void decide_drug(struct overlay *o)
{
    static const char *const items[] = {"MEDICATION_UNRESOLVED", "CODE_UNKNOWN"};
    const bool use = use_rank(o->fact->type) != GW_RANK_COUNT;
    struct gw_concept *concept = use ? &o->fact->use.medication : &o->fact->medication.code;
    const struct gw_decision *decision = NULL;
    struct gw_coding *codings;

    if (!use && o->fact->type != GW_MEDICATION)
        return;
    for (size_t i = 0; !decided_says(decision, GW_SET_ATC) && i < sizeof items / sizeof *items; i++)
        decision = of_part(o, GW_DECIDE_CODE, items[i], 0);
    if (!decided_says(decision, GW_SET_ATC))
        return;
    if (!(codings = gw_arena_alloc(o->e->arena, (concept->count + 1) * sizeof *codings))) {
        o->e->failed = true;
        return;
    }
    for (size_t i = 0; i < concept->count; i++)
    codings[i] = concept->codings[i];
    codings[concept->count] = (struct gw_coding){GW_SYSTEM_ATC, decision->set[GW_SET_ATC], NULL};
    concept->codings = codings;
    concept->count++;
    follow(o, decision);
}

/* ---- whose they are ---- */

const struct gw_decision *decide_excluded(struct engine *e)
{
    const struct gw_decision *decision = decided_subject(e, GW_DECIDE_RECRUITMENT, "");

    if (!decided_says(decision, GW_SET_EXCLUDE))
        decision = decided_subject(e, GW_DECIDE_PATIENT, "");
    return decided_says(decision, GW_SET_EXCLUDE) || decided_says(decision, GW_SET_STOP) ? decision : NULL;
}

static void decide_owner(struct overlay *o, const struct gw_decision *excluded)
{
    const char *patient = o->fact->type == GW_PATIENT ? o->fact->id : o->fact->subject.id;
    const struct gw_decision *decision = patient ? decided_subject(o->e, GW_DECIDE_PATIENT, patient) : NULL;

    if (decided_says(decision, GW_SET_UNLINK))
        leave_out(o, decision, "UNLINKED");
    else if (excluded)
        leave_out(o, excluded, "EXCLUDED");
}

/* ---- all of them ---- */

static struct gw_fact *copy_facts(struct engine *e)
{
    const size_t count = e->in->fact_count;
    struct gw_subject_input *in = gw_arena_alloc(e->arena, sizeof *in);
    struct gw_fact *facts = gw_arena_alloc(e->arena, (count + 1) * sizeof *facts);

    e->fact_decisions = gw_arena_alloc(e->arena, (count + 1) * sizeof *e->fact_decisions);
    if (!in || !facts || !e->fact_decisions) {
        e->failed = true;
        return NULL;
    }
    if (count)
        memcpy(facts, e->in->facts, count * sizeof *facts);
    *in = *e->in;
    in->facts = facts;
    e->in = in;
    return facts;
}

void decide_facts(struct engine *e)
{
    const struct gw_decision *excluded = decide_excluded(e);
    struct gw_fact *facts;

    if (!e->decided_facts || e->failed || !(facts = copy_facts(e)))
        return;
    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++) {
        struct overlay o = {e, &facts[i], i, &e->fact_decisions[i]};

        decide_owner(&o, excluded);
        if (o.out->reason)
            continue;
        decide_drop(&o);
        decide_status(&o);
        decide_date(&o);
        decide_drug(&o);
    }
}

const char *fact_rules(struct engine *e, size_t fact, const char *rules)
{
    const char *own = e->fact_decisions ? e->fact_decisions[fact].rules : NULL;

    return own ? engine_rules(e, (const char *const[]){rules, own}, 2) : rules;
}
