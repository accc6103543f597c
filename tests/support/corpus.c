/*
 * Reading the third-party data in place.
 */
#include "support/corpus.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool corpus_each(const char *folder, void (*each)(const char *path, void *ctx), void *ctx)
{
    struct dirent **names;
    char path[600];
    int count;

    snprintf(path, sizeof(path), "%s/../shared/data/%s", SOURCE_DIR, folder);
    count = scandir(path, &names, NULL, alphasort);
    if (count < 0)
        return false;
    for (int i = 0; i < count; i++) {
        struct stat info;

        snprintf(path, sizeof(path), "%s/../shared/data/%s/%s", SOURCE_DIR, folder, names[i]->d_name);
        if (stat(path, &info) == 0 && S_ISREG(info.st_mode))
            each(path, ctx);
        free(names[i]);
    }
    free(names);
    return true;
}

/* Both forms come from popen, so that both are closed alike. */
FILE *corpus_open(const char *path)
{
    const size_t length = strlen(path);
    const bool packed = length > 3 && strcmp(path + length - 3, ".gz") == 0;
    char command[800];

    snprintf(command, sizeof(command), "%s '%s'", packed ? "gunzip -c" : "cat", path);
    return strchr(path, '\'') ? NULL : popen(command, "r");
}

/* A file that was not read to its end leaves its reader to a broken pipe. */
void corpus_close(FILE *file)
{
    pclose(file);
}
