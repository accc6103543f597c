/*
 * Parts of reading casement.json that have a file of their own. Private to the service room.
 */
#ifndef SERVICE_CONFIG_PARTS_H
#define SERVICE_CONFIG_PARTS_H

#include "gateway/core/settings.h"
#include "gateway/service/config.h"

/* A text that becomes a file name and part of fingerprints; NULL: it is none, and that was told. */
const char *config_id(struct gw_settings *settings, const cJSON *object, const char *key);

/* The logical id of a resource, which goes into a URL as it stands. */
const char *config_fhir_id(struct gw_settings *settings, const cJSON *object, const char *key, bool required);

/* A path as the file means it: beside itself. A last slash is left out. */
const char *config_path(struct gw_settings *settings, const cJSON *object, const char *key, bool required);

/* One of "endpoints" that is no folder. */
void config_endpoint(struct gw_settings *settings, const cJSON *object, struct gw_config_endpoint *out);

/* "sink" of a study whose id was read: where its rows go. installation: the file's. */
void config_sink(struct gw_settings *settings, const cJSON *study, const char *installation,
                 struct gw_config_study *out);

#endif
