/*
 * A bar for a person who waits: on standard error, when that is a terminal, in one line that is wiped at the end.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct progress {
    bool shown;    /* stderr is a terminal that can go back in a line */
    bool drawn;    /* there is a line to wipe */
    char what[64]; /* of the line drawn last */
    long long last_ms;
};

void progress_init(struct progress *progress);

/* The callback of map and sync; ctx is the struct progress. of 0: how many there are is not known. */
void progress_step(void *ctx, const char *what, size_t done, size_t of);
void progress_clear(struct progress *progress);

/* Standard error for lines that come in between: each wipes the bar first. Close it. */
FILE *progress_complaints(struct progress *progress);

/* The text of the line, cut to fit: "reading  [#####     ]  12 of 24". */
void progress_line(char *out, size_t size, const char *what, size_t done, size_t of);

#endif
