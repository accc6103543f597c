/*
 * What was heard, what was answered, time; the numbers of events are in subscription_numbers.c.
 */
#include "gateway/sources/subscription.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"
#include "sources/subscription_numbers.h"

static const char where[] = "sources.subscription";

enum { DOUBLINGS_MAX = 6, MISSED_HEARTBEATS = 2 };

static void order(struct gw_orders *orders, enum gw_order what)
{
    orders->what |= what;
}

static void alert(struct gw_orders *orders, const char *why)
{
    order(orders, GW_ORDER_ALERT);
    orders->why = why;
}

static int64_t wait_s(unsigned attempts)
{
    const int64_t wait = (int64_t)GW_SUBSCRIPTION_RETRY_S << (attempts < DOUBLINGS_MAX ? attempts : DOUBLINGS_MAX);

    return wait < GW_SUBSCRIPTION_SLOW_S ? wait : GW_SUBSCRIPTION_SLOW_S;
}

/* Nobody tells what happens while it is not active: one catch-up with each way out of it and into it. */
static void enter(struct gw_subscription *subscription, enum gw_subscription_status phase, int64_t now_s)
{
    const int64_t rested = subscription->acted_s + GW_SUBSCRIPTION_RETRY_S;

    if (subscription->phase == phase)
        return;
    subscription->phase = phase;
    subscription->catch_up |= phase != GW_SUBSCRIPTION_REQUESTED;
    if (phase == GW_SUBSCRIPTION_ACTIVE) {
        subscription->attempts = 0;
        subscription->try_s = now_s + GW_SUBSCRIPTION_SLOW_S;
    } else if (phase == GW_SUBSCRIPTION_REQUESTED) {
        subscription->try_s = now_s + wait_s(subscription->attempts);
    } else {
        subscription->try_s = rested > now_s ? rested : now_s; /* a server that changes its mind sets no pace */
    }
}

/* The catch-up that is owed, with the number up to which it closes what is missing; and the doubt. */
static void settle(struct gw_subscription *subscription, int64_t now_s, struct gw_orders *orders)
{
    if (subscription->catch_up && now_s >= subscription->owed_s) {
        subscription->catch_up = false;
        subscription->asking |= numbers_have_gap(subscription);
        order(orders, GW_ORDER_CATCH_UP);
    }
    if (subscription->doubtful) {
        subscription->doubtful = false;
        subscription->asked = subscription->known;
        order(orders, GW_ORDER_STATUS);
    }
    orders->upto = subscription->known;
    orders->epoch = subscription->epoch;
}

static bool is_ours(struct gw_subscription *subscription, const struct gw_notification *notification)
{
    if (!notification->subscription || !subscription->topic)
        return true;
    if (!subscription->id[0] &&
        notification->notice == GW_NOTICE_HANDSHAKE) /* it comes before the answer to our POST */
        snprintf(subscription->id, sizeof subscription->id, "%s", notification->subscription);
    return gw_same(subscription->id, notification->subscription);
}

void gw_subscription_hear(struct gw_subscription *subscription, struct gw_notification *notification, int64_t now_s,
                          struct gw_orders *orders)
{
    *orders = (struct gw_orders){0};
    if (!is_ours(subscription, notification)) {
        alert(orders, "a notification of a subscription that is not ours: is an old one still on at the server?");
        return;
    }
    subscription->heard_s = now_s;
    subscription->silences = 0;
    subscription->silent = false;
    if (notification->notice == GW_NOTICE_HANDSHAKE)
        subscription->shaken = subscription->catch_up = true;
    if (notification->status == GW_SUBSCRIPTION_ERROR || notification->status == GW_SUBSCRIPTION_OFF)
        enter(subscription, notification->status, now_s);
    else if (notification->notice != GW_NOTICE_PLAIN || subscription->phase == GW_SUBSCRIPTION_REQUESTED)
        enter(subscription, GW_SUBSCRIPTION_ACTIVE, now_s);
    numbers_take(subscription, notification, now_s, orders);
    if (notification->notice == GW_NOTICE_EVENT && notification->hint_count == 0)
        subscription->catch_up = true; /* something happened, and nothing was said of it */
    settle(subscription, now_s, orders);
}

/* ---- what was answered ------------------------------------------------------------------------------------------ */

void gw_subscription_learn(struct gw_subscription *subscription, const struct gw_notification *answer, int64_t now_s,
                           struct gw_orders *orders)
{
    const int64_t said = answer->events_since_start;

    *orders = (struct gw_orders){0};
    const bool before = numbers_have_gap(subscription);

    if (answer->subscription)
        snprintf(subscription->id, sizeof subscription->id, "%s", answer->subscription);
    if (answer->status != GW_SUBSCRIPTION_UNSAID &&
        !(answer->status == GW_SUBSCRIPTION_REQUESTED && subscription->shaken))
        enter(subscription, answer->status, now_s);
    if (said != GW_NOTIFY_NO_NUMBER && (!subscription->counted || said < subscription->asked))
        numbers_count_from(subscription, said);
    numbers_exists_up_to(subscription, said);
    subscription->doubted = GW_NOTIFY_NO_NUMBER;
    numbers_watch_gap(subscription, before, now_s, orders);
    if (subscription->silent && subscription->phase == GW_SUBSCRIPTION_ACTIVE) {
        subscription->silent = false; /* it says that it is well, and nothing is heard: its handshake will tell */
        subscription->shaken = false;
        order(orders, GW_ORDER_ACTIVATE);
    }
    settle(subscription, now_s, orders);
}

void gw_subscription_caught_up(struct gw_subscription *subscription, const struct gw_orders *done, int64_t now_s)
{
    if (done->epoch != subscription->epoch)
        return;
    subscription->asking = false;
    subscription->gap_s = now_s;
    numbers_advance_to(subscription, done->upto);
}

static void forget(struct gw_subscription *subscription, int64_t now_s)
{
    enter(subscription, GW_SUBSCRIPTION_UNSAID, now_s);
    numbers_count_from(subscription, 0);
    subscription->counted = false;
    subscription->id[0] = '\0';
}

/* Without $status the Subscription itself is read from here on. False: it was what could not be read. */
static bool fall_back(struct gw_subscription *subscription, int64_t now_s)
{
    if (!subscription->topic || subscription->no_status)
        return false;
    subscription->no_status = true;
    subscription->try_s = now_s;
    return true;
}

/* Nobody says whether the count began anew: that it did is the mistake that loses nothing. */
static void believe(struct gw_subscription *subscription)
{
    if (subscription->doubted != GW_NOTIFY_NO_NUMBER)
        numbers_count_from(subscription, subscription->doubted);
    subscription->catch_up = true;
}

/* Who may not delete may be let change: that is asked at once. Who may do neither asks for both again. */
static void stay(struct gw_subscription *subscription, enum gw_order what, bool refused, int64_t now_s)
{
    subscription->fixed = what == GW_ORDER_DELETE && refused && subscription->criteria[0];
    if (subscription->fixed)
        subscription->try_s = now_s;
}

void gw_subscription_failed(struct gw_subscription *subscription, enum gw_order what, bool refused, int64_t now_s,
                            struct gw_orders *orders)
{
    *orders = (struct gw_orders){0};
    if (subscription->unwanted) {
        stay(subscription, what, refused, now_s);
        return;
    }
    if (what == GW_ORDER_EVENTS) {
        subscription->no_events |= refused;
        subscription->catch_up = true; /* a search finds what $events does not give */
    } else if (what == GW_ORDER_CATCH_UP) {
        subscription->asking = false;
        subscription->gap_s = now_s;
        subscription->catch_up = true;
        subscription->owed_s = now_s + GW_SUBSCRIPTION_RETRY_S;
    } else if (refused && !(what == GW_ORDER_STATUS && fall_back(subscription, now_s))) {
        if (what != GW_ORDER_CREATE)
            forget(subscription, now_s);
    } else if (what == GW_ORDER_STATUS) {
        believe(subscription);
    }
    settle(subscription, now_s, orders);
}

void gw_subscription_form(struct gw_subscription *subscription, const char *criteria, const char *form, int64_t now_s)
{
    const bool fits = strlen(criteria) < sizeof subscription->criteria;

    if (subscription->id[0] && !gw_same(subscription->form, form))
        enter(subscription, GW_SUBSCRIPTION_OFF, now_s);
    snprintf(subscription->form, sizeof subscription->form, "%s", form);
    snprintf(subscription->criteria, sizeof subscription->criteria, "%s", fits ? criteria : "");
}

void gw_subscription_leave(struct gw_subscription *subscription, int64_t now_s)
{
    subscription->unwanted = true;
    subscription->resumed = false;
    subscription->attempts = 0;
    subscription->try_s = now_s;
}

void gw_subscription_gone(struct gw_subscription *subscription, int64_t now_s, struct gw_orders *orders)
{
    *orders = (struct gw_orders){.what = GW_ORDER_FORGET};
    subscription->id[0] = '\0';
    subscription->try_s = now_s + GW_SUBSCRIPTION_RETRY_S; /* where the note could not be taken out */
}

void gw_subscription_doubt(struct gw_subscription *subscription)
{
    subscription->catch_up = true;
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static void try_again(struct gw_subscription *subscription, enum gw_order what, int64_t now_s, struct gw_orders *orders)
{
    subscription->asked = subscription->known;
    subscription->acted_s = now_s;
    subscription->shaken &= what == GW_ORDER_STATUS;
    subscription->try_s = now_s + wait_s(subscription->attempts++);
    order(orders, what);
    if (subscription->attempts == GW_SUBSCRIPTION_ALERT_AFTER)
        alert(orders,
              subscription->unwanted
                  ? "a subscription that is not wanted any more cannot be taken away: it is tried every hour; or "
                    "have the server's administrator delete it"
                  : "the subscription does not become active: the schedule goes on without it");
}

static void tick_leaving(struct gw_subscription *subscription, int64_t now_s, struct gw_orders *orders)
{
    if (now_s < subscription->try_s)
        return;
    if (!subscription->id[0])
        gw_subscription_gone(subscription, now_s, orders); /* it was never made, or only its note is left */
    else
        try_again(subscription, subscription->fixed ? GW_ORDER_SWITCH_OFF : GW_ORDER_DELETE, now_s, orders);
}

static void tick_phase(struct gw_subscription *subscription, int64_t now_s, struct gw_orders *orders)
{
    if (now_s < subscription->try_s)
        return;
    switch (subscription->phase) {
    case GW_SUBSCRIPTION_UNSAID:
        try_again(subscription, GW_ORDER_CREATE, now_s, orders);
        break;
    case GW_SUBSCRIPTION_REQUESTED:
        try_again(subscription,
                  subscription->attempts < GW_SUBSCRIPTION_ALERT_AFTER ? GW_ORDER_STATUS : GW_ORDER_ACTIVATE, now_s,
                  orders);
        break;
    case GW_SUBSCRIPTION_ERROR:
    case GW_SUBSCRIPTION_OFF:
        try_again(subscription, GW_ORDER_ACTIVATE, now_s, orders);
        break;
    case GW_SUBSCRIPTION_ACTIVE:
        subscription->try_s = now_s + GW_SUBSCRIPTION_SLOW_S;
        subscription->asked = subscription->known;
        order(orders, GW_ORDER_STATUS);
        break;
    }
}

static void tick_silence(struct gw_subscription *subscription, int64_t now_s, struct gw_orders *orders)
{
    if (subscription->heartbeat_s == 0 || subscription->phase != GW_SUBSCRIPTION_ACTIVE ||
        now_s < subscription->heard_s + MISSED_HEARTBEATS * (int64_t)subscription->heartbeat_s)
        return;
    subscription->heard_s = now_s;
    subscription->silences++;
    subscription->silent = true;
    subscription->asked = subscription->known;
    subscription->catch_up = true;
    order(orders, GW_ORDER_STATUS);
    if (subscription->silences == GW_SUBSCRIPTION_ALERT_AFTER)
        alert(orders, "no heartbeat is heard although the subscription was activated anew: can the server reach us?");
}

static void tick_gap(struct gw_subscription *subscription, int64_t now_s, struct gw_orders *orders)
{
    if (!numbers_have_gap(subscription) || subscription->asking || subscription->catch_up ||
        now_s < subscription->gap_s + GW_SUBSCRIPTION_GAP_S)
        return;
    if (!subscription->topic || subscription->no_events) {
        subscription->catch_up = true;
        return;
    }
    subscription->asking = true;
    order(orders, GW_ORDER_EVENTS);
    orders->from = subscription->last + 1;
    orders->to = subscription->known;
}

void gw_subscription_tick(struct gw_subscription *subscription, int64_t now_s, struct gw_orders *orders)
{
    *orders = (struct gw_orders){0};
    if (subscription->unwanted) {
        tick_leaving(subscription, now_s, orders);
        return;
    }
    if (subscription->resumed) {
        subscription->resumed = false;
        subscription->catch_up = true;
        subscription->try_s = now_s;
    }
    tick_phase(subscription, now_s, orders);
    tick_silence(subscription, now_s, orders);
    tick_gap(subscription, now_s, orders);
    settle(subscription, now_s, orders);
}

int64_t gw_subscription_next_s(const struct gw_subscription *subscription)
{
    const int64_t silence = subscription->heard_s + MISSED_HEARTBEATS * (int64_t)subscription->heartbeat_s;
    int64_t next = subscription->try_s;

    if (subscription->resumed)
        return 0;
    if (subscription->unwanted)
        return next;
    if (subscription->catch_up && subscription->owed_s < next)
        next = subscription->owed_s;
    if (subscription->heartbeat_s && subscription->phase == GW_SUBSCRIPTION_ACTIVE && silence < next)
        next = silence;
    if (numbers_have_gap(subscription) && !subscription->asking && subscription->gap_s + GW_SUBSCRIPTION_GAP_S < next)
        next = subscription->gap_s + GW_SUBSCRIPTION_GAP_S;
    return next;
}

/* ---- the note --------------------------------------------------------------------------------------------------- */

static const char *const phase_words[] = {
    [GW_SUBSCRIPTION_UNSAID] = "none",   [GW_SUBSCRIPTION_REQUESTED] = "requested",
    [GW_SUBSCRIPTION_ACTIVE] = "active", [GW_SUBSCRIPTION_ERROR] = "error",
    [GW_SUBSCRIPTION_OFF] = "off",
};

void gw_subscription_init(struct gw_subscription *subscription, bool topic, unsigned heartbeat_s, int64_t now_s)
{
    *subscription = (struct gw_subscription){.topic = topic,
                                             .heartbeat_s = topic ? heartbeat_s : 0,
                                             .heard_s = now_s,
                                             .try_s = now_s,
                                             .doubted = GW_NOTIFY_NO_NUMBER,
                                             .acted_s = now_s - GW_SUBSCRIPTION_RETRY_S};
}

void gw_subscription_print(const struct gw_subscription *subscription, struct gw_text *out)
{
    gw_text_print(out, "{\"phase\":\"%s\",\"id\":", phase_words[subscription->phase]);
    gw_json_quote(out, subscription->id);
    gw_text_add(out, ",\"form\":");
    gw_json_quote(out, subscription->form);
    gw_text_add(out, ",\"criteria\":");
    gw_json_quote(out, subscription->criteria);
    gw_text_print(out,
                  ",\"counted\":%s,\"last\":%" PRId64 ",\"known\":%" PRId64 ",\"ahead\":\"%" PRIx64
                  "\",\"no_events\":%s,\"no_status\":%s}",
                  subscription->counted ? "true" : "false", subscription->last, subscription->known,
                  subscription->ahead, subscription->no_events ? "true" : "false",
                  subscription->no_status ? "true" : "false");
}

static bool read_note(struct gw_subscription *out, const cJSON *tree)
{
    const char *const phase = gw_json_string(tree, "phase"), *const id = gw_json_string(tree, "id");
    const char *const ahead = gw_json_string(tree, "ahead"), *const form = gw_json_string(tree, "form");
    const char *const criteria = gw_json_string(tree, "criteria");
    long last = -1, known = -1;
    int place;

    if (!phase || !id || !ahead || strlen(id) >= sizeof out->id || !gw_json_int(tree, "last", &last) ||
        !gw_json_int(tree, "known", &known) || last < 0 || known < last)
        return false;
    place = gw_place_in(phase_words, sizeof phase_words / sizeof phase_words[0], phase);
    if (place < 0)
        return false;
    out->phase = (enum gw_subscription_status)place;
    strcpy(out->id, id);
    snprintf(out->form, sizeof out->form, "%s", form ? form : "");
    snprintf(out->criteria, sizeof out->criteria, "%s", criteria ? criteria : "");
    out->counted = gw_json_true(tree, "counted");
    out->last = last;
    out->known = known;
    out->ahead = strtoull(ahead, NULL, 16);
    out->no_events = gw_json_true(tree, "no_events");
    out->no_status = gw_json_true(tree, "no_status");
    out->resumed = true;
    return true;
}

enum gw_status gw_subscription_read(struct gw_subscription *subscription, const char *text, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(64 * 1024);
    struct gw_subscription out = *subscription;
    const cJSON *tree;
    enum gw_status rc = gw_json_parse(&arena, text, strlen(text), NULL, &tree, NULL, err);

    if (rc == GW_OK && !read_note(&out, tree))
        rc = gw_fail(err, GW_EINPUT, where, "the note of a subscription is damaged: it is made anew");
    if (rc == GW_OK) {
        *subscription = out;
        numbers_close_up(subscription);
        subscription->gap_s = subscription->heard_s;
    }
    gw_arena_release(&arena);
    return rc;
}
