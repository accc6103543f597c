/*
 * Running a program. Its output goes to unnamed files, so that no amount of it can block.
 */
#include "support/program.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

static _Noreturn void become(const char *folder, const char *const *argv, FILE *out, FILE *err)
{
    const int nothing = open("/dev/null", O_RDONLY);

    if (chdir(folder) != 0 || dup2(nothing, 0) < 0 || dup2(fileno(out), 1) < 0 || dup2(fileno(err), 2) < 0)
        _exit(127);
    setenv("LC_ALL", "C.UTF-8", 1);
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

static char *whole(FILE *file)
{
    char *text;
    long size;

    must(fseek(file, 0, SEEK_END) == 0, "fseek");
    size = ftell(file);
    rewind(file);
    text = malloc((size_t)size + 1);
    must(size >= 0 && text, "output");
    text[fread(text, 1, (size_t)size, file)] = '\0';
    fclose(file);
    return text;
}

void program_run(struct program *program, const char *folder, const char *const *argv)
{
    FILE *out = tmpfile(), *err = tmpfile();
    int status;
    pid_t child;

    must(out && err, "tmpfile");
    child = fork();
    must(child >= 0, "fork");
    if (child == 0)
        become(folder, argv, out, err);
    must(waitpid(child, &status, 0) == child, "waitpid");
    program->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    program->out = whole(out);
    program->err = whole(err);
    must(program->code != 127, argv[0]);
}

void program_release(struct program *program)
{
    free(program->out);
    free(program->err);
}
