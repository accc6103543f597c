/*
 * The keys of study.json as one tree of tables: each key with its kind, its bounds and where in the study it goes.
 *
 * Reading, the check for unknown keys, the names that `unconfirmed` may have and the comparison with the JSON Schema
 * all walk this tree, so that a key is named in one place.
 */
#ifndef STUDY_PACKAGE_FIELDS_H
#define STUDY_PACKAGE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/settings.h"

#define FIELD_MAX_DAYS 3660

enum field_kind {
    FIELD_BY_HAND,         /* known here, read elsewhere; `fields` names the keys inside, if it has some */
    FIELD_INT,             /* int from low to high; a fallback outside of them: it must be there */
    FIELD_BOOL,            /* bool, fallback 0 or 1; 2: it must be there */
    FIELD_CHOICE,          /* int (an enum): the place among `choices`; a negative fallback: it must be there */
    FIELD_TEXT,            /* const char *, which must be there */
    FIELD_DECIMAL,         /* struct gw_decimal, which must be there */
    FIELD_DECIMAL_OR_NULL, /* const struct gw_decimal * */
    FIELD_TEXTS,           /* struct gw_texts */
    FIELD_INTS,            /* struct gw_ints, each from low to high */
    FIELD_DECIMALS,        /* struct gw_decimals */
    FIELD_PART,            /* an object whose members lie at the same base */
    FIELD_GROUP,           /* an object read into a struct at the offset that begins with `bool on` */
    FIELD_ROWS,            /* a list of objects: {items, count} of structs of `size` */
};

struct package_field {
    const char *key; /* NULL ends a table */
    enum field_kind kind;
    size_t offset;
    int fallback;
    int low;
    int high;
    const char *const *choices; /* ends with NULL */
    const struct package_field *fields;
    size_t size;
    bool optional; /* of lists: may be absent */
};

/* The key is the member's name. */
#define FIELD(form, type, member, ...)                                                                                 \
    {                                                                                                                  \
        .key = #member, .kind = (form), .offset = offsetof(type, member), __VA_ARGS__                                  \
    }

/* A number that must be there. */
#define FIELD_NUMBER(type, member, least, most)                                                                        \
    FIELD(FIELD_INT, type, member, .fallback = (least)-1, .low = (least), .high = (most))
#define FIELD_LIST(type, member, row_fields, row_size)                                                                 \
    FIELD(FIELD_ROWS, type, member, .fields = (row_fields), .size = (row_size))

/* Members of the object into the struct at base, unknown keys and what is missing as findings. NULL object: nothing. */
void package_read_fields(struct gw_settings *settings, const cJSON *object, const struct package_field *fields,
                         void *base);

/* Findings for unknown keys alone. */
void package_check_fields(struct gw_settings *settings, const cJSON *object, const struct package_field *fields);

/* The field of a dotted path ("anchors.EOT.gap_days"); NULL: there is none. */
const struct package_field *package_field_at(const struct package_field *fields, const char *path);

#endif
