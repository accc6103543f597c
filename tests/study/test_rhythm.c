/*
 * Rhythms: what a Timing of FHIR says of the days of doses, and which days these are. Day 0 is Monday, 2024-01-15.
 * A rhythm is written as the days of its round, the days of doses among them as bits in hexadecimal, and the intakes on
 * such a day; "b21" 21 days in a row; "?" it is not known.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "study/dose.h"
#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(rhythm, .init = start, .fini = stop);

static struct rhythm read_timing(const char *timing, const char *first)
{
    subject_add(&s,
                "{'resourceType':'MedicationStatement','id':'m%zu','status':'active','subject':{'reference':"
                "'Patient/p1'},'medicationCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':"
                "'L04AX04'}]},'dosage':[{%s}]}",
                s.count, timing);
    return rhythm_read(&s.facts[s.count - 1].use.dosages[0].schedule, subject_day(first));
}

static const char *written(const struct rhythm *rhythm)
{
    if (!rhythm->known)
        return "?";
    return gw_arena_print(&s.arena, rhythm->block ? "%d/%x*%d b%d" : "%d/%x*%d", rhythm->every, rhythm->days,
                          rhythm->times, rhythm->block);
}

#define REPEAT(members)        "'timing':{'repeat':{" members "}}"
#define EVERY(n, period, unit) REPEAT("'frequency':" #n ",'period':" #period ",'periodUnit':'" unit "'")
#define CODE(code)             "'timing':{'code':{'coding':[{'code':'" code "'}]}}"

static const struct {
    const char *what, *timing, *rhythm, *name;
} timings[] = {
    {"daily", EVERY(1, 1, "d"), "1/1*1", "QD"},
    {"twice", EVERY(2, 1, "d"), "1/1*2", "BID"},
    {"three times", EVERY(3, 1, "d"), "1/1*3", "TID"},
    {"four times", EVERY(4, 1, "d"), "1/1*4", "QID"},
    {"five times", EVERY(5, 1, "d"), "1/1*5", "5 TIMES PER DAY"},
    {"six times", EVERY(6, 1, "d"), "1/1*6", "6 TIMES PER DAY"},
    {"seven times has no term", EVERY(7, 1, "d"), "1/1*7", ""},
    {"every other day", EVERY(1, 2, "d"), "2/1*1", "QOD"},
    {"two days of three", EVERY(2, 3, "d"), "3/3*1", ""},
    {"weekly", EVERY(1, 1, "wk"), "7/1*1", "QS"},
    {"twice a week", EVERY(2, 1, "wk"), "7/9*1", "BIS"},
    {"three times a week", EVERY(3, 1, "wk"), "7/15*1", "TIS"},
    {"four times a week", EVERY(4, 1, "wk"), "7/2b*1", "4 TIMES PER WEEK"},
    {"five times a week", EVERY(5, 1, "wk"), "7/37*1", "5 TIMES PER WEEK"},
    {"six times a week", EVERY(6, 1, "wk"), "7/3f*1", ""},
    {"seven times a week is daily", EVERY(7, 1, "wk"), "1/1*1", "QD"},
    {"fourteen times a week is twice daily", EVERY(14, 1, "wk"), "1/1*2", "BID"},
    {"ten times a week", EVERY(10, 1, "wk"), "?", ""},
    {"every two weeks", EVERY(1, 2, "wk"), "14/1*1", "Q2S"},
    {"every three weeks", EVERY(1, 3, "wk"), "21/1*1", "Q3S"},
    {"every four weeks", EVERY(1, 28, "d"), "28/1*1", "Q4S"},
    {"every month", EVERY(1, 1, "mo"), "30/1*1", "QM"},
    {"every year", EVERY(1, 1, "a"), "365/1*1", ""},
    {"21 days of 28", EVERY(21, 28, "d"), "28/1*1 b21", "Q4S"},
    {"three days of ten: which", EVERY(3, 10, "d"), "?", ""},
    {"every twelve hours", EVERY(1, 12, "h"), "1/1*2", "BID"},
    {"every eight hours", EVERY(1, 8, "h"), "1/1*3", "TID"},
    {"every 24 hours", EVERY(1, 24, "h"), "1/1*1", "QD"},
    {"every 48 hours", EVERY(1, 48, "h"), "2/1*1", "QOD"},
    {"every 36 hours", EVERY(1, 36, "h"), "?", ""},
    {"every five hours", EVERY(1, 5, "h"), "?", ""},
    {"a unit of no days", EVERY(1, 90, "min"), "?", ""},
    {"no times", EVERY(0, 1, "d"), "?", ""},
    {"no period", EVERY(1, 0, "d"), "?", ""},
    {"a half", EVERY(1.5, 1, "d"), "?", ""},
    {"one with decimals", EVERY(1.0, 1, "d"), "1/1*1", "QD"},
    {"longer than ten years", EVERY(1, 4000, "d"), "?", ""},
    {"the unit alone", REPEAT("'periodUnit':'d'"), "1/1*1", "QD"},
    {"once or twice", REPEAT("'frequency':1,'frequencyMax':2,'period':1,'periodUnit':'d'"), "?", ""},
    {"once to once", REPEAT("'frequency':1,'frequencyMax':1,'period':1,'periodUnit':'d'"), "1/1*1", "QD"},
    {"up to twice", REPEAT("'frequencyMax':2,'period':1,'periodUnit':'d'"), "?", ""},
    {"every one to two weeks", REPEAT("'frequency':1,'period':1,'periodMax':2,'periodUnit':'wk'"), "?", ""},
    {"at two times of the day", REPEAT("'timeOfDay':['08:00:00','20:00:00']"), "1/1*2", "BID"},
    {"in the morning", REPEAT("'when':['MORN']"), "1/1*1", "QD"},
    {"on Mondays and Thursdays", REPEAT("'dayOfWeek':['mon','thu']"), "7/9*1", "BIS"},
    {"on Mondays at two times", REPEAT("'dayOfWeek':['mon'],'timeOfDay':['08:00:00','20:00:00']"), "7/1*2", ""},
    {"on all days", REPEAT("'dayOfWeek':['mon','tue','wed','thu','fri','sat','sun']"), "1/1*1", "QD"},
    {"on a day of no week", REPEAT("'dayOfWeek':['mon','moonday']"), "?", ""},
    {"daily by code", CODE("QD"), "1/1*1", "QD"},
    {"every six hours by code", CODE("Q6H"), "1/1*4", "QID"},
    {"weekly by code", CODE("WK"), "7/1*1", "QS"},
    {"monthly by code", CODE("MO"), "30/1*1", "QM"},
    {"a code of no list", CODE("NOW"), "?", ""},
    {"the second code", "'timing':{'code':{'coding':[{'display':'twice'},{'code':'BID'}]}}", "1/1*2", "BID"},
    {"a text alone", "'timing':{'code':{'text':'daily'}}", "?", ""},
    {"when needed: on which days nobody knows", "'asNeededBoolean':true," EVERY(1, 1, "d"), "?", "PRN"},
    {"one dose in all", REPEAT("'count':1"), "0/1*1", "ONCE"},
    {"one or two in all", REPEAT("'count':1,'countMax':2"), "?", ""},
    {"fourteen in all, daily", REPEAT("'count':14,'frequency':1,'period':1,'periodUnit':'d'"), "1/1*1", "QD"},
};

Test(rhythm, is_read_from_what_a_timing_says)
{
    for (size_t i = 0; i < sizeof timings / sizeof *timings; i++) {
        const struct rhythm rhythm = read_timing(timings[i].timing, "2024-01-15");

        expect_text(timings[i].what, written(&rhythm), timings[i].rhythm);
        expect_text(timings[i].what, rhythm_name(&rhythm), timings[i].name);
    }
}

Test(rhythm, of_weekdays_counts_from_the_first_day)
{
    const struct rhythm wednesday = read_timing(REPEAT("'dayOfWeek':['mon','thu']"), "2024-01-17");
    const struct rhythm sunday = read_timing(REPEAT("'dayOfWeek':['sun']"), "2024-01-14");

    expect_text("Thursday is the next, Monday the fifth", written(&wednesday), "7/22*1");
    expect_text("itself", written(&sunday), "7/1*1");
    expect_text("once", rhythm_name(&rhythm_once), "ONCE");
}

/* ---- days ---- */

static const struct {
    const char *what, *timing; /* NULL: a single dose; from day 0 */
    gw_day first, last;
    int count;
    gw_day latest; /* GW_NO_DAY: none */
} ranges[] = {
    {"daily", EVERY(1, 1, "d"), 2, 8, 7, 8},
    {"every other day, from one", EVERY(1, 2, "d"), 0, 9, 5, 8},
    {"from a day between", EVERY(1, 2, "d"), 1, 9, 4, 8},
    {"a day between alone", EVERY(1, 2, "d"), 3, 3, 0, GW_NO_DAY},
    {"before the first", EVERY(1, 2, "d"), -4, -1, 2, -2},
    {"no days", EVERY(1, 2, "d"), 5, 4, 0, GW_NO_DAY},
    {"two a week", EVERY(2, 1, "wk"), 0, 13, 4, 10},
    {"two a week, a part of two weeks", EVERY(2, 1, "wk"), 3, 10, 3, 10},
    {"weekly, none of the six between", EVERY(1, 1, "wk"), 1, 6, 0, GW_NO_DAY},
    {"every year, on no day after the first", EVERY(1, 1, "a"), 1, 360, 0, GW_NO_DAY},
    {"one dose", NULL, -2, 9, 1, 0},
    {"one dose, after", NULL, 1, 9, 0, GW_NO_DAY},
    {"one dose, before", NULL, -9, -1, 0, GW_NO_DAY},
};

Test(rhythm, tells_how_many_days_of_doses_there_are_and_the_last)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        const struct rhythm rhythm = ranges[i].timing ? read_timing(ranges[i].timing, "2024-01-15") : rhythm_once;

        cr_expect(eq(int, rhythm_count(&rhythm, 0, ranges[i].first, ranges[i].last), ranges[i].count), "%s",
                  ranges[i].what);
        cr_expect(eq(int, rhythm_latest(&rhythm, 0, ranges[i].first, ranges[i].last), ranges[i].latest), "%s",
                  ranges[i].what);
    }
}

Test(rhythm, of_what_is_taken_as_needed_counts_no_day)
{
    const struct rhythm needed = read_timing("'asNeededBoolean':true," EVERY(1, 1, "d"), "2024-01-15");

    cr_expect(eq(int, rhythm_count(&needed, 0, 0, 20), 0));
    cr_expect(eq(int, rhythm_latest(&needed, 0, 0, 20), GW_NO_DAY));
}

static const struct {
    const char *what, *timing;
    int days;
    gw_day last; /* from day 0, a Monday */
} courses[] = {
    {"fourteen days", EVERY(1, 1, "d"), 14, 13},
    {"one day", EVERY(1, 1, "d"), 1, 0},
    {"eleven, every other day: 0, 2 .. 20", EVERY(1, 2, "d"), 11, 20},
    {"four weeks", EVERY(1, 1, "wk"), 4, 21},
    {"five, two a week: 0 3 7 10 14", EVERY(2, 1, "wk"), 5, 14},
    {"six, two a week", EVERY(2, 1, "wk"), 6, 17},
    {"Mondays and Thursdays, three", REPEAT("'dayOfWeek':['mon','thu']"), 3, 7},
    {"a block of 21 in 28 and three more", EVERY(21, 28, "d"), 24, 30},
    {"the block alone", EVERY(21, 28, "d"), 21, 20},
};

Test(rhythm, ends_with_the_last_of_so_many_days_of_doses)
{
    const struct rhythm mondays = read_timing(REPEAT("'dayOfWeek':['mon']"), "2024-01-17");

    for (size_t i = 0; i < sizeof courses / sizeof *courses; i++) {
        const struct rhythm rhythm = read_timing(courses[i].timing, "2024-01-15");

        cr_expect(eq(int, rhythm_end(&rhythm, 0, courses[i].days), courses[i].last), "%s", courses[i].what);
    }
    cr_expect(eq(int, rhythm_end(&rhythm_once, 5, 1), 5));
    cr_expect(eq(int, rhythm_end(&mondays, 2, 2), 14), "from a Wednesday on: days 7 and 14");
}

Test(rhythm, is_another_by_any_of_its_parts)
{
    const struct rhythm daily = rhythm_daily;
    const struct rhythm others[] = {
        {.known = false, .every = 1, .days = 1, .times = 1},
        {.known = true, .every = 2, .days = 1, .times = 1},
        {.known = true, .every = 1, .days = 3, .times = 1},
        {.known = true, .every = 1, .days = 1, .times = 2},
        {.known = true, .every = 1, .days = 1, .times = 1, .as_needed = true},
    };

    cr_expect(rhythm_equal(&daily, &rhythm_daily));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect(not(rhythm_equal(&daily, &others[i])), "%zu", i);
}

Test(rhythm, of_a_single_dose_is_its_day)
{
    cr_expect(rhythm_takes(&rhythm_once, 3, 3));
    cr_expect(not(rhythm_takes(&rhythm_once, 3, 4)));
    cr_expect(rhythm_takes(&rhythm_daily, 3, 4));
}

/* ---- durations ---- */

static const struct {
    struct gw_quantity duration;
    int days;
} durations[] = {
    {{.value = "3", .code = "wk"}, 21},
    {{.value = "2", .code = "mo"}, 60},
    {{.value = "1", .code = "a"}, 365},
    {{.value = "28", .unit = "days"}, 28},
    {{.value = "1", .unit = "day"}, 1},
    {{.value = "5"}, 5},
    {{.value = "21.0", .code = "d"}, 21},
    {{.value = "1.5", .code = "d"}, 0},
    {{.value = "36", .code = "h"}, 0},
    {{.value = "-3", .code = "d"}, 0},
    {{.value = "3", .code = "d", .comparator = "<"}, 0},
    {{.code = "d"}, 0},
};

Test(rhythm, reads_durations_as_whole_days)
{
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++)
        cr_expect(eq(int, dose_days(&durations[i].duration), durations[i].days), "%zu", i);
}

static const struct {
    struct gw_quantity duration;
    int days;
} bounds[] = {
    {{.value = "3", .code = "wk"}, 21},
    {{.value = "14", .unit = "days"}, 14},
    {{.value = "72", .code = "h"}, 3},
    {{.value = "36", .code = "h"}, 2},
    {{.value = "1", .code = "h"}, 1},
    {{.value = "2880", .code = "min"}, 2},
    {{.value = "1.5", .code = "d"}, 2},
    {{.value = "1.5", .code = "wk"}, 11},
    {{.value = "1.0000", .code = "d"}, 1},
    {{.value = "1.0001", .code = "d"}, 2},
    {{.value = "9000", .code = "d"}, 0},
    {{.value = "1e3", .code = "d"}, 0},
    {{.value = "14", .code = "d", .comparator = "<="}, 14},
    {{.value = "14", .code = "d", .comparator = ">="}, 0},
    {{.value = "-3", .code = "d"}, 0},
    {{.value = "0", .code = "d"}, 0},
    {{.value = "3", .code = "cycles"}, 0},
    {{.code = "d"}, 0},
};

Test(rhythm, is_bounded_by_the_days_that_hold_a_duration)
{
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        cr_expect(eq(int, bound_days(&bounds[i].duration), bounds[i].days), "%zu", i);
}
