/*
 * OUT.part, then one rename.
 */
#include "gateway/core/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_OPEN  16
#define NOT_OPEN  (-1)
#define IS_LOCKED (-2)

static const char where[] = "core.folder";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st, (void)type, (void)walk;
    return remove(path);
}

static void remove_all(const char *path)
{
    nftw(path, remove_one, MAX_OPEN, FTW_DEPTH | FTW_PHYS);
}

/* ---- what is there ---- */

static bool is_any(const char *name, const char *const *patterns)
{
    for (; *patterns; patterns++)
        if (fnmatch(*patterns, name, FNM_PERIOD) == 0)
            return true;
    return false;
}

/* A folder that holds nothing but these names; true of an empty one too. */
static bool holds_only(const char *path, const char *const *patterns)
{
    DIR *dir = opendir(path);
    bool only = dir != NULL;

    for (struct dirent *entry; only && (entry = readdir(dir));)
        only = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || is_any(entry->d_name, patterns);
    if (dir)
        closedir(dir);
    return only;
}

/* A finished one, to which nobody added anything: it will be removed. */
static bool is_ours(const struct gw_folder *folder, struct gw_arena *arena)
{
    const char *mark = gw_arena_print(arena, "%s/%s", folder->out, folder->kind->mark);

    return mark && access(mark, F_OK) == 0 && holds_only(folder->out, folder->kind->holds);
}

/* The folder, held until it is closed; IS_LOCKED: by another. A file system without locks holds nothing. */
static int hold(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(fd);
        return IS_LOCKED;
    }
    return fd < 0 ? NOT_OPEN : fd;
}

static void let_go(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* ---- beginning ---- */

static enum gw_status busy(const struct gw_folder *folder, struct gw_error *err)
{
    return gw_fail(err, GW_EBUSY, where, "%s: another %s is building it: wait for it, or name another --out",
                   folder->out, folder->kind->maker);
}

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory for the output folder's name");
}

static enum gw_status make(const char *path, struct gw_error *err)
{
    if (mkdir(path, 0700) == 0)
        return GW_OK;
    return gw_fail(err, GW_ECREATE, where, "%s: cannot be made (%s): name another --out", path, strerror(errno));
}

/* A rename would put the folder in the link's place: where it leads to is meant. */
static enum gw_status follow(struct gw_arena *arena, const char *out, const char **real, struct gw_error *err)
{
    struct stat about;
    char *target;

    *real = out;
    if (lstat(out, &about) != 0 || !S_ISLNK(about.st_mode))
        return GW_OK;
    target = realpath(out, NULL);
    if (!target)
        return gw_fail(err, GW_ECREATE, where, "%s: is a link that leads nowhere (%s): name another --out", out,
                       strerror(errno));
    *real = gw_arena_copy(arena, target, strlen(target));
    free(target);
    return *real ? GW_OK : no_memory(err);
}

static enum gw_status check_out(struct gw_folder *folder, struct gw_arena *arena, struct gw_error *err)
{
    static const char *const nothing[] = {NULL};
    const char *slash = strrchr(folder->out, '/');
    const char *name = slash ? slash + 1 : folder->out;

    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return gw_fail(err, GW_ECREATE, where, "\"%s\" is no name for a new folder: name another --out", folder->out);
    folder->again = access(folder->out, F_OK) == 0 && !holds_only(folder->out, nothing);
    if (folder->again && !is_ours(folder, arena))
        return gw_fail(err, GW_ECREATE, where,
                       "%s: is there and was not made by %s, or not all that is in it: name another --out", folder->out,
                       folder->kind->maker);
    return GW_OK;
}

/* What a run that was killed left; never what somebody else keeps under that name. */
static enum gw_status clear_way(const struct gw_folder *folder, const char *part, struct gw_error *err)
{
    struct stat about;
    int fd;

    if (lstat(part, &about) != 0)
        return GW_OK;
    fd = hold(part);
    if (fd == IS_LOCKED)
        return busy(folder, err);
    if (fd == NOT_OPEN || !holds_only(part, folder->kind->holds)) {
        let_go(fd);
        return gw_fail(err, GW_ECREATE, where,
                       "%s: is in the way and was not made by %s: move it, or name another --out", part,
                       folder->kind->maker);
    }
    remove_all(part);
    let_go(fd);
    return GW_OK;
}

static enum gw_status build(struct gw_folder *folder, struct gw_arena *arena, const char *part, struct gw_error *err)
{
    enum gw_status rc = make(part, err);

    if (rc != GW_OK)
        return rc;
    folder->lock = hold(part);
    if (folder->lock == IS_LOCKED)
        return busy(folder, err);
    folder->part = part;
    for (const char *const *name = folder->kind->inner; rc == GW_OK && *name; name++) {
        const char *inner = gw_arena_print(arena, "%s/%s", part, *name);
        rc = inner ? make(inner, err) : no_memory(err);
    }
    return rc;
}

enum gw_status gw_folder_begin(struct gw_folder *folder, const struct gw_folder_kind *kind, struct gw_arena *arena,
                               const char *out, struct gw_error *err)
{
    const char *part;
    enum gw_status rc;

    *folder = (struct gw_folder){.kind = kind, .lock = NOT_OPEN};
    rc = follow(arena, out, &folder->out, err);
    if (rc == GW_OK)
        rc = check_out(folder, arena, err);
    if (rc != GW_OK)
        return rc;
    part = gw_arena_print(arena, "%s.part", folder->out);
    rc = part ? clear_way(folder, part, err) : no_memory(err);
    return rc == GW_OK ? build(folder, arena, part, err) : rc;
}

/* ---- ending ---- */

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

static void end(struct gw_folder *folder)
{
    let_go(folder->lock);
    folder->lock = NOT_OPEN;
    folder->part = NULL;
}

/* The former OUT is held too: under the name of the part it would be taken for one that may be removed. */
static enum gw_status replace(const struct gw_folder *folder, struct gw_error *err)
{
    const int former = folder->again ? hold(folder->out) : NOT_OPEN;
    const int failed = renameat2(AT_FDCWD, folder->part, AT_FDCWD, folder->out, folder->again ? RENAME_EXCHANGE : 0);
    const int reason = errno;

    if (!failed && folder->again)
        remove_all(folder->part);
    let_go(former);
    if (failed)
        return gw_fail(err, GW_ECREATE, where, "%s: cannot be put in its place (%s): the results are in %s",
                       folder->out, strerror(reason), folder->part);
    return GW_OK;
}

enum gw_status gw_folder_publish(struct gw_folder *folder, struct gw_error *err)
{
    enum gw_status rc;

    if (nftw(folder->part, sync_one, MAX_OPEN, FTW_DEPTH | FTW_PHYS) != 0)
        return gw_fail(err, GW_EIO, where, "%s: cannot be written to the disk (%s): see to the disk and start again",
                       folder->part, strerror(errno));
    rc = replace(folder, err);
    end(folder);
    return rc;
}

void gw_folder_discard(struct gw_folder *folder)
{
    if (!folder->part)
        return;
    remove_all(folder->part);
    end(folder);
}
