/*
 * Decisions about results, applied where the result is read: code, unit, value. What the laboratory wrote stays in the
 * row's source columns; the decision stands in its provenance. Source: mappings/RULES.md 20.
 */
#include "study/datum_decisions.h"

#include <string.h>

/* ---- code ---- */

static const char *code_item(enum gw_code_verdict verdict)
{
    switch (verdict) {
    case GW_CODE_UNKNOWN:
        return "CODE_UNKNOWN";
    case GW_CODE_CONFLICT:
        return "CODE_CONFLICT";
    case GW_CODE_UNVERIFIED:
        return "CODE_UNVERIFIED";
    default:
        return NULL;
    }
}

/* What a person made of the code; false: nothing. */
static bool remap(struct engine *e, struct datum *datum, const struct gw_decision *decision)
{
    static const struct gw_coding none = {NULL, NULL, NULL};
    struct gw_code_result *code = &datum->code;
    const bool maps = decided_says(decision, GW_SET_LOINC);

    if (!maps && !(decided_says(decision, GW_SET_ENABLE) && code->verdict == GW_CODE_UNVERIFIED))
        return false;
    if (maps) {
        code->lab = gw_tables_lab(e->in->tables, decision->set[GW_SET_LOINC]);
        code->rule = NULL;
    }
    code->verdict = !code->lab                     ? GW_CODE_NOT_LISTED
                    : maps && !code->lab->verified ? GW_CODE_UNVERIFIED
                                                   : GW_CODE_MAPPED;
    code->rule = decided_rule(e, code->rule, decision);
    if (!code->source)
        code->source = datum->observed->code.count ? &datum->observed->code.codings[0] : &none;
    return true;
}

/* Mapped to a row that is not verified, a code may still want that row enabled: two decisions, in this order. */
void decide_code(struct engine *e, struct datum *datum)
{
    for (int step = 0; step < 2 && e->decided_count > 0; step++) {
        const char *item = code_item(datum->code.verdict);
        const struct item_about about = engine_about_datum(datum, item ? item : "");
        const struct gw_decision *decision = item ? decided_find(e, GW_DECIDE_CODE, item, &about) : NULL;

        if (!decision || !remap(e, datum, decision))
            return;
        decided_note(e, decision, item, &about);
    }
}

/* ---- value ---- */

/* Read the value anew as this quantity; a unit, of a decision, is UCUM. */
static void read_as(struct engine *e, struct datum *datum, const struct gw_quantity *quantity)
{
    struct gw_observed observed = *datum->observed;

    observed.kind = GW_VALUE_QUANTITY;
    observed.quantity = *quantity;
    if (gw_measure_read(e->arena, e->in->tables, e->in->site, datum->code.lab, datum->code.source, &observed,
                        &engine_appraise(e, datum)->measure, e->err) != GW_OK)
        e->failed = true;
}

static void take_unit(struct engine *e, struct datum *datum, const struct gw_decision *decision)
{
    const struct gw_observed *o = datum->observed;

    read_as(e, datum,
            &(struct gw_quantity){.value = o->kind == GW_VALUE_INTEGER ? o->string : o->quantity.value,
                                  .comparator = o->kind == GW_VALUE_INTEGER ? NULL : o->quantity.comparator,
                                  .system = GW_SYSTEM_UCUM,
                                  .code = decision->set[GW_SET_UNIT]});
}

/* "<0.1" as a comparator and a number; in the row's unit unless the decision names one. */
static void take_text(struct engine *e, struct datum *datum, const struct gw_decision *decision)
{
    static const char *const comparators[] = {"<=", ">=", "<", ">"};
    const char *text = decision->set[GW_SET_VALUE], *unit = decision->set[GW_SET_UNIT];
    const char *comparator = NULL;

    if (!datum->code.lab->unit) {
        engine_appraise(e, datum)->measure.value_text = text;
        engine_appraise(e, datum)->measure.verdict = GW_VALUE_OK;
        return;
    }
    for (size_t i = 0; !comparator && i < sizeof comparators / sizeof *comparators; i++)
        if (strncmp(text, comparators[i], strlen(comparators[i])) == 0)
            comparator = comparators[i];
    text += comparator ? strlen(comparator) : 0;
    read_as(e, datum,
            &(struct gw_quantity){.value = text + strspn(text, " "),
                                  .comparator = comparator,
                                  .system = GW_SYSTEM_UCUM,
                                  .code = unit ? unit : datum->code.lab->unit});
}

/* What stands where a value should: the text of a string, or that of a coded answer. */
static const char *phrase_of(const struct gw_observed *observed)
{
    if (observed->kind != GW_VALUE_CONCEPT)
        return observed->string;
    if (observed->concept.text || observed->concept.count == 0)
    return observed->concept.text;
    return observed->concept.codings[0].display;
}

static void note_value(struct engine *e, struct datum *datum, const struct gw_decision *decision)
{
    datum->decisions = decided_rule(e, datum->decisions, decision);
}

/* What the value wants is a question by now. */
static void decide_unit(struct engine *e, struct datum *datum)
{
    const char *note, *item = value_item(datum->value->measure.verdict, &note);
    const struct item_about about = engine_about_datum(datum, item);
    const struct gw_decision *decision = decided_find(e, GW_DECIDE_UNIT, item, &about);

    if (!decided_says(decision, GW_SET_UNIT))
        return;
    decided_note(e, decision, item, &about);
    take_unit(e, datum, decision);
    note_value(e, datum, decision);
}

static void decide_type(struct engine *e, struct datum *datum)
{
    const struct item_about about = engine_about_datum(datum, "VALUE_TYPE");
    const struct gw_decision *decision = decided_find(e, GW_DECIDE_VALUE, "VALUE_TYPE", &about);

    if (!decided_says(decision, GW_SET_VALUE))
        decision = decided_phrase(e, "VALUE_TYPE", &about, phrase_of(datum->observed));
    if (!decided_says(decision, GW_SET_VALUE))
        return;
    decided_note(e, decision, "VALUE_TYPE", &about);
    take_text(e, datum, decision);
    note_value(e, datum, decision);
}

static void decide_implausible(struct engine *e, struct datum *datum)
{
    const struct item_about about = engine_about_datum(datum, "VALUE_IMPLAUSIBLE");
    const struct gw_decision *decision = decided_find(e, GW_DECIDE_VALUE, "VALUE_IMPLAUSIBLE", &about);

    if (!decided_says(decision, GW_SET_ACCEPT))
        return;
    decided_note(e, decision, "VALUE_IMPLAUSIBLE", &about);
    engine_appraise(e, datum)->measure.verdict = GW_VALUE_OK;
    note_value(e, datum, decision);
}

/* A result that a person rejected counts for nothing, whatever else is known of it. */
static bool rejected(struct engine *e, struct datum *datum)
{
    if (!decided_says(decided_fact(e, GW_DECIDE_VALUE, datum->fact, datum->part), GW_SET_REJECT))
        return false;
    engine_end_part(e, engine_part(e, datum->fact, datum->part), GW_STATE_NOT_IN_SCOPE, "REJECTED");
    engine_appraise(e, datum)->measure.verdict = GW_VALUE_ABSENT;
    return true;
}

void decide_value(struct engine *e, struct datum *datum)
{
    if (e->decided_count == 0 || datum->value->measure.verdict == GW_VALUE_ABSENT)
        return;
    if (datum->value->measure.verdict == GW_VALUE_TYPE && !e->failed)
        decide_type(e, datum);
    else if (datum->value->measure.verdict != GW_VALUE_OK && !e->failed)
        decide_unit(e, datum);
    if (datum->value->measure.verdict == GW_VALUE_IMPLAUSIBLE && !e->failed)
        decide_implausible(e, datum);
    if (!e->failed && datum->value->measure.verdict == GW_VALUE_OK)
        rejected(e, datum);
}
