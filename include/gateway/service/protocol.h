/*
 * A study as one thing: its package, the shared tables in the study's view, and the steering rules.
 */
#ifndef GATEWAY_SERVICE_PROTOCOL_H
#define GATEWAY_SERVICE_PROTOCOL_H

#include "gateway/study/package.h"
#include "gateway/study/rules.h"
#include "gateway/study/tables.h"

struct gw_protocol {
    const struct gw_study *study;
    const struct gw_tables *tables;
    struct gw_rules rules;
    const char *rule_set; /* "lendex-rrmm 1.0.0 3f2a9c10": package, version, beginning of its digest */
};

/* dir is mappings/studies/<id>; the shared tables are in ../../common from there. Everything lives in the arena. */
enum gw_status gw_protocol_load(struct gw_arena *arena, const char *dir, struct gw_protocol *out, struct gw_error *err);

#endif
