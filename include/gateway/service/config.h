/*
 * casement.json: installation, studies, endpoints. Paths are relative to the file; line comments are allowed.
 *
 * Secrets are file names, never values: a member that looks like one (password, secret, token) is refused.
 */
#ifndef GATEWAY_SERVICE_CONFIG_H
#define GATEWAY_SERVICE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/net/http.h"
#include "gateway/service/schedule.h"
#include "gateway/sinks/postgres.h"
#include "gateway/sinks/redcap.h"
#include "gateway/sources/bulk.h"

struct gw_config_study {
    const char *id;
    const char *closed;             /* YYYY-MM-DD: the last day of the study; NULL: it runs */
    const char *package;            /* folder */
    const char *enrolment;          /* roster.csv; of a roster that a hospital keeps, its copy in the state folder */
    const char *enrolment_endpoint; /* who keeps it: {"endpoint": "hm-ehr", "group": "id"}; NULL: it is a file */
    const char *enrolment_group;    /* one of these two */
    const char *enrolment_research_study; /* its ResearchSubjects */
    const char *enrolment_system;         /* of the identifier that is a subject's number; NULL: the first */
    const char *sink_kind;                /* "sqlite", "postgres" or "redcap" */
    const char *sink_path;                /* of kind sqlite; else NULL */
    struct gw_postgres_target postgres;   /* of kind postgres; its installation is the file's */
    struct gw_redcap_target redcap;       /* of kind redcap, likewise */
};

/* "notifications" of an endpoint: what the hospital shall tell by itself. */
struct gw_config_notifications {
    const char *kind;     /* "rest-hook" or "topic"; NULL: none are wanted */
    const char *topic;    /* canonical URL, with kind topic */
    const char *secret;   /* file, mode 0600: what the hospital shows as a bearer token */
    const char *callback; /* how the hospital reaches us, without a trailing slash: /notify/<endpoint> comes behind */
    unsigned heartbeat_s;
};

struct gw_config_endpoint {
    const char *id;
    const char *site;
    const char *base; /* without a trailing slash */
    const char *site_profile;
    const char *auth_kind; /* "smart-backend" or "none" */
    const char *client_id;
    const char *key;          /* private JWK file */
    const char *previous_key; /* of the one before it, while the hospital may not know the key yet; NULL: none */
    const char *alg;          /* ES384, RS384: of the key */
    const char *const *scopes;
    size_t scope_count;
    const char *tls_ca; /* NULL: the system's */
    const char *tls_cert;
    const char *tls_key;
    const char *const *tls_pins; /* as in net/http.h */
    size_t tls_pin_count;
    const char *proxy;
    const char *const *allow_origins;
    size_t allow_origin_count;
    enum gw_private_addresses private_addresses; /* "allow_private": true, false; absent: as the base */
    unsigned page_size;
    unsigned concurrent;
    unsigned requests_per_minute; /* 0: no cap */
    bool bulk;                    /* it is exported from: {"level": "group", "group": "id", "every_hours": 24} */
    enum gw_bulk_level bulk_level;
    const char *bulk_group; /* NULL unless the level is group */
    unsigned bulk_hours;
    bool bulk_by_patient;
    struct gw_config_notifications notifications;
};

/*
 * An entry of "endpoints" with "kind": "files": a folder that a hospital puts files into (sources/folder.h). Its id is
 * the endpoint of the facts.
 */
struct gw_config_folder {
    const char *id;
    const char *site;
    const char *path;
    const char *site_profile;
    unsigned quiet_seconds; /* a file is whole when it was still for so long; 5 */
    unsigned done_days;     /* a file stays in done/ for so long: by default retain.purge_days, and a day at least */
};

struct gw_config {
    const char *path;
    const char *installation;
    const char *state; /* folder, made when missing: ledger.db, lock, endpoints/ */
    const char *pseudonym_key;
    const char *audit_checkpoints; /* file outside the ledger; NULL: audit.checkpoints in the state folder */
    const char *listen;            /* "127.0.0.1:8490", "unix:/run/casement.sock"; NULL: nothing is listened to */
    bool four_eyes;
    bool retain_windows;   /* retain.mode windows */
    int purge_days;        /* facts of a study go so many days after its last */
    const char *order_key; /* public half of who may order a purge before that (service/order.h); NULL: nobody may */
    struct gw_schedule_policy schedule;
    const struct gw_config_study *studies;
    size_t study_count;
    const struct gw_config_endpoint *endpoints;
    size_t endpoint_count;
    const struct gw_config_folder *folders;
    size_t folder_count;
};

/* GW_ECONFIG: "casement.json:12: what, what to do". Unknown keys are findings, with the nearest known one. */
enum gw_status gw_config_load(struct gw_arena *arena, const char *path, struct gw_config *out, struct gw_error *err);

#endif
