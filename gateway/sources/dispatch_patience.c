/*
 * How long a command that ends waits for an endpoint.
 */
#include "sources/dispatching.h"

static const char where[] = "sources.dispatcher";

/* Nobody has to open a browser, write a new key or a new certificate. */
static bool mends_itself(enum gw_trouble trouble)
{
    return trouble == GW_TROUBLE_AWAY || trouble == GW_TROUBLE_CUT || trouble == GW_TROUBLE_BUSY ||
           trouble == GW_TROUBLE_DAMAGED;
}

/* What failed before us (a circuit that was persisted) is waited for no longer than what fails now, and has its tries.
 */
bool patience_ends(const struct gw_dispatcher *dispatcher)
{
    const struct gw_circuit *circuit = &dispatcher->circuit;
    const uint64_t now = dispatcher_now_ms(dispatcher);
    const bool ours = dispatcher->failures > 0;
    const uint64_t from = ours ? dispatcher->first_failure_ms : now;

    if (dispatcher->patience_ms == 0 || circuit->state == GW_CIRCUIT_RUNNING || dispatcher_is_stopped(dispatcher))
        return false;
    if (ours && (dispatcher->failures >= GW_DISPATCH_PATIENT_TRIES || !mends_itself(circuit->trouble)))
        return true;
    return now + gw_circuit_wait_ms(circuit, now) > from + dispatcher->patience_ms;
}

void patience_note(struct gw_dispatcher *dispatcher, enum gw_status status, uint64_t now_ms)
{
    if (dispatcher->failures++ == 0)
        dispatcher->first_failure_ms = now_ms;
    gw_fail(&dispatcher->last_failure, status, where, "%s", dispatcher->circuit.reason);
}

static void end_given_up(struct gw_dispatcher *d, struct item *item)
{
    struct gw_error err;

    gw_fail(&err, d->last_failure.status, where, "%s: not asked, the endpoint fails: %.300s",
            gw_request_name(item->request), d->last_failure.text);
    item->total.trouble = d->circuit.trouble;
    item_end(d, item, &err);
}

void dispatcher_give_up(struct gw_dispatcher *dispatcher)
{
    turnstile_fail_parked(dispatcher, dispatcher->circuit.trouble, &dispatcher->last_failure);
    dispatcher_end_waiting(dispatcher, item_is_any, end_given_up);
}
