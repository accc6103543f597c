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

static void open_live(fake_server_handler handler)
{
    static const struct fake_reply none[] = {{0}};
    struct gw_endpoint endpoint = {.id = "hm-ehr", .site = "hm"};
    struct gw_error err = {0};

    memset(&live, 0, sizeof(live));
    fake_ports_init(&live.ports, none);
    live.server = fake_server_new(handler, NULL);
    cr_assert(live.server);
    endpoint.base = fake_server_base(live.server);
    cr_assert(gw_session_new(&live.ports.loop, &endpoint, NULL, NULL, &live.session, &err) == GW_OK, "%s", err.text);
    gw_web_session_init(&live.web, live.session);
    live.settings = live.ports.settings;
    live.settings.web = &live.web.web;
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
