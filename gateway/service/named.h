/*
 * Names joined by commas, as a command line has them: "S-12,S-13". Private to the service room.
 */
#ifndef SERVICE_NAMED_H
#define SERVICE_NAMED_H

#include <stdbool.h>

#include "gateway/core/text.h"

/* The first of *rest, which moves behind it; false: there is none left. NULL has none, "" one that is empty. */
bool named_next(const char **rest, struct gw_slice *out);
bool named_is(struct gw_slice name, const char *text);
bool named_has(const char *names, const char *name);

#endif
