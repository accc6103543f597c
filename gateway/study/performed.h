/*
 * What was done to the subject, by procedures and stays. Private to the study room.
 */
#ifndef STUDY_PERFORMED_H
#define STUDY_PERFORMED_H

#include "study/parameters.h"

/*
 * A current Procedure of a kind, or a stay of such a type, touches days from `first` to `last`. All that do are added
 * to the inputs; *fact is the first of them. Source: mappings/RULES.md 6 (procedures) and 11.
 */
bool performed_in(struct engine *e, enum gw_procedure_kind kind, gw_day first, gw_day last, struct inputs *inputs,
                  size_t *fact);

#endif
