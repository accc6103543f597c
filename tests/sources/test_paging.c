/*
 * Pages as servers chain them: totals that mean nothing, chains that end, fork, run in circles and go nowhere. What
 * counts is what came and how often was asked.
 */
#include "sources/play.h"
#include "support/chance.h"

#define FIRST "/Condition?patient=p1&_count=2"
#define P2    "/Condition?page=2"

/* ---- totals ---- */

static const struct {
    const char *name;
    const char *first, *second; /* "total" of either page, with a comma behind it */
} totals[] = {
    {"S5: absent", "", ""},
    {"S5: right", "\"total\":2,", "\"total\":2,"},
    {"S5: zero although entries came", "\"total\":0,", "\"total\":0,"},
    {"S5: less than what the first page holds", "\"total\":1,", "\"total\":1,"},
    {"S5: far more than there is", "\"total\":4000000000,", "\"total\":4000000000,"},
    {"S5: another on each page", "\"total\":480,", "\"total\":500,"},
    {"S5: below zero", "\"total\":-1,", "\"total\":-1,"},
    {"S5: on the first page alone", "\"total\":2,", ""},
};

Test(paging, s5_goes_by_links_and_never_by_the_total)
{
    for (size_t i = 0; i < COUNT(totals); i++) {
        char pages[2][1024];
        const struct fake_reply replies[] = {{FIRST, 200, pages[0]}, {P2, 200, pages[1]}, {0}};
        struct ended ended;

        snprintf(pages[0], sizeof pages[0],
                 "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",%s\"link\":[{\"relation\":\"next\",\"url\":"
                 "\"?page=2\"}],\"entry\":[" C("a") "]}",
                 totals[i].first);
        snprintf(pages[1], sizeof pages[1],
                 "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",%s\"entry\":[" C("b") "]}", totals[i].second);
        ended = play(GW_CONDITION, replies);
        cr_expect(ended.failure.status == GW_OK, "%s: %s", totals[i].name, ended.failure.text);
        cr_expect_str_eq(ports.kept.at, "F 17 Condition/a\nF 17 Condition/b\ncursor Condition \n", "%s",
                         totals[i].name);
        cr_expect(ended.result.requests == 2, "%s", totals[i].name);
        fake_ports_release(&ports);
    }
}

/* ---- made-up chains ---- */

enum { GRAPHS = 2000, PAGES_MOST = 9, IDS_MOST = 12 };

struct graph {
    unsigned pages;
    int next[PAGES_MOST]; /* a page; -1: no link */
    unsigned entries[PAGES_MOST];
    unsigned ids[PAGES_MOST][3];
};

/* Most links lead on, some back or to the page itself; an id may stand on several pages. */
static struct graph draw(uint64_t *seed)
{
    struct graph graph = {.pages = 1 + (unsigned)(chance_next(seed) % PAGES_MOST)};

    for (unsigned page = 0; page < graph.pages; page++) {
        const bool last = page + 1 == graph.pages;

        graph.next[page] = last ? -1 : (int)page + 1;
        if (chance_next(seed) % 8 == 0)
            graph.next[page] = (int)(chance_next(seed) % graph.pages);
        graph.entries[page] = (unsigned)(chance_next(seed) % 4);
        for (unsigned i = 0; i < graph.entries[page]; i++)
            graph.ids[page][i] = (unsigned)(chance_next(seed) % IDS_MOST);
    }
    return graph;
}

/* What the rules say, in another way than the walk does: along the links, until one of them tells it to stop. */
struct truth {
    enum gw_status status;
    unsigned asked_least, asked_most; /* the page after one that breaks a rule may be on its way */
    bool ids[IDS_MOST];               /* that must have been kept */
};

static struct truth judge(const struct graph *graph)
{
    struct truth truth = {.status = GW_OK};
    bool visited[PAGES_MOST] = {false}, seen[IDS_MOST] = {false};
    unsigned barren = 0;

    for (int page = 0; page >= 0; page = graph->next[page]) {
        const int next = graph->next[page];
        bool news = false;

        visited[page] = true;
        truth.asked_least++;
        for (unsigned i = 0; i < graph->entries[page]; i++) {
            news = news || !seen[graph->ids[page][i]];
            seen[graph->ids[page][i]] = true;
        }
        barren = news ? 0 : barren + 1;
        if (next >= 0 && (visited[next] || barren == 2)) {
            truth.status = GW_EPROTO;
            break;
        }
        for (unsigned i = 0; i < graph->entries[page]; i++)
            truth.ids[graph->ids[page][i]] = true;
    }
    truth.asked_most = truth.asked_least;
    return truth;
}

static void print_page(const struct graph *graph, unsigned page, struct gw_text *out)
{
    gw_text_add(out, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\"");
    if (graph->next[page] == 0)
        gw_text_add(out, ",\"link\":[{\"relation\":\"next\",\"url\":\"?patient=p1&_count=2\"}]");
    else if (graph->next[page] > 0)
        gw_text_print(out, ",\"link\":[{\"relation\":\"next\",\"url\":\"?page=%d\"}]", graph->next[page]);
    gw_text_add(out, ",\"entry\":[");
    for (unsigned i = 0; i < graph->entries[page]; i++)
        gw_text_print(out, "%s" C("c%u"), i ? "," : "", graph->ids[page][i]);
    gw_text_add(out, "]}");
}

static void try_graph(uint64_t seed)
{
    const uint64_t number = seed;
    const struct graph graph = draw(&seed);
    const struct truth truth = judge(&graph);
    struct fake_reply replies[PAGES_MOST + 1] = {{0}};
    struct gw_text bodies[PAGES_MOST];
    char urls[PAGES_MOST][64];
    struct ended ended;

    for (unsigned page = 0; page < graph.pages; page++) {
        bodies[page] = (struct gw_text)GW_TEXT_INIT(1 << 16);
        print_page(&graph, page, &bodies[page]);
        snprintf(urls[page], sizeof urls[page], page ? "/Condition?page=%u" : FIRST, page);
        replies[page] = (struct fake_reply){urls[page], 200, bodies[page].at};
    }
    ended = play(GW_CONDITION, replies);
    cr_expect(ended.failure.status == truth.status, "%llu: %d %s", (unsigned long long)number, ended.failure.status,
              ended.failure.text);
    cr_expect(ended.result.requests >= truth.asked_least && ended.result.requests <= truth.asked_most,
              "%llu: %zu requests, not %u", (unsigned long long)number, ended.result.requests, truth.asked_least);
    for (unsigned id = 0; id < IDS_MOST; id++) {
        char line[32];

        snprintf(line, sizeof line, "Condition/c%u\n", id);
        cr_expect(!!strstr(ports.kept.at, line) == truth.ids[id], "%llu: c%u", (unsigned long long)number, id);
    }
    cr_expect(!!strstr(ports.kept.at, "cursor") == (truth.status == GW_OK), "%llu", (unsigned long long)number);
    fake_ports_release(&ports);
    for (unsigned page = 0; page < graph.pages; page++)
        gw_text_release(&bodies[page]);
}

Test(paging, s3_s6_of_any_made_up_chain_brings_all_there_is_or_says_that_it_is_broken)
{
    for (uint64_t seed = 1; seed <= GRAPHS; seed++)
        try_graph(seed);
}

/* ---- paging sessions that end too soon ------------------------------------------------------------------------- */

#define DAYS(from, to) "/Observation?patient=p1&date=ge" from "&date=le" to "&_count=2"
#define O_AT(id, stamp)                                                                                                \
    ENTRY("{\"resourceType\":\"Observation\",\"id\":\"" id "\"," META(stamp) "\"status\":\"final\",\"code\":"          \
                                                                             "{\"text\":\"x\"}," OF("p1"))
#define GONE(url)                                                                                                      \
    {                                                                                                                  \
        url, 410, "gone", "text/plain"                                                                                 \
    }

/* Observations of 1 to 4 March; a day on either side is asked for too, as time zones want it. */
static struct gw_request four_days(void)
{
    struct gw_request request = request_for(GW_OBSERVATION, "Observation");

    request.search.low = gw_day_of(2024, 3, 1);
    request.search.high = gw_day_of(2024, 3, 4);
    return request;
}

/* a and d change on the pages of the first half, b and c on those of the second; b is of both, as days overlap. */
Test(paging, s7_walks_half_of_the_days_when_its_pages_expired_four_times)
{
    static const struct fake_reply replies[] = {
        {DAYS("2024-02-29", "2024-03-05"), 200, PAGE_NEXT("?all=2", O_AT("a", "2024-03-09T10:00:00Z")),
         .date = 1710000000},
        GONE("/Observation?all=2"),
        {DAYS("2024-02-29", "2024-03-03"), 200, PAGE_NEXT("?first=2", O_AT("a", "2024-03-09T10:00:00Z")),
         .date = 1710000060},
        {"/Observation?first=2", 200, PAGE(O_AT("d", "2024-03-09T12:00:00Z") "," O_AT("b", "2024-03-09T11:00:00Z"))},
        {DAYS("2024-03-02", "2024-03-05"), 200, PAGE_NEXT("?second=2", O_AT("b", "2024-03-09T11:00:00Z")),
         .date = 1710000120},
        {"/Observation?second=2", 200, PAGE(O_AT("c", "2024-03-09T09:00:00Z"))},
        {0}};
    const struct gw_request request = four_days();
    const struct ended ended = play_with(&request, replies, NO_FAULT, 0);

    cr_expect(ended.failure.status == GW_OK, "%s", ended.failure.text);
    cr_expect(ended.result.requests == 4 * 2 + 2 + 2, "%zu", ended.result.requests);
    cr_expect(strstr(ports.kept.at, "F 17 Observation/b\nF 17 Observation/c\ncursor Observation "
                                    "2024-03-09T12:00:00.000Z\n"),
              "%s", ports.kept.at);
    cr_expect(strstr(ports.kept.at, "cursor") == strstr(ports.kept.at, "cursor Observation 2024-03-09T12"),
              "the cursor moved before the last day was walked");
    fake_ports_release(&ports);
}

Test(paging, s7_comes_down_to_one_day_and_gives_up_there)
{
    static const struct fake_reply replies[] = {
        {DAYS("2024-02-29", "2024-03-05"), 200, PAGE_NEXT("?all=2", O_AT("a", ""))},
        GONE("/Observation?all=2"),
        {DAYS("2024-02-29", "2024-03-03"), 200, PAGE_NEXT("?half=2", O_AT("a", ""))},
        GONE("/Observation?half=2"),
        {DAYS("2024-02-29", "2024-03-02"), 200, PAGE_NEXT("?day=2", O_AT("a", ""))},
        GONE("/Observation?day=2"),
        {0}};
    const struct gw_request request = four_days();
    const struct ended ended = play_with(&request, replies, NO_FAULT, 0);

    cr_expect(ended.failure.status == GW_ERETRY && strstr(ended.failure.text, "forgot its own next link"), "%d %s",
              ended.failure.status, ended.failure.text);
    cr_expect(ended.result.requests == 2 * (4 + 1 + 1), "%zu", ended.result.requests);
    cr_expect(!strstr(ports.kept.at, "cursor"));
    fake_ports_release(&ports);
}

/* What has no days cannot be asked for in parts of them. */
Test(paging, s7_gives_up_after_the_fourth_time_where_there_are_no_days)
{
    static const struct fake_reply replies[] = {{FIRST, 200, PAGE_NEXT("?page=2", C("a"))}, GONE(P2), {0}};
    const struct ended ended = play(GW_CONDITION, replies);

    cr_expect(ended.failure.status == GW_ERETRY && ended.result.requests == 8, "%zu", ended.result.requests);
    fake_ports_release(&ports);
}
