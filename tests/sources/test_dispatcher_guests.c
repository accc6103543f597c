/*
 * Guests of an endpoint (bulk export, checks): they wait at the same turnstile and get what came.
 */
#include "sources/one_endpoint.h"

struct guest {
    struct gw_http_response response;
    unsigned ended;
    uint64_t call, at_ms;
    struct gw_error failure;
};

static void guest_ended(void *ctx, const struct gw_error *failure)
{
    struct guest *guest = ctx;

    guest->ended++;
    guest->at_ms = world.time.now_ms;
    if (failure)
        guest->failure = *failure;
}

static void guest_asks(struct guest *guest)
{
    const struct gw_session_request request = {.url = BASE "/$export-poll", .accept = "application/json"};
    struct gw_web *web = gw_dispatcher_web(endpoint.dispatcher);
    struct gw_error err = {0};

    *guest = (struct guest){.response = GW_HTTP_RESPONSE_INIT};
    cr_assert(web->ask(web, &request, &guest->response, guest_ended, guest, &guest->call, &err) == GW_OK);
    cr_expect(guest->ended == 0);
}

static struct world_answer throttles_first(struct world_endpoint *e, const char *path, unsigned number)
{
    (void)e;
    (void)path;
    if (number == 0)
        return (struct world_answer){.status = 429, .retry_after_s = 60};
    return (struct world_answer){.status = 200};
}

Test(dispatcher_guests, P13_guests_pass_the_same_turnstile_and_get_what_came)
{
    struct guest first, second;
    struct world_ask ask;

    begin(throttles_first, 2);
    guest_asks(&first);
    world_run(&world, 10);
    cr_expect(first.ended == 1 && first.failure.status == GW_OK && first.response.status == 429);
    guest_asks(&second);
    world_submit(&endpoint, &ask, GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, HOUR);
    cr_expect(second.ended == 1 && second.response.status == 200 && second.at_ms == 60000);
    cr_expect(ask.ended == 1 && ask.at_ms == 60000 && endpoint.early == 0);
    gw_http_response_release(&first.response);
    gw_http_response_release(&second.response);
    end();
}

Test(dispatcher_guests, lets_a_guest_cancel_before_and_after_it_was_sent)
{
    struct guest waiting, flying;
    struct gw_web *web;

    begin(after_100_ms, 1);
    web = gw_dispatcher_web(endpoint.dispatcher);
    guest_asks(&flying);
    guest_asks(&waiting);
    world_run(&world, 50);
    web->cancel(web, waiting.call);
    web->cancel(web, flying.call);
    cr_expect(waiting.ended == 0 && flying.ended == 0);
    world_run(&world, 60);
    cr_expect(waiting.ended == 1 && waiting.failure.status == GW_ECANCELED);
    cr_expect(flying.ended == 1 && flying.failure.status == GW_ECANCELED && endpoint.asked == 1);
    gw_http_response_release(&waiting.response);
    gw_http_response_release(&flying.response);
    end();
}

Test(dispatcher_guests, tells_guests_why_an_endpoint_is_stopped)
{
    struct guest guest;
    struct world_ask ask;

    begin(refuses_client, 1);
    world_submit(&endpoint, &ask, GW_CONDITION, "p1", GW_ROUTINE);
    world_run(&world, 10);
    guest_asks(&guest);
    world_run(&world, 20);
    cr_expect(guest.ended == 1 && guest.failure.status == GW_EDENIED && endpoint.asked == 1);
    cr_expect(strstr(guest.failure.text, "the endpoint is stopped: denied") != NULL, "%s", guest.failure.text);
    gw_http_response_release(&guest.response);
    end();
}
