/*
 * Dosage as the medication resources share it.
 */
#ifndef FHIR_DOSAGE_H
#define FHIR_DOSAGE_H

#include "fhir/datatypes.h"

extern const struct shape dosage_shape; /* struct gw_dosage */
extern const struct shape ratio_shape;  /* struct gw_quantity_ratio */

element_reader as_amount; /* struct gw_quantity, of dose[x] or rate[x]: a Quantity, or a Ratio that UCUM can say */

/* The first route, and dose and rate where all that have one agree. */
void dosages_merge(const struct gw_dosage *dosages, size_t count, struct gw_dosage *out);

#endif
