/*
 * What people decided about anchors: the first dose set or confirmed, an end of treatment set, confirmed or rejected.
 *
 * A decision about an end binds to the record that it was found from, or, made about the subject, to no record: when
 * later supply moves an inferred end, a person is asked anew. Source: mappings/RULES.md 20.
 */
#include <string.h>

#include "study/anchors.h"
#include "study/decided.h"

static void follow(struct engine *e, const struct gw_decision *decision, const char *rule)
{
    e->anchor_decisions = decided_rule(e, e->anchor_decisions, decision);
    for (size_t i = 0; i < e->anchor_fact_count; i++)
        if (strstr(e->anchor_facts[i].rules, rule))
            e->anchor_facts[i].rules = decided_rule(e, e->anchor_facts[i].rules, decision);
}

/* The time of the first dose goes with its day. */
void decide_first_dose(struct engine *e)
{
    const struct gw_decision *decision = decided_subject(e, GW_DECIDE_ANCHOR, "D1");
    const gw_day day = decided_day(decision, GW_SET_DATE);

    if (!decision || (day == GW_NO_DAY && e->anchors.d1 == GW_NO_DAY))
        return;
    if (day != GW_NO_DAY && day != e->anchors.d1) {
        e->anchors.d1 = day;
        e->first_dose_utc = -1;
    }
    e->d1_status = "confirmed";
    follow(e, decision, "d1");
}

/* Of the records that an end was found from, or was asked about. */
static const struct gw_decision *end_decision(struct engine *e)
{
    const struct gw_decision *found = NULL, *other;

    for (size_t i = 0; i < e->anchor_fact_count; i++) {
        const struct item_about about = {.has_fact = true, .fact = e->anchor_facts[i].fact};

        other = strstr(e->anchor_facts[i].rules, "eot") ? decided_anchor(e, "EOT", &about) : NULL;
        found = decided_later(found, other);
    }
    for (size_t i = 0; i < e->answered_count; i++) {
        other = strncmp(e->answered[i].code, "EOT_", 4) == 0 ? decided_anchor(e, "EOT", &e->answered[i].about) : NULL;
        found = decided_later(found, other);
    }
    return found ? found : decided_subject(e, GW_DECIDE_ANCHOR, "EOT");
}

/* Rejected: an end that was inferred is none; where the roster names one, what contradicts it. */
void decide_end_of_treatment(struct engine *e)
{
    const struct gw_decision *decision = e->decided_count > 0 && !e->failed ? end_decision(e) : NULL;
    const gw_day day = decided_day(decision, GW_SET_DATE);

    if (!decision || e->anchors.d1 == GW_NO_DAY)
        return;
    if (day != GW_NO_DAY) {
        e->anchors.eot = day;
        e->eot_reason = "DECISION";
    } else if (decided_says(decision, GW_SET_REJECT) && e->in->roster->end_of_treatment == GW_NO_DAY) {
        e->anchors.eot = GW_NO_DAY;
        e->eot_reason = NULL;
    }
    e->eot_status = e->anchors.eot == GW_NO_DAY ? "none" : "confirmed";
    follow(e, decision, "eot");
}
