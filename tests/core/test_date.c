/*
 * Partial dates, and what FHIR's texts can mean in a site's zone.
 */
#include "gateway/core/date.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct gw_zone *open_zone(const char *name)
{
    struct gw_zone *zone = NULL;
    struct gw_error err = {0};

    cr_assert(eq(int, gw_zone_open(name, &zone, &err), GW_OK), "%s", err.text);
    return zone;
}

static const struct {
    int year, month, day;
    gw_day number;
} days[] = {
    {1970, 1, 1, 0},          {1969, 12, 31, -1},       {2000, 2, 29, 11016},       {1900, 3, 1, -25508},
    {2024, 1, 15, 19737},     {1, 1, 1, GW_DAY_MIN},    {9999, 12, 31, GW_DAY_MAX}, {1900, 2, 29, GW_NO_DAY},
    {2023, 2, 29, GW_NO_DAY}, {2024, 2, 30, GW_NO_DAY}, {2024, 4, 31, GW_NO_DAY},   {2024, 0, 1, GW_NO_DAY},
    {2024, 13, 1, GW_NO_DAY}, {2024, 1, 0, GW_NO_DAY},  {0, 1, 1, GW_NO_DAY},       {10000, 1, 1, GW_NO_DAY},
    {2024, -1, 5, GW_NO_DAY},
};

Test(date, numbers_days_from_1970)
{
    for (size_t i = 0; i < COUNT(days); i++)
        cr_expect(eq(int, gw_day_of(days[i].year, days[i].month, days[i].day), days[i].number), "%d-%d-%d",
                  days[i].year, days[i].month, days[i].day);
}

Test(date, splits_every_day_into_the_next_one_of_the_calendar)
{
    int year = 1;
    int month = 1;
    int day = 1;

    for (gw_day number = GW_DAY_MIN; number <= GW_DAY_MAX; number++) {
        int y, m, d;

        gw_day_split(number, &y, &m, &d);
        cr_assert(y == year && m == month && d == day, "%d: %d-%d-%d", number, y, m, d);
        cr_assert(gw_day_of(y, m, d) == number, "%d", number);
        if (gw_day_of(year, month, ++day) == GW_NO_DAY) {
            day = 1;
            if (++month == 13) {
                month = 1;
                year++;
            }
        }
    }
}

static const struct {
    const char *from;
    int months;
    const char *to;
} additions[] = {
    {"2024-01-15", 36, "2027-01-15"}, {"2024-01-31", 1, "2024-02-29"},
    {"2023-01-31", 1, "2023-02-28"},  {"2024-03-31", -1, "2024-02-29"},
    {"2024-12-31", 2, "2025-02-28"},  {"2024-01-15", -1, "2023-12-15"},
    {"2024-02-29", 12, "2025-02-28"}, {"2024-02-29", -48, "2020-02-29"},
    {"2024-05-31", 0, "2024-05-31"},  {"9999-12-31", 1, ""},
    {"0001-01-01", -1, ""},           {"2024-01-01", INT32_MAX, ""},
    {"2024-01-01", INT32_MIN, ""},
};

Test(date, adds_months_and_clips_to_their_end)
{
    for (size_t i = 0; i < COUNT(additions); i++) {
        gw_day day;
        char text[11];

        cr_assert(gw_day_parse(additions[i].from, &day));
        gw_day_print(gw_day_add_months(day, additions[i].months), text);
        cr_expect(eq(str, text, (char *)additions[i].to), "%s + %d", additions[i].from, additions[i].months);
    }
    cr_expect(eq(int, gw_day_add_months(GW_NO_DAY, 1), GW_NO_DAY));
}

Test(date, parses_exactly_a_day)
{
    static const char *const refused[] = {"",
                                          "2024",
                                          "2024-01",
                                          "2024-1-5",
                                          "2024-01-05 ",
                                          "2024-02-30",
                                          "2024-01-05Z",
                                          " 2024-01-05",
                                          "20240105",
                                          "2024-01-05T",
                                          "0000-01-01",
                                          "-001-01-01",
                                          "2024-01-5x",
                                          "2024-01-05T10:00:00Z"};
    gw_day day = 42;

    for (size_t i = 0; i < COUNT(refused); i++)
        cr_expect(not(gw_day_parse(refused[i], &day)), "%s", refused[i]);
    cr_expect(eq(int, day, 42));
    cr_assert(gw_day_parse("2024-01-15", &day));
    cr_expect(eq(int, day, 19737));
}

/* Times and days in Madrid, one hour ahead in winter and two in summer. */
static const struct {
    const char *text;
    enum gw_precision precision;
    const char *first;
    const char *last;
    int32_t second_of_day;
    int32_t nanosecond;
    int64_t utc;
} readings[] = {
    {"2024", GW_PRECISION_YEAR, "2024-01-01", "2024-12-31", -1, 0, 1704063600},
    {"2024-02", GW_PRECISION_MONTH, "2024-02-01", "2024-02-29", -1, 0, 1706742000},
    {"2023-02", GW_PRECISION_MONTH, "2023-02-01", "2023-02-28", -1, 0, 1675206000},
    {"2024-12", GW_PRECISION_MONTH, "2024-12-01", "2024-12-31", -1, 0, 1733007600},
    {"2024-07-14", GW_PRECISION_DAY, "2024-07-14", "2024-07-14", -1, 0, 1720908000},
    {"0001", GW_PRECISION_YEAR, "0001-01-01", "0001-12-31", -1, 0, -62135595916},
    {"9999-12-31", GW_PRECISION_DAY, "9999-12-31", "9999-12-31", -1, 0, 253402210800},
    {"2024-01-15T10:20:30Z", GW_PRECISION_SECOND, "2024-01-15", "2024-01-15", 40830, 0, 1705314030},
    {"2024-01-15T10:20:30+01:00", GW_PRECISION_SECOND, "2024-01-15", "2024-01-15", 37230, 0, 1705310430},
    {"2024-07-15T10:20:30+02:00", GW_PRECISION_SECOND, "2024-07-15", "2024-07-15", 37230, 0, 1721031630},
    {"2024-01-15T10:20:30-00:00", GW_PRECISION_SECOND, "2024-01-15", "2024-01-15", 40830, 0, 1705314030},
    {"2024-01-15T10:20:30.5Z", GW_PRECISION_SECOND, "2024-01-15", "2024-01-15", 40830, 500000000, 1705314030},
    {"2024-01-15T10:20:30.123456789Z", GW_PRECISION_SECOND, "2024-01-15", "2024-01-15", 40830, 123456789, 1705314030},
    {"2024-01-15T10:20:30.1234567899999Z", GW_PRECISION_SECOND, "2024-01-15", "2024-01-15", 40830, 123456789,
     1705314030},
    {"2024-01-15T10:20Z", GW_PRECISION_SECOND, "2024-01-15", "2024-01-15", 40800, 0, 1705314000},
    {"2024-01-15T10:20+14:00", GW_PRECISION_SECOND, "2024-01-14", "2024-01-14", 76800, 0, 1705263600},
    {"2024-01-15T10:20:30-14:00", GW_PRECISION_SECOND, "2024-01-16", "2024-01-16", 4830, 0, 1705364430},
    {"2016-12-31T23:59:60Z", GW_PRECISION_SECOND, "2017-01-01", "2017-01-01", 3599, 0, 1483228799},
    {"1969-12-31T23:59:59.999999999Z", GW_PRECISION_SECOND, "1970-01-01", "1970-01-01", 3599, 999999999, -1},
    {"9999-12-31T22:59:59Z", GW_PRECISION_SECOND, "9999-12-31", "9999-12-31", 86399, 0, 253402297199},
};

Test(date, s15_reads_every_form_of_a_fhir_date)
{
    struct gw_zone *const madrid = open_zone("Europe/Madrid");

    for (size_t i = 0; i < COUNT(readings); i++) {
        const char *const text = readings[i].text;
        struct gw_when when;
        char first[11];
        char last[11];

        cr_assert(eq(int, gw_when_read(text, madrid, false, &when), GW_DATE_OK), "%s", text);
        gw_day_print(when.first, first);
        gw_day_print(when.last, last);
        cr_expect(eq(int, when.precision, readings[i].precision), "%s", text);
        cr_expect(eq(str, first, (char *)readings[i].first), "%s", text);
        cr_expect(eq(str, last, (char *)readings[i].last), "%s", text);
        cr_expect(eq(i32, when.second_of_day, readings[i].second_of_day), "%s", text);
        cr_expect(eq(i32, when.nanosecond, readings[i].nanosecond), "%s", text);
        cr_expect(eq(i64, when.utc, readings[i].utc), "%s", text);
        cr_expect(eq(ptr, (void *)when.text, (void *)text), "%s", text);
    }
    gw_zone_close(madrid);
}

static const char *const malformed[] = {
    "",
    "24",
    "202",
    "20240",
    "0000",
    "2024-",
    "2024-1",
    "2024-00",
    "2024-13",
    "2024-01-",
    "2024-01-00",
    "2024-02-30",
    "2023-02-29",
    "2024-01-32",
    "2024/01/15",
    "15.01.2024",
    "20240115",
    "2024-01-15T",
    "2024-01-15T10",
    "2024-01-15T10Z",
    "2024-01-15T1:00Z",
    "2024-01-15T10:0Z",
    "2024-01-15T10:00:0Z",
    "2024-01-15T10:00:Z",
    "2024-01-15 10:00:00Z",
    "2024-01-15t10:00:00Z",
    "2024-01-15T10:00:00z",
    "2024-01-15T24:00:00Z",
    "2024-01-15T23:60:00Z",
    "2024-01-15T23:59:61Z",
    "2024-01-15T10:00:00.Z",
    "2024-01-15T10:00.5Z",
    "2024-01-15T10:00:00,5Z",
    "2024-01-15T10:00:00+1:00",
    "2024-01-15T10:00:00+01",
    "2024-01-15T10:00:00+01:0",
    "2024-01-15T10:00:00+0100",
    "2024-01-15T10:00:00+14:01",
    "2024-01-15T10:00:00-15:00",
    "2024-01-15T10:00:00+01:60",
    "2024-01-15T10:00:00Z ",
    "2024-01-15T10:00:00ZZ",
    " 2024-01-15",
    "2024-01-15T25:00:00",
    "2024-01T10:00:00Z",
    "2024T10:00:00Z",
    "-2024-01-15",
    "2024-01-15T-1:00:00Z",
    "9999-12-31T23:59:59Z", /* in Madrid that is the year 10000 */
};

Test(date, s15_refuses_what_is_no_fhir_date)
{
    struct gw_zone *const madrid = open_zone("Europe/Madrid");

    for (size_t i = 0; i < COUNT(malformed); i++) {
        struct gw_when when;

        cr_expect(eq(int, gw_when_read(malformed[i], madrid, true, &when), GW_DATE_MALFORMED), "%s", malformed[i]);
        cr_expect(eq(int, when.precision, GW_PRECISION_NONE), "%s", malformed[i]);
        cr_expect(eq(int, when.first, GW_NO_DAY), "%s", malformed[i]);
        cr_expect(eq(int, when.second_of_day, -1), "%s", malformed[i]);
    }
    cr_expect(eq(int, gw_when_read(NULL, madrid, true, &(struct gw_when){0}), GW_DATE_MALFORMED));
    gw_zone_close(madrid);
}

/* Rows W021 to W027 of the visit-window cases, and a few more at the edges of a day. */
static const struct {
    const char *name;
    const char *zone;
    const char *text;
    const char *local;
} local_days[] = {
    {"W021, 00:30 local", "Europe/Madrid", "2024-02-08T23:30:00Z", "2024-02-09"},
    {"W022, 23:59:59 local", "Europe/Madrid", "2024-02-08T22:59:59Z", "2024-02-08"},
    {"W023, 00:30 local", "Europe/Madrid", "2024-02-19T23:30:00Z", "2024-02-20"},
    {"W024, 23:30 local", "Europe/Madrid", "2024-02-19T23:30:00+01:00", "2024-02-19"},
    {"W025, 00:00 local", "Asia/Seoul", "2024-02-08T15:00:00Z", "2024-02-09"},
    {"W026, 23:59:59 local", "Asia/Seoul", "2024-02-08T14:59:59Z", "2024-02-08"},
    {"W027, the night of the change", "Europe/Madrid", "2024-03-31T00:30:00Z", "2024-03-31"},
    {"summer, two hours ahead", "Europe/Madrid", "2024-07-01T22:00:00Z", "2024-07-02"},
    {"the hour before a short day", "Europe/Madrid", "2024-03-30T22:59:59Z", "2024-03-30"},
    {"a long day's last second", "Europe/Madrid", "2024-10-27T22:59:59Z", "2024-10-27"},
    {"Samoa before its skipped day", "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29"},
    {"Samoa after its skipped day", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"},
    {"before 1970", "Europe/Madrid", "1960-05-05T12:00:00Z", "1960-05-05"},
    {"45 minutes count", "Asia/Kathmandu", "2024-02-08T18:15:00Z", "2024-02-09"},
    {"14 hours ahead", "Pacific/Kiritimati", "2024-02-08T10:00:00Z", "2024-02-09"},
};

Test(date, places_an_instant_on_the_day_of_the_site)
{
    for (size_t i = 0; i < COUNT(local_days); i++) {
        struct gw_zone *const zone = open_zone(local_days[i].zone);
        struct gw_when when;
        char day[11];

        cr_assert(eq(int, gw_when_read(local_days[i].text, zone, false, &when), GW_DATE_OK), "%s", local_days[i].name);
        gw_day_print(when.first, day);
        cr_expect(eq(str, day, (char *)local_days[i].local), "%s", local_days[i].name);
        cr_expect(eq(int, when.last, when.first), "%s", local_days[i].name);
        gw_zone_close(zone);
    }
}

/* W028, and the rule of a site that cures it. */
Test(date, reads_a_time_without_offset_only_by_the_sites_clock)
{
    static const struct {
        const char *text;
        int64_t utc;
        int32_t second_of_day;
    } cases[] = {
        {"2024-02-14T10:00:00", 1707901200, 36000},
        {"2024-07-14T10:00", 1720944000, 36000},
        {"2024-03-31T02:30:00", 1711848600, 12600},   /* does not exist: 03:30 by the offset before the gap */
        {"2024-10-27T02:30:00.25", 1729989000, 9000}, /* comes twice: the first */
    };
    struct gw_zone *const madrid = open_zone("Europe/Madrid");

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gw_when when;

        cr_expect(eq(int, gw_when_read(cases[i].text, madrid, false, &when), GW_DATE_WITHOUT_OFFSET), "%s",
                  cases[i].text);
        cr_expect(eq(int, when.first, GW_NO_DAY), "%s", cases[i].text);
        cr_expect(eq(int, gw_when_read(cases[i].text, madrid, true, &when), GW_DATE_OK), "%s", cases[i].text);
        cr_expect(eq(i64, when.utc, cases[i].utc), "%s", cases[i].text);
        cr_expect(eq(i32, when.second_of_day, cases[i].second_of_day), "%s", cases[i].text);
    }
    gw_zone_close(madrid);
}

static const struct {
    const char *a;
    const char *b;
    int order;
} orders[] = {
    {"2024", "2025", -1},
    {"2024", "2024-01", -1},
    {"2024-01", "2024-01-01", -1},
    {"2024-01-01", "2024-01-01T00:00:00+01:00", -1},
    {"2024-01-01", "2024-01-01T00:00:00Z", -1},
    {"2024-02", "2024-01-31", 1},
    {"2024-01-01T10:00:00Z", "2024-01-01T11:00:00+01:00", 0},
    {"2024-01-01T10:00:00Z", "2024-01-01T10:00:00.000Z", 0},
    {"2024-01-01T10:00:00.1Z", "2024-01-01T10:00:00.09Z", 1},
    {"no date", "0001-01-01", -1},
    {"no date", "", 0},
};

Test(date, orders_by_first_instant_then_by_precision)
{
    struct gw_zone *const madrid = open_zone("Europe/Madrid");

    for (size_t i = 0; i < COUNT(orders); i++) {
        struct gw_when a;
        struct gw_when b;

        gw_when_read(orders[i].a, madrid, false, &a);
        gw_when_read(orders[i].b, madrid, false, &b);
        cr_expect(eq(int, gw_when_compare(&a, &b), orders[i].order), "%s, %s", orders[i].a, orders[i].b);
        cr_expect(eq(int, gw_when_compare(&b, &a), -orders[i].order), "%s, %s", orders[i].b, orders[i].a);
    }
    gw_zone_close(madrid);
}

Test(date, reads_an_instant_in_nanoseconds)
{
    static const struct {
        const char *text;
        bool read;
        int64_t nanoseconds;
    } cases[] = {
        {"1970-01-01T00:00:00Z", true, 0},
        {"1970-01-01T01:00:00.000000001+01:00", true, 1},
        {"1969-12-31T23:59:59.5Z", true, -500000000},
        {"2024-02-08T23:30:00.123Z", true, 1707435000123000000},
        {"2262-04-11T23:47:16.854775807Z", true, INT64_MAX},
        {"2262-04-11T23:47:16.854775808Z", false, 0},
        {"1600-01-01T00:00:00Z", false, 0},
        {"9999-12-31T23:59:59Z", false, 0},
        {"2024-02-08", false, 0},
        {"2024-02-08T23:30:00", false, 0},
        {"", false, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t nanoseconds = 42;

        cr_expect(eq(int, gw_instant_read(cases[i].text, &nanoseconds), cases[i].read), "%s", cases[i].text);
        cr_expect(eq(i64, nanoseconds, cases[i].read ? cases[i].nanoseconds : 42), "%s", cases[i].text);
    }
}

static const struct {
    int64_t utc;
    const char *text, *madrid;
} instants[] = {
    {0, "1970-01-01T00:00:00Z", "1970-01-01"},          {-1, "1969-12-31T23:59:59Z", "1970-01-01"},
    {1709247599, "2024-02-29T22:59:59Z", "2024-02-29"}, {1709247600, "2024-02-29T23:00:00Z", "2024-03-01"},
    {1719784800, "2024-06-30T22:00:00Z", "2024-07-01"},
};

Test(date, prints_an_instant_and_names_the_day_it_is_somewhere)
{
    struct gw_zone *const madrid = open_zone("Europe/Madrid");

    for (size_t i = 0; i < COUNT(instants); i++) {
        char text[GW_INSTANT_BYTES], day[11];
        int64_t nanoseconds = 0;

        gw_instant_print(instants[i].utc, text);
        cr_expect(eq(str, text, (char *)instants[i].text));
        cr_expect(gw_instant_read(text, &nanoseconds));
        cr_expect(eq(i64, nanoseconds / 1000000000, instants[i].utc));
        gw_day_print(gw_zone_day_at(madrid, instants[i].utc), day);
        cr_expect(eq(str, day, (char *)instants[i].madrid), "%s", instants[i].text);
    }
    gw_zone_close(madrid);
}

Test(date, takes_the_earlier_of_two_days_or_the_one_there_is)
{
    static const struct {
        gw_day a, b, earlier;
    } pairs[] = {
        {3, 5, 3}, {4, 4, 4}, {-2, 1, -2}, {GW_NO_DAY, 5, 5}, {GW_NO_DAY, GW_NO_DAY, GW_NO_DAY},
    };

    for (size_t i = 0; i < COUNT(pairs); i++) {
        cr_expect(eq(int, gw_day_earlier(pairs[i].a, pairs[i].b), pairs[i].earlier), "%zu", i);
        cr_expect(eq(int, gw_day_earlier(pairs[i].b, pairs[i].a), pairs[i].earlier), "%zu, turned round", i);
    }
}
