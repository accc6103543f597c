/*
 * The commands that exist, in the order in which help lists them. One file a command; each reads its arguments, calls
 * the rooms below, prints, and gives the exit status.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/arguments.h"

struct command {
    const char *verb;   /* "lint"; NULL: the name alone is the command */
    const char *inputs; /* "INPUT..."; NULL: none */
    const char *help;   /* what --help says of it, a sentence or two */
    uint64_t takes;     /* options, TAKES(...) */
    uint64_t needs;     /* of these all must be given */
    uint64_t one_of;    /* of these exactly one; 0: nothing asked */
    size_t least, most; /* inputs */
    int (*run)(const struct arguments *arguments);
};

struct commands {
    const char *name;
    const char *summary; /* one line of casement --help */
    const struct command *list;
    size_t count;
};

/* The whole command line; gives the exit status of the program. */
int commands_main(int argc, char **argv);

int check_command(const struct arguments *arguments);
int sync_command(const struct arguments *arguments);
int run_command(const struct arguments *arguments);
int map_command(const struct arguments *arguments);
int status_command(const struct arguments *arguments);
int exceptions_list_command(const struct arguments *arguments);
int exceptions_show_command(const struct arguments *arguments);
int changes_command(const struct arguments *arguments);
int sign_command(const struct arguments *arguments);
int explain_command(const struct arguments *arguments);
int plan_command(const struct arguments *arguments);
int purge_command(const struct arguments *arguments);
int replay_command(const struct arguments *arguments);
int exceptions_decide_command(const struct arguments *arguments);
int exceptions_approve_command(const struct arguments *arguments);
int exceptions_undo_command(const struct arguments *arguments);
int exceptions_decisions_command(const struct arguments *arguments);
int db_migrate_command(const struct arguments *arguments);
int export_command(const struct arguments *arguments);
int study_lint_command(const struct arguments *arguments);
int study_show_command(const struct arguments *arguments);
int study_windows_command(const struct arguments *arguments);
int keys_new_command(const struct arguments *arguments);
int keys_jwks_command(const struct arguments *arguments);
int audit_show_command(const struct arguments *arguments);
int audit_verify_command(const struct arguments *arguments);
int audit_key_command(const struct arguments *arguments);

#endif
