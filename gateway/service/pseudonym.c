/*
 * The pseudonym key.
 */
#include "gateway/service/pseudonym.h"

#include <string.h>

#define KEY_BYTES     32
#define MAX_KEY_BYTES 4096

enum gw_status gw_pseudonym_make(const char *path, struct gw_error *err)
{
    uint8_t key[KEY_BYTES];
    char text[2 * KEY_BYTES + 2];
    enum gw_status rc = gw_random(key, sizeof key, err);

    if (rc != GW_OK)
        return rc;
    gw_hex(key, sizeof key, text);
    strcat(text, "\n");
    return gw_text_write_file(path, 0600, text, strlen(text), err);
}

/* The key of one study out of the installation's. */
static struct gw_hmac *of_study(const struct gw_text *file, size_t length, const char *study)
{
    struct gw_hmac *installation = gw_hmac_new(file->at, length);
    struct gw_hmac *key = NULL;
    uint8_t digest[GW_SHA256_BYTES];

    if (installation) {
        gw_hmac_digest(installation, study, strlen(study), digest);
        key = gw_hmac_new(digest, sizeof digest);
    }
    gw_hmac_free(installation);
    return key;
}

enum gw_status gw_pseudonym_open(const char *path, const char *study, struct gw_hmac **out, struct gw_error *err)
{
    struct gw_text file = GW_TEXT_INIT(MAX_KEY_BYTES);
    size_t length;
    enum gw_status rc = gw_text_read_secret(&file, path, err);

    if (rc == GW_OK) {
        length = file.length;
        while (length > 0 && strchr("\r\n", file.at[length - 1]))
            length--;
        if (length < KEY_BYTES)
            rc = gw_fail(err, GW_ECONFIG, "service.pseudonym",
                         "%s: the pseudonym key is shorter than 32 bytes: make one with openssl rand -hex 32", path);
        else if (!(*out = of_study(&file, length, study)))
            rc = gw_fail(err, GW_ENOMEM, "service.pseudonym", "no memory for the pseudonym key");
    }
    if (file.length > 0)
        explicit_bzero(file.at, file.length);
    gw_text_release(&file);
    return rc;
}
