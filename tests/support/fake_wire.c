/*
 * The wire: two sockets a connection, what one reads the other writes.
 */
#include "support/fake_wire.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct link;

struct end {
    uv_tcp_t tcp; /* first */
    struct link *link;
    struct end *other;
    bool closed;
};

struct link {
    struct fake_wire *wire;
    struct end client, server;
    size_t sent, answered; /* bytes passed on */
    bool committed;        /* the word was passed on, the one that counts */
    bool broken;
};

struct fake_wire {
    uv_loop_t *loop;
    uv_tcp_t door;
    unsigned port, server_port;
    enum fake_wire_break how;
    size_t at;
    size_t commits; /* words passed on */
    uint64_t delay_ms;
    size_t breaks;
    size_t pieces; /* on their way */
    struct link *links[64];
    size_t count;
};

struct piece {        /* on its way */
    uv_timer_t timer; /* first */
    uv_write_t write;
    struct end *to;
    size_t length;
    bool last; /* both ends close behind it */
    char bytes[];
};

static void on_end_closed(uv_handle_t *handle)
{
    ((struct end *)handle)->closed = true; /* the link is the wire's until the wire is closed */
}

static void break_link(struct link *link)
{
    if (link->broken)
        return;
    link->broken = true;
    uv_close((uv_handle_t *)&link->client.tcp, on_end_closed);
    uv_close((uv_handle_t *)&link->server.tcp, on_end_closed);
}

static void on_piece_closed(uv_handle_t *handle)
{
    ((struct piece *)handle)->to->link->wire->pieces--;
    free(handle);
}

static void on_written(uv_write_t *write, int status)
{
    struct piece *piece = write->data;

    if (status != 0 || piece->last)
        break_link(piece->to->link);
    uv_close((uv_handle_t *)&piece->timer, on_piece_closed);
}

static void on_time(uv_timer_t *timer)
{
    struct piece *piece = (struct piece *)timer;
    uv_buf_t buffer = uv_buf_init(piece->bytes, (unsigned)piece->length);

    piece->write.data = piece;
    if (piece->to->link->broken || uv_write(&piece->write, (uv_stream_t *)&piece->to->tcp, &buffer, 1, on_written) != 0)
        uv_close((uv_handle_t *)&piece->timer, on_piece_closed);
}

static void pass_on(struct end *to, const char *bytes, size_t length, bool last)
{
    struct piece *piece = malloc(sizeof *piece + length + 1);

    if (!piece)
        abort();
    piece->to = to;
    to->link->wire->pieces++;
    piece->length = length;
    piece->last = last;
    memcpy(piece->bytes, bytes, length);
    uv_timer_init(to->link->wire->loop, &piece->timer);
    uv_timer_start(&piece->timer, on_time, to->link->wire->delay_ms, 0);
}

/* How much of the client's bytes is passed on, and whether that is the last of them. */
static size_t cut_question(struct link *link, const char *bytes, size_t length, bool *last)
{
    struct fake_wire *wire = link->wire;
    const char *word = memmem(bytes, length, "COMMIT", 6);

    if (wire->how == FAKE_WIRE_AT_BYTE && link->sent + length >= wire->at) {
        *last = true;
        return wire->at > link->sent ? wire->at - link->sent : 0;
    }
    const bool counts = word && wire->commits++ >= wire->at;

    if (wire->how == FAKE_WIRE_BEFORE_COMMIT && counts) {
        *last = true;
        return (size_t)(word - bytes);
    }
    link->committed |= counts;
    return length;
}

static size_t cut_answer(struct link *link, size_t length, bool *last)
{
    struct fake_wire *wire = link->wire;

    if (wire->how == FAKE_WIRE_AT_ANSWER && link->answered + length >= wire->at) {
        *last = true;
        return wire->at > link->answered ? wire->at - link->answered : 0;
    }
    *last = link->committed && (wire->how == FAKE_WIRE_AFTER_COMMIT || wire->how == FAKE_WIRE_FIRST_BYTE);
    return !*last ? length : wire->how == FAKE_WIRE_FIRST_BYTE ? 1 : 0;
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct end *end = (struct end *)stream;
    struct link *link = end->link;
    const bool from_client = end == &link->client;
    bool last = false;
    size_t passed;

    if (length < 0 || link->broken) {
        break_link(link);
        free(buffer->base);
        return;
    }
    passed =
        from_client ? cut_question(link, buffer->base, (size_t)length, &last) : cut_answer(link, (size_t)length, &last);
    link->sent += from_client ? passed : 0;
    link->answered += from_client ? 0 : passed;
    if (last) {
        link->wire->how = FAKE_WIRE_WHOLE;
        link->wire->breaks++;
        uv_read_stop((uv_stream_t *)&link->client.tcp);
        uv_read_stop((uv_stream_t *)&link->server.tcp);
    }
    if (passed > 0)
        pass_on(end->other, buffer->base, passed, last);
    else if (last)
        break_link(link);
    free(buffer->base);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    *buffer = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void on_server(uv_connect_t *request, int status)
{
    struct link *link = request->data;

    free(request);
    if (status != 0) {
        break_link(link);
        return;
    }
    uv_read_start((uv_stream_t *)&link->client.tcp, on_room, on_read);
    uv_read_start((uv_stream_t *)&link->server.tcp, on_room, on_read);
}

static void on_client(uv_stream_t *door, int status)
{
    struct fake_wire *wire = door->data;
    struct link *link = calloc(1, sizeof *link);
    uv_connect_t *request = malloc(sizeof *request);
    struct sockaddr_in address;

    if (status != 0 || !link || !request || wire->count == sizeof wire->links / sizeof *wire->links)
        abort();
    wire->links[wire->count++] = link;
    link->wire = wire;
    link->client = (struct end){.link = link, .other = &link->server};
    link->server = (struct end){.link = link, .other = &link->client};
    uv_tcp_init(wire->loop, &link->client.tcp);
    uv_tcp_init(wire->loop, &link->server.tcp);
    uv_accept(door, (uv_stream_t *)&link->client.tcp);
    uv_ip4_addr("127.0.0.1", (int)wire->server_port, &address);
    request->data = link;
    uv_tcp_connect(request, &link->server.tcp, (const struct sockaddr *)&address, on_server);
}

struct fake_wire *fake_wire_open(uv_loop_t *loop, unsigned server_port)
{
    struct fake_wire *wire = calloc(1, sizeof *wire);
    struct sockaddr_in address;
    int length = sizeof address;

    if (!wire)
        abort();
    wire->loop = loop;
    wire->server_port = server_port;
    uv_tcp_init(loop, &wire->door);
    wire->door.data = wire;
    uv_ip4_addr("127.0.0.1", 0, &address);
    if (uv_tcp_bind(&wire->door, (const struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&wire->door, 16, on_client) != 0)
        abort();
    uv_tcp_getsockname(&wire->door, (struct sockaddr *)&address, &length);
    wire->port = ntohs(address.sin_port);
    return wire;
}

unsigned fake_wire_port(const struct fake_wire *wire)
{
    return wire->port;
}

void fake_wire_break(struct fake_wire *wire, enum fake_wire_break how, size_t at)
{
    wire->how = how;
    wire->at = at;
    wire->commits = 0;
    for (size_t i = 0; i < wire->count; i++) { /* counted from here */
        wire->links[i]->sent = wire->links[i]->answered = 0;
        wire->links[i]->committed = false;
    }
}

void fake_wire_delay(struct fake_wire *wire, uint64_t delay_ms)
{
    wire->delay_ms = delay_ms;
}

size_t fake_wire_breaks(const struct fake_wire *wire)
{
    return wire->breaks;
}

static void on_door_closed(uv_handle_t *handle)
{
    struct fake_wire *wire = handle->data;

    for (size_t i = 0; i < wire->count; i++)
        free(wire->links[i]);
    free(wire);
}

static bool is_quiet(const struct fake_wire *wire)
{
    for (size_t i = 0; i < wire->count; i++)
        if (!wire->links[i]->client.closed || !wire->links[i]->server.closed)
            return false;
    return wire->pieces == 0;
}

/* The links close first, and what is on its way arrives nowhere; then the door. */
void fake_wire_close(struct fake_wire *wire)
{
    for (size_t i = 0; i < wire->count; i++)
        break_link(wire->links[i]);
    while (!is_quiet(wire))
        uv_run(wire->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&wire->door, on_door_closed);
}
