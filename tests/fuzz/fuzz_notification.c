/*
 * Any bytes as a notification and as an answer of the server, heard by a subscription: read or refused with a reason,
 * and what a subscription makes of it can be written down and read again. Rooms: sources
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/sources/subscription.h"

enum { LIMIT = 8 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* libFuzzer calls it; it has no header in C */

static void must(int held, const char *rule)
{
    if (!held) {
        fprintf(stderr, "broken: %s\n", rule);
        abort();
    }
}

static void check(const struct gw_subscription *subscription)
{
    struct gw_text note = GW_TEXT_INIT(4096), again = GW_TEXT_INIT(4096);
    struct gw_subscription copy;

    must(subscription->last <= subscription->known, "what was heard exists");
    must(!(subscription->ahead & 1), "the next one was not heard");
    gw_subscription_init(&copy, true, 60, 0);
    gw_subscription_print(subscription, &note);
    must(gw_subscription_read(&copy, note.at, NULL) == GW_OK, "its note can be read");
    gw_subscription_print(&copy, &again);
    must(gw_same(note.at, again.at), "and says the same");
    gw_text_release(&note);
    gw_text_release(&again);
}

static void check_hints(const struct gw_notification *read)
{
    must(read->hint_count <= GW_NOTIFY_EVENTS_MAX, "not more than may be told");
    for (size_t i = 0; i < read->hint_count; i++) {
        must(!read->hints[i].id || strspn(read->hints[i].id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                                             "0123456789-.") == strlen(read->hints[i].id),
             "an id goes into a URL");
        must(read->hints[i].number >= GW_NOTIFY_NO_NUMBER, "a number counts");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gw_slice body = {(const char *)data, size};
    struct gw_arena arena = GW_ARENA_INIT(LIMIT);
    struct gw_subscription subscription;
    struct gw_notification read;
    struct gw_orders orders;
    struct gw_error err = {0};

    gw_subscription_init(&subscription, true, 60, 0);
    must(gw_notification_read(&arena, "Observation/o", body, &read, &err) == GW_OK || err.text[0], "or a reason");
    check_hints(&read);
    gw_subscription_hear(&subscription, &read, 1, &orders);
    check(&subscription);
    if (gw_notification_read_answer(&arena, NULL, body, &read, &err) == GW_OK) {
        check_hints(&read);
        gw_subscription_learn(&subscription, &read, 2, &orders);
        gw_subscription_tick(&subscription, 100, &orders);
        gw_subscription_caught_up(&subscription, &orders, 100);
        check(&subscription);
    }
    gw_arena_release(&arena);
    return 0;
}
