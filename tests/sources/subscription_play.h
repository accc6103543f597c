/*
 * For the suites of one subscription: steps that are played, and the orders that each gives.
 *
 *      =9 active, nine events heard   =r a rest-hook, active       0 nothing is known    R the process starts anew
 *      H0 handshake   B9 heartbeat   E10,11/12 events and the count beside them (E10: none; E/10: no event named)
 *      U2/11 two events without numbers   P a rest-hook   T event 10, truncated   F of another subscription
 *      X9 status error   O status off   +60 so many seconds pass, tick
 *      Sa9 the server answers: a active, r requested, e error, o off; and its count
 *      D the last catch-up or $events is done, d the first   VE it failed (E $events, C, S, N, A), VE! it is refused
 *      K what was heard could not be kept
 *      c its criteria are known   L it is not wanted any more (VD, VW: not deleted, not switched off)   Y it is gone
 *
 * Orders: P pull, E10-12 $events, C catch-up, S $status, N create, A activate, ! alert, G a gap to be counted, d
 * delete, w switch off, f forget, - none.
 */
#ifndef SOURCES_SUBSCRIPTION_PLAY_H
#define SOURCES_SUBSCRIPTION_PLAY_H

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/sources/subscription.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { HEARTBEAT_S = 600, ORDERS_MAX = 16 };

struct play {
    struct gw_subscription subscription;
    bool topic;
    int64_t now;
    struct gw_orders closing[ORDERS_MAX]; /* given and not yet done */
    size_t closing_count;
    struct gw_hint hints[16];
};

static inline void begin(struct play *play, bool topic)
{
    *play = (struct play){.topic = topic, .now = 1000000};
    gw_subscription_init(&play->subscription, topic, HEARTBEAT_S, play->now);
}

static inline void begin_active(struct play *play, bool topic, int64_t last)
{
    struct gw_orders orders;

    begin(play, topic);
    gw_subscription_learn(
        &play->subscription,
        &(struct gw_notification){.status = GW_SUBSCRIPTION_ACTIVE, .subscription = "s-1", .events_since_start = last},
        play->now, &orders);
    gw_subscription_caught_up(&play->subscription, &orders, play->now);
}

/* "10,11/12": hints with these numbers, and the count. */
static inline void read_numbers(struct play *play, const char *text, struct gw_notification *out)
{
    char *end = (char *)text;

    out->hints = play->hints;
    while (*end >= '0' && *end <= '9') {
        play->hints[out->hint_count++] = (struct gw_hint){.number = strtoll(end, &end, 10)};
        end += *end == ',';
    }
    out->events_since_start = *end == '/' ? strtoll(end + 1, NULL, 10) : GW_NOTIFY_NO_NUMBER;
}

static inline void read_unnumbered(struct play *play, const char *text, struct gw_notification *out)
{
    char *end;
    const size_t count = strtoul(text, &end, 10);

    out->hints = play->hints;
    for (size_t i = 0; i < count; i++)
        play->hints[out->hint_count++] = (struct gw_hint){.number = GW_NOTIFY_NO_NUMBER};
    out->events_since_start = *end == '/' ? strtoll(end + 1, NULL, 10) : GW_NOTIFY_NO_NUMBER;
}

static inline int64_t count_of(const char *text)
{
    return *text ? strtoll(text, NULL, 10) : GW_NOTIFY_NO_NUMBER;
}

static inline void hear(struct play *play, const char *step, struct gw_orders *orders)
{
    struct gw_notification heard = {.notice = GW_NOTICE_EVENT,
                                    .status = GW_SUBSCRIPTION_ACTIVE,
                                    .subscription = "s-1",
                                    .events_since_start = count_of(step + 1)};

    switch (*step) {
    case 'H':
        heard.notice = GW_NOTICE_HANDSHAKE;
        heard.status = GW_SUBSCRIPTION_REQUESTED; /* as the backport has it */
        break;
    case 'B':
        heard.notice = GW_NOTICE_HEARTBEAT;
        break;
    case 'X':
        heard.notice = GW_NOTICE_HEARTBEAT;
        heard.status = GW_SUBSCRIPTION_ERROR;
        break;
    case 'O':
        heard.notice = GW_NOTICE_HEARTBEAT;
        heard.status = GW_SUBSCRIPTION_OFF;
        break;
    case 'E':
        read_numbers(play, step + 1, &heard);
        break;
    case 'T':
        read_numbers(play, "10/10", &heard);
        heard.truncated = true;
        break;
    case 'F':
        read_numbers(play, "500/500", &heard);
        heard.subscription = "s-of-others";
        break;
    case 'U':
        read_unnumbered(play, step + 1, &heard);
        break;
    case 'P':
        read_unnumbered(play, "1", &heard);
        heard.notice = GW_NOTICE_PLAIN;
        heard.status = GW_SUBSCRIPTION_UNSAID;
        heard.subscription = NULL;
        break;
    default:
        cr_assert_fail("no step: %s", step);
    }
    gw_subscription_hear(&play->subscription, &heard, play->now, orders);
}

static inline void learn(struct play *play, const char *step, struct gw_orders *orders)
{
    const enum gw_subscription_status status = *step == 'a'   ? GW_SUBSCRIPTION_ACTIVE
                                               : *step == 'r' ? GW_SUBSCRIPTION_REQUESTED
                                               : *step == 'e' ? GW_SUBSCRIPTION_ERROR
                                                              : GW_SUBSCRIPTION_OFF;
    const struct gw_notification answer = {
        .status = status, .subscription = "s-1", .events_since_start = count_of(step + 1)};

    gw_subscription_learn(&play->subscription, &answer, play->now, orders);
}

static inline void fail(struct play *play, const char *step, struct gw_orders *orders)
{
    const enum gw_order what = *step == 'E'   ? GW_ORDER_EVENTS
                               : *step == 'C' ? GW_ORDER_CATCH_UP
                               : *step == 'S' ? GW_ORDER_STATUS
                               : *step == 'N' ? GW_ORDER_CREATE
                               : *step == 'D' ? GW_ORDER_DELETE
                               : *step == 'W' ? GW_ORDER_SWITCH_OFF
                                              : GW_ORDER_ACTIVATE;

    gw_subscription_failed(&play->subscription, what, step[1] == '!', play->now, orders);
}

static inline void finish(struct play *play, bool first)
{
    cr_assert(play->closing_count > 0, "nothing was ordered");
    const size_t place = first ? 0 : play->closing_count - 1;

    gw_subscription_caught_up(&play->subscription, &play->closing[place], play->now);
    memmove(&play->closing[place], &play->closing[place + 1],
            (play->closing_count - place - 1) * sizeof play->closing[0]);
    play->closing_count--;
}

static inline void restart(struct play *play)
{
    struct gw_text note = GW_TEXT_INIT(4096);
    struct gw_error err = {0};

    gw_subscription_print(&play->subscription, &note);
    gw_subscription_init(&play->subscription, play->topic, HEARTBEAT_S, play->now);
    cr_assert(gw_subscription_read(&play->subscription, note.at, &err) == GW_OK, "%s", err.text);
    gw_text_release(&note);
}

static inline void step_play(struct play *play, const char *step, struct gw_orders *orders)
{
    *orders = (struct gw_orders){0};
    if (strcmp(step, "=r") == 0)
        begin_active(play, false, GW_NOTIFY_NO_NUMBER);
    else if (strcmp(step, "=r0") == 0)
        begin_active(play, true, GW_NOTIFY_NO_NUMBER);
    else if (*step == '=')
        begin_active(play, true, count_of(step + 1));
    else if (*step == '0' || *step == 'r')
        begin(play, *step == '0');
    else if (*step == 'R')
        restart(play);
    else if (*step == '+')
        gw_subscription_tick(&play->subscription, play->now += count_of(step + 1), orders);
    else if (*step == 'S')
        learn(play, step + 1, orders);
    else if (*step == 'V')
        fail(play, step + 1, orders);
    else if (*step == 'D' || *step == 'd')
        finish(play, *step == 'd');
    else if (*step == 'K')
        gw_subscription_doubt(&play->subscription);
    else if (*step == 'c')
        strcpy(play->subscription.criteria, "Observation?");
    else if (*step == 'L')
        gw_subscription_leave(&play->subscription, play->now);
    else if (*step == 'Y')
        gw_subscription_gone(&play->subscription, play->now, orders);
    else
        hear(play, step, orders);
    if (orders->what & (GW_ORDER_EVENTS | GW_ORDER_CATCH_UP) && play->closing_count < ORDERS_MAX)
        play->closing[play->closing_count++] = *orders;
}

static inline void print_orders(const struct gw_orders *orders, char *out, size_t size)
{
    char events[64] = "";

    if (orders->what & GW_ORDER_EVENTS)
        snprintf(events, sizeof events, "E%" PRId64 "-%" PRId64, orders->from, orders->to);
    snprintf(out, size, "%s%s%s%s%s%s%s%s%s%s%s", orders->what & GW_ORDER_PULL ? "P" : "", events,
             orders->what & GW_ORDER_CATCH_UP ? "C" : "", orders->what & GW_ORDER_STATUS ? "S" : "",
             orders->what & GW_ORDER_CREATE ? "N" : "", orders->what & GW_ORDER_ACTIVATE ? "A" : "",
             orders->what & GW_ORDER_DELETE ? "d" : "", orders->what & GW_ORDER_SWITCH_OFF ? "w" : "",
             orders->what & GW_ORDER_FORGET ? "f" : "", orders->what & GW_ORDER_ALERT ? "!" : "",
             orders->what & GW_ORDER_GAP ? "G" : "");
    if (!orders->what)
        snprintf(out, size, "-");
}

#endif
