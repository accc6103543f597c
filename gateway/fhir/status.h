/*
 * The status policy: where a resource stands by what its status says (mappings/RULES.md 11).
 */
#ifndef FHIR_STATUS_H
#define FHIR_STATUS_H

#include "gateway/fhir/fact.h"

/* By status alone, or a Condition's verification. NULL: absent. Types without a status are accepted, and an
 * AdverseEvent without one: R4's has none. */
enum gw_standing status_standing(enum gw_resource type, const char *status);

/* What a MedicationRequest's intent and doNotPerform leave of a standing: only an order is evidence of intended use. */
enum gw_standing status_with_intent(enum gw_standing standing, const char *intent, bool do_not_perform);

/* What a MedicationStatement's adherence (R5) leaves of a standing: R5 moved not-taken out of the status. */
enum gw_standing status_with_adherence(enum gw_standing standing, const struct gw_concept *adherence);

/* What an AdverseEvent's actuality leaves of a standing: what might have happened did not. */
enum gw_standing status_with_actuality(enum gw_standing standing, const char *actuality);

#endif
