/*
 * What a sync did.
 */
#include "cli/synced.h"

#include "cli/report.h"

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

/* ---- a slice that was asked for again ---- */

static struct gw_sync_endpoint sum_of(const struct gw_sync_result *result)
{
    struct gw_sync_endpoint sum = {.id = NULL};

    for (size_t i = 0; i < result->endpoint_count; i++) {
        sum.requests += result->endpoints[i].requests;
        sum.entries += result->endpoints[i].entries;
        sum.fresh += result->endpoints[i].fresh;
        sum.repeats += result->endpoints[i].repeats;
    }
    return sum;
}

static void print_again(const struct output *output, const struct gw_sync_result *result)
{
    const struct gw_sync_again *again = &result->again;
    const struct gw_sync_endpoint sum = sum_of(result);
    const size_t asked = again->chosen - again->not_asked;

    fprintf(output->out, "%zu %s asked about again: %zu %s, %zu %s, %zu new %s, %zu exact %s\n", asked,
            plural((int64_t)asked, "subject", "subjects"), sum.requests,
            plural((int64_t)sum.requests, "request", "requests"), sum.entries,
            plural((int64_t)sum.entries, "entry", "entries"), sum.fresh,
            plural((int64_t)sum.fresh, "version", "versions"), sum.repeats,
            plural((int64_t)sum.repeats, "repeat", "repeats"));
    if (asked > 0 && sum.requests == 0 && failed_endpoints(result) == 0)
        fprintf(output->out,
                "nothing was asked for: their hospitals are asked for no such records, or not of these days\n");
    if (again->not_asked > 0)
        fprintf(
            output->out,
            "%zu %s not asked about: consent was withdrawn, the study has closed, or no endpoint of the hospital is "
            "asked\n",
            again->not_asked, plural((int64_t)again->not_asked, "subject was", "subjects were"));
    for (size_t i = 0; i < again->folder_count; i++)
        fprintf(output->out, "%s is a folder and cannot be asked: have the files put into it once more\n",
                again->folders[i]);
    report_held_back(output, again->held_back);
}

static cJSON *again_json(const struct gw_sync_again *again)
{
    cJSON *object = cJSON_CreateObject(), *folders;

    cJSON_AddNumberToObject(object, "chosen", (double)again->chosen);
    cJSON_AddNumberToObject(object, "not_asked", (double)again->not_asked);
    cJSON_AddNumberToObject(object, "held_back", (double)again->held_back);
    folders = cJSON_AddArrayToObject(object, "folders");
    for (size_t i = 0; i < again->folder_count; i++)
        cJSON_AddItemToArray(folders, cJSON_CreateString(again->folders[i]));
    return object;
}

/* ---- all of it ---- */

static void print_people(const struct output *output, const struct gw_sync_result *result)
{
    const struct gw_pass_result *pass = &result->pass;
    const size_t failed = failed_endpoints(result);

    print_endpoints(output, result);
    fputc('\n', output->out);
    if (result->again.chosen > 0)
        print_again(output, result);
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
    if (result->again.chosen > 0)
        cJSON_AddItemToObject(root, "refetch", again_json(&result->again));
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

int synced_print(const struct gw_sync_result *result, bool json)
{
    struct output output;
    struct gw_error failure;

    output_init(&output, stdout);
    (json ? print_json : print_people)(&output, result);
    if (report_balance(&result->equation, &failure) != GW_OK)
        return output_failed(&failure);
    return tell_failures(result);
}
