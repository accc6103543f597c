/*
 * Exact numbers: decimals as a server wrote them, and ratios of them.
 *
 * A laboratory value is text until it is a decimal, and never a binary fraction: 1.20 stays 1.20 and a threshold compares
 * exactly. Comparison, addition and multiplication are exact for any length (64-bit arithmetic up to 18 digits, digit by
 * digit beyond). What would need an exponent below outside -1,000,000 .. 1,000,000 is refused when read. Printed texts are
 * NULL at the arena's limit.
 */
#ifndef GATEWAY_CORE_DECIMAL_H
#define GATEWAY_CORE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/arena.h"
#include "gateway/core/error.h"

/* coefficient * 10^exponent. A long coefficient is kept as text, borrowed from the arena it was made in. */
struct gw_decimal {
    int64_t coefficient; /* when digits is NULL: at most 18 digits */
    const char *digits;  /* else: all digits, no sign, no point, no leading zero; not NUL-terminated */
    uint32_t count;      /* of digits */
    bool negative;       /* with digits; coefficient carries its own sign */
    int32_t exponent;    /* as written: 1.20 is 120 * 10^-2, so that trailing zeros stay */
};

/* numerator / denominator, denominator > 0. Unit factors such as 88.4, 1/1000 or 25/36 are ratios. */
struct gw_ratio {
    struct gw_decimal numerator;
    struct gw_decimal denominator;
};

/*
 * Read a decimal by FHIR's grammar: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?. GW_EINPUT otherwise.
 * The arena is used only for more than 18 digits.
 */
enum gw_status gw_decimal_parse(struct gw_arena *arena, const char *text, size_t length, struct gw_decimal *out,
                                struct gw_error *err);
struct gw_decimal gw_decimal_from_int(int64_t value);

int gw_decimal_compare(const struct gw_decimal *a, const struct gw_decimal *b); /* -1, 0, 1; 1.0 equals 1.00 */
int gw_decimal_sign(const struct gw_decimal *a);

/* Sums and products in the arena; false at its limit, or when the sum would need more than 1,000,000 digits. */
bool gw_decimal_add(struct gw_arena *arena, const struct gw_decimal *a, const struct gw_decimal *b,
                    struct gw_decimal *out);
bool gw_decimal_multiply(struct gw_arena *arena, const struct gw_decimal *a, const struct gw_decimal *b,
                         struct gw_decimal *out);

/* "88.4", "1/1000", "25/36", "-273.15": a decimal, or two with a slash. GW_EINPUT: not that, or a zero or negative denominator. */
enum gw_status gw_ratio_parse(struct gw_arena *arena, const char *text, struct gw_ratio *out, struct gw_error *err);
struct gw_ratio gw_ratio_of(struct gw_decimal value); /* value / 1 */

int gw_ratio_compare(struct gw_arena *arena, const struct gw_ratio *a, const struct gw_ratio *b);
bool gw_ratio_add(struct gw_arena *arena, const struct gw_ratio *a, const struct gw_ratio *b, struct gw_ratio *out);
bool gw_ratio_multiply(struct gw_arena *arena, const struct gw_ratio *a, const struct gw_ratio *b,
                       struct gw_ratio *out);

/*
 * A decimal in plain notation with its digits kept (120 * 10^-2 is "1.20", 12 * 10^2 is "1200"); where that would take
 * more than 40 filling zeros, in scientific notation ("1E+400").
 */
const char *gw_decimal_print(struct gw_arena *arena, const struct gw_decimal *value);

/*
 * value * factor as it goes to the study: a factor of 1 or a power of ten keeps the digits (1200 * 1/1000 is "1.200");
 * any other finite product is exact, without trailing zeros; the rest is rounded half-even to 6 decimals.
 * Source: the rule for numbers in the study tables.
 */
const char *gw_ratio_print_product(struct gw_arena *arena, const struct gw_decimal *value,
                                   const struct gw_ratio *factor);
/* The same rule for a ratio that is no plain product (affine units). */
const char *gw_ratio_print(struct gw_arena *arena, const struct gw_ratio *value);
/* With so many decimals, half to even, whatever the ratio: 77.777... with 1 is "77.8", 78 is "78.0". */
const char *gw_ratio_print_rounded(struct gw_arena *arena, const struct gw_ratio *value, unsigned places);

#endif
