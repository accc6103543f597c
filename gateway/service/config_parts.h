/*
 * Parts of reading casement.json that have a file of their own. Private to the service room.
 */
#ifndef SERVICE_CONFIG_PARTS_H
#define SERVICE_CONFIG_PARTS_H

#include "gateway/core/settings.h"
#include "gateway/service/config.h"

/* A path as the file means it: beside itself. A last slash is left out. */
const char *config_path(struct gw_settings *settings, const cJSON *object, const char *key, bool required);

/* "sink" of a study whose id was read: where its rows go. installation: the file's. */
void config_sink(struct gw_settings *settings, const cJSON *study, const char *installation,
                 struct gw_config_study *out);

#endif
