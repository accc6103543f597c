/*
 * A line of the log is one JSON object, whatever a field holds.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/core/log.h"
#include "gateway/core/text.h"

static int64_t utc(void *ctx)
{
    (void)ctx;
    return 1795168800;
}

static uint64_t monotonic_ms(void *ctx)
{
    return *(uint64_t *)ctx;
}

static void keep(void *ctx, const char *line, size_t length)
{
    gw_text_append(ctx, line, length);
}

struct fixture {
    struct gw_log log;
    struct gw_text lines;
    uint64_t ms;
};

static void open_log(struct fixture *f)
{
    *f = (struct fixture){.lines = GW_TEXT_INIT(1 << 20), .ms = 1000};
    f->log = (struct gw_log){.write = keep, .ctx = &f->lines, .least = GW_LOG_INFO};
    gw_log_open(&f->log, utc, monotonic_ms, &f->ms);
}

Test(log, writes_one_object_a_line)
{
    struct fixture f;

    open_log(&f);
    f.ms = 6234;
    gw_log(&f.log, GW_LOG_WARNING, "circuit", GW_LOG_TEXT("endpoint", "hm-ehr"), GW_LOG_NUMBER("wait_s", 30));
    gw_log(&f.log, GW_LOG_DEBUG, "unseen", GW_LOG_NUMBER("n", 1));
    gw_log(&f.log, GW_LOG_INFO, "next", GW_LOG_TEXT("reason", NULL));
    cr_expect_str_eq(f.lines.at,
                     "{\"time\":\"2026-11-20T10:00:00Z\",\"number\":1,\"uptime_ms\":5234,\"level\":\"warning\","
                     "\"event\":\"circuit\",\"endpoint\":\"hm-ehr\",\"wait_s\":30}\n"
                     "{\"time\":\"2026-11-20T10:00:00Z\",\"number\":2,\"uptime_ms\":5234,\"level\":\"info\","
                     "\"event\":\"next\"}\n");
    gw_text_release(&f.lines);
}

/* What a server says may stand in a reason: it cannot look like another line. */
static const char *const hostile[] = {
    "a\nb", "{\"level\":\"info\"}\n{\"event\":\"forged\"}", "\x1b[2J", "\xff\xfe", "\r", "\"", "\\", "\x7f"};

Test(log, stays_one_line_of_json_whatever_a_field_holds)
{
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct gw_arena arena = GW_ARENA_INIT(1 << 20);
        const cJSON *tree = NULL;
        struct fixture f;

        open_log(&f);
        gw_log(&f.log, GW_LOG_ERROR, "refused", GW_LOG_TEXT("reason", hostile[i]));
        cr_assert(f.lines.length > 1);
        cr_expect(strchr(f.lines.at, '\n') == f.lines.at + f.lines.length - 1, "case %zu", i);
        cr_expect(gw_json_parse(&arena, f.lines.at, f.lines.length - 1, NULL, &tree, NULL, NULL) == GW_OK, "case %zu",
                  i);
        cr_expect_str_eq(gw_json_string(tree, "event"), "refused");
        gw_arena_release(&arena);
        gw_text_release(&f.lines);
    }
}
