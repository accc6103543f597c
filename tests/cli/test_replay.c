/*
 * casement replay on the folder of a map: its study database written anew from the ledger alone, and its subjects
 * derived again; and what plan and replay refuse.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "support/program.h"
#include "support/scratch.h"

#define MAPPINGS SOURCE_DIR "/mappings"
#define COHORT   SOURCE_DIR "/fixtures/cohort-small"
#define LEDGER   "--ledger", "out/hospital/ledger.db"

static struct scratch scratch;
static struct program run;

static void casement(int code, const char *const *argv)
{
    program_release(&run);
    program_run(&run, scratch.folder, argv);
    cr_assert(eq(int, run.code, code), "%s", run.err);
}
#define CASEMENT_ENDS(code, ...) casement((code), (const char *const[]){CASEMENT, __VA_ARGS__, NULL})

static void begin(void)
{
    scratch_init(&scratch);
    run = (struct program){.code = 0};
    CASEMENT_ENDS(0, "map", "--study", MAPPINGS "/studies/lendex-rrmm", "--site", MAPPINGS "/sites/madrid.json",
                  "--enrolment", COHORT "/roster.csv", "--out", "out", "--as-of", "2026-06-30",
                  COHORT "/madrid/delivery-1", COHORT "/madrid/delivery-2");
}

static void end(void)
{
    program_release(&run);
    scratch_release(&scratch);
}

TestSuite(replay, .init = begin, .fini = end);

Test(replay, P10_writes_the_study_database_anew_from_the_ledger)
{
    struct program was;

    program_run(&was, scratch.folder,
                (const char *const[]){CASEMENT, "export", "--format", "dump", "--db", "out/study/study.db", NULL});
    cr_assert(eq(int, was.code, 0), "%s", was.err);
    cr_assert(gt(sz, strlen(was.out), 50000));
    CASEMENT_ENDS(0, "replay", LEDGER, "--rebuild", "new.db");
    cr_expect(strstr(run.out, ", from the ledger alone\n") != NULL, "%s", run.out);
    CASEMENT_ENDS(0, "export", "--format", "dump", "--db", "new.db");
    cr_expect(strcmp(run.out, was.out) == 0, "the two dumps differ");
    program_release(&was);
    CASEMENT_ENDS(73, "replay", LEDGER, "--rebuild", "new.db");
}

Test(replay, derives_again_and_finds_nothing_to_deliver)
{
    CASEMENT_ENDS(0, "replay", LEDGER, "--subject", "MA-00000", "--reason", "a look", "--json");
    cr_expect(strstr(run.out, "\"chosen\"") != NULL, "%s", run.out);
    CASEMENT_ENDS(0, "replay", LEDGER, "--subject", "MA-00000", "--reason", "a look");
    cr_expect(eq(str, run.out,
                 (char *)"1 subject derived: 0 rows added, 0 changed, 0 withdrawn; 0 exceptions closed, "
                         "0 opened\n"));
}

Test(replay, says_what_is_missing)
{
    CASEMENT_ENDS(64, "replay", LEDGER);
    cr_expect(strstr(run.err, "--reason TEXT is missing") != NULL, "%s", run.err);
    CASEMENT_ENDS(64, "replay", LEDGER, "--rebuild", "new.db", "--subject", "MA-00000");
    CASEMENT_ENDS(64, "replay", LEDGER, "--subject", "MA-99999", "--reason", "a look");
    CASEMENT_ENDS(64, "plan", "-c", "casement.json");
    CASEMENT_ENDS(78, "plan", "-c", "casement.json", "--package", "none");
}
