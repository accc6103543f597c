/*
 * An export through a real session, over real sockets and on the system's clock: headers, a redirect, bytes as they
 * come. What the fakes of the other suites promise holds there too.
 */
#include "sources/bulk_replies.h"
#include "support/fake_server.h"

static struct fake_bulk fake; /* its notes and its ledger */
static struct fake_server *server;
static struct gw_session *session;
static struct gw_web_session web;

static void serve(struct exchange *exchange, void *ctx)
{
    const char *base = fake_server_base(server);
    char text[1024];

    (void)ctx;
    if (strncmp(exchange->head, "DELETE", 6) == 0) {
        fake_server_reply(exchange, 202, "application/fhir+json", "", "");
    } else if (strstr(exchange->path, "$export")) {
        snprintf(text, sizeof text, "Content-Location: %s/job/1\r\n", base);
        fake_server_reply(exchange, 202, "application/fhir+json", text, "");
    } else if (strstr(exchange->path, "/job/1") && exchange->number < 2) {
        fake_server_reply(exchange, 202, "text/plain", "Retry-After: 1\r\nX-Progress: 12%\r\n", "");
    } else if (strstr(exchange->path, "/job/1")) {
        snprintf(text, sizeof text, MANIFEST(OF_COUNT("Patient", "%s/f/p", "2"), ""), base);
        fake_server_reply(exchange, 200, "application/json", "", text);
    } else if (strstr(exchange->path, "/f/p")) {
        fake_server_reply(exchange, 307, "text/plain", "Location: storage?sig=1\r\n", "over there");
    } else if (exchange->number < 5) { /* the storage, cut on its way */
        fake_server_print(
            exchange,
            "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+ndjson\r\nContent-Length: 900\r\n\r\n" PATIENT("p1"));
        exchange->close = true;
    } else {
        fake_server_reply(exchange, 200, "application/fhir+ndjson", "", PATIENT("p1") "\n" PATIENT("p9"));
    }
}

Test(bulk_session, s19_exports_from_a_server_over_sockets)
{
    static const struct bulk_reply none[] = {{0}};
    struct gw_endpoint endpoint = {.id = "hm-ehr", .site = "hm"};
    struct gw_error err = {0};
    char asked[128];

    fake_bulk_init(&fake, none);
    fake.any_source = true;
    server = fake_server_new(serve, NULL);
    cr_assert(server);
    endpoint.base = fake_server_base(server);
    cr_assert(gw_session_new(&fake.loop, &endpoint, NULL, NULL, &session, &err) == GW_OK, "%s", err.text);
    gw_web_session_init(&web, session);
    fake.settings.web = &web.web;
    fake.settings.clock = NULL;
    fake_bulk_start(&fake);
    while (fake.ended == 0)
        uv_run(&fake.loop, UV_RUN_ONCE);
    cr_expect(fake.failure.status == GW_OK, "%s", fake.failure.text);
    cr_expect_str_eq(fake_bulk_outcome(&fake), "Patient/p1 | " T1 " " T1);
    cr_expect(fake.not_enrolled == 1 && fake.result.lost == 0);
    cr_expect(fake_server_heard(server, "Prefer: respond-async") &&
              fake_server_heard(server, "Accept: application/fhir+json") &&
              fake_server_heard(server, "Accept: application/fhir+ndjson"));
    snprintf(asked, sizeof asked, "DELETE /fhir/job/1");
    cr_expect(fake_server_heard(server, asked) && fake_server_heard(server, "GET /fhir/f/storage?sig=1"));
    gw_session_free(session);
    uv_run(&fake.loop, UV_RUN_DEFAULT);
    fake_server_free(server);
    fake_bulk_release(&fake);
}
