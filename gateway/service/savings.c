/*
 * Two numbers for each endpoint.
 */
#include "gateway/service/savings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_BYTES = 48 };

static const char space[] = "requests";

enum gw_status gw_savings(struct gw_ledger *ledger, struct gw_arena *arena, const char *endpoint,
                          struct gw_savings *out, struct gw_error *err)
{
    const char *text = NULL;
    char *end;
    const enum gw_status rc = gw_ledger_note(ledger, arena, space, endpoint, &text, err);

    *out = (struct gw_savings){0};
    if (rc != GW_OK || !text)
        return rc;
    out->sent = strtoll(text, &end, 10);
    out->plain = strtoll(end, NULL, 10);
    return GW_OK;
}

enum gw_status gw_savings_add(struct gw_ledger *ledger, struct gw_arena *arena, const char *endpoint,
                              const struct gw_savings *more, struct gw_error *err)
{
    struct gw_savings all;
    char text[TEXT_BYTES];
    const enum gw_status rc = gw_savings(ledger, arena, endpoint, &all, err);

    if (rc != GW_OK)
        return rc;
    snprintf(text, sizeof text, "%" PRId64 " %" PRId64, all.sent + more->sent, all.plain + more->plain);
    return gw_ledger_note_put(ledger, space, endpoint, text, err);
}
