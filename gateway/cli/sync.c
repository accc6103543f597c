/*
 * casement sync: one pass over the endpoints of a configuration.
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "gateway/service/sync.h"

#define ARENA_BYTES ((size_t)256 << 20)

static void print_endpoints(const struct output *output, const struct gw_sync_result *result)
{
    static const struct column columns[] = {{"ENDPOINT", false}, {"REQUESTS", true}, {"PAGES", true}, {"ENTRIES", true},
                                            {"NEW", true},       {"KNOWN", true},    {"NOTES", true}, {"", false}};
    struct table *table = table_new(output, columns, sizeof columns / sizeof columns[0]);

    for (size_t i = 0; i < result->endpoint_count; i++) {
        const struct gw_sync_endpoint *endpoint = &result->endpoints[i];

        table_text(table, endpoint->id);
        table_number(table, (int64_t)endpoint->requests);
        table_number(table, (int64_t)endpoint->pages);
        table_number(table, (int64_t)endpoint->entries);
        table_number(table, (int64_t)endpoint->fresh);
        table_number(table, (int64_t)endpoint->repeats);
        table_number(table, (int64_t)endpoint->notes);
        table_text(table, output_mark(output, endpoint->failure.status == GW_OK ? MARK_OK : MARK_FAIL));
    }
    table_print(table);
}

static size_t failed_endpoints(const struct gw_sync_result *result)
{
    size_t count = 0;

    for (size_t i = 0; i < result->endpoint_count; i++)
        count += result->endpoints[i].failure.status != GW_OK;
    return count;
}

static bool nothing_new(const struct gw_pass_result *pass)
{
    return pass->added + pass->changed + pass->withdrawn + pass->items_opened + pass->items_closed == 0;
}

static void print_recalled(const struct output *output, const struct gw_sync_delivery *delivery)
{
    if (delivery->recalled + delivery->held == 0)
        return;
    fprintf(output->out,
            "study database of %s: of %zu %s it had what this ledger has not (a restored copy?): the difference was "
            "made from what is there",
            delivery->study, delivery->recalled + delivery->held,
            plural((int64_t)(delivery->recalled + delivery->held), "subject", "subjects"));
    if (delivery->held > 0)
        fprintf(output->out, ", but %zu %s to be read again first", delivery->held,
                plural((int64_t)delivery->held, "is", "are"));
    fprintf(output->out, "; look whether decisions made since that copy are lost\n");
}

/* To study databases that are elsewhere; what went into a file here is there. */
static void print_deliveries(const struct output *output, const struct gw_sync_result *result)
{
    for (size_t i = 0; i < result->delivery_count; i++) {
        const struct gw_sync_delivery *delivery = &result->deliveries[i];

        fprintf(output->out, "study database of %s: %llu rows in %llu %s delivered", delivery->study,
                (unsigned long long)delivery->rows, (unsigned long long)delivery->batches,
                plural((int64_t)delivery->batches, "batch", "batches"));
        if (delivery->refused > 0)
            fprintf(output->out, ", %llu not taken", (unsigned long long)delivery->refused);
        if (delivery->waiting > 0)
            fprintf(output->out, ", %lld %s", (long long)delivery->waiting, plural(delivery->waiting, "waits", "wait"));
        fputc('\n', output->out);
        print_recalled(output, delivery);
    }
}

static void print_people(const struct output *output, const struct gw_sync_result *result)
{
    const struct gw_pass_result *pass = &result->pass;
    const size_t failed = failed_endpoints(result);

    print_endpoints(output, result);
    fputc('\n', output->out);
    if (nothing_new(pass) && failed == 0)
        fprintf(output->out, "nothing new: no row written, no exception raised\n");
    else if (nothing_new(pass))
        fprintf(output->out, "no row written, no exception raised; %zu of %zu endpoints could not be read to the end\n",
                failed, result->endpoint_count);
    else
        fprintf(output->out,
                "rows: %zu added, %zu changed, %zu withdrawn, %zu unchanged\nexceptions: %zu opened, %zu closed\n",
                pass->added, pass->changed, pass->withdrawn, pass->unchanged, pass->items_opened, pass->items_closed);
    print_deliveries(output, result);
    if (pass->blocked > 0)
        fprintf(output->out, "%zu %s blocked: nothing leaves until the exceptions are resolved\n", pass->blocked,
                plural((int64_t)pass->blocked, "subject is", "subjects are"));
}

static cJSON *endpoint_json(const struct gw_sync_endpoint *endpoint)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "id", endpoint->id);
    cJSON_AddNumberToObject(object, "requests", (double)endpoint->requests);
    cJSON_AddNumberToObject(object, "pages", (double)endpoint->pages);
    cJSON_AddNumberToObject(object, "entries", (double)endpoint->entries);
    cJSON_AddNumberToObject(object, "new", (double)endpoint->fresh);
    cJSON_AddNumberToObject(object, "known", (double)endpoint->repeats);
    cJSON_AddNumberToObject(object, "notes", (double)endpoint->notes);
    if (endpoint->failure.status == GW_OK)
        cJSON_AddNullToObject(object, "failure");
    else
        cJSON_AddStringToObject(object, "failure", endpoint->failure.text);
    cJSON_AddNumberToObject(object, "exit_status", gw_exit_code(endpoint->failure.status));
    return object;
}

static cJSON *delivery_json(const struct gw_sync_delivery *delivery)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "study", delivery->study);
    cJSON_AddNumberToObject(object, "batches", (double)delivery->batches);
    cJSON_AddNumberToObject(object, "rows", (double)delivery->rows);
    cJSON_AddNumberToObject(object, "refused", (double)delivery->refused);
    cJSON_AddNumberToObject(object, "waiting", (double)delivery->waiting);
    cJSON_AddNumberToObject(object, "recalled", (double)delivery->recalled);
    cJSON_AddNumberToObject(object, "held", (double)delivery->held);
    if (delivery->failure.status == GW_OK)
        cJSON_AddNullToObject(object, "failure");
    else
        cJSON_AddStringToObject(object, "failure", delivery->failure.text);
    cJSON_AddNumberToObject(object, "exit_status", gw_exit_code(delivery->failure.status));
    return object;
}

static void print_json(const struct output *output, const struct gw_sync_result *result)
{
    const struct gw_pass_result *pass = &result->pass;
    cJSON *root = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(root, "endpoints"), *object;

    for (size_t i = 0; i < result->endpoint_count; i++)
        cJSON_AddItemToArray(list, endpoint_json(&result->endpoints[i]));
    list = cJSON_AddArrayToObject(root, "deliveries");
    for (size_t i = 0; i < result->delivery_count; i++)
        cJSON_AddItemToArray(list, delivery_json(&result->deliveries[i]));
    object = cJSON_AddObjectToObject(root, "rows");
    cJSON_AddNumberToObject(object, "added", (double)pass->added);
    cJSON_AddNumberToObject(object, "changed", (double)pass->changed);
    cJSON_AddNumberToObject(object, "withdrawn", (double)pass->withdrawn);
    cJSON_AddNumberToObject(object, "unchanged", (double)pass->unchanged);
    object = cJSON_AddObjectToObject(root, "exceptions");
    cJSON_AddNumberToObject(object, "opened", (double)pass->items_opened);
    cJSON_AddNumberToObject(object, "closed", (double)pass->items_closed);
    object = cJSON_AddObjectToObject(root, "subjects");
    cJSON_AddNumberToObject(object, "derived", (double)pass->subjects);
    cJSON_AddNumberToObject(object, "blocked", (double)pass->blocked);
    cJSON_AddNumberToObject(object, "batches", (double)pass->batches);
    cJSON_AddItemToObject(root, "parts", report_parts_json(&result->equation));
    output_json(output, root);
}

static int tell_failure(const char *name, const struct gw_error *of)
{
    struct gw_error failure;

    if (of->status == GW_OK)
        return 0;
    gw_fail(&failure, of->status, of->where, "%s: %s", name, of->text);
    return output_failed(&failure);
}

/* A line for each endpoint that failed, then for each study database; the command ends as the first of them, in the
 * configuration's order. */
static int tell_failures(const struct gw_sync_result *result)
{
    int code = 0;

    for (size_t i = 0; i < result->endpoint_count; i++) {
        const int own = tell_failure(result->endpoints[i].id, &result->endpoints[i].failure);

        code = code ? code : own;
    }
    for (size_t i = 0; i < result->delivery_count; i++) {
        const int own = tell_failure(result->deliveries[i].study, &result->deliveries[i].failure);

        code = code ? code : own;
    }
    return code;
}

static int sync_and_print(const struct arguments *arguments, struct gw_sync_options *options, struct gw_arena *arena)
{
    struct gw_config config;
    struct gw_sync_result result;
    struct output output;
    struct gw_error failure;
    enum gw_status rc = gw_config_load(arena, arguments->values[OPTION_CONFIG], &config, &failure);

    if (rc != GW_OK)
        return output_failed(&failure);
    options->config = &config;
    rc = gw_sync_run(arena, options, &result, &failure);
    progress_clear(options->ctx);
    if (rc != GW_OK)
        return output_failed(&failure);
    output_init(&output, stdout);
    (arguments_has(arguments, OPTION_JSON) ? print_json : print_people)(&output, &result);
    if (report_balance(&result.equation, &failure) != GW_OK)
        return output_failed(&failure);
    return tell_failures(&result);
}

int sync_command(const struct arguments *arguments)
{
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct progress progress;
    struct gw_sync_options options = {
        .endpoint = arguments->values[OPTION_ENDPOINT], .progress = progress_step, .ctx = &progress};
    int code;

    if (!arguments_day(arguments, OPTION_AS_OF, &options.as_of))
        return gw_exit_code(GW_EUSAGE);
    progress_init(&progress);
    code = sync_and_print(arguments, &options, &arena);
    gw_arena_release(&arena);
    return code;
}
