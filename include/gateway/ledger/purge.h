/*
 * The end of keeping: what a ledger holds of subjects whose facts nobody may keep any longer goes, in bounded pieces.
 *
 *      gw_ledger_purge_begin ──> [ gw_ledger_purge_piece ]* ──> gw_ledger_sweep
 *        no derivation, nothing      each a transaction of        the file is written anew: what was overwritten
 *        kept any more               its own                      leaves no hole
 *
 * Gone are raw bytes, versions and their states, what ended at the door, items, cursors, notes, links, what a person
 * typed in the study database (that a row was refused stays), and whose patient a subject is. There stay: a tombstone
 * (of whom, how much of what, how it had ended, a digest of the digests of what went), revisions and receipts (what was
 * delivered is the study's), decisions and the trail. The parts stay in the equation, in the states they had. What
 * belongs to nobody (a Medication) stays.
 *
 * A purge that a kill ends goes on with the next piece. Deleted bytes are overwritten (secure_delete) and the log is
 * cut off behind the last piece.
 */
#ifndef GATEWAY_LEDGER_PURGE_H
#define GATEWAY_LEDGER_PURGE_H

#include "gateway/core/digest.h"
#include "gateway/ledger/ledger.h"

struct gw_purge_notes { /* of other rooms: spaces of notes named "17" or "17 hm-ehr" after a subject, or after a patient
                         */
    const char *const *subject_spaces;
    size_t subject_space_count;
    const char *patient_space; /* "endpoint|patient|..."; NULL: none */
};

/* ---- what a purge would take, and what not ---- */

struct gw_purge_kind {
    const char *type; /* of resources */
    int64_t versions;
    int64_t parts;
};

struct gw_purge_view {
    int64_t subject;
    struct gw_purge_kind *kinds; /* of what was kept, by type */
    size_t kind_count;
    int64_t versions; /* their sums */
    int64_t parts;
    int64_t pages;         /* in which they lie */
    int64_t bytes;         /* of these, as they are stored */
    int64_t door_versions; /* that ended at the door: counted, their bytes not kept */
    int64_t door_parts;
    int64_t items;      /* exceptions */
    int64_t open_items; /* of them */
    int64_t cursors;
    int64_t notes;
    int64_t patients;                    /* whose patient the subject is, at so many endpoints */
    char facts[2 * GW_SHA256_BYTES + 1]; /* of key, version and digest of all versions kept, in their order */
    /* What stays. */
    int64_t revisions;
    int64_t receipts; /* batches with one */
    int64_t waiting;  /* batches without */
};

/*
 * Of these subjects, numbers rising; subject is set in each of out, the rest is found. Changes nothing, though it
 * begins a transaction of its own and takes it back: not within another.
 */
enum gw_status gw_ledger_purge_look(struct gw_ledger *ledger, struct gw_arena *arena,
                                    const struct gw_purge_notes *notes, struct gw_purge_view *out, size_t count,
                                    struct gw_error *err);

/* ---- the purge ---- */

/* From here on nothing is kept or derived of the subject. why: "the study closed on 2026-12-31". Again: does nothing.
 */
enum gw_status gw_ledger_purge_begin(struct gw_ledger *ledger, int64_t subject, const char *why, struct gw_error *err);

/*
 * At most some thousand rows of what was begun, in a transaction of its own; not within another. *more: it was not the
 * last. With the last of a subject comes its row in the trail.
 */
enum gw_status gw_ledger_purge_piece(struct gw_ledger *ledger, const struct gw_purge_notes *notes, bool *more,
                                     struct gw_error *err);

/* Outside any transaction: once after a purge; else does nothing. Takes as long as copying the file, and its room. A
 * disk without that room is no failure: it is tried again with the next call. */
enum gw_status gw_ledger_sweep(struct gw_ledger *ledger, struct gw_error *err);

struct gw_tombstone {
    int64_t subject;
    const char *study;
    const char *site;
    const char *subject_key;
    const char *why;
    const char *begun; /* UTC */
    const char *ended; /* NULL: not yet */
    int64_t versions;  /* of resources, those that ended at the door included */
    int64_t parts;
    int64_t items;
};
struct gw_tombstones {
    struct gw_tombstone *list; /* by subject */
    size_t count;
};
enum gw_status gw_ledger_tombstones(struct gw_ledger *ledger, struct gw_arena *arena, struct gw_tombstones *out,
                                    struct gw_error *err);

/* Whether a subject of this number in its study was purged, or is being purged. */
enum gw_status gw_ledger_is_purged(struct gw_ledger *ledger, const char *study, const char *subject_key, bool *purged,
                                   struct gw_error *err);

#endif
