/*
 * The keys of mappings/studies/<id>/study.json and of mappings/sites/<site>.json: what the loaders accept. The JSON
 * Schema files list the same keys, which a test holds them to.
 */
#ifndef STUDY_PACKAGE_KEYS_H
#define STUDY_PACKAGE_KEYS_H

#include "gateway/core/settings.h"
#include "study/package_fields.h"

/* Object by object: "" the file, then the path of each inner object; lists by their own name. */
extern const struct gw_settings_keys site_keys[];

extern const struct package_field study_fields[];

#endif
