/*
 * A failed transfer in words: what happened, at which host, what to do.
 */
#ifndef NET_BLAME_H
#define NET_BLAME_H

#include <curl/curl.h>

#include "gateway/core/error.h"
#include "gateway/net/trouble.h"

/* described: the URL as messages may show it; host: its host; detail: libcurl's error buffer. code is not CURLE_OK. */
enum gw_status blame(CURL *easy, CURLcode code, const char *described, const char *host, const char *detail,
                     struct gw_error *err);

/* The kind of trouble: what blame() made of the code, and whether certificates were the matter; an alert that ours is
 * wanted comes with the first read (TLS 1.3). proxied: what a proxy answered, or 0. */
enum gw_trouble blame_trouble(CURLcode code, enum gw_status status, long proxied);

#endif
