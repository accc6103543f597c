/*
 * The lint, of what is shipped with one thing changed: what is said of it, and what is sound.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/core/text.h"
#include "gateway/study/package.h"
#include "support/scratch.h"

static struct gw_arena arena;
static struct scratch package, tables;

static const char *read_text(const char *path)
{
    struct gw_text text = GW_TEXT_INIT(1 << 20);
    const char *copy;

    cr_assert(gw_text_read_file(&text, path, NULL) == GW_OK, "%s", path);
    copy = gw_arena_copy(&arena, text.at, text.length);
    gw_text_release(&text);
    return copy;
}

static void start(void)
{
    arena = (struct gw_arena)GW_ARENA_INIT((size_t)256 << 20);
    scratch_init(&package);
    scratch_init(&tables);
}

static void stop(void)
{
    scratch_release(&package);
    scratch_release(&tables);
    gw_arena_release(&arena);
}

TestSuite(lint_changes, .init = start, .fini = stop, .timeout = 120);

struct change {
    const char *from, *until; /* until NULL: from alone; else up to it */
    const char *to;
};

/* The text with its first occurrence changed. */
static const char *changed(const char *text, const struct change *change)
{
    const char *const at = strstr(text, change->from);
    const char *const end = !at ? NULL : change->until ? strstr(at, change->until) : at + strlen(change->from);

    cr_assert(at && end, "%s is not there", change->from);
    return gw_arena_print(&arena, "%.*s%s%s", (int)(at - text), text, change->to, end);
}

/* finding NULL: there is none. */
static void expect_finding(const char *what, const char *dir, const char *common, const char *finding)
{
    struct gw_text out = GW_TEXT_INIT(1 << 20);
    const size_t count = gw_study_lint(&arena, dir, common, NULL, 0, &out);

    cr_log_info("%s", what);
    if (finding)
        cr_expect(strstr(out.at, finding) != NULL, "%s: %s", what, out.at);
    else
        cr_expect(eq(sz, count, 0), "%s: %s", what, out.at);
    gw_text_release(&out);
}

/* ---- packages ---- */

#define LENDEX      "lendex-rrmm"
#define ELRANATAMAB "elranatamab-rrmm"
#define AGE_FROM_76 "{\"part\": \"AGE\", \"from\": 76, \"to\": 80, \"score\": 1}"
#define ALL_GROUPS                                                                                                     \
    "[\"G30\", \"G90\", \"G1\", \"G2\", \"G3\", \"G4\", \"G5\", \"G6\", \"G7\", \"G8\", \"G9\", \"G10\", \"G11\", "    \
    "\"G12\", \"G13\", \"G14\", \"G15\", \"G16\", \"G17\", \"G18\", \"G19\", \"G20\", \"G21\", \"G22\", \"G23\", "     \
    "\"G24\", \"G25\", \"G26\", \"G27\", \"G28\", \"G29\", \"G31\", \"G32\"]"

static const struct {
    const char *what, *study;
    struct change change;
    const char *finding;
} packages[] = {
    /* cycles and doses */
    {"treatment on all days of a cycle", LENDEX, {"\"treatment_days\": 21", NULL, "\"treatment_days\": 28"}, NULL},
    {"on more days than it has",
     LENDEX,
     {"\"treatment_days\": 21", NULL, "\"treatment_days\": 29"},
     "a cycle has fewer days than its treatment"},
    {"a gap as long as the rest", LENDEX, {"\"restart_gap_days\": 5", NULL, "\"restart_gap_days\": 7"}, NULL},
    {"a longer gap",
     LENDEX,
     {"\"restart_gap_days\": 5", NULL, "\"restart_gap_days\": 8"},
     "the rest of a cycle is shorter than the gap that starts one"},
    {"the plan of the table that is there", LENDEX, {"\"plan\": \"standard\"", NULL, "\"plan\": \"figure1\""}, NULL},
    {"a row from one clearance to the same",
     LENDEX,
     {"\"crcl_low\": \"30\", \"crcl_high\": \"50\"", NULL, "\"crcl_low\": \"50\", \"crcl_high\": \"50\""},
     "a row's crcl_low is not below its crcl_high"},
    {"phases that do not end",
     ELRANATAMAB,
     {"\"last_week\": 48, ", NULL, ""},
     "a phase does not begin in the week after the former"},

    /* steps of points */
    {"steps in another order",
     LENDEX,
     {AGE_FROM_76, "{\"part\": \"CHARLSON\"",
      AGE_FROM_76 ",{\"part\": \"AGE\", \"from\": 91, \"to\": 150, \"score\": 2},"
                  "{\"part\": \"AGE\", \"from\": 81, \"to\": 90, \"score\": 2},"},
     NULL},
    {"a gap between steps in another order",
     LENDEX,
     {AGE_FROM_76, "{\"part\": \"CHARLSON\"",
      AGE_FROM_76 ",{\"part\": \"AGE\", \"from\": 91, \"to\": 150, \"score\": 2},"
                  "{\"part\": \"AGE\", \"from\": 82, \"to\": 90, \"score\": 2},"},
     "the steps of AGE leave a gap at 81"},
    {"points from a higher to a lower one",
     ELRANATAMAB,
     {"{\"low\": 7, \"high\": 9", NULL, "{\"low\": 9, \"high\": 7"},
     "the points leave a gap or overlap"},

    /* evidence */
    {"no values between windows",
     LENDEX,
     {"\"between_windows\": \"grade\"", NULL, "\"between_windows\": \"none\""},
     NULL},
    {"values of none",
     LENDEX,
     {"{\"between_windows\": \"grade\", \"values\": \"pointer\"", NULL,
      "{\"between_windows\": \"none\", \"values\": \"value\""},
     "values are to be kept as evidence, but none between windows are read"},

    /* monitoring */
    {"no sets of tests",
     LENDEX,
     {"\"monitoring\": [", "// IMWG", ""},
     "MONGAP_C goes by \"monitoring\", which the file does not have"},
    {"a set without a name", LENDEX, {"{\"id\": \"CBC\", \"concepts\"", NULL, "{\"concepts\""}, "\"id\" is missing"},
    {"a set of a letter that no parameter has",
     LENDEX,
     {"{\"id\": \"CBC\"", NULL, "{\"id\": \"XBC\""},
     "there is no MONGAP_X; begin with another"},

    /* what chooses rows */
    {"no tables", LENDEX, {"\"tables_study\": \"000;001;003\",", NULL, ""}, "\"tables_study\" is missing"},
    {"no scale", LENDEX, {"\"grade_scale\": \"CTCAE 5.0\",", NULL, ""}, "\"grade_scale\" is missing"},
    {"concepts for a group of no window",
     LENDEX,
     {"\"dayBasis\": ", NULL, "\"collects\": [{\"group\": \"G31\", \"concepts\": [\"ANC\"]}], \"dayBasis\": "},
     "no window is of the group \"G31\""},

    /* windows */
    {"two numbers in a name", LENDEX, {"T30-%02d", NULL, "T30-%02d-%02d"}, "needs one %02d for its number"},
    {"another number before it", LENDEX, {"T30-%02d", NULL, "T%d-%02d"}, "needs one %02d for its number"},
    {"a number of another form", LENDEX, {"T30-%02d", NULL, "T30-%d"}, "needs one %02d for its number"},
    {"windows of a grid side by side",
     LENDEX,
     {"\"count\": 36, \"low\": -5, \"high\": 5", NULL, "\"count\": 36, \"low\": -14, \"high\": 15"},
     NULL},
    {"windows of a grid that share a day",
     LENDEX,
     {"\"count\": 36, \"low\": -5, \"high\": 5", NULL, "\"count\": 36, \"low\": -15, \"high\": 15"},
     "the windows \"T30-%02d\" and \"T30-%02d\" share days and a group"},
    {"one window of a grid",
     LENDEX,
     {"\"count\": 36, \"low\": -5, \"high\": 5", NULL, "\"count\": 1, \"low\": -15, \"high\": 15"},
     NULL},
    {"a grid with a target",
     LENDEX,
     {"\"every\": 30,", NULL, "\"every\": 30, \"target\": 30,"},
     "a grid's target is \"every\" times its number"},
    {"a window without a name that ends before it begins",
     LENDEX,
     {"{\"id\": \"BASELINE\", \"from\": \"D1\", \"low\": -14", NULL, "{\"from\": \"D1\", \"low\": 14"},
     "the window \"\" ends before it begins"},
    {"too many groups",
     LENDEX,
     {"\"groups\": [\"G30\", \"G90\"]", NULL, "\"groups\": " ALL_GROUPS},
     "a study has fewer"},
    {"no member of a window",
     LENDEX,
     {"\"windows.BASELINE.low\"", NULL, "\"windows.BASELINE.colour\""},
     "\"windows.BASELINE.colour\" is no key of this file"},
    {"no window",
     LENDEX,
     {"\"windows.BASELINE.low\"", NULL, "\"windows.low\""},
     "\"windows.low\" is no key of this file"},
};

Test(lint_changes, of_a_package_are_found)
{
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++) {
        const char *const text =
            read_text(gw_arena_print(&arena, SOURCE_DIR "/mappings/studies/%s/study.json", packages[i].study));

        const char *const folder = gw_arena_print(&arena, "%s/%s", package.folder, packages[i].study); /* as its id */

        mkdir(folder, 0700);
        scratch_write(&package, gw_arena_print(&arena, "%s/study.json", packages[i].study),
                      changed(text, &packages[i].change));
        expect_finding(packages[i].what, folder, SOURCE_DIR "/mappings/common", packages[i].finding);
        gw_arena_clear(&arena);
    }
}

/* ---- tables ---- */

#define GRADES "ctcae-lab-grades.csv"
#define LABS   "loinc-labs.csv"

static const struct {
    const char *what, *file;
    struct change changes[2];
    const char *finding;
} sheets[] = {
    {"grades in another order",
     GRADES,
     {{"LOW,3,0.5,Y,1.0,N,10*9/L", NULL, "LOW,2,1.0,Y,1.50,N,10*9/L"},
      {"LOW,2,1.0,Y,1.5,N,10*9/L", NULL, "LOW,3,0.5,Y,1.0,N,10*9/L"}},
     NULL},
    {"a grade without a bound towards the next",
     GRADES,
     {{"LOW,3,0.5,Y,1.0,N,10*9/L", NULL, "LOW,3,,,1.0,N,10*9/L"}},
     "grades 3 and 4 of ANC (LOW, 10*9/L) overlap: one has no bound towards the other"},
    {"a grade of one value that it does not hold",
     GRADES,
     {{"LOW,3,0.5,Y,1.0,N,10*9/L", NULL, "LOW,3,1.0,Y,1.0,N,10*9/L"}},
     "grade 3 of ANC (LOW, 10*9/L) holds no value"},
    {"the same from the other side",
     GRADES,
     {{"LOW,3,0.5,Y,1.0,N,10*9/L", NULL, "LOW,3,1.0,N,1.0,Y,10*9/L"}},
     "grade 3 of ANC (LOW, 10*9/L) holds no value"},
    {"a grade for one kind of baseline",
     GRADES,
     {{"ALT,5.0,Alanine aminotransferase increased,10001551,HIGH,4,20.0,N,,,xULN",
       "ALT,5.0,Alanine aminotransferase increased,10001551,HIGH,1,1.5", ""}},
     "grade 4 of ALT (HIGH) has a row for an abnormal baseline only"},
    {"fever that a duration tells from no other",
     GRADES,
     {{"value+duration>24h", NULL, "value"}},
     "grades 3 and 4 of TEMP (HIGH, Cel) overlap"},
    {"an event of a direction without a grade",
     "ae-evidence.csv",
     {{"HEPATOTOXICITY,ALT,lab,ALT,HIGH", NULL, "HEPATOTOXICITY,ALT,lab,ALT,LOW"}},
     "ALT has no grade in direction LOW"},
    {"and of the other one",
     "ae-evidence.csv",
     {{"NEUTROPENIA,,lab,ANC,LOW", NULL, "NEUTROPENIA,,lab,ANC,HIGH"}},
     "ANC has no grade in direction HIGH"},
    {"a number for a concept of answers",
     LABS,
     {{"in Urine,PrThr,(coded),,", NULL, "in Urine,PrThr,1,1=1,"}},
     "2106-3 of HCG_QUAL is canonical in 1, but in (coded) for 2118-8"},
    {"an answer for a concept of numbers",
     LABS,
     {{"in Serum or Plasma,PrThr,(coded),,", NULL, "in Serum or Plasma,PrThr,1,1=1,"}},
     "2106-3 of HCG_QUAL is canonical in (coded), but in 1 for 2118-8"},
    {"a risk beside an event of one code",
     "ae-conditions.csv",
     {{"D45,prefix,Polycythemia vera,supporting", NULL, "C91,prefix,Polycythemia vera,risk"}},
     NULL},
    {"two events of one code",
     "ae-conditions.csv",
     {{"D45,prefix,Polycythemia vera,supporting", NULL, "C91,prefix,Polycythemia vera,supporting"}},
     "C91 has a row already, for SPM"},
};

/* The tables of the repository, of which one is changed. */
static void write_tables(const char *file, const struct change *changes)
{
    DIR *const folder = opendir(SOURCE_DIR "/mappings/common");

    cr_assert(folder != NULL);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        const char *text;

        if (!strstr(entry->d_name, ".csv"))
            continue;
        text = read_text(gw_arena_print(&arena, SOURCE_DIR "/mappings/common/%s", entry->d_name));
        for (size_t k = 0; strcmp(entry->d_name, file) == 0 && k < 2 && changes[k].from; k++)
            text = changed(text, &changes[k]);
        scratch_write(&tables, entry->d_name, text);
    }
    closedir(folder);
}

Test(lint_changes, of_a_table_are_found)
{
    for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++) {
        write_tables(sheets[i].file, sheets[i].changes);
        expect_finding(sheets[i].what, SOURCE_DIR "/mappings/studies/lendex-rrmm", tables.folder, sheets[i].finding);
        gw_arena_clear(&arena);
    }
}
