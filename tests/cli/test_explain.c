/*
 * casement explain as a data manager meets it: on the folder of a map, by a row's id or by what is missing.
 */
#include <unistd.h>

#include "cli/folder.h"

#include "gateway/core/csv.h"

#define LEDGER "--ledger", "out/hospital/ledger.db"

static const char roster[] =
    "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
    "madrid,lendex-rrmm,pat-1,ES-1,2024-01-15,,2024-01-15,,,\n"
    "madrid,lendex-rrmm,pat-2,ES-2,2024-01-15,,2024-01-15,,,\n";

static const char *count_of(const char *id, const char *patient, const char *day, const char *unit)
{
    return gw_arena_print(&arena,
                          "{\"resourceType\":\"Observation\",\"id\":\"%s\",\"meta\":{\"versionId\":\"1\","
                          "\"lastUpdated\":\"2024-02-20T08:00:00Z\"},\"status\":\"final\",\"code\":{\"coding\":"
                          "[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},\"subject\":{\"reference\":"
                          "\"Patient/%s\"},\"effectiveDateTime\":\"%s\",\"valueQuantity\":{\"value\":2.40%s}}\n",
                          id, patient, day, unit);
}

static void run_map(void)
{
    struct program run;

    program_run(&run, scratch.folder,
                (const char *[]){CASEMENT, "map", "--study", MAPPINGS "/studies/lendex-rrmm", "--site", "site.json",
                                 "--enrolment", "roster.csv", "--out", "out", "--as-of", "2024-12-31", "obs.ndjson",
                                 NULL});
    cr_assert(eq(int, run.code, 0), "%s", run.err);
    program_release(&run);
}

static void begin(void)
{
    static const char unit[] = ",\"unit\":\"10*3/uL\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"10*3/uL\"";
    static const char site[] = "{\"id\": \"madrid\", \"zone\": \"Europe/Madrid\", \"contacts\": \"encounters\", "
                               "\"time_without_offset\": \"refuse\"}\n";

    open_folder();
    scratch_write(&scratch, "roster.csv", roster);
    scratch_write(&scratch, "site.json", site);
    scratch_write(&scratch, "obs.ndjson",
                  gw_arena_print(&arena, "%s%s", count_of("o-1", "pat-1", "2024-01-15", unit),
                                 count_of("o-2", "pat-2", "2024-01-10", "")));
    run_map();
}

TestSuite(explain, .init = begin, .fini = close_folder);

#define EXPECT(code, err, parts, ...)                                                                                  \
    expect_run((const char *const[]){CASEMENT, "explain", __VA_ARGS__, NULL}, (code), (err),                           \
               (const char *const[]){parts, NULL})

/* The id of the only observation that was delivered. */
static const char *value_id(void)
{
    struct gw_error err;
    struct gw_csv csv;

    cr_assert(gw_csv_load(&arena, scratch_path(&scratch, "out/study/observations.csv"), 1 << 20, &csv, &err) == GW_OK,
              "%s", err.text);
    cr_assert(eq(sz, csv.count, 1));
    return csv.records[0].fields[gw_csv_column(&csv, "row_id")];
}

Test(explain, tells_people_where_a_value_comes_from)
{
    const char *id = value_id();

    EXPECT(0, "",
           PARTS(gw_arena_print(&arena, "PRESENT  observations %s\n", id),
                 "\nANC of subject ES-1 in window BASELINE is 2.40 10*9/L, dated 2024-01-15 (study day 1).\n"
                 "The source wrote 2.40 10*3/uL under http://loinc.org|751-8; the value stands as written.\n"
                 "Window BASELINE is centred on 2024-01-15, on day 1 (2024-01-15), and takes 2024-01-01 to 2024-01-15; "
                 "the value lies on the target.\n"
                 "Its state is collected: it needs no routine contact.\n",
                 "\nThe value came from Observation/o-1 version 1 of madrid, last updated 2024-02-20T08:00:00Z, read "
                 "in delivery 1 from obs.ndjson:1.\n",
                 "\nIt was derived by the package lendex-rrmm ", ", with what is known up to 2024-12-31.\n",
                 "\nIt was settled last in revision 1 at ", "\nloinc    6 Codes"),
           LEDGER, id);
}

Test(explain, tells_programs_too)
{
    EXPECT(0, "",
           PARTS("\t\"answer\":\t\"PRESENT\",\n\t\"subject\":\t\"ES-1\",\n\t\"concept\":\tnull,\n",
                 "\t\t\"concept\":\t\"ANC\",\n", "\t\t\t\"resource_id\":\t\"o-1\",\n", "\t\t\t\"id\":\t\"loinc\",\n",
                 "\t\t\t\"section\":\t\"6 Codes\",\n"),
           LEDGER, "--json", value_id());
}

Test(explain, tells_why_a_value_is_missing)
{
    EXPECT(0, "",
           PARTS("HELD  ANC of ES-2 in BASELINE\n1 result of ANC dated in BASELINE is held by an exception until a "
                 "person decides.\n",
                 " asks (UNIT_MISSING: number without unit); a person can: set unit; ignore.\n"),
           LEDGER, "--subject", "ES-2", "--concept", "ANC", "--window", "BASELINE");
    EXPECT(0, "", PARTS("NO_CONTACT  ANC of ES-1 in T30-01\n"), LEDGER, "--subject", "ES-1", "--concept", "ANC",
           "--window", "T30-01");
    EXPECT(0, "", PARTS("\t\"answer\":\t\"NOT_DONE\",\n", "\t\t\t\"topic\":\t\"because\",\n"), LEDGER, "--subject",
           "ES-1", "--concept", "PLT", "--window", "BASELINE", "--json");
}

Test(explain, says_which_inputs_have_changed)
{
    scratch_write(&scratch, "roster.csv", gw_arena_print(&arena, "%s\n", roster));
    EXPECT(0, "",
           PARTS(gw_arena_print(&arena,
                                "\nSince the last derivation %s changed: this answer goes by what they say today, ",
                                scratch_path(&scratch, "roster.csv"))),
           LEDGER, value_id());
    cr_assert(eq(int, unlink(scratch_path(&scratch, "site.json")), 0));
    EXPECT(78, gw_arena_print(&arena, "casement: %s: not there\n", scratch_path(&scratch, "site.json")), PARTS(""),
           LEDGER, value_id());
}

static const struct {
    const char *argv[10];
    int code;
    const char *line;
} mistakes[] = {
    {{LEDGER, "o0@T30-01"},
     64,
     "no row of this ledger has the id \"o0@T30-01\": copy it whole from the column row_id of its table"},
    {{LEDGER, "--subject", "ES-9", "o0@T30-01"},
     64,
     "no row of ES-9 has the id \"o0@T30-01\": copy it whole from the column row_id of its table"},
    {{LEDGER, "--subject", "ES-9", "--concept", "ANC", "--window", "T30-01"},
     64,
     "no subject \"ES-9\" of the roster is in this ledger"},
    {{LEDGER, "--subject", "ES-1", "--concept", "ANCC", "--window", "T30-01"},
     64,
     "there is no concept \"ANCC\"; write ANC: name one of loinc-labs.csv, a derived parameter or an event category of "
     "the study"},
    {{LEDGER, "--subject", "ES-1", "--concept", "ANC"}, 64, "ANC has values in windows: say which window is meant"},
    {{LEDGER}, 64, "explain: give a row's id, or --subject S --concept C --window W: see casement explain --help"},
    {{LEDGER, "--concept", "ANC"}, 64, "explain: --subject S is missing: see casement explain --help"},
    {{LEDGER, "x", "--concept", "ANC"},
     64,
     "explain: a row is explained by its id alone; leave out --concept and --window: see casement explain --help"},
    {{"x"}, 64, "explain: give --config FILE or --ledger FILE: see casement explain --help"},
    {{"--ledger", "none.db", "x"}, 66, "none.db: is not there; run casement sync or map first, or name another ledger"},
};

Test(explain, says_in_a_line_what_was_asked_wrongly)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        const char *argv[13] = {CASEMENT, "explain"};

        for (size_t k = 0; mistakes[i].argv[k]; k++)
            argv[k + 2] = mistakes[i].argv[k];
        expect_run(argv, mistakes[i].code, gw_arena_print(&arena, "casement: %s\n", mistakes[i].line),
                   (const char *const[]){"", NULL});
    }
}

/* A question leaves nothing behind: the next one finds the ledger as it was. */
Test(explain, leaves_the_ledger_as_it_was)
{
    struct program before, after;
    const char *const status[] = {CASEMENT, "status", LEDGER, "--json", NULL};

    program_run(&before, scratch.folder, status);
    EXPECT(0, "", PARTS("PRESENT"), LEDGER, value_id());
    program_run(&after, scratch.folder, status);
    cr_expect(eq(str, before.out, after.out));
    program_release(&before);
    program_release(&after);
}
