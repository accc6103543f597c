/*
 * Gzip for tests: one more member at the end of a text. In the header, so that only suites that link zlib need it.
 */
#ifndef SUPPORT_GZIP_H
#define SUPPORT_GZIP_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "gateway/core/text.h"

static inline void gzip_append(struct gw_text *out, const void *bytes, size_t length)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)length};
    char *packed = malloc(length + 1024);

    assert(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    stream.next_out = (Bytef *)packed;
    stream.avail_out = (uInt)(length + 1024);
    assert(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    gw_text_append(out, packed, stream.total_out);
    deflateEnd(&stream);
    free(packed);
}

#endif
