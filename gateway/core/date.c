/*
 * Days of the Gregorian calendar, and FHIR's date, dateTime and instant.
 */
#include "gateway/core/date.h"

#include <stdio.h>
#include <string.h>

#define DAY_SECONDS 86400
#define SECOND      1000000000 /* in nanoseconds */
#define OFFSET_MAX  (14 * 60)  /* minutes, as FHIR has it */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Years counted from 1 March, so that the leap day comes last; the months then have 153 days in every five. */
static gw_day day_of_valid(int year, int month, int day)
{
    const int shifted = month > 2 ? year : year - 1;
    const int century = shifted / 100;
    const int months = month > 2 ? month - 3 : month + 9;

    return shifted * 365 + shifted / 4 - century + century / 4 + (153 * months + 2) / 5 + day - 1 - 719468;
}

gw_day gw_day_of(int year, int month, int day)
{
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return GW_NO_DAY;
    return day_of_valid(year, month, day);
}

/* After Howard Hinnant's days-to-civil algorithm: eras of 400 years, years from 1 March. */
void gw_day_split(gw_day day, int *year, int *month, int *dayofmonth)
{
    const int64_t from_zero = (int64_t)day + 719468; /* 0000-03-01 */
    const int64_t era = (from_zero >= 0 ? from_zero : from_zero - 146096) / 146097;
    const int in_era = (int)(from_zero - era * 146097);
    const int year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const int in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int months = (5 * in_year + 2) / 153;

    *dayofmonth = in_year - (153 * months + 2) / 5 + 1;
    *month = months < 10 ? months + 3 : months - 9;
    *year = (int)(era * 400) + year_of_era + (*month <= 2);
}

static bool is_day(gw_day day)
{
    return day >= GW_DAY_MIN && day <= GW_DAY_MAX;
}

int gw_days_apart(gw_day a, gw_day b)
{
    return a < b ? b - a : a - b;
}

gw_day gw_day_earlier(gw_day a, gw_day b)
{
    if (a == GW_NO_DAY || b == GW_NO_DAY)
        return a == GW_NO_DAY ? b : a;
    return a < b ? a : b;
}

gw_day gw_day_add_months(gw_day day, int months)
{
    int year;
    int month;
    int dayofmonth;
    int64_t count;

    if (!is_day(day))
        return GW_NO_DAY;
    gw_day_split(day, &year, &month, &dayofmonth);
    count = (int64_t)year * 12 + month - 1 + months;
    if (count < 12 || count >= 10000 * 12)
        return GW_NO_DAY;
    year = (int)(count / 12);
    month = (int)(count % 12) + 1;
    if (dayofmonth > days_in_month(year, month))
        dayofmonth = days_in_month(year, month);
    return day_of_valid(year, month, dayofmonth);
}

static void put_digits(char *out, int value, int count)
{
    for (; count > 0; value /= 10)
        out[--count] = (char)('0' + value % 10);
}

void gw_day_print(gw_day day, char out[11])
{
    int year;
    int month;
    int dayofmonth;

    out[0] = '\0';
    if (!is_day(day))
        return;
    gw_day_split(day, &year, &month, &dayofmonth);
    memcpy(out, "0000-00-00", 11);
    put_digits(out, year, 4);
    put_digits(out + 5, month, 2);
    put_digits(out + 8, dayofmonth, 2);
}

/* What a text says, before a zone gives it a meaning. */
struct fields {
    enum gw_precision precision;
    int year, month, day;
    int second_of_day;
    int nanosecond;
    bool has_offset;
    int offset; /* seconds east of UTC */
};

static bool read_digits(const char **at, int count, int *out)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        const unsigned digit = (unsigned char)(*at)[i] - (unsigned)'0'; /* the closing NUL is no digit */

        if (digit > 9)
            return false;
        value = value * 10 + (int)digit;
    }
    *at += count;
    *out = value;
    return true;
}

static bool skip(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* YYYY, YYYY-MM or YYYY-MM-DD */
static bool read_day(const char **at, struct fields *out)
{
    out->month = 1;
    out->day = 1;
    out->precision = GW_PRECISION_YEAR;
    if (!read_digits(at, 4, &out->year))
        return false;
    if (skip(at, '-')) {
        out->precision = GW_PRECISION_MONTH;
        if (!read_digits(at, 2, &out->month))
            return false;
        if (skip(at, '-')) {
            out->precision = GW_PRECISION_DAY;
            if (!read_digits(at, 2, &out->day))
                return false;
        }
    }
    return gw_day_of(out->year, out->month, out->day) != GW_NO_DAY;
}

/* Digits beyond the ninth are below what we keep. */
static bool read_fraction(const char **at, int *nanosecond)
{
    int digit;
    int unit = SECOND / 10;

    if (!read_digits(at, 1, &digit))
        return false;
    do {
        *nanosecond += digit * unit;
        unit /= 10;
    } while (read_digits(at, 1, &digit));
    return true;
}

/* hh:mm:ss[.f+]; hh:mm alone is no FHIR, but servers send it. */
static bool read_time(const char **at, struct fields *out)
{
    int hour;
    int minute;
    int second = 0;

    if (!read_digits(at, 2, &hour) || !skip(at, ':') || !read_digits(at, 2, &minute))
        return false;
    if (skip(at, ':')) {
        if (!read_digits(at, 2, &second))
            return false;
        if (skip(at, '.') && !read_fraction(at, &out->nanosecond))
            return false;
    }
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    out->second_of_day = hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
    out->precision = GW_PRECISION_SECOND;
    return true;
}

static bool read_offset(const char **at, struct fields *out)
{
    const char sign = **at;
    int hours;
    int minutes;

    out->has_offset = sign == 'Z' || sign == '+' || sign == '-';
    if (!out->has_offset)
        return true;
    (*at)++;
    if (sign == 'Z')
        return true;
    if (!read_digits(at, 2, &hours) || !skip(at, ':') || !read_digits(at, 2, &minutes))
        return false;
    if (minutes > 59 || hours * 60 + minutes > OFFSET_MAX)
        return false;
    out->offset = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
    return true;
}

static bool read_fields(const char *text, struct fields *out)
{
    if (!text || !read_day(&text, out))
        return false;
    if (out->precision == GW_PRECISION_DAY && skip(&text, 'T') && !(read_time(&text, out) && read_offset(&text, out)))
        return false;
    return *text == '\0';
}

bool gw_day_parse(const char *text, gw_day *out)
{
    struct fields fields = {0};

    if (!read_fields(text, &fields) || fields.precision != GW_PRECISION_DAY)
        return false;
    *out = day_of_valid(fields.year, fields.month, fields.day);
    return true;
}

/* Seconds from the epoch by the text's own clock. */
static int64_t clock_of(const struct fields *fields)
{
    return (int64_t)day_of_valid(fields->year, fields->month, fields->day) * DAY_SECONDS + fields->second_of_day;
}

static gw_day day_of_clock(int64_t seconds)
{
    return (gw_day)((seconds >= 0 ? seconds : seconds - (DAY_SECONDS - 1)) / DAY_SECONDS);
}

gw_day gw_zone_day_at(const struct gw_zone *zone, int64_t utc_seconds)
{
    return day_of_clock(utc_seconds + gw_zone_offset_at(zone, utc_seconds));
}

void gw_instant_print(int64_t utc_seconds, char out[GW_INSTANT_BYTES])
{
    const gw_day day = day_of_clock(utc_seconds);
    const unsigned second = (unsigned)(utc_seconds - (int64_t)day * DAY_SECONDS);

    gw_day_print(day, out);
    snprintf(out + 10, GW_INSTANT_BYTES - 10, "T%02u:%02u:%02uZ", second / 3600 % 24, second / 60 % 60, second % 60);
}

static void place_partial(const struct fields *fields, const struct gw_zone *zone, struct gw_when *out)
{
    const int last_month = fields->precision == GW_PRECISION_YEAR ? 12 : fields->month;

    out->first = day_of_valid(fields->year, fields->month, fields->day);
    out->last = out->first;
    if (fields->precision != GW_PRECISION_DAY)
        out->last = day_of_valid(fields->year, last_month, days_in_month(fields->year, last_month));
    out->utc = gw_zone_to_utc(zone, (int64_t)out->first * DAY_SECONDS);
}

/* False for the few hours that fall into year 0 or 10000 of the site. */
static bool place_instant(const struct fields *fields, const struct gw_zone *zone, struct gw_when *out)
{
    const int64_t clock = clock_of(fields);
    const int64_t utc = fields->has_offset ? clock - fields->offset : gw_zone_to_utc(zone, clock);
    const int64_t local = utc + gw_zone_offset_at(zone, utc);
    const gw_day day = day_of_clock(local);

    if (!is_day(day))
        return false;
    out->first = day;
    out->last = day;
    out->second_of_day = (int32_t)(local - (int64_t)day * DAY_SECONDS);
    out->nanosecond = fields->nanosecond;
    out->utc = utc;
    return true;
}

enum gw_date_verdict gw_when_read(const char *text, const struct gw_zone *zone, bool assume_zone, struct gw_when *out)
{
    const struct gw_when nothing = {.text = text, .first = GW_NO_DAY, .last = GW_NO_DAY, .second_of_day = -1};
    struct fields fields = {0};

    *out = nothing;
    if (!read_fields(text, &fields))
        return GW_DATE_MALFORMED;
    if (fields.precision != GW_PRECISION_SECOND)
        place_partial(&fields, zone, out);
    else if (!fields.has_offset && !assume_zone)
        return GW_DATE_WITHOUT_OFFSET;
    else if (!place_instant(&fields, zone, out))
        return GW_DATE_MALFORMED;
    out->precision = fields.precision;
    return GW_DATE_OK;
}

int gw_when_compare(const struct gw_when *a, const struct gw_when *b)
{
    if (a->precision == GW_PRECISION_NONE || b->precision == GW_PRECISION_NONE)
        return (a->precision != GW_PRECISION_NONE) - (b->precision != GW_PRECISION_NONE);
    if (a->utc != b->utc)
        return a->utc < b->utc ? -1 : 1;
    if (a->nanosecond != b->nanosecond)
        return a->nanosecond < b->nanosecond ? -1 : 1;
    return (a->precision > b->precision) - (a->precision < b->precision);
}

bool gw_instant_read(const char *text, int64_t *nanoseconds)
{
    struct fields fields = {0};
    int64_t value;

    if (!read_fields(text, &fields) || fields.precision != GW_PRECISION_SECOND || !fields.has_offset)
        return false;
    if (__builtin_mul_overflow(clock_of(&fields) - fields.offset, (int64_t)SECOND, &value) ||
        __builtin_add_overflow(value, (int64_t)fields.nanosecond, &value))
        return false;
    *nanoseconds = value;
    return true;
}
