/*
 * The derived parameters a package may switch on (`derived` in study.json), by their PARAMCD.
 *
 * One table says which there are and from which others each is made; a package names those it wants. What each means
 * and where it comes from: mappings/RULES.md 13.
 */
#ifndef GATEWAY_STUDY_PARAMETERS_H
#define GATEWAY_STUDY_PARAMETERS_H

#include <stddef.h>

struct gw_parameter {
    const char *name;   /* at most 8 characters */
    const char *inputs; /* parameters it is made from, joined by ";": they are derived before it; "" */
};

/* All of them, in the order in which they are derived. */
size_t gw_parameters(const struct gw_parameter **list);

const struct gw_parameter *gw_parameter_find(const char *name); /* NULL: no such parameter */

#endif
