/*
 * A program run to its end in a folder, with what it printed.
 *
 *      struct program run;
 *      program_run(&run, scratch.folder, (const char *[]){CASEMENT, "--version", NULL});
 *      ... run.code, run.out, run.err ...
 *      program_release(&run);
 */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

struct program {
    int code;  /* exit status; 128 + the signal that ended it */
    char *out; /* standard output, whole */
    char *err;
};

/* Standard input is empty, the locale C.UTF-8. Aborts when it cannot be run at all. */
void program_run(struct program *program, const char *folder, const char *const *argv);
void program_release(struct program *program);

#endif
