/*
 * Two numbers and a factor from any bytes, one a line: what is read must print and read back as the same number, and
 * compare, add and multiply as numbers do.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/decimal.h"
#include "gateway/core/text.h"

#define REQUIRE(fact)                                                                                                  \
    do {                                                                                                               \
        if (!(fact))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

#define LONGEST_EXPONENT 5000 /* above it sums are a megabyte of zeros: right, but slow to look at */

static struct gw_slice next_line(struct gw_slice *rest)
{
    const char *const end = rest->length ? memchr(rest->at, '\n', rest->length) : NULL;
    const struct gw_slice line = {rest->at, end ? (size_t)(end - rest->at) : rest->length};
    const size_t used = line.length + (end != NULL);

    rest->at += used;
    rest->length -= used;
    return line;
}

static bool is_short(const struct gw_decimal *value)
{
    return abs(value->exponent) <= LONGEST_EXPONENT;
}

static void check_print(struct gw_arena *arena, const struct gw_decimal *value)
{
    const char *const text = gw_decimal_print(arena, value);
    struct gw_decimal again;

    REQUIRE(text && gw_decimal_parse(arena, text, strlen(text), &again, NULL) == GW_OK);
    REQUIRE(gw_decimal_compare(value, &again) == 0 && gw_decimal_sign(value) == gw_decimal_sign(&again));
}

/* The laws that subtraction, addition and multiplication keep with the order of a and b. */
static void check_arithmetic(struct gw_arena *arena, const struct gw_decimal *a, const struct gw_decimal *b)
{
    const struct gw_decimal minus_one = gw_decimal_from_int(-1);
    const int order = gw_decimal_compare(a, b);
    struct gw_decimal minus_b, difference, sum, again, square, product;

    REQUIRE(order == -gw_decimal_compare(b, a));
    if (!is_short(a) || !is_short(b))
        return;
    REQUIRE(gw_decimal_multiply(arena, b, &minus_one, &minus_b) && gw_decimal_add(arena, a, &minus_b, &difference));
    REQUIRE(gw_decimal_sign(&difference) == order);
    REQUIRE(gw_decimal_add(arena, a, b, &sum) && gw_decimal_add(arena, &sum, &minus_b, &again));
    REQUIRE(gw_decimal_compare(&again, a) == 0);
    REQUIRE(gw_decimal_multiply(arena, a, a, &square) && gw_decimal_multiply(arena, a, b, &product));
    REQUIRE(gw_decimal_compare(&square, &product) == gw_decimal_sign(a) * order);
    check_print(arena, &sum);
    check_print(arena, &product);
}

static int sign_after_adding(struct gw_arena *arena, const struct gw_ratio *a, struct gw_decimal step)
{
    const struct gw_ratio other = gw_ratio_of(step);
    const struct gw_ratio zero = gw_ratio_of(gw_decimal_from_int(0));
    struct gw_ratio sum;

    REQUIRE(gw_ratio_add(arena, a, &other, &sum));
    return gw_ratio_compare(arena, &sum, &zero);
}

/* A converted value is the exact one, or less than half of the sixth decimal away from it. */
static void check_factor(struct gw_arena *arena, const struct gw_decimal *value, const struct gw_ratio *factor)
{
    const struct gw_decimal half = {.coefficient = 5, .exponent = -7};
    const struct gw_decimal minus_half = {.coefficient = -5, .exponent = -7};
    const struct gw_ratio minus_one = gw_ratio_of(gw_decimal_from_int(-1));
    const char *const text = gw_ratio_print_product(arena, value, factor);
    struct gw_ratio exact = gw_ratio_of(*value);
    struct gw_ratio printed, off;

    REQUIRE(text != NULL && gw_ratio_multiply(arena, &exact, factor, &exact));
    REQUIRE(gw_ratio_parse(arena, text, &printed, NULL) == GW_OK);
    if (gw_ratio_compare(arena, &printed, &exact) == 0)
        return;
    REQUIRE(gw_ratio_multiply(arena, &exact, &minus_one, &off) && gw_ratio_add(arena, &off, &printed, &off));
    REQUIRE(sign_after_adding(arena, &off, half) > 0 && sign_after_adding(arena, &off, minus_half) < 0);
    REQUIRE(strchr(text, '.') != NULL && strlen(strchr(text, '.')) == 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_arena arena = GW_ARENA_INIT(256 << 20);
    struct gw_slice rest = {(const char *)data, size};
    const struct gw_slice a_text = next_line(&rest);
    const struct gw_slice b_text = next_line(&rest);
    const char *const factor_text = gw_arena_copy(&arena, rest.at, rest.length);
    struct gw_decimal a, b;
    struct gw_ratio factor;

    if (gw_decimal_parse(&arena, a_text.at, a_text.length, &a, NULL) == GW_OK) {
        check_print(&arena, &a);
        if (gw_decimal_parse(&arena, b_text.at, b_text.length, &b, NULL) == GW_OK)
            check_arithmetic(&arena, &a, &b);
        if (gw_ratio_parse(&arena, factor_text, &factor, NULL) == GW_OK && is_short(&a) &&
            is_short(&factor.numerator) && is_short(&factor.denominator))
            check_factor(&arena, &a, &factor);
    }
    gw_arena_release(&arena);
    return 0;
}
