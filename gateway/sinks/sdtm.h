/*
 * The study tables in the shape of CDISC's SDTM (implementation guide 3.4): domains with variables, records of texts.
 * Private to the sinks.
 *
 * What a domain consists of is data: sdtm.def. A variable there takes its name from the CDISC name that rows.def gives
 * the column, and nothing leaves that no variable names: the list is the allow-list. Every writer of a format reads
 * records here and nowhere else.
 */
#ifndef SINKS_SDTM_H
#define SINKS_SDTM_H

#include "gateway/core/date.h"
#include "sinks/reading.h"

enum sdtm_type { SDTM_TEXT, SDTM_INTEGER, SDTM_DECIMAL };

#define SDTM_NAME_BYTES  9  /* eight letters */
#define SDTM_LABEL_BYTES 41 /* forty */

/* One side of a relation between records. */
struct sdtm_relation {
    const char *domain, *variable, *value, *id;
};

/* What a record is made of: a row of a study table. */
struct sdtm_line {
    enum gw_table_id table;
    const struct gw_row *row;
    struct sdtm_relation relation; /* in RELREC only */
};

/* The subject at hand, and the lines of one domain. */
struct sdtm_subject {
    struct reading *reading;
    const struct sdtm_domain *domain;
    gw_day d1; /* GW_NO_DAY: unknown */
    struct sdtm_line *lines;
    size_t count, capacity;
    bool failed; /* the arena's limit */
};

/* A value from the variable's own column (NULL where it is empty), and whatever else the line has. NULL: empty. */
typedef const char *sdtm_derivation(struct sdtm_subject *subject, const struct sdtm_line *line, const char *cell);

/* A column of rows.def; both NULL: none. */
struct sdtm_column {
    const struct gw_table *table;
    const struct gw_column *column;
};

struct sdtm_variable {
    char name[SDTM_NAME_BYTES];
    char label[SDTM_LABEL_BYTES];
    enum sdtm_type type;
    unsigned length; /* in characters, of a text; 8 for a number */
    unsigned key;    /* place among the domain's keys, from 1; 0: none */
    struct sdtm_column from[2];
    sdtm_derivation *derive;
    const char *says; /* how it is derived, or why it is not there; NULL: as in the column */
    bool absent;      /* the standard knows it, the study tables do not: no value, no place in a record */
};

struct sdtm_domain {
    const char *name;  /* "LB"; also the name of the data set */
    const char *code;  /* the value of DOMAIN: FA in FACE */
    const char *label; /* "Laboratory Test Results" */
    const char *class;
    const char *notes; /* which rows it takes, in a sentence */
    void (*take)(struct sdtm_subject *subject);
    const struct sdtm_variable *variables;
    size_t count; /* of variables, absent ones included */
};

/* All values of a record in the order of the domain's variables: NULL where empty (and of those that are absent). */
struct sdtm_records {
    const char *const **list;
    size_t count;
};

#define SDTM_DOMAINS 12

/* What a format that wants a moment gets from a database that never took a delivery: no clock is read. */
#define SDTM_NO_MOMENT "1970-01-01T00:00:00Z"

const struct sdtm_domain *sdtm_domains(void); /* SDTM_DOMAINS of them */
const struct sdtm_domain *sdtm_domain_of(const char *name);
bool sdtm_has(const struct sdtm_domain *domain, const char *variable);
size_t sdtm_place(const struct sdtm_domain *domain, const char *variable); /* asserted to be there */

/* The subject at hand's records of a domain by their keys, numbered from 1; they live until the next subject. */
enum gw_status sdtm_read(struct reading *reading, const struct sdtm_domain *domain, struct sdtm_records *out);

/* The domain's records of all subjects, subject by subject; the first failure of a visit ends the walk. */
typedef enum gw_status sdtm_visit(void *context, const struct sdtm_domain *domain, const char *const *record);
enum gw_status sdtm_walk(struct reading *reading, const struct sdtm_domain *domain, sdtm_visit *visit, void *context);

/* The study the database is of, and its last delivery ("2024-12-31T10:00:00Z"; NULL: none); until the reading ends. */
struct sdtm_origin {
    const char *study, *delivered;
};
enum gw_status sdtm_origin_of(struct reading *reading, struct gw_arena *arena, struct sdtm_origin *out);

#endif
