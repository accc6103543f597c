/*
 * A server of search pages for scripts/bench: a process of its own on a free port of loopback, a thread a connection.
 *
 *      GET .../Observation?...[&page=N]      page N of `pages`, each of `resources` Observations of about 1.3 KB
 */
#ifndef BENCH_PAGES_H
#define BENCH_PAGES_H

#include <stddef.h>
#include <sys/types.h>

struct pages {
    unsigned pages, resources;
    unsigned delay_ms; /* before each answer */
    int port;
    pid_t process;
};

void pages_open(struct pages *pages);
void pages_close(struct pages *pages);

/* When each page came to its end: the median of what lies between is not moved by what interrupts now and then. */
struct stamps {
    double *at_us;
    size_t count, room;
};
void stamps_init(struct stamps *stamps, size_t room);
void stamps_add(struct stamps *stamps);
double stamps_median_us(struct stamps *stamps); /* and releases them */

/* The server's own time: microseconds a page, asked for one after the other over one connection and read to the end. */
double pages_floor_us(const struct pages *pages);

#endif
