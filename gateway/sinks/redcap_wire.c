/*
 * REDCap's API: forms out, JSON in. Its contract is read from PyCap and REDCapR, its open clients.
 */
#include "sinks/redcap_wire.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

#include "gateway/sinks/redcap.h"
#include "sinks/redcap_fields.h"

static const char where[] = "sinks.redcap";

enum {
    TOKEN_MAX_BYTES = 256,
    FORM_MAX_BYTES = 64 << 20,
    ANSWER_ARENA_BYTES = 512 << 20,
};

/* ---- the token ------------------------------------------------------------------------------------------------- */

static enum gw_status read_token(struct wire *wire, struct gw_error *err)
{
    enum gw_status rc;
    size_t length;

    gw_text_clear(&wire->token);
    rc = gw_text_read_secret(&wire->token, wire->token_file, err);
    if (rc != GW_OK)
        return rc;
    length = wire->token.length;
    while (length > 0 && isspace((unsigned char)wire->token.at[length - 1]))
        length--;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)wire->token.at[i]))
            length = 0;
    if (length == 0)
        return gw_fail(err, GW_ECONFIG, where, "%s holds no token of REDCap: letters and digits alone",
                       wire->token_file);
    wire->token.at[length] = '\0';
    wire->token.length = length;
    return GW_OK;
}

/* ---- forms ----------------------------------------------------------------------------------------------------- */

static void add_escaped(struct gw_text *form, const char *text)
{
    for (; *text; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~", *text))
            gw_text_append(form, text, 1);
        else
            gw_text_print(form, "%%%02X", (unsigned char)*text);
    }
}

void wire_add(struct wire *wire, const char *name, const char *value)
{
    if (wire->form.length > 0)
        gw_text_append(&wire->form, "&", 1);
    add_escaped(&wire->form, name);
    gw_text_append(&wire->form, "=", 1);
    add_escaped(&wire->form, value);
}

void wire_add_item(struct wire *wire, const char *list, size_t index, const char *value)
{
    char name[64];

    snprintf(name, sizeof name, "%s[%zu]", list, index);
    wire_add(wire, name, value);
}

void wire_form(struct wire *wire, const char *content)
{
    gw_text_clear(&wire->form);
    wire->refused = read_token(wire, &wire->late) != GW_OK;
    wire_add(wire, "token", wire->token.at);
    wire_add(wire, "content", content);
    wire_add(wire, "format", "json");
    wire_add(wire, "returnFormat", "json");
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

const char *wire_text(const cJSON *row, const char *name)
{
    const cJSON *item = gw_json_get(row, name);

    return (cJSON_IsString(item) || cJSON_IsNumber(item)) && item->valuestring ? item->valuestring : "";
}

/* The first of our fields that a text names; NULL: none. */
static const char *field_in(const char *text, char out[REDCAP_FIELD_BYTES])
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);

        for (size_t i = 0; i < table->column_count; i++) {
            const char *name = redcap_field(table, table->columns[i].name, out), *at = strstr(text, name);
            const char next = at ? at[strlen(name)] : '\0';

            if (at && !isalnum((unsigned char)next) && next != '_')
                return name;
        }
    }
    return NULL;
}

static enum gw_status judge_error(struct wire *wire, const char *text, struct gw_error *err)
{
    const int status = wire->response.status;
    char field[REDCAP_FIELD_BYTES];
    const char *name = field_in(text, field);

    if (status == 401 || status == 403 || (!name && (strcasestr(text, "permission") || strcasestr(text, "token"))))
        return gw_fail(err, GW_EDENIED, where,
                       "%s refuses the token of %s, or gives it fewer rights than import and "
                       "export of records",
                       wire->url, wire->token_file);
    if (status == 429 || status >= 500)
        return gw_fail(err, GW_ERETRY, where, "%s is busy or away (HTTP %d)", wire->url, status);
    if (strcasestr(text, "not found in the project"))
        return gw_fail(
            err, GW_ECONFIG, where,
            "%s has no field %s any more; lay the project out by the dictionary that casement export --format "
            "redcap-dictionary prints",
            wire->url, name ? name : "of what was sent");
    if (strcasestr(text, " locked"))
        snprintf(wire->refusal, sizeof wire->refusal, "locked");
    else
        snprintf(wire->refusal, sizeof wire->refusal, "not taken%s%s", name ? ": " : "", name ? name : "");
    return gw_fail(err, GW_EINPUT, where, "%s does not take what was sent (%s)", wire->url, wire->refusal);
}

static enum gw_status judge(struct wire *wire, const cJSON **answer, struct gw_error *err)
{
    struct gw_error unread;
    const char *said;
    const enum gw_status rc =
        gw_json_parse(&wire->arena, wire->response.body.at, wire->response.body.length, NULL, answer, NULL, &unread);

    said = rc == GW_OK ? gw_json_string(*answer, "error") : NULL;
    if (said)
        return judge_error(wire, said, err);
    if (gw_http_verdict(&wire->response, wire->url, err) != GW_OK)
        return err->status;
    if (rc == GW_ENOMEM)
        return gw_fail(err, GW_ENOMEM, where, "an answer of %s needs more memory than allowed", wire->url);
    return rc == GW_OK ? GW_OK
                       : gw_fail(err, GW_EPROTO, where, "%s answers what is no JSON: is this REDCap's API?", wire->url);
}

static void land(struct wire *wire, const cJSON *answer, const struct gw_error *failure)
{
    const wire_done done = wire->done;

    wire->done = NULL;
    done(wire->ctx, answer, failure);
    if (wire->closed && !wire->done)
        uv_close((uv_handle_t *)&wire->later, wire->closed);
}

static void on_answer(void *ctx, const struct gw_error *failure)
{
    struct wire *wire = ctx;
    const cJSON *answer = NULL;
    struct gw_error err = failure ? *failure : (struct gw_error){0};

    if (failure && wire->response.incomplete)
        err.status = GW_ERETRY; /* an answer that was cut: what was asked may be asked again */
    if (failure)
        land(wire, NULL, &err);
    else if (judge(wire, &answer, &err) != GW_OK)
        land(wire, NULL, &err);
    else
        land(wire, answer, NULL);
}

static void on_later(uv_timer_t *timer)
{
    struct wire *wire = timer->data;

    land(wire, NULL, &wire->late);
}

void wire_send(struct wire *wire, wire_done done, void *ctx)
{
    static const struct gw_http_header headers[] = {{"Content-Type", "application/x-www-form-urlencoded"},
                                                    {"Accept", "application/json"}};
    const struct gw_http_request request = {.method = "POST",
                                            .url = wire->url,
                                            .headers = headers,
                                            .header_count = sizeof headers / sizeof *headers,
                                            .body = {wire->form.at, wire->form.length}};
    enum gw_status rc = wire->refused ? wire->late.status : GW_OK;

    wire->done = done;
    wire->ctx = ctx;
    gw_arena_clear(&wire->arena);
    if (wire->closed)
        rc = gw_fail(&wire->late, GW_ECANCELED, where, "%s: cancelled", wire->url);
    else if (wire->form.failed)
        rc = gw_fail(&wire->late, GW_ENOMEM, where, "a question to REDCap needs more memory than allowed");
    if (rc == GW_OK)
        rc = gw_http_start(wire->http, &request, &wire->response, on_answer, wire, NULL, &wire->late);
    if (rc != GW_OK)
        uv_timer_start(&wire->later, on_later, 0, 0);
    OPENSSL_cleanse(wire->form.at, wire->form.length);
    gw_text_clear(&wire->form);
}

/* ---- the beginning and the end --------------------------------------------------------------------------------- */

enum gw_status gw_redcap_check_url(const char *url, struct gw_error *err)
{
    static const char end[] = "/api/";
    const size_t length = strlen(url);
    enum gw_status rc = gw_url_trusted(url, err);

    if (rc != GW_OK)
        return gw_fail(err, GW_ECONFIG, where,
                       "\"url\" of REDCap must be https://, plain http goes to loopback alone, without user and query");
    if (length < sizeof end || strcmp(url + length - (sizeof end - 1), end) != 0 || strchr(url, '?'))
        return gw_fail(err, GW_ECONFIG, where,
                       "\"url\" of REDCap must end in /api/, as https://redcap.example.org/api/ does");
    return GW_OK;
}

enum gw_status wire_init(struct wire *wire, uv_loop_t *loop, const char *url, const char *token_file, const char *ca,
                         struct gw_error *err)
{
    enum gw_status rc = gw_redcap_check_url(url, err);

    *wire = (struct wire){.url = url,
                          .token_file = token_file,
                          .response = GW_HTTP_RESPONSE_INIT,
                          .token = GW_TEXT_INIT(TOKEN_MAX_BYTES),
                          .form = GW_TEXT_INIT(FORM_MAX_BYTES),
                          .arena = GW_ARENA_INIT(ANSWER_ARENA_BYTES)};
    if (rc == GW_OK)
        rc = read_token(wire, err);
    if (rc == GW_OK)
        rc = gw_http_client_new(loop, &(struct gw_http_options){.ca_file = ca, .concurrent = 1, .base = url},
                                &wire->http, err);
    if (rc == GW_OK) {
        uv_timer_init(loop, &wire->later);
        wire->later.data = wire;
    }
    return rc;
}

void wire_close(struct wire *wire, uv_close_cb closed)
{
    gw_http_free(wire->http);
    if (wire->done)
        wire->closed = closed;
    else
        uv_close((uv_handle_t *)&wire->later, closed);
}

void wire_release(struct wire *wire)
{
    OPENSSL_cleanse(wire->token.at, wire->token.length);
    gw_text_release(&wire->token);
    gw_text_release(&wire->form);
    gw_http_response_release(&wire->response);
    gw_arena_release(&wire->arena);
}
