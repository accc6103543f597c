/*
 * casement sign: windows of subjects signed as they were delivered, named one by one or in a list.
 */
#include "gateway/service/sign.h"
#include "cli/acts.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "gateway/ledger/audit.h"

#define ARENA_BYTES ((size_t)2 << 30)

struct signing {
    struct gw_arena arena;
    struct gw_config config;
    struct gw_sign_request request;
    struct gw_sign_result result;
    struct output output;
};

/* ---- arguments ------------------------------------------------------------------------------------------------- */

static enum gw_status read_windows(struct signing *s, const struct arguments *arguments, struct gw_error *err)
{
    struct gw_sign_windows *windows = &s->request.windows;

    if (arguments_has(arguments, OPTION_LIST))
        return gw_sign_list(&s->arena, arguments->values[OPTION_LIST], windows, err);
    windows->list = gw_arena_alloc(&s->arena, arguments->input_count * sizeof *windows->list);
    if (!windows->list)
        output_no_memory();
    for (size_t i = 1; i < arguments->input_count; i++)
        windows->list[windows->count++] =
            (struct gw_sign_window){.subject = arguments->inputs[0], .window = arguments->inputs[i]};
    return GW_OK;
}

/* Whether there is something to sign, and who does and why. */
static bool is_whole(struct signing *s, const struct arguments *arguments)
{
    const bool list = arguments_has(arguments, OPTION_LIST);

    s->request.by = acts_author(arguments, &s->arena);
    s->request.reason = arguments->values[OPTION_REASON];
    if (list == (arguments->input_count > 0))
        arguments_wrong(arguments, list ? "give either --list or a subject with its windows"
                                        : "nothing is signed: write SUBJECT WINDOW..., or --list CSV");
    else if (!list && arguments->input_count < 2)
        arguments_wrong(arguments, "which windows of %.40s?", arguments->inputs[0]);
    else if (!s->request.by || !*s->request.by)
        arguments_wrong(arguments, "--as NAME is missing: who signs?");
    else if (!*s->request.reason)
        arguments_wrong(arguments, "--reason is empty: say why, in a few words");
    else
        return true;
    return false;
}

/* ---- what came of it ------------------------------------------------------------------------------------------- */

static void print_people(const struct signing *s)
{
    const struct gw_sign_result *result = &s->result;
    const struct gw_pass_result *pass = &result->pass;
    FILE *out = s->output.out;

    fprintf(out, "%zu %s signed", result->signed_now, plural((int64_t)result->signed_now, "window", "windows"));
    if (result->signed_now == 1)
        fprintf(out, " (decision %lld)", (long long)result->first);
    else if (result->signed_now > 1)
        fprintf(out, " (decisions %lld to %lld)", (long long)result->first, (long long)result->last);
    if (result->already > 0)
        fprintf(out, "; %zu already %s", result->already, plural((int64_t)result->already, "was", "were"));
    fputc('\n', out);
    if (s->request.beside || result->signed_now == 0)
        return;
    fprintf(out, "%zu %s opened: what came since the rows were delivered\n", pass->items_opened,
            plural((int64_t)pass->items_opened, "exception", "exceptions"));
    report_held_back(&s->output, result->held_back);
}

static void print_json(const struct signing *s)
{
    cJSON *root = cJSON_CreateObject(), *object;

    cJSON_AddNumberToObject(root, "signed", (double)s->result.signed_now);
    cJSON_AddNumberToObject(root, "already", (double)s->result.already);
    if (s->result.signed_now > 0) {
        cJSON_AddNumberToObject(root, "first_decision", (double)s->result.first);
        cJSON_AddNumberToObject(root, "last_decision", (double)s->result.last);
    }
    cJSON_AddBoolToObject(root, "left_to_service", s->request.beside);
    object = cJSON_AddObjectToObject(root, "exceptions");
    cJSON_AddNumberToObject(object, "opened", (double)s->result.pass.items_opened);
    cJSON_AddNumberToObject(object, "closed", (double)s->result.pass.items_closed);
    output_json(&s->output, root);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static enum gw_status sign(struct signing *s, const struct arguments *arguments, struct gw_error *err)
{
    enum gw_status rc = read_windows(s, arguments, err);

    if (rc == GW_OK)
        rc = report_ledger_of(arguments, &s->arena, &s->config, &s->request.ledger_path, err);
    s->request.config = s->config.path ? &s->config : NULL;
    if (rc == GW_OK)
        rc = report_hold(s->request.ledger_path, &s->request.ledger, &s->request.beside, err);
    if (rc == GW_OK && s->config.audit_checkpoints)
        rc = gw_audit_ship_to(s->request.ledger, s->config.audit_checkpoints, err);
    return rc == GW_OK ? gw_sign_run(&s->arena, &s->request, &s->result, err) : rc;
}

int sign_command(const struct arguments *arguments)
{
    struct signing s = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    struct gw_error failure;
    enum gw_status rc;

    s.request.study = arguments->values[OPTION_STUDY_ID];
    if (!is_whole(&s, arguments)) {
        gw_arena_release(&s.arena);
        return gw_exit_code(GW_EUSAGE);
    }
    rc = sign(&s, arguments, &failure);
    gw_ledger_close(s.request.ledger);
    output_init(&s.output, stdout);
    if (rc == GW_OK)
        (arguments_has(arguments, OPTION_JSON) ? print_json : print_people)(&s);
    gw_arena_release(&s.arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
