/*
 * The one pass: read the facts of a subject, derive, identify, tell, take the difference, keep it, deliver it.
 *
 *      facts ──> derive ──> identify ──> history ──> difference ──> ledger ──> outbox ──> sink ──> receipt
 *
 * The only caller of derive(), and with the courier of a sink. sync and map are arguments to it. Subjects are settled
 * in groups: the ledger commits before the sink does, so a crash between the two leaves a line in the outbox and never
 * a row that the ledger does not know. Runs on the caller's thread, which owns the ledger then.
 */
#ifndef GATEWAY_SERVICE_PASS_H
#define GATEWAY_SERVICE_PASS_H

#include "gateway/core/digest.h"
#include "gateway/ledger/settle.h"
#include "gateway/service/protocol.h"
#include "gateway/sinks/sink.h"
#include "gateway/study/roster.h"
#include "gateway/study/site.h"

struct gw_enrolled { /* a roster line with what the pass needs beside it */
    int64_t number;  /* the ledger's */
    const struct gw_roster_line *line;
    const struct gw_site *site;
    gw_day horizon; /* last day up to which every needed search of the subject succeeded */
};

struct gw_pass {
    struct gw_ledger *ledger;
    struct gw_sink *sink; /* NULL: the study database is elsewhere, and what is to be sent waits in the outbox */
    const struct gw_protocol *protocol;
    struct gw_hmac *key;
    const struct gw_enrolled *subjects; /* by number */
    size_t subject_count;
    bool author_approves;            /* fourEyes is off: who decided may approve */
    const struct gw_decision *tried; /* beside those of the ledger: what a preview tries. Not for gw_pass_run */
    size_t tried_count;
    bool built;      /* both files are thrown away when anything fails (gw_ledger_build): fewer commits */
    const char *now; /* stamp: 2026-11-20T20:00:00Z */
    void (*progress)(void *ctx, size_t done, size_t of); /* may be NULL */
    bool (*stopped)(void *ctx);                          /* true: GW_ECANCELED after this subject; may be NULL */
    void *ctx;
};

struct gw_pass_result {
    size_t subjects;                             /* derived */
    size_t batches;                              /* delivered */
    size_t added, changed, withdrawn, unchanged; /* rows, provenance included: delivered, or in the outbox */
    size_t items_opened, items_closed;
    size_t blocked; /* subjects from whom nothing leaves */
    size_t parts_changed;
};

/* Deliver what an earlier end left in the outbox, then derive and deliver every subject that is marked. */
enum gw_status gw_pass_run(struct gw_pass *pass, struct gw_pass_result *out, struct gw_error *err);

/* What several passes did, as if they were one. */
void gw_pass_add_up(struct gw_pass_result *into, const struct gw_pass_result *from);

/* The days a subject's windows may take, for the plan of searches. *anchored is false: no D1 yet. */
enum gw_status gw_pass_span(struct gw_pass *pass, int64_t subject, bool *anchored, gw_day *low, gw_day *high,
                            struct gw_error *err);

struct gw_look { /* a subject as the next pass would derive it: nothing is settled or delivered */
    struct gw_subject_input input;
    struct gw_derived derived; /* its episodes under the ids they were delivered with */
    struct gw_rows delivered;  /* of the latest revision */
    int64_t revision;
};

/* Everything lives in the arena. GW_EINPUT: no enrolled subject has this number. */
enum gw_status gw_pass_look(struct gw_pass *pass, struct gw_arena *arena, int64_t subject, struct gw_look *out,
                            struct gw_error *err);

#endif
