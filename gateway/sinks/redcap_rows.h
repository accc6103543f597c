/*
 * Rows as REDCap holds them, and rows as it is to take them. Private to the sinks.
 */
#ifndef SINKS_REDCAP_ROWS_H
#define SINKS_REDCAP_ROWS_H

#include "gateway/core/json.h"
#include "gateway/study/derive.h"

struct held { /* an instance of a table's instrument */
    const char *row_id;
    const char *event; /* REDCap's own name of it */
    long instance;
    const cJSON *line;
};

struct helds {
    struct held *list; /* by row_id */
    size_t count, capacity;
};

struct event {
    const char *window; /* its label */
    const char *name;   /* "t3001_arm_1" */
    long last;          /* instance of a table in it, whoever filled it */
};

struct events {
    struct event *list;
    size_t count, capacity;
};

struct event *events_find(const struct events *events, const char *window); /* NULL: there is none */
/* The last instance of a table in each of them, as an answer has it. */
void events_count(const struct events *events, const struct gw_table *table, const cJSON *answer);

/* Of an answer: the instances of one table that hold a row of ours. false: no memory. */
bool held_read(struct gw_arena *arena, const struct gw_table *table, const cJSON *answer, struct helds *out);
const struct held *held_find(const struct helds *helds, const char *row_id);

#define HELD_DIGEST_TEXT 33
#define HELD_MAX_BYTES   (4 << 20)

/* What is there, whoever wrote it: its digest, and a JSON object by column. false: no memory. */
bool held_digest(const struct gw_table *table, const cJSON *line, char out[HELD_DIGEST_TEXT]);
void held_print(struct gw_text *out, const struct gw_table *table, const cJSON *line);
bool held_is_ours(const struct gw_table *table, const cJSON *line); /* as we wrote it, cell for cell */
bool held_is(const struct gw_table *table, const cJSON *line, const struct gw_row *row);
bool held_is_withdrawn(const struct gw_table *table, const cJSON *line);

/* A line of an import: to an instance that is there (held, whose cells that are no more are said to be nothing), or to
 * a new one. */
void row_print(struct gw_text *out, const struct gw_table *table, const struct gw_row *row, const struct held *place,
               const cJSON *held);

#endif
