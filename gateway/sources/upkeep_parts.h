/*
 * The upkeep of an endpoint's subscriptions in parts. Private to them.
 *
 *      upkeep.c         the endpoint: its time, what rings, catch-ups, beginning and end
 *      upkeep_link.c    one subscription there: its orders, what is asked, what is answered
 *      upkeep_notes.c   what must last: hints and notes in one commit, and their reading at the start
 */
#ifndef SOURCES_UPKEEP_PARTS_H
#define SOURCES_UPKEEP_PARTS_H

#include "gateway/sources/upkeep.h"

enum { UPKEEP_NOTE_MAX = 8192, UPKEEP_RESOURCE_MAX = 64 * 1024 };

/* One subscription at the endpoint. */
struct link {
    struct gw_upkeep *upkeep;
    char *type; /* of a rest-hook; NULL */
    struct gw_subscription state;
    struct gw_text noted;     /* as last given to the ledger */
    unsigned pending;         /* orders to be asked for */
    struct gw_orders events;  /* the range of GW_ORDER_EVENTS */
    struct gw_orders owed;    /* the catch-up that nobody began yet */
    struct gw_orders looking; /* the one that is under way */
    bool is_owed, is_looking;
    bool gone;            /* there is none any more at the server, as it said */
    bool forgotten;       /* its note goes, or went */
    enum gw_order asking; /* 0: nothing is under way */
    bool searching;       /* what is under way looks for one that is there already */
    bool absent;          /* and found none: it may be made */
    uint64_t call;
    struct gw_http_response response;
};

struct gw_upkeep {
    struct gw_upkeep_settings settings; /* texts of ours */
    const struct gw_clock *clock;
    struct link *links; /* the wanted ones, then those that are taken away */
    size_t link_count, wanted_count;
    uv_timer_t timer;
    bool loaded, closing;
    unsigned open; /* the timer, requests, jobs */
    struct gw_upkeep_counts counts;
};

/* What is committed at once. */
struct job {
    struct gw_upkeep *upkeep;
    struct link *link;
    struct gw_arena arena;
    struct gw_hint *hints;
    size_t hint_count, hint_capacity;
    const char *name, *note; /* note NULL: none is left */
    int64_t utc;
    int status; /* to answer with when it is kept */
    gw_upkeep_heard done;
    void *ctx;
};

/* ---- upkeep.c ---- */
int64_t upkeep_now_s(const struct gw_upkeep *upkeep);
void upkeep_arm(struct gw_upkeep *upkeep);
void upkeep_let_go(struct gw_upkeep *upkeep); /* one that held it open is gone: it may be freed */
/* A subscription more, of this type (NULL: a topic's). NULL: no memory. Void when the next is added. */
struct link *upkeep_add(struct gw_upkeep *upkeep, const char *type);
void upkeep_begin(struct gw_upkeep *upkeep); /* its notes were read */

/* ---- upkeep_link.c ---- */
/* Carry out what the state ordered. job: with what was heard, or NULL. */
void link_follow(struct link *link, const struct gw_orders *orders, struct job *job);

/* ---- upkeep_notes.c ---- */
struct job *job_new(struct link *link); /* NULL: no memory */
bool job_add(struct job *job, const struct gw_hint *hint);
void job_submit(struct job *job); /* with the link's note, or without one when it is forgotten; the job is gone then */
void job_refuse(struct job *job); /* it cannot be kept: who waits is told, and a catch-up owed */
void job_free(struct job *job);   /* nothing of it is wanted */
enum gw_status upkeep_load(struct gw_upkeep *upkeep, struct gw_error *err);

#endif
