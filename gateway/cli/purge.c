/*
 * casement purge: what a purge would take, before anything goes; an order to purge one subject, made and carried out.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/acts.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "gateway/ledger/audit.h"
#include "gateway/service/purge.h"
#include "gateway/service/retention.h"

#define ARENA_BYTES ((size_t)2 << 30)

static const char where[] = "cli.purge";

struct purging {
    struct gw_arena arena;
    struct gw_config config;
    const char *path; /* of the ledger */
    struct gw_ledger *ledger;
    struct output output;
};

/* ---- what would go --------------------------------------------------------------------------------------------- */

static void print_due(const struct purging *p, const struct gw_config_study *study)
{
    FILE *out = p->output.out;
    char due[11];

    if (!study->closed) {
        fprintf(out, "%s runs: nothing of it is due (its \"closed\" says no day)\n", study->id);
        return;
    }
    gw_day_print(gw_retention_due(&p->config, study), due);
    fprintf(out, "%s: its last day is %s; what is kept of its subjects goes on %s\n", study->id, study->closed, due);
}

static void print_subjects(const struct purging *p, const struct gw_purge_list *list,
                           const struct gw_config_study *study)
{
    static const struct column columns[] = {{"SUBJECT", false}, {"VERSIONS", true}, {"PARTS", true},
                                            {"BYTES", true},    {"AT DOOR", true},  {"EXCEPTIONS", true},
                                            {"NOTES", true},    {"STAYS", false}};
    struct table *table = table_new(&p->output, columns, sizeof columns / sizeof columns[0]);

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_purge_subject *subject = &list->list[i];
        const struct gw_purge_view *view = &subject->view;
        char stays[120];

        if (subject->study != study || subject->stone)
            continue;
        snprintf(stays, sizeof stays, "%" PRId64 " rows, %" PRId64 " revisions, %" PRId64 " receipts", subject->rows,
                 view->revisions, view->receipts);
        table_text(table, subject->subject);
        table_number(table, view->versions);
        table_number(table, view->parts);
        table_number(table, view->bytes);
        table_number(table, view->door_parts);
        table_number(table, view->items);
        table_number(table, view->notes + view->cursors + view->patients);
        table_text(table, stays);
    }
    table_print(table);
}

static void print_kinds(const struct purging *p, const struct gw_purge_view *view)
{
    FILE *out = p->output.out;

    for (size_t i = 0; i < view->kind_count; i++)
        fprintf(out, "  %s: %" PRId64 " %s, %" PRId64 " %s\n", view->kinds[i].type, view->kinds[i].versions,
                plural(view->kinds[i].versions, "version", "versions"), view->kinds[i].parts,
                plural(view->kinds[i].parts, "part", "parts"));
    fprintf(out,
            "  %" PRId64 " of its %" PRId64 " exceptions open; %" PRId64
            " %s for delivery, which a purge leaves in the "
            "outbox\n",
            view->open_items, view->items, view->waiting, plural(view->waiting, "batch waits", "batches wait"));
}

/* "1 version with 1 part, 0 exceptions" */
static void print_counts(const struct purging *p, int64_t versions, int64_t parts, int64_t items)
{
    fprintf(p->output.out, "%" PRId64 " %s with %" PRId64 " %s, %" PRId64 " %s", versions,
            plural(versions, "version", "versions"), parts, plural(parts, "part", "parts"), items,
            plural(items, "exception", "exceptions"));
}

static void print_stones(const struct purging *p, const struct gw_purge_list *list, const struct gw_config_study *study)
{
    FILE *out = p->output.out;

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_tombstone *stone = list->list[i].stone;

        if (list->list[i].study != study || !stone)
            continue;
        fprintf(out, "%s %s %s (", stone->subject_key, stone->ended ? "was purged on" : "is being purged since",
                stone->ended ? stone->ended : stone->begun);
        output_text(&p->output, stone->why);
        fprintf(out, "): ");
        print_counts(p, stone->versions, stone->parts, stone->items);
        fputc('\n', out);
    }
}

static void print_people(const struct purging *p, const struct gw_purge_list *list, const char *study,
                         const char *subject)
{
    for (size_t i = 0; i < p->config.study_count; i++) {
        const struct gw_config_study *at = &p->config.studies[i];

        if (study && strcmp(study, at->id) != 0)
            continue;
        print_due(p, at);
        print_subjects(p, list, at);
        for (size_t k = 0; subject && k < list->count; k++)
            if (list->list[k].study == at && !list->list[k].stone)
                print_kinds(p, &list->list[k].view);
        print_stones(p, list, at);
    }
    if (list->waiting > 0)
        fprintf(p->output.out, "%zu %s noted: the running service, or the next sync, takes %s up\n", list->waiting,
                plural((int64_t)list->waiting, "order is", "orders are"), plural((int64_t)list->waiting, "it", "them"));
    fprintf(p->output.out, "Decisions, the audit trail and a tombstone stay as well. Nothing was changed\n");
}

/* ---- for programs ---------------------------------------------------------------------------------------------- */

static cJSON *kinds_json(const struct gw_purge_view *view)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < view->kind_count; i++) {
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "type", view->kinds[i].type);
        cJSON_AddNumberToObject(object, "versions", (double)view->kinds[i].versions);
        cJSON_AddNumberToObject(object, "parts", (double)view->kinds[i].parts);
        cJSON_AddItemToArray(list, object);
    }
    return list;
}

static cJSON *goes_json(const struct gw_purge_view *view)
{
    const struct {
        const char *name;
        int64_t count;
    } counts[] = {{"versions", view->versions},
                  {"parts", view->parts},
                  {"pages", view->pages},
                  {"bytes", view->bytes},
                  {"door_versions", view->door_versions},
                  {"door_parts", view->door_parts},
                  {"exceptions", view->items},
                  {"open_exceptions", view->open_items},
                  {"cursors", view->cursors},
                  {"notes", view->notes},
                  {"patients", view->patients}};
    cJSON *object = cJSON_CreateObject();

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        cJSON_AddNumberToObject(object, counts[i].name, (double)counts[i].count);
    cJSON_AddItemToObject(object, "kinds", kinds_json(view));
    return object;
}

static void add_stone(cJSON *object, const struct gw_tombstone *stone)
{
    cJSON_AddStringToObject(object, "why", stone->why);
    cJSON_AddStringToObject(object, "begun", stone->begun);
    if (stone->ended)
        cJSON_AddStringToObject(object, "ended", stone->ended);
    else
        cJSON_AddNullToObject(object, "ended");
}

static cJSON *subject_json(const struct gw_purge_subject *subject)
{
    cJSON *object = cJSON_CreateObject(), *stays;

    cJSON_AddStringToObject(object, "subject", subject->subject);
    cJSON_AddStringToObject(object, "site", subject->site);
    cJSON_AddBoolToObject(object, "purged", subject->stone != NULL);
    if (subject->stone) {
        add_stone(object, subject->stone);
        return object;
    }
    cJSON_AddItemToObject(object, "goes", goes_json(&subject->view));
    stays = cJSON_AddObjectToObject(object, "stays");
    cJSON_AddNumberToObject(stays, "rows", (double)subject->rows);
    cJSON_AddNumberToObject(stays, "revision", (double)subject->revision);
    cJSON_AddNumberToObject(stays, "revisions", (double)subject->view.revisions);
    cJSON_AddNumberToObject(stays, "receipts", (double)subject->view.receipts);
    cJSON_AddNumberToObject(stays, "waiting", (double)subject->view.waiting);
    return object;
}

static cJSON *study_json(const struct purging *p, const struct gw_purge_list *list, const struct gw_config_study *study)
{
    cJSON *object = cJSON_CreateObject(), *subjects;
    char due[11];

    cJSON_AddStringToObject(object, "study", study->id);
    if (study->closed) {
        gw_day_print(gw_retention_due(&p->config, study), due);
        cJSON_AddStringToObject(object, "closed", study->closed);
        cJSON_AddStringToObject(object, "due", due);
    } else {
        cJSON_AddNullToObject(object, "closed");
        cJSON_AddNullToObject(object, "due");
    }
    subjects = cJSON_AddArrayToObject(object, "subjects");
    for (size_t i = 0; i < list->count; i++)
        if (list->list[i].study == study)
            cJSON_AddItemToArray(subjects, subject_json(&list->list[i]));
    return object;
}

static void print_json(const struct purging *p, const struct gw_purge_list *list, const char *study)
{
    cJSON *root = cJSON_CreateObject(), *studies = cJSON_AddArrayToObject(root, "studies");

    for (size_t i = 0; i < p->config.study_count; i++)
        if (!study || strcmp(study, p->config.studies[i].id) == 0)
            cJSON_AddItemToArray(studies, study_json(p, list, &p->config.studies[i]));
    cJSON_AddNumberToObject(root, "orders_waiting", (double)list->waiting);
    output_json(&p->output, root);
}

static enum gw_status show(struct purging *p, const struct arguments *arguments, struct gw_error *err)
{
    const char *study = arguments->values[OPTION_STUDY_ID], *subject = arguments->values[OPTION_SUBJECT];
    struct gw_purge_list list;
    enum gw_status rc = report_open(p->path, &p->ledger, err);

    if (rc == GW_OK)
        rc = gw_purge_list(p->ledger, &p->arena, &p->config, study, subject, &list, err);
    if (rc != GW_OK)
        return rc;
    if (arguments_has(arguments, OPTION_JSON))
        print_json(p, &list, study);
    else
        print_people(p, &list, study, subject);
    return rc;
}

/* ---- an order is made ------------------------------------------------------------------------------------------ */

static void print_order(const struct purging *p, const struct gw_purge_order *order, const char *path)
{
    FILE *out = p->output.out;

    fprintf(out, "%s: ", path);
    output_text(&p->output, order->by);
    fprintf(out, " of %s orders that what is kept of %s goes: ", order->installation, order->subject);
    print_counts(p, order->versions, order->parts + order->door_parts, order->items);
    fprintf(out, "; what was delivered %s\n", order->withdraw ? "is withdrawn" : "stays");
    fprintf(out, "Until %s, if nothing of the subject changes: casement purge -c %s --apply %s\n", order->until,
            p->config.path, path);
}

static void print_order_json(const struct purging *p, const struct gw_text *line)
{
    cJSON *order = cJSON_Parse(line->at);

    if (!order)
        output_no_memory();
    output_json(&p->output, order);
}

/* Never over a file that is there: it may be the key. */
static enum gw_status write_order(const char *path, const struct gw_text *line, struct gw_error *err)
{
    if (line->failed)
        return gw_fail(err, GW_ENOMEM, where, "no memory for an order");
    if (access(path, F_OK) == 0)
        return gw_fail(err, GW_ECREATE, where, "%s: is there already; an order is a new file", path);
    return gw_text_write_file(path, 0600, line->at, line->length, err);
}

static enum gw_status make(struct purging *p, const struct arguments *arguments, struct gw_error *err)
{
    const char *path = arguments->values[OPTION_ORDER];
    const struct gw_config_study *study = NULL;
    struct gw_text line = GW_TEXT_INIT(GW_ORDER_LINE_MAX);
    struct gw_purge_order order;
    enum gw_status rc = report_study(&p->config, arguments->values[OPTION_STUDY_ID], &study, err);

    if (rc == GW_OK)
        rc = report_open(p->path, &p->ledger, err);
    if (rc == GW_OK)
        rc = gw_order_make(p->ledger, &p->arena,
                           &(struct gw_order_request){.config = &p->config,
                                                      .study = study->id,
                                                      .subject = arguments->values[OPTION_SUBJECT],
                                                      .withdraw = gw_same(arguments->values[OPTION_ROWS], "withdraw"),
                                                      .reason = arguments->values[OPTION_REASON],
                                                      .by = acts_author(arguments, &p->arena),
                                                      .key = arguments->values[OPTION_ORDER_KEY],
                                                      .now = time(NULL)},
                           &line, &order, err);
    gw_text_add(&line, "\n");
    if (rc == GW_OK)
        rc = write_order(path, &line, err);
    if (rc == GW_OK && arguments_has(arguments, OPTION_JSON))
        print_order_json(p, &line);
    else if (rc == GW_OK)
        print_order(p, &order, path);
    gw_text_release(&line);
    return rc;
}

/* ---- an order is carried out ----------------------------------------------------------------------------------- */

static void print_applied(const struct purging *p, const struct gw_purge_applied *applied)
{
    const struct gw_purge_order *order = &applied->order;
    FILE *out = p->output.out;

    if (applied->left) {
        fprintf(out, "%s: the running service purges %s within a minute\n",
                applied->answer == GW_ORDER_GOES_ON ? "Begun before" : "Noted", order->subject);
        return;
    }
    fprintf(out, "%s is purged%s: ", order->subject,
            applied->answer == GW_ORDER_GOES_ON ? ", which had been broken off" : "");
    print_counts(p, order->versions, order->parts + order->door_parts, order->items);
    fputc('\n', out);
    if (!order->withdraw)
        fprintf(out, "What was delivered of it stays in the study database\n");
    else if (applied->pass.batches > 0)
        fprintf(out, "%zu %s withdrawn from the study database\n", applied->pass.withdrawn,
                plural((int64_t)applied->pass.withdrawn, "row is", "rows are"));
    else
        fprintf(out, "Its rows are withdrawn from the study database with the next casement sync, or by the service\n");
}

static void print_applied_json(const struct purging *p, const struct gw_purge_applied *applied)
{
    cJSON *root = cJSON_CreateObject();

    cJSON_AddStringToObject(root, "study", applied->order.study);
    cJSON_AddStringToObject(root, "subject", applied->order.subject);
    cJSON_AddBoolToObject(root, "left_to_service", applied->left);
    cJSON_AddStringToObject(root, "rows", applied->order.withdraw ? "withdraw" : "keep");
    cJSON_AddNumberToObject(root, "withdrawn", (double)applied->pass.withdrawn);
    output_json(&p->output, root);
}

static enum gw_status apply(struct purging *p, const struct arguments *arguments, struct gw_error *err)
{
    struct gw_text line = GW_TEXT_INIT(GW_ORDER_LINE_MAX);
    struct gw_purge_applied applied;
    bool beside = false;
    enum gw_status rc = gw_order_load(arguments->values[OPTION_APPLY], &line, err);

    if (rc == GW_OK)
        rc = report_hold(p->path, &p->ledger, &beside, err);
    if (rc == GW_OK && p->config.audit_checkpoints)
        rc = gw_audit_ship_to(p->ledger, p->config.audit_checkpoints, err);
    if (rc == GW_OK)
        rc = gw_purge_apply(p->ledger, p->path, &p->arena, &p->config, &line, time(NULL), beside,
                            acts_author(arguments, &p->arena), &applied, err);
    if (rc == GW_OK)
        (arguments_has(arguments, OPTION_JSON) ? print_applied_json : print_applied)(p, &applied);
    gw_text_release(&line);
    return rc;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

/* What goes with an order that is made goes with nothing else. */
static bool is_whole(const struct arguments *arguments)
{
    const bool makes = arguments_has(arguments, OPTION_ORDER), applies = arguments_has(arguments, OPTION_APPLY);
    const char *rows = arguments->values[OPTION_ROWS];

    if (makes && applies)
        arguments_wrong(arguments, "an order is made with --order, and carried out with --apply: not both at once");
    else if (!makes && (rows || arguments_has(arguments, OPTION_REASON) || arguments_has(arguments, OPTION_ORDER_KEY)))
        arguments_wrong(arguments, "--reason, --key and --rows go with --order FILE");
    else if (applies && (arguments_has(arguments, OPTION_SUBJECT) || arguments_has(arguments, OPTION_STUDY_ID)))
        arguments_wrong(arguments, "the order itself names study and subject: --apply goes without --study, --subject");
    else if (makes && !arguments_has(arguments, OPTION_SUBJECT))
        arguments_wrong(arguments, "--subject S is missing: an order is about one subject");
    else if (makes && (!arguments_has(arguments, OPTION_REASON) || !*arguments->values[OPTION_REASON]))
        arguments_wrong(arguments, "--reason TEXT is missing: say why, in a few words");
    else if (makes && !arguments_has(arguments, OPTION_ORDER_KEY))
        arguments_wrong(arguments, "--key FILE is missing: the private key of who orders it");
    else if (rows && strcmp(rows, "keep") != 0 && strcmp(rows, "withdraw") != 0)
        arguments_wrong(arguments, "--rows \"%.40s\" is neither keep nor withdraw", rows);
    else
        return true;
    return false;
}

int purge_command(const struct arguments *arguments)
{
    struct purging p = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    struct gw_error failure;
    enum gw_status rc;

    if (!is_whole(arguments))
        return gw_exit_code(GW_EUSAGE);
    output_init(&p.output, stdout);
    rc = report_ledger_of(arguments, &p.arena, &p.config, &p.path, &failure);
    if (rc == GW_OK && arguments_has(arguments, OPTION_ORDER))
        rc = make(&p, arguments, &failure);
    else if (rc == GW_OK)
        rc = (arguments_has(arguments, OPTION_APPLY) ? apply : show)(&p, arguments, &failure);
    gw_ledger_close(p.ledger);
    gw_arena_release(&p.arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
