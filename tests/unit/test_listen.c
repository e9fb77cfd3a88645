// SPDX-License-Identifier: GPL-2.0-or-later
#include "web.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
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
	int everywhere = listen_tcp(NULL, 0), v4 = web_listen("127.0.0.1", 0);
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
	assert_int_equal(listen_tcp(NULL, web_port(v6)), -EADDRINUSE);
	assert_int_equal(web_listen("198.51.100.1", 0), -EADDRNOTAVAIL);
	assert_int_equal(web_listen("2001:db8::99", 0), -EADDRNOTAVAIL);
	assert_int_equal(listen_tcp(&other, 0), -EAFNOSUPPORT);
	for (int fd = 0; fd < 5; fd++)
		close((int[]){everywhere, v4, v6, any6, any4}[fd]);
}

static void an_address_may_come_later(void **state)
{
	static const char *const addresses[] = {"198.51.100.1", "2001:db8::99"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sockaddr_storage address = web_address(addresses[i]);
		int fd = listen_tcp_early(&address, 0);

		assert_true(fd >= 0);
		close(fd);
	}
}

static void what_was_passed_is_looked_at(void **state)
{
	int tcp = listen_tcp(NULL, 0), datagrams = socket(AF_INET, SOCK_DGRAM, 0);
	int deaf = socket(AF_INET, SOCK_STREAM, 0), file = open("/dev/null", O_RDONLY);
	bool is_unix = true;

	(void)state;
	fcntl(tcp, F_SETFL, 0);
	fcntl(tcp, F_SETFD, 0);
	assert_true(listen_is_passed(tcp, &is_unix));
	assert_false(is_unix);
	assert_true(fcntl(tcp, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(tcp, F_GETFD) & FD_CLOEXEC);
	assert_false(listen_is_passed(datagrams, &is_unix));
	assert_false(listen_is_passed(deaf, &is_unix));
	assert_false(listen_is_passed(file, &is_unix));
	assert_false(listen_is_passed(999, &is_unix));
	for (int i = 0; i < 4; i++)
		close((int[]){tcp, datagrams, deaf, file}[i]);
}

static void a_link_local_address_keeps_its_scope(void **state)
{
	struct sockaddr_storage address = web_address("fe80::1");
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;

	(void)state;
	/*
	 * EINVAL is what the kernel says to one without a scope, ENODEV to one that is not there.
	 */
	assert_int_equal(listen_tcp(&address, 0), -EINVAL);
	v6->sin6_scope_id = 1;
	assert_int_equal(listen_tcp(&address, 0), -EADDRNOTAVAIL);
	v6->sin6_scope_id = 9999;
	assert_int_equal(listen_tcp(&address, 0), -ENODEV);
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
	answer = web_ask(&web, fd, "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n");
	free(answer);
	web_stop(&web); /* closes first, so the connection lingers on this side */
	close(fd);
	again = listen_tcp(NULL, port);
	assert_true(again >= 0);
	close(again);
}

#define NO_FILTERS 77

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

		if (forbid_ipv6())
			_exit(NO_FILTERS);
		if (web_listen("::1", 0) != -EAFNOSUPPORT)
			_exit(1);
		fd = listen_tcp(NULL, 0);
		_exit(fd < 0 || connects(web_port(fd), "127.0.0.1", "127.0.0.1") != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_FILTERS) {
		puts("skipped: no seccomp filters here");
		skip();
	}
	assert_int_equal(status, 0);
}

static char directory[] = "/tmp/mz-listen-XXXXXX", path[64];

static int connects_to(const char *to)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	strcpy(address.sun_path, to);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		error = -errno;
	close(fd);
	return error;
}

static void a_unix_socket_is_for_its_owner_and_group(void **state)
{
	struct listen_file file;
	mode_t before = umask(0);
	int fd = listen_unix(path, &file);
	struct stat st;

	(void)state;
	assert_int_equal(umask(before), 0);
	assert_true(fd >= 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0660);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(connects_to(path), 0);
	listen_remove(&file);
	listen_remove(&file);
	assert_int_equal(lstat(path, &st), -1);
	close(fd);
}

static void one_that_somebody_serves_is_left_to_them(void **state)
{
	struct listen_file file, second = {0};
	int fd = listen_unix(path, &file);

	(void)state;
	assert_int_equal(listen_unix(path, &second), -EADDRINUSE);
	assert_null(second.path);
	assert_int_equal(connects_to(path), 0);
	close(fd);
	listen_remove(&file);
}

static void a_stale_one_is_replaced(void **state)
{
	struct listen_file first, second;

	(void)state;
	close(listen_unix(path, &first));
	assert_int_equal(connects_to(path), -ECONNREFUSED);
	usleep(20000); /* the times of files are coarse */
	for (int i = 0; i < 3; i++) {
		int fd = listen_unix(path, &second);

		assert_int_equal(connects_to(path), 0);
		listen_remove(&first); /* the path is another socket's by now */
		assert_int_equal(connects_to(path), 0);
		close(fd);
	}
	listen_remove(&second);
	assert_int_equal(connects_to(path), -ENOENT);
}

static void what_is_no_socket_is_left_alone(void **state)
{
	char target[80];
	struct listen_file file = {0};
	struct stat st;
	int fd;

	(void)state;
	snprintf(target, sizeof(target), "%s/target", directory);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(listen_unix(path, &file), -ENOTSOCK);
	assert_int_equal(lstat(path, &st), 0);
	unlink(path);
	mkdir(path, 0700);
	assert_int_equal(listen_unix(path, &file), -ENOTSOCK);
	rmdir(path);
	/* a link is not followed, not even to a socket that is stale */
	fd = listen_unix(target, &file);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(listen_unix(path, &(struct listen_file){0}), -ENOTSOCK);
	close(fd);
	assert_int_equal(listen_unix(path, &(struct listen_file){0}), -ENOTSOCK);
	assert_int_equal(lstat(path, &st), 0);
	unlink(path);
	listen_remove(&file);
}

static void a_place_that_is_not_there_is_told(void **state)
{
	char longest[200] = "/tmp/";
	struct listen_file file = {0};

	(void)state;
	assert_int_equal(listen_unix("/nonexistent/sock", &file), -ENOENT);
	memset(longest + 5, 'x', 150);
	assert_int_equal(listen_unix(longest, &file), -ENAMETOOLONG);
	listen_remove(&file);
}

/* Of many that start at once where a stale socket is, one gets the path, and keeps it. */
static void one_of_many_gets_it(void **state)
{
	struct listen_file file;
	pid_t child[8];
	int served = 0, go[2], done[2];

	(void)state;
	close(listen_unix(path, &file));
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(pipe2(done, O_CLOEXEC), 0);
	for (int i = 0; i < 8; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			char byte;
			int fd;

			close(go[1]);
			while (read(go[0], &byte, 1) > 0)
				;
			fd = listen_unix(path, &file);
			if (fd >= 0 && write(done[1], "x", 1) == 1)
				pause();
			_exit(fd == -EADDRINUSE ? 0 : 1);
		}
	}
	close(go[1]);
	for (int left = 8; left > 1; left--) { /* all but the one */
		int status;

		assert_true(waitpid(-1, &status, 0) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(connects_to(path), 0);
	assert_int_equal(ioctl(done[0], FIONREAD, &served), 0);
	assert_int_equal(served, 1);
	for (int i = 0; i < 8; i++)
		kill(child[i], SIGKILL); /* those that ended are gone */
	while (waitpid(-1, NULL, 0) > 0)
		;
	close(go[0]);
	close(done[0]);
	close(done[1]);
	unlink(path);
}

static int set_up(void **state)
{
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/sock", directory);
	return isolate(state);
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_listens_where_it_is_told),
		cmocka_unit_test(an_address_may_come_later),
		cmocka_unit_test(what_was_passed_is_looked_at),
		cmocka_unit_test(a_link_local_address_keeps_its_scope),
		cmocka_unit_test(a_port_is_free_again_at_once),
		cmocka_unit_test(without_ipv6_everywhere_is_ipv4),
		cmocka_unit_test(a_unix_socket_is_for_its_owner_and_group),
		cmocka_unit_test(one_that_somebody_serves_is_left_to_them),
		cmocka_unit_test(a_stale_one_is_replaced),
		cmocka_unit_test(what_is_no_socket_is_left_alone),
		cmocka_unit_test(a_place_that_is_not_there_is_told),
		cmocka_unit_test(one_of_many_gets_it),
	};

	return cmocka_run_group_tests_name("listen", tests, set_up, tear_down);
}
