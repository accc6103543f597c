/*
 * The bar, drawn ten times a second at most.
 */
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/output.h"

#define BAR_WIDTH   24
#define INTERVAL_MS 100

void progress_init(struct progress *progress)
{
    const char *term = getenv("TERM");

    *progress = (struct progress){.shown = isatty(STDERR_FILENO) == 1 && term && strcmp(term, "dumb") != 0};
}

void progress_line(char *out, size_t size, const char *what, size_t done, size_t of)
{
    char bar[BAR_WIDTH + 1];
    const size_t full = of ? (done < of ? done * BAR_WIDTH / of : BAR_WIDTH) : 0;

    if (of == 0) {
        snprintf(out, size, "%s  %zu", what, done);
        return;
    }
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '#', full);
    bar[BAR_WIDTH] = '\0';
    snprintf(out, size, "%s  [%s]  %zu of %zu", what, bar, done, of);
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_step(void *ctx, const char *what, size_t done, size_t of)
{
    struct progress *progress = ctx;
    const long long now = progress->shown ? now_ms() : 0;
    char line[120];

    if (!progress->shown)
        return;
    if (progress->drawn && now - progress->last_ms < INTERVAL_MS && strcmp(progress->what, what) == 0)
        return;
    progress_line(line, sizeof line, what, done, of);
    fprintf(stderr, "\r\033[K%.79s", line);
    fflush(stderr);
    snprintf(progress->what, sizeof progress->what, "%s", what);
    progress->last_ms = now;
    progress->drawn = true;
}

void progress_clear(struct progress *progress)
{
    if (!progress->drawn)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->drawn = false;
}

static ssize_t write_line(void *cookie, const char *bytes, size_t length)
{
    progress_clear(cookie);
    return fwrite(bytes, 1, length, stderr) == length ? (ssize_t)length : 0;
}

FILE *progress_complaints(struct progress *progress)
{
    FILE *lines = fopencookie(progress, "w", (cookie_io_functions_t){.write = write_line});

    if (!lines)
        output_no_memory();
    setvbuf(lines, NULL, _IOLBF, 0);
    return lines;
}
