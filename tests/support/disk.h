/*
 * A disk that fails when told to: a SQLite VFS before the real one, whose n-th write, truncation or sync fails.
 *
 *      disk_install();
 *      disk_fail(7, SQLITE_FULL); ... disk_heal();
 */
#ifndef SUPPORT_DISK_H
#define SUPPORT_DISK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

static struct {
    int left; /* operations until one fails; 0: never */
    int code;
    bool failed;
    bool main_syncs_fail; /* those of the database itself, not of its log */
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
} disk;

struct disk_file {
    sqlite3_file base;
    bool main;
    sqlite3_file *real; /* right behind */
};

#define DISK_REAL(file) (((struct disk_file *)(file))->real)

static inline int disk_check(void)
{
    if (disk.left > 0 && --disk.left == 0) {
        disk.failed = true;
        return disk.code;
    }
    return SQLITE_OK;
}

static int disk_close(sqlite3_file *f)
{
    return DISK_REAL(f)->pMethods ? DISK_REAL(f)->pMethods->xClose(DISK_REAL(f)) : SQLITE_OK;
}

static int disk_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return DISK_REAL(f)->pMethods->xRead(DISK_REAL(f), to, n, at);
}

static int disk_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    const int code = disk_check();

    if (code == SQLITE_OK)
        return DISK_REAL(f)->pMethods->xWrite(DISK_REAL(f), from, n, at);
    DISK_REAL(f)->pMethods->xWrite(DISK_REAL(f), from, n / 2, at); /* a short write, as a full disk leaves it */
    return code;
}

static int disk_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    const int code = disk_check();

    return code == SQLITE_OK ? DISK_REAL(f)->pMethods->xTruncate(DISK_REAL(f), size) : code;
}

static int disk_sync(sqlite3_file *f, int flags)
{
    const int code = disk_check();

    if (disk.main_syncs_fail && ((struct disk_file *)f)->main)
        return SQLITE_IOERR_FSYNC;
    return code == SQLITE_OK ? DISK_REAL(f)->pMethods->xSync(DISK_REAL(f), flags) : code;
}

static int disk_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return DISK_REAL(f)->pMethods->xFileSize(DISK_REAL(f), size);
}

static int disk_lock(sqlite3_file *f, int level)
{
    return DISK_REAL(f)->pMethods->xLock(DISK_REAL(f), level);
}

static int disk_unlock(sqlite3_file *f, int level)
{
    return DISK_REAL(f)->pMethods->xUnlock(DISK_REAL(f), level);
}

static int disk_reserved(sqlite3_file *f, int *out)
{
    return DISK_REAL(f)->pMethods->xCheckReservedLock(DISK_REAL(f), out);
}

static int disk_control(sqlite3_file *f, int op, void *arg)
{
    return DISK_REAL(f)->pMethods->xFileControl(DISK_REAL(f), op, arg);
}

static int disk_sector(sqlite3_file *f)
{
    return DISK_REAL(f)->pMethods->xSectorSize(DISK_REAL(f));
}

static int disk_traits(sqlite3_file *f)
{
    return DISK_REAL(f)->pMethods->xDeviceCharacteristics(DISK_REAL(f));
}

static int disk_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return DISK_REAL(f)->pMethods->xShmMap(DISK_REAL(f), page, size, extend, out);
}

static int disk_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return DISK_REAL(f)->pMethods->xShmLock(DISK_REAL(f), offset, n, flags);
}

static void disk_shm_barrier(sqlite3_file *f)
{
    DISK_REAL(f)->pMethods->xShmBarrier(DISK_REAL(f));
}

static int disk_shm_unmap(sqlite3_file *f, int remove)
{
    return DISK_REAL(f)->pMethods->xShmUnmap(DISK_REAL(f), remove);
}

/* Version 2: with shared memory, without mapped reads. */
static const sqlite3_io_methods disk_methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_reserved,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct disk_file *file = (struct disk_file *)f;

    (void)vfs;
    file->base.pMethods = &disk_methods;
    file->main = flags & SQLITE_OPEN_MAIN_DB;
    file->real = (sqlite3_file *)(file + 1);
    memset(file->real, 0, (size_t)disk.real->szOsFile);
    const int code = disk.real->xOpen(disk.real, name, file->real, flags, out);
    if (code != SQLITE_OK)
        file->base.pMethods = NULL;
    return code;
}

static inline void disk_install(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "failing";
    disk.vfs.xOpen = disk_open;
    disk.vfs.szOsFile = (int)sizeof(struct disk_file) + disk.real->szOsFile;
    disk.vfs.pNext = NULL;
    sqlite3_vfs_register(&disk.vfs, 1);
}

static inline void disk_fail(int operation, int code)
{
    disk.left = operation;
    disk.code = code;
    disk.failed = false;
}

static inline void disk_heal(void)
{
    disk.left = 0;
}

#endif
