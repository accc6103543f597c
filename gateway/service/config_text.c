/*
 * Paths of casement.json.
 */
#include <string.h>

#include "service/config_parts.h"

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
