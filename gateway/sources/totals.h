/*
 * Sums of what pulls brought.
 */
#ifndef SOURCES_TOTALS_H
#define SOURCES_TOTALS_H

#include "gateway/sources/pull.h"

/* All sums; what one pull found, and why it failed, are not filled. */
void totals_add(struct gw_pull_result *sum, const struct gw_pull_result *one);

/* Another try of the same request: the sums, and of the last one what it found. */
void totals_add_try(struct gw_pull_result *total, const struct gw_pull_result *one);

#endif
