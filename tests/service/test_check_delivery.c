/*
 * A check of study databases that are elsewhere: reached, the study's own, able to take the rows, or why not.
 */
#include <criterion/criterion.h>
#include <sys/stat.h>

#include "support/postgres.h" /* before criterion/new, whose cr_assert takes no pointer */

#include "service/check_bench.h"
#include "support/fake_redcap.h"

static struct fake_redcap redcap;

static void use_redcap(struct bench *b)
{
    const char *token = bench_path(b, "token"), *dictionary = bench_path(b, "dictionary.csv");
    FILE *out = fopen(dictionary, "w");

    cr_assert(out && gw_redcap_dictionary(out, &b->first) == GW_OK);
    fclose(out);
    scratch_write(&b->scratch, "token", FAKE_REDCAP_TOKEN);
    cr_assert(eq(int, chmod(token, 0600), 0));
    fake_redcap_init(&redcap);
    fake_redcap_upload(&redcap, dictionary);
    b->study.sink_kind = "redcap";
    b->study.sink_path = NULL;
    b->study.redcap = (struct gw_redcap_target){
        .url = redcap.url, .token_file = token, .study = "lendex-rrmm", .installation = "t", .production = true};
}

static void as_it_should_be(struct bench *b)
{
    (void)b;
}

static void nobody_there(struct bench *b)
{
    b->study.redcap.url = "http://127.0.0.1:1/api/";
}

static void an_open_token(struct bench *b)
{
    cr_assert(eq(int, chmod(b->study.redcap.token_file, 0644), 0));
}

static void a_revoked_token(struct bench *b)
{
    scratch_write(&b->scratch, "token", "F00D");
}

static void a_missing_field(struct bench *b)
{
    (void)b;
    fake_redcap_drop(&redcap, "windows_contact_kind");
}

static void a_missing_window(struct bench *b)
{
    (void)b;
    redcap.without_event = "T90-12";
}

static void staging(struct bench *b)
{
    b->study.redcap.production = false;
}

static void another_studys_rows(struct bench *b)
{
    (void)b;
    fake_redcap_receive(&redcap, "X-1", "other", "t");
}

static const struct {
    const char *name;
    void (*spoil)(struct bench *b);
    enum gw_status status;
    const char *says;
} cases[] = {
    {"all is well", as_it_should_be, GW_OK,
     "(redcap) is reached, is the study's own and can take its rows; 0 subjects"},
    {"nobody listens", nobody_there, GW_ERETRY, "127.0.0.1"},
    {"D5: a token's file that is open to others", an_open_token, GW_ECONFIG, "chmod 600"},
    {"D5: a token that is no more", a_revoked_token, GW_EDENIED, "refuses the token of"},
    {"D5: a field that is no more", a_missing_field, GW_ECONFIG, "windows_contact_kind"},
    {"a window that is no event", a_missing_window, GW_ECONFIG, "T90-12"},
    {"D8: production where staging is meant", staging, GW_ECONFIG, "production status"},
    {"D8: another study's rows", another_studys_rows, GW_ECONFIG, "another study"},
};

Test(check_delivery, says_of_a_redcap_project_whether_it_can_take_the_rows)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;

        bench_open(&b);
        use_redcap(&b);
        cases[i].spoil(&b);
        cr_expect(eq(int, bench_run(&b), cases[i].status), "%s: %s", cases[i].name, b.first.text);
        bench_expect(&b, "database", cases[i].status == GW_OK ? GW_CHECK_OK : GW_CHECK_FAIL, cases[i].says);
        cr_expect(strstr(bench_line(&b, "database")->text, FAKE_REDCAP_TOKEN) == NULL, "%s", cases[i].name);
        bench_expect(&b, "state", GW_CHECK_OK, "");
        cr_expect(eq(int, redcap.imports, 0), "%s: nothing is written", cases[i].name);
        cr_expect(gw_same(redcap.wrong, ""), "%s: %s", cases[i].name, redcap.wrong);
        fake_redcap_release(&redcap);
        bench_close(&b);
    }
}

/* ---- PostgreSQL ------------------------------------------------------------------------------------------------ */

static void use_postgres(struct bench *b, const char *schema)
{
    b->study.sink_kind = "postgres";
    b->study.sink_path = NULL;
    b->study.postgres = (struct gw_postgres_target){.connection = cluster_settings(),
                                                    .schema = schema,
                                                    .study = "lendex-rrmm",
                                                    .installation = "t",
                                                    .purpose = "production"};
}

static void expect_database(struct bench *b, enum gw_status status, const char *says)
{
    cr_expect(eq(int, bench_run(b), status), "%s", b->first.text);
    bench_expect(b, "database", status == GW_OK ? GW_CHECK_OK : GW_CHECK_FAIL, says);
}

Test(check_delivery, says_of_a_postgresql_schema_whether_it_can_take_the_rows)
{
    struct gw_migration_result laid;
    struct bench b;

    bench_open(&b);
    use_postgres(&b, "examined");
    expect_database(&b, GW_ECONFIG, "run casement db migrate");
    cr_assert(eq(int, gw_sink_postgres_migrate(&b.study.postgres, &laid, &b.first), GW_OK), "%s", b.first.text);
    expect_database(&b, GW_OK, "(postgres) is reached, is the study's own and can take its rows; 0 subjects");
    b.study.postgres.purpose = "staging";
    expect_database(&b, GW_ECONFIG, "staging"); /* D8 */
    b.study.postgres.purpose = "production";
    cluster_exec("CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA examined TO reader;"
                 "GRANT SELECT ON ALL TABLES IN SCHEMA examined TO reader;"
                 "GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA examined TO reader;"
                 "REVOKE UPDATE ON examined.observations FROM reader");
    b.study.postgres.connection.user = "reader";
    expect_database(&b, GW_EDENIED, "reader may not read and write observations of schema examined (one of 1 tables)");
    b.study.postgres.connection.port = 1;
    expect_database(&b, GW_ERETRY, "");
    bench_close(&b);
}
