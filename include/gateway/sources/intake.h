/*
 * The door: what an entry of a page or a line of a file becomes in the ledger.
 *
 *      entry ──> a fact of one subject         the subject is enrolled
 *            ──> a shared fact                 Medication: of all that refer to it
 *            ──> not_in_scope at the door      NOT_ENROLLED, TYPE_NOT_READ, OperationOutcome, DELETED, NO_RESOURCE
 *            ──> held at the door              RESOURCE_INVALID, with an item for a person
 *
 * A source that deletes a record takes nothing back here: the record stays, and where the ledger holds it a person is
 * told (SOURCE_DELETED).
 *
 * Nothing is dropped without one of these. What ends at the door leaves no bytes behind.
 */
#ifndef GATEWAY_SOURCES_INTAKE_H
#define GATEWAY_SOURCES_INTAKE_H

#include "gateway/core/digest.h"
#include "gateway/fhir/bundle.h"
#include "gateway/ledger/keep.h"

/*
 * Whose is this patient? As many subjects as there are studies that have the patient; 0: not enrolled. They are valid
 * until the next question. patient: the logical id (of a Patient its own, of anything else that of its subject), NULL
 * when the reference is an identifier only. identifiers: a Patient's own, or the reference's one. A Patient is asked
 * about like anything else, which is the moment to learn the id of a roster line with a record number only.
 */
typedef size_t (*gw_intake_whose)(void *ctx, const char *patient, const struct gw_identifier *identifiers,
                                  size_t identifier_count, const int64_t **subjects);

struct gw_intake {
    const char *endpoint;          /* of the facts; in `map` the site's id */
    const char *site;              /* of fingerprints */
    const char *invalid_blocks;    /* what RESOURCE_INVALID blocks, from the table of exception codes: "R" */
    const char *deleted_blocks;    /* the same of SOURCE_DELETED: "-"; NULL: what was deleted is only counted */
    const char *incomplete_blocks; /* of SOURCE_INCOMPLETE: "-"; NULL: only counted */
    struct gw_hmac *key;           /* of item ids; used by one thread at a time */
    gw_intake_whose whose;
    void *ctx;
};

/* Where an entry stood; see gw_keep_entry. Both texts outlive the page. */
struct gw_intake_place {
    const char *source; /* of what could be read: "obs.ndjson", or a FHIR base with its last slash */
    const char *broken; /* of what could not: the same, or the page's URL without query */
    unsigned line;      /* for source; 0: none */
    unsigned broken_line;
};

/* What the caller of gw_intake_entry may want to know beside the ledger's entry. Texts are in the arena or the tree. */
struct gw_intake_answer {
    struct gw_keep_entry entry;
    struct gw_fact fact;     /* .type_name NULL when it could not be read */
    const int64_t *subjects; /* of a FACT: whose it is; the entry is the first one's. Valid until the next question */
    size_t subject_count;
    const char *patient; /* whom it is about, as asked of `whose`; NULL: nobody, or by identifier only */
    bool invalid;        /* held: `reason` says why, for an operator */
    const char *reason;
};

/* The Patients of a Bundle whose entries refer to each other by fullUrl (urn:uuid). Nothing for any other. */
struct gw_intake_person {
    const char *full_url;
    const char *id;
};

struct gw_intake_people {
    struct gw_intake_person *list;
    size_t count;
};

enum gw_status gw_intake_people(struct gw_arena *arena, const struct gw_bundle *bundle, struct gw_intake_people *out,
                                struct gw_error *err);

/*
 * Take one entry. people may be NULL. The answer points into the entry's tree and bytes and into the arena. GW_OK or
 * GW_ENOMEM: what is wrong with an entry is an answer.
 */
enum gw_status gw_intake_entry(const struct gw_intake *intake, struct gw_arena *arena,
                               const struct gw_intake_people *people, const struct gw_entry *entry,
                               const struct gw_intake_place *place, struct gw_intake_answer *out, struct gw_error *err);

/* Bytes that are no entry at all (a line that is no JSON, a line over the cap). The raw slice may be empty. */
enum gw_status gw_intake_unreadable(const struct gw_intake *intake, struct gw_arena *arena, struct gw_slice raw,
                                    const struct gw_intake_place *place, const char *reason,
                                    struct gw_intake_answer *out, struct gw_error *err);

/* Copy what the ledger's entry points to, apart from its bytes and its place, so that the tree may go. */
enum gw_status gw_intake_copy(struct gw_arena *arena, struct gw_keep_entry *entry, struct gw_error *err);

#endif
