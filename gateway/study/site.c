/*
 * One hospital's profile: read, checked, and asked.
 */
#include <stdlib.h>
#include <string.h>

#include "study/package_keys.h"
#include "study/site_parts.h"

static const char *const file_keys[] = {
    "id",    "name",           "zone",   "contacts", "time_without_offset", "unit_aliases", "unit_missing", "ranges",
    "codes", "questionnaires", "scores", NULL};
static const char *const alias_keys[] = {"text", "code", "note", NULL};
static const char *const missing_keys[] = {"system", "code", "unit", "note", NULL};

const struct gw_settings_keys site_keys[] = {
    {"", file_keys},        {"unit_aliases", alias_keys},  {"unit_missing", missing_keys},
    {"ranges", range_keys}, {"questionnaires", form_keys}, {"scores", score_keys},
    {NULL, NULL},
};

static bool check_unit(struct gw_settings *s, const cJSON *object, const char *key, const char *unit,
                       const struct gw_tables *tables)
{
    if (!unit)
        return false;
    if (labs_know_unit(&tables->labs, unit))
        return true;
    gw_settings_finding(s, gw_json_get(object, key),
                        "no laboratory row accepts the unit \"%s\"; write its UCUM code as "
                        "loinc-labs.csv does",
                        unit);
    return false;
}

static bool check_object(struct gw_settings *s, const cJSON *item, const char *list, const char *const *keys)
{
    if (cJSON_IsObject(item)) {
        gw_settings_check_keys(s, item, keys);
        return true;
    }
    gw_settings_finding(s, item, "\"%s\" holds something that is no object; write {...}", list);
    return false;
}

static void no_memory(struct gw_settings *s)
{
    gw_settings_finding(s, NULL, "the profile does not fit the memory set for it");
}

static void read_aliases(struct gw_settings *s, const cJSON *root, const struct gw_tables *tables, struct gw_site *site)
{
    struct unit_alias *rows = NULL, *kept;
    size_t capacity = 0;

    GW_JSON_EACH (item, gw_settings_array(s, root, "unit_aliases", false)) {
        if (!check_object(s, item, "unit_aliases", alias_keys))
            continue;
        const struct unit_alias alias = {gw_settings_text(s, item, "text", true),
                                         gw_settings_text(s, item, "code", true), gw_settings_line(s, item)};

        if (!alias.text || !check_unit(s, item, "code", alias.code, tables))
            continue;
        if (!(kept = GW_ARENA_PUSH(s->arena, rows, site->alias_count, capacity))) {
            no_memory(s);
            return;
        }
        *kept = alias;
    }
    if (rows)
        qsort(rows, site->alias_count, sizeof *rows, alias_order);
    site->aliases = rows;
    for (size_t i = 1; i < site->alias_count; i++)
        if (strcmp(rows[i - 1].text, rows[i].text) == 0)
            gw_findings_add(s->findings, s->path, rows[i].line, "\"%s\" is meant as \"%s\" and as \"%s\"; keep one",
                            rows[i].text, rows[i - 1].code, rows[i].code);
}

static void read_missing(struct gw_settings *s, const cJSON *root, const struct gw_tables *tables, struct gw_site *site)
{
    struct site_unit *rows = NULL, *kept;
    size_t capacity = 0;

    GW_JSON_EACH (item, gw_settings_array(s, root, "unit_missing", false)) {
        if (!check_object(s, item, "unit_missing", missing_keys))
            continue;
        const struct site_unit rule = {
            {gw_settings_text(s, item, "system", true), gw_settings_text(s, item, "code", true), NULL},
            gw_settings_text(s, item, "unit", true)};

        if (!rule.coding.system || !rule.coding.code || !check_unit(s, item, "unit", rule.unit, tables))
            continue;
        if (!(kept = GW_ARENA_PUSH(s->arena, rows, site->missing_count, capacity))) {
            no_memory(s);
            return;
        }
        *kept = rule;
    }
    site->missing = rows;
}

static void read_zone(struct gw_settings *s, const cJSON *root, struct gw_site *site)
{
    const char *const name = gw_settings_text(s, root, "zone", true);

    if (name && gw_zone_open(name, &site->zone, NULL) != GW_OK)
        gw_settings_finding(s, gw_json_get(root, "zone"),
                            "\"%s\" is no time zone known here; write an IANA name as "
                            "Europe/Madrid",
                            name);
}

static void read_profile(struct gw_settings *s, const cJSON *root, const struct gw_tables *tables, struct gw_site *site)
{
    static const char *const contacts[] = {"encounters", "inferred", "none"};
    static const char *const times[] = {"refuse", "site"};

    gw_settings_check_keys(s, root, file_keys);
    site->id = gw_settings_text(s, root, "id", true);
    gw_settings_text(s, root, "name", false);
    if (!gw_json_get(root, "contacts"))
        gw_settings_finding(s, root, "\"contacts\" is missing; say encounters, inferred or none: it is never guessed");
    site->contacts = (enum gw_contacts)gw_settings_choice(s, root, "contacts", contacts, 3, 0);
    site->assumes_zone = gw_settings_choice(s, root, "time_without_offset", times, 2, 0) == 1;
    read_aliases(s, root, tables, site);
    read_missing(s, root, tables, site);
    site_read_ranges(s, root, tables, site);
    site_read_codes(s, root, &site->codes);
    site_read_forms(s, root, site);
    site_read_scores(s, root, site);
    if (site->id && !(site->rule = gw_arena_print(s->arena, "site:%s", site->id)))
        no_memory(s);
    read_zone(s, root, site);
}

struct gw_site *site_read(struct gw_arena *arena, const char *path, const struct gw_tables *tables,
                          struct gw_findings *findings)
{
    struct gw_settings settings;
    struct gw_site *const site = gw_arena_alloc(arena, sizeof *site);
    const char *const own_path = gw_arena_copy(arena, path, strlen(path));
    const cJSON *root;

    if (!site || !own_path) {
        gw_findings_no_memory(findings, path);
        return NULL;
    }
    root = gw_settings_open(&settings, arena, own_path, findings);
    if (root)
        read_profile(&settings, root, tables, site);
    return site;
}

enum gw_status gw_site_load(struct gw_arena *arena, const char *path, const struct gw_tables *tables,
                            const struct gw_site **out, struct gw_error *err)
{
    struct gw_findings findings = {.out = NULL};
    struct gw_site *const site = site_read(arena, path, tables, &findings);
    enum gw_status rc;

    if (!site)
        return gw_fail(err, GW_ENOMEM, "study.site", "%s: the profile does not fit the memory set for it", path);
    rc = gw_findings_close(&findings, arena, path, err);
    if (rc == GW_OK)
        *out = site;
    else if (site->zone)
        gw_zone_close(site->zone);
    return rc;
}

void gw_site_close(const struct gw_site *site)
{
    if (site)
        gw_zone_close(site->zone);
}

const char *gw_site_id(const struct gw_site *site)
{
    return site->id;
}

const struct gw_zone *gw_site_zone(const struct gw_site *site)
{
    return site->zone;
}

enum gw_contacts gw_site_contacts(const struct gw_site *site)
{
    return site->contacts;
}

bool gw_site_assumes_zone(const struct gw_site *site)
{
    return site->assumes_zone;
}

const char *gw_site_rule(const struct gw_site *site)
{
    return site->rule;
}

const char *gw_site_unit_alias(const struct gw_site *site, const char *text)
{
    return text ? alias_find(site->aliases, site->alias_count, text) : NULL;
}

const char *gw_site_missing_unit(const struct gw_site *site, const struct gw_coding *code)
{
    for (size_t i = 0; code && i < site->missing_count; i++)
        if (gw_same(site->missing[i].coding.system, code->system) && gw_same(site->missing[i].coding.code, code->code))
            return site->missing[i].unit;
    return NULL;
}

const struct gw_coding *gw_site_target(const struct gw_site *site, const struct gw_coding *local)
{
    return local->code ? site_codes_find(&site->codes, local) : NULL;
}

const char *gw_site_system(const struct gw_site *site, const char *system)
{
    for (size_t i = 0; system && i < site->codes.system_count; i++)
        if (strcmp(site->codes.systems[i].source, system) == 0)
            return site->codes.systems[i].target;
    return system;
}

static bool fits(const struct gw_site_range *range, const char *concept, const char *sex, int age)
{
    const bool bounded = range->age_low >= 0 || range->age_high >= 0;

    if (strcmp(range->concept, concept) != 0 || (range->sex && !gw_same(range->sex, sex)))
        return false;
    if (!bounded)
        return true;
    return age >= 0 && age >= range->age_low && (range->age_high < 0 || age <= range->age_high);
}

const struct gw_site_range *gw_site_range_of(const struct gw_site *site, const char *concept, const char *sex, int age)
{
    for (size_t i = 0; i < site->range_count; i++)
        if (fits(&site->ranges[i], concept, sex, age))
            return &site->ranges[i];
    return NULL;
}
