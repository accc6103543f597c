/*
 * Derived parameters in the making: rows of the table `derived`. Private to the study room.
 *
 * A family is one function that derives some parameters of one kind, in parameters.def; it is called when the package
 * asks for one of them, or for one that is made from them. It reads rows and tables of the earlier stages, collects
 * what it used, and adds each parameter by parameter_add, which drops those the package did not switch on. What cannot
 * be assessed is added all the same, with its reason: a gap that says why.
 */
#ifndef STUDY_PARAMETERS_H
#define STUDY_PARAMETERS_H

#include "gateway/study/parameters.h"
#include "study/engine.h"

struct input_part {
    size_t fact;
    int part;
};

struct inputs {        /* what a parameter was made from */
    const char **rows; /* row ids */
    size_t row_count, row_capacity;
    struct input_part *parts; /* of facts, for provenance */
    size_t part_count, part_capacity;
};

void inputs_add_row(struct engine *e, struct inputs *inputs, const char *row_id);
void inputs_add_part(struct engine *e, struct inputs *inputs, size_t fact, int part);
/* Its part and, where the datum has rows, the row of that window (NULL: its first). */
void inputs_add_datum(struct engine *e, struct inputs *inputs, const struct datum *datum,
                      const struct gw_window *window);
/* What another list holds. */
void inputs_add_all(struct engine *e, struct inputs *inputs, const struct inputs *other);
/* Its row, and the records it rests on. */
void inputs_add_exposure(struct engine *e, struct inputs *inputs, const struct exposure *exposure);
/* All that a parameter of the subject was made from, one that was added before. */
void inputs_add_parameter(struct engine *e, struct inputs *inputs, const char *name);

struct parameter {
    const char *name;      /* PARAMCD */
    const char *value;     /* decimal as text, or NULL */
    const char *text;      /* coded answer, or NULL */
    gw_day date;           /* GW_NO_DAY: none */
    const char *window_id; /* NULL: of the subject as a whole */
    const char *of;        /* what tells it from others of its name and window: a rule, a day; NULL: it has none */
    const char *rule;      /* rule id in mappings/RULES.md */
    const char *reason;    /* not NULL: not assessable, why */
    bool unconfirmed;      /* rests on something a person has yet to confirm */
    const struct gw_decision *decision; /* that changed it; NULL: none */
    struct inputs inputs;
};

/* Add one row of `derived`; one that the package did not ask for is kept for parameter_find() and makes no row. */
void parameter_add(struct engine *e, const struct parameter *parameter);

/* A parameter added before, one of the subject as a whole; NULL: none. Not assessable ones too. */
const struct parameter *parameter_find(const struct engine *e, const char *name);

bool parameter_on(const struct engine *e, const char *name); /* the package asks for it */

const char *parameter_summary(const struct parameter *parameter); /* a coded one in the subject's row */

/* ---- families: one file each ---- */
#define PARAMETER(name, inputs)
#define FAMILY(function) void function(struct engine *e);
#include "study/parameters.def"
#undef PARAMETER
#undef FAMILY

#endif
