/*
 * Keeping pages of entries, and reading a subject's facts back.
 *
 * The raw bytes are kept, one compressed blob for each (subject, page), with an index row for each entry. A version of
 * a resource is (endpoint, type, id, versionId), or the hash of its bytes where it has no versionId.
 */
#ifndef GATEWAY_LEDGER_KEEP_H
#define GATEWAY_LEDGER_KEEP_H

#include "gateway/core/digest.h"
#include "gateway/core/text.h"
#include "gateway/ledger/ledger.h"

enum gw_keep_mode {
    GW_KEEP_FACT,   /* of one subject */
    GW_KEEP_SHARED, /* of nobody and of all that refer to it (Medication): subject is GW_NOBODY */
    GW_KEEP_DOOR,   /* ends here, with state and reason: not enrolled, not readable, not read, deleted. No bytes kept */
};

enum gw_kept_as {
    GW_KEPT_NEW,      /* as far as is known before the subject is read next: see gw_ledger_facts */
    GW_KEPT_REPEAT,   /* this version with these bytes is known: its parts are `unchanged` */
    GW_KEPT_CONFLICT, /* this version is known with other bytes: kept beside it, flagged */
    GW_KEPT_DOOR,
};

struct gw_keep_reference {
    const char *type;
    const char *id;     /* logical id, or "system|value" */
    bool by_identifier; /* a logical reference: id is an identifier */
};

struct gw_keep_entry {
    enum gw_keep_mode mode;
    int64_t subject;
    const char *endpoint;
    const char *type;         /* "Observation"; NULL only at the door: not readable */
    const char *id;           /* NULL likewise */
    const char *version_id;   /* NULL: none */
    const char *last_updated; /* NULL: none */
    const char *patient;      /* whom it names: a logical id. NULL: nobody, or a Patient itself */
    struct gw_slice raw;
    uint8_t sha256[GW_SHA256_BYTES]; /* of raw */
    unsigned part_count;             /* at least 1 */
    bool components_only;            /* part 0 is component[0]: the Observation has no value of its own */

    /*
     * Where it stood. With a line it is printed "source:line" ("obs.ndjson:12"); without one (0) a source that ends in
     * '/' is a FHIR base and printed with Type/id behind it; else the source alone.
     */
    const char *source;
    unsigned line;

    /*
     * References to shared facts: the subject is derived again whenever one of them gets a new version. Of a shared
     * fact itself: the identifiers under which it may be referred to.
     */
    const struct gw_keep_reference *references;
    size_t reference_count;

    /* DOOR only. */
    enum gw_state state;
    const char *reason;         /* NOT_ENROLLED ... */
    const struct gw_item *item; /* raised with it; its fact index is ignored. NULL: none */
    bool item_if_kept;          /* only where some version of this resource is kept, and derived once */

    enum gw_kept_as kept_as; /* the answer */
};

struct gw_keep_page {
    int64_t delivery;
    int64_t fetched_at; /* seconds UTC */
    struct gw_keep_entry *entries;
    size_t count;
    const struct gw_cursor *cursor; /* moved with the page; NULL: none */
    const char *watermark;
};

struct gw_keep_answer {
    size_t fresh, repeats, conflicts, door; /* entries */
    const int64_t *touched;                 /* subjects marked because of this page, ascending; the ledger's own,
                                               valid until the next call of gw_ledger_keep */
    size_t touched_count;
};

/*
 * Keep one page, in any mix of subjects: entries, links, marks, the delivery's count of parts and the cursor together.
 * Cheapest when a page holds few subjects. GW_ENOMEM: nothing was kept.
 */
enum gw_status gw_ledger_keep(struct gw_ledger *ledger, const struct gw_keep_page *page, struct gw_keep_answer *out,
                              struct gw_error *err);

/* One version of one resource, as kept. Texts and bytes live in the arena it was read into. */
struct gw_kept {
    struct gw_slice raw; /* NUL-terminated */
    const char *endpoint;
    const char *type;
    const char *id;
    const char *version_id;   /* NULL: none */
    const char *last_updated; /* NULL: none */
    const char *source;       /* as printed: "obs.ndjson:12" */
    int64_t delivery;         /* without versionId: the last in which these bytes were read */
    int64_t fetched_at;
    uint8_t sha256[GW_SHA256_BYTES];
    unsigned part_count;
    bool shared;
    bool conflict; /* came under the versionId of an earlier one, with other bytes */

    /* The ledger's own. */
    bool components_only;
    unsigned line;
    int64_t source_number;
    uint8_t key[16];
    const char *version_key;
    const char *states; /* as last settled for this subject; "" never */
    int64_t page;       /* 0: it has its index row; else what that row is to say when it is settled */
    size_t offset;
    int64_t kind;
    int64_t flags;
};

struct gw_kept_facts {
    int64_t subject;
    struct gw_kept *list; /* own facts, then shared ones; the order means nothing */
    size_t count;
    int64_t marks; /* the ledger's own: what was kept after this reading marks the subject again */
    int64_t fresh; /* the ledger's own: the newest page of a subject without any index row; 0: it has some */
};

/*
 * Every kept version of every fact of a subject, those it refers to included. What was kept since the last reading is
 * indexed here (a write: call it inside a transaction where many subjects are read); a repeat that came before its
 * first copy was indexed is found here too, and counts as unchanged. The index rows of a subject read for the first
 * time are written by gw_ledger_settle, together with the states of its parts.
 */
enum gw_status gw_ledger_facts(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                               struct gw_kept_facts *out, struct gw_error *err);

struct gw_ledger_person { /* a patient whose facts are the subject's */
    const char *endpoint;
    const char *patient;
};

/*
 * Versions of the subject's resources that came for somebody else and name another patient than these: what a hospital
 * moved from one chart to another. Known are versions that are not the first of their resource by their versionId, and,
 * where versionIds are no numbers, those that came when both subjects had been read. A subject is marked when such a
 * version of one of its facts comes.
 */
enum gw_status gw_ledger_moves(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_kept_facts *facts,
                               const struct gw_ledger_person *people, size_t person_count, struct gw_move **out,
                               size_t *count, struct gw_error *err);

#endif
