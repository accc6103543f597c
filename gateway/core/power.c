/*
 * Powers by binary logarithms in fixed point: the logarithm bit by bit from squares, the exponential by its series.
 *
 * How far a result can be from the true one, in units of 2^-56, the last place of a logarithm:
 *   - lb() of a whole number up to 2^64: 56 squarings, each cut at 2^-63, the k-th weighing 2^-k: in all below 2^-61;
 *     the bits behind the 56th: 1. Together below 1.1.
 *   - lb of a decimal: that of its leading 18 digits (what is cut is below 2^-56 in the logarithm: 1.5) plus at most 36
 *     times lb(10): below 43. Of a ratio: below 86. Times an exponent of at most 10, cut once: below 861.
 *   - of 8 powers: below 6888 < 2^13, so the sum of logarithms is right to 2^-43 and the product to 2^-43.5 of itself.
 *   - the series: 22 terms at most, each cut at 2^-62 once for itself and once for all before it: below 2^-56.
 * A product below 1,000,000 < 2^20 is thus right to 2^-23, and half a unit of the 6th decimal is added by rounding:
 * 0.00000012 + 0.0000005.
 */
#include "gateway/core/power.h"

#include "core/decimal_private.h"

typedef __int128 int128;
typedef unsigned __int128 uint128;

#define FRACTION 56 /* bits behind the point of a logarithm */
#define ONE      ((uint64_t)1 << 63)
#define LN_2     0xb17217f7d1cf79abu /* of 2^64 */
#define MOST_LB  40                  /* so that the millionths of a product fit an int64_t */
#define PLACES   6
#define MILLION  1000000

/* The binary logarithm of a whole number above zero. */
static int128 lb(uint64_t number)
{
    const int whole = 63 - __builtin_clzll(number);
    uint64_t y = number << (63 - whole); /* of 2^63: 1 <= y < 2 */
    int128 result = whole;

    for (int bit = 0; bit < FRACTION; bit++) {
        const uint128 square = (uint128)y * y >> 63;
        const bool two = square >> 64 != 0;

        y = (uint64_t)(two ? square >> 1 : square);
        result = 2 * result + two;
    }
    return result;
}

/* 2^(fraction / 2^FRACTION) of 2^63, 0 <= fraction < 2^FRACTION: 1 + z + z^2/2! + ... with z = fraction * ln 2. */
static uint64_t exp2_of(uint64_t fraction)
{
    const uint64_t z = (uint64_t)((uint128)(fraction << (63 - FRACTION)) * LN_2 >> 64); /* of 2^63 */
    uint64_t sum = ONE, term = ONE;

    for (uint64_t n = 1; term > 0; n++) {
        term = (uint64_t)(((uint128)term * z >> 63) / n);
        sum += term;
    }
    return sum;
}

static int128 lb_of_decimal(const struct gw_decimal *value)
{
    char room[DECIMAL_ROOM];
    const struct digits digits = decimal_digits(value, room);
    const size_t kept = digits.count < SHORT_DIGITS ? digits.count : SHORT_DIGITS;
    uint64_t leading = 0;

    for (size_t i = 0; i < kept; i++)
        leading = leading * 10 + (uint64_t)(digits.at[i] - '0');
    return lb(leading) + ((int128)value->exponent + (int128)(digits.count - kept)) * lb(10);
}

/* Of a product of which the logarithm is known. */
static bool exponentiate(int128 logarithm, struct gw_decimal *out)
{
    const int128 whole = logarithm >> FRACTION;
    const uint64_t fraction = (uint64_t)(logarithm & (((int128)1 << FRACTION) - 1));
    uint128 scaled;

    if (whole >= MOST_LB)
        return false;
    *out = (struct gw_decimal){.exponent = -PLACES};
    if (whole < -MOST_LB)
        return true; /* nothing that 6 decimals show */
    scaled = (uint128)exp2_of(fraction) * MILLION;
    out->coefficient = (int64_t)((scaled + ((uint128)1 << (62 - whole))) >> (63 - whole));
    return true;
}

bool gw_powers(const struct gw_power *powers, size_t count, struct gw_decimal *out)
{
    int128 sum = 0;

    for (size_t i = 0; i < count; i++) {
        const struct gw_ratio *base = &powers[i].base;

        if (gw_decimal_sign(&base->numerator) <= 0)
            return false;
        sum += (lb_of_decimal(&base->numerator) - lb_of_decimal(&base->denominator)) * powers[i].thousandths / 1000;
    }
    return exponentiate(sum, out);
}
