/*
 * What studies need of an endpoint and it does not have, as its profile tells: items of class E, of no subject. They
 * are worked out anew whenever a configuration is opened, from what `casement check` found last, so that a later check
 * that finds otherwise closes them. Private to the service room.
 *
 * Source: mappings/RULES.md 15 (ENDPOINT_VERSION, ENDPOINT_CAPABILITY).
 */
#ifndef SERVICE_SHORTFALLS_H
#define SERVICE_SHORTFALLS_H

#include "service/setup.h"

enum { SHORTFALLS_MAX = 6 };

struct shortfall {
    const char *code;
    const char *what; /* "Observation": part of the cause */
    const char *text; /* for a person */
};

/* Of a profile that no check wrote there are none. Returns how many. */
size_t shortfalls_of(const struct gw_profile *profile, struct shortfall out[SHORTFALLS_MAX]);

/* All endpoints of the configuration, whichever are asked. A profile that cannot be read has none: the endpoint's own
 * failure says so. */
enum gw_status shortfalls_raise(struct setup *setup, struct gw_error *err);

#endif
