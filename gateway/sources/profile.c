/*
 * An endpoint's profile as a file: written in one step, read strictly, its texts cut to what the struct holds.
 */
#include "gateway/sources/profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/core/json.h"
#include "gateway/core/text.h"
#include "gateway/net/url.h"

static const char where[] = "sources.profile";

enum {
    VERSION = 2, /* of the file */
    PROFILE_MAX_BYTES = 64 * 1024,
    ARENA_MAX_BYTES = 4 * 1024 * 1024,
    PAGE_SIZE_MAX = 10000,
    CODES_MAX = 1000,
    TOKEN_LIFE_MAX_S = 86400,
};

static const char *const posts[] = {
    [GW_POST_NEVER] = "never", [GW_POST_NEEDED] = "needed", [GW_POST_ALWAYS] = "always"};

const struct gw_profile gw_profile_default = {
    .reads =
        {
            [GW_PATIENT] = true,
            [GW_ENCOUNTER] = true,
            [GW_OBSERVATION] = true,
            [GW_MEDICATION_ADMINISTRATION] = true,
            [GW_MEDICATION_REQUEST] = true,
            [GW_MEDICATION_DISPENSE] = true,
            [GW_MEDICATION_STATEMENT] = true,
            [GW_MEDICATION] = true,
            [GW_CONDITION] = true,
            [GW_PROCEDURE] = true,
            [GW_SPECIMEN] = true,
        },
    .observations = GW_OBSERVATIONS_CATEGORY,
};

int gw_profile_release(const struct gw_profile *profile)
{
    return profile->fhir_version[0] == '5' ? 5 : 4;
}

/* Also where nothing is known of it yet. */
static bool is_supported(const char *version)
{
    return !*version || strncmp(version, "4.", 2) == 0 || strncmp(version, "5.", 2) == 0;
}

enum gw_status gw_profile_usable(const struct gw_profile *profile, struct gw_error *err)
{
    if (!is_supported(profile->fhir_version))
        return gw_fail(err, GW_EPROTO, where,
                       "%s says FHIR version %s: R4 (4.0.1) or R5 is needed; ask for the address of the R4 interface, "
                       "and run casement check",
                       *profile->software ? profile->software : "the server", profile->fhir_version);
    if (profile->mixes_patients)
        return gw_fail(err, GW_EPROTO, where,
                       "the last check saw data of another patient than the one asked for: nothing is asked until "
                       "casement check sees that patients are kept apart");
    return GW_OK;
}

static void set_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

void gw_profile_learn(struct gw_profile *profile, const struct gw_capability *capability)
{
    set_text(profile->software, sizeof(profile->software), capability->software);
    set_text(profile->software_version, sizeof(profile->software_version), capability->software_version);
    set_text(profile->fhir_version, sizeof(profile->fhir_version), capability->fhir_version);
    memcpy(profile->reads, capability->reads, sizeof(profile->reads));
}

/* ---- reading ---- */

static void get_text(const cJSON *root, const char *name, char *out, size_t size)
{
    set_text(out, size, gw_json_string(root, name));
}

static void get_types(const cJSON *root, const char *name, bool types[GW_RESOURCE_COUNT])
{
    GW_JSON_EACH (item, gw_json_array(root, name)) {
        const enum gw_resource type = gw_resource_of(cJSON_IsString(item) ? item->valuestring : NULL);

        if (type != GW_RESOURCE_OTHER)
            types[type] = true;
    }
}

/* A number out of its range is none. */
static unsigned get_number(const cJSON *root, const char *name, long most)
{
    long number = 0;

    return gw_json_int(root, name, &number) && number > 0 && number <= most ? (unsigned)number : 0;
}

static enum gw_status judge_file(const cJSON *root, const char *path, struct gw_error *err)
{
    long version = 1;

    if (!gw_json_array(root, "reads") || !gw_json_string(root, "observations"))
        return gw_fail(err, GW_ECONFIG, where, "%s: not an endpoint profile; delete it and run casement check", path);
    if (gw_json_int(root, "version", &version) && version > VERSION)
        return gw_fail(err, GW_ECONFIG, where,
                       "%s: a profile of version %ld, this release reads up to %d; delete it and run casement check",
                       path, version, VERSION);
    return GW_OK;
}

static void get_texts(const cJSON *root, struct gw_profile *profile)
{
    get_text(root, "checked", profile->checked, sizeof(profile->checked));
    get_text(root, "software", profile->software, sizeof(profile->software));
    get_text(root, "software_version", profile->software_version, sizeof(profile->software_version));
    get_text(root, "fhir_version", profile->fhir_version, sizeof(profile->fhir_version));
    get_text(root, "token_url", profile->token_url, sizeof(profile->token_url));
    get_text(root, "issuer", profile->issuer, sizeof(profile->issuer));
}

static enum gw_status read_profile(const cJSON *root, const char *path, struct gw_profile *out, struct gw_error *err)
{
    struct gw_profile profile = {0};
    const int post = gw_place_in(posts, sizeof(posts) / sizeof(posts[0]), gw_json_string(root, "post"));

    if (judge_file(root, path, err) != GW_OK)
        return GW_ECONFIG;
    get_texts(root, &profile);
    get_types(root, "reads", profile.reads);
    get_types(root, "undated", profile.undated);
    profile.page_size = get_number(root, "page_size", PAGE_SIZE_MAX);
    profile.codes_max = get_number(root, "codes_max", CODES_MAX);
    profile.query_max = get_number(root, "query_max", GW_URL_MAX);
    profile.observations =
        gw_same(gw_json_string(root, "observations"), "code") ? GW_OBSERVATIONS_CODE : GW_OBSERVATIONS_CATEGORY;
    profile.post = post > 0 ? (enum gw_post)post : GW_POST_NEVER;
    profile.last_updated = gw_json_true(root, "last_updated");
    profile.last_updated_by_day = gw_json_true(root, "last_updated_by_day");
    profile.one_range = gw_json_true(root, "one_range");
    profile.sorts = gw_json_true(root, "sorts");
    profile.includes = gw_json_true(root, "includes");
    profile.mixes_patients = gw_json_true(root, "mixes_patients");
    profile.token_life_s = get_number(root, "token_life_s", TOKEN_LIFE_MAX_S);
    *out = profile;
    return GW_OK;
}

static void print_path(struct gw_text *path, const char *folder, const char *endpoint)
{
    gw_text_print(path, "%s/%s.json", folder, endpoint);
}

enum gw_status gw_profile_load(const char *folder, const char *endpoint, struct gw_profile *out, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(ARENA_MAX_BYTES);
    struct gw_text path = GW_TEXT_INIT(4096);
    const cJSON *root;
    enum gw_status rc = GW_OK;

    print_path(&path, folder, endpoint);
    if (access(path.at, F_OK) != 0 && errno == ENOENT) {
        *out = gw_profile_default;
        goto done;
    }
    rc = gw_json_load(&arena, path.at, PROFILE_MAX_BYTES, &root, NULL, err);
    if (rc == GW_OK)
        rc = read_profile(root, path.at, out, err);
done:
    gw_arena_release(&arena);
    gw_text_release(&path);
    return rc;
}

/* ---- writing ---- */

static void put_text(struct gw_text *json, const char *name, const char *text)
{
    gw_text_print(json, ",\n  \"%s\": ", name);
    gw_json_quote(json, *text ? text : NULL);
}

static void put_types(struct gw_text *json, const char *name, const bool types[GW_RESOURCE_COUNT])
{
    const char *comma = "";

    gw_text_print(json, ",\n  \"%s\": [", name);
    for (int type = GW_RESOURCE_OTHER + 1; type < GW_RESOURCE_COUNT; type++) {
        if (!types[type])
            continue;
        gw_text_add(json, comma);
        gw_json_quote(json, gw_resource_name((enum gw_resource)type));
        comma = ", ";
    }
    gw_text_add(json, "]");
}

static void put_switch(struct gw_text *json, const char *name, bool on)
{
    gw_text_print(json, ",\n  \"%s\": %s", name, on ? "true" : "false");
}

static void put_profile(struct gw_text *json, const struct gw_profile *profile, const char *endpoint)
{
    gw_text_print(json, "{\n  \"version\": %d,\n  \"endpoint\": ", VERSION);
    gw_json_quote(json, endpoint);
    put_text(json, "checked", profile->checked);
    put_text(json, "software", profile->software);
    put_text(json, "software_version", profile->software_version);
    put_text(json, "fhir_version", profile->fhir_version);
    put_types(json, "reads", profile->reads);
    put_types(json, "undated", profile->undated);
    gw_text_print(json, ",\n  \"page_size\": %u,\n  \"codes_max\": %u,\n  \"query_max\": %u", profile->page_size,
                  profile->codes_max, profile->query_max);
    put_text(json, "observations", profile->observations == GW_OBSERVATIONS_CODE ? "code" : "category");
    put_text(json, "post", posts[profile->post]);
    put_switch(json, "last_updated", profile->last_updated);
    put_switch(json, "last_updated_by_day", profile->last_updated_by_day);
    put_switch(json, "one_range", profile->one_range);
    put_switch(json, "sorts", profile->sorts);
    put_switch(json, "includes", profile->includes);
    put_switch(json, "mixes_patients", profile->mixes_patients);
    gw_text_print(json, ",\n  \"token_life_s\": %u", profile->token_life_s);
    put_text(json, "token_url", profile->token_url);
    put_text(json, "issuer", profile->issuer);
    gw_text_add(json, "\n}\n");
}

enum gw_status gw_profile_save(const struct gw_profile *profile, const char *folder, const char *endpoint,
                               struct gw_error *err)
{
    struct gw_text path = GW_TEXT_INIT(4096);
    struct gw_text json = GW_TEXT_INIT(PROFILE_MAX_BYTES);
    enum gw_status rc;

    print_path(&path, folder, endpoint);
    put_profile(&json, profile, endpoint);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        rc = gw_fail(err, GW_ECREATE, where, "%s: cannot be created: %s; make its parent folder writable", folder,
                     strerror(errno));
    else
        rc = gw_text_write_file(path.at, 0600, json.at, json.length, err);
    gw_text_release(&json);
    gw_text_release(&path);
    return rc;
}
