/*
 * Reading casement.json. All that is wrong is found in one pass; the first finding is the failure.
 */
#include "gateway/service/config.h"

#include <string.h>

#include "gateway/core/date.h"
#include "gateway/core/settings.h"
#include "gateway/net/listener.h"
#include "service/config_parts.h"

#define PURGE_DAYS     90
#define MAX_PURGE_DAYS 36500
#define QUIET_SECONDS  5

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const file_keys[] = {
    "installation", "state",     "pseudonym_key", "fourEyes",          "retain", "schedule",
    "studies",      "endpoints", "listen",        "audit_checkpoints", NULL};
static const char *const retain_keys[] = {"mode", "purge_days", "order_key", NULL};
static const char *const schedule_keys[] = {"probe_hours",    "probe_far_hours", "settle_days",
                                            "reconcile_days", "drug_days",       "unanchored_hours",
                                            "final_days",     "spread_minutes",  NULL};
static const char *const study_keys[] = {"id", "package", "enrolment", "sink", "closed", NULL};
static const char *const enrolment_keys[] = {"endpoint", "group", "research_study", "identifier_system", NULL};
static const char *const folder_keys[] = {"id",           "site",          "kind",      "folder",
                                          "site_profile", "quiet_seconds", "done_days", NULL};

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
    out->enrolment_endpoint = config_id(settings, kept, "endpoint");
    out->enrolment_group = config_fhir_id(settings, kept, "group", false);
    out->enrolment_research_study = config_fhir_id(settings, kept, "research_study", false);
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
    out->id = config_id(settings, object, "id");
    out->package = config_path(settings, object, "package", true);
    read_enrolment(settings, object, state, out);
    out->closed = read_day(settings, object, "closed");
    config_sink(settings, object, installation, out);
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
    out->id = config_id(settings, object, "id");
    out->site = config_id(settings, object, "site");
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
            config_endpoint(settings, item, endpoint);
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
    out->order_key = config_path(settings, retain, "order_key", false);
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
    out->installation = config_id(settings, root, "installation");
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
