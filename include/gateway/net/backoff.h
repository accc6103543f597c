/*
 * How long to wait before asking again: pure functions of a failure's class, its number in a row and a roll of dice.
 *
 *      class            first    last    wait after the nth failure in a row
 *      B1 transient       1 s   300 s    anything up to first x 2^(n-1), at most last (full jitter)
 *      B2 throttled      30 s   900 s    what the server said, and up to a tenth more; where it said nothing, between
 *                                        first and first x 2^(n-1)
 *      B3 auth           60 s  1800 s    between first and first x 2^(n-1)
 *      B4 configuration 900 s   900 s    and up to a tenth more, for the one probe that a certificate is given
 *      B5 database     100 ms    30 s    as B1
 *
 * Classes with a floor never come back sooner than their first wait: who says "slow down" is not asked after a second.
 * What a server says is kept to 1 s .. 24 h.
 */
#ifndef GATEWAY_NET_BACKOFF_H
#define GATEWAY_NET_BACKOFF_H

#include <stdint.h>

#include "gateway/net/trouble.h"

enum gw_backoff {
    GW_BACKOFF_NONE,
    GW_BACKOFF_TRANSIENT,     /* B1 */
    GW_BACKOFF_THROTTLED,     /* B2 */
    GW_BACKOFF_AUTH,          /* B3 */
    GW_BACKOFF_CONFIGURATION, /* B4 */
    GW_BACKOFF_DATABASE,      /* B5 */
};
#define GW_BACKOFF_COUNT (GW_BACKOFF_DATABASE + 1)

#define GW_RETRY_AFTER_MAX_S 86400

enum gw_backoff gw_backoff_of(enum gw_trouble trouble);
const char *gw_backoff_name(enum gw_backoff class); /* "B1"; "" for none */

/*
 * Milliseconds. attempt: failures in a row, this one included, from 1. asked_s: what the server said (B2 only; 0:
 * nothing). dice: uniform over all its values.
 */
uint64_t gw_backoff_wait_ms(enum gw_backoff class, unsigned attempt, int32_t asked_s, uint32_t dice);

#endif
