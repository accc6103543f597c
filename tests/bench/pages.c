/*
 * The pages are written once; what differs between them (ids, the next page's number) is patched in.
 */
#include "pages.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 4096, ENTRY_MAX = 2048, DIGITS = 8, NARRATIVE = 760 };

static void need(bool fine, const char *what)
{
    if (fine)
        return;
    perror(what);
    exit(71);
}

/* ---- the text of a page ---- */

struct page_text {
    char *at;
    size_t length;
    size_t *ids; /* where the digits of each id begin */
    size_t relation, number;
};

static void append(struct page_text *text, const char *piece)
{
    const size_t length = strlen(piece);

    memcpy(text->at + text->length, piece, length + 1);
    text->length += length;
}

static void append_entry(struct page_text *text, size_t i)
{
    char piece[ENTRY_MAX], narrative[NARRATIVE + 1];

    memset(narrative, 'x', NARRATIVE);
    narrative[NARRATIVE] = '\0';
    append(text, i ? "," : "");
    append(text, "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o");
    text->ids[i] = text->length;
    snprintf(piece, sizeof(piece),
             "00000000\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2026-11-20T10:00:00Z\"},\"text\":{\"status\":"
             "\"generated\",\"div\":\"<div>%s</div>\"},\"status\":\"final\",\"category\":[{\"coding\":[{\"code\":"
             "\"laboratory\"}]}],\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},"
             "\"subject\":{\"reference\":\"Patient/p1\"},\"effectiveDateTime\":\"2026-11-01T08:00:00Z\","
             "\"valueQuantity\":{\"value\":1.20,\"unit\":\"10*9/L\",\"system\":\"http://unitsofmeasure.org\","
             "\"code\":\"10*9/L\"}},\"search\":{\"mode\":\"match\"}}",
             narrative);
    append(text, piece);
}

static struct page_text write_page(const struct pages *pages)
{
    struct page_text text = {.at = malloc((size_t)(pages->resources + 1) * ENTRY_MAX),
                             .ids = calloc(pages->resources + 1, sizeof(size_t))};
    char url[128];

    need(text.at && text.ids, "memory");
    append(&text, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[{\"relation\":\"");
    text.relation = text.length;
    snprintf(url, sizeof(url), "next\",\"url\":\"http://127.0.0.1:%d/fhir/Observation?patient=p1&page=", pages->port);
    append(&text, url);
    text.number = text.length;
    append(&text, "00000000\"}],\"entry\":[");
    for (size_t i = 0; i < pages->resources; i++)
        append_entry(&text, i);
    append(&text, "]}");
    return text;
}

static void patch(char *at, size_t number)
{
    for (int i = DIGITS - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
}

static void patch_page(const struct pages *pages, struct page_text *text, unsigned page)
{
    memcpy(text->at + text->relation, page < pages->pages ? "next" : "last", 4);
    patch(text->at + text->number, page + 1);
    for (size_t i = 0; i < pages->resources; i++)
        patch(text->at + text->ids[i], (size_t)page * pages->resources + i);
}

/* ---- a connection ---- */

struct connection {
    const struct pages *pages;
    int fd;
};

static void send_all(int fd, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t sent = writev(fd, parts, count);

        if (sent <= 0)
            return;
        for (; count > 0 && (size_t)sent >= parts->iov_len; parts++, count--)
            sent -= (ssize_t)parts->iov_len;
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + sent;
            parts->iov_len -= (size_t)sent;
        }
    }
}

static void answer(const struct connection *connection, struct page_text *text, const char *request)
{
    const char *page = strstr(request, "page=");
    char head[256];
    struct iovec parts[2] = {{head, 0}, {text->at, text->length}};

    if (connection->pages->delay_ms)
        usleep(connection->pages->delay_ms * 1000);
    patch_page(connection->pages, text, page ? (unsigned)strtoul(page + 5, NULL, 10) : 1);
    parts[0].iov_len = (size_t)snprintf(
        head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: %zu\r\n\r\n",
        text->length);
    send_all(connection->fd, parts, 2);
}

static void *serve(void *ctx)
{
    struct connection *connection = ctx;
    struct page_text text = write_page(connection->pages);
    char request[HEAD_MAX];
    size_t length = 0;
    ssize_t more;

    while ((more = read(connection->fd, request + length, sizeof(request) - 1 - length)) > 0) {
        length += (size_t)more;
        request[length] = '\0';
        if (!strstr(request, "\r\n\r\n"))
            continue;
        answer(connection, &text, request);
        length = 0;
    }
    close(connection->fd);
    free(text.at);
    free(text.ids);
    free(connection);
    return NULL;
}

static void serve_all(const struct pages *pages, int listening)
{
    for (;;) {
        struct connection *connection = malloc(sizeof(*connection));
        pthread_t thread;

        need(connection != NULL, "memory");
        *connection = (struct connection){pages, accept(listening, NULL, NULL)};
        need(connection->fd >= 0, "accept");
        need(pthread_create(&thread, NULL, serve, connection) == 0, "thread");
        pthread_detach(thread);
    }
}

void pages_open(struct pages *pages)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    const int listening = socket(AF_INET, SOCK_STREAM, 0);

    need(listening >= 0 && bind(listening, (struct sockaddr *)&address, size) == 0 && listen(listening, 512) == 0 &&
             getsockname(listening, (struct sockaddr *)&address, &size) == 0,
         "listen");
    pages->port = ntohs(address.sin_port);
    pages->process = fork();
    need(pages->process >= 0, "fork");
    if (pages->process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        serve_all(pages, listening);
    }
    close(listening);
}

void pages_close(struct pages *pages)
{
    kill(pages->process, SIGKILL);
    waitpid(pages->process, NULL, 0);
}

/* ---- time ---- */

void stamps_init(struct stamps *stamps, size_t room)
{
    *stamps = (struct stamps){.at_us = calloc(room + 1, sizeof(double)), .room = room + 1};
    need(stamps->at_us != NULL, "memory");
    stamps_add(stamps);
}

void stamps_add(struct stamps *stamps)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    if (stamps->count < stamps->room)
        stamps->at_us[stamps->count++] = (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

double stamps_median_us(struct stamps *stamps)
{
    const size_t count = stamps->count - 1;
    double median;

    need(count > 0, "no page");
    for (size_t i = 0; i < count; i++)
        stamps->at_us[i] = stamps->at_us[i + 1] - stamps->at_us[i];
    qsort(stamps->at_us, count, sizeof(double), by_size);
    median = stamps->at_us[count / 2];
    free(stamps->at_us);
    *stamps = (struct stamps){0};
    return median;
}

/* ---- the floor ---- */

static int connect_to(const struct pages *pages)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)pages->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    need(fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0, "connect");
    return fd;
}

static void read_answer(int fd, char *bytes, size_t room)
{
    const char *body = NULL;
    size_t length = 0, wanted = 0;

    while (!body || length < wanted) {
        const ssize_t more = read(fd, bytes + length, room - 1 - length);

        need(more > 0, "read");
        length += (size_t)more;
        bytes[length] = '\0';
        if (body || !(body = strstr(bytes, "\r\n\r\n")))
            continue;
        wanted = (size_t)(body + 4 - bytes) + strtoul(strstr(bytes, "Content-Length:") + 15, NULL, 10);
    }
}

double pages_floor_us(const struct pages *pages)
{
    const size_t room = (size_t)(pages->resources + 2) * ENTRY_MAX;
    const int fd = connect_to(pages);
    char *bytes = malloc(room), request[256];
    struct stamps stamps;

    need(bytes != NULL, "memory");
    stamps_init(&stamps, pages->pages);
    for (unsigned page = 1; page <= pages->pages; page++) {
        const int length =
            snprintf(request, sizeof(request),
                     "GET /fhir/Observation?patient=p1&page=%08u HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", page);

        need(write(fd, request, (size_t)length) == length, "write");
        read_answer(fd, bytes, room);
        stamps_add(&stamps);
    }
    free(bytes);
    close(fd);
    return stamps_median_us(&stamps);
}
