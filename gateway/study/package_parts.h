/*
 * Reading a study package in parts: package.c the file, package_windows.c its schedule, lint.c what both must agree
 * with.
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

extern const char *const window_keys[];
void package_read_windows(struct gw_settings *settings, const cJSON *root, struct gw_study *study);

/* True when a dotted path ("anchors.EOT.gap_days", "windows.BASELINE.low") names a key that the file may have. */
bool package_has_key(const cJSON *root, const char *path);

#endif
