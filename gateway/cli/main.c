/*
 * casement: a FHIR gateway between routine care and clinical studies.
 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"

/* Whoever starts us without them: the next file we open would be standard error, and messages would go into it. */
static void hold_standard_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR); /* the lowest that is free */
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        exit(EXIT_FAILURE);
    close(fd);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, ""); /* characters as the terminal has them; numbers and messages stay in C */
    hold_standard_streams();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error of the write that meets it */
    return commands_main(argc, argv);
}
