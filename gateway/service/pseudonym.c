/*
 * The pseudonym key.
 */
#include "gateway/service/pseudonym.h"

#include <stdio.h>
#include <string.h>

#include "gateway/ledger/audit.h"
#include "gateway/ledger/notes.h"

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

/* ---- whose ledger it is ---- */

/* No study has this id: ids have no bar. */
static const char fingerprint_study[] = "|fingerprint";
static const char identity[] = "identity"; /* space of notes */

static enum gw_status fingerprint(const char *path, char out[2 * GW_SHA256_BYTES + 1], struct gw_error *err)
{
    uint8_t digest[GW_SHA256_BYTES];
    struct gw_hmac *key = NULL;
    const enum gw_status rc = gw_pseudonym_open(path, fingerprint_study, &key, err);

    if (rc == GW_OK) {
        gw_hmac_digest(key, "", 0, digest);
        gw_hex(digest, sizeof digest, out);
    }
    gw_hmac_free(key);
    return rc;
}

static enum gw_status keep_fingerprint(struct gw_ledger *ledger, const char *print, struct gw_error *err)
{
    char what[60];
    enum gw_status rc;

    snprintf(what, sizeof what, "the pseudonym key %.12s", print);
    rc = gw_audit_note(ledger, &(struct gw_audit_act){.act = GW_AUDIT_KEY, .what = what, .new_hash = print}, err);
    return rc == GW_OK ? gw_ledger_note_put(ledger, identity, "pseudonym_key", print, err) : rc;
}

enum gw_status gw_pseudonym_bind(const char *path, struct gw_ledger *ledger, bool keep, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(MAX_KEY_BYTES);
    char print[2 * GW_SHA256_BYTES + 1];
    const char *known = NULL;
    enum gw_status rc = fingerprint(path, print, err);

    if (rc == GW_OK)
        rc = gw_ledger_note(ledger, &arena, identity, "pseudonym_key", &known, err);
    if (rc == GW_OK && known && strcmp(known, print) != 0)
        rc = gw_fail(err, GW_ECONFIG, "service.pseudonym",
                     "%s: this is another pseudonym key than the ledger was made with, every id would change: put the "
                     "old one back",
                     path);
    else if (rc == GW_OK && !known && keep)
        rc = keep_fingerprint(ledger, print, err);
    gw_arena_release(&arena);
    return rc;
}
