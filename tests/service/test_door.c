/*
 * The door as the configuration has it: who is let in by which name, and whose secret is taken.
 */
#include "gateway/service/door.h"

#include <sys/stat.h>

#include "net/visitor.h"
#include "support/fake_time.h"
#include "support/scratch.h"

static uv_loop_t loop;
static struct fake_time fake;
static struct scratch scratch;
static struct gw_metrics metrics = GW_METRICS_INIT;
static struct gw_health health;
static struct gw_doorbell *doorbell;
static struct gw_listener *listener;
static struct gw_upkeep *upkeep;
static struct gw_error err;

static void begin(void)
{
    scratch_init(&scratch);
    cr_assert(uv_loop_init(&loop) == 0);
    fake_time_init(&fake, &loop);
    health = (struct gw_health){{.started = true}, &metrics, &fake.clock, NULL, NULL};
    cr_assert(gw_doorbell_new(&fake.clock, &doorbell, &err) == GW_OK);
}

static void end(void)
{
    if (listener)
        gw_listener_stop(listener, 0, NULL, NULL);
    gw_upkeep_free(upkeep);
    fake_time_run(&fake, UINT64_MAX / 2, NULL, NULL);
    cr_expect(uv_loop_close(&loop) == 0);
    gw_doorbell_free(doorbell);
    gw_metrics_release(&metrics);
    fake_time_release(&fake);
    scratch_release(&scratch);
}

TestSuite(door, .init = begin, .fini = end);

static struct gw_config_endpoint endpoint_with(const char *kind, const char *secret)
{
    return (struct gw_config_endpoint){.id = "hm-ehr",
                                       .notifications = {.kind = kind,
                                                         .topic = "http://t.example/results",
                                                         .secret = scratch_path(&scratch, secret),
                                                         .callback = "https://casement.example:8443/in",
                                                         .heartbeat_s = 60}};
}

static void write_secret(const char *name, mode_t mode, const char *text)
{
    scratch_write(&scratch, name, text);
    cr_assert(chmod(scratch_path(&scratch, name), mode) == 0);
}

static enum gw_status make(const struct gw_config_endpoint *endpoint)
{
    const struct gw_upkeep_settings ports = {.clock = &fake.clock};

    return gw_door_upkeep(&loop, endpoint, &gw_profile_default, &ports, &upkeep, &err);
}

Test(door, is_shut_unless_an_address_is_given)
{
    const struct gw_config config = {.path = "c.json"};

    cr_assert(gw_door_open(&loop, &config, &health, doorbell, &listener, &err) == GW_OK);
    cr_expect(listener == NULL);
}

static const struct {
    const char *request;
    int status;
} visits[] = {
    {"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200},
    {"GET /readyz HTTP/1.1\r\nHost: localhost:8490\r\n\r\n", 200},
    {"GET /metrics HTTP/1.1\r\nHost: CASEMENT.example\r\n\r\n", 200},
    {"GET /metrics HTTP/1.1\r\nHost: casement.example.evil\r\n\r\n", 421},
    {"GET /metrics HTTP/1.1\r\nHost: hm.example\r\n\r\n", 421},
    {"POST /notify/hm-ehr HTTP/1.1\r\nHost: casement.example\r\nContent-Length: 0\r\n\r\n", 401},
    {"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 405},
};

Test(door, lets_in_by_the_names_of_loopback_and_of_the_callback)
{
    const struct gw_config_endpoint endpoint = endpoint_with("topic", "ring");
    const struct gw_config config = {
        .path = "c.json", .listen = "127.0.0.1:0", .endpoints = &endpoint, .endpoint_count = 1};

    cr_assert(gw_door_open(&loop, &config, &health, doorbell, &listener, &err) == GW_OK, "%s", err.text);
    for (size_t i = 0; i < sizeof visits / sizeof visits[0]; i++)
        cr_expect(visitor_asks(&loop, gw_listener_port(listener), visits[i].request, strlen(visits[i].request)) ==
                      visits[i].status,
                  "%s", visits[i].request);
}

Test(door, wants_no_subscription_unless_asked_for_one)
{
    const struct gw_config_endpoint endpoint = {.id = "hm-ehr"};

    cr_assert(make(&endpoint) == GW_OK);
    cr_expect(upkeep == NULL);
}

Test(door, takes_the_secret_from_a_file_that_is_its_owners)
{
    static const struct {
        mode_t mode;
        const char *text;
        bool taken;
    } files[] = {
        {0644, "0123456789abcdef\n", false},
        {0640, "0123456789abcdef\n", false},
        {0600, "short\n", false},
        {0600, "\n", false},
        {0600, "", false},
        {0600, "0123456789 abcdef\n", false},
        {0600, "0123456789abcdef\n", true},
        {0400, "0123456789abcdef", true},
        {0600, "0123456789abcdef\r\n", true},
    };
    struct gw_config_endpoint endpoint = endpoint_with("topic", "absent");

    cr_expect(make(&endpoint) == GW_ECONFIG && !upkeep, "%s", err.text);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char name[16];

        snprintf(name, sizeof name, "ring%zu", i);
        write_secret(name, files[i].mode, files[i].text);
        endpoint = endpoint_with("topic", name);
        cr_expect(make(&endpoint) == (files[i].taken ? GW_OK : GW_ECONFIG), "%zu: %s", i, err.text);
        cr_expect((upkeep != NULL) == files[i].taken);
        cr_expect(strstr(err.text, "0123456789") == NULL, "a secret is not repeated");
        if (upkeep)
            cr_expect_str_eq(gw_upkeep_secret(upkeep), "0123456789abcdef");
        gw_upkeep_free(upkeep);
        upkeep = NULL;
    }
}

Test(door, makes_one_rest_hook_for_each_type_that_is_read)
{
    struct gw_config_endpoint endpoint = endpoint_with("rest-hook", "ring");
    size_t types = 0;

    write_secret("ring", 0600, "0123456789abcdef");
    cr_assert(make(&endpoint) == GW_OK, "%s", err.text);
    for (size_t i = 0; i < GW_RESOURCE_COUNT; i++)
        types += gw_profile_default.reads[i];
    cr_expect(types > 3 && gw_upkeep_counts(upkeep)->off == types);
}

Test(door, counts_what_rang)
{
    static const char *const ids[] = {"hm-ehr"};
    const struct gw_config_endpoint endpoint = endpoint_with("topic", "ring");
    struct gw_metrics_endpoint *numbers;

    write_secret("ring", 0600, "0123456789abcdef");
    cr_assert(make(&endpoint) == GW_OK && gw_metrics_set_endpoints(&metrics, ids, 1, &err) == GW_OK);
    *gw_upkeep_counts(upkeep) = (struct gw_upkeep_counts){1, 2, 3, 4, 5, 6, 0};
    numbers = gw_metrics_endpoint(&metrics, "hm-ehr");
    gw_door_count(upkeep, numbers);
    for (size_t i = 0; i < GW_COUNT_OF_NOTIFICATIONS; i++)
        cr_expect(numbers->notifications[i] == i + 1, "%zu", i);
    cr_expect(numbers->notification_gaps == 6 && numbers->subscriptions_off == 1);
}
