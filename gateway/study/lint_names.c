/*
 * Names of a package that stand twice, or that nothing bears: they would be passed over without a word.
 *
 * Source: mappings/RULES.md 12 and 13.
 */
#include <ctype.h>
#include <string.h>

#include "gateway/study/parameters.h"
#include "study/lint_parts.h"

static const char parameter_of_sets[] = "MONGAP_";

/* ---- twice ---- */

static bool stands_before(const cJSON *list, const cJSON *item)
{
    for (const cJSON *other = list->child; other != item; other = other->next)
        if (cJSON_IsString(other) && strcmp(other->valuestring, item->valuestring) == 0)
            return true;
    return false;
}

/* Every list of texts there is, however deep: the reader of the file bounds how deep that can be. */
static void check_repeats(struct lint *l, const cJSON *value)
{
    GW_JSON_EACH (item, value) {
        if (cJSON_IsArray(value) && cJSON_IsString(item) && stands_before(value, item))
            gw_settings_finding(&l->package.settings, item, "\"%s\" stands in the list already; keep one",
                                item->valuestring);
        check_repeats(l, item);
    }
}

/* ---- codes ---- */

static bool is_bare_code(const char *code)
{
    for (; *code; code++)
        if (!isdigit((unsigned char)*code) && !isupper((unsigned char)*code))
            return false;
    return true;
}

static void check_codes(struct lint *l, const char *path)
{
    const cJSON *const list = lint_item(l, path);

    GW_JSON_EACH (item, cJSON_IsArray(list) ? list : NULL) {
        if (cJSON_IsString(item) && !is_bare_code(item->valuestring))
            gw_settings_finding(
                &l->package.settings, item,
                "\"%s\" matches no code, which are compared without their dot; write capitals and digits",
                item->valuestring);
    }
}

/* ---- sets of tests ---- */

static void check_set(struct lint *l, const cJSON *item, const char *id)
{
    char name[sizeof parameter_of_sets + 1];

    strcpy(name, parameter_of_sets);
    strncat(name, id, 1);
    if (!gw_parameter_find(name))
        gw_settings_finding(&l->package.settings, item,
                            "a set makes the parameter of its first letter, and there is no %s; begin with another",
                            name);
}

static const struct gw_monitoring_set *same_letter(const struct gw_monitoring *sets, size_t count, char letter)
{
    for (size_t i = 0; i < count; i++)
        if (sets->items[i].id && sets->items[i].id[0] == letter)
            return &sets->items[i];
    return NULL;
}

static void check_sets(struct lint *l)
{
    const struct gw_monitoring *const sets = &l->study->monitoring;
    const cJSON *item = gw_json_array(l->package.root, "monitoring");

    item = item ? item->child : NULL;
    for (size_t i = 0; i < sets->count && item; i++, item = item->next)
        if (sets->items[i].id) /* else told by the reader */
            check_set(l, item, sets->items[i].id);
    GW_JSON_EACH (name, gw_json_array(l->package.root, "derived")) {
        const char *const text = cJSON_IsString(name) ? name->valuestring : "";

        if (strncmp(text, parameter_of_sets, strlen(parameter_of_sets)) == 0 && sets->count > 0 &&
            !same_letter(sets, sets->count, text[strlen(parameter_of_sets)]))
            gw_settings_finding(&l->package.settings, name,
                                "no set of \"monitoring\" begins with the letter of %s; add it, or leave the parameter "
                                "out",
                                text);
    }
}

/* ---- second malignancies ---- */

static bool knows_subcategory(const struct condition_rows *rows, const char *category, const char *subcategory)
{
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(rows->rows[i].category, category) == 0 && gw_same(rows->rows[i].subcategory, subcategory))
            return true;
    return false;
}

static void check_malignancies(struct lint *l)
{
    const struct gw_spm_rules *const spm = &l->study->spm;

    if (!spm->on)
        return;
    if (!gw_is_among(l->study->categories, l->study->category_count, spm->category))
        gw_settings_finding(&l->package.settings, lint_item(l, "spm.category"),
                            "\"%s\" is not collected, so that no event of it is found; add it to \"ae\".\"categories\"",
                            spm->category);
    for (size_t i = 0; i < spm->apart.count; i++)
        if (!knows_subcategory(&l->tables->conditions, spm->category, spm->apart.items[i]))
            gw_settings_finding(&l->package.settings, lint_item(l, "spm.apart"),
                                "ae-conditions.csv has no subcategory \"%s\" of %s; name one, or leave it out",
                                spm->apart.items[i], spm->category);
}

void lint_names(struct lint *l)
{
    check_repeats(l, l->package.root);
    check_codes(l, "renal.dialysis_codes");
    check_codes(l, "charlson.exclude");
    check_sets(l);
    check_malignancies(l);
}
