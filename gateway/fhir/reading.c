/*
 * The walk itself, the readers of primitive elements, and how a refusal finds its path.
 *
 * No path is kept while reading, since nearly every resource is read without complaint: a refusal searches the tree for
 * the item it stopped at.
 */
#include "fhir/reading.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/json.h"

enum { PATH_MAX_BYTES = 200, NAME_MAX_BYTES = 40 };

void *reader_keep(struct reader *reader, void *memory)
{
    if (!memory && reader->status == GW_OK)
        reader->status =
            gw_fail(reader->err, GW_ENOMEM, reader->where,
                    "%s: does not fit the memory set for one page; ask for smaller pages", reader->root_name);
    return memory;
}

void *reader_alloc(struct reader *reader, size_t size)
{
    return reader_keep(reader, gw_arena_alloc(reader->arena, size));
}

const char *reader_copy(struct reader *reader, const char *from, size_t length)
{
    return reader_keep(reader, gw_arena_copy(reader->arena, from, length));
}

/* Where an item stands below an ancestor: the chain of items from the ancestor's child to the item itself. */
static size_t find_chain(const cJSON *ancestor, const cJSON *wanted, const cJSON *chain[GW_JSON_MAX_DEPTH])
{
    size_t depth = 0;
    const cJSON *at = ancestor->child;

    while (at) {
        chain[depth] = at;
        if (at == wanted)
            return depth + 1;
        if (at->child && depth + 1 < GW_JSON_MAX_DEPTH) {
            depth++;
            at = at->child;
            continue;
        }
        while (!chain[depth]->next) {
            if (depth == 0)
                return 0;
            depth--;
        }
        at = chain[depth]->next;
    }
    return 0;
}

static int index_in(const cJSON *array, const cJSON *item)
{
    int index = 0;

    for (const cJSON *at = array->child; at && at != item; at = at->next)
        index++;
    return index;
}

/* The names on a path come from the tables of elements, since a walk goes nowhere else; but what a choice ends in is
 * the sender's, so a name is printed only where it looks like one. */
static const char *printable(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return strlen(name) <= NAME_MAX_BYTES && name[strspn(name, letters)] == '\0' ? name : "?";
}

static void print_path(struct reader *reader, const cJSON *item, char out[PATH_MAX_BYTES])
{
    const cJSON *chain[GW_JSON_MAX_DEPTH];
    const size_t depth = find_chain(reader->root, item, chain);
    const cJSON *parent = reader->root;
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < depth && used < PATH_MAX_BYTES; parent = chain[i++]) {
        if (json_is(parent, cJSON_Array))
            used += (size_t)snprintf(out + used, PATH_MAX_BYTES - used, "[%d]", index_in(parent, chain[i]));
        else
            used += (size_t)snprintf(out + used, PATH_MAX_BYTES - used, ".%s", printable(chain[i]->string));
    }
}

void reader_refuse(struct reader *reader, const cJSON *item, const char *wanted)
{
    char path[PATH_MAX_BYTES];

    if (reader->status != GW_OK)
        return;
    print_path(reader, item, path);
    reader->status = gw_fail(reader->err, GW_EINPUT, reader->where, "%s%s: %s", reader->root_name, path, wanted);
}

void reader_refuse_element(struct reader *reader, const char *element, const char *wanted)
{
    if (reader->status == GW_OK)
        reader->status =
            gw_fail(reader->err, GW_EINPUT, reader->where, "%s.%s: %s", reader->root_name, element, wanted);
}

static bool element_matches(const char *element, const char *name)
{
    while (*element && *element == *name) {
        element++;
        name++;
    }
    if (*element == '[')
        return *name >= 'A' && *name <= 'Z';
    return *element == *name;
}

/*
 * Servers write elements in FHIR's order, which is that of the tables, so the search goes on where the last one ended
 * and most members are found at once.
 */
static const struct element *find_element(const struct shape *shape, const char *name, size_t *cursor)
{
    size_t at = *cursor;

    for (size_t tried = 0; tried < shape->count; tried++) {
        const struct element *element = &shape->elements[at];

        at = at + 1 == shape->count ? 0 : at + 1;
        if (element_matches(element->name, name)) {
            *cursor = at;
            return element;
        }
    }
    return NULL;
}

static bool is_modifier(const cJSON *item)
{
    if (element_matches("modifierExtension", item->string))
        return item->child || !json_is(item, cJSON_Array);
    return element_matches("implicitRules", item->string);
}

void shape_read(struct reader *reader, const struct shape *shape, const cJSON *object, void *base)
{
    size_t cursor = 0;

    for (const cJSON *item = object->child; item && reader->status == GW_OK; item = item->next) {
        const struct element *element = find_element(shape, item->string, &cursor);

        if (json_is(item, cJSON_NULL))
            continue;
        if (element)
            element->read(reader, element, item, base);
        else if (is_modifier(item))
            reader->modified = true;
    }
}

const char *choice_suffix(const struct element *element, const cJSON *item)
{
    return item->string + (strchr(element->name, '[') - element->name);
}

void as_string(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    if (!json_is(item, cJSON_String)) {
        reader_refuse(reader, item, "a string is wanted");
        return;
    }
    *(const char **)field_of(element, base) = *item->valuestring ? item->valuestring : NULL;
}

void as_label(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    (void)reader;
    if (json_is(item, cJSON_String) && *item->valuestring)
        *(const char **)field_of(element, base) = item->valuestring;
}

void as_number(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    if (!json_is(item, cJSON_Number)) {
        reader_refuse(reader, item, "a number is wanted");
        return;
    }
    *(const char **)field_of(element, base) = item->valuestring;
}

void as_integer(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    if (!json_is(item, cJSON_Number) || strpbrk(item->valuestring, ".eE")) {
        reader_refuse(reader, item, "a whole number is wanted");
        return;
    }
    *(const char **)field_of(element, base) = item->valuestring;
}

void as_truth(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    if (!json_is(item, cJSON_True) && !json_is(item, cJSON_False)) {
        reader_refuse(reader, item, "true or false is wanted");
        return;
    }
    *(const char **)field_of(element, base) = json_is(item, cJSON_True) ? "true" : "false";
}

void as_bool(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    if (!json_is(item, cJSON_True) && !json_is(item, cJSON_False)) {
        reader_refuse(reader, item, "true or false is wanted");
        return;
    }
    *(bool *)field_of(element, base) = json_is(item, cJSON_True);
}

void as_present(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    (void)reader;
    (void)item;
    *(bool *)field_of(element, base) = true;
}

void as_item(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    (void)reader;
    *(const cJSON **)field_of(element, base) = item;
}

void as_object(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    if (!json_is(item, cJSON_Object))
        reader_refuse(reader, item, "an object is wanted");
    else
        shape_read(reader, element->shape, item, field_of(element, base));
}

void as_list(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const size_t count = (size_t)cJSON_GetArraySize(item);
    char *at;

    if (!json_is(item, cJSON_Array)) {
        reader_refuse(reader, item, "an array is wanted");
        return;
    }
    at = count ? reader_alloc(reader, count * element->shape->size) : NULL;
    if (!at)
        return;
    *(void **)field_of(element, base) = at;
    *count_of(element, base) = count;
    for (const cJSON *one = item->child; one && reader->status == GW_OK; one = one->next) {
        if (json_is(one, cJSON_Object))
            shape_read(reader, element->shape, one, at);
        else
            reader_refuse(reader, one, "an object is wanted");
        at += element->shape->size;
    }
}

void as_one_or_list(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    void *one;

    if (json_is(item, cJSON_Array)) {
        as_list(reader, element, item, base);
        return;
    }
    if (!json_is(item, cJSON_Object)) {
        reader_refuse(reader, item, "an object, or an array of them, is wanted");
        return;
    }
    one = reader_alloc(reader, element->shape->size);
    if (!one)
        return;
    *(void **)field_of(element, base) = one;
    *count_of(element, base) = 1;
    shape_read(reader, element->shape, item, one);
}

void as_strings(struct reader *reader, const struct element *element, const cJSON *item, void *base)
{
    const size_t room = (size_t)cJSON_GetArraySize(item);
    const char **list;
    size_t count = 0;

    if (!json_is(item, cJSON_Array)) {
        reader_refuse(reader, item, "an array is wanted");
        return;
    }
    list = room ? reader_alloc(reader, room * sizeof(*list)) : NULL;
    if (!list)
        return;
    for (const cJSON *one = item->child; one && reader->status == GW_OK; one = one->next) {
        if (json_is(one, cJSON_String) && *one->valuestring)
            list[count++] = one->valuestring;
        else if (!json_is(one, cJSON_String) && !json_is(one, cJSON_NULL))
            reader_refuse(reader, one, "a string is wanted");
    }
    *(const char ***)field_of(element, base) = list;
    *count_of(element, base) = count;
}
