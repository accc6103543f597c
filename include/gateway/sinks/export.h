/*
 * What leaves study.db as text: the CSV files of the study folder, the canonical dump by which two databases are
 * compared, and folders in the formats of others. All read a file that no sink holds open.
 */
#ifndef GATEWAY_SINKS_EXPORT_H
#define GATEWAY_SINKS_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"

/*
 * DIR/<table>.csv for every table: columns as declared, stamps left out, by subject and row id, withdrawn rows left
 * out. Texts that a spreadsheet would run get a leading apostrophe, numbers never. GW_ENOINPUT: no such database;
 * GW_ECREATE.
 */
enum gw_status gw_export_csv(const char *database, const char *dir, struct gw_error *err);

/*
 * The canonical dump: rows that are not withdrawn, columns as declared, no stamps, no exceptions born of history (those
 * of a delivery, not of the data). Ids are replaced by ranks within (subject, table), and references to them likewise,
 * so that equal content gives equal bytes whatever the pseudonym key and whatever the way there.
 */
enum gw_status gw_export_dump(const char *database, FILE *out, struct gw_error *err);

/*
 * A folder in one of the formats that are folders: "csv", as above, and those made of SDTM domains ("sdtm" ...), with a
 * data definition beside the data and nothing in it but what sdtm.def names. DIR appears by one rename; a former export
 * of that format there is replaced, and after a failure there is nothing. Withdrawn rows are left out, and equal
 * databases give equal bytes. *unfit: values that the format cannot hold; they are left empty and listed in
 * DIR/unfit.csv. GW_EUSAGE: no such format; GW_ENOINPUT, GW_ECONFIG, GW_EBUSY: the database; GW_ECREATE, GW_EIO,
 * GW_ENOMEM.
 */
enum gw_status gw_export_folder(const char *database, const char *format, const char *dir, size_t *unfit,
                                struct gw_error *err);
const char *gw_export_format(size_t index); /* the names of the formats; NULL behind the last one */
bool gw_export_lacks(const char *name);     /* a format that this build was made without */

struct gw_export_receipt { /* the revision that a subject stands at */
    const char *subject_key;
    int64_t revision;
};

struct gw_export_receipts { /* by subject */
    struct gw_export_receipt *list;
    size_t count;
};

/* In the arena. GW_ENOINPUT, GW_ECONFIG, GW_EBUSY: the database. */
enum gw_status gw_export_read_receipts(const char *database, struct gw_arena *arena, const char *study,
                                       struct gw_export_receipts *out, struct gw_error *err);

#endif
