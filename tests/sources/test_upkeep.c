/*
 * S20: an endpoint's subscriptions from their making to the hint that is kept.
 */
#include <signal.h>
#include <sys/resource.h>

#include "sources/upkeep_house.h"

TestSuite(upkeep, .init = open_house, .fini = close_house);

/* ---- making it -------------------------------------------------------------------------------------------------- */

Test(upkeep, s20_makes_a_topic_subscription_and_hears_its_handshake)
{
    static const struct answer script[] = {{"POST Subscription", 201, MADE("s-1"), NULL}, {NULL, 0, NULL, NULL}};

    answers = script;
    open_upkeep((struct gw_upkeep_settings){.topic = TOPIC});
    cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
    pass(1);
    cr_expect_str_eq(asked.at, "POST Subscription\n");
    cr_expect_str_eq(
        last_body,
        "{\"resourceType\":\"Subscription\",\"meta\":{\"profile\":[\"http://hl7.org/fhir/uv/subscriptions-backport/"
        "StructureDefinition/backport-subscription\"]},\"status\":\"requested\",\"reason\":\"Casement reads again what "
        "changed\",\"criteria\":\"" TOPIC
        "\",\"channel\":{\"type\":\"rest-hook\",\"endpoint\":\"https://casement.example/"
        "in/notify/hm-ehr\",\"header\":[\"Authorization: Bearer " SECRET
        "\"],\"extension\":[{\"url\":\"http://hl7.org/fhir/"
        "uv/subscriptions-backport/StructureDefinition/"
        "backport-heartbeat-period\",\"valueUnsignedInt\":60}],\"payload\":"
        "\"application/fhir+json\",\"_payload\":{\"extension\":[{\"url\":\"http://hl7.org/fhir/uv/"
        "subscriptions-backport/"
        "StructureDefinition/backport-payload-content\",\"valueCode\":\"id-only\"}]}}}");
    cr_expect(gw_upkeep_counts(upkeep)->off == 1);
    cr_expect(ring(NOTICE("handshake", "0", "")) == 200);
    cr_expect(gw_upkeep_counts(upkeep)->off == 0);
    cr_expect_str_eq(waiting(), "?/?", "one search, for what was before");
    cr_expect(strstr(read_ledger("hm-ehr").note, "{\"phase\":\"active\",\"id\":\"s-1\"") != NULL);
}

Test(upkeep, s20_makes_a_rest_hook_for_each_type)
{
    static const char *const types[] = {"Observation", "Condition"};
    static const struct answer script[] = {
        {"POST Subscription", 201, NULL, BASE "/Subscription/o/_history/1"},
        {"POST Subscription", 201, MADE("c"), NULL},
        {"GET Subscription/o", 200, "{\"resourceType\":\"Subscription\",\"id\":\"o\",\"status\":\"active\"}", NULL},
        {NULL, 0, NULL, NULL}};

    answers = script;
    open_upkeep((struct gw_upkeep_settings){.types = types, .type_count = 2});
    cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
    pass(1);
    cr_expect_str_eq(asked.at, "POST Subscription\nPOST Subscription\n");
    cr_expect(strstr(last_body, "\"criteria\":\"Condition?\"") && strstr(last_body, "/notify/hm-ehr/Condition\"") &&
              !strstr(last_body, "payload") && !strstr(last_body, "meta"));
    pass(119);
    cr_expect(strstr(asked.at, "GET Subscription/o\nGET Subscription/c\n") != NULL, "%s", asked.at);
    cr_expect(gw_upkeep_counts(upkeep)->off == 1);
    cr_expect(ring_as("POST", "hm-ehr/Observation", "Bearer " SECRET, "") == 200);
    cr_expect(ring_as("PUT", "hm-ehr/Observation/o-9", "bearer " SECRET, "{\"resourceType\":\"Observation\"}") == 200);
    cr_expect(ring_as("DELETE", "hm-ehr/Condition/c-9", "Bearer " SECRET, "") == 200);
    cr_expect_str_eq(waiting(), "Condition/?, Condition/c-9, Observation/?, Observation/o-9");
}

/* ---- there is one already --------------------------------------------------------------------------------------- */

#define SEARCH "GET Subscription?url=https%3A%2F%2Fcasement.example%2Fin%2Fnotify%2Fhm-ehr"
#define RINGS_AT(id, address)                                                                                          \
    "{\"resource\":{\"resourceType\":\"Subscription\",\"id\":\"" id "\",\"status\":\"active\",\"criteria\":\"x\","     \
    "\"channel\":{\"type\":\"rest-hook\",\"endpoint\":\"" address "\"}}}"
#define FOUND(entries) "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[" entries "]}"
#define OTHERS         RINGS_AT("z-8", "https://casement.example/in/notify/hm-ehr/Condition")
#define OURS           RINGS_AT("z-9", "https://casement.example/in/notify/hm-ehr")

/* The service was killed after its POST had been answered and before that was noted. */
Test(upkeep, s20_makes_no_second_subscription_after_a_kill_before_its_note)
{
    static const struct {
        const char *name;
        struct answer script[4];
        const char *asked, *id;
    } cases[] = {
        {"it is found, among others of a server that ignores the query",
         {{SEARCH, 200, FOUND(OTHERS "," OURS), NULL}, {"PUT Subscription/z-9", 200, MADE("z-9"), NULL}},
         SEARCH "\nPUT Subscription/z-9\n",
         "\"id\":\"z-9\""},
        {"none of ours is there",
         {{SEARCH, 200, FOUND(OTHERS), NULL}, {"POST Subscription", 201, MADE("s-1"), NULL}},
         SEARCH "\nPOST Subscription\n",
         "\"id\":\"s-1\""},
        {"it may not be searched for: the server itself is asked not to",
         {{SEARCH, 403, "", NULL}, {"POST Subscription", 200, MADE("z-9"), NULL}},
         SEARCH "\nPOST Subscription\n",
         "\"id\":\"z-9\""},
        {"nothing is made while that cannot be known", {{SEARCH, 503, "", NULL}}, SEARCH "\n", ""},
    };

    shows_searches = true;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (i > 0)
            open_house();
        answers = cases[i].script;
        gw_text_clear(&asked);
        open_upkeep((struct gw_upkeep_settings){.topic = TOPIC});
        cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
        pass(3);
        cr_expect_str_eq(asked.at, cases[i].asked, "%s", cases[i].name);
        cr_expect(strstr(read_ledger("hm-ehr").note ? read_ledger("hm-ehr").note : "", cases[i].id), "%s: %s",
                  cases[i].name, read_ledger("hm-ehr").note);
        if (strstr(cases[i].asked, "POST"))
            cr_expect_str_eq(condition, SEARCH + strlen("GET Subscription?"), "%s", cases[i].name);
        else if (strstr(cases[i].asked, "PUT"))
            cr_expect(strstr(last_body, "\"id\":\"z-9\"") && strstr(last_body, "Bearer " SECRET), "%s", last_body);
        if (i + 1 < COUNT(cases))
            close_house();
    }
}

Test(upkeep, s20_tries_again_ever_later_while_the_server_is_away)
{
    static const struct answer none[] = {{NULL, 0, NULL, NULL}};

    answers = none;
    open_upkeep((struct gw_upkeep_settings){.topic = TOPIC});
    cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
    pass(59);
    cr_expect_str_eq(asked.at, "POST Subscription\n");
    pass(2);
    cr_expect_str_eq(asked.at, "POST Subscription\nPOST Subscription\n");
    cr_expect(alerts.length == 0);
    gw_text_clear(&asked);
    pass(86400);
    cr_expect(asked.length >= 18 * 24 && asked.length <= 18 * 28, "about once an hour: %zu", asked.length / 18);
    cr_expect_str_eq(alerts.at, "hm-ehr: the subscription does not become active: the schedule goes on without it\n");
}

/* ---- what rings ------------------------------------------------------------------------------------------------- */

Test(upkeep, s20_answers_200_when_the_hint_is_committed)
{
    open_active(NULL);
    hinted = 0;
    cr_expect(ring(NOTICE("event-notification", "1", EVENT("1", "Patient/p-1"))) == 200);
    cr_expect(hinted == 1 && gw_upkeep_counts(upkeep)->kept == 2);
    cr_expect_str_eq(waiting(), "Patient/p-1 p-1, ?/?");
    cr_expect(strstr(read_ledger("hm-ehr").note, "\"last\":1,\"known\":1") != NULL);
    cr_expect(ring(NOTICE("event-notification", "1", EVENT("1", "Patient/p-1"))) == 200, "a repeat");
    cr_expect(hinted == 1 && gw_upkeep_counts(upkeep)->kept == 3);
}

static const char *const strangers[] = {
    NULL,
    "",
    "Bearer",
    "Bearer ",
    "Bearer 0123456789abcde",
    "Bearer 0123456789abcdef0",
    "Bearer 0123456789ABCDEF",
    "Bearer  0123456789abcdef",
    "Basic " SECRET,
    SECRET,
};

Test(upkeep, s20_sec_12_turns_strangers_away_and_keeps_nothing)
{
    open_active(NULL);
    const uint64_t kept = gw_upkeep_counts(upkeep)->kept;
    const char *const before = gw_arena_print(&arena, "%s", waiting());

    for (size_t i = 0; i < COUNT(strangers); i++)
        cr_expect(ring_as("POST", "hm-ehr", strangers[i], NOTICE("event-notification", "9", "")) == 401, "%s",
                  strangers[i] ? strangers[i] : "nothing");
    cr_expect(gw_upkeep_counts(upkeep)->denied == COUNT(strangers) && gw_upkeep_counts(upkeep)->kept == kept);
    cr_expect(ring_as("POST", "hm-ehx", "Bearer " SECRET, "") == 401, "an endpoint that is not there");
    cr_expect(ring_as("POST", "hm-ehr-2", "Bearer " SECRET, "") == 401);
    cr_expect(ring_as("GET", "hm-ehr", "Bearer " SECRET, "") == 405);
    cr_expect_str_eq(waiting(), before);
    cr_expect(strstr(read_ledger("hm-ehr").note, "\"known\":0") != NULL);
}

/* The hospital's word that something changed is kept, whatever the form. */
Test(upkeep, s20_keeps_that_something_changed_also_when_the_body_is_none)
{
    open_active(NULL);
    hinted = 0;
    cr_expect(ring("<html>") == 400);
    cr_expect(ring_as("POST", "hm-ehr/Observation", "Bearer " SECRET, "{\"resourceType\":") == 400);
    cr_expect(hinted == 2 && gw_upkeep_counts(upkeep)->malformed == 2);
    cr_expect_str_eq(waiting(), "Observation/?, ?/?");
}

Test(upkeep, s20_hears_nothing_before_it_remembers)
{
    open_upkeep((struct gw_upkeep_settings){.topic = TOPIC});
    cr_expect(ring(NOTICE("event-notification", "1", "")) == 503);
    cr_expect(gw_upkeep_counts(upkeep)->not_kept == 1);
}

Test(upkeep, s20_answers_503_when_the_ledger_cannot_keep_it)
{
    struct rlimit limit = {4096, 4096};

    open_active(NULL);
    hinted = 0;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0); /* no file grows any more */
    cr_expect(ring(NOTICE("event-notification", "1", EVENT("1", "Patient/p-1"))) == 503);
    cr_expect(hinted == 0 && gw_upkeep_counts(upkeep)->not_kept == 1);
}

Test(upkeep, s20_slows_a_flood_and_owes_a_search_for_it)
{
    int status = 200;
    unsigned rings = 0;

    open_active(NULL);
    while ((status = ring(NOTICE("heartbeat", "0", ""))) == 200)
        rings++;
    cr_expect(status == 429 && rings >= GW_DOORBELL_BURST - 1 && rings <= GW_DOORBELL_BURST + 1, "%u", rings);
    cr_expect(gw_upkeep_counts(upkeep)->flooded == 1);
    hinted = 0;
    pass(2);
    cr_expect(hinted == 1, "the search");
    cr_expect(ring(NOTICE("heartbeat", "0", "")) == 200);
}

Test(upkeep, s20_tells_of_a_subscription_that_is_not_ours)
{
    open_active(NULL);
    cr_expect(
        ring("{\"resourceType\":\"SubscriptionStatus\",\"type\":\"event-notification\",\"subscription\":{\"reference\":"
             "\"Subscription/old\"},\"notificationEvent\":[{\"eventNumber\":\"77\"}]}") == 200);
    cr_expect(strstr(alerts.at, "not ours") != NULL);
    cr_expect(strstr(read_ledger("hm-ehr").note, "\"known\":0") != NULL);
}

/* ---- what is missing -------------------------------------------------------------------------------------------- */

Test(upkeep, s20_asks_for_the_events_of_a_gap_after_a_minute)
{
    static const struct answer script[] = {
        {"GET Subscription/s-1/$events?eventsSinceNumber=2&eventsUntilNumber=4&content=id-only", 200,
         NOTICE("query-event", "4",
                EVENT("2", "Observation/b") "," EVENT("3", "Observation/c") "," EVENT("4", "Observation/d")),
         NULL},
        {NULL, 0, NULL, NULL}};

    open_active(script);
    cr_expect(ring(NOTICE("event-notification", "1", EVENT("1", "Observation/a"))) == 200);
    cr_expect(ring(NOTICE("event-notification", "4", EVENT("4", "Observation/d"))) == 200);
    cr_expect(gw_upkeep_counts(upkeep)->gaps == 1);
    pass(58);
    cr_expect(asked.length == 0);
    pass(3);
    cr_expect(strstr(asked.at, "$events") != NULL);
    cr_expect_str_eq(waiting(), "Observation/a, Observation/b, Observation/c, Observation/d, ?/?");
    cr_expect(strstr(read_ledger("hm-ehr").note, "\"last\":4,\"known\":4") != NULL);
}

Test(upkeep, s20_searches_where_the_events_cannot_be_had)
{
    static const struct {
        int status;
        const char *body;
    } cases[] = {{404, NULL},
                 {0, NULL},
                 {200, "<html>"},
                 {200, NOTICE("query-event", "3", EVENT("2", "Observation/b"))}}; /* not all of them */

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct answer script[] = {
            {"GET Subscription/s-1/$events?eventsSinceNumber=1&eventsUntilNumber=3&content=id-only", cases[i].status,
             cases[i].body, NULL},
            {NULL, 0, NULL, NULL}};

        if (i > 0)
            close_house(), open_house();
        open_active(script);
        cr_expect(ring(NOTICE("heartbeat", "3", "")) == 200);
        hinted = 0;
        pass(61);
        cr_expect(hinted == 1, "case %zu: a search is wanted", i);
        cr_expect(strstr(read_ledger("hm-ehr").note, "\"last\":0,\"known\":3") != NULL);
        gw_upkeep_looking(upkeep, NULL);
        cr_expect(ring(NOTICE("heartbeat", "5", "")) == 200, "more happens while it is searched");
        gw_upkeep_looked(upkeep, NULL, true);
        pass(1);
        cr_expect(strstr(read_ledger("hm-ehr").note, "\"last\":3,\"known\":5") != NULL, "%s",
                  read_ledger("hm-ehr").note);
    }
}

Test(upkeep, s20_owes_the_search_until_it_is_complete)
{
    open_active(NULL);
    cr_expect(ring(NOTICE("handshake", "4", "")) == 200);
    gw_upkeep_looking(upkeep, NULL);
    hinted = 0;
    gw_upkeep_looked(upkeep, NULL, false);
    pass(58);
    cr_expect(hinted == 0);
    pass(4);
    cr_expect(hinted == 1, "once more");
    gw_upkeep_looked(upkeep, NULL, true);
    pass(1);
    cr_expect(strstr(read_ledger("hm-ehr").note, "\"last\":0,\"known\":4"), "a search that nobody began ended nothing");
}

Test(upkeep, s20_missed_heartbeats_lead_to_status_search_and_activation)
{
    static const struct answer script[] = {{"GET Subscription/s-1/$status", 200, STATUS("0"), NULL},
                                           {"PUT Subscription/s-1", 200, MADE("s-1"), NULL},
                                           {NULL, 0, NULL, NULL}};

    open_active(script);
    pass(117);
    cr_expect(asked.length == 0, "%s", asked.at);
    hinted = 0;
    pass(4);
    cr_expect_str_eq(asked.at, "GET Subscription/s-1/$status\nPUT Subscription/s-1\n");
    cr_expect(strstr(last_body, "\"id\":\"s-1\"") && strstr(last_body, "\"status\":\"requested\""));
    cr_expect(hinted == 1 && gw_upkeep_counts(upkeep)->off == 1);
    cr_expect(ring(NOTICE("handshake", "0", "")) == 200 && gw_upkeep_counts(upkeep)->off == 0);
}

Test(upkeep, s20_makes_it_anew_when_the_server_knows_nothing_of_it)
{
    static const struct answer script[] = {{"GET Subscription/s-1/$status", 404, NULL, NULL},
                                           {"GET Subscription/s-1", 410, NULL, NULL},
                                           {"POST Subscription", 201, MADE("s-2"), NULL},
                                           {NULL, 0, NULL, NULL}};

    open_active(script);
    pass(130);
    cr_expect_str_eq(asked.at, "GET Subscription/s-1/$status\nGET Subscription/s-1\nPOST Subscription\n");
    cr_expect(strstr(read_ledger("hm-ehr").note, "{\"phase\":\"requested\",\"id\":\"s-2\"") != NULL);
}

/* ---- starts and ends -------------------------------------------------------------------------------------------- */

Test(upkeep, s20_goes_on_after_a_start_where_it_stood)
{
    static const struct answer script[] = {{"GET Subscription/s-1/$status", 200, STATUS("3"), NULL},
                                           {NULL, 0, NULL, NULL}};

    open_active(NULL);
    cr_expect(ring(NOTICE("event-notification", "1", EVENT("1", "Observation/a"))) == 200);
    close_upkeep();
    pass(1);
    gw_text_clear(&asked);
    answers = script;
    hinted = 0;
    open_upkeep((struct gw_upkeep_settings){.topic = TOPIC});
    cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
    pass(1);
    cr_expect_str_eq(asked.at, "GET Subscription/s-1/$status\n", "it is not made again");
    cr_expect(hinted == 1, "what rang at a closed door is searched for");
    cr_expect(strstr(read_ledger("hm-ehr").note, "\"last\":1,\"known\":3") != NULL);
}

Test(upkeep, s20_writes_the_subscription_anew_when_the_settings_changed)
{
    static const struct answer script[] = {{"PUT Subscription/s-1", 200, MADE("s-1"), NULL}, {NULL, 0, NULL, NULL}};

    open_active(NULL);
    close_upkeep();
    pass(60);
    gw_text_clear(&asked);
    answers = script;
    open_upkeep((struct gw_upkeep_settings){.topic = TOPIC "/2"});
    cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
    pass(1);
    cr_expect_str_eq(asked.at, "PUT Subscription/s-1\n");
    cr_expect(strstr(last_body, "\"criteria\":\"" TOPIC "/2\"") && strstr(last_body, "\"id\":\"s-1\""));
    cr_expect(!strstr(read_ledger("hm-ehr").note, SECRET), "a note holds no secret");
}

Test(upkeep, is_freed_while_it_asks_and_while_it_keeps)
{
    char text[] = "POST /notify/hm-ehr HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " SECRET
                  "\r\nContent-Length: 0\r\n\r\n";
    bool closed;
    int fd;

    open_active(NULL);
    pass(119);
    fd = visit(gw_listener_port(listener));
    visitor_says(fd, text);
    while (gw_writer_pending(writer) == 0)
        uv_run(&loop, UV_RUN_NOWAIT);
    close_upkeep();
    cr_assert(gw_doorbell_set(doorbell, NULL, 0, NULL) == GW_OK);
    cr_expect(visitor_status(visitor_hears(&loop, fd, &closed)) == 200, "what was taken in is answered");
    close(fd);
    cr_expect(ring("") == 401);
    answers = NULL;
    open_upkeep((struct gw_upkeep_settings){.topic = TOPIC});
    cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
    while (!flying)
        visitor_waits(&loop);
}

Test(upkeep, wants_a_secret_that_is_one)
{
    static const char *const secrets[] = {
        "", "short", "0123456789abcde", "0123456789 abcdef", "0123456789abcdef\n", "0123456789abcde\xc3\xa9"};

    for (size_t i = 0; i < COUNT(secrets); i++) {
        struct gw_upkeep *none = NULL;
        struct gw_error err = {0};
        const struct gw_upkeep_settings settings = {.endpoint = "e",
                                                    .topic = TOPIC,
                                                    .callback = "https://c.example",
                                                    .secret = secrets[i],
                                                    .web = &web,
                                                    .writer = writer};

        cr_expect(gw_upkeep_new(&loop, &settings, &none, &err) == GW_ECONFIG && !none, "%s", secrets[i]);
        cr_expect(!*secrets[i] || !strstr(err.text, secrets[i]), "a secret is not repeated");
    }
}
