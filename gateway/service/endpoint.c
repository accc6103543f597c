/*
 * From the configuration's words to net's.
 */
#include "service/endpoint.h"

#include <string.h>

#include "gateway/core/json.h"

static const char where[] = "service.endpoint";

const char *endpoint_folder(struct gw_arena *arena, const struct gw_config *config)
{
    return gw_arena_print(arena, "%s/endpoints", config->state);
}

enum gw_status endpoint_settings(const struct gw_config_endpoint *config, const struct gw_profile *profile,
                                 struct gw_endpoint *out, struct gw_error *err)
{
    const bool smart = gw_same(config->auth_kind, "smart-backend");

    if (!smart && !gw_same(config->auth_kind, "none"))
        return gw_fail(err, GW_ECONFIG, where, "endpoint %s: auth kind \"%s\" is unknown: write smart-backend or none",
                       config->id, config->auth_kind ? config->auth_kind : "");
    *out = (struct gw_endpoint){
        .id = config->id,
        .site = config->site,
        .base = config->base,
        .site_profile = config->site_profile,
        .auth = {.kind = smart ? GW_AUTH_SMART_BACKEND : GW_AUTH_NONE,
                 .client_id = config->client_id,
                 .key = config->key,
                 .previous_key = config->previous_key,
                 .alg = config->alg,
                 .scopes = config->scopes,
                 .scope_count = config->scope_count,
                 .token_url = profile && *profile->token_url ? profile->token_url : NULL},
        .tls = {config->tls_ca, config->tls_cert, config->tls_key, config->tls_pins, config->tls_pin_count},
        .proxy = config->proxy,
        .allow_origins = config->allow_origins,
        .allow_origin_count = config->allow_origin_count,
        .private_addresses = config->private_addresses,
        .page_size = config->page_size,
        .concurrent = config->concurrent,
    };
    return GW_OK;
}

/* ---- what it says of itself ---- */

static enum gw_status judge_version(const struct gw_capability *capability, struct gw_error *err)
{
    struct gw_profile profile = gw_profile_default;
    struct gw_capability said = *capability;

    if (!said.fhir_version)
        said.fhir_version = "none";
    gw_profile_learn(&profile, &said);
    return gw_profile_usable(&profile, err);
}

enum gw_status endpoint_capability(struct gw_arena *arena, const struct gw_http_response *response,
                                   struct gw_capability *out, struct gw_error *err)
{
    const cJSON *tree = NULL;
    enum gw_status rc;

    if (!gw_http_is_json(response))
        return gw_fail(err, GW_EPROTO, where,
                       "metadata came as \"%s\", not as FHIR JSON: is \"base\" the FHIR address, and is no login page "
                       "or proxy in front?",
                       response->content_type);
    rc = gw_json_parse(arena, response->body.at, response->body.length, NULL, &tree, NULL, err);
    if (rc == GW_OK)
        rc = gw_capability_read(tree, out, err);
    if (rc == GW_EINPUT)
        return gw_fail(err, GW_EPROTO, where,
                       "metadata is no whole CapabilityStatement: is \"base\" the FHIR address?");
    return rc == GW_OK ? judge_version(out, err) : rc;
}

/* ---- what the configuration says of it ---- */

enum gw_status endpoint_retention(const struct gw_config *config, struct gw_error *err)
{
    if (!config->retain_windows)
        return GW_OK;
    return gw_fail(err, GW_ECONFIG, where,
                   "%s: retain mode \"windows\" is not offered yet, payloads outside the windows would stay: write "
                   "\"subject\", or wait",
                   config->path);
}

enum gw_status endpoint_check_site(const struct gw_config_endpoint *config, const struct gw_site *site,
                                   struct gw_error *err)
{
    if (gw_same(gw_site_id(site), config->site))
        return GW_OK;
    return gw_fail(err, GW_ECONFIG, where, "%s: this is the profile of site %s, but endpoint %s is of site %s",
                   config->site_profile, gw_site_id(site), config->id, config->site);
}

enum gw_status endpoint_find(const struct gw_config *config, const char *id, size_t *index, struct gw_error *err)
{
    struct gw_text names = GW_TEXT_INIT(256);
    bool found = false;

    for (size_t i = 0; i < config->endpoint_count && !found; i++) {
        found = gw_same(config->endpoints[i].id, id);
        *index = i;
        gw_text_print(&names, "%s%s", i ? ", " : "", config->endpoints[i].id);
    }
    if (!found)
        gw_fail(err, GW_EUSAGE, where, "%s has no endpoint %s: there is %s", config->path, id, names.at);
    gw_text_release(&names);
    return found ? GW_OK : GW_EUSAGE;
}
