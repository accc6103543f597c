/*
 * casement: a FHIR gateway between routine care and clinical studies.
 */
#include <locale.h>
#include <signal.h>

#include "cli/commands.h"

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, ""); /* characters as the terminal has them; numbers and messages stay in C */
    signal(SIGPIPE, SIG_IGN);
    return commands_main(argc, argv);
}
