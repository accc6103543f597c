/*
 * The spool folder and the names of its files.
 */
#include "sources/bulk_spool.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char where[] = "sources.bulk";

const char *bulk_space(struct gw_arena *arena, const char *kind, const char *endpoint)
{
    return gw_arena_print(arena, "bulk.%s.%s", kind, endpoint);
}

void bulk_file_name(size_t index, char out[16])
{
    snprintf(out, 16, "%06u", (unsigned)index);
}

/* "000003.Observation.ndjson": the source of what of it cannot be read. */
static void spool_name(const struct bulk_file *file, size_t index, char *out, size_t size)
{
    static const char *const kinds[] = {"output", "deleted", "outcome"};

    snprintf(out, size, "%06u.%s.ndjson", (unsigned)index, file->type ? file->type : kinds[file->kind]);
}

void bulk_spool_path(const struct gw_bulk_settings *settings, const struct bulk_file *file, size_t index,
                     char out[BULK_PATH_BYTES])
{
    char name[128];

    spool_name(file, index, name, sizeof name);
    snprintf(out, BULK_PATH_BYTES, "%s/%s", settings->spool, name);
}

static bool is_spooled(const struct bulk_files *files, const char *name)
{
    const unsigned long index = strtoul(name, NULL, 10);
    char expected[128];

    if (!files || index >= files->count || files->list[index].progress != BULK_SPOOLED)
        return false;
    spool_name(&files->list[index], index, expected, sizeof expected);
    return strcmp(name, expected) == 0;
}

/* Only names of our own making: nobody else's file is deleted. */
static bool is_ours(const char *name)
{
    return strspn(name, "0123456789") >= 6 && strstr(name, ".ndjson");
}

enum gw_status bulk_clean_spool(const struct gw_bulk_settings *settings, const struct bulk_files *files,
                                struct gw_error *err)
{
    DIR *folder;

    if (mkdir(settings->spool, 0700) != 0 && errno != EEXIST)
        return gw_fail(err, GW_ECREATE, where, "%s: cannot be made: %s", settings->spool, strerror(errno));
    folder = opendir(settings->spool);
    if (!folder)
        return gw_fail(err, GW_EIO, where, "%s: cannot be read: %s", settings->spool, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (is_ours(entry->d_name) && !is_spooled(files, entry->d_name))
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    return GW_OK;
}
