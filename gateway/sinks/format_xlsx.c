/*
 * Listings for people: one workbook, a sheet a domain, through libxlsxwriter, with define.csv.
 *
 * Texts are written as texts, so that no program that opens the workbook runs one as a formula; numbers as numbers. A
 * row at a time goes to the disk. A domain with more rows than a sheet holds goes on on the next one.
 */
#include "sinks/folder_export.h"

#if GATEWAY_XLSX

#include <errno.h>
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

/*
 * The rows of a sheet lie in a file of their own until the end. The library looks at none of its writes to it: where
 * the disk is full the sheet would end there without a word. So its last row is sent there too, and then we look.
 */
static enum gw_status end_sheet(struct workbook *w)
{
    lxw_worksheet_write_single_row(w->sheet);
    if (fflush(w->sheet->optimize_tmpfile) == 0 && !ferror(w->sheet->optimize_tmpfile))
        return GW_OK;
    return gw_fail(w->x->err, GW_EIO, where, "%s/listings.xlsx: its rows cannot be written: %s", w->x->folder.part,
                   strerror(errno));
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

static bool is_escape(const char *text)
{
    return text[0] == '_' && text[1] == 'x' && strspn(text + 2, "0123456789ABCDEFabcdef") >= 4 && text[6] == '_';
}

/* "_x003D_" in a cell is read as "=": what somebody wrote so begins with the escape of an underscore. NULL: no memory.
 */
static const char *escape(struct workbook *w, const char *text)
{
    struct gw_arena *arena = &w->x->reading.arena;

    for (const char *at = text; (at = strstr(at, "_x")); at++)
        if (is_escape(at)) {
            const char *rest = escape(w, at + 1);
            return rest ? gw_arena_print(arena, "%.*s_x005F_%s", (int)(at - text), text, rest) : NULL;
        }
    return text;
}

static enum gw_status write_text(struct workbook *w, const char *text, lxw_col_t column)
{
    const char *escaped = escape(w, text);
    lxw_error code =
        escaped ? worksheet_write_string(w->sheet, w->row, column, escaped, NULL) : LXW_ERROR_MEMORY_MALLOC_FAILED;

    return code == LXW_NO_ERROR ? GW_OK : failed(w, code);
}

static enum gw_status write_cell(struct workbook *w, const struct sdtm_domain *domain, const char *const *record,
                                 size_t i, lxw_col_t column)
{
    const struct sdtm_variable *variable = &domain->variables[i];
    lxw_error code;

    if (variable->type == SDTM_TEXT && strlen(record[i]) > MAX_TEXT)
        return unfit_add(w->x, domain, record, variable, "longer than a cell holds");
    if (variable->type == SDTM_TEXT)
        return write_text(w, record[i], column);
    code = worksheet_write_number(w->sheet, w->row, column, strtod(record[i], NULL), NULL);
    return code == LXW_NO_ERROR ? GW_OK : failed(w, code);
}

static enum gw_status write_record(void *context, const struct sdtm_domain *domain, const char *const *record)
{
    struct workbook *w = context;
    lxw_col_t column = 0;
    enum gw_status rc = GW_OK;

    if (w->row == LXW_ROW_MAX)
        rc = end_sheet(w);
    if (rc == GW_OK && w->row == LXW_ROW_MAX)
        rc = add_sheet(w, domain);
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
        if (rc == GW_OK)
            rc = end_sheet(w);
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

/* What is not finished is not packed: the files of its rows are closed and the rest is freed. */
static void give_up(struct workbook *w)
{
    lxw_worksheet *sheet;

    STAILQ_FOREACH(sheet, w->book->worksheets, list_pointers)
    if (sheet->optimize_tmpfile)
        fclose(sheet->optimize_tmpfile);
    lxw_workbook_free(w->book);
}

static enum gw_status write_workbook(struct folder_export *x)
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
    if (rc != GW_OK) {
        give_up(&w);
        return rc;
    }
    code = workbook_close(w.book); /* which frees it too */
    return code == LXW_NO_ERROR ? GW_OK : failed(&w, code);
}

/* The library tells an error to standard error as well: what we are told is enough. */
static enum gw_status write_all(struct folder_export *x)
{
    FILE *const shown = stderr, *nowhere = fopen("/dev/null", "w");
    enum gw_status rc;

    if (nowhere)
        stderr = nowhere;
    rc = write_workbook(x);
    stderr = shown;
    if (nowhere)
        fclose(nowhere);
    return rc == GW_OK ? define_csv(x) : rc;
}

static const char *const files[] = {"listings.xlsx", "define.csv", "unfit.csv", NULL}, *const none[] = {NULL};

const struct folder_format format_xlsx = {
    .name = "xlsx",
    .write = write_all,
    .kind = {.maker = "casement export --format xlsx", .mark = "define.csv", .holds = files, .inner = none}};

#endif
