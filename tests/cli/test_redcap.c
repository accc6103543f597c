/*
 * A site that has its study in REDCap, from the dictionary to the exports, as people see it: the program itself, with a
 * fake hospital and a fake project.
 */
#include <criterion/criterion.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/core/arena.h"
#include "service/fake_hospital.h"
#include "support/fake_redcap.h"
#include "support/program.h"

#define MAPPINGS SOURCE_DIR "/mappings"

static struct scratch scratch;
static struct gw_arena arena = GW_ARENA_INIT((size_t)16 << 20);
static struct fake_hospital hospital;
static struct fake_redcap redcap;

static void configure(const char *members)
{
    scratch_write(&scratch, "casement.json",
                  gw_arena_print(&arena,
                                 "{\"installation\": \"md\", \"state\": \"state\", \"pseudonym_key\": \"p.key\",\n"
                                 " \"studies\": [{\"id\": \"lendex-rrmm\", \"package\": \"" MAPPINGS
                                 "/studies/lendex-rrmm\", \"enrolment\": \"roster.csv\",\n"
                                 "  \"sink\": {\"kind\": \"redcap\", \"url\": \"%s\", %s}}],\n"
                                 " \"endpoints\": [{\"id\": \"e\", \"site\": \"madrid\", \"base\": \"%s\",\n"
                                 "  \"site_profile\": \"" MAPPINGS
                                 "/sites/madrid.json\", \"auth\": {\"kind\": \"none\"}}]}\n",
                                 redcap.url, members, fake_server_base(hospital.server)));
}

static void begin(void)
{
    scratch_init(&scratch);
    scratch_write(&scratch, "roster.csv",
                  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
                  "madrid,lendex-rrmm,p1,ES-1,2024-01-15,,2024-01-15,,,\n");
    fake_hospital_open(&hospital);
    fake_hospital_add(&hospital, FAKE_PATIENT("p1"));
    fake_hospital_add(&hospital, FAKE_VISIT("p1"));
    fake_hospital_add(&hospital, FAKE_COUNT("p1", "5", "final", "1.20"));
    fake_redcap_init(&redcap);
    scratch_write(&scratch, "token", FAKE_REDCAP_TOKEN "\n");
    chmod(scratch_path(&scratch, "token"), 0600);
    configure("\"token_file\": \"token\"");
}

static void end(void)
{
    cr_expect_str_eq(redcap.wrong, "");
    fake_redcap_release(&redcap);
    fake_server_free(hospital.server);
    scratch_release(&scratch);
    gw_arena_release(&arena);
}

TestSuite(redcap, .init = begin, .fini = end);

static struct program run(const char *const *arguments)
{
    const char *argv[12] = {CASEMENT};
    struct program program;

    for (size_t i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    program_run(&program, scratch.folder, argv);
    cr_expect(!strstr(program.out, FAKE_REDCAP_TOKEN) && !strstr(program.err, FAKE_REDCAP_TOKEN));
    return program;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})
#define SYNC     "sync", "-c", "casement.json", "--as-of", "2024-02-28"

static void expect(struct program program, int code, const char *says)
{
    cr_expect(program.code == code, "%d: %s%s", program.code, program.out, program.err);
    cr_expect(strstr(program.out, says) || strstr(program.err, says), "%s: %s%s", says, program.out, program.err);
    program_release(&program);
}

/* As a person does it: the dictionary is printed, and uploaded to the project. */
static void lay(void)
{
    struct program program = RUN("export", "--format", "redcap-dictionary");

    cr_assert(program.code == 0, "%s", program.err);
    fake_redcap_upload(&redcap, scratch_write(&scratch, "dictionary.csv", program.out));
    program_release(&program);
}

Test(redcap, is_checked_filled_and_exported)
{
    struct program copy, rebuilt;

    expect(RUN("check", "-c", "casement.json"), 78, "--format redcap-dictionary prints");
    lay();
    expect(RUN("check", "-c", "casement.json"), 0, "is reached, is the study's own and can take its rows");
    expect(RUN(SYNC), 0, "");
    cr_expect(fake_redcap_count_of(&redcap, "observations", "observations_value_num", "1.20") == 1);

    mkdir(scratch_path(&scratch, "tmp"), 0700);
    setenv("TMPDIR", scratch_path(&scratch, "tmp"), 1);
    expect(RUN("export", "-c", "casement.json", "--format", "csv", "--out", "out"), 0, "");
    cr_expect(access(scratch_path(&scratch, "out/observations.csv"), F_OK) == 0);
    expect(RUN("export", "-c", "casement.json", "--format", "sdtm", "--out", "sdtm"), 0, "");
    cr_expect(access(scratch_path(&scratch, "sdtm/LB.csv"), F_OK) == 0);
    expect(RUN("replay", "-c", "casement.json", "--rebuild", "new.db"), 0, "from the ledger alone");
    copy = RUN("export", "-c", "casement.json", "--format", "dump");
    rebuilt = RUN("export", "--db", "new.db", "--format", "dump");
    cr_expect(copy.code == 0 && strstr(copy.out, ",1.20,"), "%s%s", copy.out, copy.err);
    cr_expect_str_eq(copy.out, rebuilt.out);
    cr_expect(rmdir(scratch_path(&scratch, "tmp")) == 0, "no copy is left");
    program_release(&copy);
    program_release(&rebuilt);
}

Test(redcap, is_told_what_is_wrong_and_what_to_do)
{
    lay();
    expect(RUN("export", "-c", "casement.json", "--format", "dump"), 66, "state/ledger.db");
    chmod(scratch_path(&scratch, "token"), 0644);
    expect(RUN("check", "-c", "casement.json"), 78, "chmod 600");
    expect(RUN(SYNC), 78, "chmod 600");
    chmod(scratch_path(&scratch, "token"), 0600);
    configure("\"token\": \"F00D\"");
    expect(RUN(SYNC), 78, "take it out, write it to such a file, name that as \"token_file\"");
    configure("\"token_file\": \"token\", \"purpose\": \"staging\"");
    expect(RUN(SYNC), 78, "production status"); /* D8 */
    cr_expect(fake_redcap_count(&redcap) == 0);
    configure("\"token_file\": \"token\"");
    expect(RUN(SYNC), 0, "");
    cr_expect(fake_redcap_count_of(&redcap, "observations", "observations_value_num", "1.20") == 1);
}
