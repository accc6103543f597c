/*
 * The inner loop of the JSON reader: copy the plain part of a text, eight or sixteen bytes at a time.
 *
 * Plain is ASCII from the space on, save the quote and the backslash. Neither form reads at or past end. They store
 * whole words, so out must have room for as many bytes as lie between p and end; what they store past the count is
 * rubbish. Wider vectors would gain nothing: most texts of a resource are short.
 */
#ifndef CORE_JSON_SCAN_H
#define CORE_JSON_SCAN_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SCAN_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* A bit for each byte that is zero; exact up to the first one, which is all that is used. */
static inline uint64_t scan_zeros(uint64_t word)
{
    return (word - SCAN_EACH(1)) & ~word;
}

/* How many plain bytes stand at p: counted and copied. */
static inline size_t scan_words(const unsigned char *p, const unsigned char *end, char *out)
{
    const unsigned char *const start = p;

    for (; end - p >= 8; p += 8, out += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        memcpy(out, p, sizeof word);
        word = le64toh(word);
        const uint64_t stops = (scan_zeros(word ^ SCAN_EACH('"')) | scan_zeros(word ^ SCAN_EACH('\\')) |
                                ((word - SCAN_EACH(' ')) & ~word) | word) &
                               SCAN_EACH(0x80);
        if (stops)
            return (size_t)(p - start) + ((size_t)__builtin_ctzll(stops) >> 3);
    }
    for (; p < end && *p >= ' ' && *p < 0x80 && *p != '"' && *p != '\\'; p++)
        *out++ = (char)*p;
    return (size_t)(p - start);
}

#ifdef __SSE2__
static inline size_t scan_vectors(const unsigned char *p, const unsigned char *end, char *out)
{
    const unsigned char *const start = p;
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(' ');

    for (; end - p >= 16; p += 16, out += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        _mm_storeu_si128((__m128i *)(void *)out, bytes);
        /* compared as signed: bytes from 0x80 on are below the space too */
        const __m128i stops = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                                           _mm_cmplt_epi8(bytes, space));
        const unsigned mask = (unsigned)_mm_movemask_epi8(stops);
        if (mask)
            return (size_t)(p - start) + (size_t)__builtin_ctz(mask);
    }
    return (size_t)(p - start) + scan_words(p, end, out);
}
#define scan_plain scan_vectors
#else
#define scan_plain scan_words
#endif

#endif
