/*
 * What people decided about whole records: their status, date, drug, and whose they are. Private to the study room.
 */
#ifndef STUDY_FACT_DECISIONS_H
#define STUDY_FACT_DECISIONS_H

#include "study/decided.h"

struct fact_decision {
    int64_t decision;   /* the n of the one that answers what would be asked about the fact; 0: none */
    const char *rules;  /* "decision:7", for the provenance of all that cites the fact; NULL: none */
    const char *reason; /* why it counts for nothing: DROPPED, UNLINKED, EXCLUDED, STATUS_REFUSED; NULL: it counts */
};

/* Read the facts as the decisions in force say; what the source said stays as it is. */
void decide_facts(struct engine *e);

/* The subject takes no part any more: excluded, or stopped for who it is. NULL: it does. */
const struct gw_decision *decide_excluded(struct engine *e);

/* The rules with those of the decisions about a fact. */
const char *fact_rules(struct engine *e, size_t fact, const char *rules);

#endif
