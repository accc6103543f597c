/*
 * Reading our own JSON files.
 */
#include "gateway/core/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX_BYTES  ((size_t)4 << 20)
#define NAME_MAX_LENGTH 40

const cJSON *gw_settings_open(struct gw_settings *settings, struct gw_arena *arena, const char *path,
                              struct gw_findings *findings)
{
    struct gw_error failure = {.status = GW_OK};
    const cJSON *root;

    *settings = (struct gw_settings){.arena = arena, .path = path, .findings = findings};
    if (gw_json_load(arena, path, FILE_MAX_BYTES, &root, &settings->text, &failure) != GW_OK) {
        gw_findings_failure(findings, &failure);
        return NULL;
    }
    if (cJSON_IsObject(root))
        return root;
    gw_settings_finding(settings, root, "the file is no object; begin it with {");
    return NULL;
}

unsigned gw_settings_line(const struct gw_settings *settings, const cJSON *item)
{
    return item ? gw_json_line(settings->text, (size_t)item->valueint) : 0;
}

void gw_settings_finding(struct gw_settings *settings, const cJSON *item, const char *format, ...)
{
    const unsigned line = gw_settings_line(settings, item);
    char message[300];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    gw_findings_add(settings->findings, settings->path, line, "%s", message);
}

static size_t least(size_t a, size_t b, size_t c)
{
    const size_t d = a < b ? a : b;

    return d < c ? d : c;
}

/* Levenshtein's distance of two short names. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LENGTH + 1];
    const size_t width = strlen(b);

    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t corner = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            const size_t above = row[j + 1];

            row[j + 1] = least(above + 1, row[j] + 1, corner + (a[i] != b[j]));
            corner = above;
        }
    }
    return row[width];
}

const char *gw_settings_nearest(const char *text, const char *const *list, size_t count)
{
    const char *found = NULL;
    size_t nearest = strlen(text) / 5 + 2; /* further away is no misprint: one drug is not another */

    if (strlen(text) > NAME_MAX_LENGTH)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const size_t away = strlen(list[i]) <= NAME_MAX_LENGTH ? distance(text, list[i]) : nearest;

        if (away < nearest) {
            nearest = away;
            found = list[i];
        }
    }
    return found;
}

void gw_settings_check_keys(struct gw_settings *settings, const cJSON *object, const char *const *keys)
{
    size_t count = 0;

    while (keys[count])
        count++;
    GW_JSON_EACH (member, object) {
        const char *near;
        size_t i = 0;

        while (i < count && strcmp(keys[i], member->string) != 0)
            i++;
        if (i < count)
            continue;
        near = gw_settings_nearest(member->string, keys, count);
        gw_settings_finding(settings, member, "unknown key \"%s\"; %s%s%s", member->string, near ? "write \"" : "",
                            near ? near : "leave it out", near ? "\"" : "");
    }
}

static const cJSON *member_of(struct gw_settings *settings, const cJSON *object, const char *key, bool required)
{
    const cJSON *item = gw_json_get(object, key);

    if (item && !cJSON_IsNull(item))
        return item;
    if (required)
        gw_settings_finding(settings, object, "\"%s\" is missing; add it", key);
    return NULL;
}

const char *gw_settings_text(struct gw_settings *settings, const cJSON *object, const char *key, bool required)
{
    const cJSON *item = member_of(settings, object, key, required);

    if (!item)
        return NULL;
    if (cJSON_IsString(item) && *item->valuestring)
        return item->valuestring;
    gw_settings_finding(settings, item, "\"%s\" is no text; write one in quotes", key);
    return NULL;
}

const cJSON *gw_settings_object(struct gw_settings *settings, const cJSON *object, const char *key, bool required)
{
    const cJSON *item = member_of(settings, object, key, required);

    if (!item || cJSON_IsObject(item))
        return item;
    gw_settings_finding(settings, item, "\"%s\" is no object; write {...}", key);
    return NULL;
}

const cJSON *gw_settings_array(struct gw_settings *settings, const cJSON *object, const char *key, bool required)
{
    const cJSON *item = member_of(settings, object, key, required);

    if (!item || cJSON_IsArray(item))
        return item;
    gw_settings_finding(settings, item, "\"%s\" is no list; write [...]", key);
    return NULL;
}

bool gw_settings_bool(struct gw_settings *settings, const cJSON *object, const char *key, bool fallback)
{
    const cJSON *item = member_of(settings, object, key, false);

    if (!item)
        return fallback;
    if (!cJSON_IsBool(item))
        gw_settings_finding(settings, item, "\"%s\" is neither true nor false; write one of them without quotes", key);
    return cJSON_IsTrue(item);
}

int gw_settings_int(struct gw_settings *settings, const cJSON *object, const char *key, int fallback, int low, int high)
{
    const cJSON *item = member_of(settings, object, key, fallback < low || fallback > high);
    long value;

    if (!item)
        return fallback;
    if (gw_json_int(object, key, &value) && value >= low && value <= high)
        return (int)value;
    gw_settings_finding(settings, item, "\"%s\" is no whole number from %d to %d; write one", key, low, high);
    return fallback;
}

int gw_settings_choice(struct gw_settings *settings, const cJSON *object, const char *key, const char *const *choices,
                       size_t count, int fallback)
{
    const cJSON *item = member_of(settings, object, key, false);
    char list[200] = "";

    if (!item)
        return fallback;
    for (size_t i = 0; i < count; i++)
        if (cJSON_IsString(item) && strcmp(item->valuestring, choices[i]) == 0)
            return (int)i;
    for (size_t i = 0; i < count; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s\"%s\"", i ? ", " : "", choices[i]);
    gw_settings_finding(settings, item, "\"%s\" is none of its values; use one of %s", key, list);
    return fallback;
}

const char *const *gw_settings_texts(struct gw_settings *settings, const cJSON *object, const char *key, bool required,
                                     size_t *count)
{
    const cJSON *array = gw_settings_array(settings, object, key, required);
    const char **list = NULL, **place;
    size_t capacity = 0;

    *count = 0;
    GW_JSON_EACH (item, array) {
        if (!cJSON_IsString(item) || !*item->valuestring) {
            gw_settings_finding(settings, item, "\"%s\" holds something that is no text; write texts in quotes", key);
            continue;
        }
        place = GW_ARENA_PUSH(settings->arena, list, *count, capacity);
        if (!place) {
            gw_settings_finding(settings, item, "the file does not fit the memory set for it");
            *count = 0;
            return NULL;
        }
        *place = item->valuestring;
    }
    return list;
}

bool gw_settings_decimal(struct gw_settings *settings, const cJSON *object, const char *key, struct gw_decimal *out)
{
    const cJSON *item = member_of(settings, object, key, false);

    if (!item)
        return false;
    if ((cJSON_IsString(item) || cJSON_IsNumber(item)) &&
        gw_decimal_parse(settings->arena, item->valuestring, strlen(item->valuestring), out, NULL) == GW_OK)
        return true;
    gw_settings_finding(settings, item, "\"%s\" is no decimal; write one such as \"1.5\"", key);
    return false;
}
