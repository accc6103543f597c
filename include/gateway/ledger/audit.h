/*
 * The audit trail: every act of a person or of the service that changed data, one row each, appended in the transaction
 * of the act itself and never changed.
 *
 *      row n      its canonical bytes: one line of JSON, members in one order (gw_audit_print)
 *      hash n     SHA-256 over hash n-1 (32 zero bytes before the first) and the SHA-256 of row n's bytes
 *      checkpoint how many rows there are and the hash of the last, signed with state/audit.key (Ed25519); kept in the
 *                 ledger, and appended to a file outside it, made to be shipped to another host
 *
 * The chain shows a row that was edited, put in, taken out or exchanged. It cannot show that its end was cut off, or
 * written anew with fitting hashes, or that an old copy was put back: a checkpoint that somebody else holds does,
 * because it says how many rows there were. What lies behind the last one shipped is covered by the next.
 */
#ifndef GATEWAY_LEDGER_AUDIT_H
#define GATEWAY_LEDGER_AUDIT_H

#include "gateway/core/digest.h"
#include "gateway/core/signature.h"
#include "gateway/ledger/ledger.h"

#define GW_AUDIT_TIME_MAX 21   /* 2026-11-21T15:00:00Z and its end */
#define GW_AUDIT_NAMED    20   /* differences that are told one by one */
#define GW_AUDIT_EVERY    1000 /* rows to a checkpoint at most */

enum gw_audit_kind {
#define AUDIT_ACT(id, name, words) GW_AUDIT_##id,
#include "gateway/ledger/audit.def"
#undef AUDIT_ACT
    GW_AUDIT_KINDS
};

/* Hashes are hex digits. Members that do not apply are "" (NULL counts as that when a row is made). */
struct gw_audit_row {
    int64_t n;        /* from 1, without a gap */
    const char *at;   /* UTC, to the second */
    const char *zone; /* of the site it concerns: "Europe/Madrid" */
    bool back;        /* the clock stood before that of the row above: it was set back */
    const char *by;   /* a person as decisions name them, or "service (its user)" */
    const char *act;  /* a name in audit.def */
    const char *study;
    const char *site;
    const char *subject; /* the study's own number */
    const char *what;    /* in words */
    const char *old_hash;
    const char *new_hash;
    const char *reason;
};

/* ---- pure: the rows, the chain, the checkpoints ---- */

/* The canonical bytes. */
void gw_audit_print(struct gw_text *out, const struct gw_audit_row *row);
/* Texts are in the arena. GW_EINPUT: these are no row's bytes. */
enum gw_status gw_audit_read(struct gw_arena *arena, const char *text, size_t length, struct gw_audit_row *out,
                             struct gw_error *err);
/* hash: that of the row before; becomes that of this row. */
void gw_audit_link(uint8_t hash[GW_SHA256_BYTES], const char *text, size_t length);
const char *gw_audit_name(enum gw_audit_kind kind);
/* What an act is called in a sentence: "decided". The act itself where this release does not know it. */
const char *gw_audit_words(const char *act);

struct gw_audit_point {
    int64_t count;
    char head[2 * GW_SHA256_BYTES + 1];
    char at[GW_AUDIT_TIME_MAX];
    bool shipped; /* it stands in the file outside the ledger */
    bool stored;  /* it stands in the ledger */
};

/* One line without its end, signed. */
enum gw_status gw_audit_point_print(struct gw_text *out, const struct gw_audit_point *point,
                                    const struct gw_signature_key *key, struct gw_error *err);
/* *out is set where the line is a checkpoint, signed or not. GW_EINPUT: it is none; GW_EDENIED: its signature is not of
 * this key. */
enum gw_status gw_audit_point_read(const char *line, size_t length, const struct gw_signature_key *key,
                                   struct gw_audit_point *out, struct gw_error *err);

struct gw_audit_verdict {
    int64_t rows;
    int64_t
        first_bad; /* 0: nothing is wrong. The first bad row lies between these two; both the same: it is this one */
    int64_t last_bad;
    char what[300];                    /* what is wrong with it */
    int64_t covered;                   /* rows that the shipped checkpoints cover */
    int64_t covered_here;              /* the same of those in the ledger: whoever can write it could have cut them */
    size_t points;                     /* checkpoints */
    char signed_at[GW_AUDIT_TIME_MAX]; /* the last checkpoint that fits; "": none does */
    /* Of a trail that is sound: how the ledger differs from what it tells (gw_audit_verify alone). */
    size_t differences;
    char named[GW_AUDIT_NAMED][240]; /* the first of them */
    size_t torn;                     /* lines of the file that are no checkpoint: a write that ended early */
};

/* Rows in order, held against checkpoints in order of their counts. */
struct gw_audit_verifier {
    const struct gw_audit_point *points;
    size_t point_count;
    size_t next;
    int64_t good; /* rows that the last checkpoint passed vouches for */
    char at[GW_AUDIT_TIME_MAX];
    uint8_t hash[GW_SHA256_BYTES];
    struct gw_audit_verdict verdict;
};
void gw_audit_verify_begin(struct gw_audit_verifier *verifier, const struct gw_audit_point *points, size_t count);
void gw_audit_verify_row(struct gw_audit_verifier *verifier, struct gw_arena *arena, int64_t n, const char *text,
                         size_t length, const void *hash, size_t hash_length);
void gw_audit_verify_end(struct gw_audit_verifier *verifier);

/* ---- in the ledger ---- */

struct gw_audit_act {
    enum gw_audit_kind act;
    const char *by; /* NULL: this process */
    const char *study;
    const char *site;
    const char *subject;
    const char *what;
    const char *old_hash;
    const char *new_hash;
    const char *reason;
};

/* Append a row, as a step. */
enum gw_status gw_audit_note(struct gw_ledger *ledger, const struct gw_audit_act *act, struct gw_error *err);
/*
 * A thing that stays and may change (a study package, a profile, a line of the roster): a row where its digest is not
 * the one it had, with both. new_hash is the digest; thing names it for good.
 */
enum gw_status gw_audit_change(struct gw_ledger *ledger, const char *thing, const struct gw_audit_act *act,
                               struct gw_error *err);
/* The hash of row *n in hex; of the last for 0, and *n is its number then. "": there is no such row. Whoever names both
 * names this ledger, as it was then or later. */
enum gw_status gw_audit_hash(struct gw_ledger *ledger, int64_t *n, char out[2 * GW_SHA256_BYTES + 1],
                             struct gw_error *err);
/* The zone of a site, for the rows to come that concern it. */
enum gw_status gw_audit_zone(struct gw_ledger *ledger, const char *site, const char *zone, struct gw_error *err);

/*
 * Checkpoints are made after every GW_AUDIT_EVERY rows and when a ledger is closed that appended some, beside the
 * ledger (audit.key, audit.checkpoints) unless another file is named here. A ledger that is being built has none.
 */
enum gw_status gw_audit_ship_to(struct gw_ledger *ledger, const char *path, struct gw_error *err);
/* Between transactions: one of what stands now, unless there is one. out->count 0: the trail is empty. */
enum gw_status gw_audit_checkpoint(struct gw_ledger *ledger, struct gw_audit_point *out, struct gw_error *err);

/* ---- from the files alone, beside whoever uses them ---- */

/*
 * Verify a ledger's trail: triggers, chain, checkpoints in it and in the file (NULL, or not there: none). key: its
 * public half or both. Then the ledger itself: a decision, a revision or a receipt that was changed, put in or taken
 * out beside our own code is named. What is wrong is the verdict's, not a failure.
 */
enum gw_status gw_audit_verify(const char *ledger, const char *checkpoints, const char *key,
                               struct gw_audit_verdict *out, struct gw_error *err);

/* Every row in order; the row lives as long as the call. False ends it. */
typedef bool (*gw_audit_each)(void *ctx, const struct gw_audit_row *row);
enum gw_status gw_audit_rows(const char *ledger, gw_audit_each each, void *ctx, struct gw_error *err);

#endif
