/*
 * What the schedule knows after a restart.
 */
#include "ledger/book.h"

#include "gateway/service/savings.h"
#include "service/agenda.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

TestSuite(agenda);

static int64_t instant(const char *text)
{
    int64_t nanoseconds;

    cr_assert(gw_instant_read(text, &nanoseconds));
    return nanoseconds / 1000000000;
}

static bool same_done(const struct gw_schedule_done *a, const struct gw_schedule_done *b)
{
    return a->whole == b->whole && a->full == b->full && a->drugs == b->drugs && a->probe == b->probe &&
           a->hint == b->hint && a->hinted_from == b->hinted_from && a->low == b->low && a->high == b->high;
}

Test(agenda, remembers_of_each_endpoint_what_was_asked_and_when)
{
    const struct gw_schedule_done nothing = GW_SCHEDULE_NOTHING_DONE;
    const struct gw_schedule_done done = {instant("2024-02-01T00:00:01Z"),
                                          instant("2024-02-02T00:00:02Z"),
                                          instant("2024-02-03T00:00:03Z"),
                                          instant("2024-02-04T00:00:04Z"),
                                          GW_NEVER,
                                          GW_NO_DAY,
                                          gw_day_of(2024, 1, 1),
                                          gw_day_of(2027, 2, 3)};
    struct book *book = book_new();
    struct gw_schedule_done read = {0};

    BOOK_OK(book, agenda_done(book->ledger, &book->arena, 7, "hm-ehr", &read, &book->err));
    cr_expect(same_done(&read, &nothing));
    BOOK_OK(book, agenda_keep_done(book->ledger, 7, "hm-ehr", &done, &book->err));
    gw_ledger_close(book->ledger);
    book_open(book);
    BOOK_OK(book, agenda_done(book->ledger, &book->arena, 7, "hm-ehr", &read, &book->err));
    cr_expect(same_done(&read, &done));
    BOOK_OK(book, agenda_done(book->ledger, &book->arena, 7, "hm-lab", &read, &book->err));
    cr_expect(same_done(&read, &nothing));
    BOOK_OK(book, agenda_done(book->ledger, &book->arena, 77, "hm-ehr", &read, &book->err));
    cr_expect(same_done(&read, &nothing));
    book_free(book);
}

/* A derivation of one subject with a baseline and a window, of which nothing may be left. */
struct derivation {
    struct gw_window_rule rules[2];
    struct gw_window windows[2];
    struct gw_row_windows rows[2];
    struct gw_row *list[2];
    struct gw_derived derived;
};

static void derive(struct derivation *d, const char *contact, gw_day cut)
{
    *d = (struct derivation){
        .rules = {{.id = "BASELINE"}, {.id = "T30-%02d", .contact = true}},
        .rows = {{.window_id = "BASELINE"}, {.window_id = "T30-01", .contact_date = contact}},
    };
    d->windows[0] =
        (struct gw_window){.rule = &d->rules[0], .id = "BASELINE", .target = 19737, .low = 19723, .high = 19737};
    d->windows[1] =
        (struct gw_window){.rule = &d->rules[1], .id = "T30-01", .target = 19767, .low = 19762, .high = cut};
    for (size_t i = 0; i < 2; i++)
        d->list[i] = (struct gw_row *)&d->rows[i];
    d->derived.windows = (struct gw_windows){.list = d->windows, .count = 2, .span_low = 19723, .span_high = 19772};
    d->derived.rows.tables[GW_TABLE_windows] = (struct gw_row_list){d->list, 2, 2};
}

static struct gw_schedule_subject windows_of(struct book *book, int64_t subject)
{
    struct gw_schedule_subject out = {.next_day = 4};

    BOOK_OK(book, agenda_windows(book->ledger, &book->arena, subject, &out, &book->err));
    cr_expect(out.next_day == 4, "what is not of windows stays");
    return out;
}

Test(agenda, remembers_the_windows_of_the_last_derivation)
{
    struct book *book = book_new();
    struct gw_schedule_subject read = windows_of(book, 7);
    struct derivation d;

    cr_expect(read.low == GW_NO_DAY && read.high == GW_NO_DAY && read.window_count == 0);
    derive(&d, "2024-02-12", 19772);
    BOOK_OK(book, agenda_keep_windows(book->ledger, &book->arena, 7, &d.derived, &book->err));
    read = windows_of(book, 7);
    cr_expect(read.low == 19723 && read.high == 19772);
    cr_assert(read.window_count == 2);
    cr_expect(read.windows[0].low == 19723 && read.windows[0].high == 19737 && read.windows[0].target == 19737);
    cr_expect(!read.windows[0].contact_needed && read.windows[0].contact == GW_NO_DAY);
    cr_expect(read.windows[1].low == 19762 && read.windows[1].high == 19772 && read.windows[1].target == 19767);
    cr_expect_str_eq(read.windows[1].id, "T30-01");
    cr_expect(read.windows[1].contact_needed && read.windows[1].contact == gw_day_of(2024, 2, 12));
    derive(&d, NULL, 19761); /* died before it opened */
    BOOK_OK(book, agenda_keep_windows(book->ledger, &book->arena, 7, &d.derived, &book->err));
    cr_expect(windows_of(book, 7).window_count == 1);
    d.derived.windows = (struct gw_windows){.span_low = GW_NO_DAY, .span_high = GW_NO_DAY};
    BOOK_OK(book, agenda_keep_windows(book->ledger, &book->arena, 7, &d.derived, &book->err));
    cr_expect(windows_of(book, 7).low == GW_NO_DAY);
    book_free(book);
}

Test(agenda, takes_a_note_that_cannot_be_read_for_none)
{
    static const char *const texts[] = {"",
                                        "2024-01-01",
                                        "2024-01-01 2024-02-30\n",
                                        "2024-01-01 2024-02-20\n2024-02-09 2024-02-19 2024-02-14 c 2024-02-12\n",
                                        "2024-01-01 2024-02-20\n2024-02-09 2024-02-19 2024-02-14 c never T30-01\n",
                                        "2024-01-01 2024-02-20\n2024-02-09 2024-02-19 - c - T30-01\n",
                                        "2024-01-01 2024-02-20 2024-02-20\n",
                                        "- -\n",
                                        "2024-01-01  2024-02-20\n"};
    const struct gw_schedule_done nothing = GW_SCHEDULE_NOTHING_DONE;
    struct book *book = book_new();

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct gw_schedule_done done = {0};
        struct gw_schedule_subject read;

        BOOK_OK(book, gw_ledger_note_put(book->ledger, "windows", "7", texts[i], &book->err));
        BOOK_OK(book, gw_ledger_note_put(book->ledger, "schedule", "7 e", texts[i], &book->err));
        read = windows_of(book, 7);
        cr_expect(read.low == GW_NO_DAY && read.high == GW_NO_DAY && read.window_count == 0, "%s", texts[i]);
        BOOK_OK(book, agenda_done(book->ledger, &book->arena, 7, "e", &done, &book->err));
        cr_expect(same_done(&done, &nothing), "%s", texts[i]);
    }
    book_free(book);
}

Test(agenda, adds_up_requests_sent_and_spared_of_each_endpoint)
{
    struct book *book = book_new();
    struct gw_savings read;

    BOOK_OK(book, gw_savings(book->ledger, &book->arena, "hm-ehr", &read, &book->err));
    cr_expect(read.sent == 0 && read.plain == 0);
    BOOK_OK(book, gw_savings_add(book->ledger, &book->arena, "hm-ehr", &(struct gw_savings){12, 48}, &book->err));
    BOOK_OK(book, gw_savings_add(book->ledger, &book->arena, "hm-ehr", &(struct gw_savings){1, 0}, &book->err));
    BOOK_OK(book, gw_savings(book->ledger, &book->arena, "hm-ehr", &read, &book->err));
    cr_expect(read.sent == 13 && read.plain == 48);
    BOOK_OK(book, gw_savings(book->ledger, &book->arena, "hm-lab", &read, &book->err));
    cr_expect(read.sent == 0 && read.plain == 0);
    book_free(book);
}
