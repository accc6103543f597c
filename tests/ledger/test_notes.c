/*
 * Durable notes: by space and name, put over, forgotten, there again after a restart.
 */
#include "gateway/ledger/notes.h"
#include "ledger/book.h"

static const char *note_of(struct book *book, const char *space, const char *name)
{
    const char *text = "unset";

    BOOK_OK(book, gw_ledger_note(book->ledger, &book->arena, space, name, &text, &book->err));
    return text;
}

static void put(struct book *book, const char *space, const char *name, const char *text)
{
    BOOK_OK(book, gw_ledger_note_put(book->ledger, space, name, text, &book->err));
}

Test(notes, are_there_again_after_a_restart)
{
    struct book *book = book_new();

    put(book, "circuit", "hm-ehr", "{\"state\":\"backoff\"}");
    gw_ledger_close(book->ledger);
    book_open(book);
    cr_expect_str_eq(note_of(book, "circuit", "hm-ehr"), "{\"state\":\"backoff\"}");
    cr_expect_null(note_of(book, "circuit", "hx-ehr"));
    cr_expect_null(note_of(book, "bulk", "hm-ehr"), "spaces are apart");
    book_free(book);
}

Test(notes, are_put_over_and_forgotten)
{
    struct book *book = book_new();

    put(book, "circuit", "hm-ehr", "a");
    put(book, "circuit", "hm-ehr", "b");
    cr_expect_str_eq(note_of(book, "circuit", "hm-ehr"), "b");
    put(book, "circuit", "hm-ehr", NULL);
    cr_expect_null(note_of(book, "circuit", "hm-ehr"));
    put(book, "circuit", "hm-ehr", NULL); /* forgetting what is not there is nothing */
    book_free(book);
}

Test(notes, of_a_space_come_by_name)
{
    struct book *book = book_new();
    struct gw_ledger_notes notes = {0};

    put(book, "hint", "b", "2");
    put(book, "hint", "a", "1");
    put(book, "other", "c", "3");
    BOOK_OK(book, gw_ledger_notes(book->ledger, &book->arena, "hint", &notes, &book->err));
    cr_assert(notes.count == 2);
    cr_expect_str_eq(notes.list[0].name, "a");
    cr_expect_str_eq(notes.list[0].text, "1");
    cr_expect_str_eq(notes.list[1].name, "b");
    book_free(book);
}

Test(notes, come_by_the_beginning_of_their_names)
{
    static const struct {
        const char *prefix;
        size_t count;
        const char *first;
    } cases[] = {{"1 ", 2, "1 a"}, {"1", 3, "1 a"}, {"12", 1, "12 a"}, {"2", 1, "2"}, {"3", 0, NULL}, {"", 4, "1 a"}};
    struct book *book = book_new();

    put(book, "hint", "2", "x");
    put(book, "hint", "12 a", "x");
    put(book, "hint", "1 \xF0\x9F\x98\x80", "x");
    put(book, "hint", "1 a", "x");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gw_ledger_notes notes = {0};

        BOOK_OK(book, gw_ledger_notes_under(book->ledger, &book->arena, "hint", cases[i].prefix, &notes, &book->err));
        cr_assert(notes.count == cases[i].count, "\"%s\": %zu", cases[i].prefix, notes.count);
        cr_expect(notes.count == 0 || strcmp(notes.list[0].name, cases[i].first) == 0);
    }
    book_free(book);
}

Test(notes, that_are_too_long_are_refused_and_change_nothing)
{
    struct book *book = book_new();
    char *text = malloc(GW_NOTE_MAX_BYTES + 2);

    memset(text, 'x', GW_NOTE_MAX_BYTES + 1);
    text[GW_NOTE_MAX_BYTES + 1] = '\0';
    put(book, "hint", "a", "1");
    cr_expect(gw_ledger_note_put(book->ledger, "hint", "a", text, &book->err) == GW_ENOMEM);
    cr_expect_str_eq(note_of(book, "hint", "a"), "1");
    free(text);
    book_free(book);
}
