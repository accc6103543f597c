/*
 * The two ports of a pull in earnest: an endpoint's session, and the ledger's writer.
 */
#include <stdlib.h>

#include "gateway/sources/pull.h"

/* ---- the session ---- */

static enum gw_status session_ask(struct gw_web *web, const struct gw_session_request *request,
                                  struct gw_http_response *response, gw_http_done done, void *ctx, uint64_t *call,
                                  struct gw_error *err)
{
    return gw_session_start(((struct gw_web_session *)web)->session, request, response, done, ctx, call, err);
}

static void session_cancel(struct gw_web *web, uint64_t call)
{
    gw_session_cancel(((struct gw_web_session *)web)->session, call);
}

void gw_web_session_init(struct gw_web_session *web, struct gw_session *session)
{
    web->web = (struct gw_web){session_ask, session_cancel, gw_session_gate(session)};
    web->session = session;
}

/* ---- the writer ---- */

struct keeping {
    const struct gw_keep_page *page;
    struct gw_keep_answer *answer;
    gw_writer_done done;
    void *ctx;
};

/* On the ledger's thread. The list of subjects touched is the ledger's own and void with its next page. */
static enum gw_status run_keep(struct gw_ledger *ledger, void *ctx, struct gw_error *err)
{
    const struct keeping *keeping = ctx;
    enum gw_status rc = gw_ledger_keep(ledger, keeping->page, keeping->answer, err);

    keeping->answer->touched = NULL;
    keeping->answer->touched_count = 0;
    return rc;
}

static void kept(void *ctx, const struct gw_error *failure)
{
    const struct keeping keeping = *(struct keeping *)ctx;

    free(ctx);
    keeping.done(keeping.ctx, failure);
}

static enum gw_status writer_keep(struct gw_store *store, const struct gw_keep_page *page,
                                  struct gw_keep_answer *answer, gw_writer_done done, void *ctx, struct gw_error *err)
{
    struct gw_writer *writer = ((struct gw_store_writer *)store)->writer;
    struct keeping *keeping = malloc(sizeof(*keeping));
    enum gw_status rc;

    if (!keeping)
        return gw_fail(err, GW_ENOMEM, "sources.pull", "no memory to keep a page");
    *keeping = (struct keeping){page, answer, done, ctx};
    rc = gw_writer_submit(writer, page->count, run_keep, kept, keeping, err);
    if (rc != GW_OK)
        free(keeping);
    return rc;
}

void gw_store_writer_init(struct gw_store_writer *store, struct gw_writer *writer)
{
    store->store = (struct gw_store){writer_keep};
    store->writer = writer;
}
