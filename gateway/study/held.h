/*
 * Rows that stay as an investigator signed them. Private to the study room.
 *
 *      signatures ──> what of each window would change ──> what of that flows all the same ──> rows, flags, parts, item
 *
 * derive() knows nothing of signatures: what it returns is compared with the rows of the revision that was signed, and
 * of those that would be others the signed ones are put back, with their lineage. What may not wait flows: what a
 * source withdrew, what is another person's, what lies behind the subject's withdrawal, and how an event or a course of
 * a drug went on after the window. Whether a row is held follows from facts, decisions and the rows that these name;
 * how far an event or a course that is held had gone on, and where a value stood that would come into the window, from
 * what was delivered last.
 *
 * Source: mappings/RULES.md 21.
 */
#ifndef STUDY_HELD_H
#define STUDY_HELD_H

#include "study/former.h"

struct withheld { /* a row that would be another */
    enum gw_table_id table;
    const char *row_id;
    const struct gw_row *stands; /* as it stays; NULL: it is not there */
    const struct gw_rows *of;    /* the rows among which that one and its lineage are */
    const struct gw_row *is;     /* as it would be; NULL: gone */
    const char *why;             /* in words; NULL: it follows from the others */
};

struct signature { /* that holds */
    const struct gw_decision *decision;
    const char *window;
    const struct gw_rows *rows; /* as signed; NULL: this ledger has no such revision, or other rows in it */
    gw_day last;                /* of the window, as it was signed */
    struct withheld *list;
    size_t count, capacity;
    struct part **parts; /* that wait with them */
    size_t part_count, part_capacity;
};

struct withheld_name;

struct holding {
    struct engine *e;
    const struct gw_rows *previous; /* as delivered last */
    struct sources sources;
    struct signature *signatures;
    size_t count;
    struct withheld_name *names; /* of all that is withheld, by whichever signature; open addressing */
    size_t name_count, name_capacity;
};

/* gw_history's: before it compares sources, so that nothing is told of what does not leave. */
void hold_signed(struct engine *e, const struct gw_rows *previous, struct gw_derived *out);

/* Its steps. */
void hold_find(struct holding *h);                                /* what of each signature would change */
void hold_events(struct holding *h, struct signature *signature); /* the events among it */
void hold_parents(struct holding *h);                             /* no event is part of one that does not stand */
void hold_put_back(struct holding *h);                            /* rows, lineage, parts */
void hold_flag(struct holding *h);                                /* anl01 to anl03 among the values that stand */
void hold_ask(struct holding *h, struct signature *signature);    /* SIGNED_CHANGED, or its answer */

/* ---- what is withheld (held_list.c) ---- */

/* Unless it is no change, or withheld already. */
void hold_withhold(struct holding *h, struct signature *signature, struct withheld withheld);

/* Under the first signature that has it; NULL: it flows. */
const struct withheld *hold_withheld(const struct holding *h, enum gw_table_id table, const char *row_id);

/* ---- what may flow (held_flows.c) ---- */

/* The first day that the date of a cell can be; GW_NO_DAY: none, or a whole month. */
gw_day hold_day(const char *cell);
bool hold_is_after(const char *cell, gw_day last);

/* Among the signed rows a line of a row names a source that was withdrawn since, or is the subject's no more. */
bool hold_source_gone(struct holding *h, const struct gw_rows *rows, enum gw_table_id table, const char *row_id);

/* So, or it tells of days after the subject's own withdrawal. */
bool hold_may_not_wait(struct holding *h, const struct gw_rows *rows, enum gw_table_id table, const struct gw_row *was);

/* It is the same, or how it went on after the last day of the window. */
bool hold_goes_on(enum gw_table_id table, const struct gw_row *was, const struct gw_row *is, gw_day last);

/* ---- shared by the steps ---- */

/* The row belongs to the window, among the rows it stands in. */
bool hold_is_in(const struct gw_rows *rows, enum gw_table_id table, const struct gw_row *row, const char *window);

/* As delivered last, where that is what was signed, or how it went on; else as signed. */
struct withheld hold_standing(const struct holding *h, const struct signature *signature, enum gw_table_id table,
                              const struct gw_row *was, const struct gw_row *is);

/* The part of a version that the row of a value is made of. */
size_t hold_part_of(struct engine *e, size_t version, const struct gw_row_observations *row);

/* Why a row would change, where its own sources tell. */
const char *hold_reason(struct holding *h, const struct signature *signature, const struct withheld *withheld);

#endif
