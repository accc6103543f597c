/*
 * Listings for people: one workbook, a sheet a domain, through libxlsxwriter, with define.csv.
 *
 * Texts are written as texts, so that no program that opens the workbook runs one as a formula; numbers as numbers. A
 * row at a time goes to the disk. A domain with more rows than a sheet holds goes on on the next one.
 */
#include "sinks/folder_export.h"

#if GATEWAY_XLSX

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xlsxwriter.h>

#include "sinks/unfit.h"

static const char where[] = "sinks.xlsx";

enum { MAX_TEXT = 32767 }; /* characters; bytes here, to be on the safe side */

struct workbook {
    struct folder_export *x;
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *bold;
    lxw_row_t row;   /* the next one */
    unsigned sheets; /* of the domain at hand */
};

static enum gw_status failed(struct workbook *w, lxw_error code)
{
    return gw_fail(w->x->err, code == LXW_ERROR_MEMORY_MALLOC_FAILED ? GW_ENOMEM : GW_EIO, where,
                   "%s/listings.xlsx: cannot be written: %s", w->x->folder.part, lxw_strerror(code));
}

static enum gw_status add_sheet(struct workbook *w, const struct sdtm_domain *domain)
{
    char name[LXW_SHEETNAME_MAX + 1];
    lxw_col_t column = 0;
    lxw_error code = LXW_NO_ERROR;

    w->sheets++;
    if (w->sheets == 1)
        snprintf(name, sizeof name, "%s", domain->name);
    else
        snprintf(name, sizeof name, "%s (%u)", domain->name, w->sheets);
    w->sheet = workbook_add_worksheet(w->book, name);
    if (!w->sheet)
        return failed(w, LXW_ERROR_MEMORY_MALLOC_FAILED);
    worksheet_freeze_panes(w->sheet, 1, 0);
    for (size_t i = 0; code == LXW_NO_ERROR && i < domain->count; i++)
        if (!domain->variables[i].absent)
            code = worksheet_write_string(w->sheet, 0, column++, domain->variables[i].name, w->bold);
    w->row = 1;
    return code == LXW_NO_ERROR ? GW_OK : failed(w, code);
}

static enum gw_status write_cell(struct workbook *w, const struct sdtm_domain *domain, const char *const *record,
                                 size_t i, lxw_col_t column)
{
    const struct sdtm_variable *variable = &domain->variables[i];
    lxw_error code;

    if (variable->type == SDTM_TEXT && strlen(record[i]) > MAX_TEXT)
        return unfit_add(w->x, domain, record, variable, "longer than a cell holds");
    code = variable->type == SDTM_TEXT
               ? worksheet_write_string(w->sheet, w->row, column, record[i], NULL)
               : worksheet_write_number(w->sheet, w->row, column, strtod(record[i], NULL), NULL);
    return code == LXW_NO_ERROR ? GW_OK : failed(w, code);
}

static enum gw_status write_record(void *context, const struct sdtm_domain *domain, const char *const *record)
{
    struct workbook *w = context;
    lxw_col_t column = 0;
    enum gw_status rc = w->row == LXW_ROW_MAX ? add_sheet(w, domain) : GW_OK;

    for (size_t i = 0; rc == GW_OK && i < domain->count; i++) {
        if (domain->variables[i].absent)
            continue;
        if (record[i])
            rc = write_cell(w, domain, record, i, column);
        column++;
    }
    w->row++;
    return rc;
}

static enum gw_status write_sheets(struct workbook *w)
{
    enum gw_status rc = GW_OK;

    for (int d = 0; rc == GW_OK && d < SDTM_DOMAINS; d++) {
        w->sheets = 0;
        rc = add_sheet(w, &sdtm_domains()[d]);
        if (rc == GW_OK)
            rc = sdtm_walk(&w->x->reading, &sdtm_domains()[d], write_record, w);
    }
    return rc;
}

/* The moment that the workbook says it was made: that of the data, so that equal data are equal bytes. */
static time_t creation_time(const struct folder_export *x)
{
    struct tm tm = {0};

    if (!strptime(x->origin.delivered ? x->origin.delivered : SDTM_NO_MOMENT, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return 1;
    const time_t made = timegm(&tm);
    return made > 0 ? made : 1; /* 0 is "now" */
}

static enum gw_status write_all(struct folder_export *x)
{
    struct workbook w = {.x = x};
    const char *path = gw_arena_print(&x->arena, "%s/listings.xlsx", x->folder.part);
    lxw_workbook_options options = {
        .constant_memory = LXW_TRUE, .use_zip64 = LXW_TRUE, .tmpdir = (char *)x->folder.part};
    lxw_doc_properties about = {
        .title = (char *)x->origin.study, .author = (char *)"Casement", .created = creation_time(x)};
    lxw_error code;
    enum gw_status rc;

    w.book = path ? workbook_new_opt(path, &options) : NULL;
    if (!w.book)
        return database_no_memory(x->err);
    workbook_set_properties(w.book, &about);
    w.bold = workbook_add_format(w.book);
    if (w.bold)
        format_set_bold(w.bold);
    rc = write_sheets(&w);
    code = workbook_close(w.book); /* which frees it too */
    if (rc == GW_OK && code != LXW_NO_ERROR)
        rc = failed(&w, code);
    return rc == GW_OK ? define_csv(x) : rc;
}

static const char *const files[] = {"listings.xlsx", "define.csv", "unfit.csv", NULL}, *const none[] = {NULL};

const struct folder_format format_xlsx = {
    .name = "xlsx",
    .write = write_all,
    .kind = {.maker = "casement export --format xlsx", .mark = "define.csv", .holds = files, .inner = none}};

#endif
