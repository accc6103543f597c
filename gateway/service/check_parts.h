/*
 * One check in parts. Private to the check*.c files.
 *
 *      settings ──> [ address ──> TLS ──> metadata, clock ──> SMART ──> token ──> types ──> probes ──> profile ]
 *                     for each endpoint; after a failure what depends on it is skipped, and said to be
 */
#ifndef SERVICE_CHECK_PARTS_H
#define SERVICE_CHECK_PARTS_H

#include <openssl/x509.h>
#include <uv.h>

#include "gateway/core/date.h"
#include "gateway/net/session.h"
#include "gateway/service/check.h"
#include "gateway/service/protocol.h"
#include "gateway/sources/profile.h"
#include "gateway/study/roster.h"
#include "gateway/study/site.h"

#define CHECK_MEMORY (512u << 20)

enum { CHECK_NAME_BYTES = 128, CHECK_DAY_BYTES = 16 };

struct check_study {
    const struct gw_config_study *config;
    struct gw_protocol protocol;
    struct gw_roster roster;
    bool loaded;
};

struct check {
    const struct gw_config *config;
    const struct gw_check_options *options;
    void (*line)(void *ctx, const struct gw_check_line *line);
    void *ctx;
    struct gw_error *first;
    struct gw_arena *texts;  /* the caller's */
    struct gw_arena arena;   /* of the whole check */
    struct gw_arena scratch; /* of one answer */
    struct check_study *studies;
    size_t study_count;

    /* the endpoint in hand */
    const struct gw_config_endpoint *endpoint; /* NULL: of the whole configuration */
    struct gw_profile known;                   /* as the last check left it */
    struct gw_profile profile;
    struct gw_capability claims;
    uv_loop_t *loop;
    struct gw_session *session;
    struct gw_http_response response;
    enum gw_trouble trouble; /* of the last request, or of the token that it wanted */
    const char *authorities; /* whose client certificates it takes, as its TLS says; NULL: it did not say */
    unsigned requests;       /* sent */
    bool throttled;          /* it asked for a pause that is too long to wait for */
    const char *patient;     /* a roster patient's id here; NULL: none found */
    const char *category;    /* Observations are refused without one; NULL: they are not */
    bool leaks;              /* it answered with data of another patient: nothing more is asked */
};

/* ---- check_say.c ---- */

struct advice {
    const char *means;
    const char *ask;
};

/* Say one line; advice may be NULL. The status of a FAIL is remembered if it is the first. */
void check_say(struct check *check, const char *what, enum gw_check_verdict verdict, const struct advice *advice,
               const char *format, ...) __attribute__((format(printf, 5, 6)));
void check_fail(struct check *check, const char *what, const struct advice *advice, const struct gw_error *failure);
void check_skip(struct check *check, const char *what); /* because of the failure above */

/* What a study lacks without a type: "diagnoses and comorbidities". */
const char *check_type_means(enum gw_resource type);
/* A text of this endpoint's check, in the caller's arena; "" without memory. */
const char *check_print(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- check_delivery.c: a study database that is elsewhere ---- */
void check_delivery(struct check *check, const struct check_study *study);

/* ---- check_reach.c: name, connection and certificate of the origin ("https://host:port"). False: it failed. */
bool check_reach(struct check *check, const char *origin);

/* ---- check_client.c: our own certificate, which a server may want to know ---- */
struct advice check_client_advice(struct check *check);
/* One line, name or organisation; "(no name)". */
const char *check_name_of(const X509_NAME *name, char out[CHECK_NAME_BYTES]);
/* When it ends, and in how many days. */
const char *check_end_of(const X509 *certificate, char out[CHECK_DAY_BYTES], int *days);

/* ---- check_ask.c: the one way to ask anything, and what needs no token ---- */

struct check_question {
    const char *url;    /* NULL: it was too long */
    const char *form;   /* by POST, with this body; NULL: by GET */
    const char *prefer; /* a Prefer header, or NULL */
    bool without_token;
};

/* Ask and wait; check->response has the answer, of whatever status. GW_OK: a 2xx. */
enum gw_status check_ask(struct check *check, const struct check_question *question, struct gw_error *err);
/* "base/rest", in scratch. NULL: too long. */
const char *check_url(struct check *check, const char *rest);
bool check_metadata(struct check *check);
void check_clock(struct check *check, int64_t date, const char *whose);

/* ---- check_smart.c: who gives tokens, and what tokens. False: nothing can be asked for with one. */
bool check_smart(struct check *check);
bool check_token(struct check *check);

/* ---- check_search.c: one search, and each type of the first patient of the roster ---- */

enum { SOME = 5, SEEN_MAX = 20 }; /* entries to a page of a trial search; ids remembered */

struct seen { /* on one page; texts are of the whole check */
    size_t matches;
    size_t included;   /* Medications that came along */
    size_t references; /* matches that refer to a Medication elsewhere */
    size_t others;     /* matches about another patient than the one asked for */
    const char *ids[SEEN_MAX];
    size_t id_count;
    const char *newest_id; /* of the match that changed last, and its instant, nanoseconds; INT64_MIN: no stamps */
    int64_t newest;
    int64_t oldest;
    bool rising;      /* stamps never fall from match to match */
    const char *code; /* "system|code" of a match; NULL: none has one */
    const char *self; /* links; NULL: none */
    const char *next;
};

enum answer { SHOWN, EMPTY, REFUSED, LOST }; /* matches; none; a 4xx on this query; nothing that decides */

/* more: further parameters, "&x=1", or "". LOST: err says why. */
enum answer check_search(struct check *check, const struct gw_search *what, const char *more, const char *prefer,
                         struct seen *out, struct gw_error *err);
/* By GET the page behind a next link of a search of Observations, which itself went by POST or not. */
enum answer check_page(struct check *check, const char *link, bool post, struct seen *out, struct gw_error *err);
/* The trial search of a type for the patient. */
struct gw_search check_trial(const struct check *check, enum gw_resource type);
bool check_has(const struct seen *seen, const char *id);
/* Data of somebody nobody asked about were shown: it fails, and nothing more is asked. */
void check_leak(struct check *check);
void check_searches(struct check *check);

/* ---- check_probe.c: which parameters work; check_paging.c: which ways to ask ---- */
void check_parameters(struct check *check, const struct seen *observations, const struct seen *encounters);
void check_paging(struct check *check, const struct seen *observations);
/* A probe that no answer decided. */
void check_undecided(struct check *check, const char *what, const struct gw_error *err);

#endif
