/*
 * How a fake REDCap project is laid out: its fields by the data dictionary that was uploaded, its events by rule.
 */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/csv.h"
#include "support/fake_redcap_parts.h"

/* ---- fields ---------------------------------------------------------------------------------------------------- */

void fake_redcap_upload(struct fake_redcap *redcap, const char *dictionary)
{
    static const struct {
        int column;
        const char *name;
    } members[] = {{0, "field_name"},
                   {1, "form_name"},
                   {3, "field_type"},
                   {5, "select_choices_or_calculations"},
                   {7, "text_validation_type_or_show_slider_number"}};
    struct gw_arena arena = GW_ARENA_INIT(16 << 20);
    struct gw_error err;
    struct gw_csv csv;

    assert(gw_csv_load(&arena, dictionary, 4 << 20, &csv, &err) == GW_OK && csv.columns == 18);
    cJSON_Delete(redcap->fields);
    redcap->fields = cJSON_CreateArray();
    for (size_t i = 0; i < csv.count; i++) {
        cJSON *field = cJSON_CreateObject();

        for (size_t m = 0; m < sizeof members / sizeof *members; m++)
            cJSON_AddStringToObject(field, members[m].name, csv.records[i].fields[members[m].column]);
        cJSON_AddItemToArray(redcap->fields, field);
    }
    gw_arena_release(&arena);
}

const cJSON *layout_field(const struct fake_redcap *redcap, const char *name)
{
    const cJSON *field;

    cJSON_ArrayForEach(field, redcap->fields)
    {
        if (strcmp(place_text(field, "field_name"), name) == 0)
            return field;
    }
    return NULL;
}

void fake_redcap_drop(struct fake_redcap *redcap, const char *field)
{
    cJSON *found = (cJSON *)layout_field(redcap, field);

    assert(found);
    cJSON_Delete(cJSON_DetachItemViaPointer(redcap->fields, found));
}

/* "active, active | NI, no information" */
static bool is_choice(const char *choices, const char *value)
{
    const size_t length = strlen(value);

    for (const char *at = choices; at && *at; at = strchr(at, '|') ? strchr(at, '|') + 2 : NULL)
        if (strncmp(at, value, length) == 0 && at[length] == ',')
            return true;
    return false;
}

bool layout_takes(const cJSON *field, const char *value)
{
    const bool number = *place_text(field, "text_validation_type_or_show_slider_number") != '\0';
    char *rest = NULL;

    if (!*value)
        return true;
    if (strcmp(place_text(field, "field_type"), "dropdown") == 0)
        return is_choice(place_text(field, "select_choices_or_calculations"), value);
    if (!number || strcmp(value, "NI") == 0)
        return true;
    return strtod(value, &rest) == strtod(value, NULL) && !*rest;
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

/* SUBJECT, BASELINE, T30-01 .. T30-36, T90-01 .. T90-12, EOT, FU */
bool layout_event(const struct fake_redcap *redcap, int number, struct layout_event *out)
{
    static const char *const singles[] = {"SUBJECT", "BASELINE", "EOT", "FU"};
    char *to = out->name;

    if (number >= 52)
        return false;
    if (number < 4)
        snprintf(out->label, sizeof out->label, "%s", singles[number]);
    else
        snprintf(out->label, sizeof out->label, number < 40 ? "T30-%02d" : "T90-%02d",
                 number < 40 ? number - 3 : number - 39);
    for (const char *at = out->label; *at; at++)
        if (isalnum((unsigned char)*at))
            *to++ = (char)tolower((unsigned char)*at);
    strcpy(to, "_arm_1");
    out->there = !redcap->without_event || strcmp(redcap->without_event, out->label) != 0;
    return true;
}

bool layout_has_event(const struct fake_redcap *redcap, const char *name)
{
    struct layout_event event;

    for (int i = 0; layout_event(redcap, i, &event); i++)
        if (event.there && strcmp(event.name, name) == 0)
            return true;
    return false;
}
