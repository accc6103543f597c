/*
 * The states of a circuit, and the line they are remembered by.
 */
#include "gateway/net/circuit.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/date.h"
#include "gateway/core/json.h"

static const char where[] = "net.circuit";

enum { NOTE_MEMORY = 64 * 1024, NANO = 1000000000 };

/* Ten per cent more than the longest Retry-After: no wait is longer, whatever clock was set in between. */
#define LONGEST_MS (GW_RETRY_AFTER_MAX_S * 1100ull)

static const char *const state_names[] = {"RUNNING", "BACKOFF", "DEGRADED", "STOPPED"};

#define STATE_COUNT (sizeof(state_names) / sizeof(state_names[0]))

const char *gw_circuit_state_name(enum gw_circuit_state state)
{
    return state_names[state];
}

const char *gw_alert_name(enum gw_alert alert)
{
    static const char *const names[GW_ALERT_COUNT] = {"failing-1h", "failing-24h", "auth",    "retry-after",
                                                      "truncated",  "not-fhir",    "stopped", "certificate"};
    unsigned place = 0;

    while (place < GW_ALERT_COUNT - 1 && !((unsigned)alert >> place & 1))
        place++;
    return names[place];
}

uint64_t gw_circuit_wait_ms(const struct gw_circuit *circuit, uint64_t now_ms)
{
    if (circuit->state == GW_CIRCUIT_RUNNING)
        return 0;
    if (circuit->state == GW_CIRCUIT_STOPPED && !circuit->until)
        return UINT64_MAX;
    return circuit->until_ms > now_ms ? circuit->until_ms - now_ms : 0;
}

/* ---- failures -------------------------------------------------------------------------------------------------- */

static unsigned tell(struct gw_circuit *circuit, bool due, unsigned alert)
{
    if (!due || (circuit->told & alert))
        return 0;
    circuit->told |= alert;
    return alert;
}

static void count(struct gw_circuit *circuit, const struct gw_setback *setback, int64_t now_utc)
{
    const bool same = circuit->trouble == setback->trouble &&
                      (setback->trouble != GW_TROUBLE_CUT || circuit->cut_at == setback->cut_at);

    circuit->equal = same && circuit->attempts > 0 ? circuit->equal + 1 : 1;
    if (circuit->equal < setback->equal)
        circuit->equal = setback->equal;
    circuit->attempts++;
    circuit->epoch++;
    circuit->trouble = setback->trouble;
    circuit->cut_at = setback->cut_at;
    if (!circuit->since)
        circuit->since = now_utc;
    snprintf(circuit->reason, sizeof(circuit->reason), "%s", setback->text ? setback->text : "");
}

static void hold(struct gw_circuit *circuit, uint64_t wait_ms, struct gw_instant now)
{
    if (circuit->until && circuit->until_ms >= now.ms + wait_ms)
        return;
    circuit->until_ms = now.ms + wait_ms;
    circuit->until = now.utc + (int64_t)((wait_ms + 999) / 1000);
}

static bool is_cut_by_a_box(const struct gw_circuit *circuit)
{
    return circuit->trouble == GW_TROUBLE_CUT && circuit->equal >= GW_EQUAL_CUTS;
}

static bool is_answered_by_another(const struct gw_circuit *circuit)
{
    return circuit->trouble == GW_TROUBLE_NOT_FHIR && circuit->equal >= GW_NOT_FHIR_TIMES;
}

static void change_state(struct gw_circuit *circuit, int64_t now_utc)
{
    if (circuit->trouble == GW_TROUBLE_TLS) {
        circuit->state = GW_CIRCUIT_STOPPED;
        snprintf(circuit->who, sizeof(circuit->who), "casement");
        circuit->when = circuit->when ? circuit->when : now_utc;
        return;
    }
    circuit->who[0] = '\0';
    circuit->when = 0;
    if (circuit->state != GW_CIRCUIT_DEGRADED)
        circuit->state = GW_CIRCUIT_BACKOFF;
    if (is_cut_by_a_box(circuit) || is_answered_by_another(circuit))
        circuit->state = GW_CIRCUIT_DEGRADED;
}

static unsigned open_circuit(struct gw_circuit *circuit, const struct gw_setback *setback, struct gw_instant now)
{
    count(circuit, setback, now.utc);
    change_state(circuit, now.utc);
    return gw_circuit_review(circuit, now.utc) |
           tell(circuit, setback->trouble == GW_TROUBLE_UNAUTHORIZED && circuit->equal >= GW_AUTH_TIMES,
                GW_ALERT_AUTH) |
           tell(circuit, is_cut_by_a_box(circuit), GW_ALERT_TRUNCATED) |
           tell(circuit, is_answered_by_another(circuit), GW_ALERT_NOT_FHIR) |
           tell(circuit, circuit->state == GW_CIRCUIT_STOPPED, GW_ALERT_CERTIFICATE);
}

/* Who says "slow down" is heard even where the request is older than a success that came meanwhile. */
static bool is_further(const struct gw_circuit *circuit, const struct gw_setback *setback)
{
    return setback->epoch == circuit->epoch ||
           (circuit->state == GW_CIRCUIT_RUNNING && setback->trouble == GW_TROUBLE_BUSY);
}

unsigned gw_circuit_fail(struct gw_circuit *circuit, const struct gw_setback *setback, struct gw_instant now,
                         uint32_t dice)
{
    const enum gw_backoff class = gw_backoff_of(setback->trouble);
    const bool further = is_further(circuit, setback);
    const int32_t asked_s = class == GW_BACKOFF_THROTTLED ? setback->retry_after_s : 0;
    unsigned alerts = 0;

    if (circuit->state == GW_CIRCUIT_STOPPED && !circuit->until)
        return 0;
    if (setback->trouble == GW_TROUBLE_DENIED || setback->trouble == GW_TROUBLE_LEAK) {
        count(circuit, setback, now.utc);
        gw_circuit_stop(circuit, setback->text, "casement", now.utc);
        return tell(circuit, true, GW_ALERT_STOPPED);
    }
    if (!gw_trouble_passes(setback->trouble) && setback->trouble != GW_TROUBLE_DAMAGED)
        return 0;
    if (further)
        alerts = open_circuit(circuit, setback, now);
    else if (asked_s > 0)
        circuit->epoch++; /* a probe that was sent before this was said does not take it back */
    if (circuit->state != GW_CIRCUIT_RUNNING && (further || asked_s > 0))
        hold(circuit, gw_backoff_wait_ms(class, circuit->attempts, asked_s, dice), now);
    return alerts | tell(circuit, asked_s > 0 && setback->retry_longer, GW_ALERT_RETRY_AFTER);
}

unsigned gw_circuit_review(struct gw_circuit *circuit, int64_t now_utc)
{
    const int64_t failing_s = circuit->since ? now_utc - circuit->since : 0;

    if (circuit->state == GW_CIRCUIT_RUNNING || circuit->trouble == GW_TROUBLE_BUSY)
        return 0;
    if (circuit->state == GW_CIRCUIT_BACKOFF && failing_s >= GW_DEGRADED_S)
        circuit->state = GW_CIRCUIT_DEGRADED;
    return tell(circuit, failing_s >= GW_ALERT_HOUR_S, GW_ALERT_HOUR) |
           tell(circuit, failing_s >= GW_ALERT_DAY_S, GW_ALERT_DAY);
}

/* ---- ends of a failure ----------------------------------------------------------------------------------------- */

bool gw_circuit_succeed(struct gw_circuit *circuit, uint32_t epoch)
{
    if (circuit->state == GW_CIRCUIT_RUNNING || epoch != circuit->epoch ||
        (circuit->state == GW_CIRCUIT_STOPPED && !circuit->until))
        return false;
    gw_circuit_resume(circuit);
    return true;
}

void gw_circuit_stop(struct gw_circuit *circuit, const char *reason, const char *who, int64_t now_utc)
{
    circuit->state = GW_CIRCUIT_STOPPED;
    circuit->until = 0;
    circuit->until_ms = 0;
    circuit->when = now_utc;
    snprintf(circuit->reason, sizeof(circuit->reason), "%s", reason ? reason : "");
    snprintf(circuit->who, sizeof(circuit->who), "%s", who);
}

void gw_circuit_resume(struct gw_circuit *circuit)
{
    *circuit = (struct gw_circuit){.epoch = circuit->epoch};
}

/* ---- the note -------------------------------------------------------------------------------------------------- */

static void print_instant(struct gw_text *out, const char *name, int64_t utc)
{
    char text[GW_INSTANT_BYTES];

    if (!utc)
        return;
    gw_instant_print(utc, text);
    gw_text_print(out, ",\"%s\":\"%s\"", name, text);
}

static void print_text(struct gw_text *out, const char *name, const char *text)
{
    if (!*text)
        return;
    gw_text_print(out, ",\"%s\":", name);
    gw_json_quote(out, text);
}

void gw_circuit_print(const struct gw_circuit *circuit, struct gw_text *out)
{
    gw_text_print(out, "{\"state\":\"%s\"", state_names[circuit->state]);
    if (circuit->trouble != GW_TROUBLE_NONE)
        gw_text_print(out, ",\"trouble\":\"%s\"", gw_trouble_name(circuit->trouble));
    if (circuit->attempts)
        gw_text_print(out, ",\"attempts\":%u,\"equal\":%u", circuit->attempts, circuit->equal);
    if (circuit->cut_at)
        gw_text_print(out, ",\"cut_at\":%llu", (unsigned long long)circuit->cut_at);
    print_instant(out, "since", circuit->since);
    print_instant(out, "until", circuit->until);
    if (circuit->told)
        gw_text_print(out, ",\"told\":%u", circuit->told);
    print_text(out, "reason", circuit->reason);
    print_text(out, "who", circuit->who);
    print_instant(out, "when", circuit->when);
    gw_text_add(out, "}");
}

static int64_t read_instant(const cJSON *json, const char *name)
{
    const char *text = gw_json_string(json, name);
    int64_t nanoseconds;

    return text && gw_instant_read(text, &nanoseconds) ? nanoseconds / NANO : 0;
}

static long read_number(const cJSON *json, const char *name)
{
    long number;

    return gw_json_int(json, name, &number) && number > 0 ? number : 0;
}

static void read_text(const cJSON *json, const char *name, char *out, size_t size)
{
    const char *text = gw_json_string(json, name);

    snprintf(out, size, "%s", text ? text : "");
}

static enum gw_trouble trouble_named(const char *name)
{
    for (int trouble = 0; trouble < GW_TROUBLE_COUNT; trouble++)
        if (gw_same(name, gw_trouble_name((enum gw_trouble)trouble)))
            return (enum gw_trouble)trouble;
    return GW_TROUBLE_NONE;
}

static uint64_t left_ms(int64_t until, int64_t now_utc)
{
    const uint64_t left = until > now_utc ? (uint64_t)(until - now_utc) * 1000 : 0;

    return left < LONGEST_MS ? left : LONGEST_MS;
}

static bool read_state(const cJSON *json, enum gw_circuit_state *out)
{
    const int place = gw_place_in(state_names, STATE_COUNT, gw_json_string(json, "state"));

    *out = place < 0 ? GW_CIRCUIT_RUNNING : (enum gw_circuit_state)place;
    return place >= 0;
}

enum gw_status gw_circuit_read(struct gw_circuit *circuit, const char *text, struct gw_instant now,
                               struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(NOTE_MEMORY);
    struct gw_circuit read = {.epoch = circuit->epoch};
    const cJSON *json = NULL;
    enum gw_status rc = gw_json_parse(&arena, text, strlen(text), NULL, &json, NULL, err);

    if (rc == GW_OK && !read_state(json, &read.state))
        rc = gw_fail(err, GW_EINPUT, where, "the note of an endpoint's state names no state that is known");
    if (rc == GW_OK) {
        read.trouble = trouble_named(gw_json_string(json, "trouble"));
        read.attempts = (unsigned)read_number(json, "attempts");
        read.equal = (unsigned)read_number(json, "equal");
        read.cut_at = (uint64_t)read_number(json, "cut_at");
        read.told = (unsigned)read_number(json, "told");
        read.since = read_instant(json, "since");
        read.until = read_instant(json, "until");
        read.until_ms = read.until ? now.ms + left_ms(read.until, now.utc) : 0;
        read.when = read_instant(json, "when");
        read_text(json, "reason", read.reason, sizeof(read.reason));
        read_text(json, "who", read.who, sizeof(read.who));
        *circuit = read;
    }
    gw_arena_release(&arena);
    return rc;
}
