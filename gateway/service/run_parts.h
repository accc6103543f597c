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
#include "gateway/service/door.h"
#include "gateway/service/health.h"
#include "gateway/service/run.h"
#include "gateway/service/savings.h"
#include "gateway/sources/bulk.h"
#include "gateway/sources/dispatcher.h"
#include "gateway/sources/folder.h"
#include "service/agenda.h"
#include "service/circuits.h"
#include "service/courier.h"
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
    unsigned failures;   /* of errands, in a row */
    int64_t retry_at;    /* UTC; not before, after one of them */
    bool derive;         /* it must be derived again, whether or not anything is asked */
    int64_t in_vain_at;  /* UTC, when that was tried last and could not be done; 0: it could */
    int64_t hinted_at;   /* UTC, by the last round over the hints */
    bool catching_up;    /* as one of all at its endpoint */
    struct errand *errand;
    struct watch *next_ready;
    bool ready;
};

struct meter {         /* counts what goes out to an endpoint */
    struct gw_web web; /* first */
    struct hospital *hospital;
};

struct hospital {
    struct gw_run *run;
    struct generation *generation;
    struct setup_endpoint *endpoint;
    struct meter meter;
    struct gw_pull_settings settings; /* of its dispatcher */
    struct circuits circuits;         /* as they were before the start */
    struct gw_dispatcher *dispatcher; /* NULL: the endpoint could not be opened, or it has closed */
    uv_timer_t timer;                 /* before metadata are asked for again */
    struct learning learning;
    bool learnt;
    unsigned learn_failures;
    struct watch *first_ready, **last_ready;
    size_t ready; /* of them */
    size_t under_way;
    struct exporter *export;  /* NULL: none */
    struct intray *intray;    /* NULL: it is no folder */
    struct gw_upkeep *upkeep; /* NULL: it tells nothing by itself */
    bool subscribed;          /* subscriptions were made there, by these settings or earlier ones */
    size_t catching_up;       /* watches */
    int64_t last_success;     /* UTC; 0: none since the start */
};

struct delivery { /* to the study database of a study, where that is elsewhere */
    struct generation *generation;
    const struct setup_study *study;
    struct courier *courier;                   /* NULL: it has closed */
    enum courier_state told;                   /* in the log */
    uint64_t counted_batches, counted_refused; /* in the metrics */
    size_t recalled, held;                     /* subjects, in the log */
};

struct generation {
    struct gw_run *run;
    struct look *look;     /* at the files it was made of */
    struct gw_arena arena; /* of the configuration */
    struct gw_config config;
    struct setup setup;
    struct hospital *hospitals; /* one for each endpoint */
    size_t hospital_count;
    struct watch *watches;
    size_t watch_count;
    struct delivery *deliveries;
    size_t delivery_count;
    bool held_back;  /* the outbox is full: nothing is asked for */
    size_t open;     /* handles and dispatchers that have not closed, errands under way */
    size_t fetching; /* rosters */
    bool closing;
    void (*closed)(struct gw_run *run);
};

struct ground { /* what stays as it was at the start */
    struct gw_arena arena;
    const char *state, *listen; /* listen NULL: nobody is listened to */
    const char *const *hosts;
    size_t host_count;
    uint8_t key[GW_SHA256_BYTES]; /* of the pseudonym key: a digest */
};

struct door {                     /* what others may ask of us */
    struct gw_listener *listener; /* NULL: nobody was to be listened to */
    struct gw_doorbell *bell;
    struct gw_health health;
    struct gw_metrics metrics;
};

struct gw_run {
    struct gw_run_options options;
    const struct gw_world *world;
    struct gw_log *log;
    int64_t sealed; /* rows of the audit trail that the last checkpoint in the log counts */
    struct gw_ledger *ledger;
    struct gw_writer *writer;
    struct gw_store_writer store;
    struct gw_notebook_writer notebook;
    struct gw_deliveries_writer deliveries;
    struct gw_dispatch_pool *pool;
    struct generation *generation; /* at work, or closing; NULL: none could be opened, it is tried again */
    struct generation *next;       /* loaded, waits for the other to close */
    uv_timer_t timer;              /* of the looks */
    uv_timer_t drain;              /* of an end */
    uv_signal_t signals[3];
    struct ground ground;
    struct door door;
    struct gw_run_counts counts;
    size_t open;
    unsigned looks;
    uint64_t look_at; /* monotonic ms, of the next one */
    int64_t marked;   /* the subject that was the last to be found marked */
    bool resume;      /* what is stopped is tried again */
    bool relinked;    /* a subject has other linked patients than the generation knows */
    bool purging;   /* a job of retention is under way */
    bool stopping;
    bool writer_stopping;
    bool hints_busy, hints_again; /* a round over them is under way; another is wanted */
    struct gw_error failure;
    gw_run_done done;
    void *ctx;
};

/* So long the loop's thread waits at most for somebody who writes to the ledger beside the service: it must hear that
 * it is to end. */
#define RUN_PATIENCE_MS 900u

int64_t run_now(const struct gw_run *run);

/* A person linked a patient to a subject, or took that back: a new generation asks about whom it concerns. */
void run_relink(struct gw_run *run);

/* If our disk failed (GW_EIO): nothing more is begun, and the service ends with it. Any other failure, or NULL, is
 * none of its concern. */
void run_fail(struct gw_run *run, const struct gw_error *failure);

/* ---- run_ground.c ---- */
enum gw_status ground_keep(struct ground *ground, const struct gw_config *config, struct gw_error *err);
/* GW_ECONFIG: this configuration wants another; or why its key cannot be read. */
enum gw_status ground_stays(const struct ground *ground, const struct gw_config *config, struct gw_error *err);

/* ---- run_door.c ---- */
#define GW_DOOR_DRAIN_MS 2000u
enum gw_status run_door_open(struct gw_run *run, struct gw_error *err);        /* as the first generation says */
enum gw_status run_door_name(struct gw_run *run, struct gw_error *err);        /* the endpoints of a new generation */
void run_door_due(struct gw_run *run);                                         /* how much can be worked on now */
void run_door_count(struct gw_run *run);                                       /* numbers of the ledger, by a job */
void run_door_close(struct gw_run *run, void (*closed)(void *ctx), void *ctx); /* it was open */
void run_door_release(struct gw_run *run);

/* ---- run_meter.c ---- */
void meter_init(struct meter *meter, struct hospital *hospital);

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
struct look *look_new(const char *config); /* before the configuration is read. NULL: out of memory */
bool look_follow(struct look *look, const struct gw_config *config); /* before its files are read. false: no memory */
bool look_changed(struct look *look);
void look_free(struct look *look);

/* ---- run_courier.c: study databases that are elsewhere ---- */
void couriers_start(struct generation *generation); /* the writer is at work */
void couriers_wake(struct generation *generation);  /* something may wait */
void couriers_close(struct generation *generation);

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
void watch_derive(struct watch *watch); /* soon, unless it was tried in vain a moment ago */
void watch_failed(struct watch *watch); /* what it has next could not even begin: later */

/*
 * All of it was read as of an instant, by an export or a file: a job writes it down, then the watch knows it. The mark
 * is made by the loop, before: the job must not look at what the loop may change meanwhile.
 */
struct read_mark {
    struct watch *watch;
    gw_day low, high;
};
struct read_mark watch_mark(struct watch *watch);
enum gw_status watch_mark_read(const struct read_mark *mark, struct gw_ledger *ledger, int64_t as_of,
                               struct gw_error *err);
void watch_was_read(const struct read_mark *mark, int64_t as_of);

/* ---- run_roster.c: rosters ---- */
void rosters_look(struct gw_run *run); /* a changed one is a changed file, and that is noticed as any other is */
void rosters_tell(struct gw_run *run, const struct setup *before, const struct setup *after); /* in the log */

/* ---- run_retention.c: what is kept of studies that have closed ---- */
void retention_look(struct gw_run *run); /* by jobs, one after the other */
void orders_look(struct gw_run *run);    /* by a job; they are begun where there are some */

/* ---- run_marked.c: subjects that a person decided about beside us ---- */
void marked_look(struct gw_run *run); /* by a job; they are derived again */

/* ---- run_trail.c: the audit trail ---- */
void trail_seal(struct gw_run *run);      /* by a job */
void trail_end(const struct gw_run *run); /* the ledger is ours */

/* ---- run_hints.c: what hospitals tell by themselves ---- */
void hints_look(struct gw_run *run);
void hints_caught_up(struct watch *watch); /* it was looked at, all of it */
enum gw_status subscriptions_recall(struct generation *generation, struct gw_error *err); /* the ledger is ours */
enum gw_status upkeep_open(struct hospital *hospital, struct gw_error *err);
enum gw_status upkeep_ring(struct gw_run *run, struct gw_error *err); /* the doorbell rings for this generation */

/* ---- run_export.c: bulk exports ---- */
struct exporter;
enum gw_status export_start(struct hospital *hospital, size_t endpoint, struct gw_error *err);
void export_close(struct exporter *export);         /* its parts close; then it is to be freed */
void export_free(struct exporter *export);          /* NULL is nothing */
bool export_at_work(const struct exporter *export); /* on a thread of its own */

/* ---- run_folder.c: a folder that a hospital puts files into ---- */
struct intray;
enum gw_status intray_start(struct hospital *hospital, size_t endpoint, struct gw_error *err);
void intray_close(struct intray *intray);
void intray_free(struct intray *intray);
bool intray_at_work(const struct intray *intray);

/* ---- run_errand.c ---- */
/* Begin what the watch has next. It ends by itself, and tells watch_ended. */
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
    size_t fresh, repeats, pages, entries;
    size_t planned; /* requests, when it asked for all; else 0 */
    size_t batches; /* delivered to a study database here */
    bool relinked;  /* its derivation knows other linked patients than its generation */
    bool unread;    /* it could not be derived: an endpoint of its site was never read */
    int64_t began;
};
void watch_ended(struct watch *watch, const struct errand_end *end);

#endif
