/*
 * How the delivery to a study database stands: a note of the space "delivery", named by its study.
 *
 *      {"state": "away", "since": "2026-11-20T20:00:00Z", "reason": "...", "next": "2026-11-20T20:00:30Z"}
 */
#include "service/delivery_note.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/ledger/notes.h"
#include "gateway/service/delivery_state.h"

static const char space[] = "delivery";

/* ---- writing ---- */

struct keeping {
    char study[128];
    struct gw_text text;
};

static void release(struct keeping *k)
{
    gw_text_release(&k->text);
    free(k);
}

static enum gw_status keep_job(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    const struct keeping *k = ctx;

    return gw_ledger_note_put(ledger, space, k->study, k->text.at, err);
}

static void on_kept(void *ctx, const struct gw_error *failure)
{
    (void)failure;
    release(ctx);
}

static void print(struct gw_text *out, const struct courier_news *news, int64_t since, int64_t next)
{
    static const char *const words[] = {[COURIER_WORKING] = "running",
                                        [COURIER_IDLE] = "running",
                                        [COURIER_AWAY] = "away",
                                        [COURIER_STOPPED] = "stopped"};
    const bool fails = news->state == COURIER_AWAY || news->state == COURIER_STOPPED;
    char instant[GW_INSTANT_BYTES];

    gw_instant_print(since, instant);
    gw_text_print(out, "{\"state\": \"%s\", \"since\": \"%s\", \"reason\": ", words[news->state], instant);
    gw_json_quote(out, fails ? news->reason.text : "");
    if (next > 0)
        gw_instant_print(next, instant);
    gw_text_print(out, ", \"next\": \"%s\"}", next > 0 ? instant : "");
}

void delivery_note_keep(struct gw_writer *writer, const char *study, const struct courier_news *news, int64_t since,
                        int64_t next)
{
    struct keeping *k = calloc(1, sizeof *k);
    struct gw_error failure;

    if (!k)
        return;
    k->text = (struct gw_text)GW_TEXT_INIT(4096);
    snprintf(k->study, sizeof k->study, "%s", study);
    print(&k->text, news, since, next);
    if (k->text.failed || gw_writer_submit(writer, 1, keep_job, on_kept, k, &failure) != GW_OK)
        release(k);
}

/* ---- reading ---- */

enum gw_status gw_delivery_state(struct gw_ledger *ledger, struct gw_arena *arena, const char *study,
                                 struct gw_delivery_state *out, struct gw_error *err)
{
    const cJSON *note = NULL;
    const char *text = NULL;
    enum gw_status rc = gw_ledger_note(ledger, arena, space, study, &text, err);

    *out = (struct gw_delivery_state){.reason = "", .next = ""};
    if (rc == GW_OK && text && gw_json_parse(arena, text, strlen(text), NULL, &note, NULL, NULL) == GW_OK) {
        out->state = gw_json_string(note, "state");
        out->since = gw_json_string(note, "since");
        out->reason = gw_json_string(note, "reason");
        out->next = gw_json_string(note, "next");
    }
    return rc == GW_OK ? gw_delivery_counts(ledger, arena, study, &out->counts, err) : rc;
}
