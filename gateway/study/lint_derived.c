/*
 * The parameters a package derives: those they are made from are derived too, and the bounds they go by are there.
 *
 * Source: mappings/RULES.md 13.
 */
#include <string.h>

#include "gateway/study/parameters.h"
#include "study/lint_parts.h"
#include "study/sheet.h"

/* What parameters whose name begins so cannot do without. */
static const struct {
    const char *beginning;
    const char *group; /* of study.json */
} needs[] = {
    {"CRCL", "renal"},
    {"EGFR", "renal"},
    {"RENAL", "renal"},
    {"CHARLSON", "charlson"},
    {"FRAIL", "frailty"},
    {"PRIORLIN", "prior_lines"},
    {"EXPDOSE", "start_dose"},
    {"EXPDOSE", "renal"},
    {"CONCORD", "start_dose"},
    {"CONCORD", "exposure"},
    {"VTE", "vte"},
    {"ABXPROPH", "antibiotic_prophylaxis"},
    {"CYTOACT", "cytopenia"},
    {"MONGAP", "monitoring"},
    {"DEXCLASS", "dexamethasone"},
    {"RDIEXP", "start_dose"},
    {"BOR", "response"},
    {"ORR", "response"},
    {"TTR", "response"},
    {"TTP", "response"},
    {"PFS", "response"},
    {"DOR", "response"},
    {"QL", "questionnaires"},
    {"SPM", "spm"},
    {"COMPLETE", "completeness"},
};

static void check_needs(struct lint *l, const cJSON *item)
{
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (strncmp(item->valuestring, needs[i].beginning, strlen(needs[i].beginning)) == 0 &&
            !gw_json_get(l->package.root, needs[i].group))
            gw_settings_finding(&l->package.settings, item,
                                "%s goes by \"%s\", which the file does not have; add it, or leave the parameter out",
                                item->valuestring, needs[i].group);
}

static void check_inputs(struct lint *l, const cJSON *item, const struct gw_parameter *parameter)
{
    char *const inputs = gw_arena_copy(l->arena, parameter->inputs, strlen(parameter->inputs));
    char *rest = NULL;

    for (char *name = inputs ? strtok_r(inputs, ";", &rest) : NULL; name; name = strtok_r(NULL, ";", &rest))
        if (!gw_is_among(l->study->derived, l->study->derived_count, name))
            gw_settings_finding(&l->package.settings, item,
                                "%s is made from %s, which is switched off; add \"%s\" to \"derived\"", parameter->name,
                                name, name);
}

static void tell_cycle(struct lint *l, const char *path, const char *way, const struct lint_edge *closing)
{
    (void)closing;
    gw_findings_add(&l->findings, path, 0, "parameters are made from each other: %s; break the way round", way);
}

/* All parameters there are, switched on or not. */
static bool check_cycles(struct lint *l)
{
    const struct gw_parameter *list;
    const size_t count = gw_parameters(&list);
    struct lint_edge *edges = NULL, *kept;
    size_t edge_count = 0, capacity = 0;

    for (size_t i = 0; i < count; i++) {
        char *rest = NULL, *inputs = gw_arena_copy(l->arena, list[i].inputs, strlen(list[i].inputs));

        for (char *name = inputs ? strtok_r(inputs, ";", &rest) : NULL; name; name = strtok_r(NULL, ";", &rest)) {
            if (!(kept = GW_ARENA_PUSH(l->arena, edges, edge_count, capacity)))
                return false;
            *kept = (struct lint_edge){list[i].name, name, 0};
        }
    }
    return lint_cycles(l, l->package.settings.path, edges, edge_count, tell_cycle);
}

void lint_derived(struct lint *l)
{
    GW_JSON_EACH (item, gw_json_array(l->package.root, "derived")) {
        const struct gw_parameter *const parameter = cJSON_IsString(item) ? gw_parameter_find(item->valuestring) : NULL;

        if (!parameter)
            continue;
        check_needs(l, item);
        check_inputs(l, item, parameter);
    }
    if (!check_cycles(l))
        gw_findings_no_memory(&l->findings, l->package.settings.path);
}
