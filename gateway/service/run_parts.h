/*
 * The running service in parts. Private to the run*.c files.
 *
 *      run ──> generation ──> hospital ──> watch ──> errand
 *
 * A generation is a configuration in use; a hospital is an endpoint of it with its dispatcher; a watch is one subject
 * at one endpoint and knows when to ask next; an errand is one such asking under way. The loop's thread owns all of it;
 * the jobs of an errand run on the ledger's thread and touch that errand alone, and of the generation what never
 * changes.
 */
#ifndef SERVICE_RUN_PARTS_H
#define SERVICE_RUN_PARTS_H

#include "gateway/ledger/writer.h"
#include "gateway/service/run.h"
#include "gateway/service/savings.h"
#include "gateway/sources/dispatcher.h"
#include "service/agenda.h"
#include "service/learn.h"
#include "service/setup.h"

struct errand;

struct watch {
    uv_timer_t timer; /* until it is due */
    struct hospital *hospital;
    const struct setup_subject *subject;
    size_t link;         /* of the subject's */
    const char *patient; /* NULL: not found yet */
    struct gw_schedule_done done;
    struct gw_schedule_subject course; /* as the schedule sees the subject */
    struct gw_arena memory;            /* of patient and course */
    struct gw_errand next;
    int64_t plain_since; /* from when on plain polling is counted */
    size_t plan_size;    /* requests of the last errand that asked for all; 0: none did yet */
    unsigned failures;   /* in a row */
    bool derive;         /* it must be derived again, whether or not anything is asked */
    int64_t derived;     /* UTC, when that was done last; 0: not since the start */
    struct errand *errand;
    struct watch *next_ready;
    bool ready;
};

struct query_circuit {
    const char *query;
    struct gw_circuit circuit;
};

struct hospital {
    struct gw_run *run;
    struct generation *generation;
    struct setup_endpoint *endpoint;
    struct gw_pull_settings settings; /* of its dispatcher */
    struct gw_circuit circuit;        /* as it was before the start, and so those of its queries */
    struct query_circuit *queries;
    size_t query_count;
    struct gw_dispatcher *dispatcher; /* NULL: the endpoint could not be opened, or it has closed */
    uv_timer_t timer;                 /* before metadata are asked for again */
    struct learning learning;
    bool learnt;
    unsigned learn_failures;
    struct watch *first_ready, **last_ready;
    size_t under_way;
    int64_t last_success; /* UTC; 0: none since the start */
};

struct generation {
    struct gw_run *run;
    struct gw_arena arena; /* of the configuration */
    struct gw_config config;
    struct setup setup;
    struct hospital *hospitals; /* one for each endpoint */
    size_t hospital_count;
    struct watch *watches;
    size_t watch_count;
    size_t open; /* handles and dispatchers that have not closed, errands under way */
    bool closing;
    void (*closed)(struct gw_run *run);
};

struct gw_run {
    struct gw_run_options options;
    const struct gw_world *world;
    struct gw_log *log;
    struct gw_ledger *ledger;
    struct gw_writer *writer;
    struct gw_store_writer store;
    struct gw_dispatch_pool *pool;
    struct generation *generation; /* at work, or closing */
    struct generation *next;       /* loaded, waits for the other to close */
    struct look *look;             /* at the files of the generation */
    uv_timer_t timer;              /* of the looks */
    uv_signal_t signals[3];
    struct gw_run_counts counts;
    size_t open;
    bool made;   /* the ledger is new */
    bool resume; /* what is stopped is tried again */
    bool stopping;
    bool writer_stopping;
    struct gw_error failure;
    gw_run_done done;
    void *ctx;
};

int64_t run_now(const struct gw_run *run);

/* Our disk failed: nothing more is begun, and the service ends with it. */
void run_fail(struct gw_run *run, const struct gw_error *failure);

/* ---- run_generation.c ---- */
enum gw_status generation_load(struct gw_run *run, struct generation **out, struct gw_error *err);
void generation_free(struct generation *generation); /* one that was never opened, or has closed */
/* The ledger is the caller's thread's. */
enum gw_status generation_open(struct generation *generation, struct gw_error *err);
void generation_start(struct generation *generation);
/* Cancels what is under way; closed comes from the loop, and the generation is to be freed then. */
void generation_close(struct generation *generation, void (*closed)(struct gw_run *run));
void generation_part_closed(struct generation *generation); /* the last thing whoever is part of it does */

/* ---- run_look.c: has a file changed that a generation was made of? ---- */
struct look;
struct look *look_new(const struct generation *generation); /* NULL: out of memory */
bool look_changed(struct look *look);
void look_free(struct look *look);

/* ---- run_hospital.c ---- */
enum gw_status hospital_open(struct hospital *hospital, struct gw_error *err);
void hospital_start(struct hospital *hospital);
void hospital_close(struct hospital *hospital);
void hospital_queue(struct hospital *hospital, struct watch *watch); /* it is due */
void hospital_pump(struct hospital *hospital);                       /* begin what is due */

/* ---- run_watch.c ---- */
enum gw_status watch_open(struct watch *watch, struct gw_error *err);
void watch_start(struct watch *watch); /* wait for what is due next */
void watch_close(struct watch *watch);
void watch_derive(struct watch *watch); /* soon, unless it was done a moment ago */

/* ---- run_errand.c ---- */
/* Begin what the watch has next. It ends by itself, and tells errand_ended. */
enum gw_status errand_start(struct watch *watch, struct gw_error *err);
void errand_cancel(struct errand *errand);

/* How an errand ended, for its watch. */
struct errand_end {
    const struct gw_errand *what;
    const struct gw_error *failure; /* NULL: all that was asked for came */
    const struct gw_schedule_done *done;
    const char *patient; /* NULL: not found */
    const struct gw_schedule_subject *course;
    struct gw_savings savings;
    size_t fresh;
    size_t planned; /* requests, when it asked for all; else 0 */
    int64_t began;
};
void watch_ended(struct watch *watch, const struct errand_end *end);

#endif
