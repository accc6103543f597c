/*
 * OUT.part, then one rename.
 */
#include "service/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_OPEN 16

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st, (void)type, (void)walk;
    return remove(path);
}

void folder_discard(const char *part)
{
    nftw(part, remove_one, MAX_OPEN, FTW_DEPTH | FTW_PHYS);
}

static bool is_empty(const char *path)
{
    DIR *dir = opendir(path);
    size_t entries = 0;

    if (!dir)
        return false;
    while (readdir(dir))
        entries++;
    closedir(dir);
    return entries <= 2; /* . and .. */
}

/* A folder of map has its key or its summary in hospital/. */
static bool is_ours(struct gw_arena *arena, const char *out)
{
    const char *summary = gw_arena_print(arena, "%s/hospital/summary.json", out);

    return summary && access(summary, F_OK) == 0;
}

static enum gw_status make(const char *path, struct gw_error *err)
{
    if (mkdir(path, 0700) == 0)
        return GW_OK;
    return gw_fail(err, GW_ECREATE, "service.folder", "%s: cannot be made (%s): name another --out", path,
                   strerror(errno));
}

enum gw_status folder_begin(struct gw_arena *arena, const char *out, const char **part, bool *again,
                            struct gw_error *err)
{
    const char *study, *hospital;
    enum gw_status rc;

    *again = access(out, F_OK) == 0 && !is_empty(out);
    if (*again && !is_ours(arena, out))
        return gw_fail(err, GW_ECREATE, "service.folder",
                       "%s: is there and was not made by casement map: name another --out", out);
    *part = gw_arena_print(arena, "%s.part", out);
    study = gw_arena_print(arena, "%s.part/study", out);
    hospital = gw_arena_print(arena, "%s.part/hospital", out);
    if (!*part || !study || !hospital)
        return gw_fail(err, GW_ENOMEM, "service.folder", "no memory for the output folder's name");
    folder_discard(*part);
    rc = make(*part, err);
    if (rc == GW_OK)
        rc = make(study, err);
    if (rc == GW_OK)
        rc = make(hospital, err);
    return rc;
}

/* One entry's bytes to the disk, a folder's names too: what the rename shows must be there after a power cut. */
static int sync_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failed;

    (void)st, (void)type, (void)walk;
    if (fd < 0)
        return -1;
    failed = fsync(fd);
    close(fd);
    return failed;
}

enum gw_status folder_publish(const char *part, const char *out, bool again, struct gw_error *err)
{
    if (nftw(part, sync_one, MAX_OPEN, FTW_DEPTH | FTW_PHYS) != 0)
        return gw_fail(err, GW_EIO, "service.folder", "%s: cannot be written to the disk (%s)", part, strerror(errno));
    if (renameat2(AT_FDCWD, part, AT_FDCWD, out, again ? RENAME_EXCHANGE : 0) != 0)
        return gw_fail(err, GW_ECREATE, "service.folder", "%s: cannot be put in its place (%s)", out, strerror(errno));
    if (again)
        folder_discard(part);
    return GW_OK;
}
