/*
 * Rows as a study has them, made up, for the programs of scripts/bench.
 */
#ifndef BENCH_MADE_UP_H
#define BENCH_MADE_UP_H

#include "gateway/study/rows.h"

/* A laboratory value: some twenty cells of thirty-odd are filled. NULL: no memory. */
struct gw_row_observations *made_up_value(struct gw_arena *arena, struct gw_rows *rows, const char *subject, int n);

#endif
