/*
 * A bulk export of one endpoint: FHIR Bulk Data `$export`, from the request to the last file in the ledger.
 *
 *      recall ──> ask ──> poll ──> list ──> load ──> close ──> dismiss ──> end
 *        │                 └ 202 ┘           ├ download, download, ...
 *        └── after a restart: where it was ─>└ read one file after the other
 *
 * One call is one job: the one that a restart interrupted, else the next that is due, else none. What the chain must
 * know again are notes of the ledger, written before it goes on (spaces "bulk", "bulk.file.<endpoint>",
 * "bulk.mark.<endpoint>"): the job before its status URL is used, the files before the first is fetched, a file as
 * spooled after its bytes are synced and renamed, as read after its last page is committed and before the spool file is
 * deleted. A restart therefore asks for no second export and downloads no finished file twice; a file whose reading was
 * interrupted is read again from the start, which the ledger meets as repeats. (Killed between the server's 202 and our
 * note of it, nobody can know the job's URL: it is asked for anew, and the server forgets the first one by itself.)
 *
 * What is asked for, in this order:
 *   - types that were never exported completely: without _since;
 *   - types for which someone is enrolled who was not at the last complete export, as _since would keep that person's
 *     history away: without _since; with by_patient for these people alone;
 *   - the rest with _since = the last transactionTime, verbatim, types of one transactionTime together.
 * Each type is asked for once in every_hours. A type that the server refuses with 400 is left out and told; one that
 * the token lacks the scope for is left out and incomplete, as nobody knows what there is of it.
 *
 * Partial success: where a file is lost (404 or 410 also after a new manifest), shorter than its count, or cut in its
 * last line, or an OperationOutcome of the export says error, its type is incomplete: what came is kept, the
 * transactionTime of that type does not advance, and the next export asks from before. An error that names no type
 * counts for all of them, and so does a transactionTime in the server's own future. A _since that is refused with 400
 * is left out: everything is asked for.
 *
 * A deletion in a `deleted` file changes nothing by itself: the record stays, and where the ledger holds it a person is
 * told (SOURCE_DELETED). People who are not enrolled are counted, by type and page, and nothing else is kept of them.
 *
 * Links: the status URL, files and further manifests pass the endpoint's gate; other origins only where allow_origins
 * names them, and no token goes there. A redirect of a download (Cerner: 307 to its storage) is followed up to three
 * times under the same rule; redirects of anything else are refused.
 *
 * Failures: GW_ERETRY the server is away or busy for longer than this call waits, retry_after_s says what it asked for:
 * call again and the job goes on. GW_EPROTO, GW_EDENIED, GW_ECONFIG say what to do; GW_EIO our disk.
 *
 * Source: HL7 Bulk Data Access IG STU1, STU2, STU3.
 */
#ifndef GATEWAY_SOURCES_BULK_H
#define GATEWAY_SOURCES_BULK_H

#include "gateway/sources/notebook.h"
#include "gateway/sources/pull.h"

#define GW_BULK_POLL_FIRST_S   5u /* without Retry-After, then doubling */
#define GW_BULK_POLL_MAX_S     300u
#define GW_BULK_JOB_S          259200    /* 3 days from the request: then it is given up and asked for anew */
#define GW_BULK_RESTARTS_MAX   2u        /* of a job that the server lost or gave up */
#define GW_BULK_TRIES_MAX      5u        /* of one step that fails in passing, or of one file */
#define GW_BULK_FILE_TOTAL_MS  21600000u /* 6 h */
#define GW_BULK_MANIFEST_BYTES (32u << 20)

enum gw_bulk_level {
    GW_BULK_GROUP,   /* Group/<id>/$export */
    GW_BULK_PATIENT, /* Patient/$export */
    GW_BULK_SYSTEM,  /* $export */
};

struct gw_bulk_member {
    int64_t subject;
    const char *patient; /* logical id at the endpoint; NULL: not known yet */
};

/* Borrowed until done. */
struct gw_bulk_settings {
    struct gw_web *web;
    struct gw_store *store;
    struct gw_notebook *notebook;
    const struct gw_intake *intake; /* used on a thread of the chain's own: its key and whose are for nobody else */
    const struct gw_clock *clock;   /* NULL: gw_system_clock */
    int64_t delivery;
    const char *spool; /* folder, made when missing (not its parents): the hospital's side */
    enum gw_bulk_level level;
    const char *group; /* id, with GW_BULK_GROUP */
    bool by_patient;   /* name the enrolled patients, by POST (STU2, STU3): only their data come. Who has no id yet is
                          left out until then */
    unsigned every_hours; /* 0: 24 */
    unsigned concurrent;  /* downloads at once; 0: 3 */
    const enum gw_resource *types;
    size_t type_count;
    const struct gw_bulk_member *members; /* nobody: nothing is asked */
    size_t member_count;
};

struct gw_bulk_type {
    enum gw_resource type;
    char as_of[48]; /* the transactionTime up to which it is complete, for everyone enrolled; "" never */
    bool refused;   /* by the server, at the last request */
};

struct gw_bulk_result {
    bool idle;      /* nothing was due and nothing was asked */
    bool resumed;   /* a job of an earlier call went on */
    bool partial;   /* some type of this job is incomplete */
    int64_t wait_s; /* until a job is due; 0: another one is now. Nothing with a failure */
    int32_t retry_after_s;
    size_t requests;
    size_t files;                                    /* read */
    size_t lost;                                     /* files that could not be had whole */
    uint64_t bytes;                                  /* downloaded */
    size_t entries, fresh, repeats, conflicts, door; /* entries of people not enrolled count one each */
    size_t invalid;                                  /* held at the door */
    size_t mistyped;                                 /* of another type than their file's */
    size_t deletions;                                /* told by the source */
    size_t outcomes;                                 /* OperationOutcomes of the export */
    char note[128]; /* the last of these, "error processing", or the scope that a type lacks; "" none */
    const struct gw_bulk_type *types; /* all that are wanted, during the call */
    size_t type_count;
};

/* Where it stands, for an operator. */
struct gw_bulk_view {
    const char *step;   /* "poll" */
    char progress[128]; /* what the server said last (X-Progress), printable; "" nothing */
    size_t files, read; /* of this job */
    uint64_t bytes;     /* downloaded since the start */
    unsigned polls;
};

struct gw_bulk;

/* The end, once, from the loop; the chain is gone when it returns. */
typedef void (*gw_bulk_done)(void *ctx, const struct gw_bulk_result *result, const struct gw_error *failure);

enum gw_status gw_bulk_start(uv_loop_t *loop, const struct gw_bulk_settings *settings, gw_bulk_done done, void *ctx,
                             struct gw_bulk **out, struct gw_error *err);
/* done comes soon, with GW_ECANCELED unless it ended otherwise meanwhile. The job goes on with the next start. */
void gw_bulk_cancel(struct gw_bulk *bulk);
void gw_bulk_look(const struct gw_bulk *bulk, struct gw_bulk_view *out);
/* A thread of its own is at work: on a virtual clock no time may pass meanwhile. */
bool gw_bulk_at_work(const struct gw_bulk *bulk);

#endif
