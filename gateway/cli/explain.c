/*
 * casement explain: why is this row here, why is that value missing; in sentences, with the rules they follow.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "gateway/service/explain.h"

#define ARENA_BYTES ((size_t)2 << 30)

/* ---- for people ------------------------------------------------------------------------------------------------ */

static void print_line(const struct output *output, const char *text)
{
    output_text(output, text);
    fputc('\n', output->out);
}

static void print_rules(const struct output *output, const struct gw_explanation *told)
{
    static const struct column columns[] = {{"RULE", false}, {"MAPPINGS/RULES.MD", false}, {"WHAT IT SAYS", false}};
    struct table *table = table_new(output, columns, sizeof columns / sizeof columns[0]);

    if (told->rule_count > 0)
        fputc('\n', output->out);
    for (size_t i = 0; i < told->rule_count; i++) {
        const struct gw_rule_text *text = told->rules[i].text;

        table_text(table, told->rules[i].id);
        table_text(table, text ? text->section : "");
        table_text(table, text ? text->sentence : "this release knows no rule of that name");
    }
    table_print(table);
}

static void print_people(const struct output *output, const struct gw_explanation *told)
{
    if (told->concept)
        fprintf(output->out, "%s  %s of %s%s%s\n", told->answer, told->concept, told->subject,
                told->window ? " in " : "", told->window ? told->window : "");
    else
        fprintf(output->out, "%s  %s %s\n", told->answer, told->table->name, told->row->row_id);
    for (size_t i = 0; i < told->sentence_count; i++)
        print_line(output, told->sentences[i].text);
    print_rules(output, told);
}

/* ---- for programs ---------------------------------------------------------------------------------------------- */

static void add_text(cJSON *object, const char *name, const char *text)
{
    if (text)
        cJSON_AddStringToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

/* "a;b" as a list. */
static void add_list(cJSON *object, const char *name, const char *joined)
{
    cJSON *list = cJSON_AddArrayToObject(object, name);
    char *copy = strdup(joined ? joined : ""), *rest = copy, *one;

    if (!copy)
        output_no_memory();
    while ((one = strsep(&rest, ";")))
        if (*one)
            cJSON_AddItemToArray(list, cJSON_CreateString(one));
    free(copy);
}

static cJSON *row_json(const struct gw_table *table, const struct gw_row *row)
{
    cJSON *object = cJSON_CreateObject();
    char buffer[12];

    for (size_t i = 0; i < table->column_count; i++) {
        const char *value = gw_row_cell(table, row, i, buffer);

        if (value && *value)
            cJSON_AddStringToObject(object, table->columns[i].name, value);
    }
    return object;
}

static cJSON *source_json(const struct gw_explain_source *source)
{
    const struct gw_fact *fact = source->fact;
    cJSON *object = cJSON_CreateObject();
    char read_at[GW_INSTANT_BYTES];

    cJSON_AddStringToObject(object, "role", source->role);
    add_text(object, "endpoint", source->lineage->endpoint);
    add_text(object, "resource_type", source->lineage->resource_type);
    add_text(object, "resource_id", fact ? fact->id : NULL);
    add_text(object, "version_id", fact ? fact->version_id : NULL);
    add_text(object, "last_updated", fact ? fact->last_updated : NULL);
    add_text(object, "source", fact ? fact->source : NULL);
    if (fact)
        cJSON_AddNumberToObject(object, "delivery", (double)fact->delivery);
    if (fact)
        gw_instant_print(fact->fetched_at, read_at);
    add_text(object, "fetched_at", fact ? read_at : NULL);
    cJSON_AddBoolToObject(object, "late", source->late);
    add_text(object, "source_hash", source->lineage->source_hash);
    add_text(object, "content_sha256", source->lineage->content_sha256);
    add_text(object, "transformation", source->lineage->transformation);
    add_list(object, "rule_ids", source->lineage->rule_ids);
    return object;
}

static cJSON *rule_json(const struct gw_explain_rule *rule)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "id", rule->id);
    add_text(object, "section", rule->text ? rule->text->section : NULL);
    add_text(object, "sentence", rule->text ? rule->text->sentence : NULL);
    return object;
}

static cJSON *item_json(const struct gw_item *item)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "id", item->id);
    cJSON_AddStringToObject(object, "code", item->code);
    cJSON_AddStringToObject(object, "fingerprint", item->fingerprint);
    cJSON_AddStringToObject(object, "blocks", item->blocks);
    output_json_raw(object, "context", item->context);
    output_json_raw(object, "suggestion", item->suggestion);
    add_list(object, "windows", item->window_ids);
    return object;
}

static void print_json(const struct output *output, const struct gw_explanation *told)
{
    cJSON *root = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(root, "answer", told->answer);
    cJSON_AddStringToObject(root, "subject", told->subject);
    add_text(root, "concept", told->concept);
    add_text(root, "window", told->window);
    add_text(root, "table", told->table ? told->table->name : NULL);
    if (told->row)
        cJSON_AddItemToObject(root, "row", row_json(told->table, told->row));
    add_text(root, "receipt", told->receipt);
    list = cJSON_AddArrayToObject(root, "sentences");
    for (size_t i = 0; i < told->sentence_count; i++) {
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "topic", told->sentences[i].topic);
        cJSON_AddStringToObject(object, "text", told->sentences[i].text);
        cJSON_AddItemToArray(list, object);
    }
    list = cJSON_AddArrayToObject(root, "sources");
    for (size_t i = 0; i < told->source_count; i++)
        cJSON_AddItemToArray(list, source_json(&told->sources[i]));
    list = cJSON_AddArrayToObject(root, "rules");
    for (size_t i = 0; i < told->rule_count; i++)
        cJSON_AddItemToArray(list, rule_json(&told->rules[i]));
    list = cJSON_AddArrayToObject(root, "exceptions");
    for (size_t i = 0; i < told->item_count; i++)
        cJSON_AddItemToArray(list, item_json(told->items[i]));
    output_json(output, root);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

/* Either a row, or subject and concept. False: a line about it was printed. */
static bool read_query(const struct arguments *arguments, struct gw_explain_query *query)
{
    *query = (struct gw_explain_query){.study = arguments->values[OPTION_STUDY_ID],
                                       .row = arguments->input_count ? arguments->inputs[0] : NULL,
                                       .subject = arguments->values[OPTION_SUBJECT],
                                       .concept = arguments->values[OPTION_CONCEPT],
                                       .window = arguments->values[OPTION_WINDOW]};
    if (query->row && (query->concept || query->window))
        arguments_wrong(arguments, "a row is explained by its id alone; leave out --concept and --window");
    else if (!query->row && !query->concept)
        arguments_wrong(arguments, "give a row's id, or --subject S --concept C --window W");
    else if (!query->row && !query->subject)
        arguments_wrong(arguments, "--subject S is missing");
    else
        return true;
    return false;
}

int explain_command(const struct arguments *arguments)
{
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct gw_explain_query query;
    struct gw_explanation told;
    struct gw_config config;
    struct gw_error failure;
    struct output output;
    enum gw_status rc;

    if (!read_query(arguments, &query))
        return gw_exit_code(GW_EUSAGE);
    rc = report_ledger_of(arguments, &arena, &config, &query.ledger_path, &failure);
    if (rc == GW_OK)
        rc = report_open(query.ledger_path, &query.ledger, &failure);
    query.config = config.path ? &config : NULL;
    if (rc == GW_OK)
        rc = gw_explain_ask(&arena, &query, &told, &failure);
    gw_ledger_close(query.ledger);
    if (rc == GW_OK) {
        output_init(&output, stdout);
        (arguments_has(arguments, OPTION_JSON) ? print_json : print_people)(&output, &told);
    }
    gw_arena_release(&arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
