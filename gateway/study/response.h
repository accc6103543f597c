/*
 * Response of a plasma-cell myeloma to treatment, by the criteria of the International Myeloma Working Group. Private
 * to the study room. Pure functions of values; what is not shown by values is not given: the best proven category
 * stands.
 *
 * Source: mappings/RULES.md 13; the bounds are the package's (`response`).
 */
#ifndef STUDY_RESPONSE_H
#define STUDY_RESPONSE_H

#include "gateway/core/arena.h"
#include "gateway/study/criteria.h"

enum response {                /* by rising depth; PD stands apart: it is judged first */
                RESPONSE_NONE, /* the values at hand do not tell */
                RESPONSE_PD,
                RESPONSE_SD,
                RESPONSE_MR,
                RESPONSE_PR,
                RESPONSE_VGPR,
                RESPONSE_CR,
};

struct disease_value { /* exact, canonical unit; "<x" is at most x, ">x" at least x */
    bool known;
    bool at_most;
    bool less; /* "<x", not "<=x": below x itself */
    bool at_least;
    struct gw_ratio value;
};

enum immunofixation { FIXATION_UNKNOWN, FIXATION_NEGATIVE, FIXATION_POSITIVE };

struct disease {                /* what one assessment measured */
    struct disease_value serum; /* M protein, g/L */
    struct disease_value urine; /* M protein, mg/24 h */
    struct disease_value kappa; /* free light chains, mg/L */
    struct disease_value lambda;
    struct disease_value marrow; /* plasma cells, % */
    enum immunofixation serum_fixation;
    enum immunofixation urine_fixation;
};

enum light_chain { CHAIN_NONE, CHAIN_KAPPA, CHAIN_LAMBDA };

struct measurable { /* what the disease can be followed by */
    bool serum;
    bool urine;
    enum light_chain chain; /* the involved one, where neither serum nor urine is measurable */
};

/* The difference of involved and other chain; not known unless both are, without comparators. */
struct disease_value disease_chain_difference(struct gw_arena *arena, const struct disease *disease,
                                              enum light_chain involved);

/* What the baseline lets follow. False: the arena's limit. */
bool response_measurable(struct gw_arena *arena, const struct gw_response_rules *rules, const struct disease *baseline,
                         struct measurable *out);

struct response_context {
    const struct gw_response_rules *rules;
    struct measurable measurable;
    const struct disease *baseline;
    const struct disease *lowest; /* lowest confirmed values before the assessment; `kappa` holds the difference of
                                     chains */
    bool plasmacytoma;            /* a plasmacytoma is on record: no complete response */
};

/* The category of one assessment. False: the arena's limit. */
bool response_assess(struct gw_arena *arena, const struct response_context *context, const struct disease *now,
                     enum response *out);

/* All that a complete response needs was measured. */
bool response_can_be_complete(const struct disease *now);

const char *response_name(enum response response); /* "VGPR"; NULL for RESPONSE_NONE */

#endif
