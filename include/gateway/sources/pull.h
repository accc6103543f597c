/*
 * One pull: every page of one search, from the first request to the last commit.
 *
 *      fetch ──> parse ──> keep ──> next ──> end
 *        └───────── another page ─────┘
 *
 * Facts are kept page by page; the cursor moves with the last page of the walk, so that an interrupted walk starts
 * again from the last watermark and what it kept already is met as a repeat. The watermark is the greatest lastUpdated
 * seen, by the server's clock: never later than the Date of the walk's first answer, never ours.
 *
 * What ends a pull:
 *
 *   GW_EPROTO   no FHIR (a proxy's HTML with status 200); data of another patient than the one asked for, or a self
 *               link without the patient (a server that ignores the filter: nothing of that page is kept); the same
 *               next link again, two pages in a row without a new id, or 10,000 pages; an OperationOutcome of severity
 *               error inside a page; a body cut short
 *   GW_ERETRY   429, 5xx, timeouts; 404 or 410 in the middle of a walk although one day alone was walked
 *   GW_EDENIED, GW_EIO, GW_ECANCELED as in core/error.h
 *
 * A page over the cap is asked for again with half its _count. A walk that ends in 404 or 410 (a paging session that
 * expired) begins again, and after the fourth time with half of its days, then the other half, down to a day. Warnings
 * inside a page are notes, and so is a self link that lacks another parameter than the patient. A search by POST goes
 * on by GET: its next links are addresses.
 *
 * A Medication that was referred to and did not come along is read by itself (one named by an identifier is searched
 * for), once a sync, up to 200 a pull; one that is not there leaves nothing (derivation raises MEDICATION_UNRESOLVED).
 */
#ifndef GATEWAY_SOURCES_PULL_H
#define GATEWAY_SOURCES_PULL_H

#include "gateway/ledger/writer.h"
#include "gateway/net/session.h"
#include "gateway/sources/intake.h"
#include "gateway/sources/plan.h"

#define GW_PULL_PAGE_BYTES   (4u << 20)
#define GW_PULL_PAGES_MAX    10000u
#define GW_PULL_RESTARTS_MAX 3u
#define GW_PULL_READS_MAX    200u

/* Where pages come from: a session, or a test's fake. Promises as in net/http.h; the request as in net/session.h. */
struct gw_web {
    enum gw_status (*ask)(struct gw_web *web, const struct gw_session_request *request,
                          struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                          struct gw_error *err);
    void (*cancel)(struct gw_web *web, uint64_t call);
    const struct gw_gate *gate; /* base and the meaning of links */
};

struct gw_web_session {
    struct gw_web web; /* first */
    struct gw_session *session;
};
void gw_web_session_init(struct gw_web_session *web, struct gw_session *session);

/* Where pages go: the ledger's writer, or a test's fake. done once, later, from the loop; it cannot be cancelled. */
struct gw_store {
    /* The page and all it points to must live until done. *answer's touched list is not filled: subjects are marked. */
    enum gw_status (*keep)(struct gw_store *store, const struct gw_keep_page *page, struct gw_keep_answer *answer,
                           gw_writer_done done, void *ctx, struct gw_error *err);
};

struct gw_store_writer {
    struct gw_store store; /* first */
    struct gw_writer *writer;
};
void gw_store_writer_init(struct gw_store_writer *store, struct gw_writer *writer);

/* One endpoint's, borrowed by all its pulls. */
struct gw_pull_settings {
    struct gw_web *web;
    struct gw_store *store;
    const char *endpoint;
    const char *site;
    const char *invalid_blocks;
    const char *incomplete_blocks; /* these four as in intake.h */
    struct gw_hmac *key;
    int64_t delivery;             /* of this sync */
    const struct gw_clock *clock; /* for the stamp fetched_at; NULL: gw_system_clock */
    struct gw_id_set *seen;       /* Medications had in this sync; NULL: known to this pull alone */
};

struct gw_pull_result {
    size_t requests; /* sent, repeats after a failure too */
    size_t pages;    /* committed */
    size_t entries;  /* kept or ended at the door */
    size_t fresh, repeats, conflicts, door;
    size_t notes;            /* OperationOutcomes inside pages, and a self link that lacks what was asked */
    char note[128];          /* the last of them: "warning incomplete", "ignored: date"; "" none */
    bool incomplete;         /* one of them says that the record may be incomplete */
    size_t patients;         /* of a request for the Patient: how many were found, the right answer being 1 */
    char patient[65];        /* and its id, when it is one */
    size_t unresolved;       /* Medications that are not there */
    bool cut_short;          /* it failed because a body ended early: another try may help, whatever the status */
    int32_t retry_after_s;   /* with GW_ERETRY, as the server asked; 0: it did not */
    enum gw_trouble trouble; /* of a failure: what the endpoint suffers from */
};

/* Ids met, shared by the pulls of one endpoint in one sync. */
struct gw_id_set;
struct gw_id_set *gw_id_set_new(void); /* NULL: out of memory */
void gw_id_set_free(struct gw_id_set *set);
void gw_id_set_clear(struct gw_id_set *set);
bool gw_id_set_has(const struct gw_id_set *set, const char *id);
bool gw_id_set_add(struct gw_id_set *set, const char *id); /* false: out of memory */
size_t gw_id_set_count(const struct gw_id_set *set);

struct gw_pull;

/* The end, once, from the loop; the pull is gone when it returns. failure NULL: walked to the end, cursor moved (unless
 * the request is of a slice). */
typedef void (*gw_pull_done)(void *ctx, const struct gw_pull_result *result, const struct gw_error *failure);

/*
 * Start. The request and what it points to, and the settings, are borrowed until done. Refused with a status and no
 * callback: GW_ENOMEM. *out may be kept for gw_pull_cancel until done.
 */
enum gw_status gw_pull_start(uv_loop_t *loop, const struct gw_pull_settings *settings, const struct gw_request *request,
                             gw_pull_done done, void *ctx, struct gw_pull **out, struct gw_error *err);

/* done comes soon, with GW_ECANCELED unless it ended otherwise meanwhile. Pages kept stay. */
void gw_pull_cancel(struct gw_pull *pull);

#endif
