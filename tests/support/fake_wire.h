/*
 * A wire between a client and a server of this machine that breaks where it is told to: a fake network, not a fake
 * peer.
 *
 *      wire = fake_wire_open(loop, port of the server);
 *      ... connect to fake_wire_port(wire) ...
 *      fake_wire_break(wire, FAKE_WIRE_AFTER_COMMIT, 0);      the next connection, or this one, once
 *      fake_wire_close(wire);                                 then run the loop until it is empty
 */
#ifndef SUPPORT_FAKE_WIRE_H
#define SUPPORT_FAKE_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum fake_wire_break {
    FAKE_WIRE_WHOLE,
    FAKE_WIRE_AT_BYTE,       /* of what the client sends, `at` bytes are passed on, and then both ends are closed */
    FAKE_WIRE_AT_ANSWER,     /* the same of what the server answers */
    FAKE_WIRE_BEFORE_COMMIT, /* what comes before the word is passed on, behind `at` others as below */
    FAKE_WIRE_AFTER_COMMIT,  /* the word too; no answer to it */
    FAKE_WIRE_FIRST_BYTE,    /* and one byte of the answer */
};

struct fake_wire;

struct fake_wire *fake_wire_open(uv_loop_t *loop, unsigned server_port);
unsigned fake_wire_port(const struct fake_wire *wire);
void fake_wire_break(struct fake_wire *wire, enum fake_wire_break how, size_t at);
void fake_wire_delay(struct fake_wire *wire, uint64_t delay_ms); /* of each piece, either way */
size_t fake_wire_breaks(const struct fake_wire *wire);           /* so far */
void fake_wire_close(struct fake_wire *wire);

#endif
