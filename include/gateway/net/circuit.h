/*
 * The state of one endpoint, or of one query at it: may it be asked, since when does it fail, who stopped it and why.
 *
 *      RUNNING ──failure──> BACKOFF ──failing for 15 min──> DEGRADED
 *         ^                    │ until has passed: one request, the probe       │
 *         └──────success───────┴────────────────success─────────────────────────┘
 *
 *      any ──client or scopes refused, data of another patient──> STOPPED   an operator resumes it
 *      any ──certificate──> STOPPED with a probe every 15 min               a probe that succeeds resumes it
 *
 * DEGRADED waits as BACKOFF does and is for people to see: also after five bodies in a row cut at the same byte, or
 * three answers in a row that are no FHIR. Throttling alone never degrades. Nothing here gives up.
 *
 * Pure: time and dice are arguments. What lasts over a restart (gw_circuit_print) is told in UTC, waits are measured by
 * the monotonic clock.
 */
#ifndef GATEWAY_NET_CIRCUIT_H
#define GATEWAY_NET_CIRCUIT_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/text.h"
#include "gateway/net/backoff.h"

#define GW_CIRCUIT_SPACE "circuit" /* of the ledger's notes; the name is the endpoint's, or "endpoint query" */

#define GW_DEGRADED_S     900
#define GW_ALERT_HOUR_S   3600
#define GW_ALERT_DAY_S    86400
#define GW_EQUAL_CUTS     5u
#define GW_NOT_FHIR_TIMES 3u
#define GW_AUTH_TIMES     3u

enum gw_circuit_state { GW_CIRCUIT_RUNNING, GW_CIRCUIT_BACKOFF, GW_CIRCUIT_DEGRADED, GW_CIRCUIT_STOPPED };

/* What someone should be told once: bits. */
enum gw_alert {
    GW_ALERT_HOUR = 1,         /* failing for 60 min */
    GW_ALERT_DAY = 2,          /* for 24 h */
    GW_ALERT_AUTH = 4,         /* the third token refused */
    GW_ALERT_RETRY_AFTER = 8,  /* told to wait longer than 24 h */
    GW_ALERT_TRUNCATED = 16,   /* five equal truncations */
    GW_ALERT_NOT_FHIR = 32,    /* three answers that are no FHIR */
    GW_ALERT_STOPPED = 64,     /* needs an operator */
    GW_ALERT_CERTIFICATE = 128 /* stopped but for the probes */
};
#define GW_ALERT_COUNT 8

struct gw_instant { /* now, on both clocks */
    int64_t utc;    /* seconds */
    uint64_t ms;    /* monotonic */
};

struct gw_circuit { /* all zero: RUNNING */
    enum gw_circuit_state state;
    enum gw_trouble trouble; /* the last */
    unsigned attempts;       /* failures in a row */
    unsigned equal;          /* of these the last ones of the same kind (and cut at the same byte) */
    uint64_t cut_at;
    int64_t since;  /* UTC, of the first of them; 0: nothing fails */
    int64_t until;  /* UTC, no request before; 0: none is waited for */
    unsigned told;  /* alerts, in this row of failures */
    uint32_t epoch; /* counts failures that opened it: what started before one of them says nothing about it */
    uint64_t until_ms;
    char reason[400]; /* the last failure's text, or an operator's */
    char who[64];     /* who stopped it: "casement", or an operator's name; "" when not STOPPED */
    int64_t when;     /* UTC, it was stopped; 0: not */
};

struct gw_setback { /* one failed request */
    enum gw_trouble trouble;
    int32_t retry_after_s; /* 0: nothing was said */
    bool retry_longer;     /* more than 24 h was said */
    uint64_t cut_at;       /* bytes that came, with GW_TROUBLE_CUT */
    unsigned equal;        /* the same request met the same so often in a row, whatever others met; 0: not known */
    uint32_t epoch;        /* of the circuit, when the request started */
    const char *text;      /* may be NULL */
};

/* 0: it may be asked now. UINT64_MAX: not until someone resumes it. While it fails, one request at a time. */
uint64_t gw_circuit_wait_ms(const struct gw_circuit *circuit, uint64_t now_ms);

/*
 * A request failed. Of REFUSED, TOO_LARGE, OURS and NONE the endpoint learns nothing. The failure of a request that
 * started before an earlier failure is no further one, but its Retry-After holds, even if another request succeeded
 * meanwhile. The answer: alerts to be given now.
 */
unsigned gw_circuit_fail(struct gw_circuit *circuit, const struct gw_setback *setback, struct gw_instant now,
                         uint32_t dice);

/* A request succeeded that started in this epoch; others prove nothing. true: it was not RUNNING, and is now. */
bool gw_circuit_succeed(struct gw_circuit *circuit, uint32_t epoch);

/* What time alone does: DEGRADED, alerts. */
unsigned gw_circuit_review(struct gw_circuit *circuit, int64_t now_utc);

/* By an operator, or for a reason that is not one request's. */
void gw_circuit_stop(struct gw_circuit *circuit, const char *reason, const char *who, int64_t now_utc);

/* Whatever it was: RUNNING. `casement check` succeeded, or an operator reloaded the settings. */
void gw_circuit_resume(struct gw_circuit *circuit);

/* One line of JSON, appended. */
void gw_circuit_print(const struct gw_circuit *circuit, struct gw_text *out);

/* Such a line; its waits go on where they were, none longer than the longest there is. GW_EINPUT, GW_ENOMEM. */
enum gw_status gw_circuit_read(struct gw_circuit *circuit, const char *text, struct gw_instant now,
                               struct gw_error *err);

const char *gw_circuit_state_name(enum gw_circuit_state state); /* "BACKOFF" */
const char *gw_alert_name(enum gw_alert alert);                 /* "failing-1h", of one bit */

#endif
