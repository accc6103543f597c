/*
 * Files of a watched folder: listed, moved, and removed when their time is over.
 */
#include "sources/folder_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char where[] = "sources.folder";

enum { SAME_NAME_MAX = 10000, NAME_BYTES = 300 };

bool folder_fits(const char *path)
{
    return strlen(path) <= FOLDER_PATH_MOST;
}

static void print_path(const char *path, const char *folder, const char *name, const char *ending,
                       char out[FOLDER_PATH_BYTES])
{
    snprintf(out, FOLDER_PATH_BYTES, "%s/%s%s%s%s", path, folder, *name ? "/" : "", name, ending);
}

void folder_path(const char *path, const char *folder, const char *name, char out[FOLDER_PATH_BYTES])
{
    print_path(path, folder, name, "", out);
}

enum gw_status folder_make(const char *path, struct gw_error *err)
{
    static const char *const names[] = {"incoming", "work", "done", "failed"};
    char folder[FOLDER_PATH_BYTES];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        folder_path(path, names[i], "", folder);
        if (mkdir(folder, 0770) != 0 && errno != EEXIST)
            return gw_fail(err, GW_ECREATE, where, "%s: cannot be made: %s; make %s, or let us write there", folder,
                           strerror(errno), path);
    }
    return GW_OK;
}

/* ---- what is there ---- */

static bool look_at(DIR *folder, const char *name, struct sightings *out)
{
    struct stat about;

    if (fstatat(dirfd(folder), name, &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(about.st_mode))
        return true;
    return sightings_add(
        out, &(struct sighting){.name = name,
                                .inode = (uint64_t)about.st_ino,
                                .size = (uint64_t)about.st_size,
                                .modified_ns = (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec});
}

enum gw_status folder_list(const char *path, const char *folder, struct sightings *out, struct gw_error *err)
{
    char name[FOLDER_PATH_BYTES];
    bool fine = true;
    DIR *dir;

    folder_path(path, folder, "", name);
    dir = opendir(name);
    if (!dir)
        return gw_fail(err, GW_ECREATE, where, "%s: cannot be read: %s; let us read and write there", name,
                       strerror(errno));
    for (const struct dirent *entry; (entry = readdir(dir));)
        fine = look_at(dir, entry->d_name, out) && fine;
    closedir(dir);
    return fine ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for the names of files");
}

/* ---- moves ---- */

enum gw_status folder_take(const char *path, const char *name, struct gw_error *err)
{
    char from[FOLDER_PATH_BYTES], to[FOLDER_PATH_BYTES];

    folder_path(path, "incoming", name, from);
    folder_path(path, "work", name, to);
    if (rename(from, to) == 0)
        return GW_OK;
    return gw_fail(err, errno == ENOENT ? GW_ERETRY : GW_ECREATE, where,
                   "%s: cannot be moved to work/: %s; let us write in both folders, on one file system", from,
                   strerror(errno));
}

static void write_reason(const char *path, const char *name, const struct gw_error *failure)
{
    char reason[FOLDER_PATH_BYTES];
    FILE *file;

    print_path(path, "failed", name, ".error", reason);
    file = fopen(reason, "we");
    if (!file)
        return; /* the log has it too */
    fprintf(file, "%s\n", failure->text);
    fclose(file);
}

/* A name that is there already gets a number, so that no file takes another's place. */
enum gw_status folder_put(const char *path, const char *name, const struct gw_error *failure, struct gw_error *err)
{
    const char *folder = failure ? "failed" : "done";
    char from[FOLDER_PATH_BYTES], to[FOLDER_PATH_BYTES], other[NAME_BYTES];

    folder_path(path, "work", name, from);
    snprintf(other, sizeof other, "%s", name);
    folder_path(path, folder, other, to);
    for (unsigned n = 2; access(to, F_OK) == 0 && n < SAME_NAME_MAX; n++) {
        snprintf(other, sizeof other, "%s~%u", name, n);
        folder_path(path, folder, other, to);
    }
    if (failure)
        write_reason(path, other, failure);
    if (rename(from, to) == 0)
        return GW_OK;
    return gw_fail(err, GW_ECREATE, where,
                   "%s: cannot be moved to %s/: %s; let us write in both folders, on one file system", from, folder,
                   strerror(errno));
}

/* ---- the end of a file ---- */

/* A move changes the inode alone, and a copy that keeps the time of writing has an old one: the later of both. */
static int64_t put_at(const struct stat *about)
{
    return about->st_ctim.tv_sec > about->st_mtim.tv_sec ? about->st_ctim.tv_sec : about->st_mtim.tv_sec;
}

void folder_purge(const char *path, int64_t before, struct folder_purge *out)
{
    char name[FOLDER_PATH_BYTES];
    struct stat about;
    DIR *dir;

    *out = (struct folder_purge){0, 0};
    folder_path(path, "done", "", name);
    dir = opendir(name);
    if (!dir)
        return; /* the next look into it says why */
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (fstatat(dirfd(dir), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(about.st_mode) ||
            put_at(&about) >= before)
            continue;
        if (unlinkat(dirfd(dir), entry->d_name, 0) == 0 || errno == ENOENT)
            out->removed++;
        else
            out->left++;
    }
    closedir(dir);
}
