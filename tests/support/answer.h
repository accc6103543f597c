/*
 * What a subject's derivation answers, as a text to compare with another.
 */
#ifndef SUPPORT_ANSWER_H
#define SUPPORT_ANSWER_H

#include "support/subject.h"

/* Rows, items, and whether it is blocked. */
void answer_write(const struct subject *s, struct gw_text *out);

/* The same, and what became of each fact. */
void answer_write_states(const struct subject *s, struct gw_text *out);

#endif
