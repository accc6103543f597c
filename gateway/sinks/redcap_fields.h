/*
 * What a REDCap project of a study has: one repeating instrument for each of rows.def, and one that does not repeat,
 * where the subject's receipt lies. Private to the sinks.
 */
#ifndef SINKS_REDCAP_FIELDS_H
#define SINKS_REDCAP_FIELDS_H

#include "gateway/core/text.h"
#include "gateway/study/rows.h"

#define REDCAP_RECORD     "subject_key" /* the record id: first field of the first instrument */
#define REDCAP_INSTRUMENT "casement"
#define REDCAP_REVISION   "casement_revision"
#define REDCAP_REFUSALS   "casement_refusals"
#define REDCAP_STUDY      "casement_study"
#define REDCAP_SITE       "casement_installation"
#define REDCAP_WRITTEN    "written" /* of each table: digest of the row as we wrote it */
#define REDCAP_NOTHING    "NI"      /* no information: an import that keeps what is left out cannot blank a field */
#define REDCAP_SUBJECT    "SUBJECT" /* the event of what belongs to no window */

enum { REDCAP_FIELD_BYTES = 100 };

/* "observations_value_num": names are the project's, not the instrument's. */
const char *redcap_field(const struct gw_table *table, const char *column, char out[REDCAP_FIELD_BYTES]);

/* Is the column a field? The subject's key is the record's own name. */
bool redcap_is_field(const struct gw_table *table, size_t column);

/* A field as the data dictionary has it; NULL: nothing in this column. */
struct redcap_entry {
    const char *name, *form, *section, *type, *label, *choices, *note, *validation, *annotation;
};

/* Every field of the dictionary, in its order; an entry lives during its call. false: no memory. */
bool redcap_entries(void (*take)(void *ctx, const struct redcap_entry *entry), void *ctx);

#endif
