/*
 * The program as people meet it: every mistake is one line that says what to do, and an exit status that says what
 * kind.
 */
#include "cli/folder.h"
#include "gateway/core/text.h"

#define MOST_WORDS 16
#define LENDEX     MAPPINGS "/studies/lendex-rrmm"

TestSuite(commands, .init = open_folder, .fini = close_folder);

/* Run `casement` with words separated by single blanks, in the scratch folder. */
static struct program casement(const char *words)
{
    const char *argv[MOST_WORDS + 2] = {CASEMENT};
    char *copy = gw_arena_copy(&arena, words, strlen(words)), *word;
    struct program run;
    size_t count = 1;

    while ((word = strsep(&copy, " ")) && count <= MOST_WORDS)
        if (*word)
            argv[count++] = word;
    program_run(&run, scratch.folder, argv);
    return run;
}

static void expect_line(const char *words, int code, const char *line)
{
    struct program run = casement(words);

    cr_expect(eq(int, run.code, code), "casement %s", words);
    cr_expect(eq(str, run.err, (char *)line), "casement %s", words);
    cr_expect(eq(str, run.out, (char *)""), "casement %s", words);
    program_release(&run);
}

/* ---- the command line ------------------------------------------------------------------------------------------ */

/* Formats that not every build has. */
#if GATEWAY_XPT
#define XPT "xpt, "
#else
#define XPT ""
#endif
#if GATEWAY_XLSX
#define XLSX "xlsx, "
#else
#define XLSX ""
#endif
#if GATEWAY_ODM
#define ODM "odm, "
#else
#define ODM ""
#endif

static const struct {
    const char *words;
    const char *line;
} mistakes[] = {
    {"", "which command? See casement --help"},
    {"foo", "there is no command \"foo\": see casement --help"},
    {"--foo", "there is no option \"--foo\": see casement --help"},
    {"stauts", "there is no command \"stauts\"; write status: see casement --help"},
    {"run", "run: --config FILE is missing: see casement run --help"},
    {"map", "map: --study DIR is missing: see casement map --help"},
    {"map --study a --site b --enrolment c", "map: --out DIR is missing: see casement map --help"},
    {"map --study a --site b --enrolment c --out d", "map: INPUT... is missing: see casement map --help"},
    {"map --stdy=a", "map: there is no option --stdy; write --study: see casement map --help"},
    {"map a --stdy b", "map: there is no option --stdy; write --study: see casement map --help"},
    {"map --study", "map: --study lacks its DIR: see casement map --help"},
    {"map --json=3", "map: --json takes no value: see casement map --help"},
    {"map --json --json", "map: --json is given twice: see casement map --help"},
    {"map -x", "map: there is no option -x: see casement map --help"},
    {"map --json -x", "map: there is no option -x: see casement map --help"},
    {"map --endpoint a", "map: there is no option --endpoint: see casement map --help"},
    {"sync", "sync: --config FILE is missing: see casement sync --help"},
    {"sync -c", "sync: -c lacks its FILE: see casement sync --help"},
    {"sync -c a b", "sync: \"b\" is one argument too many: see casement sync --help"},
    {"sync -c a --as-of 2024-02-30",
     "sync: --as-of \"2024-02-30\" is no day; write it as 2024-01-31: see casement sync --help"},
    {"map --study a --site b --enrolment c --out d --as-of today e",
     "map: --as-of \"today\" is no day; write it as 2024-01-31: see casement map --help"},
    {"status", "status: give --config FILE or --ledger FILE: see casement status --help"},
    {"status -c a --ledger b", "status: give only one of --config FILE or --ledger FILE: see casement status --help"},
    {"exceptions", "exceptions: which of list|show|decide|approve|undo|decisions? See casement exceptions --help"},
    {"exceptions resolve",
     "exceptions: \"resolve\" is none of list|show|decide|approve|undo|decisions: see casement exceptions --help"},
    {"exceptions decide --reason r --ledger a",
     "exceptions decide: CAUSE-OR-ID NAME=VALUE... is missing: see casement exceptions decide --help"},
    {"exceptions decide c --ledger a",
     "exceptions decide: --reason TEXT is missing: see casement exceptions decide --help"},
    {"exceptions undo --reason r --ledger a", "exceptions undo: N is missing: see casement exceptions undo --help"},
    {"exceptions show --ledger a", "exceptions show: CAUSE-OR-ID is missing: see casement exceptions show --help"},
    {"db", "db: which of migrate? See casement db --help"},
    {"db migrate", "db migrate: --config FILE is missing: see casement db migrate --help"},
    {"study windows a", "study windows: --d1 DATE is missing: see casement study windows --help"},
    {"study windows a --d1 2024-1-1",
     "study windows: --d1 \"2024-1-1\" is no day; write it as 2024-01-31: see casement study windows --help"},
    {"keys new", "keys new: --out FILE is missing: see casement keys new --help"},
    {"keys new --out k --alg HS256",
     "keys new: --alg \"HS256\" is neither ES384 nor RS384: see casement keys new --help"},
    {"keys jwks", "keys jwks: FILE... is missing: see casement keys jwks --help"},
    {"export --format xml --db a",
     "export: --format \"xml\" is none of dump, redcap-dictionary, csv, sdtm, dataset-json, " XPT XLSX ODM
     "fhir: see casement export --help"},
    {"export --format csv --out b", "export: give --config FILE or --db STUDY.db: see casement export --help"},
    {"export --format csv --db a --config c --out b",
     "export: give only one of --config FILE or --db STUDY.db: see casement export --help"},
    {"export --format csv --db a", "export: --out DIR is missing: see casement export --help"},
    {"export --format redcap-dictionary --out b",
     "export: --format redcap-dictionary is printed: leave out --out: see casement export --help"},
    {"export --format dump --db a --out b",
     "export: --format dump is printed: leave out --out: see casement export --help"},
};

Test(commands, answer_a_mistake_with_one_line)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
        expect_line(mistakes[i].words, 64, gw_arena_print(&arena, "casement: %s\n", mistakes[i].line));
}

Test(commands, list_themselves_in_order)
{
    static const char *const order[] = {"check",  "sync", "map",   "status", "exceptions",
                                        "export", "db",   "study", "keys"};
    struct program run = casement("--help");
    const char *at = run.out;

    cr_expect(eq(int, run.code, 0));
    cr_expect(eq(str, run.err, (char *)""));
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const char *found = strstr(at, gw_arena_print(&arena, "\n  %s ", order[i]));

        cr_expect(found != NULL, "%s", order[i]);
        at = found ? found : at;
    }
    program_release(&run);
}

Test(commands, say_what_they_take)
{
    static const char *const commands[] = {"check",
                                           "sync",
                                           "map",
                                           "status",
                                           "exceptions list",
                                           "exceptions show",
                                           "exceptions decide",
                                           "exceptions approve",
                                           "exceptions undo",
                                           "exceptions decisions",
                                           "export",
                                           "db migrate",
                                           "study lint",
                                           "study show",
                                           "study windows",
                                           "keys new",
                                           "keys jwks"};

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        struct program run = casement(gw_arena_print(&arena, "%s --help", commands[i]));
        const char *usage = gw_arena_print(&arena, "Usage: casement %s ", commands[i]);

        cr_expect(eq(int, run.code, 0), "%s", commands[i]);
        cr_expect(eq(int, strncmp(run.out, usage, strlen(usage)), 0), "%s: %s", commands[i], run.out);
        cr_expect(eq(str, run.err, (char *)""), "%s", commands[i]);
        program_release(&run);
    }
}

Test(commands, name_the_release_and_its_libraries)
{
    struct program run = casement("--version");

    cr_expect(eq(int, run.code, 0));
    cr_expect(
        eq(int, strncmp(run.out, "casement " GATEWAY_VERSION "\nlibcurl/", strlen("casement " GATEWAY_VERSION) + 9), 0),
        "%s", run.out);
    cr_expect(strstr(run.out, " OpenSSL/") != NULL && strstr(run.out, " cJSON/1.7.") != NULL);
    program_release(&run);
}

/* ---- files that are not there or not right ---------------------------------------------------------------------- */

Test(commands, say_which_file_is_missing)
{
    expect_line("status --ledger no.db", 66,
                "casement: no.db: is not there; run casement sync or map first, or name another ledger\n");
    expect_line("exceptions list --ledger no.db", 66,
                "casement: no.db: is not there; run casement sync or map first, or name another ledger\n");
    cr_expect(eq(sz, scratch_count(&scratch), 0)); /* asking made nothing */
    expect_line("status -c no.json", 78, "casement: no.json: not there\n");
    expect_line("sync -c no.json", 78, "casement: no.json: not there\n");
    expect_line("check -c no.json", 78, "casement: no.json: not there\n");
    expect_line("study show nowhere/", 78, "casement: nowhere/study.json: not there\n");
    expect_line("study show nowhere", 78, "casement: nowhere/study.json: not there\n");
}

static const char good[] =
    "{\"installation\": \"hm\", \"state\": \"state/\", \"pseudonym_key\": \"p.key\",\n"
    " \"studies\": [{\"id\": \"s\", \"package\": \"p\", \"enrolment\": \"r.csv\",\n"
    "   \"sink\": {\"kind\": \"sqlite\", \"path\": \"s.db\"}}],\n"
    " \"endpoints\": [{\"id\": \"e\", \"site\": \"hm\", \"base\": \"https://fhir.hm.example/r4\",\n"
    "   \"site_profile\": \"hm.json\", \"auth\": {\"kind\": \"none\"}}]}\n";

Test(commands, read_the_configuration_beside_itself)
{
    scratch_write(&scratch, "casement.json", good);
    expect_line("status -c casement.json", 66,
                "casement: state/ledger.db: is not there; run casement sync or map first, or name another ledger\n");
    expect_line("status -c ./casement.json", 66,
                "casement: ./state/ledger.db: is not there; run casement sync or map first, or name another ledger\n");
}

/* Nobody listens at port 1. */
#define DEAF(id)                                                                                                       \
    "{\"id\": \"" id "\", \"site\": \"hm\", \"base\": \"http://127.0.0.1:1/r4\", \"site_profile\": \"hm.json\","       \
    " \"auth\": {\"kind\": \"none\"}}"
#define WITH(endpoints)                                                                                                \
    "{\"installation\": \"hm\", \"state\": \"state/\", \"pseudonym_key\": \"p.key\",\n \"studies\": [{\"id\": \"s\","  \
    " \"package\": \"p\", \"enrolment\": \"r.csv\", \"sink\": {\"kind\": \"sqlite\", \"path\": \"s.db\"}}],\n"         \
    " \"endpoints\": [" endpoints "]}\n"

Test(commands, make_a_page_for_one_vendor_only)
{
    scratch_write(&scratch, "two.json", WITH(DEAF("e") ", " DEAF("f")));
    expect_line("check -c two.json --report", 64,
                "casement: check: a page is for one vendor: name its endpoint by --endpoint\n");
    expect_line("check -c two.json --endpoint g --report", 64, "casement: two.json has no endpoint g: there is e, f\n");
    expect_line("check -c two.json page.md", 64, "casement: check: a FILE goes with --report only\n");
    expect_line("check -c two.json --endpoint e --report --json", 64,
                "casement: check: --json and a page cannot both be printed here: name a FILE\n");
}

Test(commands, print_the_page_for_a_vendor_or_write_it)
{
    struct program printed, written;
    struct gw_text page = GW_TEXT_INIT(1 << 20);

    scratch_write(&scratch, "two.json", WITH(DEAF("e") ", " DEAF("f")));
    printed = casement("check -c two.json --endpoint f --report");
    written = casement("check -c two.json --endpoint f --report page.md");
    cr_assert(eq(int, gw_text_read_file(&page, scratch_path(&scratch, "page.md"), NULL), GW_OK));
    cr_expect(eq(str, printed.out, page.at));
    cr_expect(ne(ptr, strstr(page.at, "# FHIR interface check: f\n"), NULL));
    cr_expect(ne(ptr, strstr(page.at, "a way through the firewall to 127.0.0.1 port 1 from this machine"), NULL));
    cr_expect(eq(ptr, strstr(page.at, "hm.json"), NULL), "the hospital's own matter: %s", page.at);
    cr_expect(ne(ptr, strstr(written.out, "it means: nothing can be read"), NULL), "%s", written.out);
    cr_expect(ne(ptr, strstr(written.out, "ask for:  a way through the firewall"), NULL), "%s", written.out);
    cr_expect(eq(int, printed.code, written.code));
    program_release(&printed);
    program_release(&written);
    gw_text_release(&page);
}

Test(commands, name_the_line_of_a_wrong_configuration)
{
    scratch_write(&scratch, "casement.json",
                  "{\"installation\": \"hm\",\n \"state\": \"state\",\n \"enpoints\": []}\n");
    expect_line("status -c casement.json", 78,
                "casement: casement.json:3: unknown key \"enpoints\"; write \"endpoints\"\n");
    scratch_write(&scratch, "casement.json", "{\"installation\": \"hm\",\n");
    expect_line("status -c casement.json", 78, "casement: casement.json:2: the text ends early\n");
}

/* ---- study packages --------------------------------------------------------------------------------------------- */

Test(commands, print_the_findings_of_a_package)
{
    struct program run = casement("study lint " SOURCE_DIR "/fixtures/study/keys --common " MAPPINGS "/common");
    const char *finding = SOURCE_DIR "/fixtures/study/keys/study.json:3: unknown key \"verison\"; write \"version\"\n";

    cr_expect(eq(int, run.code, 78));
    cr_expect(strstr(run.out, finding) != NULL, "%s", run.out);
    cr_expect(strstr(run.err, "findings to correct\n") != NULL, "%s", run.err);
    program_release(&run);
    run = casement("study lint " LENDEX);
    cr_expect(eq(int, run.code, 0), "%s", run.err);
    cr_expect(strncmp(run.out, "ok: nothing to correct; --notes tells ", 38) == 0, "%s", run.out);
    cr_expect(strchr(run.out, '\n') == run.out + strlen(run.out) - 1, "one line, not: %s", run.out);
    program_release(&run);
    run = casement("study lint --notes " LENDEX " --site " MAPPINGS "/sites/madrid.json," MAPPINGS "/sites/busan.json");
    cr_expect(eq(int, run.code, 0), "%s", run.err);
    cr_expect(strstr(run.out, ": note: 303011007 for NEUTROPENIA is not verified") != NULL, "%s", run.out);
    cr_expect(strstr(run.out, "\nok: nothing to correct\n") != NULL, "%s", run.out);
    program_release(&run);
    run = casement("study lint " LENDEX " --site " SOURCE_DIR "/fixtures/study/site/site.json");
    cr_expect(eq(int, run.code, 78));
    cr_expect(strstr(run.out, "site.json:10: spellings stand for each other: g/dL -> g/L -> g/dL") != NULL, "%s",
              run.out);
    program_release(&run);
}

Test(commands, show_a_package_in_plain_words)
{
    static const char *const lines[] = {
        "lendex-rrmm 1.0.0, rule set ",
        "\n  D1   first dose of lenalidomide or dexamethasone",
        "\n  EOT  last dose of lenalidomide, when none follows for 56 days\n",
        "\nT30-01 to T30-36  every 30 days from D1   -5    +5  G30      yes          EOT, cap\n",
        "\nFU                EOT+90                 -15   +15  G30+G90  yes\n",
        "\n  dayBasis\n",
    };
    struct program run = casement("study show " LENDEX);

    cr_expect(eq(int, run.code, 0), "%s", run.err);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect(strstr(run.out, lines[i]) != NULL, "%s", lines[i]);
    program_release(&run);
}

Test(commands, show_a_package_without_a_window_before_treatment)
{
    static const char *const lines[] = {
        "\n       recruited on any day\n",
        "\nW01 to W52  every 7 days from D1    0    +6  ALL    no\n",
        "\n  the baseline is the latest value of the 28 days before the first dose; it stands in no row\n",
        "\n  of special interest: CRS, ICANS\n",
    };
    struct program run = casement("study show " MAPPINGS "/studies/elranatamab-rrmm");

    cr_expect(eq(int, run.code, 0), "%s", run.err);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_expect(strstr(run.out, lines[i]) != NULL, "%s in %s", lines[i], run.out);
    cr_expect(strstr(run.out, "shorter grid") == NULL, "it has one grid");
    program_release(&run);
}

static const char windows[] = "WINDOW    TARGET      LOW         HIGH        DAYS  GROUP    CUT BY\n"
                              "BASELINE  2024-01-15  2024-01-01  2024-01-15    15  G30+G90\n"
                              "T30-01    2024-02-14  2024-02-09  2024-02-19    11  G30\n"
                              "T30-02    2024-03-15  2024-03-10  2024-03-20    11  G30\n"
                              "T90-01    2024-04-14  2024-03-30  2024-04-29    31  G90\n"
                              "T30-03    2024-04-14  2024-04-09  2024-04-19    11  G30\n"
                              "T30-04    2024-05-14  2024-05-09  2024-05-19    11  G30\n"
                              "EOT       2024-06-01  2024-06-01  2024-06-06     6  G30+G90\n"
                              "FU        2024-08-30  2024-08-15  2024-08-25    11  G30+G90  DEATH\n";

Test(commands, show_the_windows_of_a_subject)
{
    struct program run = casement("study windows " LENDEX " --d1 2024-01-15 --eot 2024-06-01 --death 2024-08-25");

    cr_expect(eq(int, run.code, 0), "%s", run.err);
    cr_expect(eq(str, run.out, (char *)windows));
    program_release(&run);
}

Test(commands, take_the_day_of_a_time_in_the_zone)
{
    struct program run = casement("study windows " LENDEX " --d1 2024-01-15T23:30:00Z --zone Europe/Madrid --json");

    cr_expect(eq(int, run.code, 0), "%s", run.err);
    cr_expect(strstr(run.out, "\"d1\":\t\"2024-01-16\"") != NULL, "%s", run.out);
    program_release(&run);
    expect_line("study windows " LENDEX " --d1 2024-01 --zone Europe/Madrid", 64,
                "casement: study windows: \"2024-01\" is no date of a day; write it as 2024-01-31 or "
                "2024-01-31T23:30:00Z: see casement study windows --help\n");
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

Test(commands, make_a_key_once_and_show_its_public_half)
{
    struct program run = casement("keys new --out k.jwk");

    cr_expect(eq(int, run.code, 0), "%s", run.err);
    cr_expect(eq(int, strncmp(run.out, "Made k.jwk (ES384, kid ", 23), 0), "%s", run.out);
    program_release(&run);
    expect_line("keys new --out k.jwk", 73,
                "casement: k.jwk: is there already; a key is never overwritten: choose another name\n");
    run = casement("keys jwks k.jwk");
    cr_expect(eq(int, run.code, 0), "%s", run.err);
    cr_expect(eq(int, strncmp(run.out, "{\"keys\":[{", 10), 0), "%s", run.out);
    cr_expect(strstr(run.out, "\"d\"") == NULL, "the private half stays at home");
    program_release(&run);
}

Test(commands, ask_for_no_more_than_a_sync_reads)
{
    static const char *const scopes[] = {"Patient", "Encounter", "Observation", "MedicationAdministration",
                                         "Medication"};
    struct program run = casement("keys new --out k.jwk --alg RS384 --client casement");

    cr_expect(eq(int, run.code, 0), "%s", run.err);
    cr_expect(strstr(run.out, "\t\"alg\":\t\"RS384\",\n") != NULL, "%s", run.out);
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++)
        cr_expect(strstr(run.out, gw_arena_print(&arena, "\"system/%s.rs\"", scopes[i])) != NULL, "%s", scopes[i]);
    cr_expect(strstr(run.out, "system/*") == NULL, "%s", run.out);
    program_release(&run);
}

Test(commands, fail_when_the_result_cannot_be_written)
{
    struct program run;

    program_run(&run, scratch.folder,
                (const char *[]){"/bin/sh", "-c", "exec \"$0\" study show \"$1\" >/dev/full", CASEMENT, LENDEX, NULL});
    cr_expect(eq(int, run.code, 74));
    cr_expect(eq(str, run.err, (char *)"casement: standard output cannot be written: No space left on device\n"));
    program_release(&run);
}
