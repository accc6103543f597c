/*
 * One check in parts. Private to the check*.c files.
 *
 *      settings ──> [ address ──> TLS ──> metadata, clock ──> SMART ──> token ──> searches ──> probes ──> profile ]
 *                     for each endpoint; after a failure what depends on it is skipped, and said to be
 */
#ifndef SERVICE_CHECK_PARTS_H
#define SERVICE_CHECK_PARTS_H

#include <uv.h>

#include "gateway/core/date.h"
#include "gateway/net/session.h"
#include "gateway/service/check.h"
#include "gateway/service/protocol.h"
#include "gateway/sources/profile.h"
#include "gateway/study/roster.h"
#include "gateway/study/site.h"

#define CHECK_MEMORY (512u << 20)

struct check_study {
    const struct gw_config_study *config;
    struct gw_protocol protocol;
    struct gw_roster roster;
    bool loaded;
};

struct check {
    const struct gw_config *config;
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
    struct gw_profile profile;
    uv_loop_t *loop;
    struct gw_session *session;
    struct gw_http_response response;
    const char *patient; /* a roster patient's id here; NULL: none found */
};

/* Say one line. The status of a FAIL is remembered if it is the first. */
void check_say(struct check *check, const char *what, enum gw_check_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void check_fail(struct check *check, const char *what, const struct gw_error *failure);

/* ---- check_reach.c: name, connection and certificate of the origin ("https://host:port"). False: it failed. */
bool check_reach(struct check *check, const char *origin);

/* ---- check_ask.c: questions without a token, and the way to ask any ---- */

/* Ask and wait; check->response has the answer. GW_OK: a 2xx. */
enum gw_status check_get(struct check *check, const char *url, bool with_token, struct gw_error *err);
/* "base/rest". NULL: too long. */
const char *check_url(struct check *check, const char *rest);
bool check_metadata(struct check *check);
bool check_smart(struct check *check);

/* ---- check_search.c: what the server answers about a patient of the roster ---- */
void check_searches(struct check *check);

#endif
