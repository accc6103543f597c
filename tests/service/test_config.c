/*
 * casement.json: what it says when it is right, and the line of what is wrong.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
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
    cr_assert(eq(int, chdir(scratch.folder), 0));
}

static void end(void)
{
    scratch_release(&scratch);
    gw_arena_release(&arena);
}

TestSuite(config, .init = begin, .fini = end);

#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const char whole[] =
    "// the hospital's own gateway\n"
    "{\"installation\": \"hm\", \"state\": \"state/\",\n"
    " \"pseudonym_key\": \"keys/pseudonym.key\",\n"
    " \"fourEyes\": false,\n"
    " \"retain\": {\"mode\": \"windows\", \"purge_days\": 30},\n"
    " \"studies\": [\n"
    "  {\"id\": \"lendex\", \"package\": \"mappings/lendex\", \"enrolment\": \"roster.csv\",\n"
    "   \"sink\": {\"kind\": \"sqlite\", \"path\": \"/srv/study.db\"}}],\n"
    " \"endpoints\": [\n"
    "  {\"id\": \"hm-ehr\", \"site\": \"hm\",\n"
    "   \"base\": \"https://fhir.hm.example/r4/\",\n"
    "   \"site_profile\": \"hm.json\",\n"
    "   \"auth\": {\"kind\": \"smart-backend\", \"client_id\": \"casement\",\n"
    "    \"key\": \"keys/hm.jwk\", \"alg\": \"RS384\", \"previous_key\": \"keys/old.jwk\",\n"
    "    \"scopes\": [\"system/Observation.rs\", \"system/Patient.rs\"]},\n"
    "   \"tls\": {\"ca\": \"ca.pem\", \"cert\": null, \"key\": null, \"pins\": [\"" PIN "\"]}, \"proxy\": null,\n"
    "   \"allow_origins\": [\"https://files.hm.example\"],\n"
    "   \"page_size\": 50, \"concurrent\": 8, \"requests_per_minute\": 600, \"allow_private\": false}]}\n";

static enum gw_status load(const char *name, const char *text, struct gw_config *out, struct gw_error *err)
{
    scratch_write(&scratch, name, text);
    return gw_config_load(&arena, name, out, err);
}

/* The endpoint of `whole` with more members, and further entries of the list behind it. */
static const char *with(const char *members, const char *entries)
{
    const size_t length = strlen(whole) - strlen("}]}\n");

    return gw_arena_print(&arena, "%.*s%s}%s]}\n", (int)length, whole, members, entries);
}

Test(config, says_how_an_endpoint_is_exported_in_bulk)
{
    static const struct {
        const char *name;
        const char *bulk;
        bool used;
        enum gw_bulk_level level;
        const char *group;
        unsigned hours;
        bool by_patient;
        const char *says; /* of a refusal; NULL: none */
    } cases[] = {
        {"no bulk", "", false, 0, NULL, 0, false, NULL},
        {"a group", ", \"bulk\": {\"level\": \"group\", \"group\": \"g-1\", \"every_hours\": 12}", true, GW_BULK_GROUP,
         "g-1", 12, false, NULL},
        {"patients by name", ", \"bulk\": {\"level\": \"patient\", \"by_patient\": true}", true, GW_BULK_PATIENT, NULL,
         24, true, NULL},
        {"the system", ", \"bulk\": {\"level\": \"system\"}", true, GW_BULK_SYSTEM, NULL, 24, false, NULL},
        {"a group without an id", ", \"bulk\": {\"level\": \"group\"}", .says = "group"},
        {"an id that is a path", ", \"bulk\": {\"level\": \"group\", \"group\": \"../x\"}", .says = "FHIR resource"},
        {"a group nobody asks for", ", \"bulk\": {\"level\": \"system\", \"group\": \"g\"}", .says = "alone"},
        {"all the time", ", \"bulk\": {\"level\": \"system\", \"every_hours\": 0}", .says = "every_hours"},
        {"a level that is none", ", \"bulk\": {\"level\": \"ward\"}", .says = "level"},
        {"a key that is none", ", \"bulk\": {\"level\": \"system\", \"hours\": 3}", .says = "hours"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gw_config config;
        struct gw_error err = {.status = GW_OK};
        const enum gw_status rc = load("casement.json", with(cases[i].bulk, ""), &config, &err);

        cr_assert(eq(int, rc, cases[i].says ? GW_ECONFIG : GW_OK), "%s: %s", cases[i].name, err.text);
        if (cases[i].says) {
            cr_expect(strstr(err.text, cases[i].says) != NULL, "%s: %s", cases[i].name, err.text);
            continue;
        }
        cr_expect(config.endpoints[0].bulk == cases[i].used, "%s", cases[i].name);
        cr_expect(config.endpoints[0].bulk_level == cases[i].level, "%s", cases[i].name);
        cr_expect(gw_same(config.endpoints[0].bulk_group, cases[i].group), "%s", cases[i].name);
        cr_expect(config.endpoints[0].bulk_hours == cases[i].hours, "%s", cases[i].name);
        cr_expect(config.endpoints[0].bulk_by_patient == cases[i].by_patient, "%s", cases[i].name);
    }
}

Test(config, knows_a_folder_of_files_from_an_endpoint)
{
    static const char folder[] = ",\n {\"id\": \"hm-drop\", \"site\": \"hm\", \"kind\": \"files\", \"folder\": "
                                 "\"drop/\", \"site_profile\": \"hm.json\", \"quiet_seconds\": 30}";
    static const char kept[] = ",\n {\"id\": \"hm-drop\", \"site\": \"hm\", \"kind\": \"files\", \"folder\": "
                               "\"drop/\", \"site_profile\": \"hm.json\", \"done_days\": 7}";
    static const char for_ever[] = ",\n {\"id\": \"hm-drop\", \"site\": \"hm\", \"kind\": \"files\", \"folder\": "
                                   "\"drop/\", \"site_profile\": \"hm.json\", \"done_days\": 0}";
    static const char twice[] = ",\n {\"id\": \"hm-ehr\", \"site\": \"hm\", \"kind\": \"files\", \"folder\": "
                                "\"drop\", \"site_profile\": \"hm.json\"}";
    static const char with_base[] = ",\n {\"id\": \"hm-drop\", \"site\": \"hm\", \"kind\": \"files\", \"folder\": "
                                    "\"drop\", \"site_profile\": \"hm.json\", \"base\": \"https://x\"}";
    struct gw_config config;
    struct gw_error err = {.status = GW_OK};

    cr_assert(eq(int, load("casement.json", with("", folder), &config, &err), GW_OK), "%s", err.text);
    cr_assert(config.endpoint_count == 1 && config.folder_count == 1);
    cr_expect(gw_same(config.folders[0].id, "hm-drop") && gw_same(config.folders[0].site, "hm"));
    cr_expect(gw_same(config.folders[0].path, "drop") && gw_same(config.folders[0].site_profile, "hm.json"));
    cr_expect(config.folders[0].quiet_seconds == 30);
    cr_expect(config.folders[0].done_days == (unsigned)config.purge_days, "%u", config.folders[0].done_days);
    cr_expect(load("casement.json", with("", kept), &config, &err) == GW_OK && config.folders[0].done_days == 7);
    cr_expect(load("casement.json", with("", for_ever), &config, &err) == GW_ECONFIG && strstr(err.text, "done_days"));
    cr_expect(load("casement.json", with("", twice), &config, &err) == GW_ECONFIG && strstr(err.text, "already"));
    cr_expect(load("casement.json", with("", with_base), &config, &err) == GW_ECONFIG && strstr(err.text, "base"));
}

Test(config, says_what_the_file_says)
{
    struct gw_config config;
    struct gw_error err = {.status = GW_OK};
    const struct gw_config_endpoint *endpoint;

    cr_assert(eq(int, load("casement.json", whole, &config, &err), GW_OK), "%s", err.text);
    cr_expect(gw_same(config.path, "casement.json"));
    cr_expect(gw_same(config.installation, "hm"));
    cr_expect(gw_same(config.state, "state"));
    cr_expect(gw_same(config.pseudonym_key, "keys/pseudonym.key"));
    cr_expect(config.four_eyes == false && config.retain_windows);
    cr_expect(eq(int, config.purge_days, 30));
    cr_assert(eq(sz, config.study_count, 1));
    cr_expect(gw_same(config.studies[0].id, "lendex"));
    cr_expect(gw_same(config.studies[0].package, "mappings/lendex"));
    cr_expect(gw_same(config.studies[0].enrolment, "roster.csv"));
    cr_expect(gw_same(config.studies[0].sink_kind, "sqlite"));
    cr_expect(gw_same(config.studies[0].sink_path, "/srv/study.db"));
    cr_assert(eq(sz, config.endpoint_count, 1));
    endpoint = &config.endpoints[0];
    cr_expect(gw_same(endpoint->id, "hm-ehr") && gw_same(endpoint->site, "hm"));
    cr_expect(gw_same(endpoint->base, "https://fhir.hm.example/r4"));
    cr_expect(gw_same(endpoint->site_profile, "hm.json"));
    cr_expect(gw_same(endpoint->auth_kind, "smart-backend") && gw_same(endpoint->client_id, "casement"));
    cr_expect(gw_same(endpoint->key, "keys/hm.jwk") && gw_same(endpoint->alg, "RS384"));
    cr_expect(gw_same(endpoint->previous_key, "keys/old.jwk"));
    cr_assert(endpoint->tls_pin_count == 1);
    cr_expect(gw_same(endpoint->tls_pins[0], PIN));
    cr_assert(eq(sz, endpoint->scope_count, 2));
    cr_expect(gw_same(endpoint->scopes[1], "system/Patient.rs"));
    cr_expect(gw_same(endpoint->tls_ca, "ca.pem") && !endpoint->tls_cert && !endpoint->tls_key && !endpoint->proxy);
    cr_assert(eq(sz, endpoint->allow_origin_count, 1));
    cr_expect(gw_same(endpoint->allow_origins[0], "https://files.hm.example"));
    cr_expect(eq(uint, endpoint->page_size, 50));
    cr_expect(eq(uint, endpoint->concurrent, 8));
    cr_expect(eq(int, endpoint->private_addresses, GW_PRIVATE_REFUSED));
    cr_expect(eq(uint, endpoint->requests_per_minute, 600));
}

static const char least[] =
    "{\"installation\": \"hm\", \"state\": \"s\", \"pseudonym_key\": \"p\",\n"
    " \"studies\": [{\"id\": \"x\", \"package\": \"p\", \"enrolment\": \"r\", \"sink\": {\"path\": \"d\"}}],\n"
    " \"endpoints\": [{\"id\": \"e\", \"site\": \"hm\", \"base\": \"http://127.0.0.1:8080/fhir\", \"site_profile\": "
    "\"f\",\n"
    "  \"auth\": {\"kind\": \"none\"}}]}";

Test(config, has_defaults)
{
    struct gw_config config;
    struct gw_error err = {.status = GW_OK};

    cr_assert(eq(int, load("casement.json", least, &config, &err), GW_OK), "%s", err.text);
    cr_expect(config.four_eyes && !config.retain_windows);
    cr_expect(eq(int, config.purge_days, 90));
    cr_expect(eq(uint, config.endpoints[0].page_size, 100));
    cr_expect(eq(uint, config.endpoints[0].concurrent, 4));
    cr_expect(eq(int, config.endpoints[0].private_addresses, GW_PRIVATE_AS_BASE));
    cr_expect(eq(uint, config.endpoints[0].requests_per_minute, 0));
    cr_expect(gw_same(config.studies[0].sink_kind, "sqlite"));
    cr_expect(gw_same(config.endpoints[0].auth_kind, "none"));
    cr_expect(config.endpoints[0].key == NULL && config.endpoints[0].scope_count == 0);
}

Test(config, takes_the_rhythm_of_the_schedule_from_the_file)
{
    static const char head[] = "{\"installation\": \"hm\", \"state\": \"s\", \"pseudonym_key\": \"p\",\n";
    struct gw_error err = {.status = GW_OK};
    struct gw_config config;
    char text[2048];

    snprintf(text, sizeof text,
             "%s \"schedule\": {\"probe_hours\": 4, \"probe_far_hours\": 12, \"settle_days\": 21, "
             "\"reconcile_days\": 5, \"drug_days\": 10, \"unanchored_hours\": 8, \"final_days\": 60, "
             "\"spread_minutes\": 0},\n%s",
             head, strstr(least, " \"studies\""));
    cr_assert(eq(int, load("casement.json", text, &config, &err), GW_OK), "%s", err.text);
    cr_expect(config.schedule.probe_hours == 4 && config.schedule.probe_far_hours == 12);
    cr_expect(config.schedule.settle_days == 21 && config.schedule.reconcile_days == 5);
    cr_expect(config.schedule.drug_days == 10 && config.schedule.unanchored_hours == 8);
    cr_expect(config.schedule.final_days == 60 && config.schedule.spread_minutes == 0);
    snprintf(text, sizeof text, "%s \"schedule\": {\"reconcile_days\": 31},\n%s", head, strstr(least, " \"studies\""));
    cr_expect(eq(int, load("casement.json", text, &config, &err), GW_ECONFIG));
    cr_expect(strstr(err.text, "casement.json:2: \"reconcile_days\" is no whole number from 1 to 30") != NULL, "%s",
              err.text);
    cr_assert(eq(int, load("casement.json", least, &config, &err), GW_OK), "%s", err.text);
    cr_expect(memcmp(&config.schedule, &gw_schedule_default, sizeof config.schedule) == 0);
}

Test(config, reads_paths_beside_the_file)
{
    char folder[sizeof scratch.folder + 16];
    struct gw_config config;
    struct gw_error err = {.status = GW_OK};
    const char *path;

    snprintf(folder, sizeof folder, "%s", scratch.folder);
    path = gw_arena_print(&arena, "%s/casement.json", folder);
    cr_assert(eq(int, load("casement.json", whole, &config, &err), GW_OK), "%s", err.text);
    cr_assert(eq(int, gw_config_load(&arena, path, &config, &err), GW_OK), "%s", err.text);
    cr_expect(gw_same(config.state, gw_arena_print(&arena, "%s/state", folder)));
    cr_expect(gw_same(config.studies[0].sink_path, "/srv/study.db"));
    cr_expect(gw_same(config.endpoints[0].tls_ca, gw_arena_print(&arena, "%s/ca.pem", folder)));
    cr_expect(config.endpoints[0].tls_cert == NULL);
}

/* ---- the door and who may ring ---------------------------------------------------------------------------------- */

static const char ringing[] =
    "{\"installation\": \"hm\", \"state\": \"s\", \"pseudonym_key\": \"p\", \"listen\": \"127.0.0.1:8490\",\n"
    " \"studies\": [{\"id\": \"x\", \"package\": \"p\", \"enrolment\": \"r\", \"sink\": {\"path\": \"d\"}}],\n"
    " \"endpoints\": [{\"id\": \"e\", \"site\": \"hm\", \"base\": \"https://f.example\", \"site_profile\": \"f\",\n"
    "  \"auth\": {\"kind\": \"none\"},\n"
    "  \"notifications\": {\"kind\": \"topic\", \"topic\": \"http://t.example/results\",\n"
    "   \"secret\": \"keys/ring\", \"callback\": \"https://casement.example/in/\", \"heartbeat_s\": 300}}]}";

Test(config, says_what_a_hospital_shall_tell_by_itself)
{
    const struct gw_config_notifications *wanted;
    struct gw_config config;
    struct gw_error err = {.status = GW_OK};

    cr_assert(eq(int, load("c.json", ringing, &config, &err), GW_OK), "%s", err.text);
    wanted = &config.endpoints[0].notifications;
    cr_expect(gw_same(config.listen, "127.0.0.1:8490"));
    cr_expect(gw_same(wanted->kind, "topic") && gw_same(wanted->topic, "http://t.example/results"));
    cr_expect(gw_same(wanted->secret, "keys/ring") && gw_same(wanted->callback, "https://casement.example/in"));
    cr_expect(eq(uint, wanted->heartbeat_s, 300));
    cr_assert(eq(int, load("c.json", least, &config, &err), GW_OK), "%s", err.text);
    cr_expect(config.listen == NULL && config.endpoints[0].notifications.kind == NULL, "nothing unless asked for");
}

static const struct {
    const char *with, *by, *text;
} wrong_rings[] = {
    {", \"listen\": \"127.0.0.1:8490\"", "",
     "c.json:3: \"notifications\" need a door: write \"listen\": \"127.0.0.1:8490\" and let the callback's proxy lead "
     "there"},
    {"127.0.0.1:8490", "0.0.0.0:8490",
     "c.json:1: 0.0.0.0:8490 can be reached from other machines, in plain text: listen at 127.0.0.1 and let the proxy "
     "of "
     "the house, with its certificate, stand in front"},
    {"127.0.0.1:8490", "here",
     "c.json:1: \"here\" is no address to listen at: write 127.0.0.1:8490 or unix:/run/casement.sock"},
    {"\"kind\": \"topic\"", "\"kind\": \"websocket\"",
     "c.json:5: \"kind\" is none of its values; use one of \"rest-hook\", \"topic\""},
    {"\"kind\": \"topic\"", "\"kind\": \"rest-hook\"",
     "c.json:5: \"topic\" goes with the kind topic; leave it out or write \"kind\": \"topic\""},
    {"\"topic\": \"http://t.example/results\",", "", "c.json:5: \"topic\" is missing; add it"},
    {"\"secret\": \"keys/ring\", ", "", "c.json:5: \"secret\" is missing; add it"},
    {"keys/ring", "-----BEGIN x", "c.json:6: \"secret\" holds a key itself; write the name of its file"},
    {"https://casement.example/in/", "http://casement.example",
     "c.json:6: \"callback\" is no https address; write one"},
    {"\"heartbeat_s\": 300", "\"heartbeat_s\": 9",
     "c.json:6: \"heartbeat_s\" is no whole number from 10 to 86400; write one"},
    {"\"heartbeat_s\"", "\"hartbeat_s\"", "c.json:6: unknown key \"hartbeat_s\"; write \"heartbeat_s\""},
};

Test(config, names_the_line_of_a_door_that_cannot_be)
{
    for (size_t i = 0; i < sizeof wrong_rings / sizeof wrong_rings[0]; i++) {
        const char *const at = strstr(ringing, wrong_rings[i].with);
        struct gw_config config;
        struct gw_error err = {.status = GW_OK};

        cr_assert(at != NULL, "%s", wrong_rings[i].with);
        cr_expect(eq(int,
                     load("c.json",
                          gw_arena_print(&arena, "%.*s%s%s", (int)(at - ringing), ringing, wrong_rings[i].by,
                                         at + strlen(wrong_rings[i].with)),
                          &config, &err),
                     GW_ECONFIG),
                  "%s", wrong_rings[i].by);
        cr_expect(eq(str, err.text, (char *)wrong_rings[i].text));
    }
}

/* Elsewhere the same word is a secret in a settings file. */
Test(config, takes_the_name_of_a_secret_only_for_notifications)
{
    struct gw_config config;
    struct gw_error err = {.status = GW_OK};

    cr_expect(eq(int, load("c.json", "{\"secret\": \"hunter2\"}", &config, &err), GW_ECONFIG));
    cr_expect(strstr(err.text, "looks like a secret") != NULL && strstr(err.text, "hunter2") == NULL, "%s", err.text);
}

/* ---- rosters that hospitals keep -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *enrolment;
    const char *group, *research_study, *system;
    const char *says; /* the mistake; NULL: none */
} kept_rosters[] = {
    {"a group", "{\"endpoint\": \"e\", \"group\": \"g-1\"}", "g-1", NULL, NULL, NULL},
    {"research subjects", "{\"endpoint\": \"e\", \"research_study\": \"rs1\", \"identifier_system\": \"urn:no\"}", NULL,
     "rs1", "urn:no", NULL},
    {"both", "{\"endpoint\": \"e\", \"group\": \"g\", \"research_study\": \"r\"}", NULL, NULL, NULL,
     "write one of them"},
    {"neither", "{\"endpoint\": \"e\"}", NULL, NULL, NULL, "write one of them"},
    {"an id that is a path", "{\"endpoint\": \"e\", \"group\": \"../x\"}", NULL, NULL, NULL, "id of a FHIR resource"},
    {"nobody who keeps it", "{\"group\": \"g\"}", NULL, NULL, NULL, "\"endpoint\" is missing"},
    {"a key that is none", "{\"endpoint\": \"e\", \"groop\": \"g\"}", NULL, NULL, NULL, "groop"},
};

Test(config, names_who_keeps_the_roster)
{
    for (size_t i = 0; i < sizeof kept_rosters / sizeof kept_rosters[0]; i++) {
        const char *text = gw_arena_print(
            &arena,
            "{\"installation\": \"hm\", \"state\": \"s\", \"pseudonym_key\": \"p\",\n"
            " \"studies\": [{\"id\": \"x\", \"package\": \"p\", \"enrolment\": %s, \"sink\": {\"path\": \"d\"}}],\n"
            " \"endpoints\": [{\"id\": \"e\", \"site\": \"hm\", \"base\": \"https://f.example\",\n"
            " \"site_profile\": \"f\", \"auth\": {\"kind\": \"none\"}}]}",
            kept_rosters[i].enrolment);
        struct gw_config config;
        struct gw_error err = {.status = GW_OK};
        const enum gw_status rc = load("c.json", text, &config, &err);

        if (kept_rosters[i].says) {
            cr_expect(rc == GW_ECONFIG && strstr(err.text, kept_rosters[i].says), "%s: %s", kept_rosters[i].name,
                      err.text);
            continue;
        }
        cr_assert(rc == GW_OK, "%s: %s", kept_rosters[i].name, err.text);
        cr_expect(gw_same(config.studies[0].enrolment, "s/rosters/x.csv"), "%s", config.studies[0].enrolment);
        cr_expect(gw_same(config.studies[0].enrolment_endpoint, "e"));
        cr_expect(gw_same(config.studies[0].enrolment_group, kept_rosters[i].group));
        cr_expect(gw_same(config.studies[0].enrolment_research_study, kept_rosters[i].research_study));
        cr_expect(gw_same(config.studies[0].enrolment_system, kept_rosters[i].system));
    }
}

/* ---- what is wrong ---------------------------------------------------------------------------------------------- */

static const struct {
    const char *with; /* this part of the whole file */
    const char *by;   /* written so */
    const char *text; /* gives this failure */
} wrong[] = {
    {"\"endpoints\"", "\"enpoints\"", "c.json:9: unknown key \"enpoints\"; write \"endpoints\""},
    {"\"installation\": \"hm\", ", "", "c.json:2: \"installation\" is missing; add it"},
    {"\"state\": \"state/\"", "\"state\": 3", "c.json:2: \"state\" is no text; write one in quotes"},
    {"\"fourEyes\": false", "\"fourEyes\": \"no\"",
     "c.json:4: \"fourEyes\" is neither true nor false; write one of them without quotes"},
    {"\"mode\": \"windows\"", "\"mode\": \"all\"",
     "c.json:5: \"mode\" is none of its values; use one of \"subject\", \"windows\""},
    {"\"purge_days\": 30", "\"purge_days\": -1",
     "c.json:5: \"purge_days\" is no whole number from 0 to 36500; write one"},
    {"\"id\": \"lendex\"", "\"id\": \"../lendex\"",
     "c.json:7: \"id\" becomes a file name: write up to 64 letters, digits, '-', '_' and '.'"},
    {"\"kind\": \"sqlite\"", "\"kind\": \"abacus\"",
     "c.json:8: \"kind\" is none of its values; use one of \"sqlite\", \"postgres\", \"redcap\""},
    {"\"path\": \"/srv/study.db\"", "\"pth\": \"/srv/study.db\"", "c.json:8: unknown key \"pth\"; write \"path\""},
    {"https://fhir.hm.example/r4/", "http://fhir.hm.example/r4/",
     "c.json:11: the endpoint's base is plain http on fhir.hm.example: use https"},
    {"https://fhir.hm.example/r4/", "fhir.hm.example",
     "c.json:11: the endpoint's base does not start with https://: correct \"base\""},
    {"https://fhir.hm.example/r4/", "https://u:p@fhir.hm.example",
     "c.json:11: the endpoint's base holds a user name or password: correct \"base\""},
    {"https://files.hm.example", "http://files.hm.example",
     "c.json:17: entry 1 of \"allow_origins\" is plain http: use https"},
    {"\"kind\": \"smart-backend\"", "\"kind\": \"basic\"",
     "c.json:13: \"kind\" is none of its values; use one of \"smart-backend\", \"none\""},
    {"\"client_id\": \"casement\",", "", "c.json:13: \"client_id\" is missing; add it"},
    {"\"alg\": \"RS384\"", "\"alg\": \"RS256\"",
     "c.json:14: \"alg\" is none of its values; use one of \"ES384\", \"RS384\""},
    {"keys/old.jwk", "keys/hm.jwk",
     "c.json:14: \"previous_key\" is the same file as \"key\"; name the key before it, or leave it out"},
    {"\"keys/hm.jwk\"", "\"-----BEGIN PRIVATE KEY-----\"",
     "c.json:14: \"key\" holds a key itself; write the name of its file"},
    {"[\"sha256//A", "[\"" PIN "\", \"sha1//A",
     "c.json:16: entry 2 of \"pins\" is no pin; write \"sha256//\" and the 44 characters of a key's SHA-256 in base64"},
    {"\"cert\": null", "\"cert\": \"c.pem\"", "c.json:16: \"cert\" and \"key\" go together; write both or neither"},
    {"\"page_size\": 50", "\"page_size\": 1001",
     "c.json:18: \"page_size\" is no whole number from 1 to 1000; write one"},
    {"\"page_size\": 50", "\"page_size\": 0", "c.json:18: \"page_size\" is no whole number from 1 to 1000; write one"},
    {"\"requests_per_minute\": 600", "\"requests_per_minute\": -1",
     "c.json:18: \"requests_per_minute\" is no whole number from 0 to 60000; write one"},
    {"\"concurrent\": 8", "\"concurrent\": 65", "c.json:18: \"concurrent\" is no whole number from 1 to 64; write one"},
    {"\"concurrent\": 8", "\"concurrent\": 1.5",
     "c.json:18: \"concurrent\" is no whole number from 1 to 64; write one"},
    {"\"client_id\": \"casement\"", "\"client_secret\": \"hunter2\"",
     "c.json:13: \"client_secret\" looks like a secret; secrets are files of mode 0600 and this file only names them: "
     "take it out, make a key with casement keys new, name it as \"key\""},
};

/* The whole file with one part written otherwise. */
static const char *changed(const char *with, const char *by)
{
    const char *at = strstr(whole, with);

    cr_assert(at != NULL, "%s", with);
    return gw_arena_print(&arena, "%.*s%s%s", (int)(at - whole), whole, by, at + strlen(with));
}

Test(config, names_the_line_and_what_to_do)
{
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct gw_config config = {.path = "untouched"};
        struct gw_error err = {.status = GW_OK};

        cr_expect(eq(int, load("c.json", changed(wrong[i].with, wrong[i].by), &config, &err), GW_ECONFIG), "%s",
                  wrong[i].by);
        cr_expect(eq(str, err.text, (char *)wrong[i].text));
        cr_expect(gw_same(config.path, "untouched"), "%s", wrong[i].by);
    }
}

Test(config, never_repeats_a_secret)
{
    static const char *const keys[] = {"password", "clientSecret", "token", "api_key", "Passphrase"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *text = changed("\"alg\"", gw_arena_print(&arena, "\"%s\": \"hunter2\", \"alg\"", keys[i]));
        struct gw_config config;
        struct gw_error err = {.status = GW_OK};

        cr_expect(eq(int, load("c.json", text, &config, &err), GW_ECONFIG), "%s", keys[i]);
        cr_expect(strstr(err.text, "looks like a secret") != NULL, "%s", err.text);
        cr_expect(strstr(err.text, "hunter2") == NULL, "%s", err.text);
    }
}

Test(config, wants_each_id_once)
{
    static const char endpoint[] = ",\n {\"id\": \"hm-ehr\", \"site\": \"hm\", \"base\": \"https://a.example\",\n"
                                   "  \"site_profile\": \"p\", \"auth\": {\"kind\": \"none\"}}]}";
    const char *text = gw_arena_print(&arena, "%.*s%s", (int)(strlen(whole) - 3), whole, endpoint);
    struct gw_config config;
    struct gw_error err = {.status = GW_OK};

    cr_expect(eq(int, load("c.json", text, &config, &err), GW_ECONFIG));
    cr_expect(eq(str, err.text, (char *)"c.json:19: \"id\" \"hm-ehr\" is there already; give each its own"));
}

Test(config, wants_something_to_do)
{
    struct gw_config config;
    struct gw_error err = {.status = GW_OK};

    cr_expect(eq(int,
                 load("c.json",
                      "{\"installation\": \"a\", \"state\": \"s\", \"pseudonym_key\": \"p\",\n"
                      "\"studies\": [], \"endpoints\": []}",
                      &config, &err),
                 GW_ECONFIG));
    cr_expect(eq(str, err.text, (char *)"c.json:2: \"studies\" is empty; describe at least one"));
    cr_expect(eq(int, load("c.json", "[]", &config, &err), GW_ECONFIG));
    cr_expect(eq(int, gw_config_load(&arena, "absent.json", &config, &err), GW_ECONFIG));
    cr_expect(eq(str, err.text, (char *)"absent.json: not there"));
}
