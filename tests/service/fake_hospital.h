/*
 * A made-up hospital for tests of whole passes: resources in memory, searched by type and patient, with faults a test
 * may switch on. Between two syncs a test may change it; while one runs it is read only.
 */
#ifndef SERVICE_FAKE_HOSPITAL_H
#define SERVICE_FAKE_HOSPITAL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/text.h"
#include "support/fake_server.h"
#include "support/scratch.h"

enum { RESOURCES_MAX = 32, URL_BYTES = 8192 };

struct fake_hospital {
    struct fake_server *server;
    const char *resources[RESOURCES_MAX]; /* one JSON text each, "id" and, but for a Patient, "Patient/<id>" in it */
    size_t count;
    const char *refused;          /* searches of this type answer 403, or "metadata" */
    const char *refused_patient;  /* and about this patient too */
    const char *garbled;          /* searches of this type answer half a Bundle */
    const char *html;             /* and these a login page */
    bool ignores_last_updated;    /* and any other parameter it does not know */
    const char *fhir_version;     /* NULL: 4.0.1 */
    const char *software_version; /* NULL: 1 */

    /* how its searches differ from what one would wish */
    const char *hides;      /* a type that its statement does not list */
    const char *ignores;    /* a parameter, as if it were not there */
    const char *forbids;    /* a parameter that answers 400 */
    const char *breaks;     /* one that answers 500 */
    const char *answers;    /* Prefer: handling=strict is understood where this is "strict" */
    bool forbids_get;       /* searches by GET: 405; and by POST: */
    bool forbids_post;      /* 405 */
    bool post_is_odd;       /* a search by POST shows nothing */
    bool demands_category;  /* Observations without one: 400 */
    bool one_range;         /* date and _lastUpdated in one search: 400 */
    bool by_day;            /* _lastUpdated compares days */
    bool self_drops;        /* the self link leaves out what it does not know */
    bool without_history;   /* _history: 404 */
    unsigned query_max;     /* longer URLs: 414; 0: any */
    unsigned codes_max;     /* more codes: 400; 0: any */
    unsigned count_max;     /* a larger _count: 400; 0: any */
    unsigned links_live;    /* so many uses of a next link, then 410; 0: for ever */
    unsigned busy;          /* so many answers are 429 first */
    const char *busy_for;   /* their header lines */
    const char *date;       /* the header line of each answer */
    const char *claims;     /* members of the statement's "rest" before its resources, each with a comma behind it */
    const char *smart;      /* the smart-configuration's body; NULL: 404 */
    const char *token;      /* the token answer's body */
    int token_status;       /* 0: 200 */
    unsigned refuse_tokens; /* so many requests for one are refused, as signed with a key that is not known */
    unsigned links_used;
};

static inline bool fake_hospital_is(const char *text, const char *name)
{
    return text && strcmp(text, name) == 0;
}

static inline bool fake_hospital_type(const char *resource, const char *type)
{
    char wanted[128];

    snprintf(wanted, sizeof wanted, "\"resourceType\":\"%s\"", type);
    return strstr(resource, wanted) != NULL;
}

/* The value of a query parameter, percent-encoding of '|', '/' and ':' undone. False: not there. */
static inline bool fake_hospital_parameter(const char *path, const char *name, char out[URL_BYTES])
{
    char key[40];
    const char *at;
    size_t length = 0;

    snprintf(key, sizeof key, "%s=", name);
    for (at = strchr(path, '?'); at && strncmp(at + 1, key, strlen(key)) != 0;)
        at = strchr(at + 1, '&');
    if (!at)
        return false;
    for (at += 1 + strlen(key); *at && *at != '&' && length + 1 < URL_BYTES; at++) {
        unsigned code;

        if (*at == '%' && sscanf(at + 1, "%2x", &code) == 1) {
            out[length++] = (char)code;
            at += 2;
        } else {
            out[length++] = *at;
        }
    }
    out[length] = '\0';
    return true;
}

/* The same, unless this hospital ignores it. */
static inline bool fake_hospital_value(const struct fake_hospital *hospital, const char *path, const char *name,
                                       char out[URL_BYTES])
{
    return !fake_hospital_is(hospital->ignores, name) && fake_hospital_parameter(path, name, out);
}

static inline bool fake_hospital_about(const struct fake_hospital *hospital, const char *resource, const char *type,
                                       const char *path)
{
    const bool patient = strcmp(type, "Patient") == 0;
    char value[URL_BYTES], wanted[2 * URL_BYTES];

    if (strcmp(type, "ResearchSubject") == 0)
        return fake_hospital_parameter(path, "study", value) && strstr(resource, value);

    if (fake_hospital_parameter(path, "identifier", value)) {
        const char *bar = strchr(value, '|');

        snprintf(wanted, sizeof wanted, "\"value\":\"%s\"", bar ? bar + 1 : value);
    } else if (!patient && fake_hospital_is(hospital->ignores, "patient")) {
        return true;
    } else if (fake_hospital_parameter(path, patient ? "_id" : "patient", value)) {
        snprintf(wanted, sizeof wanted, patient ? "\"id\":\"%s\"" : "Patient/%s\"", value);
    } else if (fake_hospital_parameter(path, "subject", value)) {
        snprintf(wanted, sizeof wanted, "%s\"", value);
    } else {
        return false;
    }
    return strstr(resource, wanted) != NULL;
}

/* Whether one of the codes of a list ("system|code,system|code") stands in a resource. */
static inline bool fake_hospital_codes(const char *resource, char *list)
{
    char wanted[URL_BYTES];

    for (char *code = strtok(list, ","); code; code = strtok(NULL, ",")) {
        const char *bar = strchr(code, '|');

        snprintf(wanted, sizeof wanted, "\"code\":\"%s\"", bar ? bar + 1 : code);
        if (strstr(resource, wanted))
            return true;
    }
    return false;
}

/* The text behind a name in a resource; "" when it is not there. */
static inline const char *fake_hospital_text(const char *resource, const char *name)
{
    const char *at = strstr(resource, name);

    return at ? at + strlen(name) : "";
}

static inline const char *fake_hospital_stamp(const char *resource)
{
    return fake_hospital_text(resource, "\"lastUpdated\":\"");
}

/* Within each bound of the parameter; what has no date lies in none. */
static inline bool fake_hospital_dated(const struct fake_hospital *hospital, const char *resource, const char *path)
{
    const char *date = fake_hospital_text(resource, "\"effectiveDateTime\":\"");

    if (fake_hospital_is(hospital->ignores, "date"))
        return true;
    date = *date ? date : fake_hospital_text(resource, "\"start\":\"");
    for (const char *at = strchr(path, '?'); at; at = strchr(at + 1, '&')) {
        if (strncmp(at + 1, "date=", 5) != 0)
            continue;
        if (strncmp(at + 6, "ge", 2) == 0 ? strncmp(date, at + 8, 10) < 0 : strncmp(date, at + 8, 10) > 0)
            return false;
    }
    return true;
}

static inline bool fake_hospital_changed(const struct fake_hospital *hospital, const char *resource, const char *path)
{
    char value[URL_BYTES];
    size_t length;

    if (hospital->ignores_last_updated || !fake_hospital_value(hospital, path, "_lastUpdated", value))
        return true;
    length = strlen(value + 2) < 19 || hospital->by_day ? 10 : 19;
    return strncmp(fake_hospital_stamp(resource), value + 2, length) >= 0;
}

static inline bool fake_hospital_shows(const struct fake_hospital *hospital, const char *resource, const char *type,
                                       const char *path)
{
    char value[URL_BYTES], wanted[URL_BYTES + 8];

    if (!fake_hospital_type(resource, type) || !fake_hospital_about(hospital, resource, type, path))
        return false;
    if (fake_hospital_value(hospital, path, "category", value) && !strstr(resource, value))
        return false;
    if (fake_hospital_parameter(path, "code", value) && !fake_hospital_codes(resource, value))
        return false;
    if (fake_hospital_value(hospital, path, "_id", value)) {
        snprintf(wanted, sizeof wanted, "\"id\":\"%s\"", value);
        if (!strstr(resource, wanted))
            return false;
    }
    if (!hospital->ignores_last_updated && !fake_hospital_is(hospital->ignores, "casement-probe") &&
        strstr(path, "casement-probe="))
        return false;
    return fake_hospital_dated(hospital, resource, path) && fake_hospital_changed(hospital, resource, path);
}

static inline unsigned fake_hospital_commas(const char *path)
{
    char value[URL_BYTES];
    unsigned count = 0;

    if (!fake_hospital_parameter(path, "code", value))
        return 0;
    for (const char *at = value; at; at = strchr(at + 1, ','))
        count++;
    return count;
}

/* The status of a search that is not answered; 0: it is. */
static inline int fake_hospital_refusal(struct fake_hospital *hospital, const struct exchange *exchange,
                                        const char *type, const char *path)
{
    const bool post = strncmp(exchange->head, "POST ", 5) == 0;
    const char *prefer = fake_server_header(exchange, "Prefer");
    char value[URL_BYTES], name[64];

    snprintf(name, sizeof name, "%s=", hospital->breaks ? hospital->breaks : "?");
    if (strstr(path, name))
        return 500;
    if (post ? hospital->forbids_post : hospital->forbids_get && !strstr(path, "&page="))
        return 405;
    if (!post && hospital->query_max && strlen(path) > hospital->query_max)
        return 414;
    snprintf(name, sizeof name, "%s=", hospital->forbids ? hospital->forbids : "?");
    if (strstr(path, name) || (hospital->codes_max && fake_hospital_commas(path) > hospital->codes_max))
        return 400;
    if (hospital->count_max && fake_hospital_parameter(path, "_count", value) &&
        strtoul(value, NULL, 10) > hospital->count_max)
        return 400;
    if (hospital->one_range && strstr(path, "date=") && strstr(path, "_lastUpdated="))
        return 400;
    if (hospital->demands_category && strcmp(type, "Observation") == 0 && !strstr(path, "category="))
        return 400;
    if (prefer && fake_hospital_is(hospital->answers, "strict") && strstr(path, "casement-probe="))
        return 400;
    if (strstr(path, "&page=") && hospital->links_live && hospital->links_used++ >= hospital->links_live)
        return 410;
    return 0;
}

static inline int fake_hospital_by_stamp(const void *a, const void *b)
{
    return strncmp(fake_hospital_stamp(*(const char *const *)a), fake_hospital_stamp(*(const char *const *)b), 19);
}

static inline void fake_hospital_links(const struct fake_hospital *hospital, const char *type, const char *path,
                                       size_t next, struct gw_text *page)
{
    const char *query = strchr(path, '?') ? strchr(path, '?') + 1 : "";
    const size_t length = strstr(query, "&page=") ? (size_t)(strstr(query, "&page=") - query) : strlen(query);
    const char *probe = strstr(query, "&casement-probe");
    const size_t known = hospital->self_drops && probe ? (size_t)(probe - query) : length;
    const char *base = fake_server_base(hospital->server);

    gw_text_print(page, "\"link\":[{\"relation\":\"self\",\"url\":\"%s/%s?%.*s\"}", base, type, (int)known, query);
    if (next)
        gw_text_print(page, ",{\"relation\":\"next\",\"url\":\"%s/%s?%.*s&page=%zu\"}", base, type, (int)length, query,
                      next);
    gw_text_add(page, "],");
}

/* All it shows, and the one page of it that was asked for. */
static inline void fake_hospital_page(const struct fake_hospital *hospital, const char *type, const char *path,
                                      struct gw_text *page)
{
    const char *shown[RESOURCES_MAX], *at = strstr(path, "&page="), *comma = "";
    size_t count = 0, first = at ? strtoul(at + 6, NULL, 10) : 0, size = RESOURCES_MAX;
    char value[URL_BYTES];

    for (size_t i = 0; i < hospital->count; i++)
        if (fake_hospital_shows(hospital, hospital->resources[i], type, path))
            shown[count++] = hospital->resources[i];
    if (fake_hospital_value(hospital, path, "_sort", value))
        qsort(shown, count, sizeof *shown, fake_hospital_by_stamp);
    if (fake_hospital_value(hospital, path, "_count", value))
        size = strtoul(value, NULL, 10);
    gw_text_add(page, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",");
    fake_hospital_links(hospital, type, path, first + size < count ? first + size : 0, page);
    gw_text_add(page, "\"entry\":[");
    for (size_t i = first; i < count && i < first + size; i++, comma = ",")
        gw_text_print(page, "%s{\"resource\":%s,\"search\":{\"mode\":\"match\"}}", comma, shown[i]);
    gw_text_add(page, "]}");
}

static inline void fake_hospital_reply(const struct fake_hospital *hospital, struct exchange *exchange, int status,
                                       const char *body)
{
    fake_server_reply(exchange, status, "application/fhir+json", hospital->date ? hospital->date : "", body);
}

static inline void fake_hospital_search(struct fake_hospital *hospital, struct exchange *exchange, const char *type)
{
    struct gw_text page = GW_TEXT_INIT(1u << 20), path = GW_TEXT_INIT(1u << 16);
    const bool post = strncmp(exchange->head, "POST ", 5) == 0;
    int refusal;

    gw_text_print(&path, "%s%s%s", exchange->path, post ? "?" : "", post ? exchange->body : "");
    refusal = fake_hospital_refusal(hospital, exchange, type, path.at);
    if (refusal == 0 && post && hospital->post_is_odd)
        gw_text_add(&page, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\"}");
    else if (refusal == 0)
        fake_hospital_page(hospital, type, path.at, &page);
    fake_hospital_reply(hospital, exchange, refusal ? refusal : 200, page.at);
    gw_text_release(&path);
    gw_text_release(&page);
}

static inline void fake_hospital_read(const struct fake_hospital *hospital, struct exchange *exchange, const char *type)
{
    char wanted[200];
    const char *id = strrchr(exchange->path, '/') + 1;

    if (strstr(exchange->path, "/_history")) {
        fake_hospital_reply(hospital, exchange, hospital->without_history ? 404 : 200,
                            "{\"resourceType\":\"Bundle\",\"type\":\"history\"}");
        return;
    }

    snprintf(wanted, sizeof wanted, "\"id\":\"%s\"", id);
    for (size_t i = 0; i < hospital->count; i++) {
        if (!fake_hospital_type(hospital->resources[i], type) || !strstr(hospital->resources[i], wanted))
            continue;
        fake_server_reply(exchange, 200, "application/fhir+json", "", hospital->resources[i]);
        return;
    }
    fake_server_reply(
        exchange, 404, "application/fhir+json", "",
        "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\",\"code\":\"not-found\"}]}");
}

static inline void fake_hospital_metadata(const struct fake_hospital *hospital, struct exchange *exchange)
{
    static const char *const types[] = {"Patient",      "Encounter",       "Observation",
                                        "Condition",    "Procedure",       "MedicationAdministration",
                                        "AdverseEvent", "DiagnosticReport"};
    struct gw_text text = GW_TEXT_INIT(1u << 16);

    gw_text_print(
        &text,
        "{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"fhirVersion\":\"%s\","
        "\"software\":{\"name\":\"Made up\",\"version\":\"%s\"},\"rest\":[{\"mode\":\"server\",%s\"resource\":[",
        hospital->fhir_version ? hospital->fhir_version : "4.0.1",
        hospital->software_version ? hospital->software_version : "1", hospital->claims ? hospital->claims : "");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (!fake_hospital_is(hospital->hides, types[i]))
            gw_text_print(&text, "%s{\"type\":\"%s\",\"interaction\":[{\"code\":\"read\"},{\"code\":\"search-type\"}]}",
                          i ? "," : "", types[i]);
    gw_text_add(&text, "]}]}");
    fake_hospital_reply(hospital, exchange, 200, text.at);
    gw_text_release(&text);
}

static inline void fake_hospital_smart(struct fake_hospital *hospital, struct exchange *exchange)
{
    const bool token = strcmp(exchange->path, "/token") == 0;
    const char *body = token ? hospital->token : hospital->smart;
    const int status = token && hospital->token_status ? hospital->token_status : body ? 200 : 404;

    if (token && hospital->refuse_tokens && hospital->refuse_tokens--)
        fake_server_reply(exchange, 400, "application/json", "", "{\"error\":\"invalid_grant\"}");
    else
        fake_server_reply(exchange, status, "application/json", "", body ? body : "");
}

static inline void fake_hospital_answer(struct exchange *exchange, void *ctx)
{
    struct fake_hospital *hospital = ctx;
    char type[64] = "";

    sscanf(exchange->path, "/fhir/%63[A-Za-z]", type);
    if (strcmp(exchange->path, "/token") == 0 || strstr(exchange->path, "/.well-known/"))
        fake_hospital_smart(hospital, exchange);
    else if (hospital->busy && *type && strcmp(type, "metadata") != 0 && hospital->busy--)
        fake_server_reply(exchange, 429, "text/plain", hospital->busy_for ? hospital->busy_for : "", "slow down");
    else if (gw_same(type, hospital->refused) ||
             (hospital->refused_patient && strstr(exchange->path, hospital->refused_patient)))
        fake_server_reply(exchange, 403, "text/plain", "", "no");
    else if (gw_same(type, hospital->html))
        fake_server_reply(exchange, 200, "text/html", "", "<html>log in</html>");
    else if (gw_same(type, hospital->garbled))
        fake_server_reply(exchange, 200, "application/fhir+json", "", "{\"resourceType\":\"Bundle\",\"entry\":[{");
    else if (strcmp(type, "metadata") == 0)
        fake_hospital_metadata(hospital, exchange);
    else if ((strchr(exchange->path, '?') && !strstr(exchange->path, "/_history")) ||
             strstr(exchange->path, "/_search"))
        fake_hospital_search(hospital, exchange, type);
    else
        fake_hospital_read(hospital, exchange, type);
}

static inline void fake_hospital_open(struct fake_hospital *hospital)
{
    hospital->server = fake_server_new(fake_hospital_answer, hospital);
}

static inline void fake_hospital_add(struct fake_hospital *hospital, const char *resource)
{
    hospital->resources[hospital->count++] = resource;
}

/* A patient on treatment since 2024-01-15: seen on 2024-02-14, the day of T30-01, with one neutrophil count. */
#define FAKE_PATIENT(id)                                                                                               \
    "{\"resourceType\":\"Patient\",\"id\":\"" id "\",\"gender\":\"male\",\"birthDate\":\"1950-02-03\","                \
    "\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2024-02-15T08:00:00Z\"},"                                         \
    "\"identifier\":[{\"system\":\"urn:mrn\",\"value\":\"mrn-" id "\"}]}"
#define FAKE_VISIT(id)                                                                                                 \
    "{\"resourceType\":\"Encounter\",\"id\":\"visit-" id "\",\"status\":\"finished\","                                 \
    "\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2024-02-15T08:00:00Z\"},"                                         \
    "\"class\":{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"AMB\"},"                    \
    "\"subject\":{\"reference\":\"Patient/" id "\"},"                                                                  \
    "\"period\":{\"start\":\"2024-02-14T09:00:00+01:00\",\"end\":\"2024-02-14T10:00:00+01:00\"}}"
#define FAKE_COUNT(id, version, status, value)                                                                         \
    "{\"resourceType\":\"Observation\",\"id\":\"anc-" id "\",\"status\":\"" status "\","                               \
    "\"meta\":{\"versionId\":\"" version "\",\"lastUpdated\":\"2024-02-1" version "T08:00:00Z\"},"                     \
    "\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],"                                                         \
    "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},"                                    \
    "\"subject\":{\"reference\":\"Patient/" id "\"},\"effectiveDateTime\":\"2024-02-14T09:30:00+01:00\","              \
    "\"valueQuantity\":{\"value\":" value ",\"unit\":\"10*9/L\",\"system\":\"http://unitsofmeasure.org\","             \
    "\"code\":\"10*9/L\"}}"
#define FAKE_EVENT(id)                                                                                                 \
    "{\"resourceType\":\"AdverseEvent\",\"id\":\"event-" id "\",\"actuality\":\"actual\","                             \
    "\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2024-02-15T08:00:00Z\"},"                                         \
    "\"event\":{\"coding\":[{\"system\":\"http://snomed.info/sct\",\"code\":\"271807003\"}],\"text\":\"Rash\"},"       \
    "\"subject\":{\"reference\":\"Patient/" id "\"},\"date\":\"2024-02-10\"}"

#endif
