/*
 * A server's CapabilityStatement, as far as searches depend on it.
 *
 * Statements are often generous or out of date: what a server does is learnt by asking (`casement check`); this says
 * only what it claims.
 */
#include <stdio.h>

#include "fhir/reading.h"
#include "gateway/core/json.h"
#include "gateway/core/text.h"
#include "gateway/fhir/search.h"

static bool names_parameter(const cJSON *parameters, const char *name)
{
    GW_JSON_EACH (parameter, parameters) {
        if (gw_same(gw_json_string(parameter, "name"), name))
            return true;
    }
    return false;
}

static bool is_text(const cJSON *item, const char *text)
{
    return json_is(item, cJSON_String) && gw_same(item->valuestring, text);
}

/* A statement that lists a type without its interactions says that the type is there. */
static bool can_be_read(const cJSON *resource)
{
    const cJSON *interactions = gw_json_array(resource, "interaction");

    if (!interactions)
        return true;
    GW_JSON_EACH (interaction, interactions) {
        const char *code = gw_json_string(interaction, "code");

        if (gw_same(code, "search-type") || gw_same(code, "read"))
            return true;
    }
    return false;
}

static bool includes_medication(const cJSON *resource, enum gw_resource type)
{
    const cJSON *includes = gw_json_array(resource, "searchInclude");
    char wanted[64];
    bool found = false;

    snprintf(wanted, sizeof(wanted), "%s:medication", gw_resource_name(type));
    GW_JSON_EACH (include, includes)
        found = found || is_text(include, wanted) || is_text(include, "*");
    return found;
}

static void read_resource(const cJSON *resource, bool last_updated_for_all, struct gw_capability *out)
{
    const enum gw_resource type = gw_resource_of(gw_json_string(resource, "type"));

    if (type == GW_RESOURCE_OTHER)
        return;
    out->reads[type] = can_be_read(resource);
    out->includes_medication[type] = includes_medication(resource, type);
    out->last_updated[type] =
        last_updated_for_all || names_parameter(gw_json_array(resource, "searchParam"), "_lastUpdated");
}

static void read_server(const cJSON *server, struct gw_capability *out)
{
    const bool last_updated = names_parameter(gw_json_array(server, "searchParam"), "_lastUpdated");

    GW_JSON_EACH (resource, gw_json_array(server, "resource"))
        read_resource(resource, last_updated, out);
}

enum gw_status gw_capability_read(const cJSON *resource, struct gw_capability *out, struct gw_error *err)
{
    const cJSON *software = gw_json_object(resource, "software");
    struct gw_capability found = {0};

    if (!gw_same(gw_json_string(resource, "resourceType"), "CapabilityStatement"))
        return gw_fail(err, GW_EINPUT, "fhir.capability",
                       "a CapabilityStatement is wanted; is the endpoint's base the address of a FHIR server?");
    found.software = gw_json_string(software, "name");
    found.software_version = gw_json_string(software, "version");
    found.fhir_version = gw_json_string(resource, "fhirVersion");
    GW_JSON_EACH (rest, gw_json_array(resource, "rest")) {
        if (gw_same(gw_json_string(rest, "mode"), "server"))
            read_server(rest, &found);
    }
    *out = found;
    return GW_OK;
}
