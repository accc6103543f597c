/*
 * The study database that a command reads.
 *
 * A copy lies in a folder of its own, mode 0700, in $TMPDIR or /tmp. Of PostgreSQL it is what stands there at one
 * instant. REDCap has no such instant and holds what people typed beside: of such a study it is what the ledger
 * delivered, or will.
 */
#include "cli/study_database.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"
#include "gateway/core/text.h"
#include "gateway/service/config.h"
#include "gateway/service/replay.h"

static const char where[] = "cli.export";

static struct {
    char folder[PATH_MAX - 16], path[PATH_MAX]; /* "": there is no copy */
} copy;

void study_database_release(void)
{
    if (*copy.path)
        unlink(copy.path);
    if (*copy.folder)
        rmdir(copy.folder);
    *copy.path = *copy.folder = '\0';
}

static void on_signal(int number)
{
    study_database_release();
    raise(number); /* handled as if we were not here */
}

static void heed(int number)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
    struct sigaction before;

    if (number == SIGPIPE || (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN))
        sigaction(number, &action, NULL);
}

void study_database_print(void)
{
    heed(SIGPIPE);
}

static enum gw_status fill_copy(const struct gw_config *config, const struct gw_config_study *study,
                                struct gw_arena *arena, struct gw_error *err)
{
    const char *path = gw_arena_print(arena, "%s/ledger.db", config->state);
    struct gw_rebuild_result result;
    struct gw_ledger *ledger = NULL;
    enum gw_status rc;

    if (gw_same(study->sink_kind, "postgres"))
        return gw_sink_postgres_snapshot(&study->postgres, copy.path, err);
    if (!path)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the name of the ledger");
    rc = report_open(path, &ledger, err);
    if (rc == GW_OK)
        rc = gw_replay_rebuild(ledger, study->id, copy.path, &result, err);
    gw_ledger_close(ledger);
    return rc;
}

static enum gw_status make_copy(const struct gw_config *config, const struct gw_config_study *study,
                                struct gw_arena *arena, struct gw_error *err)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGTERM};
    const char *temporary = getenv("TMPDIR");

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        heed(numbers[i]);
    snprintf(copy.folder, sizeof copy.folder, "%s/casement-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(copy.folder)) {
        const int code = errno;

        gw_fail(err, GW_ECREATE, where, "%s: no folder can be made for a copy of the study database: %s", copy.folder,
                strerror(code));
        *copy.folder = '\0';
        return GW_ECREATE;
    }
    snprintf(copy.path, sizeof copy.path, "%s/study.db", copy.folder);
    return fill_copy(config, study, arena, err);
}

enum gw_status study_database_find(const struct arguments *arguments, struct gw_arena *arena, const char **path,
                                   struct gw_error *err)
{
    const struct gw_config_study *study = NULL;
    struct gw_config config;
    enum gw_status rc;

    *path = arguments->values[OPTION_DATABASE];
    if (*path)
        return GW_OK;
    rc = gw_config_load(arena, arguments->values[OPTION_CONFIG], &config, err);
    if (rc == GW_OK)
        rc = report_study(&config, arguments->values[OPTION_STUDY_ID], &study, err);
    if (rc != GW_OK)
        return rc;
    *path = study->sink_path ? study->sink_path : copy.path;
    return study->sink_path ? GW_OK : make_copy(&config, study, arena, err);
}
