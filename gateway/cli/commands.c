/*
 * The table of commands, and the way from argv to one of them.
 */
#include "cli/commands.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "cli/output.h"
#include "gateway/core/json.h"
#include "gateway/core/settings.h"
#include "gateway/net/http.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- the table ------------------------------------------------------------------------------------------------- */

static const struct command check[] = {
    {.inputs = "[FILE]",
     .most = 1,
     .help = "Tries what a sync needs, in its order: configuration, study, TLS, token, searches, and what each server "
             "really does with them. Each finding says what it means for the study and what to ask for. What was "
             "learnt is kept for the syncs to come. The exit status is that of the first failure.",
     .takes = TAKES(CONFIG) | TAKES(ENDPOINT) | TAKES(REPORT) | TAKES(JSON),
     .needs = TAKES(CONFIG),
     .run = check_command},
};

static const struct command sync_[] = {
    {.help = "One pass over all endpoints: pull what is new, derive, deliver the difference. An endpoint that fails "
             "delays only itself; the exit status is that of the first one that failed, in the configuration's order.",
     .takes = TAKES(CONFIG) | TAKES(ENDPOINT) | TAKES(AS_OF) | TAKES(JSON),
     .needs = TAKES(CONFIG),
     .run = sync_command},
};
static const struct command run_[] = {
    {.help =
         "Retrieve at routine visits from every endpoint, until it is told to stop (SIGTERM). SIGHUP reads all files "
         "again; a changed roster or profile is noticed by itself.",
     .takes = TAKES(CONFIG),
     .needs = TAKES(CONFIG),
     .run = run_command},
};

static const struct command map[] = {
    {.inputs = "INPUT...",
     .help = "Reads NDJSON, NDJSON.gz and Bundles, from files and folders, and writes the folder of --out: study/ may "
             "leave the hospital, hospital/ stays there.",
     .takes = TAKES(STUDY_DIR) | TAKES(SITE) | TAKES(ENROLMENT) | TAKES(OUT_DIR) | TAKES(PSEUDONYM_KEY) | TAKES(AS_OF) |
              TAKES(DECISIONS) | TAKES(JSON),
     .needs = TAKES(STUDY_DIR) | TAKES(SITE) | TAKES(ENROLMENT) | TAKES(OUT_DIR),
     .least = 1,
     .most = INT_MAX,
     .run = map_command},
};

#define OF_LEDGER                                                                                                      \
    .takes = TAKES(CONFIG) | TAKES(LEDGER) | TAKES(ALL) | TAKES(JSON), .one_of = TAKES(CONFIG) | TAKES(LEDGER)

static const struct command status[] = {
    {.help =
         "Every part ever read is in one state, and the states add up to what was read. Says so loudly when they do "
         "not. With --subject: up to when each type was read for each of its windows, and what is missing.",
     .takes = TAKES(CONFIG) | TAKES(LEDGER) | TAKES(SUBJECT) | TAKES(JSON),
     .one_of = TAKES(CONFIG) | TAKES(LEDGER),
     .run = status_command},
};

#define DECIDE_TAKES (TAKES(CONFIG) | TAKES(LEDGER) | TAKES(REASON) | TAKES(AS) | TAKES(JSON))
#define DECIDES      .needs = TAKES(REASON), .one_of = TAKES(CONFIG) | TAKES(LEDGER)

static const struct command exceptions[] = {
    {.verb = "list",
     .help = "Open exceptions by cause, with the values, subjects and windows that wait for each.",
     OF_LEDGER,
     .run = exceptions_list_command},
    {.verb = "show",
     .inputs = "CAUSE-OR-ID",
     .help = "The exceptions of one cause (a fingerprint as list prints it), or those whose id begins so.",
     OF_LEDGER,
     .least = 1,
     .most = 1,
     .run = exceptions_show_command},
    {.verb = "decide",
     .inputs = "CAUSE-OR-ID NAME=VALUE...",
     .help = "Answers all exceptions of one cause, or one by its id (or how it begins), and derives the subjects it "
             "concerns. An answer that the exception does not know is refused with those it does.",
     DECIDES,
     .takes = DECIDE_TAKES | TAKES(SET) | TAKES(KIND) | TAKES(SCOPE),
     .least = 1,
     .most = INT_MAX,
     .run = exceptions_decide_command},
    {.verb = "approve",
     .inputs = "N",
     .help = "Approves decision N, which waits for a second person, and derives the subjects it concerns.",
     DECIDES,
     .takes = DECIDE_TAKES,
     .least = 1,
     .most = 1,
     .run = exceptions_approve_command},
    {.verb = "undo",
     .inputs = "N",
     .help = "Takes decision N back by a new one (which can be undone too), and derives the subjects it concerned.",
     DECIDES,
     .takes = DECIDE_TAKES,
     .least = 1,
     .most = 1,
     .run = exceptions_undo_command},
    {.verb = "decisions",
     .help = "All decisions there are, in order of their numbers.",
     .takes = TAKES(CONFIG) | TAKES(LEDGER) | TAKES(JSON),
     .one_of = TAKES(CONFIG) | TAKES(LEDGER),
     .run = exceptions_decisions_command},
};

static const struct command sign[] = {
    {.inputs = "[SUBJECT WINDOW...]",
     .help =
         "The investigator's signature under windows of a subject as they were delivered, or under those of --list. "
         "From then on a change of their values is asked about first (SIGNED_CHANGED); a withdrawal is not. "
         "casement exceptions undo N takes one back.",
     DECIDES,
     .takes = DECIDE_TAKES | TAKES(STUDY_ID) | TAKES(LIST),
     .most = INT_MAX,
     .run = sign_command},
};

static const struct command explain[] = {
    {.inputs = "[ROW-ID]",
     .help = "Why a row is here (its id, from any table), or why a subject has no value of a concept in a window: the "
             "first reason that holds, and what would change it. For the hospital's side: sources are named by their "
             "own ids.",
     .takes = TAKES(CONFIG) | TAKES(LEDGER) | TAKES(STUDY_ID) | TAKES(SUBJECT) | TAKES(CONCEPT) | TAKES(WINDOW) |
              TAKES(JSON),
     .one_of = TAKES(CONFIG) | TAKES(LEDGER),
     .most = 1,
     .run = explain_command},
};

static const struct command plan[] = {
    {.help = "What another package, another profile of a hospital or decisions that nobody took yet would change: rows "
             "by subject, window and table, values delivered already, exceptions that open and close. Each subject is "
             "derived as the next pass would, and nothing is written.",
     .takes = TAKES(CONFIG) | TAKES(PACKAGE) | TAKES(SITE) | TAKES(DECISION) | TAKES(STUDY_ID) | TAKES(SUBJECT) |
              TAKES(JSON),
     .needs = TAKES(CONFIG),
     .one_of = TAKES(PACKAGE) | TAKES(SITE) | TAKES(DECISION),
     .run = plan_command},
};

static const struct command replay[] = {
    {.help = "Derives chosen subjects again with what is configured now and delivers the difference; nobody is asked "
             "for anything, no cursor moves. Beside a running service it marks them and the service does it. With "
             "--refetch: asks their hospitals again for these days and types first, whatever they say has changed "
             "since; no "
             "cursor moves either. With --rebuild: writes a new study database from the ledger alone.",
     .takes = TAKES(CONFIG) | TAKES(LEDGER) | TAKES(STUDY_ID) | TAKES(SUBJECTS) | TAKES(FROM) | TAKES(TO) |
              TAKES(TYPE) | TAKES(REASON) | TAKES(AS) | TAKES(REFETCH) | TAKES(REBUILD) | TAKES(JSON),
     .one_of = TAKES(CONFIG) | TAKES(LEDGER),
     .run = replay_command},
};

static const struct command purge[] = {
    {.help = "What the next purge would take of which subjects, from which day on, and what stays; nothing is changed. "
             "With --order: a signed order to purge one subject whose study is not due, for what is kept of it now. "
             "With --apply: such an order is carried out, once; beside a running service it is noted and the service "
             "does it.",
     .takes = TAKES(CONFIG) | TAKES(STUDY_ID) | TAKES(SUBJECT) | TAKES(ORDER) | TAKES(REASON) | TAKES(ORDER_KEY) |
              TAKES(ROWS) | TAKES(APPLY) | TAKES(AS) | TAKES(JSON),
     .needs = TAKES(CONFIG),
     .run = purge_command},
};

static const struct command export_[] = {
    {.help =
         "The study database as text: the canonical dump on standard output, a CSV file for each table, or a folder "
         "in a format of others: sdtm (SDTM domains as CSV), dataset-json, xpt (SAS transport), xlsx (listings), odm "
         "or fhir (NDJSON). redcap-dictionary prints what a REDCap project needs. --cut NAME notes where each subject "
         "stood, for casement changes.",
     .takes =
         TAKES(CONFIG) | TAKES(DATABASE) | TAKES(STUDY_ID) | TAKES(FORMAT) | TAKES(OUT_EXPORT) | TAKES(CUT) | TAKES(AS),
     .needs = TAKES(FORMAT), /* and one of --config and --db, but for a format that is of no study */
     .run = export_command},
};

static const struct command changes[] = {
    {.help = "Rows that were added, changed or withdrawn since a cut of an export, with what the cells were and are: "
             "withdrawals and corrections since the last cut.",
     .takes = TAKES(CONFIG) | TAKES(STUDY_ID) | TAKES(CUT) | TAKES(SUBJECT) | TAKES(JSON),
     .needs = TAKES(CONFIG),
     .run = changes_command},
};

static const struct command db[] = {
    {.verb = "migrate",
     .help = "Lays the schema of each study that lies in PostgreSQL, or brings it to this release, in one transaction; "
             "again is harmless. With --print: the SQL of a new one, and what the service's role must be granted.",
     .takes = TAKES(CONFIG) | TAKES(STUDY_ID) | TAKES(PRINT) | TAKES(JSON),
     .needs = TAKES(CONFIG),
     .run = db_migrate_command},
};

static const struct command study[] = {
    {.verb = "lint",
     .inputs = "DIR",
     .help =
         "All that is wrong with a study package, and with the profiles of hospitals named by --site (several joined "
         "by commas), a line each: file, line, what, what to do.",
     .takes = TAKES(COMMON) | TAKES(SITE) | TAKES(NOTES) | TAKES(JSON),
     .least = 1,
     .most = 1,
     .run = study_lint_command},
    {.verb = "show",
     .inputs = "DIR",
     .help = "A study package in plain words: windows, groups, categories, and the choices nobody has confirmed yet.",
     .takes = TAKES(JSON),
     .least = 1,
     .most = 1,
     .run = study_show_command},
    {.verb = "windows",
     .inputs = "DIR",
     .help = "The visit windows of a subject with these anchors.",
     .takes = TAKES(D1) | TAKES(EOT) | TAKES(DEATH) | TAKES(WITHDRAWN) | TAKES(ZONE) | TAKES(JSON),
     .needs = TAKES(D1),
     .least = 1,
     .most = 1,
     .run = study_windows_command},
};

static const struct command keys[] = {
    {.verb = "new",
     .help = "Makes a key pair for one endpoint. The file holds the private half, mode 0600.",
     .takes = TAKES(OUT_KEY) | TAKES(ALG) | TAKES(CLIENT) | TAKES(JSON),
     .needs = TAKES(OUT_KEY),
     .run = keys_new_command},
    {.verb = "jwks",
     .inputs = "FILE...",
     .help = "The public halves of key files as a JWKS, for the server's registration form.",
     .least = 1,
     .most = INT_MAX,
     .run = keys_jwks_command},
};

static const struct command audit[] = {
    {.verb = "show",
     .help =
         "Every act of a person or of the service that changed data: who, when (UTC, and the site's own time), what, "
         "the hash before and after, and why.",
     .takes = TAKES(CONFIG) | TAKES(LEDGER) | TAKES(SUBJECT) | TAKES(SINCE) | TAKES(JSON),
     .one_of = TAKES(CONFIG) | TAKES(LEDGER),
     .run = audit_show_command},
    {.verb = "verify",
     .help =
         "Computes the chain anew and holds it against the signed checkpoints, those in the ledger and those outside; "
         "names the first bad row, and any decision, revision or receipt in the ledger that is not as the trail tells "
         "(exit 65). Reads files alone, beside a running service or on another machine.",
     .takes = TAKES(CONFIG) | TAKES(LEDGER) | TAKES(CHECKPOINTS) | TAKES(AUDIT_KEY) | TAKES(JSON),
     .one_of = TAKES(CONFIG) | TAKES(LEDGER),
     .run = audit_verify_command},
    {.verb = "key",
     .help = "The public half of the key that signs checkpoints, in PEM, for whoever is to verify them elsewhere.",
     .takes = TAKES(CONFIG) | TAKES(LEDGER) | TAKES(AUDIT_KEY),
     .one_of = TAKES(CONFIG) | TAKES(LEDGER),
     .run = audit_key_command},
};

static const struct commands table[] = {
    {"check", "what works, what does not, what to do", check, COUNT(check)},
    {"sync", "one pass: pull, derive, deliver; then exit", sync_, COUNT(sync_)},
    {"run", "the service: retrieval at routine visits, for years", run_, COUNT(run_)},
    {"map", "files in, records out; no network", map, COUNT(map)},
    {"status", "ledger equation, subjects, open exceptions, outbox", status, COUNT(status)},
    {"exceptions", "the review queue without a browser", exceptions, COUNT(exceptions)},
    {"sign", "an investigator's signature under windows", sign, COUNT(sign)},
    {"explain", "why a row is here, why a value is missing", explain, COUNT(explain)},
    {"plan", "what a change would change, before it does", plan, COUNT(plan)},
    {"replay", "chosen subjects asked for or derived again; a study database anew", replay, COUNT(replay)},
    {"purge", "what a purge would take; a subject by signed order", purge, COUNT(purge)},
    {"export", "the study database as text, and in the formats of others", export_, COUNT(export_)},
    {"changes", "what changed since a cut of an export", changes, COUNT(changes)},
    {"db", "a study database in PostgreSQL", db, COUNT(db)},
    {"study", "a study package: what is wrong, what it says, its windows", study, COUNT(study)},
    {"keys", "the key pair an endpoint knows us by", keys, COUNT(keys)},
    {"audit", "who changed what, when and why", audit, COUNT(audit)},
};

/* ---- help and version ------------------------------------------------------------------------------------------ */

/* "list|show"; "" for a command without verbs. */
static const char *verbs_of(const struct commands *commands, char *out, size_t size)
{
    *out = '\0';
    for (size_t i = 0; i < commands->count && commands->list[i].verb; i++)
        snprintf(out + strlen(out), size - strlen(out), "%s%s", i ? "|" : "", commands->list[i].verb);
    return out;
}

static int print_help(void)
{
    char verbs[60];

    printf("Usage: casement COMMAND [OPTION...]\n"
           "A FHIR gateway between routine care and a clinical study.\n\n");
    for (size_t i = 0; i < COUNT(table); i++)
        printf("  %-11s %-40s %s\n", table[i].name, verbs_of(&table[i], verbs, sizeof verbs), table[i].summary);
    printf("\n  casement COMMAND --help says what a command takes; casement --version which release this is.\n");
    return 0;
}

static int print_verbs(const struct commands *commands)
{
    printf("Usage: casement %s VERB [OPTION...]\n%s\n\n", commands->name, commands->summary);
    for (size_t i = 0; i < commands->count; i++)
        printf("  %-9s %s\n", commands->list[i].verb, commands->list[i].help);
    printf("\n  casement %s VERB --help says what each takes.\n", commands->name);
    return 0;
}

static int print_version(void)
{
    const char *smartcols = NULL;

    scols_get_library_version(&smartcols);
    printf("casement %s\n", GATEWAY_VERSION);
    printf("%s cJSON/%s libuv/%s smartcols/%s\n", gw_http_library(), cJSON_Version(), uv_version_string(), smartcols);
    return 0;
}

/* ---- finding the command --------------------------------------------------------------------------------------- */

static int run(const char *name, const struct command *command, int argc, char **argv)
{
    struct arguments arguments;
    int code;

    if (arguments_read(&arguments, name, command, argc, argv, &code))
        code = command->run(&arguments);
    arguments_release(&arguments);
    return code;
}

/* argv begins with the name of the commands. */
static int run_verb(const struct commands *commands, int argc, char **argv)
{
    char name[40], verbs[60];

    if (!commands->list[0].verb)
        return run(commands->name, commands->list, argc, argv);
    verbs_of(commands, verbs, sizeof verbs);
    if (argc < 2)
        return output_wrong("%s: which of %s? See casement %s --help", commands->name, verbs, commands->name);
    if (strcmp(argv[1], "--help") == 0)
        return print_verbs(commands);
    for (size_t i = 0; i < commands->count; i++) {
        if (strcmp(argv[1], commands->list[i].verb) != 0)
            continue;
        snprintf(name, sizeof name, "%s %s", commands->name, argv[1]);
        return run(name, &commands->list[i], argc - 1, argv + 1);
    }
    return output_wrong("%s: \"%.40s\" is none of %s: see casement %s --help", commands->name, argv[1], verbs,
                        commands->name);
}

static int no_such(const char *word)
{
    const char *names[COUNT(table)], *near;

    if (*word == '-')
        return output_wrong("there is no option \"%.40s\": see casement --help", word);
    for (size_t i = 0; i < COUNT(table); i++)
        names[i] = table[i].name;
    near = gw_settings_nearest(word, names, COUNT(names));
    return output_wrong("there is no command \"%.40s\"%s%s: see casement --help", word, near ? "; write " : "",
                        near ? near : "");
}

static int find(int argc, char **argv)
{
    if (argc < 2)
        return output_wrong("which command? See casement --help");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0)
        return print_version();
    for (size_t i = 0; i < COUNT(table); i++)
        if (strcmp(argv[1], table[i].name) == 0)
            return run_verb(&table[i], argc - 1, argv + 1);
    return no_such(argv[1]);
}

/* A result that did not reach its file is a failure; a reader that went away (EPIPE) has seen what it wanted. */
static int flush_result(int code)
{
    struct gw_error failure;

    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (errno == EPIPE || code != 0)
        return code;
    gw_fail(&failure, GW_EIO, "cli", "standard output cannot be written: %s", strerror(errno));
    return output_failed(&failure);
}

int commands_main(int argc, char **argv)
{
    struct gw_error failure;

    /* Both libraries may be replaced under us by a package upgrade, with another flavour or another major release. */
    if (gw_json_check_library(&failure) != GW_OK || gw_http_check_library(&failure) != GW_OK)
        return output_failed(&failure);
    return flush_result(find(argc, argv));
}
