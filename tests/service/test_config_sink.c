/*
 * "sink" of a study in casement.json: which database it names, and the line of what is wrong with it.
 */
#include <criterion/criterion.h>

#include <string.h>
#include <unistd.h>

#include "gateway/core/text.h"
#include "gateway/service/config.h"
#include "support/scratch.h"

static struct scratch scratch;
static struct gw_arena arena = GW_ARENA_INIT((size_t)16 << 20);

static void begin(void)
{
    scratch_init(&scratch);
    cr_assert(chdir(scratch.folder) == 0);
}

static void end(void)
{
    scratch_release(&scratch);
    gw_arena_release(&arena);
}

TestSuite(config_sink, .init = begin, .fini = end);

/* The sink's members begin in line 3. */
static enum gw_status load(const char *study, const char *sink, struct gw_config *out, struct gw_error *err)
{
    scratch_write(&scratch, "c.json",
                  gw_arena_print(&arena,
                                 "{\"installation\": \"hm\", \"state\": \"s\", \"pseudonym_key\": \"p\",\n"
                                 " \"studies\": [{\"id\": \"%s\", \"package\": \"p\", \"enrolment\": \"r\",\n"
                                 "  \"sink\": %s}],\n"
                                 " \"endpoints\": [{\"id\": \"e\", \"site\": \"hm\", \"base\": \"https://f.example\",\n"
                                 "  \"site_profile\": \"f\", \"auth\": {\"kind\": \"none\"}}]}",
                                 study, sink));
    return gw_config_load(&arena, "c.json", out, err);
}

Test(config_sink, names_a_database_of_postgresql)
{
    static const char sink[] = "{\"kind\": \"postgres\", \"host\": \"db.hm.example\", \"port\": 6432,\n"
                               " \"database\": \"studies\", \"user\": \"casement\", \"password_file\": \"keys/db\",\n"
                               " \"ca\": \"/etc/hm.pem\", \"cert\": \"keys/db.pem\", \"key\": \"keys/db.key\",\n"
                               " \"schema\": \"lendex_test\", \"purpose\": \"staging\"}";
    struct gw_config config;
    struct gw_error err = {.status = GW_OK};
    const struct gw_postgres_target *target;

    cr_assert((load("lendex-rrmm", sink, &config, &err)) == GW_OK, "%s", err.text);
    cr_expect(gw_same(config.studies[0].sink_kind, "postgres") && config.studies[0].sink_path == NULL);
    target = &config.studies[0].postgres;
    cr_expect(gw_same(target->study, "lendex-rrmm") && gw_same(target->installation, "hm"));
    cr_expect(gw_same(target->schema, "lendex_test") && gw_same(target->purpose, "staging"));
    cr_expect(gw_same(target->connection.host, "db.hm.example") && target->connection.port == 6432);
    cr_expect(gw_same(target->connection.database, "studies") && gw_same(target->connection.user, "casement"));
    cr_expect(gw_same(target->connection.password, "keys/db") && gw_same(target->connection.ca, "/etc/hm.pem"));
    cr_expect(gw_same(target->connection.cert, "keys/db.pem") && gw_same(target->connection.key, "keys/db.key"));
    cr_expect(!target->connection.plain);
}

Test(config_sink, fills_in_what_goes_without_saying)
{
    static const char sink[] = "{\"kind\": \"postgres\", \"host\": \"/var/run/postgresql\", \"database\": \"studies\", "
                               "\"user\": \"casement\"}";
    struct gw_config config;
    struct gw_error err = {.status = GW_OK};
    const struct gw_postgres_target *target;

    cr_assert((load("lendex-rrmm", sink, &config, &err)) == GW_OK, "%s", err.text);
    target = &config.studies[0].postgres;
    cr_expect(gw_same(target->schema, "lendex_rrmm") && gw_same(target->purpose, "production"));
    cr_expect(target->connection.port == 5432 && !target->connection.plain);
    cr_expect(!target->connection.password && !target->connection.ca && !target->connection.cert);
}

#define POSTGRES "{\"kind\": \"postgres\", \"host\": \"%s\", \"database\": \"d\", \"user\": \"u\"%s}"

Test(config_sink, goes_without_tls_only_where_no_network_lies_between)
{
    static const struct {
        const char *host;
        bool taken;
    } cases[] = {{"127.0.0.1", true},      {"::1", true},       {"localhost", true},     {"/run/pg", true},
                 {"db.hm.example", false}, {"10.0.0.7", false}, {"127.0.0.1,db", false}, {"localhost.example", false}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gw_config config;
        struct gw_error err = {.status = GW_OK};
        const enum gw_status rc =
            load("x", gw_arena_print(&arena, POSTGRES, cases[i].host, ", \"tls\": false"), &config, &err);

        cr_expect(rc == (cases[i].taken ? GW_OK : GW_ECONFIG), "%s: %s", cases[i].host, err.text);
        cr_expect(cases[i].taken || strstr(err.text, "c.json:3: \"tls\": false is for sockets and loopback addresses "
                                                     "alone"),
                  "%s: %s", cases[i].host, err.text);
        cr_expect(!cases[i].taken || config.studies[0].postgres.connection.plain, "%s", cases[i].host);
    }
}

#define REDCAP                                                                                                         \
    "{\"kind\": \"redcap\", \"url\": \"https://redcap.hm.example/api/\",\n \"token_file\": \"keys/redcap.token\""

Test(config_sink, names_a_project_of_redcap)
{
    static const struct {
        const char *rest;
        bool production;
        const char *ca;
    } cases[] = {{"}", true, NULL},
                 {", \"purpose\": \"production\", \"ca\": \"keys/ca.pem\"}", true, "keys/ca.pem"},
                 {", \"purpose\": \"staging\", \"ca\": null}", false, NULL}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gw_config config;
        struct gw_error err = {.status = GW_OK};
        const struct gw_redcap_target *target;

        cr_assert(load("lendex-rrmm", gw_arena_print(&arena, REDCAP "%s", cases[i].rest), &config, &err) == GW_OK, "%s",
                  err.text);
        target = &config.studies[0].redcap;
        cr_expect(gw_same(config.studies[0].sink_kind, "redcap") && config.studies[0].sink_path == NULL);
        cr_expect(gw_same(target->url, "https://redcap.hm.example/api/"));
        cr_expect(gw_same(target->token_file, "keys/redcap.token"));
        cr_expect(gw_same(target->study, "lendex-rrmm") && gw_same(target->installation, "hm"));
        cr_expect(target->production == cases[i].production, "%s", cases[i].rest);
        cr_expect(cases[i].ca ? gw_same(target->ca, cases[i].ca) : !target->ca, "%s", cases[i].rest);
    }
}

Test(config_sink, sends_a_token_over_tls_alone_but_on_loopback)
{
    static const struct {
        const char *url, *says; /* says NULL: taken */
    } cases[] = {
        {"http://127.0.0.1:8080/redcap/api/", NULL},
        {"http://localhost/api/", NULL},
        {"https://10.0.0.7/api/", NULL},
        {"http://redcap.hm.example/api/", "c.json:3: \"url\" of REDCap must be https://"},
        {"http://127.0.0.1.example/api/", "c.json:3: \"url\" of REDCap must be https://"},
        {"https://dm:pw@redcap.hm.example/api/", "c.json:3: \"url\" of REDCap must be https://"},
        {"redcap.hm.example/api/", "c.json:3: \"url\" of REDCap must be https://"},
        {"https://redcap.hm.example/", "c.json:3: \"url\" of REDCap must end in /api/"},
        {"https://redcap.hm.example/api", "c.json:3: \"url\" of REDCap must end in /api/"},
        {"https://redcap.hm.example/?to=/api/", "c.json:3: \"url\" of REDCap must"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gw_config config;
        struct gw_error err = {.status = GW_OK};
        const enum gw_status rc = load(
            "x", gw_arena_print(&arena, "{\"kind\": \"redcap\", \"url\": \"%s\", \"token_file\": \"t\"}", cases[i].url),
            &config, &err);

        cr_expect(rc == (cases[i].says ? GW_ECONFIG : GW_OK), "%s: %s", cases[i].url, err.text);
        cr_expect(!cases[i].says || strncmp(err.text, cases[i].says, strlen(cases[i].says)) == 0, "%s: %s",
                  cases[i].url, err.text);
        cr_expect(!strstr(err.text, "dm:pw"));
    }
}

static const struct {
    const char *study, *sink, *says;
} wrong[] = {
    {"x", "{\"kind\": \"abacus\", \"path\": \"d\"}",
     "c.json:3: \"kind\" is none of its values; use one of \"sqlite\", \"postgres\", \"redcap\""},
    {"x", "{\"kind\": \"postgres\", \"database\": \"d\", \"user\": \"u\"}", "c.json:3: \"host\" is missing; add it"},
    {"x", "{\"kind\": \"postgres\", \"host\": \"h\", \"user\": \"u\"}", "c.json:3: \"database\" is missing; add it"},
    {"x", "{\"kind\": \"postgres\",\n \"host\": \"h\", \"database\": \"d\"}", "c.json:3: \"user\" is missing; add it"},
    {"x", "{\"kind\": \"postgres\",\n \"host\": \"postgres://h/d\", \"database\": \"d\", \"user\": \"u\"}",
     "c.json:4: \"host\" is a name or an address alone, or the folder of a socket: /var/run/postgresql"},
    {"x", "{\"kind\": \"postgres\", \"host\": \"h\", \"database\": \"d\", \"user\": \"u\",\n \"port\": 0}",
     "c.json:4: \"port\" is no whole number from 1 to 65535; write one"},
    {"x", "{\"kind\": \"postgres\", \"host\": \"h\", \"database\": \"d\", \"user\": \"u\",\n \"path\": \"x.db\"}",
     "c.json:4: unknown key \"path\""},
    {"x", "{\"kind\": \"postgres\", \"host\": \"h\", \"database\": \"d\", \"user\": \"u\",\n \"schma\": \"x\"}",
     "c.json:4: unknown key \"schma\"; write \"schema\""},
    {"x", "{\"kind\": \"sqlite\",\n \"path\": \"x.db\", \"host\": \"h\"}", "c.json:4: unknown key \"host\""},
    {"x", "{\"kind\": \"postgres\", \"host\": \"h\", \"database\": \"d\", \"user\": \"u\",\n \"cert\": \"c.pem\"}",
     "c.json:3: \"cert\" and \"key\" go together; write both or neither"},
    {"x", "{\"kind\": \"postgres\", \"host\": \"h\", \"database\": \"d\", \"user\": \"u\",\n \"schema\": \"A b\"}",
     "c.json:4: \"schema\" is no schema's name"},
    {"x", "{\"kind\": \"postgres\", \"host\": \"h\", \"database\": \"d\", \"user\": \"u\",\n \"schema\": \"pg_x\"}",
     "c.json:4: \"schema\" is no schema's name"},
    {"004.1", "{\"kind\": \"postgres\", \"host\": \"h\", \"database\": \"d\", \"user\": \"u\"}",
     "c.json:3: the study's id is no schema's name: write \"schema\""},
    {"x", "{\"kind\": \"postgres\", \"host\": \"h\", \"database\": \"d\", \"user\": \"u\",\n \"purpose\": \"a b\"}",
     "c.json:4: \"purpose\" is a name of up to 64 characters without blanks"},
    {"x", "{\"kind\": \"postgres\", \"host\": \"h\", \"database\": \"d\", \"user\": \"u\",\n \"tls\": \"no\"}",
     "c.json:4: \"tls\" is neither true nor false"},
    {"x",
     "{\"kind\": \"postgres\", \"host\": \"h\", \"database\": \"d\", \"user\": \"u\",\n \"password\": \"hunter2\"}",
     "c.json:4: \"password\" looks like a secret; secrets are files of mode 0600 and this file only names them: take "
     "it "
     "out, write it to such a file, name that as \"password_file\""},
    {"x", "{\"kind\": \"redcap\", \"token_file\": \"t\"}", "c.json:3: \"url\" is missing; add it"},
    {"x", "{\"kind\": \"redcap\", \"url\": \"https://h/api/\"}", "c.json:3: \"token_file\" is missing; add it"},
    {"x", REDCAP ",\n \"purpose\": \"test\"}",
     "c.json:5: \"purpose\" is none of its values; use one of \"production\", \"staging\""},
    {"x", REDCAP ",\n \"path\": \"x.db\"}", "c.json:5: unknown key \"path\""},
    {"x", REDCAP ",\n \"urll\": \"x\"}", "c.json:5: unknown key \"urll\"; write \"url\""},
    {"x", "{\"kind\": \"redcap\", \"url\": \"https://h/api/\",\n \"token\": \"hunter2\"}",
     "c.json:4: \"token\" looks like a secret; secrets are files of mode 0600 and this file only names them: take it "
     "out, "
     "write it to such a file, name that as \"token_file\""},
    {"x", "{\"kind\": \"postgres\", \"host\": \"h\", \"database\": \"d\", \"user\": \"u\",\n \"token_file\": \"t\"}",
     "c.json:4: unknown key \"token_file\""},
};

Test(config_sink, names_the_line_and_what_to_do)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct gw_config config;
        struct gw_error err = {.status = GW_OK};

        cr_expect((load(wrong[i].study, wrong[i].sink, &config, &err)) == GW_ECONFIG, "%s", wrong[i].sink);
        cr_expect(strncmp(err.text, wrong[i].says, strlen(wrong[i].says)) == 0, "%s: %s", wrong[i].sink, err.text);
        cr_expect(!strstr(err.text, "hunter2"));
    }
}

/* Anywhere else the same word is a secret in a settings file, or looks like one. */
Test(config_sink, takes_the_name_of_a_password_only_in_a_sink)
{
    struct gw_config config;
    struct gw_error err = {.status = GW_OK};

    scratch_write(&scratch, "c.json", "{\"password_file\": \"hunter2\"}");
    cr_expect((gw_config_load(&arena, "c.json", &config, &err)) == GW_ECONFIG);
    cr_expect(strstr(err.text, "looks like a secret") && !strstr(err.text, "hunter2"), "%s", err.text);
}
