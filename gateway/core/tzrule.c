/*
 * Reading and applying the rule for future years.
 */
#include "core/tzrule.h"

#include "gateway/core/date.h"

#define HOUR 3600

static bool skip(struct gw_slice *text, char c)
{
    if (text->length == 0 || *text->at != c)
        return false;
    text->at++;
    text->length--;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_number(struct gw_slice *text, int low, int high, int *out)
{
    int value = 0;
    size_t count = 0;

    for (; text->length > 0 && is_digit(*text->at) && count < 4; count++) {
        value = value * 10 + (*text->at - '0');
        skip(text, *text->at);
    }
    *out = value;
    return count > 0 && value >= low && value <= high;
}

/* CEST, or <+0330> where a name has other characters than letters. */
static bool skip_name(struct gw_slice *text)
{
    const bool quoted = skip(text, '<');
    size_t count = 0;

    for (; text->length > 0; count++) {
        const char c = *text->at;
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!letter && !(quoted && (is_digit(c) || c == '+' || c == '-')))
            break;
        skip(text, c);
    }
    return count >= 3 && (!quoted || skip(text, '>'));
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool read_time(struct gw_slice *text, int32_t *seconds)
{
    const bool negative = skip(text, '-');
    int hours;
    int minutes = 0;
    int rest = 0;

    if (!negative)
        skip(text, '+');
    if (!read_number(text, 0, 167, &hours))
        return false;
    if (skip(text, ':') && !read_number(text, 0, 59, &minutes))
        return false;
    if (skip(text, ':') && !read_number(text, 0, 59, &rest))
        return false;
    *seconds = hours * HOUR + minutes * 60 + rest;
    if (negative)
        *seconds = -*seconds;
    return true;
}

/* POSIX counts offsets west of Greenwich. */
static bool read_offset(struct gw_slice *text, int32_t *east)
{
    int32_t west;

    if (!read_time(text, &west) || west < -TZ_OFFSET_MAX || west > TZ_OFFSET_MAX)
        return false;
    *east = -west;
    return true;
}

static bool read_weekday(struct gw_slice *text, struct tz_day *out)
{
    out->kind = TZ_WEEKDAY;
    return read_number(text, 1, 12, &out->month) && skip(text, '.') && read_number(text, 1, 5, &out->week) &&
           skip(text, '.') && read_number(text, 0, 6, &out->day);
}

static bool read_day(struct gw_slice *text, struct tz_day *out)
{
    bool found;

    if (!skip(text, ','))
        return false;
    out->time = 2 * HOUR;
    if (skip(text, 'M')) {
        found = read_weekday(text, out);
    } else if (skip(text, 'J')) {
        out->kind = TZ_JULIAN;
        found = read_number(text, 1, 365, &out->day);
    } else {
        out->kind = TZ_ZERO_BASED;
        found = read_number(text, 0, 365, &out->day);
    }
    return found && (!skip(text, '/') || read_time(text, &out->time));
}

bool tz_rule_read(struct gw_slice text, struct tz_rule *out)
{
    struct tz_rule rule = {0};

    if (!skip_name(&text) || !read_offset(&text, &rule.standard))
        return false;
    if (text.length > 0) {
        rule.has_summer = true;
        rule.summer = rule.standard + HOUR;
        if (!skip_name(&text) || (text.length > 0 && *text.at != ',' && !read_offset(&text, &rule.summer)))
            return false;
        if (!read_day(&text, &rule.to_summer) || !read_day(&text, &rule.to_standard))
            return false;
    }
    if (text.length > 0)
        return false;
    *out = rule;
    return true;
}

/* 1970-01-01 was a Thursday. */
static int weekday_of(gw_day day)
{
    return ((day + 4) % 7 + 7) % 7;
}

static gw_day nth_weekday(const struct tz_day *rule, int year)
{
    const gw_day first = gw_day_of(year, rule->month, 1);
    const gw_day next = rule->month == 12 ? gw_day_of(year, 12, 31) + 1 : gw_day_of(year, rule->month + 1, 1);
    gw_day day = first + (rule->day - weekday_of(first) + 7) % 7 + 7 * (rule->week - 1);

    if (day >= next) /* the fifth of four: the last */
        day -= 7;
    return day;
}

int64_t tz_rule_at(const struct tz_day *day, int year)
{
    const gw_day new_year = gw_day_of(year, 1, 1);
    const bool leap = gw_day_of(year, 2, 29) != GW_NO_DAY;
    gw_day at = new_year + day->day;

    if (day->kind == TZ_WEEKDAY)
        at = nth_weekday(day, year);
    else if (day->kind == TZ_JULIAN)
        at = new_year + day->day - 1 + (leap && day->day >= 60);
    return (int64_t)at * 86400 + day->time;
}
