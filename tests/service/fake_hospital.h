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

enum { RESOURCES_MAX = 32, URL_BYTES = 512 };

struct fake_hospital {
    struct fake_server *server;
    const char *resources[RESOURCES_MAX]; /* one JSON text each, "id" and, but for a Patient, "Patient/<id>" in it */
    size_t count;
    const char *refused;         /* searches of this type answer 403, or "metadata" */
    const char *refused_patient; /* and about this patient too */
    const char *garbled;         /* searches of this type answer half a Bundle */
    const char *html;            /* and these a login page */
    bool ignores_last_updated;   /* and any other parameter it does not know */
    const char *fhir_version;    /* NULL: 4.0.1 */
};

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

static inline bool fake_hospital_about(const char *resource, const char *type, const char *path)
{
    const bool patient = strcmp(type, "Patient") == 0;
    char value[URL_BYTES], wanted[2 * URL_BYTES];

    if (fake_hospital_parameter(path, "identifier", value)) {
        const char *bar = strchr(value, '|');

        snprintf(wanted, sizeof wanted, "\"value\":\"%s\"", bar ? bar + 1 : value);
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

static inline bool fake_hospital_shows(const struct fake_hospital *hospital, const char *resource, const char *type,
                                       const char *path)
{
    char value[URL_BYTES];

    if (!fake_hospital_type(resource, type) || !fake_hospital_about(resource, type, path))
        return false;
    if (fake_hospital_parameter(path, "category", value) && !strstr(resource, value))
        return false;
    if (fake_hospital_parameter(path, "code", value) && !fake_hospital_codes(resource, value))
        return false;
    if (hospital->ignores_last_updated)
        return true;
    return !strstr(path, "casement-probe") &&
           !(fake_hospital_parameter(path, "_lastUpdated", value) && strcmp(value, "ge2100") > 0);
}

static inline void fake_hospital_search(const struct fake_hospital *hospital, struct exchange *exchange,
                                        const char *type)
{
    struct gw_text page = GW_TEXT_INIT(1u << 20);
    const char *comma = "";

    gw_text_add(&page, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[");
    for (size_t i = 0; i < hospital->count; i++) {
        if (!fake_hospital_shows(hospital, hospital->resources[i], type, exchange->path))
            continue;
        gw_text_print(&page, "%s{\"resource\":%s,\"search\":{\"mode\":\"match\"}}", comma, hospital->resources[i]);
        comma = ",";
    }
    gw_text_add(&page, "]}");
    fake_server_reply(exchange, 200, "application/fhir+json", "", page.at);
    gw_text_release(&page);
}

static inline void fake_hospital_read(const struct fake_hospital *hospital, struct exchange *exchange, const char *type)
{
    char wanted[200];
    const char *id = strrchr(exchange->path, '/') + 1;

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

    gw_text_print(&text,
                  "{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"fhirVersion\":\"%s\","
                  "\"software\":{\"name\":\"Made up\",\"version\":\"1\"},\"rest\":[{\"mode\":\"server\",\"resource\":[",
                  hospital->fhir_version ? hospital->fhir_version : "4.0.1");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        gw_text_print(&text, "%s{\"type\":\"%s\",\"interaction\":[{\"code\":\"read\"},{\"code\":\"search-type\"}]}",
                      i ? "," : "", types[i]);
    gw_text_add(&text, "]}]}");
    fake_server_reply(exchange, 200, "application/fhir+json", "", text.at);
    gw_text_release(&text);
}

static inline void fake_hospital_answer(struct exchange *exchange, void *ctx)
{
    const struct fake_hospital *hospital = ctx;
    char type[64] = "";

    sscanf(exchange->path, "/fhir/%63[A-Za-z]", type);
    if (gw_same(type, hospital->refused) ||
        (hospital->refused_patient && strstr(exchange->path, hospital->refused_patient)))
        fake_server_reply(exchange, 403, "text/plain", "", "no");
    else if (gw_same(type, hospital->html))
        fake_server_reply(exchange, 200, "text/html", "", "<html>log in</html>");
    else if (gw_same(type, hospital->garbled))
        fake_server_reply(exchange, 200, "application/fhir+json", "", "{\"resourceType\":\"Bundle\",\"entry\":[{");
    else if (strcmp(type, "metadata") == 0)
        fake_hospital_metadata(hospital, exchange);
    else if (strchr(exchange->path, '?'))
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
