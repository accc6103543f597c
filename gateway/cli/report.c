/*
 * The equation in words, and what a pass did.
 */
#include "cli/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "gateway/ledger/report.h"

static const char where[] = "cli.report";

void report_parts(const struct output *output, const struct gw_equation *equation)
{
    static const struct column columns[] = {{"STATE", false}, {"PARTS", true}};
    struct table *table = table_new(output, columns, 2);
    const bool balanced = equation->sum == equation->in;

    for (int state = 0; state < GW_STATE_COUNT; state++) {
        table_text(table, gw_state_name((enum gw_state)state));
        table_number(table, equation->states[state]);
    }
    table_text(table, "sum of the states");
    table_number(table, equation->sum);
    table_text(table, "read");
    table_number(table, equation->in);
    table_print(table);
    fprintf(output->out, "%s  %s\n", output_mark(output, balanced ? MARK_OK : MARK_FAIL),
            balanced ? "every part read is accounted for" : "THE LEDGER DOES NOT BALANCE");
    if (equation->waiting > 0)
        fprintf(output->out, "%" PRId64 " of the held parts were kept and not derived yet: the next pass does it\n",
                equation->waiting);
}

void report_held_back(const struct output *output, size_t subjects)
{
    if (subjects > 0)
        fprintf(output->out, "%zu %s for the next casement sync: not read to the end before\n", subjects,
                plural((int64_t)subjects, "subject waits", "subjects wait"));
}

void report_pass(const struct output *output, const struct gw_pass_result *pass, size_t held_back)
{
    fprintf(output->out, "%zu %s derived: %zu %s added, %zu changed, %zu withdrawn; %zu %s closed, %zu opened\n",
            pass->subjects, plural((int64_t)pass->subjects, "subject", "subjects"), pass->added,
            plural((int64_t)pass->added, "row", "rows"), pass->changed, pass->withdrawn, pass->items_closed,
            plural((int64_t)pass->items_closed, "exception", "exceptions"), pass->items_opened);
    if (pass->blocked > 0)
        fprintf(output->out, "%zu %s blocked: nothing leaves until the exceptions are resolved\n", pass->blocked,
                plural((int64_t)pass->blocked, "subject is", "subjects are"));
    report_held_back(output, held_back);
}

cJSON *report_parts_json(const struct gw_equation *equation)
{
    cJSON *parts = cJSON_CreateObject(), *states;

    cJSON_AddNumberToObject(parts, "in", (double)equation->in);
    cJSON_AddNumberToObject(parts, "sum", (double)equation->sum);
    cJSON_AddBoolToObject(parts, "balanced", equation->sum == equation->in);
    cJSON_AddNumberToObject(parts, "not_derived_yet", (double)equation->waiting);
    states = cJSON_AddObjectToObject(parts, "states");
    for (int state = 0; state < GW_STATE_COUNT; state++)
        cJSON_AddNumberToObject(states, gw_state_name((enum gw_state)state), (double)equation->states[state]);
    return parts;
}

enum gw_status report_balance(const struct gw_equation *equation, struct gw_error *err)
{
    if (equation->sum == equation->in)
        return GW_OK;
    return gw_fail(err, GW_ENOMEM, where,
                   "the ledger does not balance: %" PRId64 " parts were read and %" PRId64
                   " are accounted for; stop the gateway, keep the state folder as it is and report this",
                   equation->in, equation->sum);
}

enum gw_status report_codes(struct gw_ledger *ledger, struct tally *codes, struct gw_error *err)
{
    struct gw_causes causes;
    enum gw_status rc = gw_ledger_causes(ledger, codes->arena, &causes, err);

    for (size_t i = 0; rc == GW_OK && i < causes.count; i++)
        tally_add(codes, causes.list[i].code, causes.list[i].values);
    tally_sort(codes);
    return rc;
}

static enum gw_status check_there(const char *path, struct gw_error *err)
{
    if (access(path, F_OK) == 0)
        return GW_OK;
    return gw_fail(err, GW_ENOINPUT, where, "%s: %s; run casement sync or map first, or name another ledger", path,
                   errno == ENOENT ? "is not there" : strerror(errno));
}

enum gw_status report_open(const char *path, struct gw_ledger **out, struct gw_error *err)
{
    const enum gw_status rc = check_there(path, err);

    return rc == GW_OK ? gw_ledger_join(path, out, err) : rc;
}

enum gw_status report_hold(const char *path, struct gw_ledger **out, bool *beside, struct gw_error *err)
{
    enum gw_status rc = check_there(path, err);

    *beside = false;
    if (rc == GW_OK)
        rc = gw_ledger_open(path, out, err);
    if (rc != GW_EBUSY)
        return rc;
    *beside = true;
    return gw_ledger_join(path, out, err);
}

enum gw_status report_ledger_of(const struct arguments *arguments, struct gw_arena *arena, struct gw_config *config,
                                const char **path, struct gw_error *err)
{
    enum gw_status rc;

    *config = (struct gw_config){.path = NULL};
    *path = arguments->values[OPTION_LEDGER];
    if (*path)
        return GW_OK;
    rc = gw_config_load(arena, arguments->values[OPTION_CONFIG], config, err);
    if (rc == GW_OK)
        *path = gw_arena_print(arena, "%s/ledger.db", config->state);
    return rc;
}

enum gw_status report_study(const struct gw_config *config, const char *id, const struct gw_config_study **out,
                            struct gw_error *err)
{
    if (!id && config->study_count != 1)
        return gw_fail(err, GW_EUSAGE, where, "%s has %zu studies: say which with --study ID", config->path,
                       config->study_count);
    for (size_t i = 0; i < config->study_count; i++)
        if (!id || strcmp(config->studies[i].id, id) == 0) {
            *out = &config->studies[i];
            return GW_OK;
        }
    return gw_fail(err, GW_EUSAGE, where, "%s has no study \"%.60s\"", config->path, id);
}
