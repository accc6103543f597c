/*
 * A search whose Medications did not come along, and every operation of it failing in its turn.
 */
#include "sources/play.h"

#define DRUGS "/MedicationRequest?patient=p1&_count=2"

static const struct fake_reply drugs[] = {
    {DRUGS, 200, PAGE_NEXT("?page=2", REQUEST("r1", "m1") "," INCLUDED(MEDICATION("m1")))},
    {"/MedicationRequest?page=2", 200, PAGE(REQUEST("r2", "m2") "," REQUEST("r3", "m3") "," REQUEST("r4", "m2"))},
    {"/Medication/m2", 200, MEDICATION("m2")},
    {"/Medication/m3", 404, OUTCOME("error", "not-found")},
    {0}};

#define DRUGS_KEPT                                                                                                     \
    "F 17 MedicationRequest/r1\nS 0 Medication/m1\nF 17 MedicationRequest/r2\nF 17 MedicationRequest/r3\n"             \
    "F 17 MedicationRequest/r4\nS 0 Medication/m2\n"

Test(pull, s17_reads_medications_that_did_not_come_along_and_moves_the_cursor_after_them)
{
    const struct ended ended = play(GW_MEDICATION_REQUEST, drugs);

    cr_expect(ended.failure.status == GW_OK, "%s", ended.failure.text);
    cr_expect_str_eq(ports.asked.at, DRUGS "\n/MedicationRequest?page=2\n/Medication/m2\n/Medication/m3\n");
    cr_expect_str_eq(ports.kept.at, DRUGS_KEPT "cursor MedicationRequest \n");
    cr_expect(ended.result.unresolved == 1 && ended.result.requests == 4);
    fake_ports_release(&ports);
}

#define NAMED(id, system, value)                                                                                       \
    "{\"resourceType\":\"Medication\",\"id\":\"" id "\",\"identifier\":[{\"system\":\"" system "\",\"value\":\"" value \
    "\"}]}"
#define BY_NAME(id, value)                                                                                             \
    "{\"resourceType\":\"MedicationRequest\",\"id\":\"" id "\",\"subject\":{\"reference\":\"Patient/p1\"},"            \
    "\"medicationReference\":{\"identifier\":{\"system\":\"urn:drugs\",\"value\":\"" value "\"}}}"

Test(pull, searches_for_a_medication_that_is_named_by_its_identifier)
{
    static const struct fake_reply replies[] = {
        {DRUGS, 200, PAGE(ENTRY(BY_NAME("r1", "7")) "," ENTRY(BY_NAME("r2", "8")) "," ENTRY(BY_NAME("r3", "7")))},
        {"/Medication?identifier=urn%3Adrugs%7C7&_count=2", 200,
         PAGE(ENTRY(NAMED("m1", "urn:drugs", "9")) "," ENTRY(NAMED("m2", "urn:drugs", "7")) "," ENTRY(
             NAMED("m3", "urn:other", "7")))},
        {"/Medication?identifier=urn%3Adrugs%7C8&_count=2", 200, PAGE("")},
        {0}};
    const struct ended ended = play(GW_MEDICATION_REQUEST, replies);

    cr_expect(ended.failure.status == GW_OK, "%s", ended.failure.text);
    cr_expect_str_eq(ports.kept.at, "F 17 MedicationRequest/r1\nF 17 MedicationRequest/r2\n"
                                    "F 17 MedicationRequest/r3\nS 0 Medication/m2\ncursor MedicationRequest \n");
    cr_expect(ended.result.unresolved == 1 && ended.result.requests == 3);
    fake_ports_release(&ports);
}

Test(pull, s17_does_not_move_the_cursor_while_a_medication_is_out_of_reach)
{
    static const struct fake_reply replies[] = {{DRUGS, 200, PAGE(REQUEST("r1", "m1"))},
                                                {"/Medication/m1", 503, "away"},
                                                {"/Medication/m1", 200, MEDICATION("m1")},
                                                {0}};
    const struct gw_request request = request_for(GW_MEDICATION_REQUEST, "MedicationRequest");
    struct ended ended = {0};
    struct gw_pull *pull;
    struct gw_error err = {0};

    fake_ports_init(&ports, replies);
    ports.settings.seen = gw_id_set_new();
    cr_assert(gw_pull_start(&ports.loop, &ports.settings, &request, on_end, &ended, &pull, &err) == GW_OK);
    uv_run(&ports.loop, UV_RUN_DEFAULT);
    cr_expect(ended.failure.status == GW_ERETRY);
    cr_expect_str_eq(ports.kept.at, "F 17 MedicationRequest/r1\n");
    cr_assert(gw_pull_start(&ports.loop, &ports.settings, &request, on_end, &ended, &pull, &err) == GW_OK);
    uv_run(&ports.loop, UV_RUN_DEFAULT);
    cr_expect_str_eq(ports.kept.at, "F 17 MedicationRequest/r1\nF 17 MedicationRequest/r1\nS 0 Medication/m1\n"
                                    "cursor MedicationRequest \n");
    gw_id_set_free(ports.settings.seen);
    fake_ports_release(&ports);
}

Test(pull, s17_takes_no_other_resource_for_a_medication)
{
    static const char *const others[] = {MEDICATION("m9"), "{\"resourceType\":\"Patient\",\"id\":\"m1\"}", PAGE("")};

    for (size_t i = 0; i < COUNT(others); i++) {
        const struct fake_reply replies[] = {
            {DRUGS, 200, PAGE(REQUEST("r1", "m1"))}, {"/Medication/m1", 200, others[i]}, {0}};

        cr_expect(play(GW_MEDICATION_REQUEST, replies).failure.status == GW_EPROTO, "%s", others[i]);
        cr_expect_str_eq(ports.kept.at, "F 17 MedicationRequest/r1\n");
        fake_ports_release(&ports);
    }
}

Test(pull, s17_reads_no_more_medications_than_it_may)
{
    struct gw_text page = GW_TEXT_INIT(1 << 20);
    char urls[201][24];
    const struct gw_request request = request_for(GW_MEDICATION_REQUEST, "MedicationRequest");
    struct fake_reply replies[203] = {{DRUGS, 200, NULL}};
    struct ended ended;

    gw_text_add(&page, "{\"resourceType\":\"Bundle\",\"entry\":[");
    for (int i = 0; i < 201; i++) {
        gw_text_print(&page, "%s" REQUEST("r%d", "m%d"), i ? "," : "", i, i);
        snprintf(urls[i], sizeof(urls[i]), "/Medication/m%d", i);
        replies[1 + i] = (struct fake_reply){urls[i], 404, "gone"};
    }
    gw_text_add(&page, "]}");
    replies[0].body = page.at;
    ended = play_with(&request, replies, NO_FAULT, 0);
    cr_expect(ended.failure.status == GW_OK, "%s", ended.failure.text);
    cr_expect(ended.result.requests == 1 + GW_PULL_READS_MAX && ended.result.unresolved == 201);
    fake_ports_release(&ports);
    gw_text_release(&page);
}

Test(pull, reads_a_medication_once_a_sync)
{
    const struct gw_request request = request_for(GW_MEDICATION_REQUEST, "MedicationRequest");
    struct ended ended = {0};
    struct gw_pull *pull;
    struct gw_error err = {0};

    fake_ports_init(&ports, drugs);
    ports.settings.seen = gw_id_set_new();
    for (int i = 0; i < 2; i++) {
        memset(ports.used, 0, sizeof(ports.used));
        cr_assert(gw_pull_start(&ports.loop, &ports.settings, &request, on_end, &ended, &pull, &err) == GW_OK);
        uv_run(&ports.loop, UV_RUN_DEFAULT);
    }
    cr_expect(ended.times == 2 && ports.calls == 4 + 2);
    gw_id_set_free(ports.settings.seen);
    fake_ports_release(&ports);
}

/* ---- every operation fails in its turn, and is the moment of a cancellation ---- */

static const struct {
    enum fault fault;
    enum gw_status of_get, of_keep;
} faults[] = {{AT_THE_DOOR, GW_EPROTO, GW_EPROTO}, {LATER, GW_EDENIED, GW_EIO}, {CANCEL, GW_ECANCELED, GW_ECANCELED}};

Test(pull, ends_once_and_keeps_what_was_committed_whichever_operation_fails)
{
    const struct gw_request request = request_for(GW_MEDICATION_REQUEST, "MedicationRequest");
    unsigned operations;

    play_with(&request, drugs, NO_FAULT, 0);
    operations = ports.operations;
    cr_expect(operations == 8, "%u", operations);
    fake_ports_release(&ports);
    for (size_t f = 0; f < COUNT(faults); f++) {
        for (unsigned at = 1; at <= operations; at++) {
            const struct ended ended = play_with(&request, drugs, faults[f].fault, at);
            const enum gw_status status = ended.failure.status;

            cr_expect(status == faults[f].of_get || status == faults[f].of_keep, "fault %zu at %u: %d %s", f, at,
                      status, ended.failure.text);
            cr_expect(strncmp(DRUGS_KEPT, ports.kept.at, ports.kept.length) == 0 ||
                          (faults[f].fault == CANCEL && at == operations),
                      "fault %zu at %u: %s", f, at, ports.kept.at);
            fake_ports_release(&ports);
        }
    }
}
