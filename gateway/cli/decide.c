/*
 * casement exceptions decide, approve, undo, decisions: answers to the review queue, and what was answered so far.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/acts.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "gateway/ledger/audit.h"
#include "gateway/service/decide.h"

#define ARENA_BYTES ((size_t)2 << 30)

struct answer {
    struct gw_arena arena;
    struct gw_config config;
    struct gw_decide_request request;
    struct gw_decide_result result;
    struct output output;
};

/* ---- arguments ------------------------------------------------------------------------------------------------- */

/* 0: no number from 1. */
static int64_t number_of(const char *text)
{
    char *end;
    const long long number = strtoll(text, &end, 10);

    return *text >= '0' && *text <= '9' && !*end && strlen(text) < 18 ? number : 0;
}

static bool read_author(struct answer *a, const struct arguments *arguments)
{
    a->request.by = acts_author(arguments, &a->arena);
    a->request.reason = arguments->values[OPTION_REASON];
    if (!a->request.by || !*a->request.by)
        arguments_wrong(arguments, "--as NAME is missing: who decides?");
    else if (!*a->request.reason)
        arguments_wrong(arguments, "--reason is empty: say why, in a few words");
    else
        return true;
    return false;
}

/* --set and what stands behind the exception. */
static bool read_assignments(struct answer *a, const struct arguments *arguments)
{
    const char *set = arguments->values[OPTION_SET];
    const char **list = gw_arena_alloc(&a->arena, (arguments->input_count + 1) * sizeof *list);
    size_t count = 0;

    if (!list)
        output_no_memory();
    if (set)
        list[count++] = set;
    for (size_t i = 1; i < arguments->input_count; i++)
        list[count++] = arguments->inputs[i];
    a->request.assignments = list;
    a->request.assignment_count = count;
    if (count == 0)
        arguments_wrong(arguments, "nothing is decided: write --set unit=10*9/L, or --set ignore");
    return count > 0;
}

/* ---- what came of it ------------------------------------------------------------------------------------------- */

static void print_effect(const struct answer *a)
{
    FILE *out = a->output.out;

    report_pass(&a->output, &a->result.pass, a->result.held_back);
    if (a->result.sent > 0)
        fprintf(out, "%zu %s with the next delivery; the exception closes when the study database has taken it\n",
                a->result.sent, plural((int64_t)a->result.sent, "row leaves", "rows leave"));
    if (a->result.unanswered > 0)
        fprintf(out, "%zu of the exceptions named %s still open: the answer does not settle %s\n", a->result.unanswered,
                plural((int64_t)a->result.unanswered, "is", "are"),
                plural((int64_t)a->result.unanswered, "it", "them"));
    if (*a->result.changed)
        fprintf(out, "since the last derivation %s changed: rows follow what they say today too\n", a->result.changed);
}

static void print_people(const struct answer *a)
{
    const struct gw_decision *decision = &a->result.decision;
    struct gw_text set = GW_TEXT_INIT(64 * 1024);

    gw_decision_print_set(&set, decision);
    fprintf(a->output.out, "decision %lld: %s ", (long long)decision->n, gw_decision_kind_name(decision->kind));
    if (decision->undoes)
        fprintf(a->output.out, "%lld", (long long)decision->undoes);
    else
        output_text(&a->output, set.at);
    fputc('\n', a->output.out);
    gw_text_release(&set);
    if (a->result.waits)
        fprintf(a->output.out, "it acts when another person approves it: casement exceptions approve %lld\n",
                (long long)decision->n);
    else if (a->result.left)
        fprintf(a->output.out, "the running service derives the subjects concerned within a minute\n");
    else
        print_effect(a);
}

static cJSON *decision_json(const struct gw_decision *decision)
{
    struct gw_text text = GW_TEXT_INIT(64 * 1024);
    cJSON *object;

    gw_decision_print(&text, decision);
    object = text.failed ? NULL : cJSON_CreateRaw(text.at);
    gw_text_release(&text);
    if (!object)
        output_no_memory();
    return object;
}

static void print_json(const struct answer *a)
{
    const struct gw_pass_result *pass = &a->result.pass;
    cJSON *root = cJSON_CreateObject(), *object;

    cJSON_AddItemToObject(root, "decision", decision_json(&a->result.decision));
    cJSON_AddBoolToObject(root, "waits_for_approval", a->result.waits);
    cJSON_AddBoolToObject(root, "left_to_service", a->result.left);
    cJSON_AddNumberToObject(root, "values", (double)a->result.values);
    object = cJSON_AddObjectToObject(root, "subjects");
    cJSON_AddNumberToObject(object, "derived", (double)pass->subjects);
    cJSON_AddNumberToObject(object, "blocked", (double)pass->blocked);
    cJSON_AddNumberToObject(object, "held_back", (double)a->result.held_back);
    object = cJSON_AddObjectToObject(root, "rows");
    cJSON_AddNumberToObject(object, "added", (double)pass->added);
    cJSON_AddNumberToObject(object, "changed", (double)pass->changed);
    cJSON_AddNumberToObject(object, "withdrawn", (double)pass->withdrawn);
    object = cJSON_AddObjectToObject(root, "exceptions");
    cJSON_AddNumberToObject(object, "opened", (double)pass->items_opened);
    cJSON_AddNumberToObject(object, "closed", (double)pass->items_closed);
    cJSON_AddNumberToObject(object, "sent", (double)a->result.sent);
    cJSON_AddNumberToObject(object, "unanswered", (double)a->result.unanswered);
    if (*a->result.changed)
        cJSON_AddStringToObject(root, "inputs_changed", a->result.changed);
    output_json(&a->output, root);
}

/* ---- the commands ---------------------------------------------------------------------------------------------- */

static enum gw_status open_ledger(struct answer *a, const struct arguments *arguments, struct gw_error *err)
{
    enum gw_status rc = report_ledger_of(arguments, &a->arena, &a->config, &a->request.ledger_path, err);

    a->request.config = a->config.path ? &a->config : NULL;
    if (rc == GW_OK)
        rc = report_hold(a->request.ledger_path, &a->request.ledger, &a->request.beside, err);
    if (rc == GW_OK && a->config.audit_checkpoints)
        rc = gw_audit_ship_to(a->request.ledger, a->config.audit_checkpoints, err);
    return rc;
}

static int carry_out(struct answer *a, const struct arguments *arguments)
{
    struct gw_error failure;
    enum gw_status rc = open_ledger(a, arguments, &failure);

    if (rc == GW_OK)
        rc = gw_decide_run(&a->arena, &a->request, &a->result, &failure);
    gw_ledger_close(a->request.ledger);
    output_init(&a->output, stdout);
    if (rc == GW_OK)
        (arguments_has(arguments, OPTION_JSON) ? print_json : print_people)(a);
    gw_arena_release(&a->arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}

static int give_up(struct answer *a)
{
    gw_arena_release(&a->arena);
    return gw_exit_code(GW_EUSAGE);
}

int exceptions_decide_command(const struct arguments *arguments)
{
    struct answer a = {.arena = GW_ARENA_INIT(ARENA_BYTES)};

    a.request = (struct gw_decide_request){.selector = arguments->inputs[0],
                                           .kind = arguments->values[OPTION_KIND],
                                           .scope = arguments->values[OPTION_SCOPE]};
    if (!read_author(&a, arguments) || !read_assignments(&a, arguments))
        return give_up(&a);
    return carry_out(&a, arguments);
}

/* approve N and undo N. */
static int about_another(const struct arguments *arguments, bool undoes)
{
    struct answer a = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    const int64_t n = number_of(arguments->inputs[0]);

    if (n == 0) {
        arguments_wrong(arguments, "\"%.40s\" is no number of a decision", arguments->inputs[0]);
        return give_up(&a);
    }
    if (!read_author(&a, arguments))
        return give_up(&a);
    a.request.undoes = undoes ? n : 0;
    a.request.approves = undoes ? 0 : n;
    return carry_out(&a, arguments);
}

int exceptions_approve_command(const struct arguments *arguments)
{
    return about_another(arguments, false);
}

int exceptions_undo_command(const struct arguments *arguments)
{
    return about_another(arguments, true);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

/* "ES-017 Observation/o-2 component[0]", the cause, or what it is about. */
static const char *about(struct gw_arena *arena, const struct gw_decision *decision)
{
    const struct gw_decision_match *match = &decision->match;

    if (decision->undoes)
        return gw_arena_print(arena, "decision %lld", (long long)decision->undoes);
    if (decision->kind == GW_DECIDE_APPROVE)
        return gw_arena_print(arena, "decision %s", decision->set[GW_SET_DECISION]);
    if (match->fingerprint)
        return match->fingerprint;
    if (match->id)
        return gw_arena_print(arena, "%s %s/%s%s%s", match->subject, match->type, match->id, *match->part ? " " : "",
                              match->part);
    return match->subject ? match->subject : decision->scope;
}

static void print_decisions(struct answer *a, const struct gw_decisions *decisions, const bool *holds)
{
    static const struct column columns[] = {{"N", true},      {"AT", false},  {"BY", false},     {"KIND", false},
                                            {"ABOUT", false}, {"SET", false}, {"REASON", false}, {"NOTE", false}};
    struct table *table = table_new(&a->output, columns, sizeof columns / sizeof columns[0]);

    if (decisions->count == 0)
        fprintf(a->output.out, "No decision yet\n");
    for (size_t i = 0; i < decisions->count; i++) {
        const struct gw_decision *decision = &decisions->list[i];
        struct gw_text set = GW_TEXT_INIT(64 * 1024);

        gw_decision_print_set(&set, decision);
        table_number(table, decision->n);
        table_text(table, decision->at);
        table_text(table, decision->by);
        table_text(table, gw_decision_kind_name(decision->kind));
        table_text(table, about(&a->arena, decision));
        table_text(table, set.at);
        table_text(table, decision->reason);
        table_text(table, holds[i] ? "" : "its record is gone: it changes nothing");
        gw_text_release(&set);
    }
    table_print(table);
}

/* As `map --decisions` takes them. */
static void print_decisions_json(struct answer *a, const struct gw_decisions *decisions)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < decisions->count; i++)
        cJSON_AddItemToArray(list, decision_json(&decisions->list[i]));
    output_json(&a->output, list);
}

/* Of each whether the record that it is about is there. */
static enum gw_status find_records(struct answer *a, const struct gw_decisions *decisions, const bool **out,
                                   struct gw_error *err)
{
    bool *holds = gw_arena_alloc(&a->arena, (decisions->count + 1) * sizeof *holds);
    enum gw_status rc = holds ? GW_OK : gw_fail(err, GW_ENOMEM, "cli.decide", "no memory for the decisions");

    for (size_t i = 0; rc == GW_OK && i < decisions->count; i++)
        rc = gw_ledger_decision_holds(a->request.ledger, &decisions->list[i], &holds[i], err);
    *out = holds;
    return rc;
}

int exceptions_decisions_command(const struct arguments *arguments)
{
    struct answer a = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    struct gw_decisions decisions = {NULL, 0};
    const bool *holds = NULL;
    struct gw_error failure;
    enum gw_status rc = open_ledger(&a, arguments, &failure);

    output_init(&a.output, stdout);
    if (rc == GW_OK)
        rc = gw_ledger_decisions(a.request.ledger, &decisions, &failure);
    if (rc == GW_OK)
        rc = find_records(&a, &decisions, &holds, &failure);
    if (rc == GW_OK && arguments_has(arguments, OPTION_JSON))
        print_decisions_json(&a, &decisions);
    else if (rc == GW_OK)
        print_decisions(&a, &decisions, holds);
    gw_ledger_close(a.request.ledger);
    gw_arena_release(&a.arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
