/*
 * A bulk export in parts: what its files share.
 *
 *      bulk.c          the loop of steps, its life, what a failure means, the loading
 *      bulk_kickoff.c  ask, answer
 *      bulk_listing.c  poll, status, list
 *      bulk_notes.c    what is written down, and read again
 */
#ifndef SOURCES_BULK_PARTS_H
#define SOURCES_BULK_PARTS_H

#include "gateway/sources/bulk.h"
#include "sources/bulk_load.h"

enum step { RECALL, CHOOSE, ASK, ANSWER, POLL, STATUS, LIST, LOAD, LOADED, DISMISS, FORGET, END };

enum space { JOBS, MARKS, FILES, SPACES };

struct changes { /* notes to be written together */
    struct gw_note_change *list;
    size_t count, capacity;
};

struct gw_bulk {
    uv_loop_t *loop;
    uv_timer_t timer;            /* of waits, and carries the start and the end out to the loop */
    struct gw_bulk_settings own; /* the caller's, with a clock in any case */
    const struct gw_bulk_settings *settings;
    const struct gw_clock *clock;
    gw_bulk_done done;
    void *ctx;

    enum step step;
    unsigned waiting; /* operations under way */
    bool pausing, in_flight, cancelled;
    uint64_t call;
    struct gw_error err;

    struct gw_arena arena; /* of all that is known about the job */
    const char *spaces[SPACES];
    struct gw_ledger_notes notes[SPACES];
    struct changes changes;

    struct bulk_job job;
    struct bulk_mark *marks; /* of each type, as in settings */
    struct bulk_files files;

    struct gw_text url; /* being asked */
    struct gw_text body;
    struct gw_http_response response;
    struct gw_error transfer; /* status GW_OK: an answer came */
    unsigned tries;           /* of this step that failed in passing, in a row */
    unsigned polls;           /* that found the job under way, in a row */
    unsigned renewals;

    struct gw_id_set *pages; /* manifests asked for in this listing */
    struct bulk_entry *listed;
    size_t listed_count, listed_capacity;
    const char *as_of; /* of this listing */
    bool requires_token, ahead;

    struct bulk_load *load;
    bool stale;
    char progress[128];
    struct gw_bulk_type *types;
    struct gw_bulk_result result;
};

/* ---- bulk.c ---- */

void bulk_run(struct gw_bulk *b);
int64_t bulk_now(const struct gw_bulk *b); /* UTC seconds */
enum step bulk_no_memory(struct gw_bulk *b);
enum step bulk_wait_then(struct gw_bulk *b, uint64_t ms, enum step then);
enum step bulk_ask_web(struct gw_bulk *b, const struct gw_session_request *request, enum step then);
bool bulk_may_pass(const struct gw_bulk *b);
enum step bulk_try_again(struct gw_bulk *b, const struct gw_error *failure, enum step then);
enum step bulk_start_anew(struct gw_bulk *b, const char *reason);
enum step bulk_give_up(struct gw_bulk *b, const struct gw_error *failure);
enum step bulk_end_with(struct gw_bulk *b, const struct gw_error *failure);

/* ---- bulk_kickoff.c ---- */

enum step bulk_ask(struct gw_bulk *b);
enum step bulk_answer(struct gw_bulk *b);

/* ---- bulk_listing.c ---- */

enum step bulk_poll(struct gw_bulk *b);
enum step bulk_status(struct gw_bulk *b);
enum step bulk_list(struct gw_bulk *b);

/* ---- bulk_notes.c ---- */

void bulk_on_noted(void *ctx, const struct gw_error *failure);
bool bulk_change(struct gw_bulk *b, enum space space, const char *name, const struct gw_text *text); /* NULL: forget */
bool bulk_change_job(struct gw_bulk *b);
bool bulk_forget_files(struct gw_bulk *b);
enum step bulk_write_notes(struct gw_bulk *b, bool fine, enum step then);
const char *bulk_note_of(const struct gw_ledger_notes *notes, const char *name);
bool bulk_read_files(struct gw_bulk *b);
void bulk_read_marks(struct gw_bulk *b);
bool bulk_forget_noted(struct gw_bulk *b);

#endif
