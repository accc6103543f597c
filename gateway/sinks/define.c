/*
 * The data definition beside the data: one line a data set, one line a variable. Made from the same list as the data.
 */
#include "gateway/core/csv.h"
#include "gateway/core/json.h"
#include "sinks/folder_export.h"

static const char *type_name(enum sdtm_type type)
{
    static const char *const names[] = {"text", "integer", "decimal"};

    return names[type];
}

void define_source(const struct sdtm_variable *variable, struct gw_text *out)
{
    for (int f = 0; f < 2; f++)
        if (variable->from[f].table)
            gw_text_print(out, "%s%s.%s", f ? "; " : "", variable->from[f].table->name, variable->from[f].column->name);
}

/* ---- CSV ---- */

static void print_number(struct gw_text *out, unsigned number)
{
    gw_text_add(out, ",");
    if (number)
        gw_text_print(out, "%u", number);
}

static void print_domain(struct gw_text *out, const struct sdtm_domain *domain)
{
    gw_csv_field(out, domain->name, true, false);
    gw_csv_field(out, NULL, false, false);
    gw_csv_field(out, domain->label, false, false);
    gw_csv_field(out, domain->class, false, false);
    gw_text_add(out, ",,,");
    gw_csv_field(out, domain->notes, false, false);
    gw_csv_end(out);
}

static enum gw_status print_variable(struct folder_export *x, const struct sdtm_domain *domain,
                                     const struct sdtm_variable *variable)
{
    struct gw_text *out = &x->file.text, source = GW_TEXT_INIT(512);

    define_source(variable, &source);
    gw_csv_field(out, domain->name, true, false);
    gw_csv_field(out, variable->name, false, false);
    gw_csv_field(out, variable->label, false, false);
    gw_csv_field(out, variable->absent ? "not there" : type_name(variable->type), false, false);
    print_number(out, variable->length);
    print_number(out, variable->key);
    gw_csv_field(out, source.at, false, false);
    gw_csv_field(out, variable->says, false, false);
    gw_csv_end(out);
    x->file.text.failed |= source.failed;
    gw_text_release(&source);
    return text_file_flush_some(&x->file);
}

enum gw_status define_csv(struct folder_export *x)
{
    const struct sdtm_domain *domains = sdtm_domains();
    enum gw_status rc = text_file_open(&x->file, x->folder.part, "define.csv");

    if (rc != GW_OK)
        return rc;
    gw_text_add(&x->file.text, "dataset,variable,label,type,length,key,source,note\n");
    for (int d = 0; rc == GW_OK && d < SDTM_DOMAINS; d++) {
        print_domain(&x->file.text, &domains[d]);
        for (size_t i = 0; rc == GW_OK && i < domains[d].count; i++)
            rc = print_variable(x, &domains[d], &domains[d].variables[i]);
    }
    return rc == GW_OK ? text_file_close(&x->file) : rc;
}

/* ---- JSON ---- */

static void json_member(struct gw_text *out, const char *name, const char *text)
{
    gw_text_print(out, ", \"%s\": ", name);
    gw_json_quote(out, text);
}

static void json_variable(struct gw_text *out, const struct sdtm_variable *variable)
{
    struct gw_text source = GW_TEXT_INIT(512);

    define_source(variable, &source);
    gw_text_add(out, "{\"name\": ");
    gw_json_quote(out, variable->name);
    json_member(out, "label", variable->label);
    if (variable->absent)
        gw_text_add(out, ", \"absent\": true");
    else
        gw_text_print(out, ", \"type\": \"%s\", \"length\": %u", type_name(variable->type), variable->length);
    if (variable->key)
        gw_text_print(out, ", \"key\": %u", variable->key);
    if (source.length)
        json_member(out, "source", source.at);
    if (variable->says)
        json_member(out, "note", variable->says);
    gw_text_add(out, "}");
    out->failed |= source.failed;
    gw_text_release(&source);
}

static void json_domain(struct gw_text *out, const struct sdtm_domain *domain)
{
    gw_text_add(out, "{\"name\": ");
    gw_json_quote(out, domain->name);
    json_member(out, "label", domain->label);
    json_member(out, "class", domain->class);
    json_member(out, "note", domain->notes);
    gw_text_add(out, ", \"variables\": [");
    for (size_t i = 0; i < domain->count; i++) {
        gw_text_add(out, i ? ",\n  " : "\n  ");
        json_variable(out, &domain->variables[i]);
    }
    gw_text_add(out, "]}");
}

enum gw_status define_json(struct folder_export *x)
{
    const struct sdtm_domain *domains = sdtm_domains();
    enum gw_status rc = text_file_open(&x->file, x->folder.part, "define.json");

    if (rc != GW_OK)
        return rc;
    gw_text_add(&x->file.text, "{\"study\": ");
    gw_json_quote(&x->file.text, x->origin.study);
    gw_text_add(&x->file.text, ", \"datasets\": [");
    for (int d = 0; d < SDTM_DOMAINS; d++) {
        gw_text_add(&x->file.text, d ? ",\n" : "\n");
        json_domain(&x->file.text, &domains[d]);
    }
    gw_text_add(&x->file.text, "]}\n");
    return text_file_close(&x->file);
}
