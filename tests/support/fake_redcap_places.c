/*
 * What is there in a fake REDCap, and what a person does with it on a form.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_redcap_parts.h"

const char *place_text(const cJSON *row, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, name);

    return cJSON_IsString(item) ? item->valuestring : "";
}

void place_set(cJSON *row, const char *name, const char *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(row, name);
    cJSON_AddStringToObject(row, name, value);
}

static bool place_is(const cJSON *row, const char *name, const char *value)
{
    return strcmp(place_text(row, name), value) == 0;
}

cJSON *place_find(struct fake_redcap *redcap, const char *record, const char *event, const char *instrument,
                  const char *instance)
{
    cJSON *row;

    cJSON_ArrayForEach(row, redcap->rows)
    {
        if (place_is(row, "subject_key", record) && place_is(row, "redcap_event_name", event) &&
            place_is(row, "redcap_repeat_instrument", instrument) && place_is(row, "redcap_repeat_instance", instance))
            return row;
    }
    return NULL;
}

cJSON *place_add(struct fake_redcap *redcap, const char *record, const char *event, const char *instrument,
                 const char *instance)
{
    cJSON *row = cJSON_CreateObject();

    cJSON_AddStringToObject(row, "subject_key", record);
    cJSON_AddStringToObject(row, "redcap_event_name", event);
    cJSON_AddStringToObject(row, "redcap_repeat_instrument", instrument);
    cJSON_AddStringToObject(row, "redcap_repeat_instance", instance);
    cJSON_AddItemToArray(redcap->rows, row);
    return row;
}

void place_row_field(const cJSON *row, char *out, size_t size)
{
    snprintf(out, size, "%s_row_id", place_text(row, "redcap_repeat_instrument"));
}

static cJSON *place_of_row(struct fake_redcap *redcap, const char *row_id)
{
    cJSON *row;
    char name[100];

    cJSON_ArrayForEach(row, redcap->rows)
    {
        place_row_field(row, name, sizeof name);
        if (strcmp(place_text(row, name), row_id) == 0)
            return row;
    }
    return NULL;
}

/* ---- looking and typing ---------------------------------------------------------------------------------------- */

const char *fake_redcap_cell(struct fake_redcap *redcap, const char *row_id, const char *field)
{
    return place_text(place_of_row(redcap, row_id), field);
}

const char *fake_redcap_place(struct fake_redcap *redcap, const char *row_id)
{
    static char text[80];
    const cJSON *row = place_of_row(redcap, row_id);

    snprintf(text, sizeof text, "%s/%s", place_text(row, "redcap_event_name"),
             place_text(row, "redcap_repeat_instance"));
    return text;
}

const char *fake_redcap_receipt(struct fake_redcap *redcap, const char *subject_key)
{
    return place_text(place_find(redcap, subject_key, "subject_arm_1", "", ""), "casement_revision");
}

int fake_redcap_count(struct fake_redcap *redcap)
{
    return cJSON_GetArraySize(redcap->rows);
}

void fake_redcap_type(struct fake_redcap *redcap, const char *row_id, const char *field, const char *value)
{
    cJSON *row = place_of_row(redcap, row_id);

    assert(row);
    if (field)
        place_set(row, field, value);
    else
        cJSON_Delete(cJSON_DetachItemViaPointer(redcap->rows, row));
}

void fake_redcap_receive(struct fake_redcap *redcap, const char *record, const char *study, const char *installation)
{
    cJSON *place = place_add(redcap, record, "subject_arm_1", "", "");

    place_set(place, "casement_study", study);
    place_set(place, "casement_installation", installation);
    place_set(place, "casement_revision", "1");
}

void fake_redcap_add(struct fake_redcap *redcap, const char *record, const char *event, const char *instrument,
                     int instance)
{
    char number[16];

    snprintf(number, sizeof number, "%d", instance);
    place_add(redcap, record, event, instrument, number);
}

static bool is_active(const cJSON *place, const char *instrument)
{
    char status[100];

    snprintf(status, sizeof status, "%s_status", instrument);
    return place_is(place, "redcap_repeat_instrument", instrument) && !place_is(place, status, "withdrawn");
}

int fake_redcap_count_of(struct fake_redcap *redcap, const char *instrument, const char *field, const char *value)
{
    const cJSON *place;
    int count = 0;

    cJSON_ArrayForEach(place, redcap->rows) count += is_active(place, instrument) && place_is(place, field, value);
    return count;
}

const char *fake_redcap_row(struct fake_redcap *redcap, const char *instrument, const char *event)
{
    const cJSON *place;
    char name[100];

    cJSON_ArrayForEach(place, redcap->rows)
    {
        place_row_field(place, name, sizeof name);
        if (is_active(place, instrument) && place_is(place, "redcap_event_name", event))
            return place_text(place, name);
    }
    return "";
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "S-1 t3001_arm_1 observations 1 observations_value_num=1.20" */
static char *line_of(const cJSON *place, const cJSON *field)
{
    char *line = NULL;

    assert(asprintf(&line, "%s %s %s %s %s=%s\n", place_text(place, "subject_key"),
                    place_text(place, "redcap_event_name"), place_text(place, "redcap_repeat_instrument"),
                    place_text(place, "redcap_repeat_instance"), field->string, field->valuestring) > 0);
    return line;
}

char *fake_redcap_content(struct fake_redcap *redcap, bool (*leave_out)(const char *field))
{
    char **lines = NULL, *text = NULL;
    size_t count = 0, length = 0;
    const cJSON *place, *field;
    FILE *out = open_memstream(&text, &length);

    cJSON_ArrayForEach(place, redcap->rows)
    {
        cJSON_ArrayForEach(field, place)
        {
            if (leave_out(field->string))
                continue;
            lines = realloc(lines, (count + 1) * sizeof *lines);
            assert(lines);
            lines[count++] = line_of(place, field);
        }
    }
    if (count > 0)
        qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++) {
        fputs(lines[i], out);
        free(lines[i]);
    }
    free(lines);
    fclose(out);
    return text;
}
