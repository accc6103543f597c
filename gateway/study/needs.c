/*
 * What a study has a use for: what nothing collects or derives is not asked for.
 */
#include <string.h>

#include "gateway/study/package.h"
#include "gateway/study/tables.h"
#include "gateway/study/windows.h"

/* One reason to read a type: an event category ("" stands for any), or a derived parameter by the start of its name. */
static const struct need {
    enum gw_resource type;
    const char *category;
    const char *parameter;
} needs[] = {
    {GW_ADVERSE_EVENT, "", NULL},
    {GW_DIAGNOSTIC_REPORT, "THROMBOEMBOLISM", NULL},
    {GW_QUESTIONNAIRE_RESPONSE, "ICANS", NULL},
    {GW_QUESTIONNAIRE_RESPONSE, NULL, "FRAILIMW"},
    {GW_QUESTIONNAIRE_RESPONSE, NULL, "QL"},
};

static bool is_there(const struct gw_study *study, const struct need *need)
{
    for (size_t i = 0; need->category && i < study->category_count; i++)
        if (!*need->category || strcmp(study->categories[i], need->category) == 0)
            return true;
    for (size_t i = 0; need->parameter && i < study->derived_count; i++)
        if (strncmp(study->derived[i], need->parameter, strlen(need->parameter)) == 0)
            return true;
    return false;
}

bool gw_study_reads(const struct gw_study *study, enum gw_resource type)
{
    bool asks = false;

    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        if (needs[i].type != type)
            continue;
        if (is_there(study, &needs[i]))
            return true;
        asks = true;
    }
    return !asks;
}

bool gw_study_looks_back(const struct gw_study *study, const struct gw_lab *lab)
{
    return study->history.on && study->renal.on && strcmp(lab->concept, "WEIGHT") == 0;
}

int gw_study_baseline_days(const struct gw_study *study)
{
    for (size_t i = 0; i < study->window_count; i++)
        if (gw_window_rule_is_baseline(&study->windows[i]))
            return 0;
    return study->history.on ? study->history.baseline_days : 0;
}
