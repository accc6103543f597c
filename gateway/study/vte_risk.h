/*
 * What raises the risk of venous thromboembolism at the start of treatment. Private to the study room.
 */
#ifndef STUDY_VTE_RISK_H
#define STUDY_VTE_RISK_H

#include "study/parameters.h"

struct vte_risk {
    const char *found;  /* the factors, joined by ";" in order of the rule; NULL: none */
    const char *reason; /* what is not known, if anything: of the closed list of mappings/RULES.md 13 */
    bool unconfirmed;   /* some factor rests on a diagnosis that a person has yet to weigh, or on a partial date */
    const struct gw_decision *decision; /* about the age; NULL: none */
    struct inputs inputs;
};

/* A recent thromboembolism, immobilisation, dexamethasone in a high dose. Needs the study's group `vte`. */
void vte_high_risk(struct engine *e, struct vte_risk *out);

/* Asked where the former knows of none, so that there is a problem list. Age, older thromboembolism, performance
 * status, comorbidity, thrombophilia, erythropoietin, body mass index. */
void vte_other_risk(struct engine *e, struct vte_risk *out);

#endif
