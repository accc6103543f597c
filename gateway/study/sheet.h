/*
 * One of our CSV tables while it is read: its columns by name, its rows one after the other, its findings with their
 * line.
 */
#ifndef STUDY_SHEET_H
#define STUDY_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/arena.h"
#include "gateway/core/csv.h"
#include "gateway/core/decimal.h"
#include "gateway/core/findings.h"

#define SHEET_MAX_COLUMNS 16

struct sheet {
    struct gw_arena *arena;
    struct gw_findings *findings;
    struct gw_csv csv;
    int index[SHEET_MAX_COLUMNS]; /* of the wanted columns, in the order they were asked for */
    const struct gw_csv_record *row;
};

/* False when the table cannot be read at all: the finding says why. names stay the caller's. */
bool sheet_open(struct sheet *sheet, struct gw_arena *arena, const char *dir, const char *file,
                const char *const *names, size_t count, struct gw_findings *findings);

/* The next row; false at the end. */
bool sheet_next(struct sheet *sheet);

/* A field of this row by its place in `names`: "" where empty, borrowed from the arena. */
const char *sheet_text(const struct sheet *sheet, int column);
const char *sheet_text_or_null(const struct sheet *sheet, int column);
bool sheet_is(const struct sheet *sheet, int column, const char *text);

/* The index of this row's text among the choices; -1 with a finding. */
int sheet_choice(struct sheet *sheet, int column, const char *const *choices, size_t count);
/* A whole number of 0 or more; -1 with a finding. */
int sheet_number(struct sheet *sheet, int column);
/* An exact decimal; false with a finding. */
bool sheet_decimal(struct sheet *sheet, int column, struct gw_decimal *out);

/* A finding about this row. */
void sheet_finding(struct sheet *sheet, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* True when a list such as "000;003" holds the name. */
bool sheet_list_has(const char *list, char separator, const char *name);

/* True when two lists such as "000;003" have a name in common. */
bool sheet_lists_meet(const char *list, const char *other, char separator);

/* Called when the arena is exhausted: recorded as GW_ENOMEM. Always false. */
bool sheet_no_memory(struct sheet *sheet);

#endif
