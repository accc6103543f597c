/*
 * The program run in a folder of its own, of which nothing is left after the test.
 */
#ifndef CLI_FOLDER_H
#define CLI_FOLDER_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/arena.h"
#include "support/program.h"
#include "support/scratch.h"

#define MAPPINGS SOURCE_DIR "/mappings"

static struct scratch scratch;
static struct gw_arena arena = GW_ARENA_INIT((size_t)16 << 20);

static inline void open_folder(void)
{
    scratch_init(&scratch);
}

static inline void close_folder(void)
{
    scratch_release(&scratch);
    gw_arena_release(&arena);
}

/* It ends with this status and says this on standard error, and on standard output all of the parts. */
static inline void expect_run(const char *const *argv, int code, const char *err, const char *const *parts)
{
    struct program run;

    program_run(&run, scratch.folder, argv);
    cr_expect(eq(int, run.code, code), "%s", run.err);
    cr_expect(eq(str, run.err, (char *)err));
    for (; *parts; parts++)
        cr_expect(strstr(run.out, *parts) != NULL, "wanted:\n%s\ngot:\n%s", *parts, run.out);
    program_release(&run);
}
#define PARTS(...) __VA_ARGS__

#endif
