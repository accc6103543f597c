/*
 * Values that a format cannot hold: left empty there, and listed in unfit.csv beside it, so that nothing is cut without
 * a word. Private to the sinks.
 */
#ifndef SINKS_UNFIT_H
#define SINKS_UNFIT_H

#include "sinks/folder_export.h"

/* One value; the file comes with the first. The value itself is not told, only where it stands and why. */
enum gw_status unfit_add(struct folder_export *x, const struct sdtm_domain *domain, const char *const *record,
                         const struct sdtm_variable *variable, const char *why);

#endif
