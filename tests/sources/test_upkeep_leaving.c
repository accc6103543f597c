/*
 * Subscriptions that are not wanted any more: whatever the settings that made them, none stays on at the hospital.
 */
#include "sources/upkeep_house.h"

TestSuite(upkeep_leaving, .init = open_house, .fini = close_house);

static void reopen(struct gw_upkeep_settings settings, const struct answer *script)
{
    close_upkeep();
    pass(1);
    gw_text_clear(&asked);
    answers = script;
    open_upkeep(settings);
    cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
    pass(1);
}

static const char *note_of(const char *name)
{
    const char *const note = read_ledger(name).note;

    return note ? note : "none";
}

#define REMOVED "hm-ehr topic\n"

static const struct {
    const char *name;
    struct answer script[4];
    const char *asked;
} partings[] = {
    {"deleted", {{"DELETE Subscription/s-1", 204, NULL, NULL}}, "DELETE Subscription/s-1\n"},
    {"deleted, with words",
     {{"DELETE Subscription/s-1", 200, "{\"resourceType\":\"OperationOutcome\"}", NULL}},
     "DELETE Subscription/s-1\n"},
    {"not there any more", {{"DELETE Subscription/s-1", 404, NULL, NULL}}, "DELETE Subscription/s-1\n"},
    {"deleted by somebody else", {{"DELETE Subscription/s-1", 410, NULL, NULL}}, "DELETE Subscription/s-1\n"},
    {"not to be deleted: switched off",
     {{"DELETE Subscription/s-1", 405, NULL, NULL}, {"PUT Subscription/s-1", 200, MADE("s-1"), NULL}},
     "DELETE Subscription/s-1\nPUT Subscription/s-1\n"},
    {"without the scope for it",
     {{"DELETE Subscription/s-1", 403, NULL, NULL}, {"PUT Subscription/s-1", 200, NULL, NULL}},
     "DELETE Subscription/s-1\nPUT Subscription/s-1\n"},
};

Test(upkeep_leaving, takes_away_what_the_settings_do_not_ask_for_any_more)
{
    for (size_t i = 0; i < COUNT(partings); i++) {
        if (i > 0)
            close_house(), open_house();
        open_active(NULL);
        reopen((struct gw_upkeep_settings){0}, partings[i].script);
        pass(2);
        cr_expect_str_eq(asked.at, partings[i].asked, "%s", partings[i].name);
        cr_expect_str_eq(removed.at, REMOVED, "%s", partings[i].name);
        cr_expect_str_eq(note_of("hm-ehr"), "none", "%s", partings[i].name);
        cr_expect(alerts.length == 0 && gw_upkeep_counts(upkeep)->off == 0, "%s", partings[i].name);
        pass(86400);
        cr_expect_str_eq(asked.at, partings[i].asked, "%s: nothing more is asked", partings[i].name);
        gw_text_clear(&removed);
    }
}

Test(upkeep_leaving, switches_off_by_a_resource_without_address_and_secret)
{
    static const struct answer script[] = {
        {"DELETE Subscription/s-1", 405, NULL, NULL}, {"PUT Subscription/s-1", 200, NULL, NULL}, {NULL, 0, NULL, NULL}};

    open_active(NULL);
    reopen((struct gw_upkeep_settings){0}, script);
    pass(2);
    cr_expect_str_eq(last_body,
                     "{\"resourceType\":\"Subscription\",\"id\":\"s-1\",\"status\":\"off\",\"reason\":\"Casement wants "
                     "no notifications any more\",\"criteria\":\"" TOPIC "\",\"channel\":{\"type\":\"rest-hook\"}}");
}

Test(upkeep_leaving, asks_again_while_the_hospital_is_away_and_over_a_restart)
{
    static const struct answer gone[] = {{"DELETE Subscription/s-1", 204, NULL, NULL}, {NULL, 0, NULL, NULL}};

    open_active(NULL);
    reopen((struct gw_upkeep_settings){0}, NULL); /* away */
    pass(58);
    cr_expect_str_eq(asked.at, "DELETE Subscription/s-1\n");
    pass(60 + 120);
    cr_expect_str_eq(asked.at, "DELETE Subscription/s-1\nDELETE Subscription/s-1\nDELETE Subscription/s-1\n");
    cr_expect_str_eq(alerts.at, "hm-ehr: a subscription that is not wanted any more cannot be taken away: it is tried "
                                "every hour; or have the server's administrator delete it\n");
    gw_text_clear(&asked);
    pass(86400);
    cr_expect(asked.length >= 24 * 23 && asked.length <= 24 * 28, "about once an hour: %zu", asked.length / 24);
    cr_expect(removed.length == 0 && strstr(note_of("hm-ehr"), "\"id\":\"s-1\""), "%s", note_of("hm-ehr"));
    reopen((struct gw_upkeep_settings){0}, gone);
    cr_expect_str_eq(asked.at, "DELETE Subscription/s-1\n");
    cr_expect_str_eq(removed.at, REMOVED);
    cr_expect_str_eq(note_of("hm-ehr"), "none");
}

Test(upkeep_leaving, tells_a_person_where_it_may_neither_delete_nor_switch_off)
{
    static const struct answer script[] = {{"DELETE Subscription/s-1", 403, NULL, NULL},
                                           {"PUT Subscription/s-1", 403, NULL, NULL},
                                           {"DELETE Subscription/s-1", 403, NULL, NULL},
                                           {"PUT Subscription/s-1", 403, NULL, NULL},
                                           {NULL, 0, NULL, NULL}};

    open_active(NULL);
    reopen((struct gw_upkeep_settings){0}, script);
    pass(130);
    cr_expect_str_eq(asked.at,
                     "DELETE Subscription/s-1\nPUT Subscription/s-1\nDELETE Subscription/s-1\nPUT Subscription/s-1\n");
    cr_expect(strstr(alerts.at, "have the server's administrator delete it") && removed.length == 0);
    cr_expect(strstr(note_of("hm-ehr"), "\"id\":\"s-1\"") != NULL);
}

/* Another kind is wanted: the new ones are made, the old one goes. */
Test(upkeep_leaving, takes_away_the_topic_where_rest_hooks_are_wanted_now)
{
    static const char *const types[] = {"Observation"};
    static const struct answer script[] = {{"DELETE Subscription/s-1", 204, NULL, NULL},
                                           {"POST Subscription", 201, MADE("o"), NULL},
                                           {NULL, 0, NULL, NULL}};

    open_active(NULL);
    reopen((struct gw_upkeep_settings){.types = types, .type_count = 1}, script);
    cr_expect_str_eq(asked.at, "DELETE Subscription/s-1\nPOST Subscription\n");
    cr_expect_str_eq(removed.at, REMOVED);
    cr_expect_str_eq(note_of("hm-ehr"), "none");
    cr_expect(strstr(note_of("hm-ehr|Observation"), "\"id\":\"o\"") != NULL);
    cr_expect(gw_upkeep_counts(upkeep)->off == 1, "the one that was just made");
    cr_expect(ring_as("POST", "hm-ehr/Observation", "Bearer " SECRET, "") == 200);
}

Test(upkeep_leaving, takes_away_the_rest_hook_of_a_type_that_is_not_read_any_more)
{
    static const char *const types[] = {"Observation", "Condition"};
    static const struct answer make[] = {{"POST Subscription", 201, MADE("o"), NULL},
                                         {"POST Subscription", 201, MADE("c"), NULL},
                                         {NULL, 0, NULL, NULL}};
    static const struct answer script[] = {{"GET Subscription/o", 200, MADE("o"), NULL},
                                           {"DELETE Subscription/c", 204, NULL, NULL},
                                           {NULL, 0, NULL, NULL}};

    answers = make;
    open_upkeep((struct gw_upkeep_settings){.types = types, .type_count = 2});
    cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
    pass(1);
    reopen((struct gw_upkeep_settings){.types = types, .type_count = 1}, script);
    cr_expect_str_eq(asked.at, "GET Subscription/o\nDELETE Subscription/c\n");
    cr_expect_str_eq(removed.at, "hm-ehr Condition\n");
    cr_expect(strcmp(note_of("hm-ehr|Condition"), "none") == 0 && strstr(note_of("hm-ehr|Observation"), "\"o\""));
}

Test(upkeep_leaving, keeps_what_is_wanted_again_before_it_was_gone)
{
    static const struct answer script[] = {{"GET Subscription/s-1/$status", 200, STATUS("0"), NULL},
                                           {NULL, 0, NULL, NULL}};

    open_active(NULL);
    reopen((struct gw_upkeep_settings){0}, NULL); /* away */
    reopen((struct gw_upkeep_settings){.topic = TOPIC}, script);
    cr_expect_str_eq(asked.at, "GET Subscription/s-1/$status\n");
    cr_expect(removed.length == 0 && gw_upkeep_counts(upkeep)->off == 0);
}

Test(upkeep_leaving, forgets_what_was_never_made)
{
    open_upkeep((struct gw_upkeep_settings){.topic = TOPIC});
    cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
    pass(1);
    cr_assert(strstr(note_of("hm-ehr"), "\"id\":\"\"") != NULL, "%s", note_of("hm-ehr"));
    reopen((struct gw_upkeep_settings){0}, NULL);
    cr_expect(asked.length == 0 && removed.length == 0);
    cr_expect_str_eq(note_of("hm-ehr"), "none");
}

/* What lies between the order and the answer may be lost: it ends in the same way. */
Test(upkeep_leaving, is_freed_while_it_takes_away_and_asks_again_after_the_next_start)
{
    static const struct answer gone[] = {{"DELETE Subscription/s-1", 404, NULL, NULL}, {NULL, 0, NULL, NULL}};

    open_active(NULL);
    close_upkeep();
    pass(1);
    open_upkeep((struct gw_upkeep_settings){0});
    cr_assert(gw_upkeep_start(upkeep, NULL) == GW_OK);
    while (!flying)
        visitor_waits(&loop);
    reopen((struct gw_upkeep_settings){0}, gone);
    cr_expect_str_eq(removed.at, REMOVED);
    cr_expect_str_eq(note_of("hm-ehr"), "none");
}

static const struct {
    const char *name, *endpoint;
    bool ours;
    const char *type;
} names[] = {
    {"hm-ehr", "hm-ehr", true, NULL},  {"hm-ehr|Observation", "hm-ehr", true, "Observation"},
    {"hm-ehr-2", "hm-ehr", false, ""}, {"hm", "hm-ehr", false, ""},
    {"", "hm-ehr", false, ""},         {"x|hm-ehr", "hm-ehr", false, ""},
};

Test(upkeep_leaving, knows_the_notes_of_its_endpoint)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *type = "";

        cr_expect(gw_upkeep_is_note_of(names[i].name, names[i].endpoint, &type) == names[i].ours &&
                      gw_same(type, names[i].type),
                  "%s", names[i].name);
    }
}
