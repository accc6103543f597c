/*
 * The fast loops of the JSON reader against the plain one.
 */
#include "core/json_scan.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

/* One byte after the other: what both fast loops must equal. */
static size_t scan_bytes(const unsigned char *p, const unsigned char *end)
{
    const unsigned char *const start = p;

    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return (size_t)(p - start);
}

static void expect_scan(const unsigned char *text, size_t length)
{
    const size_t expected = scan_bytes(text, text + length);
    unsigned char *exact = malloc(length ? length : 1);
    char *out = malloc(length ? length : 1);

    memcpy(exact, text, length);
    cr_assert(eq(sz, scan_words(exact, exact + length, out), expected), "words, %zu bytes", length);
    cr_assert(eq(int, memcmp(out, exact, expected), 0));
#ifdef __SSE2__
    cr_assert(eq(sz, scan_vectors(exact, exact + length, out), expected), "vectors, %zu bytes", length);
    cr_assert(eq(int, memcmp(out, exact, expected), 0));
#endif
    free(exact);
    free(out);
}

Test(json_scan, stops_each_fast_loop_at_the_same_byte)
{
    unsigned char text[48];

    for (size_t length = 0; length <= 40; length += length < 20 ? 1 : 5)
        for (size_t at = 0; at < length; at++)
            for (int byte = 0; byte < 256; byte++) {
                memset(text, 'a', sizeof text);
                text[at] = (unsigned char)byte;
                if (at + 1 < length)
                    text[at + 1] = (unsigned char)(byte + 1); /* a borrow from below must not hide or invent a stop */
                expect_scan(text, length);
            }
}
