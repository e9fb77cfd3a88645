// SPDX-License-Identifier: GPL-2.0-or-later
#include "web.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int isolate(void **state)
{
	bool isolated;

	(void)state;
	return web_isolate(&isolated);
}

static int connects(unsigned port, const char *from, const char *to)
{
	struct web web = {.port = port};
	int fd = web_connect_from(&web, from, to);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static void a_socket_listens_where_it_is_told(void **state)
{
	int everywhere = http_listen(NULL, 0), v4 = web_listen("127.0.0.1", 0);
	int v6 = web_listen("::1", 0), any6 = web_listen("::", 0), any4 = web_listen("0.0.0.0", 0);
	struct sockaddr_storage other = {.ss_family = AF_UNIX};

	(void)state;
	assert_int_equal(connects(web_port(everywhere), "127.0.0.1", "127.0.0.1"), 0);
	assert_int_equal(connects(web_port(everywhere), "::1", "::1"), 0);
	assert_int_equal(connects(web_port(v4), "127.0.0.1", "127.0.0.1"), 0);
	assert_int_equal(connects(web_port(v4), "127.0.0.2", "127.0.0.2"), -ECONNREFUSED);
	assert_int_equal(connects(web_port(v4), "::1", "::1"), -ECONNREFUSED);
	assert_int_equal(connects(web_port(v6), "::1", "::1"), 0);
	assert_int_equal(connects(web_port(v6), "127.0.0.1", "127.0.0.1"), -ECONNREFUSED);
	assert_int_equal(connects(web_port(any6), "::1", "::1"), 0);
	assert_int_equal(connects(web_port(any6), "127.0.0.1", "127.0.0.1"), -ECONNREFUSED);
	assert_int_equal(connects(web_port(any4), "127.0.0.1", "127.0.0.1"), 0);
	assert_true(fcntl(everywhere, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(everywhere, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(web_listen("127.0.0.1", web_port(v4)), -EADDRINUSE);
	assert_int_equal(http_listen(NULL, web_port(v6)), -EADDRINUSE);
	assert_int_equal(web_listen("198.51.100.1", 0), -EADDRNOTAVAIL);
	assert_int_equal(web_listen("2001:db8::99", 0), -EADDRNOTAVAIL);
	assert_int_equal(http_listen(&other, 0), -EAFNOSUPPORT);
	for (int fd = 0; fd < 5; fd++)
		close((int[]){everywhere, v4, v6, any6, any4}[fd]);
}

static void a_link_local_address_keeps_its_scope(void **state)
{
	struct sockaddr_storage address = web_address("fe80::1");
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;

	(void)state;
	/* EINVAL is what the kernel says to one without a scope, ENODEV to one that is not there.
	 */
	assert_int_equal(http_listen(&address, 0), -EINVAL);
	v6->sin6_scope_id = 1;
	assert_int_equal(http_listen(&address, 0), -EADDRNOTAVAIL);
	v6->sin6_scope_id = 9999;
	assert_int_equal(http_listen(&address, 0), -ENODEV);
}

static void a_port_is_free_again_at_once(void **state)
{
	struct web web;
	char *answer;
	unsigned port;
	int fd, again;

	(void)state;
	web_start(&web, 0, NULL);
	port = web.port;
	fd = web_connect(&web);
	answer = web_ask(&web, fd, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
	free(answer);
	web_stop(&web); /* closes first, so the connection lingers on this side */
	close(fd);
	again = http_listen(NULL, port);
	assert_true(again >= 0);
	close(again);
}

/* As if the kernel had no IPv6. */
static int forbid_ipv6(void)
{
	const uint32_t low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + low),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void without_ipv6_everywhere_is_ipv4(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		int fd;

		if (forbid_ipv6() || web_listen("::1", 0) != -EAFNOSUPPORT)
			_exit(1);
		fd = http_listen(NULL, 0);
		_exit(fd < 0 || connects(web_port(fd), "127.0.0.1", "127.0.0.1") != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_listens_where_it_is_told),
		cmocka_unit_test(a_link_local_address_keeps_its_scope),
		cmocka_unit_test(a_port_is_free_again_at_once),
		cmocka_unit_test(without_ipv6_everywhere_is_ipv4),
	};

	return cmocka_run_group_tests_name("http_listen", tests, isolate, NULL);
}
