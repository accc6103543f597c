/*
 * Local codes of a hospital, mapped by FHIR ConceptMap.
 *
 * Only "equivalent" and "equal" (in R5 the relationship "equivalent") say that both codes mean the same: nothing else
 * may turn one into the other. A group with `unmapped` mode "provided" says that every code of its source is a code of
 * its target, as it stands: a national translation of ICD-10-CM is written so.
 *
 * Source: HL7 FHIR R4 and R5 ConceptMap; mappings/RULES.md 6.
 */
#include <stdlib.h>
#include <string.h>

#include "study/order.h"
#include "study/site_parts.h"

/* What FHIR R4 and R5 name in a ConceptMap, down to the target. */
static const char *const map_keys[] = {"resourceType",   "id",
                                       "meta",           "text",
                                       "extension",      "url",
                                       "identifier",     "version",
                                       "name",           "title",
                                       "status",         "experimental",
                                       "date",           "publisher",
                                       "contact",        "description",
                                       "useContext",     "jurisdiction",
                                       "purpose",        "copyright",
                                       "sourceUri",      "sourceCanonical",
                                       "targetUri",      "targetCanonical",
                                       "sourceScopeUri", "sourceScopeCanonical",
                                       "targetScopeUri", "targetScopeCanonical",
                                       "property",       "additionalAttribute",
                                       "group",          NULL};
static const char *const group_keys[] = {"id",      "extension", "source", "sourceVersion", "target", "targetVersion",
                                         "element", "unmapped",  NULL};
static const char *const element_keys[] = {"id",    "extension", "code",    "display", "valueSet",
                                           "noMap", "target",    "comment", NULL};
static const char *const target_keys[] = {"id",      "extension",    "code",     "display",   "valueSet", "equivalence",
                                          "comment", "relationship", "property", "dependsOn", "product",  NULL};

struct reading {
    struct gw_settings *s;
    struct site_code *rows;
    size_t count;
    size_t capacity;
    struct site_system *systems;
    size_t system_count;
    size_t system_capacity;
};

static int order(const struct gw_coding *a, const struct gw_coding *b)
{
    const int by_system = order_texts(a->system, b->system);

    return by_system ? by_system : order_texts(a->code, b->code);
}

static int by_local(const void *a, const void *b)
{
    return order(&((const struct site_code *)a)->local, &((const struct site_code *)b)->local);
}

/* The same, those of one code as the file has them. */
static int by_local_and_line(const void *a, const void *b)
{
    const struct site_code *const x = a, *const y = b;
    const int by_code = by_local(x, y);

    return by_code ? by_code : ORDER(x->line, y->line);
}

static void no_memory(struct reading *r)
{
    gw_settings_finding(r->s, NULL, "the profile does not fit the memory set for it");
}

/* Says the same: true. Says there is no such code (unmatched, disjoint): false. Anything between is a finding. */
static bool is_same(struct reading *r, const cJSON *target)
{
    static const char *const same[] = {"equivalent", "equal"};
    static const char *const none[] = {"unmatched", "disjoint", "not-related-to"};
    const char *word = gw_json_string(target, "equivalence");

    if (!word)
        word = gw_json_string(target, "relationship");
    for (size_t i = 0; word && i < 2; i++)
        if (strcmp(word, same[i]) == 0)
            return true;
    for (size_t i = 0; word && i < 3; i++)
        if (strcmp(word, none[i]) == 0)
            return false;
    gw_settings_finding(r->s, target,
                        "equivalence \"%s\" does not say that both codes mean the same; write equivalent, or "
                        "leave the element out",
                        word ? word : "");
    return false;
}

static void add(struct reading *r, const struct site_code *row, const cJSON *target)
{
    struct site_code *kept;

    if (gw_same(row->target.system, GW_SYSTEM_LOINC) && !loinc_check_digit(row->target.code)) {
        gw_settings_finding(r->s, gw_json_get(target, "code"),
                            "\"%s\" fails the LOINC check digit: a misprint; look the "
                            "code up",
                            row->target.code);
        return;
    }
    kept = GW_ARENA_PUSH(r->s->arena, r->rows, r->count, r->capacity);
    if (kept)
        *kept = *row;
    else
        no_memory(r);
}

static void read_element(struct reading *r, const cJSON *element, const char *source, const char *system)
{
    struct site_code row = {.local = {.system = source, .code = gw_settings_text(r->s, element, "code", true)},
                            .target = {.system = system}};
    size_t kept = 0;

    gw_settings_check_keys(r->s, element, element_keys);
    if (!row.local.code)
        return;
    GW_JSON_EACH (target, gw_settings_array(r->s, element, "target", false)) {
        gw_settings_check_keys(r->s, target, target_keys);
        if (!is_same(r, target))
            continue;
        row.target.code = gw_settings_text(r->s, target, "code", true);
        row.target.display = gw_json_string(target, "display");
        row.line = gw_settings_line(r->s, target);
        if (row.target.code && ++kept == 1)
            add(r, &row, target);
    }
    if (kept > 1)
        gw_settings_finding(r->s, element, "\"%s\" is mapped to two codes; keep one", row.local.code);
}

static void read_group(struct reading *r, const cJSON *group)
{
    const char *const source = gw_settings_text(r->s, group, "source", true);
    const char *const target = gw_settings_text(r->s, group, "target", true);
    const char *const unmapped = gw_json_string(gw_json_object(group, "unmapped"), "mode");
    struct site_system *system;

    gw_settings_check_keys(r->s, group, group_keys);
    if (!source || !target)
        return;
    if (unmapped && strcmp(unmapped, "provided") == 0) {
        system = GW_ARENA_PUSH(r->s->arena, r->systems, r->system_count, r->system_capacity);
        if (system)
            *system = (struct site_system){source, target, gw_settings_line(r->s, group)};
        else
            no_memory(r);
    }
    GW_JSON_EACH (element, gw_settings_array(r->s, group, "element", !unmapped)) {
        read_element(r, element, source, target);
    }
}

static void read_map(struct reading *r, const cJSON *map)
{
    const char *const type = gw_json_string(map, "resourceType");

    if (!type || strcmp(type, "ConceptMap") != 0) {
        gw_settings_finding(r->s, map,
                            "\"codes\" holds something that is no ConceptMap; write {\"resourceType\": "
                            "\"ConceptMap\", ...}");
        return;
    }
    gw_settings_check_keys(r->s, map, map_keys);
    GW_JSON_EACH (group, gw_settings_array(r->s, map, "group", true)) {
        read_group(r, group);
    }
}

void site_read_codes(struct gw_settings *settings, const cJSON *root, struct site_codes *out)
{
    const cJSON *const array = gw_settings_array(settings, root, "codes", false);
    struct reading r = {.s = settings};

    GW_JSON_EACH (map, array) {
        read_map(&r, map);
    }
    if (r.rows)
        qsort(r.rows, r.count, sizeof *r.rows, by_local_and_line);
    for (size_t i = 1; i < r.count; i++)
        if (order(&r.rows[i - 1].local, &r.rows[i].local) == 0)
            gw_findings_add(settings->findings, settings->path, r.rows[i].line,
                            "the code \"%s\" of %s is mapped to %s and to %s; keep one", r.rows[i].local.code,
                            r.rows[i].local.system, r.rows[i - 1].target.code, r.rows[i].target.code);
    *out = (struct site_codes){r.rows, r.count, r.systems, r.system_count};
}

const struct gw_coding *site_codes_find(const struct site_codes *codes, const struct gw_coding *local)
{
    const struct site_code wanted = {.local = *local};
    const struct site_code *found =
        codes->count ? bsearch(&wanted, codes->rows, codes->count, sizeof *codes->rows, by_local) : NULL;

    return found ? &found->target : NULL;
}
