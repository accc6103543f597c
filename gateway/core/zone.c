/*
 * A site's time zone: a sorted table of offsets, searched by halving.
 */
#include "gateway/core/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tzfile.h"
#include "core/tzrule.h"
#include "gateway/core/text.h"

#define WHERE         "core.zone"
#define DIRECTORY     "/usr/share/zoneinfo/"
#define ZONE_NAME_MAX 64
#define FILE_MAX      ((size_t)256 * 1024) /* the largest in use have 4 KiB */

struct gw_zone {
    char name[ZONE_NAME_MAX + 1];
    struct tz_table table;
};

static bool is_name_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '+';
}

/*
 * IANA names begin with a capital and have no dots, so neither paths nor the folder's other entries (localtime,
 * posixrules, right/, tzdata.zi) pass.
 */
static bool is_zone_name(const char *name)
{
    const size_t length = name ? strlen(name) : 0;

    if (length == 0 || length > ZONE_NAME_MAX || name[0] < 'A' || name[0] > 'Z')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_name_character(name[i]) && !(name[i] == '/' && is_name_character(name[i + 1])))
            return false;
    }
    return true;
}

static enum gw_status unknown(const char *name, struct gw_error *err)
{
    return gw_fail(err, GW_ECONFIG, WHERE,
                   "unknown time zone \"%.80s\": write an IANA name such as Europe/Madrid, and see that the system's "
                   "tzdata is installed (" DIRECTORY ")",
                   name ? name : "");
}

static enum gw_status read_table(const char *name, struct tz_table *out, struct gw_error *err)
{
    char path[sizeof DIRECTORY + ZONE_NAME_MAX];
    struct gw_text file = GW_TEXT_INIT(FILE_MAX);
    struct gw_error reason = {0};
    enum gw_status rc;

    snprintf(path, sizeof path, "%s%s", DIRECTORY, name);
    rc = gw_text_read_file(&file, path, &reason);
    if (rc == GW_OK)
        rc = tz_table_read((struct gw_slice){file.at, file.length}, out, &reason);
    gw_text_release(&file);
    if (rc == GW_ENOINPUT)
        return unknown(name, err);
    if (rc != GW_OK)
        return gw_fail(err, GW_ECONFIG, WHERE, "time zone \"%s\": %s; reinstall the system's tzdata", name,
                       reason.text);
    return GW_OK;
}

enum gw_status gw_zone_open(const char *name, struct gw_zone **out, struct gw_error *err)
{
    struct tz_table table = {0};
    struct gw_zone *zone;
    enum gw_status rc;

    if (!is_zone_name(name))
        return unknown(name, err);
    rc = read_table(name, &table, err);
    if (rc != GW_OK)
        return rc;
    zone = calloc(1, sizeof *zone);
    if (!zone) {
        tz_table_release(&table);
        return gw_fail(err, GW_ENOMEM, WHERE, "no memory for time zone \"%s\"", name);
    }
    snprintf(zone->name, sizeof zone->name, "%s", name);
    zone->table = table;
    *out = zone;
    return GW_OK;
}

void gw_zone_close(struct gw_zone *zone)
{
    if (zone)
        tz_table_release(&zone->table);
    free(zone);
}

const char *gw_zone_name(const struct gw_zone *zone)
{
    return zone->name;
}

/* Whole periods by which an instant lies beyond the table, in seconds. */
static int64_t beyond(const struct tz_table *table, int64_t utc)
{
    const int64_t last = table->changes[table->count - 1].at;

    if (!table->repeats || utc < last)
        return 0;
    return ((utc - last) / TZ_PERIOD + 1) * TZ_PERIOD;
}

/* The change in force at an instant. */
static size_t find(const struct tz_table *table, int64_t utc)
{
    const struct tz_change *base = table->changes;
    size_t left = table->count;

    while (left > 1) {
        const size_t half = left / 2;

        base += base[half].at <= utc ? half : 0;
        left -= half;
    }
    return (size_t)(base - table->changes);
}

int32_t gw_zone_offset_at(const struct gw_zone *zone, int64_t utc_seconds)
{
    const struct tz_table *const table = &zone->table;

    return table->changes[find(table, utc_seconds - beyond(table, utc_seconds))].offset;
}

/*
 * Between a change's local end by the old offset and its local beginning by the new one lies the gap or the fold: in
 * both the old offset holds, up to the later of the two.
 */
int64_t gw_zone_to_utc(const struct gw_zone *zone, int64_t local_seconds)
{
    const struct tz_table *const table = &zone->table;
    const int64_t local = local_seconds - beyond(table, local_seconds + TZ_OFFSET_MAX);
    const struct tz_change *const changes = table->changes;
    size_t i = find(table, local - TZ_OFFSET_MAX);

    for (; i + 1 < table->count; i++) {
        const int32_t before = changes[i].offset;
        const int32_t after = changes[i + 1].offset;

        if (local < changes[i + 1].at + (before > after ? before : after))
            break;
    }
    return local_seconds - changes[i].offset;
}
