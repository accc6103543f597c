/*
 * A study database in a fake REDCap project, and shipments of one subject to it.
 */
#ifndef SINKS_REDCAP_DESK_H
#define SINKS_REDCAP_DESK_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/sinks/redcap.h"
#include "support/fake_redcap.h"
#include "support/scratch.h"

struct redcap_desk {
    struct fake_redcap redcap;
    struct scratch scratch;
    char token_file[300];
    struct gw_redcap_target target;
    uv_loop_t loop;
    struct gw_remote *remote;
    struct gw_arena arena;
    struct gw_error failure;
    size_t calls;
    bool closed;
    struct gw_receipt receipts[8];
    struct gw_shipment shipment; /* the last one */
};

static inline void redcap_desk_on_done(void *ctx, const struct gw_error *failure)
{
    struct redcap_desk *desk = ctx;

    desk->calls++;
    desk->failure = failure ? *failure : (struct gw_error){0};
}

static inline enum gw_status redcap_desk_wait(struct redcap_desk *desk)
{
    cr_assert(desk->calls == 0, "never from within");
    while (desk->calls == 0)
        uv_run(&desk->loop, UV_RUN_ONCE);
    cr_expect(desk->calls == 1);
    cr_expect(!strstr(desk->failure.text, FAKE_REDCAP_TOKEN) && !strstr(desk->failure.text, "ES-0"), "%s",
              desk->failure.text);
    return desk->failure.status;
}

static inline void redcap_desk_write_token(struct redcap_desk *desk, const char *token)
{
    snprintf(desk->token_file, sizeof desk->token_file, "%s", scratch_write(&desk->scratch, "token", token));
    chmod(desk->token_file, 0600);
}

static inline void redcap_desk_lay(struct redcap_desk *desk)
{
    const char *path = scratch_write(&desk->scratch, "dictionary.csv", "");
    FILE *out = fopen(path, "w");

    cr_assert(out && gw_redcap_dictionary(out, &desk->failure) == GW_OK);
    fclose(out);
    fake_redcap_upload(&desk->redcap, path);
}

static inline void redcap_desk_open(struct redcap_desk *desk)
{
    cr_assert(gw_sink_redcap_open(&desk->loop, &desk->target, &desk->remote, &desk->failure) == GW_OK, "%s",
              desk->failure.text);
}

static inline void redcap_desk_init(struct redcap_desk *desk)
{
    *desk = (struct redcap_desk){.arena = GW_ARENA_INIT((size_t)256 << 20)};
    fake_redcap_init(&desk->redcap);
    scratch_init(&desk->scratch);
    redcap_desk_lay(desk);
    redcap_desk_write_token(desk, FAKE_REDCAP_TOKEN "\n");
    uv_loop_init(&desk->loop);
    desk->target = (struct gw_redcap_target){.url = desk->redcap.url,
                                             .token_file = desk->token_file,
                                             .study = "lendex",
                                             .installation = "hm",
                                             .production = true};
    redcap_desk_open(desk);
}

static inline void redcap_desk_on_closed(void *ctx)
{
    struct redcap_desk *desk = ctx;

    desk->closed = true;
}

static inline void redcap_desk_close(struct redcap_desk *desk)
{
    desk->closed = false;
    desk->remote->close(desk->remote, redcap_desk_on_closed, desk);
    cr_expect(!desk->closed, "never from within");
    uv_run(&desk->loop, UV_RUN_DEFAULT);
    cr_expect(desk->closed);
}

static inline void redcap_desk_release(struct redcap_desk *desk)
{
    redcap_desk_close(desk);
    cr_expect(uv_loop_close(&desk->loop) == 0, "the loop holds nothing of it");
    cr_expect_str_eq(desk->redcap.wrong, "", "the wire form");
    gw_arena_release(&desk->arena);
    fake_redcap_release(&desk->redcap);
    scratch_release(&desk->scratch);
}

static inline struct gw_row_observations *redcap_desk_add_in(struct redcap_desk *desk, struct gw_rows *rows,
                                                             const char *window, const char *row_id, const char *value)
{
    struct gw_row_observations *row =
        (struct gw_row_observations *)gw_rows_add(rows, &desk->arena, GW_TABLE_observations);

    row->row_id = row_id;
    row->subject_key = "ES-017";
    row->study = "lendex";
    row->site = "hm";
    row->status = "active";
    row->concept = "ANC";
    row->value_num = value;
    row->window_id = window;
    row->row_version = 1;
    return row;
}

static inline struct gw_row_observations *redcap_desk_add(struct redcap_desk *desk, struct gw_rows *rows,
                                                          const char *row_id, const char *value)
{
    return redcap_desk_add_in(desk, rows, "T30-01", row_id, value);
}

static inline struct gw_batch redcap_desk_batch(struct redcap_desk *desk, struct gw_rows *previous,
                                                struct gw_rows *next, int64_t from, int64_t to)
{
    struct gw_difference *difference = gw_arena_alloc(&desk->arena, sizeof *difference);

    gw_rows_sort(previous);
    gw_rows_sort(next);
    cr_assert(gw_difference(&desk->arena, previous, next, difference, &desk->failure) == GW_OK);
    return (struct gw_batch){.study = "lendex",
                             .subject_key = "ES-017",
                             .from_revision = from,
                             .to_revision = to,
                             .difference = difference,
                             .applied_at = "2024-12-31T10:00:00Z"};
}

static inline enum gw_status redcap_desk_ship(struct redcap_desk *desk, struct gw_rows *previous, struct gw_rows *next,
                                              int64_t from, int64_t to)
{
    const struct gw_batch sent = redcap_desk_batch(desk, previous, next, from, to);

    desk->calls = 0;
    desk->shipment =
        (struct gw_shipment){.batches = &sent, .count = 1, .receipts = desk->receipts, .arena = &desk->arena};
    desk->remote->deliver(desk->remote, &desk->shipment, redcap_desk_on_done, desk);
    return redcap_desk_wait(desk);
}

static inline void redcap_desk_ship_well(struct redcap_desk *desk, struct gw_rows *previous, struct gw_rows *next,
                                         int64_t from, int64_t to)
{
    cr_assert(redcap_desk_ship(desk, previous, next, from, to) == GW_OK, "%s", desk->failure.text);
    cr_expect(desk->receipts[0].applied && desk->receipts[0].revision == to, "%d %lld", desk->receipts[0].applied,
              (long long)desk->receipts[0].revision);
}

static inline bool redcap_desk_is(struct redcap_desk *desk, const char *row_id, const char *field, const char *wanted)
{
    const char *got = fake_redcap_cell(&desk->redcap, row_id, field);

    if (strcmp(got, wanted) != 0)
        fprintf(stderr, "%s %s: got %s, wanted %s\n", row_id, field, got, wanted);
    return strcmp(got, wanted) == 0;
}

static inline bool redcap_desk_refuses(struct redcap_desk *desk, size_t i, enum gw_refusal_kind kind,
                                       const char *row_id, const char *reason)
{
    const struct gw_refusal *refusal = &desk->shipment.refusals.list[i];

    return desk->shipment.refusals.count > i && refusal->kind == kind && refusal->table == GW_TABLE_observations &&
           strcmp(refusal->subject_key, "ES-017") == 0 && strcmp(refusal->row_id, row_id) == 0 &&
           strcmp(refusal->reason, reason) == 0;
}

#define VALUE "observations_value_num"

#endif
