/*
 * Digests against the published vectors, ids, random bytes and base64url.
 */
#include "gateway/core/digest.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

/* FIPS 180-4 and RFC 4231, cases 1, 2 and 6. */
static const struct {
    const char *text;
    const char *hex;
} digests[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

Test(digest, is_sha_256)
{
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
        uint8_t digest[GW_SHA256_BYTES];
        char hex[2 * GW_SHA256_BYTES + 1];
        gw_sha256(digests[i].text, strlen(digests[i].text), digest);
        gw_hex(digest, sizeof digest, hex);
        cr_expect(eq(str, hex, (char *)digests[i].hex), "%s", digests[i].text);
    }
}

static const struct {
    const char *name;
    char key_byte; /* repeated, unless a text is given */
    size_t key_length;
    const char *key;
    const char *text;
    const char *hex;
} macs[] = {
    {"case 1", 0x0b, 20, NULL, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"case 2", 0, 4, "Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"case 6, a key longer than a block", (char)0xaa, 131, NULL,
     "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {"no key", 0, 0, "", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
};

Test(digest, is_hmac_sha_256_as_often_as_asked)
{
    for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
        char key[131];
        memset(key, macs[i].key_byte, sizeof key);
        struct gw_hmac *hmac = gw_hmac_new(macs[i].key ? macs[i].key : key, macs[i].key_length);
        cr_assert(hmac != NULL);
        for (int again = 0; again < 3; again++) {
            uint8_t digest[GW_SHA256_BYTES];
            char hex[2 * GW_SHA256_BYTES + 1];
            gw_hmac_digest(hmac, macs[i].text, strlen(macs[i].text), digest);
            gw_hex(digest, sizeof digest, hex);
            cr_expect(eq(str, hex, (char *)macs[i].hex), "%s, time %d", macs[i].name, again);
        }
        gw_hmac_free(hmac);
    }
    gw_hmac_free(NULL);
    struct gw_hmac *without = gw_hmac_new(NULL, 0);
    cr_expect(without != NULL, "no key at all is an empty key");
    gw_hmac_free(without);
}

Test(digest, makes_an_id_of_joined_parts)
{
    const char *const parts[] = {"hm-ehr", "Observation", NULL, "0"};
    struct gw_arena arena = GW_ARENA_INIT(44);
    struct gw_hmac *hmac = gw_hmac_new("key", 3);
    uint8_t digest[GW_SHA256_BYTES];
    char expected[2 * GW_SHA256_BYTES + 2] = "o";

    gw_hmac_digest(hmac, "hm-ehr|Observation||0", 21, digest);
    gw_hex(digest, sizeof digest, expected + 1);
    expected[21] = '\0';
    cr_expect(eq(str, (char *)gw_hmac_id(hmac, &arena, 'o', parts, 4), expected));
    cr_expect(ne(str, (char *)gw_hmac_id(hmac, &arena, 'o', parts, 3), expected));
    cr_expect(gw_hmac_id(hmac, &arena, 'o', parts, 4) == NULL, "the arena is full");
    gw_hmac_free(hmac);
    gw_arena_release(&arena);
}

Test(digest, draws_random_bytes)
{
    uint8_t bytes[2][32] = {{0}, {0}};
    struct gw_error err = {0};

    cr_expect(eq(int, gw_random(bytes[0], sizeof bytes[0], &err), GW_OK));
    cr_expect(eq(int, gw_random(bytes[1], sizeof bytes[1], &err), GW_OK));
    cr_expect(ne(int, memcmp(bytes[0], bytes[1], sizeof bytes[0]), 0));
    cr_expect(eq(int, gw_random(bytes[0], 0, &err), GW_OK));
}

/* RFC 4648 section 10, and the two characters of the URL alphabet. */
static const struct {
    const char *bytes;
    const char *text;
} encodings[] = {
    {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xFB\xEF\xBE\xFF", "--------_w" + 4},
};

Test(digest, writes_and_reads_base64url)
{
    for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        struct gw_text text = GW_TEXT_INIT(100);
        uint8_t bytes[16];
        const size_t expected = strlen(encodings[i].bytes);
        size_t length = expected;
        gw_base64url_encode(&text, encodings[i].bytes, expected);
        cr_expect(eq(str, text.at, (char *)encodings[i].text));
        cr_assert(gw_base64url_decode(text.at, text.length, bytes, &length), "%s fits exactly", text.at);
        cr_expect(eq(sz, length, expected));
        cr_expect(eq(int, memcmp(bytes, encodings[i].bytes, expected), 0));
        gw_text_release(&text);
    }
}

static const struct {
    const char *name;
    const char *text;
    size_t length;
    size_t room;
} refusals[] = {
    {"a length of 4n + 1", "Zm9vA", 5, 16},
    {"padding", "Zg==", 4, 16},
    {"the other alphabet", "+/+/", 4, 16},
    {"a blank", "Zm 9v", 5, 16},
    {"a NUL", "Zm\0v", 4, 16},
    {"outside ASCII", "Zm\xC3\xBC", 4, 16},
    {"no room", "Zm9v", 4, 2},
    {"bits left over", "Zh", 2, 16},
};

Test(digest, refuses_what_is_not_base64url)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        uint8_t bytes[16];
        size_t length = refusals[i].room;
        cr_expect(not(gw_base64url_decode(refusals[i].text, refusals[i].length, bytes, &length)), "%s",
                  refusals[i].name);
    }
}
