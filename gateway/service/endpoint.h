/*
 * An endpoint of casement.json made ready to be asked: its settings as net wants them, its folder, and what is refused.
 * Private to the service room; `sync` and `check` go through it.
 */
#ifndef SERVICE_ENDPOINT_H
#define SERVICE_ENDPOINT_H

#include "gateway/core/arena.h"
#include "gateway/net/session.h"
#include "gateway/service/config.h"
#include "gateway/sources/profile.h"
#include "gateway/study/site.h"

/* The folder of endpoint profiles in the state folder; NULL: out of memory. */
const char *endpoint_folder(struct gw_arena *arena, const struct gw_config *config);

/* The settings as net wants them. profile may be NULL; its token URL is borrowed. GW_ECONFIG: an unknown auth kind. */
enum gw_status endpoint_settings(const struct gw_config_endpoint *config, const struct gw_profile *profile,
                                 struct gw_endpoint *out, struct gw_error *err);

/*
 * The CapabilityStatement that answered a read of metadata, in arena. GW_EPROTO: it is none, or of a release of FHIR
 * that is neither R4 nor R5; the text says what to ask for.
 */
enum gw_status endpoint_capability(struct gw_arena *arena, const struct gw_http_response *response,
                                   struct gw_capability *out, struct gw_error *err);

/* The profile must be of the site the endpoint names: the roster's lines are chosen by it. GW_ECONFIG. */
enum gw_status endpoint_check_site(const struct gw_config_endpoint *config, const struct gw_site *site,
                                   struct gw_error *err);

/* What the configuration promises and this release does not keep is refused, not ignored. GW_ECONFIG. */
enum gw_status endpoint_retention(const struct gw_config *config, struct gw_error *err);

/* The configured endpoint of that id, or GW_EUSAGE naming those there are. */
enum gw_status endpoint_find(const struct gw_config *config, const char *id, size_t *index, struct gw_error *err);

#endif
