/*
 * What holds for the lineage of every derivation, whoever tests what with it.
 */
#ifndef SUPPORT_LINEAGE_H
#define SUPPORT_LINEAGE_H

#include "gateway/study/rows.h"
#include "gateway/study/rules.h"

/*
 * Fail unless every row has a line of provenance, every line names rules of mappings/common/rule-texts.csv in order and
 * belongs to a row that is there, and a line that names a source names its bytes too.
 */
void lineage_check(const struct gw_rows *rows, const struct gw_rules *rules);

#endif
