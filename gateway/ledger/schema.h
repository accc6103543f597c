/*
 * The tables of the ledger file. A change raises LEDGER_SCHEMA and brings its migration.
 *
 * What is read together lies together: entries, links, items and revisions are clustered by subject. What arrives is
 * only appended: a page of 1,000 entries of 400 subjects would otherwise change 1,000 leaves, more of them the larger
 * the file is. Its index rows are written when the subject is read next, all of one subject together.
 *
 *      pages             one blob for each (subject, page) as it came: cards and raw resources, one zstd frame (card.h)
 *      arrived, pending  which of them have no index rows yet; their parts count as held. The first is by arrival, the
 *                        second by subject: moved over in one sorted sweep
 *      entries.version   the versionId; "~" and 32 hex of the bytes' hash where there is none (FLAG_UNVERSIONED); both
 *                        where a known versionId came with other bytes (FLAG_CONFLICT)
 *      entries.parts     one line a part, "<digit of the state><reason> TAB <row ids> TAB <item ids>"; null: not
 *                        derived
 *      shared.parts      the same of a shared fact, for each subject that refers to it; the best stands in entries
 *      aliases           identifiers under which a shared fact may be referred to, as links have them
 *      items.resolution  "decision:7": the decision that answered it (state resolved); null: none did
 *      decisions         one line of JSON each (gateway/study/decision.h); only ever appended
 *      owners            versions that were not the first of their resource, with the patient each names (its key):
 *                        another subject's facts of the resource may be older (moves.c)
 *      notes             what the service must know again after a restart (gateway/ledger/notes.h)
 *      refusals          rows that a study database did not take, or that a person changed there (refusals.c)
 *      revisions.rows    all rows of the subject in the text form of gw_rows_write, as one zstd frame
 *      revisions.about   "<SHA-256 of that text> <the newest decision then> <rule set>": what the next one tells its
 *                        difference from; null: made before there was a trail
 *      revisions.revision  below 0: the rows that the study database was found to have under that number, of which the
 *                        ledger has others or none (adopt.c)
 *      audit             one row an act, its bytes and the hash of the chain (gateway/ledger/audit.h); only appended
 *      audit_points      signed checkpoints of it, by the number of rows they count
 *      subjects.purged   1: nothing is kept or derived of it any more (gateway/ledger/purge.h)
 *      tombstones        one a purged subject; digest: SHA-256 over itself and the digest of each version that went;
 *                        scanned_pages, scanned_door: up to where these were looked through for it
 *      purged            versions and parts that went, by subject, type and state: the right side of the equation
 */
#ifndef LEDGER_SCHEMA_H
#define LEDGER_SCHEMA_H

#define LEDGER_SCHEMA 8

#define LEDGER_DECISIONS                                                                                               \
    "CREATE TABLE decisions (n INTEGER PRIMARY KEY, text TEXT NOT NULL);"                                              \
    "CREATE TRIGGER decisions_unchanged BEFORE UPDATE ON decisions BEGIN SELECT raise(ABORT, 'append only'); END;"     \
    "CREATE TRIGGER decisions_kept BEFORE DELETE ON decisions BEGIN SELECT raise(ABORT, 'append only'); END;"

#define LEDGER_NOTES                                                                                                   \
    "CREATE TABLE notes (space TEXT, name TEXT, text TEXT NOT NULL, PRIMARY KEY (space, name)) WITHOUT ROWID;"

#define LEDGER_OWNERS                                                                                                  \
    "CREATE TABLE owners (id BLOB, subject INTEGER, version TEXT, version_id TEXT, patient BLOB NOT NULL,"             \
    " last_updated TEXT, delivery INTEGER NOT NULL, sha256 BLOB NOT NULL, PRIMARY KEY (id, subject, version))"         \
    " WITHOUT ROWID;"

#define LEDGER_REFUSALS                                                                                                \
    "CREATE TABLE refusals (subject INTEGER, tab TEXT, row_id TEXT, touched INTEGER NOT NULL, reason TEXT NOT NULL,"   \
    " PRIMARY KEY (subject, tab, row_id)) WITHOUT ROWID;"

/* What is known of a row that was touched, and what people decided about it: see gw_refusal. */
#define LEDGER_REFUSALS_DECIDED                                                                                        \
    "ALTER TABLE refusals ADD COLUMN stands TEXT NOT NULL DEFAULT '';"                                                 \
    "ALTER TABLE refusals ADD COLUMN theirs TEXT;"                                                                     \
    "ALTER TABLE refusals ADD COLUMN decided INTEGER NOT NULL DEFAULT 0;"                                              \
    "ALTER TABLE refusals ADD COLUMN answer INTEGER NOT NULL DEFAULT 0;"

/* Triggers are told apart by their text: gw_audit_verify looks for each. */
#define LEDGER_AUDIT_UNCHANGED                                                                                         \
    "CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'append only'); END"
#define LEDGER_AUDIT_KEPT                                                                                              \
    "CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'append only'); END"
#define LEDGER_AUDIT_ORDERED                                                                                           \
    "CREATE TRIGGER audit_ordered BEFORE INSERT ON audit WHEN NEW.n IS NOT (SELECT ifnull(max(n), 0) + 1 FROM audit) " \
    "BEGIN SELECT raise(ABORT, 'append only'); END"
#define LEDGER_POINTS_UNCHANGED                                                                                        \
    "CREATE TRIGGER audit_points_unchanged BEFORE UPDATE ON audit_points BEGIN SELECT raise(ABORT, 'append only'); "   \
    "END"
#define LEDGER_POINTS_KEPT                                                                                             \
    "CREATE TRIGGER audit_points_kept BEFORE DELETE ON audit_points BEGIN SELECT raise(ABORT, 'append only'); END"

#define LEDGER_AUDIT                                                                                                   \
    "CREATE TABLE audit (n INTEGER PRIMARY KEY, text TEXT NOT NULL, sha256 BLOB NOT NULL);"                            \
    "CREATE TABLE audit_points (count INTEGER PRIMARY KEY, text TEXT NOT NULL);" LEDGER_AUDIT_UNCHANGED                \
    ";" LEDGER_AUDIT_KEPT ";" LEDGER_AUDIT_ORDERED ";" LEDGER_POINTS_UNCHANGED ";" LEDGER_POINTS_KEPT ";"

#define LEDGER_TOMBSTONES                                                                                              \
    "CREATE TABLE tombstones (subject INTEGER PRIMARY KEY, why TEXT NOT NULL, begun TEXT NOT NULL, ended TEXT,"        \
    " items INTEGER NOT NULL DEFAULT 0, digest BLOB NOT NULL, scanned_pages INTEGER NOT NULL DEFAULT 0,"               \
    " scanned_door INTEGER NOT NULL DEFAULT 0);"                                                                       \
    "CREATE TABLE purged (subject INTEGER, kind TEXT, state INTEGER, versions INTEGER NOT NULL,"                       \
    " parts INTEGER NOT NULL, PRIMARY KEY (subject, kind, state)) WITHOUT ROWID;"

/* From the schema of its place, counted from 1, to the next one. */
static const char *const ledger_migrations[LEDGER_SCHEMA - 1] = {
    LEDGER_DECISIONS "ALTER TABLE items ADD COLUMN resolution TEXT;",
    LEDGER_NOTES,
    LEDGER_OWNERS,
    LEDGER_REFUSALS,
    LEDGER_AUDIT "ALTER TABLE revisions ADD COLUMN about TEXT;",
    LEDGER_REFUSALS_DECIDED "ALTER TABLE outbox ADD COLUMN at TEXT;",
    LEDGER_TOMBSTONES "ALTER TABLE subjects ADD COLUMN purged INTEGER NOT NULL DEFAULT 0;",
};

static const char ledger_schema[] =
    LEDGER_DECISIONS LEDGER_NOTES LEDGER_OWNERS LEDGER_REFUSALS LEDGER_REFUSALS_DECIDED LEDGER_AUDIT LEDGER_TOMBSTONES
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE names (number INTEGER PRIMARY KEY, space TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (space, name));"
    "CREATE TABLE subjects (number INTEGER PRIMARY KEY, study TEXT NOT NULL, site TEXT NOT NULL,"
    " subject_key TEXT NOT NULL, revision INTEGER NOT NULL DEFAULT 0, blocked INTEGER NOT NULL DEFAULT 0,"
    " next_day INTEGER NOT NULL DEFAULT -2147483648, purged INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE (study, subject_key));"
    "CREATE TABLE patients (study TEXT, endpoint TEXT, patient TEXT, subject INTEGER NOT NULL,"
    " PRIMARY KEY (study, endpoint, patient)) WITHOUT ROWID;"
    "CREATE TABLE dirty (subject INTEGER PRIMARY KEY, marks INTEGER NOT NULL);"
    "CREATE TABLE deliveries (number INTEGER PRIMARY KEY, source TEXT NOT NULL, as_of TEXT NOT NULL,"
    " parts_in INTEGER NOT NULL DEFAULT 0, last_page INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE cursors (endpoint TEXT, subject INTEGER, query TEXT, low TEXT, high TEXT, watermark TEXT NOT NULL,"
    " PRIMARY KEY (endpoint, subject, query, low, high)) WITHOUT ROWID;"
    "CREATE TABLE pages (page INTEGER PRIMARY KEY, subject INTEGER NOT NULL, delivery INTEGER NOT NULL,"
    " fetched_at INTEGER NOT NULL, length INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE TABLE arrived (page INTEGER PRIMARY KEY, subject INTEGER NOT NULL, part_count INTEGER NOT NULL);"
    "CREATE TABLE pending (subject INTEGER, page INTEGER, part_count INTEGER NOT NULL, PRIMARY KEY (subject, page))"
    " WITHOUT ROWID;"
    "CREATE TABLE entries (subject INTEGER, id BLOB, version TEXT, page INTEGER NOT NULL, offset INTEGER NOT NULL,"
    " length INTEGER NOT NULL, kind INTEGER NOT NULL, logical_id TEXT NOT NULL, last_updated TEXT,"
    " sha256 BLOB NOT NULL, delivery INTEGER NOT NULL, source INTEGER NOT NULL, line INTEGER NOT NULL,"
    " part_count INTEGER NOT NULL, flags INTEGER NOT NULL, parts TEXT, PRIMARY KEY (subject, id, version))"
    " WITHOUT ROWID;"
    "CREATE TABLE door (number INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, source INTEGER NOT NULL,"
    " line INTEGER NOT NULL, subject INTEGER NOT NULL, kind INTEGER NOT NULL, logical_id TEXT, version_id TEXT,"
    " part_count INTEGER NOT NULL, flags INTEGER NOT NULL, state INTEGER NOT NULL, reason TEXT NOT NULL, item TEXT);"
    "CREATE TABLE links (subject INTEGER, id BLOB, PRIMARY KEY (subject, id)) WITHOUT ROWID;"
    "CREATE INDEX links_back ON links (id, subject);"
    "CREATE TABLE aliases (alias BLOB, id BLOB, PRIMARY KEY (alias, id)) WITHOUT ROWID;"
    "CREATE INDEX aliases_back ON aliases (id, alias);"
    "CREATE TABLE shared (id BLOB, version TEXT, subject INTEGER, parts TEXT NOT NULL,"
    " PRIMARY KEY (id, version, subject)) WITHOUT ROWID;"
    "CREATE TABLE items (subject INTEGER, id TEXT, code TEXT NOT NULL, fingerprint TEXT NOT NULL,"
    " blocks TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open', context TEXT NOT NULL, suggestion TEXT NOT NULL,"
    " window_ids TEXT NOT NULL, kind INTEGER NOT NULL, logical_id TEXT, version_id TEXT, source INTEGER NOT NULL,"
    " line INTEGER NOT NULL, component INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, "
    "resolution TEXT, PRIMARY KEY (subject, id)) WITHOUT ROWID;"
    "CREATE TABLE revisions (subject INTEGER, revision INTEGER, length INTEGER NOT NULL, rows BLOB NOT NULL,"
    " about TEXT, PRIMARY KEY (subject, revision)) WITHOUT ROWID;"
    "CREATE TABLE outbox (number INTEGER PRIMARY KEY, subject INTEGER NOT NULL, from_revision INTEGER NOT NULL,"
    " to_revision INTEGER NOT NULL, receipt TEXT, at TEXT);"
    "CREATE INDEX outbox_pending ON outbox (number) WHERE receipt IS NULL;"
    "CREATE INDEX outbox_pending_of ON outbox (subject) WHERE receipt IS NULL;";

#endif
