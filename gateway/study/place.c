/*
 * Every observed value gets its code, its date and its place. Placing comes before everything that could ask a person:
 * what no window could take is counted and left alone.
 *
 * Which date: effective, else the specimen's collection, else `issued` with a mark. Source: mappings/RULES.md 5.
 */
#include <string.h>

#include "study/datum_decisions.h"
#include "study/sheet.h"

/* ---- which date ---- */

static const struct gw_fact *specimen_of(const struct engine *e, const struct gw_fact *fact, size_t *index)
{
    const struct gw_reference *ref = &fact->observation.specimen;
    const struct gw_fact *specimen = NULL;

    if (ref->kind == GW_REFERENCE_LITERAL)
        specimen = engine_find(e, GW_SPECIMEN, fact->endpoint, ref->id, index);
    return specimen && specimen->standing == GW_ACCEPTED ? specimen : NULL;
}

static const char *start_of(const struct gw_effective *effective, const char **end)
{
    *end = NULL;
    if (effective->kind == GW_EFFECTIVE_DATE)
        return effective->date;
    if (effective->kind != GW_EFFECTIVE_PERIOD)
        return NULL;
    *end = effective->period.end;
    return effective->period.start;
}

struct date_choice {
    const char *start;
    const char *end;
    bool issued;      /* only `issued` was there */
    bool by_specimen; /* the specimen's collection time */
    size_t specimen;
};

static struct date_choice choose_date(const struct engine *e, const struct gw_fact *fact)
{
    struct date_choice choice = {0};
    const struct gw_fact *specimen;

    choice.start = start_of(&fact->observation.effective, &choice.end);
    if (choice.start)
        return choice;
    specimen = specimen_of(e, fact, &choice.specimen);
    if (specimen)
        choice.start = start_of(&specimen->specimen.collected, &choice.end);
    choice.by_specimen = choice.start != NULL;
    if (!choice.start) {
        choice.start = fact->observation.issued;
        choice.issued = choice.start != NULL;
    }
    return choice;
}

/* ---- which groups ---- */

static bool takes(const struct gw_lab *lab, const struct gw_window *window)
{
    return !lab || lab->group != GW_LAB_BASELINE || gw_window_is_baseline(window);
}

/* ---- where ---- */

struct findings { /* over the groups asked */
    bool collects;
    bool partial;
    bool after_death;
    const char *touched;  /* windows that a partial date touches, or that death closed; joined by ";" */
    enum gw_place reason; /* of the first group that does not collect */
    bool has_reason;
};

static void add_placed(struct engine *e, struct datum *datum, const struct gw_window *window)
{
    const size_t index = (size_t)(window - e->windows.list);
    struct placed *placed;

    for (size_t i = datum->first_placed; i < e->placed_count; i++)
        if (e->placed[i].window_index == index)
            return; /* a window of both groups makes one row */
    placed = GW_ARENA_PUSH(e->arena, e->placed, e->placed_count, e->placed_capacity);
    if (!placed) {
        e->failed = true;
        return;
    }
    *placed = (struct placed){.window = window, .window_index = index};
    datum->placed_count++;
}

static const char *with_id(struct engine *e, const char *ids, const char *id)
{
    const char *joined = *ids ? gw_arena_print(e->arena, "%s;%s", ids, id) : id;

    e->failed |= !joined;
    return joined ? joined : ids;
}

/* Windows that would take the datum if a person settled its date. */
static void note_touched(struct engine *e, const struct datum *datum, int group, const struct gw_placement *p,
                         struct findings *found)
{
    if (p->place == GW_PLACE_AFTER_DEATH && takes(datum->code.lab, p->window))
        found->touched = with_id(e, found->touched, p->window->id);
    for (size_t i = 0; p->place == GW_PLACE_PARTIAL && i < e->windows.count; i++) {
        const struct gw_window *window = &e->windows.list[i];

        if (gw_window_meets(window, group, datum->when.first, datum->when.last) && takes(datum->code.lab, window) &&
            !sheet_list_has(found->touched, ';', window->id))
            found->touched = with_id(e, found->touched, window->id);
    }
}

static void find_in(struct engine *e, struct datum *datum, int group, struct findings *found)
{
    struct gw_placement p = gw_window_place(&e->windows, group, datum->when.first, datum->when.last);
    const struct gw_lab *lab = datum->code.lab;

    if (gw_place_collects(p.place) && takes(lab, p.window) &&
        !(datum->after_first_dose && gw_window_is_baseline(p.window))) {
        found->collects = true;
        add_placed(e, datum, p.window);
        return;
    }
    if (gw_place_collects(p.place))
        p.place = GW_PLACE_BETWEEN_WINDOWS;
    note_touched(e, datum, group, &p, found);
    found->partial |= p.place == GW_PLACE_PARTIAL && takes(lab, p.window);
    found->after_death |= p.place == GW_PLACE_AFTER_DEATH && takes(lab, p.window);
    if (!found->has_reason) {
        found->has_reason = true;
        found->reason = p.place;
    }
}

static struct findings find_place(struct engine *e, struct datum *datum, gw_groups groups)
{
    struct findings found = {.reason = GW_PLACE_BETWEEN_WINDOWS, .touched = ""};

    datum->first_placed = e->placed_count;
    datum->placed_count = 0;
    for (size_t g = 0; g < e->in->study->group_count; g++)
        if (groups & (1u << g))
            find_in(e, datum, (int)g, &found);
    return found;
}

bool engine_after_first_dose(const struct engine *e, const struct gw_when *when)
{
    return e->first_dose_utc >= 0 && when->precision == GW_PRECISION_SECOND && when->first == e->anchors.d1 &&
           when->utc > e->first_dose_utc;
}

/* ---- what follows from it ---- */

/* The windows that take the datum; where none does, those that could. */
static const char *window_ids(struct engine *e, const struct datum *datum, const struct findings *found)
{
    const char *ids = "";

    for (size_t i = 0; i < datum->placed_count; i++)
        ids = with_id(e, ids, e->placed[datum->first_placed + i].window->id);
    return *ids ? ids : found->touched;
}

struct item_about engine_about_datum(const struct datum *datum, const char *code)
{
    const struct gw_observed *o = datum->observed;
    const struct gw_coding *first = o->code.count ? &o->code.codings[0] : NULL;

    return (struct item_about){.has_fact = true,
                               .fact = datum->fact,
                               .part = datum->part,
                               .coding = datum->code.source ? datum->code.source : first,
                               .unit = strncmp(code, "UNIT_", 5) != 0 ? NULL
                                       : o->quantity.code             ? o->quantity.code
                                                                      : o->quantity.unit,
                               .quantity = o->kind == GW_VALUE_QUANTITY ? &o->quantity : NULL,
                               .day = datum->dated ? datum->when.first : GW_NO_DAY,
                               .windows = datum->windows};
}

void engine_raise_datum(struct engine *e, const struct datum *datum, const char *code, const char *note)
{
    struct item_about about = engine_about_datum(datum, code);

    about.note = note;
    if (strcmp(code, "UNIT_MISSING") == 0 || strcmp(code, "UNIT_UNKNOWN") == 0)
        about.suggestion = engine_suggest_unit(e, datum);
    else if (strcmp(code, "CODE_UNKNOWN") == 0)
        about.suggestion = engine_suggest_code(e, datum);
    engine_raise(e, code, &about);
}

static void end_outside(struct engine *e, struct datum *datum, const char *reason)
{
    engine_end_part(e, engine_part(e, datum->fact, datum->part), GW_STATE_OUTSIDE_WINDOW, reason);
}

static void end_unread(struct engine *e, struct datum *datum, const char *reason)
{
    engine_end_part(e, engine_part(e, datum->fact, datum->part), GW_STATE_NOT_IN_SCOPE, reason);
}

/* Between the windows of a living, consenting subject's span a count may still date an episode. */
static bool may_be_evidence(const struct engine *e, const struct datum *datum, enum gw_place place)
{
    return e->in->study->between_windows != GW_BETWEEN_NONE && place == GW_PLACE_BETWEEN_WINDOWS &&
           datum->code.verdict == GW_CODE_MAPPED && engine_dates_events(e, datum->code.lab->concept) &&
           datum->when.first == datum->when.last && datum->source->standing == GW_ACCEPTED &&
           !datum->source->modifier_extension && datum->when.first <= e->windows.span_high &&
           engine_lives_and_consents(e, datum->when.first);
}

static void keep_evidence(struct engine *e, struct datum *datum, enum gw_place place)
{
    const bool may = may_be_evidence(e, datum, place);

    datum->evidence = may && datum->when.first <= e->in->horizon;
    if (may)
        engine_next_day(e, datum->when.first);
}

/* Of a study without a baseline window: a result of shortly before day 1, which no row will hold. */
static bool is_before(const struct engine *e, const struct datum *datum)
{
    return datum->code.verdict == GW_CODE_MAPPED && gw_study_lab_groups(e->in->study, datum->code.lab) != 0 &&
           datum->when.first == datum->when.last && datum->when.first < e->anchors.d1 &&
           datum->when.first >= e->anchors.d1 - gw_study_baseline_days(e->in->study) &&
           datum->source->standing == GW_ACCEPTED && !datum->source->modifier_extension;
}

/* Keep only the windows that a contact opened. *over: one of the others will not be opened any more. */
static bool keep_collected(struct engine *e, struct datum *datum, bool *over)
{
    size_t kept = datum->first_placed;

    for (size_t i = 0; i < datum->placed_count; i++) {
        const struct placed p = e->placed[datum->first_placed + i];
        const char *state = e->window_states[p.window_index].state;

        if (strcmp(state, "collected") == 0)
            e->placed[kept++] = p;
        else
            *over |= strcmp(state, "missed") == 0 || strcmp(state, "truncated") == 0;
    }
    datum->placed_count = kept - datum->first_placed;
    e->placed_count = kept;
    return datum->placed_count > 0;
}

/* Items of the date itself. True: one was raised, the datum waits for a person. */
static bool held_by_date(struct engine *e, struct datum *datum, const struct findings *found)
{
    if (found->collects && datum->when.first > e->in->horizon + 1) {
        engine_raise_datum(e, datum, "FUTURE_DATE", "the date lies after the last day searched");
        engine_next_day(e, datum->when.first - 1);
    } else if (found->collects) {
        return false;
    } else if (found->after_death) {
        engine_raise_datum(e, datum, "AFTER_DEATH", "dated after the day of death");
    } else if (found->partial) {
        engine_raise_datum(e, datum, "PARTIAL_DATE", "the date is partial and only touches a window");
    } else {
        return false;
    }
    e->placed_count = datum->first_placed;
    datum->placed_count = 0;
    return true;
}

static bool out_of_scope(const struct datum *datum)
{
    return datum->code.verdict == GW_CODE_NOT_LISTED ||
           (datum->code.verdict == GW_CODE_UNKNOWN && !datum->category_read);
}

static const char *scope_reason(const struct engine *e, const struct datum *datum)
{
    if (datum->code.verdict == GW_CODE_NOT_LISTED)
        return "NOT_LISTED";
    if (datum->code.verdict == GW_CODE_UNKNOWN)
        return "CATEGORY_NOT_READ";
    if (gw_study_lab_groups(e->in->study, datum->code.lab) != 0)
        return NULL;
    return datum->code.lab->group == GW_LAB_EVIDENCE ? "AE_EVIDENCE" : "OPTIONAL_OFF";
}

/* A person assigned a window: it takes the datum, and no other does. */
static void decide_window(struct engine *e, struct datum *datum, struct findings *found)
{
    const struct gw_decision *decision = decided_fact(e, GW_DECIDE_PLACE, datum->fact, datum->part);

    for (size_t i = 0; decided_says(decision, GW_SET_WINDOW) && i < e->windows.count; i++) {
        const struct item_about about = engine_about_datum(datum, "PARTIAL_DATE");

        if (strcmp(e->windows.list[i].id, decision->set[GW_SET_WINDOW]) != 0)
            continue;
        decided_note(e, decision, "PARTIAL_DATE", &about);
        e->placed_count = datum->first_placed;
        datum->placed_count = 0;
        add_placed(e, datum, &e->windows.list[i]);
        datum->decisions = decided_rule(e, datum->decisions, decision);
        *found = (struct findings){.collects = true, .touched = datum->windows};
    }
}

/* "Drop" is an answer too. */
static void ask_about_issued(struct engine *e, struct datum *datum)
{
    engine_raise_datum(e, datum, "DATE_FROM_ISSUED", "only the issue date is known");
    if (!engine_part(e, datum->fact, datum->part)->final)
        return;
    e->placed_count = datum->first_placed;
    datum->placed_count = 0;
}

/* Collected only because a person said that there was a contact. */
static void note_contact(struct engine *e, struct datum *datum)
{
    const struct item_about about = engine_about_datum(datum, "NO_CONTACT");
    const size_t window = e->placed[datum->first_placed].window_index;
    const struct gw_decision *decision = gw_site_contacts(e->in->site) != GW_CONTACTS_INFERRED &&
                                                 gw_same(e->window_states[window].contact_kind, "inferred")
                                             ? decided_item(e, GW_DECIDE_CONTACT, "NO_CONTACT", &about)
                                             : NULL;

    if (decision)
        datum->decisions = decided_rule(e, datum->decisions, decision);
}

/* The datum has a date: find its windows and what keeps it from them. */
static void place_dated(struct engine *e, struct datum *datum)
{
    const bool mapped = datum->code.verdict == GW_CODE_MAPPED;
    const gw_groups own = mapped ? gw_study_lab_groups(e->in->study, datum->code.lab) : 0;
    struct findings found;
    const char *unread;
    bool over = false;

    datum->after_first_dose = engine_after_first_dose(e, &datum->when);
    found = find_place(e, datum, own ? own : gw_study_all_groups(e->in->study));
    datum->windows = window_ids(e, datum, &found);
    decide_window(e, datum, &found);
    unread = out_of_scope(datum) || (mapped && !own) ? scope_reason(e, datum) : NULL;
    if (!found.collects && !found.partial && !found.after_death) {
        keep_evidence(e, datum, found.reason);
        datum->before = is_before(e, datum);
        end_outside(e, datum, gw_place_reason(&e->windows, found.reason));
    } else if (unread) {
        keep_evidence(e, datum, GW_PLACE_BETWEEN_WINDOWS);
        e->placed_count = datum->first_placed;
        datum->placed_count = 0;
        end_unread(e, datum, unread);
    } else if (!held_by_date(e, datum, &found) && !keep_collected(e, datum, &over)) {
        keep_evidence(e, datum, GW_PLACE_BETWEEN_WINDOWS);
        end_outside(e, datum, "NO_CONTACT");
        if (over)
            engine_raise_datum(e, datum, "NO_CONTACT", "lies in a window, but no routine contact does");
    }
    if (datum->placed_count > 0)
        note_contact(e, datum);
    for (size_t i = 0; i < datum->placed_count; i++)
        e->placed[datum->first_placed + i].datum_index = datum->index;
}

/* A time without an offset may lie up to a day to either side: an item only where a window could use it. */
static void place_without_offset(struct engine *e, struct datum *datum, const char *text)
{
    struct gw_when when;
    struct findings found;

    gw_when_read(text, gw_site_zone(e->in->site), true, &when); /* it lacks nothing else */
    datum->when = when;
    datum->when.first -= 1;
    datum->when.last += 1;
    found = find_place(e, datum, gw_study_all_groups(e->in->study));
    datum->windows = window_ids(e, datum, &found);
    e->placed_count = datum->first_placed;
    datum->placed_count = 0;
    datum->when = when;
    datum->dated = true;
    if (!found.collects && !found.partial)
        end_outside(e, datum, gw_place_reason(&e->windows, GW_PLACE_BETWEEN_WINDOWS));
    else if (out_of_scope(datum))
        end_unread(e, datum, scope_reason(e, datum));
    else
        engine_raise_datum(e, datum, "TIME_WITHOUT_OFFSET", "a time of day without an offset is not valid FHIR");
}

static void place_datum(struct engine *e, struct datum *datum)
{
    const struct date_choice date = choose_date(e, datum->source);
    const bool assume = gw_site_assumes_zone(e->in->site);
    const struct gw_zone *zone = gw_site_zone(e->in->site);
    const enum gw_date_verdict verdict =
        date.start ? gw_when_read(date.start, zone, assume, &datum->when) : GW_DATE_MALFORMED;

    if (verdict == GW_DATE_WITHOUT_OFFSET) {
        place_without_offset(e, datum, date.start);
        return;
    }
    if (verdict == GW_DATE_MALFORMED) {
        if (out_of_scope(datum))
            end_unread(e, datum, scope_reason(e, datum));
        else
            engine_raise_datum(e, datum, "DATE_MISSING",
                               date.start ? "the date cannot be read" : "no effective, collection or issue date");
        return;
    }
    datum->dated = true;
    if (date.end && gw_when_read(date.end, zone, assume, &datum->end) != GW_DATE_OK)
        datum->end = (struct gw_when){0};
    place_dated(e, datum);
    if (date.issued && datum->placed_count > 0)
        ask_about_issued(e, datum);
    datum->by_specimen = date.by_specimen && datum->placed_count > 0;
    datum->specimen = date.specimen;
    if (datum->by_specimen)
        engine_part(e, date.specimen, 0)->cited = true;
}

/* ---- the walk ---- */

static bool category_read(const struct gw_observation *o)
{
    static const char *const read[] = {"laboratory", "vital-signs", "survey"};

    if (o->category_count == 0)
        return true;
    for (size_t c = 0; c < o->category_count; c++)
        for (size_t i = 0; i < o->categories[c].count; i++)
            if (gw_is_among(read, sizeof read / sizeof *read, o->categories[c].codings[i].code))
                return true;
    return false;
}

static void add_datum(struct engine *e, size_t index, int part)
{
    const struct gw_fact *fact = &e->in->facts[index];
    struct datum *datum = GW_ARENA_PUSH(e->arena, e->data, e->data_count, e->data_capacity);

    if (!datum) {
        e->failed = true;
        return;
    }
    datum->index = e->data_count - 1;
    datum->fact = index;
    datum->part = part;
    datum->source = fact;
    datum->observed = &fact->observation.parts[part];
    datum->windows = "";
    datum->value = &engine_not_appraised;
    datum->provisional = fact->standing == GW_PROVISIONAL;
    datum->category_read = category_read(&fact->observation);
    datum->code = gw_code_map(e->in->tables, e->in->site, &datum->observed->code);
    decide_code(e, datum);
    place_datum(e, datum);
}

/* Room for every value and for those composed of others: a list of tens of thousands is not copied as it grows. */
static void make_room(struct engine *e)
{
    size_t values = 0;

    for (size_t i = 0; i < e->in->fact_count; i++)
        if (e->in->facts[i].type == GW_OBSERVATION && e->versions[i].current)
            values += e->in->facts[i].part_count;
    e->data_capacity = values + values / 4 + 1;
    e->data = gw_arena_raw(e->arena, e->data_capacity * sizeof *e->data);
    e->failed |= !e->data;
}

void stage_place(struct engine *e)
{
    make_room(e);
    for (size_t i = 0; i < e->in->fact_count && !e->failed; i++) {
        const struct gw_fact *fact = &e->in->facts[i];

        for (size_t p = 0; fact->type == GW_OBSERVATION && p < fact->part_count; p++) {
            struct part *part = engine_part(e, i, (int)p);

            if (part->final)
                continue;
            if (fact->observation.member_count > 0 && fact->observation.parts[p].component < 0)
                engine_end_part(e, part, GW_STATE_NOT_IN_SCOPE, "PANEL"); /* its members speak for it */
            else if (fact->observation.parts[p].kind == GW_VALUE_NONE)
                engine_end_part(e, part, GW_STATE_NOT_IN_SCOPE, "NO_VALUE");
            else
                add_datum(e, i, (int)p);
        }
    }
}
