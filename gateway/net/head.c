/*
 * Each rule is a function that gives the status to refuse with, or 0; head_judge asks them in order.
 */
#include "net/head.h"

#include <string.h>
#include <strings.h>

#include "gateway/net/listener.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { LENGTH_DIGITS = 18, HOST_MAX = 255 };

static int refuse(const char **why, int status, const char *text)
{
    *why = text;
    return status;
}

static bool is_alphanumeric(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool is_token(struct gw_slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] == '\0' ||
            (!is_alphanumeric((unsigned char)text.at[i]) && !strchr("!#$%&'*+-.^_`|~", text.at[i])))
            return false;
    return text.length > 0;
}

static bool is_printable(struct gw_slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] == 0x7f || ((unsigned char)text.at[i] < 0x20 && text.at[i] != '\t'))
            return false;
    return true;
}

static bool is_named(const struct head_field *field, const char *name)
{
    return field->name.length == strlen(name) && strncasecmp(field->name.at, name, field->name.length) == 0;
}

static bool says(const struct head_field *field, const char *value)
{
    return field->value.length == strlen(value) && strncasecmp(field->value.at, value, field->value.length) == 0;
}

const struct head_field *head_find(const struct head *head, const char *name)
{
    for (size_t i = 0; i < head->field_count; i++)
        if (is_named(&head->fields[i], name))
            return &head->fields[i];
    return NULL;
}

static size_t count_of(const struct head *head, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < head->field_count; i++)
        count += is_named(&head->fields[i], name);
    return count;
}

/* ---- the rules -------------------------------------------------------------------------------------------------- */

static int judge_size(const struct head *head, const char **why)
{
    if (head->bytes > GW_LISTENER_HEAD_BYTES || head->field_count > GW_LISTENER_HEAD_FIELDS)
        return refuse(why, 431, "the head is too large");
    return 0;
}

/*
 * The bytes of the head are those of what was read of it, with one blank behind every colon or behind none. Bytes over
 * mean that the reader left something out (a NUL and what follows, a field without a name, a folded line), bytes under
 * that it took a bare line feed for the end of a line: a proxy in front may have read either differently.
 */
static int judge_whole(const struct head *head, const char **why)
{
    size_t least =
        strlen(head->method) + strlen(head->target) + strlen(head->version) + 6; /* 2 blanks, 2 ends of line */
    size_t empty = 0;

    for (size_t i = 0; i < head->field_count; i++) {
        least += head->fields[i].name.length + head->fields[i].value.length + 3;
        empty += head->fields[i].value.length == 0;
    }
    const size_t over = head->bytes - least, blanks = head->field_count - empty;
    if (head->bytes < least || (over > empty && (over < blanks || over > blanks + empty)))
        return refuse(why, 400, "the head is not written as heads are");
    return 0;
}

/* A dot segment, also where percent signs spell the dots. */
static bool is_dots(const char *segment, size_t length)
{
    size_t dots = 0;

    while (length > 0) {
        const size_t used = *segment == '.' ? 1 : length >= 3 && strncasecmp(segment, "%2e", 3) == 0 ? 3 : 0;

        if (used == 0)
            return false;
        dots++;
        segment += used;
        length -= used;
    }
    return dots == 1 || dots == 2;
}

static bool is_clear_path(const char *path, size_t length)
{
    for (const char *at = path, *const end = path + length; at < end;) {
        const char *const segment = at + 1;
        const char *const next = memchr(segment, '/', (size_t)(end - segment));
        const size_t bytes = (size_t)((next ? next : end) - segment);

        if ((bytes == 0 && next) || is_dots(segment, bytes))
            return false;
        at = segment + bytes;
    }
    return true;
}

static int judge_line(const struct head *head, const char **why)
{
    const char *const target = head->target;
    const size_t length = strlen(target);

    if (strcmp(head->version, "HTTP/1.1") != 0 && strcmp(head->version, "HTTP/1.0") != 0)
        return refuse(why, 505, "this is neither HTTP/1.1 nor HTTP/1.0");
    if (!is_token((struct gw_slice){head->method, strlen(head->method)}))
        return refuse(why, 400, "the method is none");
    if (*target != '/')
        return refuse(why, 400, "the target is no path");
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)target[i] <= 0x20 || (unsigned char)target[i] >= 0x7f || strchr("\\#", target[i]))
            return refuse(why, 400, "the target holds characters that no target has");
    if (!is_clear_path(target, strcspn(target, "?")))
        return refuse(why, 400, "the path has empty or dot segments");
    return 0;
}

static int judge_fields(const struct head *head, const char **why)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (!is_token(head->fields[i].name))
            return refuse(why, 400, "the name of a field holds characters that no name has");
        if (!is_printable(head->fields[i].value))
            return refuse(why, 400, "the value of a field holds control characters");
    }
    return 0;
}

/* Of "name:port", "1.2.3.4", "[::1]:80": the name's length; 0: malformed. */
static size_t host_name_length(struct gw_slice host)
{
    size_t name = 0, at;

    if (host.length == 0 || host.length > HOST_MAX)
        return 0;
    if (host.at[0] == '[') {
        for (name = 1; name < host.length &&
                       (is_alphanumeric((unsigned char)host.at[name]) || host.at[name] == ':' || host.at[name] == '.');)
            name++;
        if (name == host.length || host.at[name] != ']' || name == 1)
            return 0;
        name++;
    } else {
        while (name < host.length && (is_alphanumeric((unsigned char)host.at[name]) || host.at[name] == '-' ||
                                      host.at[name] == '.' || host.at[name] == '_'))
            name++;
    }
    if (name == host.length)
        return name;
    if (host.at[name] != ':' || host.length - name - 1 > 5)
        return 0;
    for (at = name + 1; at < host.length; at++)
        if (host.at[at] < '0' || host.at[at] > '9')
            return 0;
    return name;
}

static bool is_host(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && strncasecmp(text, name, length) == 0;
}

/* Whoever makes a browser believe that a name of his is our address is met here. */
static bool is_ours(const char *text, size_t length, const char *const *hosts, size_t host_count)
{
    static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};

    for (size_t i = 0; i < COUNT(loopback); i++)
        if (is_host(text, length, loopback[i]))
            return true;
    for (size_t i = 0; i < host_count; i++)
        if (is_host(text, length, hosts[i]))
            return true;
    return !hosts;
}

static int judge_host(const struct head *head, const char *const *hosts, size_t host_count, const char **why)
{
    const struct head_field *const host = head_find(head, "Host");
    const size_t count = count_of(head, "Host");
    size_t length;

    if (count > 1 || (count == 0 && strcmp(head->version, "HTTP/1.0") != 0))
        return refuse(why, 400, "there must be one Host");
    if (!host)
        return 0;
    length = host_name_length(host->value);
    if (length == 0)
        return refuse(why, 400, "the Host is malformed");
    if (!is_ours(host->value.at, length, hosts, host_count))
        return refuse(why, 421, "the Host is not served here");
    return 0;
}

static bool is_number(struct gw_slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.length > 0 && text.length <= LENGTH_DIGITS;
}

static int judge_framing(const struct head *head, const char **why)
{
    const struct head_field *const length = head_find(head, "Content-Length");
    const struct head_field *const coding = head_find(head, "Transfer-Encoding");

    if (length && coding)
        return refuse(why, 400, "there may not be Content-Length beside Transfer-Encoding");
    if (count_of(head, "Content-Length") > 1 || (length && !is_number(length->value)))
        return refuse(why, 400, "there must be one Content-Length, a number");
    if (coding &&
        (count_of(head, "Transfer-Encoding") > 1 || !says(coding, "chunked") || strcmp(head->version, "HTTP/1.1") != 0))
        return refuse(why, 400, "the only Transfer-Encoding is chunked, with HTTP/1.1");
    return 0;
}

static int judge_wishes(const struct head *head, const char **why)
{
    const struct head_field *const expect = head_find(head, "Expect");
    const struct head_field *const coding = head_find(head, "Content-Encoding");

    if (expect && !says(expect, "100-continue"))
        return refuse(why, 417, "the only expectation met is 100-continue");
    if (coding && !says(coding, "identity"))
        return refuse(why, 415, "a compressed body is not taken");
    return 0;
}

int head_judge(const struct head *head, const char *const *hosts, size_t host_count, const char **why)
{
    int status = judge_size(head, why);

    if (!status)
        status = judge_line(head, why);
    if (!status)
        status = judge_fields(head, why);
    if (!status)
        status = judge_whole(head, why);
    if (!status)
        status = judge_host(head, hosts, host_count, why);
    if (!status)
        status = judge_framing(head, why);
    return status ? status : judge_wishes(head, why);
}

uint64_t head_length(const struct head *head)
{
    const struct head_field *const length = head_find(head, "Content-Length");
    uint64_t bytes = 0;

    for (size_t i = 0; length && i < length->value.length; i++)
        bytes = bytes * 10 + (uint64_t)(length->value.at[i] - '0');
    return bytes;
}
