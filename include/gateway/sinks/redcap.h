/*
 * REDCap as a study database: what its project must look like.
 *
 *      record        a subject; its name is the subject's key, field subject_key
 *      event         a window ("T30-01"), by its label; SUBJECT for what belongs to no window
 *      instrument    a table of rows.def, repeating in each of its events; casement, in SUBJECT, does not repeat
 *      instance      a row
 *
 * An import with overwriteBehavior=normal keeps what it does not name and cannot blank a field: a value that is no
 * longer there is written as NI (no information), which lists of choices offer; for fields of numbers the project needs
 * it as a missing data code.
 */
#ifndef GATEWAY_SINKS_REDCAP_H
#define GATEWAY_SINKS_REDCAP_H

#include <stdio.h>

#include "gateway/core/error.h"

/*
 * The project's data dictionary, REDCap's 18 columns, made of rows.def: the same bytes each time. Dates are texts,
 * because a date may be a month or a year. GW_EIO: it cannot be written; GW_ENOMEM.
 */
enum gw_status gw_redcap_dictionary(FILE *out, struct gw_error *err);

#endif
