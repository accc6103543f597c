/*
 * A session with a made-up hospital, and a second one that it may talk to without a token.
 */
#ifndef NET_SESSION_DESK_H
#define NET_SESSION_DESK_H

#include "net/fake_clock.h"
#include "net/fake_hospital.h"

static uv_loop_t loop;
static struct fake_hospital hospital, elsewhere;
static struct fake_clock still;
static const struct gw_clock clock_of_test = FAKE_CLOCK(&still);
static struct gw_session *session;
static char foreign[64];
static const char *allowed[] = {foreign};
static const char *const scopes[] = {"system/Observation.rs"};

static inline struct gw_endpoint endpoint_of(enum gw_auth_kind kind)
{
    struct gw_endpoint endpoint = {.id = "hm-ehr", .base = fake_server_base(hospital.server)};

    endpoint.auth.kind = kind;
    endpoint.auth.client_id = "casement";
    endpoint.auth.key = hospital.key_file;
    endpoint.auth.alg = "ES384";
    endpoint.auth.scopes = scopes;
    endpoint.auth.scope_count = 1;
    endpoint.allow_origins = allowed;
    endpoint.allow_origin_count = 1;
    return endpoint;
}

static inline void open_kind(enum gw_auth_kind kind)
{
    struct gw_endpoint endpoint;
    struct gw_error err = {0};

    still = (struct fake_clock)FAKE_CLOCK_INIT;
    fake_hospital_open(&hospital);
    fake_hospital_open(&elsewhere);
    snprintf(foreign, sizeof(foreign), "http://127.0.0.1:%d", fake_server_port(elsewhere.server));
    endpoint = endpoint_of(kind);
    cr_assert(uv_loop_init(&loop) == 0);
    cr_assert(gw_session_new(&loop, &endpoint, NULL, &clock_of_test, &session, &err) == GW_OK, "%s", err.text);
}

static inline void open_all(void)
{
    open_kind(GW_AUTH_SMART_BACKEND);
}

static inline void close_all(void)
{
    gw_session_free(session);
    session = NULL;
    loop_close(&loop);
    fake_hospital_close(&hospital);
    fake_hospital_close(&elsewhere);
}

static inline const char *own_url(void)
{
    static char url[128];

    snprintf(url, sizeof(url), "%s/Observation?patient=7", fake_server_base(hospital.server));
    return url;
}

static inline const char *foreign_url(void)
{
    static char url[128];

    snprintf(url, sizeof(url), "%s/files/1.ndjson", foreign);
    return url;
}

static inline void get(const char *url, struct outcome *outcome)
{
    struct gw_error err = {0};

    outcome_reset(outcome);
    cr_assert(session_get(session, url, &outcome->response, outcome_done, outcome, NULL, &err) == GW_OK, "%s",
              err.text);
    cr_assert(outcome->times == 0, "done inside get");
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert(outcome->times == 1);
}

#endif
