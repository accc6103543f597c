/*
 * Subscriptions over changes of the configuration: what the service made at a hospital it also takes away.
 */
#include <sys/stat.h>

#include "service/run_bench.h"

#define NOTIFICATIONS                                                                                                  \
    ",\"notifications\":{\"kind\":\"topic\",\"topic\":\"http://t.example/results\",\"secret\":\"ring\","               \
    "\"callback\":\"https://casement.example\"}"

/* The hospital's way with subscriptions; all else it answers as ever. */
static const struct fake_answer *serve(struct fake_place *place, const char *path)
{
    static const struct fake_answer gone = {.failure = GW_ERETRY}, deleted = {.status = 204};
    static const struct fake_answer made = {
        .status = 201, .body = "{\"resourceType\":\"Subscription\",\"id\":\"s-1\",\"status\":\"requested\"}"};
    const bool *const away = place->ctx;

    if (strncmp(path, "/Subscription", strlen("/Subscription")) != 0)
        return NULL;
    if (*away)
        return &gone;
    return strcmp(path, "/Subscription") == 0 ? &made : &deleted;
}

static void write_settings(struct bench *b, size_t hospitals, const char *more)
{
    struct gw_text text = GW_TEXT_INIT(1u << 20), changed = GW_TEXT_INIT(1u << 20);

    write_config(b, hospitals, 4, more);
    cr_assert(gw_text_read_file(&text, b->config, NULL) == GW_OK);
    gw_text_print(&changed, "{\"listen\":\"unix:%s/door\",%s", b->scratch.folder, text.at + 1);
    scratch_write(&b->scratch, "casement.json", changed.at);
    gw_text_release(&text);
    gw_text_release(&changed);
}

/* So many hospitals with a subscription each, at work. */
static void subscribe(struct bench *b, size_t hospitals, bool *away)
{
    set_up(b, hospitals, 1);
    scratch_write(&b->scratch, "ring", "0123456789abcdef\n");
    cr_assert(chmod(scratch_path(&b->scratch, "ring"), 0600) == 0);
    write_settings(b, hospitals, NOTIFICATIONS);
    for (size_t i = 0; i < hospitals; i++) {
        b->world.places[i].fault = serve;
        b->world.places[i].ctx = away;
        b->world.places[i].listen = true;
    }
    start(b);
    pass(b, 60000);
    cr_assert(strstr(b->world.places[0].urls.at, "POST /Subscription\n") != NULL, "%s", b->lines.at);
}

static size_t times(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        count++;
    return count;
}

static void reload(struct bench *b)
{
    write_settings(b, 1, "");
    pass(b, 60000);
    cr_assert(gw_run_counts(b->run).reloads == 1, "%s", b->lines.at);
}

static void restart(struct bench *b)
{
    stop(b);
    write_settings(b, 1, "");
    start(b);
    pass(b, 60000);
}

Test(run_subscriptions, takes_away_what_the_configuration_does_not_name_any_more)
{
    static void (*const ways[])(struct bench * b) = {reload, restart};

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct bench b;
        bool away = false;

        subscribe(&b, 1, &away);
        ways[i](&b);
        cr_expect(strstr(b.world.places[0].urls.at, "DELETE /Subscription/s-1\n") != NULL, "way %zu: %s", i,
                  b.lines.at);
        cr_expect(strstr(b.lines.at, "\"subscription.removed\"") != NULL, "way %zu: %s", i, b.lines.at);
        gw_text_clear(&b.world.places[0].urls);
        gw_run_reload(b.run);
        pass(&b, DAY_MS);
        cr_expect(!strstr(b.world.places[0].urls.at, "Subscription"), "it is forgotten: %s", b.world.places[0].urls.at);
        tear_down(&b);
    }
}

Test(run_subscriptions, asks_again_until_the_hospital_is_back)
{
    struct bench b;
    bool away = false;

    subscribe(&b, 1, &away);
    away = true;
    reload(&b);
    pass(&b, HOUR_MS);
    cr_expect(times(b.world.places[0].urls.at, "DELETE /Subscription/s-1\n") >= 3, "%s", b.world.places[0].urls.at);
    cr_expect(strstr(b.lines.at, "not wanted any more cannot be taken away") != NULL, "%s", b.lines.at);
    cr_expect(!strstr(b.lines.at, "subscription.removed"));
    restart(&b);
    away = false;
    pass(&b, 2 * HOUR_MS);
    cr_expect(times(b.lines.at, "\"subscription.removed\"") == 1, "%s", b.lines.at);
    tear_down(&b);
}

/* How that hospital is reached is not known any more: a person is told what stays there. */
Test(run_subscriptions, tells_of_what_stays_at_a_hospital_that_is_not_configured_any_more)
{
    struct bench b;
    bool away = false;

    subscribe(&b, 2, &away);
    reload(&b);
    cr_expect(!strstr(b.world.places[1].urls.at, "DELETE"));
    cr_expect(times(b.lines.at, "\"subscription.left\"") == 1 && strstr(b.lines.at, "\"of\":\"e1\"") &&
                  strstr(b.lines.at, "\"subscription\":\"s-1\""),
              "%s", b.lines.at);
    cr_expect(times(b.lines.at, "\"subscription.removed\"") == 1, "that of the other hospital");
    tear_down(&b);
}

/* Nothing was ever made: nothing is asked, nobody is told. */
Test(run_subscriptions, asks_nothing_where_none_were_made)
{
    struct bench b;
    bool away = false;

    set_up(&b, 1, 1);
    b.world.places[0].fault = serve;
    b.world.places[0].ctx = &away;
    b.world.places[0].listen = true;
    start(&b);
    pass(&b, DAY_MS);
    cr_expect(!strstr(b.world.places[0].urls.at, "Subscription") && !strstr(b.lines.at, "subscription"));
    tear_down(&b);
}
