/*
 * Texts of casement.json that are more than texts: ids and paths.
 */
#include <string.h>

#include "service/config_parts.h"

#define ID_MAX_LENGTH 64

const char *config_id(struct gw_settings *settings, const cJSON *object, const char *key)
{
    const char *id = gw_settings_text(settings, object, key, true);

    if (!id)
        return NULL;
    if (*id != '.' && strlen(id) <= ID_MAX_LENGTH &&
        id[strspn(id, "abcdefghijklmnopqrstuvwxyz"
                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0')
        return id;
    gw_settings_finding(settings, gw_json_get(object, key),
                        "\"%s\" becomes a file name: write up to %d letters, digits, '-', '_' and '.'", key,
                        ID_MAX_LENGTH);
    return NULL;
}

const char *config_fhir_id(struct gw_settings *settings, const cJSON *object, const char *key, bool required)
{
    const char *id = gw_settings_text(settings, object, key, required);

    if (id && (!*id || strlen(id) > ID_MAX_LENGTH ||
               id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] != '\0'))
        gw_settings_finding(settings, gw_json_get(object, key),
                            "\"%s\" is the id of a FHIR resource: up to %d letters, digits, '-' and '.'", key,
                            ID_MAX_LENGTH);
    return id;
}

const char *config_path(struct gw_settings *settings, const cJSON *object, const char *key, bool required)
{
    const char *path = gw_settings_text(settings, object, key, required), *slash = strrchr(settings->path, '/');
    size_t length;

    if (!path)
        return NULL;
    if (strstr(path, "-----BEGIN") || *path == '{') {
        gw_settings_finding(settings, gw_json_get(object, key), "\"%s\" holds a key itself; write the name of its file",
                            key);
        return NULL;
    }
    length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (*path == '/' || !slash)
        return gw_arena_copy(settings->arena, path, length);
    return gw_arena_print(settings->arena, "%.*s/%.*s", (int)(slash - settings->path), settings->path, (int)length,
                          path);
}
