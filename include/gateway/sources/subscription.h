/*
 * One subscription at one hospital: what was heard of it, what is missing, what to do. Pure: time is an argument.
 *
 *      NONE ──create──> REQUESTED ──handshake──> ACTIVE ──error, silence──> ERROR, OFF ──activate──> REQUESTED
 *
 * Events are numbered from the subscription's start. `last` is the number up to which all were heard or caught up with,
 * `known` the highest that is known to exist: a heartbeat and a status tell it too. While known > last there is a gap:
 * what comes in any order within 60 s closes it; then the events are asked for ($events), or, where that is not offered
 * or fails, a catch-up search is ordered from the last watermark. A number not above `last` is a repeat, or the server
 * began to count anew: where the count said beside it is lower too, $status decides; without an answer the lower count
 * is believed and a catch-up ordered, as the other mistake would lose events. After a restart, and with every
 * activation, there is one catch-up: nobody knows what was said to a closed door.
 *
 * One that is not wanted any more (gw_subscription_leave) is only taken away: deleted, or, where the server lets nobody
 * delete, switched off; asked again ever later while the server is away, and forgotten when it is gone there.
 *
 * Orders are carried out by the caller, who tells how they ended: gw_subscription_learn, _caught_up, _failed.
 *
 * Source: HL7/fhir-subscription-backport-ig, errors (recovery is the subscriber's); row S20 of the fault matrix.
 */
#ifndef GATEWAY_SOURCES_SUBSCRIPTION_H
#define GATEWAY_SOURCES_SUBSCRIPTION_H

#include "gateway/sources/notify.h"

#define GW_SUBSCRIPTION_GAP_S       60
#define GW_SUBSCRIPTION_RETRY_S     60   /* doubled with each attempt */
#define GW_SUBSCRIPTION_SLOW_S      3600 /* at most; and how often one without heartbeats is looked at */
#define GW_SUBSCRIPTION_ALERT_AFTER 3    /* attempts, or rounds of silence */
#define GW_SUBSCRIPTION_CRITERIA    512  /* bytes; longer ones are not remembered */

/* Orders, as bits. */
enum gw_order {
    GW_ORDER_PULL = 1,     /* the hints that are fresh */
    GW_ORDER_EVENTS = 2,   /* ask for events `from` to `to` */
    GW_ORDER_CATCH_UP = 4, /* search from the last watermark */
    GW_ORDER_STATUS = 8,   /* ask $status, or read the Subscription where there is no $status */
    GW_ORDER_CREATE = 16,
    GW_ORDER_ACTIVATE = 32, /* PUT with status requested */
    GW_ORDER_ALERT = 64,    /* an operator should hear `why` */
    GW_ORDER_GAP = 128,     /* a gap was found: to be counted */
    GW_ORDER_DELETE = 256,
    GW_ORDER_SWITCH_OFF = 512, /* PUT with status off */
    GW_ORDER_FORGET = 1024,    /* nothing of it is left there: its note may go */
};

struct gw_orders {
    unsigned what;
    int64_t from, to;
    int64_t upto;    /* of GW_ORDER_CATCH_UP and _EVENTS: what is known to exist now */
    unsigned epoch;  /* of the count that these numbers are of */
    const char *why; /* static; of the alert */
};

struct gw_subscription {
    /* Settings. */
    bool topic;           /* the backport's; false: R4 rest-hook, without numbers and heartbeats */
    unsigned heartbeat_s; /* 0: none are sent */

    /* Durable. */
    enum gw_subscription_status phase; /* UNSAID: none exists that we know of */
    char id[65];
    bool counted; /* last and known mean something */
    int64_t last;
    int64_t known;
    uint64_t ahead;                          /* bit i: the event last + 1 + i was heard */
    char form[17];                           /* digest of the resource as it was written there; "" not yet */
    char criteria[GW_SUBSCRIPTION_CRITERIA]; /* of the resource, which a PUT must name; "" not known */
    bool no_events;                          /* $events is not offered */
    bool no_status;                          /* nor $status */

    /* Of this process. */
    unsigned epoch;    /* moves when counting begins anew: what was ordered before says nothing of the new numbers */
    int64_t heard_s;   /* when anything was heard last, or silence was acted upon */
    int64_t gap_s;     /* since when known > last */
    int64_t try_s;     /* not before: the next attempt at status, creation, activation */
    int64_t acted_s;   /* when the last of them was made */
    int64_t owed_s;    /* not before: the catch-up that is owed */
    int64_t asked;     /* `known` when $status was asked */
    int64_t doubted;   /* the lower count that is doubted; GW_NOTIFY_NO_NUMBER */
    unsigned attempts; /* without success */
    unsigned silences;
    bool shaken;   /* a handshake came since it was asked to be made or activated: the answer may be older */
    bool resumed;  /* read from a note: nothing was asked yet */
    bool doubtful; /* a number that should not be: $status is to be asked */
    bool silent;   /* whatever $status says, it is to be activated anew */
    bool asking;   /* for events or a catch-up that closes the gap */
    bool catch_up; /* one is owed */
    bool unwanted; /* it is to be taken away */
    bool fixed;    /* it may not be deleted: it is switched off */
};

void gw_subscription_init(struct gw_subscription *subscription, bool topic, unsigned heartbeat_s, int64_t now_s);

/* What came to the door. Marks its hints that were not heard before. orders is set anew, as by all of these. */
void gw_subscription_hear(struct gw_subscription *subscription, struct gw_notification *notification, int64_t now_s,
                          struct gw_orders *orders);
/* Time passed. */
void gw_subscription_tick(struct gw_subscription *subscription, int64_t now_s, struct gw_orders *orders);
int64_t gw_subscription_next_s(const struct gw_subscription *subscription); /* when to tick at the latest */

/* The server told of it: the answer to GW_ORDER_STATUS, _CREATE or _ACTIVATE. */
void gw_subscription_learn(struct gw_subscription *subscription, const struct gw_notification *answer, int64_t now_s,
                           struct gw_orders *orders);
/* $events brought all that these orders asked for, or the catch-up of these orders was carried out. */
void gw_subscription_caught_up(struct gw_subscription *subscription, const struct gw_orders *done, int64_t now_s);
/* One of the orders could not be carried out. refused: the server does not offer it or knows no such subscription (400,
 * 404, 405, 410, 501): asking again would not help. */
void gw_subscription_failed(struct gw_subscription *subscription, enum gw_order order, bool refused, int64_t now_s,
                            struct gw_orders *orders);
/* The resource is to be written in this form (16 characters): where it was written in another, it is written anew, as
 * the old secret, topic or callback would go on being used. */
void gw_subscription_form(struct gw_subscription *subscription, const char *criteria, const char *form, int64_t now_s);
/* It is not wanted any more. From here on there are ticks, gw_subscription_failed and _gone, and nothing is heard. */
void gw_subscription_leave(struct gw_subscription *subscription, int64_t now_s);
/* It was deleted or switched off, or the server knows nothing of it. */
void gw_subscription_gone(struct gw_subscription *subscription, int64_t now_s, struct gw_orders *orders);
/* What was heard could not be kept: a catch-up is owed. */
void gw_subscription_doubt(struct gw_subscription *subscription);

/* The durable part as one JSON object. */
void gw_subscription_print(const struct gw_subscription *subscription, struct gw_text *out);
/* Into an initialised one. GW_EINPUT: it is none of ours, nothing changed. */
enum gw_status gw_subscription_read(struct gw_subscription *subscription, const char *text, struct gw_error *err);

#endif
