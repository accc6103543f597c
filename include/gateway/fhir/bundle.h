/*
 * Pages of resources: a Bundle of any type, or lines of NDJSON, as a list of entries.
 *
 * An entry keeps the raw bytes of its resource, which are what the ledger stores: a parsed tree is never printed back as
 * the source record.
 */
#ifndef GATEWAY_FHIR_BUNDLE_H
#define GATEWAY_FHIR_BUNDLE_H

#include "gateway/core/json.h"
#include "gateway/core/text.h"
#include "gateway/fhir/fact.h"

enum gw_entry_mode {
    GW_ENTRY_MATCH,   /* also an entry without search.mode, and every NDJSON line */
    GW_ENTRY_INCLUDE, /* search.mode include */
    GW_ENTRY_OUTCOME, /* search.mode outcome, or an OperationOutcome: never data */
    GW_ENTRY_DELETED, /* history or transaction entry with request.method DELETE: type and id from its URL */
    GW_ENTRY_EMPTY,   /* an entry without a resource */
};

struct gw_entry {
    enum gw_entry_mode mode;
    const cJSON *resource;   /* NULL when there is none or it could not be read */
    struct gw_slice raw;     /* the resource's bytes in the page */
    const char *full_url;
    const char *deleted_type;
    const char *deleted_id;
    unsigned index;          /* 0-based in the page */
};

struct gw_bundle {
    const char *type;        /* searchset, collection, batch, transaction, history ... */
    const char *next;        /* link relation next, as given */
    const char *self;
    struct gw_entry *entries;
    size_t count;
};

/*
 * Read one page. GW_EINPUT: not strict JSON, or not a Bundle ("a Bundle is wanted, got OperationOutcome: <severity> <code>
 * ..." for an OperationOutcome: issue codes only, never diagnostics). Entries that are no object fail the page.
 */
enum gw_status gw_bundle_read(struct gw_arena *arena, struct gw_slice page, struct gw_bundle *out,
                              struct gw_error *err);

/* One NDJSON line or single resource as an entry; a line that is a Bundle is refused. GW_EINPUT with the reason. */
enum gw_status gw_entry_read(struct gw_arena *arena, struct gw_slice line, struct gw_entry *out,
                             struct gw_error *err);

/* True when the text's first object member names, within its first 4 KiB, a resourceType of Bundle. Whitespace and any
 * member order: decides only how a file is opened, the reader has the last word. */
bool gw_looks_like_bundle(struct gw_slice head);

/* The severities and codes of an OperationOutcome's first eight issues as one line, "error not-found, warning
 * incomplete", and how many more there are; never diagnostics or details. In the arena. *worst of all of them:
 * 0 information, 1 warning, 2 error, 3 fatal. */
const char *gw_outcome_print(struct gw_arena *arena, const cJSON *outcome, int *worst);

#endif
