/*
 * casement db: the study databases that are laid by hand.
 */
#include <string.h>

#include "cli/acts.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "gateway/core/text.h"
#include "gateway/service/config.h"

static const char where[] = "cli.db";

#define ARENA_BYTES ((size_t)64 << 20)

enum { WHAT_MAX_BYTES = 8192 };

static bool is_meant(const struct gw_config_study *study, const char *id)
{
    return gw_same(study->sink_kind, "postgres") && (!id || strcmp(study->id, id) == 0);
}

static enum gw_status check_any(const struct gw_config *config, const char *id, struct gw_error *err)
{
    for (size_t i = 0; i < config->study_count; i++)
        if (is_meant(&config->studies[i], id))
            return GW_OK;
    return gw_fail(err, GW_EUSAGE, where, "%s: %s%.60s%s in PostgreSQL; a study.db lays itself", config->path,
                   id ? "there is no study \"" : "no study lies", id ? id : "", id ? "\" that lies" : "");
}

/* ---- what was done --------------------------------------------------------------------------------------------- */

static void print_result(const struct gw_postgres_target *target, const struct gw_migration_result *result)
{
    printf("%s: schema %s of database %s at %s: ", target->study, target->schema, target->connection.database,
           target->connection.host);
    if (result->from == 0 && result->columns == 0)
        printf("laid, release %u, %zu tables, for %s\n", result->to, result->tables, target->purpose);
    else if (result->from == result->to && result->tables == 0 && result->columns == 0)
        printf("is of release %u, nothing was missing\n", result->to);
    else
        printf("brought from release %u to %u, %zu %s and %zu %s added\n", result->from, result->to, result->tables,
               plural((int64_t)result->tables, "table", "tables"), result->columns,
               plural((int64_t)result->columns, "column", "columns"));
}

static void add_result(cJSON *list, const struct gw_postgres_target *target, const struct gw_migration_result *result)
{
    cJSON *entry = cJSON_CreateObject();

    cJSON_AddStringToObject(entry, "study", target->study);
    cJSON_AddStringToObject(entry, "schema", target->schema);
    cJSON_AddNumberToObject(entry, "from", result->from);
    cJSON_AddNumberToObject(entry, "to", result->to);
    cJSON_AddNumberToObject(entry, "tables", (double)result->tables);
    cJSON_AddNumberToObject(entry, "columns", (double)result->columns);
    cJSON_AddItemToArray(list, entry);
}

/* ---- doing it -------------------------------------------------------------------------------------------------- */

static enum gw_status audit_migration(const struct arguments *arguments, const struct gw_postgres_target *target,
                                      const struct gw_migration_result *result, struct gw_error *err)
{
    struct gw_text what = GW_TEXT_INIT(WHAT_MAX_BYTES);
    enum gw_status rc;

    gw_text_print(&what, "schema %s of database %s at %s from release %u to %u: %zu tables, %zu columns added",
                  target->schema, target->connection.database, target->connection.host, result->from, result->to,
                  result->tables, result->columns);
    rc = what.failed
             ? gw_fail(err, GW_ENOMEM, where, "no memory for an audit row")
             : acts_note(arguments,
                         &(struct gw_audit_act){.act = GW_AUDIT_MIGRATION, .study = target->study, .what = what.at},
                         err);
    gw_text_release(&what);
    return rc;
}

/* list: for --json; NULL: a line each. */
static enum gw_status migrate(const struct arguments *arguments, const struct gw_postgres_target *target, cJSON *list,
                              struct gw_error *err)
{
    struct gw_migration_result result;
    enum gw_status rc = gw_sink_postgres_migrate(target, &result, err);

    if (rc == GW_OK && list)
        add_result(list, target, &result);
    else if (rc == GW_OK)
        print_result(target, &result);
    return rc == GW_OK ? audit_migration(arguments, target, &result, err) : rc;
}

static enum gw_status migrate_all(const struct arguments *arguments, const struct gw_config *config, cJSON *list,
                                  struct gw_error *err)
{
    const char *id = arguments->values[OPTION_STUDY_ID];
    enum gw_status rc = check_any(config, id, err);

    for (size_t i = 0; rc == GW_OK && i < config->study_count; i++) {
        const struct gw_postgres_target *target = &config->studies[i].postgres;

        if (!is_meant(&config->studies[i], id))
            continue;
        rc = arguments_has(arguments, OPTION_PRINT) ? gw_sink_postgres_print(target, stdout, err)
                                                    : migrate(arguments, target, list, err);
    }
    return rc;
}

int db_migrate_command(const struct arguments *arguments)
{
    const bool json = arguments_has(arguments, OPTION_JSON);
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    cJSON *list = json ? cJSON_CreateArray() : NULL;
    struct gw_config config;
    struct gw_error failure;
    struct output output;
    enum gw_status rc;

    if (json && arguments_has(arguments, OPTION_PRINT)) {
        cJSON_Delete(list);
        return arguments_wrong(arguments, "give only one of --print and --json");
    }
    output_init(&output, stdout);
    rc = gw_config_load(&arena, arguments->values[OPTION_CONFIG], &config, &failure);
    if (rc == GW_OK)
        rc = migrate_all(arguments, &config, list, &failure);
    if (rc == GW_OK && list)
        output_json(&output, list);
    else
        cJSON_Delete(list);
    gw_arena_release(&arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
