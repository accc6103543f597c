/*
 * Two derivations of nearly the same history, and every cell of every table in which they differ.
 *
 * A history is entries joined by ";", days counted from the first dose:
 *      "P male 1950-03-01"          who it is
 *      "V 30"                       a visit
 *      "Q CREAT 30 1.2"             a value by the name of its test, at a time of day with "30T14:00"
 *      "C J18.9 40..50"             a confirmed Condition; "40.." goes on
 *      "S IMP 40..50"               a stay
 *      "L04AX04 D 0 21x25/21"       a record of a drug, as in support/doses.h
 * "crea=Q ..." gives a resource an id; without it, and of drugs, it is d0, d1 ... by the place of the entry.
 */
#ifndef SUPPORT_CONTRAST_H
#define SUPPORT_CONTRAST_H

#include "support/subject.h"

struct contrast_case {
    const char *name;
    const char *base;     /* what both have */
    const char *was, *is; /* what follows it in the one and in the other */
    /*
     * What is another in the second, one a line in any order: "+conmeds aciclovir d3", "-...", "windows EOT high: 5 ->
     * 6", "part crea: delivered -> outside_window BETWEEN_WINDOWS". Dates are days from the first dose ("d30"), ids are
     * those of the resources. Of rows that are otherwise the same their lineage counts: "lineage windows EOT: +contact
     * v30".
     */
    const char *changes;
};

/* Add the entries of a history, whose ids follow those that are there. */
void contrast_add(struct subject *s, const char *history);

/* Fail unless what is told changed between two derived subjects, and nothing else did. */
void contrast_expect(const char *name, struct subject *was, struct subject *is, const char *changes);

/* Each case: two subjects that `begin` makes ready, the one with what was, the other with what is. */
void contrast_check(const struct contrast_case *cases, size_t count, void (*begin)(struct subject *));

#endif
