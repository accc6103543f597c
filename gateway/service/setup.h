/*
 * A configuration in use: studies, sites, rosters and endpoints as they were loaded, enrolled in the ledger and ready
 * to be asked. `sync` makes one and is done; `run` makes another whenever a file it came from has changed. Nothing in
 * it changes while it is in use but what a subject's round learns of that subject. Private to the service room.
 *
 *      setup_load     files only: a mistake in one of them is found before anything is given up
 *      setup_open     keys, sinks, enrolment; then the endpoints' sessions
 *      setup_close    from the loop's thread, with nothing under way
 */
#ifndef SERVICE_SETUP_H
#define SERVICE_SETUP_H

#include <uv.h>

#include "gateway/ledger/ledger.h"
#include "gateway/service/config.h"
#include "gateway/service/protocol.h"
#include "gateway/service/world.h"
#include "gateway/sinks/sink.h"
#include "gateway/study/roster.h"
#include "gateway/study/site.h"
#include "service/remembered.h"

#define SETUP_MEMORY (1u << 30) /* of settings and rosters */

struct setup_study {
    const struct gw_config_study *config;
    struct gw_protocol protocol;
    struct gw_roster roster;
    struct gw_hmac *key;
    struct gw_sink *sink; /* NULL: its study database is elsewhere, and has a courier */
    const char **codes;   /* "system|code" of every laboratory row */
    size_t code_count;
    const char **before_codes; /* of these, those that count from before a subject's span */
    size_t before_count;
    char digest[DERIVED_DIGITS + 1]; /* of package, tables and release */
};

struct setup_site { /* a hospital as one study sees it */
    const struct setup_study *study;
    const char *id;
    const struct gw_site *site;
    char digest[DERIVED_DIGITS + 1]; /* of the profile and the study's */
};

struct setup_link { /* a subject at one endpoint of its site; a patient merged with it has a link of its own */
    size_t endpoint;
    const char *key;     /* names what is remembered of it: the endpoint's id, or "hm-ehr of 1a2b3c4d5e6f7081" */
    const char *chart;   /* as in gw_span; NULL: the roster's patient */
    const char *patient; /* NULL: not found */
    size_t open;         /* requests that have not succeeded, and stages never asked */
    bool asked;
    bool changes;         /* some request was for what changed since a watermark alone */
    size_t planned, sent; /* requests */
};

struct setup_subject {
    struct setup_study *study;
    const struct setup_site *site;
    const struct gw_roster_line *line;
    int64_t number;
    bool anchored;
    gw_day low, high; /* when anchored */
    gw_day as_of;     /* the day it is read up to: today in the site's zone, or the day asked for if that is earlier */
    struct setup_link *links;
    size_t link_count;
    const struct gw_linked *linked; /* whom a person linked, as of setup_open: some of the links come from it */
    size_t linked_count;
    bool closed;   /* the last day of its study has passed: see setup_date */
    bool stopped;  /* consent was withdrawn, or the study closed, and it was read before: nothing is asked any more */
    bool left_out; /* what is asked again is about others */
    bool waits;    /* of what is asked again: records came before, and a reading that it waits for did not end */
    bool ready;    /* every endpoint of its site is read up to the day: derive it */
};

struct setup_endpoint {
    const struct gw_config_endpoint *config;
    const struct gw_config_folder
        *folder; /* it is a folder: nothing is asked, and of config id and sites alone stand */
    struct gw_profile profile;
    struct gw_web *web; /* NULL: not opened */
    struct gw_id_set *seen;
    struct gw_pull_settings settings; /* store and delivery are set by who asks */
    bool asked;                       /* selected */
    struct gw_error failure;          /* why it could not be opened; status GW_OK: it could */
};

struct setup {
    const struct gw_config *config;
    const struct gw_world *world;
    struct gw_arena arena;
    struct setup_study *studies;
    size_t study_count;
    struct setup_site *sites;
    size_t site_count;
    struct setup_subject *subjects;
    size_t subject_count;
    struct setup_endpoint *endpoints; /* as configured; behind them the folders, where they are wanted */
    size_t endpoint_count;
    struct gw_ledger *ledger; /* borrowed from setup_open on */
    struct gw_hmac *key;      /* of what is read on the loop; the studies' own are the ledger's thread's */
};

/*
 * only: the one endpoint to be asked; NULL: all. folders: watched folders are endpoints too. GW_ECONFIG names the file
 * and the place; GW_EUSAGE: no such endpoint.
 */
enum gw_status setup_load(struct setup *setup, const struct gw_config *config, const char *only, bool folders,
                          const struct gw_world *world, struct gw_error *err);

/*
 * The pseudonym keys, which setup_open opens too unless this has. GW_ECONFIG: they are missing, or cannot be read.
 */
enum gw_status setup_keys(struct setup *setup, struct gw_error *err);

/* The state folder and the ledger in it, which is the lock of the folder; for a new one a missing pseudonym key is
 * made. */
enum gw_status setup_ledger(const struct gw_config *config, struct gw_ledger **out, struct gw_error *err);

/*
 * An endpoint that cannot be opened (a key that cannot be read, a CA that is not there) has its failure and stops no
 * other.
 */
enum gw_status setup_open(struct setup *setup, struct gw_ledger *ledger, struct gw_error *err);

/* Also after a failure of the above. Sessions end on the loop, which the caller runs. */
void setup_close(struct setup *setup);

/* A subject's day is its site's today at this instant, or as_of if that is earlier (GW_NO_DAY: it is not); in a study
 * that has closed its last day at most. */
void setup_date(struct setup_subject *subject, int64_t now, gw_day as_of);

/* What the study wants of an endpoint, for the plan. */
struct gw_wanted setup_wanted(const struct setup_study *study, const struct gw_config_endpoint *endpoint);

#endif
