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

static const char where[] = "sources.profile";

enum { PROFILE_MAX_BYTES = 64 * 1024, ARENA_MAX_BYTES = 4 * 1024 * 1024, PAGE_SIZE_MAX = 10000 };

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

static void get_reads(const cJSON *root, struct gw_profile *profile)
{
    const cJSON *reads = gw_json_array(root, "reads");

    memset(profile->reads, 0, sizeof(profile->reads));
    GW_JSON_EACH (item, reads) {
        const enum gw_resource type = gw_resource_of(cJSON_IsString(item) ? item->valuestring : NULL);

        if (type != GW_RESOURCE_OTHER)
            profile->reads[type] = true;
    }
}

static enum gw_status read_profile(const cJSON *root, const char *path, struct gw_profile *out, struct gw_error *err)
{
    struct gw_profile profile = {0};
    const char *observations = gw_json_string(root, "observations");
    long page_size = 0;

    if (!gw_json_array(root, "reads") || !observations)
        return gw_fail(err, GW_ECONFIG, where, "%s: not an endpoint profile; delete it and run casement check", path);
    get_text(root, "checked", profile.checked, sizeof(profile.checked));
    get_text(root, "software", profile.software, sizeof(profile.software));
    get_text(root, "software_version", profile.software_version, sizeof(profile.software_version));
    get_text(root, "fhir_version", profile.fhir_version, sizeof(profile.fhir_version));
    get_text(root, "token_url", profile.token_url, sizeof(profile.token_url));
    get_reads(root, &profile);
    if (gw_json_int(root, "page_size", &page_size) && page_size > 0 && page_size <= PAGE_SIZE_MAX)
        profile.page_size = (unsigned)page_size;
    profile.observations = gw_same(observations, "code") ? GW_OBSERVATIONS_CODE : GW_OBSERVATIONS_CATEGORY;
    profile.last_updated = gw_json_true(root, "last_updated");
    profile.includes = gw_json_true(root, "includes");
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

static void put_reads(struct gw_text *json, const struct gw_profile *profile)
{
    const char *comma = "";

    gw_text_add(json, ",\n  \"reads\": [");
    for (int type = GW_RESOURCE_OTHER + 1; type < GW_RESOURCE_COUNT; type++) {
        if (!profile->reads[type])
            continue;
        gw_text_add(json, comma);
        gw_json_quote(json, gw_resource_name((enum gw_resource)type));
        comma = ", ";
    }
    gw_text_add(json, "]");
}

static const char *word(bool yes)
{
    return yes ? "true" : "false";
}

static void put_profile(struct gw_text *json, const struct gw_profile *profile, const char *endpoint)
{
    gw_text_add(json, "{\n  \"endpoint\": ");
    gw_json_quote(json, endpoint);
    put_text(json, "checked", profile->checked);
    put_text(json, "software", profile->software);
    put_text(json, "software_version", profile->software_version);
    put_text(json, "fhir_version", profile->fhir_version);
    put_reads(json, profile);
    gw_text_print(json, ",\n  \"page_size\": %u", profile->page_size);
    put_text(json, "observations", profile->observations == GW_OBSERVATIONS_CODE ? "code" : "category");
    gw_text_print(json, ",\n  \"last_updated\": %s,\n  \"includes\": %s", word(profile->last_updated),
                  word(profile->includes));
    put_text(json, "token_url", profile->token_url);
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
