/*
 * Gzip, inflated by ourselves.
 *
 * libcurl takes half a gzip body, or one without its checksum, for a success and refuses legal files of several members
 * (measured with 7.88.1). Here the end mark and the checksum of every member are required, several members are
 * accepted, anything else after a member is refused, and what comes out is bounded in bytes and, after its first MiB,
 * in its ratio to what went in: a bomb stops at once.
 */
#ifndef GATEWAY_NET_INFLATE_H
#define GATEWAY_NET_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/core/error.h"
#include "gateway/core/text.h"

#define GW_INFLATE_RATIO      200u
#define GW_INFLATE_RATIO_FROM (1u << 20)    /* bytes out before the ratio counts */
#define GW_INFLATE_FILE_MAX   (20ull << 30) /* a bulk file */

struct gw_inflate;

struct gw_inflate *gw_inflate_new(uint64_t max_bytes); /* of output; NULL: out of memory */
void gw_inflate_free(struct gw_inflate *inflate);

/*
 * Take bytes from *in (which moves on) and make up to room bytes. Repeat while in->length > 0 or *made == room.
 * GW_EINPUT: not gzip, damaged, or junk after the end. GW_ENOMEM: over max_bytes or the ratio.
 */
enum gw_status gw_inflate_step(struct gw_inflate *inflate, struct gw_slice *in, char *out, size_t room, size_t *made,
                               struct gw_error *err);

/* No more input comes: GW_EINPUT unless the last member is complete (an input of no bytes is not gzip either). */
enum gw_status gw_inflate_end(struct gw_inflate *inflate, struct gw_error *err);

/*
 * A file read piece by piece with bounded memory: .gz inflated by the rules above, anything that does not start with
 * 1f 8b as it is. "-" is standard input. Messages name the file.
 */
struct gw_gzip;

/* max_bytes counts what is read out; 0: GW_INFLATE_FILE_MAX. GW_ENOINPUT: not there, not readable, not a file. */
enum gw_status gw_gzip_open(const char *path, uint64_t max_bytes, struct gw_gzip **out, struct gw_error *err);
/* Fills up to room bytes; fewer only at the end, 0 at the end. GW_EINPUT, GW_ENOMEM as above, GW_EIO. */
enum gw_status gw_gzip_read(struct gw_gzip *file, char *out, size_t room, size_t *length, struct gw_error *err);
void gw_gzip_close(struct gw_gzip *file); /* NULL is nothing */

#endif
