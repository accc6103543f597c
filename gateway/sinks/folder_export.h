/*
 * What the formats that are folders have in common: one snapshot of the database, one folder that appears by one
 * rename. Private to the sinks.
 */
#ifndef SINKS_FOLDER_EXPORT_H
#define SINKS_FOLDER_EXPORT_H

#include "gateway/core/folder.h"
#include "sinks/sdtm.h"
#include "sinks/text_file.h"

struct folder_export {
    struct reading reading;
    struct gw_arena arena; /* of the whole export */
    struct gw_folder folder;
    struct text_file file;
    struct sdtm_origin origin;
    struct text_file unfit_file;
    size_t unfit; /* values that the format cannot hold: listed in unfit.csv of the folder, which is there if any are */
    struct gw_error *err;
};

struct folder_format {
    const char *name;
    enum gw_status (*write)(struct folder_export *x);
    struct gw_folder_kind kind;
};

extern const struct folder_format format_csv, format_sdtm, format_dataset_json, format_xpt, format_xlsx, format_odm,
    format_fhir;

/* Each domain in its turn, up to one that fails. */
typedef enum gw_status folder_domain(struct folder_export *x, const struct sdtm_domain *domain);
enum gw_status folder_each_domain(struct folder_export *x, folder_domain *write);

/* The data definition: what each data set and variable is, where it comes from, what is not there and why. */
enum gw_status define_csv(struct folder_export *x);
enum gw_status define_json(struct folder_export *x);

/* Where a variable's values come from: "observations.value_num; derived.value", "" for none. Appended. */
void define_source(const struct sdtm_variable *variable, struct gw_text *out);

#endif
