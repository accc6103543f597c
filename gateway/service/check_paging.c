/*
 * Which ways to ask work: page sizes, order, next links, POST, long lists, former versions.
 */
#include <string.h>

#include "gateway/core/text.h"
#include "service/check_parts.h"

enum { LIST_LONG = 100, LIST_USUAL = 30, LIST_SHORT = 10, PAGE_DEFAULT = 100 };

/* ---- pages ---- */

/* What a page that was asked for with a _count of 1 tells of both; its next link, NULL: none. */
static const char *probe_count(struct check *c)
{
    const struct advice advice = {.means = "pages are as large as the server likes, which costs memory, not data",
                                  .ask = "_count to be obeyed"};
    struct gw_search what = check_trial(c, GW_OBSERVATION);
    struct gw_error failure;
    struct seen seen;
    enum answer answer;

    what.count = 1;
    answer = check_search(c, &what, "", NULL, &seen, &failure);
    if (answer != SHOWN)
        check_undecided(c, "_count", &failure);
    else if (seen.matches > 1)
        check_say(c, "_count", GW_CHECK_NOTE, &advice, "ignored: %zu on a page that was to hold one", seen.matches);
    else if (!seen.next)
        check_say(c, "_count", GW_CHECK_SKIPPED, NULL, "not decided, because the patient has one Observation only");
    else
        check_say(c, "_count", GW_CHECK_OK, NULL, "obeyed");
    return answer == SHOWN ? seen.next : NULL;
}

/* The size that is set, then smaller ones: a server that has a largest page may refuse a larger. */
static void probe_page_size(struct check *c)
{
    const unsigned set = c->endpoint->page_size ? c->endpoint->page_size : PAGE_DEFAULT;
    const unsigned sizes[] = {set, 50, 20, 10};
    const struct advice advice = {.means = "pages are smaller, and more", .ask = "the largest _count it takes"};
    struct gw_search what = check_trial(c, GW_OBSERVATION);
    struct gw_error failure;
    struct seen seen;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        enum answer answer;

        what.count = sizes[i];
        if (i > 0 && sizes[i] >= set)
            continue;
        answer = check_search(c, &what, "", NULL, &seen, &failure);
        if (answer == LOST)
            break;
        if (answer == REFUSED)
            continue;
        c->profile.page_size = i ? sizes[i] : 0;
        check_say(c, "page size", i ? GW_CHECK_NOTE : GW_CHECK_OK, i ? &advice : NULL, "pages of %u are taken%s",
                  sizes[i], i ? ", larger ones refused" : "");
        return;
    }
    check_undecided(c, "page size", &failure);
}

/* S4 of the fault matrix. */
static void probe_sort(struct check *c)
{
    const struct advice fine = {.means = "what changes while we read moves to the end, where it is still met",
                                .ask = NULL};
    const struct advice advice = {.means = "what changes while we read may be missed once; the next sync finds it",
                                  .ask = "_sort=_lastUpdated"};
    struct gw_search what = check_trial(c, GW_OBSERVATION);
    struct gw_error failure;
    struct seen seen;
    enum answer answer;

    what.sort = true;
    answer = check_search(c, &what, "", NULL, &seen, &failure);
    if (answer == LOST) {
        check_undecided(c, "_sort", &failure);
        return;
    }
    c->profile.sorts = answer == SHOWN && seen.rising && seen.newest > seen.oldest;
    if (c->profile.sorts)
        check_say(c, "_sort", GW_CHECK_OK, &fine, "_sort=_lastUpdated is obeyed");
    else if (answer == SHOWN && seen.rising)
        check_say(c, "_sort", GW_CHECK_SKIPPED, NULL,
                  "not decided, because the patient's Observations changed at one and the same time");
    else
        check_say(c, "_sort", GW_CHECK_NOTE, &advice, "_sort=_lastUpdated is %s",
                  answer == REFUSED ? "refused" : "not obeyed");
}

struct link {         /* used twice: at once, and after the other probes */
    const char *next; /* NULL: there is none, or it was dead at once */
    uint64_t used_ms;
};

static uint64_t now_ms(void)
{
    return gw_system_clock.monotonic_ms(gw_system_clock.ctx);
}

static struct link use_link(struct check *c, const char *next)
{
    const struct advice dead = {.means = "no search of more than a page can be read to its end",
                                .ask = "next links that can be followed by GET with the same token"};
    struct gw_error failure;
    struct seen seen;
    enum answer answer;

    if (!next) {
        check_say(c, "next links", GW_CHECK_SKIPPED, NULL, "not tried, because no search here has a second page");
        return (struct link){0};
    }
    answer = check_page(c, next, c->profile.post == GW_POST_ALWAYS, &seen, &failure);
    if (answer == REFUSED || answer == LOST) {
        check_fail(c, "next links", &dead, &failure);
        return (struct link){0};
    }
    return (struct link){next, now_ms()};
}

static void use_link_again(struct check *c, const struct link *link)
{
    const struct advice dying = {.means = "a search is begun again whenever a link dies, which may never end",
                                 .ask = "next links that live for five minutes at least"};
    struct gw_error failure;
    struct seen seen;
    unsigned age_s;

    if (!link->next)
        return;
    while (now_ms() - link->used_ms < c->options->link_wait_ms)
        uv_sleep(50);
    age_s = (unsigned)((now_ms() - link->used_ms) / 1000);
    switch (check_page(c, link->next, c->profile.post == GW_POST_ALWAYS, &seen, &failure)) {
    case REFUSED:
        check_say(c, "next links", GW_CHECK_NOTE, &dying, "one was dead %u s after its first use", age_s);
        break;
    case LOST:
        check_undecided(c, "next links", &failure);
        break;
    case SHOWN:
    case EMPTY:
        check_say(c, "next links", GW_CHECK_OK, NULL, "one was good %u s after its first use; longer was not tried",
                  age_s);
    }
}

/* ---- POST ---- */

static bool same_ids(const struct seen *a, const struct seen *b)
{
    for (size_t i = 0; i < a->id_count; i++)
        if (!check_has(b, a->ids[i]))
            return false;
    return a->id_count == b->id_count;
}

/* As GET answers, and, where there is another page, on by GET: servers were seen to give links that want POST. */
static enum answer try_post(struct check *c, const struct seen *observations, struct gw_error *err)
{
    struct gw_search what = check_trial(c, GW_OBSERVATION);
    struct seen seen, second;
    enum answer answer;

    what.post = true;
    answer = check_search(c, &what, "", NULL, &seen, err);
    if (answer != SHOWN)
        return answer;
    if (!same_ids(observations, &seen)) {
        gw_fail(err, GW_EPROTO, "service.check", "it answers otherwise than to GET");
        return REFUSED;
    }
    if (seen.next && check_page(c, seen.next, true, &second, err) != SHOWN)
        return REFUSED;
    return SHOWN;
}

static void probe_post(struct check *c, const struct seen *observations)
{
    const struct advice fine = {.means = "record numbers and long lists go in a body, not in a URL that is logged",
                                .ask = NULL};
    const struct advice advice = {.means =
                                      "long lists are split, and a record number stands in the URL, where there is one",
                                  .ask = "searches by POST to _search, with next links that are followed by GET"};
    struct gw_error failure = {.text = ""};
    enum answer answer;

    if (c->profile.post == GW_POST_ALWAYS)
        return;
    answer = try_post(c, observations, &failure);
    if (answer == LOST) {
        check_undecided(c, "POST", &failure);
        return;
    }
    c->profile.post = answer == SHOWN ? GW_POST_NEEDED : GW_POST_NEVER;
    if (answer == SHOWN)
        check_say(c, "POST", GW_CHECK_OK, &fine, "a search by POST answers as one by GET");
    else
        check_say(c, "POST", GW_CHECK_NOTE, &advice, "searches by POST do not work%s%s", *failure.text ? ": " : "",
                  failure.text);
}

/* ---- lists of codes ---- */

/* So many codes, the one that is there the last of them: a server that reads only the first shows nothing. */
static enum answer try_list(struct check *c, const char *code, size_t count, bool post, size_t *length,
                            struct gw_error *err)
{
    struct gw_search what = check_trial(c, GW_OBSERVATION);
    const char **codes = gw_arena_alloc(&c->arena, count * sizeof *codes);
    struct gw_text query = GW_TEXT_INIT(GW_URL_MAX);
    struct seen seen;

    gw_fail(err, GW_ENOMEM, "service.check", "no memory for a list of codes");
    for (size_t i = 0; codes && i + 1 < count; i++)
        codes[i] = gw_arena_print(&c->arena, "http://loinc.org|00000-%zu", i);
    if (!codes)
        return LOST;
    codes[count - 1] = code;
    what.codes = codes;
    what.code_count = count;
    what.post = post || what.post;
    gw_search_query(&what, &query);
    *length = query.length;
    gw_text_release(&query);
    return check_search(c, &what, "", NULL, &seen, err);
}

static void say_list(struct check *c, size_t count, size_t length, bool shorter)
{
    const struct advice advice = {.means = "results are asked for in more searches, where they are asked for by code",
                                  .ask = "how many codes one search may have, and how long a URL may be"};

    if (shorter)
        check_say(c, "lists", GW_CHECK_NOTE, &advice, "a search takes %zu codes, and not %d", count, LIST_USUAL);
    else
        check_say(c, "lists", GW_CHECK_OK, NULL, "a search takes %zu codes, in %zu bytes", count, length);
}

static void probe_lists(struct check *c, const char *code)
{
    static const size_t shorter[] = {LIST_SHORT, 2, 1};
    struct gw_error failure;
    size_t length = 0, longer = 0;
    enum answer answer;

    if (!code) {
        check_say(c, "lists", GW_CHECK_SKIPPED, NULL,
                  "not tried, because no Observation here has a code with a system");
        return;
    }
    answer = try_list(c, code, LIST_USUAL, false, &length, &failure);
    if (answer == SHOWN) {
        answer = try_list(c, code, LIST_LONG, false, &longer, &failure);
        c->profile.codes_max = answer == SHOWN ? LIST_LONG : LIST_USUAL;
        c->profile.query_max = (unsigned)(answer == SHOWN ? longer : 0);
        say_list(c, c->profile.codes_max, answer == SHOWN ? longer : length, false);
        return;
    }
    for (size_t i = 0; answer != LOST && i < sizeof shorter / sizeof shorter[0]; i++) {
        answer = try_list(c, code, shorter[i], false, &length, &failure);
        if (answer != SHOWN)
            continue;
        c->profile.codes_max = (unsigned)shorter[i];
        say_list(c, shorter[i], length, true);
        return;
    }
    check_undecided(c, "lists", &failure);
}

/* ---- former versions ---- */

static void probe_history(struct check *c, const struct seen *observations)
{
    const struct advice advice = {.means = "of a value that changed between two syncs, only the last form is ever read",
                                  .ask = "reads of _history of one resource"};
    struct gw_error failure;
    const char *url;

    gw_arena_clear(&c->scratch);
    url = gw_arena_print(&c->scratch, "%s/Observation/%s/_history?_count=1", gw_gate_base(gw_session_gate(c->session)),
                         observations->ids[0]);
    if (check_ask(c, &(struct check_question){.url = url}, &failure) == GW_OK)
        check_say(c, "_history", GW_CHECK_OK, NULL, "former versions of a resource can be read");
    else if (c->response.status >= 400 && c->response.status < 500)
        check_say(c, "_history", GW_CHECK_NOTE, &advice, "former versions of a resource cannot be read");
    else
        check_undecided(c, "_history", &failure);
    check_say(
        c, "deletions", GW_CHECK_SKIPPED, NULL,
        "not tried, because nothing may be deleted for a trial; what vanishes is noticed when a span is read whole");
}

void check_paging(struct check *c, const struct seen *observations)
{
    const char *next = probe_count(c);
    const struct link link = use_link(c, next);

    probe_page_size(c);
    probe_sort(c);
    probe_post(c, observations);
    probe_lists(c, observations->code);
    probe_history(c, observations);
    use_link_again(c, &link);
}
