/*
 * casement export: the study database as text, and in the formats of others.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "gateway/service/config.h"
#include "gateway/sinks/export.h"
#include "gateway/sinks/redcap.h"

static const char where[] = "cli.export";

#define ARENA_BYTES ((size_t)64 << 20)

/* The study asked for, or the only one. */
static enum gw_status pick_study(const struct gw_config *config, const char *id, const char **database,
                                 struct gw_error *err)
{
    if (!id && config->study_count != 1)
        return gw_fail(err, GW_EUSAGE, where, "%s has %zu studies: say which with --study ID", config->path,
                       config->study_count);
    for (size_t i = 0; i < config->study_count; i++) {
        if (id && strcmp(config->studies[i].id, id) != 0)
            continue;
        *database = config->studies[i].sink_path;
        if (!*database)
            return gw_fail(err, GW_ECONFIG, where, "study %s lies in PostgreSQL, which export does not read yet",
                           config->studies[i].id);
        return GW_OK;
    }
    return gw_fail(err, GW_EUSAGE, where, "%s has no study \"%.60s\"", config->path, id);
}

static enum gw_status find_database(const struct arguments *arguments, struct gw_arena *arena, const char **database,
                                    struct gw_error *err)
{
    struct gw_config config;
    enum gw_status rc;

    *database = arguments->values[OPTION_DATABASE];
    if (*database)
        return GW_OK;
    rc = gw_config_load(arena, arguments->values[OPTION_CONFIG], &config, err);
    return rc == GW_OK ? pick_study(&config, arguments->values[OPTION_STUDY_ID], database, err) : rc;
}

static enum gw_status write_csv(const char *database, const char *dir, struct gw_error *err)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return gw_fail(err, GW_ECREATE, where, "%s: the folder cannot be made: %s", dir, strerror(errno));
    return gw_export_csv(database, dir, err);
}

/* A reader such as head(1) may go away early: then we end as any program that prints. */
static enum gw_status print_dump(const char *database, struct gw_error *err)
{
    signal(SIGPIPE, SIG_DFL);
    return gw_export_dump(database, stdout, err);
}

static bool is_folder_format(const char *format)
{
    for (size_t i = 0; gw_export_format(i); i++)
        if (strcmp(gw_export_format(i), format) == 0)
            return true;
    return false;
}

static enum gw_status write_folder(const char *database, const char *format, const char *dir, struct gw_error *err)
{
    char name[PATH_MAX];
    size_t length = strlen(dir), unfit = 0;
    enum gw_status rc;

    while (length > 1 && dir[length - 1] == '/')
        length--;
    if (snprintf(name, sizeof name, "%.*s", (int)length, dir) >= (int)sizeof name)
        return gw_fail(err, GW_ECREATE, where, "the name of the folder is too long: name another --out");
    rc = gw_export_folder(database, format, name, &unfit, err);
    if (rc == GW_OK && unfit > 0)
        fprintf(stderr, "casement: %zu values do not fit into %s and are left empty: %s/unfit.csv lists them\n", unfit,
                format, name);
    return rc;
}

/* Of no study in particular: it needs no settings. */
static int print_dictionary(const struct arguments *arguments)
{
    struct gw_error failure;

    if (arguments->values[OPTION_OUT_CSV])
        return arguments_wrong(arguments, "--format redcap-dictionary is printed: leave out --out");
    signal(SIGPIPE, SIG_DFL);
    return gw_redcap_dictionary(stdout, &failure) == GW_OK ? 0 : output_failed(&failure);
}

/* "dump, csv, redcap-dictionary, sdtm" */
static const char *name_formats(char *out, size_t size)
{
    snprintf(out, size, "dump, csv, redcap-dictionary");
    for (size_t i = 0; gw_export_format(i); i++)
        snprintf(out + strlen(out), size - strlen(out), ", %s", gw_export_format(i));
    return out;
}

int export_command(const struct arguments *arguments)
{
    const char *format = arguments->values[OPTION_FORMAT], *dir = arguments->values[OPTION_OUT_CSV], *database;
    const bool dump = strcmp(format, "dump") == 0, csv = strcmp(format, "csv") == 0;
    char names[160];
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct gw_error failure;
    enum gw_status rc;

    if (strcmp(format, "redcap-dictionary") == 0)
        return print_dictionary(arguments);
    if (!dump && !csv && !is_folder_format(format))
        return arguments_wrong(arguments, "--format \"%.40s\" is none of %s", format,
                               name_formats(names, sizeof names));
    if (!arguments->values[OPTION_CONFIG] == !arguments->values[OPTION_DATABASE])
        return arguments_wrong(arguments, arguments->values[OPTION_CONFIG]
                                              ? "give only one of --config FILE or --db STUDY.db"
                                              : "give --config FILE or --db STUDY.db");
    if (dump == (dir != NULL))
        return arguments_wrong(arguments, dump ? "--format dump is printed: leave out --out" : "--out DIR is missing");
    rc = find_database(arguments, &arena, &database, &failure);
    if (rc == GW_OK)
        rc = dump  ? print_dump(database, &failure)
             : csv ? write_csv(database, dir, &failure)
                   : write_folder(database, format, dir, &failure);
    gw_arena_release(&arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
