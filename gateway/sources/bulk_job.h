/*
 * One job of a bulk export as a plain value: what is asked for, where it stands, how it is written into notes. Pure.
 */
#ifndef SOURCES_BULK_JOB_H
#define SOURCES_BULK_JOB_H

#include "gateway/sources/bulk.h"
#include "sources/bulk_manifest.h"

enum bulk_state {
    BULK_ASKING,  /* no answer yet */
    BULK_WAITING, /* it has a status URL */
    BULK_LOADING, /* its files are listed */
    BULK_ENDING,  /* all is read; the server may forget it */
};

enum bulk_scope {
    BULK_ALL,   /* everything of everyone */
    BULK_NEW,   /* everything of some people, by name */
    BULK_SINCE, /* what changed */
};

struct bulk_types {
    bool of[GW_RESOURCE_COUNT];
};

struct bulk_numbers { /* subjects, ascending */
    int64_t *list;
    size_t count;
};

struct bulk_job {
    enum bulk_state state;
    enum bulk_scope scope;
    struct bulk_types types;
    struct bulk_types refused;   /* by the server: it has none of them */
    struct bulk_types ungranted; /* for want of a scope: what there is of them stays unknown */
    const char *since;           /* NULL: none */
    struct bulk_numbers members; /* for whom it is complete when it is */
    int64_t asked;               /* UTC seconds */
    unsigned restarts;
    const char *status_url; /* from WAITING on */
    const char *as_of;      /* transactionTime, from LOADING on */
    bool requires_token;
    bool ahead; /* the transactionTime lies in the server's future: no type is complete as of it */
};

/* How far one type was had. */
struct bulk_mark {
    const char *as_of; /* NULL: never whole */
    int64_t tried;     /* when a job with it ended; 0: never */
    int64_t tried_new; /* the same for BULK_NEW */
    bool refused;
    struct bulk_numbers members; /* whose history is in it */
};

enum bulk_progress {
    BULK_LISTED,
    BULK_SPOOLED, /* its bytes lie in the spool folder, synced */
    BULK_READ,
    BULK_LOST,
};

struct bulk_file {
    enum bulk_kind kind;
    enum bulk_progress progress;
    const char *type;
    const char *url;
    int64_t count;            /* by the manifest; -1 */
    int64_t lines;            /* that came; with SPOOLED and READ */
    bool cut;                 /* its last line is no whole resource */
    bool all;                 /* it shows that every type is incomplete */
    struct bulk_types flawed; /* types it shows to be incomplete */
};

/* ---- what is next ---- */

/*
 * The next job by what is known of each type (marks in the order of settings->types), or false with *wait_s until one
 * is due. The job is in state ASKING; its members are those enrolled now, or the newcomers alone with BULK_NEW.
 * GW_ENOMEM.
 */
enum gw_status bulk_choose(struct gw_arena *arena, const struct gw_bulk_settings *settings,
                           const struct bulk_mark *marks, int64_t now, struct bulk_job *out, bool *due, int64_t *wait_s,
                           struct gw_error *err);

/* What a job that ended leaves behind for one of its types. */
enum gw_status bulk_mark_end(struct gw_arena *arena, const struct bulk_job *job, enum gw_resource type, bool complete,
                             int64_t now, struct bulk_mark *mark, struct gw_error *err);

/* ---- notes ---- */

void bulk_job_print(const struct bulk_job *job, struct gw_text *out);
void bulk_mark_print(const struct bulk_mark *mark, struct gw_text *out);
void bulk_file_print(const struct bulk_file *file, struct gw_text *out);

/* false: it is none of ours (a ledger damaged or of another release); texts are in the arena. */
bool bulk_job_read(struct gw_arena *arena, const char *text, struct bulk_job *out);
bool bulk_mark_read(struct gw_arena *arena, const char *text, struct bulk_mark *out);
bool bulk_file_read(struct gw_arena *arena, const char *text, struct bulk_file *out);

bool bulk_has_type(const struct bulk_types *types);
/* Nobody who can be asked about came after the type was last complete. */
bool bulk_covers_all(const struct gw_bulk_settings *settings, const struct bulk_mark *mark);

#endif
