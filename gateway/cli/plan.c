/*
 * casement plan: what another package, profile or decision would change, before anything does.
 */
#include <string.h>

#include "cli/acts.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "gateway/service/preview.h"

#define ARENA_BYTES ((size_t)2 << 30)

enum { WHAT_MAX_BYTES = 8192 };

/* ---- sums ------------------------------------------------------------------------------------------------------ */

static struct gw_preview_line sum_of(const struct gw_preview *preview)
{
    struct gw_preview_line sum = {0};

    for (size_t i = 0; i < preview->line_count; i++) {
        sum.added += preview->lines[i].added;
        sum.changed += preview->lines[i].changed;
        sum.withdrawn += preview->lines[i].withdrawn;
        sum.values += preview->lines[i].values;
        sum.signed_values += preview->lines[i].signed_values;
        sum.exported += preview->lines[i].exported;
    }
    return sum;
}

static size_t opening(const struct gw_preview *preview)
{
    size_t count = 0;

    for (size_t i = 0; i < preview->item_count; i++)
        count += preview->items[i].opens;
    return count;
}

/* ---- for people ------------------------------------------------------------------------------------------------ */

static void print_lines(const struct output *output, const struct gw_preview *preview)
{
    static const struct column columns[] = {{"SUBJECT", false}, {"WINDOW", false}, {"TABLE", false},
                                            {"ADDED", true},    {"CHANGED", true}, {"WITHDRAWN", true},
                                            {"VALUES", true},   {"SIGNED", true},  {"EXPORTED", true}};
    struct table *table = table_new(output, columns, sizeof columns / sizeof columns[0]);

    for (size_t i = 0; i < preview->line_count; i++) {
        const struct gw_preview_line *line = &preview->lines[i];

        table_text(table, line->subject);
        table_text(table, line->window);
        table_text(table, line->table);
        table_number(table, (int64_t)line->added);
        table_number(table, (int64_t)line->changed);
        table_number(table, (int64_t)line->withdrawn);
        table_number(table, (int64_t)line->values);
        table_number(table, (int64_t)line->signed_values);
        table_number(table, (int64_t)line->exported);
    }
    table_print(table);
}

static void print_items(const struct output *output, const struct gw_preview *preview)
{
    static const struct column columns[] = {{"SUBJECT", false}, {"EXCEPTION", false}, {"ID", false}, {"WOULD", false}};
    struct table *table = table_new(output, columns, sizeof columns / sizeof columns[0]);

    for (size_t i = 0; i < preview->item_count; i++) {
        table_text(table, preview->items[i].subject);
        table_text(table, preview->items[i].code);
        table_text(table, preview->items[i].id);
        table_text(table, preview->items[i].opens ? "open" : "close");
    }
    table_print(table);
}

static void print_people(const struct output *output, const struct gw_preview *preview)
{
    const struct gw_preview_line sum = sum_of(preview);
    const size_t opens = opening(preview);
    FILE *out = output->out;

    print_lines(output, preview);
    print_items(output, preview);
    fprintf(out, "%zu of %zu %s would change: %zu %s added, %zu changed, %zu withdrawn; %zu %s opened, %zu closed\n",
            preview->touched, preview->subjects, plural((int64_t)preview->subjects, "subject", "subjects"), sum.added,
            plural((int64_t)sum.added, "row", "rows"), sum.changed, sum.withdrawn, opens,
            plural((int64_t)opens, "exception", "exceptions"), preview->item_count - opens);
    fprintf(out, "%zu %s delivered already would become %s or go\n", sum.values,
            plural((int64_t)sum.values, "value", "values"), plural((int64_t)sum.values, "another", "others"));
    if (sum.signed_values > 0)
        fprintf(out, "%zu signed %s would stay as signed until a person accepts the change\n", sum.signed_values,
                plural((int64_t)sum.signed_values, "value", "values"));
    if (preview->cut)
        fprintf(out, "%zu of the values that change %s in the last cut, %s\n", sum.exported,
                plural((int64_t)sum.exported, "is", "are"), preview->cut);
    if (preview->blocked > 0)
        fprintf(out, "%zu %s blocked then: nothing would leave until the exceptions are resolved\n", preview->blocked,
                plural((int64_t)preview->blocked, "subject is", "subjects are"));
    if (preview->waiting > 0)
        fprintf(out, "of %zu %s records came since the last derivation: what follows from these is counted too\n",
                preview->waiting, plural((int64_t)preview->waiting, "subject", "subjects"));
    fprintf(out, "nothing was changed\n");
}

/* ---- for programs ---------------------------------------------------------------------------------------------- */

static void add_counts(cJSON *object, const struct gw_preview_line *line)
{
    cJSON_AddNumberToObject(object, "added", (double)line->added);
    cJSON_AddNumberToObject(object, "changed", (double)line->changed);
    cJSON_AddNumberToObject(object, "withdrawn", (double)line->withdrawn);
    cJSON_AddNumberToObject(object, "delivered_values", (double)line->values);
    cJSON_AddNumberToObject(object, "signed_values", (double)line->signed_values);
    cJSON_AddNumberToObject(object, "exported_values", (double)line->exported);
}

static void add_lines(cJSON *root, const struct gw_preview *preview)
{
    cJSON *list = cJSON_AddArrayToObject(root, "changes");

    for (size_t i = 0; i < preview->line_count; i++) {
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "subject", preview->lines[i].subject);
        cJSON_AddStringToObject(object, "window", preview->lines[i].window);
        cJSON_AddStringToObject(object, "table", preview->lines[i].table);
        add_counts(object, &preview->lines[i]);
        cJSON_AddItemToArray(list, object);
    }
}

static void add_items(cJSON *root, const struct gw_preview *preview)
{
    cJSON *list = cJSON_AddArrayToObject(root, "exceptions");

    for (size_t i = 0; i < preview->item_count; i++) {
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "subject", preview->items[i].subject);
        cJSON_AddStringToObject(object, "code", preview->items[i].code);
        cJSON_AddStringToObject(object, "id", preview->items[i].id);
        cJSON_AddStringToObject(object, "would", preview->items[i].opens ? "open" : "close");
        cJSON_AddItemToArray(list, object);
    }
}

static void print_json(const struct output *output, const struct gw_preview *preview)
{
    const struct gw_preview_line sum = sum_of(preview);
    cJSON *root = cJSON_CreateObject(), *object = cJSON_AddObjectToObject(root, "subjects");

    cJSON_AddNumberToObject(object, "derived", (double)preview->subjects);
    cJSON_AddNumberToObject(object, "changed", (double)preview->touched);
    cJSON_AddNumberToObject(object, "blocked", (double)preview->blocked);
    cJSON_AddNumberToObject(object, "waiting", (double)preview->waiting);
    add_counts(cJSON_AddObjectToObject(root, "rows"), &sum);
    add_lines(root, preview);
    add_items(root, preview);
    output_json(output, root);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static enum gw_status read_decisions(const struct arguments *arguments, struct gw_arena *arena,
                                     struct gw_preview_query *query, struct gw_error *err)
{
    const char *path = arguments->values[OPTION_DECISION];

    if (!path)
        return GW_OK;
    return gw_decisions_load(arena, strcmp(path, "-") == 0 ? "/dev/stdin" : path, &query->decisions, err);
}

/* "mappings/lendex-2 for ES-017: 3 of 12 subjects would change" */
static enum gw_status audit_plan(const struct arguments *arguments, struct gw_arena *arena,
                                 const struct gw_preview *preview, struct gw_error *err)
{
    const char *const tried[] = {arguments->values[OPTION_PACKAGE], arguments->values[OPTION_SITE],
                                 arguments->values[OPTION_DECISION]};
    struct gw_text what = GW_TEXT_INIT(WHAT_MAX_BYTES);
    const char *text;

    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++)
        if (tried[i])
            gw_text_print(&what, "%s%s", what.length ? ", " : "", tried[i]);
    gw_text_print(&what, ": %zu of %zu subjects would change", preview->touched, preview->subjects);
    text = what.failed ? NULL : gw_arena_copy(arena, what.at, what.length);
    gw_text_release(&what);
    return text ? acts_note(arguments,
                            &(struct gw_audit_act){.act = GW_AUDIT_PLAN,
                                                   .study = arguments->values[OPTION_STUDY_ID],
                                                   .subject = arguments->values[OPTION_SUBJECT],
                                                   .what = text},
                            err)
                : gw_fail(err, GW_ENOMEM, "cli.plan", "no memory for an audit row");
}

int plan_command(const struct arguments *arguments)
{
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct gw_preview_query query = {.study = arguments->values[OPTION_STUDY_ID],
                                     .subject = arguments->values[OPTION_SUBJECT],
                                     .package = arguments->values[OPTION_PACKAGE],
                                     .site = arguments->values[OPTION_SITE]};
    struct gw_preview preview;
    struct gw_config config;
    struct gw_error failure;
    struct output output;
    enum gw_status rc = report_ledger_of(arguments, &arena, &config, &query.ledger_path, &failure);

    if (rc == GW_OK)
        rc = read_decisions(arguments, &arena, &query, &failure);
    if (rc == GW_OK)
        rc = report_open(query.ledger_path, &query.ledger, &failure);
    query.config = &config;
    if (rc == GW_OK)
        rc = gw_preview_run(&arena, &query, &preview, &failure);
    gw_ledger_close(query.ledger);
    if (rc == GW_OK)
        rc = audit_plan(arguments, &arena, &preview, &failure);
    if (rc == GW_OK) {
        output_init(&output, stdout);
        (arguments_has(arguments, OPTION_JSON) ? print_json : print_people)(&output, &preview);
    }
    gw_arena_release(&arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
