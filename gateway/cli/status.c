/*
 * casement status: where everything that was read has gone.
 */
#include <inttypes.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/deliveries.h"
#include "cli/report.h"
#include "gateway/ledger/notes.h"
#include "gateway/ledger/settle.h"
#include "gateway/net/circuit.h"
#include "gateway/service/savings.h"
#include "gateway/sources/profile.h"

#define ARENA_BYTES ((size_t)256 << 20)

struct state {
    struct gw_arena arena;
    struct gw_config config;     /* without endpoints when the ledger was named itself */
    struct gw_profile *profiles; /* of its endpoints, and so the circuits */
    struct gw_circuit *circuits;
    struct gw_savings *savings; /* of its endpoints */
    struct gw_roster *rosters;  /* of its studies, as they are now */
    struct gw_error *unread;    /* why a roster cannot be read; status GW_OK: it can */
    struct gw_equation equation;
    struct gw_ledger_subjects subjects;
    struct gw_outbox outbox;              /* what waits */
    struct gw_delivery_state *deliveries; /* of its studies */
    struct tally codes;
};

static enum gw_status read_savings(struct state *state, struct gw_ledger *ledger, struct gw_error *err)
{
    const struct gw_config *config = &state->config;
    enum gw_status rc = GW_OK;

    state->savings = gw_arena_alloc(&state->arena, (config->endpoint_count + 1) * sizeof *state->savings);
    if (!state->savings)
        output_no_memory();
    for (size_t i = 0; rc == GW_OK && i < config->endpoint_count; i++)
        rc = gw_savings(ledger, &state->arena, config->endpoints[i].id, &state->savings[i], err);
    return rc;
}

/* A roster that cannot be read is told, like all else: what the ledger holds is not less for it. */
static void read_rosters(struct state *state)
{
    const struct gw_config *config = &state->config;

    state->rosters = gw_arena_alloc(&state->arena, (config->study_count + 1) * sizeof *state->rosters);
    state->unread = gw_arena_alloc(&state->arena, (config->study_count + 1) * sizeof *state->unread);
    if (!state->rosters || !state->unread)
        output_no_memory();
    for (size_t i = 0; i < config->study_count; i++)
        gw_roster_load(&state->arena, config->studies[i].enrolment, config->studies[i].id, NULL, &state->rosters[i],
                       &state->unread[i]);
}

/* How the service last knew the endpoint: what a restart would go on from. */
static enum gw_status read_circuits(struct state *state, struct gw_ledger *ledger, struct gw_error *err)
{
    const struct gw_instant now = {time(NULL), 0};
    enum gw_status rc = GW_OK;

    state->circuits = gw_arena_alloc(&state->arena, (state->config.endpoint_count + 1) * sizeof *state->circuits);
    if (!state->circuits)
        output_no_memory();
    for (size_t i = 0; rc == GW_OK && i < state->config.endpoint_count; i++) {
        const char *text = NULL;

        rc = gw_ledger_note(ledger, &state->arena, GW_CIRCUIT_SPACE, state->config.endpoints[i].id, &text, err);
        if (rc == GW_OK && text && gw_circuit_read(&state->circuits[i], text, now, err) != GW_OK)
            state->circuits[i] = (struct gw_circuit){0}; /* of another release */
    }
    return rc;
}

static enum gw_status read_state(struct state *state, struct gw_ledger *ledger, struct gw_error *err)
{
    enum gw_status rc = gw_ledger_equation(ledger, &state->equation, err);

    state->codes.arena = &state->arena;
    if (rc == GW_OK)
        rc = gw_ledger_subjects(ledger, &state->arena, &state->subjects, err);
    if (rc == GW_OK)
        rc = gw_outbox_list(ledger, &state->arena, true, &state->outbox, err);
    if (rc == GW_OK)
        rc = deliveries_read(ledger, &state->arena, &state->config, &state->deliveries, err);
    if (rc == GW_OK)
        rc = report_codes(ledger, &state->codes, err);
    if (rc == GW_OK)
        rc = read_savings(state, ledger, err);
    if (rc == GW_OK)
        rc = read_circuits(state, ledger, err);
    return rc;
}

/* What casement check learnt of each endpoint. */
static enum gw_status read_profiles(struct state *state, struct gw_error *err)
{
    const struct gw_config *config = &state->config;
    const char *folder = gw_arena_print(&state->arena, "%s/endpoints", config->state ? config->state : "");
    enum gw_status rc = GW_OK;

    state->profiles = gw_arena_alloc(&state->arena, (config->endpoint_count + 1) * sizeof *state->profiles);
    if (!folder || !state->profiles)
        output_no_memory();
    for (size_t i = 0; rc == GW_OK && i < config->endpoint_count; i++)
        rc = gw_profile_load(folder, config->endpoints[i].id, &state->profiles[i], err);
    return rc;
}

/* Why an endpoint is not asked, and when it will be. */
static void print_circuit(const struct output *output, const char *id, const struct gw_circuit *circuit)
{
    char since[GW_INSTANT_BYTES], until[GW_INSTANT_BYTES];

    if (circuit->state == GW_CIRCUIT_RUNNING)
        return;
    gw_instant_print(circuit->since, since);
    fprintf(output->out, "%s fails since %s: %s\n", id, since, circuit->reason);
    if (circuit->until > 0) {
        gw_instant_print(circuit->until, until);
        fprintf(output->out, "  it is asked again at %s\n", until);
    } else if (circuit->state == GW_CIRCUIT_STOPPED) {
        fprintf(output->out, "  it is not asked until casement check finds it well, or the service is reloaded\n");
    }
}

static cJSON *circuit_json(const struct gw_circuit *circuit)
{
    cJSON *object = cJSON_CreateObject();
    char instant[GW_INSTANT_BYTES];

    cJSON_AddStringToObject(object, "state", gw_circuit_state_name(circuit->state));
    if (circuit->state == GW_CIRCUIT_RUNNING)
        return object;
    gw_instant_print(circuit->since, instant);
    cJSON_AddStringToObject(object, "since", instant);
    cJSON_AddStringToObject(object, "trouble", gw_trouble_name(circuit->trouble));
    cJSON_AddStringToObject(object, "reason", circuit->reason);
    if (circuit->until > 0) {
        gw_instant_print(circuit->until, instant);
        cJSON_AddStringToObject(object, "until", instant);
    }
    return object;
}

static void print_endpoints(const struct state *state, const struct output *output)
{
    static const struct column columns[] = {
        {"ENDPOINT", false}, {"ADDRESS", false}, {"STATE", false}, {"CHECKED", false}, {"SERVER", false}};
    struct table *table = table_new(output, columns, sizeof columns / sizeof columns[0]);

    for (size_t i = 0; i < state->config.endpoint_count; i++) {
        const struct gw_profile *profile = &state->profiles[i];

        table_text(table, state->config.endpoints[i].id);
        table_text(table, state->config.endpoints[i].base);
        table_text(table, gw_circuit_state_name(state->circuits[i].state));
        table_text(table, *profile->checked ? profile->checked : "never");
        table_text(table, profile->software);
    }
    table_print(table);
    for (size_t i = 0; i < state->config.endpoint_count; i++)
        print_circuit(output, state->config.endpoints[i].id, &state->circuits[i]);
}

/* "1,204" */
static const char *thousands(int64_t number, char out[32])
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    char *end = out;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *end++ = ',';
        *end++ = digits[i];
    }
    *end = '\0';
    return out;
}

/* Polling may have been the cheaper for a while: a first reading is sent once. */
static int64_t saved(const struct gw_savings *savings)
{
    return savings->plain > savings->sent ? savings->plain - savings->sent : 0;
}

static struct gw_savings all_savings(const struct state *state)
{
    struct gw_savings all = {0};

    for (size_t i = 0; i < state->config.endpoint_count; i++) {
        all.sent += state->savings[i].sent;
        all.plain += state->savings[i].plain;
    }
    return all;
}

static void print_savings(const struct state *state, const struct output *output)
{
    const struct gw_savings all = all_savings(state);
    char sent[32], spared[32];

    if (all.sent + all.plain > 0)
        fprintf(output->out, "requests: %s sent, %s saved against plain polling every %d h\n",
                thousands(all.sent, sent), thousands(saved(&all), spared), state->config.schedule.probe_hours);
}

static cJSON *savings_json(const struct state *state)
{
    const struct gw_savings all = all_savings(state);
    cJSON *object = cJSON_CreateObject();

    cJSON_AddNumberToObject(object, "sent", (double)all.sent);
    cJSON_AddNumberToObject(object, "saved", (double)saved(&all));
    cJSON_AddNumberToObject(object, "probe_hours", state->config.schedule.probe_hours);
    return object;
}

static cJSON *endpoints_json(const struct state *state)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < state->config.endpoint_count; i++) {
        const struct gw_profile *profile = &state->profiles[i];
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "id", state->config.endpoints[i].id);
        cJSON_AddStringToObject(object, "base", state->config.endpoints[i].base);
        if (*profile->checked)
            cJSON_AddStringToObject(object, "checked", profile->checked);
        else
            cJSON_AddNullToObject(object, "checked");
        cJSON_AddStringToObject(object, "software", profile->software);
        cJSON_AddItemToObject(object, "circuit", circuit_json(&state->circuits[i]));
        cJSON_AddNumberToObject(object, "requests_sent", (double)state->savings[i].sent);
        cJSON_AddNumberToObject(object, "requests_saved", (double)saved(&state->savings[i]));
        cJSON_AddItemToArray(list, object);
    }
    return list;
}

static void print_blocked(const struct state *state, const struct output *output)
{
    const struct gw_equation *equation = &state->equation;

    if (equation->blocked_subjects == 0)
        return;
    fprintf(output->out, "Blocked:");
    for (size_t i = 0; i < state->subjects.count; i++)
        if (state->subjects.list[i].blocked)
            fprintf(output->out, " %s", state->subjects.list[i].subject_key);
    fprintf(output->out, " (nothing leaves until their exceptions are resolved)\n");
}

/* What the roster of its study says of a subject now. */
enum enrolled { ENROLLED, WITHDRAWN, NOT_ON_ROSTER, PURGED, UNKNOWN };

static enum enrolled enrolled_as(const struct state *state, const struct gw_ledger_subject *subject)
{
    for (size_t i = 0; i < state->config.study_count; i++) {
        if (!gw_same(state->config.studies[i].id, subject->study))
            continue;
        if (state->unread[i].status != GW_OK)
            return UNKNOWN;
        for (size_t l = 0; l < state->rosters[i].count; l++) {
            if (!gw_same(state->rosters[i].lines[l].subject, subject->subject_key))
                continue;
            if (subject->purged)
                return PURGED;
            return state->rosters[i].lines[l].withdrawn == GW_NO_DAY ? ENROLLED : WITHDRAWN;
        }
        return subject->purged ? UNKNOWN : NOT_ON_ROSTER; /* gone from both: there is nothing to say of it */
    }
    return UNKNOWN;
}

static void print_enrolled(const struct state *state, const struct output *output, enum enrolled as, const char *title,
                           const char *meaning)
{
    size_t count = 0;

    for (size_t i = 0; i < state->subjects.count; i++)
        if (enrolled_as(state, &state->subjects.list[i]) == as)
            fprintf(output->out, "%s %s", count++ ? "" : title, state->subjects.list[i].subject_key);
    if (count > 0)
        fprintf(output->out, " (%s)\n", meaning);
}

static void print_enrolment(const struct state *state, const struct output *output)
{
    print_enrolled(state, output, WITHDRAWN, "Withdrawn:", "nothing is asked any more; what was collected stays");
    print_enrolled(state, output, NOT_ON_ROSTER,
                   "Not on the roster any more:", "nothing is asked or derived; what was delivered stays");
    print_enrolled(state, output, PURGED,
                   "Purged:", "nothing is asked or kept though the roster names them: take their lines out");
    for (size_t i = 0; i < state->config.study_count; i++)
        if (state->unread[i].status != GW_OK)
            fprintf(output->out, "The roster cannot be read: %s\n", state->unread[i].text);
}

static cJSON *enrolled_json(const struct state *state, enum enrolled as)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < state->subjects.count; i++)
        if (enrolled_as(state, &state->subjects.list[i]) == as)
            cJSON_AddItemToArray(list, cJSON_CreateString(state->subjects.list[i].subject_key));
    return list;
}

static void print_people(const struct state *state, const struct output *output)
{
    const struct gw_equation *equation = &state->equation;

    report_parts(output, equation);
    fprintf(output->out, "\n%zu %s, %" PRId64 " blocked, %" PRId64 " to be derived\n", state->subjects.count,
            plural((int64_t)state->subjects.count, "subject", "subjects"), equation->blocked_subjects,
            equation->dirty_subjects);
    print_blocked(state, output);
    print_enrolment(state, output);
    if (equation->pending == 0)
        fprintf(output->out, "Everything derived is delivered\n");
    else
        fprintf(output->out, "%" PRId64 " %s for delivery\n", equation->pending,
                plural(equation->pending, "batch waits", "batches wait"));
    if (equation->open_items == 0)
        fprintf(output->out, "No open exception\n");
    else
        fprintf(output->out, "%" PRId64 " open %s\n\n", equation->open_items,
                plural(equation->open_items, "exception", "exceptions"));
    tally_print(&state->codes, output, "OPEN EXCEPTIONS", "VALUES", 0);
    if (state->config.study_count > 0)
        deliveries_print(&state->config, state->deliveries, output);
    if (state->config.endpoint_count > 0)
        fputc('\n', output->out);
    print_endpoints(state, output);
    print_savings(state, output);
}

static cJSON *outbox_json(const struct gw_outbox *outbox)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < outbox->count; i++) {
        const struct gw_outbox_line *line = &outbox->lines[i];
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "study", line->study);
        cJSON_AddStringToObject(object, "subject", line->subject_key);
        cJSON_AddNumberToObject(object, "from_revision", (double)line->from_revision);
        cJSON_AddNumberToObject(object, "to_revision", (double)line->to_revision);
        cJSON_AddItemToArray(list, object);
    }
    return list;
}

static void print_json(const struct state *state, const struct output *output)
{
    cJSON *root = cJSON_CreateObject(), *subjects, *blocked;

    cJSON_AddItemToObject(root, "parts", report_parts_json(&state->equation));
    subjects = cJSON_AddObjectToObject(root, "subjects");
    cJSON_AddNumberToObject(subjects, "count", (double)state->subjects.count);
    cJSON_AddNumberToObject(subjects, "to_be_derived", (double)state->equation.dirty_subjects);
    blocked = cJSON_AddArrayToObject(subjects, "blocked");
    for (size_t i = 0; i < state->subjects.count; i++)
        if (state->subjects.list[i].blocked)
            cJSON_AddItemToArray(blocked, cJSON_CreateString(state->subjects.list[i].subject_key));
    cJSON_AddItemToObject(subjects, "withdrawn", enrolled_json(state, WITHDRAWN));
    cJSON_AddItemToObject(subjects, "not_on_roster", enrolled_json(state, NOT_ON_ROSTER));
    cJSON_AddItemToObject(subjects, "purged", enrolled_json(state, PURGED));
    cJSON_AddNumberToObject(root, "open_items", (double)state->equation.open_items);
    cJSON_AddItemToObject(root, "open_exceptions", tally_json(&state->codes));
    cJSON_AddItemToObject(root, "requests", savings_json(state));
    cJSON_AddItemToObject(root, "outbox", outbox_json(&state->outbox));
    cJSON_AddItemToObject(root, "deliveries", deliveries_json(&state->config, state->deliveries));
    cJSON_AddItemToObject(root, "endpoints", endpoints_json(state));
    output_json(output, root);
}

/* One subject's certificate instead of all that was read. */
static enum gw_status tell_subject(const struct arguments *arguments, struct state *state, struct gw_ledger *ledger,
                                   struct gw_error *err)
{
    struct output output;

    output_init(&output, stdout);
    return certificate_print(ledger, &state->arena, &state->config, arguments->values[OPTION_SUBJECT],
                             arguments_has(arguments, OPTION_JSON), &output, err);
}

static enum gw_status tell_all(const struct arguments *arguments, struct state *state, struct gw_ledger *ledger,
                               struct gw_error *err)
{
    enum gw_status rc = read_state(state, ledger, err);
    struct output output;

    if (rc == GW_OK)
        rc = read_profiles(state, err);
    if (rc != GW_OK)
        return rc;
    read_rosters(state);
    output_init(&output, stdout);
    (arguments_has(arguments, OPTION_JSON) ? print_json : print_people)(state, &output);
    return report_balance(&state->equation, err);
}

int status_command(const struct arguments *arguments)
{
    struct state state = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    struct gw_ledger *ledger = NULL;
    struct gw_error failure;
    const char *path;
    enum gw_status rc = report_ledger_of(arguments, &state.arena, &state.config, &path, &failure);

    if (rc == GW_OK)
        rc = report_open(path, &ledger, &failure);
    if (rc == GW_OK)
        rc = (arguments_has(arguments, OPTION_SUBJECT) ? tell_subject : tell_all)(arguments, &state, ledger, &failure);
    gw_ledger_close(ledger);
    gw_arena_release(&state.arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}
