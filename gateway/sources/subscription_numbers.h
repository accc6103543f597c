/*
 * The numbers of a subscription's events: `last`, `known`, `ahead` and the doubts about them. Private to
 * gw_subscription's state machine.
 */
#ifndef SOURCES_SUBSCRIPTION_NUMBERS_H
#define SOURCES_SUBSCRIPTION_NUMBERS_H

#include "gateway/sources/subscription.h"

bool numbers_have_gap(const struct gw_subscription *subscription);

/* `ahead` begins with what follows `last`: that was heard too. */
void numbers_close_up(struct gw_subscription *subscription);

/* All up to this number was heard or caught up with. */
void numbers_advance_to(struct gw_subscription *subscription, int64_t last);

/* The server counts anew, or we begin to: from here on this is where we stand. A catch-up is owed. */
void numbers_count_from(struct gw_subscription *subscription, int64_t number);

void numbers_exists_up_to(struct gw_subscription *subscription, int64_t number);

/* There is a gap, and before there was none: to be counted. */
void numbers_watch_gap(struct gw_subscription *subscription, bool before, int64_t now_s, struct gw_orders *orders);

/* What came to the door: marks the hints that are fresh. */
void numbers_take(struct gw_subscription *subscription, struct gw_notification *notification, int64_t now_s,
                  struct gw_orders *orders);

#endif
