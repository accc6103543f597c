/*
 * The subscriptions of one endpoint: made there, kept alive, and heard here.
 *
 *      notification ──> hear ──> hints and state in one commit ──> answered ──> hinted: somebody looks again
 *      time, answers ─> orders ─> POST, PUT, GET at the endpoint ──┘
 *
 * A topic is one subscription (HL7 subscriptions backport: id-only, heartbeats); a rest-hook is one for each type, as
 * R4's criteria name one. All decisions are gw_subscription's. What is owed as a catch-up becomes a hint without a
 * name: the last watermark is where to search from.
 *
 * Notes of subscriptions that the settings do not ask for (any more, or in this form) are taken away: deleted there,
 * then forgotten here. With no callback nothing else is done: that is how an endpoint whose "notifications" were taken
 * out of the configuration is left.
 *
 * How to wire it, for each endpoint with "notifications": gw_upkeep_new, its address into the list of gw_doorbell,
 * gw_upkeep_start. When `hinted` is called, read gw_hints on the ledger's thread and schedule the pulls. Around a
 * search that a hint without a name asks for (no patient, no id) call gw_upkeep_looking before the first request and
 * gw_upkeep_looked after the last commit.
 *
 * Notes: space "subscription", named by the endpoint, or "endpoint|type".
 *
 * Before one is made the server is searched for one that rings at the same address, and asked not to make a second
 * (If-None-Exist): a kill between an answer and its note leaves none that nobody knows. One that is found is written
 * anew as ours.
 */
#ifndef GATEWAY_SOURCES_UPKEEP_H
#define GATEWAY_SOURCES_UPKEEP_H

#include "gateway/ledger/writer.h"
#include "gateway/sources/hints.h"
#include "gateway/sources/pull.h"
#include "gateway/sources/subscription.h"

#define GW_SUBSCRIPTION_SPACE "subscription"
#define GW_SECRET_LEAST       16 /* characters */

/* Texts are copied; web, writer and clock are borrowed and outlive the upkeep. */
struct gw_upkeep_settings {
    const char *endpoint;
    const char *topic;        /* canonical URL; NULL: rest-hooks */
    const char *const *types; /* of the rest-hooks, one or more */
    size_t type_count;
    const char *callback; /* https://casement.hospital.example; /notify/<endpoint> comes behind it; NULL: none wanted */
    const char *secret;   /* its text; printable, no blank, at least GW_SECRET_LEAST; NULL without a callback */
    unsigned heartbeat_s;
    struct gw_web *web;
    struct gw_writer *writer;
    const struct gw_clock *clock;                                       /* NULL: gw_system_clock */
    void (*hinted)(void *ctx, const char *endpoint);                    /* hints were committed */
    void (*alert)(void *ctx, const char *endpoint, const char *why);    /* static text; NULL: nobody is told */
    void (*removed)(void *ctx, const char *endpoint, const char *type); /* one that was not wanted; NULL as before */
    void *ctx;
};

/* For the numbers of service/metrics.h. */
struct gw_upkeep_counts {
    uint64_t kept, denied, malformed, flooded, not_kept;
    uint64_t gaps;
    uint64_t off; /* subscriptions that are not active now */
};

struct gw_upkeep;

/* GW_ECONFIG: the secret is too short or holds what no header can. */
enum gw_status gw_upkeep_new(uv_loop_t *loop, const struct gw_upkeep_settings *settings, struct gw_upkeep **out,
                             struct gw_error *err);
/* Requests are cancelled; whoever waits for gw_upkeep_hear is told; memory goes from the loop. NULL is nothing. */
void gw_upkeep_free(struct gw_upkeep *upkeep);

/* Reads its notes, then makes and watches. Before that is done what is heard is not kept (503). */
enum gw_status gw_upkeep_start(struct gw_upkeep *upkeep, struct gw_error *err);

/* Is a note of this name of the endpoint? *type: of the rest-hook, inside the name; NULL: a topic's. */
bool gw_upkeep_is_note_of(const char *name, const char *endpoint, const char **type);

const char *gw_upkeep_endpoint(const struct gw_upkeep *upkeep);
const char *gw_upkeep_secret(const struct gw_upkeep *upkeep); /* NULL: none is wanted, and it may not ring */
struct gw_upkeep_counts *gw_upkeep_counts(struct gw_upkeep *upkeep);

/*
 * A notification with the right secret. done once, inside or from the loop, with the HTTP status to answer: 200 it is
 * committed; 400 the body is none (that something happened is committed all the same); 503 it could not be kept.
 */
typedef void (*gw_upkeep_heard)(void *ctx, int status);
void gw_upkeep_hear(struct gw_upkeep *upkeep, const char *rest, struct gw_slice body, gw_upkeep_heard done, void *ctx);

/* Notifications were turned away unread, as there were too many: a catch-up is owed. */
void gw_upkeep_turned_away(struct gw_upkeep *upkeep);

/* The search that catches up begins; it ended, all of it committed or not. type: of the hint; NULL all. */
void gw_upkeep_looking(struct gw_upkeep *upkeep, const char *type);
void gw_upkeep_looked(struct gw_upkeep *upkeep, const char *type, bool complete);

#endif
