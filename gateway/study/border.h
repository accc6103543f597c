/*
 * What of a source's own words may cross to the study: codes, marks and numbers by their form, units that were
 * understood. Whatever else stands in their place was typed by somebody and stays in the hospital.
 *
 * Private to the study room. Source: mappings/RULES.md 18.
 */
#ifndef STUDY_BORDER_H
#define STUDY_BORDER_H

#include "study/engine.h"

/* Each gives what crosses of it, or NULL. */
const char *border_code(const char *code);     /* at most 32 letters, digits and - . _ + : / # */
const char *border_system(const char *system); /* an absolute URI without blanks */
const char *border_mark(const char *code);     /* of an interpretation: a code of HL7's, or up to three signs */
const char *border_number(const char *text);   /* a comparator and a number, as written */

/* The first code among these that may cross; NULL: none. */
const char *border_first_code(const struct gw_concept *concepts, size_t count);

/* The value as the source wrote it: a number, or the code of a coded answer. */
const char *border_value(const struct gw_observed *observed);

/* The unit as the source wrote it: its code, or else its text, whichever names a unit known here. */
const char *border_unit(const struct engine *e, const struct gw_lab *lab, const struct gw_quantity *quantity);

#endif
