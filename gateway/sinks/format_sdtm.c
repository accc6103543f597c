/*
 * SDTM domains as CSV files, LB.csv and so on, with define.csv.
 */
#include <stdio.h>

#include "gateway/core/csv.h"
#include "sinks/folder_export.h"

static void print_header(struct gw_text *out, const struct sdtm_domain *domain)
{
    bool first = true;

    for (size_t i = 0; i < domain->count; i++) {
        if (domain->variables[i].absent)
            continue;
        gw_csv_field(out, domain->variables[i].name, first, false);
        first = false;
    }
    gw_csv_end(out);
}

static enum gw_status print_record(void *context, const struct sdtm_domain *domain, const char *const *record)
{
    struct folder_export *x = context;
    bool first = true;

    for (size_t i = 0; i < domain->count; i++) {
        if (domain->variables[i].absent)
            continue;
        gw_csv_field(&x->file.text, record[i], first, domain->variables[i].type == SDTM_TEXT);
        first = false;
    }
    gw_csv_end(&x->file.text);
    return text_file_flush_some(&x->file);
}

static enum gw_status write_domain(struct folder_export *x, const struct sdtm_domain *domain)
{
    char name[32];
    enum gw_status rc;

    snprintf(name, sizeof name, "%s.csv", domain->name);
    rc = text_file_open(&x->file, x->folder.part, name);
    if (rc != GW_OK)
        return rc;
    print_header(&x->file.text, domain);
    rc = sdtm_walk(&x->reading, domain, print_record, x);
    return rc == GW_OK ? text_file_close(&x->file) : rc;
}

static enum gw_status write_all(struct folder_export *x)
{
    const enum gw_status rc = folder_each_domain(x, write_domain);

    return rc == GW_OK ? define_csv(x) : rc;
}

static const char *const files[] = {"*.csv", NULL}, *const none[] = {NULL};

const struct folder_format format_sdtm = {
    .name = "sdtm",
    .write = write_all,
    .kind = {.maker = "casement export --format sdtm", .mark = "define.csv", .holds = files, .inner = none}};
