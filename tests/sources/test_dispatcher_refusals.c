/*
 * Who refuses what: a type, a patient's record, the client; and how far a refusal reaches.
 */
#include "sources/one_endpoint.h"

static struct world_answer refuses_adverse_events(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    return (struct world_answer){.status = strncmp(path, "/AdverseEvent", 13) == 0 ? 403 : 200};
}

Test(dispatcher_refusals, B4_a_refused_type_stops_its_own_query_and_not_the_endpoint)
{
    struct world_ask refused[8], good[8];

    begin(refuses_adverse_events, 1);
    for (size_t i = 0; i < COUNT(refused); i++) {
        world_submit(&endpoint, &refused[i], GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
        world_submit(&endpoint, &good[i], GW_CONDITION, "p1", GW_ROUTINE);
    }
    world_run(&world, MINUTE);
    for (size_t i = 0; i < COUNT(refused); i++) {
        cr_expect(refused[i].ended == 1 && refused[i].failure.status == GW_EDENIED, "%zu", i);
        cr_expect(good[i].ended == 1 && good[i].failure.status == GW_OK, "%zu", i);
    }
    cr_expect(eq(uint, endpoint.asked, 3 + 8));
    EXPECT_TEXT(endpoint.changes, "AdverseEvent:STOPPED");
    cr_expect(strstr(refused[7].failure.text, "this query is stopped: refused 3 times") != NULL, "%s",
              refused[7].failure.text);
    end();
}

Test(dispatcher_refusals, asks_a_stopped_query_again_once_it_is_resumed)
{
    struct world_ask asks[4], again;

    begin(refuses_adverse_events, 1);
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
    world_run(&world, MINUTE);
    cr_expect(eq(uint, endpoint.asked, 3));
    endpoint.script = after_100_ms;
    gw_dispatcher_resume(endpoint.dispatcher);
    world_submit(&endpoint, &again, GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
    world_run(&world, 2 * MINUTE);
    cr_expect(again.ended == 1 && again.failure.status == GW_OK);
    EXPECT_TEXT(endpoint.changes, "AdverseEvent:STOPPED AdverseEvent:RUNNING");
    end();
}

static struct world_answer lacks_adverse_events(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    return strncmp(path, "/AdverseEvent", 13) == 0 ? (struct world_answer){.trouble = GW_TROUBLE_UNGRANTED}
                                                   : (struct world_answer){.after_ms = 100, .status = 200};
}

Test(dispatcher_refusals, A3_a_type_without_its_scope_stops_at_once_and_no_other_does)
{
    struct world_ask lacking[12], good[12];

    begin(lacks_adverse_events, 1);
    for (size_t i = 0; i < COUNT(lacking); i++) {
        world_submit(&endpoint, &lacking[i], GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
        world_submit(&endpoint, &good[i], GW_CONDITION, "p1", GW_ROUTINE);
    }
    world_run(&world, MINUTE);
    for (size_t i = 0; i < COUNT(lacking); i++) {
        cr_expect(lacking[i].ended == 1 && lacking[i].failure.status == GW_EDENIED, "%zu", i);
        cr_expect(lacking[i].result.trouble == GW_TROUBLE_UNGRANTED, "%zu", i);
        cr_expect(good[i].ended == 1 && good[i].failure.status == GW_OK, "%zu", i);
    }
    cr_expect(eq(uint, endpoint.asked, 1 + 12));
    EXPECT_TEXT(endpoint.changes, "AdverseEvent:STOPPED");
    cr_expect(eq(uint, endpoint.alerts, GW_ALERT_STOPPED));
    cr_expect(strstr(endpoint.note, "\"ungranted\"") != NULL, "%s", endpoint.note);
    cr_expect(strstr(lacking[11].failure.text, "this query is stopped: ungranted") != NULL, "%s",
              lacking[11].failure.text);
    end();
}

Test(dispatcher_refusals, A3_asks_for_it_again_once_it_is_resumed)
{
    struct world_ask ask, again;

    begin(lacks_adverse_events, 1);
    world_submit(&endpoint, &ask, GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
    world_run(&world, MINUTE);
    endpoint.script = after_100_ms;
    gw_dispatcher_resume(endpoint.dispatcher);
    world_submit(&endpoint, &again, GW_ADVERSE_EVENT, "p1", GW_ROUTINE);
    world_run(&world, 2 * MINUTE);
    cr_expect(again.ended == 1 && again.failure.status == GW_OK);
    EXPECT_TEXT(endpoint.changes, "AdverseEvent:STOPPED AdverseEvent:RUNNING");
    end();
}

Test(dispatcher_refusals, B4_a_refused_client_stops_the_endpoint_with_all_that_waits)
{
    struct world_ask asks[5], late;

    begin(refuses_client, 2);
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(endpoint.asked <= 2 && endpoint.alerts == GW_ALERT_STOPPED);
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 1 && asks[i].failure.status == GW_EDENIED, "%zu", i);
    world_submit(&endpoint, &late, GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(late.ended == 1 && late.failure.status == GW_EDENIED && endpoint.asked <= 2);
    end();
}

#define ANOTHERS                                                                                                       \
    "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":{\"resourceType\":\"Condition\","    \
    "\"id\":\"c\",\"subject\":{\"reference\":\"Patient/other\"}}}]}"

static struct world_answer another_patient(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.status = 200, .body = ANOTHERS};
}

Test(dispatcher_refusals, S8_data_of_another_patient_stop_the_endpoint)
{
    struct world_ask asks[3];

    begin(another_patient, 1);
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(endpoint.asked == 1 && endpoint.kept == 0);
    EXPECT_TEXT(endpoint.changes, "STOPPED");
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 1 && asks[i].failure.status != GW_OK, "%zu", i);
    end();
}

static struct world_answer refuses_all(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    (void)number;
    return (struct world_answer){.status = 403};
}

Test(dispatcher_refusals, B4_an_endpoint_that_refuses_everything_is_asked_ten_times)
{
    static const enum gw_resource types[] = {GW_CONDITION, GW_OBSERVATION, GW_ENCOUNTER, GW_PROCEDURE};
    struct world_ask asks[40];

    begin(refuses_all, 1);
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], types[i % COUNT(types)], "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(endpoint.asked == GW_DISPATCH_REFUSALS, "%u", endpoint.asked);
    cr_expect(gw_dispatcher_circuit(endpoint.dispatcher)->state == GW_CIRCUIT_STOPPED);
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 1 && asks[i].failure.status == GW_EDENIED);
    end();
}

static struct world_answer refuses_p1(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)number;
    return (struct world_answer){.status = strstr(path, "patient=p1") ? 403 : 200};
}

Test(dispatcher_refusals, B4_one_patients_closed_record_does_not_stop_the_type)
{
    struct world_ask asks[20];

    begin(refuses_p1, 1);
    for (size_t i = 0; i < COUNT(asks); i++)
        world_submit(&endpoint, &asks[i], GW_CONDITION, i % 2 ? "p1" : "p2", GW_ROUTINE);
    world_run(&world, HOUR);
    for (size_t i = 0; i < COUNT(asks); i++)
        cr_expect(asks[i].ended == 1 && asks[i].failure.status == (i % 2 ? GW_EDENIED : GW_OK), "%zu", i);
    EXPECT_TEXT(endpoint.changes, "");
    end();
}
