/*
 * A server's CapabilityStatement, as far as searches depend on it.
 *
 * Statements are often generous or out of date: what a server does is learnt by asking (`casement check`); this says
 * only what it claims.
 */
#include <stdio.h>
#include <string.h>

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

static bool has_interaction(const cJSON *resource, const char *wanted)
{
    GW_JSON_EACH (interaction, gw_json_array(resource, "interaction"))
        if (gw_same(gw_json_string(interaction, "code"), wanted))
            return true;
    return false;
}

/* A statement that lists a type without its interactions says that the type is there. */
static bool can_be_read(const cJSON *resource)
{
    return !gw_json_array(resource, "interaction") || has_interaction(resource, "search-type") ||
           has_interaction(resource, "read");
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

static unsigned claims_of(const cJSON *parameters, enum gw_resource type, int release)
{
    const char *date = gw_search_date_parameter(type, release);
    const char *patient = type == GW_ADVERSE_EVENT ? "subject" : "patient";

    return (names_parameter(parameters, patient) ? GW_CLAIM_PATIENT : 0u) |
           (date && names_parameter(parameters, date) ? GW_CLAIM_DATE : 0u) |
           (names_parameter(parameters, "category") ? GW_CLAIM_CATEGORY : 0u) |
           (names_parameter(parameters, "code") ? GW_CLAIM_CODE : 0u) |
           (names_parameter(parameters, "_lastUpdated") ? GW_CLAIM_LAST_UPDATED : 0u);
}

/* Servers name it "export", "group-export", "patient-export", or with a dollar. */
static bool has_export(const cJSON *parent)
{
    GW_JSON_EACH (operation, gw_json_array(parent, "operation")) {
        const char *name = gw_json_string(operation, "name");
        const size_t length = name ? strlen(name) : 0;

        if (length >= strlen("export") && strcmp(name + length - strlen("export"), "export") == 0)
            return true;
    }
    return false;
}

static void read_resource(const cJSON *resource, unsigned claims_for_all, int release, struct gw_capability *out)
{
    const char *name = gw_json_string(resource, "type");
    const enum gw_resource type = gw_resource_of(name);

    out->bulk_export = out->bulk_export || has_export(resource);
    out->subscriptions = out->subscriptions || gw_same(name, "Subscription");
    if (type == GW_RESOURCE_OTHER)
        return;
    out->reads[type] = can_be_read(resource);
    out->includes_medication[type] = includes_medication(resource, type);
    out->history[type] = has_interaction(resource, "history-instance");
    out->claims[type] = claims_for_all | claims_of(gw_json_array(resource, "searchParam"), type, release);
}

static void read_server(const cJSON *server, struct gw_capability *out)
{
    const int release = out->fhir_version && out->fhir_version[0] == '5' ? 5 : 4;
    const unsigned claims = claims_of(gw_json_array(server, "searchParam"), GW_RESOURCE_OTHER, release);

    out->bulk_export = out->bulk_export || has_export(server);
    GW_JSON_EACH (resource, gw_json_array(server, "resource"))
        read_resource(resource, claims, release, out);
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
