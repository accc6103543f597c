/*
 * What the schedule saved: requests sent to an endpoint, beside what polling without a schedule would have sent in the
 * same time (gw_schedule_plain). Notes of the ledger, space "requests", name the endpoint: "1204 15504".
 */
#ifndef GATEWAY_SERVICE_SAVINGS_H
#define GATEWAY_SERVICE_SAVINGS_H

#include "gateway/ledger/notes.h"

struct gw_savings {
    int64_t sent;
    int64_t plain;
};

/* Nothing counted yet: zeros. */
enum gw_status gw_savings(struct gw_ledger *ledger, struct gw_arena *arena, const char *endpoint,
                          struct gw_savings *out, struct gw_error *err);

/* On top of what is counted. On the ledger's thread, in the caller's transaction. */
enum gw_status gw_savings_add(struct gw_ledger *ledger, struct gw_arena *arena, const char *endpoint,
                              const struct gw_savings *more, struct gw_error *err);

#endif
