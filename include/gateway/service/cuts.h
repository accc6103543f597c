/*
 * Cuts: what an export took out, by name, and what has changed since.
 *
 * A cut notes the revision of every subject that the exported database stood at. It holds nothing: later changes flow,
 * and the difference between the rows of that revision and the latest is told as changes since the cut, withdrawals
 * and corrections among them. A cut is never moved: a name is used once.
 */
#ifndef GATEWAY_SERVICE_CUTS_H
#define GATEWAY_SERVICE_CUTS_H

#include "gateway/ledger/ledger.h"
#include "gateway/sinks/export.h"
#include "gateway/study/derive.h"

struct gw_cut {
    const char *name;
    const char *study;
    const char *at; /* 2026-11-20T20:00:00Z */
    const char *by;
    struct gw_export_receipts receipts;
};

/* Letters, digits, dots, dashes and underscores, at most 64. */
bool gw_cut_name_fits(const char *name);

/* GW_EUSAGE: the study has a cut of this name. */
enum gw_status gw_cut_check(struct gw_ledger *ledger, struct gw_arena *arena, const char *study, const char *cut,
                            struct gw_error *err);
/* The same, and keeps it. */
enum gw_status gw_cut_keep(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_cut *cut,
                           struct gw_error *err);

/* name NULL: the last one; out->name is NULL where the study has none. GW_EUSAGE: it has none of this name. */
enum gw_status gw_cut_find(struct gw_ledger *ledger, struct gw_arena *arena, const char *study, const char *name,
                           struct gw_cut *out, struct gw_error *err);

/* Where a subject stood; 0: it was not there. */
int64_t gw_cut_revision(const struct gw_cut *cut, const char *subject_key);

struct gw_cut_change { /* a row that is another than at the cut; lineage and exceptions are left out */
    const char *subject;
    const char *window; /* "": of none */
    enum gw_table_id table;
    enum gw_change_kind kind;
    const struct gw_row *was; /* NULL: added */
    const struct gw_row *is;  /* NULL: withdrawn */
};

struct gw_cut_changes {
    struct gw_cut_change *list; /* by subject as in the ledger, table, row */
    size_t count;
    size_t subjects; /* that have some */
};

/* subject NULL: of all. */
enum gw_status gw_cut_compare(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_cut *cut,
                              const char *subject, struct gw_cut_changes *out, struct gw_error *err);

#endif
