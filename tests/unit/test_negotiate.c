// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "serve/negotiate.h"

#define TEXT METRICS_TEXT
#define OPEN METRICS_OPENMETRICS

struct wish {
	const char *header;
	enum metrics_format format;
};

static enum metrics_format format_of(const char *line)
{
	struct negotiation accept = NEGOTIATE_NOTHING;

	if (line)
		negotiate_read_format(&accept, line);
	return negotiate_format(&accept);
}

static bool wants_gzip(const char *line)
{
	struct negotiation accept = NEGOTIATE_NOTHING;

	negotiate_read_encoding(&accept, line);
	return negotiate_gzip(&accept);
}

static void check(const struct wish *wishes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (format_of(wishes[i].header) != wishes[i].format)
			fail_msg("wrong format for: %s", wishes[i].header);
}

#define CHECK(...)                                                                                 \
	check((struct wish[]){__VA_ARGS__},                                                        \
		sizeof((struct wish[]){__VA_ARGS__}) / sizeof(struct wish))

static void no_wish_means_text(void **state)
{
	(void)state;
	CHECK({NULL, TEXT}, {"", TEXT}, {" \t ", TEXT}, {",", TEXT}, {", ,,", TEXT});
}

/* As the sources of each write them. */
static void prometheus_gets_openmetrics(void **state)
{
	(void)state;
	CHECK({"application/openmetrics-text;version=1.0.0,"
	       "application/openmetrics-text;version=0.0.1;q=0.75,"
	       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		      OPEN}, /* 2.42 */
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
		 "encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,"
		 "application/openmetrics-text;version=0.0.1;q=0.75,"
		 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
			OPEN}, /* 2.42 with native histograms */
		{"application/openmetrics-text;version=1.0.0;q=0.5,"
		 "application/openmetrics-text;version=0.0.1;q=0.4,"
		 "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
			OPEN}, /* 2.49 to 2.55 */
		{"application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,"
		 "*/*;q=0.1",
			TEXT}); /* before 2.31: a draft we do not speak */
}

static void prometheus_3_gets_openmetrics_however_it_wants_names_escaped(void **state)
{
	static const char *const schemes[] = {"allow-utf-8", "underscores", "dots", "values"};

	(void)state;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		const char *scheme = schemes[i];
		char header[512];

		snprintf(header, sizeof(header),
			"application/openmetrics-text;version=1.0.0;escaping=%s;q=0.6,"
			"application/openmetrics-text;version=0.0.1;q=0.5,"
			"text/plain;version=1.0.0;escaping=%s;q=0.4,"
			"text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
			scheme, scheme);
		CHECK({header, OPEN}); /* and Grafana Alloy, which is made of it */
		snprintf(header, sizeof(header),
			"application/vnd.google.protobuf;"
			"proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
			"application/openmetrics-text;version=1.0.0;escaping=%s;q=0.5,"
			"application/openmetrics-text;version=0.0.1;q=0.4,"
			"text/plain;version=1.0.0;escaping=%s;q=0.3,"
			"text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
			scheme, scheme);
		CHECK({header, OPEN}); /* with native histograms */
	}
	/* told by scrape_protocols what to ask for */
	CHECK({"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,"
	       "text/plain;version=0.0.4;q=0.5,*/*;q=0.4",
		      TEXT},
		{"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,*/*;q=0.5", TEXT},
		{"application/openmetrics-text;version=0.0.1;q=0.6,*/*;q=0.5", TEXT},
		{"text/plain;version=0.0.4;q=0.6,"
		 "application/openmetrics-text;version=1.0.0;escaping=dots;q=0.5,*/*;q=0.4",
			TEXT},
		{"application/openmetrics-text;version=2.0.0;escaping=allow-utf-8;q=0.7,"
		 "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
			TEXT});
}

static void other_clients_get_text(void **state)
{
	(void)state;
	CHECK({"*/*", TEXT}, /* curl, Wget, Python's */
		{"text/*", TEXT}, {"text/plain", TEXT},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
		 "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
			TEXT}, /* browsers */
		{"application/json", TEXT}, {"application/*, text/*", TEXT},
		{"text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT}, /* vmagent */
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
		 "encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
			TEXT}); /* Telegraf */
}

static void the_greater_weight_wins(void **state)
{
	(void)state;
	CHECK({"text/plain;q=0.5, application/openmetrics-text;q=0.6", OPEN},
		{"text/plain;q=0.6, application/openmetrics-text;q=0.5", TEXT},
		{"text/plain;q=0.501, application/openmetrics-text;q=0.502", OPEN},
		{"text/plain;q=0.52, application/openmetrics-text;q=0.519", TEXT},
		{"text/plain;q=1.000, application/openmetrics-text;q=0.999", TEXT},
		{"*/*;q=0.8, application/openmetrics-text;q=0.5", TEXT},
		{"application/*;q=0.5, text/*;q=0.4", OPEN},
		{"text/plain;q=0.3, text/plain;q=0.7, application/openmetrics-text;q=0.5", TEXT});
}

static void of_equal_weights_openmetrics_wins_where_it_is_named(void **state)
{
	(void)state;
	CHECK({"text/plain, application/openmetrics-text", OPEN},
		{"text/plain;version=0.0.4;q=0.2,application/openmetrics-text;q=0.2", OPEN},
		{"application/openmetrics-text;q=0.5, */*;q=0.5", OPEN},
		{"application/openmetrics-text;q=0, text/plain;q=0", TEXT});
}

static void weight_zero_excludes(void **state)
{
	(void)state;
	CHECK({"application/openmetrics-text;q=0", TEXT},
		{"application/openmetrics-text;q=0.000, */*", TEXT},
		{"text/plain;q=0, */*;q=0.1", OPEN}, {"text/*;q=0., */*", OPEN},
		{"text/*;q=0, application/*;q=0.001", OPEN});
}

static void the_most_specific_range_counts(void **state)
{
	(void)state;
	CHECK({"application/openmetrics-text;version=1.0.0;q=0.1,"
	       "application/openmetrics-text,text/plain;q=0.5",
		      TEXT},
		{"application/openmetrics-text,"
		 "application/openmetrics-text;version=1.0.0;q=0.1,text/plain;q=0.5",
			TEXT},
		{"text/*;q=0.9, text/plain;q=0.1, application/openmetrics-text;q=0.5", OPEN},
		{"*/*, text/*;q=0.2, application/openmetrics-text;q=0.3", OPEN});
}

static void only_our_versions_are_offered(void **state)
{
	(void)state;
	CHECK({"application/openmetrics-text", OPEN},
		{"application/openmetrics-text;version=1.0.0", OPEN},
		{"application/openmetrics-text;version=\"1.0.0\"", OPEN},
		{"application/openmetrics-text;version=0.0.1", TEXT},
		{"application/openmetrics-text;version=1.0", TEXT},
		{"application/openmetrics-text;version=1.0.00", TEXT},
		{"application/openmetrics-text;version=2.0.0", TEXT},
		{"text/plain;version=1.0.0,application/openmetrics-text;q=0.1", OPEN},
		{"text/plain;version=0.0.4,application/openmetrics-text;q=0.1", TEXT});
}

static void the_grammar_is_read_as_written(void **state)
{
	(void)state;
	CHECK({"APPLICATION/OpenMetrics-Text ; VERSION=1.0.0 ; Q=0.5", OPEN},
		{"\t application/openmetrics-text\t;\tversion=1.0.0;; ;q=0.9 \t, text/*;q=0.1",
			OPEN},
		{"text/plain;q=0.2;ext=1,,application/openmetrics-text;charset=utf-8;q=0.3", OPEN},
		{"a/b;x=\"q=1, application/openmetrics-text\", text/plain;q=0.1", TEXT},
		{"a/b;x=\"\\\", application/openmetrics-text, \\\\\", text/plain;q=0.1", TEXT},
		{"a/b;x=\"\\\\\", application/openmetrics-text;q=0.5", OPEN});
}

static void a_malformed_range_is_passed_over(void **state)
{
	static const char *const malformed[] = {"application/openmetrics-text;q=",
		"application/openmetrics-text;q=2", "application/openmetrics-text;q=1.001",
		"application/openmetrics-text;q=0.0001", "application/openmetrics-text;q=-1",
		"application/openmetrics-text;q=.5", "application/openmetrics-text;q=1e0",
		"application/openmetrics-text;q=0,5", "application/openmetrics-text;q",
		"application/openmetrics-text;version", "application/openmetrics-text;version=",
		"application/openmetrics-text;version=\"1.0.0",
		"application/openmetrics-text;x=\"\\", "application/openmetrics-text;=1",
		"application/openmetrics-text;version =1.0.0", "application /openmetrics-text",
		"application/ openmetrics-text", "application/openmetrics-text x",
		"application/openmetrics-text/x", "application", "/openmetrics-text", "/", "=",
		"\"", ";q=1", "*/openmetrics-text", "application/openmetrics-text\x80"};

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		char header[256];

		CHECK({malformed[i], TEXT});
		/* what follows it still counts, unless a quote is open */
		if (strchr(malformed[i], '"'))
			continue;
		snprintf(header, sizeof(header), "%s,application/openmetrics-text", malformed[i]);
		CHECK({header, OPEN});
	}
}

static void expect_gzip(const char *const *headers, bool expected)
{
	for (; *headers; headers++)
		if (wants_gzip(*headers) != expected)
			fail_msg("%s for: %s", expected ? "plain" : "gzip", *headers);
}

#define GZIP(...)  expect_gzip((const char *const[]){__VA_ARGS__, NULL}, true)
#define PLAIN(...) expect_gzip((const char *const[]){__VA_ARGS__, NULL}, false)

static void gzip_is_for_who_asks_for_it(void **state)
{
	struct negotiation nothing = NEGOTIATE_NOTHING;

	(void)state;
	assert_false(negotiate_gzip(&nothing));
	PLAIN("", " \t", ",", ", ,,");
	GZIP("gzip");	   /* Prometheus, vmagent, Telegraf, Alloy: what is written in Go */
	PLAIN("identity"); /* Prometheus with enable_compression: false, Wget, urllib */
	GZIP("gzip, deflate, br, zstd", "gzip, deflate", "gzip;q=1.0, deflate;q=0.8, *;q=0.1",
		"deflate, gzip, br, zstd"); /* browsers, requests, curl --compressed */
	PLAIN("deflate", "br", "zstd, br;q=0.5", "compress, deflate");
	GZIP("x-gzip", "GZIP", "X-Gzip;Q=0.5", "\tgzip\t;\tq=0.5\t", "br,,gzip", ",gzip,");
}

static void weights_of_codings_count(void **state)
{
	(void)state;
	GZIP("gzip;q=0.5", "gzip;q=0.001", "gzip;q=1.000", "gzip;q=1.");
	PLAIN("gzip;q=0", "gzip;q=0.000", "gzip;q=0, deflate", "x-gzip;q=0", "gzip;q=0.");
	GZIP("gzip;q=0.5, identity;q=0.4", "gzip;q=0.5, identity;q=0.5", "identity, gzip");
	PLAIN("gzip;q=0.5, identity;q=0.6", "identity, gzip;q=0.9", "gzip;q=0.4,identity;q=0.401");
	GZIP("gzip;q=0, x-gzip", "x-gzip;q=0.2, gzip;q=0.9, identity;q=0.8");
}

static void a_star_is_what_is_not_named(void **state)
{
	(void)state;
	GZIP("*", "*;q=0.1", "identity;q=0.1, *;q=0.2", "*, gzip;q=1", "deflate, *");
	PLAIN("*;q=0", "gzip;q=0, *", "*;q=0, identity;q=0.5", "identity, *;q=0.5");
	PLAIN("gzip;q=0.5, *"); /* which is as it is, too */
	GZIP("gzip;q=0.5, *;q=0.4", "gzip, *;q=0", "identity;q=0.3, gzip;q=0.3, *");
}

static void where_neither_may_be_sent_it_is_plain(void **state)
{
	(void)state;
	GZIP("identity;q=0, gzip", "identity;q=0, *", "identity;q=0, x-gzip;q=0.001");
	PLAIN("identity;q=0", "identity;q=0, br", "identity;q=0, gzip;q=0", "*;q=0, identity;q=0");
}

static void a_malformed_coding_is_passed_over(void **state)
{
	static const char *const malformed[] = {"gzip;", "gzip;q", "gzip;q=", "gzip;q=2",
		"gzip;q=-1", "gzip;q=.5", "gzip;q=0.0001", "gzip;q=\"1\"", "gzip;q =1", "gzip;q= 1",
		"gzip;level=9", "gzip;q=1;q=1", "gzip x", "gzip/x", "g zip", ";q=1", "gzip=1",
		"\"gzip\"", "gzip\x80", "gzip;;q=1", "gzipped", "gzi", "x-gzip2"};

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		char header[64];

		PLAIN(malformed[i]);
		snprintf(header, sizeof(header), "%s,gzip", malformed[i]);
		GZIP(header);
	}
}

/* RFC 9110, 5.3: one line of all elements means the same. */
static void several_lines_are_one(void **state)
{
	static const struct {
		const char *line[3];
		enum metrics_format format;
	} formats[] = {
		{{"text/html", "application/openmetrics-text", ""}, OPEN},
		{{"application/openmetrics-text;q=0.5", "text/plain;q=0.9", "*/*"}, TEXT},
		{{"application/openmetrics-text;q=0.5", "text/plain;q=0.1", "*/*"}, OPEN},
		{{"*/*", "application/openmetrics-text;q=0", "text/*;q=0.1"}, TEXT},
		{{";;;", "application/openmetrics-text", "\"\\"}, OPEN},
	};
	static const struct {
		const char *line[3];
		bool gzip;
	} codings[] = {
		{{"br", "gzip", ""}, true},
		{{"gzip;q=0.5", "identity", "br"}, false},
		{{"*;q=0", "deflate", "gzip"}, true},
		{{"gzip;q=0", "*", ""}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		struct negotiation accept = NEGOTIATE_NOTHING;

		for (size_t k = 0; k < 3; k++)
			negotiate_read_format(&accept, formats[i].line[k]);
		assert_int_equal(negotiate_format(&accept), formats[i].format);
	}
	for (size_t i = 0; i < sizeof(codings) / sizeof(*codings); i++) {
		struct negotiation accept = NEGOTIATE_NOTHING;

		for (size_t k = 0; k < 3; k++)
			negotiate_read_encoding(&accept, codings[i].line[k]);
		assert_int_equal(negotiate_gzip(&accept), codings[i].gzip);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_wish_means_text),
		cmocka_unit_test(prometheus_gets_openmetrics),
		cmocka_unit_test(prometheus_3_gets_openmetrics_however_it_wants_names_escaped),
		cmocka_unit_test(other_clients_get_text),
		cmocka_unit_test(the_greater_weight_wins),
		cmocka_unit_test(of_equal_weights_openmetrics_wins_where_it_is_named),
		cmocka_unit_test(weight_zero_excludes),
		cmocka_unit_test(the_most_specific_range_counts),
		cmocka_unit_test(only_our_versions_are_offered),
		cmocka_unit_test(the_grammar_is_read_as_written),
		cmocka_unit_test(a_malformed_range_is_passed_over),
		cmocka_unit_test(several_lines_are_one),
		cmocka_unit_test(gzip_is_for_who_asks_for_it),
		cmocka_unit_test(weights_of_codings_count),
		cmocka_unit_test(a_star_is_what_is_not_named),
		cmocka_unit_test(where_neither_may_be_sent_it_is_plain),
		cmocka_unit_test(a_malformed_coding_is_passed_over),
	};

	return cmocka_run_group_tests_name("accept", tests, NULL, NULL);
}
