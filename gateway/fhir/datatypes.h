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

element_reader as_system;            /* const char *, normalised */
element_reader as_reference;         /* struct gw_reference */
element_reader as_references;        /* a list of them */
element_reader as_reference_or_list; /* a list, or the one that stands in its place */
element_reader as_reasons;           /* struct gw_reasons, of a list of CodeableReferences (R5) */
element_reader as_effective;         /* struct gw_effective, of effective[x], onset[x] ... */
element_reader as_moment;            /* struct gw_effective, of an element that is always a dateTime */

/* clang-format off */
#define REFERENCES(name, type, field, how_many)                                                                        \
    {                                                                                                                  \
        name, offsetof(type, field), offsetof(type, how_many), as_references, &reference_shape                         \
    }
/* clang-format on */

/* R5: a concept, a reference, or both. */
struct codeable_reference {
    struct gw_concept concept;
    struct gw_reference reference;
};
extern const struct shape codeable_reference_shape;

/* The concepts among them and the references among them, each in its order. */
void reasons_split(struct reader *reader, const struct codeable_reference *all, size_t count, struct gw_reasons *out);

/* Take a reference's text apart; text, identifier and type as already read. */
void reference_split(struct reader *reader, struct gw_reference *reference);

/* True for a logical id: [A-Za-z0-9.-]{1,64}. */
bool id_is_valid(const char *id);

#endif
