/*
 * CDISC Dataset-JSON 1.1: a file a domain, row by row, with define.json.
 *
 * Decimals travel as texts (targetDataType decimal), so that they stay exact. The number of records stands before the
 * rows, as readers of streams want it: room is left for it and filled at the end.
 */
#include <stdio.h>

#include "gateway/core/json.h"
#include "sinks/folder_export.h"

enum { COUNT_WIDTH = 12 };

struct dataset {
    struct folder_export *x;
    size_t records;
};

static void print_member(struct gw_text *out, const char *name, const char *value)
{
    gw_text_print(out, ", \"%s\": ", name);
    gw_json_quote(out, value);
}

static void print_column(struct gw_text *out, const struct sdtm_domain *domain, const struct sdtm_variable *variable)
{
    static const char *const types[] = {"string", "integer", "decimal"};

    gw_text_print(out, "{\"itemOID\": \"IT.%s.%s\", \"name\": \"%s\", \"label\": ", domain->name, variable->name,
                  variable->name);
    gw_json_quote(out, variable->label);
    gw_text_print(out, ", \"dataType\": \"%s\"", types[variable->type]);
    if (variable->type == SDTM_DECIMAL)
        gw_text_add(out, ", \"targetDataType\": \"decimal\"");
    if (variable->type == SDTM_TEXT)
        gw_text_print(out, ", \"length\": %u", variable->length);
    if (variable->key)
        gw_text_print(out, ", \"keySequence\": %u", variable->key);
    gw_text_add(out, "}");
}

static void print_columns(struct gw_text *out, const struct sdtm_domain *domain)
{
    const char *separator = "\n  ";

    gw_text_add(out, ",\n\"columns\": [");
    for (size_t i = 0; i < domain->count; i++) {
        if (domain->variables[i].absent)
            continue;
        gw_text_add(out, separator);
        print_column(out, domain, &domain->variables[i]);
        separator = ",\n  ";
    }
    gw_text_add(out, "]");
}

/* Gives where in the file the number of records goes. */
static size_t print_head(struct folder_export *x, const struct sdtm_domain *domain)
{
    struct gw_text *out = &x->file.text;
    const char *moment = x->origin.delivered ? x->origin.delivered : SDTM_NO_MOMENT;
    size_t place;

    gw_text_add(out, "{\"datasetJSONVersion\": \"1.1.0\"");
    print_member(out, "datasetJSONCreationDateTime", moment);
    print_member(out, "dbLastModifiedDateTime", moment);
    gw_text_add(out, ", \"sourceSystem\": {\"name\": \"Casement\", \"version\": \"" GATEWAY_VERSION "\"}");
    print_member(out, "studyOID", x->origin.study);
    gw_text_add(out, ", \"metaDataVersionOID\": \"MDV.1\", \"metaDataRef\": \"define.json\"");
    gw_text_print(out, ", \"itemGroupOID\": \"IG.%s\", \"name\": \"%s\"", domain->name, domain->name);
    print_member(out, "label", domain->label);
    gw_text_add(out, ", \"records\": ");
    place = out->length;
    gw_text_print(out, "%*s", COUNT_WIDTH, "");
    print_columns(out, domain);
    gw_text_add(out, ",\n\"rows\": [");
    return place;
}

static enum gw_status print_record(void *context, const struct sdtm_domain *domain, const char *const *record)
{
    struct dataset *dataset = context;
    struct gw_text *out = &dataset->x->file.text;
    const char *separator = dataset->records ? ",\n[" : "\n[";

    for (size_t i = 0; i < domain->count; i++) {
        if (domain->variables[i].absent)
            continue;
        gw_text_add(out, separator);
        if (record[i] && domain->variables[i].type == SDTM_INTEGER)
            gw_text_add(out, record[i]);
        else
            gw_json_quote(out, record[i]);
        separator = ", ";
    }
    gw_text_add(out, "]");
    dataset->records++;
    return text_file_flush_some(&dataset->x->file);
}

static enum gw_status write_domain(struct folder_export *x, const struct sdtm_domain *domain)
{
    struct dataset dataset = {.x = x};
    char name[32], count[COUNT_WIDTH + 1];
    size_t place;
    enum gw_status rc;

    snprintf(name, sizeof name, "%s.json", domain->name);
    rc = text_file_open(&x->file, x->folder.part, name);
    if (rc != GW_OK)
        return rc;
    place = print_head(x, domain);
    rc = sdtm_walk(&x->reading, domain, print_record, &dataset);
    if (rc != GW_OK)
        return rc;
    gw_text_add(&x->file.text, "]}\n");
    snprintf(count, sizeof count, "%*zu", COUNT_WIDTH, dataset.records);
    rc = text_file_patch(&x->file, place, count);
    return rc == GW_OK ? text_file_close(&x->file) : rc;
}

static enum gw_status write_all(struct folder_export *x)
{
    const enum gw_status rc = folder_each_domain(x, write_domain);

    return rc == GW_OK ? define_json(x) : rc;
}

static const char *const files[] = {"*.json", NULL}, *const none[] = {NULL};

const struct folder_format format_dataset_json = {
    .name = "dataset-json",
    .write = write_all,
    .kind = {.maker = "casement export --format dataset-json", .mark = "define.json", .holds = files, .inner = none}};
