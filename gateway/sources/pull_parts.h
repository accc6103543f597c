/*
 * A pull in parts: what its files share.
 *
 *      pull.c         the loop of steps: parse, keep, next; its life
 *      pull_fetch.c   fetch, judge
 */
#ifndef SOURCES_PULL_PARTS_H
#define SOURCES_PULL_PARTS_H

#include "gateway/sources/pull.h"
#include "sources/page.h"
#include "sources/slice.h"
#include "sources/walk.h"

enum step { FETCH, JUDGE, PARSE, KEEP, NEXT, END };

struct answer {
    struct gw_http_response response;
    struct gw_text url;
    bool post;               /* the pull's form goes with it */
    struct gw_error failure; /* status GW_OK: a whole answer came */
};

struct gw_pull {
    uv_timer_t timer; /* carries the start and the end out to the loop */
    const struct gw_pull_settings *settings;
    const struct gw_request *request;
    gw_pull_done done;
    void *ctx;

    enum step step;
    unsigned waiting; /* operations under way */
    bool cancelled;
    struct gw_error err;

    struct answer answers[2];
    unsigned current; /* the answer at hand */
    unsigned flying;  /* the answer a request is under way for */
    bool in_flight;
    uint64_t call;
    const char *medication; /* read by its id; NULL: a page of the search */

    struct gw_arena arena; /* of the page at hand: what the ledger is given, apart from the bytes */
    struct page page;
    struct walk walk;
    struct gw_id_set *own_seen; /* when the settings bring none */
    struct gw_id_set *seen;
    size_t reads;
    unsigned count; /* _count of this walk */
    unsigned restarts;
    struct slice slice;   /* of the days, walked at hand */
    struct gw_text query; /* of the walk's first URL, or its form */

    struct gw_keep_page batch;
    struct gw_keep_answer kept;
    char watermark[INSTANT_BYTES];
    char *source; /* "https://fhir.example.org/r4/" */
    char *broken; /* "https://fhir.example.org/r4/Observation" */
    struct gw_pull_result result;
};

/* ---- pull.c ---- */

void pull_run(struct gw_pull *p);
enum gw_status pull_no_memory(struct gw_error *err);
struct answer *pull_answer(struct gw_pull *p); /* at hand */

/* ---- pull_fetch.c ---- */

enum step pull_begin(struct gw_pull *p); /* a walk: the request's first URL, for the first time or again */
enum step pull_start_fetch(struct gw_pull *p, unsigned which, enum step then);
enum step pull_fetch(struct gw_pull *p);
enum step pull_judge(struct gw_pull *p);
enum step pull_ask_for_less(struct gw_pull *p);

#endif
