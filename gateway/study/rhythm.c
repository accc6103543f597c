/*
 * The days on which doses are due, from FHIR's Timing. What names no days, or a choice of them, is not known.
 *
 * A frequency over a week is spread evenly over it (three a week: days 1, 3 and 5); over two weeks and more it means
 * days in a row and then rest, as 21 doses in 28 days do. Source: mappings/RULES.md 14.
 */
#include <stdlib.h>
#include <string.h>

#include "study/dose.h"

#define WEEK          7
#define MONTH         30
#define YEAR          365
#define BLOCK_FROM    14 /* days of a round from which on several doses are days in a row */
#define LONGEST_ROUND 3660

#define SECONDS_OF_DAY ((int64_t)24 * 60 * 60)

const struct rhythm rhythm_once = {.known = true, .every = 0, .days = 1, .times = 1};
const struct rhythm rhythm_daily = {.known = true, .every = 1, .days = 1, .times = 1};

/* ---- reading ---- */

/* A whole number above zero; 0: none. */
static int whole(const char *text)
{
    char *end = NULL;
    const long value = text ? strtol(text, &end, 10) : 0;

    return text && value > 0 && value <= LONGEST_ROUND && (*end == '\0' || strspn(end, ".0") == strlen(end))
               ? (int)value
               : 0;
}

static int days_of_unit(const char *unit)
{
    static const struct {
        const char *unit;
        int days;
    } units[] = {{"d", 1}, {"wk", WEEK}, {"mo", MONTH}, {"a", YEAR}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].unit, unit) == 0)
            return units[i].days;
    return 0;
}

int dose_days(const struct gw_quantity *duration)
{
    const char *const unit = duration->code ? duration->code : duration->unit;
    const int days = days_of_unit(unit ? unit : "d");

    if (unit && (strcmp(unit, "day") == 0 || strcmp(unit, "days") == 0))
        return whole(duration->value);
    return duration->comparator ? 0 : whole(duration->value) * days;
}

static int64_t seconds_of_unit(const char *unit)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"day", SECONDS_OF_DAY}, {"days", SECONDS_OF_DAY}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].unit, unit) == 0)
            return units[i].seconds;
    return days_of_unit(unit) * SECONDS_OF_DAY;
}

/* In thousandths, a part of one as one; 0: no number above zero. */
static int64_t thousandths(const char *text)
{
    char *at = NULL;
    int64_t value = text ? strtol(text, &at, 10) : -1;

    if (value < 0 || value > (int64_t)LONGEST_ROUND * SECONDS_OF_DAY)
        return 0;
    at += *at == '.';
    for (int digits = 0; digits < 3; digits++) {
        value *= 10;
        if (*at >= '0' && *at <= '9')
            value += *at++ - '0';
    }
    return at[strspn(at, "0123456789")] ? 0 : value + (strspn(at, "0") != strlen(at));
}

int bound_days(const struct gw_quantity *duration)
{
    const char *const unit = duration->code ? duration->code : duration->unit ? duration->unit : "d";
    const int64_t seconds = seconds_of_unit(unit) * thousandths(duration->value);
    const int64_t days = (seconds + 1000 * SECONDS_OF_DAY - 1) / (1000 * SECONDS_OF_DAY);

    if (duration->comparator && duration->comparator[0] != '<')
        return 0;
    return days <= LONGEST_ROUND ? (int)days : 0;
}

int dose_count(const struct gw_schedule *schedule)
{
    return whole(schedule->count_max ? schedule->count_max : schedule->count);
}

/* Doses spread evenly over a short round. */
static unsigned spread(int doses, int every)
{
    unsigned days = 0;

    for (int k = 0; k < doses; k++)
        days |= 1u << (k * every / doses);
    return days;
}

static struct rhythm round_of(int doses, int every)
{
    struct rhythm rhythm = {.known = true, .every = every, .days = 1, .times = 1};

    if (every == 1 || doses % every == 0) { /* so many each day */
        rhythm.times = doses / every;
        rhythm.every = 1;
    } else if (doses > every) {
        rhythm.known = false;
    } else if (every >= BLOCK_FROM && doses > 1) {
        rhythm.block = doses;
    } else {
        rhythm.days = spread(doses, every);
        rhythm.known = every <= WEEK || doses == 1;
    }
    return rhythm;
}

/* Every so many hours: several a day, or a round of days. */
static struct rhythm by_hours(int doses, int hours)
{
    if (hours < 24 && 24 % hours == 0)
        return round_of(24 / hours * doses, 1);
    if (hours % 24 == 0)
        return round_of(doses, hours / 24);
    return (struct rhythm){.known = false};
}

static int weekday_of(const char *name)
{
    static const char *const names[WEEK] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

    for (int i = 0; i < WEEK; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* Day 0 of the count is 1970-01-01, a Thursday. */
static int weekday(gw_day day)
{
    return (int)((((int64_t)day + 3) % WEEK + WEEK) % WEEK);
}

static struct rhythm on_weekdays(const struct gw_schedule *schedule, int times, gw_day first)
{
    struct rhythm rhythm = {.known = true, .every = WEEK, .times = times, .weekdays = true};

    for (size_t i = 0; i < schedule->day_count; i++) {
        const int day = weekday_of(schedule->days_of_week[i]);

        if (day < 0)
            rhythm.known = false;
        else
            rhythm.days |= 1u << ((day - weekday(first) + WEEK) % WEEK);
    }
    if (rhythm.days == (1u << WEEK) - 1)
        rhythm.every = 1, rhythm.days = 1;
    return rhythm;
}

/* GTSAbbreviation codes, for a Timing that has no more than its code. */
static struct rhythm by_code(const struct gw_concept *code)
{
    static const struct {
        const char *code;
        int doses, every;
    } codes[] = {{"QD", 1, 1},  {"BID", 2, 1}, {"TID", 3, 1}, {"QID", 4, 1},  {"QOD", 1, 2},
                 {"AM", 1, 1},  {"PM", 1, 1},  {"BED", 1, 1}, {"Q4H", 6, 1},  {"Q6H", 4, 1},
                 {"Q8H", 3, 1}, {"WK", 1, 7},  {"MO", 1, 30}, {"Q12H", 2, 1}, {"Q24H", 1, 1}};

    for (size_t c = 0; c < code->count; c++)
        for (size_t i = 0; code->codings[c].code && i < sizeof codes / sizeof *codes; i++)
            if (strcmp(codes[i].code, code->codings[c].code) == 0)
                return round_of(codes[i].doses, codes[i].every);
    return (struct rhythm){.known = false};
}

static bool is_choice(const char *low, const char *high)
{
    return high && (!low || strcmp(low, high) != 0);
}

static struct rhythm by_repeat(const struct gw_schedule *schedule, gw_day first)
{
    const int doses = schedule->frequency ? whole(schedule->frequency) : 1;
    const int period = schedule->period ? whole(schedule->period) : 1;
    const int times = schedule->time_count   ? (int)schedule->time_count
                      : schedule->when_count ? (int)schedule->when_count
                                             : 0;

    if (doses == 0 || period == 0 || is_choice(schedule->frequency, schedule->frequency_max) ||
        is_choice(schedule->period, schedule->period_max))
        return (struct rhythm){.known = false};
    if (schedule->day_count > 0)
        return on_weekdays(schedule, times ? times : 1, first);
    if (gw_same(schedule->period_unit, "h"))
        return by_hours(doses, period);
    if (schedule->period_unit)
        return days_of_unit(schedule->period_unit) ? round_of(doses, period * days_of_unit(schedule->period_unit))
                                                   : (struct rhythm){.known = false};
    return round_of(times, 1); /* at times of the day, and nothing else */
}

struct rhythm rhythm_read(const struct gw_schedule *schedule, gw_day first)
{
    const bool repeats = schedule->period_unit || schedule->day_count || schedule->time_count || schedule->when_count;
    struct rhythm rhythm = repeats ? by_repeat(schedule, first) : by_code(&schedule->code);

    if (schedule->as_needed)
        return (struct rhythm){.as_needed = true};
    if (!repeats && !rhythm.known && dose_count(schedule) == 1)
        return rhythm_once;
    return rhythm;
}

/* ---- asked ---- */

bool rhythm_equal(const struct rhythm *a, const struct rhythm *b)
{
    return a->known == b->known && a->every == b->every && a->days == b->days && a->times == b->times &&
           a->as_needed == b->as_needed;
}

bool rhythm_takes(const struct rhythm *rhythm, gw_day from, gw_day day)
{
    const int every = rhythm->every;
    int offset;

    if (every <= 1)
        return every == 1 || day == from;
    offset = ((day - from) % every + every) % every;
    return offset < (int)(8 * sizeof rhythm->days) && (rhythm->days >> offset & 1u);
}

/* Walks at most two rounds: whole ones between are counted, not visited. */
int rhythm_count(const struct rhythm *rhythm, gw_day from, gw_day first, gw_day last)
{
    const int every = rhythm->every;
    int count = 0, rounds;

    if (first > last || rhythm->as_needed)
        return 0;
    if (every <= 1)
        return every == 1 ? last - first + 1 : first <= from && from <= last;
    rounds = (last - first + 1) / every;
    for (gw_day day = first + rounds * every; day <= last; day++)
        count += rhythm_takes(rhythm, from, day);
    return count + rounds * __builtin_popcount(rhythm->days);
}

gw_day rhythm_latest(const struct rhythm *rhythm, gw_day from, gw_day first, gw_day last)
{
    if (rhythm->as_needed)
        return GW_NO_DAY;
    if (rhythm->every == 0)
        return first <= from && from <= last ? from : GW_NO_DAY;
    for (gw_day day = last; day >= first; day--) /* a round at most */
        if (rhythm_takes(rhythm, from, day))
            return day;
    return GW_NO_DAY;
}

gw_day rhythm_end(const struct rhythm *rhythm, gw_day first, int days)
{
    const int each = rhythm->block ? rhythm->block : __builtin_popcount(rhythm->days);
    gw_day day;

    if (rhythm->every <= 1)
        return rhythm->every == 1 ? first + days - 1 : first;
    day = first + (days - 1) / each * rhythm->every;
    if (rhythm->block)
        return day + (days - 1) % each;
    for (int left = (days - 1) % each + 1; left > 0; day++)
        left -= rhythm_takes(rhythm, first, day);
    return day - 1;
}

const char *rhythm_name(const struct rhythm *rhythm)
{
    static const char *const daily[] = {NULL, "QD", "BID", "TID", "QID", "5 TIMES PER DAY", "6 TIMES PER DAY"};
    static const char *const weekly[] = {NULL, "QS", "BIS", "TIS", "4 TIMES PER WEEK", "5 TIMES PER WEEK"};
    const int doses = __builtin_popcount(rhythm->days);

    if (rhythm->as_needed)
        return "PRN";
    if (!rhythm->known)
        return NULL;
    if (rhythm->every == 0 && rhythm->times == 1)
        return "ONCE";
    if (rhythm->every <= 1)
        return rhythm->times < 7 ? daily[rhythm->times] : NULL;
    if (rhythm->times != 1)
        return NULL;
    if (rhythm->every == 7)
        return doses < 6 ? weekly[doses] : NULL;
    return rhythm->every == 2    ? "QOD"
           : rhythm->every == 14 ? "Q2S"
           : rhythm->every == 21 ? "Q3S"
           : rhythm->every == 28 ? "Q4S"
           : rhythm->every == 30 ? "QM"
                                 : NULL;
}
