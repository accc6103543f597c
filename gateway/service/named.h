/*
 * Names joined by commas, as a command line has them: "S-12,S-13". Private to the service room.
 */
#ifndef SERVICE_NAMED_H
#define SERVICE_NAMED_H

#include <stdbool.h>

#include "gateway/core/error.h"
#include "gateway/core/text.h"

#define NAMED_MAX 16000 /* bytes of a list: it stands whole in one row of the audit trail */

/* GW_EUSAGE: a list that is longer. */
enum gw_status named_check(const char *names, struct gw_error *err);

/* The first of *rest, which moves behind it; false: there is none left. NULL has none, "" one that is empty. */
bool named_next(const char **rest, struct gw_slice *out);
bool named_is(struct gw_slice name, const char *text);
bool named_has(const char *names, const char *name);

#endif
