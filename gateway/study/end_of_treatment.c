/*
 * The end of treatment: as the roster says, as a stopped statement or order says, or, provisionally, where nothing
 * covers the drug any more. Source: mappings/RULES.md section 2.
 */
#include <stdlib.h>
#include <string.h>

#include "study/anchors.h"
#include "study/uses.h"

/* A statement or order of the drug that ended, with the day it ended on. */
static gw_day stated_end(struct engine *e, size_t index)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const struct gw_drug_row *row;
    const char *end = NULL;
    struct gw_when when;

    if (!use_counts(e, index) || !fact->status || !fact->use.has_status_reason ||
        (strcmp(fact->status, "stopped") != 0 && strcmp(fact->status, "completed") != 0))
        return GW_NO_DAY;
    if (fact->type == GW_MEDICATION_STATEMENT)
        end = fact->use.effective.period.end;
    else if (fact->type == GW_MEDICATION_REQUEST)
        end = fact->use.validity.end;
    row = end ? engine_drug(e, fact) : NULL;
    if (!row || strcmp(row->substance, e->in->study->eot_drug) != 0)
        return GW_NO_DAY;
    if (gw_when_read(end, gw_site_zone(e->in->site), true, &when) != GW_DATE_OK || when.first != when.last)
        return GW_NO_DAY;
    return when.first;
}

static bool is_use(enum gw_resource type)
{
    return use_rank(type) != GW_RANK_COUNT;
}

/* ---- supply: an end nobody stated ---- */

#define DISPENSE_DAYS 28 /* of a dispense that does not say: one cycle, as pregnancy-prevention programmes hand out */

static gw_day day_of(const struct engine *e, const char *text)
{
    struct gw_when when;

    if (!text || gw_when_read(text, gw_site_zone(e->in->site), true, &when) != GW_DATE_OK || when.first != when.last)
        return GW_NO_DAY;
    return when.first;
}

static int days_supplied(const struct gw_medication_use *use)
{
    const int days = use->days_supply.value ? atoi(use->days_supply.value) : 0;

    return days > 0 && days < 1000 ? days : DISPENSE_DAYS;
}

/* A statement goes on unless it names its end, or was stopped, completed or put on hold without naming one. */
static bool goes_on(const struct gw_fact *fact)
{
    return !fact->use.effective.period.end && (gw_same(fact->status, "active") || gw_same(fact->status, "recorded"));
}

/* The last day a record shows the drug was taken or at hand; GW_DAY_MAX for a use that goes on. Orders show nothing. */
static gw_day covered_until(const struct engine *e, size_t index)
{
    const struct gw_medication_use *use = &e->in->facts[index].use;
    const struct gw_effective *effective = &use->effective;
    gw_day start;

    switch (e->in->facts[index].type) {
    case GW_MEDICATION_ADMINISTRATION:
        return day_of(e, effective->kind == GW_EFFECTIVE_PERIOD ? effective->period.start : effective->date);
    case GW_MEDICATION_DISPENSE:
        start = day_of(e, use->when_handed_over);
        return start == GW_NO_DAY ? GW_NO_DAY : start + days_supplied(use) - 1;
    case GW_MEDICATION_STATEMENT:
        if (goes_on(&e->in->facts[index]))
            return GW_DAY_MAX;
        if (effective->kind != GW_EFFECTIVE_PERIOD)
            return day_of(e, effective->date);
        return day_of(e, effective->period.end ? effective->period.end : effective->period.start);
    default:
        return GW_NO_DAY;
    }
}

static bool is_eot_drug(const struct engine *e, size_t index)
{
    const struct gw_drug_row *row = engine_drug(e, &e->in->facts[index]);

    return row && strcmp(row->substance, e->in->study->eot_drug) == 0;
}

/* Whom nobody asks for any more, and who takes nothing any more, has no gap in supply: the day from which on. */
static gw_day last_asked(const struct engine *e)
{
    const gw_day withdrawn = e->in->roster->withdrawn;
    gw_day day = e->in->horizon;

    if (withdrawn != GW_NO_DAY && withdrawn < day)
        day = withdrawn;
    if (e->anchors.death != GW_NO_DAY && e->anchors.death < day)
        day = e->anchors.death;
    return day;
}

/* Nothing covered for gap_days after the last covered day: a provisional end, which a person confirms. */
static void find_gap(struct engine *e)
{
    const int gap = e->in->study->eot_gap_days;
    gw_day covered = GW_NO_DAY;
    size_t fact = 0;

    for (size_t i = 0; i < e->in->fact_count; i++) {
        const gw_day until =
            is_use(e->in->facts[i].type) && use_counts(e, i) && is_eot_drug(e, i) ? covered_until(e, i) : GW_NO_DAY;

        if (until != GW_NO_DAY && until >= e->anchors.d1 && (covered == GW_NO_DAY || until > covered)) {
            covered = until;
            fact = i;
        }
    }
    if (covered == GW_NO_DAY || covered == GW_DAY_MAX)
        return;
    if (last_asked(e) - covered <= gap) {
        if (last_asked(e) == e->in->horizon)
            engine_next_day(e, covered + gap + 1);
        return;
    }
    e->anchors.eot = covered;
    e->eot_status = "provisional";
    e->eot_reason = "NO_SUPPLY";
    anchor_cite(e, fact, "eot");
    engine_raise(e, "EOT_UNCONFIRMED",
                 &(struct item_about){.has_fact = true,
                                      .fact = fact,
                                      .day = covered,
                                      .note = "nothing covers the days after: treatment may have ended"});
}

void find_end_of_treatment(struct engine *e)
{
    const gw_day roster = e->in->roster->end_of_treatment;
    gw_day stated = GW_NO_DAY;
    size_t fact = 0;

    e->anchors.eot = roster;
    e->eot_status = roster == GW_NO_DAY ? "none" : "confirmed";
    e->eot_reason = roster == GW_NO_DAY ? NULL : "ROSTER";
    for (size_t i = 0; e->in->study->eot_drug && i < e->in->fact_count; i++) {
        const gw_day end = is_use(e->in->facts[i].type) ? stated_end(e, i) : GW_NO_DAY;

        if (end != GW_NO_DAY && end >= e->anchors.d1 && (stated == GW_NO_DAY || end > stated)) {
            stated = end;
            fact = i;
        }
    }
    if (e->anchors.d1 == GW_NO_DAY || !e->in->study->eot_drug)
        return;
    if (stated == GW_NO_DAY && roster == GW_NO_DAY)
        find_gap(e);
    if (stated == GW_NO_DAY)
        return;
    if (roster == GW_NO_DAY) {
        e->anchors.eot = stated;
        e->eot_status = "confirmed";
        e->eot_reason = "STATED_STOP";
        anchor_cite(e, fact, "eot");
    } else if (gw_days_apart(roster, stated) > e->in->study->eot_spread_days) {
        engine_raise(e, "EOT_COMPONENTS_DIFFER",
                     &(struct item_about){.has_fact = true,
                                          .fact = fact,
                                          .day = stated,
                                          .note = "the stated end differs from the roster's end of treatment"});
    }
}
