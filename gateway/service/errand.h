/*
 * An errand of the schedule as requests. Pure. Private to the service room.
 *
 *      learn, reconcile    the plan over the whole span, without watermarks
 *      pull, sweep         the plan: what changed since the watermark where the endpoint knows _lastUpdated, else what
 *                          lies in the errand's days
 *      drugs               the plan's first stage
 *      probe               the plan's search for Encounters in the errand's days; where contacts are inferred, or the
 *                          endpoint has no Encounters, the first for Observations. Not _count=1: that shows one
 * contact, and it may be the one that is known. What it brings is kept like any page, and a fresh fact is the sign.
 */
#ifndef SERVICE_ERRAND_H
#define SERVICE_ERRAND_H

#include "gateway/service/schedule.h"
#include "gateway/sources/plan.h"

/* A learn that finds the first dose in its first stage goes on with the second; the span goes into the errand before
 * gw_schedule_did. */

/* Of GW_STAGE_ANCHOR and GW_STAGE_SPAN those that the errand asks for. */
unsigned errand_stages(enum gw_errand_kind kind);

/* Go on from watermarks: gw_requests_resume belongs behind errand_plan. */
bool errand_resumes(enum gw_errand_kind kind);

/*
 * stages: those of the errand, all or some. The span is the subject's whole one, as in gw_plan_requests. inferred: the
 * site's contacts are not its Encounters. GW_OK or GW_ENOMEM.
 */
enum gw_status errand_plan(struct gw_arena *arena, const struct gw_profile *profile, const struct gw_wanted *wanted,
                           const struct gw_span *span, const struct gw_errand *errand, unsigned stages, bool inferred,
                           struct gw_requests *out, struct gw_error *err);

#endif
