/*
 * A record told in other words, as another hospital, another day or a slip of the pen would.
 */
#include <string.h>

#include "support/vary.h"

static bool is_named(const cJSON *item, const char *name)
{
    return item->string && strcmp(item->string, name) == 0;
}

static bool is_date(const cJSON *item)
{
    return cJSON_IsString(item) && strlen(item->valuestring) >= 10 && item->valuestring[4] == '-' &&
           item->valuestring[7] == '-';
}

static bool set_text(cJSON *item, bool fits, const char *text)
{
    return fits && cJSON_SetValuestring(item, text) != NULL;
}

static bool say_another_code(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "code"), "XYZ-1");
}

static bool say_another_word(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "system") || is_named(item, "unit") || is_named(item, "reference"),
                    "urn:elsewhere/1");
}

static bool say_unknown(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "status"), "unknown");
}

static bool say_going_on(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "status"), "in-progress");
}

static bool say_provisional(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "status"), "preliminary");
}

static bool say_refuted(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, cJSON_IsString(item) && strcmp(item->valuestring, "confirmed") == 0, "refuted");
}

static bool say_the_month(cJSON *parent, cJSON *item)
{
    char month[8] = "";

    (void)parent;
    return is_date(item) && set_text(item, true, strncat(month, item->valuestring, 7));
}

static bool say_a_time_without_offset(cJSON *parent, cJSON *item)
{
    char time[32] = "";

    (void)parent;
    return is_date(item) && set_text(item, true, strcat(strncat(time, item->valuestring, 10), "T10:00:00"));
}

static bool say_the_day(cJSON *parent, cJSON *item)
{
    char day[11] = "";

    (void)parent;
    return is_date(item) && item->valuestring[10] == 'T' && set_text(item, true, strncat(day, item->valuestring, 10));
}

static bool say_no_date(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_date(item), "2024-02-30");
}

static bool say_a_day_before(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_date(item), "2023-12-30");
}

static bool say_late(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_date(item), "2025-03-30");
}

/* effectiveDateTime as effectivePeriod, onsetDateTime as onsetPeriod ... */
static bool say_a_period(cJSON *parent, cJSON *item)
{
    const char *const end = item->string ? strstr(item->string, "DateTime") : NULL;
    char name[64] = "";
    cJSON *period;

    if (!end || !is_date(item))
        return false;
    strcat(strncat(name, item->string, (size_t)(end - item->string)), "Period");
    period = cJSON_AddObjectToObject(parent, name);
    cJSON_AddStringToObject(period, "start", item->valuestring);
    cJSON_AddStringToObject(period, "end", item->valuestring);
    return vary_leave_out(parent, item);
}

static bool say_a_number(cJSON *parent, cJSON *item, double value)
{
    (void)parent;
    if (!cJSON_IsNumber(item))
        return false;
    cJSON_SetNumberValue(item, value);
    return true;
}

static bool say_nought(cJSON *parent, cJSON *item)
{
    return say_a_number(parent, item, 0);
}

static bool say_less_than_nought(cJSON *parent, cJSON *item)
{
    return say_a_number(parent, item, -3);
}

static bool say_many(cJSON *parent, cJSON *item)
{
    return say_a_number(parent, item, 70000);
}

static bool compare(cJSON *parent, const cJSON *item, const char *comparator)
{
    return is_named(item, "value") && cJSON_IsNumber(item) && !cJSON_GetObjectItem(parent, "comparator") &&
           cJSON_AddStringToObject(parent, "comparator", comparator);
}

static bool say_below(cJSON *parent, cJSON *item)
{
    return compare(parent, item, "<");
}

static bool say_at_least(cJSON *parent, cJSON *item)
{
    return compare(parent, item, ">=");
}

static bool modify(cJSON *parent, cJSON *item)
{
    return is_named(item, "resourceType") && cJSON_AddArrayToObject(parent, "modifierExtension") &&
           cJSON_AddItemToArray(cJSON_GetObjectItem(parent, "modifierExtension"),
                                cJSON_Parse("{\"url\":\"urn:x\",\"valueBoolean\":true}"));
}

static bool withdraw(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "status"), "entered-in-error");
}

vary_change *const vary_records[] = {
    vary_leave_out,  say_the_day,  say_another_code, say_another_word,          say_unknown, say_going_on,
    say_provisional, say_refuted,  say_the_month,    say_a_time_without_offset, say_no_date, say_a_day_before,
    say_late,        say_a_period, say_nought,       say_less_than_nought,      say_many,    say_below,
    say_at_least,    modify,       withdraw,
};
const size_t vary_record_count = sizeof vary_records / sizeof *vary_records;
