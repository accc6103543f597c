/*
 * casement db, and what other commands make of a study in PostgreSQL: the program itself, on a real server.
 */
#include <sys/stat.h>

#include "gateway/core/arena.h"

#include "support/postgres.h"
#include "support/program.h"
#include "support/scratch.h"

static struct scratch scratch;
static struct gw_arena arena = GW_ARENA_INIT((size_t)16 << 20);

static void begin(void)
{
    scratch_init(&scratch);
}

static void end(void)
{
    scratch_release(&scratch);
    gw_arena_release(&arena);
}

TestSuite(db, .init = begin, .fini = end);

/* A configuration of two studies, one of them in a file; the other's sink has more members. */
static void write_config(const char *schema, const char *members)
{
    scratch_write(
        &scratch, "c.json",
        gw_arena_print(
            &arena,
            "{\"installation\": \"hm\", \"state\": \"s\", \"pseudonym_key\": \"p\",\n"
            " \"studies\": [{\"id\": \"lendex-rrmm\", \"package\": \"p\", \"enrolment\": \"r\",\n"
            "  \"sink\": {\"kind\": \"postgres\", \"host\": \"%s\", \"port\": %u, \"database\": \"postgres\",\n"
            "   \"user\": \"casement\", \"schema\": \"%s\"%s}},\n"
            "  {\"id\": \"other\", \"package\": \"p\", \"enrolment\": \"r\", \"sink\": {\"path\": \"o.db\"}}],\n"
            " \"endpoints\": [{\"id\": \"e\", \"site\": \"hm\", \"base\": \"https://f.example\",\n"
            "  \"site_profile\": \"f\", \"auth\": {\"kind\": \"none\"}}]}",
            cluster_host(), cluster_port(), schema, members));
}

static struct program run(const char *const *arguments)
{
    const char *argv[12] = {CASEMENT};
    struct program program;

    for (size_t i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    program_run(&program, scratch.folder, argv);
    return program;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void expect(struct program program, int code, const char *out, const char *err)
{
    cr_expect(program.code == code, "%d: %s%s", program.code, program.out, program.err);
    cr_expect(out ? strstr(program.out, out) != NULL : *program.out == '\0', "%s", program.out);
    cr_expect(err ? strstr(program.err, err) != NULL : *program.err == '\0', "%s", program.err);
    program_release(&program);
}

#define MIGRATE "db", "migrate", "-c", "c.json"

Test(db, migrates_the_studies_that_lie_in_postgresql)
{
    write_config("cli", "");
    expect(RUN(MIGRATE), 0,
           gw_arena_print(&arena,
                          "lendex-rrmm: schema cli of database postgres at %s: laid, release 2, 12 tables, for "
                          "production\n",
                          cluster_host()),
           NULL);
    expect(RUN(MIGRATE), 0, ": is of release 2, nothing was missing\n", NULL);
    cluster_exec("ALTER TABLE cli.observations DROP COLUMN method");
    expect(RUN(MIGRATE, "--study", "lendex-rrmm"), 0, ": brought from release 2 to 2, 0 tables and 1 column added\n",
           NULL);
    expect(RUN(MIGRATE, "--json"), 0, "\"study\":", NULL);
    cr_expect(cluster_says("SELECT study || ' ' || purpose FROM cli.target", "lendex-rrmm production"));
}

Test(db, prints_what_an_administrator_can_run)
{
    struct program program;

    write_config("printed", ", \"purpose\": \"staging\"");
    program = RUN(MIGRATE, "--print");
    cr_assert(program.code == 0 && strstr(program.out, "BEGIN;\n") == program.out, "%s", program.err);
    cr_expect(strstr(program.out, "GRANT SELECT, INSERT, UPDATE ON \"printed\".\"observations\" TO \"casement\";\n"));
    cr_expect(cluster_says("SELECT count(*) FROM pg_namespace WHERE nspname = 'printed'", "0"), "nothing is touched");
    cluster_exec(program.out);
    program_release(&program);
    expect(RUN(MIGRATE), 0, "is of release 2, nothing was missing", NULL);
    write_config("printed", "");
    expect(RUN(MIGRATE), 78, NULL, "is laid for the purpose \"staging\", not for \"production\"");
}

Test(db, says_what_is_wrong)
{
    write_config("wrong", ", \"password_file\": \"password\"");
    scratch_write(&scratch, "password", "x\n");
    chmod(scratch_path(&scratch, "password"), 0644);
    expect(RUN(MIGRATE), 78, NULL, "password");
    expect(RUN(MIGRATE, "--study", "other"), 64, NULL, "c.json: there is no study \"other\" that lies in PostgreSQL");
    expect(RUN(MIGRATE, "--print", "--json"), 64, NULL, "give only one of --print and --json");
    write_config("wrong", ", \"port\": 1");
    cr_expect(cluster_says("SELECT count(*) FROM pg_namespace WHERE nspname = 'wrong'", "0"));
}

Test(db, exports_a_study_that_lies_in_postgresql)
{
    static const char rows[] =
        "SET search_path TO exported; INSERT INTO receipts VALUES ('ES-017', 0, 1, 's', '2024-12-31T10:00:00Z');"
        "INSERT INTO subjects (row_id, subject_key, study, site, status, sex, written) VALUES"
        " ('ES-017', 'ES-017', 'lendex-rrmm', 'hm', 'active', 'female', '')";

    write_config("exported", "");
    setenv("TMPDIR", scratch_path(&scratch, ""), 1);
    expect(RUN("export", "-c", "c.json", "--study", "lendex-rrmm", "--format", "dump"), 78, NULL,
           "casement db migrate");
    expect(RUN(MIGRATE), 0, "laid", NULL);
    cluster_exec(rows);
    expect(RUN("export", "-c", "c.json", "--study", "lendex-rrmm", "--format", "dump"), 0,
           "subjects,1,ES-017,lendex-rrmm,hm,active,female,", NULL);
    expect(RUN("export", "-c", "c.json", "--study", "lendex-rrmm", "--format", "csv", "--out", "out"), 0, NULL, NULL);
    cr_expect(access(scratch_path(&scratch, "out/subjects.csv"), F_OK) == 0);
    cr_expect(scratch_count(&scratch) == 2, "the settings and what was asked for; no copy is left: %zu",
              scratch_count(&scratch));
}
