/*
 * Products of powers with exponents that are no whole numbers, as estimating equations have them:
 * 175 x creatinine^-1.154 x age^-0.203.
 *
 * Computed in fixed point with whole numbers alone, so that every machine gives the same digits; a floating-point pow()
 * differs between C libraries.
 */
#ifndef GATEWAY_CORE_POWER_H
#define GATEWAY_CORE_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/decimal.h"

struct gw_power {
    struct gw_ratio base; /* above zero */
    int32_t thousandths;  /* exponent * 1000: -1154 is to the power of -1.154 */
};

/*
 * The product of the powers with 6 decimals. For products below 1,000,000 of at most 8 powers, with exponents between
 * -10 and 10 and bases between 1e-18 and 1e18, the error is below 0.000001 (gateway/core/power.c shows it). False: a
 * base that is not above zero, or a product of 2^40 or more.
 */
bool gw_powers(const struct gw_power *powers, size_t count, struct gw_decimal *out);

#endif
