/*
 * A folder of a test's own.
 */
#include "support/scratch.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

static void make_folder(struct scratch *scratch, const char *base)
{
    const int length = snprintf(scratch->folder, sizeof scratch->folder, "%s/casement-test-XXXXXX", base);

    must(length > 0 && (size_t)length < sizeof scratch->folder, "scratch");
    must(mkdtemp(scratch->folder) != NULL, scratch->folder);
}

void scratch_init(struct scratch *scratch)
{
    const char *base = getenv("TMPDIR");

    make_folder(scratch, base && strlen(base) < 32 ? base : "/tmp");
}

void scratch_init_in_memory(struct scratch *scratch)
{
    if (access("/dev/shm", W_OK | X_OK) == 0)
        make_folder(scratch, "/dev/shm");
    else
        scratch_init(scratch);
}

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
    (void)about;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void scratch_release(struct scratch *scratch)
{
    nftw(scratch->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(struct scratch *scratch, const char *name)
{
    const int length = snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->folder, name);

    must(length > 0 && (size_t)length < sizeof scratch->path, name);
    return scratch->path;
}

const char *scratch_put(struct scratch *scratch, const char *name, const void *bytes, size_t length)
{
    const char *path = scratch_path(scratch, name);
    FILE *file = fopen(path, "wb");

    must(file != NULL, path);
    must(fwrite(bytes, 1, length, file) == length, path);
    must(fclose(file) == 0, path);
    return path;
}

const char *scratch_write(struct scratch *scratch, const char *name, const char *text)
{
    return scratch_put(scratch, name, text, strlen(text));
}

size_t scratch_count(const struct scratch *scratch)
{
    size_t count = 0;
    DIR *folder = opendir(scratch->folder);

    must(folder != NULL, scratch->folder);
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}
