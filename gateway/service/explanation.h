/*
 * What an explanation derives from: a study as its configuration or a map's ledger names it, with its subjects. Private
 * to the service room.
 */
#ifndef SERVICE_EXPLANATION_H
#define SERVICE_EXPLANATION_H

#include "gateway/service/explain.h"
#include "gateway/service/pass.h"
#include "service/remembered.h"

struct source_site {
    const char *id;
    const struct gw_site *site;
    char digest[DERIVED_DIGITS + 1];
};

struct source {
    struct gw_arena *arena;
    const struct gw_explain_query *query;
    struct gw_protocol protocol;
    char digest[DERIVED_DIGITS + 1]; /* of release, package and tables */
    struct gw_roster roster;
    struct gw_hmac *key;
    struct source_site *sites;
    size_t site_count;
    gw_day as_of;        /* of a map */
    const char *changed; /* inputs of a map that say something else today, joined by ", "; "" */
    struct gw_enrolled *subjects;
    struct gw_ledger_subject *known; /* the ledger's word on each of them */
    size_t subject_count;
    struct gw_pass pass;
};

/* config NULL: as the map's ledger remembers. Release it whatever came of it. */
enum gw_status source_open(struct source *source, const struct gw_config_study *config, struct gw_error *err);
void source_release(struct source *source);

/* How far each endpoint of the subject's site was read; none of a map. */
enum gw_status source_reach(struct source *source, const struct gw_enrolled *subject, struct gw_explain_reach **out,
                            size_t *count, struct gw_error *err);

/* *changed: what steers the derivation says something else than when the subject was derived last. */
enum gw_status source_changed(struct source *source, const struct gw_enrolled *subject, const char **changed,
                              struct gw_error *err);

#endif
