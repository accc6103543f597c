/*
 * Windows that no subject can reach, and windows that share days only for some: those from day 1 and those from the end
 * of treatment. Windows from one anchor are compared where they are read.
 *
 * Source: mappings/RULES.md 3.
 */
#include <string.h>

#include "gateway/core/date.h"
#include "study/lint_parts.h"

static const cJSON *item_of(const struct lint *l, size_t i)
{
    return cJSON_GetArrayItem(gw_json_array(l->package.root, "windows"), (int)i);
}

/* The last elapsed day of the longest span of so many months: over the four years of the calendar's round. */
static int cap_days(int months)
{
    const gw_day start = gw_day_of(2001, 1, 1);
    int most = 0;

    for (gw_day day = start; day < start + 1461; day++) {
        const int days = (int)(gw_day_add_months(day, months) - day);

        most = days > most ? days : most;
    }
    return most;
}

static int target_of(const struct gw_window_rule *rule, int i)
{
    return rule->grid ? rule->every * (rule->first + i) : rule->target;
}

static void check_cap(struct lint *l, size_t i)
{
    const struct gw_window_rule *const rule = &l->study->windows[i];
    struct gw_settings *const s = &l->package.settings;
    const int last = target_of(rule, rule->count - 1), cap = cap_days(l->study->cap_months);

    if (rule->from != GW_ANCHOR_D1 || !rule->until_cap)
        return;
    if (!l->study->cap_months)
        gw_settings_finding(s, item_of(l, i),
                            "\"%s\" ends at a cap that the study does not have; add \"anchors\".\"cap\"", rule->id);
    else if (last > cap)
        gw_settings_finding(
            s, item_of(l, i),
            "\"%s\" has a target %d days after day 1, but the cap of %d months comes after %d at most: it "
            "is never reached; lower \"count\" or drop the window",
            rule->id, last, l->study->cap_months, cap);
}

static void check_end(struct lint *l, size_t i)
{
    const struct gw_window_rule *const rule = &l->study->windows[i];

    if (l->study->eot_drug)
        return;
    if (rule->from == GW_ANCHOR_EOT)
        gw_settings_finding(&l->package.settings, item_of(l, i),
                            "\"%s\" counts from an end of treatment that the study does not have: it is never reached; "
                            "add \"anchors\".\"EOT\"",
                            rule->id);
    else if (rule->until_eot)
        gw_settings_finding(&l->package.settings, item_of(l, i),
                            "\"%s\" ends with a treatment whose end the study does not have; add \"anchors\".\"EOT\"",
                            rule->id);
}

/* Treatment may end on any day from day 1 on; day 1 itself stays the baseline's. */
static void check_anchors_meet(struct lint *l, size_t i, size_t j)
{
    const struct gw_window_rule *const a = &l->study->windows[i], *const b = &l->study->windows[j];
    const int last = target_of(a, a->count - 1) + a->high;
    const int earliest = target_of(b, 0) + b->low;

    if (a->from != GW_ANCHOR_D1 || b->from != GW_ANCHOR_EOT || a->until_eot || !(a->groups & b->groups))
        return;
    if (last > 0 && last >= earliest)
        gw_settings_finding(&l->package.settings, item_of(l, i),
                            "the windows \"%s\" and \"%s\" share days and a group when treatment ends early; add "
                            "\"until\": [\"EOT\"]",
                            a->id, b->id);
}

void lint_windows(struct lint *l)
{
    for (size_t i = 0; i < l->study->window_count; i++) {
        check_cap(l, i);
        check_end(l, i);
        for (size_t j = 0; j < l->study->window_count; j++)
            check_anchors_meet(l, i, j);
    }
}
