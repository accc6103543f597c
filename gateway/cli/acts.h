/*
 * What a person did with a command, for the audit trail of the installation.
 */
#ifndef CLI_ACTS_H
#define CLI_ACTS_H

#include <stdio.h>

#include "cli/arguments.h"
#include "gateway/core/arena.h"
#include "gateway/core/digest.h"
#include "gateway/ledger/audit.h"

/* --as, or whoever is logged in; NULL: the arena is full, "": this user has no name. */
const char *acts_author(const struct arguments *arguments, struct gw_arena *arena);

/*
 * A row by the author in the trail of the ledger that the arguments name. Where there is none yet there is no trail:
 * GW_OK.
 */
enum gw_status acts_note(const struct arguments *arguments, const struct gw_audit_act *act, struct gw_error *err);

/*
 * What was written to a folder, as one digest: of the lines that sha256sum prints of its files, by name in bytes
 * (`LC_ALL=C sha256sum * | sha256sum` there).
 */
enum gw_status acts_digest(const char *folder, char out[2 * GW_SHA256_BYTES + 1], size_t *files, struct gw_error *err);

/* A stream that is copied to standard output; acts_copied ends it and gives the digest of what went through. */
struct acts_copy {
    FILE *stream;
    struct gw_sha256_sum *sum;
};
enum gw_status acts_copy(struct acts_copy *copy, struct gw_error *err);
enum gw_status acts_copied(struct acts_copy *copy, char out[2 * GW_SHA256_BYTES + 1], struct gw_error *err);

#endif
