/*
 * The lint in parts: lint.c the package against the tables, lint_windows.c its schedule, lint_criteria.c its bounds
 * among themselves, lint_derived.c its parameters, lint_names.c names that stand twice or that nothing bears,
 * lint_grades.c, lint_units.c and lint_evidence.c the shared tables, lint_site.c a hospital's profile; lint_cycles.c
 * finds rules that lead back to themselves.
 */
#ifndef STUDY_LINT_PARTS_H
#define STUDY_LINT_PARTS_H

#include "study/package_parts.h"
#include "study/rules_parts.h"
#include "study/tables_parts.h"

struct lint {
    struct gw_arena *arena;
    const char *common; /* mappings/common */
    struct package package;
    const struct gw_study *study; /* NULL where it could not be read whole */
    const struct gw_tables *tables;
    struct gw_rules rules;
    struct gw_findings findings;
};

/* The member at a dotted path of study.json ("ae.febrile.grade"), else the nearest object around it. */
const cJSON *lint_item(const struct lint *l, const char *path);

/* "write \"x\"" of the nearest name, else `otherwise`: the end of a finding. */
const char *lint_advice(struct lint *l, const char *text, const char *const *names, size_t count,
                        const char *otherwise);

/* Each says what is wrong with its part. */
void lint_grades(struct lint *l);
void lint_units(struct lint *l);
void lint_evidence(struct lint *l);
void lint_windows(struct lint *l);
void lint_criteria(struct lint *l);
void lint_derived(struct lint *l);
void lint_names(struct lint *l);
void lint_site(struct lint *l, const char *path);
void lint_aliases(struct lint *l, const char *path, const struct unit_alias *rows, size_t count);

/* ---- cycles ---- */

struct lint_edge { /* a rule that makes one thing of another */
    const char *from;
    const char *to;
    unsigned line;
};

/*
 * The first way round, "a -> b -> a", for each set of edges that leads back to itself: told to `tell` with the edge
 * that closes it. Sorts the edges. False: the arena is exhausted.
 */
typedef void lint_tell_cycle(struct lint *l, const char *path, const char *way, const struct lint_edge *closing);
bool lint_cycles(struct lint *l, const char *path, struct lint_edge *edges, size_t count, lint_tell_cycle *tell);

#endif
