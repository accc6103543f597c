/*
 * The audit trail: what stands in it, and what can no longer be hidden. Trails are put out of order here as somebody
 * with the file and a copy of our own code would do it, but without what was shipped and without the key.
 */
#include "gateway/ledger/audit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/ledger/decisions.h"
#include "ledger/book.h"
#include "support/chance.h"

TestSuite(audit, .timeout = 600);

enum { ROWS = 40, STRIDE = 10 };

struct trail {
    struct book *book;
    char key[700];
    char shipped[700];
};

static struct trail trail_new(void)
{
    struct trail t = {.book = book_new()};

    snprintf(t.key, sizeof t.key, "%s/audit.key", t.book->scratch.folder);
    snprintf(t.shipped, sizeof t.shipped, "%s/audit.checkpoints", t.book->scratch.folder);
    return t;
}

static void note(struct book *book, const char *subject, const char *what)
{
    BOOK_OK(book, gw_audit_note(
                      book->ledger,
                      &(struct gw_audit_act){.act = "revision", .study = "lendex", .subject = subject, .what = what},
                      &book->err));
}

static struct gw_audit_verdict verify(struct trail *t)
{
    struct gw_audit_verdict verdict = {0};

    BOOK_OK(t->book, gw_audit_verify(t->book->path, t->shipped, t->key, &verdict, &t->book->err));
    return verdict;
}

static void expect_sound(struct trail *t, int64_t rows)
{
    const struct gw_audit_verdict verdict = verify(t);

    cr_expect(verdict.first_bad == 0, "row %lld: %s", (long long)verdict.first_bad, verdict.what);
    cr_expect(verdict.rows == rows, "%lld rows", (long long)verdict.rows);
}

/* ---- what stands in it --------------------------------------------------------------------------------------- */

struct seen {
    struct gw_arena arena;
    struct gw_audit_row rows[64];
    size_t count;
};

static const char *keep(struct seen *seen, const char *text)
{
    return gw_arena_copy(&seen->arena, text, strlen(text));
}

static bool see(void *ctx, const struct gw_audit_row *row)
{
    struct seen *seen = ctx;
    struct gw_audit_row *copy = &seen->rows[seen->count++];

    *copy = *row;
    copy->by = keep(seen, row->by);
    copy->act = keep(seen, row->act);
    copy->zone = keep(seen, row->zone);
    copy->subject = keep(seen, row->subject);
    copy->what = keep(seen, row->what);
    copy->old_hash = keep(seen, row->old_hash);
    copy->new_hash = keep(seen, row->new_hash);
    copy->reason = keep(seen, row->reason);
    return seen->count < 64;
}

static struct gw_decision an_anchor(void)
{
    struct gw_decision d = {.at = "2026-11-20T20:00:00Z",
                            .by = "dm1",
                            .reason = "letter of the hospital",
                            .kind = GW_DECIDE_ANCHOR,
                            .scope = "study:lendex",
                            .match = {.subject = "ES-017"}};

    d.set[GW_SET_ANCHOR] = "D1";
    d.set[GW_SET_DATE] = "2024-01-15";
    return d;
}

static void settle(struct book *book, int64_t subject, const char *value)
{
    const struct gw_kept_facts facts = book_facts(book, subject);
    const struct gw_derived derived = book_derive(book, &facts, GW_STATE_DELIVERED);
    struct gw_rows next = {0};

    book_row(book, &next, "o1@T30-01", value);
    book_settle(book, &facts, &derived, &next, "2024-12-31T10:00:00Z");
}

Test(audit, tells_who_did_what_and_why_in_the_order_in_which_it_was_done)
{
    struct trail t = trail_new();
    struct seen seen = {.arena = GW_ARENA_INIT(1 << 20)};
    struct gw_decision decision = an_anchor();

    BOOK_OK(t.book, gw_audit_zone(t.book->ledger, "hm", "Europe/Madrid", &t.book->err));
    const int64_t subject = book_enrol(t.book, "ES-017");
    book_enrol(t.book, "ES-017"); /* again: nothing new */
    book_add(t.book, subject, "Observation", "o-1", "1", "1.2");
    BOOK_OK(t.book, book_try_keep(t.book, NULL, NULL));
    settle(t.book, subject, "1.2");
    BOOK_OK(t.book, gw_outbox_delivered(t.book->ledger, subject, 1, "r-1", &t.book->err));
    BOOK_OK(t.book, gw_outbox_delivered(t.book->ledger, subject, 1, "r-1", &t.book->err));
    BOOK_OK(t.book, gw_ledger_decide(t.book->ledger, &decision, &t.book->err));
    settle(t.book, subject, "1.3");
    BOOK_OK(t.book, gw_audit_rows(t.book->path, see, &seen, &t.book->err));

    static const struct {
        const char *act, *what, *reason;
    } expected[] = {
        {"enrolment", "a new subject, a patient of the endpoint hm-ehr", ""},
        {"revision", "revision 1 from 0: 1 rows added, 0 changed, 0 withdrawn", "new facts"},
        {"delivery", "revision 1 to the study database, receipt r-1", ""},
        {"decision", "decision 1 (anchor) for study:lendex", "letter of the hospital"},
        {"revision", "revision 2 from 1: 0 rows added, 1 changed, 0 withdrawn", "decisions up to 1"},
    };
    cr_assert(seen.count == 5, "%zu rows", seen.count);
    for (size_t i = 0; i < 5; i++) {
        cr_expect(strcmp(seen.rows[i].act, expected[i].act) == 0, "%s", seen.rows[i].act);
        cr_expect(strcmp(seen.rows[i].what, expected[i].what) == 0, "%s", seen.rows[i].what);
        cr_expect(strcmp(seen.rows[i].reason, expected[i].reason) == 0, "%s", seen.rows[i].reason);
        cr_expect(strcmp(seen.rows[i].subject, "ES-017") == 0);
        cr_expect(strcmp(seen.rows[i].zone, "Europe/Madrid") == 0, "%zu: %s", i, seen.rows[i].zone);
    }
    cr_expect(strcmp(seen.rows[3].by, "dm1") == 0);
    cr_expect(strncmp(seen.rows[0].by, "service (", 9) == 0);
    cr_expect(strlen(seen.rows[1].new_hash) == 64 && *seen.rows[1].old_hash == '\0');
    cr_expect(strcmp(seen.rows[2].new_hash, seen.rows[1].new_hash) == 0, "what was delivered is what was derived");
    cr_expect(strcmp(seen.rows[4].old_hash, seen.rows[1].new_hash) == 0);
    gw_arena_release(&seen.arena);
    book_free(t.book);
}

Test(audit, has_no_row_of_an_act_that_was_taken_back)
{
    struct trail t = trail_new();
    struct gw_decision decision = an_anchor();

    note(t.book, "", "first");
    BOOK_OK(t.book, gw_ledger_begin(t.book->ledger, &t.book->err));
    BOOK_OK(t.book, gw_ledger_decide(t.book->ledger, &decision, &t.book->err));
    gw_ledger_rollback(t.book->ledger);
    note(t.book, "", "second");
    book_reopen(t.book);
    expect_sound(&t, 2);
    book_free(t.book);
}

Test(audit, tells_a_thing_that_stays_only_when_it_changes)
{
    struct trail t = trail_new();
    const struct gw_audit_act one = {.act = "package", .what = "lendex 1.0.0", .new_hash = "aa"};
    const struct gw_audit_act other = {.act = "package", .what = "lendex 1.1.0", .new_hash = "bb"};
    struct seen seen = {.arena = GW_ARENA_INIT(1 << 20)};

    BOOK_OK(t.book, gw_audit_change(t.book->ledger, "package of lendex", &one, &t.book->err));
    BOOK_OK(t.book, gw_audit_change(t.book->ledger, "package of lendex", &one, &t.book->err));
    BOOK_OK(t.book, gw_audit_change(t.book->ledger, "package of lendex", &other, &t.book->err));
    BOOK_OK(t.book, gw_audit_rows(t.book->path, see, &seen, &t.book->err));
    cr_assert(seen.count == 2);
    cr_expect(strcmp(seen.rows[1].old_hash, "aa") == 0 && strcmp(seen.rows[1].new_hash, "bb") == 0);
    gw_arena_release(&seen.arena);
    book_free(t.book);
}

Test(audit, is_refused_to_be_changed_by_the_ledger_itself)
{
    static const char *const attempts[] = {
        "UPDATE audit SET text = 'x'",        "DELETE FROM audit",        "INSERT INTO audit VALUES (9, 'x', x'00')",
        "UPDATE audit_points SET text = 'x'", "DELETE FROM audit_points",
    };
    struct trail t = trail_new();
    sqlite3 *db;

    note(t.book, "", "first");
    gw_ledger_close(t.book->ledger);
    t.book->ledger = NULL;
    cr_assert(sqlite3_open(t.book->path, &db) == SQLITE_OK);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
        cr_expect(sqlite3_exec(db, attempts[i], NULL, NULL, NULL) == SQLITE_CONSTRAINT, "%s", attempts[i]);
    sqlite3_close(db);
    expect_sound(&t, 1);
    book_free(t.book);
}

/* ---- checkpoints --------------------------------------------------------------------------------------------- */

Test(audit, is_signed_after_a_thousand_rows_and_at_the_end)
{
    struct trail t = trail_new();
    struct gw_audit_verdict verdict;

    BOOK_OK(t.book, gw_ledger_begin(t.book->ledger, &t.book->err));
    for (int i = 0; i < GW_AUDIT_EVERY; i++)
        note(t.book, "", "an act");
    BOOK_OK(t.book, gw_ledger_commit(t.book->ledger, &t.book->err));
    note(t.book, "", "one more");
    verdict = verify(&t);
    cr_expect(verdict.first_bad == 0 && verdict.rows == GW_AUDIT_EVERY + 1);
    cr_expect(verdict.covered == GW_AUDIT_EVERY, "%lld", (long long)verdict.covered);
    book_reopen(t.book);
    verdict = verify(&t);
    cr_expect(verdict.covered == GW_AUDIT_EVERY + 1 && verdict.points == 2);
    book_reopen(t.book); /* nothing came to it: no other checkpoint */
    cr_expect(verify(&t).points == 2);
    book_free(t.book);
}

Test(audit, bears_a_line_of_the_file_that_was_written_in_part)
{
    struct trail t = trail_new();
    FILE *file;

    note(t.book, "", "first");
    book_reopen(t.book);
    file = fopen(t.shipped, "a");
    fputs("{\"count\":2,\"he", file);
    fclose(file);
    note(t.book, "", "second");
    book_reopen(t.book);
    const struct gw_audit_verdict verdict = verify(&t);
    cr_expect(verdict.first_bad == 0, "%s", verdict.what);
    cr_expect(verdict.torn == 1 && verdict.covered == 2);
    book_free(t.book);
}

Test(audit, says_that_a_trigger_was_taken_away)
{
    struct trail t = trail_new();

    note(t.book, "", "first");
    book_sql(t.book, "DROP TRIGGER audit_kept");
    cr_expect(strstr(verify(&t).what, "trigger") != NULL);
    book_free(t.book);
}

/* ---- what can no longer be hidden ---------------------------------------------------------------------------- */

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

enum mutation {
    EDIT,
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

static const char *const mutation_names[MUTATIONS] = {"edit",   "edit and chain",   "insert",  "insert and chain",
                                                      "delete", "delete and chain", "swap",    "swap and chain",
                                                      "cut",    "cut and extend",   "old copy"};

static void mutate(struct forged *trail, enum mutation mutation, uint64_t *chance)
{
    const int at = (int)(chance_next(chance) % (ROWS - 1)); /* from 0 */

    switch (mutation) {
    case EDIT:
    case EDIT_AND_CHAIN:
        edit_row(&trail->rows[at], chance);
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

static bool same_trail(const struct forged *a, const struct forged *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->rows[i].n != b->rows[i].n || strcmp(a->rows[i].text, b->rows[i].text) != 0)
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

    while (at < a->count && at < b->count && strcmp(a->rows[at].text, b->rows[at].text) == 0)
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
        note(t->book, "ES-017", what);
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

Test(audit, shows_each_of_ten_thousand_mutations_and_where)
{
    struct trail t = trail_new();
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    static struct forged sound, forged;
    uint64_t chance = 20261121;
    struct shipped shipped;

    build_trail(&t, &sound);
    expect_sound(&t, ROWS);
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

Test(audit, shows_the_same_in_the_files)
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
        const struct gw_audit_verdict verdict = verify(&t);
        expect_seen(&verdict, mutation, first_other(&sound, &forged));
    }
    write_trail(db, &sound);
    sqlite3_close(db);
    expect_sound(&t, ROWS);
    book_free(t.book);
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[4 << 20];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

    cr_assert(in && out);
    const size_t length = fread(bytes, 1, sizeof bytes, in);
    cr_assert(length < sizeof bytes && fwrite(bytes, 1, length, out) == length);
    fclose(in);
    fclose(out);
}

Test(audit, shows_an_old_copy_that_was_put_back_even_when_work_went_on)
{
    struct trail t = trail_new();
    char old[800];

    snprintf(old, sizeof old, "%s.old", t.book->path);
    note(t.book, "", "first");
    gw_ledger_close(t.book->ledger);
    copy_file(t.book->path, old);
    book_open(t.book);
    note(t.book, "", "second");
    note(t.book, "", "third");
    gw_ledger_close(t.book->ledger);
    copy_file(old, t.book->path);
    t.book->ledger = NULL;
    struct gw_audit_verdict verdict = verify(&t);
    cr_expect(verdict.first_bad == 2, "%lld: %s", (long long)verdict.first_bad, verdict.what);
    cr_expect(strstr(verdict.what, "old copy") != NULL);

    book_open(t.book);
    for (int i = 0; i < 5; i++)
        note(t.book, "", "another");
    book_reopen(t.book);
    verdict = verify(&t);
    cr_expect(verdict.first_bad == 2 && verdict.last_bad == 3, "%lld to %lld", (long long)verdict.first_bad,
              (long long)verdict.last_bad);
    book_free(t.book);
}

Test(audit, shows_a_checkpoint_by_another_key)
{
    struct trail t = trail_new();
    struct gw_audit_verdict verdict;

    note(t.book, "", "first");
    book_reopen(t.book);
    unlink(t.key);
    note(t.book, "", "second");
    book_reopen(t.book); /* made another */
    verdict = verify(&t);
    cr_expect(verdict.first_bad == 1, "%lld", (long long)verdict.first_bad);
    cr_expect(strstr(verdict.what, "key") != NULL, "%s", verdict.what);
    book_free(t.book);
}

/* ---- no false alarm ------------------------------------------------------------------------------------------ */

enum { STORES = 50 };

static void work_until_killed(const struct book *book)
{
    struct gw_ledger *ledger;

    if (gw_ledger_open(book->path, &ledger, NULL) != GW_OK)
        _exit(1);
    for (int i = 0;; i++) {
        struct gw_decision decision = an_anchor();
        struct gw_audit_point point;

        if (gw_ledger_decide(ledger, &decision, NULL) != GW_OK)
            _exit(1);
        if (i % 3 == 2 && gw_audit_checkpoint(ledger, &point, NULL) != GW_OK)
            _exit(1);
    }
}

Test(audit, raises_no_false_alarm_on_fifty_stores_after_a_kill_and_a_restart)
{
    uint64_t chance = 7;

    for (int i = 0; i < STORES; i++) {
        struct trail t = trail_new();
        int status;

        note(t.book, "", "first");
        gw_ledger_close(t.book->ledger);
        t.book->ledger = NULL;
        const pid_t child = fork();
        if (child == 0)
            work_until_killed(t.book);
        usleep((useconds_t)(10000 + chance_next(&chance) % 60000));
        kill(child, SIGKILL);
        cr_assert(waitpid(child, &status, 0) == child);
        cr_assert(WIFSIGNALED(status), "the child ended by itself");
        book_open(t.book);
        note(t.book, "", "after the restart");
        book_reopen(t.book);
        const struct gw_audit_verdict verdict = verify(&t);
        cr_expect(verdict.first_bad == 0, "store %d, row %lld: %s", i, (long long)verdict.first_bad, verdict.what);
        cr_expect(verdict.covered == verdict.rows && verdict.rows >= 2);
        book_free(t.book);
    }
}

enum { EACH = 60 };

static void append_beside(const struct book *book)
{
    struct gw_ledger *ledger;

    if (gw_ledger_join(book->path, &ledger, NULL) != GW_OK)
        _exit(1);
    for (int i = 0; i < EACH; i++)
        if (gw_audit_note(ledger, &(struct gw_audit_act){.act = "decision", .by = "dm1", .what = "beside"}, NULL) !=
            GW_OK)
            _exit(2);
    gw_ledger_close(ledger);
    _exit(0);
}

Test(audit, is_one_chain_where_a_visitor_appends_beside_the_service)
{
    struct trail t = trail_new();
    int status;

    const pid_t child = fork();
    if (child == 0)
        append_beside(t.book);
    for (int i = 0; i < EACH; i++)
        note(t.book, "ES-017", "of the service");
    cr_assert(waitpid(child, &status, 0) == child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d", status);
    expect_sound(&t, 2 * EACH); /* beside the service, which has not ended */
    book_reopen(t.book);
    expect_sound(&t, 2 * EACH);
    cr_expect(verify(&t).covered == 2 * EACH);
    book_free(t.book);
}
