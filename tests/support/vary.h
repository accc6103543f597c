/*
 * A JSON text told in other words: every member of it changed in turn, by every change that fits.
 */
#ifndef SUPPORT_VARY_H
#define SUPPORT_VARY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* Changes item, one of parent's; false: it does not fit. */
typedef bool vary_change(cJSON *parent, cJSON *item);

bool vary_leave_out(cJSON *parent, cJSON *item);

/* Changes of settings: another type, another number, another text, a key that is not known. */
extern vary_change *const vary_settings[];
extern const size_t vary_setting_count;

/* Changes of records: another status, a comparator, a coarser date, a period for a date, an unknown code. */
extern vary_change *const vary_records[];
extern const size_t vary_record_count;

/* Calls each() with every text that differs from `text` in one place. */
void vary_json(const char *text, vary_change *const *changes, size_t count,
               void (*each)(const char *json, void *context), void *context);

#endif
