/*
 * What the tables and columns of rows.def mean, in a sentence each: for whoever reads the study database.
 */
#ifndef GATEWAY_STUDY_MEANINGS_H
#define GATEWAY_STUDY_MEANINGS_H

#include "gateway/study/rows.h"

const char *gw_table_meaning(enum gw_table_id table);
/* NULL: none is written down, which is a defect. */
const char *gw_column_meaning(const struct gw_table *table, const char *column);

#endif
