/*
 * Ratios of decimals: unit factors and the values converted by them.
 */
#include "gateway/core/decimal.h"

#include <stdlib.h>
#include <string.h>

#include "core/decimal_private.h"

#define WHERE  "core.ratio"
#define PLACES 6 /* of a value that no finite decimal can show */

enum gw_status gw_ratio_parse(struct gw_arena *arena, const char *text, struct gw_ratio *out, struct gw_error *err)
{
    const char *const slash = strchr(text, '/');
    const size_t length = slash ? (size_t)(slash - text) : strlen(text);
    struct gw_ratio ratio = gw_ratio_of(gw_decimal_from_int(1));
    enum gw_status rc;

    rc = gw_decimal_parse(arena, text, length, &ratio.numerator, err);
    if (rc == GW_OK && slash)
        rc = gw_decimal_parse(arena, slash + 1, strlen(slash + 1), &ratio.denominator, err);
    if (rc != GW_OK)
        return rc;
    if (gw_decimal_sign(&ratio.denominator) <= 0)
        return gw_fail(err, GW_EINPUT, WHERE, "the divisor of a factor must be above zero; write it as 25/36");
    *out = ratio;
    return GW_OK;
}

struct gw_ratio gw_ratio_of(struct gw_decimal value)
{
    return (struct gw_ratio){value, gw_decimal_from_int(1)};
}

/* a.n / a.d against b.n / b.d is a.n * b.d against b.n * a.d: both denominators are positive. */
static bool compare_crosswise(struct gw_arena *arena, const struct gw_ratio *a, const struct gw_ratio *b, int *order)
{
    struct gw_decimal left;
    struct gw_decimal right;

    if (!gw_decimal_multiply(arena, &a->numerator, &b->denominator, &left) ||
        !gw_decimal_multiply(arena, &b->numerator, &a->denominator, &right))
        return false;
    *order = gw_decimal_compare(&left, &right);
    return true;
}

int gw_ratio_compare(struct gw_arena *arena, const struct gw_ratio *a, const struct gw_ratio *b)
{
    int order = 0;

    if (!compare_crosswise(arena, a, b, &order)) { /* an order is owed even when the page's arena is full */
        struct gw_arena spare = GW_ARENA_INIT(SIZE_MAX);

        if (!compare_crosswise(&spare, a, b, &order))
            abort(); /* no memory left to be exact in: a guess could change a grade */
        gw_arena_release(&spare);
    }
    return order;
}

bool gw_ratio_add(struct gw_arena *arena, const struct gw_ratio *a, const struct gw_ratio *b, struct gw_ratio *out)
{
    struct gw_decimal left;
    struct gw_decimal right;
    struct gw_ratio sum = {.denominator = a->denominator};

    if (gw_decimal_compare(&a->denominator, &b->denominator) == 0) {
        if (!gw_decimal_add(arena, &a->numerator, &b->numerator, &sum.numerator))
            return false;
    } else if (!gw_decimal_multiply(arena, &a->numerator, &b->denominator, &left) ||
               !gw_decimal_multiply(arena, &b->numerator, &a->denominator, &right) ||
               !gw_decimal_add(arena, &left, &right, &sum.numerator) ||
               !gw_decimal_multiply(arena, &a->denominator, &b->denominator, &sum.denominator)) {
        return false;
    }
    *out = sum;
    return true;
}

bool gw_ratio_multiply(struct gw_arena *arena, const struct gw_ratio *a, const struct gw_ratio *b, struct gw_ratio *out)
{
    struct gw_ratio product;

    if (!gw_decimal_multiply(arena, &a->numerator, &b->numerator, &product.numerator) ||
        !gw_decimal_multiply(arena, &a->denominator, &b->denominator, &product.denominator))
        return false;
    *out = product;
    return true;
}

/* value is 10^*power */
static bool is_power_of_ten(const struct gw_decimal *value, int64_t *power)
{
    char room[DECIMAL_ROOM];
    const struct digits digits = decimal_digits(value, room);

    if (gw_decimal_sign(value) <= 0 || digits.at[0] != '1')
        return false;
    for (size_t i = 1; i < digits.count; i++) {
        if (digits.at[i] != '0')
            return false;
    }
    *power = value->exponent + (int64_t)digits.count - 1;
    return true;
}

/* What both ways of printing a quotient start from. */
struct quotient {
    struct digits dividend;
    struct digits divisor;
    int64_t exponent; /* of dividend / divisor, before zeros are added to the dividend */
    bool negative;
    char dividend_room[DECIMAL_ROOM];
    char divisor_room[DECIMAL_ROOM];
};

static void quotient_init(struct quotient *q, const struct gw_ratio *value)
{
    q->dividend = decimal_digits(&value->numerator, q->dividend_room);
    q->divisor = decimal_digits(&value->denominator, q->divisor_room);
    q->exponent = (int64_t)value->numerator.exponent - value->denominator.exponent;
    q->negative = gw_decimal_sign(&value->numerator) < 0;
}

/*
 * The quotient when it is finite: a divisor below 10^n is made of fewer than 4n twos and fives, so such a quotient ends
 * within 4n more places. Trailing zeros behind the point go, and so do those that were only added here.
 */
static bool divide_exactly(struct gw_arena *arena, const struct quotient *q, struct gw_decimal *out, bool *exact)
{
    const int64_t no_further = q->exponent > 0 ? q->exponent : 0;
    struct digits dividend = q->dividend;
    struct digits digits;
    int64_t exponent;

    dividend.zeros = 4 * q->divisor.count;
    exponent = q->exponent - (int64_t)dividend.zeros;
    if (!digits_divide(arena, dividend, q->divisor, &digits, exact))
        return false;
    while (digits.count > 0 && exponent < no_further && digits.at[digits.count - 1] == '0') {
        digits.count--;
        exponent++;
    }
    if (digits.count == 0)
        exponent = 0;
    decimal_of_digits(digits, q->negative, (int32_t)exponent, out);
    return true;
}

/* Exactly half of a unit in the last digit kept, and that digit even: such a quotient is rounded down. */
static bool is_half_above_even(struct digits digits, size_t drop)
{
    const size_t kept = digits.count - drop;

    if (drop > digits.count || digits.at[kept] != '5' || (kept > 0 && (digits.at[kept - 1] - '0') % 2 != 0))
        return false;
    for (size_t i = kept + 1; i < digits.count; i++)
        if (digits.at[i] != '0')
            return false;
    return true;
}

/*
 * The quotient with so many decimals, half to even. One digit more than that is computed, so that what is dropped tells
 * how to round; only a quotient that is finite can stand at a half.
 */
static bool divide_rounded(struct gw_arena *arena, const struct quotient *q, unsigned places, struct gw_decimal *out)
{
    const int64_t wanted = q->exponent + (int64_t)places;
    struct digits dividend = q->dividend;
    struct digits digits;
    size_t drop;
    bool exact;

    dividend.zeros = (size_t)(wanted > 0 ? wanted : 0) + 1;
    if (!digits_divide(arena, dividend, q->divisor, &digits, &exact))
        return false;
    drop = (size_t)((int64_t)dividend.zeros - wanted);
    if (exact && is_half_above_even(digits, drop))
        digits.count -= drop;
    else if (!digits_round(arena, digits, drop, &digits))
        return false;
    decimal_of_digits(digits, q->negative, -(int32_t)places, out);
    return true;
}

const char *gw_ratio_print(struct gw_arena *arena, const struct gw_ratio *value)
{
    struct quotient quotient;
    struct gw_decimal decimal;
    bool exact = false;

    quotient_init(&quotient, value);
    if (!divide_exactly(arena, &quotient, &decimal, &exact))
        return NULL;
    if (!exact && !divide_rounded(arena, &quotient, PLACES, &decimal))
        return NULL;
    return gw_decimal_print(arena, &decimal);
}

const char *gw_ratio_print_rounded(struct gw_arena *arena, const struct gw_ratio *value, unsigned places)
{
    struct quotient quotient;
    struct gw_decimal decimal;

    quotient_init(&quotient, value);
    if (!divide_rounded(arena, &quotient, places, &decimal))
        return NULL;
    return gw_decimal_print(arena, &decimal);
}

const char *gw_ratio_print_product(struct gw_arena *arena, const struct gw_decimal *value,
                                   const struct gw_ratio *factor)
{
    struct gw_ratio product = {.denominator = factor->denominator};
    int64_t up;
    int64_t down;

    if (is_power_of_ten(&factor->numerator, &up) && is_power_of_ten(&factor->denominator, &down)) {
        struct gw_decimal moved = *value;

        moved.exponent = (int32_t)(value->exponent + up - down);
        return gw_decimal_print(arena, &moved);
    }
    if (!gw_decimal_multiply(arena, value, &factor->numerator, &product.numerator))
        return NULL;
    return gw_ratio_print(arena, &product);
}
