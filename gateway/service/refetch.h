/*
 * A slice that somebody asked for, held against rosters and plan. Private to the service room.
 */
#ifndef SERVICE_REFETCH_H
#define SERVICE_REFETCH_H

#include "gateway/service/refetch.h"
#include "gateway/sources/plan.h"
#include "service/setup.h"

/* The slice for the plan, in the arena. GW_EUSAGE: a type that is never asked for, days that end before they begin. */
enum gw_status refetch_slice(struct gw_arena *arena, const struct gw_refetch *refetch, struct gw_plan_slice *out,
                             struct gw_error *err);

/* Is it about this line of a roster? */
bool refetch_concerns(const struct gw_refetch *refetch, const struct setup_study *study,
                      const struct gw_roster_line *line);

/* So many lines of the rosters as they were loaded. GW_EUSAGE: no such study or subject. */
enum gw_status refetch_count(const struct gw_refetch *refetch, const struct setup *setup, size_t *out,
                             struct gw_error *err);

/* Who asked, for what and why; as a step. */
enum gw_status refetch_audit(struct gw_ledger *ledger, const struct gw_refetch *refetch, size_t subjects,
                             struct gw_error *err);

#endif
