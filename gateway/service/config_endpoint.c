/*
 * "endpoints" of casement.json that speak FHIR: where they are, how one shows who one is, how much may be asked.
 */
#include <string.h>

#include "gateway/net/url.h"
#include "service/config_parts.h"

#define PAGE_SIZE   100
#define CONCURRENT  4
#define HEARTBEAT_S 60
#define RATE_MAX    60000
#define BULK_HOURS  24

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const endpoint_keys[] = {
    "id",        "site",       "base",          "site_profile",        "auth", "tls",  "proxy",         "allow_origins",
    "page_size", "concurrent", "allow_private", "requests_per_minute", "bulk", "kind", "notifications", NULL};
static const char *const bulk_keys[] = {"level", "group", "every_hours", "by_patient", NULL};
static const char *const auth_keys[] = {"kind", "client_id", "key", "previous_key", "alg", "scopes", NULL};
static const char *const notification_keys[] = {"kind", "topic", "secret", "callback", "heartbeat_s", NULL};
static const char *const tls_keys[] = {"ca", "cert", "key", "pins", NULL};

static void read_auth(struct gw_settings *settings, const cJSON *object, struct gw_config_endpoint *out)
{
    static const char *const kinds[] = {"smart-backend", "none"};
    static const char *const algs[] = {"ES384", "RS384"};
    const cJSON *auth = gw_settings_object(settings, object, "auth", true);
    bool smart;

    if (!auth)
        return;
    gw_settings_check_keys(settings, auth, auth_keys);
    out->auth_kind = kinds[gw_settings_choice(settings, auth, "kind", kinds, COUNT(kinds), 0)];
    smart = out->auth_kind == kinds[0];
    out->client_id = gw_settings_text(settings, auth, "client_id", smart);
    out->key = config_path(settings, auth, "key", smart);
    out->previous_key = config_path(settings, auth, "previous_key", false);
    if (out->previous_key && gw_same(out->previous_key, out->key))
        gw_settings_finding(settings, gw_json_get(auth, "previous_key"),
                            "\"previous_key\" is the same file as \"key\"; name the key before it, or leave it out");
    out->alg = algs[gw_settings_choice(settings, auth, "alg", algs, COUNT(algs), 0)];
    out->scopes = gw_settings_texts(settings, auth, "scopes", smart, &out->scope_count);
}

static void read_tls(struct gw_settings *settings, const cJSON *object, struct gw_config_endpoint *out)
{
    const cJSON *tls = gw_settings_object(settings, object, "tls", false);

    gw_settings_check_keys(settings, tls, tls_keys);
    out->tls_ca = config_path(settings, tls, "ca", false);
    out->tls_cert = config_path(settings, tls, "cert", false);
    out->tls_key = config_path(settings, tls, "key", false);
    out->tls_pins = gw_settings_texts(settings, tls, "pins", false, &out->tls_pin_count);
    for (size_t i = 0; i < out->tls_pin_count; i++)
        if (!gw_http_is_pin(out->tls_pins[i]))
            gw_settings_finding(settings, gw_json_get(tls, "pins"),
                                "entry %zu of \"pins\" is no pin; write \"sha256//\" and the 44 characters of a key's "
                                "SHA-256 in base64",
                                i + 1);
    if (!out->tls_cert != !out->tls_key)
        gw_settings_finding(settings, tls, "\"cert\" and \"key\" go together; write both or neither");
}

/* The gate of the network says what a base and an origin may be; here its words get their line. */
static void check_addresses(struct gw_settings *settings, const cJSON *object,
                            const struct gw_config_endpoint *endpoint)
{
    const cJSON *item = gw_json_get(object, "base");
    struct gw_gate *gate = NULL;
    struct gw_error failure;

    if (!endpoint->base)
        return;
    if (gw_gate_new(endpoint->base, NULL, 0, &gate, &failure) == GW_OK) {
        gw_gate_free(gate);
        gate = NULL;
        item = gw_json_get(object, "allow_origins");
        if (gw_gate_new(endpoint->base, endpoint->allow_origins, endpoint->allow_origin_count, &gate, &failure) ==
            GW_OK) {
            gw_gate_free(gate);
            return;
        }
    }
    gw_settings_finding(settings, item, "%s", failure.text);
}

/* An address without its last slashes. */
static const char *read_base(struct gw_settings *settings, const cJSON *object, const char *key)
{
    const char *base = gw_settings_text(settings, object, key, true);
    size_t length = base ? strlen(base) : 0;

    while (length > 0 && base[length - 1] == '/')
        length--;
    return base ? gw_arena_copy(settings->arena, base, length) : NULL;
}

static enum gw_private_addresses read_private(struct gw_settings *settings, const cJSON *object)
{
    if (!gw_json_get(object, "allow_private"))
        return GW_PRIVATE_AS_BASE;
    return gw_settings_bool(settings, object, "allow_private", false) ? GW_PRIVATE_ALLOWED : GW_PRIVATE_REFUSED;
}

/* The level decides whether there is a group. */
static void read_group(struct gw_settings *settings, const cJSON *bulk, struct gw_config_endpoint *out)
{
    if (out->bulk_level == GW_BULK_GROUP)
        out->bulk_group = config_fhir_id(settings, bulk, "group", true);
    else if (gw_json_get(bulk, "group"))
        gw_settings_finding(settings, gw_json_get(bulk, "group"),
                            "\"group\" goes with \"level\": \"group\" alone; take one of them out");
}

static void read_bulk(struct gw_settings *settings, const cJSON *object, struct gw_config_endpoint *out)
{
    static const char *const levels[] = {
        [GW_BULK_GROUP] = "group", [GW_BULK_PATIENT] = "patient", [GW_BULK_SYSTEM] = "system"};
    const cJSON *bulk = gw_settings_object(settings, object, "bulk", false);

    out->bulk = bulk != NULL;
    if (!bulk)
        return;
    gw_settings_check_keys(settings, bulk, bulk_keys);
    out->bulk_level = (enum gw_bulk_level)gw_settings_choice(settings, bulk, "level", levels, COUNT(levels), 0);
    out->bulk_hours = (unsigned)gw_settings_int(settings, bulk, "every_hours", BULK_HOURS, 1, 24 * 31);
    out->bulk_by_patient = gw_settings_bool(settings, bulk, "by_patient", false);
    read_group(settings, bulk, out);
}

static void check_url(struct gw_settings *settings, const cJSON *object, const char *key, const char *url)
{
    if (url && gw_url_trusted(url, NULL) != GW_OK)
        gw_settings_finding(settings, gw_json_get(object, key), "\"%s\" is no https address; write one", key);
}

static void read_notifications(struct gw_settings *settings, const cJSON *object, struct gw_config_notifications *out)
{
    static const char *const kinds[] = {"rest-hook", "topic"};
    const cJSON *wanted = gw_settings_object(settings, object, "notifications", false);
    bool topic;

    if (!wanted)
        return;
    gw_settings_check_keys(settings, wanted, notification_keys);
    out->kind = kinds[gw_settings_choice(settings, wanted, "kind", kinds, COUNT(kinds), 0)];
    topic = out->kind == kinds[1];
    out->topic = gw_settings_text(settings, wanted, "topic", topic);
    out->secret = config_path(settings, wanted, "secret", true);
    out->callback = read_base(settings, wanted, "callback");
    out->heartbeat_s = (unsigned)gw_settings_int(settings, wanted, "heartbeat_s", HEARTBEAT_S, 10, 86400);
    check_url(settings, wanted, "callback", out->callback);
    if (out->topic && !topic)
        gw_settings_finding(settings, gw_json_get(wanted, "topic"),
                            "\"topic\" goes with the kind topic; leave it out or write \"kind\": \"topic\"");
}

void config_endpoint(struct gw_settings *settings, const cJSON *object, struct gw_config_endpoint *out)
{
    gw_settings_check_keys(settings, object, endpoint_keys);
    out->id = config_id(settings, object, "id");
    out->site = config_id(settings, object, "site");
    out->base = read_base(settings, object, "base");
    out->site_profile = config_path(settings, object, "site_profile", true);
    read_auth(settings, object, out);
    read_tls(settings, object, out);
    out->proxy = gw_settings_text(settings, object, "proxy", false);
    out->allow_origins = gw_settings_texts(settings, object, "allow_origins", false, &out->allow_origin_count);
    out->private_addresses = read_private(settings, object);
    out->page_size = (unsigned)gw_settings_int(settings, object, "page_size", PAGE_SIZE, 1, 1000);
    out->concurrent = (unsigned)gw_settings_int(settings, object, "concurrent", CONCURRENT, 1, 64);
    out->requests_per_minute = (unsigned)gw_settings_int(settings, object, "requests_per_minute", 0, 0, RATE_MAX);
    read_bulk(settings, object, out);
    read_notifications(settings, object, &out->notifications);
    check_addresses(settings, object, out);
}
