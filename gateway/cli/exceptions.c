/*
 * casement exceptions: the review queue without a browser. Causes, not messages: one line stands for all that waits for
 * the same reason.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "gateway/core/json.h"
#include "gateway/ledger/report.h"

static const char where[] = "cli.exceptions";

#define ARENA_BYTES ((size_t)1 << 30)

struct queue {
    struct gw_arena arena;
    struct gw_ledger *ledger;
    struct output output;
};

static enum gw_status queue_open(struct queue *queue, const struct arguments *arguments, struct gw_error *err)
{
    struct gw_config config;
    const char *path;
    enum gw_status rc;

    *queue = (struct queue){.arena = GW_ARENA_INIT(ARENA_BYTES)};
    output_init(&queue->output, stdout);
    rc = report_ledger_of(arguments, &queue->arena, &config, &path, err);
    return rc == GW_OK ? report_open(path, &queue->ledger, err) : rc;
}

static int queue_close(struct queue *queue, enum gw_status rc, const struct gw_error *failure)
{
    gw_ledger_close(queue->ledger);
    gw_arena_release(&queue->arena);
    return rc == GW_OK ? 0 : output_failed(failure);
}

/* ---- list ------------------------------------------------------------------------------------------------------ */

static void print_causes(const struct queue *queue, const struct gw_causes *open, const struct tally *closed)
{
    static const struct column columns[] = {{"VALUES", true}, {"SUBJECTS", true}, {"WINDOWS", true}, {"CAUSE", false}};
    struct table *table = table_new(&queue->output, columns, sizeof columns / sizeof columns[0]);

    if (open->count == 0)
        fprintf(queue->output.out, "No open exception\n");
    for (size_t i = 0; i < open->count; i++) {
        table_number(table, open->list[i].values);
        table_number(table, open->list[i].subjects);
        table_number(table, open->list[i].windows);
        table_text(table, open->list[i].fingerprint);
    }
    table_print(table);
    if (closed->count == 0)
        return;
    fputc('\n', queue->output.out);
    tally_print(closed, &queue->output, "CLOSED CAUSE", "VALUES", 0);
}

static void print_causes_json(const struct queue *queue, const struct gw_causes *open, const struct tally *closed,
                              bool all)
{
    cJSON *root = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(root, "open");

    for (size_t i = 0; i < open->count; i++) {
        const struct gw_cause *cause = &open->list[i];
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "fingerprint", cause->fingerprint);
        cJSON_AddStringToObject(object, "code", cause->code);
        cJSON_AddNumberToObject(object, "values", (double)cause->values);
        cJSON_AddNumberToObject(object, "subjects", (double)cause->subjects);
        cJSON_AddNumberToObject(object, "windows", (double)cause->windows);
        cJSON_AddItemToArray(list, object);
    }
    if (all)
        cJSON_AddItemToObject(root, "closed", tally_json(closed));
    output_json(&queue->output, root);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Closed items by cause. Sorted first: there may be many causes. */
static enum gw_status read_closed(struct queue *queue, struct tally *closed, struct gw_error *err)
{
    struct gw_ledger_items items;
    const char **causes;
    size_t count = 0;
    const enum gw_status rc = gw_ledger_items(queue->ledger, &queue->arena, NULL, false, &items, err);

    if (rc != GW_OK)
        return rc;
    causes = gw_arena_alloc(&queue->arena, (items.count + 1) * sizeof *causes);
    if (!causes)
        output_no_memory();
    for (size_t i = 0; i < items.count; i++)
        if (strcmp(items.list[i].state, "open") != 0)
            causes[count++] = items.list[i].fingerprint;
    qsort(causes, count, sizeof *causes, compare_texts);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && strcmp(causes[end], causes[i]) == 0; end++)
            ;
        tally_add(closed, causes[i], (int64_t)(end - i));
    }
    tally_sort(closed);
    return GW_OK;
}

int exceptions_list_command(const struct arguments *arguments)
{
    const bool all = arguments_has(arguments, OPTION_ALL);
    struct gw_causes open;
    struct gw_error failure;
    struct queue queue;
    struct tally closed = {.arena = &queue.arena};
    enum gw_status rc = queue_open(&queue, arguments, &failure);

    if (rc == GW_OK)
        rc = gw_ledger_causes(queue.ledger, &queue.arena, &open, &failure);
    if (rc == GW_OK && all)
        rc = read_closed(&queue, &closed, &failure);
    if (rc == GW_OK && arguments_has(arguments, OPTION_JSON))
        print_causes_json(&queue, &open, &closed, all);
    else if (rc == GW_OK)
        print_causes(&queue, &open, &closed);
    return queue_close(&queue, rc, &failure);
}

/* ---- show ------------------------------------------------------------------------------------------------------ */

static void print_field(const struct output *output, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(output->out, "  %-11s ", name);
    output_text(output, text);
    fputc('\n', output->out);
}

/* A JSON object as people read it: "value: 1.2; unit: g/dL". Anything else as it stands. */
static const char *words_of(struct gw_arena *arena, const char *json)
{
    const cJSON *object;
    const char *words = "";

    if (!json || gw_json_parse(arena, json, strlen(json), NULL, &object, NULL, NULL) != GW_OK)
        return json;
    GW_JSON_EACH (member, object) {
        if (!member->string || !member->valuestring)
            return json;
        words = gw_arena_print(arena, "%s%s%s: %s", words, *words ? "; " : "", member->string, member->valuestring);
    }
    return words;
}

/* An item's resource as people write it: "Observation/o-2, version 1, component[0]". */
static const char *resource_of(struct gw_arena *arena, const struct gw_ledger_item *item)
{
    const bool version = item->version_id && *item->version_id, part = item->part && *item->part;

    if (!item->resource_type || !*item->resource_type)
        return "";
    return gw_arena_print(arena, "%s/%s%s%s%s%s", item->resource_type, item->resource_id, version ? ", version " : "",
                          version ? item->version_id : "", part ? ", " : "", part ? item->part : "");
}

static const char *effect_of(const char *blocks)
{
    static const struct {
        const char *blocks;
        const char *effect;
    } effects[] = {
        {"R", "holds the record"},
        {"A", "holds the adverse event or derived row"},
        {"S", "holds the subject: nothing leaves"},
        {"E", "holds the endpoint"},
        {"-", "holds nothing"},
    };

    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        if (strcmp(effects[i].blocks, blocks) == 0)
            return effects[i].effect;
    return blocks;
}

static void print_item(struct queue *queue, const struct gw_ledger_item *item)
{
    const struct output *output = &queue->output;

    fprintf(output->out, "%s  %s, %s; %s\n", item->id, item->code, item->state, effect_of(item->blocks));
    print_field(output, "cause", item->fingerprint);
    print_field(output, "subject", item->subject_key);
    print_field(output, "source", item->source);
    print_field(output, "resource", resource_of(&queue->arena, item));
    print_field(output, "windows", item->window_ids);
    print_field(output, "context", words_of(&queue->arena, item->context));
    print_field(output, "resolution", item->resolution);
    print_field(output, "suggestion", words_of(&queue->arena, item->suggestion));
}

static cJSON *item_json(const struct gw_ledger_item *item)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "id", item->id);
    cJSON_AddStringToObject(object, "code", item->code);
    cJSON_AddStringToObject(object, "fingerprint", item->fingerprint);
    cJSON_AddStringToObject(object, "subject", item->subject_key);
    cJSON_AddStringToObject(object, "endpoint", item->endpoint);
    cJSON_AddStringToObject(object, "source", item->source);
    cJSON_AddStringToObject(object, "resource_type", item->resource_type);
    cJSON_AddStringToObject(object, "resource_id", item->resource_id);
    cJSON_AddStringToObject(object, "version_id", item->version_id);
    cJSON_AddStringToObject(object, "part", item->part);
    cJSON_AddStringToObject(object, "blocks", item->blocks);
    cJSON_AddStringToObject(object, "state", item->state);
    cJSON_AddStringToObject(object, "resolution", item->resolution);
    output_json_raw(object, "context", item->context);
    output_json_raw(object, "suggestion", item->suggestion);
    cJSON_AddStringToObject(object, "windows", item->window_ids);
    return object;
}

static void print_items(struct queue *queue, const struct gw_ledger_items *items, bool json)
{
    cJSON *list = json ? cJSON_CreateArray() : NULL;

    for (size_t i = 0; i < items->count; i++) {
        if (json)
            cJSON_AddItemToArray(list, item_json(&items->list[i]));
        else
            print_item(queue, &items->list[i]);
    }
    if (json)
        output_json(&queue->output, list);
}

int exceptions_show_command(const struct arguments *arguments)
{
    const char *selector = arguments->inputs[0];
    const bool all = arguments_has(arguments, OPTION_ALL);
    struct gw_ledger_items items;
    struct gw_error failure;
    struct queue queue;
    enum gw_status rc = queue_open(&queue, arguments, &failure);

    if (rc == GW_OK)
        rc = gw_ledger_items(queue.ledger, &queue.arena, selector, !all, &items, &failure);
    if (rc == GW_OK && items.count == 0)
        rc = gw_fail(&failure, GW_EUSAGE, where,
                     "no %sexception has the cause or id \"%.120s\": see casement exceptions list%s",
                     all ? "" : "open ", selector, all ? " --all" : "");
    if (rc == GW_OK)
        print_items(&queue, &items, arguments_has(arguments, OPTION_JSON));
    return queue_close(&queue, rc, &failure);
}
