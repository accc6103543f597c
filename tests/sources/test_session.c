/*
 * A pull through a real session, over real sockets: what the fakes of the other suites promise holds there too.
 */
#include "sources/fake_ports.h"
#include "support/fake_server.h"

struct live {
    struct fake_server *server;
    struct gw_session *session;
    struct gw_web_session web;
    struct fake_ports ports; /* only its store */
    struct gw_pull_settings settings;
    int times;
    struct gw_pull_result result;
    struct gw_error failure;
};

static struct live live;

static void on_end(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure)
{
    struct live *l = ctx;

    l->times++;
    l->result = *result;
    if (failure)
        l->failure = *failure;
}

/* Three pages with relative links, the second one as large as the handler says. */
static size_t padding;

static void serve(struct exchange *exchange, void *ctx)
{
    struct gw_text body = GW_TEXT_INIT(64 << 20);
    char *blanks = calloc(1, padding + 1);

    (void)ctx;
    memset(blanks, ' ', padding);
    if (strstr(exchange->path, "page=2"))
        gw_text_print(&body, PAGE_NEXT("?page=3", C("b")) "%s", blanks);
    else if (strstr(exchange->path, "page=3"))
        gw_text_add(&body, PAGE(C("c")));
    else if (strstr(exchange->path, "_count=1"))
        gw_text_add(&body, PAGE(C("a") "," C("b") "," C("c")));
    else
        gw_text_add(&body, PAGE_NEXT("?page=2", C("a")));
    fake_server_reply(exchange, 200, "application/fhir+json", "Date: Fri, 01 Mar 2024 10:00:00 GMT\r\n", body.at);
    gw_text_release(&body);
    free(blanks);
}

static void refuse(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    fake_server_reply(exchange, 429, "text/html", "Retry-After: 7\r\n", "<html>slow down</html>");
}

static void hang(struct exchange *exchange, void *ctx)
{
    (void)ctx;
    fake_server_sleep(exchange, 60000);
}

static void open_live_with(fake_server_handler handler, void *ctx)
{
    static const struct fake_reply none[] = {{0}};
    struct gw_endpoint endpoint = {.id = "hm-ehr", .site = "hm"};
    struct gw_error err = {0};

    memset(&live, 0, sizeof(live));
    fake_ports_init(&live.ports, none);
    live.server = fake_server_new(handler, ctx);
    cr_assert(live.server);
    endpoint.base = fake_server_base(live.server);
    cr_assert(gw_session_new(&live.ports.loop, &endpoint, NULL, NULL, &live.session, &err) == GW_OK, "%s", err.text);
    gw_web_session_init(&live.web, live.session);
    live.settings = live.ports.settings;
    live.settings.web = &live.web.web;
}

static void open_live(fake_server_handler handler)
{
    open_live_with(handler, NULL);
}

static void close_live(void)
{
    gw_session_free(live.session);
    uv_run(&live.ports.loop, UV_RUN_DEFAULT);
    fake_server_free(live.server);
    fake_ports_release(&live.ports);
}

static struct gw_pull *start(const struct gw_request *request)
{
    struct gw_pull *pull;
    struct gw_error err = {0};

    cr_assert(gw_pull_start(&live.ports.loop, &live.settings, request, on_end, &live, &pull, &err) == GW_OK);
    return pull;
}

static void pump(void)
{
    while (live.times == 0)
        uv_run(&live.ports.loop, UV_RUN_ONCE);
    cr_expect(live.times == 1);
}

Test(session, walks_through_the_pages_of_a_server)
{
    const struct gw_request request = request_for(GW_CONDITION, "Condition");

    padding = 0;
    open_live(serve);
    start(&request);
    pump();
    cr_expect(live.failure.status == GW_OK, "%s", live.failure.text);
    cr_expect(live.result.pages == 3 && live.result.requests == 3 && live.result.entries == 3);
    cr_expect(fake_server_heard(live.server, "patient=p1&_count=2"));
    close_live();
}

Test(session, s18_asks_for_less_when_a_page_is_over_the_cap)
{
    const struct gw_request request = request_for(GW_CONDITION, "Condition");

    padding = GW_PULL_PAGE_BYTES;
    open_live(serve);
    start(&request);
    pump();
    cr_expect(live.failure.status == GW_OK, "%s", live.failure.text);
    cr_expect(live.result.requests == 3 && fake_server_heard(live.server, "_count=1"));
    close_live();
}

Test(session, hears_when_to_come_back)
{
    const struct gw_request request = request_for(GW_CONDITION, "Condition");

    open_live(refuse);
    start(&request);
    pump();
    cr_expect(live.failure.status == GW_ERETRY && live.result.retry_after_s == 7, "%s", live.failure.text);
    close_live();
}

Test(session, lets_go_of_a_server_that_hangs)
{
    const struct gw_request request = request_for(GW_CONDITION, "Condition");
    struct gw_pull *pull;

    open_live(hang);
    pull = start(&request);
    while (fake_server_requests(live.server) == 0)
        uv_run(&live.ports.loop, UV_RUN_NOWAIT);
    gw_pull_cancel(pull);
    pump();
    cr_expect(live.failure.status == GW_ECANCELED, "%s", live.failure.text);
    close_live();
}

/* ---- what is not FHIR ------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *type; /* NULL: none */
    const char *body;
    size_t length;           /* 0: to the NUL */
    enum gw_trouble trouble; /* GW_TROUBLE_NONE: it is taken */
} strange[] = {
    {"N8: a login page", "text/html", "<html>Sign in, Jane</html>", 0, GW_TROUBLE_NOT_FHIR},
    {"N8: a login page called JSON", "application/fhir+json", "<html>Sign in, Jane</html>", 0, GW_TROUBLE_DAMAGED},
    {"N8: FHIR in XML", "application/fhir+xml", "<Bundle xmlns=\"http://hl7.org/fhir\"/>", 0, GW_TROUBLE_NOT_FHIR},
    {"N8: XML called JSON", "application/json", "<?xml version=\"1.0\"?><Bundle/>", 0, GW_TROUBLE_DAMAGED},
    {"N8: nothing", "application/fhir+json", "", 0, GW_TROUBLE_DAMAGED},
    {"N8: nothing of no type", NULL, "", 0, GW_TROUBLE_NOT_FHIR},
    {"N8: blanks", "application/fhir+json", " \r\n\t ", 0, GW_TROUBLE_DAMAGED},
    {"N8: a byte order mark", "application/fhir+json", "\xef\xbb\xbf" PAGE(C("a")), 0, GW_TROUBLE_NONE},
    {"N8: UTF-16", "application/fhir+json; charset=utf-16", "{\0\"\0a\0\"\0:\0001\0}\0", 14, GW_TROUBLE_DAMAGED},
    {"N8: UTF-16 with its mark", "application/fhir+json", "\xff\xfe{\0}\0", 6, GW_TROUBLE_DAMAGED},
    {"N8: Latin-1", "application/fhir+json", PAGE(ENTRY("{\"resourceType\":\"Condition\",\"id\":\"\xe9\"}")), 0,
     GW_TROUBLE_DAMAGED},
    {"N8: gzip that nobody mentions", "application/fhir+json", "\x1f\x8b\x08\0\0\0\0\0", 8, GW_TROUBLE_DAMAGED},
    {"N8: null", "application/fhir+json", "null", 0, GW_TROUBLE_DAMAGED},
    {"N8: a list", "application/fhir+json", "[" PAGE("") "]", 0, GW_TROUBLE_DAMAGED},
    {"N8: a text", "application/fhir+json", "\"Service unavailable\"", 0, GW_TROUBLE_DAMAGED},
    {"N8: JSON of somebody else", "application/json", "{\"error\":\"no such route\"}", 0, GW_TROUBLE_DAMAGED},
    {"N8: lines in place of a page", "application/fhir+ndjson", "{\"resourceType\":\"Condition\"}\n{}\n", 0,
     GW_TROUBLE_DAMAGED},
    {"N8: two pages in one", "application/fhir+json", PAGE(C("a")) PAGE(C("b")), 0, GW_TROUBLE_DAMAGED},
};

static void serve_strange(struct exchange *exchange, void *ctx)
{
    const size_t i = *(const size_t *)ctx, length = strange[i].length ? strange[i].length : strlen(strange[i].body);

    fake_server_print(exchange, "HTTP/1.1 200 OK\r\n");
    if (strange[i].type)
        fake_server_print(exchange, "Content-Type: %s\r\n", strange[i].type);
    fake_server_print(exchange, "Content-Length: %zu\r\n\r\n", length);
    fake_server_send(exchange, strange[i].body, length);
}

Test(session, n8_keeps_nothing_of_an_answer_that_is_no_page_of_fhir)
{
    const struct gw_request request = request_for(GW_CONDITION, "Condition");

    for (size_t i = 0; i < COUNT(strange); i++) {
        const bool taken = strange[i].trouble == GW_TROUBLE_NONE;

        open_live_with(serve_strange, &i);
        start(&request);
        pump();
        cr_expect(live.failure.status == (taken ? GW_OK : GW_EPROTO) && live.result.trouble == strange[i].trouble,
                  "%s: %d, trouble %d, %s", strange[i].name, live.failure.status, (int)live.result.trouble,
                  live.failure.text);
        cr_expect(live.result.requests == 1 && live.result.entries == taken, "%s", strange[i].name);
        cr_expect_str_eq(live.ports.kept.at, taken ? "F 17 Condition/a\ncursor Condition \n" : "", "%s",
                         strange[i].name);
        cr_expect(!strstr(live.failure.text, "Jane"), "%s", live.failure.text);
        close_live();
    }
}
