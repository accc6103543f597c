/*
 * Numbers for whoever watches the service, as Prometheus reads them (text format 0.0.4).
 *
 * metrics.def is the list. The loop's thread alone writes and prints: counting is `endpoint->pages++`. Gauges are set
 * when somebody looks (struct gw_health's refresh) or when they change.
 */
#ifndef GATEWAY_SERVICE_METRICS_H
#define GATEWAY_SERVICE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/error.h"
#include "gateway/core/text.h"

/* The closed lists of label values: X(constant, "word"). Requests end as the classes of back-off have it. */
#define GW_METRICS_OUTCOMES(X)                                                                                         \
    X(GW_OUTCOME_OK, "ok")                                                                                             \
    X(GW_OUTCOME_TRANSIENT, "transient")                                                                               \
    X(GW_OUTCOME_THROTTLED, "throttled")                                                                               \
    X(GW_OUTCOME_AUTH, "auth")                                                                                         \
    X(GW_OUTCOME_CONFIGURATION, "configuration")                                                                       \
    X(GW_OUTCOME_PROTOCOL, "protocol")                                                                                 \
    X(GW_OUTCOME_CANCELED, "canceled")
#define GW_METRICS_FACTS(X)                                                                                            \
    X(GW_FACTS_NEW, "new")                                                                                             \
    X(GW_FACTS_KNOWN, "known")
#define GW_METRICS_CIRCUITS(X)                                                                                         \
    X(GW_METRICS_RUNNING, "running")                                                                                   \
    X(GW_METRICS_BACKOFF, "backoff")                                                                                   \
    X(GW_METRICS_DEGRADED, "degraded")                                                                                 \
    X(GW_METRICS_STOPPED, "stopped")
#define GW_METRICS_NOTIFICATIONS(X)                                                                                    \
    X(GW_NOTIFIED_KEPT, "kept")                                                                                        \
    X(GW_NOTIFIED_DENIED, "denied")                                                                                    \
    X(GW_NOTIFIED_MALFORMED, "malformed")                                                                              \
    X(GW_NOTIFIED_FLOODED, "flooded")                                                                                  \
    X(GW_NOTIFIED_NOT_KEPT, "not_kept")
#define GW_METRICS_SUBJECTS(X)                                                                                         \
    X(GW_SUBJECTS_FOLLOWED, "followed")                                                                                \
    X(GW_SUBJECTS_BLOCKED, "blocked")                                                                                  \
    X(GW_SUBJECTS_WITHDRAWN, "withdrawn")                                                                              \
    X(GW_SUBJECTS_UNMATCHED, "unmatched")
#define GW_METRICS_PARTS(X)                                                                                            \
    X(GW_PARTS_DELIVERED, "delivered")                                                                                 \
    X(GW_PARTS_EVIDENCE, "evidence")                                                                                   \
    X(GW_PARTS_UNCHANGED, "unchanged")                                                                                 \
    X(GW_PARTS_SUPERSEDED, "superseded")                                                                               \
    X(GW_PARTS_NOT_IN_SCOPE, "not_in_scope")                                                                           \
    X(GW_PARTS_OUTSIDE_WINDOW, "outside_window")                                                                       \
    X(GW_PARTS_HELD, "held")                                                                                           \
    X(GW_PARTS_RETRACTED, "retracted")
#define GW_METRICS_DELIVERY_FAILURES(X)                                                                                \
    X(GW_DELIVERY_AWAY, "away")                                                                                        \
    X(GW_DELIVERY_STOPPED, "stopped")

#define GW_METRICS_CONSTANT(constant, word) constant,
enum gw_metrics_outcome { GW_METRICS_OUTCOMES(GW_METRICS_CONSTANT) GW_COUNT_OF_OUTCOMES };
enum gw_metrics_facts { GW_METRICS_FACTS(GW_METRICS_CONSTANT) GW_COUNT_OF_FACTS };
enum gw_metrics_circuit { GW_METRICS_CIRCUITS(GW_METRICS_CONSTANT) GW_COUNT_OF_CIRCUITS };
enum gw_metrics_notification { GW_METRICS_NOTIFICATIONS(GW_METRICS_CONSTANT) GW_COUNT_OF_NOTIFICATIONS };
enum gw_metrics_subjects { GW_METRICS_SUBJECTS(GW_METRICS_CONSTANT) GW_COUNT_OF_SUBJECTS };
enum gw_metrics_parts { GW_METRICS_PARTS(GW_METRICS_CONSTANT) GW_COUNT_OF_PARTS };
enum gw_metrics_delivery_failure { GW_METRICS_DELIVERY_FAILURES(GW_METRICS_CONSTANT) GW_COUNT_OF_DELIVERY_FAILURES };
#undef GW_METRICS_CONSTANT

/* Upper bounds 0.05 s to 300 s, then all. */
#define GW_HISTOGRAM_BUCKETS 12
struct gw_histogram {
    uint64_t counts[GW_HISTOGRAM_BUCKETS]; /* each alone, not summed up */
    uint64_t sum_ms;
};
void gw_histogram_note(struct gw_histogram *histogram, uint64_t ms);

struct gw_metrics_endpoint {
    char *id;
#define ENDPOINT(kind, unit, member, name, help)                 uint64_t member;
#define ENDPOINT_BY(kind, unit, member, list, name, label, help) uint64_t member[GW_COUNT_OF_##list];
#define ENDPOINT_HISTOGRAM(member, name, help)                   struct gw_histogram member;
#include "gateway/service/metrics.def"
};

/* Open exceptions of one code: the codes are mappings/common/exception-codes.csv's. */
struct gw_metrics_exceptions {
    const char *code;
    uint64_t count;
};

struct gw_metrics {
#define PROCESS(kind, unit, member, name, help)                 uint64_t member;
#define PROCESS_BY(kind, unit, member, list, name, label, help) uint64_t member[GW_COUNT_OF_##list];
#include "gateway/service/metrics.def"
    struct gw_metrics_endpoint *endpoints;
    size_t endpoint_count;
    const struct gw_metrics_exceptions *exceptions; /* borrowed */
    size_t exception_count;
};

#define GW_METRICS_INIT                                                                                                \
    {                                                                                                                  \
        .endpoints = NULL                                                                                              \
    }

/* The endpoints from here on; one that was there before keeps its numbers. GW_ENOMEM changes nothing. */
enum gw_status gw_metrics_set_endpoints(struct gw_metrics *metrics, const char *const *ids, size_t count,
                                        struct gw_error *err);
/* NULL: none of the id. Valid until the endpoints are set anew. */
struct gw_metrics_endpoint *gw_metrics_endpoint(const struct gw_metrics *metrics, const char *id);
void gw_metrics_release(struct gw_metrics *metrics);

/* Set one of the states to 1 and the others to 0. */
void gw_metrics_set_circuit(struct gw_metrics_endpoint *endpoint, enum gw_metrics_circuit state);

/* Resident memory as the kernel tells it. */
void gw_metrics_look_at_process(struct gw_metrics *metrics);

/* All of it, HELP and TYPE before each family. */
void gw_metrics_print(const struct gw_metrics *metrics, struct gw_text *out);

#endif
