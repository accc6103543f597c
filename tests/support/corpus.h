/*
 * The third-party data that may stand beside the checkout (../shared/data), file by file.
 */
#ifndef SUPPORT_CORPUS_H
#define SUPPORT_CORPUS_H

#include <stdbool.h>
#include <stdio.h>

/* Call each() with the path of every file of a folder ("." for the top). False: the folder is not there. */
bool corpus_each(const char *folder, void (*each)(const char *path, void *ctx), void *ctx);

/* Open a file for reading, unpacked when its name ends in .gz. NULL: it cannot be. */
FILE *corpus_open(const char *path);
void corpus_close(FILE *file);

#endif
