/*
 * What was written behind `casement map`: options by name, inputs in order. On argp, with one line for a mistake.
 *
 * Every option of every command stands in one catalogue, options.def, so that --json means the same everywhere; a
 * command says which of them it takes and which it cannot do without. An option may be given once.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/date.h"
#include "gateway/core/error.h"

enum option_id {
#define OPTION(id, letter, name, argument, help) OPTION_##id,
#include "cli/options.def"
#undef OPTION
    OPTION_COUNT
};

#define TAKES(id) (UINT64_C(1) << OPTION_##id)

struct command;

struct arguments {
    const char *name;                 /* "study lint" */
    const char *values[OPTION_COUNT]; /* NULL: not given; "" for a switch that was */
    const char **inputs;
    size_t input_count;
};

/*
 * Read argv (argv[0] is not looked at) as the command takes it. False: *exit_code says how the program ends, help or
 * a line about the mistake were printed. Release it in either case.
 */
bool arguments_read(struct arguments *arguments, const char *name, const struct command *command, int argc, char **argv,
                    int *exit_code);
void arguments_release(struct arguments *arguments);

bool arguments_has(const struct arguments *arguments, enum option_id option);

/* "casement: map: <text>: see casement map --help" on stderr; gives the exit status of a usage error. */
int arguments_wrong(const struct arguments *arguments, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The day of a date option (GW_NO_DAY when not given). False with a line printed. */
bool arguments_day(const struct arguments *arguments, enum option_id option, gw_day *out);

#endif
