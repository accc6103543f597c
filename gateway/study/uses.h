/*
 * Uses of drugs as evidence for anchors. Private to the study room.
 */
#ifndef STUDY_USES_H
#define STUDY_USES_H

#include "study/engine.h"

/* The rank of a kind of record; GW_RANK_COUNT: none, it is no use of a drug. */
enum gw_evidence_rank use_rank(enum gw_resource type);

/* Told as a fact: accepted, or an administration that was stopped after some of the dose was given. */
bool use_counts(const struct engine *e, size_t index);

/* Its medication: of its own, or of the Medication it refers to. */
const struct gw_concept *use_medication(const struct engine *e, const struct gw_fact *fact);

/* A reference that leads nowhere, on a use without a code of its own. */
bool use_unresolved(const struct engine *e, const struct gw_fact *fact);

#endif
