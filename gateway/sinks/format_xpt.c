/*
 * SAS transport files, version 5, through libreadstat: a file a domain, with define.csv.
 *
 * Each domain is walked twice: first to measure (the number of records and how wide each text is), then to write. The
 * format holds texts of 200 ASCII characters and numbers as IBM doubles; what it cannot hold is left empty and told.
 */
#include "sinks/folder_export.h"

#if GATEWAY_XPT

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <readstat.h>

#include "sinks/unfit.h"

static const char where[] = "sinks.xpt";

enum { MAX_TEXT = 200, VERSION = 5 };

/* The largest number an IBM double holds, and the smallest that is not 0. */
#define LARGEST  7.2e75
#define SMALLEST 5.4e-79

struct transport {
    struct folder_export *x;
    size_t records;
    size_t *widths; /* of the domain's variables */
    readstat_writer_t *writer;
    struct gw_error *err;
};

/* ---- what fits ---- */

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if (!isascii((unsigned char)*text) || iscntrl((unsigned char)*text))
            return false;
    return true;
}

static double number_of(const char *text)
{
    return strtod(text, NULL);
}

/* Why a value cannot be held; NULL: it can. */
static const char *misfit(const struct sdtm_variable *variable, const char *value)
{
    if (variable->type != SDTM_TEXT) {
        const double number = fabs(number_of(value));
        return number > LARGEST || (number > 0 && number < SMALLEST) ? "outside the numbers of the format" : NULL;
    }
    if (strlen(value) > MAX_TEXT)
        return "longer than 200 characters";
    return is_ascii(value) ? NULL : "not printable ASCII";
}

static enum gw_status measure(void *context, const struct sdtm_domain *domain, const char *const *record)
{
    struct transport *t = context;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < domain->count; i++) {
        const char *why = record[i] ? misfit(&domain->variables[i], record[i]) : NULL;

        if (why)
            rc = unfit_add(t->x, domain, record, &domain->variables[i], why);
        else if (record[i] && strlen(record[i]) > t->widths[i])
            t->widths[i] = strlen(record[i]);
    }
    t->records++;
    return rc;
}

/* ---- writing ---- */

static enum gw_status failed(struct transport *t, readstat_error_t code)
{
    if (t->x->file.text.failed)
        return text_file_flush(&t->x->file);
    return gw_fail(t->err, code == READSTAT_ERROR_MALLOC ? GW_ENOMEM : GW_EIO, where,
                   "%s: the transport file cannot be written: %s", t->x->file.path, readstat_error_message(code));
}

static ssize_t take_bytes(const void *data, size_t length, void *context)
{
    struct folder_export *x = context;

    gw_text_append(&x->file.text, data, length);
    return x->file.text.failed ? -1 : (ssize_t)length;
}

static readstat_error_t insert(struct transport *t, const struct sdtm_variable *variable,
                               const readstat_variable_t *column, const char *value)
{
    const bool held = value && !misfit(variable, value);

    if (variable->type == SDTM_TEXT)
        return readstat_insert_string_value(t->writer, column, held ? value : "");
    return held ? readstat_insert_double_value(t->writer, column, number_of(value))
                : readstat_insert_missing_value(t->writer, column);
}

static enum gw_status write_record(void *context, const struct sdtm_domain *domain, const char *const *record)
{
    struct transport *t = context;
    readstat_error_t code = readstat_begin_row(t->writer);
    int column = 0;

    for (size_t i = 0; code == READSTAT_OK && i < domain->count; i++) {
        if (domain->variables[i].absent)
            continue;
        code = insert(t, &domain->variables[i], readstat_get_variable(t->writer, column++), record[i]);
    }
    if (code == READSTAT_OK)
        code = readstat_end_row(t->writer);
    return code == READSTAT_OK ? text_file_flush_some(&t->x->file) : failed(t, code);
}

/* The header has local times: the moment as UTC writes it, whatever the zone of this machine. */
static time_t header_time(const char *moment)
{
    struct tm tm = {.tm_isdst = -1};

    if (sscanf(moment, "%d-%d-%dT%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec) != 6)
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return mktime(&tm);
}

static bool add_columns(struct transport *t, const struct sdtm_domain *domain)
{
    for (size_t i = 0; i < domain->count; i++) {
        const struct sdtm_variable *variable = &domain->variables[i];
        readstat_variable_t *column;

        if (variable->absent)
            continue;
        column = readstat_add_variable(t->writer, variable->name,
                                       variable->type == SDTM_TEXT ? READSTAT_TYPE_STRING : READSTAT_TYPE_DOUBLE,
                                       variable->type == SDTM_TEXT ? t->widths[i] : 8);
        if (!column)
            return false;
        readstat_variable_set_label(column, variable->label);
    }
    return true;
}

static readstat_error_t begin(struct transport *t, const struct sdtm_domain *domain)
{
    const char *moment = t->x->origin.delivered ? t->x->origin.delivered : SDTM_NO_MOMENT;
    readstat_error_t code = readstat_set_data_writer(t->writer, take_bytes);

    if (code == READSTAT_OK)
        code = readstat_writer_set_file_format_version(t->writer, VERSION);
    if (code == READSTAT_OK)
        code = readstat_writer_set_table_name(t->writer, domain->name);
    if (code == READSTAT_OK)
        code = readstat_writer_set_file_label(t->writer, domain->label);
    if (code == READSTAT_OK)
        code = readstat_writer_set_file_timestamp(t->writer, header_time(moment));
    if (code == READSTAT_OK && !add_columns(t, domain))
        code = READSTAT_ERROR_MALLOC;
    return code == READSTAT_OK ? readstat_begin_writing_xport(t->writer, t->x, (long)t->records) : code;
}

static enum gw_status write_file(struct transport *t, const struct sdtm_domain *domain)
{
    readstat_error_t code;
    enum gw_status rc;

    t->writer = readstat_writer_init();
    if (!t->writer)
        return failed(t, READSTAT_ERROR_MALLOC);
    code = begin(t, domain);
    rc = code == READSTAT_OK ? sdtm_walk(&t->x->reading, domain, write_record, t) : failed(t, code);
    if (rc == GW_OK && (code = readstat_end_writing(t->writer)) != READSTAT_OK)
        rc = failed(t, code);
    readstat_writer_free(t->writer);
    return rc;
}

static enum gw_status write_domain(struct folder_export *x, const struct sdtm_domain *domain)
{
    struct transport t = {.x = x, .err = x->err};
    char name[32];
    enum gw_status rc;

    t.widths = gw_arena_alloc(&x->arena, domain->count * sizeof *t.widths);
    if (!t.widths)
        return database_no_memory(x->err);
    for (size_t i = 0; i < domain->count; i++)
        t.widths[i] = 1;
    rc = sdtm_walk(&x->reading, domain, measure, &t);
    snprintf(name, sizeof name, "%s.xpt", domain->name);
    for (char *p = name; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    if (rc == GW_OK)
        rc = text_file_open(&x->file, x->folder.part, name);
    if (rc == GW_OK)
        rc = write_file(&t, domain);
    return rc == GW_OK ? text_file_close(&x->file) : rc;
}

static enum gw_status write_all(struct folder_export *x)
{
    const enum gw_status rc = folder_each_domain(x, write_domain);

    return rc == GW_OK ? define_csv(x) : rc;
}

static const char *const files[] = {"*.xpt", "define.csv", "unfit.csv", NULL}, *const none[] = {NULL};

const struct folder_format format_xpt = {
    .name = "xpt",
    .write = write_all,
    .kind = {.maker = "casement export --format xpt", .mark = "define.csv", .holds = files, .inner = none}};

#endif
