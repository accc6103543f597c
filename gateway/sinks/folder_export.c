/*
 * From the study database to a folder in one of the formats that are folders.
 */
#include "sinks/folder_export.h"

#include <string.h>

#include "gateway/sinks/export.h"

static const char where[] = "sinks.folder_export";

enum { ARENA_BYTES = 16 * 1024 * 1024 };

static const struct folder_format *const formats[] = {
    &format_csv,  &format_sdtm, &format_dataset_json,
#if GATEWAY_XPT
    &format_xpt,
#endif
#if GATEWAY_XLSX
    &format_xlsx,
#endif
#if GATEWAY_ODM
    &format_odm,
#endif
    &format_fhir,
};

#define FORMATS (sizeof formats / sizeof *formats)

/* What this build was made without. */
static const char *const lacking[] = {
#if !GATEWAY_XPT
    "xpt",
#endif
#if !GATEWAY_XLSX
    "xlsx",
#endif
#if !GATEWAY_ODM
    "odm",
#endif
    NULL,
};

const char *gw_export_format(size_t index)
{
    return index < FORMATS ? formats[index]->name : NULL;
}

bool gw_export_lacks(const char *name)
{
    for (const char *const *lack = lacking; *lack; lack++)
        if (strcmp(*lack, name) == 0)
            return true;
    return false;
}

static const struct folder_format *find_format(const char *name)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

enum gw_status folder_each_domain(struct folder_export *x, folder_domain *write)
{
    enum gw_status rc = GW_OK;

    for (int d = 0; rc == GW_OK && d < SDTM_DOMAINS; d++)
        rc = write(x, &sdtm_domains()[d]);
    return rc;
}

static enum gw_status write_folder(struct folder_export *x, const struct folder_format *format, const char *dir)
{
    enum gw_status rc = gw_folder_begin(&x->folder, &format->kind, &x->arena, dir, x->err);

    if (rc == GW_OK)
        rc = format->write(x);
    if (rc == GW_OK && x->unfit > 0)
        rc = text_file_close(&x->unfit_file);
    return rc == GW_OK ? gw_folder_publish(&x->folder, x->err) : rc;
}

enum gw_status gw_export_folder(const char *database, const char *name, const char *dir, size_t *unfit,
                                struct gw_error *err)
{
    const struct folder_format *format = find_format(name);
    struct folder_export x = {.arena = GW_ARENA_INIT(ARENA_BYTES), .err = err};
    enum gw_status rc;

    if (!format)
        return gw_fail(err, GW_EUSAGE, where, "\"%.40s\" is no format that is a folder", name);
    text_file_init(&x.file, err);
    text_file_init(&x.unfit_file, err);
    rc = reading_open(&x.reading, database, err);
    if (rc == GW_OK)
        rc = sdtm_origin_of(&x.reading, &x.arena, &x.origin);
    if (rc == GW_OK)
        rc = write_folder(&x, format, dir);
    if (rc == GW_OK)
        *unfit = x.unfit;
    reading_close(&x.reading); /* before what is half done is removed, which takes memory that there may not be else */
    text_file_release(&x.file);
    text_file_release(&x.unfit_file);
    gw_folder_discard(&x.folder);
    gw_arena_release(&x.arena);
    return rc;
}
