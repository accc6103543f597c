/*
 * What leaves study.db as text: the CSV files of the study folder, and the canonical dump by which two databases are
 * compared. Both read a file that no sink holds open.
 */
#ifndef GATEWAY_SINKS_EXPORT_H
#define GATEWAY_SINKS_EXPORT_H

#include <stdio.h>

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

#endif
