/*
 * Which rows belong to a window, and their seal: what an investigator signs.
 *
 * A signature is about values, so it names them: the revision whose rows were seen, and the digest of those of the
 * window. A row belongs to the window it was placed, reported or assessed in; what is evidence or a grade of an event
 * to the window of the event. Subjects, cycles and parameters of the whole study belong to none, nor does lineage.
 *
 * Source: mappings/RULES.md 21.
 */
#ifndef GATEWAY_STUDY_SEAL_H
#define GATEWAY_STUDY_SEAL_H

#include "gateway/study/decision.h"
#include "gateway/study/rows.h"

#define GW_SEAL_BYTES 65

/* The window of a row among the rows of its subject (sorted); NULL: it belongs to none. */
const char *gw_window_of(const struct gw_rows *rows, enum gw_table_id table, const struct gw_row *row);

/* Of all cells but stamps, in hex. *count: the rows of the window. GW_ENOMEM. */
enum gw_status gw_window_seal(const struct gw_rows *rows, const char *window, char out[GW_SEAL_BYTES], size_t *count,
                              struct gw_error *err);

/* The signature under a window that holds: of kind sign, in force, the last of them and not ended by what was accepted
 * since. decisions: any, in order of their numbers. NULL: none. */
const struct gw_decision *gw_window_signature(const struct gw_decision *decisions, size_t count, const char *study,
                                              const char *subject, const char *window);

/*
 * What a signature under these windows needs of the rows of its revision (sorted): those of the windows, where their
 * values stand besides, the subject, and the lineage of all of them. Copies in the arena. GW_ENOMEM.
 */
enum gw_status gw_window_rows(struct gw_arena *arena, const struct gw_rows *rows, const char *const *windows,
                              size_t count, struct gw_rows *out, struct gw_error *err);

/* One row as it goes into a seal: its table and cells, a line. */
void gw_seal_row(struct gw_text *out, enum gw_table_id table, const struct gw_row *row);

#endif
