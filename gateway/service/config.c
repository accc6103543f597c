/*
 * Reading casement.json. All that is wrong is found in one pass; the first finding is the failure.
 */
#include "gateway/service/config.h"

#include <string.h>

#include "gateway/core/date.h"
#include "gateway/core/settings.h"
#include "gateway/net/listener.h"
#include "gateway/net/url.h"
#include "service/config_parts.h"

#define PAGE_SIZE      100
#define CONCURRENT     4
#define PURGE_DAYS     90
#define HEARTBEAT_S    60
#define ID_MAX_LENGTH  64
#define RATE_MAX       60000
#define MAX_PURGE_DAYS 36500
#define BULK_HOURS     24
#define QUIET_SECONDS  5

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const file_keys[] = {
    "installation", "state",     "pseudonym_key", "fourEyes",          "retain", "schedule",
    "studies",      "endpoints", "listen",        "audit_checkpoints", NULL};
static const char *const retain_keys[] = {"mode", "purge_days", NULL};
static const char *const schedule_keys[] = {"probe_hours",    "probe_far_hours", "settle_days",
                                            "reconcile_days", "drug_days",       "unanchored_hours",
                                            "final_days",     "spread_minutes",  NULL};
static const char *const study_keys[] = {"id", "package", "enrolment", "sink", "closed", NULL};
static const char *const enrolment_keys[] = {"endpoint", "group", "research_study", "identifier_system", NULL};
static const char *const endpoint_keys[] = {
    "id",        "site",       "base",          "site_profile",        "auth", "tls",  "proxy",         "allow_origins",
    "page_size", "concurrent", "allow_private", "requests_per_minute", "bulk", "kind", "notifications", NULL};
static const char *const bulk_keys[] = {"level", "group", "every_hours", "by_patient", NULL};
static const char *const folder_keys[] = {"id",           "site",          "kind",      "folder",
                                          "site_profile", "quiet_seconds", "done_days", NULL};
static const char *const auth_keys[] = {"kind", "client_id", "key", "previous_key", "alg", "scopes", NULL};
static const char *const notification_keys[] = {"kind", "topic", "secret", "callback", "heartbeat_s", NULL};
static const char *const tls_keys[] = {"ca", "cert", "key", "pins", NULL};

/* ---- texts that are more than texts ---------------------------------------------------------------------------- */

/* Ids become file names and parts of fingerprints. */
static const char *read_id(struct gw_settings *settings, const cJSON *object, const char *key)
{
    const char *id = gw_settings_text(settings, object, key, true);

    if (!id)
        return NULL;
    if (*id != '.' && strlen(id) <= ID_MAX_LENGTH &&
        id[strspn(id, "abcdefghijklmnopqrstuvwxyz"
                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0')
        return id;
    gw_settings_finding(settings, gw_json_get(object, key),
                        "\"%s\" becomes a file name: write up to %d letters, digits, '-', '_' and '.'", key,
                        ID_MAX_LENGTH);
    return NULL;
}

/* ---- secrets --------------------------------------------------------------------------------------------------- */

static bool looks_secret(const char *key)
{
    static const char *const words[] = {"password", "passwd",  "passphrase", "secret",
                                        "token",    "api_key", "apikey",     "private_key"};

    for (size_t i = 0; i < COUNT(words); i++)
        if (strcasestr(key, words[i]))
            return true;
    return false;
}

/* What the hospital shows with its notifications, and what we show a study database: these keys name files, and those
 * who read them see to it. */
static bool is_known_file(const cJSON *parent, const cJSON *member)
{
    return (gw_same(parent->string, "notifications") && strcmp(member->string, "secret") == 0) ||
           (gw_same(parent->string, "sink") &&
            (strcmp(member->string, "password_file") == 0 || strcmp(member->string, "token_file") == 0));
}

static const char *way_out(const cJSON *parent)
{
    if (!gw_same(parent->string, "sink"))
        return "make a key with casement keys new, name it as \"key\"";
    return gw_same(gw_json_string(parent, "kind"), "redcap")
               ? "write it to such a file, name that as \"token_file\""
               : "write it to such a file, name that as \"password_file\"";
}

/* Before anything else: a secret in a settings file is in every backup and diff of it. Depth is the reader's limit. */
static void refuse_secrets(struct gw_settings *settings, const cJSON *parent)
{
    GW_JSON_EACH (member, parent) {
        if (member->string && looks_secret(member->string) && !is_known_file(parent, member))
            gw_settings_finding(settings, member,
                                "\"%s\" looks like a secret; secrets are files of mode 0600 and this file only names "
                                "them: take it out, %s",
                                member->string, way_out(parent));
        else
            refuse_secrets(settings, member);
    }
}

/* ---- studies --------------------------------------------------------------------------------------------------- */

/* Logical ids of FHIR go into a URL as they stand. */
static const char *read_fhir_id(struct gw_settings *settings, const cJSON *object, const char *key)
{
    const char *id = gw_settings_text(settings, object, key, false);

    if (id && (!*id || strlen(id) > ID_MAX_LENGTH ||
               id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] != '\0'))
        gw_settings_finding(settings, gw_json_get(object, key),
                            "\"%s\" is the id of a FHIR resource: up to %d letters, digits, '-' and '.'", key,
                            ID_MAX_LENGTH);
    return id;
}

/* A file, or a Group or a ResearchStudy that a hospital keeps: what was read of it last is a file in the state folder.
 */
static void read_enrolment(struct gw_settings *settings, const cJSON *object, const char *state,
                           struct gw_config_study *out)
{
    const cJSON *kept = gw_json_object(object, "enrolment");

    if (!kept) {
        out->enrolment = config_path(settings, object, "enrolment", true);
        return;
    }
    gw_settings_check_keys(settings, kept, enrolment_keys);
    out->enrolment_endpoint = read_id(settings, kept, "endpoint");
    out->enrolment_group = read_fhir_id(settings, kept, "group");
    out->enrolment_research_study = read_fhir_id(settings, kept, "research_study");
    out->enrolment_system = gw_settings_text(settings, kept, "identifier_system", false);
    out->enrolment = gw_arena_print(settings->arena, "%s/rosters/%s.csv", state ? state : "", out->id ? out->id : "");
    if (!out->enrolment_group == !out->enrolment_research_study)
        gw_settings_finding(settings, kept,
                            "\"enrolment\" names a \"group\" or a \"research_study\"; write one of them");
}

/* null or not there: none. */
static const char *read_day(struct gw_settings *settings, const cJSON *object, const char *key)
{
    const cJSON *item = gw_json_get(object, key);
    const char *text = cJSON_IsNull(item) ? NULL : gw_settings_text(settings, object, key, false);
    gw_day day;

    if (text && !gw_day_parse(text, &day)) {
        gw_settings_finding(settings, item, "\"%s\" is no day; write it as \"2026-12-31\", or null", key);
        return NULL;
    }
    return text;
}

static void read_study(struct gw_settings *settings, const cJSON *object, const char *installation, const char *state,
                       struct gw_config_study *out)
{
    gw_settings_check_keys(settings, object, study_keys);
    out->id = read_id(settings, object, "id");
    out->package = config_path(settings, object, "package", true);
    read_enrolment(settings, object, state, out);
    out->closed = read_day(settings, object, "closed");
    config_sink(settings, object, installation, out);
}

/* ---- endpoints ------------------------------------------------------------------------------------------------- */

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
    const bool wanted = out->bulk_level == GW_BULK_GROUP;

    if (wanted)
        out->bulk_group = gw_settings_text(settings, bulk, "group", true);
    else if (gw_json_get(bulk, "group"))
        gw_settings_finding(settings, gw_json_get(bulk, "group"),
                            "\"group\" goes with \"level\": \"group\" alone; take one of them out");
    if (out->bulk_group && (!*out->bulk_group || strlen(out->bulk_group) > ID_MAX_LENGTH ||
                            out->bulk_group[strspn(out->bulk_group, "abcdefghijklmnopqrstuvwxyz"
                                                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] != '\0'))
        gw_settings_finding(settings, gw_json_get(bulk, "group"),
                            "\"group\" is the id of a FHIR Group: up to %d letters, digits, '-' and '.'",
                            ID_MAX_LENGTH);
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

static void read_endpoint(struct gw_settings *settings, const cJSON *object, struct gw_config_endpoint *out)
{
    gw_settings_check_keys(settings, object, endpoint_keys);
    out->id = read_id(settings, object, "id");
    out->site = read_id(settings, object, "site");
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

/* ---- folders --------------------------------------------------------------------------------------------------- */

static bool is_folder(struct gw_settings *settings, const cJSON *object)
{
    static const char *const kinds[] = {"fhir", "files"};

    return gw_settings_choice(settings, object, "kind", kinds, COUNT(kinds), 0) == 1;
}

/* done_days: as long as the ledger keeps what the files brought, unless it says otherwise. */
static void read_watched(struct gw_settings *settings, const cJSON *object, int purge_days,
                         struct gw_config_folder *out)
{
    gw_settings_check_keys(settings, object, folder_keys);
    out->id = read_id(settings, object, "id");
    out->site = read_id(settings, object, "site");
    out->path = config_path(settings, object, "folder", true);
    out->site_profile = config_path(settings, object, "site_profile", true);
    out->quiet_seconds = (unsigned)gw_settings_int(settings, object, "quiet_seconds", QUIET_SECONDS, 1, 3600);
    out->done_days =
        (unsigned)gw_settings_int(settings, object, "done_days", purge_days > 0 ? purge_days : 1, 1, MAX_PURGE_DAYS);
}

/* ---- the file -------------------------------------------------------------------------------------------------- */

/* The objects of a list that must not be empty, one by one; anything else in it is a finding. */
static const cJSON *next_object(struct gw_settings *settings, const cJSON *item)
{
    for (; item && !cJSON_IsObject(item); item = item->next)
        gw_settings_finding(settings, item, "this list holds objects; write {...}");
    return item;
}

static const cJSON *list_of(struct gw_settings *settings, const cJSON *root, const char *key)
{
    const cJSON *list = gw_settings_array(settings, root, key, true);

    if (list && !list->child)
        gw_settings_finding(settings, list, "\"%s\" is empty; describe at least one", key);
    return list ? next_object(settings, list->child) : NULL;
}

static void check_twice(struct gw_settings *settings, const cJSON *item, const char *id, const char *other)
{
    if (id && other && strcmp(id, other) == 0)
        gw_settings_finding(settings, item, "\"id\" \"%s\" is there already; give each its own", id);
}

static void read_studies(struct gw_settings *settings, const cJSON *root, struct gw_config *out)
{
    struct gw_config_study *list = NULL, *study;
    size_t capacity = 0;

    for (const cJSON *item = list_of(settings, root, "studies"); item; item = next_object(settings, item->next)) {
        study = GW_ARENA_PUSH(settings->arena, list, out->study_count, capacity);
        if (!study)
            break; /* gw_findings_close says so */
        read_study(settings, item, out->installation, out->state, study);
        for (const struct gw_config_study *other = list; other < study; other++)
            check_twice(settings, item, study->id, other->id);
    }
    out->studies = list;
}

/* Endpoints and folders are one list to whoever writes it, and no two of them have one id. */
static void check_ids(struct gw_settings *settings, const cJSON *item, const char *id, const struct gw_config *before)
{
    for (size_t i = 0; i < before->endpoint_count; i++)
        check_twice(settings, item, id, before->endpoints[i].id);
    for (size_t i = 0; i < before->folder_count; i++)
        check_twice(settings, item, id, before->folders[i].id);
}

static void read_endpoints(struct gw_settings *settings, const cJSON *root, struct gw_config *out)
{
    struct gw_config_endpoint *endpoints = NULL, *endpoint;
    struct gw_config_folder *folders = NULL, *folder;
    size_t endpoint_capacity = 0, folder_capacity = 0;

    for (const cJSON *item = list_of(settings, root, "endpoints"); item; item = next_object(settings, item->next)) {
        struct gw_config before = *out;

        if (is_folder(settings, item)) {
            folder = GW_ARENA_PUSH(settings->arena, folders, out->folder_count, folder_capacity);
            if (!folder)
                break;
            read_watched(settings, item, out->purge_days, folder);
            check_ids(settings, item, folder->id, &before);
        } else {
            endpoint = GW_ARENA_PUSH(settings->arena, endpoints, out->endpoint_count, endpoint_capacity);
            if (!endpoint)
                break;
            read_endpoint(settings, item, endpoint);
            check_ids(settings, item, endpoint->id, &before);
        }
        out->endpoints = endpoints;
        out->folders = folders;
    }
}

static void read_retain(struct gw_settings *settings, const cJSON *root, struct gw_config *out)
{
    static const char *const modes[] = {"subject", "windows"};
    const cJSON *retain = gw_settings_object(settings, root, "retain", false);

    gw_settings_check_keys(settings, retain, retain_keys);
    out->retain_windows = gw_settings_choice(settings, retain, "mode", modes, COUNT(modes), 0) == 1;
    out->purge_days = gw_settings_int(settings, retain, "purge_days", PURGE_DAYS, 0, MAX_PURGE_DAYS);
}

/* 0 would ask all the time, or never settle anything. */
static void read_schedule(struct gw_settings *settings, const cJSON *root, struct gw_schedule_policy *out)
{
    const cJSON *schedule = gw_settings_object(settings, root, "schedule", false);
    const struct {
        const char *key;
        int *value;
        int low, high;
    } values[] = {{"probe_hours", &out->probe_hours, 1, 168}, {"probe_far_hours", &out->probe_far_hours, 1, 168},
                  {"settle_days", &out->settle_days, 1, 365}, {"reconcile_days", &out->reconcile_days, 1, 30},
                  {"drug_days", &out->drug_days, 1, 30},      {"unanchored_hours", &out->unanchored_hours, 1, 168},
                  {"final_days", &out->final_days, 1, 730},   {"spread_minutes", &out->spread_minutes, 0, 1440}};

    gw_settings_check_keys(settings, schedule, schedule_keys);
    *out = gw_schedule_default;
    for (size_t i = 0; i < COUNT(values); i++)
        *values[i].value =
            gw_settings_int(settings, schedule, values[i].key, *values[i].value, values[i].low, values[i].high);
}

/* Whoever is to be told something must be reachable. */
static void read_listen(struct gw_settings *settings, const cJSON *root, struct gw_config *out)
{
    struct gw_error failure;

    out->listen = gw_settings_text(settings, root, "listen", false);
    if (out->listen && gw_listener_check_address(out->listen, false, &failure) != GW_OK)
        gw_settings_finding(settings, gw_json_get(root, "listen"), "%s", failure.text);
    for (size_t i = 0; i < out->endpoint_count && !out->listen; i++)
        if (out->endpoints[i].notifications.kind) {
            gw_settings_finding(settings, gw_json_get(root, "endpoints"),
                                "\"notifications\" need a door: write \"listen\": \"127.0.0.1:8490\" and let the "
                                "callback's proxy lead there");
            return;
        }
}

static void read_file(struct gw_settings *settings, const cJSON *root, struct gw_config *out)
{
    refuse_secrets(settings, root);
    gw_settings_check_keys(settings, root, file_keys);
    out->installation = read_id(settings, root, "installation");
    out->state = config_path(settings, root, "state", true);
    out->pseudonym_key = config_path(settings, root, "pseudonym_key", true);
    out->audit_checkpoints = config_path(settings, root, "audit_checkpoints", false);
    out->four_eyes = gw_settings_bool(settings, root, "fourEyes", true);
    read_retain(settings, root, out);
    read_schedule(settings, root, &out->schedule);
    read_studies(settings, root, out);
    read_endpoints(settings, root, out);
    read_listen(settings, root, out);
}

enum gw_status gw_config_load(struct gw_arena *arena, const char *path, struct gw_config *out, struct gw_error *err)
{
    struct gw_findings findings = {0};
    struct gw_settings settings;
    struct gw_config config = {.path = path};
    const cJSON *root = gw_settings_open(&settings, arena, path, &findings);
    enum gw_status rc;

    if (root)
        read_file(&settings, root, &config);
    rc = gw_findings_close(&findings, arena, path, err);
    if (rc == GW_OK)
        *out = config;
    return rc;
}
