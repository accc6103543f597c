/*
 * From files to records and back to people: map, then what status, exceptions and export say of it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/folder.h"

#include "support/gzip.h"

#define MAP                                                                                                            \
    CASEMENT, "map", "--study", MAPPINGS "/studies/lendex-rrmm", "--site", MAPPINGS "/sites/madrid.json",              \
        "--enrolment", "roster.csv", "--out", "out", "--as-of", "2024-12-31"

/* One subject; a count on the day of the first dose, one without a unit, one of a patient who is not enrolled. */
static const char roster[] =
    "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
    "madrid,lendex-rrmm,pat-1,ES-1,2024-01-15,,2024-01-15,,,\n"
    "essen,lendex-rrmm,pat-2,DE-1,2024-01-15,,2024-01-15,,,\n";

static const char *observation(const char *id, const char *patient, const char *day, const char *unit)
{
    return gw_arena_print(
        &arena,
        "{\"resourceType\":\"Observation\",\"id\":\"%s\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":"
        "\"2024-02-20T08:00:00Z\"},\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":"
        "\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"laboratory\"}]}],"
        "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},\"subject\":"
        "{\"reference\":\"Patient/%s\"},\"effectiveDateTime\":\"%s\",\"valueQuantity\":{\"value\":2.40"
        "%s}}\n",
        id, patient, day, unit);
}

static void begin(void)
{
    static const char unit[] = ",\"unit\":\"10*3/uL\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"10*3/uL\"";

    open_folder();
    scratch_write(&scratch, "roster.csv", roster);
    scratch_write(&scratch, "obs.ndjson",
                  gw_arena_print(&arena, "%s%s%s", observation("o-1", "pat-1", "2024-01-15", unit),
                                 observation("o-2", "pat-1", "2024-01-10", ""),
                                 observation("o-3", "pat-9", "2024-01-15", unit)));
}

TestSuite(map, .init = begin, .fini = close_folder);

#define EXPECT(code, err, parts, ...)                                                                                  \
    expect_run((const char *const[]){__VA_ARGS__, NULL}, (code), (err), (const char *const[]){parts, NULL})

Test(map, says_where_everything_went)
{
    EXPECT(0, "",
           PARTS("1 file read, 0 refused; 3 entries, 0 of them unreadable\n",
                 "1 subject derived as of 2024-12-31, 0 of them blocked; 1 roster line is of other sites or studies\n",
                 "\ndelivered              1\n", "\nnot_in_scope           1\n", "\nheld                   1\n",
                 "\nread                   3\n", "\nok  every part read is accounted for\n", "\nUNIT_MISSING ",
                 "\nWritten to out: study/ may leave the hospital, hospital/ stays there.\n"),
           MAP, "obs.ndjson");
    EXPECT(0, "",
           PARTS("\nread                   3\n", "\n1 subject, 0 blocked, 0 to be derived\n",
                 "\nEverything derived is delivered\n", "\nUNIT_MISSING "),
           CASEMENT, "status", "--ledger", "out/hospital/ledger.db");
    EXPECT(0, "", PARTS("VALUES  SUBJECTS  WINDOWS  CAUSE\n", "UNIT_MISSING|madrid|http://loinc.org|751-8|"), CASEMENT,
           "exceptions", "list", "--ledger", "out/hospital/ledger.db");
    EXPECT(0, "",
           PARTS("  UNIT_MISSING, open; holds the record\n", "\n  subject     ES-1\n", "\n  source      obs.ndjson:2\n",
                 "\n  resource    Observation/o-2, version 1\n"),
           CASEMENT, "exceptions", "show", "--ledger", "out/hospital/ledger.db", "x");
    EXPECT(0, "", PARTS("2.40"), CASEMENT, "export", "--format", "dump", "--db", "out/study/study.db");
    EXPECT(0, "", PARTS(""), CASEMENT, "export", "--format", "csv", "--db", "out/study/study.db", "--out", "csv/");
    EXPECT(0, "", PARTS(""), CASEMENT, "export", "--format", "sdtm", "--db", "out/study/study.db", "--out", "sdtm/");
    EXPECT(0, "", PARTS(""), "/usr/bin/cmp", "out/study/observations.csv", "csv/observations.csv");
    EXPECT(66, "casement: out/no.db: there is no study database to read; deliver something first\n", PARTS(""),
           CASEMENT, "export", "--format", "dump", "--db", "out/no.db");
    EXPECT(73, "casement: no/csv.part: cannot be made (No such file or directory): name another --out\n", PARTS(""),
           CASEMENT, "export", "--format", "csv", "--db", "out/study/study.db", "--out", "no/csv");
}

Test(map, says_it_to_programs_too)
{
    EXPECT(0, "",
           PARTS("{\n\t\"out\":\t\"out\",\n\t\"as_of\":\t\"2024-12-31\",\n", "\t\t\"in\":\t3,\n\t\t\"sum\":\t3,\n",
                 "\t\"open_exceptions\":\t{\n", "\t\t\"UNIT_MISSING\":\t1"),
           MAP, "--json", "obs.ndjson");
    EXPECT(0, "",
           PARTS("\t\t\"balanced\":\ttrue,\n", "\t\"outbox\":\t[],\n\t\"deliveries\":\t[],\n\t\"endpoints\":\t[]\n"),
           CASEMENT, "status", "--ledger", "out/hospital/ledger.db", "--json");
    EXPECT(0, "", PARTS("\t\t\t\"values\":\t1,\n\t\t\t\"subjects\":\t1,\n"), CASEMENT, "exceptions", "list", "--ledger",
           "out/hospital/ledger.db", "--json");
    EXPECT(0, "", PARTS("\t\t\"subject\":\t\"ES-1\",\n", "\t\t\"context\":\t{\""), CASEMENT, "exceptions", "show",
           "--ledger", "out/hospital/ledger.db", "--json", "x");
}

/* Line 2 is 64 MiB of one text; the lines around it count as if it were not there. */
Test(map, holds_a_line_of_64_MiB_and_reads_on)
{
    static const char unit[] = ",\"unit\":\"10*3/uL\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"10*3/uL\"";
    FILE *file = fopen(scratch_path(&scratch, "huge.ndjson"), "w");

    cr_assert(file != NULL);
    fputs(observation("o-1", "pat-1", "2024-01-15", unit), file);
    for (int i = 0; i < 64 * 1024; i++)
        fprintf(file, "%1024d", i);
    fputs("\n", file);
    fputs(observation("o-4", "pat-1", "2024-01-14", unit), file);
    cr_assert(eq(int, fclose(file), 0));
    EXPECT(0,
           "casement: huge.ndjson:2: the line is longer than the cap of 2 MiB; split or strip the resource: "
           "held for a person\n",
           PARTS("1 file read, 0 refused; 3 entries, 1 of them unreadable\n", "\ndelivered              2\n",
                 "\nheld                   1\n", "\nok  every part read is accounted for\n", "\nRESOURCE_INVALID "),
           MAP, "huge.ndjson");
}

Test(map, goes_on_after_a_file_that_is_refused)
{
    scratch_write(&scratch, "half.json", "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[");
    EXPECT(65, "casement: half.json: the text ends early at byte 54; ask for the file again: nothing of it was taken\n",
           PARTS("1 file read, 1 refused; ", "\nread                   3\n"), MAP, "half.json", "obs.ndjson");
    EXPECT(66, "casement: absent.ndjson: cannot be opened: No such file or directory\n",
           PARTS("1 file read, 1 refused; "), MAP, "absent.ndjson", "obs.ndjson");
}

Test(map, calls_a_file_over_a_limit_a_bad_file)
{
    const size_t length = 64 << 20;
    struct gw_text packed = GW_TEXT_INIT(1 << 20);
    char *zeros = calloc(1, length);

    gzip_append(&packed, zeros, length);
    scratch_put(&scratch, "bomb.ndjson.gz", packed.at, packed.length);
    EXPECT(
        65,
        "casement: bomb.ndjson.gz: inflates to more than 200 times its size: looks like a gzip bomb; unpack it first "
        "if it is genuine\n",
        PARTS("0 files read, 1 refused; "), MAP, "bomb.ndjson.gz");
    gw_text_release(&packed);
    free(zeros);
}

Test(map, holds_a_line_that_cannot_be_read)
{
    scratch_write(&scratch, "bad.ndjson", "{\"resourceType\":\n");
    EXPECT(0, "casement: bad.ndjson:1: the text ends early at byte 16: held for a person\n",
           PARTS("1 file read, 0 refused; 1 entry, 1 of them unreadable\n", "\nheld                   1\n"), MAP,
           "bad.ndjson");
}

Test(map, says_that_no_exception_is_called_so)
{
    EXPECT(0, "", PARTS(""), MAP, "obs.ndjson");
    EXPECT(64, "casement: no open exception has the cause or id \"y\": see casement exceptions list\n", PARTS(""),
           CASEMENT, "exceptions", "show", "--ledger", "out/hospital/ledger.db", "y");
    EXPECT(64, "casement: no exception has the cause or id \"y\": see casement exceptions list --all\n", PARTS(""),
           CASEMENT, "exceptions", "show", "--ledger", "out/hospital/ledger.db", "y", "--all");
}

static const char *in_the_way(const char *part)
{
    return gw_arena_print(
        &arena, "casement: %s: is in the way and was not made by casement map: move it, or name another --out\n", part);
}

Test(map, removes_nothing_that_it_did_not_make)
{
    mkdir(scratch_path(&scratch, "out.part"), 0700);
    EXPECT(0, "", PARTS("\nWritten to out: "), MAP, "obs.ndjson"); /* empty: nothing to lose */
    mkdir(scratch_path(&scratch, "out.part"), 0700);
    mkdir(scratch_path(&scratch, "out.part/study"), 0700);
    scratch_write(&scratch, "out.part/study/subjects.csv", "half");
    EXPECT(0, "", PARTS("\nWritten to out: "), MAP, "obs.ndjson"); /* of a run that was killed */
    cr_expect(access(scratch_path(&scratch, "out.part"), F_OK) != 0);
    mkdir(scratch_path(&scratch, "out.part"), 0700);
    scratch_write(&scratch, "out.part/thesis.txt", "mine");
    EXPECT(73, in_the_way("out.part"), PARTS(""), MAP, "obs.ndjson");
    cr_expect(access(scratch_path(&scratch, "out.part/thesis.txt"), F_OK) == 0);
}

Test(map, builds_one_folder_once_at_a_time)
{
    int fd;

    mkdir(scratch_path(&scratch, "out.part"), 0700);
    fd = open(scratch_path(&scratch, "out.part"), O_RDONLY | O_DIRECTORY);
    cr_assert(fd >= 0 && flock(fd, LOCK_EX) == 0);
    EXPECT(75, "casement: out: another casement map is building it: wait for it, or name another --out\n", PARTS(""),
           MAP, "obs.ndjson");
    cr_expect(access(scratch_path(&scratch, "out.part"), F_OK) == 0);
    close(fd);
    EXPECT(0, "", PARTS("\nWritten to out: "), MAP, "obs.ndjson");
}

Test(map, writes_where_a_link_leads)
{
    cr_assert(symlink("real", scratch_path(&scratch, "out")) == 0);
    EXPECT(73, "casement: out: is a link that leads nowhere (No such file or directory): name another --out\n",
           PARTS(""), MAP, "obs.ndjson");
    mkdir(scratch_path(&scratch, "real"), 0700);
    EXPECT(0, "", PARTS("\nWritten to out: "), MAP, "obs.ndjson");
    EXPECT(0, "", PARTS("\nWritten to out: "), MAP, "obs.ndjson"); /* again */
    cr_expect(access(scratch_path(&scratch, "real/study/study.db"), F_OK) == 0);
}

static void expect_same_ids(void)
{
    EXPECT(0, "", PARTS(""), "/usr/bin/cmp", "first.csv", "out/study/observations.csv");
}

/* Ids are an HMAC under the key: with another key no row of the study is met again. */
Test(map, never_loses_a_key)
{
    EXPECT(0, "", PARTS(""), MAP, "obs.ndjson");
    EXPECT(0, "", PARTS(""), "/bin/cp", "out/study/observations.csv", "first.csv");
    EXPECT(0, "", PARTS(""), MAP, "--key", "out/hospital/pseudonym.key", "obs.ndjson"); /* its own, named */
    expect_same_ids();
    EXPECT(0, "", PARTS(""), MAP, "obs.ndjson");
    expect_same_ids();
    scratch_write(&scratch, "other.key", "0123456789012345678901234567890123456789");
    chmod(scratch_path(&scratch, "other.key"), 0600);
    EXPECT(0, "", PARTS(""), MAP, "--key", "other.key", "obs.ndjson");
    EXPECT(0, "", PARTS(""), MAP, "obs.ndjson");
    expect_same_ids();
    chmod(scratch_path(&scratch, "out/hospital/pseudonym.key"), 0644);
    EXPECT(78,
           "casement: out/hospital/pseudonym.key: open to others (mode 0644); run: chmod 600 "
           "out/hospital/pseudonym.key\n",
           PARTS(""), MAP, "obs.ndjson");
    expect_same_ids();
}

Test(map, knows_the_key_it_was_made_with_and_derives_with_no_other)
{
    static const char *const keys[] = {"out/hospital/pseudonym.key", "named.key"};
    static const char other[] = "another key of thirty-two bytes at least, made up by us\n";

    for (size_t i = 0; i < 2; i++) {
        scratch_write(&scratch, "named.key", "the key of thirty-two bytes at least that is named\n");
        cr_assert(chmod(scratch_path(&scratch, "named.key"), 0600) == 0);
        EXPECT(0, "", PARTS("1 file read"), MAP, "obs.ndjson", i ? "--key" : NULL, "named.key");
        EXPECT(0, "", PARTS("bound the ledger to the pseudonym key "), CASEMENT, "audit", "show", "--ledger",
               "out/hospital/ledger.db");
        EXPECT(0, "", PARTS("PRESENT  ANC of ES-1"), CASEMENT, "explain", "--ledger", "out/hospital/ledger.db",
               "--subject", "ES-1", "--concept", "ANC", "--window", "BASELINE");
        scratch_write(&scratch, keys[i], other);
        EXPECT(78,
               gw_arena_print(&arena,
                              "casement: %s: this is another pseudonym key than the ledger was made "
                              "with, every id would change: put the old one back\n",
                              i ? scratch_path(&scratch, keys[i]) : keys[i]),
               PARTS(""), CASEMENT, "explain", "--ledger", "out/hospital/ledger.db", "--subject", "ES-1", "--concept",
               "ANC", "--window", "BASELINE");
        scratch_write(&scratch, keys[i], "the key of thirty-two bytes at least that is named\n");
    }
}

Test(map, quotes_what_a_package_calls_itself)
{
    EXPECT(0, "", PARTS(""), "/bin/cp", "-r", MAPPINGS, "mappings");
    EXPECT(0, "", PARTS(""), "/bin/sed", "-i", "s/\"version\": \"[^\"]*\"/\"version\": \"1 \\\\\"a\\\\\"\"/",
           "mappings/studies/lendex-rrmm/study.json");
    EXPECT(0, "", PARTS(""), CASEMENT, "map", "--study", "mappings/studies/lendex-rrmm", "--site",
           MAPPINGS "/sites/madrid.json", "--enrolment", "roster.csv", "--out", "out", "--as-of", "2024-12-31",
           "obs.ndjson");
    EXPECT(0, "", PARTS("\"package\": \"lendex-rrmm 1 \\\"a\\\"\", \"in\": 3"), "/bin/cat",
           "out/hospital/summary.json");
}

/* ---- a signal ---- */

enum { MANY_LINES = 60000, LOOKS = 10000 };

static void write_many(void)
{
    FILE *file = fopen(scratch_path(&scratch, "many.ndjson"), "w");

    cr_assert(file != NULL);
    for (size_t i = 0; i < MANY_LINES; i++)
        fprintf(file,
                "{\"resourceType\":\"Observation\",\"id\":\"m-%zu\",\"status\":\"final\",\"code\":{\"text\":\"x\"},"
                "\"subject\":{\"reference\":\"Patient/pat-1\"}}\n",
                i);
    fclose(file);
}

/* Started, and signalled once it builds its folder. */
static int end_by(int number)
{
    const char *const argv[] = {MAP, "many.ndjson", NULL};
    const pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        const int null = open("/dev/null", O_RDWR);

        if (chdir(scratch.folder) != 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
            _exit(126);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    for (int i = 0; i < LOOKS && access(scratch_path(&scratch, "out.part/hospital/ledger.db"), F_OK) != 0; i++)
        usleep(1000);
    kill(pid, number);
    waitpid(pid, &status, 0);
    return status;
}

Test(map, leaves_nothing_behind_when_a_signal_ends_it)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    write_many();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const int status = end_by(numbers[i]);
        const bool seen = WIFSIGNALED(status) && WTERMSIG(status) == numbers[i];

        cr_expect(seen, "whoever started it sees what ended it: %d", status);
        cr_expect(access(scratch_path(&scratch, "out.part"), F_OK) != 0, "%d", numbers[i]);
        cr_expect(access(scratch_path(&scratch, "out"), F_OK) != 0);
    }
}
