/*
 * Keys of study.json from which days are counted: the object `anchors`.
 *
 * Source: mappings/RULES.md 2.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "study/package_parts.h"

#define ANCHOR(name, field_kind, member, ...)                                                                          \
    {                                                                                                                  \
        .key = (name), .kind = (field_kind), .offset = offsetof(struct gw_study, member), __VA_ARGS__                  \
    }
#define DAYS(name, member, default_days, least)                                                                        \
    ANCHOR(name, FIELD_INT, member, .fallback = (default_days), .low = (least), .high = FIELD_MAX_DAYS)

static const struct package_field d1_fields[] = {
    {.key = "drugs", .kind = FIELD_BY_HAND},           {.key = "evidence", .kind = FIELD_BY_HAND},
    DAYS("spread_days", first_dose_spread_days, 7, 0), DAYS("dispense_spread_days", dispense_spread_days, 7, 0),
    DAYS("move_days", anchor_move_days, 14, 0),        DAYS("earlier_line_days", earlier_line_days, 28, 0),
    {.key = "recruit", .kind = FIELD_BY_HAND},         {NULL},
};

static const struct package_field eot_fields[] = {
    ANCHOR("drug", FIELD_TEXT, eot_drug),
    DAYS("gap_days", eot_gap_days, 56, 1),
    DAYS("spread_days", eot_spread_days, 7, 0),
    {NULL},
};

static const struct package_field cap_fields[] = {
    ANCHOR("months", FIELD_INT, cap_months, .fallback = 0, .low = 1, .high = 600),
    ANCHOR("follow_up", FIELD_BOOL, cap_applies_to_follow_up),
    {NULL},
};

const struct package_field anchors_fields[] = {
    {.key = "D1", .kind = FIELD_PART, .fields = d1_fields},
    {.key = "EOT", .kind = FIELD_PART, .fields = eot_fields, .optional = true},
    {.key = "cap", .kind = FIELD_PART, .fields = cap_fields, .optional = true},
    {NULL},
};

static void read_evidence_ranks(struct gw_settings *s, const cJSON *d1, struct gw_study *study)
{
    static const char *const ranks[GW_RANK_COUNT] = {"roster", "administration", "statement", "dispense", "request"};
    size_t count;
    const char *const *names = gw_settings_texts(s, d1, "evidence", true, &count);

    if (gw_json_array(d1, "evidence") && cJSON_GetArraySize(gw_json_array(d1, "evidence")) == 0)
        gw_settings_finding(s, gw_json_get(d1, "evidence"),
                            "nothing may tell day 1; name at least one in \"evidence\"");
    for (size_t i = 0; i < count; i++) {
        size_t rank = 0;

        while (rank < GW_RANK_COUNT && strcmp(ranks[rank], names[i]) != 0)
            rank++;
        if (rank < GW_RANK_COUNT)
            study->d1_evidence[rank] = true;
        else
            gw_settings_finding(
                s, gw_json_get(d1, "evidence"),
                "\"%s\" is no evidence of day 1; use roster, administration, statement, dispense, request", names[i]);
    }
}

static bool read_day(const cJSON *item, int *out)
{
    char *past;
    long day;

    if (!cJSON_IsNumber(item))
        return false;
    day = strtol(item->valuestring, &past, 10);
    *out = (int)day;
    return !*past && day >= -FIELD_MAX_DAYS && day <= FIELD_MAX_DAYS;
}

/* "recruit": [0, 14], elapsed days; without it any day. */
static void read_recruitment(struct gw_settings *s, const cJSON *d1, struct gw_study *study)
{
    const cJSON *array = gw_settings_array(s, d1, "recruit", false);
    const cJSON *low = array ? array->child : NULL;
    const cJSON *high = low ? low->next : NULL;

    study->recruit_low = INT_MIN;
    study->recruit_high = INT_MAX;
    if (!array || (high && !high->next && read_day(low, &study->recruit_low) && read_day(high, &study->recruit_high) &&
                   study->recruit_low <= study->recruit_high))
        return;
    gw_settings_finding(s, array, "\"recruit\" is no first and last day; write two whole numbers such as [0, 14]");
}

void package_read_anchors(struct gw_settings *s, const cJSON *root, struct gw_study *study)
{
    const cJSON *const d1 = gw_json_object(gw_json_object(root, "anchors"), "D1");

    if (!d1)
        return;
    study->d1_drugs = gw_settings_texts(s, d1, "drugs", true, &study->d1_drug_count);
    if (study->d1_drug_count == 0)
        gw_settings_finding(s, d1, "no drug starts day 1; name at least one in \"drugs\"");
    read_evidence_ranks(s, d1, study);
    read_recruitment(s, d1, study);
}
