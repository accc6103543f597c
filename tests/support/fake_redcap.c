/*
 * The project in memory. See the header.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "support/fake_redcap_parts.h"

static void wrong(struct fake_redcap *redcap, const char *what, const char *detail)
{
    if (!*redcap->wrong)
        snprintf(redcap->wrong, sizeof redcap->wrong, "%s %.300s", what, detail);
}

static void demand(struct fake_redcap *redcap, const struct fake_form *form, const char *const *names,
                   const char *const *values)
{
    size_t found = 0;

    for (size_t i = 0; names[i]; i++)
        if (strcmp(fake_form_value(form, names[i]), values[i]) != 0)
            wrong(redcap, "not as it should be:", names[i]);
    for (size_t i = 0; i < form->count; i++) {
        const bool listed = strchr(form->names[i], '[') != NULL;

        for (size_t k = 0; names[k]; k++)
            found += strcmp(names[k], form->names[i]) == 0;
        if (listed)
            found++;
    }
    if (found != form->count - 1) /* the token */
        wrong(redcap, "something else is sent:", form->names[form->count - 1]);
}

static void answer_list(struct exchange *exchange, cJSON *list)
{
    char *text = cJSON_PrintUnformatted(list);

    fake_server_reply(exchange, 200, "application/json", "", text);
    free(text);
}

/* ---- export ---------------------------------------------------------------------------------------------------- */

static void export(struct fake_redcap *redcap, const struct fake_form *form, struct exchange *exchange)
{
    static const char *const names[] = {"content", "action", "format", "returnFormat", "type", "rawOrLabel", NULL};
    static const char *const values[] = {"record", "export", "json", "json", "flat", "raw"};
    const bool forms = *fake_form_value(form, "forms[0]") != '\0';
    cJSON *answer = cJSON_CreateArray(), *row;

    demand(redcap, form, names, values);
    cJSON_ArrayForEach(row, redcap->rows)
    {
        const char *instrument = place_text(row, "redcap_repeat_instrument");

        if (fake_form_lists(form, "records", place_text(row, "subject_key")) &&
            fake_form_lists(form, "events", place_text(row, "redcap_event_name")) &&
            (forms ? *instrument && fake_form_lists(form, "forms", instrument) : !*instrument))
            cJSON_AddItemToArray(answer, cJSON_Duplicate(row, true));
    }
    answer_list(exchange, answer);
    cJSON_Delete(answer);
}

/* ---- import ---------------------------------------------------------------------------------------------------- */

static bool is_own(const char *name)
{
    return strcmp(name, "subject_key") == 0 || strncmp(name, "redcap_", 7) == 0;
}

/* Why REDCap would not take a value; NULL: it would. */
static char *refuse_value(struct fake_redcap *redcap, const cJSON *row, const cJSON *value)
{
    const char *instrument = place_text(row, "redcap_repeat_instrument");
    const cJSON *field = layout_field(redcap, value->string);
    char *text = NULL;

    if (!field) {
        assert(asprintf(&text, "The following fields were not found in the project as real data fields: %s",
                        value->string) > 0);
        return text;
    }
    if (strcmp(place_text(field, "form_name"), *instrument ? instrument : "casement") != 0)
        wrong(redcap, "no field of the instrument:", value->string);
    if (!cJSON_IsString(value))
        wrong(redcap, "no text:", value->string);
    if (!layout_takes(field, value->valuestring) ||
        (redcap->refused && strcmp(redcap->refused, value->valuestring) == 0))
        assert(asprintf(&text, "\"%s\",\"%s\",\"%s\",\"The value is not a valid category for %s\"",
                        place_text(row, "subject_key"), value->string, value->valuestring, value->string) > 0);
    return text;
}

/* An error of REDCap names record, field, value; NULL: fine. */
static char *refuse_row(struct fake_redcap *redcap, const cJSON *row)
{
    const char *instrument = place_text(row, "redcap_repeat_instrument"), *locked = redcap->locked;
    const cJSON *value;
    char name[100], *text = NULL;

    place_row_field(row, name, sizeof name);
    if (locked && (strcmp(place_text(row, name), locked) == 0 || (!*instrument && strcmp(locked, "receipt") == 0)))
        assert(asprintf(&text, "\"%s\",\"%s\",\"x\",\"This field is located on a form that is locked.\"",
                        place_text(row, "subject_key"), name) > 0);
    cJSON_ArrayForEach(value, row)
    {
        if (!is_own(value->string) && !text)
            text = refuse_value(redcap, row, value);
    }
    return text;
}

static void check_place(struct fake_redcap *redcap, const cJSON *row)
{
    const cJSON *instance = cJSON_GetObjectItemCaseSensitive(row, "redcap_repeat_instance");
    const bool repeats = *place_text(row, "redcap_repeat_instrument") != '\0';

    if (!layout_has_event(redcap, place_text(row, "redcap_event_name")))
        wrong(redcap, "no such event:", place_text(row, "redcap_event_name"));
    if (!*place_text(row, "subject_key"))
        wrong(redcap, "no record", "");
    if (repeats ? !cJSON_IsNumber(instance) || instance->valueint < 1 : !cJSON_IsString(instance))
        wrong(redcap, "no instance of a repeating instrument:", place_text(row, "redcap_repeat_instrument"));
}

static void save_row(struct fake_redcap *redcap, const cJSON *row)
{
    const cJSON *instance = cJSON_GetObjectItemCaseSensitive(row, "redcap_repeat_instance"), *field;
    const char *record = place_text(row, "subject_key"), *event = place_text(row, "redcap_event_name"),
               *instrument = place_text(row, "redcap_repeat_instrument");
    char number[16] = "";
    cJSON *place;

    if (cJSON_IsNumber(instance))
        snprintf(number, sizeof number, "%d", instance->valueint);
    place = place_find(redcap, record, event, instrument, number);
    if (!place)
        place = place_add(redcap, record, event, instrument, number);
    cJSON_ArrayForEach(field, row)
    {
        if (!is_own(field->string) && *field->valuestring) /* normal: blanks are passed over */
            place_set(place, field->string, field->valuestring);
    }
}

static int records_in(const cJSON *data)
{
    const cJSON *row, *before;
    int count = 0;

    cJSON_ArrayForEach(row, data)
    {
        for (before = data->child; strcmp(place_text(before, "subject_key"), place_text(row, "subject_key")) != 0;)
            before = before->next;
        count += before == row;
    }
    return count;
}

static char *import_rows(struct fake_redcap *redcap, const cJSON *data)
{
    const cJSON *row;
    char *refusal = NULL;

    cJSON_ArrayForEach(row, data)
    {
        check_place(redcap, row);
        if (!refusal)
            refusal = refuse_row(redcap, row);
    }
    if (!refusal)
        cJSON_ArrayForEach(row, data) save_row(redcap, row);
    return refusal;
}

static void answer_import(struct exchange *exchange, const char *refusal, int count)
{
    cJSON *answer = cJSON_CreateObject();
    char *text;

    if (refusal)
        cJSON_AddStringToObject(answer, "error", refusal);
    else
        cJSON_AddNumberToObject(answer, "count", count);
    text = cJSON_PrintUnformatted(answer);
    fake_server_reply(exchange, refusal ? 400 : 200, "application/json", "", text);
    free(text);
    cJSON_Delete(answer);
}

/* In the middle of an answer: libcurl asks again by itself where a connection ends before one. */
static void cut_off(struct exchange *exchange)
{
    fake_server_print(exchange, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{");
    exchange->close = true;
    shutdown(exchange->fd, SHUT_RDWR);
}

static void import(struct fake_redcap *redcap, const struct fake_form *form, struct exchange *exchange)
{
    static const char *const names[] = {
        "content",    "action",        "format",          "returnFormat", "type", "overwriteBehavior",
        "dateFormat", "returnContent", "forceAutoNumber", "data",         NULL};
    const char *const values[] = {"record", "import", "json",  "json",  "flat",
                                  "normal", "YMD",    "count", "False", fake_form_value(form, "data")};
    cJSON *data = cJSON_Parse(fake_form_value(form, "data"));
    const bool cut = redcap->imports++ == redcap->cut_at;
    char *compact = data ? cJSON_PrintUnformatted(data) : NULL, *refusal = NULL;

    demand(redcap, form, names, values);
    if (!cJSON_IsArray(data) || !data->child || strlen(compact) != strlen(fake_form_value(form, "data")))
        wrong(redcap, "no compact array of rows:", fake_form_value(form, "data"));
    if (!(cut && redcap->cut == FAKE_CUT_BEFORE))
        refusal = import_rows(redcap, data);
    if (cut)
        cut_off(exchange);
    else
        answer_import(exchange, refusal, records_in(data) + redcap->miscount);
    free(refusal);
    free(compact);
    cJSON_Delete(data);
}

/* ---- the server ------------------------------------------------------------------------------------------------ */

static void answer_events(struct fake_redcap *redcap, struct exchange *exchange)
{
    cJSON *list = cJSON_CreateArray();
    struct layout_event event;

    for (int i = 0; layout_event(redcap, i, &event); i++) {
        cJSON *item = event.there ? cJSON_CreateObject() : NULL;

        if (!item)
            continue;
        cJSON_AddStringToObject(item, "event_name", event.label);
        cJSON_AddNumberToObject(item, "arm_num", 1);
        cJSON_AddStringToObject(item, "unique_event_name", event.name);
        cJSON_AddNullToObject(item, "custom_event_label");
        cJSON_AddItemToArray(list, item);
    }
    answer_list(exchange, list);
    cJSON_Delete(list);
}

static void answer_project(struct fake_redcap *redcap, struct exchange *exchange)
{
    char text[300];

    snprintf(text, sizeof text,
             "{\"project_id\":17,\"project_title\":\"Lendex\",\"in_production\":%d,\"is_longitudinal\":1,"
             "\"has_repeating_instruments_or_events\":%d,\"missing_data_codes\":\"%s\"}",
             redcap->production, redcap->repeats, redcap->missing_codes);
    fake_server_reply(exchange, 200, "application/json", "", text);
}

static void answer(struct fake_redcap *redcap, const struct fake_form *form, struct exchange *exchange)
{
    const char *content = fake_form_value(form, "content");

    if (strcmp(fake_form_value(form, "token"), FAKE_REDCAP_TOKEN) != 0)
        fake_server_reply(exchange, 403, "application/json", "",
                          "{\"error\":\"You do not have permissions to use the API\"}");
    else if (strcmp(content, "project") == 0)
        answer_project(redcap, exchange);
    else if (strcmp(content, "event") == 0)
        answer_events(redcap, exchange);
    else if (strcmp(content, "metadata") == 0)
        answer_list(exchange, redcap->fields);
    else if (strcmp(fake_form_value(form, "action"), "import") == 0)
        import(redcap, form, exchange);
    else
        export(redcap, form, exchange);
}

static void handle(struct exchange *exchange, void *ctx)
{
    struct fake_redcap *redcap = ctx;
    const char *type = fake_server_header(exchange, "Content-Type");
    char *body = strdup(exchange->body);
    struct fake_form form;
    const char *twice;

    pthread_mutex_lock(&redcap->lock);
    if (strncmp(exchange->head, "POST /redcap/api/ ", 18) != 0 ||
        strcmp(type ? type : "", "application/x-www-form-urlencoded") != 0)
        wrong(redcap, "no form with POST to /redcap/api/:", exchange->path);
    if (strstr(exchange->head, FAKE_REDCAP_TOKEN))
        wrong(redcap, "the token stands in the head", "");
    twice = fake_form_read(&form, body);
    if (twice)
        wrong(redcap, "said twice:", twice);
    if (redcap->status)
        fake_server_reply(exchange, redcap->status, "text/html", "", "<html>busy</html>");
    else
        answer(redcap, &form, exchange);
    pthread_mutex_unlock(&redcap->lock);
    free(body);
}

void fake_redcap_init(struct fake_redcap *redcap)
{
    *redcap = (struct fake_redcap){.missing_codes = "UNK, unknown | NI, no information",
                                   .production = true,
                                   .repeats = true,
                                   .cut_at = -1,
                                   .fields = cJSON_CreateArray(),
                                   .rows = cJSON_CreateArray()};
    pthread_mutex_init(&redcap->lock, NULL);
    redcap->server = fake_server_new(handle, redcap);
    snprintf(redcap->url, sizeof redcap->url, "http://127.0.0.1:%d/redcap/api/", fake_server_port(redcap->server));
}

void fake_redcap_release(struct fake_redcap *redcap)
{
    fake_server_free(redcap->server);
    cJSON_Delete(redcap->rows);
    cJSON_Delete(redcap->fields);
    pthread_mutex_destroy(&redcap->lock);
}
