/*
 * What pulls proved: of each window and type up to when it was read, by how much, and what is missing.
 */
#include "ledger/book.h"

#include "gateway/service/certificate.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct gw_zone *zone;
static struct gw_arena arena = GW_ARENA_INIT(1 << 20);

static void begin(void)
{
    struct gw_error err;

    cr_assert(gw_zone_open("Europe/Madrid", &zone, &err) == GW_OK);
}

static void end(void)
{
    gw_zone_close(zone);
    gw_arena_release(&arena);
}

TestSuite(certificate, .init = begin, .fini = end);

static int64_t at(const char *text)
{
    int64_t nanoseconds;

    if (!text)
        return GW_NEVER;
    cr_assert(gw_instant_read(text, &nanoseconds), "%s", text);
    return nanoseconds / 1000000000;
}

static gw_day day(const char *text)
{
    gw_day out = GW_NO_DAY;

    cr_assert(!text || gw_day_parse(text, &out), "%s", text);
    return out;
}

/* T30-01 lies from 9 to 19 February 2024 and settles 14 days later: on 5 March in Madrid. */
static const struct {
    const char *name;
    struct told {
        const char *query, *low, *high;
        bool part;
        const char *as_of, *gap;
    } told[3];
    enum gw_certified certified;
    const char *as_of, *gap;
} cases[] = {
    {"read on its last day",
     {{"Encounter", "2024-01-01", "2027-01-01", false, "2024-02-19T22:59:59Z", NULL}},
     GW_CERTIFIED_OPEN,
     "2024-02-19T22:59:59Z",
     NULL},
    {"read a second later, on the next day in Madrid",
     {{"Encounter", "2024-01-01", "2027-01-01", false, "2024-02-19T23:00:00Z", NULL}},
     GW_CERTIFIED_READ,
     "2024-02-19T23:00:00Z",
     NULL},
    {"a second before it settles",
     {{"Encounter", "2024-01-01", "2027-01-01", false, "2024-03-04T22:59:59Z", NULL}},
     GW_CERTIFIED_READ,
     "2024-03-04T22:59:59Z",
     NULL},
    {"settled",
     {{"Encounter", "2024-01-01", "2027-01-01", false, "2024-03-04T23:00:00Z", NULL}},
     GW_CERTIFIED_SETTLED,
     "2024-03-04T23:00:00Z",
     NULL},
    {"without bounds",
     {{"Encounter", NULL, NULL, false, "2024-03-06T00:00:00Z", NULL}},
     GW_CERTIFIED_SETTLED,
     "2024-03-06T00:00:00Z",
     NULL},
    {"a later sweep of days that hold it",
     {{"Encounter", "2024-01-01", "2027-01-01", false, "2024-02-09T00:00:00Z", NULL},
      {"Encounter", "2024-02-09", "2027-01-01", true, "2024-02-21T00:00:00Z", NULL}},
     GW_CERTIFIED_READ,
     "2024-02-21T00:00:00Z",
     NULL},
    {"a later sweep of days that cut it proves nothing",
     {{"Encounter", "2024-01-01", "2027-01-01", false, "2024-02-10T00:00:00Z", NULL},
      {"Encounter", "2024-02-10", "2027-01-01", true, "2024-02-21T00:00:00Z", NULL}},
     GW_CERTIFIED_OPEN,
     "2024-02-10T00:00:00Z",
     NULL},
    {"of two searches the earlier counts",
     {{"Encounter", NULL, NULL, false, "2024-03-06T00:00:00Z", NULL},
      {"Encounter?of=another", NULL, NULL, false, "2024-02-21T00:00:00Z", NULL}},
     GW_CERTIFIED_READ,
     "2024-02-21T00:00:00Z",
     NULL},
    {"a search that failed since",
     {{"Encounter", NULL, NULL, false, "2024-03-06T00:00:00Z", "503"}},
     GW_CERTIFIED_GAP,
     "2024-03-06T00:00:00Z",
     "503"},
    {"a search that never succeeded",
     {{"Encounter", NULL, NULL, false, NULL, NULL}, {"Condition", NULL, NULL, false, "2024-03-06T00:00:00Z", NULL}},
     GW_CERTIFIED_GAP,
     NULL,
     "never read"},
    {"a search of days before the window is none of it",
     {{"Encounter", NULL, NULL, false, "2024-03-06T00:00:00Z", NULL},
      {"Encounter?of=before", "2023-10-01", "2024-01-01", false, "2024-01-02T00:00:00Z", NULL}},
     GW_CERTIFIED_SETTLED,
     "2024-03-06T00:00:00Z",
     NULL},
};

static struct gw_readings readings_of(const struct told *told, size_t count)
{
    struct gw_readings out = {gw_arena_alloc(&arena, count * sizeof *out.list), 0};

    for (size_t i = 0; i < count && told[i].query; i++)
        out.list[out.count++] = (struct gw_reading){.query = told[i].query,
                                                    .low = day(told[i].low),
                                                    .high = day(told[i].high),
                                                    .part = told[i].part,
                                                    .as_of = at(told[i].as_of),
                                                    .pages = 1,
                                                    .entries = 10,
                                                    .total = 12,
                                                    .gap = told[i].gap};
    return out;
}

static struct gw_certificate build(const struct gw_schedule_window *windows, size_t count,
                                   const struct gw_readings *readings)
{
    const struct gw_schedule_subject subject = {.zone = zone, .windows = windows, .window_count = count};
    struct gw_certificate certificate;
    struct gw_error err;

    cr_assert(gw_certificate_build(&arena, &gw_schedule_default, &subject, readings, &certificate, &err) == GW_OK);
    return certificate;
}

Test(certificate, P4_says_up_to_when_a_type_was_read_for_a_window)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct gw_schedule_window window = {day("2024-02-09"), day("2024-02-19"), day("2024-02-14"), true,
                                                  GW_NO_DAY,         "T30-01"};
        const struct gw_readings readings = readings_of(cases[i].told, COUNT(cases[i].told));
        const struct gw_certificate certificate = build(&window, 1, &readings);
        const struct gw_certificate_line *line = certificate.list;

        cr_assert(certificate.count > 0, "%s", cases[i].name);
        while (strcmp(line->type, "Encounter") != 0)
            line++;
        cr_expect(line->certified == cases[i].certified, "%s: %s", cases[i].name, gw_certified_name(line->certified));
        cr_expect(line->as_of == at(cases[i].as_of), "%s", cases[i].name);
        cr_expect(gw_same(line->gap, cases[i].gap), "%s: %s", cases[i].name, line->gap);
    }
}

Test(certificate, has_a_line_for_each_window_that_began_and_type_that_is_read)
{
    const struct gw_schedule_window windows[] = {
        {day("2024-02-09"), day("2024-02-19"), day("2024-02-14"), true, GW_NO_DAY, "T30-01"},
        {day("2024-03-10"), day("2024-03-20"), day("2024-03-15"), true, GW_NO_DAY, "T30-02"},
        {day("2024-04-09"), day("2024-04-19"), day("2024-04-14"), true, GW_NO_DAY, "T30-03"}};
    const struct told told[] = {
        {"Observation?category=survey", "2024-01-01", "2027-01-01", false, "2024-03-10T00:00:00Z", NULL},
        {"Observation?category=laboratory", "2024-01-01", "2027-01-01", false, "2024-03-10T00:00:00Z", NULL},
        {"Condition", NULL, NULL, false, "2024-03-10T00:00:00Z", NULL}};
    const struct gw_readings readings = readings_of(told, COUNT(told));
    const struct gw_certificate certificate = build(windows, COUNT(windows), &readings);
    static const char *const types[] = {"Condition", "Observation", "Condition", "Observation"};

    cr_assert(certificate.count == 4);
    for (size_t i = 0; i < 4; i++) {
        cr_expect(certificate.list[i].window == &windows[i / 2]);
        cr_expect(strcmp(certificate.list[i].type, types[i]) == 0);
    }
    cr_expect(certificate.list[0].pages == 1 && certificate.list[0].entries == 10 && certificate.list[0].total == 12);
    cr_expect(certificate.list[1].pages == 2 && certificate.list[1].entries == 20 && certificate.list[1].total == 24);
    cr_expect(build(windows, COUNT(windows), &(struct gw_readings){0}).count == 0, "nothing was read");
}

/* ---- one errand after another ---- */

static struct gw_reading found(const char *query, bool part, const char *as_of, int64_t entries)
{
    return (struct gw_reading){.query = query,
                               .low = part ? day("2024-02-09") : day("2024-01-01"),
                               .high = day("2027-01-01"),
                               .part = part,
                               .as_of = at(as_of),
                               .pages = 1,
                               .entries = entries,
                               .total = entries};
}

static void keep(struct book *book, struct gw_reading reading)
{
    const struct gw_readings more = {&reading, 1};

    BOOK_OK(book, gw_readings_keep(book->ledger, &book->arena, 17, "hm-ehr", &more, &book->err));
}

static struct gw_readings kept(struct book *book, int64_t subject)
{
    struct gw_readings out;

    BOOK_OK(book, gw_readings_of(book->ledger, &book->arena, subject, &out, &book->err));
    return out;
}

Test(certificate, remembers_of_each_search_the_last_whole_reading_and_what_came_since)
{
    struct book *book = book_new();
    struct gw_readings read;
    struct gw_reading changes = found("Encounter", false, "2024-02-20T00:00:00Z", 2);

    changes.changes = true;
    keep(book, found("Encounter", false, "2024-02-09T00:00:00Z", 100));
    keep(book, changes);
    read = kept(book, 17);
    cr_assert(read.count == 1);
    cr_expect(read.list[0].entries == 102 && read.list[0].pages == 2 && read.list[0].total == 100);
    cr_expect(read.list[0].as_of == at("2024-02-20T00:00:00Z") && !read.list[0].gap && !read.list[0].part);
    cr_expect(read.list[0].low == day("2024-01-01") && read.list[0].high == day("2027-01-01"));
    keep(book, found("Encounter", true, "2024-02-21T00:00:00Z", 5));
    read = kept(book, 17);
    cr_assert(read.count == 2);
    cr_expect(!read.list[0].part && read.list[1].part && read.list[1].entries == 5);
    keep(book, found("Encounter", false, "2024-02-22T00:00:00Z", 103));
    read = kept(book, 17);
    cr_assert(read.count == 1, "the whole covers its part");
    cr_expect(read.list[0].entries == 103);
    cr_expect(kept(book, 1).count == 0 && kept(book, 7).count == 0, "of nobody else");
    book_free(book);
}

Test(certificate, keeps_a_gap_until_the_search_succeeds)
{
    struct book *book = book_new();
    struct gw_reading failed = found("Encounter", true, NULL, 0);
    struct gw_readings read;

    failed.gap = "the server answered 503\n";
    keep(book, found("Encounter", false, "2024-02-09T00:00:00Z", 100));
    keep(book, failed);
    read = kept(book, 17);
    cr_assert(read.count == 1);
    cr_expect(gw_same(read.list[0].gap, "the server answered 503 "), "%s", read.list[0].gap);
    cr_expect(read.list[0].as_of == at("2024-02-09T00:00:00Z"), "what was read is still read");
    keep(book, found("Encounter", true, "2024-02-21T00:00:00Z", 5));
    read = kept(book, 17);
    cr_assert(read.count == 2);
    cr_expect(!read.list[0].gap && !read.list[1].gap);
    failed.query = "Condition";
    keep(book, failed);
    read = kept(book, 17);
    cr_assert(read.count == 3);
    cr_expect(read.list[0].as_of == GW_NEVER && read.list[0].gap != NULL, "a search that never succeeded");
    cr_expect(read.list[0].pages == 0 && read.list[0].entries == 0);
    book_free(book);
}

Test(certificate, leaves_out_what_cannot_be_read_of_a_note)
{
    struct book *book = book_new();

    BOOK_OK(book, gw_ledger_note_put(book->ledger, "readings", "17 hm-ehr",
                                     "Encounter\t-\t-\twhole\t2024-02-30T00:00:00Z\t1\t1\t1\t-\n"
                                     "Condition\t-\t-\twhole\t-\t0\t0\t-1\tno\n"
                                     "Procedure\t-\t-\n",
                                     &book->err));
    cr_assert(kept(book, 17).count == 1);
    cr_expect(strcmp(kept(book, 17).list[0].query, "Condition") == 0 && kept(book, 17).list[0].total == -1);
    book_free(book);
}
