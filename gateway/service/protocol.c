/*
 * A study as one thing.
 */
#include "gateway/service/protocol.h"

#include "gateway/core/digest.h"

#define SHOWN_DIGEST_BYTES 4

enum gw_status gw_protocol_load(struct gw_arena *arena, const char *dir, struct gw_protocol *out, struct gw_error *err)
{
    const char *common = gw_arena_print(arena, "%s/../../common", dir);
    char digest[2 * SHOWN_DIGEST_BYTES + 1];
    enum gw_status rc;

    *out = (struct gw_protocol){0};
    if (!common)
        return gw_fail(err, GW_ENOMEM, "service.protocol", "%s: the study needs more memory than allowed", dir);
    rc = gw_study_load(arena, dir, &out->study, err);
    if (rc == GW_OK)
        rc = gw_tables_load_for(arena, common, out->study, &out->tables, err);
    if (rc == GW_OK)
        rc = gw_rules_load(arena, common, &out->rules, err);
    if (rc != GW_OK)
        return rc;
    gw_hex(out->study->sha256, SHOWN_DIGEST_BYTES, digest);
    out->rule_set = gw_arena_print(arena, "%s %s %s", out->study->id, out->study->version, digest);
    if (!out->rule_set)
        return gw_fail(err, GW_ENOMEM, "service.protocol", "%s: the study needs more memory than allowed", dir);
    return GW_OK;
}
