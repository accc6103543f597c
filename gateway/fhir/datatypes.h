/*
 * FHIR's general types as shapes: codings, concepts, quantities, periods, references, ranges.
 */
#ifndef FHIR_DATATYPES_H
#define FHIR_DATATYPES_H

#include "fhir/reading.h"
#include "gateway/fhir/fact.h"

extern const struct shape coding_shape;
extern const struct shape concept_shape;
extern const struct shape identifier_shape;
extern const struct shape quantity_shape;
extern const struct shape period_shape;
extern const struct shape reference_shape; /* in a list: as_references, not as_list */
extern const struct shape range_shape;     /* Observation.referenceRange */

element_reader as_system;     /* const char *, normalised */
element_reader as_reference;  /* struct gw_reference */
element_reader as_references; /* a list of them */
element_reader as_effective;  /* struct gw_effective, of effective[x], onset[x] ... */

/* Take a reference's text apart; text, identifier and type as already read. */
void reference_split(struct reader *reader, struct gw_reference *reference);

/* True for a logical id: [A-Za-z0-9.-]{1,64}. */
bool id_is_valid(const char *id);

#endif
