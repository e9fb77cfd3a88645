// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stalled DIRECTORY THERE   shows the files of DIRECTORY at THERE, by FUSE, until it is killed
 *
 * As long as this process is stopped (SIGSTOP), all that anybody asks of that file system hangs, as
 * on a disk that does not answer. Files of one directory, without links. Prints "ready" once
 * mounted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define WRITE_MAX (128 << 10)
#define NODES	  64

static int device, root;		/* /dev/fuse, and the directory */
static char names[NODES][NAME_MAX + 1]; /* of nodes above FUSE_ROOT_ID, in order; "": free */
static char request[WRITE_MAX + 4096], answer[WRITE_MAX + 4096];

static void reply(uint64_t unique, int error, const void *data, size_t size)
{
	struct fuse_out_header *head = (void *)answer;

	head->len = sizeof(*head) + (error ? 0 : size);
	head->error = -error;
	head->unique = unique;
	if (!error && data)
		memcpy(head + 1, data, size);
	if (write(device, answer, head->len) < 0 && errno != ENOENT)
		perror("stalled: answer");
}

static const char *name_of(uint64_t node)
{
	return node == FUSE_ROOT_ID ? "." : names[node - FUSE_ROOT_ID - 1];
}

static uint64_t node_of(const char *name)
{
	int spare = -1;

	for (int i = 0; i < NODES; i++) {
		if (strcmp(names[i], name) == 0)
			return FUSE_ROOT_ID + 1 + (uint64_t)i;
		if (!names[i][0])
			spare = i;
	}
	if (spare < 0) {
		fprintf(stderr, "stalled: too many files\n");
		exit(1);
	}
	snprintf(names[spare], sizeof(names[spare]), "%s", name);
	return FUSE_ROOT_ID + 1 + (uint64_t)spare;
}

static int attributes(const char *name, int fd, uint64_t node, struct fuse_attr *attr)
{
	struct stat st;

	if (fd >= 0 ? fstat(fd, &st) : fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno;
	*attr = (struct fuse_attr){.ino = node,
		.size = (uint64_t)st.st_size,
		.blocks = (uint64_t)st.st_blocks,
		.atime = (uint64_t)st.st_atime,
		.mtime = (uint64_t)st.st_mtime,
		.ctime = (uint64_t)st.st_ctime,
		.mode = st.st_mode,
		.nlink = (uint32_t)st.st_nlink,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.blksize = 4096};
	return 0;
}

static int entry(const char *name, struct fuse_entry_out *out)
{
	*out = (struct fuse_entry_out){.nodeid = node_of(name)};
	return attributes(name, -1, out->nodeid, &out->attr);
}

static int set_attributes(const char *name, const struct fuse_setattr_in *in)
{
	int fd = in->valid & FATTR_FH ? (int)in->fh : -1;
	uid_t uid = in->valid & FATTR_UID ? in->uid : (uid_t)-1;
	gid_t gid = in->valid & FATTR_GID ? in->gid : (gid_t)-1;
	int error = 0;

	if (in->valid & FATTR_SIZE) {
		int opened = fd >= 0 ? fd : openat(root, name, O_WRONLY | O_NOFOLLOW);

		if (opened < 0 || ftruncate(opened, (off_t)in->size) < 0)
			error = errno;
		if (opened >= 0 && opened != fd)
			close(opened);
	}
	if (in->valid & FATTR_MODE && fchmodat(root, name, in->mode & 07777, 0) < 0)
		error = errno;
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) &&
		fchownat(root, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		error = errno;
	return error;
}

static void list(uint64_t unique, const struct fuse_read_in *in)
{
	char *room = answer + sizeof(struct fuse_out_header);
	DIR *directory = fdopendir(openat(root, ".", O_RDONLY | O_DIRECTORY));
	struct dirent *found;
	size_t used = 0;

	for (uint64_t at = 1; directory && (found = readdir(directory)); at++) {
		struct fuse_dirent *one = (void *)(room + used);
		size_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + strlen(found->d_name));

		if (at <= in->offset)
			continue;
		if (used + size > in->size)
			break;
		memset(one, 0, size);
		one->ino = found->d_ino;
		one->off = at;
		one->namelen = (uint32_t)strlen(found->d_name);
		one->type = found->d_type;
		memcpy(one->name, found->d_name, one->namelen);
		used += size;
	}
	if (directory)
		closedir(directory);
	reply(unique, directory ? 0 : errno, NULL, used);
}

static void open_file(uint64_t unique, const char *name, int flags)
{
	struct fuse_open_out out = {0};
	int fd = openat(root, name, (flags & ~(O_EXCL | O_CREAT | O_NOCTTY)) | O_NOFOLLOW);

	out.fh = (uint64_t)fd;
	reply(unique, fd < 0 ? errno : 0, &out, sizeof(out));
}

static void create_file(const struct fuse_in_header *head, const struct fuse_create_in *in)
{
	const char *name = (const char *)(in + 1);
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} out = {0};
	int fd = openat(root, name, (int)in->flags | O_CREAT | O_NOFOLLOW, in->mode & 07777);
	int error = fd < 0 || fchown(fd, head->uid, head->gid) < 0 ? errno : 0;

	if (!error)
		error = entry(name, &out.entry);
	out.open.fh = (uint64_t)fd;
	reply(head->unique, error, &out, sizeof(out));
}

static void read_file(uint64_t unique, const struct fuse_read_in *in)
{
	ssize_t got = pread((int)in->fh, answer + sizeof(struct fuse_out_header),
		in->size < WRITE_MAX ? in->size : WRITE_MAX, (off_t)in->offset);

	reply(unique, got < 0 ? errno : 0, NULL, got < 0 ? 0 : (size_t)got);
}

static void write_file(uint64_t unique, const struct fuse_write_in *in)
{
	ssize_t put = pwrite((int)in->fh, in + 1, in->size, (off_t)in->offset);
	struct fuse_write_out out = {.size = put < 0 ? 0 : (uint32_t)put};

	reply(unique, put < 0 ? errno : 0, &out, sizeof(out));
}

static void file_system(uint64_t unique)
{
	struct fuse_statfs_out out = {0};
	struct statvfs is;

	if (fstatvfs(root, &is) < 0) {
		reply(unique, errno, NULL, 0);
		return;
	}
	out.st = (struct fuse_kstatfs){.blocks = is.f_blocks,
		.bfree = is.f_bfree,
		.bavail = is.f_bavail,
		.files = is.f_files,
		.ffree = is.f_ffree,
		.bsize = (uint32_t)is.f_bsize,
		.frsize = (uint32_t)is.f_frsize,
		.namelen = NAME_MAX};
	reply(unique, 0, &out, sizeof(out));
}

static void move(uint64_t unique, const char *from)
{
	const char *to = from + strlen(from) + 1;
	int error = renameat(root, from, root, to) < 0 ? errno : 0;

	if (!error) {
		names[node_of(to) - FUSE_ROOT_ID - 1][0] = 0;
		snprintf(names[node_of(from) - FUSE_ROOT_ID - 1], NAME_MAX + 1, "%s", to);
	}
	reply(unique, error, NULL, 0);
}

static void begin(uint64_t unique, const struct fuse_init_in *in)
{
	struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = in->max_readahead,
		.flags = FUSE_BIG_WRITES,
		.max_write = WRITE_MAX};

	if (out.minor > in->minor)
		out.minor = in->minor;
	reply(unique, 0, &out, sizeof(out));
}

static void handle_attributes(const struct fuse_in_header *head, const void *in)
{
	struct fuse_attr_out out = {0};
	int error = 0;

	if (head->opcode == FUSE_SETATTR)
		error = set_attributes(name_of(head->nodeid), in);
	if (!error) {
		const struct fuse_getattr_in *which = in;
		int fd = head->opcode == FUSE_GETATTR && which->getattr_flags & FUSE_GETATTR_FH
				 ? (int)which->fh
				 : -1;

		error = attributes(name_of(head->nodeid), fd, head->nodeid, &out.attr);
	}
	reply(head->unique, error, &out, sizeof(out));
}

static void handle(const struct fuse_in_header *head, const void *in)
{
	struct fuse_entry_out found;
	int error;

	switch (head->opcode) {
	case FUSE_INIT:
		return begin(head->unique, in);
	case FUSE_LOOKUP:
		error = entry(in, &found);
		return reply(head->unique, error, &found, sizeof(found));
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		return handle_attributes(head, in);
	case FUSE_OPENDIR:
		return open_file(head->unique, ".", O_RDONLY | O_DIRECTORY);
	case FUSE_OPEN:
		return open_file(head->unique, name_of(head->nodeid),
			(int)((const struct fuse_open_in *)in)->flags);
	case FUSE_CREATE:
		return create_file(head, in);
	case FUSE_READ:
		return read_file(head->unique, in);
	case FUSE_READDIR:
		return list(head->unique, in);
	case FUSE_WRITE:
		return write_file(head->unique, in);
	case FUSE_FLUSH:
		return reply(head->unique, 0, NULL, 0);
	case FUSE_FSYNC:
		error = fsync((int)((const struct fuse_fsync_in *)in)->fh) < 0 ? errno : 0;
		return reply(head->unique, error, NULL, 0);
	case FUSE_FSYNCDIR:
		return reply(head->unique, 0, NULL, 0);
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		close((int)((const struct fuse_release_in *)in)->fh);
		return reply(head->unique, 0, NULL, 0);
	case FUSE_UNLINK:
		error = unlinkat(root, in, 0) < 0 ? errno : 0;
		return reply(head->unique, error, NULL, 0);
	case FUSE_RENAME:
		return move(head->unique, (const char *)in + sizeof(struct fuse_rename_in));
	case FUSE_RENAME2:
		return move(head->unique, (const char *)in + sizeof(struct fuse_rename2_in));
	case FUSE_STATFS:
		return file_system(head->unique);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	default:
		return reply(head->unique, ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	char options[128];
	ssize_t got;

	if (argc != 3)
		return 2;
	umask(0);
	root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options),
		"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions",
		device);
	if (root < 0 || device < 0 || mount("stalled", argv[2], "fuse", 0, options) < 0) {
		perror(argv[2]);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while ((got = read(device, request, sizeof(request))) > 0 || errno == EINTR ||
		errno == ENOENT)
		if (got >= (ssize_t)sizeof(struct fuse_in_header))
			handle((void *)request, request + sizeof(struct fuse_in_header));
	return errno == ENODEV ? 0 : 1;
}
