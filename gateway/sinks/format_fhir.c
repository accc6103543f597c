/*
 * FHIR R4 resources as NDJSON: ResearchSubject and AdverseEvent from the domains DM and AE, and a Provenance for each
 * of them that names its sources by the hashes they have outside the hospital. define.csv says where each element comes
 * from.
 *
 * People and studies are named by identifier: what they are called at the hospital's server never leaves it.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/csv.h"
#include "gateway/core/json.h"
#include "sinks/folder_export.h"

#define TERMINOLOGY "http://terminology.hl7.org/CodeSystem/"

static const struct {
    const char *element, *source, *note;
} elements[] = {
    {"ResearchSubject.id", "subjects.subject_key", "where it can be a FHIR id"},
    {"ResearchSubject.identifier", "subjects.subject_key", NULL},
    {"ResearchSubject.status", "subjects.withdrawal_date; subjects.death_date; subjects.eot",
     "withdrawn, off-study (dead), follow-up (after the end of treatment), else on-study"},
    {"ResearchSubject.period.start", "subjects.d1", "the first dose"},
    {"ResearchSubject.study", "subjects.study", "by identifier"},
    {"ResearchSubject.individual", "subjects.subject_key", "by identifier: no Patient is exported"},
    {"AdverseEvent.id", "ae_episodes.ae_id", "where it can be a FHIR id"},
    {"AdverseEvent.identifier", "ae_episodes.ae_id", NULL},
    {"AdverseEvent.actuality", NULL, "actual: candidates are not exported"},
    {"AdverseEvent.event.text", "ae_episodes.term", "no dictionary is licensed"},
    {"AdverseEvent.subject", "ae_episodes.subject_key", "by identifier"},
    {"AdverseEvent.date", "ae_episodes.onset", NULL},
    {"AdverseEvent.seriousness", "ae_episodes.serious", "Serious, or not there: what is not known is not told"},
    {"AdverseEvent.severity", NULL, "not there: a CTCAE grade is no severity"},
    {"AdverseEvent.outcome", "ae_episodes.outcome", NULL},
    {"AdverseEvent.study", "ae_episodes.study", "by identifier"},
    {"AdverseEvent.suspectEntity", NULL, "not there: relatedness is a person's, in SDTM's AEREL"},
    {"AdverseEvent.extension(urn:casement:ctcae-grade)", "ae_episodes.max_grade", NULL},
    {"AdverseEvent.extension(urn:casement:category)", "ae_episodes.category", NULL},
    {"AdverseEvent.extension(urn:casement:end)", "ae_episodes.end", NULL},
    {"Provenance.target", "provenance.of_row", "of the tables subjects and ae_episodes"},
    {"Provenance.recorded", "provenance.mapped_at", "the latest of its lines"},
    {"Provenance.agent", NULL, "casement"},
    {"Provenance.entity.what", "provenance.source_hash; provenance.resource_type",
     "a keyed hash: only the hospital can tell of which resource"},
};

/* ---- parts of a resource ---- */

static bool is_id(const char *text)
{
    const size_t length = strlen(text);

    for (const char *p = text; *p; p++)
        if (!isascii((unsigned char)*p) || (!isalnum((unsigned char)*p) && *p != '-' && *p != '.'))
            return false;
    return length >= 1 && length <= 64;
}

static void print_member(struct gw_text *out, const char *name, const char *value)
{
    gw_text_print(out, ",\"%s\":", name);
    gw_json_quote(out, value);
}

static void print_type(struct gw_text *out, const char *type, const char *id)
{
    gw_text_print(out, "{\"resourceType\":\"%s\"", type);
    if (id && is_id(id))
        print_member(out, "id", id);
}

/* {"system":"urn:casement:STUDY:KIND","value":...} */
static void print_identifier(struct folder_export *x, const char *kind, const char *value)
{
    struct gw_text *out = &x->file.text;

    gw_text_add(out, "{\"system\":\"urn:casement:");
    for (const char *p = x->origin.study; *p; p++)
        gw_text_print(out, isalnum((unsigned char)*p) || *p == '-' ? "%c" : "%%%02X", (unsigned char)*p);
    gw_text_print(out, ":%s\"", kind);
    print_member(out, "value", value);
    gw_text_add(out, "}");
}

static void print_reference(struct folder_export *x, const char *type, const char *kind, const char *value)
{
    gw_text_print(&x->file.text, "{\"type\":\"%s\",\"identifier\":", type);
    print_identifier(x, kind, value);
    gw_text_add(&x->file.text, "}");
}

static void print_coding(struct gw_text *out, const char *name, const char *system, const char *code)
{
    gw_text_print(out, ",\"%s\":{\"coding\":[{\"system\":\"" TERMINOLOGY "%s\",\"code\":\"%s\"}]}", name, system, code);
}

static enum gw_status end_resource(struct folder_export *x)
{
    gw_text_add(&x->file.text, "}\n");
    return text_file_flush_some(&x->file);
}

static const char *value_of(const struct sdtm_domain *domain, const char *const *record, const char *variable)
{
    return record[sdtm_place(domain, variable)];
}

/* ---- ResearchSubject ---- */

static const char *status_of(const struct gw_row_subjects *subject)
{
    return subject->withdrawal_date ? "withdrawn"
           : subject->death_date    ? "off-study"
           : subject->eot           ? "follow-up"
                                    : "on-study";
}

static enum gw_status print_subject(void *context, const struct sdtm_domain *domain, const char *const *record)
{
    struct folder_export *x = context;
    struct gw_text *out = &x->file.text;
    const char *key = value_of(domain, record, "USUBJID"), *start = value_of(domain, record, "RFSTDTC");
    const struct gw_row_list *subjects = &x->reading.rows.tables[GW_TABLE_subjects];

    print_type(out, "ResearchSubject", key);
    gw_text_add(out, ",\"identifier\":[");
    print_identifier(x, "subject", key);
    gw_text_print(out, "],\"status\":\"%s\"", status_of((const struct gw_row_subjects *)subjects->rows[0]));
    if (start) {
        gw_text_add(out, ",\"period\":{\"start\":");
        gw_json_quote(out, start);
        gw_text_add(out, "}");
    }
    gw_text_add(out, ",\"study\":");
    print_reference(x, "ResearchStudy", "study", x->origin.study);
    gw_text_add(out, ",\"individual\":");
    print_reference(x, "Patient", "subject", key);
    return end_resource(x);
}

/* ---- AdverseEvent ---- */

static const char *outcome_of(const char *outcome)
{
    static const struct {
        const char *cdisc, *fhir;
    } outcomes[] = {{"RECOVERED/RESOLVED", "resolved"},
                    {"RECOVERING/RESOLVING", "recovering"},
                    {"NOT RECOVERED/NOT RESOLVED", "ongoing"},
                    {"RECOVERED/RESOLVED WITH SEQUELAE", "resolvedWithSequelae"},
                    {"FATAL", "fatal"},
                    {"UNKNOWN", "unknown"}};

    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (gw_same(outcomes[i].cdisc, outcome))
            return outcomes[i].fhir;
    return NULL;
}

static void print_extensions(struct gw_text *out, const struct sdtm_domain *domain, const char *const *record)
{
    const char *grade = value_of(domain, record, "AETOXGR"), *end = value_of(domain, record, "AEENDTC"),
               *category = value_of(domain, record, "AECAT"), *separator = ",\"extension\":[";
    const bool any = grade || end || category;

    if (grade)
        gw_text_print(out, "%s{\"url\":\"urn:casement:ctcae-grade\",\"valueInteger\":%s}", separator, grade);
    separator = grade ? "," : separator;
    if (category) {
        gw_text_print(out, "%s{\"url\":\"urn:casement:category\"", separator);
        print_member(out, "valueCode", category);
        gw_text_add(out, "}");
    }
    separator = category ? "," : separator;
    if (end) {
        gw_text_print(out, "%s{\"url\":\"urn:casement:end\"", separator);
        print_member(out, "valueDateTime", end);
        gw_text_add(out, "}");
    }
    gw_text_add(out, any ? "]" : "");
}

static enum gw_status print_event(void *context, const struct sdtm_domain *domain, const char *const *record)
{
    struct folder_export *x = context;
    struct gw_text *out = &x->file.text;
    const char *id = value_of(domain, record, "AESPID"), *onset = value_of(domain, record, "AESTDTC"),
               *term = value_of(domain, record, "AETERM"), *outcome = outcome_of(value_of(domain, record, "AEOUT"));

    print_type(out, "AdverseEvent", id);
    print_extensions(out, domain, record);
    gw_text_add(out, ",\"identifier\":");
    print_identifier(x, "ae", id);
    gw_text_add(out, ",\"actuality\":\"actual\"");
    if (term) {
        gw_text_add(out, ",\"event\":{\"text\":");
        gw_json_quote(out, term);
        gw_text_add(out, "}");
    }
    gw_text_add(out, ",\"subject\":");
    print_reference(x, "Patient", "subject", value_of(domain, record, "USUBJID"));
    if (onset)
        print_member(out, "date", onset);
    if (value_of(domain, record, "AESER"))
        print_coding(out, "seriousness", "adverse-event-seriousness", "Serious");
    if (outcome)
        print_coding(out, "outcome", "adverse-event-outcome", outcome);
    gw_text_add(out, ",\"study\":[");
    print_reference(x, "ResearchStudy", "study", x->origin.study);
    gw_text_add(out, "]");
    return end_resource(x);
}

/* ---- Provenance ---- */

static bool is_line_of(const struct gw_row_provenance *line, const char *table, const char *row_id)
{
    return gw_same(line->table, table) && gw_same(line->of_row, row_id) && line->source_hash;
}

/* Lines come by role too: a source is told once. */
static bool was_told(const struct gw_row_list *lines, size_t before, const struct gw_row_provenance *line)
{
    for (size_t i = 0; i < before; i++) {
        const struct gw_row_provenance *other = (const struct gw_row_provenance *)lines->rows[i];
        if (is_line_of(other, line->table, line->of_row) && gw_same(other->source_hash, line->source_hash))
            return true;
    }
    return false;
}

/* When the last of its lines was made; the last delivery if none says. */
static const char *recorded_at(const struct folder_export *x, const char *table, const char *row_id)
{
    const struct gw_row_list *lines = &x->reading.rows.tables[GW_TABLE_provenance];
    const char *last = NULL;

    for (size_t i = 0; i < lines->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines->rows[i];
        int64_t instant;
        if (is_line_of(line, table, row_id) && line->mapped_at && gw_instant_read(line->mapped_at, &instant) &&
            (!last || strcmp(line->mapped_at, last) > 0))
            last = line->mapped_at;
    }
    return last ? last : x->origin.delivered ? x->origin.delivered : SDTM_NO_MOMENT;
}

static enum gw_status print_provenance(struct folder_export *x, const char *table, const char *type, const char *kind,
                                       const char *row_id)
{
    const struct gw_row_list *lines = &x->reading.rows.tables[GW_TABLE_provenance];
    struct gw_text *out = &x->file.text;
    const char *separator = ",\"entity\":[";

    print_type(out, "Provenance", NULL);
    gw_text_add(out, ",\"target\":[");
    print_reference(x, type, kind, row_id);
    gw_text_print(out, "],\"recorded\":\"%s\"", recorded_at(x, table, row_id));
    gw_text_add(out, ",\"agent\":[{\"who\":{\"type\":\"Device\",\"identifier\":{\"system\":\"urn:casement\",\"value\":"
                     "\"casement\"}}}]");
    for (size_t i = 0; i < lines->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines->rows[i];

        if (!is_line_of(line, table, row_id) || was_told(lines, i, line))
            continue;
        gw_text_print(out, "%s{\"role\":\"source\",\"what\":", separator);
        print_reference(x, line->resource_type ? line->resource_type : "Resource", "source", line->source_hash);
        gw_text_add(out, "}");
        separator = ",";
    }
    if (*separator == ',' && !separator[1])
        gw_text_add(out, "]");
    return end_resource(x);
}

static enum gw_status print_sources(void *context, const struct sdtm_domain *domain, const char *const *record)
{
    struct folder_export *x = context;
    const bool event = strcmp(domain->name, "AE") == 0;
    const char *id = value_of(domain, record, event ? "AESPID" : "USUBJID");
    const enum gw_status rc = reading_load(&x->reading, GW_TABLE_provenance);

    if (rc != GW_OK)
        return rc;
    return event ? print_provenance(x, "ae_episodes", "AdverseEvent", "ae", id)
                 : print_provenance(x, "subjects", "ResearchSubject", "subject", id);
}

/* ---- files ---- */

static enum gw_status write_resources(struct folder_export *x, const char *name, const char *domain, sdtm_visit *visit,
                                      const char *other)
{
    enum gw_status rc = text_file_open(&x->file, x->folder.part, name);

    if (rc == GW_OK)
        rc = sdtm_walk(&x->reading, sdtm_domain_of(domain), visit, x);
    if (rc == GW_OK && other)
        rc = sdtm_walk(&x->reading, sdtm_domain_of(other), visit, x);
    return rc == GW_OK ? text_file_close(&x->file) : rc;
}

static enum gw_status write_definition(struct folder_export *x)
{
    struct gw_text *out = &x->file.text;
    const enum gw_status rc = text_file_open(&x->file, x->folder.part, "define.csv");

    if (rc != GW_OK)
        return rc;
    gw_text_add(out, "element,source,note\n");
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        gw_csv_field(out, elements[i].element, true, false);
        gw_csv_field(out, elements[i].source, false, false);
        gw_csv_field(out, elements[i].note, false, false);
        gw_csv_end(out);
    }
    return text_file_close(&x->file);
}

static enum gw_status write_all(struct folder_export *x)
{
    enum gw_status rc = write_resources(x, "ResearchSubject.ndjson", "DM", print_subject, NULL);

    if (rc == GW_OK)
        rc = write_resources(x, "AdverseEvent.ndjson", "AE", print_event, NULL);
    if (rc == GW_OK)
        rc = write_resources(x, "Provenance.ndjson", "DM", print_sources, "AE");
    return rc == GW_OK ? write_definition(x) : rc;
}

static const char *const files[] = {"*.ndjson", "define.csv", NULL}, *const none[] = {NULL};

const struct folder_format format_fhir = {
    .name = "fhir",
    .write = write_all,
    .kind = {.maker = "casement export --format fhir", .mark = "define.csv", .holds = files, .inner = none}};
