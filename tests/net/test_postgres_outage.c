/*
 * A PostgreSQL server that dies under its connection. One test: its suite has no other use for the server.
 */
#include "gateway/net/postgres.h"

#include "net/caller.h"

Test(postgres_outage, survives_the_server_and_connects_again)
{
    struct caller caller;

    open_here(&caller);
    cluster_do("kill");
    cr_expect(RUN(&caller, "SELECT 1") == GW_ERETRY, "%s", caller.failure.text);
    cr_expect(!gw_postgres_connected(caller.postgres));
    while (dial(&caller) == GW_OK) /* the dead server's last session */
        ;
    cr_expect(caller.failure.status == GW_ERETRY, "%s", caller.failure.text);
    cluster_do("start");
    cr_expect(dial(&caller) == GW_OK, "%s", caller.failure.text);
    cr_expect(RUN(&caller, "SELECT 1") == GW_OK);
    close_all(&caller);
}
