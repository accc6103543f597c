/*
 * The yardstick of scripts/bench: what cJSON's own parser with an arena costs on the same bytes, and nothing else.
 *
 *      floor FILE...      NDJSON files; prints resources, bytes and CPU nanoseconds a resource
 *
 * The files are read before the clock starts. The arena is reset after each line, as a page's would be.
 */
#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARENA_BYTES (64u << 20)

static char *arena;
static size_t used;

static void *take(size_t size)
{
    void *piece = arena + used;

    size = (size + 15) & ~(size_t)15;
    if (used + size > ARENA_BYTES)
        return NULL;
    used += size;
    return piece;
}

static void give_back(void *piece)
{
    (void)piece;
}

static int64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *bytes;
    long size;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
        fprintf(stderr, "floor: %s: cannot be read\n", path);
        exit(66);
    }
    bytes = malloc((size_t)size + 1);
    *length = bytes ? fread(bytes, 1, (size_t)size, file) : 0;
    fclose(file);
    return bytes;
}

static size_t parse_lines(const char *bytes, size_t length)
{
    size_t lines = 0;

    for (const char *line = bytes, *end = bytes + length; line < end; lines++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const size_t size = newline ? (size_t)(newline - line) : (size_t)(end - line);

        used = 0;
        cJSON_ParseWithLength(line, size);
        line += size + 1;
    }
    return lines;
}

int main(int argc, char **argv)
{
    cJSON_Hooks hooks = {take, give_back};
    size_t resources = 0, total = 0;
    int64_t spent = 0;

    arena = malloc(ARENA_BYTES);
    if (!arena)
        return 70;
    memset(arena, 0, ARENA_BYTES);
    cJSON_InitHooks(&hooks);
    for (int i = 1; i < argc; i++) {
        size_t length;
        char *bytes = read_file(argv[i], &length);
        const int64_t start = cpu_ns();

        resources += parse_lines(bytes, length);
        spent += cpu_ns() - start;
        total += length;
        free(bytes);
    }
    printf("%zu %zu %lld\n", resources, total, resources ? (long long)(spent / (int64_t)resources) : 0LL);
    free(arena);
    return 0;
}
