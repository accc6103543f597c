/*
 * Reading one of our own JSON files key by key: types, ranges and unknown keys become findings with their line.
 *
 * A getter that finds the wrong type says so and gives the fallback, so that one pass shows all that is wrong. The
 * known keys of an object are listed once, in a table that the JSON Schema beside the file is compared with in a test.
 */
#ifndef GATEWAY_CORE_SETTINGS_H
#define GATEWAY_CORE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/arena.h"
#include "gateway/core/decimal.h"
#include "gateway/core/findings.h"
#include "gateway/core/json.h"

struct gw_settings {
    struct gw_arena *arena;
    const char *path;
    struct gw_slice text;
    struct gw_findings *findings;
};

/* The object an object holds under `name`, or "" for the file itself, and the keys it may have; the end has name NULL.
 */
struct gw_settings_keys {
    const char *name;
    const char *const *keys; /* NULL-terminated */
};

/* NULL with a finding: no such file, no JSON, no object. */
const cJSON *gw_settings_open(struct gw_settings *settings, struct gw_arena *arena, const char *path,
                              struct gw_findings *findings);

/* A finding for each member of the object whose key is not in the NULL-terminated list, with the nearest key. */
void gw_settings_check_keys(struct gw_settings *settings, const cJSON *object, const char *const *keys);
/* The line an item begins in; 0: none. */
unsigned gw_settings_line(const struct gw_settings *settings, const cJSON *item);
void gw_settings_finding(struct gw_settings *settings, const cJSON *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* NULL when absent; a finding when absent and required, or of another type. */
const char *gw_settings_text(struct gw_settings *settings, const cJSON *object, const char *key, bool required);
const cJSON *gw_settings_object(struct gw_settings *settings, const cJSON *object, const char *key, bool required);
const cJSON *gw_settings_array(struct gw_settings *settings, const cJSON *object, const char *key, bool required);

bool gw_settings_bool(struct gw_settings *settings, const cJSON *object, const char *key, bool fallback);
/* fallback outside low .. high marks the key as required. */
int gw_settings_int(struct gw_settings *settings, const cJSON *object, const char *key, int fallback, int low,
                    int high);
/* The place of the text among the choices; fallback when absent. */
int gw_settings_choice(struct gw_settings *settings, const cJSON *object, const char *key, const char *const *choices,
                       size_t count, int fallback);
/* An array of texts; *count 0 when absent. */
const char *const *gw_settings_texts(struct gw_settings *settings, const cJSON *object, const char *key, bool required,
                                     size_t *count);
/* A number written as a text ("1.5") or as a number; false when absent or null, or with a finding. */
bool gw_settings_decimal(struct gw_settings *settings, const cJSON *object, const char *key, struct gw_decimal *out);

/* The list entry that differs least from the text, if it is near at all; else NULL. */
const char *gw_settings_nearest(const char *text, const char *const *list, size_t count);

#endif
