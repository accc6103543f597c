/*
 * Three things change a subscription: what is heard, what is answered, time. Each gives orders, and link_follow()
 * carries them out.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sources/upkeep_parts.h"

static const char where[] = "sources.upkeep";

enum {
    REST_S = 1, /* at least, between two looks at the clock */
    RELOAD_S = 60,
};

int64_t upkeep_now_s(const struct gw_upkeep *upkeep)
{
    return (int64_t)(upkeep->clock->monotonic_ms(upkeep->clock->ctx) / 1000);
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static void upkeep_release(struct gw_upkeep *upkeep)
{
    for (size_t i = 0; i < upkeep->link_count; i++) {
        free(upkeep->links[i].type);
        gw_text_release(&upkeep->links[i].noted);
        gw_http_response_release(&upkeep->links[i].response);
    }
    free(upkeep->links);
    free((char *)upkeep->settings.endpoint);
    free((char *)upkeep->settings.topic);
    free((char *)upkeep->settings.callback);
    free((char *)upkeep->settings.secret);
    free(upkeep);
}

void upkeep_let_go(struct gw_upkeep *upkeep)
{
    if (--upkeep->open == 0)
        upkeep_release(upkeep);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static void tick(struct gw_upkeep *upkeep)
{
    for (size_t i = 0; i < upkeep->link_count; i++) {
        struct gw_orders orders;

        if (upkeep->links[i].forgotten)
            continue;
        gw_subscription_tick(&upkeep->links[i].state, upkeep_now_s(upkeep), &orders);
        link_follow(&upkeep->links[i], &orders, NULL);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct gw_upkeep *const upkeep = timer->data;

    if (upkeep->loaded)
        tick(upkeep);
    else if (upkeep_load(upkeep, NULL) != GW_OK)
        upkeep_arm(upkeep);
}

static int64_t next_s(const struct gw_upkeep *upkeep)
{
    int64_t next = INT64_MAX; /* all that there was is taken away */

    for (size_t i = 0; i < upkeep->link_count; i++)
        if (!upkeep->links[i].forgotten && gw_subscription_next_s(&upkeep->links[i].state) < next)
            next = gw_subscription_next_s(&upkeep->links[i].state);
    return next;
}

void upkeep_arm(struct gw_upkeep *upkeep)
{
    const int64_t now = upkeep_now_s(upkeep);
    int64_t next = upkeep->loaded ? next_s(upkeep) : now + RELOAD_S;

    if (upkeep->closing || next == INT64_MAX)
        return;
    if (next < now + REST_S)
        next = now + REST_S;
    gw_clock_start(upkeep->clock, &upkeep->timer, on_timer, (uint64_t)(next - now) * 1000);
}

void upkeep_begin(struct gw_upkeep *upkeep)
{
    upkeep->loaded = true;
    tick(upkeep);
}

enum gw_status gw_upkeep_start(struct gw_upkeep *upkeep, struct gw_error *err)
{
    return upkeep_load(upkeep, err);
}

/* ---- what is heard ---------------------------------------------------------------------------------------------- */

/* The rest-hook of the type that the path names, else the first. */
static struct link *link_of(struct gw_upkeep *upkeep, const char *rest)
{
    const size_t length = strcspn(rest, "/");

    for (size_t i = 0; i < upkeep->wanted_count; i++) {
        const char *const type = upkeep->links[i].type;

        if (type && strlen(type) == length && strncmp(type, rest, length) == 0)
            return &upkeep->links[i];
    }
    return &upkeep->links[0];
}

static void hear(struct link *link, struct gw_notification *heard, struct job *job)
{
    struct gw_orders orders;
    bool fine = true;

    gw_subscription_hear(&link->state, heard, upkeep_now_s(link->upkeep), &orders);
    for (size_t i = 0; i < heard->hint_count && fine; i++)
        fine = !heard->hints[i].fresh || job_add(job, &heard->hints[i]);
    if (!fine)
        gw_subscription_doubt(&link->state);
    link_follow(link, &orders, job);
}

void gw_upkeep_hear(struct gw_upkeep *upkeep, const char *rest, struct gw_slice body, gw_upkeep_heard done, void *ctx)
{
    struct link *const link = link_of(upkeep, rest);
    struct job *const job = upkeep->loaded && !upkeep->closing ? job_new(link) : NULL;
    struct gw_notification heard;
    enum gw_status rc;

    if (!job) {
        upkeep->counts.not_kept++;
        done(ctx, 503);
        return;
    }
    job->done = done;
    job->ctx = ctx;
    rc = gw_notification_read(&job->arena, rest, body, &heard, NULL);
    if (rc == GW_EINPUT) {
        upkeep->counts.malformed++;
        job->status = 400;
    }
    if (rc == GW_ENOMEM)
        job_refuse(job);
    else
        hear(link, &heard, job);
}

void gw_upkeep_turned_away(struct gw_upkeep *upkeep)
{
    upkeep->counts.flooded++;
    for (size_t i = 0; i < upkeep->wanted_count; i++)
        gw_subscription_doubt(&upkeep->links[i].state);
    upkeep_arm(upkeep);
}

/* ---- the catch-up ----------------------------------------------------------------------------------------------- */

static bool is_meant(const struct link *link, const char *type)
{
    return !type || !link->type || gw_same(link->type, type);
}

void gw_upkeep_looking(struct gw_upkeep *upkeep, const char *type)
{
    for (size_t i = 0; i < upkeep->wanted_count; i++) {
        struct link *const link = &upkeep->links[i];

        if (!is_meant(link, type) || !link->is_owed)
            continue;
        link->looking = link->owed;
        link->is_looking = true;
        link->is_owed = false;
    }
}

void gw_upkeep_looked(struct gw_upkeep *upkeep, const char *type, bool complete)
{
    for (size_t i = 0; i < upkeep->wanted_count; i++) {
        struct link *const link = &upkeep->links[i];
        struct gw_orders orders = {0};

        if (!is_meant(link, type) || !link->is_looking)
            continue;
        link->is_looking = false;
        if (complete)
            gw_subscription_caught_up(&link->state, &link->looking, upkeep_now_s(upkeep));
        else
            gw_subscription_failed(&link->state, GW_ORDER_CATCH_UP, false, upkeep_now_s(upkeep), &orders);
        link_follow(link, &orders, NULL);
    }
}

/* ---- lifetime --------------------------------------------------------------------------------------------------- */

const char *gw_upkeep_endpoint(const struct gw_upkeep *upkeep)
{
    return upkeep->settings.endpoint;
}

const char *gw_upkeep_secret(const struct gw_upkeep *upkeep)
{
    return upkeep->settings.secret;
}

struct gw_upkeep_counts *gw_upkeep_counts(struct gw_upkeep *upkeep)
{
    upkeep->counts.off = 0;
    for (size_t i = 0; i < upkeep->wanted_count; i++)
        upkeep->counts.off += upkeep->links[i].state.phase != GW_SUBSCRIPTION_ACTIVE;
    return &upkeep->counts;
}

static void on_timer_closed(uv_handle_t *handle)
{
    upkeep_let_go(handle->data);
}

void gw_upkeep_free(struct gw_upkeep *upkeep)
{
    if (!upkeep)
        return;
    upkeep->closing = true;
    for (size_t i = 0; i < upkeep->link_count; i++)
        if (upkeep->links[i].asking)
            upkeep->settings.web->cancel(upkeep->settings.web, upkeep->links[i].call);
    gw_clock_stop(upkeep->clock, &upkeep->timer);
    uv_close((uv_handle_t *)&upkeep->timer, on_timer_closed);
}

static enum gw_status check_secret(const char *secret, struct gw_error *err)
{
    const size_t length = strlen(secret);

    for (size_t i = 0; i < length; i++)
        if (secret[i] <= ' ' || secret[i] > '~')
            return gw_fail(err, GW_ECONFIG, where,
                           "the secret of notifications holds what no header can: make it anew");
    if (length < GW_SECRET_LEAST)
        return gw_fail(err, GW_ECONFIG, where, "the secret of notifications has %zu characters; write at least %d",
                       length, GW_SECRET_LEAST);
    return GW_OK;
}

static bool copy(const char *text, const char **out)
{
    *out = text ? strdup(text) : NULL;
    return *out || !text;
}

static bool copy_settings(struct gw_upkeep *upkeep, const struct gw_upkeep_settings *settings)
{
    struct gw_upkeep_settings *const own = &upkeep->settings;
    bool fine;

    *own = *settings;
    own->types = NULL;
    own->type_count = 0;
    fine = copy(settings->endpoint, &own->endpoint);
    fine = copy(settings->topic, &own->topic) && fine;
    fine = copy(settings->callback, &own->callback) && fine;
    return copy(settings->secret, &own->secret) && fine;
}

struct link *upkeep_add(struct gw_upkeep *upkeep, const char *type)
{
    struct link *const links = realloc(upkeep->links, (upkeep->link_count + 1) * sizeof *links), *link;

    if (!links)
        return NULL;
    upkeep->links = links;
    link = &links[upkeep->link_count];
    *link = (struct link){.upkeep = upkeep, .noted = GW_TEXT_INIT(UPKEEP_NOTE_MAX), .response = GW_HTTP_RESPONSE_INIT};
    if (!copy(type, (const char **)&link->type))
        return NULL;
    gw_subscription_init(&link->state, !type, upkeep->settings.heartbeat_s, upkeep_now_s(upkeep));
    upkeep->link_count++;
    return link;
}

static bool add_wanted(struct gw_upkeep *upkeep, const struct gw_upkeep_settings *settings)
{
    bool fine = !settings->topic || upkeep_add(upkeep, NULL);

    for (size_t i = 0; fine && !settings->topic && i < settings->type_count; i++)
        fine = upkeep_add(upkeep, settings->types[i]);
    upkeep->wanted_count = upkeep->link_count;
    return fine;
}

enum gw_status gw_upkeep_new(uv_loop_t *loop, const struct gw_upkeep_settings *settings, struct gw_upkeep **out,
                             struct gw_error *err)
{
    enum gw_status rc = settings->callback ? check_secret(settings->secret, err) : GW_OK;
    struct gw_upkeep *upkeep;

    assert(!settings->callback == !(settings->topic || settings->type_count));
    if (rc != GW_OK)
        return rc;
    upkeep = calloc(1, sizeof *upkeep);
    if (!upkeep)
        return gw_fail(err, GW_ENOMEM, where, "no memory for the subscriptions of %s", settings->endpoint);
    upkeep->clock = settings->clock ? settings->clock : &gw_system_clock;
    if (!copy_settings(upkeep, settings) || !add_wanted(upkeep, settings)) {
        upkeep_release(upkeep);
        return gw_fail(err, GW_ENOMEM, where, "no memory for the subscriptions of %s", settings->endpoint);
    }
    uv_timer_init(loop, &upkeep->timer);
    upkeep->timer.data = upkeep;
    upkeep->open = 1;
    *out = upkeep;
    return GW_OK;
}
