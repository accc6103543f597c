/*
 * libcurl's multi interface driven by the loop: its sockets as polls, its one timer as a timer.
 *
 * The order that matters: a poll handle is closed before its descriptor is (libuv aborts the process otherwise), so
 * libcurl closes its sockets through us. A timeout of 0 stays 0 (of 1 ms a transfer would wait as often as it has
 * steps), -1 stops the timer.
 */
#ifndef NET_PUMP_H
#define NET_PUMP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <uv.h>

struct poll;

struct pump {
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer;
    struct poll *polls;
    unsigned open; /* handles not yet closed */
    bool closing;
    /* Transfers may have ended: curl_multi_info_read. Not healthy: libcurl ran out of memory and may have lost sight of
     * any of its transfers, which would never end by themselves. */
    void (*turned)(struct pump *pump, bool healthy);
    void (*closed)(struct pump *pump); /* nothing of it is left in the loop */
};

bool pump_init(struct pump *pump, uv_loop_t *loop, void (*turned)(struct pump *pump, bool healthy));
void pump_adopt(struct pump *pump, CURL *easy); /* before the transfer is added */
/* No transfer is left in multi. closed comes from the loop. */
void pump_close(struct pump *pump, void (*closed)(struct pump *pump));

#endif
