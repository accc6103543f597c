/*
 * casement map: files in, records out.
 */
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "gateway/service/map.h"

#define ARENA_BYTES ((size_t)1 << 30) /* a limit; episodes of a large cohort */
#define MOST_CODES  10

/* What is told of a finished map, read from the folder it made. */
struct summary {
    struct output output;
    const char *folder;
    struct gw_map_result result;
    struct tally codes;   /* open exceptions by code */
    struct tally windows; /* by state */
    struct tally events;  /* adverse events by category */
};

static enum gw_status read_codes(struct summary *summary, struct gw_error *err)
{
    struct gw_ledger *ledger = NULL;
    const char *path = gw_arena_print(summary->codes.arena, "%s/hospital/ledger.db", summary->folder);
    enum gw_status rc = report_open(path, &ledger, err);

    if (rc == GW_OK)
        rc = report_codes(ledger, &summary->codes, err);
    gw_ledger_close(ledger);
    return rc;
}

static enum gw_status read_summary(struct summary *summary, struct gw_arena *arena, struct gw_error *err)
{
    enum gw_status rc;

    summary->codes.arena = summary->windows.arena = summary->events.arena = arena;
    rc = read_codes(summary, err);
    if (rc == GW_OK)
        rc = tally_read_csv(&summary->windows, gw_arena_print(arena, "%s/study/windows.csv", summary->folder), "state",
                            err);
    if (rc == GW_OK)
        rc = tally_read_csv(&summary->events, gw_arena_print(arena, "%s/study/ae_episodes.csv", summary->folder),
                            "category", err);
    tally_sort(&summary->windows);
    tally_sort(&summary->events);
    return rc;
}

static void print_people(const struct summary *summary)
{
    const struct output *output = &summary->output;
    const struct gw_map_result *result = &summary->result;
    char as_of[11];

    gw_day_print(result->as_of, as_of);
    fprintf(output->out, "%zu %s read, %zu refused; %zu %s, %zu of them unreadable\n", result->files.files,
            plural((int64_t)result->files.files, "file", "files"), result->files.refused, result->files.entries,
            plural((int64_t)result->files.entries, "entry", "entries"), result->files.invalid);
    fprintf(output->out, "%zu %s derived as of %s, %zu of them blocked; %zu roster %s of other sites or studies\n\n",
            result->pass.subjects, plural((int64_t)result->pass.subjects, "subject", "subjects"), as_of,
            result->pass.blocked, result->roster_ignored,
            plural((int64_t)result->roster_ignored, "line is", "lines are"));
    report_parts(output, &result->equation);
    if (summary->codes.count > 0) {
        fputc('\n', output->out);
        tally_print(&summary->codes, output, "OPEN EXCEPTIONS", "VALUES", MOST_CODES);
    }
    if (summary->windows.count > 0) {
        fputc('\n', output->out);
        tally_print(&summary->windows, output, "WINDOWS", "COUNT", 0);
    }
    if (summary->events.count > 0) {
        fputc('\n', output->out);
        tally_print(&summary->events, output, "ADVERSE EVENTS", "EPISODES", 0);
    }
    fprintf(output->out, "\nWritten to %s: study/ may leave the hospital, hospital/ stays there.\n", summary->folder);
}

static cJSON *files_json(const struct gw_files_answer *files)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddNumberToObject(object, "read", (double)files->files);
    cJSON_AddNumberToObject(object, "refused", (double)files->refused);
    cJSON_AddNumberToObject(object, "skipped", (double)files->skipped);
    cJSON_AddNumberToObject(object, "entries", (double)files->entries);
    cJSON_AddNumberToObject(object, "invalid", (double)files->invalid);
    return object;
}

static void print_json(const struct summary *summary)
{
    const struct gw_map_result *result = &summary->result;
    cJSON *root = cJSON_CreateObject(), *roster;
    char as_of[11];

    gw_day_print(result->as_of, as_of);
    cJSON_AddStringToObject(root, "out", summary->folder);
    cJSON_AddStringToObject(root, "as_of", as_of);
    cJSON_AddItemToObject(root, "files", files_json(&result->files));
    roster = cJSON_AddObjectToObject(root, "roster");
    cJSON_AddNumberToObject(roster, "lines", (double)result->roster_lines);
    cJSON_AddNumberToObject(roster, "ignored", (double)result->roster_ignored);
    cJSON_AddNumberToObject(root, "subjects", (double)result->pass.subjects);
    cJSON_AddNumberToObject(root, "blocked", (double)result->pass.blocked);
    cJSON_AddNumberToObject(root, "rows", (double)result->pass.added);
    cJSON_AddItemToObject(root, "parts", report_parts_json(&result->equation));
    cJSON_AddItemToObject(root, "open_exceptions", tally_json(&summary->codes));
    cJSON_AddItemToObject(root, "windows", tally_json(&summary->windows));
    cJSON_AddItemToObject(root, "adverse_events", tally_json(&summary->events));
    output_json(&summary->output, root);
}

/* A file over a limit is a bad input, and no fault of ours. */
static int refused_code(const struct gw_files_answer *files)
{
    return gw_exit_code(files->first.status == GW_ENOMEM ? GW_EINPUT : files->first.status);
}

/* ---- a signal: what was begun goes before we do ---- */

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    caught = number;
}

static bool is_stopped(void *ctx)
{
    (void)ctx;
    return caught != 0;
}

/* The second one ends us at once; what is ignored (nohup) stays so. */
static void heed_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction heed = {.sa_handler = on_signal, .sa_flags = SA_RESTART | (int)SA_RESETHAND};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction before;

        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &heed, NULL);
    }
}

/* Whoever started us sees that a signal ended us. */
static int end_by_signal(const struct gw_error *failure)
{
    const int number = caught;

    output_failed(failure);
    signal(number, SIG_DFL);
    raise(number);
    return 128 + number;
}

/* Gives the exit status. A file that was refused has had its line; the status says that something is missing. */
static int map_and_print(const struct arguments *arguments, const struct gw_map_options *options)
{
    struct summary summary = {.folder = options->out};
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct gw_error failure;
    enum gw_status rc = gw_map_run(options, &summary.result, &failure);

    progress_clear(options->ctx);
    output_init(&summary.output, stdout);
    if (rc == GW_OK)
        rc = read_summary(&summary, &arena, &failure);
    if (rc == GW_OK)
        (arguments_has(arguments, OPTION_JSON) ? print_json : print_people)(&summary);
    if (rc == GW_OK)
        rc = report_balance(&summary.result.equation, &failure);
    gw_arena_release(&arena);
    if (rc == GW_ECANCELED)
        return end_by_signal(&failure);
    return rc == GW_OK ? refused_code(&summary.result.files) : output_failed(&failure);
}

int map_command(const struct arguments *arguments)
{
    struct progress progress;
    struct gw_map_options options = {
        .study = arguments->values[OPTION_STUDY_DIR],
        .site = arguments->values[OPTION_SITE],
        .enrolment = arguments->values[OPTION_ENROLMENT],
        .out = arguments->values[OPTION_OUT_DIR],
        .key = arguments->values[OPTION_PSEUDONYM_KEY],
        .decisions = arguments->values[OPTION_DECISIONS],
        .inputs = arguments->inputs,
        .input_count = arguments->input_count,
        .progress = progress_step,
        .stopped = is_stopped,
        .ctx = &progress,
    };
    int code;

    if (!arguments_day(arguments, OPTION_AS_OF, &options.as_of))
        return gw_exit_code(GW_EUSAGE);
    progress_init(&progress);
    options.complaints = progress_complaints(&progress);
    heed_signals();
    code = map_and_print(arguments, &options);
    fclose(options.complaints);
    return code;
}
