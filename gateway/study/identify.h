/*
 * What identify() matches and renames. Private to the study room.
 */
#ifndef STUDY_IDENTIFY_H
#define STUDY_IDENTIFY_H

#include "gateway/study/derive.h"

struct thing {
    const char *id;
    const char *what;  /* category, drug */
    const char *kind;  /* of a drug's row without a dose: interrupted, end; else NULL */
    const char *since; /* onset, start */
};

struct kind {
    enum gw_table_id table;
    bool drug; /* else episodes, which have tables of their own for evidence and grades */
    struct thing (*read)(const struct gw_row *row);
};

struct name {
    const char *id;
    size_t thing;
};

struct names { /* in order of id */
    struct name *list;
    size_t count;
};

/* The thing a text names, by its id or by an id and a bar; the count: none. */
size_t names_find(const struct names *names, const char *text);

struct renaming {
    struct gw_arena *arena;
    const struct kind *kind;
    const struct names *names; /* as born */
    const char *const *ids;    /* as they shall be called */
    bool failed;               /* out of memory */
};

/* Every id, and every list of row ids, in rows and parts. */
void renaming_apply(struct renaming *renaming, struct gw_rows *rows, struct gw_part_state *parts, size_t part_count);

#endif
