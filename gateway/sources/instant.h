/*
 * Instants of the far side's clock as text: "2026-11-20T20:00:00.000Z".
 */
#ifndef SOURCES_INSTANT_H
#define SOURCES_INSTANT_H

#include <stdint.h>

#define INSTANT_BYTES 32

#define NANOSECONDS INT64_C(1000000000)

/* Milliseconds, rounded down. */
void instant_print(int64_t nanoseconds, char out[INSTANT_BYTES]);

#endif
