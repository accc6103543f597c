/*
 * Which events of a subscription were heard, and which are missing. Pure.
 */
#include "sources/subscription_numbers.h"

enum { AHEAD_BITS = 64 };

bool numbers_have_gap(const struct gw_subscription *subscription)
{
    return subscription->known > subscription->last;
}

void numbers_close_up(struct gw_subscription *subscription)
{
    while (subscription->ahead & 1) {
        subscription->ahead >>= 1;
        subscription->last++;
    }
    if (subscription->known < subscription->last)
        subscription->known = subscription->last;
}

void numbers_advance_to(struct gw_subscription *subscription, int64_t last)
{
    const int64_t by = last - subscription->last;

    if (by <= 0)
        return;
    subscription->ahead = by < AHEAD_BITS ? subscription->ahead >> by : 0;
    subscription->last = last;
    numbers_close_up(subscription);
}

/* The server counts anew, or we begin to: from here on this is where we stand. */
void numbers_count_from(struct gw_subscription *subscription, int64_t number)
{
    subscription->counted = true;
    subscription->epoch++;
    subscription->last = subscription->known = number;
    subscription->ahead = 0;
    subscription->doubtful = false;
    subscription->doubted = GW_NOTIFY_NO_NUMBER;
    subscription->asking = false;
    subscription->catch_up = true;
}

void numbers_exists_up_to(struct gw_subscription *subscription, int64_t number)
{
    if (number > subscription->known)
        subscription->known = number;
}

void numbers_watch_gap(struct gw_subscription *subscription, bool before, int64_t now_s, struct gw_orders *orders)
{
    if (!numbers_have_gap(subscription) || before)
        return;
    subscription->gap_s = now_s;
    orders->what |= GW_ORDER_GAP;
}

/* One event's number: is it new? */
static bool take_number(struct gw_subscription *subscription, int64_t number)
{
    const int64_t place = number - subscription->last - 1;
    bool fresh = place >= 0;

    if (fresh && place < AHEAD_BITS) {
        fresh = !(subscription->ahead & (uint64_t)1 << place);
        subscription->ahead |= (uint64_t)1 << place;
    } /* further ahead it is not remembered, and asked for again with what is missing before it */
    numbers_exists_up_to(subscription, number);
    numbers_close_up(subscription);
    return fresh;
}

/* ---- what came to the door -------------------------------------------------------------------------------------- */

static int64_t lowest_number(const struct gw_notification *notification)
{
    int64_t lowest = GW_NOTIFY_NO_NUMBER;

    for (size_t i = 0; i < notification->hint_count; i++) {
        const int64_t number = notification->hints[i].number;

        if (number != GW_NOTIFY_NO_NUMBER && (lowest == GW_NOTIFY_NO_NUMBER || number < lowest))
            lowest = number;
    }
    return lowest;
}

/* The first that is heard of the numbers: what was before is nobody's to tell. */
static void begin_count(struct gw_subscription *subscription, const struct gw_notification *notification)
{
    const int64_t lowest = lowest_number(notification);

    if (subscription->counted)
        return;
    if (lowest != GW_NOTIFY_NO_NUMBER)
        numbers_count_from(subscription, lowest > 0 ? lowest - 1 : 0);
    else if (notification->events_since_start != GW_NOTIFY_NO_NUMBER)
        numbers_count_from(subscription, notification->events_since_start);
}

static void take_hints(struct gw_subscription *subscription, struct gw_notification *notification,
                       struct gw_orders *orders, bool *repeated)
{
    for (size_t i = 0; i < notification->hint_count; i++) {
        struct gw_hint *const hint = &notification->hints[i];
        const bool below = hint->number != GW_NOTIFY_NO_NUMBER && hint->number <= subscription->last;

        *repeated |= below;
        hint->fresh = hint->number == GW_NOTIFY_NO_NUMBER || take_number(subscription, hint->number);
        if (hint->fresh)
            orders->what |= GW_ORDER_PULL;
    }
    if (notification->truncated)
        subscription->catch_up = true;
}

/* Events without numbers: they are counted by the count beside them, if there is one. */
static void take_unnumbered(struct gw_subscription *subscription, const struct gw_notification *notification)
{
    const int64_t count = (int64_t)notification->hint_count;

    if (subscription->counted && count > 0 && lowest_number(notification) == GW_NOTIFY_NO_NUMBER &&
        notification->events_since_start >= subscription->last + count && !numbers_have_gap(subscription))
        numbers_advance_to(subscription, subscription->last + count);
}

/*
 * A count that goes back behind where we stood is a late repeat, or of a server that began anew. An event may be late
 * and still fill a gap; a heartbeat or handshake says all that there is.
 */
static void judge_count(struct gw_subscription *subscription, int64_t stood, int64_t said, bool repeated, bool certain)
{
    const bool back = said != GW_NOTIFY_NO_NUMBER ? said < stood : repeated;

    if (!back)
        return;
    subscription->doubted = said != GW_NOTIFY_NO_NUMBER ? said : stood;
    if (certain || subscription->no_status)
        numbers_count_from(subscription, subscription->doubted);
    else
        subscription->doubtful = true;
}

void numbers_take(struct gw_subscription *subscription, struct gw_notification *notification, int64_t now_s,
                  struct gw_orders *orders)
{
    const bool before = numbers_have_gap(subscription);
    bool repeated = false;

    begin_count(subscription, notification);
    const int64_t stood = notification->notice == GW_NOTICE_EVENT ? subscription->last : subscription->known;
    take_unnumbered(subscription, notification);
    take_hints(subscription, notification, orders, &repeated);
    if (!subscription->counted)
        return;
    judge_count(subscription, stood, notification->events_since_start, repeated,
                notification->notice == GW_NOTICE_HANDSHAKE);
    numbers_exists_up_to(subscription, notification->events_since_start);
    numbers_watch_gap(subscription, before, now_s, orders);
}
