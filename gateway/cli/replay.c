/*
 * casement replay: chosen subjects derived again with what is configured now, asked for again before (refetch.h); or a
 * study database written anew.
 */
#include "gateway/service/replay.h"
#include "cli/acts.h"
#include "cli/commands.h"
#include "cli/refetch.h"
#include "cli/report.h"

#define ARENA_BYTES ((size_t)2 << 30)

struct replay {
    struct gw_arena arena;
    struct gw_config config;
    struct gw_replay_request request;
    struct gw_replay_result result;
    struct output output;
};

/* ---- what came of it ------------------------------------------------------------------------------------------- */

static void print_people(const struct replay *r)
{
    FILE *out = r->output.out;

    if (r->request.beside) {
        fprintf(out, "%zu %s marked: the running service derives them within a minute\n", r->result.chosen,
                plural((int64_t)r->result.chosen, "subject", "subjects"));
        return;
    }
    report_pass(&r->output, &r->result.pass, r->result.held_back);
    if (*r->result.changed)
        fprintf(out, "since the last derivation %s changed: rows follow what they say today\n", r->result.changed);
}

static void print_json(const struct replay *r)
{
    const struct gw_pass_result *pass = &r->result.pass;
    cJSON *root = cJSON_CreateObject(), *object = cJSON_AddObjectToObject(root, "subjects");

    cJSON_AddNumberToObject(object, "chosen", (double)r->result.chosen);
    cJSON_AddNumberToObject(object, "derived", (double)pass->subjects);
    cJSON_AddNumberToObject(object, "blocked", (double)pass->blocked);
    cJSON_AddNumberToObject(object, "held_back", (double)r->result.held_back);
    cJSON_AddBoolToObject(root, "left_to_service", r->request.beside);
    object = cJSON_AddObjectToObject(root, "rows");
    cJSON_AddNumberToObject(object, "added", (double)pass->added);
    cJSON_AddNumberToObject(object, "changed", (double)pass->changed);
    cJSON_AddNumberToObject(object, "withdrawn", (double)pass->withdrawn);
    object = cJSON_AddObjectToObject(root, "exceptions");
    cJSON_AddNumberToObject(object, "opened", (double)pass->items_opened);
    cJSON_AddNumberToObject(object, "closed", (double)pass->items_closed);
    output_json(&r->output, root);
}

/* ---- the two things that can be done --------------------------------------------------------------------------- */

static enum gw_status replay(struct replay *r, const struct arguments *arguments, struct gw_error *err)
{
    enum gw_status rc;

    r->request.subjects = arguments->values[OPTION_SUBJECTS];
    r->request.type = arguments->values[OPTION_TYPE];
    r->request.reason = arguments->values[OPTION_REASON];
    r->request.by = acts_author(arguments, &r->arena);
    rc = report_hold(r->request.ledger_path, &r->request.ledger, &r->request.beside, err);
    if (rc == GW_OK)
        rc = gw_replay_run(&r->arena, &r->request, &r->result, err);
    if (rc == GW_OK)
        (arguments_has(arguments, OPTION_JSON) ? print_json : print_people)(r);
    return rc;
}

/* By the ledger that is open: another one would end the locks of this one with its own. */
static enum gw_status audit_rebuild(struct replay *r, const struct arguments *arguments,
                                    const struct gw_rebuild_result *result, struct gw_error *err)
{
    const char *path = arguments->values[OPTION_REBUILD], *by = acts_author(arguments, &r->arena);
    const char *what = gw_arena_print(&r->arena, "the study database from the ledger into %s: %zu rows of %zu subjects",
                                      path, result->rows, result->subjects);
    char digits[2 * GW_SHA256_BYTES + 1];
    uint8_t digest[GW_SHA256_BYTES];
    enum gw_status rc = gw_sha256_file(path, digest, err);

    gw_hex(digest, sizeof digest, digits);
    return rc == GW_OK ? gw_audit_note(r->request.ledger,
                                       &(struct gw_audit_act){.act = GW_AUDIT_REBUILD,
                                                              .by = by && *by ? by : NULL,
                                                              .study = r->request.study,
                                                              .what = what,
                                                              .new_hash = digits},
                                       err)
                       : rc;
}

static enum gw_status rebuild(struct replay *r, const struct arguments *arguments, struct gw_error *err)
{
    const char *path = arguments->values[OPTION_REBUILD];
    struct gw_rebuild_result result;
    enum gw_status rc = report_open(r->request.ledger_path, &r->request.ledger, err);

    if (rc == GW_OK)
        rc = gw_replay_rebuild(r->request.ledger, r->request.study, path, &result, err);
    if (rc == GW_OK)
        rc = audit_rebuild(r, arguments, &result, err);
    if (rc != GW_OK)
        return rc;
    if (arguments_has(arguments, OPTION_JSON)) {
        cJSON *root = cJSON_CreateObject();

        cJSON_AddStringToObject(root, "database", path);
        cJSON_AddNumberToObject(root, "subjects", (double)result.subjects);
        cJSON_AddNumberToObject(root, "rows", (double)result.rows);
        output_json(&r->output, root);
    } else {
        fprintf(r->output.out, "%s: %zu %s of %zu %s, from the ledger alone\n", path, result.rows,
                plural((int64_t)result.rows, "row", "rows"), result.subjects,
                plural((int64_t)result.subjects, "subject", "subjects"));
    }
    return rc;
}

int replay_command(const struct arguments *arguments)
{
    struct replay r = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    const bool anew = arguments_has(arguments, OPTION_REBUILD), reason = arguments_has(arguments, OPTION_REASON);
    struct gw_error failure;
    enum gw_status rc;

    if (!anew && (!reason || !*arguments->values[OPTION_REASON]))
        return arguments_wrong(arguments, "--reason TEXT is missing: say why, in a few words");
    if (anew && (reason || arguments_has(arguments, OPTION_SUBJECTS) || arguments_has(arguments, OPTION_TYPE) ||
                 arguments_has(arguments, OPTION_FROM) || arguments_has(arguments, OPTION_TO) ||
                 arguments_has(arguments, OPTION_REFETCH)))
        return arguments_wrong(arguments, "--rebuild writes the whole study: it goes with --study and --json alone");
    if (arguments_has(arguments, OPTION_REFETCH) && arguments_has(arguments, OPTION_LEDGER))
        return arguments_wrong(arguments, "--refetch asks hospitals: it goes with -c FILE, which names them");
    if (arguments_has(arguments, OPTION_REFETCH))
        return refetch(arguments);
    if (!arguments_day(arguments, OPTION_FROM, &r.request.from) || !arguments_day(arguments, OPTION_TO, &r.request.to))
        return gw_exit_code(GW_EUSAGE);
    r.request.study = arguments->values[OPTION_STUDY_ID];
    output_init(&r.output, stdout);
    rc = report_ledger_of(arguments, &r.arena, &r.config, &r.request.ledger_path, &failure);
    r.request.config = r.config.path ? &r.config : NULL;
    if (rc == GW_OK)
        rc = (anew ? rebuild : replay)(&r, arguments, &failure);
    gw_ledger_close(r.request.ledger);
    gw_arena_release(&r.arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
