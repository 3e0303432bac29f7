/*
 * Makes of the judge, the real `ip`, a server of its commands (LD_PRELOAD). It is loaded and linked once, and each command
 * runs its own `main` in a new process, as if that had just been started: under emulation linking costs ten times what
 * a command does.
 *
 * A request on standard input: its length (32 bits), then words that end with a zero byte: the network namespace's path,
 * the files for standard input, output and error, and the arguments. The answer on standard output: how the process
 * ended, as waitpid(2) says it (32 bits).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_WORDS 4096

typedef int main_of_ip(int, char **, char **);

static main_of_ip *the_judge;

static int whole(ssize_t (*io)(int, void *, size_t), int fd, void *bytes, size_t length)
{
	char *at = bytes;

	while (length > 0) {
		ssize_t done = io(fd, at, length);

		if (done <= 0)
			return 0;
		at += done;
		length -= done;
	}
	return 1;
}

static ssize_t put(int fd, void *bytes, size_t length)
{
	return write(fd, bytes, length);
}

static void become(const char *path, int flags, int fd)
{
	int opened = open(path, flags | O_CLOEXEC, 0600);

	if (opened < 0 || dup2(opened, fd) < 0)
		_exit(125);
}

static int run(char **words, int count, char **environment)
{
	int netns = open(words[0], O_RDONLY | O_CLOEXEC);

	if (netns < 0 || setns(netns, CLONE_NEWNET) < 0)
		_exit(126);
	become(words[1], O_RDONLY, 0);
	become(words[2], O_WRONLY | O_CREAT | O_TRUNC, 1);
	become(words[3], O_WRONLY | O_CREAT | O_TRUNC, 2);
	return the_judge(count - 4, words + 4, environment);
}

static int serve(int argc, char **argv, char **environment)
{
	uint32_t length;

	(void)argc;
	(void)argv;
	/* As if nobody had loaded this. */
	unsetenv("LD_PRELOAD");
	while (whole(read, 0, &length, sizeof(length))) {
		char *bytes = malloc(length + 1);
		static char *words[MOST_WORDS + 1];
		int count = 0, status = 0;
		pid_t pid;

		if (!bytes || !whole(read, 0, bytes, length))
			return 1;
		bytes[length] = 0;
		for (char *at = bytes; at < bytes + length && count < MOST_WORDS; at += strlen(at) + 1)
			words[count++] = at;
		words[count] = NULL;
		pid = count > 4 ? fork() : -1;
		if (pid == 0)
			exit(run(words, count, environment));
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return 1;
		free(bytes);
		if (!whole(put, 1, &status, sizeof(status)))
			return 1;
	}
	return 0;
}

int __libc_start_main(main_of_ip *program, int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*unload)(void), void *stack)
{
	int (*start)(main_of_ip *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *) =
		dlsym(RTLD_NEXT, "__libc_start_main");

	the_judge = program;
	return start(serve, argc, argv, init, fini, unload, stack);
}
