/*
 * What can no longer be hidden in the audit trail. Trails are put out of order here as somebody with the file and a
 * copy of our own code would do it, but without what was shipped and without the key.
 */
#include "ledger/trail.h"
#include "support/chance.h"

TestSuite(audit_forged, .timeout = 600);

enum { ROWS = 40, STRIDE = 10 };

struct line {
    int64_t n;
    char text[600];
    uint8_t hash[GW_SHA256_BYTES];
};

struct forged { /* a trail in memory */
    struct line rows[ROWS + 8];
    int count;
};

static void must(sqlite3 *db, int answer)
{
    cr_assert(answer == SQLITE_OK || answer == SQLITE_DONE || answer == SQLITE_ROW, "%s", sqlite3_errmsg(db));
}

static void read_trail(sqlite3 *db, struct forged *out)
{
    sqlite3_stmt *rows;

    out->count = 0;
    must(db, sqlite3_prepare_v2(db, "SELECT n, text, sha256 FROM audit ORDER BY n", -1, &rows, NULL));
    while (sqlite3_step(rows) == SQLITE_ROW) {
        struct line *line = &out->rows[out->count++];

        line->n = sqlite3_column_int64(rows, 0);
        snprintf(line->text, sizeof line->text, "%s", (const char *)sqlite3_column_text(rows, 1));
        memcpy(line->hash, sqlite3_column_blob(rows, 2), sizeof line->hash);
    }
    sqlite3_finalize(rows);
}

/* With the triggers out of the way while it is done, and back behind it. */
static void write_trail(sqlite3 *db, const struct forged *trail)
{
    sqlite3_stmt *add, *triggers;
    char *again = sqlite3_mprintf("");

    must(db, sqlite3_prepare_v2(db, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'",
                                -1, &triggers, NULL));
    char *drop = sqlite3_mprintf("");
    while (sqlite3_step(triggers) == SQLITE_ROW) {
        char *more = sqlite3_mprintf("%s%s;", again, sqlite3_column_text(triggers, 1));
        char *less = sqlite3_mprintf("%sDROP TRIGGER %s;", drop, sqlite3_column_text(triggers, 0));
        sqlite3_free(again);
        sqlite3_free(drop);
        again = more;
        drop = less;
    }
    sqlite3_finalize(triggers);
    must(db, sqlite3_exec(db, drop, NULL, NULL, NULL));
    must(db, sqlite3_exec(db, "DELETE FROM audit", NULL, NULL, NULL));
    must(db, sqlite3_prepare_v2(db, "INSERT INTO audit VALUES (?1, ?2, ?3)", -1, &add, NULL));
    for (int i = 0; i < trail->count; i++) {
        sqlite3_bind_int64(add, 1, trail->rows[i].n);
        sqlite3_bind_text(add, 2, trail->rows[i].text, -1, SQLITE_STATIC);
        sqlite3_bind_blob(add, 3, trail->rows[i].hash, GW_SHA256_BYTES, SQLITE_STATIC);
        must(db, sqlite3_step(add));
        sqlite3_reset(add);
    }
    sqlite3_finalize(add);
    must(db, sqlite3_exec(db, again, NULL, NULL, NULL));
    sqlite3_free(again);
    sqlite3_free(drop);
}

/* Numbers in the row's bytes, and hashes, from a row on, as our own code would make them. */
static void chain_anew(struct forged *trail, int from)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    uint8_t hash[GW_SHA256_BYTES] = {0};

    if (from > 0)
        memcpy(hash, trail->rows[from - 1].hash, sizeof hash);
    for (int i = from; i < trail->count; i++) {
        struct line *line = &trail->rows[i];
        struct gw_text text = GW_TEXT_INIT(sizeof line->text);
        struct gw_audit_row row;

        if (gw_audit_read(&arena, line->text, strlen(line->text), &row, NULL) == GW_OK) {
            row.n = line->n = i + 1;
            gw_audit_print(&text, &row);
            snprintf(line->text, sizeof line->text, "%s", text.at);
        }
        gw_text_release(&text);
        gw_audit_link(hash, line->text, strlen(line->text));
        memcpy(line->hash, hash, sizeof hash);
        gw_arena_clear(&arena);
    }
    gw_arena_release(&arena);
}

static void remove_row(struct forged *trail, int at)
{
    memmove(&trail->rows[at], &trail->rows[at + 1], (size_t)(trail->count - at - 1) * sizeof trail->rows[0]);
    trail->count--;
}

static void insert_row(struct forged *trail, int at)
{
    memmove(&trail->rows[at + 1], &trail->rows[at], (size_t)(trail->count - at) * sizeof trail->rows[0]);
    trail->count++;
    for (int i = at + 1; i < trail->count; i++)
        trail->rows[i].n++;
}

/* One character of the words that may stand there, by another. */
static void edit_row(struct line *line, uint64_t *chance)
{
    char *what = strstr(line->text, "act ");

    cr_assert(what != NULL);
    what[chance_next(chance) % 4] = (char)('A' + chance_next(chance) % 26);
}

/* Any byte of a row, its hash and its number included, by another. */
static void edit_anywhere(struct line *line, uint64_t *chance)
{
    const size_t length = strlen(line->text), at = chance_next(chance) % (length + sizeof line->hash + 1);
    const uint8_t other = (uint8_t)(1 + chance_next(chance) % 255);

    if (at < length)
        line->text[at] = (char)((uint8_t)line->text[at] ^ other ? (uint8_t)line->text[at] ^ other : 'x');
    else if (at < length + sizeof line->hash)
        line->hash[at - length] ^= other;
    else
        line->n += other;
}

enum mutation {
    EDIT,
    EDIT_ANYWHERE,
    EDIT_AND_CHAIN,
    INSERT,
    INSERT_AND_CHAIN,
    DELETE,
    DELETE_AND_CHAIN,
    SWAP,
    SWAP_AND_CHAIN,
    TRUNCATE,
    EXTEND,
    OLD_COPY,
    MUTATIONS
};

static const char *const mutation_names[MUTATIONS] = {
    "edit",           "edit anywhere",    "edit and chain", "insert",         "insert and chain",
    "delete",         "delete and chain", "swap",           "swap and chain", "cut",
    "cut and extend", "old copy"};

static void mutate(struct forged *trail, enum mutation mutation, uint64_t *chance)
{
    const int at = (int)(chance_next(chance) % (ROWS - 1)); /* from 0 */

    switch (mutation) {
    case EDIT:
    case EDIT_AND_CHAIN:
        edit_row(&trail->rows[at], chance);
        break;
    case EDIT_ANYWHERE:
        edit_anywhere(&trail->rows[at], chance);
        break;
    case INSERT:
    case INSERT_AND_CHAIN:
        insert_row(trail, at);
        edit_row(&trail->rows[at], chance);
        break;
    case DELETE:
    case DELETE_AND_CHAIN:
        remove_row(trail, at);
        break;
    case SWAP:
    case SWAP_AND_CHAIN: {
        const struct line one = trail->rows[at];

        trail->rows[at] = trail->rows[at + 1];
        trail->rows[at + 1] = one;
        trail->rows[at + 1].n = trail->rows[at].n;
        trail->rows[at].n = one.n;
        break;
    }
    case TRUNCATE:
    case OLD_COPY:
        trail->count = at;
        break;
    case EXTEND: {
        const struct line one = trail->rows[at];

        for (trail->count = at; trail->count < ROWS + 3; trail->count++) {
            trail->rows[trail->count] = one;
            edit_row(&trail->rows[trail->count], chance);
        }
        break;
    }
    case MUTATIONS:
        break;
    }
    if (mutation == EDIT_AND_CHAIN || mutation == INSERT_AND_CHAIN || mutation == DELETE_AND_CHAIN ||
        mutation == SWAP_AND_CHAIN || mutation == EXTEND)
        chain_anew(trail, at);
}

static bool same_line(const struct line *a, const struct line *b)
{
    return a->n == b->n && strcmp(a->text, b->text) == 0 && memcmp(a->hash, b->hash, sizeof a->hash) == 0;
}

static bool same_trail(const struct forged *a, const struct forged *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (!same_line(&a->rows[i], &b->rows[i]))
            return false;
    return true;
}

/* ---- ten thousand in memory, against what was shipped ---- */

struct shipped {
    struct gw_audit_point list[8];
    size_t count;
};

static void read_shipped(struct trail *t, struct shipped *out)
{
    struct gw_signature_key *key;
    FILE *file = fopen(t->shipped, "r");
    char line[1024];

    cr_assert(file != NULL);
    BOOK_OK(t->book, gw_signature_key_read(t->key, &key, &t->book->err));
    for (out->count = 0; fgets(line, sizeof line, file); out->count++) {
        BOOK_OK(t->book, gw_audit_point_read(line, strcspn(line, "\n"), key, &out->list[out->count], &t->book->err));
        out->list[out->count].shipped = true;
    }
    fclose(file);
    gw_signature_key_free(key);
}

/* An old copy comes with its own checkpoints: those behind its end are not in it. */
static struct gw_audit_verdict judge(const struct forged *trail, struct shipped *shipped, bool old_copy,
                                     struct gw_arena *arena)
{
    struct gw_audit_verifier v;

    for (size_t i = 0; i < shipped->count; i++)
        shipped->list[i].stored = !old_copy || shipped->list[i].count <= trail->count;
    gw_audit_verify_begin(&v, shipped->list, shipped->count);
    for (int i = 0; i < trail->count; i++) {
        const struct line *line = &trail->rows[i];

        gw_arena_clear(arena);
        gw_audit_verify_row(&v, arena, line->n, line->text, strlen(line->text), line->hash, sizeof line->hash);
    }
    gw_audit_verify_end(&v);
    return v.verdict;
}

/* From 1; one behind the end of the shorter where that is all there is. */
static int first_other(const struct forged *a, const struct forged *b)
{
    int at = 0;

    while (at < a->count && at < b->count && same_line(&a->rows[at], &b->rows[at]))
        at++;
    return at + 1;
}

static void expect_seen(const struct gw_audit_verdict *verdict, enum mutation mutation, int first)
{
    cr_assert(verdict->first_bad != 0, "%s of row %d was not seen", mutation_names[mutation], first);
    cr_assert(verdict->first_bad <= first + 1 && verdict->last_bad >= first, "%s of row %d, said of %lld to %lld: %s",
              mutation_names[mutation], first, (long long)verdict->first_bad, (long long)verdict->last_bad,
              verdict->what);
    cr_assert(verdict->last_bad - verdict->first_bad <= STRIDE, "%s: %lld to %lld", mutation_names[mutation],
              (long long)verdict->first_bad, (long long)verdict->last_bad);
}

static void build_trail(struct trail *t, struct forged *out)
{
    sqlite3 *db;

    for (int i = 0; i < ROWS; i++) {
        char what[40];

        snprintf(what, sizeof what, "act number %d", i);
        trail_note(t->book, "ES-017", what);
        if (i % STRIDE == STRIDE - 1)
            book_reopen(t->book); /* a checkpoint */
    }
    gw_ledger_close(t->book->ledger);
    t->book->ledger = NULL;
    cr_assert(sqlite3_open(t->book->path, &db) == SQLITE_OK);
    read_trail(db, out);
    sqlite3_close(db);
    cr_assert(out->count == ROWS);
}

/* One that changes something. */
static void mutate_truly(const struct forged *sound, struct forged *forged, enum mutation mutation, uint64_t *chance)
{
    do {
        *forged = *sound;
        mutate(forged, mutation, chance);
    } while (same_trail(forged, sound));
}

Test(audit_forged, shows_each_of_ten_thousand_mutations_and_where)
{
    struct trail t = trail_new();
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    static struct forged sound, forged;
    uint64_t chance = 20261121;
    struct shipped shipped;

    build_trail(&t, &sound);
    trail_expect_sound(&t, ROWS);
    read_shipped(&t, &shipped);
    cr_assert(shipped.count == ROWS / STRIDE);
    cr_assert(judge(&sound, &shipped, false, &arena).first_bad == 0);
    for (int i = 0; i < 10000; i++) {
        const enum mutation mutation = (enum mutation)(i % MUTATIONS);

        mutate_truly(&sound, &forged, mutation, &chance);
        const struct gw_audit_verdict verdict = judge(&forged, &shipped, mutation == OLD_COPY, &arena);
        expect_seen(&verdict, mutation, first_other(&sound, &forged));
    }
    gw_arena_release(&arena);
    book_free(t.book);
}

/* ---- in which words ---- */

static void chain_as_they_are(struct forged *trail)
{
    uint8_t hash[GW_SHA256_BYTES] = {0};

    for (int i = 0; i < trail->count; i++) {
        gw_audit_link(hash, trail->rows[i].text, strlen(trail->rows[i].text));
        memcpy(trail->rows[i].hash, hash, sizeof hash);
    }
}

static void take_out(struct forged *trail)
{
    remove_row(trail, 4);
}

static void touch_the_hash(struct forged *trail)
{
    trail->rows[4].hash[7] ^= 1;
}

static void bear_another_number(struct forged *trail)
{
    strcpy(trail->rows[4].text, trail->rows[3].text);
    chain_as_they_are(trail);
}

static void be_no_row(struct forged *trail)
{
    strcpy(trail->rows[4].text, "{}");
    chain_as_they_are(trail);
}

static void be_earlier(struct forged *trail)
{
    memcpy(strstr(trail->rows[4].text, "\"at\":\"") + 6, "1999", 4);
    chain_as_they_are(trail);
}

static void write_anew(struct forged *trail)
{
    memcpy(strstr(trail->rows[4].text, "act "), "ACT ", 4);
    chain_as_they_are(trail);
}

static void cut(struct forged *trail)
{
    trail->count = STRIDE + 4;
}

static const struct {
    void (*forge)(struct forged *trail);
    bool signed_for; /* held against what was shipped */
    int first, last;
    const char *says;
} words[] = {
    {take_out, false, 5, 5, "it is missing"},
    {touch_the_hash, false, 5, 5, "its hash does not follow from its bytes"},
    {bear_another_number, false, 5, 5, "its bytes are not those of this row"},
    {be_no_row, false, 5, 5, "its bytes are not those of this row"},
    {be_earlier, false, 5, 5, "it says an earlier time"},
    {write_anew, true, 1, STRIDE, "rows were written anew: a checkpoint signed at "},
    {cut, true, STRIDE + 1, STRIDE + 5, "rows are gone: a checkpoint signed at "},
};

Test(audit_forged, says_what_is_wrong_and_where)
{
    struct trail t = trail_new();
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    static struct forged sound, forged;
    struct shipped shipped, none = {.count = 0};

    build_trail(&t, &sound);
    read_shipped(&t, &shipped);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        forged = sound;
        words[i].forge(&forged);
        const struct gw_audit_verdict verdict = judge(&forged, words[i].signed_for ? &shipped : &none, false, &arena);
        cr_expect(verdict.first_bad == words[i].first && verdict.last_bad == words[i].last, "%s: %lld to %lld: %s",
                  words[i].says, (long long)verdict.first_bad, (long long)verdict.last_bad, verdict.what);
        cr_expect(strstr(verdict.what, words[i].says) != NULL, "%s: %s", words[i].says, verdict.what);
    }
    gw_arena_release(&arena);
    book_free(t.book);
}

Test(audit_forged, shows_the_same_in_the_files)
{
    struct trail t = trail_new();
    static struct forged sound, forged;
    uint64_t chance = 20261122;
    sqlite3 *db;

    build_trail(&t, &sound);
    cr_assert(sqlite3_open(t.book->path, &db) == SQLITE_OK);
    must(db, sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL));
    for (int i = 0; i < 20 * OLD_COPY; i++) {
        const enum mutation mutation = (enum mutation)(i % OLD_COPY);

        mutate_truly(&sound, &forged, mutation, &chance);
        must(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
        write_trail(db, &forged);
        must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
        const struct gw_audit_verdict verdict = trail_verify(&t);
        expect_seen(&verdict, mutation, first_other(&sound, &forged));
    }
    write_trail(db, &sound);
    sqlite3_close(db);
    trail_expect_sound(&t, ROWS);
    book_free(t.book);
}
