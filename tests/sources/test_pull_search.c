/*
 * A search as it goes out and as the server says it understood it: POST and GET, the self link of the first page.
 */
#include "sources/play.h"

#define FORM "/Condition/_search {patient=p1&_count=2}\n"

static struct ended play_post(const struct fake_reply *replies)
{
    struct gw_request request = request_for(GW_CONDITION, "Condition");

    request.search.post = true;
    return play_with(&request, replies, NO_FAULT, 0);
}

static const struct {
    const char *name;
    struct fake_reply replies[4];
    enum gw_status status;
    const char *asked;
    const char *kept;
} posts[] = {
    {"one page", {{"/Condition/_search", 200, PAGE(C("a"))}}, GW_OK, FORM, "F 17 Condition/a\ncursor Condition \n"},
    {"S6: the next page by GET",
     {{"/Condition/_search", 200, PAGE_NEXT(BASE "/Condition?patient=p1&page=2", C("a"))},
      {"/Condition?patient=p1&page=2", 200, PAGE(C("b"))}},
     GW_OK,
     FORM "/Condition?patient=p1&page=2\n",
     "F 17 Condition/a\nF 17 Condition/b\ncursor Condition \n"},
    {"S6: a next link below _search, by GET too",
     {{"/Condition/_search", 200, PAGE_NEXT("?page=2", C("a"))}, {"/Condition/_search?page=2", 200, PAGE(C("b"))}},
     GW_OK,
     FORM "/Condition/_search?page=2\n",
     "F 17 Condition/a\nF 17 Condition/b\ncursor Condition \n"},
    {"S6: a next link that is the form's address leads nowhere",
     {{"/Condition/_search", 200, PAGE_NEXT(BASE "/Condition/_search", C("a"))}},
     GW_EPROTO,
     FORM,
     ""},
    {"S7: the session forgotten: the form once more",
     {{"/Condition/_search", 200, PAGE_NEXT("?page=2", C("a"))},
      {"/Condition/_search?page=2", 410, ""},
      {"/Condition/_search", 200, PAGE(C("b"))}},
     GW_OK,
     FORM "/Condition/_search?page=2\n" FORM,
     "F 17 Condition/a\nF 17 Condition/b\ncursor Condition \n"},
    {"a server without POST", {{"/Condition/_search", 405, ""}}, GW_EPROTO, FORM, ""},
};

Test(pull_search, s6_goes_out_by_post_and_on_by_get)
{
    for (size_t i = 0; i < COUNT(posts); i++) {
        const struct ended ended = play_post(posts[i].replies);

        cr_expect(ended.failure.status == posts[i].status, "%s: %s", posts[i].name, ended.failure.text);
        cr_expect_str_eq(ports.asked.at, posts[i].asked, "%s", posts[i].name);
        cr_expect_str_eq(ports.kept.at, posts[i].kept, "%s", posts[i].name);
        fake_ports_release(&ports);
    }
}

Test(pull_search, reads_medications_by_get_after_a_post)
{
    static const struct fake_reply replies[] = {
        {"/MedicationRequest/_search", 200, PAGE(REQUEST("r", "m"))}, {"/Medication/m", 200, MEDICATION("m")}, {0}};
    struct gw_request request = request_for(GW_MEDICATION_REQUEST, "MedicationRequest");
    struct ended ended;

    request.search.post = true;
    ended = play_with(&request, replies, NO_FAULT, 0);
    cr_expect(ended.failure.status == GW_OK, "%s", ended.failure.text);
    cr_expect_str_eq(ports.asked.at, "/MedicationRequest/_search {patient=p1&_count=2}\n/Medication/m\n");
    fake_ports_release(&ports);
}

#define SELF(link, more, list)                                                                                         \
    "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[{\"relation\":\"self\",\"url\":\"" link "\"}" more  \
    "],\"entry\":[" list "]}"
#define AND_NEXT ",{\"relation\":\"next\",\"url\":\"?page=2\"}"
#define ASKED    "/Observation?patient=p1&category=laboratory&date=ge2023-12-31&date=le2024-02-01&_count=2"
#define HALF     "patient=p1&date=ge2023-12-31&date=le2024-02-01"

static const struct {
    const char *name;
    struct fake_reply replies[3];
    enum gw_status status;
    size_t notes;
    const char *note;
    size_t pages;
} selves[] = {
    {"all that was asked", {{ASKED, 200, SELF(BASE ASKED, "", "")}}, GW_OK, 0, "", 1},
    {"no category: a note, what comes is looked at here",
     {{ASKED, 200, SELF(BASE "/Observation?" HALF, "", "")}},
     GW_OK,
     1,
     "ignored: category",
     1},
    {"no category and no date",
     {{ASKED, 200, SELF(BASE "/Observation?patient=p1", "", "")}},
     GW_OK,
     1,
     "ignored: category, date",
     1},
    {"no patient: it stops, even without data",
     {{ASKED, 200, SELF(BASE "/Observation?category=laboratory&_count=2", "", "")}},
     GW_EPROTO,
     0,
     "",
     0},
    {"a later page's own words are no search of ours",
     {{ASKED, 200, SELF(BASE ASKED, AND_NEXT, "")},
      {"/Observation?page=2", 200, SELF(BASE "/Observation?_count=2", "", "")}},
     GW_OK,
     0,
     "",
     2},
};

Test(pull_search, s8_compares_the_self_link_of_the_first_page_with_what_was_asked)
{
    for (size_t i = 0; i < COUNT(selves); i++) {
        struct gw_request request = request_for(GW_OBSERVATION, "Observation?category=laboratory");
        struct ended ended;

        request.search.category = "laboratory";
        request.search.low = gw_day_of(2024, 1, 1);
        request.search.high = gw_day_of(2024, 1, 31);
        ended = play_with(&request, selves[i].replies, NO_FAULT, 0);
        cr_expect(ended.failure.status == selves[i].status, "%s: %s", selves[i].name, ended.failure.text);
        cr_expect(ended.result.notes == selves[i].notes && ended.result.pages == selves[i].pages, "%s: %zu notes",
                  selves[i].name, ended.result.notes);
        cr_expect_str_eq(ended.result.note, selves[i].note, "%s", selves[i].name);
        cr_expect(selves[i].status == GW_OK || strstr(ended.failure.text, "without the patient parameter"), "%s",
                  ended.failure.text);
        cr_expect(selves[i].pages > 0 || *ports.kept.at == '\0', "%s", selves[i].name);
        fake_ports_release(&ports);
    }
}
