/*
 * What is sent to an endpoint about a subscription, as text. Pure.
 */
#ifndef SOURCES_UPKEEP_REQUESTS_H
#define SOURCES_UPKEEP_REQUESTS_H

#include "gateway/sources/upkeep.h"

/* The Subscription resource, id NULL while it has none. type: of a rest-hook's criteria. */
void subscription_write(const struct gw_upkeep_settings *settings, const char *type, const char *id,
                        struct gw_text *out);

/* What a Subscription asks for: "Observation?", or the topic. */
void subscription_criteria(const struct gw_upkeep_settings *settings, const char *type, struct gw_text *out);

/* The resource with which one that may not be deleted is switched off. Address and secret are left out, and so go. */
void subscription_write_off(const struct gw_subscription *subscription, struct gw_text *out);

/* Below the base: "Subscription/s-1/$status". orders: of _EVENTS. */
void subscription_path(const struct gw_subscription *subscription, enum gw_order order, const struct gw_orders *orders,
                       struct gw_text *out);

/* What finds the one that rings here, or lets nothing be made where it is (If-None-Exist): "url=https%3A%2F%2F...". */
void subscription_query(const struct gw_upkeep_settings *settings, const char *type, struct gw_text *out);

/* The id of the one that rings here, of those that a search answered; NULL: none. In the arena. */
const char *subscription_find(struct gw_arena *arena, const struct gw_upkeep_settings *settings, const char *type,
                              struct gw_slice body);

/* The id in a Location such as "https://host/r4/Subscription/s-1/_history/1"; "" when there is none. */
void subscription_id_of(const char *location, char out[65]);

#endif
