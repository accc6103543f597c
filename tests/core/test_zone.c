/*
 * Time zones against glibc's opinion of them, at thousands of instants and on the nights when clocks change.
 */
#include "gateway/core/date.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "core/tzfile.h"
#include "core/tzrule.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define DAY          86400

static struct gw_zone *open_zone(const char *name)
{
    struct gw_zone *zone = NULL;
    struct gw_error err = {0};

    cr_assert(eq(int, gw_zone_open(name, &zone, &err), GW_OK), "%s", err.text);
    return zone;
}

static int64_t at(const char *text)
{
    int64_t nanoseconds = 0;

    cr_assert(gw_instant_read(text, &nanoseconds), "%s", text);
    return nanoseconds / 1000000000;
}

/* The site's clock as seconds from 1970-01-01T00:00. */
static int64_t clock_at(const char *text)
{
    char utc[40];

    snprintf(utc, sizeof utc, "%sZ", text);
    return at(utc);
}

/* Zones without DST, with it on either half of the year, of odd offsets, and the 22 that libical 3.0 has wrong. */
static const char *const zones[] = {
    "Europe/Madrid",
    "Asia/Seoul",
    "Asia/Tokyo",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "UTC",
    "Asia/Tehran",
    "America/Sao_Paulo",
    "Europe/Dublin",
    "Antarctica/Palmer",
    "America/Cuiaba",
    "America/Santiago",
    "America/Coyhaique",
    "America/Punta_Arenas",
    "Pacific/Easter",
    "Africa/Cairo",
    "Pacific/Fiji",
    "Atlantic/Stanley",
    "Asia/Jerusalem",
    "Asia/Bishkek",
    "Pacific/Norfolk",
    "Pacific/Chatham",
    "Asia/Gaza",
    "Asia/Hebron",
    "America/Asuncion",
    "Asia/Damascus",
    "America/Campo_Grande",
    "America/Nuuk",
    "Antarctica/Troll",
};

/* In a process of its own, since glibc's zone belongs to the whole process: the number of instants told differently. */
static int count_differences(const char *tz, int32_t (*ours)(const void *ctx, int64_t utc), const void *ctx,
                             int64_t from, int64_t to, int64_t step)
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0) {
        int differences = 0;

        setenv("TZ", tz, 1);
        tzset();
        for (time_t t = (time_t)from; t < to; t += step) {
            struct tm local;

            localtime_r(&t, &local);
            differences += local.tm_gmtoff != ours(ctx, t);
        }
        _exit(differences < 255 ? differences : 255);
    }
    cr_assert(gt(int, child, 0));
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    cr_assert(eq(int, WIFEXITED(status), 1));
    return WEXITSTATUS(status);
}

static int32_t zone_offset(const void *ctx, int64_t utc)
{
    return gw_zone_offset_at(ctx, utc);
}

Test(zone, has_glibcs_offset_every_few_hours_from_1990_to_2040)
{
    for (size_t i = 0; i < COUNT(zones); i++) {
        struct gw_zone *const zone = open_zone(zones[i]);

        cr_expect(eq(int, count_differences(zones[i], zone_offset, zone, 631152000, 2208988800, 5 * 3600 + 1), 0), "%s",
                  zones[i]);
        gw_zone_close(zone);
    }
}

Test(zone, has_glibcs_offset_in_the_past_and_the_far_future)
{
    for (size_t i = 0; i < COUNT(zones); i++) {
        struct gw_zone *const zone = open_zone(zones[i]);

        cr_expect(eq(int, count_differences(zones[i], zone_offset, zone, -4000000000, 631152000, 2 * DAY + 7), 0), "%s",
                  zones[i]);
        cr_expect(eq(int, count_differences(zones[i], zone_offset, zone, 2208988800, 253402300800, 97 * DAY + 11), 0),
                  "%s", zones[i]);
        gw_zone_close(zone);
    }
}

/* Around each change of 2000 to 2037, to the second. */
Test(zone, changes_at_the_very_second_glibc_does)
{
    for (size_t i = 0; i < COUNT(zones); i++) {
        struct gw_zone *const zone = open_zone(zones[i]);

        for (int64_t hour = 946684800; hour < 2145916800; hour += 3600) {
            if (gw_zone_offset_at(zone, hour) != gw_zone_offset_at(zone, hour + 3600))
                cr_expect(eq(int, count_differences(zones[i], zone_offset, zone, hour, hour + 3600, 1), 0), "%s %lld",
                          zones[i], (long long)hour);
        }
        gw_zone_close(zone);
    }
}

/* Every local second has the offset that leads back to it, but for gaps; and the earlier one in a fold. */
Test(zone, converts_to_utc_and_back)
{
    for (size_t i = 0; i < COUNT(zones); i++) {
        struct gw_zone *const zone = open_zone(zones[i]);

        for (int64_t utc = 631152000; utc < 2208988800; utc += 3 * 3600 - 1) {
            const int64_t local = utc + gw_zone_offset_at(zone, utc);
            const int64_t again = gw_zone_to_utc(zone, local);

            cr_assert(le(i64, again, utc), "%s %lld", zones[i], (long long)utc);
            cr_assert(eq(i64, again + gw_zone_offset_at(zone, again), local), "%s %lld", zones[i], (long long)utc);
        }
        gw_zone_close(zone);
    }
}

static const struct {
    const char *name;
    const char *zone;
    const char *local;
    const char *utc;
} clocks[] = {
    {"before the gap", "Europe/Madrid", "2024-03-31T01:59:59", "2024-03-31T00:59:59Z"},
    {"the gap opens", "Europe/Madrid", "2024-03-31T02:00:00", "2024-03-31T01:00:00Z"},
    {"in the gap", "Europe/Madrid", "2024-03-31T02:30:00", "2024-03-31T01:30:00Z"},
    {"after the gap", "Europe/Madrid", "2024-03-31T03:00:00", "2024-03-31T01:00:00Z"},
    {"before the fold", "Europe/Madrid", "2024-10-27T01:59:59", "2024-10-26T23:59:59Z"},
    {"in the fold", "Europe/Madrid", "2024-10-27T02:30:00", "2024-10-27T00:30:00Z"},
    {"the fold's end", "Europe/Madrid", "2024-10-27T02:59:59", "2024-10-27T00:59:59Z"},
    {"after the fold", "Europe/Madrid", "2024-10-27T03:00:00", "2024-10-27T02:00:00Z"},
    {"New York's gap", "America/New_York", "2024-03-10T02:15:00", "2024-03-10T07:15:00Z"},
    {"New York's fold", "America/New_York", "2024-11-03T01:15:00", "2024-11-03T05:15:00Z"},
    {"half an hour's gap", "Australia/Lord_Howe", "2024-10-06T02:15:00", "2024-10-05T15:45:00Z"},
    {"half an hour's fold", "Australia/Lord_Howe", "2024-04-07T01:45:00", "2024-04-06T14:45:00Z"},
    {"a day that begins at one", "America/Sao_Paulo", "2017-10-15T00:00:00", "2017-10-15T03:00:00Z"},
    {"a midnight that comes twice", "America/Sao_Paulo", "2018-02-17T23:30:00", "2018-02-18T01:30:00Z"},
    {"Samoa's last of Thursday", "Pacific/Apia", "2011-12-29T23:59:59", "2011-12-30T09:59:59Z"},
    {"Samoa's skipped Friday", "Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00Z"},
    {"Samoa's Saturday", "Pacific/Apia", "2011-12-31T00:00:00", "2011-12-30T10:00:00Z"},
    {"winter time that is the odd one", "Europe/Dublin", "2024-10-27T01:30:00", "2024-10-27T00:30:00Z"},
    {"a fold in a later period", "Europe/Madrid", "2524-10-29T02:30:00", "2524-10-29T00:30:00Z"},
    {"a gap in a later period", "Europe/Madrid", "2524-03-26T02:30:00", "2524-03-26T01:30:00Z"},
};

/* Seconds without gw_instant_read, which ends in 2262. */
static int64_t seconds_of(const char *text)
{
    int y, m, d, hh, mm, ss;

    cr_assert(eq(int, sscanf(text, "%d-%d-%dT%d:%d:%d", &y, &m, &d, &hh, &mm, &ss), 6));
    return (int64_t)gw_day_of(y, m, d) * DAY + hh * 3600 + mm * 60 + ss;
}

Test(zone, s15_takes_the_offset_before_a_gap_and_the_first_of_a_fold)
{
    for (size_t i = 0; i < COUNT(clocks); i++) {
        struct gw_zone *const zone = open_zone(clocks[i].zone);

        cr_expect(eq(i64, gw_zone_to_utc(zone, seconds_of(clocks[i].local)), seconds_of(clocks[i].utc)), "%s",
                  clocks[i].name);
        gw_zone_close(zone);
    }
}

static const char *const unknown[] = {
    "",
    "Europe/Nowhere",
    "Europe",
    "europe/madrid",
    "Europe/Madrid ",
    " Europe/Madrid",
    "Europe//Madrid",
    "Europe/",
    "/Europe/Madrid",
    "../etc/passwd",
    "Europe/../Asia/Seoul",
    "Europe/Mad{rid",
    "Europe/Mad[rid",
    "Europe/Mad`rid",
    "/etc/passwd",
    "/usr/share/zoneinfo/Europe/Madrid",
    "tzdata.zi",
    "zone.tab",
    "leapseconds",
    "localtime",
    "posixrules",
    "right/Europe/Madrid",
    "CET-1CEST",
    "+01:00",
    ":Europe/Madrid",
    "Europe/Madrid\n",
    "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

Test(zone, refuses_a_name_it_does_not_know_and_says_it)
{
    for (size_t i = 0; i < COUNT(unknown); i++) {
        struct gw_zone *zone = NULL;
        struct gw_error err = {0};
        char quoted[24];

        snprintf(quoted, sizeof quoted, "\"%.10s", unknown[i]);
        cr_expect(eq(int, gw_zone_open(unknown[i], &zone, &err), GW_ECONFIG), "\"%s\"", unknown[i]);
        cr_expect(eq(ptr, zone, NULL), "\"%s\"", unknown[i]);
        cr_expect(ne(ptr, strstr(err.text, quoted), NULL), "\"%s\": %s", unknown[i], err.text);
    }
    cr_expect(eq(int, gw_zone_open(NULL, &(struct gw_zone *){NULL}, NULL), GW_ECONFIG));
}

Test(zone, keeps_its_name_and_closes_without_one)
{
    struct gw_zone *const zone = open_zone("America/Argentina/ComodRivadavia");

    cr_expect(eq(str, (char *)gw_zone_name(zone), (char *)"America/Argentina/ComodRivadavia"));
    gw_zone_close(zone);
    gw_zone_close(NULL);
}

Test(zone, does_not_care_for_the_processes_zone_or_language)
{
    static const char *const tz[] = {"", "America/New_York", "nonsense", "Asia/Kathmandu"};

    for (size_t i = 0; i < COUNT(tz); i++) {
        struct gw_zone *zone;

        setenv("TZ", tz[i], 1);
        setenv("LC_ALL", i % 2 ? "es_ES.UTF-8" : "C", 1);
        setlocale(LC_ALL, "");
        tzset();
        zone = open_zone("Europe/Madrid");
        cr_expect(eq(i32, gw_zone_offset_at(zone, at("2024-07-01T00:00:00Z")), 7200));
        cr_expect(eq(i64, gw_zone_to_utc(zone, clock_at("2024-01-01T00:00:00")), at("2023-12-31T23:00:00Z")));
        gw_zone_close(zone);
    }
}

static const char *const rules[] = {"CET-1CEST,M3.5.0,M10.5.0/3",
                                    "<+0330>-3:30",
                                    "NST3:30NDT,M3.2.0,M11.1.0",
                                    "IST-1GMT0,M10.5.0,M3.5.0/1",
                                    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
                                    "AAA5BBB,J60,J300/4:30:15",
                                    "AAA-10BBB-12,59,299/0",
                                    "EET-2EEST,M3.4.4/50,M10.4.4/50",
                                    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"};

static int32_t rule_offset(const void *ctx, int64_t utc)
{
    const struct tz_rule *const rule = ctx;
    int year, month, day;
    int64_t latest = INT64_MIN;
    int32_t offset = rule->standard;

    gw_day_split((gw_day)(utc / DAY), &year, &month, &day);
    for (int y = year - 1; rule->has_summer && y <= year + 1; y++) {
        const int64_t on = tz_rule_at(&rule->to_summer, y) - rule->standard;
        const int64_t off = tz_rule_at(&rule->to_standard, y) - rule->summer;

        if (off <= utc && off > latest) {
            latest = off;
            offset = rule->standard;
        }
        if (on <= utc && on >= latest) {
            latest = on;
            offset = rule->summer;
        }
    }
    return offset;
}

Test(zone, reads_rules_as_glibc_does)
{
    for (size_t i = 0; i < COUNT(rules); i++) {
        struct tz_rule rule;

        cr_assert(tz_rule_read((struct gw_slice){rules[i], strlen(rules[i])}, &rule), "%s", rules[i]);
        cr_expect(eq(int, count_differences(rules[i], rule_offset, &rule, 946684800, 2145916800, 3 * 3600 + 1), 0),
                  "%s", rules[i]);
    }
}

/* A compiled zone of one offset (0) and a rule: an empty block of 32-bit data, one of 64-bit data, the rule. */
static size_t compile_rule(const char *rule, char out[256])
{
    static const char block[44 + 10] = {'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4, [50] = 'A', 'A', 'A'};

    memcpy(out, block, sizeof block);
    memcpy(out + sizeof block, block, sizeof block);
    return 2 * sizeof block + (size_t)snprintf(out + 2 * sizeof block, 100, "\n%s\n", rule);
}

/* Where glibc and the standard part: rules whose days reach into the next year. */
static const struct {
    const char *rule;
    const char *utc;
    int32_t offset;
} rule_offsets[] = {
    {"EST5EDT,0/0,J365/25", "2020-01-01T04:59:59Z", -4 * 3600}, /* summer time all year */
    {"EST5EDT,0/0,J365/25", "2021-01-01T05:00:00Z", -4 * 3600},
    {"EST5EDT,0/0,J365/25", "2021-07-01T05:00:00Z", -4 * 3600},
    {"AAA0BBB,M2.5.3,M12.5.6/167", "2021-01-01T12:00:00Z", 3600}, /* 26 December 2020 and nearly a week */
    {"AAA0BBB,M2.5.3,M12.5.6/167", "2021-01-01T21:59:59Z", 3600},
    {"AAA0BBB,M2.5.3,M12.5.6/167", "2021-01-01T22:00:00Z", 0},
    {"AAA0BBB,J61,J365", "2023-03-02T01:59:59Z", 0}, /* J counts no 29 February: 2 March of every year */
    {"AAA0BBB,J61,J365", "2023-03-02T02:00:00Z", 3600},
    {"AAA0BBB,J61,J365", "2024-03-02T01:59:59Z", 0},
    {"AAA0BBB,J61,J365", "2024-03-02T02:00:00Z", 3600},
    {"aaa0bbb,M4.1.0,M10.1.0", "2024-07-01T00:00:00Z", 3600}, /* names in small letters */
    {"", "2021-07-01T00:00:00Z", 0},                          /* no rule at all: what the file holds stays */
    {"AAA-3", "2021-01-01T22:00:00Z", 0}, /* no change is written, so the file's only offset stays */
};

Test(zone, writes_out_a_rule_across_the_year)
{
    for (size_t i = 0; i < COUNT(rule_offsets); i++) {
        const int64_t utc = at(rule_offsets[i].utc);
        char file[256];
        const size_t length = compile_rule(rule_offsets[i].rule, file);
        struct tz_table table = {0};
        int32_t offset = 0;

        cr_assert(eq(int, tz_table_read((struct gw_slice){file, length}, &table, NULL), GW_OK));
        for (size_t j = 0; j < table.count && table.changes[j].at <= utc; j++)
            offset = table.changes[j].offset;
        cr_expect(eq(i32, offset, rule_offsets[i].offset), "%s %s", rule_offsets[i].rule, rule_offsets[i].utc);
        tz_table_release(&table);
    }
}

static const char *const broken_rules[] = {
    "",
    "C",
    "CET",
    "CE-1",
    "<+03-3",
    "CET-1CEST",
    "CET-1CEST,",
    "CET-1CEST,M3.5.0",
    "CET-1CEST,M13.5.0,M10.5.0",
    "CET-1CEST,M3.6.0,M10.5.0",
    "CET-1CEST,M3.5.7,M10.5.0",
    "CET-1CEST,M3.5.0,M10.5.0x",
    "CET-1CEST,J0,J300",
    "CET-1CEST,J1,J366",
    "CET-1CEST,M3.5.0/168,M10.5.0",
    "CET-30",
    "CET30",
    "CET-1:60",
    "CET-1:00:60",
    "CET-1:00:",
    "CET-00001",
    "C[T-1",
    "C{T-1",
    "C=T-1",
    "CET-1CEST,M3.5.0/,M10.5.0",
};

Test(zone, refuses_a_rule_it_cannot_read)
{
    for (size_t i = 0; i < COUNT(broken_rules); i++)
        cr_expect(not(tz_rule_read((struct gw_slice){broken_rules[i], strlen(broken_rules[i])}, &(struct tz_rule){0})),
                  "%s", broken_rules[i]);
}

/* The system's "right" zones count leap seconds: their instants are not those of the rest of the world. */
Test(zone, refuses_a_file_with_leap_seconds)
{
    struct gw_text file = GW_TEXT_INIT(65536);
    struct tz_table table;

    if (gw_text_read_file(&file, "/usr/share/zoneinfo/right/Europe/Madrid", NULL) != GW_OK)
        cr_skip("no such zones on this system");
    cr_expect(eq(int, tz_table_read((struct gw_slice){file.at, file.length}, &table, NULL), GW_ECONFIG));
    gw_text_release(&file);
}

Test(zone, refuses_a_file_cut_anywhere_or_bent)
{
    struct gw_text file = GW_TEXT_INIT(65536);
    struct tz_table table;

    cr_assert(eq(int, gw_text_read_file(&file, "/usr/share/zoneinfo/Europe/Madrid", NULL), GW_OK));
    for (size_t length = 0; length < file.length; length++) {
        char *const cut = malloc(length + 1); /* so that a read past the end shows */

        memcpy(cut, file.at, length);
        cr_expect(eq(int, tz_table_read((struct gw_slice){cut, length}, &table, NULL), GW_ECONFIG), "%zu", length);
        free(cut);
    }
    for (size_t i = 0; i < file.length; i++) { /* some bent files are still files: they must only not break us */
        const char kept = file.at[i];

        file.at[i] = (char)(kept ^ 0xff);
        if (tz_table_read((struct gw_slice){file.at, file.length}, &table, NULL) == GW_OK)
            tz_table_release(&table);
        file.at[i] = kept;
    }
    gw_text_release(&file);
}
