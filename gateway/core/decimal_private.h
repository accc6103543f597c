/*
 * Between a decimal and its digits, for decimal.c and ratio.c.
 */
#ifndef CORE_DECIMAL_PRIVATE_H
#define CORE_DECIMAL_PRIVATE_H

#include "core/digits.h"
#include "gateway/core/decimal.h"

#define DECIMAL_ROOM 40 /* digits of a 128-bit number */

/* The magnitude's digits (none for zero), borrowed from value or spelled in room. */
struct digits decimal_digits(const struct gw_decimal *value, char room[DECIMAL_ROOM]);

/* digits * 10^exponent; the digits are borrowed when they are many, and have no leading zeros and no unwritten ones. */
void decimal_of_digits(struct digits digits, bool negative, int32_t exponent, struct gw_decimal *out);

#endif
