/*
 * Source: FHIR R4 Subscription; HL7/fhir-subscription-backport-ig, backport-subscription (R4) and its operations.
 */
#include "sources/upkeep_requests.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/fhir/bundle.h"
#include "gateway/fhir/search.h"

#define BACKPORT "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"

static void add_text(struct gw_text *out, const char *name, const char *value)
{
    gw_text_print(out, ",\"%s\":", name);
    gw_json_quote(out, value);
}

/* Where it rings: of all Subscriptions at the server no other does there. */
static void write_address(const struct gw_upkeep_settings *settings, const char *type, struct gw_text *out)
{
    gw_text_print(out, "%s/notify/%s%s%s", settings->callback, settings->endpoint, type ? "/" : "", type ? type : "");
}

static void add_address(const struct gw_upkeep_settings *settings, const char *type, struct gw_text *out)
{
    struct gw_text text = GW_TEXT_INIT(GW_URL_MAX);

    write_address(settings, type, &text);
    add_text(out, "endpoint", text.at);
    gw_text_clear(&text);
    gw_text_print(&text, "Authorization: Bearer %s", settings->secret);
    gw_text_add(out, ",\"header\":[");
    gw_json_quote(out, text.at);
    gw_text_add(out, "]");
    out->failed |= text.failed;
    gw_text_release(&text);
}

/* Ids are enough: what a notification carries is not read as data, so it had better not travel. */
static void add_topic(const struct gw_upkeep_settings *settings, struct gw_text *out)
{
    gw_text_print(out,
                  ",\"extension\":[{\"url\":\"" BACKPORT "backport-heartbeat-period\",\"valueUnsignedInt\":%u}]"
                  ",\"payload\":\"application/fhir+json\",\"_payload\":{\"extension\":[{\"url\":\"" BACKPORT
                  "backport-payload-content\",\"valueCode\":\"id-only\"}]}",
                  settings->heartbeat_s);
}

void subscription_criteria(const struct gw_upkeep_settings *settings, const char *type, struct gw_text *out)
{
    gw_text_print(out, "%s%s", type ? type : settings->topic, type ? "?" : "");
}

void subscription_write(const struct gw_upkeep_settings *settings, const char *type, const char *id,
                        struct gw_text *out)
{
    struct gw_text criteria = GW_TEXT_INIT(GW_URL_MAX);

    gw_text_add(out, "{\"resourceType\":\"Subscription\"");
    if (id)
        add_text(out, "id", id);
    if (settings->topic)
        gw_text_add(out, ",\"meta\":{\"profile\":[\"" BACKPORT "backport-subscription\"]}");
    gw_text_add(out, ",\"status\":\"requested\",\"reason\":\"Casement reads again what changed\"");
    subscription_criteria(settings, type, &criteria);
    add_text(out, "criteria", criteria.at);
    out->failed |= criteria.failed;
    gw_text_release(&criteria);
    gw_text_add(out, ",\"channel\":{\"type\":\"rest-hook\"");
    add_address(settings, type, out);
    if (settings->topic)
        add_topic(settings, out);
    gw_text_add(out, "}}");
}

void subscription_write_off(const struct gw_subscription *subscription, struct gw_text *out)
{
    gw_text_add(out, "{\"resourceType\":\"Subscription\"");
    add_text(out, "id", subscription->id);
    gw_text_add(out, ",\"status\":\"off\",\"reason\":\"Casement wants no notifications any more\"");
    add_text(out, "criteria", subscription->criteria);
    gw_text_add(out, ",\"channel\":{\"type\":\"rest-hook\"}}");
}

void subscription_path(const struct gw_subscription *subscription, enum gw_order order, const struct gw_orders *orders,
                       struct gw_text *out)
{
    gw_text_add(out, "Subscription");
    if (order != GW_ORDER_CREATE)
        gw_text_print(out, "/%s", subscription->id);
    if (order == GW_ORDER_STATUS && subscription->topic && !subscription->no_status)
        gw_text_add(out, "/$status");
    if (order == GW_ORDER_EVENTS)
        gw_text_print(out, "/$events?eventsSinceNumber=%" PRId64 "&eventsUntilNumber=%" PRId64 "&content=id-only",
                      orders->from, orders->to);
}

void subscription_query(const struct gw_upkeep_settings *settings, const char *type, struct gw_text *out)
{
    struct gw_text address = GW_TEXT_INIT(GW_URL_MAX);

    write_address(settings, type, &address);
    gw_text_add(out, "url=");
    gw_search_value(address.at, out);
    out->failed |= address.failed;
    gw_text_release(&address);
}

/* A server may ignore the query: the address decides. */
const char *subscription_find(struct gw_arena *arena, const struct gw_upkeep_settings *settings, const char *type,
                              struct gw_slice body)
{
    struct gw_text address = GW_TEXT_INIT(GW_URL_MAX);
    struct gw_bundle bundle = {0};
    const char *id = NULL;

    write_address(settings, type, &address);
    if (!address.failed && gw_bundle_read(arena, body, &bundle, NULL) == GW_OK)
        for (size_t i = 0; i < bundle.count && !id; i++) {
            const cJSON *const resource = bundle.entries[i].resource;
            const cJSON *const channel = gw_json_object(resource, "channel");

            if (gw_same(gw_json_string(resource, "resourceType"), "Subscription") &&
                gw_same(gw_json_string(channel, "endpoint"), address.at))
                id = gw_json_string(resource, "id");
        }
    gw_text_release(&address);
    return id && strlen(id) <= 64 ? id : NULL;
}

void subscription_id_of(const char *location, char out[65])
{
    static const char type[] = "Subscription/";
    const char *const at = strstr(location, type);
    const char *const id = at ? at + sizeof type - 1 : "";
    const size_t length = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

    snprintf(out, 65, "%.*s", length <= 64 && strchr("/?#", id[length]) ? (int)length : 0, id);
}
