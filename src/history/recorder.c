// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "history/confine.h"
#include "history/recorder_private.h"

#define ROUNDS	     20000 /* in 100 ms: more events than the exporter can cause */
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

struct process {
	struct recorder recorder;
	struct loop loop;
	struct loop_source channel, questions;
	struct loop_timer timer;
	bool no_sqlite; /* nothing can be recorded: only the report is sent */
	bool started;
};

/* Dropped where the exporter does not read: it asks again, and the next report follows. */
static void send_message(const void *message, size_t length)
{
	if (length)
		send(RECORDER_QUESTIONS, message, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

_Noreturn static void end_with(int error)
{
	log_error("the recorder cannot go on: %s", strerror(-error));
	_exit(1);
}

static void start(struct process *process)
{
	int error = process->no_sqlite ? -EAGAIN : recorder_start(&process->recorder);

	process->started = !error;
	if (error && error != -EAGAIN)
		end_with(error);
}

static void pull(void *context)
{
	struct process *process = context;
	struct recorder *recorder = &process->recorder;

	if (!process->started)
		start(process);
	if (process->started)
		recorder_pull(recorder);
	else
		recorder_report(recorder);
	if (recorder->again)
		_exit(RECORDER_AGAIN);
	send_message(&recorder->report, sizeof(recorder->report));
}

/* The exporter's end outlives the exporter: only the daemon could close it. */
static void take_question(void *context)
{
	struct process *process = context;
	struct history_question question;
	char bytes[sizeof(question) + 1]; /* a longer message is cut, and so has a wrong length */
	ssize_t length = recv(RECORDER_QUESTIONS, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
		loop_remove(&process->loop, &process->questions);
	else if (length > 0 && process->started)
		send_message(process->recorder.message,
			recorder_answer(&process->recorder, bytes, (size_t)length));
}

static void take_channel(void *context)
{
	struct process *process = context;
	char byte;

	if (!parent_receive(&byte))
		return;
	if (byte == PARENT_LIVES)
		parent_send(PARENT_LIVES);
	if (byte == RECORDER_ENDS) {
		if (process->started)
			recorder_finish(&process->recorder);
		_exit(0);
	}
}

static void read_boot_id(char id[static 64])
{
	int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, id, 63);

	id[length < 0 ? 0 : length] = '\0';
	id[strcspn(id, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

static int prepare(struct process *process, const struct recorder_options *options)
{
	struct recorder *recorder = &process->recorder;
	int error;

	recorder->options = options;
	read_boot_id(recorder->boot_id);
	error = snapshot_shared_open(&recorder->shared, RECORDER_SHARED);
	if (!error)
		error = parent_follow_to_the_end();
	if (!error)
		error = recorder_prepare(recorder);
	return error;
}

static int listen_to_others(struct process *process)
{
	const unsigned ms = process->recorder.options->interval * 1000;
	int error = loop_open(&process->loop, ROUNDS);

	process->timer = (struct loop_timer){.handle = pull, .context = process};
	process->channel = (struct loop_source){
		.fd = PARENT_CHANNEL, .handle = take_channel, .context = process};
	process->questions = (struct loop_source){
		.fd = RECORDER_QUESTIONS, .handle = take_question, .context = process};
	if (!error)
		error = loop_add(&process->loop, &process->channel);
	if (!error)
		error = loop_add(&process->loop, &process->questions);
	if (!error)
		loop_start_timer(&process->loop, &process->timer, 1, ms);
	return error;
}

int recorder_run(const struct recorder_options *options)
{
	struct process *process = calloc(1, sizeof(*process));
	const char *missing;
	int error = process ? 0 : -ENOMEM;

	prctl(PR_SET_NAME, RECORDER_NAME);
	if (options->syslog)
		log_to_syslog();
	if (!error)
		error = prepare(process, options);
	tzset(); /* for times in syslog: the sandbox cannot read the file */
	if (!error)
		error = sqlite_load();
	if (error == -ENOSYS) {
		recorder_trouble(&process->recorder, HISTORY_NO_SQLITE, true, NULL);
		process->no_sqlite = true;
		error = 0;
	}
	if (!error)
		error = listen_to_others(process);
	if (!error)
		error = confine_recorder(options->state, options->recent, &missing);
	if (!error && missing)
		log_warn("this kernel has no %s: the recorder runs without", missing);
	if (!error)
		error = loop_run(&process->loop);
	end_with(error);
}
