/*
 * The ledger: the hospital side's durable memory. Facts as the sources said them, where each part of them ended, what
 * was derived and delivered, and what waits for a person.
 *
 * One SQLite file, one connection, used by one thread at a time: `map` calls it directly, a loop through writer.h.
 * Every function that writes does so in one transaction of its own, or, between gw_ledger_begin and _commit, as one
 * step of that transaction which takes effect whole or not at all.
 *
 * Failures: GW_EIO means the disk or the file failed (full, unreadable, damaged). After it the ledger answers nothing
 * but GW_EIO: stop the process and start again, what was committed is there (a failed fsync cannot be repeated
 * soundly).
 *
 * The equation: parts read = sum of the states of the stored rows. The left side is counted in each delivery as its
 * pages are kept, the right side is counted from the rows of the entries themselves.
 */
#ifndef GATEWAY_LEDGER_LEDGER_H
#define GATEWAY_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/study/derive.h"

struct gw_ledger;

#define GW_NOBODY 0 /* the subject number of what belongs to no subject, and of facts several subjects share */

/*
 * Open or create (mode 0600) the file and hold it: WAL, synchronous=FULL, one instance. GW_EBUSY: another instance
 * holds it; GW_ECREATE: it cannot be created (no such folder, no permission); GW_ECONFIG: written by a newer release,
 * or no ledger.
 */
enum gw_status gw_ledger_open(const char *path, struct gw_ledger **out, struct gw_error *err);
/*
 * The same beside the instance that may hold it: to read, and to append what a person decided. Nothing is kept, settled
 * or delivered through it.
 */
enum gw_status gw_ledger_join(const char *path, struct gw_ledger **out, struct gw_error *err);
/*
 * The same for a file that nobody sees before it is done: a first import whose folder appears by one rename (`map`). No
 * log, no journal and no sync until then, half the cache. A crash leaves a file to throw away, and so does any failure:
 * nothing can be taken back, so every call after it is GW_EIO. Whoever renames the file syncs it first.
 */
enum gw_status gw_ledger_build(const char *path, struct gw_ledger **out, struct gw_error *err);
/* So long a call waits for another process that writes (GW_EBUSY then): 30 s, unless something else was said. */
#define GW_LEDGER_PATIENCE_MS 30000u
void gw_ledger_set_patience(struct gw_ledger *ledger, unsigned ms);

void gw_ledger_close(struct gw_ledger *ledger); /* an open transaction is rolled back; NULL does nothing */

/* Group commit: 1,000 entries or 200 ms is the house rule, counted by the caller. Not nested. */
enum gw_status gw_ledger_begin(struct gw_ledger *ledger, struct gw_error *err);
enum gw_status gw_ledger_commit(struct gw_ledger *ledger, struct gw_error *err);
void gw_ledger_rollback(struct gw_ledger *ledger);

/* ---- subjects ---- */

struct gw_ledger_subject {
    int64_t number;
    const char *study;
    const char *site;
    const char *subject_key;
    int64_t revision; /* latest; 0: none yet */
    bool blocked;     /* as of its last settlement */
    bool dirty;       /* to be derived */
    gw_day next_day;  /* of its last derivation; GW_NO_DAY */
    bool purged;      /* its facts are gone, or going: it is never derived again (purge.h) */
};

/*
 * The number of a subject (study and subject_key), made when it is new; it never changes. patient (may be NULL while it
 * is not known) is a logical id at the endpoint; a subject may have one at each of several endpoints.
 */
enum gw_status gw_ledger_enrol(struct gw_ledger *ledger, const char *study, const char *site, const char *subject_key,
                               const char *endpoint, const char *patient, int64_t *number, struct gw_error *err);

/* Whose patient this is in a study; GW_NOBODY when nobody's. */
enum gw_status gw_ledger_patient(struct gw_ledger *ledger, const char *study, const char *endpoint, const char *patient,
                                 int64_t *number, struct gw_error *err);

struct gw_ledger_subjects {
    struct gw_ledger_subject *list; /* by number */
    size_t count;
};
enum gw_status gw_ledger_subjects(struct gw_ledger *ledger, struct gw_arena *arena, struct gw_ledger_subjects *out,
                                  struct gw_error *err);
/* One of them; GW_EINPUT: there is none of this number. */
enum gw_status gw_ledger_subject(struct gw_ledger *ledger, struct gw_arena *arena, int64_t number,
                                 struct gw_ledger_subject *out, struct gw_error *err);

/*
 * Subjects to be derived: marked by gw_ledger_keep in its own transaction, or by hand (a day came, a mapping changed);
 * the mark goes with gw_ledger_settle. `next` is the lowest marked number above `after`, or GW_NOBODY.
 */
enum gw_status gw_ledger_mark(struct gw_ledger *ledger, int64_t subject, struct gw_error *err);
enum gw_status gw_ledger_next_dirty(struct gw_ledger *ledger, int64_t after, int64_t *next, struct gw_error *err);

/* ---- deliveries and cursors ---- */

/* One delivery for each sync and each input of `map`; numbers rise. as_of is YYYY-MM-DD. */
enum gw_status gw_ledger_deliver(struct gw_ledger *ledger, const char *source, const char *as_of, int64_t *number,
                                 struct gw_error *err);

/* How far a query of an endpoint was read. Moved with the page it follows (gw_ledger_keep), or by itself when a span
 * ends. */
struct gw_cursor {
    const char *endpoint;
    int64_t subject; /* GW_NOBODY: not of one subject */
    const char *query;
    const char *low; /* the span asked for: "" unbounded */
    const char *high;
};
enum gw_status gw_ledger_cursor(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_cursor *cursor,
                                const char **watermark, struct gw_error *err); /* NULL: never read */
enum gw_status gw_ledger_move(struct gw_ledger *ledger, const struct gw_cursor *cursor, const char *watermark,
                              struct gw_error *err);

/* ---- the equation ---- */

/* The reason of parts kept and not derived yet; they are held until then. */
#define GW_REASON_NOT_DERIVED "NOT_DERIVED"

/* Of parts that came for a subject whose facts are purged. */
#define GW_REASON_PURGED "PURGED"

struct gw_equation {
    int64_t in;                     /* counted at the door */
    int64_t purged;                 /* of the parts in the states those whose rows are gone (purge.h) */
    int64_t states[GW_STATE_COUNT]; /* counted from the rows */
    int64_t waiting;                /* of those held: kept, not derived yet */
    int64_t sum;                    /* of states: equal to in, or rows were lost */
    int64_t open_items;
    int64_t blocked_subjects;
    int64_t dirty_subjects;
    int64_t pending; /* outbox */
};
enum gw_status gw_ledger_equation(struct gw_ledger *ledger, struct gw_equation *out, struct gw_error *err);

#endif
