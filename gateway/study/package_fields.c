/*
 * Reading objects of study.json by tables of fields.
 */
#include "study/package_fields.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/study/plan.h"

#define MAX_KEYS 64

struct list { /* what gw_texts, gw_ints, gw_decimals and every list of rows look like */
    const void *items;
    size_t count;
};

static void no_memory(struct gw_settings *s, const cJSON *item)
{
    gw_settings_finding(s, item, "the file does not fit the memory set for it");
}

/* The list's storage, for as many elements as the array has; NULL with a finding, or for an empty one. */
static void *list_of(struct gw_settings *s, const cJSON *array, size_t size, void *target)
{
    const size_t count = (size_t)cJSON_GetArraySize(array);
    void *const items = count ? gw_arena_alloc(s->arena, count * size) : NULL;
    const struct list list = {items, items ? count : 0};

    if (count && !items)
        no_memory(s, array);
    memcpy(target, &list, sizeof list);
    return items;
}

static bool read_int(const cJSON *item, int low, int high, int *out)
{
    char *past;
    long value;

    if (!cJSON_IsNumber(item))
        return false;
    value = strtol(item->valuestring, &past, 10);
    *out = (int)value;
    return !*past && value >= low && value <= high;
}

static void read_ints(struct gw_settings *s, const cJSON *array, const struct package_field *field, void *target)
{
    int *at = list_of(s, array, sizeof *at, target);

    for (const cJSON *item = at ? array->child : NULL; item; item = item->next, at++)
        if (!read_int(item, field->low, field->high, at))
            gw_settings_finding(s, item, "\"%s\" holds something that is no whole number from %d to %d; write one",
                                field->key, field->low, field->high);
}

static bool read_decimal(struct gw_settings *s, const cJSON *item, struct gw_decimal *out)
{
    return (cJSON_IsString(item) || cJSON_IsNumber(item)) &&
           gw_decimal_parse(s->arena, item->valuestring, strlen(item->valuestring), out, NULL) == GW_OK;
}

static void read_decimals(struct gw_settings *s, const cJSON *array, const struct package_field *field, void *target)
{
    struct gw_decimal *at = list_of(s, array, sizeof *at, target);

    if (!array->child)
        gw_settings_finding(s, array, "\"%s\" is empty; write at least one such as \"1.5\"", field->key);
    for (const cJSON *item = at ? array->child : NULL; item; item = item->next, at++)
        if (!read_decimal(s, item, at))
            gw_settings_finding(s, item, "\"%s\" holds something that is no decimal; write each such as \"1.5\"",
                                field->key);
}

static void read_rows(struct gw_settings *s, const cJSON *array, const struct package_field *field, void *target)
{
    char *at = list_of(s, array, field->size, target);

    for (const cJSON *item = at ? array->child : NULL; item; item = item->next, at += field->size) {
        if (cJSON_IsObject(item))
            package_read_fields(s, item, field->fields, at);
        else
            gw_settings_finding(s, item, "\"%s\" holds something that is no object; write {...}", field->key);
    }
}

static void read_list(struct gw_settings *s, const cJSON *object, const struct package_field *field, void *target)
{
    const cJSON *const array = gw_settings_array(s, object, field->key, !field->optional);
    struct gw_texts texts;

    if (!array)
        return;
    if (field->kind == FIELD_TEXTS) {
        texts.items = gw_settings_texts(s, object, field->key, true, &texts.count);
        memcpy(target, &texts, sizeof texts);
    } else if (field->kind == FIELD_INTS) {
        read_ints(s, array, field, target);
    } else if (field->kind == FIELD_DECIMALS) {
        read_decimals(s, array, field, target);
    } else {
        read_rows(s, array, field, target);
    }
}

static void read_object(struct gw_settings *s, const cJSON *object, const struct package_field *field, void *target)
{
    const cJSON *const inner = gw_settings_object(s, object, field->key, !field->optional);

    if (inner && field->kind == FIELD_GROUP)
        *(bool *)target = true;
    package_read_fields(s, inner, field->fields, target);
}

static void require(struct gw_settings *s, const cJSON *object, const char *key)
{
    const cJSON *const item = gw_json_get(object, key);

    if (!item || cJSON_IsNull(item))
        gw_settings_finding(s, object, "\"%s\" is missing; add it", key);
}

static int choice_count(const struct package_field *field)
{
    int count = 0;

    while (field->choices[count])
        count++;
    return count;
}

static void read_choice(struct gw_settings *s, const cJSON *object, const struct package_field *field, int *target)
{
    if (field->fallback < 0)
        require(s, object, field->key);
    *target = gw_settings_choice(s, object, field->key, field->choices, (size_t)choice_count(field),
                                 field->fallback < 0 ? 0 : field->fallback);
}

static void read_bool(struct gw_settings *s, const cJSON *object, const struct package_field *field, bool *target)
{
    if (field->fallback > 1)
        require(s, object, field->key);
    *target = gw_settings_bool(s, object, field->key, field->fallback == 1);
}

static void read_number(struct gw_settings *s, const cJSON *object, const struct package_field *field,
                        struct gw_decimal *target)
{
    require(s, object, field->key);
    gw_settings_decimal(s, object, field->key, target);
}

static void read_bound(struct gw_settings *s, const cJSON *object, const struct package_field *field,
                       const struct gw_decimal **target)
{
    struct gw_decimal value, *kept;

    if (!gw_settings_decimal(s, object, field->key, &value))
        return;
    kept = gw_arena_alloc(s->arena, sizeof *kept);
    if (!kept) {
        no_memory(s, object);
        return;
    }
    *kept = value;
    *target = kept;
}

static void read_field(struct gw_settings *s, const cJSON *object, const struct package_field *field, void *base)
{
    void *const target = (char *)base + field->offset;

    switch (field->kind) {
    case FIELD_BY_HAND:
        return;
    case FIELD_INT:
        *(int *)target = gw_settings_int(s, object, field->key, field->fallback, field->low, field->high);
        return;
    case FIELD_BOOL:
        read_bool(s, object, field, target);
        return;
    case FIELD_CHOICE:
        read_choice(s, object, field, target);
        return;
    case FIELD_TEXT:
        *(const char **)target = gw_settings_text(s, object, field->key, !field->optional);
        return;
    case FIELD_DECIMAL:
        read_number(s, object, field, target);
        return;
    case FIELD_DECIMAL_OR_NULL:
        read_bound(s, object, field, target);
        return;
    case FIELD_TEXTS:
    case FIELD_INTS:
    case FIELD_DECIMALS:
    case FIELD_ROWS:
        read_list(s, object, field, target);
        return;
    case FIELD_PART:
    case FIELD_GROUP:
        read_object(s, object, field, target);
        return;
    }
}

void package_check_fields(struct gw_settings *settings, const cJSON *object, const struct package_field *fields)
{
    const char *keys[MAX_KEYS + 1];
    size_t count = 0;

    for (; fields[count].key; count++) {
        assert(count < MAX_KEYS);
        keys[count] = fields[count].key;
    }
    keys[count] = NULL;
    gw_settings_check_keys(settings, object, keys);
}

void package_read_fields(struct gw_settings *settings, const cJSON *object, const struct package_field *fields,
                         void *base)
{
    if (!object)
        return;
    package_check_fields(settings, object, fields);
    for (; fields->key; fields++)
        read_field(settings, object, fields, base);
}

const struct package_field *package_field_at(const struct package_field *fields, const char *path)
{
    const char *const end = strchrnul(path, '.');
    const size_t length = (size_t)(end - path);

    for (; fields && fields->key; fields++)
        if (strlen(fields->key) == length && memcmp(fields->key, path, length) == 0)
            return *end ? package_field_at(fields->fields, end + 1) : fields;
    return NULL;
}
