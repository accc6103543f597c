/*
 * Keys and tokens, checked by OpenSSL itself and by the jose program, which shares no code with us.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/core/arena.h"
#include "gateway/core/json.h"
#include "gateway/net/jwk.h"
#include "net/key.h"

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/gw-jwk-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
}

static void remove_folder(void)
{
    run("rm -rf %s", folder);
}

TestSuite(jwk, .init = make_folder, .fini = remove_folder);

static const struct {
    const char *name;
    enum gw_jwk_alg alg;
    unsigned bits;
} kinds[] = {{"ES384", GW_JWK_ES384, 0}, {"RS384", GW_JWK_RS384, 3072}};

static struct gw_jwk *generate(size_t kind)
{
    struct gw_jwk *key = NULL;
    struct gw_error err = {0};

    cr_assert(gw_jwk_generate(kinds[kind].alg, kinds[kind].bits, &key, &err) == GW_OK, "%s", err.text);
    return key;
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    chmod(path, 0600);
}

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

Test(jwk, comes_back_from_its_file_as_it_went)
{
    for (size_t i = 0; i < 2; i++) {
        struct gw_jwk *key = generate(i), *back = NULL;
        struct gw_error err = {0};
        struct stat about;

        cr_assert(gw_jwk_save(key, path_of(kinds[i].name), &err) == GW_OK, "%s", err.text);
        cr_assert(stat(path_of(kinds[i].name), &about) == 0 && (about.st_mode & 07777) == 0600);
        cr_assert(gw_jwk_load(path_of(kinds[i].name), &back, &err) == GW_OK, "%s", err.text);
        cr_expect_str_eq(gw_jwk_kid(back), gw_jwk_kid(key));
        cr_expect_str_eq(gw_jwk_alg_name(back), kinds[i].name);
        cr_expect(gw_jwk_save(key, path_of(kinds[i].name), &err) == GW_ECREATE, "a key was overwritten");
        gw_jwk_free(key);
        gw_jwk_free(back);
    }
}

Test(jwk, gives_the_thumbprint_of_rfc_7638)
{
    /* the key and the thumbprint of the RFC's own section 3.1 are public only: jose computes ours */
    for (size_t i = 0; i < 2; i++) {
        struct gw_jwk *key = generate(i);

        cr_assert(gw_jwk_save(key, path_of(kinds[i].name), NULL) == GW_OK);
        cr_expect(run("test \"$(jose jwk thp -i %s)\" = '%s'", path_of(kinds[i].name), gw_jwk_kid(key)) == 0, "%s",
                  kinds[i].name);
        gw_jwk_free(key);
    }
}

Test(jwk, publishes_no_private_part)
{
    static const char *const private[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    struct gw_jwk *keys[] = {generate(0), generate(1)};
    struct gw_text set = GW_TEXT_INIT(1 << 16);
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    const cJSON *json = NULL;
    int count = 0;

    gw_jwk_public_set((const struct gw_jwk *const *)keys, 2, &set);
    cr_assert(gw_json_parse(&arena, set.at, set.length, NULL, &json, NULL, NULL) == GW_OK, "%s", set.at);
    GW_JSON_EACH (key, gw_json_array(json, "keys")) {
        for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
            cr_expect(gw_json_get(key, private[i]) == NULL, "%s is published", private[i]);
        cr_expect_str_eq(gw_json_string(key, "use"), "sig");
        cr_expect_str_eq(gw_json_string(key, "kid"), gw_jwk_kid(keys[count]));
        count++;
    }
    cr_expect(count == 2);
    gw_arena_release(&arena);
    gw_text_release(&set);
    gw_jwk_free(keys[0]);
    gw_jwk_free(keys[1]);
}

Test(jwk, signs_what_jose_and_openssl_verify_and_no_tampered_token)
{
    for (size_t i = 0; i < 2; i++) {
        struct gw_jwk *key = generate(i);
        struct gw_text token = GW_TEXT_INIT(1 << 16), set = GW_TEXT_INIT(1 << 16);
        struct gw_error err = {0};
        char *dot;

        cr_assert(gw_jwt_sign(key, "{\"iss\":\"casement\",\"n\":1}", &token, &err) == GW_OK, "%s", err.text);
        gw_jwk_public_set((const struct gw_jwk *const *)&key, 1, &set);
        write_file("set", set.at);
        write_file("token", token.at);
        cr_expect(run("cd %s && jose jws ver -i token -k set -O claims && grep -q '\"iss\":\"casement\"' claims",
                      folder) == 0);
        cr_expect(token_verifies(key, token.at));
        dot = strchr(token.at, '.') + 3; /* a letter of the claims */
        *dot = *dot == 'A' ? 'B' : 'A';
        write_file("token", token.at);
        cr_expect(run("cd %s && jose jws ver -i token -k set", folder) != 0, "jose took a tampered token");
        cr_expect(!token_verifies(key, token.at), "a tampered token verified");
        gw_text_release(&token);
        gw_text_release(&set);
        gw_jwk_free(key);
    }
}

Test(jwk, says_typ_alg_and_kid_in_the_header)
{
    struct gw_jwk *key = generate(0);
    struct gw_text token = GW_TEXT_INIT(1 << 16);
    char want[256], *dot;

    cr_assert(gw_jwt_sign(key, "{}", &token, NULL) == GW_OK);
    dot = strchr(token.at, '.');
    snprintf(want, sizeof(want), "{\"alg\":\"ES384\",\"typ\":\"JWT\",\"kid\":\"%s\"}", gw_jwk_kid(key));
    {
        uint8_t header[512];
        size_t length = sizeof(header) - 1;

        cr_assert(gw_base64url_decode(token.at, (size_t)(dot - token.at), header, &length));
        header[length] = '\0';
        cr_expect_str_eq((char *)header, want);
    }
    dot = strrchr(token.at, '.');
    cr_expect(strlen(dot + 1) == 128, "ES384 is 96 bytes raw");
    gw_text_release(&token);
    gw_jwk_free(key);
}

Test(jwk, reads_keys_that_jose_made)
{
    for (size_t i = 0; i < 2; i++) {
        struct gw_jwk *key = NULL;
        struct gw_text token = GW_TEXT_INIT(1 << 16);
        struct gw_error err = {0};

        cr_assert(run("cd %s && jose jwk gen -i '{\"alg\":\"%s\",\"kid\":\"hm-1\"}' -o k%zu && chmod 400 k%zu", folder,
                      kinds[i].name, i, i) == 0);
        cr_assert(gw_jwk_load(path_of(i ? "k1" : "k0"), &key, &err) == GW_OK, "%s", err.text);
        cr_expect_str_eq(gw_jwk_kid(key), "hm-1", "the kid the hospital registered");
        cr_assert(gw_jwt_sign(key, "{\"a\":1}", &token, NULL) == GW_OK);
        write_file("token", token.at);
        cr_expect(run("cd %s && jose jws ver -i token -k k%zu", folder, i) == 0);
        gw_text_release(&token);
        gw_jwk_free(key);
    }
}

/* 1024 bits, made for this test. */
#define SMALL_KEY                                                                                                      \
    "{\"kty\":\"RSA\",\"e\":\"AQAB\""                                                                                  \
    ",\"n\":\"zdhCfQErmXrIk1QC5T0pPIQNYSZmsXUquJ9n9tf_WRRpbAVD5Omowf2gSgOgZp6vB4bkLGsA7sK4sC6kktjk3Iq2i3R"             \
    "RnHMoLGXWPOFaebil7WGh2gggKJnVpFdnV_DZ6056W3OUntsFKZuO-vAxLONeg7xgB3INlAT6qPK9zM0\""                               \
    ",\"d\":\"GuU90r17Z-NeH7njYvZ509lhMidlVZx8h4D0gZE5YPdEywNpGpjZHve3oNQWejITpoUefRtCFPBGV2bQxAso49fbciZ"             \
    "efJyguWx8oYJtdpMecMtQ1U9aCB1xJyVVK4bBawd0u3zHqMAK2N5DyraLPdXLm_qLMYnjwHp-1oAl0oE\""                               \
    ",\"p\":\"-e8k11CaUtnpq3oIwfOYTHbmxb8nCLKqQ1Z7YJxBSGyQHdwaQKYLsSvhqYu_RzjzYbi3LY8AYyf97d7D_Ey2rQ\""                \
    ",\"q\":\"0tcvjN71DuVp4rA2LwnQZPLJsCLlsiqDKriK-oz_o-J3LShJWGMnVlicbaSc15Q2Aesa2eFg1WXjoh2_gNnSoQ\""                \
    ",\"dp\":\"rgMnllXDLJ4Vx9LuWAM-7TX3lIRzK-YhD0MeIXSJK2CSsod1K7-v8knIEuB-a5smMMqHlsuyjFbiwAPSVk4e_Q\""               \
    ",\"dq\":\"Wh436NJzlEZil84RmtFrDXro0ixYWWrqXZw7axRRQE9P-TE7CFh5O-LsGcE-eLaUzwUamP5IUW4XefeVHxH7gQ\""               \
    ",\"qi\":\"H2pbrEL0RKQ88MvAsoDT3r5joAD5gwwQ4WNFKCv-cmucdgkFRcABDfhZI7sy_Dqlwv0CYjUVIY-De04nhqDHYA\"}"

static const struct {
    const char *name;
    const char *script; /* makes "$1" from good keys ec and rsa in the folder */
    const char *says;
} bad[] = {
    {"not there", "true", "cannot be opened"},
    {"open to others", "cp ec $1; chmod 644 $1", "chmod 600"},
    {"not JSON", "echo hello >$1; chmod 600 $1", "not JSON"},
    {"public only", "jose jwk pub -i ec -o $1; chmod 600 $1", "only the public half"},
    {"another curve", "jose jwk gen -i '{\"alg\":\"ES256\"}' -o $1; chmod 600 $1", "another algorithm"},
    {"another curve, unsaid", "jose jwk gen -i '{\"kty\":\"EC\",\"crv\":\"P-256\"}' -o $1; chmod 600 $1", "P-384"},
    {"another hash", "jose jwk gen -i '{\"alg\":\"RS256\"}' -o $1; chmod 600 $1", "another algorithm"},
    {"a secret key", "jose jwk gen -i '{\"alg\":\"HS256\"}' -o $1; chmod 600 $1", "EC or RSA"},
    {"a set", "echo '{\"keys\":[]}' >$1; chmod 600 $1", "EC or RSA"},
    {"halves of two keys",
     "d=$(sed 's/.*\"d\":\"\\([^\"]*\\)\".*/\\1/' other); sed \"s/\\\"d\\\":\\\"[^\\\"]*/\\\"d\\\":\\\"$d/\" ec >$1; "
     "chmod 600 $1",
     "belong together"},
    {"a small RSA key", "echo '" SMALL_KEY "' >$1; chmod 600 $1", "2048"},
    {"a missing factor", "jose fmt -j rsa -d p -Oo $1; chmod 600 $1", "RSA"},
};

Test(jwk, a4_refuses_what_is_not_a_private_key_of_ours)
{
    struct gw_jwk *ec = generate(0), *rsa = generate(1), *other = generate(0);

    cr_assert(gw_jwk_save(ec, path_of("ec"), NULL) == GW_OK && gw_jwk_save(rsa, path_of("rsa"), NULL) == GW_OK &&
              gw_jwk_save(other, path_of("other"), NULL) == GW_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct gw_jwk *key = NULL;
        struct gw_error err = {0};
        char name[16];

        snprintf(name, sizeof(name), "bad%zu", i);
        write_file("script", bad[i].script);
        run("cd %s && sh script %s", folder, name);
        cr_expect(gw_jwk_load(path_of(name), &key, &err) == GW_ECONFIG && !key, "%s was read", bad[i].name);
        cr_expect(strstr(err.text, bad[i].says), "%s: %s", bad[i].name, err.text);
        cr_expect(strstr(err.text, name), "the file is not named: %s", err.text);
        gw_jwk_free(key);
    }
    gw_jwk_free(ec);
    gw_jwk_free(rsa);
    gw_jwk_free(other);
}

Test(jwk, knows_two_algorithms)
{
    enum gw_jwk_alg alg;
    struct gw_jwk *key = NULL;

    cr_expect(gw_jwk_alg_parse("ES384", &alg) == 0 && alg == GW_JWK_ES384);
    cr_expect(gw_jwk_alg_parse("RS384", &alg) == 0 && alg == GW_JWK_RS384);
    cr_expect(gw_jwk_alg_parse("none", &alg) == -1);
    cr_expect(gw_jwk_alg_parse(NULL, &alg) == -1);
    cr_expect(gw_jwk_generate(GW_JWK_RS384, 1024, &key, NULL) == GW_EUSAGE);
}
