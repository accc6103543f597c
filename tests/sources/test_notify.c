/*
 * S20: what a notification says, in each dialect, and what a hostile or careless one says.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/sources/notify.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct gw_arena arena = GW_ARENA_INIT(16 << 20);

static void end(void)
{
    gw_arena_release(&arena);
}

TestSuite(notify, .fini = end);

/* "event active s-1 7 | 7 Observation/o-1 Patient/p-1 | ..." and what else was said. */
static const char *print(const struct gw_notification *read)
{
    static const char *const notices[] = {"plain", "handshake", "heartbeat", "event", "query-status", "query-event"};
    static const char *const statuses[] = {"unsaid", "requested", "active", "error", "off"};
    static struct gw_text out = GW_TEXT_INIT(1 << 20);

    gw_text_clear(&out);
    gw_text_print(&out, "%s %s %s %" PRId64, notices[read->notice], statuses[read->status],
                  read->subscription ? read->subscription : "?", read->events_since_start);
    if (read->error)
        gw_text_print(&out, " error %s", read->error);
    for (size_t i = 0; i < read->hint_count; i++) {
        const struct gw_hint *const hint = &read->hints[i];

        gw_text_print(&out, " | %" PRId64 " %s/%s %s", hint->number, hint->type ? hint->type : "?",
                      hint->id ? hint->id : "?", hint->patient ? hint->patient : "?");
        cr_expect(!hint->fresh);
    }
    return out.at;
}

#define PARAMETERS(parameters)                                                                                         \
    "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"entry\":[{\"resource\":{\"resourceType\":\"Parameters\","     \
    "\"parameter\":[" parameters "]}}]}"
#define SUBSCRIPTION                                                                                                   \
    "{\"name\":\"subscription\",\"valueReference\":{\"reference\":\"https://f.example/r4/Subscription/s-1\"}}"
#define TYPE(type)   ",{\"name\":\"type\",\"valueCode\":\"" type "\"}"
#define ACTIVE       ",{\"name\":\"status\",\"valueCode\":\"active\"}"
#define SINCE(count) ",{\"name\":\"events-since-subscription-start\",\"valueString\":\"" count "\"}"
#define EVENT(number, more)                                                                                            \
    ",{\"name\":\"notification-event\",\"part\":[{\"name\":\"event-number\",\"valueString\":\"" number "\"}" more "]}"
#define FOCUS(reference) ",{\"name\":\"focus\",\"valueReference\":{\"reference\":\"" reference "\"}}"

#define STATUS_OF(type, more)                                                                                          \
    "{\"resourceType\":\"SubscriptionStatus\",\"status\":\"active\",\"type\":\"" type                                  \
    "\",\"subscription\":{\"reference\":\"Subscription/s-1\"}" more "}"
#define BUNDLE(type, status, entries)                                                                                  \
    "{\"resourceType\":\"Bundle\",\"type\":\"" type "\",\"entry\":[{\"resource\":" status "}" entries "]}"

static const struct {
    const char *name;
    const char *rest;
    const char *body;
    const char *read;
    bool refused;
} cases[] = {
    /* R4 rest-hook */
    {"no body", "", "", "plain unsaid ? -1 | -1 ?/? ?", false},
    {"no body, to the path of a type", "Observation", "", "plain unsaid ? -1 | -1 Observation/? ?", false},
    {"no body, to the path of an update", "Observation/o-1", "", "plain unsaid ? -1 | -1 Observation/o-1 ?", false},
    {"to the path of a version", "Observation/o-1/_history/3", "", "plain unsaid ? -1 | -1 Observation/o-1 ?", false},
    {"to the path of a patient", "Patient/p-1", "", "plain unsaid ? -1 | -1 Patient/p-1 p-1", false},
    {"to a path of nothing", "ob/servation/!", "", "plain unsaid ? -1 | -1 ?/? ?", false},
    {"a resource", "", "{\"resourceType\":\"Observation\",\"id\":\"o-1\",\"subject\":{\"reference\":\"Patient/p-1\"}}",
     "plain unsaid ? -1 | -1 Observation/o-1 p-1", false},
    {"a resource whose subject is absolute", "",
     "{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":\"https://x/r4/Patient/p-1/_history/"
     "2\"}}",
     "plain unsaid ? -1 | -1 Condition/c p-1", false},
    {"a resource of a patient", "",
     "{\"resourceType\":\"Immunization\",\"id\":\"i\",\"patient\":{\"reference\":\"Patient/p-1\"}}",
     "plain unsaid ? -1 | -1 Immunization/i p-1", false},
    {"a patient", "", "{\"resourceType\":\"Patient\",\"id\":\"p-1\"}", "plain unsaid ? -1 | -1 Patient/p-1 p-1", false},
    {"a subject that is a group", "",
     "{\"resourceType\":\"Observation\",\"id\":\"o\",\"subject\":{\"reference\":\"Group/g\"}}",
     "plain unsaid ? -1 | -1 Observation/o ?", false},
    {"a resource without an id", "", "{\"resourceType\":\"Observation\"}", "plain unsaid ? -1 | -1 ?/? ?", false},
    {"a resource without an id, to a path that has one", "Observation/o-9",
     "{\"resourceType\":\"Observation\",\"subject\":{\"reference\":\"Patient/p-1\"}}",
     "plain unsaid ? -1 | -1 Observation/o-9 p-1", false},
    {"an id that is none", "", "{\"resourceType\":\"Observation\",\"id\":\"../../etc\"}",
     "plain unsaid ? -1 | -1 ?/? ?", false},
    {"a Bundle of resources", "",
     BUNDLE("collection", "{\"resourceType\":\"Observation\",\"id\":\"a\"}",
            ",{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"b\"}}"),
     "plain unsaid ? -1 | -1 Observation/a ? | -1 Observation/b ?", false},
    {"an empty Bundle", "", "{\"resourceType\":\"Bundle\",\"type\":\"history\"}", "plain unsaid ? -1 | -1 ?/? ?",
     false},

    /* the backport, R4 */
    {"a handshake", "",
     PARAMETERS(SUBSCRIPTION ",{\"name\":\"status\",\"valueCode\":\"requested\"}" TYPE("handshake") SINCE("0")),
     "handshake requested s-1 0", false},
    {"a heartbeat", "", PARAMETERS(SUBSCRIPTION ACTIVE TYPE("heartbeat") SINCE("21")), "heartbeat active s-1 21",
     false},
    {"an event, id only", "",
     PARAMETERS(SUBSCRIPTION ACTIVE TYPE("event-notification") SINCE("7")
                    EVENT("7", FOCUS("https://f.example/r4/Observation/o-1"))),
     "event active s-1 7 | 7 Observation/o-1 ?", false},
    {"an event, empty", "", PARAMETERS(SUBSCRIPTION ACTIVE TYPE("event-notification") SINCE("7") EVENT("7", "")),
     "event active s-1 7 | 7 ?/? ?", false},
    {"an event about a patient", "",
     PARAMETERS(SUBSCRIPTION ACTIVE TYPE("event-notification") SINCE("7") EVENT("7", FOCUS("Patient/p-1"))),
     "event active s-1 7 | 7 Patient/p-1 p-1", false},
    {"an event with the patient beside it", "",
     PARAMETERS(SUBSCRIPTION ACTIVE TYPE("event-notification") SINCE("7")
                    EVENT("7", FOCUS("Observation/o-1") ",{\"name\":\"additional-context\",\"valueReference\":{"
                                                        "\"reference\":\"Patient/p-1\"}}")),
     "event active s-1 7 | 7 Observation/o-1 p-1", false},
    {"several events", "",
     PARAMETERS(SUBSCRIPTION ACTIVE TYPE("event-notification") SINCE("9") EVENT("8", FOCUS("Observation/a"))
                    EVENT("9", FOCUS("Observation/b"))),
     "event active s-1 9 | 8 Observation/a ? | 9 Observation/b ?", false},
    {"numbers as integers", "",
     PARAMETERS(
         SUBSCRIPTION TYPE("heartbeat") ",{\"name\":\"events-since-subscription-start\",\"valueUnsignedInt\":12}"),
     "heartbeat unsaid s-1 12", false},
    {"a number that is none", "", PARAMETERS(SUBSCRIPTION TYPE("heartbeat") SINCE("twelve")), "heartbeat unsaid s-1 -1",
     false},
    {"a negative number", "", PARAMETERS(SUBSCRIPTION TYPE("heartbeat") SINCE("-4")), "heartbeat unsaid s-1 -1", false},
    {"a number without end", "", PARAMETERS(SUBSCRIPTION TYPE("heartbeat") SINCE("99999999999999999999999")),
     "heartbeat unsaid s-1 -1", false},
    {"an error", "",
     PARAMETERS(SUBSCRIPTION ",{\"name\":\"status\",\"valueCode\":\"error\"}" TYPE(
         "query-status") ",{\"name\":\"error\",\"valueCodeableConcept\":{\"coding\":[{\"code\":\"no-response\"}]}}"),
     "query-status error s-1 -1 error no-response", false},
    {"entered in error is off", "",
     PARAMETERS(SUBSCRIPTION ",{\"name\":\"status\",\"valueCode\":\"entered-in-error\"}" TYPE("heartbeat")),
     "heartbeat off s-1 -1", false},
    {"a type nobody knows", "", PARAMETERS(SUBSCRIPTION TYPE("song")), "plain unsaid s-1 -1 | -1 ?/? ?", false},
    {"Parameters of something else", "", PARAMETERS("{\"name\":\"x\"}"), "plain unsaid ? -1 | -1 ?/? ?", false},
    {"Parameters without a Bundle", "",
     "{\"resourceType\":\"Parameters\",\"parameter\":[" SUBSCRIPTION TYPE("heartbeat") SINCE("3") "]}",
     "heartbeat unsaid s-1 3", false},

    /* R4B and R5 */
    {"R4B: a handshake", "", BUNDLE("history", STATUS_OF("handshake", ",\"eventsSinceSubscriptionStart\":\"0\""), ""),
     "handshake active s-1 0", false},
    {"R5: an event with its resource", "",
     BUNDLE(
         "subscription-notification",
         STATUS_OF("event-notification",
                   ",\"eventsSinceSubscriptionStart\":\"5\",\"notificationEvent\":[{\"eventNumber\":\"5\",\"focus\":{"
                   "\"reference\":\"Observation/o-1\"}}]"),
         ",{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o-1\",\"subject\":{\"reference\":\"Patient/"
         "p-1\"}}}"),
     "event active s-1 5 | 5 Observation/o-1 p-1", false},
    {"the resource of another event tells nothing of this one", "",
     BUNDLE("history",
            STATUS_OF("event-notification",
                      ",\"notificationEvent\":[{\"eventNumber\":5,\"focus\":{\"reference\":\"Observation/o-1\"}}]"),
            ",{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o-2\",\"subject\":{\"reference\":\"Patient/"
            "p-1\"}}}"),
     "event active s-1 -1 | 5 Observation/o-1 ?", false},
    {"a payload without an event is no data", "",
     BUNDLE("history", STATUS_OF("event-notification", ",\"eventsSinceSubscriptionStart\":4"),
            ",{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o-2\"}}"),
     "event active s-1 4", false},
    {"R5: the patient beside it", "",
     BUNDLE("history",
            STATUS_OF("event-notification", ",\"notificationEvent\":[{\"eventNumber\":\"1\",\"focus\":{\"reference\":"
                                            "\"Observation/o\"},\"additionalContext\":[{\"reference\":\"Encounter/e\"},"
                                            "{\"reference\":\"Patient/p-9\"}]}]"),
            ""),
     "event active s-1 -1 | 1 Observation/o p-9", false},
    {"a focus by urn", "",
     BUNDLE("history",
            STATUS_OF("event-notification",
                      ",\"notificationEvent\":[{\"eventNumber\":\"1\",\"focus\":{\"reference\":\"urn:uuid:1-2\"}}]"),
            ""),
     "event active s-1 -1 | 1 ?/? ?", false},
    {"an error with its code", "",
     BUNDLE("history", STATUS_OF("query-status", ",\"error\":[{\"coding\":[{\"code\":\"dns-resolution-error\"}]}]"),
            ""),
     "query-status active s-1 -1 error dns-resolution-error", false},
    {"members of the wrong kind", "",
     BUNDLE("history",
            "{\"resourceType\":\"SubscriptionStatus\",\"status\":7,\"type\":[],\"subscription\":\"s\","
            "\"eventsSinceSubscriptionStart\":{},\"notificationEvent\":{\"eventNumber\":1},\"error\":\"x\"}",
            ""),
     "plain unsaid ? -1 | -1 ?/? ?", false},

    /* what is no notification still says that something changed */
    {"no JSON", "", "<html>", "plain unsaid ? -1 | -1 ?/? ?", true},
    {"half of it", "", "{\"resourceType\":\"Bundle\",\"entry\":[{\"res", "plain unsaid ? -1 | -1 ?/? ?", true},
    {"a text", "", "\"hello\"", "plain unsaid ? -1 | -1 ?/? ?", true},
    {"no resource", "Observation", "{\"type\":\"heartbeat\"}", "plain unsaid ? -1 | -1 Observation/? ?", true},
    {"a name twice", "", "{\"resourceType\":\"Bundle\",\"resourceType\":\"Parameters\"}",
     "plain unsaid ? -1 | -1 ?/? ?", true},
    {"bytes that are no text", "", "{\"resourceType\":\"\xff\xfe\"}", "plain unsaid ? -1 | -1 ?/? ?", true},
};

Test(notify, s20_reads_a_notification_as_a_hint)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gw_notification read;
        struct gw_error err = {0};
        const enum gw_status rc = gw_notification_read(
            &arena, cases[i].rest, (struct gw_slice){cases[i].body, strlen(cases[i].body)}, &read, &err);

        cr_expect(rc == (cases[i].refused ? GW_EINPUT : GW_OK), "%s: %s", cases[i].name, err.text);
        cr_expect(strcmp(print(&read), cases[i].read) == 0, "%s: %s", cases[i].name, print(&read));
        cr_expect(!strstr(err.text, "p-1"), "no patient in a message");
        gw_arena_clear(&arena);
    }
}

Test(notify, s20_tells_a_thousand_events_one_by_one_and_of_more_that_there_are_more)
{
    for (int count = 1000; count <= 1001; count++) {
        struct gw_text body = GW_TEXT_INIT(1 << 20);
        struct gw_notification read;

        gw_text_add(&body,
                    "{\"resourceType\":\"SubscriptionStatus\",\"type\":\"event-notification\",\"notificationEvent\":[");
        for (int i = 1; i <= count; i++)
            gw_text_print(&body, "%s{\"eventNumber\":\"%d\"}", i > 1 ? "," : "", i);
        gw_text_add(&body, "]}");
        cr_assert(gw_notification_read(&arena, "", (struct gw_slice){body.at, body.length}, &read, NULL) == GW_OK);
        cr_expect(read.hint_count == 1000 && read.hints[999].number == 1000 && read.truncated == (count == 1001));
        gw_text_release(&body);
        gw_arena_clear(&arena);
    }
}

/* ---- answers to what was asked ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *id;
    const char *body;
    const char *read; /* NULL: refused */
} answers[] = {
    {"a Subscription", "s-1", "{\"resourceType\":\"Subscription\",\"id\":\"s-1\",\"status\":\"active\"}",
     "query-status active s-1 -1"},
    {"one that failed", "s-1",
     "{\"resourceType\":\"Subscription\",\"id\":\"s-1\",\"status\":\"error\",\"error\":\"p-1 could not be sent\"}",
     "query-status error s-1 -1 error error"},
    {"one just made", NULL, "{\"resourceType\":\"Subscription\",\"id\":\"new\",\"status\":\"requested\"}",
     "query-status requested new -1"},
    {"an id that would lead elsewhere", NULL, "{\"resourceType\":\"Subscription\",\"id\":\"../Patient?_count=9\"}",
     "query-status unsaid ? -1"},
    {"$status as a searchset", "s-1",
     BUNDLE("searchset", STATUS_OF("query-status", ",\"eventsSinceSubscriptionStart\":\"14\""), ""),
     "query-status active s-1 14"},
    {"$status of several, ours is the second", "s-1",
     BUNDLE("searchset",
            "{\"resourceType\":\"SubscriptionStatus\",\"status\":\"off\",\"subscription\":{\"reference\":"
            "\"Subscription/x\"}}",
            ",{\"resource\":" STATUS_OF("query-status", "") "}"),
     "query-status active s-1 -1"},
    {"$status in the form of R4", "s-1", PARAMETERS(SUBSCRIPTION ACTIVE TYPE("query-status") SINCE("8")),
     "query-status active s-1 8"},
    {"$events", "s-1",
     BUNDLE("history",
            STATUS_OF("query-event", ",\"eventsSinceSubscriptionStart\":\"12\",\"notificationEvent\":[{\"eventNumber\":"
                                     "\"11\",\"focus\":{\"reference\":\"Observation/o\"}}]"),
            ""),
     "query-event active s-1 12 | 11 Observation/o ?"},
    {"of others alone", "s-1",
     BUNDLE("searchset",
            "{\"resourceType\":\"SubscriptionStatus\",\"status\":\"off\",\"subscription\":{\"reference\":"
            "\"Subscription/x\"}}",
            ""),
     NULL},
    {"an empty searchset", "s-1", "{\"resourceType\":\"Bundle\",\"type\":\"searchset\"}", NULL},
    {"an OperationOutcome", "s-1", "{\"resourceType\":\"OperationOutcome\"}", NULL},
    {"no JSON", "s-1", "<html>", NULL},
    {"nothing", "s-1", "", NULL},
};

Test(notify, s20_reads_what_a_server_answers_of_a_subscription)
{
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct gw_notification read;
        struct gw_error err = {0};
        const enum gw_status rc = gw_notification_read_answer(
            &arena, answers[i].id, (struct gw_slice){answers[i].body, strlen(answers[i].body)}, &read, &err);

        cr_expect(rc == (answers[i].read ? GW_OK : GW_EINPUT), "%s: %s", answers[i].name, err.text);
        cr_expect(!answers[i].read || strcmp(print(&read), answers[i].read) == 0, "%s: %s", answers[i].name,
                  print(&read));
        gw_arena_clear(&arena);
    }
}

Test(notify, says_when_its_memory_ends)
{
    static const char body[] = PARAMETERS(SUBSCRIPTION ACTIVE TYPE("event-notification") SINCE("7")
                                              EVENT("7", FOCUS("https://f.example/r4/Observation/o-1/_history/2")));
    enum gw_status rc = GW_ENOMEM;
    size_t refusals = 0;

    for (size_t limit = 16; rc != GW_OK; limit += 16) {
        struct gw_arena small = GW_ARENA_INIT(limit);
        struct gw_notification read;

        rc = gw_notification_read(&small, "", (struct gw_slice){body, sizeof body - 1}, &read, NULL);
        cr_assert(rc == GW_OK || rc == GW_ENOMEM, "at %zu bytes: %d", limit, rc);
        refusals += rc != GW_OK;
        gw_arena_release(&small);
    }
    cr_expect(refusals > 10);
}
