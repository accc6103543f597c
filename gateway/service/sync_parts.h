/*
 * One sync in parts. Private to the sync*.c files.
 *
 *      open ──> learn ──> identify ──> anchors ──> spans ──> rest ──> close the day ──> pass
 *                         └────────── pulls ─────────┘                └ horizons, marks
 *
 * The ledger has one owner at a time: the writer while pulls run, the caller's thread between them and from then on, so
 * that derivation and delivery never keep the loop from its sockets: nothing runs on it then.
 */
#ifndef SERVICE_SYNC_PARTS_H
#define SERVICE_SYNC_PARTS_H

#include <uv.h>

#include "gateway/service/sync.h"
#include "gateway/sources/scheduler.h"
#include "service/remembered.h"

#define SYNC_MEMORY (1u << 30) /* of settings and rosters, and again of the requests of one stage */

struct sync_study {
    const struct gw_config_study *config;
    struct gw_protocol protocol;
    struct gw_roster roster;
    struct gw_hmac *key;
    struct gw_sink *sink;
    const char **codes; /* "system|code" of every laboratory row */
    size_t code_count;
    const char **before_codes; /* of these, those that count from before a subject's span */
    size_t before_count;
    char digest[DERIVED_DIGITS + 1]; /* of package, tables and release */
};

struct sync_site { /* a hospital as one study sees it */
    const struct sync_study *study;
    const char *id;
    const struct gw_site *site;
    gw_day as_of;
    char digest[DERIVED_DIGITS + 1]; /* of the profile and the study's */
};

struct sync_link { /* a subject at one endpoint of its site */
    size_t endpoint;
    const char *patient; /* NULL: not found */
    size_t open;         /* requests of this sync that have not succeeded, and stages never asked */
    bool asked;
};

struct sync_subject {
    struct sync_study *study;
    const struct sync_site *site;
    const struct gw_roster_line *line;
    int64_t number;
    bool anchored;
    gw_day low, high; /* when anchored */
    struct sync_link *links;
    size_t link_count;
    bool ready; /* every endpoint of its site is read up to the day: derive it */
};

struct sync_endpoint {
    const struct gw_config_endpoint *config;
    struct gw_profile profile;
    struct gw_session *session;
    struct gw_web_session web;
    struct gw_store_writer store;
    struct gw_id_set *seen;
    struct gw_pull_settings settings;
    bool asked; /* selected */
    struct gw_sync_endpoint *result;
};

struct sync {
    const struct gw_sync_options *options;
    const struct gw_config *config;
    struct gw_sync_result *result;
    struct gw_arena *results; /* the caller's */
    struct gw_arena arena;    /* of the whole sync */
    struct gw_arena requests; /* of one stage */
    struct sync_study *studies;
    size_t study_count;
    struct sync_site *sites;
    size_t site_count, site_capacity;
    struct sync_subject *subjects;
    size_t subject_count;
    struct sync_endpoint *endpoints; /* as configured */
    size_t endpoint_count;
    struct gw_ledger *ledger;
    int64_t delivery;
    char now[GW_INSTANT_BYTES];
    int64_t now_seconds;
    uv_loop_t loop;
    bool loop_open;
};

/* Studies, sites, rosters, keys; then the ledger (which is the lock of the state folder), sinks, enrolment, sessions.
 */
enum gw_status sync_open(struct sync *sync, struct gw_error *err);
void sync_close(struct sync *sync);

/* sync_learn.c: what endpoints that were never checked say they offer. An endpoint's failure is its result's. */
enum gw_status sync_learn(struct sync *sync, struct gw_error *err);

enum sync_stage {
    SYNC_IDENTIFY, /* Patients by record number */
    SYNC_ANCHORS,  /* what D1 is found from */
    SYNC_SPAN,     /* the rest */
};

/* Ask all endpoints what the stage wants of their subjects. An endpoint's failure is its result's, not ours. */
enum gw_status sync_pull(struct sync *sync, enum sync_stage stage, struct gw_error *err);

#endif
