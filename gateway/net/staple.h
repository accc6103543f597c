/*
 * What a server staples to its certificate: the word of its authority, not older than the authority says, on whether
 * the certificate was revoked (RFC 6066, 8; RFC 6960).
 */
#ifndef NET_STAPLE_H
#define NET_STAPLE_H

#include <openssl/ssl.h>

/*
 * Ask for it, and take no connection whose staple says that the certificate was revoked, or that says nothing one could
 * rely on: of another certificate, signed by another than its issuer or whom the issuer lets sign, out of date, broken.
 * A server that staples nothing is taken: many hospitals' do not.
 *
 * libcurl has an option for this that refuses a server without a staple.
 */
void staple_heed(SSL_CTX *context);

#endif
