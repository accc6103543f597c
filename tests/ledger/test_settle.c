/*
 * Settling: states, items, revisions, stamps and the outbox, and that what did not change is not written.
 */
#include "gateway/ledger/report.h"
#include "ledger/book.h"

static const char first_day[] = "2024-12-31T10:00:00Z", second_day[] = "2025-01-01T10:00:00Z";

/* A subject with three kept observations. */
static int64_t three(struct book *book)
{
    const int64_t subject = book_enrol(book, "ES-017");

    for (int n = 1; n <= 3; n++)
        book_add(book, subject, "Observation", gw_arena_print(&book->arena, "o-%d", n), "1", "1.2");
    book_keep(book);
    return subject;
}

static struct gw_settled settle_rows(struct book *book, int64_t subject, const char *a, const char *b, const char *at)
{
    const struct gw_kept_facts facts = book_facts(book, subject);
    const struct gw_derived derived = book_derive(book, &facts, GW_STATE_DELIVERED);
    struct gw_rows rows = {0};

    if (a)
        book_row(book, &rows, "o1@T30-01", a);
    if (b)
        book_row(book, &rows, "o2@T30-01", b);
    return book_settle(book, &facts, &derived, &rows, at);
}

static const struct gw_row_observations *row_at(struct book *book, int64_t subject, int64_t revision, const char *id)
{
    struct gw_rows rows;
    int64_t number;

    BOOK_OK(book, gw_ledger_rows(book->ledger, &book->arena, subject, revision, &rows, &number, &book->err));
    return (const struct gw_row_observations *)gw_rows_find(&rows, GW_TABLE_observations, id);
}

Test(settle, moves_every_part_to_its_state)
{
    struct book *book = book_new();
    const int64_t subject = three(book);

    cr_expect(book_equation(book).waiting == 3 && book_equation(book).dirty_subjects == 1);
    const struct gw_settled settled = settle_rows(book, subject, "1.2", NULL, first_day);
    cr_expect(settled.parts_changed == 3);
    const struct gw_equation equation = book_equation(book);
    cr_expect(equation.states[GW_STATE_DELIVERED] == 3 && equation.waiting == 0 && equation.dirty_subjects == 0);
    book_balanced(book, 3);
    book_free(book);
}

Test(settle, numbers_revisions_and_reads_them_back)
{
    struct book *book = book_new();
    const int64_t subject = three(book);

    struct gw_settled settled = settle_rows(book, subject, "1.2", "7", first_day);
    cr_expect(settled.from_revision == 0 && settled.to_revision == 1);
    settled = settle_rows(book, subject, "1.4", "7", second_day);
    cr_expect(settled.from_revision == 1 && settled.to_revision == 2);
    settled = settle_rows(book, subject, "1.4", NULL, second_day);
    cr_expect(settled.from_revision == 2 && settled.to_revision == 3);
    book_reopen(book);
    cr_expect(strcmp(row_at(book, subject, 1, "o1@T30-01")->value_num, "1.2") == 0);
    cr_expect(strcmp(row_at(book, subject, 2, "o1@T30-01")->value_num, "1.4") == 0);
    cr_expect(row_at(book, subject, 2, "o2@T30-01") != NULL && row_at(book, subject, GW_LATEST, "o2@T30-01") == NULL);
    cr_expect(row_at(book, subject, 0, "o1@T30-01") == NULL);
    struct gw_rows rows;
    int64_t number;
    cr_expect(gw_ledger_rows(book->ledger, &book->arena, subject, 9, &rows, &number, &book->err) == GW_EINPUT);
    book_free(book);
}

Test(settle, stamps_what_changed_and_nothing_else)
{
    struct book *book = book_new();
    const int64_t subject = three(book);

    settle_rows(book, subject, "1.2", "7", first_day);
    settle_rows(book, subject, "1.4", "7", second_day);
    const struct gw_row_observations *changed = row_at(book, subject, 2, "o1@T30-01");
    const struct gw_row_observations *kept = row_at(book, subject, 2, "o2@T30-01");
    cr_expect(changed->row_version == 2 && strcmp(changed->mapped_at, second_day) == 0);
    cr_expect(kept->row_version == 1 && strcmp(kept->mapped_at, first_day) == 0);
    cr_expect(strcmp(kept->prov_id, "p1") == 0 && strcmp(kept->rule_set_version, "1.0.0") == 0);
    cr_expect(kept->anchor_version == 1);
    book_free(book);
}

Test(settle, stamps_the_rows_of_the_difference_for_the_sink)
{
    struct book *book = book_new();
    const int64_t subject = three(book);
    const struct gw_kept_facts facts = book_facts(book, subject);
    const struct gw_derived derived = book_derive(book, &facts, GW_STATE_DELIVERED);
    struct gw_rows none = {0}, next = {0};
    struct gw_difference difference;
    struct gw_settled settled;

    book_row(book, &next, "o1@T30-01", "1");
    BOOK_OK(book, gw_difference(&book->arena, &none, &next, &difference, &book->err));
    struct gw_row_observations copy = *(struct gw_row_observations *)difference.changes[0].row;
    difference.changes[0].row = (struct gw_row *)&copy; /* whether or not it is the row itself */
    struct gw_settlement settlement = {.facts = &facts,
                                       .derived = &derived,
                                       .previous = &none,
                                       .next = &next,
                                       .difference = &difference,
                                       .stamp = {.rule_set_version = "1.0.0", .mapped_at = first_day}};
    BOOK_OK(book, gw_ledger_settle(book->ledger, &settlement, &settled, &book->err));
    cr_expect(copy.row_version == 1 && strcmp(copy.mapped_at, first_day) == 0);
    cr_expect(row_at(book, subject, 1, "o1@T30-01")->row_version == 1);
    book_free(book);
}

/* ---- nothing changed, nothing written ---- */

static struct gw_text file_bytes(const char *path)
{
    struct gw_text text = GW_TEXT_INIT((size_t)1 << 30);
    struct gw_error err;

    cr_assert(gw_text_read_file(&text, path, &err) == GW_OK, "%s", err.text);
    return text;
}

Test(settle, writes_nothing_when_nothing_changed)
{
    struct book *book = book_new();
    const int64_t subject = three(book);
    const char *wal = gw_arena_print(&book->arena, "%s-wal", book->path);

    settle_rows(book, subject, "1.2", "7", first_day);
    struct gw_text before[] = {file_bytes(book->path), file_bytes(wal)};
    const struct gw_settled settled = settle_rows(book, subject, "1.2", "7", second_day);
    struct gw_text after[] = {file_bytes(book->path), file_bytes(wal)};
    cr_expect(settled.to_revision == 1 && settled.parts_changed == 0 && settled.items_opened == 0);
    for (int i = 0; i < 2; i++) {
        cr_expect(before[i].length == after[i].length && memcmp(before[i].at, after[i].at, before[i].length) == 0,
                  "file %d grew from %zu to %zu", i, before[i].length, after[i].length);
        gw_text_release(&before[i]);
        gw_text_release(&after[i]);
    }
    book_free(book);
}

/* ---- items ---- */

static struct gw_item an_item(const char *id, size_t fact)
{
    return (struct gw_item){.id = id,
                            .code = "UNIT_MISSING",
                            .fingerprint = "UNIT_MISSING|hm|urn:hm:lab|K||",
                            .blocks = "R",
                            .has_fact = true,
                            .fact = fact,
                            .context = "{}",
                            .suggestion = "",
                            .window_ids = "T30-01;T90-01"};
}

static struct gw_settled settle_items(struct book *book, int64_t subject, struct gw_item *items, size_t count)
{
    const struct gw_kept_facts facts = book_facts(book, subject);
    struct gw_derived derived = book_derive(book, &facts, GW_STATE_HELD);
    struct gw_rows rows = {0};

    derived.items = items;
    derived.item_count = count;
    return book_settle(book, &facts, &derived, &rows, first_day);
}

Test(settle, opens_closes_and_reopens_items)
{
    struct book *book = book_new();
    const int64_t subject = three(book);
    struct gw_item items[] = {an_item("x1", 0), an_item("x2", 1)};
    struct gw_ledger_items list;

    struct gw_settled settled = settle_items(book, subject, items, 2);
    cr_expect(settled.items_opened == 2 && settled.items_closed == 0);
    settled = settle_items(book, subject, items, 2);
    cr_expect(settled.items_opened == 0 && settled.items_closed == 0 && settled.parts_changed == 0);
    settled = settle_items(book, subject, items + 1, 1);
    cr_expect(settled.items_opened == 0 && settled.items_closed == 1);
    cr_expect(book_equation(book).open_items == 1);
    BOOK_OK(book, gw_ledger_items(book->ledger, &book->arena, "x1", false, &list, &book->err));
    cr_assert(list.count == 1);
    cr_expect(strcmp(list.list[0].state, "auto_closed") == 0);
    settled = settle_items(book, subject, items, 2);
    cr_expect(settled.items_opened == 1);
    items[0].suggestion = "{\"unit\":\"10*9/L\"}";
    settled = settle_items(book, subject, items, 2);
    cr_expect(settled.items_opened == 0, "a changed suggestion opens nothing");
    BOOK_OK(book, gw_ledger_items(book->ledger, &book->arena, "x1", false, &list, &book->err));
    cr_expect(strcmp(list.list[0].suggestion, items[0].suggestion) == 0, "and is written");
    cr_expect(book_equation(book).open_items == 2);
    book_free(book);
}

/* ---- blocked ---- */

Test(settle, lets_no_batch_of_a_blocked_subject_leave)
{
    struct book *book = book_new();
    const int64_t subject = three(book);
    struct gw_rows rows = {0};
    struct gw_outbox outbox;

    settle_rows(book, subject, "1.2", NULL, first_day);
    const struct gw_kept_facts facts = book_facts(book, subject);
    struct gw_derived derived = book_derive(book, &facts, GW_STATE_HELD);
    derived.blocked = true;
    derived.next_day = 20000;
    book_row(book, &rows, "o1@T30-01", "9.9");
    const struct gw_settled settled = book_settle(book, &facts, &derived, &rows, second_day);
    cr_expect(settled.from_revision == 1 && settled.to_revision == 1 && settled.parts_changed == 3);
    cr_expect(book_equation(book).blocked_subjects == 1);
    cr_expect(strcmp(row_at(book, subject, GW_LATEST, "o1@T30-01")->value_num, "1.2") == 0);
    BOOK_OK(book, gw_outbox_list(book->ledger, &book->arena, false, &outbox, &book->err));
    cr_expect(outbox.count == 1);
    struct gw_ledger_subjects subjects;
    BOOK_OK(book, gw_ledger_subjects(book->ledger, &book->arena, &subjects, &book->err));
    cr_expect(subjects.list[0].blocked && subjects.list[0].next_day == 20000);
    book_free(book);
}

/* ---- marks ---- */

Test(settle, leaves_the_mark_of_what_came_after_the_facts_were_read)
{
    struct book *book = book_new();
    const int64_t subject = three(book);
    const struct gw_kept_facts facts = book_facts(book, subject);
    const struct gw_derived derived = book_derive(book, &facts, GW_STATE_DELIVERED);
    struct gw_rows rows = {0};
    int64_t next = -1;

    book_add(book, subject, "Observation", "o-4", "1", "1");
    book_keep(book);
    book_settle(book, &facts, &derived, &rows, first_day);
    BOOK_OK(book, gw_ledger_next_dirty(book->ledger, 0, &next, &book->err));
    cr_expect(next == subject);
    cr_expect(book_equation(book).waiting == 1);
    settle_rows(book, subject, NULL, NULL, first_day);
    BOOK_OK(book, gw_ledger_next_dirty(book->ledger, 0, &next, &book->err));
    cr_expect(next == GW_NOBODY);
    book_free(book);
}

/* ---- shared facts ---- */

Test(settle, counts_a_shared_fact_once_in_its_strongest_state)
{
    struct book *book = book_new();
    const struct gw_keep_reference to = {.type = "Medication", .id = "77"};
    static const enum gw_state states[] = {GW_STATE_NOT_IN_SCOPE, GW_STATE_EVIDENCE, GW_STATE_HELD};
    static const enum gw_state wanted[] = {GW_STATE_NOT_IN_SCOPE, GW_STATE_EVIDENCE, GW_STATE_EVIDENCE};
    int64_t subjects[3];

    book_add(book, GW_NOBODY, "Medication", "77", "1", "len");
    for (int i = 0; i < 3; i++) {
        subjects[i] = book_enrol(book, gw_arena_print(&book->arena, "ES-%d", i));
        struct gw_keep_entry *entry = book_add(book, subjects[i], "MedicationRequest", "r", "1", "1");
        entry->references = &to;
        entry->reference_count = 1;
    }
    book_keep(book);
    for (int i = 0; i < 3; i++) {
        const struct gw_kept_facts facts = book_facts(book, subjects[i]);
        const struct gw_derived derived = book_derive(book, &facts, states[i]);
        struct gw_rows rows = {0};
        book_settle(book, &facts, &derived, &rows, first_day);
        book_balanced(book, 4);
        cr_expect(book_sql(book, "SELECT substr(parts, 1, 1) FROM entries WHERE subject = 0") == (int64_t)wanted[i],
                  "after subject %d", i);
        cr_expect(book_settle(book, &facts, &derived, &rows, first_day).parts_changed == 2, "stale facts write again");
    }
    book_free(book);
}

Test(settle, follows_a_reader_that_sees_other_parts)
{
    struct book *book = book_new();
    const int64_t subject = three(book);
    struct gw_kept_facts facts = book_facts(book, subject);
    const unsigned counted = facts.list[0].part_count;

    facts.list[0].part_count = 4;
    const struct gw_derived derived = book_derive(book, &facts, GW_STATE_DELIVERED);
    struct gw_rows rows = {0};
    facts.list[0].part_count = counted;
    book_settle(book, &facts, &derived, &rows, first_day);
    book_balanced(book, 6);
    book_free(book);
}

/* ---- outbox ---- */

Test(settle, queues_batches_until_a_sink_has_them)
{
    struct book *book = book_new();
    const int64_t subject = three(book);
    struct gw_outbox_line line;
    struct gw_outbox outbox;

    settle_rows(book, subject, "1.2", NULL, first_day);
    settle_rows(book, subject, "1.3", NULL, first_day);
    settle_rows(book, subject, "1.4", NULL, first_day);
    BOOK_OK(book, gw_outbox_next(book->ledger, &book->arena, 0, &line, &book->err));
    cr_expect(line.subject == subject && line.from_revision == 0 && line.to_revision == 1 && line.receipt == NULL);
    cr_expect(strcmp(line.study, "lendex") == 0 && strcmp(line.subject_key, "ES-017") == 0);
    BOOK_OK(book, gw_outbox_delivered(book->ledger, subject, 2, "study.db@2", &book->err));
    book_reopen(book);
    BOOK_OK(book, gw_outbox_next(book->ledger, &book->arena, 0, &line, &book->err));
    cr_expect(line.from_revision == 2 && line.to_revision == 3);
    BOOK_OK(book, gw_outbox_next(book->ledger, &book->arena, line.number, &line, &book->err));
    cr_expect(line.number == 0);
    BOOK_OK(book, gw_outbox_list(book->ledger, &book->arena, false, &outbox, &book->err));
    cr_assert(outbox.count == 3);
    cr_expect(strcmp(outbox.lines[1].receipt, "study.db@2") == 0 && outbox.lines[2].receipt == NULL);
    BOOK_OK(book, gw_outbox_list(book->ledger, &book->arena, true, &outbox, &book->err));
    cr_expect(outbox.count == 1 && book_equation(book).pending == 1);
    book_free(book);
}
