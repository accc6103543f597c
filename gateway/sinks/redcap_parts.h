/*
 * REDCap as a study database: what calls of all kinds have in common (redcap.c), the project (redcap_project.c), and
 * shipments (redcap_shipment.c). Private to the sinks.
 */
#ifndef SINKS_REDCAP_PARTS_H
#define SINKS_REDCAP_PARTS_H

#include "gateway/sinks/redcap.h"
#include "sinks/pieces.h"
#include "sinks/redcap_fields.h"
#include "sinks/redcap_rows.h"
#include "sinks/redcap_wire.h"

struct line { /* of an import */
    enum gw_table_id table;
    const char *row_id;
    const char *text;
};

struct redcap {
    struct gw_remote remote; /* first: the remote is the database */
    struct gw_arena arena;   /* of the target's texts */
    struct gw_redcap_target target;
    struct wire wire;
    bool known; /* it is the study's own project, laid out as it should be */
    struct gw_arena event_arena;
    struct events events;
    void (*next)(struct redcap *r); /* once that is known */
    gw_remote_done done;
    void *ctx;
    struct gw_arena *answers; /* the caller's */
    bool no_memory;           /* for an answer */

    const char *const *windows; /* to be examined for; the caller's */
    size_t window_count;

    struct gw_stands *stands;
    struct gw_refusals *refusals;
    struct gw_stands inspected;
    size_t from;

    struct gw_shipment *shipment;
    size_t batch;
    size_t refusals_before; /* this batch */
    int table;
    struct gw_arena work; /* of one table's lines */
    struct line *lines;
    size_t line_count, line_capacity;
    size_t sent; /* lines that were cut into pieces so far */
    struct pieces pieces;
    struct piece piece;

    void (*closed)(void *ctx);
    void *closed_ctx;
};

#define REDCAP_LAY_OUT "lay it out by the dictionary that casement export --format redcap-dictionary prints"

/* The call ends; failure NULL: well. Nothing of it is touched behind this. */
void redcap_end(struct redcap *r, const struct gw_error *failure);
void redcap_fail(struct redcap *r, enum gw_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for what every project of ours can be asked: one that refuses it is laid out in another way. */
void redcap_end_asking(struct redcap *r, const struct gw_error *failure);

/* A call begins; next is called once the project is known to be the study's. */
void redcap_begin(struct redcap *r, struct gw_arena *answers, gw_remote_done done, void *ctx,
                  void (*next)(struct redcap *r));
/* Ask for it all, then next; known from then on. */
void redcap_ask_project(struct redcap *r);
void redcap_refuse(struct redcap *r, enum gw_refusal_kind kind, int table, const char *subject_key, const char *row_id,
                   const char *reason);
void redcap_stands(struct redcap *r, const char *digest); /* of what is there, of the last one refused */
/* What a person changed, and what is there now. */
void redcap_refuse_held(struct redcap *r, const struct gw_table *table, const char *subject_key,
                        const struct held *held);

/* Questions, to be narrowed to some records: receipts; the instances of a table. */
void redcap_form_receipts(struct redcap *r);
void redcap_form_table(struct redcap *r, int table);
bool redcap_is_receipt(const cJSON *line); /* a record without one is a person's, or has not got that far */
bool redcap_is_strange(const struct redcap *r, const cJSON *line); /* of another study or installation */
void redcap_refuse_strange(struct redcap *r);
int64_t redcap_revision_of(const cJSON *line);

void redcap_examine(struct gw_remote *remote, const char *const *windows, size_t count, gw_remote_done done, void *ctx);
void redcap_deliver(struct gw_remote *remote, struct gw_shipment *shipment, gw_remote_done done, void *ctx);

#endif
