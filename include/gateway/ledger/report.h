/*
 * What the ledger tells people: the queue of exceptions by cause, and the two lists of the hospital's folder.
 */
#ifndef GATEWAY_LEDGER_REPORT_H
#define GATEWAY_LEDGER_REPORT_H

#include "gateway/ledger/ledger.h"

/* Open items of one cause. */
struct gw_cause {
    const char *fingerprint;
    const char *code;
    int64_t values; /* items */
    int64_t subjects;
    int64_t windows; /* of subjects: T30-01 of two subjects counts twice */
};

struct gw_causes {
    struct gw_cause *list; /* most values first, then by fingerprint */
    size_t count;
};
enum gw_status gw_ledger_causes(struct gw_ledger *ledger, struct gw_arena *arena, struct gw_causes *out,
                                struct gw_error *err);

struct gw_ledger_item {
    const char *id;
    const char *code;
    const char *fingerprint;
    const char *subject_key; /* "" for what belongs to nobody */
    const char *endpoint;
    const char *source; /* as printed; "" where the item has no fact, as the next four */
    const char *resource_type;
    const char *resource_id;
    const char *version_id;
    const char *part; /* "component[0]"; "" */
    const char *blocks;
    const char *state;      /* open, resolved (by a decision), auto_closed (by itself) */
    const char *resolution; /* "decision:7" of a resolved one; "" */
    const char *context;
    const char *suggestion;
    const char *window_ids;
    int64_t first_seen; /* seconds UTC, as the newest fact of its subject was fetched */
    int64_t last_seen;  /* of an open item: its last change; of a closed one: when it was no longer raised */
};

struct gw_ledger_items {
    struct gw_ledger_item *list; /* by source, line and id */
    size_t count;
};

/* Items of one cause (NULL: of all), open ones or all. An id beginning selects like a fingerprint: "x91ca". */
enum gw_status gw_ledger_items(struct gw_ledger *ledger, struct gw_arena *arena, const char *selector, bool open_only,
                               struct gw_ledger_items *out, struct gw_error *err);

/*
 * ledger.csv: one line a part of everything ever read, by source and line. exceptions.csv: one line an item. Written
 * row by row to a new file (mode 0600) beside the path and renamed. GW_ECREATE, GW_EIO.
 */
enum gw_status gw_ledger_write_parts(struct gw_ledger *ledger, const char *path, struct gw_error *err);
enum gw_status gw_ledger_write_items(struct gw_ledger *ledger, const char *path, struct gw_error *err);

#endif
