/*
 * Reading a parsed tree, reading our own files, and writing a text.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/json_door.h"
#include "core/utf8.h"

static const char where[] = "core.json";

enum gw_status gw_json_check_library(struct gw_error *err)
{
    const char *version = cJSON_Version();

    if (strncmp(version, "1.7.", 4) == 0)
        return GW_OK;
    return gw_fail(err, GW_ECONFIG, where, "libcjson is %s, and its items are known here as of 1.7; install 1.7",
                   version);
}

unsigned gw_json_line(struct gw_slice text, size_t offset)
{
    const char *at = text.at;
    const char *const end = text.at + (offset < text.length ? offset : text.length);
    unsigned line = 1;

    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        line++;
        at++;
    }
    return line;
}

/* What a settings file lacks is a matter of settings, not of input: one exit status for all of it. */
static enum gw_status read_settings(struct gw_text *bytes, const char *path, struct gw_error *err)
{
    const enum gw_status rc = gw_text_read_file(bytes, path, err);

    if (rc != GW_ENOINPUT && rc != GW_ENOMEM)
        return rc;
    if (err)
        err->status = GW_ECONFIG;
    return GW_ECONFIG;
}

enum gw_status gw_json_load(struct gw_arena *arena, const char *path, size_t max_bytes, const cJSON **out,
                            struct gw_slice *text, struct gw_error *err)
{
    static const struct gw_json_options with_comments = {.comments = true};
    struct gw_text bytes = GW_TEXT_INIT(max_bytes);
    struct gw_slice copy = {NULL, 0};
    struct json_refusal refusal;
    enum gw_status rc = read_settings(&bytes, path, err);

    if (rc != GW_OK)
        goto done;
    copy = (struct gw_slice){gw_arena_copy(arena, bytes.at, bytes.length), bytes.length};
    rc = copy.at ? json_read(arena, copy, &with_comments, out, &refusal) : GW_ENOMEM;
    if (rc == GW_ENOMEM)
        rc = gw_fail(err, rc, where, "%s: does not fit the memory set for it", path);
    else if (rc != GW_OK)
        rc = gw_fail(err, GW_ECONFIG, where, "%s:%u: %s", path, gw_json_line(copy, refusal.offset), refusal.reason);
    else if (text)
        *text = copy;
done:
    gw_text_release(&bytes);
    return rc;
}

const cJSON *gw_json_get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name); /* items of an array have no name, so none is found */
}

const char *gw_json_string(const cJSON *object, const char *name)
{
    const cJSON *item = gw_json_get(object, name);

    return cJSON_IsString(item) ? item->valuestring : NULL;
}

const char *gw_json_number(const cJSON *object, const char *name)
{
    const cJSON *item = gw_json_get(object, name);

    return cJSON_IsNumber(item) ? item->valuestring : NULL;
}

const cJSON *gw_json_array(const cJSON *object, const char *name)
{
    const cJSON *item = gw_json_get(object, name);

    return cJSON_IsArray(item) ? item : NULL;
}

const cJSON *gw_json_object(const cJSON *object, const char *name)
{
    const cJSON *item = gw_json_get(object, name);

    return cJSON_IsObject(item) ? item : NULL;
}

bool gw_json_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(gw_json_get(object, name));
}

bool gw_json_int(const cJSON *object, const char *name, long *out)
{
    const char *number = gw_json_number(object, name);
    char *past;

    if (!number)
        return false;
    errno = 0;
    const long value = strtol(number, &past, 10);
    if (errno != 0 || *past != '\0') /* a fraction or an exponent is no plain integer, even where its value is one */
        return false;
    *out = value;
    return true;
}

static void quote_ascii(struct gw_text *out, unsigned char c)
{
    static const char letters[] = "\"\\bfnrt";
    static const char meanings[] = "\"\\\b\f\n\r\t";
    const char *meaning = strchr(meanings, c);

    if (meaning)
        gw_text_print(out, "\\%c", letters[meaning - meanings]);
    else
        gw_text_print(out, "\\u%04x", c);
}

/* A text from outside the door (a file name, the user's name) may not be UTF-8: its bad bytes become U+FFFD. */
void gw_json_quote(struct gw_text *out, const char *string)
{
    if (!string) {
        gw_text_add(out, "null");
        return;
    }
    const unsigned char *p = (const unsigned char *)string;
    const unsigned char *const end = p + strlen(string);
    gw_text_add(out, "\"");
    while (p < end) {
        const unsigned char *plain = p;
        size_t length = 0;
        while (p < end && *p >= ' ' && *p != '"' && *p != '\\' && (length = utf8_length(p, end)))
            p += length;
        gw_text_append(out, (const char *)plain, (size_t)(p - plain));
        if (p < end && *p < 0x80)
            quote_ascii(out, *p++);
        else if (p < end && p++)
            gw_text_add(out, "\xEF\xBF\xBD");
    }
    gw_text_add(out, "\"");
}
