/*
 * Acts of the service that are no acts of the ledger.
 */
#include "service/audited.h"

#include <stdio.h>

#include "service/retention.h"
#include "service/setup.h"

enum { THING_MAX = 300, WHAT_MAX = 300 };

enum gw_status audited_package(struct gw_ledger *ledger, const struct gw_protocol *protocol, const char *digest,
                               struct gw_error *err)
{
    char thing[THING_MAX], what[WHAT_MAX];

    snprintf(thing, sizeof thing, "package|%s", protocol->study->id);
    snprintf(what, sizeof what, "the study package %s %s, release %s", protocol->study->id, protocol->study->version,
             GATEWAY_VERSION);
    return gw_audit_change(
        ledger, thing,
        &(struct gw_audit_act){.act = GW_AUDIT_PACKAGE, .study = protocol->study->id, .what = what, .new_hash = digest},
        err);
}

enum gw_status audited_profile(struct gw_ledger *ledger, const struct gw_protocol *protocol, const char *id,
                               const struct gw_site *site, const char *digest, struct gw_error *err)
{
    char thing[THING_MAX], what[WHAT_MAX];
    enum gw_status rc = gw_audit_zone(ledger, id, gw_zone_name(gw_site_zone(site)), err);

    snprintf(thing, sizeof thing, "profile|%s|%s", protocol->study->id, id);
    snprintf(what, sizeof what, "the profile of the site %s for the study %s", id, protocol->study->id);
    return rc == GW_OK ? gw_audit_change(ledger, thing,
                                         &(struct gw_audit_act){.act = GW_AUDIT_PROFILE,
                                                                .study = protocol->study->id,
                                                                .site = id,
                                                                .what = what,
                                                                .new_hash = digest},
                                         err)
                       : rc;
}

static enum gw_status audit_all(struct setup *s, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < s->study_count; i++)
        rc = audited_package(s->ledger, &s->studies[i].protocol, s->studies[i].digest, err);
    for (size_t i = 0; rc == GW_OK && i < s->site_count; i++)
        rc = audited_profile(s->ledger, &s->sites[i].study->protocol, s->sites[i].id, s->sites[i].site,
                             s->sites[i].digest, err);
    if (rc == GW_OK)
        rc = retention_audit(s->ledger, s->config, err);
    for (size_t i = 0; rc == GW_OK && i < s->study_count; i++)
        rc = audited_roster(s, &s->studies[i], err);
    return rc;
}

enum gw_status audited_setup(struct setup *s, struct gw_error *err)
{
    enum gw_status rc = gw_ledger_begin(s->ledger, err);

    if (rc == GW_OK)
        rc = audit_all(s, err);
    if (rc == GW_OK)
        return gw_ledger_commit(s->ledger, err);
    gw_ledger_rollback(s->ledger);
    return rc;
}

enum gw_status audited_work(struct gw_ledger *ledger, enum gw_audit_kind act, const char *command, const char *reason,
                            struct gw_error *err)
{
    return gw_audit_note(ledger, &(struct gw_audit_act){.act = act, .what = command, .reason = reason}, err);
}
