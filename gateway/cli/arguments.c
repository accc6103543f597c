/*
 * One command's arguments through argp. argp's own complaints take two lines and end the program, so they are
 * switched off and the one word at fault is looked up here.
 */
#include "cli/arguments.h"

#include <argp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "gateway/core/settings.h"

#define LONG_KEY 0x100 /* option keys beyond any letter */

static const struct {
    char letter;
    const char *name;
    const char *argument;
    const char *help;
} catalogue[] = {
#define OPTION(id, letter, name, argument, help) [OPTION_##id] = {letter, name, argument, help},
#include "cli/options.def"
#undef OPTION
};

struct reading {
    struct arguments *arguments;
    const struct command *command;
    bool help;
    bool wrong; /* a line about it was printed */
};

static bool takes(const struct command *command, int option)
{
    return command->takes >> option & 1;
}

bool arguments_has(const struct arguments *arguments, enum option_id option)
{
    return arguments->values[option] != NULL;
}

int arguments_wrong(const struct arguments *arguments, const char *format, ...)
{
    char text[300];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return output_wrong("%s: %s: see casement %s --help", arguments->name, text, arguments->name);
}

/* ---- what is wrong with a word --------------------------------------------------------------------------------- */

/* The option a long name means: the whole name, or a beginning of just one. -1: none. */
static int option_of(const struct command *command, const char *name, size_t length)
{
    int found = -1, count = 0;

    for (int i = 0; i < OPTION_COUNT; i++) {
        if (!takes(command, i) || strncmp(catalogue[i].name, name, length) != 0)
            continue;
        if (catalogue[i].name[length] == '\0')
            return i;
        found = i;
        count++;
    }
    return count == 1 ? found : -1;
}

/* A name that no option has: which one was probably meant. */
static void blame_name(const struct reading *reading, const char *name, size_t length)
{
    const char *names[OPTION_COUNT], *near;
    char word[60];
    size_t count = 0;

    snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), name);
    for (int i = 0; i < OPTION_COUNT; i++)
        if (takes(reading->command, i))
            names[count++] = catalogue[i].name;
    near = gw_settings_nearest(word, names, count);
    arguments_wrong(reading->arguments, "there is no option --%s%s%s", word, near ? "; write --" : "",
                    near ? near : "");
}

/* Say what is wrong with an option as it was written. False: nothing, as far as can be seen. */
static bool blame_long(const struct reading *reading, const char *word)
{
    const char *name = word + 2;
    const size_t length = strcspn(name, "=");
    const int option = option_of(reading->command, name, length);

    if (option < 0)
        blame_name(reading, name, length);
    else if (!catalogue[option].argument && name[length] == '=')
        arguments_wrong(reading->arguments, "--%s takes no value", catalogue[option].name);
    else if (catalogue[option].argument && name[length] != '=')
        arguments_wrong(reading->arguments, "--%s lacks its %s", catalogue[option].name, catalogue[option].argument);
    else
        return false;
    return true;
}

static bool blame_short(const struct reading *reading, const char *word)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (!takes(reading->command, i) || catalogue[i].letter != word[1])
            continue;
        if (!catalogue[i].argument || word[2])
            return false;
        arguments_wrong(reading->arguments, "-%c lacks its %s", word[1], catalogue[i].argument);
        return true;
    }
    arguments_wrong(reading->arguments, "there is no option -%c", word[1]);
    return true;
}

static bool blame(const struct reading *reading, const char *word)
{
    if (!word || word[0] != '-' || !word[1])
        return false;
    return word[1] == '-' ? blame_long(reading, word) : blame_short(reading, word);
}

/* argp gave up: the word it stopped behind is at fault, or, inside a cluster of letters, the one it stopped at. */
static void explain(struct reading *reading, const struct argp_state *state)
{
    if (reading->wrong)
        return;
    reading->wrong = true;
    if (!blame(reading, state->argv[state->next - 1]) &&
        (state->next >= state->argc || !blame(reading, state->argv[state->next])))
        arguments_wrong(reading->arguments, "the options cannot be read");
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static int option_of_key(const struct command *command, int key)
{
    if (key >= LONG_KEY && key < LONG_KEY + OPTION_COUNT)
        return key - LONG_KEY;
    for (int i = 0; i < OPTION_COUNT; i++)
        if (catalogue[i].letter && catalogue[i].letter == key && takes(command, i))
            return i;
    return -1;
}

/* What completion puts behind a folder's name would stand doubled in every message. */
static char *without_slash(const char *argument, char *value)
{
    size_t length = value ? strlen(value) : 0;

    if (argument && strcmp(argument, "DIR") == 0)
        while (length > 1 && value[length - 1] == '/')
            value[--length] = '\0';
    return value;
}

static error_t take_option(struct reading *reading, int option, char *value)
{
    const char **place = &reading->arguments->values[option];

    if (*place) {
        reading->wrong = true;
        arguments_wrong(reading->arguments, "--%s is given twice", catalogue[option].name);
        return EINVAL;
    }
    *place = value ? without_slash(catalogue[option].argument, value) : "";
    return 0;
}

static error_t take(int key, char *value, struct argp_state *state)
{
    struct reading *reading = state->input;
    const int option = option_of_key(reading->command, key);

    if (option >= 0)
        return take_option(reading, option, value);
    switch (key) {
    case '?':
        reading->help = true;
        return 0;
    case ARGP_KEY_ARG:
        reading->arguments->inputs[reading->arguments->input_count++] = without_slash(reading->command->inputs, value);
        return 0;
    case ARGP_KEY_ERROR:
        explain(reading, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The command's part of the catalogue in argp's form; room for all of it, --help and the end. */
static void list_options(const struct command *command, struct argp_option *out)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (takes(command, i))
            *out++ = (struct argp_option){.name = catalogue[i].name,
                                          .key = catalogue[i].letter ? catalogue[i].letter : LONG_KEY + i,
                                          .arg = catalogue[i].argument,
                                          .doc = catalogue[i].help};
    *out++ = (struct argp_option){.name = "help", .key = '?', .doc = "this text", .group = -1};
    *out = (struct argp_option){0};
}

static bool check_needs(const struct arguments *arguments, const struct command *command)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (!(command->needs >> i & 1) || arguments->values[i])
            continue;
        arguments_wrong(arguments, "--%s %s is missing", catalogue[i].name, catalogue[i].argument);
        return false;
    }
    return true;
}

static bool check_one_of(const struct arguments *arguments, const struct command *command)
{
    char names[100] = "";
    int given = 0;

    if (!command->one_of)
        return true;
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (!(command->one_of >> i & 1))
            continue;
        given += arguments->values[i] != NULL;
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s--%s %s", *names ? " or " : "",
                 catalogue[i].name, catalogue[i].argument);
    }
    if (given != 1)
        arguments_wrong(arguments, given ? "give only one of %s" : "give %s", names);
    return given == 1;
}

static bool check_inputs(const struct arguments *arguments, const struct command *command)
{
    if (arguments->input_count < command->least)
        arguments_wrong(arguments, "%s is missing", command->inputs);
    else if (arguments->input_count > command->most)
        arguments_wrong(arguments, "\"%s\" is one argument too many", arguments->inputs[command->most]);
    else
        return true;
    return false;
}

bool arguments_read(struct arguments *arguments, const char *name, const struct command *command, int argc, char **argv,
                    int *exit_code)
{
    struct reading reading = {arguments, command, false, false};
    struct argp_option options[OPTION_COUNT + 2];
    const struct argp argp = {options, take, command->inputs, command->help, NULL, NULL, NULL};
    char title[60];
    error_t rc;

    *arguments = (struct arguments){.name = name, .inputs = calloc((size_t)argc + 1, sizeof(char *))};
    if (!arguments->inputs)
        output_no_memory();
    list_options(command, options);
    rc = argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_EXIT | ARGP_NO_HELP, NULL, &reading);
    if (rc == 0 && reading.help) {
        snprintf(title, sizeof title, "casement %s", name);
        argp_help(&argp, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC, title);
        *exit_code = 0;
        return false;
    }
    *exit_code = gw_exit_code(GW_EUSAGE);
    return rc == 0 && check_needs(arguments, command) && check_one_of(arguments, command) &&
           check_inputs(arguments, command);
}

void arguments_release(struct arguments *arguments)
{
    free(arguments->inputs);
    *arguments = (struct arguments){0};
}

/* ---- dates ----------------------------------------------------------------------------------------------------- */

bool arguments_day(const struct arguments *arguments, enum option_id option, gw_day *out)
{
    const char *text = arguments->values[option];

    *out = GW_NO_DAY;
    if (!text || gw_day_parse(text, out))
        return true;
    arguments_wrong(arguments, "--%s \"%.40s\" is no day; write it as 2024-01-31", catalogue[option].name, text);
    return false;
}
