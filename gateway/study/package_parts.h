/*
 * Reading a study package in parts: package.c the file, package_anchors.c and package_windows.c its schedule,
 * package_plan.c the doses, package_criteria.c what derived parameters go by, package_events.c the adverse events;
 * lint.c what all must agree with.
 */
#ifndef STUDY_PACKAGE_PARTS_H
#define STUDY_PACKAGE_PARTS_H

#include "gateway/core/settings.h"
#include "gateway/study/package.h"
#include "study/package_keys.h"

struct package {
    struct gw_settings settings;
    const cJSON *root; /* NULL: the file could not be read */
};

/* NULL when the file cannot be read or the arena is exhausted; with findings the study may lack parts. */
struct gw_study *package_read(struct gw_arena *arena, const char *dir, struct package *package,
                              struct gw_findings *findings);

extern const struct package_field anchors_fields[], window_fields[], collects_fields[], ae_fields[];
extern const struct package_field exposure_fields[], schedule_fields[], dexamethasone_fields[], start_dose_fields[];
extern const struct package_field history_fields[], renal_fields[], frailty_fields[], charlson_fields[], vte_fields[];
extern const struct package_field antibiotic_prophylaxis_fields[], cytopenia_fields[], monitoring_fields[];
extern const struct package_field prior_lines_fields[];
extern const struct package_field response_fields[], spm_fields[], completeness_fields[], questionnaires_fields[];

/* "tables_study" of the file or of `ae`: "000;003"; NULL with a finding. */
const char *package_read_tables_study(struct gw_settings *settings, const cJSON *object);

/* What their tables of fields leave to be read by hand, and what only shows between two keys. */
void package_read_anchors(struct gw_settings *settings, const cJSON *root, struct gw_study *study);
void package_read_categories(struct gw_settings *settings, const cJSON *root, struct gw_study *study);
void package_read_windows(struct gw_settings *settings, const cJSON *root, struct gw_study *study);

/* True when a dotted path ("anchors.EOT.gap_days", "windows.BASELINE.low") names a key that the file may have. */
bool package_has_key(const cJSON *root, const char *path);

#endif
