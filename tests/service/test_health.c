/*
 * Alive, ready, counted: over the listener, on a clock that a test moves.
 */
#include "gateway/service/health.h"

#include "net/visitor.h"
#include "support/fake_time.h"

static uv_loop_t loop;
static struct fake_time fake;
static struct gw_metrics metrics = GW_METRICS_INIT;
static struct gw_health health;
static struct gw_listener *listener;
static int refreshed;

static uint64_t now_ms(void)
{
    return fake.clock.monotonic_ms(fake.clock.ctx);
}

static void refresh(void *ctx)
{
    (void)ctx;
    refreshed++;
    metrics.outbox_pending = 17;
}

static void begin(void)
{
    static struct gw_route routes[GW_HEALTH_ROUTES];

    cr_assert(uv_loop_init(&loop) == 0);
    fake_time_init(&fake, &loop);
    health = (struct gw_health){{.started = true}, &metrics, &fake.clock, refresh, NULL};
    gw_health_routes(&health, routes);
    cr_assert(gw_listener_start(&loop,
                                &(struct gw_listener_options){.address = "127.0.0.1:0",
                                                              .routes = routes,
                                                              .route_count = GW_HEALTH_ROUTES,
                                                              .clock = &fake.clock},
                                &listener, NULL) == GW_OK);
}

static void end(void)
{
    gw_listener_stop(listener, 0, NULL, NULL);
    fake_time_run(&fake, UINT64_MAX / 2, NULL, NULL);
    cr_expect(uv_loop_close(&loop) == 0);
    fake_time_release(&fake);
    gw_metrics_release(&metrics);
}

TestSuite(health, .init = begin, .fini = end);

static const char *get(const char *path, int *status)
{
    const int fd = visit(gw_listener_port(listener));
    char text[128];
    const char *heard;
    bool closed;

    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    visitor_says(fd, text);
    heard = visitor_hears(&loop, fd, &closed);
    *status = visitor_status(heard);
    close(fd);
    return heard;
}

static void expect_body(const char *path, int status, const char *body)
{
    int got;
    const char *const heard = get(path, &got), *const start = strstr(heard, "\r\n\r\n");

    cr_expect(got == status, "%d", got);
    cr_expect(start && strcmp(start + 4, body) == 0, "%s", heard);
}

Test(health, says_that_it_is_alive_also_when_it_is_not_ready)
{
    health.readiness.stopped = "the disk is nearly full";
    expect_body("/healthz", 200, "{\"alive\":true}\n");
}

Test(health, is_ready_while_nothing_is_due_however_long)
{
    fake.now_ms += 86400000;
    expect_body("/readyz", 200, "{\"ready\":true,\"reasons\":[]}\n");
}

Test(health, P6_is_not_ready_30_s_after_work_stops_while_work_is_due)
{
    fake.now_ms += 100000;
    gw_readiness_due(&health.readiness, 12, now_ms()); /* a day of rest before it does not count */
    fake.now_ms += 29999;
    expect_body("/readyz", 200, "{\"ready\":true,\"reasons\":[]}\n");
    gw_readiness_due(&health.readiness, 13, now_ms()); /* more that is due is no work that is done */
    fake.now_ms += 1;
    expect_body("/readyz", 503, "{\"ready\":false,\"reasons\":[\"no work was done for 30 s, 13 pieces are due\"]}\n");
    gw_readiness_progress(&health.readiness, now_ms());
    expect_body("/readyz", 200, "{\"ready\":true,\"reasons\":[]}\n");
    fake.now_ms += 45000;
    expect_body("/readyz", 503, "{\"ready\":false,\"reasons\":[\"no work was done for 45 s, 13 pieces are due\"]}\n");
    gw_readiness_due(&health.readiness, 0, now_ms());
    expect_body("/readyz", 200, "{\"ready\":true,\"reasons\":[]}\n");
}

Test(health, gives_every_reason)
{
    health.readiness.started = false;
    health.readiness.stopping = true;
    health.readiness.stopped = "the \"disk\" is nearly full";
    expect_body("/readyz", 503,
                "{\"ready\":false,\"reasons\":[\"starting\",\"stopping\",\"the \\\"disk\\\" is nearly full\"]}\n");
}

Test(health, shows_the_numbers_of_now)
{
    int status;
    const char *const heard = get("/metrics", &status);

    cr_expect(status == 200 && refreshed == 1);
    cr_expect(strstr(heard, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != NULL);
    cr_expect(strstr(heard, "\ncasement_outbox_pending 17\n") != NULL);
    cr_expect(strstr(heard, "\ncasement_ready 1\n") != NULL);
    cr_expect(strstr(heard, "\nprocess_resident_memory_bytes 0\n") == NULL);
    health.readiness.stopping = true;
    cr_expect(strstr(get("/metrics", &status), "\ncasement_ready 0\n") != NULL);
}

Test(health, answers_nothing_else)
{
    int status;

    get("/", &status);
    cr_expect(status == 404);
    get("/metrics/x", &status);
    cr_expect(status == 404);
}
