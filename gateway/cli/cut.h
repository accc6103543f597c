/*
 * The cut that an export notes: where each subject stood in what was taken out.
 */
#ifndef CLI_CUT_H
#define CLI_CUT_H

#include "cli/arguments.h"
#include "gateway/service/cuts.h"

struct cut_taken {
    const char *study; /* NULL: no --cut */
    struct gw_export_receipts before;
};

/* Whether --cut, where it is given, is a name and goes with the other options; if not a line was printed. */
bool cut_is_named(const struct arguments *arguments);

/* Before the export: the name is free, and where each subject stands. */
enum gw_status cut_begin(const struct arguments *arguments, struct gw_arena *arena, const char *database,
                         struct cut_taken *out, struct gw_error *err);

/* After it: noted, if nobody was delivered to meanwhile (GW_EBUSY). */
enum gw_status cut_end(const struct arguments *arguments, struct gw_arena *arena, const char *database,
                       const struct cut_taken *taken, struct gw_error *err);

#endif
