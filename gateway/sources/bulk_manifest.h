/*
 * The manifest of a bulk export: which files there are, and as of when. Pure: text in, list out.
 *
 * One reading serves three dialects of the Bulk Data guide:
 *      STU1, STU2   output, deleted, error
 *      STU3         the same, or `outcome` in place of `error`; `link` with relation next to further manifests;
 *                   outputOrganizedBy, with which a file holds several types
 * What a server says of continuesInFile is not read: the reference server names files that do not exist.
 *
 * Source: HL7 Bulk Data Access IG, "Response - Complete Status".
 */
#ifndef SOURCES_BULK_MANIFEST_H
#define SOURCES_BULK_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"
#include "gateway/core/text.h"

#define BULK_FILES_MAX 100000u

enum bulk_kind {
    BULK_OUTPUT,  /* resources */
    BULK_DELETED, /* Bundles with requests to delete */
    BULK_OUTCOME, /* OperationOutcomes: what could not be exported, and remarks */
};

struct bulk_entry {
    enum bulk_kind kind;
    const char *type; /* of an output; NULL: several, or it does not say */
    const char *url;  /* as given, not yet gated */
    int64_t count;    /* resources in it; -1: not given */
};

struct bulk_manifest {
    const char *transaction_time; /* an instant, verbatim */
    bool requires_token;          /* not given: true; a token goes to the endpoint's own origin in any case */
    struct bulk_entry *entries;   /* outputs, deletions, outcomes, each in the manifest's order, an URL once */
    size_t count;
    const char *next; /* URL of a further manifest, as given; NULL: none */
};

/*
 * Texts are in the arena. GW_EPROTO: no manifest, says what is wrong with it and never repeats an URL; GW_ENOMEM.
 */
enum gw_status bulk_manifest_read(struct gw_arena *arena, struct gw_slice text, struct bulk_manifest *out,
                                  struct gw_error *err);

#endif
