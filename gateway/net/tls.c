/*
 * libcurl's own checks stay on; OpenSSL is told to make them too where libcurl's are weaker.
 */
#include "net/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/staple.h"

static const char where[] = "net.http";

enum { KEY_MAX = 64 * 1024, HOST_MAX = 256, LEVEL = 2, PINS_MAX = 16 * 1024, PIN_DIGITS = 43 };

/* 32 bytes in base64: 43 digits and a sign that fills up. */
bool gw_http_is_pin(const char *text)
{
    static const char start[] = "sha256//";
    const char *const digits = text + sizeof start - 1;

    return strncmp(text, start, sizeof start - 1) == 0 &&
           strspn(digits, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") == PIN_DIGITS &&
           strcmp(digits + PIN_DIGITS, "=") == 0;
}

static enum gw_status join_pins(struct tls *tls, const struct gw_http_options *options, struct gw_error *err)
{
    for (size_t i = 0; i < options->pin_count; i++) {
        if (!gw_http_is_pin(options->pins[i]))
            return gw_fail(err, GW_ECONFIG, where, "entry %zu of \"pins\" is no pin: write sha256// and 44 characters",
                           i + 1);
        gw_text_print(&tls->pins, "%s%s", i ? ";" : "", options->pins[i]);
    }
    return tls->pins.failed ? gw_fail(err, GW_ENOMEM, where, "the \"pins\" are too many") : GW_OK;
}

static enum gw_status copy_file_name(char **out, const char *path, const char *setting, struct gw_error *err)
{
    if (!path)
        return GW_OK;
    if (access(path, R_OK) != 0)
        return gw_fail(err, GW_ECONFIG, where, "%s: cannot be read; it is \"%s\" of the endpoint", path, setting);
    *out = strdup(path);
    return *out ? GW_OK : gw_fail(err, GW_ENOMEM, where, "out of memory");
}

enum gw_status tls_init(struct tls *tls, const struct gw_http_options *options, struct gw_error *err)
{
    enum gw_status rc;

    *tls = (struct tls){.key = GW_TEXT_INIT(KEY_MAX), .pins = GW_TEXT_INIT(PINS_MAX)};
    rc = copy_file_name(&tls->ca_file, options->ca_file, "tls.ca", err);
    if (rc == GW_OK && !options->cert_file != !options->key_file)
        rc = gw_fail(err, GW_ECONFIG, where, "\"tls\" needs both \"cert\" and \"key\", or neither");
    if (rc == GW_OK)
        rc = copy_file_name(&tls->cert_file, options->cert_file, "tls.cert", err);
    if (rc == GW_OK && options->key_file)
        rc = gw_text_read_secret(&tls->key, options->key_file, err);
    if (rc == GW_OK)
        rc = join_pins(tls, options, err);
    return rc;
}

void tls_release(struct tls *tls)
{
    if (tls->key.length)
        explicit_bzero(tls->key.at, tls->key.length);
    gw_text_release(&tls->key);
    gw_text_release(&tls->pins);
    free(tls->ca_file);
    free(tls->cert_file);
}

/* An IPv6 address stands in brackets in a URL and without them in a certificate. */
static bool set_name(X509_VERIFY_PARAM *param, const char *host)
{
    const size_t length = strlen(host);
    char bare[HOST_MAX];

    if (*host != '[')
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1 || X509_VERIFY_PARAM_set1_host(param, host, length) == 1;
    if (length < 2 || length > sizeof bare)
        return false;
    memcpy(bare, host + 1, length - 2);
    bare[length - 2] = '\0';
    return X509_VERIFY_PARAM_set1_ip_asc(param, bare) == 1;
}

static CURLcode on_context(CURL *easy, void *context, void *host)
{
    SSL_CTX *ssl = context;
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ssl);

    (void)easy;
    if (SSL_CTX_get_security_level(ssl) < LEVEL)
        SSL_CTX_set_security_level(ssl, LEVEL);
    SSL_CTX_clear_options(ssl, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
    staple_heed(ssl);
    if (!host)
        return CURLE_OK;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return set_name(param, host) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

void tls_apply(const struct tls *tls, CURL *easy, const char *host)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, (void *)(uintptr_t)host);
    if (tls->pins.length)
        curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, tls->pins.at);
    if (tls->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (tls->cert_file) {
        struct curl_blob key = {tls->key.at, tls->key.length, CURL_BLOB_NOCOPY};

        curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->cert_file);
        curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
    }
}

/* ---- the library ------------------------------------------------------------------------------------------------ */

static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* The GnuTLS flavour has the same name and can take this one's place after a package upgrade. */
enum gw_status gw_http_check_library(struct gw_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const char *tls;

    pthread_once(&once, init_curl);
    tls = curl_version_info(CURLVERSION_NOW)->ssl_version;
    if (!tls || strncmp(tls, "OpenSSL", 7) != 0)
        return gw_fail(err, GW_ECONFIG, where, "this libcurl uses %s for TLS: install the OpenSSL flavour (libcurl4)",
                       tls ? tls : "nothing");
    return GW_OK;
}

const char *gw_http_library(void)
{
    return curl_version();
}
