/*
 * Magnitudes as decimal digits: the long arithmetic under gw_decimal and gw_ratio.
 *
 * Numbers stay in base ten because they come and go as text: sums, products with a short factor and quotients by a
 * short divisor then take time in proportion to their length, where a conversion to binary and back grows with its
 * square (a server can send a million digits). Only a quotient by more than 18 digits goes through libcrypto's BIGNUM.
 */
#ifndef CORE_DIGITS_H
#define CORE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/arena.h"

#define SHORT_DIGITS 18 /* what fits an int64_t whatever the digits are */

/* `count` digits followed by `zeros` zeros that nobody wrote down. Zero is a count of 0 or digits that are all 0. */
struct digits {
    const char *at;
    size_t count;
    size_t zeros;
};

int digits_compare(struct digits a, struct digits b); /* -1, 0, 1; neither is zero or has leading zeros */

/* Results are written out in the arena without leading zeros (zero has a count of 0); false at its limit. */
bool digits_add(struct gw_arena *arena, struct digits a, struct digits b, struct digits *out);
bool digits_subtract(struct gw_arena *arena, struct digits larger, struct digits smaller, struct digits *out);
bool digits_multiply(struct gw_arena *arena, struct digits a, struct digits b, struct digits *out);

/* The whole part of a / b; *exact: nothing remains. b is not zero. */
bool digits_divide(struct gw_arena *arena, struct digits a, struct digits b, struct digits *out, bool *exact);

/* Drop the last `drop` (at least one) digits of a, which has no zeros, rounding to the nearest, a half away from zero.
 */
bool digits_round(struct gw_arena *arena, struct digits a, size_t drop, struct digits *out);

#endif
