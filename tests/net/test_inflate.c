/*
 * Inflation: legal forms in, every cut and forgery out, bounded.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "gateway/net/inflate.h"
#include "support/gzip.h"

static enum gw_status inflate_all(const struct gw_text *in, size_t piece, uint64_t max, size_t room,
                                  struct gw_text *out, struct gw_error *err)
{
    struct gw_inflate *inflate = gw_inflate_new(max);
    enum gw_status rc = GW_OK;
    char *buffer = malloc(room);

    for (size_t at = 0; rc == GW_OK && at < in->length; at += piece) {
        struct gw_slice slice = {in->at + at, in->length - at < piece ? in->length - at : piece};
        size_t made;

        do {
            rc = gw_inflate_step(inflate, &slice, buffer, room, &made, err);
            gw_text_append(out, buffer, made);
        } while (rc == GW_OK && (slice.length > 0 || made == room));
    }
    if (rc == GW_OK)
        rc = gw_inflate_end(inflate, err);
    free(buffer);
    gw_inflate_free(inflate);
    return rc;
}

static void sample(struct gw_text *out)
{
    for (int i = 0; i < 400; i++)
        gw_text_print(out, "{\"resourceType\":\"Observation\",\"id\":\"o-%d\"}\n", i * 7919);
}

Test(inflate, n6_gives_the_same_bytes_for_any_piece_and_room)
{
    static const size_t pieces[] = {1, 2, 7, 100, 1 << 20}, rooms[] = {1, 13, 4096, 1 << 20};
    struct gw_text plain = GW_TEXT_INIT(1 << 20), packed = GW_TEXT_INIT(1 << 20);

    sample(&plain);
    gzip_append(&packed, plain.at, 5000);
    gzip_append(&packed, "", 0); /* an empty member is legal */
    gzip_append(&packed, plain.at + 5000, plain.length - 5000);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        for (size_t j = 0; j < sizeof(rooms) / sizeof(rooms[0]); j++) {
            struct gw_text out = GW_TEXT_INIT(1 << 20);
            struct gw_error err = {0};

            cr_expect(inflate_all(&packed, pieces[i], 1 << 20, rooms[j], &out, &err) == GW_OK, "%s", err.text);
            cr_expect(out.length == plain.length && memcmp(out.at, plain.at, plain.length) == 0, "%zu %zu", pieces[i],
                      rooms[j]);
            gw_text_release(&out);
        }
    gw_text_release(&plain);
    gw_text_release(&packed);
}

Test(inflate, n5_n6_refuses_every_cut)
{
    struct gw_text plain = GW_TEXT_INIT(1 << 20), packed = GW_TEXT_INIT(1 << 20);

    sample(&plain);
    gzip_append(&packed, plain.at, plain.length);
    for (size_t length = 0; length < packed.length; length++) {
        struct gw_text cut = GW_TEXT_INIT(1 << 20), out = GW_TEXT_INIT(1 << 20);

        gw_text_append(&cut, packed.at, length);
        cr_expect(inflate_all(&cut, 4096, 1 << 20, 4096, &out, NULL) == GW_EINPUT, "cut at %zu", length);
        gw_text_release(&cut);
        gw_text_release(&out);
    }
    gw_text_release(&plain);
    gw_text_release(&packed);
}

enum forgery { BAD_CRC, BAD_LENGTH, JUNK, ZEROS, PLAIN, FLIPPED };

static const struct {
    enum forgery kind;
    const char *says;
} forgeries[] = {{BAD_CRC, "checksum"},    {BAD_LENGTH, "checksum"}, {JUNK, "after its end"},
                 {ZEROS, "after its end"}, {PLAIN, "is not gzip"},   {FLIPPED, "is damaged"}};

static void forge(enum forgery kind, struct gw_text *packed)
{
    if (kind == BAD_CRC)
        packed->at[packed->length - 8] ^= 1;
    else if (kind == BAD_LENGTH)
        packed->at[packed->length - 1] ^= 1;
    else if (kind == JUNK)
        gw_text_add(packed, "{}");
    else if (kind == ZEROS)
        gw_text_append(packed, "\0\0\0\0", 4);
    else if (kind == FLIPPED)
        memset(packed->at + packed->length / 2, 0xff, 16);
    else
        gw_text_clear(packed), gw_text_add(packed, "{\"resourceType\":\"Bundle\"}");
}

Test(inflate, n6_refuses_what_was_tampered_with)
{
    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
        struct gw_text plain = GW_TEXT_INIT(1 << 20), packed = GW_TEXT_INIT(1 << 20), out = GW_TEXT_INIT(1 << 20);
        struct gw_error err = {0};

        sample(&plain);
        gzip_append(&packed, plain.at, plain.length);
        forge(forgeries[i].kind, &packed);
        cr_expect(inflate_all(&packed, 4096, 1 << 20, 4096, &out, &err) == GW_EINPUT, "%s", forgeries[i].says);
        cr_expect(strstr(err.text, forgeries[i].says), "wanted %s, got: %s", forgeries[i].says, err.text);
        cr_expect(inflate_all(&packed, 1 << 20, 1 << 20, 1 << 20, &out, &err) == GW_EINPUT); /* all in one turn */
        cr_expect(strstr(err.text, forgeries[i].says), "wanted %s, got: %s", forgeries[i].says, err.text);
        gw_text_release(&plain);
        gw_text_release(&packed);
        gw_text_release(&out);
    }
}

Test(inflate, n6_stops_a_bomb_by_ratio_and_by_size)
{
    struct gw_text packed = GW_TEXT_INIT(1 << 20), out = GW_TEXT_INIT(128 << 20);
    char *zeros = calloc(1, 32 << 20);
    struct gw_error err = {0};

    gzip_append(&packed, zeros, 32 << 20);
    cr_expect(inflate_all(&packed, 512, 64 << 20, 4096, &out, &err) == GW_ENOMEM);
    cr_expect(strstr(err.text, "bomb"), "%s", err.text);
    cr_expect(out.length < 4 << 20, "let %zu bytes out", out.length);
    gw_text_clear(&out);
    cr_expect(inflate_all(&packed, 512, 1000, 4096, &out, &err) == GW_ENOMEM);
    cr_expect(strstr(err.text, "1000 bytes"), "%s", err.text);
    cr_expect(out.length <= 4096);
    free(zeros);
    gw_text_release(&packed);
    gw_text_release(&out);
}

/* A file of these bytes; the path is static. */
static const char *file_of(const struct gw_text *bytes)
{
    static char path[64];
    int fd;

    strcpy(path, "/tmp/gw-inflate-XXXXXX");
    fd = mkstemp(path);
    cr_assert(write(fd, bytes->at, bytes->length) == (ssize_t)bytes->length);
    close(fd);
    return path;
}

static enum gw_status read_file(const char *path, uint64_t max, size_t room, struct gw_text *out, struct gw_error *err)
{
    struct gw_gzip *file = NULL;
    enum gw_status rc = gw_gzip_open(path, max, &file, err);
    char *buffer = malloc(room);
    size_t length = 1;

    while (rc == GW_OK && length > 0) {
        rc = gw_gzip_read(file, buffer, room, &length, err);
        if (rc == GW_OK)
            gw_text_append(out, buffer, length);
    }
    free(buffer);
    gw_gzip_close(file);
    return rc;
}

Test(inflate, reads_files_packed_or_plain_alike)
{
    static const size_t rooms[] = {1, 100, 1 << 20};

    for (size_t i = 0; i < 3; i++) {
        struct gw_text plain = GW_TEXT_INIT(1 << 24), packed = GW_TEXT_INIT(1 << 24), out = GW_TEXT_INIT(1 << 24);
        const char *path;

        for (int n = 0; n < 8; n++) /* more than one piece of the reader */
            sample(&plain);
        gzip_append(&packed, plain.at, plain.length / 2);
        gzip_append(&packed, plain.at + plain.length / 2, plain.length - plain.length / 2);
        path = file_of(&packed);
        cr_expect(read_file(path, 0, rooms[i], &out, NULL) == GW_OK);
        cr_expect(out.length == plain.length && memcmp(out.at, plain.at, out.length) == 0);
        unlink(path);
        gw_text_clear(&out);
        path = file_of(&plain);
        cr_expect(read_file(path, 0, rooms[i], &out, NULL) == GW_OK);
        cr_expect(out.length == plain.length && memcmp(out.at, plain.at, out.length) == 0);
        unlink(path);
        gw_text_release(&plain);
        gw_text_release(&packed);
        gw_text_release(&out);
    }
}

Test(inflate, names_the_file_that_cannot_be_read)
{
    struct gw_text packed = GW_TEXT_INIT(1 << 20), out = GW_TEXT_INIT(1 << 20);
    struct gw_error err = {0};
    const char *path;

    cr_expect(read_file("/nowhere/x.ndjson.gz", 0, 64, &out, &err) == GW_ENOINPUT);
    cr_expect(strstr(err.text, "/nowhere/x.ndjson.gz"), "%s", err.text);
    cr_expect(read_file("/tmp", 0, 64, &out, &err) == GW_ENOINPUT);
    sample(&packed);
    path = file_of(&packed);
    cr_expect(read_file(path, 100, 64, &out, &err) == GW_ENOMEM);
    unlink(path);
    gw_text_clear(&out);
    gzip_append(&out, packed.at, packed.length);
    out.length -= 3;
    path = file_of(&out);
    gw_text_clear(&out);
    cr_expect(read_file(path, 0, 64, &out, &err) == GW_EINPUT);
    cr_expect(strstr(err.text, path) && strstr(err.text, "cut"), "%s", err.text);
    unlink(path);
    gw_text_release(&packed);
    gw_text_release(&out);
}

Test(inflate, takes_an_empty_file_for_an_empty_file)
{
    struct gw_text none = GW_TEXT_INIT(16), out = GW_TEXT_INIT(16);
    const char *path = file_of(&none);

    cr_expect(read_file(path, 0, 64, &out, NULL) == GW_OK);
    cr_expect(out.length == 0);
    unlink(path);
}
