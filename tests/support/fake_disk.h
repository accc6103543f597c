/*
 * A disk that fails when told to: a SQLite VFS before the real one, whose n-th write, truncation or sync fails.
 *
 *      fake_disk_install();
 *      fake_disk_fail(7, SQLITE_FULL); ... fake_disk_heal();
 */
#ifndef SUPPORT_FAKE_DISK_H
#define SUPPORT_FAKE_DISK_H

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
} fake_disk;

struct fake_disk_file {
    sqlite3_file base;
    bool main;
    sqlite3_file *real; /* right behind */
};

#define FAKE_DISK_REAL(file) (((struct fake_disk_file *)(file))->real)

static inline int fake_disk_check(void)
{
    if (fake_disk.left > 0 && --fake_disk.left == 0) {
        fake_disk.failed = true;
        return fake_disk.code;
    }
    return SQLITE_OK;
}

static int fake_disk_close(sqlite3_file *f)
{
    return FAKE_DISK_REAL(f)->pMethods ? FAKE_DISK_REAL(f)->pMethods->xClose(FAKE_DISK_REAL(f)) : SQLITE_OK;
}

static int fake_disk_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return FAKE_DISK_REAL(f)->pMethods->xRead(FAKE_DISK_REAL(f), to, n, at);
}

static int fake_disk_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    const int code = fake_disk_check();

    if (code == SQLITE_OK)
        return FAKE_DISK_REAL(f)->pMethods->xWrite(FAKE_DISK_REAL(f), from, n, at);
    FAKE_DISK_REAL(f)->pMethods->xWrite(FAKE_DISK_REAL(f), from, n / 2,
                                        at); /* a short write, as a full disk leaves it */
    return code;
}

static int fake_disk_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    const int code = fake_disk_check();

    return code == SQLITE_OK ? FAKE_DISK_REAL(f)->pMethods->xTruncate(FAKE_DISK_REAL(f), size) : code;
}

static int fake_disk_sync(sqlite3_file *f, int flags)
{
    const int code = fake_disk_check();

    if (fake_disk.main_syncs_fail && ((struct fake_disk_file *)f)->main)
        return SQLITE_IOERR_FSYNC;
    return code == SQLITE_OK ? FAKE_DISK_REAL(f)->pMethods->xSync(FAKE_DISK_REAL(f), flags) : code;
}

static int fake_disk_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return FAKE_DISK_REAL(f)->pMethods->xFileSize(FAKE_DISK_REAL(f), size);
}

static int fake_disk_lock(sqlite3_file *f, int level)
{
    return FAKE_DISK_REAL(f)->pMethods->xLock(FAKE_DISK_REAL(f), level);
}

static int fake_disk_unlock(sqlite3_file *f, int level)
{
    return FAKE_DISK_REAL(f)->pMethods->xUnlock(FAKE_DISK_REAL(f), level);
}

static int fake_disk_reserved(sqlite3_file *f, int *out)
{
    return FAKE_DISK_REAL(f)->pMethods->xCheckReservedLock(FAKE_DISK_REAL(f), out);
}

static int fake_disk_control(sqlite3_file *f, int op, void *arg)
{
    return FAKE_DISK_REAL(f)->pMethods->xFileControl(FAKE_DISK_REAL(f), op, arg);
}

static int fake_disk_sector(sqlite3_file *f)
{
    return FAKE_DISK_REAL(f)->pMethods->xSectorSize(FAKE_DISK_REAL(f));
}

static int fake_disk_traits(sqlite3_file *f)
{
    return FAKE_DISK_REAL(f)->pMethods->xDeviceCharacteristics(FAKE_DISK_REAL(f));
}

static int fake_disk_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return FAKE_DISK_REAL(f)->pMethods->xShmMap(FAKE_DISK_REAL(f), page, size, extend, out);
}

static int fake_disk_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return FAKE_DISK_REAL(f)->pMethods->xShmLock(FAKE_DISK_REAL(f), offset, n, flags);
}

static void fake_disk_shm_barrier(sqlite3_file *f)
{
    FAKE_DISK_REAL(f)->pMethods->xShmBarrier(FAKE_DISK_REAL(f));
}

static int fake_disk_shm_unmap(sqlite3_file *f, int remove)
{
    return FAKE_DISK_REAL(f)->pMethods->xShmUnmap(FAKE_DISK_REAL(f), remove);
}

/* Version 2: with shared memory, without mapped reads. */
static const sqlite3_io_methods fake_disk_methods = {
    .iVersion = 2,
    .xClose = fake_disk_close,
    .xRead = fake_disk_read,
    .xWrite = fake_disk_write,
    .xTruncate = fake_disk_truncate,
    .xSync = fake_disk_sync,
    .xFileSize = fake_disk_size,
    .xLock = fake_disk_lock,
    .xUnlock = fake_disk_unlock,
    .xCheckReservedLock = fake_disk_reserved,
    .xFileControl = fake_disk_control,
    .xSectorSize = fake_disk_sector,
    .xDeviceCharacteristics = fake_disk_traits,
    .xShmMap = fake_disk_shm_map,
    .xShmLock = fake_disk_shm_lock,
    .xShmBarrier = fake_disk_shm_barrier,
    .xShmUnmap = fake_disk_shm_unmap,
};

static int fake_disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct fake_disk_file *file = (struct fake_disk_file *)f;

    (void)vfs;
    file->base.pMethods = &fake_disk_methods;
    file->main = flags & SQLITE_OPEN_MAIN_DB;
    file->real = (sqlite3_file *)(file + 1);
    memset(file->real, 0, (size_t)fake_disk.real->szOsFile);
    const int code = fake_disk.real->xOpen(fake_disk.real, name, file->real, flags, out);
    if (code != SQLITE_OK)
        file->base.pMethods = NULL;
    return code;
}

static inline void fake_disk_install(void)
{
    fake_disk.real = sqlite3_vfs_find(NULL);
    fake_disk.vfs = *fake_disk.real;
    fake_disk.vfs.zName = "failing";
    fake_disk.vfs.xOpen = fake_disk_open;
    fake_disk.vfs.szOsFile = (int)sizeof(struct fake_disk_file) + fake_disk.real->szOsFile;
    fake_disk.vfs.pNext = NULL;
    sqlite3_vfs_register(&fake_disk.vfs, 1);
}

static inline void fake_disk_fail(int operation, int code)
{
    fake_disk.left = operation;
    fake_disk.code = code;
    fake_disk.failed = false;
}

static inline void fake_disk_heal(void)
{
    fake_disk.left = 0;
}

#endif
