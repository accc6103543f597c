/*
 * What kind of trouble ended a pull: what is the endpoint's, what is one query's, and what is ours.
 */
#include "sources/play.h"

#define ASKED "/Condition?patient=p1&_count=2"

static const struct {
    const char *name;
    struct fake_reply reply;
    enum gw_trouble trouble;
} cases[] = {
    {"nothing", {ASKED, 200, PAGE(C("c1"))}, GW_TROUBLE_NONE},
    {"N2 away", {ASKED, 0, .failure = GW_ERETRY}, GW_TROUBLE_AWAY},
    {"N8 a page of HTML", {ASKED, 200, "<html>sign in", "text/html"}, GW_TROUBLE_NOT_FHIR},
    {"N8 nothing at all", {ASKED, 200, "", "text/plain"}, GW_TROUBLE_NOT_FHIR},
    {"broken JSON", {ASKED, 200, "{\"resourceType\":"}, GW_TROUBLE_DAMAGED},
    {"S1 an OperationOutcome of severity error",
     {ASKED, 200, PAGE(ENTRY(OUTCOME("error", "exception")))},
     GW_TROUBLE_DAMAGED},
    {"401", {ASKED, 401, "no"}, GW_TROUBLE_UNAUTHORIZED},
    {"403", {ASKED, 403, "no"}, GW_TROUBLE_REFUSED},
    {"404", {ASKED, 404, "no"}, GW_TROUBLE_REFUSED},
    {"429", {ASKED, 429, "no"}, GW_TROUBLE_BUSY},
    {"500", {ASKED, 500, "no"}, GW_TROUBLE_AWAY},
    {"503", {ASKED, 503, "no"}, GW_TROUBLE_BUSY},
    {"S6 a link that leads elsewhere",
     {ASKED, 200, PAGE_NEXT("https://elsewhere.example/2", C("c1"))},
     GW_TROUBLE_REFUSED},
    {"S6 the same link again", {ASKED, 200, PAGE_NEXT(BASE ASKED, C("c1"))}, GW_TROUBLE_DAMAGED},
    {"S8 another patient's data", {ASKED, 200, PAGE(ENTRY(CONDITION_OF("c1", "p2", "")))}, GW_TROUBLE_LEAK},
};

Test(pull_trouble, is_told_of_every_end)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct fake_reply replies[] = {cases[i].reply, {0}};
        const struct ended ended = play(GW_CONDITION, replies);

        cr_expect(ended.result.trouble == cases[i].trouble, "%s: %s (%s)", cases[i].name,
                  gw_trouble_name(ended.result.trouble), ended.failure.text);
        cr_expect((ended.failure.status == GW_OK) == (cases[i].trouble == GW_TROUBLE_NONE), "%s", cases[i].name);
        fake_ports_release(&ports);
    }
}

Test(pull_trouble, of_our_disk_or_our_cancelling_is_ours)
{
    static const struct fake_reply replies[] = {{ASKED, 200, PAGE(C("c1"))}, {0}};
    const struct gw_request request = request_for(GW_CONDITION, "Condition");

    cr_expect(play_with(&request, replies, LATER, 2).result.trouble == GW_TROUBLE_OURS, "the disk");
    fake_ports_release(&ports);
    cr_expect(play_with(&request, replies, CANCEL, 1).result.trouble == GW_TROUBLE_OURS, "cancelled");
    fake_ports_release(&ports);
}
