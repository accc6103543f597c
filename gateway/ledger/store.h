/*
 * The ledger's file as its own sources see it: the connection, its statements, the step that takes effect whole or not
 * at all, and the memory that is used again from call to call.
 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include <sqlite3.h>
#include <zstd.h>

#include "gateway/core/text.h"
#include "gateway/ledger/audit.h"
#include "gateway/ledger/settle.h"

enum statement_id {
#define STATEMENT(name, types, sql) STATEMENT_##name,
#include "ledger/statements.def"
#undef STATEMENT
    STATEMENT_COUNT
};

/* entries.version and entries.id; FHIR's ids have at most 64 characters. */
enum { KEY_BYTES = 16, HASH_DIGITS = 32, VERSION_ID_MAX = 64, VERSION_TEXT_MAX = VERSION_ID_MAX + 1 + HASH_DIGITS };

enum entry_flags { FLAG_COMPONENTS_ONLY = 1, FLAG_CONFLICT = 2, FLAG_UNVERSIONED = 4 };

/* A text that repeats, and its number: a direct-mapped cache before the table. Emptied by every rollback. */
enum { NAME_SLOTS = 64, NAME_MAX_LENGTH = 120 };
struct name_slot {
    int64_t number; /* 0: empty */
    char space[NAME_MAX_LENGTH + 1];
    char name[NAME_MAX_LENGTH + 1];
};

struct bytes {
    char *at;
    size_t length;
    size_t capacity;
};

struct numbers {
    int64_t *list;
    size_t count;
    size_t capacity;
};

struct gw_ledger {
    sqlite3 *db;
    int fd; /* of the same file: the lock of the instance */
    sqlite3_stmt *statements[STATEMENT_COUNT];
    bool in_transaction;
    bool broken; /* the disk or the file failed: nothing more is tried */
    bool built;  /* no journal: what fails cannot be taken back, and breaks it */
    int64_t last_page;
    struct name_slot names[NAME_SLOTS];
    ZSTD_CCtx *compressor;
    ZSTD_DCtx *decompressor;
    struct gw_arena arena; /* of the current call; cleared when one begins */
    struct gw_arena kept;  /* the decisions, read once */
    struct gw_decisions decisions;
    bool decisions_read;
    int64_t data_version; /* of the file when they were read: another process may have added one */
    struct bytes plain;   /* a blob being gathered */
    struct bytes packed;
    struct numbers touched;
    struct numbers order;
    struct {
        char by[80]; /* "service (casement)" */
        struct gw_text key_path;
        struct gw_text ship_path;
        int64_t since; /* rows appended since the last checkpoint this process made */
        bool at_it;    /* a checkpoint is being made: its own commit makes none */
        char site[65]; /* the zone last looked up */
        char zone[65];
    } audit;
};

/* ---- failures ---- */
enum gw_status ledger_no_memory(struct gw_error *err, const char *what);
/* What SQLite's last answer means; I/O failures break the ledger. */
enum gw_status ledger_failure(struct gw_ledger *ledger, struct gw_error *err);

/* ---- steps ---- */

/* One change, in the caller's transaction or its own. */
struct step {
    bool own;
};
enum gw_status step_begin(struct gw_ledger *ledger, struct step *step, struct gw_error *err);
/* Commits or takes back; gives rc, or the failure of the commit. */
enum gw_status step_end(struct gw_ledger *ledger, const struct step *step, enum gw_status rc, struct gw_error *err);

/* ---- statements ---- */

/* A statement ready to step, its parameters bound (see statements.def). NULL: could not be prepared. */
sqlite3_stmt *ledger_bind(struct gw_ledger *ledger, enum statement_id id, ...);
/* One step: *row says whether there is one; without a row the statement is reset. */
enum gw_status ledger_step(struct gw_ledger *ledger, sqlite3_stmt *statement, bool *row, struct gw_error *err);
/* A statement that gives no rows. */
enum gw_status ledger_run(struct gw_ledger *ledger, sqlite3_stmt *statement, struct gw_error *err);
/* The first column of the first row, or `otherwise`. */
enum gw_status ledger_number(struct gw_ledger *ledger, sqlite3_stmt *statement, int64_t otherwise, int64_t *out,
                             struct gw_error *err);

/* Where an item's fact stands; zero for an item without one, and component -1. */
struct item_place {
    int64_t kind; /* number of the name (endpoint, type) */
    const char *logical_id;
    const char *version_id;
    int64_t source; /* number of the name */
    int64_t line;
    int component; /* -1: the value of the resource itself */
};

/* ---- shared by keeping, settling and reporting ---- */
enum gw_status ledger_name(struct gw_ledger *ledger, const char *space, const char *name, int64_t *number,
                           struct gw_error *err);
enum gw_status ledger_item(struct gw_ledger *ledger, int64_t subject, const struct gw_item *item,
                           const struct item_place *place, int64_t at, struct gw_error *err);
/* Where an entry stood, as printed (see gw_keep_entry.source). */
void ledger_source(struct gw_text *out, const char *source, int64_t line, const char *type, const char *id);
/* (endpoint, type, id) as 16 bytes: the middle of an entry's key, the target of a link. */
enum gw_status ledger_key(struct gw_ledger *ledger, const char *endpoint, const char *type, const char *id,
                          uint8_t key[KEY_BYTES], struct gw_error *err);
/* A column's text in the arena; NULL where it is null, and at the arena's limit. */
char *ledger_text(struct gw_arena *arena, sqlite3_stmt *row, int column);
/* A version text with the hash of its bytes: the only version where version_id is "". */
void ledger_version_text(char out[VERSION_TEXT_MAX + 1], const char *version_id, const uint8_t sha256[GW_SHA256_BYTES]);
/* The length of the versionId at the head of a version text; 0: it has none. */
size_t ledger_version_length(const char *version, int64_t flags);

/* The state in a line of `parts` (schema.h); of a damaged line any number. */
static inline int part_state(const char *line)
{
    return line[0] - '0';
}

/* Write the index rows of every page that has none yet (facts.c). */
enum gw_status ledger_index_subject(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                                    struct gw_error *err);
enum gw_status ledger_index_all(struct gw_ledger *ledger, struct gw_error *err);

/* ---- the audit trail (audit_append.c) ---- */
enum gw_status audit_open(struct gw_ledger *ledger, const char *path, struct gw_error *err);
void audit_close(struct gw_ledger *ledger); /* with a last checkpoint */
void audit_committed(struct gw_ledger *ledger);
/* Append within the caller's step; the arena of the call stays. */
enum gw_status audit_append(struct gw_ledger *ledger, const struct gw_audit_act *act, struct gw_error *err);

/* ---- what the ledger's own acts say in it (audit_acts.c) ---- */

/* What a decision is, and what it is about. */
enum gw_status audit_decision(struct gw_ledger *ledger, const struct gw_decision *decision,
                              const struct gw_decision *root, const char *text, struct gw_error *err);
/* Rows as text, packed into ledger->packed: *length bytes there until it is used again (revisions.c). */
enum gw_status revision_pack(struct gw_ledger *ledger, const struct gw_rows *rows, struct gw_text *text,
                             size_t *length, struct gw_error *err);
/* These rows under this number; what was there is replaced. Not one that settling made. rest: of its `about`, behind the
 * digest, which is handed out. */
enum gw_status revision_put(struct gw_ledger *ledger, int64_t subject, int64_t revision, const struct gw_rows *rows,
                            const char *rest, char hash[2 * GW_SHA256_BYTES + 1], struct gw_error *err);

enum gw_status audit_revision(struct gw_ledger *ledger, const struct gw_settlement *settlement,
                              const struct gw_settled *settled, const struct gw_text *rows, struct gw_text *about,
                              struct gw_error *err);
/* A study database stands at a revision: by a receipt, or as it was found; gw_audit_verify reads the numbers again. */
#define AUDIT_ADOPTION_WHAT       "a ledger with %lld revisions from before it" /* the same */
#define OUTBOX_RECONCILED         "reconciled" /* the receipt of what was found there */
#define AUDIT_DELIVERY_WHAT       "revision %lld to the study database, receipt %s"
#define AUDIT_RECONCILIATION_WHAT "the study database, which stands at revision %lld"
enum gw_status audit_delivery(struct gw_ledger *ledger, int64_t subject, int64_t revision, const char *receipt,
                              struct gw_error *err);
/* again: lines that had receipts and wait once more; found: lines that had none and were there. */
enum gw_status audit_reconciliation(struct gw_ledger *ledger, int64_t subject, int64_t revision, int64_t again,
                                    int64_t found, struct gw_error *err);
enum gw_status audit_refusal(struct gw_ledger *ledger, int64_t subject, const struct gw_refusal *refusal,
                             struct gw_error *err);
enum gw_status audit_acceptance(struct gw_ledger *ledger, int64_t subject, enum gw_table_id table, const char *row_id,
                                int64_t decision, struct gw_error *err);
/* A ledger from before there was a trail: what it has is told first. Does nothing where there is one. */
enum gw_status audit_adopt(struct gw_ledger *ledger, struct gw_error *err);
/* It is blocked now, or no longer. */
enum gw_status audit_block(struct gw_ledger *ledger, int64_t subject, const struct gw_derived *derived,
                           struct gw_error *err);

/* Stamps on what a settlement changed (stamps.c); which windows were over before tells what came late. */
struct closings;
enum gw_status stamp_rows(struct gw_settlement *settlement, int64_t revision, const struct closings *closings,
                          struct gw_error *err);

bool bytes_reserve(struct bytes *bytes, size_t capacity);
bool numbers_add(struct numbers *numbers, int64_t number);

#endif
