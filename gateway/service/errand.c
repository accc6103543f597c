/*
 * The plan, or the part of it that an errand needs.
 */
#include "service/errand.h"

unsigned errand_stages(enum gw_errand_kind kind)
{
    switch (kind) {
    case GW_ERRAND_NONE:
        return 0;
    case GW_ERRAND_PROBE:
        return GW_STAGE_SPAN;
    case GW_ERRAND_DRUGS:
        return GW_STAGE_ANCHOR;
    default:
        return GW_STAGE_ANCHOR | GW_STAGE_SPAN;
    }
}

bool errand_resumes(enum gw_errand_kind kind)
{
    return kind != GW_ERRAND_LEARN && kind != GW_ERRAND_RECONCILE;
}

/* A known span by its changes is less than some of its days, and complete. */
static bool is_narrow(const struct gw_profile *profile, const struct gw_errand *errand)
{
    return errand->low != GW_NO_DAY &&
           (errand->kind == GW_ERRAND_PROBE ||
            ((errand->kind == GW_ERRAND_PULL || errand->kind == GW_ERRAND_SWEEP) && !profile->last_updated));
}

/* By codes each list is a search of its own; by categories the first one is the laboratory's. */
static void keep_probe(const struct gw_profile *profile, bool inferred, struct gw_requests *requests)
{
    const bool by_encounter = !inferred && profile->reads[GW_ENCOUNTER];
    const enum gw_resource type = by_encounter ? GW_ENCOUNTER : GW_OBSERVATION;
    const bool all = by_encounter || profile->observations == GW_OBSERVATIONS_CODE;
    size_t kept = 0;

    for (size_t i = 0; i < requests->count; i++)
        if (requests->list[i].search.type == type && (all || kept == 0))
            requests->list[kept++] = requests->list[i];
    requests->count = kept;
}

enum gw_status errand_plan(struct gw_arena *arena, const struct gw_profile *profile, const struct gw_wanted *wanted,
                           const struct gw_span *span, const struct gw_errand *errand, unsigned stages, bool inferred,
                           struct gw_requests *out, struct gw_error *err)
{
    struct gw_wanted narrow_wanted = *wanted;
    struct gw_span narrow_span = *span;
    enum gw_status rc;

    if (is_narrow(profile, errand)) {
        narrow_span.low = errand->low;
        narrow_span.high = errand->high;
        narrow_wanted.before.days = 0; /* was read with the whole */
        narrow_wanted.baseline_days = 0;
    }
    rc = gw_plan_requests(arena, profile, &narrow_wanted, &narrow_span, stages & errand_stages(errand->kind), out, err);
    if (rc == GW_OK && errand->kind == GW_ERRAND_PROBE)
        keep_probe(profile, inferred, out);
    return rc;
}
