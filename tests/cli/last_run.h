/*
 * What the program said when it ran last, in a folder of the test's own.
 */
#ifndef CLI_LAST_RUN_H
#define CLI_LAST_RUN_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "support/program.h"
#include "support/scratch.h"

static struct scratch scratch;
static struct program run;

static inline void casement(const char *const *arguments)
{
    const char *argv[24] = {CASEMENT};

    for (size_t i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    program_release(&run);
    program_run(&run, scratch.folder, argv);
}

#define CASEMENT_RUN(...) casement((const char *const[]){__VA_ARGS__, NULL})

static inline void expect_out(const char *wanted)
{
    cr_expect(eq(int, run.code, 0), "%s", run.err);
    cr_expect(strstr(run.out, wanted) != NULL, "%s is not in: %s", wanted, run.out);
}

static inline void expect_refused(int code, const char *wanted)
{
    cr_expect(eq(int, run.code, code), "%d: %s", run.code, run.err);
    cr_expect(strstr(run.err, wanted) != NULL, "%s is not in: %s", wanted, run.err);
    cr_expect(strchr(run.err, '\n') == run.err + strlen(run.err) - 1, "one line: %s", run.err);
}

#endif
