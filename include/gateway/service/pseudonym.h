/*
 * The pseudonym key: a secret of the hospital, under which source ids become ids the study may see.
 *
 * A file of mode 0400 or 0600 with at least 32 bytes (64 hex digits when Casement made it). Each study has a key of its
 * own, HMAC-SHA-256(file key, study id), so that two studies cannot join their rows.
 */
#ifndef GATEWAY_SERVICE_PSEUDONYM_H
#define GATEWAY_SERVICE_PSEUDONYM_H

#include "gateway/core/digest.h"

/* Write a new key of 256 random bits, mode 0600. GW_ECREATE, GW_EIO. */
enum gw_status gw_pseudonym_make(const char *path, struct gw_error *err);

/* The study's key, prepared. GW_ECONFIG: missing, open to others, too short. The caller frees it. */
enum gw_status gw_pseudonym_open(const char *path, const char *study, struct gw_hmac **out, struct gw_error *err);

/*
 * A ledger belongs to the key it was made with: it keeps a fingerprint (an HMAC of nothing under a key of its own, out
 * of which no id can be made). GW_ECONFIG: this is another key. A ledger without one: it is kept where keep says so.
 */
struct gw_ledger;
enum gw_status gw_pseudonym_bind(const char *path, struct gw_ledger *ledger, bool keep, struct gw_error *err);

#endif
