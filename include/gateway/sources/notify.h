/*
 * What a hospital tells by itself, read. Pure.
 *
 * A notification is a hint: somebody may look again. What it holds of resources is never taken as data, only the names
 * of what to read anew. Three dialects:
 *   - R4 rest-hook: no body; or a resource (a server sends it as an update, so the path may name it too)
 *   - the subscriptions backport, R4: a Bundle "history" whose first entry is a Parameters
 *   - R4B and R5: a Bundle "history" or "subscription-notification" whose first entry is a SubscriptionStatus
 *
 * Source: FHIR R4 Subscription; HL7/fhir-subscription-backport-ig, notifications and errors; FHIR R5
 * SubscriptionStatus.
 */
#ifndef GATEWAY_SOURCES_NOTIFY_H
#define GATEWAY_SOURCES_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/core/text.h"

#define GW_NOTIFY_BODY_BYTES (1u << 20)
#define GW_NOTIFY_EVENTS_MAX 1000u
#define GW_NOTIFY_NO_NUMBER  (-1)

enum gw_notice {
    GW_NOTICE_PLAIN, /* rest-hook: something changed */
    GW_NOTICE_HANDSHAKE,
    GW_NOTICE_HEARTBEAT,
    GW_NOTICE_EVENT,
    GW_NOTICE_QUERY_STATUS, /* the answer to $status */
    GW_NOTICE_QUERY_EVENT,  /* the answer to $events */
};

enum gw_subscription_status {
    GW_SUBSCRIPTION_UNSAID,
    GW_SUBSCRIPTION_REQUESTED,
    GW_SUBSCRIPTION_ACTIVE,
    GW_SUBSCRIPTION_ERROR,
    GW_SUBSCRIPTION_OFF, /* also entered-in-error */
};

/* Something happened to one resource, as far as was said. */
struct gw_hint {
    int64_t number;      /* of the event; GW_NOTIFY_NO_NUMBER: none was given */
    const char *type;    /* "Observation"; NULL: not told */
    const char *id;      /* NULL: not told */
    const char *patient; /* logical id; NULL: not told */
    bool fresh;          /* set by gw_subscription_hear: not heard before */
};

struct gw_notification {
    enum gw_notice notice;
    enum gw_subscription_status status;
    const char *subscription; /* logical id; NULL: not told */
    const char *topic;
    int64_t events_since_start; /* GW_NOTIFY_NO_NUMBER: not told */
    struct gw_hint *hints;
    size_t hint_count;
    bool truncated;    /* more than GW_NOTIFY_EVENTS_MAX: the rest is not told one by one */
    const char *error; /* the first code of an error said; NULL */
};

/*
 * rest: of the request's path behind the endpoint, "" or "Observation/o-1" or "Observation" (the criteria's type).
 * GW_EINPUT: the body is no JSON or no resource; *out then still says that something changed.
 */
enum gw_status gw_notification_read(struct gw_arena *arena, const char *rest, struct gw_slice body,
                                    struct gw_notification *out, struct gw_error *err);

/*
 * A Subscription resource, or what $status or $events answered (a Bundle as above, or a searchset of SubscriptionStatus
 * or Parameters): of our subscription `id`, NULL: of the first. GW_EINPUT: nothing of it is there.
 */
enum gw_status gw_notification_read_answer(struct gw_arena *arena, const char *id, struct gw_slice body,
                                           struct gw_notification *out, struct gw_error *err);

#endif
