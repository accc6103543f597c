/*
 * The gate: what links mean and which may be followed. Link shapes are those of real servers, named in the cases.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/net/url.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const allowed[] = {"https://Files.example.org", "https://store.example.org:8443/"};

static struct gw_gate *gate_of(const char *base)
{
    struct gw_gate *gate = NULL;
    struct gw_error err = {0};

    cr_assert(gw_gate_new(base, allowed, COUNT(allowed), &gate, &err) == GW_OK, "%s: %s", base, err.text);
    return gate;
}

#define REQUEST "https://fhir.example.org/r4/Observation?patient=7&_count=50"

static const struct {
    const char *name, *link, *want; /* want NULL: refused */
} links[] = {
    {"absolute, bytes kept", "https://fhir.example.org/r4?_getpages=ab%2Dcd&d=gt2026-11-20T00%3A00%3A00Z",
     "https://fhir.example.org/r4?_getpages=ab%2Dcd&d=gt2026-11-20T00%3A00%3A00Z"},
    {"absolute, dots and case kept", "HTTPS://FHIR.example.org/r4/../r4/./Observation?x=A|b",
     "HTTPS://FHIR.example.org/r4/../r4/./Observation?x=A|b"},
    {"absolute, default port", "https://fhir.example.org:443/r4/x", "https://fhir.example.org:443/r4/x"},
    {"relative to the host (Canvas)", "/r4/Observation?page=2", "https://fhir.example.org/r4/Observation?page=2"},
    {"relative to the request", "Observation?page=2", "https://fhir.example.org/r4/Observation?page=2"},
    {"one folder up", "../r4/Observation?page=2", "https://fhir.example.org/r4/Observation?page=2"},
    {"query only", "?ct=abc%3D&_count=50", "https://fhir.example.org/r4/Observation?ct=abc%3D&_count=50"},
    {"with the scheme of the request", "//fhir.example.org/r4/x", "https://fhir.example.org/r4/x"},
    {"without a scheme (Zus)", "fhir.example.org/r4/Observation?page=2",
     "https://fhir.example.org/r4/Observation?page=2"},
    {"a date in a query-only link", "?d=2024-01-01T10:00:00Z",
     "https://fhir.example.org/r4/Observation?d=2024-01-01T10:00:00Z"},
    {"allowed origin, other case", "https://files.EXAMPLE.org/a.ndjson", "https://files.EXAMPLE.org/a.ndjson"},
    {"allowed origin with port", "https://store.example.org:8443/a", "https://store.example.org:8443/a"},
    {"allowed host, other port", "https://store.example.org/a", NULL},
    {"other host", "https://evil.example.net/r4/x", NULL},
    {"host that begins alike", "https://fhir.example.org.evil.net/", NULL},
    {"trailing dot", "https://fhir.example.org./r4", NULL},
    {"other port", "https://fhir.example.org:8443/r4", NULL},
    {"port grown twice (opensrp)", "https://fhir.example.org:443:443/r4", NULL},
    {"downgrade", "http://fhir.example.org/r4", NULL},
    {"user", "https://me@fhir.example.org/r4", NULL},
    {"user and password", "https://me:pw@fhir.example.org/r4", NULL},
    {"empty user", "https://@fhir.example.org/r4", NULL},
    {"user that looks like the host", "https://fhir.example.org@evil.net/r4", NULL},
    {"backslash trick", "https://evil.net\\@fhir.example.org/r4", NULL},
    {"backslash after the host", "https://fhir.example.org\\.evil.net/r4", NULL},
    {"escaped host", "https://fhir%2eexample.org/r4", NULL},
    {"one slash", "https:/fhir.example.org/r4", NULL},
    {"no slash", "https:fhir.example.org/r4", NULL},
    {"three slashes", "https:///fhir.example.org/r4", NULL},
    {"other scheme", "file:///etc/passwd", NULL},
    {"script", "javascript:alert(1)", NULL},
    {"ftp", "ftp://fhir.example.org/r4", NULL},
    {"metadata address", "https://169.254.169.254/latest", NULL},
    {"decimal address", "https://2130706433/r4", NULL},
    {"fragment", "https://fhir.example.org/r4#a", NULL},
    {"empty fragment", "https://fhir.example.org/r4#", NULL},
    {"blank", "https://fhir.example.org/r4?a=b c", NULL},
    {"line break", "https://fhir.example.org/r4\r\nHost: evil", NULL},
    {"letters that look alike", "https://fhir.ex\xd0\xb0mple.org/r4", NULL},
    {"other host with its scheme left out", "//evil.example.net/r4", NULL},
    {"empty", "", NULL},
};

Test(url, s6_resolves_a_link_or_refuses_it)
{
    struct gw_gate *gate = gate_of("https://fhir.example.org/r4/");

    for (size_t i = 0; i < COUNT(links); i++) {
        struct gw_text out = GW_TEXT_INIT(GW_URL_MAX);
        struct gw_error err = {0};
        enum gw_status rc = gw_gate_resolve(gate, REQUEST, links[i].link, &out, &err);

        if (links[i].want) {
            cr_expect(rc == GW_OK, "%s: %s", links[i].name, err.text);
            cr_expect_str_eq(out.at, links[i].want, "%s: %s", links[i].name, out.at);
        } else {
            cr_expect(rc == GW_EPROTO, "%s went through as %s", links[i].name, out.at);
            cr_expect(strstr(err.text, "r4?") == NULL && strstr(err.text, "patient") == NULL, "%s: %s", links[i].name,
                      err.text);
        }
        gw_text_release(&out);
    }
    gw_gate_free(gate);
}

Test(url, says_where_a_foreign_link_leads_and_what_to_do)
{
    struct gw_gate *gate = gate_of("https://fhir.example.org/r4");
    struct gw_error err = {0};

    cr_assert(gw_gate_check(gate, "https://cdn.example.net/f?patient=1", NULL, &err) == GW_EPROTO);
    cr_assert_str_eq(
        err.text, "a link of https://fhir.example.org leads to https://cdn.example.net:443: not followed; if that is "
                  "theirs, add it to \"allow_origins\"");
    gw_gate_free(gate);
}

Test(url, tells_the_own_origin_from_an_allowed_one)
{
    struct gw_gate *gate = gate_of("https://fhir.example.org/r4");
    bool own = false;

    cr_expect(gw_gate_check(gate, "https://FHIR.example.org:443/x", &own, NULL) == GW_OK && own);
    cr_expect(gw_gate_check(gate, "https://files.example.org/x", &own, NULL) == GW_OK && !own);
    gw_gate_free(gate);
}

Test(url, s6_takes_links_of_16_KiB_and_no_longer)
{
    struct gw_gate *gate = gate_of("https://fhir.example.org/r4");
    struct gw_text out = GW_TEXT_INIT(GW_URL_MAX);
    char *link = malloc(GW_URL_MAX + 2);

    memset(link, 'a', GW_URL_MAX + 1);
    memcpy(link, "https://fhir.example.org/r4?ct=", 31);
    link[GW_URL_MAX] = '\0';
    cr_expect(gw_gate_resolve(gate, REQUEST, link, &out, NULL) == GW_OK);
    cr_expect_str_eq(out.at, link);
    link[GW_URL_MAX] = 'a';
    link[GW_URL_MAX + 1] = '\0';
    cr_expect(gw_gate_resolve(gate, REQUEST, link, &out, NULL) == GW_EPROTO);
    free(link);
    gw_text_release(&out);
    gw_gate_free(gate);
}

static const struct {
    const char *base;
    bool fine;
} bases[] = {
    {"https://fhir.example.org", true},
    {"https://fhir.example.org:8443/r4/", true},
    {"http://127.0.0.1:8080/fhir", true},
    {"http://localhost/fhir", true},
    {"http://[::1]:80/fhir", true},
    {"http://127.1/fhir", true},
    {"http://fhir.example.org/r4", false},
    {"http://127.0.0.1.example.org/r4", false},
    {"http://localhost.example.org/r4", false},
    {"http://10.0.0.7/r4", false},
    {"https://fhir.example.org/r4?tenant=1", false},
    {"https://me@fhir.example.org/r4", false},
    {"fhir.example.org/r4", false},
    {"https://", false},
    {"", false},
};

Test(url, judges_the_base_of_an_endpoint)
{
    for (size_t i = 0; i < COUNT(bases); i++) {
        struct gw_gate *gate = NULL;
        struct gw_error err = {0};
        enum gw_status rc = gw_gate_new(bases[i].base, NULL, 0, &gate, &err);

        cr_expect(rc == (bases[i].fine ? GW_OK : GW_ECONFIG), "%s: %s", bases[i].base, err.text);
        cr_expect((gate != NULL) == bases[i].fine, "%s", bases[i].base);
        gw_gate_free(gate);
    }
}

static const struct {
    const char *base, *allowed;
    bool fine;
} origins[] = {
    {"https://a.example", "https://b.example", true},        {"https://a.example", "https://b.example/", true},
    {"https://a.example", "https://b.example/files", false}, {"https://a.example", "http://b.example", false},
    {"https://a.example", "http://localhost:9", false},      {"http://localhost:8", "http://localhost:9", true},
    {"http://localhost:8", "http://b.example", false},       {"https://a.example", "*", false},
};

Test(url, judges_the_allow_list)
{
    for (size_t i = 0; i < COUNT(origins); i++) {
        struct gw_gate *gate = NULL;
        enum gw_status rc = gw_gate_new(origins[i].base, &origins[i].allowed, 1, &gate, NULL);

        cr_expect(rc == (origins[i].fine ? GW_OK : GW_ECONFIG), "%s with %s", origins[i].base, origins[i].allowed);
        gw_gate_free(gate);
    }
}

Test(url, joins_a_request_to_the_base)
{
    struct gw_gate *gate = gate_of("https://fhir.example.org/r4//");
    struct gw_text out = GW_TEXT_INIT(GW_URL_MAX);

    cr_assert(gw_gate_join(gate, "Observation?patient=7", &out, NULL) == GW_OK);
    cr_expect_str_eq(out.at, "https://fhir.example.org/r4/Observation?patient=7");
    cr_expect_str_eq(gw_gate_base(gate), "https://fhir.example.org/r4");
    cr_expect_str_eq(gw_gate_origin(gate), "https://fhir.example.org");
    gw_text_release(&out);
    gw_gate_free(gate);
}

static const struct {
    const char *url;
    bool fine;
} secrets[] = {
    {"https://auth.example.org/token", true}, {"http://127.0.0.1:9/token", true},
    {"http://auth.example.org/token", false}, {"https://me@auth.example.org/t", false},
    {"auth.example.org/token", false},        {"ftp://auth.example.org/", false},
};

Test(url, trusts_a_secret_to_https_or_loopback_only)
{
    for (size_t i = 0; i < COUNT(secrets); i++)
        cr_expect(gw_url_trusted(secrets[i].url, NULL) == (secrets[i].fine ? GW_OK : GW_EPROTO), "%s", secrets[i].url);
}

static const struct {
    const char *url, *want;
} described[] = {
    {"https://fhir.example.org:8443/r4/Patient/ana-perez/_history/1", "https://fhir.example.org:8443/r4/Patient/..."},
    {"https://fhir.example.org/r4/Observation?patient=7", "https://fhir.example.org/r4/Observation/..."},
    {"https://fhir.example.org/r4/Observation", "https://fhir.example.org/r4/Observation"},
    {"https://fhir.example.org/jobs/a81f", "https://fhir.example.org/..."},
    {"https://fhir.example.org/r4/Patient/Perez", "https://fhir.example.org/r4/Patient/..."},
    {"https://fhir.example.org", "https://fhir.example.org"},
    {"https://user:secret@fhir.example.org/x", "https://fhir.example.org/..."},
    {"http://localhost/fhir/Patient?name=Perez", "http://localhost/fhir/Patient/..."},
};

Test(url, describes_without_ids_or_queries)
{
    for (size_t i = 0; i < COUNT(described); i++) {
        char out[128];

        gw_url_describe(described[i].url, out, sizeof(out));
        cr_expect_str_eq(out, described[i].want, "%s", out);
    }
}
