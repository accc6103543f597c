/*
 * Uses of drugs: every record of the four kinds, read once for exposures and concomitant medication; and what the
 * anchors ask of one. Private to the study room.
 */
#ifndef STUDY_USES_H
#define STUDY_USES_H

#include "study/dose.h"
#include "study/engine.h"

struct use { /* a stretch of days of which one record says that a drug was taken, at hand, intended, or not taken */
    size_t fact;
    int number; /* among those of its fact: a record with several dosages has several */
    enum gw_evidence_rank rank;
    const char *substance;             /* of its row; else the code that names it; NULL: no code does */
    const struct gw_drug_row *drug;    /* NULL: in no row */
    const struct gw_coding *coding;    /* the first; NULL: none */
    const char *atc;                   /* of the row, or an ATC code of its own; NULL */
    const struct gw_drug_route *route; /* NULL: not told, or in no row of the routes */
    bool negative;                     /* it was not taken */
    bool provisional;                  /* by its status */
    bool stopped;                      /* it says that it ended */
    gw_day first;                      /* GW_NO_DAY: no day can be told */
    gw_day last;                       /* GW_DAY_MAX: it goes on */
    gw_day until; /* the last day of the record: of a period over the day of its dose, of cycles this one is among */
    struct gw_when start;
    int64_t utc; /* of an administration with a time, else -1 */
    struct rhythm rhythm;
    struct intake dose;
    const struct gw_decision *decision; /* of a person, who told the dose; NULL: none */
    const char *problem;                /* code of what keeps it from being used; NULL: nothing */
    const char *note;                   /* with a problem */
};

/* The rank of a kind of record; GW_RANK_COUNT: none, it is no use of a drug. */
enum gw_evidence_rank use_rank(enum gw_resource type);

/* Told as a fact: accepted, or an administration that was stopped after some of the dose was given. */
bool use_counts(const struct engine *e, size_t index);

bool use_is_study_drug(const struct use *use);

/* Days before day 1 on which a study drug was handed over, where the first capsule of that pack is the one of day 1; 0:
 * none. */
int use_handed_early(const struct engine *e, gw_day handed_over);

/* The Medication it refers to, by id or, where the reference is a logical one, by identifier; NULL: none. */
const struct gw_fact *use_referred(const struct engine *e, const struct gw_fact *fact);

/* Its medication: of its own, or of the Medication it refers to. */
const struct gw_concept *use_medication(const struct engine *e, const struct gw_fact *fact);

/* A reference that leads nowhere, on a use without a code of its own. */
bool use_unresolved(const struct engine *e, const struct gw_fact *fact);

#endif
