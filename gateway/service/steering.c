/*
 * Digests of settings, chained.
 */
#include "service/steering.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 64 * 1024 * 1024 };

static void chain(const char *before, const char *bytes, size_t length, char out[DERIVED_DIGITS + 1])
{
    char joined[DERIVED_DIGITS + 2 * GW_SHA256_BYTES + 1] = "";
    uint8_t digest[GW_SHA256_BYTES];
    char digits[2 * GW_SHA256_BYTES + 1];

    gw_sha256(bytes, length, digest);
    gw_hex(digest, sizeof digest, digits);
    if (before)
        strcpy(joined, before);
    strcat(joined, digits);
    gw_sha256(joined, strlen(joined), digest);
    gw_hex(digest, DERIVED_DIGITS / 2, out);
}

void steering_text(const char *before, const char *text, char out[DERIVED_DIGITS + 1])
{
    chain(before, text, strlen(text), out);
}

enum gw_status steering_file(const char *before, const char *path, char out[DERIVED_DIGITS + 1], struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(FILE_MAX_BYTES);
    const enum gw_status rc = gw_text_read_file(&text, path, err);

    if (rc == GW_OK)
        chain(before, text.at, text.length, out);
    gw_text_release(&text);
    return rc;
}

static int plain_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_type != DT_DIR;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* alphasort would follow the locale */
}

enum gw_status steering_folder(struct gw_arena *arena, const char *before, const char *folder,
                               char out[DERIVED_DIGITS + 1], struct gw_error *err)
{
    struct dirent **names = NULL;
    const int count = scandir(folder, &names, plain_file, by_bytes);
    enum gw_status rc = GW_OK;

    if (count < 0)
        return gw_fail(err, GW_ECONFIG, "service.steering", "%s: the folder cannot be read (%s)", folder,
                       strerror(errno));
    steering_text(before, "", out);
    for (int i = 0; i < count; i++) {
        const char *path = gw_arena_print(arena, "%s/%s", folder, names[i]->d_name);

        if (rc == GW_OK && !path)
            rc = gw_fail(err, GW_ENOMEM, "service.steering", "no memory for the names of %s", folder);
        if (rc == GW_OK)
            rc = steering_file(out, path, out, err);
        free(names[i]);
    }
    free(names);
    return rc;
}

enum gw_status steering_study(struct gw_arena *arena, const char *package, const char *rule_set,
                              char out[DERIVED_DIGITS + 1], struct gw_error *err)
{
    const char *common = gw_arena_print(arena, "%s/../../common", package);

    if (!common)
        return gw_fail(err, GW_ENOMEM, "service.steering", "no memory for the names of %s", package);
    steering_text(NULL, GATEWAY_VERSION, out);
    steering_text(out, rule_set, out);
    return steering_folder(arena, out, common, out, err);
}

void steering_subject(const char *site_digest, const struct gw_roster_line *line, char out[DERIVED_DIGITS + 1])
{
    const gw_day days[] = {line->recruited, line->end_of_treatment, line->first_dose, line->withdrawn};
    char text[11];

    steering_text(site_digest, line->subject, out);
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        strcpy(text, "");
        if (days[i] != GW_NO_DAY)
            gw_day_print(days[i], text);
        steering_text(out, text, out);
    }
}
