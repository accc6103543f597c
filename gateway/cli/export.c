/*
 * casement export: the study database as text.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "gateway/service/config.h"
#include "gateway/sinks/export.h"

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

int export_command(const struct arguments *arguments)
{
    const char *format = arguments->values[OPTION_FORMAT], *dir = arguments->values[OPTION_OUT_CSV], *database;
    const bool dump = strcmp(format, "dump") == 0, csv = strcmp(format, "csv") == 0;
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct gw_error failure;
    enum gw_status rc;

    if (!dump && !csv)
        return arguments_wrong(arguments, "--format \"%.40s\" is neither dump nor csv", format);
    if (csv != (dir != NULL))
        return arguments_wrong(arguments, csv ? "--out DIR is missing" : "--out goes with --format csv");
    rc = find_database(arguments, &arena, &database, &failure);
    if (rc == GW_OK)
        rc = dump ? print_dump(database, &failure) : write_csv(database, dir, &failure);
    gw_arena_release(&arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
