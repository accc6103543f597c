/*
 * Decimals as a server wrote them. What fits an int64_t is computed there and in __int128; the rest in digits.c.
 */
#include "gateway/core/decimal.h"

#include <limits.h>
#include <string.h>

#include "core/decimal_private.h"

#define WHERE        "core.decimal"
#define EXPONENT_MAX 1000000   /* of what is read */
#define RESULT_MAX   100000000 /* exponent of a product: sums of several such stay far from overflow */
#define SUM_DIGITS   1000000
#define PLAIN_ZEROS  40 /* more filling zeros than this and a number is printed as 1E+400 */

typedef unsigned __int128 uint128;

/* clang-format off */
static const int64_t powers[] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
    10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
};
/* clang-format on */

/* What the grammar found. */
struct spelling {
    bool negative;
    const char *whole; /* digits from here, the point among them, */
    const char *end;   /* to here */
    size_t digits;     /* the point not counted */
    size_t places;     /* after the point */
    uint64_t value;    /* of the digits, right as long as they fit */
    int64_t exponent;  /* of the value: -places, plus what stands behind an E */
};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static const char *scan_digits(const char *at, const char *end, uint64_t *value)
{
    uint64_t sum = *value;

    for (; at < end && is_digit(*at); at++)
        sum = sum * 10 + (uint64_t)(*at - '0');
    *value = sum;
    return at;
}

/* The part behind an E; NULL when it is none. What is too large for any number of places stays so. */
static const char *scan_exponent(const char *at, const char *end, int64_t *exponent)
{
    bool negative = false;
    int64_t value = 0;

    if (at < end && (*at == '+' || *at == '-'))
        negative = *at++ == '-';
    if (at == end || !is_digit(*at))
        return NULL;
    for (; at < end && is_digit(*at); at++) {
        if (value < INT64_MAX / 100)
            value = value * 10 + (*at - '0');
    }
    *exponent = negative ? -value : value;
    return at;
}

/* Read text by the grammar; NULL, or where reading stopped. */
static const char *scan(const char *at, const char *end, struct spelling *found)
{
    const char *point;

    found->negative = at < end && *at == '-';
    at += found->negative;
    found->whole = at;
    point = scan_digits(at, end, &found->value);
    if (point == at || (*at == '0' && point > at + 1))
        return at; /* no digit, or digits behind a leading zero */
    found->digits = (size_t)(point - at);
    at = point;
    if (at < end && *at == '.') {
        at = scan_digits(point + 1, end, &found->value);
        found->places = (size_t)(at - point - 1);
        found->digits += found->places;
        if (found->places == 0)
            return at;
    }
    found->end = at;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = scan_exponent(at + 1, end, &found->exponent);
        if (!at)
            return found->end;
    }
    return at == end ? NULL : at;
}

static size_t count_significant(const struct spelling *found)
{
    size_t count = found->digits;

    for (const char *at = found->whole; at < found->end && (*at == '0' || *at == '.'); at++)
        count -= *at == '0';
    return count;
}

static enum gw_status keep_digits(struct gw_arena *arena, const struct spelling *found, struct gw_decimal *out,
                                  struct gw_error *err)
{
    char *const digits = gw_arena_raw(arena, found->digits);
    size_t count = 0;

    if (!digits)
        return gw_fail(err, GW_ENOMEM, WHERE, "a number of %zu digits is larger than the memory of its page",
                       found->digits);
    for (const char *at = found->whole; at < found->end; at++) {
        if (*at != '.' && (count > 0 || *at != '0'))
            digits[count++] = *at;
    }
    decimal_of_digits((struct digits){digits, count, 0}, found->negative, (int32_t)found->exponent, out);
    return GW_OK;
}

enum gw_status gw_decimal_parse(struct gw_arena *arena, const char *text, size_t length, struct gw_decimal *out,
                                struct gw_error *err)
{
    struct spelling found = {0};
    const char *const stopped = scan(text, text + length, &found);

    if (stopped)
        return gw_fail(err, GW_EINPUT, WHERE,
                       "not a FHIR decimal: readable for %zu of %zu characters; expected digits like 120, 1.20 or 1e-3",
                       (size_t)(stopped - text), length);
    found.exponent -= (int64_t)found.places;
    if (found.exponent < -EXPONENT_MAX || found.exponent > EXPONENT_MAX || found.digits > INT_MAX)
        return gw_fail(err, GW_EINPUT, WHERE, "a number beyond 10 to the power of +-%d cannot be a measured value",
                       EXPONENT_MAX);
    if (found.digits > SHORT_DIGITS && count_significant(&found) > SHORT_DIGITS)
        return keep_digits(arena, &found, out, err);
    *out = (struct gw_decimal){.coefficient = found.negative ? -(int64_t)found.value : (int64_t)found.value,
                               .exponent = (int32_t)found.exponent};
    return GW_OK;
}

struct gw_decimal gw_decimal_from_int(int64_t value)
{
    return (struct gw_decimal){.coefficient = value};
}

/* The digits of a 128-bit magnitude, right-aligned in room. */
static struct digits spell(uint128 value, char room[DECIMAL_ROOM])
{
    char *at = room + DECIMAL_ROOM;

    for (; value > UINT64_MAX; value /= 10)
        *--at = (char)('0' + (unsigned)(value % 10));
    for (uint64_t rest = (uint64_t)value; rest > 0; rest /= 10)
        *--at = (char)('0' + rest % 10);
    return (struct digits){at, (size_t)(room + DECIMAL_ROOM - at), 0};
}

struct digits decimal_digits(const struct gw_decimal *value, char room[DECIMAL_ROOM])
{
    if (value->digits)
        return (struct digits){value->digits, value->count, 0};
    return spell(value->coefficient < 0 ? -(uint128)value->coefficient : (uint128)value->coefficient, room);
}

void decimal_of_digits(struct digits digits, bool negative, int32_t exponent, struct gw_decimal *out)
{
    int64_t value = 0;

    if (digits.count > SHORT_DIGITS) {
        *out = (struct gw_decimal){
            .digits = digits.at, .count = (uint32_t)digits.count, .negative = negative, .exponent = exponent};
        return;
    }
    for (size_t i = 0; i < digits.count; i++)
        value = value * 10 + (digits.at[i] - '0');
    *out = (struct gw_decimal){.coefficient = negative ? -value : value, .exponent = exponent};
}

static bool from_int128(struct gw_arena *arena, __int128 value, int32_t exponent, struct gw_decimal *out)
{
    const uint128 magnitude = value < 0 ? -(uint128)value : (uint128)value;
    char room[DECIMAL_ROOM];
    struct digits digits;

    if (magnitude < (uint128)powers[SHORT_DIGITS]) {
        *out = (struct gw_decimal){.coefficient = (int64_t)value, .exponent = exponent};
        return true;
    }
    digits = spell(magnitude, room);
    digits.at = gw_arena_copy(arena, digits.at, digits.count);
    if (!digits.at)
        return false;
    decimal_of_digits(digits, value < 0, exponent, out);
    return true;
}

int gw_decimal_sign(const struct gw_decimal *a)
{
    if (a->digits)
        return a->negative ? -1 : 1;
    return (a->coefficient > 0) - (a->coefficient < 0);
}

/* Both on the smaller exponent: 36 digits at most, and one more for their sum. */
static bool align(const struct gw_decimal *a, const struct gw_decimal *b, __int128 *a_value, __int128 *b_value)
{
    const int64_t apart = (int64_t)a->exponent - b->exponent;

    if (a->digits || b->digits || apart > SHORT_DIGITS || apart < -SHORT_DIGITS)
        return false;
    *a_value = apart > 0 ? (__int128)a->coefficient * powers[apart] : a->coefficient;
    *b_value = apart < 0 ? (__int128)b->coefficient * powers[-apart] : b->coefficient;
    return true;
}

static struct digits scaled(const struct gw_decimal *value, int32_t exponent, char room[DECIMAL_ROOM])
{
    struct digits digits = decimal_digits(value, room);

    digits.zeros = (size_t)((int64_t)value->exponent - exponent);
    return digits;
}

static int32_t lower_exponent(const struct gw_decimal *a, const struct gw_decimal *b)
{
    return a->exponent < b->exponent ? a->exponent : b->exponent;
}

/* Zeros are counted, not written: 1e1000000 against 1 is settled by the places. */
static int compare_magnitudes(const struct gw_decimal *a, const struct gw_decimal *b)
{
    const int32_t exponent = lower_exponent(a, b);
    char a_room[DECIMAL_ROOM];
    char b_room[DECIMAL_ROOM];

    return digits_compare(scaled(a, exponent, a_room), scaled(b, exponent, b_room));
}

int gw_decimal_compare(const struct gw_decimal *a, const struct gw_decimal *b)
{
    const int a_sign = gw_decimal_sign(a);
    const int b_sign = gw_decimal_sign(b);
    __int128 a_value;
    __int128 b_value;

    if (a_sign != b_sign || a_sign == 0)
        return (a_sign > b_sign) - (a_sign < b_sign);
    if (align(a, b, &a_value, &b_value))
        return (a_value > b_value) - (a_value < b_value);
    return a_sign * compare_magnitudes(a, b);
}

static bool add_long(struct gw_arena *arena, const struct gw_decimal *a, const struct gw_decimal *b,
                     struct gw_decimal *out)
{
    const int32_t exponent = lower_exponent(a, b);
    const int order = compare_magnitudes(a, b);
    const struct gw_decimal *const larger = order < 0 ? b : a;
    const struct gw_decimal *const smaller = order < 0 ? a : b;
    char large_room[DECIMAL_ROOM];
    char small_room[DECIMAL_ROOM];
    const struct digits large = scaled(larger, exponent, large_room);
    const struct digits small = scaled(smaller, exponent, small_room);
    const bool same_sign = gw_decimal_sign(a) == gw_decimal_sign(b);
    struct digits sum;

    if (large.count + large.zeros > SUM_DIGITS)
        return false;
    if (!(same_sign ? digits_add(arena, large, small, &sum) : digits_subtract(arena, large, small, &sum)))
        return false;
    if (sum.count > SUM_DIGITS)
        return false;
    decimal_of_digits(sum, gw_decimal_sign(larger) < 0, exponent, out);
    return true;
}

bool gw_decimal_add(struct gw_arena *arena, const struct gw_decimal *a, const struct gw_decimal *b,
                    struct gw_decimal *out)
{
    __int128 a_value;
    __int128 b_value;

    if (align(a, b, &a_value, &b_value))
        return from_int128(arena, a_value + b_value, lower_exponent(a, b), out);
    if (gw_decimal_sign(a) == 0 || gw_decimal_sign(b) == 0) {
        *out = gw_decimal_sign(a) == 0 ? *b : *a;
        return true;
    }
    return add_long(arena, a, b, out);
}

bool gw_decimal_multiply(struct gw_arena *arena, const struct gw_decimal *a, const struct gw_decimal *b,
                         struct gw_decimal *out)
{
    const int64_t exponent = (int64_t)a->exponent + b->exponent;
    char a_room[DECIMAL_ROOM];
    char b_room[DECIMAL_ROOM];
    struct digits product;

    if (exponent > RESULT_MAX || exponent < -RESULT_MAX)
        return false;
    if (!a->digits && !b->digits)
        return from_int128(arena, (__int128)a->coefficient * b->coefficient, (int32_t)exponent, out);
    if (!digits_multiply(arena, decimal_digits(a, a_room), decimal_digits(b, b_room), &product))
        return false;
    decimal_of_digits(product, gw_decimal_sign(a) * gw_decimal_sign(b) < 0, (int32_t)exponent, out);
    return true;
}

/* 123 * 10^398 as 1.23E+400 */
static const char *print_scientific(struct gw_arena *arena, const char *sign, struct digits digits, int64_t exponent)
{
    const long long adjusted = exponent + (long long)digits.count - 1;

    return gw_arena_print(arena, "%s%c%s%.*sE%+lld", sign, digits.at[0], digits.count > 1 ? "." : "",
                          (int)digits.count - 1, digits.at + 1, adjusted);
}

static const char *print_plain(struct gw_arena *arena, const char *sign, struct digits digits, int64_t exponent)
{
    static const char zeros[PLAIN_ZEROS + 1] = "0000000000000000000000000000000000000000";
    const int count = (int)digits.count;
    const int places = exponent < 0 ? (int)-exponent : 0;

    if (exponent >= 0)
        return gw_arena_print(arena, "%s%.*s%.*s", sign, count, digits.at, (int)exponent, zeros);
    if (places < count)
        return gw_arena_print(arena, "%s%.*s.%.*s", sign, count - places, digits.at, places,
                              digits.at + count - places);
    return gw_arena_print(arena, "%s0.%.*s%.*s", sign, places - count, zeros, count, digits.at);
}

const char *gw_decimal_print(struct gw_arena *arena, const struct gw_decimal *value)
{
    char room[DECIMAL_ROOM];
    struct digits digits = decimal_digits(value, room);
    int64_t exponent = value->exponent;

    if (digits.count == 0) {
        digits = (struct digits){"0", 1, 0};
        exponent = exponent > 0 ? 0 : exponent;
    }
    if (exponent > PLAIN_ZEROS || exponent + (int64_t)digits.count < -PLAIN_ZEROS)
        return print_scientific(arena, gw_decimal_sign(value) < 0 ? "-" : "", digits, exponent);
    return print_plain(arena, gw_decimal_sign(value) < 0 ? "-" : "", digits, exponent);
}
