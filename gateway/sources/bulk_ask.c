/*
 * Asking for an export.
 */
#include "sources/bulk_ask.h"

#include <ctype.h>
#include <string.h>

#include "gateway/core/json.h"

static const char where[] = "sources.bulk";

/* ---- the request ---- */

/* An unescaped '+' of an offset reaches the server as a blank. */
static void escape(struct gw_text *out, const char *text)
{
    for (; *text; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~:,", *text))
            gw_text_append(out, text, 1);
        else
            gw_text_print(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
}

void bulk_print_types(const struct bulk_types *types, struct gw_text *out)
{
    const char *comma = "";

    for (int i = 0; i < GW_RESOURCE_COUNT; i++) {
        if (!types->of[i])
            continue;
        gw_text_print(out, "%s%s", comma, gw_resource_name((enum gw_resource)i));
        comma = ",";
    }
}

static void add_operation(struct gw_text *url, const struct gw_bulk_settings *settings)
{
    gw_text_print(url, "%s/", gw_gate_base(settings->web->gate));
    if (settings->level == GW_BULK_GROUP) {
        gw_text_add(url, "Group/");
        escape(url, settings->group);
        gw_text_add(url, "/");
    } else if (settings->level == GW_BULK_PATIENT) {
        gw_text_add(url, "Patient/");
    }
    gw_text_add(url, "$export");
}

static bool is_named(const struct bulk_job *job, int64_t subject)
{
    for (size_t i = 0; i < job->members.count; i++)
        if (job->members.list[i] == subject)
            return true;
    return false;
}

/* Whoever is in two studies is two members. */
static bool was_asked_for(const struct gw_bulk_settings *settings, const struct bulk_job *job, size_t member)
{
    for (size_t i = 0; i < member; i++)
        if (gw_same(settings->members[i].patient, settings->members[member].patient) &&
            is_named(job, settings->members[i].subject))
            return true;
    return false;
}

static void add_body(struct gw_text *body, const struct gw_bulk_settings *settings, const struct bulk_job *job)
{
    gw_text_add(body, "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"_type\",\"valueString\":\"");
    bulk_print_types(&job->types, body);
    gw_text_add(body, "\"}");
    if (job->since) {
        gw_text_add(body, ",{\"name\":\"_since\",\"valueInstant\":");
        gw_json_quote(body, job->since);
        gw_text_add(body, "}");
    }
    for (size_t i = 0; i < settings->member_count; i++) {
        const struct gw_bulk_member *member = &settings->members[i];

        if (!member->patient || !is_named(job, member->subject) || was_asked_for(settings, job, i))
            continue;
        gw_text_add(body, ",{\"name\":\"patient\",\"valueReference\":{\"reference\":\"Patient/");
        escape(body, member->patient);
        gw_text_add(body, "\"}}");
    }
    gw_text_add(body, "]}");
}

static void add_query(struct gw_text *url, const struct bulk_job *job)
{
    gw_text_add(url, "?_type=");
    bulk_print_types(&job->types, url);
    if (!job->since)
        return;
    gw_text_add(url, "&_since=");
    escape(url, job->since);
}

enum gw_status bulk_request(const struct gw_bulk_settings *settings, const struct bulk_job *job, struct gw_text *url,
                            struct gw_text *body, struct gw_error *err)
{
    gw_text_clear(url);
    gw_text_clear(body);
    add_operation(url, settings);
    if (settings->by_patient)
        add_body(body, settings, job);
    else
        add_query(url, job);
    if (url->failed || body->failed)
        return gw_fail(err, GW_ENOMEM, where, "the request for an export is longer than allowed");
    return GW_OK;
}

/* ---- words ---- */

static bool is_letter(char c)
{
    return isalpha((unsigned char)c);
}

/* "Medication" is no word of "MedicationRequest". NULL: it is not there. */
static const char *find_word(struct gw_slice text, const char *word)
{
    const size_t length = strlen(word);

    for (size_t i = 0; i + length <= text.length; i++) {
        const char *at = text.at + i;

        if (memcmp(at, word, length) == 0 && (i == 0 || !is_letter(at[-1])) &&
            (i + length == text.length || !is_letter(at[length])))
            return at;
    }
    return NULL;
}

enum gw_resource bulk_refused_type(const struct bulk_types *asked, struct gw_slice answer)
{
    const char *first = NULL;
    enum gw_resource type = GW_RESOURCE_OTHER;

    for (int i = 0; i < GW_RESOURCE_COUNT; i++) {
        const char *at = asked->of[i] ? find_word(answer, gw_resource_name((enum gw_resource)i)) : NULL;

        if (!at || (first && first <= at))
            continue;
        first = at;
        type = (enum gw_resource)i;
    }
    return type;
}

struct bulk_types bulk_named_types(const struct bulk_types *wanted, struct gw_slice text)
{
    struct bulk_types named = {{false}};

    for (int i = 0; i < GW_RESOURCE_COUNT; i++)
        named.of[i] = wanted->of[i] && find_word(text, gw_resource_name((enum gw_resource)i));
    return named;
}
