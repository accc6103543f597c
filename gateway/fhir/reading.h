/*
 * How the room reads: one walk over an object's members, guided by a table that names the elements wanted.
 *
 * A shape is what FHIR calls a type: its elements, each with the function that reads it and the place it goes to. What
 * no table names is passed over, except the two members that may change the meaning of everything beside them:
 * modifierExtension and implicitRules set `modified`. A null counts as absent: servers send it, and it can mean nothing
 * else.
 *
 * An element of the wrong JSON type ends the reading: the refusal names its path in the resource, never its value.
 */
#ifndef FHIR_READING_H
#define FHIR_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"

struct reader {
    struct gw_arena *arena;
    const cJSON *root;     /* the resource or Bundle: where a path begins */
    const char *root_name; /* its type, the first word of a path */
    const char *where;     /* for gw_fail */
    enum gw_status status; /* the first failure; later reads do nothing */
    bool modified;         /* a modifier extension or implicit rules were met */
    struct gw_error *err;
};

struct element;
typedef void element_reader(struct reader *reader, const struct element *element, const cJSON *item, void *base);

struct element {
    char name[28];         /* as in FHIR's tables; "value[x]" matches valueQuantity, valueString ... */
    uint16_t offset;       /* of the field in the base */
    uint16_t count_offset; /* of a list's count */
    element_reader *read;
    const struct shape *shape; /* of an object or of a list's items */
};

struct shape {
    const struct element *elements;
    uint16_t count;
    uint16_t size; /* of the struct that one object fills */
};

/* clang-format off: it would set each of these over four lines */
#define ELEMENT(name, type, field, reader)                                                                             \
    {                                                                                                                  \
        name, offsetof(type, field), 0, reader, NULL                                                                   \
    }
#define OBJECT(name, type, field, shape)                                                                               \
    {                                                                                                                  \
        name, offsetof(type, field), 0, as_object, shape                                                               \
    }
#define LIST(name, type, field, how_many, shape)                                                                       \
    {                                                                                                                  \
        name, offsetof(type, field), offsetof(type, how_many), as_list, shape                                          \
    }
#define ONE_OR_LIST(name, type, field, how_many, shape)                                                                \
    {                                                                                                                  \
        name, offsetof(type, field), offsetof(type, how_many), as_one_or_list, shape                                   \
    } /* single in one release or resource, a list in another */
#define STRINGS(name, type, field, how_many)                                                                           \
    {                                                                                                                  \
        name, offsetof(type, field), offsetof(type, how_many), as_strings, NULL                                        \
    }
#define INLINE(name, shape)                                                                                            \
    {                                                                                                                  \
        name, 0, 0, as_object, shape                                                                                   \
    } /* its fields are the base's own */
#define SHAPE(elements, type)                                                                                          \
    {                                                                                                                  \
        elements, sizeof(elements) / sizeof(*(elements)), sizeof(type)                                                 \
    }
/* clang-format on */

/* Read the members of an object into base, which the caller has zeroed. */
void shape_read(struct reader *reader, const struct shape *shape, const cJSON *object, void *base);

/* What the arena answered: NULL fails the reader. */
void *reader_keep(struct reader *reader, void *memory);
/* Memory for the reading, zeroed, and a copy of a text. */
void *reader_alloc(struct reader *reader, size_t size);
const char *reader_copy(struct reader *reader, const char *from, size_t length);

/* End the reading: "Observation.component[1].code: an object is wanted". */
void reader_refuse(struct reader *reader, const cJSON *item, const char *wanted);
/* The same for what is not there: element is a path below the root. */
void reader_refuse_element(struct reader *reader, const char *element, const char *wanted);

/* "Quantity" of valueQuantity, for an element named "value[x]". */
const char *choice_suffix(const struct element *element, const cJSON *item);

element_reader as_string;  /* const char *; an empty text is absent */
element_reader as_label;   /* const char *; text for people: of another type it is passed over */
element_reader as_number;  /* const char *, as written */
element_reader as_integer; /* const char *, as written */
element_reader as_truth;   /* const char *, "true" or "false" */
element_reader as_bool;    /* bool */
element_reader as_present; /* bool: the element is there, whatever it says */
element_reader as_item;    /* const cJSON *: the item itself */
element_reader as_object;
element_reader as_list;
element_reader as_one_or_list; /* a list, or the object that stands in its place: a list of one */
element_reader as_strings;     /* const char *const *; empty texts and nulls are left out */

static inline bool json_is(const cJSON *item, int type)
{
    return (item->type & 0xFF) == type;
}

static inline void *field_of(const struct element *element, void *base)
{
    return (char *)base + element->offset;
}

static inline size_t *count_of(const struct element *element, void *base)
{
    return (size_t *)((char *)base + element->count_offset);
}

#endif
