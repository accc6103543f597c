/*
 * Search and read URLs as text.
 *
 * Everything outside RFC 3986's unreserved characters is percent-encoded. Inside a parameter FHIR keeps , | $ and \ for
 * itself: where they belong to a value they are escaped with a backslash first (FHIR R4, search.html#escaping).
 */
#include "gateway/fhir/search.h"

#include <string.h>

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

/* Append a text, with a backslash before what stands in `special`. */
static void add_encoded(struct gw_text *out, const char *text, const char *special)
{
    for (; text && *text; text++) {
        if (strchr(special, *text))
            gw_text_add(out, "%5C");
        if (is_unreserved(*text))
            gw_text_append(out, text, 1);
        else
            gw_text_print(out, "%%%02X", (unsigned char)*text);
    }
}

void gw_search_value(const char *value, struct gw_text *out)
{
    add_encoded(out, value, ",|$\\");
}

struct query {
    struct gw_text *out;
    const char *separator; /* from what stands before the next parameter */
};

static void add_name(struct query *query, const char *name)
{
    gw_text_print(query->out, "%s%s=", query->separator, name);
    query->separator = "&";
}

static void add_parameter(struct query *query, const char *name, const char *value)
{
    if (!value)
        return;
    add_name(query, name);
    gw_search_value(value, query->out);
}

static void add_identifier(struct query *query, const struct gw_identifier *identifier)
{
    if (!identifier->value)
        return;
    add_name(query, "identifier");
    gw_search_value(identifier->system, query->out);
    if (identifier->system)
        gw_text_add(query->out, "%7C");
    gw_search_value(identifier->value, query->out);
}

/* A code comes as "system|code": its bar is a separator, a comma in it is not. */
static void add_codes(struct query *query, const char *const *codes, size_t count)
{
    if (count == 0)
        return;
    add_name(query, "code");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            gw_text_add(query->out, ",");
        add_encoded(query->out, codes[i], ",$\\");
    }
}

/* One bound, a day wider: a server reads a date without a zone in its own. */
static void add_bound(struct query *query, const char *name, const char *prefix, gw_day bound, int wider)
{
    char day[11];

    if (!name || bound == GW_NO_DAY || bound <= GW_DAY_MIN || bound >= GW_DAY_MAX)
        return;
    gw_day_print(bound + wider, day);
    add_name(query, name);
    gw_text_print(query->out, "%s%s", prefix, day);
}

static bool has_medication(enum gw_resource type)
{
    return type == GW_MEDICATION_ADMINISTRATION || type == GW_MEDICATION_REQUEST || type == GW_MEDICATION_DISPENSE ||
           type == GW_MEDICATION_STATEMENT;
}

/*
 * Conditions and Procedures are asked for without a date: frailty, a history of thrombosis or a transplant need what
 * came before, and recorded-date would lose, unseen, whatever has no recordedDate; so would an AdverseEvent's date.
 */
const char *gw_search_date_parameter(enum gw_resource type, int fhir_version)
{
    switch (type) {
    case GW_ENCOUNTER:
    case GW_OBSERVATION:
    case GW_DIAGNOSTIC_REPORT:
        return "date";
    case GW_QUESTIONNAIRE_RESPONSE:
        return "authored";
    case GW_MEDICATION_ADMINISTRATION:
        return fhir_version >= 5 ? "date" : "effective-time";
    case GW_MEDICATION_REQUEST:
        return "authoredon";
    case GW_MEDICATION_DISPENSE:
        return "whenhandedover";
    case GW_MEDICATION_STATEMENT:
        return "effective";
    default:
        return NULL;
    }
}

/* R4 knows an AdverseEvent's subject only, which may be of several types. */
static void add_patient(struct query *query, const struct gw_search *search)
{
    const bool subject = search->type == GW_ADVERSE_EVENT && search->patient;

    add_parameter(query,
                  search->type == GW_PATIENT ? "_id"
                  : subject                  ? "subject"
                                             : "patient",
                  subject ? "Patient/" : search->patient);
    if (subject)
        add_encoded(query->out, search->patient, ",|$\\");
}

/* What shapes the answer rather than chooses what is in it. */
static void add_result_parameters(struct query *query, const struct gw_search *search)
{
    if (search->include_medication && has_medication(search->type)) {
        add_name(query, "_include");
        gw_text_print(query->out, "%s:medication", gw_resource_name(search->type));
    }
    if (search->sort) {
        add_name(query, "_sort");
        gw_text_add(query->out, "_lastUpdated");
    }
    if (search->count > 0) {
        add_name(query, "_count");
        gw_text_print(query->out, "%u", search->count);
    }
}

static void add_query(struct query *query, const struct gw_search *search)
{
    const char *date = gw_search_date_parameter(search->type, search->fhir_version);

    add_patient(query, search);
    add_identifier(query, &search->identifier);
    add_parameter(query, "category", search->category);
    add_codes(query, search->codes, search->code_count);
    add_bound(query, date, "ge", search->low, -1);
    add_bound(query, date, "le", search->high, 1);
    if (search->last_updated) {
        add_name(query, "_lastUpdated");
        gw_text_add(query->out, "ge");
        add_encoded(query->out, search->last_updated, "");
    }
    add_result_parameters(query, search);
}

void gw_search_query(const struct gw_search *search, struct gw_text *out)
{
    struct query query = {out, ""};

    add_query(&query, search);
}

void gw_search_url(const struct gw_search *search, const char *base, struct gw_text *out)
{
    struct query query = {out, "?"};

    gw_text_print(out, "%s/%s", base, gw_resource_name(search->type));
    if (search->post)
        gw_text_add(out, "/_search");
    else
        add_query(&query, search);
}

void gw_read_url(const char *base, const char *type, const char *id, struct gw_text *out)
{
    gw_text_print(out, "%s/", base);
    add_encoded(out, type, "");
    gw_text_add(out, "/");
    add_encoded(out, id, "");
}
